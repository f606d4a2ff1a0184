; INT 13h AH=41h-4Eh: access by sector number (Enhanced Disk Drive services
; 3.0, fixed disk subset).

EDD_SIZE        equ     0               ; disk address packet
EDD_COUNT       equ     2
EDD_BUFFER      equ     4
EDD_LBA         equ     8
EDD_BUFFER64    equ     10h

; AH = 41h: BX = 55AAh -> BX = AA55h, AH = version 3.0, CX = 5: functions 42h-44h,
; 47h, 48h, and what 48h tells of the drive.
edd_present:
        cmp     word [bp + FR_BX], 55AAh
        mov     al, DS_BAD_COMMAND
        jne     .done
        mov     word [bp + FR_BX], 0AA55h
        mov     word [bp + FR_CX], 0005h
        mov     byte [bp + FR_AH], 30h
        mov     byte [B_HDSTATUS], 0
        call    service_ok_flag
        add     sp, 2                   ; AH is not a status here
        jmp     service_return
.done:
        ret

; AH = 42h, 43h, 44h: the packet at DS:SI says what -> its count is what was
; done.
edd_read:
        mov     al, DC_READ
        jmp     edd_transfer
edd_write:
        cmp     byte [bp + FR_AL], 2    ; 2: and verify
        mov     al, DC_WRITE
        jb      edd_transfer
        jne     edd_bad
        call    edd_transfer
        or      al, al
        jnz     edd_done
edd_verify:
        mov     al, DC_VERIFY
        ; fall through

; AL = DC_*.
edd_transfer:
        mov     [es:E_COMMAND], al
        call    edd_packet
        jc      edd_bad
        call    disk_bounds
        jc      .none
        call    ata_transfer
.none:
        push    ax
        push    ds
        mov     cx, [es:E_COUNT]
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        sub     [si + EDD_COUNT], cx
        pop     ds
        pop     ax
        ret
edd_bad:
        mov     al, DS_BAD_COMMAND
edd_done:
        ret

; Takes E_COUNT, E_LBA, E_BUFFER from the packet. CF = 1: it is no packet.
; Destroys AX, BX, SI.
edd_packet:
        push    ds
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        cmp     byte [si + EDD_SIZE], 10h
        jb      .done
        mov     ax, [si + EDD_COUNT]
        mov     [es:E_COUNT], ax
        mov     ax, [si + EDD_LBA]
        mov     [es:E_LBA], ax
        mov     ax, [si + EDD_LBA + 2]
        mov     [es:E_LBA + 2], ax
        mov     ax, [si + EDD_LBA + 4]
        mov     [es:E_LBA + 4], ax
        mov     ax, [si + EDD_LBA + 6]
        mov     [es:E_LBA + 6], ax
        mov     ax, [si + EDD_BUFFER]
        mov     bx, [si + EDD_BUFFER + 2]
        mov     [es:E_BUFFER], ax
        mov     [es:E_BUFFER + 2], bx
        and     ax, bx
        inc     ax
        jnz     .good
        cmp     byte [si + EDD_SIZE], 18h
        jb      .good
        call    edd_flat_buffer
        jmp     .done
.good:
        clc
.done:
        pop     ds
        ret

; DS:SI = packet with FFFF:FFFF for buffer: the flat address beyond the packet,
; as far as segments reach. CF = 1: further.
edd_flat_buffer:
        mov     ax, [si + EDD_BUFFER64 + 4]
        or      ax, [si + EDD_BUFFER64 + 6]
        neg     ax                      ; CF = 1: not 0
        jc      .done
        mov     ax, [si + EDD_BUFFER64]
        mov     bx, [si + EDD_BUFFER64 + 2]
        cmp     bx, 10h
        cmc
        jc      .done
        push    ax
        and     ax, 0Fh
        mov     [es:E_BUFFER], ax
        pop     ax
        push    cx
        mov     cx, 4
.shift:
        shr     bx, 1
        rcr     ax, 1
        loop    .shift
        pop     cx
        mov     [es:E_BUFFER + 2], ax
        clc
.done:
        ret

; AH = 47h: seek.
edd_seek:
        call    edd_packet
        jc      edd_bad
        mov     word [es:E_COUNT], 1
        call    disk_bounds
        jc      edd_done
        jmp     disk_seek_lba

; AH = 48h: fills the buffer at DS:SI, as much of it as its first word says: 26,
; 30, or 66 bytes.
EP_SIZE         equ     00h
EP_FLAGS        equ     02h
EP_CYLS         equ     04h
EP_HEADS        equ     08h
EP_SECTORS      equ     0Ch
EP_TOTAL        equ     10h
EP_BYTES        equ     18h
EP_DPTE         equ     1Ah
EP_PATH         equ     1Eh
EP_PATH_END     equ     42h

edd_parameters:
        mov     si, [bp + FR_SI]
        mov     ds, [bp + FR_DS]
        mov     cx, [si + EP_SIZE]
        cmp     cx, EP_DPTE
        mov     al, DS_BAD_COMMAND
        jb      .done
        call    edd_fill_geometry
        cmp     cx, EP_PATH
        mov     ax, EP_DPTE
        jb      .size
        call    edd_fill_dpte
        mov     word [si + EP_DPTE], E_DPTE
        mov     [si + EP_DPTE + 2], es
        cmp     cx, EP_PATH_END
        mov     ax, EP_PATH
        jb      .size
        call    edd_fill_path
        mov     ax, EP_PATH_END
