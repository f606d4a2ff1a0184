#include "jit/x64_lower.h"

/* The E operand's offset as an address, before it is cut to 16 bits. */
static struct x64_mem offset_of(const struct lower *l)
{
    const struct insn *insn = l->insn;
    struct x64_mem m = {.base = X64_NO_BASE,
                        .index = X64_NO_INDEX,
                        .disp = (int32_t)insn->disp};

    if (insn->base != INSN_NO_REG)
        m.base = (uint8_t)host_reg(4, insn->base);
    if (insn->base == CPU_ESP) /* it wraps as addresses do */
        m.disp = (int32_t)(insn->disp + (uint32_t)l->stack);
    if (insn->index_reg != INSN_NO_REG) {
        m.index = (uint8_t)host_reg(4, insn->index_reg);
        m.scale = insn->scale;
    }
    return m;
}

/* Offset of the E operand, cut to the address size. */
void lower_offset(struct lower *l, unsigned reg)
{
    const struct insn *insn = l->insn;
    struct x64_mem m = offset_of(l);
    bool wide = insn->flags & INSN_ADDR32;

    if (m.base == X64_NO_BASE && m.index == X64_NO_INDEX) {
        x64_mov_imm(&l->x, reg, wide ? insn->disp : insn->disp & 0xffff);
        return;
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
    if (size == 32)
        return 7;
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

static bool fared_badly(const struct lower *l)
{
    const struct block_tier *tier = blocks_tier(l->cpu, l->b->block);

    return tier->checked >> l->insn->index & 1;
}

/* The table's entry must be there and, so that no access crosses a page, the
 * address aligned: else the thunk looks closer. */
static struct deferred *check_host(struct lower *l, unsigned size, bool write)
{
    struct deferred *d;
    unsigned cc = CC_NZ;

    if (size == 1 || l->together) {
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
        site->words = l->words;
        site->changes = l->stored.kind == STORED_CHANGED;
    }
    d->thunk =
        l->words ? l->jit->miss_words : l->jit->miss[write][thunk_of(l, size)];
    if (l->stored.kind == STORED_CHANGED) {
        if (fared_badly(l)) {
            d->thunk = l->jit->change[size / 2];
            l->stored.kind = STORED_BACK;
        }
    } else if (write && l->stored.kind != STORED_OTHER) {
        d->stored = l->stored;
        d->thunk = l->jit->plain_store[size / 2];
    }
    d->resume = l->x.at;
    return d;
}

/* By the arena: the host checks. What it cannot is left to the tables, and so
 * are instructions that fared badly with it. */
static bool by_arena(const struct lower *l, unsigned size)
{
    /* The host may have stored a part of ten bytes when it faults. */
    return (l->mode & BLOCK_ARENA) && size != 10 && !fared_badly(l);
}

/* Sites name the slots of the list as it is now. */
static void guard(struct lower *l, struct x64_mem m, unsigned size, bool write)
{
    struct recipe_list list = l->list;
    struct site *site;

    l->list = flags_held(l);
    l->x.tag = lower_site(l, SITE_ACCESS);
    l->list = list;
    if (l->x.tag) {
        site = jit_at(l->jit, l->x.tag);
        site->size = (uint8_t)size;
        site->write = write;
        site->aligned = l->aligned;
    }
    l->taken |= flags_slots(l);
    m.scale |= X64_GS;
    l->mem = m;
}

bool lower_flat_operand(struct lower *l, unsigned seg, struct x64_mem m,
                        unsigned size, bool write)
{
    if (!(l->mode & BLOCK_FLAT(seg)) || !by_arena(l, size))
        return false;
    guard(l, m, size, write);
    return true;
}

/* What lies at r8d must not leave the page. */
static void check_page(struct lower *l, unsigned size)
{
    flags_clobber(l);
    x64_mov_rr(&l->x, R9, R8);
    x64_alu_imm_r(&l->x, 4, ALU_AND, R9, MEM_PAGE_MASK);
    x64_alu_imm_r(&l->x, 4, ALU_CMP, R9, MEM_PAGE_BYTES - size);
    lower_redo_if(l, CC_NBE);
}

void lower_operand_at(struct lower *l, unsigned seg, unsigned size, bool write)
{
    struct x64_mem entry = {
        .base = write ? REG_WRITE : REG_READ, .index = R9, .scale = 3};

    if (!(l->mode & BLOCK_FLAT(seg))) {
        flags_clobber(l);
        check_segment(l, seg, size, write);
    }
    if (l->together)
        check_page(l, size);
    if (by_arena(l, size)) {
        guard(l, x64_at(R8, 0), size, write);
        return;
    }
    flags_clobber(l);
    x64_mov_rr(&l->x, R9, R8);
    x64_digit_r(&l->x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(&l->x, MEM_PAGE_BITS);
    x64_rm(&l->x, 8, 0x03, R8, entry);
    check_host(l, size, write);
    l->mem = x64_at(R8, 0);
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
    l->mem = x64_at(R8, 0);
}

void lower_operand(struct lower *l, unsigned size, bool write)
{
    if ((l->insn->flags & INSN_ADDR32) &&
        lower_flat_operand(l, l->insn->seg, offset_of(l), size, write))
        return;
    if (known_offset(l) && (l->mode & BLOCK_FLAT(l->insn->seg))) {
        access_known(l, size, write);
        return;
    }
    lower_offset(l, R8);
    lower_operand_at(l, l->insn->seg, size, write);
}

void lower_change_operand(struct lower *l)
{
    l->stored.kind = STORED_CHANGED;
    lower_operand(l, l->size, true);
}

/* If r8 is the address of cpu->jit.device, that goes back to its device. Flags
 * stay; changes r9. */
void lower_changed(struct lower *l)
{
    struct x64_mem less = {RCX, R8, 0, 1};
    uint8_t *take, *done;

    if (l->stored.kind != STORED_BACK)
        return;
    x64_mov_rr(&l->x, R9, RCX);
    x64_rm(&l->x, 8, 0x8d, RCX, FIELD(jit.device)); /* lea */
    x64_digit_r(&l->x, 8, 0xf7, 2, RCX);            /* not */
    x64_rm(&l->x, 8, 0x8d, RCX, less);
    take = x64_skip(&l->x, 0xe3); /* jrcxz */
    x64_mov_rr(&l->x, RCX, R9);
    done = x64_skip(&l->x, 0xeb);
    x64_land(&l->x, take);
    lower_call_thunk(l, l->jit->changed[l->size / 2]);
    x64_land(&l->x, done);
}

bool lower_is_direct_stack(const struct lower *l, unsigned size)
{
    return (l->mode & BLOCK_STACK32) && (l->mode & BLOCK_FLAT(SEG_SS)) &&
           by_arena(l, size);
}

void lower_stack_operand(struct lower *l, int32_t by, unsigned size, bool write)
{
    struct x64_mem m = x64_at(R15, (size_t)(by + l->stack));

    if ((l->mode & BLOCK_STACK32) && !l->together &&
        lower_flat_operand(l, SEG_SS, m, size, write))
        return;
    if (m.disp)
        x64_lea(&l->x, R8, m);
    else
        x64_mov_rr(&l->x, R8, R15);
    if (!(l->mode & BLOCK_STACK32))
        x64_rr(&l->x, 4, 0x0fb7, R8, R8);
    lower_operand_at(l, SEG_SS, size, write);
}

void lower_stack_words(struct lower *l, int32_t by, unsigned size, bool write)
{
    l->together = true;
    lower_stack_operand(l, by, size, write);
    l->together = false;
}

void lower_push_operand(struct lower *l, unsigned size)
{
    lower_stack_operand(l, -(int32_t)size, size, true);
}

void lower_pop_operand(struct lower *l, unsigned size)
{
    lower_stack_operand(l, 0, size, false);
}

void lower_move_stack(struct lower *l, int32_t by)
{
    if (l->mode & BLOCK_STACK32) {
        l->stack += by;
        if (!l->stack_waits)
            lower_settle_stack(l);
        return;
    }
    flags_reg_write(l, 4, CPU_ESP);
    x64_lea(&l->x, R9, x64_at(R15, (size_t)by));
    x64_rr(&l->x, 2, 0x89, R9, R15);
}

void lower_settle_stack(struct lower *l)
{
    if (!l->stack)
        return;
    flags_reg_write(l, 4, CPU_ESP);
    x64_lea(&l->x, R15, x64_at(R15, (size_t)l->stack));
    l->stack = 0;
}

bool lower_stands_beside(const struct lower *l, unsigned size, unsigned host)
{
    return size != 1 || host < 4 || host > 7 || !x64_mem_rex(l->mem);
}

unsigned lower_beside_mem(struct lower *l, unsigned size, unsigned reg)
{
    unsigned host = host_reg(size, reg), low;

    if (lower_stands_beside(l, size, host))
        return host;
    low = low_begin(l, size, host);
    x64_mov_rr(&l->x, R10, low);
    low_end(l, size, host);
    return R10;
}

void lower_write_mem(struct lower *l, unsigned size, unsigned reg)
{
    x64_store(&l->x, size, lower_beside_mem(l, size, reg), l->mem);
}

void lower_read_mem(struct lower *l, unsigned size, unsigned reg)
{
    unsigned host = host_reg(size, reg), low;

    if (lower_stands_beside(l, size, host)) {
        x64_load(&l->x, size, host, l->mem);
        return;
    }
    x64_load_zx(&l->x, size, R10, l->mem);
    low = low_begin(l, size, host);
    x64_rr(&l->x, size, 0x89, R10, low);
    low_end(l, size, host);
}
