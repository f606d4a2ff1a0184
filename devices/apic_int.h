/* What apic.c, apic_regs.c and apic_timer.c share. */
#ifndef DEVICES_APIC_INT_H
#define DEVICES_APIC_INT_H

#include "devices/apic.h"

/* Local vector table, in the order of the registers from 320h on. */
enum apic_lvt {
    LVT_TIMER,
    LVT_THERMAL,
    LVT_COUNTER,
    LVT_LINT0,
    LVT_LINT1,
    LVT_ERROR,
    LVTS
};

#define LVT_VECTOR     0x000ffu
#define LVT_DELIVERY   0x00700u
#define LVT_POLARITY   0x02000u
#define LVT_REMOTE_IRR 0x04000u
#define LVT_LEVEL      0x08000u
#define LVT_MASKED     0x10000u
#define LVT_PERIODIC   0x20000u

#define SVR_ENABLE 0x100u

#define ICR_LOGICAL 0x00800u
#define ICR_ASSERT  0x04000u
#define ICR_LEVEL   0x08000u
#define ICR_TO      0xc0000u

#define ESR_SEND_ACCEPT     0x04u
#define ESR_SEND_VECTOR     0x20u
#define ESR_RECEIVED_VECTOR 0x40u
#define ESR_REGISTER        0x80u

#define VECTORS_RESERVED 16 /* 0..15 are no interrupts */

#define LINTS 2

/* The count is not kept: it follows from when it began. */
struct apic_timer {
    struct clock_event event;
    uint64_t start_ns; /* when `initial` was loaded */
    uint32_t initial;  /* 0: stopped */
    uint32_t count;    /* of the first round, less than `initial` after a
                          change of the divider */
    uint8_t divide;    /* register: bits 0, 1, 3 */
    bool over;         /* one-shot: has come to 0 */
};

extern const struct state_field apic_timer_state[];

struct apic {
    struct device dev;
    enum apic_kind kind;
    struct mem *mem;
    struct clock *clock;
    struct log *log;
    uint32_t bus_hz;
    struct irq_line intr, nmi, init;
    struct irq_ack ext;
    struct apic_bus bus;

    uint64_t base;
    uint32_t id; /* 0..15, xAPIC 0..255 */
    uint32_t tpr, ldr, dfr, svr;
    uint32_t esr, errors; /* as read; gathered since the last write */
    uint32_t icr[2];
    uint32_t lvt[LVTS];
    uint32_t irr[8], isr[8], tmr[8];
    bool pin[LINTS]; /* levels of LINT0, LINT1 */
    bool ext_pin;    /* level of the I/O APIC's ExtINT */
    struct apic_timer timer;

    bool driven; /* INTR as it was given on; rebuilt on load */
    bool mapped;
    paddr mapped_at;
    struct mem_page below; /* the row that the registers' page hides */
    bool told_narrow;
};

static inline enum apic_delivery lvt_delivery(uint32_t lvt)
{
    return (enum apic_delivery)((lvt & LVT_DELIVERY) >> 8);
}

extern const struct bus_ops apic_page_ops;

/* SVR_ENABLE, and APIC_BASE does not say otherwise. */
bool apic_is_enabled(const struct apic *a);

/* The processor's priority: TPR, or the class in service when it is higher. */
uint32_t apic_ppr(const struct apic *a);
uint32_t apic_id_mask(const struct apic *a);

/* Level of LINT pin as its entry of the table sees it. */
bool apic_lint_active(const struct apic *a, unsigned pin);

/* A LINT pin or its entry changed; `rose`: it was not active before. */
void apic_update_lint(struct apic *a, unsigned pin, bool rose);

/* Drives INTR by what waits now. */
void apic_update(struct apic *a);

void apic_note_error(struct apic *a, uint32_t error);
void apic_end_interrupt(struct apic *a);
void apic_send_icr(struct apic *a);

/* Destination, or willingness to take anything, has changed. */
void apic_tell_ready(struct apic *a);

/* An interrupt of the local vector table has its cause now. */
void apic_local(struct apic *a, enum apic_lvt source);

static inline bool apic_bit(const uint32_t *bits, uint8_t vector)
{
    return bits[vector >> 5] >> (vector & 31) & 1;
}

/* (Re)arms the timer's event by its count, mode, mask and by whether its
 * interrupt would still be news. */
void apic_timer_arm(struct apic *a);

void apic_timer_init(struct apic *a);
void apic_timer_reset(struct apic *a);
void apic_timer_loaded(struct apic *a);
void apic_timer_set_lvt(struct apic *a, uint32_t value);
void apic_timer_set_initial(struct apic *a, uint32_t count);
void apic_timer_set_divide(struct apic *a, uint32_t value);
uint32_t apic_timer_count(struct apic *a);

#endif
