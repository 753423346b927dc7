#include "list_scan.h"
// Says which C library there is; musl cannot choose at the start.
#include <stdint.h>

// Where the processor that runs it counts bits in one instruction, so does this.
#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

typedef uint8_t bytes __attribute__((vector_size(16), aligned(1)));
typedef int8_t matches __attribute__((vector_size(16)));

// Vectors as the compiler has them: those of Swift are compared lane by lane.
FOR_EACH_PROCESSOR
const uint8_t *end_of_list(const uint8_t *text, const uint8_t *end) {
  int depth = 1;
  while (text < end) {
    // Sixteen bytes at a time, as long as the list cannot end among them: pairs of a token and its number are about as long.
    while (end - text >= 16) {
      bytes block = *(const bytes *)text;
      matches closing = block == ']';
      int closed = -__builtin_reduce_add(closing);
      if (closed >= depth || __builtin_reduce_or(block == '"')) break;
      depth += -__builtin_reduce_add((matches)(block == '[')) - closed;
      text += 16;
    }
    for (int i = 0; i < 16 && text < end; i++, text++) {
      if (*text == '"') return NULL;
      depth += *text == '[' ? 1 : *text == ']' ? -1 : 0;
      if (depth == 0) return text + 1;
    }
  }
  return NULL;
}
