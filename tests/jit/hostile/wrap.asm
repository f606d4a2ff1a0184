; Real mode: segments that share their code; then code, stacks and data at the
; end of a segment and over it, at every place there, and above 1 MiB with the
; gate open and closed. Each piece runs many times, ends with INT or a fault,
; and leaves its registers in the sum.
%include "lib.inc"

PARAGRAPH equ WINDOW >> 4
DATA_PARAGRAPH equ 0x2000
HERE    equ IMAGE >> 4
RUNS    equ 6                         ; of each piece at each place
STACK   equ 0x7000                    ; of the driver: SS is its own

start:
        lgdt [small_pointer]
        mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        jmp 0x08:.small - $$
        bits 16
.small: mov eax, cr0
        and al, 0xfe
        mov cr0, eax
        jmp HERE:.real - $$
.real:  lidt [cs:vectors - $$]
        xor ax, ax
        mov es, ax
        xor di, di
        mov cx, 64
        mov ax, stubs16 - $$
.next:  mov [es:di], ax               ; the table of vectors
        mov word [es:di + 2], HERE
        add di, 4
        add ax, stub16_bytes
        loop .next

again:  mov ax, HERE
        mov ds, ax
        mov ss, ax
        mov sp, STACK
        call names
        mov word [piece - $$], pieces - $$
next_piece:
        mov word [place16 - $$], 0xffec
next_place:
        mov byte [runs - $$], RUNS
        mov ax, HERE
        mov ss, ax
        mov sp, STACK
        call put_piece
next_run:
        mov ax, HERE
        mov ds, ax
        mov ss, ax
        mov sp, STACK
        mov al, [runs - $$]        ; the gate: closed at times
        and al, 4
        shr al, 1
        xor al, 2
        out PORT_A20, al
        mov bx, [piece - $$]
        mov si, [bx + 4]
        mov di, [bx + 6]
        mov dx, [bx + 8]              ; SP
        xchg di, bp
        call at_place
        xchg di, bp
        mov ax, PARAGRAPH
        mov [target + 2 - $$], ax
        mov [target - $$], bp
        test byte [bx + 10], 1        ; FFFF:0010 and up is the same place as
        jz .go                        ; 0 without bit 20
        mov word [target + 2 - $$], 0xffff
.go:    mov cx, DATA_PARAGRAPH
        mov ss, cx
        mov sp, dx
        mov es, cx
        mov ds, cx
        mov cx, 5
        mov ax, 0x1234
        mov bx, 0x10
        jmp far [cs:target - $$]

; Every vector comes here, with its number on the stack wherever that is.
caught16:
        mov [cs:kept - $$], ax
        pop word [cs:vector - $$]
        mov bp, sp
        mov ax, HERE
        mov ds, ax
        mov eax, [bp]                 ; CS:IP; SS is the stack's
        mov dx, HERE
        mov ss, dx
        mov sp, STACK
        call sum16
        movzx eax, word [kept - $$]
        call sum16
        mov ax, [vector - $$]
        shl eax, 16
        mov ax, cx
        call sum16
        mov ax, si
        shl eax, 16
        mov ax, di
        call sum16
        mov ax, bp
        call sum16
        dec byte [runs - $$]
        jnz next_run
        inc word [place16 - $$]
        cmp word [place16 - $$], 2
        jne next_place
        add word [piece - $$], piece_bytes
        cmp word [piece - $$], pieces_end - $$
        jb next_piece
        dec dword [rounds - $$]
        jnz again
        mov al, 2
        out PORT_A20, al
        EXIT

; A page of code in places of 16 bytes, which 32 segments show at different
; offsets: ADD, a near return to BX; and 8 behind it XOR, a far return. Those
; whose paragraphs are 64 apart are alike to the translator.
NAMES   equ 0x1400                    ; the first of the segments
names:  mov ax, NAMES
        mov es, ax
        xor di, di
.place: mov byte [es:di], 0x05
        lea ax, [di + 3]
        mov [es:di + 1], ax
        mov dword [es:di + 3], 0x9090c353
        mov word [es:di + 7], 0x3590
        mov [es:di + 9], di
        mov byte [es:di + 11], 0xcb
        add di, 16
        cmp di, 4096
        jb .place
        mov cx, 700
.loop:  push cs                       ; four of them, then back
        push word .back - $$
        mov si, 4
.push:  mov eax, [seed - $$]
        imul eax, eax, 1664525
        add eax, 1013904223
        mov [seed - $$], eax
        shr eax, 7
        mov dx, ax
        and dx, 7
        mov bp, ax
        and bp, 0x18
        shl bp, 3
        add dx, bp
        add dx, NAMES
        push dx
        mov dx, ax
        and dx, 0x70
        add dx, 0x80
        push dx
        shr eax, 7
        mov bx, ax
        and bx, 0x70
        add bx, 0x88
        dec si
        jnz .push
        mov ax, cx
        retf
.back:  movzx eax, ax
        call sum16
        loop .loop
        ret

sum16:  push ds
        push ax
        mov ax, HERE
        mov ds, ax
        pop ax
        rol dword [sum - $$], 5
        add [sum - $$], eax
        pop ds
        ret

