#include "frontend/kernel_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX MIB(2048) /* as much as a machine's memory */

struct kernel_file {
    struct machine_kernel kernel;
    /* Owned; the structure for the machine points to them. */
    uint8_t *image;
    struct {
        uint8_t *bytes;
        char *text; /* name and options */
    } modules[MACHINE_MODULES];
};

static bool report(const char *option, const char *path, const char *reason,
                   const char *remedy, struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST, "-%s %s: %s; %s", option,
                       path, reason, remedy);
}

static bool report_memory(struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "out of host memory; end other programs");
}

static bool measure(FILE *stream, const char *option, const char *path,
                    size_t *size, struct failure *failure)
{
    struct stat st;

    if (fstat(fileno(stream), &st) != 0)
        return report(option, path, failure_errno_text(errno),
                      "name a file that can be read", failure);
    if (!S_ISREG(st.st_mode))
        return report(option, path,
                      S_ISDIR(st.st_mode) ? "it is a folder"
                                          : "it is no regular file",
                      "name a file", failure);
    if (st.st_size == 0)
        return report(option, path, "it is empty", "get it again", failure);
    if ((uint64_t)st.st_size > FILE_MAX)
        return report(option, path, "it is larger than 2 GiB",
                      "no machine's memory has room for it", failure);
    *size = (size_t)st.st_size;
    return true;
}

static bool read_file(const char *option, const char *path, uint8_t **out,
                      size_t *size, struct failure *failure)
{
    FILE *stream = fopen(path, "rb");
    bool fine;

    *out = NULL;
    if (!stream)
        return report(option, path, failure_errno_text(errno),
                      "name a file that can be read", failure);
    fine = measure(stream, option, path, size, failure);
    if (fine) {
        *out = malloc(*size);
        if (!*out)
            fine = report_memory(failure);
        else if (fread(*out, 1, *size, stream) != *size)
            fine = report(option, path, "it cannot be read to its end",
                          "get it again", failure);
    }
    fclose(stream);
    return fine;
}

/* Copies the next entry of a list into `text`, doubled commas as one; returns
 * where the one after it begins, NULL after the last. */
static const char *cut_entry(const char *list, char *text)
{
    for (; *list; list++) {
        if (*list == ',' && list[1] != ',') {
            *text = '\0';
            return list + 1;
        }
        list += *list == ',';
        *text++ = *list;
    }
    *text = '\0';
    return NULL;
}

/* `text`: owned from here on; a module's name ends at its first blank. */
static bool add_module(struct kernel_file *file, char *text, bool is_list,
                       struct failure *failure)
{
    unsigned n = file->kernel.module_count;
    char *blank = is_list ? strchr(text, ' ') : NULL;
    bool fine;

    if (n == MACHINE_MODULES) {
        free(text);
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-initrd: more than %d modules; leave some out",
                           MACHINE_MODULES);
    }
    file->kernel.module_count++;
    file->modules[n].text = text;
    if (blank)
        *blank = '\0';
    if (text[0] == '\0')
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-initrd %s: the name of a file is empty; write "
                           "-initrd \"FILE ARGS,FILE ARGS\"",
                           text);
    fine = read_file("initrd", text, &file->modules[n].bytes,
                     &file->kernel.modules[n].size, failure);
    if (blank)
        *blank = ' ';
    file->kernel.modules[n].bytes = file->modules[n].bytes;
    file->kernel.modules[n].options = text;
    return fine;
}

static bool load_modules(struct kernel_file *file, const char *list,
                         struct failure *failure)
{
    bool is_list = machine_kernel_kind(file->kernel.bytes, file->kernel.size) ==
                   MACHINE_KERNEL_MULTIBOOT;

    while (list) {
        char *text = malloc(strlen(list) + 1);

        if (!text)
            return report_memory(failure);
        if (is_list) {
            list = cut_entry(list, text);
        } else {
            strcpy(text, list);
            list = NULL;
        }
        if (!add_module(file, text, is_list, failure))
            return false;
    }
    return true;
}

bool kernel_file_load(const struct options *options, struct kernel_file **out,
                      struct failure *failure)
{
    struct kernel_file *file = calloc(1, sizeof(*file));

    *out = file;
    if (!file)
        return report_memory(failure);
    file->kernel.name = options->kernel;
    file->kernel.options = options->append;
    if (read_file("kernel", options->kernel, &file->image, &file->kernel.size,
                  failure)) {
        file->kernel.bytes = file->image;
        if (load_modules(file, options->initrd, failure))
            return true;
    }
    kernel_file_destroy(file);
    *out = NULL;
    return false;
}

void kernel_file_destroy(struct kernel_file *file)
{
    if (!file)
        return;
    for (unsigned i = 0; i < MACHINE_MODULES; i++) {
        free(file->modules[i].bytes);
        free(file->modules[i].text);
    }
    free(file->image);
    free(file);
}

const struct machine_kernel *kernel_file_get(const struct kernel_file *file)
{
    return &file->kernel;
}
