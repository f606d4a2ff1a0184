/* The codes: EDC is a CRC of 32 bits with the polynomial
 * (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), least significant bit first
 * (ECMA-130 section 14.3); P and Q are Reed-Solomon codes with two parity
 * symbols over GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1 (annex A). */
#include "devices/cd_sector.h"

#include <string.h>

#define EDC_POLYNOMIAL 0xd8018001u /* reversed */
#define Q_POLYNOMIAL   0x1021u

#define EDC_AT      2064
#define P_AT        2076
#define Q_AT        2248
#define HEADER_AT   12
#define P_COLUMNS   86
#define P_ROWS      24
#define Q_DIAGONALS 52
#define Q_LENGTH    43

struct cd_msf cd_sector_msf(uint32_t lba)
{
    uint32_t frames = lba + CD_LEAD_FRAMES;
    uint32_t minute = frames / (CD_FRAMES_SECOND * CD_SECONDS_MINUTE);

    if (lba > 0xffffff || minute > 255)
        return (struct cd_msf){255, 59, 74};
    return (struct cd_msf){
        (uint8_t)minute,
        (uint8_t)(frames / CD_FRAMES_SECOND % CD_SECONDS_MINUTE),
        (uint8_t)(frames % CD_FRAMES_SECOND),
    };
}

uint8_t cd_sector_bcd(unsigned value)
{
    unsigned tens = value / 10;

    return (uint8_t)((tens < 15 ? tens : 15) << 4 | value % 10);
}

static uint32_t find_edc(const uint8_t *bytes, size_t size)
{
    uint32_t edc = 0;

    for (size_t i = 0; i < size; i++) {
        edc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            edc = edc >> 1 ^ (edc & 1 ? EDC_POLYNOMIAL : 0);
    }
    return edc;
}

/* Multiplies by the field's generator. */
static uint8_t twice(uint8_t value)
{
    return (uint8_t)(value << 1 ^ (value & 0x80 ? 0x1d : 0));
}

/* Divides by (1 + generator). */
static uint8_t divide_by_three(uint8_t value)
{
    uint8_t result = 0;

    /* 1/3 = 244 in this field: shift and add over its bits */
    for (unsigned bit = 0; bit < 8; bit++) {
        result = twice(result);
        if (244u << bit & 0x80)
            result ^= value;
    }
    return result;
}

/* The two parity symbols a, b of a column: with them the sum of all symbols
 * and the sum weighted by descending powers of the generator are 0. */
struct parity {
    uint8_t sum, weighted;
};

static void add_symbol(struct parity *parity, uint8_t symbol)
{
    parity->sum ^= symbol;
    parity->weighted = twice(parity->weighted ^ symbol);
}

/* a + b = sum and 2a + b = twice(weighted): weighted already has the factor
 * for the place of b. */
static void put_parity(const struct parity *parity, uint8_t *a, uint8_t *b)
{
    *a = (uint8_t)(twice(parity->weighted) ^ parity->sum);
    *a = divide_by_three(*a);
    *b = *a ^ parity->sum;
}

static void fill_p(uint8_t *raw)
{
    const uint8_t *data = raw + HEADER_AT;

    for (unsigned column = 0; column < P_COLUMNS; column++) {
        struct parity parity = {0, 0};

        for (unsigned row = 0; row < P_ROWS; row++)
            add_symbol(&parity, data[row * P_COLUMNS + column]);
        put_parity(&parity, &raw[P_AT + column],
                   &raw[P_AT + P_COLUMNS + column]);
    }
}

/* Symbols come in words of two: diagonal n of the low bytes, and of the high
 * ones. They include the P symbols. */
static void fill_q(uint8_t *raw)
{
    const uint8_t *data = raw + HEADER_AT;

    for (unsigned n = 0; n < Q_DIAGONALS; n++) {
        struct parity parity = {0, 0};

        for (unsigned m = 0; m < Q_LENGTH; m++) {
            unsigned word = (n / 2 * 43 + m * 44) % 1118;

            add_symbol(&parity, data[2 * word + n % 2]);
        }
        put_parity(&parity, &raw[Q_AT + n], &raw[Q_AT + Q_DIAGONALS + n]);
    }
}

void cd_sector_fill(uint8_t raw[CD_RAW_BYTES], uint32_t lba)
{
    struct cd_msf msf = cd_sector_msf(lba);
    uint32_t edc;

    memset(raw, 0xff, CD_SYNC_BYTES);
    raw[0] = raw[CD_SYNC_BYTES - 1] = 0;
    raw[HEADER_AT] = cd_sector_bcd(msf.minute);
    raw[HEADER_AT + 1] = cd_sector_bcd(msf.second);
    raw[HEADER_AT + 2] = cd_sector_bcd(msf.frame);
    raw[HEADER_AT + 3] = 1; /* mode */
    edc = find_edc(raw, EDC_AT);
    for (unsigned i = 0; i < 4; i++)
        raw[EDC_AT + i] = (uint8_t)(edc >> (8 * i));
    memset(raw + EDC_AT + 4, 0, P_AT - EDC_AT - 4);
    fill_p(raw);
    fill_q(raw);
}

static uint16_t find_crc(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < size; i++) {
        crc ^= (uint32_t)bytes[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x8000 ? Q_POLYNOMIAL : 0);
    }
    return (uint16_t)~crc; /* stands inverted on the disc */
}

void cd_sector_q(uint8_t q[CD_Q_BYTES], uint32_t lba)
{
    struct cd_msf msf = cd_sector_msf(lba);
    uint32_t frames = lba < 0xffffff ? lba : 0xffffff;
    uint16_t crc;

    q[0] = 0x41; /* data track, position */
    q[1] = 1;    /* track */
    q[2] = 1;    /* index */
    q[3] = cd_sector_bcd(frames / CD_FRAMES_SECOND / CD_SECONDS_MINUTE);
    q[4] = cd_sector_bcd(frames / CD_FRAMES_SECOND % CD_SECONDS_MINUTE);
    q[5] = cd_sector_bcd(frames % CD_FRAMES_SECOND);
    q[6] = 0;
    q[7] = cd_sector_bcd(msf.minute);
    q[8] = cd_sector_bcd(msf.second);
    q[9] = cd_sector_bcd(msf.frame);
    crc = find_crc(q, 10);
    q[10] = (uint8_t)(crc >> 8);
    q[11] = (uint8_t)crc;
}
