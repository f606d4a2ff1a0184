; PCI at start-up: addresses and interrupts for the functions on bus 0, the
; PIIX's interrupt routing, IDE and power management, and the VGA BIOS of an
; adapter that carries it in its own ROM.
;
; Memory windows are handed out from E0000000h up, ports from C000h up, each
; aligned to its size. Pin A of device 1 leads to PIRQA, every further pin or
; device to the next one.

        cpu     386

PCI_MEMORY_FROM equ     0E0000000h
PCI_PORTS_FROM  equ     0C000h
PCI_COMMAND     equ     04h
PCI_CLASS       equ     08h
PCI_HEADER      equ     0Eh
PCI_BAR0        equ     10h
PCI_BAR_END     equ     28h
PCI_ROM         equ     30h
PCI_LINE        equ     3Ch
PCI_PIN         equ     3Dh
PIIX_PIRQ       equ     60h             ; four routes
PIIX_IDETIM     equ     40h             ; a word a channel, bit 15: decoded
PM_BASE         equ     40h             ; of function 3
PM_ENABLE       equ     80h
PM_PORTS        equ     0B000h
SMB_BASE        equ     90h             ; the SMBus's ports
SMB_ENABLE      equ     0D2h
SMB_PORTS       equ     0B100h
SCI_LINE        equ     9               ; where its interrupt is wired to
ELCR_HIGH       equ     4D1h            ; edge or level, lines 8 to 15
ELCR_LEVELS     equ     0Eh             ; 9, 10, 11 by level

pirq_lines:
        db      10, 10, 11, 11

; At start-up, on a 386: sets up the bus. Destroys all but BP, 32 bits wide.
pci_setup:
        call    load_ebda
        test    byte [es:E_CONFIG], CFG_PCI
        jz      .done
        mov     esi, PCI_MEMORY_FROM    ; next memory window
        mov     ecx, PCI_PORTS_FROM     ; next ports
        xor     bx, bx
.next:
        xor     di, di
        call    pci_read_word
        cmp     ax, 0FFFFh
        je      .absent
        call    pci_setup_function
.absent:
        call    pci_next
        jnc     .next
.done:
        ret

; BX = function, ESI, ECX = next windows. Destroys EAX, EDX, EDI.
pci_setup_function:
        mov     di, PCI_HEADER
        call    pci_read_byte
        test    al, 7Fh
        jnz     .done                   ; a bridge
        mov     di, PCI_COMMAND
        call    pci_read_byte
        and     al, ~03h                ; off while the windows move
        call    pci_write_byte
        call    pci_setup_windows
        call    pci_setup_line
        mov     di, PCI_CLASS + 2
        call    pci_read_word
        push    ax                      ; AH = class, AL = subclass
        mov     di, PCI_COMMAND
        call    pci_read_byte
        or      al, 03h                 ; ports and memory
        pop     dx
        cmp     dx, 0101h               ; IDE: and bus master
        jne     .command
        or      al, 04h
.command:
        mov     di, PCI_COMMAND
        call    pci_write_byte
        xor     di, di
        call    pci_read_dword
        mov     di, pci_known
.find:
        cmp     eax, [cs:di]
        je      .found
        add     di, 6
        cmp     di, pci_known_end
        jb      .find
.done:
        ret
.found:
        jmp     [cs:di + 4]

pci_known:
        dd      70008086h               ; PIIX3, PIIX4: bridge
        dw      pci_setup_bridge
        dd      71108086h
        dw      pci_setup_bridge
        dd      70108086h               ; their IDE
        dw      pci_setup_ide
        dd      71118086h
        dw      pci_setup_ide
        dd      71138086h               ; PIIX4: power management
        dw      pci_setup_power
pci_known_end:

; Gives each base register of BX its window, and the ROM's an address without
; switching it on. Destroys EAX, EDX, EDI.
pci_setup_windows:
        mov     di, PCI_BAR0
.next:
        call    pci_setup_window
        cmp     di, PCI_BAR_END
        jb      .next
        mov     di, PCI_ROM
        call    pci_window_size
        and     eax, 0FFFFF800h
        jz      .done
        call    pci_place_memory
.done:
        ret

; Base register DI of BX; DI moves on. Destroys EAX, EDX.
pci_setup_window:
        call    pci_window_size
        or      eax, eax
        jz      .end
        test    al, 01h
        jnz     .ports
        mov     dl, al
        and     al, 0F0h
        push    dx
        call    pci_place_memory
        pop     dx
        and     dl, 06h
        cmp     dl, 04h                 ; 64 bits: the upper half is 0
        jne     .end
        add     di, 4
        xor     eax, eax
        call    pci_write_dword
