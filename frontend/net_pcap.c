/* Frames in the file format of libpcap (version 2.4): what tcpdump and
 * Wireshark read. Times are the guest's, from power-on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "frontend/net_int.h"

#define MAGIC_NS      0xa1b23c4du /* times have nanoseconds */
#define VERSION_MAJOR 2
#define VERSION_MINOR 4
#define LINK_ETHERNET 1

struct net_pcap {
    FILE *stream;
    struct log *log; /* borrowed */
    bool dirty;      /* something is not flushed yet */
    bool failed;
};

/* The file has this one byte order on any host. */
static void put_number(FILE *stream, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        putc((int)(value >> (8 * i) & 0xff), stream);
}

static void put_header(FILE *stream)
{
    put_number(stream, MAGIC_NS, 4);
    put_number(stream, VERSION_MAJOR, 2);
    put_number(stream, VERSION_MINOR, 2);
    put_number(stream, 0, 4); /* zone: UTC */
    put_number(stream, 0, 4); /* accuracy: always 0 */
    put_number(stream, HOST_NET_FRAME_MOST, 4);
    put_number(stream, LINK_ETHERNET, 4);
}

bool net_pcap_open(const char *path, struct log *log, struct net_pcap **out,
                   struct failure *failure)
{
    struct net_pcap *pcap = calloc(1, sizeof(*pcap));

    *out = NULL;
    if (!pcap)
        return failure_set(failure, EXIT_STATUS_HOST,
                           "out of host memory; end other programs");
    pcap->log = log;
    pcap->stream = fopen(path, "wb");
    if (!pcap->stream) {
        free(pcap);
        return failure_set(failure, EXIT_STATUS_HOST,
                           "-nic pcap=%s: %s; name a file that can be written",
                           path, failure_create_text(errno));
    }
    put_header(pcap->stream);
    pcap->dirty = true;
    net_pcap_flush(pcap);
    *out = pcap;
    return true;
}

void net_pcap_put(struct net_pcap *pcap, const uint8_t *frame, size_t bytes,
                  uint64_t now_ns)
{
    if (pcap->failed)
        return;
    put_number(pcap->stream, (uint32_t)(now_ns / NS_PER_SEC), 4);
    put_number(pcap->stream, (uint32_t)(now_ns % NS_PER_SEC), 4);
    put_number(pcap->stream, (uint32_t)bytes, 4);
    put_number(pcap->stream, (uint32_t)bytes, 4);
    fwrite(frame, 1, bytes, pcap->stream);
    pcap->dirty = true;
}

void net_pcap_flush(struct net_pcap *pcap)
{
    if (!pcap->dirty || pcap->failed)
        return;
    pcap->dirty = false;
    if (fflush(pcap->stream) == 0 && !ferror(pcap->stream))
        return;
    pcap->failed = true;
    log_put(pcap->log, LOG_WARN, "nic",
            "the pcap file is not written any more: %s",
            failure_errno_text(errno));
}

void net_pcap_close(struct net_pcap *pcap)
{
    if (!pcap)
        return;
    net_pcap_flush(pcap);
    fclose(pcap->stream);
    free(pcap);
}
