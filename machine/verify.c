#include "machine/verify_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Media. */

struct host_block *verify_media_put(struct verify_media *media, unsigned place,
                                    struct host_block *base)
{
    uint8_t turn = media->turn[place] ^= 1;

    return verify_medium_init(&media->slot[place][turn], base);
}

void verify_media_deinit(struct verify_media *media)
{
    for (unsigned i = 0; i < REPLAY_PLACES; i++)
        for (unsigned k = 0; k < 2; k++)
            verify_medium_deinit(&media->slot[i][k]);
}

static void wrap(struct verify_media *media, struct machine_config *config)
{
    for (unsigned i = 0; i < MACHINE_FLOPPIES; i++)
        config->floppy[i] = verify_media_put(media, i, config->floppy[i]);
    for (unsigned i = 0; i < MACHINE_DISKS; i++)
        config->disk[i] =
            verify_media_put(media, MACHINE_FLOPPIES + i, config->disk[i]);
}

/* What happened. */

static void lose(struct verify *v, const char *why)
{
    if (!v->lost)
        v->lost = why;
}

static struct verify_event *push(struct verify *v)
{
    if (v->lost)
        return NULL;
    if (v->event_count == v->event_room) {
        size_t room = v->event_room ? 2 * v->event_room : 256;
        struct verify_event *more =
            realloc(v->event, room * sizeof(v->event[0]));

        if (!more) {
            lose(v, "the host has no memory to note what came in");
            return NULL;
        }
        v->event = more;
        v->event_room = room;
    }
    v->event[v->event_count] = (struct verify_event){0};
    return &v->event[v->event_count++];
}

static void note_run(struct verify *v, uint64_t until_ns)
{
    struct verify_event *last =
        v->event_count ? &v->event[v->event_count - 1] : NULL;

    if (last && last->runs && until_ns - last->until_ns == last->step_ns) {
        last->until_ns = until_ns;
        last->runs++;
        return;
    }
    if (last && last->runs == 1 && until_ns > last->until_ns) {
        last->step_ns = until_ns - last->until_ns;
        last->until_ns = until_ns;
        last->runs = 2;
        return;
    }
    last = push(v);
    if (last)
        *last = (struct verify_event){.until_ns = until_ns, .runs = 1};
}

static void note_input(struct verify *v, const struct replay_record *record)
{
    struct verify_event *event = push(v);
    struct replay_record *copy;

    if (!event)
        return;
    copy = malloc(sizeof(*copy) + record->size);
    if (!copy) {
        v->event_count--;
        lose(v, "the host has no memory to note what came in");
        return;
    }
    *copy = *record;
    copy->bytes = (const uint8_t *)(copy + 1);
    if (record->size)
        memcpy(copy + 1, record->bytes, record->size);
    event->input = copy;
}

/* Inputs. */

struct host_block *verify_insert(struct verify *verify, unsigned place,
                                 struct host_block *base)
{
    return verify_media_put(&verify->media[0], place, base);
}

void verify_apply(struct verify *verify, const struct replay_record *record,
                  struct host_block *base, bool taken)
{
    struct host_block *block = NULL;
    bool same;

    if (record->kind == REPLAY_MEDIUM) {
        block = verify_media_put(&verify->media[1], (unsigned)record->number[0],
                                 base);
        lose(verify, "a medium was changed before, so that a second run from "
                     "power-on is not the same");
    }
    same = machine_apply(verify->interp, record, block) == taken;
    if (!same) /* the state that they disagree by will be found as well */
        lose(verify, "one took an input that the other did not take");
    if (taken)
        note_input(verify, record);
}

/* The run. */

static bool is_same_cpu(const struct verify *v)
{
    return machine_insns(v->machine) == machine_insns(v->interp) &&
           machine_now_ns(v->machine) == machine_now_ns(v->interp) &&
           cpu_state_hash(v->machine->cpu, 0) ==
               cpu_state_hash(v->interp->cpu, 0);
}

static bool is_same(struct verify *v)
{
    bool same;

    v->stats.whole++;
    same = machine_state_hash(v->machine) == machine_state_hash(v->interp);
    if (same)
        v->equal_insns = machine_insns(v->machine);
    return same;
}

static void find(struct verify *v)
{
    v->differs = true;
    log_put(v->machine->config.log, LOG_WARN, "-engine verify",
            "there is a difference; looking for its instruction, in runs from "
            "power-on on");
    verify_find(v);
}

/* Memory is what takes time. */
static unsigned whole_runs(const struct verify *v)
{
    size_t more = v->machine->mem->ram_bytes / VERIFY_WHOLE_BYTES;

    return VERIFY_WHOLE_RUNS * (unsigned)(more ? more : 1);
}

enum machine_stop verify_run(struct verify *verify, uint64_t until_ns)
{
    struct verify *v = verify;
    enum machine_stop stop;
    bool same;

    if (v->differs)
        return MACHINE_VERIFY_DIFFERS;
    stop = machine_advance(v->machine, until_ns, UINT64_MAX);
    if (stop == MACHINE_DEBUG)
        return stop; /* it will go on from there to `until_ns` */
    note_run(v, until_ns);
    if (v->hook)
        v->hook(v->hook_context, v->machine);
    same = machine_advance(v->interp, until_ns, UINT64_MAX) == stop &&
           is_same_cpu(v);
    v->stats.runs++;
    if (same && (stop != MACHINE_TIME_UP || v->stats.runs % whole_runs(v) == 0))
        same = is_same(v);
    if (same)
        return stop;
    find(v);
    return MACHINE_VERIFY_DIFFERS;
}

bool machine_verify_end(struct machine *machine)
{
    struct verify *v = machine->verify;

    if (v && !v->differs && !is_same(v))
        find(v);
    return !v || !v->differs;
}

/* Making it. */

static void put_nowhere(struct host_char *self, uint8_t byte)
{
    (void)self;
    (void)byte;
}

struct machine_config verify_configure(const struct verify *verify,
                                       struct verify_media *media,
                                       enum machine_engine engine)
{
    struct machine_config config = verify->config;

    config.engine = engine;
    wrap(media, &config);
    return config;
}

/* As the machine's, but that nobody hears of it. */
static void keep_config(struct verify *v, const struct machine_config *config)
{
    v->config = *config;
    v->config.audio = NULL;
    v->config.code_map = NULL;
    v->config.log = NULL;
    v->config.nic.host = NULL;
    v->nowhere.put = put_nowhere;
    for (unsigned i = 0; i < MACHINE_SERIALS; i++)
        v->config.serial[i] = config->serial[i] ? &v->nowhere : NULL;
    v->config.parallel = config->parallel ? &v->nowhere : NULL;
    v->config.debugcon = config->debugcon ? &v->nowhere : NULL;
}

enum status verify_begin(struct machine *machine, char *message, size_t size)
{
    struct verify *v = calloc(1, sizeof(*v));
    struct machine_config config;

    assert(!machine->config.recorder && !machine->config.replayer);
    if (!v)
        return STATUS_NO_MEMORY;
    machine->verify = v;
    v->machine = machine;
    keep_config(v, &machine->config);
    wrap(&v->media[0], &machine->config);
    config = verify_configure(v, &v->media[1], MACHINE_INTERP);
    return machine_create(&config, &v->interp, message, size);
}

void verify_destroy(struct verify *verify)
{
    if (!verify)
        return;
    machine_destroy(verify->interp);
    for (unsigned i = 0; i < 2; i++)
        verify_media_deinit(&verify->media[i]);
    for (size_t i = 0; i < verify->event_count; i++)
        free(verify->event[i].input);
    free(verify->event);
    free(verify);
}

void verify_set_hook(struct machine *machine,
                     void (*hook)(void *context, struct machine *machine),
                     void *context)
{
    machine->verify->hook = hook;
    machine->verify->hook_context = context;
}

void machine_verify_let_interrupt(struct machine *machine,
                                  bool (*interrupted)(void *context),
                                  void *context)
{
    if (!machine->verify)
        return;
    machine->verify->interrupted = interrupted;
    machine->verify->context = context;
}

/* Asking. */

const struct verify_report *machine_verify_report(const struct machine *machine)
{
    const struct verify *v = machine->verify;

    return v && v->differs ? &v->report : NULL;
}

bool machine_verify_stats(const struct machine *machine,
                          struct verify_stats *stats)
{
    if (machine->verify)
        *stats = machine->verify->stats;
    return machine->verify != NULL;
}
