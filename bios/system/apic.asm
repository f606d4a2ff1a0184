; The local APIC of a Pentium or later: virtual wire mode, in which the 8259s
; reach the processor through its pin LINT0, and NMI through LINT1, as the
; MultiProcessor Specification wants it at the boot.

APIC_BASE       equ     0FEE00000h
APIC_SPURIOUS   equ     0F0h            ; bits 0-7 vector, 8 enable
APIC_LINT0      equ     350h
APIC_LINT1      equ     360h
APIC_EXTINT     equ     700h            ; delivery modes
APIC_NMI        equ     400h

        cpu     586
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
        cpu     8086
