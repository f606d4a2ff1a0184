; Call gates: every combination of type, DPL, RPL, CPL, target and P, then the
; stacks that a call leaves and what is checked about them.
%include "lib.inc"

GATE equ FREE
CODE equ FREE + 8
STACK equ FREE + 16

        align 4
; The state of the loops, innermost first; ORDER counts.
jump dd 0                             ; jmp, not call
rpl dd 0
cpl dd 0
wide dd 0                             ; 386 gate
gate_dpl dd 0
gate_p dd 0
code_dpl dd 0
code_p dd 0
conforming dd 0
counts dd 2, 4, 4, 2, 4, 2, 4, 2, 2
COUNTERS equ 9

want dd 0
ring dd 0                             ; that the target should run in
pointer dd 0, 0

target:
        int NONE
back:
        int NONE

%macro ACCESS 4                       ; into EAX: p, dpl, type
        mov eax, [%1]
        shl eax, 7
        mov edx, [%2]
        shl edx, 5
        or eax, edx
        or eax, %3
        shl eax, 8
        or eax, %4
%endmacro

; [want] and [ring] by SDM volume 2, CALL and JMP.
expect:
        mov dword [want], (V_GP << 16) | GATE
        mov eax, [gate_dpl]
        cmp eax, [cpl]
        jb .end
        cmp eax, [rpl]
        jb .end
        mov dword [want], (V_NP << 16) | GATE
        cmp dword [gate_p], 0
        je .end
        mov dword [want], (V_GP << 16) | CODE
        mov eax, [code_dpl]
        mov edx, [cpl]
        cmp eax, edx
        ja .end
        mov [ring], edx
        cmp dword [conforming], 0
        jne .present
        mov [ring], eax
        cmp dword [jump], 0
        je .present
        cmp eax, edx
        jne .end
.present:
        mov dword [want], (V_NP << 16) | CODE
        cmp dword [code_p], 0
        je .end
        mov dword [want], NONE << 16
.end:
        ret

describe:
        ACCESS gate_p, gate_dpl, 4, 0
        cmp dword [wide], 0
        je .narrow
        or ah, 8
.narrow:
        mov [gdt + GATE + 4], eax
        mov dword [gdt + GATE], GATE_LOW(CODE, LOW(target))
        ACCESS code_p, code_dpl, 0x1a, SEG_HIGH(IMAGE, 0xffff, 0, 4)
        cmp dword [conforming], 0
        je .plain
        or ah, 4
.plain:
        mov [gdt + CODE + 4], eax
        mov dword [gdt + CODE], SEG_LOW(IMAGE, 0xffff)
        mov eax, GATE
        or eax, [rpl]
        mov [pointer + 4], eax
        ; for messages: one nibble a counter
        xor eax, eax
        xor ecx, ecx
.digit:
        shl eax, 3
        or eax, [jump + ecx * 4]
        inc ecx
        cmp ecx, COUNTERS
        jb .digit
        mov [param], eax
        ret

go_call:
        mov esi, esp
        call far [pointer]
go_jump:
        mov esi, esp
        jmp far [pointer]

; ESP that the target saw, in EAX.
target_esp:
        mov eax, [caught_esp]
        cmp dword [caught_ring], 0
        jne .end
        mov eax, [caught_sp]
        add eax, 20
.end:
        ret

; ESP that it should have seen, in EDX, from ESI before the transfer.
want_esp:
        mov edx, [caught_esi]
        cmp dword [jump], 0
        jne .end
        mov ecx, [ring]
        mov eax, 2                    ; CS and EIP
        cmp ecx, [cpl]
        je .same
        mov edx, [tss_main + 4 + ecx * 8]
        add eax, 2                    ; and SS and ESP
.same:
        add eax, eax
        cmp dword [wide], 0
        je .sub
        add eax, eax
.sub:
        sub edx, eax
.end:
        ret

one:
        call describe
        call expect
        mov ebx, go_call
        cmp dword [jump], 0
        je .go
        mov ebx, go_jump
.go:
        mov dword [try_resume], .after
        mov [try_esp], esp
        mov eax, [cpl]
        call go_ring
        jmp ebx
.after:
        CHECK [caught_code], [want], "transfer"
        cmp dword [want], NONE << 16
        jne .end
        mov eax, CODE
        or eax, [ring]
        CHECK16 [caught_cs], eax, "CS"
        CHECK [caught_eip], LOW(target) + 2, "EIP"
        call target_esp
        push eax
        call want_esp
        pop eax
        CHECK eax, edx, "ESP"
.end:
        ret

main:
        call one
        xor ecx, ecx
.count:
        inc dword [jump + ecx * 4]
        mov eax, [counts + ecx * 4]
        cmp [jump + ecx * 4], eax
        jb main
        mov dword [jump + ecx * 4], 0
        inc ecx
        cmp ecx, COUNTERS
        jb .count
        mov dword [param], 0
        mov dword [conforming], 0

        SET_SEG CODE, IMAGE, 0xffff, 0x9b, 4
parameters:
        SET_GATE GATE, CODE, LOW(target), 0xec, 3
        TRY
        RING 3
        push dword 0x11111111
        push dword 0x22222222
        push dword 0x33333333
        mov esi, esp
        call (GATE | 3):0
