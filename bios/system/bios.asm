; The system BIOS of Vitrine: 64 KiB at F0000h.
        cpu     8086
        bits    16
        org     0

        times   0E05Bh - ($ - $$) db 0
post:   hlt
        jmp     post

        times   0FFF0h - ($ - $$) db 0
        jmp     0F000h:post
        times   0FFF5h - ($ - $$) db 0
        db      "11/23/25"
        times   0FFFEh - ($ - $$) db 0
        db      0FCh, 0
