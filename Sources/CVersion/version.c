#include "skewmem_version.h"

#ifndef SKEWMEM_COMMIT
#define SKEWMEM_COMMIT ""
#endif

const char *skewmem_commit(void) { return SKEWMEM_COMMIT; }
