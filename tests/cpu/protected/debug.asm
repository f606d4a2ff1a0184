; Debug exceptions: single step, breakpoints, the debug registers.
%include "lib.inc"

NUMBER equ 0x50
STEPS equ 32
DR6_ONES equ 0xffff0ff0
B0 equ 1
B1 equ 2
B2 equ 4
B3 equ 8
B_D equ 0x2000
B_S equ 0x4000
B_T equ 0x8000

        align 4
count dd 0
eips times STEPS dd 0
dr6s times STEPS dd 0
images times STEPS dd 0               ; of EFLAGS
in_handler dd 0
resume dd 0                           ; sets RF in the image

; Notes each debug exception and goes on.
note:
        push eax
        push ebx
        push ds
        mov ax, DATA0
        mov ds, ax
        mov ebx, [count]
        cmp ebx, STEPS
        jae .stop
        mov eax, [esp + 12]
        mov [eips + ebx * 4], eax
        mov eax, [esp + 20]
        mov [images + ebx * 4], eax
        mov eax, dr6
        and eax, ~0x1000              ; bit 12 can be set, in some
        mov [dr6s + ebx * 4], eax
        xor eax, eax
        mov dr6, eax
        inc dword [count]
        mov eax, [resume]
        or [esp + 20], eax
        pop ds
        pop ebx
        pop eax
        iretd
.stop:
        and dword [esp + 20], ~0x100
        xor eax, eax
        mov dr7, eax
        pop ds
        pop ebx
        pop eax
        iretd

%macro BEGIN 0
        mov dword [count], 0
        xor eax, eax
        mov dr6, eax
%endmacro
%macro TF_ON 0
        pushfd
        or dword [esp], 0x100
        popfd
%endmacro
%macro TF_OFF 0
        pushfd
        and dword [esp], ~0x100
        popfd
%endmacro
; Exception n was at this address with these DR6 bits.
%macro NOTED 4+                       ; n, eip, DR6 bits, name
        CHECK [eips + 4 * (%1)], %2, {%4}
        CHECK [dr6s + 4 * (%1)], DR6_ONES | (%3), {%4}
%endmacro

main:
        mov dword [idt + V_DB * 8], GATE_LOW(CODE0, A(note))
        mov dword [idt + V_DB * 8 + 4], (A(note) & 0xffff0000) | 0x8e00

        ; The trap comes after each instruction that began with TF set.
steps:
        BEGIN
        TF_ON
        nop
.one:   inc eax
.two:   jmp .three
        nop
.three: TF_OFF
.four:
        CHECK [count], 6, "step: how many"
        NOTED 0, .one, B_S, "step: nop; none after the popfd"
        NOTED 1, .two, B_S, "step: inc"
        NOTED 2, .three, B_S, "step: jmp"
        NOTED 5, .four, B_S, "step: popfd that clears TF"
        mov eax, [images]
        and eax, 0x10100
        CHECK eax, 0x100, "step: TF in the image, no RF"

        ; None after a load of SS, one after what follows.
stack_loads:
        BEGIN
        mov ax, ss
        TF_ON
        mov ss, ax
        nop
.one:   nop
.two:   push ss
.three: pop ss
        nop
.four:  TF_OFF
.five:
        CHECK [count], 7, "mov ss: how many"
        NOTED 0, .one, B_S, "mov ss: trap after the next instruction"
        NOTED 1, .two, B_S, "mov ss: and the one after"
        NOTED 2, .three, B_S, "push ss"
        NOTED 3, .four, B_S, "pop ss: trap after the next instruction"
        BEGIN
        mov word [SCRATCH + 4], DATA0
        mov [SCRATCH], esp
        TF_ON
        lss esp, [SCRATCH]
.six:   nop
.seven: TF_OFF
        CHECK [count], 5, "lss: how many"
        NOTED 0, .six, B_S, "lss: trap at once"
        NOTED 1, .seven, B_S, "lss: and after the next"

        ; After each iteration, with the address of the instruction.
strings:
        BEGIN
        mov edi, SCRATCH
        mov ecx, 3
        TF_ON
.rep:   rep stosb
.after: TF_OFF
        CHECK [count], 6, "rep: how many"
        NOTED 0, .rep, B_S, "rep: first iteration"
        NOTED 1, .rep, B_S, "rep: second iteration"
        NOTED 2, .after, B_S, "rep: last iteration"
        BEGIN
        mov ecx, 0
        TF_ON
        rep stosb
