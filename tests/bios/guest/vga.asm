; INT 10h of the VGA BIOS, seen as software sees it: registers, BIOS data area,
; hardware registers, and what stands in the memory and on the screen.
%include "guest.inc"

run:
    call test_vectors
    call test_modes
    call test_cursor
    call test_pages
    call test_teletype
    call test_strings
    call test_text_scroll
    call test_fonts
    call test_palette
    call test_cga_colours
    call test_select
    call test_info
    call test_state
    call test_registers_kept
    mov ax, 3
    int 10h
    ret

; Vectors and tables.
test_vectors:
    expect word [10h * 4 + 2], 0C000h
    expect word [1Fh * 4 + 2], 0C000h
    expect word [43h * 4 + 2], 0C000h
    expect word [6Dh * 4 + 2], 0C000h
    expect word [42h * 4 + 2], 0F000h
    expect word [4AAh], 0C000h  ; save pointer
    les bx, [4A8h]
    expect word [es:bx + 2], 0C000h
    les bx, [es:bx]
    expect byte [es:bx + 3 * 64], 80    ; parameters of mode 3
    expect byte [es:bx + 3 * 64 + 9], 63h
    expect byte [es:bx + 1Ch * 64 + 2], 8
    expect byte [es:bx + 1Ch * 64 + 9], 63h
    ret

; mode, columns, rows, points, page size, CRTC low, memory segment, kind of
; check: 0 text, 1 16 colours, 2 two, 3 four, 4 256, 5 mode 0Fh
mode_list:
    dw 00h, 40, 25, 16, 0800h, 0D4h, 0B800h, 0
    dw 01h, 40, 25, 16, 0800h, 0D4h, 0B800h, 0
    dw 02h, 80, 25, 16, 1000h, 0D4h, 0B800h, 0
    dw 03h, 80, 25, 16, 1000h, 0D4h, 0B800h, 0
    dw 04h, 40, 25, 8,  4000h, 0D4h, 0B800h, 3
    dw 05h, 40, 25, 8,  4000h, 0D4h, 0B800h, 3
    dw 06h, 80, 25, 8,  4000h, 0D4h, 0B800h, 2
    dw 07h, 80, 25, 16, 1000h, 0B4h, 0B000h, 0
    dw 0Dh, 40, 25, 8,  2000h, 0D4h, 0A000h, 1
    dw 0Eh, 80, 25, 8,  4000h, 0D4h, 0A000h, 1
    dw 0Fh, 80, 25, 14, 8000h, 0B4h, 0A000h, 5
    dw 10h, 80, 25, 14, 8000h, 0D4h, 0A000h, 1
    dw 11h, 80, 30, 16, 0A000h, 0D4h, 0A000h, 2
    dw 12h, 80, 30, 16, 0A000h, 0D4h, 0A000h, 1
    dw 13h, 40, 25, 8,  2000h, 0D4h, 0A000h, 4
mode_list_end:
MODE_ENTRY equ 16


; Every mode: what it notes, characters and pixels there and back, scrolling.
test_modes:
    mov si, mode_list
.next:
    mov ax, [si]
    mov [note], ax
    int 10h
    call check_mode_data
    call check_character
    cmp word [si + 14], 0
    je .pixels_done
    call check_pixels
.pixels_done:
    call check_no_clear
    add si, MODE_ENTRY
    cmp si, mode_list_end
    jb .next
    mov word [note], 0
    mov ax, 0014h               ; no such mode: nothing happens
    int 10h
    expect byte [449h], 13h
    mov ax, 0008h
    int 10h
    expect byte [449h], 13h
    ret

check_mode_data:
    mov ax, [si]
    expect [449h], al
    mov ax, [si + 2]
    expect [44Ah], ax
    mov ax, [si + 4]
    dec ax
    expect [484h], al
    mov ax, [si + 6]
    expect [485h], ax
    mov ax, [si + 8]
    expect [44Ch], ax
    mov ax, [si + 10]
    mov ah, 3
    expect [463h], ax
    expect word [44Eh], 0
    expect byte [462h], 0
    expect word [450h], 0
    mov ah, 0Fh
    mov bh, 55h
    int 10h
    expect al, [si]
    expect ah, [si + 2]
    expect bh, 0
    mov es, [si + 12]           ; blank
    mov ax, [es:0]
    mov dx, [es:1F3Eh]
    mov bx, 0720h
    cmp word [si + 14], 0
    je .text
    xor bx, bx
