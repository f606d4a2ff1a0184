/* Build-time tool: makes one font of the VGA BIOS from its drawings.
 *
 *   mkfont HEIGHT FONT WIDE SOURCE...
 *
 * HEIGHT is 8, 14 or 16 and need not be that of the drawings: surplus rows are
 * left out, first the last one, then inside the letters where two neighbours
 * are alike. FONT gets 256 x HEIGHT bytes, bit 7 the leftmost column. WIDE gets
 * the shapes for nine-column cells as the VGA's font tables hold them: code,
 * HEIGHT bytes, ..., 0. The language of SOURCE is described in docs/vgabios.md.
 * Exit status 1: a file failed or does not make sense. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GLYPHS = 256,
    MARKS_MAX = 16,
    LIFTED_ROW = 3, /* above the drawings that lift names */
    ROWS_MAX = 16,
    NAME_MAX_BYTES = 16,
    PER_LINE = 8,
    LINE_BYTES = 128
};

struct glyph {
    bool defined;
    uint8_t row[ROWS_MAX]; /* bit 7 is the leftmost column */
};

struct mark {
    char name[NAME_MAX_BYTES];
    struct glyph shape;
};

struct font {
    unsigned height;       /* of the result, rows */
    unsigned drawn_height; /* of the drawings being read, rows */
    struct glyph glyph[GLYPHS];
    struct glyph wide[GLYPHS];
    bool lifted[GLYPHS]; /* a lower font has them higher, but whole */
    struct mark mark[MARKS_MAX];
    unsigned marks;
    const char *path; /* being read; borrowed */
    unsigned line;    /* being read */
};

_Noreturn static void fail(const struct font *font, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%u: ", font->path, font->line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

static unsigned parse_code(const struct font *font, const char *word)
{
    char *end;
    unsigned long code = strtoul(word, &end, 16);

    if (*end || end == word || code >= GLYPHS)
        fail(font, "'%s' is not a character code", word);
    return (unsigned)code;
}

static unsigned parse_number(const struct font *font, const char *word,
                             unsigned max)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    if (*end || end == word || number > max)
        fail(font, "'%s' is not a number from 0 to %u", word, max);
    return (unsigned)number;
}

static unsigned count_differences(uint8_t a, uint8_t b)
{
    unsigned count = 0;

    for (unsigned bits = a ^ b; bits; bits &= bits - 1)
        count++;
    return count;
}

/* Moves the rows below `row` up over it, as far as `rows` rows reach. */
static void drop_row(struct glyph *glyph, unsigned row, unsigned rows)
{
    for (unsigned i = row; i + 1 < rows; i++)
        glyph->row[i] = glyph->row[i + 1];
    glyph->row[rows - 1] = 0;
}

/* The row inside the body of small letters that its glyph misses least. */
static unsigned find_spare_row(const struct glyph *glyph)
{
    static const unsigned order[] = {8, 7, 9, 6, 10};
    unsigned best = order[0], best_cost = 9;

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        unsigned row = order[i];
        unsigned cost = count_differences(glyph->row[row], glyph->row[row - 1]);

        if (cost < best_cost) {
            best = row;
            best_cost = cost;
        }
    }
    return best;
}

/* Brings a drawing to the height of the font. */
static void fit_height(const struct font *font, struct glyph *glyph,
                       bool lifted)
{
    if (font->drawn_height == font->height)
        return;
    if (font->drawn_height != 16 || font->height != 14)
        fail(font, "cannot make height %u from %u", font->height,
             font->drawn_height);
    drop_row(glyph, lifted ? LIFTED_ROW : find_spare_row(glyph), 16);
    glyph->row[14] = 0;
}

static void define(const struct font *font, struct glyph *slot,
                   const struct glyph *glyph)
{
    if (slot->defined)
        fail(font, "glyph is defined twice");
    *slot = *glyph;
    slot->defined = true;
}

/* Cuts a line into words; a comment ends it. Returns how many there are. */
static unsigned split(char *line, char **words, unsigned max)
{
    unsigned count = 0;

    if (line[0] == '#' && line[1] == ' ')
        return 0;
    for (char *word = strtok(line, " \n"); word && count < max;
         word = strtok(NULL, " \n"))
        words[count++] = word;
    return count;
}

