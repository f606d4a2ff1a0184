; Far calls and jumps to code segments; RETF and IRET to the same and to outer
; rings; operand sizes.
%include "lib.inc"

CODE equ FREE
STACK equ FREE + 8
OTHER equ FREE + 16

        align 4
; The state of the loops, innermost first; ORDER counts.
kind dd 0                             ; call, jmp, retf, iretd
rpl dd 0
cpl dd 0
dpl dd 0
present dd 0
conforming dd 0
counts dd 4, 4, 4, 4, 2, 2
COUNTERS equ 6
%define IS_RETURN 2                   ; kinds from here on

want dd 0
ring dd 0
pointer dd 0, 0
target:
        nop
        int NONE

expect_call:
        mov edx, [cpl]
        mov [ring], edx
        mov eax, [dpl]
        cmp dword [conforming], 0
        jne .conforming
        cmp eax, edx
        jne .gp
        cmp [rpl], edx
        ja .gp
        jmp .present
.conforming:
        cmp eax, edx
        ja .gp
.present:
        cmp dword [present], 0
        jne .ok
        mov dword [want], (V_NP << 16) | CODE
        ret
.ok:
        mov dword [want], NONE << 16
        ret
.gp:
        mov dword [want], (V_GP << 16) | CODE
        ret

expect_return:
        mov edx, [rpl]
        mov [ring], edx
        cmp edx, [cpl]
        jb expect_call.gp
        mov eax, [dpl]
        cmp dword [conforming], 0
        jne expect_call.conforming
        cmp eax, edx
        jne expect_call.gp
        jmp expect_call.present

describe:
        mov eax, [present]
        shl eax, 7
        mov edx, [dpl]
        shl edx, 5
        or eax, edx
        mov edx, [conforming]
        shl edx, 2
        or eax, edx
        or eax, 0x1a
        shl eax, 8
        or eax, SEG_HIGH(IMAGE, 0xffff, 0, 4)
        mov [gdt + CODE + 4], eax
        mov dword [gdt + CODE], SEG_LOW(IMAGE, 0xffff)
        mov eax, CODE
        or eax, [rpl]
        mov [pointer + 4], eax
        mov dword [pointer], LOW(target)
        xor eax, eax
        xor ecx, ecx
.digit:
        shl eax, 4
        or eax, [kind + ecx * 4]
        inc ecx
        cmp ecx, COUNTERS
        jb .digit
        mov [param], eax
        ret

go_call:
        call far [pointer]
go_jmp:
        jmp far [pointer]
go_retf:
        mov eax, [rpl]
        push dword [ring_data + eax * 4]
        push dword 0xc000
        push dword [pointer + 4]
        push dword [pointer]
        retf
go_iretd:
        mov eax, [rpl]
        push dword [ring_data + eax * 4]
        push dword 0xc000
        push dword 2
        push dword [pointer + 4]
        push dword [pointer]
        iretd

        align 4
goes dd go_call, go_jmp, go_retf, go_iretd
pushed dd 8, 0, -8, -8                ; on the old stack, if the ring stays
        dd 0, 0, 8, 8

one:
        call describe
        mov eax, expect_call
        cmp dword [kind], IS_RETURN
        jb .expect
        mov eax, expect_return
.expect:
        call eax
        mov dword [try_resume], .after
        mov [try_esp], esp
        mov eax, [kind]
        mov ebx, [goes + eax * 4]
        mov eax, [cpl]
        call go_ring
        mov esi, esp
        jmp ebx
.after:
        CHECK [caught_code], [want], "transfer"
        cmp dword [want], NONE << 16
        jne .end
        mov eax, CODE
        or eax, [ring]
        CHECK16 [caught_cs], eax, "CS"
        CHECK [caught_eip], LOW(target) + 3, "EIP"
        mov edx, [caught_esp]
        cmp dword [caught_ring], 0
        jne .inner
        mov edx, [caught_sp]
        add edx, 20
.inner:
        mov ecx, [kind]
        mov eax, [caught_esi]
        sub eax, [pushed + ecx * 4 + 16] ; pushes of the test itself
        sub eax, [pushed + ecx * 4]
        sub eax, [adjust + ecx * 4]
        mov ebx, [cpl]
        cmp ebx, [ring]
        je .compare
        mov eax, 0xc000
