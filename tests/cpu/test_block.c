/* Code that changes, code that moves, and the bounds of what is kept. */
#include <string.h>

#include "cpu/block.h"
#include "cpu/flags.h"
#include "cpu/mmu_int.h"
#include "cpu/seg.h"
#include "cpu/sys.h"
#include "tests/cpu/bare.h"
#include "tests/suite.h"

#define RAM_BYTES 0x40000u
#define CODE      0x1000u
#define DIRECTORY 0x20000u
#define TABLE     0x21000u

struct rig {
    struct bare *bare;
    struct cpu *cpu;
};

static void put(struct rig *r, uint32_t at, const void *bytes, size_t size)
{
    mem_write(r->bare->mem, at, bytes, size);
}

/* At 0000:`at` in real mode, ready to run. */
static void start(struct rig *r, uint32_t at)
{
    for (unsigned seg = 0; seg < 6; seg++)
        seg_set_paragraph(r->cpu, seg, 0);
    memset(r->cpu->reg, 0, sizeof(r->cpu->reg));
    r->cpu->eip = at;
    r->cpu->reg[CPU_ESP] = 0x800;
    r->cpu->halted = false;
}

static void create(struct rig *r, enum cpu_model model)
{
    ck_assert_int_eq(bare_create(&r->bare, model, RAM_BYTES), STATUS_OK);
    r->cpu = r->bare->cpu;
    start(r, CODE);
}

static void destroy(struct rig *r)
{
    bare_destroy(r->bare);
}

static void run(struct rig *r, uint64_t insns)
{
    ck_assert_int_eq(bare_run(r->bare, insns), BARE_HALTED);
}

/* Runs `code` at 0000:`at` to its HLT and gives AX. */
static uint32_t run_code(uint32_t at, const void *code, size_t size)
{
    struct rig r;
    uint32_t ax;

    create(&r, CPU_486);
    put(&r, at, code, size);
    start(&r, at);
    run(&r, 100000);
    ax = r.cpu->reg[CPU_EAX] & 0xffff;
    destroy(&r);
    return ax;
}

START_TEST(next_instruction_changes)
{
    /* MOV BYTE [1006], 2A; MOV AX, 0; HLT */
    static const uint8_t code[] = {0xc6, 6, 6, 0x10, 0x2a, 0xb8, 0, 0, 0xf4};

    ck_assert_uint_eq(run_code(CODE, code, sizeof(code)), 0x2a);
}
END_TEST

START_TEST(later_instruction_becomes_another)
{
    /* MOV BYTE [1008], 48; MOV AX, 5; INC AX (to be DEC AX); HLT */
    static const uint8_t code[] = {0xc6, 6, 8,    0x10, 0x48,
                                   0xb8, 5, 0x00, 0x40, 0xf4};

    ck_assert_uint_eq(run_code(CODE, code, sizeof(code)), 4);
}
END_TEST

START_TEST(loop_patches_itself)
{
    /* MOV CX, 100; L: ADD AX, 0; INC BYTE [1004]; LOOP L; HLT: 0 + ... + 99 */
    static const uint8_t code[] = {0xb9, 100, 0,    0x05, 0,    0,   0xfe,
                                   6,    4,   0x10, 0xe2, 0xf7, 0xf4};

    ck_assert_uint_eq(run_code(CODE, code, sizeof(code)), 4950);
}
END_TEST

/* A 16-bit store of which only one byte is code, at its first and last byte. */
START_TEST(store_touches_one_byte)
{
    /* MOV BX, 0; MOV WORD [1009], 4090: the NOP there and INC AX behind it
     * are what they were; MOV WORD [1009], 4840 makes them INC, DEC */
    static const uint8_t code[] = {0xbb, 0,    0,    0xc7, 6,    0x09,
                                   0x10, 0x90, 0x40, 0x90, 0x40, 0xf4};

    ck_assert_uint_eq(run_code(CODE, code, sizeof(code)), 1);
}
END_TEST

