/* What the screen shows, out of the display adapter. */
#include "devices/vga.h"
#include "machine/machine.h"
#include "machine/machine_int.h"

void machine_render(struct machine *machine, struct display_frame *frame)
{
    vga_render(machine->vga, frame);
}

uint64_t machine_display_serial(struct machine *machine)
{
    return vga_serial(machine->vga);
}

void machine_text(struct machine *machine, struct display_text *text)
{
    vga_text(machine->vga, NULL, 0, text);
}
