/* Running and stopping. */
#include <string.h>

#include "frontend/gdbstub_int.h"

#define SIGNAL_INT  2
#define SIGNAL_TRAP 5

/* Why the machine stands, in gdb's words; points of others are plain traps. */
static void put_reason(struct gdbstub *stub, const struct debug_stop *stop)
{
    static const char *const watches[] = {"watch", "rwatch", "awatch"};
    const struct gdb_point *point = NULL;

    if (stop->reason == DEBUG_POINT)
        point = gdb_find_point(stub, stop->point);
    if (!point)
        return;
    if (point->type < 2) {
        gdb_put(stub, "%s:;", point->type ? "hwbreak" : "swbreak");
        return;
    }
    /* gdb knows it by an address inside what it watches. */
    gdb_put(stub, "%s:%x;", watches[point->type - 2],
            (unsigned)(stop->addr > point->addr ? stop->addr : point->addr));
}

static void put_stop(struct gdbstub *stub, bool by_machine)
{
    gdb_put(stub, "T%02x", by_machine ? SIGNAL_TRAP : SIGNAL_INT);
    gdb_put_expedited(stub);
    gdb_put(stub, "thread:01;");
    if (by_machine)
        put_reason(stub, machine_debug_stop(stub->config.machine));
}

void gdb_tell_stop(struct gdbstub *stub, const char *body)
{
    (void)body;
    gdb_put(stub, "T%02x", SIGNAL_TRAP);
    gdb_put_expedited(stub);
    gdb_put(stub, "thread:01;");
}

void gdb_run_changed(void *self, enum run_pause pause)
{
    struct gdbstub *stub = self;
    bool by_machine = pause == RUN_PAUSED_DEBUG && !stub->interrupting;

    if (pause == RUN_GOES)
        return;
    if (!by_machine)
        machine_cancel_step(stub->config.machine);
    stub->interrupting = false;
    if (!stub->waiting || !stub->connected)
        return;
    stub->waiting = false;
    stub->reply_length = 0;
    put_stop(stub, by_machine);
    gdb_send(stub);
    chardev_poll(stub->channel); /* at once: gdb waits for it */
}

static void resume(struct gdbstub *stub, bool step)
{
    stub->has_reply = false;
    stub->waiting = true;
    stub->interrupting = false;
    if (step)
        machine_step(stub->config.machine,
                     monitor_step_mode(stub->config.monitor));
    else
        machine_pass_point(stub->config.machine);
    run_control_resume(stub->config.control);
}

/* "c", "cADDR", "Cxx", "Cxx;ADDR": signals mean nothing here. */
static void resume_at(struct gdbstub *stub, const char *body, bool step)
{
    uint64_t addr;

    if (stub->packet[0] == 'C' || stub->packet[0] == 'S') {
        gdb_get_number(&body, &addr);
        gdb_get_char(&body, ';');
    }
    if (gdb_get_number(&body, &addr))
        machine_set_register(stub->config.machine, DEBUG_PC, (uint32_t)addr);
    resume(stub, step);
}

void gdb_continue(struct gdbstub *stub, const char *body)
{
    resume_at(stub, body, false);
}

void gdb_step(struct gdbstub *stub, const char *body)
{
    resume_at(stub, body, true);
}

/* vCont and vKill; of several actions the first is for our one thread. */
void gdb_resume_verbose(struct gdbstub *stub, const char *body)
{
    if (strcmp(body, "Cont?") == 0) {
        gdb_put(stub, "vCont;c;C;s;S");
        return;
    }
    if (strncmp(body, "Kill", 4) == 0) {
        gdb_put(stub, "OK");
        gdb_send(stub);
        stub->config.control->quit = true;
        return;
    }
    if (strncmp(body, "Cont;", 5) != 0)
        return;
    switch (body[5]) {
    case 'c':
    case 'C': resume(stub, false); break;
    case 's':
    case 'S': resume(stub, true); break;
    default: gdb_put_error(stub, 22); break;
    }
}
