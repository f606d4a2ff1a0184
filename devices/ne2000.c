#include "devices/ne2000.h"

#include <assert.h>
#include <string.h>

#define DATA_PORT  0x10
#define RESET_PORT 0x18

/* The local bus decodes A14 alone. */
#define RAM_SELECT 0x4000

#define SIGNATURE    0x57 /* a card in a 16-bit slot */
#define SIGNATURE_AT 14

/* A frame waits so long for room, then the card has to overflow. Drivers that
 * leave frames in the ring, the interrupt acknowledged, come to that often:
 * the next frame would call them again, but finds no room. They stop the card
 * for some 10 ms then, and empty the ring; so much longer the frame waits. */
#define PATIENCE_NS UINT64_C(20000000)
#define RECOVERY_NS UINT64_C(100000000)

/* Registers of page 0 and 3 that Realtek added. */
enum {
    P0_ID0 = 0x0a,
    P0_ID1 = 0x0b,
    P3_9346CR = 0x01,
    P3_BPAGE = 0x02,
    P3_CONFIG0 = 0x03,
    P3_CONFIG1 = 0x04,
    P3_CONFIG2 = 0x05,
    P3_CONFIG3 = 0x06,
    P3_TEST = 0x07,
    P3_HLTCLK = 0x09,
    P3_ASID0 = 0x0e,
    P3_ASID1 = 0x0f,
};

#define EEM_MODE   0xc0
#define EEM_UNLOCK 0xc0 /* configuration registers may be written */
#define EEM_LOAD   0x40 /* reads the EEPROM again; falls back by itself */

/* Page 3: what is there after a reset, and the bits that can be written; with
 * `locked` only while 9346CR says so. */
struct page3_row {
    uint8_t reg, reset, writable;
    bool locked;
};

struct model_row {
    uint8_t id0, id1;
    struct page3_row page3[NE2000_PAGE3];
};

/* clang-format off */
static const struct model_row models[] = {
    [NE2000_RTL8019] = {'P', 'p', {
        /* register  reset  writable locked */
        {P3_9346CR,  0x00,  0xce,    false},
        {P3_BPAGE,   0x00,  0xff,    false},
        {P3_CONFIG0, 0x00,  0x00,    false}, /* no jumpers, 10BASE-T */
        {P3_CONFIG1, 0x00,  0x80,    true},  /* the front's config1 */
        {P3_CONFIG2, 0x00,  0xdf,    true},
        {P3_CONFIG3, 0x00,  0x46,    true},
        {P3_TEST,    0x00,  0xff,    false},
    }},
    [NE2000_RTL8029] = {'P', 'C', {
        {P3_9346CR,  0x00,  0xce,    false},
        {P3_CONFIG0, 0x00,  0x00,    false},
        {P3_CONFIG2, 0x40,  0xe0,    true},  /* 10BASE-T */
        {P3_CONFIG3, 0x40,  0x46,    true},  /* full duplex */
        {P3_HLTCLK,  0x00,  0xff,    false},
        {P3_ASID0,   0x29,  0x00,    false},
        {P3_ASID1,   0x80,  0x00,    false},
    }},
};
/* clang-format on */

static const struct page3_row *find_page3(const struct ne2000 *card,
                                          unsigned reg)
{
    const struct page3_row *rows = models[card->model].page3;

    for (unsigned i = 0; i < NE2000_PAGE3 && rows[i].reg; i++) {
        if (rows[i].reg == reg)
            return &rows[i];
    }
    return NULL;
}

/* What the controller asks of the card. */

static uint8_t load(void *dev, uint16_t address)
{
    const struct ne2000 *card = dev;

    return address & RAM_SELECT ? card->ram[address % NE2000_RAM_BYTES]
                                : card->prom[address % NE2000_PROM_BYTES];
}

static void store(void *dev, uint16_t address, uint8_t value)
{
    struct ne2000 *card = dev;

    if (address & RAM_SELECT)
        card->ram[address % NE2000_RAM_BYTES] = value;
}

static void send(void *dev, const uint8_t *frame, size_t bytes)
{
    const struct ne2000 *card = dev;

    if (card->host)
        card->host->send(card->host, frame, bytes, clock_now_ns(card->clock));
}

static void interrupt(void *dev, bool level)
{
    struct ne2000 *card = dev;

    card->interrupt(card, level);
}

/* There may be room now for the frame that waits. */
static void freed(void *dev)
{
    struct ne2000 *card = dev;

    if (card->waiting == NE2000_WAITS || card->waiting == NE2000_OVERFLOWED)
        clock_arm(card->clock, &card->arrival, clock_now_ns(card->clock));
}

static const struct dp8390_card nic_card = {load, store, send, interrupt,
                                            freed};

/* The wire. */

static void expect_frame(struct ne2000 *card)
{
    const struct ne2000_frame *frame =
        &card->wire[card->wire_first % NE2000_WIRE_FRAMES];

    clock_arm(card->clock, &card->arrival,
              clock_now_ns(card->clock) +
                  dp8390_wire_ns(&card->nic, frame->bytes));
}

static void be_patient(struct ne2000 *card, enum ne2000_wait wait, uint64_t ns)
{
    card->waiting = (uint8_t)wait;
    card->patience_ns = clock_now_ns(card->clock) + ns;
}

/* Whether the card may have it now. Behind an overflow it stays away from a
 * card that is stopped or looped back: that is how a driver recovers. */
static bool can_enter(const struct ne2000 *card,
                      const struct ne2000_frame *frame)
{
    if (card->waiting == NE2000_OVERFLOWED && !dp8390_listens(&card->nic))
        return false;
    return dp8390_has_room(&card->nic, frame->data, frame->bytes);
}

/* What becomes of a frame that cannot enter. True: it has to wait; the event
 * is armed. */
static bool wait_for_room(struct ne2000 *card, const struct ne2000_frame *frame)
{
    bool over = clock_now_ns(card->clock) >= card->patience_ns;

    switch ((enum ne2000_wait)card->waiting) {
    case NE2000_UNDERWAY: be_patient(card, NE2000_WAITS, PATIENCE_NS); break;
    case NE2000_WAITS:
        if (over) {
            dp8390_receive(&card->nic, frame->data, frame->bytes);
            be_patient(card, NE2000_OVERFLOWED, RECOVERY_NS);
        }
        break;
    case NE2000_OVERFLOWED:
        if (over)
            card->waiting = NE2000_GIVEN_UP;
        break;
    case NE2000_GIVEN_UP: break;
    }
    if (card->waiting == NE2000_GIVEN_UP)
        return false;
    clock_arm(card->clock, &card->arrival, card->patience_ns);
    return true;
}

static void on_arrival(void *dev)
{
    struct ne2000 *card = dev;
    struct ne2000_frame *frame =
        &card->wire[card->wire_first % NE2000_WIRE_FRAMES];

    if (card->wire_count == 0)
        return;
    if (can_enter(card, frame))
        card->waiting = NE2000_UNDERWAY;
    else if (wait_for_room(card, frame))
        return;
    dp8390_receive(&card->nic, frame->data, frame->bytes);
    card->wire_first = (uint8_t)((card->wire_first + 1) % NE2000_WIRE_FRAMES);
    card->wire_count--;
    if (card->wire_count > 0)
        expect_frame(card);
}

bool ne2000_receive(struct ne2000 *card, const uint8_t *frame, size_t bytes)
{
    struct ne2000_frame *slot;

    if (bytes < HOST_NET_FRAME_LEAST || bytes > HOST_NET_FRAME_MOST)
        return true;
    if (card->wire_count >= NE2000_WIRE_FRAMES)
        return false;
    slot =
        &card->wire[(card->wire_first + card->wire_count) % NE2000_WIRE_FRAMES];
    memset(slot->data, 0, sizeof(slot->data));
    memcpy(slot->data, frame, bytes);
    if (bytes < ETHER_LEAST_BYTES)
        bytes = ETHER_LEAST_BYTES;
    slot->bytes = (uint16_t)bytes;
    if (card->wire_count++ == 0)
        expect_frame(card);
    return true;
}

/* Ports. */

static uint8_t read_page3(const struct ne2000 *card, unsigned reg)
{
    const struct page3_row *row = find_page3(card, reg);

    return row ? card->page3[reg] : 0xff;
}

static void write_page3(struct ne2000 *card, unsigned reg, uint8_t value)
{
    const struct page3_row *row = find_page3(card, reg);
    uint8_t mode = card->page3[P3_9346CR] & EEM_MODE;

    if (!row || (row->locked && mode != EEM_UNLOCK))
        return;
    card->page3[reg] = (uint8_t)((card->page3[reg] & ~row->writable) |
                                 (value & row->writable));
    if (reg == P3_9346CR && (value & EEM_MODE) == EEM_LOAD)
        card->page3[reg] &= (uint8_t)~EEM_MODE;
}

static uint8_t read_register(struct ne2000 *card, unsigned reg)
{
    unsigned page = dp8390_page(&card->nic);

    if (page == 0 && reg == P0_ID0)
        return models[card->model].id0;
    if (page == 0 && reg == P0_ID1)
        return models[card->model].id1;
    if (page == 3 && reg != 0)
        return read_page3(card, reg);
    return dp8390_read(&card->nic, reg);
}

static void write_register(struct ne2000 *card, unsigned reg, uint8_t value)
{
    if (dp8390_page(&card->nic) == 3 && reg != 0)
        write_page3(card, reg, value);
    else
        dp8390_write(&card->nic, reg, value);
}

