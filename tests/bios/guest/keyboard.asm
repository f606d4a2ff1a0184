; INT 09h and INT 16h: scan codes are put into the keyboard controller as if
; they had come from the keyboard (command D2h), and what INT 16h gives for them
; is compared.
%include "check.inc"

run:
        call    drain
        call    test_empty
        call    test_codes
        call    test_locks
        call    test_shift_states
        call    test_alt_number
        call    test_break
        call    test_intercept
        call    test_sysreq
        call    test_print_screen
        call    test_full
        call    test_push
        call    test_wrap
        call    test_wait
        call    test_pause
        call    test_lights
        call    test_rate
        call    test_identity
        ret

; AL = scan code: into the controller; returns when INT 09h has had it. Keeps
; all.
key:
        push    ax
        push    cx
        mov     ah, al
        xor     cx, cx
.ready:
        in      al, 64h
        test    al, 03h                 ; both buffers free
        loopnz  .ready
        mov     al, 0D2h
        out     64h, al
        xor     cx, cx
.taken:
        in      al, 64h
        test    al, 02h
        loopnz  .taken
        mov     al, ah
        out     60h, al
        xor     cx, cx
.served:
        in      al, 64h
        test    al, 01h
        jz      .done
        loop    .served
        cmp     ah, ah                  ; nobody fetched it
        expect_if ne
.done:
        push    cx
        mov     cx, 100                 ; and its handler has ended
        loop    $
        pop     cx
        pop     cx
        pop     ax
        ret

; DS:SI = scan codes, FFh ends. Destroys AL, SI.
keys:
        lodsb
        cmp     al, 0FFh
        je      .done
        call    key
        jmp     keys
.done:
        ret

; Empties the buffer. Destroys AX.
drain:
        mov     ah, 11h
        int     16h
        jz      .done
        mov     ah, 10h
        int     16h
        jmp     drain
.done:
        ret

; -> AX = next code of INT 16h AH=10h, 0 when none waits.
fetch:
        mov     ah, 11h
        int     16h
        mov     ax, 0
        jz      .done
        mov     ah, 10h
        int     16h
.done:
        ret

; The same of AH=00h.
fetch_old:
        mov     ah, 01h
        int     16h
        mov     ax, 0
        jz      .done
        mov     ah, 00h
        int     16h
.done:
        ret

test_empty:
        mov     ah, 01h
        int     16h
        expect_if z
        mov     ah, 11h
        int     16h
        expect_if z
        mov     ah, 02h
        int     16h
        expect  al, 0
        ret

; Modifiers held while a key is pressed: their make codes, then break codes.
plain:
        db      0FFh, 0FFh
shift:
        db      2Ah, 0FFh, 0AAh, 0FFh
ctrl:
        db      1Dh, 0FFh, 9Dh, 0FFh
alt:
        db      38h, 0FFh, 0B8h, 0FFh

; Modifier, code as AH=10h shows it, as AH=00h shows it (0: not at all), scan
; codes.
%macro code_row 4+
        dw      %1, %2, %3, %%end - %%begin
%%begin:
        db      %4