.text:
    expect ax, bx
    expect dx, bx
    ret

; Writes characters with 0Eh, 09h, 0Ah, reads them with 08h, scrolls them.
check_character:
    mov cx, 0
.each:
    mov dx, 0203h
    call go
    mov ah, 0Ah
    mov al, cl
    mov bx, 000Fh
    push cx
    mov cx, 2
    int 10h
    pop cx
    call read
    mov bl, cl
    call blank_is_space
    expect al, bl
    mov dx, 0204h
    call go
    call read
    expect al, bl
    inc cl
    jnz .each
    mov dx, 0000h               ; teletype, with a line feed
    call go
    mov ax, 0E41h
    mov bx, 7
    int 10h
    mov ax, 0E0Ah
    int 10h
    mov ax, 0E42h
    int 10h
    call where
    expect dx, 0102h
    mov dx, 0101h
    call go
    call read
    expect al, 'B'
    mov ax, 0601h               ; up: B comes to the top line
    mov bh, 0
    call whole_screen
    int 10h
    mov dx, 0001h
    call go
    call read
    expect al, 'B'
    mov ax, 0702h               ; down by two lines
    mov bh, 0
    call whole_screen
    int 10h
    mov dx, 0201h
    call go
    call read
    expect al, 'B'
    mov dx, 0001h
    call go
    call read
    expect al, ' '
    mov ax, 0601h               ; a window with the B in its second line
    mov bh, 0
    mov cx, 0101h
    mov dx, 0301h
    int 10h
    mov dx, 0101h
    call go
    call read
    expect al, 'B'
    mov ax, 0600h               ; clear it
    mov bh, 0
    mov cx, 0101h
    mov dx, 0101h
    int 10h
    mov dx, 0101h
    call go
    call read
    expect al, ' '
    ret

go:
    push ax
    push bx
    mov ah, 2
    mov bh, 0
    int 10h
    pop bx
    pop ax
    ret
read:
    push bx
    mov ah, 8
    mov bh, 0
    int 10h
    pop bx
    ret
where:
    push bx
    push cx
    mov ah, 3
    mov bh, 0
    int 10h
    pop cx
    pop bx
    ret
whole_screen:
    xor cx, cx
    mov dh, [484h]
    mov dl, [44Ah]
    dec dl
    ret
; In graphics modes the three blank glyphs all read as a space.
blank_is_space:
    cmp word [si + 14], 0
    je .done
    cmp bl, 0
    je .space
    cmp bl, 0FFh
    jne .done
.space:
    mov bl, ' '
.done:
    ret

; A pixel near the end of the screen: written, read, mixed in twice.
check_pixels:
    mov bx, [si + 14]
    shl bx, 1
    mov di, [.colours + bx]     ; low byte the colour, high byte what it reads
    mov ax, [si + 2]
    mov cl, 3
    shl ax, cl
    dec ax
    mov cx, ax
    mov ax, [si + 4]
    mul word [si + 6]
    dec ax
    mov dx, ax
    call .get
    expect al, 0
    mov ax, di
    call .put
    call .get
    mov bx, di
    expect al, bh
    dec cx                      ; the neighbours are untouched
    call .get
    expect al, 0
    inc cx
    dec dx
    call .get
    expect al, 0
    inc dx
    cmp word [si + 14], 4
    je .no_mix
    mov ax, di
    or al, 80h
    call .put
    call .get
    expect al, 0
.no_mix:
    mov al, 0
    call .put
    call .get
    expect al, 0
    ret
.put:
    mov ah, 0Ch
    mov bh, 0
    int 10h
    ret
.get:
    mov ah, 0Dh
    mov bh, 0
    int 10h
    ret
.colours:
    dw 0, 0D0Dh, 0101h, 0202h, 0C8C8h, 0505h

; Bit 7 of the mode keeps the memory, and stays in 40:87 and 0Fh.
check_no_clear:
    mov es, [si + 12]
    mov word [es:100h], 5A5Ah
    mov ax, [si]
    or al, 80h
    int 10h
    expect word [es:100h], 5A5Ah
    mov al, [487h]
    and al, 80h
    expect al, 80h
    mov ah, 0Fh
    int 10h
    mov bx, [si]
    or bl, 80h
    expect al, bl
    mov ax, [si]
    int 10h
    mov al, [487h]
    and al, 80h
    expect al, 0
    ret

