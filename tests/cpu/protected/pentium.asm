; What came with the Pentium and the Pentium Pro: CPUID, MSRs, the time-stamp
; counter, CMPXCHG8B, CMOVcc, SYSENTER, EFLAGS.ID, CR4, breakpoints on ports.
; Runs on every model from the Pentium on and looks at what CPUID tells.
%include "lib.inc"
        cpu 686

FLAT equ 0x150                        ; SYSENTER_CS: four descriptors from here
TSD equ 4
DE equ 8
PCE equ 0x100
FLAG_IF equ 0x200
FLAG_ZF equ 0x40
MSR_TSC equ 0x10
DIRECTORY equ 0x40000
MSR_APIC_BASE equ 0x1b
MSR_CS equ 0x174
MSR_ESP equ 0x175
MSR_EIP equ 0x176
MSR_MTRRCAP equ 0xfe
MSR_PAT equ 0x277
MSR_DEF_TYPE equ 0x2ff
HAS_SEP equ 1 << 11
HAS_CMOV equ 1 << 15
HAS_PAT equ 1 << 16
HAS_MTRR equ 1 << 12

%macro NEEDS 2                        ; feature, where to go without
        test dword [features], %1
        jz %2
%endmacro

%macro WRITE_MSR 3                    ; number, low, high
        mov ecx, %1
        mov eax, %2
        mov edx, %3
        wrmsr
%endmacro

main:
cpuid_leaves:
        xor eax, eax
        cpuid
        CHECK ebx, "Genu", "vendor"
        CHECK edx, "ineI", "vendor"
        CHECK ecx, "ntel", "vendor"
        mov eax, [features]
        and eax, 0x1be
        CHECK eax, 0x1be, "VME DE PSE TSC MSR MCE CX8"
        TRY
        RING 3
        mov eax, 1
        cpuid
        CAUGHT NONE, 0, "cpuid in ring 3"
        CHECK [caught_eax], [signature], "cpuid in ring 3: signature"
        TRY
        V86 0
        mov eax, 1
        cpuid
        hlt
        CAUGHT V_GP, 0, "cpuid in V86"
        CHECK [caught_eax], [signature], "cpuid in V86: signature"
        push dword 0x200002
        popfd
        pushfd
        pop eax
        CHECK eax, 0x200002, "EFLAGS.ID can be set"
        push dword 2
        popfd
        TRY
        RING 3
        push dword 0x200002
        popfd
        CAUGHT NONE, 0, "EFLAGS.ID in ring 3"
        CHECK [caught_eflags], 0x200002, "EFLAGS.ID in ring 3"

control_4:
        TRY
        RING 3
        mov eax, cr4
        CAUGHT V_GP, 0, "CR4 in ring 3"
        mov ebx, 0x5c
        test dword [features], 1 << 1
        jz .no_vme
        or ebx, 3
.no_vme:
        mov cr4, ebx
        mov eax, cr4
        CHECK eax, ebx, "CR4: VME PVI TSD DE PSE MCE"
        mov eax, [features]           ; PAE and PGE by model
        mov ebx, eax
        shr eax, 13 - 7
        and eax, 0x80
        shr ebx, 6 - 5
        and ebx, 0x20
        or eax, ebx
        mov [allowed_4], eax
        mov cr4, eax
        mov ebx, cr4
        CHECK ebx, [allowed_4], "CR4: PAE PGE"
        xor eax, eax
        mov cr4, eax
        TRY
        db 0x0f, 0x20, 0xe8           ; mov eax, cr5
        CAUGHT V_UD, 0, "CR5"
        TRY
        db 0x0f, 0x24, 0xf0           ; mov eax, tr6
        CAUGHT V_UD, 0, "TR6"

time_stamp:
        TRY
        rdtsc
        mov esi, eax
        mov edi, edx
        times 10 nop
        rdtsc
        sub eax, esi
        sbb edx, edi
        CAUGHT NONE, 0, "rdtsc"
        CHECK [caught_edx], 0, "rdtsc: it goes on"
        cmp dword [caught_eax], 11
        setae al
        movzx eax, al
        CHECK eax, 1, "rdtsc: 11 instructions at least"
        TRY
        RING 3
        rdtsc
        CAUGHT NONE, 0, "rdtsc in ring 3"
        TRY
        V86 0
        rdtsc
        hlt
        CAUGHT V_GP, 0, "rdtsc in V86"
        mov eax, TSD
        mov cr4, eax
        TRY
        RING 3
