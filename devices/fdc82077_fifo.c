#include "devices/fdc82077_int.h"

#include <string.h>

#define FIFO_MASK (FDC_FIFO_BYTES - 1)

_Static_assert((FDC_FIFO_BYTES & FIFO_MASK) == 0, "indices are masked");

bool fdc82077_fifo_to_host(const struct fdc82077 *fdc)
{
    switch (fdc->exec.kind) {
    case FDC_KIND_READ:
    case FDC_KIND_READ_DELETED:
    case FDC_KIND_READ_TRACK: return true;
    default: return false;
    }
}

bool fdc82077_fifo_from_host(const struct fdc82077 *fdc)
{
    switch (fdc->exec.kind) {
    case FDC_KIND_WRITE:
    case FDC_KIND_WRITE_DELETED:
    case FDC_KIND_SCAN_EQUAL:
    case FDC_KIND_SCAN_LOW:
    case FDC_KIND_SCAN_HIGH:
    case FDC_KIND_FORMAT: return true;
    default: return false;
    }
}

bool fdc82077_kind_scans(unsigned kind)
{
    return kind == FDC_KIND_SCAN_EQUAL || kind == FDC_KIND_SCAN_LOW ||
           kind == FDC_KIND_SCAN_HIGH;
}

static unsigned depth(const struct fdc82077 *fdc)
{
    return fdc->fifo_off ? 1 : FDC_FIFO_BYTES;
}

static void push(struct fdc82077 *fdc, uint8_t byte)
{
    fdc->fifo[(fdc->fifo_head + fdc->fifo_count) & FIFO_MASK] = byte;
    fdc->fifo_count++;
}

static uint8_t pop(struct fdc82077 *fdc)
{
    uint8_t byte = fdc->fifo[fdc->fifo_head & FIFO_MASK];

    fdc->fifo_head = (fdc->fifo_head + 1) & FIFO_MASK;
    fdc->fifo_count--;
    return byte;
}

/* Bytes that the host may still give: never beyond the last sector. */
static unsigned room(const struct fdc82077 *fdc)
{
    const struct fdc_exec *exec = &fdc->exec;
    unsigned space = 0, have = exec->pos + (unsigned)fdc->fifo_count;

    if (fdc->fifo_count < depth(fdc))
        space = depth(fdc) - fdc->fifo_count;
    if (!exec->last)
        return space;
    if (have >= exec->size)
        return 0;
    return exec->size - have < space ? exec->size - have : space;
}

/* Datasheet 4.2.1 and 4.2.2: the request rises at the threshold and stays
 * until the FIFO is empty (full). The programmed threshold is one less than
 * the number of bytes. */
void fdc82077_fifo_update(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    unsigned level = fdc->fifo_off ? 1 : fdc->threshold + 1u;
    bool sector_in = exec->pos >= exec->size;

    if (fdc->phase != FDC_PHASE_EXECUTION || !exec->non_dma) {
        fdc->rqm = false;
    } else if (fdc82077_fifo_to_host(fdc)) {
        if (!fdc->fifo_count)
            fdc->rqm = false;
        else if (sector_in || fdc->fifo_count + level >= depth(fdc))
            fdc->rqm = true;
    } else if (fdc82077_fifo_from_host(fdc)) {
        if (!room(fdc))
            fdc->rqm = false;
        else if (fdc->fifo_count <= level)
            fdc->rqm = true;
    } else {
        fdc->rqm = false;
    }
    fdc82077_update_irq(fdc);
}

uint8_t fdc82077_fifo_read(struct fdc82077 *fdc)
{
    uint8_t byte;

    if (!fdc->rqm || !fdc82077_fifo_to_host(fdc) || !fdc->fifo_count)
        return 0;
    byte = pop(fdc);
    fdc82077_fifo_update(fdc);
    if (!fdc->fifo_count && fdc->exec.step == FDC_STEP_DRAIN)
        fdc82077_finish(fdc);
    return byte;
}

void fdc82077_fifo_write(struct fdc82077 *fdc, uint8_t byte)
{
    if (!fdc->rqm || !fdc82077_fifo_from_host(fdc) || !room(fdc))
        return;
    push(fdc, byte);
    fdc82077_fifo_update(fdc);
}

bool fdc82077_fifo_disk_byte(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    unsigned pos = exec->pos % FDC_BUFFER_BYTES;

    if (fdc82077_fifo_to_host(fdc)) {
        if (fdc->fifo_count >= depth(fdc))
            return false;
        push(fdc, exec->buffer[pos]);
    } else {
        if (!fdc->fifo_count)
            return false;
        exec->buffer[pos] = pop(fdc);
    }
    exec->pos++;
    fdc82077_fifo_update(fdc);
    return true;
}

/* In PC-AT and Model 30 mode DMAGATE opens the pin (2.1.3). */
static bool request_enabled(const struct fdc82077 *fdc)
{
    return fdc->mode == FDC82077_PS2 || (fdc->dor & FDC_DOR_DMAGATE);
}

bool fdc82077_fifo_dma(struct fdc82077 *fdc)
{
    struct fdc_exec *exec = &fdc->exec;
    bool to_host = fdc82077_fifo_to_host(fdc), tc = false;
    size_t size = exec->size <= FDC_BUFFER_BYTES ? exec->size : 0, moved;

    if (exec->tc || !request_enabled(fdc))
        return false;
    dma_request(&fdc->dma, true);
    moved = dma_transfer(&fdc->dma, to_host ? DMA_TO_MEMORY : DMA_FROM_MEMORY,
                         exec->buffer, size, &tc);
    dma_request(&fdc->dma, false);
    exec->tc = tc;
    if (moved > size)
        moved = size;
    /* After terminal count a sector is written to its end with zeros, and
     * compared with bytes that match all. */
    if (!to_host)
        memset(exec->buffer + moved, fdc82077_kind_scans(exec->kind) ? 0xff : 0,
               size - moved);
    return moved == size || tc;
}
