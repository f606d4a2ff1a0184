/* Kernels that cannot be started: what is said, and that nothing breaks. */
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"
#include "tests/suite.h"

#define LINUX_BYTES 40000u

static void put32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

/* A bzImage of protocol 2.15 that nobody would want to run. */
static void make_linux(uint8_t *bytes)
{
    memset(bytes, 0, LINUX_BYTES);
    bytes[0x1f1] = 4;
    put32(bytes + 0x1f4, (LINUX_BYTES - 5 * 512) / 16);
    bytes[0x1fe] = 0x55;
    bytes[0x1ff] = 0xaa;
    memcpy(bytes + 0x202, "HdrS", 4);
    put32(bytes + 0x206, 0x20f);
    bytes[0x211] = 1;
    put32(bytes + 0x22c, 0x7fffffff);
    put32(bytes + 0x238, 200);
    put32(bytes + 0x258, 0x100000);
    put32(bytes + 0x260, 0x100000);
}

/* An ELF file with a multiboot header and one part. */
static void make_multiboot(uint8_t *bytes)
{
    memset(bytes, 0, LINUX_BYTES);
    memcpy(bytes, "\177ELF\1\1\1", 7);
    put32(bytes + 24, 0x100000);
    put32(bytes + 28, 52);
    bytes[42] = 32;
    bytes[44] = 1;
    bytes[52] = 1;
    put32(bytes + 52 + 12, 0x100000);
    put32(bytes + 52 + 16, 1000);
    put32(bytes + 52 + 20, 2000);
    put32(bytes + 0x100, 0x1badb002);
    put32(bytes + 0x104, 3);
    put32(bytes + 0x108, 0u - 0x1badb002u - 3u);
}

static enum status try_kernel(const struct machine_kernel *kernel,
                              const char *cpu, size_t ram, char *message,
                              size_t size)
{
    const struct machine_config config = {
        .board = MACHINE_ISAPC,
        .engine = MACHINE_INTERP,
        .cpu = cpu,
        .ram_bytes = ram,
        .kernel = kernel,
    };
    struct machine *m;
    enum status status = machine_create(&config, &m, message, size);

    ck_assert(!m == (status != STATUS_OK));
    machine_destroy(m);
    return status;
}

static const struct row {
    const char *name;
    bool multiboot;
    uint32_t at, value;  /* what is put into the file */
    const char *message; /* part of it; NULL: it is fine */
    enum status status;
} rows[] = {
    {"fine", false, 0, 0, NULL, STATUS_OK},
    {"no magic", false, 0x202, 0, "old", STATUS_BAD_ARGUMENT},
    {"no signature", false, 0x1fe, 0, "neither", STATUS_BAD_FORMAT},
    {"set-up too large", false, 0x1f1, 0xff, "damaged", STATUS_BAD_FORMAT},
    {"set-up beyond the end", false, 0x1f1, 80, "damaged", STATUS_BAD_FORMAT},
    {"cut off", false, 0x1f4, 0xffffff, "shorter", STATUS_BAD_FORMAT},
    {"runs high", false, 0x258, 0xfff00000, "damaged", STATUS_BAD_FORMAT},
    {"runs above 4 GiB", false, 0x25c, 1, "damaged", STATUS_BAD_FORMAT},
    {"needs much", false, 0x260, 0x4000000, "-m 65M", STATUS_BAD_ARGUMENT},
    {"short options", false, 0x238, 3, "-append", STATUS_BAD_ARGUMENT},
    {"low initrd", false, 0x22c, 0x1fffff, "-initrd", STATUS_BAD_ARGUMENT},
    {"fine", true, 0, 0, NULL, STATUS_OK},
    {"sum", true, 0x108, 0, "neither", STATUS_BAD_FORMAT},
    {"no ELF", true, 0, 0, "no ELF file", STATUS_BAD_FORMAT},
    {"64 bits", true, 4, 2, "32 bits", STATUS_BAD_FORMAT},
    {"table beyond", true, 28, 0xfffffff0, "damaged", STATUS_BAD_FORMAT},
    {"rows", true, 44, 0xffff, "damaged", STATUS_BAD_FORMAT},
    {"no rows", true, 44, 0, "nothing to load", STATUS_BAD_FORMAT},
    {"part beyond", true, 52 + 4, LINUX_BYTES, "beyond", STATUS_BAD_FORMAT},
    {"part large", true, 52 + 16, 3000, "larger", STATUS_BAD_FORMAT},
    {"on the screen", true, 52 + 12, 0xb8000, "screen", STATUS_BAD_FORMAT},
    {"on the BIOS data", true, 52 + 12, 0x400, "BIOS", STATUS_BAD_FORMAT},
    {"too high", true, 52 + 12, 0x2000000, "-m 33M", STATUS_BAD_ARGUMENT},
    {"too much", true, 52 + 20, 0xfffff000, "-m ", STATUS_BAD_ARGUMENT},
    {"no room for modules", true, 52 + 20, 0x0ef0000, "-initrd",
     STATUS_BAD_ARGUMENT},
};

