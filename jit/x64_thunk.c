/* The fixed code between C and translations. */
#include <stddef.h>

#include "jit/x64_lower.h"

#define GRANULE_BITS 6 /* of addresses inside a granule */

_Static_assert(MEM_GRANULE_BYTES == 1u << GRANULE_BITS, "granules");

static const uint8_t callee_saved[] = {RBX, RBP, R12, R13, R14, R15};

static void push(struct x64 *x, unsigned reg)
{
    if (reg >= 8)
        x64_byte(x, 0x41);
    x64_byte(x, 0x50 | (reg & 7));
}

static void pop(struct x64 *x, unsigned reg)
{
    if (reg >= 8)
        x64_byte(x, 0x41);
    x64_byte(x, 0x58 | (reg & 7));
}

static void ret(struct x64 *x)
{
    x64_byte(x, 0xc3);
}

static void move_rsp(struct x64 *x, int by)
{
    x64_rm(x, 8, 0x8d, RSP, (struct x64_mem){RSP, X64_NO_INDEX, 0, by});
}

static struct x64_mem guest_xmm(unsigned n)
{
    return x64_at(REG_CPU, offsetof(struct cpu, xmm) + sizeof(struct xmm) * n);
}

static struct x64_mem guest_reg(unsigned n)
{
    return x64_at(REG_CPU, offsetof(struct cpu, reg) + 4 * n);
}

/* XMM registers and MXCSR to the cpu, if they are the guest's. C code needs
 * the host's own MXCSR. */
static void save_xmm(struct x64 *x)
{
    uint8_t *skip;

    x64_alu_imm_m(x, 1, ALU_CMP, FIELD(jit.xmm_live), 0);
    skip = x64_skip(x, 0x70 | CC_Z);
    for (unsigned n = 0; n < XMM_REGS; n++)
        x64_rm(x, 4, 0x0f29, n, guest_xmm(n)); /* movaps */
    x64_digit_m(x, 4, 0x0fae, 3, FIELD(mxcsr));
    x64_digit_m(x, 4, 0x0fae, 2, FIELD(jit.mxcsr));
    x64_land(x, skip);
}

static void restore_xmm(struct x64 *x)
{
    for (unsigned n = 0; n < XMM_REGS; n++)
        x64_rm(x, 4, 0x0f28, n, guest_xmm(n));
    x64_digit_m(x, 4, 0x0fae, 2, FIELD(mxcsr));
}

/* Back to where they were, after code that did not look at them. */
static void restore_live(struct x64 *x)
{
    uint8_t *skip;

    x64_alu_imm_m(x, 1, ALU_CMP, FIELD(jit.xmm_live), 0);
    skip = x64_skip(x, 0x70 | CC_Z);
    restore_xmm(x);
    x64_land(x, skip);
}

/* The x87 stays as it is: C code has no use for it but by jit_take_back(). */
static void spill(struct x64 *x)
{
    save_xmm(x);
    for (unsigned n = 0; n < CPU_REGS; n++)
        x64_store(x, 4, host_reg(4, n), guest_reg(n));
    x64_store(x, 4, REG_LEFT, FIELD(jit.left));
}

static void reload(struct x64 *x)
{
    for (unsigned n = 0; n < CPU_REGS; n++)
        x64_load(x, 4, host_reg(4, n), guest_reg(n));
    x64_load(x, 4, REG_LEFT, FIELD(jit.left));
    x64_load(x, 8, REG_READ, FIELD(read_table));
    x64_load(x, 8, REG_WRITE, FIELD(write_table));
}

static void call_c(struct x64 *x, uintptr_t function)
{
    x64_rr(x, 8, 0x89, REG_CPU, RDI);
    x64_mov_imm64(x, RAX, function);
    x64_digit_r(x, 4, 0xff, 2, RAX);
}

/* uint32_t enter(struct cpu *, const void *code): what leave has in r10d. */
static void emit_enter(struct x64 *x)
{
    for (unsigned i = 0; i < ARRAY_LEN(callee_saved); i++)
        push(x, callee_saved[i]);
    move_rsp(x, -8);
    x64_rr(x, 8, 0x89, RDI, REG_CPU);
    x64_rr(x, 8, 0x89, RSI, R10);
    reload(x);
    x64_digit_r(x, 4, 0xff, 4, R10);
}

