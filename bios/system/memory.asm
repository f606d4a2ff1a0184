; How much memory there is. The CMOS says what is configured; what cannot be
; written to is not counted.

; KiB the 286 can reach above 1 MiB; the last 128 of its 16 MiB are ROM again.
EXT_286_LIMIT   equ     15 * 1024 - 128

; -> AX = KiB of base memory that work, a multiple of 16. Keeps what stands in
; it. Destroys BX, CX, DX, DS.
memory_base:
        xor     bx, bx
.block:
        mov     ds, bx
        mov     ax, 55AAh
        mov     cx, [0]
        mov     dx, [2]
        mov     [0], ax
        not     ax
        mov     [2], ax                 ; the bus holds something else now
        not     ax
        cmp     [0], ax
        mov     [0], cx
        mov     [2], dx
        jne     .end
        add     bx, 400h                ; 16 KiB
        cmp     bx, 0A000h
        jb      .block
.end:
        mov     ax, bx
        shrn    ax, 6
        ret

; KiB above 1 MiB -> E_EXT_KB, and CMOS 30h for who asks there. Destroys AX, BX,
; CX, DX.
memory_extended:
        push    es
        call    load_ebda
        call    memory_configured       ; DX:AX = KiB
        cmp     byte [es:E_CPU], CPU_386
        jae     .probe
        cmp     byte [es:E_CPU], CPU_286
        mov     bx, EXT_286_LIMIT
        jae     .limit
        xor     bx, bx                  ; 20 address lines
.limit:
        or      dx, dx
        jnz     .cut
        cmp     ax, bx
        jbe     .store
.cut:
        mov     ax, bx
        xor     dx, dx
        jmp     .store
.probe:
        call    memory_probe
.store:
        mov     [es:E_EXT_KB], ax
        mov     [es:E_EXT_KB + 2], dx
        or      dx, dx
        jz      .cmos
        mov     ax, 0FFFFh
.cmos:
        mov     bx, ax
        mov     ah, bl
        mov     al, CMOS_EXT_FOUND
        call    cmos_write
        mov     ah, bh
        inc     ax
        call    cmos_write
        pop     es
        ret

; -> DX:AX = KiB above 1 MiB that the CMOS tells of. Destroys BX, CX.
memory_configured:
        mov     al, CMOS_HIGH
        call    cmos_read_word
        or      ax, ax
        jz      .small
        xor     dx, dx
        mov     cx, 6                   ; 64 KiB each
.shift:
        shl     ax, 1
        rcl     dx, 1
        loop    .shift
        add     ax, EXT_BELOW_16M
        adc     dx, 0
        ret
.small:
        mov     al, CMOS_EXT
        call    cmos_read_word
        xor     dx, dx
        ret

        cpu     386
; DX:AX = KiB above 1 MiB to look for -> DX:AX = what is there, tried once a
; MiB. Opens line A20, closes it. Destroys the rest, 32 bits wide.
memory_probe:
        pushf
        cli
        shl     edx, 16
        mov     dx, ax
        mov     edi, edx                ; KiB wanted
        mov     al, 1
        call    a20_set
        jc      .none
        push    ds
        call    big_segments
        mov     esi, 100000h
.next:
        mov     edx, esi
        shr     edx, 10
        sub     edx, 1024               ; KiB so far
        cmp     edx, edi
        jae     .all
        mov     eax, [esi]
        mov     ebx, [esi + 4]
        mov     ecx, 55AA33CCh
        mov     [esi], ecx
        not     ecx
        mov     [esi + 4], ecx          ; the bus holds something else now
        not     ecx
        cmp     [esi], ecx
        mov     [esi], eax
        mov     [esi + 4], ebx
        jne     .end
        add     esi, 100000h
        jnz     .next
.all:
        mov     edx, edi                ; it ended with a part of a MiB
.end:
        mov     edi, edx
        call    real_segments
        pop     ds
        mov     al, 0
        call    a20_set
        jmp     .known
.none:
        xor     edi, edi
.known:
        mov     edx, edi
        mov     ax, dx
        shr     edx, 16
        popf
        ret

; Gives DS the limit of 4 GiB, base 0, for real mode. Interrupts are off.
; Destroys EAX, EBX.
big_segments:
        mov     ax, big_selector
        jmp     load_ds_protected

; Gives DS back its limit of 64 KiB; its base is 0 then. Destroys EAX,
; EBX.
real_segments:
        mov     ax, real_selector
        ; fall through

; AX = selector: loads DS with it in protected mode. Destroys EBX.
load_ds_protected:
        cs lgdt [big_gdt_pointer]
        mov     ebx, cr0
        or      bl, 1
        mov     cr0, ebx
        jmp     $ + 2
        mov     ds, ax
        and     bl, 0FEh
        mov     cr0, ebx
        jmp     0F000h:.real
.real:
        ret

; The same for DS, ES, FS, GS, which have base 0 then. Interrupts are off.
; Destroys AX, EBX.
load_all_protected:
        call    load_ds_protected       ; it knows the way
        mov     ebx, cr0
        or      bl, 1
        mov     cr0, ebx
        jmp     $ + 2
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        and     bl, 0FEh
        mov     cr0, ebx
        jmp     0F000h:.real
.real:
        xor     ax, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        ret

        align   8, db 0FFh
big_gdt:
        dw      0, 0, 0, 0
big_selector    equ     $ - big_gdt
        dw      0FFFFh, 0, 9300h, 008Fh
real_selector   equ     $ - big_gdt
        dw      0FFFFh, 0, 9300h, 0000h
big_gdt_pointer:
        dw      big_gdt_pointer - big_gdt - 1
        dw      big_gdt, 000Fh
        cpu     8086
