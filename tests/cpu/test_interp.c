/* When things happen: the state of the machine is a function of the number of
 * retired instructions alone, however the run is cut. */
#include <stdlib.h>
#include <string.h>

#include "cpu/flags.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES 0x10000u
#define CODE      0x1000u
#define COUNTS    1000u
#define WINDOW    0xa0000u

/* The program, at 0000:1000:
 *
 *     mov cx, 8
 *     mov si, 0x3000
 *     mov di, 0x4000
 * again:
 *     push cx
 *     mov cx, 7
 *     rep movsb
 *     pop cx
 *     add ax, cx
 *     adc dx, 3
 *     ror bx, 1
 *     out 0x80, al
 *     xor byte [patched+2], 5
 * patched:
 *     add bp, 0x1234
 *     mov [0x2ffe], ax
 *     cmp ax, bp
 *     jb short skip
 *     inc word [bx+0x100]
 *     call sub
 * skip:
 *     div cl
 *     pushf
 *     pop word [0x2ffc]
 *     std
 *     lodsw
 *     stosb
 *     cld
 *     mov [es:0x2000], ax
 *     in al, 0x80
 *     loop again
 *     hlt
 * sub:
 *     xchg ax, dx
 *     test al, 4
 *     jz short out
 *     push cx
 *     mov cx, 3
 *     rep stosw
 *     mov cl, 9
 *     repne scasb
 *     pop cx
 * out:
 *     pop si
 *     push si
 *     mov si, 0x3000
 *     ret
 * times 0x80-($-$$) nop
 * ; divide error: skip the instruction
 *     push bp
 *     mov bp, sp
 *     add word [bp+2], 2
 *     inc dx
 *     pop bp
 *     iret
 * times 0xa0-($-$$) nop
 * ; irq
 *     push ax
 *     inc word [0x2ff0]
 *     out 0x20, al
 *     pop ax
 *     iret
 */
/* clang-format off */
static const uint8_t mixture[] = {
    0xb9, 0x08, 0x00, 0xbe, 0x00, 0x30, 0xbf, 0x00, 0x40, 0x51, 0xb9,
    0x07, 0x00, 0xf3, 0xa4, 0x59, 0x01, 0xc8, 0x83, 0xd2, 0x03, 0xd1,
    0xcb, 0xe6, 0x80, 0x80, 0x36, 0x20, 0x10, 0x05, 0x81, 0xc5, 0x34,
    0x12, 0xa3, 0xfe, 0x2f, 0x39, 0xe8, 0x72, 0x07, 0xff, 0x87, 0x00,
    0x01, 0xe8, 0x14, 0x00, 0xf6, 0xf1, 0x9c, 0x8f, 0x06, 0xfc, 0x2f,
    0xfd, 0xad, 0xaa, 0xfc, 0x26, 0xa3, 0x00, 0x20, 0xe4, 0x80, 0xe2,
    0xc6, 0xf4, 0x92, 0xa8, 0x04, 0x74, 0x0b, 0x51, 0xb9, 0x03, 0x00,
    0xf3, 0xab, 0xb1, 0x09, 0xf2, 0xae, 0x59, 0x5e, 0x56, 0xbe, 0x00,
    0x30, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x55, 0x89, 0xe5, 0x83,
    0x46, 0x02, 0x02, 0x42, 0x5d, 0xcf, 0x90, 0x90, 0x90, 0x90, 0x90,
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x50, 0xff, 0x06, 0xf0, 0x2f,
    0xe6, 0x20, 0x58, 0xcf,
};
/* clang-format on */

struct rig {
    struct bare *bare;
    struct cpu *cpu;
    struct clock *clock;
    struct clock_event alarm;
    unsigned delay;        /* instructions from OUT 80 to the alarm; 0: none */
    bool at_once;          /* OUT 80 raises INTR */
    uint64_t acks[COUNTS]; /* counts at which INTA came */
    unsigned ack_count;
    uint64_t window_insns; /* count seen by the last access to the window */
};

static void fire(void *dev)
{
    struct rig *r = dev;

    cpu_set_intr(r->cpu, true);
}

static uint8_t acknowledge(void *dev)
{
    struct rig *r = dev;

    if (r->ack_count < COUNTS)
        r->acks[r->ack_count++] = r->clock->insns;
    return 0x20;
}

static uint32_t port_read(void *dev, paddr offset, unsigned size)
{
    struct rig *r = dev;

    (void)offset;
    (void)size;
    return (uint32_t)r->clock->insns; /* what time is it? */
}

