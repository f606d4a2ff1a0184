#include "cpu/seg.h"

#include <assert.h>

#include "cpu/sys.h"

/* The low byte of the access rights that a load gives in real mode and V86. */
#define PLAIN_REAL (ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED)
#define PLAIN_V86  (PLAIN_REAL | ACCESS_DPL)

#define WRAP_LAST 0xffffu /* the 8086's offsets wrap after this one */

bool seg_allows(const struct segment *s, uint32_t offset, unsigned size,
                bool write)
{
    uint32_t last = offset + (size - 1);

    if (!(s->access & ACCESS_P))
        return false;
    if (s->access & ACCESS_CODE) {
        if (write || !(s->access & ACCESS_RW))
            return false;
    } else if (write && !(s->access & ACCESS_RW)) {
        return false;
    }
    if (last < offset)
        return false;
    if ((s->access & (ACCESS_CODE | ACCESS_DOWN)) == ACCESS_DOWN)
        return offset > s->limit &&
               last <= (s->access & ACCESS_D ? UINT32_MAX : UINT16_MAX);
    return last <= s->limit;
}

/* CR0.AM, AC and CPL 3 together: the 486's alignment checks. */
static bool checks_alignment(const struct cpu *cpu)
{
    return seg_aligns(cpu) && cpu->cpl == 3;
}

bool seg_unaligned(const struct cpu *cpu, laddr addr, unsigned size)
{
    return (size == 2 || size == 4 || size == 8) && (addr & (size - 1)) &&
           checks_alignment(cpu);
}

unsigned seg_stack_vector(const struct cpu *cpu)
{
    return cpu->model == CPU_286 && !cpu_protected(cpu) ? VECTOR_GP : VECTOR_SS;
}

bool seg_check(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned size,
               bool write)
{
    const struct segment *s = &cpu->seg[seg];

    assert(size >= 1);
    if (cpu->model == CPU_8086)
        return true;
    if (!seg_allows(s, offset, size, write))
        return cpu_fault(cpu, seg == SEG_SS ? seg_stack_vector(cpu) : VECTOR_GP,
                         cpu->ext);
    if (seg_unaligned(cpu, s->base + offset, size))
        return cpu_fault(cpu, VECTOR_AC, 0);
    return true;
}

/* A word at FFFF of an 8086, whose second byte is at 0. */
static bool wraps(const struct cpu *cpu, uint32_t offset, unsigned size)
{
    return cpu->model == CPU_8086 && offset + (size - 1) > WRAP_LAST;
}

bool seg_load_slow(struct cpu *cpu, unsigned seg, uint32_t offset,
                   unsigned size, uint32_t *value)
{
    uint32_t base = cpu->seg[seg].base, low, high;

    if (!seg_check(cpu, seg, offset, size, false))
        return false;
    if (!wraps(cpu, offset, size))
        return mmu_load(cpu, base + offset, size, cpu->user, value);
    if (!mmu_load(cpu, base + (offset & WRAP_LAST), 1, cpu->user, &low) ||
        !mmu_load(cpu, base + ((offset + 1) & WRAP_LAST), 1, cpu->user, &high))
        return false;
    *value = low | high << 8;
    return true;
}

bool seg_store_slow(struct cpu *cpu, unsigned seg, uint32_t offset,
                    uint32_t value, unsigned size)
{
    uint32_t base = cpu->seg[seg].base;

    if (!seg_check(cpu, seg, offset, size, true))
        return false;
    if (!wraps(cpu, offset, size))
        return mmu_store(cpu, base + offset, value, size, cpu->user);
    return mmu_store(cpu, base + (offset & WRAP_LAST), value & 0xff, 1,
                     cpu->user) &&
           mmu_store(cpu, base + ((offset + 1) & WRAP_LAST), value >> 8 & 0xff,
                     1, cpu->user);
}

bool seg_load_rmw(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned size,
                  uint32_t *value)
{
    laddr addr = cpu->seg[seg].base + offset;

    if (!seg_check_write(cpu, seg, offset, size))
        return false;
    if (wraps(cpu, offset, size))
        return seg_load_slow(cpu, seg, offset, size, value);
    if (!mmu_write_host(cpu, addr, size) &&
        !mmu_probe_write(cpu, addr, size, cpu->user))
        return false;
    return mmu_load(cpu, addr, size, cpu->user, value);
}

static unsigned plain_bits(uint8_t access)
{
    if (access == PLAIN_REAL)
        return SEG_PLAIN_REAL;
    return access == PLAIN_V86 ? SEG_PLAIN_V86 : 0;
}

/* What the quick checks may grant. With alignment checks nothing is quick. */
static uint8_t fast_bits(const struct cpu *cpu, const struct segment *s)
{
    unsigned fast = 0;

    if (!(s->access & ACCESS_P) || checks_alignment(cpu))
        return 0;
    if (s->access & ACCESS_CODE) {
        if (s->access & ACCESS_RW)
            fast = SEG_FAST_READ;
    } else if (!(s->access & ACCESS_DOWN)) {
        fast = SEG_FAST_READ;
        if (s->access & ACCESS_RW)
            fast |= SEG_FAST_WRITE;
    }
    if (fast == (SEG_FAST_READ | SEG_FAST_WRITE) && s->base == 0 &&
        s->limit == UINT32_MAX)
        fast |= SEG_FLAT;
    if ((fast & SEG_FAST_WRITE) && s->limit == 0xffff)
        fast |= plain_bits((uint8_t)s->access);
    return (uint8_t)fast;
}

