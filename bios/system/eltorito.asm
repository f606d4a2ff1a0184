; Booting from CD ("El Torito" Bootable CD-ROM Format Specification 1.0): the
; catalog, the emulated drives, and the services of INT 13h for both the CD drive
; itself and the drive that an image of the CD stands in for.
;
; The CD drive is CD_DRIVE with sectors of 2048 bytes. An emulated diskette is
; drive 00h, an emulated disk drive 80h; the real ones of that kind then have the
; next numbers.

CD_DRIVE        equ     0E0h

EM_NONE         equ     0               ; E_EMULATION: the medium's type in the
EM_FLOPPY_120   equ     1               ; catalog, 0 when nothing is emulated
EM_FLOPPY_144   equ     2
EM_FLOPPY_288   equ     3
EM_DISK         equ     4

; Whose is drive DL, function AH? -> AL = 0: not ours, 1: ours, 2: a real drive
; behind an emulated one. Keeps the rest.
eltorito_route:
        push    ds
        push    bx
        mov     bx, BDA
        mov     ds, bx
        mov     ds, [B_EBDA]
        mov     al, 0
        cmp     byte [E_CDROM], 0FFh
        je      .done
        mov     al, 1
        cmp     dl, CD_DRIVE
        je      .done
        cmp     ah, 4Ah                 ; these name the drive in their packet
        je      .done
        cmp     ah, 4Ch
        je      .done
        cmp     ah, 4Dh
        je      .done
        mov     bl, dl                  ; 7Fh: all emulated drives
        xor     bl, 7Fh
        or      bl, ah
        cmp     bl, 4Bh
        je      .terminate
        mov     al, 0
        cmp     byte [E_EMULATION], EM_NONE
        je      .done
        mov     al, 1
        cmp     dl, [E_EMULATED]
        je      .done
        mov     al, 2
        mov     bl, dl
        xor     bl, [E_EMULATED]
        jns     .done                   ; of the same kind
        mov     al, 0
        jmp     .done
.terminate:
        cmp     dl, 7Fh
        je      .done
        mov     al, 0
.done:
        pop     bx
        pop     ds
        ret

; INT 13h for what is ours.
eltorito_int13:
        sti
        frame_enter
        call    load_ebda
        mov     di, E_CDREC
        mov     al, [bp + FR_AH]
        mov     si, eltorito_functions
        cmp     al, 4Ah
        jb      .drive
        cmp     al, 4Dh
        jbe     .find
.drive:
        mov     si, cd_functions
        mov     byte [es:E_SHIFT], 0
        cmp     byte [bp + FR_DL], CD_DRIVE
        je      .find
        mov     byte [es:E_SHIFT], 2
        mov     si, emulated_functions
        cmp     al, 40h
        jb      .find
        cmp     byte [es:E_EMULATION], EM_DISK
        jne     .bad
.find:
        cmp     al, [cs:si]
        je      .found
        add     si, 3
        cmp     byte [cs:si], 0FFh
        jne     .find
.bad:
        mov     al, DS_BAD_COMMAND
        jmp     .end
.found:
        call    [cs:si + 1]             ; -> AL = status
.end:
        mov     [bp + FR_AH], al
        cmp     byte [bp + FR_DL], 80h
        jb      .floppy
        mov     [B_HDSTATUS], al
        jmp     .judge
.floppy:
        mov     [B_FDSTATUS], al
.judge:
        or      al, al
        jz      .good
        jmp     service_fail
.good:
        call    service_ok_flag
        jmp     service_return

eltorito_functions:
        db      4Ah
        dw      eltorito_initiate
        db      4Bh
        dw      eltorito_terminate
        db      4Ch
        dw      eltorito_initiate_boot
        db      4Dh
        dw      eltorito_catalog
        db      0FFh

