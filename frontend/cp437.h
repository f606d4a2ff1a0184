/* Code page 437, the character set of the PC's screen, and Unicode. */
#ifndef FRONTEND_CP437_H
#define FRONTEND_CP437_H

#include "core/types.h"

#define CP437_UTF8_BYTES 3 /* the longest that one character becomes */

/* The picture that the PC's font has for `c`: 01 is a white face; 00 and FF,
 * which look empty, become spaces. */
uint16_t cp437_to_unicode(uint8_t c);

/* Writes `c` to `out` (room for CP437_UTF8_BYTES, no terminator) and returns
 * how many bytes that were. */
size_t cp437_to_utf8(uint8_t c, char *out);

/* Reads one UTF-8 character at *text, moves *text behind it and stores the
 * code page's character for it. False when the bytes are not UTF-8 or the
 * character has no place in the code page; *text then has moved by the part
 * that was no good, at least a byte. Control characters stand for themselves.
 */
bool cp437_from_utf8(const char **text, uint8_t *c);

#endif
