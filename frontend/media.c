#include "frontend/media.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "frontend/image.h"
#include "frontend/image_host.h"
#include "frontend/memory_block.h"

static void destroy_block(struct host_block **block)
{
    if (*block)
        (*block)->ops->destroy(*block);
    *block = NULL;
}

/* *kind: what the drive takes; comes back as what the image is. */
static bool open_image(const struct media *media,
                       const struct options_drive *drive, enum image_kind *kind,
                       struct host_block **out, struct failure *failure)
{
    const struct image_config config = {
        .path = drive->path,
        .kind = *kind,
        .read_only = drive->read_only,
        .snapshot = drive->snapshot || media->snapshot,
        .log = media->log,
    };
    char message[IMAGE_MESSAGE_BYTES];

    if (image_open(&config, out, kind, message, sizeof(message)) == STATUS_OK)
        return true;
    return failure_set(failure, EXIT_STATUS_HOST, "%s", message);
}

static bool open_drives(struct media *media, const struct options_drive *drives,
                        unsigned count, enum image_kind kind,
                        struct host_block **blocks, struct failure *failure)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        enum image_kind found = drives[i].cd ? IMAGE_CD : kind;

        if (drives[i].path &&
            !open_image(media, &drives[i], &found, &blocks[i], failure))
            return false;
    }
    return true;
}

static struct host_block **find_free(struct host_block **blocks, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        if (!blocks[i])
            return &blocks[i];
    return NULL;
}

/* Where a CD drive stands on other machines too: the second channel first. */
static struct host_block **find_free_cd(struct media *media)
{
    static const unsigned places[MACHINE_DISKS] = {2, 3, 1, 0};

    for (unsigned i = 0; i < MACHINE_DISKS; i++) {
        unsigned place = places[i];

        if (media->disk[place])
            continue;
        media->cd[place] = true;
        return &media->disk[place];
    }
    return NULL;
}

/* A disk's place must not be one where an empty CD drive stands. */
static struct host_block **find_free_disk(struct media *media)
{
    for (unsigned i = 0; i < MACHINE_DISKS; i++)
        if (!media->disk[i] && !media->cd[i])
            return &media->disk[i];
    return NULL;
}

/* Puts an image that names no drive into one. */
static bool place_image(struct media *media, const struct options_drive *drive,
                        struct failure *failure)
{
    enum image_kind kind = IMAGE_ANY;
    struct host_block **place = NULL;
    struct host_block *block;

    if (!open_image(media, drive, &kind, &block, failure))
        return false;
    if (kind == IMAGE_FLOPPY)
        place = find_free(media->floppy, MACHINE_FLOPPIES);
    else if (kind == IMAGE_DISK)
        place = find_free_disk(media);
    else if (kind == IMAGE_CD)
        place = find_free_cd(media);
    if (place) {
        *place = block;
        return true;
    }
    destroy_block(&block);
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "%s: no drive is free for another %s; leave one out",
                       drive->path, image_kind_text(kind));
}

#define DEMO_NAME "built-in disk"

static bool insert_demo_disk(struct media *media, struct failure *failure)
{
    size_t size;
    const uint8_t *bytes = machine_demo_disk(&size);

    if (size == 0)
        return true;
    media->floppy[0] = memory_block_create(bytes, size);
    media->name = DEMO_NAME;
    if (media->floppy[0])
        media->floppy[0]->name = DEMO_NAME;
    return media->floppy[0] ||
           failure_set(failure, EXIT_STATUS_HOST,
                       "out of host memory; end other programs");
}

static const char *first_name(const struct options *options)
{
    unsigned i;

    for (i = 0; i < MACHINE_FLOPPIES; i++)
        if (options->floppy[i].path)
            return options->floppy[i].path;
    for (i = 0; i < MACHINE_DISKS; i++)
        if (options->disk[i].path)
            return options->disk[i].path;
    return options->images ? options->image[0].path : NULL;
}

static const char *strip_folders(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path;
}

static bool open_all(struct media *media, const struct options *options,
                     struct failure *failure)
{
    unsigned i;

