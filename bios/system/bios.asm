; The system BIOS of Vitrine: 64 KiB at F0000h, and at the top of the 4 GiB
; space, for boards with an AT's chips, with or without PCI.
;
; Everything is assembled for the 8086, so it runs on every processor the board
; can have; the few parts that need more say so with a `cpu` line of their own
; and run only after get_cpu, or a chip, said that they can. See docs/bios.md.
        cpu     8086
        bits    16
        org     0

%include "defs.inc"
%include "util.asm"
%include "service.asm"
%include "text_out.asm"
%include "text.asm"
%include "irq.asm"
%include "chips.asm"
%include "kbc.asm"
%include "kbd.asm"
%include "kbd_leds.asm"
%include "kbd_table.asm"
%include "int16.asm"
%include "serial.asm"
%include "printer.asm"
%include "time.asm"
%include "int15.asm"
%include "memmap.asm"
%include "move.asm"
%include "mouse.asm"
%include "fdc.asm"
%include "floppy.asm"
%include "ata.asm"
%include "ata_detect.asm"
%include "cdrom.asm"
%include "geometry.asm"
%include "disk.asm"
%include "edd.asm"
%include "eltorito.asm"
%include "pci.asm"
%include "pci_setup.asm"
%include "bios32.asm"
%include "apm.asm"
%include "shadow.asm"
%include "rom.asm"
%include "memory.asm"
%include "cpu.asm"
%include "apic.asm"
%include "video.asm"
%include "screen.asm"
%include "fw_cfg.asm"
%include "boot.asm"
%include "post.asm"
%include "fixed.asm"
