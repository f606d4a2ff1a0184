/*
 * records.c - the everyday statement mix of application code: records linked by
 * pointers, enumerations, string copies and comparisons, small functions and
 * two-dimensional arrays.
 */
#include "kernels.h"

enum colour {
    RED,
    GREEN,
    BLUE,
    WHITE,
    COLOURS
};

struct record {
    struct record *next;
    enum colour colour;
    s32 count;
    s32 weight;
    char name[32];
};

static struct record pool[16];
static s32 grid[32][32];

static NOINLINE void copy_string(char *to, const char *from)
{
    while ((*to++ = *from++))
        ;
}

static NOINLINE int compare_string(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (u8)*a - (u8)*b;
}

static NOINLINE enum colour next_colour(enum colour c)
{
    switch (c) {
    case RED: return BLUE;
    case GREEN: return RED;
    case BLUE: return WHITE;
    default: return GREEN;
    }
}

static NOINLINE s32 weigh(const struct record *r, s32 limit)
{
    s32 w = r->weight * 3 + r->count;

    return w > limit ? w - limit : w;
}

static NOINLINE void update(struct record *r, const struct record *from,
                            s32 limit)
{
    r->count = from->count + 1;
    r->weight = weigh(from, limit);
    r->colour = next_colour(from->colour);
    copy_string(r->name, from->name);
    r->name[from->count & 15] = (char)('A' + (r->weight & 15));
}

static NOINLINE void fill(s32 row, s32 seed)
{
    for (s32 i = 0; i < 32; i++) {
        grid[row][i] = seed + i;
        grid[i][row] += seed;
    }
}

u32 k_records(void)
{
    u32 sum = 0;

    for (int i = 0; i < 16; i++) {
        pool[i].next = &pool[(i * 5 + 1) & 15];
        pool[i].colour = (enum colour)(i & 3);
        pool[i].count = i;
        pool[i].weight = i * 37;
        copy_string(pool[i].name, "AN ORDINARY RECORD OF THIS SET");
        for (int j = 0; j < 32; j++)
            grid[i][j] = grid[i + 16][j] = 0;
    }
    struct record *r = pool;
    for (int i = 0; i < 800; i++) {
        struct record *n = r->next;

        update(n, r, 1000 + (i & 255));
        if (compare_string(n->name, r->name) > 0)
            sum = mix(sum, (u32)n->weight);
        else
            sum += (u32)n->colour;
        if ((i & 15) == 0)
            fill(i >> 4 & 31, n->weight);
        r = n;
    }
    for (int i = 0; i < 32; i++)
        sum = mix(sum, (u32)grid[i][31 - i]);
    return sum;
}
