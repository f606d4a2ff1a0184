; INT 1Ah AH=00h-07h: tick count, clock, alarm. The waits of INT 15h AH=83h and
; 86h, which the clock's periodic interrupt counts.

int1a_handler:
        sti
        frame_enter
        mov     al, [bp + FR_AH]
        cmp     al, 0B1h
        je      .pci
        cmp     al, 07h
        ja      service_fail
        call    .call
        jmp     service_return
.call:
        dispatch int1a_table
.pci:
        jmp     pci_service

int1a_table:
        dw      int1a_get_ticks
        dw      int1a_set_ticks
        dw      rtc_get_time
        dw      rtc_set_time
        dw      rtc_get_date
        dw      rtc_set_date
        dw      rtc_set_alarm
        dw      rtc_cancel_alarm

; AH = 00h: -> CX:DX = ticks since midnight, AL = midnights since last asked.
int1a_get_ticks:
        cli
        mov     ax, [B_TICKS]
        mov     [bp + FR_DX], ax
        mov     ax, [B_TICKS + 2]
        mov     [bp + FR_CX], ax
        xor     al, al
        xchg    al, [B_MIDNIGHT]
        sti
        mov     [bp + FR_AL], al
        jmp     service_ok_flag

; AH = 01h: ticks since midnight = CX:DX.
int1a_set_ticks:
        cli
        mov     ax, [bp + FR_DX]
        mov     [B_TICKS], ax
        mov     ax, [bp + FR_CX]
        mov     [B_TICKS + 2], ax
        mov     byte [B_MIDNIGHT], 0
        sti
        jmp     service_ok_flag

; Waits until the clock's registers can be read in one piece: at once, or after
; an update of at most 2 ms. CF = 1: the clock stands still for good. Keeps all.
rtc_wait_update:
        push    ax
        push    cx
        mov     cx, 600
.poll:
        mov     al, CMOS_REG_A
        call    cmos_read
        test    al, 80h
        jz      .done                   ; CF = 0
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        loop    .poll
        stc
.done:
        pop     cx
        pop     ax
        ret

; Between the clock's registers and the frame. Used with interrupts off, so
; that nothing delays the reader past the 244 us that are safe.
%macro rtc_read_into 2
        mov     al, %1
        call    cmos_read
        mov     [bp + %2], al
%endmacro
%macro rtc_write_from 2
        mov     ah, [bp + %2]
        mov     al, %1
        call    cmos_write
%endmacro

; AH = 02h: -> CH hours, CL minutes, DH seconds (BCD), DL = 1: summer time.
rtc_get_time:
        call    rtc_wait_update
        jc      service_fail_flag
        cli
        rtc_read_into CMOS_SECONDS, FR_DH
        rtc_read_into CMOS_MINUTES, FR_CL
        rtc_read_into CMOS_HOURS, FR_CH
        mov     al, CMOS_REG_B
        call    cmos_read
        sti
        and     al, 01h
        mov     [bp + FR_DL], al
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; AH = 04h: -> CH century, CL year, DH month, DL day (BCD).
rtc_get_date:
        call    rtc_wait_update
        jc      service_fail_flag
        cli
        rtc_read_into CMOS_DAY, FR_DL
        rtc_read_into CMOS_MONTH, FR_DH
        rtc_read_into CMOS_YEAR, FR_CL
        rtc_read_into CMOS_CENTURY, FR_CH
        sti
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; Stops the clock for setting it, first starting it properly when it was never
; set up. Interrupts are off afterwards. Destroys AX.
rtc_hold:
        call    rtc_wait_update
        jnc     .hold
        mov     ax, 2600h | CMOS_REG_A  ; 32.768 kHz, 1024 Hz
        call    cmos_write
.hold:
        cli
        mov     al, CMOS_REG_B
        call    cmos_read
        or      al, 80h
        mov     ah, al
        mov     al, CMOS_REG_B
        jmp     cmos_write

; Lets the clock run again. Destroys AX.
rtc_go:
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 7Fh
        mov     ah, al
        mov     al, CMOS_REG_B
        jmp     cmos_write

; AH = 03h: sets the time, registers as for 02h.
rtc_set_time:
        call    rtc_hold
        rtc_write_from CMOS_SECONDS, FR_DH
        rtc_write_from CMOS_MINUTES, FR_CL
        rtc_write_from CMOS_HOURS, FR_CH
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 0FEh
        mov     ah, [bp + FR_DL]
        and     ah, 01h
        or      ah, al
        or      ah, 02h                 ; 24 hours, BCD
        and     ah, 0FBh
        mov     al, CMOS_REG_B
        call    cmos_write
        call    rtc_go
        sti
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; AH = 05h: sets the date, registers as for 04h.
rtc_set_date:
        call    rtc_hold
        rtc_write_from CMOS_DAY, FR_DL
        rtc_write_from CMOS_MONTH, FR_DH
        rtc_write_from CMOS_YEAR, FR_CL
        rtc_write_from CMOS_CENTURY, FR_CH
        call    rtc_go
        sti
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; AH = 06h: INT 4Ah every day at CH:CL:DH (BCD). CF = 1: an alarm is set.
rtc_set_alarm:
        mov     al, CMOS_REG_B
        call    cmos_read
        test    al, 20h
        jnz     .busy
        call    rtc_hold
        rtc_write_from CMOS_SEC_ALARM, FR_DH
        rtc_write_from CMOS_MIN_ALARM, FR_CL
        rtc_write_from CMOS_HOUR_ALARM, FR_CH
        call    rtc_open_irq
        mov     al, CMOS_REG_C          ; forget an alarm that passed unheard
        call    cmos_read
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 7Fh
        or      al, 20h
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_write
        sti
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag
.busy:
        mov     byte [bp + FR_AH], 0
        jmp     service_fail_flag

