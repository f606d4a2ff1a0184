; The geometry that INT 13h shows for a disk.
;
; A disk carries numbers of cylinders and heads in its partition table and in
; its boot records, so the first rule is to keep to what is written there:
;   1. The partition table, when one pair of heads and sectors explains every
;      address in it, beyond cylinder 0.
;   2. The parameter block of a boot record (of the disk, when it has no
;      partition table, or of the first partition).
;   3. The CMOS: types of the first two disks, 47 with its own numbers, and
;      translation in register 39h: none as long as 1024 cylinders suffice,
;      LARGE, LBA.
;   4. By size: 63 sectors, and the fewest heads of 16, 32, 64, 128, 255 with
;      which 1024 cylinders suffice.
;
; In this file ES is the EBDA and DI the drive record. Runs at start-up only;
; 0:7C00 holds sectors, 0:0600 a list of what the partition table says.

GEO_POINTS      equ     600h            ; 8 bytes each: cylinder, head, sector,
GEO_POINTS_MAX  equ     8               ; LBA
GEO_CYL         equ     0
GEO_HEAD        equ     2
GEO_SECTOR      equ     3
GEO_LBA         equ     4
GEO_LIMIT       equ     1023            ; cylinder that means "or above"

; BL = number of the disk. Fills in D_CYLS, D_HEADS, D_SECTORS, D_MODE, sets the
; drive's own geometry, fills the table of INT 41h or 46h. Destroys AX, BX, CX,
; DX, SI.
geometry_choose:
        push    bx
        call    geometry_from_cmos
        call    geometry_limit
        call    geometry_read_table
        jc      .chosen                 ; unreadable: nothing more to learn
        call    geometry_from_table
        jnc     .table
        call    geometry_from_record
        jc      .chosen
.table:
        cmp     ax, [es:di + D_HEADS]
        jne     .differs
        cmp     cl, [es:di + D_SECTORS]
        je      .chosen
.differs:
        mov     [es:di + D_HEADS], ax
        mov     [es:di + D_SECTORS], cl
        mov     byte [es:di + D_MODE], TR_TABLE
        call    geometry_cylinders
.chosen:
        call    geometry_set_drive
        pop     bx
        jmp     geometry_parameters

; D_CYLS = whole cylinders of the disk, at most 1024; CF = 1: it has more.
; Destroys AX, BX, CX, DX.
geometry_cylinders:
        mov     ax, [es:di + D_HEADS]
        mul     byte [es:di + D_SECTORS]    ; heads 256 needs the long way
        cmp     word [es:di + D_HEADS], 256
        jne     .product
        mov     ah, [es:di + D_SECTORS]
        mov     al, 0
.product:
        mov     cx, ax                  ; sectors in a cylinder
        mov     ax, [es:di + D_TOTAL + 4]
        or      ax, [es:di + D_TOTAL + 6]
        jnz     .many
        mov     ax, [es:di + D_TOTAL]
        mov     dx, [es:di + D_TOTAL + 2]
        call    divide32
        or      dx, dx
        jnz     .many
        cmp     ax, 1024
        ja      .many
        or      ax, ax
        jnz     .store
        inc     ax
        jmp     .store
.many:
        mov     word [es:di + D_CYLS], 1024
        stc
        ret
.store:
        mov     [es:di + D_CYLS], ax
        clc
        ret

; Cuts what is shown to 1024 cylinders. Destroys AX.
geometry_limit:
        mov     ax, 1024
        cmp     [es:di + D_CYLS], ax
        jbe     .done
        mov     [es:di + D_CYLS], ax
.done:
        ret

; --- 3, 4: CMOS and size ----------------------------------------------------
; BL = number of the disk. Destroys AX, BX, CX, DX.
geometry_from_cmos:
        mov     ax, [es:di + D_PCYLS]
        mov     [es:di + D_CYLS], ax
        mov     al, [es:di + D_PHEADS]
        mov     ah, 0
        mov     [es:di + D_HEADS], ax
        mov     al, [es:di + D_PSECTORS]
        mov     [es:di + D_SECTORS], al
        mov     byte [es:di + D_MODE], TR_NONE
        call    geometry_type
        mov     al, CMOS_TRANS
        call    cmos_read
        mov     cl, bl
        shl     cl, 1
        shr     al, cl
        and     al, 03h
        cmp     al, TR_LBA
        je      geometry_by_size
        ja      geometry_large
        cmp     word [es:di + D_CYLS], 1024
        ja      geometry_by_size
        ret

