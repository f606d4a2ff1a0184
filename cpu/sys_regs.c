/* Descriptor-table, control and test registers (80286 programmer's reference,
 * 10; 80386 programmer's reference, 4 and 17; SDM volume 3, 2). */
#include <string.h>

#include "cpu/sys_int.h"

/* System instructions are for privilege 0 alone. */
static bool privileged(struct cpu *cpu)
{
    return cpu->cpl == 0 ? true : cpu_fault(cpu, VECTOR_GP, 0);
}

/* LGDT and its kin have a memory operand of 2 and 4 bytes. */
static bool load_table(struct cpu *cpu, const struct insn *insn,
                       struct table_register *table)
{
    uint32_t at, limit, base;

    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!privileged(cpu))
        return false;
    at = insn_address(cpu, insn);
    if (!seg_load(cpu, insn->seg, at, 2, &limit) ||
        !seg_load(cpu, insn->seg, at + 2, 4, &base))
        return false;
    table->limit = (uint16_t)limit;
    table->base = insn->flags & INSN_OP32 ? base : base & 0xffffff;
    return true;
}

/* The last byte of the base, when it has 24 bits: FF on a 286, 0 later. */
static bool store_table(struct cpu *cpu, const struct insn *insn,
                        const struct table_register *table)
{
    uint32_t at, base = table->base, unused;

    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!(insn->flags & INSN_OP32))
        base &= 0xffffff;
    if (cpu->model <= CPU_286)
        base |= 0xff000000u;
    at = insn_address(cpu, insn);
    return seg_load_rmw(cpu, insn->seg, at + 2, 4, &unused) &&
           seg_store(cpu, insn->seg, at, table->limit, 2) &&
           seg_store(cpu, insn->seg, at + 2, base, 4);
}

bool exec_lgdt(struct cpu *cpu, const struct insn *insn)
{
    return load_table(cpu, insn, &cpu->gdtr);
}

bool exec_lidt(struct cpu *cpu, const struct insn *insn)
{
    return load_table(cpu, insn, &cpu->idtr);
}

bool exec_sgdt(struct cpu *cpu, const struct insn *insn)
{
    return store_table(cpu, insn, &cpu->gdtr);
}

bool exec_sidt(struct cpu *cpu, const struct insn *insn)
{
    return store_table(cpu, insn, &cpu->idtr);
}

/* Instructions that have no meaning in real mode and V86. */
static bool needs_selectors(struct cpu *cpu)
{
    return cpu_paragraphs(cpu) ? cpu_fault(cpu, VECTOR_UD, 0) : true;
}

/* The descriptor for LLDT or LTR: in the GDT, of a type in `types`. */
static bool load_system(struct cpu *cpu, uint16_t selector, uint32_t types,
                        struct descriptor *d)
{
    if (selector & 4)
        return desc_fault(cpu, VECTOR_GP, selector);
    if (!desc_load(cpu, selector, VECTOR_GP, d))
        return false;
    if (!(types >> desc_system_type(d) & 1))
        return desc_fault(cpu, VECTOR_GP, selector);
    if (!desc_present(d))
        return desc_fault(cpu, VECTOR_NP, selector);
    return true;
}

bool exec_lldt(struct cpu *cpu, const struct insn *insn)
{
    struct descriptor d;
    uint32_t selector;

    if (!needs_selectors(cpu) || !privileged(cpu) ||
        !insn_read_e(cpu, insn, 2, &selector))
        return false;
    if (desc_is_null((uint16_t)selector)) {
        seg_set_null(cpu, SEG_LDTR, (uint16_t)selector);
        return true;
    }
    if (!load_system(cpu, (uint16_t)selector, 1u << DESC_LDT, &d))
        return false;
    desc_commit(cpu, SEG_LDTR, &d);
    return true;
}

bool exec_ltr(struct cpu *cpu, const struct insn *insn)
{
    uint32_t types = 1u << DESC_TSS16, selector;
    struct descriptor d;

    if (cpu->model >= CPU_386)
        types |= 1u << DESC_TSS32;
    if (!needs_selectors(cpu) || !privileged(cpu) ||
        !insn_read_e(cpu, insn, 2, &selector))
        return false;
    if (desc_is_null((uint16_t)selector))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (!load_system(cpu, (uint16_t)selector, types, &d) ||
        !desc_set_busy(cpu, &d, true))
        return false;
    desc_commit(cpu, SEG_TR, &d);
    cpu->seg[SEG_TR].access |= DESC_BUSY;
    return true;
}

