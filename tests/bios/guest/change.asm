; Changing floppies in a 1.2M drive: it says on the screen what to insert, waits
; for a key, and looks at what it finds. Driven by script/change.txt.
%include "check.inc"

BUFFER          equ     2000h           ; segment

%macro say 1
        mov     si, %%text
        call    show
        jmp     %%done
%%text: db      %1, 13, 10, 0
%%done:
%endmacro

run:
        say     "insert 360"
        call    wait_key
        mov     cx, 1                   ; the first access tells of the change
        mov     dx, 0
        call    read
        expect_if c
        expect  ah, 06h
        mov     ah, 01h
        mov     dl, 0
        int     13h
        expect  ah, 06h
        mov     di, 9                   ; sectors a track
        mov     si, 2                   ; heads
        mov     bl, 74h                 ; 300 kbit/s, every other cylinder
        mov     bp, 39
        call    look
        say     "insert 160"
        call    wait_key
        mov     ah, 16h
        mov     dl, 0
        int     13h
        expect_if c
        expect  ah, 06h
        mov     di, 8
        mov     si, 1
        mov     bl, 74h
        mov     bp, 39
        call    look
        say     "take it out"
        call    wait_key
        mov     cx, 1
        mov     dx, 0
        call    read
        expect_if c
        expect  ah, 80h
        mov     ah, 16h
        mov     dl, 0
        int     13h
        expect_if c
        expect  ah, 80h
        say     "insert 720"            ; 80 cylinders at 300 kbit/s
        call    wait_key
        mov     cx, 1
        mov     dx, 0
        call    read
        expect_if c
        expect  ah, 06h
        mov     di, 9
        mov     si, 2
        mov     bl, 54h
        mov     bp, 79
        call    look
        say     "insert 1200"
        call    wait_key
        mov     cx, 1
        mov     dx, 0
        call    read
        expect_if c
        expect  ah, 06h
        mov     di, 15
        mov     si, 2
        mov     bl, 15h
        mov     bp, 79
        call    look
        cmp     word [failures], 0
        jne     .bad
        say     "all well"
        jmp     .end
.bad:
        say     "something is wrong"
.end:
        hlt
        jmp     .end

; BP = last cylinder, SI = heads, DI = sectors, BL = 40:90 for the medium: the
; first access may find it, all sectors are where they should be.
look:
        mov     [.sectors], di
        mov     [.heads], si
        mov     cx, 1
        mov     dx, 0
        call    read
        expect_if nc
        push    es
        mov     ax, BDA
        mov     es, ax
        expect  bl, [es:90h]
        pop     es
        mov     word [.cylinder], 0
.next:
        mov     ax, [.cylinder]
        mov     ch, al
        mov     cl, [.sectors]
        mov     dh, [.heads]
        dec     dh
        mov     dl, 0
        call    read
        expect_if nc
        mov     ax, [.cylinder]         ; the last sector of the cylinder
        inc     ax
        push    dx
        mul     word [.heads]
        mul     word [.sectors]
        pop     dx
        dec     ax
        expect  ax, [es:0]
        add     word [.cylinder], 13
        cmp     [.cylinder], bp
        jbe     .next
        ret
.sectors:
        dw      0
.heads: dw      0
.cylinder:
        dw      0

; CX, DX: reads that sector to BUFFER:0. -> ES, CF, AH.
read:
        push    bx
        mov     ax, BUFFER
        mov     es, ax
        xor     bx, bx
        mov     ax, 0201h
        int     13h
        pop     bx
        ret

show:
        lodsb
        or      al, al
        jz      .done
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        jmp     show
.done:
        ret

wait_key:
        mov     ah, 0
        int     16h
        ret

        check_end
