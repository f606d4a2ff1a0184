/* A 64-bit Linux process can enter compatibility mode by itself: a far jump to
 * the 32-bit user code segment, or to one of its LDT. The code comes back by a
 * far jump to the 64-bit segment, or by a signal whose handler sends it there.
 * What runs on the way must be below 4 GiB, so it is copied there. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/cpu/native/native.h"

/* One page of variables and one of code. ORDER page: offsets in the assembly.
 */
#define PAGE        0x10000000
#define TRAMPOLINE  0x10001000
#define STACK_BYTES 65536

struct page {
    uint32_t reg[8];                  /* 00 */
    uint32_t eflags;                  /* 20 */
    uint32_t far_eip;                 /* 24: where to */
    uint16_t far_cs, data, stack, gs; /* 28 2a 2c 2e */
    uint64_t host_rsp;                /* 30 */
    uint64_t eflags_out;              /* 38 */
    uint8_t unused[0x1c0];            /* 40 */
    uint8_t fx[512];                  /* 200 */
};

_Static_assert(offsetof(struct page, eflags) == 0x20, "page");
_Static_assert(offsetof(struct page, far_eip) == 0x24, "page");
_Static_assert(offsetof(struct page, gs) == 0x2e, "page");
_Static_assert(offsetof(struct page, host_rsp) == 0x30, "page");
_Static_assert(offsetof(struct page, eflags_out) == 0x38, "page");
_Static_assert(offsetof(struct page, fx) == 0x200, "page");

/* clang-format off */
__asm__(
    ".pushsection .rodata\n"
    ".set PAGE, 0x10000000\n"
    "native_start:\n"
    "native_enter:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rsp, PAGE+0x30\n"
    "  fxrstor PAGE+0x200\n"
    "  mov PAGE+0x2e, %gs\n"
    "  mov PAGE+0x2a, %ds\n"
    "  mov PAGE+0x2a, %es\n"
    "  pushq PAGE+0x20\n"
    "  movl $0, 4(%rsp)\n"
    "  popfq\n"
    "  mov PAGE+0x00, %eax\n"
    "  mov PAGE+0x04, %ecx\n"
    "  mov PAGE+0x08, %edx\n"
    "  mov PAGE+0x0c, %ebx\n"
    "  mov PAGE+0x14, %ebp\n"
    "  mov PAGE+0x18, %esi\n"
    "  mov PAGE+0x1c, %edi\n"
    "  mov PAGE+0x2c, %ss\n"
    "  mov PAGE+0x10, %esp\n"
    "  ljmp *PAGE+0x24\n"
    "native_leave:\n"
    "  mov %eax, PAGE+0x00\n"
    "  mov %ecx, PAGE+0x04\n"
    "  mov %edx, PAGE+0x08\n"
    "  mov %ebx, PAGE+0x0c\n"
    "  mov %esp, PAGE+0x10\n"
    "  mov %ebp, PAGE+0x14\n"
    "  mov %esi, PAGE+0x18\n"
    "  mov %edi, PAGE+0x1c\n"
    "  mov $0x2b, %eax\n"
    "  mov %eax, %ss\n"
    "  mov PAGE+0x30, %rsp\n"
    "  pushfq\n"
    "  popq PAGE+0x38\n"
    "native_back:\n"
    "  cld\n"
    "  fxsave PAGE+0x200\n"
    "  mov $0x2b, %eax\n"
    "  mov %eax, %ds\n"
    "  mov %eax, %es\n"
    "  xor %eax, %eax\n"
    "  mov %eax, %gs\n"
    "  mov PAGE+0x30, %rsp\n"
    "  fninit\n"
    "  pushq $0x1f80\n"
    "  ldmxcsr (%rsp)\n"
    "  pop %rax\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n"
    "native_stop:\n"
    ".popsection\n");
/* clang-format on */

extern const char native_start[], native_enter[], native_leave[], native_back[],
    native_stop[];

struct host {
    struct native native; /* first */
    struct page *page;
    void *stack; /* of the signal handler */
    struct sigaction old[5];
};

static const int signals[5] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

static uint32_t low_address(const char *label)
{
    return (uint32_t)(TRAMPOLINE + (label - native_start));
}

static void handle(int signal, siginfo_t *info, void *context)
{
    static const int regs[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    greg_t *greg = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct page *page = (struct page *)PAGE;
    uint64_t selectors = (uint64_t)greg[REG_CSGSFS];

    (void)info;
    if ((selectors & 0xffff) == 0x33) { /* not ours */
        struct sigaction action = {.sa_handler = SIG_DFL};

        sigaction(signal, &action, NULL);
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        page->reg[i] = (uint32_t)greg[regs[i]];
    page->eflags_out = (uint64_t)greg[REG_EFL];
    page->eflags = (uint32_t)greg[REG_TRAPNO] | 1u << 31;
    page->far_eip = (uint32_t)greg[REG_RIP];
    greg[REG_RIP] = low_address(native_back);
    greg[REG_EFL] = 0x202;
    greg[REG_CSGSFS] = (greg_t)((selectors & 0x0000ffffffff0000u) |
                                UINT64_C(0x2b) << 48 | 0x33);
}

static bool map_at(uint32_t addr, size_t size, int protection)
{
    void *want = (void *)(uintptr_t)addr;

    return mmap(want, size, protection,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                0) == want;
}

static bool set_descriptor(unsigned number, uint32_t base, bool code)
{
    struct user_desc desc = {.entry_number = number,
                             .base_addr = base,
                             .limit = 0xffff,
                             .contents = code ? 2 : 0};

    return syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)) == 0;
}

static bool set_signals(struct host *host)
{
    stack_t stack = {.ss_size = STACK_BYTES};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

    host->stack = malloc(STACK_BYTES);
    stack.ss_sp = host->stack;
    if (!host->stack || sigaltstack(&stack, NULL))
        return false;
    action.sa_sigaction = handle;
    for (unsigned i = 0; i < 5; i++) {
        if (sigaction(signals[i], &action, &host->old[i]))
            return false;
    }
    return true;
}

enum status native_create(struct native **out)
{
    const int rw = PROT_READ | PROT_WRITE;
    struct host *host = calloc(1, sizeof(*host));

    *out = NULL;
    if (!host)
        return STATUS_NO_MEMORY;
    if (!map_at(PAGE, 0x2000, rw) ||
        !map_at(NATIVE_CODE, NATIVE_CODE_BYTES, rw | PROT_EXEC) ||
        !map_at(NATIVE_DATA, NATIVE_DATA_BYTES, rw) ||
        !set_descriptor(NATIVE_SMALL_DATA >> 3, NATIVE_DATA, false) ||
        !set_descriptor(NATIVE_SMALL_CODE >> 3, NATIVE_CODE, true) ||
        !set_signals(host)) {
        free(host);
        return STATUS_NOT_FOUND;
    }
    host->page = (struct page *)PAGE;
    memcpy((void *)TRAMPOLINE, native_start,
           (size_t)(native_stop - native_start));
    mprotect((void *)TRAMPOLINE, 0x1000, PROT_READ | PROT_EXEC);
    host->native.code = (uint8_t *)(uintptr_t)NATIVE_CODE;
    host->native.data = (uint8_t *)(uintptr_t)NATIVE_DATA;
    *out = &host->native;
    return STATUS_OK;
}

void native_destroy(struct native *native)
{
    struct host *host = (struct host *)native;
    stack_t none = {.ss_flags = SS_DISABLE};

    if (!host)
        return;
    for (unsigned i = 0; i < 5; i++)
        sigaction(signals[i], &host->old[i], NULL);
    sigaltstack(&none, NULL);
    munmap((void *)PAGE, 0x2000);
    munmap(host->native.code, NATIVE_CODE_BYTES);
    munmap(host->native.data, NATIVE_DATA_BYTES);
    free(host->stack);
    free(host);
}

unsigned native_end(bool code16, uint8_t bytes[8])
{
    uint32_t to = low_address(native_leave);
    unsigned n = 0;

    if (code16)
        bytes[n++] = 0x66;
    bytes[n++] = 0xea; /* JMP 33:to */
    memcpy(bytes + n, &to, 4);
    n += 4;
    bytes[n++] = 0x33;
    bytes[n++] = 0;
    return n;
}

void native_run(struct native *native, bool code16, struct native_state *state)
{
    struct host *host = (struct host *)native;
    struct page *page = host->page;
    void (*enter)(void);
    uintptr_t at = low_address(native_enter);

    memcpy(page->reg, state->reg, sizeof(page->reg));
    page->eflags = state->eflags;
    memcpy(page->fx, state->fx, sizeof(page->fx));
    page->far_eip = state->eip;
    page->far_cs = code16 ? NATIVE_SMALL_CODE : NATIVE_FLAT_CODE;
    page->data = page->stack = code16 ? NATIVE_SMALL_DATA : NATIVE_FLAT_DATA;
    page->gs = NATIVE_SMALL_DATA;
    memcpy(&enter, &at, sizeof(enter));
    enter();
    memcpy(state->reg, page->reg, sizeof(page->reg));
    memcpy(state->fx, page->fx, sizeof(state->fx));
    state->eflags = (uint32_t)page->eflags_out;
    state->vector = NATIVE_END;
    if (page->eflags >> 31) {
        state->vector = page->eflags & 0xff;
        state->eip = page->far_eip;
    }
}
