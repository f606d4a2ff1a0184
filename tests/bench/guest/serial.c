/* serial.c - polled output on COM1. */
#include "guest.h"

enum {
    COM1 = 0x3f8
};

void serial_init(void)
{
    outb(COM1 + 1, 0);    /* no interrupts */
    outb(COM1 + 3, 0x80); /* divisor latch: 115200 baud */
    outb(COM1 + 0, 1);
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 3); /* 8N1 */
    outb(COM1 + 2, 7); /* FIFO on */
    outb(COM1 + 4, 3); /* DTR, RTS */
}

void put_char(char c)
{
    for (u32 spin = 0; spin < 1000000 && !(inb(COM1 + 5) & 0x20); spin++)
        ;
    outb(COM1, (u8)c);
}

void put_text(const char *s)
{
    while (*s)
        put_char(*s++);
}

void put_dec(u32 v)
{
    char digits[12];
    int n = 0;

    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        put_char(digits[--n]);
}

void put_hex(u32 v, int digits)
{
    while (digits--)
        put_char("0123456789abcdef"[v >> (digits * 4) & 15]);
}
