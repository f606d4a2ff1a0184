#include "frontend/screenshot.h"

#include <assert.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

#include "frontend/outfile.h"

/* libpng leaves through longjmp() on errors: nothing that must be freed lives
 * in a local variable of write_png(). */
struct writer {
    const struct display_frame *frame;
    png_structp png;
    png_infop info;
    uint8_t *row; /* one row, three bytes a pixel */
    char error[80];
};

static void PNGCBAPI take_error(png_structp png, png_const_charp text)
{
    struct writer *writer = png_get_error_ptr(png);

    snprintf(writer->error, sizeof(writer->error), "%s", text);
    png_longjmp(png, 1);
}

static void PNGCBAPI ignore_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void write_header(struct writer *writer)
{
    const struct display_frame *f = writer->frame;

    png_set_IHDR(writer->png, writer->info, f->width, f->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    /* Pixels per unit across and down, in the ratio of the pixel's shape. */
    if (f->aspect_width && f->aspect_height)
        png_set_pHYs(writer->png, writer->info, f->width * f->aspect_height,
                     f->height * f->aspect_width, PNG_RESOLUTION_UNKNOWN);
    png_write_info(writer->png, writer->info);
}

static void write_row(struct writer *writer, const uint32_t *pixels)
{
    uint8_t *out = writer->row;
    unsigned x;

    for (x = 0; x < writer->frame->width; x++) {
        *out++ = (uint8_t)(pixels[x] >> 16);
        *out++ = (uint8_t)(pixels[x] >> 8);
        *out++ = (uint8_t)pixels[x];
    }
    png_write_row(writer->png, writer->row);
}

static bool write_png(struct writer *writer, FILE *stream)
{
    const struct display_frame *f = writer->frame;
    unsigned y;

    if (setjmp(png_jmpbuf(writer->png)))
        return false;
    png_init_io(writer->png, stream);
    write_header(writer);
    for (y = 0; y < f->height; y++)
        write_row(writer, f->pixels + (size_t)y * f->width);
    png_write_end(writer->png, writer->info);
    return true;
}

static bool prepare(struct writer *writer)
{
    writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer,
                                          take_error, ignore_warning);
    if (!writer->png)
        return false;
    writer->info = png_create_info_struct(writer->png);
    writer->row = malloc((size_t)writer->frame->width * 3);
    return writer->info && writer->row;
}

bool screenshot_save(const char *path, const struct display_frame *frame,
                     struct failure *failure)
{
    struct writer writer = {.frame = frame, .error = "out of host memory"};
    struct outfile file;
    bool good;

    assert(frame->width > 0 && frame->height > 0);
    if (!outfile_open(&file, path, failure))
        return false;
    good = prepare(&writer) && write_png(&writer, file.stream);
    png_destroy_write_struct(&writer.png, &writer.info);
    free(writer.row);
    if (good || ferror(file.stream)) /* a full disk is told by commit */
        return outfile_commit(&file, failure);
    outfile_abandon(&file);
    return failure_set(failure, EXIT_STATUS_HOST,
                       "cannot write picture %s: %s; try again", path,
                       writer.error);
}

bool screenshot_save_ppm(const char *path, const struct display_frame *frame,
                         struct failure *failure)
{
    size_t count = (size_t)frame->width * frame->height;
    struct outfile file;

    assert(count > 0);
    if (!outfile_open(&file, path, failure))
        return false;
    fprintf(file.stream, "P6\n%u %u\n255\n", frame->width, frame->height);
    for (size_t i = 0; i < count; i++) {
        fputc((int)(frame->pixels[i] >> 16 & 0xff), file.stream);
        fputc((int)(frame->pixels[i] >> 8 & 0xff), file.stream);
        fputc((int)(frame->pixels[i] & 0xff), file.stream);
    }
    return outfile_commit(&file, failure); /* a full disk is told there */
}
