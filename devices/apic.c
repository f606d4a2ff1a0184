#include "devices/apic_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

/* Whom a message goes to: ICR_TO. */
enum {
    TO_DESTINATION,
    TO_SELF,
    TO_ALL,
    TO_OTHERS
};

#define NONE (-1)

static int highest(const uint32_t *bits)
{
    for (int word = 7; word >= 0; word--) {
        for (int i = 31; bits[word] && i >= 0; i--) {
            if (bits[word] >> i & 1)
                return word * 32 + i;
        }
    }
    return NONE;
}

static void set_bit(uint32_t *bits, uint8_t vector, bool value)
{
    uint32_t mask = UINT32_C(1) << (vector & 31);

    if (value)
        bits[vector >> 5] |= mask;
    else
        bits[vector >> 5] &= ~mask;
}

static bool is_on(const struct apic *a)
{
    return a->base & APIC_BASE_ENABLE;
}

bool apic_is_enabled(const struct apic *a)
{
    return is_on(a) && (a->svr & SVR_ENABLE);
}

uint32_t apic_ppr(const struct apic *a)
{
    int service = highest(a->isr);
    uint32_t isrv = service == NONE ? 0 : (uint32_t)service & 0xf0;

    return (a->tpr & 0xf0) >= isrv ? a->tpr : isrv;
}

/* The vector that the CPU may take now, or NONE. */
static int ready_vector(const struct apic *a)
{
    int vector = highest(a->irr);

    if (vector == NONE || ((uint32_t)vector & 0xf0) <= (apic_ppr(a) & 0xf0))
        return NONE;
    return vector;
}

bool apic_lint_active(const struct apic *a, unsigned pin)
{
    return a->pin[pin] != !!(a->lvt[LVT_LINT0 + pin] & LVT_POLARITY);
}

/* ExtINT has no latch: it is the 8259's request itself. */
static bool extint_waits(const struct apic *a)
{
    if (!is_on(a))
        return a->pin[0];
    for (unsigned pin = 0; pin < LINTS; pin++) {
        uint32_t lvt = a->lvt[LVT_LINT0 + pin];

        if (!(lvt & LVT_MASKED) && lvt_delivery(lvt) == APIC_EXTINT &&
            apic_lint_active(a, pin))
            return true;
    }
    return a->ext_pin && (a->svr & SVR_ENABLE);
}

void apic_update(struct apic *a)
{
    bool level = (is_on(a) && ready_vector(a) != NONE) || extint_waits(a);

    if (level == a->driven)
        return;
    a->driven = level;
    irq_set(&a->intr, level);
}

static void pulse(const struct irq_line *line)
{
    irq_set(line, true);
    irq_set(line, false);
}

void apic_note_error(struct apic *a, uint32_t error)
{
    bool news = !(a->errors & error);

    a->errors |= error;
    /* the error interrupt's own vector may be the error */
    if (news && (a->lvt[LVT_ERROR] & LVT_VECTOR) >= VECTORS_RESERVED)
        apic_local(a, LVT_ERROR);
}

static void accept_fixed(struct apic *a, uint8_t vector, bool level)
{
    if (vector < VECTORS_RESERVED) {
        apic_note_error(a, ESR_RECEIVED_VECTOR);
        return;
    }
    set_bit(a->irr, vector, true);
    set_bit(a->tmr, vector, level);
    apic_update(a);
}

void apic_local(struct apic *a, enum apic_lvt source)
{
    uint32_t lvt = a->lvt[source];

    if (lvt & LVT_MASKED)
        return;
    switch (lvt_delivery(lvt)) {
    case APIC_FIXED: accept_fixed(a, lvt & LVT_VECTOR, false); break;
    case APIC_NMI: pulse(&a->nmi); break;
    case APIC_INIT: pulse(&a->init); break;
    default: break;
    }
}

void apic_update_lint(struct apic *a, unsigned pin, bool rose)
{
    uint32_t *lvt = &a->lvt[LVT_LINT0 + pin];
    bool active = apic_lint_active(a, pin);

    if (is_on(a) && active && !(*lvt & LVT_MASKED)) {
        bool level = (*lvt & LVT_LEVEL) && lvt_delivery(*lvt) == APIC_FIXED;

        if (level && !(*lvt & LVT_REMOTE_IRR)) {
            *lvt |= LVT_REMOTE_IRR;
            accept_fixed(a, *lvt & LVT_VECTOR, true);
        } else if (!level && rose) {
            apic_local(a, LVT_LINT0 + pin);
        }
    }
    apic_update(a);
}

static void set_lint(void *sink, unsigned pin, bool level)
{
    struct apic *a = sink;
    bool was = apic_lint_active(a, pin);

    a->pin[pin] = level;
    if (!is_on(a) && pin == 1)
        irq_set(&a->nmi, level);
    apic_update_lint(a, pin, !was && apic_lint_active(a, pin));
}

