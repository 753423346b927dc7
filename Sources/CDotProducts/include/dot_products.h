// All dot products of two lists of vectors.
#pragma once
#include <stddef.h>

// products[i * column_count + j] = rows[i] · columns[j]. Vectors follow each other, `dimension` floats each, a multiple of 8. The sums are
// formed in one order whatever the place of the vectors: equal vectors have equal products.
void dot_products(
    const float *rows, size_t row_count, const float *columns, size_t column_count, size_t dimension, float *products);