%%end:
%endmacro
codes:
        code_row plain, 1E61h, 1E61h, 1Eh
        code_row shift, 1E41h, 1E41h, 1Eh
        code_row ctrl,  1E01h, 1E01h, 1Eh
        code_row alt,   1E00h, 1E00h, 1Eh
        code_row plain, 011Bh, 011Bh, 01h
        code_row alt,   0100h, 0,     01h
        code_row plain, 0231h, 0231h, 02h
        code_row shift, 0221h, 0221h, 02h
        code_row ctrl,  0300h, 0300h, 03h
        code_row shift, 0340h, 0340h, 03h
        code_row alt,   7900h, 7900h, 03h
        code_row ctrl,  071Eh, 071Eh, 07h
        code_row ctrl,  0C1Fh, 0C1Fh, 0Ch
        code_row alt,   8200h, 8200h, 0Ch
        code_row alt,   8300h, 8300h, 0Dh
        code_row plain, 0E08h, 0E08h, 0Eh
        code_row ctrl,  0E7Fh, 0E7Fh, 0Eh
        code_row alt,   0E00h, 0,     0Eh
        code_row plain, 0F09h, 0F09h, 0Fh
        code_row shift, 0F00h, 0F00h, 0Fh
        code_row ctrl,  9400h, 0,     0Fh
        code_row alt,   0A500h, 0,    0Fh
        code_row plain, 1071h, 1071h, 10h
        code_row ctrl,  1B1Dh, 1B1Dh, 1Bh
        code_row alt,   1A00h, 0,     1Ah
        code_row plain, 1C0Dh, 1C0Dh, 1Ch
        code_row ctrl,  1C0Ah, 1C0Ah, 1Ch
        code_row alt,   1C00h, 0,     1Ch
        code_row plain, 0E00Dh, 1C0Dh, 0E0h, 1Ch
        code_row ctrl,  0E00Ah, 1C0Ah, 0E0h, 1Ch
        code_row alt,   0A600h, 0,    0E0h, 1Ch
        code_row plain, 2960h, 2960h, 29h
        code_row shift, 297Eh, 297Eh, 29h
        code_row plain, 2B5Ch, 2B5Ch, 2Bh
        code_row ctrl,  2B1Ch, 2B1Ch, 2Bh
        code_row plain, 2C7Ah, 2C7Ah, 2Ch
        code_row plain, 2F76h, 2F76h, 2Fh
        code_row ctrl,  2E03h, 2E03h, 2Eh
        code_row shift, 353Fh, 353Fh, 35h
        code_row plain, 0E02Fh, 352Fh, 0E0h, 35h
        code_row ctrl,  9500h, 0,     0E0h, 35h
        code_row alt,   0A400h, 0,    0E0h, 35h
        code_row plain, 372Ah, 372Ah, 37h
        code_row ctrl,  9600h, 0,     37h
        code_row alt,   3700h, 0,     37h
        code_row plain, 3920h, 3920h, 39h
        code_row alt,   3920h, 3920h, 39h
        code_row plain, 3B00h, 3B00h, 3Bh
        code_row shift, 5400h, 5400h, 3Bh
        code_row ctrl,  5E00h, 5E00h, 3Bh
        code_row alt,   6800h, 6800h, 3Bh
        code_row plain, 4400h, 4400h, 44h
        code_row shift, 5D00h, 5D00h, 44h
        code_row ctrl,  6700h, 6700h, 44h
        code_row alt,   7100h, 7100h, 44h
        code_row plain, 8500h, 0,     57h
        code_row shift, 8700h, 0,     57h
        code_row ctrl,  8900h, 0,     57h
        code_row alt,   8B00h, 0,     57h
        code_row plain, 8600h, 0,     58h
        code_row alt,   8C00h, 0,     58h
        code_row plain, 4700h, 4700h, 47h
        code_row shift, 4737h, 4737h, 47h
        code_row ctrl,  7700h, 7700h, 47h
        code_row plain, 47E0h, 4700h, 0E0h, 47h
        code_row ctrl,  77E0h, 7700h, 0E0h, 47h
        code_row alt,   9700h, 0,     0E0h, 47h
        code_row plain, 48E0h, 4800h, 0E0h, 48h
        code_row ctrl,  8DE0h, 0,     0E0h, 48h
        code_row ctrl,  8D00h, 0,     48h
        code_row plain, 4A2Dh, 4A2Dh, 4Ah
        code_row ctrl,  8E00h, 0,     4Ah
        code_row alt,   4A00h, 0,     4Ah
        code_row plain, 4C00h, 0,     4Ch
        code_row shift, 4C35h, 4C35h, 4Ch
        code_row ctrl,  8F00h, 0,     4Ch
        code_row plain, 4E2Bh, 4E2Bh, 4Eh
        code_row alt,   4E00h, 0,     4Eh
        code_row plain, 50E0h, 5000h, 0E0h, 50h
        code_row alt,   0A000h, 0,    0E0h, 50h
        code_row plain, 53E0h, 5300h, 0E0h, 53h
        code_row plain, 5300h, 5300h, 53h
        code_row shift, 532Eh, 532Eh, 53h
        code_row plain, 565Ch, 565Ch, 56h
        code_row shift, 567Ch, 567Ch, 56h
        code_row ctrl,  7200h, 7200h, 0E0h, 2Ah, 0E0h, 37h
        code_row plain, 0,     0,     0E0h, 5Bh
        code_row plain, 0,     0,     9Eh
        code_row plain, 52E0h, 5200h, 0E0h, 52h, 0E0h, 0D2h
codes_end:

test_codes:
        mov     si, codes
.row:
        mov     di, fetch
        mov     bx, 2
        call    .try
        mov     di, fetch_old
        mov     bx, 4
        call    .try
        add     si, [si + 6]
        add     si, 8
        cmp     si, codes_end
        jb      .row
        mov     ah, 02h                 ; Insert was pressed twice
        int     16h
        expect  al, 0
        ret
.try:                                   ; DI = how to fetch, BX = expected
        push    si
        push    si
        mov     si, [si]
        call    keys
        mov     dx, si                  ; break codes
        pop     si
        push    si
        mov     cx, [si + 6]
        add     si, 8
.key:
        lodsb
        call    key
        loop    .key
        mov     si, dx
        call    keys
        pop     si
        call    di
        mov     cx, [si + bx]           ; what it should be
        mov     dx, [si + 8]            ; shown when it is not
        expect  ax, cx
        call    di
        expect  ax, 0
        pop     si
        ret

; Caps Lock and Num Lock.
test_locks:
        mov     si, .caps
        call    keys
        call    fetch
        expect  ax, 1E41h               ; caps: A
        call    fetch
        expect  ax, 0231h               ; digits do not care
        call    fetch
        expect  ax, 1E61h               ; caps with Shift: a
        call    fetch
        expect  ax, 1E61h
        mov     ah, 02h
        int     16h
        expect  al, 0
        mov     si, .num
        call    keys
        call    fetch
        expect  ax, 4737h
        call    fetch
        expect  ax, 4700h               ; with Shift
        call    fetch
        expect  ax, 47E0h               ; the grey key is always Home
        call    fetch
        expect  ax, 5230h               ; 0, not Insert
        call    fetch
        expect  ax, 4700h
        mov     ah, 02h
        int     16h
        expect  al, 0
        mov     si, .typematic
        call    keys
        mov     ah, 02h
        int     16h
        expect  al, 40h                 ; toggled once while held
        mov     si, .caps_off
        call    keys
        ret
.caps:  db      3Ah, 0BAh, 1Eh, 9Eh, 02h, 82h, 2Ah, 1Eh, 9Eh, 0AAh
.caps_off:
        db      3Ah, 0BAh, 1Eh, 9Eh, 0FFh
.num:   db      45h, 0C5h, 47h, 0C7h, 2Ah, 47h, 0C7h, 0AAh
        db      0E0h, 0AAh, 0E0h, 47h, 0E0h, 0C7h, 0E0h, 2Ah
        db      52h, 0D2h, 45h, 0C5h, 47h, 0C7h, 0FFh
.typematic:
        db      3Ah, 3Ah, 3Ah, 0BAh, 0FFh

; The shift state as it changes: scan codes, AL of AH=02h, AX of AH=12h.
%macro state_row 3+
        dw      %1, %2
        db      %3, 0FFh
%endmacro
states:
        state_row 0002h, 0002h, 2Ah
        state_row 0003h, 0003h, 36h
        state_row 0001h, 0001h, 0AAh
        state_row 0000h, 0000h, 0B6h
        state_row 0004h, 0104h, 1Dh
        state_row 0004h, 0504h, 0E0h, 1Dh
        state_row 0004h, 0404h, 9Dh
        state_row 0000h, 0000h, 0E0h, 9Dh
        state_row 0008h, 0208h, 38h
        state_row 0008h, 0A08h, 0E0h, 38h
        state_row 0008h, 0808h, 0B8h
        state_row 0000h, 0000h, 0E0h, 0B8h
        state_row 0010h, 1010h, 46h
        state_row 0010h, 0010h, 0C6h
        state_row 0000h, 1000h, 46h
        state_row 0000h, 0000h, 0C6h
        state_row 0020h, 2020h, 45h
        state_row 0020h, 0020h, 0C5h
        state_row 0000h, 0000h, 45h, 0C5h
        state_row 0040h, 4040h, 3Ah
        state_row 0040h, 0040h, 0BAh
        state_row 0000h, 0000h, 3Ah, 0BAh
        state_row 0080h, 0080h, 0E0h, 52h, 0E0h, 0D2h
        state_row 0000h, 0000h, 0E0h, 52h, 0E0h, 0D2h
        state_row 0000h, 0000h, 0E0h, 2Ah
        state_row 0000h, 0000h, 0E0h, 0AAh
states_end:

test_shift_states:
        mov     si, states
.row:
        lodsw
        mov     bx, ax
        lodsw
        mov     cx, ax
        call    keys
        mov     ah, 02h
        int     16h
        expect  al, bl
        mov     ah, 12h
        int     16h
        expect  ax, cx
        cmp     si, states_end
        jb      .row
        call    drain
        ret

; Alt and digits of the keypad make a character.
test_alt_number:
        mov     si, .umlaut
        call    keys
        call    fetch
        expect  ax, 0084h
        mov     si, .letter
        call    keys
        call    fetch
        expect  ax, 0041h
        mov     si, .marks              ; characters E0h and F0h are no codes
        call    keys
        call    fetch_old
        expect  ax, 00E0h
        call    fetch_old
        expect  ax, 00F0h
        call    fetch
        expect  ax, 0
        ret
