; Interrupt and trap gates: INT n and faults through every combination of gate
; type, DPL, CPL, target and P; the frames; what is checked on the way.
%include "lib.inc"

CODE equ FREE
STACK equ FREE + 8
NUMBER equ 0x50                       ; the vector that INT uses
IF_NT equ 0x4202                      ; IF and NT set
FLAG_IF equ 0x200

        align 4
; The state of the loops, innermost first; ORDER counts.
fault dd 0                            ; UD2 to vector 6, not INT
cpl dd 0
gate_dpl dd 0
gate_p dd 0
code_dpl dd 0
code_p dd 0
conforming dd 0
gate_type dd 0                        ; 286 interrupt, trap, 386 the same
counts dd 2, 4, 4, 2, 4, 2, 2, 4
COUNTERS equ 8

want dd 0
ring dd 0
vector dd 0
types dd 6, 7, 14, 15

; A handler that shows its registers by one more interrupt.
handler:
        nop
        int NONE
go_int:
        int NUMBER
after_int:
go_fault:
        ud2

expect:
        mov eax, [vector]
        shl eax, 3
        or eax, 2
        or eax, [fault]               ; EXT
        mov edx, eax
        or eax, V_GP << 16
        mov [want], eax
        cmp dword [fault], 0
        jne .present
        mov eax, [gate_dpl]
        cmp eax, [cpl]
        jb .end
.present:
        or edx, V_NP << 16
        mov [want], edx
        cmp dword [gate_p], 0
        je .end
        mov eax, (V_GP << 16) | CODE
        or eax, [fault]
        mov [want], eax
        mov eax, [code_dpl]
        mov edx, [cpl]
        cmp eax, edx
        ja .end
        mov [ring], edx
        cmp dword [conforming], 0
        jne .code
        mov [ring], eax
.code:
        mov eax, (V_NP << 16) | CODE
        or eax, [fault]
        mov [want], eax
        cmp dword [code_p], 0
        je .end
        mov dword [want], NONE << 16
.end:
        ret

; Descriptor byte 5 in EAX from P, DPL and type (EAX).
%macro ACCESS 2
        mov edx, [%1]
        shl edx, 7
        or eax, edx
        mov edx, [%2]
        shl edx, 5
        or eax, edx
%endmacro

describe:
        mov dword [vector], NUMBER
        cmp dword [fault], 0
        je .gate
        mov dword [vector], V_UD
.gate:
        mov ecx, [vector]
        mov eax, [gate_type]
        mov eax, [types + eax * 4]
        ACCESS gate_p, gate_dpl
        shl eax, 8
        mov [idt + ecx * 8 + 4], eax
        mov dword [idt + ecx * 8], GATE_LOW(CODE | 2, LOW(handler))
        mov eax, [conforming]
        shl eax, 2
        or eax, 0x1a
        ACCESS code_p, code_dpl
        shl eax, 8
        or eax, SEG_HIGH(IMAGE, 0xffff, 0, 4)
        mov [gdt + CODE + 4], eax
        mov dword [gdt + CODE], SEG_LOW(IMAGE, 0xffff)
        xor eax, eax
        xor ecx, ecx
.digit:
        shl eax, 4
        or eax, [fault + ecx * 4]
        inc ecx
        cmp ecx, COUNTERS
        jb .digit
        mov [param], eax
        ret

; The handler's ESP in EBX.
handler_esp:
        mov ebx, [caught_esp]
        cmp dword [caught_ring], 0
        jne .end
        mov ebx, [caught_sp]
        add ebx, 20
.end:
        ret

; Reads a word of the frame that EBX points to, of the gate's size, in EAX.
frame_word:
        movzx eax, word [ebx]
        add ebx, 2
        cmp dword [gate_type], 2
        jb .end
        mov eax, [ebx - 2]
        add ebx, 2
.end:
        ret

; EAX cut to the gate's size.
%macro CUT 0
        cmp dword [gate_type], 2
        jae %%end
        and eax, 0xffff
%%end:
%endmacro

check_entry:
        mov eax, CODE
        or eax, [ring]
        CHECK16 [caught_cs], eax, "CS"
        CHECK [caught_eip], LOW(handler) + 3, "EIP"
        ; NT goes, IF only by an interrupt gate.
        mov eax, 2
        test byte [gate_type], 1
        jz .flags
        or eax, FLAG_IF
