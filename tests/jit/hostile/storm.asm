; Stores into code, again and again, by every kind of instruction that stores:
; into the instruction behind, the running block, other blocks, all of a page.
%include "lib.inc"

start:
        call load_tables
        mov eax, cr4
        or eax, 0x200                 ; SSE
        mov cr4, eax
        fninit
again:
        call immediates
        call opcodes
        call neighbours
        call ends
        call variants
        call straddling
        call over_itself
        call generated
        call pushes
        call wide_stores
        call master
        call scattered
        dec dword [rounds]
        jnz again
        EXIT

; Nothing here faults, but what a patch makes of it may.
caught:
        mov esp, STACK0
        mov eax, 0xbad
        SUM
        dec dword [rounds]
        jnz again
        EXIT

; The operand of the next instruction, of one in the loop, of the loop's count.
immediates:
        mov ecx, 40
.loop:  mov [.now + 1], cl
.now:   mov al, 0
        add [.later + 2], eax
        nop
.later: lea ebx, [eax + 0x12345678]   ; a displacement
        add ebx, 0x1000000
        mov eax, ebx
        SUM
        sub byte [.count + 2], 1
        and byte [.count + 2], 7
.count: sub ecx, byte 1
        jg .loop
        mov byte [.count + 2], 1
        ret

; INC becomes DEC and so on, and the length of an instruction changes.
opcodes:
        mov ecx, 30
        xor eax, eax
.loop:  xor byte [.one], 8            ; 40 and 48
.one:   inc eax
        xor byte [.two + 1], 0x28     ; c3 and eb: ADD and SUB of EBX
.two:   add ebx, eax
        xor byte [.three], 0xb8 ^ 0x90
        add ebx, ebx                  ; so that they are not one block
        jc .three
        nop
.three: mov edx, 0x90909090           ; or five times NOP
        add eax, edx
        dec ecx
        jnz .loop
        SUM
        ret

; Blocks in front and behind, which jump to one another.
neighbours:
        mov ecx, 30
        jmp .middle
.before:
        mov eax, 1
        jmp .sum
.middle:
        add byte [.before + 1], 3
        add byte [.behind + 1], 5
        test cl, 1
        jnz .before
        jmp .behind
        align 16
.behind:
        mov eax, 7
.sum:   SUM
        xor byte [.middle], 0         ; the same byte: no change
        dec ecx
        jnz .middle
        ret

; The end of the running block becomes another one: falls through, or jumps.
ends:
        mov ecx, 24
.loop:  mov word [.end], 0x9090
        test cl, 3
        jnz .end
        mov word [.end], 0x00eb | (.far - .end - 2) << 8
.end:   nop
        nop
        add eax, ecx
.far:   xor eax, 0x55aa
        dec ecx
        jnz .loop
        SUM
        ret

; One of two pieces of code is copied to a place and runs there.
variants:
        mov ebp, 16
.loop:  mov esi, .first
        test ebp, 2
        jz .copy
        mov esi, .second
.copy:  mov edi, WINDOW + 0x0ff8      ; over two pages
        mov ecx, .end - .second
        rep movsb
        call WINDOW + 0x0ff8
        SUM
        mov edi, WINDOW + 0x0ffa      ; and in part
        mov al, 0x43
        mov ecx, 5
        rep stosb
        call WINDOW + 0x0ff8
        SUM
        dec ebp
        jnz .loop
        ret
.first: mov eax, ebp
        imul eax, 77
        add ebx, eax
        xchg eax, ebx
        ret
        align 4
.second:
        mov eax, 0x11223344
        sub eax, ebp
        times 6 nop
        ret
.end:

; Instructions on two pages, of which the part on the second one changes: of
; an operand, of ModR/M, of an opcode.
straddling:
        mov esi, .code
        mov edi, WINDOW + 0x6000 - (.first - .code) - 2
        call .one
        mov edi, WINDOW + 0x6000 - (.second - .code) - 1
        call .one
        mov edi, WINDOW + 0x6000 - (.third - .code) - 1
.one:   push esi
        push edi
        mov ecx, .end - .code
        rep movsb
        pop edi
        pop esi
        mov ebp, 24
.loop:  mov edx, ebp
        call edi
        SUM
        test ebp, 1
        jz .next
        inc byte [edi + .first + 4 - .code] ; the operand's
        xor byte [edi + .second + 1 - .code], 8 ; EDX and ECX
        xor byte [edi + .third + 1 - .code], 1 ; INC DL, DEC DL and so on
.next:  dec ebp
        jnz .loop
        ret
.code:  mov ecx, 3
.again: nop
.first: add eax, strict dword 0x01020304
.second:
        add eax, edx
.third: db 0x0f, 0x98, 0xc2           ; SETS and SETNS of DL
        dec ecx
        jnz .again
        ret
.end:

; A string instruction over the code that holds it.
over_itself:
        mov ebp, 6
.loop:  mov esi, .code
        mov edi, WINDOW + 0x2000
        mov ecx, .code_end - .code
        rep movsb
        mov edx, .back
        mov esi, .with
        mov ecx, .with_end - .with
        lea edi, [WINDOW + 0x2000 + ebp]
        jmp WINDOW + 0x2000