.tsd:   rdtsc
        CAUGHT V_GP, 0, "rdtsc with TSD in ring 3"
        CHECK [caught_eip], .tsd, "rdtsc with TSD: EIP"
        TRY
        RING 1
        rdtsc
        CAUGHT V_GP, 0, "rdtsc with TSD in ring 1"
        TRY
        V86 0x3000
.tsd16: rdtsc
        CAUGHT V_GP, 0, "rdtsc with TSD in V86"
        CHECK [caught_eip], LOW(.tsd16), "rdtsc with TSD in V86: IP"
        TRY
        rdtsc
        CAUGHT NONE, 0, "rdtsc with TSD in ring 0"
        xor eax, eax
        mov cr4, eax
        TRY
        WRITE_MSR MSR_TSC, 0x12345678, 0
        rdtsc
        CAUGHT NONE, 0, "the counter is written"
        mov eax, [caught_eax]
        sub eax, 0x12345678
        cmp eax, 1000
        setb al
        movzx eax, al
        CHECK eax, 1, "the counter is written: what it shows"
        CHECK [caught_edx], 0, "the counter is written: high half"
        WRITE_MSR MSR_TSC, 0xfffffffe, 0
        times 8 nop
        TRY
        mov ecx, MSR_TSC
        rdmsr
        CAUGHT NONE, 0, "RDMSR of the counter"
        CHECK [caught_edx], 1, "the counter carries"

registers:
        TRY
        RING 3
        mov ecx, MSR_TSC
.read:  rdmsr
        CAUGHT V_GP, 0, "rdmsr in ring 3"
        CHECK [caught_eip], .read, "rdmsr in ring 3: EIP"
        TRY
        RING 1
        mov ecx, MSR_TSC
        wrmsr
        CAUGHT V_GP, 0, "wrmsr in ring 1"
        TRY
        V86 0x3000
        mov ecx, MSR_TSC
        rdmsr
        CAUGHT V_GP, 0, "rdmsr in V86"
        TRY
        mov ecx, 0x12345678
        rdmsr
        CAUGHT V_GP, 0, "rdmsr of none"
        TRY
        WRITE_MSR 0x12345678, 0, 0
        CAUGHT V_GP, 0, "wrmsr of none"
        NEEDS HAS_MTRR, .no_mtrr
        TRY
        WRITE_MSR MSR_MTRRCAP, 0, 0
        CAUGHT V_GP, 0, "MTRRCAP is read only"
        TRY
        mov ecx, MSR_MTRRCAP
        rdmsr
        CAUGHT NONE, 0, "MTRRCAP"
        CHECK [caught_eax], 0x508, "MTRRCAP: 8 ranges, fixed ones, WC"
        TRY
        WRITE_MSR MSR_DEF_TYPE, 0xc06, 0
        mov ecx, MSR_DEF_TYPE
        rdmsr
        CAUGHT NONE, 0, "default memory type"
        CHECK [caught_eax], 0xc06, "default memory type"
        TRY
        WRITE_MSR MSR_DEF_TYPE, 0xc02, 0
        CAUGHT V_GP, 0, "no such memory type"
        TRY
        WRITE_MSR MSR_DEF_TYPE, 0x1c06, 0
        CAUGHT V_GP, 0, "default memory type, reserved bit"
        TRY
        WRITE_MSR 0x200, 0xa0000006, 0xf
        WRITE_MSR 0x201, 0xf0000800, 0xf
        mov ecx, 0x200
        rdmsr
        mov esi, eax
        mov edi, edx
        mov ecx, 0x201
        rdmsr
        CAUGHT NONE, 0, "a range"
        CHECK [caught_esi], 0xa0000006, "base of a range"
        CHECK [caught_edi], 0xf, "base of a range"
        CHECK [caught_eax], 0xf0000800, "mask of a range"
        TRY
        WRITE_MSR 0x200, 6, 0x10
        CAUGHT V_GP, 0, "a range beyond 64 GiB"
        TRY
        WRITE_MSR 0x210, 0, 0
        CAUGHT V_GP, 0, "a ninth range"
.no_mtrr:
        NEEDS HAS_PAT, .no_pat
        TRY
        mov ecx, MSR_PAT
        rdmsr
        CAUGHT NONE, 0, "PAT"
        CHECK [caught_eax], 0x00070406, "PAT after reset"
        CHECK [caught_edx], 0x00070406, "PAT after reset"
        TRY
        WRITE_MSR MSR_PAT, 0x07060504, 0x06010007
        mov ecx, MSR_PAT
        rdmsr
        CAUGHT NONE, 0, "PAT of all types"
        CHECK [caught_edx], 0x06010007, "PAT of all types"
        TRY
        WRITE_MSR MSR_PAT, 0x00070402, 0
        CAUGHT V_GP, 0, "PAT of a reserved type"
.no_pat:
        ; RDPMC: by CR4.PCE outside ring 0.
        TRY
        RING 3
        xor ecx, ecx
        rdpmc
        CAUGHT V_GP, 0, "rdpmc in ring 3"
        mov eax, PCE
        mov cr4, eax
        TRY
        RING 3
        xor ecx, ecx
        rdpmc
        CAUGHT NONE, 0, "rdpmc in ring 3 with PCE"
        TRY
        mov ecx, 0x100
        rdpmc
        CAUGHT V_GP, 0, "rdpmc of none"
        xor eax, eax
        mov cr4, eax

compare_8:
        mov dword [SCRATCH], 0x11111111
        mov dword [SCRATCH + 4], 0x22222222
        TRY
        push dword 2
        popfd
        mov eax, 0x11111111
        mov edx, 0x22222222
        mov ebx, 0x33333333
        mov ecx, 0x44444444
        cmpxchg8b [SCRATCH]
        pushfd
        pop esi
        CAUGHT NONE, 0, "cmpxchg8b, equal"
        CHECK [SCRATCH], 0x33333333, "cmpxchg8b, equal: low"
        CHECK [SCRATCH + 4], 0x44444444, "cmpxchg8b, equal: high"
        mov eax, [caught_esi]
        and eax, 0x8d5
        CHECK eax, FLAG_ZF, "cmpxchg8b, equal: ZF"
        TRY
        push dword 0x8d7
        popfd
        mov eax, 0x11111111
        mov edx, 0x44444444
        lock cmpxchg8b [SCRATCH]
        pushfd
        pop esi
        CAUGHT NONE, 0, "cmpxchg8b, not equal"
        CHECK [caught_eax], 0x33333333, "cmpxchg8b, not equal: EAX"
        CHECK [caught_edx], 0x44444444, "cmpxchg8b, not equal: EDX"
        mov eax, [caught_esi]
        and eax, 0x8d5
        CHECK eax, 0x895, "cmpxchg8b, not equal: flags"
        TRY
        db 0x0f, 0xc7, 0xc8           ; cmpxchg8b of a register
        CAUGHT V_UD, 0, "cmpxchg8b of a register"
        TRY
        db 0xf0, 0x0f, 0xc7, 0xc8
        CAUGHT V_UD, 0, "lock cmpxchg8b of a register"
        TRY
        db 0x0f, 0xc7, 0x05           ; /0
        dd SCRATCH
        CAUGHT V_UD, 0, "0F C7 /0"
        TRY
        mov eax, 0x12345678
        mov es, [null]
        cmpxchg8b [es:0]
        CAUGHT V_GP, 0, "cmpxchg8b through null"
        CHECK [caught_eax], 0x12345678, "cmpxchg8b through null: EAX"

