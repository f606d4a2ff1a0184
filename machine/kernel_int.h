/* The plan of a kernel's start, for kernel*.c. */
#ifndef MACHINE_KERNEL_INT_H
#define MACHINE_KERNEL_INT_H

#include "core/status.h"
#include "core/types.h"
#include "machine/machine.h"

#define KERNEL_ROWS     64
#define KERNEL_LOW_END  0x9f000u /* below the BIOS's own data */
#define KERNEL_HIGH     0x100000u
#define KERNEL_PAGE     0x1000u
#define KERNEL_RESERVED KIB(256) /* what a BIOS takes of the memory's end */

/* ORDER loader: as in bios/loader/defs.inc. */
enum kernel_flag {
    KERNEL_PLACE = 1, /* the last row goes where a window has room */
    KERNEL_VIDEO = 2, /* a picture is wanted: width, height, depth */
};

/* `bytes` of the item `item` from `offset` on go to `address`; beyond the end
 * of an item come zeros. */
struct kernel_row {
    uint32_t item, offset, address, bytes;
};

struct kernel_plan {
    enum machine_kernel_kind kind;
    unsigned flags;     /* KERNEL_* */
    uint32_t entry;     /* multiboot: physical address */
    uint32_t base;      /* Linux: the set-up part; multiboot: the information */
    uint32_t stack;     /* Linux: SP */
    uint32_t window[4]; /* twice first address, end; an empty one: 0, 0 */
    uint32_t width, height, depth;
    struct kernel_row rows[KERNEL_ROWS];
    unsigned row_count;

    uint8_t *setup; /* item FW_CFG_SETUP_DATA; owned */
    size_t setup_bytes;
    uint8_t *modules; /* item FW_CFG_INITRD_DATA; owned */
    size_t module_bytes;

    char *message; /* borrowed: machine_create()'s */
    size_t message_size;
};

/* Adds a row; one of no bytes is left out. False: the table is full. */
bool kernel_add_row(struct kernel_plan *plan, uint32_t item, uint32_t offset,
                    uint32_t address, uint32_t bytes);
/* The same with zeros. */
bool kernel_add_zeros(struct kernel_plan *plan, uint32_t address,
                      uint32_t bytes);

/* Says what is wrong; returns `status`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
enum status
kernel_fail(struct kernel_plan *plan, enum status status, const char *format,
            ...);

/* Little-endian numbers of a file. */
static inline uint16_t kernel_get16(const uint8_t *from)
{
    return (uint16_t)(from[0] | from[1] << 8);
}
static inline uint32_t kernel_get32(const uint8_t *from)
{
    return kernel_get16(from) | (uint32_t)kernel_get16(from + 2) << 16;
}
static inline void kernel_put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}
static inline void kernel_put32(uint8_t *to, uint32_t value)
{
    kernel_put16(to, value);
    kernel_put16(to + 2, value >> 16);
}

bool kernel_is_linux(const uint8_t *bytes, size_t size);
bool kernel_is_multiboot(const uint8_t *bytes, size_t size);

/* Fill the plan for a machine with ram_bytes. Errors: as kernel_offer(). */
enum status kernel_plan_linux(struct kernel_plan *plan,
                              const struct machine_kernel *kernel,
                              size_t ram_bytes);
enum status kernel_plan_multiboot(struct kernel_plan *plan,
                                  const struct machine_kernel *kernel,
                                  size_t ram_bytes);

#endif
