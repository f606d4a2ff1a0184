; The interrupt controllers of a Pentium's board at work: the local APIC's timer
; and messages, the I/O APIC's timer pin by edge, power management by level on
; its own pin, a PCI card by level on the pin of its route; and the 8259s in
; virtual wire mode before and after.
%include "check.inc"

APIC            equ     0FEE00000h
IOAPIC          equ     0FEC00000h
EOI             equ     0B0h
SVR             equ     0F0h
ICR             equ     300h
LVT_TIMER       equ     320h
LVT_LINT0       equ     350h
INITIAL         equ     380h
COUNT           equ     390h
DIVIDE          equ     3E0h

VEC_TIMER       equ     51h
VEC_SELF        equ     61h
VEC_PIT         equ     52h
VEC_SCI         equ     53h
VEC_CARD        equ     54h

        cpu     586
run:
        mov     eax, 1
        cpuid
        test    dh, 02h
        expect_if nz
        call    ticks_come
        call    big
        call    vectors
        expect  dword [fs:dword APIC + SVR], 1FFh
        mov     eax, [fs:dword APIC + LVT_LINT0]
        and     eax, 10700h
        expect  eax, 700h               ; ExtINT, open
        in      al, 21h
        mov     [masks], al
        in      al, 0A1h
        mov     [masks + 1], al
        mov     al, 0FFh
        out     21h, al
        out     0A1h, al
        call    test_timer
        call    test_self
        call    test_pit
        call    test_sci
        call    test_card
        mov     al, [masks]
        out     21h, al
        mov     al, [masks + 1]
        out     0A1h, al
        call    ticks_come
        ret
masks:  db      0, 0

; FS reaches 4 GiB from base 0. Destroys EAX.
big:
        cli
        lgdt    [.gdt]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     $ + 2
        mov     ax, 8
        mov     fs, ax
        mov     eax, cr0
        and     al, 0FEh
        mov     cr0, eax
        jmp     $ + 2
        sti
        ret
.gdt:   dw      15
        dd      .gdt
        dw      0
        dw      0FFFFh, 0, 9300h, 008Fh

; The 8259s' timer interrupt comes. Destroys AX, CX, DX.
ticks_come:
        mov     ax, [46Ch]
        mov     bx, 46Ch
        jmp     wait_change

; Waits until the word at BX is no longer AX. Destroys CX, DX.
wait_change:
        mov     dx, 300
        xor     cx, cx
.wait:
        cmp     ax, [bx]
        loope   .wait
        jne     .came
        dec     dx
        jnz     .wait
.came:
        cmp     ax, [bx]
        expect_if ne
        ret

%macro handler 2                        ; name, counter
%1:
        inc     word [cs:%2]
        mov     dword [fs:dword APIC + EOI], 0
        iret
%endmacro
        handler on_timer, timers
        handler on_self, selves
        handler on_pit, pits
timers: dw      0
selves: dw      0
pits:   dw      0
scis:   dw      0
cards:  dw      0

; The timer of power management: its status, written, goes away.
on_sci:
        push    ax
        push    dx
        inc     word [cs:scis]
        mov     dx, [cs:pm_ports]
        in      ax, dx
        out     dx, ax
        mov     dword [fs:dword APIC + EOI], 0
        pop     dx
        pop     ax
        iret

; The card: so does its.
on_card:
        push    ax
        push    dx
        inc     word [cs:cards]
        mov     dx, [cs:card_ports]
        add     dx, 7
        mov     al, 0FFh
        out     dx, al
        mov     dword [fs:dword APIC + EOI], 0
        pop     dx
        pop     ax
        iret

%macro vector 2
        mov     dword [%1 * 4], %2
%endmacro
vectors:
        vector  VEC_TIMER, on_timer
        vector  VEC_SELF, on_self
        vector  VEC_PIT, on_pit
        vector  VEC_SCI, on_sci
        vector  VEC_CARD, on_card
        ret

test_timer:
        mov     dword [fs:dword APIC + DIVIDE], 0Bh
        mov     dword [fs:dword APIC + LVT_TIMER], 20000h | VEC_TIMER
        mov     dword [fs:dword APIC + INITIAL], 100000
        mov     cx, 3
.again:
        push    cx
        mov     ax, [timers]
        mov     bx, timers
        call    wait_change
        pop     cx
        loop    .again
        mov     dword [fs:dword APIC + LVT_TIMER], 30000h | VEC_TIMER
        mov     eax, [fs:dword APIC + COUNT]  ; masked it goes on
        mov     cx, 100
        loop    $
        cmp     eax, [fs:dword APIC + COUNT]
        expect_if ne
        mov     dword [fs:dword APIC + INITIAL], 0
        expect  dword [fs:dword APIC + COUNT], 0
        ret

