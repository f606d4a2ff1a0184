/* Draws into the window's surface, and only the rows that changed. */
#include <stdlib.h>
#include <string.h>

#include "frontend/scaler.h"
#include "frontend/sdl_canvas.h"

struct cpu_canvas {
    struct sdl_canvas canvas;
    SDL_Window *window; /* borrowed */
    struct scaler *scaler;
    uint32_t *shown;        /* owned; the picture that the window shows */
    unsigned width, height; /* of it; 0: none */
    SDL_Rect place;
};

SDL_Rect sdl_canvas_place(const struct display_frame *frame, int width,
                          int height)
{
    int64_t across = frame->aspect_width ? frame->aspect_width : frame->width;
    int64_t down = frame->aspect_height ? frame->aspect_height : frame->height;
    SDL_Rect place = {0, 0, width, 0};

    place.h = (int)(width * down / across);
    if (place.h > height) {
        place.h = height;
        place.w = (int)(height * across / down);
    }
    place.w += place.w == 0;
    place.h += place.h == 0;
    place.x = (width - place.w) / 2;
    place.y = (height - place.h) / 2;
    return place;
}

/* The rows of `frame` that differ from what is shown. */
static unsigned find_changes(const struct cpu_canvas *c,
                             const struct display_frame *frame, unsigned *first)
{
    size_t row = sizeof(*frame->pixels) * frame->width;
    unsigned end = frame->height;

    *first = 0;
    while (*first < end &&
           !memcmp(frame->pixels + (size_t)*first * frame->width,
                   c->shown + (size_t)*first * frame->width, row))
        ++*first;
    while (end > *first &&
           !memcmp(frame->pixels + (size_t)(end - 1) * frame->width,
                   c->shown + (size_t)(end - 1) * frame->width, row))
        end--;
    return end - *first;
}

/* Everything is to be drawn again, in another size perhaps. */
static bool start_over(struct cpu_canvas *c, const struct display_frame *frame,
                       const SDL_Surface *surface)
{
    size_t size = sizeof(*c->shown) * frame->width * frame->height;
    uint32_t *shown = realloc(c->shown, size);

    if (!shown)
        return false;
    c->shown = shown;
    c->width = frame->width;
    c->height = frame->height;
    c->place = sdl_canvas_place(frame, surface->w, surface->h);
    return scaler_set_size(c->scaler, frame->width, frame->height,
                           (unsigned)c->place.w, (unsigned)c->place.h);
}

static bool draw_rows(struct cpu_canvas *c, const struct display_frame *frame,
                      SDL_Surface *surface, SDL_Rect *changed)
{
    size_t pitch = (size_t)surface->pitch / sizeof(uint32_t);
    unsigned first;
    unsigned count;
    unsigned to_first;
    unsigned to_count;

    count = find_changes(c, frame, &first);
    if (count == 0)
        return false;
    memcpy(c->shown + (size_t)first * c->width,
           frame->pixels + (size_t)first * c->width,
           sizeof(*c->shown) * count * c->width);
    scaler_find_rows(c->scaler, first, count, &to_first, &to_count);
    if (SDL_MUSTLOCK(surface) && SDL_LockSurface(surface) != 0)
        return false;
    scaler_run(c->scaler, frame->pixels,
               (uint32_t *)surface->pixels + (size_t)c->place.y * pitch +
                   c->place.x,
               pitch, to_first, to_count);
    if (SDL_MUSTLOCK(surface))
        SDL_UnlockSurface(surface);
    *changed = c->place;
    changed->y += (int)to_first;
    changed->h = (int)to_count;
    return true;
}

static void draw_whole(struct cpu_canvas *c, const struct display_frame *frame,
                       SDL_Surface *surface)
{
    SDL_Rect all;

    SDL_FillRect(surface, NULL, 0);
    c->width = c->height = 0;
    if (frame->width > 0 && frame->height > 0 &&
        start_over(c, frame, surface)) {
        /* Nothing is equal to its own opposite. */
        size_t i;

        for (i = 0; i < (size_t)c->width * c->height; i++)
            c->shown[i] = ~frame->pixels[i];
        draw_rows(c, frame, surface, &all);
    }
    SDL_UpdateWindowSurface(c->window);
}

static void draw_cpu(struct sdl_canvas *self, const struct display_frame *frame,
                     bool whole)
{
    struct cpu_canvas *c = (struct cpu_canvas *)self;
    SDL_Surface *surface = SDL_GetWindowSurface(c->window);
    SDL_Rect changed;

    if (!surface || surface->format->BytesPerPixel != sizeof(uint32_t))
        return;
    if (whole || frame->width != c->width || frame->height != c->height)
        draw_whole(c, frame, surface);
    else if (c->width > 0 && draw_rows(c, frame, surface, &changed))
        SDL_UpdateWindowSurfaceRects(c->window, &changed, 1);
}

static void destroy_cpu(struct sdl_canvas *self)
{
    struct cpu_canvas *c = (struct cpu_canvas *)self;

    scaler_destroy(c->scaler);
    free(c->shown);
    free(c);
}

/* Red, green and blue where our pixels have them. */
static bool has_our_format(SDL_Window *window)
{
    const SDL_Surface *surface = SDL_GetWindowSurface(window);

    if (!surface)
        return false;
    if (surface->format->BytesPerPixel == sizeof(uint32_t) &&
        surface->format->Rmask == 0xff0000 &&
        surface->format->Gmask == 0x00ff00 &&
        surface->format->Bmask == 0x0000ff)
        return true;
    SDL_SetError("the screen has other colors than 24 bit ones");
    return false;
}

struct sdl_canvas *sdl_canvas_create_cpu(SDL_Window *window)
{
    static const struct sdl_canvas_ops ops = {draw_cpu, destroy_cpu};
    struct cpu_canvas *c;

    /* The surface itself, not a graphics card's texture behind it. */
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    if (!has_our_format(window))
        return NULL;
    c = calloc(1, sizeof(*c));
    if (c)
        c->scaler = scaler_create();
    if (!c || !c->scaler) {
        free(c);
        SDL_OutOfMemory();
        return NULL;
    }
    c->canvas.ops = &ops;
    c->window = window;
    return &c->canvas;
}
