/* The handler of a fatal signal can find the saved settings only at file
 * scope: the one place in the frontend that has state there. They are written
 * before `entered` is set, and only read while it is. */
#include "frontend/terminal.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static const char *parting;
static volatile sig_atomic_t entered;

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

bool terminal_is_ours(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
           tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void terminal_leave(void)
{
    if (!entered)
        return;
    entered = 0;
    if (parting && write(STDOUT_FILENO, parting, strlen(parting)) < 0)
        return; /* the terminal is gone, so nothing is left to restore */
    tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

/* Only calls that POSIX allows in a handler. */
static void leave_and_die(int number)
{
    terminal_leave();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_fatal_signals(void)
{
    struct sigaction action;
    struct sigaction old;
    size_t i;

    memset(&action, 0, sizeof(action));
    action.sa_handler = leave_and_die;
    sigemptyset(&action.sa_mask);
    for (i = 0; i < ARRAY_LEN(fatal_signals); i++) {
        sigaction(fatal_signals[i], NULL, &old);
        if (old.sa_handler == SIG_DFL) /* others know what they do */
            sigaction(fatal_signals[i], &action, NULL);
    }
}

bool terminal_enter(enum terminal_mode mode, const char *farewell)
{
    struct termios raw;

    if (entered || !terminal_is_ours() || tcgetattr(STDIN_FILENO, &saved) != 0)
        return false;
    raw = saved;
    raw.c_iflag &=
        ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* stopped, we could not restore it */
    if (mode == TERMINAL_RAW) {
        raw.c_lflag &= ~(tcflag_t)ISIG;
        raw.c_oflag &= ~(tcflag_t)OPOST;
    }
    parting = farewell;
    entered = 1;
    catch_fatal_signals();
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0)
        return true;
    entered = 0;
    return false;
}

void terminal_get_size(unsigned *columns, unsigned *rows)
{
    struct winsize size;

    *columns = 80;
    *rows = 25;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_row > 0) {
        *columns = size.ws_col;
        *rows = size.ws_row;
    }
}
