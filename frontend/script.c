/* Runs a script: at every step the lines that can be done are done, until one
 * has to wait. The text on the screen is looked at every LOOK_NS of guest
 * time; each look costs, above all in graphics modes. */
#include "frontend/script.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "frontend/outfile.h"
#include "frontend/screenshot.h"
#include "frontend/script_int.h"

#define LOOK_NS       10000000u /* a multiple of SCRIPT_STEP_NS */
#define SECONDS(ns)   ((double)(ns) / NS_PER_SEC)
#define INPUT_WAIT_NS SCRIPT_WAIT_NS /* for a guest that takes no key */

enum outcome {
    DONE,
    BLOCKED,
    FAILED,
};

/* What an outcome depends on, at one step. */
struct moment {
    struct script *script;
    bool is_off; /* the guest */
    uint64_t now_ns;
    bool look;     /* the time to look at the screen has come */
    bool has_text; /* script->text is of this step */
    struct failure *failure;
};

bool script_has_quit(const struct script *script)
{
    return script->count > 0 &&
           script->commands[script->count - 1].kind == SCRIPT_DO_QUIT;
}

void script_start(struct script *script, const struct script_host *host)
{
    assert(host->machine && host->input && host->frame);
    script->host = *host;
    script->next = 0;
    script->started = false;
    script->look_ns = 0;
    script->watches = 0;
    script->serial_count = 0;
    script->text->rows = script->text->columns = 0;
}

