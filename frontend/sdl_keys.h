/* Keys as SDL names them (by position) and as the PC does. */
#ifndef FRONTEND_SDL_KEYS_H
#define FRONTEND_SDL_KEYS_H

#include <SDL_scancode.h>

#include "core/keys.h"

/* False: the PC's keyboard has no such key. */
bool sdl_keys_find(SDL_Scancode scancode, enum ps2_key *key);

#endif
