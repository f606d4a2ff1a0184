; INT 15h AH=53h: Advanced Power Management 1.2, real mode, on boards with power
; management: enough to idle and to switch the machine off.

APM_VERSION     equ     0102h
APM_DISABLED    equ     01h             ; errors
APM_CONNECTED   equ     02h
APM_NOT_CONNECTED equ   03h
APM_BAD_DEVICE  equ     09h
APM_BAD_VALUE   equ     0Ah
APM_NO_PROTECTED equ    06h
APM_CANNOT      equ     60h
APM_NO_EVENT    equ     80h
APM_ALL         equ     0001h           ; device: all of them
PM1_CONTROL     equ     04h             ; offset of the port
PM1_SLEEP       equ     2000h           ; SLP_EN, type 0: off

int15_apm:
        call    load_ebda
        cmp     word [es:E_PM_PORTS], 0
        je      service_unsupported
        mov     al, [bp + FR_AL]
        cmp     al, 0Fh
        ja      service_unsupported
        call    .call                   ; -> AH = 0 or an error
        mov     [bp + FR_AH], ah
        or      ah, ah
        jz      service_ok_flag
        jmp     service_fail_flag
.call:
        dispatch apm_functions

apm_functions:
        dw      apm_present, apm_connect, apm_protected, apm_protected
        dw      apm_disconnect, apm_idle, apm_nothing, apm_set_state
        dw      apm_enable, apm_enable, apm_status, apm_event
        dw      apm_get_state, apm_nothing, apm_version, apm_enable

; AL = 00h: -> BX = 'PM', AX = version 1.2, CX = flags.
apm_present:
        mov     word [bp + FR_BX], 504Dh
        mov     word [bp + FR_CX], 0    ; real mode only, enabled
        mov     byte [bp + FR_AL], 02h
        pop     ax                      ; AH is no status here
        mov     byte [bp + FR_AH], 01h
        jmp     service_ok_flag

; AL = 01h: connect in real mode.
apm_connect:
        mov     ah, APM_CONNECTED
        test    byte [es:E_CONFIG], CFG_APM
        jnz     .done
        or      byte [es:E_CONFIG], CFG_APM
        mov     ah, 0
.done:
        ret

; AL = 02h, 03h: in protected mode there is no interface.
apm_protected:
        mov     ah, APM_NO_PROTECTED
        ret

; AL = 04h: disconnect.
apm_disconnect:
        mov     ah, APM_NOT_CONNECTED
        test    byte [es:E_CONFIG], CFG_APM
        jz      .done
        and     byte [es:E_CONFIG], ~CFG_APM
        mov     ah, 0
.done:
        ret

; AL = 05h: sleep until an interrupt.
apm_idle:
        sti
        hlt
; AL = 06h, 0Dh, and what changes nothing.
apm_nothing:
        mov     ah, 0
        ret

; AL = 07h: device BX to state CX: 0 ready, 1 standby, 2 suspend, 3 off.
apm_set_state:
        mov     ah, APM_NOT_CONNECTED
        test    byte [es:E_CONFIG], CFG_APM
        jz      .done
        mov     ah, APM_BAD_DEVICE
        cmp     word [bp + FR_BX], APM_ALL
        jne     .done
        mov     ah, APM_BAD_VALUE
        mov     cx, [bp + FR_CX]
        cmp     cx, 3
        ja      .done
        mov     ah, 0
        jcxz    .done
        cmp     cx, 3
        jne     apm_idle
        mov     dx, [es:E_PM_PORTS]
        add     dx, PM1_CONTROL
        mov     ax, PM1_SLEEP
        out     dx, ax
        mov     ah, APM_CANNOT
.done:
        ret

; AL = 08h, 09h, 0Fh: switch the management of all devices on, restore its
; defaults, engage it.
apm_enable:
        mov     ah, 0
        cmp     word [bp + FR_BX], APM_ALL
        je      .done
        cmp     word [bp + FR_BX], 0FFFFh
        je      .done
        mov     ah, APM_BAD_DEVICE
.done:
        ret

; AL = 0Ah: -> on line, no battery.
apm_status:
        mov     word [bp + FR_BX], 01FFh
        mov     word [bp + FR_CX], 80FFh
        mov     word [bp + FR_DX], 0FFFFh
        mov     ah, 0
        ret

; AL = 0Bh: -> no event waits.
apm_event:
        mov     ah, APM_NO_EVENT
        ret

; AL = 0Ch: -> CX = state of device BX: ready.
apm_get_state:
        mov     ah, APM_BAD_DEVICE
        cmp     word [bp + FR_BX], APM_ALL
        jne     .done
        mov     word [bp + FR_CX], 0
        mov     ah, 0
.done:
        ret

; AL = 0Eh: CX = the driver's version -> AX = ours.
apm_version:
        mov     byte [bp + FR_AL], 02h
        pop     ax                      ; AH is no status here
        mov     byte [bp + FR_AH], 01h
        jmp     service_ok_flag
