; CD drive: packets by PIO. ES is the EBDA, DI = E_CDREC, a drive record of
; which only ports and place count. A routine that can fail returns CF = 1 with
; the status for INT 13h in AL.

CD_LIMIT        equ     2048            ; bytes a block of data
CD_TRIES        equ     24              ; half seconds until a disc has spun up

DS_WRITE_PROTECTED equ  03h
DS_CHANGED      equ     06h
DS_DATA         equ     10h
DS_NO_MEDIUM    equ     31h
DS_NOT_LOCKED   equ     0B0h
DS_LOCKED       equ     0B1h

; SI = channel, BL = A0h or B0h: fills the record. Destroys AX.
cdrom_record:
        mov     ax, [cs:si]
        mov     [es:E_CDREC + D_BASE], ax
        mov     ax, [cs:si + 2]
        mov     [es:E_CDREC + D_CTRL], ax
        mov     ax, [cs:si + 4]
        mov     [es:E_CDREC + D_IRQ], al
        mov     [es:E_CDREC + D_SELECT], bl
        mov     byte [es:E_CDREC + D_FLAGS], 0
        ret

; Selects the drive; unlike a disk it may show itself not ready. Destroys AX.
cdrom_select:
        push    dx
        mov     ah, 5
        call    ata_wait
        jc      .done
        mov     al, [es:di + D_SELECT]
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_DEVICE
        out     dx, al
        call    ata_settle
        mov     ah, 5
        call    ata_wait
.done:
        pop     dx
        ret

; Empties the packet, AL = its code. Destroys CX.
cdrom_new_packet:
        push    di
        push    ax
        mov     di, E_PACKET
        xor     ax, ax
        mov     cx, 6
        rep stosw
        pop     ax
        pop     di
        mov     [es:E_PACKET], al
        ret

; Sends the packet of E_PACKET and takes its data: the first E_SKIP words are
; dropped, E_WANT words go to E_BUFFER, the rest is dropped. CF = 1: AL =
; status: FFh, the drive tells more as sense, or DS_TIMEOUT. Destroys AX, CX, DX,
; SI.
cdrom_packet:
        call    cdrom_select
        jc      .timeout
        mov     dx, [es:di + D_BASE]
        inc     dx                      ; features: by PIO
        mov     al, 0
        out     dx, al
        add     dx, ATA_CYL_LOW - 1
        mov     al, CD_LIMIT & 0FFh
        out     dx, al
        inc     dx
        mov     al, CD_LIMIT >> 8
        out     dx, al
        mov     al, 0A0h
        call    ata_start
        call    .phase
        jc      .error
        jz      .error                  ; it does not want the packet
        mov     dx, [es:di + D_BASE]
        mov     si, E_PACKET
        mov     cx, 6
.word:
        mov     ax, [es:si]
        out     dx, ax
        add     si, 2
        loop    .word
        call    ata_settle
.block:
        call    .phase
        jc      .error
        jz      .done
        call    cdrom_block
        jmp     .block
.error:
        cmp     al, DS_TIMEOUT
        je      .timeout
        mov     al, 0FFh
.timeout:
        stc
.done:
        ret
; Waits for the next phase -> ZF = 1: no data; CF = 1: an error.
.phase:
        mov     ah, 30
        call    ata_wait
        jc      .phase_end
        call    ata_note
        test    byte [B_HDREG_STATUS], AS_ERROR
        mov     al, 0
        stc
        jnz     .phase_end
        test    byte [B_HDREG_STATUS], AS_DRQ   ; CF = 0
.phase_end:
        ret

; Takes one block of data. Destroys AX, CX, DX.
cdrom_block:
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_CYL_LOW
        in      al, dx
        mov     cl, al
        inc     dx
        in      al, dx
        mov     ch, al
        inc     cx
        shr     cx, 1                   ; words
        mov     dx, [es:di + D_BASE]
        mov     ax, [es:E_SKIP]
        call    .part
        sub     [es:E_SKIP], ax
        call    .drop
        mov     ax, [es:E_WANT]
        call    .part
        sub     [es:E_WANT], ax
        call    .take
        mov     ax, cx
        ; fall through
