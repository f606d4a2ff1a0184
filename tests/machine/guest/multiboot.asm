; A multiboot kernel that checks what it was told, and ends through the exit
; port: value 0, or the number of the first check that failed.
;   ELF      1: an ELF file; 0: the header has the addresses
;   OPTIONS  its command line, with its name      VIDEO  1: wants 1024x768x32
;   MODULES  0 or 2, of MODULE bytes each that count up, modulo 251; the second
;            one is called SECOND
;   UPPER    KiB of memory from 1 MiB on, at least
        bits    32
PLACE           equ     200000h
        org     PLACE

start:
%if ELF
        db      7Fh, "ELF", 1, 1, 1
        times   9 db 0
        dw      2, 3
        dd      1
        dd      0C0000000h + entry - PLACE + 1000h      ; virtual
        dd      rows - start, sections - start, 0
        dw      34h, 20h, 2, 28h, 3, 2
rows:
        dd      1, 0, 0C0001000h, PLACE, file_end - start
        dd      file_end - start + 5000h, 7, 1000h
        dd      1, low - start, 0C8000000h, 11000h, low_end - low
        dd      low_end - low, 7, 1
%endif
        align   4, db 0
header:
FLAGS           equ     3 | VIDEO << 2 | (1 - ELF) << 16
        dd      1BADB002h, FLAGS, -(1BADB002h + FLAGS)
%if ELF
        dd      0, 0, 0, 0, 0
%else
        dd      header, start, file_end, file_end + 5000h, entry
%endif
        dd      0, 1024, 768, 32
entry:
        mov     ebp, 1
%macro must 1
        j%+1    %%fine
        jmp     failed
%%fine:
        inc     ebp
%endmacro
        cld
        mov     esp, stack_top
        cmp     eax, 2BADB002h          ; 1
        must    e
        mov     eax, cr0                ; 2: protected, no paging
        and     eax, 80000001h
        cmp     eax, 1
        must    e
        pushfd                          ; 3: no interrupts
        pop     eax
        test    eax, 20200h
        must    z
        mov     ax, cs                  ; 4: flat
        lsl     eax, ax
        cmp     eax, -1
        must    e
        mov     ax, ss                  ; 5
        lsl     eax, ax
        cmp     eax, -1
        must    e
        mov     eax, [100000h]          ; 6: A20 is open
        xor     dword [0], 55AA33CCh
        cmp     eax, [100000h]
        must    e
        mov     eax, [ebx]              ; 7: memory, command line, map, name
        and     eax, 245h
        cmp     eax, 245h
        must    e
        cmp     dword [ebx + 4], 600    ; 8
        must    ae
        cmp     dword [ebx + 8], UPPER  ; 9
        must    ae
        mov     esi, [ebx + 16]         ; 10
        mov     edi, options
        mov     ecx, options_end - options
        repe cmpsb
        must    e
        mov     esi, [ebx + 64]         ; 11
        cmp     dword [esi], "Vitr"
        must    e
        mov     esi, [ebx + 48]         ; 12: memory at 1 MiB, as told above
        mov     edi, esi
        add     edi, [ebx + 44]
.range:
        cmp     esi, edi
        jae     .none
        cmp     dword [esi + 4], 100000h
        je      .found
        add     esi, [esi]
        add     esi, 4
        jmp     .range
.none:
        jmp     failed
.found:
        mov     eax, [esi + 12]
        shr     eax, 10
        cmp     eax, [ebx + 8]
        must    e
        mov     edi, file_end           ; 13: zeros behind
        mov     ecx, 5000h / 4
        xor     eax, eax
        repe scasd
        must    e
%if ELF
        cmp     dword [11000h], "low!"
%else
        cmp     eax, eax
%endif
        must    e                       ; 14
%if ELF
        mov     ebp, 50
        test    byte [ebx], 20h         ; 50
        must    nz
        cmp     dword [ebx + 28], 3     ; 51
        must    e
        cmp     dword [ebx + 32], 28h   ; 52
        must    e
        cmp     dword [ebx + 40], 2     ; 53
        must    e
        mov     esi, [ebx + 36]
        mov     edi, [esi + 28h + 0Ch]  ; 54: where the symbols are now
        cmp     edi, file_end + 5000h
        must    ae
        cmp     dword [edi], "symb"     ; 55
        must    e
        mov     edi, [esi + 50h + 0Ch]  ; 56
        cmp     dword [edi], "name"
        must    e
        mov     ebp, 15
%endif
%if MODULES
        test    byte [ebx], 8           ; 15
        must    nz
        cmp     dword [ebx + 20], MODULES
        must    e                       ; 16
        mov     esi, [ebx + 24]
        call    module
        add     esi, 16
        call    module
        mov     esi, [esi + 8]
        mov     edi, second
        mov     ecx, second_end - second
        repe cmpsb
        must    e
%endif
%if VIDEO
        mov     ebp, 100
        mov     eax, [ebx]              ; 100
        and     eax, 1800h
        cmp     eax, 1800h
        must    e
        mov     esi, [ebx + 76]         ; 101: the mode's description
        cmp     dword [esi + 12h], 1024 | 768 << 16
        must    e
        mov     eax, [esi + 28h]        ; 102
        cmp     eax, [ebx + 88]
        must    e
        cmp     dword [ebx + 100], 1024 ; 103
        must    e
        cmp     dword [ebx + 104], 768  ; 104
        must    e
        cmp     word [ebx + 108], 0120h ; 105: 32 bits, RGB
        must    e
        cmp     dword [ebx + 110], 08080810h    ; 106: red at 16, green at 8
        must    e
        mov     esi, [ebx + 72]         ; 107
        cmp     dword [esi], "VESA"
        must    e
        mov     edi, [ebx + 88]         ; 108: it takes a picture
        mov     dword [edi], 00123456h
        cmp     dword [edi], 00123456h
        must    e
%endif
        xor     ebp, ebp
failed:
        mov     eax, ebp
        out     0F4h, al
        jmp     $

; ESI = its row: EBP counts on. Destroys EAX, ECX, EDI.
module:
        mov     edi, [esi]
        test    edi, 0FFFh
        must    z
        mov     ecx, [esi + 4]
        sub     ecx, edi
        cmp     ecx, MODULE
        must    e
        cmp     edi, file_end + 5000h
        must    ae
        mov     al, 0
.byte:
        cmp     [edi], al
        must    e
        dec     ebp
        inc     edi
        inc     al
        cmp     al, 251
        jb      .more
        mov     al, 0
.more:
        dec     ecx
        jnz     .byte
        ret

options:
        db      OPTIONS, 0
options_end:
second:
        db      SECOND, 0
second_end:
%if ELF
symbols:
        db      "symbols!"
names:
        db      "names"
names_end:
        align   4, db 0
sections:
        times   10 dd 0
        dd      0, 2, 0, 0, symbols - start, names - symbols, 2, 0, 4, 8
        dd      0, 3, 0, 0, names - start, names_end - names, 0, 0, 1, 0
%endif
low:
        db      "low!"
low_end:
        align   16, db 0
        times   100h db 0
stack_top:
        times   70000 db 1
file_end:
