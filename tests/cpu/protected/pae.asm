; Physical address extension: rights of every pair of entries, A and D bits,
; large pages, reserved bits, the page-directory pointers as registers, what
; lies beyond 4 GiB, global pages (SDM volume 3, 4.4).
%include "lib.inc"
        cpu 686

POINTERS equ 0x40020                  ; aligned to 32 bytes, not to 4 KiB
DIRECTORY equ 0x41000                 ; of the first GiB
DIRECTORY3 equ 0x42000                ; of the last
TABLE equ 0x43000                     ; of the first 2 MiB, identity
AREA_TABLE equ 0x44000                ; of the 2 MiB at AREA
POINTERS2 equ 0x45fe0
AREA equ 0x400000                     ; page n is at SCRATCH + n * 4096
AREA_PDE equ DIRECTORY + 2 * 8
LARGE equ 0x600000                    ; a large page
LARGE_PDE equ DIRECTORY + 3 * 8
P equ 1
W equ 2
U equ 4
ACC equ 0x20
DIRTY equ 0x40
PS equ 0x80
G equ 0x100
RSVD equ 8
PG equ 0x80000000
WP equ 0x10000
PSE equ 0x10
PAE equ 0x20
PGE equ 0x80

%macro PTE 2-3 0                      ; AREA page, low bits, high half
        mov dword [AREA_TABLE + (%1) * 8], (SCRATCH + (%1) * 0x1000) | (%2)
        mov dword [AREA_TABLE + (%1) * 8 + 4], %3
        invlpg [AREA + (%1) * 0x1000]
%endmacro
%macro PDE 2-3 0                      ; entry, low half, high half
        mov dword [%1], %2
        mov dword [%1 + 4], %3
        mov eax, cr3
        mov cr3, eax
%endmacro
%macro CR2_IS 2+
        mov eax, cr2
        CHECK eax, %1, %2
%endmacro

start_paging:
        xor eax, eax
        mov edi, 0x40000
        mov ecx, 0x6000 / 4
        rep stosd
        mov edi, TABLE
        mov eax, P | W | U
        mov ecx, 512
.identity:
        stosd
        add edi, 4
        add eax, 0x1000
        loop .identity
        mov edi, AREA_TABLE
        mov eax, SCRATCH | P | W | U
        mov ecx, 16
.area:
        stosd
        add edi, 4
        add eax, 0x1000
        loop .area
        mov dword [DIRECTORY], TABLE | P | W | U
        mov dword [AREA_PDE], AREA_TABLE | P | W | U
        mov dword [POINTERS], DIRECTORY | P
        mov dword [POINTERS + 24], DIRECTORY3 | P
        mov dword [DIRECTORY3 + 511 * 8], AREA_TABLE | P | W | U
        mov eax, cr4
        or eax, PAE
        mov cr4, eax
        mov eax, POINTERS
        mov cr3, eax
        mov eax, cr0
        or eax, PG
        mov cr0, eax
        jmp .flush
.flush:
        ret

        align 4
pde_bits dd 0
pte_bits dd 0
large dd 0
write dd 0
user dd 0
wp dd 0
counts dd 4, 4, 2, 2, 2, 2
COUNTERS equ 6
want dd 0
always_large dd 0
large_pde dd LARGE_PDE
large_base dd LARGE
bits_of dd P, P | W, P | U, P | W | U

expect:
        mov eax, [pde_bits]
        mov eax, [bits_of + eax * 4]
        cmp dword [large], 0
        jne .rights
        mov edx, [pte_bits]
        and eax, [bits_of + edx * 4]
.rights:
        mov edx, [user]
        shl edx, 1
        or edx, [write]
        shl edx, 1
        or edx, P | (V_PF << 16)
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

; One combination: AREA through both entries, or LARGE through one.
one_right:
        mov eax, [always_large]
        or [large], eax
        call expect
        mov edi, AREA + 0x123
        mov eax, [pde_bits]
        mov eax, [bits_of + eax * 4]
        cmp dword [large], 0
        jne .large
        or eax, AREA_TABLE
        mov [AREA_PDE], eax
        mov eax, [pte_bits]
        mov eax, [bits_of + eax * 4]
        or eax, SCRATCH
        mov [AREA_TABLE], eax
        jmp .tables