; AL: CRTC register AL.
crtc:
    push dx
    mov dx, [463h]
    out dx, al
    inc dx
    in al, dx
    pop dx
    ret

; Shapes of the cursor: what is asked for, what the CRTC gets in 16-line cells.
test_cursor:
    mov ax, 3
    int 10h
    mov ah, 3
    mov bh, 0
    int 10h
    expect cx, 0607h
    mov si, .shapes
.next:
    mov cx, [si]
    mov [note], cx
    mov ah, 1
    int 10h
    expect [460h], cx
    mov ah, 3
    mov bh, 0
    int 10h
    expect cx, [si]
    mov al, 0Ah
    call crtc
    mov ah, al
    mov al, 0Bh
    call crtc
    expect ax, [si + 2]
    add si, 4
    cmp si, .shapes_end
    jb .next
    mov word [note], 0
    mov ax, 1201h               ; no emulation: as it is
    mov bl, 34h
    int 10h
    expect al, 12h
    mov ah, 1
    mov cx, 0307h
    int 10h
    mov al, 0Ah
    call crtc
    expect al, 3
    mov al, 0Bh
    call crtc
    expect al, 7
    mov ax, 1200h
    mov bl, 34h
    int 10h
    mov ax, 3
    int 10h
    mov ah, 2                   ; the hardware follows
    mov bh, 0
    mov dx, 0A14h
    int 10h
    mov al, 0Eh
    call crtc
    mov ah, al
    mov al, 0Fh
    call crtc
    expect ax, 10 * 80 + 20
    mov ah, 2                   ; of another page: noted, not shown
    mov bh, 3
    mov dx, 0102h
    int 10h
    expect word [456h], 0102h
    mov al, 0Fh
    call crtc
    expect al, (10 * 80 + 20) & 0FFh
    ret
.shapes:
    dw 0607h, 0D0Eh             ; underline
    dw 0007h, 000Fh             ; block
    dw 0407h, 080Fh             ; half
    dw 2000h, 2000h             ; off
    dw 0D0Eh, 0D0Eh             ; already in 16 lines
    dw 0E0Fh, 0E0Fh
    dw 000Fh, 000Fh
    dw 0002h, 0002h             ; at the top
.shapes_end:

test_pages:
    mov ax, 3
    int 10h
    mov ah, 2
    mov bx, 0200h
    mov dx, 0305h
    int 10h
    mov ax, 0957h
    mov bx, 024Eh
    mov cx, 3
    int 10h
    mov ax, 0B800h
    mov es, ax
    expect word [es:2000h + (3 * 80 + 5) * 2], 4E57h
    expect word [es:2000h + (3 * 80 + 7) * 2], 4E57h
    expect word [es:2000h + (3 * 80 + 8) * 2], 0720h
    mov ax, 0502h
    int 10h
    expect byte [462h], 2
    expect word [44Eh], 2000h
    mov al, 0Ch
    call crtc
    expect al, 10h
    mov al, 0Eh
    call crtc
    mov ah, al
    mov al, 0Fh
    call crtc
    expect ax, 1000h + 3 * 80 + 5
    mov ax, 0E21h               ; teletype goes to the active page
    mov bh, 0
    int 10h
    expect byte [es:2000h + (3 * 80 + 5) * 2], '!'
    mov ah, 0Fh
    int 10h
    expect bh, 2
    mov ax, 0500h
    int 10h
    mov ax, 000Dh               ; graphics pages
    int 10h
    mov ax, 0C05h
    mov bh, 1
    mov cx, 8
    mov dx, 1
    int 10h
    mov ax, 0A000h
    mov es, ax
    mov al, [es:2000h + 41]
    expect al, 80h
    mov ax, 0D00h
    mov bh, 1
    int 10h
    expect al, 5
    mov ax, 0501h
    int 10h
    mov al, 0Ch
    call crtc
    expect al, 20h
    ret

