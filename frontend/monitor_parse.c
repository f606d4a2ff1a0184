/* Words, numbers and addresses of a command line.
 *
 *   expr    = product { (+ | - | & | |) product }
 *   product = factor { * factor }
 *   factor  = number | $register | symbol | ( expr ) | - factor
 *             | (b|h|w) [ address ]
 *   address = expr | segment : expr
 *
 * A number is decimal, or hexadecimal with 0x or where it has the letters a-f;
 * around the colon both are hexadecimal. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/monitor_int.h"

#define DEPTH_MAX 32

struct parser {
    struct monitor *m;
    const char *at;
    bool hexadecimal;  /* plain numbers are */
    const char *wrong; /* what is wrong; NULL: nothing yet */
    unsigned depth;
};

static const char *const names[DEBUG_REGS] = {
#define DEBUG_REG(id, name, bits, group) [DEBUG_##id] = name,
#include "core/debug_regs.def"
#undef DEBUG_REG
};

static void skip_blanks(struct parser *p)
{
    p->at += strspn(p->at, " \t");
}

static bool wrong(struct parser *p, const char *text)
{
    if (!p->wrong)
        p->wrong = text;
    return false;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '@' ||
           c == '?' || c == '$';
}

static size_t name_length(const char *text)
{
    size_t n = 0;

    while (is_name_char(text[n]))
        n++;
    return n;
}

