; VESA BIOS extensions, seen as software sees them.
%include "guest.inc"
cpu 386

info    equ 0F000h              ; 512 bytes
mode    equ 0F200h              ; 256 bytes
buffer  equ 0E000h              ; 4 KiB

run:
    call test_info
    cmp word [failures], 0
    jne .done                   ; nothing to test the rest with
    call test_modes
    call test_control
    call test_text_modes
    call test_state
    call test_far_window
    call test_protected_mode
    call test_monitor
    mov ax, 3
    int 10h
.done:
    ret

test_info:
    push ds
    pop es
    mov di, info
    mov cx, 256
    mov ax, 5555h
    rep stosw
    mov ax, 4F00h               ; as VBE 1: no more than 256 bytes
    mov di, info
    int 10h
    expect ax, 004Fh
    expect word [info], 'VE'
    expect word [info + 2], 'SA'
    expect word [info + 256], 5555h
    mov dword [info], 'VBE2'
    mov ax, 4F00h
    mov di, info
    int 10h
    expect ax, 004Fh
    expect dword [info], 'VESA'
    expect word [info + 4], 0300h
    expect di, info
    mov ax, [info + 18]
    cmp ax, 16                  ; a MiB at least
    expect_flag ae
    les si, [info + 6]          ; the names are strings
    cmp byte [es:si], ' '
    expect_flag a
    les si, [info + 26]
    cmp byte [es:si], ' '
    expect_flag a
    mov ax, 4F01h               ; no such mode
    mov cx, 01FFh
    push ds
    pop es
    mov di, mode
    int 10h
    expect ax, 014Fh
    mov ax, 4F02h
    mov bx, 01FFh
    int 10h
    expect ax, 014Fh
    mov ax, 4FFFh
    int 10h
    expect ax, 014Fh
    ret

; Every mode of the list.
test_modes:
    les si, [info + 14]
.next:
    mov cx, [es:si]
    cmp cx, 0FFFFh
    je .done
    push es
    push si
    mov [note], cx
    call check_mode
    pop si
    pop es
    inc si
    inc si
    inc word [.count]
    cmp word [.count], 120
    jb .next
.done:
    cmp word [.count], 30
    expect_flag ae
    mov word [note], 0
    ret
.count:
    dw 0

check_mode:
    mov [.number], cx
    push ds
    pop es
    mov di, mode
    mov ax, 4F01h
    int 10h
    expect ax, 004Fh
    mov al, [mode]
    and al, 0Fh
    expect al, 0Fh
    test byte [mode], 10h
    jz .text
    mov ax, 4F02h
    mov bx, [.number]
    int 10h
    expect ax, 004Fh
    mov ax, 4F03h
    int 10h
    expect ax, 004Fh
    expect bx, [.number]
    expect byte [449h], 0FFh
    mov ax, 4F06h               ; as long a line as the mode says
    mov bl, 1
    int 10h
    expect ax, 004Fh
    expect bx, [mode + 16]
    expect cx, [mode + 18]
    cmp dx, [mode + 20]
    expect_flag ae
    call check_layout
    call check_window
    call check_text
    call check_pixels
    cmp dword [mode + 40], 0
    je .no_linear
    mov ax, 4F02h
    mov bx, [.number]
    or bx, 4000h
    int 10h
    expect ax, 004Fh
    mov ax, 4F03h
    int 10h
    and bx, 41FFh
    mov ax, [.number]
    or ax, 4000h
    expect bx, ax
    ret
.no_linear:
    mov ax, 4F02h
    mov bx, [.number]
    or bx, 4000h
    int 10h
    expect ax, 014Fh
.text:
    ret
.number:
    dw 0

