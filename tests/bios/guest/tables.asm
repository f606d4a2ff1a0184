; The tables in memory: SMBIOS, PCI's routes, MultiProcessor, ACPI. They are
; there with a PCI bus, the third one with a local APIC, and their sums are right;
; what they lead to is theirs.
%include "check.inc"

TABLES          equ     2000h           ; segment: a copy of ACPI's tables

run:
        mov     ax, 0B101h
        int     1Ah
        mov     byte [bus], 0
        jc      .none
        inc     byte [bus]
.none:
        call    cpu_class
        cmp     al, 3
        jb      .no_apic
        call    find_apic
.no_apic:
        call    test_smbios
        call    test_routes
        call    test_mp
        call    test_acpi
        ret
bus:    db      0
apic:   db      0

        cpu     586
find_apic:
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, 1 << 21
        push    eax
        popfd
        pushfd
        pop     eax
        cmp     eax, ecx
        je      .done                   ; no CPUID
        mov     eax, 1
        cpuid
        test    dh, 02h
        setnz   [apic]
.done:
        ret
        cpu     8086

; SI = name, CX = its length: -> ES:0 = where it stands on 16 bytes in F0000h to
; FFFFFh, ZF = 0: nowhere. Destroys AX, CX, DI.
find:
        mov     ax, 0F000h
.next:
        mov     es, ax
        push    si
        push    cx
        xor     di, di
        repe cmpsb
        pop     cx
        pop     si
        je      .done
        inc     ax
        jnz     .next
        inc     ax
.done:
        ret

; ES:SI, CX bytes -> AL = sum, ZF = 1: 0. Destroys CX, SI.
sum:
        mov     al, 0
.next:
        add     al, [es:si]
        inc     si
        loop    .next
        or      al, al
        ret

; -> ZF = 1 when AL, what is there, is what should be. Destroys AL.
%macro there_if 1
        mov     al, 0
        jne     %%no
        inc     ax
%%no:
        expect  al, %1
%endmacro

test_smbios:
        mov     si, .name
        mov     cx, 4
        call    find
        there_if [bus]
        cmp     al, 0
        je      .done
        xor     si, si
        mov     cl, [es:5]
        mov     ch, 0
        expect  cx, 1Fh
        call    sum
        expect_if z
        mov     si, 10h
        mov     cx, 0Fh
        call    sum
        expect_if z
        mov     cx, [es:1Ch]            ; number of structures
        mov     bx, [es:16h]            ; all their bytes
        mov     dx, [es:08h]            ; the longest
        expect  word [es:1Ah], 0Fh      ; address: F0000h and
        mov     di, [es:18h]
        mov     ax, 0F000h
        mov     es, ax
        add     bx, di
.next:
        mov     si, di
        mov     al, [es:di]
        mov     [last], al
        mov     al, [es:di + 1]
        mov     ah, 0
        add     di, ax
.text:                                  ; up to two zeros
        inc     di
        cmp     word [es:di - 1], 0
        jne     .text
        inc     di
        mov     ax, di
        sub     ax, si
        cmp     ax, dx
        expect_if be
        loop    .next
        expect  di, bx
        expect  byte [last], 127
.done:
        ret
.name:  db      "_SM_"
last:   db      0

test_routes:
        mov     si, .name
        mov     cx, 4
        call    find
        there_if [bus]
        cmp     al, 0
        je      .done
        mov     cx, [es:6]
        expect  cx, 20h + 31 * 10h
        xor     si, si
        call    sum
        expect_if z
        expect  byte [es:20h + 1], 1 << 3   ; device 1, pin A
        expect  byte [es:20h + 2], 60h
.done:
        ret
.name:  db      "$PIR"

test_mp:
        mov     si, .name
        mov     cx, 4
        call    find
        there_if [apic]
        cmp     al, 0
        je      .done
        xor     si, si
        mov     cx, 16
        call    sum
        expect_if z
        expect  word [es:6], 0Fh
        mov     di, [es:4]
        mov     ax, 0F000h
        mov     es, ax
        expect  word [es:di], "PC"
        expect  word [es:di + 2], "MP"
        mov     cx, [es:di + 4]
        mov     bx, cx
        add     bx, di                  ; its end
        mov     si, di
        call    sum
        expect_if z
        mov     cx, [es:di + 22h]       ; entries
        add     di, 2Ch
.next:
        mov     al, [es:di]
        cmp     al, 4
        expect_if be
        add     di, 8
        cmp     al, 0                   ; a processor is longer
        jne     .short
        add     di, 12
.short:
        loop    .next
        expect  di, bx
.done:
        ret
.name:  db      "_MP_"

test_acpi:
        mov     si, .name
        mov     cx, 8
        call    find
        there_if [bus]
        cmp     al, 0
        jne     .there
        ret
.name:  db      "RSD PTR "

        cpu     386
.there:
        xor     si, si
        mov     cx, 20
        call    sum
        expect_if z
        mov     eax, [es:16]
        mov     [base], eax
        call    map_kind                ; it is ACPI's memory
        expect  al, 3
        mov     eax, [base]
        mov     [table + 12h], ax
        shr     eax, 16
        mov     [table + 14h], al
        push    ds
        pop     es
        mov     si, table
        mov     cx, 4000h
        mov     ah, 87h
        int     15h
        expect_if nc
        mov     ax, TABLES
        mov     es, ax
        xor     edi, edi
        mov     eax, "RSDT"
        call    test_table
        mov     cx, [es:4]
        sub     cx, 36
        shr     cx, 2
        mov     al, [apic]
        mov     ah, 0
        inc     ax
        expect  cx, ax
        mov     edi, [es:36]
        sub     edi, [base]
        mov     eax, "FACP"
        call    test_table
        mov     al, [apic]
        expect  [es:di + 44], al
        mov     eax, [es:di + 36]
        call    map_kind
        expect  al, 4                   ; FACS
        mov     edi, [es:di + 40]
        sub     edi, [base]
        mov     eax, "DSDT"
        call    test_table
        cmp     byte [apic], 0
        je      .done
        mov     edi, [es:40]
        sub     edi, [base]
        mov     eax, "APIC"
        call    test_table
.done:
        ret

; ES:DI = table, EAX = its name. Destroys AX, CX, SI.
test_table:
        cmp     edi, 8000h
        expect_if b
        mov     esi, [es:di]
        expect  esi, eax
        expect  word [es:di + 6], 0
        mov     si, di
        mov     cx, [es:di + 4]
        call    sum
        expect_if z
        ret

; EAX = address -> AL = its kind in the map, 0: none. Destroys EBX, ECX, EDX, SI.
map_kind:
        push    es
        push    di
        push    ds
        pop     es
        mov     [address], eax
        xor     ebx, ebx
.next:
        mov     eax, 0E820h
        mov     edx, 534D4150h
        mov     ecx, 20
        mov     di, entry
        int     15h
        mov     al, 0
        jc      .done
        mov     eax, [address]
        sub     eax, [entry]
        jb      .other
        cmp     eax, [entry + 8]
        mov     al, [entry + 16]
        jb      .done
.other:
        or      ebx, ebx
        jnz     .next
        mov     al, 0
.done:
        pop     di
        pop     es
        ret
        cpu     8086

base:   dd      0
address:
        dd      0
entry:  times   20 db 0
table:  times   10h db 0
        dw      0FFFFh, 0
        db      0, 93h, 0, 0
        dw      0FFFFh, (TABLES << 4) & 0FFFFh
        db      TABLES >> 12, 93h, 0, 0
        times   10h db 0

        check_end
