#include "frontend/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"

#define WORDS_MAX 24

static struct options options;
static struct failure failure;

/* Parses a line cut at its blanks. The words live until the next call. */
static bool parse(const char *line)
{
    static char copy[512];
    char *argv[WORDS_MAX + 2] = {copy};
    int argc = 1;
    char *word;

    options_release(&options);
    memset(&failure, 0, sizeof(failure));
    snprintf(copy, sizeof(copy), "%s", line);
    for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[0] = "vitrine";
    return options_parse(&options, argc, argv, &failure);
}

#define ck_parse(line) ck_assert_msg(parse(line), "%s", failure.text)

static void teardown(void)
{
    options_release(&options);
}

/* Every line that is wrong, with the whole message. All have status 2. */
/* clang-format off */
static const struct {
    const char *line, *text;
} wrong[] = {
    {"-m", "-m: its value is missing; write -m SIZE"},
    {"-serial", "-serial: its value is missing; write -serial DEST"},
    {"-m lots", "-m lots: not a size; write it like 640K, 64M or 1G"},
    {"-m 0", "-m 0: not a size that the board takes; give 256K to 2G, a multiple of 64K"},
    {"-m 1K", "-m 1K: not a size that the board takes; give 256K to 2G, a multiple of 64K"},
    {"-m 16G", "-m 16G: not a size that the board takes; give 256K to 2G, a multiple of 64K"},
    {"-m 100K", "-m 100K: not a size that the board takes; give 256K to 2G, a multiple of 64K"},
    {"-m 4 -m 8", "-m is given twice; leave one out"},
    {"-cpu 286 -machine pc", "-machine pc: a PCI board needs a 386 or later; use -machine isapc with -cpu 286"},
    {"-cpu z80", "-cpu z80: no such choice; choose one of 8086, 286, 386, 486"},
    {"-cpu 386 -cpu 486", "-cpu is given twice; leave one out"},
    {"-machine q35", "-machine q35: no such choice; choose one of pc, isapc"},
    {"-machine pc,acpi=off", "-machine pc,acpi=off: no property of a board is known; write its name alone"},
    {"-engine fast", "-engine fast: no such choice; choose one of jit, interp, verify"},
    {"-engine verify -record x", "-engine verify and -record exclude each other; leave one out"},
    {"-engine verify -monitor stdio -display none", "-engine verify and -monitor exclude each other; leave one out"},
    {"-speed warp", "-speed warp: not a speed; write max, real or the MHz, 0.001 to 1000000"},
    {"-speed 0", "-speed 0: not a speed; write max, real or the MHz, 0.001 to 1000000"},
    {"-speed 1000001", "-speed 1000001: not a speed; write max, real or the MHz, 0.001 to 1000000"},
    {"-limit soon", "-limit soon: not a time; write it like 90s, 500ms or 2m"},
    {"-limit 0s", "-limit 0s: not a time; write it like 90s, 500ms or 2m"},
    {"-rtc base=noon", "-rtc base=noon: not a time; write base=localtime, base=utc or one from 1980 to 2099 like base=1996-01-31T12:00:00"},
    {"-rtc 1999-02-29", "-rtc 1999-02-29: not a time; write base=localtime, base=utc or one from 1980 to 2099 like base=1996-01-31T12:00:00"},
    {"-rtc 1999-01-01T24:00:00", "-rtc 1999-01-01T24:00:00: not a time; write base=localtime, base=utc or one from 1980 to 2099 like base=1996-01-31T12:00:00"},
    {"-boot x", "-boot x: not an order of drives; write each of a (floppy), c (disk), d (CD), n (network) once at most, like -boot ca"},
    {"-boot aa", "-boot aa: not an order of drives; write each of a (floppy), c (disk), d (CD), n (network) once at most, like -boot ca"},
    {"-boot a -boot c", "-boot is given twice; leave one out"},
    {"-fda x -fda y", "-fda y: the drive already has x; leave one out"},
    {"-hda x -hda y", "-hda y: the drive already has x; leave one out"},
    {"-fda= -m 4", "-fda: the name of the image is empty; name a file"},
    {"-fda x -fdb x", "x: two drives would write to the same image; use a copy, or -snapshot"},
    {"-hda x x", "x: two drives would write to the same image; use a copy, or -snapshot"},
    {"/dev/null -hda /dev/../dev/null", "/dev/null: two drives would write to the same image; use a copy, or -snapshot"},
    {"a b c d e f g", "g: too many images; there are 6 drives"},
    {"-drive if=floppy", "-drive if=floppy: no image; add file=FILE"},
    {"-drive file=x,if=virtio", "-drive file=x,if=virtio: cannot do \"if=virtio\"; known are file=FILE, if=floppy|ide, index=N, format=raw, media=disk|cdrom, readonly=on, snapshot=on"},
    {"-drive file=x,format=qcow2", "-drive file=x,format=qcow2: cannot do \"format=qcow2\"; known are file=FILE, if=floppy|ide, index=N, format=raw, media=disk|cdrom, readonly=on, snapshot=on"},
    {"-drive file=x,media=tape", "-drive file=x,media=tape: cannot do \"media=tape\"; known are file=FILE, if=floppy|ide, index=N, format=raw, media=disk|cdrom, readonly=on, snapshot=on"},
    {"-drive file=x,if=floppy,media=cdrom", "-drive file=x,if=floppy,media=cdrom: a CD is no floppy; write if=ide"},
    {"-cdrom x -hdc y", "-hdc y: the drive already has x; leave one out"},
    {"-cdrom none -cdrom x", "-cdrom is given twice; leave one out"},
    {"-drive x", "-drive x: cannot do \"x\"; known are file=FILE, if=floppy|ide, index=N, format=raw, media=disk|cdrom, readonly=on, snapshot=on"},
    {"-drive file=x,index=4", "-drive file=x,index=4: there is no such drive, or none is free; floppies have index 0 and 1, disks 0 to 3"},
    {"-drive file=x,if=floppy,index=2", "-drive file=x,if=floppy,index=2: there is no such drive, or none is free; floppies have index 0 and 1, disks 0 to 3"},
    {"-drive file=x,if=floppy -fda y", "-fda y: the drive already has x; leave one out"},
    {"-display gtk", "-display gtk: no such choice; choose one of sdl, text, none"},
    {"-display sdl -display none", "-display is given twice; leave one out"},
    {"-display sdl -nographic", "-nographic and -display sdl exclude each other; leave one out"},
    {"-audio oss", "-audio oss: no such choice; choose one of sdl, wav:FILE, none"},
    {"-audio wav:", "-audio wav:: no such choice; choose one of sdl, wav:FILE, none"},
    {"-serial pty", "-serial pty: no such destination; known are stdio, file:PATH, unix:PATH, tcp:HOST:PORT, none"},
    {"-serial file:", "-serial file:: write the file like file:com1.txt"},
    {"-serial unix:", "-serial unix:: write the socket like unix:/tmp/com1 or unix:/tmp/com1,server,nowait"},
    {"-serial tcp:host", "-serial tcp:host: write the socket like tcp:localhost:4444 or tcp::4444,server,nowait"},
    {"-serial tcp:host:", "-serial tcp:host:: write the socket like tcp:localhost:4444 or tcp::4444,server,nowait"},
    {"-serial tcp::1,fast", "-serial tcp::1,fast: write the socket like tcp:localhost:4444 or tcp::4444,server,nowait"},
    {"-serial none -serial none -serial none -serial none -serial stdio", "-serial stdio: the machine has 4 serial ports; leave it out"},
    {"-serial stdio -serial stdio", "two ports on stdio; send one to file:PATH, or the monitor to unix:PATH"},
    {"-serial stdio -debugcon stdio", "two ports on stdio; send one to file:PATH, or the monitor to unix:PATH"},
    {"-display text -serial stdio", "the terminal shows the screen, so no port can have stdio; send it to file:PATH, or use -nographic for screen and COM1 together"},
    {"-nographic -debugcon stdio", "the terminal shows the screen, so no port can have stdio; send it to file:PATH, or use -nographic for screen and COM1 together"},
    {"-debugcon none -debugcon none", "-debugcon is given twice; leave one out"},
    {"-parallel none -parallel none", "-parallel is given twice; leave one out"},
    {"-script a -script b", "-script is given twice; leave one out"},
    {"-script=", "-script: its value is empty; write -script FILE"},
    {"-bios= -m 4", "-bios: its value is empty; write -bios FILE"},
    {"-d trace", "-d trace: no such choice; the only one is guest_errors"},
    {"-initrd x", "-initrd: there is no kernel to give it to; name one with -kernel FILE, or leave -initrd out"},
    {"-append x", "-append: there is no kernel to give it to; name one with -kernel FILE, or leave -append out"},
    {"-kernel x -cpu 286", "-kernel: such kernels need a 386 or later; choose another -cpu than 286"},
    {"-kernel x -kernel y", "-kernel is given twice; leave one out"},
    {"-nic bridge", "-nic bridge: no such network; choose user, tap or none"},
    {"-nic none,model=ne2k_pci", "-nic none,model=ne2k_pci: without a network there is no card; write none alone"},
    {"-nic user -nic user", "-nic user: there is one network card; leave one out"},
    {"-net nic -net nic", "-net nic: there is one network card; leave one out"},
    {"-nic user,model=e1000", "-nic user,model=e1000: e1000: no such card; choose ne2k_isa or ne2k_pci"},
    {"-nic user,mac=1:2:3", "-nic user,mac=1:2:3: 1:2:3: no card's address; write it like 52:54:00:12:34:56, the first number even"},
    {"-nic user,mac=01:00:5e:00:00:01", "-nic user,mac=01:00:5e:00:00:01: 01:00:5e:00:00:01: no card's address; write it like 52:54:00:12:34:56, the first number even"},
    {"-nic user,mac=52:54:00:12:34:567", "-nic user,mac=52:54:00:12:34:567: 52:54:00:12:34:567: no card's address; write it like 52:54:00:12:34:56, the first number even"},
    {"-nic user,hostfwd=tcp:80", "-nic user,hostfwd=tcp:80: tcp:80: no forward; write it like hostfwd=tcp::8080-:80, or with addresses tcp:127.0.0.1:8080-10.0.2.15:80"},
    {"-nic user,hostfwd=tcp::0-:80", "-nic user,hostfwd=tcp::0-:80: tcp::0-:80: no forward; write it like hostfwd=tcp::8080-:80, or with addresses tcp:127.0.0.1:8080-10.0.2.15:80"},
    {"-nic user,hostfwd=tcp::70000-:80", "-nic user,hostfwd=tcp::70000-:80: tcp::70000-:80: no forward; write it like hostfwd=tcp::8080-:80, or with addresses tcp:127.0.0.1:8080-10.0.2.15:80"},
    {"-nic user,hostfwd=sctp::1-:1", "-nic user,hostfwd=sctp::1-:1: sctp::1-:1: no forward; write it like hostfwd=tcp::8080-:80, or with addresses tcp:127.0.0.1:8080-10.0.2.15:80"},
    {"-nic user,hostfwd=tcp:host:1-:1", "-nic user,hostfwd=tcp:host:1-:1: tcp:host:1-:1: no forward; write it like hostfwd=tcp::8080-:80, or with addresses tcp:127.0.0.1:8080-10.0.2.15:80"},
    {"-nic user,ifname=x", "-nic user,ifname=x: cannot do \"ifname=x\"; known here are model, mac, macaddr, iobase, irq, pcap, hostfwd, restrict, tftp, bootfile, ipv6"},
    {"-nic tap,hostfwd=tcp::1-:1", "-nic tap,hostfwd=tcp::1-:1: cannot do \"hostfwd=tcp::1-:1\"; known here are model, mac, macaddr, iobase, irq, pcap, ifname, script, downscript"},
    {"-nic tap,script=/etc/up", "-nic tap,script=/etc/up: /etc/up: no script is run; set the interface up beforehand"},
    {"-nic tap,ifname=a-very-long-name", "-nic tap,ifname=a-very-long-name: a-very-long-name: the name of an interface has 15 letters"},
    {"-nic user,restrict=maybe", "-nic user,restrict=maybe: maybe: write restrict=on or restrict=off"},
    {"-nic user,iobase=0x310,model=ne2k_isa", "-nic user,iobase=0x310,model=ne2k_isa: 0x310: the card cannot stand there; choose 0x200 to 0x3e0 in steps of 0x20"},
    {"-nic user,irq=2", "-nic user,irq=2: 2: the card has no such interrupt; choose 3, 4, 5, 9, 10, 11, 12 or 15"},
    {"-nic user,model=ne2k_pci -machine isapc", "model=ne2k_pci: the board isapc has no PCI; write model=ne2k_isa"},
    {"-nic user,model=ne2k_pci,irq=5", "iobase and irq are an ISA card's; add model=ne2k_isa or leave them out"},
    {"-record x -replay y", "-record and -replay exclude each other; leave one out"},
    {"-replay y -m 4M", "-m: with -replay the recording says what machine it is; leave it out"},
    {"-replay y -speed 5", "-speed N: with -replay the recording says what machine it is; leave it out"},
    {"-replay y x.img", "x.img: with -replay the recording names its images; if this is one of them under another name, say of which drive, as in -hda FILE"},
    {"-qmp file:x", "-qmp file:x: a file says nothing; write unix:/tmp/qmp or tcp::4444"},
    {"-gdb stdio", "-gdb stdio: gdb cannot come that way; write tcp::1234 or unix:/tmp/gdb"},
    {"-gdb 1234", "-gdb 1234: no such destination; known are stdio, file:PATH, unix:PATH, tcp:HOST:PORT, none"},
    {"-s -gdb tcp::1", "-gdb is given twice; leave one out"},
    {"-gdb tcp::1 -s", "-s is given twice; leave one out"},
    {"-device e1000", "-device e1000: devices are chosen by the board; known are only isa-debug-exit,iobase=0xf4,iosize=4 and the network cards ne2k_pci and ne2k_isa"},
    {"-device isa-debug-exit,iobase=0x501", "-device isa-debug-exit,iobase=0x501: devices are chosen by the board; known are only isa-debug-exit,iobase=0xf4,iosize=4 and the network cards ne2k_pci and ne2k_isa"},
    {"-vga cirrus", "-vga cirrus: this machine knows only -vga std; leave it out"},
    {"-monitor vc", "-monitor vc: no such destination; known are stdio, file:PATH, unix:PATH, tcp:HOST:PORT, none"},
    {"-monitor file:x", "-monitor file:x: a file says nothing; write stdio, unix:/tmp/mon or tcp::4444"},
    {"-serial stdio -monitor stdio", "two ports on stdio; send one to file:PATH, or the monitor to unix:PATH"},
    {"-k de", "-k de: this machine knows only -k en-us; leave it out"},
    {"-smp 2", "-smp 2: this machine knows only -smp 1; leave it out"},
    {"-accel kvm", "-accel kvm: this machine knows only -accel tcg; leave it out"},
    {"-no-reboot", "-no-reboot: an option of QEMU that is not known here; a reset starts the guest again; end the run with -limit or -script"},
    {"-enable-kvm", "-enable-kvm: an option of QEMU that is not known here; no hardware virtualization is needed: leave it out"},
    {"-vnc :1", "-vnc :1: an option of QEMU that is not known here; write -display sdl, -display text or -display none"},
    {"--nosuch", "--nosuch: unknown option; did you mean -nographic? vitrine --help lists all"},
    {"-q", "-q: unknown option; vitrine --help lists all"},
    {"-displ none", "-displ: unknown option; did you mean -display? vitrine --help lists all"},
    {"-stats=3", "-stats=3: -stats takes no value; leave it out"},
};
/* clang-format on */

