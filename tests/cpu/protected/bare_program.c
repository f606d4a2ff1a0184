/* bare_program IMAGE MODEL: runs a 64 KiB image on the bare machine, prints its
 * text, and ends with the status that it wrote to port F4, or 2 if it never
 * did. */
#include <stdio.h>

#include "core/types.h"
#include "tests/cpu/bare.h"

#define INSNS_MAX 100000000u

int main(int argc, char **argv)
{
    enum cpu_model model;
    struct bare *bare;
    int status = 2;

    if (argc != 3 || !cpu_model_find(argv[2], &model)) {
        fprintf(stderr, "usage: bare_program IMAGE MODEL\n");
        return 2;
    }
    if (bare_create(&bare, model, MIB(2)) != STATUS_OK)
        return 2;
    if (bare_load_rom(bare, argv[1]) != STATUS_OK) {
        fprintf(stderr, "%s: no 64 KiB image\n", argv[1]);
    } else if (bare_run(bare, INSNS_MAX) == BARE_EXITED) {
        status = bare->status;
    } else {
        fputs("(it did not end by itself)\n", stderr);
    }
    fputs(bare->text, stdout);
    bare_destroy(bare);
    return status;
}
