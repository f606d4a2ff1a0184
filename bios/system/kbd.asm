; INT 09h, IRQ 1: from scan codes of set 1 to the keyboard buffer.
;
; Shift state        40:17                40:18                 40:96
;   bit 0            right Shift down     left Ctrl down        last code was E1
;   bit 1            left Shift down      left Alt down         last code was E0
;   bit 2            a Ctrl down          SysReq down           right Ctrl down
;   bit 3            an Alt down          pause holds           right Alt down
;   bit 4            Scroll Lock on       Scroll Lock down      101/102 keys
;   bit 5            Num Lock on          Num Lock down
;   bit 6            Caps Lock on         Caps Lock down
;   bit 7            Insert on            Insert down
;
; 40:97: bits 0-2 what the LEDs show, 4 acknowledged, 5 resend asked,
; 6 LEDs being set, 7 the keyboard failed.
;
; Codes that only INT 16h AH=10h shows are stored with F0h as character, those
; of the grey keys with E0h; INT 16h sorts them out.

S_RSHIFT        equ     01h
S_LSHIFT        equ     02h
S_CTRL          equ     04h
S_ALT           equ     08h
S_SCROLL        equ     10h
S_NUM           equ     20h
S_CAPS          equ     40h
S_INS           equ     80h
S2_SYSREQ       equ     04h
S2_PAUSE        equ     08h
K3_E1           equ     01h
K3_E0           equ     02h
K3_RCTRL        equ     04h
K3_RALT         equ     08h
K3_101          equ     10h
KL_ACK          equ     10h
KL_RESEND       equ     20h
KL_BUSY         equ     40h
KL_ERROR        equ     80h

SC_CTRL         equ     1Dh
SC_LSHIFT       equ     2Ah
SC_RSHIFT       equ     36h
SC_STAR         equ     37h             ; with E0: Print Screen
SC_ALT          equ     38h
SC_CAPS         equ     3Ah
SC_NUM          equ     45h
SC_SCROLL       equ     46h
SC_HOME         equ     47h
SC_INS          equ     52h
SC_DEL          equ     53h
SC_SYSREQ       equ     54h

int09_handler:
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
        in      al, KBC_CMD
        and     al, KBC_OBF | KBC_AUX
        cmp     al, KBC_OBF | KBC_AUX   ; the mouse's byte: not for us
        je      kbd_eoi_done
        in      al, KBC_DATA
        cmp     al, 0FAh
        je      .reply
        cmp     al, 0FEh
        je      .reply
        mov     ah, 4Fh                 ; anybody may take or change the code
        stc
        int     15h
        jnc     kbd_eoi_done
        call    kbd_translate
        jmp     kbd_finish
.reply:
        call    kbd_reply
kbd_finish:
        call    kbd_update_leds
kbd_eoi_done:
        mov     al, EOI
        out     PIC1_CMD, al
kbd_done:
        pop     ax
        pop     bx
        pop     cx
        pop     dx
        pop     si
        pop     di
        pop     bp
        pop     es
        pop     ds
        iret

; AL = scan code, or FF/00 for the keyboard's own full buffer.
; Destroys AX, BX, CX, DX, SI, DI.
kbd_translate:
        call    kbd_age_leds
        cmp     al, 0FFh
        je      kbd_overrun
        or      al, al
        jz      kbd_overrun
        mov     ah, [B_KFLAGS3]
        cmp     al, 0E0h
        je      .e0
        cmp     al, 0E1h
        je      .e1
        and     byte [B_KFLAGS3], ~K3_E0
        test    ah, K3_E1
        jnz     .pause_sequence
        test    al, 80h
        jnz     kbd_release
        jmp     kbd_press
.e0:
        or      byte [B_KFLAGS3], K3_E0
        ret
.e1:
        or      byte [B_KFLAGS3], K3_E1
        ret
.pause_sequence:                        ; E1 1D 45, E1 9D C5
        mov     bl, al
        and     bl, 7Fh
        cmp     bl, SC_CTRL
        je      .nothing
        and     byte [B_KFLAGS3], ~K3_E1
        cmp     al, SC_NUM
        je      kbd_pause
.nothing:
        ret

kbd_overrun:
        jmp     kbd_beep_later

; AL = scan code with bit 7 set, AH = 40:96 before it.
kbd_release:
        and     al, 7Fh
        call    kbd_find_modifier
        jne     .other
        test    ah, K3_E0
        jz      .left
        cmp     cl, S_LSHIFT            ; E0 AA, E0 B6: not real shifts
        jbe     .done
.left:
        cmp     cl, S_ALT
        ja      .lock
        cmp     cl, S_LSHIFT
        ja      .ctrl_alt
        not     cl                      ; a Shift
        and     [B_SHIFT], cl
.done:
        ret
.lock:                                  ; a lock key or Insert
        not     cl
        and     [B_SHIFT2], cl
        ret
.ctrl_alt:
        call    kbd_release_ctrl_alt
        cmp     al, SC_ALT
        jne     .done
        test    byte [B_SHIFT], S_ALT
        jnz     .done
        xor     al, al                  ; the number typed on the keypad
        xchg    al, [B_ALTPAD]
        or      al, al
        jz      .done
        xor     ah, ah
        jmp     kbd_store
.other:
        cmp     al, SC_SYSREQ
        jne     .done
        and     byte [B_SHIFT2], ~S2_SYSREQ
        mov     ax, 8501h
        jmp     kbd_call_system

; CL = S_CTRL or S_ALT, whose left (AH: E0 clear) or right key went up. Keeps
; AX, CX.
kbd_release_ctrl_alt:
        push    ax
        push    cx
        test    ah, K3_E0
        jz      .left
        not     cl                      ; right: bits 2, 3 of 40:96
        and     [B_KFLAGS3], cl
        not     cl
        jmp     .either
.left:
        mov     al, cl
        shrn    al, 2                   ; left: bits 0, 1 of 40:18
        not     al
        and     [B_SHIFT2], al
.either:
        mov     al, [B_SHIFT2]
        shln    al, 2
        or      al, [B_KFLAGS3]
        test    al, cl
        jnz     .still_down
        not     cl
        and     [B_SHIFT], cl
.still_down:
        pop     cx
        pop     ax
        ret

; AL = scan code -> ZF = 1: a modifier, CL = its bit in 40:17. Destroys DI.
kbd_find_modifier:
        mov     di, kbd_modifiers
.next:
        cmp     al, [cs:di]
        je      .found
        add     di, 2
        cmp     di, kbd_modifiers_end
        jb      .next
        or      di, di                  ; ZF = 0
        ret
.found:
        mov     cl, [cs:di + 1]
        ret

kbd_modifiers:
        db      SC_RSHIFT, S_RSHIFT
        db      SC_LSHIFT, S_LSHIFT
        db      SC_CTRL, S_CTRL
        db      SC_ALT, S_ALT
        db      SC_SCROLL, S_SCROLL
        db      SC_NUM, S_NUM
        db      SC_CAPS, S_CAPS
        db      SC_INS, S_INS
kbd_modifiers_end:

; AL = scan code of a key that went down, AH = 40:96 before it.
kbd_press:
        call    kbd_find_modifier
        jne     kbd_press_key
        cmp     cl, S_LSHIFT
        jbe     .shift
        cmp     cl, S_ALT
        jbe     .ctrl_alt
        jmp     kbd_press_lock
.shift:
        test    ah, K3_E0               ; E0 2A, E0 36: not real shifts
        jnz     .done
.set:
        or      [B_SHIFT], cl
.done:
        ret
.ctrl_alt:
        test    ah, K3_E0
        jz      .left
        or      [B_KFLAGS3], cl
        jmp     .set
.left:
        mov     al, cl
        shrn    al, 2
        or      [B_SHIFT2], al
        jmp     .set

; AL = scan code of a lock key or Insert, CL = its bit, AH = 40:96 before it.
kbd_press_lock:
        cmp     al, SC_INS
        je      .insert
        test    byte [B_SHIFT], S_CTRL
        jz      .toggle
        cmp     al, SC_CAPS
        je      .toggle
        cmp     al, SC_SCROLL
        je      .scroll
        test    byte [B_KFLAGS3], K3_101
        jnz     .toggle
        jmp     kbd_pause               ; Ctrl-NumLock of the 84-key layout
.scroll:
        test    byte [B_KFLAGS3], K3_101
        jz      kbd_break
        test    ah, K3_E0
        jnz     kbd_break
.toggle:
        test    [B_SHIFT2], cl          ; typematic: toggle once
        jnz     .done
        or      [B_SHIFT2], cl
        xor     [B_SHIFT], cl
.done:
        ret
