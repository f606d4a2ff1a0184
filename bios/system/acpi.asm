; ACPI 1.0b tables, for boards whose power management answers: at the end of
; memory, where INT 15h AH=E8h tells of them and nothing else counts them. RSDP,
; which leads to them, is in the BIOS itself. See tables.asm.
;
; The end of memory: 32 KiB of tables, which a system may take over when it has
; read them, then 32 KiB for what the firmware shares with it: FACS.

%include "aml.inc"

ACPI_KB         equ     64
ACPI_DATA_BYTES equ     8000h           ; then comes the other half
ACPI_FACS       equ     ACPI_DATA_BYTES ; offset
FACS_BYTES      equ     64

ACPI_ENABLE     equ     0F1h            ; commands at port B2h
ACPI_DISABLE    equ     0F0h

; A table's header behind signature and length: its revision.
%macro acpi_head 1
        db      %1
        db      0                       ; sum, filled in
        db      "VITRIN", "VITRINE "
        dd      1
        db      "VITR"
        dd      1
%endmacro

; The tables as they are copied. Addresses in them count from acpi_image.
        align   16, db 0
acpi_image:
acpi_rsdt:
        db      "RSDT"
        dd      acpi_rsdt_end - acpi_rsdt
        acpi_head 1
acpi_rsdt_list:
        dd      acpi_fadt - acpi_image
        dd      acpi_madt - acpi_image  ; the last one: see acpi_no_apic
acpi_rsdt_end:

        align   16, db 0
acpi_fadt:
        db      "FACP"
        dd      acpi_fadt_end - acpi_fadt
        acpi_head 1
acpi_fadt_facs:
        dd      ACPI_FACS
acpi_fadt_dsdt:
        dd      acpi_dsdt - acpi_image
        db      0                       ; INT_MODEL: 8259s, filled in
        db      0
        dw      SCI_LINE
        dd      0B2h                    ; SMI_CMD
        db      ACPI_ENABLE, ACPI_DISABLE
        db      0                       ; no S4BIOS_REQ
        db      0
        dd      PM_PORTS, 0             ; PM1a, PM1b: events
        dd      PM_PORTS + 4, 0         ; control
        dd      0                       ; no PM2
        dd      PM_PORTS + 8            ; timer
        dd      PM_PORTS + 0Ch, 0       ; general purpose events
        db      4, 2, 0, 4              ; lengths: events, control, PM2, timer
        db      4, 0, 0                 ; of GPE0, GPE1; where GPE1 begins
        db      0
        dw      101, 1001               ; no C2, no C3
        dw      0, 0                    ; WBINVD empties caches
        db      0, 0                    ; no clock to throttle
        db      0, 0, 32h               ; the clock: no day or month of the
                                        ; alarm, register of the century
        db      0, 0, 0
        dd      00000025h               ; WBINVD, C1, no sleep button; the
                                        ; power button is in PM1
acpi_fadt_end:

        align   16, db 0
acpi_madt:
        db      "APIC"
        dd      acpi_madt_end - acpi_madt
        acpi_head 1
        dd      APIC_BASE
        dd      1                       ; there are 8259s too
        db      0, 8                    ; processor 0: APIC 0, enabled
        db      0, APIC_ID
        dd      1
        db      1, 12                   ; the I/O APIC: inputs from 0 on
        db      IOAPIC_ID, 0
        dd      IOAPIC_BASE, 0
        db      2, 10                   ; the timer is on its input 2
        db      0, 0
        dd      2
        dw      0
        db      2, 10                   ; SCI: active high, by level
        db      0, SCI_LINE
        dd      SCI_LINE
        dw      000Dh
        db      4, 6                    ; NMI: LINT1 of every processor
        db      0FFh
        dw      0
        db      1
acpi_madt_end:

        align   16, db 0
acpi_dsdt:
        db      "DSDT"
        dd      acpi_dsdt_end - acpi_dsdt
        acpi_head 1
%include "acpi_dsdt.inc"
acpi_dsdt_end:
ACPI_BYTES      equ     $ - acpi_image