static void emit_return(struct x64 *x)
{
    move_rsp(x, 8);
    for (unsigned i = ARRAY_LEN(callee_saved); i-- > 0;)
        pop(x, callee_saved[i]);
    ret(x);
}

static void emit_leave(struct x64 *x)
{
    spill(x);
    x64_mov_rr(x, RAX, R10);
    emit_return(x);
}

static struct x64_mem shared(size_t member)
{
    return (struct x64_mem){
        REG_CPU, R9, 0, (int32_t)(offsetof(struct cpu, jit.shared) + member)};
}

/* rax and rcx: the key of r8d and the place of its code. Notes the row that
 * translated code looks for the next time. */
static void note_target(struct x64 *x)
{
    struct x64_mem row = {REG_CPU, R8, 3, offsetof(struct cpu, jit.targets)};

    x64_load(x, 8, RAX, FIELD(jit.tag));
    x64_rr(x, 8, 0x09, R8, RAX);
    x64_alu_imm_r(x, 4, ALU_AND, R8, TARGET_MASK);
    x64_store(x, 8, RAX, row);
    row.disp += (int32_t)offsetof(struct cpu_jit_target, code);
    x64_store(x, 8, RCX, row);
}

/* An indirect jump to r8d, cpu->jit.target, that the table of targets did not
 * know: goes there by that of shared ones (target.c), or leaves. r10d: site. */
static void emit_indirect(struct jit *jit, struct x64 *x, bool tail)
{
    uint8_t *miss[2];

    push(x, RAX);
    push(x, RCX);
    x64_rr(x, 4, 0x69, R9, R8); /* imul r9d, r8d, SHARED_HASH */
    x64_dword(x, SHARED_HASH);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(x, SHARED_SHIFT - 4);
    x64_alu_imm_r(x, 4, ALU_AND, R9, ~15u);
    x64_load(x, 8, RAX, FIELD(jit.kind));
    x64_rr(x, 8, 0x09, R8, RAX);
    if (tail) {
        x64_digit_r(x, 8, 0x0fba, 5, RAX); /* bts */
        x64_byte(x, SHARED_TAIL_BIT);
    }
    x64_rm(x, 8, 0x3b, RAX, shared(offsetof(struct cpu_jit_shared, key)));
    miss[0] = x64_jcc(x, CC_NZ);
    x64_load(x, 4, RAX, FIELD(seg[SEG_CS].base));
    x64_rr(x, 4, 0x01, R8, RAX);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, RAX);
    x64_byte(x, MEM_PAGE_BITS);
    x64_load(x, 8, RCX, FIELD(fetch_table));
    x64_load(x, 4, RAX, (struct x64_mem){RCX, RAX, 2, 0});
    x64_rm(x, 4, 0x3b, RAX, shared(offsetof(struct cpu_jit_shared, fetch)));
    miss[1] = x64_jcc(x, CC_NZ);
    x64_mov_imm64(x, RCX, (uintptr_t)jit->cache.run);
    x64_load(x, 4, RAX, shared(offsetof(struct cpu_jit_shared, code)));
    x64_rr(x, 8, 0x01, RAX, RCX);
    x64_rr(x, 8, 0x89, RCX, R10);
    if (!tail)
        note_target(x);
    pop(x, RCX);
    pop(x, RAX);
    x64_digit_r(x, 4, 0xff, 4, R10);
    for (unsigned i = 0; i < ARRAY_LEN(miss); i++)
        x64_patch(miss[i], x->at);
    pop(x, RCX);
    pop(x, RAX);
    x64_patch(x64_jmp(x), jit_at(jit, jit->leave));
}

/* Leaves with what C has prepared: site 0. */
static void emit_done(struct x64 *x)
{
    x64_mov_imm(x, RAX, 0);
    emit_return(x);
}

