/* Lets the graphics card scale: each old pixel first becomes a block, larger
 * than it will be, and that is scaled smoothly, so that it stays sharp. */
#include <stdlib.h>
#include <string.h>

#include "frontend/sdl_canvas.h"

#define SCALE_MOST  8
#define GL_RENDERER 0x1f01 /* of OpenGL: glGetString() */

struct gpu_canvas {
    struct sdl_canvas canvas;
    SDL_Renderer *renderer;
    SDL_Texture *picture; /* the guest's pixels */
    SDL_Texture *blocks;  /* the same, enlarged; NULL: not needed */
    unsigned width, height;
    unsigned scale; /* of `blocks` */
};

static SDL_Texture *make_texture(const struct gpu_canvas *c, int access,
                                 unsigned scale, SDL_ScaleMode mode)
{
    SDL_Texture *texture =
        SDL_CreateTexture(c->renderer, SDL_PIXELFORMAT_RGB888, access,
                          (int)(c->width * scale), (int)(c->height * scale));

    if (texture)
        SDL_SetTextureScaleMode(texture, mode);
    return texture;
}

static void drop_blocks(struct gpu_canvas *c)
{
    if (c->blocks)
        SDL_DestroyTexture(c->blocks);
    c->blocks = NULL;
    c->scale = 0;
}

static bool update_picture(struct gpu_canvas *c, const struct display_frame *f)
{
    if (f->width == 0 || f->height == 0)
        return false;
    if (!c->picture || f->width != c->width || f->height != c->height) {
        drop_blocks(c);
        if (c->picture)
            SDL_DestroyTexture(c->picture);
        c->width = f->width;
        c->height = f->height;
        c->picture = make_texture(c, SDL_TEXTUREACCESS_STREAMING, 1,
                                  SDL_ScaleModeNearest);
    }
    return c->picture && SDL_UpdateTexture(c->picture, NULL, f->pixels,
                                           (int)(f->width * 4)) == 0;
}

/* NULL: the sizes fit as they are, or the card cannot do it. */
static SDL_Texture *enlarge(struct gpu_canvas *c, const SDL_Rect *place)
{
    unsigned across = ((unsigned)place->w + c->width - 1) / c->width;
    unsigned down = ((unsigned)place->h + c->height - 1) / c->height;
    unsigned scale = across > down ? across : down;

    if (scale > SCALE_MOST || !SDL_RenderTargetSupported(c->renderer) ||
        ((unsigned)place->w % c->width == 0 &&
         (unsigned)place->h % c->height == 0))
        return NULL;
    if (c->scale != scale) {
        drop_blocks(c);
        c->blocks = make_texture(c, SDL_TEXTUREACCESS_TARGET, scale,
                                 SDL_ScaleModeLinear);
        c->scale = scale;
    }
    if (!c->blocks || SDL_SetRenderTarget(c->renderer, c->blocks) != 0)
        return NULL;
    SDL_RenderCopy(c->renderer, c->picture, NULL, NULL);
    SDL_SetRenderTarget(c->renderer, NULL);
    return c->blocks;
}

static void draw_gpu(struct sdl_canvas *self, const struct display_frame *frame,
                     bool whole)
{
    struct gpu_canvas *c = (struct gpu_canvas *)self;
    SDL_Texture *texture = NULL;
    SDL_Rect place = {0, 0, 0, 0};
    int width;
    int height;

    (void)whole; /* it always is */
    SDL_GetRendererOutputSize(c->renderer, &width, &height);
    if (update_picture(c, frame)) {
        place = sdl_canvas_place(frame, width, height);
        texture = enlarge(c, &place);
        texture = texture ? texture : c->picture;
    }
    SDL_SetRenderDrawColor(c->renderer, 0, 0, 0, 255);
    SDL_RenderClear(c->renderer);
    if (texture)
        SDL_RenderCopy(c->renderer, texture, NULL, &place);
    SDL_RenderPresent(c->renderer);
}

static void destroy_gpu(struct sdl_canvas *self)
{
    struct gpu_canvas *c = (struct gpu_canvas *)self;

    drop_blocks(c);
    if (c->picture)
        SDL_DestroyTexture(c->picture);
    SDL_DestroyRenderer(c->renderer);
    free(c);
}

/* OpenGL without a card behind it: Mesa's names for its own. */
static bool is_played_by_software(SDL_Renderer *renderer)
{
    static const char *const names[] = {"llvmpipe", "softpipe", "swrast",
                                        "Software"};
    const unsigned char *(*get_string)(unsigned name);
    SDL_RendererInfo info;
    const char *text;
    void *address;
    size_t i;

    if (SDL_GetRendererInfo(renderer, &info) != 0 ||
        !(info.flags & SDL_RENDERER_ACCELERATED))
        return true;
    if (strncmp(info.name, "opengl", 6) != 0)
        return false;
    address = SDL_GL_GetProcAddress("glGetString");
    if (!address)
        return false;
    memcpy(&get_string, &address, sizeof(get_string));
    text = (const char *)get_string(GL_RENDERER);
    for (i = 0; text && i < SDL_arraysize(names); i++)
        if (strstr(text, names[i]))
            return true;
    return false;
}

struct sdl_canvas *sdl_canvas_create_gpu(SDL_Window *window)
{
    static const struct sdl_canvas_ops ops = {draw_gpu, destroy_gpu};
    SDL_Renderer *renderer =
        SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED);
    struct gpu_canvas *c;

    if (!renderer)
        return NULL;
    c = calloc(1, sizeof(*c));
    if (!c || is_played_by_software(renderer)) {
        SDL_SetError("there is no graphics card");
        SDL_DestroyRenderer(renderer);
        free(c);
        return NULL;
    }
    c->canvas.ops = &ops;
    c->renderer = renderer;
    return &c->canvas;
}
