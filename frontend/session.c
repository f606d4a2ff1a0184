#include "frontend/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/debuggers.h"
#include "frontend/display.h"
#include "frontend/firmware_file.h"
#include "frontend/host_clock.h"
#include "frontend/kernel_file.h"
#include "frontend/loop.h"
#include "frontend/media.h"
#include "frontend/net.h"
#include "frontend/perf_map.h"
#include "frontend/ports.h"
#include "frontend/qmp.h"
#include "frontend/recording.h"
#include "frontend/replaying.h"
#include "frontend/script.h"
#include "frontend/signals.h"
#include "frontend/sound.h"
#include "frontend/terminal.h"
#include "frontend/translating.h"
#include "frontend/verifying.h"
#include "machine/verify.h"

/* Everything is owned; it is opened in this order and closed in reverse. */
struct session {
    struct options *options; /* borrowed */
    struct report *report;   /* borrowed */
    struct script *script;
    struct display_frame frame;
    struct media media;
    uint8_t *bios, *vgabios;
    struct kernel_file *kernel;
    struct ports *ports;
    struct sound *sound;
    struct net *net;
    struct perf_map *perf_map;
    struct recording *recording;
    struct replaying *replaying;
    struct machine *machine;
    struct input *input;
    struct display *display;
    struct debuggers *debuggers;
    struct qmp *qmp;
    struct run_control control;
    uint64_t started_ns; /* host */
};

static bool open_frame(struct display_frame *frame, struct failure *failure)
{
    frame->pixels =
        malloc(sizeof(*frame->pixels) * DISPLAY_WIDTH_MAX * DISPLAY_HEIGHT_MAX);
    return frame->pixels ||
           failure_set(failure, EXIT_STATUS_HOST,
                       "out of host memory; end other programs");
}

static bool open_script(struct session *s, struct failure *failure)
{
    if (!s->options->script)
        return true;
    if (!script_load(s->options->script, &s->script, failure))
        return false;
    if (s->options->display == OPTIONS_DISPLAY_NONE &&
        !script_has_quit(s->script) && s->options->limit_ns == UINT64_MAX)
        report_notice(s->report, "-script: its last line is no `quit`, so the "
                                 "run goes on until the guest powers off");
    return true;
}

static bool open_firmware(struct session *s, struct machine_config *config,
                          struct failure *failure)
{
    if (s->options->bios &&
        !firmware_file_load("bios", s->options->bios, FIRMWARE_FILE_BIOS_MAX,
                            KIB(64), &s->bios, &config->bios_bytes, failure))
        return false;
    if (s->options->vgabios &&
        !firmware_file_load("vgabios", s->options->vgabios,
                            FIRMWARE_FILE_VGA_MAX, 512, &s->vgabios,
                            &config->vgabios_bytes, failure))
        return false;
    config->bios = s->bios;
    config->vgabios = s->vgabios;
    return true;
}

/* Read before the machine is made, let go of afterwards: it has a copy, or
 * makes more machines from it (-engine verify). */
static bool open_kernel(struct session *s, struct machine_config *config,
                        struct failure *failure)
{
    if (!s->options->kernel)
        return true;
    if (!kernel_file_load(s->options, &s->kernel, failure))
        return false;
    config->kernel = kernel_file_get(s->kernel);
    return !s->replaying ||
           replaying_take_kernel(s->replaying, s->kernel, failure);
}

static void close_kernel(struct session *s)
{
    kernel_file_destroy(s->kernel);
    s->kernel = NULL;
}

static int64_t choose_start_time(const struct options *options)
{
    if (options->rtc == OPTIONS_RTC_FIXED)
        return options->rtc_sec;
    return host_clock_wall_sec(options->rtc == OPTIONS_RTC_LOCAL);
}

/* The network that nobody asked for may be missing. */
static bool open_net(struct session *s, struct failure *failure)
{
    const struct options *options = s->options;

    if (options->replay)
        return true; /* what came from it is in the recording */
    if (net_open(&options->net, host_clock_real(), &s->report->log, &s->net,
                 failure))
        return true;
    if (options->given.net || options->given.nic)
        return false;
    report_notice(s->report, failure->text);
    return true;
}

static void configure(struct session *s, struct machine_config *config)
{
    const struct options *options = s->options;

    config->board = options->board;
    config->engine = options->engine;
    config->cpu = options->cpu;
    config->ram_bytes = options->ram_bytes;
    config->insns_per_sec = options->insns_per_sec;
    config->start_time_sec = choose_start_time(options);
    memcpy(config->boot_order, options->boot_order, sizeof(config->boot_order));
    config->exit_port = options->exit_port;
}

