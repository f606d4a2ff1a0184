#include "machine/debug.h"

#include "cpu/debug.h"
#include "devices/vga.h"
#include "jit/jit.h"
#include "machine/replay_int.h"

enum status machine_insert_point(struct machine *machine,
                                 const struct debug_point *point,
                                 unsigned *number)
{
    return debug_insert(machine->cpu, point, number);
}

void machine_remove_point(struct machine *machine, unsigned number)
{
    debug_remove(machine->cpu, number);
}

void machine_step(struct machine *machine, unsigned how)
{
    debug_step(machine->cpu, how);
}

void machine_cancel_step(struct machine *machine)
{
    debug_step_cancel(machine->cpu);
}

void machine_pass_point(struct machine *machine)
{
    debug_pass(machine->cpu);
}

const struct debug_stop *machine_debug_stop(const struct machine *machine)
{
    return debug_last_stop(machine->cpu);
}

void machine_set_tracer(struct machine *machine,
                        const struct debug_tracer *tracer)
{
    debug_set_tracer(machine->cpu, tracer);
}

void machine_get_registers(struct machine *machine, struct debug_registers *out)
{
    debug_get_registers(machine->cpu, out);
}

/* What a debugger changes is an input like any other. */
static void note(struct machine *machine, struct replay_record record)
{
    if (machine->config.recorder)
        recorder_put(machine->config.recorder, &record);
}

bool machine_set_register(struct machine *machine, enum debug_register reg,
                          uint32_t value)
{
    if (!debug_set_register(machine->cpu, reg, value))
        return false;
    note(machine, (struct replay_record){.kind = REPLAY_DEBUG_REGISTER,
                                         .number = {reg, value}});
    return true;
}

bool machine_set_st(struct machine *machine, unsigned n,
                    const uint8_t bytes[10])
{
    if (!debug_set_st(machine->cpu, n, bytes))
        return false;
    note(machine, (struct replay_record){.kind = REPLAY_DEBUG_ST,
                                         .number = {n},
                                         .bytes = bytes,
                                         .size = 10});
    return true;
}

bool machine_set_xmm(struct machine *machine, unsigned n,
                     const uint8_t bytes[16])
{
    if (!debug_set_xmm(machine->cpu, n, bytes))
        return false;
    note(machine, (struct replay_record){.kind = REPLAY_DEBUG_XMM,
                                         .number = {n},
                                         .bytes = bytes,
                                         .size = 16});
    return true;
}

bool machine_translate(struct machine *machine, laddr addr, paddr *phys)
{
    return debug_translate(machine->cpu, addr, phys);
}

bool machine_list_translation(struct machine *machine, laddr addr,
                              const struct jit_listing *to)
{
    paddr phys;

    return machine_translate(machine, addr, &phys) && phys <= UINT32_MAX &&
           jit_list(machine->cpu, (uint32_t)phys, to);
}

bool machine_get_jit_reasons(struct machine *machine,
                             struct jit_reasons *reasons)
{
    return jit_get_reasons(machine->cpu, reasons);
}

/* Memory, page by page. */

static bool find_page(struct machine *m, const struct machine_range *range,
                      size_t done, paddr *phys)
{
    uint64_t addr = range->addr + done;

    if (range->space == MACHINE_LINEAR)
        return machine_translate(m, (laddr)addr, phys);
    *phys = addr;
    return addr >> MEM_PAGE_BITS < MEM_PAGES;
}

/* Beyond 4 GiB, where PAE may lead, is open bus. */
static const struct mem_page *row_of(const struct machine *m, paddr phys)
{
    paddr page = phys >> MEM_PAGE_BITS;

    return &m->mem->pages[page < MEM_PAGES ? page : MEM_PAGES];
}

static size_t part_of(const struct machine_range *range, size_t done)
{
    size_t left = range->size - done;
    size_t in_page =
        MEM_PAGE_BYTES - (size_t)((range->addr + done) & MEM_PAGE_MASK);

    return left < in_page ? left : in_page;
}

/* A page of a device: video memory can be looked at, other devices have to be
 * asked. Returns how many bytes were read. */
static size_t read_device(struct machine *m, paddr phys, uint8_t *to,
                          size_t part, bool devices)
{
    size_t done = 0;

    while (done < part && vga_peek(m->vga, phys + done, &to[done]))
        done++;
    if (done == part || !devices)
        return done;
    mem_read(m->mem, phys, to, part);
    return part;
}

