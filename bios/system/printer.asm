; INT 17h: parallel ports, and their detection. INT 05h: print the screen.

LPT_BUSY        equ     80h             ; status: 0 while busy
LPT_STROBE      equ     01h

int17_handler:
        sti
        frame_enter
        mov     bx, [bp + FR_DX]
        cmp     bx, 3
        ja      .done
        mov     si, bx
        shl     si, 1
        cmp     bx, 3                   ; 40:0E belongs to the EBDA
        je      .done
        mov     di, [B_LPT + si]
        or      di, di
        jz      .done
        mov     si, bx
        mov     al, [bp + FR_AH]
        or      al, al
        jz      .print
        dec     al
        jz      .setup
        dec     al
        jnz     .done
        call    int17_status
        jmp     .answer
.setup:
        call    int17_setup
        jmp     .answer
.print:
        call    int17_print
.answer:
        mov     [bp + FR_AH], ah
.done:
        jmp     service_return

; SI = number, DI = base. Prints the frame's AL -> AH = status.
int17_print:
        mov     dx, di
        mov     al, [bp + FR_AL]
        out     dx, al
        inc     dx
        in      al, dx
        test    al, LPT_BUSY
        jnz     .ready
        mov     ax, 90FEh               ; printer: a multitasker may go on
        int     15h
        jc      .timeout
        mov     ch, [B_LPT_WAIT + si]
        xor     cl, cl                  ; 256 steps of 3.9 ms a unit: 1 s
        mov     bx, LPT_BUSY * 101h
.wait:
        jcxz    .timeout
        push    cx
        mov     cx, 256
        call    delay_refresh_unless
        pop     cx
        je      .ready
        loop    .wait
.timeout:
        call    int17_status
        or      ah, 01h
        ret
.ready:
        lea     dx, [di + 2]
        in      al, dx
        and     al, 1Eh                 ; keep its interrupt as it is
        or      al, LPT_STROBE
        cli
        out     dx, al
        io_pause
        and     al, ~LPT_STROBE
        out     dx, al
        sti
        ; fall through

; DI = base -> AH = status, errors and select turned as the service shows them.
; Destroys AL, DX.
int17_status:
        lea     dx, [di + 1]
        in      al, dx
        mov     ah, al
        and     ah, 0F8h
        xor     ah, 48h
        ret

; DI = base. Resets the printer -> AH = status. Destroys AL, CX, DX.
int17_setup:
        lea     dx, [di + 2]
        mov     al, 08h                 ; select, reset
        out     dx, al
        mov     cx, 67                  ; 1 ms
        call    delay_refresh
        mov     al, 0Ch                 ; select, no reset
        out     dx, al
        jmp     int17_status

; Finds the parallel ports at their three addresses, fills 40:8 -> AL = how
; many. Destroys all but BP.
printer_detect:
        mov     si, printer_bases
        xor     bx, bx
.next:
        cs lodsw
        mov     dx, ax
        mov     al, 0AAh                ; the data latch reads back
        out     dx, al
        mov     al, 0FFh
        out     PORT_POST + 4, al       ; drive the bus to something else
        in      al, dx
        cmp     al, 0AAh
        jne     .absent
        mov     [B_LPT + bx], dx
        add     bx, 2
        add     dx, 2
        mov     al, 0Ch
        out     dx, al
.absent:
        cmp     si, printer_bases_end
        jb      .next
        mov     ax, bx
        shr     al, 1
        ret

printer_bases:
        dw      3BCh, 378h, 278h
printer_bases_end:

; INT 05h: prints the text on the screen. 50:0 is 1 meanwhile, 0 after it, FFh
; when the printer failed.
P_STATE         equ     100h            ; 50:0 seen from segment 40h

int05_handler:
        sti
        frame_enter
        cmp     byte [P_STATE], 1
        je      .done
        mov     byte [P_STATE], 1
        mov     ah, 0Fh
        int     10h                     ; AH = columns, BH = page
        mov     cl, ah
        mov     ch, [B_VROWS]
        inc     ch
        cmp     ch, 1
        ja      .rows
        mov     ch, 25                  ; nobody filled it in
.rows:
        push    cx
        mov     ah, 03h
        int     10h
        pop     cx
        push    dx                      ; where the cursor was
        call    print_rows
        pop     dx
        pushf
        mov     ah, 02h
        int     10h
        popf
        mov     al, 0
        jnc     .finish
        mov     al, 0FFh
.finish:
        mov     [P_STATE], al
.done:
        jmp     service_return

; CL = columns, CH = rows, BH = page -> CF = 1: the printer failed.
print_rows:
        call    print_line_end
        jc      .done
        xor     dx, dx
.next:
        mov     ah, 02h
        int     10h
        mov     ah, 08h
        int     10h
        or      al, al
        jnz     .character
        mov     al, ' '
.character:
        call    print_character
        jc      .done
        inc     dx
        cmp     dl, cl
        jb      .next
        call    print_line_end
        jc      .done
        xor     dl, dl
        inc     dh
        cmp     dh, ch
        jb      .next
        clc
.done:
        ret

print_line_end:
        mov     al, 0Dh
        call    print_character
        jc      print_done
        mov     al, 0Ah
        ; fall through

; AL = character -> CF = 1: failed. Destroys AX.
print_character:
        push    dx
        xor     dx, dx
        xor     ah, ah
        int     17h
        pop     dx
        test    ah, 29h                 ; timeout, error, out of paper
        jz      print_done
        stc
print_done:
        ret
