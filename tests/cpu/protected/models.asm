; What a 486 has and has not: test registers, no CR4, no CPUID. Emulators of
; later processors differ.
%include "lib.inc"

main:
%macro UNDEFINED 2+                   ; bytes, name
        TRY
%%at:   db %1
        CAUGHT V_UD, 0, %2
        CHECK [caught_eip], %%at, %2
%endmacro
        UNDEFINED {0x0f, 0xa2}, "cpuid"
        UNDEFINED {0x0f, 0x20, 0xe0}, "mov eax, cr4"
        UNDEFINED {0x0f, 0x22, 0xe0}, "mov cr4, eax"
        UNDEFINED {0x0f, 0x31}, "rdtsc"
        UNDEFINED {0x0f, 0x32}, "rdmsr"
        UNDEFINED {0x0f, 0x24, 0xc0}, "mov eax, tr0"
        UNDEFINED {0x0f, 0x26, 0xd0}, "mov tr2, eax"
        ; ID does not exist, AC does.
        push dword 0x240002
        popfd
        pushfd
        pop eax
        push dword 2
        popfd
        CHECK eax, 0x40002, "AC but not ID"
        ; TR3 to TR7.
        TRY
        mov eax, 0x12345678
        db 0x0f, 0x26, 0xd8           ; mov tr3, eax
        mov eax, 0x87654320
        db 0x0f, 0x26, 0xf8           ; mov tr7, eax
        db 0x0f, 0x24, 0xd9           ; mov ecx, tr3
        db 0x0f, 0x24, 0xfa           ; mov edx, tr7
        CAUGHT NONE, 0, "test registers"
        CHECK [caught_ecx], 0x12345678, "tr3"
        CHECK [caught_edx], 0x87654320, "tr7"
        TRY
        RING 3
        db 0x0f, 0x24, 0xf0           ; mov eax, tr6
        CAUGHT V_GP, 0, "test registers in ring 3"
        ; CR0: ET is 1, NE, WP and AM can be set.
        mov eax, cr0
        mov ebx, eax
        and eax, ~0x10
        or eax, 0x50020
        mov cr0, eax
        mov ecx, cr0
        mov cr0, ebx
        and ecx, 0x50030
        CHECK ecx, 0x50030, "CR0: ET, NE, WP, AM"
        ret
%include "end.inc"
