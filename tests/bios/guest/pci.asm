; INT 1Ah AH=B1h: the PCI bus, or that there is none; and what the BIOS set up
; on it. INT 15h AH=53h, up to the end by switching off.
%include "check.inc"

run:
        call    cpu_class
        cmp     al, 3
        jb      test_none
        cpu     386
        mov     ax, 0B101h
        mov     edi, 12345678h
        int     1Ah
        jc      test_none
        expect  ah, 0
        expect  edx, 20494350h
        expect  al, 01h
        expect  bx, 0210h
        expect  cl, 0
        call    test_find
        call    test_registers
        call    test_bad
        call    test_windows
        call    test_shadow
        call    test_power
        ret

test_none:
        mov     ax, 0B102h
        mov     cx, 7000h
        mov     dx, 8086h
        mov     si, 0
        int     1Ah
        expect_if c
        ret

test_find:
        mov     ax, 0B102h
        mov     cx, 1237h
        mov     dx, 8086h
        xor     si, si
        int     1Ah
        expect_if nc
        expect  ah, 0
        expect  bx, 0
        mov     ax, 0B102h
        mov     cx, 1237h
        mov     si, 1                   ; there is one only
        int     1Ah
        expect_if c
        expect  ah, 86h
        mov     ax, 0B102h
        mov     dx, 0FFFFh
        xor     si, si
        int     1Ah
        expect_if c
        expect  ah, 83h
        mov     ax, 0B103h              ; VGA
        mov     ecx, 0FF030000h
        xor     si, si
        int     1Ah
        expect_if nc
        mov     [vga], bx
        mov     ax, 0B103h
        mov     ecx, 030000h
        mov     si, 1
        int     1Ah
        expect_if c
        expect  ah, 86h
        mov     ax, 0B103h              ; ISA bridge
        mov     ecx, 060100h
        xor     si, si
        int     1Ah
        expect_if nc
        mov     [bridge], bx
        ret
vga:    dw      0
bridge: dw      0

test_registers:
        mov     bx, [bridge]
        mov     di, 0
        mov     ax, 0B108h
        mov     ecx, 11223344h
        int     1Ah
        expect_if nc
        expect  ecx, 11223386h
        mov     ax, 0B109h
        mov     di, 2
        int     1Ah
        expect_if nc
        expect  ecx, 11227000h
        mov     ax, 0B10Ah
        mov     di, 0
        int     1Ah
        expect_if nc
        expect  ecx, 70008086h
        mov     bx, [vga]               ; the interrupt line takes any value
        mov     di, 3Ch
        mov     ax, 0B108h
        int     1Ah
        mov     dl, cl
        mov     ax, 0B10Bh
        mov     cl, 5Ah
        int     1Ah
        expect_if nc
        mov     ax, 0B108h
        mov     cl, 0
        int     1Ah
        expect  cl, 5Ah
        mov     ax, 0B10Bh
        mov     cl, dl
        int     1Ah
        mov     di, 10h                 ; a window, by words and whole
        mov     ax, 0B10Ah
        int     1Ah
        mov     ebp, ecx
        mov     ax, 0B10Dh
        mov     ecx, 0D2000000h
        int     1Ah
        expect_if nc
        mov     di, 12h
        mov     ax, 0B109h
        int     1Ah
        expect  cx, 0D200h
        mov     cx, 0D300h
        mov     ax, 0B10Ch
        int     1Ah
        expect_if nc
        mov     di, 10h
        mov     ax, 0B10Ah
        int     1Ah
        and     ecx, 0FFFFFFF0h
        expect  ecx, 0D3000000h
        mov     ecx, ebp
        mov     ax, 0B10Dh
        int     1Ah
        ret

test_bad:
        mov     bx, [bridge]
        mov     di, 1
        mov     ax, 0B109h
        int     1Ah
        expect_if c
        expect  ah, 87h
        mov     di, 2
        mov     ax, 0B10Ah
        int     1Ah
        expect_if c
        expect  ah, 87h
        mov     di, 100h
        mov     ax, 0B108h
        int     1Ah
        expect_if c
        expect  ah, 87h
        mov     ax, 0B1FFh
        int     1Ah
        expect_if c
        expect  ah, 81h
        mov     bx, 00F8h               ; nobody is there
        mov     di, 0
        mov     ax, 0B10Ah
        int     1Ah
        expect_if nc
        expect  ecx, 0FFFFFFFFh
        ret

; What start-up gave out: windows, routes.
test_windows:
        mov     bx, [vga]
        mov     di, 10h
        mov     ax, 0B10Ah
        int     1Ah
        cmp     ecx, 0E0000000h
        expect_if ae
        mov     di, 04h
        mov     ax, 0B109h
        int     1Ah
        and     cl, 3
        expect  cl, 3
        mov     bx, [bridge]
        mov     di, 60h
        mov     ax, 0B10Ah
        int     1Ah
        expect  ecx, 0B0B0A0Ah
        ret

; The BIOS stands in RAM that cannot be written, its ROM was copied right.
test_shadow:
        mov     bx, 0
        mov     di, 59h
        mov     ax, 0B108h
        int     1Ah
        and     cl, 30h
        expect  cl, 10h
        mov     ax, 0F000h
        mov     es, ax
        mov     al, [es:0FFFEh]
        mov     byte [es:0FFFEh], 12h
        expect  al, [es:0FFFEh]
        mov     ax, 0C000h              ; the VGA BIOS as well
        mov     es, ax
        mov     ax, [es:0]
        mov     word [es:0], 1234h
        expect  ax, [es:0]
        ret

test_power:
        mov     ax, 5300h
        xor     bx, bx
        int     15h
        expect_if nc
        expect  bx, 504Dh
        expect  ax, 0102h
        mov     ax, 5307h               ; not connected yet
        mov     bx, 1
        mov     cx, 1
        int     15h
        expect_if c
        expect  ah, 03h
        mov     ax, 5301h
        xor     bx, bx
        int     15h
        expect_if nc
        mov     ax, 5301h
        int     15h
        expect_if c
        expect  ah, 02h
        mov     ax, 530Eh
        mov     cx, 0102h
        int     15h
        expect_if nc
        expect  ax, 0102h
        mov     ax, 5305h               ; idle: until the next interrupt
        int     15h
        expect_if nc
        mov     ax, 530Ah
        mov     bx, 1
        int     15h
        expect_if nc
        expect  bh, 1
        mov     ax, 530Bh
        int     15h
        expect_if c
        expect  ah, 80h
        mov     ax, 5307h
        mov     bx, 1
        mov     cx, 4
        int     15h
        expect_if c
        expect  ah, 0Ah
        mov     ax, 5304h
        int     15h
        expect_if nc
        ret
        cpu     8086

        check_end
