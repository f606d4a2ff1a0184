#include "tests/jit/program.h"

#include <string.h>

#include "cpu/desc.h"

uint32_t program_next(struct program *p)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return (uint32_t)(p->random >> 16);
}

bool program_one_in(struct program *p, uint32_t n)
{
    return program_next(p) % n == 0;
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
    uint32_t alias = p->paging && program_one_in(p, 4) ? ALIAS : 0;

    return p->origin + alias + p->block[program_next(p) % BLOCKS] +
           program_next(p) % 48;
}

uint32_t program_data(struct program *p)
{
    uint32_t offset = DATA + (program_next(p) & 0x6fff);

    if (program_one_in(p, 4))
        offset = (offset | 0xfff) - program_next(p) % 16;
    else if (program_one_in(p, 2))
        offset &= ~15u;
    return p->origin + offset;
}

/* ModR/M and what follows, for memory. */
static void put_memory(struct program *p, unsigned reg)
{
    static const uint8_t based[] = {3, 5, 6, 7};
    bool absolute = program_one_in(p, 3);
    uint32_t addr = program_one_in(p, 24) ? code_addr(p) : program_data(p);

    if (absolute) {
        put(p, (reg & 7) << 3 | (p->wide ? 5 : 6), 1);
        put_word(p, addr);
    } else if (!p->wide) {
        put(p, 0x40 | (reg & 7) << 3 | (program_next(p) & 7), 1);
        put(p, program_next(p), 1);
    } else if (program_one_in(p, 4)) {
        put(p, 0x44 | (reg & 7) << 3, 1);
        put(p,
            (program_next(p) & 0xc0) | (program_next(p) & 0x38) |
                based[program_next(p) & 3],
            1);
        put(p, program_next(p), 1);
    } else {
        put(p, 0x40 | (reg & 7) << 3 | based[program_next(p) & 3], 1);
        put(p, program_next(p), 1);
    }
}

/* A register that may change: not those that point somewhere, in a calm
 * program. */
static uint32_t some_reg(struct program *p)
{
    return p->calm ? program_next(p) % 3 : program_next(p) & 7;
}

static void put_operands_of(struct program *p, uint32_t reg)
{
    if (program_one_in(p, 2))
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
    put_operands_of(p, program_next(p) & 7);
}

