; Control and system registers: who may touch them, what can be written, what
; is undefined.
%include "lib.inc"

SLOT equ FREE

main:
privileged:
%macro RING_0_ONLY 2+                 ; instruction, name
    %assign ring 1
    %rep 3
        TRY
        RING ring
%%at%[ring]:
        %1
        CAUGHT V_GP, 0, %2
        CHECK [caught_eip], %%at%[ring], %2
        %assign ring ring + 1
    %endrep
%endmacro
        RING_0_ONLY hlt, "hlt"
        RING_0_ONLY clts, "clts"
        RING_0_ONLY {lgdt [SCRATCH]}, "lgdt"
        RING_0_ONLY {lidt [SCRATCH]}, "lidt"
        RING_0_ONLY {lldt ax}, "lldt"
        RING_0_ONLY {ltr ax}, "ltr"
        RING_0_ONLY {lmsw ax}, "lmsw"
        RING_0_ONLY {mov eax, cr0}, "mov eax, cr0"
        RING_0_ONLY {mov eax, cr2}, "mov eax, cr2"
        RING_0_ONLY {mov eax, cr3}, "mov eax, cr3"
        RING_0_ONLY {mov cr0, eax}, "mov cr0, eax"
        RING_0_ONLY {mov cr2, eax}, "mov cr2, eax"
        RING_0_ONLY {mov cr3, eax}, "mov cr3, eax"
        RING_0_ONLY {mov eax, dr6}, "mov eax, dr6"
        RING_0_ONLY {mov dr7, eax}, "mov dr7, eax"
        RING_0_ONLY invd, "invd"
        RING_0_ONLY wbinvd, "wbinvd"
        RING_0_ONLY {invlpg [0]}, "invlpg"

everybody:
        TRY
        RING 3
        sgdt [SCRATCH]
        sidt [SCRATCH + 8]
        sldt [SCRATCH + 16]
        str [SCRATCH + 18]
        smsw [SCRATCH + 20]
        smsw eax
        sldt ebx
        str ecx
        CAUGHT NONE, 0, "sgdt, sidt, sldt, str, smsw in ring 3"
        CHECK16 [SCRATCH], GDT_BYTES - 1, "sgdt: limit"
        CHECK [SCRATCH + 2], gdt, "sgdt: base"
        CHECK16 [SCRATCH + 8], 256 * 8 - 1, "sidt: limit"
        CHECK [SCRATCH + 10], idt, "sidt: base"
        CHECK16 [SCRATCH + 16], LDT_MAIN, "sldt"
        CHECK16 [SCRATCH + 18], TSS_MAIN, "str"
        mov eax, cr0
        and eax, 0xffff
        CHECK16 [SCRATCH + 20], eax, "smsw [m]"
        CHECK16 [caught_eax], eax, "smsw eax"
        CHECK16 [caught_ebx], LDT_MAIN, "sldt ebx"
        CHECK16 [caught_ecx], TSS_MAIN, "str ecx"
        mov dword [SCRATCH], 0x55555555
        mov dword [SCRATCH + 4], 0x55555555
        sldt [SCRATCH]
        CHECK [SCRATCH], 0x55550000 | LDT_MAIN, "sldt writes a word"
        smsw [SCRATCH + 4]
        mov eax, [SCRATCH + 4]
        shr eax, 16
        CHECK eax, 0x5555, "smsw writes a word"

        ; CLI and STI: IOPL.
interrupt_flag:
%macro BY_IOPL 4+                     ; ring, IOPL, vector, name
        TRY
        RING %1, ((%2) << 12) | 2
        cli
        CAUGHT %3, 0, "cli, ", %4
        TRY
        RING %1, ((%2) << 12) | 2
        sti
        cli
        CAUGHT %3, 0, "sti, ", %4
%endmacro
        BY_IOPL 1, 0, V_GP, "ring 1, IOPL 0"
        BY_IOPL 1, 1, NONE, "ring 1, IOPL 1"
        BY_IOPL 2, 1, V_GP, "ring 2, IOPL 1"
        BY_IOPL 2, 3, NONE, "ring 2, IOPL 3"
        BY_IOPL 3, 2, V_GP, "ring 3, IOPL 2"
        BY_IOPL 3, 3, NONE, "ring 3, IOPL 3"

        ; POPF and IRET leave what the ring may not change, without a fault.
flags:
%macro FLAGS_CASE 5+                  ; ring, flags before, popped, after, name
        TRY
        RING %1, %2
        push dword %3
        popfd
        CAUGHT NONE, 0, "popfd, ", %5
        CHECK [caught_eflags], %4, "popfd, ", %5
        TRY
        RING %1, %2
        push dword %3
        push dword CODE%1
        push dword %%there
        iretd
%%there:
        CAUGHT NONE, 0, "iretd, ", %5
        CHECK [caught_eflags], %4, "iretd, ", %5
