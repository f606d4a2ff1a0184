/* What happens between instructions: faults are delivered, traps and
 * interrupts taken (SDM volume 3, 6.9, 6.15 under #DF, 17.3). */
#include "cpu/sys_int.h"

enum fault_class {
    CLASS_BENIGN,
    CLASS_CONTRIBUTORY,
    CLASS_PAGE
};

static enum fault_class class_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_DE:
    case VECTOR_CSO:
    case VECTOR_TS:
    case VECTOR_NP:
    case VECTOR_SS:
    case VECTOR_GP: return CLASS_CONTRIBUTORY;
    case VECTOR_PF: return CLASS_PAGE;
    default: return CLASS_BENIGN;
    }
}

static void enter_shutdown(struct cpu *cpu)
{
    cpu->shutdown = true;
    LOG_ONCE(cpu->told_triple_fault, cpu->log, LOG_GUEST, "cpu",
             "triple fault at %04x:%08x: shutdown", cpu->seg[SEG_CS].selector,
             cpu->insn_eip);
}

/* What becomes of `second`, met while `first` was delivered. */
static struct fault combine(const struct fault *first,
                            const struct fault *second)
{
    const struct fault double_fault = {
        .vector = VECTOR_DF, .has_error = true, .error = 0};
    enum fault_class a = class_of(first->vector), b = class_of(second->vector);

    if (b == CLASS_BENIGN || a == CLASS_BENIGN)
        return *second;
    if (a == CLASS_CONTRIBUTORY && b == CLASS_PAGE)
        return *second;
    return double_fault;
}

static bool deliver_one(struct cpu *cpu, const struct fault *fault)
{
    struct interrupt i = {
        .error = fault->error,
        .vector = fault->vector,
        .has_error = fault->has_error,
        .resume = cpu->model >= CPU_386 && fault->vector != VECTOR_DF,
        .kind = INTERRUPT_FAULT,
    };

    /* An 8086 has no faults: a divide error returns to what follows. */
    if (cpu->model > CPU_8086)
        cpu->eip = cpu->insn_eip;
    if (!interrupt_enter(cpu, &i))
        return false;
    if (fault->vector == VECTOR_DB)
        cpu->dr[7] &= ~DR7_GD;
    return true;
}

/* A fault in the delivery of #DF ends it all; so does a chain of benign ones
 * that does not end, which a processor would follow for ever. */
#define DELIVERIES 8

void fault_deliver(struct cpu *cpu)
{
    struct fault fault = cpu->fault;

    cpu->fault.pending = false;
    cpu->stepping = false;
    cpu->trap_bits = 0;
    cpu->events &= ~(uint32_t)CPU_EVENT_TRAP;
    cpu->stats.exceptions++;
    for (unsigned n = 0; n < DELIVERIES; n++) {
        struct fault second;

        if (deliver_one(cpu, &fault))
            return;
        second = cpu->fault;
        cpu->fault.pending = false;
        if (fault.vector == VECTOR_DF && second.vector != VECTOR_AC)
            break;
        fault = combine(&fault, &second);
    }
    enter_shutdown(cpu);
}

/* Breakpoints 0-3 in DR7: enabled, by L or G; of instruction fetches. */
static bool break_enabled(const struct cpu *cpu, unsigned n)
{
    return cpu->dr[7] >> (2 * n) & 3;
}

static bool break_on_fetch(const struct cpu *cpu, unsigned n)
{
    return (cpu->dr[7] >> (16 + 4 * n) & 3) == 0;
}

static bool has_fetch_breaks(const struct cpu *cpu)
{
    for (unsigned n = 0; n < 4; n++) {
        if (break_enabled(cpu, n) && break_on_fetch(cpu, n))
            return true;
    }
    return false;
}

/* B bits of the breakpoints at the next instruction: once an enabled one
 * matches, all that match are reported. */
static uint32_t fetch_break_hits(const struct cpu *cpu)
{
    laddr addr = cpu->seg[SEG_CS].base + cpu->eip;
    uint32_t hits = 0;
    bool enabled = false;

    for (unsigned n = 0; n < 4; n++) {
        if (!break_on_fetch(cpu, n) || cpu->dr[n] != addr)
            continue;
        hits |= 1u << n;
        enabled |= break_enabled(cpu, n);
    }
    return enabled ? hits : 0;
}

/* VIF was set while VIP is: the monitor is told (SDM volume 3, 20.3.3.2). */
static bool virtual_interrupt_due(const struct cpu *cpu)
{
    return (~cpu->eflags & (FLAG_VIF | FLAG_VIP)) == 0 && vme_has_vif(cpu);
}

