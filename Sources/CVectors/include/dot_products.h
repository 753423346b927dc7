// All dot products of two lists of vectors.
#pragma once
#include <stddef.h>

// products[i * column_count + j] = rows[i] · columns[j]. Vectors follow each other, `dimension` floats each, a multiple of 8. The sums are
// formed in one order whatever the place of the vectors: equal vectors have equal products.
void dot_products(
    const float *rows, size_t row_count, const float *columns, size_t column_count, size_t dimension, float *products);

// The first place from `start` on, below `count`, whose value reaches the threshold or that of its place; count where there is none.
size_t first_reaching(const float *values, float threshold, const float *thresholds, size_t start, size_t count);