; BL = number of the disk: takes the geometry of its type in the CMOS, when it has
; one that fits the drive. Types 1 to 46 are the AT's, 47 has its own numbers.
; Destroys AX, CX, DX, SI.
geometry_type:
        cmp     bl, 1
        ja      .done
        mov     al, CMOS_DISK
        call    cmos_read
        mov     cx, CMOS_DISK0_TYPE << 8 | CMOS_DISK0_GEO
        or      bl, bl
        jz      .first
        add     cx, 0109h
        shln    al, 4
.first:
        shrn    al, 4
        cmp     al, 15
        jne     .type
        mov     al, ch
        call    cmos_read
.type:
        cmp     al, 47
        je      .user
        ja      .done
        dec     al
        js      .done
        mov     ah, 16
        mul     ah
        mov     si, ax
        mov     dl, [cs:si + drive_types + 2]
        mov     dh, [cs:si + drive_types + 14]
        mov     ax, [cs:si + drive_types]
        jmp     .check
.user:
        mov     al, cl
        add     al, 8
        call    cmos_read               ; sectors
        mov     dh, al
        mov     al, cl
        add     al, 2
        call    cmos_read               ; heads
        mov     dl, al
        mov     al, cl
        call    cmos_read_word          ; cylinders
.check:
        or      ax, ax
        jz      .done
        or      dl, dl
        jz      .done
        dec     dh
        cmp     dh, 63
        jae     .done
        inc     dh
        call    geometry_fits
        jc      .done
        mov     [es:di + D_CYLS], ax
        mov     [es:di + D_HEADS], dl
        mov     [es:di + D_SECTORS], dh
.done:
        ret

; AX cylinders, DL heads, DH sectors -> CF = 1: the drive is smaller. Keeps all.
geometry_fits:
        push    ax
        push    bx
        push    dx
        mov     bx, ax
        mov     al, dl
        mul     dh
        mul     bx                      ; DX:AX = sectors
        cmp     word [es:di + D_TOTAL + 4], 0
        jne     .done                   ; CF = 0
        cmp     [es:di + D_TOTAL + 2], dx
        jne     .done
        cmp     [es:di + D_TOTAL], ax
.done:
        pop     dx
        pop     bx
        pop     ax
        ret

; By size. Destroys AX, BX, CX, DX.
geometry_by_size:
        mov     byte [es:di + D_MODE], TR_LBA
        mov     byte [es:di + D_SECTORS], 63
        mov     ax, 16
.try:
        mov     [es:di + D_HEADS], ax
        push    ax
        call    geometry_cylinders
        pop     ax
        jnc     .done
        shl     ax, 1
        cmp     ax, 256
        jb      .try
        ja      .done
        dec     ax
        jmp     .try                    ; 255: DOS counts heads in a byte
.done:
        ret

; CMOS translation LARGE: halves the cylinders, doubles the heads. The revised
; form starts from 15 heads, not 16. Destroys AX, CX, DX.
geometry_large:
        mov     byte [es:di + D_MODE], TR_LARGE
        cmp     al, 3
        jne     .next
        cmp     word [es:di + D_HEADS], 16
        jne     .next
        mov     ax, [es:di + D_CYLS]
        cmp     ax, 0F000h              ; the quotient would not fit
        jae     .next
        mov     cx, 16
        mul     cx
        dec     cx
        div     cx                      ; cylinders * 16 / 15
        mov     [es:di + D_CYLS], ax
        mov     [es:di + D_HEADS], cx
.next:
        cmp     word [es:di + D_CYLS], 1024
        jbe     .done
        cmp     word [es:di + D_HEADS], 127
        ja      .done
        shr     word [es:di + D_CYLS], 1
        shl     word [es:di + D_HEADS], 1
        jmp     .next
.done:
        ret

