/* Integer SIMD: what the rows of insn_simd.def do to whole registers, mm_NAME()
 * for MMX and xmm_NAME() for the others. The interpreter's quick handlers take
 * them in; simd_table.c makes a table of them. */
#ifndef CPU_SIMD_BODIES_H
#define CPU_SIMD_BODIES_H

#include "cpu/simd_int.h"
#include "cpu/simd_lanes.h"

/* Halves by themselves. */

#define X(name) \
    static inline uint64_t mm_##name(uint64_t d, uint64_t s, \
                                     const struct insn *insn) \
    { \
        (void)insn; \
        return lane_##name(d, s); \
    } \
    static inline void xmm_##name(struct xmm *d, const struct xmm *s, \
                                  const struct insn *insn) \
    { \
        (void)insn; \
        d->q[0] = lane_##name(d->q[0], s->q[0]); \
        d->q[1] = lane_##name(d->q[1], s->q[1]); \
    }
SIMD_LANE_LIST(X)
#undef X

/* The count is the low half of the source. */
#define X(name) \
    static inline uint64_t mm_##name(uint64_t d, uint64_t s, \
                                     const struct insn *insn) \
    { \
        (void)insn; \
        return lane_##name(d, s); \
    } \
    static inline void xmm_##name(struct xmm *d, const struct xmm *s, \
                                  const struct insn *insn) \
    { \
        (void)insn; \
        d->q[0] = lane_##name(d->q[0], s->q[0]); \
        d->q[1] = lane_##name(d->q[1], s->q[0]); \
    }
SIMD_SHIFT_LIST(X)
#undef X

/* Packing and unpacking. */

static inline uint64_t join(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

#define X(name) \
    static inline uint64_t mm_##name(uint64_t d, uint64_t s, \
                                     const struct insn *insn) \
    { \
        (void)insn; \
        return join(lane_##name(d), lane_##name(s)); \
    } \
    static inline void xmm_##name(struct xmm *d, const struct xmm *s, \
                                  const struct insn *insn) \
    { \
        (void)insn; \
        d->q[0] = join(lane_##name(d->q[0]), lane_##name(d->q[1])); \
        d->q[1] = join(lane_##name(s->q[0]), lane_##name(s->q[1])); \
    }
SIMD_PACK_LIST(X)
#undef X

#define UNPACK(name, lane, shift, half) \
    static inline uint64_t mm_##name(uint64_t d, uint64_t s, \
                                     const struct insn *insn) \
    { \
        (void)insn; \
        return lane((uint32_t)(d >> (shift)), (uint32_t)(s >> (shift))); \
    } \
    static inline void xmm_##name(struct xmm *d, const struct xmm *s, \
                                  const struct insn *insn) \
    { \
        uint64_t a = d->q[half], b = s->q[half]; \
\
        (void)insn; \
        d->q[0] = lane((uint32_t)a, (uint32_t)b); \
        d->q[1] = lane((uint32_t)(a >> 32), (uint32_t)(b >> 32)); \
    }
#define X(name) \
    UNPACK(punpckl##name, lane_##name, 0, 0) \
    UNPACK(punpckh##name, lane_##name, 32, 1)
SIMD_UNPACK_LIST(X)
#undef X

static inline void xmm_punpcklqdq(struct xmm *d, const struct xmm *s,
                                  const struct insn *insn)
{
    (void)insn;
    d->q[1] = s->q[0];
}

static inline void xmm_punpckhqdq(struct xmm *d, const struct xmm *s,
                                  const struct insn *insn)
{
    (void)insn;
    d->q[0] = d->q[1];
    d->q[1] = s->q[1];
}

/* Shuffles: two bits of the immediate choose each element. */

static inline uint64_t shuffle_words(uint64_t from, unsigned order)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 4; i++)
        r |= (from >> (16 * (order >> (2 * i) & 3)) & 0xffff) << (16 * i);
    return r;
}

static inline uint32_t dword(const struct xmm *from, unsigned n)
{
    return (uint32_t)(from->q[n >> 1 & 1] >> (32 * (n & 1)));
}

static inline uint64_t mm_pshufw(uint64_t d, uint64_t s,
                                 const struct insn *insn)
{
    (void)d;
    return shuffle_words(s, insn->imm);
}

static inline void xmm_pshuflw(struct xmm *d, const struct xmm *s,
                               const struct insn *insn)
{
    d->q[0] = shuffle_words(s->q[0], insn->imm);
    d->q[1] = s->q[1];
}

static inline void xmm_pshufhw(struct xmm *d, const struct xmm *s,
                               const struct insn *insn)
{
    d->q[0] = s->q[0];
    d->q[1] = shuffle_words(s->q[1], insn->imm);
}

static inline void xmm_pshufd(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    unsigned order = insn->imm;

    d->q[0] = join(dword(s, order & 3), dword(s, order >> 2 & 3));
    d->q[1] = join(dword(s, order >> 4 & 3), dword(s, order >> 6 & 3));
}

static inline void xmm_shufps(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    const struct xmm a = *d, b = *s;
    unsigned order = insn->imm;

    d->q[0] = join(dword(&a, order & 3), dword(&a, order >> 2 & 3));
    d->q[1] = join(dword(&b, order >> 4 & 3), dword(&b, order >> 6 & 3));
}

static inline void xmm_shufpd(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    uint64_t high = s->q[insn->imm >> 1 & 1];

    d->q[0] = d->q[insn->imm & 1];
    d->q[1] = high;
}

/* Shifts of the whole by bytes. */

static inline void xmm_psrldq(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    unsigned bytes = insn->imm < 16 ? insn->imm : 16;
    uint8_t from[32] = {0};

    (void)s;
    memcpy(from, d, 16);
    memcpy(d, from + bytes, 16);
}

static inline void xmm_pslldq(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    unsigned bytes = insn->imm < 16 ? insn->imm : 16;
    uint8_t from[32] = {0};

    (void)s;
    memcpy(from + 16, d, 16);
    memcpy(d, from + 16 - bytes, 16);
}

/* Moves. */

static inline uint64_t mm_mov(uint64_t d, uint64_t s, const struct insn *insn)
{
    (void)d;
    (void)insn;
    return s;
}

static inline void xmm_mov(struct xmm *d, const struct xmm *s,
                           const struct insn *insn)
{
    (void)insn;
    *d = *s;
}

/* From memory the rest becomes 0, from a register it stays. */
static inline void xmm_movss(struct xmm *d, const struct xmm *s,
                             const struct insn *insn)
{
    if (insn->flags & INSN_MEM)
        *d = (struct xmm){{(uint32_t)s->q[0], 0}};
    else
        d->q[0] = (d->q[0] & ~(uint64_t)UINT32_MAX) | (uint32_t)s->q[0];
}

static inline void xmm_movsd(struct xmm *d, const struct xmm *s,
                             const struct insn *insn)
{
    d->q[0] = s->q[0];
    if (insn->flags & INSN_MEM)
        d->q[1] = 0;
}

static inline void xmm_movq(struct xmm *d, const struct xmm *s,
                            const struct insn *insn)
{
    (void)insn;
    *d = (struct xmm){{s->q[0], 0}};
}

static inline void xmm_movlps(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    (void)insn;
    d->q[0] = s->q[0];
}

static inline void xmm_movhps(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    (void)insn;
    d->q[1] = s->q[0];
}

static inline void xmm_movhlps(struct xmm *d, const struct xmm *s,
                               const struct insn *insn)
{
    (void)insn;
    d->q[0] = s->q[1];
}

static inline uint64_t insert_word(uint64_t into, uint64_t word, unsigned n)
{
    uint64_t mask = UINT64_C(0xffff) << (16 * (n & 3));

    return (into & ~mask) | (word << (16 * (n & 3)) & mask);
}

static inline uint64_t mm_pinsrw(uint64_t d, uint64_t s,
                                 const struct insn *insn)
{
    return insert_word(d, s, insn->imm);
}

static inline void xmm_pinsrw(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    uint64_t *half = &d->q[insn->imm >> 2 & 1];

    *half = insert_word(*half, s->q[0], insn->imm);
}

/* To general registers. An MMX register comes with 0 as the other half. */

static inline void xmm_pextrw(struct xmm *d, const struct xmm *s,
                              const struct insn *insn)
{
    bool mm = insn_info[insn->slot].operand[1] == OPERAND_N;
    uint64_t half = s->q[mm ? 0 : insn->imm >> 2 & 1];

    d->q[0] = half >> (16 * (insn->imm & 3)) & 0xffff;
}

static inline void xmm_pmovmskb(struct xmm *d, const struct xmm *s,
                                const struct insn *insn)
{
    uint64_t mask = 0;

    (void)insn;
    for (unsigned i = 0; i < 16; i++)
        mask |= (s->q[i / 8] >> (8 * (i & 7) + 7) & 1) << i;
    d->q[0] = mask;
}

/* By the kind of operand: MOVMSKPS and MOVMSKPD. */
static inline void xmm_movmskps(struct xmm *d, const struct xmm *s,
                                const struct insn *insn)
{
    uint64_t high = s->q[1] >> 63, low = s->q[0] >> 63;

    if (insn->slot >= INSN_SLOT_66)
        d->q[0] = high << 1 | low;
    else
        d->q[0] = high << 3 | (s->q[1] >> 31 & 1) << 2 | low << 1 |
                  (s->q[0] >> 31 & 1);
}

#endif
