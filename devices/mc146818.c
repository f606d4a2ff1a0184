#include "devices/mc146818.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "devices/mc146818_int.h"

#define A_UIP  0x80
#define A_DV   0x70
#define A_RS   0x0f
#define B_SET  0x80
#define B_IRQS 0x70 /* PIE, AIE, UIE; the flags in C have the same places */
#define B_UIE  0x10
#define B_SQWE 0x08
#define C_IRQF 0x80
#define C_PF   0x40
#define C_AF   0x20
#define C_UF   0x10
#define D_VRT  0x80

#define INDEX_NMI 0x80 /* port 70: masks NMI */

/* The crystal: 32768 Hz, that is 64 ticks in 1953125 ns. */
#define CRYSTAL_HZ     32768u
#define TICKS_PER_SPAN 64u
#define NS_PER_SPAN    1953125u

/* UIP: 244 us before the update cycle of 1984 us, datasheet table 6. */
#define UPDATE_TICKS (8 + 65)

struct mc146818 {
    struct device dev;
    struct clock *clock;
    struct irq_line irq, nmi_mask;
    uint8_t ram[MC146818_ALL_BYTES]; /* clock, registers (C: flags), RAM */
    uint8_t index, extended_index;
    /* The divider: it stood at `phase` ticks at `start_ns`, and all up to
     * `seen` ticks has had its effect. */
    uint64_t start_ns, phase, seen;
    bool irq_level;
    struct clock_event event;
};

static struct mc146818 *from_device(struct device *dev)
{
    return CONTAINER_OF(dev, struct mc146818, dev);
}

/* The three time bases divide by 2^22, 2^20 and 2^15; with the crystal of a PC
 * the first two are slow by 2^7 and 2^5. The other settings hold or test the
 * divider: nothing counts. */
static bool is_running(const struct mc146818 *r, unsigned *slow)
{
    switch (r->ram[RTC_A] & A_DV) {
    case 0x00: *slow = 7; return true;
    case 0x10: *slow = 5; return true;
    case 0x20: *slow = 0; return true;
    default: *slow = 0; return false;
    }
}

static uint64_t second_ticks(const struct mc146818 *r)
{
    unsigned slow;

    is_running(r, &slow);
    return (uint64_t)CRYSTAL_HZ << slow;
}

/* Ticks from one periodic interrupt to the next, 0 for none. */
static uint64_t periodic_ticks(const struct mc146818 *r)
{
    unsigned rate = r->ram[RTC_A] & A_RS, slow;

    if (!is_running(r, &slow) || rate == 0)
        return 0;
    if (slow == 0 && rate <= 2)
        rate += 7;
    return UINT64_C(1) << (rate - 1) << slow;
}

static uint64_t ticks_at(const struct mc146818 *r, uint64_t ns)
{
    uint64_t passed = ns - r->start_ns;

    return r->phase + passed / NS_PER_SPAN * TICKS_PER_SPAN +
           passed % NS_PER_SPAN * TICKS_PER_SPAN / NS_PER_SPAN;
}

static uint64_t ns_of(const struct mc146818 *r, uint64_t tick)
{
    uint64_t ticks = tick - r->phase;
    uint64_t rest = ticks % TICKS_PER_SPAN * NS_PER_SPAN;

    return r->start_ns + ticks / TICKS_PER_SPAN * NS_PER_SPAN +
           (rest + TICKS_PER_SPAN - 1) / TICKS_PER_SPAN;
}

static bool updates(const struct mc146818 *r)
{
    unsigned slow;

    return is_running(r, &slow) && !(r->ram[RTC_B] & B_SET);
}

/* Lets the ticks since the last time have their effect. */
static void catch_up(struct mc146818 *r)
{
    uint64_t now = ticks_at(r, clock_now_ns(r->clock));
    uint64_t second = second_ticks(r), period = periodic_ticks(r);
    uint64_t seconds = now / second - r->seen / second;

    if (period && now / period != r->seen / period)
        r->ram[RTC_C] |= C_PF;
    if (seconds && updates(r)) {
        r->ram[RTC_C] |= C_UF;
        if (rtc_advance(r->ram, seconds))
            r->ram[RTC_C] |= C_AF;
    }
    r->seen = now;
}

