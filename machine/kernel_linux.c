/* Linux: where the parts of a kernel go and what its header is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/fw_cfg.h"
#include "machine/kernel_int.h"

/* The header, by the names of boot.rst. */
enum {
    SETUP_SECTS = 0x1f1,
    SYSSIZE = 0x1f4, /* in 16 bytes; 4 bytes since 2.04, else 2 */
    VID_MODE = 0x1fa,
    BOOT_FLAG = 0x1fe,
    HEADER_MAGIC = 0x202, /* "HdrS" */
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    SETUP_MOVE_SIZE = 0x212,
    HEAP_END_PTR = 0x224,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    CMDLINE_SIZE = 0x238,
    PREF_ADDRESS = 0x258,
    INIT_SIZE = 0x260,
    HEADER_END = 0x264,
    /* before 2.02 */
    CMD_LINE_MAGIC = 0x20,
    CMD_LINE_OFFSET = 0x22,
};

#define SECTOR           512u
#define OLD_SETUP_SECTS  4 /* what 0 means */
#define SETUP_MAX        0x8000u
#define BOOT_FLAG_VALUE  0xaa55
#define MAGIC_VALUE      0xa33f
#define LOADED_HIGH      0x01
#define CAN_USE_HEAP     0x80
#define LOADER_UNDEFINED 0xff
#define LOW_KERNEL       0x10000u /* a zImage's place */
#define LOW_KERNEL_MAX   0x80000u
#define OLD_BASE         0x90000u
#define NEW_BASE         0x10000u
#define OLD_HEAP_END     0x9800u
#define NEW_HEAP_END     0xe000u
#define NEW_CMDLINE_MAX  (0x10000u - NEW_HEAP_END - 1)
#define OLD_CMDLINE_MAX  255u
#define OLD_INITRD_MAX   0x37ffffffu

struct layout {
    const struct machine_kernel *kernel;
    unsigned version; /* 0x020f is 2.15; 0: before there were versions */
    bool high;        /* a bzImage */
    uint32_t setup_bytes, kernel_bytes;
    uint32_t base, heap_end;
    uint32_t load, load_end; /* of the compressed kernel */
    uint32_t run, run_end;   /* what it takes while it starts */
};

static uint32_t setup_size(const uint8_t *bytes)
{
    unsigned sectors = bytes[SETUP_SECTS];

    return ((sectors ? sectors : OLD_SETUP_SECTS) + 1) * SECTOR;
}

/* Kernels before 1.3.73 have no magic, but their two sizes make up the file's,
 * give or take the last paragraphs and the filling of a sector. */
static bool is_old_kernel(const uint8_t *bytes, size_t size)
{
    size_t expected =
        setup_size(bytes) + (size_t)kernel_get16(bytes + SYSSIZE) * 16;

    return kernel_get16(bytes + SYSSIZE) && size + 16 > expected &&
           size < expected + SECTOR;
}

bool kernel_is_linux(const uint8_t *bytes, size_t size)
{
    if (size < HEADER_END || kernel_get16(bytes + BOOT_FLAG) != BOOT_FLAG_VALUE)
        return false;
    return !memcmp(bytes + HEADER_MAGIC, "HdrS", 4) ||
           is_old_kernel(bytes, size);
}

static void read_header(struct layout *l)
{
    const uint8_t *bytes = l->kernel->bytes;

    if (!memcmp(bytes + HEADER_MAGIC, "HdrS", 4))
        l->version = kernel_get16(bytes + VERSION);
    l->high = l->version >= 0x200 && (bytes[LOADFLAGS] & LOADED_HIGH);
    l->setup_bytes = setup_size(bytes);
    l->base = l->version >= 0x202 && l->high ? NEW_BASE : OLD_BASE;
    l->heap_end = l->version >= 0x202 && l->high ? NEW_HEAP_END : OLD_HEAP_END;
    l->load = l->high ? KERNEL_HIGH : LOW_KERNEL;
}

static enum status damaged(struct kernel_plan *plan, const struct layout *l,
                           const char *why)
{
    return kernel_fail(plan, STATUS_BAD_FORMAT,
                       "-kernel %s: a damaged Linux kernel (%s); get it again",
                       l->kernel->name, why);
}

static enum status check_sizes(struct kernel_plan *plan, struct layout *l)
{
    const uint8_t *bytes = l->kernel->bytes;

    if (l->setup_bytes > SETUP_MAX)
        return damaged(plan, l, "its set-up part is too large");
    if (l->setup_bytes >= l->kernel->size)
        return damaged(plan, l, "it ends in its set-up part");
    l->kernel_bytes = (uint32_t)(l->kernel->size - l->setup_bytes);
    if (l->version >= 0x204 && (uint64_t)kernel_get32(bytes + SYSSIZE) * 16 >
                                   (uint64_t)l->kernel_bytes + 15)
        return damaged(plan, l, "it is shorter than its header says");
    if (!l->high && l->kernel_bytes > LOW_KERNEL_MAX)
        return damaged(plan, l, "too large for a zImage");
    return STATUS_OK;
}

/* What the kernel takes while it unpacks itself; before 2.10 only it knows. */
static enum status find_extent(struct kernel_plan *plan, struct layout *l)
{
    const uint8_t *bytes = l->kernel->bytes;
    uint32_t init;

    l->load_end = l->run = l->run_end = l->load + l->kernel_bytes;
    if (!l->high)
        l->run = l->run_end = KERNEL_HIGH;
    if (!l->high || l->version < 0x20a)
        return STATUS_OK;
    l->run = kernel_get32(bytes + PREF_ADDRESS);
    init = kernel_get32(bytes + INIT_SIZE);
    if (kernel_get32(bytes + PREF_ADDRESS + 4) || l->run > UINT32_MAX - init)
        return damaged(plan, l, "it wants to run above 4 GiB");
    if (l->run < KERNEL_HIGH)
        l->run = KERNEL_HIGH;
    if (l->run + init > l->run_end)
        l->run_end = l->run + init;
    return STATUS_OK;
}

static enum status check_ram(struct kernel_plan *plan, const struct layout *l,
                             size_t ram)
{
    uint64_t needed = l->run_end;

    if (needed > MIB(2048))
        return damaged(plan, l, "it asks for more memory than any board has");
    if (needed > ram || ram < KIB(640))
        return kernel_fail(
            plan, STATUS_BAD_ARGUMENT,
            "-kernel %s: it does not fit into the memory; give "
            "the machine more, at least -m %lluM",
            l->kernel->name,
            (unsigned long long)((needed + MIB(1) - 1) / MIB(1)));
    return STATUS_OK;
}

/* Value of the last NAME=VALUE of the kernel's options, NULL if there is none;
 * it ends at a blank or the string's end. `name` with "=". */
static const char *find_option(const struct layout *l, const char *name)
{
    const char *at = l->kernel->options, *found = NULL;

    while (at && *at) {
        at += strspn(at, " ");
        if (!strncmp(at, name, strlen(name)))
            found = at + strlen(name);
        at += strcspn(at, " ");
    }
    return found;
}

/* vga=: a word, or a number as C writes it. */
static enum status take_video_mode(struct kernel_plan *plan,
                                   const struct layout *l)
{
    static const struct {
        const char *word;
        unsigned mode;
    } words[] = {{"normal", 0xffff}, {"ext", 0xfffe}, {"ask", 0xfffd}};
    const char *value = find_option(l, "vga=");
    size_t length = value ? strcspn(value, " ") : 0;
    unsigned long mode;
    char *end;

    if (!value)
        return STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (length == strlen(words[i].word) &&
            !strncmp(value, words[i].word, length)) {
            kernel_put16(plan->setup + VID_MODE, words[i].mode);
            return STATUS_OK;
        }
    }
    mode = strtoul(value, &end, 0);
    if (!length || end != value + length || *value == '-' || mode > 0xffff)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-append: vga=%.*s is no video mode; write normal, "
                           "ext, ask or a number like 0x317",
                           (int)length, value);
    kernel_put16(plan->setup + VID_MODE, (uint32_t)mode);
    return STATUS_OK;
}

static enum status put_command_line(struct kernel_plan *plan,
                                    const struct layout *l)
{
    const char *options = l->kernel->options ? l->kernel->options : "";
    uint32_t most = OLD_CMDLINE_MAX, length = (uint32_t)strlen(options);

    if (l->version >= 0x206)
        most = kernel_get32(l->kernel->bytes + CMDLINE_SIZE);
    if (most > NEW_CMDLINE_MAX)
        most = NEW_CMDLINE_MAX;
    if (strlen(options) > most)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-append: %zu characters; this kernel takes at most "
                           "%u",
                           strlen(options), (unsigned)most);
    if (l->version >= 0x202) {
        kernel_put32(plan->setup + CMD_LINE_PTR, l->base + l->heap_end);
    } else {
        kernel_put16(plan->setup + CMD_LINE_MAGIC, MAGIC_VALUE);
        kernel_put16(plan->setup + CMD_LINE_OFFSET, l->heap_end);
        if (l->version)
            kernel_put16(plan->setup + SETUP_MOVE_SIZE,
                         l->heap_end + length + 1);
    }
    kernel_add_row(plan, FW_CFG_CMDLINE_DATA, 0, l->base + l->heap_end,
                   length + 1);
    return STATUS_OK;
}

/* "mem=" bounds what the kernel will use, so the initrd must lie below. */
static uint64_t memory_limit(const struct layout *l)
{
    const char *value = find_option(l, "mem=");
    unsigned long long bytes;
    char *end;

    if (!value)
        return UINT64_MAX;
    bytes = strtoull(value, &end, 0);
    switch (*end) {
    case 'g':
    case 'G': return bytes > UINT32_MAX ? UINT64_MAX : bytes << 30;
    case 'm':
    case 'M': return bytes > UINT32_MAX ? UINT64_MAX : bytes << 20;
    case 'k':
    case 'K': return bytes > UINT32_MAX ? UINT64_MAX : bytes << 10;
    default: return end == value ? UINT64_MAX : bytes;
    }
}

static void set_window(uint32_t *window, uint64_t first, uint64_t end)
{
    first = (first + KERNEL_PAGE - 1) / KERNEL_PAGE * KERNEL_PAGE;
    window[0] = first < end ? (uint32_t)first : 0;
    window[1] = first < end ? (uint32_t)end : 0;
}

/* As high as possible above what the kernel takes; or below that. */
static enum status put_initrd(struct kernel_plan *plan, const struct layout *l,
                              size_t ram)
{
    uint64_t end = OLD_INITRD_MAX + UINT64_C(1);
    uint64_t top = ram, bytes = plan->module_bytes;

    if (!bytes)
        return STATUS_OK;
    if (!l->version)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-initrd: a kernel as old as %s takes none; leave "
                           "it out",
                           l->kernel->name);
    if (l->version >= 0x203)
        end = (uint64_t)kernel_get32(l->kernel->bytes + INITRD_ADDR_MAX) + 1;
    if (end > UINT32_MAX)
        end = UINT32_MAX;
    if (top > end)
        top = end;
    if (top > memory_limit(l))
        top = end = memory_limit(l);
    set_window(plan->window, l->run_end, end);
    if (l->run > l->load_end)
        set_window(plan->window + 2, l->load_end, l->run < end ? l->run : end);
    if (l->run_end + bytes + KERNEL_PAGE > top &&
        plan->window[2] + bytes + KERNEL_PAGE > plan->window[3])
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-initrd: its %llu KiB do not fit into the memory "
                           "beside the kernel; give the machine more (-m)",
                           (unsigned long long)bytes / 1024);
    plan->flags |= KERNEL_PLACE;
    kernel_add_row(plan, FW_CFG_INITRD_DATA, 0, 0, (uint32_t)bytes);
    return STATUS_OK;
}

static void fill_header(struct kernel_plan *plan, const struct layout *l)
{
    if (l->version < 0x200)
        return;
    plan->setup[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    if (l->version < 0x201)
        return;
    plan->setup[LOADFLAGS] |= CAN_USE_HEAP;
    kernel_put16(plan->setup + HEAP_END_PTR, l->heap_end - 0x200);
}

enum status kernel_plan_linux(struct kernel_plan *plan,
                              const struct machine_kernel *kernel,
                              size_t ram_bytes)
{
    struct layout l = {.kernel = kernel};

    read_header(&l);
    TRY(check_sizes(plan, &l));
    TRY(find_extent(plan, &l));
    TRY(check_ram(plan, &l, ram_bytes));
    if (kernel->module_count > 1)
        return kernel_fail(plan, STATUS_BAD_ARGUMENT,
                           "-initrd: Linux takes one file; join several with "
                           "cat");
    plan->setup = malloc(l.setup_bytes);
    if (!plan->setup)
        return STATUS_NO_MEMORY;
    memcpy(plan->setup, kernel->bytes, l.setup_bytes);
    plan->setup_bytes = l.setup_bytes;
    plan->base = l.base;
    plan->stack = l.heap_end;
    fill_header(plan, &l);
    /* old kernels want zeros behind their set-up part */
    kernel_add_row(plan, FW_CFG_SETUP_DATA, 0, l.base, SETUP_MAX);
    kernel_add_row(plan, FW_CFG_KERNEL_DATA, l.setup_bytes, l.load,
                   l.kernel_bytes);
    TRY(take_video_mode(plan, &l));
    TRY(put_command_line(plan, &l));
    return put_initrd(plan, &l, ram_bytes);
}
