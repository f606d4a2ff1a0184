; LAR, LSL, VERR, VERW for every descriptor x DPL x RPL x CPL; ARPL.
%include "lib.inc"

SLOT equ FREE
LIMIT equ 0x12345
LAR_BITS equ 0x00f0ff00               ; the rest of what LAR gives is undefined

        align 4
; The state of the loops, innermost first; ORDER counts.
kind dd 0                             ; LAR, LSL, VERR, VERW
rpl dd 0
cpl dd 0
dpl dd 0
present dd 0
granular dd 0
type dd 0                             ; S and type
counts dd 4, 4, 4, 4, 2, 2, 32
COUNTERS equ 7

; Which types each accepts; bit n: type n with S clear. Code and data are in
; the upper half. SDM volume 2, tables 3-53 and 3-60.
accepted:
        dd 0xffff0000 | (1 << 1) | (1 << 2) | (1 << 3) | (1 << 4) | (1 << 5) \
                | (1 << 9) | (1 << 11) | (1 << 12)
        dd 0xffff0000 | (1 << 1) | (1 << 2) | (1 << 3) | (1 << 9) | (1 << 11)
        dd 0xccff0000                 ; data, and readable code
        dd 0x00cc0000                 ; writable data

want_zf dd 0
want dd 0
high dd 0

describe:
        mov eax, [present]
        shl eax, 7
        mov edx, [dpl]
        shl edx, 5
        or eax, edx
        or eax, [type]
        shl eax, 8
        mov edx, [granular]
        shl edx, 23
        or eax, edx
        or eax, SEG_HIGH(0, LIMIT, 0, 5)
        mov [gdt + SLOT + 4], eax
        mov [high], eax
        mov dword [gdt + SLOT], SEG_LOW(0, LIMIT)
        mov eax, SLOT
        or eax, [rpl]
        mov [selector], eax
        xor eax, eax
        xor ecx, ecx
.digit:
        shl eax, 4
        or eax, [kind + ecx * 4]
        inc ecx
        cmp ecx, COUNTERS
        jb .digit
        mov [param], eax
        ret

expect:
        mov dword [want], 0xabababab  ; the destination stays
        mov dword [want_zf], 0
        mov ecx, [type]
        mov eax, [kind]
        bt [accepted + eax * 4], ecx
        jnc .end
        mov edx, ecx
        and edx, 0x1c
        cmp edx, 0x1c                 ; conforming code: any privilege
        je .seen
        mov eax, [dpl]
        cmp eax, [cpl]
        jb .end
        cmp eax, [rpl]
        jb .end
.seen:
        mov dword [want_zf], 0x40
        cmp dword [kind], 1
        ja .end
        je .limit
        mov eax, [high]
        and eax, LAR_BITS
        mov [want], eax
.end:
        ret
.limit:
        mov eax, LIMIT
        cmp dword [granular], 0
        je .store
        shl eax, 12
        or eax, 0xfff
.store:
        mov [want], eax
        ret

        align 4
selector dd 0
do_lar: lar ebx, ecx
        jmp done
do_lsl: lsl ebx, ecx
        jmp done
do_verr: verr cx
        jmp done
do_verw: verw cx
done:
        pushfd
        pop eax
        int NONE
        align 4
kinds dd do_lar, do_lsl, do_verr, do_verw

one:
        call describe
        call expect
        mov dword [try_resume], .after
        mov [try_esp], esp
        mov eax, [cpl]
        call go_ring
        mov ecx, [selector]
        mov ebx, 0xabababab
        mov eax, [kind]
        jmp [kinds + eax * 4]
.after:
        CHECK [caught_code], NONE << 16, "no fault"
        mov eax, [caught_eax]
        and eax, 0x40
        CHECK eax, [want_zf], "ZF"
        mov eax, [caught_ebx]
        cmp dword [kind], 0
        jne .compare
        cmp dword [want_zf], 0
        je .compare
        and eax, LAR_BITS
