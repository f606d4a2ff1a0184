#include "frontend/ports.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/frontend/fake_machine.h"
#include "tests/suite.h"

static struct options options;
static struct failure failure;
static struct ports *ports;
static struct machine *machine;
static struct machine_config config;
static char viewed[16];

static void take_view(struct host_char *self, uint8_t byte)
{
    (void)self;
    viewed[strlen(viewed)] = (char)byte;
}

static struct host_char view = {take_view};

static void setup(void)
{
    char *argv[] = {"vitrine", "-display", "none", "-serial",
                    "none",    "-serial",  "none", NULL};

    ck_assert(options_parse(&options, 7, argv, &failure));
    ck_assert(ports_open(&options, NULL, NULL, &ports, &failure));
    memset(&config, 0, sizeof(config));
    memset(viewed, 0, sizeof(viewed));
    ports_plug(ports, &config);
    machine = fake_machine_create();
}

static void teardown(void)
{
    ports_close(ports);
    machine_destroy(machine);
    options_release(&options);
}

START_TEST(only_com1_is_always_connected)
{
    ck_assert_ptr_nonnull(config.serial[0]);
    ck_assert_ptr_null(config.serial[1]);
    ck_assert_ptr_null(config.serial[3]);
    ck_assert_ptr_null(config.parallel);
    ck_assert_ptr_null(config.debugcon);
    config.serial[0]->put(config.serial[0], 'x'); /* nobody listens */
}
END_TEST

START_TEST(somebody_looks_at_com1)
{
    ports_set_com1_view(ports, &view);
    config.serial[0]->put(config.serial[0], 'h');
    config.serial[0]->put(config.serial[0], 'i');
    ports_set_com1_view(ports, NULL);
    config.serial[0]->put(config.serial[0], '!');
    ck_assert_str_eq(viewed, "hi");
}
END_TEST

START_TEST(what_is_typed_waits_for_room)
{
    unsigned i;

    for (i = 0; i < 10000; i++)
        ports_type_com1(ports, (uint8_t)i);
    ports_feed(ports, machine);
    ck_assert_uint_eq(machine->serial_in_count, sizeof(machine->serial_in));
    for (i = 0; i < machine->serial_in_count; i++)
        ck_assert_uint_eq(machine->serial_in[i], i & 0xff);
    machine->serial_in_count = 0;
    ports_feed(ports, machine);
    ck_assert_uint_eq(machine->serial_in[0], 0);
    ck_assert_uint_eq(machine->serial_in_count, sizeof(machine->serial_in));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/ports");
    TCase *tcase = tcase_create("ports");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, only_com1_is_always_connected);
    tcase_add_test(tcase, somebody_looks_at_com1);
    tcase_add_test(tcase, what_is_typed_waits_for_room);
    suite_add_tcase(suite, tcase);
    return suite;
}
