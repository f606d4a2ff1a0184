; INT 15h AH=C2h and INT 74h: the PS/2 mouse. Packets come through the
; controller's command D3h, as if the mouse had sent them.
%include "check.inc"

run:
        call    test_present
        call    test_before
        call    test_reset
        call    test_settings
        call    test_packets
        call    test_in_step
        call    test_four_bytes
        call    test_off
        call    test_bad
        call    test_keys
        ret

; AL = byte from the mouse. Keeps all.
mouse_byte:
        push    ax
        push    cx
        mov     ah, al
        call    ready
        mov     al, 0D3h
        out     64h, al
        call    ready
        mov     al, ah
        out     60h, al
        xor     cx, cx
.served:
        in      al, 64h
        test    al, 01h
        loopnz  .served
        mov     cx, 200
        loop    $
        pop     cx
        pop     ax
        ret
ready:
        in      al, 64h
        test    al, 03h
        jnz     ready
        ret

%macro mouse 1
        mov     ax, 0C200h + %1
        stc
        int     15h
%endmacro

test_present:
        int     11h
        test    al, 04h
        expect_if nz
        ret

test_before:
        mov     bh, 1                   ; on, without a handler
        mouse   0
        expect_if c
        expect  ah, 05h
        ret

test_reset:
        mov     bh, 3
        mouse   5
        expect_if nc
        expect  ah, 0
        mouse   1
        expect_if nc
        expect  bl, 0AAh
        expect  bh, 0
        mouse   4
        expect_if nc
        expect  bh, 0
        ret

test_settings:
        mov     bh, 2                   ; 40 a second
        mouse   2
        expect_if nc
        mov     bh, 1                   ; 2 a millimetre
        mouse   3
        expect_if nc
        mov     bh, 2                   ; 2:1
        mouse   6
        expect_if nc
        mov     bh, 0
        mouse   6
        expect_if nc
        expect  bl, 10h                 ; off, 2:1, no buttons
        expect  cl, 1
        expect  dl, 40
        mov     bh, 1
        mouse   6
        mov     bh, 0
        mouse   6
        expect  bl, 00h
        ret

handler:
        push    bp
        mov     bp, sp
        push    ax
        mov     ax, [bp + 12]
        mov     [cs:got], ax
        mov     ax, [bp + 10]
        mov     [cs:got + 2], ax
        mov     ax, [bp + 8]
        mov     [cs:got + 4], ax
        mov     ax, [bp + 6]
        mov     [cs:got + 6], ax
        inc     word [cs:calls]
        pop     ax
        pop     bp
        retf
got:    dw      0, 0, 0, 0
calls:  dw      0

test_packets:
        push    cs
        pop     es
        mov     bx, handler
        mouse   7
        expect_if nc
        mov     bh, 1
        mouse   0
        expect_if nc
        mov     word [calls], 0
        mov     al, 09h
        call    mouse_byte
        mov     al, 12h
        call    mouse_byte
        expect  word [calls], 0
        mov     al, 0F0h
        call    mouse_byte
        expect  word [calls], 1
        expect  word [got], 0009h
        expect  word [got + 2], 0012h
        expect  word [got + 4], 00F0h
        expect  word [got + 6], 0000h
        ret

; A first byte without bit 3 is none.
test_in_step:
        mov     word [calls], 0
        mov     al, 01h
        call    mouse_byte
        mov     al, 08h
        call    mouse_byte
        mov     al, 01h
        call    mouse_byte
        mov     al, 02h
        call    mouse_byte
        expect  word [calls], 1
        expect  word [got + 4], 0002h
        ret

test_four_bytes:
        mov     bh, 4
        mouse   5
        expect_if nc
        mov     bh, 1
        mouse   0
        expect_if nc
        mov     word [calls], 0
        mov     al, 08h
        call    mouse_byte
        mov     al, 01h
        call    mouse_byte
        mov     al, 02h
        call    mouse_byte
        expect  word [calls], 0
        mov     al, 0FFh
        call    mouse_byte
        expect  word [calls], 1
        expect  word [got + 6], 00FFh
        mov     bh, 3
        mouse   5
        ret

test_off:
        mov     bh, 0
        mouse   0
        expect_if nc
        push    cs
        pop     es
        push    es
        mov     bx, 0
        push    bx
        pop     es
        mouse   7                       ; no handler any more
        pop     es
        expect_if nc
        mov     bh, 1
        mouse   0
        expect_if c
        expect  ah, 05h
        ret

test_bad:
        mouse   8
        expect_if c
        expect  ah, 01h
        mov     bh, 2
        mouse   0
        expect_if c
        expect  ah, 02h
        mov     bh, 7
        mouse   2
        expect_if c
        expect  ah, 02h
        mov     bh, 4
        mouse   3
        expect_if c
        expect  ah, 02h
        mov     bh, 0
        mouse   5
        expect_if c
        expect  ah, 02h
        mov     bh, 9
        mouse   5
        expect_if c
        expect  ah, 02h
        ret

; The keyboard still works after all this, and nothing was typed.
test_keys:
        mov     ah, 11h
        int     16h
        expect_if z
        call    ready
        mov     al, 0D2h
        out     64h, al
        call    ready
        mov     al, 1Eh
        out     60h, al
        mov     cx, 2000
        loop    $
        mov     ah, 10h
        int     16h
        expect  ax, 1E61h
        ret

        check_end
