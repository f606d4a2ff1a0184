/* String instructions, and their repetition.
 *
 * Every iteration counts as one retired instruction, and is one: between two,
 * events are looked at, and what was done so far stands. An instruction that
 * does nothing because (E)CX is 0 counts as one too. */
#include <string.h>

#include "cpu/debug_int.h"
#include "cpu/interp.h"
#include "cpu/sys.h"

/* One string instruction in work. */
struct run {
    const struct insn *insn;
    unsigned size;
    uint32_t step; /* what is added to ESI and EDI: size or -size */
    uint32_t mask; /* of offsets and the counter, by address size */
};

/* How one is done. */
struct string {
    bool (*one)(struct cpu *cpu, const struct run *r); /* false: fault noted */
    /* Up to `max` iterations; gives how many, perhaps 0. May be NULL. */
    uint32_t (*many)(struct cpu *cpu, const struct run *r, uint32_t max);
    uint32_t ahead; /* how far a 286's counter is ahead when a fault comes */
};

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
    if (cpu->debugging & DEBUG_ON_PORT)
        debug_touched_port(cpu, port, r->size, false, value);
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
    if (cpu->debugging & DEBUG_ON_PORT)
        debug_touched_port(cpu, port, r->size, true, value);
    advance(cpu, r, CPU_ESI, r->step);
    return true;
}

/* Many iterations at once, upwards, where source and destination are plain
 * memory of one page each: nothing can come in between. */

