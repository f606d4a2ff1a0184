; Start-up: what the processor does after reset until INT 19h.
;
; Progress on port 80h: 01 begins, 02 memory counted, 03 vectors and data areas,
; 04 interrupt controllers, timers, DMA, 05 CMOS, 06 PCI and shadow RAM,
; 07 keyboard, 08 interrupts on, 09 ports, 0A video, 0B extended memory,
; 0C floppies, 0D disks, 0E mouse, 0F other ROMs, 10 boot.

POST_STACK      equ     7000h           ; 0:7000 downwards
RESET_WARM      equ     1234h           ; 40:72: no test of the memory
RESET_KEEP      equ     4321h           ; its contents stay
BASE_LIMIT      equ     640             ; KiB

post:
        cli
        cld
        mov     al, 80h | CMOS_SHUTDOWN
        out     CMOS_INDEX, al
        io_pause
        in      al, CMOS_DATA
        mov     bl, al
        mov     al, 80h | CMOS_SHUTDOWN
        out     CMOS_INDEX, al
        io_pause
        xor     al, al
        out     CMOS_DATA, al
        mov     ax, BDA
        mov     ds, ax
        xor     bh, bh
        cmp     bl, SHUTDOWN_LAST
        ja      post_cold
        shl     bx, 1
        jz      post_cold
        mov     es, [B_EBDA]            ; INIT switched the local APIC off
        cmp     byte [es:E_CPU], CPU_CPUID
        je      apic_resume
post_resume:
        jmp     [cs:bx + shutdown_table]

; What the shutdown code in CMOS register 0Fh asks for. A program that left
; protected mode by a reset comes back through these.
shutdown_table:
        dw      post_cold, post_cold, post_cold, post_cold
        dw      shutdown_boot           ; 04: INT 19h
        dw      shutdown_jump_eoi       ; 05: jump to 40:67 after an EOI
        dw      post_cold, post_cold, post_cold
        dw      move_resume             ; 09: INT 15h AH=87h goes on
        dw      shutdown_jump           ; 0A: jump to 40:67
        dw      shutdown_iret           ; 0B: IRET with the stack of 40:67
        dw      shutdown_retf           ; 0C: far return with it
SHUTDOWN_LAST   equ     0Ch

shutdown_boot:
        xor     ax, ax
        mov     ss, ax
        mov     sp, POST_STACK
        call    cmos_park
        sti
        int     19h

shutdown_jump_eoi:
        in      al, KBC_DATA            ; the byte that may have been lost
        mov     al, EOI
        out     PIC2_CMD, al
        out     PIC1_CMD, al
shutdown_jump:
        mov     al, CMOS_REG_D          ; NMI on
        out     CMOS_INDEX, al
        jmp     far [B_RESUME]

shutdown_iret:
        mov     al, CMOS_REG_D
        out     CMOS_INDEX, al
        mov     ss, [B_RESUME + 2]
        mov     sp, [B_RESUME]
        iret

shutdown_retf:
        mov     al, CMOS_REG_D
        out     CMOS_INDEX, al
        mov     ss, [B_RESUME + 2]
        mov     sp, [B_RESUME]
        retf

post_cold:
        progress 01h
        xor     ax, ax
        mov     ss, ax
        mov     sp, POST_STACK
        mov     al, PIC_ALL             ; nothing may come in yet
        out     PIC1_MASK, al
        out     PIC2_MASK, al
        call    memory_base
        mov     bx, ax
        mov     al, CMOS_BASE
        call    cmos_read_word
        dec     ax                      ; 0: not set
        cmp     ax, BASE_LIMIT
        jae     .counted
        inc     ax
        cmp     ax, bx
        jae     .counted
        mov     bx, ax
.counted:
        mov     ax, BDA
        mov     ds, ax
        mov     dx, [B_RESET]
        progress 02h
        call    memory_clear
        mov     [B_RESET], dx
        dec     bx                      ; the last KiB is the EBDA
        mov     [B_MEMORY], bx
        mov     ax, bx
        shln    ax, 6
        mov     [B_EBDA], ax
        call    load_ebda
        xor     di, di
        mov     cx, E_BYTES / 2
        xor     ax, ax
        rep stosw
        mov     byte [es:E_SIZE], E_BYTES / 1024
        call    ivt_setup
        call    bda_setup
        progress 03h
        call    post_chips
        call    post_devices
        progress 10h
        call    boot_menu
        int     19h
