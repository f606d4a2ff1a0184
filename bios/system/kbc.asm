; The 8042 keyboard controller: its command channel, the address line 20 it
; gates, and the reset line it pulls.

KBC_OBF         equ     01h             ; status: a byte waits for us
KBC_IBF         equ     02h             ; our last byte was not yet taken
KBC_AUX         equ     20h             ; the waiting byte is the mouse's
KBC_MODE        equ     65h             ; translate, mouse off, system flag,
                                        ; keyboard's interrupt
KBC_MODE_SETUP  equ     64h             ; the same without interrupt

; Waits until the controller takes a byte. CF = 1: it does not. Keeps all.
kbc_wait_ready:
        push    ax
        push    cx
        xor     cx, cx
.poll:
        in      al, KBC_CMD
        test    al, KBC_IBF
        jz      .ready                  ; CF = 0
        loop    .poll
        stc
.ready:
        pop     cx
        pop     ax
        ret

; AL = command. CF = 1: not taken. Keeps all.
kbc_command:
        call    kbc_wait_ready
        jc      .done
        out     KBC_CMD, al
.done:
        ret

; AL = byte for the keyboard, or for the command before it. CF = 1: not taken.
; Keeps all.
kbc_write:
        call    kbc_wait_ready
        jc      .done
        out     KBC_DATA, al
.done:
        ret

; Waits up to CX refresh periods for a byte -> AL = byte, AH = status it came
; with; CF = 1: none came. Destroys CX.
kbc_read:
        in      al, KBC_CMD
        test    al, KBC_OBF
        jnz     .there
        jcxz    .none
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        loop    kbc_read
.none:
        stc
        ret
.there:
        mov     ah, al
        in      al, KBC_DATA
        clc
        ret

; Throws away what waits, at most 256 bytes. Keeps all.
kbc_flush:
        push    ax
        push    cx
        mov     cx, 256
.next:
        in      al, KBC_CMD
        test    al, KBC_OBF
        jz      .empty
        in      al, KBC_DATA
        loop    .next
.empty:
        pop     cx
        pop     ax
        ret

; AL = the controller's mode byte. It is never read back: its answer would raise
; the keyboard's interrupt. CF = 1: not taken. Destroys AH.
kbc_set_mode:
        mov     ah, al
        mov     al, 60h
        call    kbc_command
        jc      .done
        mov     al, ah
        call    kbc_write
.done:
        ret

; Self-tests the controller and sets it up with the keyboard on, the mouse off,
; no interrupts. CF = 1: no controller, or a bad one. Destroys AX, CX.
kbc_init:
        call    kbc_flush
        mov     al, 0ADh                ; keyboard off
        call    kbc_command
        jc      .done
        mov     al, 0A7h                ; mouse off
        call    kbc_command
        call    kbc_flush
        mov     al, KBC_MODE_SETUP
        call    kbc_set_mode
        mov     al, 0AAh                ; self test
        call    kbc_command
        mov     cx, 20000
        call    kbc_read
        jc      .done
        cmp     al, 55h
        jne     .bad
        mov     al, KBC_MODE_SETUP      ; the test may have reset it
        call    kbc_set_mode
        mov     al, 0ABh                ; keyboard's wires
        call    kbc_command
        mov     cx, 20000
        call    kbc_read
        jc      .done
        or      al, al
        jnz     .bad
        mov     al, 0AEh                ; keyboard on
        jmp     kbc_command
.bad:
        stc
.done:
        ret

; Sends AL to the keyboard while its interrupt is masked and waits for the
; acknowledge. CF = 1: none. Destroys AX, CX.
kbc_ask_keyboard:
        call    kbc_write
        jc      .done
        mov     cx, 2000                ; 30 ms; the keyboard's limit is 20
.answer:
        call    kbc_read
        jc      .done
        test    ah, KBC_AUX
        jnz     .answer
        cmp     al, 0FAh
        je      .done
        cmp     al, 0FEh
        jne     .answer                 ; a key pressed before we asked
        stc
.done:
        ret

; --- address line 20 --------------------------------------------------------
; -> AL = 1: the line is open, 0: addresses wrap at 1 MiB. Keeps the rest.
a20_get:
        push    bx
        push    ds
        push    es
        pushf
        cli
        xor     bx, bx
        mov     ds, bx
        dec     bx
        mov     es, bx
        mov     bx, [ds:0200h]
        xor     al, al
        not     word [ds:0200h]         ; a vector without a user
        push    cx
        mov     cx, [es:0210h]          ; the same word, when it wraps
        cmp     cx, [ds:0200h]
        jne     .open
        mov     [ds:0200h], bx
        cmp     bx, [es:0210h]
        je      .known
.open:
        inc     al
.known:
        mov     [ds:0200h], bx
        pop     cx
        popf
        pop     es
        pop     ds
        pop     bx
        ret

; AL = 1: opens the line, 0: closes it. Port 92h first, which is at once, then
; the keyboard controller, for boards with only one of them. CF = 1: the line
; did not follow. Keeps all but the flags.
a20_set:
        push    ax
        push    bx
        push    cx
        pushf
        cli
        mov     bl, al
        in      al, PORT_92
        and     al, 0FCh                ; bit 0 would reset the processor
        or      bl, bl
        jz      .port92
        or      al, 02h
.port92:
        out     PORT_92, al
        call    a20_get
        or      bl, bl
        jz      .kbc                    ; to close it both have to agree
        cmp     al, bl
        je      .set
.kbc:
        mov     al, 0D1h                ; write the output port
        call    kbc_command
        mov     al, 0DDh
        or      bl, bl
        jz      .output
        mov     al, 0DFh
.output:
        call    kbc_write
        mov     al, 0FFh                ; pulse nothing: the line has settled
        call    kbc_command             ; when this was taken
        call    kbc_wait_ready
        mov     cx, 64
.settle:
        call    a20_get
        cmp     al, bl
        je      .set
        call    .one_period
        loop    .settle
        popf
        stc
        jmp     .done
.set:
        popf
        clc
.done:
        pop     cx
        pop     bx
        pop     ax
        ret
.one_period:
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        ret

; Resets the processor through the keyboard controller. Does not return.
kbc_reset_cpu:
        cli
        call    kbc_wait_ready
        mov     al, 0FEh                ; pulse output 0
        out     KBC_CMD, al
        mov     cx, 2000                ; 30 ms, then the other way
        call    delay_refresh
        in      al, PORT_92
        and     al, 0FEh
        out     PORT_92, al
        or      al, 01h
        out     PORT_92, al
.wait:
        hlt
        jmp     .wait