; Members of the block that hang together.
check_layout:
    expect word [mode + 4], 64
    expect word [mode + 6], 64
    expect word [mode + 8], 0A000h
    expect word [mode + 22], 1008h
    mov al, [mode + 25]
    cmp al, 4
    je .planes
    expect byte [mode + 24], 1
    mov ah, 0
    add ax, 7
    shr ax, 3
    mul word [mode + 18]
    expect ax, [mode + 16]
    cmp byte [mode + 25], 8
    je .packed
    expect byte [mode + 27], 6
    mov al, [mode + 31]         ; sizes of red, green, blue, rest
    add al, [mode + 33]
    add al, [mode + 35]
    add al, [mode + 37]
    mov ah, [mode + 25]
    cmp ah, 15
    jne .bits
    inc ah
.bits:
    expect al, ah
    expect byte [mode + 36], 0  ; blue lowest
    mov al, [mode + 35]
    expect [mode + 34], al
    add al, [mode + 33]
    expect [mode + 32], al
    ret
.packed:
    expect byte [mode + 27], 4
    ret
.planes:
    expect byte [mode + 24], 4
    expect byte [mode + 27], 3
    mov ax, [mode + 18]
    shr ax, 3
    expect ax, [mode + 16]
    ret

; The window reaches the whole screen, and the blocks differ.
check_window:
    mov ax, [mode + 16]
    mul word [mode + 20]
    mov cx, dx                  ; last block
    or ax, ax
    jnz .set
    dec cx
.set:
    push 0A000h
    pop fs
    mov si, cx
.fill:
    mov dx, cx
    mov ax, 4F05h
    xor bx, bx
    int 10h
    expect ax, 004Fh
    mov [fs:1234h], cl
    dec cx
    jns .fill
    mov cx, si
.look:
    mov dx, cx
    mov ax, 4F05h
    xor bx, bx
    int 10h
    mov al, [fs:1234h]
    expect al, cl
    mov byte [fs:1234h], 0
    dec cx
    jns .look
    mov ax, 4F05h
    mov bx, 0100h
    mov dx, 5555h
    int 10h
    expect ax, 004Fh
    expect dx, 0
    mov ax, 4F05h
    xor bx, bx
    mov dx, [info + 18]         ; beyond the memory
    int 10h
    expect ax, 014Fh
    mov ax, 4F05h
    mov bx, 1                   ; no window B
    xor dx, dx
    int 10h
    expect ax, 014Fh
    ret

; Characters by the BIOS: anywhere on the screen, through scrolling.
check_text:
    mov ax, 4F05h               ; the window stays where it was
    xor bx, bx
    mov dx, 1
    int 10h
    mov dh, [484h]
    mov dl, [44Ah]
    dec dl
    sub dl, 3
    call go
    mov al, 'V'
    call put
    mov ax, 0600h | 1
    call whole_screen
    mov bh, 0
    int 10h
    mov dh, [484h]
    dec dh
    mov dl, [44Ah]
    sub dl, 4
    call go
    call read
    expect al, 'V'
    mov ah, 2
    inc dh
    call go
    call read
    expect al, ' '
    mov ax, 0702h
    call whole_screen
    mov bh, 0
    int 10h
    mov ax, 0601h
    call whole_screen
    mov bh, 0
    int 10h
    mov dh, [484h]
    mov dl, [44Ah]
    sub dl, 4
    call go
    call read
    expect al, ' '              ; it was pushed out below
    call whole_screen
    mov [.left], cl
    mov dh, 0
    mov dl, cl
    call go
    mov al, 'b'
    call put
    call read
    expect al, 'b'
    mov ax, 0705h               ; down, then a window up
    call whole_screen
    mov bh, 0
    int 10h
    mov dh, 5
    mov dl, [.left]
    call go
    call read
    expect al, 'b'
    mov ax, 0601h
    mov bh, 0
    mov ch, 5
    mov cl, [.left]
    mov dh, 6
    mov dl, cl
    int 10h
    mov dh, 5
    call go
    call read
    expect al, ' '
    mov ax, 4F05h
    mov bx, 0100h
    int 10h
    expect dx, 1
    ret