moves:
        NEEDS HAS_CMOV, .without
        mov dword [SCRATCH], 0x55667788
        TRY
        mov eax, 1
        xor ebx, ebx                  ; ZF
        cmovz eax, [SCRATCH]
        mov ecx, 2
        cmovnz ecx, eax
        CAUGHT NONE, 0, "cmov"
        CHECK [caught_eax], 0x55667788, "cmovz"
        CHECK [caught_ecx], 2, "cmovnz"
        TRY
        mov es, [null]
        or eax, 1
        cmovz ecx, [es:0]
        CAUGHT V_GP, 0, "cmov reads whatever it decides"
        TRY
        db 0x0f, 0x1f, 0x80           ; nop [eax + 0x12345678]
        dd 0x12345678
        db 0x66, 0x0f, 0x1f, 0x44, 0, 0
        db 0xf3, 0x0f, 0x1e, 0xfb     ; endbr32
        CAUGHT NONE, 0, "nop of many bytes"
        jmp .done
.without:
        TRY
        cmovz eax, ebx
        CAUGHT V_UD, 0, "cmov of a Pentium"
.done:

fast_calls:
        NEEDS HAS_SEP, .without
        TRY
.null:  sysenter
        CAUGHT V_GP, 0, "sysenter, CS is null"
        CHECK [caught_eip], .null, "sysenter, CS is null: EIP"
        TRY
        sysexit
        CAUGHT V_GP, 0, "sysexit, CS is null"
        WRITE_MSR MSR_CS, 3, 0
        TRY
        RING 3
        sysenter
        CAUGHT V_GP, 0, "sysenter, CS is null with RPL 3"
        WRITE_MSR MSR_CS, FLAT, 0
        WRITE_MSR MSR_ESP, 0x7654, 0
        WRITE_MSR MSR_EIP, .entered, 0
        mov ecx, MSR_EIP
        rdmsr
        CHECK eax, .entered, "SYSENTER_EIP"
        TRY
        RING 3, 0x3ed7
        mov eax, 1234
        sysenter
        nop
.entered:
        mov ebx, cs
        mov ecx, ss
        mov edx, esp
        pushfd
        pop esi
        mov edi, ds
        int NONE
        CAUGHT NONE, 0, "sysenter"
        CHECK16 [caught_ebx], FLAT, "sysenter: CS"
        CHECK16 [caught_ecx], FLAT + 8, "sysenter: SS"
        CHECK [caught_edx], 0x7654, "sysenter: ESP"
        CHECK [caught_esi], 0x3cd7, "sysenter: IF is cleared, nothing else"
        CHECK16 [caught_edi], DATA3, "sysenter: DS stays"
        CHECK [caught_ring], 0, "sysenter: ring 0"
        CHECK [caught_eax], 1234, "sysenter: EAX"
        TRY
        V86 0
        sysenter
        bits 32
        CAUGHT NONE, 0, "sysenter from V86"
        mov eax, [caught_esi]
        and eax, 0x20000
        CHECK eax, 0, "sysenter from V86: VM"
        TRY
        mov ecx, STACK3
        mov edx, .left
        mov eax, 77
        sysexit
        nop
.left:  mov ebx, cs
        mov esi, ss
        mov edi, esp
        int NONE
        CAUGHT NONE, 0, "sysexit"
        CHECK16 [caught_ebx], FLAT + 16 + 3, "sysexit: CS"
        CHECK16 [caught_esi], FLAT + 24 + 3, "sysexit: SS"
        CHECK [caught_edi], STACK3, "sysexit: ESP"
        CHECK [caught_ring], 3, "sysexit: ring 3"
        CHECK [caught_eax], 77, "sysexit: EAX"
        TRY
        RING 3
.three: sysexit
        CAUGHT V_GP, 0, "sysexit in ring 3"
        CHECK [caught_eip], .three, "sysexit in ring 3: EIP"
        TRY
        RING 2
        sysexit
        CAUGHT V_GP, 0, "sysexit in ring 2"
        TRY
        V86 0x3000
        sysexit
        CAUGHT V_GP, 0, "sysexit in V86"
        bits 32
        WRITE_MSR MSR_CS, 0, 0
        jmp .done
.without:
        TRY
        sysenter
        CAUGHT V_UD, 0, "sysenter of a Pentium"
.done:

        ; Pages of 4 MiB. What PSE-36 uses for the address is reserved before.