test_teletype:
    mov ax, 3
    int 10h
    mov dx, 184Fh
    call go
    mov ax, 0E58h               ; last cell: the screen scrolls
    int 10h
    call where
    expect dx, 1800h
    mov ax, 0B800h
    mov es, ax
    expect byte [es:(23 * 80 + 79) * 2], 'X'
    expect word [es:24 * 160], 0720h
    mov ax, 0E08h               ; no further left
    int 10h
    call where
    expect dx, 1800h
    mov dx, 0508h
    call go
    mov ax, 0E08h
    int 10h
    call where
    expect dx, 0507h
    mov ax, 0E0Dh
    int 10h
    call where
    expect dx, 0500h
    mov ax, 0E0Ah
    int 10h
    call where
    expect dx, 0600h
    mov dx, 1800h               ; the new line is coloured as the cursor
    mov byte [es:24 * 160 + 1], 1Eh
    call go
    mov ax, 0E0Ah
    int 10h
    expect word [es:24 * 160 + 80], 1E20h
    in al, 61h                  ; the bell ends, with the speaker as it was
    mov ah, al
    push ax
    mov ax, 0E07h
    int 10h
    pop ax
    in al, 61h
    and ax, 0303h
    expect al, ah
    call where
    expect dx, 1800h
    ret

test_strings:
    mov ax, 3
    int 10h
    mov ax, 0B800h
    mov es, ax
    mov dx, 0
    call go
    push es
    push ds
    pop es
    mov ax, 1300h               ; plain, the cursor stays
    mov bx, 0017h
    mov cx, 5
    mov dx, 0409h
    mov bp, .text
    int 10h
    call where
    expect dx, 0
    mov ax, 1301h               ; and moves; CR, LF are obeyed
    mov dx, 0609h
    mov cx, 7
    int 10h
    call where
    expect dx, 070Dh
    mov ax, 1303h               ; with attributes
    mov dx, 0A00h
    mov cx, 2
    mov bp, .pairs
    int 10h
    pop es
    expect word [es:(4 * 80 + 9) * 2], 1700h + 'H'
    expect word [es:(4 * 80 + 13) * 2], 1700h + 'o'
    expect word [es:(4 * 80 + 14) * 2], 0720h
    expect word [es:(6 * 80 + 13) * 2], 1700h + 'o'
    expect word [es:10 * 160], 2100h + 'a'
    expect word [es:10 * 160 + 2], 4300h + 'b'
    call where
    expect dx, 0A02h
    ret
.text:
    db "Hello", 10, 8, 0
.pairs:
    db "a", 21h, "b", 43h

; Windows of text, with attributes and at the edges.
test_text_scroll:
    mov ax, 3
    int 10h
    mov ax, 0B800h
    mov es, ax
    mov di, 0
    mov cx, 80 * 25
    mov ax, 0100h
.fill:
    stosw                       ; each cell another
    inc ax
    loop .fill
    mov ax, 0602h
    mov bh, 3Ch
    mov cx, 050Ah
    mov dx, 0A14h
    int 10h
    expect word [es:(5 * 80 + 10) * 2], 0100h + 7 * 80 + 10
    expect word [es:(8 * 80 + 20) * 2], 0100h + 10 * 80 + 20
    expect word [es:(9 * 80 + 10) * 2], 3C20h
    expect word [es:(10 * 80 + 20) * 2], 3C20h
    expect word [es:(10 * 80 + 21) * 2], 0100h + 10 * 80 + 21
    expect word [es:(5 * 80 + 9) * 2], 0100h + 5 * 80 + 9
    expect word [es:(11 * 80 + 10) * 2], 0100h + 11 * 80 + 10
    mov ax, 0701h
    mov bh, 4Dh
    mov cx, 0C00h
    mov dx, 0D4Fh
    int 10h
    expect word [es:12 * 160], 4D20h
    expect word [es:(12 * 80 + 79) * 2], 4D20h
    expect word [es:13 * 160], 0100h + 12 * 80
    expect word [es:14 * 160], 0100h + 14 * 80
    mov ax, 0619h               ; more lines than there are: cleared
    mov bh, 5Eh
    mov cx, 0000h
    mov dx, 0101h
    int 10h
    expect word [es:0], 5E20h
    expect word [es:162], 5E20h
    expect word [es:4], 0102h
    mov ax, 0600h               ; beyond the screen: only what is on it
    mov bh, 6Fh
    mov cx, 184Eh
    mov dx, 0FFFFh
    int 10h
    expect word [es:(24 * 80 + 79) * 2], 6F20h
    expect word [es:(24 * 80 + 77) * 2], 0100h + 24 * 80 + 77
    expect word [es:25 * 160], 0720h
    mov ax, 0600h               ; upside down: nothing
    mov cx, 0505h
    mov dx, 0404h
    int 10h
    expect word [es:(5 * 80 + 5) * 2], 0100h + 5 * 80 + 5
    ret

