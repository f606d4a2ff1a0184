; Tiny blocks all over memory: so many that no cache holds them. option: how
; they lead to one another. Each runs RUNS times, so that it is worth it.
%include "lib.inc"

JUMPS   equ 0                         ; by jumps
RETURNS equ 1                         ; by RET, through addresses on the stack
INDIRECT equ 2                        ; by a table, in no order

FIRST   equ 0x100000
BLOCKS  equ 65536                     ; of 8 bytes each
RUNS    equ 2

start:
        call load_tables
        mov eax, [option]
        mov ebx, [makers + 4 * eax]
.again: call ebx
        SUM
        dec dword [rounds]
        jnz .again
        EXIT
makers: dd jumps, returns, indirect

caught: EXIT

; Fills memory with EAX and EDX by turns, changed by the round so that nothing
; of the last one stays.
fill:   mov ecx, [rounds]
        and ecx, 3                    ; INC EAX, ECX, EDX or EBX
        add eax, ecx
        mov edi, FIRST
        mov ecx, BLOCKS
.next:  mov [edi], eax
        mov [edi + 4], edx
        add edi, 8
        dec ecx
        jnz .next
        ret

; INC; JMP to the next
jumps:  mov eax, 0x9005eb40
        mov edx, 0x90909090
        call fill
        mov byte [FIRST + 8 * (BLOCKS - 1) + 1], 0xc3
        mov ebp, RUNS
.times: call FIRST
        dec ebp
        jnz .times
        add eax, ebx
        ret

; INC; RET
returns:
        mov eax, 0x9090c340
        mov edx, 0x90909090
        call fill
        mov edi, RUNS
.times: mov ebp, BLOCKS / 512
        mov esi, FIRST
.page:  mov ecx, 512
        push dword .back
.push:  push esi
        add esi, 8
        dec ecx
        jnz .push
        ret
.back:  dec ebp
        jnz .page
        dec edi
        jnz .times
        ret

; INC; IMUL by 5 of the number of the block; JMP to the code that goes on
indirect:
        mov eax, 0x90e6ff40           ; INC; JMP ESI
        mov edx, 0x90909090
        call fill
        mov esi, .back
        xor ebx, ebx
        mov ebp, BLOCKS * RUNS
.next:  lea ebx, [ebx + 4 * ebx + 1]
        and ebx, BLOCKS - 1
        lea edi, [FIRST + 8 * ebx]
        jmp edi
.back:  dec ebp
        jnz .next
        ret
