/* IBM VGA with 256 KiB in four planes, extended by the Bochs display interface
 * (DISPI, "VBE extensions") to linear modes in a larger video memory.
 *
 * Sources: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"
 * (1988); the FreeVGA project's register descriptions; Bochs VBE extensions
 * document (register ids B0C0 to B0C5).
 * Modelled: all registers of the sequencer, CRT controller, graphics and
 *   attribute controllers and the DAC; 3Bx/3Dx relocation; all read and write
 *   modes; every addressing mode; retrace and display-enable status and the
 *   vertical interrupt from virtual time; the start address is taken over at
 *   the vertical retrace; DISPI with 4 to 32 bits a pixel.
 * Missing: effects that change registers or palette within one field (a
 *   picture shows the state at one instant, line compare excepted); the border
 *   is not part of the picture; light pen; genlock; serializers linked by
 *   "shift load 16/32" (no IBM mode uses them).
 *
 * Files: vga.c ports and registers, vga_timing.c beam position, vga_mem.c CPU
 * access to video memory, vga_vbe.c DISPI, vga_render.c pictures, vga_text.c
 * text out of the picture, vga_pci.c the PCI function. */
#ifndef DEVICES_VGA_H
#define DEVICES_VGA_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mem.h"

#define VGA_VRAM_DEFAULT MIB(16)

struct vga_config {
    const char *name;    /* instance name; borrowed */
    struct bus *ports;   /* borrowed: 1CE, 3B4, 3BA, 3C0, 3D4, 3DA */
    struct mem *mem;     /* borrowed: A0000 to BFFFF, and the framebuffer */
    struct clock *clock; /* borrowed */
    struct log *log;     /* borrowed; NULL = silence */
    struct irq_line irq; /* copied; vertical interrupt, IRQ 9, or none */
    size_t vram_bytes;   /* a power of two, 256 KiB to 256 MiB; 0 = default */
    paddr lfb_base;      /* framebuffer at power-on, without PCI, e.g.
                            E0000000; multiple of 4096; 0 = nowhere */
};

/* Creates the adapter in its power-on state (enabled, screen dark until a mode
 * is set) and claims ports and windows. The windows stay claimed for life:
 * what the adapter does not decode of A0000 to BFFFF is open bus.
 * Errors: NO_MEMORY, OVERLAP, BAD_ARGUMENT. The caller owns *out. */
enum status vga_create(const struct vga_config *config, struct device **out);

/* Moves the linear framebuffer, vram_bytes long, to `base` (a multiple of
 * 4096); 0 takes it out of the address space. */
void vga_set_lfb(struct device *dev, paddr base);

/* What reaches the adapter at all: ports, and memory (windows and framebuffer).
 * Both at power-on. For a PCI command register. */
void vga_set_decode(struct device *dev, bool ports, bool memory);

/* While false the adapter leaves the rows of A0000 to BFFFF alone, so that a
 * chipset can put something else there (SMRAM). Setting it again maps them. */
void vga_set_window(struct device *dev, bool mapped);

/* The largest picture; larger register values are cut to it. */
#define VGA_WIDTH_MAX    2560
#define VGA_HEIGHT_MAX   2048
#define VGA_FRAME_PIXELS ((size_t)VGA_WIDTH_MAX * VGA_HEIGHT_MAX)

struct vga_frame {
    uint32_t *pixels; /* borrowed: room for VGA_FRAME_PIXELS, 00RRGGBB */
    /* Results. Rows follow each other without gap. */
    unsigned width, height;      /* dots and scan lines; at least 1 x 1 */
    unsigned aspect_x, aspect_y; /* shape of the whole picture, e.g. 4, 3 */
    unsigned dot_repeat;         /* each pixel is this many dots wide, 1..4 */
    unsigned line_repeat;        /* and this many scan lines high, 1..64;
                                    1 in text modes */
    bool text;                   /* a text mode */
    uint64_t field_ns;           /* how long one field lasts */
};

/* Draws the whole picture as it stands on the screen at the present virtual
 * time. The same state at the same time gives the same picture. Dots are those
 * of the monitor: mode 13h is 640 x 400 with repeats 2 and 2, 40-column text
 * 720 x 400 with dot_repeat 2. Changes nothing in the machine. */
void vga_render(struct device *dev, struct vga_frame *frame);

/* A number that differs from an earlier one if the picture may have changed
 * since; two equal numbers mean equal pictures. Costs a few microseconds (a
 * read of the visible memory where the guest writes to it directly), so that
 * an idle screen need not be drawn. Not part of the machine's state. */
uint64_t vga_serial(struct device *dev);

/* An 8-pixel font: 256 glyphs of `height` bytes, left pixel in bit 7. */
struct vga_font {
    const uint8_t *glyphs; /* borrowed */
    unsigned height;       /* 1..32 */
};

#define VGA_TEXT_COLUMNS_MAX 320
#define VGA_TEXT_ROWS_MAX    256

struct vga_cell {
    uint8_t code; /* in the guest's code page, as a rule 437 */
    uint8_t attr; /* as in memory; 07 in graphics modes */
    bool known;   /* false: a cell of a graphics mode that shows no glyph */
};

struct vga_text_screen {
    unsigned columns, rows; /* 0 x 0 when the screen is dark */
    bool graphics;          /* found by font match */
    bool cursor_on;         /* shown (blinking counts as shown), text modes */
    unsigned cursor_x, cursor_y; /* valid while cursor_on */
    struct vga_cell cells[VGA_TEXT_ROWS_MAX][VGA_TEXT_COLUMNS_MAX];
};

/* Reads the text on the screen. Text modes: straight from memory. Graphics
 * modes: renders into *frame and compares each cell of the picture, exactly,
 * with the glyphs of `fonts` and of the fonts that the guest's vectors 43h and
 * 1Fh point to, in either polarity; the font that explains most cells wins.
 * `fonts` may be NULL when `count` is 0. Changes nothing in the machine. */
void vga_text(struct device *dev, const struct vga_font *fonts, size_t count,
              struct vga_frame *frame, struct vga_text_screen *screen);

#endif
