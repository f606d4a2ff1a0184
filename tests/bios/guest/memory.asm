; INT 12h, INT 15h AH=24h, 87h, 88h, 89h, E8h: memory and protected mode, on 16
; MiB; and the shutdown codes by which a 286 comes back from it. With a PCI bus
; the last 64 KiB belong to ACPI.
%include "check.inc"

RAM_KB          equ     16 * 1024
EXTENDED_KB     equ     RAM_KB - 1024
ACPI_KB         equ     64

run:
        call    cpu_class
        mov     [class], al
        mov     ax, 0B101h
        int     1Ah
        jc      .no_bus
        sub     word [extended_kb], ACPI_KB
.no_bus:
        call    test_base
        call    test_sizes
        call    test_map
        call    test_a20
        call    test_move
        call    test_move_bad
        call    test_protected
        call    test_shutdown
        ret
class:  db      0
extended_kb:
        dw      EXTENDED_KB, 0

test_base:
        int     12h
        expect  ax, 639
        ret

test_sizes:
        mov     ah, 88h
        int     15h
        expect_if nc
        cmp     byte [class], 2
        jb      .none
        mov     si, [extended_kb]
        ja      .known
        sub     si, 128                 ; the end of a 286's space is ROM
.known:
        expect  ax, si
        mov     ax, 0E801h
        int     15h
        expect_if nc
        expect  ax, si
        expect  bx, 0
        expect  cx, si
        expect  dx, 0
        ret
.none:
        expect  ax, 0
        mov     ax, 0E801h
        int     15h
        expect_if c
        expect  ah, 86h
        ret

; The map is in order, without overlaps, and its memory is what the other
; functions tell.
test_map:
        cmp     byte [class], 3
        jae     .map
        mov     ax, 0E820h
        mov     dx, 4150h
        mov     cx, 20
        xor     bx, bx
        int     15h
        expect_if c
        expect  ah, 86h
        ret
        cpu     386
.map:
        xor     ebx, ebx
        xor     esi, esi                ; end of the entry before
        xor     ebp, ebp                ; memory so far
        mov     word [entries], 0
.next:
        mov     eax, 0E820h
        mov     edx, 534D4150h
        mov     ecx, 24
        mov     di, buffer
        push    ds
        pop     es
        int     15h
        expect_if nc
        expect  eax, 534D4150h
        expect  ecx, 20
        expect  dword [buffer + 4], 0
        expect  dword [buffer + 12], 0
        cmp     [buffer], esi
        expect_if ae
        mov     esi, [buffer]
        add     esi, [buffer + 8]
        mov     eax, [buffer + 16]
        dec     eax
        cmp     eax, 3
        expect_if be
        or      eax, eax
        jnz     .other
        add     ebp, [buffer + 8]
.other:
        cmp     al, 2                   ; ACPI's tables, what it shares
        jb      .reserved
        mov     eax, [buffer + 8]
        add     [acpi_bytes], eax
.reserved:
        inc     word [entries]
        cmp     word [entries], 32
        jae     .end
        or      ebx, ebx
        jnz     .next
.end:
        mov     eax, [extended_kb]
        add     eax, 639
        shl     eax, 10
        expect  ebp, eax
        add     eax, [acpi_bytes]
        expect  eax, (639 + EXTENDED_KB) << 10
        expect  esi, 0                  ; up to the end of 4 GiB
        mov     eax, 0E820h             ; without the password
        mov     edx, 12345678h
        mov     ecx, 20
        xor     ebx, ebx
        int     15h
        expect_if c
        mov     eax, 0E820h             ; no room
        mov     edx, 534D4150h
        mov     ecx, 19
        int     15h
        expect_if c
        mov     eax, 0FFFFE881h
        mov     ebx, 0FFFF0000h
        int     15h
        expect_if nc
        expect  eax, [extended_kb]
        expect  ebx, 0
        cpu     8086
        ret
entries:
        dw      0
acpi_bytes:
        dd      0

test_a20:
        cmp     byte [class], 2
        jae     .gate
        mov     ax, 2401h
        int     15h
        expect_if c
        expect  ah, 86h
        ret
