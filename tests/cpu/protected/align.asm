; Alignment checks: CR0.AM, AC and ring 3 together, from the 486 on.
%include "lib.inc"

D equ SCRATCH
AC equ 0x40000

main:
        mov eax, cr0
        or eax, AC
        mov cr0, eax
        ; The stack of ring 3 is aligned; so is what the macros push.
%macro ALIGN_CASE 4+                  ; before, instruction, vector, name
        TRY
        RING 3, AC | 2
        mov ebx, D
        mov ecx, 4
        mov esi, D
        mov edi, D + 0x100
        %1
%%at:   %2
        CAUGHT %3, 0, %4
    %if (%3) == V_AC
        CHECK [caught_ring], 3, %4
        CHECK [caught_eip], %%at, %4
        mov eax, [caught_eflags]
        and eax, AC
        CHECK eax, AC, %4
    %endif
%endmacro
        ALIGN_CASE nop, {mov eax, [ebx]}, NONE, "dword at 0"
        ALIGN_CASE nop, {mov eax, [ebx + 1]}, V_AC, "dword at 1"
        ALIGN_CASE nop, {mov eax, [ebx + 2]}, V_AC, "dword at 2"
        ALIGN_CASE nop, {mov eax, [ebx + 3]}, V_AC, "dword at 3"
        ALIGN_CASE nop, {mov ax, [ebx + 2]}, NONE, "word at 2"
        ALIGN_CASE nop, {mov ax, [ebx + 1]}, V_AC, "word at 1"
        ALIGN_CASE nop, {mov al, [ebx + 1]}, NONE, "byte at 1"
        ALIGN_CASE nop, {mov [ebx + 2], eax}, V_AC, "dword store at 2"
        ALIGN_CASE nop, {mov [ebx + 1], ax}, V_AC, "word store at 1"
        ALIGN_CASE nop, {add [ebx + 2], eax}, V_AC, "add at 2"
        ALIGN_CASE nop, {xchg [ebx + 2], eax}, V_AC, "xchg at 2"
        ALIGN_CASE nop, {cmp [ebx + 2], eax}, V_AC, "cmp at 2"
        ALIGN_CASE nop, {inc word [ebx + 1]}, V_AC, "inc at 1"
        ALIGN_CASE nop, {movzx eax, word [ebx + 1]}, V_AC, "movzx at 1"
        ALIGN_CASE nop, {movsd}, NONE, "movsd"
        ALIGN_CASE {lea esi, [ebx + 2]}, {movsd}, V_AC, "movsd from 2"
        ALIGN_CASE nop, {lodsd}, NONE, "lodsd"
        ALIGN_CASE {inc esi}, {lodsw}, V_AC, "lodsw from 1"
        ALIGN_CASE {inc edi}, {stosd}, V_AC, "stosd to 1"
        ALIGN_CASE {inc edi}, {rep stosd}, V_AC, "rep stosd to 1"
        ALIGN_CASE {inc edi}, {rep stosb}, NONE, "rep stosb to 1"
        ALIGN_CASE nop, {push eax}, NONE, "push"
        ALIGN_CASE {sub esp, 2}, {push eax}, V_AC, "push at 2"
        ALIGN_CASE {sub esp, 2}, {push ax}, NONE, "16-bit push at 2"
        ALIGN_CASE {sub esp, 2}, {pop eax}, V_AC, "pop at 2"
        ALIGN_CASE {sub esp, 2}, {call $ + 5}, V_AC, "call at 2"
        ALIGN_CASE nop, {bt dword [ebx + 2], 0}, V_AC, "bt at 2"
        ALIGN_CASE nop, {lea eax, [ebx + 1]}, NONE, "lea"
        ; Not in ring 0 to 2, not without AC, not without AM.
        TRY
        push dword AC | 2
        popfd
        mov eax, [D + 1]
        CAUGHT NONE, 0, "ring 0"
        TRY
        RING 2, AC | 2
        mov eax, [D + 1]
        CAUGHT NONE, 0, "ring 2"
        TRY
        RING 3
        mov eax, [D + 1]
        CAUGHT NONE, 0, "AC clear"
        ; AC set and cleared by POPFD in ring 3.
        TRY
        RING 3
        push dword AC | 2
        popfd
        mov eax, [D + 1]
        CAUGHT V_AC, 0, "AC set by popfd"
        TRY
        RING 3, AC | 2
        push dword 2
        popfd
        mov eax, [D + 1]
        CAUGHT NONE, 0, "AC cleared by popfd"
        ; What the processor reads for itself is not checked: a GDT at 4n + 2.
        mov esi, gdt
        mov edi, D + 0x202
        mov ecx, GDT_BYTES / 4
        rep movsd
        mov word [D + 0x1f0], GDT_BYTES - 1
        mov dword [D + 0x1f2], D + 0x202
        lgdt [D + 0x1f0]
        TRY
        RING 3, AC | 2
        mov ax, DATA3
        mov fs, ax
        CAUGHT NONE, 0, "GDT not aligned"
        lgdt [gdt_pointer]
        ; The limit comes first.
        SET_SEG FREE, D, 0xff, 0xf3, 4
        TRY
        RING 3, AC | 2
        mov ax, FREE | 3
        mov fs, ax
        mov eax, [fs:0xfe]
        CAUGHT V_GP, 0, "beyond the limit and not aligned"
        ; It is the linear address that counts.
        SET_SEG FREE, D + 2, 0xff, 0xf3, 4
        TRY
        RING 3, AC | 2
        mov ax, FREE | 3
        mov fs, ax
        mov eax, [fs:2]
        CAUGHT NONE, 0, "offset 2, base 2"
        TRY
        RING 3, AC | 2
        mov ax, FREE | 3
        mov fs, ax
        mov eax, [fs:4]
        CAUGHT V_AC, 0, "offset 4, base 2"
        mov eax, cr0
        and eax, ~AC
        mov cr0, eax
        TRY
        RING 3, AC | 2
        mov eax, [D + 1]
        CAUGHT NONE, 0, "AM clear"
        ret
%include "end.inc"
