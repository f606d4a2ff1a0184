/* The network options: -nic, and as QEMU's users also write it -net, -netdev
 * and -device. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/options_int.h"

#define FIRST_ADDRESS \
    { \
        0x52, 0x54, 0x00, 0x12, 0x34, 0x56 \
    }

/* A value at work: for the handlers of its pieces. */
struct taking {
    struct options *options;
    const struct option_row *row;
    const char *text; /* the whole value */
    struct failure *failure;
};

static bool report(const struct taking *t, const char *what, const char *remedy)
{
    return failure_set(t->failure, EXIT_STATUS_USAGE, "-%s %s: %s%s%s",
                       t->row->name, t->text, what, *what ? ": " : "", remedy);
}

static bool keep(const struct taking *t, const char *value, const char **place)
{
    *place = options_keep(t->options, value, strlen(value));
    return *place || report(t, value, "too many values; leave some out");
}

/* Pieces. */

static bool take_model(const struct taking *t, const char *value)
{
    struct net_config *net = &t->options->net;

    if (strcmp(value, "ne2k_pci") == 0 || strcmp(value, "rtl8029") == 0)
        net->model = MACHINE_NIC_PCI;
    else if (strcmp(value, "ne2k_isa") == 0 || strcmp(value, "ne2000") == 0)
        net->model = MACHINE_NIC_ISA;
    else
        return report(t, value, "no such card; choose ne2k_isa or ne2k_pci");
    return true;
}

/* Six bytes, the first one of a single station. */
static bool take_mac(const struct taking *t, const char *value)
{
    uint8_t *address = t->options->net.address;
    const char *p = value;
    unsigned i;

    for (i = 0; i < 6; i++) {
        char *end;

        if (strspn(p, "0123456789abcdefABCDEF") == 0)
            break;
        address[i] = (uint8_t)strtoul(p, &end, 16);
        if (end - p > 2 || *end != (i < 5 ? ':' : '\0'))
            break;
        p = end + 1;
    }
    return (i == 6 && !(address[0] & 1)) ||
           report(t, value,
                  "no card's address; write it like 52:54:00:12:34:56, the "
                  "first number even");
}

static bool take_number(const char *value, unsigned *number)
{
    char *end;
    unsigned long parsed = strtoul(value, &end, 0);

    if (*value < '0' || *value > '9' || *end || parsed > 0xffff)
        return false;
    *number = (unsigned)parsed;
    return true;
}

static bool take_base(const struct taking *t, const char *value)
{
    unsigned *base = &t->options->net.base;

    return (take_number(value, base) && machine_nic_base_ok(*base)) ||
           report(t, value,
                  "the card cannot stand there; choose 0x200 to 0x3e0 in "
                  "steps of 0x20");
}

static bool take_irq(const struct taking *t, const char *value)
{
    unsigned *irq = &t->options->net.irq;

    return (take_number(value, irq) && machine_nic_irq_ok(*irq)) ||
           report(t, value,
                  "the card has no such interrupt; choose 3, 4, 5, 9, 10, 11, "
                  "12 or 15");
}

static bool take_pcap(const struct taking *t, const char *value)
{
    return keep(t, value, &t->options->net.pcap);
}

static bool take_ifname(const struct taking *t, const char *value)
{
    if (strlen(value) > 15)
        return report(t, value, "the name of an interface has 15 letters");
    return keep(t, value, &t->options->net.ifname);
}

static bool take_tftp(const struct taking *t, const char *value)
{
    return keep(t, value, &t->options->net.tftp);
}

static bool take_bootfile(const struct taking *t, const char *value)
{
    return keep(t, value, &t->options->net.bootfile);
}

static bool take_restrict(const struct taking *t, const char *value)
{
    return options_parse_switch(value, &t->options->net.restricted) ||
           report(t, value, "write restrict=on or restrict=off");
}

/* "[A.B.C.D]:PORT" up to the end or `stop`; an empty address leaves the
 * default. Returns where it ended, or NULL. */
