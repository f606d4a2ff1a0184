; Addresses in F000h that software has come to know: entries, tables, and what
; identifies the machine. Ends the image.

        at_address 0E000h
        db      "Vitrine BIOS: IBM AT compatible", 0

        at_address 0E05Bh
entry_post:
        jmp     post

        at_address 0E2C3h
entry_nmi:
        jmp     nmi_handler

        at_address 0E3FEh
entry_int13:
        jmp     int13_handler

; Drive types 1 to 47 of the AT; those that never had a common meaning are 0.
%macro drive_type 5                     ; cylinders, heads, precompensation,
        dw      %1                      ; landing zone, sectors
        db      %2
        dw      0, %3
        db      0
    %if %2 > 8
        db      08h
    %else
        db      0
    %endif
        db      0, 0, 0
        dw      %4
        db      %5, 0
%endmacro
        at_address 0E401h
drive_types:
        drive_type  306,  4,   128,  305, 17
        drive_type  615,  4,   300,  615, 17
        drive_type  615,  6,   300,  615, 17
        drive_type  940,  8,   512,  940, 17
        drive_type  940,  6,   512,  940, 17
        drive_type  615,  4, 65535,  615, 17
        drive_type  462,  8,   256,  511, 17
        drive_type  733,  5, 65535,  733, 17
        drive_type  900, 15, 65535,  901, 17
        drive_type  820,  3, 65535,  820, 17
        drive_type  855,  5, 65535,  855, 17
        drive_type  855,  7, 65535,  855, 17
        drive_type  306,  8,   128,  319, 17
        drive_type  733,  7, 65535,  733, 17
        drive_type    0,  0,     0,    0,  0
        drive_type  612,  4,     0,  663, 17
        drive_type  977,  5,   300,  977, 17
        drive_type  977,  7, 65535,  977, 17
        drive_type 1024,  7,   512, 1023, 17
        drive_type  733,  5,   300,  732, 17
        drive_type  733,  7,   300,  732, 17
        drive_type  733,  5,   300,  733, 17
        drive_type  306,  4,     0,  336, 17
DRIVE_TYPES     equ     ($ - drive_types) / 16
        times   (47 - DRIVE_TYPES) * 16 db 0

        at_address 0E6F2h
entry_int19:
        jmp     int19_handler

        at_address 0E6F5h
config_table:
        dw      8
        db      0FCh, 01h, 00h          ; model, submodel: AT, revision
        db      01110100b               ; second 8259, clock, INT 15h AH=4Fh,
                                        ; EBDA
        db      01000000b               ; INT 16h AH=09h
        db      0, 0, 0

        at_address 0E739h
entry_int14:
        jmp     int14_handler

        at_address 0E82Eh
entry_int16:
        jmp     int16_handler

        at_address 0E987h
entry_int09:
        jmp     int09_handler

        at_address 0EC59h
entry_int40:
        jmp     int40_handler

        at_address 0EF57h
entry_int0e:
        jmp     int0e_handler

        at_address 0EFC7h
entry_dpt:                              ; of a 1.44M drive
        db      0AFh, 02h, 25h, 02h, 12h, 1Bh, 0FFh, 6Ch, 0F6h, 0Fh, 02h

        at_address 0EFD2h
entry_int17:
        jmp     int17_handler

        at_address 0F065h
entry_int10:
        jmp     int10_handler

; Registers of the 6845 for 40x25, 80x25, graphics, monochrome; then lengths of
; the screen, columns and mode register by mode.
        at_address 0F0A4h
entry_video_table:
        db      38h, 28h, 2Dh, 0Ah, 1Fh, 06h, 19h, 1Ch
        db      02h, 07h, 06h, 07h, 00h, 00h, 00h, 00h
        db      71h, 50h, 5Ah, 0Ah, 1Fh, 06h, 19h, 1Ch
        db      02h, 07h, 06h, 07h, 00h, 00h, 00h, 00h
        db      38h, 28h, 2Dh, 0Ah, 7Fh, 06h, 64h, 70h
        db      02h, 01h, 06h, 07h, 00h, 00h, 00h, 00h
        db      61h, 50h, 52h, 0Fh, 19h, 06h, 19h, 19h
        db      02h, 0Dh, 0Bh, 0Ch, 00h, 00h, 00h, 00h
        dw      2048, 4096, 16384, 16384
        db      40, 40, 80, 80, 40, 40, 80, 80
        db      2Ch, 28h, 2Dh, 29h, 2Ah, 2Eh, 1Eh, 29h

        at_address 0F841h
entry_int12:
        sti
        push    ds
        mov     ax, BDA
        mov     ds, ax
        mov     ax, [B_MEMORY]
        pop     ds
        iret

        at_address 0F84Dh
entry_int11:
        jmp     int11_handler

        at_address 0F859h
entry_int15:
        jmp     int15_handler

        at_address 0FA6Eh
entry_font:                             ; 8x8, the first 128 characters
        incbin  "font8.bin", 0, 1024

        at_address 0FE6Eh
entry_int1a:
        jmp     int1a_handler

        at_address 0FEA5h
entry_int08:
        jmp     int08_handler

        at_address 0FEF3h               ; offsets for vectors 08h to 1Fh
        dw      entry_int08, entry_int09, irq_default, irq_default
        dw      irq_default, irq_default, entry_int0e, irq_default
        dw      entry_int10, entry_int11, entry_int12, entry_int13
        dw      entry_int14, entry_int15, entry_int16, entry_int17
        dw      int18_handler, entry_int19, entry_int1a, int_ignore
        dw      int_ignore, entry_video_table, entry_dpt, 0

        at_address 0FF53h
int_ignore:
        iret

        at_address 0FF54h
entry_int05:
        jmp     int05_handler

int11_handler:
        sti
        push    ds
        mov     ax, BDA
        mov     ds, ax
        mov     ax, [B_EQUIP]
        pop     ds
        iret

        at_address 0FFF0h
        jmp     0F000h:entry_post

        at_address 0FFF5h
        db      "11/23/25"

        at_address 0FFFEh
        db      0FCh                    ; model: AT
        db      0                       ; the build makes all bytes sum up to 0
