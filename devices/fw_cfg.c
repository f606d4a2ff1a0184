#include "devices/fw_cfg.h"

#include <stdlib.h>
#include <string.h>

#define SELECTOR_PORT  0x510 /* selector 510 (2 bytes), data 511 */
#define DMA_PORT       0x514 /* address, 8 bytes, big-endian */
#define ID_TRADITIONAL 1u
#define ID_DMA         2u

#define NUMBERED_MAX 96 /* items that are no files, with the two ranges */
#define ARCH_BASE    0x8000u
#define ITEM_MASK    0xbfffu /* bit 14 once meant "write" */

/* Bits of the DMA control word. */
enum {
    DMA_ERROR = 1 << 0,
    DMA_READ = 1 << 1,
    DMA_SKIP = 1 << 2,
    DMA_SELECT = 1 << 3,
    DMA_WRITE = 1 << 4,
};

struct item {
    unsigned key;
    char name[FW_CFG_NAME_BYTES]; /* files only */
    uint8_t *bytes;               /* owned */
    size_t size;
    bool writable;
    size_t state_bytes; /* that the state holds: those the guest may write */
};

struct fw_cfg {
    struct device dev;
    struct bus *ports;
    struct mem *mem;
    struct log *log;
    struct item numbered[NUMBERED_MAX];
    unsigned numbered_count;
    struct item files[FW_CFG_FILES_MAX]; /* in the order of names */
    unsigned file_count;
    struct item directory_item;

    uint16_t selected;
    uint32_t offset; /* in the selected item */
    uint32_t dma_high, dma_low;
};

static struct item *find_numbered(struct fw_cfg *fw, unsigned key)
{
    for (unsigned i = 0; i < fw->numbered_count; i++) {
        if (fw->numbered[i].key == key)
            return &fw->numbered[i];
    }
    return NULL;
}

static struct item *find_file(struct fw_cfg *fw, const char *name)
{
    for (unsigned i = 0; i < fw->file_count; i++) {
        if (!strcmp(fw->files[i].name, name))
            return &fw->files[i];
    }
    return NULL;
}

static struct item *selected_item(struct fw_cfg *fw)
{
    unsigned key = fw->selected & ITEM_MASK;

    if (key == FW_CFG_FILE_DIR)
        return &fw->directory_item;
    if (key >= FW_CFG_FILE_FIRST && key - FW_CFG_FILE_FIRST < fw->file_count)
        return &fw->files[key - FW_CFG_FILE_FIRST];
    return find_numbered(fw, key);
}

/* Bytes of an item beyond its end are 0. */
static uint8_t next_byte(struct fw_cfg *fw)
{
    const struct item *item = selected_item(fw);

    if (!item || fw->offset >= item->size)
        return 0;
    return item->bytes[fw->offset++];
}

static void select_item(struct fw_cfg *fw, unsigned key)
{
    fw->selected = (uint16_t)key;
    fw->offset = 0;
}

/* DMA. */

static uint32_t get_be32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
           (uint32_t)from[2] << 8 | from[3];
}

static void put_be32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

/* What of `length` bytes from the offset on lies inside the item. */
static uint32_t inside(const struct fw_cfg *fw, const struct item *item,
                       uint32_t length)
{
    uint32_t left;

    if (!item || fw->offset >= item->size)
        return 0;
    left = (uint32_t)item->size - fw->offset;
    return length < left ? length : left;
}

static void dma_fill_zeros(struct fw_cfg *fw, paddr to, uint32_t length)
{
    static const uint8_t zeros[MEM_PAGE_BYTES];

    /* A guest may ask for 4 GiB of zeros; memory ends sooner. */
    if (length > fw->mem->ram_bytes)
        length = (uint32_t)fw->mem->ram_bytes;
    while (length) {
        uint32_t part = length < sizeof(zeros) ? length : sizeof(zeros);

        mem_write(fw->mem, to, zeros, part);
        to += part;
        length -= part;
    }
}

/* False: the item cannot be written so. */
static bool dma_move(struct fw_cfg *fw, uint32_t control, paddr at,
                     uint32_t length)
{
    struct item *item = selected_item(fw);
    uint32_t part = inside(fw, item, length);

    if (control & DMA_READ) {
        if (part)
            mem_write(fw->mem, at, item->bytes + fw->offset, part);
        dma_fill_zeros(fw, at + part, length - part);
    } else if (control & DMA_WRITE) {
        if (!item || !item->writable || part < length)
            return false;
        mem_read(fw->mem, at, item->bytes + fw->offset, part);
    } else if (!(control & DMA_SKIP)) {
        return true;
    }
    fw->offset += part;
    return true;
}

static void run_dma(struct fw_cfg *fw)
{
    paddr at = (paddr)fw->dma_high << 32 | fw->dma_low;
    uint8_t request[16], result[4];
    uint32_t control;

    fw->dma_high = fw->dma_low = 0;
    mem_read(fw->mem, at, request, sizeof(request));
    control = get_be32(request);
    if (control & DMA_SELECT)
        select_item(fw, control >> 16);
    control =
        dma_move(fw, control,
                 (paddr)get_be32(request + 8) << 32 | get_be32(request + 12),
                 get_be32(request + 4))
            ? 0
            : DMA_ERROR;
    put_be32(result, control);
    mem_write(fw->mem, at, result, sizeof(result));
}

/* Ports. */

static uint32_t data_read(void *dev, paddr offset, unsigned size)
{
    (void)size;
    return offset == 1 ? next_byte(dev) : 0xff;
}

static void selector_write(void *dev, paddr offset, uint32_t value,
                           unsigned size)
{
    if (offset == 0 && size == 2)
        select_item(dev, value);
}

static const struct bus_ops selector_ops = {
    .read = data_read,
    .write = selector_write,
    .sizes = 1 | 2,
};

static uint32_t swap32(uint32_t value)
{
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) |
           value << 24;
}

/* Reads "QEMU CFG" in big-endian order. */
static uint32_t dma_read(void *dev, paddr offset, unsigned size)
{
    static const uint8_t signature[8] = "QEMU CFG";
    uint32_t value = 0;

    (void)dev;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)signature[(offset + i) & 7] << (8 * i);
    return value;
}

static void dma_write(void *dev, paddr offset, uint32_t value, unsigned size)
{
    struct fw_cfg *fw = dev;

    (void)size;
    if (offset == 0) {
        fw->dma_high = swap32(value);
    } else if (offset == 4) {
        fw->dma_low = swap32(value);
        run_dma(fw);
    }
}

static const struct bus_ops dma_ops = {
    .read = dma_read,
    .write = dma_write,
    .sizes = 1 | 2 | 4,
};

/* Content. */

static enum status set_content(struct item *item, const void *bytes,
                               size_t size)
{
    uint8_t *copy = calloc(1, size ? size : 1);

    if (!copy)
        return STATUS_NO_MEMORY;
    if (bytes)
        memcpy(copy, bytes, size);
    free(item->bytes);
    item->bytes = copy;
    item->size = size;
    item->state_bytes = 0;
    return STATUS_OK;
}

/* Big-endian count, then 64 bytes a file: size, key, 0, name. */
static enum status make_directory(struct fw_cfg *fw)
{
    uint8_t table[4 + FW_CFG_FILES_MAX * 64] = {0};

    put_be32(table, fw->file_count);
    for (unsigned i = 0; i < fw->file_count; i++) {
        struct item *item = &fw->files[i];
        uint8_t *row = table + 4 + 64 * i;

        item->key = FW_CFG_FILE_FIRST + i;
        put_be32(row, (uint32_t)item->size);
        row[4] = (uint8_t)(item->key >> 8);
        row[5] = (uint8_t)item->key;
        memcpy(row + 8, item->name, FW_CFG_NAME_BYTES);
    }
    return set_content(&fw->directory_item, table, 4 + 64 * fw->file_count);
}

static enum status put_item(struct fw_cfg *fw, unsigned key, const void *bytes,
                            size_t size)
{
    struct item *item = find_numbered(fw, key);

    if (!item) {
        if (fw->numbered_count == NUMBERED_MAX)
            return STATUS_BAD_ARGUMENT;
        item = &fw->numbered[fw->numbered_count++];
        item->key = key;
    }
    return set_content(item, bytes, size);
}

enum status fw_cfg_add_item(struct device *dev, unsigned key, const void *bytes,
                            size_t size)
{
    struct fw_cfg *fw = CONTAINER_OF(dev, struct fw_cfg, dev);

    if (key <= FW_CFG_ID || key == FW_CFG_FILE_DIR ||
        (key >= FW_CFG_FILE_FIRST && key < ARCH_BASE) || key > ITEM_MASK)
        return STATUS_BAD_ARGUMENT;
    return put_item(fw, key, bytes, size);
}

enum status fw_cfg_add_number(struct device *dev, unsigned key, uint64_t value,
                              size_t size)
{
    uint8_t bytes[8];

    if (size != 2 && size != 4 && size != 8)
        return STATUS_BAD_ARGUMENT;
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return fw_cfg_add_item(dev, key, bytes, size);
}

