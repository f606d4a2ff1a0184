#include "frontend/loop.h"

#include <assert.h>

#define MS          UINT64_C(1000000)
#define POLL_NS     (5 * MS)  /* host: displays, ports, signals */
#define SHOW_NS     (16 * MS) /* host: pictures */
#define CHUNK_NS    (8 * MS)  /* so far ahead of the host we sleep */
#define LAG_MOST_NS (100 * MS)
#define HOLD_NS     (2 * MS) /* so much a halted guest may run ahead */

struct loop {
    const struct loop_config *config;
    uint64_t poll_at_ns, show_at_ns; /* host */
    uint64_t origin_host_ns, origin_guest_ns;
    uint64_t held_host_ns, halted_ns; /* at the last hold() */
    uint64_t ahead_ns;                /* halted time not waited for yet */
};

/* Where the next step ends. */
static uint64_t find_step_end(const struct loop *loop)
{
    const struct loop_config *config = loop->config;
    bool busy = config->ports_busy && config->ports_busy(config->context);
    uint64_t now = machine_now_ns(config->machine);
    uint64_t step =
        LOOP_STEP_NS * (config->alone && !busy ? LOOP_STEPS_ALONE : 1);
    uint64_t end = (now / step + 1) * step;

    return end < config->limit_ns ? end : config->limit_ns;
}

/* One step of guest time, or less: a debugger stopped it within. False: the
 * run is over, *end says why. */
static bool step_machine(const struct loop *loop, enum loop_end *end,
                         bool *stopped)
{
    struct machine *machine = loop->config->machine;

    switch (machine_run(machine, find_step_end(loop))) {
    case MACHINE_TIME_UP: break;
    case MACHINE_DEBUG: *stopped = true; return true;
    case MACHINE_POWERED_OFF: *end = LOOP_POWERED_OFF; return false;
    case MACHINE_EXIT_PORT: *end = LOOP_EXIT_PORT; return false;
    case MACHINE_REPLAY_OVER: *end = LOOP_REPLAY_OVER; return false;
    case MACHINE_VERIFY_DIFFERS: *end = LOOP_VERIFY_DIFFERS; return false;
    }
    *end = LOOP_LIMIT;
    return machine_now_ns(machine) < loop->config->limit_ns;
}

/* False: the run is over. A script has its say about every end but that which
 * the guest chose with a status of its own. */
static bool step_script(struct loop *loop, bool is_off, enum loop_end *end,
                        struct failure *failure)
{
    switch (script_step(loop->config->script, is_off, failure)) {
    case SCRIPT_RUNNING:
    case SCRIPT_ENDED: return true;
    case SCRIPT_QUIT: *end = LOOP_SCRIPT_QUIT; return false;
    case SCRIPT_FAILED: *end = LOOP_SCRIPT_FAILED; return false;
    }
    return true;
}

static bool step(struct loop *loop, enum loop_end *end, struct failure *failure)
{
    const struct loop_config *config = loop->config;
    bool stopped = false, runs = step_machine(loop, end, &stopped);

    if (stopped) { /* nothing from outside may come in here */
        if (config->control &&
            (!config->wants_stop || config->wants_stop(config->context)))
            run_control_pause(config->control, RUN_PAUSED_DEBUG);
        return true;
    }
    if (config->script && *end != LOOP_EXIT_PORT &&
        *end != LOOP_VERIFY_DIFFERS && !step_script(loop, !runs, end, failure))
        return false;
    if (!runs)
        return false;
    input_step(config->input);
    if (config->feed_ports)
        config->feed_ports(config->context);
    return true;
}

