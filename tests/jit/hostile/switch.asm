; Mappings change under the code that runs: A20, paging on and off inside a page
; of code, another page behind the same address, one page behind two.
%include "lib.inc"

DIRECTORY equ 0x50000
TABLE   equ 0x51000
ALIAS   equ 0x60000                   ; with paging, WINDOW once more
SPOT    equ WINDOW + 0x4000
OTHER   equ WINDOW + 0x5000           ; what SPOT shows with paging
HIGH_BIT equ 1 << 20

start:
        call load_tables
        mov edi, TABLE
        mov eax, 3
        mov ecx, 1024
.next:  mov [edi], eax
        add eax, 0x1000
        add edi, 4
        dec ecx
        jnz .next
        mov edi, TABLE + (ALIAS >> 10)
        mov eax, WINDOW | 3
        mov ecx, 16
.alias: mov [edi], eax
        add eax, 0x1000
        add edi, 4
        dec ecx
        jnz .alias
        mov dword [TABLE + (SPOT >> 10)], OTHER | 3
        mov edi, DIRECTORY
        mov ecx, 1024
        mov eax, TABLE | 3            ; the same 4 MiB all over
        rep stosd
        mov eax, DIRECTORY
        mov cr3, eax
again:
        call gate
        call paging
        call two_names
        call remapped
        call far_names
        call two_pages
        dec dword [rounds]
        jnz again
        EXIT

caught:
        mov esp, STACK0
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        mov al, 2
        out PORT_A20, al
        mov eax, 0xbad
        SUM
        dec dword [rounds]
        jnz again
        EXIT

%macro COPY 3                         ; to, from, end
        mov esi, %2
        mov edi, %1
        mov ecx, %3 - %2
        rep movsb
%endmacro

; The same code at SPOT with and without bit 20, but for a constant: the gate
; closes and opens inside of it.
gate:
        COPY SPOT, .code, .end
        COPY SPOT | HIGH_BIT, .code, .end
        mov dword [SPOT | HIGH_BIT + .one + 1 - .code], 0x222
        mov dword [SPOT | HIGH_BIT + .two + 1 - .code], 0x444
        mov ebp, 20
.loop:  mov ecx, 3
        call SPOT | HIGH_BIT
        SUM
        test ebp, 3
        jnz .next
        inc dword [SPOT + .one + 1 - .code] ; low, with the gate open
.next:  dec ebp
        jnz .loop
        mov al, 0
        out PORT_A20, al
        mov ebp, 20
.low:   mov ecx, 3
        call SPOT | HIGH_BIT          ; the low one
        SUM
        mov al, 0
        out PORT_A20, al
        inc dword [SPOT | HIGH_BIT + .one + 1 - .code] ; the same
        dec ebp
        jnz .low
        mov al, 2
        out PORT_A20, al
        ret
.code:
.one:   mov edx, 0x111
        mov al, 0
        out PORT_A20, al
.two:   mov ebx, 0x333
        add edx, ebx
        mov al, 2
        out PORT_A20, al
        lea edx, [edx + 2 * edx + 5]
        dec ecx
        jnz .code
        mov eax, edx
        ret
.end:

; Behind MOV CR0 the next instruction comes from another page.
paging:
        COPY SPOT, .code, .end
        COPY OTHER, .code, .end
        mov dword [SPOT + .one + 2 - .code], 0x11
        mov dword [OTHER + .one + 2 - .code], 0x22
        mov dword [SPOT + .two + 2 - .code], 0x33
        mov dword [OTHER + .two + 2 - .code], 0x44
        mov ebp, 20
.loop:  xor ebx, ebx
        mov ecx, 3
        call SPOT
        mov eax, ebx
        SUM
        test ebp, 7
        jnz .next
        inc dword [OTHER + .one + 2 - .code]
        inc dword [SPOT + .two + 2 - .code]
.next:  dec ebp
        jnz .loop
        ret
.code:  mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
.one:   add ebx, 0x12345678
        and eax, 0x7fffffff
        mov cr0, eax
.two:   add ebx, 0x12345678
        imul ebx, 7
        dec ecx
        jnz .code
        ret
.end:

; Runs by one name, is written by the other.
two_names:
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        COPY WINDOW + 0x1000, .code, .end
        mov ebp, 20
.loop:  mov ecx, 5
        mov edi, ALIAS + 0x1000
        call WINDOW + 0x1000
        SUM
        mov ecx, 5
        mov edi, WINDOW + 0x1000
        call ALIAS + 0x1000
        SUM
        mov ecx, 5
        mov edi, ALIAS + 0x1000 - 0x400000 ; another
        mov eax, ALIAS + 0x1000 + 0x800000
        call eax
        SUM
        dec ebp
        jnz .loop
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        ret
.code:  mov eax, ebp
        add dword [edi + .patch + 1 - .code], 3
.patch: add eax, 0x01020304
        xor byte [edi + .flip - .code], 8
.flip:  inc eax
        add dword [edi + .behind + 1 - .code], 1
        jc .behind
        nop
.behind:
        xor eax, 0x00010203
        dec ecx
        jnz .code
        ret
.end:

; A page of code is another one each time; now and then without INVLPG, which
; is good enough here.
remapped:
        COPY OTHER, .code, .end
        COPY OTHER + 0x1000, .code, .end
        mov byte [OTHER + 0x1000 + 2], 2
        COPY OTHER + 0x2000, .code, .end
        mov byte [OTHER + 0x2000 + 2], 4
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov ebp, 40
.loop:  call random
        xor edx, edx
        mov ecx, 3
        div ecx
        shl edx, 12
        add edx, OTHER | 3
        mov [TABLE + (SPOT >> 10)], edx
        test ebp, 3
        jz .call
        invlpg [SPOT]
.call:  call SPOT
        call SPOT + 0xc00000
        SUM
        dec ebp
        jnz .loop
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        mov dword [TABLE + (SPOT >> 10)], OTHER | 3
        ret
.code:  add ebx, byte 1
        lea eax, [ebx + 8 * ebx]
        inc dword [TABLE + 0xffc - 0x400000] ; a store into the page table
        ret
.end:

; Functions that return to another name of the page they were called from.
far_names:
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        COPY WINDOW + 0x2000, .code, .end
        mov ebp, 40
.loop:  mov ebx, ebp
        and ebx, 7
        shl ebx, 22
        lea eax, [ebx + ALIAS + 0x2000]
        test ebp, 1
        jz .call
        lea eax, [ebx + WINDOW + 0x2000]
.call:  xor edx, edx
        call eax
        mov eax, edx
        SUM
        dec ebp
        jnz .loop
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        ret
.code:  call .inner                   ; relative: the same by each name
        add edx, ebp
        call .inner
        lea edx, [edx + 2 * edx]
        ret
.inner: xor dword [esp], 0x400000     ; the caller's other name
        inc edx
        ret
.end:

; An instruction on two pages: the second is another one each time, by the page
; table, and changes by another name.
EDGE    equ WINDOW + 0x7000           ; the second page
two_pages:
        mov edx, 3
.copy:  mov eax, edx
        shl eax, 12
        lea ebx, [eax + WINDOW + 0x8000]
        COPY ebx, .second, .end
        mov [WINDOW + 0x8000 + eax], dl
        dec edx
        jns .copy
        COPY EDGE - (.second - .code), .code, .second
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov ebp, 48
.loop:  call random
        shr eax, 7
        and eax, 3
        shl eax, 12
        lea edx, [eax + WINDOW + 0x8003]
        mov [TABLE + (EDGE >> 10)], edx
        test ebp, 7
        jnz .call
        inc byte [eax + ALIAS + 0x8000]
.call:  mov ecx, 3
        mov ebx, EDGE - (.second - .code)
        test ebp, 4
        jz .run
        add ebx, 0x800000
.run:   call ebx
        SUM
        dec ebp
        jnz .loop
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        mov dword [TABLE + (EDGE >> 10)], EDGE | 3
        ret
.code:  nop
        imul eax, eax, byte 7
        db 0x05, 1, 1                 ; ADD EAX, of which half is there
.second:
        db 0, 0
        lea eax, [eax + 4 * eax + 3]
        dec ecx
        jnz .code
        ret
.end:
