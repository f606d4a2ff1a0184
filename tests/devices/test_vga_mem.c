/* CPU access to video memory, against a model that follows the documents bit
 * by bit and shares nothing with the device. */
#include "tests/devices/vga_fixture.h"

static struct board board;

static void setup(void)
{
    board_create(&board, 0x40000);
    set_mode(&board, &mode_12);
}

static void teardown(void)
{
    board_destroy(&board);
}

/* --- the model --- */

static struct model {
    uint8_t misc, seq[5], gc[9];
    uint8_t latch[4];
    uint8_t plane[4][0x10000];
} model;

static void model_start(const struct vga_mode *m)
{
    memset(&model, 0, sizeof(model));
    model.misc = m->misc;
    memcpy(model.seq, m->seq, sizeof(model.seq));
    memcpy(model.gc, m->gc, sizeof(model.gc));
}

static bool model_chained(void)
{
    return model.seq[4] & 8;
}

/* Whether the device shows memory itself, which leaves the latches alone. */
static bool model_plain(void)
{
    return (model.seq[4] & 0x0a) == 0x0a && model.seq[2] == 0x0f &&
           model.gc[1] == 0 && model.gc[3] == 0 && (model.gc[5] & 0x0b) == 0 &&
           model.gc[8] == 0xff;
}

static bool model_decodes(uint32_t addr, uint32_t *offset)
{
    static const uint32_t from[] = {0xa0000, 0xa0000, 0xb0000, 0xb8000};
    static const uint32_t to[] = {0xc0000, 0xb0000, 0xb8000, 0xc0000};
    unsigned select = model.gc[6] >> 2;

    *offset = addr - from[select];
    return model.misc & 2 && addr >= from[select] && addr < to[select];
}

/* The address within a plane. */
static uint32_t model_address(uint32_t offset, bool odd_even)
{
    if (model_chained()) {
        unsigned bit14 = offset >> 14 & 1, bit15 = offset >> 15 & 1;

        offset = (offset & ~3u) + 2 * bit15 + bit14;
    } else if (odd_even && model.gc[6] & 2) {
        unsigned low = model.misc & 0x20 ? 0 : 1;

        if (model.gc[6] >> 2 == 3)
            low = 0;
        offset = offset / 2 * 2 + low;
    }
    return offset % (model.seq[4] & 2 ? 0x10000 : 0x4000);
}

static uint8_t model_load(uint32_t addr)
{
    bool odd_even = model.gc[5] & 0x10;
    unsigned plane = model.gc[4];
    uint32_t offset, at;
    uint8_t result = 0;

    if (!model_decodes(addr, &offset))
        return 0xff;
    at = model_address(offset, odd_even);
    if (model_chained())
        plane = offset % 4;
    else if (odd_even)
        plane = plane / 2 * 2 + offset % 2;
    if (model_plain())
        return model.plane[plane][at];
    for (unsigned p = 0; p < 4; p++)
        model.latch[p] = model.plane[p][at];
    if (!(model.gc[5] & 8))
        return model.latch[plane];
    for (unsigned bit = 0; bit < 8; bit++) {
        bool match = true;

        for (unsigned p = 0; p < 4; p++) {
            bool cares = model.gc[7] >> p & 1;
            bool want = model.gc[2] >> p & 1;

            if (cares && want != (model.latch[p] >> bit & 1))
                match = false;
        }
        result |= (uint8_t)(match << bit);
    }
    return result;
}

static bool model_logic(bool data, bool latch)
{
    switch (model.gc[3] >> 3) {
    case 0: return data;
    case 1: return data && latch;
    case 2: return data || latch;
    default: return data != latch;
    }
}

/* What bit `bit` of plane `p` becomes when the CPU writes `value`. */
static bool model_bit(unsigned p, unsigned bit, uint8_t value)
{
    bool latch = model.latch[p] >> bit & 1, mask = model.gc[8] >> bit & 1;
    bool rotated = value >> ((bit + (model.gc[3] & 7)) % 8) & 1;
    bool set = model.gc[0] >> p & 1;

    switch (model.gc[5] & 3) {
    case 0:
        if (!mask)
            return latch;
        return model_logic(model.gc[1] >> p & 1 ? set : rotated, latch);
    case 1: return latch;
    case 2: return mask ? model_logic(value >> p & 1, latch) : latch;
    default: return mask && rotated ? model_logic(set, latch) : latch;
    }
}

