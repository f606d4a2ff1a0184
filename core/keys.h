/* Every key of a PC keyboard: one row per key, named by position on a US
 * board. Frontends say which key moved by `enum ps2_key`; scripts name keys as
 * QEMU's sendkey does; the keyboard (devices/ps2_keyboard.h) sends the codes.
 *
 * Legend: X(symbol, sendkey name, set 1, set 2, set 3). The codes are make
 * codes; 0xe0xx stands for the two bytes E0 xx. 0 in set 3: the key has no
 * code there and sends nothing. PRINT and PAUSE send more than one code, see
 * the keyboard. Facts: IBM PS/2 Hardware Interface Technical Reference
 * (101/102-key keyboard); Microsoft "Keyboard Scan Code Specification" 1.3a. */
#ifndef CORE_KEYS_H
#define CORE_KEYS_H

#include "core/types.h"

/* clang-format off */
#define KEYS_LIST(X) \
    X(ESC,           "esc",           0x01,   0x76,   0x08) \
    X(1,             "1",             0x02,   0x16,   0x16) \
    X(2,             "2",             0x03,   0x1e,   0x1e) \
    X(3,             "3",             0x04,   0x26,   0x26) \
    X(4,             "4",             0x05,   0x25,   0x25) \
    X(5,             "5",             0x06,   0x2e,   0x2e) \
    X(6,             "6",             0x07,   0x36,   0x36) \
    X(7,             "7",             0x08,   0x3d,   0x3d) \
    X(8,             "8",             0x09,   0x3e,   0x3e) \
    X(9,             "9",             0x0a,   0x46,   0x46) \
    X(0,             "0",             0x0b,   0x45,   0x45) \
    X(MINUS,         "minus",         0x0c,   0x4e,   0x4e) \
    X(EQUAL,         "equal",         0x0d,   0x55,   0x55) \
    X(BACKSPACE,     "backspace",     0x0e,   0x66,   0x66) \
    X(TAB,           "tab",           0x0f,   0x0d,   0x0d) \
    X(Q,             "q",             0x10,   0x15,   0x15) \
    X(W,             "w",             0x11,   0x1d,   0x1d) \
    X(E,             "e",             0x12,   0x24,   0x24) \
    X(R,             "r",             0x13,   0x2d,   0x2d) \
    X(T,             "t",             0x14,   0x2c,   0x2c) \
    X(Y,             "y",             0x15,   0x35,   0x35) \
    X(U,             "u",             0x16,   0x3c,   0x3c) \
    X(I,             "i",             0x17,   0x43,   0x43) \
    X(O,             "o",             0x18,   0x44,   0x44) \
    X(P,             "p",             0x19,   0x4d,   0x4d) \
    X(BRACKET_LEFT,  "bracket_left",  0x1a,   0x54,   0x54) \
    X(BRACKET_RIGHT, "bracket_right", 0x1b,   0x5b,   0x5b) \
    X(RET,           "ret",           0x1c,   0x5a,   0x5a) \
    X(CTRL,          "ctrl",          0x1d,   0x14,   0x11) \
    X(A,             "a",             0x1e,   0x1c,   0x1c) \
    X(S,             "s",             0x1f,   0x1b,   0x1b) \
    X(D,             "d",             0x20,   0x23,   0x23) \
    X(F,             "f",             0x21,   0x2b,   0x2b) \
    X(G,             "g",             0x22,   0x34,   0x34) \
    X(H,             "h",             0x23,   0x33,   0x33) \
    X(J,             "j",             0x24,   0x3b,   0x3b) \
    X(K,             "k",             0x25,   0x42,   0x42) \
    X(L,             "l",             0x26,   0x4b,   0x4b) \
    X(SEMICOLON,     "semicolon",     0x27,   0x4c,   0x4c) \
    X(APOSTROPHE,    "apostrophe",    0x28,   0x52,   0x52) \
    X(GRAVE_ACCENT,  "grave_accent",  0x29,   0x0e,   0x0e) \
    X(SHIFT,         "shift",         0x2a,   0x12,   0x12) \
    X(BACKSLASH,     "backslash",     0x2b,   0x5d,   0x5c) \
    X(Z,             "z",             0x2c,   0x1a,   0x1a) \
    X(X,             "x",             0x2d,   0x22,   0x22) \
    X(C,             "c",             0x2e,   0x21,   0x21) \
    X(V,             "v",             0x2f,   0x2a,   0x2a) \
    X(B,             "b",             0x30,   0x32,   0x32) \
    X(N,             "n",             0x31,   0x31,   0x31) \
    X(M,             "m",             0x32,   0x3a,   0x3a) \
    X(COMMA,         "comma",         0x33,   0x41,   0x41) \
    X(DOT,           "dot",           0x34,   0x49,   0x49) \
    X(SLASH,         "slash",         0x35,   0x4a,   0x4a) \
    X(SHIFT_R,       "shift_r",       0x36,   0x59,   0x59) \
    X(KP_MULTIPLY,   "kp_multiply",   0x37,   0x7c,   0x7e) \
    X(ALT,           "alt",           0x38,   0x11,   0x19) \
    X(SPC,           "spc",           0x39,   0x29,   0x29) \
    X(CAPS_LOCK,     "caps_lock",     0x3a,   0x58,   0x14) \
    X(F1,            "f1",            0x3b,   0x05,   0x07) \
    X(F2,            "f2",            0x3c,   0x06,   0x0f) \
    X(F3,            "f3",            0x3d,   0x04,   0x17) \
    X(F4,            "f4",            0x3e,   0x0c,   0x1f) \
    X(F5,            "f5",            0x3f,   0x03,   0x27) \
    X(F6,            "f6",            0x40,   0x0b,   0x2f) \
    X(F7,            "f7",            0x41,   0x83,   0x37) \
    X(F8,            "f8",            0x42,   0x0a,   0x3f) \
    X(F9,            "f9",            0x43,   0x01,   0x47) \
    X(F10,           "f10",           0x44,   0x09,   0x4f) \
    X(NUM_LOCK,      "num_lock",      0x45,   0x77,   0x76) \
    X(SCROLL_LOCK,   "scroll_lock",   0x46,   0x7e,   0x5f) \
    X(KP_7,          "kp_7",          0x47,   0x6c,   0x6c) \
    X(KP_8,          "kp_8",          0x48,   0x75,   0x75) \
    X(KP_9,          "kp_9",          0x49,   0x7d,   0x7d) \
    X(KP_SUBTRACT,   "kp_subtract",   0x4a,   0x7b,   0x84) \
    X(KP_4,          "kp_4",          0x4b,   0x6b,   0x6b) \
    X(KP_5,          "kp_5",          0x4c,   0x73,   0x73) \
    X(KP_6,          "kp_6",          0x4d,   0x74,   0x74) \
    X(KP_ADD,        "kp_add",        0x4e,   0x79,   0x7c) \
    X(KP_1,          "kp_1",          0x4f,   0x69,   0x69) \
    X(KP_2,          "kp_2",          0x50,   0x72,   0x72) \
    X(KP_3,          "kp_3",          0x51,   0x7a,   0x7a) \
    X(KP_0,          "kp_0",          0x52,   0x70,   0x70) \
    X(KP_DECIMAL,    "kp_decimal",    0x53,   0x71,   0x71) \
    X(SYSRQ,         "sysrq",         0x54,   0x84,   0x57) \
    X(LESS,          "less",          0x56,   0x61,   0x13) \
    X(F11,           "f11",           0x57,   0x78,   0x56) \
    X(F12,           "f12",           0x58,   0x07,   0x5e) \
    X(KP_ENTER,      "kp_enter",      0xe01c, 0xe05a, 0x79) \
    X(CTRL_R,        "ctrl_r",        0xe01d, 0xe014, 0x58) \
    X(KP_DIVIDE,     "kp_divide",     0xe035, 0xe04a, 0x77) \
    X(PRINT,         "print",         0xe037, 0xe07c, 0x57) \
    X(ALT_R,         "alt_r",         0xe038, 0xe011, 0x39) \
    X(HOME,          "home",          0xe047, 0xe06c, 0x6e) \
    X(UP,            "up",            0xe048, 0xe075, 0x63) \
    X(PGUP,          "pgup",          0xe049, 0xe07d, 0x6f) \
    X(LEFT,          "left",          0xe04b, 0xe06b, 0x61) \
    X(RIGHT,         "right",         0xe04d, 0xe074, 0x6a) \
    X(END,           "end",           0xe04f, 0xe069, 0x65) \
    X(DOWN,          "down",          0xe050, 0xe072, 0x60) \
    X(PGDN,          "pgdn",          0xe051, 0xe07a, 0x6d) \
    X(INSERT,        "insert",        0xe052, 0xe070, 0x67) \
    X(DELETE,        "delete",        0xe053, 0xe071, 0x64) \
    X(META_L,        "meta_l",        0xe05b, 0xe01f, 0x8b) \
    X(META_R,        "meta_r",        0xe05c, 0xe027, 0x8c) \
    X(COMPOSE,       "compose",       0xe05d, 0xe02f, 0x8d) \
    X(PAUSE,         "pause",         0xe046, 0xe07e, 0x62) \
    /* other countries' boards */ \
    X(RO,            "ro",            0x73,   0x51,   0x51) \
    X(YEN,           "yen",           0x7d,   0x6a,   0x5d) \
    X(HENKAN,        "henkan",        0x79,   0x64,   0x86) \
    X(MUHENKAN,      "muhenkan",      0x7b,   0x67,   0x85) \
    X(HIRAGANA,      "hiragana",      0x70,   0x13,   0x87) \
    X(KP_COMMA,      "kp_comma",      0x7e,   0x6d,   0x7b) \
    X(KP_EQUALS,     "kp_equals",     0x59,   0x0f,   0) \
    X(LANG1,         "lang1",         0xf2,   0xf2,   0) \
    X(LANG2,         "lang2",         0xf1,   0xf1,   0) \
    /* power and media keys */ \
    X(POWER,         "power",         0xe05e, 0xe037, 0) \
    X(SLEEP,         "sleep",         0xe05f, 0xe03f, 0) \
    X(WAKE,          "wake",          0xe063, 0xe05e, 0) \
    X(AUDIONEXT,     "audionext",     0xe019, 0xe04d, 0) \
    X(AUDIOPREV,     "audioprev",     0xe010, 0xe015, 0) \
    X(AUDIOSTOP,     "audiostop",     0xe024, 0xe03b, 0) \
    X(AUDIOPLAY,     "audioplay",     0xe022, 0xe034, 0) \
    X(AUDIOMUTE,     "audiomute",     0xe020, 0xe023, 0) \
    X(VOLUMEUP,      "volumeup",      0xe030, 0xe032, 0) \
    X(VOLUMEDOWN,    "volumedown",    0xe02e, 0xe021, 0) \
    X(MEDIASELECT,   "mediaselect",   0xe06d, 0xe050, 0) \
    X(MAIL,          "mail",          0xe06c, 0xe048, 0) \
    X(CALCULATOR,    "calculator",    0xe021, 0xe02b, 0) \
    X(COMPUTER,      "computer",      0xe06b, 0xe040, 0) \
    X(AC_HOME,       "ac_home",       0xe032, 0xe03a, 0) \
    X(AC_SEARCH,     "ac_search",     0xe065, 0xe010, 0) \
    X(AC_BACK,       "ac_back",       0xe06a, 0xe038, 0) \
    X(AC_FORWARD,    "ac_forward",    0xe069, 0xe030, 0) \
    X(AC_STOP,       "ac_stop",       0xe068, 0xe028, 0) \
    X(AC_REFRESH,    "ac_refresh",    0xe067, 0xe020, 0) \
    X(AC_BOOKMARKS,  "ac_bookmarks",  0xe066, 0xe018, 0)
/* clang-format on */

enum ps2_key {
#define X(symbol, name, set1, set2, set3) PS2_KEY_##symbol,
    KEYS_LIST(X)
#undef X
    PS2_KEY_COUNT
};

/* Make codes of one key, as in the list above. */
struct key_codes {
    uint16_t set1, set2, set3;
};

/* `key` is below PS2_KEY_COUNT. Static storage. */
const struct key_codes *keys_codes(enum ps2_key key);

/* The sendkey name of a key below PS2_KEY_COUNT. Static storage. */
const char *keys_name(enum ps2_key key);

/* Finds a key by its name ("ctrl"), or by one of QEMU's other spellings
 * ("ctrl_l", "alt_l", "shift_l", "asterisk", "menu", "return", "space",
 * "escape"). False if there is none; *out is unchanged then. */
bool keys_find(const char *name, enum ps2_key *out);

#endif
