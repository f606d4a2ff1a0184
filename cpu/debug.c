/* Points, steps and stops; see debug_int.h. */
#include "cpu/debug.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/block.h"
#include "cpu/debug_int.h"
#include "cpu/mmu.h"
#include "cpu/sys.h"

enum status debug_create(struct cpu *cpu)
{
    cpu->debug = calloc(1, sizeof(*cpu->debug));
    return cpu->debug ? STATUS_OK : STATUS_NO_MEMORY;
}

void debug_destroy(struct cpu *cpu)
{
    free(cpu->debug);
    cpu->debug = NULL;
}

static uint32_t mode_now(const struct cpu *cpu)
{
    uint32_t mode = 0;

    if (cpu->cr0 & CR0_PE)
        mode |= DEBUG_MODE_PE;
    if (cpu->cr0 & CR0_PG)
        mode |= DEBUG_MODE_PG;
    if (cpu_v86(cpu))
        mode |= DEBUG_MODE_VM;
    if (cpu_code32(cpu))
        mode |= DEBUG_MODE_CODE32;
    return mode;
}

static laddr linear_pc(const struct cpu *cpu)
{
    return cpu->seg[SEG_CS].base + cpu->eip;
}

/* Points. */

static bool overlaps(const struct debug_point *p, uint64_t addr, unsigned size)
{
    return addr < p->addr + p->length && p->addr < addr + size;
}

static bool is_sound(const struct debug_point *p)
{
    uint64_t end = UINT64_C(1) << 32;

    switch (p->kind) {
    case DEBUG_MODE: return p->addr != 0;
    case DEBUG_PORT: end = BUS_PORTS; break;
    case DEBUG_VECTOR: end = 256; break;
    case DEBUG_INSN:
    case DEBUG_DATA: break;
    }
    if ((p->kind == DEBUG_DATA || p->kind == DEBUG_PORT) &&
        !(p->access & (DEBUG_READ | DEBUG_WRITE)))
        return false;
    return p->length && p->addr < end && p->length <= end - p->addr;
}

static bool watches_physical(const struct debug_point *p)
{
    return p->kind == DEBUG_DATA && p->physical;
}

static void flag_pages(struct cpu *cpu, const struct debug_point *p,
                       uint32_t flag)
{
    uint64_t first = p->addr >> MEM_PAGE_BITS;
    uint64_t last = (p->addr + p->length - 1) >> MEM_PAGE_BITS;

    for (uint64_t page = first; page <= last; page++)
        mem_flag_page(cpu->mem, (uint32_t)page, flag, MEM_PAGE_WATCH);
}

/* Sets anew all that is derived from the points. */
static void derive(struct cpu *cpu)
{
    struct debug *d = cpu->debug;

    cpu->debugging &= DEBUG_ON_STEP | DEBUG_ON_TRACE;
    memset(d->marks, 0, sizeof(d->marks));
    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        const struct debug_point *p = &d->points[i];
        unsigned offset = p->addr & MEM_PAGE_MASK;

        if (!d->used[i])
            continue;
        cpu->debugging |= 1u << p->kind;
        if (p->kind == DEBUG_INSN)
            d->marks[offset / 8] |= (uint8_t)(1u << (offset % 8));
        if (watches_physical(p))
            flag_pages(cpu, p, MEM_PAGE_WATCH);
    }
    d->remapped = false;
}

/* Forgets what was derived without the point. */
static void refresh(struct cpu *cpu, const struct debug_point *point)
{
    if (point->kind == DEBUG_INSN)
        blocks_flush(cpu);
    if (point->kind == DEBUG_DATA)
        mmu_flush(cpu);
    derive(cpu);
}

enum status debug_insert(struct cpu *cpu, const struct debug_point *point,
                         unsigned *number)
{
    struct debug *d = cpu->debug;
    struct debug_point p = *point;
    unsigned n = 0;

    if (p.kind == DEBUG_INSN)
        p.length = 1;
    if (!is_sound(&p))
        return STATUS_BAD_ARGUMENT;
    while (n < DEBUG_POINTS && d->used[n])
        n++;
    if (n == DEBUG_POINTS)
        return STATUS_NO_MEMORY;
    d->points[n] = p;
    d->used[n] = true;
    d->mode = mode_now(cpu);
    *number = n;
    refresh(cpu, &p);
    return STATUS_OK;
}

