/* Saves and restores what a state table names, as a snapshot does. */
#ifndef TESTS_STATE_COPY_H
#define TESTS_STATE_COPY_H

#include <check.h>
#include <string.h>

#include "core/state.h"

/* Bytes that the table's values take. */
static inline size_t state_copy_bytes(const struct state_field *table)
{
    size_t bytes = 0;

    for (; table->name; table++) {
        ck_assert_int_ne(table->kind, STATE_KIND_BUFFER);
        bytes += table->count * (table->kind == STATE_KIND_TABLE
                                     ? state_copy_bytes(table->table)
                                     : table->size);
    }
    return bytes;
}

static inline uint8_t *state_copy(void *object, uint8_t *at, bool load,
                                  const struct state_field *table)
{
    for (; table->name; table++) {
        char *field = (char *)object + table->offset;

        if (table->kind == STATE_KIND_TABLE) {
            for (size_t i = 0; i < table->count; i++)
                at =
                    state_copy(field + i * table->size, at, load, table->table);
            continue;
        }
        if (load)
            memcpy(field, at, table->size * table->count);
        else
            memcpy(at, field, table->size * table->count);
        for (size_t i = 0; i < table->count; i++) {
            if (load && table->kind == STATE_KIND_BOOLS)
                field[i] = field[i] != 0;
        }
        at += table->size * table->count;
    }
    return at;
}

#endif