static void port_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct rig *r = dev;

    (void)offset;
    (void)value;
    (void)size;
    if (r->delay)
        clock_arm(r->clock, &r->alarm, clock_now_ns(r->clock) + r->delay);
    if (r->at_once)
        cpu_set_intr(r->cpu, true);
}

static void end_of_interrupt(void *dev, paddr offset, uint32_t value,
                             unsigned size)
{
    struct rig *r = dev;

    (void)offset;
    (void)value;
    (void)size;
    cpu_set_intr(r->cpu, false);
}

static uint32_t window_read(void *dev, paddr offset, unsigned size)
{
    struct rig *r = dev;

    (void)offset;
    (void)size;
    r->window_insns = r->clock->insns;
    if (r->at_once)
        cpu_set_intr(r->cpu, true);
    return 0x5a;
}

static void window_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    (void)value;
    window_read(dev, offset, size);
}

static const struct bus_ops port_ops = {port_read, port_write, 1};
static const struct bus_ops eoi_ops = {NULL, end_of_interrupt, 1};
static const struct bus_ops window_ops = {window_read, window_write, 1 | 2 | 4};

static void put16(struct rig *r, uint32_t at, uint32_t value)
{
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    mem_write(r->bare->mem, at, bytes, 2);
}

/* `code` at 0000:1000 in real mode, vectors 0 and 20 as the program has them.
 */
static void create(struct rig *r, const uint8_t *code, size_t size)
{
    *r = (struct rig){.delay = 0};
    ck_assert_int_eq(bare_create(&r->bare, CPU_486, RAM_BYTES), STATUS_OK);
    r->cpu = r->bare->cpu;
    r->clock = r->bare->clock;
    r->cpu->ack = (struct irq_ack){acknowledge, r};
    clock_event_init(&r->alarm, fire, r);
    ck_assert_int_eq(bus_map(r->bare->ports, 0x80, 1, &port_ops, r), STATUS_OK);
    ck_assert_int_eq(bus_map(r->bare->ports, 0x20, 1, &eoi_ops, r), STATUS_OK);
    mem_map_io(r->bare->mem, WINDOW, 0x1000, &window_ops, r);
    mem_write(r->bare->mem, CODE, code, size);
    put16(r, 0, CODE + 0x80);
    put16(r, 0x80, CODE + 0xa0);
    for (uint32_t i = 0; i < 0x1000; i++)
        r->bare->mem->ram[0x3000 + i] = (uint8_t)(i * 37);
    for (unsigned seg = 0; seg < 6; seg++)
        seg_set_paragraph(r->cpu, seg, 0);
    r->cpu->eip = CODE;
    r->cpu->reg[CPU_ESP] = 0x800;
    r->cpu->reg[CPU_EAX] = 0x1234;
    r->cpu->reg[CPU_EBX] = 0x8765;
    flags_set(r->cpu, FLAG_IF, FLAG_IF);
    events_refresh(r->cpu);
}

static void destroy(struct rig *r)
{
    bare_destroy(r->bare);
}

static uint64_t hash_all(struct rig *r)
{
    uint64_t hash = cpu_state_hash(r->cpu, STATE_HASH_INIT);

    return state_hash_bytes(hash, r->bare->mem->ram, 0x5000);
}

/* As the machine does: alarms fire where the count has reached them. False:
 * the CPU halted. */
static bool run_to(struct rig *r, uint64_t insns)
{
    while (r->clock->insns < insns) {
        clock_set_limit(r->clock, insns);
        switch (cpu_run(r->cpu)) {
        case CPU_STOP_COUNT: clock_fire(r->clock); break;
        case CPU_STOP_HALT: return false;
        default: ck_abort_msg("unexpected stop");
        }
    }
    if (r->clock->insns != insns)
        ck_abort_msg("ran too far");
    return true;
}

struct trace {
    uint64_t hash[COUNTS];
    unsigned count;
    unsigned ack_count;
    uint64_t acks[COUNTS];
};

/* One instruction at a time. */
static void record(struct trace *t, unsigned delay, bool at_once)
{
    struct rig r;

    create(&r, mixture, sizeof(mixture));
    r.delay = delay;
    r.at_once = at_once;
    t->count = 0;
    do
        t->hash[t->count] = hash_all(&r);
    while (++t->count < COUNTS && run_to(&r, t->count));
    ck_assert_uint_lt(t->count, COUNTS);
    t->ack_count = r.ack_count;
    memcpy(t->acks, r.acks, sizeof(t->acks));
    destroy(&r);
}

