; Paging: rights of every pair of entries, error codes and CR2, A and D bits,
; accesses that cross pages, page faults in the delivery of exceptions.
%include "lib.inc"

DIRECTORY equ 0x40000
TABLE equ 0x41000                     ; of the first 4 MiB, identity
AREA_TABLE equ 0x42000                ; of the 4 MiB at AREA
DIRECTORY2 equ 0x43000
TABLE2 equ 0x44000
AREA equ 0x400000                     ; page n is at SCRATCH + n * 4096
P equ 1
W equ 2
U equ 4
ACC equ 0x20
DIRTY equ 0x40
PG equ 0x80000000
WP equ 0x10000
AREA_PDE equ DIRECTORY + 4

; Entry of AREA page n, and the TLB told.
%macro PTE 2                          ; n, bits
        mov dword [AREA_TABLE + (%1) * 4], (SCRATCH + (%1) * 0x1000) | (%2)
        invlpg [AREA + (%1) * 0x1000]
%endmacro

%macro CR2_IS 2+
        mov eax, cr2
        CHECK eax, %1, %2
%endmacro

start_paging:
        xor edi, edi
        mov edi, DIRECTORY
        xor eax, eax
        mov ecx, 0x5000 / 4
        rep stosd
        mov edi, TABLE
        mov eax, P | W | U
        mov ecx, 1024
.identity:
        stosd
        add eax, 0x1000
        loop .identity
        mov edi, AREA_TABLE
        mov eax, SCRATCH | P | W | U
        mov ecx, 16
.test:
        stosd
        add eax, 0x1000
        loop .test
        mov dword [DIRECTORY], TABLE | P | W | U
        mov dword [AREA_PDE], AREA_TABLE | P | W | U
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, cr0
        or eax, PG
        mov cr0, eax
        jmp .flush
.flush:
        ret

; Rights: directory and table U and W, ring, write, WP.
        align 4
pde_bits dd 0
pte_bits dd 0
write dd 0
user dd 0
wp dd 0
counts dd 4, 4, 2, 2, 2
COUNTERS equ 5
want dd 0
bits_of dd P, P | W, P | U, P | W | U

expect:
        mov eax, [pde_bits]
        mov eax, [bits_of + eax * 4]
        mov edx, [pte_bits]
        and eax, [bits_of + edx * 4]  ; both must allow
        mov edx, [user]
        shl edx, 1
        or edx, [write]
        shl edx, 1
        or edx, P | (V_PF << 16)      ; the error code, if any
        cmp dword [user], 0
        je .write
        test al, U
        jz .fault
.write:
        cmp dword [write], 0
        je .ok
        test al, W
        jnz .ok
        cmp dword [user], 0
        jne .fault
        cmp dword [wp], 0
        jne .fault
.ok:
        mov edx, NONE << 16
.fault:
        mov [want], edx
        ret

one_right:
        call expect
        mov eax, [pde_bits]
        mov eax, [bits_of + eax * 4]
        or eax, AREA_TABLE
        mov [AREA_PDE], eax
        mov eax, [pte_bits]
        mov eax, [bits_of + eax * 4]
        or eax, SCRATCH
        mov [AREA_TABLE], eax
        mov eax, cr0
        and eax, ~WP
        cmp dword [wp], 0
        je .cr0
        or eax, WP
.cr0:
        mov cr0, eax
        mov eax, cr3
        mov cr3, eax
        xor eax, eax
        mov cr2, eax
        xor ecx, ecx
.digit:
        shl eax, 4
        or eax, [pde_bits + ecx * 4]
        inc ecx
        cmp ecx, COUNTERS
        jb .digit
        mov [param], eax
        mov dword [try_resume], .after
        mov [try_esp], esp
        mov eax, [user]
        imul eax, 3
        mov ebx, [write]
        call go_ring
        test ebx, ebx
        jnz .store
        mov eax, [AREA + 0x123]
        int NONE
.store: mov [AREA + 0x123], eax
        int NONE
.after:
        CHECK [caught_code], [want], "rights"
        ; A and D: nothing on a fault of rights, else as used.
        mov eax, [AREA_TABLE]
        and eax, ACC | DIRTY
        mov edx, ACC
        cmp dword [want], NONE << 16
        je .used
        CR2_IS AREA + 0x123, "rights: CR2"
        mov eax, [AREA_TABLE]
        and eax, DIRTY                    ; A may be set or not
        xor edx, edx
        jmp .compare