; Heights: function, lines a cell, rows, page size, last line shown.
test_fonts:
    mov si, .heights
.next:
    mov ax, [si]
    mov [note], ax
    mov ax, 3
    int 10h
    mov ax, [si]
    mov bx, 0
    int 10h
    mov ax, [si + 2]
    expect [485h], ax
    mov ax, [si + 4]
    dec ax
    expect [484h], al
    mov ax, [si + 6]
    expect [44Ch], ax
    mov al, 12h
    call crtc
    mov bl, al
    mov al, 9
    call crtc
    and ax, 1Fh
    inc ax
    expect ax, [si + 2]
    mul word [si + 4]
    dec ax
    expect al, bl
    add si, 8
    cmp si, .heights_end
    jb .next
    mov word [note], 0
    mov ax, 1112h               ; the last row is usable
    mov bl, 0
    int 10h
    mov dx, 3100h
    call go
    mov ax, 0951h
    mov bx, 0007h
    mov cx, 1
    int 10h
    mov ax, 0B800h
    mov es, ax
    expect byte [es:49 * 160], 'Q'
    mov ax, 3
    int 10h
    ; a glyph of one's own reaches plane 2
    mov ax, 1100h
    mov bx, 1000h
    mov cx, 1
    mov dx, 'A'
    push ds
    pop es
    mov bp, .glyph
    int 10h
    call .look_at_a
    expect ax, 0A55Ah
    mov ax, 1104h
    mov bx, 0
    int 10h
    call .look_at_a
    expect ax, 3800h            ; row 2 of the letter after a blank one
    mov ax, 1130h               ; where fonts are
    mov bh, 6
    int 10h
    expect cx, 16
    expect dl, 24
    expect byte [es:bp + 16 * 0DBh], 0FFh
    mov ax, 1130h
    mov bh, 3
    int 10h
    push bp
    mov ax, 1130h
    mov bh, 4
    int 10h
    pop ax
    add ax, 1024
    expect bp, ax
    expect bp, [1Fh * 4]
    mov ax, 1130h
    mov bh, 1
    int 10h
    expect bp, [43h * 4]
    mov ax, 1130h
    mov bh, 2
    int 10h
    expect byte [es:bp + 14 * 0DBh], 0FFh
    mov ax, 1130h
    mov bh, 7
    int 10h
    cmp byte [es:bp], 0         ; there is at least one alternate
    expect_flag ne
    push ds                     ; graphics characters from elsewhere
    pop es
    mov ax, 0006h
    int 10h
    mov ax, 1120h
    mov bp, .glyph
    int 10h
    expect word [1Fh * 4], .glyph
    expect word [1Fh * 4 + 2], 0
    mov ax, 0980h
    mov bx, 1
    mov cx, 1
    int 10h
    mov ax, 0B800h
    mov es, ax
    expect byte [es:0], 0A5h
    expect byte [es:2000h], 5Ah
    mov ax, 0012h
    int 10h
    mov ax, 1123h
    mov bl, 3
    int 10h
    expect word [485h], 8
    expect byte [484h], 42
    mov ax, 1124h
    mov bx, 0
    mov dl, 30
    int 10h
    expect word [485h], 16
    expect byte [484h], 29
    push cs                     ; as init left it
    pop es
    mov ax, 1130h
    mov bh, 4
    int 10h
    mov ax, 1130h
    mov bh, 3
    int 10h
    add bp, 1024
    mov ax, 1120h
    int 10h
    ret
; AX: rows 1 and 2 of the glyph of A in plane 2 (row 1 in AL).
.look_at_a:
    mov si, .access
    call set_registers
    mov ax, 0A000h
    mov es, ax
    mov ax, [es:'A' * 32 + 1]
    push ax
    mov si, .no_access
    call set_registers
    pop ax
    push ds
    pop es
    ret