large_pages:
        mov edi, DIRECTORY
        xor eax, eax
        mov ecx, 1024
        rep stosd
        mov dword [DIRECTORY], 0x87
        mov dword [DIRECTORY + 4], 0x87
        mov eax, 0x10                 ; PSE
        mov cr4, eax
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov dword [SCRATCH], 0x31415926
        TRY
        mov eax, [0x400000 + SCRATCH]
        CAUGHT NONE, 0, "4 MiB page"
        CHECK [caught_eax], 0x31415926, "4 MiB page: value"
        CHECK [DIRECTORY + 4], 0xa7, "4 MiB page: A"
        mov dword [DIRECTORY + 4], 0x87 | 1 << 21
        mov eax, cr3
        mov cr3, eax
        TRY
        RING 3
        mov [0x400123], eax
        CAUGHT V_PF, 0xf, "4 MiB page: bit 21 is reserved"
        mov eax, cr2
        CHECK eax, 0x400123, "4 MiB page: CR2"
        mov dword [DIRECTORY + 4], 0x87 | 1 << 13
        mov eax, cr3
        mov cr3, eax
        test dword [features], 1 << 17
        jnz .pse36
        TRY
        mov eax, [0x400000]
        CAUGHT V_PF, 9, "4 MiB page: bit 13 of a Pentium"
        jmp .off
.pse36:
        TRY
        mov eax, [0x400000]
        CAUGHT NONE, 0, "4 MiB page at 4 GiB"
        CHECK [caught_eax], -1, "4 MiB page at 4 GiB: nothing there"
.off:
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax

        ; Breakpoints on ports, with CR4.DE: kind 2 in DR7.
ports:
        mov eax, DE
        mov cr4, eax
        TRY
        mov eax, dr4
        CAUGHT V_UD, 0, "DR4 with DE"
        TRY
        mov dr5, eax
        CAUGHT V_UD, 0, "DR5 with DE"
        mov eax, 0x180
        mov dr1, eax
        mov eax, 0x00e20008           ; DR1: kind 2, length 4, G1
        mov dr7, eax
        xor eax, eax
        mov dr6, eax
        TRY
        in al, 0x81
        mov dx, 0x184
        in al, dx
        mov dx, 0x17f
        in al, dx
        CAUGHT NONE, 0, "ports beside a breakpoint"
%macro HIT 2+
        TRY
        mov dx, %1
        %2
%%after:
        nop
        CAUGHT V_DB, 0, "breakpoint on a port"
        CHECK [caught_eip], %%after, "breakpoint on a port: trap after"
        mov eax, dr6
        CHECK eax, 0xffff0ff2, "breakpoint on a port: DR6"
        xor eax, eax
        mov dr6, eax
%endmacro
        HIT 0x180, {in al, dx}
        HIT 0x183, {in al, dx}
        HIT 0x17f, {in ax, dx}
        HIT 0x182, {out dx, eax}
        HIT 0x17d, {in eax, dx}
        TRY
        mov dx, 0x181
        mov edi, SCRATCH
        mov ecx, 3
        rep insb
        CAUGHT V_DB, 0, "breakpoint on a port: rep insb"
        mov eax, [caught_edi]
        sub eax, SCRATCH
        CHECK eax, 1, "rep insb: after one"
        CHECK [caught_ecx], 2, "rep insb: ECX"
        xor eax, eax
        mov dr6, eax
        mov cr4, eax
        TRY
        mov dx, 0x180
        in al, dx
        CAUGHT NONE, 0, "a port without DE"
        xor eax, eax
        mov dr7, eax

        ; What is not there cannot be set (the last: QEMU 7.2 never comes back).
reserved:
        TRY
        mov eax, 0x80000000
.high:  mov cr4, eax
        CAUGHT V_GP, 0, "CR4 bit 31"
        CHECK [caught_eip], .high, "CR4 bit 31: EIP"
        TRY
        mov eax, 0x00010000
        mov cr4, eax
        CAUGHT V_GP, 0, "CR4 bit 16"
        ret

        align 4
allowed_4 dd 0
null dw 0, 0
%include "end.inc"
