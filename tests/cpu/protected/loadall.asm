; LOADALL of the 386 (0F 07): everything from ES:EDI, hidden parts included.
; Other processors have no such instruction.
%include "lib.inc"

TABLE equ SCRATCH

main:
        mov esi, .table
        mov edi, TABLE
        mov ecx, 0x33
        rep movsd
        mov dword [SCRATCH + 0x1004], 0x11223344
        TRY
        mov edi, TABLE
        db 0x0f, 0x07
.loaded:
        mov eax, [fs:4]
        mov edx, fs
        int NONE
        CAUGHT NONE, 0, "loadall"
        CHECK [caught_eip], .loaded + 10, "loadall: EIP"
        CHECK [caught_eax], 0x11223344, "loadall: FS from its hidden part"
        CHECK16 [caught_edx], 0x4444, "loadall: FS keeps an impossible selector"
        CHECK [caught_ecx], 0x7777cccc, "loadall: ECX"
        CHECK [caught_ebx], 0x5555cccc, "loadall: EBX"
        CHECK [caught_ebp], 0x3333cccc, "loadall: EBP"
        CHECK [caught_esi], 0x2222cccc, "loadall: ESI"
        CHECK [caught_edi], 0x1111cccc, "loadall: EDI"
        CHECK [caught_eflags], 0xad6, "loadall: EFLAGS"
        CHECK [caught_ring], 0, "loadall: ring"
        mov eax, dr6
        and eax, 0xf
        CHECK eax, 5, "loadall: DR6"
        ; Back in the table as it was: the tables of lib.inc.
        TRY
        RING 3
        mov edi, TABLE
        db 0x0f, 0x07
        CAUGHT V_GP, 0, "loadall in ring 3"
        TRY
        mov ax, 0
        mov es, ax
        mov edi, TABLE
        db 0x0f, 0x07
        CAUGHT V_GP, 0, "loadall through null"
        ret

%define AR(access, sizes) (((access) << 8) | ((sizes) << 20))
        align 4
.table:
        dd 1, 0xad6, A(.loaded)
        dd 0x1111cccc, 0x2222cccc, 0x3333cccc, STACK0 - 0x200
        dd 0x5555cccc, 0x6666cccc, 0x7777cccc, 0x8888cccc
        dd 0xffff0ff5, 0x400
        dd TSS_MAIN, LDT_MAIN, 0, 0x4444, DATA0, DATA0, CODE0, DATA0
        dd AR(0x8b, 0), A(tss_main), TSS_BYTES - 1
        dd 0, A(idt), 256 * 8 - 1
        dd 0, A(gdt), GDT_BYTES - 1
        dd AR(0x82, 0), A(ldt_main), LDT_BYTES - 1
        dd 0, 0, 0                    ; GS: unusable
        dd AR(0x93, 4), SCRATCH + 0x1000, 0xff
        dd AR(0x93, 12), 0, 0xffffffff
        dd AR(0x93, 12), 0, 0xffffffff
        dd AR(0x9b, 12), 0, 0xffffffff
        dd AR(0x93, 12), 0, 0xffffffff
%include "end.inc"