/* A selector or status word: 2 bytes to memory, a whole register. */
static bool write_word(struct cpu *cpu, const struct insn *insn, uint32_t value)
{
    return insn_write_e(cpu, insn, value,
                        insn->flags & INSN_MEM ? 2 : insn_size(insn));
}

bool exec_sldt(struct cpu *cpu, const struct insn *insn)
{
    return needs_selectors(cpu) &&
           write_word(cpu, insn, cpu->seg[SEG_LDTR].selector);
}

bool exec_str(struct cpu *cpu, const struct insn *insn)
{
    return needs_selectors(cpu) &&
           write_word(cpu, insn, cpu->seg[SEG_TR].selector);
}

/* Control registers. */

#define MSW (CR0_PE | CR0_MP | CR0_EM | CR0_TS)

static uint32_t cr0_mask(const struct cpu *cpu)
{
    if (cpu->model <= CPU_286)
        return MSW;
    if (cpu->model == CPU_386)
        return MSW | CR0_ET | CR0_PG;
    return MSW | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
}

static uint32_t cr0_fixed(const struct cpu *cpu)
{
    return cpu->model >= CPU_486 ? CR0_ET : 0;
}

/* All that hangs on CR0. Privilege is 0 on both sides of a change of PE. */
static void set_cr0(struct cpu *cpu, uint32_t value)
{
    uint32_t changed = cpu->cr0;

    cpu->cr0 = (value & cr0_mask(cpu)) | cr0_fixed(cpu);
    changed ^= cpu->cr0;
    if (changed & CR0_AM)
        seg_update_all(cpu);
    if (changed & (CR0_PE | CR0_PG | CR0_WP)) {
        mmu_select(cpu);
        cpu->events |= CPU_EVENT_RELOAD;
    }
    if (changed & (CR0_EM | CR0_TS | CR0_MP))
        cpu->events |= CPU_EVENT_RELOAD;
    if (changed & CR0_NE)
        fpu_update(cpu);
}

bool exec_smsw(struct cpu *cpu, const struct insn *insn)
{
    uint32_t reserved = cpu->model <= CPU_286 ? 0xfff0 : 0;

    return write_word(cpu, insn, cpu->cr0 | reserved);
}

/* PE can be set, but not cleared. */
bool exec_lmsw(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value;

    if (!privileged(cpu) || !insn_read_e(cpu, insn, 2, &value))
        return false;
    set_cr0(cpu, (cpu->cr0 & ~(MSW & ~CR0_PE)) | (value & MSW));
    return true;
}

bool exec_clts(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!privileged(cpu))
        return false;
    set_cr0(cpu, cpu->cr0 & ~CR0_TS);
    return true;
}

static bool has_cr(const struct cpu *cpu, unsigned n)
{
    return n == 0 || n == 2 || n == 3 || (n == 4 && cpu->model > CPU_486);
}

bool exec_mov_r_cr(struct cpu *cpu, const struct insn *insn)
{
    const uint32_t values[] = {cpu->cr0, 0, cpu->cr2, cpu->cr3, cpu->cr4};

    if (!has_cr(cpu, insn->reg))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!privileged(cpu))
        return false;
    cpu->reg[insn->rm] = values[insn->reg];
    return true;
}

/* With PAE the four page-directory pointers are registers, read anew when
 * paging changes (SDM volume 3, 4.4.1). False: #GP noted, nothing changed. */
static bool load_pdptes(struct cpu *cpu, uint32_t cr3)
{
    uint64_t pdpte[4];

    if (!mmu_load_pdptes(cpu, cr3, pdpte))
        return cpu_fault(cpu, VECTOR_GP, 0);
    memcpy(cpu->pdpte, pdpte, sizeof(pdpte));
    return true;
}

static bool load_cr0(struct cpu *cpu, uint32_t value)
{
    uint32_t changed = (cpu->cr0 ^ value) & cr0_mask(cpu);

    if ((value & CR0_PG) && !(value & CR0_PE))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if (cpu->model >= CPU_486 && (value & CR0_NW) && !(value & CR0_CD))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if ((value & CR0_PG) && (cpu->cr4 & CR4_PAE) &&
        (changed & (CR0_PG | CR0_CD | CR0_NW)) && !load_pdptes(cpu, cpu->cr3))
        return false;
    set_cr0(cpu, value);
    return true;
}