cd_functions:
        db      00h
        dw      eltorito_good
        db      01h
        dw      eltorito_status
        db      03h
        dw      eltorito_protected
        db      05h
        dw      eltorito_protected
        db      0Ch
        dw      eltorito_good
        db      0Dh
        dw      eltorito_good
        db      10h
        dw      cdrom_ready_service
        db      11h
        dw      eltorito_good
        db      15h
        dw      cd_kind
        db      41h
        dw      cd_present
        db      42h
        dw      cd_edd_read
        db      43h
        dw      eltorito_protected
        db      44h
        dw      cd_edd_verify
        db      45h
        dw      cd_lock
        db      46h
        dw      cd_eject
        db      47h
        dw      eltorito_good
        db      48h
        dw      cd_parameters
        db      49h
        dw      cd_change
        db      4Eh
        dw      edd_configure
        db      0FFh

emulated_functions:
        db      00h
        dw      eltorito_good
        db      01h
        dw      eltorito_status
        db      02h
        dw      emulated_read
        db      03h
        dw      eltorito_protected
        db      04h
        dw      emulated_verify
        db      05h
        dw      eltorito_protected
        db      08h
        dw      emulated_parameters
        db      09h
        dw      eltorito_good
        db      0Ch
        dw      emulated_seek
        db      0Dh
        dw      eltorito_good
        db      10h
        dw      eltorito_good
        db      11h
        dw      eltorito_good
        db      14h
        dw      eltorito_good
        db      15h
        dw      emulated_kind
        db      16h
        dw      eltorito_good
        db      41h
        dw      edd_present
        db      42h
        dw      cd_edd_read
        db      43h
        dw      eltorito_protected
        db      44h
        dw      cd_edd_verify
        db      47h
        dw      eltorito_good
        db      48h
        dw      emulated_edd_parameters
        db      0FFh

eltorito_good:
        mov     al, 0
        ret
eltorito_protected:
        mov     byte [bp + FR_AL], 0
        mov     al, DS_WRITE_PROTECTED
        ret

; AH = 01h: status of the last operation.
eltorito_status:
        mov     al, [B_FDSTATUS]
        cmp     byte [bp + FR_DL], 80h
        jb      .done
        mov     al, [B_HDSTATUS]
.done:
        ret

; --- the CD drive -----------------------------------------------------------
cdrom_ready_service:
        call    cdrom_ready
        ret

; AH = 15h: -> AH = 3, CX:DX = sectors of 512 bytes: not known.
cd_kind:
        mov     word [bp + FR_CX], 0FFFFh
        mov     word [bp + FR_DX], 0FFFFh
        mov     al, 3
        jmp     eltorito_kind

; AL = what AH shall be, though it is no status.
eltorito_kind:
        mov     [bp + FR_AH], al
        mov     byte [B_HDSTATUS], 0
        call    service_ok_flag
        add     sp, 2
        jmp     service_return

; AH = 41h: functions 42h-44h, 47h, 48h, and the removable ones.
cd_present:
        cmp     word [bp + FR_BX], 55AAh
        mov     al, DS_BAD_COMMAND
        jne     .done
        mov     word [bp + FR_BX], 0AA55h
        mov     word [bp + FR_CX], 0007h
        mov     al, 30h
        jmp     eltorito_kind
.done:
        ret

; AH = 42h, 44h: the packet at DS:SI; sectors as long as the drive's.
cd_edd_read:
        mov     al, DC_READ
        jmp     cd_edd
cd_edd_verify:
        mov     al, DC_VERIFY
cd_edd:
        push    ax
        call    edd_packet
        pop     ax
        jc      .bad
        mov     bx, [es:E_LBA + 4]
        or      bx, [es:E_LBA + 6]
        jnz     .beyond
        mov     bx, [es:E_LBA]
        mov     [es:E_UNIT], bx
        mov     bx, [es:E_LBA + 2]
        mov     [es:E_UNIT + 2], bx
        cmp     byte [es:E_SHIFT], 0
        je      .transfer
        call    emulated_bounds
        jc      .beyond