.gate:
        mov     ax, 2402h               ; closed, as the AT starts
        int     15h
        expect_if nc
        expect  ax, 0000h
        call    wraps
        expect_if e
        mov     ax, 2401h
        int     15h
        expect_if nc
        expect  ah, 0
        call    wraps
        expect_if ne
        mov     ax, 2402h
        int     15h
        expect  ax, 0001h
        mov     ax, 2400h
        int     15h
        expect_if nc
        call    wraps
        expect_if e
        mov     ax, 2403h
        int     15h
        expect_if nc
        test    bx, 1
        expect_if nz
        mov     ax, 2404h
        int     15h
        expect_if c
        expect  ah, 86h
        ret

; -> ZF = 1: FFFF:0510 is 0:0500. Destroys AX.
wraps:
        push    es
        mov     ax, 0FFFFh
        mov     es, ax
        mov     ax, [0500h]
        not     ax
        mov     [es:0510h], ax
        cmp     ax, [0500h]
        pop     es
        ret

; Descriptor %1: 64 KiB from the 24-bit address %2.
%macro descriptor 2
        mov     word [table + %1], 0FFFFh
        mov     word [table + %1 + 2], (%2) & 0FFFFh
        mov     byte [table + %1 + 4], (%2) >> 16
        mov     byte [table + %1 + 5], 93h
        mov     word [table + %1 + 6], 0
%endmacro
%macro move 1
        push    ds
        pop     es
        mov     si, table
        mov     cx, %1
        mov     ah, 87h
        stc
        int     15h
%endmacro

; To extended memory and back.
test_move:
        cmp     byte [class], 2
        jae     .there
        mov     cx, 1
        mov     ah, 87h
        int     15h
        expect_if c
        expect  ah, 86h
        ret
.there:
        mov     cx, 2048
        mov     di, 0
        mov     ax, 2000h
        mov     es, ax
        mov     ax, 7
.fill:
        stosw
        add     ax, 17
        loop    .fill
        descriptor 10h, 20000h
        descriptor 18h, 345678h
        mov     bp, 1234h
        mov     di, 5678h
        move    2048
        expect_if nc
        expect  ah, 0
        expect  bp, 1234h
        expect  di, 5678h
        expect  cx, 2048
        pushf
        pop     ax
        test    ah, 02h                 ; interrupts are on
        expect_if nz
        mov     ax, 2402h               ; A20 is as it was
        int     15h
        expect  al, 0
        descriptor 10h, 345678h
        descriptor 18h, 22000h
        move    2048
        expect_if nc
        mov     ax, 2000h
        mov     es, ax
        push    ds
        mov     ds, ax
        xor     si, si
        mov     di, 2000h
        mov     cx, 2048
        repe cmpsw
        pop     ds
        expect_if e
        descriptor 10h, 345678h + 4095  ; an odd count, odd addresses
        descriptor 18h, 23FFFh
        mov     byte [es:3FFFh], 0
        mov     byte [es:4000h], 55h
        mov     byte [es:4001h], 55h
        move    1
        expect_if nc
        mov     ax, 2000h
        mov     es, ax
        mov     al, [es:0FFFh]
        expect  al, [es:3FFFh]
        expect  byte [es:4001h], 55h
        mov     ax, 2401h               ; open before, open after
        int     15h
        move    1
        expect_if nc
        mov     ax, 2402h
        int     15h
        expect  al, 1
        mov     ax, 2400h
        int     15h
        move    0
        expect_if nc
        ret

; Beyond a limit: an exception ends it, and tells.
test_move_bad:
        cmp     byte [class], 2
        jb      .done
        descriptor 10h, 20000h
        descriptor 18h, 200000h
        mov     word [table + 18h], 7   ; 8 bytes
        mov     di, 5678h
        move    100
        expect_if c
        expect  ah, 02h
        expect  di, 5678h
        descriptor 18h, 200000h
        mov     byte [table + 18h + 5], 90h ; read-only
        move    100
        expect_if c
        expect  ah, 02h
        descriptor 18h, 200000h         ; and the next one is well again
        move    100
        expect_if nc
        expect  ah, 0
        mov     ax, 2402h
        int     15h
        expect  al, 0
.done:
        ret

        cpu     286
