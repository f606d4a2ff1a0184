#include <errno.h>
#include <fcntl.h>

#include "tests/frontend/image_files.h"
#include "tests/suite.h"

static struct image_files files;
static struct faulty_host faulty;
static struct said said;
static struct image_config config;
static struct host_block *block;
static enum image_kind kind;
static char message[IMAGE_MESSAGE_BYTES];

static void setup(void)
{
    image_files_init(&files);
    faulty_init(&faulty);
    said = (struct said){.log = {said_put}};
    config = (struct image_config){.log = &said.log, .host = &faulty.host};
    block = NULL;
}

static void teardown(void)
{
    image_files_deinit(&files);
}

static enum status open_path(const char *path)
{
    config.path = path;
    return image_open(&config, &block, &kind, message, sizeof(message));
}

static void open_ok(const char *path)
{
    enum status status = open_path(path);

    ck_assert_msg(status == STATUS_OK, "%s", message);
    ck_assert_str_eq(message, "");
}

static void close_block(void)
{
    block->ops->destroy(block);
    block = NULL;
    ck_assert_int_eq(faulty.open_files, 0);
}

/* The message names the file, a reason and a remedy. */
static void expect_refused(const char *path, enum status status,
                           const char *reason)
{
    ck_assert_int_eq(open_path(path), status);
    ck_assert_ptr_null(block);
    ck_assert_int_eq(faulty.open_files, 0);
    ck_assert_msg(strncmp(message, path, strlen(path)) == 0, "%s", message);
    ck_assert_msg(strstr(message, reason) != NULL, "%s", message);
    ck_assert_msg(strchr(message, ';') != NULL, "%s", message);
}

START_TEST(reads_and_writes_the_file)
{
    uint8_t out[1024], in[1024];
    const char *path = image_files_write(&files, "a.img", "abc", 3, 1474560);
    FILE *file;

    for (unsigned i = 0; i < sizeof(out); i++)
        out[i] = (uint8_t)(i * 7);
    open_ok(path);
    ck_assert_int_eq(kind, IMAGE_FLOPPY);
    ck_assert_uint_eq(block->size_bytes, 1474560);
    ck_assert(!block->read_only);
    ck_assert_int_eq(block->ops->write(block, 700000, out, 1024), STATUS_OK);
    ck_assert_int_eq(block->ops->read(block, 700000, in, 1024), STATUS_OK);
    ck_assert_mem_eq(in, out, 1024);
    ck_assert_int_eq(block->ops->flush(block), STATUS_OK);
    ck_assert_int_eq(block->ops->read(block, 0, in, 3), STATUS_OK);
    ck_assert_mem_eq(in, "abc", 3);
    close_block();
    ck_assert_uint_eq(image_files_size(path), 1474560);
    file = fopen(path, "rb");
    ck_assert_int_eq(fseek(file, 700000, SEEK_SET), 0);
    ck_assert_uint_eq(fread(in, 1, 1024, file), 1024);
    ck_assert_mem_eq(in, out, 1024);
    fclose(file);
    ck_assert_uint_eq(said.count, 0);
}
END_TEST

START_TEST(small_files_are_padded_diskettes)
{
    uint8_t sector[512], zero[512] = {0};
    const char *path = image_files_write(&files, "boot.img", "boot", 4, 700);

    open_ok(path);
    ck_assert_int_eq(kind, IMAGE_FLOPPY);
    ck_assert_uint_eq(block->size_bytes, 1474560);
    ck_assert_int_eq(block->ops->read(block, 512, sector, 512), STATUS_OK);
    ck_assert_mem_eq(sector, zero, 512);
    ck_assert_int_eq(block->ops->read(block, 1474048, sector, 512), STATUS_OK);
    ck_assert_mem_eq(sector, zero, 512);
    /* inside the file nothing grows */
    memset(sector, 0x5a, 512);
    ck_assert_int_eq(block->ops->write(block, 0, sector, 512), STATUS_OK);
    ck_assert_uint_eq(image_files_size(path), 700);
    ck_assert_int_eq(block->ops->write(block, 512, sector, 512), STATUS_OK);
    ck_assert_uint_eq(image_files_size(path), 1474560);
    ck_assert_int_eq(block->ops->read(block, 512, zero, 512), STATUS_OK);
    ck_assert_mem_eq(sector, zero, 512);
    close_block();
    open_ok(path);
    ck_assert_uint_eq(block->size_bytes, 1474560);
    close_block();
}
END_TEST

START_TEST(odd_hard_disks_are_cut)
{
    const char *path = image_files_write(&files, "hd", NULL, 0, 10000001);

    open_ok(path);
    ck_assert_int_eq(kind, IMAGE_DISK);
    ck_assert_uint_eq(block->size_bytes, 10000001 / 512 * 512);
    ck_assert_uint_eq(said.count, 1);
    close_block();
    ck_assert_uint_eq(image_files_size(path), 10000001);
}
END_TEST

START_TEST(snapshot_drops_writes)
{
    uint8_t sector[512], old[512];
    const char *path = image_files_write(&files, "hd", "x", 1, 10240000);

    config.snapshot = true;
    open_ok(path);
    ck_assert(!block->read_only);
    memset(sector, 0x77, 512);
    ck_assert_int_eq(block->ops->write(block, 512, sector, 512), STATUS_OK);
    ck_assert_int_eq(block->ops->read(block, 512, old, 512), STATUS_OK);
    ck_assert_mem_eq(old, sector, 512);
    close_block();
    config.snapshot = false;
    open_ok(path);
    ck_assert_int_eq(block->ops->read(block, 512, old, 512), STATUS_OK);
    ck_assert_uint_eq(old[0], 0);
    close_block();
}
END_TEST

/* -snapshot of a file that may not be written is fully writable. */
START_TEST(snapshot_needs_no_right_to_write)
{
    config.snapshot = true;
    faulty.open_write_error = EACCES;
    open_ok(image_files_write(&files, "boot", "x", 1, 512));
    ck_assert(!block->read_only);
    ck_assert_uint_eq(said.count, 0);
    ck_assert_int_eq(block->ops->write(block, 5000, "abc", 3), STATUS_OK);
    close_block();
    ck_assert_uint_eq(image_files_size(config.path), 512);
}
END_TEST

START_TEST(files_that_may_not_be_written)
{
    static const int errors[] = {EACCES, EROFS, EPERM, ETXTBSY};
    const char *path = image_files_write(&files, "a", "x", 1, 368640);

    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        faulty.open_write_error = errors[i];
        said.count = 0;
        open_ok(path);
        ck_assert(block->read_only);
        ck_assert_uint_eq(said.count, 1);
        ck_assert_int_eq(block->ops->write(block, 0, "x", 1), STATUS_READ_ONLY);
        ck_assert_int_eq(block->ops->flush(block), STATUS_OK);
        close_block();
    }
    faulty.open_write_error = EMFILE;
    expect_refused(path, STATUS_IO, "");
    faulty.open_write_error = EACCES;
    config.read_only = true; /* asked for: nothing to tell */
    said.count = 0;
    open_ok(path);
    ck_assert(block->read_only);
    ck_assert_uint_eq(said.count, 0);
    close_block();
}
END_TEST

START_TEST(two_writers_are_refused)
{
    const char *path = image_files_write(&files, "a", "x", 1, 368640);
    struct host_block *first, *second;

    open_ok(path);
    first = block;
    ck_assert_int_eq(open_path(path), STATUS_NO_ACCESS);
    ck_assert_msg(strstr(message, "in use") != NULL, "%s", message);
    ck_assert_msg(strstr(message, "-snapshot") != NULL, "%s", message);
    config.snapshot = true;
    ck_assert_int_eq(open_path(path), STATUS_NO_ACCESS);
    ck_assert_msg(strstr(message, "writing to it") != NULL, "%s", message);
    ck_assert_int_eq(faulty.open_files, 1);
    first->ops->destroy(first);
    open_ok(path); /* readers share */
    first = block;
    open_ok(path);
    second = block;
    config.snapshot = false;
    ck_assert_int_eq(open_path(path), STATUS_NO_ACCESS);
    first->ops->destroy(first);
    second->ops->destroy(second);
    open_ok(path);
    close_block();
}
END_TEST