.used:
        cmp dword [write], 0
        je .compare
        or edx, DIRTY
.compare:
        CHECK eax, edx, "rights: A and D"
        cmp dword [want], NONE << 16
        jne .end
        mov eax, [AREA_PDE]
        and eax, ACC
        CHECK eax, ACC, "rights: A of the directory"
.end:
        ret

main:
        call start_paging
rights:
        call one_right
        xor ecx, ecx
.count:
        inc dword [pde_bits + ecx * 4]
        mov eax, [counts + ecx * 4]
        cmp [pde_bits + ecx * 4], eax
        jb rights
        mov dword [pde_bits + ecx * 4], 0
        inc ecx
        cmp ecx, COUNTERS
        jb .count
        mov dword [param], 0
        mov dword [AREA_PDE], AREA_TABLE | P | W | U
        mov eax, cr0
        and eax, ~WP
        mov cr0, eax
        mov eax, cr3
        mov cr3, eax

absent:
%macro ABSENT 4+                      ; ring, instruction, error, name
        TRY
        RING %1
%%at:   %2
        CAUGHT V_PF, %3, %4
        CR2_IS AREA + 0x1234, %4
        CHECK [caught_eip], %%at, %4
%endmacro
        PTE 1, 0
        TRY
        mov eax, [AREA + 0x1234]
        CAUGHT V_PF, 0, "absent page, read in ring 0"
        TRY
        mov [AREA + 0x1234], eax
        CAUGHT V_PF, 2, "absent page, write in ring 0"
        ABSENT 3, {mov eax, [AREA + 0x1234]}, 4, "absent page, read in ring 3"
        ABSENT 3, {mov [AREA + 0x1234], eax}, 6, "absent page, write in ring 3"
        ABSENT 3, {add [AREA + 0x1234], eax}, 6, "absent page, add in ring 3"
        ABSENT 3, {xchg [AREA + 0x1234], eax}, 6, "absent page, xchg in ring 3"
        ABSENT 3, {cmp [AREA + 0x1234], eax}, 4, "absent page, cmp in ring 3"
        ABSENT 2, {mov eax, [AREA + 0x1234]}, 0, "absent page, ring 2 is a supervisor"
        ABSENT 1, {mov [AREA + 0x1234], eax}, 2, "absent page, ring 1 is a supervisor"
        PTE 1, W | U
        ABSENT 3, {mov [AREA + 0x1234], eax}, 6, "absent page, other bits do not matter"
        mov dword [AREA_PDE], AREA_TABLE | W | U
        mov eax, cr3
        mov cr3, eax
        ABSENT 3, {mov eax, [AREA + 0x1234]}, 4, "absent table"
        mov dword [AREA_PDE], AREA_TABLE | P | W | U
        mov eax, cr3
        mov cr3, eax

crossing:
        PTE 0, P | W | U
        PTE 1, 0
        PTE 2, P | W | U
        mov dword [SCRATCH + 0xffc], 0x11111111
        mov dword [SCRATCH + 0x2000], 0x22222222
        TRY
        mov eax, [AREA + 0xffd]
        CAUGHT V_PF, 0, "read into an absent page"
        CR2_IS AREA + 0x1000, "read into an absent page: CR2"
        TRY
        mov [AREA + 0xffe], eax
        CAUGHT V_PF, 2, "write into an absent page"
        CR2_IS AREA + 0x1000, "write into an absent page: CR2"
        CHECK [SCRATCH + 0xffc], 0x11111111, "write into an absent page: nothing written"
        TRY
        mov [AREA + 0x1ffe], eax
        CAUGHT V_PF, 2, "write from an absent page"
        CR2_IS AREA + 0x1ffe, "write from an absent page: CR2"
        CHECK [SCRATCH + 0x2000], 0x22222222, "write from an absent page: nothing written"
        PTE 1, P | U
        TRY
        RING 3
        mov eax, 0x33333333
        mov [AREA + 0xffe], eax
        CAUGHT V_PF, 7, "write into a read-only page"
        CR2_IS AREA + 0x1000, "write into a read-only page: CR2"
        CHECK [SCRATCH + 0xffc], 0x11111111, "write into a read-only page: nothing written"
        TRY
        RING 3
        mov eax, 0x33333333
        add [AREA + 0xffe], eax
        CAUGHT V_PF, 7, "add into a read-only page"
        PTE 1, P | W | U
        ; The frames need not be neighbours.
        mov dword [AREA_TABLE + 4], (SCRATCH + 0x5000) | P | W | U
        invlpg [AREA + 0x1000]
        mov dword [AREA + 0xffe], 0x44332211
        CHECK16 [SCRATCH + 0xffe], 0x2211, "write across pages: low half"
        CHECK16 [SCRATCH + 0x5000], 0x4433, "write across pages: high half"
        mov eax, [AREA + 0xffe]
        CHECK eax, 0x44332211, "read across pages"
        mov eax, [AREA_TABLE + 4]
        and eax, ACC | DIRTY
        CHECK eax, ACC | DIRTY, "write across pages: A and D of the second"
        PTE 1, P | W | U

