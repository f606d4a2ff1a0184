#include "frontend/replaying.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/recording.h"

struct kept {
    struct kept *next; /* owned */
    char text[];
};

struct replaying {
    struct options *options; /* borrowed */
    struct media *media;     /* borrowed */
    struct recording_file file;
    struct replayer *replayer; /* owned */
    /* A medium that was taken out: the machine lets go of it only when the
     * next one is in. */
    struct host_block *spare[REPLAY_PLACES]; /* owned */
    struct kept *kept; /* owned: texts that the options point to */
    char message[FAILURE_BYTES];
};

/* A copy that lives as long as the replay. NULL: out of memory. */
static char *keep(struct replaying *r, const char *text)
{
    size_t size = strlen(text) + 1;
    struct kept *kept = malloc(sizeof(*kept) + size);

    if (!kept)
        return NULL;
    memcpy(kept->text, text, size);
    kept->next = r->kept;
    r->kept = kept;
    return kept->text;
}

/* `name` behind the folder of the recording; NULL: out of memory or room. */
static char *beside(struct replaying *r, const char *name)
{
    const char *slash = strrchr(r->options->replay, '/');
    size_t folder = slash ? (size_t)(slash - r->options->replay) + 1 : 0;
    char path[2 * REPLAY_NAME_BYTES];
    int length = snprintf(path, sizeof(path), "%.*s%s", (int)folder,
                          r->options->replay, name);

    if (length < 0 || (size_t)length >= sizeof(path))
        return NULL;
    return keep(r, path);
}

/* Where the file is now. */
static const char *locate(struct replaying *r, const char *name)
{
    const char *slash = strrchr(name, '/');
    char *other;

    if (access(name, R_OK) == 0)
        return name;
    other = name[0] == '/' ? NULL : beside(r, name);
    if (other && access(other, R_OK) == 0)
        return other;
    other = slash ? beside(r, slash + 1) : NULL;
    return other && access(other, R_OK) == 0 ? other : name;
}

static const char *const drive_options[REPLAY_PLACES] = {"fda", "fdb", "hda",
                                                         "hdb", "hdc", "hdd"};

static const char *given_path(const struct replaying *r, unsigned place)
{
    const struct options *options = r->options;

    return place < MACHINE_FLOPPIES
               ? options->floppy[place].path
               : options->disk[place - MACHINE_FLOPPIES].path;
}

static bool fail_medium(const struct replaying *r, unsigned place,
                        struct failure *failure)
{
    char why[FAILURE_BYTES];

    snprintf(why, sizeof(why), "%s", failure->text);
    return failure_set(failure, EXIT_STATUS_HOST,
                       "-replay %s: drive %s: %s. (If the file has another "
                       "name now, add -%s FILE)",
                       r->options->replay, drive_options[place], why,
                       drive_options[place]);
}

/* Opens what was in a drive into *block, and checks it. */
static bool open_medium(struct replaying *r, unsigned place,
                        const struct replay_medium *medium, const char *path,
                        struct failure *failure)
{
    struct host_block **block = media_place(r->media, place);

    if (!path)
        path = locate(r, medium->name);
    if (!media_open_place(r->media, place, path, failure))
        return fail_medium(r, place, failure);
    if (replay_medium_fits(medium, *block, r->message, sizeof(r->message)))
        return true;
    failure_set(failure, EXIT_STATUS_HOST, "%s", r->message);
    return fail_medium(r, place, failure);
}

/* During the run; the callback of the replayer. */
static struct host_block *change_medium(void *context, unsigned place,
                                        const struct replay_medium *medium,
                                        char *message, size_t size)
{
    struct replaying *r = context;
    struct host_block **block = media_place(r->media, place);
    struct failure failure;

    if (r->spare[place])
        r->spare[place]->ops->destroy(r->spare[place]);
    r->spare[place] = *block;
    *block = NULL;
    if (open_medium(r, place, medium, NULL, &failure))
        return *block;
    snprintf(message, size, "%s", failure.text);
    return NULL;
}

/* The options that load the kernel's files; the list of modules is put
 * together as -initrd takes it. */
static bool name_kernel(struct replaying *r, struct failure *failure)
{
    const struct machine_kernel *kernel = replayer_kernel(r->replayer);
    struct options *options = r->options;

    if (!kernel)
        return true;
    if (!options->kernel)
        options->kernel = locate(r, kernel->name);
    if (!options->initrd && kernel->module_count > 0) {
        char list[REPLAY_NAME_BYTES * 4];
        size_t used = 0;

        for (unsigned i = 0; i < kernel->module_count; i++) {
            const char *text = kernel->modules[i].options;

            if (i > 0 && used + 1 < sizeof(list))
                list[used++] = ',';
            for (; text && *text && used + 3 < sizeof(list); text++) {
                list[used++] = *text;
                if (*text == ',' && kernel->module_count > 1)
                    list[used++] = ',';
            }
        }
        list[used] = '\0';
        options->initrd = keep(r, list);
        if (kernel->module_count == 1 && options->initrd)
            options->initrd = locate(r, options->initrd);
    }
    options->append = kernel->options;
    return (options->kernel &&
            (options->initrd || kernel->module_count == 0)) ||
           failure_set(failure, EXIT_STATUS_HOST,
                       "out of host memory; end other programs");
}

