/* The page walk (SDM volume 3, 4.3 and 4.4): 4 KiB and 4 MiB pages, and the
 * 36-bit physical addresses of PSE-36 and PAE. */
#include <string.h>

#include "cpu/mmu_int.h"

#define PF_P    1u /* error code: protection violation */
#define PF_W    2u
#define PF_U    4u
#define PF_RSVD 8u /* a reserved bit is set */

#define FAULT (1u << 31) /* beside an error code, which may be 0 */

#define LARGE_BITS       22
#define LARGE_MASK       0x003fffffu
#define LARGE_RSVD       0x003ff000u /* up to the Pentium */
#define LARGE_RSVD_PSE36 0x003e0000u
#define LARGE_HIGH       0x0001e000u /* address bits 35-32 of PSE-36 */

#define PAE_ADDR       UINT64_C(0x0000000ffffff000)
#define PAE_RSVD       UINT64_C(0xfffffff000000000)
#define PAE_LARGE_MASK 0x001fffffu
#define PAE_LARGE_RSVD UINT64_C(0x00000000001fe000)
#define PDPTE_RSVD     UINT64_C(0xfffffff0000001e6)

/* An entry, where it stands, and the slot of its table. */
struct entry {
    uint64_t value;
    paddr at;
    unsigned slot;
    bool wide;
};

/* An entry in memory. Each width with one load: a load that is wider than the
 * store before it has to wait. */
static uint64_t entry_at(const uint8_t *host, bool wide)
{
    uint64_t value;
    uint32_t low;

    if (wide) {
        memcpy(&value, host, 8);
        return value;
    }
    memcpy(&low, host, 4);
    return low;
}

/* Who only peeks takes an entry in a device for none, and leaves it alone. */
static void read_entry(struct cpu *cpu, struct entry *e, bool peek)
{
    const struct mem_page *row = mem_page_at(cpu->mem, e->at);

    if (row->host && !(row->flags & MEM_PAGE_IO)) {
        e->value = entry_at(row->host + (e->at & MEM_PAGE_MASK), e->wide);
        return;
    }
    e->value = 0;
    if (peek && (row->flags & MEM_PAGE_IO))
        return;
    e->value = mem_load(cpu->mem, e->at, 4);
    if (e->wide)
        e->value |= (uint64_t)mem_load(cpu->mem, e->at + 4, 4) << 32;
}

static bool allowed(const struct cpu *cpu, uint64_t rights,
                    const struct request *rq)
{
    if (rq->user && !(rights & PTE_U))
        return false;
    if (!rq->write || (rights & PTE_W))
        return true;
    return !rq->user && !(cpu->cr0 & CR0_WP);
}

/* An entry was gone through: it gets `bits`, and is watched. */
static void use_entry(struct cpu *cpu, const struct entry *e, uint32_t bits,
                      struct walk *out)
{
    uint32_t low = (uint32_t)e->value;
    const struct mem_page *row;

    if (!mmu_note_table(cpu, e->slot, e->at))
        out->passing = true;
    if ((low & bits) == bits)
        return;
    low |= bits;
    row = mem_page_at(cpu->mem, e->at);
    if ((row->flags & MEM_PAGE_SLOW_WRITE) == MEM_PAGE_TABLE && row->host) {
        memcpy(row->host + (e->at & MEM_PAGE_MASK), &low, 4);
        return;
    }
    cpu->mmu->marking = true;
    mem_store(cpu->mem, e->at, low, 4);
    cpu->mmu->marking = false;
}

static uint32_t error_of(const struct request *rq)
{
    return FAULT | (rq->user ? PF_U : 0) | (rq->write ? PF_W : 0);
}