/* $pc is linear, $ip the offset, as gdb has them; 16- and 8-bit names too. */
static bool find_register(struct monitor *m, const char *name, uint64_t *value)
{
    static const struct {
        const char *name;
        enum debug_register id;
        unsigned shift, bits;
    } parts[] = {
        {"pc", DEBUG_PC, 0, 32},  {"ip", DEBUG_EIP, 0, 32},
        {"ax", DEBUG_EAX, 0, 16}, {"cx", DEBUG_ECX, 0, 16},
        {"dx", DEBUG_EDX, 0, 16}, {"bx", DEBUG_EBX, 0, 16},
        {"sp", DEBUG_ESP, 0, 16}, {"bp", DEBUG_EBP, 0, 16},
        {"si", DEBUG_ESI, 0, 16}, {"di", DEBUG_EDI, 0, 16},
        {"al", DEBUG_EAX, 0, 8},  {"cl", DEBUG_ECX, 0, 8},
        {"dl", DEBUG_EDX, 0, 8},  {"bl", DEBUG_EBX, 0, 8},
        {"ah", DEBUG_EAX, 8, 8},  {"ch", DEBUG_ECX, 8, 8},
        {"dh", DEBUG_EDX, 8, 8},  {"bh", DEBUG_EBX, 8, 8},
    };
    struct debug_registers regs;

    machine_get_registers(m->config.machine, &regs);
    for (unsigned i = 0; i < DEBUG_REGS; i++) {
        if (strcmp(names[i], name) == 0) {
            *value = regs.value[i];
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (strcmp(parts[i].name, name) == 0) {
            *value = regs.value[parts[i].id] >> parts[i].shift &
                     UINT32_MAX >> (32 - parts[i].bits);
            return true;
        }
    }
    return false;
}

static bool parse_number(struct parser *p, uint64_t *value)
{
    size_t length = name_length(p->at);
    bool hex = p->hexadecimal || strcspn(p->at, "abcdefABCDEF") < length ||
               p->at[1] == 'x';
    char *end;

    *value = strtoull(p->at, &end, hex ? 16 : 10);
    if (*end == 'h' && end > p->at) {
        *value = strtoull(p->at, &end, 16);
        end++;
    }
    if (end != p->at + length)
        return wrong(p, "not a number");
    p->at = end;
    return true;
}

static bool parse_address(struct parser *p, uint64_t *value);

/* w[ADDR] and so on: what stands in memory. */
static bool parse_memory(struct parser *p, uint64_t *value)
{
    size_t size = *p->at == 'b' ? 1 : *p->at == 'h' ? 2 : 4;
    uint64_t addr;

    p->at += 2;
    if (!parse_address(p, &addr))
        return false;
    skip_blanks(p);
    if (*p->at != ']')
        return wrong(p, "] is missing");
    p->at++;
    *value = 0;
    if (monitor_read(p->m, MACHINE_LINEAR, addr, value, size) != size)
        return wrong(p, "no memory there");
    return true;
}

static bool parse_name(struct parser *p, uint64_t *value)
{
    char name[MONITOR_WORD_BYTES];
    size_t length = name_length(p->at);
    bool must = *p->at == '$';
    uint32_t addr;

    if (length == 0 || length >= sizeof(name))
        return wrong(p, "a number, $REGISTER or symbol is missing");
    memcpy(name, p->at, length);
    name[length] = '\0';
    if (!must && symbols_find(&p->m->symbols, name, &addr)) {
        *value = addr;
    } else if (!find_register(p->m, name + must, value)) {
        if (must || strspn(name, "0123456789abcdefABCDEF") != length)
            return wrong(p, must ? "no such register" : "no such symbol");
        return parse_number(p, value);
    }
    p->at += length;
    return true;
}

static bool parse_sum(struct parser *p, uint64_t *value);

static bool parse_factor(struct parser *p, uint64_t *value)
{
    skip_blanks(p);
    if (*p->at == '(') {
        p->at++;
        if (!parse_sum(p, value))
            return false;
        skip_blanks(p);
        if (*p->at != ')')
            return wrong(p, ") is missing");
        p->at++;
        return true;
    }
    if (*p->at == '-') {
        p->at++;
        if (!parse_factor(p, value))
            return false;
        *value = 0 - *value;
        return true;
    }
    if (*p->at && strchr("bhw", *p->at) && p->at[1] == '[')
        return parse_memory(p, value);
    return isdigit((unsigned char)*p->at) ? parse_number(p, value)
                                          : parse_name(p, value);
}

static bool parse_product(struct parser *p, uint64_t *value)
{
    uint64_t other;

    if (!parse_factor(p, value))
        return false;
    for (;;) {
        skip_blanks(p);
        if (*p->at != '*')
            return true;
        p->at++;
        if (!parse_factor(p, &other))
            return false;
        *value *= other;
    }
}

/* Comparisons too, for conditions: 1 or 0. */
static uint64_t combine(const char *sign, uint64_t a, uint64_t b)
{
    if (sign[1] == '=')
        return sign[0] == '='   ? a == b
               : sign[0] == '!' ? a != b
               : sign[0] == '<' ? a <= b
                                : a >= b;
    switch (sign[0]) {
    case '+': return a + b;
    case '-': return a - b;
    case '&': return a & b;
    case '|': return a | b;
    case '<': return a < b;
    default: return a > b;
    }
}

static bool parse_sum(struct parser *p, uint64_t *value)
{
    static const char *const signs[] = {"==", "!=", "<=", ">=", "+",
                                        "-",  "&",  "|",  "<",  ">"};
    uint64_t other;
    size_t i = 0;

    if (++p->depth > DEPTH_MAX)
        return wrong(p, "too many parentheses");
    if (!parse_product(p, value))
        return false;
    while (i < ARRAY_LEN(signs)) {
        skip_blanks(p);
        for (i = 0; i < ARRAY_LEN(signs); i++)
            if (strncmp(p->at, signs[i], strlen(signs[i])) == 0)
                break;
        if (i == ARRAY_LEN(signs))
            break;
        p->at += strlen(signs[i]);
        if (!parse_product(p, &other))
            return false;
        *value = combine(signs[i], *value, other);
    }
    p->depth--;
    return true;
}

/* Where a segment begins: a register's, or a selector's in the present mode. */
static bool segment_base(struct parser *p, const char *text, size_t length,
                         uint64_t *base)
{
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    struct debug_registers regs;
    struct parser inner = *p;
    uint64_t selector;
    char name[16];

    while (length > 0 && (*text == '$' || *text == ' '))
        text++, length--;
    machine_get_registers(p->m->config.machine, &regs);
    for (size_t i = 0; i < ARRAY_LEN(segments) && length == 2; i++) {
        if (strncmp(segments[i], text, 2) == 0) {
            snprintf(name, sizeof(name), "%s_base", segments[i]);
            return find_register(p->m, name, base);
        }
    }
    inner.at = text;
    inner.hexadecimal = true;
    if (!parse_sum(&inner, &selector) || selector > 0xffff)
        return wrong(p, "not a segment");
    if (monitor_selector_base(p->m, &regs, (uint16_t)selector, base))
        return true;
    return wrong(p, "no such selector");
}

static bool parse_address(struct parser *p, uint64_t *value)
{
    const char *colon = p->at + strcspn(p->at, ": \t[(])");
    uint64_t base;

    skip_blanks(p);
    if (*colon != ':' || colon == p->at)
        return parse_sum(p, value);
    if (!segment_base(p, p->at, (size_t)(colon - p->at), &base))
        return false;
    p->at = colon + 1;
    p->hexadecimal = true;
    if (!parse_sum(p, value))
        return false;
    p->hexadecimal = false;
    *value = (base + *value) & UINT32_MAX;
    return true;
}

static bool parse(struct monitor *m, uint64_t *value,
                  bool (*part)(struct parser *, uint64_t *))
{
    struct parser p = {.m = m, .at = m->rest};

    if (monitor_at_end(m))
        return monitor_fail(m, "a value is missing; see help");
    p.at = m->rest;
    if (!part(&p, value))
        return monitor_fail(m, "%s: %s", m->rest, p.wrong);
    if (*p.at && !strchr(" \t\r\n", *p.at) && !strchr(" \t", p.at[-1]))
        return monitor_fail(m, "%s: not an expression", m->rest);
    m->rest = p.at;
    return true;
}

bool monitor_number(struct monitor *m, uint64_t *value)
{
    return parse(m, value, parse_sum);
}

bool monitor_address(struct monitor *m, uint64_t *addr)
{
    return parse(m, addr, parse_address);
}

bool monitor_any_address(struct monitor *m, uint64_t *addr, bool *physical)
{
    *physical = !monitor_at_end(m) && *m->rest == '*';
    m->rest += *physical;
    return *physical ? monitor_number(m, addr) : monitor_address(m, addr);
}

bool monitor_evaluate(struct monitor *m, const char *text, uint64_t *value)
{
    struct parser p = {.m = m, .at = text};

    return parse_sum(&p, value);
}

bool monitor_at_end(struct monitor *m)
{
    m->rest += strspn(m->rest, " \t\r\n");
    return *m->rest == '\0';
}

bool monitor_word(struct monitor *m, char *word, size_t size)
{
    size_t length;

    if (monitor_at_end(m))
        return monitor_fail(m, "something is missing; see help");
    length = strcspn(m->rest, " \t\r\n");
    if (length >= size)
        return monitor_fail(m, "%s: too long", m->rest);
    memcpy(word, m->rest, length);
    word[length] = '\0';
    m->rest += length;
    return true;
}

bool monitor_skip(struct monitor *m, const char *word)
{
    size_t length = strlen(word);

    if (monitor_at_end(m) || strncmp(m->rest, word, length) != 0 ||
        (m->rest[length] && !strchr(" \t\r\n", m->rest[length])))
        return false;
    m->rest += length;
    return true;
}

bool monitor_take_format(struct monitor *m, struct monitor_format *format)
{
    char *end;

    *format = (struct monitor_format){1, m->format, m->size};
    if (monitor_at_end(m) || *m->rest != '/')
        return true;
    m->rest++;
    if (isdigit((unsigned char)*m->rest)) {
        format->count = strtoull(m->rest, &end, 0);
        m->rest = end;
    }
    for (; *m->rest && !strchr(" \t\r\n", *m->rest); m->rest++) {
        if (strchr("xduoci", *m->rest))
            format->letter = *m->rest;
        else if (strchr("bhw", *m->rest))
            format->size = *m->rest;
        else
            return monitor_fail(m,
                                "/%s: the format is a count, one of "
                                "x d u o c i, and one of b h w",
                                m->rest);
    }
    m->format = format->letter;
    m->size = format->size;
    return true;
}
