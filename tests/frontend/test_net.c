/* The network behind the card, with a guest made by hand and servers on this
 * computer's loopback. */
#include "frontend/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/net_int.h"
#include "tests/frontend/fake_machine.h"
#include "tests/frontend/net_guest.h"
#include "tests/suite.h"

#define PATIENCE_MS 2000

static struct net *net;
static struct net_config config;
static struct machine *machine;
static struct machine_config plugged;
static struct failure failure;
static struct frame_out out;

static void setup(void)
{
    net = NULL;
    config = (struct net_config){.kind = NET_USER, .model = MACHINE_NIC_PCI};
    machine = fake_machine_create();
    memcpy(config.address, guest_mac, 6);
    memset(&plugged, 0, sizeof(plugged));
}

static void teardown(void)
{
    net_close(net);
    machine_destroy(machine);
}

static void start(void)
{
    ck_assert_msg(net_open(&config, host_clock_real(), NULL, &net, &failure),
                  "%s", failure.text);
    net_plug(net, &plugged);
    ck_assert_ptr_nonnull(plugged.nic.host);
}

static void send_out(void)
{
    plugged.nic.host->send(plugged.nic.host, out.bytes, out.count,
                           machine->now_ns);
}

/* Answers the router's question where the guest is. */
static bool answer_arp(void)
{
    const uint8_t *f = machine->frame;

    if (get_be(f + 12, 2) != 0x0806 || get_be(f + 20, 2) != 1 ||
        memcmp(f + 38, guest_ip, 4) != 0)
        return false;
    make_arp(&out, 2, f + 6, f + 28);
    send_out();
    return true;
}

/* Until the next frame that is no such question has come. */
static const uint8_t *next_frame(void)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
        unsigned before = machine->frames;

        net_feed(net, machine);
        if (machine->frames != before && !answer_arp())
            return machine->frame;
        net_poll(net, 1000000);
    }
    ck_abort_msg("no frame came");
    return NULL;
}

static void say_hello(void)
{
    make_arp(&out, 1, everybody, router_ip);
    send_out();
    next_frame();
    net_poll(net, 0);
}

START_TEST(nothing_is_fine)
{
    config.kind = NET_NONE;
    ck_assert(net_open(&config, host_clock_real(), NULL, &net, &failure));
    ck_assert_ptr_null(net);
    net_plug(net, &plugged);
    ck_assert_int_eq(plugged.nic.model, MACHINE_NIC_NONE);
    net_poll(net, 0);
    net_feed(net, machine);
    ck_assert(!net_is_busy(net));
}
END_TEST

START_TEST(card_is_plugged_as_told)
{
    config.base = 0x320;
    config.irq = 5;
    start();
    ck_assert_int_eq(plugged.nic.model, MACHINE_NIC_PCI);
    ck_assert_uint_eq(plugged.nic.base, 0x320);
    ck_assert_uint_eq(plugged.nic.irq, 5);
    ck_assert_mem_eq(plugged.nic.address, guest_mac, 6);
}
END_TEST

START_TEST(router_is_there)
{
    const uint8_t *f;

    start();
    make_arp(&out, 1, everybody, router_ip);
    send_out();
    f = next_frame();
    ck_assert_uint_eq(get_be(f + 12, 2), 0x0806);
    ck_assert_uint_eq(get_be(f + 20, 2), 2);
    ck_assert_mem_eq(f + 28, router_ip, 4);
    make_ping(&out);
    send_out();
    f = next_frame();
    ck_assert_uint_eq(f[IP_AT + 9], 1);
    ck_assert_uint_eq(f[PAYLOAD_AT], 0); /* echo reply */
    ck_assert_mem_eq(f + PAYLOAD_AT + 8, "vitrine!", 8);
    net_poll(net, 0);
    ck_assert(!net_is_busy(net));
}
END_TEST

START_TEST(dhcp_gives_the_address)
{
    const uint8_t *bootp;

    start();
    make_dhcp(&out);
    send_out();
    bootp = next_frame() + PAYLOAD_AT + 8;
    ck_assert_uint_eq(bootp[0], 2);
    ck_assert_uint_eq(get_be(bootp + 4, 4), 0x12345678);
    ck_assert_mem_eq(bootp + 16, guest_ip, 4);
}
END_TEST

/* A packet in pieces arrives, in whatever order they come. */
static void send_piece(const struct frame_out *whole, size_t from, size_t bytes,
                       bool more)
{
    memcpy(out.bytes, whole->bytes, PAYLOAD_AT);
    memcpy(out.bytes + PAYLOAD_AT, whole->bytes + PAYLOAD_AT + from, bytes);
    make_ip(&out, 1, guest_ip, router_ip, bytes);
    put_be(out.bytes + IP_AT + 4, 77, 2);
    put_be(out.bytes + IP_AT + 6, (more ? 0x2000u : 0) | (uint32_t)from / 8, 2);
    put_be(out.bytes + IP_AT + 10, 0, 2);
    put_be(out.bytes + IP_AT + 10, checksum(out.bytes + IP_AT, 20, 0), 2);
    send_out();
}

START_TEST(pieces_become_a_packet)
{
    static const struct {
        size_t from, bytes;
        bool more;
    } orders[][3] = {
        {{0, 400, true}, {400, 400, true}, {800, 208, false}},
        {{800, 208, false}, {400, 400, true}, {0, 400, true}},
        {{400, 400, true}, {800, 208, false}, {0, 480, true}},
    };
    struct frame_out whole;
    uint8_t *icmp = whole.bytes + PAYLOAD_AT;
    const uint8_t *f;

    start();
    say_hello();
    make_ping(&whole);
    for (unsigned i = 8; i < 1008; i++)
        icmp[i] = (uint8_t)(i * 3);
    put_be(icmp + 2, 0, 2);
    put_be(icmp + 2, checksum(icmp, 1008, 0), 2);
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        unsigned before = machine->frames;

        for (unsigned k = 0; k < 3; k++) {
            net_feed(net, machine);
            ck_assert_uint_eq(machine->frames, before);
            send_piece(&whole, orders[i][k].from, orders[i][k].bytes,
                       orders[i][k].more);
        }
        f = next_frame();
        ck_assert_uint_eq(f[PAYLOAD_AT], 0);
        ck_assert_mem_eq(f + PAYLOAD_AT + 8, icmp + 8, 1000);
    }
}
END_TEST