.insert:
        test    byte [B_SHIFT], S_ALT | S_CTRL
        jnz     kbd_press_key
        test    ah, K3_E0
        jnz     .insert_toggle
        call    kbd_keypad_is_digits
        jc      kbd_press_key
.insert_toggle:
        call    .toggle
        ; fall through: it has a code as well

; AL = scan code of any other key, AH = 40:96 before it.
kbd_press_key:
        test    byte [B_SHIFT2], S2_PAUSE  ; pause: this key ends it, no more
        jz      .running
        and     byte [B_SHIFT2], ~S2_PAUSE
        ret
.running:
        cmp     al, SC_DEL
        jne     .no_reset
        mov     bl, [B_SHIFT]
        and     bl, S_CTRL | S_ALT
        cmp     bl, S_CTRL | S_ALT
        je      kbd_reset_machine
.no_reset:
        cmp     al, SC_SYSREQ
        je      .sysreq
        cmp     al, SC_STAR
        jne     .code
        test    ah, K3_E0
        jnz     kbd_print_key
        test    byte [B_KFLAGS3], K3_101
        jnz     .code
        test    byte [B_SHIFT], S_RSHIFT | S_LSHIFT
        jnz     kbd_print_screen
.code:
        test    ah, K3_E0
        jnz     kbd_grey_key
        jmp     kbd_plain_key
.sysreq:
        test    byte [B_SHIFT2], S2_SYSREQ
        jnz     .ignore
        or      byte [B_SHIFT2], S2_SYSREQ
        mov     ax, 8500h
        jmp     kbd_call_system
.ignore:
        ret

; CF = 1: the keypad's keys mean digits now. Keeps all.
kbd_keypad_is_digits:
        push    ax
        mov     al, [B_SHIFT]
        test    al, S_RSHIFT | S_LSHIFT
        jz      .plain
        xor     al, S_NUM
.plain:
        test    al, S_NUM
        pop     ax
        jz      .no
        stc
        ret
.no:
        clc
        ret

; AL = scan code without E0.
kbd_plain_key:
        cmp     al, KBD_LAST_CODE
        ja      .none
        mov     dl, [B_SHIFT]
        mov     bl, al
        xor     bh, bh
        shln    bx, 3                   ; four words a key
        add     bx, kbd_codes
        test    dl, S_ALT
        jnz     .alt
        test    dl, S_CTRL
        jnz     .ctrl
        cmp     al, SC_HOME
        jb      .letter
        cmp     al, SC_DEL
        jbe     .keypad
.letter:
        mov     ax, [cs:bx]
        cmp     al, 'a'
        jb      .shift
        cmp     al, 'z'
        ja      .shift
        test    dl, S_CAPS
        jz      .shift
        xor     dl, S_LSHIFT            ; Caps Lock turns Shift round
        test    dl, S_RSHIFT
        jz      .shift
        and     dl, ~(S_RSHIFT | S_LSHIFT)
.shift:
        test    dl, S_RSHIFT | S_LSHIFT
        jz      .store
        mov     ax, [cs:bx + 2]
        jmp     .store
.keypad:
        mov     ax, [cs:bx]
        call    kbd_keypad_is_digits
        jnc     .store
        mov     ax, [cs:bx + 2]
        jmp     .store
.ctrl:
        mov     ax, [cs:bx + 4]
        jmp     .store
.alt:
        mov     cx, [cs:bx + 6]
        cmp     al, SC_HOME
        jb      .alt_store
        cmp     al, SC_INS
        ja      .alt_store
        jcxz    kbd_alt_digit           ; '-' and '+' among them have codes
.alt_store:
        mov     byte [B_ALTPAD], 0
        mov     ax, cx
.store:
        or      ax, ax
        jnz     kbd_store
.none:
        ret

; AL = scan code of a keypad digit pressed with Alt: one more digit of a
; character code, modulo 256.
kbd_alt_digit:
        mov     bl, al
        xor     bh, bh
        mov     cl, [cs:bx + kbd_digits - SC_HOME]
        mov     al, [B_ALTPAD]
        mov     ah, 10
        mul     ah
        add     al, cl
        mov     [B_ALTPAD], al
        ret
kbd_digits:
        db      7, 8, 9, 0, 4, 5, 6, 0, 1, 2, 3, 0

; AL = scan code after E0.
kbd_grey_key:
        mov     si, kbd_grey
