; Tables that systems look for in memory: ACPI, the MultiProcessor table, PCI's
; interrupt routing, and SMBIOS. But for ACPI's own they, and RSDP, stand in the BIOS's own segment, which has to
; be RAM for that: on the 440FX.

        cpu     386
; At start-up, on a 386, when memory has been counted. Destroys all but BP, 32
; bits wide.
tables_setup:
        call    shadow_present
        jc      .done
        mov     ah, 30h                 ; reads and writes
        call    tables_access
        call    pir_setup
        call    load_ebda
        call    mptable_setup
        call    load_ebda
        call    acpi_setup
        call    load_ebda
        call    smbios_setup
        push    ds
        push    cs
        pop     ds
        xor     si, si                  ; the sum of all is 0 again
        mov     cx, 0FFFFh
        call    table_sum
        mov     [0FFFFh], al
        pop     ds
        mov     ah, 10h                 ; reads alone
        jmp     tables_access
.done:
        ret

; AH = what F0000-FFFFF does, in the PAM register's bits. Destroys AL, BX, DX, DI.
tables_access:
        xor     bx, bx
        mov     di, PAM_FIRST
        call    pci_read_byte
        and     al, 0CFh
        or      al, ah
        jmp     pci_write_byte

; DS:SI = table, CX = its bytes -> AL = what makes its sum 0. Destroys CX, SI, AH.
table_sum:
        mov     ah, 0
.next:
        lodsb
        sub     ah, al
        loop    .next
        mov     al, ah
        ret
        cpu     8086
