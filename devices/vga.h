/* IBM VGA with 256 KiB in four planes, extended by the Bochs display interface
 * (DISPI, "VBE extensions") to linear modes in a larger video memory.
 *
 * Sources: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"
 * (1988); the FreeVGA project's register descriptions; Bochs VBE extensions
 * document (ids B0C0 to B0C5).
 * Modelled: all registers of the sequencer, CRT controller, graphics and
 *   attribute controllers and the DAC; 3Bx/3Dx relocation; all read and write
 *   modes; every addressing mode; retrace and display-enable status and the
 *   vertical interrupt from virtual time; the start address is taken over at
 *   the vertical retrace; DISPI with 4 to 32 bits a pixel.
 * Missing: effects that change registers or palette within one field (a
 *   picture shows the state at one instant, line compare excepted); the border
 *   is not part of the picture; video feedback in input status 1 (bits 4 and 5
 *   read 0); light pen; serializers linked by "shift load 16/32" (no IBM mode
 *   uses them); DDC.
 *
 * Files: vga.c ports and registers, vga_timing.c position of the beam,
 * vga_mem.c CPU access to video memory, vga_vbe.c DISPI, vga_view.c geometry,
 * vga_render.c pictures, vga_text.c text, vga_pci.c the PCI function. */
#ifndef DEVICES_VGA_H
#define DEVICES_VGA_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/display.h"
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
 * 4096, the end at most 4 GiB); 0 takes it out of the address space. */
void vga_set_lfb(struct device *dev, paddr base);

/* What reaches the adapter at all: ports, and memory (windows and framebuffer).
 * Both at power-on. For a PCI command register. */
void vga_set_decode(struct device *dev, bool ports, bool memory);

/* While false the adapter leaves the rows of A0000 to BFFFF alone, so that a
 * chipset can put something else there (SMRAM). Setting it again maps them. */
void vga_set_window(struct device *dev, bool mapped);

/* What the CPU would load at a physical address (before A20, below 4 GiB)
 * where the windows are not mapped as memory; the latches stay. False: another
 * address. */
bool vga_peek(struct device *dev, paddr addr, uint8_t *byte);

/* Draws the whole picture as it stands on the screen at the present virtual
 * time. The same state at the same time gives the same picture. Dots and lines
 * are those of the monitor: mode 13h gives 640 x 400, 40-column text 720 x 400.
 * Larger register values are cut to the frame. Changes nothing in the machine.
 */
void vga_render(struct device *dev, struct display_frame *frame);

/* A number for the picture at the present time: when it is equal to an earlier
 * one, vga_render() would draw the same picture as then. It costs a fraction of
 * rendering, so that an idle screen need not be drawn. Not for comparison
 * between runs. */
uint64_t vga_serial(struct device *dev);

/* An 8-pixel font: 256 glyphs of `height` bytes, left pixel in bit 7. */
struct vga_font {
    const uint8_t *glyphs; /* borrowed */
    unsigned height;       /* 1..32 */
};

/* Reads the text on the screen. Text modes: straight from memory. Graphics
 * modes: compares each cell of the picture, exactly, with the glyphs of `fonts`
 * and of the font that the guest's vectors 43h and 1Fh point to, in either
 * polarity; the font that explains most cells wins, a cell that shows no glyph
 * gets code 0, all attributes are 07. `fonts` may be NULL when `count` is 0.
 * Changes nothing in the machine. */
void vga_text(struct device *dev, const struct vga_font *fonts, size_t count,
              struct display_text *text);

#endif