START_TEST(says_what_is_wrong)
{
    ck_assert_msg(!parse(wrong[_i].line), "accepted: %s", wrong[_i].line);
    ck_assert_str_eq(failure.text, wrong[_i].text);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_USAGE);
}
END_TEST

START_TEST(defaults)
{
    ck_parse("");
    ck_assert_int_eq(options.action, OPTIONS_RUN);
    ck_assert_int_eq(options.board, MACHINE_PC);
    ck_assert_int_eq(options.engine, MACHINE_JIT);
    ck_assert_str_eq(options.cpu, "pentium3");
    ck_assert_uint_eq(options.ram_bytes, MIB(64));
    ck_assert_uint_eq(options.insns_per_sec, 0);
    ck_assert(options.paced);
    ck_assert_int_eq(options.rtc, OPTIONS_RTC_LOCAL);
    ck_assert_uint_eq(options.limit_ns, UINT64_MAX);
    ck_assert_int_eq(options.display, OPTIONS_DISPLAY_SDL);
    ck_assert_int_eq(options.audio, OPTIONS_AUDIO_DEFAULT);
    ck_assert_uint_eq(options.images, 0);
    ck_assert_str_eq(options.boot_order, "");
    ck_assert(!options.exit_port && !options.stats && !options.snapshot);
    ck_assert_int_eq(options.serial[0].kind, CHARDEV_NONE);
    ck_assert_uint_eq(options.notice_count, 0);
}
END_TEST

