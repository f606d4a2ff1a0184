/* Accesses that the host checks.
 *
 * Code of a BLOCK_ARENA mode reaches guest memory behind the base of GS, which
 * is that of the arena while it runs. Where the arena shows nothing, or not to
 * write, the host faults. The handler finds the access by the host's PC, has
 * the arena filled and tries again; if there is nothing to fill, it goes on at
 * the thunk that has the interpreter do the instruction. A fault that is none
 * of this is left to whoever handled it before, as if we were not there.
 *
 * An access that keeps missing (a device, code beside data) is marked in its
 * block's tier, and its translation made anew, which uses the tables there. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "jit/x64_lower.h"

#define HIDDEN_MAX      3
#define HWCAP2_FSGSBASE 2u
#define ARCH_SET_GS     0x1001
#define ERROR_WRITE     2u /* of a page fault's error code */
#define STACK_BYTES     65536u

/* A signal's disposition is the process's, its stack and what runs the
 * thread's, so this can be nowhere else: what handled the signal before us;
 * whose code the thread runs; and the stack that the handler runs on. */
static struct sigaction former;
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static _Thread_local struct jit *entered;
static _Thread_local bool has_stack;
static _Thread_local _Alignas(64) uint8_t stack[STACK_BYTES];

void guard_note(struct jit *jit, uint32_t translation, uint32_t end)
{
    const struct translation *t = jit_at(jit, translation);

    for (uint32_t n = t->entry >> GUARD_CHUNK_BITS;
         n <= (end - 1) >> GUARD_CHUNK_BITS; n++)
        jit->code_of[n] = translation;
}

static struct translation *translation_at(struct jit *jit, uint32_t at)
{
    uint32_t n = jit->code_of[at >> GUARD_CHUNK_BITS];
    struct translation *t = NULL;

    while (n && (t = jit_at(jit, n))->entry > at)
        n = t->next;
    return n ? t : NULL;
}

static const struct guard *guard_at(struct jit *jit,
                                    const struct translation *t, uint32_t at)
{
    const struct guard *guard = jit_at(jit, t->guards);
    uint32_t low = 0, high = t->guard_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (guard[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->guard_count && guard[low].at == at ? &guard[low] : NULL;
}

static void mark(struct jit *jit, const struct site *site)
{
    blocks_tier(jit->cpu, block_of(site->insn))->checked |=
        1u << site->insn->index;
}

/* An access found nothing that could be shown. */
static void guard_missed(struct jit *jit, struct translation *t,
                         struct site *site)
{
    const struct guard *guard = jit_at(jit, t->guards);

    if (++site->hidden < HIDDEN_MAX || t->dead)
        return;
    for (uint32_t i = 0; i < t->guard_count; i++) {
        const struct site *other = jit_at(jit, guard[i].site);

        if (other->hidden)
            mark(jit, other);
    }
    translation_kill(jit, cache_place(&jit->cache, t));
}

/* Whether nothing but the page of `addr`, where the access faults, can make it
 * fail. If its first byte is in the page before, that one let it pass; page 0
 * is not behind page FFFFF here. What has to be aligned may not be. */
static bool is_whole(uintptr_t addr, const struct site *site)
{
    return !site->aligned &&
           (addr & MEM_PAGE_MASK) <= MEM_PAGE_BYTES - site->size;
}

/* Deals with a fault at `pc`. Returns where to go on, or NULL: not ours. */
static const uint8_t *take_fault(struct jit *jit, const uint8_t *pc,
                                 const uint8_t *addr, bool write,
                                 uint32_t *site)
{
    uint64_t page_end = (uint64_t)MEM_PAGES << MEM_PAGE_BITS;
    struct cpu *cpu = jit->cpu;
    enum arena_fill filled = ARENA_NEVER;
    const struct guard *guard;
    struct translation *t;
    struct site *s;
    uint32_t at;

    if (pc < jit->cache.run || pc >= jit->cache.run + jit->cache.bytes)
        return NULL;
    at = (uint32_t)(pc - jit->cache.run);
    t = translation_at(jit, at);
    guard = t ? guard_at(jit, t, at) : NULL;
    if (!guard || !cpu->window)
        return NULL;
    *site = guard->site;
    s = jit_at(jit, guard->site);
    /* Other faults than of a page name no address: a misaligned operand. */
    if (addr >= cpu->window && addr < cpu->window + page_end)
        filled =
            mmu_arena_fill(cpu, (laddr)(addr - cpu->window), write || s->write,
                           is_whole((uintptr_t)addr, s));
    if (filled == ARENA_FILLED && !cpu->events)
        return pc;
    if (filled == ARENA_NEVER)
        guard_missed(jit, t, s);
    return jit->cache.run + jit->redo;
}

/* What would happen without us. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    bool sent = info->si_code <= 0; /* by somebody: no fault */

    if (former.sa_flags & SA_SIGINFO) {
        former.sa_sigaction(number, info, context);
    } else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
        former.sa_handler(number);
    } else if (!sent || former.sa_handler == SIG_DFL) {
        sigaction(number, &former, NULL); /* the fault happens again */
        if (sent)
            raise(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *reg = uc->uc_mcontext.gregs;
    const uint8_t *pc = (const uint8_t *)(uintptr_t)reg[REG_RIP], *to = NULL;
    int error = errno;
    uint32_t site = 0;

    if (entered)
        to = take_fault(entered, pc, info->si_addr,
                        (uint64_t)reg[REG_ERR] & ERROR_WRITE, &site);
    if (!to) {
        pass_on(number, info, context);
        return;
    }
    if (to != pc) {
        reg[REG_R10] = site;
        entered->cpu->jit.host_flags = (uint32_t)reg[REG_EFL];
    }
    reg[REG_RIP] = (greg_t)(uintptr_t)to;
    errno = error;
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &former);
}

enum status guard_create(struct jit *jit, bool arenas_always)
{
    jit->code_of =
        calloc((jit->cache.bytes >> GUARD_CHUNK_BITS) + 1, sizeof(uint32_t));
    if (!jit->code_of)
        return STATUS_NO_MEMORY;
    jit->fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
    pthread_once(&installed, install);
    mmu_want_arenas(jit->cpu, arenas_always);
    return STATUS_OK;
}

void guard_destroy(struct jit *jit)
{
    free(jit->code_of);
}

static void use_own_stack(void)
{
    stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)}, old;

    if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE))
        sigaltstack(&own, NULL);
    has_stack = true;
}

static void set_gs(const struct jit *jit, const uint8_t *base)
{
    const uint8_t *now;

    if (!jit->fsgsbase) {
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
        return;
    }
    __asm__ volatile("rdgsbase %0" : "=r"(now));
    if (now != base)
        __asm__ volatile("wrgsbase %0" : : "r"(base));
}

void guard_select(const struct jit *jit)
{
    if (jit->cpu->window)
        set_gs(jit, jit->cpu->window);
}

void guard_enter(struct jit *jit)
{
    guard_select(jit);
    if (!has_stack)
        use_own_stack();
    entered = jit;
}

void guard_leave(void)
{
    entered = NULL;
}