.flags:
        CHECK [caught_eflags], eax, "EFLAGS"
        ret

; The frame, copied before the stack is used for anything else.
copy dd 0, 0, 0, 0, 0
check_frame:
        mov eax, after_int
        cmp dword [fault], 0
        je .ip
        mov eax, go_fault
.ip:
        CUT
        CHECK [copy], eax, "frame: EIP"
        mov eax, [cpl]
        mov eax, [ring_code + eax * 4]
        CHECK16 [copy + 4], eax, "frame: CS"
        mov eax, IF_NT
        cmp dword [fault], 0
        je .fl
        or eax, 0x10000               ; RF: a fault
.fl:
        CUT
        CHECK [copy + 8], eax, "frame: EFLAGS"
        mov eax, [ring]
        cmp eax, [cpl]
        je .end
        mov eax, [caught_esi]
        CUT
        CHECK [copy + 12], eax, "frame: ESP"
        mov eax, [cpl]
        mov eax, [ring_data + eax * 4]
        CHECK16 [copy + 16], eax, "frame: SS"
.end:
        ret

check_esp:
        mov edx, [caught_esi]
        mov eax, 3
        mov ecx, [ring]
        cmp ecx, [cpl]
        je .same
        mov edx, [tss_main + 4 + ecx * 8]
        mov eax, 5
.same:
        add eax, eax
        cmp dword [gate_type], 2
        jb .narrow
        add eax, eax
.narrow:
        sub edx, eax
        call handler_esp
        CHECK ebx, edx, "ESP"
        ret

one:
        call describe
        call expect
        mov dword [try_resume], .after
        mov [try_esp], esp
        mov ebx, go_int
        cmp dword [fault], 0
        je .go
        mov ebx, go_fault
.go:
        mov eax, [cpl]
        call go_ring
        mov esi, esp
        jmp ebx
.after:
        cld
        ; The frame first: a ring 0 one is below the stack that is in use.
        call handler_esp
        xor ecx, ecx
.copy:
        call frame_word
        mov [copy + ecx * 4], eax
        inc ecx
        cmp ecx, 5
        jb .copy
        CHECK [caught_code], [want], "interrupt"
        cmp dword [want], NONE << 16
        jne .end
        call check_entry
        call check_frame
        call check_esp
.end:
        ret

main:
        mov dword [ring_flags], IF_NT
        sub dword [ring_stack], 0x100 ; away from what the checks push
loops:
        call one
        xor ecx, ecx
.count:
        inc dword [fault + ecx * 4]
        mov eax, [counts + ecx * 4]
        cmp [fault + ecx * 4], eax
        jb loops
        mov dword [fault + ecx * 4], 0
        inc ecx
        cmp ecx, COUNTERS
        jb .count
        mov dword [param], 0
        mov dword [ring_flags], 2
        call fill_idt
        SET_SEG CODE, IMAGE, 0xffff, 0x9b, 4

bad_gates:
%macro BAD_GATE 6                     ; high dword, selector, vector, error, name
        mov dword [idt + NUMBER * 8], GATE_LOW(%2, LOW(handler))
        mov dword [idt + NUMBER * 8 + 4], %1
        TRY
        mov eax, esp
        int NUMBER
        CAUGHT %3, %4, {"int, ", %6}
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, {"int, ", %6, ": ESP"}
        mov dword [idt + V_UD * 8], GATE_LOW(%2, LOW(handler))
        mov dword [idt + V_UD * 8 + 4], %1
        TRY
%%at:
        ud2
        CAUGHT %3, %5, {"fault, ", %6}
        CHECK [caught_eip], %%at, {"fault, ", %6, ": EIP"}
