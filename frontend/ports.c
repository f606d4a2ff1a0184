#include "frontend/ports.h"

#include <stdlib.h>

#include "frontend/signals.h"

/* COM1's bytes have up to three listeners. */
struct com1_tap {
    struct host_char output;
    struct script *script;  /* borrowed; may be NULL */
    struct host_char *next; /* borrowed; may be NULL */
    struct host_char *view; /* borrowed; may be NULL */
};

#define TYPED_BYTES 4096

struct ports {
    struct chardev *serial[MACHINE_SERIALS];
    struct chardev *parallel, *debugcon;
    struct com1_tap com1;
    uint8_t typed[TYPED_BYTES]; /* for COM1 */
    size_t typed_first, typed_count;
};

static void put_com1(struct host_char *self, uint8_t byte)
{
    struct com1_tap *tap = (struct com1_tap *)self;

    if (tap->script)
        script_take_serial(tap->script, byte);
    if (tap->next)
        tap->next->put(tap->next, byte);
    if (tap->view)
        tap->view->put(tap->view, byte);
}

static struct host_char *output_of(struct chardev *chardev)
{
    return chardev ? chardev_output(chardev) : NULL;
}

static bool open_all(struct ports *ports, const struct options *options,
                     struct log *log, struct failure *failure)
{
    struct chardev_host host = {
        .option = "serial", .log = log, .interrupted = signals_pending};
    unsigned i;

    for (i = 0; i < MACHINE_SERIALS; i++)
        if (!chardev_open(&options->serial[i], &host, &ports->serial[i],
                          failure))
            return false;
    host.option = "parallel";
    if (!chardev_open(&options->parallel, &host, &ports->parallel, failure))
        return false;
    host.option = "debugcon";
    return chardev_open(&options->debugcon, &host, &ports->debugcon, failure);
}

bool ports_open(const struct options *options, struct script *script,
                struct log *log, struct ports **out, struct failure *failure)
{
    struct ports *ports = calloc(1, sizeof(*ports));

    *out = NULL;
    if (!ports)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    if (!open_all(ports, options, log, failure)) {
        ports_close(ports);
        return false;
    }
    ports->com1.output.put = put_com1;
    ports->com1.script = script;
    ports->com1.next = output_of(ports->serial[0]);
    *out = ports;
    return true;
}

void ports_close(struct ports *ports)
{
    unsigned i;

    if (!ports)
        return;
    chardev_close(ports->debugcon);
    chardev_close(ports->parallel);
    for (i = MACHINE_SERIALS; i-- > 0;)
        chardev_close(ports->serial[i]);
    free(ports);
}

void ports_plug(struct ports *ports, struct machine_config *config)
{
    unsigned i;

    config->serial[0] = &ports->com1.output;
    for (i = 1; i < MACHINE_SERIALS; i++)
        config->serial[i] = output_of(ports->serial[i]);
    config->parallel = output_of(ports->parallel);
    config->debugcon = output_of(ports->debugcon);
}

void ports_poll(struct ports *ports)
{
    unsigned i;

    for (i = 0; i < MACHINE_SERIALS; i++)
        if (ports->serial[i])
            chardev_poll(ports->serial[i]);
    if (ports->parallel)
        chardev_poll(ports->parallel);
    if (ports->debugcon)
        chardev_poll(ports->debugcon);
}

static void feed_typed(struct ports *ports, struct machine *machine)
{
    while (ports->typed_count > 0 &&
           machine_serial_in(machine, 0, ports->typed[ports->typed_first])) {
        ports->typed_first++;
        ports->typed_count--;
    }
}

void ports_feed(struct ports *ports, struct machine *machine)
{
    unsigned i;
    uint8_t byte;

    feed_typed(ports, machine);
    for (i = 0; i < MACHINE_SERIALS; i++)
        while (ports->serial[i] && chardev_peek(ports->serial[i], &byte) &&
               machine_serial_in(machine, i, byte))
            chardev_take(ports->serial[i]);
}

void ports_set_com1_view(struct ports *ports, struct host_char *view)
{
    ports->com1.view = view;
}

void ports_type_com1(struct ports *ports, uint8_t byte)
{
    if (ports->typed_count == 0)
        ports->typed_first = 0;
    if (ports->typed_first + ports->typed_count < TYPED_BYTES)
        ports->typed[ports->typed_first + ports->typed_count++] = byte;
}
