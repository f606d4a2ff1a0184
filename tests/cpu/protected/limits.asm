; Limits of segments: expand-up and -down, sizes of access, granularity, stacks
; of 16 and 32 bits, and where a page of instructions ends.
%include "lib.inc"

SLOT equ FREE
CODE equ FREE + 8

        ; Access through FS, with vector 13 or none.
%macro FS_ACCESS 4+                   ; offset, bytes, vector, name
        TRY
        mov ax, SLOT
        mov fs, ax
    %if (%2) == 1
        mov al, [fs:%1]
    %elif (%2) == 2
        mov ax, [fs:%1]
    %else
        mov eax, [fs:%1]
    %endif
        CAUGHT %3, 0, "load, ", %4
        TRY
        mov ax, SLOT
        mov fs, ax
    %if (%2) == 1
        mov [fs:%1], al
    %elif (%2) == 2
        mov [fs:%1], ax
    %else
        mov [fs:%1], eax
    %endif
        CAUGHT %3, 0, "store, ", %4
%endmacro

main:
up:
        SET_SEG SLOT, SCRATCH, 0xff, 0x93, 4
        FS_ACCESS 0xff, 1, NONE, "byte at the limit"
        FS_ACCESS 0x100, 1, V_GP, "byte beyond the limit"
        FS_ACCESS 0xfe, 2, NONE, "word at the limit"
        FS_ACCESS 0xff, 2, V_GP, "word across the limit"
        FS_ACCESS 0xfc, 4, NONE, "dword at the limit"
        FS_ACCESS 0xfd, 4, V_GP, "dword across the limit"
        FS_ACCESS 0xffffffff, 1, V_GP, "byte at ffffffff"
        FS_ACCESS 0xfffffffe, 4, V_GP, "dword that wraps"
        SET_SEG SLOT, SCRATCH, 0, 0x93, 4
        FS_ACCESS 0, 1, NONE, "limit 0, byte 0"
        FS_ACCESS 0, 2, V_GP, "limit 0, word 0"
        FS_ACCESS 1, 1, V_GP, "limit 0, byte 1"
        SET_SEG SLOT, SCRATCH, 0, 0x93, 12
        FS_ACCESS 0xfff, 1, NONE, "limit 0 in pages, byte fff"
        FS_ACCESS 0xffc, 4, NONE, "limit 0 in pages, dword ffc"
        FS_ACCESS 0xffd, 4, V_GP, "limit 0 in pages, dword ffd"
        FS_ACCESS 0x1000, 1, V_GP, "limit 0 in pages, byte 1000"
        ; The default size does not matter going up.
        SET_SEG SLOT, SCRATCH, 0x1ffff, 0x93, 0
        FS_ACCESS 0x18000, 4, NONE, "B clear, above 64 KiB"

down:
        SET_SEG SLOT, SCRATCH, 0xff, 0x97, 4
        FS_ACCESS 0xff, 1, V_GP, "down, byte at the limit"
        FS_ACCESS 0x100, 1, NONE, "down, byte above the limit"
        FS_ACCESS 0xff, 2, V_GP, "down, word across the limit"
        FS_ACCESS 0x100, 4, NONE, "down, dword above the limit"
        FS_ACCESS 0xfe, 4, V_GP, "down, dword across the limit"
        FS_ACCESS 0x10000, 4, NONE, "down, B set, above 64 KiB"
        FS_ACCESS 0xfffffffd, 4, V_GP, "down, B set, dword that wraps"
        SET_SEG SLOT, SCRATCH, 0xff, 0x97, 0
        FS_ACCESS 0xfffc, 4, NONE, "down, B clear, dword below 64 KiB"
        FS_ACCESS 0xfffd, 4, V_GP, "down, B clear, dword across 64 KiB"
        FS_ACCESS 0x10000, 1, V_GP, "down, B clear, byte at 64 KiB"
        SET_SEG SLOT, SCRATCH, 0, 0x97, 12
        FS_ACCESS 0xfff, 1, V_GP, "down in pages, byte fff"
        FS_ACCESS 0x1000, 4, NONE, "down in pages, dword 1000"
        SET_SEG SLOT, SCRATCH, 0xfffff, 0x97, 12
        FS_ACCESS 0, 1, V_GP, "down, limit ffffffff: nothing"
        FS_ACCESS 0xffffffff, 1, V_GP, "down, limit ffffffff: nothing at the top"

        ; Read-modify-write and wider accesses fault before they change.
whole:
        SET_SEG SLOT, SCRATCH, 0xff, 0x93, 4
        mov dword [SCRATCH + 0xfe], 0x11223344
        TRY
        mov ax, SLOT
        mov fs, ax
        mov dword [fs:0xfe], 0x55667788
        CAUGHT V_GP, 0, "store across the limit"
        CHECK [SCRATCH + 0xfe], 0x11223344, "store across the limit: memory unchanged"
        TRY
        mov ax, SLOT
        mov fs, ax
        mov ebx, 0x99
        add dword [fs:0xfe], ebx
        CAUGHT V_GP, 0, "add across the limit"
        CHECK [SCRATCH + 0xfe], 0x11223344, "add across the limit: memory unchanged"
        TRY
        mov ax, SLOT
        mov fs, ax
        mov ebx, 0x99
        xchg [fs:0xfe], ebx
        CAUGHT V_GP, 0, "xchg across the limit"
        CHECK [caught_ebx], 0x99, "xchg across the limit: register unchanged"
        ; REP stops where it faults.
        TRY
        mov ax, SLOT
        mov es, ax
        mov edi, 0xf4
        mov ecx, 10
        xor eax, eax
.rep:   rep stosd
        CAUGHT V_GP, 0, "rep stosd across the limit"
        CHECK [caught_ecx], 7, "rep stosd across the limit: ECX"
        CHECK [caught_edi], 0x100, "rep stosd across the limit: EDI"
        CHECK [caught_eip], .rep, "rep stosd across the limit: EIP"
        TRY
        mov ax, SLOT
        mov fs, ax
        mov esi, 0xf9
        mov edi, SCRATCH + 0x200
        mov ecx, 10
.movs:  rep fs movsd
        CAUGHT V_GP, 0, "rep movsd from across the limit"
        CHECK [caught_ecx], 9, "rep movsd: ECX"
        CHECK [caught_esi], 0xfd, "rep movsd: ESI"
        CHECK [caught_edi], SCRATCH + 0x204, "rep movsd: EDI"

        ; Stacks. The fault is taken on another one, of ring 0, from ring 3.
stacks:
%macro ON_STACK 5+                    ; ESP, instruction, vector, ESP after, name
        TRY
        RING 3
        mov ax, SLOT | 3
        mov ss, ax
        mov esp, %1
        %2
        CAUGHT %3, 0, %5
        CHECK [caught_esp], %4, %5
%endmacro
        SET_SEG SLOT, SCRATCH, 0xfff, 0xf3, 4
        ON_STACK 0x1000, {push eax}, NONE, 0xffc, "push at the limit"
        ON_STACK 0x1001, {push eax}, V_SS, 0x1001, "push across the limit"
        ON_STACK 0xffc, {pop eax}, NONE, 0x1000, "pop at the limit"
        ON_STACK 0xffd, {pop eax}, V_SS, 0xffd, "pop across the limit"
        ON_STACK 4, {push eax}, NONE, 0, "push to 0"
        ON_STACK 0, {push eax}, V_SS, 0, "push below 0"
        ON_STACK 2, {push eax}, V_SS, 2, "push across 0"
        ON_STACK 0x1004, {pushad}, V_SS, 0x1004, "pushad across the limit"
        ON_STACK 0x1c, {pushad}, V_SS, 0x1c, "pushad below 0"
        ON_STACK 0xfe4, {popad}, V_SS, 0xfe4, "popad across the limit"
        ON_STACK 0x1001, {call $ + 5}, V_SS, 0x1001, "call across the limit"
        ON_STACK 0xffd, {ret}, V_SS, 0xffd, "ret across the limit"
        ON_STACK 0xffd, {retf}, V_SS, 0xffd, "retf across the limit"
        ON_STACK 0xff8, {iretd}, V_SS, 0xff8, "iretd across the limit"
        ON_STACK 8, {enter 16, 0}, V_SS, 8, "enter below 0"
        ON_STACK 4, {call CODE3:0}, V_SS, 4, "far call below 0"
        ON_STACK 2, {push word 5}, NONE, 0, "16-bit push to 0"
        ON_STACK 0xffe, {o16 pop ax}, NONE, 0x1000, "16-bit pop at the limit"
        ; BP and SP address the stack, with its fault.
        ON_STACK 0x100, {mov eax, [esp + 0xf00]}, V_SS, 0x100, "[esp] beyond the limit"
        TRY
        RING 3
        mov ax, SLOT | 3
        mov ss, ax
        mov ebp, 0xffd
        mov eax, [ebp]
        CAUGHT V_SS, 0, "[ebp] beyond the limit"
        TRY
        RING 3
        mov ax, SLOT | 3
        mov ss, ax
        mov fs, ax
        mov ebp, 0xffd
        mov eax, [fs:ebp]
        CAUGHT V_GP, 0, "[fs:ebp] beyond the limit"

        ; A 16-bit stack wraps within 64 KiB and leaves the upper half of ESP.
