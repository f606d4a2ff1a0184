; Small helpers: CMOS, delays, timers, the idle wait.

; AL = CMOS register -> AL = its value. NMI is off for the moment of the access
; and on after it, as the AT's firmware leaves it. Keeps all but AL.
cmos_read:
        pushf
        cli
        or      al, 80h
        out     CMOS_INDEX, al
        io_pause
        in      al, CMOS_DATA
        call    cmos_park
        popf
        ret

; AL = CMOS register, AH = value. Keeps all.
cmos_write:
        push    ax
        pushf
        cli
        or      al, 80h
        out     CMOS_INDEX, al
        io_pause
        mov     al, ah
        out     CMOS_DATA, al
        call    cmos_park
        popf
        pop     ax
        ret

cmos_park:
        push    ax
        mov     al, CMOS_REG_D
        out     CMOS_INDEX, al
        pop     ax
        ret

; AL = first of two CMOS registers, low byte first -> AX. Keeps the rest.
cmos_read_word:
        push    bx
        mov     bl, al
        inc     al
        call    cmos_read
        mov     bh, al
        mov     al, bl
        call    cmos_read
        mov     ah, bh
        pop     bx
        ret

; Waits CX periods of the memory refresh, 15.085 us each, which every AT shows
; on bit 4 of port 61h. A board on which that bit stands still is waited for
; with a count instead. Keeps all.
delay_refresh:
        push    ax
        push    bx
        push    cx
        jcxz    .done
        in      al, PORT_B
        and     al, 10h
        mov     ah, al
.period:
        xor     bx, bx
.poll:
        in      al, PORT_B
        and     al, 10h
        cmp     al, ah
        jne     .toggled
        dec     bx
        jnz     .poll
.toggled:
        mov     ah, al
        loop    .period
.done:
        pop     cx
        pop     bx
        pop     ax
        ret

; Waits AX milliseconds, up to 990. Keeps all.
delay_ms:
        push    ax
        push    cx
        push    dx
        mov     cx, 66                  ; 66 * 15.085 us = 0.996 ms
        mul     cx
        mov     cx, ax
        call    delay_refresh
        pop     dx
        pop     cx
        pop     ax
        ret

; Timers for waits of seconds count changes of the clock's seconds register:
; that runs on whatever the software has made of the interval timer and its
; interrupt.
; AL = seconds -> DI = a timer that lasts at least as long, at most one second
; more. Keeps the rest.
timer_start:
        push    ax
        inc     al
        mov     ah, al
        mov     al, CMOS_SECONDS
        call    cmos_read
        xchg    al, ah
        mov     di, ax
        pop     ax
        ret

; DI = timer -> CF = 1: it is over. Changes only DI and the flags.
timer_over:
        push    ax
        mov     al, CMOS_SECONDS
        call    cmos_read
        push    bx
        mov     bx, di
        cmp     al, bh
        je      .running
        mov     bh, al
        dec     bl
        jz      .over
.running:
        mov     di, bx
        pop     bx
        pop     ax
        clc
        ret
.over:
        mov     bl, 1                   ; stays over
        mov     bh, 0FFh
        mov     di, bx
        pop     bx
        pop     ax
        stc
        ret

; Called with interrupts off after a test that found nothing to do: sleeps
; until the next interrupt. Returns with interrupts on. Does not sleep when the
; timer's interrupt is masked, for nothing might wake us. Keeps all.
idle:
        push    ax
        in      al, PIC1_MASK
        test    al, 1
        jnz     .awake
        pop     ax
        sti
        hlt
        ret
.awake:
        pop     ax
        sti
        nop
        ret

; Waits AL ticks of the timer (55 ms each), asleep while the tick count moves.
; When somebody keeps the interrupt for himself, the refresh measures instead.
; Interrupts are on afterwards. Keeps all.
wait_ticks:
        push    ax
        push    bx
        push    cx
.tick:
        or      al, al
        jz      .done
        mov     bx, [B_TICKS]
        mov     cx, 256                 ; a faster timer wakes us more often
.sleep:
        cli
        cmp     bx, [B_TICKS]
        jne     .next
        call    idle
        loop    .sleep
        mov     cx, 3641                ; 54.93 ms
        call    delay_refresh
.next:
        sti
        dec     al
        jmp     .tick
.done:
        pop     cx
        pop     bx
        pop     ax
        ret

; ES = extended BIOS data area. Keeps the rest.
load_ebda:
        mov     es, [B_EBDA]
        ret

; AL = class of the processor, CPU_*; ZF, CF as from `cmp al, CPU_386`.
; Keeps the rest.
get_cpu:
        push    es
        call    load_ebda
        mov     al, [es:E_CPU]
        pop     es
        cmp     al, CPU_386
        ret

; AL = two BCD digits -> AL = number. Keeps the rest.
bcd_to_binary:
        push    cx
        push    ax
        and     al, 0Fh
        mov     ch, al
        pop     ax
        mov     cl, 4
        shr     al, cl
        mov     cl, 10
        push    bx
        mov     bl, ah
        mul     cl
        mov     ah, bl
        pop     bx
        add     al, ch
        pop     cx
        ret
