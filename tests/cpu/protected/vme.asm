; Virtual-8086 mode extensions and protected-mode virtual interrupts: VIF and
; VIP in the place of IF, INT n by the map in the TSS (SDM volume 3, 20.3, 20.4).
%include "lib.inc"
        cpu 586

CODE equ FREE
TSS_V equ FREE + 8
NUMBER equ 0x50                       ; a vector of the program's own
IOPL3 equ 0x3000
FLAG_TF equ 0x100
FLAG_IF equ 0x200
VIF equ 0x80000
VIP equ 0x100000
VME equ 1
PVI equ 2
EMPTY equ 0x20002                     ; VM and the bit that is always 1

MAP equ 0x68                          ; where the redirection map stands
BYTES equ MAP + 32 + 0x21

; Leaves V86 mode with any IOPL: INT3 asks the gate alone.
%macro LEFT 1+
        int3
        CAUGHT V_BP, 0, %1
%endmacro

; The program's own handler: notes its frame and stops.
own:
        bits 16
        mov bp, sp
        mov eax, [bp]                 ; IP and CS
        mov cx, [bp + 4]              ; flags
        mov dx, sp
        int3
        bits 32

main:
        mov byte [idt + V_BP * 8 + 5], 0xee
        mov dword [NUMBER * 4], V86_CS << 16 | LOW(own)
        mov dword [0xff * 4], V86_CS << 16 | LOW(own)
        SET_SEG TSS_V, A(tss_v), BYTES - 1, 0x89, 0
        mov ax, TSS_V
        ltr ax
        mov eax, VME
        mov cr4, eax
V86_CS equ IMAGE >> 4

flags_of_v86:
        TRY
        V86 0
        sti
        LEFT "sti"
        CHECK [caught_eflags], EMPTY | VIF, "sti: VIF"
        TRY
        V86 VIF
        cli
        LEFT "cli"
        CHECK [caught_eflags], EMPTY, "cli: VIF"
        TRY
        V86 FLAG_IF | VIF
        cli
        LEFT "cli with IF"
        CHECK [caught_eflags], EMPTY | FLAG_IF, "cli: IF stays"
        TRY
        V86 VIP
        cli
        LEFT "cli with VIP"
        CHECK [caught_eflags], EMPTY | VIP, "cli with VIP: flags"
        TRY
        V86 VIP
.sti:   sti
        CAUGHT V_GP, 0, "sti with VIP"
        CHECK [caught_eip], LOW(.sti), "sti with VIP: IP"
        CHECK [caught_eflags], EMPTY | VIP | 0x10000, "sti with VIP: flags"
        TRY
        V86 VIF
        pushf
        pop ax
        LEFT "pushf with VIF"
        CHECK16 [caught_eax], 2 | IOPL3 | FLAG_IF, "pushf with VIF: image"
        CHECK [caught_eflags], EMPTY | VIF, "pushf with VIF: flags"
        TRY
        V86 FLAG_IF
        pushf
        pop ax
        LEFT "pushf without VIF"
        CHECK16 [caught_eax], 2 | IOPL3, "pushf without VIF: image"
        TRY
        V86 0
        pushfd
        CAUGHT V_GP, 0, "pushfd"
        CHECK [caught_esp], V86_SP, "pushfd: SP"

popf_of_v86:
        TRY
        V86 0
        push word 0x0ed7              ; TF clear, IF set
        popf
        LEFT "popf"
        CHECK [caught_eflags], EMPTY | VIF | 0xcd5, "popf: VIF, no IF"
        TRY
        V86 VIF | FLAG_IF
        push word 0x7002
        popf
        LEFT "popf, IF clear"
        CHECK [caught_eflags], EMPTY | FLAG_IF | 0x4000, "popf: IOPL stays"
        TRY
        V86 0
        push word FLAG_TF
        mov ax, sp
        popf
        CAUGHT V_GP, 0, "popf with TF"
        movzx eax, word [caught_eax]
        CHECK [caught_esp], eax, "popf with TF: SP"
        TRY
        V86 VIP
        push word FLAG_IF
        popf
        CAUGHT V_GP, 0, "popf of IF with VIP"
        CHECK [caught_eflags], EMPTY | VIP | 0x10000, "popf of IF with VIP"
        TRY
        V86 VIP
        push word 0x8d5
        popf
        LEFT "popf with VIP"
        CHECK [caught_eflags], EMPTY | VIP | 0x8d5, "popf with VIP: flags"
        TRY
        V86 0
        push dword 2
        popfd
        CAUGHT V_GP, 0, "popfd"

iret_of_v86:
        TRY
        V86 0
        push word FLAG_IF | 0x41
        push word (IMAGE >> 4) + 1
        push word LOW(.back) - 16
        iret
.back:  LEFT "iret"
        CHECK [caught_eflags], EMPTY | VIF | 0x41, "iret: VIF"
        CHECK16 [caught_cs], (IMAGE >> 4) + 1, "iret: CS"
        CHECK [caught_esp], V86_SP, "iret: SP"
        TRY
        V86 0
        push word FLAG_TF
        push word IMAGE >> 4
        push word LOW(.back)
        mov ax, sp
.tf:    iret
        CAUGHT V_GP, 0, "iret with TF"
        CHECK [caught_eip], LOW(.tf), "iret with TF: IP"
        movzx eax, word [caught_eax]
        CHECK [caught_esp], eax, "iret with TF: SP"
        TRY
        V86 VIP
        push word FLAG_IF
        push word IMAGE >> 4
        push word LOW(.back)
        iret
        CAUGHT V_GP, 0, "iret of IF with VIP"
        TRY
        V86 0
        push dword FLAG_IF
        push dword IMAGE >> 4
        push dword LOW(.back)
        iretd
        CAUGHT V_GP, 0, "iretd"

        ; Both set: the monitor gets its fault before the first instruction.
pending:
        TRY
        V86 VIF | VIP
.at:    nop
        CAUGHT V_GP, 0, "VIF and VIP"
        CHECK [caught_eip], LOW(.at) - 0, "VIF and VIP: IP"
        CHECK [caught_ring], IMAGE >> 4 & 3, "VIF and VIP: from V86"
        TRY
        V86 VIF | VIP | IOPL3
        nop
        LEFT "VIF and VIP, IOPL 3"

        ; IOPL 3: as ever.
iopl_3:
        TRY
        V86 IOPL3
        sti
        pushf
        pop ax
        cli
        LEFT "sti, IOPL 3"
        CHECK16 [caught_eax], 2 | IOPL3 | FLAG_IF, "sti, IOPL 3: IF"
        CHECK [caught_eflags], EMPTY | IOPL3, "sti, IOPL 3: no VIF"
        TRY
        V86 IOPL3
        push word 0x3002 | FLAG_IF
        popf
        LEFT "popf, IOPL 3"
        CHECK [caught_eflags], EMPTY | IOPL3 | FLAG_IF, "popf, IOPL 3: IF"
        TRY
        V86 IOPL3 | VIF
        push dword 2
        popfd
        LEFT "popfd, IOPL 3"
        CHECK [caught_eflags], EMPTY | IOPL3 | VIF, "popfd, IOPL 3: VIF stays"

redirection:
        TRY
        V86 VIF | 0x41
        int NUMBER
.int:   CAUGHT V_BP, 0, "int n, sent back"
        CHECK16 [caught_eax], LOW(.int), "int n: pushed IP"
        CHECK16 [caught_eax + 2], IMAGE >> 4, "int n: pushed CS"
        CHECK16 [caught_ecx], 0x43 | IOPL3 | FLAG_IF, "int n: pushed flags"
        CHECK16 [caught_edx], V86_SP - 6, "int n: SP"
        CHECK [caught_eflags], EMPTY | 0x41, "int n: VIF cleared"
        TRY
        V86 FLAG_IF
        int NUMBER
        CAUGHT V_BP, 0, "int n, IF and no VIF"
        CHECK16 [caught_ecx], 2 | IOPL3, "int n, IF and no VIF: image"
        CHECK [caught_eflags], EMPTY | FLAG_IF, "int n: IF stays"
        TRY
        V86 IOPL3 | FLAG_IF | VIF
        int NUMBER
        CAUGHT V_BP, 0, "int n, IOPL 3"
        CHECK16 [caught_ecx], 2 | IOPL3 | FLAG_IF, "int n, IOPL 3: image"
        CHECK [caught_eflags], EMPTY | IOPL3 | VIF, "int n, IOPL 3: IF cleared"
        TRY
        V86 0
        int 0xff
        CAUGHT V_BP, 0, "int ff, sent back"
        mov byte [tss_v + MAP + NUMBER / 8], 1 << (NUMBER % 8)
        TRY
        V86 0
.refused:
        int NUMBER
        CAUGHT V_GP, 0, "int n, not sent back, IOPL 0"
        CHECK [caught_eip], LOW(.refused), "int n, not sent back: IP"
        TRY
        V86 IOPL3
        int NUMBER
        CAUGHT V_GP, NUMBER * 8 + 2, "int n, IOPL 3: DPL of the gate"
        mov byte [idt + NUMBER * 8 + 5], 0xee
        TRY
        V86 IOPL3 | VIF
        int NUMBER
        CAUGHT NUMBER, 0, "int n, IOPL 3, by the gate"
        CHECK [caught_eflags], EMPTY | IOPL3 | VIF, "by the gate: flags"
        mov byte [tss_v + MAP + NUMBER / 8], 0
        ; INT3 and INTO never ask the map.
        mov byte [idt + V_OF * 8 + 5], 0xee
        TRY
        V86 0x800
        into
        CAUGHT V_OF, 0, "into"
        ; A map that is not there.
        mov word [tss_v + 0x66], BYTES + 32 - NUMBER / 8
        TRY
        V86 0
        int NUMBER
        CAUGHT V_GP, 0, "int n, map beyond the limit"
        mov word [tss_v + 0x66], MAP + 32
        ; The stack of the program.
        TRY
        push dword V86_GS
        push dword V86_FS
        push dword V86_DS
        push dword V86_ES
        push dword V86_SS
        push dword 1
        push dword EMPTY
        push dword IMAGE >> 4
        push dword LOW(.stack)
        iretd
        bits 16
