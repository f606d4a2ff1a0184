/* Handlers of the options about disks, and of -drive, QEMU's long form. */
#include <stdlib.h>
#include <string.h>

#include "frontend/options_int.h"

bool options_fill_drive(struct options_drive *drive, const char *path,
                        const char *option, struct failure *failure)
{
    if (path[0] == '\0')
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s: the name of the image is empty; name a file",
                           option);
    if (drive->path)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s %s: the drive already has %s; leave one out",
                           option, path, drive->path);
    drive->path = path;
    return true;
}

bool options_take_floppy(struct options *options, const struct option_row *row,
                         const char *value, struct failure *failure)
{
    unsigned drive = (unsigned)(row->detail[0] - '0');

    return options_fill_drive(&options->floppy[drive], value, row->name,
                              failure);
}

bool options_take_disk(struct options *options, const struct option_row *row,
                       const char *value, struct failure *failure)
{
    unsigned drive = (unsigned)(row->detail[0] - '0');

    return options_fill_drive(&options->disk[drive], value, row->name, failure);
}

bool options_take_cdrom(struct options *options, const struct option_row *row,
                        const char *value, struct failure *failure)
{
    struct options_drive *drive = &options->disk[row->detail[0] - '0'];

    if (drive->cd && !drive->path)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s is given twice; leave one out", row->name);
    if (strcmp(value, "none") != 0 &&
        !options_fill_drive(drive, value, row->name, failure))
        return false;
    drive->cd = true;
    return true;
}

/* "cad", or as QEMU has it "order=cad". */
bool options_take_boot(struct options *options, const struct option_row *row,
                       const char *value, struct failure *failure)
{
    const char *order = strncmp(value, "order=", 6) == 0 ? value + 6 : value;
    size_t length = strlen(order);
    size_t i;

    if (options->given.boot)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s is given twice; leave one out", row->name);
    options->given.boot = true;
    for (i = 0; i < length; i++)
        if (!strchr("acdn", order[i]) || strchr(order + i + 1, order[i]))
            break;
    if (length == 0 || i < length)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-boot %s: not an order of drives; write each of a "
                           "(floppy), c (disk), d (CD), n (network) once at "
                           "most, like -boot ca",
                           value);
    memcpy(options->boot_order, order, length + 1);
    return true;
}

bool options_next_piece(const char **text, struct option_piece *piece,
                        bool *fits)
{
    const char *p = *text;
    size_t key = strcspn(p, "=,");
    size_t length = 0;

    memset(piece, 0, sizeof(*piece));
    *fits = true;
    if (*p == '\0')
        return false;
    if (p[key] == '=') {
        *fits = key < sizeof(piece->key);
        memcpy(piece->key, p, *fits ? key : 0);
        p += key + 1;
    }
    for (; *p && (*p != ',' || p[1] == ','); p++) {
        if (*p == ',')
            p++;
        if (length + 1 == sizeof(piece->value)) {
            *fits = false;
            break;
        }
        piece->value[length++] = *p;
    }
    p += strcspn(p, ",");
    *text = *p ? p + 1 : p;
    return true;
}

bool options_parse_switch(const char *text, bool *on)
{
    static const char *const words[] = {"on",  "yes", "true",
                                        "off", "no",  "false"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *on = i < 3;
            return true;
        }
    }
    return false;
}

/* What -drive collects before it knows which drive is meant. */
struct drive_words {
    struct options_drive drive;
    bool floppy;
    long index; /* -1: the first free one */
};

/* A key that is taken with one value because that is what there is. */
static bool is_fixed_piece(const struct option_piece *piece)
{
    static const char *const fixed[][2] = {
        {"format", "raw"},    {"media", "disk"}, {"id", NULL},
        {"cache", NULL},      {"aio", NULL},     {"werror", "report"},
        {"rerror", "report"},
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(fixed); i++)
        if (strcmp(piece->key, fixed[i][0]) == 0)
            return !fixed[i][1] || strcmp(piece->value, fixed[i][1]) == 0;
    return false;
}

static bool take_drive_piece(struct options *options, struct drive_words *words,
                             const struct option_piece *piece)
{
    const char *value = piece->value;
    char *end;

    if (strcmp(piece->key, "file") == 0) {
        words->drive.path = options_keep(options, value, strlen(value));
        return words->drive.path != NULL;
    }
    if (strcmp(piece->key, "if") == 0) {
        words->floppy = strcmp(value, "floppy") == 0;
        return words->floppy || strcmp(value, "ide") == 0;
    }
    if (strcmp(piece->key, "index") == 0) {
        words->index = strtol(value, &end, 10);
        return *value && !*end && words->index >= 0;
    }
    if (strcmp(piece->key, "media") == 0 && strcmp(value, "cdrom") == 0)
        return words->drive.cd = true;
    if (strcmp(piece->key, "readonly") == 0)
        return options_parse_switch(value, &words->drive.read_only);
    if (strcmp(piece->key, "snapshot") == 0)
        return options_parse_switch(value, &words->drive.snapshot);
    return is_fixed_piece(piece);
}

/* The drive that `words` mean; NULL: there is no such, or none is free. */
static struct options_drive *find_drive(struct options *options,
                                        const struct drive_words *words)
{
    struct options_drive *drives =
        words->floppy ? options->floppy : options->disk;
    long count = words->floppy ? MACHINE_FLOPPIES : MACHINE_DISKS;
    long i;

    if (words->index >= 0)
        return words->index < count ? &drives[words->index] : NULL;
    for (i = 0; i < count; i++)
        if (!drives[i].path && !drives[i].cd)
            return &drives[i];
    return NULL;
}

bool options_take_drive(struct options *options, const struct option_row *row,
                        const char *value, struct failure *failure)
{
    struct drive_words words = {.index = -1};
    const char *rest = value;
    struct option_piece piece;
    struct options_drive *drive;
    bool fits;

    while (options_next_piece(&rest, &piece, &fits))
        if (!fits || !take_drive_piece(options, &words, &piece))
            return failure_set(
                failure, EXIT_STATUS_USAGE,
                "-drive %s: cannot do \"%s%s%s\"; known are file=FILE, "
                "if=floppy|ide, index=N, format=raw, media=disk|cdrom, "
                "readonly=on, snapshot=on",
                value, piece.key, piece.key[0] ? "=" : "", piece.value);
    if (words.drive.cd && words.floppy)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-drive %s: a CD is no floppy; write if=ide", value);
    if (!words.drive.path)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-drive %s: no image; add file=FILE", value);
    drive = find_drive(options, &words);
    if (!drive)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-drive %s: there is no such drive, or none is "
                           "free; floppies have index 0 and 1, disks 0 to 3",
                           value);
    if (!options_fill_drive(drive, words.drive.path, row->name, failure))
        return false;
    *drive = words.drive;
    return true;
}
