/* Multiboot: where a kernel and its modules go, and what it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/fw_cfg.h"
#include "machine/kernel_int.h"

#define SEARCH_BYTES 8192
#define MAGIC        0x1badb002u
#define LOADER_NAME  "Vitrine"

/* The header: offsets, and bits of its flags. */
enum {
    MH_FLAGS = 4,
    MH_CHECKSUM = 8,
    MH_HEADER_ADDR = 12,
    MH_LOAD_ADDR = 16,
    MH_LOAD_END = 20,
    MH_BSS_END = 24,
    MH_ENTRY = 28,
    MH_MODE_TYPE = 32,
    MH_WIDTH = 36,
    MH_HEIGHT = 40,
    MH_DEPTH = 44,
    MH_BYTES = 12,
    MH_WITH_ADDRESSES = 32,
    MH_WITH_VIDEO = 48,
};
#define WANTS_VIDEO   (1u << 2)
#define KNOWN_WANTS   7u
#define MUST_BE_KNOWN 0xffffu
#define HAS_ADDRESSES (1u << 16)
#define MODE_LINEAR   0

/* The information; what is not here the loader fills in.
 * ORDER loader: as in bios/loader/defs.inc. */
enum {
    MI_FLAGS = 0,
    MI_CMDLINE = 16,
    MI_MODS_COUNT = 20,
    MI_MODS_ADDR = 24,
    MI_ELF_NUM = 28,
    MI_ELF_SIZE = 32,
    MI_ELF_ADDR = 36,
    MI_ELF_NAMES = 40,
    MI_LOADER_NAME = 64,
    MI_TABLES = 0x700, /* ELF sections, modules, then strings */
    MODULE_BYTES = 16,
};
#define MIF_CMDLINE     (1u << 2)
#define MIF_MODS        (1u << 3)
#define MIF_ELF         (1u << 5)
#define MIF_LOADER_NAME (1u << 9)

#define INFO_ROOM  0x7000u /* at one of: */
#define LOW_FIRST  0x8000u /* what lies below is the BIOS's and the loader's */
#define ELF_HEADER 52u
#define ELF_ROW    32u
#define ELF_LOAD   1u

/* A section's header. */
enum {
    SH_TYPE = 4,
    SH_ADDR = 12,
    SH_OFFSET = 16,
    SH_SIZE = 20,
    SH_BYTES = 40,
    SHT_SYMTAB = 2,
    SHT_STRTAB = 3,
    SECTIONS_MAX = 128,
};

struct image {
    const struct machine_kernel *kernel;
    const uint8_t *bytes;
    size_t size;
    const uint8_t *header;
    uint32_t flags;
    size_t ram;
    uint64_t end;      /* of all that is loaded so far, at least 1 MiB */
    unsigned sections; /* of an ELF file, told of by their headers */
};

static const uint8_t *find_header(const uint8_t *bytes, size_t size)
{
    size_t end = size < SEARCH_BYTES ? size : SEARCH_BYTES;

    for (size_t at = 0; at + MH_BYTES <= end; at += 4) {
        const uint8_t *header = bytes + at;

        if (kernel_get32(header) == MAGIC &&
            MAGIC + kernel_get32(header + MH_FLAGS) +
                    kernel_get32(header + MH_CHECKSUM) ==
                0)
            return header;
    }
    return NULL;
}

bool kernel_is_multiboot(const uint8_t *bytes, size_t size)
{
    return find_header(bytes, size) != NULL;
}

static enum status damaged(struct kernel_plan *plan, const struct image *image,
                           const char *why)
{
    return kernel_fail(plan, STATUS_BAD_FORMAT,
                       "-kernel %s: a multiboot kernel that cannot be loaded "
                       "(%s); get or build it again",
                       image->kernel->name, why);
}

/* Bytes [offset, offset + filled) of the file, then zeros, at `address`. */
static enum status load_part(struct kernel_plan *plan, struct image *image,
                             uint64_t address, uint64_t offset, uint64_t filled,
                             uint64_t bytes)
{
    uint64_t end = address + bytes;

    if (offset > image->size || filled > image->size - offset)
        return damaged(plan, image, "a part lies beyond the file's end");
    if (filled > bytes)
        return damaged(plan, image, "a part is larger than its place");
    if (address < LOW_FIRST || (end > KERNEL_LOW_END && address < KERNEL_HIGH))
        return damaged(plan, image,
                       "a part belongs where the BIOS or the screen is");
    if (end > image->ram)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-kernel %s: it does not fit into the memory; give "
                           "the machine more, at least -m %lluM",
                           image->kernel->name,
                           (unsigned long long)(end / MIB(1) + 1));
    if (end > image->end)
        image->end = end;
    if (!kernel_add_row(plan, FW_CFG_KERNEL_DATA, (uint32_t)offset,
                        (uint32_t)address, (uint32_t)filled) ||
        !kernel_add_zeros(plan, (uint32_t)(address + filled),
                          (uint32_t)(bytes - filled)))
        return damaged(plan, image, "it has too many parts");
    return STATUS_OK;
}

/* The header itself says what goes where. */
static enum status load_by_header(struct kernel_plan *plan, struct image *image)
{
    const uint8_t *header = image->header;
    uint64_t at = (uint64_t)(header - image->bytes), filled, end;
    uint32_t address = kernel_get32(header + MH_LOAD_ADDR);
    uint32_t before = kernel_get32(header + MH_HEADER_ADDR) - address;

    if (kernel_get32(header + MH_HEADER_ADDR) < address || before > at)
        return damaged(plan, image, "its header contradicts itself");
    at -= before;
    filled = image->size - at;
    if (kernel_get32(header + MH_LOAD_END)) {
        if (kernel_get32(header + MH_LOAD_END) < address)
            return damaged(plan, image, "its header contradicts itself");
        filled = kernel_get32(header + MH_LOAD_END) - address;
    }
    end = address + filled;
    if (kernel_get32(header + MH_BSS_END) > end)
        end = kernel_get32(header + MH_BSS_END);
    plan->entry = kernel_get32(header + MH_ENTRY);
    return load_part(plan, image, address, at, filled, end - address);
}

/* The entry of an ELF file is a virtual address; the kernel runs without
 * paging yet. */
static void take_entry(struct kernel_plan *plan, const uint8_t *row,
                       uint32_t entry)
{
    uint32_t virtual_base = kernel_get32(row + 8);

    if (entry >= virtual_base && entry - virtual_base < kernel_get32(row + 20))
        plan->entry = entry - virtual_base + kernel_get32(row + 12);
}

/* A symbol or string table goes behind the kernel, if there is room for it; its
 * header learns where. */
static void load_section(struct kernel_plan *plan, struct image *image,
                         uint8_t *header)
{
    uint64_t at = (image->end + 15) & ~UINT64_C(15);
    uint32_t type = kernel_get32(header + SH_TYPE);
    uint32_t offset = kernel_get32(header + SH_OFFSET);
    uint32_t size = kernel_get32(header + SH_SIZE);

    if (kernel_get32(header + SH_ADDR) ||
        (type != SHT_SYMTAB && type != SHT_STRTAB) || offset > image->size ||
        size > image->size - offset || at + size + KERNEL_RESERVED > image->ram)
        return;
    if (!kernel_add_row(plan, FW_CFG_KERNEL_DATA, offset, (uint32_t)at, size))
        return;
    kernel_put32(header + SH_ADDR, (uint32_t)at);
    image->end = at + size;
}

/* For kernels that print names of functions. Not having them is no failure. */
static void take_sections(struct kernel_plan *plan, struct image *image)
{
    uint32_t table = kernel_get32(image->bytes + 32);
    unsigned count = kernel_get16(image->bytes + 48);

    if (kernel_get16(image->bytes + 46) != SH_BYTES || !count ||
        count > SECTIONS_MAX || table > image->size ||
        count > (image->size - table) / SH_BYTES)
        return;
    memcpy(plan->setup + MI_TABLES, image->bytes + table,
           (size_t)count * SH_BYTES);
    for (unsigned i = 0; i < count; i++)
        load_section(plan, image, plan->setup + MI_TABLES + SH_BYTES * i);
    image->sections = count;
}

