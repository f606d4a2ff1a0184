/* calls.c - control flow: indirect calls, switch dispatch, recursion. */
#include "kernels.h"

/* ---- quicksort of pointers through a comparison function -------------------
 */

struct item {
    u32 key;
    s32 rank;
    u8 tag[8];
};

typedef int (*compare_fn)(const struct item *, const struct item *);

static int by_key(const struct item *a, const struct item *b)
{
    return a->key < b->key ? -1 : a->key > b->key;
}

static int by_rank(const struct item *a, const struct item *b)
{
    return a->rank < b->rank ? -1 : a->rank > b->rank ? 1 : by_key(a, b);
}

static int by_tag(const struct item *a, const struct item *b)
{
    for (int i = 0; i < 8; i++)
        if (a->tag[i] != b->tag[i])
            return a->tag[i] < b->tag[i] ? -1 : 1;
    return by_key(a, b);
}

static NOINLINE void sort(struct item **v, s32 low, s32 high,
                          compare_fn compare)
{
    while (high - low > 8) {
        struct item *pivot = v[low + (high - low) / 2];
        s32 i = low, j = high;

        while (i <= j) {
            while (compare(v[i], pivot) < 0)
                i++;
            while (compare(v[j], pivot) > 0)
                j--;
            if (i <= j) {
                struct item *t = v[i];
                v[i++] = v[j];
                v[j--] = t;
            }
        }
        if (j - low < high - i) {
            sort(v, low, j, compare);
            low = i;
        } else {
            sort(v, i, high, compare);
            high = j;
        }
    }
    for (s32 i = low + 1; i <= high; i++) {
        struct item *t = v[i];
        s32 j = i - 1;

        for (; j >= low && compare(v[j], t) > 0; j--)
            v[j + 1] = v[j];
        v[j + 1] = t;
    }
}

/* ---- "virtual" methods
 * -------------------------------------------------------- */

struct shape;
struct methods {
    s32 (*area)(const struct shape *);
    s32 (*edge)(const struct shape *);
};
struct shape {
    const struct methods *m;
    s32 a, b;
};

static s32 box_area(const struct shape *s)
{
    return s->a * s->b;
}
static s32 box_edge(const struct shape *s)
{
    return 2 * (s->a + s->b);
}
static s32 square_area(const struct shape *s)
{
    return s->a * s->a;
}
static s32 square_edge(const struct shape *s)
{
    return 4 * s->a;
}
static s32 tri_area(const struct shape *s)
{
    return s->a * s->b / 2;
}
static s32 tri_edge(const struct shape *s)
{
    return 3 * s->b;
}

static const struct methods kinds[3] = {
    {box_area, box_edge},
    {square_area, square_edge},
    {tri_area, tri_edge},
};

u32 k_qsort(void)
{
    enum {
        N = 4096
    };
    static const compare_fn orders[] = {by_key, by_rank, by_tag};
    struct item *items = (struct item *)arena;
    struct item **v = (struct item **)(arena + N * sizeof *items);
    struct shape *shapes = (struct shape *)(v + N);
    u32 seed = 3, sum = 0;

    for (u32 i = 0; i < N; i++) {
        items[i].key = rng(&seed);
        items[i].rank = (s32)(rng(&seed) & 255);
        for (int j = 0; j < 8; j++)
            items[i].tag[j] = (u8)("ACGT"[rng(&seed) & 3]);
        v[i] = &items[i];
        shapes[i].m = &kinds[rng(&seed) % 3];
        shapes[i].a = (s32)(rng(&seed) & 63);
        shapes[i].b = (s32)(rng(&seed) & 63);
    }
    for (int o = 0; o < 3; o++) {
        sort(v, 0, N - 1, orders[o]);
        for (u32 i = 0; i < N; i += 61)
            sum = mix(sum, v[i]->key);
    }
    for (int pass = 0; pass < 4; pass++)
        for (u32 i = 0; i < N; i++)
            sum += (u32)(shapes[i].m->area(&shapes[i]) ^
                         shapes[i].m->edge(&shapes[i]));
    return sum;
}

