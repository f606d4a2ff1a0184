/* cpu.c - descriptor tables, interrupts, timer, paging, feature detection. */
#include "guest.h"

extern u32 gdt[];
extern const u32 isr_table[48];
extern u32 tss[], isr_syscall[], isr_leave[];

u32 cpu_features;
volatile u32 ticks;
u32 syscall_count;
int (*fault_hook)(u32 address, u32 error);

static u32 idt[256][2] __attribute__((aligned(16)));
static u32 page_directory[1024] __attribute__((aligned(4096)));
static u32 low_table[16 * 1024]
    __attribute__((aligned(4096))); /* first 64 MiB */
u32 window_table[WINDOW_PAGES] __attribute__((aligned(4096)));

static void set_gate(int vector, u32 handler, u32 dpl)
{
    idt[vector][0] = 0x08u << 16 | (handler & 0xffff);
    idt[vector][1] = (handler & 0xffff0000) | 0x8e00 | dpl << 13;
}

static void die(const char *why, const struct frame *f)
{
    u32 cr2;

    __asm__("movl %%cr2, %0" : "=r"(cr2));
    put_text("PANIC ");
    put_text(why);
    put_text(" vector ");
    put_dec(f->vector);
    put_text(" error ");
    put_hex(f->error, 8);
    put_text(" eip ");
    put_hex(f->eip, 8);
    put_text(" cs ");
    put_hex(f->cs, 4);
    put_text(" eflags ");
    put_hex(f->eflags, 8);
    put_text(" cr2 ");
    put_hex(cr2, 8);
    put_text("\nDONE\n");
    outb(0xf4, 0x7f);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

/* Every interrupt and exception comes here from isr_common. */
void interrupt(struct frame *f)
{
    switch (f->vector) {
    case 32:
        ticks++;
        outb(0x20, 0x20);
        return;
    case 0x80: /* system call: eax = number */
        syscall_count++;
        switch (f->eax) {
        case 0: f->eax = f->ebx + 1; return;
        case 1: f->eax = rol32(f->ebx ^ f->ecx, 3); return;
        case 2: /* unmap the window */
            for (u32 i = 0; i < f->ebx; i++)
                window_table[i] = 0;
            reload_cr3();
            return;
        }
        f->eax = ~0u;
        return;
    case 14:
        if (fault_hook) {
            u32 cr2;
            __asm__ volatile("movl %%cr2, %0" : "=r"(cr2));
            if (fault_hook(cr2, f->error))
                return;
        }
        break;
    }
    if (f->vector >= 33 && f->vector < 48) { /* stray interrupt */
        if (f->vector >= 40)
            outb(0xa0, 0x20);
        outb(0x20, 0x20);
        return;
    }
    die("unexpected", f);
}

static int has_cpuid(void)
{
    u32 before, after;

    __asm__ volatile(
        "pushfl\n\tpopl %0\n\tmovl %0, %1\n\txorl $0x200000, %1\n\tpushl "
        "%1\n\tpopfl\n\tpushfl\n\tpopl %1\n\tpushl %0\n\tpopfl"
        : "=&r"(before), "=&r"(after)
        :
        : "cc");
    return ((before ^ after) & 0x200000) != 0;
}

static void set_cr0(u32 clear, u32 set)
{
    u32 v;

    __asm__ volatile("movl %%cr0, %0" : "=r"(v));
    v = (v & ~clear) | set;
    __asm__ volatile("movl %0, %%cr0\n\tjmp 1f\n1:" : : "r"(v) : "memory");
}

void paging_on(void)
{
    __asm__ volatile("movl %0, %%cr3" : : "r"(page_directory) : "memory");
    set_cr0(0, 0x80000000);
}

void paging_off(void)
{
    set_cr0(0x80000000, 0);
}

void cpu_init(u32 hz)
{
    u32 tss_base = (u32)tss;

    /* descriptor tables */
    tss[2] = 0x10;        /* ss0; esp0 is set by call_user */
    tss[25] = 104u << 16; /* no I/O bitmap */
    gdt[10] = (tss_base & 0xffff) << 16 | 103;
    gdt[11] = (tss_base & 0xff000000) | 0x8900 | (tss_base >> 16 & 0xff);
    __asm__ volatile("ltr %w0" : : "r"(0x28));
    for (int i = 0; i < 48; i++)
        set_gate(i, isr_table[i], 0);
    set_gate(0x80, (u32)isr_syscall, 3);
    set_gate(0x81, (u32)isr_leave, 3);
    struct {
        u16 limit;
        u32 base;
    } __attribute__((packed)) idtr = {sizeof idt - 1, (u32)idt};
    __asm__ volatile("lidt %0" : : "m"(idtr));

    /* features, FPU, SSE */
    cpu_features = 0;
    if (has_cpuid()) {
        u32 a = 1, b, c, d;
        __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
        cpu_features = d;
    }
    set_cr0(0x0c, 0x22); /* no EM, no TS; MP and NE */
    __asm__ volatile("fninit");
    if (cpu_features & FEATURE_SSE) {
        u32 v;
        __asm__ volatile("movl %%cr4, %0" : "=r"(v));
        __asm__ volatile("movl %0, %%cr4" : : "r"(v | 0x600));
    }

    /* page tables: identity for 64 MiB with 4 KiB pages, then the window */
    for (u32 i = 0; i < 16 * 1024; i++)
        low_table[i] = i << 12 | PTE_P | PTE_W | PTE_U;
    for (u32 i = 0; i < 16; i++)
        page_directory[i] = (u32)&low_table[i * 1024] | PTE_P | PTE_W | PTE_U;
    for (u32 i = 0; i < WINDOW_PAGES / 1024; i++)
        page_directory[(WINDOW >> 22) + i] =
            (u32)&window_table[i * 1024] | PTE_P | PTE_W | PTE_U;

    /* interrupt controllers at 32..47, only the timer open; PIT channel 0 */
    outb(0x20, 0x11);
    outb(0xa0, 0x11);
    outb(0x21, 0x20);
    outb(0xa1, 0x28);
    outb(0x21, 4);
    outb(0xa1, 2);
    outb(0x21, 1);
    outb(0xa1, 1);
    outb(0x21, hz ? 0xfe : 0xff);
    outb(0xa1, 0xff);
    if (hz) {
        u32 divisor = 1193182 / hz;
        outb(0x43, 0x34);
        outb(0x40, (u8)divisor);
        outb(0x40, (u8)(divisor >> 8));
    }
    __asm__ volatile("sti");
}

/* Run a 16-bit routine by one of rm_call, pm16_call, vm86_call. */
u32 call16(void (*how)(void), void (*routine)(void), u32 eax, u16 ds, u16 es)
{
    u8 mask = inb(0x21);

    rm_fn = (u16)((u32)routine - 0x10000);
    rm_ax = eax;
    rm_segs[0] = ds;
    rm_segs[1] = es;
    if (how == rm_call)
        outb(0x21, 0xff);
    how();
    if (how == rm_call)
        outb(0x21, mask);
    return rm_ax;
}