static uint32_t with_bit(uint32_t bits, unsigned n, bool value)
{
    return (bits & ~(1u << n)) | (uint32_t)value << n;
}

static void note_kind(struct cpu *cpu, unsigned seg)
{
    uint8_t fast = cpu->seg[seg].fast;

    cpu->flat = with_bit(cpu->flat, seg, fast & SEG_FLAT);
    cpu->plain[0] = with_bit(cpu->plain[0], seg, fast & SEG_PLAIN_REAL);
    cpu->plain[1] = with_bit(cpu->plain[1], seg, fast & SEG_PLAIN_V86);
}

static void derive(struct cpu *cpu, unsigned seg)
{
    struct segment *s = &cpu->seg[seg];
    uint64_t end = (uint64_t)s->limit + 1;
    uint8_t fast = fast_bits(cpu, s);

    s->fast = fast;
    s->read_end = fast & SEG_FAST_READ ? end : 0;
    s->write_end = fast & SEG_FAST_WRITE ? end : 0;
    note_kind(cpu, seg);
}

void seg_update_all(struct cpu *cpu)
{
    for (unsigned seg = 0; seg < SEG_LDTR; seg++)
        derive(cpu, seg);
}

/* CS and SS come with a privilege. */
static void follow_privilege(struct cpu *cpu, unsigned seg)
{
    bool user = cpu->cpl == 3;

    if ((seg != SEG_CS && seg != SEG_SS) || user == cpu->user)
        return;
    cpu->user = user;
    mmu_select_tables(cpu);
    if (seg_aligns(cpu))
        seg_update_all(cpu);
    if (cpu->cr4 & CR4_PVI)
        events_refresh(cpu); /* VIF and VIP matter in ring 3 */
}

void seg_update(struct cpu *cpu, unsigned seg)
{
    derive(cpu, seg);
    follow_privilege(cpu, seg);
}

void seg_set(struct cpu *cpu, unsigned seg, const struct segment *s)
{
    uint8_t before = cpu->seg[seg].fast;

    cpu->seg[seg] = *s;
    if ((before ^ s->fast) & (SEG_FLAT | SEG_PLAIN_REAL | SEG_PLAIN_V86))
        note_kind(cpu, seg);
    follow_privilege(cpu, seg);
}

void seg_set_null(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct segment *s = &cpu->seg[seg];

    s->selector = selector;
    s->access = 0;
    s->base = 0;
    s->limit = 0;
    seg_update(cpu, seg);
}

void seg_drop_inner(struct cpu *cpu)
{
    static const uint8_t data[] = {SEG_ES, SEG_FS, SEG_GS, SEG_DS};

    for (unsigned i = 0; i < ARRAY_LEN(data); i++) {
        const struct segment *s = &cpu->seg[data[i]];
        unsigned dpl = (s->access & ACCESS_DPL) >> ACCESS_DPL_SHIFT;
        bool conforming = (~s->access & (ACCESS_CODE | ACCESS_DOWN)) == 0;

        if (!conforming && dpl < cpu->cpl &&
            (s->selector | s->access | s->base | s->limit))
            seg_set_null(cpu, data[i], 0);
    }
}

/* In real mode a load gives the access rights of a writable data segment but
 * leaves the limit and the default sizes, which is how a limit above 64 KiB
 * survives (SDM volume 3, 9.9.2 asks for a limit of FFFF before leaving
 * protected mode, because none is loaded after). */
void seg_set_paragraph(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct segment *s = &cpu->seg[seg];

    s->selector = selector;
    s->base = (uint32_t)selector << 4;
    if (cpu_v86(cpu)) {
        s->limit = 0xffff;
        s->access =
            ACCESS_P | ACCESS_DPL | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED;
    } else {
        if (!(s->access & ACCESS_P)) {
            s->limit = 0xffff;
            s->access = 0;
        }
        s->access &= ACCESS_D | ACCESS_G | ACCESS_AVL;
        s->access |= ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED;
    }
    seg_update(cpu, seg);
}

bool stack_push(struct cpu *cpu, uint32_t value, unsigned size)
{
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;
    uint32_t esp = cpu->reg[CPU_ESP];
    uint32_t top = (esp - size) & mask;

    if (!seg_store(cpu, SEG_SS, top, value, size))
        return false;
    cpu->reg[CPU_ESP] = (esp & ~mask) | top;
    return true;
}

bool stack_pop(struct cpu *cpu, uint32_t *value, unsigned size)
{
    uint32_t mask = cpu_stack32(cpu) ? UINT32_MAX : UINT16_MAX;
    uint32_t esp = cpu->reg[CPU_ESP];

    if (!seg_load(cpu, SEG_SS, esp & mask, size, value))
        return false;
    cpu->reg[CPU_ESP] = (esp & ~mask) | ((esp + size) & mask);
    return true;
}
