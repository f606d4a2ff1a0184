; The machine's configuration device, where there is one: a selector port and a
; data port.

FW_SELECT       equ     510h
FW_DATA         equ     511h
FW_SIGNATURE    equ     00h             ; "QEMU"
FW_BOOT_MENU    equ     0Eh             ; word: offer the boot menu

; AX = item: selects it. Destroys DX.
fw_cfg_select:
        mov     dx, FW_SELECT
        out     dx, ax
        inc     dx                      ; its bytes come from here
        ret

; -> ZF = 0: the machine wants the boot menu offered. Destroys AX, BX, DX.
fw_cfg_menu:
        mov     ax, FW_SIGNATURE
        call    fw_cfg_select
        in      al, dx
        mov     ah, al
        in      al, dx
        cmp     ax, 'UQ'                ; AH = first, AL = second
        jne     .none
        mov     ax, FW_BOOT_MENU
        call    fw_cfg_select
        in      al, dx
        mov     ah, al
        in      al, dx
        or      ax, ax
        ret
.none:
        xor     ax, ax
        ret
