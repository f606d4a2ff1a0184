#include "tests/devices/ata_rig.h"

/* ---- reading and writing ---- */

START_TEST(read_by_lba_and_by_chs)
{
    uint8_t data[512];

    address(LBA_MASTER, 12345, 1);
    out(COMMAND, 0x20);
    ck_assert_uint_eq(in(CONTROL), 0x80);
    ck_assert(!irq_level);
    wait_ready();
    ck_assert(irq_level);
    take_block(data, 512);
    ck_assert_mem_eq(data, disk.data + 12345 * 512, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert(!irq_level);
    ck_assert_uint_eq(in(COUNT), 0);
    ck_assert_uint_eq(in(LOW), 12345 & 0xff);
    /* cylinder 12, head 3, sector 60 */
    out(DEVICE, CHS_MASTER | 3);
    out(COUNT, 1);
    out(LOW, 60);
    out(MID, 12);
    out(HIGH, 0);
    command(0x21);
    take_block(data, 512);
    ck_assert_mem_eq(data, disk.data + ((12 * 16 + 3) * 63 + 59) * 512, 512);
    ck_assert_uint_eq(in(LOW), 60);
    ck_assert_uint_eq(in(DEVICE), 0xa3);
}
END_TEST

START_TEST(read_many_interrupts_for_each)
{
    uint8_t data[512];

    address(LBA_MASTER, 100, 0); /* 256 */
    command(0x20);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert(irq_level);
        take_block(data, 512);
        ck_assert_mem_eq(data, disk.data + (100 + i) * 512, 512);
        if (i < 255) {
            ck_assert_uint_eq(in(CONTROL), 0x80);
            wait_ready();
        }
    }
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(irq_edges, 256);
    ck_assert_uint_eq(low_address(), 355);
}
END_TEST

START_TEST(chs_runs_over_heads_and_cylinders)
{
    uint8_t data[512];

    out(DEVICE, CHS_MASTER | 15);
    out(COUNT, 3);
    out(LOW, 62);
    out(MID, 4);
    out(HIGH, 0);
    command(0x20);
    for (unsigned i = 0; i < 3; i++) {
        take_block(data, 512);
        ck_assert_mem_eq(data, disk.data + ((4 * 16 + 15) * 63 + 61 + i) * 512,
                         512);
        wait_ready();
    }
    ck_assert_uint_eq(in(LOW), 1);
    ck_assert_uint_eq(in(MID), 5);
    ck_assert_uint_eq(in(DEVICE), 0xa0);
}
END_TEST

START_TEST(data_port_takes_all_widths)
{
    uint8_t data[512];

    address(LBA_MASTER, 7, 1);
    command(0x20);
    for (unsigned i = 0; i < 256; i += 4) {
        uint32_t value = bus_read(ports, DATA, 4);

        memcpy(data + i, &(uint8_t){(uint8_t)value}, 1);
        data[i + 1] = (uint8_t)(value >> 8);
        data[i + 2] = (uint8_t)(value >> 16);
        data[i + 3] = (uint8_t)(value >> 24);
    }
    for (unsigned i = 256; i < 510; i++)
        data[i] = in(DATA);
    /* a double word at the end brings what is left */
    data[510] = (uint8_t)bus_read(ports, DATA, 2);
    ck_assert_uint_eq(in(CONTROL), 0x50);
    ck_assert_mem_eq(data, disk.data + 7 * 512, 510);
    ck_assert_uint_eq(bus_read(ports, DATA, 4), 0xffffffff);
    address(LBA_MASTER, 7, 1);
    command(0x20);
    for (unsigned i = 0; i < 127; i++)
        bus_read(ports, DATA, 4);
    bus_read(ports, DATA, 2);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    ck_assert_uint_eq(bus_read(ports, DATA, 4),
                      disk.data[7 * 512 + 510] |
                          (uint32_t)disk.data[7 * 512 + 511] << 8);
    ck_assert_uint_eq(in(CONTROL), 0x50);
}
END_TEST

START_TEST(write_interrupts_after_each)
{
    uint8_t data[512];

    address(LBA_MASTER, 500, 3);
    write_command(0x30);
    ck_assert(!irq_level); /* the first block is asked for silently */
    for (unsigned i = 0; i < 3; i++) {
        memset(data, (int)(0x40 + i), sizeof(data));
        give_block(data, 512);
        ck_assert_uint_eq(in(CONTROL), 0x80);
        ck_assert(!irq_level);
        wait_ready();
        ck_assert(irq_level);
        ck_assert_mem_eq(disk.data + (500 + i) * 512, data, 512);
    }
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(irq_edges, 3);
    ck_assert_uint_eq(disk.flushes, 0);
    ck_assert_uint_eq(disk.data[503 * 512], 503 & 0xff);
}
END_TEST

