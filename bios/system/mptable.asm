; The MultiProcessor table, version 1.4, when the processor has a local APIC. It
; starts in virtual wire mode; see apic.asm.

IOAPIC_BASE     equ     0FEC00000h
IOAPIC_ID       equ     1
APIC_ID         equ     0
MP_BUS_PCI      equ     0               ; numbers of the buses
MP_BUS_ISA      equ     1
MP_INT          equ     0               ; kinds of interrupts
MP_NMI          equ     1
MP_EXTINT       equ     3
MP_BUS_RULE     equ     0               ; trigger and polarity: the bus's own
MP_HIGH_LEVEL   equ     0Dh

%macro mp_bus 2                         ; number, name of 6 letters
        db      1, %1, %2
%endmacro
; Interrupt: kind, flags, bus, line, input of the I/O APIC.
%macro mp_irq 5
        db      3, %1
        dw      %2
        db      %3, %4, IOAPIC_ID, %5
%endmacro

        align   16, db 0
mp_pointer:                             ; without its name: not there
        dd      0
        dd      0F0000h + (mp_table - $$)
        db      1, 4                    ; 16 bytes, version 1.4
        db      0                       ; sum, filled in
        db      0                       ; there is a table
        db      0                       ; no IMCR: virtual wire
        times   3 db 0
MP_POINTER_BYTES equ    16

        align   16, db 0
mp_table:
        db      "PCMP"
        dw      mp_table_end - mp_table
        db      4
        db      0                       ; sum, filled in
        db      "VITRINE PC          "
        dd      0
        dw      0
        dw      MP_ENTRIES
        dd      APIC_BASE
        dd      0
        db      0, APIC_ID              ; the processor
mp_apic_version:
        db      11h                     ; filled in, as the rest
        db      03h                     ; enabled, the one that boots
mp_signature:
        dd      0, 0                    ; CPUID's signature and features
        dd      0, 0
        mp_bus  MP_BUS_PCI, "PCI   "
        mp_bus  MP_BUS_ISA, "ISA   "
        db      2, IOAPIC_ID, 11h, 01h  ; enabled
        dd      IOAPIC_BASE
        mp_irq  MP_EXTINT, MP_BUS_RULE, MP_BUS_ISA, 0, 0
        mp_irq  MP_INT, MP_BUS_RULE, MP_BUS_ISA, 0, 2
        mp_irq  MP_INT, MP_BUS_RULE, MP_BUS_ISA, 1, 1
    %assign line 3
    %rep 13
        %if line == SCI_LINE
        mp_irq  MP_INT, MP_HIGH_LEVEL, MP_BUS_ISA, line, line
        %else
        mp_irq  MP_INT, MP_BUS_RULE, MP_BUS_ISA, line, line
        %endif
        %assign line line + 1
    %endrep
    %assign place 4                     ; device * 4 + pin, from device 1 on
    %rep 31 * 4
        mp_irq  MP_INT, MP_BUS_RULE, MP_BUS_PCI, place, 16 + (((place >> 2) - 1 + place) & 3)
        %assign place place + 1
    %endrep
        db      4, MP_EXTINT            ; every processor: LINT0, LINT1
        dw      MP_BUS_RULE
        db      MP_BUS_ISA, 0, 0FFh, 0
        db      4, MP_NMI
        dw      MP_BUS_RULE
        db      MP_BUS_ISA, 0, 0FFh, 1
mp_table_end:
MP_ENTRIES      equ     1 + 2 + 1 + 2 + 14 + 31 * 4 + 2

        cpu     386
; The BIOS's segment can be written, ES = EBDA. Destroys all but BP, ES, 32 bits
; wide.
mptable_setup:
        call    apic_present
        jz      .done
        pushf
        cli
        push    ds
        call    big_segments
        mov     esi, IOAPIC_BASE
        mov     dword [esi], 00h        ; its ID
        mov     dword [esi + 10h], IOAPIC_ID << 24
        mov     esi, APIC_BASE
        mov     cl, [esi + APIC_VERSION]
        call    real_segments
        push    cs
        pop     ds
        mov     [mp_apic_version], cl
        cpu     586
        mov     eax, 1
        cpuid
        cpu     386
        mov     [mp_signature], eax
        mov     [mp_signature + 4], edx
        mov     byte [mp_table + 7], 0
        mov     si, mp_table
        mov     cx, mp_table_end - mp_table
        call    table_sum
        mov     [mp_table + 7], al
        mov     dword [mp_pointer], "_MP_"
        mov     byte [mp_pointer + 10], 0
        mov     si, mp_pointer
        mov     cx, MP_POINTER_BYTES
        call    table_sum
        mov     [mp_pointer + 10], al
        pop     ds
        popf
.done:
        ret
        cpu     8086