/* REP STOSB over the instructions behind it. */
START_TEST(string_store_changes_what_follows)
{
    /* MOV DI, 100C; MOV CX, 3; MOV AL, 40; CLD; REP STOSB; HLT HLT HLT HLT:
     * INC AX three times, then HLT */
    static const uint8_t code[] = {0xbf, 0x0c, 0x10, 0xb9, 3,    0,
                                   0xb0, 0x40, 0xfc, 0xf3, 0xaa, 0x90,
                                   0xf4, 0xf4, 0xf4, 0xf4};

    ck_assert_uint_eq(run_code(CODE, code, sizeof(code)), 0x43);
}
END_TEST

/* The repeated instruction overwrites itself: what is there counts as soon as
 * it would be fetched again, so the repetition ends. */
START_TEST(string_store_changes_itself)
{
    struct rig r;
    /* MOV DI, 1009; MOV CX, 8; MOV AL, F4; CLD; REP STOSB; then HLT */
    static const uint8_t code[] = {0xbf, 0x09, 0x10, 0xb9, 8,    0,
                                   0xb0, 0xf4, 0xfc, 0xf3, 0xaa, 0xf4};

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    run(&r, 1000);
    ck_assert_uint_eq(r.bare->mem->ram[CODE + 9], 0xf4);
    ck_assert_uint_eq(r.cpu->reg[CPU_ECX], 7);
    ck_assert_uint_eq(r.cpu->eip, CODE + 10);
    destroy(&r);
}
END_TEST

/* An instruction on two pages; either part changes. */
START_TEST(straddling_instruction_changes)
{
    struct rig r;
    /* MOV AX, 1122 with its opcode in one page; HLT */
    static const uint8_t code[] = {0xb8, 0x22, 0x11, 0xf4};
    uint8_t byte;

    create(&r, CPU_486);
    for (uint32_t in_first = 1; in_first < 3; in_first++) {
        uint32_t at = 0x3000 - in_first;

        put(&r, at, code, sizeof(code));
        start(&r, at);
        run(&r, 10);
        ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 0x1122);
        byte = 0x33;
        put(&r, at + 2, &byte, 1); /* second page */
        start(&r, at);
        run(&r, 10);
        ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 0x3322);
        byte = 0xb9;
        put(&r, at, &byte, 1); /* first page: MOV CX */
        start(&r, at);
        run(&r, 10);
        ck_assert_uint_eq(r.cpu->reg[CPU_ECX], 0x3322);
    }
    destroy(&r);
}
END_TEST

/* With paging, in flat segments of ring 0. */
static void start_paged(struct rig *r, uint32_t at)
{
    struct cpu *cpu = r->cpu;

    start(r, at);
    cpu->cr3 = DIRECTORY;
    cpu->cr0 |= CR0_PE | CR0_PG;
    for (unsigned seg = 0; seg < 6; seg++) {
        cpu->seg[seg].base = 0;
        cpu->seg[seg].limit = UINT32_MAX;
        cpu->seg[seg].access = ACCESS_P | ACCESS_S | ACCESS_RW |
                               ACCESS_ACCESSED | ACCESS_D | ACCESS_G;
    }
    cpu->seg[SEG_CS].access |= ACCESS_CODE;
    mmu_select(cpu);
    seg_update_all(cpu);
}

static void map_page(struct rig *r, uint32_t page, uint32_t frame)
{
    uint32_t entry = frame * MEM_PAGE_BYTES | PTE_P | PTE_W;

    put(r, TABLE + page * 4, &entry, 4);
}

