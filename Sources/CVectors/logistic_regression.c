#include "logistic_regression.h"
#include "processors.h"
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT ON

typedef float singles __attribute__((vector_size(32), aligned(4)));
typedef double doubles __attribute__((vector_size(64), aligned(8)));

#define WIDE(x) __builtin_convertvector(*(const singles *)(x), doubles)

// Sums in doubles: the numbers of a row are rounded, what is computed from them is not.
#define DOT(result, x, w, dimension)                                                                                       \
  do {                                                                                                                     \
    doubles s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                                                        \
    size_t j = 0;                                                                                                          \
    for (; j + 32 <= (dimension); j += 32) {                                                                               \
      s0 += WIDE((x) + j) * *(const doubles *)((w) + j);                                                                   \
      s1 += WIDE((x) + j + 8) * *(const doubles *)((w) + j + 8);                                                           \
      s2 += WIDE((x) + j + 16) * *(const doubles *)((w) + j + 16);                                                         \
      s3 += WIDE((x) + j + 24) * *(const doubles *)((w) + j + 24);                                                         \
    }                                                                                                                      \
    for (; j < (dimension); j += 8) s0 += WIDE((x) + j) * *(const doubles *)((w) + j);                                     \
    s0 = (s0 + s1) + (s2 + s3);                                                                                            \
    (result) = SUM(s0);                                                                                                    \
  } while (0)

FOR_EACH_PROCESSOR
void logistic_gradients(
    const float *rows, size_t row_count, size_t dimension, size_t problem_count, const signed char *labels,
    const double *coefficients, const double *intercepts, double *losses, double *gradients, double *intercept_gradients) {
  memset(losses, 0, problem_count * sizeof *losses);
  memset(gradients, 0, problem_count * dimension * sizeof *gradients);
  memset(intercept_gradients, 0, problem_count * sizeof *intercept_gradients);
  for (size_t i = 0; i < row_count; i++) {
    // A row stays in the nearest cache while all problems look at it.
    const float *x = rows + i * dimension;
    for (size_t k = 0; k < problem_count; k++) {
      int label = labels[i * problem_count + k];
      if (label < 0) continue;
      const double *w = coefficients + k * dimension;
      double margin;
      DOT(margin, x, w, dimension);
      margin += intercepts[k];
      double e = exp(-fabs(margin));
      losses[k] += log1p(e) + (margin > 0 ? margin : 0) - (label ? margin : 0);
      double residual = (margin > 0 ? 1 : e) / (1 + e) - label;
      intercept_gradients[k] += residual;
      double *g = gradients + k * dimension;
      for (size_t j = 0; j < dimension; j += 8) *(doubles *)(g + j) += WIDE(x + j) * residual;
    }
  }
}

FOR_EACH_PROCESSOR
void logistic_margins(
    const float *rows, size_t row_count, size_t dimension, const double *coefficients, double intercept, double *margins) {
  for (size_t i = 0; i < row_count; i++) {
    DOT(margins[i], rows + i * dimension, coefficients, dimension);
    margins[i] += intercept;
  }
}
