/* The files that -kernel and -initrd name, in memory. */
#ifndef FRONTEND_KERNEL_FILE_H
#define FRONTEND_KERNEL_FILE_H

#include "frontend/failure.h"
#include "frontend/options.h"

struct kernel_file;

/* Reads what options->kernel and options->initrd name. For a multiboot kernel
 * the latter is a list: "FILE ARGS,FILE ARGS", a comma in a name doubled. The
 * options must outlive *out. The failure is EXIT_STATUS_HOST, or _USAGE for a
 * list that is wrong. The caller owns *out. */
bool kernel_file_load(const struct options *options, struct kernel_file **out,
                      struct failure *failure);
void kernel_file_destroy(struct kernel_file *file); /* NULL is allowed */

/* What the machine takes; lives as long as the file. */
const struct machine_kernel *kernel_file_get(const struct kernel_file *file);

#endif
