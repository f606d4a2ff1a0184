#include "jit/x64_lower.h"

/* Offset of the E operand, cut to the address size. */
void lower_offset(struct lower *l, unsigned reg)
{
    const struct insn *insn = l->insn;
    struct x64_mem m = {.index = X64_NO_INDEX, .disp = (int32_t)insn->disp};
    bool wide = insn->flags & INSN_ADDR32;

    if (insn->base == INSN_NO_REG && insn->index_reg == INSN_NO_REG) {
        x64_mov_imm(&l->x, reg, wide ? insn->disp : insn->disp & 0xffff);
        return;
    }
    if (insn->base == INSN_NO_REG) { /* there is no short form without base */
        x64_mov_imm(&l->x, reg, insn->disp);
        m.base = (uint8_t)reg;
        m.disp = 0;
    } else {
        m.base = (uint8_t)host_reg(4, insn->base);
    }
    if (insn->index_reg != INSN_NO_REG) {
        m.index = (uint8_t)host_reg(4, insn->index_reg);
        m.scale = insn->scale;
    }
    if (m.index == X64_NO_INDEX && m.disp == 0)
        x64_mov_rr(&l->x, reg, m.base);
    else
        x64_lea(&l->x, reg, m);
    if (!wide)
        x64_rr(&l->x, 4, 0x0fb7, reg, reg);
}

static void check_segment(struct lower *l, unsigned seg, unsigned size,
                          bool write)
{
    size_t at = offsetof(struct cpu, seg) + seg * sizeof(struct segment);
    size_t end = write ? offsetof(struct segment, write_end)
                       : offsetof(struct segment, read_end);

    if (!(l->mode & BLOCK_PLAIN(seg))) {
        x64_rm(&l->x, 8, 0x8d, R9, x64_at(R8, size));
        x64_rm(&l->x, 8, 0x3b, R9, x64_at(REG_CPU, at + end));
        lower_redo_if(l, CC_NBE);
    } else if (size > 1 || (l->insn->flags & INSN_ADDR32)) {
        x64_alu_imm_r(&l->x, 4, ALU_CMP, R8, 0x10000 - size);
        lower_redo_if(l, CC_NBE);
    }
    x64_rm(&l->x, 4, 0x03, R8,
           x64_at(REG_CPU, at + offsetof(struct segment, base)));
}

static bool known_offset(const struct lower *l)
{
    return (l->insn->flags & INSN_MEM) && l->insn->base == INSN_NO_REG &&
           l->insn->index_reg == INSN_NO_REG;
}

static unsigned thunk_of(const struct lower *l, unsigned size)
{
    if (l->aligned)
        return 5;
    if (size == 10)
        return 6;
    return size == 16 ? 4 : size == 8 ? 3 : size == 4 ? 2 : size - 1;
}

static struct x64_mem bad_bits(unsigned size)
{
    switch (size) {
    case 2: return FIELD(jit.bad2);
    case 4: return FIELD(jit.bad4);
    case 8: return FIELD(jit.bad8);
    default: return FIELD(jit.bad16);
    }
}

/* The table's entry must be there and, so that no access crosses a page, the
 * address aligned: else the thunk looks closer. */
static struct deferred *check_host(struct lower *l, unsigned size, bool write)
{
    struct deferred *d;
    unsigned cc = CC_NZ;

    if (size == 1) {
        x64_rr(&l->x, 8, 0x85, R8, R8);
        cc = CC_S;
    } else {
        x64_rm(&l->x, 8, 0x85, R8, bad_bits(size));
    }
    d = lower_defer(l, DEFER_MISS, x64_jcc(&l->x, cc));
    d->site = lower_site(l, SITE_ACCESS);
    if (d->site) {
        struct site *site = jit_at(l->jit, d->site);

        site->size = (uint8_t)size;
        site->write = write;
        site->aligned = l->aligned;
    }
    d->thunk = l->jit->miss[write][thunk_of(l, size)];
    d->resume = l->x.at;
    return d;
}

void lower_access(struct lower *l, unsigned seg, unsigned size, bool write)
{
    struct x64_mem entry = {
        .base = write ? REG_WRITE : REG_READ, .index = R9, .scale = 3};

    flags_clobber(l);
    if (!(l->mode & BLOCK_FLAT(seg)))
        check_segment(l, seg, size, write);
    x64_mov_rr(&l->x, R9, R8);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(&l->x, MEM_PAGE_BITS);
    x64_rm(&l->x, 8, 0x03, R8, entry);
    check_host(l, size, write);
}

/* A known address in a flat segment: the table's entry is known, too. */
static void access_known(struct lower *l, unsigned size, bool write)
{
    uint32_t at =
        l->insn->flags & INSN_ADDR32 ? l->insn->disp : l->insn->disp & 0xffff;
    struct deferred *d;

    flags_clobber(l);
    x64_mov_imm(&l->x, R8, at);
    x64_rm(&l->x, 8, 0x03, R8,
           x64_at(write ? REG_WRITE : REG_READ,
                  (size_t)(at >> MEM_PAGE_BITS) * 8));
    d = check_host(l, size, write);
    d->known = true;
    d->page = at >> MEM_PAGE_BITS;
}

void lower_address(struct lower *l, unsigned size, bool write)
{
    if (known_offset(l) && (l->mode & BLOCK_FLAT(l->insn->seg))) {
        access_known(l, size, write);
        return;
    }
    lower_offset(l, R8);
    lower_access(l, l->insn->seg, size, write);
}

void lower_stack_access(struct lower *l, int32_t by, unsigned size, bool write)
{
    if (by)
        x64_lea(&l->x, R8, (struct x64_mem){R15, X64_NO_INDEX, 0, by});
    else
        x64_mov_rr(&l->x, R8, R15);
    if (!(l->mode & BLOCK_STACK32))
        x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    lower_access(l, SEG_SS, size, write);
}

void lower_push_address(struct lower *l, unsigned size)
{
    lower_stack_access(l, -(int32_t)size, size, true);
}

void lower_pop_address(struct lower *l, unsigned size)
{
    lower_stack_access(l, 0, size, false);
}

void lower_move_stack(struct lower *l, int32_t by)
{
    struct x64_mem m = {R15, X64_NO_INDEX, 0, by};

    flags_reg_write(l, 4, CPU_ESP);
    if (l->mode & BLOCK_STACK32) {
        x64_lea(&l->x, R15, m);
        return;
    }
    x64_lea(&l->x, R9, m);
    x64_rr(&l->x, 2, 0x89, R9, R15);
}
