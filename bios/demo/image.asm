; The built-in disk as a whole: a 1.44 MB diskette that DOS can read too. The
; program stands in the reserved sectors, behind the boot sector.
cpu 8086
bits 16
org 7C00h

SECTOR          equ 512
TRACK_SECTORS   equ 18
HEADS           equ 2
DISK_SECTORS    equ 2880
FAT_SECTORS     equ 9
ROOT_ENTRIES    equ 224
PROGRAM_SEGMENT equ 1000h
NEEDED_KB       equ 160                 ; program, stack, buffers

boot:
    jmp short boot_code
    nop
    db "VITRINE "
    dw SECTOR
    db 1                                ; sectors per cluster
    dw 1 + PROGRAM_SECTORS              ; reserved
    db 2                                ; FATs
    dw ROOT_ENTRIES
    dw DISK_SECTORS
    db 0F0h
    dw FAT_SECTORS
    dw TRACK_SECTORS
    dw HEADS
    dd 0, 0
    db 0, 0, 29h
    dd 20260101h                        ; serial number
    db "VITRINEDEMO"
    db "FAT12   "

boot_code:
    cli
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 7C00h
    sti
    cld
    mov [drive], dl
    int 12h
    cmp ax, NEEDED_KB
    mov si, no_memory
    jb stop
    mov ax, PROGRAM_SEGMENT
    mov es, ax
    mov word [sector], 1
.next:
    mov di, 3                           ; tries
.try:
    mov ax, [sector]
    mov cl, TRACK_SECTORS
    div cl                              ; AL track and head, AH sector from 0
    mov cl, ah
    inc cx
    mov ch, al
    shr ch, 1
    mov dh, al
    and dh, 1
    mov dl, [drive]
    xor bx, bx
    mov ax, 0201h
    int 13h
    jnc .read
    xor ax, ax                          ; reset, and again
    mov dl, [drive]
    int 13h
    dec di
    jnz .try
    mov si, no_disk
    jmp short stop
.read:
    mov ax, es
    add ax, SECTOR / 16
    mov es, ax
    inc word [sector]
    cmp word [sector], PROGRAM_SECTORS
    jbe .next
    mov dl, [drive]
    jmp PROGRAM_SEGMENT:0

; Writes the text at SI, waits for a key and lets the BIOS boot something else.
stop:
    lodsb
    or al, al
    jz .wait
    mov ah, 0Eh
    mov bx, 7
    int 10h
    jmp stop
.wait:
    xor ax, ax
    int 16h
    int 19h

no_memory:
    db 13, 10, "The Vitrine disk needs 160 KB of memory. Press a key.", 0
no_disk:
    db 13, 10, "The Vitrine disk cannot be read. Press a key.", 0
drive:
    db 0
sector:
    dw 0

    times SECTOR - 2 - ($ - boot) db 0
    dw 0AA55h

program:
    incbin "demo.bin"
    times (SECTOR - ($ - boot) % SECTOR) % SECTOR db 0
PROGRAM_SECTORS equ ($ - program) / SECTOR

; The FATs: one file of up to 15 clusters from 2 on; two entries of 12 bits in
; three bytes.
%macro fat 0
    %%start:
    db 0F0h, 0FFh, 0FFh
  %assign cluster 2
  %rep 8
    %assign first cluster + 1
    %assign second cluster + 2
    dw (next_cluster(first) | next_cluster(second) << 12) & 0FFFFh
    db next_cluster(second) >> 4
    %assign cluster cluster + 2
  %endrep
    times FAT_SECTORS * SECTOR - ($ - %%start) db 0
%endmacro
; What stands in the entry before cluster n: n itself, the end, or 0.
%define next_cluster(n) ((n < README_END) * n + (n == README_END) * 0FFFh)
README_END      equ 2 + (README_BYTES + SECTOR - 1) / SECTOR
    fat
    fat

; The root: the label and the file, both of 2026-01-01 00:00.
root:
    db "VITRINEDEMO", 8
    times 10 db 0
    dw 0, 46 << 9 | 1 << 5 | 1, 0
    dd 0
    db "README  TXT", 1                 ; read-only
    times 10 db 0
    dw 0, 46 << 9 | 1 << 5 | 1, 2
    dd README_BYTES
    times ROOT_ENTRIES * 32 - ($ - root) db 0

readme:
    incbin "readme.txt"
README_BYTES    equ $ - readme
    times DISK_SECTORS * SECTOR - ($ - boot) db 0
