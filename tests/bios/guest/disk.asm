; INT 13h on hard disks. The disk it boots from shows its geometry in one way or
; another (mkdisk.c), and holds its own numbers in marked sectors.
%define DISK
%include "check.inc"

BUFFER          equ     2000h           ; segment
ROOM            equ     64              ; sectors at the start without marks

run:
        call    test_parameters
        call    test_tables
        call    test_marks
        call    test_transfers
        call    test_buffers
        call    test_errors
        call    test_others
        call    test_no_drive
        call    test_edd_present
        call    test_edd_transfers
        call    test_edd_errors
        call    test_edd_parameters
        call    test_edd_others
        call    test_large
        ret

; Interrupts are on after every call, and no call changes DS, SI, DI, BP.
%macro disk 0
        mov     di, 2222h
        mov     bp, 3333h
        push    si
        int     13h
        call    check_kept
        pop     si
%endmacro
check_kept:
        pushf
        expect  di, 2222h
        expect  bp, 3333h
        push    bp
        mov     bp, sp
        expect  si, [bp + 6]
        pop     bp
        popf
        pushf
        push    ax
        pushf
        pop     ax
        test    ah, 02h
        expect_if nz
        pop     ax
        popf
        ret

cylinders:
        dw      0                       ; from AH=08h
total:
        dw      0, 0, 0, 0              ; from AH=48h

test_parameters:
        mov     ah, 08h
        mov     dl, 80h
        int     13h
        expect_if nc
        expect  ah, 0
        expect  dl, 1
        mov     al, [disk_heads]
        dec     al
        expect  dh, al
        mov     al, cl
        and     al, 3Fh
        expect  al, [disk_sectors]
        mov     al, ch
        mov     ah, cl
        mov     cl, 6
        shr     ah, cl
        inc     ax
        mov     [cylinders], ax
        mov     word [packet], 1Ah      ; all whole cylinders are shown, up to
        mov     si, packet              ; 1024
        mov     ah, 48h
        mov     dl, 80h
        int     13h
        expect_if nc
        mov     si, packet + 10h
        mov     di, total
        mov     cx, 4
        rep movsw
        mov     al, [disk_sectors]
        mov     ah, 0
        mul     word [disk_heads]
        mov     bx, ax
        mov     ax, 1024
        cmp     word [total + 4], 0
        jne     .many
        mov     dx, [total + 2]
        cmp     dx, bx                  ; more than fit in 16 bits
        jae     .many
        mov     ax, [total]
        div     bx
        cmp     ax, 1024
        jb      .many
        mov     ax, 1024
.many:
        mov     cx, [cylinders]
        expect  cx, ax
        mov     ah, 15h
        mov     dl, 80h
        int     13h
        expect_if nc
        expect  ah, 3
        push    dx
        mov     ax, [cylinders]
        mul     bx
        pop     bx
        expect  dx, cx                  ; cylinders * heads * sectors
        expect  ax, bx
        ret

; INT 41h points to the same geometry.
test_tables:
        les     bx, [41h * 4]
        mov     ax, [cylinders]
        expect  ax, [es:bx]
        mov     al, [disk_heads]
        expect  al, [es:bx + 2]
        mov     al, [disk_sectors]
        expect  al, [es:bx + 0Eh]
        cmp     word [disk_heads], 16
        jbe     .done
        expect  byte [es:bx + 3], 0A0h  ; translated: with a sum
        mov     cx, 16
        mov     al, 0
.sum:
        add     al, [es:bx]
        inc     bx
        loop    .sum
        expect  al, 0
.done:
        ret

; AX = cylinder, DH = head, CL = sector -> [lba], CX as INT 13h wants it.
; Destroys AX, BX.
to_lba:
        push    dx
        mov     ch, al
        mov     bl, ah
        push    cx
        mov     cl, 6
        shl     bl, cl
        pop     cx
        push    cx
        mov     [.sector], cl
        or      cl, bl
        mov     [.cx], cx
        pop     cx
        push    dx
        mul     word [disk_heads]
        pop     bx
        mov     bl, bh
        mov     bh, 0
        add     ax, bx
        adc     dx, 0
        mov     bx, dx                  ; BX:AX * sectors
        mov     cl, [disk_sectors]
        mov     ch, 0
        mul     cx
        mov     [lba], ax
        mov     [lba + 2], dx
        mov     ax, bx
        mul     cx
        add     [lba + 2], ax
        mov     al, [.sector]
        mov     ah, 0
        dec     ax
        add     [lba], ax
        adc     word [lba + 2], 0
        mov     cx, [.cx]
        pop     dx
        ret
.sector:
        db      0
.cx:    dw      0
lba:    dw      0, 0

