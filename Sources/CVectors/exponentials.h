// Exponentials of eight numbers at a time, the same to the bit on every processor.
#pragma once
#include "lanes.h"

// Also in what includes this: no product is fused with a sum.
#pragma STDC FP_CONTRACT OFF

// ln 2 in two parts; the first has 33 significant bits.
static const double LN2_HIGH = 0x1.62e42fee00000p-1, LN2_LOW = 0x1.a39ef35793c76p-33;

// 2^k for whole numbers k <= 1023; 0 below -1022.
INLINE void power_of_two(const lanes *k, lanes *power) {
  lanes least = SELECT(*k < -1023, (lanes){0} - 1023, *k);
  *power = (lanes)(((words)(least + (0x1.8p52 + 1023))) << 52);
}

// a + b x + c x² + d x³, given x² too.
#define CUBIC(x, x2, a, b, c, d) (((a) + (x) * (b)) + (x2) * ((c) + (x) * (d)))

// exp(high + low) = 2^exponent (1 + excess), with 1 + excess between 0.7 and 1.5, for -10¹⁵ <= high <= 0. Where high + low itself is that small,
// excess is exp(high + low) - 1 with all its digits.
INLINE void exponential(const lanes *high, const lanes *low, lanes *exponent, lanes *excess) {
  // Adding and taking away 1.5 × 2⁵² rounds to whole numbers.
  lanes k = (*high * 1.44269504088896340736 + 0x1.8p52) - 0x1.8p52;
  // Cody–Waite: k times the first part of ln 2 is exact for |k| < 2²⁰.
  lanes r = ((*high - k * LN2_HIGH) - k * LN2_LOW) + *low;
  // The series of exp to r¹³, whose next term is below 5e-18 for |r| <= ln(2) / 2, in parts that do not wait for each other.
  lanes r2 = r * r, r4 = r2 * r2;
  lanes first = CUBIC(r, r2, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120);
  lanes second = CUBIC(r, r2, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880);
  lanes third = CUBIC(r, r2, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800);
  *exponent = k;
  *excess = r + r2 * (first + r4 * (second + r4 * third));
}
