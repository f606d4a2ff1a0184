"""Finds in a pcap file the TCP streams that came from a port, and among them
one that ends with the content of FILE. Times must not go back.

usage: net_pcap.py PCAP PORT FILE"""
import struct
import sys


def frames(data):
    magic, = struct.unpack_from("<I", data)
    assert magic == 0xA1B23C4D, "no pcap file with nanoseconds"
    at, last = 24, 0
    while at < len(data):
        seconds, ns, size, full = struct.unpack_from("<4I", data, at)
        assert size == full and at + 16 + size <= len(data), "torn record"
        now = seconds * 10**9 + ns
        assert ns < 10**9 and now >= last, "time goes back"
        last = now
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def streams(data, port):
    """Payload by sequence number, for every port of the guest."""
    found = {}
    for frame in frames(data):
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        ip_bytes = (frame[14] & 15) * 4
        end = 14 + struct.unpack_from(">H", frame, 16)[0]
        tcp = 14 + ip_bytes
        source, target, sequence = struct.unpack_from(">HHI", frame, tcp)
        if source != port:
            continue
        payload = frame[tcp + (frame[tcp + 12] >> 4) * 4:end]
        if payload:
            found.setdefault(target, {})[sequence] = payload
    return found


def joined(segments):
    start = min(segments)
    out = bytearray()
    for sequence in sorted(segments, key=lambda s: (s - start) & 0xFFFFFFFF):
        at = (sequence - start) & 0xFFFFFFFF
        assert at <= len(out), "a segment is missing"
        out[at:at + len(segments[sequence])] = segments[sequence]
    return bytes(out)


with open(sys.argv[1], "rb") as stream:
    captured = stream.read()
with open(sys.argv[3], "rb") as stream:
    content = stream.read()
lengths = []
for segments in streams(captured, int(sys.argv[2])).values():
    text = joined(segments)
    lengths.append(len(text))
    if text.endswith(content):
        sys.exit(0)
sys.exit(f"{sys.argv[1]}: no stream holds the file; lengths {lengths}")
