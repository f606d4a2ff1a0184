/* Random programs with loops, calls, faults, interrupts and stores into their
 * own code: the translator against the interpreter. Two machines run each,
 * and have to be equal after every burst, whose length is random.
 *
 * Longer: VITRINE_RANDOM=n runs n times as many, _SEED begins at another. One
 * time is 10^7 instructions for each of the configurations, about a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "core/types.h"
#include "cpu/desc.h"
#include "cpu/sys.h"
#include "jit/jit.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES MIB(2)
#define PROGRAMS  160u
#define SAME_PAIR 8u /* programs that one pair of machines runs */
#define BURSTS    30u

#define GDT       0x1000u
#define IDT       0x1800u
#define POINTERS  0x2000u /* with PAE: to the directory, four times */
#define DIRECTORY 0x3000u
#define TABLE     0x4000u
#define TSS       0x5000u
#define WINDOW    0x10000u /* code, data and stack: offsets into this */
#define CODE_SIZE 0x3000u
#define HANDLERS  0x3000u
#define ALIAS     0x4000u /* with paging: the code once more */
#define DATA      0x8000u
#define STACK     0xf000u
#define BLOCKS    24u
#define PORT_A20  0x92u

#define DOWN_LIMIT (DATA + 0x100) /* of a segment that expands down */

#define SEL_CODE0 0x08u
#define SEL_DATA0 0x10u
#define SEL_CODE3 0x1bu
#define SEL_DATA3 0x23u
#define SEL_TSS   0x28u

enum mode {
    REAL,
    PROT16,
    PROT32,
    LIMITED32,
    V86,
    MODES
};

struct program {
    uint64_t random;
    uint8_t *image;
    uint32_t at; /* offset into the window */
    uint32_t origin;
    uint32_t block[BLOCKS];
    enum mode mode;
    bool wide, paging, pae, user;
    bool down; /* segments of data begin behind the code and expand down */
    bool calm; /* pointers stay as they are, so that loops run on */
};

static uint32_t next(struct program *p)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return (uint32_t)(p->random >> 16);
}

static bool one_in(struct program *p, uint32_t n)
{
    return next(p) % n == 0;
}

static void put(struct program *p, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        p->image[WINDOW + p->at++] = (uint8_t)(value >> (8 * i));
}

static void put32(struct program *p, uint32_t addr, uint32_t value)
{
    memcpy(p->image + addr, &value, sizeof(value));
}

/* An address or immediate of the mode's width. */
static void put_word(struct program *p, uint32_t value)
{
    put(p, value, p->wide ? 4 : 2);
}

static uint32_t code_addr(struct program *p)
{
    uint32_t alias = p->paging && one_in(p, 4) ? ALIAS : 0;

    return p->origin + alias + p->block[next(p) % BLOCKS] + next(p) % 48;
}

static uint32_t data_addr(struct program *p)
{
    uint32_t offset = DATA + (next(p) & 0x6fff);

    if (one_in(p, 4))
        offset = (offset | 0xfff) - next(p) % 16;
    else if (one_in(p, 2))
        offset &= ~15u;
    return p->origin + offset;
}

/* ModR/M and what follows, for memory. */
static void put_memory(struct program *p, unsigned reg)
{
    static const uint8_t based[] = {3, 5, 6, 7};
    bool absolute = one_in(p, 3);
    uint32_t addr = one_in(p, 24) ? code_addr(p) : data_addr(p);

    if (absolute) {
        put(p, (reg & 7) << 3 | (p->wide ? 5 : 6), 1);
        put_word(p, addr);
    } else if (!p->wide) {
        put(p, 0x40 | (reg & 7) << 3 | (next(p) & 7), 1);
        put(p, next(p), 1);
    } else if (one_in(p, 4)) {
        put(p, 0x44 | (reg & 7) << 3, 1);
        put(p, (next(p) & 0xc0) | (next(p) & 0x38) | based[next(p) & 3], 1);
        put(p, next(p), 1);
    } else {
        put(p, 0x40 | (reg & 7) << 3 | based[next(p) & 3], 1);
        put(p, next(p), 1);
    }
}

/* A register that may change: not those that point somewhere, in a calm
 * program. */
static uint32_t some_reg(struct program *p)
{
    return p->calm ? next(p) % 3 : next(p) & 7;
}