bool replaying_open(struct options *options, struct media *media,
                    struct replaying **out, struct failure *failure)
{
    struct replaying *r = calloc(1, sizeof(*r));
    struct replay_host host = {change_medium, r};

    *out = NULL;
    if (!r)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    r->options = options;
    r->media = media;
    if (!recording_file_open(&r->file, options->replay, failure)) {
        replaying_close(r);
        return false;
    }
    if (replayer_create(&r->file.in, &host, &r->replayer, r->message,
                        sizeof(r->message)) != STATUS_OK) {
        failure_set(failure, EXIT_STATUS_HOST, "-replay %s: %s",
                    options->replay, r->message);
        replaying_close(r);
        return false;
    }
    *out = r;
    return name_kernel(r, failure);
}

void replaying_close(struct replaying *replaying)
{
    if (!replaying)
        return;
    for (unsigned i = 0; i < REPLAY_PLACES; i++)
        if (replaying->spare[i])
            replaying->spare[i]->ops->destroy(replaying->spare[i]);
    while (replaying->kept) {
        struct kept *next = replaying->kept->next;

        free(replaying->kept);
        replaying->kept = next;
    }
    replayer_destroy(replaying->replayer);
    recording_file_close(&replaying->file);
    free(replaying);
}

bool replaying_open_media(struct replaying *replaying, struct log *log,
                          struct failure *failure)
{
    struct machine_config config = {0};

    memset(replaying->media, 0, sizeof(*replaying->media));
    replaying->media->log = log;
    replaying->media->snapshot = true;
    replayer_configure(replaying->replayer, &config);
    memcpy(replaying->media->cd, config.cd, sizeof(config.cd));
    for (unsigned i = 0; i < REPLAY_PLACES; i++) {
        const struct replay_medium *medium =
            replayer_medium(replaying->replayer, i);

        if (medium->present && !open_medium(replaying, i, medium,
                                            given_path(replaying, i), failure))
            return false;
    }
    return true;
}

bool replaying_take_kernel(struct replaying *replaying,
                           const struct kernel_file *kernel,
                           struct failure *failure)
{
    if (!kernel ||
        replayer_take_kernel(replaying->replayer, kernel_file_get(kernel),
                             replaying->message, sizeof(replaying->message)))
        return true;
    return failure_set(failure, EXIT_STATUS_HOST, "-replay %s: %s",
                       replaying->options->replay, replaying->message);
}

void replaying_configure(struct replaying *replaying,
                         struct machine_config *config)
{
    struct machine_config wanted = *config;

    replayer_configure(replaying->replayer, config);
    for (unsigned i = 0; i < MACHINE_SERIALS; i++) {
        bool exists = i < 2 || config->serial[i];

        if (wanted.serial[i] && exists)
            config->serial[i] = wanted.serial[i];
    }
    if (wanted.parallel && config->parallel)
        config->parallel = wanted.parallel;
}

int replaying_tell(struct replaying *replaying, struct report *report)
{
    struct replay_outcome outcome;
    struct failure failure;
    char text[FAILURE_BYTES + 100];

    replayer_get_outcome(replaying->replayer, &outcome);
    switch (outcome.result) {
    case REPLAY_DIFFERS:
    case REPLAY_FAILED:
        failure_set(&failure,
                    outcome.result == REPLAY_DIFFERS ? EXIT_STATUS_SCRIPT
                                                     : EXIT_STATUS_HOST,
                    "-replay %s: %s", replaying->options->replay,
                    outcome.message);
        report_failure(report, &failure);
        return (int)failure.exit_status;
    case REPLAY_RUNNING:
    case REPLAY_BROKEN:
    case REPLAY_EQUAL: break;
    }
    snprintf(text, sizeof(text),
             "-replay: %s; %u checks were equal, the last at instruction %llu",
             outcome.result == REPLAY_EQUAL ? "equal to the recording's end"
             : outcome.result == REPLAY_BROKEN
                 ? "equal as far as the recording goes; it breaks off, as its "
                   "recorder did not end the usual way"
                 : "ended before the recording did",
             outcome.checks, (unsigned long long)outcome.insns);
    report_notice(report, text);
    return EXIT_STATUS_OK;
}
