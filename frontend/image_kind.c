#include "frontend/image_kind.h"

#include <string.h>

#include "core/floppy_format.h"

#define HEAD_BYTES    (40u * 1024)
#define TAIL_BYTES    512u
#define SECTOR_BYTES  512u
#define CD_SECTOR     2048u
#define VOLUME_OFFSET 32768u /* sector 16 of a CD */
#define TABLE_OFFSET  446u
#define FLOPPY_MAX    3932160u /* 3840K */

/* The parts of an image that tell what it is; what it lacks is zero. */
struct sample {
    uint64_t size_bytes;
    uint8_t head[HEAD_BYTES];
    uint8_t tail[TAIL_BYTES]; /* its last 512 bytes */
};

#define QEMU_IMG "convert it: qemu-img convert -O raw IMAGE new.img"
#define UNPACK   "unpack it first: "

enum place {
    HEAD,
    TAIL
};

/* Formats that are no raw images, by a few bytes at a place. */
static const struct {
    enum place place;
    unsigned offset;
    const char *bytes;
    unsigned count;
    const char *why;
} foreign[] = {
    /* clang-format off */
    {HEAD, 0, "QFI\xfb", 4, "a qcow or qcow2 image; " QEMU_IMG},
    {HEAD, 0, "QED\0", 4, "a QED image; " QEMU_IMG},
    {HEAD, 0, "KDMV", 4, "a VMware (VMDK) image; " QEMU_IMG},
    {HEAD, 0, "COWD", 4, "a VMware (VMDK) image; " QEMU_IMG},
    {HEAD, 0, "# Disk DescriptorFile", 21,
     "the description of a VMware (VMDK) image; " QEMU_IMG},
    {HEAD, 0x40, "\x7f\x10\xda\xbe", 4, "a VirtualBox (VDI) image; " QEMU_IMG},
    {HEAD, 0, "conectix", 8, "a VHD image; " QEMU_IMG},
    {TAIL, 0, "conectix", 8, "a fixed VHD image, a raw one with a footer; "
     "convert it: qemu-img convert -f vpc -O raw IMAGE new.img"},
    {HEAD, 0, "vhdxfile", 8, "a VHDX image; " QEMU_IMG},
    {HEAD, 0, "WithoutFreeSpace", 16, "a Parallels image; " QEMU_IMG},
    {HEAD, 0, "WithouFreSpacExt", 16, "a Parallels image; " QEMU_IMG},
    {HEAD, 0, "Bochs Virtual HD Image", 22, "a Bochs image; " QEMU_IMG},
    {TAIL, 0, "koly", 4, "a macOS disk image (DMG); " QEMU_IMG},
    {HEAD, 0, "MComprHD", 8,
     "a CHD image; convert it: chdman extracthd -i IMAGE -o new.img"},
    {HEAD, 0, "CISO", 4, "a compressed CD image; convert it to ISO"},
    {HEAD, 0, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0", 12,
     "a CD image of raw 2352-byte sectors (BIN); convert it: bchunk IMAGE "
     "IMAGE.cue new"},
    {HEAD, 0, "IMD 1.", 6,
     "an ImageDisk floppy image; convert it to raw: imdu IMAGE new.img /B"},
    {HEAD, 0, "TD\0", 3,
     "a Teledisk floppy image; convert it to raw with SAMdisk"},
    {HEAD, 0, "td\0", 3,
     "a Teledisk floppy image; convert it to raw with SAMdisk"},
    {HEAD, 0, "CQ\x14", 3,
     "a CopyQM floppy image; convert it to raw with SAMdisk"},
    {HEAD, 0, "HXCPICFE", 8,
     "an HFE floppy image; convert it to raw with hxcfe"},
    {HEAD, 0, "SCP", 3,
     "a flux image of a floppy; convert it to raw: gw convert IMAGE new.img"},
    {HEAD, 0, "\x1f\x8b\x08", 3, "compressed with gzip; " UNPACK "gunzip -k IMAGE"},
    {HEAD, 0, "\xfd" "7zXZ\0", 6, "compressed with xz; " UNPACK "unxz -k IMAGE"},
    {HEAD, 0, "BZh", 3, "compressed with bzip2; " UNPACK "bunzip2 -k IMAGE"},
    {HEAD, 0, "\x28\xb5\x2f\xfd", 4,
     "compressed with zstd; " UNPACK "unzstd IMAGE"},
    {HEAD, 0, "PK\x03\x04", 4, "a ZIP archive; " UNPACK "unzip IMAGE"},
    {HEAD, 0, "7z\xbc\xaf\x27\x1c", 6, "a 7-Zip archive; " UNPACK "7z x IMAGE"},
    {HEAD, 0, "Rar!\x1a\x07", 6, "a RAR archive; " UNPACK "unrar x IMAGE"},
    {HEAD, 257, "ustar", 5, "a tar archive; " UNPACK "tar xf IMAGE"},
    /* clang-format on */
};

static bool starts(const uint8_t *bytes, const char *text, size_t count)
{
    return memcmp(bytes, text, count) == 0;
}

static const char *find_foreign(const struct sample *sample)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        const uint8_t *at = foreign[i].place == HEAD
                                ? sample->head + foreign[i].offset
                                : sample->tail + foreign[i].offset;

        if (starts(at, foreign[i].bytes, foreign[i].count))
            return foreign[i].why;
    }
    return NULL;
}

/* Files that boot in another way. A boot sector is not one of them. */
static const char *find_program(const struct sample *sample)
{
    if (starts(sample->head + 0x202, "HdrS", 4))
        return "a Linux kernel; boot it with -kernel IMAGE";
    if (starts(sample->head,
               "\x7f"
               "ELF",
               4))
        return "a program (ELF), not a disk image; a multiboot kernel boots "
               "with -kernel IMAGE";
    return NULL;
}

static bool boot_signature(const struct sample *sample)
{
    return sample->head[510] == 0x55 && sample->head[511] == 0xaa;
}

/* ISO 9660, High Sierra, or UDF alone. */
static bool is_cd(const struct sample *sample)
{
    const uint8_t *volume = sample->head + VOLUME_OFFSET;

    return starts(volume + 1, "CD001", 5) || starts(volume + 9, "CDROM", 5) ||
           (starts(volume + 1, "BEA01", 5) &&
            starts(volume + CD_SECTOR + 1, "NSR0", 4));
}

static uint32_t get32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* A partition table in which every entry could be one, and one at least is,
 * that begins on the disk. */
static bool has_partitions(const struct sample *sample)
{
    uint64_t sectors = sample->size_bytes / SECTOR_BYTES;
    unsigned used = 0;

    if (!boot_signature(sample))
        return false;
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = sample->head + TABLE_OFFSET + 16 * i;
        uint32_t first = get32(entry + 8), count = get32(entry + 12);

        if (entry[0] & 0x7f)
            return false;
        if (!entry[4])
            continue;
        if (!first || !count || first >= sectors)
            return false;
        used++;
    }
    return used > 0;
}

static bool has_floppy_bpb(const struct sample *sample)
{
    struct floppy_format format;

    return floppy_format_bpb(sample->head, &format);
}

/* The BPB of a hard disk without partitions. */
static bool has_disk_bpb(const struct sample *sample)
{
    const uint8_t *boot = sample->head;
    bool jump = boot[0] == 0xe9 || (boot[0] == 0xeb && boot[2] == 0x90);

    return jump && boot_signature(sample) && boot[0x15] == 0xf8 &&
           boot[0x0b] == 0 && boot[0x0c] == 2 && boot[0x0d] &&
           !(boot[0x0d] & (boot[0x0d] - 1));
}

static enum image_kind guess(const struct sample *sample)
{
    bool known = floppy_format_known(sample->size_bytes);

    if (is_cd(sample) && !(known && has_floppy_bpb(sample)))
        return IMAGE_CD;
    if (sample->size_bytes > FLOPPY_MAX)
        return IMAGE_DISK;
    if (known || has_floppy_bpb(sample))
        return IMAGE_FLOPPY;
    return has_partitions(sample) || has_disk_bpb(sample) ? IMAGE_DISK
                                                          : IMAGE_FLOPPY;
}

static enum status take_sample(struct host_block *block, struct sample *out)
{
    size_t head = HEAD_BYTES, tail = TAIL_BYTES;

    memset(out, 0, sizeof(*out));
    out->size_bytes = block->size_bytes;
    if (block->size_bytes < head)
        head = (size_t)block->size_bytes;
    if (block->size_bytes < tail)
        tail = (size_t)block->size_bytes;
    TRY(block->ops->read(block, 0, out->head, head));
    return block->ops->read(block, block->size_bytes - tail, out->tail, tail);
}

static const char *check_size(uint64_t size_bytes, enum image_kind kind)
{
    switch (kind) {
    case IMAGE_FLOPPY:
        if (size_bytes > FLOPPY_MAX)
            return "too large for a floppy (more than 3840 KiB); use it as a "
                   "hard disk (-hda) or CD (-cdrom)";
        return NULL;
    case IMAGE_DISK:
        if (size_bytes < SECTOR_BYTES)
            return "too small for a hard disk (less than 512 bytes); use it as "
                   "a floppy (-fda)";
        return NULL;
    case IMAGE_CD:
        if (size_bytes < CD_SECTOR)
            return "too small for a CD (less than 2048 bytes); use it as a "
                   "floppy (-fda)";
        return NULL;
    default: return NULL;
    }
}

enum status image_kind_find(struct host_block *block, enum image_kind *kind,
                            const char **why)
{
    struct sample sample;

    *why = NULL;
    if (!block->size_bytes) {
        *why = "empty; make a blank floppy with: truncate -s 1440K IMAGE";
        return STATUS_BAD_FORMAT;
    }
    TRY(take_sample(block, &sample));
    *why = find_foreign(&sample);
    if (!*why && *kind == IMAGE_ANY)
        *why = find_program(&sample);
    if (*why)
        return STATUS_BAD_FORMAT;
    if (*kind == IMAGE_ANY)
        *kind = guess(&sample);
    *why = check_size(block->size_bytes, *kind);
    return *why ? STATUS_BAD_FORMAT : STATUS_OK;
}
