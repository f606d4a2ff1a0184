; INT 14h and INT 17h: serial and parallel ports. Nothing is plugged into them
; (-serial none), or their lines are looped back.
%include "check.inc"

run:
        call    test_detected
        call    test_rates
        call    test_send
        call    test_time_out
        call    test_no_port
        call    test_modem
        call    test_printer
        ret

test_detected:
        mov     ax, BDA
        mov     es, ax
        expect  word [es:0], 3F8h
        expect  word [es:2], 2F8h
        expect  word [es:4], 0
        expect  word [es:8], 378h
        ret

; Rate, line control, parameters of AH=00h.
rates:
        dw      1047, 03h, 03h          ; 110, 8N1
        dw      768, 1Ah, 3Ah           ; 150, 7E1
        dw      384, 0Bh, 4Bh           ; 300, 8O1
        dw      192, 07h, 67h           ; 600, 8N2
        dw      96, 03h, 83h
        dw      48, 03h, 0A3h
        dw      24, 03h, 0C3h
        dw      12, 03h, 0E3h
rates_end:

test_rates:
        mov     si, rates
.next:
        mov     ah, 00h
        mov     al, [si + 4]
        mov     dx, 0
        int     14h
        test    ah, 60h                 ; the transmitter is empty
        expect_if nz
        mov     dx, 3FBh
        in      al, dx
        mov     bl, [si + 2]
        expect  al, bl
        call    divisor
        mov     bx, [si]
        expect  ax, bx
        add     si, 6
        cmp     si, rates_end
        jb      .next
        mov     ah, 04h                 ; extended: 19200, 8, odd, 1, no break
        mov     al, 0
        mov     bx, 0100h
        mov     cx, 0308h
        mov     dx, 0
        int     14h
        mov     dx, 3FBh
        in      al, dx
        expect  al, 0Bh
        call    divisor
        expect  ax, 6
        ret

; -> AX = divisor of the first port. Destroys BX, DX.
divisor:
        mov     dx, 3FBh
        in      al, dx
        mov     bl, al
        or      al, 80h
        out     dx, al
        mov     dx, 3F9h
        in      al, dx
        mov     bh, al
        mov     dx, 3F8h
        in      al, dx
        mov     ah, bh
        push    ax
        mov     dx, 3FBh
        mov     al, bl
        out     dx, al
        pop     ax
        ret

; With a partner's lines the byte goes out, and comes in when looped back.
test_send:
        mov     ax, 00E3h
        mov     dx, 0
        int     14h
        mov     ah, 03h
        mov     dx, 0
        int     14h
        test    al, 30h
        jz      .alone
        mov     ax, 0141h
        mov     dx, 0
        int     14h
        test    ah, 80h
        expect_if z
        expect  al, 41h
.alone:
        ret

; Nothing comes: bit 7, after about the time of 40:7C.
test_time_out:
        mov     ax, BDA
        mov     es, ax
        mov     bx, [es:6Ch]
        mov     ah, 02h
        mov     dx, 0
        int     14h
        test    ah, 80h
        expect_if nz
        mov     ax, [es:6Ch]
        sub     ax, bx
        cmp     ax, 10
        expect_if ae
        cmp     ax, 40
        expect_if be
        ret

test_no_port:
        mov     ax, 1234h               ; nothing changes
        mov     dx, 3
        int     14h
        expect  ax, 1234h
        mov     ax, 0341h
        mov     dx, 7
        int     14h
        expect  ax, 0341h
        ret

test_modem:
        mov     ax, 0501h
        mov     bl, 13h                 ; looped back
        mov     dx, 0
        int     14h
        mov     ax, 0500h
        mov     bl, 0
        mov     dx, 0
        int     14h
        expect  bl, 13h
        test    al, 30h                 ; DTR and RTS come back
        expect_if nz
        mov     dx, 3F8h
        mov     al, 5Ah
        out     dx, al
        xor     cx, cx
.wait:
        mov     dx, 3FDh
        in      al, dx
        test    al, 01h
        loopz   .wait
        mov     dx, 3F8h
        in      al, dx
        expect  al, 5Ah
        mov     ax, 0501h
        mov     bl, 0
        mov     dx, 0
        int     14h
        ret

; No printer: it is never ready, which AH=00h finds out after 40:78.
test_printer:
        mov     ah, 02h
        mov     dx, 1                   ; there is only one port
        int     17h
        expect  ah, 02h
        mov     ah, 01h
        mov     dx, 0
        int     17h
        mov     bh, ah
        mov     ah, 02h
        mov     dx, 0
        int     17h
        expect  ah, bh
        test    ah, 07h
        expect_if z
        mov     dx, 379h                ; what the port says, turned
        in      al, dx
        and     al, 0F8h
        xor     al, 48h
        expect  ah, al
        ret

        check_end