START_TEST(machine)
{
    ck_parse("-m 1G -cpu 286 -machine isapc -speed 4.77 --limit=90s");
    ck_assert_uint_eq(options.ram_bytes, MIB(1024));
    ck_assert_str_eq(options.cpu, "286");
    ck_assert_int_eq(options.board, MACHINE_ISAPC);
    ck_assert_uint_eq(options.insns_per_sec, 4770000);
    ck_assert(options.paced);
    ck_assert_uint_eq(options.limit_ns, 90000000000);
    ck_parse("-m64 -M pc,accel=tcg -engine interp -speed max");
    ck_assert_uint_eq(options.ram_bytes, MIB(64));
    ck_assert(!options.paced);
    ck_parse("--m 640K");
    ck_assert_uint_eq(options.ram_bytes, KIB(640));
    ck_parse("-m size=16");
    ck_assert_uint_eq(options.ram_bytes, MIB(16));
    ck_parse("-cpu 8086");
    ck_assert_uint_eq(options.ram_bytes, KIB(640));
}
END_TEST

START_TEST(engines_are_chosen)
{
    ck_parse("-engine jit");
    ck_assert_int_eq(options.engine, MACHINE_JIT);
    ck_parse("-engine interp");
    ck_assert_int_eq(options.engine, MACHINE_INTERP);
}
END_TEST

