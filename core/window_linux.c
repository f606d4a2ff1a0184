/* Shares are files in memory. */
#define _GNU_SOURCE
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/window.h"

#define PAGE   4096u
#define WINDOW ((size_t)WINDOW_PAGES * PAGE)
#define GUARD  ((size_t)PAGE)

bool share_create(struct share *share, size_t bytes)
{
    int file = memfd_create("memory", MFD_CLOEXEC), flags = MAP_SHARED;
    void *base;

    if (file >= 0 && ftruncate(file, (off_t)bytes) != 0) {
        close(file);
        file = -1;
    }
    if (file < 0)
        flags = MAP_PRIVATE | MAP_ANONYMOUS;
    base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE,
                file, 0);
    *share = (struct share){base == MAP_FAILED ? NULL : base, bytes, file};
    if (!share->base)
        share_destroy(share);
    return share->base != NULL;
}

void share_destroy(struct share *share)
{
    if (share->base)
        munmap(share->base, share->bytes);
    if (share->bytes && share->file >= 0)
        close(share->file);
    *share = (struct share){.file = -1};
}

static void *reserve(void *at, size_t bytes, int flags)
{
    return mmap(at, bytes, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

uint8_t *window_create(void)
{
    void *base;

    if (sysconf(_SC_PAGESIZE) != PAGE)
        return NULL;
    base = reserve(NULL, WINDOW + GUARD, 0);
    if (base == MAP_FAILED)
        return NULL;
    madvise(base, WINDOW + GUARD, MADV_DONTDUMP);
    return base;
}

void window_destroy(uint8_t *window)
{
    if (window)
        munmap(window, WINDOW + GUARD);
}

bool window_show(uint8_t *window, uint32_t at, uint32_t pages,
                 const struct share *share, size_t offset, bool write)
{
    int prot = write ? PROT_READ | PROT_WRITE : PROT_READ;

    assert(at < WINDOW_PAGES && pages <= WINDOW_PAGES - at);
    assert(offset % PAGE == 0 && offset + (size_t)pages * PAGE <= share->bytes);
    if (share->file < 0)
        return false;
    return mmap(window + (size_t)at * PAGE, (size_t)pages * PAGE, prot,
                MAP_SHARED | MAP_FIXED | MAP_NORESERVE, share->file,
                (off_t)offset) != MAP_FAILED;
}

bool window_show_read_only(uint8_t *window, uint32_t at, uint32_t pages)
{
    assert(at < WINDOW_PAGES && pages <= WINDOW_PAGES - at);
    return mprotect(window + (size_t)at * PAGE, (size_t)pages * PAGE,
                    PROT_READ) == 0;
}

bool window_hide(uint8_t *window, uint32_t at, uint32_t pages)
{
    assert(at < WINDOW_PAGES && pages <= WINDOW_PAGES - at);
    return reserve(window + (size_t)at * PAGE, (size_t)pages * PAGE,
                   MAP_FIXED) != MAP_FAILED;
}
