; Virtual-8086 mode: ways in and out, IOPL, privileged instructions, limits.
%include "lib.inc"

CODE equ FREE
NUMBER equ 0x50
IOPL3 equ 0x3000
FLAG_IF equ 0x200

handler:
        nop
        int NONE

main:
entry:
        TRY
        mov eax, 0x11223344
        V86 IOPL3
        CAUGHT NONE, 0, "iretd to V86"
        CHECK [caught_eax], 0x11223344, "entry: EAX"
        CHECK [caught_eflags], 0x23002, "entry: EFLAGS"
        CHECK [caught_ring], IMAGE >> 4 & 3, "entry: CS is a paragraph"
        CHECK16 [caught_cs], IMAGE >> 4, "entry: CS"
        CHECK [caught_esp], V86_SP, "entry: ESP"
        CHECK16 [caught_ss], V86_SS, "entry: SS"
        CHECK16 [caught_v86_es], V86_ES, "entry: ES"
        CHECK16 [caught_v86_ds], V86_DS, "entry: DS"
        CHECK16 [caught_v86_fs], V86_FS, "entry: FS"
        CHECK16 [caught_v86_gs], V86_GS, "entry: GS"
        CHECK16 [caught_ds], 0, "exit: DS is null"
        CHECK16 [caught_es], 0, "exit: ES is null"
        CHECK16 [caught_fs], 0, "exit: FS is null"
        CHECK16 [caught_gs], 0, "exit: GS is null"
        mov eax, [caught_handler_eflags]
        and eax, 0x20000
        CHECK eax, 0, "exit: VM cleared"
        CHECK [caught_sp], STACK0 - 0x400 - 44, "exit: ESP"

addresses:
        mov dword [SCRATCH], 0x55667788
        mov dword [SCRATCH + 0xfffc], 0x11223344
        TRY
        V86 IOPL3
        mov eax, [es:0]
        mov bx, es
        mov ds, bx
        mov ecx, [0xfffc]
        mov bx, (SCRATCH >> 4) + 1
        mov fs, bx
        mov dx, [fs:0xfff0 - 2]
        CAUGHT NONE, 0, "loads in V86"
        CHECK [caught_eax], 0x55667788, "es:0"
        CHECK [caught_ecx], 0x11223344, "ds:fffc"
        CHECK16 [caught_edx], 0x1122, "fs, one paragraph on"
        TRY
        V86 IOPL3
        mov eax, [es:0xfffd]
        CAUGHT V_GP, 0, "dword beyond ffff"
        TRY
        V86 IOPL3
        mov ax, [es:0xffff]
        CAUGHT V_GP, 0, "word at ffff"
        TRY
        V86 IOPL3
        mov ebx, 0x10000
        mov al, [es:ebx]
        CAUGHT V_GP, 0, "32-bit address beyond ffff"
        TRY
        V86 IOPL3
        mov bp, 0xffff
        mov ax, [bp]
        CAUGHT V_SS, 0, "word at ss:ffff"
        TRY
        V86 IOPL3
        mov esp, 1
        push ax
        CAUGHT V_SS, 0, "push at 1"
        TRY
        V86 IOPL3
        xor esp, esp
        push ax
        CAUGHT NONE, 0, "push at 0 wraps"
        CHECK [caught_esp], 0xfffe, "push at 0: SP"

        ; What IOPL decides.
sensitive:
%macro SENSITIVE 2+                   ; instruction, name
        TRY
        V86 0
        push dword 0x20002
        push dword 0
        push dword 0
        mov ax, sp
%%at:
        %1
        CAUGHT V_GP, 0, %2
        CHECK [caught_eip], LOW(%%at), %2
        movzx eax, word [caught_eax]
        CHECK [caught_esp], eax, %2
        TRY
        V86 0x2000
        %1
        CAUGHT V_GP, 0, %2
