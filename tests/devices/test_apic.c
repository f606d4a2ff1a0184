/* Expectations are those of the SDM, volume 3, chapter 9. */
#include "devices/apic.h"
#include "devices/i82093aa.h"
#include "tests/devices/chip.h"
#include "tests/suite.h"

#define BASE  APIC_BASE_DEFAULT
#define BUS   100000000u /* 10 ns a tick */
#define BOTH  (APIC_BASE_BSP | APIC_BASE_ENABLE)
#define NOONE 0xeeu /* the 8259's vector */

enum {
    ID = 0x020,
    VERSION = 0x030,
    TPR = 0x080,
    PPR = 0x0a0,
    EOI = 0x0b0,
    LDR = 0x0d0,
    DFR = 0x0e0,
    SVR = 0x0f0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR = 0x300,
    ICR_HIGH = 0x310,
    TIMER = 0x320,
    THERMAL = 0x330,
    COUNTER = 0x340,
    LINT0 = 0x350,
    LINT1 = 0x360,
    ERROR = 0x370,
    INITIAL = 0x380,
    COUNT = 0x390,
    DIVIDE = 0x3e0,
};

static struct mem *mem;
static struct clock *clk;
static struct device *apic, *io;
static struct wire wires[3]; /* INTR, NMI, INIT */
static unsigned extint_acks;

static uint8_t ack_pic(void *source)
{
    (void)source;
    extint_acks++;
    return NOONE;
}

static void create(enum apic_kind kind)
{
    struct apic_config config = {
        .name = "apic",
        .kind = kind,
        .bus_hz = BUS,
        .intr = wire_line(wires, 0),
        .nmi = wire_line(wires, 1),
        .init = wire_line(wires, 2),
        .ext = {ack_pic, NULL},
    };
    struct i82093aa_config second = {.name = "ioapic"};

    for (unsigned i = 0; i < ARRAY_LEN(wires); i++)
        wires[i] = (struct wire){0};
    extint_acks = 0;
    ck_assert_int_eq(mem_create(&mem, MIB(1)), STATUS_OK);
    ck_assert_int_eq(clock_create(&clk, 100000000), STATUS_OK);
    config.mem = second.mem = mem;
    config.clock = clk;
    ck_assert_int_eq(apic_create(&config, &apic), STATUS_OK);
    second.apic = apic;
    ck_assert_int_eq(i82093aa_create(&second, &io), STATUS_OK);
}

static void setup(void)
{
    create(APIC_P6);
}

static void teardown(void)
{
    device_destroy(io);
    device_destroy(apic);
    clock_destroy(clk);
    mem_destroy(mem);
}

static uint32_t get(uint32_t reg)
{
    return mem_load(mem, BASE + reg, 4);
}

static void put(uint32_t reg, uint32_t value)
{
    mem_store(mem, BASE + reg, value, 4);
}

static void lint(unsigned pin, bool level)
{
    struct irq_line line = apic_lint(apic, pin);

    irq_set(&line, level);
}

static unsigned ack(void)
{
    struct irq_ack a = apic_ack(apic);

    return a.vector(a.source);
}

static void to_self(uint32_t vector)
{
    put(ICR, 0x44000 | vector);
}

static void enable(void)
{
    put(SVR, 0x1ff);
}

/* What the registers are after RESET (9.4.7.1). */
START_TEST(reset_values)
{
    static const struct {
        uint32_t reg, value;
    } after[] = {
        {ID, 0},
        {VERSION, 0x00040011},
        {TPR, 0},
        {PPR, 0},
        {LDR, 0},
        {DFR, 0xffffffff},
        {SVR, 0xff},
        {ESR, 0},
        {ICR, 0},
        {TIMER, 0x10000},
        {COUNTER, 0x10000},
        {LINT0, 0x10000},
        {ERROR, 0x10000},
        {LINT1, 0x10000},
        {INITIAL, 0},
        {COUNT, 0},
        {DIVIDE, 0},
    };

    for (unsigned i = 0; i < ARRAY_LEN(after); i++)
        ck_assert_msg(get(after[i].reg) == after[i].value, "%03x: %08x",
                      after[i].reg, get(after[i].reg));
    lint(0, true);
    ck_assert_msg(!wires[0].level, "LINT0 is masked");
}
END_TEST