size_t machine_read_memory(struct machine *machine,
                           const struct machine_range *range, void *buffer)
{
    uint8_t *to = buffer;
    size_t done = 0;

    while (done < range->size) {
        size_t part = part_of(range, done);
        paddr phys;

        if (!find_page(machine, range, done, &phys))
            break;
        if (row_of(machine, phys)->flags & MEM_PAGE_IO) {
            size_t got =
                read_device(machine, phys, to + done, part, range->devices);

            done += got;
            if (got < part)
                break;
            continue;
        }
        mem_read(machine->mem, phys, to + done, part);
        done += part;
    }
    return done;
}

static bool is_writable(const struct mem_page *row, bool devices)
{
    if (row->flags & MEM_PAGE_IO)
        return devices;
    return row->flags & MEM_PAGE_ROM ? row->store != NULL : row->host != NULL;
}

size_t machine_write_memory(struct machine *machine,
                            const struct machine_range *range,
                            const void *buffer)
{
    const uint8_t *from = buffer;
    size_t done = 0;

    while (done < range->size) {
        size_t part = part_of(range, done);
        paddr phys;

        if (!find_page(machine, range, done, &phys) ||
            !is_writable(row_of(machine, phys), range->devices))
            break;
        mem_write(machine->mem, phys, from + done, part);
        note(machine, (struct replay_record){.kind = REPLAY_DEBUG_MEMORY,
                                             .number = {phys},
                                             .bytes = from + done,
                                             .size = part});
        done += part;
    }
    debug_forget_hits(machine->cpu);
    return done;
}

uint32_t machine_read_port(struct machine *machine, uint16_t port,
                           unsigned size)
{
    note(machine, (struct replay_record){.kind = REPLAY_DEBUG_PORT,
                                         .number = {0, port, size}});
    return bus_read(machine->ports, port, size);
}

void machine_write_port(struct machine *machine, uint16_t port, uint32_t value,
                        unsigned size)
{
    note(machine, (struct replay_record){.kind = REPLAY_DEBUG_PORT,
                                         .number = {1, port, size, value}});
    bus_write(machine->ports, port, value, size);
}

const struct device *machine_device(const struct machine *machine, unsigned n)
{
    return n < machine->device_count ? machine->devices[n] : NULL;
}

/* A port access of a log, of any numbers. */
static bool apply_port(struct machine *machine, const uint64_t *number)
{
    unsigned size = (unsigned)number[2];

    if (number[1] > UINT16_MAX ||
        (number[2] != 1 && number[2] != 2 && number[2] != 4))
        return false;
    if (number[0])
        machine_write_port(machine, (uint16_t)number[1], (uint32_t)number[3],
                           size);
    else
        machine_read_port(machine, (uint16_t)number[1], size);
    return true;
}

static bool apply_memory(struct machine *machine,
                         const struct replay_record *record)
{
    uint64_t phys = record->number[0];

    if (record->size == 0 || phys >> MEM_PAGE_BITS >= MEM_PAGES ||
        (phys & MEM_PAGE_MASK) + record->size > MEM_PAGE_BYTES)
        return false;
    mem_write(machine->mem, phys, record->bytes, record->size);
    debug_forget_hits(machine->cpu);
    return true;
}

bool machine_apply_debug(struct machine *machine,
                         const struct replay_record *record)
{
    const uint64_t *number = record->number;

    switch (record->kind) {
    case REPLAY_DEBUG_REGISTER:
        return number[0] < DEBUG_REGS &&
               machine_set_register(machine, (enum debug_register)number[0],
                                    (uint32_t)number[1]);
    case REPLAY_DEBUG_ST:
        return record->size == 10 && number[0] < 8 &&
               machine_set_st(machine, (unsigned)number[0], record->bytes);
    case REPLAY_DEBUG_XMM:
        return record->size == 16 && number[0] < 8 &&
               machine_set_xmm(machine, (unsigned)number[0], record->bytes);
    case REPLAY_DEBUG_MEMORY: return apply_memory(machine, record);
    case REPLAY_DEBUG_PORT: return apply_port(machine, number);
    default: return false;
    }
}
