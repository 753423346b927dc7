#include "token_values.h"
#include "lanes.h"
#include "processors.h"
#include <string.h>

FOR_EACH_PROCESSOR
void doubles_of_floats(const void *floats, size_t count, double *values) {
  const char *bytes = floats;
  for (size_t n = 0; n < count; n++) {
    float value;
    memcpy(&value, bytes + n * sizeof value, sizeof value);
    values[n] = value;
  }
}

FOR_EACH_PROCESSOR
int are_logarithms(const double *values, size_t count) {
  words is_other = {0};
  int is_found = 0;
  size_t n = 0;
  for (; n + WIDTH <= count; n += WIDTH) is_other |= ~(OF(values, n) <= 0);
  for (; n < count; n++) is_found |= !(values[n] <= 0);
  return !is_found && !ANY(is_other);
}

typedef unsigned long long bits __attribute__((vector_size(64), aligned(8)));

static const unsigned long long MULTIPLIER = 0xD6E8FEB86659FD93ULL;

// 64 bits a lane, in which every bit of the words so far counts. The products do not wait for each other.
INLINE void mix(const lanes *value, bits *state) {
  bits product = *(const bits *)value * MULTIPLIER;
  *state = (*state << 23 | *state >> 41) ^ (product ^ product >> 32);
}

FOR_EACH_PROCESSOR
value_counts count_values(const double *values, size_t count, double low) {
  words zeros = {0}, extremes = {0}, lows = {0}, changes = {0};
  bits state = {1, 2, 3, 4, 5, 6, 7, 8};
  size_t n = 0;
  for (; n + WIDTH <= count; n += WIDTH) {
    lanes value = OF(values, n);
    // Comparisons are -1 where they hold.
    zeros -= value == 0;
    extremes -= value <= -50;
    lows |= value <= low;
    if (n > 0) changes -= value != OF(values, n - 1);
    mix(&value, &state);
  }
  value_counts counts = {0, 0, 0, ANY(lows), count};
  for (size_t lane = 0; lane < WIDTH; lane++) {
    counts.zeros += (size_t)zeros[lane];
    counts.extremes += (size_t)extremes[lane];
    counts.changes += (size_t)changes[lane];
  }
  // No vector has compared the first eight with each other.
  for (size_t first = 0; first < WIDTH && n > 0; first++) counts.changes += first == 0 || values[first] != values[first - 1];
  lanes rest = {0};
  memcpy(&rest, values + n, (count - n) * sizeof *values);
  mix(&rest, &state);
  for (; n < count; n++) {
    counts.zeros += values[n] == 0;
    counts.extremes += values[n] <= -50;
    counts.changes += n == 0 || values[n] != values[n - 1];
    counts.has_low |= values[n] <= low;
  }
  for (size_t lane = 0; lane < WIDTH; lane++) {
    counts.number = (counts.number ^ state[lane]) * MULTIPLIER;
    counts.number ^= counts.number >> 32;
  }
  return counts;
}
