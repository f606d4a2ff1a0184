; How services end. The first four are for handlers that were called: they work
; on the frame at BP and return to who called the handler.

service_ok_flag:
        and     byte [bp + FR_FLAGS], ~FLAG_CF
        ret

service_unsupported:
        mov     byte [bp + FR_AH], 86h
service_fail_flag:
        or      byte [bp + FR_FLAGS], FLAG_CF
        ret

; Success with AH = 0.
service_ok:
        mov     byte [bp + FR_AH], 0
        jmp     service_ok_flag

; The end of every interrupt service that began with frame_enter.
service_fail:
        or      byte [bp + FR_FLAGS], FLAG_CF
service_return:
        frame_leave