.compare:
        CHECK edx, eax, "ESP"
.end:
        ret

        align 4
        ; retf and iretd to the same ring leave SS and ESP of the test, 8 bytes
adjust dd 0, 0, 8, 8

main:
        call one
        xor ecx, ecx
.count:
        inc dword [kind + ecx * 4]
        mov eax, [counts + ecx * 4]
        cmp [kind + ecx * 4], eax
        jb main
        mov dword [kind + ecx * 4], 0
        inc ecx
        cmp ecx, COUNTERS
        jb .count
        mov dword [param], 0

not_code:
%macro FAR_TO 4                       ; selector, vector, error, name
        TRY
        call %1:target
        CAUGHT %2, %3, {"call ", %4}
        TRY
        jmp %1:target
        CAUGHT %2, %3, {"jmp ", %4}
        TRY
        push dword %1
        push dword target
        retf
        CAUGHT %2, %3, {"retf ", %4}
        TRY
        push dword 2
        push dword %1
        push dword target
        iretd
        CAUGHT %2, %3, {"iretd ", %4}
%endmacro
        FAR_TO 0, V_GP, 0, "to null"
        FAR_TO DATA0, V_GP, DATA0, "to data"
        FAR_TO GDT_BYTES, V_GP, GDT_BYTES, "beyond the GDT"
        FAR_TO 0xfff8, V_GP, 0xfff8, "far beyond the GDT"
        FAR_TO LDT_MAIN, V_GP, LDT_MAIN, "to an LDT"
        FAR_TO 0x14, V_GP, 0x14, "to an empty entry of the LDT"
        FAR_TO LDT_BYTES | 4, V_GP, LDT_BYTES | 4, "beyond the LDT"
        SET_GATE OTHER, CODE0, A(target), 0xee, 0
        FAR_TO OTHER, V_GP, OTHER, "to an interrupt gate"
        SET_GATE OTHER, CODE0, A(target), 0xef, 0
        FAR_TO OTHER, V_GP, OTHER, "to a trap gate"
        TRY
        call 3:target
        CAUGHT V_GP, 0, "call to null with RPL 3"

limits:
        SET_SEG CODE, IMAGE, LOW(target), 0x9b, 4
        TRY
        jmp CODE:LOW(target)
        CAUGHT V_GP, 0, "jmp to the last byte: the next fetch faults"
        CHECK16 [caught_cs], CODE, "jmp to the last byte: in the new segment"
        CHECK [caught_eip], LOW(target) + 1, "jmp to the last byte: EIP"
        TRY
        mov eax, esp
        jmp CODE:LOW(target) + 1
        CAUGHT V_GP, 0, "jmp beyond the limit"
        CHECK16 [caught_cs], CODE0, "jmp beyond the limit: in the old segment"
        TRY
        mov eax, esp
        call CODE:LOW(target) + 1
        CAUGHT V_GP, 0, "call beyond the limit"
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, "call beyond the limit: ESP"
        TRY
        push dword CODE
        push dword LOW(target) + 1
        mov eax, esp
        retf
        CAUGHT V_GP, 0, "retf beyond the limit"
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, "retf beyond the limit: ESP"
        TRY
        push dword 2
        push dword CODE
        push dword LOW(target) + 1
        mov eax, esp
        iretd
        CAUGHT V_GP, 0, "iretd beyond the limit"
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, "iretd beyond the limit: ESP"
        ; Granular limits, and the accessed bit.
        SET_SEG CODE, 0, A(target) >> 12, 0x9a, 12
        TRY
        jmp CODE:A(target)
        CAUGHT NONE, 0, "jmp below a granular limit"
        CHECK [gdt + CODE + 4], SEG_HIGH(0, A(target) >> 12, 0x9b, 12), "accessed bit"
        SET_SEG CODE, 0, (A(target) >> 12) - 1, 0x9a, 12
        TRY
        jmp CODE:A(target)
        CAUGHT V_GP, 0, "jmp beyond a granular limit"

call_frames:
        SET_SEG CODE, IMAGE, 0xffff, 0x9b, 4
        TRY
        call CODE:LOW(target)