; DI = where the piece of BX begins; in segment FFFF not so near to the end, for
; ROM is behind that.
at_place:
        mov di, [place16 - $$]
        test byte [bx + 10], 1
        jz .done
        sub di, 0x40
.done:  ret

; The piece's bytes at the place in its segment, wrapping, behind NOPs; at 0 INT
; 21.
put_piece:
        mov al, 2                     ; once for each state of the gate
        call .gate
        mov al, 0
.gate:  out PORT_A20, al
        mov bx, [piece - $$]
        mov si, [bx]
        mov cx, [bx + 2]
        mov ax, PARAGRAPH
        test byte [bx + 10], 1
        jz .segment
        mov ax, 0xffff
.segment:
        mov es, ax
        mov eax, 0x21cd21cd
        mov [es:0], eax
        mov [es:4], eax
        mov [es:8], eax
        mov [es:0x10], eax
        mov di, 0xff80
        mov eax, 0x90909090
.fill:  mov [es:di], eax
        add di, 4
        jnz .fill
        call at_place
.next:  mov al, [si]
        mov [es:di], al
        inc si
        inc di
        loop .next
        cmp di, 0x100
        jae .done
        mov word [es:di], 0x21cd      ; behind what wrapped, too
.done:  ret

        align 64                      ; not beside code
target: dw 0, 0
piece:  dw 0
place16: dw 0
kept:   dw 0
vector: dw 0
runs:   db 0
        align 4
vectors:
        dw 0x3ff
        dd 0

; Pieces: code, bytes of it, SI, DI, SP, flags (1: in segment FFFF).
%macro PIECE 5
        dw %1 - $$, %1_end - %1, %2, %3, %4, %5
%endmacro
piece_bytes equ 12
pieces:
        PIECE fall, 0, 0, 0x8000, 0
        PIECE ahead, 0, 0, 0x8000, 0
        PIECE behind, 0, 0, 0x8000, 0
        PIECE calls, 0, 0, 0x8000, 0
        PIECE calls, 0, 0, 2, 0
        PIECE loads, 0xfffc, 0xfff8, 0x8000, 0
        PIECE stores, 0xfffa, 0xfff9, 0x8000, 0
        PIECE bytes, 0xfff0, 0xfffe, 0x8000, 0
        PIECE words, 0xfff0, 0xfff9, 0x8000, 0
        PIECE words, 0xfff5, 0x4000, 0x8000, 0
        PIECE wide, 0, 0, 0x8000, 0
        PIECE stack, 0, 0, 2, 0
        PIECE stack, 0, 0, 6, 0
        PIECE stack, 0, 0, 0xffff, 0
        PIECE all_regs, 0, 0, 9, 0
        PIECE all_regs, 0, 0, 16, 0
        PIECE frames, 0, 0, 4, 0
        PIECE ahead, 0, 0, 0x8000, 1
        PIECE behind, 0, 0, 0x8000, 1
        PIECE fall, 0, 0, 0x8000, 1
pieces_end:
        align 64

fall:   inc ax
        dec cx
        jnz fall
        mov si, 0x1234
        xchg ax, dx
        add di, dx
        inc si
        nop
        nop
fall_end:
ahead:  add ax, cx
        dec cx
        jz .out
        jmp short .over
        times 6 int3
.over:  jmp short ahead
.out:   int 0x21
ahead_end:
behind: jmp short .start
.back:  add ax, 3
        int 0x21
        nop
.start: dec cx
        jz .back
        lea ax, [bx + si + 7]
        jmp short .start
behind_end:
calls:  call .sub
        add ax, dx
        dec cx
        jnz calls
        int 0x21
.sub:   inc dx
        ret
calls_end:
loads:  mov ax, [si]
        add dx, ax
        inc si
        dec cx
        jnz loads
        int 0x21
loads_end:
stores: mov [di], ax
        mov [si], al
        xor [di], dx
        inc si
        inc di
        dec cx
        jnz stores
        int 0x21
stores_end:
bytes:  mov cx, 40
        rep movsb
        mov cx, 30
        std
        rep stosb
        cld
        int 0x21
bytes_end:
words:  mov cx, 20
        rep movsw
        int 0x21
words_end:
wide:   dec cx
        jz .far
        db 0x66, 0xe9                 ; back, and not wrapping
        dd wide - ($ + 4)
.far:   db 0x66, 0xe9
        dd 0x10000
wide_end:
stack:  push ax
        push cx
        pop dx
        dec cx
        jnz stack
        pop ax
        int 0x21
stack_end:
all_regs:
        pusha
        popa
        dec cx
        jnz all_regs
        pusha
        int 0x21
all_regs_end:
frames: enter 8, 0
        mov [bp - 2], ax
        leave
        dec cx
        jnz frames
        int 0x21
frames_end:

stub16_bytes equ 6
stubs16:
%assign v 0
%rep 64
        push strict word v
        jmp strict near caught16
%assign v v + 1
%endrep

        align 8
small:  dq 0
        dw 0xffff, 0, 0x9a00 | IMAGE >> 16, 0
        dw 0xffff, 0, 0x9200 | IMAGE >> 16, 0
small_end:
small_pointer:
        dw small_end - small - 1
        dd small
        bits 32
caught: EXIT