; Corners of cylinders, by cylinder, head, sector, and by number.
test_marks:
        mov     word [.index], 0
.next:
        mov     ax, 0
        mov     bx, [.index]
        and     bx, 3
        jz      .cylinder
        inc     ax
        dec     bx
        jz      .cylinder
        mov     ax, [cylinders]
        shr     ax, 1
        dec     bx
        jz      .cylinder
        mov     ax, [cylinders]
        dec     ax
.cylinder:
        mov     dx, 80h
        test    word [.index], 4
        jz      .head
        mov     dh, [disk_heads]
        dec     dh
.head:
        mov     cl, 1
        test    word [.index], 8
        jz      .sector
        mov     cl, [disk_sectors]
.sector:
        call    to_lba
        cmp     word [lba + 2], 0
        jne     .read
        cmp     word [lba], ROOM
        jb      .skip
.read:
        mov     ax, BUFFER
        mov     es, ax
        mov     bx, 0
        mov     word [es:0], 0
        mov     ax, 0201h
        disk
        expect_if nc
        expect  ax, 1
        call    .compare
        mov     ax, [lba]               ; the same by number
        mov     [packet + 8], ax
        mov     ax, [lba + 2]
        mov     [packet + 10], ax
        call    packet_read
        expect_if nc
        call    .compare
.skip:
        inc     word [.index]
        cmp     word [.index], 16
        jb      .next
        ret
.compare:
        mov     ax, [lba]
        mov     bx, [lba + 2]
        expect  word [es:0], 'MA'
        expect  ax, [es:4]
        expect  bx, [es:6]
        ret
.index: dw      0

packet:
        times   80 db 0

; Reads the sector at packet + 8 to BUFFER:0. -> CF, AH.
packet_read:
        mov     word [packet], 10h
        mov     word [packet + 2], 1
        mov     word [packet + 4], 0
        mov     word [packet + 6], BUFFER
        mov     word [packet + 12], 0
        mov     word [packet + 14], 0
        mov     si, packet
        mov     ah, 42h
        mov     dl, 80h
        disk
        ret

; Writes across the end of a cylinder, verifies, reads back.
test_transfers:
        mov     ax, BUFFER
        mov     es, ax
        xor     di, di
        mov     cx, 8 * 256
        mov     ax, 1234h
.fill:
        stosw
        add     ax, 7
        loop    .fill
        mov     ax, 2                   ; the last 3 sectors of cylinder 2, 5 of
        mov     dh, [disk_heads]        ; the next
        dec     dh
        mov     cl, [disk_sectors]
        sub     cl, 2
        call    to_lba
        mov     dl, 80h
        mov     bx, 0
        mov     ax, 0308h
        disk
        expect_if nc
        expect  ax, 8
        mov     ax, 0408h
        disk
        expect_if nc
        expect  ax, 8
        mov     bx, 4000h
        mov     ax, 0208h
        disk
        expect_if nc
        expect  ax, 8
        call    .same
        mov     bx, 4000h               ; and by its parts
        mov     ax, 0203h
        disk
        expect_if nc
        mov     bx, 4600h
        mov     dx, 80h
        mov     cx, 0301h
        mov     ax, 0205h
        disk
        expect_if nc
        call    .same
        ret
.same:
        push    cx
        push    ds
        push    es
        pop     ds
        xor     si, si
        mov     di, 4000h
        mov     cx, 8 * 256
        repe cmpsw
        pop     ds
        pop     cx
        expect_if e
        ret

; Buffers that are odd, that reach the end of the segment, that are long.
test_buffers:
        mov     ax, BUFFER
        mov     es, ax
        mov     cx, 0001h
        mov     dx, 0080h
        mov     bx, 1001h
        mov     ax, 0201h
        disk
        expect_if nc
        mov     ax, [es:1001h + 510]
        expect  ax, 0AA55h
        mov     bx, 0FE10h              ; it goes on behind the 64 KiB
        mov     ax, 0202h
        disk
        expect_if nc
        expect  ax, 2
        mov     ax, [es:0FE10h]
        expect  ax, [boot]
        mov     ax, BUFFER + 0FE1h
        mov     es, ax
        mov     ax, [es:510]
        expect  ax, 0AA55h
        mov     ax, [es:512]
        expect  ax, [7E00h]
        mov     ax, BUFFER
        mov     es, ax
        mov     bx, 0
        mov     ax, 0280h               ; 64 KiB
        disk
        expect_if nc
        expect  ax, 128
        mov     ax, [es:510]
        expect  ax, 0AA55h
        mov     bx, 0
        mov     ax, 0200h + 200         ; more
        disk
        expect_if nc
        expect  ax, 200
        ret