; --- 1: the partition table -------------------------------------------------
; DX:AX = sector: reads it to 0:7C00. CF = 1: failed. Destroys AX, BX, CX, DX.
geometry_read:
        mov     [es:E_LBA], ax
        mov     [es:E_LBA + 2], dx
        mov     word [es:E_LBA + 4], 0
        mov     word [es:E_LBA + 6], 0
        mov     word [es:E_COUNT], 1
        mov     word [es:E_BUFFER], POST_BUFFER
        mov     word [es:E_BUFFER + 2], 0
        mov     byte [es:E_COMMAND], DC_READ
        jmp     ata_transfer

; Sets the drive's own geometry, reads sector 0. CF = 1: failed. Destroys AX,
; BX, CX, DX.
geometry_read_table:
        call    ata_set_geometry
        xor     ax, ax
        xor     dx, dx
        jmp     geometry_read

; -> AX = heads, CL = sectors that explain the partition table; CF = 1: none,
; or it says nothing. Destroys BX, DX, SI.
geometry_from_table:
        push    ds
        xor     ax, ax
        mov     ds, ax
        cmp     word [POST_BUFFER + 510], 0AA55h
        jne     .none
        call    geometry_collect        ; BX = end of the list
        cmp     bx, GEO_POINTS
        je      .none
        call    geometry_beyond         ; anything beyond cylinder 0?
        jc      .none
        mov     ax, [es:di + D_HEADS]   ; what is set may do
        mov     cl, [es:di + D_SECTORS]
        call    geometry_verify
        jnc     .done
        call    geometry_by_ends
        jnc     .done
        call    geometry_solve
.done:
        pop     ds
        ret
.none:
        pop     ds
        stc
        ret

; DS = 0. Makes the list of addresses in the partition table -> BX = its end.
; Destroys AX, CX, DX, SI.
geometry_collect:
        mov     bx, GEO_POINTS
        mov     si, POST_BUFFER + 1BEh
.entry:
        cmp     byte [si + 4], 0        ; kind of partition
        je      .next
        mov     ax, [si + 12]
        or      ax, [si + 14]           ; size
        jz      .next
        mov     cx, [si + 2]            ; start: CL = sector, CH = cylinder
        mov     dh, [si + 1]
        push    word [si + 10]
        push    word [si + 8]
        call    geometry_add
        mov     ax, [si + 8]
        mov     dx, [si + 10]
        add     ax, [si + 12]
        adc     dx, [si + 14]
        sub     ax, 1
        sbb     dx, 0
        push    dx
        push    ax
        mov     cx, [si + 6]
        mov     dh, [si + 5]
        call    geometry_add
.next:
        add     si, 16
        cmp     si, POST_BUFFER + 1FEh
        jb      .entry
        ret

; CX, DH = cylinder, sector, head as in INT 13h; on the stack the LBA, taken
; off. Adds it to the list at BX when it is an address. Destroys AX, CX.
geometry_add:
        pop     ax                      ; return address
        pop     word [bx + GEO_LBA]
        pop     word [bx + GEO_LBA + 2]
        push    ax
        mov     [bx + GEO_HEAD], dh
        mov     al, cl
        and     al, 3Fh
        jz      .done                   ; sectors count from 1
        mov     [bx + GEO_SECTOR], al
        mov     al, ch
        mov     ah, cl
        mov     cl, 6
        shr     ah, cl
        mov     [bx + GEO_CYL], ax
        add     bx, 8
.done:
        ret

; BX = end of the list -> CF = 1: all its cylinders are 0. Destroys SI.
geometry_beyond:
        mov     si, GEO_POINTS
.next:
        cmp     word [si + GEO_CYL], 1
        jae     .done                   ; CF = 0
        add     si, 8
        cmp     si, bx
        jb      .next
        stc
.done:
        ret

; AX = heads, CL = sectors -> CF = 0: they explain every address. Keeps all.
geometry_verify:
        push    si
        mov     si, GEO_POINTS
.next:
        call    geometry_verify_one
        jc      .done
        add     si, 8
        cmp     si, bx
        jb      .next
        clc
.done:
        pop     si
        ret

; The same for the address at SI. Keeps all.
geometry_verify_one:
        push    ax
        push    bx
        push    cx
        push    dx
        mov     ch, 0
        mov     bx, ax                  ; heads
        cmp     [si + GEO_HEAD], al
        jb      .head
        cmp     ax, 256
        jne     .no