test_self:
        cli
        mov     dword [fs:dword APIC + ICR], 44000h | VEC_SELF
        nop
        expect  word [selves], 0
        expect  dword [fs:dword APIC + 200h + 30h], 1 << (VEC_SELF & 31)
        sti
        nop
        nop
        expect  word [selves], 1
        expect  dword [fs:dword APIC + 200h + 30h], 0
        ret

; EAX = entry for pin CL of the I/O APIC, to this processor. Destroys ECX.
set_pin:
        movzx   ecx, cl
        lea     ecx, [ecx * 2 + 11h]
        mov     [fs:dword IOAPIC], ecx
        mov     dword [fs:dword IOAPIC + 10h], 0
        dec     ecx
        mov     [fs:dword IOAPIC], ecx
        mov     [fs:dword IOAPIC + 10h], eax
        ret

test_pit:
        mov     cl, 2
        mov     eax, VEC_PIT
        call    set_pin
        mov     ax, [pits]
        mov     bx, pits
        call    wait_change
        mov     ax, [pits]
        call    wait_change
        mov     cl, 2
        mov     eax, 10000h
        call    set_pin
        ret

; Power management's timer tells every 2.3 s that its top bit has changed.
test_sci:
        mov     ax, 0B102h
        mov     cx, 7113h
        mov     dx, 8086h
        xor     si, si
        int     1Ah
        expect_if nc
        mov     ax, 0B109h
        mov     di, 40h
        int     1Ah
        and     cl, 0C0h
        mov     [pm_ports], cx
        mov     cl, 9
        mov     eax, 8000h | VEC_SCI    ; by level
        call    set_pin
        mov     dx, [pm_ports]
        mov     ax, 0FFFFh
        out     dx, ax                  ; nothing is left over
        add     dx, 4
        in      ax, dx
        or      al, 1                   ; SCI, not SMI
        out     dx, ax
        sub     dx, 2
        mov     ax, 1
        out     dx, ax
        mov     si, 16
.patience:
        mov     bx, scis
        mov     ax, 0
        cmp     ax, [bx]
        jne     .came
        mov     cx, 0
        mov     dx, 400
.wait:
        cmp     ax, [bx]
        loope   .wait
        jne     .came
        dec     dx
        jnz     .wait
        dec     si
        jnz     .patience
.came:
        expect  word [scis], 1
        mov     dx, [pm_ports]
        add     dx, 2
        xor     ax, ax
        out     dx, ax
        mov     cl, 9
        mov     eax, 10000h
        call    set_pin
        ret
pm_ports:
        dw      0
card_ports:
        dw      0

; An RTL8029: it says when a transfer by ports has ended.
test_card:
        mov     ax, 0B102h
        mov     cx, 8029h
        mov     dx, 10ECh
        xor     si, si
        int     1Ah
        jc      .done                   ; there is none
        mov     ax, 0B109h
        mov     di, 10h
        int     1Ah
        and     cl, 0E0h
        mov     [card_ports], cx
        mov     cl, bl                  ; device * 8, pin A
        shr     cl, 3
        dec     cl
        and     cl, 3
        add     cl, 16
        mov     [.pin], cl
        mov     dx, [card_ports]
        mov     al, 21h                 ; stop, page 0
        out     dx, al
        mov     al, 0FFh                ; nothing is left over
        call    .register
        db      7
        mov     al, 40h                 ; a transfer's end interrupts
        call    .register
        db      0Fh
        mov     cl, [.pin]
        mov     eax, 0A000h | VEC_CARD  ; by level, low
        call    set_pin
        expect  word [cards], 0
        mov     al, 02h                 ; two bytes
        call    .register
        db      0Ah
        mov     al, 0
        call    .register
        db      0Bh
        mov     al, 0
        call    .register
        db      08h
        mov     al, 40h
        call    .register
        db      09h
        mov     al, 0Ah                 ; start, read
        call    .register
        db      0
        mov     dx, [card_ports]
        add     dx, 10h
        in      al, dx
        in      al, dx
        mov     ax, 0
        mov     bx, cards
        call    wait_change
        expect  word [cards], 1
        mov     cl, [.pin]
        mov     eax, 12000h
        call    set_pin
.done:
        ret
.register:                              ; AL to the register behind the call
        pop     bx
        mov     dx, [card_ports]
        add     dl, [bx]
        out     dx, al
        inc     bx
        jmp     bx
.pin:   db      0
        cpu     8086

        check_end
