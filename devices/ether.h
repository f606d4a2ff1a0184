/* Ethernet's numbers and its CRC (IEEE 802.3, clause 3). */
#ifndef DEVICES_ETHER_H
#define DEVICES_ETHER_H

#include "core/types.h"

#define ETHER_ADDRESS_BYTES 6
#define ETHER_CRC_BYTES     4
#define ETHER_LEAST_BYTES   60 /* of a frame without CRC; shorter: a runt */

/* Of [frame, frame + bytes); goes on the wire low byte first. */
uint32_t ether_crc(const uint8_t *frame, size_t bytes);

/* The same of a frame in pieces: `crc` is that of what came before, 0 at the
 * start. Over a frame and its CRC the result is ETHER_CRC_GOOD. */
uint32_t ether_crc_more(uint32_t crc, const uint8_t *data, size_t bytes);
#define ETHER_CRC_GOOD 0x2144df1cu

/* The number 0..63 that multicast filters give an address: the first six bits
 * of its CRC as they leave the shift register. */
unsigned ether_hash(const uint8_t address[ETHER_ADDRESS_BYTES]);

/* The lowest bit of an address marks a group of stations. */
bool ether_is_group(const uint8_t address[ETHER_ADDRESS_BYTES]);
bool ether_is_broadcast(const uint8_t address[ETHER_ADDRESS_BYTES]);

#endif
