; Hardware interrupts that have no file of their own.

TICKS_A_DAY     equ     1800B0h

; INT 08h, IRQ 0: the timer tick, 18.2 times a second.
int08_handler:
        push    ds
        push    dx
        push    ax
        mov     ax, BDA
        mov     ds, ax
        inc     word [B_TICKS]
        jnz     .today
        inc     word [B_TICKS + 2]
.today:
        cmp     word [B_TICKS + 2], TICKS_A_DAY >> 16
        jb      .motor
        ja      .midnight
        cmp     word [B_TICKS], TICKS_A_DAY & 0FFFFh
        jb      .motor
.midnight:
        mov     word [B_TICKS], 0
        mov     word [B_TICKS + 2], 0
        inc     byte [B_MIDNIGHT]
.motor:
        dec     byte [B_FDCOUNT]
        jnz     .user
        and     byte [B_FDMOTOR], 0F0h
        mov     al, [B_FDMOTOR]         ; keep the drive selected
        shrn    al, 4
        and     al, 3
        or      al, 0Ch                 ; not reset, interrupts on
        mov     dx, FDC_DOR
        out     dx, al
.user:
        int     1Ch
        mov     al, EOI
        out     PIC1_CMD, al
        pop     ax
        pop     dx
        pop     ds
        iret

; INT 0Eh, IRQ 6: the floppy controller has finished.
int0e_handler:
        push    ds
        push    ax
        mov     ax, BDA
        mov     ds, ax
        or      byte [B_FDSEEK], 80h
        mov     al, EOI
        out     PIC1_CMD, al
        mov     ax, 9101h               ; floppy: wait is over
        int     15h
        pop     ax
        pop     ds
        iret

; INT 70h, IRQ 8: the clock. Its periodic interrupt counts down the waits of
; INT 15h AH=83h and 86h, its alarm is INT 4Ah.
int70_handler:
        push    ds
        push    ax
        mov     ax, BDA
        mov     ds, ax
        mov     al, CMOS_REG_C          ; reading it takes the request back
        call    cmos_read
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, ah
        test    al, 40h
        jz      .alarm
        call    rtc_count_down
.alarm:
        test    al, 20h
        jz      .done
        push    ax
        push    dx
        sti
        int     4Ah
        cli
        pop     dx
        pop     ax
.done:
        mov     al, EOI
        out     PIC2_CMD, al
        out     PIC1_CMD, al
        pop     ax
        pop     ds
        iret

; One period of the clock's 1024 Hz interrupt has passed. Keeps all.
rtc_count_down:
        push    ax
        sub     word [B_WAITCOUNT], 977 ; 976.5625 us
        sbb     word [B_WAITCOUNT + 2], 0
        jnc     .running
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 0BFh
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_write
        and     byte [B_WAITING], 0FEh
        push    ds
        push    bx
        lds     bx, [B_WAITFLAG]
        or      byte [bx], 80h
        pop     bx
        pop     ds
.running:
        pop     ax
        ret

; INT 71h, IRQ 9: on the first controller's line 2 the PC had this device.
int71_handler:
        push    ax
        mov     al, EOI
        out     PIC2_CMD, al
        pop     ax
        int     0Ah                     ; acknowledges the first controller
        iret

; INT 75h, IRQ 13: the coprocessor's error, which the PC raised as NMI.
int75_handler:
        push    ax
        xor     al, al
        out     FPU_CLEAR, al
        mov     al, EOI
        out     PIC2_CMD, al
        out     PIC1_CMD, al
        pop     ax
        int     02h
        iret

; INT 76h, IRQ 14, and INT 77h, IRQ 15: a disk has finished. INT 77h serves the
; second channel with the same flag: only one command runs at a time.
int76_handler:
        push    ds
        push    ax
        mov     ax, BDA
        mov     ds, ax
        mov     byte [B_HDFLAG], 0FFh
        mov     al, EOI
        out     PIC2_CMD, al
        out     PIC1_CMD, al
        mov     ax, 9100h               ; disk: wait is over
        int     15h
        pop     ax
        pop     ds
        iret

; Any interrupt line without an owner: acknowledges it where it is in service
; and masks it, so that a device nobody serves cannot stall the machine. Called
; by software it changes nothing. The lines the BIOS lives by stay open.
irq_default:
        push    ds
        push    ax
        mov     ax, BDA
        mov     ds, ax
        mov     al, 0Bh                 ; next read: in-service register
        out     PIC1_CMD, al
        io_pause
        in      al, PIC1_CMD
        mov     ah, al
        neg     al
        and     ah, al                  ; lowest bit: what was served last
        jz      .software
        cmp     ah, 04h                 ; the cascade: look at the second one
        jne     .first
        mov     al, 0Bh
        out     PIC2_CMD, al
        io_pause
        in      al, PIC2_CMD
        or      al, al
        jz      .acknowledge            ; it went away again
        mov     ah, al
        neg     al
        and     ah, al
        in      al, PIC2_MASK
        or      al, ah
        out     PIC2_MASK, al
        mov     al, EOI
        out     PIC2_CMD, al
        jmp     .acknowledge
.first:
        in      al, PIC1_MASK
        or      al, ah
        out     PIC1_MASK, al
.acknowledge:
        mov     al, EOI
        out     PIC1_CMD, al
        jmp     .note
.software:
        mov     ah, 0FFh
.note:
        mov     [B_LASTIRQ], ah
        pop     ax
        pop     ds
        iret

; INT 02h: parity and channel errors, and the coprocessor's error that INT 75h
; passes on, for which nothing is wrong here.
nmi_handler:
        push    ax
        in      al, PORT_B
        test    al, 0C0h
        jz      .none
        push    si
        mov     si, text_memory_error
        call    put_text
        cli
        hlt
        jmp     $ - 2
.none:
        pop     ax
        iret

