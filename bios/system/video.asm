; INT 10h for boards without a VGA BIOS: the text modes of the CGA and the MDA
; (0 to 3, 7), with a screen in B8000h or B0000h or none at all.
;
; Register 40:49 is the mode; a board without any screen keeps the state, so
; that programs go on.

VIDEO_LAST      equ     13h
CRTC_CURSOR     equ     0Eh
CRTC_SHAPE      equ     0Ah
CRTC_START      equ     0Ch

int10_handler:
        sti
        frame_enter
        mov     al, [bp + FR_AH]
        cmp     al, VIDEO_LAST
        ja      .done
        call    .call
.done:
        jmp     service_return
.call:
        dispatch video_functions

video_functions:
        dw      video_set_mode, video_set_shape, video_set_cursor
        dw      video_get_cursor, video_nothing, video_set_page
        dw      video_scroll_up, video_scroll_down, video_read
        dw      video_write, video_write_character, video_nothing
        dw      video_nothing, video_nothing, video_teletype
        dw      video_get_mode, video_nothing, video_nothing
        dw      video_nothing, video_string

video_nothing:
        ret

; At start-up, after the VGA BIOS had its chance: sets a text mode when it left
; none, or when INT 10h is still ours. Destroys AX, ES.
video_fallback:
        xor     ax, ax
        mov     es, ax
        mov     ax, 0003h
        cmp     word [es:10h * 4], entry_int10
        jne     .adapter
        cmp     word [es:10h * 4 + 2], 0F000h
        jne     .adapter
        mov     al, CMOS_EQUIP          ; monochrome?
        call    cmos_read
        and     al, 30h
        or      [B_EQUIP], al
        cmp     al, 30h
        mov     ax, 0003h
        jne     .set
        mov     al, 07h
.set:
        int     10h
.done:
        ret
.adapter:
        cmp     byte [B_VMODE], 0
        jne     .done
        jmp     .set

; AH = 00h: AL = mode; bit 7: keep the screen.
video_set_mode:
        mov     al, [bp + FR_AL]
        and     al, 7Fh
        mov     bl, al
        mov     bh, 0
        mov     dx, 3D4h
        cmp     al, 7
        jne     .color
        mov     dx, 3B4h
        jmp     .set
.color:
        cmp     al, 3
        ja      .done                   ; graphics: there are none here
.set:
        mov     [B_VMODE], al
        mov     [B_VCRTC], dx
        mov     word [B_VCOLS], 80
        mov     word [B_VPAGE_SIZE], 4096
        cmp     al, 1
        ja      .wide
        mov     word [B_VCOLS], 40
        mov     word [B_VPAGE_SIZE], 2048
.wide:
        mov     al, [cs:bx + entry_video_table + 64 + 16]
        mov     [B_VMODEREG], al
        add     dx, 4
        out     dx, al
        call    video_program
        xor     ax, ax
        mov     [B_VSTART], ax
        mov     [B_VPAGE], al
        mov     byte [B_VROWS], 24
        push    ds
        pop     es
        mov     di, B_VCURSOR
        mov     cx, 8
        rep stosw
        mov     word [B_VSHAPE], 0607h
        call    video_segment
        mov     cx, 4000h / 2
        xor     di, di
        mov     ax, 0720h
        test    byte [bp + FR_AL], 80h
        jnz     .done
        rep stosw
.done:
        ret

; Loads the 6845 for the mode in 40:49. Destroys AX, CX, DX, SI.
video_program:
        mov     si, entry_video_table
        mov     al, [B_VMODE]
        cmp     al, 1
        jbe     .table
        add     si, 16
        cmp     al, 7
        jne     .table
        add     si, 32
.table:
        mov     dx, [B_VCRTC]
        mov     ah, 0
        mov     cx, 16
.register:
        mov     al, ah
        out     dx, al
        inc     dx
        cs lodsb
        out     dx, al
        dec     dx
        inc     ah
        loop    .register
        ret

; -> ES = segment of the screen. Destroys AX.
video_segment:
        mov     ax, 0B800h
        cmp     byte [B_VMODE], 7
        jne     .set
        mov     ah, 0B0h
.set:
        mov     es, ax
        ret

; BH = page -> DI = 40:50's place, ES = screen. Destroys AX, BX.
video_cursor_of:
        call    video_segment
        mov     bl, bh
        and     bx, 7
        shl     bx, 1
        lea     di, [bx + B_VCURSOR]
        ret