.drop:                                  ; AX words
        push    cx
        mov     cx, ax
        jcxz    .dropped
.next:
        in      ax, dx
        loop    .next
.dropped:
        pop     cx
        ret
.part:                                  ; AX = the smaller of AX, CX; CX less
        cmp     ax, cx                  ; that
        jbe     .fits
        mov     ax, cx
.fits:
        sub     cx, ax
        ret
.take:                                  ; AX words to E_BUFFER, which moves on
        or      ax, ax
        jz      .taken
        push    cx
        push    di
        push    es
        mov     cx, ax
        mov     al, [es:E_CPU]
        les     di, [es:E_BUFFER]
        cmp     di, 0 - CD_LIMIT
        jbe     .near
        push    ax                      ; would run over the segment's end
        push    bx
        mov     ax, di
        shrn    ax, 4
        mov     bx, es
        add     ax, bx
        mov     es, ax
        and     di, 0Fh
        pop     bx
        pop     ax
.near:
        cmp     al, CPU_286
        jb      .slow
        cpu     286
        rep insw
        cpu     8086
        jmp     .store
.slow:
        in      ax, dx
        stosw
        loop    .slow
.store:
        mov     ax, es
        pop     es
        mov     [es:E_BUFFER], di
        mov     [es:E_BUFFER + 2], ax
        pop     di
        pop     cx
.taken:
        ret

; Why did the last packet fail -> AL = status for INT 13h, AH = sense key, CF =
; 1. E_BUFFER, E_SKIP and E_WANT are kept. Destroys CX, DX, SI.
cdrom_sense:
        push    word [es:E_BUFFER]
        push    word [es:E_BUFFER + 2]
        push    word [es:E_SKIP]
        push    word [es:E_WANT]
        mov     word [es:E_BUFFER], E_SENSE
        mov     [es:E_BUFFER + 2], es
        mov     word [es:E_SKIP], 0
        mov     word [es:E_WANT], 9
        mov     byte [es:E_SENSE + 2], 0
        mov     al, 03h                 ; REQUEST SENSE
        call    cdrom_new_packet
        mov     byte [es:E_PACKET + 4], 18
        call    cdrom_packet
        pop     word [es:E_WANT]
        pop     word [es:E_SKIP]
        pop     word [es:E_BUFFER + 2]
        pop     word [es:E_BUFFER]
        mov     ah, [es:E_SENSE + 2]
        and     ah, 0Fh
        mov     si, cdrom_senses
.find:
        mov     al, [cs:si + 2]
        cmp     byte [cs:si], 0FFh
        je      .found
        cmp     ah, [cs:si]
        jne     .next
        mov     dl, [cs:si + 1]
        cmp     dl, 0FFh
        je      .found
        cmp     dl, [es:E_SENSE + 12]
        je      .found
.next:
        add     si, 3
        jmp     .find
.found:
        stc
        ret

cdrom_senses:                           ; key, code or any, status
        db      02h, 3Ah, DS_NO_MEDIUM
        db      02h, 0FFh, DS_NOT_READY
        db      03h, 0FFh, DS_DATA
        db      05h, 21h, DS_NOT_FOUND
        db      05h, 53h, DS_LOCKED
        db      05h, 0FFh, DS_BAD_COMMAND
        db      06h, 0FFh, DS_CHANGED
        db      0FFh, 0FFh, DS_UNDEFINED

; AL = code of a packet without data, AH = its byte 4 -> CF, AL = status, AH =
; sense key. Destroys CX, DX, SI.
cdrom_simple:
        mov     word [es:E_SKIP], 0
        mov     word [es:E_WANT], 0
        call    cdrom_new_packet
        mov     [es:E_PACKET + 4], ah
        call    cdrom_packet
        mov     ax, 0
        jnc     .done
        cmp     al, DS_TIMEOUT
        stc
        je      .done
        call    cdrom_sense
.done:
        ret