.head:
        cmp     cl, [si + GEO_SECTOR]
        jb      .no
        cmp     word [si + GEO_CYL], GEO_LIMIT
        je      .above
        mov     ax, [si + GEO_CYL]
        call    geometry_to_lba
        cmp     ax, [si + GEO_LBA]
        jne     .no
        cmp     dx, [si + GEO_LBA + 2]
        jne     .no
.yes:
        clc
        jmp     .done
.above:                                 ; not before head 0 of that cylinder
        mov     ax, GEO_LIMIT
        mul     bx
        call    multiply32
        cmp     [si + GEO_LBA + 2], dx
        ja      .yes
        jb      .no
        cmp     [si + GEO_LBA], ax
        jae     .yes
.no:
        stc
.done:
        pop     dx
        pop     cx
        pop     bx
        pop     ax
        ret

; AX = cylinder, BX = heads, CX = sectors, head and sector at SI -> DX:AX = LBA.
geometry_to_lba:
        mul     bx
        add     al, [si + GEO_HEAD]
        adc     ah, 0
        adc     dx, 0
        call    multiply32
        add     al, [si + GEO_SECTOR]
        adc     ah, 0
        adc     dx, 0
        sub     ax, 1
        sbb     dx, 0
        ret

; DX:AX * CX -> DX:AX. Destroys nothing else.
multiply32:
        push    bx
        push    ax
        mov     ax, dx
        mul     cx
        mov     bx, ax
        pop     ax
        mul     cx
        add     dx, bx
        pop     bx
        ret

; BX = end of the list: partitions mostly end with a cylinder, so the head and
; sector of an end may be the last ones -> AX = heads, CL = sectors; CF = 1: no.
; Destroys SI.
geometry_by_ends:
        mov     si, GEO_POINTS
.next:
        mov     al, [si + GEO_HEAD]
        mov     ah, 0
        inc     ax
        mov     cl, [si + GEO_SECTOR]
        call    geometry_verify
        jnc     .done
        add     si, 8
        cmp     si, bx
        jb      .next
        stc
.done:
        ret

; BX = end of the list: for each number of sectors the number of heads follows
; from an address beyond cylinder 0 -> AX = heads, CL = sectors; CF = 1: none.
; Destroys DX, SI.
geometry_solve:
        mov     si, GEO_POINTS
.find:
        cmp     word [si + GEO_CYL], 0
        je      .other
        cmp     word [si + GEO_CYL], GEO_LIMIT
        jne     .found
.other:
        add     si, 8
        cmp     si, bx
        jb      .find
        stc
        ret
.found:
        mov     cl, 63
.sectors:
        call    geometry_heads
        jc      .next
        call    geometry_verify
        jnc     .done
.next:
        dec     cl
        jnz     .sectors
        stc
.done:
        ret

; Address at SI, CL = sectors -> AX = heads; CF = 1: not a whole number, or not
; 1 to 256. Keeps BX, CX. heads = ((LBA - sector + 1) / sectors - head) / cyl
geometry_heads:
        push    bx
        push    cx
        mov     ch, 0
        mov     ax, [si + GEO_LBA]
        mov     dx, [si + GEO_LBA + 2]
        add     ax, 1
        adc     dx, 0
        mov     bl, [si + GEO_SECTOR]
        mov     bh, 0
        sub     ax, bx
        sbb     dx, 0
        jc      .done
        call    divide32
        or      bx, bx
        jnz     .none
        mov     bl, [si + GEO_HEAD]
        sub     ax, bx
        sbb     dx, 0
        jc      .done
        mov     cx, [si + GEO_CYL]
        call    divide32
        or      bx, dx
        jnz     .none
        dec     ax
        cmp     ax, 256
        jae     .none
        inc     ax
        clc
        jmp     .done
.none:
        stc
.done:
        pop     cx
        pop     bx
        ret

; --- 2: boot records --------------------------------------------------------
; Sector 0 stands at 0:7C00 -> AX = heads, CL = sectors of a parameter block;
; CF = 1: none. Destroys BX, DX, SI.
geometry_from_record:
        push    ds
        xor     ax, ax
        mov     ds, ax
        call    geometry_block
        jnc     .done
        cmp     word [POST_BUFFER + 510], 0AA55h
        jne     .none
        mov     si, POST_BUFFER + 1BEh
