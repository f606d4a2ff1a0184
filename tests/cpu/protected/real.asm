; Real mode of a 386 or later: limits, vectors, far transfers, flags, and what
; protected mode leaves behind ("unreal" mode).
%define REAL_MODE
%include "lib.inc"

        bits 16
IMAGE_SEG equ IMAGE >> 4
DATA_SEG equ SCRATCH >> 4
STACK_SP equ 0x8000

; TRY and CAUGHT as in lib.inc, for real mode. An exception pushes no error
; code; caught_code has just the vector.
%macro RTRY 0
        %push try
        mov word [LOW(try_resume)], LOW(%$after)
        mov [LOW(try_esp)], sp
%endmacro
%macro RCAUGHT 2+                     ; vector, name
        int NONE
%$after:
        RCHECK [LOW(caught_vector)], %1, %2
        %pop
%endmacro
%macro RCHECK 3+
        push dword %2
        push dword %1
        call check16
        db %3, 0
%endmacro
; The low word of a dword in memory.
%macro RCHECKW 3+
        push dword %2
        push word 0
        push word %1
        call check16
        db %3, 0
%endmacro

stubs16:
%assign v 0
%rep 0x80
        align 8, db 0x90
        push word v
        jmp strict near take16
    %assign v v + 1
%endrep

; Stack: vector, ip, cs, flags.
take16:
        push ds
        push cs
        pop ds
        cld
        mov [LOW(caught_eax)], eax
        mov [LOW(caught_ebx)], ebx
        mov [LOW(caught_ecx)], ecx
        mov [LOW(caught_edx)], edx
        mov [LOW(caught_esi)], esi
        mov [LOW(caught_edi)], edi
        mov [LOW(caught_ebp)], ebp
        pop ax
        mov [LOW(caught_ds)], ax
        mov [LOW(caught_es)], es
        xor eax, eax
        pop ax
        mov [LOW(caught_vector)], eax
        mov [LOW(caught_sp)], esp
        pop ax
        mov [LOW(caught_eip)], eax
        pop ax
        mov [LOW(caught_cs)], eax
        pop ax
        mov [LOW(caught_eflags)], eax
        mov [LOW(caught_esp)], esp
        mov [LOW(caught_ss)], ss
        xor eax, eax
        mov ss, ax
        movzx esp, word [LOW(try_esp)]
        pushfd
        pop dword [LOW(caught_handler_eflags)]
        push dword 2
        popfd
        push cs
        pop es
        jmp [LOW(try_resume)]

check16:
        pushf
        pushad
        mov bp, sp
        mov eax, [bp + 36]            ; got
        mov ebx, [bp + 40]            ; want
        mov si, [bp + 34]
        cmp eax, ebx
        jne .bad
        inc dword [LOW(passed)]
        jmp .skip
.bad:
        inc dword [LOW(failed)]
        push si
        push eax
        mov si, LOW(text_fail)
        call print16
        mov bp, sp
        mov si, [bp + 4]
        call print16
        mov si, LOW(text_got)
        call print16
        pop eax
        call hex16
        mov si, LOW(text_want)
        call print16
        mov eax, ebx
        call hex16
        mov al, 10
        out 0xe9, al
        pop si
.skip:
        lodsb
        test al, al
        jnz .skip
        mov bp, sp
        mov [bp + 42], si
        popad
        popf
        add sp, 8
        ret

print16:
        lodsb
        test al, al
        jz .end
        out 0xe9, al
        jmp print16
.end:
        ret

hex16:
        mov edx, eax
        mov cx, 8
        mov al, ' '
        out 0xe9, al
.digit:
        rol edx, 4
        mov al, dl
        and al, 15
        cmp al, 10
        sbb al, 0x69
        das
        out 0xe9, al
        loop .digit
        ret

main16:
        xor di, di
        mov es, di
        mov ax, LOW(stubs16)
        mov cx, 0x80
.vectors:
        stosw
        mov word [es:di], IMAGE_SEG
        add di, 2
        add ax, 8
        loop .vectors
        push cs
        pop es
        call tests
        mov eax, [LOW(passed)]
        call hex16
        mov si, LOW(text_passed)
        call print16
        mov eax, [LOW(failed)]
        call hex16
        mov si, LOW(text_failed)
        call print16
        xor ax, ax
        cmp dword [LOW(failed)], 0
        setne al
        out 0xf4, al
        cli
        hlt
        jmp $ - 1