test_errors:
        mov     ax, BUFFER
        mov     es, ax
        mov     bx, 0
        mov     dx, 0080h
        mov     cx, 0000h               ; sectors begin with 1
        mov     ax, 0201h
        disk
        expect_if c
        expect  ax, 0100h
        mov     cx, 0001h
        mov     ax, 0200h               ; none
        disk
        expect_if c
        expect  ah, 01h
        mov     dh, [disk_heads]
        or      dh, dh                  ; 256: all are there
        jz      .sector
        mov     ax, 0201h
        disk
        expect_if c
        expect  ah, 01h
.sector:
        mov     dh, 0
        mov     cl, [disk_sectors]
        inc     cl
        cmp     cl, 64
        jae     .cylinder
        mov     ax, 0201h
        disk
        expect_if c
        expect  ah, 01h
.cylinder:
        cmp     word [cylinders], 1024
        jae     .status
        mov     ax, [cylinders]
        mov     ch, al
        mov     cl, 6
        shl     ah, cl
        mov     cl, ah
        inc     cx
        mov     dx, 0080h
        mov     ax, 0201h
        disk
        expect_if c
        expect  ah, 01h
.status:
        mov     ah, 01h
        mov     dl, 80h
        disk
        expect_if c
        expect  ah, 01h
        mov     ax, BDA
        mov     es, ax
        expect  byte [es:74h], 01h
        mov     ah, 00h
        mov     dl, 80h
        disk
        expect_if nc
        mov     ah, 01h
        mov     dl, 80h
        disk
        expect_if nc
        expect  ah, 0
        ret

; Functions without data: all succeed.
test_others:
        mov     si, .functions
.next:
        lodsb
        or      al, al
        jz      .done
        mov     ah, al
        mov     cx, 0101h
        mov     dx, 0080h
        disk
        expect_if nc
        expect  ah, 0
        jmp     .next
.done:
        mov     ah, 05h                 ; format: the track is read through
        mov     cx, 0101h
        mov     dx, 0080h
        disk
        expect_if nc
        mov     ah, 0Ch                 ; seek to nowhere
        mov     cx, 0100h
        mov     dx, 0080h
        disk
        expect_if c
        mov     ah, 06h
        mov     dx, 0080h
        disk
        expect_if c
        expect  ah, 01h
        ret
.functions:
        db      09h, 0Ch, 0Dh, 10h, 11h, 14h, 0

test_no_drive:
        mov     ah, 08h
        mov     dl, 81h
        disk
        expect_if c
        expect  ah, 07h
        mov     ah, 15h
        mov     dl, 81h
        disk
        expect_if nc
        expect  ah, 0
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 81h
        disk
        expect_if c
        expect  ah, 01h
        mov     ah, 41h
        mov     bx, 55AAh
        mov     dl, 81h
        disk
        expect_if c
        expect  bx, 55AAh
        ret

test_edd_present:
        mov     ah, 41h
        mov     bx, 55AAh
        mov     dl, 80h
        disk
        expect_if nc
        expect  ah, 30h
        expect  bx, 0AA55h
        and     cx, 7
        expect  cx, 5
        mov     ah, 41h
        mov     bx, 1234h
        mov     dl, 80h
        disk
        expect_if c
        expect  ah, 01h
        ret

; AH = function, AL = its AL; packet for sectors AX.. set by the caller.
%macro edd 1
        mov     si, packet
        mov     ax, %1
        mov     dl, 80h
        disk
%endmacro

test_edd_transfers:
        mov     ax, BUFFER
        mov     es, ax
        xor     di, di
        mov     cx, 20 * 256
        mov     ax, 4321h
.fill:
        stosw
        add     ax, 3
        loop    .fill
        mov     word [packet], 10h
        mov     word [packet + 2], 20
        mov     word [packet + 4], 0
        mov     word [packet + 6], BUFFER
        mov     word [packet + 8], 500
        mov     word [packet + 10], 0
        mov     word [packet + 12], 0
        mov     word [packet + 14], 0
        edd     4300h
        expect_if nc
        expect  ah, 0
        expect  word [packet + 2], 20
        edd     4302h                   ; and verify
        expect_if nc
        expect  word [packet + 2], 20
        edd     4400h
        expect_if nc
        mov     word [packet + 4], 8
        mov     word [packet + 6], BUFFER + 400h
        edd     4200h
        expect_if nc
        expect  word [packet + 2], 20
        push    ds
        push    es
        pop     ds
        xor     si, si
        mov     di, 4008h
        mov     cx, 20 * 256
        repe cmpsw
        pop     ds
        expect_if e
        mov     word [packet], 18h      ; with a flat address
        mov     word [packet + 4], 0FFFFh
        mov     word [packet + 6], 0FFFFh
        mov     word [packet + 16], 0
        mov     word [packet + 18], 2
        mov     word [packet + 20], 0
        mov     word [packet + 22], 0
        mov     word [packet + 8], 0
        mov     word [packet + 2], 1
        edd     4200h
        expect_if nc
        mov     ax, [es:510]            ; 20000h is BUFFER:0
        expect  ax, 0AA55h
        ret

