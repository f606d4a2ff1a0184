/* Running, steps, and the machine's buttons. */
#include <string.h>

#include "frontend/keymap.h"
#include "frontend/monitor_int.h"
#include "frontend/screenshot.h"

static void resume(struct monitor *m)
{
    run_control_resume(m->config.control);
}

static bool must_stand(struct monitor *m)
{
    return run_control_paused(m->config.control) ||
           monitor_fail(m, "the machine runs; stop it first");
}

static void step_once(struct monitor *m)
{
    machine_step(m->config.machine, m->step_mode);
}

void monitor_do_stop(struct monitor *m)
{
    m->goal = MONITOR_NO_GOAL;
    machine_cancel_step(m->config.machine);
    run_control_pause(m->config.control, RUN_PAUSED);
    monitor_print_stop(m, m->out);
}

void monitor_do_cont(struct monitor *m)
{
    m->goal = MONITOR_NO_GOAL;
    m->waiting = false;
    if (!run_control_paused(m->config.control))
        return;
    machine_pass_point(m->config.machine);
    resume(m);
}

void monitor_do_step(struct monitor *m)
{
    uint64_t count = 1;

    if (!must_stand(m) || (!monitor_at_end(m) && !monitor_number(m, &count)) ||
        count == 0)
        return;
    m->goal = MONITOR_STEPS;
    m->steps_left = count;
    step_once(m);
    resume(m);
    m->waiting = true;
}

static void run_to(struct monitor *m, uint64_t addr)
{
    const struct debug_point point = {.kind = DEBUG_INSN, .addr = addr};
    unsigned number;

    if (machine_insert_point(m->config.machine, &point, &number) != STATUS_OK) {
        monitor_fail(m, "no point can be set there");
        return;
    }
    m->points[number] =
        (struct monitor_point){.used = true, .temporary = true, .point = point};
    m->goal = MONITOR_NO_GOAL;
    machine_pass_point(m->config.machine);
    resume(m);
    m->waiting = true;
}

void monitor_do_next(struct monitor *m)
{
    uint8_t bytes[DISASM_BYTES];
    struct debug_registers regs;
    struct monitor_code code;
    struct disasm insn;

    if (!must_stand(m))
        return;
    machine_get_registers(m->config.machine, &regs);
    code = monitor_next_code(m, &regs);
    if (monitor_decode(m, &code, bytes, &insn) &&
        (insn.kind == DISASM_CALL || insn.kind == DISASM_REPEAT))
        run_to(m, (code.addr + insn.length) & UINT32_MAX);
    else
        monitor_do_step(m);
}

void monitor_do_until(struct monitor *m)
{
    uint64_t addr;

    if (must_stand(m) && monitor_address(m, &addr))
        run_to(m, addr);
}

/* finish: step by step, until a return leaves the stack above where it is. */

static uint32_t stack_top(const struct debug_registers *regs)
{
    uint32_t esp = regs->value[DEBUG_ESP];

    if (!(regs->value[DEBUG_SS_ACCESS] & 0x4000))
        esp &= 0xffff;
    return regs->value[DEBUG_SS_BASE] + esp;
}

static void look_for_return(struct monitor *m)
{
    uint8_t bytes[DISASM_BYTES];
    struct debug_registers regs;
    struct monitor_code code;
    struct disasm insn;

    machine_get_registers(m->config.machine, &regs);
    code = monitor_next_code(m, &regs);
    m->returning = monitor_decode(m, &code, bytes, &insn) &&
                   insn.kind == DISASM_RETURN &&
                   stack_top(&regs) >= m->finish_sp;
}

void monitor_do_finish(struct monitor *m)
{
    struct debug_registers regs;

    if (!must_stand(m))
        return;
    machine_get_registers(m->config.machine, &regs);
    m->goal = MONITOR_FINISH;
    m->finish_sp = stack_top(&regs);
    look_for_return(m);
    step_once(m);
    resume(m);
    m->waiting = true;
}

/* A step towards the goal is done: whether it is reached. */
static bool step_reaches_goal(struct monitor *m)
{
    switch (m->goal) {
    case MONITOR_STEPS:
        if (m->steps_left > 0)
            m->steps_left--;
        if (m->steps_left == 0)
            return true;
        break;
    case MONITOR_FINISH:
        if (m->returning)
            return true;
        look_for_return(m);
        break;
    case MONITOR_NO_GOAL: return true;
    }
    step_once(m);
    return false;
}

bool monitor_wants_stop(struct monitor *m)
{
    const struct debug_stop *stop = machine_debug_stop(m->config.machine);
    bool stops = stop->reason == DEBUG_POINT
                     ? monitor_point_stops(m, stop->point)
                     : step_reaches_goal(m);

    if (stops)
        m->goal = MONITOR_NO_GOAL;
    else if (stop->reason == DEBUG_POINT && m->goal != MONITOR_NO_GOAL)
        step_once(m); /* the step was cut short */
    return stops;
}

/* The machine's buttons. */

void monitor_do_reset(struct monitor *m)
{
    machine_reset(m->config.machine);
}

void monitor_do_powerdown(struct monitor *m)
{
    machine_power_button(m->config.machine);
}

void monitor_do_quit(struct monitor *m)
{
    m->config.control->quit = true;
}

void monitor_do_sendkey(struct monitor *m)
{
    enum ps2_key keys[KEYMAP_CHORD_MAX];
    char word[MONITOR_WORD_BYTES];
    unsigned count;

    if (!monitor_word(m, word, sizeof(word)))
        return;
    if (!m->config.input)
        monitor_fail(m, "no keyboard is here");
    else if (!keymap_parse_chord(word, keys, &count))
        monitor_fail(m, "%s: no such key", word);
    else
        input_chord(m->config.input, keys, count);
}

static void change_medium(struct monitor *m, bool insert)
{
    static const char *const drives[] = {"fda", "fdb", "cdrom"};
    char word[MONITOR_WORD_BYTES], path[MONITOR_WORD_BYTES];
    struct failure failure;
    unsigned drive = 0;

    if (!monitor_word(m, word, sizeof(word)) ||
        (insert && !monitor_word(m, path, sizeof(path))))
        return;
    while (drive < ARRAY_LEN(drives) && strcmp(drives[drive], word) != 0)
        drive++;
    if (drive == ARRAY_LEN(drives))
        monitor_fail(m, "%s: known are fda, fdb, cdrom", word);
    else if (!m->config.change_medium)
        monitor_fail(m, "no drives are here");
    else if (!m->config.change_medium(m->config.context, drive,
                                      insert ? path : NULL, &failure))
        monitor_fail(m, "%s", failure.text);
}

void monitor_do_change(struct monitor *m)
{
    change_medium(m, true);
}

void monitor_do_eject(struct monitor *m)
{
    change_medium(m, false);
}

void monitor_do_screendump(struct monitor *m)
{
    char path[MONITOR_WORD_BYTES];
    struct failure failure;

    if (!monitor_word(m, path, sizeof(path)))
        return;
    if (!m->config.frame) {
        monitor_fail(m, "no screen is here");
        return;
    }
    machine_render(m->config.machine, m->config.frame);
    if (!screenshot_save(path, m->config.frame, &failure))
        monitor_fail(m, "%s", failure.text);
}
