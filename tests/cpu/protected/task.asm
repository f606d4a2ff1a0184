; Task switches: by JMP, CALL, INT, faults and IRET, through TSS descriptors and
; task gates, between TSSs of both kinds; what is saved and loaded; every check.
%include "lib.inc"

GATE equ FREE                         ; a task gate
CODE equ FREE + 8
DATA equ FREE + 16
LDT_B equ FREE + 24
STACK16 equ FREE + 32                 ; 16-bit stack segment of ring 3
NUMBER equ 0x50

FLAG_NT equ 0x4000

; Fields of a 32-bit TSS.
T_LINK equ 0
T_CR3 equ 0x1c
T_EIP equ 0x20
T_FLAGS equ 0x24
T_EAX equ 0x28
T_ECX equ 0x2c
T_ESP equ 0x38
T_EDI equ 0x44
T_ES equ 0x48
T_CS equ 0x4c
T_SS equ 0x50
T_DS equ 0x54
T_FS equ 0x58
T_GS equ 0x5c
T_LDT equ 0x60
T_TRAP equ 0x64
; And of a 16-bit one.
S_IP equ 0x0e
S_FLAGS equ 0x10
S_AX equ 0x12
S_SP equ 0x1a
S_DI equ 0x20
S_ES equ 0x22
S_CS equ 0x24
S_SS equ 0x26
S_DS equ 0x28
S_LDT equ 0x2a

new_task:
        nop
        int NONE

; Puts everything back: three available TSSs, the first one loaded.
reset:
        pushad
        SET_SEG TSS_MAIN, A(tss_main), TSS_BYTES - 1, 0x89, 0
        SET_SEG TSS_B, A(tss_b), 0x67, 0x89, 0
        SET_SEG TSS_C, A(tss_c), 0x2b, 0x81, 0
        SET_SEG CODE, 0, 0xfffff, 0xfb, 12
        SET_SEG DATA, 0, 0xfffff, 0xf3, 12
        SET_SEG LDT_B, A(ldt_main), LDT_BYTES - 1, 0x82, 0
        SET_SEG STACK16, 0, 0xffff, 0xf3, 0
        mov ax, TSS_MAIN
        ltr ax
        mov ax, LDT_MAIN
        lldt ax
        clts
        ; B: ring 3, registers that can be told apart.
        mov edi, tss_b + T_EAX
        mov eax, 0x11111111
        mov ecx, 8
.regs:
        stosd
        add eax, 0x11111111
        loop .regs
        mov dword [tss_b + T_LINK], 0xaaaa0000
        mov dword [tss_b + T_ESP], STACK3
        mov dword [tss_b + T_EIP], new_task
        mov dword [tss_b + T_FLAGS], 2
        mov dword [tss_b + T_CS], 0xaaaa0000 | CODE3
        mov dword [tss_b + T_SS], DATA3
        mov dword [tss_b + T_DS], DATA3
        mov dword [tss_b + T_ES], CODE3
        mov dword [tss_b + T_FS], 0
        mov dword [tss_b + T_GS], DATA3
        mov dword [tss_b + T_LDT], LDT_B
        mov dword [tss_b + T_TRAP], 0x680000
        ; C: the same in 16 bits, code at IMAGE.
        mov dword [tss_c], 0xaaaa0000
        mov word [tss_c], 0
        mov word [tss_c + 2], STACK_B
        mov word [tss_c + 4], DATA0
        mov edi, tss_c + S_AX
        mov ax, 0x1111
        mov ecx, 8
.words:
        stosw
        add ax, 0x1111
        loop .words
        mov word [tss_c + S_SP], STACK3
        mov word [tss_c + S_IP], LOW(new_task)
        mov word [tss_c + S_FLAGS], 2
        mov word [tss_c + S_CS], CODE16_3
        mov word [tss_c + S_SS], STACK16 | 3
        mov word [tss_c + S_DS], DATA3
        mov word [tss_c + S_ES], 0
        mov word [tss_c + S_LDT], 0
        mov edi, tss_main + T_CR3
        xor eax, eax
        mov ecx, (T_TRAP - T_CR3) / 4
        rep stosd
        popad
        ret

