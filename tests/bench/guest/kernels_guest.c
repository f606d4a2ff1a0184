/* kernels_guest.c - kernels that need the bare machine. */
#include "guest.h"

/* ---- system calls: int 80h from ring 3 and back
 * --------------------------------- */

static inline u32 syscall(u32 number, u32 b, u32 c)
{
    u32 result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "0"(number), "b"(b), "c"(c)
                     : "memory", "cc");
    return result;
}

static u32 k_syscall(void)
{
    u32 x = 1;

    for (int i = 0; i < 1000; i++)
        x = syscall((u32)i & 1, x, (u32)i);
    return x;
}

/* ---- page faults: ring 3 touches unmapped pages, the handler maps them
 * ----------- */

static int map_on_demand(u32 address, u32 error)
{
    u32 page = (address - WINDOW) >> 12;

    if (page >= WINDOW_PAGES || (error & PTE_P))
        return 0;
    window_table[page] =
        ((u32)arena + ((page & 1023) << 12)) | PTE_P | PTE_W | PTE_U;
    return 1;
}

static u32 k_pgfault(void)
{
    u32 sum = 0;

    fault_hook = map_on_demand;
    syscall(2, 256, 0);
    for (u32 i = 0; i < 256; i++) {
        volatile u32 *p =
            (volatile u32 *)(WINDOW + (((i * 37) & 255) << 12) + i * 4);
        *p = i * 3;
        sum = mix(sum, *p);
    }
    return sum;
}

/* ---- TLB pressure
 * ------------------------------------------------------------------- */

static void map_window(u32 pages, u32 rotate)
{
    for (u32 i = 0; i < pages; i++)
        window_table[i] = ((u32)arena + (((i + rotate) & 2047) << 12)) | PTE_P |
                          PTE_W | PTE_U;
}

/* 2048 pages (8 MiB) touched in turn, over and over; no flush. */
static u32 k_tlbmiss(void)
{
    u32 sum = 0;

    map_window(2048, 0);
    reload_cr3();
    for (u32 i = 0; i < 2048; i++)
        *(volatile u32 *)(WINDOW + (i << 12) + (i & 63) * 64) = i;
    for (u32 pass = 0; pass < 8; pass++)
        for (u32 i = 0; i < 2048; i++) {
            u32 page = (i * 1021 + pass) & 2047;
            sum = rol32(sum, 1) +
                  *(volatile u32 *)(WINDOW + (page << 12) + (page & 63) * 64);
        }
    return sum;
}

static NOINLINE u32 touch32(u32 seed)
{
    u32 sum = seed;

    for (u32 i = 0; i < 32; i++)
        sum = rol32(sum, 3) + *(volatile u32 *)(WINDOW + (i << 12) + i * 64);
    return sum;
}

/* Address-space switches: CR3 written, then a working set of 32 pages touched.
 */
static u32 k_ctxsw(void)
{
    u32 sum = 0;

    map_window(32, 0);
    reload_cr3();
    for (u32 i = 0; i < 32; i++)
        *(volatile u32 *)(WINDOW + (i << 12) + i * 64) = i * 7;
    for (u32 i = 0; i < 200; i++) {
        reload_cr3();
        sum = touch32(sum);
    }
    return sum;
}

/* One mapping changed, invlpg, new contents read through it. */
static u32 k_invlpg(void)
{
    u32 sum = 0;

    for (u32 i = 0; i < 64; i++)
        *(u32 *)(arena + (i << 12)) = i * 0x01010101u;
    map_window(64, 0);
    reload_cr3();
    for (u32 i = 0; i < 1000; i++) {
        u32 page = i & 63;
        window_table[page] =
            ((u32)arena + (((i * 5 + 1) & 63) << 12)) | PTE_P | PTE_W | PTE_U;
        invlpg(WINDOW + (page << 12));
        sum = mix(sum, *(volatile u32 *)(WINDOW + (page << 12)));
    }
    return sum;
}

/* ---- port I/O
 * ------------------------------------------------------------------------- */

static u32 k_portio(void)
{
    u32 sum = 0;

    outb(0x61, inb(0x61) & 0xfc); /* speaker off: bits 0-1 read back 0 */
    for (u32 i = 0; i < 1000; i++) {
        outb(0x80, (u8)i);
        sum = mix(sum, (inb(0x61) & 3) + i);
    }
    return sum;
}

/* ---- 16-bit code in its three habitats
 * --------------------------------------------------- */

