; A triple fault: the gates of #GP and #DF are not present. The run must end in
; shutdown, which a PC's board answers with a reset.
%include "lib.inc"

main:
        and byte [idt + V_GP * 8 + 5], 0x7f
        and byte [idt + V_DF * 8 + 5], 0x7f
        mov dword [failed], 1         ; for whoever goes on
        mov ax, LDT_MAIN
        mov ds, ax
        ret
%include "end.inc"
