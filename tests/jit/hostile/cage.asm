; A cage: whatever stands in WINDOW runs in ring 3, from places and with
; registers that it was not made for, until it faults or an interrupt comes.
; Then all that is left of it goes into the sum, the memory around it changes,
; and it runs from the next place on.
%include "lib.inc"

; option: how the code runs (bits 0-1), where from (bit 2), what changes. From
; within its first page: each other byte, by bit 0 of the seed.
FORM_FLAT equ 0
FORM_16 equ 1
FORM_V86 equ 2
EDGES   equ 1 << 2                    ; or that page
COPY    equ 1 << 3                    ; the code is as it was, now and then
PAGES   equ 1 << 4                    ; pages of code show something else
SPACES  equ 1 << 5                    ; another CR3, of more than one can keep
GATE    equ 1 << 6                    ; A20
PAGING  equ 1 << 7                    ; off and on
MASTER  equ 1 << 8                    ; a bus master writes to the code
SYSTEM  equ 1 << 9                    ; gates, stack of ring 0, A bits of
                                      ; descriptors, system flags, segments

DIRECTORIES equ 40
DIRECTORY equ 0x50000
LOW_TABLE equ 0x78000
HIGH_TABLE equ 0x79000
OTHER   equ 0x110000                  ; WINDOW's like with A20 off

start:
        mov eax, [seed]
        and eax, 1
        mov [place], eax
        call load_tables
        call make_pages
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80050000            ; PG, AM, WP
        mov cr0, eax
        jmp go_on

; Page n of the low table shows n, for ring 0 alone, but for what follows.
make_pages:
        mov edi, LOW_TABLE
        mov eax, 3
        mov ecx, 1024
.next:  mov [edi], eax
        add eax, 0x1000
        add edi, 4
        dec ecx
        jnz .next
        mov ecx, 16
        mov edi, LOW_TABLE + (WINDOW >> 10)
.user:  or dword [edi], 7
        add edi, 4
        dec ecx
        jnz .user
        mov dword [LOW_TABLE], 7
        mov esi, edges
        mov edi, LOW_TABLE + (EDGE >> 10)
        mov ecx, edge_pages
        rep movsd
        mov edi, HIGH_TABLE
        mov ecx, 1024
        xor eax, eax
        rep stosd
        mov dword [HIGH_TABLE + 0xffc], MATTER + 0x7007
        mov edi, DIRECTORY
        mov ecx, DIRECTORIES
.each:  mov dword [edi], LOW_TABLE | 7
        mov dword [edi + 4], LOW_TABLE | 7
        mov dword [edi + 0xffc], HIGH_TABLE | 7
        add edi, 0x1000
        dec ecx
        jnz .each
        ret

; Pages from EDGE on, whose ends lead from one thing to another.
EDGE    equ 0x20000
        align 4
edges:  dd RAM_END - 0x1000 | 7, RAM_END | 7      ; past the end of RAM
        dd MATTER | 7, 0                          ; nothing is there
        dd MATTER + 0x1000 | 7, MATTER + 0x2003   ; ring 0's
        dd MATTER + 0x3000 | 7, QUIET | 7, NOISY | 7, ROM | 7
        dd MATTER + 0x4005, WINDOW + 0x1007, WINDOW | 7
        dd MATTER + 0x6007, MATTER + 0x5007, OTHER | 7
edge_pages equ ($ - edges) / 4

; What a page of code shows by turns; low 12 bits as in the table, and with
; bit 9 the page of its own number behind it.
        align 4
shows:  dd WINDOW | 0x207, WINDOW | 0x205, OTHER | 0x207, MATTER | 0x207
        dd QUIET | 7, NOISY | 7, ROM | 0x205, 0
        dd WINDOW | 0x207, WINDOW | 0x207, WINDOW | 0x207, WINDOW | 0x203
        dd RAM_END | 7, WINDOW | 0x207, WINDOW | 0x207, WINDOW + 0x1007

caught:
        pushad
        mov ax, DATA0
        mov ds, ax
        mov es, ax
        mov esi, esp
        mov ecx, 14
.fold:  mov eax, [esi]
        SUM
        add esi, 4
        dec ecx
        jnz .fold
        dec dword [rounds]
        jz finish
go_on:
        mov esp, STACK0
        cld
        test dword [option], COPY
        jz .pages
        test dword [rounds], 31
        jnz .pages
        mov esi, SOURCE
        mov edi, WINDOW
        mov ecx, SOURCE_BYTES / 4
        rep movsd
.pages: test dword [option], PAGES
        jz .spaces
        test dword [rounds], 3
        jnz .spaces
        call change_page
.spaces:
        test dword [option], SPACES
        jz .gate
        call random
        mov ecx, DIRECTORIES
        xor edx, edx
        div ecx
        shl edx, 12
        add edx, DIRECTORY
        mov cr3, edx
.gate:  test dword [option], GATE
        jz .paging
        call random
        shr eax, 9
        and al, 2
        out PORT_A20, al
.paging:
        test dword [option], PAGING
        jz .master
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        inc dword [QUIET + 0x40]
        or eax, 0x80000000
        mov cr0, eax