/* clang-format off */
static const struct {
    const char *text;
    int64_t sec;
} dates[] = {
    {"-rtc base=1996-01-01T12:00:00", 820497600},
    {"-rtc base=2000-02-29", 951782400},
    {"-rtc 1980-01-01T00:00:01", 315532801},
    {"-rtc base=2099-12-31T23:59:59", 4102444799},
};
/* clang-format on */

START_TEST(fixed_clock)
{
    ck_parse(dates[_i].text);
    ck_assert_int_eq(options.rtc, OPTIONS_RTC_FIXED);
    ck_assert_int_eq(options.rtc_sec, dates[_i].sec);
}
END_TEST

/* Where somebody looks, time is real; a script or a run without anybody
 * repeats exactly. */
/* clang-format off */
static const struct {
    const char *line;
    bool paced;
    enum options_rtc rtc;
} habits[] = {
    {"-display none", false, OPTIONS_RTC_FIXED},
    {"-display none -serial file:x", false, OPTIONS_RTC_FIXED},
    {"-display none -serial stdio", true, OPTIONS_RTC_LOCAL},
    {"-display none -serial none -serial unix:x", true, OPTIONS_RTC_LOCAL},
    {"-display none -serial stdio -script x", false, OPTIONS_RTC_FIXED},
    {"-display none -speed real", true, OPTIONS_RTC_FIXED},
    {"-display none -rtc utc", false, OPTIONS_RTC_UTC},
    {"-script x", true, OPTIONS_RTC_FIXED},
    {"-script x -rtc localtime", true, OPTIONS_RTC_LOCAL},
    {"-display text", true, OPTIONS_RTC_LOCAL},
    {"-nographic", true, OPTIONS_RTC_LOCAL},
    {"-speed max", false, OPTIONS_RTC_LOCAL},
};
/* clang-format on */