static void put_operands_of(struct program *p, uint32_t reg)
{
    if (one_in(p, 2))
        put_memory(p, reg);
    else
        put(p, 0xc0 | reg << 3 | some_reg(p), 1);
}

static void put_operands(struct program *p)
{
    put_operands_of(p, some_reg(p));
}

/* Where the field of the register is part of the opcode. */
static void put_group(struct program *p)
{
    put_operands_of(p, next(p) & 7);
}

static void put_prefixes(struct program *p)
{
    static const uint8_t segs[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

    if (one_in(p, 8))
        put(p, segs[next(p) % 6], 1);
    if (one_in(p, 16))
        put(p, 0xf0, 1);
}

static void put_pointer(struct program *p)
{
    static const uint8_t regs[] = {3, 5, 6, 7};

    put(p, 0xb8 | regs[next(p) & 3], 1);
    put_word(p, data_addr(p));
}

static void put_alu(struct program *p)
{
    static const uint8_t wide_imm[] = {0x69, 0x81, 0xc7};
    static const uint8_t small_imm[] = {0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6};
    static const uint8_t plain[] = {0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
                                    0x8b, 0xd0, 0xd1, 0xd2, 0xd3, 0xfe};
    bool other = one_in(p, 8);
    uint32_t op;

    put_prefixes(p);
    if (other)
        put(p, 0x66, 1);
    switch (next(p) % 6) {
    case 0:
        op = wide_imm[next(p) % 3];
        put(p, op, 1);
        put_operands_of(p, op == 0x69   ? some_reg(p)
                           : op == 0xc7 ? 0
                                        : next(p) & 7);
        put(p, next(p), p->wide != other ? 4 : 2);
        break;
    case 1:
        op = small_imm[next(p) % 6];
        put(p, op, 1);
        put_operands_of(p, op == 0x6b   ? some_reg(p)
                           : op == 0xc6 ? 0
                                        : next(p) & 7);
        put(p, next(p), 1);
        break;
    case 2:
        op = plain[next(p) % 13];
        put(p, op, 1);
        put_operands_of(p, op == 0xfe   ? next(p) & 1
                           : op >= 0xd0 ? next(p) & 7
                                        : some_reg(p));
        break;
    case 3: put(p, 0x40 | (next(p) & 8) | some_reg(p), 1); break;
    case 4:
        op = 0xf6 | (next(p) & 1);
        put(p, op, 1);
        put_memory(p, 2 | (next(p) & 5));
        break;
    default: put(p, (next(p) & 0x38) | (next(p) & 3), 1); put_operands(p);
    }
}

static void put_0f(struct program *p)
{
    static const uint8_t ops[] = {0xa3, 0xab, 0xb3, 0xbb, 0xa5, 0xad, 0xaf,
                                  0xb0, 0xb1, 0xb6, 0xb7, 0xbc, 0xbd, 0xbe,
                                  0xbf, 0xc0, 0xc1, 0xc7, 0x40, 0x90};
    uint32_t op = ops[next(p) % 20];

    if (op == 0x40 || op == 0x90)
        op |= next(p) & 15;
    put_prefixes(p);
    if (one_in(p, 6))
        put(p, 0x66, 1);
    put(p, 0x0f, 1);
    put(p, op, 1);
    put_operands(p);
}

static void put_simd(struct program *p)
{
    static const uint8_t prefix[] = {0, 0x66, 0xf2, 0xf3};
    static const uint8_t first[] = {0x10, 0x28, 0x50, 0x60,
                                    0x70, 0xd0, 0xe0, 0xf0};
    uint32_t which = next(p) & 3, op = first[next(p) & 7] | (next(p) & 15);

    if (one_in(p, 12)) {
        put(p, 0x0f, 1);
        put(p, 0xae, 1);
        put(p, p->wide ? 0x15 : 0x16, 1); /* LDMXCSR */
        put_word(p, p->origin + DATA + 0x7d00 + (next(p) & 0x3c));
        return;
    }
    if (op >= 0x30 && op < 0x50)
        op |= 0x50;
    if (which)
        put(p, prefix[which], 1);
    put(p, 0x0f, 1);
    put(p, op, 1);
    put_group(p);
    if ((op >= 0x70 && op <= 0x73) || op == 0xc6 || op == 0xc2)
        put(p, next(p), 1);
}

static void put_x87(struct program *p)
{
    if (one_in(p, 12)) {
        put(p, 0xd9, 1);
        put(p, p->wide ? 0x2d : 0x2e, 1); /* FLDCW */
        put_word(p, p->origin + DATA + 0x7d40 + (next(p) & 0x3c));
        return;
    }
    if (one_in(p, 8))
        put(p, one_in(p, 2) ? 0xe3db : 0x770f, 2); /* FNINIT, EMMS */
    else if (one_in(p, 8))
        put(p, 0x9b, 1);
    put(p, 0xd8 | (next(p) & 7), 1);
    put_group(p);
}

static void put_stack(struct program *p)
{
    static const uint8_t ops[] = {0x06, 0x1e, 0x07, 0x1f, 0x60, 0x61,
                                  0x9c, 0x9d, 0xc9, 0xfa, 0xfb, 0x16};

    if (p->calm && one_in(p, 2))
        put(p, 0x5850 | (next(p) % 3) * 0x101, 2); /* PUSH, POP */
    else if (one_in(p, 2))
        put(p, ops[next(p) % 12], 1);
    else
        put(p, 0x50 | (next(p) & 15), 1);
}

static void put_string(struct program *p)
{
    static const uint8_t ops[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa,
                                  0xab, 0xac, 0xad, 0xae, 0xaf};

    if (one_in(p, 2)) {
        put(p, 0xb9, 1);
        put_word(p, next(p) & 31);
        put(p, 0xbf, 1);
        put_word(p, one_in(p, 16) ? code_addr(p) : data_addr(p));
        put(p, 0xf2 | (next(p) & 1), 1);
    }
    put(p, ops[next(p) % 10], 1);
    if (one_in(p, 12))
        put(p, 0xfc | (next(p) & 1), 1);
}

static void put_system(struct program *p)
{
    switch (next(p) % 7) {
    case 0:
        put(p, 0xb0, 1);
        put(p, next(p), 1);
        put(p, 0xe6 | PORT_A20 << 8, 2);
        break;
    case 1: put(p, 0xe4 | (next(p) & 1) | PORT_A20 << 8, 2); break;
    case 2: put(p, 0xcd | (0x20 + (next(p) & 15)) << 8, 2); break;
    case 3: put(p, 0x310f, 2); break;
    case 4: put(p, 0x060f, 2); break; /* CLTS */
    case 5:                           /* MOV EAX, CR0; XOR AL, TS; MOV back */
        put(p, 0xc0200f, 3);
        put(p, 0x34 | 0x08 << 8, 2);
        put(p, 0xc0220f, 3);
        break;
    default: put(p, 0xd8200f, 3), put(p, 0xd8220f, 3); /* CR3 */
    }
}

/* MOV byte or word [code], imm: into this block, ahead, or into another. */
static void put_patch(struct program *p)
{
    uint32_t to =
        one_in(p, 2) ? p->origin + p->at + next(p) % 40 - 8 : code_addr(p);
    bool byte = one_in(p, 2);

    if (one_in(p, 3)) { /* an INC, so that the target stays code */
        put(p, byte ? 0xfe : 0xff, 1);
        put(p, p->wide ? 0x05 : 0x06, 1);
        put_word(p, to);
        return;
    }
    put(p, byte ? 0xc6 : 0xc7, 1);
    put(p, p->wide ? 0x05 : 0x06, 1);
    put_word(p, to);
    if (byte)
        put(p, 0x40 | (next(p) & 15), 1);
    else
        put_word(p, 0x40404040 | (next(p) & 0x07070707));
}

static void put_jump(struct program *p, uint32_t opcode, unsigned bytes,
                     uint32_t target)
{
    put(p, opcode, bytes);
    put_word(p, target - (p->at + (p->wide ? 4 : 2)));
}

static uint32_t some_block(struct program *p)
{
    return p->block[next(p) % BLOCKS];
}

static void put_some_jump(struct program *p)
{
    put_jump(p, 0x800f | (next(p) & 15) << 8, 2, some_block(p));
}

static bool is_paragraphs(const struct program *p)
{
    return p->mode == REAL || p->mode == V86;
}

/* A segment of data that does for the rest of the program, or any. */
static uint32_t some_segment(struct program *p)
{
    if (!is_paragraphs(p))
        return p->user ? SEL_DATA3 : SEL_DATA0;
    if (!p->calm && one_in(p, 8))
        return next(p);
    return (WINDOW >> 4) - (one_in(p, 3) ? next(p) & 3 : 0);
}

/* JMP or CALL to a block, in real mode by one of its many names. */
static void put_far(struct program *p, uint32_t opcode)
{
    uint32_t back = one_in(p, 2) ? next(p) & 7 : 0;
    uint32_t to = p->origin + some_block(p);

    if (!is_paragraphs(p))
        back = 0;
    put(p, opcode, 1);
    put_word(p, to + 16 * back);
    if (is_paragraphs(p))
        put(p, (WINDOW >> 4) - back, 2);
    else
        put(p, p->user ? SEL_CODE3 : SEL_CODE0, 2);
}

static void put_segment(struct program *p)
{
    static const uint8_t move[] = {0, 3, 4, 5, 0, 3, 2, 6};
    static const uint16_t push[] = {0x06, 0x0e, 0x16, 0x1e, 0xa00f, 0xa80f};
    static const uint16_t pop[] = {0x07, 0x1f, 0x17, 0xa10f, 0xa90f};
    uint32_t op;

    switch (next(p) % 5) {
    case 0: /* MOV EAX, segment; MOV Sw, AX */
        put(p, 0xb8, 1);
        put_word(p, some_segment(p));
        put(p, 0xc08e | move[next(p) & 7] << 11, 2);
        break;
    case 1:
        put(p, one_in(p, 4) && !p->calm ? 0x8e : 0x8c, 1);
        put_operands_of(p, move[next(p) & 7]);
        break;
    case 2:
        op = push[next(p) % 6];
        put(p, op, op > 0xff ? 2 : 1);
        if (one_in(p, 3))
            put_alu(p);
        op = pop[next(p) % 5];
        put(p, op, op > 0xff ? 2 : 1);
        break;
    case 3:
        if (p->calm) { /* PUSHF, POPF */
            put(p, 0x9d9c, 2);
            break;
        }
        put(p, 0xc4 | (next(p) & 1), 1); /* LES, LDS */
        put_memory(p, some_reg(p));
        break;
    default:
        if (one_in(p, 3))
            put_far(p, one_in(p, 2) ? 0x9a : 0xea);
        else
            put(p, 0xcd | (0x20 + (next(p) & 15)) << 8, 2);
    }
}

static void put_insn(struct program *p)
{
    static void (*const kinds[])(struct program *) = {
        put_alu,     put_alu,     put_alu,     put_alu,       put_alu,
        put_alu,     put_alu,     put_alu,     put_alu,       put_alu,
        put_alu,     put_alu,     put_0f,      put_0f,        put_0f,
        put_simd,    put_simd,    put_simd,    put_x87,       put_x87,
        put_stack,   put_stack,   put_string,  put_some_jump, put_pointer,
        put_pointer, put_pointer, put_pointer, put_segment};

    if (one_in(p, 100))
        put_system(p);
    else if (one_in(p, 100))
        put_patch(p);
    else
        kinds[next(p) % (sizeof(kinds) / sizeof(kinds[0]))](p);
}

/* A body, run a few times by a counter in memory or in ECX, and a way on. */
static void put_block(struct program *p, uint32_t start)
{
    uint32_t counter = p->origin + DATA + 0x7f00 + (next(p) & 0x3c), loop;
    unsigned insns = 2 + next(p) % 12;
    uint32_t to;

    p->at = start;
    if (one_in(p, 6)) /* data on a page of code, between blocks */
        counter = p->origin + (start & ~0xfffu) + 0xff0 + (next(p) & 12);
    put_pointer(p);
    loop = p->at;
    while (insns--)
        put_insn(p);
    if (!one_in(p, 3)) { /* DEC/SUB [counter]; AND [counter], 15; JNZ */
        put(p, 0x83, 1);
        put(p, p->wide ? 0x2d : 0x2e, 1);
        put_word(p, counter);
        put(p, 1, 1);
        put(p, 0x83, 1);
        put(p, p->wide ? 0x25 : 0x26, 1);
        put_word(p, counter);
        put(p, one_in(p, 4) ? 63 : 15, 1);
        put_jump(p, 0x850f, 2, loop);
    }
    to = some_block(p);
    switch (next(p) % 7) {
    case 0: /* MOV ESP; CALL */
        put(p, 0xbc, 1);
        put_word(p, p->origin + STACK - (next(p) & 0xff));
        put_jump(p, 0xe8, 1, to);
        put_jump(p, 0xe9, 1, some_block(p));
        break;
    case 1: put(p, 0xc3, 1); break;
    case 2: /* JMP [table + e*x] */
        put(p, p->wide ? 0x25ff : 0x26ff, 2);
        put_word(p, p->origin + DATA + 0x7e00 + (next(p) & 0x3c));
        break;
    case 3: /* MOV EAX, block; JMP EAX, through the alias at times */
        put(p, 0xb8, 1);
        put_word(p, p->origin + to + (p->paging && one_in(p, 2) ? ALIAS : 0));
        put(p, 0xe0ff, 2);
        break;
    case 4: put_far(p, 0xea); break;
    case 5: put(p, one_in(p, 2) ? 0xcf : 0xcb, 1); break; /* IRET, RETF */
    default: put_jump(p, 0xe9, 1, to);
    }
}

/* Interrupts return, or begin some block anew, with all registers sane. */
static void put_handler(struct program *p, unsigned vector)
{
    bool returns = (vector == 1 || vector == 3 || vector >= 32) && one_in(p, 2);
    uint32_t sel = p->mode == V86 ? WINDOW >> 4 : SEL_DATA3;
    uint32_t origin = p->mode == V86 ? 0 : p->origin;

    if (returns) {
        put(p, 0xcf, 1);
        return;
    }
    put(p, 0xbc, 1);
    put_word(p, p->origin + STACK - 0x400);
    if (p->user) { /* ES and so on for V86; SS, ESP, flags, CS, EIP */
        for (unsigned i = 0; p->mode == V86 && i < 4; i++)
            put(p, 0x68, 1), put_word(p, WINDOW >> 4);
        put(p, 0x68, 1), put_word(p, sel);
        put(p, 0x68, 1), put_word(p, origin + STACK - 64);
    }
    put(p, 0x68, 1);
    put_word(p, (next(p) & 0xcd5) | 0x202 |
                    (p->mode == V86 ? 0x23000 : 0x3000) |
                    (one_in(p, 12) ? 0x100 : 0));
    put(p, 0x68, 1);
    put_word(p, p->mode == REAL || p->mode == V86 ? WINDOW >> 4
                : p->user                         ? SEL_CODE3
                                                  : SEL_CODE0);
    put(p, 0x68, 1);
    put_word(p, origin + some_block(p));
    for (unsigned i = 3; i < 8; i += i == 3 ? 2 : 1) {
        put(p, 0xb8 | i, 1);
        put_word(p, data_addr(p) - p->origin + origin);
    }
    put(p, 0xcf, 1);
}

static void put_descriptor(struct program *p, unsigned sel, uint32_t base,
                           uint32_t limit, uint32_t access)
{
    put32(p, GDT + (sel & ~7u), base << 16 | (limit & 0xffff));
    put32(p, GDT + (sel & ~7u) + 4,
          (base & 0xff000000) | (base >> 16 & 0xff) | access << 8 |
              (limit & 0xf0000));
}

/* V86 is left to 32-bit handlers: their code is flat and wide. */
static void put_vectors(struct program *p)
{
    bool wide = p->wide;
    uint32_t origin = p->origin;

    if (p->mode == V86)
        p->wide = true, p->origin = WINDOW;
    p->at = HANDLERS;
    for (unsigned v = 0; v < 64; v++) {
        uint32_t at = p->origin + p->at;

        if (p->mode == REAL) {
            put32(p, 4 * v, WINDOW << 12 | at);
        } else {
            put32(p, IDT + 8 * v, SEL_CODE0 << 16 | (at & 0xffff));
            put32(p, IDT + 8 * v + 4,
                  (at & 0xffff0000) | (p->wide ? 0xee00 : 0xe600));
        }
        put_handler(p, v);
    }
    p->wide = wide;
    p->origin = origin;
}

/* All tables are the same one: memory shows up every 2 or 4 MiB. */
static void put_pages(struct program *p)
{
    unsigned size = p->pae ? 8 : 4;

    for (unsigned i = 0; i < 4; i++) {
        put32(p, POINTERS + 8 * i, DIRECTORY | 1);
        put32(p, POINTERS + 8 * i + 4, 0);
    }
    memset(p->image + DIRECTORY, 0, 0x1000);
    memset(p->image + TABLE, 0, 0x1000);
    for (unsigned i = 0; i < 0x1000 / size; i++) {
        uint32_t page = i << 12, flags = 7;

        put32(p, DIRECTORY + size * i, TABLE | 7);
        if (page >= WINDOW + ALIAS && page < WINDOW + ALIAS + CODE_SIZE)
            page -= ALIAS;
        if (page >= WINDOW + DATA && page < WINDOW + STACK - 0x1000) {
            if (one_in(p, 6))
                flags = next(p) & 7;
        } else if (page < WINDOW + CODE_SIZE && one_in(p, 8)) {
            flags = 5;
        }
        put32(p, TABLE + size * i, (page & 0x1fffff) | flags);
    }
}

static void make(struct program *p, uint64_t seed)
{
    uint32_t access, base, limit;

    p->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < 8; i++)
        next(p);
    for (unsigned i = 0; i < RAM_BYTES; i += 4)
        put32(p, i, one_in(p, 2) ? next(p) : next(p) & 0xff);
    p->mode = seed % MODES;
    p->wide = p->mode == PROT32 || p->mode == LIMITED32;
    p->calm = !one_in(p, 3);
    p->paging = p->mode != REAL && one_in(p, 2);
    p->pae = p->paging && one_in(p, 2);
    p->down = (p->mode == PROT16 || p->mode == LIMITED32) && one_in(p, 4);
    p->user = p->mode == V86 || (p->mode != REAL && one_in(p, 3));
    p->origin = p->mode == PROT32 ? WINDOW : 0;
    for (unsigned i = 0; i < BLOCKS; i++)
        p->block[i] = i * (CODE_SIZE / BLOCKS) + next(p) % 200;
    for (unsigned i = 0; i < BLOCKS; i++)
        put_block(p, p->block[i]);
    for (unsigned i = 0; i < 64; i += p->wide ? 4 : 2) {
        p->at = DATA + 0x7e00 + i;
        put_word(p, p->origin + some_block(p));
    }
    for (unsigned i = 0; i < 0x40; i += 4) { /* masks are off at times */
        uint32_t off = one_in(p, 3) ? next(p) & 0x3f : 0;

        put32(p, WINDOW + DATA + 0x7d00 + i,
              (0x1f80 ^ off << 7) | (next(p) & 0xe000));
        put32(p, WINDOW + DATA + 0x7d40 + i, (0x7f ^ off) | (next(p) & 0xf00));
    }
    put_vectors(p);
    base = p->mode == PROT32 || p->mode == V86 ? 0 : WINDOW;
    limit = base ? 0xffff : 0xfffff;
    access = (base ? 0 : 0x8000) | (p->wide || p->mode == V86 ? 0x4000 : 0);
    put_descriptor(p, SEL_CODE0, base, limit, access | 0x9b);
    put_descriptor(p, SEL_CODE3, base, limit, access | 0xfb);
    if (p->down)
        limit = DOWN_LIMIT, access |= ACCESS_DOWN;
    put_descriptor(p, SEL_DATA0, base, limit, access | 0x93);
    put_descriptor(p, SEL_DATA3, base, limit, access | 0xf3);
    put_descriptor(p, SEL_TSS, TSS, 0x2067, 0x8b);
    memset(p->image + TSS, 0, 0x68);
    put32(p, TSS + 4, base ? STACK - 0x800 : WINDOW + STACK - 0x800);
    put32(p, TSS + 8, SEL_DATA0);
    put32(p, TSS + 0x64, 0x68 << 16);
    memset(p->image + TSS + 0x68, 0, 0x2000);
    put_pages(p);
}

