/* Each tests/<folder>/test_<module>.c defines this one function; tests/main.c
 * runs it. A file that exits with TEST_SKIPPED was skipped, and said why. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

#define TEST_SKIPPED 77

/* The suite of one source file under test; the runner frees it. */
Suite *test_suite(void);

#endif
