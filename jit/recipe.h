/* How the arithmetic flags follow from values that are still there.
 *
 * Translated code keeps flags in the host's flags as long as it can, and
 * forgets them when it needs those for something else. What it does not forget
 * is where they came from: a list of recipes, oldest first, each of which
 * gives some flags from registers, constants or saved values. Only code out of
 * the way (a fault, the end of a time slice) follows the recipes, with the
 * interpreter's own functions; so hot code pays nothing for flags that nobody
 * looks at, and what an exit shows is what the interpreter would show.
 *
 * What the list does not give is in cpu->lazy, or if cpu->jit.pending is not 0
 * in the list that it names; but all save CF in what cpu->jit.partial names, if
 * that is not 0: one INC or DEC.
 *
 * A recipe is a function of its values alone: applied twice it changes
 * nothing. */
#ifndef JIT_RECIPE_H
#define JIT_RECIPE_H

#include "cpu/state.h"

/* clang-format off */
/*        kind    flags it gives            from */
#define RECIPE_LIST(X) \
    X(LOGIC, FLAGS_OSZAPC)               /* result */ \
    X(TEST,  FLAGS_OSZAPC)               /* a, b: result a & b */ \
    X(ADD,   FLAGS_OSZAPC)               /* a, b */ \
    X(ADD_R, FLAGS_OSZAPC)               /* result, b */ \
    X(SUB,   FLAGS_OSZAPC)               /* a, b */ \
    X(SUB_R, FLAGS_OSZAPC)               /* result, b */ \
    X(ADC_R, FLAGS_OSZAPC)               /* result, b, carry */ \
    X(SBB_R, FLAGS_OSZAPC)               /* result, b, borrow */ \
    X(INC,   FLAGS_OSZAP)                /* result */ \
    X(DEC,   FLAGS_OSZAP)                /* result */ \
    X(NEG,   FLAGS_OSZAPC)               /* result */ \
    X(SHL,   FLAGS_OSZAPC)               /* a, count */ \
    X(SHR,   FLAGS_OSZAPC)               /* a, count */ \
    X(SAR,   FLAGS_OSZAPC)               /* a, count */ \
    X(ROL,   FLAG_OF | FLAG_CF)          /* result, count */ \
    X(ROR,   FLAG_OF | FLAG_CF)          /* result, count */ \
    X(RCL,   FLAG_OF | FLAG_CF)          /* a, count, carry */ \
    X(RCR,   FLAG_OF | FLAG_CF)          /* a, count, carry */ \
    X(SHLD,  FLAGS_OSZAPC)               /* a, b, count */ \
    X(SHRD,  FLAGS_OSZAPC)               /* a, b, count */ \
    X(BSF,   FLAGS_OSZAPC)               /* operand */ \
    X(BSR,   FLAGS_OSZAPC)               /* operand */ \
    X(DIV,   FLAGS_OSZAPC & ~(FLAG_OF | FLAG_CF)) /* nothing */ \
    X(CO,    FLAG_OF | FLAG_CF)          /* both flags */ \
    X(CF,    FLAG_CF)                    /* the flag */ \
    X(NCF,   FLAG_CF)                    /* the flag, inverted */ \
    X(SAHF,  FLAGS_OSZAPC & ~FLAG_OF)    /* AH */ \
    X(COMI,  FLAGS_OSZAPC)               /* AH of LAHF: ZF, PF, CF; others 0 */ \
    X(SAVED, FLAGS_OSZAPC)               /* AH and AL of LAHF, SETO AL */ \
    X(HELD,  FLAGS_OSZAPC)               /* the host's; those of a mask */
/* clang-format on */

enum recipe_kind {
#define X(kind, flags) RECIPE_##kind,
    RECIPE_LIST(X)
#undef X
};

enum recipe_where {
    VALUE_NONE,
    VALUE_IMM,
    VALUE_REG,       /* guest register; of a byte, its place in the file */
    VALUE_CL,        /* guest CL */
    VALUE_SLOT,      /* cpu->jit.slot, low bits */
    VALUE_SLOT_HIGH, /* the same, bits 8-15 */
    VALUE_HOST       /* the host's flags where it faulted */
};

struct recipe_value {
    uint8_t where; /* enum recipe_where */
    uint8_t n;     /* register or slot */
    uint16_t zero;
    uint32_t imm;
};

struct recipe {
    uint8_t kind;  /* enum recipe_kind */
    uint8_t bits;  /* of the operands */
    uint8_t maybe; /* a count that may be 0: then nothing changes */
    uint8_t zero;
    uint32_t flags; /* that it gives: see RECIPE_LIST. Fewer: others that it
                       would give are known from elsewhere, or dead */
    struct recipe_value v[3];
};

#define RECIPES_MAX 5

/* Compared by bytes: what is not used is 0. */
struct recipe_list {
    uint32_t count;
    struct recipe r[RECIPES_MAX];
};

uint32_t recipe_flags(enum recipe_kind kind);

/* Puts what a list gives into cpu->lazy. The guest's registers are in
 * cpu->reg. */
void recipe_apply(struct cpu *cpu, const struct recipe_list *list);

/* Adds a recipe as the newest; false if there is no room. */
bool recipe_add(struct recipe_list *list, const struct recipe *recipe);

/* Drops what is not needed: recipes for none of the flags in `need`, and ones
 * that newer recipes hide. */
void recipe_prune(struct recipe_list *list, uint32_t need);

/* Flags that a list gives for certain. */
uint32_t recipe_coverage(const struct recipe_list *list);

#endif