void debug_forget_hits(struct cpu *cpu)
{
    cpu->debug->hit.reason = DEBUG_NOTHING;
    cpu->events &= ~(uint32_t)CPU_EVENT_DEBUG;
}

void debug_remove(struct cpu *cpu, unsigned number)
{
    struct debug *d = cpu->debug;

    if (number >= DEBUG_POINTS || !d->used[number])
        return;
    d->used[number] = false;
    debug_forget_hits(cpu);
    if (watches_physical(&d->points[number]))
        flag_pages(cpu, &d->points[number], 0);
    refresh(cpu, &d->points[number]);
}

/* Steps. */

static struct debug_place place_now(const struct cpu *cpu)
{
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;

    return (struct debug_place){.pc = linear_pc(cpu),
                                .sp = cpu->seg[SEG_SS].base +
                                      (cpu->reg[CPU_ESP] & mask),
                                .cr3 = cpu->cr3};
}

static bool is_place(const struct cpu *cpu, const struct debug_place *place)
{
    struct debug_place now = place_now(cpu);

    return now.pc == place->pc && now.sp == place->sp && now.cr3 == place->cr3;
}

void debug_step(struct cpu *cpu, unsigned how)
{
    struct debug *d = cpu->debug;

    d->stepping = DEBUG_STEP_ONE;
    d->how = how;
    d->step_insns = cpu->clock->insns;
    d->return_to = place_now(cpu);
    d->entered = false;
    cpu->unfinished = false;
    cpu->debugging |= DEBUG_ON_STEP;
    debug_pass(cpu);
}

void debug_step_cancel(struct cpu *cpu)
{
    cpu->debug->stepping = DEBUG_STEP_NONE;
    cpu->debugging &= ~(uint32_t)DEBUG_ON_STEP;
}

void debug_pass(struct cpu *cpu)
{
    struct debug *d = cpu->debug;

    d->passing = true;
    d->pass_insns = cpu->clock->insns;
    d->pass_pc = linear_pc(cpu);
}

/* The instruction, or more of it, is still to come: from here. */
static bool go_on(struct cpu *cpu)
{
    struct debug *d = cpu->debug;

    d->stepping = DEBUG_STEP_ONE;
    d->step_insns = cpu->block_insns;
    d->return_to = place_now(cpu);
    return false;
}

/* Not this instruction is next, but the handler of a trap or interrupt. */
static bool diverts(const struct cpu *cpu)
{
    switch (events_next(cpu)) {
    case EVENTS_TRAP: return true;
    case EVENTS_EXTERNAL: return cpu->debug->how & DEBUG_STEP_INTO;
    default: return false;
    }
}

static bool step_is_done(struct cpu *cpu, bool again)
{
    struct debug *d = cpu->debug;

    if (d->stepping == DEBUG_STEP_RETURN)
        return is_place(cpu, &d->return_to) ? go_on(cpu) : false;
    if (cpu->block_insns == d->step_insns)
        return go_on(cpu);
    if (d->entered) {
        d->entered = false;
        if (!(d->how & DEBUG_STEP_INTO))
            d->stepping = DEBUG_STEP_RETURN;
        return (d->how & DEBUG_STEP_INTO) && !diverts(cpu);
    }
    if (again && !(d->how & DEBUG_STEP_REP))
        return go_on(cpu);
    return !diverts(cpu);
}

/* Stops. */

static bool stop_with(struct cpu *cpu, const struct debug_stop *stop)
{
    struct debug *d = cpu->debug;

    d->stop = *stop;
    debug_forget_hits(cpu);
    debug_step_cancel(cpu);
    debug_pass(cpu);
    return true;
}

const struct debug_stop *debug_last_stop(const struct cpu *cpu)
{
    return &cpu->debug->stop;
}