static uint32_t walk_large(struct cpu *cpu, const struct request *rq,
                           const struct entry *pde, struct walk *out)
{
    if (!allowed(cpu, pde->value, rq))
        return error_of(rq) | PF_P;
    if (!rq->peek)
        use_entry(cpu, pde, PTE_A | (rq->write ? PTE_D : 0), out);
    if (pde->wide)
        out->phys = (pde->value & PAE_ADDR & ~(paddr)PAE_LARGE_MASK) |
                    (rq->addr & PAE_LARGE_MASK);
    else
        out->phys = (pde->value & ~LARGE_MASK & UINT32_MAX) |
                    (pde->value & LARGE_HIGH) << (32 - 13) |
                    (rq->addr & LARGE_MASK);
    return 0;
}

static uint32_t walk_small(struct cpu *cpu, const struct request *rq,
                           const struct entry *pde, const struct entry *pte,
                           struct walk *out)
{
    if (!(pte->value & PTE_P))
        return error_of(rq);
    if (pte->wide && (pte->value & PAE_RSVD))
        return error_of(rq) | PF_P | PF_RSVD;
    if (!allowed(cpu, pde->value & pte->value, rq))
        return error_of(rq) | PF_P;
    if (!rq->peek) {
        use_entry(cpu, pde, PTE_A, out);
        use_entry(cpu, pte, PTE_A | (rq->write ? PTE_D : 0), out);
    }
    out->phys = (pte->value & PAE_ADDR) | (rq->addr & MEM_PAGE_MASK);
    return 0;
}

#define UNKNOWN (FAULT | 1u << 30) /* no error code */

/* The same for 4 KiB pages by tables that earlier walks went through, which
 * are memory then. UNKNOWN: it is not so simple, and nothing has happened. */
static uint32_t walk_known(struct cpu *cpu, const struct request *rq,
                           struct walk *out)
{
    const struct addr_space *space = cpu->space;
    const uint32_t bits = rq->write ? PTE_A | PTE_D : PTE_A;
    struct mem_page *directory = mem_page_at(cpu->mem, cpu->cr3);
    struct mem_page *table;
    uint32_t pde, pte;
    uint8_t *at;

    if (!(directory->flags & MEM_PAGE_TABLE) ||
        space->slot[MMU_TABLES].page != directory - cpu->mem->pages + 1)
        return UNKNOWN;
    pde = mmu_get(directory->host + (rq->addr >> LARGE_BITS) * 4, 4);
    table = mem_page_at(cpu->mem, pde & ~MEM_PAGE_MASK);
    if ((pde & (PTE_P | PTE_A | PTE_PS)) != (PTE_P | PTE_A) ||
        !(table->flags & MEM_PAGE_TABLE) ||
        space->slot[rq->addr >> LARGE_BITS].page != table - cpu->mem->pages + 1)
        return UNKNOWN;
    at = table->host + (rq->addr >> 12 & 0x3ff) * 4;
    pte = mmu_get(at, 4);
    if (!(pte & PTE_P))
        return error_of(rq);
    if (!allowed(cpu, pde & pte, rq))
        return error_of(rq) | PF_P;
    if (~pte & bits) {
        if ((table->flags & MEM_PAGE_SLOW_WRITE) != MEM_PAGE_TABLE)
            return UNKNOWN;
        mmu_put(at, pte | bits, 4);
    }
    out->phys = (pte & ~MEM_PAGE_MASK) | (rq->addr & MEM_PAGE_MASK);
    return 0;
}

/* Returns 0, or FAULT with the error code of the page fault. */
static uint32_t walk_32(struct cpu *cpu, const struct request *rq,
                        struct walk *out)
{
    struct entry pde = {.at = (cpu->cr3 & ~MEM_PAGE_MASK) +
                              (rq->addr >> LARGE_BITS) * 4,
                        .slot = MMU_TABLES};
    struct entry pte = {.slot = rq->addr >> LARGE_BITS};

