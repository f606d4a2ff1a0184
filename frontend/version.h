#ifndef FRONTEND_VERSION_H
#define FRONTEND_VERSION_H

/* The version of the program, e.g. "0.1.0". Static storage. */
const char *version_text(void);

#endif