/* Its second page is another one in every eighth round of a loop. */
START_TEST(straddling_instruction_is_remapped)
{
    /* 5FE0: TEST CL, 7; JNZ 5FF4; XCHG ESI, EDI; MOV [TABLE + 6 * 4], ESI;
     * INVLPG [6000]; 5FF4: NOPs; and the first byte of MOV EAX, imm32 */
    static const uint8_t code[] = {
        0xf6, 0xc1, 7,    0x75, 15,   0x87, 0xf7, 0x89, 0x35, 0x18, 0x10,
        2,    0,    0x0f, 0x01, 0x3d, 0,    0x60, 0,    0,    0x90, 0x90,
        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xb8};
    /* 6000: the immediate; ADD EBX, EAX; DEC ECX; JNZ 5FE0; HLT */
    uint8_t end[] = {1, 0, 0, 0, 0x01, 0xc3, 0x49, 0x75, 0xd7, 0xf4};
    const uint32_t directory = TABLE | PTE_P | PTE_W;
    struct rig r;

    create(&r, CPU_486);
    put(&r, DIRECTORY, &directory, 4);
    for (uint32_t page = 0; page < RAM_BYTES / MEM_PAGE_BYTES; page++)
        map_page(&r, page, page);
    put(&r, 0x5fe0, code, sizeof(code));
    put(&r, 0x6000, end, sizeof(end));
    end[0] = 100;
    put(&r, 0x7000, end, sizeof(end));
    start_paged(&r, 0x5fe0);
    r.cpu->reg[CPU_ECX] = 200;
    r.cpu->reg[CPU_ESI] = 0x6000 | PTE_P | PTE_W;
    r.cpu->reg[CPU_EDI] = 0x7000 | PTE_P | PTE_W;
    run(&r, 10000);
    ck_assert_uint_eq(r.cpu->reg[CPU_EBX], 13 * 8 * 100 + 12 * 8 * 1);
    destroy(&r);
}
END_TEST

/* What follows the last instruction that may run cannot be fetched, but nobody
 * has tried yet. */
START_TEST(slice_ends_before_a_fault)
{
    static const uint8_t code[] = {0x40, 0x40, 0x40}; /* INC AX */
    struct rig r;

    create(&r, CPU_486);
    put(&r, 0xfffd, code, sizeof(code));
    for (unsigned i = 0; i < 40; i++) {
        start(&r, 0xfffd);
        ck_assert_int_eq(bare_run(r.bare, 3), BARE_LIMIT);
        ck_assert_uint_eq(r.cpu->eip, 0x10000);
        ck_assert_uint_eq(r.cpu->reg[CPU_ESP], 0x800);
        ck_assert(!r.cpu->fault.pending);
    }
    destroy(&r);
}
END_TEST

/* FE /7 is undefined by its ModR/M byte, which stands in another 64 bytes. The
 * handler makes INC AL of it and tries again. */
START_TEST(undefined_instruction_becomes_another)
{
    static const uint8_t code[] = {0xb0, 0x00, 0xeb, 0x3b};
    static const uint8_t undefined[] = {0xfe, 0x38, 0xf4};
    static const uint8_t handler[] = {0xc6, 0x06, 0x40, 0x10, 0xc0, 0xcf};
    static const uint8_t vector[] = {0x00, 0x20, 0x00, 0x00};
    struct rig r;

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    put(&r, CODE + 0x3f, undefined, sizeof(undefined));
    put(&r, 0x2000, handler, sizeof(handler));
    put(&r, 4 * VECTOR_UD, vector, sizeof(vector));
    run(&r, 50);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX] & 0xff, 1);
    destroy(&r);
}
END_TEST

START_TEST(bus_master_changes_code)
{
    struct rig r;
    static const uint8_t code[] = {0xb8, 1, 0, 0xf4}; /* MOV AX, 1; HLT */
    uint8_t byte = 9;

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    run(&r, 10);
    put(&r, CODE + 1, &byte, 1);
    start(&r, CODE);
    run(&r, 10);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 9);
    destroy(&r);
}
END_TEST

START_TEST(equal_bytes_change_nothing)
{
    struct rig r;
    struct cpu_stats before, after;
    static const uint8_t code[] = {0xb8, 1, 0, 0xf4};

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    run(&r, 10);
    cpu_get_stats(r.cpu, &before);
    put(&r, CODE, code, sizeof(code));
    put(&r, CODE + 100, code, sizeof(code)); /* another granule */
    start(&r, CODE);
    run(&r, 10);
    cpu_get_stats(r.cpu, &after);
    ck_assert_uint_eq(after.invalidations, before.invalidations);
    ck_assert_uint_eq(after.blocks_decoded, before.blocks_decoded);
    destroy(&r);
}
END_TEST