    read_entry(cpu, &pde, rq->peek);
    if (!(pde.value & PTE_P))
        return error_of(rq);
    if ((pde.value & PTE_PS) && (cpu->cr4 & CR4_PSE)) {
        if (pde.value &
            (cpu_model_has(cpu->model, CPU_FEATURE_PSE36) ? LARGE_RSVD_PSE36
                                                          : LARGE_RSVD))
            return error_of(rq) | PF_P | PF_RSVD;
        return walk_large(cpu, rq, &pde, out);
    }
    pte.at = (pde.value & ~MEM_PAGE_MASK) + (rq->addr >> 12 & 0x3ff) * 4;
    read_entry(cpu, &pte, rq->peek);
    return walk_small(cpu, rq, &pde, &pte, out);
}

static uint32_t walk_pae(struct cpu *cpu, const struct request *rq,
                         struct walk *out)
{
    uint64_t pdpte = cpu->pdpte[rq->addr >> 30];
    struct entry pde = {.at = (pdpte & PAE_ADDR) + (rq->addr >> 21 & 0x1ff) * 8,
                        .slot = MMU_TABLES + (rq->addr >> 30),
                        .wide = true};
    struct entry pte = {.slot = rq->addr >> 21, .wide = true};

    if (!(pdpte & PTE_P))
        return error_of(rq);
    read_entry(cpu, &pde, rq->peek);
    if (!(pde.value & PTE_P))
        return error_of(rq);
    if ((pde.value & PAE_RSVD) ||
        ((pde.value & PTE_PS) && (pde.value & PAE_LARGE_RSVD)))
        return error_of(rq) | PF_P | PF_RSVD;
    if (pde.value & PTE_PS)
        return walk_large(cpu, rq, &pde, out);
    pte.at = (pde.value & PAE_ADDR) + (rq->addr >> 12 & 0x1ff) * 8;
    read_entry(cpu, &pte, rq->peek);
    return walk_small(cpu, rq, &pde, &pte, out);
}

static uint32_t walk(struct cpu *cpu, const struct request *rq,
                     struct walk *out)
{
    uint32_t error;

    out->passing = false;
    if (cpu->cr4 & CR4_PAE)
        return walk_pae(cpu, rq, out);
    error = rq->peek ? UNKNOWN : walk_known(cpu, rq, out);
    return error == UNKNOWN ? walk_32(cpu, rq, out) : error;
}

bool mmu_translate(struct cpu *cpu, const struct request *rq, struct walk *out)
{
    uint32_t error;

    if (!(cpu->cr0 & CR0_PG)) {
        *out = (struct walk){.phys = rq->addr};
        return true;
    }
    error = walk(cpu, rq, out);
    if (!error)
        return true;
    cpu->cr2 = rq->addr;
    return cpu_fault(cpu, VECTOR_PF, error & ~FAULT);
}

bool mmu_allows(struct cpu *cpu, laddr addr, bool user, bool write)
{
    const struct request rq = {
        .addr = addr, .user = user, .write = write, .peek = true};
    struct walk out;

    return !(cpu->cr0 & CR0_PG) || !walk(cpu, &rq, &out);
}

bool mmu_try(struct cpu *cpu, const struct request *rq, struct walk *out)
{
    *out = (struct walk){.phys = rq->addr};
    return !(cpu->cr0 & CR0_PG) || !walk(cpu, rq, out);
}

bool mmu_peek(struct cpu *cpu, laddr addr, paddr *phys)
{
    const struct request rq = {.addr = addr, .peek = true};
    struct walk out = {.phys = addr};

    if ((cpu->cr0 & CR0_PG) && walk(cpu, &rq, &out))
        return false;
    *phys = out.phys & cpu->mem->a20_mask;
    return true;
}

bool mmu_load_pdptes(struct cpu *cpu, uint32_t cr3, uint64_t pdpte[4])
{
    bool sound = true;

    for (unsigned i = 0; i < 4; i++) {
        struct entry e = {.at = (cr3 & ~31u) + 8 * i, .wide = true};

        read_entry(cpu, &e, false);
        pdpte[i] = e.value;
        sound &= !(e.value & PTE_P) || !(e.value & PDPTE_RSVD);
    }
    return sound;
}