static uint8_t parse_row(const struct font *font, const char *word)
{
    unsigned bits = 0;

    if (strlen(word) != 8 || strspn(word, ".#") != 8)
        fail(font, "'%s' is not a row of eight . or #", word);
    for (unsigned i = 0; i < 8; i++)
        bits = bits << 1 | (word[i] == '#');
    return (uint8_t)bits;
}

/* Reads the drawings of `count` glyphs that stand side by side. */
static void read_art(struct font *font, FILE *in, struct glyph *glyphs,
                     unsigned count)
{
    char line[LINE_BYTES], *words[PER_LINE + 1];

    memset(glyphs, 0, count * sizeof *glyphs);
    for (unsigned row = 0; row < font->drawn_height; row++) {
        font->line++;
        if (!fgets(line, sizeof line, in))
            fail(font, "the file ends inside a drawing");
        if (split(line, words, PER_LINE + 1) != count)
            fail(font, "expected %u columns of drawings", count);
        for (unsigned i = 0; i < count; i++)
            glyphs[i].row[row] = parse_row(font, words[i]);
    }
}

static struct glyph *find_mark(struct font *font, const char *name)
{
    for (unsigned i = 0; i < font->marks; i++) {
        if (!strcmp(font->mark[i].name, name))
            return &font->mark[i].shape;
    }
    fail(font, "no mark '%s' so far", name);
}

static void add_mark(struct font *font, const char *name,
                     const struct glyph *shape)
{
    struct mark *mark = &font->mark[font->marks];

    if (font->marks == MARKS_MAX || strlen(name) >= sizeof mark->name)
        fail(font, "too many marks, or too long a name");
    strcpy(mark->name, name);
    mark->shape = *shape;
    font->marks++;
}

/* draw, wide, mark: the words after the first name the drawings below. */
static void do_art(struct font *font, FILE *in, char **words, unsigned count)
{
    struct glyph glyphs[PER_LINE];
    bool is_wide = !strcmp(words[0], "wide");

    if (count - 1 > PER_LINE)
        fail(font, "more than %d drawings side by side", PER_LINE);
    read_art(font, in, glyphs, count - 1);
    for (unsigned i = 0; i + 1 < count; i++) {
        const char *name = words[i + 1];

        if (!strcmp(words[0], "mark")) {
            fit_height(font, &glyphs[i], false);
            add_mark(font, name, &glyphs[i]);
        } else {
            unsigned code = parse_code(font, name);

            fit_height(font, &glyphs[i], font->lifted[code]);
            define(font, is_wide ? &font->wide[code] : &font->glyph[code],
                   &glyphs[i]);
        }
    }
}

/* join and squeeze: a letter with a mark, at its height or one row less. */
static void do_join(struct font *font, char **words)
{
    bool is_code = strlen(words[2]) == 2;
    struct glyph glyph = is_code ? font->glyph[parse_code(font, words[2])]
                                 : *find_mark(font, words[2]);
    const struct glyph *mark = find_mark(font, words[3]);

    if (is_code && !glyph.defined)
        fail(font, "glyph %s is not there yet", words[2]);
    if (!strcmp(words[0], "squeeze")) {
        /* What is above the spare row moves down over it. */
        for (unsigned row = find_spare_row(&glyph); row; row--)
            glyph.row[row] = glyph.row[row - 1];
    }
    for (unsigned row = 0; row < ROWS_MAX; row++)
        glyph.row[row] |= mark->row[row];
    glyph.defined = false;
    define(font, &font->glyph[parse_code(font, words[1])], &glyph);
}

/* How far a stroke of a frame reaches into the cell. */
enum reach {
    TO_NEAR_LINE,
    TO_MIDDLE,
    TO_FAR_LINE
};

/* One stroke of an arm of two. near and far are the arms at right angles, near
 * the one on this stroke's side; opposite is the one straight on. */
static enum reach reach_of_two(unsigned near, unsigned far, unsigned opposite)
{
    if (near == 2)
        return TO_NEAR_LINE;
    if (opposite == 2)
        return TO_FAR_LINE;
    if (near == 0 && far == 2)
        return TO_FAR_LINE;
    return TO_MIDDLE;
}