START_TEST(hosts_without_locks)
{
    faulty.lock_error = ENOLCK;
    open_ok(image_files_write(&files, "a", "x", 1, 368640));
    ck_assert_uint_eq(said.count, 1);
    ck_assert(strstr(said.last, "locked") != NULL);
    close_block();
}
END_TEST

START_TEST(what_is_no_image)
{
    const char *path = image_files_path(&files, "nothing");
    char long_path[700], fifo[128];

    expect_refused(path, STATUS_NOT_FOUND, "no such file");
    expect_refused(image_files_write(&files, "empty", NULL, 0, 0),
                   STATUS_BAD_FORMAT, "empty");
    expect_refused(files.folder, STATUS_BAD_ARGUMENT, "directory");
    expect_refused("/dev/null", STATUS_BAD_ARGUMENT, "neither");
    snprintf(fifo, sizeof(fifo), "%s/fifo", files.folder);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    expect_refused(fifo, STATUS_BAD_ARGUMENT, "neither");
    path = image_files_write(&files, "image", "x", 1, 1474560);
    faulty.fail_at = 1;
    faulty.error = EACCES;
    expect_refused(path, STATUS_NO_ACCESS, "permission denied");
    memset(long_path, 'a', sizeof(long_path));
    long_path[sizeof(long_path) - 1] = '\0';
    ck_assert_int_ne(open_path(long_path), STATUS_OK);
    ck_assert_msg(strstr(message, ";") != NULL, "%s", message);
    config.path = "nothing";
    ck_assert_int_eq(image_open(&config, &block, &kind, NULL, 0),
                     STATUS_NOT_FOUND);
    config.host = NULL; /* the real one */
    ck_assert_int_eq(image_open(&config, &block, &kind, message, 4),
                     STATUS_NOT_FOUND);
    ck_assert_str_eq(message, "not");
}
END_TEST

START_TEST(kinds_that_were_asked_for)
{
    config.kind = IMAGE_FLOPPY;
    expect_refused(image_files_write(&files, "a", "x", 1, 5000000),
                   STATUS_BAD_FORMAT, "too large");
    config.kind = IMAGE_DISK;
    expect_refused(image_files_write(&files, "a", "x", 1, 511),
                   STATUS_BAD_FORMAT, "too small");
    expect_refused(image_files_write(&files, "a", "QFI\xfb", 4, 100000),
                   STATUS_BAD_FORMAT, "qemu-img");
    open_ok(image_files_write(&files, "a", "x", 1, 1474560));
    ck_assert_int_eq(kind, IMAGE_DISK);
    close_block();
    config.kind = IMAGE_CD;
    expect_refused(image_files_write(&files, "a", "x", 1, 2047),
                   STATUS_BAD_FORMAT, "too small");
    open_ok(image_files_write(&files, "a", "x", 1, 5000000));
    ck_assert_int_eq(kind, IMAGE_CD);
    ck_assert(block->read_only);
    ck_assert_uint_eq(said.count, 0);
    close_block();
    config.snapshot = true;
    open_ok(config.path);
    ck_assert(block->read_only);
    close_block();
}
END_TEST

/* A file that is cut while in use: told once, and only what is gone fails. */
START_TEST(truncated_while_running)
{
    uint8_t sector[512];
    const char *path = image_files_write(&files, "a", "x", 1, 1474560);

    open_ok(path);
    ck_assert_int_eq(truncate(path, 1000), 0);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(block->ops->read(block, 512, sector, 512), STATUS_IO);
    ck_assert_int_eq(block->ops->read(block, 0, sector, 512), STATUS_OK);
    ck_assert_uint_eq(said.count, 1);
    ck_assert(strstr(said.last, "shorter") != NULL);
    ck_assert(strstr(said.last, path) != NULL);
    close_block();
}
END_TEST