; BH = page, DH row, DL column -> DI = offset in the screen. Destroys AX, BX.
video_offset:
        push    dx
        mov     bl, bh
        and     bx, 7
        mov     al, dh
        mul     byte [B_VCOLS]
        mov     dh, 0
        add     ax, dx
        shl     ax, 1
        mov     di, ax
        mov     ax, [B_VPAGE_SIZE]
        mul     bx
        add     di, ax
        and     di, 3FFEh
        pop     dx
        ret

; Register pair AL of the 6845 = BX. Destroys AX, DX.
video_crtc:
        mov     dx, [B_VCRTC]
        mov     ah, bh
        out     dx, al
        inc     dx
        xchg    al, ah
        out     dx, al
        dec     dx
        xchg    al, ah
        inc     ax
        out     dx, al
        inc     dx
        mov     al, bl
        out     dx, al
        ret

; AH = 01h: cursor from line CH to CL.
video_set_shape:
        mov     bx, [bp + FR_CX]
        mov     [B_VSHAPE], bx
        mov     al, CRTC_SHAPE
        jmp     video_crtc

; AH = 02h: cursor of page BH to DH, DL.
video_set_cursor:
        mov     bh, [bp + FR_BH]
        mov     dx, [bp + FR_DX]
; BH, DX the same.
video_move_cursor:
        push    bx
        call    video_cursor_of
        mov     [di], dx
        pop     bx
        cmp     bh, [B_VPAGE]
        jne     .done
        call    video_offset
        mov     bx, di
        shr     bx, 1
        mov     al, CRTC_CURSOR
        jmp     video_crtc
.done:
        ret

; AH = 03h: -> DX = cursor of page BH, CX = its shape.
video_get_cursor:
        mov     bh, [bp + FR_BH]
        call    video_cursor_of
        mov     ax, [di]
        mov     [bp + FR_DX], ax
        mov     ax, [B_VSHAPE]
        mov     [bp + FR_CX], ax
        ret

; AH = 05h: show page AL.
video_set_page:
        mov     al, [bp + FR_AL]
        and     al, 7
        mov     [B_VPAGE], al
        mov     ah, 0
        mul     word [B_VPAGE_SIZE]
        mov     [B_VSTART], ax
        mov     bx, ax
        shr     bx, 1
        mov     al, CRTC_START
        call    video_crtc
        mov     bh, [B_VPAGE]
        call    video_cursor_of
        mov     dx, [di]
        mov     bh, [B_VPAGE]
        jmp     video_move_cursor

; AH = 06h, 07h: scroll the window CX-DX by AL lines (0: all), fill with BH.
video_scroll_up:
        mov     si, 1
        jmp     video_scroll
video_scroll_down:
        mov     si, -1
        ; fall through

; SI = 1 up, -1 down.
video_scroll:
        call    video_segment
        mov     cx, [bp + FR_CX]
        mov     dx, [bp + FR_DX]
        mov     al, [B_VCOLS]
        dec     ax
        cmp     dl, al
        jbe     .columns
        mov     dl, al
.columns:
        cmp     dh, 24
        jbe     .rows
        mov     dh, 24
.rows:
        sub     dh, ch
        jc      .done
        sub     dl, cl
        jc      .done
        inc     dh                      ; rows
        inc     dx                      ; columns
        mov     al, [bp + FR_AL]
        or      al, al
        jz      .all
        cmp     al, dh
        jbe     .lines
.all:
        mov     al, dh
.lines:
        mov     bl, al                  ; BL = lines to scroll
        mov     bh, [bp + FR_BH]
        mov     al, dh
        sub     al, bl
        push    ax                      ; rows that move
        or      si, si
        jns     .start
        add     ch, dh                  ; downwards: from the last row on
        dec     ch
.start:
        pop     ax
        mov     ah, dl                  ; AH = columns, AL = rows that move
        call    video_scroll_rows
.done:
        ret

; AL rows move, AH columns, BL lines to fill with attribute BH, CX = first row
; and column, SI = direction. Destroys all.
video_scroll_rows:
        push    bp
        mov     bp, si
        or      al, al
        jz      .fill
.move:
        push    ax
        mov     dx, cx
        call    .address                ; DI = target
        push    di
        mov     al, bl
        or      bp, bp
        jns     .source
        neg     al
.source:
        add     dh, al
        call    .address
        mov     si, di
        pop     di
        pop     ax
        push    ax
        push    cx
        mov     cl, ah
        mov     ch, 0
        push    ds
        push    es
        pop     ds
        rep movsw
        pop     ds
        pop     cx
        mov     ax, bp
        add     ch, al
        pop     ax
        dec     al
        jnz     .move
.fill:
        push    ax
        mov     dx, cx
        call    .address
        pop     ax
        push    cx
        push    ax
        mov     cl, ah
        mov     ch, 0
        mov     ah, bh
        mov     al, ' '
        rep stosw
        pop     ax
        pop     cx
        mov     dx, bp
        add     ch, dl
        dec     bl
        jnz     .fill
        pop     bp
        ret
