; Finds the drives at start-up: both channels, both places. A place without a
; drive costs a few port accesses and no wait.

POST_BUFFER     equ     7C00h           ; 0:7C00, free until a boot sector comes

ata_channels:                           ; command ports, control port, IRQ
        dw      1F0h, 3F6h, 14
        dw      170h, 376h, 15

; Fills the drive records, the drive map and 40:75. Destroys all but BP.
ata_detect:
        call    load_ebda
        mov     byte [B_HDCOUNT], 0
        mov     byte [es:E_CDROM], 0FFh
        mov     byte [es:E_EMULATION], EM_NONE
        mov     byte [es:E_CDLOCK], 0
        mov     di, E_DISKS
        mov     si, ata_channels
.channel:
        call    ata_channel_present
        jc      .next_channel
        mov     al, 0A0h
        call    ata_detect_drive
        mov     al, 0B0h
        call    ata_detect_drive
.next_channel:
        add     si, 6
        cmp     si, ata_channels + 12
        jb      .channel
        ret

; SI = channel -> CF = 0: something decodes its ports. Resets it then. Destroys
; AX, CX, DX.
ata_channel_present:
        mov     dx, [cs:si]
        add     dx, ATA_STATUS
        in      al, dx
        cmp     al, 0FFh                ; nobody drives the bus
        je      .absent
        mov     cx, 55AAh               ; the registers of a drive hold what is
        call    ata_pattern             ; written, those of a channel without
        je      .present                ; drives need not
        mov     al, 0B0h                ; perhaps only the second drive
        call    ata_choose
        call    ata_pattern
        jne     .absent
.present:
        mov     dx, [cs:si + 2]
        mov     al, ATA_CONTROL_RST
        out     dx, al
        mov     cx, 2
        call    delay_refresh
        mov     al, ATA_CONTROL_OFF
        out     dx, al
        mov     cx, 134                 ; 2 ms
        call    delay_refresh
        clc
        ret
.absent:
        stc
        ret

; SI = channel, AL = A0h or B0h: selects. Destroys AX, DX.
ata_choose:
        mov     dx, [cs:si]
        add     dx, ATA_DEVICE
        out     dx, al
        mov     dx, [cs:si + 2]
        in      al, dx
        in      al, dx
        in      al, dx
        in      al, dx
        ret

; SI = channel, CL, CH = pattern -> ZF = 1: two registers hold it. Destroys AL,
; DX.
ata_pattern:
        mov     dx, [cs:si]
        add     dx, ATA_COUNT
        mov     al, cl
        out     dx, al
        inc     dx
        mov     al, ch
        out     dx, al
        dec     dx
        in      al, dx
        cmp     al, cl
        jne     .done
        inc     dx
        in      al, dx
        cmp     al, ch
.done:
        ret

; SI = channel, AH = seconds -> AL = status, FFh when nobody drives the bus;
; CF = 1: busy all that time. Destroys AH, DX.
ata_detect_wait:
        push    di
        mov     al, ah
        call    timer_start
        mov     dx, [cs:si + 2]
.poll:
        in      al, dx
        cmp     al, 0FFh
        je      .done
        test    al, AS_BUSY
        jz      .done                   ; CF = 0
        call    timer_over
        jnc     .poll
.done:
        pop     di
        ret

; SI = channel, AL = A0h or B0h: asks that drive who it is. DI = record to
; fill; moves on when it is a disk. Destroys AX, BX, CX, DX.
ata_detect_drive:
        mov     bl, al
        mov     ah, 10                  ; after the reset
        call    ata_detect_wait
        jc      .absent
        mov     al, bl
        call    ata_choose
        mov     ah, 10
        call    ata_detect_wait
        jc      .absent
        cmp     al, 0FFh
        je      .absent
        mov     cx, 55AAh
        call    ata_pattern
        jne     .absent
        call    ata_is_packet
        je      .packet
        mov     dx, [cs:si]
        add     dx, ATA_STATUS
        mov     al, 0ECh                ; IDENTIFY DEVICE
        out     dx, al
        mov     dx, [cs:si + 2]
        in      al, dx
        in      al, dx
        in      al, dx
        in      al, dx
        or      al, al                  ; the first drive answers 0 for a
        jz      .absent                 ; second one that is not there
        mov     ah, 5
        call    ata_detect_wait
        jc      .absent
        push    ax
        mov     dx, [cs:si]
        add     dx, ATA_STATUS
        in      al, dx                  ; takes the interrupt back
        pop     ax
        test    al, AS_ERROR | AS_FAULT
        jnz     .refused
        test    al, AS_DRQ
        jz      .absent
        jmp     ata_new_drive
.refused:
        call    ata_is_packet           ; a packet device says so now
        jne     .absent
.packet:
        mov     al, bl                  ; remember the first one
        shrn    al, 4
        and     al, 01h
        cmp     si, ata_channels
        je      .number
        or      al, 02h
.number:
        cmp     byte [es:E_CDROM], 0FFh
        jne     .absent
        mov     [es:E_CDROM], al
        call    cdrom_record
.absent:
        ret

; SI = channel -> ZF = 1: the signature of a packet device stands in the
; cylinder registers. Destroys AL, DX.
ata_is_packet:
        mov     dx, [cs:si]
        add     dx, ATA_CYL_LOW
        in      al, dx
        cmp     al, 14h
        jne     .done
        inc     dx
        in      al, dx
        cmp     al, 0EBh
.done:
        ret

; SI = channel, BL = A0h or B0h, DI = record: a disk has its identity ready.
; Destroys AX, BX, CX, DX.
ata_new_drive:
        mov     [es:di + D_SELECT], bl
        mov     ax, [cs:si]
        mov     [es:di + D_BASE], ax
        mov     ax, [cs:si + 2]
        mov     [es:di + D_CTRL], ax
        mov     ax, [cs:si + 4]
        mov     [es:di + D_IRQ], al
        mov     word [es:E_BUFFER], POST_BUFFER
        mov     word [es:E_BUFFER + 2], 0
        call    ata_pio_in
        push    ds
        xor     ax, ax
        mov     ds, ax
        call    ata_capacity
        call    ata_model
        pop     ds
        jc      .done                   ; nothing one could use
        mov     bl, [B_HDCOUNT]
        mov     bh, 0
        mov     [es:E_DISK_MAP + bx], bl
        inc     byte [B_HDCOUNT]
        push    si
        call    geometry_choose         ; BL = number of the drive
        pop     si
        add     di, D_SIZE
.done:
        ret

; DS = 0: flags, sizes and own geometry from the identity. CF = 1: none given.
; Destroys AX, CX, DX.
IDENTITY        equ     POST_BUFFER
ata_capacity:
        mov     byte [es:di + D_FLAGS], 0
        mov     ax, [IDENTITY + 1 * 2]
        mov     [es:di + D_PCYLS], ax
        mov     al, [IDENTITY + 3 * 2]
        mov     [es:di + D_PHEADS], al
        mov     al, [IDENTITY + 6 * 2]
        mov     [es:di + D_PSECTORS], al
        mov     word [es:di + D_TOTAL + 4], 0
        mov     word [es:di + D_TOTAL + 6], 0
        test    byte [IDENTITY + 49 * 2 + 1], 02h
        jz      .chs
        or      byte [es:di + D_FLAGS], DF_LBA
        mov     ax, [IDENTITY + 60 * 2]
        mov     dx, [IDENTITY + 61 * 2]
        mov     cx, [IDENTITY + 83 * 2]
        and     ch, 0C4h
        cmp     ch, 44h                 ; the word is valid, LBA48
        jne     .store
        or      byte [es:di + D_FLAGS], DF_LBA48
        mov     cx, [IDENTITY + 102 * 2]
        mov     [es:di + D_TOTAL + 4], cx
        mov     cx, [IDENTITY + 103 * 2]
        mov     [es:di + D_TOTAL + 6], cx
        mov     ax, [IDENTITY + 100 * 2]
        mov     dx, [IDENTITY + 101 * 2]
        jmp     .store
.chs:
        mov     al, [es:di + D_PHEADS]
        mul     byte [es:di + D_PSECTORS]
        mul     word [es:di + D_PCYLS]
.store:
        mov     [es:di + D_TOTAL], ax
        mov     [es:di + D_TOTAL + 2], dx
        or      ax, dx
        or      ax, [es:di + D_TOTAL + 4]
        jz      .none
        cmp     byte [es:di + D_PSECTORS], 0
        je      .default
        cmp     byte [es:di + D_PHEADS], 0
        jne     .done                   ; CF = 0
.default:                               ; a drive without a geometry of its own
        mov     byte [es:di + D_PHEADS], 16
        mov     byte [es:di + D_PSECTORS], 63
        mov     word [es:di + D_PCYLS], 16383
        clc
.done:
        ret
.none:
        stc
        ret

; DS = 0: the model's name; its characters stand swapped in pairs. Keeps the
; flags. Destroys AX, CX.
ata_model:
        pushf
        push    si
        push    di
        mov     si, IDENTITY + 27 * 2
        add     di, D_NAME
        mov     cx, 20
.pair:
        lodsw
        xchg    al, ah
        stosw
        loop    .pair
        pop     di
        pop     si
        popf
        ret