/* In steps of `stride`: equal where they meet, and in between what the devices
 * saw. */
static void replay(const struct trace *t, unsigned delay, bool at_once,
                   unsigned stride)
{
    struct rig r;

    create(&r, mixture, sizeof(mixture));
    r.delay = delay;
    r.at_once = at_once;
    for (uint64_t n = 0; n < t->count; n += stride) {
        if (!run_to(&r, n) || hash_all(&r) != t->hash[n])
            ck_abort_msg("stride %u, count %u", stride, (unsigned)n);
    }
    ck_assert(!run_to(&r, COUNTS));
    ck_assert_uint_eq(r.ack_count, t->ack_count);
    ck_assert(!memcmp(r.acks, t->acks, sizeof(r.acks)));
    destroy(&r);
}

static void check_cuts(unsigned delay, bool at_once)
{
    static const unsigned strides[] = {2, 7, 31, COUNTS};
    struct trace *t = malloc(sizeof(*t));

    ck_assert_ptr_nonnull(t);
    record(t, delay, at_once);
    for (unsigned i = 0; i < ARRAY_LEN(strides); i++)
        replay(t, delay, at_once, strides[i]);
    free(t);
}

START_TEST(cuts_do_not_show)
{
    check_cuts(0, false);
}
END_TEST

/* _i instructions after an OUT an interrupt comes. */
START_TEST(interrupts_keep_their_time)
{
    check_cuts((unsigned)_i, false);
}
END_TEST

START_TEST(interrupt_of_the_port_comes_at_once)
{
    struct trace *t = malloc(sizeof(*t));

    ck_assert_ptr_nonnull(t);
    record(t, 0, true);
    ck_assert_uint_ge(t->ack_count, 8);
    /* MOV MOV MOV PUSH MOV, 7 MOVSB, POP ADD ADC ROR, OUT: 17 are retired */
    ck_assert_uint_eq(t->acks[0], 17);
    free(t);
    check_cuts(0, true);
}
END_TEST

/* The instruction behind an access to a device is not begun. */
static void check_window(const uint8_t *code, size_t size, uint64_t count)
{
    struct rig r;

    create(&r, code, size);
    r.at_once = true;
    seg_set_paragraph(r.cpu, SEG_DS, WINDOW >> 4);
    ck_assert(run_to(&r, count + 1));
    ck_assert_uint_eq(r.ack_count, 1);
    ck_assert_uint_eq(r.acks[0], count);
    ck_assert_uint_eq(r.window_insns, count - 1);
    destroy(&r);
}

START_TEST(interrupt_of_memory_comes_at_once)
{
    /* INC BX; MOV AL, [10]; INC BX; INC BX; HLT */
    static const uint8_t load[] = {0x43, 0xa0, 0x10, 0, 0x43, 0x43, 0xf4};
    /* INC BX; ADD [10], AX; INC BX; INC BX; HLT */
    static const uint8_t modify[] = {0x43, 0x01, 6, 0x10, 0, 0x43, 0x43, 0xf4};
    /* MOV CX, 5; CLD; LODSB; INC BX; HLT */
    static const uint8_t string[] = {0xb9, 5, 0, 0xfc, 0xac, 0x43, 0xf4};
    /* MOV CX, 5; REP LODSB; INC BX; HLT */
    static const uint8_t repeated[] = {0xb9, 5, 0, 0xf3, 0xac, 0x43, 0xf4};

    check_window(load, sizeof(load), 2);
    check_window(modify, sizeof(modify), 2);
    check_window(string, sizeof(string), 3);
    check_window(repeated, sizeof(repeated), 2);
}
END_TEST

/* A repeated instruction is left between two iterations with CX, SI and DI as
 * they are then, and the return address is its own. */
