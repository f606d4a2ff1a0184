; INT 19h, INT 18h: the boot, in the order the CMOS names, and the boot menu.
;
; A boot record is the first sector of a medium, at 0:7C00. That of a hard disk
; must end with 55AAh. A floppy's need not, many of the first years have none; as
; the AT does, one is taken unless it begins with a byte below 06h or with nine
; equal words: no program does that, but a formatted, empty sector.
;
; It starts with DL = drive, the other registers 0 or harmless, interrupts on,
; and the AT's stack: 256 bytes below 0:0400.
;
; E_ORDER holds the order: low nibble the kind of device, high nibble 0, or the
; number of a drive + 1.

BOOT_FLOPPY     equ     1
BOOT_DISK       equ     2
BOOT_CD         equ     3
BOOT_NET        equ     4
BOOT_STACK      equ     400h
KEY_F12         equ     8600h
KEY_ESC         equ     011Bh
MENU_TICKS      equ     46              ; 2.5 s
MENU_MOMENT     equ     4               ; 0.2 s
BOOT_RECORD     equ     7C00h

; Why a device did not start: index of boot_reasons.
BR_UNTRIED      equ     0
BR_ABSENT       equ     1
BR_EMPTY        equ     2
BR_ERROR        equ     3
BR_NO_RECORD    equ     4
BR_UNSUPPORTED  equ     5

int19_handler:
        cli
        cld
        xor     ax, ax
        mov     ss, ax
        mov     sp, BOOT_STACK
        mov     ax, BDA
        mov     ds, ax
        sti
        call    boot_order
        call    load_ebda
        call    eltorito_end
        mov     byte [es:E_BOOTED], 0

; Tries what is left of the order. Does not return.
boot_next:
        call    load_ebda
        mov     bl, [es:E_BOOTED]
        mov     bh, 0
        cmp     bl, 4
        jae     boot_failed
        mov     al, [es:E_ORDER + bx]
        or      al, al
        jz      boot_failed
        inc     byte [es:E_BOOTED]
        mov     ah, al
        shrn    ah, 4                   ; AH = number + 1, or 0
        and     al, 0Fh
        call    .try                    ; back: AL = why not
        call    load_ebda
        mov     bl, [es:E_BOOTED]
        mov     bh, 0
        mov     [es:E_REASON + bx - 1], al
        jmp     boot_next
.try:
        cmp     al, BOOT_FLOPPY
        je      boot_floppy
        cmp     al, BOOT_DISK
        je      boot_disk
        cmp     al, BOOT_CD
        je      boot_cd
        mov     al, BR_UNSUPPORTED
        ret

; INT 18h: a boot record gave up, so the next device has its turn.
int18_handler:
        cli
        cld
        xor     ax, ax
        mov     ss, ax
        mov     sp, BOOT_STACK
        mov     ax, BDA
        mov     ds, ax
        sti
        call    load_ebda
        call    eltorito_end
        mov     bl, [es:E_BOOTED]
        mov     bh, 0
        cmp     bl, 4
        ja      boot_failed
        or      bl, bl
        jz      boot_failed
        mov     byte [es:E_REASON + bx - 1], BR_NO_RECORD
        jmp     boot_next

; Order from the CMOS, unless the menu has set one. Destroys AX, BX, CX, ES.
boot_order:
        call    load_ebda
        cmp     byte [es:E_MENU], 0
        mov     byte [es:E_MENU], 0
        jne     .done
        mov     al, CMOS_BOOT12
        call    cmos_read
        mov     bl, al
        and     al, 0Fh
        mov     [es:E_ORDER], al
        mov     cl, 4
        shr     bl, cl
        mov     [es:E_ORDER + 1], bl
        mov     al, CMOS_BOOT3
        call    cmos_read
        shr     al, cl
        mov     [es:E_ORDER + 2], al
        mov     byte [es:E_ORDER + 3], 0
        call    boot_check_order
        or      bx, bx
        jnz     .done
        mov     word [es:E_ORDER], BOOT_DISK << 8 | BOOT_FLOPPY
        mov     word [es:E_ORDER + 2], BOOT_CD
.done:
        ret

; Takes gaps out of the order -> BX = entries. Destroys AX, CX, SI.
boot_check_order:
        xor     bx, bx
        xor     si, si
.next:
        mov     al, [es:E_ORDER + si]
        dec     al
        cmp     al, BOOT_NET
        jae     .skip
        inc     al
        mov     [es:E_ORDER + bx], al
        inc     bx
.skip:
        inc     si
        cmp     si, 4
        jb      .next
        mov     si, bx
.clear:
        cmp     si, 4
        jae     .done
        mov     byte [es:E_ORDER + si], 0
        inc     si
        jmp     .clear