.umlaut:
        db      38h, 4Fh, 0CFh, 51h, 0D1h, 50h, 0D0h, 0B8h, 0FFh ; 132
.letter:
        db      38h, 51h, 0D1h, 50h, 0D0h, 4Fh, 0CFh, 0B8h, 0FFh ; 321 - 256
.marks:
        db      38h, 50h, 0D0h, 50h, 0D0h, 4Bh, 0CBh, 0B8h       ; 224
        db      38h, 50h, 0D0h, 4Bh, 0CBh, 52h, 0D2h, 0B8h, 0FFh ; 240

; Ctrl-Break empties the buffer, calls INT 1Bh, and leaves code 0.
test_break:
        hook    1Bh, .handler, .old
        mov     byte [.count], 0
        mov     si, .keys
        call    keys
        unhook  1Bh, .old
        expect  byte [.count], 1
        mov     ax, BDA
        mov     es, ax
        test    byte [es:71h], 80h
        expect_if nz
        mov     byte [es:71h], 0
        mov     ah, 11h
        int     16h
        expect_if nz
        mov     ah, 10h
        int     16h
        expect  ax, 0
        mov     ah, 11h
        int     16h
        expect_if z
        ret
.handler:
        inc     byte [cs:.count]
        iret
.count: db      0
.old:   dw      0, 0
.keys:  db      1Eh, 9Eh, 1Dh, 0E0h, 46h, 0E0h, 0C6h, 9Dh, 0FFh

; INT 15h AH=4Fh may change a code, or take it.
test_intercept:
        hook    15h, .handler, .old
        mov     si, .keys
        call    keys
        unhook  15h, .old
        call    fetch
        expect  ax, 3062h               ; A became B
        call    fetch
        expect  ax, 2E63h               ; C passed, D was taken
        call    fetch
        expect  ax, 0
        expect  byte [.posted], 2       ; INT 15h AX=9102h came for both
        ret
.handler:
        cmp     ax, 9102h
        je      .post
        cmp     ah, 4Fh
        jne     .chain
        cmp     al, 1Eh
        jne     .other
        mov     al, 30h
.other:
        cmp     al, 20h
        stc
        jne     .return
        clc
.return:
        retf    2
.post:
        inc     byte [cs:.posted]
        iret
.chain:
        jmp     far [cs:.old]
.posted:
        db      0
.old:   dw      0, 0
.keys:  db      1Eh, 9Eh, 2Eh, 0AEh, 20h, 0A0h, 0FFh

test_sysreq:
        hook    15h, .handler, .old
        mov     word [.calls], 0
        mov     si, .press
        call    keys
        expect  word [.calls], 0001h    ; once, though the key repeats
        mov     ah, 12h
        int     16h
        expect  ah, 82h                 ; left Alt, SysReq
        mov     si, .release
        call    keys
        expect  word [.calls], 0101h
        unhook  15h, .old
        call    drain
        ret
.handler:
        cmp     ax, 8500h
        jne     .released
        inc     byte [cs:.calls]
        iret
.released:
        cmp     ax, 8501h
        jne     .chain
        inc     byte [cs:.calls + 1]
        iret
.chain:
        jmp     far [cs:.old]
.calls: dw      0
.old:   dw      0, 0
.press: db      38h, 54h, 54h, 0FFh
.release:
        db      0D4h, 0B8h, 0FFh

test_print_screen:
        hook    05h, .handler, .old
        mov     byte [.count], 0
        mov     si, .keys
        call    keys
        unhook  05h, .old
        expect  byte [.count], 1
        mov     ah, 11h
        int     16h
        expect_if z
        ret
.handler:
        inc     byte [cs:.count]
        iret
.count: db      0
.old:   dw      0, 0
.keys:  db      0E0h, 2Ah, 0E0h, 37h, 0E0h, 0B7h, 0E0h, 0AAh, 0FFh

; Fifteen codes fit.
test_full:
        mov     cx, 17
.type:
        mov     al, 1Eh
        call    key
        mov     al, 9Eh
        call    key
        loop    .type
        call    .wait                   ; the beep
        xor     bx, bx
.count:
        call    fetch
        or      ax, ax
        jz      .counted
        inc     bx
        jmp     .count
.counted:
        expect  bx, 15
        ret
.wait:
        mov     ax, BDA
        mov     es, ax
        mov     bx, [es:6Ch]
.tick:
        mov     ax, [es:6Ch]
        sub     ax, bx
        cmp     ax, 4
        jb      .tick
        ret