.left:
    db 0
go:
    pusha
    mov ah, 2
    mov bh, 0
    int 10h
    popa
    ret
put:
    pusha
    mov ah, 9
    mov bx, 000Fh
    mov cx, 1
    int 10h
    popa
    ret
read:
    push bx
    mov ah, 8
    mov bh, 0
    int 10h
    pop bx
    ret
; All rows, but in most modes only as many columns as make it quick.
whole_screen:
    xor cx, cx
    cmp word [note], 111h
    je .left_done
    cmp word [note], 101h
    je .left_done
    mov cl, [44Ah]
    sub cl, 5
.left_done:
    mov dh, [484h]
    mov dl, [44Ah]
    dec dl
    ret

check_pixels:
    mov cx, [mode + 18]
    dec cx
    mov dx, [mode + 20]
    dec dx
    mov ax, 0C0Fh
    mov bh, 0
    int 10h
    mov ax, 0D00h
    mov bh, 0
    int 10h
    mov ah, [mode + 25]
    cmp ah, 8
    ja .direct
    expect al, 0Fh
    jmp .black
.direct:
    expect al, 0FFh
.black:
    dec cx
    mov ax, 0D00h
    mov bh, 0
    int 10h
    expect al, 0
    inc cx
    mov ax, 0C00h
    mov bh, 0
    int 10h
    mov ax, 0D00h
    mov bh, 0
    int 10h
    expect al, 0
    ret

; Line length, start of the display, palette and DAC in 640x480x8.
test_control:
    mov ax, 4F02h
    mov bx, 0101h
    int 10h
    mov ax, 4F06h
    mov bx, 0
    mov cx, 1024
    int 10h
    expect ax, 004Fh
    expect bx, 1024
    expect cx, 1024
    cmp dx, 960
    expect_flag ae
    mov ax, 4F06h
    mov bx, 2
    mov cx, 800
    int 10h
    expect ax, 004Fh
    expect bx, 800
    mov ax, 4F06h               ; shorter than the screen
    mov bx, 0
    mov cx, 320
    int 10h
    expect ax, 014Fh
    mov ax, 4F06h
    mov bx, 3
    int 10h
    expect ax, 004Fh
    cmp bx, 800
    expect_flag a
    mov ax, 4F07h
    mov bx, 0
    mov cx, 8
    mov dx, 16
    int 10h
    expect ax, 004Fh
    mov ax, 4F07h
    mov bx, 0FF01h
    int 10h
    expect ax, 004Fh
    expect bx, 0001h
    expect cx, 8
    expect dx, 16
    mov ax, 4F07h               ; during retrace
    mov bx, 0080h
    mov cx, 0
    mov dx, 0
    int 10h
    expect ax, 004Fh
    mov ax, 4F07h               ; below the memory
    mov bx, 0
    mov dx, 0FFFFh
    int 10h
    expect ax, 014Fh
    mov ax, 4F09h
    mov bx, 0
    mov cx, 2
    mov dx, 20h
    mov di, .colours
    int 10h
    expect ax, 004Fh
    mov ax, 4F09h
    mov bx, 1
    mov cx, 2
    mov dx, 20h
    mov di, buffer
    int 10h
    expect ax, 004Fh
    mov eax, [.colours]
    expect eax, [buffer]
    mov eax, [.colours + 4]
    expect eax, [buffer + 4]
    mov ax, 1015h               ; the same by the VGA function
    mov bx, 21h
    int 10h
    expect cx, 0504h
    expect dh, 6
    mov ax, 4F09h
    mov bx, 0
    mov cx, 2
    mov dx, 255
    int 10h
    expect ax, 014Fh
    mov ax, 4F08h
    mov bx, 0800h
    int 10h
    expect ax, 004Fh
    expect bh, 8
    mov ax, 4F08h
    mov bx, 1
    int 10h
    expect bh, 8
    mov ax, 4F08h
    mov bx, 0600h
    int 10h
    expect bh, 6
    mov ax, 4F02h               ; 4-bit modes have lines of bytes in planes
    mov bx, 102h
    int 10h
    mov ax, 4F06h
    mov bx, 0
    mov cx, 1000
    int 10h
    expect ax, 004Fh
    expect bx, 125
    expect cx, 1000
    mov ax, 4F02h               ; not in a VGA mode
    mov bx, 3
    int 10h
    expect ax, 004Fh
    expect byte [449h], 3
    mov ax, 4F06h
    mov bx, 1
    int 10h
    expect ax, 034Fh
    mov ax, 4F07h
    mov bx, 1
    int 10h
    expect ax, 034Fh
    mov ax, 4F03h
    int 10h
    expect bx, 3
    mov ax, 4F02h               ; the flag for not clearing
    mov bx, 8013h
    int 10h
    mov ax, 4F03h
    int 10h
    expect bx, 8013h
    ret
