; ATA disks: registers, waits, commands, PIO transfers.
;
; In this file ES is the EBDA and DI the drive record. A routine that can fail
; returns CF = 1 with the status for INT 13h in AL.

ATA_DATA        equ     0               ; offsets from D_BASE
ATA_ERROR       equ     1               ; written: features
ATA_COUNT       equ     2
ATA_SECTOR      equ     3               ; LBA 0-7
ATA_CYL_LOW     equ     4               ; LBA 8-15
ATA_CYL_HIGH    equ     5               ; LBA 16-23
ATA_DEVICE      equ     6               ; LBA 24-27
ATA_STATUS      equ     7               ; written: command

AS_BUSY         equ     80h
AS_READY        equ     40h
AS_FAULT        equ     20h
AS_DRQ          equ     08h
AS_ERROR        equ     01h

ATA_CONTROL     equ     08h             ; device control: interrupts on
ATA_CONTROL_OFF equ     0Ah             ; and off
ATA_CONTROL_RST equ     0Eh             ; and reset

DS_BAD_COMMAND  equ     01h             ; status of INT 13h
DS_NOT_FOUND    equ     04h
DS_NO_PARAMETERS equ    07h
DS_TIMEOUT      equ     80h
DS_NOT_READY    equ     0AAh
DS_UNDEFINED    equ     0BBh
DS_FAULT        equ     0CCh
DS_STATUS       equ     0E0h

DC_READ         equ     0               ; E_COMMAND
DC_WRITE        equ     1
DC_VERIFY       equ     2
ATA_BLOCK       equ     128             ; sectors a command, at most

; Waits until the drive is not busy -> AL = its status. CF = 1: it stays so for
; AH seconds. Sleeps where an interrupt will wake it. Destroys AH.
ata_wait:
        push    cx
        push    dx
        mov     dx, [es:di + D_CTRL]
        mov     cx, 64                  ; mostly it is ready at once
.quick:
        in      al, dx
        test    al, AS_BUSY
        jz      .ready
        loop    .quick
        push    di
        push    ax
        mov     ax, 9000h               ; disk: a multitasker may go on
        int     15h
        pop     ax
        jc      .timeout
        xchg    al, ah
        xchg    cx, di
        call    timer_start
        xchg    cx, di                  ; CX = timer
.test:
        cli
        in      al, dx
        test    al, AS_BUSY
        jz      .came
        call    ata_idle
        xchg    cx, di
        call    timer_over
        xchg    cx, di
        jnc     .test
.timeout:
        pop     di
        mov     al, DS_TIMEOUT
        stc
        jmp     .done
.came:
        sti
        nop                             ; let its interrupt in
        pop     di
.ready:
        clc
.done:
        pop     dx
        pop     cx
        ret

; As idle, but only where the drive's own interrupt can wake us. Keeps all.
ata_idle:
        push    ax
        in      al, PIC1_MASK
        test    al, 04h
        jnz     .awake
        mov     ah, 40h                 ; IRQ 14
        cmp     byte [es:di + D_IRQ], 14
        je      .mask
        mov     ah, 80h
.mask:
        in      al, PIC2_MASK
        test    al, ah
        jnz     .awake
        pop     ax
        jmp     idle
.awake:
        pop     ax
        sti
        nop
        ret

; Waits 400 ns, the time until a drive shows a new status. Keeps all.
ata_settle:
        push    ax
        push    cx
        push    dx
        mov     dx, [es:di + D_CTRL]
        mov     cx, 4
.read:
        in      al, dx
        loop    .read
        pop     dx
        pop     cx
        pop     ax
        ret

; Selects the drive and waits until it can take a command; AH = head or LBA
; 24-27 with bit 6. Destroys AX.
ata_select:
        push    dx
        push    ax
        mov     ah, 5
        call    ata_wait                ; its neighbour may be busy
        pop     dx                      ; DH = the head
        jc      .done
        mov     al, dh
        or      al, [es:di + D_SELECT]
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_DEVICE
        out     dx, al
        call    ata_settle
        mov     ah, 5
        call    ata_wait
        jc      .done
        test    al, AS_READY
        jnz     .done                   ; CF = 0
        mov     al, DS_NOT_READY
        stc
.done:
        pop     dx
        ret

; AL = command without data, AH = head bits; other registers are written.
; Runs it, AL = status of INT 13h. Destroys AX.
ata_simple:
        call    ata_start
        mov     ah, 10
        call    ata_wait
        jc      ata_note
        ; fall through

; AL = the drive's status -> AL = status of INT 13h, CF = 1: an error.
; Destroys AH.
ata_judge:
        call    ata_note
        test    al, AS_FAULT
        jnz     .fault
        test    al, AS_ERROR
        jnz     .error
        test    al, AS_READY
        jz      .not_ready
        mov     al, 0                   ; CF = 0
        ret
.fault:
        mov     al, DS_FAULT
        stc
        ret
.not_ready:
        mov     al, DS_NOT_READY
        stc
        ret