.after32:
        CAUGHT NONE, 0, "call"
        ; On the same stack, these stand where a ring change has ESP and SS.
        CHECK [caught_esp], .after32, "call: pushed EIP"
        CHECK [caught_ss], CODE0, "call: pushed CS"
        TRY
        mov dword [esp - 4], 0xaaaaaaaa
        mov eax, esp
        call word CODE:LOW(target)
.after16:
        CAUGHT NONE, 0, "o16 call"
        mov ebx, [caught_sp]
        mov eax, [caught_eax]
        sub eax, 24
        CHECK ebx, eax, "o16 call: ESP"
        CHECK [caught_esp], (CODE0 << 16) | (A(.after16) & 0xffff), "o16 call: frame"
        CHECK [caught_eip], LOW(target) + 3, "o16 call: EIP"
        ; Indirect, both sizes.
        mov dword [SCRATCH], LOW(target)
        mov dword [SCRATCH + 4], CODE
        TRY
        call far [SCRATCH]
        CAUGHT NONE, 0, "call far [m]"
        CHECK [caught_eip], LOW(target) + 3, "call far [m]: EIP"
        mov dword [SCRATCH], LOW(target) | (CODE << 16)
        TRY
        o16 jmp far [SCRATCH]
        CAUGHT NONE, 0, "o16 jmp far [m]"
        CHECK [caught_eip], LOW(target) + 3, "o16 jmp far [m]: EIP"
        TRY
        db 0xff, 0xd8                 ; call far eax
        CAUGHT V_UD, 0, "call far register"
        TRY
        db 0xff, 0xe8                 ; jmp far eax
        CAUGHT V_UD, 0, "jmp far register"
returns:
        TRY
        mov eax, esp
        push dword 0x11111111
        push dword 0x22222222
        push dword CODE
        push dword LOW(target)
        retf 8
        CAUGHT NONE, 0, "retf 8"
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, "retf 8: ESP"
        TRY
        mov eax, esp
        push word 0x1111
        push word CODE
        push word LOW(target)
        o16 retf 2
        CAUGHT NONE, 0, "o16 retf 2"
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, "o16 retf 2: ESP"
        TRY
        push dword DATA3
        push dword 0xc000
        push dword 0
        push dword 0
        push dword CODE3
        push dword target
        retf 8
        CAUGHT NONE, 0, "retf 8 to ring 3"
        CHECK [caught_esp], 0xc008, "retf 8 to ring 3: ESP"
        CHECK16 [caught_ss], DATA3, "retf 8 to ring 3: SS"
        SET_SEG CODE, IMAGE, 0xffff, 0xfb, 4
        SET_SEG STACK, SCRATCH, 0xffff, 0xf3, 0
        TRY
        push word DATA3
        push word 0xc000
        push word CODE | 3
        push word LOW(target)
        o16 retf
        CAUGHT NONE, 0, "o16 retf to ring 3"
        ; Up to the 486 the selector comes to the upper half (SDM 3, 22.31.4).
        mov eax, (DATA3 << 16) | 0xc000
        cmp dword [signature], 0
        je .o16
        mov eax, 0xc000
.o16:   CHECK [caught_esp], eax, "o16 retf to ring 3: ESP"
        TRY
        push dword STACK | 3
        push dword 0x12345678
        push dword CODE | 3
        push dword LOW(target)
        retf
        CAUGHT NONE, 0, "retf to a 16-bit stack"
        CHECK16 [caught_esp], 0x5678, "retf to a 16-bit stack: SP"

outer_stacks:
%macro OUTER_STACK 4                  ; SS, vector, error, name
        TRY
        push dword %1
        push dword 0xc000
        push dword CODE3
        push dword target
        mov eax, esp
        retf
        CAUGHT %2, %3, {"retf, ", %4}
    %if (%2) != NONE
        CHECK [caught_ring], 0, {"retf, ", %4, ": ring"}
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, {"retf, ", %4, ": ESP"}
    %endif
        TRY
        push dword %1
        push dword 0xc000
        push dword 2
        push dword CODE3
        push dword target
        mov eax, esp
        iretd
        CAUGHT %2, %3, {"iretd, ", %4}
    %if (%2) != NONE
        CHECK [caught_ring], 0, {"iretd, ", %4, ": ring"}
        mov eax, [caught_eax]
        sub eax, 20
        CHECK [caught_sp], eax, {"iretd, ", %4, ": ESP"}
    %endif
