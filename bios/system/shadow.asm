; Shadow RAM: the 440FX can answer for C0000h-FFFFFh with RAM. The BIOS copies
; itself there, write-protected; option ROMs get RAM that they may write to
; while they set themselves up, and lose the right to it before the boot.
;
; A PAM register holds two fields of bit 0 reads from RAM, bit 1 writes go to
; RAM; without either the bus answers. No mode that mixes ROM and RAM is used
; on the way, so everything is copied through a buffer in base memory.

PAM_FIRST       equ     59h             ; high half: F0000-FFFFF
PAM_OPTION      equ     5Ah             ; two fields of 16 KiB from C0000 on
HOST_BRIDGE     equ     8086h
HOST_440FX      equ     1237h
SHADOW_BUFFER   equ     1000h           ; segment, 64 KiB, free at start-up
SHADOW_CODE     equ     0800h           ; segment of the code that swaps us

        cpu     386

; -> CF = 0, BX = 0: the chip set can do it. Keeps AX.
shadow_present:
        push    es
        call    load_ebda
        test    byte [es:E_CONFIG], CFG_PCI
        pop     es
        jz      .no
        push    eax
        push    dx
        push    di
        xor     bx, bx
        xor     di, di
        call    pci_read_dword
        cmp     eax, HOST_440FX << 16 | HOST_BRIDGE
        pop     di
        pop     dx
        pop     eax
        jne     .no
        clc
        ret
.no:
        stc
        ret

; At start-up: moves the BIOS into RAM. Destroys all but BP.
shadow_bios:
        call    shadow_present
        jc      .done
        push    ds
        push    cs
        pop     ds
        mov     ax, SHADOW_BUFFER
        mov     es, ax
        xor     si, si
        xor     di, di
        mov     cx, 8000h
        rep movsw
        mov     ax, SHADOW_CODE
        mov     es, ax
        mov     si, shadow_swap
        xor     di, di
        mov     cx, shadow_swap_end - shadow_swap
        rep movsb
        mov     di, PAM_FIRST
        call    pci_read_byte           ; the address stays selected
        mov     dx, PCI_DATA + (PAM_FIRST & 3)
        mov     bl, al
        cli
        call    SHADOW_CODE:0
        mov     ax, SHADOW_BUFFER       ; leave no traces
        mov     es, ax
        xor     ax, ax
        xor     di, di
        mov     cx, 8000h
        rep stosw
        pop     ds
.done:
        ret

; Runs in base memory. DX = port of the PAM register, BL = its value.
shadow_swap:
        mov     al, bl
        or      al, 30h                 ; RAM, to write
        out     dx, al
        mov     ax, SHADOW_BUFFER
        mov     ds, ax
        mov     ax, 0F000h
        mov     es, ax
        xor     si, si
        xor     di, di
        mov     cx, 8000h
        rep movsw
        mov     al, bl
        and     al, 0CFh
        or      al, 10h                 ; RAM, to read
        out     dx, al
        xor     si, si
        xor     di, di
        mov     cx, 8000h
        repe cmpsw
        je      .good
        mov     al, bl                  ; no RAM behind it
        out     dx, al
.good:
        retf
shadow_swap_end:

; ES = segment of an option ROM, CX = its length in 512 bytes: moves it into RAM
; that can be written. Keeps all.
shadow_rom:
        pusha
        push    ds
        push    es
        call    shadow_present
        jc      .done
        mov     ax, es
        mov     bp, ax                  ; from here
        mov     dx, cx
        shl     dx, 5
        add     dx, ax                  ; to here
        and     bp, 0FC00h              ; in blocks of 16 KiB
.block:
        call    shadow_block
        add     bp, 400h
        cmp     bp, dx
        jb      .block
.done:
        pop     es
        pop     ds
        popa
        ret

; BP = segment of a block: copies it into RAM, unless it is there. BX = 0.
; Destroys AX, CX, SI, DI, DS, ES.
shadow_block:
        push    dx
        call    shadow_field
        call    pci_read_byte
        mov     ch, 03h
        shl     ch, cl
        test    al, ch
        jnz     .done
        push    ax
        push    cx
        mov     ds, bp
        mov     ax, SHADOW_BUFFER
        mov     es, ax
        call    .copy
        pop     cx
        pop     ax
        or      al, ch
        call    shadow_field
        call    pci_write_byte
        mov     ax, SHADOW_BUFFER
        mov     ds, ax
        mov     es, bp
        call    .copy
.done:
        pop     dx
        ret
.copy:
        xor     si, si
        xor     di, di
        mov     cx, 2000h
        rep movsw
        ret

; BP = segment of a block from C000h to EC00h -> DI = its PAM register, CL =
; lowest bit of its field. Destroys nothing else.
shadow_field:
        push    ax
        mov     ax, bp
        sub     ax, 0C000h
        shr     ax, 10
        mov     cl, al
        and     cl, 1
        shl     cl, 2
        shr     ax, 1
        add     ax, PAM_OPTION
        mov     di, ax
        pop     ax
        ret

; Before the boot: takes the option ROMs the right to write. Destroys AX, BX,
; CX, DX, DI.
shadow_lock:
        call    shadow_present
        jc      .done
        mov     di, PAM_OPTION
.next:
        call    pci_read_byte
        mov     ah, al
        shl     ah, 1
        and     ah, 22h                 ; write bits of what reads from RAM
        not     ah
        and     al, ah
        call    pci_write_byte
        inc     di
        cmp     di, PAM_OPTION + 6
        jb      .next
.done:
        ret
        cpu     8086