.access:
    dw 3C4h, 0402h, 3C4h, 0704h, 3CEh, 0204h, 3CEh, 0005h, 3CEh, 0406h, 0
.no_access:
    dw 3C4h, 0302h, 3C4h, 0304h, 3CEh, 0004h, 3CEh, 1005h, 3CEh, 0E06h, 0
.glyph:
    db 0A5h, 5Ah, 0A5h
    times 13 db 0
.heights:
    dw 1111h, 14, 28, 1800h
    dw 1112h, 8, 50, 2000h
    dw 1114h, 16, 25, 1000h
.heights_end:

set_registers:
    mov dx, [si]
    or dx, dx
    jz .done
    mov ax, [si + 2]
    out dx, ax
    add si, 4
    jmp set_registers
.done:
    ret

test_palette:
    mov ax, 3
    int 10h
    mov ax, 1000h
    mov bx, 2A05h
    int 10h
    mov ax, 1007h
    mov bx, 0005h
    int 10h
    expect bx, 2A05h
    mov ax, 1001h
    mov bh, 11h
    int 10h
    mov ax, 1008h
    mov bh, 0
    int 10h
    expect bh, 11h
    push ds
    pop es
    mov ax, 1002h
    mov dx, .palette
    int 10h
    mov ax, 1009h
    mov dx, buffer
    int 10h
    mov si, .palette
    mov di, buffer
    mov cx, 17
    repe cmpsb
    expect cx, 0
    expect_flag e
    mov ax, 1003h
    mov bx, 0
    int 10h
    mov ax, 1007h
    mov bl, 10h
    int 10h
    and bh, 8
    expect bh, 0
    mov al, [465h]
    and al, 20h
    expect al, 0
    mov ax, 1003h
    mov bx, 1
    int 10h
    mov ax, 1007h
    mov bl, 10h
    int 10h
    and bh, 8
    expect bh, 8
    mov ax, 1010h
    mov bx, 77h
    mov dh, 11h
    mov cx, 223Fh
    int 10h
    mov ax, 1015h
    mov bx, 77h
    xor cx, cx
    mov dx, 0
    int 10h
    expect cx, 223Fh
    expect dh, 11h
    mov ax, 1012h
    mov bx, 0F8h
    mov cx, 5
    mov dx, .palette
    int 10h
    mov ax, 1017h
    mov bx, 0F8h
    mov cx, 5
    mov dx, buffer
    int 10h
    mov si, .palette
    mov di, buffer
    mov cx, 15
    repe cmpsb
    expect_flag e
    mov ax, 1010h               ; grey of pure red 3Fh: 30 %
    mov bx, 78h
    mov dh, 3Fh
    mov cx, 0
    int 10h
    mov ax, 101Bh
    mov bx, 78h
    mov cx, 1
    int 10h
    mov ax, 1015h
    mov bx, 78h
    int 10h
    expect cx, 1313h
    expect dh, 13h
    mov ax, 1018h
    mov bx, 3Fh
    int 10h
    mov ax, 1019h
    mov bx, 0
    int 10h
    expect bl, 3Fh
    mov ax, 1018h
    mov bx, 0FFh
    int 10h
    mov ax, 1013h
    mov bx, 0100h
    int 10h
    mov ax, 1013h
    mov bx, 0901h
    int 10h
    mov ax, 101Ah
    int 10h
    expect bx, 0901h
    mov ax, 1013h
    mov bx, 0000h
    int 10h
    mov ax, 1013h
    mov bx, 0201h
    int 10h
    mov ax, 101Ah
    int 10h
    expect bx, 0200h
    mov ax, 13h                 ; defaults of 256 colours: a few known ones
    int 10h
    mov bx, 1Fh
    call .check_colour
    dw 3F3Fh, 3Fh
    mov bx, 20h
    call .check_colour
    dw 003Fh, 00h
    mov bx, 28h
    call .check_colour
    dw 0000h, 3Fh
    mov bx, 30h
    call .check_colour
    dw 3F00h, 00h
    mov bx, 06h
    call .check_colour
    dw 1500h, 2Ah
    mov bx, 0FFh
    call .check_colour
    dw 0000h, 00h
    mov ax, 1201h               ; mode sets keep the palette
    mov bl, 31h
    int 10h
    mov ax, 1010h
    mov bx, 5
    mov cx, 0102h
    mov dh, 3
    int 10h
    mov ax, 3
    int 10h
    mov bx, 5
    call .check_colour
    dw 0102h, 03h
    mov ax, 1200h
    mov bl, 31h
    int 10h
    mov ax, 1200h               ; sum to grey
    mov bl, 33h
    int 10h
    mov ax, 3
    int 10h
    mov bx, 4
    call .check_colour
    dw 0D0Dh, 0Dh
    mov ax, 1201h
    mov bl, 33h
    int 10h
    mov ax, 3
    int 10h
    mov bx, 4
    call .check_colour
    dw 0000h, 2Ah
    mov bx, 3Fh
    call .check_colour
    dw 3F3Fh, 3Fh
    ret
