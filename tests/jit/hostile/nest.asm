; Faults inside of faults, up to the shutdown. option: how. Bits 0 and 1:
; 0     no gate for #GP, so #DF each time
; 1     handlers that fault, one in the other
; 2     handlers that return to what faults
; 3     no stack, so #DF by a task gate
; Above: how it ends; 0 without a shutdown.
%include "lib.inc"

DIRECTORY equ 0x50000
TABLE   equ 0x51000
TSS_DF  equ 0x40

start:
        call load_tables
        call make_pages
        mov eax, [option]
        and eax, 3
        jmp [ways + 4 * eax]
ways:   dd absent, deep, loop, task

; The end: exit, or in one of the ways of option / 4 a shutdown.
finish: mov eax, [option]
        shr eax, 2
        jmp [ends + 4 * eax]
ends:   dd .exit, .short, .gone, .stack, .handler
.exit:  EXIT
.short: lidt [.nothing]               ; no table of vectors
        ud2
.gone:  mov dword [DIRECTORY], 0      ; no memory
        mov eax, cr3
        mov cr3, eax
        nop
.stack: mov esp, 0x800000             ; no stack, and #DF's is the same
        mov dword [idt + 8 * 8 + 4], 0x8e00
        push eax
.handler:
        mov dword [idt + 8 * 8 + 4], 0 ; no handler
        mov dword [idt + 8 * 13 + 4], 0
        mov ax, 0x1000
        mov ds, ax
.nothing:
        dw 0
        dd 0

make_pages:
        mov edi, TABLE
        mov eax, 7
        mov ecx, 512
.next:  mov [edi], eax
        add eax, 0x1000
        add edi, 4
        dec ecx
        jnz .next
        mov ecx, 512
        xor eax, eax
        rep stosd
        mov edi, DIRECTORY
        mov ecx, 1024
        rep stosd
        mov dword [DIRECTORY], TABLE | 7
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80010000
        mov cr0, eax
        ret

; What a handler does is for each way to say.
caught: push eax
        mov eax, [esp + 4]
        SUM
        pop eax
        jmp [handler]
        align 4
handler: dd 0

absent: mov dword [handler], .caught
        and byte [idt + 8 * 13 + 5], 0x7f
.again: mov esp, STACK0
        mov ax, 0x1000                ; beyond the table
        mov fs, ax
        jmp .again
.caught:
        dec dword [rounds]
        jnz .again
        or byte [idt + 8 * 13 + 5], 0x80
        mov esp, STACK0
        jmp finish

deep:   mov dword [handler], .caught
.again: mov esp, STACK0
        mov ebp, 40
        ud2
.caught:
        dec ebp
        jz .out
        mov eax, ebp
        and eax, 3
        jmp [.faults + 4 * eax]
.faults:
        dd .undefined, .divide, .page, .general
.undefined:
        ud2
.divide:
        xor ecx, ecx
        div ecx
.page:  inc dword [0x800000]
.general:
        mov ax, 0x1000
        mov ds, ax
.out:   mov eax, esp
        SUM
        dec dword [rounds]
        jnz .again
        mov esp, STACK0
        jmp finish

loop:   mov dword [handler], .caught
        mov ecx, 0x800000
.again: add ebx, 3
        mov [ecx], ebx                ; #PF each time but one in 16
        lea ebx, [ebx + 2 * ebx]
        mov ecx, 0x800000
        jmp .again
.caught:
        inc edx
        test dl, 15
        jnz .return
        and ecx, 0x1fffff             ; somewhere
        or ecx, WINDOW
.return:
        dec dword [rounds]
        jz .out
        xor byte [.patch + 2], 1
        mov eax, cr2
.patch: add eax, byte 6
        SUM
        add esp, 8
        iretd
.out:   mov esp, STACK0
        mov eax, ebx
        SUM
        jmp finish

task:   mov dword [handler], .bad
        mov dword [tss + 0x1c], DIRECTORY
        mov dword [idt + 8 * 8], TSS_DF << 16
        mov dword [idt + 8 * 8 + 4], 0x8500
        mov word [gdt_pointer], gdt_end - gdt - 1 + 8
        lgdt [gdt_pointer]
        mov dword [gdt_end], (A(tss_df) & 0xffff) << 16 | 0x67
        mov dword [gdt_end + 4], 0x8900 | A(tss_df) >> 16
.again: mov esp, 0x900000
        mov ebx, [rounds]
        push ebx                      ; #PF, no stack for it, #DF
.bad:   mov eax, 0xbad
        SUM
        EXIT
.double:
        add esp, 4                    ; the error code
        mov eax, [tss + 0x38]         ; ESP of the task that failed
        SUM
        dec dword [rounds]
        jz .out
        mov dword [tss + 0x20], .again
        iretd
        jmp .double                   ; where the task goes on next time
.out:   mov esp, STACK0
        mov dword [idt + 8 * 8], CODE0 << 16 | A(stubs + 8 * stub_bytes) & 0xffff
        mov dword [idt + 8 * 8 + 4], A(stubs + 8 * stub_bytes) & 0xffff0000 \
            | 0x8e00
        jmp finish

        align 16
tss_df: dd 0
        times 6 dd 0
        dd DIRECTORY                  ; CR3
        dd task.double, 2             ; EIP, EFLAGS
        times 4 dd 0
        dd 0x7e000, 0, 0, 0           ; ESP, EBP, ESI, EDI
        dd DATA0, CODE0, DATA0, DATA0, 0, 0, 0
        dd 0x680000