.transfer:
        call    cdrom_transfer
        jmp     .count
.beyond:
        mov     al, DS_NOT_FOUND
.count:
        push    ax
        push    ds
        mov     cx, [es:E_COUNT]
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        sub     [si + EDD_COUNT], cx
        pop     ds
        pop     ax
        ret
.bad:
        mov     al, DS_BAD_COMMAND
        ret

; AH = 45h: AL = 0 locks, 1 unlocks, 2 asks -> AL = 1: locked.
cd_lock:
        mov     ah, [bp + FR_AL]
        mov     al, DS_BAD_COMMAND
        cmp     ah, 2
        ja      .done
        je      .tell
        xor     ah, 1
        push    ax
        mov     al, 1Eh                 ; PREVENT ALLOW MEDIUM REMOVAL
        call    cdrom_simple
        pop     cx
        jc      .done
        mov     [es:E_CDLOCK], ch
        mov     al, 0
.tell:
        mov     al, [es:E_CDLOCK]
        mov     [bp + FR_AL], al
        mov     al, 0
.done:
        ret

; AH = 46h: AL = 0: ejects.
cd_eject:
        cmp     byte [es:E_CDLOCK], 0
        mov     al, DS_LOCKED
        jne     .done
        mov     ax, 021Bh               ; START STOP UNIT
        call    cdrom_simple
.done:
        ret

; AH = 49h: -> AH = 06h: the disc was changed.
cd_change:
        xor     ax, ax
        call    cdrom_simple
        jc      .done
        mov     al, 0
.done:
        ret

; AH = 48h: what there is to tell of a CD; its size is not known here.
cd_parameters:
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        mov     cx, [si + EP_SIZE]
        cmp     cx, EP_DPTE
        mov     al, DS_BAD_COMMAND
        jb      .done
        mov     word [si + EP_FLAGS], 0074h ; removable, lockable, change line,
        mov     bx, EP_CYLS                 ; no geometry
.unknown:
        mov     word [bx + si], 0FFFFh
        add     bx, 2
        cmp     bx, EP_BYTES
        jb      .unknown
        mov     word [si + EP_BYTES], 2048
        mov     ax, EP_DPTE
        cmp     cx, EP_PATH
        jb      .size
        mov     word [si + EP_DPTE], 0FFFFh
        mov     word [si + EP_DPTE + 2], 0FFFFh
        mov     ax, EP_PATH
.size:
        mov     [si + EP_SIZE], ax
        mov     al, 0
.done:
        mov     bx, BDA
        mov     ds, bx
        ret

; --- the emulated drive -----------------------------------------------------
; The frame's CX, DH -> DX:AX and E_UNIT. CF = 1: outside the drive, AL = status.
; Destroys BX, CX.
emulated_address:
        mov     bl, [bp + FR_CL]
        and     bx, 3Fh
        jz      .bad
        cmp     bl, [es:E_GEO_SECTORS]
        ja      .bad
        mov     al, [bp + FR_CH]
        mov     ah, [bp + FR_CL]
        mov     cl, 6
        shr     ah, cl
        cmp     ax, [es:E_GEO_CYLS]
        jae     .bad
        mov     cl, [bp + FR_DH]
        mov     ch, 0
        cmp     cx, [es:E_GEO_HEADS]
        jae     .bad
        mul     word [es:E_GEO_HEADS]
        add     ax, cx
        adc     dx, 0
        mov     cl, [es:E_GEO_SECTORS]
        call    multiply32
        add     ax, bx
        adc     dx, 0
        sub     ax, 1
        sbb     dx, 0
        mov     [es:E_UNIT], ax
        mov     [es:E_UNIT + 2], dx
        ret                             ; CF = 0
.bad:
        mov     al, DS_NOT_FOUND
        stc
        ret