.size:
        mov     [si + EP_SIZE], ax
        mov     al, 0
.done:
        mov     bx, BDA
        mov     ds, bx
        ret

; DS:SI = buffer. Destroys AX.
edd_fill_geometry:
        mov     word [si + EP_FLAGS], 0003h ; DMA boundaries are seen to, CHS is
        mov     ax, [es:di + D_PCYLS]       ; good
        mov     [si + EP_CYLS], ax
        mov     al, [es:di + D_PHEADS]
        mov     ah, 0
        mov     [si + EP_HEADS], ax
        mov     al, [es:di + D_PSECTORS]
        mov     [si + EP_SECTORS], ax
        xor     ax, ax
        mov     [si + EP_CYLS + 2], ax
        mov     [si + EP_HEADS + 2], ax
        mov     [si + EP_SECTORS + 2], ax
        mov     ax, [es:di + D_TOTAL]
        mov     [si + EP_TOTAL], ax
        mov     ax, [es:di + D_TOTAL + 2]
        mov     [si + EP_TOTAL + 2], ax
        mov     ax, [es:di + D_TOTAL + 4]
        mov     [si + EP_TOTAL + 4], ax
        mov     ax, [es:di + D_TOTAL + 6]
        mov     [si + EP_TOTAL + 6], ax
        mov     word [si + EP_BYTES], 512
        ret

; The device parameter table extension in the EBDA. Destroys AX.
edd_fill_dpte:
        push    cx
        push    si
        mov     ax, [es:di + D_BASE]
        mov     [es:E_DPTE], ax
        mov     ax, [es:di + D_CTRL]
        mov     [es:E_DPTE + 2], ax
        mov     al, [es:di + D_SELECT]
        test    byte [es:di + D_FLAGS], DF_LBA
        jz      .select
        or      al, 40h
.select:
        mov     ah, 0                   ; Phoenix's own byte
        mov     [es:E_DPTE + 4], ax
        mov     al, [es:di + D_IRQ]
        mov     ah, 1                   ; sectors a block
        mov     [es:E_DPTE + 6], ax
        mov     word [es:E_DPTE + 8], 0 ; DMA, PIO mode
        call    edd_options
        mov     [es:E_DPTE + 10], ax
        mov     word [es:E_DPTE + 12], 0
        mov     byte [es:E_DPTE + 14], 11h
        mov     si, E_DPTE
        mov     cx, 15
        mov     al, 0
.sum:
        add     al, [es:si]
        inc     si
        loop    .sum
        neg     al
        mov     [es:E_DPTE + 15], al
        pop     si
        pop     cx
        ret

; -> AX = options: 3 CHS translation, 4 LBA, 9-10 kind of translation.
edd_options:
        xor     ax, ax
        test    byte [es:di + D_FLAGS], DF_LBA
        jz      .translation
        or      al, 10h
.translation:
        cmp     byte [es:di + D_MODE], TR_NONE
        je      .done
        or      al, 08h
        cmp     byte [es:di + D_MODE], TR_LBA
        jne     .done
        or      ah, 02h
.done:
        ret

; DS:SI = buffer: the device path. Destroys AX.
edd_fill_path:
        push    bx
        push    cx
        push    si
        push    di
        add     si, EP_PATH
        mov     bx, edd_path
        mov     cx, EP_PATH_END - EP_PATH
.copy:
        mov     al, [cs:bx]
        mov     [si], al
        inc     bx
        inc     si
        loop    .copy
        sub     si, EP_PATH_END - EP_PATH
        mov     ax, [es:di + D_BASE]
        mov     [si + 12h], ax          ; interface: its first port
        mov     al, [es:di + D_SELECT]
        shrn    al, 4
        and     al, 1
        mov     [si + 1Ah], al          ; device: 0 first, 1 second
        mov     cx, EP_PATH_END - EP_PATH - 1
        mov     al, 0
.sum:
        add     al, [si]
        inc     si
        loop    .sum
        neg     al
        mov     [si], al
        pop     di
        pop     si
        pop     cx
        pop     bx
        ret

edd_path:
        dw      0BEDDh                  ; key
        db      EP_PATH_END - EP_PATH, 0, 0, 0
        db      "ISA "
        db      "ATA     "
        dw      0, 0, 0, 0              ; interface path
        dw      0, 0, 0, 0              ; device path
        db      0, 0                    ; checksum

; AH = 4Eh: AL = 0, 1 prefetch, 2, 3 transfer mode, 4, 5, 6 DMA: only the
; defaults are there to be set -> AL = 0: other drives are not touched.
edd_configure:
        mov     al, [bp + FR_AL]
        cmp     al, 6
        ja      edd_bad
        mov     cl, al
        mov     al, 01011010b           ; 1, 3, 4, 6
        shr     al, cl
        test    al, 1
        jz      edd_bad
        mov     byte [bp + FR_AL], 0
        mov     al, 0
        ret