START_TEST(disabled_by_base_the_pins_are_intr_and_nmi)
{
    apic_set_base(apic, BASE | APIC_BASE_BSP);
    ck_assert_uint_eq(get(VERSION), 0xffffffff);
    lint(0, true);
    ck_assert(wires[0].level);
    ck_assert_uint_eq(ack(), NOONE);
    lint(0, false);
    ck_assert(!wires[0].level);
    lint(1, true);
    ck_assert_uint_eq(wires[1].rises, 1);
    apic_set_base(apic, BASE | BOTH);
    ck_assert_uint_eq(get(VERSION), 0x00040011);
}
END_TEST

START_TEST(virtual_wire)
{
    enable();
    put(LINT0, 0x8700);
    put(LINT1, 0x400);
    lint(0, true);
    ck_assert(wires[0].level);
    ck_assert_uint_eq(ack(), NOONE);
    ck_assert_msg(get(ISR + 0x70) == 0, "ExtINT is not put in service");
    lint(0, false);
    ck_assert_msg(!wires[0].level, "ExtINT has no latch");
    lint(1, true);
    lint(1, false);
    ck_assert_uint_eq(wires[1].rises, 1);
    put(LINT1, 0x10400);
    lint(1, true);
    ck_assert_uint_eq(wires[1].rises, 1);
}
END_TEST

START_TEST(software_disable_masks_the_table)
{
    enable();
    put(LINT0, 0x700);
    put(SVR, 0xff);
    ck_assert_uint_eq(get(LINT0), 0x10700);
    put(LINT0, 0x700);
    ck_assert_msg(get(LINT0) == 0x10700, "the mask cannot be cleared");
    to_self(0x40);
    ck_assert_msg(!wires[0].level, "a fixed message is not taken");
}
END_TEST

START_TEST(self_interrupt_and_eoi)
{
    enable();
    to_self(0x41);
    ck_assert_uint_eq(get(IRR + 0x20), 2);
    ck_assert(wires[0].level);
    ck_assert_uint_eq(ack(), 0x41);
    ck_assert(!wires[0].level);
    ck_assert_uint_eq(get(IRR + 0x20), 0);
    ck_assert_uint_eq(get(ISR + 0x20), 2);
    ck_assert_uint_eq(get(PPR), 0x40);
    to_self(0x4f);
    ck_assert_msg(!wires[0].level, "the same class waits");
    to_self(0x51);
    ck_assert_uint_eq(ack(), 0x51);
    put(EOI, 0);
    ck_assert_uint_eq(get(PPR), 0x40);
    put(EOI, 0);
    ck_assert_uint_eq(ack(), 0x4f);
    put(EOI, 0);
    ck_assert_uint_eq(get(PPR), 0);
    put(EOI, 0); /* nothing is in service */
    ck_assert(!wires[0].level);
}
END_TEST

START_TEST(task_priority)
{
    enable();
    put(TPR, 0x45);
    ck_assert_uint_eq(get(PPR), 0x45);
    to_self(0x4f);
    ck_assert(!wires[0].level);
    put(TPR, 0x3f);
    ck_assert(wires[0].level);
    put(TPR, 0x40);
    ck_assert_msg(!wires[0].level, "withdrawn");
    ck_assert_msg(ack() == 0xff, "acknowledged too late: the spurious vector");
    ck_assert_uint_eq(get(ISR + 0x70), 0);
    put(SVR, 0x123);
    ck_assert_msg(get(SVR) == 0x12f, "the low four bits are wired");
}
END_TEST

START_TEST(errors)
{
    enable();
    put(ERROR, 0x33);
    to_self(0x0f);
    ck_assert_msg(get(ESR) == 0, "shows up when it is written");
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0x20); /* send illegal vector */
    ck_assert_uint_eq(ack(), 0x33);
    put(EOI, 0);
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0);
    get(0x3f0); /* no register */
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0x80);
    put(ICR_HIGH, 0x05000000);
    put(ICR, 0x4040); /* to APIC 5, which is not there */
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0x04);
    put(ERROR, 0x03); /* its own vector is wrong: must not go round */
    to_self(0x0f);
    put(TIMER, 0x02);
    put(INITIAL, 1);
    run_for(clk, 1000);
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0x60); /* received illegal vector too */
}
END_TEST