.end:
        add     di, 4
        ret
.ports:
        or      eax, 0FFFF0000h         ; upper bits may read as 0
        and     al, 0FCh
        push    esi
        mov     esi, ecx
        call    pci_place_memory
        mov     ecx, esi
        pop     esi
        jmp     .end

; EAX = mask of register DI, flags gone: gives it the next addresses from ESI.
; Destroys EAX, EDX.
pci_place_memory:
        mov     edx, eax
        neg     edx                     ; size
        dec     esi
        add     esi, edx
        and     esi, eax                ; aligned
        mov     eax, esi
        add     esi, edx
        ; fall through

; Register = EAX. Destroys DX.
pci_write_dword:
        call    pci_port
        out     dx, eax
        ret

; -> EAX = what base register DI keeps of all ones. Destroys DX.
pci_window_size:
        or      eax, -1
        cmp     di, PCI_ROM
        jne     .write
        mov     al, 0FEh                ; not on
.write:
        call    pci_write_dword
        call    pci_read_dword
        ret

; Interrupt line of BX, by its pin. Destroys AX, DX, DI.
pci_setup_line:
        mov     di, PCI_PIN
        call    pci_read_byte
        or      al, al
        jz      .done
        mov     ah, bl
        shr     ah, 3
        add     al, ah
        sub     al, 2
        and     ax, 3
        mov     di, ax
        mov     al, [cs:di + pirq_lines]
        mov     di, PCI_LINE
        call    pci_write_byte
.done:
        ret

; The ISA bridge: routes, and their lines by level. Destroys AX, DX, DI.
pci_setup_bridge:
        xor     di, di
.route:
        mov     al, [cs:di + pirq_lines]
        add     di, PIIX_PIRQ
        call    pci_write_byte
        sub     di, PIIX_PIRQ - 1
        cmp     di, 4
        jb      .route
        mov     dx, ELCR_HIGH
        mov     al, ELCR_LEVELS
        out     dx, al
        ret

; IDE: both channels answer at their usual ports. Destroys AX, DX, DI.
pci_setup_ide:
        mov     al, 80h
        mov     di, PIIX_IDETIM + 1
        call    pci_write_byte
        mov     di, PIIX_IDETIM + 3
        jmp     pci_write_byte

; Power management: ports, which INT 15h AH=53h uses. Destroys EAX, DX, DI, ES.
pci_setup_power:
        call    load_ebda
        mov     word [es:E_PM_PORTS], PM_PORTS
        mov     eax, PM_PORTS | 1
        mov     di, PM_BASE
        call    pci_write_dword
        mov     al, 1
        mov     di, PM_ENABLE
        call    pci_write_byte
        mov     eax, SMB_PORTS | 1
        mov     di, SMB_BASE
        call    pci_write_dword
        mov     al, 09h                 ; decoded, interrupts as SCI
        mov     di, SMB_ENABLE
        call    pci_write_byte
        mov     al, SCI_LINE
        mov     di, PCI_LINE
        jmp     pci_write_byte

; When no VGA BIOS stands at C0000h, but the first VGA adapter has one in its
; ROM: brings it there. Needs a 386 and shadow RAM. Destroys all but BP, 32 bits
; wide.
pci_video_rom:
        mov     ax, ROM_FIRST
        call    rom_check
        jnc     .done
        call    shadow_present
        jc      .done
        call    rom_device
        or      ax, ax
        jz      .done
        mov     bx, ax
        mov     di, PCI_ROM
        call    pci_read_dword
        and     eax, 0FFFFF800h
        jz      .done
        mov     esi, eax
        inc     ax
        call    pci_write_dword
        call    pci_copy_rom
        mov     di, PCI_ROM
        mov     eax, esi
        call    pci_write_dword
.done:
        ret

; ESI = address of a ROM image: copies it to C0000h, which becomes RAM. Destroys
; EAX, ECX, EDX, EDI, ES; keeps BX, ESI.
pci_copy_rom:
        push    ds
        push    esi
        push    bx
        pushf
        cli
        call    big_segments
        cmp     word [esi], 0AA55h
        jne     .done
        movzx   ecx, byte [esi + 2]
        push    esi
        push    cx
        mov     ax, ROM_FIRST
        mov     es, ax
        push    ds
        mov     ax, BDA
        mov     ds, ax
        call    shadow_rom
        pop     ds
        call    big_segments            ; loading DS took the limit
        pop     cx
        pop     esi
        movzx   ecx, cl
        shl     ecx, 7                  ; double words
        xor     edi, edi
        a32 rep movsd
.done:
        call    real_segments
        popf
        pop     bx
        pop     esi
        pop     ds
        ret
        cpu     8086