%endmacro
        OUTER_STACK DATA3, NONE, 0, "good stack"
        OUTER_STACK 0, V_GP, 0, "null stack"
        OUTER_STACK 3, V_GP, 0, "null stack, RPL 3"
        OUTER_STACK DATA3 & ~3, V_GP, DATA3 & ~3, "stack with RPL 0"
        OUTER_STACK DATA0 | 3, V_GP, DATA0, "stack with DPL 0"
        OUTER_STACK CODE3, V_GP, CODE3 & ~3, "stack is code"
        OUTER_STACK GDT_BYTES | 3, V_GP, GDT_BYTES, "stack beyond the GDT"
        SET_SEG STACK, 0, 0xfffff, 0xf1, 12
        OUTER_STACK STACK | 3, V_GP, STACK, "stack is read-only"
        SET_SEG STACK, 0, 0xfffff, 0x73, 12
        OUTER_STACK STACK | 3, V_SS, STACK, "stack is not present"
        SET_SEG STACK, 0, 0xfffff, 0xf2, 12
        OUTER_STACK STACK | 3, NONE, 0, "stack not accessed yet"
        CHECK [gdt + STACK + 4], SEG_HIGH(0, 0xfffff, 0xf3, 12), "stack: accessed bit"

        ; A return to an outer ring takes what that ring may not use.
data_segments:
        SET_SEG CODE, 0, 0xfffff, 0x9f, 12 ; conforming
        SET_SEG STACK, 0, 0xfffff, 0xb3, 12
        SET_SEG OTHER, 0, 0xfffff, 0x9b, 12 ; readable code, ring 0
        TRY
        mov ax, DATA0
        mov ds, ax
        mov ax, OTHER
        mov es, ax
        mov ax, CODE
        mov fs, ax
        mov ax, DATA3
        mov gs, ax
        push dword DATA3
        push dword 0xc000
        push dword CODE3
        push dword target
        retf
        CAUGHT NONE, 0, "retf with inner segments"
        CHECK16 [caught_ds], 0, "retf: DS of ring 0 goes"
        CHECK16 [caught_es], 0, "retf: ES, code of ring 0, goes"
        CHECK16 [caught_fs], CODE, "retf: FS, conforming code, stays"
        CHECK16 [caught_gs], DATA3, "retf: GS of ring 3 stays"
        TRY
        mov ax, STACK
        mov fs, ax
        mov gs, ax
        push dword DATA1
        push dword 0xc000
        push dword 2
        push dword CODE1
        push dword target
        iretd
        CAUGHT NONE, 0, "iretd to ring 1"
        CHECK16 [caught_ds], 0, "iretd to ring 1: DS of ring 0 goes"
        CHECK16 [caught_fs], STACK, "iretd to ring 1: FS of ring 1 stays"
        TRY
        mov ax, 3
        mov fs, ax
        push dword DATA3
        push dword 0xc000
        push dword CODE3
        push dword target
        retf
        CAUGHT NONE, 0, "retf with a null FS"
        CHECK16 [caught_fs], 0, "retf: a null selector becomes 0"

        ; Code of 16 and 32 bits in turn.
mixed:
        TRY
        mov esi, esp
        call CODE16:LOW(.code16)
        mov edi, esp
        int NONE
        bits 16
.code16:
        mov eax, 0x12345678           ; 66 prefix here
        push ax
        pop cx
        o32 retf
        bits 32
        CAUGHT NONE, 0, "32-bit call of 16-bit code"
        CHECK [caught_eax], 0x12345678, "16-bit code: eax"
        CHECK16 [caught_ecx], 0x5678, "16-bit code: cx"
        mov eax, [caught_esi]
        CHECK [caught_edi], eax, "16-bit code: ESP restored"
        ; A 16-bit return address loses its upper half.
        mov word [A(.return) & 0xffff], 0x7fcd ; int NONE
        TRY
        call word CODE16:LOW(.deep)
.return:
        int NONE
        bits 16
.deep:
        retf
        bits 32
        CAUGHT NONE, 0, "16-bit return to 32-bit code"
        CHECK [caught_eip], (A(.return) & 0xffff) + 2, "16-bit return to 32-bit code: EIP"
        ret
%include "end.inc"