; -> DX:AX = sectors of 512 bytes. Destroys CX.
emulated_total:
        mov     ax, [es:E_GEO_CYLS]
        mul     word [es:E_GEO_HEADS]
        mov     cl, [es:E_GEO_SECTORS]
        mov     ch, 0
        jmp     multiply32

; E_UNIT, E_COUNT -> CF = 1: they end beyond the drive. Destroys BX, CX, DX.
emulated_bounds:
        push    ax
        call    emulated_total
        sub     ax, [es:E_UNIT]
        sbb     dx, [es:E_UNIT + 2]
        jc      .done
        sub     ax, [es:E_COUNT]
        sbb     dx, 0
.done:
        pop     ax
        ret

; AH = 02h, 04h: AL sectors from CX/DH, buffer ES:BX -> AL sectors done.
emulated_read:
        mov     al, DC_READ
        jmp     emulated_transfer
emulated_verify:
        mov     al, DC_VERIFY
emulated_transfer:
        push    ax
        mov     al, [bp + FR_AL]
        mov     ah, 0
        mov     [es:E_COUNT], ax
        or      al, al
        jz      .bad
        call    emulated_address
        jc      .none
        call    emulated_bounds
        jc      .beyond
        mov     ax, [bp + FR_BX]
        mov     [es:E_BUFFER], ax
        mov     ax, [bp + FR_ES]
        mov     [es:E_BUFFER + 2], ax
        pop     ax
        call    cdrom_transfer
        mov     ah, [es:E_COUNT]
        sub     [bp + FR_AL], ah
        ret
.bad:
        mov     al, DS_BAD_COMMAND
        jmp     .none
.beyond:
        mov     al, DS_NOT_FOUND
.none:
        pop     bx
        mov     byte [bp + FR_AL], 0
        ret

emulated_seek:
        call    emulated_address
        jc      .done
        mov     al, 0
.done:
        ret

; AH = 08h. Of a diskette also BL = type, ES:DI = its parameters.
emulated_parameters:
        mov     ax, [es:E_GEO_CYLS]
        dec     ax
        mov     [bp + FR_CH], al
        mov     cl, 6
        shl     ah, cl
        or      ah, [es:E_GEO_SECTORS]
        mov     [bp + FR_CL], ah
        mov     ax, [es:E_GEO_HEADS]
        dec     ax
        mov     [bp + FR_DH], al
        mov     al, [es:E_EMULATION]
        cmp     al, EM_DISK
        je      .disk
        mov     bx, emulated_types - 1
        cs xlatb
        mov     [bp + FR_BL], al
        mov     byte [bp + FR_BH], 0
        push    ds
        xor     ax, ax
        mov     ds, ax
        mov     ax, [4 * 1Eh]
        mov     [bp + FR_DI], ax
        mov     ax, [4 * 1Eh + 2]
        mov     [bp + FR_ES], ax
        pop     ds
        mov     al, [B_EQUIP]           ; counts the emulated one
        mov     cl, 6
        shr     al, cl
        inc     ax
        jmp     .drives
.disk:
        mov     al, [B_HDCOUNT]
        inc     ax
.drives:
        mov     [bp + FR_DL], al
        mov     byte [bp + FR_AL], 0
        mov     al, 0
        mov     [bp + FR_AH], al
        mov     [B_HDSTATUS], al        ; DL no longer tells which
        mov     [B_FDSTATUS], al
        call    service_ok_flag
        add     sp, 2
        jmp     service_return

emulated_types:                         ; 1.2M, 1.44M, 2.88M
        db      2, 4, 5

; AH = 15h.
emulated_kind:
        mov     al, 1                   ; a diskette that is never changed
        cmp     byte [es:E_EMULATION], EM_DISK
        jne     .tell
        call    emulated_total
        mov     [bp + FR_CX], dx
        mov     [bp + FR_DX], ax
        mov     al, 3
.tell:
        jmp     eltorito_kind