static void model_store(uint32_t addr, uint8_t value)
{
    bool odd_even = !(model.seq[4] & 4);
    uint32_t offset, at;

    if (!model_decodes(addr, &offset))
        return;
    at = model_address(offset, odd_even);
    for (unsigned p = 0; p < 4; p++) {
        uint8_t result = 0;

        if (!(model.seq[2] >> p & 1))
            continue;
        if (model_chained() ? p != offset % 4 : odd_even && p % 2 != offset % 2)
            continue;
        for (unsigned bit = 0; bit < 8; bit++)
            result |= (uint8_t)(model_bit(p, bit, value) << bit);
        model.plane[p][at] = result;
    }
}

/* --- both sides at once --- */

static void both_set(unsigned port, unsigned index, unsigned value)
{
    static const uint8_t seq_bits[] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
    static const uint8_t gc_bits[] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03,
                                      0x7b, 0x0f, 0x0f, 0xff};

    out16(&board, port, value << 8 | index);
    if (port == 0x3c4)
        model.seq[index] = (uint8_t)(value & seq_bits[index]);
    else
        model.gc[index] = (uint8_t)(value & gc_bits[index]);
}

static void both_store(uint32_t addr, uint32_t value, unsigned size)
{
    mem_store(board.mem, addr, value, size);
    for (unsigned i = 0; i < size; i++)
        model_store(addr + i, (uint8_t)(value >> (8 * i)));
}

static void both_load(uint32_t addr, unsigned size)
{
    uint32_t got, want = 0;
    uint8_t peeked = 0, other;
    bool peeks = vga_peek(board.vga, addr, &peeked);

    /* A look elsewhere leaves the latches as they are. */
    vga_peek(board.vga, addr ^ 0x1235, &other);
    got = mem_load(board.mem, addr, size);
    if (peeks && peeked != (got & 0xff))
        ck_abort_msg("look at %05x: %02x, not %08x", addr, peeked, got);
    for (unsigned i = 0; i < size; i++)
        want |= (uint32_t)model_load(addr + i) << (8 * i);
    if (got != want)
        ck_abort_msg("load of %u at %05x: %08x, not %08x", size, addr, got,
                     want);
}

/* Reads every byte of every plane with the simplest registers there are. */
static void compare_planes(void)
{
    both_set(0x3c4, 4, 0x06);
    both_set(0x3ce, 5, 0x00);
    both_set(0x3ce, 6, 0x05);
    out8(&board, 0x3c2, model.misc = 0x63);
    for (unsigned p = 0; p < 4; p++) {
        both_set(0x3ce, 4, p);
        for (uint32_t at = 0; at < 0x10000; at += 4)
            both_load(0xa0000 + at, 4);
    }
}

/* An address whose accesses stay in one page and meet often. */
static uint32_t random_address(uint64_t *seed, unsigned size)
{
    static const uint32_t bases[] = {0xa0000, 0xa3ff0, 0xa4000, 0xa8000,
                                     0xacff0, 0xb0000, 0xb4000, 0xb8000};
    uint32_t base = bases[random32(seed) % ARRAY_LEN(bases)];

    return base + random32(seed) % 64 * size;
}

static void random_accesses(uint64_t *seed, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned size = 1u << random32(seed) % 3;
        uint32_t addr = random_address(seed, size);

        if (addr % MEM_PAGE_BYTES + size > MEM_PAGE_BYTES)
            continue;
        if (random32(seed) & 1)
            both_store(addr, random32(seed), size);
        else
            both_load(addr, size);
    }
}

static void random_register(uint64_t *seed)
{
    static const uint8_t choice[] = {2, 4};
    unsigned kind = random32(seed) % 8, value = random32(seed) & 0xff;

    if (kind == 0) {
        out8(&board, 0x3c2, model.misc = (uint8_t)(value & 0xef) | 2);
    } else if (kind < 3) {
        both_set(0x3c4, choice[random32(seed) & 1], value);
    } else {
        both_set(0x3ce, random32(seed) % 9, value);
    }
}

/* --- tests --- */

START_TEST(random_programs_match_the_model)
{
    uint64_t seed = (uint64_t)_i + 1;
    const char *longer = getenv("VGA_LONG");
    unsigned rounds = longer ? 100000 : 4000;

    model_start(&mode_12);
    for (unsigned i = 0; i < rounds; i++) {
        random_register(&seed);
        random_accesses(&seed, 20);
    }
    compare_planes();
}
END_TEST