/* A recording brings its machine and the names of its media along. */
static bool open_media(struct session *s, struct failure *failure)
{
    struct log *log = &s->report->log;

    if (!s->options->replay)
        return media_open(&s->media, s->options, log, failure);
    return replaying_open(s->options, &s->media, &s->replaying, failure) &&
           replaying_open_media(s->replaying, log, failure);
}

static bool open_recording(struct session *s, struct failure *failure)
{
    return !s->options->record ||
           recording_open(s->options->record, &s->report->log, &s->recording,
                          failure);
}

static bool open_perf_map(struct session *s, struct failure *failure)
{
    return !s->options->perf_map ||
           perf_map_open(&s->report->log, &s->perf_map, failure);
}

/* The interpreter makes no code, so that perf names nothing. */
static void check_perf_map(struct session *s)
{
    struct jit_stats stats;

    if (s->perf_map && !machine_get_jit_stats(s->machine, &stats))
        report_notice(s->report,
                      "-perf-map: this machine runs without the translator, so "
                      "there is no code to name");
}

static bool open_machine(struct session *s, struct machine_config *config,
                         struct failure *failure)
{
    char message[FAILURE_BYTES];
    enum status status;

    configure(s, config);
    config->audio = s->sound ? sound_input(s->sound) : NULL;
    config->code_map = perf_map_input(s->perf_map);
    config->log = &s->report->log;
    media_plug(&s->media, config);
    ports_plug(s->ports, config);
    net_plug(s->net, config);
    if (s->replaying)
        replaying_configure(s->replaying, config);
    if (s->recording)
        config->recorder = recording_recorder(s->recording);
    status = machine_create(config, &s->machine, message, sizeof(message));
    if (status == STATUS_OK)
        return true;
    if (status == STATUS_NO_MEMORY)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-m: the host has not enough memory for this "
                           "machine; choose a smaller size, or end other "
                           "programs");
    return failure_set(failure,
                       status == STATUS_BAD_ARGUMENT ? EXIT_STATUS_USAGE
                                                     : EXIT_STATUS_HOST,
                       "%s", message);
}

/* Keys that the BIOS holds for programs: its buffer in the data area at 400,
 * between the offsets at 480 and 482. */
static void get_unread_keys(void *context, struct input_unread *unread)
{
    struct session *s = context;
    uint8_t bda[0x84];
    unsigned head, tail, start, end, used;

    machine_peek(s->machine, 0x400, bda, sizeof(bda));
    head = bda[0x1a] | (unsigned)bda[0x1b] << 8;
    tail = bda[0x1c] | (unsigned)bda[0x1d] << 8;
    start = bda[0x80] | (unsigned)bda[0x81] << 8;
    end = bda[0x82] | (unsigned)bda[0x83] << 8;
    if (head < start || head >= end || tail < start || tail >= end)
        return; /* whatever this is, it is no BIOS's */
    used = tail >= head ? tail - head : end - start + tail - head;
    unread->count = used / 2;
    unread->full = used + 2 >= end - start;
    unread->mark = head << 16 | tail;
}

static bool open_input(struct session *s, struct failure *failure)
{
    const struct input_config config = {
        .machine = s->machine, .get_unread = get_unread_keys, .context = s};

    s->input = input_create(&config);
    return s->input || failure_set(failure, EXIT_STATUS_HOST,
                                   "out of host memory; end other programs");
}

/* For QMP: floppy drives, then disks. */
static bool change_place(void *context, unsigned place, const char *path,
                         struct failure *failure)
{
    struct session *s = context;

    if (place < MACHINE_FLOPPIES)
        return media_change_floppy(&s->media, s->machine, place, path, failure);
    return media_change_cd(&s->media, s->machine, place - MACHINE_FLOPPIES,
                           path, failure);
}

static bool change_medium(void *context, unsigned drive, const char *path,
                          struct failure *failure)
{
    struct session *s = context;
    unsigned cd;

    if (s->replaying)
        return true; /* the recording changes media */
    if (drive == SCRIPT_CDROM)
        return media_find_cd(&s->media, &cd, failure) &&
               media_change_cd(&s->media, s->machine, cd, path, failure);
    return media_change_floppy(&s->media, s->machine, drive, path, failure);
}

