; INT 08h, INT 1Ah, the clock's alarm, and the waits of INT 15h.
%include "check.inc"

run:
        call    test_tick
        call    test_midnight
        call    test_set_ticks
        call    test_motor
        call    test_time
        call    test_date
        call    test_alarm
        call    test_wait
        call    test_event
        ret

; Waits for the next tick -> DX = count's low word. Destroys AX, ES.
next_tick:
        mov     ax, BDA
        mov     es, ax
        mov     ax, [es:6Ch]
.wait:
        hlt
        mov     dx, [es:6Ch]
        cmp     dx, ax
        je      .wait
        ret

; Each tick counts one and calls INT 1Ch.
test_tick:
        hook    1Ch, .handler, .old
        call    next_tick
        mov     word [.count], 0
        mov     bx, dx
        call    next_tick
        call    next_tick
        call    next_tick
        sub     dx, bx
        mov     cx, [.count]
        expect  dx, cx
        expect  dx, 3
        unhook  1Ch, .old
        ret
.handler:
        inc     word [cs:.count]
        iret
.count: dw      0
.old:   dw      0, 0

test_midnight:
        mov     ah, 00h                 ; what was before
        int     1Ah
        mov     ah, 01h
        mov     cx, 0018h
        mov     dx, 00AEh               ; 2 ticks before 1800B0h
        int     1Ah
        expect_if nc
        mov     ah, 00h
        int     1Ah
        expect  al, 0
        expect  cx, 0018h
        call    next_tick
        call    next_tick
        mov     ah, 00h
        int     1Ah
        expect  cx, 0
        cmp     dx, 2
        expect_if b
        expect  al, 1
        mov     ah, 00h
        int     1Ah
        expect  al, 0                   ; told once
        ret

test_set_ticks:
        mov     ah, 01h
        mov     cx, 0001h
        mov     dx, 2345h
        int     1Ah
        mov     ah, 00h
        int     1Ah
        expect  cx, 0001h
        sub     dx, 2345h
        cmp     dx, 2
        expect_if b
        ret

; The floppy's motor stops when its count is down.
test_motor:
        mov     ax, BDA
        mov     es, ax
        cli
        or      byte [es:3Fh], 01h
        mov     byte [es:40h], 2
        sti
        call    next_tick
        test    byte [es:3Fh], 01h
        expect_if nz
        call    next_tick
        call    next_tick
        test    byte [es:3Fh], 0Fh
        expect_if z
        ret

; Two BCD digits in AL -> CF = 1: they are none, or above AH.
check_bcd:
        push    ax
        push    bx
        mov     bl, al
        and     bl, 0Fh
        cmp     bl, 9
        ja      .bad
        cmp     al, ah
        ja      .bad
        clc
        jmp     .done
.bad:
        stc
.done:
        pop     bx
        pop     ax
        ret

test_time:
        mov     ah, 02h
        int     1Ah
        expect_if nc
        mov     al, ch
        mov     ah, 23h
        call    check_bcd
        expect_if nc
        mov     al, cl
        mov     ah, 59h
        call    check_bcd
        expect_if nc
        mov     al, dh
        mov     ah, 59h
        call    check_bcd
        expect_if nc
        mov     ah, 03h
        mov     cx, 2358h
        mov     dx, 5700h
        int     1Ah
        expect_if nc
        mov     ah, 02h
        int     1Ah
        expect  cx, 2358h
        cmp     dh, 57h
        expect_if ae
        mov     bx, 60                  ; the clock goes on: 60 ticks are 3 s
.wait:
        call    next_tick
        dec     bx
        jnz     .wait
        mov     ah, 02h
        int     1Ah
        expect  cx, 2359h
        ret

test_date:
        mov     ah, 05h
        mov     cx, 1996h
        mov     dx, 0229h
        int     1Ah
        expect_if nc
        mov     ah, 04h
        int     1Ah
        expect_if nc
        expect  cx, 1996h
        expect  dx, 0229h
        mov     ah, 03h                 ; into March: 1996 was a leap year
        mov     cx, 2359h
        mov     dx, 5900h
        int     1Ah
        mov     bx, 40
.wait:
        call    next_tick
        dec     bx
        jnz     .wait
        mov     ah, 04h
        int     1Ah
        expect  cx, 1996h
        expect  dx, 0301h
        ret

test_alarm:
        hook    4Ah, .handler, .old
        mov     byte [.count], 0
        mov     ah, 03h
        mov     cx, 1200h
        mov     dx, 0000h
        int     1Ah
        mov     ah, 06h
        mov     cx, 1200h
        mov     dh, 02h
        int     1Ah
        expect_if nc
        mov     ah, 06h                 ; one is set
        mov     cx, 1200h
        mov     dh, 03h
        int     1Ah
        expect_if c
        mov     bx, 60
.wait:
        call    next_tick
        dec     bx
        jnz     .wait
        expect  byte [.count], 1
        mov     ah, 07h
        int     1Ah
        expect_if nc
        mov     ah, 06h
        mov     cx, 1300h
        mov     dh, 02h
        int     1Ah
        expect_if nc
        mov     ah, 07h
        int     1Ah
        unhook  4Ah, .old
        ret
.handler:
        inc     byte [cs:.count]
        iret
.count: db      0
.old:   dw      0, 0

; AH=86h waits as long as told, by the ticks: 500 ms are 9.1 of them.
test_wait:
        call    next_tick
        mov     bx, dx
        mov     ah, 86h
        mov     cx, 500000 >> 16
        mov     dx, 500000 & 0FFFFh
        int     15h
        expect_if nc
        mov     ax, BDA
        mov     es, ax
        mov     dx, [es:6Ch]
        sub     dx, bx
        cmp     dx, 9
        expect_if ae
        cmp     dx, 11
        expect_if be
        test    byte [es:0A0h], 01h     ; over
        expect_if z
        ret

; AH=83h sets a flag later, and may be taken back.
test_event:
        mov     byte [.flag], 0
        push    cs
        pop     es
        mov     bx, .flag
        mov     ax, 8300h
        mov     cx, 200000 >> 16
        mov     dx, 200000 & 0FFFFh
        int     15h
        expect_if nc
        expect  byte [.flag], 0
        mov     ax, 8300h               ; one at a time
        int     15h
        expect_if c
        mov     ah, 86h
        int     15h
        expect_if c
        mov     si, 8
.wait:
        call    next_tick
        dec     si
        jnz     .wait
        expect  byte [.flag], 80h
        mov     byte [.flag], 0
        push    cs
        pop     es
        mov     ax, 8300h
        mov     cx, 3
        int     15h
        expect_if nc
        mov     ax, 8301h
        int     15h
        expect_if nc
        mov     ah, 86h
        xor     cx, cx
        mov     dx, 10000
        int     15h
        expect_if nc
        expect  byte [.flag], 0
        ret
.flag:  db      0

        check_end