.address:                               ; DX -> DI, on the page that is shown
        push    bx
        mov     bh, [B_VPAGE]
        call    video_offset
        pop     bx
        ret

; AH = 08h: -> AX = character and attribute at the cursor of page BH.
video_read:
        mov     bh, [bp + FR_BH]
        call    video_at_cursor
        mov     ax, [es:di]
        mov     [bp + FR_AX], ax
        ret

; BH = page -> DI = the cursor's place in the screen ES. Destroys AX, BX, DX.
video_at_cursor:
        push    bx
        call    video_cursor_of
        mov     dx, [di]
        pop     bx
        jmp     video_offset

; AH = 09h, 0Ah: CX times character AL (with attribute BL) at the cursor of BH.
video_write:
        mov     si, 1
        jmp     video_repeat
video_write_character:
        xor     si, si
video_repeat:
        mov     bh, [bp + FR_BH]
        call    video_at_cursor
        mov     cx, [bp + FR_CX]
        and     cx, 1FFFh               ; the screen's memory is no longer
        jcxz    .done
        mov     al, [bp + FR_AL]
        mov     ah, [bp + FR_BL]
.next:
        mov     [es:di], al
        or      si, si
        jz      .character
        mov     [es:di + 1], ah
.character:
        add     di, 2
        and     di, 3FFEh
        loop    .next
.done:
        ret

; AH = 0Eh: character AL as a terminal shows it, on the page that is shown.
video_teletype:
        mov     al, [bp + FR_AL]
; AL the same. Destroys all but BP.
video_put:
        mov     bh, [B_VPAGE]
        push    ax
        call    video_cursor_of
        mov     dx, [di]
        pop     ax
        cmp     al, 0Dh
        je      .return
        cmp     al, 0Ah
        je      .line
        cmp     al, 08h
        je      .back
        cmp     al, 07h
        je      kbd_beep
        push    ax
        mov     bh, [B_VPAGE]
        call    video_offset
        pop     ax
        mov     [es:di], al
        inc     dx
        cmp     dl, [B_VCOLS]
        jb      .move
        mov     dl, 0
.line:
        inc     dh
        cmp     dh, 25
        jb      .move
        dec     dh
        push    dx
        mov     bx, 0701h               ; one line, white on black
        xor     cx, cx
        mov     si, 1
        mov     al, 24
        mov     ah, [B_VCOLS]
        call    video_segment_keep
        call    video_scroll_rows
        pop     dx
        jmp     .move
.return:
        mov     dl, 0
        jmp     .move
.back:
        sub     dl, 1
        adc     dl, 0
.move:
        mov     bh, [B_VPAGE]
        jmp     video_move_cursor

; As video_segment, keeps AX.
video_segment_keep:
        push    ax
        call    video_segment
        pop     ax
        ret

; AH = 0Fh: -> AL = mode, AH = columns, BH = page.
video_get_mode:
        mov     al, [B_VMODE]
        mov     ah, [B_VCOLS]
        mov     [bp + FR_AX], ax
        mov     al, [B_VPAGE]
        mov     [bp + FR_BH], al
        ret

; AH = 13h: CX characters at ES:BP from DX on; AL bit 0: move the cursor, bit 1:
; attributes follow the characters, else BL is theirs.
video_string:
        mov     bh, [B_VPAGE]
        call    video_cursor_of
        push    word [di]
        mov     bh, [B_VPAGE]
        mov     dx, [bp + FR_DX]
        call    video_move_cursor
        mov     cx, [bp + FR_CX]
        mov     si, [bp + FR_BP]
        jcxz    .end
.next:
        mov     es, [bp + FR_ES]
        mov     al, [es:si]
        inc     si
        mov     ah, [bp + FR_BL]
        test    byte [bp + FR_AL], 02h
        jz      .show
        mov     ah, [es:si]
        inc     si
.show:
        push    cx
        push    si
        call    .character
        pop     si
        pop     cx
        loop    .next
.end:
        pop     dx
        test    byte [bp + FR_AL], 01h
        jnz     .done
        mov     bh, [B_VPAGE]
        jmp     video_move_cursor
.done:
        ret
.character:                             ; AL, attribute AH
        cmp     al, 0Dh
        je      video_put
        cmp     al, 0Ah
        je      video_put
        cmp     al, 08h
        je      video_put
        cmp     al, 07h
        je      video_put
        push    ax
        mov     bh, [B_VPAGE]
        call    video_at_cursor
        pop     ax
        mov     [es:di + 1], ah
        jmp     video_put
