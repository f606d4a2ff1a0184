; A kernel of Linux's boot protocol that checks what its loader did, and ends
; through the exit port: value 0, or the number of the first check that failed.
;   VERSION  e.g. 20Fh; 0: older than versions    HIGH  1: a bzImage
;   OPTIONS  its command line                     INITRD bytes of its initrd
;   MODE     what vga= asks for          LIMIT  end of what the initrd may take
;   KERNEL   bytes of the kernel proper      PREFERRED  where it unpacks to
; The initrd is bytes that count up, modulo 251.
        bits    16
        org     0

%ifndef MODE
%define MODE 0FFFFh
%endif
%if VERSION >= 202h && HIGH
BASE            equ     10000h
HEAP_END        equ     0E000h
%else
BASE            equ     90000h
HEAP_END        equ     9800h
%endif
%if HIGH
PLACE           equ     100000h
%else
PLACE           equ     10000h
%endif
SETUP_SECTORS   equ     4

start:
        times   1F1h - ($ - start) db 0
        db      VERSION ? SETUP_SECTORS : 0
        dw      0
        dd      (kernel_end - kernel) / 16
        dw      0
        dw      0FFFFh                  ; video mode
        dw      0
        dw      0AA55h
        jmp     short check             ; 200h
%if VERSION
        db      "HdrS"
        dw      VERSION
        times   211h - ($ - start) db 0
        db      HIGH
        times   214h - ($ - start) db 0
        dd      PLACE
        times   22Ch - ($ - start) db 0
        dd      LIMIT - 1               ; highest byte of the initrd
        dd      1000h
        db      0, 0
        dw      0
        dd      200                     ; longest command line
        times   258h - ($ - start) db 0
        dq      PREFERRED               ; where it would run
        dd      300000h                 ; and how much it takes there
%endif
        times   264h - ($ - start) db 0
check:
        mov     bp, 1
%macro must 1
        j%+1    %%fine
        jmp     failed
%%fine:
        inc     bp
%endmacro
        mov     ax, cs                  ; 1
        cmp     ax, BASE / 16 + 20h
        must    e
        mov     ax, ds                  ; 2
        cmp     ax, BASE / 16
        must    e
        mov     bx, es                  ; 3
        cmp     ax, bx
        must    e
        mov     bx, ss                  ; 4
        cmp     ax, bx
        must    e
        mov     bx, fs                  ; 5
        cmp     ax, bx
        must    e
        mov     bx, gs                  ; 6
        cmp     ax, bx
        must    e
        cmp     sp, HEAP_END            ; 7
        must    e
        pushf                           ; 8: interrupts are off
        pop     ax
        test    ah, 2
        must    z
        cmp     word [1FAh], MODE       ; 9
        must    e
%if VERSION >= 200h
        cmp     byte [210h], 0FFh       ; 10
        must    e
%else
        inc     bp
%endif
%if VERSION >= 201h
        cmp     word [224h], HEAP_END - 200h
        must    e                       ; 11
        test    byte [211h], 80h
        must    nz                      ; 12
        mov     al, [211h]
        and     al, 1
        cmp     al, HIGH
        must    e                       ; 13
%else
        add     bp, 3
%endif
%if VERSION >= 202h
        cmp     dword [228h], BASE + HEAP_END
        must    e                       ; 14
        inc     bp
%else
        cmp     word [20h], 0A33Fh
        must    e                       ; 14
        cmp     word [22h], HEAP_END
        must    e                       ; 15
%endif
        mov     si, HEAP_END            ; 16: the command line
        mov     di, options
        mov     cx, options_end - options
        repe cmpsb
        must    e
        mov     ax, [kernel_end - 2]    ; 17: zeros behind the set-up part
        cmp     word [7FFEh], 0
        must    e
        sti
        mov     edi, PLACE              ; 18: the kernel, whole
        mov     ecx, kernel_end - kernel
        mov     al, 'K'
        mov     ah, 0
        call    compare
        must    e
%if INITRD
        mov     ecx, [21Ch]             ; 19
        cmp     ecx, INITRD
        must    e
        mov     edi, [218h]             ; 20: on a page
        test    di, 0FFFh
        must    z
        mov     eax, edi                ; 21: above the kernel, below the limit
        cmp     eax, 100000h
        must    ae
        add     eax, ecx                ; 22
        cmp     eax, LIMIT
        must    be
        mov     ah, 1                   ; 23
        mov     al, 0
        call    compare
        must    e
%endif
        mov     bp, 0
failed:
        mov     ax, bp
        out     0F4h, al
        jmp     $

; EDI = address, ECX = bytes, AL = the first byte there, AH = how much each is
; more than the one before it, modulo 251. -> ZF = 1: all are. Destroys all but
; BP, DS.
compare:
        mov     dx, ax
.block:
        jecxz   .same
        call    bring
        mov     ebx, 1000h
        cmp     ecx, ebx
        jae     .part
        mov     ebx, ecx
.part:
        sub     ecx, ebx
        add     edi, ebx
        mov     si, buffer
.byte:
        cmp     [si], dl
        jne     .done
        inc     si
        add     dl, dh
        cmp     dl, 251
        jb      .more
        mov     dl, 0
.more:
        dec     bx
        jnz     .byte
        jmp     .block
.same:
        cmp     al, al
.done:
        ret

; EDI = address: 4 KiB from there come to the buffer. Keeps all.
bring:
        pushad
        push    es
        mov     ax, ds
        mov     es, ax
        mov     si, table
        mov     [si + 12h], di
        mov     eax, edi
        shr     eax, 16
        mov     [si + 14h], al
        mov     [si + 17h], ah
        mov     eax, BASE + buffer
        mov     [si + 1Ah], ax
        shr     eax, 16
        mov     [si + 1Ch], al
        mov     ah, 87h
        mov     cx, 800h
        int     15h
        pop     es
        popad
        ret

options:
        db      OPTIONS, 0
options_end:

        align   8, db 0
table:
        times   16 db 0
        dw      0FFFFh, 0, 9300h, 0
        dw      0FFFFh, 0, 9300h, 0
        times   16 db 0

buffer          equ     4000h           ; in the set-up part's segment

%if VERSION == 0
        times   5 * 512 - ($ - start) db 0
%else
        times   (SETUP_SECTORS + 1) * 512 - ($ - start) db 0
%endif
kernel:
        times   KERNEL db 'K'
        align   16, db 'K'
kernel_end:
