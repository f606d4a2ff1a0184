; The BIOS32 service directory and the PCI BIOS for programs in 32-bit protected
; mode (PCI BIOS Specification 2.1, section 3). They are called far; CS has base
; F0000h, or any that fits, for the code needs no data of its own.
        cpu     386

        align   16, db 0FFh
bios32_directory:
        db      "_32_"
        dd      0F0000h + (bios32_entry - $$)
        db      0                       ; revision
        db      1                       ; 16 bytes
        db      BIOS32_SUM
        times   5 db 0
BIOS32_OFFSET   equ     bios32_entry - $$
BIOS32_SUM      equ     (-('_' + '3' + '2' + '_' + (BIOS32_OFFSET & 0FFh) + (BIOS32_OFFSET >> 8) + 0Fh + 1)) & 0FFh

BIOS32_PCI      equ     "$PCI"

        bits    32
; EAX = service, EBX = 0 -> AL = 0: EBX = base, ECX = length, EDX = offset of its
; entry; AL = 80h: there is no such service, 81h: EBX asks for something else.
bios32_entry:
        or      bl, bl
        jnz     .function
        cmp     eax, BIOS32_PCI
        mov     al, 80h
        jne     .done
        mov     ebx, 0F0000h
        mov     ecx, 10000h
        mov     edx, bios32_pci - $$
        mov     al, 0
.done:
        retf
.function:
        mov     al, 81h
        retf

; AX = B1xxh as for INT 1Ah, but no interrupt. -> CF, AH.
bios32_pci:
        cmp     ah, 0B1h
        jne     .unknown
        cmp     al, 01h
        je      .present
        cmp     al, 02h
        je      bios32_find_device
        cmp     al, 03h
        je      bios32_find_class
        sub     al, 08h
        cmp     al, 05h
        jbe     bios32_register
.unknown:
        mov     ah, PCI_NO_FUNCTION
        stc
        retf
.present:
        mov     edx, 20494350h          ; 'PCI '
        mov     ax, PCI_OK << 8 | 01h   ; mechanism 1
        mov     bx, 0210h
        mov     cl, 0                   ; last bus
        clc
        retf

; AL = 0 to 5: read or write a byte, word, double word of register DI of BX.
bios32_register:
        push    edx
        mov     dl, al
        cmp     dl, 3
        jb      .size
        sub     dl, 3
.size:
        mov     dh, dl
        shr     dl, 1
        add     dl, dh                  ; bits that must be 0: 0, 1, 3
        mov     dh, 0FFh
        test    di, dx
        jnz     .bad
        call    bios32_select           ; -> DX = port of its bytes
        cmp     al, 1
        jb      .read_byte
        je      .read_word
        cmp     al, 3
        jb      .read_dword
        je      .write_byte
        cmp     al, 5
        jb      .write_word
        push    eax
        mov     eax, ecx
        out     dx, eax
        pop     eax
        jmp     .good
.read_byte:
        in      al, dx
        mov     cl, al
        jmp     .good
.read_word:
        in      ax, dx
        mov     cx, ax
        jmp     .good
.read_dword:
        push    eax
        in      eax, dx
        mov     ecx, eax
        pop     eax
        jmp     .good
.write_byte:
        mov     al, cl
        out     dx, al
        jmp     .good
.write_word:
        mov     ax, cx
        out     dx, ax
.good:
        pop     edx
        mov     ah, PCI_OK
        clc
        retf
.bad:
        pop     edx
        mov     ah, PCI_BAD_REGISTER
        stc
        retf

; BX, DI = function, register: selects it -> DX = port of its bytes. Keeps the
; rest.
bios32_select:
        push    eax
        movzx   eax, bx
        shl     eax, 8
        mov     edx, edi
        mov     al, dl
        and     al, 0FCh
        or      eax, 80000000h
        mov     dx, PCI_ADDRESS
        out     dx, eax
        mov     edx, edi
        and     edx, 3
        add     edx, PCI_DATA
        pop     eax
        ret

; Device CX of vendor DX, the SI-th -> BX.
bios32_find_device:
        cmp     dx, 0FFFFh
        je      .vendor
        push    ecx
        push    edi
        shl     ecx, 16
        mov     cx, dx
        mov     edi, 0                  ; register
        jmp     bios32_find
.vendor:
        mov     ah, PCI_BAD_VENDOR
        stc
        retf

; Class ECX, the SI-th -> BX.
bios32_find_class:
        push    ecx
        push    edi
        shl     ecx, 8
        mov     edi, 08h

; ECX = what register DI should be, its low byte aside where DI is 8. ECX, EDI
; are on the stack.
bios32_find:
        push    edx
        push    esi
        push    ebp
        mov     ebp, ebx                ; for the upper half
        movzx   esi, si
        xor     ebx, ebx
.next:
        call    bios32_select
        in      eax, dx
        or      edi, edi
        jz      .whole
        push    edi                     ; nobody there has no class either
        xor     edi, edi
        push    eax
        call    bios32_select
        in      ax, dx
        mov     dx, ax
        pop     eax
        pop     edi
        cmp     dx, 0FFFFh
        je      .other
        mov     al, 0
.whole:
        cmp     eax, ecx
        jne     .other
        sub     esi, 1
        jc      .found
.other:
        call    bios32_next
        jnc     .next
        mov     ebx, ebp
        mov     ah, PCI_NOT_FOUND
        stc
        jmp     .end
.found:
        mov     bp, bx
        mov     ebx, ebp
        mov     ah, PCI_OK
        clc
.end:
        pop     ebp
        pop     esi
        pop     edx
        pop     edi
        pop     ecx
        retf

; BX = function: steps to the next one of the bus. CF = 1: that was the last.
; Destroys EAX, EDX.
bios32_next:
        test    bl, 07h
        jnz     .function
        push    edi
        mov     edi, 0Eh                ; header: has it more functions?
        call    bios32_select
        in      al, dx
        pop     edi
        cmp     al, 0FFh
        je      .device
        test    al, 80h
        jnz     .function
.device:
        add     bl, 8
        jmp     .checked
.function:
        inc     bl
.checked:
        cmp     bl, 1                   ; CF = 1: it went round to 0
        ret
        bits    16
        cpu     8086
