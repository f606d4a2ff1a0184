/* The translator against the interpreter: two machines with the same medium
 * and the same keys have to be equal, bit by bit, at every look.
 *
 * Longer: VITRINE_ENGINES_FLOPPY names an image, VITRINE_ENGINES_KERNEL,
 * _INITRD and _APPEND a kernel, VITRINE_ENGINES_MS how long, _CPU the model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/jit.h"
#include "machine/machine.h"
#include "tests/fake_block.h"
#include "tests/suite.h"

#define STEP_NS 5000000u

struct file {
    uint8_t *bytes;
    size_t size;
};

static struct file load(const char *variable)
{
    const char *path = getenv(variable);
    FILE *f = path ? fopen(path, "rb") : NULL;
    struct file file = {0};

    if (!f)
        return file;
    fseek(f, 0, SEEK_END);
    file.size = (size_t)ftell(f);
    rewind(f);
    file.bytes = malloc(file.size);
    ck_assert_uint_eq(fread(file.bytes, 1, file.size, f), file.size);
    fclose(f);
    return file;
}

static struct machine *make(const struct machine_config *config,
                            enum machine_engine engine)
{
    struct machine_config own = *config;
    struct machine *m;
    char message[256];

    own.engine = engine;
    ck_assert_msg(machine_create(&own, &m, message, sizeof(message)) ==
                      STATUS_OK,
                  "%s", message);
    return m;
}

static uint64_t length_ns(uint64_t usual_ms)
{
    const char *text = getenv("VITRINE_ENGINES_MS");

    return (text ? strtoull(text, NULL, 10) : usual_ms) * 1000000;
}

static void check_stats(struct machine *interp, struct machine *jit)
{
    struct jit_stats stats;
    uint64_t named = 0;

    ck_assert(!machine_get_jit_stats(interp, &stats));
    ck_assert(machine_get_jit_stats(jit, &stats));
    ck_assert_uint_gt(stats.translations, 0);
    ck_assert_uint_ge(stats.blocks, stats.translations);
    ck_assert_uint_ge(stats.insns, stats.blocks);
    ck_assert_uint_ge(stats.code_bytes, stats.translations);
    ck_assert_uint_ge(stats.links_made, stats.links_undone);
    ck_assert_uint_ge(stats.translations, stats.killed);
    for (unsigned i = 0; i < stats.left_count; i++) {
        ck_assert_uint_gt(stats.left[i].count, 0);
        ck_assert(!i || stats.left[i].count <= stats.left[i - 1].count);
        named += stats.left[i].count;
    }
    ck_assert_uint_le(named, stats.insns_left);
    ck_assert_uint_le(stats.insns_left, stats.insns);
    if (stats.left_count < JIT_STATS_LEFT)
        ck_assert_uint_eq(named, stats.insns_left);
}

static void compare(struct machine *a, struct machine *b, uint64_t until_ns)
{
    for (uint64_t ns = STEP_NS; ns <= until_ns; ns += STEP_NS) {
        enum machine_stop stop = machine_run(a, ns);

        ck_assert_int_eq(machine_run(b, ns), stop);
        ck_assert_uint_eq(machine_insns(a), machine_insns(b));
        if (machine_state_hash(a) != machine_state_hash(b))
            ck_abort_msg("different after %llu instructions",
                         (unsigned long long)machine_insns(a));
        if (stop != MACHINE_TIME_UP)
            break;
    }
    check_stats(a, b);
    machine_destroy(a);
    machine_destroy(b);
}

static void fill_block(struct fake_block *fake, const uint8_t *bytes,
                       size_t size)
{
    fake_block_init(fake, size);
    memcpy(fake->data, bytes, size);
}

/* The BIOS, and the built-in disk or the given one. */
START_TEST(boots_alike)
{
    struct file file = load("VITRINE_ENGINES_FLOPPY");
    const char *cpu = getenv("VITRINE_ENGINES_CPU");
    struct file image = load("VITRINE_ENGINES_KERNEL");
    struct file initrd = load("VITRINE_ENGINES_INITRD");
    const char *append = getenv("VITRINE_ENGINES_APPEND");
    struct machine_kernel kernel = {.bytes = image.bytes,
                                    .size = image.size,
                                    .options = append ? append : "",
                                    .module_count = initrd.bytes ? 1 : 0};
    struct fake_block disk[2];
    struct machine_config config = {
        .board = MACHINE_PC,
        .cpu = cpu ? cpu : "486",
        .ram_bytes = MIB(file.bytes || image.bytes ? 32 : 4),
        .kernel = image.bytes ? &kernel : NULL,
    };
    struct machine *m[2];

    kernel.modules[0].bytes = initrd.bytes;
    kernel.modules[0].size = initrd.size;
    if (!file.bytes) {
        const uint8_t *demo = machine_demo_disk(&file.size);

        file.bytes = malloc(file.size + 1);
        memcpy(file.bytes, demo, file.size);
    }
    for (unsigned i = 0; i < 2; i++) {
        if (file.size)
            fill_block(&disk[i], file.bytes, file.size);
        config.floppy[0] = file.size ? &disk[i].block : NULL;
        m[i] = make(&config, i ? MACHINE_JIT : MACHINE_INTERP);
    }
    compare(m[0], m[1], length_ns(1500));
    for (unsigned i = 0; file.size && i < 2; i++)
        fake_block_deinit(&disk[i]);
    free(file.bytes);
    free(image.bytes);
    free(initrd.bytes);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("machine/engines");
    TCase *tcase = tcase_create("alike");

    tcase_set_timeout(tcase, 0);
    if (jit_available())
        tcase_add_test(tcase, boots_alike);
    suite_add_tcase(suite, tcase);
    return suite;
}
