; Page tables change in every way that memory can, and what they map is loaded,
; stored to and run at once. A and D bits count. option:
IN_CODE equ 1                         ; the table's page holds code and data,
                                      ; which it maps, too
STACK   equ 2                         ; and the stack
ALIAS   equ 4                         ; stores go by another name of the table
OTHERS  equ 8                         ; the directory changes as well
%include "lib.inc"

DIRECTORY equ 0x50000
LOW_TABLE equ 0x51000
PLAIN   equ 0x52000                   ; the table, if not IN_CODE
SECOND  equ 0x53000                   ; another, by turns
FRAMES  equ WINDOW                    ; eight: code at 0x800, data behind it
PLACE   equ 0x400000                  ; where the table maps
TABLES  equ 0x800000                  ; where the directory maps the tables
ENTRIES equ 32                        ; of the table that are used

start:
        call load_tables
        call make_frames
        mov edi, LOW_TABLE
        mov eax, 3
        mov ecx, 1024
.low:   mov [edi], eax
        add eax, 0x1000
        add edi, 4
        dec ecx
        jnz .low
        mov dword [table], PLAIN
        test dword [option], IN_CODE
        jz .table
        mov dword [table], FRAMES + 0x7000
.table: mov edi, [table]
        call make_table
        mov edi, SECOND
        call make_table
        mov edi, DIRECTORY
        xor eax, eax
        mov ecx, 1024
        rep stosd
        mov dword [DIRECTORY], LOW_TABLE | 7
        mov eax, [table]
        or eax, 7
        mov [DIRECTORY + (PLACE >> 20)], eax
        mov dword [DIRECTORY + (TABLES >> 20)], DIRECTORY | 7
        mov eax, DIRECTORY
        mov cr3, eax
        mov eax, cr4
        or eax, 0x210                 ; PSE, SSE
        mov cr4, eax
        mov eax, cr0
        or eax, 0x80010000            ; PG, WP
        mov cr0, eax
        fninit
        mov eax, [table]
        test dword [option], ALIAS
        jz .stores
        mov eax, TABLES + (PLACE >> 10)
.stores:
        mov [stores], eax
        test dword [option], STACK
        jz again
        mov esp, [table]
        add esp, 0xff0
again:
        mov esi, changes
.next:  mov ebp, 12
.loop:  call random
        mov ebx, eax
        and ebx, ENTRIES - 1
        mov edx, eax
        shr edx, 8
        mov edi, [stores]
        push esi
        call [esi]
        pop esi
        call touch
        dec ebp
        jnz .loop
        add esi, 4
        cmp esi, changes_end
        jb .next
        call sum_tables
        dec dword [rounds]
        jnz again
        EXIT

table:  dd 0
stores: dd 0                          ; the table's address for stores

; Page n: MOV EAX, n; RET; and some data.
make_frames:
        mov edi, FRAMES
        xor ecx, ecx
.next:  mov byte [edi + 0x800], 0xb8
        mov [edi + 0x801], ecx
        mov byte [edi + 0x805], 0xc3
        mov [edi + 0x810], ecx
        add edi, 0x1000
        inc ecx
        cmp ecx, 8
        jb .next
        ret

make_table:
        xor ecx, ecx
.next:  mov eax, ecx
        and eax, 7
        shl eax, 12
        add eax, FRAMES | 7
        mov [edi + 4 * ecx], eax
        inc ecx
        cmp ecx, ENTRIES
        jb .next
        ret

; Entries go into the sum with their A and D bits.
sum_tables:
        mov esi, [table]
        call .one
        mov esi, SECOND
        call .one
        mov esi, DIRECTORY
        mov ecx, 4
        jmp .add
.one:   mov ecx, ENTRIES
.add:   mov eax, [esi]
        SUM
        add esi, 4
        dec ecx
        jnz .add
        ret

; Page EBX of the place.
touch:  mov edx, ebx
        shl edx, 12
        add edx, PLACE
        mov eax, [edx + 0x810]
        SUM
        test ebp, 1
        jz .run
        inc dword [edx + 0x814]
.run:   test ebp, 2
        jz .done
        lea eax, [edx + 0x800]
        call eax
        SUM
        test ebp, 4
        jz .done
        inc byte [edx + 0x801]        ; the code there
        call .code
        SUM
        dec byte [edx + 0x801]
.code:  lea eax, [edx + 0x800]
        jmp eax
.done:  ret

; An entry in EAX, with random rights, for frame EDX.
entry:  mov eax, edx
        and eax, 7
        shl eax, 12
        add eax, FRAMES | 1
        shr edx, 3
        and edx, 0x66                 ; W, U; A, D
        or eax, edx
        test ebp, 3
        jnz .done
        and eax, ~1
.done:  ret

; Ways to change: entry EBX of the table at EDI, EDX is random.
changes:
        dd by_dword, by_bytes, by_words, by_exchange, by_lock, by_bits
        dd by_add, by_stos, by_movs, by_push, by_mmx, by_sse, by_x87
        dd by_cmpxchg8b, by_master, by_call, by_invlpg, by_none, by_cr3
        dd by_directory, by_large
changes_end:

by_dword:
        call entry
        mov [edi + 4 * ebx], eax
        ret
by_bytes:
        call entry
        mov [edi + 4 * ebx], al
        mov [edi + 4 * ebx + 1], ah
        ret
by_words:                             ; of two entries
        call entry
        and ebx, ENTRIES - 2
        mov [edi + 4 * ebx + 4], ax
        and ah, 0x70
        mov byte [edi + 4 * ebx + 3], 0
        mov edx, [edi + 4 * ebx + 2]
        ror edx, 16
        mov dl, al
        or dl, 7
        ror edx, 16
        mov [edi + 4 * ebx + 2], edx
        ret
by_exchange:
        call entry
        xchg [edi + 4 * ebx], eax
        ret
by_lock:
        lock xor dword [edi + 4 * ebx], 0x3000
        lock or dword [edi + 4 * ebx], 3
        ret
by_bits:
        and edx, 3
        lea ecx, [4 * edx]            ; P, G and others: 0, 4, 8 ...
        bt edx, 0
        jc .set
        lock btr [edi + 4 * ebx], ecx
        ret
.set:   bts [edi + 4 * ebx], ecx
        ret
by_add: add byte [edi + 4 * ebx + 1], 0x10
        and byte [edi + 4 * ebx + 1], 0x70
        ret
by_stos:
        call entry
        and ebx, 15
        lea edi, [edi + 4 * ebx]
        mov ecx, 8
        rep stosd
        ret
by_movs:
        and ebx, 15
        and edx, 15
        lea esi, [edi + 4 * edx]
        lea edi, [edi + 4 * ebx]
        mov ecx, 6
        rep movsd
        ret
by_push:
        call entry
        mov ecx, esp
        lea esp, [edi + 4 * ebx + 4]
        push eax
        mov esp, ecx
        ret
by_mmx: call entry
        movd mm0, eax
        punpckldq mm0, mm0
        and ebx, ENTRIES - 2
        movq [edi + 4 * ebx], mm0
        emms
        ret
by_sse: call entry
        cvtsi2ss xmm0, eax            ; whatever that is, then what is right
        movss [edi + 4 * ebx], xmm0
        mov [edi + 4 * ebx], eax
        and ebx, ENTRIES - 4
        movaps xmm0, [edi + 4 * ebx]
        shufps xmm0, xmm0, 0x1b
        movaps [edi + 4 * ebx], xmm0
        ret
by_x87: and ebx, ENTRIES - 4
        fild qword [edi + 4 * ebx]
        fistp qword [edi + 4 * ebx + 8]
        ret
by_cmpxchg8b:
        call entry
        push ebx
        and ebx, ENTRIES - 2
        lea esi, [edi + 4 * ebx]
        mov ebx, eax
        mov ecx, eax
        mov eax, [esi]
        mov edx, [esi + 4]
        lock cmpxchg8b [esi]
        pop ebx
        ret
by_master:
        mov eax, SECOND
        out PORT_FROM, eax
        mov eax, [table]
        out PORT_TO, eax
        ret
by_call:                              ; pushes an address, which has no P
        mov ecx, esp
        lea esp, [edi + 4 * ebx + 4]
        call .here
        align 2
        nop
.here:  mov esp, ecx
        or byte [edi + 4 * ebx], 7
        and dword [edi + 4 * ebx], 0x7fff
        or dword [edi + 4 * ebx], FRAMES
        ret
by_invlpg:
        call entry
        mov [edi + 4 * ebx], eax
        mov eax, ebx
        shl eax, 12
        invlpg [PLACE + eax]
        ret
by_none:
        mov eax, [edi + 4 * ebx]
        mov [edi + 4 * ebx], eax
        ret
by_cr3: call entry
        mov [edi + 4 * ebx], eax
        mov eax, cr3
        mov cr3, eax
        ret
by_directory:
        test dword [option], OTHERS
        jz .done
        mov eax, SECOND | 7
        test edx, 1
        jnz .put
        mov eax, [table]
        or eax, 7
.put:   mov [DIRECTORY + (PLACE >> 20)], eax
.done:  ret
by_large:                             ; the low 4 MiB in the place, and back
        test dword [option], OTHERS
        jz .done
        mov eax, [DIRECTORY + (PLACE >> 20)]
        mov dword [DIRECTORY + (PLACE >> 20)], 0x87
        mov ecx, [PLACE + FRAMES + 0x1810]
        add ecx, [PLACE + FRAMES + 0x7810]
        mov [PLACE + FRAMES + 0x2818], ecx
        mov [DIRECTORY + (PLACE >> 20)], eax
        mov eax, ecx
        SUM
.done:  ret

; A page fault in the place gets a page; all else ends it.
caught: cmp dword [esp], 14
        jne .end
        pushad
        mov eax, [esp + 36]           ; the error code
        SUM
        mov eax, cr2
        SUM
        sub eax, PLACE
        shr eax, 12
        cmp eax, ENTRIES
        jae .end
        mov ebx, eax
        call random
        and eax, 0x7000
        add eax, FRAMES | 3
        mov ecx, [table]
        mov [ecx + 4 * ebx], eax
        mov [SECOND + 4 * ebx], eax
        popad
        add esp, 8
        iretd
.end:   mov eax, [esp]
        SUM
        mov eax, 0xbad
        SUM
        EXIT
