/* What the parts of the translator share.
 *
 * A region (region.h) becomes one translation: code, and the records below in
 * the cache's data. Records name each other and the code by place (cache.h). */
#ifndef JIT_JIT_INT_H
#define JIT_JIT_INT_H

#include "jit/cache.h"
#include "jit/jit.h"
#include "jit/recipe.h"
#include "jit/region.h"

/* A point where translated code hands over to C. */
enum site_kind {
    SITE_ACCESS,   /* memory that is not quick, or an instruction that only
                      the interpreter can do in this case */
    SITE_STEP,     /* an instruction that the interpreter does */
    SITE_COUNT,    /* too few instructions are left; or the second page of an
                      instruction is another */
    SITE_LINK,     /* goes on at `eip` */
    SITE_INDIRECT, /* goes on at cpu->jit.target */
};

struct site {
    const struct insn *insn; /* ACCESS, STEP. Borrowed from its block */
    uint32_t list;           /* recipes, or 0 */
    uint32_t fpu;            /* struct fpu_point, or 0 */
    uint32_t eip, link;      /* COUNT, LINK */
    uint16_t refund;         /* instructions counted already but not done yet */
    int32_t stack;           /* ACCESS: to be added to ESP */
    uint8_t kind, size;
    bool write, aligned;
    bool changes; /* ACCESS: loads, and stores what it made of that */
    bool words;   /* ACCESS: two, see struct lower */
    bool far;     /* INDIRECT: CS was loaded, so the mode is to be found anew */
    bool keeps;   /* STEP: the instruction does not care for flags */
    bool whole;   /* the list gives all flags */
    uint8_t misses; /* ACCESS: done by the interpreter, up to some number */
    uint8_t hidden; /* see guard_missed() */
};

/* An instruction of the host that may fault: an access by the arena. */
struct guard {
    uint32_t at; /* code */
    uint32_t site;
};

/* The x87 instructions that its pointers name, and the last one's operand. */
struct fpu_point {
    uint32_t insn, memory; /* as in struct cpu_jit; 0: it has them */
    uint32_t kept; /* FPU_KEPT_*: registers of the operand's address that have
                      changed, and whose former values it has; FPU_C1: and C1 */
};

enum {
    FPU_KEPT_BASE = 1 << 0,
    FPU_KEPT_INDEX = 1 << 1,
    FPU_C1 = 1 << 2
};

/* What a call for an x87 instruction needs and does to the stack. */
enum {
    FPU_CALL_ST0 = 1 << 0, /* these are full */
    FPU_CALL_ST1 = 1 << 1,
    FPU_CALL_PUSHES = 1 << 2, /* ST(7) is empty */
    FPU_CALL_POPS = 1 << 3
};

/* ORDER fpu_form: bit 0: two results, bit 1: two operands. */
enum fpu_form {
    FPU_FORM_ST0,
    FPU_FORM_PUSHES,
    FPU_FORM_POPS,
    FPU_FORM_KEEPS, /* ST(1) as it is */
    FPU_FORMS
};

static inline enum fpu_form fpu_call_form(unsigned needs)
{
    if (needs & FPU_CALL_PUSHES)
        return FPU_FORM_PUSHES;
    if (needs & FPU_CALL_POPS)
        return FPU_FORM_POPS;
    return needs & FPU_CALL_ST1 ? FPU_FORM_KEEPS : FPU_FORM_ST0;
}

/* A jump out of a translation to a known place. While it has a target, the
 * jump leads there; else to the code that hands over at its site. */
struct link {
    uint32_t region, target;
    uint32_t eip;        /* where the jump leads */
    uint32_t mode;       /* of the target */
    uint32_t own;        /* the next of the same translation */
    uint32_t next, prev; /* links with the same target */
    uint32_t jump, stub; /* the jump's distance; where it leads without one */
    uint32_t check;      /* the constant that the fetch table's entry of the
                            target must have; 0: none */
};

/* A block of a translation, in the chain of the block's tier. */
struct member {
    uint32_t region;
    uint32_t own;  /* the next of the same translation */
    uint32_t next; /* of the same block */
    const struct block *block;
};

struct translation {
    const struct block *head;
    uint32_t entry; /* code */
    uint32_t next;  /* in its generation */
    uint32_t in;    /* links that lead here */
    uint32_t links, members;
    uint32_t guards, guard_count; /* ascending */
    uint32_t bytes;               /* of code */
    bool dead;
    bool tail; /* of one block, which looks at the count without a reserve;
                  leads to its like alone */
};

/* What a tag stands for; see target.c. */
struct tag {
    uint64_t name; /* cpu->fetch_name */
    uint32_t mode, base;
    uint32_t number; /* 0: unused */
    uint32_t kind;   /* number of mode and base */
};