test_push:
        mov     ah, 05h
        mov     cx, 1234h
        int     16h
        expect  al, 0
        call    fetch
        expect  ax, 1234h
        mov     bx, 0
.fill:
        mov     ah, 05h
        mov     cx, 4321h
        int     16h
        or      al, al
        jnz     .full
        inc     bx
        cmp     bx, 40
        jb      .fill
.full:
        expect  bx, 15
        expect  al, 1
        call    drain
        ret

; The buffer is where 40:80 says.
test_wrap:
        mov     cx, 40
.next:
        push    cx
        mov     ah, 05h
        int     16h
        pop     cx
        call    fetch
        expect  ax, cx
        loop    .next
        ret

; AH=00h waits, and tells INT 15h so.
test_wait:
        hook    15h, .handler, .old
        hook    1Ch, .tick, .old_tick
        mov     byte [.ticks], 0
        mov     byte [.told], 0
        mov     ah, 00h
        int     16h
        expect  ax, 2C7Ah
        expect  byte [.told], 1
        unhook  1Ch, .old_tick
        unhook  15h, .old
        ret
.handler:
        cmp     ax, 9002h
        jne     .chain
        inc     byte [cs:.told]
.chain:
        jmp     far [cs:.old]
.tick:
        inc     byte [cs:.ticks]
        cmp     byte [cs:.ticks], 3
        jne     .quiet
        push    ax
        push    cx
        mov     ah, 05h
        mov     cx, 2C7Ah
        int     16h
        pop     cx
        pop     ax
.quiet:
        iret
.ticks: db      0
.told:  db      0
.old:   dw      0, 0
.old_tick:
        dw      0, 0

; Pause holds the machine inside INT 09h until another key comes, which is lost.
test_pause:
        hook    1Ch, .tick, .old
        mov     byte [.ticks], 0
        mov     byte [.release], 1
        mov     si, .keys
        call    keys
        unhook  1Ch, .old
        cmp     byte [.ticks], 3        ; it lasted until the tick typed a key
        expect_if ae
        mov     ah, 11h
        int     16h
        expect_if z
        ret
.tick:
        inc     byte [cs:.ticks]
        cmp     byte [cs:.ticks], 3
        jne     .quiet
        push    ax
        push    es
        mov     ax, BDA                 ; as a key would
        mov     es, ax
        test    byte [es:18h], 08h
        jz      .no_hold
        and     byte [es:18h], ~08h
.no_hold:
        pop     es
        pop     ax
.quiet:
        iret
.ticks: db      0
.release:
        db      0
.old:   dw      0, 0
.keys:  db      0E1h, 1Dh, 45h, 0E1h, 9Dh, 0C5h, 0FFh

; The lights follow 40:17, also when a program wrote it.
test_lights:
        mov     ax, BDA
        mov     es, ax
        mov     si, .caps
        call    keys
        call    .wait
        mov     al, [es:97h]
        and     al, 47h
        expect  al, 04h                 ; Caps is lit, nothing under way
        call    keys                    ; off again
        call    .wait
        mov     al, [es:97h]
        and     al, 47h
        expect  al, 0
        or      byte [es:17h], 20h
        mov     ah, 01h
        int     16h
        call    .wait
        mov     al, [es:97h]
        and     al, 47h
        expect  al, 02h
        and     byte [es:17h], ~20h
        mov     ah, 01h
        int     16h
        call    .wait
        test    byte [es:97h], 80h
        expect_if z
        ret
.wait:
        mov     bx, [es:6Ch]
.tick:
        mov     ax, [es:6Ch]
        sub     ax, bx
        cmp     ax, 3
        jb      .tick
        ret
.caps:  db      3Ah, 0BAh, 0FFh
        db      3Ah, 0BAh, 0FFh

test_rate:
        mov     ax, 0305h
        mov     bx, 0200h
        int     16h
        mov     ax, 0306h
        xor     bx, bx
        int     16h
        expect  bx, 0200h
        mov     ax, 0305h
        mov     bx, 0420h               ; out of range: nothing changes
        int     16h
        mov     ax, 0306h
        int     16h
        expect  bx, 0200h
        mov     ax, 0300h
        int     16h
        mov     ax, 0306h
        int     16h
        expect  bx, 010Bh
        mov     ah, 11h                 ; no acknowledge got into the buffer
        int     16h
        expect_if z
        ret

test_identity:
        mov     ah, 09h
        int     16h
        test    al, 20h
        expect_if nz
        test    al, 10h
        expect_if nz
        mov     ah, 0Ah
        int     16h
        expect  bl, 0ABh
        ret

        check_end
