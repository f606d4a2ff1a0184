/* Instructions as text. */
#include <string.h>

#include "frontend/monitor_int.h"

#define BYTES_SHOWN 8

void monitor_put_symbol(struct monitor *m, FILE *out, uint32_t addr)
{
    const struct symbol *s = symbols_before(&m->symbols, addr);

    if (!s)
        return;
    if (s->addr == addr)
        fprintf(out, " <%s>", s->name);
    else
        fprintf(out, " <%s+%u>", s->name, addr - s->addr);
}

struct monitor_code monitor_next_code(struct monitor *m,
                                      const struct debug_registers *regs)
{
    (void)m;
    return (struct monitor_code){
        .space = MACHINE_LINEAR,
        .addr = regs->value[DEBUG_PC],
        .eip = regs->value[DEBUG_EIP],
        .code32 = regs->value[DEBUG_CS_ACCESS] & 0x4000,
    };
}

bool monitor_decode(struct monitor *m, const struct monitor_code *code,
                    uint8_t bytes[DISASM_BYTES], struct disasm *out)
{
    size_t got = monitor_read(m, code->space, code->addr, bytes, DISASM_BYTES);

    disasm_one(bytes, got, code->eip, code->code32, out);
    return got > 0;
}

unsigned monitor_put_insn(struct monitor *m, const struct monitor_code *code)
{
    uint8_t bytes[DISASM_BYTES];
    struct disasm insn;
    unsigned i;

    fprintf(m->out, "%08llx: ", (unsigned long long)code->addr);
    if (!monitor_decode(m, code, bytes, &insn)) {
        fprintf(m->out, "no memory\n");
        return 0;
    }
    for (i = 0; i < insn.length || i < BYTES_SHOWN; i++) {
        if (i < insn.length)
            fprintf(m->out, "%02x", bytes[i]);
        else
            fprintf(m->out, "  ");
    }
    fprintf(m->out, " %s", insn.text);
    if (insn.has_target)
        monitor_put_symbol(m, m->out,
                           (uint32_t)code->addr - code->eip + insn.target);
    fputc('\n', m->out);
    return insn.length;
}

void monitor_put_code(struct monitor *m, struct monitor_code code,
                      uint64_t count)
{
    while (count-- > 0) {
        const struct symbol *s =
            symbols_before(&m->symbols, (uint32_t)code.addr);
        unsigned length;

        if (s && s->addr == (uint32_t)code.addr)
            fprintf(m->out, "%s:\n", s->name);
        length = monitor_put_insn(m, &code);
        if (!length)
            return;
        code.addr += length;
        code.eip += length;
        if (code.space == MACHINE_LINEAR)
            code.addr &= UINT32_MAX;
    }
}

void monitor_do_disassemble(struct monitor *m)
{
    struct debug_registers regs;
    struct monitor_code code;
    uint64_t addr, count = 10;

    machine_get_registers(m->config.machine, &regs);
    code = monitor_next_code(m, &regs);
    if (!monitor_at_end(m)) {
        if (!monitor_address(m, &addr))
            return;
        code.addr = addr;
        code.eip = (uint32_t)addr - regs.value[DEBUG_CS_BASE];
    }
    if (!monitor_at_end(m) && !monitor_number(m, &count))
        return;
    if (count > MONITOR_MOST_BYTES)
        monitor_fail(m, "%llu: too many", (unsigned long long)count);
    else
        monitor_put_code(m, code, count);
}