.colours:
    db 1, 2, 3, 0, 4, 5, 6, 0

; 108h to 10Ch: size, and all cells in reach.
test_text_modes:
    mov si, .sizes
.next:
    mov bx, [si]
    mov [note], bx
    mov cx, bx
    mov ax, 4F01h
    mov di, mode
    int 10h
    expect ax, 004Fh
    expect byte [mode + 27], 0
    mov ax, [si + 2]
    expect [mode + 18], ax
    mov ax, [si + 4]
    expect [mode + 20], ax
    mov ax, 4F02h
    mov bx, [si]
    int 10h
    expect ax, 004Fh
    mov ax, 4F03h
    int 10h
    expect bx, [si]
    mov ax, [si + 2]
    expect [44Ah], ax
    mov ax, [si + 4]
    dec ax
    expect [484h], al
    mov dh, al
    mov dl, [44Ah]
    dec dl
    call go
    mov al, 'T'
    call put
    mov ax, [si + 2]
    mul word [si + 4]
    shl ax, 1
    mov di, ax
    push 0B800h
    pop es
    expect byte [es:di - 2], 'T'
    expect word [es:di - 4], 0720h
    push ds
    pop es
    mov dx, 3D4h                ; characters shown
    mov al, 1
    out dx, al
    inc dx
    in al, dx
    inc al
    expect al, [si + 2]
    add si, 6
    cmp si, .sizes_end
    jb .next
    mov word [note], 0
    ret
.sizes:
    dw 108h, 80, 60, 109h, 132, 25, 10Ah, 132, 43, 10Bh, 132, 50, 10Ch, 132, 60
.sizes_end:

; Save in a graphics mode, leave, restore.
test_state:
    mov ax, 4F02h
    mov bx, 0111h
    int 10h
    mov ax, 4F07h
    mov bx, 0
    mov cx, 0
    mov dx, 3
    int 10h
    mov ax, 4F04h
    mov dl, 0
    mov cx, 0Fh
    int 10h
    expect ax, 004Fh
    cmp bx, 32
    expect_flag be
    mov ax, 4F04h
    mov dl, 1
    mov cx, 0Fh
    mov bx, buffer
    int 10h
    expect ax, 004Fh
    mov ax, 3
    int 10h
    mov ax, 4F04h
    mov dl, 2
    mov cx, 0Fh
    mov bx, buffer
    int 10h
    expect ax, 004Fh
    mov ax, 4F03h
    int 10h
    expect bx, 0111h
    mov ax, 4F07h
    mov bx, 1
    int 10h
    expect dx, 3
    expect byte [449h], 0FFh
    ret

; The window by the far pointer.
test_far_window:
    mov ax, 4F02h
    mov bx, 0103h
    int 10h
    mov ax, 4F01h
    mov cx, 103h
    mov di, mode
    int 10h
    xor bx, bx
    mov dx, 2
    mov si, 1234h
    mov di, 5678h
    call far [mode + 12]
    expect si, 1234h
    expect di, 5678h
    expect bx, 0
    mov bh, 1
    call far [mode + 12]
    expect dx, 2
    ret

