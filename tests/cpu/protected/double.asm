; Double faults: which pairs of exceptions make one, and how it is delivered.
; Pairs with page faults are in paging.asm.
%include "lib.inc"

NUMBER equ 0x50
STACK equ FREE

%macro NOT_PRESENT 1                  ; vector
        and byte [idt + (%1) * 8 + 5], 0x7f
%endmacro
%macro PRESENT 1
        or byte [idt + (%1) * 8 + 5], 0x80
%endmacro

raise_gp:
        mov ax, LDT_MAIN
        mov ds, ax
        int NONE
raise_de:
        xor ebx, ebx
        div ebx
        int NONE
raise_np:
        mov ax, STACK
        mov ds, ax
        int NONE
raise_ts:
        push dword 0x4002
        popfd
        iretd                         ; NT, and the link is null
        int NONE
raise_ud:
        ud2
raise_nm:
        mov eax, cr0
        or eax, 8
        mov cr0, eax
        fnop
        int NONE
raise_br:
        mov dword [SCRATCH], 1
        mov dword [SCRATCH + 4], 2
        xor eax, eax
        bound eax, [SCRATCH]
        int NONE

main:
        SET_SEG STACK, 0, 0xfffff, 0x13, 12 ; not present

        ; First exception's gate is not present: #NP with its vector, or #DF.
pairs:
%macro PAIR 5+                        ; raise, vector, exception, error, name
        NOT_PRESENT %2
        TRY
        jmp %1
        CAUGHT %3, %4, %5
        PRESENT %2
        clts
%endmacro
        PAIR raise_gp, V_GP, V_DF, 0, "#GP, #NP"
        PAIR raise_de, V_DE, V_DF, 0, "#DE, #NP"
        PAIR raise_ts, V_TS, V_DF, 0, "#TS, #NP"
        PAIR raise_ud, V_UD, V_NP, V_UD * 8 + 3, "#UD, #NP"
        PAIR raise_nm, V_NM, V_NP, V_NM * 8 + 3, "#NM, #NP"
        PAIR raise_br, V_BR, V_NP, V_BR * 8 + 3, "#BR, #NP"
        ; #NP that finds #NP's gate not present.
        PAIR raise_np, V_NP, V_DF, 0, "#NP, #NP"
        ; INT and INT3 are no exceptions: #NP in its own right.
        NOT_PRESENT V_BP
        TRY
        int3
        CAUGHT V_NP, V_BP * 8 + 2, "int3, #NP"
        PRESENT V_BP
        NOT_PRESENT NUMBER
        TRY
        int NUMBER
        CAUGHT V_NP, NUMBER * 8 + 2, "int, #NP"
        PRESENT NUMBER
        ; Second exception #GP, by a gate of a bad type.
        mov byte [idt + V_GP * 8 + 5], 0x89
        TRY
        jmp raise_gp
        CAUGHT V_DF, 0, "#GP, #GP"
        mov byte [idt + V_GP * 8 + 5], 0x8e
        mov byte [idt + V_UD * 8 + 5], 0x89
        TRY
        jmp raise_ud
        CAUGHT V_GP, V_UD * 8 + 3, "#UD, #GP"
        mov byte [idt + V_UD * 8 + 5], 0x8e
        ; Three in a row, the first benign: #UD, then #NP, whose gate is bad.
        NOT_PRESENT V_UD
        mov byte [idt + V_NP * 8 + 5], 0x89
        TRY
        jmp raise_ud
        CAUGHT V_DF, 0, "#UD, #NP, #GP"
        mov byte [idt + V_NP * 8 + 5], 0x8e
        PRESENT V_UD
        ; The state of the first instruction is kept.
        NOT_PRESENT V_GP
        TRY
        mov eax, LDT_MAIN
        mov ecx, 0x12345678
        push dword 5
        mov esi, esp
        mov ds, ax
        CAUGHT V_DF, 0, "#DF: registers"
        CHECK [caught_ecx], 0x12345678, "#DF: ECX"
        mov eax, [caught_esi]
        sub eax, 20
        CHECK [caught_sp], eax, "#DF: ESP"
        ; From ring 3, by the inner stack.
        TRY
        RING 3
        mov eax, LDT_MAIN
        mov ds, ax
        CAUGHT V_DF, 0, "#DF in ring 3"
        CHECK [caught_ring], 3, "#DF in ring 3: ring"
        ; A vector beyond the IDT: #GP, and for #GP itself #DF.
        PRESENT V_GP
        mov word [idt_pointer], V_GP * 8 - 1
        lidt [idt_pointer]
        TRY
        mov dword [try_resume], .limit
        jmp raise_gp
        CAUGHT NONE, 0, "never"
.limit:
        CHECK [caught_code], V_DF << 16, "#GP beyond the IDT"
        mov word [idt_pointer], 256 * 8 - 1
        lidt [idt_pointer]

        ; No stack to push on: #SS twice, then #DF on the stack of a task.
tasks:
        SET_SEG STACK, SCRATCH, 0xff, 0x93, 4
        SET_VECTOR V_DF, TSS_B, 0, 0x85
        mov dword [tss_b + 0x20], .task
        mov dword [tss_b + 0x24], 2
        mov dword [tss_b + 0x38], STACK_B
        mov dword [tss_b + 0x48], DATA0
        mov dword [tss_b + 0x4c], CODE0
        mov dword [tss_b + 0x50], DATA0
        mov dword [tss_b + 0x54], DATA0
        TRY
        mov ax, STACK
        mov ss, ax
        mov esp, 2
.push:  push eax
.task:
        nop
        CAUGHT NONE, 0, "#SS without a stack"
        CHECK16 [caught_tr], TSS_B, "#DF by a task gate: TR"
        CHECK [STACK_B - 4], 0, "#DF by a task gate: error code"
        CHECK [tss_main + 0x20], .push, "#DF by a task gate: saved EIP"
        CHECK [tss_main + 0x38], 2, "#DF by a task gate: saved ESP"
        CHECK16 [tss_main + 0x50], STACK, "#DF by a task gate: saved SS"
        ret
%include "end.inc"