.done:
        ret

; AH = 0: drive A, or number + 1. -> AL = why not.
boot_floppy:
        mov     dl, ah
        sub     dl, 1
        adc     dl, 0                   ; 0 and 1: drive 0
        call    fdc_type
        mov     al, BR_ABSENT
        jz      .done
        mov     cx, 4                   ; the first error tells of a change
.attempt:
        push    cx
        mov     cx, 1
        call    boot_read
        pop     cx
        jnc     .read
        cmp     ah, FS_TIMEOUT
        mov     al, BR_EMPTY
        je      .done
        loop    .attempt
        mov     al, BR_ERROR
.done:
        ret
.read:
        call    boot_plausible
        mov     al, BR_NO_RECORD
        jc      .done
        mov     si, text_floppy_a
        or      dl, dl
        jz      boot_start
        mov     si, text_floppy_b
        jmp     boot_start

; 0:7C00 -> CF = 1: no program begins like that. Destroys AX, CX, DI, ES.
boot_plausible:
        xor     ax, ax
        mov     es, ax
        mov     di, BOOT_RECORD
        cmp     word [es:di + 510], 0AA55h
        je      .done                   ; CF = 0
        cmp     byte [es:di], 06h
        jb      .done                   ; CF = 1
        mov     ax, [es:di]
        mov     cx, 9
        repe scasw
        stc
        je      .done
        clc
.done:
        ret

; AH = 0: every disk in turn, or number + 1. -> AL = why not.
boot_disk:
        mov     bh, BR_ABSENT
        mov     bl, ah
        sub     bl, 1
        adc     bl, 0
        or      ah, ah
        mov     ah, 1                   ; how many
        jnz     .next
        mov     ah, [B_HDCOUNT]
        or      ah, ah
        jz      .none
.next:
        cmp     bl, [B_HDCOUNT]
        jae     .none
        push    ax
        push    bx
        mov     al, bl
        call    disk_map_first
        mov     dl, 80h
        call    boot_read
        mov     al, BR_ERROR
        jc      .failed
        xor     ax, ax
        mov     es, ax
        cmp     word [es:BOOT_RECORD + 510], 0AA55h
        mov     al, BR_NO_RECORD
        mov     si, text_disk_boot
        je      boot_start
.failed:
        pop     bx
        mov     bh, al
        pop     ax
        inc     bl
        dec     ah
        jnz     .next
.none:
        push    bx
        mov     al, 0
        call    disk_map_first
        pop     bx
        mov     al, bh
        ret

; DL = drive: reads its first sector to 0:7C00. CF = 1: AH = error. Destroys AX,
; BX, ES.
boot_read:
        push    cx
        push    dx
        mov     ah, 0
        int     13h
        pop     dx
        push    dx
        xor     ax, ax
        mov     es, ax
        mov     bx, BOOT_RECORD
        mov     cx, 1
        mov     dh, 0
        mov     ax, 0201h
        int     13h
        pop     dx
        pop     cx
        ret

; CS:SI = name, DL = drive: starts the record at 0:7C00.
boot_start:
        push    si
        mov     si, text_booting
        call    put_text
        pop     si
        call    put_text
        mov     si, text_dots
        call    put_text
        xor     ax, ax
        mov     ss, ax
        mov     sp, BOOT_STACK
        mov     ds, ax
        mov     es, ax
        xor     bx, bx
        xor     cx, cx
        xor     dh, dh
        xor     si, si
        xor     di, di
        xor     bp, bp
        sti
        jmp     0000h:BOOT_RECORD

; AL = number of the disk that becomes drive 80h, the others keep their order.
; Destroys AX, BX, SI, DI, ES.
disk_map_first:
        call    load_ebda
        push    cx
        push    dx
        mov     [es:E_DISK_MAP], al
        mov     bx, 1
        mov     ah, 0
.next:
        cmp     ah, al
        je      .skip
        mov     [es:E_DISK_MAP + bx], ah
        inc     bx
.skip:
        inc     ah
        cmp     ah, 4
        jb      .next
        mov     bl, 0                   ; their tables follow
.table:
        cmp     bl, [B_HDCOUNT]
        jae     .done
        mov     bh, 0
        mov     al, [es:E_DISK_MAP + bx]
        mov     ah, D_SIZE
        mul     ah
        add     ax, E_DISKS
        mov     di, ax
        push    bx
        call    geometry_parameters
        pop     bx
        inc     bx
        cmp     bl, 2
        jb      .table
.done:
        pop     dx
        pop     cx
        ret

; Nothing started: says what was tried and what helps, and tries again after a
; key.
boot_failed:
        mov     si, text_no_boot
        call    put_text
        xor     bx, bx
