/* The machine of a log. Invariant: `next` is the first record that is not
 * done; all failures of media up to it wait in `failures`. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/replay_int.h"
#include "machine/replay_setup.h"

#define MESSAGE_BYTES 1024
#define FAILURES_MOST 1000000u /* that can wait; no run has so many at once */

struct failure_due {
    unsigned place;
    uint64_t call;
    enum status status;
};

struct replayer {
    struct replay_reader *reader; /* owned */
    struct replay_host host;
    struct replay_setup *setup; /* owned */
    struct machine *machine;    /* borrowed; NULL: not begun */
    struct replay_media media;

    struct replay_record next;
    struct failure_due *failures; /* owned */
    size_t failure_first, failure_count, failure_room;

    struct replay_outcome outcome;
    char message[MESSAGE_BYTES];
};

static void finish(struct replayer *r, enum replay_result result)
{
    if (r->outcome.result != REPLAY_RUNNING)
        return;
    r->outcome.result = result;
    r->outcome.message = r->message;
}

/* Failures of media. */

static bool push_failure(struct replayer *r, const struct replay_record *record)
{
    if (r->failure_first == r->failure_count)
        r->failure_first = r->failure_count = 0;
    if (r->failure_count == r->failure_room) {
        size_t room = r->failure_room ? 2 * r->failure_room : 64;
        struct failure_due *more =
            room > FAILURES_MOST
                ? NULL
                : realloc(r->failures, room * sizeof(r->failures[0]));

        if (!more)
            return false;
        r->failures = more;
        r->failure_room = room;
    }
    r->failures[r->failure_count++] =
        (struct failure_due){(unsigned)record->number[0], record->number[1],
                             replay_to_status(record->number[2])};
    return true;
}

static bool forestall(void *self, unsigned place, uint64_t call,
                      enum status *status)
{
    struct replayer *r = self;
    const struct failure_due *due = &r->failures[r->failure_first];

    if (r->failure_first == r->failure_count || due->place != place ||
        due->call != call)
        return false;
    *status = due->status;
    r->failure_first++;
    return true;
}

/* What could be read then cannot be read now: the host's trouble. */
static void note_done(void *self, unsigned place, uint64_t call,
                      enum status status)
{
    struct replayer *r = self;

    (void)call;
    if (status == STATUS_OK || r->outcome.result != REPLAY_RUNNING)
        return;
    snprintf(r->message, sizeof(r->message),
             "the medium of drive place %u failed (%s), which it did not when "
             "it was recorded; check the file",
             place, status_text(status));
    finish(r, REPLAY_FAILED);
}

/* Reading ahead. */

static bool fetch(struct replayer *r)
{
    for (;;) {
        switch (replay_reader_get(r->reader, &r->next, r->message,
                                  sizeof(r->message))) {
        case REPLAY_GOT_END: finish(r, REPLAY_BROKEN); return false;
        case REPLAY_GOT_NONSENSE: finish(r, REPLAY_FAILED); return false;
        case REPLAY_GOT_RECORD: break;
        }
        if (r->next.kind != REPLAY_FAILURE)
            return true;
        if (push_failure(r, &r->next))
            continue;
        snprintf(r->message, sizeof(r->message),
                 "too many failures of media in the log");
        finish(r, REPLAY_FAILED);
        return false;
    }
}

/* Whether a medium can be written is part of what the guest sees. */
static void protect_all(struct replayer *r)
{
    for (unsigned i = 0; i < REPLAY_PLACES; i++)
        for (unsigned k = 0; k < 2; k++)
            r->media.slots[i][k].block.read_only =
                replay_setup_medium(r->setup, i)->read_only;
}

void replayer_begin(struct replayer *replayer, struct machine *machine)
{
    struct replayer *r = replayer;

    assert(!r->machine);
    r->machine = machine;
    replay_media_wrap_all(&r->media, &machine->config);
    protect_all(r);
    fetch(r);
}

/* The run. */

static void differ(struct replayer *r, const char *what)
{
    const struct clock *clock = r->machine->clock;

    snprintf(r->message, sizeof(r->message),
             "the run differs from the recording at instruction %" PRIu64
             " (guest time %" PRIu64 " ns): %s; %u checks before it were "
             "equal, the last at instruction %" PRIu64,
             clock->insns, clock_now_ns(clock), what, r->outcome.checks,
             r->outcome.insns);
    finish(r, REPLAY_DIFFERS);
}

static void check(struct replayer *r)
{
    uint64_t hash = machine_state_hash(r->machine);
    char what[120];

    if (hash != r->next.number[0]) {
        snprintf(what, sizeof(what),
                 "the state hash is %016" PRIx64 ", but %016" PRIx64
                 " was recorded",
                 hash, r->next.number[0]);
        differ(r, what);
        return;
    }
    r->outcome.checks++;
    r->outcome.insns = r->next.insns;
}

static void change_medium(struct replayer *r)
{
    struct host_block *block = NULL;
    unsigned place = (unsigned)r->next.number[0];
    struct replay_medium *medium = replay_setup_medium(r->setup, place);

    if (!medium || !replay_setup_take_medium(r->setup, &r->next)) {
        snprintf(r->message, sizeof(r->message),
                 "the log changes a medium in a drive that is not there");
        finish(r, REPLAY_FAILED);
        return;
    }
    if (medium->present) {
        block = r->host.open_medium(r->host.context, place, medium, r->message,
                                    sizeof(r->message));
        if (!block) {
            finish(r, REPLAY_FAILED);
            return;
        }
    }
    block = replay_media_wrap(&r->media, place, block);
    if (block)
        block->read_only = medium->read_only;
    if (!machine_apply(r->machine, &r->next, block))
        differ(r, "the drive does not take a medium that it took then");
}