/* The stroke of an arm of one; a and b are the arms at right angles. */
static enum reach reach_of_one(unsigned a, unsigned b, unsigned opposite)
{
    if (opposite == 1)
        return TO_FAR_LINE;
    if (a == 2 && b == 2)
        return TO_NEAR_LINE;
    return a == 2 || b == 2 ? TO_FAR_LINE : TO_MIDDLE;
}

static void fill(struct glyph *glyph, unsigned x0, unsigned y0, unsigned x1,
                 unsigned y1)
{
    for (unsigned y = y0; y < y1; y++)
        glyph->row[y] |= (uint8_t)(0xff >> x0 & ~(0xff >> x1));
}

/* The columns of the upright lines of a frame: left, middle, right. */
static const uint8_t line_first[] = {2, 3, 5}, line_end[] = {4, 5, 7};

/* The arm of a frame that comes from the cell's start or its end. */
struct arm {
    bool from_start;
    unsigned weight, opposite;
    unsigned a, b; /* the arms at right angles: towards start, towards end */
};

/* Paints the stroke of an upright arm in one of the three columns. */
static void stroke_upright(const struct font *font, struct glyph *glyph,
                           const struct arm *arm, unsigned line,
                           enum reach reach)
{
    unsigned middle = font->height / 2 - 1;
    unsigned first = line_first[line], end = line_end[line];

    if (arm->from_start)
        fill(glyph, first, 0, end, middle + reach);
    else
        fill(glyph, first, middle + 1 - reach, end, font->height);
}

/* Paints the stroke of a level arm in one of the three middle rows. */
static void stroke_level(const struct font *font, struct glyph *glyph,
                         const struct arm *arm, unsigned line, enum reach reach)
{
    unsigned row = font->height / 2 - 2 + line;

    if (arm->from_start)
        fill(glyph, 0, row, line_end[reach], row + 1);
    else
        fill(glyph, line_first[2 - reach], row, 8, row + 1);
}

static void paint_arm(const struct font *font, struct glyph *glyph,
                      const struct arm *arm, bool upright)
{
    void (*stroke)(const struct font *, struct glyph *, const struct arm *,
                   unsigned, enum reach) =
        upright ? stroke_upright : stroke_level;
    unsigned a = arm->a, b = arm->b, opposite = arm->opposite;

    if (arm->weight == 1)
        stroke(font, glyph, arm, 1, reach_of_one(a, b, opposite));
    if (arm->weight == 2) {
        stroke(font, glyph, arm, 0, reach_of_two(a, b, opposite));
        stroke(font, glyph, arm, 2, reach_of_two(b, a, opposite));
    }
}

static void do_frame(struct font *font, char **words)
{
    unsigned up = parse_number(font, words[2], 2);
    unsigned down = parse_number(font, words[3], 2);
    unsigned left = parse_number(font, words[4], 2);
    unsigned right = parse_number(font, words[5], 2);
    struct glyph glyph = {0};

    paint_arm(font, &glyph, &(struct arm){true, up, down, left, right}, true);
    paint_arm(font, &glyph, &(struct arm){false, down, up, left, right}, true);
    paint_arm(font, &glyph, &(struct arm){true, left, right, up, down}, false);
    paint_arm(font, &glyph, &(struct arm){false, right, left, up, down}, false);
    define(font, &font->glyph[parse_code(font, words[1])], &glyph);
}

static void do_shade(struct font *font, char **words)
{
    static const uint8_t pattern[4][2] = {
        {0, 0}, {0x88, 0x22}, {0xaa, 0x55}, {0x77, 0xdd}};
    const uint8_t *rows = pattern[parse_number(font, words[2], 3)];
    struct glyph glyph = {0};

    for (unsigned row = 0; row < font->height; row++)
        glyph.row[row] = rows[row & 1];
    define(font, &font->glyph[parse_code(font, words[1])], &glyph);
}

