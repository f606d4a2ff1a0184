/* What a disk image is, found from its content and size, not its name. */
#ifndef FRONTEND_IMAGE_KIND_H
#define FRONTEND_IMAGE_KIND_H

#include "core/host.h"
#include "frontend/image.h"

/* Looks at at most 40 KiB of the start and 512 bytes of the end of `block`.
 * With *kind IMAGE_ANY on entry: finds the kind. With another kind: only
 * refuses what cannot be a raw image, or not of that kind.
 * On BAD_FORMAT *why (static text: what it is, and the remedy) is set, e.g.
 * "a qcow2 image; convert it: qemu-img convert -O raw ...".
 * Errors: BAD_FORMAT, or what reading gave (*why is then NULL). */
enum status image_kind_find(struct host_block *block, enum image_kind *kind,
                            const char **why);

#endif