static void set_seg(struct cpu *cpu, unsigned seg, const struct program *p)
{
    bool real = p->mode == REAL || p->mode == V86;
    bool flat = p->mode == PROT32;
    struct segment *s = &cpu->seg[seg];

    s->selector = (uint16_t)(real      ? WINDOW >> 4
                             : p->user ? SEL_DATA3
                                       : SEL_DATA0);
    if (seg == SEG_CS && !real)
        s->selector -= 8;
    s->base = flat ? 0 : WINDOW;
    s->limit = flat ? 0xffffffff : 0xffff;
    s->access = ACCESS_P | ACCESS_S | ACCESS_RW | ACCESS_ACCESSED;
    if (p->down && seg != SEG_CS) {
        s->limit = DOWN_LIMIT;
        s->access |= ACCESS_DOWN;
    }
    if (seg == SEG_CS && !real)
        s->access |= ACCESS_CODE;
    if (p->wide)
        s->access |= ACCESS_D;
    if (flat)
        s->access |= ACCESS_G;
    s->access |= (uint16_t)(cpu->cpl << ACCESS_DPL_SHIFT);
}

/* Breakpoints of code and data, of ports too. */
static void set_points(struct cpu *cpu, struct program *p)
{
    uint32_t dr7 = 0x400 | (next(p) & 0x300);

    for (unsigned n = 0; n < 4; n++) {
        uint32_t what = next(p) & 3; /* code, writes, ports, both */

        if (one_in(p, 2))
            continue;
        dr7 |= (1 + next(p) % 3) << 2 * n | what << (16 + 4 * n);
        if (what)
            dr7 |= (next(p) & 3) << (18 + 4 * n);
        cpu->dr[n] = what == 2   ? PORT_A20
                     : what == 0 ? WINDOW + some_block(p)
                                 : WINDOW + data_addr(p) - p->origin;
    }
    cpu->dr[7] = dr7;
}