static enum status load_elf(struct kernel_plan *plan, struct image *image)
{
    const uint8_t *bytes = image->bytes;
    uint32_t table, entry;
    unsigned rows;

    if (image->size < ELF_HEADER || memcmp(bytes, "\177ELF", 4) != 0)
        return damaged(plan, image, "it is no ELF file and tells no addresses");
    if (bytes[4] != 1 || bytes[5] != 1)
        return damaged(plan, image, "it is an ELF file, but not for 32 bits");
    entry = plan->entry = kernel_get32(bytes + 24);
    table = kernel_get32(bytes + 28);
    rows = kernel_get16(bytes + 44);
    if (kernel_get16(bytes + 42) != ELF_ROW || table > image->size ||
        rows > (image->size - table) / ELF_ROW)
        return damaged(plan, image, "its program headers are damaged");
    for (unsigned i = 0; i < rows; i++) {
        const uint8_t *row = bytes + table + ELF_ROW * i;

        if (kernel_get32(row) != ELF_LOAD || !kernel_get32(row + 20))
            continue;
        take_entry(plan, row, entry);
        TRY(load_part(plan, image, kernel_get32(row + 12),
                      kernel_get32(row + 4), kernel_get32(row + 16),
                      kernel_get32(row + 20)));
    }
    if (image->end == KERNEL_HIGH && plan->row_count < 2)
        return damaged(plan, image, "it has nothing to load");
    take_sections(plan, image);
    return STATUS_OK;
}

static void tell_sections(struct kernel_plan *plan, const struct image *image)
{
    if (!image->sections)
        return;
    kernel_put32(plan->setup + MI_ELF_NUM, image->sections);
    kernel_put32(plan->setup + MI_ELF_SIZE, SH_BYTES);
    kernel_put32(plan->setup + MI_ELF_ADDR, plan->base + MI_TABLES);
    kernel_put32(plan->setup + MI_ELF_NAMES, kernel_get16(image->bytes + 50));
}

static uint32_t module_table(const struct image *image)
{
    return MI_TABLES + SH_BYTES * image->sections;
}

static enum status take_video(struct kernel_plan *plan, struct image *image)
{
    const uint8_t *header = image->header;

    if (!(image->flags & WANTS_VIDEO))
        return STATUS_OK;
    if ((size_t)(header - image->bytes) + MH_WITH_VIDEO > image->size)
        return damaged(plan, image, "its header is cut off");
    if (kernel_get32(header + MH_MODE_TYPE) != MODE_LINEAR)
        return STATUS_OK; /* text, which is there */
    plan->flags |= KERNEL_VIDEO;
    plan->width = kernel_get32(header + MH_WIDTH);
    plan->height = kernel_get32(header + MH_HEIGHT);
    plan->depth = kernel_get32(header + MH_DEPTH);
    if (!plan->width || !plan->height) { /* no preference */
        plan->width = 800;
        plan->height = 600;
    }
    if (!plan->depth)
        plan->depth = 32;
    return STATUS_OK;
}

/* Modules follow the kernel; where no kernel is, the BIOS's end of memory. */
static enum status place_modules(struct kernel_plan *plan, struct image *image)
{
    uint64_t at = (image->end + KERNEL_PAGE - 1) / KERNEL_PAGE * KERNEL_PAGE;

    if (!image->kernel->module_count)
        return STATUS_OK;
    if (at + plan->module_bytes + KERNEL_RESERVED > image->ram)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-initrd: the modules do not fit into the memory "
                           "behind the kernel; give the machine more (-m)");
    if (!kernel_add_row(plan, FW_CFG_INITRD_DATA, 0, (uint32_t)at,
                        (uint32_t)plan->module_bytes))
        return damaged(plan, image, "it has too many parts");
    image->end = at;
    return STATUS_OK;
}

/* The information lies in low memory, where no part of the kernel does. */
static bool choose_info_place(struct kernel_plan *plan)
{
    static const uint32_t places[] = {0x9000, 0x20000, 0x50000, 0x80000};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        bool is_free = true;

        for (unsigned n = 1; n < plan->row_count; n++) {
            const struct kernel_row *row = &plan->rows[n];

            is_free &= row->address >= places[i] + INFO_ROOM ||
                       row->address + row->bytes <= places[i];
        }
        plan->base = plan->rows[0].address = places[i];
        if (is_free)
            return true;
    }
    return false;
}

