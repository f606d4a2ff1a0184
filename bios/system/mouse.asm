; INT 15h AH=C2h: the PS/2 mouse. INT 74h, IRQ 12: its packets.

MOUSE_CALL      equ     80h             ; E_MOUSE_FLAGS2: a handler is known
KBC_MODE_TALK   equ     54h             ; mode byte: keyboard off, mouse on, no
                                        ; interrupts
KBC_MODE_AUX    equ     20h             ; the mouse silenced
KBC_MODE_AUXIRQ equ     02h             ; the mouse's interrupt
ME_FUNCTION     equ     01h             ; errors of AH = C2h
ME_INPUT        equ     02h
ME_INTERFACE    equ     03h
ME_RESEND       equ     04h
ME_NO_HANDLER   equ     05h

int15_mouse:
        call    load_ebda
        test    byte [es:E_CONFIG], CFG_MOUSE
        jz      .absent
        mov     al, [bp + FR_AL]
        cmp     al, 7
        ja      .function
        call    .call                   ; -> AH = 0 or an error
        jmp     .end
.absent:
        mov     ah, ME_INTERFACE
        jmp     .end
.function:
        mov     ah, ME_FUNCTION
.end:
        mov     [bp + FR_AH], ah
        or      ah, ah
        jz      service_ok_flag
        jmp     service_fail_flag
.call:
        dispatch int15_mouse_table

int15_mouse_table:
        dw      mouse_enable
        dw      mouse_reset
        dw      mouse_rate
        dw      mouse_resolution
        dw      mouse_type
        dw      mouse_setup
        dw      mouse_extended
        dw      mouse_handler

; AL = 00h: BH = 0 switches the mouse off, 1 on.
mouse_enable:
        mov     al, [bp + FR_BH]
        cmp     al, 1
        ja      mouse_bad_input
        je      .on
        call    mouse_begin
        mov     al, 0F5h
        call    mouse_send
        mov     bl, KBC_MODE_AUX        ; and its wires off
        jmp     mouse_end_with
.on:
        test    byte [es:E_MOUSE_FLAGS2], MOUSE_CALL
        mov     ah, ME_NO_HANDLER
        jz      mouse_return
        and     byte [es:E_MOUSE_FLAGS1], ~07h
        in      al, PIC2_MASK
        and     al, ~10h
        out     PIC2_MASK, al
        in      al, PIC1_MASK
        and     al, ~04h
        out     PIC1_MASK, al
        call    mouse_begin
        mov     al, 0F4h
        call    mouse_send
        mov     bl, KBC_MODE_AUXIRQ
        jmp     mouse_end_with
mouse_bad_input:
        mov     ah, ME_INPUT
mouse_return:
        ret

; AL = 05h: BH = bytes in a packet, 1 to 8; then as AL = 01h.
mouse_setup:
        mov     al, [bp + FR_BH]
        dec     al
        cmp     al, 7
        ja      mouse_bad_input
        and     byte [es:E_MOUSE_FLAGS2], ~07h
        or      [es:E_MOUSE_FLAGS2], al
        ; fall through

; AL = 01h: reset, off afterwards -> BL = AAh, BH = identity.
mouse_reset:
        and     byte [es:E_MOUSE_FLAGS1], ~07h
        call    mouse_begin
        mov     al, 0FFh
        call    mouse_send
        jc      mouse_end
        mov     cx, 50000               ; 750 ms for its self test
        call    mouse_receive
        jc      mouse_end
        mov     [bp + FR_BL], al
        call    mouse_answer
        jc      mouse_end
        mov     [bp + FR_BH], al
        mov     bl, KBC_MODE_AUX
        jmp     mouse_end_with

; AL = 02h: BH = 0..6: 10, 20, 40, 60, 80, 100, 200 reports a second.
mouse_rate:
        mov     bl, [bp + FR_BH]
        cmp     bl, 6
        ja      mouse_bad_input
        xor     bh, bh
        mov     bl, [cs:mouse_rates + bx]
        mov     al, 0F3h
        jmp     mouse_set_value
mouse_rates:
        db      10, 20, 40, 60, 80, 100, 200

; AL = 03h: BH = 0..3: 1, 2, 4, 8 counts a millimetre.
mouse_resolution:
        mov     bl, [bp + FR_BH]
        cmp     bl, 3
        ja      mouse_bad_input
        mov     al, 0E8h
        ; fall through

; AL = command, BL = its operand.
mouse_set_value:
        push    bx
        push    ax
        call    mouse_begin
        pop     ax
        call    mouse_send
        pop     bx
        jc      mouse_end
        mov     al, bl
        call    mouse_send
        jmp     mouse_end

; AL = 04h: -> BH = identity.
mouse_type:
        call    mouse_begin
        mov     al, 0F2h
        call    mouse_send
        jc      mouse_end
        call    mouse_answer
        jc      mouse_end
        mov     [bp + FR_BH], al
        jmp     mouse_end

; AL = 06h: BH = 0: -> BL status, CL resolution, DL rate; 1, 2: scaling 1:1,
; 2:1.
mouse_extended:
        mov     al, [bp + FR_BH]
        cmp     al, 2
        ja      mouse_bad_input
        or      al, al
        jz      .status
        push    ax
        call    mouse_begin
        pop     ax
        add     al, 0E6h - 1
        call    mouse_send
        jmp     mouse_end
.status:
        call    mouse_begin
        mov     al, 0E9h
        call    mouse_send
        jc      mouse_end
        call    mouse_answer
        jc      mouse_end
        mov     [bp + FR_BL], al
        call    mouse_answer
        jc      mouse_end
        mov     [bp + FR_CL], al
        call    mouse_answer
        jc      mouse_end
        mov     [bp + FR_DL], al
        jmp     mouse_end

; AL = 07h: ES:BX = handler for packets, 0:0 = none.
mouse_handler:
        mov     ax, [bp + FR_BX]
        mov     bx, [bp + FR_ES]
        mov     cl, [es:E_MOUSE_FLAGS2]
        and     cl, ~MOUSE_CALL
        mov     dx, ax
        or      dx, bx
        jz      .none
        or      cl, MOUSE_CALL
.none:
        cli
        mov     [es:E_MOUSE_CALL], ax
        mov     [es:E_MOUSE_CALL + 2], bx
        mov     [es:E_MOUSE_FLAGS2], cl
        sti
        xor     ah, ah
        ret

; --- talking to it ----------------------------------------------------------
; Silences the keyboard, lets what already waits go its way, and takes the
; controller for commands. Interrupts are off until mouse_end. Destroys AX, CX.
mouse_begin:
        sti                             ; what waits is served
        mov     al, 0ADh
        call    kbc_command
        mov     cx, 200                 ; 3 ms
.drain:
        in      al, KBC_CMD
        test    al, KBC_OBF
        jz      .drained
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        loop    .drain
.drained:
        cli
        call    kbc_flush
        mov     al, KBC_MODE_TALK
        jmp     kbc_set_mode

; AL = byte for the mouse -> CF = 0: acknowledged; CF = 1: AH = error.
; Destroys AX, CX.
mouse_send:
        mov     ah, al
        mov     al, 0D4h
        call    kbc_command
        jc      .interface
        mov     al, ah
        call    kbc_write
        jc      .interface
        call    mouse_answer
        jc      .done
        cmp     al, 0FAh
        mov     ah, 0
        je      .done
        cmp     al, 0FEh
        mov     ah, ME_RESEND
        je      .failed
.interface:
        mov     ah, ME_INTERFACE
.failed:
        stc
.done:
        ret

; -> AL = next byte from the mouse, AH = 0; CF = 1: none came, AH = error.
; Destroys CX.
mouse_answer:
        mov     cx, 2000                ; 30 ms
; The same, CX = how many refresh periods it may take.
mouse_receive:
        call    kbc_read
        jc      .none
        test    ah, KBC_AUX
        jz      mouse_receive           ; the keyboard spoke before it was off
        mov     ah, 0
        clc
        ret
.none:
        mov     ah, ME_INTERFACE
        stc
        ret

; Gives the controller back. AH = error, kept; without one, BL = 20h: the
; mouse's wires are off from now on, 02h: its interrupt is on. Destroys AL, BX.
mouse_end_with:
        or      ah, ah
        jnz     mouse_end
        mov     al, [es:E_KBC_MODE]
        and     al, ~(KBC_MODE_AUX | KBC_MODE_AUXIRQ)
        or      al, bl
        mov     [es:E_KBC_MODE], al
mouse_end:
        push    ax
        mov     al, [es:E_KBC_MODE]
        call    kbc_set_mode
        pop     ax
        sti
        ret

; At start-up: is there a mouse? Destroys AX, CX, ES.
mouse_detect:
        call    load_ebda
        mov     byte [es:E_MOUSE_FLAGS2], 2
        call    mouse_begin
        mov     al, 0F5h                ; off: it only acknowledges
        call    mouse_send
        jc      mouse_end
        or      byte [es:E_CONFIG], CFG_MOUSE
        or      word [B_EQUIP], 04h
        jmp     mouse_end

; INT 74h, IRQ 12. Handlers are called far with four words on the stack, the
; last pushed first in the packet's order: status, X, Y, Z.
int74_handler:
        push    ds
        push    es
        push    bp
        push    di
        push    si
        push    dx
        push    cx
        push    bx
        push    ax
        cld
        mov     ax, BDA
        mov     ds, ax
        call    load_ebda
        in      al, KBC_CMD
        and     al, KBC_OBF | KBC_AUX
        cmp     al, KBC_OBF | KBC_AUX
        jne     .done
        in      al, KBC_DATA
        call    mouse_collect
        jc      .done
        mov     al, [es:E_MOUSE_PACKET]
        xor     ah, ah
        push    ax
        mov     al, [es:E_MOUSE_PACKET + 1]
        push    ax
        mov     al, [es:E_MOUSE_PACKET + 2]
        push    ax
        mov     al, [es:E_MOUSE_PACKET + 3]
        push    ax
        sti
        call    far [es:E_MOUSE_CALL]
        cli
        add     sp, 8
.done:
        mov     al, EOI
        out     PIC2_CMD, al
        out     PIC1_CMD, al
        jmp     kbd_done

; AL = byte, ES = EBDA -> CF = 0: a packet is complete and wanted. Destroys AX,
; BX, CX.
mouse_collect:
        test    byte [es:E_MOUSE_FLAGS2], MOUSE_CALL
        jz      .wait
        mov     bl, [es:E_MOUSE_FLAGS1]
        and     bx, 07h
        jnz     .keep
        mov     cl, [es:E_MOUSE_FLAGS2]
        and     cl, 07h
        cmp     cl, 2                   ; in a PS/2 packet bit 3 of the first
        jb      .keep                   ; byte is set: get in step with it
        test    al, 08h
        jz      .wait
        mov     byte [es:E_MOUSE_PACKET + 3], 0
.keep:
        mov     [es:bx + E_MOUSE_PACKET], al
        mov     al, [es:E_MOUSE_FLAGS2]
        and     al, 07h
        cmp     bl, al
        jae     .complete
        inc     byte [es:E_MOUSE_FLAGS1]
.wait:
        stc
        ret
.complete:
        and     byte [es:E_MOUSE_FLAGS1], ~07h
        clc
        ret
