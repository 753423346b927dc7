#include "dot_products.h"
#include "processors.h"

#pragma STDC FP_CONTRACT ON

typedef float lanes __attribute__((vector_size(32), aligned(4)));

// Twelve products at a time: each vector that is loaded serves three or four.
FOR_EACH_PROCESSOR
void dot_products(
    const float *rows, size_t row_count, const float *columns, size_t column_count, size_t dimension, float *products) {
  size_t i = 0;
  for (; i + 3 <= row_count; i += 3) {
    const float *a = rows + i * dimension;
    size_t j = 0;
    for (; j + 4 <= column_count; j += 4) {
      const float *b = columns + j * dimension;
      lanes s00 = {0}, s01 = {0}, s02 = {0}, s03 = {0};
      lanes s10 = {0}, s11 = {0}, s12 = {0}, s13 = {0};
      lanes s20 = {0}, s21 = {0}, s22 = {0}, s23 = {0};
      for (size_t k = 0; k < dimension; k += 8) {
        lanes a0 = *(const lanes *)(a + k), a1 = *(const lanes *)(a + dimension + k), a2 = *(const lanes *)(a + 2 * dimension + k);
        lanes b0 = *(const lanes *)(b + k), b1 = *(const lanes *)(b + dimension + k);
        lanes b2 = *(const lanes *)(b + 2 * dimension + k), b3 = *(const lanes *)(b + 3 * dimension + k);
        s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
        s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
        s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
      }
      float *out = products + i * column_count + j;
      out[0] = SUM(s00); out[1] = SUM(s01); out[2] = SUM(s02); out[3] = SUM(s03);
      out += column_count;
      out[0] = SUM(s10); out[1] = SUM(s11); out[2] = SUM(s12); out[3] = SUM(s13);
      out += column_count;
      out[0] = SUM(s20); out[1] = SUM(s21); out[2] = SUM(s22); out[3] = SUM(s23);
    }
    for (; j < column_count; j++) {
      for (size_t r = 0; r < 3; r++) {
        lanes s = {0};
        for (size_t k = 0; k < dimension; k += 8)
          s += *(const lanes *)(a + r * dimension + k) * *(const lanes *)(columns + j * dimension + k);
        products[(i + r) * column_count + j] = SUM(s);
      }
    }
  }
  for (; i < row_count; i++) {
    for (size_t j = 0; j < column_count; j++) {
      lanes s = {0};
      for (size_t k = 0; k < dimension; k += 8)
        s += *(const lanes *)(rows + i * dimension + k) * *(const lanes *)(columns + j * dimension + k);
      products[i * column_count + j] = SUM(s);
    }
  }
}

FOR_EACH_PROCESSOR
size_t first_reaching(const float *values, float threshold, const float *thresholds, size_t start, size_t count) {
  size_t i = start;
  // Few values reach: sixteen are looked at together before they are looked at one by one.
  for (; i + 16 <= count; i += 16) {
    int reaches = 0;
    for (size_t k = 0; k < 16; k++) reaches |= (values[i + k] >= threshold) | (values[i + k] >= thresholds[i + k]);
    if (reaches) break;
  }
  for (; i < count; i++)
    if (values[i] >= threshold || values[i] >= thresholds[i]) return i;
  return count;
}
