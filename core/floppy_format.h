/* Floppy formats: how a raw image's bytes lie on a diskette, and which drive
 * the diskette wants. Pure facts and functions; the controller, the machine's
 * CMOS and the image opener share them. */
#ifndef CORE_FLOPPY_FORMAT_H
#define CORE_FLOPPY_FORMAT_H

#include "core/types.h"

/* How densely the medium is recorded. */
enum floppy_density {
    FLOPPY_DD, /* 250 kbit/s at 300 rpm */
    FLOPPY_HD, /* 500 kbit/s */
    FLOPPY_ED, /* 1 Mbit/s, perpendicular recording */
};

/* The values are those of CMOS register 10h and of INT 13h AH=08h BL. */
enum floppy_drive_type {
    FLOPPY_DRIVE_NONE = 0,
    FLOPPY_DRIVE_360K = 1,  /* 5.25 inch, 40 cylinders, 300 rpm, DD */
    FLOPPY_DRIVE_1200K = 2, /* 5.25 inch, 80 cylinders, 360 rpm, DD and HD */
    FLOPPY_DRIVE_720K = 3,  /* 3.5 inch, 80 cylinders, 300 rpm, DD */
    FLOPPY_DRIVE_1440K = 4, /* 3.5 inch, 80 cylinders, 300 rpm, DD and HD */
    FLOPPY_DRIVE_2880K = 5, /* 3.5 inch, 80 cylinders, 300 rpm, DD to ED */
    FLOPPY_DRIVE_TYPES,
};

#define FLOPPY_CYLINDERS_MAX \
    86                        /* where the head of an 80-track drive stops \
                               */
#define FLOPPY_SECTORS_MAX 48 /* per track */
#define FLOPPY_BOOT_BYTES  512

struct floppy_format {
    uint8_t cylinders; /* 1..FLOPPY_CYLINDERS_MAX */
    uint8_t heads;     /* 1 or 2 */
    uint8_t sectors;   /* per track, 1..FLOPPY_SECTORS_MAX */
    uint8_t size_code; /* N: a sector has 128 << N bytes; 0..3 */
    uint8_t density;   /* enum floppy_density */
};

/* Bytes of a whole diskette in this format. */
uint64_t floppy_format_bytes(const struct floppy_format *format);

/* How densely a track of `bytes` data bytes has to be recorded. */
enum floppy_density floppy_format_density(uint32_t bytes);

/* True when `size_bytes` is the exact size of a known format. */
bool floppy_format_known(uint64_t size_bytes);

/* The format that the DOS parameter block in `boot` (512 bytes) describes, with
 * at least the cylinders that such a diskette has.
 * False: there is none, or not one of a diskette. */
bool floppy_format_bpb(const uint8_t *boot, struct floppy_format *out);

/* The format of a raw image of `size_bytes`. `boot` are its first 512 bytes
 * (zeros where the image is shorter), or NULL. A DOS parameter block (BPB)
 * that fits the size decides; then a known size; any other size is a 1.44 MB
 * diskette, or the smallest larger known one, whose rest reads as zeros.
 * False: no diskette is that large (*out is then untouched), or size 0. */
bool floppy_format_find(uint64_t size_bytes, const uint8_t *boot,
                        struct floppy_format *out);

/* The drive that a machine gets for a diskette found in it at power-on; NULL
 * (an empty drive) gives 1.44 MB. Never FLOPPY_DRIVE_NONE. */
enum floppy_drive_type floppy_format_drive(const struct floppy_format *format);

/* True when a drive of this type can read the format at all. */
bool floppy_format_fits(const struct floppy_format *format,
                        enum floppy_drive_type type);

#endif
