; INT 13h for drives 80h and up, and the way to INT 40h for the floppies.
; The CD drive and what a CD emulates are told apart before both.

int13_handler:
        sti
        push    ax
        call    eltorito_route
        cmp     al, 1
        pop     ax
        je      eltorito_int13
        ja      int13_behind
int13_real:
        cmp     dl, 80h
        jae     .disk
        int     40h
        retf    2                       ; with the flags INT 40h returned
.disk:
        frame_enter
        call    disk_find
        jc      .no_drive
        mov     al, [bp + FR_AH]
        mov     si, disk_functions
.find:
        cmp     al, [cs:si]
        je      .found
        add     si, 3
        cmp     si, disk_functions_end
        jb      .find
.bad:
        mov     al, DS_BAD_COMMAND
        jmp     .end
.found:
        call    [cs:si + 1]             ; -> AL = status
.end:
        mov     [B_HDSTATUS], al
        mov     [bp + FR_AH], al
        or      al, al
        jz      .good
        jmp     service_fail
.good:
        call    service_ok_flag
        jmp     service_return
.no_drive:
        mov     al, DS_NO_PARAMETERS
        cmp     byte [bp + FR_AH], 08h
        je      .end
        cmp     byte [bp + FR_AH], 15h  ; "what are you": nothing
        jne     .bad
        mov     byte [bp + FR_AH], 0
        jmp     .good

; DL is a real drive behind an emulated one of its kind: its own number is one
; less, and the count of drives that AH = 08h gives one more.
int13_behind:
        dec     dx
        push    dx
        push    ax
        pushf
        push    cs
        call    int13_real
        pushf
        push    bp
        mov     bp, sp
        cmp     byte [bp + 5], 15h      ; of a disk, DX tells its size
        jne     .number
        cmp     byte [bp + 6], 80h
        jae     .done
.number:
        inc     dx
.done:
        pop     bp
        popf
        inc     sp                      ; keeps CF
        inc     sp
        inc     sp
        inc     sp
        retf    2

disk_functions:
        db      00h
        dw      disk_reset
        db      01h
        dw      disk_status
        db      02h
        dw      disk_read
        db      03h
        dw      disk_write
        db      04h
        dw      disk_verify
        db      05h
        dw      disk_format
        db      08h
        dw      disk_parameters
        db      09h
        dw      disk_initialize
        db      0Ch
        dw      disk_seek
        db      0Dh
        dw      disk_reset
        db      10h
        dw      disk_ready
        db      11h
        dw      disk_recalibrate
        db      14h
        dw      disk_diagnose
        db      15h
        dw      disk_kind
        db      41h
        dw      edd_present
        db      42h
        dw      edd_read
        db      43h
        dw      edd_write
        db      44h
        dw      edd_verify
        db      47h
        dw      edd_seek
        db      48h
        dw      edd_parameters
        db      4Eh
        dw      edd_configure
disk_functions_end:

; The frame's DL -> ES = EBDA, DI = drive record; CF = 1: no such drive.
; Destroys AX, BX.
disk_find:
        call    load_ebda
        mov     bl, [bp + FR_DL]
        sub     bl, 80h
        cmp     bl, [B_HDCOUNT]
        jae     .none
        cmp     bl, 3
        ja      .none                   ; 40:75 is anybody's to write
        mov     bh, 0
        mov     al, [es:E_DISK_MAP + bx]
        mov     ah, D_SIZE
        mul     ah
        add     ax, E_DISKS
        mov     di, ax
        clc
        ret
.none:
        stc
        ret

; AH = 00h, 0Dh: reset; AH = 00h resets the floppies too, as the AT does.
disk_reset:
        cmp     byte [bp + FR_AH], 0
        jne     .disk
        push    dx
        mov     ah, 0
        mov     dl, 0
        int     40h
        pop     dx
.disk:
        jmp     ata_reset

; AH = 01h: -> AH, and AL as on the AT, = status of the last operation.
disk_status:
        mov     al, [B_HDSTATUS]
        mov     [bp + FR_AL], al
        ret

; The frame's CX, DH -> E_LBA; CF = 1: outside the disk, AL = status. Destroys
; AX, BX, CX, DX.
disk_address:
        mov     bl, [bp + FR_CL]
        and     bx, 3Fh
        jz      .bad
        cmp     bl, [es:di + D_SECTORS]
        ja      .bad
        mov     al, [bp + FR_CH]
        mov     ah, [bp + FR_CL]
        mov     cl, 6
        shr     ah, cl
        cmp     ax, [es:di + D_CYLS]
        jae     .bad
        mov     cl, [bp + FR_DH]
        mov     ch, 0
        cmp     cx, [es:di + D_HEADS]
        jae     .bad
        mul     word [es:di + D_HEADS]
        add     ax, cx
        adc     dx, 0
        mov     cl, [es:di + D_SECTORS]
        call    multiply32
        add     ax, bx
        adc     dx, 0
        sub     ax, 1
        sbb     dx, 0
        mov     [es:E_LBA], ax
        mov     [es:E_LBA + 2], dx
        xor     ax, ax
        mov     [es:E_LBA + 4], ax
        mov     [es:E_LBA + 6], ax
        ret                             ; CF = 0
