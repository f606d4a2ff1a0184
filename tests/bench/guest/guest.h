/* guest.h - the bare-metal side of the benchmark. */
#ifndef GUEST_H
#define GUEST_H

#include "../kernels/kernels.h"

/* ---- ports ---- */
static inline void outb(u16 port, u8 v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static inline u8 inb(u16 port)
{
    u8 v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

/* ---- serial.c ---- */
void serial_init(void);
void put_char(char c);
void put_text(const char *s);
void put_dec(u32 v);
void put_hex(u32 v, int digits);

/* ---- cpu.c ---- */
struct frame { /* what isr_common pushes */
    u32 es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax;
    u32 vector, error, eip, cs, eflags, user_esp, user_ss;
};

extern u32 cpu_features;   /* CPUID 1 EDX, 0 where there is no CPUID */
extern volatile u32 ticks; /* timer interrupts taken */

enum {
    FEATURE_TSC = 1 << 4,
    FEATURE_CMOV = 1 << 15,
    FEATURE_MMX = 1 << 23,
    FEATURE_SSE = 1 << 25,
    FEATURE_SSE2 = 1 << 26
};

void cpu_init(u32 hz);
void paging_on(void);
void paging_off(void);

/* A window of virtual memory for the paging kernels: 16 MiB at WINDOW, its page
 * tables in one array.  Frames are taken from the arena. */
#define WINDOW       0x40000000u
#define WINDOW_PAGES 4096u
extern u32 window_table[WINDOW_PAGES];
enum {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4
};

/* Called on a page fault; returns 1 if it dealt with it. */
extern int (*fault_hook)(u32 address, u32 error);
extern u32 syscall_count;

static inline void invlpg(u32 address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}
static inline void reload_cr3(void)
{
    u32 v;
    __asm__ volatile("movl %%cr3, %0\n\tmovl %0, %%cr3" : "=r"(v) : : "memory");
}

/* ---- entry.S ---- */
u32 call_user(u32 (*fn)(struct job *), struct job *arg, u32 user_esp);
void rm_call(void);
void pm16_call(void);
void vm86_call(void);
extern u16 rm_fn, rm_segs[2];
extern u32 rm_ax;
void work16(void), vga16(void), bios_mode(void);
extern const char config_text[];

u32 call16(void (*how)(void), void (*routine)(void), u32 eax, u16 ds, u16 es);

#endif