tests:
limits:
%macro LIMIT 3+                       ; instruction, vector, name
        RTRY
        mov ax, DATA_SEG
        mov ds, ax
        mov ebp, 0xffff
        mov ebx, 0x10000
%%at:   %1
        RCAUGHT %2, %3
    %if (%2) != NONE
        RCHECK [LOW(caught_eip)], LOW(%%at), %3
    %endif
%endmacro
        LIMIT {mov al, [0xffff]}, NONE, "byte at ffff"
        LIMIT {mov ax, [0xfffe]}, NONE, "word at fffe"
        LIMIT {mov ax, [0xffff]}, V_GP, "word at ffff"
        LIMIT {mov [0xffff], ax}, V_GP, "word store at ffff"
        LIMIT {add [0xffff], ax}, V_GP, "add at ffff"
        LIMIT {mov eax, [0xfffc]}, NONE, "dword at fffc"
        LIMIT {mov eax, [0xfffd]}, V_GP, "dword at fffd"
        LIMIT {mov al, [ebx]}, V_GP, "byte at 10000"
        LIMIT {mov ax, [bp]}, V_SS, "word at ss:ffff"
        LIMIT {mov [bp], ax}, V_SS, "word store at ss:ffff"
        LIMIT {mov ax, [ds:bp]}, V_GP, "word at ds:ffff through bp"
        LIMIT {les ax, [0xfffe]}, V_GP, "les at fffe"
        LIMIT {jmp dword IMAGE_SEG:0x10000}, V_GP, "far jmp beyond 64 KiB"
        LIMIT {call dword IMAGE_SEG:0x10000}, V_GP, "far call beyond 64 KiB"
        RTRY
        mov esi, 0xfffe
        mov ax, DATA_SEG
        mov ds, ax
        mov es, ax
        xor di, di
        mov cx, 4
        rep movsd
        RCAUGHT V_GP, "rep movsd at fffe"
        RCHECK [LOW(caught_ecx)], 4, "rep movsd at fffe: CX"
        ; Stacks. The frame of the fault goes below the same SP.
%macro ON_STACK 5+                    ; ESP, instruction, vector, ESP after, name
        RTRY
        mov ax, DATA_SEG
        mov ss, ax
        mov esp, %1
        %2
        mov ecx, esp
        RCAUGHT %3, %5
    %if (%3) == NONE
        RCHECK [LOW(caught_ecx)], %4, %5
    %else
        RCHECKW [LOW(caught_esp)], %4, %5
    %endif
%endmacro
        ON_STACK 0x55550002, {push eax}, V_SS, 2, "dword push at 2"
        ON_STACK 0x55550000, {push ax}, NONE, 0x5555fffe, "push at 0 wraps"
        ON_STACK 0x55550000, {push eax}, NONE, 0x5555fffc, "dword push at 0 wraps"
        ON_STACK 0x5555ffff, {pop ax}, V_SS, 0xffff, "pop at ffff"
        ON_STACK 0x5555fffe, {pop ax}, NONE, 0x55550000, "pop at fffe wraps"
        ON_STACK 0x5555fffe, {pop eax}, V_SS, 0xfffe, "dword pop at fffe"

transfers:
        RTRY
        mov cx, sp
        call IMAGE_SEG + 1:LOW(.far) - 16
.far:
        mov bx, sp
        mov dx, cs
        pop ax
        pop si
        RCAUGHT NONE, "far call"
        RCHECKW [LOW(caught_edx)], IMAGE_SEG + 1, "far call: CS"
        RCHECKW [LOW(caught_eax)], LOW(.far), "far call: pushed IP"
        RCHECKW [LOW(caught_esi)], IMAGE_SEG, "far call: pushed CS"
        RTRY
        mov esi, esp
        call dword IMAGE_SEG:LOW(.far32)
.far32:
        mov edi, esp
        pop eax
        pop edx
        RCAUGHT NONE, "32-bit far call"
        RCHECK [LOW(caught_eax)], LOW(.far32), "32-bit far call: pushed EIP"
        RCHECKW [LOW(caught_edx)], IMAGE_SEG, "32-bit far call: pushed CS"
        mov eax, [LOW(caught_esi)]
        sub eax, 8
        RCHECK [LOW(caught_edi)], eax, "32-bit far call: ESP"
        RTRY
        mov esi, esp
        push word 0x1111
        push word 0x2222
        push word IMAGE_SEG + 2
        push word LOW(.retf) - 32
        retf 4