; Busy bits as MAIN, B, C, one hex digit each, in EAX.
busy_bits:
        mov eax, [gdt + TSS_MAIN + 4]
        shr eax, 1
        and eax, 0x100
        mov edx, [gdt + TSS_B + 4]
        shr edx, 5
        and edx, 0x10
        or eax, edx
        mov edx, [gdt + TSS_C + 4]
        shr edx, 9
        and edx, 1
        or eax, edx
        ret

%macro BUSY 2+
        call busy_bits
        CHECK eax, %1, %2
%endmacro

; CR0.TS, which a switch sets.
%macro TS_SET 1+
        mov eax, cr0
        and eax, 8
        CHECK eax, 8, %1
%endmacro

; The registers of B, as the handler saw them.
loaded_b:
        CHECK [caught_eax], 0x11111111, "B: EAX"
        CHECK [caught_ecx], 0x22222222, "B: ECX"
        CHECK [caught_edx], 0x33333333, "B: EDX"
        CHECK [caught_ebx], 0x44444444, "B: EBX"
        CHECK [caught_ebp], 0x66666666, "B: EBP"
        CHECK [caught_esi], 0x77777777, "B: ESI"
        CHECK [caught_edi], 0x88888888, "B: EDI"
        CHECK [caught_esp], STACK3, "B: ESP"
        CHECK [caught_eip], new_task + 3, "B: EIP"
        CHECK16 [caught_cs], CODE3, "B: CS"
        CHECK16 [caught_ss], DATA3, "B: SS"
        CHECK16 [caught_ds], DATA3, "B: DS"
        CHECK16 [caught_es], CODE3, "B: ES"
        CHECK16 [caught_fs], 0, "B: FS"
        CHECK16 [caught_gs], DATA3, "B: GS"
        CHECK16 [caught_tr], TSS_B, "B: TR"
        sldt ax
        movzx eax, ax
        CHECK eax, LDT_B, "B: LDTR"
        CHECK [caught_sp], STACK_B - 28, "B: stack of ring 0"
        TS_SET "B: TS"
        ret

main:
        call reset
jump:
        TRY
        mov eax, 0xa1a1a1a1
        mov ecx, 0xa2a2a2a2
        mov edx, 0xa3a3a3a3
        mov ebx, 0xa4a4a4a4
        mov ebp, 0xa5a5a5a5
        mov esi, 0xa6a6a6a6
        mov edi, 0xa7a7a7a7
        push ds
        pop fs
        push dword 0x4cd7             ; NT and all that is arithmetic
        popfd
        jmp TSS_B:0x12345678
.next:
        CAUGHT NONE, 0, "jmp TSS"
        call loaded_b
        CHECK [caught_eflags], 2, "jmp TSS: no NT"
        CHECK [tss_main + T_EIP], .next, "saved: EIP"
        CHECK [tss_main + T_FLAGS], 0x4cd7, "saved: EFLAGS"
        CHECK [tss_main + T_EAX], 0xa1a1a1a1, "saved: EAX"
        CHECK [tss_main + T_ECX], 0xa2a2a2a2, "saved: ECX"
        CHECK [tss_main + T_EAX + 8], 0xa3a3a3a3, "saved: EDX"
        CHECK [tss_main + T_EAX + 12], 0xa4a4a4a4, "saved: EBX"
        mov eax, [try_esp]
        CHECK [tss_main + T_ESP], eax, "saved: ESP"
        CHECK [tss_main + T_EAX + 20], 0xa5a5a5a5, "saved: EBP"
        CHECK [tss_main + T_EAX + 24], 0xa6a6a6a6, "saved: ESI"
        CHECK [tss_main + T_EDI], 0xa7a7a7a7, "saved: EDI"
        CHECK16 [tss_main + T_ES], DATA0, "saved: ES"
        CHECK16 [tss_main + T_CS], CODE0, "saved: CS"
        CHECK16 [tss_main + T_SS], DATA0, "saved: SS"
        CHECK16 [tss_main + T_DS], DATA0, "saved: DS"
        CHECK16 [tss_main + T_FS], DATA0, "saved: FS"
        CHECK16 [tss_main + T_GS], DATA0, "saved: GS"
        CHECK [tss_main + T_CR3], 0, "not saved: CR3"
        CHECK [tss_main + T_LDT], 0, "not saved: LDT"
        CHECK [tss_b + T_LINK], 0xaaaa0000, "jmp TSS: no link"
        BUSY 0x010, "jmp TSS: busy bits"

