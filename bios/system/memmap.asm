; INT 15h AH=88h, E8h: how much memory there is, and where.

EXT_BELOW_16M   equ     15 * 1024       ; KiB between 1 and 16 MiB
EXT_88_LIMIT    equ     63 * 1024       ; what AH=88h can say without harm

; AH = 88h: -> AX = KiB above 1 MiB.
int15_extended_size:
        call    load_ebda
        mov     ax, [es:E_EXT_KB]
        cmp     word [es:E_EXT_KB + 2], 0
        jne     .limit
        cmp     ax, EXT_88_LIMIT
        jbe     .store
.limit:
        mov     ax, EXT_88_LIMIT
.store:
        mov     [bp + FR_AX], ax
        jmp     service_ok_flag

; AH = E8h: AL = 01h, 20h, 81h.
int15_memory_map:
        call    load_ebda
        cmp     byte [es:E_CPU], CPU_286
        jb      service_unsupported
        mov     al, [bp + FR_AL]
        cmp     al, 01h
        je      .sizes
        cmp     byte [es:E_CPU], CPU_386
        jb      service_unsupported
        cmp     al, 20h
        je      memmap_entry
        cmp     al, 81h
        jne     service_unsupported
        call    memmap_sizes
        call    memmap_extend
        jmp     service_ok_flag
.sizes:
        call    memmap_sizes
        jmp     service_ok_flag

; -> the frame's AX = CX = KiB from 1 to 16 MiB, BX = DX = 64 KiB blocks above.
; ES = EBDA. Destroys AX, CX, DX.
memmap_sizes:
        mov     ax, [es:E_EXT_KB]
        mov     dx, [es:E_EXT_KB + 2]
        sub     ax, EXT_BELOW_16M
        sbb     dx, 0
        jc      .small
        mov     cx, 6
.blocks:
        shr     dx, 1
        rcr     ax, 1
        loop    .blocks
        mov     [bp + FR_BX], ax
        mov     [bp + FR_DX], ax
        mov     ax, EXT_BELOW_16M
        jmp     .store
.small:
        add     ax, EXT_BELOW_16M
        mov     word [bp + FR_BX], 0
        mov     word [bp + FR_DX], 0
.store:
        mov     [bp + FR_AX], ax
        mov     [bp + FR_CX], ax
        ret

        cpu     386
; AL = 81h: clears the upper halves of what memmap_sizes returns.
memmap_extend:
        movzx   eax, ax
        movzx   ebx, bx
        movzx   ecx, cx
        movzx   edx, dx
        ret

SMAP            equ     534D4150h

; AX = E820h, EDX = 'SMAP', ECX = bytes of room at ES:DI, EBX = 0 or the last
; call's -> EAX = 'SMAP', the entry, ECX = 20, EBX = 0 after the last one.
memmap_entry:
        mov     dx, [bp + FR_DX]
        cmp     edx, SMAP
        jne     service_unsupported
        mov     cx, [bp + FR_CX]
        cmp     ecx, 20
        jb      service_unsupported
        mov     bx, [bp + FR_BX]
        cmp     ebx, MEMMAP_ENTRIES
        jae     service_unsupported
        push    esi
.entry:
        call    memmap_range
        or      eax, eax
        jnz     .store
        inc     bx                      ; there is none to tell of
        jmp     .entry
.store:
        mov     es, [bp + FR_ES]
        mov     di, [bp + FR_DI]
        mov     [es:di], esi
        mov     dword [es:di + 4], 0
        mov     [es:di + 8], eax
        mov     dword [es:di + 12], 0
        mov     [es:di + 16], ecx
        pop     esi
        inc     bx
        cmp     bx, MEMMAP_ENTRIES
        jb      .more
        xor     ebx, ebx
.more:
        mov     [bp + FR_BX], bx
        mov     eax, SMAP
        mov     [bp + FR_AX], ax
        mov     ecx, 20
        mov     [bp + FR_CX], cx
        jmp     service_ok_flag

; BX = number of an entry -> ESI = base, EAX = length, 0: there is none, ECX =
; kind (1 memory, 2 reserved, 3 ACPI tables, 4 shared with ACPI). ES = EBDA.
; Destroys nothing else.
memmap_range:
        push    bx
        mov     ecx, 2
        movzx   eax, word [B_MEMORY]
        shl     eax, 10
        shl     bx, 1
        call    [cs:bx + memmap_kinds]
        pop     bx
        ret

memmap_kinds:
        dw      memmap_base, memmap_ebda, memmap_rom, memmap_extended
        dw      memmap_acpi, memmap_shared, memmap_top
MEMMAP_ENTRIES  equ     ($ - memmap_kinds) / 2

memmap_base:
        xor     esi, esi
        dec     ecx
        ret
memmap_ebda:
        mov     esi, eax
        mov     eax, 0A0000h
        sub     eax, esi
        ret
memmap_rom:
        mov     esi, 0F0000h
        mov     eax, 10000h
        ret
memmap_extended:
        mov     esi, 100000h
        mov     eax, [es:E_EXT_KB]
        shl     eax, 10
        dec     ecx
        ret
memmap_shared:
        inc     ecx
        call    memmap_acpi
        add     esi, eax
        ret
memmap_acpi:                            ; half of it each
        inc     ecx
        mov     esi, [es:E_EXT_KB]
        add     esi, 1024
        shl     esi, 10
        movzx   eax, byte [es:E_ACPI_KB]
        shl     eax, 9
        ret
memmap_top:
        mov     esi, 0FFFF0000h
        mov     eax, 10000h
        ret
        cpu     8086