START_TEST(says_what_is_wrong)
{
    static uint8_t bytes[LINUX_BYTES];
    static const uint8_t initrd[0x20000];
    const struct row *row = &rows[_i];
    const struct machine_kernel kernel = {
        .bytes = bytes,
        .size = sizeof(bytes),
        .name = "kernel",
        .options = "quiet",
        .modules = {{initrd, sizeof(initrd), NULL}},
        .module_count = 1,
    };
    char message[1024] = "";
    enum status status;

    if (row->multiboot)
        make_multiboot(bytes);
    else
        make_linux(bytes);
    if (strcmp(row->name, "fine") != 0)
        put32(bytes + row->at, row->value);
    status = try_kernel(&kernel, "486", MIB(16), message, sizeof(message));
    ck_assert_msg(status == row->status, "%s: %d, %s", row->name, status,
                  message);
    if (row->message)
        ck_assert_msg(strstr(message, row->message) != NULL, "%s: %s",
                      row->name, message);
}
END_TEST

START_TEST(needs_a_386)
{
    static uint8_t bytes[LINUX_BYTES];
    const struct machine_kernel kernel = {
        .bytes = bytes, .size = sizeof(bytes), .name = "kernel"};
    char message[1024];

    make_linux(bytes);
    ck_assert_int_eq(
        try_kernel(&kernel, "286", MIB(16), message, sizeof(message)),
        STATUS_BAD_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(message, "386"));
    ck_assert_int_eq(
        try_kernel(&kernel, "386", MIB(16), message, sizeof(message)),
        STATUS_OK);
}
END_TEST

START_TEST(takes_video_modes)
{
    static const struct {
        const char *options;
        bool fine;
    } tries[] = {
        {"vga=normal", true},   {"a vga=ext b", true}, {"vga=ask", true},
        {"vga=791", true},      {"vga=0x317", true},   {"vga=", false},
        {"vga=large", false},   {"vga=-1", false},     {"vga=0x10000", false},
        {"vga=1 vga=x", false}, {"vga=x vga=1", true}, {"novga=x", true},
    };
    static uint8_t bytes[LINUX_BYTES];
    char message[1024];

    make_linux(bytes);
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        const struct machine_kernel kernel = {.bytes = bytes,
                                              .size = sizeof(bytes),
                                              .name = "kernel",
                                              .options = tries[i].options};
        enum status status =
            try_kernel(&kernel, "486", MIB(16), message, sizeof(message));

        ck_assert_msg((status == STATUS_OK) == tries[i].fine, "%s",
                      tries[i].options);
    }
}
END_TEST

/* Headers of any content: a status, never a crash. */
START_TEST(survives_any_header)
{
    static uint8_t bytes[LINUX_BYTES];
    static const uint8_t initrd[5000];
    struct machine_kernel kernel = {
        .bytes = bytes,
        .name = "kernel",
        .options = "mem=8M vga=1",
        .modules = {{initrd, sizeof(initrd), "a"}, {initrd, 1, NULL}},
    };
    char message[1024];
    uint32_t seed = 1;

    for (unsigned n = 0; n < 300; n++) {
        bool multiboot = n & 1;

        if (multiboot)
            make_multiboot(bytes);
        else
            make_linux(bytes);
        for (unsigned i = 0; i < n % 5 + 1; i++) {
            uint32_t at, value;

            seed = seed * 1664525 + 1013904223;
            at = multiboot ? seed >> 8 & 0x7f : 0x1f0 + (seed >> 8) % 0x74;
            seed = seed * 1664525 + 1013904223;
            value = seed >> 24 & 1 ? 0xffu : seed >> 16 & 0xff;
            bytes[at] = (uint8_t)value;
        }
        kernel.size = n % 7 ? LINUX_BYTES : (seed >> 7) % LINUX_BYTES;
        kernel.module_count = n % 3;
        try_kernel(&kernel, "486", MIB(1 + n % 16), message, sizeof(message));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/kernel");
    TCase *tests = tcase_create("kernel");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, says_what_is_wrong, 0, ARRAY_LEN(rows));
    tcase_add_test(tests, needs_a_386);
    tcase_add_test(tests, takes_video_modes);
    tcase_add_test(tests, survives_any_header);
    suite_add_tcase(suite, tests);
    return suite;
}
