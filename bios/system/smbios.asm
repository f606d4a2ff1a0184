; SMBIOS 2.4: what the machine is, for who asks (dmidecode, hdt, Windows).

%macro smbios_begin 3                   ; kind, handle, label at its end
%%from:
        db      %1, %3 - %%from
        dw      %2
%endmacro

SMBIOS_CPU      equ     0400h           ; handles
SMBIOS_ARRAY    equ     1000h
SMBIOS_MEMORY   equ     1100h

        align   16, db 0
smbios_entry:                           ; without its name: not there
        times   4 db 0
        db      0                       ; sum, filled in
        db      1Fh
        db      2, 4                    ; version
        dw      SMBIOS_LONGEST
        db      0
        times   5 db 0
smbios_dmi:
        db      "_DMI_"
        db      0                       ; its own sum, filled in
        dw      smbios_end - smbios_tables
        dd      0F0000h + (smbios_tables - $$)
        dw      SMBIOS_COUNT
        db      24h
SMBIOS_ENTRY_BYTES equ  $ - smbios_entry
SMBIOS_DMI_BYTES equ    $ - smbios_dmi

smbios_tables:
        smbios_begin 0, 0000h, smbios_bios_end
        db      1, 2                    ; "Vitrine", version
        dw      0F000h
        db      3                       ; date
        db      0                       ; 64 KiB
        dq      0000000000099090h       ; ISA, PCI, shadow RAM, boot from CD and
                                        ; as chosen, EDD
        db      01h, 00h                ; ACPI
        db      0FFh, 0FFh, 0FFh, 0FFh  ; versions as numbers: none
smbios_bios_end:
        db      "Vitrine", 0, VERSION, 0, "01/01/2026", 0, 0

        smbios_begin 1, 0100h, smbios_system_end
        db      1, 2, 3, 0              ; maker, product, version, no number
        times   16 db 0FFh              ; no UUID
        db      06h                     ; woken by the power switch
        db      0, 0
smbios_system_end:
        db      "Vitrine", 0, "PC (i440FX + PIIX3)", 0, VERSION, 0, 0

        smbios_begin 3, 0300h, smbios_case_end
        db      1, 03h, 0, 0, 0         ; desktop
        db      3, 3, 3, 2              ; safe; no lock
        dd      0
        db      0, 0, 0, 0
smbios_case_end:
        db      "Vitrine", 0, 0

        smbios_begin 4, SMBIOS_CPU, smbios_cpu_end
        db      1, 03h                  ; in "CPU 1", a central processor
smbios_cpu_family:
        db      02h                     ; unknown, filled in
        db      2                       ; "GenuineIntel"
smbios_cpu_id:
        dd      0, 0                    ; CPUID's signature and features
        db      0
        db      0                       ; voltage
        dw      0, 0, 0                 ; clocks: unknown
        db      41h, 02h                ; there, enabled; kind of socket unknown
        dw      0FFFFh, 0FFFFh, 0FFFFh  ; caches
        db      0, 0, 0
        db      1, 1, 1                 ; cores, enabled, threads
        dw      0
        dw      02h
smbios_cpu_end:
        db      "CPU 1", 0, "GenuineIntel", 0, 0

        smbios_begin 16, SMBIOS_ARRAY, smbios_array_end
        db      03h, 03h, 03h           ; on the board, main memory, no ECC
smbios_array_kb:
        dd      0
        dw      0FFFEh
        dw      1
smbios_array_end:
        db      0, 0

        smbios_begin 17, SMBIOS_MEMORY, smbios_memory_end
        dw      SMBIOS_ARRAY, 0FFFEh
        dw      64, 64
smbios_memory_mb:
        dw      0
        db      09h, 0                  ; DIMM
        db      1, 0
        db      0Fh                     ; SDRAM
        dw      0080h
        dw      0
        db      0, 0, 0, 0
smbios_memory_end:
        db      "DIMM 1", 0, 0

        smbios_begin 19, 1300h, smbios_range_end
        dd      0
smbios_range_kb:
        dd      0                       ; its last KiB
        dw      SMBIOS_ARRAY
        db      1
smbios_range_end:
        db      0, 0

        smbios_begin 32, 2000h, smbios_boot_end
        times   6 db 0
        db      0                       ; no errors
smbios_boot_end:
        db      0, 0

        smbios_begin 127, 7F00h, smbios_last_end
smbios_last_end:
        db      0, 0
smbios_end:
SMBIOS_COUNT    equ     9
SMBIOS_LONGEST  equ     80              ; no table is longer, with its texts

        cpu     386
; The BIOS's segment can be written, ES = EBDA. Destroys all but BP, ES, 32 bits
; wide.
smbios_setup:
        mov     eax, [es:E_EXT_KB]
        movzx   ebx, byte [es:E_ACPI_KB]
        lea     eax, [eax + ebx + 1024]
        push    ds
        push    cs
        pop     ds
        mov     [smbios_array_kb], eax
        lea     ebx, [eax - 1]
        mov     [smbios_range_kb], ebx
        shr     eax, 10
        mov     [smbios_memory_mb], ax
        cmp     byte [es:E_CPU], CPU_CPUID
        jb      .entry
        call    smbios_cpu
.entry:
        mov     dword [smbios_entry], "_SM_"
        mov     byte [smbios_dmi + 5], 0
        mov     si, smbios_dmi
        mov     cx, SMBIOS_DMI_BYTES
        call    table_sum
        mov     [smbios_dmi + 5], al
        mov     byte [smbios_entry + 4], 0
        mov     si, smbios_entry
        mov     cx, SMBIOS_ENTRY_BYTES
        call    table_sum
        mov     [smbios_entry + 4], al
        pop     ds
        ret

; DS = CS: the processor, by its family and model. Destroys EAX, EBX, ECX, EDX.
        cpu     586
smbios_cpu:
        mov     eax, 1
        cpuid
        mov     [smbios_cpu_id], eax
        mov     [smbios_cpu_id + 4], edx
        mov     dl, 06h                 ; 80486
        and     ah, 0Fh
        cmp     ah, 5
        jb      .known
        mov     dl, 0Bh                 ; Pentium
        je      .known
        mov     dl, 0B2h                ; Pentium 4
        cmp     ah, 6
        ja      .known
        mov     dl, 0Fh                 ; Pentium II
        and     al, 0F0h
        cmp     al, 70h
        jb      .known
        mov     dl, 11h                 ; Pentium III
.known:
        mov     [smbios_cpu_family], dl
        ret
        cpu     8086