%endmacro
%define INT_ERROR (NUMBER * 8 + 2)
%define UD_ERROR (V_UD * 8 + 3)
        BAD_GATE 0, CODE, V_GP, INT_ERROR, UD_ERROR, "empty gate"
        BAD_GATE 0x8c00, CODE, V_GP, INT_ERROR, UD_ERROR, "call gate"
        BAD_GATE 0x8400, CODE, V_GP, INT_ERROR, UD_ERROR, "286 call gate"
        BAD_GATE 0x8200, CODE, V_GP, INT_ERROR, UD_ERROR, "LDT"
        BAD_GATE 0x8900, CODE, V_GP, INT_ERROR, UD_ERROR, "TSS"
        BAD_GATE 0x8d00, CODE, V_GP, INT_ERROR, UD_ERROR, "type 13"
        BAD_GATE 0x9e00, CODE, V_GP, INT_ERROR, UD_ERROR, "code segment"
        BAD_GATE 0x0e00, CODE, V_NP, INT_ERROR, UD_ERROR, "gate not present"
        BAD_GATE 0x0500, CODE, V_NP, INT_ERROR, UD_ERROR, "task gate not present"
        BAD_GATE 0x8e00, 0, V_GP, 0, 1, "null code"
        BAD_GATE 0x8e00, 3, V_GP, 0, 1, "null code with RPL"
        BAD_GATE 0x8e00, GDT_BYTES, V_GP, GDT_BYTES, GDT_BYTES + 1, "code beyond the GDT"
        BAD_GATE 0x8e00, DATA0, V_GP, DATA0, DATA0 + 1, "code is data"
        BAD_GATE 0x8e00, TSS_MAIN, V_GP, TSS_MAIN, TSS_MAIN + 1, "code is a TSS"
        BAD_GATE 0x8e00, 0x0c, V_GP, 0x0c, 0x0d, "code in the LDT is empty"
        BAD_GATE 0x18e00, CODE, V_GP, 0, 1, "EIP beyond the limit"
        call fill_idt
        ; The limit of the table.
        mov word [idt_pointer], NUMBER * 8 + 6
        lidt [idt_pointer]
        TRY
        int NUMBER
        CAUGHT V_GP, INT_ERROR, "int, vector partly outside the IDT"
        mov word [idt_pointer], 256 * 8 - 1
        lidt [idt_pointer]
        mov word [idt_pointer], NUMBER * 8 + 7
        mov dword [idt + NUMBER * 8], GATE_LOW(CODE, LOW(handler))
        mov dword [idt + NUMBER * 8 + 4], 0x8e00
        mov dword [idt + 0x4f * 8], GATE_LOW(CODE0, A(to_none))
        mov dword [idt + 0x4f * 8 + 4], (A(to_none) & 0xffff0000) | 0x8e00
        lidt [idt_pointer]
        TRY
        int 0x4f
        CAUGHT V_GP, NONE * 8 + 2, "last vectors of the IDT"
        mov word [idt_pointer], 256 * 8 - 1
        lidt [idt_pointer]

        ; The stack of an inner ring: as for a call gate, with EXT.
inner_stacks:
        SET_SEG CODE, IMAGE, 0xffff, 0xbb, 4 ; ring 1
%macro INNER_STACK 6                  ; SS, ESP, vector, error, with EXT, name
        mov word [tss_main + 16], %1
        mov dword [tss_main + 12], %2
        SET_VECTOR NUMBER, CODE, LOW(handler), 0xee
        SET_VECTOR V_UD, CODE, LOW(handler), 0x8e
        TRY
        RING 3
        int NUMBER
        CAUGHT %3, %4, {"int, ", %6}
        TRY
        RING 3
        ud2
        CAUGHT %3, %5, {"fault, ", %6}
%endmacro
        INNER_STACK 0, 0x9000, V_TS, 0, 1, "null stack"
        INNER_STACK GDT_BYTES | 1, 0x9000, V_TS, GDT_BYTES, GDT_BYTES + 1, "stack beyond the GDT"
        INNER_STACK DATA1 & ~3, 0x9000, V_TS, DATA1 & ~3, (DATA1 & ~3) + 1, "stack with RPL 0"
        INNER_STACK DATA0 | 1, 0x9000, V_TS, DATA0, DATA0 + 1, "stack with DPL 0"
        INNER_STACK CODE1, 0x9000, V_TS, CODE1 & ~3, (CODE1 & ~3) + 1, "stack is code"
        SET_SEG STACK, 0, 0xfffff, 0x33, 12
        INNER_STACK STACK | 1, 0x9000, V_SS, STACK, STACK + 1, "stack is not present"
        SET_SEG STACK, 0, 0x8fff, 0xb3, 4
        INNER_STACK STACK | 1, 0x9000, NONE, 0, 0, "stack just inside its limit"
        SET_SEG STACK, 0, 0x8ffe, 0xb3, 4
        INNER_STACK STACK | 1, 0x9000, V_SS, STACK, STACK + 1, "stack beyond its limit"
        mov word [tss_main + 16], DATA1
        mov dword [tss_main + 12], STACK1
        call fill_idt

        ; Error codes: pushed by exceptions, not by INT of the same number.