static const struct {
    uint32_t id, ldr, dfr, icr_high, icr;
    bool comes;
} destinations[] = {
    {0x03000000, 0, 0xffffffff, 0x03000000, 0x4040, true},
    {0x03000000, 0, 0xffffffff, 0x02000000, 0x4040, false},
    {0x03000000, 0, 0xffffffff, 0x0f000000, 0x4040, true}, /* everybody */
    {0, 0x01000000, 0xffffffff, 0x03000000, 0x4840, true}, /* flat */
    {0, 0x04000000, 0xffffffff, 0x03000000, 0x4840, false},
    {0, 0x12000000, 0x0fffffff, 0x13000000, 0x4840, true}, /* cluster 1 */
    {0, 0x12000000, 0x0fffffff, 0x23000000, 0x4840, false},
    {0, 0x12000000, 0x0fffffff, 0xf2000000, 0x4840, true},
    {0, 0x12000000, 0x0fffffff, 0x14000000, 0x4840, false},
    {0, 0, 0xffffffff, 0, 0x84040, true},  /* all */
    {0, 0, 0xffffffff, 0, 0xc4040, false}, /* all others */
    {0, 0, 0xffffffff, 0, 0x4140, true},   /* lowest priority */
};

START_TEST(message_finds_its_destination)
{
    enable();
    put(ID, destinations[_i].id);
    put(DFR, destinations[_i].dfr);
    put(LDR, destinations[_i].ldr);
    put(ICR_HIGH, destinations[_i].icr_high);
    put(ICR, destinations[_i].icr);
    ck_assert_int_eq(wires[0].level, destinations[_i].comes);
    ck_assert_msg(!(get(ICR) & 0x1000), "delivery status: idle");
}
END_TEST

START_TEST(nmi_init_and_startup_messages)
{
    put(ICR, 0x44400); /* while software has it disabled */
    ck_assert_uint_eq(wires[1].rises, 1);
    put(ICR_HIGH, 0);
    put(ICR, 0x8500); /* INIT level de-assert */
    ck_assert_uint_eq(wires[2].rises, 0);
    put(ICR, 0x4500);
    ck_assert_uint_eq(wires[2].rises, 1);
    put(ICR, 0x4612);
    ck_assert_uint_eq(wires[2].rises, 1);
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0);
}
END_TEST

START_TEST(init_keeps_id_and_base)
{
    enable();
    put(ID, 0x07000000);
    put(LINT0, 0x700);
    put(TIMER, 0x20040);
    put(INITIAL, 100);
    to_self(0x40);
    apic_init(apic);
    ck_assert_uint_eq(get(ID), 0x07000000);
    ck_assert_uint_eq(get(LINT0), 0x10000);
    ck_assert_uint_eq(get(SVR), 0xff);
    ck_assert_uint_eq(get(IRR + 0x20), 0);
    ck_assert(!wires[0].level);
    run_for(clk, 100000);
    ck_assert(!wires[0].level);
}
END_TEST

START_TEST(timer_one_shot)
{
    enable();
    put(DIVIDE, 0x0b);
    put(TIMER, 0x55);
    put(INITIAL, 1000);
    ck_assert_uint_eq(get(COUNT), 1000);
    run_for(clk, 2500);
    ck_assert_uint_eq(get(COUNT), 750);
    run_for(clk, 7490);
    ck_assert(!wires[0].level);
    run_for(clk, 10);
    ck_assert(wires[0].level);
    ck_assert_uint_eq(get(COUNT), 0);
    ck_assert_uint_eq(ack(), 0x55);
    put(EOI, 0);
    run_for(clk, 100000);
    ck_assert(!wires[0].level);
    put(INITIAL, 10);
    put(INITIAL, 0);
    run_for(clk, 1000);
    ck_assert_msg(!wires[0].level, "0 stops it");
}
END_TEST

START_TEST(timer_periodic)
{
    enable();
    put(DIVIDE, 0x03); /* by 16: 160 ns */
    put(TIMER, 0x20055);
    put(INITIAL, 100);
    for (unsigned i = 0; i < 10; i++) {
        run_for(clk, 15990);
        ck_assert(!wires[0].level);
        run_for(clk, 10);
        ck_assert_uint_eq(ack(), 0x55);
        put(EOI, 0);
        ck_assert_uint_eq(get(COUNT), 100);
    }
    run_for(clk, 16000 * 5 + 1600);
    ck_assert_uint_eq(get(COUNT), 90);
    ck_assert_uint_eq(ack(), 0x55);
    put(EOI, 0);
    ck_assert_msg(!wires[0].level, "what was missed is one interrupt");
    run_for(clk, 14400);
    ck_assert_msg(wires[0].level, "and the next comes at its time");
}
END_TEST