static void obey(struct replayer *r)
{
    switch (r->next.kind) {
    case REPLAY_CHECK: check(r); break;
    case REPLAY_MARK: break;
    case REPLAY_MEDIUM: change_medium(r); break;
    case REPLAY_END:
        check(r);
        if (r->failure_first < r->failure_count)
            differ(r, "media did not fail as they did then");
        finish(r, REPLAY_EQUAL);
        break;
    default:
        if (!machine_apply(r->machine, &r->next, NULL))
            differ(r, "an input that was taken then is not taken now");
        break;
    }
}

/* Runs to the instant of the next record and no further. Count and time name
 * it together: a halted processor lets time pass without counting, and a fast
 * one counts within a nanosecond. */
static enum machine_stop seek(struct replayer *r)
{
    struct machine *m = r->machine;
    const struct clock *clock = m->clock;
    const struct replay_record *to = &r->next;
    enum machine_stop stop = MACHINE_TIME_UP;

    if (clock->insns >= to->insns && clock_now_ns(clock) >= to->ns)
        return stop;
    stop = machine_advance(m, to->ns, to->insns);
    if (stop != MACHINE_TIME_UP)
        return stop;
    if (clock_now_ns(clock) < to->ns)
        return machine_advance(m, to->ns, UINT64_MAX);
    if (clock->insns < to->insns)
        return machine_advance(m, to->ns + 1, to->insns);
    return stop;
}

static bool has_arrived(const struct replayer *r)
{
    const struct clock *clock = r->machine->clock;

    return clock->insns == r->next.insns && clock_now_ns(clock) == r->next.ns;
}

static void differ_instant(struct replayer *r)
{
    char what[160];

    snprintf(what, sizeof(what),
             "the recording came by at instruction %" PRIu64
             " and guest time %" PRIu64 " ns",
             r->next.insns, r->next.ns);
    differ(r, what);
}

enum machine_stop replayer_run(struct replayer *replayer, uint64_t until_ns)
{
    struct replayer *r = replayer;
    struct machine *m = r->machine;
    enum machine_stop stop;

    while (r->outcome.result == REPLAY_RUNNING) {
        if (r->next.ns > until_ns) {
            stop = machine_advance(m, until_ns, UINT64_MAX);
            if (stop == MACHINE_DEBUG ||
                (stop == MACHINE_TIME_UP && m->clock->insns <= r->next.insns))
                return stop;
            differ_instant(r);
            break;
        }
        if (seek(r) == MACHINE_DEBUG)
            return MACHINE_DEBUG;
        if (r->outcome.result != REPLAY_RUNNING)
            break;
        if (!has_arrived(r)) {
            differ_instant(r);
            break;
        }
        obey(r);
        if (r->outcome.result == REPLAY_RUNNING)
            fetch(r);
    }
    return MACHINE_REPLAY_OVER;
}

void replayer_get_outcome(const struct replayer *replayer,
                          struct replay_outcome *outcome)
{
    *outcome = replayer->outcome;
    outcome->message = replayer->message;
}

/* The start of the log. */

static enum status read_setup(struct replayer *r, char *message, size_t size)
{
    struct replay_record record;

    do {
        switch (replay_reader_get(r->reader, &record, message, size)) {
        case REPLAY_GOT_RECORD: break;
        case REPLAY_GOT_NONSENSE: return STATUS_BAD_FORMAT;
        case REPLAY_GOT_END:
            snprintf(message, size,
                     "the recording breaks off before the machine is "
                     "described; record it again");
            return STATUS_BAD_FORMAT;
        }
        TRY(replay_setup_take(r->setup, &record, message, size));
    } while (record.kind != REPLAY_SET_DONE);
    return STATUS_OK;
}

enum status replayer_create(struct replay_in *in,
                            const struct replay_host *host,
                            struct replayer **replayer, char *message,
                            size_t size)
{
    struct replayer *r = calloc(1, sizeof(*r));
    enum status status = STATUS_NO_MEMORY;

    *replayer = NULL;
    snprintf(message, size, "%s", status_text(status));
    if (!r)
        return status;
    r->host = *host;
    r->media.forestall = forestall;
    r->media.done = note_done;
    r->media.self = r;
    r->setup = replay_setup_create();
    if (r->setup)
        status = replay_reader_create(in, &r->reader, message, size);
    if (status == STATUS_OK)
        status = read_setup(r, message, size);
    if (status == STATUS_OK)
        *replayer = r;
    else
        replayer_destroy(r);
    return status;
}

void replayer_destroy(struct replayer *replayer)
{
    if (!replayer)
        return;
    free(replayer->failures);
    replay_reader_destroy(replayer->reader);
    replay_setup_destroy(replayer->setup);
    free(replayer);
}

void replayer_configure(struct replayer *replayer,
                        struct machine_config *config)
{
    replay_setup_configure(replayer->setup, config);
    config->replayer = replayer;
}

const struct machine_kernel *replayer_kernel(const struct replayer *replayer)
{
    return replay_setup_kernel(replayer->setup);
}

bool replayer_take_kernel(struct replayer *replayer,
                          const struct machine_kernel *kernel, char *message,
                          size_t size)
{
    return replay_setup_take_kernel(replayer->setup, kernel, message, size);
}

const struct replay_medium *replayer_medium(const struct replayer *replayer,
                                            unsigned place)
{
    return replay_setup_medium(replayer->setup, place);
}
