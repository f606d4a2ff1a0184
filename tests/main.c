/* Runs the one suite that a test executable consists of. */
#include <check.h>
#include <stdlib.h>

#include "tests/suite.h"

int main(void)
{
    SRunner *runner = srunner_create(test_suite());
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