static const char *parse_end(const char *p, char stop, uint8_t address[4],
                             uint16_t *port)
{
    size_t length = strcspn(p, ":");
    char text[16];
    char *end;
    unsigned long number;

    if (p[length] != ':' || length >= sizeof(text))
        return NULL;
    memcpy(text, p, length);
    text[length] = '\0';
    if (length > 0 && inet_pton(AF_INET, text, address) != 1)
        return NULL;
    p += length + 1;
    number = strtoul(p, &end, 10);
    if (*p < '0' || *p > '9' || *end != stop || number < 1 || number > 65535)
        return NULL;
    *port = (uint16_t)number;
    return end;
}

/* Who does not say which address listens means this computer alone. */
static bool parse_forward(const char *p, struct net_forward *forward)
{
    *forward = (struct net_forward){
        .host_address = {127, 0, 0, 1},
        .guest_address = {10, 0, 2, 15},
    };
    forward->udp = strncmp(p, "udp:", 4) == 0;
    if (!forward->udp && strncmp(p, "tcp:", 4) != 0)
        return false;
    p = parse_end(p + 4, '-', forward->host_address, &forward->host_port);
    return p &&
           parse_end(p + 1, '\0', forward->guest_address, &forward->guest_port);
}

static bool take_forward(const struct taking *t, const char *value)
{
    struct net_config *net = &t->options->net;

    if (net->forward_count == NET_FORWARDS)
        return report(t, value, "too many forwards; leave some out");
    if (!parse_forward(value, &net->forwards[net->forward_count]))
        return report(t, value,
                      "no forward; write it like hostfwd=tcp::8080-:80, or "
                      "with addresses tcp:127.0.0.1:8080-10.0.2.15:80");
    net->forward_count++;
    return true;
}

static bool take_anything(const struct taking *t, const char *value)
{
    (void)t;
    (void)value;
    return true;
}

static bool take_no(const struct taking *t, const char *value)
{
    return strcmp(value, "no") == 0 || *value == '\0' ||
           report(t, value,
                  "no script is run; set the interface up beforehand");
}

static bool take_off(const struct taking *t, const char *value)
{
    bool on;

    return (options_parse_switch(value, &on) && !on) ||
           report(t, value, "IPv6 is not offered; leave it out");
}

/* What a value may hold; bits of `kinds`. */
enum {
    FOR_USER = 1 << NET_USER,
    FOR_TAP = 1 << NET_TAP,
    FOR_CARD = 1 << 8,
    FOR_ID = 1 << 9, /* QEMU's names of things, which nobody needs here */
};

static const struct {
    const char *key;
    unsigned kinds;
    bool (*take)(const struct taking *t, const char *value);
} keys[] = {
    {"model", FOR_CARD, take_model},
    {"mac", FOR_CARD, take_mac},
    {"macaddr", FOR_CARD, take_mac},
    {"iobase", FOR_CARD, take_base},
    {"irq", FOR_CARD, take_irq},
    {"pcap", FOR_USER | FOR_TAP, take_pcap},
    {"hostfwd", FOR_USER, take_forward},
    {"restrict", FOR_USER, take_restrict},
    {"tftp", FOR_USER, take_tftp},
    {"bootfile", FOR_USER, take_bootfile},
    {"ipv6", FOR_USER, take_off},
    {"ifname", FOR_TAP, take_ifname},
    {"script", FOR_TAP, take_no},
    {"downscript", FOR_TAP, take_no},
    {"id", FOR_ID, take_anything},
    {"netdev", FOR_ID, take_anything},
};

static bool report_key(const struct taking *t, const struct option_piece *piece,
                       unsigned kinds)
{
    char list[200] = "";

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (!(keys[i].kinds & kinds & ~(unsigned)FOR_ID))
            continue;
        if (*list)
            strcat(list, ", ");
        strcat(list, keys[i].key);
    }
    return failure_set(t->failure, EXIT_STATUS_USAGE,
                       "-%s %s: cannot do \"%s%s%s\"; known here are %s",
                       t->row->name, t->text, piece->key,
                       piece->key[0] ? "=" : "", piece->value, list);
}

static bool take_piece(const struct taking *t, const struct option_piece *piece,
                       unsigned kinds)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if ((keys[i].kinds & kinds) && strcmp(keys[i].key, piece->key) == 0)
            return keys[i].take(t, piece->value);
    }
    return report_key(t, piece, kinds);
}

