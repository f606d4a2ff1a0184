; Protected mode as the 286 has it: 16-bit gates and TSSs, 24-bit bases, and
; what is not there yet. Other processors see the differences as failures.
%define REAL_MODE
%include "lib.inc"

        cpu 286
        bits 16
IMAGE_SEG equ IMAGE >> 4

; Selectors; every segment begins at IMAGE, so offsets are the same in all.
C0 equ 0x08
D0 equ 0x10
C1 equ 0x18 | 1
D1 equ 0x20 | 1
C3 equ 0x28 | 3
D3 equ 0x30 | 3
TSS_1 equ 0x38
TSS_2 equ 0x40
LDT_1 equ 0x48
SLOT equ 0x50
SLOT2 equ 0x58
GDT286_BYTES equ 0x80

SP0 equ 0xd000
SP0_INNER equ 0xcc00
SP1 equ 0xd800
SP3 equ 0xe800
AREA equ 0xc000                       ; for tests

%macro RTRY 0
        %push try
        mov word [LOW(resume)], LOW(%$after)
        mov [LOW(resume_sp)], sp
%endmacro
%macro RCAUGHT 3+                     ; vector, error, name
        int NONE
%$after:
        RCHECK [LOW(c_vector)], %1, %3
        RCHECK [LOW(c_error)], %2, %3
        %pop
%endmacro
%macro RCHECK 3+                      ; words
        mov ax, %1
        mov bx, %2
        call check286
        db %3, 0
%endmacro
; Goes on in a ring.
%macro RING286 1-2 2                  ; ring, flags
        push word D%1
        push word SP%1
        push word %2
        push word C%1
        push word LOW(%%there)
        mov ax, D%1
        mov ds, ax
        mov es, ax
        iret
%%there:
%endmacro
%macro SET286 4                       ; selector, base, limit, access
        mov word [LOW(gdt286) + (%1)], %3
        mov word [LOW(gdt286) + (%1) + 2], (%2) & 0xffff
        mov word [LOW(gdt286) + (%1) + 4], (((%2) >> 16) & 0xff) | ((%4) << 8)
        mov word [LOW(gdt286) + (%1) + 6], 0
%endmacro
%macro GATE286 5                      ; slot, selector, offset, access, count
        mov word [LOW(gdt286) + (%1)], %3
        mov word [LOW(gdt286) + (%1) + 2], %2
        mov word [LOW(gdt286) + (%1) + 4], ((%4) << 8) | (%5)
        mov word [LOW(gdt286) + (%1) + 6], 0
%endmacro

stubs286:
%assign v 0
%rep 0x80
        align 8, db 0x90
    %if HAS_ERROR(v) == 0
        push byte 0
    %endif
        push byte v
        jmp strict near take286
    %assign v v + 1
%endrep

; Stack: vector, error, ip, cs, flags, and sp, ss if the ring changed.
take286:
        pusha
        push ds
        mov ax, D0
        mov ds, ax
        pop word [LOW(c_ds)]
        cld
        mov [LOW(c_es)], es
        push ds
        pop es
        mov si, sp
        mov di, LOW(c_regs)
        mov cx, 8 + 7
.copy:
        ss lodsw
        stosw
        loop .copy
        pushf
        pop word [LOW(c_handler_flags)]
        mov ax, [LOW(c_cs)]
        and ax, 3
        mov [LOW(c_ring)], ax
        str [LOW(c_tr)]
        mov ax, D0
        mov ss, ax
        mov sp, [LOW(resume_sp)]
        push word 2
        popf
        jmp [LOW(resume)]

resume dw 0
resume_sp dw 0
c_ds dw 0
c_es dw 0
c_ring dw 0
c_tr dw 0
c_handler_flags dw 0
; ORDER c_regs: as pushed
c_regs:
c_di dw 0
c_si dw 0
c_bp dw 0
        dw 0