static struct item *add_named(struct fw_cfg *fw, const char *name)
{
    unsigned at = 0;

    while (at < fw->file_count && strcmp(fw->files[at].name, name) < 0)
        at++;
    memmove(&fw->files[at + 1], &fw->files[at],
            (fw->file_count - at) * sizeof(fw->files[0]));
    fw->file_count++;
    fw->files[at] = (struct item){0};
    memcpy(fw->files[at].name, name, strlen(name));
    return &fw->files[at];
}

static enum status put_file(struct device *dev, const char *name,
                            const void *bytes, size_t size, bool writable)
{
    struct fw_cfg *fw = CONTAINER_OF(dev, struct fw_cfg, dev);
    struct item *item = find_file(fw, name);

    if (!*name || strlen(name) >= FW_CFG_NAME_BYTES || size > UINT32_MAX ||
        (!item && fw->file_count == FW_CFG_FILES_MAX))
        return STATUS_BAD_ARGUMENT;
    if (!item)
        item = add_named(fw, name);
    item->writable = writable;
    TRY(set_content(item, bytes, size));
    item->state_bytes = writable ? size : 0;
    return make_directory(fw);
}

enum status fw_cfg_add_file(struct device *dev, const char *name,
                            const void *bytes, size_t size)
{
    return put_file(dev, name, bytes, size, false);
}

enum status fw_cfg_add_writable(struct device *dev, const char *name,
                                size_t size)
{
    return put_file(dev, name, NULL, size, true);
}

const uint8_t *fw_cfg_file(const struct device *dev, const char *name,
                           size_t *size)
{
    struct device *plain = (struct device *)(uintptr_t)dev;
    const struct item *item =
        find_file(CONTAINER_OF(plain, struct fw_cfg, dev), name);

    if (!item)
        return NULL;
    *size = item->size;
    return item->bytes;
}

/* The device. */

static void fw_cfg_reset(struct device *dev)
{
    struct fw_cfg *fw = CONTAINER_OF(dev, struct fw_cfg, dev);

    select_item(fw, FW_CFG_SIGNATURE);
    fw->dma_high = fw->dma_low = 0;
}

static void fw_cfg_destroy(struct device *dev)
{
    struct fw_cfg *fw = CONTAINER_OF(dev, struct fw_cfg, dev);

    bus_unmap(fw->ports, SELECTOR_PORT, fw);
    bus_unmap(fw->ports, DMA_PORT, fw);
    for (unsigned i = 0; i < fw->numbered_count; i++)
        free(fw->numbered[i].bytes);
    for (unsigned i = 0; i < fw->file_count; i++)
        free(fw->files[i].bytes);
    free(fw->directory_item.bytes);
    free(fw);
}

static const struct state_field file_state[] = {
    STATE_BUFFER(struct item, bytes, state_bytes),
    STATE_END,
};

static const struct state_field fw_cfg_state[] = {
    STATE_TABLES(struct fw_cfg, files, file_state),
    STATE_FIELD(struct fw_cfg, selected),
    STATE_FIELD(struct fw_cfg, offset),
    STATE_FIELD(struct fw_cfg, dma_high),
    STATE_FIELD(struct fw_cfg, dma_low),
    STATE_END,
};

static const struct device_class fw_cfg_class = {
    .name = "fw_cfg",
    .reset = fw_cfg_reset,
    .destroy = fw_cfg_destroy,
    .state = fw_cfg_state,
};

static enum status set_up(struct fw_cfg *fw)
{
    static const uint8_t id[4] = {ID_TRADITIONAL | ID_DMA};

    TRY(put_item(fw, FW_CFG_SIGNATURE, "QEMU", 4));
    TRY(put_item(fw, FW_CFG_ID, id, sizeof(id)));
    TRY(make_directory(fw));
    TRY(bus_map(fw->ports, SELECTOR_PORT, 2, &selector_ops, fw));
    return bus_map(fw->ports, DMA_PORT, 8, &dma_ops, fw);
}

enum status fw_cfg_create(const struct fw_cfg_config *config,
                          struct device **out)
{
    struct fw_cfg *fw = calloc(1, sizeof(*fw));
    enum status status;

    *out = NULL;
    if (!fw)
        return STATUS_NO_MEMORY;
    fw->dev = (struct device){&fw_cfg_class, config->name};
    fw->ports = config->ports;
    fw->mem = config->mem;
    fw->log = config->log;
    status = set_up(fw);
    if (status != STATUS_OK) {
        fw_cfg_destroy(&fw->dev);
        return status;
    }
    fw_cfg_reset(&fw->dev);
    *out = &fw->dev;
    return STATUS_OK;
}
