/* For hosts without a cheaper way: plain memory, filled. */
#include "core/flat.h"

#include <stdlib.h>

struct flat_source {
    size_t count;
    int64_t fill;
};

struct flat_source *flat_source_create(size_t count, int64_t fill)
{
    struct flat_source *source = malloc(sizeof(*source));

    if (source)
        *source = (struct flat_source){count, fill};
    return source;
}

void flat_source_destroy(struct flat_source *source)
{
    free(source);
}

int64_t *flat_create(struct flat_source *source)
{
    int64_t *table = malloc(source->count * sizeof(*table));

    for (size_t i = 0; table && i < source->count; i++)
        table[i] = source->fill;
    return table;
}

void flat_destroy(struct flat_source *source, int64_t *table)
{
    (void)source;
    free(table);
}
