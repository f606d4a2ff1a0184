/* What comes from outside: keys, mouse, serial bytes, frames. */
#include "devices/ne2000.h"
#include "devices/piix4_pm.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/uart16550.h"
#include "machine/machine.h"
#include "machine/machine_int.h"

/* The keyboard's buffer takes 16 bytes; a key sends at most 8. */
#define KEYBOARD_ROOM 8

bool machine_key(struct machine *machine, enum ps2_key key, bool down)
{
    if (key >= PS2_KEY_COUNT)
        return true;
    if (ps2_keyboard_pending(machine->keyboard) > KEYBOARD_ROOM)
        return false;
    ps2_keyboard_key(machine->keyboard, key, down);
    return true;
}

void machine_release_keys(struct machine *machine)
{
    ps2_keyboard_release_all(machine->keyboard);
}

bool machine_mouse(struct machine *machine, int dx, int dy, int wheel,
                   unsigned buttons)
{
    static const enum ps2_mouse_button button[] = {
        PS2_MOUSE_LEFT, PS2_MOUSE_RIGHT, PS2_MOUSE_MIDDLE};

    ps2_mouse_move(machine->mouse, dx, dy, -wheel);
    for (unsigned i = 0; i < ARRAY_LEN(button); i++)
        ps2_mouse_button(machine->mouse, button[i], buttons >> i & 1);
    return true;
}

bool machine_serial_in(struct machine *machine, unsigned port, uint8_t byte)
{
    if (port >= MACHINE_SERIALS || !machine->uart[port])
        return false;
    return uart16550_receive(machine->uart[port], byte);
}

bool machine_net_in(struct machine *machine, const uint8_t *frame, size_t bytes)
{
    return !machine->nic || ne2000_receive(machine->nic, frame, bytes);
}

void machine_power_button(struct machine *machine)
{
    if (machine->pm)
        piix4_pm_press_power(machine->pm);
}

unsigned machine_keyboard_leds(const struct machine *machine)
{
    return ps2_keyboard_leds(machine->keyboard);
}