fetches:
        PTE 3, 0
        mov word [SCRATCH + 0x2ffe], 0x90b8 ; mov eax, imm32 and 2 bytes of it
        mov byte [SCRATCH + 0x2ffe], 0x90
        mov byte [SCRATCH + 0x2fff], 0xb8
        TRY
        jmp .in_test
.in_test:
        mov eax, AREA + 0x3010
        jmp eax
        CAUGHT V_PF, 0, "fetch from an absent page"
        CR2_IS AREA + 0x3010, "fetch from an absent page: CR2"
        CHECK [caught_eip], AREA + 0x3010, "fetch from an absent page: EIP"
        TRY
        RING 3
        mov eax, AREA + 0x3010
        jmp eax
        CAUGHT V_PF, 4, "fetch in ring 3"
        TRY
        RING 3
        mov eax, AREA + 0x2ffe
        jmp eax
        CAUGHT V_PF, 4, "fetch into an absent page"
        CR2_IS AREA + 0x3000, "fetch into an absent page: CR2"
        CHECK [caught_eip], AREA + 0x2fff, "fetch into an absent page: EIP"
        PTE 3, P | W
        TRY
        RING 3
        mov eax, AREA + 0x3010
        jmp eax
        CAUGHT V_PF, 5, "fetch from a supervisor's page"
        PTE 3, P | U
        mov dword [SCRATCH + 0x3000], 0xcd12345a ; end of the mov; int 7f
        mov byte [SCRATCH + 0x3004], 0xcd
        mov byte [SCRATCH + 0x3005], 0x7f
        TRY
        RING 3
        mov eax, AREA + 0x2ffe
        jmp eax
        CAUGHT NONE, 0, "instruction across two pages"
        CHECK [caught_eax], 0xcd12345a, "instruction across two pages: immediate"
        PTE 3, P | W | U

strings:
        PTE 1, 0
        TRY
        mov edi, AREA + 0xff0
        mov ecx, 8
        xor eax, eax
        cld
.stos:  rep stosd
        CAUGHT V_PF, 2, "rep stosd into an absent page"
        CHECK [caught_ecx], 4, "rep stosd: ECX"
        CHECK [caught_edi], AREA + 0x1000, "rep stosd: EDI"
        CHECK [caught_eip], .stos, "rep stosd: EIP"
        TRY
        mov esi, AREA + 0x2008
        mov edi, AREA + 0x2108
        mov ecx, 8
        std
        rep movsd
        CAUGHT V_PF, 0, "rep movsd down from an absent page"
        CHECK [caught_ecx], 5, "rep movsd: ECX"
        CHECK [caught_esi], AREA + 0x1ffc, "rep movsd: ESI"
        CHECK [caught_edi], AREA + 0x20fc, "rep movsd: EDI"
        TRY
        RING 3
        mov esp, AREA + 0x2010
        pushad
        CAUGHT V_PF, 6, "pushad into an absent page"
        CHECK [caught_esp], AREA + 0x2010, "pushad: ESP"
        TRY
        RING 3
        mov esp, AREA + 0x2004
        call $ + 5
        CAUGHT NONE, 0, "call, stack just inside"
        TRY
        RING 3
        mov esp, AREA + 0x2000
        call $ + 5
        CAUGHT V_PF, 6, "call, stack in an absent page"
        CHECK [caught_esp], AREA + 0x2000, "call: ESP"
        CR2_IS AREA + 0x1ffc, "call: CR2"
        TRY
        RING 3
        mov esp, AREA + 0x2000
        enter 0, 0
        CAUGHT V_PF, 6, "enter, stack in an absent page"
        CHECK [caught_esp], AREA + 0x2000, "enter: ESP"
        PTE 1, P | W | U

        ; The processor's own accesses are the supervisor's.