; AH = 48h of an emulated disk.
emulated_edd_parameters:
        call    emulated_total
        mov     bx, ax
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        cmp     word [si + EP_SIZE], EP_DPTE
        mov     al, DS_BAD_COMMAND
        jb      .done
        mov     word [si + EP_SIZE], EP_DPTE
        mov     word [si + EP_FLAGS], 0003h
        mov     [si + EP_TOTAL], bx
        mov     [si + EP_TOTAL + 2], dx
        mov     ax, [es:E_GEO_CYLS]
        mov     [si + EP_CYLS], ax
        mov     ax, [es:E_GEO_HEADS]
        mov     [si + EP_HEADS], ax
        mov     al, [es:E_GEO_SECTORS]
        mov     ah, 0
        mov     [si + EP_SECTORS], ax
        xor     ax, ax
        mov     [si + EP_CYLS + 2], ax
        mov     [si + EP_HEADS + 2], ax
        mov     [si + EP_SECTORS + 2], ax
        mov     [si + EP_TOTAL + 4], ax
        mov     [si + EP_TOTAL + 6], ax
        mov     word [si + EP_BYTES], 512
.done:
        mov     bx, BDA
        mov     ds, bx
        ret

; --- emulation on and off ---------------------------------------------------
; The specification packet: what the functions 4Ah to 4Dh speak in.
SP_SIZE         equ     00h
SP_MEDIA        equ     01h
SP_DRIVE        equ     02h
SP_CONTROLLER   equ     03h
SP_LBA          equ     04h
SP_DEVICE       equ     08h
SP_BUFFER       equ     0Ah
SP_SEGMENT      equ     0Ch
SP_COUNT        equ     0Eh
SP_CYLS         equ     10h
SP_BYTES        equ     13h

; AH = 4Bh: AL = 0 ends the emulation, 1 only tells -> the packet at DS:SI.
eltorito_terminate:
        mov     al, [bp + FR_AL]
        cmp     al, 1
        mov     al, DS_BAD_COMMAND
        ja      .done
        call    eltorito_tell
        mov     al, 0
        cmp     byte [bp + FR_AL], 0
        jne     .done
        call    eltorito_end
        mov     al, 0
.done:
        ret

; Fills the packet at the frame's DS:SI. Destroys AX, BX, CX, SI.
eltorito_tell:
        push    ds
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        mov     byte [si + SP_SIZE], SP_BYTES
        mov     al, [es:E_EMULATION]
        mov     [si + SP_MEDIA], al
        mov     al, [es:E_EMULATED]
        mov     [si + SP_DRIVE], al
        mov     al, [es:E_CDROM]
        mov     ah, al
        shr     al, 1
        mov     [si + SP_CONTROLLER], al
        and     ax, 0100h
        xchg    al, ah
        mov     [si + SP_DEVICE], ax
        mov     ax, [es:E_IMAGE]
        mov     [si + SP_LBA], ax
        mov     ax, [es:E_IMAGE + 2]
        mov     [si + SP_LBA + 2], ax
        mov     word [si + SP_BUFFER], 0
        mov     ax, [es:E_BOOT_SEGMENT]
        mov     [si + SP_SEGMENT], ax
        mov     ax, [es:E_BOOT_COUNT]
        mov     [si + SP_COUNT], ax
        xor     ax, ax                  ; no geometry without emulation
        xor     bx, bx
        cmp     byte [es:E_EMULATION], EM_NONE
        je      .geometry
        mov     cx, [es:E_GEO_CYLS]
        dec     cx
        mov     al, cl
        mov     ah, ch
        mov     cl, 6
        shl     ah, cl
        or      ah, [es:E_GEO_SECTORS]
        mov     bl, [es:E_GEO_HEADS]
        dec     bl
.geometry:
        mov     [si + SP_CYLS], ax
        mov     [si + SP_CYLS + 2], bl
        pop     ds
        ret

