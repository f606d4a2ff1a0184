#include "machine/kernel.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/bios.h"
#include "devices/fw_cfg.h"
#include "machine/kernel_int.h"
#include "machine/machine_int.h"

#define ITEM_ZEROS 0xbfffu /* there is none: reads as zeros */
#define ROM_FILE   "genroms/vitrine-kernel.bin"

/* ORDER loader: the block that the loader reads (bios/loader/defs.inc). */
enum {
    BLOCK_KIND = 0x00,
    BLOCK_ROWS = 0x01,
    BLOCK_FLAGS = 0x02,
    BLOCK_ENTRY = 0x04,
    BLOCK_BASE = 0x08,
    BLOCK_STACK = 0x0c,
    BLOCK_WINDOW = 0x10,
    BLOCK_WIDTH = 0x20,
    BLOCK_HEIGHT = 0x24,
    BLOCK_DEPTH = 0x28,
    BLOCK_ROW = 0x30,
    BLOCK_ROW_BYTES = 16,
    BLOCK_BYTES = BLOCK_ROW + KERNEL_ROWS * BLOCK_ROW_BYTES,
};
_Static_assert(BLOCK_BYTES <= 0x800, "the loader has that much room");

bool kernel_add_row(struct kernel_plan *plan, uint32_t item, uint32_t offset,
                    uint32_t address, uint32_t bytes)
{
    if (!bytes)
        return true;
    if (plan->row_count == KERNEL_ROWS)
        return false;
    plan->rows[plan->row_count++] =
        (struct kernel_row){item, offset, address, bytes};
    return true;
}

bool kernel_add_zeros(struct kernel_plan *plan, uint32_t address,
                      uint32_t bytes)
{
    return kernel_add_row(plan, ITEM_ZEROS, 0, address, bytes);
}

enum status kernel_fail(struct kernel_plan *plan, enum status status,
                        const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(plan->message, plan->message_size, format, args);
    va_end(args);
    return status;
}

enum machine_kernel_kind machine_kernel_kind(const uint8_t *bytes, size_t size)
{
    if (kernel_is_linux(bytes, size))
        return MACHINE_KERNEL_LINUX;
    if (kernel_is_multiboot(bytes, size))
        return MACHINE_KERNEL_MULTIBOOT;
    return MACHINE_KERNEL_NONE;
}

static void make_block(const struct kernel_plan *plan, uint8_t *block)
{
    memset(block, 0, BLOCK_BYTES);
    block[BLOCK_KIND] = plan->kind == MACHINE_KERNEL_MULTIBOOT;
    block[BLOCK_ROWS] = (uint8_t)plan->row_count;
    kernel_put16(block + BLOCK_FLAGS, plan->flags);
    kernel_put32(block + BLOCK_ENTRY, plan->entry);
    kernel_put32(block + BLOCK_BASE, plan->base);
    kernel_put32(block + BLOCK_STACK, plan->stack);
    for (unsigned i = 0; i < 4; i++)
        kernel_put32(block + BLOCK_WINDOW + 4 * i, plan->window[i]);
    kernel_put32(block + BLOCK_WIDTH, plan->width);
    kernel_put32(block + BLOCK_HEIGHT, plan->height);
    kernel_put32(block + BLOCK_DEPTH, plan->depth);
    for (unsigned i = 0; i < plan->row_count; i++) {
        const struct kernel_row *row = &plan->rows[i];
        uint8_t *to = block + BLOCK_ROW + BLOCK_ROW_BYTES * i;

        kernel_put32(to, row->item);
        kernel_put32(to + 4, row->offset);
        kernel_put32(to + 8, row->address);
        kernel_put32(to + 12, row->bytes);
    }
}

static enum status put_items(const struct kernel_plan *plan,
                             const struct machine_kernel *kernel,
                             struct device *fw_cfg)
{
    static const char order[] = "/rom@" ROM_FILE "\n";
    const char *options = kernel->options ? kernel->options : "";
    uint8_t block[BLOCK_BYTES];
    const uint8_t *rom;
    size_t rom_bytes;