acpi_tables:                            ; what has a sum
        dw      acpi_rsdt - acpi_image, acpi_fadt - acpi_image
        dw      acpi_madt - acpi_image, acpi_dsdt - acpi_image
acpi_tables_end:
acpi_addresses:                         ; where addresses stand
        dw      acpi_rsdt_list - acpi_image, acpi_rsdt_list - acpi_image + 4
        dw      acpi_fadt_facs - acpi_image, acpi_fadt_dsdt - acpi_image
acpi_addresses_end:

        align   16, db 0
acpi_rsdp:                              ; without its name: not there
        times   8 db 0
        db      0                       ; sum, filled in
        db      "VITRIN", 0
        dd      0                       ; address of RSDT, filled in
RSDP_BYTES      equ     20

        cpu     386
; Makes the tables, when there is power management and memory for them. The
; BIOS's segment can be written, ES = EBDA. Destroys all but BP, ES, 32 bits wide.
acpi_setup:
        cmp     word [es:E_PM_PORTS], 0
        je      .done
        cmp     dword [es:E_EXT_KB], 1024
        jb      .done
        mov     al, 1
        call    a20_set
        jc      .done
        sub     dword [es:E_EXT_KB], ACPI_KB
        mov     byte [es:E_ACPI_KB], ACPI_KB
        call    acpi_base
        call    apic_present            ; -> ZF = 1: none
        setnz   cl
        pushf
        cli
        push    ds
        push    cx
        call    big_segments
        pop     cx
        call    acpi_copy
        call    acpi_patch
        call    real_segments
        pop     ds
        popf
        mov     al, 0
        call    a20_set
        jmp     acpi_show
.done:
        ret

; ES = EBDA -> EDI = address of the tables. Destroys nothing else.
acpi_base:
        mov     edi, [es:E_EXT_KB]
        add     edi, 1024
        shl     edi, 10
        ret

; DS reaches everything, EDI = address: copies the tables there, and clears what
; is behind them. Destroys EAX, ESI.
acpi_copy:
        mov     esi, 0F0000h + (acpi_image - $$)
.next:
        mov     al, [esi]
        mov     [edi + esi - (0F0000h + (acpi_image - $$))], al
        inc     esi
        cmp     esi, 0F0000h + (acpi_image - $$) + ACPI_BYTES
        jb      .next
        xor     esi, esi
.clear:
        mov     dword [edi + esi + ACPI_FACS], 0
        add     esi, 4
        cmp     esi, FACS_BYTES
        jb      .clear
        mov     dword [edi + ACPI_FACS], "FACS"
        mov     dword [edi + ACPI_FACS + 4], FACS_BYTES
        ret

; DS and EDI as above, CL = 1: there is an APIC. Addresses, and sums. Destroys
; EAX, EBX, ECX, EDX, ESI.
acpi_patch:
        mov     [edi + acpi_fadt_facs - acpi_image + 8], cl     ; INT_MODEL
        mov     si, acpi_addresses
.address:
        cs lodsw
        movzx   eax, ax
        add     [edi + eax], edi
        cmp     si, acpi_addresses_end
        jb      .address
        or      cl, cl
        jnz     .sums
        sub     dword [edi + acpi_rsdt - acpi_image + 4], 4     ; no MADT
.sums:
        mov     si, acpi_tables
.table:
        cs lodsw
        movzx   ebx, ax
        add     ebx, edi
        mov     ecx, [ebx + 4]
        mov     dl, 0
.byte:
        sub     dl, [ebx + ecx - 1]
        dec     ecx
        jnz     .byte
        mov     [ebx + 9], dl           ; it was 0
        cmp     si, acpi_tables_end
        jb      .table
        ret

; ES = EBDA: RSDP. Destroys EAX, ECX, EDX, SI, EDI.
acpi_show:
        call    acpi_base
        push    ds
        push    cs
        pop     ds
        mov     si, acpi_rsdp
        mov     dword [si], "RSD "
        mov     dword [si + 4], "PTR "
        mov     [si + 16], edi
        mov     byte [si + 8], 0
        mov     cx, RSDP_BYTES
        call    table_sum
        mov     [acpi_rsdp + 8], al
        pop     ds
        ret
        cpu     8086
