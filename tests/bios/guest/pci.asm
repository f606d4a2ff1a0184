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
        mov     [pci_entry], edi
        expect  al, 01h
        expect  bx, 0210h
        expect  cl, 0
        call    test_find
        call    test_registers
        call    test_bad
        call    test_routes
        call    test_windows
        call    test_shadow
        call    test_bios32
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

; AL = 0Eh: where the pins lead.
test_routes:
        mov     word [.buffer], 15
        mov     ax, 0B10Eh
        mov     bx, 0
        mov     di, .buffer
        push    ds
        pop     es
        int     1Ah
        expect_if c
        expect  ah, 89h
        mov     cx, [.buffer]
        expect  cx, 31 * 16
        mov     word [.buffer + 2], .slots
        mov     [.buffer + 4], ds
        mov     word [.slots + 31 * 16], 5A5Ah
        mov     bx, 1234h
        mov     ax, 0B10Eh
        int     1Ah
        expect_if nc
        expect  ah, 0
        expect  bx, 0
        expect  di, .buffer
        expect  word [.buffer], 31 * 16
        expect  byte [.slots + 1], 1 << 3   ; device 1: A to D
        expect  byte [.slots + 2], 60h
        expect  byte [.slots + 11], 63h
        expect  byte [.slots + 16 + 2], 61h ; device 2
        expect  word [.slots + 31 * 16], 5A5Ah
        ret
.buffer:
        dw      0, 0, 0
.slots  equ     0A000h

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

pci_entry:
        dd      0

; The directory, the PCI BIOS behind it, and what they say in protected mode.
test_bios32:
        call    find_directory
        expect_if nc
        mov     eax, [es:si + 4]
        mov     [entry], eax
        xor     ebx, ebx
        mov     eax, "$ACF"             ; no such service
        call    call32
        expect  al, 80h
        mov     bl, 1
        mov     eax, "$PCI"
        call    call32
        expect  al, 81h
        xor     ebx, ebx
        mov     eax, "$PCI"
        call    call32
        expect  al, 0
        expect  ebx, 0F0000h
        cmp     ecx, edx
        expect_if a
        add     edx, ebx
        expect  edx, [pci_entry]
        mov     [entry], edx
        mov     eax, 0B101h
        call    call32
        expect_if nc
        expect  ax, 0001h
        expect  edx, 20494350h
        expect  bx, 0210h
        mov     ax, 0B102h
        mov     cx, 7000h
        mov     dx, 8086h
        mov     si, 0
        mov     ebx, 55550000h
        call    call32
        expect_if nc
        expect  ah, 0
        expect  bx, [bridge]
        expect  cx, 7000h
        mov     ax, 0B102h
        mov     si, 1
        call    call32
        expect_if c
        expect  ah, 86h
        mov     ax, 0B103h
        mov     ecx, 030000h
        mov     si, 0
        call    call32
        expect_if nc
        expect  bx, [vga]
        mov     bx, [bridge]
        mov     ax, 0B10Ah
        mov     di, 0
        call    call32
        expect_if nc
        expect  ecx, 70008086h
        mov     ax, 0B109h
        mov     di, 2
        call    call32
        expect  cx, 7000h
        mov     ax, 0B108h
        mov     di, 1
        call    call32
        expect  cl, 80h
        mov     ax, 0B10Ah
        call    call32
        expect_if c
        expect  ah, 87h
        mov     bx, [vga]
        mov     di, 3Ch
        mov     ax, 0B108h
        call    call32
        mov     dl, cl
        mov     ax, 0B10Bh
        mov     cl, 77h
        call    call32
        expect_if nc
        mov     ax, 0B108h
        mov     cl, 0
        call    call32
        expect  cl, 77h
        mov     ax, 0B10Bh
        mov     cl, dl
        call    call32
        mov     ax, 0B1FFh
        call    call32
        expect_if c
        expect  ah, 81h
        ret

; -> ES:SI = "_32_" with a right sum; CF = 1: there is none.
find_directory:
        mov     ax, 0E000h
.segment:
        mov     es, ax
        xor     si, si
        cmp     dword [es:si], "_32_"
        jne     .next
        mov     cl, 0
        mov     bx, 16
.sum:
        dec     bx
        add     cl, [es:bx]
        or      bx, bx
        jnz     .sum
        or      cl, cl
        jz      .found
.next:
        inc     ax
        jnz     .segment
        stc
.found:
        ret

; Calls [entry] far in 32-bit protected mode with all registers but EBP, and
; gives back what it returned, flags too.
call32:
        cli
        mov     [saved_ds], ds
        mov     [saved_es], es
        lgdt    [gdt_pointer]
        mov     ebp, cr0
        or      ebp, 1
        mov     cr0, ebp
        jmp     08h:.protected
        bits    32
.protected:
        mov     bp, 10h
        mov     ds, bp
        mov     es, bp
        mov     ss, bp
        call    far [entry]
        pushfd
        pop     dword [flags]
        jmp     18h:.back
        bits    16
.back:
        mov     bp, 20h
        mov     ds, bp
        mov     es, bp
        mov     ss, bp
        mov     ebp, cr0
        and     ebp, ~1
        mov     cr0, ebp
        jmp     0:.real
.real:
        mov     bp, 0
        mov     ds, bp
        mov     ss, bp
        mov     es, [saved_es]
        push    word [flags]
        popf
        sti
        ret
entry:  dd      0
        dw      08h
flags:  dd      0
saved_ds:
        dw      0
saved_es:
        dw      0
gdt_pointer:
        dw      gdt_end - gdt - 1
        dd      gdt
        align   8, db 0
gdt:    dw      0, 0, 0, 0
        dw      0FFFFh, 0, 9A00h, 00CFh ; 08: code, 32 bits
        dw      0FFFFh, 0, 9200h, 00CFh ; 10: data
        dw      0FFFFh, 0, 9A00h, 0000h ; 18: code, 16 bits
        dw      0FFFFh, 0, 9200h, 0000h ; 20: data, as in real mode
gdt_end:

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