system:
        mov esi, gdt
        mov edi, SCRATCH + 0x4000
        mov ecx, GDT_BYTES / 4
        rep movsd
        and byte [SCRATCH + 0x4000 + (DATA3 & ~7) + 5], 0xfe
        mov word [SCRATCH + 0x6000], GDT_BYTES - 1
        mov dword [SCRATCH + 0x6002], AREA + 0x4000
        lgdt [SCRATCH + 0x6000]
        PTE 4, P | W
        TRY
        RING 3
        mov ax, CODE3
        mov fs, ax
        CAUGHT NONE, 0, "GDT in a supervisor's page"
        PTE 4, P
        TRY
        mov ax, DATA3
        mov fs, ax
        CAUGHT NONE, 0, "accessed bit in a read-only page, WP clear"
        lgdt [gdt_pointer]
        and byte [SCRATCH + 0x4000 + (DATA3 & ~7) + 5], 0xfe
        lgdt [SCRATCH + 0x6000]
        mov eax, cr0
        or eax, WP
        mov cr0, eax
        TRY
        mov ax, DATA3
        mov fs, ax
        CAUGHT V_PF, 3, "accessed bit in a read-only page, WP set"
        CHECK16 [caught_fs], DATA0, "accessed bit: FS unchanged"
        mov eax, cr0
        and eax, ~WP
        mov cr0, eax
        lgdt [gdt_pointer]
        ; An LDT that is not there.
        SET_SEG FREE, AREA + 0x5000, 0xff, 0x82, 0
        mov ax, FREE
        lldt ax
        PTE 5, 0
        TRY
        RING 3
        mov ax, 0x0f
        mov fs, ax
        CAUGHT V_PF, 0, "LDT in an absent page, ring 3"
        CR2_IS AREA + 0x5008, "LDT in an absent page: CR2"
        PTE 5, P | W | U
        mov ax, LDT_MAIN
        lldt ax

        ; The IDT across two pages: vectors to 13 in the first, from 14 on in
        ; the second.
exceptions:
        mov esi, idt
        mov edi, SCRATCH + 0x8000 - 14 * 8
        mov ecx, 256 * 8 / 4
        rep movsd
        mov word [SCRATCH + 0x6000], 256 * 8 - 1
        mov dword [SCRATCH + 0x6002], AREA + 0x8000 - 14 * 8
        lidt [SCRATCH + 0x6000]
        TRY
        mov ax, LDT_MAIN
        mov ds, ax
        CAUGHT V_GP, LDT_MAIN, "IDT across pages"
        PTE 7, 0
        TRY
        mov ax, LDT_MAIN
        mov ds, ax
        CAUGHT V_PF, 0, "#GP, #PF: one after the other"
        CR2_IS AREA + 0x8000 - 8, "#GP, #PF: CR2"
        TRY
.ud:    ud2
        CAUGHT V_PF, 0, "#UD, #PF"
        CR2_IS AREA + 0x8000 - 8 * 8, "#UD, #PF: CR2"
        CHECK [caught_eip], .ud, "#UD, #PF: EIP"
        TRY
        RING 3
        int3
        CAUGHT V_PF, 0, "int3, #PF: not the user's"
        PTE 7, P | W | U
        PTE 8, 0
        PTE 1, 0
        ; NONE is in the second page too: these must not reach it.
        TRY
        mov eax, [AREA + 0x1234]
        CAUGHT V_DF, 0, "#PF, #PF"
        ; CR2 is the last one's.
        CR2_IS AREA + 0x8000, "#PF, #PF: CR2"
        PTE 8, P | W | U
        and byte [SCRATCH + 0x8000 + 5], 0x7f
        TRY
        mov eax, [AREA + 0x1234]
        CAUGHT V_DF, 0, "#PF, #NP"
        CR2_IS AREA + 0x1234, "#PF, #NP: CR2"
        or byte [SCRATCH + 0x8000 + 5], 0x80
        lidt [idt_pointer]
        PTE 1, P | W | U

        ; A change of the tables shows after INVLPG, or a load of CR3.