static void start(struct bare *bare, struct program p)
{
    struct cpu *cpu = bare->cpu;

    mem_set_a20(bare->mem, true);
    mem_write(bare->mem, 0, p.image, RAM_BYTES);
    cpu_reset(cpu);
    cpu->fpu.present = true;
    cpu->gdtr = (struct table_register){GDT, 0x2f};
    cpu->idtr = (struct table_register){p.mode == REAL ? 0 : IDT, 0x1ff};
    cpu->cr0 = CR0_ET | CR0_NE | (p.mode == REAL ? 0 : CR0_PE);
    if (p.paging)
        cpu->cr0 |= CR0_PG | (next(&p) & (CR0_WP | CR0_AM));
    cpu->cr3 = p.pae ? POINTERS : DIRECTORY;
    cpu->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE | (p.pae ? CR4_PAE : 0);
    if (p.pae)
        ck_assert(mmu_load_pdptes(cpu, cpu->cr3, cpu->pdpte));
    cpu->cpl = p.user ? 3 : 0;
    if (p.mode == V86)
        flags_set(cpu, FLAG_VM, FLAG_VM);
    for (unsigned seg = 0; seg < 6; seg++)
        set_seg(cpu, seg, &p);
    cpu->seg[SEG_TR].selector = SEL_TSS;
    cpu->seg[SEG_TR].base = TSS;
    cpu->seg[SEG_TR].limit = 0x2067;
    cpu->seg[SEG_TR].access = ACCESS_P | DESC_TSS32_BUSY;
    for (unsigned i = 0; i < 8; i++)
        cpu->reg[i] = i == 4 ? p.origin + STACK - 64 : data_addr(&p);
    cpu->eip = p.origin + p.block[0];
    if (one_in(&p, 4))
        set_points(cpu, &p);
    mmu_flush(cpu);
    seg_update(cpu, SEG_CS);
    mmu_select(cpu);
    seg_update_all(cpu);
    flags_set(cpu, FLAG_IF | FLAG_IOPL, FLAG_TF | FLAG_IF | FLAG_IOPL);
    events_refresh(cpu);
}

