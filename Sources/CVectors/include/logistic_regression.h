// What logistic regressions of several sets of labels on the same rows need, in one pass over the rows.
#pragma once
#include <stddef.h>

// Rows follow each other, `dimension` floats each, a multiple of 8. labels[i * problem_count + k] is 1, 0, or -1 where problem k leaves row i out.
// coefficients has `dimension` numbers a problem, intercepts one. Writes the sum of -ln P(label) of each problem, and its derivatives.
void logistic_gradients(
    const float *rows, size_t row_count, size_t dimension, size_t problem_count, const signed char *labels,
    const double *coefficients, const double *intercepts, double *losses, double *gradients, double *intercept_gradients);

// margins[i] = intercept + coefficients · rows[i].
void logistic_margins(
    const float *rows, size_t row_count, size_t dimension, const double *coefficients, double intercept, double *margins);
