#include "tests/devices/ata_rig.h"
#include "tests/state_copy.h"

/* ---- channel ---- */

START_TEST(reset_and_diagnostics)
{
    address(LBA_MASTER, 5, 9);
    out(CONTROL, 0x04);
    ck_assert_uint_eq(in(STATUS), 0x80);
    out(COUNT, 0x33);
    run_ns(10 * MS);
    ck_assert_uint_eq(in(STATUS), 0x80);
    out(CONTROL, 0x00);
    ck_assert_uint_eq(in(STATUS), 0x80);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(in(ERROR), 0x01);
    ck_assert_uint_eq(in(COUNT), 1);
    ck_assert_uint_eq(in(LOW), 1);
    ck_assert_uint_eq(in(MID), 0);
    ck_assert_uint_eq(in(HIGH), 0);
    ck_assert_uint_eq(in(DEVICE), 0xa0);
    ck_assert(!irq_level);
    out(DEVICE, CHS_MASTER | SLAVE);
    out(COMMAND, 0x90); /* to a missing device too */
    ck_assert_uint_eq(in(STATUS), 0x80);
    wait_ready();
    ck_assert(irq_level);
    ck_assert_uint_eq(in(DEVICE), 0xa0);
    expect_end(0x50, 0x01);
    /* a reset in the middle of a transfer */
    address(LBA_MASTER, 5, 9);
    command(0x20);
    bus_read(ports, DATA, 2);
    out(CONTROL, 0x04);
    ck_assert(!irq_level);
    out(CONTROL, 0x00);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(bus_read(ports, DATA, 2), 0xffff);
}
END_TEST

START_TEST(interrupt_line)
{
    out(CONTROL, 0x02);
    command(0x10);
    ck_assert(!irq_level);
    out(CONTROL, 0x00); /* pending all the while */
    ck_assert(irq_level);
    ck_assert_uint_eq(in(CONTROL), 0x50);
    ck_assert(irq_level);
    out(DEVICE, CHS_MASTER | SLAVE);
    ck_assert(!irq_level);
    out(DEVICE, CHS_MASTER);
    ck_assert(irq_level);
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert(!irq_level);
    command(0x10);
    ck_assert(irq_level);
    out(COMMAND, 0x10); /* a new command clears it */
    ck_assert(!irq_level);
    wait_ready();
}
END_TEST

START_TEST(busy_hears_nothing)
{
    out(COUNT, 0x11);
    out(COMMAND, 0x10);
    out(COUNT, 0x22);
    out(COMMAND, 0xec);
    out(DEVICE, CHS_MASTER | SLAVE);
    wait_ready();
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(in(COUNT), 0x11);
    address(LBA_MASTER, 0, 1);
    command(0x20);
    out(COMMAND, 0xec); /* nor a command while data waits */
    ck_assert_uint_eq(in(CONTROL), 0x58);
}
END_TEST

START_TEST(missing_slave_is_answered_for)
{
    out(DEVICE, CHS_MASTER | SLAVE);
    ck_assert_uint_eq(in(STATUS), 0);
    ck_assert_uint_eq(in(CONTROL), 0);
    out(COUNT, 0x55);
    ck_assert_uint_eq(in(COUNT), 0x55);
    out(COMMAND, 0xec);
    run_ns(1000 * MS);
    ck_assert_uint_eq(in(STATUS), 0);
    ck_assert(!irq_level);
    ck_assert_uint_eq(bus_read(ports, DATA, 2), 0xffff);
}
END_TEST

START_TEST(two_disks)
{
    uint8_t data[512];

    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), SECTORS);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER | SLAVE), 60), 100);
    ck_assert_mem_eq(identify(LBA_MASTER | SLAVE) + 20, "BA C    ", 8);
    address(LBA_MASTER | SLAVE, 42, 1);
    command(0x20);
    take_block(data, 512);
    ck_assert_mem_eq(data, second.data + 42 * 512, 512);
    out(COMMAND, 0x90);
    wait_ready();
    expect_end(0x50, 0x01);
    out(DEVICE, CHS_MASTER | SLAVE);
    ck_assert_uint_eq(in(ERROR), 0x01);
}
END_TEST