; The code for protected mode: copied as drivers do, and called there in
; 640x480x8.
copy    equ 0D000h

test_protected_mode:
    mov ax, 4F02h
    mov bx, 0101h
    int 10h
    mov ax, 4F06h
    mov bx, 0
    mov cx, 1024
    int 10h
    mov ax, 4F0Ah
    mov bl, 0
    int 10h
    expect ax, 004Fh
    cmp cx, 60
    expect_flag ae
    push ds
    push es
    pop ds
    mov si, di
    xor ax, ax
    mov es, ax
    mov di, copy
    push cx
    rep movsb
    pop cx
    pop ds
    mov si, copy
.offset:
    lodsw
    cmp ax, 8
    expect_flag ae
    cmp ax, cx
    expect_flag b
    cmp si, copy + 8
    jb .offset
    mov si, [copy + 6]
    expect word [copy + si], 1CEh
    mov si, 0                   ; the window
    mov ax, 4F05h
    mov bx, 0
    mov dx, 3
    call call_protected
    expect ax, 004Fh
    mov ax, 4F05h
    mov bx, 0100h
    int 10h
    expect dx, 3
    mov si, 2                   ; the start: line 5, column 8
    mov ax, 4F07h
    mov bx, 0080h
    mov cx, (1024 * 5 + 8) / 4
    mov dx, 0
    call call_protected
    expect ax, 004Fh
    mov ax, 4F07h
    mov bx, 1
    int 10h
    expect cx, 8
    expect dx, 5
    mov si, 4                   ; colours
    mov ax, 4F09h
    mov bx, 0
    mov cx, 2
    mov dx, 30h
    mov edi, test_control.colours
    call call_protected
    expect ax, 004Fh
    mov ax, 1015h
    mov bx, 31h
    int 10h
    expect cx, 0504h
    expect dh, 6
    ret

; Calls the function whose offset stands at [copy + SI] in a 32-bit segment.
call_protected:
    cli
    mov [.registers], eax
    lgdt [.gdtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 8:.protected
.protected:
    mov ax, 18h
    mov ds, ax
    mov es, ax
    mov ss, ax
    movzx esp, sp
    mov eax, [.registers]
    call dword 10h:.flat
    mov [.registers], eax
    mov eax, cr0
    and al, 0FEh
    mov cr0, eax
    jmp 0:.real
.real:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov eax, [.registers]
    sti
    ret
bits 32
.flat:
    movzx esi, si
    movzx esi, word [copy + esi]
    add esi, copy
    call esi
    retf
bits 16
.registers:
    dd 0
align 4
.gdt:
    dq 0
    dq 00009A000000FFFFh
    dq 00CF9A000000FFFFh
    dq 00CF92000000FFFFh
.gdtr:
    dw $ - .gdt - 1
    dd .gdt

test_monitor:
    mov ax, 4F15h
    mov bx, 0
    mov cx, 0
    int 10h
    expect ax, 004Fh
    expect bl, 2
    mov ax, 4F15h
    mov bx, 1
    mov cx, 0
    mov dx, 0
    mov di, buffer
    int 10h
    expect ax, 004Fh
    expect dword [buffer], 0FFFFFF00h
    mov si, buffer
    mov cx, 128
    mov ah, 0
.sum:
    lodsb
    add ah, al
    loop .sum
    expect ah, 0
    mov ax, 4F10h
    mov bl, 0
    int 10h
    expect ax, 004Fh
    mov ax, 4F10h
    mov bx, 0401h
    int 10h
    mov ax, 4F10h
    mov bx, 2
    int 10h
    expect bh, 4
    mov ax, 4F10h
    mov bx, 1
    int 10h
    mov ax, 4F10h
    mov bx, 2
    int 10h
    expect bh, 0
    ret

    guest_end