/* ---- byte-code interpreter
 * ------------------------------------------------------ */

enum op {
    PUSH,
    LOAD,
    STORE,
    ADD,
    SUB,
    MUL,
    AND,
    SHR,
    LESS,
    EQUAL,
    JUMP,
    JZ,
    DUP,
    DROP,
    INC,
    XOR,
    HALT,
};

/* for (i = 1; i < 400; i++) for (n = i; n != 1; steps++) n = n & 1 ? 3 * n + 1
 * : n / 2, acc = acc * 31 ^ n: the Collatz walk, by stack machine. */
static const u8 program[] = {
    /*  0 */ PUSH,
    1,
    STORE,
    0, /* i = 1 */
    /*  4 */ PUSH,
    0,
    STORE,
    2, /* acc = 0 */
    /*  8 */ LOAD,
    0,
    PUSH,
    200,
    LESS,
    JZ,
    74, /* while (i < 200) */
    /* 15 */ LOAD,
    0,
    STORE,
    1, /*   n = i */
    /* 19 */ LOAD,
    1,
    PUSH,
    1,
    EQUAL,
    PUSH,
    0,
    EQUAL,
    JZ,
    68, /*   while (n != 1) */
    /* 29 */ LOAD,
    1,
    PUSH,
    1,
    AND,
    JZ,
    47, /*     if (n & 1) */
    /* 36 */ LOAD,
    1,
    DUP,
    DUP,
    ADD,
    ADD,
    PUSH,
    1,
    ADD,
    JUMP,
    52,
    /* 47 */ LOAD,
    1,
    PUSH,
    1,
    SHR,
    /* 52 */ DUP,
    STORE,
    1, /*     n = ... */
    /* 55 */ LOAD,
    2,
    PUSH,
    31,
    MUL,
    XOR,
    STORE,
    2, /*     acc = acc * 31 ^ n */
    /* 63 */ INC,
    3,
    JUMP,
    19,
    HALT,
    /* 68 */ INC,
    0,
    JUMP,
    8,
    HALT,
    HALT,
    /* 74 */ HALT,
};

static NOINLINE u32 interpret(const u8 *pc, u32 *var)
{
    u32 stack[16], *sp = stack;
    const u8 *base = pc;

    for (;;) {
        switch ((enum op) * pc++) {
        case PUSH: *sp++ = *pc++; break;
        case LOAD: *sp++ = var[*pc++]; break;
        case STORE: var[*pc++] = *--sp; break;
        case ADD:
            sp--;
            sp[-1] += sp[0];
            break;
        case SUB:
            sp--;
            sp[-1] -= sp[0];
            break;
        case MUL:
            sp--;
            sp[-1] *= sp[0];
            break;
        case AND:
            sp--;
            sp[-1] &= sp[0];
            break;
        case XOR:
            sp--;
            sp[-1] ^= sp[0];
            break;
        case SHR:
            sp--;
            sp[-1] >>= sp[0];
            break;
        case LESS:
            sp--;
            sp[-1] = sp[-1] < sp[0];
            break;
        case EQUAL:
            sp--;
            sp[-1] = sp[-1] == sp[0];
            break;
        case JUMP: pc = base + *pc; break;
        case JZ: pc = *--sp ? pc + 1 : base + *pc; break;
        case DUP:
            *sp = sp[-1];
            sp++;
            break;
        case DROP: sp--; break;
        case INC: var[*pc++]++; break;
        case HALT: return var[2];
        }
    }
}

u32 k_interp(void)
{
    u32 var[4] = {0, 0, 0, 0};
    u32 sum = interpret(program, var);

    return mix(sum, var[3]);
}

/* ---- recursion
 * -------------------------------------------------------------------- */

static NOINLINE u32 fib(u32 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static NOINLINE u32 ackermann(u32 m, u32 n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

u32 k_fib(void)
{
    return mix(fib(20), ackermann(2, 60));
}