.large:
        or eax, PS
        mov ebx, [large_pde]
        mov [ebx], eax                ; the first 2 or 4 MiB once more
        mov edi, [large_base]
        add edi, SCRATCH + 0x123
.tables:
        mov eax, cr0
        and eax, ~WP
        cmp dword [wp], 0
        je .cr0
        or eax, WP
.cr0:
        mov cr0, eax
        mov eax, cr3
        mov cr3, eax
        mov [address], edi
        xor eax, eax
        cmp dword [user], 0
        je .ring
        mov eax, 3
.ring:
        mov dword [try_resume], .after
        mov [try_esp], esp
        call go_ring
        mov edi, [address]
        cmp dword [write], 0
        je .read
        mov byte [edi], 0x5a
        int NONE
.read:
        mov al, [edi]
        int NONE
.after:
        CHECK [caught_code], [want], "rights"
        cmp dword [want], NONE << 16
        je .accessed
        mov eax, cr2
        CHECK eax, [address], "rights: CR2"
        ret
.accessed:
        mov ebx, AREA_TABLE
        cmp dword [large], 0
        je .entry
        mov ebx, [large_pde]
.entry:
        mov eax, [ebx]
        and eax, ACC | DIRTY
        mov edx, ACC
        cmp dword [write], 0
        je .flags
        or edx, DIRTY
.flags:
        CHECK eax, edx, "rights: A and D"
        cmp dword [large], 0
        jne .end
        mov eax, [AREA_PDE]
        and eax, ACC | DIRTY
        CHECK eax, ACC, "rights: A of the directory"
.end:   ret

address dd 0

main:
        mov eax, [features]
        and eax, 1 << 6
        CHECK eax, 1 << 6, "CPUID tells PAE"
        call start_paging

        call all_rights
        jmp mapping

all_rights:
        call one_right
        mov ecx, 0
.next:  inc dword [pde_bits + ecx * 4]
        mov eax, [pde_bits + ecx * 4]
        cmp eax, [counts + ecx * 4]
        jb all_rights
        mov dword [pde_bits + ecx * 4], 0
        inc ecx
        cmp ecx, COUNTERS
        jb .next
        mov eax, cr0
        and eax, ~WP
        mov cr0, eax
        ret

mapping:
        PDE AREA_PDE, AREA_TABLE | P | W | U
        PTE 0, P | W | U
        PTE 1, P | W | U
        mov dword [SCRATCH + 0x1004], 0x11223344
        TRY
        mov eax, [AREA + 0x1004]
        mov ebx, [0xffe01004]         ; by the last directory
        mov ecx, [LARGE + SCRATCH + 0x1004]
        CAUGHT NONE, 0, "three ways to one page"
        CHECK [caught_eax], 0x11223344, "by the first directory"
        CHECK [caught_ebx], 0x11223344, "by the last directory"
        CHECK [caught_ecx], 0x11223344, "by the large page"
        TRY
        mov eax, [0x40000000]
        CAUGHT V_PF, 0, "second pointer is not present"
        CR2_IS 0x40000000, "second pointer: CR2"
        TRY
        mov [0xbfffffff], al
        CAUGHT V_PF, W, "third pointer is not present"
        TRY
        RING 3
        mov [0xc0000000], al
        CAUGHT V_PF, U | W, "absent directory entry"
        PTE 2, 0
        TRY
        mov al, [AREA + 0x2000]
        CAUGHT V_PF, 0, "absent entry"

        ; Reserved bits: any of 36 to 63, in all entries that are present.
reserved:
%assign bit 4
%rep 28
        PTE 2, P | W | U, 1 << bit
        TRY
        mov al, [AREA + 0x2000]
        CAUGHT V_PF, P | RSVD, "reserved bit of a page"
    %assign bit bit + 1
%endrep
        CR2_IS AREA + 0x2000, "reserved bit: CR2"
        PTE 2, W | U, 0x80000000
        TRY
        mov [AREA + 0x2000], al
        CAUGHT V_PF, W, "reserved bit of an absent page"
        PTE 2, P, 0x80000000
        TRY
        RING 3
        mov [AREA + 0x2abc], al
        CAUGHT V_PF, P | W | U | RSVD, "reserved bit goes before rights"
        CR2_IS AREA + 0x2abc, "reserved bit and rights: CR2"
        PTE 2, P | W | U
        PDE AREA_PDE, AREA_TABLE | P | W | U, 0x10
        TRY
        mov [AREA + 0x2000], al
        CAUGHT V_PF, P | W | RSVD, "reserved bit of a directory entry"
        PDE AREA_PDE, AREA_TABLE | P | W | U
%assign bit 13
%rep 8
        PDE LARGE_PDE, P | W | U | PS | 1 << bit
        TRY
        mov al, [LARGE]
        CAUGHT V_PF, P | RSVD, "reserved bit of a large page"
    %assign bit bit + 1
%endrep
        PDE LARGE_PDE, P | W | U | PS | 0x1000
        TRY
        mov al, [LARGE]
        CAUGHT NONE, 0, "bit 12 of a large page is PAT"
        mov eax, [LARGE_PDE]
        CHECK eax, P | W | U | PS | 0x1000 | ACC, "bit 12: the entry"

        ; Address bits 32 to 35: nothing is there.
beyond:
        PTE 2, P | W | U, 1
        mov dword [SCRATCH + 0x2000], 0x12345678
        TRY
        mov eax, [AREA + 0x2000]
        mov dword [AREA + 0x2000], 0
        mov ebx, [AREA + 0x2000]
        CAUGHT NONE, 0, "4 GiB and more"
        CHECK [caught_eax], -1, "4 GiB and more: ones"
        CHECK [caught_ebx], -1, "4 GiB and more: a store"
        CHECK [SCRATCH + 0x2000], 0x12345678, "4 GiB and more: no alias"
        PDE LARGE_PDE, P | W | U | PS, 0xf
        TRY
        mov eax, [LARGE + SCRATCH + 0x2000]
        CAUGHT NONE, 0, "large page at 60 GiB"
        CHECK [caught_eax], -1, "large page at 60 GiB: ones"
        PTE 2, P | W | U
        PDE LARGE_PDE, P | W | U | PS

crossing:
        PTE 3, P | W | U
        PTE 4, P | U
        mov dword [SCRATCH + 0x3ffc], 0x55555555
        TRY
        RING 3
        mov dword [AREA + 0x3ffe], 0
        CAUGHT V_PF, P | W | U, "store into a read-only second page"
        CR2_IS AREA + 0x4000, "second page: CR2"
        CHECK [SCRATCH + 0x3ffc], 0x55555555, "second page: nothing stored"
        PTE 4, P | W | U
        TRY
        RING 3
        mov dword [AREA + 0x3ffe], 0x99998888
        mov eax, [AREA + 0x3ffe]
        CAUGHT NONE, 0, "across two pages"
        CHECK [caught_eax], 0x99998888, "across two pages: value"
        ; From the last 4 KiB page into a large one.
        mov dword [AREA_TABLE + 511 * 8], SCRATCH | 0xf000 | P | W | U
        mov eax, cr3
        mov cr3, eax
        mov dword [SCRATCH + 0xfffc], 0x44332211
        mov eax, [0]
        mov [caught_ebp], eax
        TRY
        mov eax, [LARGE - 2]
        CAUGHT NONE, 0, "from a small page into a large one"
        mov eax, [0]
        shl eax, 16
        mov ax, 0x4433
        CHECK [caught_eax], eax, "small into large: value"

        ; The pointers are read when CR3 is loaded, and then no more.