void events_refresh(struct cpu *cpu)
{
    uint32_t events = 0;

    if (cpu->intr_level && (cpu->eflags & FLAG_IF))
        events |= CPU_EVENT_INTR;
    if (cpu->nmi_pending && !cpu->nmi_blocked)
        events |= CPU_EVENT_NMI;
    if ((cpu->eflags & (FLAG_TF | FLAG_RF)) || cpu->stepping ||
        has_fetch_breaks(cpu) || virtual_interrupt_due(cpu))
        events |= CPU_EVENT_STEP;
    cpu->events &= ~(uint32_t)(CPU_EVENT_INTR | CPU_EVENT_NMI | CPU_EVENT_STEP);
    cpu->events |= events;
}

static void enter_event(struct cpu *cpu, unsigned vector)
{
    const struct interrupt i = {.vector = (uint8_t)vector,
                                .kind = INTERRUPT_EXTERNAL};

    cpu->halted = false;
    if (!interrupt_enter(cpu, &i))
        fault_deliver(cpu);
    events_refresh(cpu);
}

/* The #DB trap of the instruction before. */
static void take_trap(struct cpu *cpu)
{
    cpu->events &= ~(uint32_t)CPU_EVENT_TRAP;
    cpu->dr[6] |= cpu->trap_bits;
    cpu->trap_bits = 0;
    enter_event(cpu, VECTOR_DB);
    cpu->dr[7] &= ~DR7_GD;
}

static void take_nmi(struct cpu *cpu)
{
    cpu->nmi_pending = false;
    cpu->nmi_blocked = cpu->model > CPU_8086;
    cpu->stats.interrupts++;
    enter_event(cpu, VECTOR_NMI);
}

static void take_intr(struct cpu *cpu)
{
    cpu->stats.interrupts++;
    enter_event(cpu, cpu->ack.vector(cpu->ack.source));
}

static bool take_fetch_break(struct cpu *cpu)
{
    uint32_t hits = 0;

    if (!(cpu->eflags & FLAG_RF) && has_fetch_breaks(cpu))
        hits = fetch_break_hits(cpu);
    if (!hits)
        return false;
    cpu->dr[6] |= hits;
    cpu_fault(cpu, VECTOR_DB, 0);
    fault_deliver(cpu);
    events_refresh(cpu);
    return true;
}

static bool take_virtual_interrupt(struct cpu *cpu)
{
    if (!virtual_interrupt_due(cpu))
        return false;
    cpu_fault(cpu, VECTOR_GP, 0);
    fault_deliver(cpu);
    events_refresh(cpu);
    return true;
}

/* RF has held off the breakpoint and is spent. Clearing it before the
 * instruction instead of after shows nowhere: PUSHF and INT push it clear, a
 * fault pushes it set. */
static void begin_instruction(struct cpu *cpu)
{
    cpu->stepping = cpu->eflags & FLAG_TF;
    cpu->eflags &= ~FLAG_RF;
    events_refresh(cpu);
}

enum events_next events_next(const struct cpu *cpu)
{
    bool shadow_ss = cpu->events & CPU_EVENT_SHADOW_SS;
    bool shadow = shadow_ss || (cpu->events & CPU_EVENT_SHADOW);

    if (!shadow_ss && (cpu->stepping || (cpu->events & CPU_EVENT_TRAP)))
        return EVENTS_TRAP;
    if (!shadow_ss && cpu->nmi_pending && !cpu->nmi_blocked)
        return EVENTS_EXTERNAL;
    if (!shadow && cpu->intr_level && (cpu->eflags & FLAG_IF) &&
        cpu->ack.vector)
        return EVENTS_EXTERNAL;
    return !(cpu->eflags & FLAG_RF) && has_fetch_breaks(cpu) &&
                   fetch_break_hits(cpu)
               ? EVENTS_TRAP
               : EVENTS_NONE;
}

bool events_take(struct cpu *cpu)
{
    uint32_t shadow = cpu->events & (CPU_EVENT_SHADOW | CPU_EVENT_SHADOW_SS);

    cpu->insn_eip = cpu->eip;
    cpu->events &= ~shadow;
    if (cpu->stepping) {
        cpu->stepping = false;
        cpu->trap_bits |= DR6_BS;
        cpu->events |= CPU_EVENT_TRAP;
    }
    events_refresh(cpu);
    if (!(shadow & CPU_EVENT_SHADOW_SS)) {
        if (cpu->events & CPU_EVENT_TRAP) {
            take_trap(cpu);
            return true;
        }
        if (cpu->events & CPU_EVENT_NMI) {
            take_nmi(cpu);
            return true;
        }
        if ((cpu->events & CPU_EVENT_INTR) && !shadow && cpu->ack.vector) {
            take_intr(cpu);
            return true;
        }
    }
    if (cpu->halted)
        return false;
    if (take_fetch_break(cpu) || take_virtual_interrupt(cpu))
        return true;
    begin_instruction(cpu);
    return false;
}