; The real drives get their numbers back. ES = EBDA. Destroys AL.
eltorito_end:
        cmp     byte [es:E_EMULATION], EM_NONE
        je      .done
        cmp     byte [es:E_EMULATION], EM_DISK
        je      .off
        mov     al, [es:E_EQUIP_SAVED]
        mov     [B_EQUIP], al
.off:
        mov     byte [es:E_EMULATION], EM_NONE
        mov     byte [es:E_EMULATED], CD_DRIVE
.done:
        ret

; AH = 4Ah: emulates what the packet at DS:SI names. AH = 4Ch: and boots it.
eltorito_initiate:
        call    eltorito_take_packet
        jc      .done
        call    eltorito_begin
        mov     al, 0
        jnc     .done
        mov     al, DS_DATA
.done:
        ret

eltorito_initiate_boot:
        call    eltorito_take_packet
        jc      .done
        call    eltorito_load
        mov     al, DS_DATA
        jc      .done
        jmp     eltorito_start
.done:
        ret

; CF = 1: no such medium, AL = status. Destroys AX, SI.
eltorito_take_packet:
        push    ds
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        mov     al, [si + SP_MEDIA]
        and     al, 0Fh
        cmp     al, EM_DISK
        ja      .bad
        mov     [es:E_MEDIA], al
        mov     ax, [si + SP_LBA]
        mov     [es:E_IMAGE], ax
        mov     ax, [si + SP_LBA + 2]
        mov     [es:E_IMAGE + 2], ax
        mov     ax, [si + SP_SEGMENT]
        mov     [es:E_BOOT_SEGMENT], ax
        mov     ax, [si + SP_COUNT]
        mov     [es:E_BOOT_COUNT], ax
        pop     ds
        push    di
        push    ax
        call    eltorito_end_keep
        pop     ax
        pop     di
        clc
        ret
.bad:
        pop     ds
        mov     al, DS_BAD_COMMAND
        stc
        ret
eltorito_end_keep:
        jmp     eltorito_end

; AH = 4Dh: the command packet at DS:SI: buffer (dword at 4), first sector of the
; catalog (word at 2), sectors (byte at 1).
eltorito_catalog:
        push    ds
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        mov     al, [si + 1]
        mov     ah, 0
        mov     [es:E_COUNT], ax
        mov     ax, [si + 2]
        mov     [es:E_UNIT], ax
        mov     word [es:E_UNIT + 2], 0
        mov     ax, [si + 4]
        mov     [es:E_BUFFER], ax
        mov     ax, [si + 6]
        mov     [es:E_BUFFER + 2], ax
        pop     ds
        mov     ax, [es:E_CATALOG]
        add     [es:E_UNIT], ax
        mov     ax, [es:E_CATALOG + 2]
        adc     [es:E_UNIT + 2], ax
        mov     byte [es:E_SHIFT], 0
        mov     al, DC_READ
        jmp     cdrom_transfer

; --- boot -------------------------------------------------------------------
; -> AL = why not.
boot_cd:
        call    load_ebda
        cmp     byte [es:E_CDROM], 0FFh
        mov     al, BR_ABSENT
        je      .done
        mov     di, E_CDREC
        call    eltorito_end
        call    cdrom_ready
        mov     ah, BR_EMPTY
        jc      .reason
        mov     word [es:E_UNIT], 17    ; boot record volume descriptor
        mov     word [es:E_UNIT + 2], 0
        call    boot_cd_sector
        mov     ah, BR_ERROR
        jc      .reason
        call    boot_cd_descriptor
        mov     ah, BR_NO_RECORD
        jne     .reason
        call    boot_cd_sector
        mov     ah, BR_ERROR
        jc      .reason
        call    boot_cd_entry
        mov     ah, BR_NO_RECORD
        jc      .reason
        call    eltorito_load
        mov     ah, BR_ERROR
        jc      .reason
        jmp     eltorito_start
.reason:
        mov     al, ah
.done:
        ret