START_TEST(time_follows_the_audience)
{
    ck_parse(habits[_i].line);
    ck_assert_msg(options.paced == habits[_i].paced, "%s", habits[_i].line);
    ck_assert_int_eq(options.rtc, habits[_i].rtc);
}
END_TEST

START_TEST(drives)
{
    ck_parse("a.img -fda b.img -hdc c.img d.img -boot order=ca -snapshot");
    ck_assert_uint_eq(options.images, 2);
    ck_assert_str_eq(options.image[0].path, "a.img");
    ck_assert_str_eq(options.image[1].path, "d.img");
    ck_assert_str_eq(options.floppy[0].path, "b.img");
    ck_assert_ptr_null(options.floppy[1].path);
    ck_assert_str_eq(options.disk[2].path, "c.img");
    ck_assert_str_eq(options.boot_order, "ca");
    ck_assert(options.snapshot);
    ck_parse("-stats -- -odd.img");
    ck_assert_str_eq(options.image[0].path, "-odd.img");
    ck_parse("-snapshot -fda x -fdb x"); /* nobody writes */
}
END_TEST

START_TEST(drives_as_qemu_has_them)
{
    ck_parse("-drive file=a,,b,format=raw,if=floppy -drive file=c "
             "-drive file=d,index=3,readonly=on,snapshot=on -hdb e");
    ck_assert_str_eq(options.floppy[0].path, "a,b");
    ck_assert_str_eq(options.disk[0].path, "c");
    ck_assert_str_eq(options.disk[1].path, "e");
    ck_assert_str_eq(options.disk[3].path, "d");
    ck_assert(options.disk[3].read_only && options.disk[3].snapshot);
    ck_assert(!options.disk[0].read_only && !options.disk[0].snapshot);
}
END_TEST

