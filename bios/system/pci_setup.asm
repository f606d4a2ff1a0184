; PCI at start-up: gives every function of bus 0 its windows, its interrupt and
; its command bits, and sets up the parts of the PIIX that software expects
; firmware to have set up.
;
; BX = function, DI = register, as in pci.asm; ESI = next free address of
; memory windows, EBP = of port windows.

PCI_MEMORY_FIRST equ    0E0000000h
PCI_PORTS_FIRST equ     0C000h
PCI_LAST_BAR    equ     24h
ID_PIIX3        equ     70008086h
ID_PIIX4_PM     equ     71138086h
PM_PORTS        equ     0B000h
SMB_PORTS       equ     0B100h
SCI_IRQ         equ     9
ELCR_HIGH       equ     4D1h            ; IRQ 8 to 15
ELCR_LEVELS     equ     0Eh             ; 9, 10 and 11 are level-triggered

        cpu     386

pci_setup:
        push    es
        call    load_ebda
        test    byte [es:E_CONFIG], CFG_PCI
        pop     es
        jz      .done
        pushad
        mov     esi, PCI_MEMORY_FIRST
        mov     ebp, PCI_PORTS_FIRST
        xor     bx, bx
.function:
        xor     di, di
        call    pci_read_word
        inc     ax
        jz      .next
        call    pci_give_windows
        call    pci_give_interrupt
        call    pci_set_board
.next:
        call    pci_next
        jnc     .function
        popad
.done:
        ret

; Register = AX, EAX. Destroys DX.
pci_write_word:
        call    pci_port
        out     dx, ax
        ret
pci_write_dword:
        call    pci_port
        out     dx, eax
        ret

; Sizes and places the windows of a function that is no bridge, then lets it
; decode them and master the bus. Destroys EAX, ECX, DX, DI.
pci_give_windows:
        mov     di, 0Eh
        call    pci_read_byte
        test    al, 7Fh
        jnz     .done                   ; not a plain header
        mov     di, 0Ah
        call    pci_read_word
        cmp     ah, 06h
        je      .done                   ; a bridge
        mov     cl, 04h                 ; command bits: master
        cmp     ah, 03h
        jne     .move
        or      cl, 03h                 ; VGA: its fixed ports and windows
.move:
        mov     di, 04h
        call    pci_read_word
        and     al, 0F8h                ; off while the windows move
        call    pci_write_word
        mov     di, 10h
.bar:
        mov     eax, -1
        call    pci_write_dword
        call    pci_read_dword
        or      eax, eax
        jz      .next
        test    al, 01h
        jnz     .ports
        or      cl, 02h
        mov     ch, al
        and     al, 0F0h                ; EAX = -size
        call    pci_place_memory
        and     ch, 06h
        cmp     ch, 04h                 ; 64 bits: the upper half is 0
        jne     .next
        add     di, 4
        xor     eax, eax
        call    pci_write_dword
        jmp     .next
.ports:
        or      cl, 01h
        or      eax, 0FFFF0000h
        and     al, 0FCh
        xchg    esi, ebp
        call    pci_place_memory
        xchg    esi, ebp
.next:
        add     di, 4
        cmp     di, PCI_LAST_BAR
        jbe     .bar
        mov     di, 04h
        call    pci_read_word
        or      al, cl
        call    pci_write_word
.done:
        ret

; EAX = -size: the window gets the next free place from ESI on. Destroys EAX,
; DX.
pci_place_memory:
        sub     esi, eax                ; up to a multiple of the size
        dec     esi
        and     esi, eax
        push    eax
        mov     eax, esi
        call    pci_write_dword
        pop     eax
        sub     esi, eax
        ret

; Interrupt line of a function that has a pin. Destroys AX, DX, DI, CL.
pci_give_interrupt:
        mov     di, 3Dh
        call    pci_read_byte
        or      al, al
        jz      .done
        mov     cl, bl
        shr     cl, 3
        add     al, cl
        sub     al, 2                   ; (device - 1 + pin - 1) mod 4
        and     ax, 3
        mov     di, ax
        mov     al, [cs:di + pirq_lines]
        mov     di, 3Ch
        call    pci_write_byte
.done:
        ret

pirq_lines:
        db      10, 10, 11, 11          ; PIRQA to PIRQD

; The chips of the board itself. Destroys EAX, CX, DX, DI.
pci_set_board:
        xor     di, di
        call    pci_read_dword
        cmp     eax, ID_PIIX3
        je      .router
        cmp     eax, ID_PIIX4_PM
        je      .power
        ret
.router:
        mov     di, 60h
        xor     cx, cx
.route:
        push    di
        mov     di, cx
        mov     al, [cs:di + pirq_lines]
        pop     di
        call    pci_write_byte
        inc     di
        inc     cx
        cmp     cl, 4
        jb      .route
        mov     dx, ELCR_HIGH
        mov     al, ELCR_LEVELS
        out     dx, al
        ret
.power:
        mov     eax, PM_PORTS + 1
        mov     di, 40h
        call    pci_write_dword
        mov     al, 01h
        mov     di, 80h
        call    pci_write_byte
        mov     eax, SMB_PORTS + 1
        mov     di, 90h
        call    pci_write_dword
        mov     al, 09h                 ; decode; interrupts as SCI
        mov     di, 0D2h
        call    pci_write_byte
        mov     al, SCI_IRQ
        mov     di, 3Ch
        jmp     pci_write_byte

        cpu     8086