/* Puts strings joined by a blank at *at; false when the room is over. */
static bool put_text(struct kernel_plan *plan, uint32_t *at, const char *first,
                     const char *second)
{
    size_t room = INFO_ROOM - *at;
    int length = snprintf((char *)plan->setup + *at, room, "%s%s%s", first,
                          second && *second ? " " : "", second ? second : "");

    if (length < 0 || (size_t)length >= room)
        return false;
    *at += (uint32_t)length + 1;
    return true;
}

static bool tell_modules(struct kernel_plan *plan, const struct image *image,
                         uint32_t *at)
{
    uint64_t address = image->end;

    kernel_put32(plan->setup + MI_MODS_COUNT, image->kernel->module_count);
    kernel_put32(plan->setup + MI_MODS_ADDR, plan->base + module_table(image));
    for (unsigned i = 0; i < image->kernel->module_count; i++) {
        const struct machine_module *module = &image->kernel->modules[i];
        uint8_t *row = plan->setup + module_table(image) + MODULE_BYTES * i;

        address = (address + KERNEL_PAGE - 1) / KERNEL_PAGE * KERNEL_PAGE;
        kernel_put32(row, (uint32_t)address);
        address += module->size;
        kernel_put32(row + 4, (uint32_t)address);
        kernel_put32(row + 8, plan->base + *at);
        if (!put_text(plan, at, module->options ? module->options : "", NULL))
            return false;
    }
    return true;
}

static enum status tell(struct kernel_plan *plan, const struct image *image)
{
    const struct machine_kernel *kernel = image->kernel;
    uint32_t at = module_table(image) + MODULE_BYTES * kernel->module_count;

    kernel_put32(plan->setup + MI_FLAGS,
                 MIF_CMDLINE | MIF_LOADER_NAME |
                     (kernel->module_count ? MIF_MODS : 0) |
                     (image->sections ? MIF_ELF : 0));
    tell_sections(plan, image);
    kernel_put32(plan->setup + MI_LOADER_NAME, plan->base + at);
    if (!put_text(plan, &at, LOADER_NAME, NULL))
        return STATUS_BAD_ARGUMENT;
    kernel_put32(plan->setup + MI_CMDLINE, plan->base + at);
    if (!put_text(plan, &at, kernel->name, kernel->options) ||
        !tell_modules(plan, image, &at))
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-append: too long for a multiboot kernel; shorten "
                           "it to 16 KiB, with the modules' options");
    return STATUS_OK;
}

enum status kernel_plan_multiboot(struct kernel_plan *plan,
                                  const struct machine_kernel *kernel,
                                  size_t ram_bytes)
{
    struct image image = {
        .kernel = kernel,
        .bytes = kernel->bytes,
        .size = kernel->size,
        .header = find_header(kernel->bytes, kernel->size),
        .ram = ram_bytes,
        .end = KERNEL_HIGH,
    };
    bool addresses;

    image.flags = kernel_get32(image.header + MH_FLAGS);
    addresses = image.flags & HAS_ADDRESSES;
    if (image.flags & MUST_BE_KNOWN & ~KNOWN_WANTS)
        return damaged(plan, &image, "its header asks for unknown services");
    if (addresses &&
        (size_t)(image.header - kernel->bytes) + MH_WITH_ADDRESSES >
            kernel->size)
        return damaged(plan, &image, "its header is cut off");
    plan->setup = calloc(1, INFO_ROOM);
    if (!plan->setup)
        return STATUS_NO_MEMORY;
    plan->setup_bytes = INFO_ROOM;
    kernel_add_row(plan, FW_CFG_SETUP_DATA, 0, 0, INFO_ROOM);
    TRY(addresses ? load_by_header(plan, &image) : load_elf(plan, &image));
    TRY(take_video(plan, &image));
    TRY(place_modules(plan, &image));
    if (!choose_info_place(plan))
        return damaged(plan, &image, "it leaves no low memory free");
    return tell(plan, &image);
}