changes:
        mov dword [SCRATCH + 0xa000], 0xaaaaaaaa
        mov dword [SCRATCH + 0xb000], 0xbbbbbbbb
        mov eax, [AREA + 0xa000]
        CHECK eax, 0xaaaaaaaa, "page a"
        mov dword [AREA_TABLE + 0xa * 4], (SCRATCH + 0xb000) | P | W | U
        invlpg [AREA + 0xa000]
        mov eax, [AREA + 0xa000]
        CHECK eax, 0xbbbbbbbb, "page a changed, invlpg"
        mov dword [AREA_TABLE + 0xa * 4], (SCRATCH + 0xa000) | P | W | U
        mov eax, cr3
        mov cr3, eax
        mov eax, [AREA + 0xa000]
        CHECK eax, 0xaaaaaaaa, "page a changed back, CR3"
        ; Another address space.
        mov esi, DIRECTORY
        mov edi, DIRECTORY2
        mov ecx, 1024
        rep movsd
        mov esi, AREA_TABLE
        mov edi, TABLE2
        mov ecx, 1024
        rep movsd
        mov dword [DIRECTORY2 + 4], TABLE2 | P | W | U
        mov dword [TABLE2 + 0xa * 4], (SCRATCH + 0xb000) | P | W | U
        mov eax, DIRECTORY2
        mov cr3, eax
        mov eax, [AREA + 0xa000]
        mov ebx, DIRECTORY
        mov cr3, ebx
        mov ebx, [AREA + 0xa000]
        CHECK eax, 0xbbbbbbbb, "the second address space"
        CHECK ebx, 0xaaaaaaaa, "the first one again"
        ; Code that is changed through another address of its page.
        PTE 12, P | W | U
        mov dword [SCRATCH + 0xc000], 0xc340c031 ; xor eax, eax; inc eax; ret
        mov edi, AREA + 0xc000
        call edi
        CHECK eax, 1, "code in AREA"
        mov byte [SCRATCH + 0xc002], 0x48 ; dec eax
        call edi
        CHECK eax, -1, "code changed through another address"

        ; D comes with the first write, though the page was read before.
dirty:
        PTE 13, P | W | U
        mov eax, [AREA + 0xd000]
        mov eax, [AREA_TABLE + 13 * 4]
        and eax, ACC | DIRTY
        CHECK eax, ACC, "read: A"
        mov [AREA + 0xd000], eax
        mov eax, [AREA_TABLE + 13 * 4]
        and eax, ACC | DIRTY
        CHECK eax, ACC | DIRTY, "write after read: D"
        mov eax, [AREA_TABLE + 13 * 4]
        and eax, ~(ACC | DIRTY)
        mov [AREA_TABLE + 13 * 4], eax
        invlpg [AREA + 0xd000]
        mov [AREA + 0xd000], eax
        mov eax, [AREA_TABLE + 13 * 4]
        and eax, ACC | DIRTY
        CHECK eax, ACC | DIRTY, "cleared, write: A and D again"

        ; A task switch loads CR3.
tasks:
        mov dword [tss_b + 0x1c], DIRECTORY2
        mov dword [tss_b + 0x20], .task
        mov dword [tss_b + 0x24], 2
        mov dword [tss_b + 0x38], STACK_B
        mov dword [tss_b + 0x48], DATA0
        mov dword [tss_b + 0x4c], CODE0
        mov dword [tss_b + 0x50], DATA0
        mov dword [tss_b + 0x54], DATA0
        mov dword [tss_main + 0x1c], DIRECTORY
        TRY
        call TSS_B:0
        mov ecx, [AREA + 0xa000]
        mov edx, cr3
        int NONE
.task:
        mov eax, [AREA + 0xa000]
        mov [SCRATCH + 0xe000], eax
        iretd
        CAUGHT NONE, 0, "task with its own CR3"
        CHECK [SCRATCH + 0xe000], 0xbbbbbbbb, "task: its address space"
        CHECK [caught_ecx], 0xaaaaaaaa, "task: back in the first"
        CHECK [caught_edx], DIRECTORY, "task: CR3 back"

off:
        mov eax, cr0
        and eax, ~PG
        mov cr0, eax
        mov eax, [SCRATCH + 0xa000]
        CHECK eax, 0xaaaaaaaa, "paging off"
        ret
%include "end.inc"