/* xv6 sends the first block without a look at the status. */
START_TEST(write_asks_for_the_first_block_at_once)
{
    address(LBA_MASTER, 7, 1);
    out(COMMAND, 0x30);
    ck_assert_uint_eq(in(CONTROL)&0x88, 0x08);
    ck_assert(!irq_level);
}
END_TEST

START_TEST(without_write_cache_every_write_is_flushed)
{
    uint8_t data[512] = {0};

    out(FEATURE, 0x82);
    command(0xef);
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.flushes, 1);
    address(LBA_MASTER, 500, 1);
    write_command(0x30);
    give_block(data, 512);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.flushes, 2);
}
END_TEST

START_TEST(multiple_moves_blocks)
{
    uint8_t data[16 * 512];

    address(LBA_MASTER, 200, 10);
    command(0xc4);
    expect_end(0x51, 0x04); /* not set yet */
    out(COUNT, 4);
    command(0xc6);
    expect_end(0x50, 0);
    irq_edges = 0;
    address(LBA_MASTER, 200, 10);
    command(0xc4);
    for (unsigned i = 0; i < 10; i += 4) {
        unsigned count = i < 8 ? 4 : 2;

        take_block(data, count * 512);
        ck_assert_mem_eq(data, disk.data + (200 + i) * 512, count * 512);
        wait_ready();
    }
    ck_assert_uint_eq(in(STATUS), 0x50);
    ck_assert_uint_eq(irq_edges, 3);
    memset(data, 0x77, sizeof(data));
    address(LBA_MASTER, 300, 10);
    write_command(0xc5);
    for (unsigned i = 0; i < 10; i += 4) {
        give_block(data, (i < 8 ? 4 : 2) * 512);
        wait_ready();
    }
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.data[310 * 512 - 1], 0x77);
    ck_assert_uint_eq(disk.data[310 * 512], 310 & 0xff);
    out(COUNT, 3);
    command(0xc6);
    expect_end(0x51, 0x04);
    out(COUNT, 32);
    command(0xc6);
    expect_end(0x51, 0x04);
    out(COUNT, 0);
    command(0xc6);
    expect_end(0x50, 0);
    address(LBA_MASTER, 200, 10);
    write_command(0xc5);
    expect_end(0x51, 0x04);
}
END_TEST

static void address48(uint64_t lba, unsigned count)
{
    out(DEVICE, LBA_MASTER);
    out(COUNT, count >> 8);
    out(LOW, lba >> 24 & 0xff);
    out(MID, lba >> 32 & 0xff);
    out(HIGH, lba >> 40 & 0xff);
    out(COUNT, count & 0xff);
    out(LOW, lba & 0xff);
    out(MID, lba >> 8 & 0xff);
    out(HIGH, lba >> 16 & 0xff);
}

START_TEST(extended_commands)
{
    uint8_t data[512];

    address48(300, 2);
    command(0x24);
    for (unsigned i = 0; i < 2; i++) {
        take_block(data, 512);
        ck_assert_mem_eq(data, disk.data + (300 + i) * 512, 512);
        wait_ready();
    }
    address48(0x123456789abc, 0x0102);
    command(0x24);
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(in(LOW), 0xbc);
    out(CONTROL, 0x80);
    ck_assert_uint_eq(in(LOW), 0x56);
    ck_assert_uint_eq(in(MID), 0x34);
    ck_assert_uint_eq(in(HIGH), 0x12);
    ck_assert_uint_eq(in(COUNT), 0x01);
    out(FEATURE, 0); /* any write shows the lower half again */
    ck_assert_uint_eq(in(COUNT), 0x02);
    address48(400, 1);
    write_command(0x34);
    memset(data, 0xab, sizeof(data));
    give_block(data, 512);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.data[400 * 512], 0xab);
    command(0x27);
    expect_end(0x50, 0);
    ck_assert_uint_eq(low_address(), SECTORS - 1);
    command(0xea);
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.flushes, 1);
}
END_TEST

START_TEST(long_commands_carry_ecc)
{
    uint8_t data[516], again[516];

    for (unsigned n = 0; n < 2; n++) {
        uint8_t *to = n ? again : data;

        address(LBA_MASTER, 50, 1);
        command(0x22);
        take_block(to, 512);
        for (unsigned i = 512; i < 516; i++) {
            ck_assert_uint_eq(in(CONTROL), 0x58);
            to[i] = in(DATA);
        }
        ck_assert_uint_eq(in(STATUS), 0x50);
    }
    ck_assert_mem_eq(data, again, 516);
    ck_assert_mem_eq(data, disk.data + 50 * 512, 512);
    data[3] ^= 1;
    address(LBA_MASTER, 50, 1);
    write_command(0x32);
    give_block(data, 512);
    ck_assert_uint_eq(in(CONTROL), 0x58);
    for (unsigned i = 512; i < 516; i++)
        out(DATA, data[i]);
    wait_ready();
    expect_end(0x50, 0);
    ck_assert_mem_eq(data, disk.data + 50 * 512, 512);
}
END_TEST