struct kind {
    uint32_t mode, base;
    uint32_t number; /* 0: unused */
};

#define TAGS  256u
#define KINDS 64u

/* The row of `eip` is SHARED_HASH * eip >> SHARED_SHIFT. */
#define SHARED_HASH     2654435761u
#define SHARED_SHIFT    (32 - CPU_JIT_SHARED_BITS)
/* In keys of shared targets: translations for when few instructions are
 * left. */
#define SHARED_TAIL_BIT 32

/* Of EIP, times 8, this is the distance of a row from the table's start. */
#define TARGET_MASK (((1u << CPU_JIT_TARGET_BITS) - 1) << 1)

_Static_assert(sizeof(struct cpu_jit_target) == 16, "TARGET_MASK");

enum {
    THUNK_SIZES = 8
};

/* Repeated string instructions (x64_repeat.c). EQUAL: as long as elements are
 * equal, OTHER: as long as they are not. */
enum repeat_kind {
    REPEAT_MOVS,
    REPEAT_STOS,
    REPEAT_SCAS_EQUAL,
    REPEAT_SCAS_OTHER,
    REPEAT_CMPS_EQUAL,
    REPEAT_KINDS
};

#define GUARD_CHUNK_BITS 10

struct jit {
    struct cpu *cpu; /* borrowed: it owns the jit */
    struct cache cache;
    unsigned heat;
    unsigned chances, returns;      /* see is_by_chance() */
    const struct jit_skip *skip;    /* borrowed; NULL: none */
    struct host_code_map *code_map; /* the same */
    uint32_t enter, leave, resume, redo, step, port, flags;
    uint32_t indirect[2]; /* see emit_indirect(); for tails */
    uint32_t load_xmm, load_fpu, save_fpu;
    uint32_t flat_segment[SEG_GS + 1]; /* see thunk_flat_segment() */
    uint32_t same_code;                /* see thunk_same_code() */
    uint32_t read_tsc;
    uint32_t fpu_check, set_c1;
    uint32_t fpu_call[16]; /* of D9 F0 + n, or 0 */
    /* Load, store; 1, 2, 4, 8, 16 bytes, 16 bytes that must be aligned, 10,
     * 32. */
    uint32_t miss[2][THUNK_SIZES];
    uint32_t miss_words; /* loads of two words, see struct lower */
    /* Of instructions that only store what cpu->jit.scratch has: 1, 2, 4. */
    uint32_t plain_store[3];
    /* Of those that change what a device gives, and what follows then. */
    uint32_t change[3], changed[3];
    uint32_t repeat[REPEAT_KINDS][3];         /* elements of 1, 2, 4 bytes */
    uint32_t translations[CACHE_GENERATIONS]; /* chains */
    uint8_t *kills; /* by physical page: translations that a store ended */
    /* By parts of the cache: the newest translation with code there. */
    uint32_t *code_of; /* owned */
    uint64_t review;   /* of the arena: when that many are retired */
    bool fsgsbase;     /* the host has instructions for the base of GS */
    bool running;
    uint32_t reserve; /* instructions that are left besides cpu->jit.left */
    const struct insn *next; /* where to go on after SITE_ACCESS, SITE_STEP */
    struct lower *lower;     /* working memory of a translation; owned */
    struct tag tags[TAGS];
    struct kind kinds[KINDS];
    const struct tag *selected;   /* by target_select(); far transfers of
                                     translated code change cpu->jit.tag */
    uint64_t tags_name;           /* what cpu->jit.segments holds good for */
    uint32_t tag_count;           /* given away */
    struct jit_stats stats;       /* but for `left` */
    uint32_t left[2][INSN_SLOTS]; /* instructions; repeated ones */
};

/* Makes a translation of the region around `head` and enters it in the
 * records. Returns its place, or 0 if there is nothing to gain. */
uint32_t jit_translate(struct jit *jit, const struct block *head, bool tail);

/* Who looks on while code is emitted. */
struct lower_watch {
    void (*node)(struct lower_watch *self, uint32_t at, unsigned block,
                 const struct recipe_list *list);
    void (*insn)(struct lower_watch *self, uint32_t at,
                 const struct insn *insn);
    void (*away)(struct lower_watch *self, uint32_t at);
    void (*site)(struct lower_watch *self, uint32_t at, uint32_t site);
};

/* Emits a translation's code anew, in the free part of the cache, and forgets
 * it again; `plan` gets what it is made of. Returns its bytes, or 0 without
 * room. */
uint32_t jit_emit_again(struct jit *jit, const struct translation *t,
                        struct lower_watch *watch, const struct plan **plan);

/* Entries before a block is worth it: the more, the more often code in its
 * page has changed soon after. */
