/* The local APIC's registers (SDM volume 3, table 9-1), 16 bytes apart. */
#include "devices/apic_int.h"

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
    case REG_PPR: return apic_ppr(a);
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
    default: apic_note_error(a, ESR_REGISTER); return 0;
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
        if (!(value & LVT_LEVEL) || lvt_delivery(value) != APIC_FIXED)
            value &= ~LVT_REMOTE_IRR;
        was = apic_lint_active(a, pin);
        a->lvt[n] = value;
        apic_update_lint(a, pin, !was && apic_lint_active(a, pin));
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
    bool was = apic_is_enabled(a);

    a->svr = value & 0x3ff;
    if (a->kind != APIC_XAPIC)
        a->svr |= 0x0f;
    if (!(a->svr & SVR_ENABLE))
        mask_all(a);
    apic_update(a);
    if (!was && apic_is_enabled(a))
        apic_tell_ready(a);
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
        a->id = value >> 24 & apic_id_mask(a);
        apic_tell_ready(a);
        break;
    case REG_TPR:
        a->tpr = value & 0xff;
        apic_update(a);
        break;
    case REG_EOI: apic_end_interrupt(a); break;
    case REG_LDR:
        a->ldr = value & 0xff000000u;
        apic_tell_ready(a);
        break;
    case REG_DFR:
        a->dfr = value | 0x0fffffffu;
        apic_tell_ready(a);
        break;
    case REG_SVR: write_svr(a, value); break;
    case REG_ESR:
        a->esr = a->errors;
        a->errors = 0;
        apic_timer_arm(a);
        break;
    case REG_ICR_LOW:
        a->icr[0] = value & (ICR_TO | ICR_LEVEL | ICR_ASSERT | ICR_LOGICAL |
                             LVT_DELIVERY | LVT_VECTOR);
        apic_send_icr(a);
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
            apic_note_error(a, ESR_REGISTER);
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

const struct bus_ops apic_page_ops = {page_read, page_write, 1 | 2 | 4};
