/* How a key of the enhanced keyboard becomes bytes: no state but the arguments.
 */
#ifndef DEVICES_PS2_KEYBOARD_INT_H
#define DEVICES_PS2_KEYBOARD_INT_H

#include "core/keys.h"

/* What stands around the code of a key that is down, so that its break undoes
 * what its make did. */
enum {
    KEY_WRAP_LEFT = 1 << 0,  /* left Shift was taken back */
    KEY_WRAP_RIGHT = 1 << 1, /* right Shift was taken back */
    KEY_WRAP_SHIFT = 1 << 2, /* a Shift was added */
    KEY_WRAP_SYSRQ = 1 << 3, /* PrtSc went as SysRq */
};

/* Which of these keys are down. */
enum {
    KEY_HELD_LEFT = 1 << 0,  /* Shift, same bits as KEY_WRAP_* */
    KEY_HELD_RIGHT = 1 << 1, /* Shift */
    KEY_HELD_CTRL = 1 << 2,
    KEY_HELD_ALT = 1 << 3,
    KEY_HELD_NUM = 1 << 4, /* the Num Lock lamp is lit */
};

/* Types of keys in set 3. */
enum {
    KEY_TYPE_MAKE = 0,
    KEY_TYPE_REPEAT = 1 << 0,
    KEY_TYPE_BREAK = 1 << 1,
};

#define KEY_BYTES_MAX 8

struct key_bytes {
    uint8_t bytes[KEY_BYTES_MAX];
    unsigned count;
};

/* What a make needs around its code, in sets 1 and 2. */
uint8_t key_wrap(enum ps2_key key, unsigned held);

/* The bytes of a make or break in scan set 1, 2 or 3. `held` as it is now. */
struct key_bytes key_make(unsigned set, enum ps2_key key, uint8_t wrap,
                          unsigned held);
struct key_bytes key_break(unsigned set, enum ps2_key key, uint8_t wrap,
                           unsigned held);

/* The code alone, as a held key repeats it. */
struct key_bytes key_repeat(unsigned set, enum ps2_key key, uint8_t wrap);

/* Power-on type of a key in set 3. */
uint8_t key_default_type(enum ps2_key key);

#endif
