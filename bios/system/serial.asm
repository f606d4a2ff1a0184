; INT 14h: serial ports, and their detection.

UART_DATA       equ     0               ; with LCR bit 7: divisor, low
UART_IER        equ     1               ; with LCR bit 7: divisor, high
UART_IIR        equ     2
UART_LCR        equ     3
UART_MCR        equ     4
UART_LSR        equ     5
UART_MSR        equ     6
LSR_DATA        equ     01h
LSR_THRE        equ     20h
MSR_CTS         equ     10h
MSR_DSR         equ     20h

int14_handler:
        sti
        frame_enter
        mov     bx, [bp + FR_DX]
        cmp     bx, 3
        ja      .done
        mov     si, bx
        shl     si, 1
        mov     dx, [B_COM + si]
        or      dx, dx
        jz      .done
        mov     al, [bp + FR_AH]
        cmp     al, 5
        ja      .done
        mov     si, bx                  ; number of the port
        mov     di, dx                  ; its base
        call    .call
.done:
        jmp     service_return
.call:
        dispatch int14_table

int14_table:
        dw      int14_setup
        dw      int14_send
        dw      int14_receive
        dw      int14_status
        dw      int14_setup_extended
        dw      int14_modem

; AH = 00h: AL = bits 7-5 rate, 4-3 parity, 2 stop bits, 1-0 length.
int14_setup:
        mov     bl, [bp + FR_AL]
        mov     cl, 5
        shr     bl, cl
        mov     al, [bp + FR_AL]
        and     al, 1Fh
        jmp     int14_program

; AH = 04h: BH = parity, BL = stop bits, CH = length, CL = rate.
int14_setup_extended:
        mov     al, [bp + FR_CH]
        and     al, 03h
        mov     bl, [bp + FR_BL]
        and     bl, 01h
        shln    bl, 2
        or      al, bl
        mov     bl, [bp + FR_BH]        ; 0 none, 1 odd, 2 even, 3, 4 stick
        and     bl, 07h
        cmp     bl, 4
        ja      int14_status
        xor     bh, bh
        or      al, [cs:int14_parity + bx]
        cmp     byte [bp + FR_AL], 0    ; send a break
        je      .rate
        or      al, 40h
.rate:
        mov     bl, [bp + FR_CL]
        cmp     bl, 8
        ja      int14_status
        ; fall through

; BL = index of the rate, AL = line control, DX = DI = base.
int14_program:
        mov     ah, al
        xor     bh, bh
        shl     bx, 1
        mov     cx, [cs:int14_divisors + bx]
        lea     dx, [di + UART_LCR]
        mov     al, 80h
        out     dx, al
        lea     dx, [di + UART_IER]
        mov     al, ch
        out     dx, al
        mov     dx, di
        mov     al, cl
        out     dx, al
        lea     dx, [di + UART_LCR]
        mov     al, ah
        out     dx, al
        lea     dx, [di + UART_IER]
        xor     al, al                  ; no interrupts
        out     dx, al
        ; fall through

; AH = 03h: -> AH = line status, AL = modem status.
int14_status:
        lea     dx, [di + UART_LSR]
        in      al, dx
        mov     [bp + FR_AH], al
        inc     dx
        in      al, dx
        mov     [bp + FR_AL], al
        ret

; AH = 01h: send AL -> AH = line status, bit 7: timed out.
int14_send:
        lea     dx, [di + UART_MCR]
        mov     al, 03h                 ; DTR, RTS
        out     dx, al
        lea     dx, [di + UART_MSR]
        mov     bx, (MSR_DSR | MSR_CTS) * 101h
        call    int14_wait
        jc      .timeout
        lea     dx, [di + UART_LSR]
        mov     bx, LSR_THRE * 101h
        call    int14_wait
        jc      .timeout
        mov     [bp + FR_AH], al
        mov     dx, di
        mov     al, [bp + FR_AL]
        out     dx, al
        ret
