; PCI: configuration mechanism 1, INT 1Ah AH=B1h. All of it needs a 386.
;
; BX = bus * 256 + device * 8 + function, DI = register, throughout.

PCI_ADDRESS     equ     0CF8h
PCI_DATA        equ     0CFCh
PCI_OK          equ     00h             ; AH of INT 1Ah
PCI_NO_FUNCTION equ     81h
PCI_BAD_VENDOR  equ     83h
PCI_NOT_FOUND   equ     86h
PCI_BAD_REGISTER equ    87h
PCI_TOO_SMALL   equ     89h

; INT 1Ah AH=B1h. The bus was only found by a processor that can use it.
pci_service:
        call    load_ebda
        test    byte [es:E_CONFIG], CFG_PCI
        jz      service_fail            ; as without a PCI BIOS
        mov     al, [bp + FR_AL]
        cmp     al, 0Eh
        ja      .unknown
        mov     bx, [bp + FR_BX]
        mov     di, [bp + FR_DI]
        mov     si, ax
        and     si, 0FFh
        shl     si, 1
        call    [cs:si + pci_functions] ; -> AH = result
.end:
        mov     [bp + FR_AH], ah
        or      ah, ah
        jnz     service_fail
        call    service_ok_flag
        jmp     service_return
.unknown:
        mov     ah, PCI_NO_FUNCTION
        jmp     .end

        cpu     386

; At start-up, on a 386: is there a bus? Sets CFG_PCI. Destroys AX, DX.
pci_detect:
        push    eax
        mov     dx, PCI_ADDRESS
        mov     eax, 80000000h
        out     dx, eax
        in      eax, dx
        cmp     eax, 80000000h
        pop     eax
        jne     .done
        mov     dx, PCI_DATA
        in      ax, dx
        inc     ax
        jz      .done                   ; no host bridge
        push    es
        call    load_ebda
        or      byte [es:E_CONFIG], CFG_PCI
        mov     byte [es:E_PCI_LAST], 0
        pop     es
.done:
        ret

; Selects the double word of register DI. Keeps all.
pci_select:
        push    eax
        push    dx
        mov     dx, di
        movzx   eax, bx
        shl     eax, 8
        mov     al, dl
        and     al, 0FCh
        or      eax, 80000000h
        mov     dx, PCI_ADDRESS
        out     dx, eax
        pop     dx
        pop     eax
        ret

; -> DX = port of register DI's bytes. Keeps the rest.
pci_port:
        call    pci_select
        mov     dx, di
        and     dx, 3
        add     dx, PCI_DATA
        ret

; -> AL, AX, EAX = register. Destroys DX.
pci_read_byte:
        call    pci_port
        in      al, dx
        ret
pci_read_word:
        call    pci_port
        in      ax, dx
        ret
pci_read_dword:
        call    pci_port
        in      eax, dx
        ret

; Register = AL. Destroys DX.
pci_write_byte:
        call    pci_port
        out     dx, al
        ret

; BX = function: steps to the next one of the bus that may be there. CF = 1:
; that was the last. Destroys AX, DX, DI.
pci_next:
        test    bl, 07h
        jnz     .function
        mov     di, 0Eh                 ; header: has it more functions?
        call    pci_read_byte
        cmp     al, 0FFh                ; there is not even this one
        je      .device
        test    al, 80h
        jnz     .function
.device:
        add     bl, 8
        jmp     .checked
.function:
        inc     bl
.checked:
        cmp     bl, 1                   ; CF = 1: it went round to 0
        ret

pci_functions:
        dw      pci_none, pci_present, pci_find_device, pci_find_class
        dw      pci_none, pci_none, pci_none, pci_none
        dw      pci_get_byte, pci_get_word, pci_get_dword
        dw      pci_set_byte, pci_set_word, pci_set_dword
        dw      pci_get_routes

pci_none:
        mov     ah, PCI_NO_FUNCTION
        ret

; AL = 01h: -> EDX = 'PCI ', AL = 1: mechanism 1, BX = version 2.10, CL = last
; bus.
pci_present:
        mov     edx, 20494350h
        mov     [bp + FR_DX], dx
        mov     edi, 0F0000h + (bios32_pci - $$)
        mov     [bp + FR_DI], di        ; its entry for protected mode
        mov     byte [bp + FR_AL], 01h
        mov     word [bp + FR_BX], 0210h
        mov     al, [es:E_PCI_LAST]
        mov     [bp + FR_CL], al
        mov     ah, PCI_OK
        ret

; AL = 02h: device CX of vendor DX, the SI-th -> BX.
pci_find_device:
        cmp     word [bp + FR_DX], 0FFFFh
        mov     ah, PCI_BAD_VENDOR
        je      .done
        mov     cx, [bp + FR_CX]
        push    ecx
        shl     ecx, 16
        mov     cx, [bp + FR_DX]
        mov     di, 00h
        xor     si, si                  ; all bits count
        call    pci_find
        pop     ecx
.done:
        ret

; AL = 03h: class ECX, the SI-th -> BX.
pci_find_class:
        mov     cx, [bp + FR_CX]
        push    ecx
        and     ecx, 00FFFFFFh
        mov     di, 08h
        mov     si, 8                   ; not the revision below it
        call    pci_find
        pop     ecx
        ret

; ECX = register DI >> SI of the function wanted, the frame's SI-th -> the
; frame's BX, AH = result. Destroys BX, DX.
pci_find:
        push    eax
        xor     bx, bx
        mov     dx, [bp + FR_SI]        ; how many to skip
.next:
        push    dx
        push    di
        mov     di, 0
        call    pci_read_word
        pop     di
        cmp     ax, 0FFFFh
        je      .other
        call    pci_read_dword
        push    cx
        mov     cx, si
        shr     eax, cl
        pop     cx
        cmp     eax, ecx
        jne     .other
        pop     dx
        sub     dx, 1
        jc      .found
        push    dx
.other:
        push    di
        call    pci_next
        pop     di
        pop     dx
        jnc     .next
        pop     eax
        mov     ah, PCI_NOT_FOUND
        ret
.found:
        mov     [bp + FR_BX], bx
        pop     eax
        mov     ah, PCI_OK
        ret

; AL = 08h to 0Dh: register DI of BX -> CL, CX, ECX, or the other way.
pci_get_byte:
        call    pci_check_byte
        jnz     pci_bad_register
        call    pci_read_byte
        mov     [bp + FR_CL], al
        mov     ah, PCI_OK
        ret
pci_get_word:
        call    pci_check_word
        jnz     pci_bad_register
        call    pci_read_word
        mov     [bp + FR_CX], ax
        mov     ah, PCI_OK
        ret
pci_get_dword:
        call    pci_check_dword
        jnz     pci_bad_register
        push    eax
        call    pci_read_dword
        mov     ecx, eax
        pop     eax
        mov     [bp + FR_CX], cx
        mov     ah, PCI_OK
        ret
pci_set_byte:
        call    pci_check_byte
        jnz     pci_bad_register
        mov     al, [bp + FR_CL]
        call    pci_write_byte
        mov     ah, PCI_OK
        ret
pci_set_word:
        call    pci_check_word
        jnz     pci_bad_register
        call    pci_port
        mov     ax, [bp + FR_CX]
        out     dx, ax
        mov     ah, PCI_OK
        ret
pci_set_dword:
        call    pci_check_dword
        jnz     pci_bad_register
        call    pci_port
        push    eax
        mov     cx, [bp + FR_CX]
        mov     eax, ecx
        out     dx, eax
        pop     eax
        mov     ah, PCI_OK
        ret
pci_bad_register:
        mov     ah, PCI_BAD_REGISTER
        ret

; AL = 0Eh: the slots of the routing table into the buffer at ES:DI: its bytes
; (word), then where it is (far pointer) -> the bytes there are, BX = lines that
; are PCI's alone: none.
pci_get_routes:
        push    ds
        push    es
        push    di
        mov     ds, [bp + FR_ES]
        mov     cx, PIR_SLOTS_BYTES
        cmp     [di], cx
        mov     [di], cx
        mov     ah, PCI_TOO_SMALL
        jb      .done
        les     di, [di + 2]
        mov     si, pir_slots
        shr     cx, 1
        cs rep movsw
        mov     word [bp + FR_BX], 0
        mov     ah, PCI_OK
.done:
        pop     di
        pop     es
        pop     ds
        ret

; -> ZF = 1: DI is a register of that size. Keeps all.
pci_check_byte:
        test    di, 0FF00h
        ret
pci_check_word:
        test    di, 0FF01h
        ret
pci_check_dword:
        test    di, 0FF03h
        ret
        cpu     8086