START_TEST(page_shows_other_memory)
{
    struct rig r;
    static const uint8_t one[] = {0xb8, 1, 0, 0xf4}, two[] = {0xb8, 2, 0, 0xf4};

    create(&r, CPU_486);
    put(&r, CODE, one, sizeof(one));
    put(&r, 0x20000, two, sizeof(two));
    run(&r, 10);
    mem_map_host(r.bare->mem, CODE, 0x1000, r.bare->mem->ram + 0x20000);
    start(&r, CODE);
    run(&r, 10);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 2);
    destroy(&r);
}
END_TEST

/* Address bit 20 is masked or not: the same address, other code. */
START_TEST(a20_changes_code)
{
    struct rig r;
    static const uint8_t one[] = {0xb8, 1, 0, 0xf4}, two[] = {0xb8, 2, 0, 0xf4};

    create(&r, CPU_486);
    mem_map_host(r.bare->mem, 0x100000, 0x10000, r.bare->mem->ram + 0x20000);
    put(&r, 0x0100, one, sizeof(one));
    put(&r, 0x100100, two, sizeof(two));
    for (unsigned i = 0; i < 6; i++) {
        mem_set_a20(r.bare->mem, i & 1);
        start(&r, 0x110);
        seg_set_paragraph(r.cpu, SEG_CS, 0xffff);
        run(&r, 10);
        ck_assert_uint_eq(r.cpu->reg[CPU_EAX], i & 1 ? 2 : 1);
    }
    destroy(&r);
}
END_TEST

/* The same bytes at other offsets of CS: relative jumps agree. */
START_TEST(code_is_reached_by_two_names)
{
    struct rig r;
    static const uint8_t code[] = {0xe8, 1,    0,
                                   0xf4, 0x58, 0xf4}; /* CALL; POP */

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    run(&r, 10);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], CODE + 3);
    start(&r, 0x10);
    seg_set_paragraph(r.cpu, SEG_CS, CODE / 16 - 1);
    run(&r, 10);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 0x13);
    destroy(&r);
}
END_TEST

/* Two code segments whose bases differ by a paragraph jump to the same offset:
 * the same page, but other code. */
START_TEST(segments_share_a_page)
{
    /* MOV CX, 100; L: JMP 0100:0100; M: JMP 0101:0180; N: LOOP L; HLT */
    static const uint8_t code[] = {0xb9, 100,  0, 0xea, 0, 1,    0,    1,
                                   0xea, 0x80, 1, 1,    1, 0xe2, 0xf4, 0xf4};
    static const uint8_t jump[] = {0xff, 0xe3}; /* JMP BX */
    /* INC AX or INC DX; JMP 0000:M or N */
    static const uint8_t first[] = {0x40, 0xea, 0x08, 0x30, 0, 0};
    static const uint8_t second[] = {0x42, 0xea, 0x0d, 0x30, 0, 0};
    struct rig r;

    create(&r, CPU_486);
    put(&r, 0x3000, code, sizeof(code));
    put(&r, 0x1100, jump, sizeof(jump));
    put(&r, 0x1190, jump, sizeof(jump));
    put(&r, 0x1200, first, sizeof(first));
    put(&r, 0x1210, second, sizeof(second));
    start(&r, 0x3000);
    r.cpu->reg[CPU_EBX] = 0x200;
    run(&r, 10000);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 100);
    ck_assert_uint_eq(r.cpu->reg[CPU_EDX], 100);
    destroy(&r);
}
END_TEST

/* Far jumps to and fro, some by translated code and some (with a 32-bit offset)
 * not, between two segments that have different code at the same offset. */