registers:
        mov dword [POINTERS + 8], DIRECTORY | P
        TRY
        mov eax, [0x40000000 + AREA + 0x1004]
        CAUGHT V_PF, 0, "a pointer in memory alone"
        mov eax, cr3
        mov cr3, eax
        TRY
        mov eax, [0x40000000 + AREA + 0x1004]
        CAUGHT NONE, 0, "a pointer after MOV CR3"
        CHECK [caught_eax], 0x11223344, "a pointer after MOV CR3: value"
        mov dword [POINTERS + 8], 0
        TRY
        mov eax, [0x40000000 + AREA + 0x1004]
        CAUGHT NONE, 0, "a pointer cleared in memory"
        mov eax, cr4
        xor eax, PGE
        mov cr4, eax
        TRY
        mov eax, [0x40000000 + AREA + 0x1004]
        CAUGHT V_PF, 0, "a pointer after MOV CR4 changed PGE"
        mov dword [POINTERS + 8], DIRECTORY | P
        mov eax, cr4
        xor eax, PSE
        mov cr4, eax
        TRY
        mov eax, [0x40000000 + AREA + 0x1004]
        CAUGHT NONE, 0, "a pointer after MOV CR4 changed PSE"
        mov eax, cr4
        and eax, ~(PSE | PGE)
        mov cr4, eax
        mov eax, cr3
        CHECK eax, POINTERS, "CR3"

        ; Reserved bits of pointers: 1, 2, 5 to 8 and 36 to 63.
%macro BAD_POINTER 2                  ; low bits, high half
        mov dword [POINTERS2 + 8], DIRECTORY | P | %1
        mov dword [POINTERS2 + 12], %2
        TRY
        mov eax, POINTERS2
%%at:   mov cr3, eax
        CAUGHT V_GP, 0, "reserved bit of a pointer"
        CHECK [caught_eip], %%at, "reserved bit of a pointer: EIP"
%endmacro
        mov dword [POINTERS2], DIRECTORY | P
        BAD_POINTER W, 0
        BAD_POINTER U, 0
        BAD_POINTER 0x20, 0
        BAD_POINTER 0x40, 0
        BAD_POINTER 0x80, 0
        BAD_POINTER 0x100, 0
        BAD_POINTER 0, 0x10
        BAD_POINTER 0, 0x80000000
        mov eax, cr3
        CHECK eax, POINTERS, "reserved bit of a pointer: CR3 stays"
        mov dword [POINTERS2 + 8], DIRECTORY | 0x1fe
        mov dword [POINTERS2 + 12], -1
        TRY
        mov eax, POINTERS2
        mov cr3, eax
        mov eax, [0x40000000]
        CAUGHT V_PF, 0, "reserved bits of an absent pointer"
        mov dword [POINTERS2 + 8], DIRECTORY | P | 0xe18
        mov dword [POINTERS2 + 12], 0
        TRY
        mov eax, POINTERS2
        mov cr3, eax
        mov eax, [0x40000000 + AREA + 0x1004]
        CAUGHT NONE, 0, "a pointer with all other bits"
        CHECK [caught_eax], 0x11223344, "a pointer with all other bits: value"
        ; A task brings its own pointers.
        mov dword [POINTERS + 16], DIRECTORY | P
        mov dword [tss_b + 0x1c], POINTERS
        mov dword [tss_b + 0x20], .task
        mov dword [tss_b + 0x24], 2
        mov dword [tss_b + 0x38], STACK_B - 0x200
        mov dword [tss_b + 0x48], DATA0
        mov dword [tss_b + 0x4c], CODE0
        mov dword [tss_b + 0x50], DATA0
        mov dword [tss_b + 0x54], DATA0
        mov dword [tss_b + 0x60], 0
        TRY
        mov eax, [0x80000000 + AREA + 0x1004]
        CAUGHT V_PF, 0, "before the task switch"
        TRY
        jmp TSS_B:0
.task:  mov eax, [0x80000000 + AREA + 0x1004]
        mov ebx, cr3
        CAUGHT NONE, 0, "after the task switch"
        CHECK [caught_eax], 0x11223344, "after the task switch: value"
        CHECK [caught_ebx], POINTERS, "after the task switch: CR3"
        ; Paging with a bad pointer cannot begin.
        mov eax, cr0
        and eax, ~PG
        mov cr0, eax
        mov dword [POINTERS2 + 8], DIRECTORY | P | W
        TRY
        mov eax, POINTERS2
        mov cr3, eax
        mov eax, cr0
        or eax, PG