after_call:
        CAUGHT NONE, 0, "call with 3 parameters"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 7 * 4, "parameters: ESP"
        CHECK [ebx], after_call, "parameters: return EIP"
        CHECK16 [ebx + 4], CODE3, "parameters: return CS"
        CHECK [ebx + 8], 0x33333333, "parameters: last"
        CHECK [ebx + 12], 0x22222222, "parameters: middle"
        CHECK [ebx + 16], 0x11111111, "parameters: first"
        mov eax, [caught_esi]
        CHECK [ebx + 20], eax, "parameters: old ESP"
        CHECK16 [ebx + 24], DATA3, "parameters: old SS"
        SET_GATE GATE, CODE, LOW(target), 0xe4, 3
        TRY
        RING 3
        push word 0x1111
        push word 0x2222
        push word 0x3333
        mov esi, esp
        call (GATE | 3):0
after_call16:
        CAUGHT NONE, 0, "16-bit gate with 3 parameters"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 7 * 2, "16-bit parameters: ESP"
        CHECK16 [ebx], A(after_call16) & 0xffff, "16-bit parameters: return IP"
        CHECK [ebx + 2], CODE3 | 0x33330000, "16-bit parameters: CS and last"
        CHECK [ebx + 6], 0x11112222, "16-bit parameters: others"
        mov eax, [caught_esi]
        and eax, 0xffff
        or eax, DATA3 << 16
        CHECK [ebx + 10], eax, "16-bit parameters: old SS:SP"
        SET_GATE GATE, CODE, LOW(target), 0xec, 31
        TRY
        RING 3
        mov ecx, 31
.push:
        push ecx
        loop .push
        call (GATE | 3):0
        CAUGHT NONE, 0, "31 parameters"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 35 * 4, "31 parameters: ESP"
        CHECK [ebx + 8], 1, "31 parameters: last"
        CHECK [ebx + 8 + 30 * 4], 31, "31 parameters: first"
        ; Parameters beyond the limit of the old stack.
        SET_SEG STACK, 0, 0xafff, 0xf3, 4
        SET_GATE GATE, CODE, LOW(target), 0xec, 3
        TRY
        RING 3
        mov ax, STACK | 3
        mov ss, ax
        mov esp, 0xb000 - 8
        call (GATE | 3):0
        CAUGHT V_SS, 0, "parameters beyond the old stack"

        ; The offset of a 386 gate has 32 bits, of a 286 gate 16; the offset in
        ; the instruction is ignored.
offsets:
        SET_GATE GATE, CODE0, A(target), 0xec, 0
        TRY
        call GATE:0xffffffff
        CAUGHT NONE, 0, "32-bit offset"
        CHECK [caught_eip], target + 2, "32-bit offset: EIP"
        SET_GATE GATE, CODE, LOW(target) | 0x10000, 0xe4, 0
        TRY
        call GATE:0
        CAUGHT NONE, 0, "286 gate ignores its upper word"
        CHECK [caught_eip], LOW(target) + 2, "286 gate ignores its upper word: EIP"
        SET_GATE GATE, CODE, 0x10000, 0xec, 0
        TRY
        mov eax, esp
        call GATE:0
        CAUGHT V_GP, 0, "EIP beyond the limit"
        mov edx, [caught_eax]
        sub edx, 20
        CHECK [caught_sp], edx, "EIP beyond the limit: ESP"
        TRY
        RING 3
        mov eax, esp
        call (GATE | 3):0
        CAUGHT V_GP, 0, "EIP beyond the limit, inner"
        CHECK [caught_ring], 3, "EIP beyond the limit, inner: still ring 3"
        mov eax, [caught_eax]
        CHECK [caught_esp], eax, "EIP beyond the limit, inner: ESP"

targets:
        SET_GATE GATE, 0, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT V_GP, 0, "gate to null"
        SET_GATE GATE, 3, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT V_GP, 0, "gate to null with RPL"
        SET_GATE GATE, GDT_BYTES, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT V_GP, GDT_BYTES, "gate beyond the GDT"
        SET_GATE GATE, DATA0, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT V_GP, DATA0, "gate to data"
        SET_GATE GATE, GATE, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT V_GP, GATE, "gate to a gate"
        SET_GATE GATE, TSS_MAIN, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT V_GP, TSS_MAIN, "gate to a TSS"
        SET_GATE GATE, CODE | 3, LOW(target), 0xec, 0
        TRY
        call GATE:0
        CAUGHT NONE, 0, "RPL of the target is ignored"
        CHECK16 [caught_cs], CODE, "RPL of the target is not kept"

        ; What a TSS says of the stack of ring 1. The fault itself is taken on
        ; the good stack of ring 0.
stacks:
        SET_SEG CODE, IMAGE, 0xffff, 0xbb, 4
        SET_GATE GATE, CODE, LOW(target), 0xec, 1
