/* The x87's words and its whole state in memory (SDM volume 1, 8.1.10). */
#include <string.h>

#include "cpu/fpu_int.h"
#include "cpu/interp.h"

#define ENV_MAX     28
#define IMAGE_MAX   (ENV_MAX + 10 * FPU_REGS)
#define OPCODE_MASK 0x7ffu

enum tag {
    TAG_VALID,
    TAG_ZERO,
    TAG_SPECIAL,
    TAG_EMPTY
};

static enum tag tag_of(const struct fpu *fpu, unsigned n)
{
    if (!(fpu->full >> n & 1))
        return TAG_EMPTY;
    switch (f80_classify(fpu->reg[n])) {
    case F80_NORMAL: return TAG_VALID;
    case F80_ZERO: return TAG_ZERO;
    default: return TAG_SPECIAL;
    }
}

static uint16_t tag_word(const struct fpu *fpu)
{
    unsigned word = 0;

    for (unsigned n = 0; n < FPU_REGS; n++)
        word |= (unsigned)tag_of(fpu, n) << (2 * n);
    return (uint16_t)word;
}

/* Of the tags only "empty" is taken in; the rest is what the registers say. */
static void set_tag_word(struct fpu *fpu, unsigned word)
{
    fpu->full = 0;
    for (unsigned n = 0; n < FPU_REGS; n++) {
        if ((word >> (2 * n) & 3) != TAG_EMPTY)
            fpu->full |= (uint8_t)(1u << n);
    }
}

static void put(uint8_t *image, unsigned wide, unsigned n, uint32_t value)
{
    if (wide)
        memcpy(image + 4 * n, &value, 4);
    else
        memcpy(image + 2 * n, &value, 2);
}

static uint32_t get(const uint8_t *image, unsigned wide, unsigned n)
{
    uint32_t value = 0;

    memcpy(&value, image + (wide ? 4 : 2) * n, wide ? 4 : 2);
    return value;
}

/* Seven fields of 2 or 4 bytes; `paragraphs`: pointers as linear addresses. */
static void put_environment(const struct fpu *fpu, bool paragraphs, bool wide,
                            uint8_t image[ENV_MAX], uint16_t status)
{
    const uint32_t high = 0xffff0000u; /* reserved halves read as ones */
    uint32_t ip = fpu->ip, dp = fpu->dp;

    put(image, wide, 0, high | fpu->control);
    put(image, wide, 1, high | status);
    put(image, wide, 2, high | tag_word(fpu));
    if (paragraphs) {
        ip += (uint32_t)fpu->cs << 4;
        dp += (uint32_t)fpu->ds << 4;
        put(image, wide, 3, wide ? high | (ip & 0xffff) : ip);
        put(image, wide, 4, (ip >> 16 << 12 & 0x0ffff000) | fpu->op);
        put(image, wide, 5, wide ? high | (dp & 0xffff) : dp);
        put(image, wide, 6, dp >> 16 << 12 & 0x0ffff000);
        return;
    }
    put(image, wide, 3, ip);
    put(image, wide, 4, (uint32_t)fpu->op << 16 | fpu->cs);
    put(image, wide, 5, dp);
    put(image, wide, 6, high | fpu->ds);
}

static void get_pointers(struct fpu *fpu, bool paragraphs, bool wide,
                         const uint8_t image[ENV_MAX])
{
    uint32_t second = get(image, wide, 4), fourth = get(image, wide, 6);

    fpu->ip = get(image, wide, 3);
    fpu->dp = get(image, wide, 5);
    if (paragraphs) {
        fpu->ip = (fpu->ip & 0xffff) | (second & 0x0ffff000) << 4;
        fpu->dp = (fpu->dp & 0xffff) | (fourth & 0x0ffff000) << 4;
        fpu->cs = fpu->ds = 0;
        fpu->op = (uint16_t)(second & OPCODE_MASK);
        return;
    }
    fpu->cs = (uint16_t)second;
    fpu->ds = (uint16_t)fourth;
    if (wide)
        fpu->op = (uint16_t)(second >> 16 & OPCODE_MASK);
}

static void set_control(struct cpu *cpu, uint32_t word)
{
    cpu->fpu.control = (uint16_t)((word & CW_KEPT) | CW_ONE);
    if (cpu->model == CPU_8086)
        cpu->fpu.control |= (uint16_t)(word & CW_IEM);
}

static void set_status(struct cpu *cpu, uint32_t word)
{
    cpu->fpu.top = word >> SW_TOP_SHIFT & 7;
    cpu->fpu.status = (uint16_t)(word & (SW_FLAGS | SW_SF | SW_CC));
    fpu_update(cpu);
}

static void get_environment(struct cpu *cpu, bool wide,
                            const uint8_t image[ENV_MAX])
{
    get_pointers(&cpu->fpu, cpu_paragraphs(cpu), wide, image);
    set_tag_word(&cpu->fpu, get(image, wide, 2));
    set_control(cpu, get(image, wide, 0));
    set_status(cpu, get(image, wide, 1));
}

static bool is_wide(const struct insn *insn)
{
    return insn->flags & INSN_OP32;
}

static unsigned env_bytes(const struct insn *insn)
{
    return is_wide(insn) ? 28 : 14;
}

bool fpu_fldenv(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[ENV_MAX];

    if (!fpu_read(cpu, insn, image, env_bytes(insn)))
        return false;
    get_environment(cpu, is_wide(insn), image);
    return true;
}

/* All exceptions are masked afterwards. */
bool fpu_fnstenv(struct cpu *cpu, const struct insn *insn)
{
    unsigned bytes = env_bytes(insn);
    uint8_t image[ENV_MAX];

    put_environment(&cpu->fpu, cpu_paragraphs(cpu), is_wide(insn), image,
                    fpu_status_word(cpu));
    if (!fpu_may_write(cpu, insn, bytes) || !fpu_write(cpu, insn, image, bytes))
        return false;
    cpu->fpu.control |= CW_MASKS;
    fpu_update(cpu);
    return true;
}

bool fpu_frstor(struct cpu *cpu, const struct insn *insn)
{
    unsigned env = env_bytes(insn);
    uint8_t image[IMAGE_MAX];

    if (!fpu_read(cpu, insn, image, env + 10 * FPU_REGS))
        return false;
    get_environment(cpu, is_wide(insn), image);
    for (unsigned i = 0; i < FPU_REGS; i++) {
        struct f80 *reg = &cpu->fpu.reg[fpu_number(cpu, i)];
        const uint8_t *from = image + env + 10 * i;

        memcpy(&reg->man, from, 8);
        memcpy(&reg->se, from + 8, 2);
    }
    return true;
}

bool fpu_fnsave(struct cpu *cpu, const struct insn *insn)
{
    unsigned env = env_bytes(insn), bytes = env + 10 * FPU_REGS;
    uint8_t image[IMAGE_MAX];

    put_environment(&cpu->fpu, cpu_paragraphs(cpu), is_wide(insn), image,
                    fpu_status_word(cpu));
    for (unsigned i = 0; i < FPU_REGS; i++) {
        struct f80 reg = fpu_st(cpu, i);
        uint8_t *to = image + env + 10 * i;

        memcpy(to, &reg.man, 8);
        memcpy(to + 8, &reg.se, 2);
    }
    if (!fpu_may_write(cpu, insn, bytes) || !fpu_write(cpu, insn, image, bytes))
        return false;
    return fpu_fninit(cpu, insn);
}

/* Bit n of the short tag word: R(n) is not empty. */
void fpu_put_fx(const struct cpu *cpu, uint8_t *image)
{
    const struct fpu *fpu = &cpu->fpu;
    const uint16_t words[4] = {fpu->control, fpu_status_word(cpu), fpu->full,
                               fpu->op};
    const uint32_t pointers[4] = {fpu->ip, fpu->cs, fpu->dp, fpu->ds};

    memcpy(image, words, sizeof(words));
    memcpy(image + 8, pointers, sizeof(pointers));
    for (unsigned i = 0; i < FPU_REGS; i++) {
        struct f80 reg = fpu_st(cpu, i);

        memcpy(image + 32 + 16 * i, &reg.man, 8);
        memcpy(image + 40 + 16 * i, &reg.se, 2);
    }
}

void fpu_get_fx(struct cpu *cpu, const uint8_t *image)
{
    struct fpu *fpu = &cpu->fpu;
    uint16_t words[4];
    uint32_t pointers[4];

    memcpy(words, image, sizeof(words));
    memcpy(pointers, image + 8, sizeof(pointers));
    fpu->full = (uint8_t)words[2];
    fpu->op = words[3] & OPCODE_MASK;
    fpu->ip = pointers[0];
    fpu->cs = (uint16_t)pointers[1];
    fpu->dp = pointers[2];
    fpu->ds = (uint16_t)pointers[3];
    set_control(cpu, words[0]);
    set_status(cpu, words[1]);
    for (unsigned i = 0; i < FPU_REGS; i++) {
        struct f80 *reg = &fpu->reg[fpu_number(cpu, i)];

        memcpy(&reg->man, image + 32 + 16 * i, 8);
        memcpy(&reg->se, image + 40 + 16 * i, 2);
    }
}

bool fpu_fldcw(struct cpu *cpu, const struct insn *insn)
{
    uint8_t bytes[4] = {0};

    if (!fpu_read(cpu, insn, bytes, 2))
        return false;
    set_control(cpu, get(bytes, false, 0));
    fpu_update(cpu);
    return true;
}

static bool store_word(struct cpu *cpu, const struct insn *insn, uint16_t word)
{
    uint8_t bytes[2];

    memcpy(bytes, &word, sizeof(bytes));
    return fpu_may_write(cpu, insn, sizeof(bytes)) &&
           fpu_write(cpu, insn, bytes, sizeof(bytes));
}

bool fpu_fnstcw(struct cpu *cpu, const struct insn *insn)
{
    return store_word(cpu, insn, cpu->fpu.control);
}

bool fpu_fnstsw(struct cpu *cpu, const struct insn *insn)
{
    return store_word(cpu, insn, fpu_status_word(cpu));
}
