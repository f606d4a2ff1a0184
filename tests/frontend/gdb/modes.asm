; A floppy that works through real mode with CS=07C0, 16-bit protected mode,
; 32-bit protected mode with paging, and virtual-8086 mode, over and over. In
; each the routine `work` runs ROUNDS times; it calls, loops, copies with REP
; and counts in a word of its own. For the gdb session.
;
;   7C00  this program: the segment of the 16-bit parts
;   9000  counters: real, pm16, pm32, v86 (words, 2 apart)
;   A000  page directory, page table at B000; linear 400000 is physical 0 too
;   C000  IDT
%define ROUNDS 120
%define COUNTS 0x9000
%define LINEAR 0x400000 ; where the paged parts run

        org 0
        cpu 386
        bits 16
        jmp     0x07c0:start

; 16-bit routine; the same bytes in three modes. DS: base 7C00.
;   bx: the counter's address in the segment at 0 (FS)
%macro WORK 1
        mov     cx, 5
%%loop: add     ax, cx
        xor     ax, 0x5aa5
        loop    %%loop
        mov     si, %1
        mov     di, %1 + 32
        mov     cx, 16
        rep     movsb
        inc     word [fs:bx]
        pushf
        popf
%endmacro

        align 16
start:  cli
        mov     ax, cs
        mov     ds, ax
        mov     es, ax
        xor     ax, ax
        mov     fs, ax
        mov     ss, ax
        mov     sp, 0x7000
        mov     ax, 0x0202              ; the second sector, to 7E00
        mov     bx, 0x200
        mov     cx, 2
        xor     dh, dh
        int     0x13
        jc      $
        cli
        call    tables
again:  mov     bx, COUNTS
        mov     bp, ROUNDS
real:   call    real_work
        int     0x60
        dec     bp
        jnz     real
        jmp     to_protected

        align 16
real_work:
        WORK    buffer
        ret

real_int:
        inc     dword [fs:COUNTS + 16]
        iret

        times 510 - ($ - $$) db 0
        dw      0xaa55

; Vector 60 of real mode, the IDT, page tables: 4 MiB at 0 and at 400000.
tables: mov     word [fs:0x60 * 4], real_int
        mov     word [fs:0x60 * 4 + 2], 0x07c0
        push    es
        mov     ax, 0xa00
        mov     es, ax
        xor     di, di
        xor     eax, eax
        mov     ecx, 2048
        rep     stosd
        mov     dword [es:0], 0xb007
        mov     dword [es:4], 0xb007
        mov     di, 0x1000
        mov     eax, 7
.page:  stosd
        add     eax, 0x1000
        cmp     di, 0x2000
        jne     .page
        mov     ax, 0xc00               ; the gate of INT 61
        mov     es, ax
        mov     dword [es:0x61 * 8], (0x18 << 16) + 0x7c00 + leave_v86
        mov     dword [es:0x61 * 8 + 4], 0xee00
        pop     es
        ret

to_protected:
        lgdt    [gdtr]
        lidt    [idtr]
        mov     eax, 0xa000
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 1
        mov     cr0, eax
        jmp     0x08:pm16

        align 16
pm16:   mov     ax, 0x10                ; base 7C00
        mov     ds, ax
        mov     es, ax
        mov     ax, 0x20                ; base 0
        mov     fs, ax
        mov     ss, ax
        mov     sp, 0x7000
        mov     bx, COUNTS + 2
        mov     bp, ROUNDS
.round: call    pm16_work
        dec     bp
        jnz     .round
        jmp     dword 0x18:(0x7c00 + pm32)

        align 16
pm16_work:
        WORK    buffer
        ret

        bits 32
        align 16
pm32:   mov     ax, 0x20
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 0x7000
        mov     ax, 0x28
        ltr     ax
        mov     eax, cr0
        or      eax, 0x80000000
        mov     cr0, eax
        mov     eax, LINEAR + 0x7c00 + .paged
        jmp     eax
.paged: mov     ebx, COUNTS + 4
        mov     ebp, ROUNDS
.round: call    pm32_work
        dec     ebp
        jnz     .round
        ; to virtual-8086 mode, CS=07C0
        push    dword 0                 ; gs
        push    dword 0                 ; fs
        push    dword 0x07c0            ; ds
        push    dword 0x07c0            ; es
        push    dword 0                 ; ss
        push    dword 0x6000            ; esp
        push    dword 0x00023002        ; VM, IOPL 3
        push    dword 0x07c0
        push    dword v86
        iret

        align 16
pm32_work:
        mov     ecx, 5
.loop:  add     eax, ecx
        xor     eax, 0x5aa5
        loop    .loop
        mov     esi, 0x7c00 + buffer
        mov     edi, 0x7c00 + buffer + 32
        mov     ecx, 16
        rep     movsb
        inc     word [ebx]
        pushf
        popf
        ret

; INT 61 from virtual-8086 mode: back to real mode.
        align 16
leave_v86:
        mov     ax, 0x20
        mov     ds, ax
        mov     ss, ax
        mov     dword [0x28 + 0x7c00 + gdt + 4], 0x00008900 + tss_high ; free
        mov     eax, cr0
        and     eax, 0x7fffffff
        mov     cr0, eax
        jmp     0x08:.pm16
        bits 16
.pm16:  mov     ax, 0x10
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, 0xfe
        mov     cr0, eax
        jmp     0x07c0:.real
.real:  mov     ax, cs
        mov     ds, ax
        mov     es, ax
        xor     ax, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     sp, 0x7000
        lidt    [idtr_real]
        jmp     again

        align 16
v86:    mov     bx, COUNTS + 6
        mov     bp, ROUNDS
.round: call    v86_work
        dec     bp
        jnz     .round
        int     0x61

        align 16
v86_work:
        WORK    buffer
        ret

        align 8
gdt:    dq      0
        dq      0x00009a007c00ffff      ; 08: 16-bit code at 7C00
        dq      0x000092007c00ffff      ; 10: data at 7C00
        dq      0x00cf9a000000ffff      ; 18: 32-bit code
        dq      0x008f92000000ffff      ; 20: data
        dw      0x67, 0x7c00 + tss      ; 28: TSS
        dd      0x00008900
tss_high equ 0
gdtr:   dw      0x2f
        dd      0x7c00 + gdt
idtr:   dw      8 * 0x62 - 1
        dd      0xc000
idtr_real:
        dw      0x3ff
        dd      0
tss:    dd      0, 0x6800, 0x20
        times 0x68 - 12 db 0
buffer: times 64 db 0x41

        times 5 * 512 - ($ - $$) db 0
        times 1474560 - ($ - $$) db 0