/* C code did an instruction: goes on where it says, or leaves. */
static void emit_resume(struct x64 *x)
{
    uint8_t *leave;

    x64_load(x, 8, R10, FIELD(jit.resume));
    x64_rr(x, 8, 0x85, R10, R10);
    leave = x64_jcc(x, CC_Z);
    reload(x);
    x64_digit_r(x, 4, 0xff, 4, R10);
    x64_patch(leave, x->at);
    emit_done(x);
}

static void jump_to_resume(struct jit *jit, struct x64 *x)
{
    move_rsp(x, 8); /* the return address */
    x64_patch(x64_jmp(x), jit_at(jit, jit->resume));
}

static void emit_redo(struct jit *jit, struct x64 *x)
{
    spill(x);
    x64_mov_rr(x, RSI, R10);
    call_c(x, (uintptr_t)jit_redo);
    x64_patch(x64_jmp(x), jit_at(jit, jit->resume));
}

static void emit_step(struct jit *jit, struct x64 *x, uintptr_t function)
{
    uint8_t *leave;

    spill(x);
    x64_mov_rr(x, RSI, R10);
    move_rsp(x, -8);
    call_c(x, function);
    move_rsp(x, 8);
    x64_rr(x, 1, 0x85, RAX, RAX);
    leave = x64_jcc(x, CC_Z);
    reload(x);
    ret(x);
    x64_patch(leave, x->at);
    jump_to_resume(jit, x);
}

/* The host's flags = those of the list r10d; keeps r8 and r9. */
static void emit_flags(struct x64 *x)
{
    push(x, R8);
    push(x, R9);
    spill(x);
    x64_mov_rr(x, RSI, R10);
    move_rsp(x, -8);
    call_c(x, (uintptr_t)jit_flags);
    move_rsp(x, 8);
    x64_mov_rr(x, R10, RAX);
    restore_live(x);
    reload(x);
    pop(x, R9);
    pop(x, R8);
    push(x, R10);
    x64_byte(x, 0x9d); /* popfq */
    ret(x);
}

/* A store to a page that holds code, at r8, where there is none, all in one
 * granule: returns with its host address, as mmu_beside_code() gives it. Else
 * goes on with r8 as it was and r9, the table's entry. */
static void emit_beside(struct jit *jit, struct x64 *x, unsigned size)
{
    struct x64_mem entry = {.base = REG_WRITE, .index = R9, .scale = 3};
    uint8_t *other[2], *slow[2];

    push(x, RAX);
    x64_rr(x, 8, 0x89, R9, RAX);
    x64_digit_r(x, 8, 0xc1, SHIFT_SHR, RAX);
    x64_byte(x, 32);
    x64_alu_imm_r(x, 4, ALU_CMP, RAX, (uint32_t)((uint64_t)MMU_BESIDE >> 32));
    other[0] = x64_jcc(x, CC_NZ);
    x64_mov_rr(x, RAX, R8);
    x64_alu_imm_r(x, 4, ALU_AND, RAX, MEM_GRANULE_BYTES - 1);
    x64_alu_imm_r(x, 4, ALU_CMP, RAX, MEM_GRANULE_BYTES - size);
    other[1] = x64_jcc(x, CC_NBE);
    x64_mov_rr(x, RAX, R9);
    x64_digit_r(x, 8, 0x69, RAX, RAX); /* imul rax, rax, size of a row */
    x64_dword(x, sizeof(struct mem_page));
    x64_mov_imm64(x, R9, (uintptr_t)jit->cpu->mem->pages);
    x64_rr(x, 8, 0x01, R9, RAX);
    x64_digit_m(x, 4, 0xf7, 0, x64_at(RAX, offsetof(struct mem_page, flags)));
    x64_dword(x, MEM_PAGE_CODE);
    slow[0] = x64_jcc(x, CC_Z);
    push(x, RCX);
    x64_load(x, 8, RCX, x64_at(RAX, offsetof(struct mem_page, granules)));
    x64_mov_rr(x, R9, R8);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(x, GRANULE_BITS);
    x64_rr(x, 8, 0x0fa3, R9, RCX); /* bt */
    pop(x, RCX);
    slow[1] = x64_jcc(x, CC_B);
    x64_alu_imm_r(x, 4, ALU_AND, R8, MEM_PAGE_MASK);
    x64_rm(x, 8, 0x03, R8, x64_at(RAX, offsetof(struct mem_page, host)));
    pop(x, RAX);
    ret(x);
    for (unsigned i = 0; i < ARRAY_LEN(slow); i++)
        x64_patch(slow[i], x->at);
    x64_mov_rr(x, R9, R8);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(x, MEM_PAGE_BITS);
    x64_load(x, 8, R9, entry);
    for (unsigned i = 0; i < ARRAY_LEN(other); i++)
        x64_patch(other[i], x->at);
    pop(x, RAX);
}

