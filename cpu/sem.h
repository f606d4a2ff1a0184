/* Names of the semantics in insn.def, by the files that hold their bodies.
 * ORDER sem: who includes a sem_*.inc file lists the same names. */
#ifndef CPU_SEM_H
#define CPU_SEM_H

/* clang-format off */
#define CC_LIST(X) \
    X(o) X(no) X(b) X(nb) X(z) X(nz) X(be) X(nbe) \
    X(s) X(ns) X(p) X(np) X(l) X(nl) X(le) X(nle)

#define SEM_ALU_LIST(X) \
    X(mov) X(add) X(adc) X(sub) X(sbb) X(cmp) X(and) X(or) X(xor) X(test)
#define SEM_EXCHANGE_LIST(X) X(xchg) X(xadd) X(cmpxchg)
#define SEM_UNARY_LIST(X) \
    X(inc) X(dec) X(not) X(neg) X(mul) X(imul1) X(div) X(idiv)
#define SEM_SHIFT_LIST(X) X(rol) X(ror) X(rcl) X(rcr) X(shl) X(shr) X(sar)
#define SEM_DOUBLE_LIST(X) X(shld) X(shrd)
#define SEM_BIT_LIST(X) X(bt) X(bts) X(btr) X(btc)
#define SEM_LOAD_LIST(X) \
    X(movzx_b) X(movzx_w) X(movsx_b) X(movsx_w) X(imul2) X(bsf) X(bsr) \
    X(cmovo) X(cmovno) X(cmovb) X(cmovnb) X(cmovz) X(cmovnz) X(cmovbe) \
    X(cmovnbe) X(cmovs) X(cmovns) X(cmovp) X(cmovnp) X(cmovl) X(cmovnl) \
    X(cmovle) X(cmovnle)
#define SEM_IMUL3_LIST(X) X(imul3)
#define SEM_SET_LIST(X) \
    X(seto) X(setno) X(setb) X(setnb) X(setz) X(setnz) X(setbe) X(setnbe) \
    X(sets) X(setns) X(setp) X(setnp) X(setl) X(setnl) X(setle) X(setnle)
#define SEM_LEA_LIST(X) X(lea)
#define SEM_STACK_LIST(X) \
    X(push) X(push_sp) X(push_imm) X(pop) X(leave) X(call) X(ret) X(ret_imm)
#define SEM_TARGET_LIST(X) X(push_e) X(push_e_8086) X(call_e) X(jmp_e)
#define SEM_JUMP_LIST(X) \
    X(jmp) X(jo) X(jno) X(jb) X(jnb) X(jz) X(jnz) X(jbe) X(jnbe) \
    X(js) X(jns) X(jp) X(jnp) X(jl) X(jnl) X(jle) X(jnle) \
    X(loop) X(loope) X(loopne) X(jcxz)
#define SEM_PLAIN_LIST(X) \
    X(nop) X(cbw) X(cwd) X(bswap) X(sahf) X(lahf) X(salc) X(xlat) \
    X(clc) X(stc) X(cmc) X(cld) X(std) \
    X(daa) X(das) X(aaa) X(aas) X(aam) X(aad)

#define SEM_STRING_LIST(X) X(movs) X(stos) X(lods) X(cmps) X(scas)

#define SEM_LIST(X) \
    SEM_ALU_LIST(X) SEM_EXCHANGE_LIST(X) SEM_UNARY_LIST(X) \
    SEM_SHIFT_LIST(X) SEM_DOUBLE_LIST(X) SEM_BIT_LIST(X) SEM_LOAD_LIST(X) \
    SEM_IMUL3_LIST(X) SEM_SET_LIST(X) SEM_LEA_LIST(X) SEM_STACK_LIST(X) \
    SEM_TARGET_LIST(X) SEM_JUMP_LIST(X) SEM_PLAIN_LIST(X) \
    SEM_STRING_LIST(X)
/* clang-format on */

enum sem {
    SEM_none, /* a C function does it */
#define X(name) SEM_##name,
    SEM_LIST(X)
#undef X
    SEM_COUNT
};

#endif
