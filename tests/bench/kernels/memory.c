/* memory.c - memory-bound integer kernels: sieve, pointer chasing, hash table.
 */
#include "kernels.h"

u32 k_sieve(void)
{
    enum {
        N = 512 << 10
    };
    u8 *flag = arena;
    u32 count = 0, sum = 0;

    for (u32 i = 0; i < N; i++)
        flag[i] = 1;
    for (u32 i = 2; i * i < N; i++)
        if (flag[i])
            for (u32 j = i * i; j < N; j += i)
                flag[j] = 0;
    for (u32 i = 2; i < N; i++)
        if (flag[i]) {
            count++;
            sum += i;
        }
    return mix(sum, count);
}

/* A shuffled singly linked ring, walked, then split into two by a predicate and
 * merged again: loads whose addresses depend on the load before. */
struct node {
    struct node *next;
    u32 value;
    u32 pad[6];
};

u32 k_chase(void)
{
    enum {
        N = 8192
    };
    struct node *nodes = (struct node *)arena;
    u32 *order = (u32 *)(arena + N * sizeof(struct node));
    u32 seed = 42, sum = 0;

    for (u32 i = 0; i < N; i++)
        order[i] = i;
    for (u32 i = N - 1; i > 0; i--) {
        u32 j = rng(&seed) % (i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (u32 i = 0; i < N; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) & (N - 1)]];
        nodes[order[i]].value = rng(&seed);
    }
    struct node *p = nodes;
    for (u32 i = 0; i < 6 * N; i++) {
        sum = rol32(sum, 1) + p->value;
        p = p->next;
    }
    /* split into odd and even lists, then count each */
    struct node *odd = 0, *even = 0, *first = p;
    do {
        struct node *n = p->next;
        if (p->value & 1) {
            p->next = odd;
            odd = p;
        } else {
            p->next = even;
            even = p;
        }
        p = n;
    } while (p != first);
    for (p = odd; p; p = p->next)
        sum = mix(sum, p->value);
    for (p = even; p; p = p->next)
        sum ^= p->value;
    return sum;
}

struct entry {
    struct entry *next;
    u32 key;
    u32 value;
};

u32 k_hash(void)
{
    enum {
        BUCKETS = 4096,
        N = 12000
    };
    struct entry **bucket = (struct entry **)arena;
    struct entry *entries = (struct entry *)(arena + BUCKETS * sizeof *bucket);
    u32 seed = 7, used = 0, sum = 0;

    for (u32 i = 0; i < BUCKETS; i++)
        bucket[i] = 0;
    for (u32 i = 0; i < N; i++) { /* insert or count */
        u32 key = rng(&seed) % (N / 2);
        u32 h = (key * 2654435761u) >> 20;
        struct entry *e = bucket[h];
        while (e && e->key != key)
            e = e->next;
        if (!e) {
            e = &entries[used++];
            e->key = key;
            e->value = 0;
            e->next = bucket[h];
            bucket[h] = e;
        }
        e->value += i;
    }
    for (u32 i = 0; i < N; i++) { /* look up, and delete a few */
        u32 key = rng(&seed) % N;
        u32 h = (key * 2654435761u) >> 20;
        struct entry **link = &bucket[h];
        while (*link && (*link)->key != key)
            link = &(*link)->next;
        if (*link) {
            sum = mix(sum, (*link)->value);
            if ((i & 7) == 0)
                *link = (*link)->next;
        } else {
            sum++;
        }
    }
    return mix(sum, used);
}