.entry:
        cmp     byte [si + 4], 0
        jne     .partition
        add     si, 16
        cmp     si, POST_BUFFER + 1FEh
        jb      .entry
.none:
        stc
        jmp     .done
.partition:
        mov     ax, [si + 8]
        mov     dx, [si + 10]
        pop     ds
        push    ds
        call    geometry_read
        jc      .done
        xor     ax, ax
        mov     ds, ax
        call    geometry_block
.done:
        pop     ds
        ret

; DS = 0: is a boot record of a disk at 7C00? As geometry_from_record.
geometry_block:
        cmp     word [POST_BUFFER + 510], 0AA55h
        jne     .no
        cmp     byte [POST_BUFFER], 0EBh
        je      .jump
        cmp     byte [POST_BUFFER], 0E9h
        jne     .no
.jump:
        cmp     word [POST_BUFFER + 0Bh], 512
        jne     .no
        cmp     byte [POST_BUFFER + 15h], 0F8h
        jne     .no
        mov     cx, [POST_BUFFER + 18h]
        dec     cx
        cmp     cx, 63
        jae     .no
        inc     cx
        mov     ax, [POST_BUFFER + 1Ah]
        dec     ax
        cmp     ax, 256
        jae     .no
        inc     ax
        clc
        ret
.no:
        stc
        ret

; --- what follows from it ---------------------------------------------------
; The drive itself gets the geometry of INT 13h where it can have it, so that
; systems which program it by that find what they expect. A drive that refuses
; keeps its own. Destroys AX, CX.
geometry_set_drive:
        mov     ax, [es:di + D_HEADS]
        cmp     ax, 16
        ja      .done
        mov     cl, [es:di + D_PHEADS]
        mov     ch, [es:di + D_PSECTORS]
        mov     [es:di + D_PHEADS], al
        mov     al, [es:di + D_SECTORS]
        mov     [es:di + D_PSECTORS], al
        call    ata_set_geometry
        jnc     .done
        mov     [es:di + D_PHEADS], cl
        mov     [es:di + D_PSECTORS], ch
.done:
        ret

; BL = number of the disk: the table that INT 41h, INT 46h point to, translated
; (with its own geometry and a checksum) or not. Destroys AX, BX, CX, SI.
geometry_parameters:
        cmp     bl, 1
        ja      .done
        mov     si, E_DISK0_TABLE
        jb      .fill
        mov     si, E_DISK1_TABLE
.fill:
        mov     ax, [es:di + D_CYLS]
        mov     [es:si], ax
        mov     al, [es:di + D_HEADS]
        mov     [es:si + 2], al
        mov     al, [es:di + D_SECTORS]
        mov     [es:si + 0Eh], al
        mov     word [es:si + 3], 0
        mov     word [es:si + 5], 0FFFFh    ; no write precompensation
        mov     byte [es:si + 7], 0
        mov     al, 0C0h                ; no retries
        cmp     word [es:di + D_HEADS], 8
        jbe     .control
        or      al, 08h
.control:
        mov     [es:si + 8], al
        mov     ax, [es:di + D_CYLS]
        mov     [es:si + 9], ax
        mov     byte [es:si + 0Bh], 0
        mov     [es:si + 0Ch], ax       ; landing zone
        mov     byte [es:si + 0Fh], 0
        cmp     word [es:di + D_HEADS], 16
        ja      .translated
        mov     word [es:si + 9], 0     ; time-outs of the standard form
.done:
        ret
.translated:
        mov     byte [es:si + 3], 0A0h
        mov     al, [es:di + D_PSECTORS]
        mov     [es:si + 4], al
        mov     ax, [es:di + D_PCYLS]
        mov     [es:si + 9], ax
        mov     al, [es:di + D_PHEADS]
        mov     [es:si + 0Bh], al
        mov     cx, 0Fh
        mov     al, 0
        mov     bx, si
.sum:
        add     al, [es:bx]
        inc     bx
        loop    .sum
        neg     al
        mov     [es:si + 0Fh], al
        ret