; Waits until a disc is ready -> CF = 1: AL = status. A change of the disc is
; taken note of. Destroys AX, CX, DX, SI.
cdrom_ready:
        mov     cx, CD_TRIES
.try:
        push    cx
        xor     ax, ax                  ; TEST UNIT READY
        call    cdrom_simple
        pop     cx
        jnc     .done
        cmp     al, DS_CHANGED
        je      .again
        cmp     al, DS_NOT_READY
        stc
        jne     .done
        push    ax
        mov     al, 9                   ; half a second
        call    wait_ticks
        pop     ax
.again:
        loop    .try
        stc
.done:
        ret

; Reads CX sectors from E_LBA on, as E_SKIP and E_WANT say. A disc that was
; just changed is waited for once. -> CF, AL = status. Destroys AH, CX, DX, SI.
cdrom_read:
        call    .once
        jnc     .done
        cmp     al, DS_CHANGED
        je      .retry
        cmp     al, DS_NOT_READY
        stc
        jne     .done
.retry:
        push    cx
        call    cdrom_ready
        pop     cx
        jc      .done
.once:
        push    cx
        mov     ax, 28h                 ; READ (10)
        call    cdrom_new_packet
        pop     cx
        mov     ax, [es:E_LBA + 2]
        xchg    al, ah
        mov     [es:E_PACKET + 2], ax
        mov     ax, [es:E_LBA]
        xchg    al, ah
        mov     [es:E_PACKET + 4], ax
        mov     [es:E_PACKET + 7], ch
        mov     [es:E_PACKET + 8], cl
        push    cx
        call    cdrom_packet
        mov     ah, al
        mov     al, 0
        jnc     .read
        mov     al, ah
        cmp     al, DS_TIMEOUT
        stc
        je      .read
        call    cdrom_sense
.read:
        pop     cx
.done:
        ret

; Reads E_COUNT units from unit E_UNIT on to E_BUFFER; AL = DC_READ, or DC_VERIFY:
; to nowhere. E_SHIFT = 0: units are sectors of 2048 bytes; 2: of 512, counted
; from sector E_IMAGE. Afterwards E_COUNT is what was not done. -> CF, AL =
; status. Destroys AH, BX, CX, DX, SI.
cdrom_transfer:
        mov     [es:E_COMMAND], al
.next:
        mov     ax, [es:E_COUNT]
        or      ax, ax
        jz      .end
        cmp     ax, 16
        jbe     .count
        mov     ax, 16
.count:
        mov     [es:E_BLOCK], ax
        mov     cx, 1024                ; words a unit
        cmp     byte [es:E_SHIFT], 0
        je      .words
        mov     cx, 256
.words:
        mul     cx
        mov     [es:E_WANT], ax
        cmp     byte [es:E_COMMAND], DC_READ
        je      .address
        mov     word [es:E_WANT], 0
.address:
        mov     ax, [es:E_UNIT]
        mov     dx, [es:E_UNIT + 2]
        mov     bx, [es:E_BLOCK]
        mov     word [es:E_SKIP], 0
        cmp     byte [es:E_SHIFT], 0
        je      .store
        mov     cl, al
        and     cl, 3
        mov     ch, 0
        add     bx, cx                  ; sectors: (first + units + 3) / 4
        add     bx, 3
        shrn    bx, 2
        mov     [es:E_SKIP + 1], cl     ; 256 words each
        shr     dx, 1
        rcr     ax, 1
        shr     dx, 1
        rcr     ax, 1
        add     ax, [es:E_IMAGE]
        adc     dx, [es:E_IMAGE + 2]
.store:
        mov     [es:E_LBA], ax
        mov     [es:E_LBA + 2], dx
        mov     cx, bx
        call    cdrom_read
        jc      .done
        mov     ax, [es:E_BLOCK]
        sub     [es:E_COUNT], ax
        add     [es:E_UNIT], ax
        adc     word [es:E_UNIT + 2], 0
        jmp     .next
.end:
        mov     al, 0                   ; CF = 0
.done:
        ret