c_bx dw 0
c_dx dw 0
c_cx dw 0
c_ax dw 0
c_vector dw 0
c_error dw 0
c_ip dw 0
c_cs dw 0
c_flags dw 0
c_sp dw 0
c_ss dw 0

; check286(AX got, BX want) "name"
check286:
        pop si
        cmp ax, bx
        jne .bad
        inc word [LOW(passed)]
        jmp .skip
.bad:
        inc word [LOW(failed)]
        push si
        push ax
        push si
        mov si, LOW(text_fail)
        call print286
        pop si
        call print286
        mov si, LOW(text_got)
        call print286
        pop ax
        call hex286
        mov si, LOW(text_want)
        call print286
        mov ax, bx
        call hex286
        mov al, 10
        out 0xe9, al
        pop si
.skip:
        lodsb
        test al, al
        jnz .skip
        jmp si

print286:
        lodsb
        test al, al
        jz .end
        out 0xe9, al
        jmp print286
.end:
        ret

hex286:
        mov dx, ax
        mov cx, 4
        mov al, ' '
        out 0xe9, al
.digit:
        rol dx, 4
        mov al, dl
        and al, 15
        cmp al, 10
        sbb al, 0x69
        das
        out 0xe9, al
        loop .digit
        ret

main16:
        cld
        call real_mode
        ; All vectors by 286 interrupt gates; NONE from any ring.
        mov di, LOW(idt286)
        mov ax, LOW(stubs286)
        mov cx, 0x80
        push cs
        pop es
.vector:
        stosw
        mov word [di], C0
        mov word [di + 2], 0x8600
        mov word [di + 4], 0
        add di, 6
        add ax, 8
        loop .vector
        or byte [LOW(idt286) + NONE * 8 + 5], 0x60
        lgdt [LOW(gdt286_pointer)]
        lidt [LOW(idt286_pointer)]
        smsw ax
        or al, 1
        lmsw ax
        jmp C0:LOW(.protected)
.protected:
        mov ax, D0
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, SP0
        mov ax, TSS_1
        ltr ax
        mov ax, LDT_1
        lldt ax
        call tests
        mov ax, [LOW(passed)]
        call hex286
        mov si, LOW(text_passed)
        call print286
        mov ax, [LOW(failed)]
        call hex286
        mov si, LOW(text_failed)
        call print286
        xor ax, ax
        cmp [LOW(failed)], ax
        je .exit
        inc ax
.exit:
        out 0xf4, al
        cli
        hlt

        ; IOPL and NT cannot be set in real mode.
real_mode:
        push word 0x7002
        popf
        pushf
        pop cx
        push word 2
        popf
        RCHECK cx, 2, "real mode: IOPL and NT stay clear"
        smsw cx
        RCHECK cx, 0xfff0, "real mode: MSW"
        push sp
        pop cx
        mov dx, sp
        RCHECK cx, dx, "push sp: the value before"
        sgdt [LOW(.table)]
        mov al, [LOW(.table) + 5]
        xor ah, ah
        mov cx, ax
        RCHECK cx, 0xff, "sgdt: last byte"
        ret
.table  dw 0, 0, 0

        bits 16
nowhere:
        int NONE
target:
        nop
        int NONE