/* PCD and PWT came with the 486; with PAE the table starts at 32 bytes. */
static uint32_t cr3_mask(const struct cpu *cpu)
{
    if (cpu_model_has(cpu->model, CPU_FEATURE_PAE))
        return UINT32_MAX;
    return cpu->model >= CPU_486 ? 0xfffff018u : 0xfffff000u;
}

bool sys_load_cr3(struct cpu *cpu, uint32_t value)
{
    if ((cpu->cr4 & CR4_PAE) && (cpu->cr0 & CR0_PG) && !load_pdptes(cpu, value))
        return false;
    cpu->cr3 = value & cr3_mask(cpu);
    mmu_select(cpu);
    cpu->events |= CPU_EVENT_RELOAD;
    return true;
}

/* Bits of CR4 come with features. */
static uint32_t cr4_mask(enum cpu_model model)
{
    static const struct {
        uint32_t bits;
        enum cpu_feature feature;
    } rows[] = {
        {CR4_VME | CR4_PVI, CPU_FEATURE_VME},
        {CR4_TSD, CPU_FEATURE_TSC},
        {CR4_DE, CPU_FEATURE_DE},
        {CR4_PSE, CPU_FEATURE_PSE},
        {CR4_PAE, CPU_FEATURE_PAE},
        {CR4_MCE, CPU_FEATURE_MCE},
        {CR4_PGE, CPU_FEATURE_PGE},
        {CR4_PCE, CPU_FEATURE_MSR},
        {CR4_OSFXSR, CPU_FEATURE_FXSR},
        {CR4_OSXMMEXCPT, CPU_FEATURE_SSE},
    };
    uint32_t mask = 0;

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (cpu_model_has(model, rows[i].feature))
            mask |= rows[i].bits;
    }
    return mask;
}

static bool load_cr4(struct cpu *cpu, uint32_t value)
{
    const uint32_t paging = CR4_PAE | CR4_PGE | CR4_PSE;

    if (value & ~cr4_mask(cpu->model))
        return cpu_fault(cpu, VECTOR_GP, 0);
    if ((value & CR4_PAE) && (cpu->cr0 & CR0_PG) &&
        ((value ^ cpu->cr4) & paging) && !load_pdptes(cpu, cpu->cr3))
        return false;
    cpu->cr4 = value;
    mmu_select(cpu);
    cpu->events |= CPU_EVENT_RELOAD;
    return true;
}

bool exec_mov_cr_r(struct cpu *cpu, const struct insn *insn)
{
    uint32_t value = cpu->reg[insn->rm];

    if (!has_cr(cpu, insn->reg))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!privileged(cpu))
        return false;
    switch (insn->reg) {
    case 0: return load_cr0(cpu, value);
    case 2: cpu->cr2 = value; return true;
    case 3: return sys_load_cr3(cpu, value);
    default: return load_cr4(cpu, value);
    }
}

/* TR3-TR5 test the 486's cache, TR6 and TR7 the TLB. They hold what is
 * written; differs: a look-up (TR6 bit 0) always misses (TR7 bit 4 clear), as
 * neither a cache nor a TLB is modelled. */
#define TR6_LOOKUP 0x001u
#define TR7_HIT    0x010u

static bool has_tr(const struct cpu *cpu, unsigned n)
{
    if (cpu->model == CPU_486)
        return n >= 3;
    return cpu->model == CPU_386 && n >= 6;
}

bool exec_mov_r_tr(struct cpu *cpu, const struct insn *insn)
{
    if (!has_tr(cpu, insn->reg))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!privileged(cpu))
        return false;
    cpu->reg[insn->rm] = cpu->test_reg[insn->reg];
    return true;
}

bool exec_mov_tr_r(struct cpu *cpu, const struct insn *insn)
{
    if (!has_tr(cpu, insn->reg))
        return cpu_fault(cpu, VECTOR_UD, 0);
    if (!privileged(cpu))
        return false;
    cpu->test_reg[insn->reg] = cpu->reg[insn->rm];
    if (insn->reg == 6 && (cpu->test_reg[6] & TR6_LOOKUP))
        cpu->test_reg[7] &= ~TR7_HIT;
    return true;
}

/* There is no cache to write back or to lose. */
bool exec_invd(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return privileged(cpu);
}

bool exec_wbinvd(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return privileged(cpu);
}

/* No translation is kept beyond the entry that it stems from. */
bool exec_invlpg(struct cpu *cpu, const struct insn *insn)
{
    if (!(insn->flags & INSN_MEM))
        return cpu_fault(cpu, VECTOR_UD, 0);
    return privileged(cpu);
}
