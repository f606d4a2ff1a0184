; Far transfers and loads of segments in protected mode, from rings 0 and 3, by
; few instructions that become hot, with descriptors that change all the time:
; bases that show one page of code at several offsets, conforming and 16-bit
; code, gates, limits, what is absent or of the wrong kind. option: 1 with paging.
%include "lib.inc"

TABLE   equ 0x50000                   ; of descriptors
SLOTS   equ 24                        ; that change, from here on:
FIRST   equ 0x40
PAGES   equ 0x51000                   ; table of pages, and directory
STACK3  equ 0x6f000

start:
        call load_tables
        mov esi, gdt
        mov edi, TABLE
        mov ecx, 16
        rep movsd
        mov word [gdt_pointer], FIRST + 8 * SLOTS - 1
        mov dword [gdt_pointer + 2], TABLE
        lgdt [gdt_pointer]
        mov ebp, SLOTS
.slot:  dec ebp
        mov eax, ebp
        call change_slot
        test ebp, ebp
        jnz .slot
        mov byte [idt + 8 * 0x30 + 5], 0xee
        mov byte [idt + 8 * 0x31 + 5], 0xef
        test dword [option], 1
        jz step
        mov edi, PAGES
        mov eax, 7
        mov ecx, 512
.page:  mov [edi], eax
        add eax, 0x1000
        add edi, 4
        dec ecx
        jnz .page
        mov dword [PAGES + 0x1000], PAGES | 7
        mov eax, PAGES + 0x1000
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        jmp step

; Descriptor EAX becomes another; its base is kept, for those who aim.
change_slot:
        push ebx
        mov ebx, eax
        call random
        mov ecx, eax
        and ecx, 3
        mov ecx, [.bases + 4 * ecx]
        mov [bases + 4 * ebx], ecx
        shr eax, 2
        mov edx, eax
        and edx, 31
        movzx edx, word [.kinds + 2 * edx]
        test edx, 0x1000              ; a segment
        jz .gate
        and edx, 0xefff
        mov [TABLE + FIRST + 8 * ebx], ecx
        shl dword [TABLE + FIRST + 8 * ebx], 16
        or dword [TABLE + FIRST + 8 * ebx], 0xffff
        shr ecx, 16
        and edx, 0xcfff
        mov ch, dl                    ; access
        movzx eax, dh                 ; G and D
        and eax, 0xc0
        jz .small
        or al, 0x0f
.small: shl eax, 16
        movzx ecx, cx
        or eax, ecx
        mov [TABLE + FIRST + 8 * ebx + 4], eax
        pop ebx
        ret
.gate:  mov dword [bases + 4 * ebx], 0
        mov dword [TABLE + FIRST + 8 * ebx], CODE0 << 16 | A(entered) & 0xffff
        mov eax, A(entered) & 0xffff0000
        mov ah, dl
        mov [TABLE + FIRST + 8 * ebx + 4], eax
        pop ebx
        ret
.bases: dd 0, 0x10, 0x1000, IMAGE
; Segments: G and D in bits 15 and 14, bit 12 set, access. Gates: access.
.kinds: dw 0xd09a, 0xd09b, 0xd0fa, 0xd0fb, 0xd09e, 0xd0fe, 0xd0fa, 0xd09a
        dw 0x109a, 0x10fa, 0x109e, 0x10fe, 0xd01a, 0xd07a, 0xd0ba, 0xd0da
        dw 0xd092, 0xd0f2, 0xd093, 0xd0f3, 0xd090, 0xd0f0, 0x5096, 0x50f6
        dw 0x10f2, 0x1092, 0xd072, 0x00ec, 0x00ec, 0x008c, 0x006c, 0x00e5

bases:  times SLOTS dd 0

step:   mov esp, STACK0
        call random
        mov ebp, eax                  ; decides the rest
        test eax, 0x7000000
        jnz .aim
        shr eax, 8
        and eax, 0x1f
        cmp eax, SLOTS
        jae .aim
        call change_slot