/* Each write mode for itself, all of its inputs random, all else plain. */
START_TEST(write_modes_match_the_model)
{
    uint64_t seed = (uint64_t)_i + 100;

    model_start(&mode_12);
    for (unsigned i = 0; i < 3000; i++) {
        both_set(0x3ce, 5, (unsigned)_i | (random32(&seed) & 8));
        both_set(0x3ce, random32(&seed) & 3, random32(&seed) & 0x1f);
        both_set(0x3ce, 8, random32(&seed) & 0xff);
        both_set(0x3c4, 2, random32(&seed) & 0xff);
        random_accesses(&seed, 8);
    }
    compare_planes();
}
END_TEST

static const uint32_t window_from[] = {0xa0000, 0xa0000, 0xb0000, 0xb8000};
static const uint32_t window_to[] = {0xc0000, 0xb0000, 0xb8000, 0xc0000};

START_TEST(windows)
{
    set_gc(&board, 6, (unsigned)_i << 2 | 1);
    for (uint32_t page = 0xa0000; page < 0xc0000; page += 0x1000)
        mem_store(board.mem, page, 0x5a, 1);
    for (uint32_t page = 0xa0000; page < 0xc0000; page += 0x1000) {
        bool inside = page >= window_from[_i] && page < window_to[_i];

        ck_assert_uint_eq(mem_load(board.mem, page, 1), inside ? 0x5a : 0xff);
    }
    out8(&board, 0x3c2, 0xe1); /* video memory off */
    ck_assert_uint_eq(mem_load(board.mem, window_from[_i], 1), 0xff);
}
END_TEST

START_TEST(unmapped_window_belongs_to_others)
{
    uint8_t page[MEM_PAGE_BYTES] = {0x77};

    vga_set_window(board.vga, false);
    mem_map_host(board.mem, 0xa0000, sizeof(page), page);
    set_mode(&board, &mode_13);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x77);
    vga_set_window(board.vga, true);
    mem_store(board.mem, 0xa0000, 0x11, 1);
    ck_assert_uint_eq(page[0], 0x77);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x11);
}
END_TEST

/* Text: characters in plane 0, attributes in plane 1, at even addresses. */
START_TEST(text_mode_layout)
{
    set_mode(&board, &mode_03);
    for (uint32_t i = 0; i < 4000; i += 2)
        mem_store(board.mem, 0xb8000 + i, 0x0741 + i, 2);
    for (uint32_t i = 0; i < 4000; i += 2)
        ck_assert_uint_eq(mem_load(board.mem, 0xb8000 + i, 2),
                          (0x0741 + i) & 0xffff);
    set_seq(&board, 4, 0x06);
    set_gc(&board, 5, 0x00);
    set_gc(&board, 6, 0x04);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x41);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0002, 1), 0x43);
    set_gc(&board, 4, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0000, 1), 0x07);
}
END_TEST

/* What a program finds in the planes after drawing in mode 13h. */
START_TEST(chain4_puts_pixels_where_ibm_does)
{
    set_mode(&board, &mode_13);
    for (uint32_t i = 0; i < 0x10000; i += 4)
        mem_store(board.mem, 0xa0000 + i, ((i + (i >> 8)) & 0xff) * 0x01010101u,
                  4);
    set_seq(&board, 4, 0x06);
    for (unsigned p = 0; p < 4; p++) {
        set_gc(&board, 4, p);
        for (uint32_t i = p; i < 0x10000; i += 4) {
            uint32_t at = (i & 0xfffc) | i >> 14;

            if (mem_load(board.mem, 0xa0000 + at, 1) !=
                (((i & ~3u) + (i >> 8)) & 0xff))
                ck_abort_msg("plane %u at %04x", p, at);
        }
    }
}
END_TEST

static bool is_memory(uint32_t addr)
{
    return mem_page_at(board.mem, addr)->host;
}

START_TEST(chain4_is_mapped_as_memory_while_plain)
{
    static const struct {
        unsigned port, index, value, plain;
    } rows[] = {
        {0x3c4, 2, 0x07, 0x0f}, {0x3c4, 4, 0x06, 0x0e}, {0x3c4, 4, 0x0c, 0x0e},
        {0x3ce, 1, 0x01, 0x00}, {0x3ce, 3, 0x01, 0x00}, {0x3ce, 3, 0x18, 0x00},
        {0x3ce, 5, 0x41, 0x40}, {0x3ce, 5, 0x48, 0x40}, {0x3ce, 8, 0xfe, 0xff},
    };

    ck_assert(!is_memory(0xa0000));
    set_mode(&board, &mode_13);
    ck_assert(is_memory(0xa0000) && is_memory(0xaf000));
    ck_assert(!is_memory(0xb0000));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        out16(&board, rows[i].port, rows[i].value << 8 | rows[i].index);
        ck_assert(!is_memory(0xa0000));
        out16(&board, rows[i].port, rows[i].plain << 8 | rows[i].index);
        ck_assert(is_memory(0xa0000));
    }
}
END_TEST