.none:  TF_OFF
        CHECK [count], 4, "rep, ECX 0: how many"
        NOTED 0, .none, B_S, "rep, ECX 0"

        ; INT clears TF without a trap; IRET restores it without one.
interrupts:
        SET_VECTOR NUMBER, CODE0, A(.handler), 0x8e
        mov dword [idt + NUMBER * 8 + 4], (A(.handler) & 0xffff0000) | 0x8e00
        BEGIN
        TF_ON
        int NUMBER
.back:  nop
.one:   TF_OFF
        CHECK [count], 4, "int: how many"
        NOTED 0, .one, B_S, "int: trap after what follows it"
        mov eax, [in_handler]
        and eax, 0x100
        CHECK eax, 0x100, "int: TF in the image"
        jmp .fault
.handler:
        push eax
        mov eax, [esp + 12]
        mov [in_handler], eax
        pop eax
        iretd
        ; A fault comes before the trap of the instruction that it ends.
.fault:
        BEGIN
        TRY
        TF_ON
        ud2
        CAUGHT V_UD, 0, "fault with TF"
        CHECK [count], 0, "fault with TF: no trap"
        mov eax, [caught_eflags]
        and eax, 0x10100
        CHECK eax, 0x10100, "fault with TF: image"

        ; Ring 3, and its return to ring 0.
rings:
        BEGIN
        TRY
        RING 3, 0x102
.one:   nop
.two:   nop
.three:
        CAUGHT NONE, 0, "step in ring 3"
        CHECK [count], 2, "step in ring 3: how many"
        NOTED 0, .two, B_S, "step in ring 3: first"
        NOTED 1, .three, B_S, "step in ring 3: second"

%macro DR 2                           ; register, value
        mov eax, %2
        mov %1, eax
%endmacro

        ; Breakpoints on instructions are faults.
fetches:
        BEGIN
        DR dr0, .at
        DR dr3, .other
        DR dr7, 0x1 | 0x80            ; L0, G3
        mov dword [resume], 0x10000
        xor ecx, ecx
.at:    inc ecx
.next:  inc ecx
.other: inc ecx
        DR dr7, 0
        CHECK ecx, 3, "fetch: each instruction runs once"
        CHECK [count], 2, "fetch: how many"
        NOTED 0, .at, B0, "fetch: local"
        NOTED 1, .other, B3, "fetch: global"
        ; Not enabled: nothing. An enabled one reports those that match too.
        BEGIN
        DR dr0, .three
        DR dr1, .three
        DR dr2, .three
        DR dr7, 0x4                   ; L1
        nop
.three: nop
        DR dr7, 0
        CHECK [count], 1, "fetch, one of three enabled: how many"
        CHECK [eips], .three, "fetch, one of three enabled"
        mov eax, [dr6s]
        and eax, B1
        CHECK eax, B1, "fetch, one of three enabled: its bit"
        ; Only the first byte counts.
        BEGIN
        DR dr0, .inside + 1
        DR dr7, 1
.inside: mov ebx, 0x12345678
        DR dr7, 0
        CHECK [count], 0, "fetch inside an instruction"
        ; On a repeated instruction: once.
        BEGIN
        DR dr0, .rep
        DR dr7, 1
        mov edi, SCRATCH
        mov ecx, 5
.rep:   rep stosb
        DR dr7, 0
        CHECK [count], 1, "fetch of rep stosb: how many"
        CHECK ecx, 0, "fetch of rep stosb: ECX"
        ; After MOV SS it is held off.
        BEGIN
        DR dr0, .loop
        DR dr7, 1
        mov ecx, 3
.loop:  loop .loop
        DR dr7, 0
        CHECK [count], 3, "fetch of loop: each time"
        ; A single step comes first; RF in its image holds off the breakpoint.
        BEGIN
        DR dr0, .both
        DR dr7, 1
        TF_ON
        nop
.both:  nop
.over:  TF_OFF
        DR dr7, 0
        CHECK [eips], .both, "fetch and step: the trap first"
        mov eax, [dr6s]
        and eax, B_S
        CHECK eax, B_S, "fetch and step: a trap"
        NOTED 1, .over, B_S, "fetch and step: then a step"
        mov dword [resume], 0

        ; RF holds a breakpoint off for one instruction.
        BEGIN
        DR dr0, .rf
        DR dr7, 1
        push dword 0x10002
        push cs
        push dword .rf
        iretd
.rf:    nop
        DR dr7, 0
        CHECK [count], 0, "RF by iretd"
        pushfd
        pop eax
        and eax, 0x10000
        CHECK eax, 0, "RF is never pushed by pushfd"

        ; Breakpoints on data are traps.