    make_block(plan, block);
    TRY(fw_cfg_add_item(fw_cfg, FW_CFG_LOADER, block, sizeof(block)));
    TRY(fw_cfg_add_item(fw_cfg, FW_CFG_KERNEL_DATA, kernel->bytes,
                        kernel->size));
    TRY(fw_cfg_add_item(fw_cfg, FW_CFG_SETUP_DATA, plan->setup,
                        plan->setup_bytes));
    TRY(fw_cfg_add_item(fw_cfg, FW_CFG_CMDLINE_DATA, options,
                        strlen(options) + 1));
    TRY(fw_cfg_add_item(fw_cfg, FW_CFG_INITRD_DATA, plan->modules,
                        plan->module_bytes));
    rom = bios_loader_image(&rom_bytes);
    TRY(fw_cfg_add_file(fw_cfg, ROM_FILE, rom, rom_bytes));
    return fw_cfg_add_file(fw_cfg, "bootorder", order, sizeof(order));
}

/* Modules one after the other, each from a page's start on. */
static enum status join_modules(struct kernel_plan *plan,
                                const struct machine_kernel *kernel)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < kernel->module_count; i++) {
        size_t size = kernel->modules[i].size;

        if (size > UINT32_MAX / 2 || bytes > UINT32_MAX / 2)
            return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                               "-initrd: it is too large for any memory");
        bytes = (bytes + KERNEL_PAGE - 1) / KERNEL_PAGE * KERNEL_PAGE + size;
    }
    plan->modules = calloc(1, bytes ? bytes : 1);
    if (!plan->modules)
        return STATUS_NO_MEMORY;
    plan->module_bytes = bytes;
    bytes = 0;
    for (unsigned i = 0; i < kernel->module_count; i++) {
        bytes = (bytes + KERNEL_PAGE - 1) / KERNEL_PAGE * KERNEL_PAGE;
        if (kernel->modules[i].size)
            memcpy(plan->modules + bytes, kernel->modules[i].bytes,
                   kernel->modules[i].size);
        bytes += kernel->modules[i].size;
    }
    return STATUS_OK;
}

static enum status make_plan(struct kernel_plan *plan,
                             const struct machine_kernel *kernel,
                             size_t ram_bytes)
{
    plan->kind = machine_kernel_kind(kernel->bytes, kernel->size);
    if (plan->kind == MACHINE_KERNEL_NONE)
        return kernel_fail(plan, STATUS_BAD_FORMAT,
                           "-kernel %s: neither a Linux kernel (bzImage, "
                           "zImage) nor one with a multiboot header; name such "
                           "a file, or boot from a disk image",
                           kernel->name);
    assert(kernel->module_count <= MACHINE_MODULES);
    if (kernel->size > UINT32_MAX / 2)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-kernel %s: it is too large for any memory",
                           kernel->name);
    TRY(join_modules(plan, kernel));
    if (plan->kind == MACHINE_KERNEL_LINUX)
        return kernel_plan_linux(plan, kernel, ram_bytes);
    return kernel_plan_multiboot(plan, kernel, ram_bytes);
}

enum status kernel_offer(struct machine *machine, struct device *fw_cfg,
                         char *message, size_t size)
{
    const struct machine_kernel *kernel = machine->config.kernel;
    struct kernel_plan plan = {.message = message, .message_size = size};
    enum status status;

    machine->config.kernel = NULL; /* borrowed for this call only */
    if (machine->model < CPU_386)
        return kernel_fail(&plan, STATUS_BAD_ARGUMENT,
                           "-kernel: such kernels need a 386 or later; choose "
                           "another -cpu");
    status = make_plan(&plan, kernel, machine->config.ram_bytes);
    if (status == STATUS_OK)
        status = put_items(&plan, kernel, fw_cfg);
    free(plan.setup);
    free(plan.modules);
    return status;
}