START_TEST(qemu_idioms)
{
    ck_parse("-nodefaults -vga std -monitor none -k en-us -smp 1 -accel tcg "
             "-no-user-config -nic none -net none -audio none");
    ck_assert(!options.exit_port);
    ck_parse("-device isa-debug-exit,iobase=0xf4,iosize=4");
    ck_assert(options.exit_port);
    ck_parse("-curses");
    ck_assert_int_eq(options.display, OPTIONS_DISPLAY_TEXT);
}
END_TEST

START_TEST(debuggers)
{
    ck_parse("-display none");
    ck_assert_int_eq(options.gdb.kind, CHARDEV_NONE);
    ck_assert_int_eq(options.monitor.kind, CHARDEV_NONE);
    ck_assert(!options.start_paused && !options.paced);
    ck_parse("-s -S -display none");
    ck_assert_int_eq(options.gdb.kind, CHARDEV_TCP);
    ck_assert_str_eq(options.gdb.port, "1234");
    ck_assert(options.gdb.server && !options.gdb.wait);
    ck_assert(options.start_paused && !options.paced);
    ck_parse("-gdb unix:/x/y -monitor stdio -display none");
    ck_assert_int_eq(options.gdb.kind, CHARDEV_UNIX);
    ck_assert(options.gdb.server && !options.gdb.wait);
    ck_assert_int_eq(options.monitor.kind, CHARDEV_STDIO);
    ck_assert(options.paced); /* somebody types */
    ck_parse("-S -display none");
    ck_assert_uint_eq(options.notice_count, 1);
}
END_TEST