tests:
loads:
        SET286 SLOT, IMAGE, 0xff, 0x92
        RTRY
        mov ax, SLOT
        mov es, ax
        mov ax, [es:0xfe]
        RCAUGHT NONE, 0, "data"
        RCHECK [LOW(gdt286) + SLOT + 4], 0x9302, "data: accessed bit"
        RTRY
        mov ax, SLOT
        mov es, ax
        mov ax, [es:0xff]
        RCAUGHT V_GP, 0, "beyond the limit"
        ; The last word of a descriptor means nothing.
        mov word [LOW(gdt286) + SLOT + 6], 0xff8f
        RTRY
        mov ax, SLOT
        mov es, ax
        mov ax, [es:0xff]
        RCAUGHT V_GP, 0, "last word of a descriptor: limit"
        mov word [AREA], 0x1234
        SET286 SLOT, IMAGE + AREA, 0xff, 0x93
        mov word [LOW(gdt286) + SLOT + 6], 0xff00
        RTRY
        mov ax, SLOT
        mov es, ax
        mov cx, [es:0]
        RCAUGHT NONE, 0, "last word of a descriptor: base"
        RCHECK [LOW(c_cx)], 0x1234, "last word of a descriptor: base is not read"
        SET286 SLOT, IMAGE, 0xffff, 0x91
        RTRY
        mov ax, SLOT
        mov es, ax
        mov [es:AREA], ax
        RCAUGHT V_GP, 0, "write of read-only data"
        RTRY
        mov ax, SLOT
        mov ss, ax
        RCAUGHT V_GP, SLOT, "read-only stack"
        SET286 SLOT, IMAGE, 0xffff, 0x13
        RTRY
        mov ax, SLOT
        mov ss, ax
        RCAUGHT V_SS, SLOT, "stack not present"
        RTRY
        mov ax, SLOT
        mov es, ax
        RCAUGHT V_NP, SLOT, "data not present"
        RTRY
        RING286 3
        mov ax, D0
        mov es, ax
        RCAUGHT V_GP, D0, "data of ring 0 in ring 3"
        RTRY
        db 0x8e, 0xe0                 ; mov fs, ax
        RCAUGHT V_UD, 0, "no FS"
        RTRY
        db 0x66, 0x90
        RCAUGHT V_UD, 0, "no operand size"
        RTRY
        db 0x0f, 0x20, 0xc0
        RCAUGHT V_UD, 0, "no CR0"

        ; The 386's types are not known.
%macro TYPE 1                         ; access byte
        GATE286 SLOT, C0, LOW(target), %1, 0
        RTRY
        call SLOT:0
        RCAUGHT V_GP, SLOT, "call to a 386 type"
%endmacro
        TYPE 0x8c
        TYPE 0x89
        TYPE 0x8b
        SET286 SLOT, IMAGE + LOW(tss286_2), 0x2b, 0x89
        RTRY
        mov ax, SLOT
        ltr ax
        RCAUGHT V_GP, SLOT, "ltr of a 386 TSS"
        mov byte [LOW(idt286) + 0x50 * 8 + 5], 0xee
        RTRY
        int 0x50
        RCAUGHT V_GP, 0x50 * 8 + 2, "int by a 386 gate"
        mov byte [LOW(idt286) + 0x50 * 8 + 5], 0xe6
        GATE286 SLOT, C0, LOW(target), 0x8c, 0
        mov cx, SLOT
        cmp cx, cx
        lar dx, cx
        pushf
        pop cx
        and cx, 0x40
        RCHECK cx, 0, "lar of a 386 gate"

gates:
        GATE286 SLOT, C0, LOW(target), 0xe4, 2
        RTRY
        RING286 3
        push word 0x1111
        push word 0x2222
        mov si, sp
        call (SLOT | 3):0x5555
.after:
        RCAUGHT NONE, 0, "call gate"
        RCHECK [LOW(c_cs)], C0, "call gate: CS"
        RCHECK [LOW(c_ip)], LOW(target) + 3, "call gate: IP"
        RCHECK [SP0_INNER - 2], D3, "call gate: old SS"
        mov cx, [LOW(c_si)]
        RCHECK [SP0_INNER - 4], cx, "call gate: old SP"
        RCHECK [SP0_INNER - 6], 0x1111, "call gate: first parameter"
        RCHECK [SP0_INNER - 8], 0x2222, "call gate: second parameter"
        RCHECK [SP0_INNER - 10], C3, "call gate: CS pushed"
        RCHECK [SP0_INNER - 12], LOW(.after), "call gate: IP pushed"
        GATE286 SLOT, C0, LOW(.gate), 0xe4, 2
        RTRY
        RING286 3
        mov si, sp
        push word 0x1111
        push word 0x2222
        call (SLOT | 3):0
        mov di, sp
        mov dx, ds
        int NONE