.find:
        cmp     al, [cs:si]
        je      .found
        add     si, 7
        cmp     si, kbd_grey_end
        jb      .find
        ret                             ; a key this BIOS has no code for
.found:
        mov     dl, [B_SHIFT]
        mov     ax, [cs:si + 5]
        test    dl, S_ALT
        jnz     .alt
        mov     ax, [cs:si + 3]
        test    dl, S_CTRL
        jnz     kbd_store
        mov     ax, [cs:si + 1]
        jmp     kbd_store
.alt:
        mov     byte [B_ALTPAD], 0
        jmp     kbd_store

; Print Screen of the 101-key layout.
kbd_print_key:
        test    byte [B_SHIFT], S_CTRL
        jz      kbd_print_screen
        mov     ax, 7200h
        jmp     kbd_store

kbd_print_screen:
        and     byte [B_KFLAGS3], ~(K3_E0 | K3_E1)
        mov     al, EOI
        out     PIC1_CMD, al
        int     05h
        jmp     kbd_return_after_eoi

; Ctrl-Break.
kbd_break:
        mov     byte [B_BREAK], 80h
        mov     ax, [B_KSTART]
        mov     [B_KHEAD], ax
        mov     [B_KTAIL], ax
        int     1Bh
        xor     ax, ax
        jmp     kbd_store

; Pause: waits here, with interrupts on, until another key ends it.
kbd_pause:
        test    byte [B_SHIFT2], S2_PAUSE
        jnz     .done                   ; it holds already
        or      byte [B_SHIFT2], S2_PAUSE
        mov     al, EOI
        out     PIC1_CMD, al
        cmp     byte [B_VMODE], 7
        jae     .hold
        mov     dx, 3D8h                ; the CGA may have been blanked
        mov     al, [B_VMODEREG]
        out     dx, al
.hold:
        cli
        test    byte [B_SHIFT2], S2_PAUSE
        jz      kbd_return_after_eoi
        call    idle
        jmp     .hold
.done:
        ret

; AX = 8500h or 8501h: tells the system about SysReq.
kbd_call_system:
        push    ax
        mov     al, EOI
        out     PIC1_CMD, al
        pop     ax
        sti
        int     15h
        jmp     kbd_return_after_eoi

; Ctrl-Alt-Del: a start without memory test. The processor may be in virtual
; 8086 mode, so the reset line does it, not a jump; and it will start at the end
; of its address space, so line A20 must be open.
kbd_reset_machine:
        mov     word [B_RESET], 1234h
        mov     ax, CMOS_SHUTDOWN       ; AH = 0
        call    cmos_write
        mov     al, 1
        call    a20_set
        jmp     kbc_reset_cpu

; AX = code. Puts it into the buffer; when it is full, the speaker says so.
kbd_store:
        call    kbd_put
        jc      kbd_beep_later
        mov     al, EOI
        out     PIC1_CMD, al
        mov     ax, 9102h               ; keyboard: wait is over
        int     15h
        jmp     kbd_return_after_eoi

kbd_beep_later:
        mov     al, EOI
        out     PIC1_CMD, al
        sti
        call    kbd_beep
        ; fall through

; Leaves INT 09h from inside kbd_translate, whose return address is on top of
; the stack, when the interrupt was already acknowledged.
kbd_return_after_eoi:
        cli
        call    kbd_update_leds
        add     sp, 2
        jmp     kbd_done

; AX = code -> CF = 1: the buffer is full. Destroys BX, DX.
kbd_put:
        mov     bx, [B_KTAIL]
        mov     dx, bx
        add     dx, 2
        cmp     dx, [B_KEND]
        jb      .inside
        mov     dx, [B_KSTART]
.inside:
        cmp     dx, [B_KHEAD]
        je      .full
        mov     [bx], ax
        mov     [B_KTAIL], dx
        clc
        ret
.full:
        stc
        ret

; A short tone, about 1 kHz, 30 ms. Keeps all.
kbd_beep:
        push    ax
        push    bx
        push    cx
        in      al, PORT_B
        mov     bl, al
        mov     bh, 60                  ; half periods
.half:
        and     al, 0FEh                ; timer off the speaker
        xor     al, 02h
        out     PORT_B, al
        mov     cx, 33                  ; 0.5 ms
        call    delay_refresh
        dec     bh
        jnz     .half
        mov     al, bl
        out     PORT_B, al
        pop     cx
        pop     bx
        pop     ax
        ret
