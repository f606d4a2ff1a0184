; The kernel loader: an option ROM that starts the kernel of -kernel. What goes
; where is decided by the machine before the start (machine/kernel.c) and
; written into a block; the parts themselves are items of the configuration
; device (fw_cfg), which puts them into memory. Left for here is what only the
; BIOS knows: the map of the memory, the video modes.
;
; A BIOS with Plug and Play finds the boot entry in the header below; for any
; other the ROM takes INT 19h. The kernel may be of Linux (real-mode entry) or a
; multiboot one; needs a 386.
;
; After: Plug and Play BIOS specification 1.0A, section 3; BIOS boot
; specification 1.01; Linux, Documentation/x86/boot.rst; Multiboot 0.6.96;
; QEMU, docs/specs/fw_cfg.
        cpu     386
        bits    16
        org     0

%include "defs.inc"

ROM_BLOCKS      equ     (rom_end - rom_start) / 512

rom_start:
        db      55h, 0AAh, ROM_BLOCKS
        jmp     near init
        times   18h - ($ - rom_start) db 0
        dw      0                       ; no PCI header
        dw      pnp_header
        times   20h - ($ - rom_start) db 0
pnp_header:
        db      "$PnP", 1, 2            ; version, paragraphs
        dw      0                       ; next header
        db      0
        db      -(132h + 1 + 2 + 2 + name_sum + boot_sum) & 0FFh
        dd      0                       ; no identifier
        dw      0                       ; nor a manufacturer
        dw      product
        db      0, 0, 0                 ; kind of device
        db      2                       ; may start the computer
        dw      0, 0                    ; no connection vector, no way back
        dw      boot
        dw      0, 0
product:
        db      "Kernel of the command line", 0
        db      0
name_sum        equ     ((product - rom_start) & 0FFh) + \
                        ((product - rom_start) >> 8)
boot_sum        equ     ((boot - rom_start) & 0FFh) + \
                        ((boot - rom_start) >> 8)

; Called once at start-up, ES:DI = the BIOS's Plug and Play structure, if it has
; one. -> AX = 20h: here is something to start from.
init:
        cmp     dword [es:di], "$PnP"
        je      .done
        push    ds
        push    0
        pop     ds
        cli
        mov     word [19h * 4], boot
        mov     [19h * 4 + 2], cs
        sti
        pop     ds
.done:
        mov     ax, 20h
        retf

; The boot entry. Does not come back, unless the kernel cannot be loaded: then
; the next device has its turn.
boot:
        cli
        cld
        mov     ax, WORK
        mov     ss, ax
        mov     sp, STACK_TOP
        mov     ds, ax
        mov     es, ax
        sti
        mov     si, text_starting
        call    put_text
        call    open_a20
        mov     eax, ITEM_BLOCK
        xor     ebx, ebx
        mov     edi, WORK * 16 + BLOCK
        mov     ecx, BLOCK_BYTES
        call    fetch
        cmp     byte [BLOCK + B_KIND], KIND_MULTIBOOT
        je      multiboot

linux:
        test    word [BLOCK + B_FLAGS], FLAG_PLACE
        jz      .placed
        call    place_last
        jc      no_room
.placed:
        xor     bp, bp
        call    fetch_rows
        mov     ebx, [BLOCK + B_BASE]
        shr     ebx, 4                  ; its segment
        test    word [BLOCK + B_FLAGS], FLAG_PLACE
        jz      .start
        call    last_row                ; the header learns where it is
        mov     es, bx
        mov     eax, [si + ROW_ADDRESS]
        mov     [es:218h], eax
        mov     eax, [si + ROW_BYTES]
        mov     [es:21Ch], eax
.start:
        cli
        mov     ax, [BLOCK + B_STACK]
        mov     ss, bx
        mov     sp, ax
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        add     bx, 20h
        push    bx
        push    0
        retf

no_room:
        mov     si, text_no_room
give_up:
        call    put_text
        int     18h
        jmp     $

%include "fetch.inc"
%include "memory.inc"
%include "multiboot.inc"
%include "video.inc"

; CS:SI = text. Destroys AX, BX, SI.
put_text:
        cs lodsb
        or      al, al
        jz      .done
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        jmp     put_text
.done:
        ret

text_starting:
        db      "Starting the kernel...", 13, 10, 0
text_no_room:
        db      "The initrd finds no room; give the machine more memory (-m)."
        db      13, 10, 0

        align   512, db 0
rom_sum:
        times   511 db 0
        db      0                       ; the sum comes here
rom_end:
