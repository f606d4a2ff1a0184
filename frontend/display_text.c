/* The screen in the terminal that the program was started in.
 *
 * Ctrl-] introduces our own commands; everything else belongs to the guest.
 * With -nographic there are two views: the screen, and COM1. The second comes
 * up by itself when COM1 sends its first line of text, unless the user has
 * chosen before. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/display.h"
#include "frontend/terminal.h"
#include "frontend/text_keys.h"
#include "frontend/text_view.h"

#define HINT         "Ctrl-] then q leaves"
#define COMMANDS     "q leave  d Ctrl-Alt-Del  p picture  r redraw  ] Ctrl-]"
#define COM1_COMMAND "  v COM1 or screen"
#define GREETING     "\x1b[?1049h\x1b[?2004h"
#define SHOW_COM1    "\x1b[0m\x1b[?25h\x1b[?1049l"
#define SHOW_SCREEN  "\x1b[?1049h"

static const char farewell[] = "\x1b[0m\x1b[?25h\x1b[?2004l\x1b[?1049l";

#define WRITE_BYTES    256 /* no more at once: see chardev.c */
#define READ_BYTES     512
#define ESC_POLLS      6   /* without a byte: then it was the Esc key */
#define PICTURE_POLLS  6   /* pictures are slow to send: one in so many */
#define GREETING_SHOWS 250 /* some seconds */
#define LINE_LEAST     4   /* printable characters: a line, not a probe */
#define BACKLOG_BYTES  8192

struct text_screen {
    struct display display;
    struct host_char com1_view; /* what COM1 sends comes here */
    struct display_host host;
    struct text_paint *paint;  /* owned */
    struct display_text *text; /* owned; scratch */
    struct text_keys keys;
    unsigned quiet_polls;
    bool is_ours;  /* after the prefix: the next key is a command */
    bool is_over;  /* the user leaves, or the terminal is gone */
    bool is_drawn; /* as of serial, for this size */
    unsigned columns, rows;
    uint64_t serial;
    unsigned picture_wait;
    unsigned greeting_shows; /* the hint is shown even where it hides a row */

    bool shows_com1, has_chosen;
    unsigned line_length; /* printable characters of COM1's line */
    char backlog[BACKLOG_BYTES];
    size_t backlog_size;
};

static void send_text(struct text_screen *s, const char *text)
{
    text_paint_send(s->paint, text, strlen(text));
}

/* As much as the terminal takes without waiting. True: all is out. */
static bool flush_output(struct text_screen *s, int wait_ms)
{
    struct pollfd pollfd = {.fd = STDOUT_FILENO, .events = POLLOUT};
    const char *bytes;
    size_t size;
    ssize_t done;

    for (;;) {
        bytes = text_paint_output(s->paint, &size);
        if (size == 0)
            return true;
        if (poll(&pollfd, 1, wait_ms) <= 0)
            return false;
        done = write(STDOUT_FILENO, bytes,
                     size < WRITE_BYTES ? size : WRITE_BYTES);
        if (done < 0 && errno != EINTR && errno != EAGAIN) {
            s->is_over = true;
            text_paint_sent(s->paint, size);
            return true;
        }
        if (done > 0)
            text_paint_sent(s->paint, (size_t)done);
    }
}

static void switch_view(struct text_screen *s)
{
    if (!s->host.ports)
        return;
    s->shows_com1 = !s->shows_com1;
    send_text(s, s->shows_com1 ? SHOW_COM1 : SHOW_SCREEN);
    if (s->shows_com1) {
        text_paint_send(s->paint, s->backlog, s->backlog_size);
        s->backlog_size = 0;
    }
    text_paint_forget(s->paint);
    s->is_drawn = false;
}

static void keep_in_backlog(struct text_screen *s, char byte)
{
    if (s->backlog_size == BACKLOG_BYTES) {
        s->backlog_size /= 2;
        memmove(s->backlog, s->backlog + BACKLOG_BYTES - s->backlog_size,
                s->backlog_size);
    }
    s->backlog[s->backlog_size++] = byte;
}

static void put_com1(struct host_char *self, uint8_t byte)
{
    struct text_screen *s = CONTAINER_OF(self, struct text_screen, com1_view);
    char c = (char)byte;

    if (s->shows_com1) {
        text_paint_send(s->paint, &c, 1);
        return;
    }
    keep_in_backlog(s, c);
    s->line_length += byte >= ' ' && byte < 0x7f;
    if (byte != '\n')
        return;
    if (s->line_length >= LINE_LEAST && !s->has_chosen)
        switch_view(s);
    s->line_length = 0;
}

static void send_ctrl_alt_del(struct text_screen *s)
{
    static const enum ps2_key keys[] = {PS2_KEY_CTRL, PS2_KEY_ALT,
                                        PS2_KEY_DELETE};

    input_chord(s->host.input, keys, ARRAY_LEN(keys));
}

static void send_bracket(struct text_screen *s)
{
    static const enum ps2_key keys[] = {PS2_KEY_CTRL, PS2_KEY_BRACKET_RIGHT};

    if (s->shows_com1)
        ports_type_com1(s->host.ports, TEXT_KEYS_PREFIX);
    else
        input_stroke(s->host.input, keys, ARRAY_LEN(keys));
}

/* The key after the prefix. */
static void obey(struct text_screen *s, uint8_t command)
{
    s->is_ours = false;
    s->is_drawn = false;
    switch (command) {
    case 'q': s->is_over = true; break;
    case 'd': send_ctrl_alt_del(s); break;
    case 'p': display_save_picture(&s->host); break;
    case 'r': text_paint_forget(s->paint); break;
    case 'v':
        s->has_chosen = true;
        switch_view(s);
        break;
    case ']':
    case TEXT_KEYS_PREFIX: send_bracket(s); break;
    }
}

static void show_commands(struct text_screen *s)
{
    s->is_ours = true;
    s->is_drawn = false;
    if (s->shows_com1)
        send_text(s, "\r\n[" COMMANDS COM1_COMMAND "]\r\n");
}

static void handle_stroke(struct text_screen *s,
                          const struct text_stroke *stroke)
{
    switch (stroke->kind) {
    case TEXT_KEYS_OURS: show_commands(s); break;
    case TEXT_KEYS_PASTE: input_type(s->host.input, &stroke->byte, 1); break;
    case TEXT_KEYS_STROKE:
        input_stroke(s->host.input, stroke->keys, stroke->count);
        break;
    }
}

static void handle_byte(struct text_screen *s, uint8_t byte)
{
    struct text_stroke stroke;

    if (s->is_ours)
        obey(s, byte);
    else if (s->shows_com1 && byte == TEXT_KEYS_PREFIX)
        show_commands(s);
    else if (s->shows_com1)
        ports_type_com1(s->host.ports, byte);
    else if (text_keys_take(&s->keys, byte, &stroke))
        handle_stroke(s, &stroke);
}

static void read_keys(struct text_screen *s)
{
    struct pollfd pollfd = {.fd = STDIN_FILENO, .events = POLLIN};
    struct text_stroke stroke;
    uint8_t bytes[READ_BYTES];
    ssize_t got = 0;
    ssize_t i;

    if (poll(&pollfd, 1, 0) > 0) {
        got = read(STDIN_FILENO, bytes, sizeof(bytes));
        s->is_over |= got < 0 && errno != EINTR && errno != EAGAIN;
        s->is_over |= got == 0 && (pollfd.revents & POLLHUP);
    }
    for (i = 0; i < got; i++)
        handle_byte(s, bytes[i]);
    s->quiet_polls = got > 0 ? 0 : s->quiet_polls + 1;
    if (s->quiet_polls == ESC_POLLS && text_keys_expire(&s->keys, &stroke))
        handle_stroke(s, &stroke);
}

static bool poll_text(struct display *self)
{
    struct text_screen *s = (struct text_screen *)self;

    read_keys(s);
    flush_output(s, 0);
    return !s->is_over;
}

/* The picture of a graphics mode, unless text can be read from it. */
static void draw_screen(struct text_screen *s, struct text_view *view)
{
    machine_text(s->host.machine, s->text);
    if (text_view_prefers_text(s->text)) {
        s->picture_wait = 0;
        text_view_draw_text(view, s->text);
        return;
    }
    machine_render(s->host.machine, s->host.frame);
    text_view_draw_picture(view, s->host.frame);
    s->picture_wait = PICTURE_POLLS;
}

static void draw(struct text_screen *s, unsigned columns, unsigned rows)
{
    struct text_view view = {s->paint, columns, rows};

    text_paint_begin(s->paint);
    draw_screen(s, &view);
    if (s->is_ours)
        text_view_draw_line(&view, rows - 1,
                            s->host.ports ? COMMANDS COM1_COMMAND : COMMANDS);
    else if (rows > s->text->rows || s->greeting_shows > 0)
        text_view_draw_line(&view, rows - 1, HINT);
    text_paint_end(s->paint);
}

static void show_text(struct display *self)
{
    struct text_screen *s = (struct text_screen *)self;
    uint64_t serial = machine_display_serial(s->host.machine);
    unsigned columns;
    unsigned rows;

    terminal_get_size(&columns, &rows);
    if (columns != s->columns || rows != s->rows)
        s->is_drawn = false;
    if (s->greeting_shows > 0 && --s->greeting_shows == 0)
        s->is_drawn = false;
    if (s->picture_wait > 0)
        s->picture_wait--;
    if (s->shows_com1 || s->picture_wait > 0 || !flush_output(s, 0))
        return;
    if ((s->is_drawn && serial == s->serial) ||
        !text_paint_resize(s->paint, columns, rows))
        return;
    s->columns = columns;
    s->rows = rows;
    draw(s, columns, rows);
    s->is_drawn = true;
    s->serial = serial;
    flush_output(s, 0);
}

static void destroy_text(struct display *self)
{
    struct text_screen *s = (struct text_screen *)self;

    if (s->host.ports)
        ports_set_com1_view(s->host.ports, NULL);
    if (s->paint)
        flush_output(s, 100);
    terminal_leave();
    text_paint_destroy(s->paint);
    free(s->text);
    free(s);
}

static bool has_true_color(void)
{
    const char *value = getenv("COLORTERM");

    return value && (strstr(value, "truecolor") || strstr(value, "24bit"));
}

static bool open_screen(struct text_screen *s, struct failure *failure)
{
    s->paint = text_paint_create(has_true_color());
    s->text = calloc(1, sizeof(*s->text));
    if (!s->paint || !s->text)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    if (!terminal_enter(TERMINAL_RAW, farewell))
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-display text: standard input and output are not "
                           "our terminal; start it in one, or write -display "
                           "none");
    send_text(s, GREETING);
    return true;
}

bool display_text_create(const struct display_host *host, struct display **out,
                         struct failure *failure)
{
    static const struct display_ops ops = {poll_text, show_text, destroy_text};
    struct text_screen *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (!s)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    s->display.ops = &ops;
    s->com1_view.put = put_com1;
    s->host = *host;
    s->greeting_shows = GREETING_SHOWS;
    text_keys_init(&s->keys);
    if (!open_screen(s, failure)) {
        destroy_text(&s->display);
        return false;
    }
    if (host->ports)
        ports_set_com1_view(host->ports, &s->com1_view);
    *out = &s->display;
    return true;
}
