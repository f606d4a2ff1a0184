; The local APIC of a Pentium or later: virtual wire mode, in which the 8259s
; reach the processor through its pin LINT0, and NMI through LINT1, as the
; MultiProcessor Specification wants it at the boot.

APIC_BASE       equ     0FEE00000h
APIC_VERSION    equ     30h
APIC_SPURIOUS   equ     0F0h            ; bits 0-7 vector, 8 enable
APIC_LINT0      equ     350h
APIC_LINT1      equ     360h
APIC_EXTINT     equ     700h            ; delivery modes
APIC_NMI        equ     400h

        cpu     586
; -> ZF = 0: the processor has one, and it is on. ES = EBDA. Destroys EAX, EBX,
; ECX, EDX.
apic_present:
        cmp     byte [es:E_CPU], CPU_CPUID
        jb      .none
        mov     eax, 1
        cpuid
        test    dh, 02h
        ret
.none:
        cmp     al, al
        ret

; At start-up, on a processor with CPUID, interrupts off. Destroys all but SI, DI,
; BP, 32 bits wide.
apic_setup:
        mov     eax, 1
        cpuid
        test    dh, 02h                 ; there is one
        jz      .done
        push    ds
        call    big_segments
        mov     ecx, APIC_BASE
        mov     dword [ecx + APIC_SPURIOUS], 1FFh
        mov     dword [ecx + APIC_LINT0], APIC_EXTINT
        mov     dword [ecx + APIC_LINT1], APIC_NMI
        call    real_segments
        pop     ds
.done:
        ret

; After INIT, when the program is to go on: the same, without a stack, whose
; place is not known yet. Keeps BX, DS.
apic_resume:
        mov     bp, bx
        mov     eax, 1
        cpuid
        mov     bx, bp
        test    dh, 02h
        jz      post_resume
        mov     dx, big_selector
        mov     si, .write
        jmp     .load
.write:
        mov     ecx, APIC_BASE
        mov     dword [ecx + APIC_SPURIOUS], 1FFh
        mov     dword [ecx + APIC_LINT0], APIC_EXTINT
        mov     dword [ecx + APIC_LINT1], APIC_NMI
        mov     dx, real_selector
        mov     si, .done
.load:                                  ; DS = DX of the table
        cs lgdt [big_gdt_pointer]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     $ + 2
        mov     ds, dx
        and     al, 0FEh
        mov     cr0, eax
        jmp     0F000h:.real
.real:
        jmp     si
.done:
        mov     ax, BDA
        mov     ds, ax
        jmp     post_resume
        cpu     8086