/* How many elements from `offset` on lie in one page and do not wrap. */
static uint32_t room(const struct cpu *cpu, const struct run *r, unsigned seg,
                     uint32_t offset)
{
    uint32_t in_page =
        MEM_PAGE_BYTES - ((cpu->seg[seg].base + offset) & MEM_PAGE_MASK);
    uint64_t in_segment = (uint64_t)r->mask + 1 - offset;

    /* A division by 1, 2 or 4. */
    return (in_segment < in_page ? (uint32_t)in_segment : in_page) >>
           (r->size >> 1);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Element by element when the ranges overlap so that it shows. */
static void copy_up(uint8_t *to, const uint8_t *from, uint32_t bytes,
                    unsigned size)
{
    if (to <= from || to >= from + bytes) {
        memmove(to, from, bytes);
        return;
    }
    for (uint32_t i = 0; i < bytes; i += size)
        memmove(to + i, from + i, size);
}

/* One page of plain memory or of a quiet device. */
struct spot {
    uint8_t *host; /* NULL: the device's */
    const struct mem_page *row;
    paddr offset; /* for the device */
};

static bool find_spot(const struct cpu *cpu, const int64_t *table, laddr addr,
                      unsigned size, struct spot *p)
{
    int64_t addend = table[addr >> MEM_PAGE_BITS];

    *p = (struct spot){0};
    if (mmu_is_plain(addend)) {
        p->host = (uint8_t *)(uintptr_t)((int64_t)addr + addend);
        return true;
    }
    p->row = mmu_quiet(cpu, table, addr, size);
    if (p->row)
        p->offset = p->row->offset + (addr & MEM_PAGE_MASK);
    return p->row;
}

/* `count` elements that lie in one page each, source or destination or both
 * on a device; 0: they do not. */
static uint32_t copy_device(struct cpu *cpu, const struct run *r,
                            uint32_t count)
{
    const struct segment *s = &cpu->seg[r->insn->seg], *d = &cpu->seg[SEG_ES];
    uint32_t at = offset_of(cpu, r, CPU_ESI),
             to_at = offset_of(cpu, r, CPU_EDI);
    struct spot from, to;

    if ((uint64_t)at + count * r->size > s->read_end ||
        (uint64_t)to_at + count * r->size > d->write_end ||
        !find_spot(cpu, cpu->read_table, s->base + at, r->size, &from) ||
        !find_spot(cpu, cpu->write_table, d->base + to_at, r->size, &to))
        return 0;
    for (uint32_t i = 0; i < count * r->size; i += r->size) {
        uint32_t value = 0;

        if (from.host)
            memcpy(&value, from.host + i, r->size);
        else
            value =
                from.row->ops->read(from.row->dev, from.offset + i, r->size);
        if (to.host)
            memcpy(to.host + i, &value, r->size);
        else
            to.row->ops->write(to.row->dev, to.offset + i, value, r->size);
    }
    return count;
}

static uint32_t fill_device(struct cpu *cpu, const struct run *r,
                            uint32_t count)
{
    const struct segment *d = &cpu->seg[SEG_ES];
    uint32_t at = offset_of(cpu, r, CPU_EDI);
    uint32_t value = cpu->reg[CPU_EAX] & ones(r->size);
    struct spot to;

    if ((uint64_t)at + count * r->size > d->write_end ||
        !find_spot(cpu, cpu->write_table, d->base + at, r->size, &to) ||
        to.host)
        return 0;
    for (uint32_t i = 0; i < count * r->size; i += r->size)
        to.row->ops->write(to.row->dev, to.offset + i, value, r->size);
    advance(cpu, r, CPU_EDI, count * r->size);
    return count;
}

static uint32_t movs_many(struct cpu *cpu, const struct run *r, uint32_t max)
{
    uint32_t from_at = offset_of(cpu, r, CPU_ESI);
    uint32_t to_at = offset_of(cpu, r, CPU_EDI);
    uint32_t count = least(max, least(room(cpu, r, r->insn->seg, from_at),
                                      room(cpu, r, SEG_ES, to_at)));
    uint32_t bytes = count * r->size;
    const uint8_t *from;
    uint8_t *to;

    if (!count)
        return 0;
    from = interp_quick_read(cpu, r->insn->seg, from_at, bytes);
    to = interp_quick_write(cpu, SEG_ES, to_at, bytes);
    if (from && to)
        copy_up(to, from, bytes, r->size);
    else if (!copy_device(cpu, r, count))
        return 0;
    advance(cpu, r, CPU_ESI, bytes);
    advance(cpu, r, CPU_EDI, bytes);
    return count;
}

static void fill(uint8_t *to, uint32_t bytes, uint32_t value, unsigned size)
{
    uint32_t done = 8;
    uint64_t pattern = value;

    if (size == 1 || value == (value & 0xff) * (ones(size) / 0xff)) {
        memset(to, (int)(value & 0xff), bytes);
        return;
    }
    pattern |= pattern << 32;
    if (size == 2)
        pattern |= pattern << 16;
    for (; done <= bytes; done += 8)
        memcpy(to + done - 8, &pattern, 8);
    for (done -= 8; done < bytes; done += size)
        memcpy(to + done, &value, size);
}

static uint32_t stos_many(struct cpu *cpu, const struct run *r, uint32_t max)
{
    uint32_t at = offset_of(cpu, r, CPU_EDI);
    uint32_t count = least(max, room(cpu, r, SEG_ES, at));
    uint8_t *to;

    if (!count)
        return 0;
    to = interp_quick_write(cpu, SEG_ES, at, count * r->size);
    if (!to)
        return fill_device(cpu, r, count);
    fill(to, count * r->size, cpu->reg[CPU_EAX] & ones(r->size), r->size);
    advance(cpu, r, CPU_EDI, count * r->size);
    return count;
}

static inline uint32_t get(const uint8_t *from, unsigned size)
{
    uint32_t value = 0;

    switch (size) {
    case 1: return *from;
    case 2: memcpy(&value, from, 2); return value;
    default: memcpy(&value, from, 4); return value;
    }
}

static uint32_t scas_many(struct cpu *cpu, const struct run *r, uint32_t max)
{
    uint32_t at = offset_of(cpu, r, CPU_EDI), value = 0, done = 0;
    uint32_t count = least(max, room(cpu, r, SEG_ES, at));
    uint32_t acc = cpu->reg[CPU_EAX] & ones(r->size);
    bool equal = r->insn->flags & INSN_REP;
    const uint8_t *from;

    if (!count)
        return 0;
    from = interp_quick_read(cpu, SEG_ES, at, count * r->size);
    if (!from)
        return 0;
    do
        value = get(from + (size_t)done * r->size, r->size);
    while (++done < count && (value == acc) == equal);
    flags_sub(cpu, 8 * r->size, acc, value, 0);
    advance(cpu, r, CPU_EDI, done * r->size);
    return done;
}

/* How many pairs of elements of `size` bytes are looked at: up to the first
 * that is not `equal`. */
static inline uint32_t count_pairs(const uint8_t *a, const uint8_t *b,
                                   unsigned size, uint32_t count, bool equal)
{
    uint32_t done = 0, step = 8 / size;

    /* Eight bytes at once as long as all of them are alike. */
    while (equal && count - done >= step &&
           !memcmp(a + (size_t)done * size, b + (size_t)done * size, 8))
        done += step;
    while (done < count) {
        bool same = get(a + (size_t)done * size, size) ==
                    get(b + (size_t)done * size, size);

        done++;
        if (same != equal)
            break;
    }
    return done;
}

static uint32_t cmps_many(struct cpu *cpu, const struct run *r, uint32_t max)
{
    uint32_t a_at = offset_of(cpu, r, CPU_ESI);
    uint32_t b_at = offset_of(cpu, r, CPU_EDI), a, b, done = 0;
    uint32_t count = least(max, least(room(cpu, r, r->insn->seg, a_at),
                                      room(cpu, r, SEG_ES, b_at)));
    bool equal = r->insn->flags & INSN_REP;
    const uint8_t *from_a, *from_b;

    if (!count)
        return 0;
    from_a = interp_quick_read(cpu, r->insn->seg, a_at, count * r->size);
    from_b = interp_quick_read(cpu, SEG_ES, b_at, count * r->size);
    if (!from_a || !from_b)
        return 0;
    switch (r->size) { /* sizes known, the compiler makes quick loops */
    case 1: done = count_pairs(from_a, from_b, 1, count, equal); break;
    case 2: done = count_pairs(from_a, from_b, 2, count, equal); break;
    default: done = count_pairs(from_a, from_b, 4, count, equal); break;
    }
    a = get(from_a + (size_t)(done - 1) * r->size, r->size);
    b = get(from_b + (size_t)(done - 1) * r->size, r->size);
    flags_sub(cpu, 8 * r->size, a, b, 0);
    advance(cpu, r, CPU_ESI, done * r->size);
    advance(cpu, r, CPU_EDI, done * r->size);
    return done;
}

/* Left unfinished: the instruction runs again, and a breakpoint on it does not
 * count again (see events_take()). */
static void interrupt_run(struct cpu *cpu)
{
    cpu->eip = cpu->insn_eip;
    cpu->unfinished = true;
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

/* Iterations that may run before somebody wants to look. */
static uint32_t allowed(const struct cpu *cpu, const struct run *r)
{
    uint64_t left = cpu->limit - (cpu->block_insns + r->insn->index);
    uint32_t count = offset_of(cpu, r, CPU_ECX);

    return left < count ? (uint32_t)left : count;
}

/* One iteration at least. 0: a fault was noted. */
static uint32_t repeat_some(struct cpu *cpu, const struct run *r,
                            const struct string *string)
{
    uint32_t done = 0;

    if (string->many && !(cpu->eflags & FLAG_DF))
        done = string->many(cpu, r, allowed(cpu, r));
    if (done)
        return done;
    if (string->one(cpu, r))
        return 1;
    if (cpu->model == CPU_286)
        advance(cpu, r, CPU_ECX, 0u - string->ahead);
    return 0;
}

/* As often as (E)CX says. block_insns counts along, so that ports and devices
 * see the right time; the caller counts the last iteration. */
static bool repeat(struct cpu *cpu, const struct run *r,
                   const struct string *string)
{
    if (!offset_of(cpu, r, CPU_ECX))
        return true;
    for (;;) {
        uint32_t done = repeat_some(cpu, r, string);

        if (!done)
            return false;
        advance(cpu, r, CPU_ECX, 0u - done);
        cpu->block_insns += done;
        if (!offset_of(cpu, r, CPU_ECX) || found(cpu, r))
            break;
        if (must_stop(cpu, r)) {
            interrupt_run(cpu);
            break;
        }
    }
    cpu->block_insns--;
    return true;
}

static bool run_string(struct cpu *cpu, const struct insn *insn,
                       const struct string *string)
{
    unsigned size = insn_operand_size(insn);
    struct run r = {
        .insn = insn,
        .size = size,
        .step = cpu->eflags & FLAG_DF ? 0u - size : size,
        .mask = insn->flags & INSN_ADDR32 ? UINT32_MAX : UINT16_MAX,
    };

    if (insn->flags & (INSN_REP | INSN_REPNE))
        return repeat(cpu, &r, string);
    return string->one(cpu, &r);
}

#define STRING(name, many, ahead) \
    bool exec_##name(struct cpu *cpu, const struct insn *insn) \
    { \
        static const struct string string = {name##_one, many, ahead}; \
\
        return run_string(cpu, insn, &string); \
    }
STRING(movs, movs_many, 1)
STRING(stos, stos_many, 1)
STRING(lods, NULL, 1)
STRING(cmps, cmps_many, 0)
STRING(scas, scas_many, 0)
STRING(ins, NULL, 2)
STRING(outs, NULL, 1)