static void do_fill(struct font *font, char **words)
{
    struct glyph glyph = {0};

    fill(&glyph, parse_number(font, words[2], 8),
         parse_number(font, words[3], 8) * font->height / 8,
         parse_number(font, words[4], 8),
         parse_number(font, words[5], 8) * font->height / 8);
    define(font, &font->glyph[parse_code(font, words[1])], &glyph);
}

static void do_invert(struct font *font, char **words)
{
    struct glyph glyph = font->glyph[parse_code(font, words[2])];

    if (!glyph.defined)
        fail(font, "glyph %s is not there yet", words[2]);
    for (unsigned row = 0; row < font->height; row++)
        glyph.row[row] ^= 0xff;
    glyph.defined = false;
    define(font, &font->glyph[parse_code(font, words[1])], &glyph);
}

/* height ROWS: what the drawings that follow are made for. */
static void do_height(struct font *font, char **words)
{
    font->drawn_height = parse_number(font, words[1], ROWS_MAX);
}

static void do_lift(struct font *font, char **words)
{
    font->lifted[parse_code(font, words[1])] = true;
}

static void do_command(struct font *font, FILE *in, char **words,
                       unsigned count)
{
    static const struct {
        const char *name;
        unsigned words;
        void (*run)(struct font *, char **);
    } commands[] = {
        {"frame", 6, do_frame},   {"fill", 6, do_fill}, {"shade", 3, do_shade},
        {"invert", 3, do_invert}, {"join", 4, do_join}, {"squeeze", 4, do_join},
        {"height", 2, do_height}, {"lift", 2, do_lift},
    };

    if (!strcmp(words[0], "draw") || !strcmp(words[0], "wide") ||
        !strcmp(words[0], "mark")) {
        do_art(font, in, words, count);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words[0], commands[i].name))
            continue;
        if (count != commands[i].words)
            fail(font, "'%s' takes %u words", words[0], commands[i].words - 1);
        commands[i].run(font, words);
        return;
    }
    fail(font, "'%s' is no command", words[0]);
}

static void read_source(struct font *font, const char *path)
{
    FILE *in = fopen(path, "r");
    char line[LINE_BYTES], *words[PER_LINE + 2];

    font->path = path;
    font->line = 0;
    if (!in)
        fail(font, "cannot be opened");
    while (fgets(line, sizeof line, in)) {
        unsigned count = split(line, words, PER_LINE + 2);

        font->line++;
        if (count)
            do_command(font, in, words, count);
    }
    fclose(in);
}

static FILE *open_output(struct font *font, const char *path)
{
    FILE *out = fopen(path, "wb");

    font->path = path;
    font->line = 0;
    if (!out)
        fail(font, "cannot be written");
    return out;
}

static void close_output(const struct font *font, FILE *out)
{
    bool bad = ferror(out) != 0;

    if (fclose(out) || bad)
        fail(font, "cannot be written");
}

static void write_font(struct font *font, const char *path)
{
    FILE *out = open_output(font, path);

    for (unsigned code = 0; code < GLYPHS; code++) {
        if (!font->glyph[code].defined)
            fail(font, "glyph %02X is missing", code);
        fwrite(font->glyph[code].row, 1, font->height, out);
    }
    close_output(font, out);
}

static void write_wide(struct font *font, const char *path)
{
    FILE *out = open_output(font, path);

    for (unsigned code = 0; code < GLYPHS; code++) {
        if (!font->wide[code].defined)
            continue;
        fputc((int)code, out);
        fwrite(font->wide[code].row, 1, font->height, out);
    }
    fputc(0, out);
    close_output(font, out);
}

int main(int argc, char **argv)
{
    struct font *font = calloc(1, sizeof *font);

    if (!font || argc < 5) {
        fprintf(stderr, "usage: mkfont HEIGHT FONT WIDE SOURCE...\n");
        return EXIT_FAILURE;
    }
    font->path = "HEIGHT";
    font->height = parse_number(font, argv[1], ROWS_MAX);
    if (font->height < 8)
        fail(font, "less than 8 rows");
    for (int i = 4; i < argc; i++)
        read_source(font, argv[i]);
    write_font(font, argv[2]);
    write_wide(font, argv[3]);
    free(font);
    return EXIT_SUCCESS;
}