error_codes:
        SET_VECTOR V_GP, CODE0, A(to_none), 0xee
        mov dword [idt + V_GP * 8 + 4], (A(to_none) & 0xffff0000) | 0xee00
        TRY
        RING 3
        mov esi, esp
        hlt
        CAUGHT NONE, 0, "fault with an error code"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 24, "fault with an error code: ESP"
        CHECK16 [ebx], 0, "fault with an error code: code"
        CHECK16 [ebx + 8], CODE3, "fault with an error code: CS"
        TRY
        RING 3
        int V_GP
        CAUGHT NONE, 0, "int 13"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 20, "int 13 pushes no error code"
        ; Up to the 486 only the low word is written (SDM volume 3, 22.31.2).
        mov dword [STACK0 - 0x400 - 24], 0xaaaaaaaa
        TRY
        RING 3
        hlt
        CAUGHT NONE, 0, "upper half of an error code"
        mov eax, 0xaaaa0000
        cmp dword [signature], 0
        je .upper_half
        xor eax, eax
.upper_half:
        CHECK [STACK0 - 0x400 - 24], eax, "upper half of an error code"
        SET_SEG CODE, IMAGE, 0xffff, 0x9b, 4
        SET_VECTOR V_GP, CODE, LOW(handler), 0x86
        TRY
        RING 3
        mov ax, LDT_MAIN
        mov ds, ax
        CAUGHT NONE, 0, "error code by a 286 gate"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 12, "error code by a 286 gate: ESP"
        CHECK16 [ebx], LDT_MAIN, "error code by a 286 gate: code"
        CHECK16 [ebx + 4], CODE3, "error code by a 286 gate: CS"
        call fill_idt

        ; INT, INT3 and INTO look at the DPL of the gate, exceptions do not.
privileges:
        TRY
        RING 3
        int3
        CAUGHT V_GP, V_BP * 8 + 2, "int3 to a gate of ring 0"
        TRY
        RING 3
        db 0xcd, 3
        CAUGHT V_GP, V_BP * 8 + 2, "int 3 to a gate of ring 0"
        TRY
        RING 3, 0x802                 ; OF
        into
        CAUGHT V_GP, V_OF * 8 + 2, "into to a gate of ring 0"
        TRY
        RING 3
        into
        CAUGHT NONE, 0, "into without OF"
        TRY
        RING 3
        int V_DE
        CAUGHT V_GP, V_DE * 8 + 2, "int 0 to a gate of ring 0"
        TRY
        RING 3
        xor ebx, ebx
.div:
        div ebx
        CAUGHT V_DE, 0, "divide error to a gate of ring 0"
        CHECK [caught_eip], .div, "divide error: EIP"
        CHECK [caught_eflags], 0x10046, "divide error: RF"
        mov dword [SCRATCH], 0
        mov dword [SCRATCH + 4], 1
        TRY
        RING 3
        mov eax, 2
.bound:
        bound eax, [SCRATCH]
        CAUGHT V_BR, 0, "bound to a gate of ring 0"
        CHECK [caught_eip], .bound, "bound: EIP"
        TRY
        RING 3
        db 0xf1                       ; ICEBP
.icebp:
        CAUGHT V_DB, 0, "icebp to a gate of ring 0"
        CHECK [caught_eip], .icebp, "icebp: EIP"
        TRY
        int3
.int3:
        CAUGHT V_BP, 0, "int3"
        CHECK [caught_eip], .int3, "int3: EIP"
        CHECK [caught_eflags], 2, "int3: no RF"
        TRY
        push dword 0x802
        popfd
        into
.into:
        CAUGHT V_OF, 0, "into"
        CHECK [caught_eip], .into, "into: EIP"
        CHECK [caught_eflags], 0x802, "into: flags"
        ret

to_none:
        int NONE
%include "end.inc"
