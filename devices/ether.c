#include "devices/ether.h"

#include <string.h>

/* The register after `bytes` more bytes. */
static uint32_t shift(uint32_t crc, const uint8_t *data, size_t bytes)
{
    /* What four bits that leave the register feed back. */
    static const uint32_t feedback[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ feedback[crc & 15];
        crc = crc >> 4 ^ feedback[crc & 15];
    }
    return crc;
}

uint32_t ether_crc(const uint8_t *frame, size_t bytes)
{
    return ether_crc_more(0, frame, bytes);
}

uint32_t ether_crc_more(uint32_t crc, const uint8_t *data, size_t bytes)
{
    return ~shift(~crc, data, bytes);
}

unsigned ether_hash(const uint8_t address[ETHER_ADDRESS_BYTES])
{
    uint32_t crc = shift(0xffffffffu, address, ETHER_ADDRESS_BYTES);
    unsigned hash = 0;

    for (unsigned i = 0; i < 6; i++)
        hash = hash << 1 | (crc >> i & 1);
    return hash;
}

bool ether_is_group(const uint8_t address[ETHER_ADDRESS_BYTES])
{
    return address[0] & 1;
}

bool ether_is_broadcast(const uint8_t address[ETHER_ADDRESS_BYTES])
{
    static const uint8_t all[ETHER_ADDRESS_BYTES] = {0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff};

    return memcmp(address, all, sizeof(all)) == 0;
}