call_tss:
        call reset
        TRY
        call TSS_B:0
        CAUGHT NONE, 0, "call TSS"
        call loaded_b
        CHECK [caught_eflags], FLAG_NT | 2, "call TSS: NT"
        CHECK16 [tss_b + T_LINK], TSS_MAIN, "call TSS: link"
        CHECK [tss_main + T_FLAGS], 0x46, "call TSS: flags saved"
        BUSY 0x110, "call TSS: busy bits"

gates:
        call reset
        SET_GATE GATE, TSS_B, 0x1234, 0xe5, 0
        TRY
        RING 3
        jmp (GATE | 3):0
        CAUGHT NONE, 0, "jmp task gate from ring 3"
        call loaded_b
        BUSY 0x010, "jmp task gate: busy bits"
        CHECK16 [tss_main + T_CS], CODE3, "jmp task gate: saved CS"
        CHECK16 [tss_main + T_SS], DATA3, "jmp task gate: saved SS"
        CHECK [tss_main + T_ESP], STACK3, "jmp task gate: saved ESP"
        call reset
        TRY
        RING 3
        call (GATE | 3):0
        CAUGHT NONE, 0, "call task gate from ring 3"
        call loaded_b
        CHECK [caught_eflags], FLAG_NT | 2, "call task gate: NT"
        CHECK16 [tss_b + T_LINK], TSS_MAIN, "call task gate: link"
        BUSY 0x110, "call task gate: busy bits"
        call reset
        SET_VECTOR NUMBER, TSS_B, 0, 0xe5
        TRY
        RING 3
        int NUMBER
.after_int:
        CAUGHT NONE, 0, "int, task gate"
        call loaded_b
        CHECK [caught_eflags], FLAG_NT | 2, "int, task gate: NT"
        CHECK [tss_main + T_EIP], .after_int, "int, task gate: saved EIP"
        CHECK16 [tss_b + T_LINK], TSS_MAIN, "int, task gate: link"
        BUSY 0x110, "int, task gate: busy bits"
        call reset
        SET_VECTOR V_UD, TSS_B, 0, 0x85
        TRY
        RING 3
.ud:
        ud2
        CAUGHT NONE, 0, "fault, task gate"
        call loaded_b
        CHECK [tss_main + T_EIP], .ud, "fault, task gate: saved EIP"
        CHECK [tss_main + T_FLAGS], 0x10002, "fault, task gate: saved RF"
        BUSY 0x110, "fault, task gate: busy bits"
        call reset
        SET_VECTOR V_GP, TSS_B, 0, 0x85
        TRY
        RING 3
        mov ax, LDT_MAIN
        mov ds, ax
        CAUGHT NONE, 0, "fault with an error code, task gate"
        CHECK [caught_esp], STACK3 - 4, "error code, task gate: ESP"
        CHECK [STACK3 - 4], LDT_MAIN, "error code, task gate: code"
        call reset
        mov word [tss_b + T_SS], CODE3 ; for the error code no stack: #TS first
        call fill_idt

back:
        call reset
        mov dword [tss_b + T_EIP], .nested
        TRY
        mov eax, 0x55555555
        call TSS_B:0
        mov esi, esp
        pushfd
        pop edi
        int NONE
.nested:
        iretd
.after_iret:
        CAUGHT NONE, 0, "call TSS, iretd"
        CHECK [caught_eax], 0x55555555, "back: EAX"
        mov eax, [try_esp]
        CHECK [caught_esi], eax, "back: ESP"
        CHECK [caught_edi], 0x46, "back: EFLAGS"
        CHECK16 [caught_cs], CODE0, "back: CS"
        CHECK16 [caught_tr], TSS_MAIN, "back: TR"
        CHECK [tss_b + T_EIP], .after_iret, "back: EIP of the nested task"
        CHECK [tss_b + T_FLAGS], 2, "back: NT cleared in the nested task"
        BUSY 0x100, "back: busy bits"
        ; And once more: the nested task goes on where it left.
        mov dword [tss_b + T_EIP], new_task
        TRY
        call TSS_B:0
        CAUGHT NONE, 0, "call TSS again"
        ; IRET of 16 bits does the same.
        call reset
        mov dword [tss_b + T_EIP], .nested16
        TRY
        call TSS_B:0
        int NONE
