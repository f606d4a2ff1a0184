; INT 15h AH=87h, 89h: into protected mode, and back.
;
; The 286 has no way back but a reset: shutdown code 09h in the CMOS tells the
; start-up code to continue here, with the stack that 40:67 holds. From the 386
; on PE is cleared. Both copy in protected mode through the caller's
; descriptors, so limits and access rights are the processor's to check; an
; exception ends the copy with AH = 02h.

; Selectors in the caller's table.
SEL_GDT         equ     08h
SEL_SOURCE      equ     10h
SEL_TARGET      equ     18h
SEL_BIOS        equ     20h
SEL_STACK       equ     28h
; The same for AH = 89h.
SEL_USER_IDT    equ     10h
SEL_USER_DS     equ     18h
SEL_USER_ES     equ     20h
SEL_USER_SS     equ     28h
SEL_USER_CS     equ     30h
SEL_USER_BIOS   equ     38h

SHUTDOWN_MOVE   equ     09h

        cpu     286

; AH = 87h: CX words from descriptor 10h to descriptor 18h of the table at
; ES:SI. -> AH = 00h done, 01h parity error, 02h exception, 03h A20 is stuck.
int15_move:
        call    get_cpu
        cmp     al, CPU_286
        jb      service_unsupported
        smsw    ax
        test    al, 01h                 ; somebody's virtual machine: his task
        jnz     service_unsupported
        mov     cx, [bp + FR_CX]
        or      cx, cx
        jz      service_ok
        call    a20_get
        push    ax
        mov     al, 1
        call    a20_set
        jc      .stuck
        mov     byte [bp + FR_AH], 0
        call    service_ok_flag
        mov     es, [bp + FR_ES]
        mov     si, [bp + FR_SI]
        call    move_descriptors
        call    move_protected
        pop     ax                      ; the line as it was
        or      al, al
        jnz     .done
        call    a20_set
.done:
        call    cmos_park               ; NMI on
        ret
.stuck:
        pop     ax
        mov     byte [bp + FR_AH], 03h
        jmp     service_fail_flag

; ES:SI = table: fills in what the caller left to us. Destroys AX, BX, DX.
move_descriptors:
        mov     ax, es
        mov     dx, si
        mov     bx, SEL_GDT
        call    segment_descriptor
        mov     word [es:si + SEL_GDT], SEL_STACK + 7
        mov     ax, cs
        xor     dx, dx
        mov     bx, SEL_BIOS
        call    segment_descriptor
        mov     byte [es:si + SEL_BIOS + 5], 9Bh
        mov     ax, ss
        xor     dx, dx
        mov     bx, SEL_STACK
        ; fall through

; Descriptor ES:SI + BX = data segment at AX * 16 + DX, 64 KiB. Destroys AX.
segment_descriptor:
        push    cx
        push    dx
        mov     word [es:si + bx], 0FFFFh
        mov     cx, dx
        mov     dx, 16
        mul     dx
        add     ax, cx
        adc     dl, 0
        mov     [es:si + bx + 2], ax
        mov     [es:si + bx + 4], dl
        mov     byte [es:si + bx + 5], 93h
        mov     word [es:si + bx + 6], 0
        pop     dx
        pop     cx
        ret

; ES:SI = table, CX = words. Copies, and comes back with interrupts and NMI
; off, SS:SP, BP, DS as before; AH and CF of the frame say when it failed.
; Destroys the rest.
move_protected:
        cli
        mov     al, 80h | CMOS_SHUTDOWN
        out     CMOS_INDEX, al          ; NMI off
        io_pause
        mov     al, SHUTDOWN_MOVE
        out     CMOS_DATA, al
        push    bp
        push    word [B_RESUME]         ; it may be in use
        push    word [B_RESUME + 2]
        mov     [B_RESUME], sp
        mov     [B_RESUME + 2], ss
        call    get_cpu
        lgdt    [es:si + SEL_GDT]
        cs lidt [move_idt_pointer]
        mov     dl, al
        mov     ax, 1
        lmsw    ax
        jmp     SEL_BIOS:.protected
