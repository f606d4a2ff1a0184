/* The screen in a window.
 *
 * Ctrl-Alt with a letter is ours: G lets the mouse go, F (or Alt-Enter) fills
 * the screen, V types what the clipboard holds, D sends Ctrl-Alt-Del, P takes
 * a picture. Everything else belongs to the guest. */
#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/cp437.h"
#include "frontend/display.h"
#include "frontend/sdl_canvas.h"
#include "frontend/sdl_keys.h"

/* A text screen of 720 columns is crisp in a window of a multiple of that. */
#define WINDOW_WIDTH  720
#define WINDOW_HEIGHT 540
#define TITLE_BYTES   256

struct window {
    struct display display;
    struct display_host host;
    SDL_Window *window;
    struct sdl_canvas *canvas; /* owned, as the window */
    uint64_t serial;
    bool is_drawn; /* as of serial */
    bool is_captured;
    unsigned buttons;
};

static bool report(struct failure *failure)
{
    return failure_set(failure, EXIT_STATUS_HOST,
                       "cannot open a window: %s; write -display text for the "
                       "terminal, or -display none",
                       SDL_GetError());
}

static void update_title(const struct window *w)
{
    char title[TITLE_BYTES];

    snprintf(title, sizeof(title), "%s%sVitrine - %s",
             w->host.title ? w->host.title : "", w->host.title ? " - " : "",
             w->is_captured ? "Ctrl-Alt-G releases the mouse"
                            : "click to use the mouse");
    SDL_SetWindowTitle(w->window, title);
}

static void capture_mouse(struct window *w, bool capture)
{
    if (capture == w->is_captured)
        return;
    w->is_captured = capture;
    SDL_SetRelativeMouseMode(capture ? SDL_TRUE : SDL_FALSE);
    SDL_SetWindowKeyboardGrab(w->window, capture ? SDL_TRUE : SDL_FALSE);
    if (w->buttons)
        input_mouse(w->host.input, 0, 0, 0, 0);
    w->buttons = 0;
    update_title(w);
}

static void toggle_full_screen(struct window *w)
{
    bool is_full =
        SDL_GetWindowFlags(w->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;

    SDL_SetWindowFullscreen(w->window,
                            is_full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
    w->is_drawn = false;
}

/* Types what the clipboard holds; what the code page lacks is left out. */
static void paste(struct window *w)
{
    char *utf8 = SDL_GetClipboardText();
    const char *p = utf8;
    uint8_t c;

    input_release_all(w->host.input); /* Ctrl and Alt, above all */
    while (p && *p) {
        if (*p == '\r' && p[1] == '\n')
            p++;
        if (cp437_from_utf8(&p, &c))
            input_type(w->host.input, &c, 1);
    }
    SDL_free(utf8);
}

static void send_ctrl_alt_del(struct window *w)
{
    static const enum ps2_key keys[] = {PS2_KEY_CTRL, PS2_KEY_ALT,
                                        PS2_KEY_DELETE};

    input_release_all(w->host.input);
    input_chord(w->host.input, keys, SDL_arraysize(keys));
}

/* True: the key was one of ours. */
static bool obey(struct window *w, const SDL_Keysym *key)
{
    bool ctrl_alt = (key->mod & KMOD_CTRL) && (key->mod & KMOD_ALT);

    if (key->scancode == SDL_SCANCODE_RETURN && (key->mod & KMOD_LALT) &&
        !(key->mod & KMOD_CTRL)) {
        toggle_full_screen(w);
        return true;
    }
    if (!ctrl_alt)
        return false;
    switch (key->scancode) {
    case SDL_SCANCODE_G: capture_mouse(w, false); return true;
    case SDL_SCANCODE_F: toggle_full_screen(w); return true;
    case SDL_SCANCODE_V: paste(w); return true;
    case SDL_SCANCODE_D: send_ctrl_alt_del(w); return true;
    case SDL_SCANCODE_P: display_save_picture(&w->host); return true;
    default: return false;
    }
}

static void handle_key(struct window *w, const SDL_KeyboardEvent *event)
{
    bool down = event->type == SDL_KEYDOWN;
    enum ps2_key key;

    if (event->repeat || (down && obey(w, &event->keysym)))
        return;
    if (sdl_keys_find(event->keysym.scancode, &key))
        input_key(w->host.input, key, down);
}

static void handle_button(struct window *w, const SDL_MouseButtonEvent *event)
{
    bool down = event->type == SDL_MOUSEBUTTONDOWN;
    unsigned mask = event->button == SDL_BUTTON_LEFT     ? 1
                    : event->button == SDL_BUTTON_RIGHT  ? 2
                    : event->button == SDL_BUTTON_MIDDLE ? 4
                                                         : 0;

    if (!w->is_captured) {
        if (down && mask == 1)
            capture_mouse(w, true);
        return;
    }
    w->buttons = down ? w->buttons | mask : w->buttons & ~mask;
    input_mouse(w->host.input, 0, 0, 0, w->buttons);
}

static void handle_wheel(struct window *w, const SDL_MouseWheelEvent *event)
{
    int up = event->direction == SDL_MOUSEWHEEL_FLIPPED ? -event->y : event->y;

    if (w->is_captured)
        input_mouse(w->host.input, 0, 0, up, w->buttons);
}

static void handle_window(struct window *w, const SDL_WindowEvent *event)
{
    switch (event->event) {
    case SDL_WINDOWEVENT_FOCUS_LOST:
        input_release_all(w->host.input);
        capture_mouse(w, false);
        break;
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED: w->is_drawn = false; break;
    default: break;
    }
}

static bool poll_window(struct display *self)
{
    struct window *w = (struct window *)self;
    SDL_Event event;

    while (SDL_PollEvent(&event)) {
        switch (event.type) {
        case SDL_QUIT: return false;
        case SDL_KEYDOWN:
        case SDL_KEYUP: handle_key(w, &event.key); break;
        case SDL_MOUSEBUTTONDOWN:
        case SDL_MOUSEBUTTONUP: handle_button(w, &event.button); break;
        case SDL_MOUSEWHEEL: handle_wheel(w, &event.wheel); break;
        case SDL_MOUSEMOTION:
            if (w->is_captured)
                input_mouse(w->host.input, event.motion.xrel, event.motion.yrel,
                            0, w->buttons);
            break;
        case SDL_WINDOWEVENT: handle_window(w, &event.window); break;
        case SDL_RENDER_TARGETS_RESET: w->is_drawn = false; break;
        default: break;
        }
    }
    return true;
}

static void show_window(struct display *self)
{
    struct window *w = (struct window *)self;
    uint64_t serial = machine_display_serial(w->host.machine);

    if (w->is_drawn && serial == w->serial)
        return;
    machine_render(w->host.machine, w->host.frame);
    w->canvas->ops->draw(w->canvas, w->host.frame, !w->is_drawn);
    w->is_drawn = true;
    w->serial = serial;
}

static void close_window(struct window *w)
{
    if (w->canvas)
        w->canvas->ops->destroy(w->canvas);
    if (w->window)
        SDL_DestroyWindow(w->window);
    w->canvas = NULL;
    w->window = NULL;
}

static void destroy_window(struct display *self)
{
    struct window *w = (struct window *)self;

    close_window(w);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(w);
}

/* How often the window's least size fits into three quarters of the screen. */
static int choose_scale(void)
{
    SDL_Rect bounds;
    int across;
    int down;

    if (SDL_GetDisplayUsableBounds(0, &bounds) != 0)
        return 1;
    across = bounds.w * 3 / 4 / WINDOW_WIDTH;
    down = bounds.h * 3 / 4 / WINDOW_HEIGHT;
    across = across < down ? across : down;
    return across > 1 ? across : 1;
}

static bool try_window(struct window *w,
                       struct sdl_canvas *create_canvas(SDL_Window *window))
{
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
    int scale = choose_scale();

    if (w->host.full_screen)
        flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    w->window = SDL_CreateWindow("Vitrine", SDL_WINDOWPOS_UNDEFINED,
                                 SDL_WINDOWPOS_UNDEFINED, WINDOW_WIDTH * scale,
                                 WINDOW_HEIGHT * scale, flags);
    if (w->window)
        w->canvas = create_canvas(w->window);
    if (w->canvas)
        return true;
    close_window(w);
    return false;
}

static bool open_window(struct window *w)
{
    if (!try_window(w, sdl_canvas_create_gpu) &&
        !try_window(w, sdl_canvas_create_cpu))
        return false;
    SDL_SetWindowMinimumSize(w->window, 160, 120);
    SDL_StopTextInput(); /* keys, not characters */
    update_title(w);
    return true;
}

static void set_hints(void)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* ours: signals.h */
    SDL_SetHint(SDL_HINT_APP_NAME, "Vitrine");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_MOUSE_RELATIVE_SCALING, "0");
}

/* Without a screen SDL opens windows that nobody sees; unless they are asked
 * for by its own variable, that is no display. */
static bool init_video(void)
{
    static const char *const blind[] = {"offscreen", "dummy", "evdev"};
    size_t i;

    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
        return false;
    for (i = 0; i < SDL_arraysize(blind) && !getenv("SDL_VIDEODRIVER"); i++) {
        if (strcmp(SDL_GetCurrentVideoDriver(), blind[i]) != 0)
            continue;
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        SDL_SetError("there is no X11 or Wayland screen");
        return false;
    }
    return true;
}

bool display_sdl_create(const struct display_host *host, struct display **out,
                        struct failure *failure)
{
    static const struct display_ops ops = {poll_window, show_window,
                                           destroy_window};
    struct window *w;

    *out = NULL;
    set_hints();
    if (!init_video())
        return report(failure);
    w = calloc(1, sizeof(*w));
    if (!w) {
        SDL_OutOfMemory();
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return report(failure);
    }
    w->display.ops = &ops;
    w->host = *host;
    if (!open_window(w)) {
        report(failure);
        destroy_window(&w->display);
        return false;
    }
    *out = &w->display;
    return true;
}