static uint32_t read_a20(void *dev, paddr offset, unsigned size)
{
    struct bare *bare = dev;

    (void)offset;
    (void)size;
    return bare->mem->a20_mask != ~(paddr)0 ? 0 : 2;
}

static void write_a20(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct bare *bare = dev;

    (void)offset;
    (void)size;
    mem_set_a20(bare->mem, value & 2);
}

static const struct bus_ops a20_ops = {read_a20, write_a20, 1};

static struct bare *machine(const struct jit_config *config)
{
    struct bare *bare;

    ck_assert_int_eq(bare_create(&bare, CPU_PENTIUM4, RAM_BYTES), STATUS_OK);
    ck_assert_int_eq(bus_map(bare->ports, PORT_A20, 1, &a20_ops, bare),
                     STATUS_OK);
    if (config)
        ck_assert_int_eq(jit_attach(bare->cpu, config), STATUS_OK);
    return bare;
}

static bool are_equal(struct bare *a, struct bare *b)
{
    return cpu_state_hash(a->cpu, STATE_HASH_INIT) ==
               cpu_state_hash(b->cpu, STATE_HASH_INIT) &&
           memcmp(a->mem->ram, b->mem->ram, RAM_BYTES) == 0;
}

/* Returns how many instructions ran; aborts at a difference. */
static uint64_t compare(struct bare *bare[2], struct program *p, uint64_t seed)
{
    uint64_t before, count;

    make(p, seed);
    for (unsigned i = 0; i < 2; i++)
        start(bare[i], *p);
    before = bare[0]->clock->insns;
    for (unsigned burst = 0; burst < BURSTS; burst++) {
        uint32_t what = next(p), insns = 1 + next(p) % (what & 3 ? 400 : 20000);
        enum bare_end end[2];

        for (unsigned i = 0; i < 2; i++) {
            bare[i]->vector = (uint8_t)(32 + (what >> 8 & 31));
            bare[i]->exited = false;
            cpu_set_intr(bare[i]->cpu, what >> 16 & 1);
            if (!(what >> 17 & 7))
                cpu_raise_nmi(bare[i]->cpu);
            end[i] = bare_run(bare[i], insns);
        }
        count = bare[0]->clock->insns - before;
        if (end[0] != end[1] || !are_equal(bare[0], bare[1]))
            ck_abort_msg("seed %llu, mode %u, differs in burst %u, "
                         "at instruction %llu; eip %x %x",
                         (unsigned long long)seed, p->mode, burst,
                         (unsigned long long)count, bare[0]->cpu->eip,
                         bare[1]->cpu->eip);
        if (end[0] == BARE_SHUTDOWN || end[0] == BARE_HALTED)
            break;
    }
    return bare[0]->clock->insns - before;
}

