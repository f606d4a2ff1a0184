/* Runs the one suite that a test executable consists of. */
#include <check.h>
#include <stdlib.h>

#include "tests/suite.h"

int main(void)
{
    SRunner *runner;
    int failed;

    /* Four seconds, the default, are short on a computer that is busy. */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    runner = srunner_create(test_suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
