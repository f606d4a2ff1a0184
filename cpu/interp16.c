/* The handlers of 16-bit operations. */
#define BITS  16
#define TABLE interp_table16
#include "cpu/interp_size.inc"