START_TEST(repetition_is_interrupted)
{
    /* OUT 80, AL; MOV CX, 40; MOV SI, 3000; MOV DI, 4000; REP MOVSB; HLT */
    static const uint8_t code[] = {0xe6, 0x80, 0xb9, 0x40, 0,    0xbe, 0,
                                   0x30, 0xbf, 0,    0x40, 0xf3, 0xa4, 0xf4};
    struct rig r;

    create(&r, code, sizeof(code));
    r.delay = 20; /* 4 MOVs and OUT, and 16 bytes */
    put16(&r, 0x80, 0x5000);
    r.bare->mem->ram[0x5000] = 0xf4; /* HLT */
    ck_assert(!run_to(&r, 500));
    ck_assert_uint_eq(r.ack_count, 1);
    ck_assert_uint_eq(r.acks[0], 20);
    ck_assert_uint_eq(r.cpu->reg[CPU_ECX], 0x40 - 16);
    ck_assert_uint_eq(r.cpu->reg[CPU_ESI], 0x3010);
    ck_assert_uint_eq(r.cpu->reg[CPU_EDI], 0x4010);
    ck_assert_uint_eq(r.bare->mem->ram[0x7fa], 0x0b); /* of REP MOVSB */
    ck_assert_uint_eq(r.bare->mem->ram[0x400f], r.bare->mem->ram[0x300f]);
    ck_assert_uint_eq(r.bare->mem->ram[0x4010], 0);
    destroy(&r);
}
END_TEST

static uint64_t count_of(const uint8_t *code, size_t size)
{
    struct rig r;
    uint64_t count;

    create(&r, code, size);
    ck_assert(!run_to(&r, 500));
    count = r.clock->insns;
    destroy(&r);
    return count;
}

START_TEST(each_iteration_counts)
{
    /* MOV CX, n; REP STOSB; HLT */
    static const uint8_t none[] = {0xb9, 0, 0, 0xf3, 0xaa, 0xf4};
    static const uint8_t one[] = {0xb9, 1, 0, 0xf3, 0xaa, 0xf4};
    static const uint8_t ten[] = {0xb9, 10, 0, 0xf3, 0xaa, 0xf4};

    ck_assert_uint_eq(count_of(none, sizeof(none)), 3);
    ck_assert_uint_eq(count_of(one, sizeof(one)), 3);
    ck_assert_uint_eq(count_of(ten, sizeof(ten)), 12);
}
END_TEST

/* Handlers lead on by jumps: the host's stack does not grow with the guest's
 * instructions, not even where they compute with floating point. */
START_TEST(stack_stays)
{
    /* FADD ST, ST; ADDSD XMM0, XMM1; FCOM; JMP back */
    static const uint8_t code[] = {0xd8, 0xc0, 0xf2, 0x0f, 0x58,
                                   0xc1, 0xd8, 0xd1, 0xeb, 0xf6};
    struct rig r;

    create(&r, code, sizeof(code));
    r.cpu->model = CPU_PENTIUM4;
    r.cpu->cr4 |= CR4_OSFXSR;
    r.cpu->fpu.present = true;
    r.cpu->fpu.control = 0x37f;
    ck_assert(run_to(&r, 2000000));
    ck_assert_uint_eq(r.clock->insns, 2000000);
    destroy(&r);
}
END_TEST

/* A handler that faults at once for ever still lets time pass. */
START_TEST(endless_faults_end)
{
    static const uint8_t code[] = {0x0f, 0xff}; /* undefined */
    struct rig r;

    create(&r, code, sizeof(code));
    put16(&r, 4 * VECTOR_UD, CODE);
    ck_assert(run_to(&r, 100000));
    destroy(&r);
}
END_TEST

START_TEST(stop_request_holds_after_the_instruction)
{
    static const uint8_t code[] = {0xb0, 7, 0xe6, 0xf4, 0x43, 0x43, 0xf4};
    struct rig r;

    create(&r, code, sizeof(code)); /* MOV AL, 7; OUT F4, AL; INC BX ... */
    ck_assert_int_eq(bare_run(r.bare, 100), BARE_EXITED);
    ck_assert_uint_eq(r.clock->insns, 2);
    ck_assert_uint_eq(r.cpu->reg[CPU_EBX], 0x8765);
    ck_assert_uint_eq(r.cpu->eip, CODE + 4);
    destroy(&r);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/interp");
    TCase *tcase = tcase_create("time");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, cuts_do_not_show);
    tcase_add_loop_test(tcase, interrupts_keep_their_time, 1, 14);
    tcase_add_test(tcase, interrupt_of_the_port_comes_at_once);
    tcase_add_test(tcase, interrupt_of_memory_comes_at_once);
    tcase_add_test(tcase, repetition_is_interrupted);
    tcase_add_test(tcase, each_iteration_counts);
    tcase_add_test(tcase, stack_stays);
    tcase_add_test(tcase, endless_faults_end);
    tcase_add_test(tcase, stop_request_holds_after_the_instruction);
    suite_add_tcase(suite, tcase);
    return suite;
}
