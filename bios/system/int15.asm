; INT 15h: system services. Memory moves are in move.asm, the memory map in
; memmap.asm, the mouse in mouse.asm, waits in time.asm.

int15_handler:
        cmp     ah, 4Fh                 ; keyboard: nobody wants this code
        je      .carry
        cmp     ah, 90h                 ; wait, and end of wait: nobody else to
        je      .nothing                ; run
        cmp     ah, 91h
        je      .nothing
        frame_enter
        mov     al, [bp + FR_AH]
        mov     si, int15_table
.find:
        cmp     al, [cs:si]
        je      .found
        add     si, 3
        cmp     si, int15_table_end
        jb      .find
        call    service_unsupported
        jmp     service_return
.found:
        call    [cs:si + 1]
        jmp     service_return
.carry:
        push    bp
        mov     bp, sp
        or      byte [bp + 6], FLAG_CF
        pop     bp
        iret
.nothing:
        push    bp
        mov     bp, sp
        and     byte [bp + 6], ~FLAG_CF
        pop     bp
        xor     ah, ah
        iret

int15_table:
        db      24h
        dw      int15_a20
        db      41h
        dw      service_unsupported     ; wait for an external event
        db      52h
        dw      service_ok              ; may this medium be ejected: yes
        db      53h
        dw      int15_apm
        db      80h
        dw      service_ok              ; device open, device close,
        db      81h
        dw      service_ok              ; program end: hooks of systems
        db      82h
        dw      service_ok
        db      83h
        dw      int15_event_wait
        db      84h
        dw      int15_joystick
        db      85h
        dw      service_ok              ; SysReq: hook of systems
        db      86h
        dw      int15_wait
        db      87h
        dw      int15_move
        db      88h
        dw      int15_extended_size
        db      89h
        dw      int15_protected_mode
        db      0C0h
        dw      int15_configuration
        db      0C1h
        dw      int15_ebda
        db      0C2h
        dw      int15_mouse
        db      0E8h
        dw      int15_memory_map
int15_table_end:

; AH = 24h: address line 20. AL = 0: close, 1: open, 2: -> AL = 1 if open,
; 3: -> BX = ways to switch it (bit 0 keyboard controller, 1 port 92h).
int15_a20:
        call    get_cpu
        cmp     al, CPU_286
        jb      service_unsupported
        mov     al, [bp + FR_AL]
        cmp     al, 1
        jbe     .set
        cmp     al, 3
        ja      service_unsupported
        je      .ways
        call    a20_get
        mov     [bp + FR_AL], al
        jmp     service_ok
.set:
        call    a20_set
        jnc     service_ok
        mov     byte [bp + FR_AH], 01h  ; the keyboard controller is stuck
        jmp     service_fail_flag
.ways:
        mov     word [bp + FR_BX], 03h
        jmp     service_ok

; AH = 84h: DX = 0: -> AL bits 7-4 the buttons (0 pressed);
; DX = 1: -> AX, BX, CX, DX the four axes, 0 where nothing is connected.
int15_joystick:
        mov     bx, [bp + FR_DX]
        mov     dx, JOYSTICK
        or      bx, bx
        jz      .buttons
        dec     bx
        jnz     service_unsupported
        mov     bl, 01h
        call    joystick_axis
        mov     [bp + FR_AX], ax
        mov     bl, 02h
        call    joystick_axis
        mov     [bp + FR_BX], ax
        mov     bl, 04h
        call    joystick_axis
        mov     [bp + FR_CX], ax
        mov     bl, 08h
        call    joystick_axis
        mov     [bp + FR_DX], ax
        jmp     service_ok_flag
.buttons:
        in      al, dx
        and     al, 0F0h
        mov     [bp + FR_AL], al
        jmp     service_ok_flag

; BL = bit of an axis at port DX -> AX = time its one-shot needs, in units of
; 6.7 us; 0: it never ends. Destroys CX, SI.
joystick_axis:
        mov     cx, 600                 ; no one-shot lasts 4 ms
        pushf
        cli
        call    joystick_timer
        mov     si, ax
        out     dx, al
.poll:
        in      al, dx
        test    al, bl
        jz      .over
        call    joystick_timer
        sub     ax, si
        neg     ax
        shrn    ax, 4
        cmp     ax, cx
        jb      .poll
        popf
        xor     ax, ax
        ret
.over:
        call    joystick_timer
        sub     ax, si
        neg     ax
        shrn    ax, 4
        popf
        ret

; -> AX = count of timer 0, which runs down twice as fast as its clock.
joystick_timer:
        xor     al, al
        out     PIT_CTRL, al            ; latch
        io_pause
        in      al, PIT_CH0
        mov     ah, al
        io_pause
        in      al, PIT_CH0
        xchg    al, ah
        ret

; AH = C0h: -> ES:BX = configuration table.
int15_configuration:
        mov     [bp + FR_ES], cs
        mov     word [bp + FR_BX], config_table
        jmp     service_ok

; AH = C1h: -> ES = extended BIOS data area.
int15_ebda:
        mov     ax, [B_EBDA]
        mov     [bp + FR_ES], ax
        jmp     service_ok_flag
