; The screen of the start-up.

; The machine's and the processor's name. Destroys all but BP.
screen_title:
        mov     si, text_title
        call    put_text
        mov     si, text_processor
        call    put_text
        call    cpu_show
        test    word [B_EQUIP], 0002h
        jz      .done
        mov     si, text_with_fpu
        call    put_text
.done:
        ret

; Destroys AX, DX, SI, ES.
screen_memory:
        mov     si, text_memory
        call    put_text
        mov     ax, [B_MEMORY]
        xor     dx, dx
        call    put_number
        mov     si, text_base
        call    put_text
        call    load_ebda
        mov     ax, [es:E_EXT_KB]
        mov     dx, [es:E_EXT_KB + 2]
        mov     si, ax
        or      si, dx
        jz      .done
        mov     si, text_comma
        call    put_text
        call    put_number
        mov     si, text_extended
        call    put_text
.done:
        ret

; Destroys AX, BX, DX, SI.
screen_floppies:
        mov     dl, 0
.next:
        call    fdc_type
        jz      .absent
        mov     si, text_floppy_line
        call    put_text
        mov     bl, al
        mov     al, dl
        add     al, 'A'
        call    put_char
        mov     si, text_floppy_gap
        call    put_text
        mov     bh, 0
        shl     bx, 1
        mov     si, [cs:bx + screen_types - 2]
        call    put_text
.absent:
        inc     dx
        cmp     dl, 2
        jb      .next
        ret

screen_types:
        dw      text_type_1, text_type_2, text_type_3, text_type_4, text_type_5

; The disks, the first CD-ROM drive, and the order of the boot. Destroys all but
; BP.
screen_disks:
        mov     bl, 0
.next:
        cmp     bl, [B_HDCOUNT]
        jae     .cd
        mov     si, text_disk_line
        call    put_text
        mov     al, bl
        add     al, 80h
        call    put_hex
        mov     si, text_disk_gap
        call    put_text
        call    screen_disk_name
        inc     bl
        jmp     .next
.cd:
        call    load_ebda
        mov     al, [es:E_CDROM]
        cmp     al, 0FFh
        je      .order
        mov     si, text_cd_line
        call    put_text
        shr     al, 1
        add     al, '1'
        call    put_char
.order:
        mov     si, text_keys
        call    put_text
        call    boot_order
        xor     bx, bx
.device:
        mov     al, [es:E_ORDER + bx]
        and     ax, 0Fh
        jz      .end
        or      bx, bx
        jz      .name
        mov     si, text_comma
        call    put_text
.name:
        mov     si, ax
        shl     si, 1
        mov     si, [cs:si + screen_order - 2]
        call    put_text
        inc     bx
        cmp     bx, 4
        jb      .device
.end:
        mov     si, text_keys_end
        jmp     put_text

screen_order:
        dw      text_order_1, text_order_2, text_order_3, text_order_4

; BL = number of a disk: its model and size. Destroys AX, CX, DX, SI, DI, ES.
screen_disk_name:
        push    bx
        call    load_ebda
        mov     bh, 0
        mov     al, [es:E_DISK_MAP + bx]
        mov     ah, D_SIZE
        mul     ah
        add     ax, E_DISKS
        mov     di, ax
        lea     si, [di + D_NAME]
        mov     cx, 40
        call    put_field
        mov     si, text_comma
        call    put_text
        mov     ax, [es:di + D_TOTAL + 1]   ; sectors / 256
        mov     dx, [es:di + D_TOTAL + 3]
        mov     cx, 3
        call    .shift                  ; MiB
        mov     si, text_mb
        or      dx, dx
        jnz     .large
        cmp     ax, 10240
        jb      .show
.large:
        mov     cx, 10
        call    .shift
        mov     si, text_gb
.show:
        call    put_number
        call    put_text
        pop     bx
        ret
.shift:
        shr     dx, 1
        rcr     ax, 1
        loop    .shift
        ret
