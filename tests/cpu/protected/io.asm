; Ports in protected mode: IOPL and the map of the TSS.
%include "lib.inc"

PORT equ 0x500                        ; floats

%macro IO_CASE 5+                     ; eflags, before, instruction, vector, name
        TRY
        RING 3, (%1) | 2
        mov dx, PORT
        mov esi, SCRATCH
        mov edi, SCRATCH
        %2
%%at:   %3
        CAUGHT %4, 0, %5
    %if (%4) == V_GP
        CHECK [caught_eip], %%at, %5
    %endif
%endmacro
IOPL3 equ 0x3000
MAP equ tss_main + TSS_IO_MAP

%macro FLOAT 1+
        CHECK [caught_eax], 0xffffffff, %1
%endmacro

main:
        ; By IOPL the map is not asked.
        mov byte [MAP + PORT / 8], 0xff
        IO_CASE IOPL3, nop, {in al, dx}, NONE, "in al, IOPL 3"
        IO_CASE IOPL3, nop, {in eax, dx}, NONE, "in eax, IOPL 3"
        FLOAT "in eax: nothing there"
        IO_CASE IOPL3, nop, {out dx, eax}, NONE, "out eax, IOPL 3"
        IO_CASE IOPL3, nop, {insb}, NONE, "insb, IOPL 3"
        IO_CASE IOPL3, nop, {outsd}, NONE, "outsd, IOPL 3"
        ; With less it is.
        IO_CASE 0, nop, {in al, dx}, V_GP, "in al, denied"
        IO_CASE 0x2000, nop, {in al, dx}, V_GP, "in al, IOPL 2, denied"
        IO_CASE 0, nop, {in ax, dx}, V_GP, "in ax, denied"
        IO_CASE 0, nop, {in eax, dx}, V_GP, "in eax, denied"
        IO_CASE 0, nop, {out dx, al}, V_GP, "out al, denied"
        IO_CASE 0, nop, {out dx, eax}, V_GP, "out eax, denied"
        IO_CASE 0, nop, {insb}, V_GP, "insb, denied"
        IO_CASE 0, nop, {outsb}, V_GP, "outsb, denied"
        IO_CASE 0, {mov ecx, 2}, {rep insd}, V_GP, "rep insd, denied"
        IO_CASE 0, nop, {in al, 0x80}, NONE, "in al, 80 allowed"
        mov byte [MAP + 0x80 / 8], 1
        IO_CASE 0, nop, {in al, 0x80}, V_GP, "in al, 80 denied"
        IO_CASE 0, nop, {out 0x80, al}, V_GP, "out 80 denied"
        IO_CASE 0, nop, {in al, 0x81}, NONE, "in al, 81 allowed"
        mov byte [MAP + 0x80 / 8], 0
        ; Every port of an access counts.
        mov byte [MAP + PORT / 8], 0x08
        IO_CASE 0, nop, {in al, dx}, NONE, "bit 3, byte at 0"
        IO_CASE 0, nop, {in ax, dx}, NONE, "bit 3, word at 0"
        IO_CASE 0, nop, {in eax, dx}, V_GP, "bit 3, dword at 0"
        IO_CASE 0, {add dx, 2}, {in ax, dx}, V_GP, "bit 3, word at 2"
        IO_CASE 0, {add dx, 3}, {in al, dx}, V_GP, "bit 3, byte at 3"
        IO_CASE 0, {add dx, 4}, {in eax, dx}, NONE, "bit 3, dword at 4"
        ; Across a byte of the map.
        mov byte [MAP + PORT / 8], 0
        mov byte [MAP + PORT / 8 + 1], 1
        IO_CASE 0, {add dx, 7}, {in ax, dx}, V_GP, "bit 8, word at 7"
        IO_CASE 0, {add dx, 5}, {in eax, dx}, V_GP, "bit 8, dword at 5"
        IO_CASE 0, {add dx, 7}, {in al, dx}, NONE, "bit 8, byte at 7"
        IO_CASE 0, {add dx, 4}, {in eax, dx}, NONE, "bit 8, dword at 4"
        mov byte [MAP + PORT / 8 + 1], 0
        ; The end of the map: two bytes are read, both must be in the TSS.
%macro TSS_LIMIT 1
        SET_SEG TSS_MAIN, A(tss_main), %1, 0x89, 0
        mov ax, TSS_MAIN
        ltr ax
%endmacro
        TSS_LIMIT TSS_IO_MAP + PORT / 8 + 1
        IO_CASE 0, nop, {in al, dx}, NONE, "TSS ends one byte after"
        IO_CASE 0, {add dx, 4}, {in eax, dx}, NONE, "TSS ends one byte after, dword at 4"
        IO_CASE 0, {add dx, 8}, {in al, dx}, V_GP, "TSS ends with the second byte"
        TSS_LIMIT TSS_IO_MAP + PORT / 8
        IO_CASE 0, nop, {in al, dx}, V_GP, "TSS ends with the byte"
        TSS_LIMIT TSS_IO_MAP - 1
        IO_CASE 0, nop, {in al, 0}, V_GP, "TSS without a map"
        TSS_LIMIT TSS_BYTES - 1
        mov word [tss_main + 0x66], TSS_BYTES
        IO_CASE 0, nop, {in al, 0x80}, V_GP, "map beyond the TSS"
        mov word [tss_main + 0x66], 0xffff
        IO_CASE 0, nop, {in al, 0x80}, V_GP, "map at ffff"
        mov word [tss_main + 0x66], TSS_IO_MAP
        ; A 286 TSS has none.
        mov ax, TSS_C
        ltr ax
        IO_CASE 0, nop, {in al, 0x80}, V_GP, "286 TSS"
        IO_CASE IOPL3, nop, {in al, 0x80}, NONE, "286 TSS, IOPL 3"
        ret
%include "end.inc"