/* The tick at which an enabled interrupt may come next. */
static uint64_t next_interrupt(const struct mc146818 *r)
{
    uint8_t awaited = r->ram[RTC_B] & B_IRQS & (uint8_t)~r->ram[RTC_C];
    uint64_t second = second_ticks(r), period = periodic_ticks(r);
    uint64_t next = UINT64_MAX;

    if ((awaited & C_PF) && period)
        next = (r->seen / period + 1) * period;
    if ((awaited & (C_AF | C_UF)) && updates(r) &&
        (r->seen / second + 1) * second < next)
        next = (r->seen / second + 1) * second;
    return next;
}

/* Drives the interrupt line; while it is low, waits for what may raise it. */
static void update_irq(struct mc146818 *r)
{
    bool level = r->ram[RTC_B] & r->ram[RTC_C] & B_IRQS;
    uint64_t next = next_interrupt(r);

    if (level != r->irq_level) {
        r->irq_level = level;
        irq_set(&r->irq, level);
    }
    if (level || next == UINT64_MAX)
        clock_disarm(r->clock, &r->event);
    else
        clock_arm(r->clock, &r->event, ns_of(r, next));
}

static void rtc_fire(void *dev)
{
    struct mc146818 *r = dev;

    catch_up(r);
    update_irq(r);
}

static bool in_update(const struct mc146818 *r)
{
    uint64_t second = second_ticks(r);

    return updates(r) && r->seen % second >= second - UPDATE_TICKS;
}

/* A divider that leaves reset makes its first update half a second later. */
static void write_a(struct mc146818 *r, uint8_t byte)
{
    unsigned slow;
    bool ran = is_running(r, &slow);

    r->ram[RTC_A] = byte & (uint8_t)~A_UIP;
    if (ran || !is_running(r, &slow))
        return;
    r->start_ns = clock_now_ns(r->clock);
    r->phase = r->seen = second_ticks(r) / 2;
}

static void write_byte(struct mc146818 *r, unsigned index, uint8_t byte)
{
    catch_up(r);
    switch (index) {
    case RTC_A: write_a(r, byte); break;
    case RTC_B:
        r->ram[RTC_B] = byte & B_SET ? byte & (uint8_t)~B_UIE : byte;
        break;
    case RTC_C:
    case RTC_D: break; /* read only */
    default: r->ram[index] = byte; break;
    }
    update_irq(r);
}

uint8_t mc146818_peek(struct device *dev, unsigned index)
{
    struct mc146818 *r = from_device(dev);
    uint8_t c;

    assert(index < MC146818_ALL_BYTES);
    catch_up(r);
    c = r->ram[RTC_C];
    switch (index) {
    case RTC_A: return r->ram[RTC_A] | (in_update(r) ? A_UIP : 0);
    case RTC_C: return c | (c & r->ram[RTC_B] & B_IRQS ? C_IRQF : 0);
    case RTC_D: return D_VRT;
    default: return r->ram[index];
    }
}

void mc146818_poke(struct device *dev, unsigned index, uint8_t value)
{
    assert(index > RTC_D && index < MC146818_ALL_BYTES);
    write_byte(from_device(dev), index, value);
}

static uint8_t read_byte(struct mc146818 *r, unsigned index)
{
    uint8_t byte = mc146818_peek(&r->dev, index);

    if (index == RTC_C) {
        r->ram[RTC_C] = 0;
        update_irq(r);
    }
    return byte;
}

static uint32_t rtc_read(void *dev, paddr offset, unsigned size)
{
    struct mc146818 *r = dev;

    (void)size;
    switch (offset) {
    case 1: return read_byte(r, r->index);
    case 2: return r->extended_index;
    case 3: return r->ram[MC146818_CMOS_BYTES + r->extended_index];
    default: return 0xff; /* the index register cannot be read */
    }
}

