; A floppy or disk that is formatted and empty: byte FILL all over.
        times   SECTORS * HEADS * CYLINDERS * 512 db FILL
