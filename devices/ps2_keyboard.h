/* IBM enhanced keyboard (101 to 105 keys and more) for a PS/2 port.
 *
 * Source:   IBM PS/2 Hardware Interface Technical Reference, "Keyboard
 *           (101/102-key)"; Microsoft Keyboard Scan Code Specification 1.3a.
 * Modelled: scan sets 1, 2, 3 with Pause, PrtSc, SysRq, Ctrl-Break and the
 *           shift codes around navigation keys; all commands; typematic rate
 *           and delay; key types of set 3; the 16-byte buffer with overrun.
 * Missing:  serial-frame errors. The self-test takes 20 ms, not 500. */
#ifndef DEVICES_PS2_KEYBOARD_H
#define DEVICES_PS2_KEYBOARD_H

#include "core/clock.h"
#include "core/device.h"
#include "core/keys.h"
#include "devices/ps2.h"

struct ps2_keyboard_config {
    const char *name;    /* instance name; borrowed */
    struct clock *clock; /* borrowed */
};

enum {
    PS2_LED_SCROLL = 1 << 0,
    PS2_LED_NUM = 1 << 1,
    PS2_LED_CAPS = 1 << 2,
};

/* Errors: NO_MEMORY. The caller owns *out. */
enum status ps2_keyboard_create(const struct ps2_keyboard_config *config,
                                struct device **out);

/* What goes into i8042_config.keyboard. */
struct ps2_plug ps2_keyboard_plug(struct device *dev);

/* A key went down or came up. The host's own repeat must not be passed on: a
 * key that is down already changes nothing, the keyboard repeats by itself. */
void ps2_keyboard_key(struct device *dev, enum ps2_key key, bool down);

/* Lets go of all keys that are down, as after a lost focus. */
void ps2_keyboard_release_all(struct device *dev);

/* Lit lamps: PS2_LED_*. */
unsigned ps2_keyboard_leds(const struct device *dev);

/* Bytes that wait in the keyboard's buffer; a program that types for the user
 * waits until this is small. */
unsigned ps2_keyboard_pending(const struct device *dev);

#endif
