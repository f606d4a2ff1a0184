/* Drives, under the names that QEMU gives them. */
#include <stdio.h>
#include <string.h>

#include "frontend/qmp_int.h"

#define PLACES     (MACHINE_FLOPPIES + MACHINE_DISKS)
#define NAME_BYTES 16

static bool is_cd(const struct media *media, unsigned place)
{
    return place >= MACHINE_FLOPPIES && media->cd[place - MACHINE_FLOPPIES];
}

static const struct host_block *medium_at(const struct media *media,
                                          unsigned place)
{
    return place < MACHINE_FLOPPIES ? media->floppy[place]
                                    : media->disk[place - MACHINE_FLOPPIES];
}

/* floppy0, ide0-hd1, ide1-cd0 ... */
static void name_place(const struct media *media, unsigned place,
                       char name[NAME_BYTES])
{
    unsigned disk = place - MACHINE_FLOPPIES;

    if (place < MACHINE_FLOPPIES)
        snprintf(name, NAME_BYTES, "floppy%u", place % 10);
    else
        snprintf(name, NAME_BYTES, "ide%u-%s%u", disk / 2 % 2,
                 is_cd(media, place) ? "cd" : "hd", disk % 2);
}

/* Drive A is always there, what else only if something is or was in it. */
static bool is_there(const struct media *media, unsigned place)
{
    return place == 0 || is_cd(media, place) || medium_at(media, place);
}

static json_t *describe_medium(const struct host_block *block)
{
    const char *name = block->name ? block->name : "";

    return json_pack(
        "{s:o, s:b, s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s,"
        " s:{s:b, s:b, s:b}, s:{s:o, s:s, s:I}}",
        "file", qmp_text(name), "ro", block->read_only, "drv", "raw",
        "encrypted", 0, "backing_file_depth", 0, "write_threshold", 0, "bps", 0,
        "bps_rd", 0, "bps_wr", 0, "iops", 0, "iops_rd", 0, "iops_wr", 0,
        "detect_zeroes", "off", "cache", "writeback", 1, "direct", 0,
        "no-flush", 0, "image", "filename", qmp_text(name), "format", "raw",
        "virtual-size", (json_int_t)block->size_bytes);
}

static json_t *describe_place(const struct media *media, unsigned place)
{
    const struct host_block *block = medium_at(media, place);
    bool removable = place < MACHINE_FLOPPIES || is_cd(media, place);
    char name[NAME_BYTES];
    json_t *info;

    name_place(media, place, name);
    info = json_pack("{s:s, s:s, s:s, s:b, s:b}", "device", name, "qdev", name,
                     "type", "unknown", "removable", removable, "locked", 0);
    if (removable)
        json_object_set_new(info, "tray_open", json_boolean(!block));
    if (block) {
        json_object_set_new(info, "io-status", json_string("ok"));
        json_object_set_new(info, "inserted", describe_medium(block));
    }
    return info;
}

json_t *qmp_do_query_block(struct qmp *qmp, json_t *arguments)
{
    const struct media *media = qmp->config.media;
    json_t *list = json_array();

    (void)arguments;
    for (unsigned i = 0; i < PLACES; i++)
        if (is_there(media, i))
            json_array_append_new(list, describe_place(media, i));
    return list;
}

/* The drive that `device` or `id` names, if its medium can be changed. */
static bool find_place(struct qmp *qmp, json_t *arguments, unsigned *place,
                       char name[NAME_BYTES])
{
    const struct media *media = qmp->config.media;
    const char *wanted = json_string_value(json_object_get(arguments, "id"));

    if (!wanted)
        wanted = json_string_value(json_object_get(arguments, "device"));
    if (!wanted)
        return qmp_fail(qmp, QMP_GENERIC,
                        "Need exactly one of 'device' and "
                        "'id'");
    for (*place = 0; *place < PLACES; ++*place) {
        name_place(media, *place, name);
        if (strcmp(name, wanted) != 0)
            continue;
        if (*place < MACHINE_FLOPPIES || is_cd(media, *place))
            return true;
        if (medium_at(media, *place))
            return qmp_fail(qmp, QMP_GENERIC, "Device '%s' is not removable",
                            name);
    }
    return qmp_fail(qmp, QMP_NO_DEVICE, "Device '%.200s' not found", wanted);
}

static void tell_tray(struct qmp *qmp, const char *name, bool open)
{
    qmp_send_event(qmp, "DEVICE_TRAY_MOVED",
                   json_pack("{s:s, s:s, s:b}", "device", name, "id", name,
                             "tray-open", open));
}

static json_t *change(struct qmp *qmp, json_t *arguments, const char *path)
{
    const struct qmp_config *config = &qmp->config;
    char name[NAME_BYTES];
    struct failure failure;
    unsigned place = 0;
    bool was_full;

    if (!find_place(qmp, arguments, &place, name))
        return NULL;
    if (config->is_replay)
        return qmp_fail(qmp, QMP_GENERIC,
                        "the recording changes media in a replay");
    was_full = medium_at(config->media, place) != NULL;
    if (!config->change_medium(config->context, place, path, &failure)) {
        if (was_full && !medium_at(config->media, place))
            tell_tray(qmp, name, true);
        return qmp_fail(qmp, QMP_GENERIC, "%s", failure.text);
    }
    if (was_full)
        tell_tray(qmp, name, true);
    if (path)
        tell_tray(qmp, name, false);
    return json_object();
}

json_t *qmp_do_eject(struct qmp *qmp, json_t *arguments)
{
    return change(qmp, arguments, NULL);
}

json_t *qmp_do_change_medium(struct qmp *qmp, json_t *arguments)
{
    const char *format =
        json_string_value(json_object_get(arguments, "format"));

    if (format && strcmp(format, "raw") != 0)
        return qmp_fail(qmp, QMP_GENERIC,
                        "Unknown driver '%.100s': images here are raw", format);
    return change(qmp, arguments,
                  json_string_value(json_object_get(arguments, "filename")));
}
