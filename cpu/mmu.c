/* Accesses: what the quick tables do not have, and filling them; see mmu.h. */
#include "cpu/mmu.h"

#include <string.h>

#include "cpu/debug_int.h"
#include "cpu/mmu_int.h"

/* True if a data breakpoint lies in the linear page: it stays slow. */
static bool page_has_breakpoint(const struct cpu *cpu, uint32_t vpn)
{
    for (unsigned i = 0; i < 4; i++) {
        if ((cpu->dr[7] >> (2 * i) & 3) && (cpu->dr[7] >> (16 + 4 * i) & 1) &&
            cpu->dr[i] >> MEM_PAGE_BITS == vpn)
            return true;
    }
    return false;
}

static int64_t write_entry(const struct cpu *cpu, const struct mem_page *row,
                           int64_t addend)
{
    switch (row->flags & MEM_PAGE_SLOW_WRITE) {
    case 0: return addend;
    case MEM_PAGE_CODE: return MMU_BESIDE + (row - cpu->mem->pages);
    case MEM_PAGE_TABLE:
    case MEM_PAGE_TABLE | MEM_PAGE_CODE:
        return MMU_DEVICE + (row - cpu->mem->pages);
    default: return MMU_INVALID;
    }
}

void mmu_fill_entry(struct cpu *cpu, laddr addr, const struct walk *walk,
                    bool user, bool write)
{
    struct mem_page *row = mem_page_at(cpu->mem, walk->phys);
    uint32_t vpn = addr >> MEM_PAGE_BITS;
    unsigned kinds = FILL_READ;
    bool device = row->flags & MEM_PAGE_IO;
    int64_t addend, write_addend = MMU_INVALID;

    if ((!row->host && !device) || walk->passing)
        return;
    if (device)
        addend = MMU_DEVICE + (row - cpu->mem->pages);
    else
        addend =
            (int64_t)(uintptr_t)row->host - ((int64_t)vpn << MEM_PAGE_BITS);
    if (write)
        write_addend = device ? addend : write_entry(cpu, row, addend);
    if (write_addend != MMU_INVALID)
        kinds |= FILL_WRITE;
    if (cpu->space->read[user][vpn] == addend &&
        (!write || cpu->space->write[user][vpn] == write_addend))
        return; /* as quick as it gets */
    if (((cpu->dr[7] & 0xff) && page_has_breakpoint(cpu, vpn)) ||
        (cpu->debugging && debug_watches(cpu, vpn, row->flags)))
        return;
    mmu_note_fill(cpu, vpn, (uint32_t)(row - cpu->mem->pages),
                  user ? kinds << FILL_USER_SHIFT : kinds);
    cpu->space->read[user][vpn] = addend;
    if (kinds & FILL_WRITE)
        cpu->space->write[user][vpn] = write_addend;
}

bool mmu_fill(struct cpu *cpu, laddr addr, bool write, bool fault)
{
    struct request rq = {.addr = addr, .user = cpu->user, .write = write};
    struct walk walk;

    if (fault ? !mmu_translate(cpu, &rq, &walk) : !mmu_try(cpu, &rq, &walk))
        return false;
    mmu_fill_entry(cpu, addr, &walk, cpu->user, write);
    return !cpu->events;
}

bool mmu_fetch_slow(struct cpu *cpu, laddr addr, paddr *phys)
{
    struct request rq = {.addr = addr, .user = cpu->user};
    struct walk walk;
    struct mem_page *row;

    if (!mmu_translate(cpu, &rq, &walk))
        return false;
    row = mem_page_at(cpu->mem, walk.phys);
    *phys = walk.phys & cpu->mem->a20_mask;
    if (row->host && !walk.passing) {
        uint32_t page = (uint32_t)(row - cpu->mem->pages);

        mmu_note_fill(cpu, addr >> MEM_PAGE_BITS, page,
                      cpu->user ? FILL_FETCH << FILL_USER_SHIFT : FILL_FETCH);
        cpu->space->fetch[cpu->user][addr >> MEM_PAGE_BITS] = page + 1;
    }
    return true;
}

/* Access. */

/* Notes a data breakpoint hit: the trap is taken after the instruction. Once
 * an enabled breakpoint matches, all that match are reported. */