static bool mode_stops(struct cpu *cpu)
{
    struct debug *d = cpu->debug;
    uint32_t now = mode_now(cpu), changed = d->mode ^ now, old = d->mode;

    d->mode = now;
    for (unsigned i = 0; changed && i < DEBUG_POINTS; i++) {
        if (d->used[i] && d->points[i].kind == DEBUG_MODE &&
            (d->points[i].addr & changed))
            return stop_with(cpu, &(struct debug_stop){.reason = DEBUG_POINT,
                                                       .point = i,
                                                       .kind = DEBUG_MODE,
                                                       .addr = now,
                                                       .has_values = true,
                                                       .old = old,
                                                       .value = now});
    }
    return false;
}

static bool is_passed(const struct cpu *cpu)
{
    const struct debug *d = cpu->debug;

    return d->passing && d->pass_insns == cpu->block_insns &&
           d->pass_pc == linear_pc(cpu);
}

/* The interrupt that came before the instruction to be passed is over. */
static bool is_passed_late(struct cpu *cpu)
{
    struct debug *d = cpu->debug;

    if (!d->passing_held || !is_place(cpu, &d->pass_place))
        return false;
    d->passing_held = false;
    d->pass_insns = cpu->block_insns;
    d->pass_pc = linear_pc(cpu);
    return true;
}

static void hold_passing(struct cpu *cpu)
{
    if (!is_passed(cpu))
        return;
    cpu->debug->passing_held = true;
    cpu->debug->pass_place = place_now(cpu);
}

/* An instruction that was begun before (RF: a repeated one after an interrupt,
 * or one that faulted) is not reached once more. */
static bool insn_stops(struct cpu *cpu)
{
    struct debug *d = cpu->debug;
    laddr pc = linear_pc(cpu);
    paddr phys;
    bool mapped;

    if ((cpu->eflags & FLAG_RF) || !debug_marks(cpu, pc & MEM_PAGE_MASK) ||
        is_passed(cpu) || is_passed_late(cpu))
        return false;
    mapped = mmu_peek(cpu, pc, &phys);
    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        const struct debug_point *p = &d->points[i];

        if (!d->used[i] || p->kind != DEBUG_INSN)
            continue;
        if (p->physical ? mapped && p->addr == phys : p->addr == pc)
            return stop_with(cpu, &(struct debug_stop){.reason = DEBUG_POINT,
                                                       .point = i,
                                                       .kind = DEBUG_INSN,
                                                       .addr = p->addr});
    }
    return false;
}

bool debug_stops(struct cpu *cpu)
{
    struct debug *d = cpu->debug;
    bool again = cpu->unfinished;

    cpu->unfinished = false;
    if (d->remapped)
        derive(cpu);
    if (d->hit.reason != DEBUG_NOTHING)
        return stop_with(cpu, &d->hit);
    if ((cpu->debugging & DEBUG_ON_MODE) && mode_stops(cpu))
        return true;
    if (d->stepping && step_is_done(cpu, again))
        return stop_with(cpu, &(struct debug_stop){.reason = DEBUG_STEPPED});
    if (events_next(cpu) != EVENTS_NONE)
        hold_passing(cpu);
    if (cpu->halted || events_next(cpu) != EVENTS_NONE)
        return false;
    if ((cpu->debugging & DEBUG_ON_INSN) && !again && insn_stops(cpu))
        return true;
    if ((cpu->debugging & DEBUG_ON_TRACE) &&
        !d->tracer.insn(d->tracer.self, again))
        debug_set_tracer(cpu, NULL);
    return false;
}

void debug_set_tracer(struct cpu *cpu, const struct debug_tracer *tracer)
{
    cpu->unfinished = false;
    cpu->debugging &= ~(uint32_t)DEBUG_ON_TRACE;
    if (!tracer)
        return;
    cpu->debug->tracer = *tracer;
    cpu->debugging |= DEBUG_ON_TRACE;
}

/* What an instruction did. */

/* The first of an instruction is told; it stops after it. */
static void note_hit(struct cpu *cpu, const struct debug_stop *hit)
{
    if (cpu->debug->hit.reason != DEBUG_NOTHING)
        return;
    cpu->debug->hit = *hit;
    cpu->events |= CPU_EVENT_DEBUG;
}

