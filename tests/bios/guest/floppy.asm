; INT 13h on floppies. The disk it boots from is the one it works on, of any
; format; what it writes to is kept by the test's -snapshot.
%include "check.inc"

LAST_CYLINDER   equ     CYLINDERS - 1
BUFFER          equ     2000h           ; segment
MARK            equ     5AA5h

run:
        call    test_parameters
        call    test_kind
        call    test_read_all
        call    test_pattern
        call    test_heads
        call    test_status
        call    test_bad_command
        call    test_not_found
        call    test_boundary
        call    test_verify
        call    test_change
        call    test_motor
        call    test_no_drive
        call    test_parameter_table
        call    test_format
        call    test_hook
        ret

; Interrupts are on after every call, and no call changes DS, SI, DI, BP.
%macro disk 0
        mov     si, 1111h
        mov     di, 2222h
        mov     bp, 3333h
        int     13h
        call    check_kept
%endmacro
check_kept:
        pushf
        expect  si, 1111h
        expect  di, 2222h
        expect  bp, 3333h
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

test_parameters:
        mov     ah, 08h
        mov     dl, 0
        int     13h
        expect_if nc
        expect  ah, 0
        expect  dl, 1
        expect  dh, 1
        mov     al, ch                  ; the drive's, not the medium's
        cmp     al, LAST_CYLINDER
        expect_if ae
        mov     al, cl
        and     al, 3Fh
        cmp     al, SECTORS
        expect_if ae
        cmp     bl, 1
        expect_if ae
        cmp     bl, 6
        expect_if be
        mov     [drive_type], bl
        expect  [es:di + 4], al
        expect  byte [es:di + 3], 2
        expect  byte [es:di + 6], 0FFh
        mov     ah, 08h                 ; no second drive
        mov     dl, 1
        int     13h
        expect_if nc
        expect  bl, 0
        expect  cx, 0
        expect  dl, 1
        ret
drive_type:
        db      0

test_kind:
        mov     ah, 15h
        mov     dl, 0
        int     13h
        expect_if nc
        mov     al, 1                   ; 360K: no change line
        cmp     byte [drive_type], 1
        je      .kind
        mov     al, 2
.kind:
        expect  ah, al
        mov     ah, 15h
        mov     dl, 1
        int     13h
        expect_if nc
        expect  ah, 0
        mov     ah, 15h
        mov     dl, 2
        int     13h
        expect  ah, 0
        ret

; Reads every track whole; the first and last sectors of all are read alone as
; well and are the same.
test_read_all:
        mov     byte [.cylinder], 0
.next_cylinder:
        mov     byte [.head], 0
.next_head:
        mov     ax, BUFFER
        mov     es, ax
        xor     bx, bx
        mov     ax, 0200h | SECTORS
        mov     ch, [.cylinder]
        mov     cl, 1
        mov     dh, [.head]
        mov     dl, 0
        disk
        expect_if nc
        expect  ax, SECTORS
        mov     ax, 0201h               ; the last one alone
        mov     bx, 6000h
        mov     cl, SECTORS
        disk
        expect_if nc
        expect  ax, 1
        push    ds
        push    es
        pop     ds
        mov     si, (SECTORS - 1) * 512
        mov     di, 6000h
        mov     cx, 256
        repe cmpsw
        pop     ds
        expect_if e
        inc     byte [.head]
        cmp     byte [.head], HEADS
        jb      .next_head
        add     byte [.cylinder], 13    ; some of them are enough
        cmp     byte [.cylinder], CYLINDERS
        jb      .next_cylinder
        ret
.cylinder:
        db      0
.head:  db      0

; Writes sectors with their address in them, all over the disk, then reads them.
test_pattern:
        mov     word [.command], 0301h
        call    .walk
        mov     word [.command], 0201h
.walk:
        mov     si, .places
.next:
        lodsw
        cmp     ax, 0FFFFh
        je      .done
        mov     cx, ax
        lodsw
        mov     dx, ax
        push    si
        mov     ax, BUFFER
        mov     es, ax
        mov     di, 0
        push    cx
        mov     ax, 0
        cmp     byte [.command + 1], 03h
        jne     .fill
        mov     ax, cx
        xor     ax, dx
        xor     ax, MARK
.fill:
        mov     cx, 256
        rep stosw
        pop     cx
        xor     bx, bx
        mov     ax, [.command]
        disk
        expect_if nc
        expect  ax, 1
        xor     cx, dx
        xor     cx, MARK
        mov     ax, [es:0]
        expect  ax, cx
        mov     ax, [es:510]
        expect  ax, cx
        pop     si
        jmp     .next
.done:
        ret
.command:
        dw      0
.places:                                ; CX, DX
        dw      LAST_CYLINDER * 256 + SECTORS, (HEADS - 1) * 256
        dw      LAST_CYLINDER * 256 + 1, 0
        dw      (CYLINDERS / 2) * 256 + SECTORS / 2, 0
        dw      30 * 256 + 1, (HEADS - 1) * 256
        dw      31 * 256 + SECTORS, 0
        dw      29 * 256 + 3, 0
        dw      0FFFFh

; A transfer goes on from head 0 to head 1.
test_heads:
%if HEADS == 2
        mov     ax, BUFFER
        mov     es, ax
        xor     bx, bx
        mov     ax, 0201h
        mov     cx, 30 * 256 + 1
        mov     dx, 0100h
        disk
        expect_if nc
        push    word [1Eh * 4]          ; where a track ends is what the
        push    word [1Eh * 4 + 2]      ; parameter table says
        call    own_table
        mov     bx, 1000h
        mov     ax, 0204h
        mov     cx, 30 * 256 + SECTORS - 1
        mov     dx, 0000h
        disk
        expect_if nc
        expect  ax, 4
        pop     word [1Eh * 4 + 2]
        pop     word [1Eh * 4]
        mov     ax, [es:0]
        expect  ax, [es:1400h]          ; the third one was head 1's first
%endif
        ret

; INT 1Eh -> a copy of the table, with this format's sectors. Destroys AX, CX,
; SI, DI.
own_table:
        push    ds
        push    es
        push    ds
        pop     es
        mov     di, parameters
        mov     cx, 11
        lds     si, [1Eh * 4]
        rep movsb
        pop     es
        pop     ds
        mov     byte [parameters + 4], SECTORS
        mov     word [1Eh * 4], parameters
        mov     word [1Eh * 4 + 2], 0
        ret
parameters:
        times   14 db 0

test_status:
        mov     ax, BUFFER
        mov     es, ax
        xor     bx, bx
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 0
        disk
        expect_if nc
        mov     ah, 01h
        mov     dl, 0
        disk
        expect_if nc
        expect  ah, 0
        mov     ax, 0201h
        mov     cx, SECTORS + 1         ; one too far
        mov     dx, 0
        call    own_table
        disk
        expect_if c
        mov     ah, 01h
        mov     dl, 0
        disk
        expect_if c
        expect  ah, 04h
        mov     ax, BDA
        mov     es, ax
        expect  byte [es:41h], 04h
        mov     ah, 00h
        mov     dl, 0
        disk
        expect_if nc
        expect  byte [es:41h], 0
        ret

test_bad_command:
        mov     ah, 19h
        mov     dl, 0
        disk
        expect_if c
        expect  ah, 01h
        mov     ah, 41h
        mov     bx, 55AAh
        mov     dl, 0
        disk
        expect_if c
        expect  ah, 01h
        mov     ax, 0200h               ; no sectors
        mov     cx, 1
        mov     dx, 0
        disk
        expect_if c
        expect  al, 0
        ret

; Sectors that are not there; AL tells how many were.
test_not_found:
        call    own_table
        mov     byte [parameters + 4], SECTORS + 3
        mov     ax, BUFFER
        mov     es, ax
        xor     bx, bx
        mov     ax, 0205h
        mov     cx, SECTORS - 1
        mov     dx, 0
        disk
        expect_if c
        expect  ah, 04h
        expect  al, 2
        mov     ah, 0
        mov     dl, 0
        disk
        ret

; The DMA controller cannot cross 64 KiB: error 09h, nothing is moved.
test_boundary:
        mov     ax, 2FF0h
        mov     es, ax
        mov     word [es:0], MARK
        mov     bx, 0
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 0
        disk
        expect_if c
        expect  ah, 09h
        expect  al, 0
        expect  word [es:0], MARK
        mov     ax, 0401h               ; to verify moves nothing
        mov     cx, 1
        mov     dx, 0
        disk
        expect_if nc
        mov     ax, 2FE0h               ; up to the boundary is well
        mov     es, ax
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 0
        disk
        expect_if nc
        cmp     word [es:0], MARK
        expect_if ne
        ret