/* The host has its turn. False: the run is over. */
static bool poll_host(struct loop *loop, uint64_t host_ns, enum loop_end *end)
{
    const struct loop_config *config = loop->config;

    loop->poll_at_ns = host_ns + POLL_NS;
    if (config->poll_ports)
        config->poll_ports(config->context);
    if (config->interrupted && config->interrupted(config->context)) {
        *end = LOOP_INTERRUPTED;
        return false;
    }
    if (config->control && config->control->quit) {
        *end = LOOP_USER_QUIT;
        return false;
    }
    if (!config->display)
        return true;
    if (!config->display->ops->poll(config->display)) {
        *end = LOOP_USER_QUIT;
        return false;
    }
    if (host_ns >= loop->show_at_ns) {
        config->display->ops->show(config->display);
        /* Late or not, pictures keep a steady distance. */
        loop->show_at_ns += SHOW_NS;
        if (loop->show_at_ns <= host_ns)
            loop->show_at_ns = host_ns + SHOW_NS;
    }
    return true;
}

static void wait(const struct loop *loop, uint64_t ns)
{
    const struct loop_config *config = loop->config;

    if (config->wait_ports)
        config->wait_ports(config->context, ns);
    else
        config->clock->sleep_ns(config->clock, ns);
}

/* At full speed a halted guest skips hours in seconds. While it waits for an
 * answer from the host's network, its timeouts must not come first. */
static void hold(struct loop *loop, uint64_t host_ns)
{
    const struct loop_config *config = loop->config;
    uint64_t halted = machine_halted_ns(config->machine);
    uint64_t passed = host_ns - loop->held_host_ns;

    if (config->ports_busy(config->context)) {
        loop->ahead_ns += halted - loop->halted_ns;
        loop->ahead_ns -= loop->ahead_ns < passed ? loop->ahead_ns : passed;
    } else
        loop->ahead_ns = 0;
    loop->halted_ns = halted;
    loop->held_host_ns = host_ns;
    if (loop->ahead_ns < HOLD_NS)
        return;
    wait(loop, loop->ahead_ns);
    loop->poll_at_ns = 0;
    if (config->feed_ports)
        config->feed_ports(config->context);
}

/* Sleeps while guest time is ahead. When the host is too slow, or was away,
 * guest time stays behind: it does not run to catch up. */
static void pace(struct loop *loop, uint64_t host_ns)
{
    uint64_t guest = machine_now_ns(loop->config->machine);
    uint64_t passed_guest = guest - loop->origin_guest_ns;
    uint64_t passed_host = host_ns - loop->origin_host_ns;

    if (passed_guest >= passed_host + CHUNK_NS) {
        wait(loop, passed_guest - passed_host);
        loop->poll_at_ns = 0;
    } else if (passed_host > passed_guest + LAG_MOST_NS) {
        loop->origin_host_ns = host_ns;
        loop->origin_guest_ns = guest;
    }
}

static bool is_paused(const struct loop *loop)
{
    const struct run_control *control = loop->config->control;

    return control && run_control_paused(control);
}

/* Guest time stands; it goes on from here, not to catch up. */
static void rest(struct loop *loop, uint64_t host_ns)
{
    struct host_clock *clock = loop->config->clock;

    if (loop->config->wait_paused)
        loop->config->wait_paused(loop->config->context, POLL_NS);
    else
        clock->sleep_ns(clock, POLL_NS);
    loop->poll_at_ns = 0;
    loop->origin_host_ns = host_ns + POLL_NS;
    loop->origin_guest_ns = machine_now_ns(loop->config->machine);
}

enum loop_end loop_run(const struct loop_config *config,
                       struct failure *failure)
{
    struct loop loop = {.config = config};
    enum loop_end end = LOOP_LIMIT;

    assert(config->machine && config->input && config->clock);
    loop.origin_guest_ns = machine_now_ns(config->machine);
    loop.origin_host_ns = config->clock->now_ns(config->clock);
    loop.held_host_ns = loop.origin_host_ns;
    loop.halted_ns = machine_halted_ns(config->machine);
    while (is_paused(&loop) || step(&loop, &end, failure)) {
        uint64_t host_ns = config->clock->now_ns(config->clock);

        if (host_ns >= loop.poll_at_ns && !poll_host(&loop, host_ns, &end))
            return end;
        if (is_paused(&loop))
            rest(&loop, host_ns);
        else if (config->paced)
            pace(&loop, host_ns);
        else if (config->ports_busy)
            hold(&loop, host_ns);
    }
    if (config->poll_ports)
        config->poll_ports(config->context);
    return end;
}
