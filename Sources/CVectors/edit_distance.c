#include "edit_distance.h"
#include "processors.h"

typedef uint64_t lanes __attribute__((vector_size(64)));

#define SHIFTED(v, first) __builtin_shufflevector(v, (lanes){first}, 8, 0, 1, 2, 3, 4, 5, 6)

// Lane k is column k. At step t it is at word t - k, whose vertical differences lane k - 1 has made at the step before: the lanes go down the matrix
// one behind the other, and none waits for another (Myers, JACM 46, 1999, in blocks as Hyyrö, 2003, along antidiagonals).
FOR_EACH_PROCESSOR
int64_t levenshtein_columns(const uint64_t *const *bits, size_t words, uint64_t last_bit, uint64_t *increases, uint64_t *decreases) {
  const lanes none = {0};
  // The horizontal difference above the first row is +1.
  lanes increase = none + 1, decrease = none, up = none, down = none;
  const size_t last = words - 1;
  int64_t distance = 0;
  for (size_t t = 0; t < words + LEVENSHTEIN_COLUMNS - 1; t++) {
    const int is_inside = t >= LEVENSHTEIN_COLUMNS - 1 && t < last;
    lanes equal;
    if (is_inside) {
      equal = (lanes){bits[0][t], bits[1][t - 1], bits[2][t - 2], bits[3][t - 3], bits[4][t - 4], bits[5][t - 5], bits[6][t - 6], bits[7][t - 7]};
    } else {
      for (size_t k = 0; k < LEVENSHTEIN_COLUMNS; k++) equal[k] = t >= k && t - k < words ? bits[k][t - k] : 0;
    }
    up = SHIFTED(up, t < words ? increases[t] : 0);
    down = SHIFTED(down, t < words ? decreases[t] : 0);
    lanes xv = equal | down;
    equal |= decrease;
    lanes xh = (((equal & up) + up) ^ up) | equal;
    lanes horizontal_up = down | ~(xh | up);
    lanes horizontal_down = up & xh;
    if (t >= last) {
      const size_t k = t - last;
      if (horizontal_up[k] & last_bit) distance++;
      if (horizontal_down[k] & last_bit) distance--;
    }
    lanes next_increase = horizontal_up >> 63, next_decrease = horizontal_down >> 63;
    horizontal_up = horizontal_up << 1 | increase;
    horizontal_down = horizontal_down << 1 | decrease;
    increase = next_increase;
    decrease = next_decrease;
    up = horizontal_down | ~(xv | horizontal_up);
    down = horizontal_up & xv;
    if (t < LEVENSHTEIN_COLUMNS - 1) {
      // Columns that have not begun.
      for (size_t k = t + 1; k < LEVENSHTEIN_COLUMNS; k++) {
        increase[k] = 1;
        decrease[k] = 0;
      }
    } else {
      increases[t - (LEVENSHTEIN_COLUMNS - 1)] = up[LEVENSHTEIN_COLUMNS - 1];
      decreases[t - (LEVENSHTEIN_COLUMNS - 1)] = down[LEVENSHTEIN_COLUMNS - 1];
    }
  }
  return distance;
}
