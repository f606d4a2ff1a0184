/* What the parts of the gdb server share. */
#ifndef FRONTEND_GDBSTUB_INT_H
#define FRONTEND_GDBSTUB_INT_H

#include "frontend/gdbstub.h"

#define GDB_PACKET_BYTES 16384 /* bodies, both ways */

/* A breakpoint or watchpoint as gdb names it. */
struct gdb_point {
    bool used;
    unsigned type; /* the digit after Z */
    uint32_t addr, length;
    unsigned number; /* the machine's */
};

enum gdb_state {
    GDB_IDLE, /* between packets */
    GDB_BODY,
    GDB_SUM_FIRST,
    GDB_SUM_SECOND,
};

struct gdbstub {
    struct gdbstub_config config;
    struct chardev *channel; /* owned */
    bool connected;
    bool no_ack;
    bool waiting;      /* gdb awaits a stop */
    bool interrupting; /* gdb, not the machine, is why it stops */
    bool told_failure;
    struct gdb_point points[DEBUG_POINTS];

    enum gdb_state state;
    char packet[GDB_PACKET_BYTES + 1]; /* terminated; may hold zeros */
    size_t length;
    uint8_t sum, given_sum;

    char reply[GDB_PACKET_BYTES + 1];
    size_t reply_length;
    bool has_reply; /* false: the answer comes later */

    char *description; /* target.xml; owned */
};

/* Building the reply; what does not fit is dropped. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void gdb_put(struct gdbstub *stub, const char *format, ...);
void gdb_put_hex(struct gdbstub *stub, const void *bytes, size_t size);
/* One byte of a binary reply, escaped. */
void gdb_put_binary(struct gdbstub *stub, uint8_t byte);
/* An error number, as errno has them. */
void gdb_put_error(struct gdbstub *stub, unsigned number);

/* Sends the reply at once, for answers that come later or in pieces. */
void gdb_send(struct gdbstub *stub);

/* Reads a hexadecimal number; false: none is there. Moves *text on. */
bool gdb_get_number(const char **text, uint64_t *value);
/* Reads `size` bytes written as two digits each. */
bool gdb_get_bytes(const char **text, void *bytes, size_t size);
/* The same for one character that has to be there. */
bool gdb_get_char(const char **text, char c);

/* A packet's body, behind its letter; they fill the reply. */
typedef void gdb_handler(struct gdbstub *stub, const char *body);
gdb_handler gdb_read_registers, gdb_write_registers, gdb_read_register,
    gdb_write_register;
gdb_handler gdb_read_memory, gdb_write_memory, gdb_write_binary;
gdb_handler gdb_insert_point, gdb_remove_point;
gdb_handler gdb_continue, gdb_step, gdb_resume_verbose, gdb_tell_stop;
gdb_handler gdb_query, gdb_set;

/* What `regs` say of the registers that every stop carries along. */
void gdb_put_expedited(struct gdbstub *stub);

/* target.xml for this machine. False without memory. */
bool gdb_describe_target(struct gdbstub *stub);

/* Takes all points out. */
void gdb_clear_points(struct gdbstub *stub);
/* What kind gdb's point of that number is; NULL: not gdb's. */
const struct gdb_point *gdb_find_point(const struct gdbstub *stub,
                                       unsigned number);

/* The run was paused or goes on: a run_listener. */
void gdb_run_changed(void *self, enum run_pause pause);

#endif