static const struct jit_config configs[] = {
    {.heat = 1, .arenas_always = true, .cache_bytes = MIB(16)},
    {.heat = 16, .cache_bytes = MIB(16)},
    {.heat = 1, .arenas_always = true, .cache_bytes = JIT_CACHE_LEAST},
};

START_TEST(random_programs)
{
    const char *times = getenv("VITRINE_RANDOM");
    const char *from = getenv("VITRINE_RANDOM_SEED");
    uint64_t first = from ? strtoull(from, NULL, 10) : 0, total = 0;
    unsigned programs = PROGRAMS * (times ? (unsigned)atoi(times) : 1);
    struct program p = {.image = malloc(RAM_BYTES)};
    struct bare *bare[2];

    ck_assert_ptr_nonnull(p.image);
    for (unsigned i = 0; i < programs; i++) {
        if (i % SAME_PAIR == 0) {
            bare[0] = machine(NULL);
            bare[1] = machine(&configs[_i]);
        }
        total += compare(bare, &p, first + i);
        if (i % SAME_PAIR == SAME_PAIR - 1 || i == programs - 1) {
            bare_destroy(bare[0]);
            bare_destroy(bare[1]);
        }
    }
    if (times)
        printf("%llu instructions\n", (unsigned long long)total);
    free(p.image);
}
END_TEST

/* Programs that showed a difference once, each on machines of its own. */
START_TEST(programs_that_differed)
{
    static const uint64_t seeds[] = {
        50838,    /* the end of a slice in front of an undefined instruction */
        77002792, /* a shift of memory that may only be read */
    };
    struct program p = {.image = malloc(RAM_BYTES)};
    struct bare *bare[2];

    ck_assert_ptr_nonnull(p.image);
    for (unsigned i = 0; i < ARRAY_LEN(seeds); i++) {
        bare[0] = machine(NULL);
        bare[1] = machine(&configs[_i]);
        compare(bare, &p, seeds[i]);
        bare_destroy(bare[0]);
        bare_destroy(bare[1]);
    }
    free(p.image);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("jit/random");
    TCase *tcase = tcase_create("alike");

    tcase_set_timeout(tcase, 0);
    if (jit_available()) {
        tcase_add_loop_test(tcase, random_programs, 0, ARRAY_LEN(configs));
        tcase_add_loop_test(tcase, programs_that_differed, 0,
                            ARRAY_LEN(configs));
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