.timeout:
        lea     dx, [di + UART_LSR]
        in      al, dx
        or      al, 80h
        mov     [bp + FR_AH], al
        ret

; AH = 02h: -> AL = byte, AH = its error bits; bit 7: timed out.
int14_receive:
        lea     dx, [di + UART_MCR]
        mov     al, 01h                 ; DTR
        out     dx, al
        lea     dx, [di + UART_MSR]
        mov     bx, MSR_DSR * 101h
        call    int14_wait
        jc      int14_send.timeout
        lea     dx, [di + UART_LSR]
        mov     bx, LSR_DATA * 101h
        call    int14_wait
        jc      int14_send.timeout
        and     al, 1Eh
        mov     [bp + FR_AH], al
        mov     dx, di
        in      al, dx
        mov     [bp + FR_AL], al
        ret

; AH = 05h: AL = 0: read the modem control register -> BL; 1: write BL to it.
int14_modem:
        lea     dx, [di + UART_MCR]
        mov     al, [bp + FR_AL]
        or      al, al
        jz      .read
        dec     al
        jnz     int14_status
        mov     al, [bp + FR_BL]
        and     al, 1Fh
        out     dx, al
        jmp     int14_status
.read:
        in      al, dx
        mov     [bp + FR_BL], al
        jmp     int14_status

; Waits until (port DX & BH) = BL, as long as 40:7C says, about a second a
; unit -> AL = what was read; CF = 1: timed out. Destroys CX.
int14_wait:
        mov     ch, [B_COM_WAIT + si]
        xor     cl, cl
        shln    cx, 1                   ; 256 * 2 steps a unit
        jnc     .test
        mov     cx, 0FFFFh
.test:
        in      al, dx
        mov     ah, al
        and     ah, bh
        cmp     ah, bl
        je      .done                   ; CF = 0
        push    cx
        mov     cx, 128                 ; 1.93 ms
        call    delay_refresh_unless
        pop     cx
        je      .done
        loop    .test
        stc
.done:
        ret

; Waits CX refresh periods, but leaves early when (port DX & BH) = BL ->
; ZF = 1: it is, AL = what was read. Destroys AH, CX.
delay_refresh_unless:
        push    cx
        mov     cx, 1
        call    delay_refresh
        pop     cx
        in      al, dx
        mov     ah, al
        and     ah, bh
        cmp     ah, bl
        je      .done
        loop    delay_refresh_unless
        or      dx, dx                  ; ZF = 0, ports are not 0
.done:
        ret

int14_divisors:                         ; 115200 / rate
        dw      1047, 768, 384, 192, 96, 48, 24, 12, 6
int14_parity:
        db      00h, 08h, 18h, 28h, 38h

; Finds the serial ports at their four addresses, fills 40:0 -> AL = how many.
; Destroys all but BP.
serial_detect:
        mov     si, serial_bases
        xor     bx, bx
.next:
        cs lodsw
        mov     di, ax
        call    serial_probe
        jc      .absent
        mov     [B_COM + bx], di
        add     bx, 2
.absent:
        cmp     si, serial_bases_end
        jb      .next
        mov     ax, bx
        shr     al, 1
        ret

serial_bases:
        dw      3F8h, 2F8h, 3E8h, 2E8h
serial_bases_end:

; DI = base -> CF = 0: a UART answers there. The divisor latch holds what is
; written, and the identification register's middle bits are 0. Destroys AX,
; DX.
serial_probe:
        lea     dx, [di + UART_IER]
        xor     al, al
        out     dx, al
        in      al, dx
        or      al, al
        jnz     .absent
        lea     dx, [di + UART_IIR]
        in      al, dx
        test    al, 30h
        jnz     .absent
        lea     dx, [di + UART_LCR]
        mov     al, 1Ah
        out     dx, al
        in      al, dx
        cmp     al, 1Ah
        jne     .absent
        mov     al, 03h
        out     dx, al
        clc
        ret
.absent:
        stc
        ret
