/* What can be looked at from outside without touching anything. */
#include <string.h>

#include "bios/bios.h"
#include "machine/machine.h"
#include "machine/machine_int.h"

#define HOLE_FIRST 0xa0000u /* video memory, option ROMs, BIOS */
#define HOLE_END   0x100000u

void machine_peek(const struct machine *machine, paddr addr, void *buffer,
                  size_t size)
{
    const struct mem *mem = machine->mem;
    uint8_t *out = buffer;

    for (; size > 0; size--, addr++, out++) {
        bool is_ram =
            addr < mem->ram_bytes && (addr < HOLE_FIRST || addr >= HOLE_END);

        *out = is_ram ? mem->ram[addr] : 0xff;
    }
}

const uint8_t *machine_demo_disk(size_t *size_bytes)
{
    return bios_demo_disk(size_bytes);
}