.next:
        call    load_ebda
        mov     al, [es:E_ORDER + bx]
        and     ax, 0Fh
        jz      .remedy
        push    bx
        push    ax
        mov     bl, [es:E_REASON + bx]
        mov     bh, 0
        mov     si, text_indent
        call    put_text
        pop     di
        shl     di, 1
        mov     si, [cs:di + boot_kinds - 2]
        call    put_text
        shl     bx, 1
        mov     si, [cs:bx + boot_reasons]
        call    put_text
        pop     bx
        inc     bx
        cmp     bx, 4
        jb      .next
.remedy:
        mov     si, text_remedy
        call    put_text
.flush:
        mov     ah, 11h
        int     16h
        jz      .wait
        mov     ah, 10h
        int     16h
        jmp     .flush
.wait:
        mov     ah, 10h
        int     16h
        cmp     ax, KEY_F12
        je      .menu
        mov     al, 0Ah
        call    put_char
        int     19h
.menu:
        call    boot_menu_show
        int     19h

boot_kinds:
        dw      text_kind_floppy, text_kind_disk, text_kind_cd, text_kind_net
boot_reasons:
        dw      text_reason_untried, text_reason_absent, text_reason_empty
        dw      text_reason_error, text_reason_record, text_reason_unsupported

; --- boot menu --------------------------------------------------------------
; Was F12 or Esc pressed during the start-up, or a moment after it? Then lets
; choose. A machine that is told to offer the menu waits longer for the key.
; Destroys all.
boot_menu:
        call    fw_cfg_menu
        mov     dx, MENU_MOMENT
        jz      .look
        mov     si, text_menu_offer
        call    put_text
        mov     dx, MENU_TICKS
.look:
        call    boot_menu_wanted
        jnc     boot_menu_show
        or      dx, dx
        jz      .done
        mov     al, 1
        call    wait_ticks
        dec     dx
        jmp     .look
.done:
        ret

; Lets choose. Destroys all.
boot_menu_show:
        mov     si, text_menu
        call    put_text
        call    load_ebda
        xor     bp, bp                  ; entries so far, E_MENU_LIST holds them
        mov     dl, 0
        mov     si, text_floppy_a
        call    .floppy
        mov     dl, 1
        mov     si, text_floppy_b
        call    .floppy
        mov     bl, 0
.disk:
        cmp     bl, [B_HDCOUNT]
        jae     .ask
        mov     al, bl
        inc     al
        shln    al, 4
        or      al, BOOT_DISK
        call    .entry
        call    screen_disk_name
        mov     al, 0Ah
        call    put_char
        inc     bl
        jmp     .disk
.ask:
        cmp     byte [es:E_CDROM], 0FFh
        je      .asked
        mov     al, BOOT_CD
        call    .entry
        mov     si, text_cd_boot
        call    put_text
        mov     al, 0Ah
        call    put_char
.asked:
        mov     si, text_menu_end
        call    put_text
.key:
        mov     ah, 10h
        int     16h
        cmp     al, 1Bh
        je      .end
        cmp     al, 0Dh
        je      .end
        sub     al, '1'
        mov     ah, 0
        cmp     ax, bp
        jae     .key
        mov     si, ax
        call    load_ebda
        mov     al, [es:E_MENU_LIST + si]
        mov     ah, 0
        mov     [es:E_ORDER], ax
        mov     word [es:E_ORDER + 2], 0
        mov     byte [es:E_MENU], 1
.end:
        mov     al, 0Ah
        jmp     put_char
.floppy:
        call    fdc_type
        jz      .return
        mov     al, dl
        inc     al
        shln    al, 4
        or      al, BOOT_FLOPPY
        call    .entry
        call    put_text
        mov     al, 0Ah
        call    put_char
.return:
        ret
.entry:                                 ; AL = what it stands for
        mov     [es:bp + E_MENU_LIST], al
        inc     bp
        push    si
        mov     si, text_indent
        call    put_text
        mov     ax, bp
        add     al, '0'
        call    put_char
        mov     si, text_menu_number
        call    put_text
        pop     si
        ret

; -> CF = 0: F12 or Esc is in the keyboard buffer, which is emptied then.
; Destroys AX, BX.
boot_menu_wanted:
        cli
        mov     bx, [B_KHEAD]
.next:
        cmp     bx, [B_KTAIL]
        je      .no
        mov     ax, [bx]
        cmp     ax, KEY_F12
        je      .yes
        cmp     ax, KEY_ESC
        je      .yes
        add     bx, 2
        cmp     bx, [B_KEND]
        jb      .next
        mov     bx, [B_KSTART]
        jmp     .next
.yes:
        mov     ax, [B_KTAIL]
        mov     [B_KHEAD], ax
        sti
        clc
        ret
.no:
        sti
        stc
        ret
