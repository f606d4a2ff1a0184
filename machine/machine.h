/* The whole PC: what a frontend, a test or a replay drives.
 *
 * Single-threaded: all calls come from one thread, never from inside another.
 * The machine moves only inside machine_run(). Everything that comes from
 * outside (keys, mouse, serial bytes, media, reset) enters by the calls below,
 * between two runs, at the exact count at which the last run ended; so the
 * same configuration with the same calls at the same counts gives the same
 * machine, bit by bit. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "core/display.h"
#include "core/host.h"
#include "core/jit_stats.h"
#include "core/keys.h"
#include "core/log.h"
#include "core/status.h"
#include "core/types.h"

#define MACHINE_FLOPPIES 2
#define MACHINE_DISKS    4 /* hda, hdb: first channel; hdc, hdd: second */
#define MACHINE_SERIALS  4
#define MACHINE_RATE     100000000u /* default guest instructions a second */

struct jit_skip;
struct recorder;
struct replayer;

enum machine_board {
    MACHINE_PC,
    MACHINE_ISAPC
};
enum machine_engine {
    MACHINE_JIT,
    MACHINE_INTERP,
    MACHINE_VERIFY /* both, compared: see machine/verify.h */
};

#define MACHINE_MODULES 32

/* A kernel to start in place of a medium: of Linux, or a multiboot one. All
 * pointers are borrowed until machine_create() returns. */
struct machine_kernel {
    const uint8_t *bytes;
    size_t size;
    const char *name;    /* first word of a multiboot kernel's command line */
    const char *options; /* NULL: none */
    struct machine_module {
        const uint8_t *bytes;
        size_t size;
        const char *options;    /* its command line, multiboot only */
    } modules[MACHINE_MODULES]; /* the initrd; Linux takes one */
    unsigned module_count;
};

enum machine_kernel_kind {
    MACHINE_KERNEL_NONE, /* neither */
    MACHINE_KERNEL_LINUX,
    MACHINE_KERNEL_MULTIBOOT
};

/* The network card. */
enum machine_nic_model {
    MACHINE_NIC_NONE, /* there is none */
    MACHINE_NIC_ISA,
    MACHINE_NIC_PCI, /* with MACHINE_PC */
};
#define MACHINE_NIC_BASE 0x300 /* an ISA card's usual ports */
#define MACHINE_NIC_IRQ  9     /* and interrupt */

struct machine_nic {
    enum machine_nic_model model;
    uint8_t address[6];
    unsigned base, irq;    /* of an ISA card; 0: the usual ones */
    struct host_net *host; /* borrowed; NULL: no cable in it */
};

struct machine_config {
    enum machine_board board;
    enum machine_engine engine; /* VERIFY: no recorder and no replayer; firmware
                                   and kernel outlive the machine */
    const struct jit_skip *skip; /* borrowed; NULL: the usual. See jit/jit.h */
    const char *cpu;             /* model name, e.g. "486"; copied */
    size_t ram_bytes;            /* machine_ram_ok() */
    uint64_t insns_per_sec;      /* virtual speed; 0 = MACHINE_RATE */
    int64_t start_time_sec; /* what the RTC shows at power-on: seconds since
                               1970-01-01 00:00 of the zone it shows */
    char boot_order[5];     /* of a, c, d, n; "" = "acd" */
    /* Media; borrowed, outlive the machine. NULL: empty drive, no disk. */
    struct host_block *floppy[MACHINE_FLOPPIES];
    struct host_block *disk[MACHINE_DISKS];
    bool cd[MACHINE_DISKS]; /* a CD drive stands there, with disk[i] in it */
    /* Firmware; borrowed. NULL: our own. bios: a multiple of 64 KiB, at most
     * 256 KiB; vgabios: at most 64 KiB. */
    const uint8_t *bios, *vgabios;
    size_t bios_bytes, vgabios_bytes;
    bool own_bios, own_vgabios; /* it is our own, of some build: a replay's */
    const struct machine_kernel *kernel; /* NULL: start from a medium */
    /* Where bytes go; borrowed. NULL: nothing plugged in. The first two
     * serial ports always exist, the others where something is plugged. */
    struct host_char *serial[MACHINE_SERIALS];
    struct host_char *parallel, *debugcon;
    struct machine_nic nic;
    struct host_audio *audio;       /* borrowed; NULL: no sound */
    struct host_code_map *code_map; /* borrowed; NULL: nobody asks */
    struct log *log;                /* borrowed; NULL: silence */
    bool exit_port;                 /* port F4 ends the run */
    /* At most one of these, borrowed; see machine/replay.h. */
    struct recorder *recorder;
    struct replayer *replayer;
};

