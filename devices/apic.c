#include "devices/apic_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

/* Offsets of the registers. */
enum {
    REG_ID = 0x020,
    REG_VERSION = 0x030,
    REG_TPR = 0x080,
    REG_APR = 0x090,
    REG_PPR = 0x0a0,
    REG_EOI = 0x0b0,
    REG_LDR = 0x0d0,
    REG_DFR = 0x0e0,
    REG_SVR = 0x0f0,
    REG_ISR = 0x100,
    REG_TMR = 0x180,
    REG_IRR = 0x200,
    REG_ESR = 0x280,
    REG_ICR_LOW = 0x300,
    REG_ICR_HIGH = 0x310,
    REG_LVT = 0x320,
    REG_INITIAL = 0x380,
    REG_COUNT = 0x390,
    REG_DIVIDE = 0x3e0,
};

#define SVR_ENABLE 0x100u

#define ICR_LOGICAL 0x00800u
#define ICR_ASSERT  0x04000u
#define ICR_LEVEL   0x08000u
#define ICR_TO      0xc0000u
enum {
    TO_DESTINATION,
    TO_SELF,
    TO_ALL,
    TO_OTHERS
};

#define ESR_SEND_ACCEPT     0x04u
#define ESR_SEND_VECTOR     0x20u
#define ESR_RECEIVED_VECTOR 0x40u
#define ESR_REGISTER        0x80u

#define VECTORS_RESERVED 16 /* 0..15 are no interrupts */
#define NONE             (-1)

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

static bool is_enabled(const struct apic *a)
{
    return is_on(a) && (a->svr & SVR_ENABLE);
}

static uint32_t ppr(const struct apic *a)
{
    int service = highest(a->isr);
    uint32_t isrv = service == NONE ? 0 : (uint32_t)service & 0xf0;

    return (a->tpr & 0xf0) >= isrv ? a->tpr : isrv;
}

/* The vector that the CPU may take now, or NONE. */
static int ready_vector(const struct apic *a)
{
    int vector = highest(a->irr);

    if (vector == NONE || ((uint32_t)vector & 0xf0) <= (ppr(a) & 0xf0))
        return NONE;
    return vector;
}

static enum apic_delivery delivery(uint32_t lvt)
{
    return (enum apic_delivery)((lvt & LVT_DELIVERY) >> 8);
}

/* Level of LINT pin as its entry of the table sees it. */
static bool lint_active(const struct apic *a, unsigned pin)
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

        if (!(lvt & LVT_MASKED) && delivery(lvt) == APIC_EXTINT &&
            lint_active(a, pin))
            return true;
    }
    return a->ext_pin && (a->svr & SVR_ENABLE);
}

static void update(struct apic *a)
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

static void note_error(struct apic *a, uint32_t error)
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
        note_error(a, ESR_RECEIVED_VECTOR);
        return;
    }
    set_bit(a->irr, vector, true);
    set_bit(a->tmr, vector, level);
    update(a);
}

void apic_local(struct apic *a, enum apic_lvt source)
{
    uint32_t lvt = a->lvt[source];

    if (lvt & LVT_MASKED)
        return;
    switch (delivery(lvt)) {
    case APIC_FIXED: accept_fixed(a, lvt & LVT_VECTOR, false); break;
    case APIC_NMI: pulse(&a->nmi); break;
    case APIC_INIT: pulse(&a->init); break;
    default: break;
    }
}

/* A LINT pin or its entry changed; `rose`: it was not active before. */
static void update_lint(struct apic *a, unsigned pin, bool rose)
{
    uint32_t *lvt = &a->lvt[LVT_LINT0 + pin];
    bool active = lint_active(a, pin);

    if (is_on(a) && active && !(*lvt & LVT_MASKED)) {
        bool level = (*lvt & LVT_LEVEL) && delivery(*lvt) == APIC_FIXED;

        if (level && !(*lvt & LVT_REMOTE_IRR)) {
            *lvt |= LVT_REMOTE_IRR;
            accept_fixed(a, *lvt & LVT_VECTOR, true);
        } else if (!level && rose) {
            apic_local(a, LVT_LINT0 + pin);
        }
    }
    update(a);
}

static void set_lint(void *sink, unsigned pin, bool level)
{
    struct apic *a = sink;
    bool was = lint_active(a, pin);

    a->pin[pin] = level;
    if (!is_on(a) && pin == 1)
        irq_set(&a->nmi, level);
    update_lint(a, pin, !was && lint_active(a, pin));
}

static void set_extint(void *sink, unsigned pin, bool level)
{
    struct apic *a = sink;

    (void)pin;
    a->ext_pin = level;
    update(a);
}

