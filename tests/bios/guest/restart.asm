; The ways to start again: Ctrl-Alt-Del, a jump to the BIOS, INT 19h, INT 18h.
; Each time this program boots anew; a byte of the CMOS tells it how far it was.
%include "check.inc"

PHASE           equ     7Ah             ; CMOS registers nobody uses
CHECKS          equ     7Bh             ; failures so far
MARK            equ     5A3Ch
KEPT            equ     3000h           ; segment of marked memory

run:
        mov     al, CHECKS
        call    cmos_get
        mov     ah, 0
        mov     [failures], ax
        mov     al, PHASE
        call    cmos_get
        mov     bl, al
        mov     bh, 0
        shl     bx, 1
        cmp     bx, phases_end - phases
        expect_if b
        jae     .done
        call    [phases + bx]
.done:
        ret
phases:
        dw      first, after_keys, after_jump, after_boot, after_give_up
phases_end:

; AL = register -> AL.
cmos_get:
        out     70h, al
        jmp     $ + 2
        in      al, 71h
        ret

; AL = register, AH = value.
cmos_set:
        out     70h, al
        jmp     $ + 2
        mov     al, ah
        out     71h, al
        ret

; Notes the failures, AL = the next phase.
next_phase:
        mov     ah, al
        mov     al, PHASE
        call    cmos_set
        mov     ah, [failures]
        mov     al, CHECKS
        jmp     cmos_set

; -> ES = marked memory.
mark_memory:
        mov     ax, KEPT
        mov     es, ax
        mov     word [es:0], MARK
        mov     word [es:1234h], MARK
        ret

; AL = scan code: through the keyboard controller.
key:
        mov     ah, al
        call    .ready
        mov     al, 0D2h
        out     64h, al
        call    .ready
        mov     al, ah
        out     60h, al
        mov     cx, 1000
        loop    $
        ret
.ready:
        in      al, 64h
        test    al, 03h
        jnz     .ready
        ret

; Leaves the clock in 12-hour mode, in binary, at 3:25:36 in the afternoon of
; 17-11-2031.
first:
        call    mark_memory
        mov     ax, 0800Bh
        call    cmos_set
        mov     si, .clock
        mov     cx, 6
.set:
        lodsw
        call    cmos_set
        loop    .set
        mov     ax, 0040Bh              ; binary, 12 hours
        call    cmos_set
        mov     al, 1
        call    next_phase
        mov     al, 1Dh
        call    key
        mov     al, 38h
        call    key
        mov     al, 53h
        call    key
        mov     cx, 0
.wait:
        hlt
        loop    .wait
        expect_if z                     ; it did not start again
        ret
.clock: db      0, 36, 2, 25, 4, 80h + 3, 7, 17, 8, 11, 9, 31

after_keys:
        mov     ax, BDA
        mov     es, ax
        expect  word [es:72h], 1234h
        mov     ax, KEPT
        mov     es, ax
        expect  word [es:0], 0          ; memory was cleared
        mov     ah, 02h                 ; and the clock reads as before
        int     1Ah
        expect_if nc
        expect  ch, 15h
        expect  cl, 25h
        mov     ah, 04h
        int     1Ah
        expect_if nc
        expect  cl, 31h
        expect  dx, 1117h
        mov     al, 0Bh
        call    cmos_get
        and     al, 06h
        expect  al, 02h
        int     12h
        expect  ax, 639
        call    mark_memory
        mov     al, 2
        call    next_phase
        mov     ax, BDA
        mov     es, ax
        mov     word [es:72h], 4321h    ; keep the memory
        jmp     0F000h:0FFF0h

after_jump:
        mov     ax, KEPT
        mov     es, ax
        expect  word [es:0], MARK
        expect  word [es:1234h], MARK
        mov     ax, BDA
        mov     es, ax
        expect  word [es:72h], 4321h
        mov     word [es:72h], 0
        mov     al, 3
        call    next_phase
        mov     word [4F0h], MARK
        int     19h

after_boot:
        expect  word [4F0h], MARK       ; nothing was set up again
        mov     ax, sp
        mov     al, 4
        call    next_phase
        hook    18h, .own, .old         ; INT 18h is for a boot that failed
        int     18h
        expect  byte [.count], 1
        unhook  18h, .old
        mov     word [4F2h], MARK
        int     19h
.own:
        inc     byte [cs:.count]
        iret
.count: db      0
.old:   dw      0, 0

after_give_up:
        expect  word [4F2h], MARK
        mov     al, 0
        jmp     next_phase

        check_end