START_TEST(empty_channel_floats)
{
    create(NULL, NULL);
    for (unsigned port = BASE + 1; port < BASE + 8; port++) {
        out(port, 0x55);
        ck_assert_uint_eq(in(port), 0x7f);
    }
    ck_assert_uint_eq(in(CONTROL), 0x7f);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    out(COMMAND, 0x90);
    run_ns(1000 * MS);
    ck_assert(!irq_level);
    destroy();
    /* a slave alone: nobody answers for the master */
    fake_block_init(&second, 51200);
    create(NULL, &second.block);
    ck_assert_uint_eq(in(STATUS), 0x7f);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER | SLAVE), 60), 100);
    destroy();
    fake_block_deinit(&second);
}
END_TEST

START_TEST(creation_refuses)
{
    struct ata_config config = {
        .name = "ata0", .base = BASE, .control = CONTROL};
    static const struct bus_ops none = {NULL, NULL, 1};
    struct device *out_device;

    ck_assert_int_eq(bus_create(&ports), STATUS_OK);
    ck_assert_int_eq(clock_create(&timer, 100000000), STATUS_OK);
    fake_block_init(&disk, 51200);
    config.ports = ports;
    config.clock = timer;
    config.units[0].medium = &disk.block;
    disk.block.size_bytes = 511;
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_BAD_ARGUMENT);
    disk.block.size_bytes = 51200;
    disk.fail_at = 1;
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_IO);
    config.units[0].geometry = (struct ata_geometry){10, 17, 63};
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_BAD_ARGUMENT);
    config.units[0].geometry = (struct ata_geometry){10, 16, 63};
    ck_assert_int_eq(bus_map(ports, CONTROL, 1, &none, &disk), STATUS_OK);
    ck_assert_int_eq(ata_create(&config, &out_device), STATUS_OVERLAP);
    ck_assert_ptr_null(out_device);
    ck_assert_int_eq(bus_map(ports, BASE, 8, &none, &disk), STATUS_OK);
    bus_destroy(ports);
    clock_destroy(timer);
    fake_block_deinit(&disk);
}
END_TEST

/* ---- the whole ---- */

static uint64_t run_script(uint64_t rate_hz)
{
    uint64_t hash;

    setup();
    clock_set_rate(timer, rate_hz);
    identify(LBA_MASTER);
    address(LBA_MASTER, 77, 2);
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    wait_ready();
    hash = state_hash(STATE_HASH_INIT, ata, ata->class->state);
    teardown();
    return hash;
}

START_TEST(runs_repeat)
{
    ck_assert_uint_eq(run_script(100000000), run_script(100000000));
    ck_assert_uint_eq(run_script(100000000), run_script(1000000000));
}
END_TEST

static uint64_t finish_script(void)
{
    uint64_t hash = STATE_HASH_INIT;

    for (unsigned i = 0; i < 3; i++) {
        uint8_t data[512];

        wait_ready();
        take_block(data, 512);
        hash = state_hash_bytes(hash, data, 512);
    }
    hash = state_hash_bytes(hash, &(uint64_t){clock_now_ns(timer)}, 8);
    return state_hash(hash, ata, ata->class->state);
}

/* A state that is loaded at any time goes on as it did. */
START_TEST(snapshot_goes_on)
{
    const struct state_field *table = ata->class->state;
    uint8_t *saved = malloc(state_copy_bytes(table));

    for (unsigned i = 0; i < 30; i++) {
        struct clock then;
        uint64_t end;

        address(LBA_MASTER, 60, 3);
        out(COMMAND, 0x20);
        run_ns(i * 1000);
        then = *timer;
        state_copy(ata, saved, false, table);
        end = finish_script();
        *timer = then;
        clock_clear(timer);
        state_copy(ata, saved, true, table);
        ata->class->loaded(ata);
        ck_assert_uint_eq(finish_script(), end);
    }
    free(saved);
}
END_TEST