static void check_breakpoints(struct cpu *cpu, laddr addr, unsigned size,
                              bool write)
{
    uint32_t hits = 0;
    bool enabled = false;

    for (unsigned i = 0; i < 4; i++) {
        unsigned kind = cpu->dr[7] >> (16 + 4 * i) & 3;
        unsigned length = (cpu->dr[7] >> (18 + 4 * i) & 3) + 1;
        laddr at = cpu->dr[i] & ~(length - 1);

        if (!(kind & 1) || (kind == 1 && !write))
            continue;
        if (addr - at < length || at - addr < size) {
            hits |= 1u << i;
            enabled |= cpu->dr[7] >> (2 * i) & 3;
        }
    }
    if (enabled) {
        cpu->trap_bits |= hits;
        cpu->events |= CPU_EVENT_TRAP;
    }
}

/* Tells a debugger of an access to one page. */
static void tell_debugger(struct cpu *cpu, laddr addr, paddr phys,
                          unsigned size, const uint32_t *stored)
{
    debug_accessed(cpu, &(struct debug_access){.addr = addr,
                                               .phys = phys,
                                               .size = size,
                                               .write = stored,
                                               .value = stored ? *stored : 0});
}

/* A device may have moved its alarms: the run loop must look. */
static uint32_t device_load(struct cpu *cpu, paddr phys, unsigned size)
{
    uint64_t stop = cpu->clock->stop_insns;
    uint32_t value;

    cpu_sync(cpu);
    value = mem_load(cpu->mem, phys, size);
    if (cpu->clock->stop_insns != stop)
        cpu->events |= CPU_EVENT_CLOCK;
    return value;
}

static void device_store(struct cpu *cpu, paddr phys, uint32_t value,
                         unsigned size)
{
    uint64_t stop = cpu->clock->stop_insns;

    cpu_sync(cpu);
    mem_store(cpu->mem, phys, value, size);
    if (cpu->clock->stop_insns != stop)
        cpu->events |= CPU_EVENT_CLOCK;
}

static paddr page_phys(const struct cpu *cpu, const struct mem_page *row,
                       laddr addr)
{
    return (paddr)(row - cpu->mem->pages) << MEM_PAGE_BITS |
           (addr & MEM_PAGE_MASK);
}

/* Answers from a device window that was found before. */
static bool known_load(struct cpu *cpu, laddr addr, unsigned size, bool user,
                       uint32_t *value)
{
    const struct mem_page *row =
        mmu_device(cpu, cpu->space->read[user], addr, size);

    if (!row)
        return false;
    *value = device_load(cpu, page_phys(cpu, row, addr), size);
    return true;
}

static bool known_store(struct cpu *cpu, laddr addr, uint32_t value,
                        unsigned size, bool user)
{
    const struct mem_page *row =
        mmu_device(cpu, cpu->space->write[user], addr, size);

    if (!row)
        return false;
    if (size == 4 && mmu_store_entry(cpu, row, addr & MEM_PAGE_MASK, value))
        return true;
    device_store(cpu, page_phys(cpu, row, addr), value, size);
    return true;
}

static bool crosses(laddr addr, unsigned size)
{
    return (addr & MEM_PAGE_MASK) + size > MEM_PAGE_BYTES;
}

static uint32_t load_phys(struct cpu *cpu, paddr phys, unsigned size)
{
    if (mem_page_at(cpu->mem, phys)->flags & MEM_PAGE_IO)
        return device_load(cpu, phys, size);
    return mem_load(cpu->mem, phys, size);
}

static void store_phys(struct cpu *cpu, paddr phys, uint32_t value,
                       unsigned size)
{
    const struct mem_page *row = mem_page_at(cpu->mem, phys);
    uint32_t offset = phys & MEM_PAGE_MASK;

    if ((row->flags & MEM_PAGE_SLOW_WRITE) == MEM_PAGE_CODE && row->host &&
        !(row->granules & mem_granules(offset, size)))
        memcpy(row->host + offset, &value, size); /* data beside code */
    else if (row->flags & MEM_PAGE_IO)
        device_store(cpu, phys, value, size);
    else
        mem_store(cpu->mem, phys, value, size);
}