START_TEST(timer_masked_counts)
{
    enable();
    put(DIVIDE, 0x0b);
    put(TIMER, 0x30055);
    put(INITIAL, 100);
    ck_assert_msg(clock_next_ns(clk) == CLOCK_NEVER, "costs nothing");
    run_for(clk, 1500);
    ck_assert_uint_eq(get(COUNT), 50);
    put(TIMER, 0x20055);
    run_for(clk, 500);
    ck_assert(wires[0].level);
    ck_assert_msg(clock_next_ns(clk) == CLOCK_NEVER,
                  "while it waits, another would be lost");
    put(DIVIDE, 0x00);
    ck_assert_uint_eq(get(COUNT), 100);
    run_for(clk, 200);
    ck_assert_uint_eq(get(COUNT), 90);
}
END_TEST

/* A guest that halts then costs the host nothing. */
START_TEST(timer_with_a_bad_vector)
{
    enable();
    put(DIVIDE, 0x0b);
    put(TIMER, 0x20003);
    put(INITIAL, 1);
    run_for(clk, 100);
    ck_assert(clock_next_ns(clk) == CLOCK_NEVER);
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0x40);
    ck_assert_msg(clock_next_ns(clk) != CLOCK_NEVER, "and it is told again");
    run_for(clk, 100);
    put(ESR, 0);
    ck_assert_uint_eq(get(ESR), 0x40);
}
END_TEST

static const struct {
    uint32_t code;
    unsigned divider;
} dividers[] = {{0x0, 2},  {0x1, 4},  {0x2, 8},   {0x3, 16},
                {0x8, 32}, {0x9, 64}, {0xa, 128}, {0xb, 1}};

START_TEST(timer_divider)
{
    put(DIVIDE, dividers[_i].code);
    put(INITIAL, 1000);
    run_for(clk, (uint64_t)10 * 100 * dividers[_i].divider);
    ck_assert_uint_eq(get(COUNT), 900);
}
END_TEST

START_TEST(level_pin_waits_for_eoi)
{
    enable();
    put(LINT0, 0x8044);
    lint(0, true);
    ck_assert_uint_eq(get(LINT0), 0xc044);
    ck_assert_uint_eq(get(TMR + 0x20), 0x10);
    ck_assert_uint_eq(ack(), 0x44);
    put(EOI, 0);
    ck_assert_msg(wires[0].level, "still high: again");
    ck_assert_uint_eq(ack(), 0x44);
    lint(0, false);
    put(EOI, 0);
    ck_assert(!wires[0].level);
    ck_assert_uint_eq(get(LINT0), 0x8044);
    lint(0, true);
    ack();
    put(EOI, 0);
    put(LINT0, 0x12044); /* by edge, active low */
    lint(0, false);
    lint(0, true);
    put(LINT0, 0x2044);
    ack();
    put(EOI, 0);
    ck_assert(!wires[0].level);
    lint(0, false);
    ck_assert_uint_eq(ack(), 0x44);
}
END_TEST

START_TEST(page_moves_and_gives_back)
{
    uint8_t ram[4096] = {0x12, 0x34};

    mem_map_host(mem, 0x80000000u, sizeof(ram), ram);
    apic_set_base(apic, UINT64_C(0x80000000) | BOTH);
    ck_assert_uint_eq(mem_load(mem, 0x80000030u, 4), 0x00040011);
    ck_assert_uint_eq(get(VERSION), 0xffffffff);
    apic_set_base(apic, UINT64_C(0xf00000000) | BOTH);
    ck_assert_uint_eq(mem_load(mem, 0x80000000u, 2), 0x3412);
    apic_set_base(apic, I82093AA_BASE | BOTH);
    ck_assert_uint_eq(mem_load(mem, I82093AA_BASE + VERSION, 4), 0x00040011);
    apic_set_base(apic, BASE | BOTH);
    mem_store(mem, I82093AA_BASE, 1, 4);
    ck_assert_uint_eq(mem_load(mem, I82093AA_BASE + 0x10, 4), 0x00170011);
}
END_TEST