static void put_prefixes(struct program *p)
{
    static const uint8_t segs[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

    if (program_one_in(p, 8))
        put(p, segs[program_next(p) % 6], 1);
    if (program_one_in(p, 16))
        put(p, 0xf0, 1);
}

static void put_pointer(struct program *p)
{
    static const uint8_t regs[] = {3, 5, 6, 7};

    put(p, 0xb8 | regs[program_next(p) & 3], 1);
    put_word(p, program_data(p));
}

static void put_alu(struct program *p)
{
    static const uint8_t wide_imm[] = {0x69, 0x81, 0xc7};
    static const uint8_t small_imm[] = {0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6};
    static const uint8_t plain[] = {0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
                                    0x8b, 0xd0, 0xd1, 0xd2, 0xd3, 0xfe};
    bool other = program_one_in(p, 8);
    uint32_t op;

    put_prefixes(p);
    if (other)
        put(p, 0x66, 1);
    switch (program_next(p) % 6) {
    case 0:
        op = wide_imm[program_next(p) % 3];
        put(p, op, 1);
        put_operands_of(p, op == 0x69   ? some_reg(p)
                           : op == 0xc7 ? 0
                                        : program_next(p) & 7);
        put(p, program_next(p), p->wide != other ? 4 : 2);
        break;
    case 1:
        op = small_imm[program_next(p) % 6];
        put(p, op, 1);
        put_operands_of(p, op == 0x6b   ? some_reg(p)
                           : op == 0xc6 ? 0
                                        : program_next(p) & 7);
        put(p, program_next(p), 1);
        break;
    case 2:
        op = plain[program_next(p) % 13];
        put(p, op, 1);
        put_operands_of(p, op == 0xfe   ? program_next(p) & 1
                           : op >= 0xd0 ? program_next(p) & 7
                                        : some_reg(p));
        break;
    case 3: put(p, 0x40 | (program_next(p) & 8) | some_reg(p), 1); break;
    case 4:
        op = 0xf6 | (program_next(p) & 1);
        put(p, op, 1);
        put_memory(p, 2 | (program_next(p) & 5));
        break;
    default:
        put(p, (program_next(p) & 0x38) | (program_next(p) & 3), 1);
        put_operands(p);
    }
}

static void put_0f(struct program *p)
{
    static const uint8_t ops[] = {0xa3, 0xab, 0xb3, 0xbb, 0xa5, 0xad, 0xaf,
                                  0xb0, 0xb1, 0xb6, 0xb7, 0xbc, 0xbd, 0xbe,
                                  0xbf, 0xc0, 0xc1, 0xc7, 0x40, 0x90};
    uint32_t op = ops[program_next(p) % 20];

    if (op == 0x40 || op == 0x90)
        op |= program_next(p) & 15;
    put_prefixes(p);
    if (program_one_in(p, 6))
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
    uint32_t which = program_next(p) & 3,
             op = first[program_next(p) & 7] | (program_next(p) & 15);

    if (program_one_in(p, 12)) {
        put(p, 0x0f, 1);
        put(p, 0xae, 1);
        put(p, p->wide ? 0x15 : 0x16, 1); /* LDMXCSR */
        put_word(p, p->origin + DATA + 0x7d00 + (program_next(p) & 0x3c));
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
        put(p, program_next(p), 1);
}

static void put_x87(struct program *p)
{
    if (program_one_in(p, 12)) {
        put(p, 0xd9, 1);
        put(p, p->wide ? 0x2d : 0x2e, 1); /* FLDCW */
        put_word(p, p->origin + DATA + 0x7d40 + (program_next(p) & 0x3c));
        return;
    }
    if (program_one_in(p, 8))
        put(p, program_one_in(p, 2) ? 0xe3db : 0x770f, 2); /* FNINIT, EMMS */
    else if (program_one_in(p, 8))
        put(p, 0x9b, 1);
    put(p, 0xd8 | (program_next(p) & 7), 1);
    put_group(p);
}

static void put_stack(struct program *p)
{
    static const uint8_t ops[] = {0x06, 0x1e, 0x07, 0x1f, 0x60, 0x61,
                                  0x9c, 0x9d, 0xc9, 0xfa, 0xfb, 0x16};

    if (p->returns && p->wide && program_one_in(p, 4)) { /* POP [ESP + n] */
        put(p, 0x24448f, 3);
        put(p, program_next(p) & 0x7d, 1);
        return;
    }
    if (p->calls && program_one_in(p, 6)) { /* PUSH [memory] */
        put(p, 0xff, 1);
        put_memory(p, 6);
        return;
    }
    if (p->calm && program_one_in(p, 2))
        put(p, 0x5850 | (program_next(p) % 3) * 0x101, 2); /* PUSH, POP */
    else if (program_one_in(p, 2))
        put(p, ops[program_next(p) % 12], 1);
    else
        put(p, 0x50 | (program_next(p) & 15), 1);
}

static void put_string(struct program *p)
{
    static const uint8_t ops[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa,
                                  0xab, 0xac, 0xad, 0xae, 0xaf};

    if (program_one_in(p, 2)) {
        put(p, 0xb9, 1);
        put_word(p, program_next(p) & 31);
        put(p, 0xbf, 1);
        put_word(p, program_one_in(p, 16) ? code_addr(p) : program_data(p));
        put(p, 0xf2 | (program_next(p) & 1), 1);
    }
    put(p, ops[program_next(p) % 10], 1);
    if (program_one_in(p, 12))
        put(p, 0xfc | (program_next(p) & 1), 1);
}

static void put_system(struct program *p)
{
    switch (program_next(p) % 7) {
    case 0:
        put(p, 0xb0, 1);
        put(p, program_next(p), 1);
        put(p, 0xe6 | PORT_A20 << 8, 2);
        break;
    case 1: put(p, 0xe4 | (program_next(p) & 1) | PORT_A20 << 8, 2); break;
    case 2: put(p, 0xcd | (0x20 + (program_next(p) & 15)) << 8, 2); break;
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
    uint32_t to = program_one_in(p, 2)
                      ? p->origin + p->at + program_next(p) % 40 - 8
                      : code_addr(p);
    bool byte = program_one_in(p, 2);

    if (program_one_in(p, 3)) { /* an INC, so that the target stays code */
        put(p, byte ? 0xfe : 0xff, 1);
        put(p, p->wide ? 0x05 : 0x06, 1);
        put_word(p, to);
        return;
    }
    put(p, byte ? 0xc6 : 0xc7, 1);
    put(p, p->wide ? 0x05 : 0x06, 1);
    put_word(p, to);
    if (byte)
        put(p, 0x40 | (program_next(p) & 15), 1);
    else
        put_word(p, 0x40404040 | (program_next(p) & 0x07070707));
}

static void put_jump(struct program *p, uint32_t opcode, unsigned bytes,
                     uint32_t target)
{
    put(p, opcode, bytes);
    put_word(p, target - (p->at + (p->wide ? 4 : 2)));
}

uint32_t program_block(struct program *p)
{
    return p->block[program_next(p) % BLOCKS];
}

static void put_some_jump(struct program *p)
{
    put_jump(p, 0x800f | (program_next(p) & 15) << 8, 2, program_block(p));
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
    if (!p->calm && program_one_in(p, 8))
        return program_next(p);
    return (WINDOW >> 4) - (program_one_in(p, 3) ? program_next(p) & 3 : 0);
}

/* MOV ESP; PUSH CS and where to; RETF, sometimes with another privilege. */
static void put_far_return(struct program *p)
{
    uint32_t cs = p->user ? SEL_CODE3 : SEL_CODE0;

    if (is_paragraphs(p))
        cs = WINDOW >> 4;
    put(p, 0xbc, 1);
    put_word(p, p->origin + STACK - (program_next(p) & 0xff));
    put(p, 0x68, 1);
    put_word(p, program_one_in(p, 8) ? cs ^ (program_next(p) & 7) : cs);
    put(p, 0x68, 1);
    put_word(p, p->origin + program_block(p));
    if (program_one_in(p, 2))
        put(p, 0xca | (program_next(p) & 31) << 8, 3);
    else
        put(p, 0xcb, 1);
}

/* JMP or CALL to a block, in real mode by one of its many names. */
static void put_far(struct program *p, uint32_t opcode)
{
    uint32_t back = program_one_in(p, 2) ? program_next(p) & 7 : 0;
    uint32_t to = p->origin + program_block(p);

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

    switch (program_next(p) % 5) {
    case 0: /* MOV EAX, segment; MOV Sw, AX */
        put(p, 0xb8, 1);
        put_word(p, some_segment(p));
        put(p, 0xc08e | move[program_next(p) & 7] << 11, 2);
        break;
    case 1:
        put(p, program_one_in(p, 4) && !p->calm ? 0x8e : 0x8c, 1);
        put_operands_of(p, move[program_next(p) & 7]);
        break;
    case 2:
        op = push[program_next(p) % 6];
        put(p, op, op > 0xff ? 2 : 1);
        if (program_one_in(p, 3))
            put_alu(p);
        op = pop[program_next(p) % 5];
        put(p, op, op > 0xff ? 2 : 1);
        break;
    case 3:
        if (p->calm) { /* PUSHF, POPF */
            put(p, 0x9d9c, 2);
            break;
        }
        put(p, 0xc4 | (program_next(p) & 1), 1); /* LES, LDS */
        put_memory(p, some_reg(p));
        break;
    default:
        if (program_one_in(p, 3))
            put_far(p, program_one_in(p, 2) ? 0x9a : 0xea);
        else
            put(p, 0xcd | (0x20 + (program_next(p) & 15)) << 8, 2);
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

    if (program_one_in(p, 100))
        put_system(p);
    else if (program_one_in(p, 100))
        put_patch(p);
    else
        kinds[program_next(p) % (sizeof(kinds) / sizeof(kinds[0]))](p);
}

/* FF /4, and for some programs FF /2: its second byte. */
static uint32_t jump_or_call(struct program *p)
{
    return p->calls && program_one_in(p, 2) ? 0x1000 : 0x2000;
}

/* A body, run a few times by a counter in memory or in ECX, and a way on. */
static void put_block(struct program *p, uint32_t start)
{
    uint32_t counter = p->origin + DATA + 0x7f00 + (program_next(p) & 0x3c),
             loop;
    unsigned insns = 2 + program_next(p) % 12;
    uint32_t to;

    p->at = start;
    if (program_one_in(p, 6)) /* data on a page of code, between blocks */
        counter =
            p->origin + (start & ~0xfffu) + 0xff0 + (program_next(p) & 12);
    put_pointer(p);
    loop = p->at;
    while (insns--)
        put_insn(p);
    if (!program_one_in(p, 3)) { /* DEC/SUB [counter]; AND [counter], 15; JNZ */
        put(p, 0x83, 1);
        put(p, p->wide ? 0x2d : 0x2e, 1);
        put_word(p, counter);
        put(p, 1, 1);
        put(p, 0x83, 1);
        put(p, p->wide ? 0x25 : 0x26, 1);
        put_word(p, counter);
        put(p, program_one_in(p, 4) ? 63 : 15, 1);
        put_jump(p, 0x850f, 2, loop);
    }
    to = program_block(p);
    switch (program_next(p) % 7) {
    case 0: /* MOV ESP; CALL */
        put(p, 0xbc, 1);
        put_word(p, p->origin + STACK - (program_next(p) & 0xff));
        put_jump(p, 0xe8, 1, to);
        put_jump(p, 0xe9, 1, program_block(p));
        break;
    case 1: put(p, 0xc3, 1); break;
    case 2: /* JMP or CALL [table] */
        put(p, (p->wide ? 0x05ff : 0x06ff) | jump_or_call(p), 2);
        put_word(p, p->origin + DATA + 0x7e00 + (program_next(p) & 0x3c));
        if (p->calls)
            put_jump(p, 0xe9, 1, to);
        break;
    case 3: /* MOV EAX, block; the same EAX, through the alias at times */
        put(p, 0xb8, 1);
        put_word(p, p->origin + to +
                        (p->paging && program_one_in(p, 2) ? ALIAS : 0));
        put(p, 0xc0ff | jump_or_call(p), 2);
        if (p->calls)
            put_jump(p, 0xe9, 1, program_block(p));
        break;
    case 4: put_far(p, 0xea); break;
    case 5:
        if (p->returns)
            put_far_return(p);
        else
            put(p, program_one_in(p, 2) ? 0xcf : 0xcb, 1); /* IRET, RETF */
        break;
    default: put_jump(p, 0xe9, 1, to);
    }
}

/* Interrupts return, or begin some block anew, with all registers sane. */
static void put_handler(struct program *p, unsigned vector)
{
    bool returns =
        (vector == 1 || vector == 3 || vector >= 32) && program_one_in(p, 2);
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
    put_word(p, (program_next(p) & 0xcd5) | 0x202 |
                    (p->mode == V86 ? 0x20000 : 0) | p->iopl |
                    (program_one_in(p, 12) ? 0x100 : 0));
    put(p, 0x68, 1);
    put_word(p, p->mode == REAL || p->mode == V86 ? WINDOW >> 4
                : p->user                         ? SEL_CODE3
                                                  : SEL_CODE0);
    put(p, 0x68, 1);
    put_word(p, origin + program_block(p));
    for (unsigned i = 3; i < 8; i += i == 3 ? 2 : 1) {
        put(p, 0xb8 | i, 1);
        put_word(p, program_data(p) - p->origin + origin);
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
            if (program_one_in(p, 6))
                flags = program_next(p) & 7;
        } else if (page < WINDOW + CODE_SIZE && program_one_in(p, 8)) {
            flags = 5;
        }
        put32(p, TABLE + size * i, (page & 0x1fffff) | flags);
    }
}

void program_make(struct program *p, uint64_t seed)
{
    uint32_t access, base, limit;

    p->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < 8; i++)
        program_next(p);
    for (unsigned i = 0; i < PROGRAM_BYTES; i += 4)
        put32(p, i,
              program_one_in(p, 2) ? program_next(p) : program_next(p) & 0xff);
    p->mode = seed % MODES;
    p->wide = p->mode == PROT32 || p->mode == LIMITED32;
    p->calm = !program_one_in(p, 3);
    p->paging = p->mode != REAL && program_one_in(p, 2);
    p->pae = p->paging && program_one_in(p, 2);
    p->down =
        (p->mode == PROT16 || p->mode == LIMITED32) && program_one_in(p, 4);
    p->user = p->mode == V86 || (p->mode != REAL && program_one_in(p, 3));
    p->iopl = 0x3000;
    if (p->user && seed / MODES % 4 < 2)
        p->iopl = (seed / (4 * MODES) & 3) << 12;
    p->returns = seed / MODES % 8 == 5;
    p->calls = seed / MODES % 8 == 3;
    p->origin = p->mode == PROT32 ? WINDOW : 0;
    for (unsigned i = 0; i < BLOCKS; i++)
        p->block[i] = i * (CODE_SIZE / BLOCKS) + program_next(p) % 200;
    for (unsigned i = 0; i < BLOCKS; i++)
        put_block(p, p->block[i]);
    for (unsigned i = 0; i < 64; i += p->wide ? 4 : 2) {
        p->at = DATA + 0x7e00 + i;
        put_word(p, p->origin + program_block(p));
    }
    for (unsigned i = 0; i < 0x40; i += 4) { /* masks are off at times */
        uint32_t off = program_one_in(p, 3) ? program_next(p) & 0x3f : 0;

        put32(p, WINDOW + DATA + 0x7d00 + i,
              (0x1f80 ^ off << 7) | (program_next(p) & 0xe000));
        put32(p, WINDOW + DATA + 0x7d40 + i,
              (0x7f ^ off) | (program_next(p) & 0xf00));
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