bool mmu_load(struct cpu *cpu, laddr addr, unsigned size, bool user,
              uint32_t *value)
{
    struct request rq = {.addr = addr, .user = user};
    const uint8_t *from = mmu_host(cpu->space->read[user], addr, size);
    struct walk walk, second;
    unsigned part;

    if (from) {
        *value = mmu_get(from, size);
        return true;
    }
    if (known_load(cpu, addr, size, user, value))
        return true;
    if (!mmu_translate(cpu, &rq, &walk))
        return false;
    mmu_fill_entry(cpu, addr, &walk, user, false);
    if (cpu->dr[7] & 0xff)
        check_breakpoints(cpu, addr, size, false);
    if (!crosses(addr, size)) {
        if (cpu->debugging & DEBUG_ON_DATA)
            tell_debugger(cpu, addr, walk.phys, size, NULL);
        *value = load_phys(cpu, walk.phys, size);
        return true;
    }
    part = MEM_PAGE_BYTES - (addr & MEM_PAGE_MASK);
    rq.addr = addr + part;
    if (!mmu_translate(cpu, &rq, &second))
        return false;
    if (cpu->debugging & DEBUG_ON_DATA) {
        tell_debugger(cpu, addr, walk.phys, part, NULL);
        tell_debugger(cpu, addr + part, second.phys, size - part, NULL);
    }
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        paddr at = i < part ? walk.phys + i : second.phys + (i - part);

        *value |= load_phys(cpu, at, 1) << (8 * i);
    }
    return true;
}

bool mmu_load_pair(struct cpu *cpu, laddr addr, uint32_t *low, uint32_t *high)
{
    const uint8_t *from = mmu_host(cpu->system_read_table, addr, 8);

    if (!from)
        return mmu_load(cpu, addr, 4, false, low) &&
               mmu_load(cpu, addr + 4, 4, false, high);
    memcpy(low, from, 4);
    memcpy(high, from + 4, 4);
    return true;
}

bool mmu_store(struct cpu *cpu, laddr addr, uint32_t value, unsigned size,
               bool user)
{
    struct request rq = {.addr = addr, .user = user, .write = true};
    uint8_t *to = mmu_host(cpu->space->write[user], addr, size);
    const struct mem_page *row;
    struct walk walk, second;
    unsigned part;

    if (!to && user == cpu->user)
        to = mmu_beside_code(cpu, addr, size);
    if (to) {
        mmu_put(to, value, size);
        return true;
    }
    row = user == cpu->user ? mmu_code_page(cpu, addr, size) : NULL;
    if (row) { /* into code */
        mem_store(cpu->mem, page_phys(cpu, row, addr), value, size);
        return true;
    }
    if (known_store(cpu, addr, value, size, user))
        return true;
    if (!mmu_translate(cpu, &rq, &walk))
        return false;
    mmu_fill_entry(cpu, addr, &walk, user, true);
    if (!crosses(addr, size)) {
        if (cpu->dr[7] & 0xff)
            check_breakpoints(cpu, addr, size, true);
        if (cpu->debugging & DEBUG_ON_DATA)
            tell_debugger(cpu, addr, walk.phys, size, &value);
        store_phys(cpu, walk.phys, value, size);
        return true;
    }
    part = MEM_PAGE_BYTES - (addr & MEM_PAGE_MASK);
    rq.addr = addr + part;
    if (!mmu_translate(cpu, &rq, &second))
        return false;
    if (cpu->dr[7] & 0xff)
        check_breakpoints(cpu, addr, size, true);
    if (cpu->debugging & DEBUG_ON_DATA) {
        uint32_t low = value & (UINT32_MAX >> (32 - 8 * part));
        uint32_t high = value >> (8 * part);

        tell_debugger(cpu, addr, walk.phys, part, &low);
        tell_debugger(cpu, addr + part, second.phys, size - part, &high);
    }
    for (unsigned i = 0; i < size; i++) {
        paddr at = i < part ? walk.phys + i : second.phys + (i - part);

        store_phys(cpu, at, value >> (8 * i) & 0xff, 1);
    }
    return true;
}

bool mmu_probe_write(struct cpu *cpu, laddr addr, unsigned size, bool user)
{
    struct request rq = {.addr = addr, .user = user, .write = true};
    struct walk walk;

    if (mmu_host(cpu->space->write[user], addr, size) ||
        (user == cpu->user && mmu_beside_code(cpu, addr, size)) ||
        mmu_device(cpu, cpu->space->write[user], addr, size))
        return true;
    if (!mmu_translate(cpu, &rq, &walk))
        return false;
    mmu_fill_entry(cpu, addr, &walk, user, true);
    if (!crosses(addr, size))
        return true;
    rq.addr = (addr & ~MEM_PAGE_MASK) + MEM_PAGE_BYTES;
    return mmu_translate(cpu, &rq, &walk);
}
