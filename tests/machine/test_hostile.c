/* Guests that mean harm: boot sectors of random bytes, and random accesses to
 * every port of the whole board. Nothing may crash, hang or trip a sanitizer.
 * HOSTILE_SECTORS and HOSTILE_PORTS in the environment make the runs longer. */
#include <stdlib.h>
#include <string.h>

#include "devices/mc146818.h"
#include "machine/machine.h"
#include "machine/machine_int.h"
#include "tests/suite.h"

#define SECTOR       512
#define BOOT_ADDRESS 0x7c00
#define DISK_BYTES   (1440 * 1024)
#define LOW_MEMORY   0x100000
#define SLICE_NS     1000000 /* of guest time a sector */
#define SECTORS      120
#define PORT_ROUNDS  200000

#define CMOS_SHUTDOWN  0x0f
#define SHUTDOWN_JUMP  0x0a /* go on at 40:67 without POST */
#define RESUME_POINTER 0x467

static uint32_t seed;

static uint32_t next(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed ^ seed >> 15;
}

static unsigned long from_environment(const char *name, unsigned long usual)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 10) : usual;
}

/* A floppy in memory. */
struct disk {
    struct host_block block;
    uint8_t bytes[DISK_BYTES];
};

static enum status disk_read(struct host_block *self, uint64_t offset,
                             void *buffer, size_t size)
{
    struct disk *d = CONTAINER_OF(self, struct disk, block);

    ck_assert(offset <= DISK_BYTES && size <= DISK_BYTES - offset);
    memcpy(buffer, d->bytes + offset, size);
    return STATUS_OK;
}

static enum status disk_write(struct host_block *self, uint64_t offset,
                              const void *buffer, size_t size)
{
    struct disk *d = CONTAINER_OF(self, struct disk, block);

    ck_assert(offset <= DISK_BYTES && size <= DISK_BYTES - offset);
    memcpy(d->bytes + offset, buffer, size);
    return STATUS_OK;
}

static enum status disk_flush(struct host_block *self)
{
    (void)self;
    return STATUS_OK;
}

static void disk_destroy(struct host_block *self)
{
    free(CONTAINER_OF(self, struct disk, block));
}

static const struct host_block_ops disk_ops = {disk_read, disk_write,
                                               disk_flush, disk_destroy};

static struct disk *make_disk(void)
{
    static const uint8_t boot[] = {0xeb, 0xfe}; /* jmp $ */
    struct disk *d = calloc(1, sizeof(*d));

    ck_assert_ptr_nonnull(d);
    d->block = (struct host_block){.ops = &disk_ops, .size_bytes = DISK_BYTES};
    memcpy(d->bytes, boot, sizeof(boot));
    d->bytes[510] = 0x55;
    d->bytes[511] = 0xaa;
    return d;
}

static struct machine *make_machine(enum machine_board board, const char *cpu,
                                    struct disk *floppy, struct disk *hard)
{
    struct machine_config config = {
        .board = board,
        .engine = MACHINE_INTERP,
        .cpu = cpu,
        .ram_bytes = MIB(4),
        .boot_order = "a",
        .floppy = {&floppy->block},
        .disk = {hard ? &hard->block : NULL},
        .nic = {.model =
                    board == MACHINE_PC ? MACHINE_NIC_PCI : MACHINE_NIC_ISA,
                .address = {2}},
        .exit_port = false,
    };
    struct machine *m;
    char message[256];

    ck_assert_msg(machine_create(&config, &m, message, sizeof(message)) ==
                      STATUS_OK,
                  "%s", message);
    return m;
}

/* Runs the firmware until it has loaded the floppy's sector. */
static void boot(struct machine *m)
{
    for (unsigned ms = 10; ms <= 10000; ms += 10) {
        machine_run(m, ms * UINT64_C(1000000));
        if (m->mem->ram[BOOT_ADDRESS] == 0xeb &&
            m->mem->ram[BOOT_ADDRESS + 510] == 0x55)
            return;
    }
    ck_abort_msg("the firmware did not load the boot sector");
}

/* Plausible beginnings, so that more than the first bytes get run. */
static size_t plausible(uint8_t *at)
{
    static const uint8_t forms[][6] = {
        {0xcd},                                           /* int n */
        {0xe4},       {0xe5},       {0xe6},       {0xe7}, /* in, out n */
        {0xec},       {0xed},       {0xee},       {0xef}, /* in, out dx */
        {0xba},                                           /* mov dx, nn */
        {0xb8},       {0xbb},       {0xb9},       {0xbd},       {0xbe}, {0xbf},
        {0x8e},                     /* mov sreg */
        {0x0f, 0x01},               /* lgdt and friends */
        {0x0f, 0x20}, {0x0f, 0x22}, /* mov cr */
        {0x0f, 0x00},               /* lldt, ltr */
        {0xf3, 0xa4}, {0xf3, 0xab}, {0xf3, 0x6e}, {0xf3, 0x6c}, {0x66}, {0x67},
        {0xfb},       {0xfa},       {0x9d},       {0xcf},       {0xea}, {0x9a},
        {0xc5},       {0xc4},       {0x17},       {0x1f},       {0x07},
    };
    size_t n = next() % ARRAY_LEN(forms), size = 0;

    while (size < 6 && forms[n][size]) {
        at[size] = forms[n][size];
        size++;
    }
    return size;
}