.master:
        test dword [option], MASTER
        jz .system
        call random
        and eax, 0x2fc4
        lea ecx, [eax + WINDOW]
        add eax, SOURCE
        out PORT_FROM, eax
        mov eax, ecx
        out PORT_TO, eax
.system:
        test dword [option], SYSTEM
        jz enter
        call change_system
        jmp enter

change_page:
        call random
        mov ecx, eax
        shr ecx, 8
        and ecx, 3                    ; which
        and eax, 15
        mov eax, [shows + 4 * eax]
        test eax, 0x200
        jz .put
        mov edx, ecx
        shl edx, 12
        add eax, edx
.put:   mov [LOW_TABLE + (WINDOW >> 10) + 4 * ecx], eax
        shl ecx, 12
        invlpg [WINDOW + ecx]
        ret

; A gate of an interrupt that ring 3 may call, or not; where the stack of ring 0
; begins, across the end of a page at times; descriptors not accessed yet.
change_system:
        call random
        mov ecx, eax
        and ecx, 15
        mov edx, eax
        shr edx, 8
        and edx, 7
        mov dl, [.gates + edx]
        mov [idt + 8 * (0x20 + ecx) + 5], dl
        shr eax, 12
        mov edx, eax
        and edx, 0x3f
        add edx, STACK0
        mov [tss + 4], edx
        shr eax, 8
        and eax, 0x18
        and byte [gdt + CODE3 - 3 + eax + 5], 0xfe
        and byte [gdt + DATA0 + 5], 0xfe
        ret
.gates: db 0x8e, 0xee, 0xef, 0xee, 0x8f, 0x6e, 0xee, 0xef

; A linear address in EBX.
choose:
        test dword [option], EDGES
        jnz .edge
        mov ebx, [place]
        add dword [place], 2
        and ebx, 0xfff
        add ebx, WINDOW
        ret
.edge:  call random
        mov ebx, eax
        and ebx, 15
        inc ebx                       ; 16 is the end of all
        shl ebx, 12
        add ebx, EDGE
        cmp ebx, EDGE + 0x10000
        jb .before
        xor ebx, ebx
.before:
        shr eax, 8
        and eax, 31
        sub ebx, eax
        ret

place:  dd 0                          ; even, or odd

; Goes to ring 3, with registers that mostly point somewhere.
enter:
        call choose
        mov eax, [option]
        and eax, 3
        cmp eax, FORM_16
        je .small
        ja .v86
        push dword DATA3
        push dword WINDOW + 0xefc0
        call flags
        push eax
        push dword CODE3
        push ebx
        mov eax, DATA3
        jmp .go
.small: sub ebx, WINDOW
        and ebx, 0xffff
        push dword DATA16
        push dword 0xefc0
        call flags
        push eax
        push dword CODE16
        push ebx
        mov eax, DATA16
        jmp .go
.v86:   times 4 push dword WINDOW >> 4
        push dword WINDOW >> 4
        push dword 0xefc0
        call flags
        or eax, 0x20000
        push eax
        mov eax, ebx                  ; an offset below 32 KiB, where that goes
        and eax, 0xff000
        sub eax, 0x8000
        jc .zero
        shr eax, 4
        push eax
        shl eax, 4
        sub ebx, eax
        push ebx
        jmp .registers
.zero:  push dword 0
        and ebx, 0xffff
        push ebx
        jmp .registers
.go:    mov ds, ax
        mov es, ax
        test dword [ss:option], SYSTEM
        jz .registers
        call ss_random
        mov edx, eax
        and edx, 15
        mov fs, [ss:.segments + 2 * edx]
        shr eax, 8
        mov edx, eax
        and edx, 15
        mov gs, [ss:.segments + 2 * edx]
        shr eax, 8
        and eax, 31
        cmp eax, 16
        jae .registers
        mov es, [ss:.segments + 2 * eax]
        jmp .registers
        align 2
.segments:
        dw 0, DATA3, DATA16, CODE3, 3, DATA3, DATA16, CODE16
        dw DATA3 - 3, DATA16 - 1, 1, DATA3, DATA3, DATA16, CODE3, DATA3
.registers:
        call ss_random
        mov ebp, eax
        and ebp, 0x6fff
        lea ebp, [ebp + WINDOW + 0x8000]
        test dword [ss:option], 3
        jz .wide
        sub ebp, WINDOW
.wide:  mov esi, ebp
        xor esi, 0x3ffc
        mov edi, ebp
        xor edi, 0x0123
        mov ebx, ebp
        xor ebx, 0x1550
        mov ecx, eax
        shr ecx, 24
        iretd

; RANDOM without DS, which is ring 3's already.
ss_random:
        mov eax, [ss:seed]
        imul eax, 1664525
        add eax, 1013904223
        mov [ss:seed], eax
        mov edx, eax
        shr edx, 16
        xor eax, edx
        ret

; Of EFLAGS: arithmetic at random, IF, TF now and then.
flags:
        call random
        mov edx, eax
        and eax, 0x8d5
        or eax, 0x202
        test edx, 0x1f0000
        jnz .done
        or eax, 0x100
.done:  test dword [option], SYSTEM
        jz .out
        shr edx, 3
        and edx, 0x254400             ; ID, AC, RF, NT, DF
        and edx, [seed]               ; not all so often
        or eax, edx
.out:   ret

finish:
        EXIT