START_TEST(network_by_default)
{
    ck_parse("-display none");
    ck_assert_int_eq(options.net.kind, NET_USER);
    ck_assert_int_eq(options.net.model, MACHINE_NIC_PCI);
    ck_assert(!options.paced);
    ck_parse("-machine isapc");
    ck_assert_str_eq(options.cpu, "486");
    ck_assert_int_eq(options.net.model, MACHINE_NIC_ISA);
    ck_parse("-cpu 8086");
    ck_assert_int_eq(options.net.kind, NET_NONE);
    ck_parse("-nic none");
    ck_assert_int_eq(options.net.kind, NET_NONE);
}
END_TEST

START_TEST(network_as_told)
{
    static const uint8_t mac[6] = {2, 0, 0xab, 0xc, 0xde, 0xf};
    static const uint8_t here[4] = {127, 0, 0, 1}, any[4] = {0, 0, 0, 0},
                         guest[4] = {10, 0, 2, 15}, other[4] = {10, 0, 2, 99};

    ck_parse("-display none -nic user,model=ne2k_isa,mac=02:0:ab:c:DE:f,"
             "hostfwd=tcp::8080-:80,hostfwd=udp:0.0.0.0:53-10.0.2.99:5353,"
             "restrict=on,pcap=a,,b,iobase=0x320,irq=10");
    ck_assert_int_eq(options.net.kind, NET_USER);
    ck_assert_int_eq(options.net.model, MACHINE_NIC_ISA);
    ck_assert_mem_eq(options.net.address, mac, 6);
    ck_assert_uint_eq(options.net.base, 0x320);
    ck_assert_uint_eq(options.net.irq, 10);
    ck_assert_uint_eq(options.net.forward_count, 2);
    ck_assert(!options.net.forwards[0].udp && options.net.forwards[1].udp);
    ck_assert_mem_eq(options.net.forwards[0].host_address, here, 4);
    ck_assert_mem_eq(options.net.forwards[0].guest_address, guest, 4);
    ck_assert_uint_eq(options.net.forwards[0].host_port, 8080);
    ck_assert_uint_eq(options.net.forwards[0].guest_port, 80);
    ck_assert_mem_eq(options.net.forwards[1].host_address, any, 4);
    ck_assert_mem_eq(options.net.forwards[1].guest_address, other, 4);
    ck_assert(options.net.restricted);
    ck_assert_str_eq(options.net.pcap, "a,b");
    ck_assert(options.paced); /* somebody may come through the forward */
    ck_parse("-nic tap,ifname=tap0,script=no,downscript=no");
    ck_assert_int_eq(options.net.kind, NET_TAP);
    ck_assert_str_eq(options.net.ifname, "tap0");
    ck_parse("-net nic,model=ne2k_pci,macaddr=02:0:ab:c:DE:f -net user");
    ck_assert_int_eq(options.net.model, MACHINE_NIC_PCI);
    ck_assert_mem_eq(options.net.address, mac, 6);
    ck_parse("-netdev user,id=n,restrict=off -device ne2k_isa,netdev=n,irq=5");
    ck_assert_int_eq(options.net.model, MACHINE_NIC_ISA);
    ck_assert_uint_eq(options.net.irq, 5);
}
END_TEST

START_TEST(screen_and_sound)
{
    ck_parse("-display none");
    ck_assert_int_eq(options.audio, OPTIONS_AUDIO_NONE);
    ck_parse("-display none -audio wav:x.wav -full-screen -name Fred");
    ck_assert_int_eq(options.audio, OPTIONS_AUDIO_WAV);
    ck_assert_str_eq(options.wav, "x.wav");
    ck_assert(options.full_screen);
    ck_assert_str_eq(options.title, "Fred");
    ck_parse("-audio sdl");
    ck_assert_int_eq(options.audio, OPTIONS_AUDIO_SDL);
}
END_TEST

START_TEST(nographic_means_screen_and_com1)
{
    ck_parse("-nographic");
    ck_assert_int_eq(options.display, OPTIONS_DISPLAY_TEXT);
    ck_assert(options.nographic);
    ck_parse("-nographic -serial stdio");
    ck_assert(options.nographic);
    ck_parse("-nographic -serial file:x");
    ck_assert(!options.nographic);
    ck_assert_int_eq(options.display, OPTIONS_DISPLAY_TEXT);
    ck_parse("-nographic -display none");
    ck_assert_int_eq(options.display, OPTIONS_DISPLAY_NONE);
    ck_assert_int_eq(options.serial[0].kind, CHARDEV_STDIO);
}
END_TEST

START_TEST(ports)
{
    ck_parse("-serial stdio -serial file:a,b -serial unix:s,server,nowait "
             "-serial tcp:[::1]:4444 -debugcon tcp::99,server -parallel null");
    ck_assert_int_eq(options.serial[0].kind, CHARDEV_STDIO);
    ck_assert_str_eq(options.serial[1].target, "a,b");
    ck_assert_str_eq(options.serial[2].target, "s");
    ck_assert(options.serial[2].server && !options.serial[2].wait);
    ck_assert_str_eq(options.serial[3].target, "::1");
    ck_assert_str_eq(options.serial[3].port, "4444");
    ck_assert(!options.serial[3].server);
    ck_assert_str_eq(options.debugcon.target, "");
    ck_assert_str_eq(options.debugcon.port, "99");
    ck_assert(options.debugcon.server && options.debugcon.wait);
    ck_assert_int_eq(options.parallel.kind, CHARDEV_NONE);
}
END_TEST

START_TEST(files_and_flags)
{
    ck_parse("-bios a -vgabios b -script c -stats -exit-port -d guest_errors");
    ck_assert_str_eq(options.bios, "a");
    ck_assert_str_eq(options.vgabios, "b");
    ck_assert_str_eq(options.script, "c");
    ck_assert(options.stats && options.exit_port && options.log_guest);
    ck_assert(!options.perf_map);
    ck_parse("-perf-map");
    ck_assert(options.perf_map);
}
END_TEST

START_TEST(help_and_version)
{
    ck_parse("--help");
    ck_assert_int_eq(options.action, OPTIONS_HELP);
    ck_parse("-h");
    ck_assert_int_eq(options.action, OPTIONS_HELP);
    ck_parse("--version nosuch.img");
    ck_assert_int_eq(options.action, OPTIONS_VERSION);
}
END_TEST

START_TEST(help_fits_a_terminal)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    char *line;

    options_print_help(stream);
    fclose(stream);
    ck_assert_ptr_nonnull(strstr(text, "  -fda FILE"));
    ck_assert_ptr_nonnull(strstr(text, "  -script FILE"));
    for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) < 80, "%s", line);
    free(text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/options");
    TCase *tcase = tcase_create("options");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, says_what_is_wrong, 0, ARRAY_LEN(wrong));
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, machine);
    tcase_add_test(tcase, engines_are_chosen);
    tcase_add_loop_test(tcase, fixed_clock, 0, ARRAY_LEN(dates));
    tcase_add_loop_test(tcase, time_follows_the_audience, 0, ARRAY_LEN(habits));
    tcase_add_test(tcase, drives);
    tcase_add_test(tcase, drives_as_qemu_has_them);
    tcase_add_test(tcase, qemu_idioms);
    tcase_add_test(tcase, debuggers);
    tcase_add_test(tcase, network_by_default);
    tcase_add_test(tcase, network_as_told);
    tcase_add_test(tcase, screen_and_sound);
    tcase_add_test(tcase, nographic_means_screen_and_com1);
    tcase_add_test(tcase, ports);
    tcase_add_test(tcase, files_and_flags);
    tcase_add_test(tcase, help_and_version);
    tcase_add_test(tcase, help_fits_a_terminal);
    suite_add_tcase(suite, tcase);
    return suite;
}
