; The floppy controller: motor, commands, seeks, which kind of medium.
;
; In this file DL is the drive, 0 or 1, and is kept by every routine. A routine
; that can fail returns CF = 1 with the status for INT 13h in 40:41.
;
; 40:90 + drive: bits 7-6 data rate (0: 500, 1: 300, 2: 250, 3: 1000 kbit/s),
; 5 cylinders are two steps apart, 4 the medium is known, 2-0 which: 3 360K in
; its own drive, 4 the same in a 1.2M drive, 5 1.2M, 7 any other.

FS_OK           equ     00h             ; status of INT 13h
FS_BAD_COMMAND  equ     01h
FS_NO_MARK      equ     02h
FS_PROTECTED    equ     03h
FS_NOT_FOUND    equ     04h
FS_CHANGED      equ     06h
FS_OVERRUN      equ     08h
FS_BOUNDARY     equ     09h
FS_BAD_TYPE     equ     0Ch
FS_CRC          equ     10h
FS_CONTROLLER   equ     20h
FS_SEEK         equ     40h
FS_TIMEOUT      equ     80h

FM_KNOWN        equ     10h             ; 40:90
FM_DOUBLE       equ     20h
FM_RATE         equ     0C0h

DP_SPECIFY1     equ     0               ; diskette parameter table, INT 1Eh
DP_SPECIFY2     equ     1
DP_MOTOR_OFF    equ     2               ; ticks
DP_SIZE         equ     3               ; 128 << this bytes a sector
DP_LAST         equ     4               ; sectors a track
DP_GAP          equ     5
DP_LENGTH       equ     6
DP_FORMAT_GAP   equ     7
DP_FILL         equ     8
DP_SETTLE       equ     9               ; ms after a seek
DP_MOTOR_ON     equ     10              ; eighths of a second
DP_CYLINDER     equ     11              ; highest; these two only in our own
DP_RATE         equ     12              ; as in 40:90

; AL = DP_*, -> AL = its value in the table that INT 1Eh points to. Keeps the
; rest.
fdc_param:
        push    ds
        push    bx
        push    si
        xor     bx, bx
        mov     ds, bx
        lds     si, [1Eh * 4]
        mov     bl, al
        mov     al, [si + bx]
        pop     si
        pop     bx
        pop     ds
        ret

; AL = status -> 40:41, CF = 1. Keeps all.
fdc_fail:
        mov     [B_FDSTATUS], al
        stc
        ret

; -> AL = type of drive DL: 0 none, 1 360K, 2 1.2M, 3 720K, 4 1.44M, 5 2.88M.
; ZF = 1: none. Keeps the rest.
fdc_type:
        mov     al, CMOS_FLOPPY
        call    cmos_read
        cmp     dl, 1
        je      .second
        ja      .none
        shrn    al, 4
.second:
        and     al, 0Fh
        cmp     al, 5
        jbe     .known
        cmp     al, 6                   ; 2.88M has two numbers
        mov     al, 5
        je      .known
.none:
        xor     al, al
.known:
        or      al, al
        ret

; -> BX = the drive's place in a table of bytes. Keeps the rest.
fdc_index:
        mov     bl, dl
        and     bx, 1
        ret

; -> AL = 1 << DL. Keeps the rest.
fdc_bit:
        mov     al, dl
        and     al, 1
        inc     al
        ret

; Selects the drive and starts its motor; when it stood, waits until it turns.
; Destroys AX.
fdc_motor_on:
        push    bx
        push    dx
        cli
        mov     byte [B_FDCOUNT], 0FFh  ; on while we work
        call    fdc_bit
        mov     bl, [B_FDMOTOR]
        mov     bh, bl                  ; was it on
        and     bh, al
        and     bl, 0Fh
        or      bl, al
        mov     al, dl
        shln    al, 4
        or      al, bl
        mov     [B_FDMOTOR], al
        mov     al, bl
        shln    al, 4
        or      al, 0Ch                 ; not reset, interrupts on
        or      al, dl
        mov     dx, FDC_DOR
        out     dx, al
        sti
        pop     dx
        or      bh, bh
        pop     bx
        jnz     .done
        mov     ax, 90FDh               ; motor: a multitasker may go on
        int     15h
        jc      .done
        mov     al, DP_MOTOR_ON
        call    fdc_param
        or      al, al
        jz      .done
        push    cx
        mov     ah, 0
        mov     cx, ax
        shl     ax, 1                   ; 18.2 / 8 = 2.275 ticks
        shr     cx, 1
        add     ax, cx
        inc     ax
        or      ah, ah
        pop     cx
        jz      .wait
        mov     al, 0FFh