static inline uint32_t jit_heat_needed(const struct jit *jit,
                                       const struct block *block)
{
    unsigned kills = jit->kills[block->phys >> MEM_PAGE_BITS];
    unsigned shift = kills / 4 < 8 ? kills / 4 : 8;

    return (uint32_t)jit->heat << shift;
}

/* Counts a plan that became a translation. */
void stats_note_plan(struct jit *jit, const struct plan *plan);

/* Tells the code map of the code that was emitted for `head` from `code` on;
 * and of the fixed code. */
void stats_map_code(const struct jit *jit, const struct block *head,
                    uint32_t code, size_t bytes);
void stats_map_thunks(const struct jit *jit);

/* Guards: host faults in translated code; see guard_linux.c. */
enum status guard_create(struct jit *jit, bool arenas_always);
void guard_destroy(struct jit *jit);
/* A translation was made; its code ends at `end`. */
void guard_note(struct jit *jit, uint32_t translation, uint32_t end);
/* Before and after translated code runs; and before it goes on where the
 * address space may have changed. */
void guard_enter(struct jit *jit);
void guard_select(const struct jit *jit);
void guard_leave(void);

/* The fixed code that translations call. */
void thunks_emit(struct jit *jit);

/* C functions that it calls. Those that had the interpreter do an instruction
 * say in cpu->jit.resume where translated code goes on, or that with NULL it
 * does not. */
uint8_t *jit_miss(struct cpu *cpu, uint32_t site, uint32_t addr);
void jit_redo(struct cpu *cpu, uint32_t site);
/* Does an access to a quiet device, or a store to page tables or code after
 * which cpu->events may tell that somebody wants to look, and gives memory
 * where translated code can go on with it: a load finds there what the device
 * gave, a store has been done already. NULL: no such device or instruction. */
uint8_t *device_access(struct cpu *cpu, const struct site *site, laddr addr);
/* Whether SSE may be used without a look at each instruction; if not, it has
 * dealt with this one. */
bool jit_load_xmm(struct cpu *cpu, uint32_t site);
bool jit_load_fpu(struct cpu *cpu, uint32_t site);
/* Makes the image that FRSTOR takes, if no instruction needs a look at the
 * exceptions. */
bool jit_fpu_ready(struct cpu *cpu);
/* What was in the host's registers is the cpu's again. `point`: a struct
 * fpu_point, or 0. */
void jit_take_back(struct cpu *cpu, struct jit *jit, uint32_t point);
/* FPU_CALL_* of an instruction, or 0; the same of D9 `modrm`. */
unsigned fpu_call_needs(const struct insn *insn);
unsigned fpu_call_needs_of(unsigned modrm);
/* What does D9 `modrm` with its operands in cpu->jit; `place` as in struct
 * fpu_point. */
typedef void fpu_call_fn(struct cpu *cpu, uint32_t place);
fpu_call_fn *jit_fpu_call(unsigned modrm);
/* Whether it may, by the environment in fpu_image. */
bool jit_fpu_check(struct cpu *cpu, uint32_t place);
/* True: it goes on behind the call. */
bool jit_step(struct cpu *cpu, uint32_t site);
bool jit_port(struct cpu *cpu, uint32_t site);
/* port.c: IN and OUT, which keep flags. */
bool port_is_access(const struct insn *insn);
/* Does one. False: it has left the block, as interp_step() does. */
bool port_access(struct cpu *cpu, const struct insn *insn);
uint32_t jit_flags(struct cpu *cpu, uint32_t list);
/* EDX:EAX, in the cpu = the time-stamp counter before the site's instruction.
 */
void jit_read_tsc(struct cpu *cpu, uint32_t site);

/* target.c: where indirect jumps lead. Before translated code runs: what its
 * targets depend on besides EIP. `mode`: of the block. */
void target_select(struct jit *jit, uint32_t mode);
/* From now on a jump to the head of `t` finds it, as things are now. */
void target_note(struct jit *jit, const struct translation *t);
/* What was noted for it, as things are; NULL: nothing. */
const void *target_find(const struct jit *jit, uint32_t eip);
void target_forget(struct jit *jit, const struct translation *t);
void target_forget_all(struct jit *jit);

/* Links. */
void link_connect(struct jit *jit, uint32_t link, uint32_t target);
/* Nobody enters a translation any more. */
void translation_kill(struct jit *jit, uint32_t place);
/* The same of all that contain a block, which is to be translated anew. */
void translation_kill_users(struct jit *jit, const struct block *block);
void jit_block_killed(void *self, const struct block *block);
void jit_forget(void *self);
/* Room for one more translation. */
void jit_make_room(struct jit *jit);

static inline void *jit_at(const struct jit *jit, uint32_t place)
{
    return cache_at(&jit->cache, place);
}

#endif