.protected:
        mov     ax, SEL_STACK
        mov     ss, ax
        mov     ax, SEL_SOURCE
        mov     ds, ax
        mov     ax, SEL_TARGET
        mov     es, ax
        xor     si, si
        xor     di, di
        cld
        rep movsw
        jmp     move_back

; Any exception while copying. DL, BP and SS are as they were.
move_exception:
        mov     byte [bp + FR_AH], 02h
        or      byte [bp + FR_FLAGS], FLAG_CF
move_back:
        cmp     dl, CPU_386
        jb      kbc_reset_cpu           ; and on at move_resume
        cpu     386
        mov     ax, SEL_STACK           ; limits and rights of real mode
        mov     ds, ax
        mov     es, ax
        push    eax                     ; the upper half is the caller's
        mov     eax, cr0
        and     al, 0FEh
        mov     cr0, eax
        jmp     0F000h:.real
.real:
        pop     eax
        cs lidt [move_real_idt]
        mov     ax, BDA
        mov     ds, ax
        jmp     move_resume
        cpu     286

; The start-up code comes here after shutdown code 09h. DS = 40h.
move_resume:
        mov     ss, [B_RESUME + 2]
        mov     sp, [B_RESUME]
move_return:
        pop     word [B_RESUME + 2]
        pop     word [B_RESUME]
        pop     bp
        mov     al, 80h | CMOS_SHUTDOWN
        out     CMOS_INDEX, al
        io_pause
        xor     al, al
        out     CMOS_DATA, al
        ret

move_idt_pointer:
        dw      move_idt_end - move_idt - 1
        dw      move_idt, 000Fh, 0
move_real_idt:
        dw      03FFh
        dw      0, 0, 0
        align   8, db 0FFh
move_idt:                               ; 32 interrupt gates of the 286
    %rep 32
        dw      move_exception, SEL_BIOS, 8600h, 0
    %endrep
move_idt_end:

; AH = 89h: stays in protected mode with the table at ES:SI: 08h table, 10h
; IDT, 18h DS, 20h ES, 28h SS, 30h CS, 38h ours. BH, BL = interrupt numbers of
; IRQ 0 and IRQ 8. All lines are masked afterwards. CF = 1, AH = FFh: failed.
int15_protected_mode:
        call    get_cpu
        cmp     al, CPU_286
        jb      service_unsupported
        smsw    ax
        test    al, 01h
        jnz     service_unsupported
        mov     al, 1
        call    a20_set
        jc      .failed
        cli
        mov     bx, [bp + FR_BX]
        call    pic_setup
        mov     es, [bp + FR_ES]
        mov     si, [bp + FR_SI]
        mov     ax, cs
        xor     dx, dx
        mov     bx, SEL_USER_BIOS
        call    segment_descriptor
        mov     byte [es:si + SEL_USER_BIOS + 5], 9Bh
        lgdt    [es:si + SEL_GDT]
        lidt    [es:si + SEL_USER_IDT]
        mov     ax, 1
        lmsw    ax
        jmp     SEL_USER_BIOS:.protected
.protected:
        mov     ax, SEL_USER_DS
        mov     ds, ax
        mov     ax, SEL_USER_ES
        mov     es, ax
        mov     ax, SEL_USER_SS
        mov     ss, ax
        mov     sp, bp                  ; drop our return address
        and     byte [bp + FR_FLAGS], ~FLAG_CF
        mov     word [bp + FR_CS], SEL_USER_CS
        pop     ax
        xor     ah, ah
        pop     bx
        pop     cx
        pop     dx
        pop     si
        pop     di
        pop     bp
        add     sp, 4                   ; not ES, DS: they are selectors now
        clc
        retf    2
.failed:
        mov     byte [bp + FR_AH], 0FFh
        jmp     service_fail_flag
        cpu     8086