.wait:
        call    wait_ticks
.done:
        ret

; AL = byte for the controller. CF = 1: it takes none (40:41 set). Keeps AX.
fdc_send:
        push    cx
        push    dx
        push    ax
        mov     dx, FDC_MSR
        xor     cx, cx
.poll:
        in      al, dx
        and     al, 0C0h
        cmp     al, 80h
        je      .ready
        loop    .poll
        pop     ax
        mov     byte [B_FDSTATUS], FS_TIMEOUT
        stc
        jmp     .done
.ready:
        pop     ax
        mov     dx, FDC_DATA
        out     dx, al
        clc
.done:
        pop     dx
        pop     cx
        ret

; CS:SI = command: length, then its bytes. CF = 1: not taken. Destroys AX, CX,
; SI.
fdc_send_string:
        cs lodsb
        mov     cl, al
        mov     ch, 0
.next:
        cs lodsb
        call    fdc_send
        jc      .done
        loop    .next
.done:
        ret

; Fetches the result bytes to 40:42. CF = 1: the controller is out of step.
; Destroys AX.
fdc_result:
        push    bx
        push    cx
        push    dx
        xor     bx, bx
.next:
        mov     dx, FDC_MSR
        xor     cx, cx
.poll:
        in      al, dx
        and     al, 0C0h
        cmp     al, 0C0h
        je      .ready
        loop    .poll
        jmp     .bad
.ready:
        mov     dx, FDC_DATA
        in      al, dx
        mov     [B_FDRESULT + bx], al
        inc     bx
        mov     cx, 2                   ; the status needs 12 us
        call    delay_refresh
        mov     dx, FDC_MSR
        in      al, dx
        test    al, 10h                 ; busy: there is more
        jz      .done                   ; CF = 0
        cmp     bx, 7
        jb      .next
.bad:
        mov     al, FS_CONTROLLER
        call    fdc_fail
.done:
        pop     dx
        pop     cx
        pop     bx
        ret

; Call before the last byte of a command that ends with an interrupt.
%macro fdc_arm 0
        and     byte [B_FDSEEK], 7Fh
%endmacro

; Waits for the controller's interrupt, at most 2 to 3 seconds. CF = 1: none
; came. Destroys AX.
fdc_wait:
        push    di
        sti
        clc
        mov     ax, 9001h               ; floppy: a multitasker may go on
        int     15h
        jc      .timeout
        mov     al, 2
        call    timer_start
.test:
        cli
        test    byte [B_FDSEEK], 80h
        jnz     .came
        call    idle
        call    timer_over
        jnc     .test
.timeout:
        pop     di
        mov     al, FS_TIMEOUT
        jmp     fdc_fail
.came:
        and     byte [B_FDSEEK], 7Fh
        sti
        pop     di
        clc
        ret

; Resets the controller; the heads count as lost. CF = 1: it does not answer.
; Destroys AX, CX.
fdc_reset:
        push    dx
        cli
        and     byte [B_FDSEEK], 70h
        mov     al, [B_FDMOTOR]
        mov     ah, al
        shln    al, 4
        shrn    ah, 4
        and     ah, 03h
        or      al, ah
        or      al, 08h                 ; interrupts on, reset
        mov     dx, FDC_DOR
        out     dx, al
        mov     cx, 2
        call    delay_refresh
        or      al, 04h
        out     dx, al
        sti
        pop     dx
        call    fdc_wait
        jc      .done
        mov     cx, 4                   ; one sense a drive
.sense:
        mov     al, 08h
        call    fdc_send
        jc      .done
        call    fdc_result
        jc      .done
        loop    .sense
        call    fdc_specify
.done:
        ret

; Step rate, head times: from the parameter table. CF = 1: failed. Destroys AX.
fdc_specify:
        mov     al, 03h
        call    fdc_send
        jc      .done
        mov     al, DP_SPECIFY1
        call    fdc_param
        call    fdc_send
        jc      .done
        mov     al, DP_SPECIFY2
        call    fdc_param
        call    fdc_send