static bool take_pieces(const struct taking *t, const char *rest,
                        unsigned kinds)
{
    struct option_piece piece;
    bool fits;

    while (options_next_piece(&rest, &piece, &fits)) {
        if (!fits)
            return report(t, "", "a value is too long");
        if (!take_piece(t, &piece, kinds))
            return false;
    }
    return true;
}

static bool claim(const struct taking *t, bool *given)
{
    if (*given)
        return report(t, "", "there is one network card; leave one out");
    *given = true;
    return true;
}

/* The network, at the head of a value: "user", "tap" or "none". */
static bool take_kind(const struct taking *t, const struct option_piece *head,
                      const char *rest, unsigned more)
{
    static const struct {
        const char *name;
        enum net_kind kind;
    } kinds[] = {{"user", NET_USER}, {"tap", NET_TAP}, {"none", NET_NONE}};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (head->key[0] || strcmp(head->value, kinds[i].name) != 0)
            continue;
        if (kinds[i].kind == NET_NONE && t->options->net.kind == NET_NONE)
            t->options->given.net = false; /* once more does no harm */
        if (!claim(t, &t->options->given.net))
            return false;
        t->options->net.kind = kinds[i].kind;
        if (kinds[i].kind == NET_NONE)
            return *rest == '\0' ||
                   report(t, "",
                          "without a network there is no card; write "
                          "none alone");
        return take_pieces(t, rest, (1u << kinds[i].kind) | more);
    }
    return report(t, "", "no such network; choose user, tap or none");
}

bool options_take_nic(struct options *options, const struct option_row *row,
                      const char *value, struct failure *failure)
{
    const struct taking t = {options, row, value, failure};
    struct option_piece head;
    const char *rest = value;
    bool fits;

    if (!options_next_piece(&rest, &head, &fits))
        return report(&t, "", "it is empty; choose user, tap or none");
    if (strcmp(row->name, "net") == 0 && !head.key[0] &&
        strcmp(head.value, "nic") == 0)
        return claim(&t, &options->given.nic) &&
               take_pieces(&t, rest, FOR_CARD | FOR_ID);
    return take_kind(&t, &head, rest,
                     strcmp(row->name, "nic") == 0 ? FOR_CARD | FOR_ID
                                                   : FOR_ID);
}

/* "ne2k_pci,netdev=ID,mac=..." after -device. */
bool options_take_card(struct options *options, const struct option_row *row,
                       const char *value, struct failure *failure)
{
    const struct taking t = {options, row, value, failure};
    struct option_piece head;
    const char *rest = value;
    bool fits;

    return options_next_piece(&rest, &head, &fits) &&
           take_model(&t, head.value) && claim(&t, &options->given.nic) &&
           take_pieces(&t, rest, FOR_CARD | FOR_ID);
}

/* A machine gets a network unless it is older than such cards. */
bool options_settle_net(struct options *options, struct failure *failure)
{
    static const uint8_t address[6] = FIRST_ADDRESS;
    static const uint8_t none[6] = {0};
    struct net_config *net = &options->net;
    bool isa = options->board == MACHINE_ISAPC;

    if (!options->given.net)
        net->kind = strcmp(options->cpu, "8086") == 0 && !options->given.nic
                        ? NET_NONE
                        : NET_USER;
    if (net->kind == NET_NONE)
        return true;
    if (net->model == MACHINE_NIC_NONE)
        net->model =
            isa || net->base || net->irq ? MACHINE_NIC_ISA : MACHINE_NIC_PCI;
    if (memcmp(net->address, none, sizeof(none)) == 0)
        memcpy(net->address, address, sizeof(address));
    if (net->model == MACHINE_NIC_PCI && isa)
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "model=ne2k_pci: the board isapc has no PCI; write "
                           "model=ne2k_isa");
    if (net->model == MACHINE_NIC_PCI && (net->base || net->irq))
        return failure_set(failure, EXIT_STATUS_USAGE,
                           "iobase and irq are an ISA card's; add "
                           "model=ne2k_isa or leave them out");
    return true;
}