.bad:
        mov     al, DS_BAD_COMMAND
        stc
        ret

; AH = 02h, 03h, 04h: AL sectors from CX/DH, buffer ES:BX -> AL sectors done.
disk_read:
        mov     ah, DC_READ
        jmp     disk_transfer
disk_write:
        mov     ah, DC_WRITE
        jmp     disk_transfer
disk_verify:
        mov     ah, DC_VERIFY
        ; fall through

; AH = DC_*.
disk_transfer:
        mov     [es:E_COMMAND], ah
        mov     al, [bp + FR_AL]
        mov     ah, 0
        or      al, al
        jz      .bad
        mov     [es:E_COUNT], ax
        call    disk_address
        jc      .bad
        mov     ax, [bp + FR_BX]
        mov     [es:E_BUFFER], ax
        mov     ax, [bp + FR_ES]
        mov     [es:E_BUFFER + 2], ax
        call    disk_bounds
        jc      .none
        call    ata_transfer
        mov     ah, [es:E_COUNT]
        sub     [bp + FR_AL], ah
        ret
.bad:
        mov     al, DS_BAD_COMMAND
.none:
        mov     byte [bp + FR_AL], 0
        ret

; E_LBA, E_COUNT -> CF = 1: they end beyond the disk, AL = status. Destroys AX,
; BX, CX, DX.
disk_bounds:
        mov     ax, [es:E_LBA]
        mov     bx, [es:E_LBA + 2]
        mov     cx, [es:E_LBA + 4]
        mov     dx, [es:E_LBA + 6]
        add     ax, [es:E_COUNT]
        adc     bx, 0
        adc     cx, 0
        adc     dx, 0
        jc      .beyond
        cmp     [es:di + D_TOTAL], ax
        mov     ax, [es:di + D_TOTAL + 2]
        sbb     ax, bx
        mov     ax, [es:di + D_TOTAL + 4]
        sbb     ax, cx
        mov     ax, [es:di + D_TOTAL + 6]
        sbb     ax, dx
        jc      .beyond
        ret
.beyond:
        mov     al, DS_NOT_FOUND
        stc
        ret

; AH = 05h: format track. The marks of these drives are made once and for all;
; the track is read through, as a format ends on drives that have marks to make.
disk_format:
        mov     byte [bp + FR_CL], 1
        call    disk_address
        jc      .done
        mov     al, [es:di + D_SECTORS]
        mov     ah, 0
        mov     [es:E_COUNT], ax
        mov     byte [es:E_COMMAND], DC_VERIFY
        call    disk_bounds
        jc      .done
        call    ata_transfer
.done:
        ret

; AH = 08h: -> CH, CL highest cylinder and sector, DH highest head, DL drives.
disk_parameters:
        mov     ax, [es:di + D_CYLS]
        dec     ax
        mov     [bp + FR_CH], al
        mov     cl, 6
        shl     ah, cl
        or      ah, [es:di + D_SECTORS]
        mov     [bp + FR_CL], ah
        mov     ax, [es:di + D_HEADS]
        dec     ax
        mov     [bp + FR_DH], al
        mov     al, [B_HDCOUNT]
        mov     [bp + FR_DL], al
        mov     byte [bp + FR_AL], 0
        mov     al, 0
        ret

; AH = 09h: set the drive up for its geometry.
disk_initialize:
        jmp     ata_set_geometry

; AH = 0Ch: seek to CX/DH.
disk_seek:
        call    disk_address
        jc      disk_done
        mov     word [es:E_COUNT], 1
        call    disk_bounds
        jc      disk_done
disk_seek_lba:
        mov     cx, 1
        mov     byte [es:E_COMMAND], DC_VERIFY
        jmp     ata_transfer

; AH = 10h: is it ready?
disk_ready:
        mov     ah, 0
        call    ata_select
        jc      disk_done
        mov     al, 0
disk_done:
        ret

; AH = 11h: to cylinder 0.
disk_recalibrate:
        mov     ah, 0
        call    ata_select
        jc      disk_done
        mov     al, 10h
        jmp     ata_simple

; AH = 14h: the controller's self test.
disk_diagnose:
        mov     ah, 0
        call    ata_select
        jc      disk_done
        mov     al, 90h
        call    ata_start
        mov     ah, 6
        call    ata_wait
        jc      disk_done
        call    ata_note
        mov     al, [B_HDREG_ERROR]
        and     al, 7Fh
        cmp     al, 01h                 ; this drive passed
        mov     al, 20h
        jne     disk_done
        jmp     ata_set_geometry

; AH = 15h: -> AH = 3, CX:DX = sectors. The status byte is 0.
disk_kind:
        mov     ax, [es:di + D_CYLS]
        mul     word [es:di + D_HEADS]
        mov     cl, [es:di + D_SECTORS]
        mov     ch, 0
        call    multiply32
        mov     [bp + FR_DX], ax
        mov     [bp + FR_CX], dx
        mov     byte [B_HDSTATUS], 0
        mov     byte [bp + FR_AH], 3
        call    service_ok_flag
        add     sp, 2                   ; AH is not a status here
        jmp     service_return
