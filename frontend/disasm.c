#include "frontend/disasm.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

static enum disasm_kind kind_of(const ZydisDecodedInstruction *insn)
{
    if (insn->attributes &
        (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))
        return DISASM_REPEAT;
    switch (insn->mnemonic) {
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE: return DISASM_REPEAT;
    default: break;
    }
    switch (insn->meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL: return DISASM_CALL;
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_SYSRET: return DISASM_RETURN;
    default: return DISASM_PLAIN;
    }
}

static void find_target(const ZydisDecodedInstruction *insn,
                        const ZydisDecodedOperand *operand, uint32_t eip,
                        struct disasm *out)
{
    if (insn->operand_count == 0 ||
        operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
        !operand->imm.is_relative)
        return;
    out->has_target = true;
    out->target = eip + insn->length + (uint32_t)operand->imm.value.s;
    if (insn->operand_width == 16)
        out->target &= 0xffff;
}

static ZyanStatus decode(const uint8_t *bytes, size_t size,
                         ZydisMachineMode mode, ZydisStackWidth width,
                         ZydisDecodedInstruction *insn,
                         ZydisDecodedOperand *operands)
{
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, mode, width);
    return ZydisDecoderDecodeFull(&decoder, bytes, size, insn, operands);
}

static void format(const ZydisDecodedInstruction *insn,
                   const ZydisDecodedOperand *operands, uint64_t at,
                   struct disasm *out)
{
    ZydisFormatter formatter;

    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE,
                              ZYAN_FALSE);
    ZydisFormatterSetProperty(&formatter,
                              ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
                              ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING,
                              ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING,
                              ZYDIS_PADDING_DISABLED);
    ZydisFormatterFormatInstruction(&formatter, insn, operands,
                                    insn->operand_count_visible, out->text,
                                    sizeof(out->text), at, NULL);
}

static bool fail(const uint8_t *bytes, size_t size, struct disasm *out)
{
    out->length = 1;
    snprintf(out->text, sizeof(out->text), "db 0x%02x", size ? bytes[0] : 0);
    return false;
}

bool disasm_one(const uint8_t *bytes, size_t size, uint32_t eip, bool code32,
                struct disasm *out)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction insn;
    ZydisMachineMode mode =
        code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16;
    ZydisStackWidth width =
        code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16;

    memset(out, 0, sizeof(*out));
    if (size == 0 ||
        !ZYAN_SUCCESS(decode(bytes, size, mode, width, &insn, operands)))
        return fail(bytes, size, out);
    out->length = insn.length;
    out->kind = kind_of(&insn);
    find_target(&insn, &operands[0], eip, out);
    format(&insn, operands, eip, out);
    return true;
}

bool disasm_host(const uint8_t *bytes, size_t size, uint64_t at,
                 struct disasm *out)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction insn;

    memset(out, 0, sizeof(*out));
    if (size == 0 ||
        !ZYAN_SUCCESS(decode(bytes, size, ZYDIS_MACHINE_MODE_LONG_64,
                             ZYDIS_STACK_WIDTH_64, &insn, operands)))
        return fail(bytes, size, out);
    out->length = insn.length;
    format(&insn, operands, at, out);
    return true;
}
