/* LOADALL, which loads every register from memory, the hidden parts of the
 * segment registers included and unchecked (Intel, "Undocumented iAPX 286 test
 * instruction"; R. Collins, "The LOADALL instruction", 1991). */
#include "cpu/sys_int.h"

#define TABLE286       0x800u /* physical address */
#define TABLE286_BYTES 0x66u

/* Offsets of the 286's table. */
enum {
    T286_MSW = 0x06,
    T286_TR = 0x16,
    T286_FLAGS = 0x18,
    T286_IP = 0x1a,
    T286_LDT = 0x1c,
    T286_SEGS = 0x1e,   /* DS, SS, CS, ES */
    T286_REGS = 0x26,   /* DI to AX */
    T286_HIDDEN = 0x36, /* ES, CS, SS, DS */
    T286_GDT = 0x4e,
    T286_HIDDEN_LDT = 0x54,
    T286_IDT = 0x5a,
    T286_HIDDEN_TR = 0x60,
};

/* Offsets of the 386's table. */
enum {
    T386_CR0 = 0x00,
    T386_EFLAGS = 0x04,
    T386_EIP = 0x08,
    T386_REGS = 0x0c, /* EDI to EAX */
    T386_DR6 = 0x2c,
    T386_DR7 = 0x30,
    T386_SEGS = 0x34,   /* TR, LDTR, GS, FS, DS, SS, CS, ES */
    T386_HIDDEN = 0x54, /* TR, IDT, GDT, LDTR, GS, FS, DS, SS, CS, ES */
    T386_BYTES = 0xcc,
};

static uint32_t word_at(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t dword_at(const uint8_t *at)
{
    return word_at(at) | word_at(at + 2) << 16;
}

/* Ends both: what follows from the new registers. */
static void settle(struct cpu *cpu, uint32_t flags, uint32_t mask)
{
    sys_load_flags(cpu, flags, mask);
    cpu->cpl = 0;
    if (cpu_protected(cpu))
        cpu->cpl = (cpu->seg[SEG_SS].access & ACCESS_DPL) >> ACCESS_DPL_SHIFT;
    cpu->user = cpu->cpl == 3;
    mmu_select(cpu);
    seg_update_all(cpu);
    mmu_flush(cpu);
    events_refresh(cpu);
    cpu->events |= CPU_EVENT_RELOAD;
}

/* Base in 3 bytes, rights, limit. */
static void hidden286(struct segment *s, const uint8_t *at)
{
    s->base = word_at(at) | (uint32_t)at[2] << 16;
    s->access = at[3];
    s->limit = word_at(at + 4);
}

static void table286(struct table_register *t, const uint8_t *at)
{
    struct segment s;

    hidden286(&s, at);
    t->base = s.base;
    t->limit = (uint16_t)s.limit;
}

static void loadall286_segments(struct cpu *cpu, const uint8_t *t)
{
    static const uint8_t selectors[] = {SEG_DS, SEG_SS, SEG_CS, SEG_ES};
    static const uint8_t hidden[] = {SEG_ES, SEG_CS, SEG_SS, SEG_DS};

    for (unsigned i = 0; i < 4; i++) {
        cpu->seg[selectors[i]].selector =
            (uint16_t)word_at(t + T286_SEGS + 2 * i);
        hidden286(&cpu->seg[hidden[i]], t + T286_HIDDEN + 6 * i);
    }
    cpu->seg[SEG_TR].selector = (uint16_t)word_at(t + T286_TR);
    hidden286(&cpu->seg[SEG_TR], t + T286_HIDDEN_TR);
    cpu->seg[SEG_LDTR].selector = (uint16_t)word_at(t + T286_LDT);
    hidden286(&cpu->seg[SEG_LDTR], t + T286_HIDDEN_LDT);
    table286(&cpu->gdtr, t + T286_GDT);
    table286(&cpu->idtr, t + T286_IDT);
}

bool exec_loadall286(struct cpu *cpu, const struct insn *insn)
{
    uint8_t t[TABLE286_BYTES];

    (void)insn;
    if (cpu->cpl != 0)
        return cpu_fault(cpu, VECTOR_GP, 0);
    for (unsigned i = 0; i < TABLE286_BYTES; i++)
        t[i] = (uint8_t)mem_load(cpu->mem, TABLE286 + i, 1);
    /* As LMSW, it cannot leave protected mode. */
    cpu->cr0 = (cpu->cr0 & CR0_PE) |
               (word_at(t + T286_MSW) & (CR0_PE | CR0_MP | CR0_EM | CR0_TS));
    for (unsigned i = 0; i < 8; i++)
        cpu->reg[CPU_EDI - i] = word_at(t + T286_REGS + 2 * i);
    loadall286_segments(cpu, t);
    cpu->eip = word_at(t + T286_IP);
    settle(cpu, word_at(t + T286_FLAGS), sys_flags_mask(cpu));
    return true;
}

/* Rights as in the second half of a descriptor, base, limit. */
static void hidden386(struct segment *s, const uint8_t *at)
{
    const struct descriptor d = {.high = dword_at(at)};

    s->access = desc_access(&d);
    s->base = dword_at(at + 4);
    s->limit = dword_at(at + 8);
}

static void table386(struct table_register *t, const uint8_t *at)
{
    t->base = dword_at(at + 4);
    t->limit = (uint16_t)word_at(at + 8);
}

static void loadall386_segments(struct cpu *cpu, const uint8_t *t)
{
    static const uint8_t order[] = {SEG_TR, SEG_LDTR, SEG_GS, SEG_FS,
                                    SEG_DS, SEG_SS,   SEG_CS, SEG_ES};
    const uint8_t *hidden = t + T386_HIDDEN;

    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        struct segment *s = &cpu->seg[order[i]];

        s->selector = (uint16_t)word_at(t + T386_SEGS + 4 * i);
        hidden386(s, hidden);
        hidden += 12;
        if (order[i] != SEG_TR)
            continue;
        table386(&cpu->idtr, hidden);
        table386(&cpu->gdtr, hidden + 12);
        hidden += 24;
    }
}

bool exec_loadall386(struct cpu *cpu, const struct insn *insn)
{
    uint8_t t[T386_BYTES];
    uint32_t base = cpu->reg[CPU_EDI], value;

    if (!(insn->flags & INSN_ADDR32))
        base &= 0xffff;
    if (cpu->cpl != 0)
        return cpu_fault(cpu, VECTOR_GP, 0);
    for (unsigned i = 0; i < T386_BYTES; i += 4) {
        if (!seg_load(cpu, SEG_ES, base + i, 4, &value))
            return false;
        for (unsigned n = 0; n < 4; n++)
            t[i + n] = (uint8_t)(value >> (8 * n));
    }
    cpu->cr0 = dword_at(t + T386_CR0) &
               (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_PG);
    for (unsigned i = 0; i < 8; i++)
        cpu->reg[CPU_EDI - i] = dword_at(t + T386_REGS + 4 * i);
    cpu->dr[6] = dword_at(t + T386_DR6);
    cpu->dr[7] = dword_at(t + T386_DR7);
    loadall386_segments(cpu, t);
    cpu->eip = dword_at(t + T386_EIP);
    settle(cpu, dword_at(t + T386_EFLAGS),
           sys_flags_mask(cpu) | FLAG_VM | FLAG_RF);
    return true;
}