.error:
        push    bx
        mov     al, [B_HDREG_ERROR]
        xor     bx, bx
.find:
        shr     al, 1
        jc      .found
        inc     bx
        cmp     bx, 8
        jb      .find
.found:
        mov     al, [cs:ata_errors + bx]
        pop     bx
        stc
        ret

ata_errors:                             ; bits 0 to 7 of the error register
        db      02h                     ; no address mark
        db      40h                     ; track 0 not found
        db      DS_BAD_COMMAND          ; aborted
        db      DS_UNDEFINED
        db      DS_NOT_FOUND
        db      DS_UNDEFINED
        db      10h                     ; data error
        db      0Ah                     ; bad sector
        db      DS_UNDEFINED

; Notes the status AL and the error register in the BDA. Reading the status
; takes the drive's interrupt back. Keeps all and the flags.
ata_note:
        pushf
        push    ax
        push    dx
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_STATUS
        in      al, dx
        mov     [B_HDREG_STATUS], al
        sub     dx, ATA_STATUS - ATA_ERROR
        in      al, dx
        mov     [B_HDREG_ERROR], al
        pop     dx
        pop     ax
        popf
        ret

; AL = command: writes it. Keeps all.
ata_start:
        push    dx
        push    ax
        mov     byte [B_HDFLAG], 0
        mov     dx, [es:di + D_CTRL]
        mov     al, ATA_CONTROL
        out     dx, al
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_STATUS
        pop     ax
        out     dx, al
        pop     dx
        jmp     ata_settle

; Resets both drives of the channel, and sets the drive's geometry again.
; AL = status of INT 13h. Destroys AH.
ata_reset:
        push    cx
        push    dx
        mov     dx, [es:di + D_CTRL]
        mov     al, ATA_CONTROL_RST
        out     dx, al
        mov     cx, 2                   ; 5 us at least
        call    delay_refresh
        mov     al, ATA_CONTROL
        out     dx, al
        mov     cx, 134                 ; 2 ms before its status counts
        call    delay_refresh
        pop     dx
        pop     cx
        ; fall through

; Tells the drive its heads and sectors (INITIALIZE DEVICE PARAMETERS), so that
; its own geometry is the one of D_PHEADS, D_PSECTORS. AL = status of INT 13h.
; Destroys AH.
ata_set_geometry:
        push    dx
        mov     ah, [es:di + D_PHEADS]
        dec     ah
        and     ah, 0Fh
        call    ata_select
        jc      .done
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_COUNT
        mov     al, [es:di + D_PSECTORS]
        out     dx, al
        mov     al, 91h
        call    ata_simple
.done:
        pop     dx
        ret

; Transfers E_COUNT sectors from E_LBA on, to or from E_BUFFER, as E_COMMAND
; says. Afterwards E_COUNT is what was not done. AL = status of INT 13h.
; Destroys AH, BX, CX, DX.
ata_transfer:
.next:
        mov     cx, [es:E_COUNT]
        mov     al, 0
        jcxz    .done
        cmp     cx, ATA_BLOCK
        jbe     .block
        mov     cx, ATA_BLOCK
.block:
        mov     [es:E_BLOCK], cx
        call    ata_address
        jc      .done
        call    ata_run_block
        jc      .done
        mov     ax, [es:E_BLOCK]
        add     [es:E_LBA], ax
        adc     word [es:E_LBA + 2], 0
        adc     word [es:E_LBA + 4], 0
        jmp     .next
.done:
        ret

; Writes count and address of the next command, and its code. CX = sectors.
; Destroys AX, BX, DX.
ata_address:
        test    byte [es:di + D_FLAGS], DF_LBA
        jz      ata_address_chs
        mov     ax, [es:E_LBA]          ; does it end below 2^28
        add     ax, cx
        mov     ax, [es:E_LBA + 2]
        mov     bx, [es:E_LBA + 4]
        adc     ax, 0
        adc     bx, 0
        jnz     ata_address_48
        cmp     ax, 1000h
        jae     ata_address_48
        mov     ah, [es:E_LBA + 3]
        and     ah, 0Fh
        or      ah, 40h
        call    ata_select
        jc      ata_address_end
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_COUNT
        mov     al, cl
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA]
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 1]
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 2]
        out     dx, al
        mov     bx, ata_commands
        ; fall through

; BX = commands of this addressing.
ata_issue:
        mov     al, [es:E_COMMAND]
        cs xlatb
        call    ata_start
        clc
ata_address_end:
        ret

ata_address_48:
        test    byte [es:di + D_FLAGS], DF_LBA48
        mov     al, DS_NOT_FOUND
        stc
        jz      ata_address_end
        mov     ah, 40h
        call    ata_select
        jc      ata_address_end
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_COUNT
        mov     al, ch
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 3]
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 4]
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 5]
        out     dx, al
        sub     dx, 3
        mov     al, cl
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA]
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 1]
        out     dx, al
        inc     dx
        mov     al, [es:E_LBA + 2]
        out     dx, al
        mov     bx, ata_commands_48
        jmp     ata_issue