PIC_ALL         equ     0FFh

; BX = KiB of base memory, DX = the reset flag: clears the memory, without the
; part of the stack that is in use, or, when it is to keep, only the data areas.
; Destroys AX, CX, DI, ES.
memory_clear:
        push    bx
        xor     ax, ax
        mov     es, ax
        xor     di, di
        mov     cx, 600h / 2
        rep stosw
        cmp     dx, RESET_KEEP
        je      .done
        mov     cx, (POST_STACK - 100h - 600h) / 2
        rep stosw
        mov     di, POST_STACK
        mov     cx, (4000h * 4 - POST_STACK) / 2
        rep stosw                       ; segment 0 is done
        shrn    bx, 4                   ; blocks of 16 KiB
        sub     bx, 4
        jbe     .done
        mov     ax, 1000h
.block:
        mov     es, ax
        push    ax
        xor     ax, ax
        xor     di, di
        mov     cx, 2000h
        rep stosw
        pop     ax
        add     ax, 400h
        dec     bx
        jnz     .block
.done:
        pop     bx
        ret

; The processor and the chips everything else needs. Interrupts are on
; afterwards. Destroys all.
post_chips:
        call    cpu_detect
        call    load_ebda
        mov     [es:E_CPU], al
        mov     bx, 0870h
        call    pic_setup
        call    pit_setup
        call    dma_setup
        call    get_cpu
        cmp     al, CPU_CPUID
        jb      .no_apic
        call    apic_setup
.no_apic:
        progress 04h
        call    cmos_setup
        progress 05h
        call    get_cpu
        jb      .no_pci
        call    pci_detect
        call    shadow_bios
        call    pci_setup
.no_pci:
        mov     al, 0
        call    a20_set
        call    fpu_detect
        jz      .no_fpu
        or      word [B_EQUIP], 0002h
.no_fpu:
        progress 06h
        call    keyboard_setup
        progress 07h
        call    ticks_from_clock
        call    pic_open
        call    cmos_park               ; NMI on
        sti
        progress 08h
        ret

; Everything that can be missing. Destroys all.
post_devices:
        call    serial_detect
        shln    ax, 9
        and     ax, 0E00h
        or      [B_EQUIP], ax
        call    printer_detect
        xor     ah, ah
        shln    ax, 14
        or      [B_EQUIP], ax
        progress 09h
        call    get_cpu
        jb      .no_adapter
        call    pci_video_rom
.no_adapter:
        mov     ax, ROM_FIRST
        mov     bx, ROM_VIDEO_END
        call    rom_scan
        push    ax                      ; where the other ROMs begin
        call    video_fallback
        progress 0Ah
        call    screen_title
        call    memory_extended
        call    screen_memory
        call    get_cpu
        jb      .no_tables
        call    tables_setup
.no_tables:
        progress 0Bh
        call    floppy_setup
        call    screen_floppies
        progress 0Ch
        call    ata_detect
        call    screen_disks
        progress 0Dh
        call    mouse_detect
        progress 0Eh
        pop     ax
        mov     bx, ROM_END
        call    rom_scan
        call    get_cpu
        jb      .locked
        call    shadow_lock
.locked:
        progress 0Fh
        ret

; Interrupt vectors. Destroys AX, CX, SI, DI, ES.
ivt_setup:
        xor     ax, ax
        mov     es, ax
        xor     di, di
        mov     cx, 78h
.ignore:
        mov     ax, int_ignore
        stosw
        mov     ax, cs
        stosw
        loop    .ignore
        mov     si, ivt_table
.next:
        cs lodsb
        mov     ah, 0
        shln    ax, 2
        mov     di, ax
        cs movsw
        cmp     si, ivt_table_end
        jb      .next
        xor     ax, ax
        mov     cx, 8 * 2
        mov     di, 60h * 4             ; 60h-67h are the programs'
        rep stosw
        mov     [es:1Fh * 4], ax        ; the upper half of a font: none yet
        mov     [es:1Fh * 4 + 2], ax
        mov     ax, [B_EBDA]
        mov     word [es:41h * 4], E_DISK0_TABLE
        mov     [es:41h * 4 + 2], ax
        mov     word [es:46h * 4], E_DISK1_TABLE
        mov     [es:46h * 4 + 2], ax
        ret

%macro vector 2
        db      %1
        dw      %2
%endmacro
ivt_table:
        vector  02h, entry_nmi
        vector  05h, entry_int05
        vector  08h, entry_int08
        vector  09h, entry_int09
        vector  0Ah, irq_default
        vector  0Bh, irq_default
        vector  0Ch, irq_default
        vector  0Dh, irq_default
        vector  0Eh, entry_int0e
        vector  0Fh, irq_default
        vector  10h, entry_int10
        vector  11h, entry_int11
        vector  12h, entry_int12
        vector  13h, entry_int13
        vector  14h, entry_int14
        vector  15h, entry_int15
        vector  16h, entry_int16
        vector  17h, entry_int17
        vector  18h, int18_handler
        vector  19h, entry_int19
        vector  1Ah, entry_int1a
        vector  1Dh, entry_video_table
        vector  1Eh, entry_dpt
        vector  40h, entry_int40
        vector  70h, int70_handler
        vector  71h, int71_handler
        vector  72h, irq_default
        vector  73h, irq_default
        vector  74h, int74_handler
        vector  75h, int75_handler
        vector  76h, int76_handler
        vector  77h, int76_handler
ivt_table_end:

; BIOS data area, which is zero so far. Destroys AX, DI, ES.
bda_setup:
        mov     word [B_KHEAD], B_KBUF
        mov     word [B_KTAIL], B_KBUF
        mov     word [B_KSTART], B_KBUF
        mov     word [B_KEND], B_KBUF + 32
        mov     word [B_LPT_WAIT], 1414h
        mov     word [B_LPT_WAIT + 2], 1414h
        mov     word [B_COM_WAIT], 0101h
        mov     word [B_COM_WAIT + 2], 0101h
        mov     byte [B_KFLAGS3], K3_101
        ret

; Keyboard and its controller, while their interrupt is masked. A keyboard that
; does not answer leaves the rest working. Destroys AX, CX, ES.
keyboard_setup:
        call    load_ebda
        mov     byte [es:E_KBC_MODE], KBC_MODE
        mov     word [es:E_KEYBOARD], 41ABh
        mov     byte [es:E_TYPEMATIC], 2Bh
        call    kbc_init
        jc      .done
        mov     al, 0FFh                ; reset
        call    kbc_ask_keyboard
        jc      .done
        mov     cx, 50000               ; its self test may take 750 ms
        call    kbc_read
        mov     al, 0F2h                ; identity: two bytes, or none from an
        call    kbc_ask_keyboard        ; 84-key keyboard
        jc      .done
        mov     cx, 700                 ; 10 ms
        call    kbc_read
        jc      .plain
        push    ax
        mov     cx, 700
        call    kbc_read
        pop     cx
        jc      .plain
        mov     ah, al
        mov     al, cl
        mov     [es:E_KEYBOARD], ax
.done:
        mov     al, KBC_MODE            ; its interrupt on
        jmp     kbc_set_mode
.plain:
        and     byte [B_KFLAGS3], ~K3_101
        mov     word [es:E_KEYBOARD], 0
        jmp     .done

; Floppy drives by the CMOS, when there is a controller for them. Destroys AX,
; BX, CX, DX, ES.
floppy_setup:
        call    floppy_drives
        cmp     al, 1
        jb      .done
        dec     ax                      ; drives - 1
        shln    al, 6
        or      al, 01h
        or      [B_EQUIP], al
        mov     dl, 0
        call    fdc_type
        call    .info
        mov     [B_FDINFO], al
        mov     dl, 1
        call    fdc_type
        call    .info
        shln    al, 4
        or      [B_FDINFO], al
        mov     dl, 0
        call    fdc_type
        jz      .reset
        mov     bl, al                  ; INT 1Eh: the table of drive A
        mov     bh, 0
        shl     bx, 1
        mov     ax, [cs:bx + floppy_tables - 2]
        xor     bx, bx
        mov     es, bx
        mov     [es:1Eh * 4], ax
.reset:
        mov     dx, FDC_MSR
        in      al, dx
        cmp     al, 0FFh                ; no controller: no wait for it
        je      .done
        mov     dl, 0
        call    fdc_reset
        mov     byte [B_FDSTATUS], 0
.done:
        ret
.info:                                  ; AL = type -> what 40:8F says of it
        or      al, al
        jz      .known
        cmp     al, 2
        mov     al, 04h                 ; known, 40 cylinders, no change line
        jb      .known
        mov     al, 07h
.known:
        ret
