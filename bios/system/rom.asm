; Option ROMs: found by their header on every 2 KiB from C0000h on, checked, and
; called at offset 3.

ROM_FIRST       equ     0C000h
ROM_VIDEO_END   equ     0C800h
ROM_END         equ     0F000h

; AX = segment -> CF = 0: a good ROM starts there, CX = its length in 512 bytes.
; Destroys nothing else.
rom_check:
        push    ax
        push    bx
        push    dx
        push    si
        push    ds
        mov     ds, ax
        cmp     word [0], 0AA55h
        jne     .no
        mov     cl, [2]
        mov     ch, 0
        jcxz    .no
        push    cx
        mov     dl, 0
.block:
        xor     si, si
        mov     bx, cx
        mov     cx, 512
.byte:
        lodsb
        add     dl, al
        loop    .byte
        mov     ax, ds
        add     ax, 20h
        mov     ds, ax
        mov     cx, bx
        loop    .block
        pop     cx
        or      dl, dl
        jz      .done                   ; CF = 0
.no:
        stc
.done:
        pop     ds
        pop     si
        pop     dx
        pop     bx
        pop     ax
        ret

; AX = first segment, BX = end: calls every ROM between them. -> AX = where the
; scan ended. Destroys all but BP.
rom_scan:
        cmp     ax, bx
        jae     .done
        call    rom_check
        jc      .none
        push    ax
        push    bx
        call    rom_start
        pop     bx
        pop     ax
        push    ds
        mov     ds, ax
        mov     cl, [2]                 ; it may have shrunk
        pop     ds
        mov     ch, 0
        add     cx, 3                   ; whole blocks of 2 KiB
        shrn    cx, 2
        jnz     .skip
        inc     cx
.skip:
        shln    cx, 7
        add     ax, cx
        jmp     rom_scan
.none:
        add     ax, 80h
        jmp     rom_scan
.done:
        ret

; AX = segment of a ROM, CX = its length: calls it. From the 386 on it finds what
; ROMs for PCI count on: RAM to write to, line A20 open, and segments without
; limits. Destroys all but BP.
rom_start:
        push    bp
        mov     es, ax
        push    cs                      ; where its far return leads
        mov     ax, .back
        push    ax
        push    es                      ; ROM:3
        mov     ax, 3
        push    ax
        call    get_cpu
        jb      .small
        call    shadow_rom
        mov     al, 1
        call    a20_set
        cli
        mov     ax, big_selector
        call    load_all_protected
        mov     ax, BDA
        mov     ds, ax
.small:
        call    rom_device              ; AX = what a PCI ROM expects
        xor     di, di                  ; ES:DI: no Plug and Play here
        mov     es, di
        sti
        retf
.back:
        cld
        mov     ax, BDA
        mov     ds, ax
        call    get_cpu
        jb      .done
        cli
        mov     ax, real_selector
        call    load_all_protected
        mov     ax, BDA
        mov     ds, ax
        mov     al, 0
        call    a20_set
        sti
.done:
        pop     bp
        ret

; -> AX = bus, device, function of the first VGA controller, 0 without PCI.
; Destroys CX, DX, SI, DI.
rom_device:
        push    bx
        push    es
        xor     bx, bx
        call    load_ebda
        test    byte [es:E_CONFIG], CFG_PCI
        jz      .done
        cpu     386
        push    eax
.next:
        mov     di, 08h
        call    pci_read_dword
        shr     eax, 8
        cmp     eax, 030000h            ; VGA compatible
        je      .found
        call    pci_next
        jnc     .next
        xor     bx, bx
.found:
        pop     eax
        cpu     8086
.done:
        mov     ax, bx
        pop     es
        pop     bx
        ret
