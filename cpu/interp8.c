/* The handlers of 8-bit operations. */
#define BITS  8
#define TABLE interp_table8
#include "cpu/interp_size.inc"