ata_commands:                           ; read, write, verify sectors
        db      20h, 30h, 40h
ata_commands_48:
        db      24h, 34h, 42h

; The drive knows no LBA: its own cylinder, head and sector.
ata_address_chs:
        push    cx
        mov     ax, [es:E_LBA]
        mov     dx, [es:E_LBA + 2]
        mov     cl, [es:di + D_PSECTORS]
        mov     ch, 0
        call    divide32
        push    bx                      ; sector - 1
        mov     cl, [es:di + D_PHEADS]
        call    divide32                ; AX = cylinder, BX = head
        pop     cx
        inc     cx
        or      dx, dx
        pop     dx                      ; sectors
        jnz     .far
        push    ax
        mov     ah, bl
        call    ata_select
        pop     bx
        jc      ata_address_end
        mov     al, dl
        mov     dx, [es:di + D_BASE]
        add     dx, ATA_COUNT
        out     dx, al
        inc     dx
        mov     al, cl
        out     dx, al
        inc     dx
        mov     al, bl
        out     dx, al
        inc     dx
        mov     al, bh
        out     dx, al
        mov     bx, ata_commands
        jmp     ata_issue
.far:
        mov     al, DS_NOT_FOUND
        stc
        ret

; DX:AX / CX -> DX:AX, remainder in BX.
divide32:
        push    ax
        mov     ax, dx
        xor     dx, dx
        div     cx
        mov     bx, ax
        pop     ax
        div     cx
        xchg    bx, dx
        ret

; Moves the data of the command under way, sector by sector as the drive asks.
; AL = status of INT 13h. Destroys AH, CX, DX.
ata_run_block:
        mov     cx, [es:E_BLOCK]
        cmp     byte [es:E_COMMAND], DC_WRITE
        je      .write
        ja      .verify
.read:
        mov     ah, 10
        call    ata_wait
        jc      ata_note
        call    ata_judge
        jc      .done
        call    ata_check_drq
        jc      .done
        call    ata_pio_in
        dec     word [es:E_COUNT]
        loop    .read
        mov     al, 0
        clc
        ret
.write:
        mov     ah, 10
        call    ata_wait
        jc      ata_note
        call    ata_judge
        jc      .done
        call    ata_check_drq
        jc      .done
        call    ata_pio_out
        call    ata_settle
        mov     ah, 10
        call    ata_wait
        jc      ata_note
        call    ata_judge
        jc      .done
        dec     word [es:E_COUNT]
        loop    .write
        mov     al, 0
        clc
        ret
.verify:
        mov     ah, 10
        call    ata_wait
        jc      ata_note
        call    ata_judge
        jc      .done
        mov     cx, [es:E_BLOCK]
        sub     [es:E_COUNT], cx
.done:
        ret

; CF = 1: the drive should ask for data and does not. Destroys AL.
ata_check_drq:
        test    byte [B_HDREG_STATUS], AS_DRQ
        mov     al, DS_STATUS
        stc
        jz      .done
        clc
.done:
        ret

; One sector from the drive to E_BUFFER, which moves on. Destroys AX, DX.
ata_pio_in:
        push    cx
        push    di
        push    es
        mov     dx, [es:di + D_BASE]
        mov     al, [es:E_CPU]
        les     di, [es:E_BUFFER]
        call    ata_normalize
        mov     cx, 256
        cmp     al, CPU_286
        jb      .word
        cpu     286
        rep insw
        cpu     8086
        jmp     .store
.word:
        in      ax, dx
        stosw
        loop    .word
.store:
        mov     ax, es
        pop     es
        mov     [es:E_BUFFER], di
        mov     [es:E_BUFFER + 2], ax
        pop     di
        pop     cx
        ret

; One sector from E_BUFFER, which moves on, to the drive. Destroys AX, DX.
ata_pio_out:
        push    cx
        push    si
        push    di
        push    es
        push    ds
        mov     dx, [es:di + D_BASE]
        mov     al, [es:E_CPU]
        les     di, [es:E_BUFFER]
        call    ata_normalize
        mov     si, di
        push    es
        pop     ds
        mov     cx, 256
        cmp     al, CPU_286
        jb      .word
        cpu     286
        rep outsw
        cpu     8086
        jmp     .store
.word:
        lodsw
        out     dx, ax
        loop    .word
.store:
        mov     ax, ds
        pop     ds
        pop     es
        mov     [es:E_BUFFER], si
        mov     [es:E_BUFFER + 2], ax
        pop     di
        pop     si
        pop     cx
        ret

; ES:DI = buffer: brings the offset down when a sector would run over the end
; of the segment. Keeps AX.
ata_normalize:
        cmp     di, 0FE00h
        jbe     .done
        push    ax
        push    bx
        mov     ax, di
        shrn    ax, 4
        mov     bx, es
        add     ax, bx
        mov     es, ax
        and     di, 0Fh
        pop     bx
        pop     ax
.done:
        ret
