/* What comes from outside: all of it takes one way, as a record of a log, so
 * that a log has all of it. */
#include <assert.h>

#include "devices/ata.h"
#include "devices/fdc82077.h"
#include "devices/ne2000.h"
#include "devices/piix4_pm.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/uart16550.h"
#include "machine/machine.h"
#include "machine/verify_int.h"

/* The keyboard's buffer takes 16 bytes; a key sends at most 8. */
#define KEYBOARD_ROOM 8

/* Doing it. Everything is checked: a record may come from a file. */

static bool apply_key(struct machine *m, uint64_t code, bool down)
{
    for (unsigned key = 0; key < PS2_KEY_COUNT; key++) {
        if (keys_codes((enum ps2_key)key)->set1 != code)
            continue;
        if (ps2_keyboard_pending(m->keyboard) > KEYBOARD_ROOM)
            return false;
        ps2_keyboard_key(m->keyboard, (enum ps2_key)key, down);
        return true;
    }
    return false;
}

static int clip(uint64_t number)
{
    int64_t value = replay_to_signed(number);

    if (value < INT16_MIN || value > INT16_MAX)
        return value < 0 ? INT16_MIN : INT16_MAX;
    return (int)value;
}

static bool apply_mouse(struct machine *m, const uint64_t *number)
{
    static const enum ps2_mouse_button button[] = {
        PS2_MOUSE_LEFT, PS2_MOUSE_RIGHT, PS2_MOUSE_MIDDLE};

    ps2_mouse_move(m->mouse, clip(number[0]), clip(number[1]),
                   -clip(number[2]));
    for (unsigned i = 0; i < ARRAY_LEN(button); i++)
        ps2_mouse_button(m->mouse, button[i], number[3] >> i & 1);
    return true;
}

static bool apply_serial(struct machine *m, uint64_t port, uint64_t byte)
{
    if (port >= MACHINE_SERIALS || !m->uart[port])
        return false;
    return uart16550_receive(m->uart[port], (uint8_t)byte);
}

void machine_put_floppy(struct machine *machine, unsigned drive,
                        struct host_block *block)
{
    if (!block)
        fdc82077_eject(machine->fdc, drive);
    else if (fdc82077_insert(machine->fdc, drive, block, NULL) != STATUS_OK)
        log_put(machine->config.log, LOG_WARN, "floppy",
                "drive %c: the image has no diskette's size; the drive is "
                "empty now",
                'A' + (int)drive);
}

static bool apply_medium(struct machine *m, uint64_t place,
                         struct host_block *block)
{
    if (place < MACHINE_FLOPPIES) {
        machine_put_floppy(m, (unsigned)place, block);
        return true;
    }
    place -= MACHINE_FLOPPIES;
    return place < MACHINE_DISKS && m->config.cd[place] &&
           ata_insert_cd(m->ata[place / 2], place % 2, block);
}

static bool apply_rate(struct machine *m, uint64_t rate)
{
    if (rate < CLOCK_RATE_MIN || rate > CLOCK_RATE_MAX)
        return false;
    clock_set_rate(m->clock, rate);
    return true;
}

bool machine_apply(struct machine *machine, const struct replay_record *record,
                   struct host_block *block)
{
    struct machine *m = machine;
    const uint64_t *number = record->number;

    switch (record->kind) {
    case REPLAY_KEY: return apply_key(m, number[0], number[1] != 0);
    case REPLAY_RELEASE_KEYS: ps2_keyboard_release_all(m->keyboard); break;
    case REPLAY_MOUSE: return apply_mouse(m, number);
    case REPLAY_SERIAL: return apply_serial(m, number[0], number[1]);
    case REPLAY_RESET: machine_pull_reset(m, true); break;
    case REPLAY_POWER_BUTTON:
        if (m->pm)
            piix4_pm_press_power(m->pm);
        break;
    case REPLAY_MEDIUM: return apply_medium(m, number[0], block);
    case REPLAY_FRAME:
        return !m->nic || ne2000_receive(m->nic, record->bytes, record->size);
    case REPLAY_RATE: return apply_rate(m, number[0]);
    default: return machine_apply_debug(m, record);
    }
    return true;
}

/* Asking for it. */

static bool take(struct machine *m, struct replay_record *record,
                 struct host_block *block)
{
    struct host_block *base = block;
    bool taken;

    if (m->config.replayer)
        return true;
    if (m->verify && record->kind == REPLAY_MEDIUM)
        block = verify_insert(m->verify, (unsigned)record->number[0], base);
    taken = machine_apply(m, record, block);
    if (m->verify)
        verify_apply(m->verify, record, base, taken);
    if (!taken)
        return false;
    if (m->config.recorder)
        recorder_put(m->config.recorder, record);
    return true;
}

static bool take_plain(struct machine *m, enum replay_kind kind, uint64_t a,
                       uint64_t b)
{
    struct replay_record record = {.kind = kind, .number = {a, b}};

    return take(m, &record, NULL);
}

bool machine_key(struct machine *machine, enum ps2_key key, bool down)
{
    return key >= PS2_KEY_COUNT ||
           take_plain(machine, REPLAY_KEY, keys_codes(key)->set1, down);
}

void machine_release_keys(struct machine *machine)
{
    take_plain(machine, REPLAY_RELEASE_KEYS, 0, 0);
}

bool machine_mouse(struct machine *machine, int dx, int dy, int wheel,
                   unsigned buttons)
{
    struct replay_record record = {
        .kind = REPLAY_MOUSE,
        .number = {replay_from_signed(dx), replay_from_signed(dy),
                   replay_from_signed(wheel), buttons},
    };

    return take(machine, &record, NULL);
}

bool machine_serial_in(struct machine *machine, unsigned port, uint8_t byte)
{
    return take_plain(machine, REPLAY_SERIAL, port, byte);
}

void machine_reset(struct machine *machine)
{
    take_plain(machine, REPLAY_RESET, 0, 0);
}

bool machine_net_in(struct machine *machine, const uint8_t *frame, size_t bytes)
{
    struct replay_record record = {
        .kind = REPLAY_FRAME, .bytes = frame, .size = bytes};

    return bytes > UINT16_MAX || take(machine, &record, NULL);
}

void machine_power_button(struct machine *machine)
{
    take_plain(machine, REPLAY_POWER_BUTTON, 0, 0);
}

static bool insert(struct machine *m, unsigned place, struct host_block *block)
{
    struct replay_record record = {.kind = REPLAY_MEDIUM, .number = {place}};

    if (m->config.recorder)
        block = recorder_insert(m->config.recorder, place, block, &record);
    return take(m, &record, block);
}

void machine_insert_floppy(struct machine *machine, unsigned drive,
                           struct host_block *block)
{
    if (drive < MACHINE_FLOPPIES)
        insert(machine, drive, block);
}

bool machine_insert_cd(struct machine *machine, unsigned drive,
                       struct host_block *block)
{
    return drive < MACHINE_DISKS && machine->config.cd[drive] &&
           insert(machine, MACHINE_FLOPPIES + drive, block);
}

void machine_set_rate(struct machine *machine, uint64_t insns_per_sec)
{
    assert(insns_per_sec >= CLOCK_RATE_MIN && insns_per_sec <= CLOCK_RATE_MAX);
    take_plain(machine, REPLAY_RATE, insns_per_sec, 0);
}

unsigned machine_keyboard_leds(const struct machine *machine)
{
    return ps2_keyboard_leds(machine->keyboard);
}