%endmacro
        SENSITIVE cli, "cli, IOPL 0"
        SENSITIVE sti, "sti, IOPL 0"
        SENSITIVE pushf, "pushf, IOPL 0"
        SENSITIVE popf, "popf, IOPL 0"
        SENSITIVE pushfd, "pushfd, IOPL 0"
        SENSITIVE popfd, "popfd, IOPL 0"
        SENSITIVE iret, "iret, IOPL 0"
        SENSITIVE iretd, "iretd, IOPL 0"
        SENSITIVE int NONE, "int, IOPL 0"
        SENSITIVE {db 0xcd, 3}, "int 3 of two bytes, IOPL 0"
        TRY
        V86 0
        int3
        CAUGHT V_GP, V_BP * 8 + 2, "int3, IOPL 0: only the gate counts"
        mov byte [idt + V_BP * 8 + 5], 0xee
        mov byte [idt + V_OF * 8 + 5], 0xee
        TRY
        V86 0
        int3
        CAUGHT V_BP, 0, "int3, IOPL 0"
        TRY
        V86 0x800
        into
        CAUGHT V_OF, 0, "into, IOPL 0"
        TRY
        V86 IOPL3
        db 0xcd, 3
        CAUGHT V_BP, 0, "int 3 of two bytes, IOPL 3"
        TRY
        V86 IOPL3
        db 0xf1
        CAUGHT V_DB, 0, "icebp"

allowed:
        TRY
        V86 IOPL3
        cli
        pushf
        pop ax
        pushfd
        pop ebx
        CAUGHT NONE, 0, "cli, pushf, IOPL 3"
        CHECK16 [caught_eax], 0x3002, "pushf"
        CHECK [caught_ebx], 0x3002, "pushfd: no VM"
        TRY
        V86 IOPL3
        sti
        cli
        sti
        pushf
        pop ax
        CAUGHT NONE, 0, "sti, IOPL 3"
        CHECK16 [caught_eax], 0x3202, "sti"
        TRY
        V86 IOPL3
        push word 0x0ed7
        popf
        CAUGHT NONE, 0, "popf, IOPL 3"
        CHECK [caught_eflags], 0x23ed7, "popf: IOPL unchanged"
        TRY
        V86 IOPL3
        push dword 0xffffc002
        popfd
        CAUGHT NONE, 0, "popfd, IOPL 3"
        mov eax, [caught_eflags]
        and eax, ~0x240000            ; AC and ID by model
        CHECK eax, 0x27002, "popfd: VM, RF, IOPL unchanged"
        TRY
        V86 IOPL3
        mov bx, sp
        pushf
        push cs
        push word LOW(.iret)
        iret
.iret:
        CAUGHT NONE, 0, "iret in V86"
        CHECK16 [caught_eip], LOW(.iret) + 2, "iret in V86: IP"
        CHECK [caught_eflags], 0x23002, "iret in V86: EFLAGS"
        TRY
        V86 IOPL3
        push dword 0x202
        push dword IMAGE >> 4
        push dword LOW(.iretd)
        iretd
.iretd:
        CAUGHT NONE, 0, "iretd in V86"
        CHECK [caught_eflags], 0x23202, "iretd in V86: VM and IOPL unchanged"

privileged:
%macro REFUSED 3+                     ; vector, instruction, name
        TRY
        V86 IOPL3
%%at:
        %2
        CAUGHT %1, 0, %3
        CHECK [caught_eip], LOW(%%at), %3
%endmacro
        REFUSED V_GP, hlt, "hlt"
        REFUSED V_GP, clts, "clts"
        REFUSED V_GP, {lgdt [0]}, "lgdt"
        REFUSED V_GP, {lidt [0]}, "lidt"
        REFUSED V_GP, {lmsw ax}, "lmsw"
        REFUSED V_GP, {mov eax, cr0}, "mov eax, cr0"
        REFUSED V_GP, {mov cr0, eax}, "mov cr0, eax"
        REFUSED V_GP, {mov cr3, eax}, "mov cr3, eax"
        REFUSED V_GP, {mov eax, dr7}, "mov eax, dr7"
        REFUSED V_GP, {mov dr0, eax}, "mov dr0, eax"
        REFUSED V_GP, invd, "invd"
        REFUSED V_GP, wbinvd, "wbinvd"
        REFUSED V_GP, {invlpg [0]}, "invlpg"
        REFUSED V_UD, {lldt ax}, "lldt"
        REFUSED V_UD, {ltr ax}, "ltr"
        REFUSED V_UD, {sldt ax}, "sldt"
        REFUSED V_UD, {str ax}, "str"
        REFUSED V_UD, {verr ax}, "verr"
        REFUSED V_UD, {verw ax}, "verw"
        REFUSED V_UD, {lar ax, ax}, "lar"
        REFUSED V_UD, {lsl ax, ax}, "lsl"
        REFUSED V_UD, {arpl ax, ax}, "arpl"
        TRY
        V86 IOPL3
        smsw ax
        CAUGHT NONE, 0, "smsw"
        TRY
        V86 IOPL3
        sgdt [es:0x10]
        sidt [es:0x20]
        CAUGHT NONE, 0, "sgdt, sidt"
        CHECK16 [SCRATCH + 0x10], GDT_BYTES - 1, "sgdt: limit"

        ; Gates out of V86 lead to ring 0 only.