short_stacks:
        SET_SEG SLOT, SCRATCH, 0xffff, 0xf3, 0
        ON_STACK 0x55550002, {push word 5}, NONE, 0x55550000, "SP to 0"
        ON_STACK 0x55550000, {push word 5}, NONE, 0x5555fffe, "SP wraps, push"
        ON_STACK 0x5555fffe, {o16 pop ax}, NONE, 0x55550000, "SP wraps, pop"
        ON_STACK 0x55550001, {push word 5}, V_SS, 0x55550001, "word across the wrap"
        ON_STACK 0x55550002, {push eax}, V_SS, 0x55550002, "dword across the wrap"
        ON_STACK 0x55550000, {push eax}, NONE, 0x5555fffc, "dword below the wrap"
        ON_STACK 0x55550008, {pushad}, NONE, 0x5555ffe8, "pushad around the wrap"
        ON_STACK 0x5555ffe8, {popad}, NONE, 0x55550008, "popad around the wrap"
        SET_SEG SLOT, SCRATCH, 0x7fff, 0xf3, 0
        ON_STACK 0x55550000, {push word 5}, V_SS, 0x55550000, "SP wraps beyond the limit"
        ; LEAVE and ENTER with each size of stack.
        SET_SEG SLOT, SCRATCH, 0xffff, 0xf3, 0
        TRY
        RING 3
        mov ax, SLOT | 3
        mov ss, ax
        mov esp, 0x55551000
        mov ebp, 0x66662000
        mov dword [SCRATCH + 0x2000], 0x77777777
        leave
        CAUGHT NONE, 0, "leave, 16-bit stack"
        CHECK [caught_esp], 0x55552004, "leave, 16-bit stack: ESP"
        CHECK [caught_ebp], 0x77777777, "leave, 16-bit stack: EBP"
        TRY
        mov ebp, 0x66666666
        mov esi, esp
        enter 0x20, 0
        mov edi, esp
        CAUGHT NONE, 0, "enter"
        mov eax, [caught_esi]
        sub eax, 4
        CHECK [caught_ebp], eax, "enter: EBP"
        sub eax, 0x20
        CHECK [caught_edi], eax, "enter: ESP"
        ; Nested: the frame pointers of the levels above are copied.
        TRY
        mov dword [SCRATCH + 0xffc], 0x11111111
        mov dword [SCRATCH + 0xff8], 0x22222222
        mov ebp, SCRATCH + 0x1000
        mov esi, esp
        enter 8, 3
        mov edi, esp
        mov eax, [ebp]
        mov ebx, [ebp - 4]
        mov ecx, [ebp - 8]
        mov edx, [ebp - 12]
        CAUGHT NONE, 0, "enter 8, 3"
        CHECK [caught_eax], SCRATCH + 0x1000, "enter 8, 3: old EBP"
        CHECK [caught_ebx], 0x11111111, "enter 8, 3: level 1"
        CHECK [caught_ecx], 0x22222222, "enter 8, 3: level 2"
        mov eax, [caught_esi]
        sub eax, 4
        CHECK [caught_edx], eax, "enter 8, 3: own frame"
        CHECK [caught_ebp], eax, "enter 8, 3: EBP"
        sub eax, 20
        CHECK [caught_edi], eax, "enter 8, 3: ESP"
        TRY
        mov ebp, 0x66666666
        mov esi, esp
        enter 0x20, 33                ; modulo 32
        mov edi, esp
        CAUGHT NONE, 0, "enter 32, 33"
        mov eax, [caught_esi]
        sub eax, 0x28
        CHECK [caught_edi], eax, "enter 32, 33: ESP"

        ; Instructions across the limit of CS.
code:
        mov dword [SCRATCH], 0x90909090 ; nop
        mov dword [SCRATCH + 4], 0x00b89090 ; nop, nop, mov eax, imm32
        mov dword [SCRATCH + 8], 0xcd000000 ; int 7f
        mov dword [SCRATCH + 12], 0x7f
%macro CODE_LIMIT 4+                  ; limit, vector, eip, name
        SET_SEG CODE, SCRATCH, %1, 0x9b, 4
        TRY
        jmp CODE:0
        CAUGHT %2, 0, %4
        CHECK [caught_eip], %3, %4
%endmacro
        CODE_LIMIT 12, NONE, 13, "code up to the limit"
        CODE_LIMIT 11, V_GP, 11, "int across the limit"
        CODE_LIMIT 10, V_GP, 11, "EIP beyond the limit"
        CODE_LIMIT 9, V_GP, 6, "mov across the limit"
        CODE_LIMIT 6, V_GP, 6, "only its opcode inside"
        CODE_LIMIT 5, V_GP, 6, "EIP just beyond the limit"
        CODE_LIMIT 0, V_GP, 1, "limit 0"
        ; Near branches beyond it, taken or not.
        mov dword [SCRATCH], 0x7fcd40eb ; jmp +40
        CODE_LIMIT 0x41, V_GP, 0, "short jmp beyond the limit"
        mov dword [SCRATCH], 0x7fcd4074 ; je +40
        CODE_LIMIT 0x41, NONE, 4, "je not taken, target beyond the limit"
        ret
%include "end.inc"