START_TEST(narrow_accesses)
{
    enable();
    ck_assert_uint_eq(mem_load(mem, BASE + VERSION, 1), 0x11);
    ck_assert_uint_eq(mem_load(mem, BASE + VERSION + 2, 2), 0x0004);
    ck_assert_uint_eq(mem_load(mem, BASE + VERSION + 4, 4), 0);
    mem_store(mem, BASE + TPR, 0x50, 1);
    ck_assert_uint_eq(get(TPR), 0);
}
END_TEST

START_TEST(kinds)
{
    teardown();
    create(APIC_PENTIUM);
    ck_assert_uint_eq(get(VERSION), 0x00030010);
    put(COUNTER, 0x33);
    ck_assert_uint_eq(get(COUNTER), 0);
    teardown();
    create(APIC_XAPIC);
    ck_assert_uint_eq(get(VERSION), 0x00050014);
    put(ID, 0xab000000);
    ck_assert_uint_eq(get(ID), 0xab000000);
    ck_assert_uint_eq(get(THERMAL), 0x10000);
    put(SVR, 0x120);
    ck_assert_uint_eq(get(SVR), 0x120);
}
END_TEST

/* The I/O APIC, as the local one sees it. */

static void io_put(unsigned index, uint32_t value)
{
    mem_store(mem, I82093AA_BASE, index, 4);
    mem_store(mem, I82093AA_BASE + 0x10, value, 4);
}

static uint32_t io_get(unsigned index)
{
    mem_store(mem, I82093AA_BASE, index, 1);
    return mem_load(mem, I82093AA_BASE + 0x10, 4);
}

static void pin(unsigned n, bool level)
{
    struct irq_line line = i82093aa_input(io, n);

    irq_set(&line, level);
}

START_TEST(io_registers)
{
    ck_assert_uint_eq(io_get(1), 0x00170011);
    io_put(0, 0xffffffff);
    ck_assert_uint_eq(io_get(0), 0x0f000000);
    ck_assert_uint_eq(io_get(2), 0x0f000000);
    for (unsigned n = 0; n < 24; n++) {
        ck_assert_uint_eq(io_get(0x10 + 2 * n), 0x10000);
        io_put(0x10 + 2 * n, 0xffffffff);
        io_put(0x11 + 2 * n, 0xffffffff);
        ck_assert_uint_eq(io_get(0x10 + 2 * n), 0x1afff);
        ck_assert_uint_eq(io_get(0x11 + 2 * n), 0xff000000);
    }
    ck_assert_uint_eq(io_get(0x40), 0);
    io_put(0x40, 0xffffffff);
    io_put(0xff, 0xffffffff);
    ck_assert_uint_eq(mem_load(mem, I82093AA_BASE + 0x20, 4), 0);
}
END_TEST

START_TEST(io_edge)
{
    enable();
    pin(4, true);
    io_put(0x18, 0x34);
    ck_assert_msg(!wires[0].level, "an edge while masked is lost");
    pin(4, false);
    pin(4, true);
    ck_assert_uint_eq(ack(), 0x34);
    ck_assert_uint_eq(get(TMR + 0x10), 0);
    put(EOI, 0);
    ck_assert(!wires[0].level);
    io_put(0x18, 0x2034); /* active low */
    pin(4, false);
    ck_assert_uint_eq(ack(), 0x34);
}
END_TEST

START_TEST(io_level)
{
    struct irq_line pirq = i82093aa_input_low(io, 17);

    enable();
    io_put(0x10 + 34, 0xa061); /* level, active low */
    ck_assert(!wires[0].level);
    irq_set(&pirq, true);
    ck_assert_uint_eq(io_get(0x10 + 34), 0xe061);
    ck_assert_uint_eq(ack(), 0x61);
    ck_assert_uint_eq(get(TMR + 0x30), 2);
    put(EOI, 0);
    ck_assert_uint_eq(ack(), 0x61);
    irq_set(&pirq, false);
    ck_assert_uint_eq(io_get(0x10 + 34), 0xe061);
    put(EOI, 0);
    ck_assert_uint_eq(io_get(0x10 + 34), 0xa061);
    ck_assert(!wires[0].level);
    irq_set(&pirq, true);
    io_put(0x10 + 34, 0x12061); /* masked, by edge: forgets that it was taken */
    ck_assert_uint_eq(io_get(0x10 + 34), 0x12061);
}
END_TEST

