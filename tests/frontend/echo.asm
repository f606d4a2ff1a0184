; A boot sector that shows every key and sends it to COM1. It fetches a key
; only every four timer ticks, so that keys pile up. Esc ends by the exit port
; with value 3.
    cpu 8086
    org 0x7c00
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7c00
    sti
    mov si, ready
greet:
    lodsb
    test al, al
    jz next_key
    call show
    jmp greet

next_key:
    mov bx, [0x46c]
.tick:
    hlt
    mov ax, [0x46c]
    sub ax, bx
    cmp ax, 4
    jb .tick
    mov ah, 0
    int 0x16
    cmp al, 27
    je leave
    call send
    call show
    jmp next_key

leave:
    mov al, 3
    out 0xf4, al
stop:
    hlt
    jmp stop

; Sends al to COM1, once it has room.
send:
    mov ah, al
    mov dx, 0x3fd
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    mov al, ah
    mov dx, 0x3f8
    out dx, al
    ret

; Shows al; Enter begins a new line.
show:
    push ax
    mov bx, 7
    mov ah, 0x0e
    int 0x10
    pop ax
    cmp al, 13
    jne .end
    mov ax, 0x0e0a
    int 0x10
.end:
    ret

ready: db 'READY', 13, 0
    times 510 - ($ - $$) db 0
    dw 0xaa55