; Sector E_UNIT of the CD to 0:7C00. Destroys AX, BX, CX, DX, SI.
boot_cd_sector:
        mov     byte [es:E_SHIFT], 0
        mov     word [es:E_COUNT], 1
        mov     word [es:E_BUFFER], BOOT_RECORD
        mov     word [es:E_BUFFER + 2], 0
        mov     al, DC_READ
        jmp     cdrom_transfer

; Is 0:7C00 the descriptor of a bootable CD -> ZF = 1, E_UNIT = its catalog's
; sector. Destroys AX, CX, SI.
boot_cd_descriptor:
        push    ds
        push    es
        push    di
        mov     cx, boot_cd_mark_end - boot_cd_mark
        push    cs
        pop     ds
        mov     si, boot_cd_mark
        xor     ax, ax
        mov     es, ax
        mov     di, BOOT_RECORD
        repe cmpsb
        pop     di
        pop     es
        mov     ds, ax
        jne     .done
        mov     ax, [BOOT_RECORD + 47h]
        mov     [es:E_UNIT], ax
        mov     [es:E_CATALOG], ax
        mov     ax, [BOOT_RECORD + 49h]
        mov     [es:E_UNIT + 2], ax
        mov     [es:E_CATALOG + 2], ax
        cmp     ax, ax
.done:
        pop     ds
        ret

boot_cd_mark:
        db      0, "CD001", 1, "EL TORITO SPECIFICATION"
boot_cd_mark_end:

; 0:7C00 = catalog -> CF = 0: E_MEDIA, E_IMAGE, E_BOOT_* are those of its first
; bootable entry for an x86. Destroys AX, CX, DX, SI.
boot_cd_entry:
        push    ds
        xor     ax, ax
        mov     ds, ax
        mov     si, BOOT_RECORD
        cmp     byte [si], 1
        jne     .none
        cmp     word [si + 1Eh], 0AA55h
        jne     .none
        mov     dl, [si + 1]            ; platform
        mov     cx, 16
.sum:
        add     ax, [si]
        add     si, 2
        loop    .sum
        or      ax, ax
        jnz     .none
.entry:                                 ; SI = the next one
        mov     al, [si]
        cmp     al, 88h
        jne     .header
        or      dl, dl
        jz      .take
.header:
        and     al, 0FEh
        cmp     al, 90h                 ; a section begins
        jne     .next
        mov     dl, [si + 1]
.next:
        add     si, 20h
        cmp     si, BOOT_RECORD + 2048
        jb      .entry
.none:
        pop     ds
        stc
        ret
.take:
        mov     al, [si + 1]
        and     al, 0Fh
        cmp     al, EM_DISK
        ja      .next
        mov     [es:E_MEDIA], al
        mov     ax, [si + 2]
        mov     [es:E_BOOT_SEGMENT], ax
        mov     ax, [si + 6]
        mov     [es:E_BOOT_COUNT], ax
        mov     ax, [si + 8]
        mov     [es:E_IMAGE], ax
        mov     ax, [si + 10]
        mov     [es:E_IMAGE + 2], ax
        pop     ds
        clc
        ret

; Loads the image's first sectors and begins the emulation. CF = 1: it cannot be
; read, or holds nothing. Destroys AX, BX, CX, DX, SI.
eltorito_load:
        mov     ax, [es:E_BOOT_SEGMENT]
        or      ax, ax
        jnz     .segment
        mov     ax, BOOT_RECORD / 16
        mov     [es:E_BOOT_SEGMENT], ax
.segment:
        mov     word [es:E_BUFFER], 0
        mov     [es:E_BUFFER + 2], ax
        mov     bx, [B_MEMORY]          ; no further than base memory goes
        mov     cl, 6
        shl     bx, cl
        sub     bx, ax
        jbe     .bad
        dec     cx
        shr     bx, cl                  ; in sectors
        mov     ax, [es:E_BOOT_COUNT]
        or      ax, ax
        jnz     .some
        inc     ax