.pg:    mov cr0, eax
        CAUGHT V_GP, 0, "PG with a bad pointer"
        CHECK [caught_eip], .pg, "PG with a bad pointer: EIP"
        mov eax, cr0
        and eax, PG
        CHECK eax, 0, "PG with a bad pointer: PG"
        mov eax, cr3
        CHECK eax, POINTERS2, "CR3 without paging takes anything"

        ; 36-bit entries of large pages without PAE: PSE-36.
pse36:
        mov eax, PSE
        mov cr4, eax
        mov edi, DIRECTORY
        xor eax, eax
        mov ecx, 1024
        rep stosd
        mov dword [DIRECTORY], P | W | U | PS
        mov dword [DIRECTORY + 4], P | W | U | PS
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, cr0
        or eax, PG
        mov cr0, eax
        TRY
        mov eax, [0x400000 + SCRATCH + 0x1004]
        CAUGHT NONE, 0, "PSE: a large page"
        CHECK [caught_eax], 0x11223344, "PSE: a large page: value"
        CHECK [DIRECTORY + 4], P | W | U | PS | ACC, "PSE: A"
        mov dword [0x400000 + SCRATCH + 0x1008], 1
        CHECK [DIRECTORY + 4], P | W | U | PS | ACC | DIRTY, "PSE: D"
        mov dword [large_pde], DIRECTORY + 4
        mov dword [large_base], 0x400000
        mov dword [always_large], 1
        mov dword [counts + 4], 1     ; no table
        mov dword [counts + 8], 1
        call all_rights
%assign bit 13
%rep 4
        mov dword [DIRECTORY + 4], P | W | U | PS | 1 << bit
        mov eax, cr3
        mov cr3, eax
        TRY
        mov eax, [0x400000 + SCRATCH + 0x1004]
        CAUGHT NONE, 0, "PSE-36: address bit"
        CHECK [caught_eax], -1, "PSE-36: beyond 4 GiB"
    %assign bit bit + 1
%endrep
%rep 5
        mov dword [DIRECTORY + 4], P | W | U | PS | 1 << bit
        mov eax, cr3
        mov cr3, eax
        TRY
        RING 3
        mov eax, [0x400000]
        CAUGHT V_PF, P | U | RSVD, "PSE-36: reserved bit"
    %assign bit bit + 1
%endrep
        ; Without PSE bit 7 means nothing.
        mov edi, TABLE
        mov eax, P | W | U
        mov ecx, 1024
.identity:
        stosd
        add eax, 0x1000
        loop .identity
        mov dword [DIRECTORY], TABLE | P | W | U
        mov dword [DIRECTORY + 4], AREA_TABLE | P | W | U | PS
        mov eax, cr3
        mov cr3, eax
        xor eax, eax
        mov cr4, eax
        mov dword [AREA_TABLE + 4], SCRATCH | 0x1000 | P | W | U
        TRY
        mov eax, [0x401004]
        CAUGHT NONE, 0, "PS without CR4.PSE"
        CHECK [caught_eax], 0x11223344, "PS without CR4.PSE: value"

global_pages:
        mov eax, PGE
        mov cr4, eax
        mov dword [AREA_TABLE + 4], SCRATCH | 0x1000 | P | W | U | G
        invlpg [0x401000]
        TRY
        mov eax, [0x401004]
        CAUGHT NONE, 0, "a global page"
        CHECK [caught_eax], 0x11223344, "a global page: value"
        mov dword [SCRATCH + 0x2004], 0x66778899
        mov dword [AREA_TABLE + 4], SCRATCH | 0x2000 | P | W | U | G
        invlpg [0x401000]
        mov eax, [0x401004]
        CHECK eax, 0x66778899, "INVLPG of a global page"
        mov dword [AREA_TABLE + 4], SCRATCH | 0x1000 | P | W | U | G
        xor eax, eax
        mov cr4, eax
        mov eax, [0x401004]
        CHECK eax, 0x11223344, "PGE cleared"
        mov eax, cr0
        and eax, ~PG
        mov cr0, eax
        ret
%include "end.inc"
