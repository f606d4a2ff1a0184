; Start-up of the interrupt controllers, timers, DMA and clock.

; BH, BL = interrupt numbers of IRQ 0 and IRQ 8: starts both controllers, all
; lines masked. Destroys AX.
pic_setup:
        mov     al, 11h                 ; ICW1: edges, cascade, ICW4 follows
        out     PIC1_CMD, al
        io_pause
        out     PIC2_CMD, al
        io_pause
        mov     al, bh                  ; ICW2
        out     PIC1_MASK, al
        io_pause
        mov     al, bl
        out     PIC2_MASK, al
        io_pause
        mov     al, 04h                 ; ICW3: the second one is on line 2
        out     PIC1_MASK, al
        io_pause
        mov     al, 02h
        out     PIC2_MASK, al
        io_pause
        mov     al, 01h                 ; ICW4: 8086
        out     PIC1_MASK, al
        io_pause
        out     PIC2_MASK, al
        io_pause
        mov     al, 0FFh
        out     PIC1_MASK, al
        io_pause
        out     PIC2_MASK, al
        ret

; Opens the lines that the BIOS serves: timer, keyboard, cascade, floppy; clock,
; coprocessor, disks. Destroys AL.
pic_open:
        mov     al, 10111000b
        out     PIC1_MASK, al
        mov     al, 00011110b
        out     PIC2_MASK, al
        ret

; Timer 0: 18.2 Hz, square wave; 1: refresh; 2: speaker, silent. Destroys AL.
pit_setup:
        in      al, PORT_B
        and     al, 0FCh                ; speaker and its gate off
        out     PORT_B, al
        mov     al, 36h
        out     PIT_CTRL, al
        io_pause
        xor     al, al
        out     PIT_CH0, al
        io_pause
        out     PIT_CH0, al
        mov     al, 54h
        out     PIT_CTRL, al
        io_pause
        mov     al, 18                  ; 15.085 us
        out     PIT_CH1, al
        mov     al, 0B6h
        out     PIT_CTRL, al
        io_pause
        mov     al, 33h                 ; about 896 Hz, as the AT's beep
        out     PIT_CH2, al
        io_pause
        mov     al, 05h
        out     PIT_CH2, al
        ret

; Both DMA controllers: cleared, the second one passes the first one's requests
; on. Destroys AL.
dma_setup:
        out     DMA1_CLEAR, al
        out     DMA2_CLEAR, al
        mov     al, 0C0h                ; channel 4: cascade
        out     DMA2_MODE, al
        xor     al, al
        out     DMA2_MASK, al           ; and open
        mov     al, 41h                 ; channels 1 to 3: single transfers
        out     DMA1_MODE, al
        inc     ax
        out     DMA1_MODE, al
        inc     ax
        out     DMA1_MODE, al
        ret

; The clock: 32.768 kHz, 1024 Hz, 24 hours, BCD, no interrupts; bit 7 of the
; diagnostic byte when its power failed. The CMOS's sum is brought up to date
; instead of checked: what stands there comes from the machine's configuration,
; not from a set-up program. Destroys AX, BX, CX, SI.
cmos_setup:
        mov     ax, 2600h | CMOS_REG_A
        call    cmos_write
        call    clock_format
        mov     al, CMOS_REG_B
        call    cmos_read
        and     al, 01h                 ; summer time stays
        or      al, 02h
        mov     ah, al
        mov     al, CMOS_REG_B
        call    cmos_write
        mov     al, CMOS_REG_C
        call    cmos_read
        mov     al, CMOS_REG_D
        call    cmos_read
        mov     ah, al
        not     ah
        and     ah, 80h                 ; bit 7 clear: the power failed
        mov     al, CMOS_DIAG
        call    cmos_write
        ; fall through

; Writes the sum of 10h..2Dh to 2Eh, 2Fh. Destroys AX, BX, CX.
cmos_sum:
        xor     bx, bx
        mov     cx, CMOS_FLOPPY
.add:
        mov     al, cl
        call    cmos_read
        mov     ah, 0
        add     bx, ax
        inc     cx
        cmp     cl, CMOS_SUM
        jb      .add
        mov     ah, bh
        mov     al, CMOS_SUM
        call    cmos_write
        mov     ah, bl
        inc     ax
        jmp     cmos_write

; A clock that counts 12 hours or in binary, as a system may have left it: turns
; its registers into 24 hours and BCD. Destroys AX, BX, CX, SI.
clock_format:
        mov     al, CMOS_REG_B
        call    cmos_read
        mov     bl, al                  ; bit 1: 24 hours, 2: binary
        and     al, 06h
        cmp     al, 02h
        je      .done
        mov     ah, bl
        or      ah, 80h                 ; stop
        mov     al, CMOS_REG_B
        call    cmos_write
        mov     si, clock_registers
.next:
        cs lodsb
        mov     cl, al
        call    cmos_read
        mov     ch, 0
        cmp     cl, CMOS_HOURS
        jne     .number
        test    bl, 02h
        jnz     .number
        mov     ch, al                  ; bit 7: afternoon
        and     al, 7Fh
.number:
        test    bl, 04h
        jnz     .binary
        call    bcd_to_binary
.binary:
        cmp     cl, CMOS_HOURS
        jne     .write
        test    bl, 02h
        jnz     .write
        cmp     al, 12                  ; 12 o'clock begins each half
        jne     .half
        mov     al, 0
.half:
        test    ch, 80h
        jz      .write
        add     al, 12
.write:
        aam                             ; AH = tens, AL = ones
        shln    ah, 4
        or      ah, al
        mov     al, cl
        call    cmos_write
        cmp     si, clock_registers_end
        jb      .next
.done:
        ret

clock_registers:
        db      CMOS_SECONDS, CMOS_MINUTES, CMOS_HOURS
        db      CMOS_DAY, CMOS_MONTH, CMOS_YEAR
clock_registers_end:
