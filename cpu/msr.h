/* Model-specific registers: where their values stand in cpu->msr. */
#ifndef CPU_MSR_H
#define CPU_MSR_H

#define MSR_APIC_BASE_ENABLE 0x800u

enum {
#define MSR(name, number, count, first, last, reset, writable, check) \
    MSR_##name, MSR_##name##_LAST = MSR_##name + (count)-1,
#include "cpu/msr.def"
    CPU_MSRS
};

#endif