ways_out:
%macro GATE_TO 5+                     ; access of code, of gate, vector, error
        SET_SEG CODE, IMAGE, 0xffff, %1, 4
        SET_VECTOR NUMBER, CODE, LOW(handler), %2
        TRY
        V86 IOPL3
        int NUMBER
        CAUGHT %3, %4, %5
%endmacro
        GATE_TO 0x9b, 0xee, NONE, 0, "386 interrupt gate to ring 0"
        CHECK16 [caught_cs], CODE, "to ring 0: CS"
        GATE_TO 0x9b, 0xef, NONE, 0, "386 trap gate to ring 0"
        GATE_TO 0x9b, 0x8e, V_GP, NUMBER * 8 + 2, "gate of ring 0"
        GATE_TO 0xbb, 0xee, V_GP, CODE, "to ring 1"
        GATE_TO 0xdb, 0xee, V_GP, CODE, "to ring 2"
        GATE_TO 0xfb, 0xee, V_GP, CODE, "to ring 3"
        GATE_TO 0x9f, 0xee, V_GP, CODE, "to conforming code of ring 0"
        GATE_TO 0xff, 0xee, V_GP, CODE, "to conforming code of ring 3"
        GATE_TO 0x1b, 0xee, V_NP, CODE, "to code not present"
        SET_SEG CODE, IMAGE, 0xffff, 0xfb, 4
        SET_VECTOR V_UD, CODE, LOW(handler), 0x8e
        TRY
        V86 IOPL3
        ud2
        CAUGHT V_GP, CODE + 1, "fault to ring 3: EXT"
        call fill_idt
        ; Through a 286 gate, all nine words have 16 bits.
        SET_SEG CODE, IMAGE, 0xffff, 0x9b, 4
        SET_VECTOR NUMBER, CODE, LOW(handler), 0xe6
        TRY
        V86 IOPL3
        int NUMBER
.after_int:
        CAUGHT NONE, 0, "286 gate"
        mov ebx, [caught_sp]
        add ebx, 20
        CHECK ebx, STACK0 - 0x400 - 18, "286 gate: ESP"
        CHECK16 [ebx], LOW(.after_int), "286 gate: IP"
        CHECK16 [ebx + 2], IMAGE >> 4, "286 gate: CS"
        CHECK16 [ebx + 4], 0x3002, "286 gate: flags"
        CHECK16 [ebx + 6], V86_SP, "286 gate: SP"
        CHECK16 [ebx + 8], V86_SS, "286 gate: SS"
        CHECK16 [ebx + 10], V86_ES, "286 gate: ES"
        CHECK16 [ebx + 12], V86_DS, "286 gate: DS"
        CHECK16 [ebx + 14], V86_FS, "286 gate: FS"
        CHECK16 [ebx + 16], V86_GS, "286 gate: GS"
        ; An error code on top.
        TRY
        V86 0
.fault:
        hlt
        CAUGHT V_GP, 0, "fault with an error code"
        CHECK [caught_sp], STACK0 - 0x400 - 44, "fault with an error code: ESP"
        CHECK [caught_eflags], 0x30002, "fault with an error code: VM and RF"
        CHECK [caught_eip], LOW(.fault), "fault with an error code: EIP"

        ; VM can be set by nothing but an IRETD of ring 0 or a task switch.
no_way_in:
        TRY
        push dword 0x20002
        popfd
        pushfd
        pop eax
        CAUGHT NONE, 0, "popfd with VM"
        CHECK [caught_eax], 2, "popfd with VM: not set"
        TRY
        RING 3
        push dword 0x20002
        push dword CODE3
        push dword .iretd
        iretd
.iretd:
        CAUGHT NONE, 0, "iretd with VM in ring 3"
        CHECK [caught_eflags], 2, "iretd with VM in ring 3: ignored"
        CHECK16 [caught_cs], CODE3, "iretd with VM in ring 3: CS"

far_transfers:
        TRY
        V86 IOPL3
        call (IMAGE >> 4) + 1:LOW(.far) - 16
.far:
        pop bx
        pop cx
        CAUGHT NONE, 0, "far call in V86"
        CHECK16 [caught_cs], (IMAGE >> 4) + 1, "far call in V86: CS"
        CHECK16 [caught_eip], LOW(.far) - 16 + 4, "far call in V86: IP"
        CHECK16 [caught_ebx], LOW(.far), "far call in V86: pushed IP"
        CHECK16 [caught_ecx], IMAGE >> 4, "far call in V86: pushed CS"
        TRY
        V86 IOPL3
        push word (IMAGE >> 4) + 2
        push word LOW(.retf) - 32
        retf
.retf:
        CAUGHT NONE, 0, "retf in V86"
        CHECK16 [caught_cs], (IMAGE >> 4) + 2, "retf in V86: CS"
        TRY
        V86 IOPL3
        jmp dword (IMAGE >> 4):0x10000
        CAUGHT V_GP, 0, "32-bit far jmp beyond 64 KiB"
        TRY
        V86 IOPL3
        push dword IMAGE >> 4
        push dword 0x10000
        o32 retf
        CAUGHT V_GP, 0, "32-bit retf beyond 64 KiB"

        ; Ports: the map of the TSS, whatever IOPL says.
ports:
        TRY
        V86 IOPL3
        in al, 0x80
        CAUGHT NONE, 0, "in, allowed by the map"
        mov byte [tss_main + TSS_IO_MAP + 0x80 / 8], 1
        TRY
        V86 IOPL3
        in al, 0x80
        CAUGHT V_GP, 0, "in, denied by the map, IOPL 3"
        TRY
        V86 IOPL3
        mov dx, 0x7f
        in ax, dx
        CAUGHT V_GP, 0, "word in, second port denied"
        TRY
        V86 IOPL3
        mov dx, 0x7d
        in eax, dx
        CAUGHT V_GP, 0, "dword in, last port denied"
        TRY
        V86 IOPL3
        mov dx, 0x7c
        in eax, dx
        mov dx, 0x81
        in ax, dx
        CAUGHT NONE, 0, "in, around the denied port"
        mov byte [tss_main + TSS_IO_MAP + 0x80 / 8], 0
        TRY
        V86 0
        mov dx, 0x800
        in al, dx
        CAUGHT V_GP, 0, "in, beyond the map"

        ; By tasks: a TSS with VM, and back.
tasks:
        mov dword [tss_b + 0x20], LOW(.v86_task)
        mov dword [tss_b + 0x24], 0x23002
        mov dword [tss_b + 0x38], V86_SP
        mov word [tss_b + 0x48], V86_ES
        mov word [tss_b + 0x4c], IMAGE >> 4
        mov word [tss_b + 0x50], V86_SS
        mov word [tss_b + 0x54], V86_DS
        mov word [tss_b + 0x58], V86_FS
        mov word [tss_b + 0x5c], V86_GS
        mov word [tss_b + 0x60], 0
        TRY
        jmp TSS_B:0
        bits 16
.v86_task:
        mov eax, [es:0]
        CAUGHT NONE, 0, "jmp to a V86 task"
        CHECK [caught_eax], 0x55667788, "V86 task: es:0"
        CHECK [caught_eflags], 0x23002, "V86 task: EFLAGS"
        CHECK16 [caught_v86_gs], V86_GS, "V86 task: GS"
        ; Now in task B: a gate from V86 to the first task and back.
        SET_SEG TSS_MAIN, A(tss_main), TSS_BYTES - 1, 0x89, 0
        SET_VECTOR NUMBER, TSS_MAIN, 0, 0xe5
        mov dword [tss_main + 0x20], .nested
        mov dword [tss_main + 0x24], 2
        mov dword [tss_main + 0x38], STACK0 - 0x800
        mov word [tss_main + 0x48], DATA0
        mov word [tss_main + 0x4c], CODE0
        mov word [tss_main + 0x50], DATA0
        mov word [tss_main + 0x54], DATA0
        mov word [tss_main + 0x60], LDT_MAIN
        TRY
        V86 IOPL3
        mov ecx, 0x12345678
        int NUMBER
        jmp .returned
        bits 32
.nested:
        xor ecx, ecx
        iretd
        bits 16
.returned:
        CAUGHT NONE, 0, "task gate from V86 and back"
        CHECK [caught_ecx], 0x12345678, "task gate from V86: ECX"
        CHECK [caught_eflags], 0x23002, "task gate from V86: EFLAGS"
        CHECK16 [caught_v86_ds], V86_DS, "task gate from V86: DS"
        CHECK [tss_b + 0x24], 0x23002, "task gate from V86: saved EFLAGS"
        CHECK16 [tss_main], TSS_B, "task gate from V86: link"
        ret
%include "end.inc"