static void start_script(struct session *s)
{
    const struct script_host host = {
        .machine = s->machine,
        .input = s->input,
        .frame = &s->frame,
        .out = stdout,
        .change_medium = change_medium,
        .context = s,
    };

    if (s->script)
        script_start(s->script, &host);
}

static bool open_display(struct session *s, struct failure *failure)
{
    const struct display_host host = {
        .machine = s->machine,
        .input = s->input,
        .frame = &s->frame,
        .log = &s->report->log,
        .title = s->options->title ? s->options->title : s->media.name,
        .full_screen = s->options->full_screen,
        .ports = s->options->nographic ? s->ports : NULL,
    };

    switch (s->options->display) {
    case OPTIONS_DISPLAY_SDL:
        return display_sdl_create(&host, &s->display, failure);
    case OPTIONS_DISPLAY_TEXT:
        if (!display_text_create(&host, &s->display, failure))
            return false;
        report_hold(s->report, isatty(STDERR_FILENO));
        return true;
    case OPTIONS_DISPLAY_NONE: break;
    }
    return true;
}

static bool open_debuggers(struct session *s, struct failure *failure)
{
    const struct debuggers_config config = {.options = s->options,
                                            .machine = s->machine,
                                            .control = &s->control,
                                            .input = s->input,
                                            .frame = &s->frame,
                                            .change_medium = change_medium,
                                            .context = s,
                                            .log = &s->report->log};

    return debuggers_open(&config, &s->debuggers, failure);
}

static bool open_qmp(struct session *s, struct failure *failure)
{
    const struct options *options = s->options;
    const struct qmp_config config = {
        .channel = &options->qmp,
        .machine = s->machine,
        .control = &s->control,
        .input = s->input,
        .frame = &s->frame,
        .monitor = debuggers_monitor(s->debuggers),
        .media = &s->media,
        .name = options->title,
        .log_file = options->replay ? options->replay : options->record,
        .is_replay = options->replay != NULL,
        .change_medium = change_place,
        .context = s,
        .log = &s->report->log,
    };

    return options->qmp.kind == CHARDEV_NONE ||
           qmp_create(&config, &s->qmp, failure);
}

static bool open_all(struct session *s, struct failure *failure)
{
    struct machine_config config = {0};
    struct log *log = &s->report->log;

    if (!open_script(s, failure) || !open_frame(&s->frame, failure) ||
        !open_media(s, failure) || !open_firmware(s, &config, failure) ||
        !open_kernel(s, &config, failure) ||
        !ports_open(s->options, s->script, log, &s->ports, failure) ||
        !sound_open(s->options, log, &s->sound, failure) ||
        !open_net(s, failure) || !open_perf_map(s, failure) ||
        !open_recording(s, failure) || !open_machine(s, &config, failure) ||
        !open_input(s, failure))
        return false;
    if (s->options->engine != MACHINE_VERIFY)
        close_kernel(s);
    check_perf_map(s);
    start_script(s);
    return open_display(s, failure) && open_debuggers(s, failure) &&
           open_qmp(s, failure);
}

/* The terminal first: what is said from here on is to be seen. */
static void close_display(struct session *s)
{
    if (s->display)
        s->display->ops->destroy(s->display);
    s->display = NULL;
    report_hold(s->report, false);
}

static void close_all(struct session *s, int status)
{
    qmp_destroy(s->qmp);
    debuggers_close(s->debuggers, status);
    close_display(s);
    input_destroy(s->input);
    machine_destroy(s->machine);
    net_close(s->net);
    recording_close(s->recording);
    perf_map_close(s->perf_map);
    replaying_close(s->replaying);
    sound_close(s->sound);
    ports_close(s->ports);
    close_kernel(s);
    free(s->vgabios);
    free(s->bios);
    media_close(&s->media);
    free(s->frame.pixels);
    script_destroy(s->script);
}

static void poll_ports(void *context)
{
    struct session *s = context;

    ports_poll(s->ports);
    debuggers_poll(s->debuggers);
    net_poll(s->net, 0);
    if (s->qmp)
        qmp_poll(s->qmp);
}

static void wait_ports(void *context, uint64_t ns)
{
    struct session *s = context;
    struct host_clock *clock = host_clock_real();

    if (s->net)
        net_poll(s->net, ns);
    else
        clock->sleep_ns(clock, ns);
}

static bool ports_busy(void *context)
{
    return net_is_busy(((struct session *)context)->net);
}

static void feed_ports(void *context)
{
    struct session *s = context;

    ports_feed(s->ports, s->machine);
    net_feed(s->net, s->machine);
}

