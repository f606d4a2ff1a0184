; A floppy whose sectors begin with their numbers, from 0 on.
%assign number 0
%rep SECTORS * HEADS * CYLINDERS
        dw      number
        times   255 dw 0
    %assign number number + 1
%endrep