.gate:
        retf 4
        RCAUGHT NONE, 0, "call gate and retf"
        mov cx, [LOW(c_si)]
        RCHECK [LOW(c_di)], cx, "call gate and retf: SP"
        RCHECK [LOW(c_dx)], D3, "call gate and retf: DS of ring 3 stays"
        RCHECK [LOW(c_cs)], C3, "call gate and retf: CS"

interrupts:
        RTRY
        RING286 3, 0x202
        int 0x50
.after:
        RCAUGHT 0x50, 0, "int"
        RCHECK [LOW(c_ip)], LOW(.after), "int: IP"
        RCHECK [LOW(c_cs)], C3, "int: CS"
        RCHECK [LOW(c_sp)], SP3, "int: SP"
        RCHECK [LOW(c_ss)], D3, "int: SS"
        RCHECK [LOW(c_flags)], 0x202, "int: flags"
        mov cx, [LOW(c_handler_flags)]
        and cx, 0x200
        RCHECK cx, 0, "int: IF cleared"
        RTRY
        RING286 3
        int 3
        RCAUGHT V_GP, 3 * 8 + 2, "int3 to a gate of ring 0"
        RTRY
        RING286 3
.hlt:   hlt
        RCAUGHT V_GP, 0, "hlt in ring 3"
        RCHECK [LOW(c_ip)], LOW(.hlt), "hlt in ring 3: IP"
        RTRY
        RING286 3
        cli
        RCAUGHT V_GP, 0, "cli, IOPL 0"
        RTRY
        RING286 3, 0x3002
        cli
        RCAUGHT NONE, 0, "cli, IOPL 3"
        RTRY
        RING286 3
        in al, 0x80
        RCAUGHT V_GP, 0, "in, IOPL 0"
        RTRY
        RING286 3, 0x3002
        in al, 0x80
        RCAUGHT NONE, 0, "in, IOPL 3"
        RTRY
        xor cx, cx
.div:   div cx
        RCAUGHT V_DE, 0, "divide error"
        RCHECK [LOW(c_ip)], LOW(.div), "divide error: IP of the instruction"
        ; A double fault.
        and byte [LOW(idt286) + V_GP * 8 + 5], 0x7f
        RTRY
        mov ax, TSS_1
        mov es, ax
        RCAUGHT V_DF, 0, "double fault"
        or byte [LOW(idt286) + V_GP * 8 + 5], 0x80

tasks:
        mov word [LOW(tss286_2) + 0x0e], LOW(.task)
        mov word [LOW(tss286_2) + 0x10], 2
        mov word [LOW(tss286_2) + 0x12], 0x1234
        mov word [LOW(tss286_2) + 0x1a], SP3
        mov word [LOW(tss286_2) + 0x22], D3
        mov word [LOW(tss286_2) + 0x24], C3
        mov word [LOW(tss286_2) + 0x26], D3
        mov word [LOW(tss286_2) + 0x28], D3
        RTRY
        mov cx, 0x4321
        call TSS_2:0
        jmp .returned
.task:
        mov dx, ax
        pushf
        pop bx
        mov [AREA], bx
        mov [AREA + 2], dx
        iret
.after_iret:
.returned:
        RCAUGHT NONE, 0, "call TSS"
        RCHECK [LOW(c_cx)], 0x4321, "call TSS: CX back"
        RCHECK [AREA], 0x4002, "call TSS: NT in the new task"
        RCHECK [AREA + 2], 0x1234, "call TSS: AX"
        RCHECK [LOW(tss286_2)], TSS_1, "call TSS: link"
        RCHECK [LOW(tss286_2) + 0x0e], LOW(.after_iret), "call TSS: IP saved"
        RCHECK [LOW(tss286_2) + 0x10], 2, "call TSS: NT cleared on the way back"
        RCHECK [LOW(gdt286) + TSS_2 + 4], 0x8102, "call TSS: not busy after"
        RCHECK [LOW(c_tr)], TSS_1, "call TSS: TR"
        smsw cx
        RCHECK cx, 0xfff9, "MSW: TS and PE"
        clts
        smsw cx
        RCHECK cx, 0xfff1, "clts"
        ; LMSW cannot leave protected mode.
        mov ax, 0
        lmsw ax
        smsw cx
        RCHECK cx, 0xfff1, "lmsw of 0"

        ; LOADALL: everything from 800, hidden parts included.