static void set_extint(void *sink, unsigned pin, bool level)
{
    struct apic *a = sink;

    (void)pin;
    a->ext_pin = level;
    apic_update(a);
}

void apic_tell_ready(struct apic *a)
{
    if (a->bus.ready)
        a->bus.ready(a->bus.sink);
}

static uint8_t ack_vector(void *source)
{
    struct apic *a = source;
    int vector = is_on(a) ? ready_vector(a) : NONE;

    if (vector != NONE) {
        set_bit(a->irr, (uint8_t)vector, false);
        set_bit(a->isr, (uint8_t)vector, true);
        if ((uint32_t)vector == (a->lvt[LVT_TIMER] & LVT_VECTOR))
            apic_timer_arm(a);
        apic_update(a);
        return (uint8_t)vector;
    }
    if (!is_on(a) || extint_waits(a))
        return a->ext.vector(a->ext.source);
    return a->svr & 0xff;
}

void apic_end_interrupt(struct apic *a)
{
    int vector = highest(a->isr);

    if (vector == NONE)
        return;
    set_bit(a->isr, (uint8_t)vector, false);
    if (apic_bit(a->tmr, (uint8_t)vector)) {
        for (unsigned pin = 0; pin < LINTS; pin++) {
            if ((a->lvt[LVT_LINT0 + pin] & LVT_VECTOR) != (uint32_t)vector)
                continue;
            a->lvt[LVT_LINT0 + pin] &= ~LVT_REMOTE_IRR;
            apic_update_lint(a, pin, false);
        }
        if (a->bus.eoi)
            a->bus.eoi(a->bus.sink, (uint8_t)vector);
    }
    apic_update(a);
}

/* Messages. */

uint32_t apic_id_mask(const struct apic *a)
{
    return a->kind == APIC_XAPIC ? 0xff : 0x0f;
}

static bool is_destination(const struct apic *a,
                           const struct apic_message *message)
{
    uint32_t to = message->destination, ldr = a->ldr >> 24;

    if (!message->logical) {
        to &= apic_id_mask(a);
        return to == a->id || to == apic_id_mask(a);
    }
    if (a->dfr >> 28 == 0xf) /* flat: a bit for each */
        return to & ldr;
    return (to >> 4 == ldr >> 4 || to >> 4 == 0xf) && (to & ldr & 0x0f);
}

static bool take(struct apic *a, const struct apic_message *message)
{
    switch (message->delivery) {
    case APIC_FIXED:
    case APIC_LOWEST:
        if (!apic_is_enabled(a))
            return false;
        accept_fixed(a, message->vector, message->level);
        return true;
    case APIC_NMI: pulse(&a->nmi); return true;
    case APIC_INIT: pulse(&a->init); return true;
    default: return true;
    }
}

bool apic_deliver(struct device *dev, const struct apic_message *message)
{
    struct apic *a = CONTAINER_OF(dev, struct apic, dev);

    return is_on(a) && is_destination(a, message) && take(a, message);
}

static bool send(struct apic *a, const struct apic_message *message)
{
    switch ((a->icr[0] & ICR_TO) >> 18) {
    case TO_DESTINATION: return is_destination(a, message) && take(a, message);
    case TO_SELF:
    case TO_ALL: return take(a, message);
    default: return false;
    }
}

void apic_send_icr(struct apic *a)
{
    const struct apic_message message = {
        .destination = (uint8_t)(a->icr[1] >> 24),
        .logical = a->icr[0] & ICR_LOGICAL,
        .delivery = lvt_delivery(a->icr[0]),
        .vector = (uint8_t)(a->icr[0] & LVT_VECTOR),
        .level = false,
    };
    bool fixed =
        message.delivery == APIC_FIXED || message.delivery == APIC_LOWEST;

    if (fixed && message.vector < VECTORS_RESERVED) {
        apic_note_error(a, ESR_SEND_VECTOR);
        return;
    }
    if (message.delivery == APIC_INIT && (a->icr[0] & ICR_LEVEL) &&
        !(a->icr[0] & ICR_ASSERT))
        return; /* de-assert: arbitration IDs only */
    if (!send(a, &message) && a->kind != APIC_XAPIC)
        apic_note_error(a, ESR_SEND_ACCEPT);
}

/* Shows what was below the registers' page again. */
static void unmap(struct apic *a)
{
    const struct mem_page *row = &a->below;

    if (!a->mapped)
        return;
    a->mapped = false;
    if (row->flags & MEM_PAGE_IO)
        mem_map_io(a->mem, a->mapped_at, PAGE_BYTES, row->ops, row->dev);
    else if (row->flags & MEM_PAGE_ROM)
        mem_map_rom(a->mem, a->mapped_at, PAGE_BYTES, row->host, row->store);
    else if (row->host)
        mem_map_host(a->mem, a->mapped_at, PAGE_BYTES, row->host);
    else
        mem_unmap(a->mem, a->mapped_at, PAGE_BYTES);
    if (row->flags & MEM_PAGE_IO) /* the row, not the window, begins there */
        a->mem->pages[a->mapped_at / PAGE_BYTES].offset = row->offset;
}

