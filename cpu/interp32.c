/* The handlers of 32-bit operations. */
#define BITS  32
#define TABLE interp_table32
#include "cpu/interp_size.inc"
