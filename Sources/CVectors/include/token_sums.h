// The sums over tokens that an audit spends its time in, eight lengths at a time.
//
// The law of a record is columns of `stride` numbers, a multiple of 8, beyond whose length every number adds nothing. Sums are columns as well:
// a sum and its rounding error each. Results are the same to the bit on every processor: no product is fused with a sum.
#pragma once
#include <stddef.h>

// The columns of a law: ln S(n); S(n) as significand × 2^exponent; 1 - S(n); 1 - p_(n+1); P(N = n), and at the length the mass that is censored there.
enum { LAW_LOG_SURVIVAL, LAW_SIGNIFICAND, LAW_EXPONENT, LAW_NONE, LAW_FAILURE, LAW_MASS, LAW_COLUMNS };

// The columns of sums at each length from 1 on. The failed are in units of the entered, squares in those of the survivors, squared.
enum {
  SUM_SURVIVORS_EXPONENT, SUM_SURVIVORS, SUM_SURVIVORS_ERROR, SUM_SQUARES, SUM_SQUARES_ERROR,
  SUM_ENTERED_EXPONENT, SUM_ENTERED, SUM_ENTERED_ERROR, SUM_FAILED, SUM_FAILED_ERROR,
  SUM_LOG_SURVIVALS, SUM_LOG_SURVIVALS_ERROR, SUM_LOG_NONE, SUM_LOG_NONE_ERROR, SUM_NONE, SUM_NONE_ERROR, SUM_COLUMNS
};

// The law of `length` >= 1 tokens with these log-probabilities, each at most 0, in columns that hold zeros. `stride` is at least length + 9. S(n) is 0
// where ln S(n) < least; the exponent is then `zero`.
void law_columns(const double *logs, size_t length, double *columns, size_t stride, double least, double zero);

typedef struct { double mean, variance, third; } law_cumulants;

// Mean, variance and third central moment.
law_cumulants law_moments(const double *columns, size_t stride, size_t length);

// Adds a law to sums of at least as many lengths, in whole eights.
void survival_add(const double *law, size_t law_stride, size_t length, double *sums, size_t stride);

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

// Adds numbers to sums.
void sums_add(const double *terms, size_t count, double *sums, double *errors);

typedef struct { double sum, sum_error, squares, squares_error; } power_sums;

// The sum of numbers and of their squares, each with its rounding error.
power_sums sums_of_squares(const double *terms, size_t count);

// row[n] += significands[n] × 2^(exponents[n] - units[n]), for exponents that are at most units.
void scaled_add(const double *significands, const double *exponents, const double *units, size_t count, double *row);

// How many exponents are above the units.
size_t count_above(const double *exponents, const double *units, size_t count);

// sums[n] += weight × terms[n].
void weighted_add(const double *terms, double weight, size_t count, double *sums);

// odds[n] = ln(p / (1 - p)) for logs[n] = ln p <= 0: infinite where p is 0 or 1.
void log_odds(const double *logs, size_t count, double *odds);