/* Registers that C code changes; the stack is as it wants it then. */
static const uint8_t caller_saved[] = {RAX, RCX, RDX, RSI, RDI, R11};

static void push_few(struct x64 *x)
{
    for (unsigned i = 0; i < ARRAY_LEN(caller_saved); i++)
        push(x, caller_saved[i]);
    move_rsp(x, -8);
}

static void pop_few(struct x64 *x)
{
    move_rsp(x, 8);
    for (unsigned i = ARRAY_LEN(caller_saved); i-- > 0;)
        pop(x, caller_saved[i]);
}

/* rax = the row of page r9, rcx its operations, rdi and rsi what they take:
 * what mmu_quiet() looks at. Returns how many jumps lead away in `other`. */
static unsigned find_device(struct x64 *x, unsigned size, uint8_t **other)
{
    unsigned count = 0;

    x64_rr(x, 8, 0x69, RAX, R9); /* imul rax, r9, size of a row */
    x64_dword(x, sizeof(struct mem_page));
    x64_load(x, 8, RCX, FIELD(mem));
    x64_rm(x, 8, 0x03, RAX, x64_at(RCX, offsetof(struct mem, pages)));
    x64_load(x, 8, RCX, x64_at(RAX, offsetof(struct mem_page, ops)));
    x64_rr(x, 8, 0x85, RCX, RCX);
    other[count++] = x64_jcc(x, CC_Z);
    x64_load(x, 4, RDX, x64_at(RCX, offsetof(struct bus_ops, sizes)));
    x64_digit_r(x, 4, 0xf7, 2, RDX); /* not */
    x64_digit_r(x, 4, 0xf7, 0, RDX); /* test */
    x64_dword(x, BUS_QUIET | size);
    other[count++] = x64_jcc(x, CC_NZ);
    x64_mov_rr(x, RSI, R8);
    x64_alu_imm_r(x, 4, ALU_AND, RSI, MEM_PAGE_MASK);
    if (size > 1) {
        x64_alu_imm_r(x, 4, ALU_CMP, RSI, MEM_PAGE_BYTES - size);
        other[count++] = x64_jcc(x, CC_NBE);
    }
    x64_rm(x, 4, 0x03, RSI, x64_at(RAX, offsetof(struct mem_page, offset)));
    x64_load(x, 8, RDI, x64_at(RAX, offsetof(struct mem_page, dev)));
    return count;
}

/* Calls it, and puts the guest's registers back. What it gives goes to
 * cpu->jit.device. */
static void call_device(struct x64 *x, bool write, unsigned size,
                        struct x64_mem value)
{
    size_t function = write ? offsetof(struct bus_ops, write)
                            : offsetof(struct bus_ops, read);

    save_xmm(x);
    x64_rm(x, 8, 0x8b, RAX, x64_at(RCX, function));
    if (write)
        x64_load_zx(x, size, RDX, value);
    x64_mov_imm(x, write ? RCX : RDX, size);
    x64_digit_r(x, 4, 0xff, 2, RAX); /* call */
    if (!write)
        x64_store(x, 4, RAX, FIELD(jit.device));
    restore_live(x);
    pop_few(x);
}

/* What device_access() does in the usual case, an access to the device that
 * the table's entry r9 names: returns to the translation then. Else goes on,
 * with r8, the linear address, as it was. */
