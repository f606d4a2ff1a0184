/* CD sectors as they stand on the disc (ECMA-130, second edition): 2352 bytes
 * with sync, header, error detection and correction; and the Q channel. */
#ifndef DEVICES_CD_SECTOR_H
#define DEVICES_CD_SECTOR_H

#include "core/types.h"

#define CD_RAW_BYTES      2352
#define CD_SYNC_BYTES     12
#define CD_HEADER_BYTES   4
#define CD_USER_BYTES     2048
#define CD_Q_BYTES        12
#define CD_LEAD_FRAMES    150 /* sector 0 lies at 00:02:00 */
#define CD_FRAMES_SECOND  75
#define CD_SECONDS_MINUTE 60

struct cd_msf {
    uint8_t minute, second, frame;
};

/* Address of sector `lba`; beyond 255 minutes it stays at the last one. */
struct cd_msf cd_sector_msf(uint32_t lba);

/* 0..99 as two decimal digits; larger numbers as the drive's counters show
 * them, the tens going on from 9 to Fh. */
uint8_t cd_sector_bcd(unsigned value);

/* Makes the 2352 bytes of a mode 1 sector whose user data already stand at
 * raw[16]. The two do not overlap with anything else. */
void cd_sector_fill(uint8_t raw[CD_RAW_BYTES], uint32_t lba);

/* The Q channel of a sector of data track 1: position mode, with its CRC. */
void cd_sector_q(uint8_t q[CD_Q_BYTES], uint32_t lba);

#endif