%macro DATA_BREAK 5+                  ; address, RW and LEN, hits?, access, name
        BEGIN
        DR dr0, %1
        DR dr7, ((%2) << 16) | 1
        %4
%%after: nop
        DR dr7, 0
    %if (%3) == 0
        CHECK [count], 0, %5
    %else
        CHECK [count], 1, %5
        NOTED 0, %%after, B0, %5
    %endif
%endmacro
W1 equ 0x1
W2 equ 0x5
W4 equ 0xd
RW1 equ 0x3
RW2 equ 0x7
RW4 equ 0xf
D equ SCRATCH + 0x100
data:
        DATA_BREAK D, W1, 1, {mov byte [D], 1}, "write of 1, byte written"
        DATA_BREAK D, W1, 0, {mov byte [D + 1], 1}, "write of 1, next byte"
        DATA_BREAK D, W1, 0, {mov byte [D - 1], 1}, "write of 1, byte before"
        DATA_BREAK D, W1, 0, {mov al, [D]}, "write of 1, byte read"
        DATA_BREAK D, W1, 1, {mov [D - 3], eax}, "write of 1, last byte of a dword"
        DATA_BREAK D, W1, 0, {mov [D - 4], eax}, "write of 1, dword before"
        DATA_BREAK D, W2, 1, {mov byte [D + 1], 1}, "write of 2, second byte"
        DATA_BREAK D, W2, 0, {mov byte [D + 2], 1}, "write of 2, third byte"
        DATA_BREAK D + 1, W2, 1, {mov byte [D], 1}, "write of 2 is aligned"
        DATA_BREAK D + 1, W2, 0, {mov byte [D + 2], 1}, "write of 2 is aligned, byte after"
        DATA_BREAK D, W4, 1, {mov byte [D + 3], 1}, "write of 4, last byte"
        DATA_BREAK D + 3, W4, 1, {mov byte [D], 1}, "write of 4 is aligned"
        DATA_BREAK D, W4, 0, {mov byte [D + 4], 1}, "write of 4, fifth byte"
        DATA_BREAK D, RW1, 1, {mov al, [D]}, "access of 1, read"
        DATA_BREAK D, RW1, 1, {mov [D], al}, "access of 1, written"
        DATA_BREAK D, RW2, 1, {mov ax, [D + 1]}, "access of 2, crossing read"
        DATA_BREAK D, RW4, 1, {add dword [D], 1}, "access of 4, read and written"
        DATA_BREAK D, W4, 1, {inc dword [D]}, "write of 4, read and written"
        DATA_BREAK D, W4, 1, {xchg eax, [D]}, "write of 4, xchg"
        DATA_BREAK STACK0 - 0x800, W4, 0, {push eax}, "write of 4, push elsewhere"
        add esp, 4
        DATA_BREAK D, RW4, 0, {lea eax, [D]}, "access of 4, lea"
        ; Stack, strings, call.
        mov [SCRATCH], esp
        mov esp, D + 4
        DATA_BREAK D, W4, 1, {push eax}, "write of 4, push"
        mov esp, [SCRATCH]
        BEGIN
        DR dr0, D
        DR dr7, (RW4 << 16) | 1
        TRY
        RING 3
        mov esp, D
        pop eax
.popped: nop
        CAUGHT NONE, 0, "access of 4, pop in ring 3"
        DR dr7, 0
        CHECK [count], 1, "access of 4, pop: how many"
        NOTED 0, .popped, B0, "access of 4, pop"
        mov edi, D
        DATA_BREAK D, W4, 1, {stosd}, "write of 4, stosd"
        ; A repeated store traps in the middle.
        BEGIN
        DR dr0, D + 8
        DR dr7, (W4 << 16) | 1
        mov edi, D
        mov ecx, 5
.rep:   rep stosd
.after:
        DR dr7, 0
        CHECK [count], 1, "rep stosd: how many"
        NOTED 0, .rep, B0, "rep stosd: in the middle"
        CHECK edi, D + 20, "rep stosd: done"
        ; Disabled.
        BEGIN
        DR dr0, D
        DR dr7, W4 << 16
        mov [D], eax
        DR dr7, 0
        CHECK [count], 0, "data, not enabled"
        ; Two at once.
        BEGIN
        DR dr0, D
        DR dr1, D + 4
        DR dr7, (W4 << 16) | (W4 << 20) | 0xa
        mov [D + 2], eax
        nop
        DR dr7, 0
        CHECK [count], 1, "data, two at once: how many"
        CHECK [dr6s], DR6_ONES | B0 | B1, "data, two at once"
        ; One enabled, of two that match.
        BEGIN
        DR dr0, D
        DR dr1, D
        DR dr7, (W4 << 16) | (W4 << 20) | 4
        mov [D], eax
        nop
        DR dr7, 0
        CHECK [dr6s], DR6_ONES | B0 | B1, "data, one of two enabled: both reported"
        ; With a single step: one exception, both bits.
        BEGIN
        DR dr0, D
        DR dr7, (W4 << 16) | 1
        TF_ON
        mov [D], eax