static void emit_device(struct x64 *x, bool write, unsigned size)
{
    uint8_t *memory[3], *other[3];
    unsigned count;

    x64_digit_r(x, 8, 0x0fba, 6, R9); /* btr r9, 63 */
    x64_byte(x, 63);
    memory[0] = x64_jcc(x, CC_NB);
    x64_digit_r(x, 8, 0xff, 1, R9); /* dec */
    x64_alu_imm_r(x, 8, ALU_CMP, R9, MEM_PAGES);
    memory[1] = x64_jcc(x, CC_NB);
    x64_alu_imm_m(x, 4, ALU_CMP, FIELD(events), 0);
    memory[2] = x64_jcc(x, CC_NZ);
    push_few(x);
    count = find_device(x, size, other);
    call_device(x, write, size, FIELD(jit.scratch));
    x64_rm(x, 8, 0x8d, R8, FIELD(jit.device));
    ret(x);
    for (unsigned i = 0; i < count; i++)
        x64_patch(other[i], x->at);
    pop_few(x);
    for (unsigned i = 0; i < ARRAY_LEN(memory); i++)
        x64_patch(memory[i], x->at);
}

/* Behind an instruction that changed cpu->jit.device, which the device at
 * device_at gets back. r9: ECX. Flags stay. */
static void emit_changed(struct x64 *x, unsigned size)
{
    struct x64_mem entry = {.base = REG_WRITE, .index = R9, .scale = 3};
    uint8_t *other[3];
    unsigned count;

    x64_mov_rr(x, RCX, R9);
    push(x, RAX);
    x64_byte(x, 0x9f);                 /* lahf */
    x64_digit_r(x, 4, 0x0f90, 0, RAX); /* seto al */
    push(x, RAX);
    x64_load(x, 4, R8, FIELD(jit.device_at));
    x64_mov_rr(x, R9, R8);
    x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R9);
    x64_byte(x, MEM_PAGE_BITS);
    x64_load(x, 8, R9, entry);
    x64_digit_r(x, 8, 0x0fba, 6, R9); /* btr r9, 63 */
    x64_byte(x, 63);
    x64_digit_r(x, 8, 0xff, 1, R9); /* dec */
    push_few(x);
    count = find_device(x, size, other);
    call_device(x, true, size, FIELD(jit.device));
    pop(x, RAX);
    x64_alu_imm_r(x, 1, ALU_ADD, RAX, 0x7f); /* OF, as it was */
    x64_byte(x, 0x9e);                       /* sahf */
    pop(x, RAX);
    ret(x);
    for (unsigned i = 0; i < count; i++)
        x64_patch(other[i], x->at);
    x64_byte(x, 0xcc); /* it was there for the load */
}

/* Whom a thunk may ask for all of an access. */
enum miss_device {
    MISS_MEMORY, /* nobody */
    MISS_LOAD,
    MISS_STORE, /* see plain_store */
    MISS_CHANGE /* see change */
};

/* r8: linear address plus the table's entry; r9: linear page. Makes r8 the
 * host address, or leaves. */
static void emit_miss(struct jit *jit, struct x64 *x, bool write, unsigned size,
                      bool aligned, enum miss_device device)
{
    struct x64_mem entry = {
        .base = write ? REG_WRITE : REG_READ, .index = R9, .scale = 3};
    uint8_t *crossing = NULL, *leave, *slow;

    x64_load(x, 8, R9, entry);
    x64_rr(x, 8, 0x29, R9, R8); /* linear again */
    if (write && !aligned && size <= MEM_GRANULE_BYTES)
        emit_beside(jit, x, size);
    if (device == MISS_CHANGE)
        x64_store(x, 4, R8, FIELD(jit.device_at));
    if (device != MISS_MEMORY)
        emit_device(x, device == MISS_STORE, size);
    x64_mov_rr(x, R9, R8);
    if (size > 1 && !aligned) { /* unaligned, inside a page: as quick */
        x64_alu_imm_r(x, 4, ALU_AND, R9, MEM_PAGE_MASK);
        x64_alu_imm_r(x, 4, ALU_CMP, R9, MEM_PAGE_BYTES - size);
        crossing = x64_jcc(x, CC_NBE);
        x64_mov_rr(x, R9, R8);
        x64_digit_r(x, 4, 0xc1, SHIFT_SHR, R9);
        x64_byte(x, MEM_PAGE_BITS);
        x64_load(x, 8, R9, entry);
        x64_rr(x, 8, 0x01, R8, R9);
        slow = x64_jcc(x, CC_S);
        x64_rr(x, 8, 0x89, R9, R8);
        ret(x);
        x64_patch(slow, x->at);
    }
    if (crossing)
        x64_patch(crossing, x->at);
    spill(x);
    x64_mov_rr(x, RSI, R10);
    x64_mov_rr(x, RDX, R8);
    move_rsp(x, -8);
    call_c(x, (uintptr_t)jit_miss);
    move_rsp(x, 8);
    x64_rr(x, 8, 0x85, RAX, RAX);
    leave = x64_jcc(x, CC_Z);
    x64_rr(x, 8, 0x89, RAX, R8);
    restore_live(x);
    reload(x);
    ret(x);
    x64_patch(leave, x->at);
    jump_to_resume(jit, x);
}