.nested16:
        o16 iret
        CAUGHT NONE, 0, "call TSS, iret"
        CHECK16 [caught_tr], TSS_MAIN, "back by iret: TR"

short_tss:
        call reset
        TRY
        jmp TSS_C:0
        CAUGHT NONE, 0, "jmp 286 TSS"
        CHECK16 [caught_eax], 0x1111, "C: AX"
        CHECK16 [caught_ecx], 0x2222, "C: CX"
        CHECK16 [caught_edx], 0x3333, "C: DX"
        CHECK16 [caught_ebx], 0x4444, "C: BX"
        CHECK16 [caught_ebp], 0x6666, "C: BP"
        CHECK16 [caught_esi], 0x7777, "C: SI"
        CHECK16 [caught_edi], 0x8888, "C: DI"
        CHECK16 [caught_esp], STACK3, "C: SP"
        CHECK [caught_eip], LOW(new_task) + 3, "C: IP"
        CHECK16 [caught_cs], CODE16_3, "C: CS"
        CHECK16 [caught_ds], DATA3, "C: DS"
        CHECK16 [caught_es], 0, "C: ES"
        CHECK16 [caught_fs], 0, "C: FS"
        CHECK16 [caught_gs], 0, "C: GS"
        CHECK [caught_eflags], 2, "C: flags"
        CHECK16 [caught_tr], TSS_C, "C: TR"
        sldt ax
        movzx eax, ax
        CHECK eax, 0, "C: LDTR"
        TS_SET "C: TS"
        BUSY 0x001, "jmp 286 TSS: busy bits"
        call reset
        mov word [tss_c + S_IP], LOW(.nested)
        TRY
        mov ecx, 0x12345678
        call TSS_C:0
        int NONE
        bits 16
.nested:
        mov dx, 0x9999
        iret
.after_iret:
        bits 32
        CAUGHT NONE, 0, "call 286 TSS, iret"
        CHECK [caught_ecx], 0x12345678, "286 TSS and back: ECX"
        CHECK16 [tss_c], TSS_MAIN, "286 TSS and back: link"
        CHECK16 [tss_c + S_IP], LOW(.after_iret), "286 TSS and back: IP"
        CHECK16 [tss_c + S_FLAGS], 0x2, "286 TSS and back: flags"
        CHECK16 [tss_c + S_AX + 4], 0x9999, "286 TSS and back: DX"
        CHECK16 [tss_c + S_CS], CODE16_3, "286 TSS and back: CS"
        BUSY 0x100, "286 TSS and back: busy bits"
        call reset
        SET_VECTOR V_GP, TSS_C, 0, 0x85
        TRY
        RING 3
        mov ax, LDT_MAIN
        mov ds, ax
        CAUGHT NONE, 0, "error code, 286 task gate"
        CHECK16 [caught_esp], STACK3 - 2, "error code, 286 task gate: SP"
        CHECK16 [STACK3 - 2], LDT_MAIN, "error code, 286 task gate: code"
        call fill_idt

        ; What is checked before anything changes.
refused:
%macro REFUSED 3+                     ; vector, error, name
        CAUGHT %1, %2, %3
        CHECK16 [caught_tr], TSS_MAIN, %3
%endmacro
        call reset
        TRY
        call (TSS_B | 4):0
        REFUSED V_GP, TSS_B | 4, "TSS in the LDT"
        TRY
        jmp TSS_MAIN:0
        REFUSED V_GP, TSS_MAIN, "busy TSS"
        SET_GATE GATE, TSS_MAIN, 0, 0x85, 0
        TRY
        jmp GATE:0
        REFUSED V_GP, TSS_MAIN, "busy TSS by a gate"
        SET_GATE GATE, TSS_B | 4, 0, 0x85, 0
        TRY
        call GATE:0
        REFUSED V_GP, TSS_B | 4, "gate to the LDT"
        SET_GATE GATE, GDT_BYTES, 0, 0x85, 0
        TRY
        call GATE:0
        REFUSED V_GP, GDT_BYTES, "gate beyond the GDT"
        SET_GATE GATE, DATA0, 0, 0x85, 0
        TRY
        call GATE:0
        REFUSED V_GP, DATA0, "gate to data"
        SET_GATE GATE, 0, 0, 0x85, 0
        TRY
        call GATE:0
        REFUSED V_GP, 0, "gate to null"
        SET_GATE GATE, TSS_B, 0, 0x05, 0
        TRY
        call GATE:0
        REFUSED V_NP, GATE, "gate not present"
        SET_GATE GATE, TSS_B, 0, 0xc5, 0
        TRY
        RING 3
        call (GATE | 3):0
        REFUSED V_GP, GATE, "gate of ring 2 from ring 3"
        TRY
        call (GATE | 3):0
        REFUSED V_GP, GATE, "gate of ring 2 with RPL 3"
        TRY
        RING 3
        call TSS_B:0
        REFUSED V_GP, TSS_B, "TSS of ring 0 from ring 3"
        SET_SEG TSS_B, A(tss_b), 0x67, 0x09, 0
        TRY
        call TSS_B:0
        REFUSED V_NP, TSS_B, "TSS not present"
        SET_SEG TSS_B, A(tss_b), 0x66, 0x89, 0
        TRY
        call TSS_B:0
        REFUSED V_TS, TSS_B, "TSS too short"
        BUSY 0x100, "TSS too short: busy bits"
        SET_SEG TSS_C, A(tss_c), 0x2a, 0x81, 0
        TRY
        jmp TSS_C:0
        REFUSED V_TS, TSS_C, "286 TSS too short"
        SET_SEG TSS_C, A(tss_c), 0x2b, 0x83, 0
        TRY
        jmp TSS_C:0
        REFUSED V_GP, TSS_C, "busy 286 TSS"
        call reset
        SET_VECTOR NUMBER, DATA0, 0, 0x85
        TRY
        int NUMBER
        REFUSED V_GP, DATA0, "int, gate to data"
        SET_VECTOR NUMBER, TSS_MAIN, 0, 0x85
        TRY
        int NUMBER
        REFUSED V_GP, TSS_MAIN, "int, busy TSS"
        SET_VECTOR V_UD, TSS_MAIN, 0, 0x85
        TRY
        ud2
        REFUSED V_GP, TSS_MAIN + 1, "fault, busy TSS: EXT"
        call fill_idt

        ; IRET with NT looks at the link.
links:
%macro LINK 4+                        ; link, vector, error, name
        mov word [tss_main], %1
        TRY
        push dword FLAG_NT | 2
        popfd
        iretd
        REFUSED %2, %3, %4
%endmacro
        call reset
        LINK TSS_B, V_TS, TSS_B, "link to an available TSS"
        LINK 0, V_TS, 0, "null link"
        LINK TSS_B | 4, V_TS, TSS_B | 4, "link to the LDT"
        LINK GDT_BYTES, V_TS, GDT_BYTES, "link beyond the GDT"
        LINK DATA0, V_TS, DATA0, "link to data"
        SET_SEG TSS_B, A(tss_b), 0x67, 0x0b, 0
        LINK TSS_B, V_NP, TSS_B, "link to a TSS not present"
        SET_SEG TSS_B, A(tss_b), 0x66, 0x8b, 0
        LINK TSS_B, V_TS, TSS_B, "link to a short TSS"
        SET_SEG TSS_B, A(tss_b), 0x67, 0x8b, 0
        mov word [tss_main], TSS_B
        TRY
        push dword FLAG_NT | 2
        popfd
        iretd
        CAUGHT NONE, 0, "iretd to a busy TSS"
        call loaded_b
        CHECK [caught_eflags], 2, "iretd to a busy TSS: flags"
        CHECK [tss_main + T_FLAGS], 2, "iretd to a busy TSS: NT cleared"
        BUSY 0x010, "iretd to a busy TSS: busy bits"
        mov word [tss_main], 0

        ; Faults in the new task: its TR and EIP.
