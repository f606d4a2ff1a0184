; Says on the screen how it was started: "started from drive 00: all well", or
; what was not as a boot record may expect it. NO_SIGNATURE: without 55AAh.
        cpu     8086
        bits    16
        org     7C00h

        cli                             ; any first byte but 00 to 05
        pushf
        pop     ax
        sti
        cld
        mov     bx, cs
        mov     cx, ds
        or      bx, cx
        mov     cx, es
        or      bx, cx
        mov     cx, ss
        or      bx, cx                  ; all segments are 0
        mov     cx, sp
        mov     ds, bx
        call    .here
.here:
        pop     si
        sub     si, .here               ; 0 where it belongs
        or      bx, si
        and     ah, 04h                 ; DF
        or      bh, ah
        mov     [state], bx
        cmp     cx, 400h
        je      .stack
        or      byte [state], 1
.stack:
        mov     al, dl
        mov     cl, 4
        shr     al, cl
        add     al, '0'
        mov     [digits], al
        mov     al, dl
        and     al, 0Fh
        add     al, '0'
        mov     [digits + 1], al
        mov     si, text
        call    show
        mov     si, well
        cmp     word [state], 0
        je      .say
        mov     si, bad
.say:
        call    show
%ifdef GIVE_UP
        int     18h
%endif
        xor     ax, ax
        int     16h
        int     19h

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

state:  dw      0
text:   db      "started from drive "
digits: db      "??: ", 0
well:   db      "all well", 13, 10, 0
bad:    db      "something is wrong", 13, 10, 0

        times   510 - ($ - $$) db 0
%ifdef NO_SIGNATURE
        dw      0
%else
        dw      0AA55h
%endif
        times   SECTORS * HEADS * CYLINDERS * 512 - ($ - $$) db 0
