// The sums over tokens that an audit spends its time in, eight lengths at a time.
//
// The law of a record is columns of `stride` numbers, a multiple of 8, beyond whose length every number adds nothing. Laws of one length follow each
// other. Sums are columns as well: a sum and its rounding error each. Of up to eight laws terms are added plainly, which all have one sign, and only
// their sum goes with its error: that rounds by 7 units in the last place at most. Results are the same to the bit on every processor: no product is
// fused with a sum.
#pragma once
#include <stddef.h>

// The columns of a law: ln p_(n+1); ln S(n); S(n) as significand × 2^exponent; 1 - S(n); 1 - p_(n+1); P(N = n), and at the length the mass that is
// censored there.
enum { LAW_TOKEN, LAW_LOG_SURVIVAL, LAW_SIGNIFICAND, LAW_EXPONENT, LAW_NONE, LAW_FAILURE, LAW_MASS, LAW_COLUMNS };

// The columns of sums at each length from 1 on. The failed are in units of the entered, squares in those of the survivors, squared.
enum {
  SUM_SURVIVORS_EXPONENT, SUM_SURVIVORS, SUM_SURVIVORS_ERROR, SUM_SQUARES, SUM_SQUARES_ERROR,
  SUM_ENTERED_EXPONENT, SUM_ENTERED, SUM_ENTERED_ERROR, SUM_FAILED, SUM_FAILED_ERROR,
  SUM_LOG_SURVIVALS, SUM_LOG_SURVIVALS_ERROR, SUM_LOG_NONE, SUM_LOG_NONE_ERROR, SUM_NONE, SUM_NONE_ERROR, SUM_COLUMNS
};

// The laws of up to eight lists of `length` >= 1 tokens, whose log-probabilities, each at most 0, are in their columns; the others hold zeros or other
// laws of the same length. `stride` is at least length + 9. S(n) is 0 where ln S(n) < least; the exponent is then `zero`.
void law_columns(double *laws, size_t count, size_t length, size_t stride, double least, double zero);

typedef struct { double mean, variance, third; } law_cumulants;

// Mean, variance and third central moment.
law_cumulants law_moments(const double *columns, size_t stride, size_t length);

// Adds up to eight laws to sums of at least as many lengths, in whole eights.
void survival_add(const double *laws, size_t count, size_t length, size_t law_stride, double *sums, size_t stride);

// sums[n] += columns[n] + columns[step + n] + …, `count` columns of non-negative numbers, or of non-positive ones.
void columns_add(const double *columns, size_t step, size_t count, size_t length, double *sums, double *errors);

typedef struct { double sum, sum_error, squares, squares_error; } power_sums;

// The sum of numbers and of their squares, each with its rounding error.
power_sums sums_of_squares(const double *terms, size_t count);

// row[n] += significands[n] × 2^(exponents[n] - units[n]), for exponents that are at most 1000 above the units.
void scaled_add(const double *significands, const double *exponents, const double *units, size_t count, double *row);

// Whether an exponent of `count` columns is above the unit of its length by more than `room`.
int is_above(const double *exponents, size_t step, size_t count, size_t length, const double *units, double room);

// sums[k * stride + n] = Σ_i rows[i * stride + n] × weights[8 i + k] for k = 0 … 7 and `count` rows of `stride` numbers, a multiple of 8.
void weighted_sums(const double *rows, size_t count, size_t stride, const double *weights, double *sums);

// odds[n] = ln(p / (1 - p)) for logs[n] = ln p <= 0: infinite where p is 0 or 1.
void log_odds(const double *logs, size_t count, double *odds);