/* A state made up by somebody: any bytes load and run without harm. */
START_TEST(hostile_states)
{
    const struct state_field *table = ata->class->state;
    size_t bytes = state_copy_bytes(table);
    uint8_t *state = malloc(bytes);
    struct clock then = *timer;
    uint32_t seed = 777;

    for (unsigned n = 0; n < 3000; n++) {
        state_copy(ata, state, false, table);
        for (unsigned k = 0; k < 3000; k++) {
            seed = seed * 1664525u + 1013904223u;
            state[seed % bytes] = (uint8_t)(seed >> 24 & (n % 2 ? 0xff : 1));
        }
        *timer = then;
        clock_clear(timer);
        state_copy(ata, state, true, table);
        ata->class->loaded(ata);
        for (unsigned k = 0; k < 50; k++) {
            bus_write(ports, BASE + (k & 7), k * 37, 1u << k % 3);
            bus_read(ports, BASE + (k & 7), 1u << k % 3);
            if (clock_next_ns(timer) < UINT64_C(1) << 50)
                clock_skip_to(timer, clock_next_ns(timer));
            clock_fire(timer);
        }
    }
    free(state);
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void random_access(uint32_t *seed)
{
    static const uint8_t likely[] = {0x20, 0x30, 0xc4, 0xc5, 0xc6, 0x22, 0x32,
                                     0x24, 0x34, 0x40, 0x91, 0xec, 0xef, 0xf8,
                                     0xf9, 0x29, 0x39, 0xe4, 0xe8, 0x90};
    uint32_t r = next_random(seed);
    unsigned size = 1u << (r >> 30) % 3;
    uint8_t byte = (uint8_t)(r >> 20);

    switch (r % 16) {
    case 0: bus_write(ports, BASE + (r >> 8 & 7), r, size); break;
    case 1: bus_read(ports, BASE + (r >> 8 & 7), size); break;
    case 2: out(COMMAND, likely[byte % sizeof(likely)]); break;
    case 3:
        if (!byte)
            out(CONTROL, r >> 8);
        break;
    case 4: out(COUNT, byte & 0x1f); break;
    case 5: out(HIGH, 0); break;
    case 6: out(DEVICE, byte); break;
    case 7: disk.fail_at = byte < 16 ? 1 : 0; break;
    case 8: run_ns(r >> 12); break;
    case 9:
        for (unsigned i = 0; i < 256; i++)
            bus_read(ports, DATA, 2);
        break;
    case 10:
        for (unsigned i = 0; i < 128; i++)
            bus_write(ports, DATA, r + i, 4);
        break;
    case 11: out(MID, byte & 0x1f); break;
    default: run_ns(30000); break;
    }
}

/* VITRINE_FUZZ=n: n million accesses. */
START_TEST(random_accesses)
{
    const char *text = getenv("VITRINE_FUZZ");
    unsigned long millions = text ? strtoul(text, NULL, 10) : 1;
    uint32_t seed = 4711;

    for (unsigned long n = 0; n < millions * 1000000; n++)
        random_access(&seed);
    ck_assert_uint_gt(disk.reads, 1000);
    ck_assert_uint_gt(disk.writes, 500);
    disk.fail_at = 0;
    device_reset(ata);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), SECTORS);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ata");
    const TTest *const one[] = {reset_and_diagnostics, interrupt_line,
                                busy_hears_nothing,
                                missing_slave_is_answered_for, NULL};
    const TTest *const two[] = {two_disks, random_accesses, snapshot_goes_on,
                                hostile_states, NULL};
    const TTest *const own[] = {empty_channel_floats, creation_refuses,
                                runs_repeat, NULL};

    add(suite, "one disk", setup, teardown, one);
    add(suite, "two disks", setup_two, teardown_two, two);
    add(suite, "own set-up", NULL, NULL, own);
    return suite;
}