static uint8_t read_byte(struct ne2000 *card, unsigned offset)
{
    if (offset < DP8390_REGISTERS)
        return read_register(card, offset);
    if (offset >= RESET_PORT)
        dp8390_reset(&card->nic);
    return 0xff;
}

static bool is_data(unsigned offset)
{
    return offset >= DATA_PORT && offset < RESET_PORT;
}

uint32_t ne2000_read(struct ne2000 *card, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    assert(offset + size <= NE2000_PORTS);
    if (is_data(offset) && is_data(offset + size - 1))
        return dp8390_read_data(&card->nic, size);
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)read_byte(card, offset + i) << (8 * i);
    return value;
}

void ne2000_write(struct ne2000 *card, unsigned offset, uint32_t value,
                  unsigned size)
{
    assert(offset + size <= NE2000_PORTS);
    if (is_data(offset) && is_data(offset + size - 1)) {
        dp8390_write_data(&card->nic, value, size);
        return;
    }
    for (unsigned i = 0; i < size && offset + i < DP8390_REGISTERS; i++)
        write_register(card, offset + i, (uint8_t)(value >> (8 * i)));
}

/* Life. */

static void fill_prom(struct ne2000 *card, const uint8_t *address)
{
    uint8_t bytes[NE2000_PROM_BYTES / 2] = {0};

    memcpy(bytes, address, ETHER_ADDRESS_BYTES);
    bytes[SIGNATURE_AT] = bytes[SIGNATURE_AT + 1] = SIGNATURE;
    for (unsigned i = 0; i < NE2000_PROM_BYTES; i++)
        card->prom[i] = bytes[i / 2];
}

void ne2000_init(struct ne2000 *card, const struct ne2000_config *config,
                 enum ne2000_model model)
{
    const struct dp8390_config nic = {
        .name = config->name,
        .card = &nic_card,
        .sink = card,
        .clock = config->clock,
        .log = config->log,
        .bits_per_sec = config->bits_per_sec,
    };

    card->clock = config->clock;
    card->host = config->host;
    card->model = model;
    fill_prom(card, config->address);
    dp8390_init(&card->nic, &nic);
    clock_event_init(&card->arrival, on_arrival, card);
}

void ne2000_deinit(struct ne2000 *card)
{
    clock_disarm(card->clock, &card->arrival);
    dp8390_deinit(&card->nic);
}

/* What a reset leaves undefined begins as zeros. */
static void clear_registers(struct dp8390 *nic)
{
    struct dp8390_config config = nic->config;

    dp8390_deinit(nic);
    dp8390_init(nic, &config);
    dp8390_reset(nic);
}

void ne2000_power_on(struct ne2000 *card)
{
    const struct page3_row *rows = models[card->model].page3;

    clock_disarm(card->clock, &card->arrival);
    card->wire_first = card->wire_count = 0;
    card->waiting = NE2000_UNDERWAY;
    memset(card->wire, 0, sizeof(card->wire));
    memset(card->page3, 0, sizeof(card->page3));
    for (unsigned i = 0; i < NE2000_PAGE3 && rows[i].reg; i++)
        card->page3[rows[i].reg] = rows[i].reset;
    card->page3[P3_CONFIG1] = card->config1;
    clear_registers(&card->nic);
}

void ne2000_loaded(struct ne2000 *card)
{
    clock_relink(card->clock, &card->arrival);
    dp8390_loaded(&card->nic);
    if (card->wire_count > NE2000_WIRE_FRAMES)
        card->wire_count = NE2000_WIRE_FRAMES;
    if (card->waiting > NE2000_GIVEN_UP)
        card->waiting = NE2000_GIVEN_UP;
    for (unsigned i = 0; i < NE2000_WIRE_FRAMES; i++) {
        if (card->wire[i].bytes > HOST_NET_FRAME_MOST)
            card->wire[i].bytes = HOST_NET_FRAME_MOST;
    }
}

static const struct state_field frame_state[] = {
    STATE_FIELD(struct ne2000_frame, bytes),
    STATE_ARRAY(struct ne2000_frame, data),
    STATE_END,
};

const struct state_field ne2000_state[] = {
    STATE_TABLE(struct ne2000, nic, dp8390_state),
    STATE_ARRAY(struct ne2000, ram),
    STATE_ARRAY(struct ne2000, page3),
    STATE_TABLES(struct ne2000, wire, frame_state),
    STATE_FIELD(struct ne2000, wire_first),
    STATE_FIELD(struct ne2000, wire_count),
    STATE_TABLE(struct ne2000, arrival, clock_event_state),
    STATE_FIELD(struct ne2000, waiting),
    STATE_FIELD(struct ne2000, patience_ns),
    STATE_END,
};