test_verify:
        mov     ax, BUFFER
        mov     es, ax
        mov     word [es:0], MARK
        xor     bx, bx
        mov     ax, 0400h | SECTORS
        mov     cx, 1
        mov     dx, 0
        call    own_table
        mov     ax, 0400h | SECTORS
        mov     cx, 1
        disk
        expect_if nc
        expect  ax, SECTORS
        expect  word [es:0], MARK
        ret

test_change:
        cmp     byte [drive_type], 1
        mov     ah, 16h
        mov     dl, 0
        je      .none
        disk
        expect_if nc
        expect  ah, 0
        ret
.none:
        disk
        expect_if c                     ; it cannot tell
        expect  ah, 06h
        ret

; The motor runs after a transfer, for the time the parameter table says.
test_motor:
        mov     ax, BUFFER
        mov     es, ax
        xor     bx, bx
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 0
        disk
        mov     ax, BDA
        mov     es, ax
        test    byte [es:3Fh], 01h
        expect_if nz
        cmp     byte [es:40h], 24h
        expect_if ae
        cmp     byte [es:40h], 25h
        expect_if be
        test    byte [es:3Fh], 80h      ; it did not write
        expect_if z
        ret

test_no_drive:
        mov     ax, BUFFER
        mov     es, ax
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 1                   ; not installed
        disk
        expect_if c
        expect  ah, 80h
        mov     ax, 0201h
        mov     cx, 1
        mov     dx, 5
        disk
        expect_if c
        expect  ah, 01h
        ret

; AH=18h finds the table for a format, or says that the drive cannot.
test_parameter_table:
        mov     ah, 18h
        mov     ch, 12                  ; no such format
        mov     cl, 9
        mov     dl, 0
        int     13h
        expect_if c
        expect  ah, 0Ch
        mov     ah, 08h
        mov     dl, 0
        int     13h
        mov     ah, 18h
        mov     dl, 0
        int     13h
        expect_if nc
        expect  ah, 0
        mov     al, cl
        expect  [es:di + 4], al
        mov     ah, 00h                 ; and back to what the medium is
        mov     dl, 0
        int     13h
        mov     ax, BDA
        mov     es, ax
        mov     byte [es:90h], 0
        ret

; Formats the last track, sees it empty, and leaves the others alone.
test_format:
        call    own_table
        mov     ax, BUFFER
        mov     es, ax
        mov     di, 0
        mov     cx, SECTORS
        mov     bl, 1
.mark:
        mov     al, LAST_CYLINDER
        stosb
        mov     al, HEADS - 1
        stosb
        mov     al, bl
        stosb
        mov     al, 2
        stosb
        inc     bx
        loop    .mark
        xor     bx, bx
        mov     ax, 0201h               ; so that the medium is known
        mov     bx, 1000h
        mov     cx, 1
        mov     dx, 0
        disk
        expect_if nc
        xor     bx, bx
        mov     ax, 0500h | SECTORS
        mov     cx, LAST_CYLINDER * 256 + 1
        mov     dx, (HEADS - 1) * 256
        disk
        expect_if nc
        expect  ah, 0
        mov     bx, 1000h
        mov     ax, 0201h
        mov     cx, LAST_CYLINDER * 256 + SECTORS
        mov     dx, (HEADS - 1) * 256
        disk
        expect_if nc
        mov     ax, [es:1000h]
        expect  ax, 0F6F6h
        mov     ax, [es:11FEh]
        expect  ax, 0F6F6h
        mov     bx, 1000h
        mov     ax, 0201h
        mov     cx, (LAST_CYLINDER - 1) * 256 + SECTORS
        mov     dx, (HEADS - 1) * 256
        disk
        expect_if nc
        mov     ax, [es:1000h]
        cmp     ax, 0F6F6h
        expect_if ne
        ret

; INT 13h reaches floppies through INT 40h.
test_hook:
        hook    40h, .handler, .old
        mov     byte [.count], 0
        mov     ah, 01h
        mov     dl, 0
        int     13h
        expect  byte [.count], 1
        expect_if e
        unhook  40h, .old
        ret
.handler:
        inc     byte [cs:.count]
        jmp     far [cs:.old]
.count: db      0
.old:   dw      0, 0

        check_end
