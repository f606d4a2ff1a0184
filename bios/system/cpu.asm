; Which processor this is.

; -> AL = CPU_*. Destroys AH, BX.
cpu_detect:
        push    sp                      ; up to the 80186: SP after the push
        pop     ax
        cmp     ax, sp
        mov     al, CPU_8086
        jne     .done
        cpu     286
        pushf
        pop     ax
        mov     bx, ax
        or      ah, 70h                 ; the 286 holds these flags at 0
        push    ax
        popf
        pushf
        pop     ax
        push    bx
        popf
        test    ah, 70h
        mov     al, CPU_286
        jz      .done
        cpu     386
        mov     ebx, 1 << 18            ; AC: 486
        call    cpu_flag_moves
        mov     al, CPU_386
        jz      .done
        mov     ebx, 1 << 21            ; ID: CPUID
        call    cpu_flag_moves
        mov     al, CPU_486
        jz      .done
        mov     al, CPU_CPUID
.done:
        ret

; EBX = flag -> ZF = 0: it can be changed. Destroys EAX.
cpu_flag_moves:
        push    ecx
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, ebx
        push    eax
        popfd
        pushfd
        pop     eax
        push    ecx
        popfd
        xor     eax, ecx
        test    eax, ebx
        pop     ecx
        ret
        cpu     8086

; -> ZF = 0: a coprocessor answers. Destroys AX, BX.
fpu_detect:
        push    ds
        xor     ax, ax
        mov     ds, ax
        push    word [07h * 4]          ; a processor may say "none" so
        mov     word [07h * 4], .none
        mov     ax, 5A5Ah
        push    ax                      ; the word that FNSTSW writes
        mov     bx, sp
        fninit
        fnstsw  [ss:bx]
.none:
        mov     sp, bx                  ; drops an exception's frame
        pop     ax
        pop     word [07h * 4]
        pop     ds
        cmp     al, 0                   ; the status after FNINIT
        mov     al, 0
        jne     .done
        inc     ax
.done:
        or      al, al
        ret

; Shows the processor's name. Destroys AX, BX, CX, DX, SI.
cpu_show:
        call    get_cpu
        cmp     al, CPU_CPUID
        jae     cpu_show_identity
        mov     si, text_8086
        cmp     al, CPU_286
        jb      .show
        mov     si, text_80286
        je      .show
        mov     si, text_80386
        cmp     al, CPU_386
        je      .show
        mov     si, text_80486
.show:
        jmp     put_text

        cpu     586
; The brand string, or the family's name.
cpu_show_identity:
        mov     eax, 80000000h
        cpuid
        cmp     eax, 80000004h
        jb      .family
        cmp     eax, 80010000h          ; anything else is no extended leaf
        jae     .family
        mov     esi, 80000002h
.leaf:
        mov     eax, esi
        cpuid
        call    .four
        mov     eax, ebx
        call    .four
        mov     eax, ecx
        call    .four
        mov     eax, edx
        call    .four
        inc     esi
        cmp     esi, 80000004h
        jbe     .leaf
        ret
.four:                                  ; EAX = four characters
        mov     di, 4
.character:
        cmp     al, ' '
        jb      .next
        call    put_char
.next:
        shr     eax, 8
        dec     di
        jnz     .character
        ret
.family:
        mov     eax, 1
        cpuid
        mov     al, ah
        and     al, 0Fh
        mov     si, cpu_families
.find:
        cmp     al, [cs:si]
        je      .found
        add     si, 3
        cmp     si, cpu_families_end
        jb      .find
        mov     si, text_x86
        jmp     put_text
.found:
        mov     si, [cs:si + 1]
        jmp     put_text
        cpu     8086

cpu_families:
        db      4
        dw      text_80486
        db      5
        dw      text_pentium
        db      6
        dw      text_p6
        db      15
        dw      text_pentium4
cpu_families_end:
