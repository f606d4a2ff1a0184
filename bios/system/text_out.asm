; Text on the screen, through INT 10h.

; CS:SI = text that ends with a zero byte. Keeps all but SI.
put_text:
        push    ax
.next:
        cs lodsb
        or      al, al
        jz      .done
        call    put_char
        jmp     .next
.done:
        pop     ax
        ret

; AL = character; a line feed brings its carriage return. Keeps all.
put_char:
        push    ax
        push    bx
        push    bp                      ; some VGA BIOSes destroy it on scrolling
        push    ax
        mov     bh, [B_VPAGE]
        mov     bl, 7
        cmp     al, 0Ah
        jne     .plain
        mov     ax, 0E0Dh
        int     10h
.plain:
        pop     ax
        mov     ah, 0Eh
        int     10h
        pop     bp
        pop     bx
        pop     ax
        ret

; DX:AX = number, written in decimal. Keeps all.
put_number:
        push    ax
        push    bx
        push    cx
        push    dx
        xor     cx, cx
.divide:
        call    divide_by_ten
        push    bx                      ; a digit, the last one first
        inc     cx
        mov     bx, ax
        or      bx, dx
        jnz     .divide
.digits:
        pop     ax
        add     al, '0'
        call    put_char
        loop    .digits
        pop     dx
        pop     cx
        pop     bx
        pop     ax
        ret

; DX:AX / 10 -> DX:AX, remainder in BX.
divide_by_ten:
        push    cx
        mov     cx, 10
        push    ax
        mov     ax, dx
        xor     dx, dx
        div     cx
        mov     bx, ax
        pop     ax
        div     cx
        xchg    bx, dx                  ; DX = high quotient, BX = remainder
        pop     cx
        ret

; ES:SI = CX characters; blanks at the end and what cannot be shown are left
; out. Destroys CX, SI.
put_field:
        push    ax
        push    bx
.trim:
        jcxz    .done
        mov     bx, cx
        cmp     byte [es:si + bx - 1], ' '
        ja      .show
        loop    .trim
        jmp     .done
.show:
        es lodsb
        cmp     al, ' '
        jb      .skip
        cmp     al, 7Eh
        ja      .skip
        call    put_char
.skip:
        loop    .show
.done:
        pop     bx
        pop     ax
        ret

; AX = two hexadecimal digits in AL. Keeps all.
put_hex:
        push    ax
        push    cx
        mov     ch, al
        mov     cl, 4
        shr     al, cl
        call    put_hex_digit
        mov     al, ch
        call    put_hex_digit
        pop     cx
        pop     ax
        ret

put_hex_digit:
        and     al, 0Fh
        add     al, '0'
        cmp     al, '9'
        jbe     .show
        add     al, 'A' - '9' - 1
.show:
        jmp     put_char
