; INT 13h on a CD and on what an image of the CD stands in for. Defined: MEDIA,
; the catalog's number for it, LOAD, how many sectors the catalog says, and of an
; emulated drive the geometry. The CD is mkcd.c's; with a diskette emulated, a
; real one in drive A holds the byte FILL all over.
%include "check.inc"

CD_DRIVE        equ     0E0h
BOOT_IMAGE      equ     20              ; its sector
IMAGE_SECTORS   equ     SECTORS * HEADS * CYLINDERS
FIRST_MARK      equ     PROGRAM_SECTORS ; in front of it stands this program
PHASE           equ     0600h           ; word in memory: boots so far, or else
PHASE_KEY       equ     4B00h
BUFFER          equ     2000h           ; segment

%if MEDIA == 0
DRIVE           equ     CD_DRIVE
%elif MEDIA == 4
DRIVE           equ     80h
%else
DRIVE           equ     00h
%endif

run:
        expect  byte [boot_drive], DRIVE
        call    test_status
%if MEDIA != 0
        call    test_parameters
        call    test_read
        call    test_bad
%endif
%if MEDIA == 4
        call    test_edd
%endif
        call    test_cd
        call    test_catalog
%if MEDIA != 0
        cmp     word [PHASE], PHASE_KEY + 1
        je      .end
        call    test_terminate
        call    test_initiate
        call    test_boot
.end:
%endif
        ret

; AH = 4Bh, AL = 1: only tells.
test_status:
        mov     si, packet
        mov     dl, 7Fh
        call    .ask
        expect  byte [packet + 1], MEDIA
        expect  byte [packet + 2], DRIVE
        expect  word [packet + 4], BOOT_IMAGE
        expect  word [packet + 6], 0
        expect  word [packet + 0Ch], 07C0h
        expect  word [packet + 0Eh], LOAD
%if MEDIA != 0
        expect  byte [packet + 10h], CYLINDERS - 1
        expect  byte [packet + 11h], SECTORS
        expect  byte [packet + 12h], HEADS - 1
%endif
        mov     dl, DRIVE               ; by its own number too
        ; fall through
.ask:
        mov     byte [packet + 1], 0FFh
        mov     ax, 4B01h
        stc
        int     13h
        expect_if nc
        expect  ah, 0
        expect  byte [packet], 13h
        ret

; DX:AX = sector of the image -> CX, DH as INT 13h wants it.
%macro address 1
        mov     cx, ((%1) / (SECTORS * HEADS)) << 8 | ((%1) % SECTORS + 1)
        mov     dh, (%1) / SECTORS % HEADS
        mov     dl, DRIVE
%endmacro

; Sectors %2 from %1 to BUFFER; then they must hold their numbers.
%macro read_marks 2
        push    es
        mov     ax, BUFFER
        mov     es, ax
        mov     bx, 0010h
        mov     word [es:bx + (%2) * 512], 5A5Ah
        address %1
        mov     ax, 0200h | (%2)
        stc
        int     13h
        expect_if nc
        expect  ax, %2
        expect  word [es:bx + (%2) * 512], 5A5Ah
        mov     ax, %1
        mov     cx, %2
        call    marks
        pop     es
%endmacro

; ES:BX = CX sectors from number AX on. Destroys AX, BX, CX.
marks:
        expect  word [es:bx], "MA"
        expect  word [es:bx + 2], "RK"
        expect  [es:bx + 4], ax
        inc     ax
        add     bx, 512
        loop    marks
        ret

test_read:
        read_marks FIRST_MARK, 1
        read_marks FIRST_MARK + 1, 1
        read_marks FIRST_MARK + 2, 1
        read_marks FIRST_MARK + 3, 1
        read_marks FIRST_MARK + 1, 3
        read_marks FIRST_MARK + 3, 6    ; begins and ends inside CD sectors
        read_marks FIRST_MARK, 17
        read_marks FIRST_MARK + 5, 60   ; over the ends of tracks
        read_marks IMAGE_SECTORS / 2, 4
        read_marks IMAGE_SECTORS - 3, 3
        address IMAGE_SECTORS - 2       ; verify
        mov     ax, 0402h
        int     13h
        expect_if nc
        expect  ax, 2
        address IMAGE_SECTORS - 1       ; seek
        mov     ah, 0Ch
        int     13h
        expect_if nc
        ret

test_bad:
        address IMAGE_SECTORS - 2       ; beyond the end
        mov     bx, buffer
        mov     ax, 0203h
        int     13h
        expect_if c
        expect  ax, 0400h
        mov     ah, 01h
        mov     dl, DRIVE
        int     13h
        expect  ah, 04h
        mov     cx, SECTORS + 1         ; no such sector
        mov     dx, DRIVE
        mov     ax, 0201h
        int     13h
        expect_if c
        expect  ah, 04h
        mov     cx, 0                   ; nor this
        mov     ax, 0201h
        int     13h
        expect_if c
        expect  ah, 04h
        mov     cx, 0001h
        mov     dx, HEADS << 8 | DRIVE
        mov     ax, 0201h
        int     13h
        expect_if c
        expect  ah, 04h
        mov     cx, CYLINDERS << 8 | 1
        mov     dx, DRIVE
        mov     ax, 0201h
        int     13h
        expect_if c
        expect  ah, 04h
        address IMAGE_SECTORS - 1       ; a CD cannot be written
        mov     bx, buffer
        mov     ax, 0301h
        int     13h
        expect_if c
        expect  ax, 0300h
        mov     dl, DRIVE
        mov     ah, 77h
        int     13h
        expect_if c
        expect  ah, 01h
        ret

test_parameters:
        push    es
        mov     dl, DRIVE
        mov     ah, 08h
        int     13h
        expect_if nc
        expect  ah, 0
        expect  cx, (CYLINDERS - 1) << 8 | SECTORS
        expect  dh, HEADS - 1
%if MEDIA == 4
        expect  dl, 1
%else
        expect  dl, 2                   ; it and the real one
        expect  bl, (MEDIA == 1) * 2 + (MEDIA == 2) * 4 + (MEDIA == 3) * 5
        expect  byte [es:di + 3], 2
        mov     ax, es
        or      ax, di
        expect_if nz
        int     11h
        and     al, 0C1h
        expect  al, 41h
%endif
        pop     es
        mov     dl, DRIVE
        mov     ah, 15h
        int     13h
        expect_if nc
%if MEDIA == 4
        expect  ah, 3
        expect  cx, IMAGE_SECTORS >> 16
        expect  dx, IMAGE_SECTORS & 0FFFFh
%else
        expect  ah, 1
        mov     dl, 01h                 ; the real one has moved up
        call    real_floppy
%endif
        ret

; DL = drive: it is the diskette that holds FILL. Destroys AX, BX, CX, DX.
real_floppy:
        mov     si, 3
.again:
        mov     bx, buffer
        mov     cx, 0001h
        mov     dh, 0
        mov     ax, 0201h
        int     13h
        jnc     .read
        dec     si
        jnz     .again
        expect_if nc
.read:
        expect  word [buffer], FILL * 101h
        expect  word [buffer + 510], FILL * 101h
        ret

; Sector %1 of 512 bytes by AH=42h.
%macro read_packet 2
        mov     word [edd_count], %2
        mov     word [edd_lba], %1
        mov     si, edd
        mov     dl, DRIVE
        mov     ah, 42h
        stc
        int     13h
%endmacro

test_edd:
        mov     dl, DRIVE
        mov     bx, 55AAh
        mov     ah, 41h
        int     13h
        expect_if nc
        expect  bx, 0AA55h
        read_packet FIRST_MARK + 3, 2
        expect_if nc
        expect  word [edd_count], 2
        mov     ax, FIRST_MARK + 3
        mov     bx, buffer
        mov     cx, 2
        call    marks
        read_packet IMAGE_SECTORS - 1, 2
        expect_if c
        mov     word [edd_result], 1Ah
        mov     si, edd_result
        mov     dl, DRIVE
        mov     ah, 48h
        int     13h
        expect_if nc
        expect  word [edd_result + 4], CYLINDERS
        expect  word [edd_result + 8], HEADS
        expect  word [edd_result + 0Ch], SECTORS
        expect  word [edd_result + 10h], IMAGE_SECTORS
        expect  word [edd_result + 18h], 512
        ret

; The CD drive itself.
test_cd:
        mov     dl, CD_DRIVE
        mov     bx, 55AAh
        mov     ah, 41h
        int     13h
        expect_if nc
        expect  bx, 0AA55h
        mov     dl, CD_DRIVE
        mov     ah, 15h
        int     13h
        expect_if nc
        expect  ah, 3
        call    .read                   ; the volume descriptor
        expect_if nc
        expect  word [buffer + 1], "CD"
        expect  word [buffer + 3], "00"
        mov     ax, [buffer + 80]       ; sectors of the CD
        mov     [cd_sectors], ax
        dec     ax
        mov     [edd_lba], ax
        call    .again                  ; the last one
        expect_if nc
        expect  word [buffer], "DI"
        mov     ax, [edd_lba]
        expect  [buffer + 4], ax
        inc     word [edd_lba]
        call    .again                  ; beyond
        expect_if c
        expect  word [edd_count], 0
        mov     word [edd_result], 1Eh
        mov     si, edd_result
        mov     dl, CD_DRIVE
        mov     ah, 48h
        int     13h
        expect_if nc
        expect  word [edd_result + 18h], 2048
        mov     dl, CD_DRIVE            ; locked it stays
        mov     ax, 4500h
        int     13h
        expect_if nc
        expect  al, 1
        mov     dl, CD_DRIVE
        mov     ax, 4600h
        int     13h
        expect_if c
        expect  ah, 0B1h
        mov     dl, CD_DRIVE
        mov     ax, 4501h
        int     13h
        expect_if nc
        expect  al, 0
        mov     dl, CD_DRIVE
        mov     ah, 49h
        int     13h
        expect_if nc
        mov     dl, CD_DRIVE
        mov     ah, 43h
        mov     si, edd
        int     13h
        expect_if c
        expect  ah, 03h
        mov     dl, CD_DRIVE            ; no cylinders
        mov     ax, 0201h
        int     13h
        expect_if c
        expect  ah, 01h
        ret
.read:
        mov     word [edd_lba], 16
.again:
        mov     word [edd_count], 1
        mov     si, edd
        mov     dl, CD_DRIVE
        mov     ah, 42h
        int     13h
        ret

; AH = 4Dh: the boot catalog.
test_catalog:
        mov     si, command
        mov     ax, 4D00h
        mov     dl, DRIVE
        int     13h
        expect_if nc
        expect  ah, 0
        expect  byte [buffer], 1
        expect  word [buffer + 1Eh], 0AA55h
        expect  byte [buffer + 60h], 88h
        expect  byte [buffer + 61h], MEDIA
        expect  word [buffer + 68h], BOOT_IMAGE
        ret

; AH = 4Bh, AL = 0: the real drives are back.
test_terminate:
        mov     si, packet
        mov     ax, 4B00h
        mov     dl, DRIVE
        int     13h
        expect_if nc
        expect  byte [packet + 1], MEDIA
        mov     si, packet
        mov     ax, 4B01h
        mov     dl, 7Fh
        int     13h
        expect_if nc
        expect  byte [packet + 1], 0
        expect  byte [packet + 2], CD_DRIVE
%if MEDIA == 4
        mov     dl, DRIVE               ; there is no other disk
        mov     cx, 1
        mov     bx, buffer
        mov     ax, 0201h
        int     13h
        expect_if c
%else
        int     11h
        and     al, 0C1h
        expect  al, 01h
        mov     dl, 00h
        call    real_floppy
%endif
        ret

; AH = 4Ah: emulates again.
test_initiate:
        mov     byte [packet], 13h
        mov     byte [packet + 1], MEDIA
        mov     byte [packet + 2], DRIVE
        mov     word [packet + 4], BOOT_IMAGE
        mov     si, packet
        mov     ax, 4A00h
        int     13h
        expect_if nc
        expect  ah, 0
        call    test_status
        read_marks FIRST_MARK + 1, 4
        mov     byte [packet + 1], 5    ; no such medium
        mov     si, packet
        mov     ax, 4A00h
        int     13h
        expect_if c
        ret

; AH = 4Ch: and boots. This program starts again and knows by its memory.
test_boot:
        cmp     word [failures], 0
        jne     .done
        mov     word [PHASE], PHASE_KEY + 1
        mov     byte [packet + 1], MEDIA
        mov     si, packet
        mov     ax, 4C00h
        int     13h
        expect_if nc                    ; it does not come back
        expect  ax, 0FFFFh
.done:
        ret

cd_sectors:
        dw      0
packet: times   13h db 0
command:
        db      8, 1
        dw      0
        dw      buffer, 0
edd:    db      16, 0
edd_count:
        dw      0
        dw      buffer, 0
edd_lba:
        dw      0, 0, 0, 0
edd_result:
        times   32 db 0

        check_end
buffer  equ     7C00h + PROGRAM_SECTORS * 512