/* TCP both ways. */

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static uint16_t listen_somewhere(int *fd)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);

    *fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(*fd, 0);
    ck_assert_int_eq(bind(*fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(*fd, 1), 0);
    ck_assert_int_eq(getsockname(*fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

/* A segment for the guest; its text is returned, what it acknowledges
 * checked. */
static const char *next_segment(struct tcp_end *end, unsigned flags)
{
    static char text[GUEST_MOST];
    const uint8_t *f = next_frame(), *ip = f + IP_AT, *tcp = f + PAYLOAD_AT;
    size_t bytes = get_be(ip + 2, 2) - 40u;

    ck_assert_uint_eq(ip[9], 6);
    ck_assert_uint_eq(tcp_checksum(ip, get_be(ip + 2, 2) - 20u), 0);
    ck_assert_uint_eq(get_be(tcp + 2, 2), end->port);
    ck_assert_uint_eq(tcp[13] & (TCP_SYN | TCP_FIN), flags);
    bytes -= (tcp[12] >> 4) * 4u - 20u;
    memcpy(text, tcp + (tcp[12] >> 4) * 4, bytes);
    text[bytes] = '\0';
    end->peer_port = (uint16_t)get_be(tcp, 2);
    end->expected =
        get_be(tcp + 4, 4) + (uint32_t)bytes + !!(flags & (TCP_SYN | TCP_FIN));
    return text;
}

static void send_segment(struct tcp_end *end, unsigned flags, const char *data)
{
    make_tcp(&out, end, flags, data);
    send_out();
}

static void read_from_guest(int fd, const char *expected)
{
    char text[64] = "";
    size_t got = 0;

    for (unsigned ms = 0; ms < PATIENCE_MS && got < strlen(expected); ms++) {
        ssize_t count =
            recv(fd, text + got, sizeof(text) - 1 - got, MSG_DONTWAIT);

        if (count > 0)
            got += (size_t)count;
        else
            net_poll(net, 1000000);
    }
    ck_assert_str_eq(text, expected);
}

START_TEST(guest_reaches_a_server_here)
{
    struct tcp_end end = {.port = 40000, .next = 1000};
    int listener, fd;

    end.peer_port = listen_somewhere(&listener);
    start();
    say_hello();
    ck_assert(!net_is_busy(net));
    send_segment(&end, TCP_SYN, "");
    ck_assert(net_is_busy(net));
    next_segment(&end, TCP_SYN);
    send_segment(&end, TCP_ACK, "");
    fd = accept(listener, NULL, NULL);
    ck_assert_int_ge(fd, 0);
    send_segment(&end, TCP_ACK | TCP_PSH, "GET /\n");
    read_from_guest(fd, "GET /\n");
    next_segment(&end, 0);
    net_poll(net, 0);
    ck_assert(net_is_busy(net)); /* for as long as it is open */
    ck_assert_int_eq(send(fd, "found\n", 6, 0), 6);
    ck_assert_str_eq(next_segment(&end, 0), "found\n");
    send_segment(&end, TCP_ACK, "");
    close(fd);
    next_segment(&end, TCP_FIN);
    send_segment(&end, TCP_ACK | TCP_FIN, "");
    next_segment(&end, 0);
    net_poll(net, 0);
    ck_assert(!net_is_busy(net));
    close(listener);
}
END_TEST

/* A server has more to send than libslirp keeps for a guest. Returns its
 * socket, connected to `end`. */
static int flood_guest(struct tcp_end *end)
{
    static uint8_t data[1000000];
    int listener, fd;
    unsigned before;

    end->peer_port = listen_somewhere(&listener);
    start();
    say_hello();
    send_segment(end, TCP_SYN, "");
    next_segment(end, TCP_SYN);
    send_segment(end, TCP_ACK, "");
    fd = accept(listener, NULL, NULL);
    close(listener);
    ck_assert_int_ge(fd, 0);
    do {
        before = machine->frames;
        (void)!send(fd, data, sizeof(data), MSG_DONTWAIT);
        for (unsigned ms = 0; ms < 50; ms++) {
            net_poll(net, 1000000);
            net_feed(net, machine);
        }
    } while (machine->frames != before);
    return fd;
}

/* Lets guest time pass, none of the host's, until a frame comes. */
static uint64_t skip_to_frame(uint64_t most_ns)
{
    uint64_t began = machine->now_ns;
    unsigned before = machine->frames;

    while (machine->frames == before && machine->now_ns < began + most_ns) {
        machine->now_ns += 1000000;
        net_feed(net, machine);
    }
    return machine->now_ns - began;
}

static uint32_t frame_sequence(void)
{
    return get_be(machine->frame + PAYLOAD_AT + 4, 4);
}

/* A guest that got nothing, and sleeps, may skip what it likes: everything is
 * sent again in its own time, and more slowly each time. */
START_TEST(lost_segments_come_again_in_guest_time)
{
    struct tcp_end end = {.port = 40000, .next = 1000};
    int fd = flood_guest(&end);
    uint64_t waited, before = 0;

    net_poll(net, 0);
    ck_assert(!net_is_busy(net)); /* nobody outside is waited for */
    for (unsigned i = 0; i < 5; i++) {
        waited = skip_to_frame(UINT64_C(20000000000));
        ck_assert_uint_eq(frame_sequence(), end.expected);
        ck_assert_uint_ge(waited, 400000000);
        ck_assert_uint_le(waited, UINT64_C(13000000000));
        ck_assert_uint_ge(waited + 1000000000, before);
        before = waited;
    }
    end.expected += get_be(machine->frame + 16, 2) - 40;
    send_segment(&end, TCP_ACK, "");
    next_frame(); /* that or one behind it */
    ck_assert_uint_ge(frame_sequence(), end.expected);
    close(fd);
}
END_TEST

/* Nor does it miss that its window is asked for. */
START_TEST(full_guest_is_asked_in_guest_time)
{
    struct tcp_end end = {.port = 40000, .next = 1000};
    int fd = flood_guest(&end);

    end.expected = frame_sequence() + get_be(machine->frame + 16, 2) - 40;
    end.full = true;
    send_segment(&end, TCP_ACK, "");
    net_poll(net, 0);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t waited = skip_to_frame(UINT64_C(100000000000));

        ck_assert_uint_eq(frame_sequence(), end.expected);
        ck_assert_uint_eq(get_be(machine->frame + 16, 2), 41); /* one byte */
        ck_assert_uint_ge(waited, UINT64_C(1000000000));
        ck_assert_uint_le(waited, UINT64_C(61000000000));
    }
    close(fd);
}
END_TEST

START_TEST(host_reaches_a_server_there)
{
    struct tcp_end end = {.port = 80, .next = 5000};
    struct sockaddr_in address;
    int fd = -1;

    config.forward_count = 1;
    config.restricted = true; /* forwards work all the same */
    config.forwards[0] = (struct net_forward){
        .host_address = {127, 0, 0, 1},
        .guest_address = {10, 0, 2, 15},
        .host_port = listen_somewhere(&fd), /* a free one */
        .guest_port = 80,
    };
    close(fd);
    start();
    say_hello();
    ck_assert(!net_is_busy(net)); /* to listen is not to wait */
    fd = socket(AF_INET, SOCK_STREAM, 0);
    address = loopback(config.forwards[0].host_port);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    next_segment(&end, TCP_SYN);
    send_segment(&end, TCP_ACK | TCP_SYN, "");
    next_segment(&end, 0);
    ck_assert_int_eq(send(fd, "hi", 2, 0), 2);
    ck_assert_str_eq(next_segment(&end, 0), "hi");
    send_segment(&end, TCP_ACK | TCP_PSH, "ho");
    read_from_guest(fd, "ho");
    close(fd);
}
END_TEST

/* The queue. */

START_TEST(frames_keep_their_order)
{
    uint8_t frame[HOST_NET_FRAME_MOST] = {0};
    unsigned i, taken = 0;

    start();
    machine->refuse_frames = true;
    for (i = 0; i < 1100; i++) {
        frame[20] = (uint8_t)i;
        taken += net_deliver(net, frame, 60);
    }
    ck_assert_uint_eq(taken, 1024); /* the newest are lost */
    net_feed(net, machine);
    ck_assert_uint_eq(machine->frames, 0);
    machine->refuse_frames = false;
    net_feed(net, machine);
    ck_assert_uint_eq(machine->frames, 1024);
    ck_assert_uint_eq(machine->frame[20], 255);
}
END_TEST

START_TEST(frames_of_odd_lengths_are_nothing)
{
    static uint8_t frame[70000];
    size_t bytes;

    start();
    for (bytes = 0; bytes < sizeof(frame); bytes += bytes < 2000 ? 1 : 977) {
        unsigned before = machine->frames;

        ck_assert(net_deliver(net, frame, bytes));
        net_feed(net, machine);
        ck_assert_uint_eq(machine->frames - before,
                          bytes >= 14 && bytes <= 1518);
    }
}
END_TEST

/* Files. */

START_TEST(pcap_is_what_tcpdump_reads)
{
    static const uint8_t head[24] = {0x4d, 0x3c, 0xb2,        0xa1, 2,       0,
                                     4,    0,    [16] = 0xee, 0x05, [20] = 1};
    char path[] = "/tmp/net-test-XXXXXX";
    uint8_t file[400];
    FILE *stream;
    size_t size;

    close(mkstemp(path));
    config.pcap = path;
    start();
    machine->now_ns = 3000000005;
    make_arp(&out, 1, everybody, router_ip);
    send_out();
    machine->now_ns = 3001000000;
    next_frame();
    net_poll(net, 0);
    stream = fopen(path, "rb");
    size = fread(file, 1, sizeof(file), stream);
    fclose(stream);
    remove(path);
    ck_assert_mem_eq(file, head, sizeof(head));
    ck_assert_uint_eq(file[24], 3); /* seconds, nanoseconds, lengths */
    ck_assert_uint_eq(file[28], 5);
    ck_assert_uint_eq(file[32], 42);
    ck_assert_uint_eq(file[36], 42);
    ck_assert_mem_eq(file + 40, out.bytes, 42);
    ck_assert_uint_eq(file[82], 3);
    ck_assert_uint_eq(file[86], 1000000 & 0xff);
    ck_assert_mem_eq(file + 98, machine->frame, machine->frame_bytes);
    ck_assert_uint_eq(size, 98 + machine->frame_bytes);
}
END_TEST

/* What the host refuses. */

static void check_refused(const char *text)
{
    ck_assert(!net_open(&config, host_clock_real(), NULL, &net, &failure));
    ck_assert_ptr_null(net);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_msg(strstr(failure.text, text), "%s", failure.text);
}

START_TEST(pcap_needs_a_folder)
{
    config.pcap = "/nonexistent/x.pcap";
    check_refused("-nic pcap=/nonexistent/x.pcap: no such folder; ");
}
END_TEST

START_TEST(tftp_needs_a_folder)
{
    config.tftp = "/nonexistent";
    check_refused("-nic tftp=/nonexistent: no such folder; name a folder");
    config.tftp = "/dev/null";
    check_refused("-nic tftp=/dev/null: Not a directory; name a folder");
}
END_TEST

START_TEST(port_may_be_taken)
{
    int fd;

    config.forward_count = 1;
    config.forwards[0].host_address[0] = 127;
    config.forwards[0].host_address[3] = 1;
    config.forwards[0].host_port = listen_somewhere(&fd);
    config.forwards[0].guest_port = 80;
    check_refused("of 127.0.0.1: Address already in use; choose another port");
    close(fd);
}
END_TEST

START_TEST(tap_says_what_is_missing)
{
    int fd = open("/dev/net/tun", O_RDWR);

    config.kind = NET_TAP;
    config.ifname = "no such one/";
    if (fd >= 0)
        close(fd);
    check_refused("-nic tap,ifname=no such one/: /dev/net/tun: ");
}
END_TEST

/* A hostile guest: frames that are almost right. */

static uint32_t random_number(void)
{
    static uint32_t seed = 5;

    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void make_random(struct tcp_end *end)
{
    switch (random_number() % 8) {
    case 0: make_dhcp(&out); break;
    case 1: make_ping(&out); break;
    case 2:
        make_arp(&out, 1 + random_number() % 2, everybody, router_ip);
        break;
    default: make_tcp(&out, end, random_number() & 0x3f, "x"); break;
    }
}

/* Wherever a frame was damaged, it stays inside this test: its destination is
 * the router, and there `port`, DHCP or TFTP. */
static void confine(uint16_t port)
{
    uint8_t *ip = out.bytes + IP_AT, *payload = out.bytes + PAYLOAD_AT;

    if (get_be(out.bytes + 12, 2) != 0x0800)
        return;
    if (ip[9] == 17)
        put_be(payload + 2, random_number() % 2 ? 67 : 69, 2);
    else if (ip[9] == 6)
        put_be(payload + 2, port, 2);
    if (ip[9] == 6 || ip[9] == 17)
        ip[0] = 0x45;
    memcpy(ip + 16, router_ip, 4);
}

static void mend_checksums(void)
{
    uint8_t *ip = out.bytes + IP_AT, *tcp = out.bytes + PAYLOAD_AT;

    put_be(ip + 10, 0, 2);
    put_be(ip + 10, checksum(ip, 20, 0), 2);
    if (ip[9] != 6 || out.count < PAYLOAD_AT + 20)
        return;
    put_be(tcp + 16, 0, 2);
    put_be(tcp + 16, tcp_checksum(ip, out.count - PAYLOAD_AT), 2);
}

START_TEST(random_frames_do_no_harm)
{
    const char *text = getenv("VITRINE_RANDOM_ACCESSES");
    unsigned count = text ? (unsigned)strtoul(text, NULL, 10) : 30000;
    struct tcp_end end = {.next = 1};
    int listener;
    uint16_t port = listen_somewhere(&listener);

    end.peer_port = port;
    start();
    for (unsigned i = 0; i < count; i++) {
        end.port = (uint16_t)(40000 + random_number() % 8);
        make_random(&end);
        for (unsigned k = random_number() % 6; k > 0; k--)
            out.bytes[12 + random_number() % (out.count - 12)] =
                (uint8_t)random_number();
        if (random_number() % 8 == 0)
            out.count = 14 + random_number() % (out.count - 14);
        confine(port);
        if (random_number() % 4)
            mend_checksums();
        send_out();
        if (i % 32 == 0)
            net_poll(net, 0);
        net_feed(net, machine);
        if (machine->frames && get_be(machine->frame + 12, 2) == 0x0800)
            end.expected = get_be(machine->frame + PAYLOAD_AT + 4, 4) + 1;
        answer_arp();
    }
    close(listener);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/net");
    TCase *tcase = tcase_create("network");

    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_is_fine);
    tcase_add_test(tcase, card_is_plugged_as_told);
    tcase_add_test(tcase, router_is_there);
    tcase_add_test(tcase, dhcp_gives_the_address);
    tcase_add_test(tcase, pieces_become_a_packet);
    tcase_add_test(tcase, guest_reaches_a_server_here);
    tcase_add_test(tcase, lost_segments_come_again_in_guest_time);
    tcase_add_test(tcase, full_guest_is_asked_in_guest_time);
    tcase_add_test(tcase, host_reaches_a_server_there);
    tcase_add_test(tcase, frames_keep_their_order);
    tcase_add_test(tcase, frames_of_odd_lengths_are_nothing);
    tcase_add_test(tcase, pcap_is_what_tcpdump_reads);
    tcase_add_test(tcase, pcap_needs_a_folder);
    tcase_add_test(tcase, tftp_needs_a_folder);
    tcase_add_test(tcase, port_may_be_taken);
    tcase_add_test(tcase, tap_says_what_is_missing);
    tcase_add_test(tcase, random_frames_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}