/* void save_fpu(struct cpu *): the x87 is as after FNINIT then. */
static void emit_save_fpu(struct x64 *x)
{
    x64_digit_m(x, 4, 0xdd, 6,
                x64_at(RDI, offsetof(struct cpu, jit.fpu_image))); /* fnsave */
    ret(x);
}

/* function(cpu, r10d): keeps the guest's registers where they are. */
static void light_call(struct x64 *x, uintptr_t function)
{
    push_few(x);
    save_xmm(x);
    x64_mov_rr(x, RSI, R10);
    call_c(x, function);
    x64_mov_rr(x, R10, RAX);
    restore_live(x);
    pop_few(x);
}

static void load_st(struct x64 *x, unsigned n)
{
    x64_digit_m(x, 4, 0xdb, 5, FIELD(fpu.reg[n]));
}

/* See fpu_call.c. r10d: the instruction. */
static void emit_fpu_call(struct x64 *x, enum fpu_form form,
                          fpu_call_fn *function)
{
    bool st1 = form & 2; /* ORDER fpu_form */

    x64_digit_m(x, 4, 0xdb, 7, FIELD(jit.fpu_arg[0]));
    if (st1)
        x64_digit_m(x, 4, 0xdb, 7, FIELD(jit.fpu_arg[1]));
    x64_digit_m(x, 4, 0xd9, 7, FIELD(jit.fpu_control));
    light_call(x, (uintptr_t)function);
    load_st(x, st1 ? 2 : 1);
    if (form & 1)
        load_st(x, st1 ? 1 : 0);
    ret(x);
}

/* ZF: not as `jit_fpu_call` needs it. */
static void emit_fpu_check(struct x64 *x)
{
    x64_digit_m(x, 4, 0xd9, 6, FIELD(jit.fpu_image)); /* fnstenv */
    light_call(x, (uintptr_t)jit_fpu_check);
    x64_rr(x, 1, 0x85, R10, R10);
    ret(x);
}

static void emit_set_c1(struct x64 *x)
{
    x64_digit_m(x, 4, 0xd9, 6, FIELD(jit.fpu_image));
    x64_alu_imm_m(x, 1, ALU_OR, FIELD(jit.fpu_image[5]), 0x02);
    x64_digit_m(x, 4, 0xd9, 4, FIELD(jit.fpu_image)); /* fldenv */
    ret(x);
}

/* r10d: the site. */
static void emit_read_tsc(struct x64 *x)
{
    x64_store(x, 4, REG_LEFT, FIELD(jit.left));
    light_call(x, (uintptr_t)jit_read_tsc);
    x64_load(x, 4, RAX, guest_reg(CPU_EAX));
    x64_load(x, 4, RDX, guest_reg(CPU_EDX));
    ret(x);
}