static void random_sector(uint8_t sector[SECTOR])
{
    size_t at = 0;
    bool pure = next() % 3 == 0;

    for (size_t i = 0; i < SECTOR; i++)
        sector[i] = (uint8_t)(next() >> 8);
    while (!pure && at < SECTOR - 16)
        at += plausible(sector + at) + next() % 4;
}

/* Starts the sector as the firmware would, by a reset with shutdown code. */
static void start_sector(struct machine *m, const uint8_t *low,
                         const uint8_t *sector)
{
    static const uint8_t resume[4] = {0x00, 0x7c, 0x00, 0x00};

    m->power_off = false;
    machine_reset(m);
    mem_set_a20(m->mem, true);
    mem_write(m->mem, 0, low, 0xa0000);
    mem_write(m->mem, BOOT_ADDRESS, sector, SECTOR);
    mem_write(m->mem, RESUME_POINTER, resume, sizeof(resume));
    machine_run(m, machine_now_ns(m) + 1);
    mc146818_poke(m->rtc, CMOS_SHUTDOWN, SHUTDOWN_JUMP);
    machine_pull_reset(m, false);
}

static void run_sectors(enum machine_board board, const char *cpu,
                        unsigned long count)
{
    struct disk *floppy = make_disk(), *hard = make_disk();
    struct machine *m = make_machine(board, cpu, floppy, hard);
    uint8_t *low = malloc(LOW_MEMORY), sector[SECTOR];

    ck_assert_ptr_nonnull(low);
    boot(m);
    memcpy(low, m->mem->ram, LOW_MEMORY);
    while (count--) {
        random_sector(sector);
        start_sector(m, low, sector);
        machine_run(m, machine_now_ns(m) + SLICE_NS);
    }
    machine_state_hash(m);
    machine_destroy(m);
    disk_destroy(&floppy->block);
    disk_destroy(&hard->block);
    free(low);
}

static const struct {
    enum machine_board board;
    const char *cpu;
} machines[] = {
    {MACHINE_PC, "486"},
    {MACHINE_PC, "386"},
    {MACHINE_ISAPC, "286"},
    {MACHINE_ISAPC, "8086"},
};

START_TEST(random_boot_sectors)
{
    seed = 0x5eed + (uint32_t)_i;
    run_sectors(machines[_i].board, machines[_i].cpu,
                from_environment("HOSTILE_SECTORS", SECTORS) /
                    ARRAY_LEN(machines));
}
END_TEST

/* Ports where something may answer, and some where nothing does. */
static uint32_t random_port(void)
{
    static const uint16_t bases[] = {
        0x000, 0x020, 0x040, 0x060, 0x070,  0x080,  0x090,  0x0a0, 0x0b2,
        0x0c0, 0x0d0, 0x0e8, 0x170, 0x1ce,  0x1f0,  0x278,  0x2e8, 0x2f8,
        0x300, 0x310, 0x370, 0x378, 0x3b0,  0x3c0,  0x3d0,  0x3e8, 0x3f0,
        0x3f8, 0x4d0, 0x510, 0xcf8, 0xb000, 0xc000, 0xc020, 0xc030};

    if (next() % 16 == 0)
        return next() & 0xffff;
    return bases[next() % ARRAY_LEN(bases)] + next() % 16u;
}

/* Anything may be on the wire. */
static void random_frame(struct machine *m)
{
    uint8_t frame[2048];

    for (size_t i = 0; i < sizeof(frame); i++)
        frame[i] = (uint8_t)(next() >> 8);
    if (next() & 1)
        memset(frame, 0xff, 6);
    machine_net_in(m, frame, next() % sizeof(frame));
}

START_TEST(random_port_accesses)
{
    struct disk *floppy = make_disk(), *hard = make_disk();
    struct machine *m =
        make_machine(machines[_i].board, machines[_i].cpu, floppy, hard);
    unsigned long rounds = from_environment("HOSTILE_PORTS", PORT_ROUNDS);

    seed = 0xb0b + (uint32_t)_i;
    boot(m);
    while (rounds--) {
        unsigned size = 1u << next() % 3;
        uint32_t port = random_port();

        if (next() & 1)
            bus_write(m->ports, port, next(), size);
        else
            bus_read(m->ports, port, size);
        if (next() % 256 == 0) {
            m->power_off = false;
            m->reset_cpu = m->reset_all = false;
            machine_run(m, machine_now_ns(m) + next() % 20000);
        }
        if (next() % 1024 == 0)
            random_frame(m);
    }
    machine_state_hash(m);
    machine_destroy(m);
    disk_destroy(&floppy->block);
    disk_destroy(&hard->block);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/hostile");
    TCase *tcase = tcase_create("guests");

    tcase_set_timeout(tcase, 3600);
    tcase_add_loop_test(tcase, random_boot_sectors, 0,
                        (int)ARRAY_LEN(machines));
    tcase_add_loop_test(tcase, random_port_accesses, 0,
                        (int)ARRAY_LEN(machines));
    suite_add_tcase(suite, tcase);
    return suite;
}