; Colour BX is green and blue, red in the words after the call.
.check_colour:
    mov [note], bx
    mov ax, 1015h
    int 10h
    pop bx
    expect cx, [bx]
    expect dh, [bx + 2]
    add bx, 4
    mov word [note], 0
    jmp bx
.palette:
    db 0, 1, 2, 3, 4, 5, 6, 7, 18h, 19h, 1Ah, 1Bh, 1Ch, 1Dh, 1Eh, 1Fh, 20h

; CGA colours in mode 4, as the EGA and VGA do them.
test_cga_colours:
    mov ax, 4
    int 10h
    mov ax, 0B00h
    mov bx, 0011h
    int 10h
    call .get_1_2_3
    expect bl, 1                ; background
    expect cx, 1315h
    expect dl, 17h
    mov ax, 0B00h
    mov bx, 0100h
    int 10h
    call .get_1_2_3
    expect cx, 1214h
    expect dl, 16h
    mov ax, 0B00h
    mov bx, 0004h               ; low intensity
    int 10h
    call .get_1_2_3
    expect bl, 4
    expect cx, 0204h
    expect dl, 6
    mov ax, 0B00h
    mov bx, 0101h
    int 10h
    mov al, [466h]
    and al, 20h
    expect al, 20h
    ret
; BL, CH, CL, DL: attribute registers 0 to 3.
.get_1_2_3:
    mov ax, 1007h
    mov bl, 3
    int 10h
    mov dl, bh
    mov bl, 2
    int 10h
    mov cl, bh
    mov bl, 1
    int 10h
    mov ch, bh
    mov bl, 0
    int 10h
    mov bl, bh
    ret

test_select:
    mov ax, 3
    int 10h
    mov ah, 12h
    mov bl, 10h
    int 10h
    expect bx, 0003h
    expect cx, 0F09h
    mov si, .lines
.next:
    mov ax, [si]
    mov [note], ax
    mov bl, 30h
    int 10h
    expect al, 12h
    mov ax, 3
    int 10h
    mov ax, [si + 2]
    expect [485h], ax
    expect byte [484h], 24
    mov al, [488h]
    and ax, 0Fh
    expect ax, [si + 4]
    push es
    mov ah, 1Bh
    xor bx, bx
    push ds
    pop es
    mov di, buffer
    int 10h
    pop es
    mov ax, [si]
    expect al, [buffer + 2Ah]
    add si, 6
    cmp si, .lines_end
    jb .next
    mov word [note], 0
    mov ax, 1201h               ; picture off and on
    mov bl, 36h
    int 10h
    expect al, 12h
    call .clocking
    expect al, 20h
    mov ax, 1200h
    mov bl, 36h
    int 10h
    call .clocking
    expect al, 0
    mov ah, 12h                 ; Print Screen: any number of rows
    mov bl, 20h
    int 10h
    expect word [5 * 4 + 2], 0C000h
    mov dx, 0307h
    call go
    mov byte [500h], 0
    mov byte [478h], 1          ; should there be none, know it soon
    int 5
    call where
    expect dx, 0307h
    mov al, [500h]              ; printed, or there is no printer
    cmp al, 1
    expect_flag ne
    mov ax, 1277h               ; unknown: untouched
    mov bl, 3Fh
    int 10h
    expect ax, 1277h
    ret
.clocking:
    mov dx, 3C4h
    mov al, 1
    out dx, al
    inc dx
    in al, dx
    and al, 20h
    ret