/* The host's disk is full: that write fails, the others stand. */
START_TEST(no_space_is_a_write_fault)
{
    static const struct {
        int error;
        enum status status;
    } rows[] = {{ENOSPC, STATUS_NO_SPACE},
                {EDQUOT, STATUS_NO_SPACE},
                {EFBIG, STATUS_NO_SPACE},
                {EIO, STATUS_IO},
                {EROFS, STATUS_READ_ONLY}};
    uint8_t a[512], b[512];

    memset(a, 1, 512);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        open_ok(image_files_write(&files, "a", "x", 1, 1474560));
        said.count = 0;
        ck_assert_int_eq(block->ops->write(block, 0, a, 512), STATUS_OK);
        faulty.error = rows[i].error;
        for (unsigned k = 0; k < 3; k++) {
            faulty.fail_at = 1;
            ck_assert_int_eq(block->ops->write(block, 512, a, 512),
                             rows[i].status);
        }
        ck_assert_uint_eq(said.count, 1);
        ck_assert_int_eq(block->ops->read(block, 0, b, 512), STATUS_OK);
        ck_assert_mem_eq(a, b, 512);
        ck_assert_int_eq(block->ops->write(block, 512, a, 512), STATUS_OK);
        ck_assert_int_eq(block->ops->read(block, 512, b, 512), STATUS_OK);
        ck_assert_mem_eq(a, b, 512);
        faulty.fail_at = 1;
        ck_assert_int_ne(block->ops->flush(block), STATUS_OK);
        ck_assert_int_eq(block->ops->flush(block), STATUS_OK);
        close_block();
    }
}
END_TEST

/* Everything a session does; false: some call failed. */
static bool session(const char *path)
{
    uint8_t sector[512] = {1};
    bool ok;

    if (open_path(path) != STATUS_OK) {
        ck_assert_ptr_null(block);
        ck_assert(strchr(message, ';') != NULL);
        return false;
    }
    ok = block->ops->read(block, 0, sector, 512) == STATUS_OK &&
         block->ops->write(block, 512, sector, 512) == STATUS_OK &&
         block->ops->write(block, 5000 * 4, sector, 512) == STATUS_OK &&
         block->ops->flush(block) == STATUS_OK;
    block->ops->destroy(block);
    return ok && !said.count;
}

/* Every call of the host fails once: an error comes out, no file stays open,
 * and the file is not harmed. */
START_TEST(every_host_call_fails_once)
{
    static const int errors[] = {EIO, ENOSPC, EACCES, EMFILE, EWOULDBLOCK};

    for (size_t e = 0; e < ARRAY_LEN(errors); e++) {
        for (unsigned snapshot = 0; snapshot < 2; snapshot++) {
            unsigned n = 0, calls;

            config.snapshot = snapshot;
            faulty.error = errors[e];
            do {
                const char *path =
                    image_files_write(&files, "a", "boot", 4, 512);

                n++;
                said.count = 0;
                faulty.calls = 0;
                faulty.fail_at = n;
                calls = session(path) ? faulty.calls : 0;
                ck_assert_int_eq(faulty.open_files, 0);
                ck_assert_msg(!calls || n > calls, "call %u fails silently", n);
                faulty.fail_at = 0;
                open_ok(path);
                ck_assert_int_eq(block->ops->read(block, 0, message, 4),
                                 STATUS_OK);
                ck_assert_mem_eq(message, "boot", 4);
                block->ops->destroy(block);
            } while (!calls);
            ck_assert_uint_ge(n, snapshot ? 7 : 12);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("frontend/image");
    TCase *tcase = tcase_create("files");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reads_and_writes_the_file);
    tcase_add_test(tcase, small_files_are_padded_diskettes);
    tcase_add_test(tcase, odd_hard_disks_are_cut);
    tcase_add_test(tcase, snapshot_drops_writes);
    tcase_add_test(tcase, snapshot_needs_no_right_to_write);
    tcase_add_test(tcase, files_that_may_not_be_written);
    tcase_add_test(tcase, two_writers_are_refused);
    tcase_add_test(tcase, hosts_without_locks);
    tcase_add_test(tcase, what_is_no_image);
    tcase_add_test(tcase, kinds_that_were_asked_for);
    tcase_add_test(tcase, truncated_while_running);
    tcase_add_test(tcase, no_space_is_a_write_fault);
    tcase_add_test(tcase, every_host_call_fails_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
