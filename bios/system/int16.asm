; INT 16h: keyboard services.

int16_handler:
        sti
        frame_enter
        call    kbd_update_leds         ; programs change 40:17 themselves
        mov     al, [bp + FR_AH]
        mov     si, int16_table
.find:
        cmp     al, [cs:si]
        je      .found
        add     si, 3
        cmp     si, int16_table_end
        jb      .find
        jmp     service_return
.found:
        call    [cs:si + 1]
        jmp     service_return

int16_table:
        db      00h
        dw      int16_read
        db      01h
        dw      int16_peek
        db      02h
        dw      int16_shift
        db      03h
        dw      int16_typematic
        db      05h
        dw      int16_push
        db      09h
        dw      int16_functions
        db      0Ah
        dw      int16_identity
        db      10h
        dw      int16_read
        db      11h
        dw      int16_peek
        db      12h
        dw      int16_shift_extended
int16_table_end:

; AH = 00h, 10h: wait for a key -> AX = its code, off the buffer.
int16_read:
        cli
        mov     bx, [B_KHEAD]
        cmp     bx, [B_KTAIL]
        jne     .there
        mov     ax, 9002h               ; keyboard: a multitasker may go on
        sti
        int     15h
.wait:
        cli
        mov     bx, [B_KHEAD]
        cmp     bx, [B_KTAIL]
        jne     .there
        call    idle
        jmp     .wait
.there:
        mov     ax, [bx]
        call    int16_advance
        sti
        call    int16_convert
        jc      int16_read              ; not for this function
        mov     [bp + FR_AX], ax
        ret

; AH = 01h, 11h: -> ZF = 1: no key; else AX = its code, which stays.
int16_peek:
        cli
        mov     bx, [B_KHEAD]
        cmp     bx, [B_KTAIL]
        je      .none
        mov     ax, [bx]
        call    int16_convert
        jnc     .there
        call    int16_advance           ; drop it
        jmp     int16_peek
.there:
        sti
        mov     [bp + FR_AX], ax
        and     byte [bp + FR_FLAGS], ~FLAG_ZF
        ret
.none:
        sti
        or      byte [bp + FR_FLAGS], FLAG_ZF
        jmp     int16_rest

; No key again. A program that asks over and over, with nothing else going on,
; waits for one: then the processor rests until the next interrupt, so that an
; idle guest costs its host nothing. Nothing goes on while the caller's
; registers, its stack pointer and all cursor positions are the same as the
; last time; a program that computes or draws between its questions shows other
; registers at least once in so many. Destroys AX, CX, DX, SI, DI, ES.
REST_AFTER      equ     64              ; questions in a row
REST_AGAIN      equ     16              ; after a rest
REST_CURSORS    equ     8               ; words at 40:50

int16_rest:
        call    load_ebda
        cld
        xor     dx, dx                  ; what is different
        mov     di, E_REST
        mov     ax, bp
        call    .compare
        mov     ax, ss
        call    .compare
        mov     si, bp
        mov     cx, FR_FLAGS / 2        ; words of the frame below the flags
.register:
        ss      lodsw
        call    .compare
        loop    .register
        mov     si, 50h
        mov     cx, REST_CURSORS
.cursor:
        lodsw
        call    .compare
        loop    .cursor
        or      dx, dx
        jnz     .busy
        inc     word [es:E_REST_COUNT]
        cmp     word [es:E_REST_COUNT], REST_AFTER
        jb      .done
        mov     word [es:E_REST_COUNT], REST_AFTER - REST_AGAIN
        cli
        call    idle                    ; not when nothing would wake it
.done:
        ret
.busy:
        mov     word [es:E_REST_COUNT], 0
        ret
.compare:
        cmp     ax, [es:di]
        je      .store
        mov     dl, 1
.store:
        stosw
        ret

; BX = head of the buffer: takes the entry off. Destroys BX.
int16_advance:
        add     bx, 2
        cmp     bx, [B_KEND]
        jb      .inside
        mov     bx, [B_KSTART]
.inside:
        mov     [B_KHEAD], bx
        ret

; AX = code from the buffer -> AX as the function in the frame shows it; CF = 1:
; it does not. AH = 10h, 11h show all; AH = 00h, 01h what an 84-key keyboard
; has. Characters typed on the keypad with Alt have scan code 0. Keeps the rest.
int16_convert:
        test    byte [bp + FR_AH], 10h
        jnz     .extended
        cmp     ah, 0E0h
        je      .grey_character
        cmp     ah, 84h
        ja      .hide
        or      ah, ah
        jz      .show
        cmp     al, 0F0h
        je      .hide
        cmp     al, 0E0h
        jne     .show
        xor     al, al
.show:
        clc
        ret
.grey_character:
        mov     ah, 35h                 ; '/'
        cmp     al, '/'
        je      .show
        mov     ah, 1Ch                 ; Enter
        jmp     .show
.extended:
        or      ah, ah
        jz      .show
        cmp     al, 0F0h
        jne     .show
        xor     al, al
        jmp     .show
.hide:
        stc
        ret

; AH = 02h: -> AL = shift state.
int16_shift:
        mov     al, [B_SHIFT]
        mov     [bp + FR_AL], al
        ret

; AH = 12h: -> AL = shift state, AH = bit 0 left Ctrl, 1 left Alt, 2 right Ctrl,
; 3 right Alt, 4 Scroll, 5 Num, 6 Caps, 7 SysReq held down.
int16_shift_extended:
        mov     ah, [B_SHIFT2]
        mov     al, ah
        and     ah, 01110011b
        test    al, S2_SYSREQ
        jz      .right
        or      ah, 80h
.right:
        mov     al, [B_KFLAGS3]
        and     al, K3_RCTRL | K3_RALT
        or      ah, al
        mov     al, [B_SHIFT]
        mov     [bp + FR_AX], ax
        ret

; AH = 03h: repeat rate. AL = 00h: default; 05h: BH = delay (0-3, 250 ms each),
; BL = rate (0 fastest, 31); 06h: -> BH, BL as last set.
int16_typematic:
        call    load_ebda
        mov     al, [bp + FR_AL]
        cmp     al, 06h
        je      .query
        mov     bx, [bp + FR_BX]
        cmp     al, 05h
        je      .set
        or      al, al
        jnz     .done
        mov     bx, 010Bh               ; 500 ms, 10.9 a second
.set:
        cmp     bl, 1Fh
        ja      .done
        cmp     bh, 3
        ja      .done
        mov     cl, 5
        shl     bh, cl
        or      bl, bh
        call    kbd_claim
        mov     al, 0F3h
        call    kbd_send
        jc      .sent
        mov     al, bl
        call    kbd_send
        jc      .sent
        mov     [es:E_TYPEMATIC], bl
.sent:
        jmp     kbd_unclaim
.query:
        mov     al, [es:E_TYPEMATIC]
        mov     ah, al
        and     al, 1Fh
        mov     cl, 5
        shr     ah, cl
        mov     [bp + FR_BX], ax
.done:
        ret

; AH = 05h: put code CX into the buffer -> AL = 0: done, 1: the buffer is full.
int16_push:
        mov     ax, [bp + FR_CX]
        cli
        call    kbd_put
        sti
        mov     al, 0
        adc     al, 0
        mov     [bp + FR_AL], al
        ret

; AH = 09h: -> AL = what is there: 0 default rate, 2 set rate, 3 query rate,
; 4 identity, 5 the functions for 101 keys.
int16_functions:
        mov     byte [bp + FR_AL], 00111101b
        ret

; AH = 0Ah: -> BX = the keyboard's identity.
int16_identity:
        call    load_ebda
        mov     ax, [es:E_KEYBOARD]
        mov     [bp + FR_BX], ax
        ret