static u32 k_real16(void)
{
    return call16(rm_call, work16, 0, 0x7000, 0x8000);
}

static u32 k_prot16(void)
{
    return call16(pm16_call, work16, 0, 0x40, 0x48);
}

static u32 k_vm86(void)
{
    return call16(vm86_call, work16, 0, 0x7000, 0x8000);
}

/* ---- VGA
 * ------------------------------------------------------------------------------------
 */

static void video_mode(u32 mode)
{
    static u32 current = ~0u;

    if (current != mode)
        call16(rm_call, bios_mode, mode, 0, 0);
    current = mode;
}

static u32 k_vga16(void)
{
    video_mode(0x13);
    return call16(rm_call, vga16, 0, 0x7000, 0xa000);
}

/* Mode 13h from 32-bit code: dword stores, a scroll (VGA to VGA), byte reads.
 */
static u32 k_vga32(void)
{
    volatile u32 *screen = (volatile u32 *)0xa0000;
    volatile u8 *bytes = (volatile u8 *)0xa0000;
    u32 sum = 0;

    video_mode(0x13);
    for (u32 i = 0; i < 16000; i++)
        screen[i] = i * 0x01030507u;
    for (u32 i = 0; i < 16000 - 80; i++)
        screen[i] = screen[i + 80];
    for (u32 i = 0; i < 64000; i += 7)
        sum = rol32(sum, 1) + bytes[i];
    return sum;
}

/* Mode 12h, planar: map mask, set/reset, bit mask, latched copies (write mode
 * 1). */
static u32 k_planar(void)
{
    volatile u8 *screen = (volatile u8 *)0xa0000;
    u32 sum = 0;

    video_mode(0x12);
    for (u32 plane = 0; plane < 4; plane++) {
        outb(0x3c4, 2);
        outb(0x3c5, (u8)(1 << plane));
        for (u32 i = 0; i < 4000; i++)
            screen[i] = (u8)(i * (plane + 3));
    }
    outb(0x3c4, 2);
    outb(0x3c5, 15);
    outb(0x3ce, 5); /* write mode 1: latched copy */
    outb(0x3cf, 1);
    for (u32 i = 0; i < 4000; i++)
        screen[8000 + i] = screen[i];
    outb(0x3ce, 5); /* write mode 2 with a bit mask */
    outb(0x3cf, 2);
    for (u32 i = 0; i < 4000; i++) {
        outb(0x3ce, 8);
        outb(0x3cf, (u8)(0x80 >> (i & 7)));
        (void)screen[8000 + i];
        screen[8000 + i] = (u8)i;
    }
    outb(0x3ce, 8);
    outb(0x3cf, 0xff);
    outb(0x3ce, 5);
    outb(0x3cf, 0);
    for (u32 plane = 0; plane < 4; plane++) {
        outb(0x3ce, 4);
        outb(0x3cf, (u8)plane);
        for (u32 i = 0; i < 4000; i += 3)
            sum = rol32(sum, 1) + screen[8000 + i];
    }
    return sum;
}

const struct kernel kernels_guest[] = {
    {"syscall", k_syscall, K_RING3, 6300,
     "int 80h from ring 3 to ring 0 and back"},
    {"pgfault", k_pgfault, K_RING3 | K_PAGING, 11000,
     "demand paging: ring 3 page faults"},
    {"tlbmiss", k_tlbmiss, K_RING0 | K_PAGING, 7300,
     "2048 pages touched in turn"},
    {"ctxsw", k_ctxsw, K_RING0 | K_PAGING, 2300,
     "CR3 reload and a 32-page working set"},
    {"invlpg", k_invlpg, K_RING0 | K_PAGING, 10000, "remap, invlpg, read"},
    {"portio", k_portio, K_RING0, 17000, "out 80h, in 61h"},
    {"real16", k_real16, K_RING0, 10000, "16-bit code in real mode"},
    {"prot16", k_prot16, K_RING0, 7400, "the same in 16-bit protected mode"},
    {"vm86", k_vm86, K_RING0 | K_PAGING, 14000,
     "the same in virtual-8086 mode, paged"},
    {"vga16", k_vga16, K_RING0 | K_VGA, 2200,
     "real mode byte stores and loads in mode 13h"},
    {"vga32", k_vga32, K_RING0 | K_VGA, 38000,
     "32-bit stores and loads in mode 13h"},
    {"planar", k_planar, K_RING0 | K_VGA, 900,
     "planar VGA: latches, masks, write modes"},
    {0},
};