/* Why machine_run() came back. */
enum machine_stop {
    MACHINE_TIME_UP,        /* `until_ns` reached; run on when you like */
    MACHINE_POWERED_OFF,    /* the guest switched off */
    MACHINE_EXIT_PORT,      /* port F4 was written: machine_exit_code() */
    MACHINE_DEBUG,          /* machine_debug_stop() says why; run on likewise */
    MACHINE_REPLAY_OVER,    /* see replayer_get_outcome() */
    MACHINE_VERIFY_DIFFERS, /* see machine_verify_report() */
};

struct machine;

/* Model names that `cpu` accepts, and board names; NULL ends each. */
const char *const *machine_cpu_names(void);
const char *const *machine_board_names(void); /* index: enum machine_board */

/* Ports and interrupts that an ISA network card can have. */
bool machine_nic_base_ok(unsigned base);
bool machine_nic_irq_ok(unsigned irq);

/* RAM sizes that the board takes: a multiple of 64 KiB from 256 KiB to 2 GiB.
 * An 8086 sees at most 640 KiB, a 286 at most 16 MiB of it. */
bool machine_ram_ok(size_t bytes);

/* The built-in disk, a raw floppy image that lives as long as the program; 0
 * bytes if this build has none. */
const uint8_t *machine_demo_disk(size_t *size_bytes);

/* What a file that shall be a kernel is, by its headers. */
enum machine_kernel_kind machine_kernel_kind(const uint8_t *bytes, size_t size);

/* Builds the board and resets it. On error *out is NULL and `message` (room
 * for `size` bytes) says what was wrong and the remedy.
 * Errors: BAD_ARGUMENT, NO_MEMORY, IO, BAD_FORMAT (the kernel). The caller
 * owns *out. */
enum status machine_create(const struct machine_config *config,
                           struct machine **out, char *message, size_t size);
void machine_destroy(struct machine *machine);

/* Runs until virtual time `until_ns` (or at most one instruction more). A
 * halted guest skips time without using the host's. */
enum machine_stop machine_run(struct machine *machine, uint64_t until_ns);

uint64_t machine_now_ns(const struct machine *machine);
uint64_t machine_insns(const struct machine *machine);
int machine_exit_code(const struct machine *machine); /* (value << 1) | 1 */

/* Virtual time that passed with the guest halted, since power-on. */
uint64_t machine_halted_ns(const struct machine *machine);

/* Share of [0, 1000] of virtual time that the guest was halted since the last
 * call: for idle detection and status lines. */
unsigned machine_idle_permille(struct machine *machine);

/* Input, at this instant. Returns false when the device cannot take it now
 * (its own buffer is full): offer it again after some virtual time. A machine
 * with a replayer takes and ignores all of it. */
bool machine_key(struct machine *machine, enum ps2_key key, bool down);
/* Lets go of all keys, as after a lost focus. */
void machine_release_keys(struct machine *machine);
/* dx right, dy down, wheel up, in mickeys; buttons: bit 0 left, 1 right,
 * 2 middle. */
bool machine_mouse(struct machine *machine, int dx, int dy, int wheel,
                   unsigned buttons);
bool machine_serial_in(struct machine *machine, unsigned port, uint8_t byte);
/* A frame from the network, as core/host.h has it; one of a length that
 * Ethernet does not know is lost. False: offer it again. */
bool machine_net_in(struct machine *machine, const uint8_t *frame,
                    size_t bytes);
void machine_reset(struct machine *machine);        /* the reset button */
void machine_power_button(struct machine *machine); /* ACPI button */

/* Changes a medium; `block` is borrowed, NULL ejects. drive: 0, 1.
 * The old medium is no longer used when the call returns. */
void machine_insert_floppy(struct machine *machine, unsigned drive,
                           struct host_block *block);

/* The same for CD drives: the one at `drive` of config.disk; without the
 * guest's consent, the door opens or closes. False: no CD drive is there. */
bool machine_insert_cd(struct machine *machine, unsigned drive,
                       struct host_block *block);

/* Changes the virtual speed from this instant on. */
void machine_set_rate(struct machine *machine, uint64_t insns_per_sec);

/* What the screen shows now. */
void machine_render(struct machine *machine, struct display_frame *frame);
/* Two equal numbers mean equal pictures; cheap enough to ask every time. */
uint64_t machine_display_serial(struct machine *machine);
void machine_text(struct machine *machine, struct display_text *text);
/* Guest RAM as it stands, without side effects; what is not RAM reads as FF. */
void machine_peek(const struct machine *machine, paddr addr, void *buffer,
                  size_t size);
/* Keyboard lights: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. */
unsigned machine_keyboard_leds(const struct machine *machine);

/* Over CPU, RAM, clock and every device's state table. */
uint64_t machine_state_hash(struct machine *machine);

struct machine_stats {
    uint64_t insns, blocks_decoded, blocks_run, invalidations, exceptions,
        interrupts, resets; /* of the whole board, after power-on */
};
void machine_get_stats(const struct machine *machine,
                       struct machine_stats *stats);
/* Of the translator; false: the machine has none. */
bool machine_get_jit_stats(const struct machine *machine,
                           struct jit_stats *stats);

#endif
