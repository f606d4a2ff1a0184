; Loading segment registers: every descriptor type x DPL x P x RPL x CPL, and
; the ways to do it.
%include "lib.inc"

BASE equ SCRATCH
SLOT equ FREE

        align 4
type dd 0                             ; S and type
dpl dd 0
present dd 0
rpl dd 0
cpl dd 0
reg dd 0
want dd 0
selector dd 0

; The rule for DS, ES, FS and GS (SDM volume 2, MOV): result in [want].
want_data:
        mov eax, [type]
        test al, 0x10
        jz .gp                        ; a system descriptor
        test al, 8
        jz .privilege                 ; data can be read
        test al, 2
        jz .gp                        ; execute-only code
        test al, 4
        jnz .present                  ; conforming: any privilege
.privilege:
        mov eax, [dpl]
        cmp eax, [rpl]
        jb .gp
        cmp eax, [cpl]
        jb .gp
.present:
        cmp dword [present], 0
        jne .ok
        mov dword [want], (V_NP << 16) | SLOT
        ret
.gp:
        mov dword [want], (V_GP << 16) | SLOT
        ret
.ok:
        mov dword [want], NONE << 16
        ret

; The rule for SS.
want_stack:
        mov eax, [type]
        and al, 0x1a
        cmp al, 0x12                  ; data, writable
        jne want_data.gp
        mov eax, [cpl]
        cmp eax, [rpl]
        jne want_data.gp
        cmp eax, [dpl]
        jne want_data.gp
        cmp dword [present], 0
        jne want_data.ok
        mov dword [want], (V_SS << 16) | SLOT
        ret

load_ds: mov ds, cx
        int NONE
load_es: mov es, cx
        int NONE
load_fs: mov fs, cx
        int NONE
load_gs: mov gs, cx
        int NONE
load_ss: mov ss, cx
        mov edx, [cpl]
        mov edx, [ring_data + edx * 4]
        mov ss, dx                    ; the loaded one may be unfit
        int NONE

        align 4
loads dd load_ds, load_es, load_fs, load_gs, load_ss

one_load:
        mov eax, [present]
        shl eax, 7
        mov edx, [dpl]
        shl edx, 5
        or eax, edx
        or eax, [type]
        shl eax, 8
        or eax, SEG_HIGH(BASE, 0xffff, 0, 0)
        mov dword [gdt + SLOT], SEG_LOW(BASE, 0xffff)
        mov [gdt + SLOT + 4], eax
        mov ecx, SLOT
        or ecx, [rpl]
        mov [selector], ecx
        ; state for a failure: cpl.reg.rpl.access
        mov edx, [cpl]
        shl edx, 4
        or edx, [reg]
        shl edx, 4
        or edx, [rpl]
        shl edx, 8
        shr eax, 8
        mov dl, al
        mov [param], edx
        call want_data
        cmp dword [reg], 4
        jne .go
        call want_stack
.go:
        mov dword [try_resume], .after
        mov [try_esp], esp
        mov ebx, [reg]
        mov ebx, [loads + ebx * 4]
        mov eax, [cpl]
        call go_ring
        mov ecx, [selector]
        jmp ebx
.after:
        CHECK [caught_code], [want], "load"
        ; The accessed bit is set by a load and by nothing else.
        mov eax, [type]
        cmp dword [want], NONE << 16
        jne .unchanged
        or al, 1
.unchanged:
        mov edx, [gdt + SLOT + 4]
        shr edx, 8
        and edx, 0x1f
        CHECK edx, eax, "accessed bit"
        ret

main:
.next:
        call one_load
        inc dword [reg]
        cmp dword [reg], 5
        jb .next
        mov dword [reg], 0
        inc dword [rpl]
        cmp dword [rpl], 4
        jb .next
        mov dword [rpl], 0
        inc dword [cpl]
        cmp dword [cpl], 4
        jb .next
        mov dword [cpl], 0
        inc dword [present]
        cmp dword [present], 2
        jb .next
        mov dword [present], 0
        inc dword [dpl]
        cmp dword [dpl], 4
        jb .next
        mov dword [dpl], 0
        inc dword [type]
        cmp dword [type], 0x20
        jb .next
        mov dword [param], 0

null_selectors:
        SET_SEG SLOT, BASE, 0xffff, 0x93, 0
        TRY
        mov ax, 3
        mov ds, ax
        mov es, ax
        mov fs, ax
        mov gs, ax
        CAUGHT NONE, 0, "null in data registers"
        CHECK16 [caught_fs], 3, "null with RPL 3 is kept as loaded"
        TRY
        xor eax, eax
        mov fs, ax
        mov eax, [fs:0]
        CAUGHT V_GP, 0, "read through null"
        TRY
        xor eax, eax
        mov fs, ax
        mov [fs:0], al
        CAUGHT V_GP, 0, "write through null"
        TRY
        xor eax, eax
        mov ss, ax
        CAUGHT V_GP, 0, "null in SS"
        TRY
        mov ax, 3
        mov ss, ax
        CAUGHT V_GP, 0, "null with RPL 3 in SS"
        TRY
        db 0x8e, 0xc8                 ; mov cs, ax
        CAUGHT V_UD, 0, "mov cs"
        TRY
        db 0x8e, 0xf0                 ; segment register 6
        CAUGHT V_UD, 0, "mov to segment register 6"
        TRY
        db 0x8c, 0xf8                 ; segment register 7
        CAUGHT V_UD, 0, "mov from segment register 7"

outside_tables:
        TRY
        mov ax, GDT_BYTES
        mov ds, ax
        CAUGHT V_GP, GDT_BYTES, "beyond the GDT"
        TRY
        mov ax, 0xffff
        mov ds, ax
        CAUGHT V_GP, 0xfffc, "far beyond the GDT"
        TRY
        mov ax, 0xffff
        mov ss, ax
        CAUGHT V_GP, 0xfffc, "SS far beyond the GDT"
        ; A limit that ends inside the descriptor.
        mov word [gdt_pointer], SLOT + 6
        lgdt [gdt_pointer]
        TRY
        mov ax, SLOT
        mov ds, ax
        CAUGHT V_GP, SLOT, "descriptor partly outside the GDT"
        mov word [gdt_pointer], SLOT + 7
        lgdt [gdt_pointer]
        TRY
        mov ax, SLOT
        mov ds, ax
        CAUGHT NONE, 0, "last descriptor of the GDT"
        mov word [gdt_pointer], GDT_BYTES - 1
        lgdt [gdt_pointer]

local_table:
        mov dword [ldt_main + 8], SEG_LOW(BASE, 0xffff)
        mov dword [ldt_main + 12], SEG_HIGH(BASE, 0xffff, 0x92, 0)
        TRY
        mov ax, 0x0c
        mov ds, ax
        CAUGHT NONE, 0, "selector in the LDT"
        CHECK [ldt_main + 12], SEG_HIGH(BASE, 0xffff, 0x93, 0), "accessed bit in the LDT"
        TRY
        mov ax, 0x04
        mov ds, ax
        CAUGHT V_GP, 0x04, "LDT entry 0 is not null but empty"
        TRY
        mov ax, LDT_BYTES | 4
        mov ds, ax
        CAUGHT V_GP, LDT_BYTES | 4, "beyond the LDT"
        xor eax, eax
        lldt ax
        TRY
        mov ax, 0x0c
        mov ds, ax
        CAUGHT V_GP, 0x0c, "no LDT"
        mov ax, LDT_MAIN
        lldt ax

pops:
        SET_SEG SLOT, BASE, 0xffff, 0x93, 0
        TRY
        push dword SLOT
        pop fs
        mov eax, esp
        CAUGHT NONE, 0, "pop fs"
        CHECK16 [caught_fs], SLOT, "pop fs: selector"
        mov eax, [try_esp]
        CHECK [caught_eax], eax, "pop fs: ESP"
        TRY
        push dword LDT_MAIN
        pop fs
        CAUGHT V_GP, LDT_MAIN, "pop fs: an LDT"
        mov eax, [try_esp]
        sub eax, 4 + 3 * 4            ; frame: eflags, cs, eip
        sub eax, 2 * 4                ; error code, vector
        CHECK [caught_sp], eax, "pop fs: fault leaves ESP"
        TRY
        push word SLOT
        o16 pop fs
        mov eax, esp
        CAUGHT NONE, 0, "16-bit pop fs"
        mov eax, [try_esp]
        CHECK [caught_eax], eax, "16-bit pop fs: ESP"
        TRY
        push dword 0
        pop ss
        CAUGHT V_GP, 0, "pop ss: null"
        TRY
        mov eax, 0xffffffff
        push eax
        push ds
        pop eax
        and eax, 0xffff
        CAUGHT NONE, 0, "push ds"
        CHECK [caught_eax], DATA0, "push ds: value"

        ; Up to the 486 only 2 bytes are written.
        TRY
        mov dword [esp - 4], 0xaaaaaaaa
        push ds
        mov eax, [esp]
        CAUGHT NONE, 0, "push ds writes a word"
        CHECK [caught_eax], 0xaaaa0000 | DATA0, "push ds: upper half"

far_loads:
        mov dword [SCRATCH], 0x12345678
        mov word [SCRATCH + 4], SLOT
        TRY
        lfs ebx, [SCRATCH]
        CAUGHT NONE, 0, "lfs"
        CHECK [caught_ebx], 0x12345678, "lfs: offset"
        CHECK16 [caught_fs], SLOT, "lfs: selector"
        TRY
        mov ebx, 0xaaaabbbb
        mov word [SCRATCH + 2], SLOT
        o16 lgs bx, [SCRATCH]
        CAUGHT NONE, 0, "16-bit lgs"
        CHECK [caught_ebx], 0xaaaa5678, "16-bit lgs: offset"
        CHECK16 [caught_gs], SLOT, "16-bit lgs: selector"
        mov word [SCRATCH + 4], LDT_MAIN
        TRY
        mov ebx, 0xaaaabbbb
        les ebx, [SCRATCH]
        CAUGHT V_GP, LDT_MAIN, "les: an LDT"
        CHECK [caught_ebx], 0xaaaabbbb, "les: fault leaves the register"
        CHECK16 [caught_es], DATA0, "les: fault leaves ES"
        mov word [SCRATCH + 4], DATA3
        TRY
        lss ebx, [SCRATCH]
        CAUGHT V_GP, DATA3 & ~3, "lss: RPL"
        TRY
        db 0xc4, 0xc0                 ; les eax, eax
        CAUGHT V_UD, 0, "les from a register"
        TRY
        db 0x0f, 0xb2, 0xc0
        CAUGHT V_UD, 0, "lss from a register"

reads_and_writes:
        SET_SEG SLOT, BASE, 0xffff, 0x91, 0
        TRY
        mov ax, SLOT
        mov fs, ax
        mov eax, [fs:0]
        CAUGHT NONE, 0, "read of read-only data"
        TRY
        mov ax, SLOT
        mov fs, ax
        mov [fs:0], eax
        CAUGHT V_GP, 0, "write of read-only data"
        TRY
        mov ax, SLOT
        mov fs, ax
        add [fs:0], eax
        CAUGHT V_GP, 0, "read-modify-write of read-only data"
        SET_SEG SLOT, BASE, 0xffff, 0x9b, 0
        TRY
        mov ax, SLOT
        mov fs, ax
        mov eax, [fs:0]
        CAUGHT NONE, 0, "read of readable code"
        TRY
        mov ax, SLOT
        mov fs, ax
        mov [fs:0], eax
        CAUGHT V_GP, 0, "write of readable code"
        TRY
        mov [cs:SCRATCH], eax
        CAUGHT V_GP, 0, "write through CS"
        ; A register keeps what it loaded when the descriptor changes.
        SET_SEG SLOT, BASE, 0xffff, 0x93, 0
        TRY
        mov ax, SLOT
        mov fs, ax
        mov dword [gdt + SLOT], 0
        mov dword [gdt + SLOT + 4], 0
        mov [fs:0], eax
        CAUGHT NONE, 0, "descriptor changed after the load"
        ret
%include "end.inc"
