/* A hostile guest: random port and memory accesses of every size. Nothing may
 * crash, hang or read outside video memory (the sanitizer build sees that), and
 * the same accesses must always give the same machine and picture. */
#include "tests/devices/vga_fixture.h"

static struct display_frame frame;
static struct display_text text;

static void setup(void)
{
    frame = new_frame();
}

static void teardown(void)
{
    free(frame.pixels);
}

static void random_port(struct board *b, uint64_t *seed)
{
    static const unsigned ports[] = {0x3c0, 0x3c0, 0x3c4, 0x3ce, 0x3d4,
                                     0x3b4, 0x3c8, 0x1ce, 0x1cf, 0x1d0};
    unsigned size = 1u << random32(seed) % 3;
    unsigned port = random32(seed) % 4 ? ports[random32(seed) % 10]
                                       : 0x3b0 + random32(seed) % 0x30;

    if (random32(seed) % 4)
        bus_write(b->ports, port, random32(seed) >> random32(seed) % 32, size);
    else
        bus_read(b->ports, port, size);
}

static void random_memory(struct board *b, uint64_t *seed)
{
    unsigned size = 1u << random32(seed) % 3;
    paddr addr = random32(seed) % 4 ? 0xa0000 + random32(seed) % 0x20000
                                    : LFB_BASE + random32(seed) % 0x100000;

    addr &= ~(paddr)(size - 1);
    if (random32(seed) & 1)
        mem_store(b->mem, addr, random32(seed), size);
    else
        mem_load(b->mem, addr, size);
}

/* What real programs leave on, so that the random walk gets somewhere. */
static void sometimes(struct board *b, uint64_t *seed)
{
    switch (random32(seed) % 6) {
    case 0: out8(b, 0x3c3, 1); break;
    case 1: set_crtc(b, 0x11, random32(seed) & 0x7f); break;
    case 2: set_seq(b, 0, 3); break;
    case 3: set_ac(b, 0x10, random32(seed) & 0xff); break;
    case 4: set_crtc(b, 0x17, 0x80 | (random32(seed) & 0x7f)); break;
    default: set_vbe(b, 4, random32(seed) & 0xff); break;
    }
}

static uint64_t look(struct board *b, uint64_t hash)
{
    vga_render(b->vga, &frame);
    vga_serial(b->vga);
    vga_text(b->vga, NULL, 0, &text);
    hash = state_hash_bytes(hash, &frame.width, sizeof(frame.width));
    return state_hash_bytes(hash, frame.pixels, frame.width * 4);
}

static uint64_t run(struct board *b, uint64_t seed, unsigned accesses)
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < accesses; i++) {
        if (random32(&seed) & 1)
            random_port(b, &seed);
        else
            random_memory(b, &seed);
        if (i % 64 == 0)
            sometimes(b, &seed);
        if (i % 16 == 0)
            pass_time(b, random32(&seed) % 100000);
        if (i % 8192 == 0)
            hash = look(b, hash);
    }
    return state_hash(hash, b->vga, b->vga->class->state);
}

START_TEST(random_accesses)
{
    unsigned accesses = getenv("VGA_LONG") ? 20000000 : 250000;
    struct board b;

    board_create(&b, _i & 1 ? 0x40000 : 0x100000);
    run(&b, (uint64_t)_i * 7919 + 1, accesses);
    board_destroy(&b);
}
END_TEST

START_TEST(same_accesses_same_machine)
{
    struct board a, b;

    board_create(&a, 0x100000);
    board_create(&b, 0x100000);
    ck_assert_uint_eq(run(&a, 42, 60000), run(&b, 42, 60000));
    board_destroy(&a);
    board_destroy(&b);
}
END_TEST

/* Copies what the state table names, as saving and loading does. */
static void copy_state(uint8_t *to, const uint8_t *from,
                       const struct state_field *table)
{
    for (const struct state_field *f = table; f->name; f++) {
        if (f->kind == STATE_KIND_VALUES || f->kind == STATE_KIND_BOOLS) {
            memcpy(to + f->offset, from + f->offset, f->size * f->count);
        } else if (f->kind == STATE_KIND_BUFFER) {
            void *target;
            const void *source;
            size_t size;

            memcpy(&target, to + f->offset, sizeof(target));
            memcpy(&source, from + f->offset, sizeof(source));
            memcpy(&size, from + f->aux, sizeof(size));
            memcpy(target, source, size);
        } else {
            for (size_t i = 0; i < f->count; i++)
                copy_state(to + f->offset + i * f->size,
                           from + f->offset + i * f->size, f->table);
        }
    }
}

/* A machine that was loaded goes on as the one that was saved: same registers,
 * same mappings, same pictures, same interrupts. */
START_TEST(loaded_machine_goes_on_the_same)
{
    struct board a, b;
    uint64_t seed = (uint64_t)_i * 31 + 5;

    board_create(&a, 0x100000);
    board_create(&b, 0x100000);
    run(&a, seed, 3000);
    run(&b, seed + 1, 2000); /* something else, to be forgotten */
    clock_sync(b.clock, b.ns = a.ns > b.ns ? a.ns : b.ns);
    pass_time(&a, b.ns - a.ns);
    clock_clear(b.clock);
    b.clock->orders = a.clock->orders;
    copy_state((uint8_t *)b.vga, (const uint8_t *)a.vga, a.vga->class->state);
    b.vga->class->loaded(b.vga);
    b.irq = a.irq;
    for (unsigned i = 0; i < 40; i++) {
        ck_assert_uint_eq(run(&a, seed + i, 500), run(&b, seed + i, 500));
        ck_assert_int_eq(a.irq, b.irq);
    }
    board_destroy(&a);
    board_destroy(&b);
}
END_TEST

/* Puts random values where a state file's content would go. */
static void scramble(uint8_t *object, const struct state_field *table,
                     uint64_t *seed)
{
    for (const struct state_field *f = table; f->name; f++) {
        size_t bytes = f->size * f->count;

        if (f->kind == STATE_KIND_TABLE)
            scramble(object + f->offset, f->table, seed);
        if (f->kind != STATE_KIND_VALUES && f->kind != STATE_KIND_BOOLS)
            continue;
        for (size_t i = 0; i < bytes; i++)
            object[f->offset + i] =
                (uint8_t)(random32(seed) &
                          (f->kind == STATE_KIND_BOOLS ? 1 : 0xff));
    }
}

START_TEST(any_state_file_is_harmless)
{
    struct board b;
    uint64_t seed = (uint64_t)_i + 3;

    board_create(&b, 0x100000);
    for (unsigned i = 0; i < 60; i++) {
        clock_clear(b.clock);
        scramble((uint8_t *)b.vga, b.vga->class->state, &seed);
        b.vga->class->loaded(b.vga);
        look(&b, 0);
        run(&b, seed, 300);
    }
    board_destroy(&b);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_random");
    TCase *tcase = tcase_create("random");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 280);
    tcase_add_loop_test(tcase, random_accesses, 0, 4);
    tcase_add_test(tcase, same_accesses_same_machine);
    tcase_add_loop_test(tcase, loaded_machine_goes_on_the_same, 0, 8);
    tcase_add_loop_test(tcase, any_state_file_is_harmless, 0, 4);
    suite_add_tcase(suite, tcase);
    return suite;
}