START_TEST(io_waits_for_a_taker)
{
    io_put(0x18, 0x34);
    io_put(0x1a, 0x8035);
    pin(4, true);
    pin(5, true);
    ck_assert_uint_eq(io_get(0x18), 0x1034);
    ck_assert_uint_eq(io_get(0x1a), 0x9035);
    pin(4, false);
    enable();
    ck_assert_uint_eq(io_get(0x18), 0x34);
    ck_assert_uint_eq(io_get(0x1a), 0xc035);
    ck_assert_uint_eq(ack(), 0x35);
    put(EOI, 0);
}
END_TEST

START_TEST(io_other_deliveries)
{
    enable();
    io_put(0x10, 0x700); /* ExtINT: the 8259s behind pin 0 */
    pin(0, true);
    ck_assert(wires[0].level);
    ck_assert_uint_eq(ack(), NOONE);
    ck_assert_uint_eq(extint_acks, 1);
    pin(0, false);
    ck_assert(!wires[0].level);
    io_put(0x12, 0x400);
    pin(1, true);
    ck_assert_uint_eq(wires[1].rises, 1);
    io_put(0x14, 0x500);
    pin(2, true);
    ck_assert_uint_eq(wires[2].rises, 1);
    io_put(0x17, 0x02000000);
    io_put(0x16, 0x840); /* logical */
    put(LDR, 0x02000000);
    pin(3, true);
    ck_assert_uint_eq(ack(), 0x40);
}
END_TEST

START_TEST(random_accesses)
{
    uint32_t seed = 4711;
    unsigned count = random_count(200000);

    for (unsigned i = 0; i < count; i++) {
        uint32_t r = next_random(&seed), value = next_random(&seed);
        paddr at = r & 1 ? BASE + (r >> 8 & 0xff0) : I82093AA_BASE;
        unsigned size = 1u << (r >> 1 & 3) % 3;

        if (r & 1 && (r & 0xe) != 0xe)
            size = 4;
        if (!(r & 1))
            at += r >> 4 & 0x10;
        switch (r >> 5 & 7) {
        case 0: mem_load(mem, at + (r >> 27) % (17 - size), size); break;
        case 1: ack(); break;
        case 2: pin(value % 24, value >> 31); break;
        case 3: lint(value & 1, value >> 31); break;
        case 4: run_for(clk, value >> (r >> 27)); break;
        case 5:
            if ((r >> 27) == 0)
                apic_set_base(apic, (value & 0xfffff000u) | BOTH);
            else if ((r >> 27) == 1)
                apic_set_base(apic, BASE | (value & APIC_BASE_ENABLE));
            else if ((r >> 27) < 8)
                apic_set_base(apic, BASE | BOTH);
            break;
        default: mem_store(mem, at, value >> (r >> 27), size); break;
        }
    }
    apic_set_base(apic, BASE | BOTH);
    ck_assert_uint_eq(get(VERSION), 0x00040011);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices/apic");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 0);
    tcase_add_test(t, reset_values);
    tcase_add_test(t, disabled_by_base_the_pins_are_intr_and_nmi);
    tcase_add_test(t, virtual_wire);
    tcase_add_test(t, software_disable_masks_the_table);
    tcase_add_test(t, self_interrupt_and_eoi);
    tcase_add_test(t, task_priority);
    tcase_add_test(t, errors);
    tcase_add_loop_test(t, message_finds_its_destination, 0,
                        ARRAY_LEN(destinations));
    tcase_add_test(t, nmi_init_and_startup_messages);
    tcase_add_test(t, init_keeps_id_and_base);
    tcase_add_test(t, timer_one_shot);
    tcase_add_test(t, timer_periodic);
    tcase_add_test(t, timer_masked_counts);
    tcase_add_test(t, timer_with_a_bad_vector);
    tcase_add_loop_test(t, timer_divider, 0, ARRAY_LEN(dividers));
    tcase_add_test(t, level_pin_waits_for_eoi);
    tcase_add_test(t, page_moves_and_gives_back);
    tcase_add_test(t, narrow_accesses);
    tcase_add_test(t, kinds);
    tcase_add_test(t, io_registers);
    tcase_add_test(t, io_edge);
    tcase_add_test(t, io_level);
    tcase_add_test(t, io_waits_for_a_taker);
    tcase_add_test(t, io_other_deliveries);
    tcase_add_test(t, random_accesses);
    suite_add_tcase(s, t);
    return s;
}