.lines:
    dw 1200h, 8, 8
    dw 1201h, 14, 9
    dw 1202h, 16, 9
.lines_end:

test_info:
    mov ax, 3
    int 10h
    mov ax, 1A00h
    mov bx, 0FFFFh
    int 10h
    expect al, 1Ah
    expect bx, 0008h
    mov ah, 1Bh
    xor bx, bx
    push ds
    pop es
    mov di, buffer
    int 10h
    expect al, 1Bh
    les si, [buffer]
    expect word [es:si], 0E0FFh
    expect byte [es:si + 2], 0Fh
    expect byte [es:si + 7], 7
    expect byte [buffer + 4], 3
    expect word [buffer + 5], 80
    expect byte [buffer + 22h], 25
    expect word [buffer + 23h], 16
    expect word [buffer + 25h], 0008h
    expect word [buffer + 27h], 16
    expect byte [buffer + 29h], 8
    expect byte [buffer + 2Ah], 2
    expect byte [buffer + 2Bh], 0
    mov al, [buffer + 2Dh]
    and al, 31h
    expect al, 31h
    expect byte [buffer + 31h], 3
    mov ax, 1103h
    mov bl, 1Bh                 ; blocks 7 and 2
    int 10h
    push ds
    pop es
    mov ah, 1Bh
    xor bx, bx
    mov di, buffer
    int 10h
    expect word [buffer + 2Bh], 0207h
    mov ax, 13h
    int 10h
    mov ah, 1Bh
    xor bx, bx
    mov di, buffer
    int 10h
    expect word [buffer + 27h], 256
    expect byte [buffer + 29h], 1
    expect byte [buffer + 2Ah], 0
    mov ah, 4
    int 10h
    expect ah, 0
    ret

; Saves everything in mode 3, changes much, restores, saves again: the same.
test_state:
    mov ax, 3
    int 10h
    mov ax, 1112h
    mov bl, 0
    int 10h
    mov ax, 1010h
    mov bx, 9
    mov cx, 1122h
    mov dh, 33h
    int 10h
    mov ax, 1C00h
    mov cx, 7
    int 10h
    expect al, 1Ch
    cmp bx, 32
    expect_flag be
    mov bp, bx
    mov cl, 6
    shl bp, cl
    push ds
    pop es
    mov ax, 1C01h
    mov cx, 7
    mov bx, buffer
    int 10h
    mov ax, 12h
    int 10h
    mov ax, 0500h
    int 10h
    mov ax, 1C02h
    mov cx, 7
    mov bx, buffer
    int 10h
    expect byte [449h], 3
    expect byte [484h], 49
    mov ax, 1C01h
    mov cx, 7
    mov bx, buffer + 2048
    int 10h
    mov si, buffer
    mov di, buffer + 2048
    mov cx, 2048
    repe cmpsb
    mov [note], si
    expect cx, 0
    mov ax, 3
    int 10h
    ret

; Functions that give nothing back keep all registers.
test_registers_kept:
    mov ax, 3
    int 10h
    mov si, .calls
.next:
    mov ax, [si]
    mov [note], ax
    mov bx, [si + 2]
    mov cx, 1
    mov dx, 0102h
    mov di, 1234h
    mov bp, 5678h
    push ds
    pop es
    push si
    std
    int 10h
    pushf
    pop bx
    test bx, 400h               ; the direction flag too
    expect_flag nz
    cld
    pop di
    expect si, di
    mov bx, [si]
    expect ax, bx
    expect bp, 5678h
    expect cx, 1
    expect dx, 0102h
    mov bx, es
    expect bx, 0
    mov bx, ds
    expect bx, 0
    add si, 4
    cmp si, .calls_end
    jb .next
    mov word [note], 0
    ret
.calls:
    dw 0003h, 0, 0100h, 0, 0200h, 0, 0500h, 0, 0601h, 0700h, 0701h, 0700h
    dw 0941h, 0007h, 0A41h, 0007h, 0B00h, 0, 0C01h, 0, 0E42h, 0007h, 1000h, 0
    dw 1010h, 0, 1018h, 00FFh, 1111h, 0, 1103h, 0, 1400h, 0, 1D00h, 0
    dw 5000h, 0, 0FF00h, 0, 10FFh, 0, 11FFh, 0
.calls_end:

buffer equ 0F000h
    guest_end