static void write_index(struct mc146818 *r, uint8_t byte)
{
    r->index = byte & (uint8_t)~INDEX_NMI;
    irq_set(&r->nmi_mask, byte & INDEX_NMI);
}

static void rtc_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct mc146818 *r = dev;
    uint8_t byte = (uint8_t)value;

    (void)size;
    switch (offset) {
    case 0: write_index(r, byte); break;
    case 1: write_byte(r, r->index, byte); break;
    case 2: r->extended_index = byte & 0x7f; break;
    default: r->ram[MC146818_CMOS_BYTES + r->extended_index] = byte; break;
    }
}

static const struct bus_ops rtc_ops = {rtc_read, rtc_write, 1};

/* The RESET pin: interrupts off, flags clear; clock and RAM go on. */
static void rtc_reset(struct device *dev)
{
    struct mc146818 *r = from_device(dev);

    catch_up(r);
    r->ram[RTC_B] &= (uint8_t) ~(B_IRQS | B_SQWE);
    r->ram[RTC_C] = 0;
    r->extended_index = 0;
    write_index(r, 0);
    update_irq(r);
}

static void rtc_loaded(struct device *dev)
{
    struct mc146818 *r = from_device(dev);
    uint64_t now = clock_now_ns(r->clock);

    r->index &= (uint8_t)~INDEX_NMI;
    r->extended_index &= 0x7f;
    r->phase %= UINT64_C(1) << 22;
    if (r->start_ns > now)
        r->start_ns = now;
    if (r->seen > ticks_at(r, now))
        r->seen = ticks_at(r, now);
    clock_relink(r->clock, &r->event);
}

static void rtc_destroy(struct device *dev)
{
    struct mc146818 *r = from_device(dev);

    clock_disarm(r->clock, &r->event);
    free(r);
}

static const struct state_field rtc_state[] = {
    STATE_ARRAY(struct mc146818, ram),
    STATE_FIELD(struct mc146818, index),
    STATE_FIELD(struct mc146818, extended_index),
    STATE_FIELD(struct mc146818, start_ns),
    STATE_FIELD(struct mc146818, phase),
    STATE_FIELD(struct mc146818, seen),
    STATE_FIELD(struct mc146818, irq_level),
    STATE_TABLE(struct mc146818, event, clock_event_state),
    STATE_END,
};

static const struct device_class rtc_class = {
    .name = "mc146818",
    .reset = rtc_reset,
    .destroy = rtc_destroy,
    .state = rtc_state,
    .loaded = rtc_loaded,
};

/* RAM, format and time as the battery kept them. */
static bool start(struct mc146818 *r, const struct mc146818_config *config)
{
    uint8_t format = RTC_B_24H;

    if (config->cmos) {
        memcpy(r->ram, config->cmos, MC146818_CMOS_BYTES);
        format = r->ram[RTC_B] & (RTC_B_24H | RTC_B_DM);
    }
    r->ram[RTC_A] = 0x26; /* 32768 Hz, 1024 Hz periodic */
    r->ram[RTC_B] = format;
    r->ram[RTC_C] = r->ram[RTC_D] = 0;
    r->start_ns = clock_now_ns(r->clock);
    return rtc_set_time(r->ram, config->start_seconds);
}

enum status mc146818_create(const struct mc146818_config *config,
                            struct device **out)
{
    struct mc146818 *r = calloc(1, sizeof(*r));
    enum status status = STATUS_BAD_ARGUMENT;

    *out = NULL;
    if (!r)
        return STATUS_NO_MEMORY;
    r->dev = (struct device){&rtc_class, config->name};
    r->clock = config->clock;
    r->irq = config->irq;
    r->nmi_mask = config->nmi_mask;
    clock_event_init(&r->event, rtc_fire, r);
    if (start(r, config))
        status =
            bus_map(config->ports, 0x70, config->extended ? 4 : 2, &rtc_ops, r);
    if (status != STATUS_OK) {
        free(r);
        return status;
    }
    rtc_reset(&r->dev);
    *out = &r->dev;
    return STATUS_OK;
}
