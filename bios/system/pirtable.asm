; The PCI interrupt routing table, for systems that look neither at ACPI nor at
; the MultiProcessor table: which of the PIIX's routes each pin leads to, and
; which lines the route may choose. See pci_setup.asm.

PIR_LINES       equ     1CF8h           ; 3 to 7, 10 to 12

        align   16, db 0
pir_table:                              ; without its name: not there
        times   4 db 0
        dw      0100h                   ; version
        dw      pir_table_end - pir_table
        db      0, 1 << 3               ; the router: bus, device and function
        dw      0                       ; no line is PCI's alone
        dd      70008086h               ; what the router is
        dd      0
        times   11 db 0
        db      0                       ; sum, filled in
pir_slots:
    %assign device 1
    %rep 31
        db      0, device << 3
        %assign pin 0
        %rep 4
        db      PIIX_PIRQ + ((device - 1 + pin) & 3)
        dw      PIR_LINES
        %assign pin pin + 1
        %endrep
        db      0, 0                    ; on the board
        %assign device device + 1
    %endrep
pir_table_end:
PIR_SLOTS_BYTES equ     $ - pir_slots

        cpu     386
; The BIOS's segment can be written. Destroys AX, CX, SI.
pir_setup:
        push    ds
        push    cs
        pop     ds
        mov     dword [pir_table], "$PIR"
        mov     byte [pir_table + 1Fh], 0
        mov     si, pir_table
        mov     cx, pir_table_end - pir_table
        call    table_sum
        mov     [pir_table + 1Fh], al
        pop     ds
        ret
        cpu     8086