static bool wants_stop(void *context)
{
    return debuggers_want_stop(((struct session *)context)->debuggers);
}

static void wait_paused(void *context, uint64_t ns)
{
    struct session *s = context;

    debuggers_wait(s->debuggers, qmp_fd(s->qmp), ns);
}

static void print_stats(struct session *s)
{
    struct host_clock *clock = host_clock_real();
    double seconds =
        (double)(clock->now_ns(clock) - s->started_ns) / NS_PER_SEC;
    struct machine_stats stats;

    machine_get_stats(s->machine, &stats);
    fprintf(stderr,
            "instructions: %llu\nguest seconds: %.6f\nhost seconds: %.3f\n"
            "MIPS: %.1f\nblocks decoded: %llu\nblocks run: %llu\n"
            "invalidations: %llu\nexceptions: %llu\ninterrupts: %llu\n"
            "state hash: %016llx\n",
            (unsigned long long)stats.insns,
            (double)machine_now_ns(s->machine) / NS_PER_SEC, seconds,
            (double)stats.insns / 1e6 / seconds,
            (unsigned long long)stats.blocks_decoded,
            (unsigned long long)stats.blocks_run,
            (unsigned long long)stats.invalidations,
            (unsigned long long)stats.exceptions,
            (unsigned long long)stats.interrupts,
            (unsigned long long)machine_state_hash(s->machine));
    translating_print_stats(s->machine, stderr);
    verifying_print_stats(s->machine, stderr);
}

static int finish(struct session *s, enum loop_end end,
                  const struct failure *failure)
{
    bool differs = !machine_verify_end(s->machine);
    bool recorded = !s->recording || recording_end(s->recording);

    qmp_tell_end(s->qmp, end);
    close_display(s);
    if (end == LOOP_SCRIPT_FAILED) {
        report_failure(s->report, failure);
        script_print_guest(s->script, stderr);
    }
    if (s->options->stats)
        print_stats(s);
    if (differs)
        return verifying_tell(s->machine, s->report);
    if (end == LOOP_SCRIPT_FAILED)
        return EXIT_STATUS_SCRIPT;
    if (s->replaying)
        return replaying_tell(s->replaying, s->report);
    if (end == LOOP_EXIT_PORT)
        return machine_exit_code(s->machine);
    return recorded ? EXIT_STATUS_OK : EXIT_STATUS_HOST;
}

/* Nobody looks at the machine or talks to it but by serial ports and the
 * network. */
static bool is_alone(const struct session *s)
{
    return !s->options->paced && !s->script && !s->display && !s->sound &&
           !s->qmp && !s->recording && !s->replaying &&
           s->options->engine != MACHINE_VERIFY;
}

static int run(struct session *s)
{
    const struct loop_config config = {
        .machine = s->machine,
        .input = s->input,
        .script = s->script,
        .display = s->display,
        .clock = host_clock_real(),
        .control = &s->control,
        .paced = s->options->paced,
        .alone = is_alone(s),
        .limit_ns = s->options->limit_ns,
        .poll_ports = poll_ports,
        .feed_ports = feed_ports,
        .wait_ports = wait_ports,
        .ports_busy = ports_busy,
        .interrupted = signals_pending,
        .wants_stop = wants_stop,
        .wait_paused = wait_paused,
        .context = s,
    };
    struct failure failure;

    machine_verify_let_interrupt(s->machine, signals_pending, s);
    s->started_ns = config.clock->now_ns(config.clock);
    return finish(s, loop_run(&config, &failure), &failure);
}

/* -nographic without a terminal is what QEMU makes of it: COM1 on standard
 * input and output. */
static void settle_terminal(struct options *options)
{
    if (!options->nographic || terminal_is_ours())
        return;
    options->nographic = false;
    options->display = OPTIONS_DISPLAY_NONE;
    options->serial[0].kind = CHARDEV_STDIO;
}

int session_run(const struct options *given, struct report *report)
{
    struct options options = *given;
    struct session s = {.options = &options, .report = report};
    struct failure failure;
    unsigned i;
    int status;

    settle_terminal(&options);
    for (i = 0; i < options.notice_count; i++)
        report_notice(report, options.notices[i]);
    if (open_all(&s, &failure))
        status = run(&s);
    else {
        close_display(&s);
        report_failure(report, &failure);
        status = (int)failure.exit_status;
    }
    close_all(&s, status);
    return status;
}