static const struct debug_point *find_hit(const struct cpu *cpu,
                                          const struct debug_stop *what,
                                          bool physical, unsigned *number)
{
    unsigned access = what->write ? DEBUG_WRITE : DEBUG_READ;

    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        const struct debug_point *p = &cpu->debug->points[i];

        if (cpu->debug->used[i] && p->kind == what->kind &&
            p->physical == physical &&
            (p->kind == DEBUG_VECTOR || (p->access & access)) &&
            overlaps(p, what->addr, what->size)) {
            *number = i;
            return p;
        }
    }
    return NULL;
}

static void check_hit(struct cpu *cpu, struct debug_stop *what, bool physical)
{
    if (find_hit(cpu, what, physical, &what->point)) {
        what->reason = DEBUG_POINT;
        note_hit(cpu, what);
    }
}

bool debug_watches(const struct cpu *cpu, uint32_t linear_page, uint32_t flags)
{
    uint64_t addr = (uint64_t)linear_page << MEM_PAGE_BITS;

    if (!(cpu->debugging & DEBUG_ON_DATA))
        return false;
    if (flags & MEM_PAGE_WATCH)
        return true;
    for (unsigned i = 0; i < DEBUG_POINTS; i++) {
        const struct debug_point *p = &cpu->debug->points[i];

        if (cpu->debug->used[i] && p->kind == DEBUG_DATA && !p->physical &&
            overlaps(p, addr, MEM_PAGE_BYTES))
            return true;
    }
    return false;
}

static uint64_t get_le(const uint8_t *from, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size && i < 8; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

void debug_accessed(struct cpu *cpu, const struct debug_access *access)
{
    const struct mem_page *row = mem_page_at(cpu->mem, access->phys);
    uint32_t offset = access->phys & MEM_PAGE_MASK;
    struct debug_stop what = {.kind = DEBUG_DATA,
                              .addr = access->addr,
                              .size = access->size,
                              .write = access->write};

    assert(offset + access->size <= MEM_PAGE_BYTES);
    if (row->host && !(row->flags & MEM_PAGE_IO)) {
        what.has_values = true;
        what.old = get_le(row->host + offset, access->size);
        what.value = access->write ? access->value : what.old;
    }
    check_hit(cpu, &what, false);
    what.addr = access->phys & cpu->mem->a20_mask;
    if (row->flags & MEM_PAGE_WATCH)
        check_hit(cpu, &what, true);
}

void debug_stored(struct cpu *cpu, paddr addr, unsigned size,
                  const uint8_t *old)
{
    const struct mem_page *row = &cpu->mem->pages[addr >> MEM_PAGE_BITS];
    struct debug_stop what = {.kind = DEBUG_DATA,
                              .addr = addr,
                              .size = size,
                              .write = true,
                              .bus_master = true};
    const struct debug_point *p = find_hit(cpu, &what, true, &what.point);
    uint64_t first, last;

    if (!p || !row->host)
        return;
    first = p->addr > addr ? p->addr : addr;
    last =
        p->addr + p->length < addr + size ? p->addr + p->length : addr + size;
    what.has_values = true;
    what.old = get_le(old + (first - addr), (unsigned)(last - first));
    what.value =
        get_le(row->host + (first & MEM_PAGE_MASK), (unsigned)(last - first));
    what.addr = first;
    what.size = (unsigned)(last - first);
    what.reason = DEBUG_POINT;
    note_hit(cpu, &what);
}

void debug_remapped(struct cpu *cpu)
{
    cpu->debug->remapped = true;
}

void debug_touched_port(struct cpu *cpu, uint16_t port, unsigned size,
                        bool write, uint32_t value)
{
    struct debug_stop what = {.kind = DEBUG_PORT,
                              .addr = port,
                              .size = size,
                              .write = write,
                              .has_values = true,
                              .old = value,
                              .value = value};

    check_hit(cpu, &what, false);
}

void debug_entered(struct cpu *cpu, unsigned vector, bool external)
{
    struct debug_stop what = {.kind = DEBUG_VECTOR, .addr = vector, .size = 1};

    if (external && cpu->debug->stepping == DEBUG_STEP_ONE)
        cpu->debug->entered = true;
    if (cpu->debugging & DEBUG_ON_VECTOR)
        check_hit(cpu, &what, false);
}