static void tell_ready(struct apic *a)
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
        update(a);
        return (uint8_t)vector;
    }
    if (!is_on(a) || extint_waits(a))
        return a->ext.vector(a->ext.source);
    return a->svr & 0xff;
}

static void end_interrupt(struct apic *a)
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
            update_lint(a, pin, false);
        }
        if (a->bus.eoi)
            a->bus.eoi(a->bus.sink, (uint8_t)vector);
    }
    update(a);
}

/* Messages. */

static uint32_t id_mask(const struct apic *a)
{
    return a->kind == APIC_XAPIC ? 0xff : 0x0f;
}

static bool is_destination(const struct apic *a,
                           const struct apic_message *message)
{
    uint32_t to = message->destination, ldr = a->ldr >> 24;

    if (!message->logical) {
        to &= id_mask(a);
        return to == a->id || to == id_mask(a);
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
        if (!is_enabled(a))
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

static void send_icr(struct apic *a)
{
    const struct apic_message message = {
        .destination = (uint8_t)(a->icr[1] >> 24),
        .logical = a->icr[0] & ICR_LOGICAL,
        .delivery = delivery(a->icr[0]),
        .vector = (uint8_t)(a->icr[0] & LVT_VECTOR),
        .level = false,
    };
    bool fixed =
        message.delivery == APIC_FIXED || message.delivery == APIC_LOWEST;

    if (fixed && message.vector < VECTORS_RESERVED) {
        note_error(a, ESR_SEND_VECTOR);
        return;
    }
    if (message.delivery == APIC_INIT && (a->icr[0] & ICR_LEVEL) &&
        !(a->icr[0] & ICR_ASSERT))
        return; /* de-assert: arbitration IDs only */
    if (!send(a, &message) && a->kind != APIC_XAPIC)
        note_error(a, ESR_SEND_ACCEPT);
}

/* Registers. */

static uint32_t lvt_mask(const struct apic *a, enum apic_lvt n)
{
    static const uint32_t masks[LVTS] = {
        [LVT_TIMER] = LVT_PERIODIC | LVT_MASKED | LVT_VECTOR,
        [LVT_THERMAL] = LVT_MASKED | LVT_DELIVERY | LVT_VECTOR,
        [LVT_COUNTER] = LVT_MASKED | LVT_DELIVERY | LVT_VECTOR,
        [LVT_LINT0] =
            LVT_MASKED | LVT_LEVEL | LVT_POLARITY | LVT_DELIVERY | LVT_VECTOR,
        [LVT_LINT1] =
            LVT_MASKED | LVT_LEVEL | LVT_POLARITY | LVT_DELIVERY | LVT_VECTOR,
        [LVT_ERROR] = LVT_MASKED | LVT_VECTOR,
    };

    if ((n == LVT_THERMAL && a->kind != APIC_XAPIC) ||
        (n == LVT_COUNTER && a->kind == APIC_PENTIUM))
        return 0;
    return masks[n];
}

static uint32_t version(const struct apic *a)
{
    switch (a->kind) {
    case APIC_PENTIUM: return 0x00030010;
    case APIC_P6: return 0x00040011;
    default: return 0x00050014;
    }
}

/* The register's entry of the table, or LVTS. */
static enum apic_lvt lvt_at(const struct apic *a, uint32_t reg)
{
    enum apic_lvt n = (enum apic_lvt)((reg - REG_LVT) >> 4);

    if (reg < REG_LVT || n >= LVTS || !lvt_mask(a, n))
        return LVTS;
    return n;
}

static uint32_t read_register(struct apic *a, uint32_t reg)
{
    enum apic_lvt lvt = lvt_at(a, reg);

    if (lvt != LVTS)
        return a->lvt[lvt];
    if (reg >= REG_ISR && reg < REG_ISR + 0x80)
        return a->isr[(reg - REG_ISR) >> 4];
    if (reg >= REG_TMR && reg < REG_TMR + 0x80)
        return a->tmr[(reg - REG_TMR) >> 4];
    if (reg >= REG_IRR && reg < REG_IRR + 0x80)
        return a->irr[(reg - REG_IRR) >> 4];
    switch (reg) {
    case REG_ID: return a->id << 24;
    case REG_VERSION: return version(a);
    case REG_TPR: return a->tpr;
    case REG_APR:
    case REG_PPR: return ppr(a);
    case REG_EOI: return 0;
    case REG_LDR: return a->ldr;
    case REG_DFR: return a->dfr;
    case REG_SVR: return a->svr;
    case REG_ESR: return a->esr;
    case REG_ICR_LOW: return a->icr[0];
    case REG_ICR_HIGH: return a->icr[1];
    case REG_INITIAL: return a->timer.initial;
    case REG_COUNT: return apic_timer_count(a);
    case REG_DIVIDE: return a->timer.divide;
    default: note_error(a, ESR_REGISTER); return 0;
    }
}

static void write_lvt(struct apic *a, enum apic_lvt n, uint32_t value)
{
    uint32_t mask = lvt_mask(a, n);
    unsigned pin = n - LVT_LINT0;
    bool was;

    value = (value & mask) | (a->lvt[n] & LVT_REMOTE_IRR);
    if (!(a->svr & SVR_ENABLE))
        value |= LVT_MASKED;
    if (n == LVT_TIMER) {
        apic_timer_set_lvt(a, value);
    } else if (n == LVT_LINT0 || n == LVT_LINT1) {
        if (!(value & LVT_LEVEL) || delivery(value) != APIC_FIXED)
            value &= ~LVT_REMOTE_IRR;
        was = lint_active(a, pin);
        a->lvt[n] = value;
        update_lint(a, pin, !was && lint_active(a, pin));
    } else {
        a->lvt[n] = value;
    }
}

static void mask_all(struct apic *a)
{
    for (unsigned n = 0; n < LVTS; n++) {
        if (lvt_mask(a, n))
            write_lvt(a, n, a->lvt[n] | LVT_MASKED);
    }
}

static void write_svr(struct apic *a, uint32_t value)
{
    bool was = is_enabled(a);

    a->svr = value & 0x3ff;
    if (a->kind != APIC_XAPIC)
        a->svr |= 0x0f;
    if (!(a->svr & SVR_ENABLE))
        mask_all(a);
    update(a);
    if (!was && is_enabled(a))
        tell_ready(a);
}

static void write_register(struct apic *a, uint32_t reg, uint32_t value)
{
    enum apic_lvt lvt = lvt_at(a, reg);

    if (lvt != LVTS) {
        write_lvt(a, lvt, value);
        return;
    }
    switch (reg) {
    case REG_ID:
        a->id = value >> 24 & id_mask(a);
        tell_ready(a);
        break;
    case REG_TPR:
        a->tpr = value & 0xff;
        update(a);
        break;
    case REG_EOI: end_interrupt(a); break;
    case REG_LDR:
        a->ldr = value & 0xff000000u;
        tell_ready(a);
        break;
    case REG_DFR:
        a->dfr = value | 0x0fffffffu;
        tell_ready(a);
        break;
    case REG_SVR: write_svr(a, value); break;
    case REG_ESR:
        a->esr = a->errors;
        a->errors = 0;
        break;
    case REG_ICR_LOW:
        a->icr[0] = value & (ICR_TO | ICR_LEVEL | ICR_ASSERT | ICR_LOGICAL |
                             LVT_DELIVERY | LVT_VECTOR);
        send_icr(a);
        break;
    case REG_ICR_HIGH: a->icr[1] = value & 0xff000000u; break;
    case REG_INITIAL: apic_timer_set_initial(a, value); break;
    case REG_DIVIDE: apic_timer_set_divide(a, value); break;
    case REG_VERSION:
    case REG_APR:
    case REG_PPR:
    case REG_COUNT: break; /* read only */
    default:
        if (reg < REG_ISR || reg >= REG_ESR)
            note_error(a, ESR_REGISTER);
        break;
    }
}

/* Each register has 16 bytes, of which it uses the first four. */
static uint32_t page_read(void *dev, paddr offset, unsigned size)
{
    struct apic *a = dev;
    unsigned byte = offset & 0x0f;

    (void)size;
    if (byte >= 4)
        return 0;
    return read_register(a, (uint32_t)offset & ~0x0fu) >> (8 * byte);
}

static void page_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct apic *a = dev;

    if (size != 4 || (offset & 0x0f)) {
        LOG_ONCE(a->told_narrow, a->log, LOG_GUEST, a->dev.name,
                 "a write of %u bytes at offset %03x is lost; registers are "
                 "written whole",
                 size, (unsigned)offset);
        return;
    }
    write_register(a, (uint32_t)offset, value);
}

static const struct bus_ops page_ops = {page_read, page_write, 1 | 2 | 4};

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
    mem_map_io(a->mem, at, PAGE_BYTES, &page_ops, a);
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
    update(a);
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
    update(a);
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

    a->id &= id_mask(a);
    map(a);
    apic_timer_loaded(a);
    irq_set(&a->intr, a->driven);
    update(a);
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
