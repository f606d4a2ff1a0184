; The keyboard's answers, and its lights. Lights are set without waiting: the
; command goes out now, its operand when the acknowledge comes in through
; INT 09h. E_LEDS, in the EBDA, holds the step: bits 0-1 are 0 at rest, 1 after
; EDh, 2 after the operand; bits 2-7 count the scan codes since, so that an
; acknowledge which a program swallowed does not leave the lights dead.

LEDS_REST       equ     0
LEDS_COMMAND    equ     1
LEDS_OPERAND    equ     2
LEDS_STEP       equ     3
LEDS_ONE_CODE   equ     4

; Starts setting the lights when they differ from 40:17. Keeps all.
kbd_update_leds:
        push    ax
        push    es
        pushf
        cli
        call    load_ebda
        test    byte [es:E_LEDS], LEDS_STEP
        jnz     .done
        test    byte [B_KLEDS], KL_BUSY ; somebody waits for an answer
        jnz     .done
        call    kbd_wanted_leds
        xor     al, [B_KLEDS]
        test    al, 07h
        jz      .done
        in      al, KBC_CMD
        test    al, KBC_IBF
        jnz     .done                   ; later then
        mov     byte [es:E_LEDS], LEDS_COMMAND
        or      byte [B_KLEDS], KL_BUSY
        mov     al, 0EDh
        out     KBC_DATA, al
.done:
        popf
        pop     es
        pop     ax
        ret

; -> AL = lights that 40:17 asks for. Keeps the rest.
kbd_wanted_leds:
        mov     al, [B_SHIFT]
        shrn    al, 4
        and     al, 07h
        ret

; AL = FAh or FEh, from the keyboard. Destroys AX.
kbd_reply:
        push    es
        call    load_ebda
        mov     ah, [es:E_LEDS]
        and     ah, LEDS_STEP
        jz      .other
        cmp     al, 0FAh
        jne     .refused
        cmp     ah, LEDS_COMMAND
        jne     .finished
        call    kbd_wanted_leds
        and     byte [B_KLEDS], 0F8h
        or      [B_KLEDS], al
        mov     byte [es:E_LEDS], LEDS_OPERAND
        call    kbc_write
        pop     es
        ret
.refused:
        or      byte [B_KLEDS], KL_ERROR
        call    kbd_wanted_leds         ; do not ask again until they change
        and     byte [B_KLEDS], 0F8h
        or      [B_KLEDS], al
.finished:
        mov     byte [es:E_LEDS], LEDS_REST
        and     byte [B_KLEDS], ~KL_BUSY
        pop     es
        ret
.other:
        pop     es
        cmp     al, 0FAh
        mov     al, KL_ACK
        je      .note
        mov     al, KL_RESEND
.note:
        or      [B_KLEDS], al
        ret

; A scan code came: after 32 of them an acknowledge is taken for lost. Keeps
; all.
kbd_age_leds:
        push    es
        call    load_ebda
        test    byte [es:E_LEDS], LEDS_STEP
        jz      .done
        add     byte [es:E_LEDS], LEDS_ONE_CODE
        jns     .done
        mov     byte [es:E_LEDS], LEDS_REST
        and     byte [B_KLEDS], ~KL_BUSY
.done:
        pop     es
        ret

; Waits until the lights are set, then keeps the keyboard for kbd_send until
; kbd_unclaim. Interrupts are on afterwards. Keeps all.
kbd_claim:
        push    cx
        push    es
        mov     cx, 4000                ; 60 ms
.wait:
        cli
        test    byte [B_KLEDS], KL_BUSY
        jz      .free
        call    kbd_poll_reply
        sti
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        loop    .wait
        cli
.free:
        call    load_ebda
        mov     byte [es:E_LEDS], LEDS_REST
        or      byte [B_KLEDS], KL_BUSY
        sti
        pop     es
        pop     cx
        ret

; AL = byte for the keyboard, which kbd_claim got. Waits for the acknowledge,
; three attempts. CF = 1: none. Keeps all.
kbd_send:
        push    bx
        push    cx
        mov     bl, 3
.attempt:
        cli
        and     byte [B_KLEDS], ~(KL_ACK | KL_RESEND | KL_ERROR)
        call    kbc_write
        sti
        jc      .failed
        mov     cx, 2000                ; 30 ms
.wait:
        test    byte [B_KLEDS], KL_ACK
        jnz     .done                   ; CF = 0
        test    byte [B_KLEDS], KL_RESEND
        jnz     .again
        call    kbd_poll_reply
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        loop    .wait
.again:
        dec     bl
        jnz     .attempt
.failed:
        or      byte [B_KLEDS], KL_ERROR
        stc
.done:
        pop     cx
        pop     bx
        ret

; Keeps all.
kbd_unclaim:
        and     byte [B_KLEDS], ~KL_BUSY
        jmp     kbd_update_leds

; When the keyboard's interrupt is masked, fetches its answer. Keeps all.
kbd_poll_reply:
        push    ax
        in      al, PIC1_MASK
        test    al, 02h
        jz      .done
        in      al, KBC_CMD
        and     al, KBC_OBF | KBC_AUX
        cmp     al, KBC_OBF
        jne     .done
        in      al, KBC_DATA
        cmp     al, 0FAh
        je      .reply
        cmp     al, 0FEh
        jne     .done
.reply:
        call    kbd_reply
.done:
        pop     ax
        ret
