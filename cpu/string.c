/* String instructions, and their repetition.
 *
 * Every iteration counts as one retired instruction, and is one: between two,
 * events are looked at, and what was done so far stands. An instruction that
 * does nothing because (E)CX is 0 counts as one too. */
#include <string.h>

#include "cpu/interp.h"
#include "cpu/sys.h"

/* One string instruction in work. */
struct run {
    const struct insn *insn;
    unsigned size;
    uint32_t step;  /* what is added to ESI and EDI: size or -size */
    uint32_t mask;  /* of offsets and the counter, by address size */
    uint32_t ahead; /* how far a 286's counter is ahead when a fault comes */
};

typedef bool element_fn(struct cpu *cpu, const struct run *r);

static void advance(struct cpu *cpu, const struct run *r, unsigned reg,
                    uint32_t by)
{
    cpu->reg[reg] =
        (cpu->reg[reg] & ~r->mask) | ((cpu->reg[reg] + by) & r->mask);
}

static uint32_t offset_of(const struct cpu *cpu, const struct run *r,
                          unsigned reg)
{
    return cpu->reg[reg] & r->mask;
}

static bool load_source(struct cpu *cpu, const struct run *r, uint32_t *value)
{
    return seg_load(cpu, r->insn->seg, offset_of(cpu, r, CPU_ESI), r->size,
                    value);
}

static bool store_destination(struct cpu *cpu, const struct run *r,
                              uint32_t value)
{
    return seg_store(cpu, SEG_ES, offset_of(cpu, r, CPU_EDI), value, r->size);
}

static uint32_t ones(unsigned size)
{
    return UINT32_MAX >> (32 - 8 * size);
}

static void set_accumulator(struct cpu *cpu, unsigned size, uint32_t value)
{
    cpu->reg[CPU_EAX] = (cpu->reg[CPU_EAX] & ~ones(size)) | value;
}

/* A 286 moves each pointer before it uses it, so a fault finds it moved. */
static bool fault_at(struct cpu *cpu, const struct run *r, unsigned reg)
{
    if (cpu->model == CPU_286)
        advance(cpu, r, reg, r->step);
    return false;
}

static bool movs_one(struct cpu *cpu, const struct run *r)
{
    uint32_t value;

    if (!load_source(cpu, r, &value))
        return fault_at(cpu, r, CPU_ESI);
    if (!store_destination(cpu, r, value)) {
        fault_at(cpu, r, CPU_ESI);
        return fault_at(cpu, r, CPU_EDI);
    }
    advance(cpu, r, CPU_ESI, r->step);
    advance(cpu, r, CPU_EDI, r->step);
    return true;
}

static bool stos_one(struct cpu *cpu, const struct run *r)
{
    if (!store_destination(cpu, r, cpu->reg[CPU_EAX] & ones(r->size)))
        return fault_at(cpu, r, CPU_EDI);
    advance(cpu, r, CPU_EDI, r->step);
    return true;
}

static bool lods_one(struct cpu *cpu, const struct run *r)
{
    uint32_t value;

    if (!load_source(cpu, r, &value))
        return fault_at(cpu, r, CPU_ESI);
    set_accumulator(cpu, r->size, value);
    advance(cpu, r, CPU_ESI, r->step);
    return true;
}

static bool load_destination(struct cpu *cpu, const struct run *r,
                             uint32_t *value)
{
    return seg_load(cpu, SEG_ES, offset_of(cpu, r, CPU_EDI), r->size, value);
}

/* A 286 reads the destination first. */
static bool load_both_286(struct cpu *cpu, const struct run *r, uint32_t *a,
                          uint32_t *b)
{
    if (!load_destination(cpu, r, b))
        return fault_at(cpu, r, CPU_EDI);
    if (load_source(cpu, r, a))
        return true;
    fault_at(cpu, r, CPU_EDI);
    return fault_at(cpu, r, CPU_ESI);
}

static bool load_both(struct cpu *cpu, const struct run *r, uint32_t *a,
                      uint32_t *b)
{
    if (cpu->model == CPU_286)
        return load_both_286(cpu, r, a, b);
    return load_source(cpu, r, a) && load_destination(cpu, r, b);
}

static bool cmps_one(struct cpu *cpu, const struct run *r)
{
    uint32_t a, b;

    if (!load_both(cpu, r, &a, &b))
        return false;
    advance(cpu, r, CPU_ESI, r->step);
    advance(cpu, r, CPU_EDI, r->step);
    flags_sub(cpu, 8 * r->size, a, b, 0);
    return true;
}

