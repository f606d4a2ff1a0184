/* Handlers of options that QEMU's users type: what this machine has anyway is
 * taken, the rest refused by name with the remedy. */
#include <string.h>

#include "frontend/options_int.h"

bool options_take_only(struct options *options, const struct option_row *row,
                       const char *value, struct failure *failure)
{
    (void)options;
    if (strcmp(value, row->detail) == 0)
        return true;
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "-%s %s: this machine knows only -%s %s; leave it out",
                       row->name, value, row->name, row->detail);
}

bool options_take_refused(struct options *options, const struct option_row *row,
                          const char *value, struct failure *failure)
{
    (void)options;
    return failure_set(failure, EXIT_STATUS_USAGE,
                       "-%s%s%s: an option of QEMU that is not known here; %s",
                       row->name, value ? " " : "", value ? value : "",
                       row->detail);
}

/* The network card; or the exit port, which has to be asked for, only at the
 * place and width that -exit-port means. */
bool options_take_device(struct options *options, const struct option_row *row,
                         const char *value, struct failure *failure)
{
    const char *rest = value;
    struct option_piece piece;
    bool known;
    bool fits;

    if (strncmp(value, "ne2k_", 5) == 0)
        return options_take_card(options, row, value, failure);
    known = options_next_piece(&rest, &piece, &fits) && !piece.key[0] &&
            strcmp(piece.value, "isa-debug-exit") == 0;
    while (known && options_next_piece(&rest, &piece, &fits)) {
        bool base = strcmp(piece.key, "iobase") == 0 &&
                    strcmp(piece.value, "0xf4") == 0;
        bool size = strcmp(piece.key, "iosize") == 0 &&
                    strspn(piece.value, "124") == 1 && !piece.value[1];

        known = fits && (base || size);
    }
    if (!known)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "-%s %s: devices are chosen by the board; known are "
                           "only isa-debug-exit,iobase=0xf4,iosize=4 and the "
                           "network cards ne2k_pci and ne2k_isa",
                           row->name, value);
    options->exit_port = true;
    return true;
}
