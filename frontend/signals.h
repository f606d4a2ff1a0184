/* Signals that ask the program to end. They stay blocked and are asked for,
 * so that they never interrupt anything: the run ends between two steps, with
 * the images written and the terminal restored. */
#ifndef FRONTEND_SIGNALS_H
#define FRONTEND_SIGNALS_H

#include "core/types.h"

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT; ignores SIGPIPE. */
void signals_block(void);

/* One of them is waiting. The parameter is for callers with a context. */
bool signals_pending(void *unused);

/* Lets a waiting one do what it does by default: the parent sees that the
 * program ended by it. Returns if none is waiting. */
void signals_obey(void);

#endif