START_TEST(mapping_changes_only_when_it_must)
{
    unsigned before;

    set_mode(&board, &mode_13);
    before = board.remaps;
    for (unsigned i = 0; i < 1000; i++) {
        set_dac(&board, i & 0xff, i & 0x3f, 0, 0);
        set_crtc(&board, 0x0d, i & 0xff);
        set_gc(&board, 0, i & 0x0f);
        set_seq(&board, 2, 0x0f);
        in8(&board, 0x3da);
    }
    ck_assert_uint_eq(board.remaps, before);
    set_mode(&board, &mode_12);
    before = board.remaps;
    for (unsigned i = 0; i < 1000; i++) {
        set_gc(&board, 5, i & 3);
        set_gc(&board, 8, i & 0xff);
        set_seq(&board, 2, i & 0x0f);
    }
    ck_assert_uint_eq(board.remaps, before);
}
END_TEST

/* 32-bit accesses reach the four bytes one after the other. */
START_TEST(wide_accesses_are_bytes_in_order)
{
    set_gc(&board, 5, 0x01);
    set_gc(&board, 5, 0x00);
    mem_store(board.mem, 0xa0100, 0x44332211, 4);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(mem_load(board.mem, 0xa0100 + i, 1), 0x11 * (i + 1));
    mem_load(board.mem, 0xa0100, 4); /* latches hold the last */
    set_gc(&board, 5, 0x01);
    mem_store(board.mem, 0xa0200, 0, 1);
    ck_assert_uint_eq(mem_load(board.mem, 0xa0200, 1), 0x44);
    out8(&board, 0x3d4, 0x22);
    ck_assert_uint_eq(in8(&board, 0x3d5), 0x44);
}
END_TEST

START_TEST(framebuffer_is_video_memory)
{
    set_mode(&board, &mode_13);
    mem_store(board.mem, 0xa1234, 0x5a, 1);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + 0x1234, 1), 0x5a);
    vga_set_lfb(board.vga, 0xd0000000);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE + 0x1234, 1), 0xff);
    ck_assert_uint_eq(mem_load(board.mem, 0xd0001234, 1), 0x5a);
    vga_set_lfb(board.vga, 0xfffff000); /* does not fit: nowhere */
    ck_assert_uint_eq(mem_load(board.mem, 0xd0001234, 1), 0xff);
    ck_assert_uint_eq(mem_load(board.mem, 0xfffff000, 1), 0xff);
}
END_TEST

/* A load puts other contents behind a mapped window. */
START_TEST(loaded_maps_anew)
{
    set_mode(&board, &mode_13);
    mem_map_host(board.mem, 0xa0000, 0x10000, board.mem->ram);
    board.vga->class->loaded(board.vga);
    mem_store(board.mem, 0xa0000, 0x99, 1);
    ck_assert_uint_eq(board.mem->ram[0], 0);
    ck_assert_uint_eq(mem_load(board.mem, LFB_BASE, 1), 0x99);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("devices/vga_mem");
    TCase *tcase = tcase_create("memory");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, random_programs_match_the_model, 0, 8);
    tcase_add_loop_test(tcase, write_modes_match_the_model, 0, 4);
    tcase_add_loop_test(tcase, windows, 0, 4);
    tcase_add_test(tcase, unmapped_window_belongs_to_others);
    tcase_add_test(tcase, text_mode_layout);
    tcase_add_test(tcase, chain4_puts_pixels_where_ibm_does);
    tcase_add_test(tcase, chain4_is_mapped_as_memory_while_plain);
    tcase_add_test(tcase, mapping_changes_only_when_it_must);
    tcase_add_test(tcase, wide_accesses_are_bytes_in_order);
    tcase_add_test(tcase, framebuffer_is_video_memory);
    tcase_add_test(tcase, loaded_maps_anew);
    suite_add_tcase(suite, tcase);
    return suite;
}