void script_take_serial(struct script *script, uint8_t byte)
{
    if (script->serial_count == SCRIPT_SERIAL_BYTES) {
        /* No text that is waited for is longer than the half that stays. */
        size_t half = SCRIPT_SERIAL_BYTES / 2;

        memmove(script->serial, script->serial + half, half);
        script->serial_count = half;
        script->serial_seen =
            script->serial_seen > half ? script->serial_seen - half : 0;
    }
    script->serial[script->serial_count++] = byte;
}

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static enum outcome
fail(struct moment *moment, const struct script_command *command,
     const char *format, ...)
{
    char why[FAILURE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    failure_set(moment->failure, EXIT_STATUS_SCRIPT, "%s:%u: %s: %s",
                moment->script->name, command->line, command->source, why);
    return FAILED;
}

static bool screen_has(struct moment *moment,
                       const struct script_command *command)
{
    struct script *script = moment->script;

    if (!moment->has_text)
        machine_text(script->host.machine, script->text);
    moment->has_text = true;
    return script_find_text(script->text, command->bytes, command->size);
}

/* What ends every wait; FAILED, or BLOCKED while there is hope. */
static enum outcome wait_on(struct moment *moment,
                            const struct script_command *command,
                            const char *where)
{
    if (moment->is_off)
        return fail(moment, command, "not %s, and the guest is off", where);
    if (moment->now_ns - moment->script->since_ns >= command->ns)
        return fail(moment, command,
                    "not %s after %g s of guest time; give it more time, or "
                    "wait for another text",
                    where, SECONDS(command->ns));
    return BLOCKED;
}

static enum outcome run_wait(struct moment *moment,
                             const struct script_command *command)
{
    bool late = moment->now_ns - moment->script->since_ns >= command->ns;

    if ((moment->look || late) && screen_has(moment, command))
        return DONE;
    return wait_on(moment, command, "on the screen");
}

static enum outcome run_wait_serial(struct moment *moment,
                                    const struct script_command *command)
{
    struct script *script = moment->script;
    size_t at = script->serial_seen;

    for (; at + command->size <= script->serial_count; at++) {
        if (memcmp(script->serial + at, command->bytes, command->size) != 0)
            continue;
        at += command->size;
        script->serial_count -= at;
        memmove(script->serial, script->serial + at, script->serial_count);
        script->serial_seen = 0;
        return DONE;
    }
    script->serial_seen = at;
    return wait_on(moment, command, "sent by COM1");
}

/* Until the machine has taken what was begun. */
static enum outcome run_input(struct moment *moment,
                              const struct script_command *command)
{
    struct script *script = moment->script;
    uint64_t taken = input_taken(script->host.input);

    if (moment->is_off)
        return fail(moment, command, "the guest is off");
    if (input_is_idle(script->host.input))
        return DONE;
    if (taken != script->taken) {
        script->taken = taken;
        script->since_ns = moment->now_ns;
    }
    if (moment->now_ns - script->since_ns >= INPUT_WAIT_NS)
        return fail(moment, command,
                    "the guest took no key for %g s of guest time; wait until "
                    "it is ready for them",
                    SECONDS(INPUT_WAIT_NS));
    return BLOCKED;
}

static enum outcome run_sleep(const struct moment *moment,
                              const struct script_command *command)
{
    bool past = moment->now_ns - moment->script->since_ns >= command->ns;

    return past || moment->is_off ? DONE : BLOCKED;
}

static enum outcome run_expect(struct moment *moment,
                               const struct script_command *command)
{
    return screen_has(moment, command)
               ? DONE
               : fail(moment, command, "not on the screen");
}

static enum outcome run_screenshot(struct moment *moment,
                                   const struct script_command *command)
{
    struct script_host *host = &moment->script->host;
    struct failure failure;

    machine_render(host->machine, host->frame);
    if (host->frame->width == 0 || host->frame->height == 0)
        return fail(moment, command, "the screen is dark: no picture yet");
    if (screenshot_save(command->path, host->frame, &failure))
        return DONE;
    return fail(moment, command, "%s", failure.text);
}

static enum outcome run_text(struct moment *moment,
                             const struct script_command *command)
{
    struct script *script = moment->script;
    struct failure failure;
    struct outfile file;

    machine_text(script->host.machine, script->text);
    moment->has_text = true;
    if (strcmp(command->path, "-") == 0) {
        script_print_screen(script->host.out, script->text, "");
        return fflush(script->host.out) == 0
                   ? DONE
                   : fail(moment, command, "cannot write standard output");
    }
    if (!outfile_open(&file, command->path, &failure))
        return fail(moment, command, "%s", failure.text);
    script_print_screen(file.stream, script->text, "");
    if (!outfile_commit(&file, &failure))
        return fail(moment, command, "%s", failure.text);
    return DONE;
}

static enum outcome run_medium(struct moment *moment,
                               const struct script_command *command)
{
    struct script_host *host = &moment->script->host;
    struct failure failure;

    if (host->change_medium(host->context, command->drive, command->path,
                            &failure))
        return DONE;
    return fail(moment, command, "%s", failure.text);
}

static enum outcome add_watch(struct moment *moment,
                              const struct script_command *command)
{
    struct script *script = moment->script;

    assert(script->watches < SCRIPT_FAIL_MAX);
    script->watch[script->watches++] = command;
    moment->look = true; /* it may stand there already */
    return DONE;
}

static enum outcome check_watches(struct moment *moment)
{
    const struct script *script = moment->script;
    unsigned i;

    for (i = 0; i < script->watches; i++)
        if (screen_has(moment, script->watch[i]))
            return fail(moment, script->watch[i], "it stands on the screen");
    return DONE;
}

/* What a line does once, when its turn comes. */
static bool begin(struct moment *moment, const struct script_command *command)
{
    struct script *script = moment->script;
    struct input *input = script->host.input;

    script->started = true;
    script->since_ns = moment->now_ns;
    script->taken = input_taken(input);
    if (moment->is_off)
        return true;
    switch (command->kind) {
    case SCRIPT_TYPE: return input_type(input, command->bytes, command->size);
    case SCRIPT_KEY:
        input_chord(input, command->keys, command->key_count);
        break;
    case SCRIPT_MOUSE_DOWN: script->buttons |= command->mask; break;
    case SCRIPT_MOUSE_UP: script->buttons &= ~command->mask; break;
    case SCRIPT_WAIT: moment->look = true; break;
    case SCRIPT_WAIT_SERIAL: script->serial_seen = 0; break;
    default: break;
    }
    if (command->kind == SCRIPT_MOUSE_MOVE ||
        command->kind == SCRIPT_MOUSE_DOWN || command->kind == SCRIPT_MOUSE_UP)
        input_mouse(input, command->dx, command->dy, 0, script->buttons);
    return true;
}

static enum outcome run_command(struct moment *moment,
                                const struct script_command *command)
{
    struct machine *machine = moment->script->host.machine;

    switch (command->kind) {
    case SCRIPT_WAIT: return run_wait(moment, command);
    case SCRIPT_WAIT_SERIAL: return run_wait_serial(moment, command);
    case SCRIPT_TYPE:
    case SCRIPT_KEY:
    case SCRIPT_MOUSE_MOVE:
    case SCRIPT_MOUSE_DOWN:
    case SCRIPT_MOUSE_UP: return run_input(moment, command);
    case SCRIPT_SCREENSHOT: return run_screenshot(moment, command);
    case SCRIPT_TEXT: return run_text(moment, command);
    case SCRIPT_INSERT:
    case SCRIPT_EJECT: return run_medium(moment, command);
    case SCRIPT_SLEEP: return run_sleep(moment, command);
    case SCRIPT_RESET: machine_reset(machine); return DONE;
    case SCRIPT_EXPECT: return run_expect(moment, command);
    case SCRIPT_FAIL: return add_watch(moment, command);
    case SCRIPT_DO_QUIT: moment->look = true; return DONE;
    }
    return DONE;
}

/* Lines from the present one on; true: the script quits. */
static enum outcome run_lines(struct moment *moment, bool *quit)
{
    struct script *script = moment->script;

    for (*quit = false; script->next < script->count && !*quit;) {
        const struct script_command *command = &script->commands[script->next];
        enum outcome outcome = DONE;

        if (!script->started && !begin(moment, command))
            outcome = fail(moment, command, "out of host memory");
        if (outcome == DONE)
            outcome = run_command(moment, command);
        if (outcome != DONE)
            return outcome;
        *quit = command->kind == SCRIPT_DO_QUIT;
        script->next++;
        script->started = false;
    }
    return DONE;
}

enum script_state script_step(struct script *script, bool is_off,
                              struct failure *failure)
{
    struct moment moment = {.script = script, .is_off = is_off};
    enum outcome outcome;
    bool quit;

    moment.failure = failure;
    moment.now_ns = machine_now_ns(script->host.machine);
    moment.look = is_off || moment.now_ns >= script->look_ns;
    if (moment.look)
        script->look_ns = (moment.now_ns / LOOK_NS + 1) * LOOK_NS;
    outcome = run_lines(&moment, &quit);
    if (outcome != FAILED && moment.look && check_watches(&moment) == FAILED)
        outcome = FAILED;
    if (outcome == FAILED)
        return SCRIPT_FAILED;
    if (outcome == BLOCKED)
        return SCRIPT_RUNNING;
    return quit ? SCRIPT_QUIT : SCRIPT_ENDED;
}

/* The part behind the `lines`th newline from the end. */
static size_t find_last_lines(const uint8_t *bytes, size_t size, unsigned lines)
{
    while (size > 0 && lines > 0)
        if (bytes[--size] == '\n')
            lines--;
    return lines > 0 ? 0 : size + 1;
}

void script_print_guest(const struct script *script, FILE *stream)
{
    const uint8_t *bytes = script->serial;
    size_t size = script->serial_count;
    size_t at;

    machine_text(script->host.machine, script->text);
    if (script->text->rows == 0)
        fprintf(stream, "The screen shows a picture without readable text.\n");
    else {
        fprintf(stream, "The screen:\n");
        script_print_screen(stream, script->text, "| ");
    }
    if (size == 0)
        return;
    fprintf(stream, "The end of what COM1 sent:\n");
    for (at = find_last_lines(bytes, size, 10); at < size; at++)
        if (bytes[at] == '\n' || (bytes[at] >= ' ' && bytes[at] != 0x7f))
            fputc(bytes[at], stream);
    fputc('\n', stream);
}