%macro INNER_STACK 5                  ; SS, ESP, vector, error, name
        mov word [tss_main + 16], %1
        mov dword [tss_main + 12], %2
        TRY
        RING 3
        push dword 0
        mov eax, esp
        call (GATE | 3):0
        CAUGHT %3, %4, %5
    %if (%3) != NONE
        CHECK [caught_ring], 3, {%5, ": still in ring 3"}
        mov eax, [caught_eax]
        CHECK [caught_esp], eax, {%5, ": ESP"}
        CHECK16 [caught_ss], DATA3, {%5, ": SS"}
    %endif
%endmacro
        INNER_STACK 0, 0x9000, V_TS, 0, "null stack"
        INNER_STACK 1, 0x9000, V_TS, 0, "null stack with RPL"
        INNER_STACK GDT_BYTES | 1, 0x9000, V_TS, GDT_BYTES, "stack beyond the GDT"
        INNER_STACK DATA1 & ~3, 0x9000, V_TS, DATA1 & ~3, "stack with RPL 0"
        INNER_STACK DATA0 | 1, 0x9000, V_TS, DATA0, "stack with DPL 0"
        INNER_STACK DATA3 & ~3 | 1, 0x9000, V_TS, DATA3 & ~3, "stack with DPL 3"
        INNER_STACK CODE1, 0x9000, V_TS, CODE1 & ~3, "stack is code"
        INNER_STACK LDT_MAIN | 1, 0x9000, V_TS, LDT_MAIN, "stack is an LDT"
        SET_SEG STACK, 0, 0xfffff, 0xb1, 12
        INNER_STACK STACK | 1, 0x9000, V_TS, STACK, "stack is read-only"
        SET_SEG STACK, 0, 0xfffff, 0x33, 12
        INNER_STACK STACK | 1, 0x9000, V_SS, STACK, "stack is not present"
        SET_SEG STACK, 0, 0x8fff, 0xb2, 4
        INNER_STACK STACK | 1, 0x9000, NONE, 0, "stack just inside its limit"
        CHECK [gdt + STACK + 4], SEG_HIGH(0, 0x8fff, 0xb3, 4), "stack: accessed bit"
        SET_SEG STACK, 0, 0x8ffe, 0xb2, 4
        INNER_STACK STACK | 1, 0x9000, V_SS, STACK, "stack beyond its limit"
        SET_SEG STACK, 0x8000, 0xfff, 0xb3, 0
        INNER_STACK STACK | 1, 0x1000, NONE, 0, "16-bit stack"
        CHECK [caught_esp], 0x1000 - 20, "16-bit stack: ESP"
        CHECK16 [caught_ss], STACK | 1, "16-bit stack: SS"
        INNER_STACK STACK | 1, 0x10, V_SS, STACK, "16-bit stack wraps beyond its limit"
        SET_SEG STACK, 0, 0xffff, 0xb3, 0
        INNER_STACK STACK | 1, 0x7777900c, NONE, 0, "16-bit stack, long ESP"
        CHECK16 [caught_esp], 0x900c - 20, "16-bit stack, long ESP: SP"
        SET_SEG STACK, 0, 0xbfff, 0xb7, 4
        INNER_STACK STACK | 1, 0xc014, NONE, 0, "expand-down stack just inside"
        INNER_STACK STACK | 1, 0xc010, V_SS, STACK, "expand-down stack beyond"
        mov word [tss_main + 16], DATA1
        mov dword [tss_main + 12], STACK1

        ; The TSS must reach as far as the stack that is wanted.
        push word 0
        popfw
%macro TSS_LIMIT 4                    ; limit, vector, error, name
        SET_SEG TSS_MAIN, A(tss_main), %1, 0x89, 0
        mov ax, TSS_MAIN
        ltr ax
        TRY
        RING 3
        push dword 0
        call (GATE | 3):0
        CAUGHT %2, %3, %4
%endmacro
        TSS_LIMIT 19, NONE, 0, "TSS ends with SS1"
        TSS_LIMIT 18, V_TS, TSS_MAIN, "TSS ends inside the dword of SS1"
        TSS_LIMIT 11, V_TS, TSS_MAIN, "TSS ends before ESP1"
        SET_SEG TSS_MAIN, A(tss_main), TSS_BYTES - 1, 0x89, 0
        mov ax, TSS_MAIN
        ltr ax

        ; A 286 TSS gives SS:SP, to a gate of either kind.
        mov dword [tss_c + 6], 0x00209000
        mov word [tss_c + 8], DATA1
        SET_SEG TSS_C, A(tss_c), 9, 0x81, 0
        mov ax, TSS_C
        ltr ax
        TRY
        RING 3
        push dword 0
        call (GATE | 3):0
        CAUGHT NONE, 0, "286 TSS"
        CHECK [caught_esp], 0x9000 - 20, "286 TSS: ESP"
        SET_SEG TSS_C, A(tss_c), 8, 0x81, 0
        mov ax, TSS_C
        ltr ax
        TRY
        RING 3
        push dword 0
        call (GATE | 3):0
        CAUGHT V_TS, TSS_C, "286 TSS ends inside SS1"
        SET_SEG TSS_MAIN, A(tss_main), TSS_BYTES - 1, 0x89, 0
        mov ax, TSS_MAIN
        ltr ax
        ret
%include "end.inc"
