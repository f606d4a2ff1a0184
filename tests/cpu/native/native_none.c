/* Hosts that cannot run i386 code. */
#include "tests/cpu/native/native.h"

enum status native_create(struct native **out)
{
    *out = NULL;
    return STATUS_NOT_FOUND;
}

void native_destroy(struct native *native)
{
    (void)native;
}

unsigned native_end(bool code16, uint8_t bytes[8])
{
    (void)code16;
    (void)bytes;
    return 0;
}

void native_run(struct native *native, bool code16, struct native_state *state)
{
    (void)native;
    (void)code16;
    (void)state;
}