.back:  mov eax, ecx
        SUM
        mov eax, edi
        SUM
        dec ebp
        jnz .loop
        ret
.code:  times 8 nop
        rep movsb
        times 24 nop
        jmp edx
.code_end:
.with:  times 6 inc eax
        times 8 nop
        jmp edx
        times 8 nop
.with_end:

; Small functions of random code, written anew each time.
generated:
        mov ebp, 24
.loop:  mov edi, WINDOW + 0x3000
        call random
        and eax, 0x7f
        add edi, eax
        mov ebx, edi
        mov ecx, 12
.put:   call random
        and al, 7                     ; ADD EAX, registers but ESP
        cmp al, 4
        je .put
        shl eax, 8
        and eax, 0x700
        or eax, 0xc003
        stosw
        dec ecx
        jnz .put
        mov al, 0xc3
        stosb
        mov eax, ebp
        call ebx
        SUM
        dec ebp
        jnz .loop
        ret

; The stack runs into the code: by PUSH, CALL and PUSHA.
pushes:
        mov ebp, 12
.loop:  mov [.esp], esp
        mov esp, .target + 5
        push strict dword 0x90909043  ; INC EBX, NOP
        mov eax, ebp
.target:
        times 8 nop
        mov eax, ebx
        SUM
        mov esp, .after + 36
        mov eax, 0x40404040
        mov ecx, eax
        mov edx, 0x90904041
        mov ebx, eax
        mov ebp, eax
        mov esi, eax
        mov edi, edx
        pusha
        mov [.after + 16], eax        ; where ESP is
        mov esp, [.esp]
        jmp .after
        align 16
.after: times 40 nop
        SUM
        mov edi, .after
        mov ecx, 10
        mov eax, 0x90909090
        rep stosd
        mov ebp, [.count]
        dec ebp
        mov [.count], ebp
        jnz .loop
        mov dword [.count], 12
        ret
.esp:   dd 0
.count: dd 12

; By MMX, SSE, the x87 and instructions that lock.
wide_stores:
        mov ebp, 12
.loop:  mov eax, ebp
        shl eax, 24
        or eax, 0xb8 << 16 | 0x9090   ; NOP, NOP, MOV EAX, ...
        movd mm0, eax
        psllq mm0, 16                 ; two more NOP, in front
        movd mm1, [.nops]
        por mm0, mm1
        movq [.mmx], mm0
        jmp .mmx
.nops:  dd 0x9090
        align 8
.mmx:   times 8 nop
        times 4 nop
        emms
        and eax, 0xff
        SUM
        mov eax, [.sse_code]
        add eax, 0x100
        mov [.sse_code], eax
        movups xmm0, [.sse_code]
        movaps [.sse], xmm0
        jmp .sse
        align 16
.sse:   times 16 nop
        SUM
        fld tword [.x87_code]
        fstp tword [.x87]
.x87:   times 10 nop
        SUM
        lock xor dword [.lock + 1], 0x55
.lock:  mov eax, 1
        SUM
        mov eax, 0x90909040
        xchg eax, [.swap]
.swap:  times 4 nop
        SUM
        mov eax, [.compare]
        mov ebx, 0x43434343
        lock cmpxchg [.compare], ebx
.compare:
        times 4 nop
        mov dword [.compare], 0x90909090
        bts dword [.bit + 1], 30
.bit:   mov eax, 5
        btr dword [.bit + 1], 30
        SUM
        dec ebp
        jnz .loop
        ret
        align 16
.sse_code:
        mov eax, 0x1000
        add eax, ebp
        times 9 nop
.x87_code:
        mov eax, 0x7fff0001
        inc eax
        nop
        nop
        nop
        nop

; A bus master copies code to where the OUT is that starts it.
master:
        mov ebp, 10
.loop:  mov eax, .a
        test ebp, 1
        jz .from
        mov eax, .b
.from:  out PORT_FROM, eax
        mov eax, .here
        out PORT_TO, eax
.here:  times 64 nop
        mov eax, ebx
        SUM
        dec ebp
        jnz .loop
        ret
.a:     times 60 inc ebx
        times 4 nop
.b:     times 30 add ebx, ebp
        times 4 dec ebx

; Bytes of NOP and INC all over the code of the second page, while it runs.
scattered:
        mov ebp, 40
        mov edi, WINDOW + 0x4000
        mov eax, 0x90909090
        mov ecx, 0x100
        rep stosd
        mov byte [WINDOW + 0x4000 + 0x3ff], 0xc3
.loop:  call random
        mov ecx, eax
        and ecx, 0x1ff
        shr eax, 16
        and eax, 3
        mov al, [.codes + eax]
        mov [WINDOW + 0x4000 + ecx], al
        test ebp, 3
        jnz .next
        call WINDOW + 0x4000
        mov eax, ebx
        SUM
.next:  dec ebp
        jnz .loop
        ret
.codes: db 0x90, 0x43, 0x4b, 0x47
