/* PS/2 mouse, with Microsoft's wheel and five-button extensions.
 *
 * Source:   IBM PS/2 Hardware Interface Technical Reference, "Mouse";
 *           Microsoft, "Plug and Play for PS/2 mice" (wheel identification).
 * Modelled: stream, remote and wrap mode, scaling, sample rate, resolution,
 *           status, all commands, identifiers 0, 3 and 4.
 * Missing:  serial-frame errors. Movement comes in counts, whatever the
 *           resolution is set to; what does not fit in a packet goes into the
 *           next, so overflow bits stay clear. The self-test takes 20 ms. */
#ifndef DEVICES_PS2_MOUSE_H
#define DEVICES_PS2_MOUSE_H

#include "core/clock.h"
#include "core/device.h"
#include "devices/ps2.h"

struct ps2_mouse_config {
    const char *name;    /* instance name; borrowed */
    struct clock *clock; /* borrowed */
};

enum ps2_mouse_button {
    PS2_MOUSE_LEFT,
    PS2_MOUSE_RIGHT,
    PS2_MOUSE_MIDDLE,
    PS2_MOUSE_SIDE,  /* button 4 */
    PS2_MOUSE_EXTRA, /* button 5 */
};

/* Errors: NO_MEMORY. The caller owns *out. */
enum status ps2_mouse_create(const struct ps2_mouse_config *config,
                             struct device **out);

/* What goes into i8042_config.mouse. */
struct ps2_plug ps2_mouse_plug(struct device *dev);

/* Movement in counts: right, down (as screens count), wheel towards the user
 * are positive. The mouse turns y round, as its packets count upwards. */
void ps2_mouse_move(struct device *dev, int right, int down, int wheel);

void ps2_mouse_button(struct device *dev, enum ps2_mouse_button button,
                      bool down);

/* Whether the guest listens: stream mode and reporting enabled. */
bool ps2_mouse_enabled(const struct device *dev);

#endif