.step:  TF_OFF
        DR dr7, 0
        NOTED 0, .step, B0 | B_S, "data and step together"
        ; A store that faults does not trap.
        SET_SEG FREE, D, 0xff, 0x91, 0
        mov ax, FREE
        mov fs, ax
        BEGIN
        DR dr0, D
        DR dr7, (W4 << 16) | 1
        TRY
        mov [fs:0], eax
        CAUGHT V_GP, 0, "data: a store that faults"
        DR dr7, 0
        CHECK [count], 0, "data: a store that faults, no trap"
        ; Held off by MOV SS, like single step.
        BEGIN
        mov word [D], DATA0
        DR dr0, D
        DR dr7, (RW2 << 16) | 1
        mov ss, [D]
        nop
.held:  nop
        DR dr7, 0
        CHECK [count], 1, "data, mov ss: how many"
        NOTED 0, .held, B0, "data, mov ss: one instruction later"

registers:
        DR dr0, 0x12345678
        mov ebx, dr0
        CHECK ebx, 0x12345678, "dr0"
        DR dr3, 0x87654321
        mov ebx, dr3
        CHECK ebx, 0x87654321, "dr3"
        DR dr6, 0
        mov ebx, dr6
        CHECK ebx, DR6_ONES, "dr6, zeros"
        DR dr6, 0xffffffff
        mov ebx, dr6
        and ebx, ~0x1000
        CHECK ebx, 0xffffefff, "dr6, ones"
        DR dr7, 0xffff0000
        mov ebx, dr7
        CHECK ebx, 0xffff0400, "dr7"
        DR dr7, 0
        mov ebx, dr7
        CHECK ebx, 0x400, "dr7, zeros"
        DR dr6, 0x4001
        db 0x0f, 0x21, 0xe3           ; mov ebx, dr4
        CHECK ebx, DR6_ONES | 0x4001, "dr4 is dr6"
        DR dr6, 0
        db 0x0f, 0x21, 0xeb           ; mov ebx, dr5
        CHECK ebx, 0x400, "dr5 is dr7"
        TRY
        RING 3
        mov eax, dr0
        CAUGHT V_GP, 0, "mov from a debug register in ring 3"
        TRY
        RING 3
        mov dr7, eax
        CAUGHT V_GP, 0, "mov to a debug register in ring 3"

        ; GD: a fault at the next touch, then off.
general_detect:
        BEGIN
        DR dr7, 0x2000
.touch: mov ebx, dr0
        CHECK [count], 1, "GD: how many"
        NOTED 0, .touch, B_D, "GD: a fault"
        mov ebx, dr7
        CHECK ebx, 0x400, "GD: cleared by the exception"

tasks:
        mov dword [tss_b + 0x20], .task
        mov dword [tss_b + 0x24], 2
        mov dword [tss_b + 0x38], STACK0 - 0x800
        mov dword [tss_b + 0x48], DATA0
        mov dword [tss_b + 0x4c], CODE0
        mov dword [tss_b + 0x50], DATA0
        mov dword [tss_b + 0x54], DATA0
        mov word [tss_b + 0x64], 1    ; T
        BEGIN
        TRY
        call TSS_B:0
.task:  nop
        CAUGHT NONE, 0, "T bit"
        CHECK [count], 1, "T bit: how many"
        NOTED 0, .task, B_T, "T bit: before the first instruction"
        mov word [tss_b + 0x64], 0
        ; A switch clears the local enables.
        SET_SEG TSS_MAIN, A(tss_main), TSS_BYTES - 1, 0x89, 0
        mov ax, TSS_MAIN
        ltr ax
        SET_SEG TSS_B, A(tss_b), 0x67, 0x89, 0
        DR dr0, 0
        DR dr7, 0x3ff
        TRY
        jmp TSS_B:0
        CAUGHT NONE, 0, "switch with breakpoints"
        mov ebx, dr7
        CHECK ebx, 0x6aa, "switch clears L0-L3 and LE"
        DR dr7, 0
        ret
%include "end.inc"