static bool scas_one(struct cpu *cpu, const struct run *r)
{
    uint32_t b;

    if (!load_destination(cpu, r, &b))
        return fault_at(cpu, r, CPU_EDI);
    advance(cpu, r, CPU_EDI, r->step);
    flags_sub(cpu, 8 * r->size, cpu->reg[CPU_EAX] & ones(r->size), b, 0);
    return true;
}

/* The destination is checked before the port is read. */
static bool ins_one(struct cpu *cpu, const struct run *r)
{
    uint16_t port = (uint16_t)cpu->reg[CPU_EDX];
    uint32_t at = offset_of(cpu, r, CPU_EDI), value;

    if (!io_check(cpu, port, r->size))
        return false;
    if (!seg_check_write(cpu, SEG_ES, at, r->size) ||
        !mmu_probe_write(cpu, cpu->seg[SEG_ES].base + at, r->size, cpu->user))
        return fault_at(cpu, r, CPU_EDI);
    cpu_sync(cpu);
    value = bus_read(cpu->ports, port, r->size) & ones(r->size);
    if (!store_destination(cpu, r, value))
        return false;
    advance(cpu, r, CPU_EDI, r->step);
    return true;
}

static bool outs_one(struct cpu *cpu, const struct run *r)
{
    uint16_t port = (uint16_t)cpu->reg[CPU_EDX];
    uint32_t value;

    if (!io_check(cpu, port, r->size))
        return false;
    if (!load_source(cpu, r, &value))
        return fault_at(cpu, r, CPU_ESI);
    cpu_sync(cpu);
    bus_write(cpu->ports, port, value, r->size);
    advance(cpu, r, CPU_ESI, r->step);
    return true;
}

/* Left unfinished: the instruction runs again, and a breakpoint on it does not
 * count again (see events_take()). */
static void interrupt_run(struct cpu *cpu)
{
    cpu->eip = cpu->insn_eip;
    if (cpu->model >= CPU_386) {
        cpu->eflags |= FLAG_RF;
        cpu->events |= CPU_EVENT_STEP;
    }
}

static bool must_stop(const struct cpu *cpu, const struct run *r)
{
    return cpu->events || cpu->clock->stop_insns < cpu->limit ||
           cpu->block_insns + r->insn->index >= cpu->limit;
}

/* REPE and REPNE end a comparison by ZF. */
static bool found(const struct cpu *cpu, const struct run *r)
{
    return insn_info[r->insn->slot].flags_written &&
           flags_z(cpu) != !!(r->insn->flags & INSN_REP);
}

/* Calls one() as often as (E)CX says. block_insns counts along, so that ports
 * and devices see the right time; the caller counts the last iteration. */
static bool repeat(struct cpu *cpu, const struct run *r, element_fn *one)
{
    if (!offset_of(cpu, r, CPU_ECX))
        return true;
    for (;;) {
        if (!one(cpu, r)) {
            if (cpu->model == CPU_286)
                advance(cpu, r, CPU_ECX, 0u - r->ahead);
            return false;
        }
        advance(cpu, r, CPU_ECX, UINT32_MAX);
        if (!offset_of(cpu, r, CPU_ECX) || found(cpu, r))
            return true;
        cpu->block_insns++;
        if (must_stop(cpu, r)) {
            cpu->block_insns--;
            interrupt_run(cpu);
            return true;
        }
    }
}

static bool run_string(struct cpu *cpu, const struct insn *insn,
                       element_fn *one, uint32_t ahead)
{
    unsigned size = insn_operand_size(insn);
    struct run r = {
        .insn = insn,
        .size = size,
        .step = cpu->eflags & FLAG_DF ? 0u - size : size,
        .mask = insn->flags & INSN_ADDR32 ? UINT32_MAX : UINT16_MAX,
        .ahead = ahead,
    };

    if (insn->flags & (INSN_REP | INSN_REPNE))
        return repeat(cpu, &r, one);
    return one(cpu, &r);
}

#define STRING(name, ahead) \
    bool exec_##name(struct cpu *cpu, const struct insn *insn) \
    { \
        return run_string(cpu, insn, name##_one, ahead); \
    }
STRING(movs, 1)
STRING(stos, 1)
STRING(lods, 1)
STRING(cmps, 0)
STRING(scas, 0)
STRING(ins, 2)
STRING(outs, 1)