.some:
        cmp     ax, bx
        jbe     .count
        mov     ax, bx
.count:
        or      ax, ax
        jz      .bad
        mov     [es:E_COUNT], ax
        xor     ax, ax
        mov     [es:E_UNIT], ax
        mov     [es:E_UNIT + 2], ax
        mov     byte [es:E_SHIFT], 2
        mov     al, DC_READ
        call    cdrom_transfer
        jc      .done
        jmp     eltorito_begin
.bad:
        stc
.done:
        ret

; E_MEDIA, E_IMAGE -> the drive is there. A disk's geometry is that of its first
; partition. CF = 1: it has none. Destroys AX, BX, CX, DX, SI.
eltorito_begin:
        mov     al, [es:E_MEDIA]
        mov     byte [es:E_EMULATED], CD_DRIVE
        cmp     al, EM_NONE
        je      .good
        cmp     al, EM_DISK
        je      .disk
        mov     bx, emulated_sectors - 1
        cs xlatb
        mov     [es:E_GEO_SECTORS], al
        mov     word [es:E_GEO_HEADS], 2
        mov     word [es:E_GEO_CYLS], 80
        mov     byte [es:E_EMULATED], 00h
        mov     al, [B_EQUIP]
        mov     [es:E_EQUIP_SAVED], al
        test    al, 01h                 ; a real one becomes the second
        jz      .first
        or      al, 40h
.first:
        or      al, 01h
        mov     [B_EQUIP], al
        jmp     .on
.disk:
        call    eltorito_partition
        jc      .done
        mov     byte [es:E_EMULATED], 80h
.on:
        mov     al, [es:E_MEDIA]
        mov     [es:E_EMULATION], al
.good:
        clc
.done:
        ret

emulated_sectors:
        db      15, 18, 36

; Reads the first sector of the image to E_PARTITION's place: only the first
; entry of its table is kept. CF = 1: none. Destroys AX, BX, CX, DX, SI.
eltorito_partition:
        mov     ax, [es:E_IMAGE]
        mov     [es:E_LBA], ax
        mov     ax, [es:E_IMAGE + 2]
        mov     [es:E_LBA + 2], ax
        mov     word [es:E_BUFFER], E_PARTITION
        mov     [es:E_BUFFER + 2], es
        mov     word [es:E_SKIP], 1BEh / 2
        mov     word [es:E_WANT], 8
        mov     cx, 1
        call    cdrom_read
        jc      .done
        mov     al, [es:E_PARTITION + 5]
        mov     ah, 0
        inc     ax
        mov     [es:E_GEO_HEADS], ax
        mov     al, [es:E_PARTITION + 6]
        mov     ah, al
        and     al, 3Fh
        mov     [es:E_GEO_SECTORS], al
        stc
        jz      .done
        mov     al, [es:E_PARTITION + 7]
        mov     cl, 6
        shr     ah, cl
        inc     ax
        mov     [es:E_GEO_CYLS], ax
        clc
.done:
        ret

; Starts what was loaded: DL = drive. Does not return.
eltorito_start:
        mov     si, text_booting
        call    put_text
        mov     si, text_cd_boot
        call    put_text
        mov     si, text_dots
        call    put_text
        call    load_ebda
        mov     dl, [es:E_EMULATED]
        mov     bx, [es:E_BOOT_SEGMENT]
        xor     ax, ax
        mov     ss, ax
        mov     sp, BOOT_STACK
        mov     ds, ax
        mov     es, ax
        mov     ax, bx
        and     ax, 0F000h
        push    ax                      ; 07C0h: at 0000:7C00
        mov     cl, 4
        shl     bx, cl
        push    bx
        xor     ax, ax
        xor     bx, bx
        xor     cx, cx
        xor     dh, dh
        xor     si, si
        xor     di, di
        xor     bp, bp
        sti
        retf
