/* How a picture gets into a window: by the graphics card, or by ourselves. */
#ifndef FRONTEND_SDL_CANVAS_H
#define FRONTEND_SDL_CANVAS_H

#include <SDL.h>

#include "core/display.h"

struct sdl_canvas {
    const struct sdl_canvas_ops *ops;
};

struct sdl_canvas_ops {
    /* Shows `frame`, in its shape, in the middle of the window. With `whole`
     * the window has lost what it showed. A dark screen has no pixels. */
    void (*draw)(struct sdl_canvas *self, const struct display_frame *frame,
                 bool whole);
    void (*destroy)(struct sdl_canvas *self);
};

/* Both say why not by SDL_GetError(). The window is borrowed. The first fails
 * where the graphics card is only played by software, which the second does
 * better: it draws what changed and nothing else. */
struct sdl_canvas *sdl_canvas_create_gpu(SDL_Window *window);
struct sdl_canvas *sdl_canvas_create_cpu(SDL_Window *window);

/* The largest place of the picture's shape in the middle of `width` x
 * `height`. */
SDL_Rect sdl_canvas_place(const struct display_frame *frame, int width,
                          int height);

#endif