static void map(struct apic *a)
{
    paddr at = a->base & ~(paddr)(PAGE_BYTES - 1);

    unmap(a);
    if (!is_on(a) || at >> 32) /* no memory answers up there */
        return;
    a->below = a->mem->pages[at / PAGE_BYTES];
    a->mapped = true;
    a->mapped_at = at;
    mem_map_io(a->mem, at, PAGE_BYTES, &apic_page_ops, a);
}

/* Resets and wires. */

void apic_init(struct device *dev)
{
    struct apic *a = CONTAINER_OF(dev, struct apic, dev);

    memset(a->irr, 0, sizeof(a->irr));
    memset(a->isr, 0, sizeof(a->isr));
    memset(a->tmr, 0, sizeof(a->tmr));
    a->tpr = a->ldr = a->esr = a->errors = a->icr[0] = a->icr[1] = 0;
    a->dfr = 0xffffffffu;
    a->svr = 0xff;
    for (unsigned n = 0; n < LVTS; n++)
        a->lvt[n] = LVT_MASKED;
    apic_timer_reset(a);
    apic_update(a);
}

void apic_set_base(struct device *dev, uint64_t base)
{
    struct apic *a = CONTAINER_OF(dev, struct apic, dev);
    bool was = is_on(a);

    if (base == a->base)
        return;
    a->base = base;
    map(a);
    if (was != is_on(a))
        apic_init(dev);
    apic_update(a);
}

static void apic_reset(struct device *dev)
{
    struct apic *a = CONTAINER_OF(dev, struct apic, dev);

    a->id = 0;
    apic_set_base(dev, APIC_BASE_DEFAULT | APIC_BASE_BSP | APIC_BASE_ENABLE);
    apic_init(dev);
}

struct irq_line apic_lint(struct device *dev, unsigned pin)
{
    assert(pin < LINTS);
    return (struct irq_line){set_lint, CONTAINER_OF(dev, struct apic, dev),
                             pin};
}

struct irq_line apic_extint(struct device *dev)
{
    return (struct irq_line){set_extint, CONTAINER_OF(dev, struct apic, dev),
                             0};
}

struct irq_ack apic_ack(struct device *dev)
{
    return (struct irq_ack){ack_vector, CONTAINER_OF(dev, struct apic, dev)};
}

void apic_plug_bus(struct device *dev, const struct apic_bus *bus)
{
    CONTAINER_OF(dev, struct apic, dev)->bus = *bus;
}

static void apic_destroy(struct device *dev)
{
    struct apic *a = CONTAINER_OF(dev, struct apic, dev);

    clock_disarm(a->clock, &a->timer.event);
    unmap(a);
    free(a);
}

static void apic_loaded(struct device *dev)
{
    struct apic *a = CONTAINER_OF(dev, struct apic, dev);

    a->id &= apic_id_mask(a);
    map(a);
    apic_timer_loaded(a);
    irq_set(&a->intr, a->driven);
    apic_update(a);
}

static const struct state_field apic_state[] = {
    STATE_FIELD(struct apic, base),
    STATE_FIELD(struct apic, id),
    STATE_FIELD(struct apic, tpr),
    STATE_FIELD(struct apic, ldr),
    STATE_FIELD(struct apic, dfr),
    STATE_FIELD(struct apic, svr),
    STATE_FIELD(struct apic, esr),
    STATE_FIELD(struct apic, errors),
    STATE_ARRAY(struct apic, icr),
    STATE_ARRAY(struct apic, lvt),
    STATE_ARRAY(struct apic, irr),
    STATE_ARRAY(struct apic, isr),
    STATE_ARRAY(struct apic, tmr),
    STATE_ARRAY(struct apic, pin),
    STATE_FIELD(struct apic, ext_pin),
    STATE_TABLE(struct apic, timer, apic_timer_state),
    STATE_END,
};

static const struct device_class apic_class = {
    .name = "apic",
    .reset = apic_reset,
    .destroy = apic_destroy,
    .state = apic_state,
    .loaded = apic_loaded,
};

enum status apic_create(const struct apic_config *config, struct device **out)
{
    struct apic *a = calloc(1, sizeof(*a));

    *out = NULL;
    if (!a)
        return STATUS_NO_MEMORY;
    assert(config->bus_hz >= 1000 && config->bus_hz <= NS_PER_SEC);
    a->dev = (struct device){&apic_class, config->name};
    a->kind = config->kind;
    a->mem = config->mem;
    a->clock = config->clock;
    a->log = config->log;
    a->bus_hz = config->bus_hz;
    a->intr = config->intr;
    a->nmi = config->nmi;
    a->init = config->init;
    a->ext = config->ext;
    apic_timer_init(a);
    apic_reset(&a->dev);
    *out = &a->dev;
    return STATUS_OK;
}