.aim:   mov eax, ebp
        and eax, 0x3f
        cmp eax, SLOTS
        jb .slot
        mov ecx, A(places)
        and eax, 7
        test ebp, 1 << 20             ; ring 3
        jz .usually
        or eax, 8
.usually:
        movzx ebx, word [.usual + 2 * eax]
        jmp .place
.slot:  mov ecx, A(places)
        sub ecx, [bases + 4 * eax]
        lea ebx, [8 * eax + FIRST]
        mov edx, ebp
        shr edx, 5
        and edx, 3
        or ebx, [.rings + 4 * edx]
.place: mov edx, ebp
        shr edx, 8
        and edx, 7
        lea ecx, [ecx + 4 * edx]
        mov edx, ebp
        shr edx, 12
        and edx, 15
        cmp edx, ways
        jb .way
        and edx, 7
.way:   mov esi, [operations + 4 * edx]
        mov edi, ebx
        mov [pointer], ecx
        mov [pointer + 4], bx
        cmp esi, operations.stack     ; in ring 0 it could be the last
        je .outside
        test ebp, 1 << 20
        jz .inside
.outside:
        push dword DATA3
        push dword STACK3
        pushfd
        push dword CODE3
        push esi
        mov eax, DATA3
        mov ds, ax
        mov es, ax
        iretd
.inside:
        mov edx, STACK3
        jmp esi
.usual: dw CODE0, CODE0, CODE3, CODE0, CODE0, DATA0, TSS, 0
        dw CODE3, CODE3, CODE3, CODE0, CODE3, DATA3, CODE3, 0
.rings: dd 0, 3, 3, 1

        align 64
pointer: dd 0, 0
        align 64

; EBX is a selector, ECX an offset. In any ring.
operations:
        dd .retf, .iret, .jump, .call, .load, .stack, .outer, .iret_outer
        dd .pointers, .retf
ways equ ($ - operations) / 4
.retf:  push ebx
        push ecx
        retf
.iret:  pushfd
        push ebx
        push ecx
        iretd
.jump:  jmp far [pointer]
.call:  call far [pointer]
        int 0x31
.load:  mov es, bx
        mov fs, bx
        mov eax, [fs:ecx]
        mov gs, bx
        mov [es:pointer + 4], bx
        mov ds, bx
        int 0x30
.stack: mov ss, bx
        mov esp, STACK3
        push eax
        pop eax
        int 0x30
.outer: push dword DATA3
        push edx
        push ebx
        push ecx
        retf
.iret_outer:
        push dword DATA3
        push edx
        push dword 0x202
        push ebx
        push ecx
        iretd
.pointers:
        les eax, [pointer]
        lfs eax, [pointer]
        int 0x31

; Where they lead: the same in 16 bits.
        align 4
places:
%rep 8
        inc eax
        nop
        int 0x30
%endrep

entered:                              ; by a call gate
        mov ax, DATA0
        mov ds, ax
        mov eax, [esp + 4]
        SUM
        mov eax, esp
        SUM
        int 0x31

caught: pushad
        mov eax, ds
        mov edx, es
        shl edx, 16
        mov dx, ax
        mov ax, DATA0
        mov ds, ax
        mov eax, edx
        SUM
        mov eax, fs
        mov edx, gs
        shl edx, 16
        mov dx, ax
        mov eax, edx
        SUM
        mov ax, DATA0
        mov es, ax
        mov esi, esp
        mov ecx, 15
.fold:  mov eax, [esi]
        SUM
        add esi, 4
        dec ecx
        jnz .fold
        xor eax, eax
        mov fs, ax
        mov gs, ax
        mov ax, DATA0
        mov ss, ax
        dec dword [rounds]
        jnz step
        mov esi, TABLE                ; with A bits
        mov ecx, FIRST / 4 + 2 * SLOTS
.table: mov eax, [esi]
        SUM
        add esi, 4
        dec ecx
        jnz .table
        EXIT