START_TEST(far_jumps_of_two_kinds)
{
    static const uint8_t loop[] = {
        0xb9, 100,  0,                      /* MOV CX, 100 */
        0xbb, 0x0e, 0x30,                   /* 3003: MOV BX, 300E */
        0x66, 0xea, 0x00, 0x02, 0, 0, 0, 0, /* JMP 0000:0200 */
        0xbb, 0x08, 0x40,                   /* 300E: MOV BX, 4008 */
        0xea, 0x00, 0x40, 1,    0,          /* JMP 0001:4000 */
        0xbb, 0x26, 0x30,                   /* 3016: MOV BX, 3026 */
        0x66, 0xea, 0x21, 0x30, 0, 0, 0, 0, /* JMP 0000:3021 */
        0xea, 0x0d, 0x40, 1,    0,          /* 3021: JMP 0001:400D */
        0xe2, 0xdb, 0xf4,                   /* 3026: LOOP 3003; HLT */
    };
    static const uint8_t other[] = {
        0x66, 0xea, 0x00, 0x02, 0, 0, 1, 0, /* 4000: JMP 0001:0200 */
        0xea, 0x16, 0x30, 0,    0,          /* 4008: JMP 0000:3016 */
        0x66, 0xea, 0x00, 0x02, 0, 0, 0, 0, /* 400D: JMP 0000:0200 */
    };
    static const uint8_t first[] = {0x40, 0xff, 0xe3};  /* INC AX; JMP BX */
    static const uint8_t second[] = {0x42, 0xff, 0xe3}; /* INC DX; JMP BX */
    struct rig r;

    create(&r, CPU_486);
    put(&r, 0x3000, loop, sizeof(loop));
    put(&r, 0x4010, other, sizeof(other));
    put(&r, 0x0200, first, sizeof(first));
    put(&r, 0x0210, second, sizeof(second));
    start(&r, 0x3000);
    run(&r, 10000);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 200);
    ck_assert_uint_eq(r.cpu->reg[CPU_EDX], 100);
    destroy(&r);
}
END_TEST

/* An instruction whose first byte is on an open bus (FF) is not kept; what
 * comes next may stand where it stood. */
START_TEST(block_follows_one_that_was_not_kept)
{
    /* the rest of INC AX; INC BX; MOV BYTE [BX+3000], 55; HLT */
    static const uint8_t code[] = {0xc0, 0x43, 0xc6, 0x87,
                                   0x00, 0x30, 0x55, 0xf4};
    struct rig r;

    create(&r, CPU_486);
    mem_set_a20(r.bare->mem, false);
    put(&r, 0, code, sizeof(code));
    start(&r, 0xf);
    seg_set_paragraph(r.cpu, SEG_CS, 0xffff);
    run(&r, 10);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 1);
    ck_assert_uint_eq(r.bare->mem->ram[0x3001], 0x55);
    destroy(&r);
}
END_TEST

/* The frame that an interrupt pushes lies on its vector, which is read before.
 */
START_TEST(interrupt_frame_lies_on_vector)
{
    /* MOV CX, 100; L: MOV SP, 86; MOV WORD [80], 1100; MOV WORD [82], 0;
     * INT 20; HLT */
    static const uint8_t code[] = {0xb9, 100,  0, 0xbc, 0x86, 0,    0xc7,
                                   6,    0x80, 0, 0,    0x11, 0xc7, 6,
                                   0x82, 0,    0, 0,    0xcd, 0x20, 0xf4};
    /* INC AX; DEC CX; JZ H; JMP L; H: HLT */
    static const uint8_t handler[] = {0x40, 0x49, 0x74, 3,
                                      0xe9, 0xfc, 0xfe, 0xf4};
    struct rig r;

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    put(&r, 0x1100, handler, sizeof(handler));
    run(&r, 10000);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 100);
    ck_assert_uint_eq(r.bare->mem->ram[0x80], 0x14);
    destroy(&r);
}
END_TEST

