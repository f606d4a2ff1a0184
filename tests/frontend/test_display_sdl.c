/* The window, in an X server of its own (Xvfb). */
#include <SDL.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontend/display.h"
#include "tests/frontend/fake_machine.h"
#include "tests/suite.h"

/* The libraries behind SDL keep some memory to the end. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static pid_t server;
static pid_t owner; /* of the server: not the processes of single tests */
static struct machine *machine;
static struct input *input;
static struct display *display;
static struct display_frame frame;
static struct failure failure;

/* Starts the server on a free display and sets DISPLAY. */
static bool start_server(void)
{
    int fds[2];
    char fd_text[12];
    char number[16] = ":";
    FILE *stream;
    bool got;

    if (pipe(fds) != 0)
        return false;
    snprintf(fd_text, sizeof(fd_text), "%d", fds[1]);
    owner = getpid();
    server = fork();
    if (server == 0) {
        close(fds[0]);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        execlp("Xvfb", "Xvfb", "-displayfd", fd_text, "-screen", "0",
               "1024x768x24", "-nolisten", "tcp", (char *)NULL);
        _exit(1);
    }
    close(fds[1]);
    stream = fdopen(fds[0], "r"); /* until it has written the whole line */
    got = stream && fgets(number + 1, sizeof(number) - 1, stream);
    if (stream)
        fclose(stream);
    number[strcspn(number, "\n")] = '\0';
    return got && setenv("DISPLAY", number, 1) == 0;
}

