; What the BIOS leaves behind: vectors, data areas, and fixed places in the ROM.
%include "check.inc"

run:
        call    test_vectors
        call    test_bios_data
        call    test_extended_data
        call    test_rom
        call    test_configuration
        call    test_unused
        ret

; Hardware and service vectors lead into the BIOS at the places that software
; knows; those of INT 10h may be the VGA BIOS's.
vector_places:
        dw      02h, 0E2C3h
        dw      05h, 0FF54h
        dw      08h, 0FEA5h
        dw      09h, 0E987h
        dw      0Eh, 0EF57h
        dw      11h, 0F84Dh
        dw      12h, 0F841h
        dw      13h, 0E3FEh
        dw      14h, 0E739h
        dw      15h, 0F859h
        dw      16h, 0E82Eh
        dw      17h, 0EFD2h
        dw      19h, 0E6F2h
        dw      1Ah, 0FE6Eh
        dw      40h, 0EC59h
vector_places_end:

test_vectors:
        mov     si, vector_places
.next:
        lodsw
        mov     bx, ax
        shl     bx, 1
        shl     bx, 1
        lodsw
        expect  [bx], ax
        expect  word [bx + 2], 0F000h
        cmp     si, vector_places_end
        jb      .next
        mov     bx, 0                   ; none of those that can come by
        mov     cx, 20h                 ; themselves is empty
.set:
        cmp     bx, 1Fh * 4
        je      .skip
        mov     ax, [bx]
        or      ax, [bx + 2]
        expect_if nz
.skip:
        add     bx, 4
        loop    .set
        mov     bx, 70h * 4
        mov     cx, 8
.second:
        expect  word [bx + 2], 0F000h
        add     bx, 4
        loop    .second
        mov     bx, 60h * 4             ; free for programs
        mov     cx, 8
.free:
        expect  word [bx], 0
        expect  word [bx + 2], 0
        add     bx, 4
        loop    .free
        ret

test_bios_data:
        mov     ax, BDA
        mov     es, ax
        int     12h
        expect  ax, [es:13h]
        cmp     ax, 640
        expect_if be
        int     11h
        expect  ax, [es:10h]
        test    al, 01h                 ; it booted from a floppy
        expect_if nz
        mov     bx, ax                  ; serial ports as counted
        mov     cl, 9
        shr     bx, cl
        and     bx, 7
        mov     si, 0
        call    .count
        expect  bx, cx
        mov     bx, ax                  ; parallel ports
        mov     cl, 14
        shr     bx, cl
        mov     si, 8
        call    .count
        cmp     cx, 3                   ; the fourth place is the EBDA's
        jbe     .printers
        mov     cx, 3
.printers:
        expect  bx, cx
        expect  word [es:80h], 1Eh
        expect  word [es:82h], 3Eh
        expect  byte [es:78h], 14h
        expect  byte [es:7Ch], 01h
        test    byte [es:96h], 10h      ; 101 keys
        expect_if nz
        expect  byte [es:3Eh], 01h      ; drive A was recalibrated
        mov     al, [es:90h]
        and     al, 10h                 ; and its medium is known
        expect  al, 10h
        ret
.count:                                 ; ES:SI = table of 4 words
        mov     cx, 0
.port:
        cmp     word [es:si], 0
        je      .counted
        add     si, 2
        inc     cx
        cmp     cx, 3
        jb      .port
.counted:
        ret

test_extended_data:
        mov     ax, BDA
        mov     es, ax
        mov     bx, [es:0Eh]
        mov     ax, [es:13h]            ; directly above the base memory
        mov     cl, 6
        shl     ax, cl
        expect  bx, ax
        mov     es, bx
        expect  byte [es:0], 1          ; KiB
        mov     ah, 0C1h
        int     15h
        expect_if nc
        mov     ax, es
        expect  ax, bx
        ret

rom_jumps:                              ; entries by address, as programs jump
        dw      0E05Bh, 0E2C3h, 0E3FEh, 0E6F2h, 0E739h, 0E82Eh, 0E987h
        dw      0EC59h, 0EF57h, 0EFD2h, 0F065h, 0F84Dh, 0F859h, 0FE6Eh
        dw      0FEA5h, 0FF54h, 0
rom_bytes:                              ; address, byte
        dw      0E00Eh, 'I', 0E00Fh, 'B', 0E010h, 'M'
        dw      0FF53h, 0CFh            ; an IRET
        dw      0FFFEh, 0FCh            ; an AT
        dw      0FFF0h, 0EAh            ; a far jump
        dw      0EFC9h, 25h             ; diskette parameters
        dw      0EFCAh, 02h
        dw      0F0A4h, 38h             ; 6845 for 40 columns
        dw      0E401h + 14, 17         ; drive type 1
        dw      0FA6Eh, 0, 0FA6Eh + 7, 0
        dw      0

test_rom:
        mov     ax, 0F000h
        mov     es, ax
        mov     si, rom_jumps
.jump:
        lodsw
        or      ax, ax
        jz      .bytes
        mov     bx, ax
        expect  byte [es:bx], 0E9h
        jmp     .jump
.bytes:
        mov     si, rom_bytes
.byte:
        lodsw
        or      ax, ax
        jz      .sum
        mov     bx, ax
        lodsw
        expect  [es:bx], al
        jmp     .byte
.sum:
        xor     bx, bx
        mov     al, 0
        xor     cx, cx
.add:
        add     al, [es:bx]
        inc     bx
        loop    .add
        expect  al, 0
        expect  byte [es:0FFF5h + 2], '/'
        expect  byte [es:0FFF5h + 5], '/'
        mov     si, 0FEF3h              ; vector table: that of INT 08h
        expect  word [es:si], 0FEA5h
        expect  word [es:si + 22h], 0E6F2h
        ret

test_configuration:
        mov     ah, 0C0h
        int     15h
        expect_if nc
        expect  ah, 0
        expect  bx, 0E6F5h
        mov     cx, es
        expect  cx, 0F000h
        expect  word [es:bx], 8
        expect  byte [es:bx + 2], 0FCh
        test    byte [es:bx + 5], 40h   ; second interrupt controller
        expect_if nz
        test    byte [es:bx + 5], 20h   ; clock
        expect_if nz
        test    byte [es:bx + 5], 10h   ; keyboard intercept
        expect_if nz
        test    byte [es:bx + 5], 04h   ; EBDA
        expect_if nz
        ret

; Services that are not there say so and change nothing else.
test_unused:
        mov     ah, 0FFh
        mov     bx, 1234h
        mov     cx, 5678h
        mov     dx, 9ABCh
        stc
        int     15h
        expect_if c
        expect  ah, 86h
        expect  bx, 1234h
        expect  cx, 5678h
        expect  dx, 9ABCh
        mov     ah, 0FFh
        int     1Ah
        expect_if c
        mov     ax, 4F1Eh               ; the default keyboard intercept
        clc
        int     15h
        expect_if c
        expect  al, 1Eh
        mov     ax, 9000h               ; waits: nobody to switch to
        stc
        int     15h
        expect_if nc
        expect  ah, 0
        mov     ah, 80h
        stc
        int     15h
        expect_if nc
        expect  ah, 0
        ret

        check_end