/* An 8086's code runs on at offset 0, in the middle of an instruction too; on
 * a 286 that is a fault. */
START_TEST(segment_wraps)
{
    struct rig r;
    static const uint8_t code[] = {0xb8, 0x22, 0x11, 0xf4};

    for (uint32_t in_last = 1; in_last < 4; in_last++) {
        create(&r, CPU_8086);
        start(&r, 0x10000 - in_last);
        seg_set_paragraph(r.cpu, SEG_CS, 0x1000);
        put(&r, 0x20000 - in_last, code, in_last);
        put(&r, 0x10000, code + in_last, sizeof(code) - in_last);
        run(&r, 10);
        ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 0x1122);
        ck_assert_uint_eq(r.cpu->eip, 4 - in_last);
        destroy(&r);
    }
}
END_TEST

START_TEST(end_of_segment_faults)
{
    struct rig r;
    static const uint8_t code[] = {0xb8, 0x22, 0x11}, halt = 0xf4;
    static const uint8_t vector[] = {0, 0x50, 0, 0};

    create(&r, CPU_486);
    put(&r, 4 * VECTOR_GP, vector, 4);
    put(&r, 0x5000, &halt, 1);
    start(&r, 0xfffe);
    seg_set_paragraph(r.cpu, SEG_CS, 0x1000);
    put(&r, 0x1fffe, code, 2);
    run(&r, 10);
    ck_assert_uint_eq(r.cpu->eip, 0x5001);
    ck_assert_uint_eq(r.bare->mem->ram[0x7fa], 0xfe);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 0);
    destroy(&r);
}
END_TEST

/* Immediate operands that are stored to in each pass, whole and in part, by
 * the instruction before and by one behind: the block stays. */
START_TEST(operands_change_often)
{
    struct rig r;
    struct cpu_stats stats;
    uint32_t eax = 0, ebx = 0, add = 0, xor = 0x11223344;
    /* L: MOV [1011], EAX; ADD EBX, ECX; ADD EAX, 0; NOP; XOR EBX, 0;
     * XOR EAX, 11223344; INC BYTE [1018]; INC DWORD [1009]; DEC ECX; JNZ L;
     * HLT */
    static const uint8_t code[] = {
        0x66, 0xa3, 0x11, 0x10,                   /* 1000 */
        0x66, 0x01, 0xcb,                         /* 1004 */
        0x66, 0x05, 0,    0,    0,    0,          /* 1007 */
        0x90, 0x66, 0x81, 0xf3, 0,    0,    0, 0, /* 100D */
        0x66, 0x35, 0x44, 0x33, 0x22, 0x11,       /* 1015 */
        0xfe, 0x06, 0x18, 0x10,                   /* 101B */
        0x66, 0xff, 0x06, 0x09, 0x10,             /* 101F */
        0x66, 0x49, 0x75, 0xd8, 0xf4,             /* 1024 */
    };

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    r.cpu->reg[CPU_ECX] = 5000;
    run(&r, 10000000);
    for (uint32_t ecx = 5000; ecx; ecx--, add++) {
        uint32_t patched = eax;

        ebx += ecx;
        eax += add;
        ebx ^= patched;
        eax ^= xor;
        xor = (xor&~0xff00u) | ((xor+0x100) & 0xff00);
    }
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], eax);
    ck_assert_uint_eq(r.cpu->reg[CPU_EBX], ebx);
    cpu_get_stats(r.cpu, &stats);
    ck_assert_uint_lt(stats.blocks_decoded, 1000);
    destroy(&r);
}
END_TEST