.retf:
        mov edi, esp
        mov dx, cs
        RCAUGHT NONE, "retf 4"
        RCHECKW [LOW(caught_edx)], IMAGE_SEG + 2, "retf 4: CS"
        mov eax, [LOW(caught_esi)]
        RCHECK [LOW(caught_edi)], eax, "retf 4: ESP"
        RTRY
        push dword IMAGE_SEG
        push dword LOW(.retfd) + 0x10000
        o32 retf
.retfd:
        RCAUGHT V_GP, "32-bit retf beyond 64 KiB"
        RTRY
        push dword 2
        push dword IMAGE_SEG
        push dword LOW(.iretd) + 0x10000
        iretd
.iretd:
        RCAUGHT V_GP, "iretd beyond 64 KiB"

interrupts:
        RTRY
        mov esp, 0x7000
        push dword 0x8d5 | 0x200 | 0x7002
        popfd
        int NONE
.after:
        RCAUGHT NONE, "int"
        RCHECK [LOW(caught_eip)], LOW(.after), "int: IP"
        RCHECK [LOW(caught_cs)], IMAGE_SEG, "int: CS"
        RCHECK [LOW(caught_eflags)], 0x7ad7, "int: flags"
        RCHECK [LOW(caught_sp)], 0x7000 - 6, "int: SP"
        mov eax, [LOW(caught_handler_eflags)]
        and eax, 0x7300
        RCHECK eax, 0x7000, "int: IF and TF cleared, NT and IOPL kept"
        RTRY
        mov esp, 0x7000
        mov ax, [0xffff]
        RCAUGHT V_GP, "exception"
        RCHECK [LOW(caught_sp)], 0x7000 - 6, "exception: no error code"
        RTRY
        xor bl, bl
.div:   div bl
        RCAUGHT V_DE, "divide error"
        RCHECK [LOW(caught_eip)], LOW(.div), "divide error: IP of the instruction"
        RTRY
        mov dword [LOW(caught_eax)], 0x00020001
        xor ax, ax
.bound: bound ax, [LOW(caught_eax)]
        RCAUGHT V_BR, "bound"
        RCHECK [LOW(caught_eip)], LOW(.bound), "bound: IP of the instruction"
        RTRY
        push word 0x802
        popf
        into
.into:
        RCAUGHT V_OF, "into"
        RCHECK [LOW(caught_eip)], LOW(.into), "into: IP after"
        RTRY
        int3
.int3:
        RCAUGHT V_BP, "int3"
        RCHECK [LOW(caught_eip)], LOW(.int3), "int3: IP after"
        ; Vectors elsewhere, and beyond the limit.
        RTRY
        xor si, si
        mov ds, si
        mov ax, DATA_SEG
        mov es, ax
        mov di, 0x10
        mov cx, 0x100
        rep movsw
        mov word [es:0x10 + 0x60 * 4], LOW(.elsewhere)
        mov word [es:0x10 + 0x60 * 4 + 2], IMAGE_SEG
        mov word [es:0], 0x1ff
        mov dword [es:2], SCRATCH + 0x10
        o32 lidt [es:0]
        int 0x60
        jmp .wrong
.elsewhere:
        mov dx, 0x5555