.stack: int NUMBER
        CAUGHT V_SS, 0, "int n, no room"
        CHECK [caught_eip], LOW(.stack), "int n, no room: IP"

        ; Without VME nothing of this.
off:
        xor eax, eax
        mov cr4, eax
        TRY
        V86 0
        sti
        CAUGHT V_GP, 0, "sti without VME"
        TRY
        V86 0
        int NUMBER
        CAUGHT V_GP, 0, "int n without VME"
        TRY
        V86 VIF | VIP
        LEFT "VIF and VIP without VME"
        CHECK [caught_eflags], EMPTY | VIF | VIP, "VIF, VIP without VME"

protected:
        mov eax, PVI
        mov cr4, eax
        TRY
        RING 3
        sti
        CAUGHT NONE, 0, "PVI: sti"
        CHECK [caught_eflags], 2 | VIF, "PVI: sti: VIF"
        TRY
        RING 3, 2 | VIF | FLAG_IF
        cli
        CAUGHT NONE, 0, "PVI: cli"
        CHECK [caught_eflags], 2 | FLAG_IF, "PVI: cli: VIF"
        TRY
        RING 3, 2 | VIP
        sti
        CAUGHT V_GP, 0, "PVI: sti with VIP"
        TRY
        RING 3, 2 | VIP | VIF
.both:  nop
        CAUGHT V_GP, 0, "PVI: VIF and VIP"
        CHECK [caught_ring], 3, "PVI: VIF and VIP: in ring 3"
        TRY
        push dword 2 | VIF | VIP
        push dword CODE0
        push dword .ring0
        iretd
.ring0: push dword DATA3
        push dword STACK3
        push dword CODE3
        push dword .ring3
        retf
.ring3: nop
        CAUGHT V_GP, 0, "PVI: VIF and VIP, by retf"
        CHECK [caught_eip], .ring3, "PVI: VIF and VIP, by retf: EIP"
        TRY
        RING 3, 2 | VIF
        pushfd
        pop eax
        CAUGHT NONE, 0, "PVI: pushfd"
        CHECK [caught_eax], 2 | VIF, "PVI: pushfd shows VIF"
        TRY
        RING 3, 2 | VIF
        push dword 2 | FLAG_IF | VIP
        popfd
        CAUGHT NONE, 0, "PVI: popfd"
        CHECK [caught_eflags], 2 | VIF, "PVI: popfd leaves IF, VIF, VIP"
        TRY
        RING 3, 2 | IOPL3
        sti
        cli
        sti
        CAUGHT NONE, 0, "PVI: sti, IOPL 3"
        CHECK [caught_eflags], 2 | IOPL3 | FLAG_IF, "PVI: sti, IOPL 3: IF"
        TRY
        RING 2
        sti
        CAUGHT V_GP, 0, "PVI: sti in ring 2"
        TRY
        RING 2
        cli
        CAUGHT V_GP, 0, "PVI: cli in ring 2"
        xor eax, eax
        mov cr4, eax
        TRY
        RING 3
        cli
        CAUGHT V_GP, 0, "cli without PVI"

        ; Who may load VIF and VIP.
loading:
        TRY
        push dword 2 | VIF | VIP
        popfd
        pushfd
        pop eax
        CAUGHT NONE, 0, "popfd in ring 0"
        CHECK [caught_eax], 2, "popfd in ring 0: neither"
        TRY
        push dword 2 | VIF | VIP
        push dword CODE0
        push dword .iretd
        iretd
.iretd: pushfd
        pop eax
        CAUGHT NONE, 0, "iretd in ring 0"
        CHECK [caught_eax], 2 | VIF | VIP, "iretd in ring 0: both"
        TRY
        RING 3
        push dword 2 | VIF | VIP
        push dword CODE3
        push dword .iretd3
        iretd
.iretd3:
        CAUGHT NONE, 0, "iretd in ring 3"
        CHECK [caught_eflags], 2, "iretd in ring 3: neither"
        ret

        align 4
tss_v:
        dd 0
        dd STACK0 - 0x400, DATA0
        dd STACK1, DATA1
        dd STACK2, DATA2
        times 0x66 - ($ - tss_v) db 0
        dw MAP + 32
        times 32 db 0                 ; all sent back
        times 0x20 db 0
        db 0xff
%include "end.inc"
