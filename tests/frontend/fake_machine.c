#include "tests/frontend/fake_machine.h"

#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "tests/suite.h"

struct machine *fake_machine_create(void)
{
    struct machine *m = calloc(1, sizeof(*m));

    ck_assert_ptr_nonnull(m);
    m->text.columns = 80;
    m->text.rows = 25;
    m->text.cursor_visible = true;
    memset(m->text.chars, ' ', sizeof(m->text.chars));
    memset(m->text.attrs, 7, sizeof(m->text.attrs));
    return m;
}

void fake_machine_print(struct machine *m, unsigned row, unsigned column,
                        const char *text)
{
    ck_assert_uint_lt(row, m->text.rows);
    ck_assert_uint_le(column + strlen(text), m->text.columns);
    memcpy(&m->text.chars[row * m->text.columns + column], text, strlen(text));
}

void fake_machine_at(struct machine *m, const struct fake_event *event)
{
    ck_assert_uint_lt(m->event_count, FAKE_EVENTS);
    m->events[m->event_count++] = *event;
}

static void play(struct machine *m, const struct fake_event *event)
{
    const char *p;

    m->now_ns = event->ns;
    if (event->screen)
        fake_machine_print(m, event->row, 0, event->screen);
    for (p = event->serial; p && *p && m->serial; p++)
        m->serial->put(m->serial, (uint8_t)*p);
    m->stopped = event->stop;
}

enum machine_stop machine_run(struct machine *m, uint64_t until_ns)
{
    m->runs++;
    if (m->on_run)
        m->on_run(m);
    if (m->debug_ns && m->debug_ns <= until_ns) {
        m->now_ns = m->debug_ns;
        m->debug_ns = 0;
        return MACHINE_DEBUG;
    }
    while (m->stopped == MACHINE_TIME_UP && m->event_next < m->event_count &&
           m->events[m->event_next].ns <= until_ns)
        play(m, &m->events[m->event_next++]);
    if (m->stopped == MACHINE_TIME_UP && until_ns > m->now_ns)
        m->now_ns = until_ns;
    return m->stopped;
}

const char *const *machine_cpu_names(void)
{
    static const char *const names[] = {"8086", "286", "386", "486", NULL};

    return names;
}

const char *const *machine_board_names(void)
{
    static const char *const names[] = {"pc", "isapc", NULL};

    return names;
}

bool machine_ram_ok(size_t bytes)
{
    return bytes >= KIB(64) && bytes <= MIB(2048) && bytes % KIB(64) == 0;
}

enum status machine_create(const struct machine_config *config,
                           struct machine **out, char *message, size_t size)
{
    *out = fake_machine_create();
    (*out)->serial = config->serial[0];
    (void)message;
    (void)size;
    return STATUS_OK;
}

void machine_destroy(struct machine *m)
{
    free(m);
}

uint64_t machine_now_ns(const struct machine *m)
{
    return m->now_ns;
}

uint64_t machine_insns(const struct machine *m)
{
    return m->now_ns / 10;
}

int machine_exit_code(const struct machine *m)
{
    return m->exit_code;
}

uint64_t machine_halted_ns(const struct machine *m)
{
    return m->halted_ns;
}

bool machine_nic_base_ok(unsigned base)
{
    return base >= 0x200 && base < 0x400 && base % 0x20 == 0;
}

bool machine_nic_irq_ok(unsigned irq)
{
    return irq >= 3 && irq <= 15;
}

bool machine_net_in(struct machine *m, const uint8_t *frame, size_t bytes)
{
    if (m->refuse_frames)
        return false;
    ck_assert_uint_le(bytes, sizeof(m->frame));
    memcpy(m->frame, frame, bytes);
    m->frame_bytes = bytes;
    m->frames++;
    return true;
}

unsigned machine_idle_permille(struct machine *m)
{
    (void)m;
    return 0;
}

bool machine_key(struct machine *m, enum ps2_key key, bool down)
{
    if (m->refuse_keys > 0) {
        m->refuse_keys--;
        return false;
    }
    ck_assert_uint_lt(m->key_count, FAKE_KEYS);
    m->keys[m->key_count++] = (struct fake_key){m->now_ns, key, down};
    return true;
}

void machine_release_keys(struct machine *m)
{
    m->releases++;
}

bool machine_mouse(struct machine *m, int dx, int dy, int wheel,
                   unsigned buttons)
{
    m->mouse_x += dx;
    m->mouse_y += dy;
    m->mouse_wheel += wheel;
    m->mouse_buttons = buttons;
    m->mouse_calls++;
    return true;
}

bool machine_serial_in(struct machine *m, unsigned port, uint8_t byte)
{
    if (port != 0 || m->serial_in_count == sizeof(m->serial_in))
        return false;
    m->serial_in[m->serial_in_count++] = byte;
    return true;
}

void machine_reset(struct machine *m)
{
    m->resets++;
}

void machine_power_button(struct machine *m)
{
    (void)m;
}

void machine_insert_floppy(struct machine *m, unsigned drive,
                           struct host_block *block)
{
    m->floppy[drive] = block;
    m->inserts++;
}

bool machine_insert_cd(struct machine *m, unsigned drive,
                       struct host_block *block)
{
    m->cd[drive] = block;
    m->inserts++;
    return true;
}

void machine_set_rate(struct machine *m, uint64_t insns_per_sec)
{
    m->rate = insns_per_sec;
}

void machine_render(struct machine *m, struct display_frame *frame)
{
    unsigned i;

    frame->width = m->text.columns * 8;
    frame->height = m->text.rows * 16;
    frame->aspect_width = 4;
    frame->aspect_height = 3;
    for (i = 0; i < frame->width * frame->height; i++)
        frame->pixels[i] =
            i % frame->width < frame->width / 2 ? 0xff0000 : 0x0000ff;
}

uint64_t machine_display_serial(struct machine *m)
{
    return state_hash_bytes(STATE_HASH_INIT, &m->text, sizeof(m->text));
}

void machine_text(struct machine *m, struct display_text *text)
{
    *text = m->text;
}

void machine_peek(const struct machine *m, paddr addr, void *buffer,
                  size_t size)
{
    (void)m;
    (void)addr;
    memset(buffer, 0xff, size);
}

const uint8_t *machine_demo_disk(size_t *size_bytes)
{
    static const uint8_t disk[512];

    *size_bytes = sizeof(disk);
    return disk;
}

unsigned machine_keyboard_leds(const struct machine *m)
{
    (void)m;
    return 0;
}

uint64_t machine_state_hash(struct machine *m)
{
    return m->now_ns ^ m->key_count;
}

void machine_get_stats(const struct machine *m, struct machine_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    stats->insns = machine_insns(m);
}