loadall:
        SET286 SLOT, 0, 0xffff, 0x93
        mov ax, SLOT
        mov es, ax
        mov di, 0x800
        mov si, LOW(.table)
        mov cx, 0x33
        rep movsw
        RTRY
        db 0x0f, 0x05
.loaded:
        mov bp, es
        mov dx, [es:2]
        int NONE
        RCAUGHT NONE, 0, "loadall"
        RCHECK [LOW(c_ip)], LOW(.loaded) + 9, "loadall: IP"
        RCHECK [LOW(c_ax)], 0x8888, "loadall: AX"
        RCHECK [LOW(c_cx)], 0x7777, "loadall: CX"
        RCHECK [LOW(c_bx)], 0x5555, "loadall: BX"
        RCHECK [LOW(c_si)], 0x2222, "loadall: SI"
        RCHECK [LOW(c_di)], 0x1111, "loadall: DI"
        RCHECK [LOW(c_bp)], 0x4444, "loadall: ES keeps an impossible selector"
        RCHECK [LOW(c_dx)], 0x4321, "loadall: ES from its hidden part"
        RCHECK [LOW(c_flags)], 0x0802, "loadall: flags"
        RCHECK [LOW(c_ring)], 0, "loadall: ring"
        ret

        align 2
.table:
        times 3 dw 0
        dw 0xfff1                     ; MSW
        times 7 dw 0
        dw TSS_1, 0x0802, LOW(.loaded), LDT_1
        dw D0, D0, C0, 0x4444         ; DS, SS, CS, ES
        dw 0x1111, 0x2222, 0x3333, SP0 - 0x100
        dw 0x5555, 0x6666, 0x7777, 0x8888
        dw LOW(.es_data), 0x9302, 0xffff
        dw 0, 0x9b02, 0xffff
        dw 0, 0x9302, 0xffff
        dw 0, 0x9302, 0xffff
        dw LOW(gdt286), 0xff02, GDT286_BYTES - 1
        dw LOW(ldt286), 0x8202, 0x1f
        dw LOW(idt286), 0xff02, 0x3ff
        dw LOW(tss286), 0x8302, 0x2b
.es_data dw 0, 0x4321

        align 8
gdt286:
        dq 0
        dw 0xffff, 0, 0x9b02, 0
        dw 0xffff, 0, 0x9302, 0
        dw 0xffff, 0, 0xbb02, 0
        dw 0xffff, 0, 0xb302, 0
        dw 0xffff, 0, 0xfb02, 0
        dw 0xffff, 0, 0xf302, 0
        dw 0x2b, LOW(tss286), 0x8102, 0
        dw 0x2b, LOW(tss286_2), 0x8102, 0
        dw 0x1f, LOW(ldt286), 0x8202, 0
        times GDT286_BYTES - ($ - gdt286) db 0
ldt286  times 0x20 db 0
tss286:
        dw 0, SP0_INNER, D0, SP1, D1, 0, 0
        times 0x2c - ($ - tss286) db 0
tss286_2:
        dw 0, SP0_INNER, D0, SP1, D1, 0, 0
        times 0x2c - ($ - tss286_2) db 0
gdt286_pointer:
        dw GDT286_BYTES - 1
        dw LOW(gdt286), 0x0002
idt286_pointer:
        dw 0x3ff
        dw LOW(idt286), 0x0002
        align 8
idt286  times 0x80 * 8 db 0
%include "end.inc"