static void stop_server(void)
{
    if (getpid() != owner)
        return;
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

static void setup(void)
{
    struct input_config config = {0};
    struct display_host host = {.title = "disk.img", .frame = &frame};

    unsetenv("SDL_VIDEODRIVER");
    unsetenv("WAYLAND_DISPLAY");
    setenv("SDL_RENDER_DRIVER", "software", 1); /* no graphics card */
    machine = config.machine = host.machine = fake_machine_create();
    input = host.input = input_create(&config);
    frame.pixels = malloc(sizeof(uint32_t) * 720 * 400);
    ck_assert_msg(display_sdl_create(&host, &display, &failure), "%s",
                  failure.text);
    ck_assert_str_eq(SDL_GetCurrentVideoDriver(), "x11");
}

static void teardown(void)
{
    display->ops->destroy(display);
    input_destroy(input);
    machine_destroy(machine);
    free(frame.pixels);
    SDL_Quit();
}

static SDL_Window *window(void)
{
    SDL_Window *found = NULL;
    Uint32 id;

    for (id = 1; id < 10 && !found; id++)
        found = SDL_GetWindowFromID(id);
    ck_assert_ptr_nonnull(found);
    return found;
}

static uint32_t pixel_at(int x, int y)
{
    const SDL_Surface *surface = SDL_GetWindowSurface(window());

    ck_assert_ptr_nonnull(surface);
    ck_assert(x < surface->w && y < surface->h);
    return ((const uint32_t *)surface->pixels)[y * surface->pitch / 4 + x] &
           0xffffff;
}

/* Takes what the server itself sent. */
static void settle(void)
{
    unsigned i;

    for (i = 0; i < 20; i++) {
        display->ops->poll(display);
        SDL_Delay(5);
    }
    machine->key_count = 0;
}

static void press(SDL_Scancode scancode, unsigned mod)
{
    SDL_Event event = {.type = SDL_KEYDOWN};

    event.key.keysym.scancode = scancode;
    event.key.keysym.mod = (Uint16)mod;
    SDL_PushEvent(&event);
}

static void release(SDL_Scancode scancode)
{
    SDL_Event event = {.type = SDL_KEYUP};

    event.key.keysym.scancode = scancode;
    SDL_PushEvent(&event);
}

/* Guest time passes; returns whether the window stays. */
static bool run_ms(unsigned ms)
{
    bool stays = display->ops->poll(display);

    while (ms-- > 0) {
        machine_run(machine, machine->now_ns + 1000000);
        input_step(input);
    }
    return stays;
}

START_TEST(shows_the_picture_in_its_shape)
{
    int width, height;

    settle();
    display->ops->show(display);
    SDL_GetWindowSize(window(), &width, &height);
    ck_assert_int_eq(width * 3, height * 4);
    ck_assert_uint_eq(pixel_at(2, 2), 0xff0000);
    ck_assert_uint_eq(pixel_at(width - 3, height - 3), 0x0000ff);
    SDL_SetWindowSize(window(), 900, 300); /* 4:3 is 400 of these 900 */
    settle();
    display->ops->show(display);
    ck_assert_uint_eq(pixel_at(100, 150), 0);
    ck_assert_uint_eq(pixel_at(260, 150), 0xff0000);
    ck_assert_uint_eq(pixel_at(640, 150), 0x0000ff);
    ck_assert_uint_eq(pixel_at(800, 150), 0);
}
END_TEST

START_TEST(keys_reach_the_machine)
{
    settle();
    press(SDL_SCANCODE_LSHIFT, 0);
    press(SDL_SCANCODE_A, KMOD_LSHIFT);
    release(SDL_SCANCODE_A);
    release(SDL_SCANCODE_LSHIFT);
    press(SDL_SCANCODE_KP_ENTER, 0);
    ck_assert(run_ms(10));
    ck_assert_uint_eq(machine->key_count, 5);
    ck_assert_int_eq(machine->keys[0].key, PS2_KEY_SHIFT);
    ck_assert_int_eq(machine->keys[1].key, PS2_KEY_A);
    ck_assert(machine->keys[1].down && !machine->keys[2].down);
    ck_assert_int_eq(machine->keys[4].key, PS2_KEY_KP_ENTER);
}
END_TEST

START_TEST(lost_focus_lets_go_of_keys)
{
    SDL_Event event = {.type = SDL_WINDOWEVENT};

    settle();
    press(SDL_SCANCODE_LALT, 0);
    run_ms(5);
    event.window.event = SDL_WINDOWEVENT_FOCUS_LOST;
    SDL_PushEvent(&event);
    run_ms(5);
    ck_assert_uint_eq(machine->key_count, 2);
    ck_assert(!machine->keys[1].down);
}
END_TEST

static void click(Uint32 type, Uint8 button)
{
    SDL_Event event = {.type = type};

    event.button.button = button;
    SDL_PushEvent(&event);
}

START_TEST(mouse_is_captured_by_a_click)
{
    SDL_Event move = {.type = SDL_MOUSEMOTION};
    SDL_Event wheel = {.type = SDL_MOUSEWHEEL};

    settle();
    ck_assert_str_eq(SDL_GetWindowTitle(window()),
                     "disk.img - Vitrine - click to use the mouse");
    move.motion.xrel = 5;
    move.motion.yrel = -3;
    SDL_PushEvent(&move);
    run_ms(5);
    ck_assert_int_eq(machine->mouse_x, 0); /* not ours yet */
    click(SDL_MOUSEBUTTONDOWN, SDL_BUTTON_LEFT);
    click(SDL_MOUSEBUTTONUP, SDL_BUTTON_LEFT);
    run_ms(5);
    ck_assert_str_eq(SDL_GetWindowTitle(window()),
                     "disk.img - Vitrine - Ctrl-Alt-G releases the mouse");
    ck_assert_uint_eq(machine->mouse_buttons, 0);
    machine->mouse_x = machine->mouse_y = 0;
    SDL_PushEvent(&move);
    click(SDL_MOUSEBUTTONDOWN, SDL_BUTTON_RIGHT);
    wheel.wheel.y = 1;
    SDL_PushEvent(&wheel);
    run_ms(5);
    ck_assert_int_eq(machine->mouse_x, 5);
    ck_assert_int_eq(machine->mouse_y, -3);
    ck_assert_int_eq(machine->mouse_wheel, 1);
    ck_assert_uint_eq(machine->mouse_buttons, 2);
    press(SDL_SCANCODE_G, KMOD_LCTRL | KMOD_LALT);
    run_ms(5);
    ck_assert_str_eq(SDL_GetWindowTitle(window()),
                     "disk.img - Vitrine - click to use the mouse");
    ck_assert_uint_eq(machine->mouse_buttons, 0); /* let go with it */
    ck_assert_uint_eq(machine->key_count, 0);     /* the G was ours */
}
END_TEST

START_TEST(clipboard_is_typed)
{
    settle();
    ck_assert_int_eq(SDL_SetClipboardText("a\r\nB\xe4\xb8\xad"), 0);
    press(SDL_SCANCODE_LCTRL, 0);
    press(SDL_SCANCODE_LALT, KMOD_LCTRL);
    press(SDL_SCANCODE_V, KMOD_LCTRL | KMOD_LALT);
    run_ms(1000);
    /* Ctrl and Alt down and up again; a, Enter, Shift-B */
    ck_assert_uint_eq(machine->key_count, 4 + 2 + 2 + 4);
    ck_assert(!machine->keys[2].down && !machine->keys[3].down);
    ck_assert_int_eq(machine->keys[4].key, PS2_KEY_A);
    ck_assert_int_eq(machine->keys[6].key, PS2_KEY_RET);
    ck_assert_int_eq(machine->keys[8].key, PS2_KEY_SHIFT);
}
END_TEST

START_TEST(ctrl_alt_d_is_ctrl_alt_del)
{
    settle();
    press(SDL_SCANCODE_D, KMOD_RCTRL | KMOD_LALT);
    run_ms(500);
    ck_assert_uint_eq(machine->key_count, 6);
    ck_assert_int_eq(machine->keys[2].key, PS2_KEY_DELETE);
}
END_TEST

START_TEST(fills_the_screen_and_back)
{
    const Uint32 full = SDL_WINDOW_FULLSCREEN_DESKTOP;

    settle();
    press(SDL_SCANCODE_RETURN, KMOD_LALT);
    run_ms(5);
    ck_assert_uint_eq(SDL_GetWindowFlags(window()) & full, full);
    press(SDL_SCANCODE_F, KMOD_LCTRL | KMOD_LALT);
    run_ms(5);
    ck_assert_uint_eq(SDL_GetWindowFlags(window()) & full, 0);
    ck_assert_uint_eq(machine->key_count, 0);
}
END_TEST

START_TEST(closing_the_window_ends)
{
    SDL_Event event = {.type = SDL_QUIT};

    settle();
    ck_assert(run_ms(1));
    SDL_PushEvent(&event);
    ck_assert(!run_ms(1));
}
END_TEST

START_TEST(no_screen_to_open_it_on)
{
    struct display_host host = {.frame = &frame};
    struct display *none;

    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    ck_assert(!display_sdl_create(&host, &none, &failure));
    ck_assert_ptr_null(none);
    ck_assert_int_eq(failure.exit_status, EXIT_STATUS_HOST);
    ck_assert_ptr_nonnull(
        strstr(failure.text,
               "cannot open a window: there is no X11 or Wayland screen"));
    ck_assert_ptr_nonnull(strstr(failure.text,
                                 "write -display text for the terminal, or "
                                 "-display none"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/display_sdl");
    TCase *tcase = tcase_create("window");
    TCase *none = tcase_create("none");

    if (!start_server()) {
        printf("skipped: Xvfb is not installed\n");
        exit(TEST_SKIPPED);
    }
    atexit(stop_server);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 20);
    tcase_add_test(tcase, shows_the_picture_in_its_shape);
    tcase_add_test(tcase, keys_reach_the_machine);
    tcase_add_test(tcase, lost_focus_lets_go_of_keys);
    tcase_add_test(tcase, mouse_is_captured_by_a_click);
    tcase_add_test(tcase, clipboard_is_typed);
    tcase_add_test(tcase, ctrl_alt_d_is_ctrl_alt_del);
    tcase_add_test(tcase, fills_the_screen_and_back);
    tcase_add_test(tcase, closing_the_window_ends);
    suite_add_tcase(suite, tcase);
    tcase_add_test(none, no_screen_to_open_it_on);
    suite_add_tcase(suite, none);
    return suite;
}