/* More blocks than there is room for: each pass makes a new one. */
START_TEST(arena_is_bounded)
{
    struct rig r;
    struct cpu_stats stats;
    /* L: ADD EAX, 0; CLC (or STC); INC DWORD [1002]; XOR BYTE [1006], 1;
     * DEC ECX; JNZ L; HLT, 32-bit operands */
    static const uint8_t code[] = {
        0x66, 0x05, 0,    0, 0,    0, 0xf8, 0x66, 0xff, 6,    2,
        0x10, 0x80, 0x36, 6, 0x10, 1, 0x66, 0x49, 0x75, 0xeb, 0xf4};

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    r.cpu->reg[CPU_ECX] = 300000;
    run(&r, 10000000);
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX],
                      (uint32_t)(UINT64_C(300000) * 299999 / 2));
    cpu_get_stats(r.cpu, &stats);
    ck_assert_uint_ge(stats.blocks_decoded, 300000);
    ck_assert_uint_lt(blocks_count(r.cpu), 100000);
    destroy(&r);
}
END_TEST

/* Code segments of more different lengths than are numbered. */
START_TEST(limits_are_bounded)
{
    struct rig r;
    static const uint8_t code[] = {0x40, 0xf4}; /* INC AX; HLT */

    create(&r, CPU_486);
    put(&r, CODE, code, sizeof(code));
    for (uint32_t i = 0; i < 6000; i++) {
        r.cpu->halted = false;
        r.cpu->eip = CODE;
        r.cpu->seg[SEG_CS].limit = CODE + 1 + i;
        seg_update(r.cpu, SEG_CS);
        run(&r, 10);
    }
    ck_assert_uint_eq(r.cpu->reg[CPU_EAX], 6000);
    ck_assert_uint_lt(blocks_count(r.cpu), 5000);
    destroy(&r);
}
END_TEST

/* Flags that nobody was to see are there all the same for a fault. */
START_TEST(faults_see_flags)
{
    struct rig r;
    /* MOV AL, FF; ADD AL, 1 (ZF CF AF PF); DIV CL; ADD AL, 1 */
    static const uint8_t code[] = {0xb0, 0xff, 0x04, 1, 0xf6, 0xf1, 0x04, 1};
    static const uint8_t vector[] = {0, 0x50, 0, 0}, halt = 0xf4;

    create(&r, CPU_486);
    put(&r, 0, vector, 4);
    put(&r, 0x5000, &halt, 1);
    put(&r, CODE, code, sizeof(code));
    start(&r, CODE);
    run(&r, 10);
    ck_assert_uint_eq(r.bare->mem->ram[0x7fe] & FLAGS_OSZAPC,
                      FLAG_ZF | FLAG_CF | FLAG_AF | FLAG_PF);
    destroy(&r);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/block");
    TCase *tcase = tcase_create("code");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, next_instruction_changes);
    tcase_add_test(tcase, later_instruction_becomes_another);
    tcase_add_test(tcase, loop_patches_itself);
    tcase_add_test(tcase, store_touches_one_byte);
    tcase_add_test(tcase, string_store_changes_what_follows);
    tcase_add_test(tcase, string_store_changes_itself);
    tcase_add_test(tcase, straddling_instruction_changes);
    tcase_add_test(tcase, straddling_instruction_is_remapped);
    tcase_add_test(tcase, slice_ends_before_a_fault);
    tcase_add_test(tcase, undefined_instruction_becomes_another);
    tcase_add_test(tcase, bus_master_changes_code);
    tcase_add_test(tcase, equal_bytes_change_nothing);
    tcase_add_test(tcase, page_shows_other_memory);
    tcase_add_test(tcase, a20_changes_code);
    tcase_add_test(tcase, code_is_reached_by_two_names);
    tcase_add_test(tcase, segments_share_a_page);
    tcase_add_test(tcase, far_jumps_of_two_kinds);
    tcase_add_test(tcase, block_follows_one_that_was_not_kept);
    tcase_add_test(tcase, interrupt_frame_lies_on_vector);
    tcase_add_test(tcase, segment_wraps);
    tcase_add_test(tcase, end_of_segment_faults);
    tcase_add_test(tcase, operands_change_often);
    tcase_add_test(tcase, arena_is_bounded);
    tcase_add_test(tcase, limits_are_bounded);
    tcase_add_test(tcase, faults_see_flags);
    suite_add_tcase(suite, tcase);
    return suite;
}
