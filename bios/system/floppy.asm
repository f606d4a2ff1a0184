; INT 13h for drives 00h and 01h, which is also INT 40h.

FLOPPY_LAST     equ     18h             ; highest function

int40_handler:
        sti
        frame_enter
        mov     al, [bp + FR_AH]
        cmp     al, FLOPPY_LAST
        ja      .bad
        mov     dl, [bp + FR_DL]
        cmp     dl, 1
        jbe     .call
        cmp     al, 1                   ; these answer for any drive
        jbe     .call
        cmp     al, 08h
        je      .call
        cmp     al, 15h
        jne     .bad
.call:
        call    .function
        jmp     service_return
.function:
        dispatch int40_table
.bad:
        call    floppy_bad_command
        jmp     service_return

int40_table:
        dw      floppy_reset            ; 00
        dw      floppy_status
        dw      floppy_read
        dw      floppy_write
        dw      floppy_verify
        dw      floppy_format           ; 05
        dw      floppy_bad_command
        dw      floppy_bad_command
        dw      floppy_parameters       ; 08
    %rep 0Ch
        dw      floppy_bad_command      ; 09 to 14
    %endrep
        dw      floppy_kind             ; 15
        dw      floppy_change
        dw      floppy_set_kind
        dw      floppy_set_media        ; 18

floppy_bad_command:
        mov     byte [B_FDSTATUS], FS_BAD_COMMAND
        ; fall through

; Puts 40:41 into the frame's AH, CF to match, and starts the count after which
; the motor stops. Destroys AX.
floppy_end:
        mov     al, DP_MOTOR_OFF
        call    fdc_param
        mov     [B_FDCOUNT], al
        mov     al, [B_FDSTATUS]
        mov     [bp + FR_AH], al
        or      al, al
        jz      service_ok_flag
        jmp     service_fail_flag

; AH = 00h: reset.
floppy_reset:
        mov     byte [B_FDSTATUS], FS_OK
        call    fdc_reset
        jmp     floppy_end

; AH = 01h: -> AH = status of the last operation.
floppy_status:
        mov     al, [B_FDSTATUS]
        mov     [bp + FR_AH], al
        or      al, al
        jz      service_ok_flag
        jmp     service_fail_flag

; Gets drive DL ready: installed, turning, its medium known, rate set. CF = 1:
; 40:41 says why not. Destroys AX.
floppy_prepare:
        mov     byte [B_FDSTATUS], FS_OK
        call    fdc_type
        mov     al, FS_TIMEOUT
        jz      fdc_fail
        call    fdc_motor_on
        call    fdc_specify
        jc      .stuck
        call    fdc_check_change
        jc      .done
        push    bx
        call    fdc_index
        test    byte [B_FDMEDIA + bx], FM_KNOWN
        pop     bx
        jnz     .known
        call    fdc_detect
        jc      .done
.known:
        call    fdc_set_rate
        clc
.done:
        ret
.stuck:                                 ; left in the middle of a command
        call    fdc_reset
        jc      .done
        jmp     floppy_prepare

; AH = 02h read, 03h write, 04h verify: AL sectors from CH/CL/DH, ES:BX ->
; AL = sectors done.
floppy_read:
        mov     bx, 46E6h               ; DMA mode, command
        jmp     floppy_transfer
floppy_write:
        mov     bx, 4AC5h
        jmp     floppy_transfer
floppy_verify:
        mov     bx, 42E6h
        ; fall through

floppy_transfer:
        cmp     byte [bp + FR_AL], 0
        je      .bad
        call    floppy_bytes            ; CX = bytes - 1
        jc      .boundary
        call    floppy_dma
        jc      .end
        call    floppy_prepare
        jc      .end
        mov     dh, [bp + FR_DH]
        mov     al, [bp + FR_CH]
        call    fdc_seek_logical
        jc      .end
        call    floppy_command
        jc      .lost
        call    fdc_judge
.lost:
        call    floppy_count
        jmp     .store
.boundary:
        mov     byte [B_FDSTATUS], FS_BOUNDARY
        jmp     .end
.bad:
        mov     byte [B_FDSTATUS], FS_BAD_COMMAND
.end:
        mov     al, 0
.store:
        mov     [bp + FR_AL], al
        jmp     floppy_end