START_TEST(verify_seek_and_recalibrate)
{
    unsigned before = disk.reads;

    address(LBA_MASTER, 0, 0);
    command(0x40);
    expect_end(0x50, 0);
    ck_assert_uint_gt(disk.reads, before);
    address48(10, 1);
    command(0x42);
    expect_end(0x50, 0);
    address(LBA_MASTER, SECTORS - 1, 1);
    command(0x70);
    expect_end(0x50, 0);
    address(LBA_MASTER, SECTORS, 1);
    command(0x7f);
    expect_end(0x51, 0x10);
    command(0x10);
    expect_end(0x50, 0);
    command(0x1f);
    expect_end(0x50, 0);
}
END_TEST

START_TEST(buffer_commands)
{
    uint8_t data[512], back[512];

    for (unsigned i = 0; i < 512; i++)
        data[i] = (uint8_t)(i * 11);
    write_command(0xe8);
    give_block(data, 512);
    wait_ready();
    expect_end(0x50, 0);
    command(0xe4);
    take_block(back, 512);
    ck_assert_mem_eq(data, back, 512);
    ck_assert_uint_eq(disk.writes, 0);
}
END_TEST

START_TEST(translation)
{
    uint8_t data[512];

    out(DEVICE, CHS_MASTER | 7);
    out(COUNT, 17);
    command(0x91);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 54), SECTORS / 136);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 55), 8);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 56), 17);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 1), 20);
    out(DEVICE, CHS_MASTER | 7);
    out(COUNT, 1);
    out(LOW, 17);
    out(MID, 100);
    out(HIGH, 0);
    command(0x20);
    take_block(data, 512);
    ck_assert_mem_eq(data, disk.data + ((100 * 8 + 7) * 17 + 16) * 512, 512);
    out(COUNT, 0);
    command(0x91);
    expect_end(0x51, 0x04);
    /* SRST keeps it, RESET does not */
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 56), 17);
    device_reset(ata);
    ck_assert_uint_eq(word_of(identify(CHS_MASTER), 56), 63);
}
END_TEST

/* ---- errors ---- */

static const struct {
    uint8_t command;
    unsigned device;
    uint32_t address; /* LBA, or cylinder << 8 | sector */
} outside[] = {
    {0x20, LBA_MASTER, SECTORS},    {0x30, LBA_MASTER, SECTORS},
    {0x20, LBA_MASTER, 0x0fffffff}, {0x40, LBA_MASTER, SECTORS},
    {0x22, LBA_MASTER, SECTORS},    {0x20, CHS_MASTER, 0x000000},
    {0x20, CHS_MASTER, 0x000040},   {0x20, CHS_MASTER, 0x001401},
    {0x30, CHS_MASTER, 0xffff01},   {0x70, CHS_MASTER, 0x001401},
};

START_TEST(addresses_outside)
{
    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        address(outside[i].device, outside[i].address, 1);
        out(COMMAND, outside[i].command);
        wait_ready();
        expect_end(0x51, 0x10);
    }
    /* the end of the disk inside a transfer: the rest is refused */
    irq_edges = 0;
    address(LBA_MASTER, SECTORS - 1, 2);
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    wait_ready();
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(in(COUNT), 1);
    ck_assert_uint_eq(low_address(), SECTORS);
    address(LBA_MASTER, SECTORS - 1, 2);
    write_command(0x30);
    give_block((uint8_t[512]){0}, 512);
    wait_ready();
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(disk.writes, 1);
    out(COUNT, 4);
    command(0xc6);
    expect_end(0x50, 0);
    address(LBA_MASTER, SECTORS - 3, 4);
    write_command(0xc5);
    give_block((uint8_t[2048]){0}, 2048);
    wait_ready();
    expect_end(0x51, 0x10);
    ck_assert_uint_eq(in(COUNT), 1);
    address(LBA_MASTER, SECTORS - 3, 4);
    command(0x40);
    expect_end(0x51, 0x10);
}
END_TEST

START_TEST(host_failures)
{
    uint8_t data[512] = {0};

    disk.fail_at = 1;
    address(LBA_MASTER, 40, 1);
    command(0x20);
    expect_end(0x51, 0x40);
    ck_assert_uint_eq(in(LOW), 40);
    ck_assert_uint_eq(in(COUNT), 1);
    disk.fail_at = 2;
    address(LBA_MASTER, 40, 3);
    command(0x20);
    take_block(data, 512);
    wait_ready();
    expect_end(0x51, 0x40);
    ck_assert_uint_eq(in(LOW), 41);
    disk.fail_at = 1;
    address(LBA_MASTER, 40, 3);
    command(0x40);
    expect_end(0x51, 0x40);
    disk.fail_with = STATUS_NO_SPACE;
    disk.fail_at = 2;
    address(LBA_MASTER, 40, 3);
    write_command(0x30);
    give_block(data, 512);
    wait_ready();
    give_block(data, 512);
    wait_ready();
    expect_end(0x71, 0x04);
    ck_assert_uint_eq(in(LOW), 41);
    ck_assert_uint_eq(in(COUNT), 2);
    disk.fail_at = 1;
    command(0xe7);
    expect_end(0x71, 0x04);
    disk.fail_at = 1;
    command(0xe0);
    expect_end(0x71, 0x04);
    command(0xe7);
    expect_end(0x50, 0);
    disk.fail_at = 1;
    out(FEATURE, 0x82);
    command(0xef);
    expect_end(0x51, 0x04);
    disk.fail_at = 2;
    address(LBA_MASTER, 40, 1);
    write_command(0x30);
    give_block(data, 512);
    wait_ready();
    expect_end(0x71, 0x04); /* the flush that no write cache asks for */
}
END_TEST

START_TEST(read_only_media)
{
    disk.block.read_only = true;
    address(LBA_MASTER, 0, 1);
    write_command(0x30);
    expect_end(0x51, 0x44);
    command(0xe7);
    expect_end(0x50, 0);
    ck_assert_uint_eq(disk.writes + disk.flushes, 0);
    address(LBA_MASTER, 0, 1);
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    ck_assert_uint_eq(in(STATUS), 0x50);
}
END_TEST

START_TEST(power_modes)
{
    command(0xe5);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0xff);
    command(0xe1);
    expect_end(0x50, 0);
    command(0x98);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0x80);
    command(0x94);
    expect_end(0x50, 0);
    command(0xe5);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0);
    address(LBA_MASTER, 0, 1); /* wakes it */
    command(0x20);
    take_block((uint8_t[512]){0}, 512);
    command(0xe5);
    expect_end(0x50, 0);
    ck_assert_uint_eq(in(COUNT), 0xff);
    command(0xe6);
    expect_end(0x50, 0);
    out(COMMAND, 0xec); /* asleep: only a reset is heard */
    run_ns(1000 * MS);
    ck_assert(!irq_level);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    run_ns(2 * MS);
    identify(LBA_MASTER);
}
END_TEST

START_TEST(protected_area)
{
    address(LBA_MASTER, 999, 0);
    command(0xf9); /* not after READ NATIVE MAX */
    expect_end(0x51, 0x04);
    command(0xf8);
    expect_end(0x50, 0);
    ck_assert_uint_eq(low_address(), SECTORS - 1);
    address(LBA_MASTER, 999, 1); /* to be kept over power-off */
    command(0xf9);
    expect_end(0x51, 0x04);
    command(0xf8);
    expect_end(0x50, 0);
    address(LBA_MASTER, 999, 0);
    command(0xf9);
    expect_end(0x50, 0);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), 1000);
    address(LBA_MASTER, 1000, 1);
    command(0x20);
    expect_end(0x51, 0x10);
    command(0xf9); /* a refused one changes nothing */
    expect_end(0x51, 0x04);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), 1000);
    command(0xf8);
    expect_end(0x50, 0);
    ck_assert_uint_eq(low_address(), SECTORS - 1);
    device_reset(ata);
    ck_assert_uint_eq(word_of(identify(LBA_MASTER), 60), SECTORS);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/ata_disk");
    const TTest *const one[] = {read_by_lba_and_by_chs,
                                read_many_interrupts_for_each,
                                chs_runs_over_heads_and_cylinders,
                                data_port_takes_all_widths,
                                write_interrupts_after_each,
                                write_asks_for_the_first_block_at_once,
                                without_write_cache_every_write_is_flushed,
                                multiple_moves_blocks,
                                extended_commands,
                                long_commands_carry_ecc,
                                verify_seek_and_recalibrate,
                                buffer_commands,
                                translation,
                                addresses_outside,
                                host_failures,
                                read_only_media,
                                power_modes,
                                protected_area,
                                NULL};

    add(suite, "one disk", setup, teardown, one);
    return suite;
}