%endmacro
        FLAGS_CASE 3, 2, 0x3ed7, 0x0cd7, "ring 3, IOPL 0"
        FLAGS_CASE 3, 0x3002, 0x0ed7, 0x3ed7, "ring 3, IOPL 3"
        FLAGS_CASE 2, 0x2002, 0x3202, 0x2202, "ring 2, IOPL 2"
        FLAGS_CASE 2, 0x1002, 0x3202, 0x1002, "ring 2, IOPL 1"
        FLAGS_CASE 3, 0x3202, 0x0002, 0x3002, "ring 3, IOPL 3, IF cleared"
        FLAGS_CASE 3, 0x0202, 0x0002, 0x0202, "ring 3, IOPL 0, IF kept"
        FLAGS_CASE 3, 2, 0xffc08028, 2, "bits that do not exist"
        TRY
        push dword 0x3202
        popfd
        pushfd
        pop eax
        cli
        CAUGHT NONE, 0, "popfd in ring 0"
        CHECK [caught_eax], 0x3202, "popfd in ring 0: IOPL and IF"
        TRY
        push dword 0x4002
        popfd
        pushfd
        pop eax
        CAUGHT NONE, 0, "popfd with NT"
        CHECK [caught_eax], 0x4002, "popfd with NT"
        TRY
        push dword 0x40002
        popfd
        push word 2
        popfw
        pushfd
        pop eax
        CAUGHT NONE, 0, "popf"
        CHECK [caught_eax], 0x40002, "popf leaves the upper half: AC"

undefined:
%macro UNDEFINED 2+                   ; bytes, name
        TRY
%%at:   db %1
        CAUGHT V_UD, 0, %2
        CHECK [caught_eip], %%at, %2
        TRY
        RING 3
        db %1
        CAUGHT V_UD, 0, %2
%endmacro
        UNDEFINED {0x0f, 0x0b}, "ud2"
        UNDEFINED {0x0f, 0xff}, "0f ff"
        UNDEFINED {0x0f, 0x20, 0xc8}, "mov eax, cr1"
        UNDEFINED {0x0f, 0x20, 0xe8}, "mov eax, cr5"
        UNDEFINED {0x0f, 0x22, 0xf8}, "mov cr7, eax"
        UNDEFINED {0x0f, 0x01, 0xc0}, "sgdt eax"
        UNDEFINED {0x0f, 0x01, 0xd0}, "lgdt eax"
        UNDEFINED {0x0f, 0x01, 0xd8}, "lidt eax"
        UNDEFINED {0x0f, 0x01, 0x28}, "0f 01 /5"
        UNDEFINED {0x0f, 0x01, 0xf8}, "invlpg eax"
        UNDEFINED {0x0f, 0x00, 0x30}, "0f 00 /6"
        UNDEFINED {0x0f, 0x00, 0x38}, "0f 00 /7"
        UNDEFINED {0xf0, 0x90}, "lock nop"
        UNDEFINED {0xf0, 0x8b, 0x00}, "lock mov"
        UNDEFINED {0xf0, 0x01, 0xc0}, "lock add of a register"
        UNDEFINED {0xfe, 0xf8}, "fe /7"
        UNDEFINED {0xff, 0xf8}, "ff /7"
        UNDEFINED {0x8f, 0xc8}, "8f /1"
        UNDEFINED {0xc6, 0x08, 0}, "c6 /1"
        UNDEFINED {0x8d, 0xc0}, "lea of a register"
        UNDEFINED {0x62, 0xc0}, "bound of a register"
        ; An instruction of 16 bytes.
        TRY
        times 15 db 0x3e
        nop
        CAUGHT V_GP, 0, "16 bytes"
        TRY
        times 14 db 0x3e
        nop
        CAUGHT NONE, 0, "15 bytes"

lmsw_smsw:
        mov eax, cr0
        push eax
        mov ax, 0x000e
        lmsw ax                       ; no PE: cannot be cleared
        mov ebx, cr0
        smsw cx
        pop eax
        mov cr0, eax
        and ebx, 0xf
        CHECK ebx, 0xf, "lmsw: MP, EM, TS set, PE stays"
        and ecx, 0xf
        CHECK ecx, 0xf, "smsw"
        mov eax, cr0
        push eax
        mov ax, 0xfff1
        lmsw ax
        mov ebx, cr0
        pop eax
        mov cr0, eax
        and ebx, 0xf
        CHECK ebx, 1, "lmsw clears MP, EM, TS"
        mov eax, cr0
        or eax, 8
        mov cr0, eax
        clts
        mov ebx, cr0
        and ebx, 8
        CHECK ebx, 0, "clts"

coprocessor:
        mov eax, cr0
        push eax
        or eax, 8                     ; TS
        and eax, ~6
        mov cr0, eax
        TRY
        fnop
        CAUGHT V_NM, 0, "fnop with TS"
        TRY
        wait
        CAUGHT NONE, 0, "wait with TS, no MP"
        mov eax, cr0
        or eax, 2                     ; MP
        mov cr0, eax
        TRY
        wait
        CAUGHT V_NM, 0, "wait with TS and MP"
        mov eax, cr0
        and eax, ~8
        or eax, 4                     ; EM
        mov cr0, eax
        TRY
        fnop
        CAUGHT V_NM, 0, "fnop with EM"
        TRY
        RING 3
        fnop
        CAUGHT V_NM, 0, "fnop with EM in ring 3"
        TRY
        wait
        CAUGHT NONE, 0, "wait with EM"
        pop eax
        mov cr0, eax

cr0_bits:
        mov eax, cr0
        mov [SCRATCH], eax
        TRY
        mov eax, cr0
        and eax, ~0x40000000
        or eax, 0x20000000            ; NW without CD
        mov cr0, eax
        CAUGHT V_GP, 0, "NW without CD"
        mov eax, cr0
        CHECK eax, [SCRATCH], "CR0 unchanged"
        mov eax, 0x55555555
        mov cr2, eax
        mov ebx, cr2
        CHECK ebx, 0x55555555, "CR2"
        mov eax, 0x12345000
        mov cr3, eax
        mov ebx, cr3
        CHECK ebx, 0x12345000, "CR3"
        xor eax, eax
        mov cr3, eax

tables:
%macro LLDT_CASE 4+                   ; selector, vector, error, name
        TRY
        mov eax, %1
        lldt ax
        CAUGHT %2, %3, "lldt ", %4
%endmacro
        LLDT_CASE 0, NONE, 0, "null"
        LLDT_CASE 3, NONE, 0, "null with RPL"
        LLDT_CASE LDT_MAIN | 4, V_GP, LDT_MAIN | 4, "of the LDT"
        LLDT_CASE GDT_BYTES, V_GP, GDT_BYTES, "beyond the GDT"
        LLDT_CASE DATA0, V_GP, DATA0, "data"
        LLDT_CASE TSS_MAIN, V_GP, TSS_MAIN, "TSS"
        LLDT_CASE LDT_MAIN | 3, NONE, 0, "RPL 3"
        SET_SEG SLOT, A(ldt_main), 0xff, 0x02, 0
        LLDT_CASE SLOT, V_NP, SLOT, "not present"
%macro LTR_CASE 4+                    ; selector, vector, error, name
        TRY
        mov eax, %1
        ltr ax
        CAUGHT %2, %3, "ltr ", %4
%endmacro
        LTR_CASE 0, V_GP, 0, "null"
        LTR_CASE 3, V_GP, 0, "null with RPL"
        LTR_CASE TSS_B | 4, V_GP, TSS_B | 4, "of the LDT"
        LTR_CASE GDT_BYTES, V_GP, GDT_BYTES, "beyond the GDT"
        LTR_CASE DATA0, V_GP, DATA0, "data"
        LTR_CASE LDT_MAIN, V_GP, LDT_MAIN, "LDT"
        LTR_CASE TSS_MAIN, V_GP, TSS_MAIN, "busy TSS"
        SET_SEG SLOT, A(tss_b), 0x67, 0x09, 0
        LTR_CASE SLOT, V_NP, SLOT, "not present"
        SET_SEG SLOT, A(tss_b), 0x67, 0x83, 0
        LTR_CASE SLOT, V_GP, SLOT, "busy 286 TSS"
        LTR_CASE TSS_C, NONE, 0, "286 TSS"
        CHECK [gdt + TSS_C + 4], SEG_HIGH(A(tss_c), 0x2b, 0x83, 0), "ltr sets the busy bit, 286"
        LTR_CASE TSS_B, NONE, 0, "386 TSS"
        CHECK [gdt + TSS_B + 4], SEG_HIGH(A(tss_b), 0x67, 0x8b, 0), "ltr sets the busy bit"
        mov eax, cr0
        and eax, 8
        CHECK eax, 0, "ltr does not set TS"
        ; Table registers with 24-bit bases.
        mov word [SCRATCH], 0x123
        mov dword [SCRATCH + 2], 0xff000000 | A(idt)
        o16 lidt [SCRATCH]
        sidt [SCRATCH + 8]
        lidt [idt_pointer]
        CHECK [SCRATCH + 10], A(idt), "lidt of 16 bits: 24-bit base"
        mov dword [SCRATCH + 2], 0x12345678
        lidt [SCRATCH]
        o16 sidt [SCRATCH + 8]
        sidt [SCRATCH + 16]
        lidt [idt_pointer]
        CHECK [SCRATCH + 18], 0x12345678, "lidt, sidt"
        CHECK [SCRATCH + 10], 0x00345678, "sidt of 16 bits"
        TRY
        mov eax, cr0
        and al, 0xfe
        or eax, 0x80000000            ; PG without PE
        mov cr0, eax
        CAUGHT V_GP, 0, "PG without PE"
        ret
%include "end.inc"
