; Vitrine's VGA BIOS: an option ROM for C0000h that brings INT 10h to a VGA, and
; VESA BIOS extensions to one with the Bochs display interface. Everything runs
; on an 8086; what needs a 386 asks first. It keeps no data of its own: all
; state is in the BIOS data area and the hardware.
;
; What it does, by function and mode: docs/vgabios.md.
; After: IBM PS/2 and PC BIOS Interface Technical Reference, INT 10h; VESA VBE
; Core Functions Standard 3.0; PCI Firmware Specification 3.0, section 5.
cpu 8086
bits 16
org 0

%include "defs.inc"

ROM_BLOCKS      equ (rom_end - rom_start) / 512

rom_start:
    db 55h, 0AAh, ROM_BLOCKS
    jmp near init
    times 18h - ($ - rom_start) db 0
    dw pci_data
    dw 0                                ; no Plug and Play header
    times 1Eh - ($ - rom_start) db 0
    db "IBM VGA compatible", 0          ; software looks for the first word
    db "Vitrine VGA BIOS ", VERSION, 0

align 4
pci_data:
    db "PCIR"
    dw 1234h, 1111h                     ; vendor, device
    dw 0                                ; no vital product data
    dw pci_data_end - pci_data
    db 0                                ; revision of this structure
    db 0, 0, 3                          ; class: VGA display
    dw ROM_BLOCKS
    dw 1                                ; revision of the code
    db 0, 80h                           ; for PCs; last image
    dw 0
pci_data_end:

; The save pointer table, where 40:A8 points.
save_pointers:
    dw parameter_table, 0C000h
    dd 0                                ; dynamic save area
    dd 0, 0                             ; fonts in place of ours: not used
    dw secondary_pointers, 0C000h
    dd 0, 0
secondary_pointers:
    dw secondary_pointers_end - secondary_pointers
    dw combination_table, 0C000h
    dd 0, 0, 0, 0, 0, 0
secondary_pointers_end:

; Called by the system BIOS once, with a far call. Keeps all registers.
init:
    pushf
    push ax
    push bx
    push cx
    push dx
    push si
    push di
    push bp
    push ds
    push es
    cld
    xor ax, ax
    mov ds, ax
    mov ax, cs
    cli
    cmp [VECTOR_VIDEO + 2], ax
    je .again
    mov bx, [VECTOR_VIDEO]
    mov [VECTOR_OLD_VIDEO], bx
    mov bx, [VECTOR_VIDEO + 2]
    mov [VECTOR_OLD_VIDEO + 2], bx
.again:
    mov word [VECTOR_VIDEO], int_10h
    mov [VECTOR_VIDEO + 2], ax
    mov word [VECTOR_VGA], int_10h
    mov [VECTOR_VGA + 2], ax
    mov word [VECTOR_FONT_HIGH], font_8 + 128 * 8
    mov [VECTOR_FONT_HIGH + 2], ax
    mov word [VECTOR_FONT], font_8
    mov [VECTOR_FONT + 2], ax
    sti
    mov bx, 40h
    mov ds, bx
    and byte [EQUIPMENT], ~30h & 0FFh
    or byte [EQUIPMENT], 20h            ; colour, 80 columns
    mov byte [VIDEO_INFO], INFO_256K
    mov byte [SWITCHES], 0F9h
    mov byte [VGA_FLAGS], FLAG_ACTIVE | FLAG_400
    mov byte [DISPLAY_CODE], COMBINATION_VGA
    mov word [SAVE_POINTER], save_pointers
    mov [SAVE_POINTER + 2], ax
    mov dx, 3C3h                        ; answer at ports and memory
    mov al, 1
    out dx, al
    call dispi_init
    mov ax, 3
    call set_mode
    pop es
    pop ds
    pop bp
    pop di
    pop si
    pop dx
    pop cx
    pop bx
    pop ax
    popf
    retf

; INT 10h. Functions get the caller's registers but SI and DI, with DS at the
; BIOS data area, the direction flag clear and the frame at BP; they may spoil
; all but BP and DS. What the caller shall get goes into the frame.
int_10h:
    sti
    cld
    push ax
    push bx
    push cx
    push dx
    push si
    push di
    push bp
    push ds
    push es
    mov bp, sp
    mov si, 40h
    mov ds, si
    mov si, ax
    mov al, ah
    cmp al, FUNCTIONS
    jae .high
    mov ah, 0
    shl ax, 1
    xchg ax, si
    call [cs:si + functions]
.return:
    pop es
    pop ds
    pop bp
    pop di
    pop si
    pop dx
    pop cx
    pop bx
    pop ax
    iret
.high:
    xchg ax, si
    cmp ah, 4Fh
    jne .return
    call vbe
    jmp .return

functions:
    dw set_mode, set_cursor_type, set_cursor, get_cursor            ; 00h
    dw get_light_pen, set_page, scroll_up_active, scroll_down_active
    dw read_cell, write_cells, write_characters, set_cga_colour     ; 08h
    dw write_pixel, read_pixel, teletype, get_mode
    dw palette_functions, font_functions, alternate_select, write_string
    dw no_function, no_function, no_function, no_function           ; 14h
    dw no_function, no_function, display_combination, functionality
    dw save_restore                                                 ; 1Ch
FUNCTIONS       equ ($ - functions) / 2

%include "modes.inc"
%include "setmode.inc"
%include "dac.inc"
%include "text.inc"
%include "scroll.inc"
%include "draw.inc"
%include "font.inc"
%include "info.inc"
%include "state.inc"
%include "dispi.inc"
%include "vbemodes.inc"
%include "vbe.inc"
%include "vbectl.inc"
%include "vbetext.inc"

; Whole blocks, with at least a byte for the checksum, which the build puts
; last.
    times 512 - ($ - rom_start) % 512 db 0FFh
rom_end:
