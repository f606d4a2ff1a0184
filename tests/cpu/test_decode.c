/* The decoder against Zydis, and what Zydis does not know. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/insn.h"
#include "cpu/state.h"
#include "tests/suite.h"

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One thing to decode, and both answers. */
struct trial {
    struct decode_mode mode;
    uint8_t bytes[24];
    enum decode_result result;
    struct insn ours;
    bool known; /* Zydis decoded it */
    ZydisDecodedInstruction theirs;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* ck_assert_msg() tells its parent about every success. */
#define expect(condition, ...) \
    do { \
        if (!(condition)) \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

/* Some instructions of MMX registers came later, which Zydis does not tell. */
static unsigned first_mmx(uint8_t opcode)
{
    static const uint8_t sse[] = {0x70, 0xc4, 0xc5, 0xd7, 0xda, 0xde, 0xe0,
                                  0xe3, 0xe4, 0xe7, 0xea, 0xee, 0xf6, 0xf7};

    if (memchr(sse, opcode, sizeof(sse)))
        return CPU_PENTIUM3;
    return opcode == 0xd4 || opcode == 0xfb || opcode == 0xf4 ? CPU_PENTIUM4
                                                              : CPU_PENTIUM;
}

/* The first model that has it. */
static unsigned first_model(const ZydisDecodedInstruction *insn)
{
    switch (insn->mnemonic) {
    case ZYDIS_MNEMONIC_RSM: /* no SMM */
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2: return CPU_MODELS;
    default: break;
    }
    switch (insn->meta.isa_set) {
    case ZYDIS_ISA_SET_I86:
    case ZYDIS_ISA_SET_I186:
    case ZYDIS_ISA_SET_I286PROTECTED:
    case ZYDIS_ISA_SET_I286REAL:
    case ZYDIS_ISA_SET_I386:
    case ZYDIS_ISA_SET_I486:
    case ZYDIS_ISA_SET_I486REAL:
    case ZYDIS_ISA_SET_X87:
    case ZYDIS_ISA_SET_LAHF:
    case ZYDIS_ISA_SET_PAUSE: /* a NOP with a prefix */
    case ZYDIS_ISA_SET_FAT_NOP: return CPU_486;
    case ZYDIS_ISA_SET_PENTIUMMMX: return first_mmx(insn->opcode);
    case ZYDIS_ISA_SET_PENTIUMREAL:
    case ZYDIS_ISA_SET_RDPMC: return CPU_PENTIUM;
    case ZYDIS_ISA_SET_CMOV:
    case ZYDIS_ISA_SET_FXSAVE:
    case ZYDIS_ISA_SET_PPRO: return CPU_PENTIUM2;
    case ZYDIS_ISA_SET_SSE:
    case ZYDIS_ISA_SET_SSEMXCSR:
    case ZYDIS_ISA_SET_SSE_PREFETCH: return CPU_PENTIUM3;
    case ZYDIS_ISA_SET_SSE2:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_CLFSH: return CPU_PENTIUM4;
    default: return CPU_MODELS;
    }
}

static const char *describe(const struct trial *t)
{
    static char text[200];
    size_t used = 0;

    for (unsigned i = 0; i < 16; i++)
        used += (size_t)sprintf(text + used, "%02x ", t->bytes[i]);
    sprintf(text + used, "code%d: %s %d/%d, Zydis %s %d",
            t->mode.code32 ? 32 : 16,
            t->result == DECODE_OK ? insn_info[t->ours.slot].mnemonic : "-",
            t->result, t->ours.length,
            t->known ? ZydisMnemonicGetString(t->theirs.mnemonic) : "-",
            t->theirs.length);
    return text;
}

static void decode_both(struct trial *t)
{
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder,
                     t->mode.code32 ? ZYDIS_MACHINE_MODE_LEGACY_32
                                    : ZYDIS_MACHINE_MODE_LEGACY_16,
                     t->mode.code32 ? ZYDIS_STACK_WIDTH_32
                                    : ZYDIS_STACK_WIDTH_16);
    memset(&t->theirs, 0, sizeof(t->theirs));
    t->known = ZYAN_SUCCESS(ZydisDecoderDecodeFull(
        &decoder, t->bytes, sizeof(t->bytes), &t->theirs, t->operands));
    t->result = insn_decode(&t->mode, t->bytes, sizeof(t->bytes), &t->ours);
}

/* Prefixes now and then, then bytes weighted to what has a second byte. */
static void make_bytes(struct trial *t, uint32_t *seed)
{
    static const uint8_t prefix[] = {0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e,
                                     0x64, 0x65, 0xf0, 0xf2, 0xf3};
    unsigned at = 0;

    for (unsigned i = 0; i < sizeof(t->bytes); i++)
        t->bytes[i] = (uint8_t)(next(seed) >> 8);
    while (next(seed) % 3 == 0 && at < 5)
        t->bytes[at++] = prefix[next(seed) % sizeof(prefix)];
    if (next(seed) % 4 == 0)
        t->bytes[at] = 0x0f;
}

/* Encodings that Zydis reads as later processors do. */
static bool later_0f(uint8_t opcode, uint8_t modrm)
{
    switch (opcode) {
    case 0x0d: /* no-operations */
    case 0x18:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f:
    case 0x09: /* WBNOINVD */
    case 0x34: /* SYSENTER, SYSEXIT: by feature */
    case 0x35:
    case 0x01: /* ModRM names instructions */
    case 0xbc: /* TZCNT, LZCNT */
    case 0xbd:
    case 0x24: /* test registers */
    case 0x26:
    case 0xa2: return true; /* CPUID: our 486 has it */
    case 0x20:              /* no such CR: found when it runs */
    case 0x22: return (modrm & 0x28) != 0 && (modrm & 0x38) != 0x18;
    default: return false;
    }
}

static bool differs_by_design(const struct trial *t)
{
    const uint8_t *p = t->bytes;

    while (memchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", *p, 11))
        p++;
    if (*p >= 0xd8 && *p <= 0xdf)
        return true; /* the x87 is decoded elsewhere */
    if (*p == 0x0f)
        return later_0f(p[1], p[2]);
    /* XOP, VEX and EVEX */
    return *p == 0x8f ||
           ((*p == 0xc4 || *p == 0xc5 || *p == 0x62) && p[1] >= 0xc0);
}

static bool same_mnemonic(const struct trial *t)
{
    const char *ours = insn_info[t->ours.slot].mnemonic;
    const char *theirs = ZydisMnemonicGetString(t->theirs.mnemonic);
    /* clang-format off */
    static const char *const sizes[][2] = {
        {"cbw", "cwde"}, {"cwd", "cdq"}, {"pusha", "pushad"},
        {"popa", "popad"}, {"pushf", "pushfd"}, {"popf", "popfd"},
        {"iret", "iretd"}, {"jcxz", "jecxz"}, {"insw", "insd"},
        {"outsw", "outsd"}, {"movsw", "movsd"}, {"cmpsw", "cmpsd"},
        {"stosw", "stosd"}, {"lodsw", "lodsd"}, {"scasw", "scasd"},
        {"call far", "call"}, {"jmp far", "jmp"}, {"ret far", "ret"},
    };
    /* clang-format on */

    if (!strcmp(ours, theirs))
        return true;
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        if (!strcmp(ours, sizes[i][0]) && !strcmp(theirs, sizes[i][1]))
            return true;
    }
    return !strcmp(ours, "nop"); /* XCHG, PAUSE */
}

static unsigned register_number(ZydisRegister reg)
{
    return (unsigned)ZydisRegisterGetId(reg);
}

static void check_memory(const struct trial *t, const ZydisDecodedOperand *op)
{
    unsigned base = op->mem.base ? register_number(op->mem.base) : INSN_NO_REG;
    unsigned index =
        op->mem.index ? register_number(op->mem.index) : INSN_NO_REG;
    uint32_t mask = t->ours.flags & INSN_ADDR32 ? 0xffffffff : 0xffff;

    expect(t->ours.flags & INSN_MEM, "%s: memory", describe(t));
    expect(t->ours.base == base, "%s: base", describe(t));
    expect(t->ours.index_reg == index, "%s: index", describe(t));
    if (index != INSN_NO_REG)
        expect(1u << t->ours.scale == (op->mem.scale ? op->mem.scale : 1),
               "%s: scale", describe(t));
    expect(((t->ours.disp ^ (uint32_t)op->mem.disp.value) & mask) == 0,
           "%s: displacement", describe(t));
    if (op->mem.type != ZYDIS_MEMOP_TYPE_AGEN &&
        t->theirs.meta.branch_type == ZYDIS_BRANCH_TYPE_NONE) /* 3E NOTRACK */
        expect(t->ours.seg == register_number(op->mem.segment), "%s: segment",
               describe(t));
}

static void check_register(const struct trial *t, const ZydisDecodedOperand *op)
{
    ZydisRegisterClass kind = ZydisRegisterGetClass(op->reg.value);
    unsigned number = register_number(op->reg.value), ours;

    if (kind == ZYDIS_REGCLASS_GPR8)
        number = (number & 3) << 2 | number >> 2;
    if (op->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG)
        ours = t->ours.reg;
    else if (op->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
             op->encoding == ZYDIS_OPERAND_ENCODING_OPCODE)
        ours = t->ours.rm;
    else
        return;
    expect(ours == number, "%s: register %u", describe(t), number);
    expect(op->encoding != ZYDIS_OPERAND_ENCODING_MODRM_RM ||
               !(t->ours.flags & INSN_MEM),
           "%s: no memory", describe(t));
}

static void check_immediate(const struct trial *t,
                            const ZydisDecodedOperand *op)
{
    uint32_t mask = op->size >= 32 ? 0xffffffff : (1u << op->size) - 1;
    uint32_t theirs = (uint32_t)op->imm.value.u;

    if (op->imm.is_relative)
        mask = t->ours.flags & INSN_OP32 ? 0xffffffff : 0xffff;
    if (op->id == 1 && !strcmp(insn_info[t->ours.slot].mnemonic, "enter"))
        theirs = t->ours.imm2 == theirs ? t->ours.imm : ~t->ours.imm;
    if (insn_info[t->ours.slot].operand[op->id] == OPERAND_Ic)
        mask = 31;
    expect(((t->ours.imm ^ theirs) & mask) == 0, "%s: immediate %x",
           describe(t), theirs);
}

static void check_operands(const struct trial *t)
{
    for (unsigned i = 0; i < t->theirs.operand_count_visible; i++) {
        const ZydisDecodedOperand *op = &t->operands[i];

        if (op->type == ZYDIS_OPERAND_TYPE_REGISTER)
            check_register(t, op);
        else if (op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
            check_immediate(t, op);
        else if (op->type == ZYDIS_OPERAND_TYPE_MEMORY &&
                 (op->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
                  op->encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64))
            check_memory(t, op);
    }
}

static void compare(struct trial *t)
{
    bool theirs;

    decode_both(t);
    if (differs_by_design(t))
        return;
    theirs = t->known && first_model(&t->theirs) <= t->mode.model;
    expect(theirs == (t->result == DECODE_OK), "%s", describe(t));
    if (!theirs || t->result != DECODE_OK)
        return;
    expect(t->ours.length == t->theirs.length, "%s", describe(t));
    expect(same_mnemonic(t), "%s", describe(t));
    check_operands(t);
}

START_TEST(agrees_with_zydis)
{
    uint32_t seed = 0x1234567;
    struct trial t = {.mode.model = (enum cpu_model)_i};

    for (unsigned i = 0; i < 1000000; i++) {
        t.mode.code32 = i & 1;
        make_bytes(&t, &seed);
        compare(&t);
    }
}
END_TEST

/* Bytes, and what each model makes of them. */
START_TEST(models_differ)
{
    /* clang-format off */
    static const struct {
        const char *bytes;
        size_t size;
        enum cpu_model model;
        enum decode_result result;
        const char *mnemonic;
        unsigned length;
    } rows[] = {
        {"\x60\x05", 2, CPU_8086, DECODE_OK, "jo", 2},
        {"\x60\x05", 2, CPU_286, DECODE_OK, "pusha", 1},
        {"\xc0\x34\x12", 3, CPU_8086, DECODE_OK, "ret", 3},
        {"\xc0\xe0\x12", 3, CPU_286, DECODE_OK, "shl", 3},
        {"\xc9", 1, CPU_8086, DECODE_OK, "ret far", 1},
        {"\xc9", 1, CPU_286, DECODE_OK, "leave", 1},
        {"\x0f\xff", 2, CPU_8086, DECODE_OK, "pop", 1},
        {"\x0f\xff", 2, CPU_286, DECODE_UNDEFINED, NULL, 2},
        {"\xf1\x90", 2, CPU_8086, DECODE_OK, "nop", 2},
        {"\xf1\x90", 2, CPU_286, DECODE_UNDEFINED, NULL, 1},
        {"\xf1\x90", 2, CPU_386, DECODE_OK, "int1", 1},
        {"\xd0\xf0", 2, CPU_8086, DECODE_OK, "setmo", 2},
        {"\xd0\xf0", 2, CPU_286, DECODE_OK, "shl", 2},
        {"\xf0\x90", 2, CPU_286, DECODE_OK, "nop", 2},
        {"\xf0\x90", 2, CPU_386, DECODE_UNDEFINED, NULL, 2},
        {"\xff\xf8", 2, CPU_8086, DECODE_OK, "push", 2},
        {"\xff\xf8", 2, CPU_286, DECODE_UNDEFINED, NULL, 1},
        {"\x66\x90", 2, CPU_286, DECODE_UNDEFINED, NULL, 1},
        {"\x66\x90", 2, CPU_386, DECODE_OK, "nop", 2},
        {"\x0f\x05", 2, CPU_286, DECODE_OK, "loadall", 2},
        {"\x0f\x05", 2, CPU_386, DECODE_UNDEFINED, NULL, 2},
        {"\x0f\x07", 2, CPU_386, DECODE_OK, "loadall", 2},
        {"\x0f\xc8", 2, CPU_386, DECODE_UNDEFINED, NULL, 2},
        {"\x0f\xc8", 2, CPU_486, DECODE_OK, "bswap", 2},
        {"\x0f\x44\xc0", 3, CPU_486, DECODE_UNDEFINED, NULL, 2},
        {"&&&&&&&&&\x90", 10, CPU_286, DECODE_OK, "nop", 10},
        {"&&&&&&&&&&\x90", 11, CPU_286, DECODE_TOO_LONG, NULL, 10},
        {"&&&&&&&&&&&&&&\x90", 15, CPU_386, DECODE_OK, "nop", 15},
        {"&&&&&&&&&&&&&&&\x90", 16, CPU_386, DECODE_TOO_LONG, NULL, 15},
        {"&&&&&&&&&&&&&&&&&\x90", 18, CPU_8086, DECODE_OK, "nop", 18},
        {"\x81\x06\x34\x12\x78", 5, CPU_8086, DECODE_MORE, NULL, 5},
        {"\x81", 1, CPU_8086, DECODE_MORE, NULL, 1},
    };
    /* clang-format on */
    const unsigned i = (unsigned)_i;
    struct decode_mode mode = {.model = rows[i].model};
    struct insn insn;

    ck_assert_uint_lt(i, ARRAY_LEN(rows));
    ck_assert_int_eq(
        insn_decode(&mode, (const uint8_t *)rows[i].bytes, rows[i].size, &insn),
        rows[i].result);
    ck_assert_uint_eq(insn.length, rows[i].length);
    if (rows[i].mnemonic)
        ck_assert_str_eq(insn_info[insn.slot].mnemonic, rows[i].mnemonic);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cpu/decode");
    TCase *tcase = tcase_create("decode");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, agrees_with_zydis, CPU_486, CPU_MODELS);
    tcase_add_loop_test(tcase, models_differ, 0, 32);
    suite_add_tcase(suite, tcase);
    return suite;
}
