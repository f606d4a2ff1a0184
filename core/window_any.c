/* For hosts without windows. */
#include <stdlib.h>

#include "core/window.h"

bool share_create(struct share *share, size_t bytes)
{
    *share = (struct share){calloc(1, bytes), bytes, -1};
    return share->base != NULL;
}

void share_destroy(struct share *share)
{
    free(share->base);
    share->base = NULL;
}

uint8_t *window_create(void)
{
    return NULL;
}

void window_destroy(uint8_t *window)
{
    (void)window;
}

bool window_show(uint8_t *window, uint32_t at, uint32_t pages,
                 const struct share *share, size_t offset, bool write)
{
    (void)window;
    (void)at;
    (void)pages;
    (void)share;
    (void)offset;
    (void)write;
    return false;
}

bool window_show_read_only(uint8_t *window, uint32_t at, uint32_t pages)
{
    (void)window;
    (void)at;
    (void)pages;
    return false;
}

bool window_hide(uint8_t *window, uint32_t at, uint32_t pages)
{
    (void)window;
    (void)at;
    (void)pages;
    return false;
}