    if (!media->name && !options->kernel)
        return insert_demo_disk(media, failure);
    if (!open_drives(media, options->floppy, MACHINE_FLOPPIES, IMAGE_FLOPPY,
                     media->floppy, failure) ||
        !open_drives(media, options->disk, MACHINE_DISKS, IMAGE_DISK,
                     media->disk, failure))
        return false;
    for (i = 0; i < MACHINE_DISKS; i++)
        media->cd[i] = options->disk[i].cd;
    for (i = 0; i < options->images; i++)
        if (!place_image(media, &options->image[i], failure))
            return false;
    return true;
}

bool media_open(struct media *media, const struct options *options,
                struct log *log, struct failure *failure)
{
    memset(media, 0, sizeof(*media));
    media->name = strip_folders(first_name(options));
    media->snapshot = options->snapshot;
    media->log = log;
    if (open_all(media, options, failure))
        return true;
    media_close(media);
    return false;
}

void media_close(struct media *media)
{
    unsigned i;

    for (i = 0; i < MACHINE_FLOPPIES; i++)
        destroy_block(&media->floppy[i]);
    for (i = 0; i < MACHINE_DISKS; i++)
        destroy_block(&media->disk[i]);
}

void media_plug(const struct media *media, struct machine_config *config)
{
    memcpy(config->floppy, media->floppy, sizeof(config->floppy));
    memcpy(config->disk, media->disk, sizeof(config->disk));
    memcpy(config->cd, media->cd, sizeof(config->cd));
}

struct host_block **media_place(struct media *media, unsigned place)
{
    assert(place < MACHINE_FLOPPIES + MACHINE_DISKS);
    return place < MACHINE_FLOPPIES ? &media->floppy[place]
                                    : &media->disk[place - MACHINE_FLOPPIES];
}

bool media_open_place(struct media *media, unsigned place, const char *path,
                      struct failure *failure)
{
    const struct options_drive wanted = {.path = path};
    bool floppy = place < MACHINE_FLOPPIES;
    enum image_kind kind = IMAGE_FLOPPY;

    assert(!*media_place(media, place));
    if (!media->name)
        media->name = strip_folders(path);
    if (place == 0 && strcmp(path, DEMO_NAME) == 0)
        return insert_demo_disk(media, failure);
    if (!floppy)
        kind = media->cd[place - MACHINE_FLOPPIES] ? IMAGE_CD : IMAGE_DISK;
    return open_image(media, &wanted, &kind, media_place(media, place),
                      failure);
}

/* The same file again, as after a change on the host: the old medium holds the
 * lock that the new one needs, so it goes first. */
static bool is_reinserted(const struct host_block *old, const char *path)
{
    return old && old->name && path && image_host_is_same(old->name, path);
}

static bool note_empty(struct failure *failure)
{
    size_t used = strlen(failure->text);

    snprintf(failure->text + used, sizeof(failure->text) - used,
             "; the drive is empty now");
    return false;
}

bool media_change_floppy(struct media *media, struct machine *machine,
                         unsigned drive, const char *path,
                         struct failure *failure)
{
    const struct options_drive wanted = {.path = path};
    enum image_kind kind = IMAGE_FLOPPY;
    struct host_block *block = NULL;

    if (is_reinserted(media->floppy[drive], path)) {
        machine_insert_floppy(machine, drive, NULL);
        destroy_block(&media->floppy[drive]);
        if (!open_image(media, &wanted, &kind, &block, failure))
            return note_empty(failure);
    } else if (path && !open_image(media, &wanted, &kind, &block, failure))
        return false;
    machine_insert_floppy(machine, drive, block);
    destroy_block(&media->floppy[drive]);
    media->floppy[drive] = block;
    return true;
}

bool media_change_cd(struct media *media, struct machine *machine,
                     unsigned drive, const char *path, struct failure *failure)
{
    const struct options_drive wanted = {.path = path, .cd = true};
    enum image_kind kind = IMAGE_CD;
    struct host_block *block = NULL;

    if (path && !open_image(media, &wanted, &kind, &block, failure))
        return false;
    if (!machine_insert_cd(machine, drive, block)) {
        destroy_block(&block);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "the machine has no CD drive there");
    }
    destroy_block(&media->disk[drive]);
    media->disk[drive] = block;
    return true;
}

bool media_find_cd(const struct media *media, unsigned *drive,
                   struct failure *failure)
{
    for (unsigned i = 0; i < MACHINE_DISKS; i++) {
        if (!media->cd[i])
            continue;
        *drive = i;
        return true;
    }
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "there is no CD drive; start with -cdrom FILE, or "
                       "-cdrom none for an empty one");
}