.wrong:
        int NONE
        RCAUGHT NONE, "vector table elsewhere"
        RCHECKW [LOW(caught_edx)], 0x5555, "vector table elsewhere: handler"
        ; Up to the 486: exception 8 (80386 programmer's reference, 14.?).
        mov word [LOW(caught_es)], 0x60 * 4 + 2
        mov dword [LOW(caught_es) + 2], SCRATCH + 0x10
        o32 lidt [LOW(caught_es)]
        RTRY
        mov word [LOW(try_resume)], LOW(.beyond)
.int:   int 0x60
        RCAUGHT NONE, "never"
.beyond:
        mov eax, V_DF
        cmp dword [LOW(signature)], 0
        je .vector
        mov eax, V_GP
.vector:
        RCHECK [LOW(caught_vector)], eax, "vector beyond the table"
        RCHECK [LOW(caught_eip)], LOW(.int), "vector beyond the table: IP"
        mov word [LOW(caught_es)], 0x3ff
        mov dword [LOW(caught_es) + 2], 0
        o32 lidt [LOW(caught_es)]

flags:
        push dword 0x7002
        popfd
        pushfd
        pop eax
        and eax, 0xffff
        RCHECK eax, 0x7002, "popfd: NT and IOPL"
        push word 2
        popf
        pushf
        pop ax
        and eax, 0xffff
        RCHECK eax, 2, "popf: NT and IOPL clear"
        push dword 0x30002
        popfd
        pushfd
        pop eax
        and eax, 0x30000
        RCHECK eax, 0, "popfd: no VM, no RF"
        RTRY
        push dword 0x7ad7
        push dword IMAGE_SEG
        push dword LOW(.iretd)
        iretd
.iretd:
        RCAUGHT NONE, "iretd"
        RCHECK [LOW(caught_eflags)], 0x7ad7, "iretd: flags"

undefined:
%macro UNDEFINED 2+                   ; instruction, name
        RTRY
%%at:   %1
        RCAUGHT V_UD, %2
        RCHECK [LOW(caught_eip)], LOW(%%at), %2
%endmacro
        UNDEFINED {sldt ax}, "sldt"
        UNDEFINED {str ax}, "str"
        UNDEFINED {lldt ax}, "lldt"
        UNDEFINED {ltr ax}, "ltr"
        UNDEFINED {verr ax}, "verr"
        UNDEFINED {verw ax}, "verw"
        UNDEFINED {lar ax, ax}, "lar"
        UNDEFINED {lsl ax, ax}, "lsl"
        UNDEFINED {arpl ax, ax}, "arpl"
        UNDEFINED {db 0x8e, 0xc8}, "mov cs, ax"
        UNDEFINED {db 0xf0, 0x90}, "lock nop"
        UNDEFINED {ud2}, "ud2"

steps:
        mov word [LOW(caught_count)], 0
        xor ax, ax
        mov fs, ax
        mov word [fs:4], LOW(.step)
        pushf
        pop ax
        or ax, 0x100
        push ax
        popf
        nop
        nop
        mov cx, ss
        mov ss, cx
        nop
        and ax, ~0x100
        push ax
        popf
        mov word [fs:4], LOW(stubs16) + 8
        movzx eax, word [LOW(caught_count)]
        RCHECK eax, 7, "single step: traps"
        jmp .end
.step:
        inc word [cs:LOW(caught_count)]
        iret
.end:

        ; Limits loaded in protected mode outlive it, and a load of the register
        ; in real mode.
unreal:
        o32 lgdt [LOW(.pointer)]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        mov bx, 8
        mov fs, bx
        and al, 0xfe
        mov cr0, eax
        mov ebx, 0x123456
        mov dword [fs:ebx], 0x11223344
        mov eax, [fs:ebx]
        RCHECK eax, 0x11223344, "unreal: above 1 MiB"
        mov ax, DATA_SEG
        mov fs, ax
        sub ebx, SCRATCH
        mov eax, [fs:ebx]
        RCHECK eax, 0x11223344, "unreal: after a load, base"
        RTRY
        mov ax, DATA_SEG
        mov ds, ax
        mov ax, [0xffff]
        RCAUGHT V_GP, "unreal: DS keeps its own limit"
        ; A small limit too.
        mov eax, cr0
        or al, 1
        mov cr0, eax
        mov bx, 16
        mov fs, bx
        and al, 0xfe
        mov cr0, eax
        RTRY
        mov ax, DATA_SEG
        mov fs, ax
        mov al, [fs:0xff]
        mov al, [fs:0x100]
        RCAUGHT V_GP, "unreal: a small limit"
        mov eax, cr0
        or al, 1
        mov cr0, eax
        mov bx, 24
        mov fs, bx
        and al, 0xfe
        mov cr0, eax
        RTRY
        mov ax, DATA_SEG
        mov fs, ax
        mov al, [fs:0xffff]
        mov [fs:0xffff], al
        RCAUGHT NONE, "unreal: back to 64 KiB"
        smsw ax
        and eax, 1
        RCHECK eax, 0, "smsw: PE"
        ret

        align 8
.gdt:
        dq 0
        SEGMENT 0, 0xfffff, 0x93, 12
        SEGMENT 0, 0xff, 0x93, 0
        SEGMENT 0, 0xffff, 0x93, 0
.pointer:
        dw 31
        dd A(.gdt)
%include "end.inc"
