/* One instruction as text, by Zydis. */
#ifndef FRONTEND_DISASM_H
#define FRONTEND_DISASM_H

#include "core/types.h"

#define DISASM_BYTES 15 /* the longest instruction */

enum disasm_kind {
    DISASM_PLAIN,
    DISASM_CALL,   /* CALL, INT, SYSCALL: comes back behind it */
    DISASM_RETURN, /* RET, IRET */
    DISASM_REPEAT, /* REP string instructions, LOOP */
};

struct disasm {
    unsigned length; /* 1 for what is no instruction */
    enum disasm_kind kind;
    bool has_target; /* a near jump or call to offset `target` */
    uint32_t target;
    char text[96];
};

/* `bytes`: `size` of them at offset `eip` of CS. False: they are no
 * instruction; the text is a DB of the first one then. */
bool disasm_one(const uint8_t *bytes, size_t size, uint32_t eip, bool code32,
                struct disasm *out);

/* The same of the host's code (x86-64) at `at`; kind and target stay unset. */
bool disasm_host(const uint8_t *bytes, size_t size, uint64_t at,
                 struct disasm *out);

#endif
