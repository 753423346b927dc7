// Functions for the widest vectors of the processor that runs them: compiled for each kind and chosen when the program starts. Elsewhere (NEON,
// SSE2) the compiler's default serves.
#pragma once
// Says which C library there is; musl cannot choose at the start.
#include <stdint.h>

#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

// The sum of eight numbers, in one order whatever the processor. A macro: a function would take its argument in registers that not every processor
// has.
#define SUM(v) (((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])))
