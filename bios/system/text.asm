; What the BIOS says.

text_title:
        db      "Vitrine BIOS ", VERSION, 0Ah, 0Ah, 0
text_processor:
        db      "Processor   ", 0
text_with_fpu:
        db      ", with coprocessor", 0
text_memory:
        db      0Ah, "Memory      ", 0
text_base:
        db      " KB base", 0
text_comma:
        db      ", ", 0
text_extended:
        db      " KB extended", 0
text_floppy_line:
        db      0Ah, "Floppy ", 0
text_floppy_a:
        db      "floppy A", 0
text_floppy_b:
        db      "floppy B", 0
text_disk_line:
        db      0Ah, "Disk ", 0
text_disk_gap:
        db      "h    ", 0
text_floppy_gap:
        db      "    ", 0
text_mb:
        db      " MB", 0
text_gb:
        db      " GB", 0
text_cd_line:
        db      0Ah, "CD-ROM      on channel ", 0
text_keys:
        db      0Ah, 0Ah, "Boot from ", 0
text_keys_end:
        db      ". F12 or Esc: choose", 0Ah, 0
text_type_1:
        db      '360 KB, 5.25"', 0
text_type_2:
        db      '1.2 MB, 5.25"', 0
text_type_3:
        db      '720 KB, 3.5"', 0
text_type_4:
        db      '1.44 MB, 3.5"', 0
text_type_5:
        db      '2.88 MB, 3.5"', 0

text_8086:
        db      "8086", 0
text_80286:
        db      "80286", 0
text_80386:
        db      "80386", 0
text_80486:
        db      "80486", 0
text_pentium:
        db      "Pentium", 0
text_p6:
        db      "Pentium Pro, II or III", 0
text_pentium4:
        db      "Pentium 4", 0
text_x86:
        db      "x86", 0

text_booting:
        db      0Ah, "Starting from ", 0
text_disk_boot:
        db      "hard disk", 0
text_cd_boot:
        db      "CD-ROM", 0
text_dots:
        db      " ...", 0Ah, 0
text_no_boot:
        db      0Ah, "No bootable disk found.", 0Ah, 0
text_indent:
        db      "  ", 0
text_kind_floppy:
        db      "Floppy A: ", 0
text_kind_disk:
        db      "Hard disk: ", 0
text_kind_cd:
        db      "CD-ROM: ", 0
text_kind_net:
        db      "Network: ", 0
text_reason_untried:
        db      "not tried.", 0Ah, 0
text_reason_absent:
        db      "there is none.", 0Ah, 0
text_reason_empty:
        db      "no disk in the drive.", 0Ah, 0
text_reason_error:
        db      "the first sector cannot be read.", 0Ah, 0
text_reason_record:
        db      "no boot program in the first sector.", 0Ah, 0
text_reason_unsupported:
        db      "this BIOS cannot start from it.", 0Ah, 0
text_remedy:
        db      "Insert a disk with an operating system, or name one when you "
        db      "start Vitrine,", 0Ah
        db      "for example: vitrine -fda disk.img", 0Ah
        db      "Press a key to try again, F12 to choose from a menu.", 0Ah, 0
text_menu_offer:
        db      "Press F12 or Esc to choose what to start from.", 0Ah, 0
text_menu:
        db      0Ah, "Start from", 0Ah, 0
text_menu_number:
        db      "  ", 0
text_menu_end:
        db      "Press a number; Enter or Esc keeps the usual order. ", 0
text_memory_error:
        db      0Ah, "Memory parity error; the machine stops.", 0Ah, 0
text_order_1:
        db      "floppy", 0
text_order_2:
        db      "hard disk", 0
text_order_3:
        db      "CD-ROM", 0
text_order_4:
        db      "network", 0