in_new_task:
%macro NEW_FAULT 3+                   ; vector, error, name
        TRY
        jmp TSS_B:0
        CAUGHT %1, %2, %3
        CHECK16 [caught_tr], TSS_B, %3
        CHECK [caught_eip], new_task, %3
        BUSY 0x010, %3
        call reset
%endmacro
        call reset
        mov word [tss_b + T_LDT], DATA0
        NEW_FAULT V_TS, DATA0, "LDT is data"
        mov word [tss_b + T_LDT], GDT_BYTES
        NEW_FAULT V_TS, GDT_BYTES, "LDT beyond the GDT"
        mov word [tss_b + T_LDT], LDT_B | 4
        NEW_FAULT V_TS, LDT_B | 4, "LDT in the LDT"
        SET_SEG LDT_B, A(ldt_main), 0xff, 0x02, 0
        NEW_FAULT V_TS, LDT_B, "LDT not present"
        mov word [tss_b + T_CS], DATA3
        NEW_FAULT V_TS, DATA3 & ~3, "CS is data"
        mov word [tss_b + T_CS], 3
        NEW_FAULT V_TS, 0, "CS is null"
        mov word [tss_b + T_CS], CODE0 | 3
        NEW_FAULT V_TS, CODE0, "CS: RPL 3, DPL 0"
        mov word [tss_b + T_CS], GDT_BYTES | 3
        NEW_FAULT V_TS, GDT_BYTES, "CS beyond the GDT"
        SET_SEG CODE, 0, 0xfffff, 0x7b, 12
        mov word [tss_b + T_CS], CODE | 3
        NEW_FAULT V_NP, CODE, "CS not present"
        mov word [tss_b + T_SS], 0
        NEW_FAULT V_TS, 0, "SS is null"
        mov word [tss_b + T_SS], DATA3 & ~3
        NEW_FAULT V_TS, DATA3 & ~3, "SS: RPL 0"
        mov word [tss_b + T_SS], DATA0 | 3
        NEW_FAULT V_TS, DATA0, "SS: DPL 0"
        mov word [tss_b + T_SS], CODE3
        NEW_FAULT V_TS, CODE3 & ~3, "SS is code"
        SET_SEG DATA, 0, 0xfffff, 0x73, 12
        mov word [tss_b + T_SS], DATA | 3
        NEW_FAULT V_SS, DATA, "SS not present"
        mov word [tss_b + T_DS], DATA0
        NEW_FAULT V_TS, DATA0, "DS: DPL 0"
        mov word [tss_b + T_ES], LDT_MAIN
        NEW_FAULT V_TS, LDT_MAIN, "ES is an LDT"
        mov word [tss_b + T_FS], GDT_BYTES
        NEW_FAULT V_TS, GDT_BYTES, "FS beyond the GDT"
        SET_SEG DATA, 0, 0xfffff, 0x73, 12
        mov word [tss_b + T_GS], DATA | 3
        NEW_FAULT V_NP, DATA, "GS not present"
        ; EIP is looked at when it is fetched from.
        SET_SEG CODE, 0, 0xfff, 0xfb, 4
        mov word [tss_b + T_CS], CODE | 3
        NEW_FAULT V_GP, 0, "EIP beyond the limit"
        ; The flags a new task may bring.
        mov dword [tss_b + T_FLAGS], 0x3ed7
        TRY
        jmp TSS_B:0
        CAUGHT NONE, 0, "flags of a new task"
        CHECK [caught_eflags], 0x3ed7, "flags of a new task: IOPL, IF"
        call reset
        ; Conforming code may be of any ring not above the new one's.
        SET_SEG CODE, 0, 0xfffff, 0x9f, 12
        mov word [tss_b + T_CS], CODE | 3
        TRY
        jmp TSS_B:0
        CAUGHT NONE, 0, "conforming CS in a new task"
        CHECK16 [caught_cs], CODE | 3, "conforming CS in a new task: CPL"
        call reset
        ret
%include "end.inc"
