#!/usr/bin/env python3
"""qmp.py VITRINE

The control connection from outside: every command, the protocol's rules,
clients that send nonsense or vanish, and that pausing changes nothing.
"""
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

vitrine = os.path.abspath(sys.argv[1])
scratch = tempfile.mkdtemp(prefix="qmp-")
os.chdir(scratch)
processes = []


class Client:
    """One connection; keeps the events that come between answers."""

    def __init__(self, path="qmp", negotiate=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.events = []
        self.greeting = self.read()
        assert "QMP" in self.greeting, self.greeting
        if negotiate:
            assert self.ask("qmp_capabilities") == {}

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        assert line.endswith(b"\r\n"), line
        return json.loads(line)

    def answer(self):
        while True:
            message = self.read()
            if "event" not in message:
                return message
            assert message["timestamp"]["seconds"] > 1e9
            self.events.append(message)

    def raw(self, command, **arguments):
        message = {"execute": command, "id": command}
        if arguments:
            message["arguments"] = {
                k.replace("_", "-"): v for k, v in arguments.items()
            }
        self.send(json.dumps(message).encode())
        reply = self.answer()
        assert reply.pop("id") == command, reply
        return reply

    def ask(self, command, **arguments):
        reply = self.raw(command, **arguments)
        assert "return" in reply, (command, reply)
        return reply["return"]

    def fail(self, class_, text, command, **arguments):
        error = self.raw(command, **arguments)["error"]
        assert error["class"] == class_, error
        assert text in error["desc"], error

    def event(self, name):
        while True:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event
            message = self.read()
            assert "event" in message, message
            self.events.append(message)

    def close(self):
        self.file.close()
        self.socket.close()


def start(*options):
    if os.path.exists("qmp"):
        os.unlink("qmp")
    process = subprocess.Popen(
        [vitrine, "-display", "none", "-qmp", "unix:qmp,server,wait=off"]
        + list(options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    for _ in range(300):
        if os.path.exists("qmp") or process.poll() is not None:
            break
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()[0]
    processes.append(process)
    return process


def finish(process, status=0):
    output = process.communicate(timeout=60)[0].decode()
    assert process.returncode == status, (process.returncode, output)
    return output


def stop_hash(output):
    return [l for l in output.splitlines() if l.startswith("state hash")][0]


def check_protocol():
    process = start("-speed", "real", "-name", "a \u00fc name")
    c = Client(negotiate=False)
    assert c.greeting["QMP"]["capabilities"] == []
    assert c.greeting["QMP"]["version"]["qemu"]["major"] >= 7
    c.fail("CommandNotFound", "negotiation", "query-status")
    c.fail("GenericError", "capabilities", "qmp_capabilities", enable=["oob"])
    assert c.ask("qmp_capabilities") == {}
    c.fail("CommandNotFound", "already", "qmp_capabilities")
    c.fail("CommandNotFound", "frob has not been found", "frob")
    c.fail("GenericError", "'keys' is missing", "send-key")
    c.fail("GenericError", "expected: array", "send-key", keys=1)
    c.fail("GenericError", "'x' is unexpected", "stop", x=1)
    names = [e["name"] for e in c.ask("query-commands")]
    assert "human-monitor-command" in names and "eject" in names
    assert c.ask("query-name") == {"name": "a \u00fc name"}
    assert c.ask("query-kvm") == {"enabled": False, "present": False}
    assert c.ask("query-target") == {"arch": "i386"}
    assert c.ask("query-replay")["mode"] == "none"

    # Any id comes back; several commands in one packet, one in many.
    c.send(b'{"execute":"query-kvm","id":{"a":[1,null]}}\n{"execute":"stop"}')
    assert c.answer()["id"] == {"a": [1, None]}
    assert c.answer() == {"return": {}}
    for byte in b' {"execute"\n:\t"query-status" , "id":"}{\\"" }':
        c.send(bytes([byte]))
    reply = c.answer()
    assert reply["id"] == '}{"' and reply["return"]["status"] == "paused"

    # No commands.
    for text in (b"nonsense ", b"[1]", b"}", b"{]", b'"abc" ', b"{,}", b"1 ",
                 b'{"execute": 1}', b"{}", b'{"execute":"stop","x":1}',
                 b'{"execute":"stop","arguments":[]}', b'{"a":1,"a":2}',
                 b'{"execute":"\xc3"}', b'{"execute":"st\nop"} '):
        c.send(text)
        error = c.answer()["error"]
        assert error["class"] == "GenericError", (text, error)
        if text.endswith(b'op"} '):
            c.send(b"\xff")  # drops what is left of it
    assert c.ask("query-status")["running"] is False
    c.send(b'{"execute": "half a mess\xff')
    assert c.ask("query-status")["running"] is False

    # Too long and too deep: hung up, the guest runs on.
    c.send(b'{"execute":"' + b"x" * 1100000)
    assert "too long" in c.answer()["error"]["desc"]
    c.close()
    c = Client()
    c.send(b"[" * 100000)
    assert "brackets" in c.answer()["error"]["desc"]
    c.close()

    # The next client is as new: it has to negotiate.
    c = Client(negotiate=False)
    c.fail("CommandNotFound", "negotiation", "stop")
    c.ask("qmp_capabilities")
    assert c.ask("query-status")["status"] == "paused"
    c.ask("cont")
    c.event("RESUME")
    c.ask("stop")
    c.event("STOP")
    c.ask("cont")
    c.ask("quit")
    assert c.event("SHUTDOWN")["data"] == {
        "guest": False,
        "reason": "host-qmp-quit",
    }
    finish(process)


def check_commands():
    with open("a.img", "wb") as f:
        f.truncate(1474560)
    with open("cd.iso", "wb") as f:
        f.truncate(32769)
        f.seek(32769)
        f.write(b"CD001")
        f.truncate(65536)
    process = start("-fda", "a.img", "-cdrom", "none", "-speed", "real")
    c = Client()
    drives = {d["device"]: d for d in c.ask("query-block")}
    assert set(drives) == {"floppy0", "ide1-cd0"}, drives
    assert drives["floppy0"]["inserted"]["file"] == "a.img"
    assert drives["floppy0"]["inserted"]["image"]["virtual-size"] == 1474560
    assert drives["ide1-cd0"]["tray_open"]
    c.ask("eject", device="floppy0")
    assert c.event("DEVICE_TRAY_MOVED")["data"] == {
        "device": "floppy0",
        "id": "floppy0",
        "tray-open": True,
    }
    for _ in range(2):  # the same file again
        c.ask("blockdev-change-medium", id="floppy0", filename="a.img",
              format="raw")
    c.ask("blockdev-change-medium", device="ide1-cd0", filename="cd.iso")
    drives = {d["device"]: d for d in c.ask("query-block")}
    assert drives["ide1-cd0"]["inserted"]["ro"]
    c.fail("DeviceNotFound", "'sda' not found", "eject", device="sda")
    c.fail("GenericError", "exactly one", "eject")
    c.fail("GenericError", "none.img", "blockdev-change-medium",
           device="floppy0", filename="none.img")
    c.fail("GenericError", "raw", "blockdev-change-medium", device="floppy0",
           filename="a.img", format="qcow2")

    for _ in range(100):  # until there is a picture
        if "return" in c.raw("screendump", filename="a.ppm"):
            break
        time.sleep(0.1)
    with open("a.ppm", "rb") as f:
        assert f.read(3) == b"P6\n"
        width, height = map(int, f.readline().split())
        f.readline()
        assert len(f.read()) == width * height * 3
    c.ask("screendump", filename="a.png", format="png")
    with open("a.png", "rb") as f:
        assert f.read(4) == b"\x89PNG"
    c.fail("GenericError", "'bmp'", "screendump", filename="x", format="bmp")
    c.fail("GenericError", "nowhere", "screendump", filename="/nowhere/x")

    def key(name):
        return {"type": "qcode", "data": name}

    c.ask("send-key", keys=[key("ctrl"), key("alt"), key("delete")])
    c.ask("send-key", keys=[{"type": "number", "data": 30}], hold_time=50)
    c.fail("GenericError", "'warp'", "send-key", keys=[key("warp")])
    c.fail("GenericError", "qcode", "send-key", keys=["a"])
    c.fail("GenericError", "more than", "send-key", keys=[key("a")] * 99)
    c.ask("input-send-event", events=[
        {"type": "key", "data": {"down": True, "key": key("a")}},
        {"type": "key", "data": {"down": False, "key": key("a")}},
        {"type": "rel", "data": {"axis": "x", "value": -5}},
        {"type": "btn", "data": {"button": "left", "down": True}},
        {"type": "btn", "data": {"button": "wheel-up", "down": True}},
    ])
    c.fail("GenericError", "key, btn and rel", "input-send-event",
           events=[{"type": "abs", "data": {"axis": "x", "value": 5}}])
    assert c.ask("human-monitor-command", command_line="frobnicate")
    assert c.ask("human-monitor-command", command_line="help")
    c.ask("system_powerdown")
    c.event("POWERDOWN")
    c.ask("system_reset")
    assert c.event("RESET")["data"]["guest"] is False
    c.ask("quit")
    c.event("SHUTDOWN")
    finish(process)


def check_nonsense():
    """Garbage, half messages, clients that go in the middle."""
    process = start("-speed", "max", "-limit", "100000s")
    chance = random.Random(3)
    words = [b'{"execute":"query-block"}', b'{"execute":', b"{", b"}", b"[",
             b'"', b"\\", b"\xff", b"\0", b'"id":1,', b"nul", b"1e999",
             b'{"execute":"qmp_capabilities"}', b'{"execute":"send-key",'
             b'"arguments":{"keys":[{"type":"qcode","data":"a"}]}}']
    for _ in range(150):
        c = Client(negotiate=False)
        try:
            for _ in range(chance.randrange(8)):
                if chance.random() < 0.5:
                    c.send(bytes(chance.randrange(256)
                                 for _ in range(chance.randrange(300))))
                else:
                    c.send(b"".join(chance.choice(words) for _ in range(9)))
        except (BrokenPipeError, ConnectionResetError):
            pass
        c.close()
    # One that reads nothing is hung up, not waited for.
    c = Client()
    try:
        for _ in range(60000):
            c.send(b'{"execute":"query-commands"}')
    except (BrokenPipeError, ConnectionResetError, socket.timeout):
        pass
    c.close()
    c = Client()
    assert c.ask("query-status")["running"]
    c.ask("quit")
    finish(process)


def monitor(client, line):
    return client.ask("human-monitor-command", command_line=line).lower()


def check_pause():
    """A run that was paused ends as one that was not; so does its replay."""
    run = ["-speed", "real", "-limit", "1500ms", "-stats"]
    process = start(*run)
    plain = stop_hash(finish(process))
    process = start(*run, "-S")
    c = Client()
    for _ in range(5):
        c.ask("cont")
        time.sleep(0.03)
        c.ask("stop")
    c.ask("cont")
    c.close()
    assert stop_hash(finish(process)) == plain

    process = start(*run, "-record", "run.log", "-S")
    c = Client()
    monitor(c, "break 07c0:0")
    c.ask("cont")
    c.event("STOP")
    monitor(c, "set $dx 0x1234")  # in the midst of a step
    c.ask("cont")
    assert c.ask("query-replay")["mode"] == "record"
    c.ask("send-key", keys=[{"type": "qcode", "data": "a"}])
    c.ask("stop")
    c.ask("eject", device="floppy0")
    c.ask("cont")
    time.sleep(0.1)
    c.ask("system_reset")
    c.close()
    recorded = stop_hash(finish(process))
    assert recorded != plain
    process = start("-replay", "run.log", "-stats", "-S")
    c = Client()
    assert c.ask("query-replay")["mode"] == "play"
    c.ask("system_reset")
    c.ask("send-key", keys=[{"type": "qcode", "data": "b"}])
    c.fail("GenericError", "replay", "eject", device="floppy0")
    monitor(c, "break 07c0:0")
    c.ask("cont")
    c.event("STOP")
    assert c.ask("query-status")["status"] == "debug"
    assert "7c00" in monitor(c, "info registers")
    for _ in range(3):
        monitor(c, "step")
        c.event("STOP")
    monitor(c, "delete")
    c.ask("cont")
    c.close()
    assert stop_hash(finish(process)) == recorded


try:
    check_protocol()
    check_commands()
    check_nonsense()
    check_pause()
    print("all as expected")
finally:
    for p in processes:
        if p.poll() is None:
            p.kill()
    shutil.rmtree(scratch)