/* `function` says whether the registers may move to the host's. */
static void emit_load(struct jit *jit, struct x64 *x, uintptr_t function,
                      bool fpu)
{
    uint8_t *leave;

    spill(x);
    x64_mov_rr(x, RSI, R10);
    move_rsp(x, -8);
    call_c(x, function);
    move_rsp(x, 8);
    x64_rr(x, 1, 0x85, RAX, RAX);
    leave = x64_jcc(x, CC_Z);
    if (fpu)
        x64_digit_m(x, 4, 0xdd, 4, FIELD(jit.fpu_image)); /* frstor */
    restore_live(x);
    reload(x);
    ret(x);
    x64_patch(leave, x->at);
    jump_to_resume(jit, x);
}

static uint32_t begin(struct jit *jit, struct x64 *x)
{
    while ((uintptr_t)x->at & 15)
        x64_byte(x, 0xcc);
    return cache_place(&jit->cache, x->at);
}

void thunks_emit(struct jit *jit)
{
    static const uint8_t sizes[THUNK_SIZES] = {1, 2, 4, 8, 16, 16, 10, 32};
    struct x64 x = {.at = jit->cache.write + 64,
                    .end = jit->cache.write + 0x8000};

    jit->enter = begin(jit, &x);
    emit_enter(&x);
    jit->leave = begin(jit, &x);
    emit_leave(&x);
    for (unsigned tail = 0; tail < 2; tail++) {
        jit->indirect[tail] = begin(jit, &x);
        emit_indirect(jit, &x, tail);
    }
    jit->resume = begin(jit, &x);
    emit_resume(&x);
    jit->redo = begin(jit, &x);
    emit_redo(jit, &x);
    jit->step = begin(jit, &x);
    emit_step(jit, &x, (uintptr_t)jit_step);
    jit->port = begin(jit, &x);
    emit_step(jit, &x, (uintptr_t)jit_port);
    jit->flags = begin(jit, &x);
    emit_flags(&x);
    jit->load_xmm = begin(jit, &x);
    emit_load(jit, &x, (uintptr_t)jit_load_xmm, false);
    jit->load_fpu = begin(jit, &x);
    emit_load(jit, &x, (uintptr_t)jit_load_fpu, true);
    jit->save_fpu = begin(jit, &x);
    emit_save_fpu(&x);
    jit->fpu_check = begin(jit, &x);
    emit_fpu_check(&x);
    jit->set_c1 = begin(jit, &x);
    emit_set_c1(&x);
    for (unsigned i = 0; i < ARRAY_LEN(jit->fpu_call); i++) {
        unsigned needs = fpu_call_needs_of(0xf0 | i);

        if (!needs)
            continue;
        jit->fpu_call[i] = begin(jit, &x);
        emit_fpu_call(&x, fpu_call_form(needs), jit_fpu_call(0xf0 | i));
    }
    for (unsigned seg = 0; seg <= SEG_GS; seg++) {
        jit->flat_segment[seg] = begin(jit, &x);
        thunk_flat_segment(&x, seg);
    }
    jit->read_tsc = begin(jit, &x);
    emit_read_tsc(&x);
    jit->same_code = begin(jit, &x);
    thunk_same_code(&x);
    for (unsigned i = 0; i < THUNK_SIZES; i++) {
        jit->miss[0][i] = begin(jit, &x);
        emit_miss(jit, &x, false, sizes[i], i == 5,
                  sizes[i] <= 4 ? MISS_LOAD : MISS_MEMORY);
        jit->miss[1][i] = begin(jit, &x);
        emit_miss(jit, &x, true, sizes[i], i == 5, MISS_MEMORY);
    }
    jit->miss_words = begin(jit, &x);
    emit_miss(jit, &x, false, 4, false, MISS_MEMORY);
    for (unsigned i = 0; i < ARRAY_LEN(jit->plain_store); i++) {
        jit->plain_store[i] = begin(jit, &x);
        emit_miss(jit, &x, true, sizes[i], false, MISS_STORE);
        jit->change[i] = begin(jit, &x);
        emit_miss(jit, &x, true, sizes[i], false, MISS_CHANGE);
        jit->changed[i] = begin(jit, &x);
        emit_changed(&x, sizes[i]);
    }
    repeat_emit(jit, &x);
    cache_begin(&jit->cache, cache_place(&jit->cache, x.at));
}
