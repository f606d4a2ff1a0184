/* The x87's state as FNSAVE and FRSTOR of a host have it (32-bit format). */
#include <string.h>

#include "cpu/block.h"
#include "jit/jit_int.h"

#define CW_MASKS 0x003fu
#define CW_ONE   0x0040u
#define CW_KEPT  0x1f3fu
#define SW_ES    0x0080u
#define SW_TOP   0x3800u
#define TOP_BIT  11

enum {
    IMAGE_CONTROL = 0,
    IMAGE_STATUS = 4,
    IMAGE_TAGS = 8,
    IMAGE_REGS = 28,
    REG_BYTES = 10
};

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static unsigned get16(const uint8_t *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static void put_image(struct cpu *cpu)
{
    const struct fpu *fpu = &cpu->fpu;
    uint8_t *image = cpu->jit.fpu_image;
    unsigned tags = 0;

    memset(image, 0, sizeof(cpu->jit.fpu_image));
    for (unsigned n = 0; n < FPU_REGS; n++) {
        const struct f80 *st = &fpu->reg[(fpu->top + n) & 7];

        memcpy(image + IMAGE_REGS + n * REG_BYTES, &st->man, 8);
        put16(image + IMAGE_REGS + n * REG_BYTES + 8, (unsigned)st->se);
        tags |= fpu->full >> n & 1 ? 0 : 3u << (2 * n);
    }
    put16(image + IMAGE_CONTROL, fpu->control);
    put16(image + IMAGE_STATUS, fpu->status | (unsigned)fpu->top << TOP_BIT);
    put16(image + IMAGE_TAGS, tags);
    cpu->jit.fpu_keep = UINT16_MAX;
    cpu->jit.fpu_codes = cpu->jit.fpu_flags = 0;
}

static void get_image(struct cpu *cpu)
{
    struct fpu *fpu = &cpu->fpu;
    const uint8_t *image = cpu->jit.fpu_image;
    unsigned tags = get16(image + IMAGE_TAGS);
    unsigned status = get16(image + IMAGE_STATUS);

    status =
        (status & cpu->jit.fpu_keep) | cpu->jit.fpu_codes | cpu->jit.fpu_flags;
    fpu->control =
        (uint16_t)((get16(image + IMAGE_CONTROL) & CW_KEPT) | CW_ONE);
    fpu->status = (uint16_t)(status & ~SW_TOP);
    fpu->top = status >> TOP_BIT & 7;
    fpu->full = 0;
    for (unsigned n = 0; n < FPU_REGS; n++) {
        struct f80 *st = &fpu->reg[(fpu->top + n) & 7];

        memcpy(&st->man, image + IMAGE_REGS + n * REG_BYTES, 8);
        st->se = (uint16_t)get16(image + IMAGE_REGS + n * REG_BYTES + 8);
        if ((tags >> (2 * n) & 3) != 3)
            fpu->full |= (uint8_t)(1u << n);
    }
}

static const struct insn *insn_at(const struct cpu *cpu, uint32_t place)
{
    return (const struct insn *)(const void *)block_at(cpu, place);
}

/* Makes cpu->jit say by itself what `point` adds. */
static void settle_point(struct cpu *cpu, const struct fpu_point *point)
{
    const struct insn *insn;

    if (point->insn)
        cpu->jit.fpu_insn = point->insn;
    if (point->kept & FPU_C1)
        cpu->fpu.status |= cpu->jit.fpu_c1;
    if (!point->memory)
        return;
    cpu->jit.fpu_memory = point->memory;
    insn = insn_at(cpu, point->memory);
    if (!(point->kept & FPU_KEPT_BASE))
        cpu->jit.fpu_base = cpu->reg[insn->base];
    if (!(point->kept & FPU_KEPT_INDEX))
        cpu->jit.fpu_index = cpu->reg[insn->index_reg];
}

static void get_operand(struct cpu *cpu, const struct insn *insn)
{
    struct fpu *fpu = &cpu->fpu;

    fpu->dp = insn->disp;
    if (insn->base != INSN_NO_REG)
        fpu->dp += cpu->jit.fpu_base;
    if (insn->index_reg != INSN_NO_REG)
        fpu->dp += cpu->jit.fpu_index << insn->scale;
    if (!(insn->flags & INSN_ADDR32))
        fpu->dp &= 0xffff;
    fpu->ds = cpu->seg[insn->seg].selector;
}

static void get_pointers(struct cpu *cpu)
{
    struct fpu *fpu = &cpu->fpu;

    if (cpu->jit.fpu_insn) {
        const struct insn *insn = insn_at(cpu, cpu->jit.fpu_insn);

        fpu->ip = block_insn_eip(insn);
        fpu->cs = cpu->seg[SEG_CS].selector;
        fpu->op = (uint16_t)((insn->opcode & 7) << 8 | insn->imm2);
    }
    if (cpu->jit.fpu_memory)
        get_operand(cpu, insn_at(cpu, cpu->jit.fpu_memory));
    cpu->jit.fpu_insn = cpu->jit.fpu_memory = 0;
}

bool jit_fpu_ready(struct cpu *cpu)
{
    const struct fpu *fpu = &cpu->fpu;

    if (!fpu->present || (cpu->cr0 & (CR0_EM | CR0_TS)) ||
        (fpu->control & CW_MASKS) != CW_MASKS || (fpu->status & SW_ES))
        return false;
    put_image(cpu);
    cpu->jit.fpu_live = true;
    return true;
}

void jit_take_back(struct cpu *cpu, struct jit *jit, uint32_t point)
{
    const void *thunk = jit->cache.run + jit->save_fpu;
    void (*save_fpu)(struct cpu *);

    cpu->jit.xmm_live = false;
    if (!cpu->jit.fpu_live)
        return;
    cpu->jit.fpu_live = false;
    memcpy(&save_fpu, &thunk, sizeof(save_fpu));
    save_fpu(cpu);
    get_image(cpu);
    if (point)
        settle_point(cpu, jit_at(jit, point));
    get_pointers(cpu);
}
