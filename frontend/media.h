/* The images of a run and the drives that they are in. */
#ifndef FRONTEND_MEDIA_H
#define FRONTEND_MEDIA_H

#include "frontend/options.h"
#include "machine/machine.h"

struct media {
    struct host_block *floppy[MACHINE_FLOPPIES]; /* owned */
    struct host_block *disk[MACHINE_DISKS];      /* owned */
    bool cd[MACHINE_DISKS]; /* it is a CD drive, perhaps an empty one */
    const char *name;       /* of the first image, for a title; borrowed */
    bool snapshot;          /* of images that are put in later */
    struct log *log;        /* borrowed */
};

/* Opens what the options name: images without a drive go, by their kind, into
 * the first drive that is free. Without any image the built-in disk is in
 * drive A. On failure everything is closed. */
bool media_open(struct media *media, const struct options *options,
                struct log *log, struct failure *failure);
void media_close(struct media *media);

void media_plug(const struct media *media, struct machine_config *config);

/* The drive at a place: floppy drives, then disks and CDs. */
struct host_block **media_place(struct media *media, unsigned place);

/* Opens a file as the medium of a drive that is empty, of the kind that it
 * takes; the name of the built-in disk stands for that. */
bool media_open_place(struct media *media, unsigned place, const char *path,
                      struct failure *failure);

/* Changes a floppy of a machine that does not run; path NULL: takes it out.
 * On failure the old one stays, but for a file that was in the drive before:
 * then the drive is empty, and the failure says so. */
bool media_change_floppy(struct media *media, struct machine *machine,
                         unsigned drive, const char *path,
                         struct failure *failure);

/* The same for a CD; `drive` as in machine_config.disk. */
bool media_change_cd(struct media *media, struct machine *machine,
                     unsigned drive, const char *path, struct failure *failure);

/* The first CD drive, for who names none. */
bool media_find_cd(const struct media *media, unsigned *drive,
                   struct failure *failure);

#endif
