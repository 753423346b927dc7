// What is looked at in the log-probabilities of tokens as they are read, eight at a time.
#pragma once
#include <stddef.h>

// The numbers of `count` floats of four bytes, which need not be aligned.
void doubles_of_floats(const void *floats, size_t count, double *values);

// Whether every number is at most 0, and none is NaN.
int are_logarithms(const double *values, size_t count);

typedef struct {
  size_t zeros;
  // Values of -50 and less.
  size_t extremes;
  // Values that differ from the one before, the first included.
  size_t changes;
  // Whether a value is at most `low`.
  int has_low;
  // For the values in their order: equal for equal ones, and hardly ever for others.
  unsigned long long number;
} value_counts;

value_counts count_values(const double *values, size_t count, double low);
