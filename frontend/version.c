#include "frontend/version.h"

const char *version_text(void)
{
    return VITRINE_VERSION;
}