test_edd_errors:
        mov     word [packet], 08h      ; too short a packet
        mov     word [packet + 2], 1
        edd     4200h
        expect_if c
        expect  ah, 01h
        mov     word [packet], 10h      ; one sector beyond the end
        mov     word [packet + 2], 2
        mov     word [packet + 4], 0
        mov     word [packet + 6], BUFFER
        mov     si, total
        mov     di, packet + 8
        push    es
        push    ds
        pop     es
        mov     cx, 4
        rep movsw
        pop     es
        sub     word [packet + 8], 1
        sbb     word [packet + 10], 0
        sbb     word [packet + 12], 0
        edd     4200h
        expect_if c
        expect  ah, 04h
        expect  word [packet + 2], 0
        mov     word [packet + 2], 1    ; the last one
        mov     word [es:0], 0
        edd     4200h
        expect_if nc
        expect  word [es:0], 'MA'
        mov     word [packet + 14], 8000h   ; far away
        edd     4200h
        expect_if c
        expect  ah, 04h
        edd     4303h                   ; write with an unknown flag
        expect_if c
        expect  ah, 01h
        ret

test_edd_parameters:
        mov     word [packet], 19h      ; too small a buffer
        edd     4800h
        expect_if c
        expect  ah, 01h
        mov     word [packet], 1Ah
        mov     word [packet + 1Ah], 5555h
        edd     4800h
        expect_if nc
        expect  word [packet], 1Ah
        expect  word [packet + 18h], 512
        expect  word [packet + 1Ah], 5555h
        test    word [packet + 2], 2
        expect_if nz
        mov     ax, [packet + 10h]
        or      ax, [packet + 12h]
        expect_if nz
        mov     word [packet], 1Eh
        edd     4800h
        expect_if nc
        expect  word [packet], 1Eh
        les     bx, [packet + 1Ah]      ; device parameter table extension
        expect  word [es:bx], 1F0h
        expect  word [es:bx + 2], 3F6h
        mov     al, [es:bx + 4]
        expect  al, 0E0h
        expect  byte [es:bx + 6], 14
        expect  byte [es:bx + 14], 11h
        mov     cx, 16
        mov     al, 0
.sum:
        add     al, [es:bx]
        inc     bx
        loop    .sum
        expect  al, 0
        mov     word [packet], 50h
        edd     4800h
        expect_if nc
        expect  word [packet], 42h
        expect  word [packet + 1Eh], 0BEDDh
        expect  byte [packet + 20h], 24h
        expect  word [packet + 24h], 'IS'
        expect  word [packet + 28h], 'AT'
        mov     bx, packet + 1Eh
        mov     cx, 24h
        mov     al, 0
.path:
        add     al, [bx]
        inc     bx
        loop    .path
        expect  al, 0
        ret

test_edd_others:
        mov     word [packet], 10h
        mov     word [packet + 2], 1
        mov     word [packet + 8], 100
        mov     word [packet + 10], 0
        mov     word [packet + 12], 0
        mov     word [packet + 14], 0
        edd     4700h
        expect_if nc
        edd     4E01h
        expect_if nc
        edd     4E00h
        expect_if c
        edd     4500h                   ; it cannot be locked
        expect_if c
        expect  ah, 01h
        ret

; Beyond what 28 bits can say.
test_large:
        cmp     word [total + 2], 1000h
        ja      .large
        cmp     word [total + 4], 0
        je      .done
.large:
        mov     ax, BUFFER
        mov     es, ax
        mov     word [packet], 10h
        mov     word [packet + 2], 10
        mov     word [packet + 4], 0
        mov     word [packet + 6], BUFFER
        mov     word [packet + 8], 0FFFBh       ; across the border
        mov     word [packet + 10], 0FFFh
        mov     word [packet + 12], 0
        mov     word [packet + 14], 0
        edd     4200h
        expect_if nc
        add     word [packet + 8], 10
        adc     word [packet + 10], 0
        mov     word [packet + 2], 1
        edd     4200h
        expect_if nc
        expect  word [es:0], 'MA'
        expect  word [es:4], 0005h
        expect  word [es:6], 1000h
.done:
        ret

        check_end
