; The program on the built-in disk: a menu that shows what the machine can do,
; and tests it. It runs on anything from an 8086 with 160 KB on and says so
; where a page needs more.
;
; One segment holds code, data and stack. What needs a later processor than the
; 8086 stands between `cpu` lines and is reached only after a look at
; [cpu_model].
cpu 8086
bits 16
org 0

STACK_TOP       equ 0FFFEh

section .text
start:
    cli
    mov ax, cs
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, STACK_TOP
    sti
    cld
    mov di, bss_start
    mov cx, bss_end
    sub cx, di
    xor ax, ax
    rep stosb
    mov [boot_drive], dl
    mov word [text_segment], 0B800h
    mov ax, 40h
    mov es, ax
    cmp byte [es:63h], 0B4h
    jne .colour
    mov word [text_segment], 0B000h
.colour:
    call detect_cpu
    call text_screen
    call mouse_start
    jmp menu

%include "ui.inc"
%include "machine.inc"
%include "menu.inc"
%include "textpage.inc"
%include "scene.inc"
%include "gallery.inc"
%include "modex.inc"
%include "svga.inc"
%include "keyboard.inc"
%include "mouse.inc"
%include "clock.inc"
%include "speaker.inc"
%include "memory.inc"
%include "disk.inc"
%include "selftest.inc"
%include "test16.inc"
%include "testirq.inc"
%include "test32.inc"
%include "testpm.inc"
%include "testdev.inc"
%include "bss.inc"

%if text_end - start + BSS_BYTES > STACK_TOP - 1024
  %error "no room is left for the stack"
%endif