; AH = 07h: no alarm any more.
rtc_cancel_alarm:
        cli
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 0DFh
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_write
        sti
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; Unmasks IRQ 8 and the cascade. Destroys AX.
rtc_open_irq:
        in      al, PIC2_MASK
        and     al, 0FEh
        out     PIC2_MASK, al
        in      al, PIC1_MASK
        and     al, 0FBh
        out     PIC1_MASK, al
        ret

; Starts counting down CX:DX microseconds; when they are over, bit 7 of the
; byte at ES:BX is set. CF = 1: somebody waits already. Destroys AX.
rtc_start_wait:
        cli
        test    byte [B_WAITING], 01h
        jnz     .busy
        mov     byte [B_WAITING], 01h
        mov     [B_WAITFLAG], bx
        mov     [B_WAITFLAG + 2], es
        mov     [B_WAITCOUNT], dx
        mov     [B_WAITCOUNT + 2], cx
        call    rtc_open_irq
        mov     al, CMOS_REG_C          ; forget an old request
        call    cmos_read
        mov     al, CMOS_REG_B
        call    cmos_read
        or      al, 40h
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_write
        sti
        clc
        ret
.busy:
        sti
        stc
        ret

; Ends a countdown early. Destroys AX.
rtc_stop_wait:
        cli
        mov     byte [B_WAITING], 0
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 0BFh
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_write
        sti
        ret

; INT 15h AH=83h: AL = 0: starts a wait of CX:DX us, ES:BX -> flag; 1: ends it.
int15_event_wait:
        mov     al, [bp + FR_AL]
        or      al, al
        jz      .start
        dec     al
        jnz     service_unsupported
        call    rtc_stop_wait
        jmp     service_ok_flag
.start:
        mov     cx, [bp + FR_CX]
        mov     dx, [bp + FR_DX]
        mov     bx, [bp + FR_BX]
        mov     es, [bp + FR_ES]
        call    rtc_start_wait
        jc      .busy
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag
.busy:
        mov     byte [bp + FR_AH], 83h
        jmp     service_fail_flag

; INT 15h AH=86h: waits CX:DX microseconds. CF = 1: somebody waits already.
int15_wait:
        mov     cx, [bp + FR_CX]
        mov     dx, [bp + FR_DX]
        push    ds
        pop     es
        mov     bx, B_WAITING
        call    rtc_start_wait
        jc      int15_event_wait.busy
.sleep:
        cli
        test    byte [B_WAITING], 80h
        jnz     .over
        sti
        hlt
        jmp     .sleep
.over:
        mov     byte [B_WAITING], 0
        sti
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; Sets the tick count from the clock. Destroys AX, BX, CX, DX.
ticks_from_clock:
        call    rtc_wait_update
        mov     al, CMOS_HOURS
        call    cmos_read
        call    bcd_to_binary
        cmp     al, 23
        ja      .unset
        mov     ah, 60
        mul     ah
        mov     bx, ax
        mov     al, CMOS_MINUTES
        call    cmos_read
        call    bcd_to_binary
        xor     ah, ah
        add     bx, ax                  ; minutes of the day
        mov     al, CMOS_SECONDS
        call    cmos_read
        call    bcd_to_binary
        xor     ah, ah
        mov     cx, ax
        mov     ax, 60
        mul     bx
        add     ax, cx
        adc     dx, 0                   ; DX:AX = seconds of the day
        call    seconds_to_ticks
        mov     [B_TICKS], ax
        mov     [B_TICKS + 2], dx
.unset:
        ret

; DX:AX = seconds -> DX:AX = ticks: seconds * 18.2065, as seconds * 1193182 /
; 65536. Destroys BX, CX.
seconds_to_ticks:
        mov     bx, ax
        mov     cx, dx                  ; CX:BX = s, below 17 bits
        mov     ax, 34DEh               ; 1193182 = 1234DEh
        mul     bx
        push    dx                      ; (s_low * 34DE) >> 16
        mov     ax, 34DEh
        mul     cx                      ; s_high * 34DE: counts once
        pop     dx
        add     dx, ax
        push    dx                      ; at most 34DD + 34DE: no carry
        mov     ax, 12h
        mul     bx                      ; s_low * 12h
        pop     bx
        add     ax, bx
        adc     dx, 0
        push    ax
        mov     al, 12h
        mul     cl                      ; s_high * 12h, into the high word
        add     dx, ax
        pop     ax
        ret