.done:
        ret

; Sets the data rate that 40:90 names. Destroys AX.
fdc_set_rate:
        push    bx
        push    dx
        call    fdc_index
        mov     al, [B_FDMEDIA + bx]
        and     al, FM_RATE
        and     byte [B_FDRATE], ~FM_RATE
        or      [B_FDRATE], al
        shrn    al, 6
        mov     dx, FDC_DIR
        out     dx, al
        pop     dx
        pop     bx
        ret

; After a seek or recalibrate: waits, senses. CF = 1: failed. Destroys AX.
fdc_seek_end:
        call    fdc_wait
        jc      .done
        mov     al, 08h                 ; sense interrupt status
        call    fdc_send
        jc      .done
        call    fdc_result
        jc      .done
        mov     al, [B_FDRESULT]
        and     al, 0E0h
        cmp     al, 20h                 ; normal end of a seek
        je      .done
        mov     al, FS_SEEK
        call    fdc_fail
.done:
        ret

; Moves the heads to cylinder 0. CF = 1: failed. Destroys AX.
fdc_recalibrate:
        push    bx
        push    cx
        mov     cx, 2                   ; one command makes 79 steps at most
.again:
        fdc_arm
        mov     al, 07h
        call    fdc_send
        jc      .done
        mov     al, dl
        call    fdc_send
        jc      .done
        call    fdc_seek_end
        jnc     .there
        cmp     byte [B_FDSTATUS], FS_TIMEOUT
        je      .failed
        loop    .again
.failed:
        stc
        jmp     .done
.there:
        call    fdc_index
        mov     byte [B_FDCYL + bx], 0
        call    fdc_bit
        or      [B_FDSEEK], al
        call    fdc_settle
        clc
.done:
        pop     cx
        pop     bx
        ret

fdc_settle:
        mov     al, DP_SETTLE
        call    fdc_param
        mov     ah, 0
        jmp     delay_ms

; AL = physical cylinder, DH = head. CF = 1: failed. Destroys AX.
fdc_seek:
        push    bx
        push    ax
        call    fdc_bit
        test    [B_FDSEEK], al
        jnz     .calibrated
        call    fdc_recalibrate
        pop     ax
        jc      .out
        push    ax
.calibrated:
        pop     ax
        call    fdc_index
        cmp     al, [B_FDCYL + bx]
        je      .out                    ; CF = 0
        push    ax
        fdc_arm
        mov     al, 0Fh
        call    fdc_send
        jc      .lost
        mov     al, dh
        and     al, 01h
        shln    al, 2
        or      al, dl
        call    fdc_send
        jc      .lost
        pop     ax
        push    ax
        call    fdc_send
        jc      .lost
        call    fdc_seek_end
        jc      .lost
        pop     ax
        mov     [B_FDCYL + bx], al
        call    fdc_settle
        clc
        jmp     .out
.lost:
        call    fdc_bit
        not     al
        and     [B_FDSEEK], al          ; recalibrate next time
        pop     ax
        stc
.out:
        pop     bx
        ret

; AL = logical cylinder, DH = head: goes there. CF = 1: failed. Destroys AX.
fdc_seek_logical:
        push    bx
        call    fdc_index
        test    byte [B_FDMEDIA + bx], FM_DOUBLE
        pop     bx
        jz      fdc_seek
        shl     al, 1
        jmp     fdc_seek

; Looks at the change line of drives that have one. CF = 1: 40:41 = 06h a new
; medium is in, 80h none is. Destroys AX.
fdc_check_change:
        call    fdc_type
        cmp     al, 2
        jb      .same
        call    fdc_change_line
        jz      .same
        push    bx
        push    dx
        call    fdc_index
        and     byte [B_FDMEDIA + bx], ~(FM_KNOWN | FM_DOUBLE)
        mov     dh, 0
        call    fdc_recalibrate         ; a step takes the signal away
        jc      .empty
        mov     al, 1
        call    fdc_seek
        jc      .empty
        call    fdc_change_line
        mov     al, FS_CHANGED
        jz      .report
.empty:
        mov     al, FS_TIMEOUT
.report:
        pop     dx
        pop     bx
        jmp     fdc_fail
.same:
        clc
        ret

; -> ZF = 0: the selected drive's change line is active. Destroys AL.
fdc_change_line:
        push    dx
        mov     dx, FDC_DIR
        in      al, dx
        test    al, 80h
        pop     dx
        ret

; Reads the next sector mark on head 0 -> 40:45.. its C, H, R, N. CF = 1:
; failed. Destroys AX.
fdc_read_id:
        fdc_arm
        mov     al, 4Ah
        call    fdc_send
        jc      .done
        mov     al, dl
        call    fdc_send
        jc      .done
        call    fdc_wait
        jc      .done
        call    fdc_result
        jc      .done
        call    fdc_judge
.done:
        ret

; What the result bytes say -> 40:41, CF = 1 when it is an error. Destroys AX.
fdc_judge:
        mov     al, [B_FDRESULT]
        and     al, 0C0h
        jz      .good
        cmp     al, 40h
        mov     al, FS_CONTROLLER
        jne     .fail
        mov     ah, [B_FDRESULT + 1]
        push    si
        mov     si, fdc_errors
.find:
        mov     al, [cs:si + 1]
        test    ah, [cs:si]
        jnz     .found
        add     si, 2
        cmp     si, fdc_errors_end
        jb      .find
        mov     al, FS_CONTROLLER
.found:
        pop     si
.fail:
        jmp     fdc_fail
.good:
        clc
        ret

fdc_errors:                             ; bit of ST1, status
        db      80h, FS_NOT_FOUND       ; ran past the last sector
        db      20h, FS_CRC
        db      10h, FS_OVERRUN
        db      04h, FS_NOT_FOUND
        db      02h, FS_PROTECTED
        db      01h, FS_NO_MARK
fdc_errors_end:

; Finds out at which rate the medium can be read, and how far apart its
; cylinders are. CF = 1: at none. Destroys AX.
fdc_detect:
        push    bx
        push    cx
        push    si
        push    dx
        mov     dh, 0
        call    fdc_type
        mov     bl, al
        mov     bh, 0
        shln    bx, 2
        lea     si, [bx + fdc_rates - 4]
        mov     ch, al                  ; type
        call    fdc_index
.next:
        mov     al, [cs:si]
        inc     si
        cmp     al, 0FFh
        je      .none
        mov     cl, al
        and     byte [B_FDMEDIA + bx], ~(FM_RATE | FM_DOUBLE | 07h)
        and     al, FM_RATE | 07h
        or      [B_FDMEDIA + bx], al
        call    fdc_set_rate
        xor     al, al
        call    fdc_seek
        jc      .failed
        call    fdc_read_id
        jnc     .readable
        cmp     byte [B_FDSTATUS], FS_TIMEOUT
        jne     .next
        call    fdc_reset               ; it waits for an index hole for ever
        mov     byte [B_FDSTATUS], FS_TIMEOUT
.failed:
        stc
        jmp     .done
.none:
        stc
        jmp     .done
.readable:
        cmp     ch, 2
        jne     .known
        test    cl, FM_RATE
        jz      .known
        call    fdc_detect_double
.known:
        or      byte [B_FDMEDIA + bx], FM_KNOWN
        mov     byte [B_FDSTATUS], FS_OK    ; other rates have failed
        clc
.done:
        pop     dx
        pop     si
        pop     cx
        pop     bx
        ret

; The heads of a 1.2M drive move in steps of half the distance that a 360K
; medium has. Looks which cylinder two steps away is. BX = drive. Destroys AX.
fdc_detect_double:
        mov     al, 2
        call    fdc_seek
        jc      .double
        call    fdc_read_id
        jc      .double
        cmp     byte [B_FDRESULT + 3], 2
        je      .single
.double:
        or      byte [B_FDMEDIA + bx], FM_DOUBLE
.single:
        ret

; Rates to try for each type of drive, best first: FM_RATE | medium.
fdc_rates:
        db      83h, 0FFh, 0FFh, 0FFh   ; 360K
        db      05h, 44h, 87h, 0FFh     ; 1.2M
        db      87h, 0FFh, 0FFh, 0FFh   ; 720K
        db      07h, 87h, 0FFh, 0FFh    ; 1.44M
        db      0C7h, 07h, 87h, 0FFh    ; 2.88M