.compare:
        CHECK eax, [want], "result"
        ret

main:
        call one
        xor ecx, ecx
.count:
        inc dword [kind + ecx * 4]
        mov eax, [counts + ecx * 4]
        cmp [kind + ecx * 4], eax
        jb main
        mov dword [kind + ecx * 4], 0
        inc ecx
        cmp ecx, COUNTERS
        jb .count
        mov dword [param], 0

%macro ASK 4+                         ; selector, instruction, ZF, name
        mov ecx, %1
        cmp ecx, ecx
    %if (%3)
        mov eax, 1
        test eax, eax                 ; starts the other way round
    %endif
        %2
        pushfd
        pop eax
        and eax, 0x40
        CHECK eax, (%3) << 6, %4
%endmacro
named:
        ASK 0, {lar eax, ecx}, 0, "lar null"
        ASK 3, {lsl eax, ecx}, 0, "lsl null"
        ASK 0, {verr cx}, 0, "verr null"
        ASK 0, {verw cx}, 0, "verw null"
        ASK GDT_BYTES, {lar eax, ecx}, 0, "lar beyond the GDT"
        ASK GDT_BYTES, {lsl eax, ecx}, 0, "lsl beyond the GDT"
        ASK GDT_BYTES, {verr cx}, 0, "verr beyond the GDT"
        ASK GDT_BYTES, {verw cx}, 0, "verw beyond the GDT"
        ASK LDT_BYTES | 4, {verr cx}, 0, "verr beyond the LDT"
        ASK DATA0, {verw cx}, 1, "verw data"
        ASK CODE0, {verw cx}, 0, "verw code"
        mov [SCRATCH], dword 0x12340000 | DATA0
        ASK 0, {lar ax, [SCRATCH]}, 1, "lar ax, [m]"
        mov eax, 0x87654321
        mov ecx, DATA0
        lar ax, cx
        CHECK eax, 0x87659300, "lar of 16 bits"
        mov eax, 0x87654321
        lsl ax, cx
        CHECK eax, 0x8765ffff, "lsl of 16 bits"
        CHECK [gdt + DATA0 + 4], SEG_HIGH(0, 0xfffff, 0x93, 12), "descriptor unchanged"
        SET_SEG SLOT, 0, 0xffff, 0x92, 0
        ASK SLOT, {verw cx}, 1, "verw, not accessed"
        CHECK [gdt + SLOT + 4], SEG_HIGH(0, 0xffff, 0x92, 0), "verw does not set the accessed bit"

%macro ARPL_CASE 5+                   ; destination, source, result, ZF, name
        mov eax, %1
        mov ebx, %2
        cmp eax, -1 - (%4)
        arpl ax, bx
        pushfd
        pop edx
        and edx, 0x40
        CHECK eax, %3, {%5}
        CHECK edx, (%4) << 6, {%5, ": ZF"}
%endmacro
arpls:
        ARPL_CASE 0x11110010, 0x22220001, 0x11110011, 1, "arpl 0, 1"
        ARPL_CASE 0x11110010, 0x22220003, 0x11110013, 1, "arpl 0, 3"
        ARPL_CASE 0x11110011, 0x22220001, 0x11110011, 0, "arpl 1, 1"
        ARPL_CASE 0x11110013, 0x22220001, 0x11110013, 0, "arpl 3, 1"
        ARPL_CASE 0x11110012, 0x22221233, 0x11110013, 1, "arpl 2, 3"
        mov dword [SCRATCH], 0x5555fff0
        mov ebx, 2
        arpl [SCRATCH], bx
        CHECK [SCRATCH], 0x5555fff2, "arpl [m]"
        SET_SEG SLOT, SCRATCH, 0xff, 0x91, 0
        TRY
        mov ax, SLOT
        mov fs, ax
        mov ebx, 3
        arpl [fs:0], bx
        CAUGHT V_GP, 0, "arpl that changes, read-only"
        ret
%include "end.inc"