; AH=89h goes there to stay; back by the reset with shutdown code 0Ah.
test_protected:
        cmp     byte [class], 2
        jb      .done
        descriptor 08h, 0
        mov     word [table + 08h], 40h - 1
        mov     word [table + 08h + 2], table
        descriptor 10h, 0               ; no interrupts come
        descriptor 18h, 20000h
        descriptor 20h, 0
        descriptor 28h, 0
        descriptor 30h, 0
        mov     byte [table + 30h + 5], 9Bh
        in      al, 21h
        mov     [masks], al
        in      al, 0A1h
        mov     [masks + 1], al
        mov     [stack], sp
        push    ds
        pop     es
        mov     si, table
        mov     bx, 5058h
        mov     ah, 89h
        int     15h
        jc      .failed
        smsw    bx                      ; DS is another one: CS for the data
        mov     cx, ds
        mov     dx, ss
        mov     di, cs
        push    es
        pop     ds                      ; base 0
        mov     [results], ax
        mov     [results + 2], bx
        mov     [results + 4], cx
        mov     [results + 6], dx
        mov     [results + 8], di
        mov     al, 8Fh
        out     70h, al
        jmp     $ + 2
        mov     al, 0Ah
        out     71h, al
        mov     word [467h], .back
        mov     word [469h], 0
        mov     al, 0FEh
        out     64h, al
.wait:
        hlt
        jmp     .wait
.failed:
        expect_if nc
        ret
.back:
        mov     ax, 0
        mov     ds, ax
        mov     ss, ax
        mov     sp, [stack]
        call    restore_interrupts
        mov     ax, [results]
        expect  ah, 0
        mov     ax, [results + 2]
        test    al, 1
        expect_if nz
        expect  word [results + 4], 18h
        expect  word [results + 6], 28h
        expect  word [results + 8], 30h
        mov     ax, 2400h
        int     15h
.done:
        ret
        cpu     8086

; The interrupt controllers as they were before AH=89h.
restore_interrupts:
        mov     al, 11h
        out     20h, al
        out     0A0h, al
        mov     al, 08h
        out     21h, al
        mov     al, 70h
        out     0A1h, al
        mov     al, 04h
        out     21h, al
        mov     al, 02h
        out     0A1h, al
        mov     al, 01h
        out     21h, al
        out     0A1h, al
        mov     al, [masks]
        out     21h, al
        mov     al, [masks + 1]
        out     0A1h, al
        sti
        ret

; Resets with the codes by which programs come back, on every processor.
%macro shutdown 1
        cli
        mov     al, 8Fh
        out     70h, al
        jmp     $ + 2
        mov     al, %1
        out     71h, al
        mov     al, 0FEh
        out     64h, al
%%wait:
        hlt
        jmp     %%wait
%endmacro

test_shutdown:
        mov     [stack], sp
        mov     ax, 2401h               ; a 286 starts at the end of 16 MiB
        int     15h
        mov     word [467h], .jumped
        mov     word [469h], 0
        shutdown 05h
.jumped:
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, [stack]
        sti
        call    ticks_come
        mov     al, 8Fh                 ; the code was used up
        out     70h, al
        jmp     $ + 2
        in      al, 71h
        expect  al, 0
        pushf
        push    cs
        mov     ax, .returned
        push    ax
        mov     [467h], sp
        mov     word [469h], ss
        shutdown 0Bh                    ; IRET
.returned:
        xor     ax, ax
        mov     ds, ax
        expect  sp, [stack]
        sti
        push    cs
        mov     ax, .far
        push    ax
        mov     [467h], sp
        mov     word [469h], ss
        shutdown 0Ch                    ; far return
.far:
        xor     ax, ax
        mov     ds, ax
        expect  sp, [stack]
        sti
        ret

; Interrupts reach the processor. Destroys AX, CX, DX.
ticks_come:
        mov     ax, [46Ch]
        mov     dx, 200
        xor     cx, cx
.wait:
        cmp     ax, [46Ch]
        loope   .wait
        jne     .came
        dec     dx
        jnz     .wait
.came:
        cmp     ax, [46Ch]
        expect_if ne
        ret

masks:  db      0, 0
stack:  dw      0
results:
        times   5 dw 0
buffer: times   24 db 0
        align   8, db 0
table:  times   64 db 0

        check_end