; The frame's AL sectors -> CX = their bytes, less 1. CF = 1: more than one
; transfer can move. Destroys AX.
floppy_bytes:
        mov     al, DP_SIZE
        call    fdc_param
        and     al, 07h
        add     al, 7
        mov     cl, al
        mov     al, [bp + FR_AL]
        mov     ah, 0
        dec     ax
.double:
        shl     ax, 1
        jc      .done
        inc     ax
        dec     cl
        jnz     .double
        mov     cx, ax                  ; CF = 0
.done:
        ret

; Sets up DMA channel 2: BH = mode, CX = bytes - 1, the frame's ES:BX. CF = 1:
; the buffer crosses a 64 KiB boundary (40:41 set). Destroys AX.
floppy_dma:
        push    bx
        push    cx
        push    dx
        mov     ax, [bp + FR_ES]
        mov     dx, 16
        mul     dx
        add     ax, [bp + FR_BX]
        adc     dl, 0                   ; DL:AX = address
        cmp     bh, 42h
        jne     .address
        xor     ax, ax                  ; verify moves nothing
.address:
        push    ax
        add     ax, cx
        pop     ax
        jc      .boundary
        cli
        push    ax
        mov     al, 06h                 ; mask the channel
        out     DMA1_MASK, al
        out     DMA1_FLIPFLOP, al
        mov     al, bh
        out     DMA1_MODE, al
        pop     ax
        out     DMA1_ADDR2, al
        mov     al, ah
        out     DMA1_ADDR2, al
        mov     al, dl
        out     DMA_PAGE2, al
        mov     al, cl
        out     DMA1_COUNT2, al
        mov     al, ch
        out     DMA1_COUNT2, al
        mov     al, 02h                 ; open the channel
        out     DMA1_MASK, al
        sti
        clc
        jmp     .done
.boundary:
        mov     al, FS_BOUNDARY
        call    fdc_fail
.done:
        pop     dx
        pop     cx
        pop     bx
        ret

; BL = command, the sector address from the frame. Runs it to the result bytes.
; CF = 1: it did not end. Destroys AX.
floppy_command:
        fdc_arm
        cmp     bl, 0C5h
        jne     .send
        or      byte [B_FDMOTOR], 80h   ; the last operation wrote
.send:
        mov     al, bl
        call    fdc_send
        jc      .done
        mov     al, [bp + FR_DH]
        and     al, 01h
        shln    al, 2
        or      al, dl
        call    fdc_send
        jc      .done
        mov     al, [bp + FR_CH]
        call    fdc_send
        jc      .done
        mov     al, [bp + FR_DH]
        call    fdc_send
        jc      .done
        mov     al, [bp + FR_CL]
        call    fdc_send
        jc      .done
        mov     ah, DP_SIZE             ; size, last, gap, length
.param:
        mov     al, ah
        call    fdc_param
        call    fdc_send
        jc      .done
        inc     ah
        cmp     ah, DP_LENGTH
        jbe     .param
        call    fdc_wait
        jc      .done
        call    fdc_result
.done:
        and     byte [B_FDMOTOR], 7Fh
        ret

; -> AL = sectors done, from where the controller stopped when it failed.
; Destroys AH, CX.
floppy_count:
        cmp     byte [B_FDSTATUS], FS_OK
        mov     al, [bp + FR_AL]
        je      .done
        cmp     byte [B_FDSTATUS], FS_TIMEOUT
        mov     al, 0
        je      .done
        mov     al, DP_LAST
        call    fdc_param
        mov     cl, al
        mov     al, [B_FDRESULT + 4]    ; head
        sub     al, [bp + FR_DH]
        and     al, 01h
        jz      .same_head
        mov     al, cl
.same_head:
        add     al, [B_FDRESULT + 5]    ; sector
        sub     al, [bp + FR_CL]
        cmp     al, [bp + FR_AL]
        jbe     .done
        mov     al, 0                   ; it stopped somewhere else
.done:
        ret

; AH = 05h: formats track CH/DH with the sector marks at ES:BX.
floppy_format:
        mov     al, DP_LAST
        call    fdc_param
        mov     ah, 0
        shln    ax, 2                   ; four bytes a mark
        jz      .bad
        mov     cx, ax
        dec     cx
        mov     bx, 4A4Dh
        call    floppy_dma
        jc      .end
        call    floppy_prepare_format
        jc      .end
        mov     dh, [bp + FR_DH]
        mov     al, [bp + FR_CH]
        call    fdc_seek_logical
        jc      .end
        call    floppy_format_command
        jc      .end
        call    fdc_judge
        jmp     .end
.bad:
        mov     byte [B_FDSTATUS], FS_BAD_COMMAND
.end:
        jmp     floppy_end

; As floppy_prepare, but a medium that cannot be read is formatted at the rate
; the drive is made for. Destroys AX.
floppy_prepare_format:
        call    floppy_prepare
        jnc     .done
        cmp     byte [B_FDSTATUS], FS_NO_MARK
        je      .blank
        cmp     byte [B_FDSTATUS], FS_NOT_FOUND
        je      .blank
        stc
        ret
.blank:
        mov     byte [B_FDSTATUS], FS_OK
        push    bx
        call    fdc_type
        mov     bl, al
        mov     bh, 0
        shln    bx, 2
        mov     al, [cs:bx + fdc_rates - 4]
        or      al, FM_KNOWN
        call    fdc_index
        mov     [B_FDMEDIA + bx], al
        pop     bx
        call    fdc_set_rate
        clc
.done:
        ret

; The format command and its results. CF = 1: it did not end. Destroys AX.
floppy_format_command:
        fdc_arm
        or      byte [B_FDMOTOR], 80h
        mov     al, 4Dh
        call    fdc_send
        jc      .done
        mov     al, [bp + FR_DH]
        and     al, 01h
        shln    al, 2
        or      al, dl
        call    fdc_send
        jc      .done
        mov     si, floppy_format_params
.param:
        cs lodsb
        call    fdc_param
        call    fdc_send
        jc      .done
        cmp     si, floppy_format_params_end
        jb      .param
        call    fdc_wait
        jc      .done
        call    fdc_result
.done:
        pushf
        and     byte [B_FDMOTOR], 7Fh
        popf
        ret

floppy_format_params:
        db      DP_SIZE, DP_LAST, DP_FORMAT_GAP, DP_FILL
floppy_format_params_end:

; AH = 08h: -> CH, CL highest cylinder and sector, DH highest head, DL drives,
; BL type, ES:DI parameter table; zeros for a drive that is not there.
floppy_parameters:
        xor     ax, ax
        mov     [bp + FR_AX], ax
        mov     [bp + FR_BX], ax
        mov     [bp + FR_CX], ax
        mov     [bp + FR_DX], ax
        mov     [bp + FR_ES], ax
        mov     [bp + FR_DI], ax
        call    floppy_drives
        mov     [bp + FR_DL], al
        call    fdc_type
        jz      service_ok_flag
        mov     [bp + FR_BL], al
        mov     bl, al
        mov     bh, 0
        shl     bx, 1
        mov     bx, [cs:bx + floppy_tables - 2]
        mov     al, [cs:bx + DP_CYLINDER]
        mov     [bp + FR_CH], al
        mov     al, [cs:bx + DP_LAST]
        mov     [bp + FR_CL], al
        mov     byte [bp + FR_DH], 1
        mov     [bp + FR_DI], bx
        mov     [bp + FR_ES], cs
        jmp     service_ok_flag

; -> AL = floppy drives. Keeps the rest.
floppy_drives:
        push    dx
        mov     dl, 1
        call    fdc_type
        mov     al, 2
        jnz     .known
        dec     dx
        call    fdc_type
        mov     al, 1
        jnz     .known
        dec     ax
.known:
        pop     dx
        ret

; AH = 15h: -> AH = 0 no drive, 1 drive without change line, 2 with.
floppy_kind:
        call    fdc_type
        jz      .store
        cmp     al, 2
        mov     al, 1
        jb      .store
        inc     ax
.store:
        mov     [bp + FR_AH], al
        jmp     service_ok_flag

; AH = 16h: -> AH = 0 same medium, 6 (CF = 1) changed, 80h no medium.
floppy_change:
        mov     byte [B_FDSTATUS], FS_OK
        call    fdc_type
        mov     ah, al
        mov     al, FS_TIMEOUT
        jz      .fail
        cmp     ah, 2
        mov     al, FS_CHANGED
        jb      .fail                   ; it cannot tell: be careful
        call    fdc_motor_on
        call    fdc_check_change
        jmp     floppy_end
.fail:
        call    fdc_fail
        jmp     floppy_end

; AH = 17h: AL = 1 360K in its drive, 2 360K in a 1.2M drive, 3 1.2M, 4 720K:
; what the medium will be formatted as.
floppy_set_kind:
        mov     byte [B_FDSTATUS], FS_OK
        mov     bl, [bp + FR_AL]
        dec     bl
        cmp     bl, 3
        ja      floppy_bad_command
        call    fdc_type
        mov     al, FS_TIMEOUT
        jz      floppy_change.fail
        call    fdc_motor_on
        call    fdc_check_change
        jc      .end
        mov     bh, 0
        mov     al, [cs:bx + .states]
        call    fdc_index
        mov     [B_FDMEDIA + bx], al
.end:
        jmp     floppy_end
.states:
        db      93h, 74h, 15h, 97h

; AH = 18h: CH = highest cylinder, CL = sectors: what the medium will be
; formatted as -> ES:DI = parameter table. AH = 0Ch: the drive cannot.
floppy_set_media:
        mov     byte [B_FDSTATUS], FS_OK
        call    fdc_type
        mov     ah, al
        mov     al, FS_TIMEOUT
        jz      floppy_change.fail
        mov     si, floppy_formats
.find:
        cmp     ah, [cs:si]
        jne     .next
        mov     bx, [cs:si + 2]
        mov     al, [cs:bx + DP_CYLINDER]
        cmp     al, [bp + FR_CH]
        jne     .next
        mov     al, [cs:bx + DP_LAST]
        cmp     al, [bp + FR_CL]
        je      .found
.next:
        add     si, 4
        cmp     si, floppy_formats_end
        jb      .find
        mov     al, FS_BAD_TYPE
        jmp     floppy_change.fail
.found:
        mov     [bp + FR_DI], bx
        mov     [bp + FR_ES], cs
        call    fdc_motor_on
        call    fdc_check_change
        jnc     .state
        cmp     byte [B_FDSTATUS], FS_CHANGED
        jne     .end
        mov     byte [B_FDSTATUS], FS_OK
.state:
        mov     al, [cs:si + 1]
        call    fdc_index
        mov     [B_FDMEDIA + bx], al
.end:
        jmp     floppy_end

; What each type of drive can format: type, 40:90, table.
%macro floppy_format_row 3
        db      %1, %2
        dw      %3
%endmacro
floppy_formats:
        floppy_format_row 1, 93h, dpt_360
        floppy_format_row 2, 15h, dpt_1200
        floppy_format_row 2, 74h, dpt_360_in_1200
        floppy_format_row 3, 97h, dpt_720
        floppy_format_row 4, 17h, dpt_1440
        floppy_format_row 4, 97h, dpt_720_in_1440
        floppy_format_row 5, 0D7h, dpt_2880
        floppy_format_row 5, 17h, dpt_1440
        floppy_format_row 5, 97h, dpt_720_in_1440
floppy_formats_end:

; The parameter table of each type of drive.
floppy_tables:
        dw      dpt_360, dpt_1200, dpt_720, dpt_1440, dpt_2880

; Diskette parameter tables; the last two bytes are ours.
;               specify   off  size sect gap  len  fgap fill set on   cyl  rate
dpt_360:
        db      0DFh,02h, 25h, 02h, 09h, 2Ah, 0FFh,50h, 0F6h,0Fh,02h, 27h, 80h
dpt_360_in_1200:
        db      0DFh,02h, 25h, 02h, 09h, 2Ah, 0FFh,50h, 0F6h,0Fh,02h, 27h, 40h
dpt_1200:
        db      0DFh,02h, 25h, 02h, 0Fh, 1Bh, 0FFh,54h, 0F6h,0Fh,02h, 4Fh, 00h
dpt_720:
        db      0DFh,02h, 25h, 02h, 09h, 2Ah, 0FFh,50h, 0F6h,0Fh,02h, 4Fh, 80h
dpt_720_in_1440:
        db      0AFh,02h, 25h, 02h, 09h, 2Ah, 0FFh,50h, 0F6h,0Fh,02h, 4Fh, 80h
dpt_1440:
        db      0AFh,02h, 25h, 02h, 12h, 1Bh, 0FFh,6Ch, 0F6h,0Fh,02h, 4Fh, 00h
dpt_2880:
        db      0AFh,02h, 25h, 02h, 24h, 1Bh, 0FFh,38h, 0F6h,0Fh,02h, 4Fh, 0C0h
