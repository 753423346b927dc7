#include "token_sums.h"
#include "processors.h"
#include <math.h>
#include <string.h>

// The errors of sums are those of plain sums.
#pragma STDC FP_CONTRACT OFF

typedef double lanes __attribute__((vector_size(64), aligned(8)));
typedef long long words __attribute__((vector_size(64), aligned(8)));
enum { WIDTH = 8 };

// Vectors are passed by address: as arguments they would need registers that not every processor has.
#define INLINE static inline __attribute__((always_inline))
#define AT(column, n) (*(lanes *)((column) + (n)))
#define OF(column, n) (*(const lanes *)((column) + (n)))
#define ANY(mask) ((mask[0] | mask[1] | mask[2] | mask[3] | mask[4] | mask[5] | mask[6] | mask[7]) != 0)
#define SELECT(mask, yes, no) ((lanes)(((mask) & (words)(yes)) | (~(mask) & (words)(no))))

// ln 2 in two parts; the first has 33 significant bits.
static const double LN2_HIGH = 0x1.62e42fee00000p-1, LN2_LOW = 0x1.a39ef35793c76p-33;

// 2^k for whole numbers k <= 1023; 0 below -1022.
INLINE void power_of_two(const lanes *k, lanes *power) {
  lanes least = SELECT(*k < -1023, (lanes){0} - 1023, *k);
  *power = (lanes)(((words)(least + (0x1.8p52 + 1023))) << 52);
}

static double scale(double k) {
  return k < -1022 ? 0 : ldexp(1, (int)k);
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

// ln(1 - s) for probabilities s, from s and the digits of 1 - s; -inf where that is 0.
INLINE void log_of_rest(const lanes *s, const lanes *rest, lanes *log) {
  // 1 - s = 2^e (1 + f) with |f| < √2 - 1, and for small s f is -s itself. Numbers too small for a double's usual form are made larger first.
  const long long one = 1023LL << 52;
  words is_tiny = *rest < 0x1p-1000, is_small = *s < 0.29;
  words x = (words)SELECT(is_tiny, *rest * 0x1p200, *rest);
  words biased = (words)((unsigned long long __attribute__((vector_size(64))))(x + (one - 0x3FE6A09E667F3BCDLL)) >> 52);
  lanes e = (lanes)(biased | 0x4330000000000000LL) - (0x1p52 + 1023);
  e = SELECT(is_tiny, e - 200, e);
  lanes m = (lanes)(x - (biased << 52) + one);
  lanes f = SELECT(is_small, -*s, m - 1);
  e = SELECT(is_small, (lanes){0}, e);
  // ln(1 + f) = f - f²/2 + q (f²/2 + R), q = f / (2 + f), R = Σ 2 q^2k / (2k + 1), k = 1 … 10.
  lanes q = f / (2 + f), z = q * q, z2 = z * z, z4 = z2 * z2;
  lanes first = CUBIC(z, z2, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9);
  lanes second = CUBIC(z, z2, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17);
  lanes third = 2.0 / 19 + z * (2.0 / 21);
  lanes series = z * (first + z4 * (second + z4 * third)), half = 0.5 * f * f;
  lanes result = e * LN2_HIGH - ((half - (q * (half + series) + e * LN2_LOW)) - f);
  *log = SELECT(*rest == 0, (lanes){0} - INFINITY, result);
}

// The parts of exp(high + low) where the exponent has more bits than Cody and Waite's first part leaves room for: ln 2 in three parts, with products
// that keep what rounding takes from them.
static void far_exponential(double high, double low, double *exponent, double *significand) {
  const double third = 0x1.cc01f97b57a08p-87;
  double k = rint(high * 1.44269504088896340736);
  double first = k * LN2_HIGH, first_error = fma(k, LN2_HIGH, -first);
  double second = k * LN2_LOW, second_error = fma(k, LN2_LOW, -second);
  *exponent = k;
  *significand = exp((((high - first) - second) - first_error) - second_error - k * third + low);
}

// Knuth's sum of two numbers, which asks for no order of them.
INLINE void add(const lanes *terms, double *sums, double *errors) {
  lanes high = AT(sums, 0), total = high + *terms, shadow = total - high;
  AT(errors, 0) += (high - (total - shadow)) + (*terms - shadow);
  AT(sums, 0) = total;
}

INLINE void add_one(double term, double *sum, double *error) {
  double total = *sum + term, shadow = total - *sum;
  *error += (*sum - (total - shadow)) + (term - shadow);
  *sum = total;
}

FOR_EACH_PROCESSOR
void law_columns(const double *logs, size_t length, double *columns, size_t stride, double least, double zero) {
  double *log_survival = columns + LAW_LOG_SURVIVAL * stride, *significand = columns + LAW_SIGNIFICAND * stride;
  double *exponent = columns + LAW_EXPONENT * stride, *none = columns + LAW_NONE * stride;
  double *failure = columns + LAW_FAILURE * stride, *mass = columns + LAW_MASS * stride;
  memcpy(failure, logs, length * sizeof *logs);
  // Until the masses are known their column holds what rounding took from ln S(n).
  double *lows = mass, sum = 0, error = 0;
  for (size_t n = 0; n < length; n++) {
    add_one(logs[n], &sum, &error);
    double rounded = sum + error;
    log_survival[n + 1] = rounded;
    lows[n + 1] = (sum - rounded) + error;
  }
  // A token that cannot be makes every error from there no number; the sums themselves are then right.
  for (size_t n = length; n > 0 && !isfinite(log_survival[n]); n--) {
    log_survival[n] = -INFINITY;
    lows[n] = 0;
  }
  // Probabilities fall: the last one says whether any is so small.
  int is_far = log_survival[length] < -5e5;
  lanes last;
  for (size_t n = 0; n <= length; n += WIDTH) {
    lanes k, excess, power, zeros = {0};
    // Beyond -700 the rest is 1.
    lanes log = SELECT(OF(failure, n) < -700, zeros - 700, OF(failure, n));
    exponential(&log, &zeros, &k, &excess);
    power_of_two(&k, &power);
    lanes fails = (1 - power) - power * excess;
    AT(failure, n) = fails;
    log = OF(log_survival, n);
    words is_zero = log < least;
    log = SELECT(is_zero, zeros + least, log);
    last = OF(lows, n);
    exponential(&log, &last, &k, &excess);
    power_of_two(&k, &power);
    AT(exponent, n) = SELECT(is_zero, zeros + zero, k);
    AT(significand, n) = SELECT(is_zero, zeros, 1 + excess);
    AT(none, n) = (1 - power) - power * excess;
    AT(mass, n) = fails * (power * (1 + excess));
    for (size_t lane = 0; is_far && lane < WIDTH; lane++) {
      if (log[lane] < -5e5 && !is_zero[lane])
        far_exponential(log[lane], last[lane], exponent + n + lane, significand + n + lane);
    }
  }
  mass[length] = significand[length] * scale(exponent[length]);
  for (size_t n = length + 1; n < stride; n++) {
    significand[n] = mass[n] = failure[n] = 0;
    exponent[n] = zero;
    none[n] = 1;
  }
  failure[length] = 0;
}

FOR_EACH_PROCESSOR
law_cumulants law_moments(const double *columns, size_t stride, size_t length) {
  const double *significand = columns + LAW_SIGNIFICAND * stride, *exponent = columns + LAW_EXPONENT * stride;
  const double *mass = columns + LAW_MASS * stride;
  // From the far end: the survivals rise towards n = 1, and small terms are added first.
  lanes sums = {0}, second = {0}, third = {0}, steps = {0, 1, 2, 3, 4, 5, 6, 7};
  for (size_t n = (length - 1) / WIDTH * WIDTH + 1;; n -= WIDTH) {
    lanes k = OF(exponent, n), power;
    power_of_two(&k, &power);
    sums += OF(significand, n) * power;
    if (n == 1) break;
  }
  double mean = SUM(sums);
  for (size_t n = length / WIDTH * WIDTH;; n -= WIDTH) {
    lanes deviation = ((double)n + steps) - mean, term = OF(mass, n) * deviation * deviation;
    second += term;
    third += term * deviation;
    if (n == 0) break;
  }
  return (law_cumulants){mean, SUM(second), SUM(third)};
}

// Brings sums at one length to a unit that is more than 2⁶⁴ times as large.
static void rescale(double *sums, size_t stride, size_t index, int unit, double exponent, int first, int second, int power) {
  double shift = sums[unit * stride + index] - exponent;
  sums[unit * stride + index] = exponent;
  double factor = scale(shift), other = scale(power * shift);
  for (int column = 0; column < 2; column++) {
    sums[(first + column) * stride + index] *= factor;
    sums[(second + column) * stride + index] *= other;
  }
}

FOR_EACH_PROCESSOR
void survival_add(const double *law, size_t law_stride, size_t length, double *sums, size_t stride) {
  const double *log_survival = law + LAW_LOG_SURVIVAL * law_stride, *significand = law + LAW_SIGNIFICAND * law_stride;
  const double *exponent = law + LAW_EXPONENT * law_stride, *none = law + LAW_NONE * law_stride;
  const double *failure = law + LAW_FAILURE * law_stride;
#define COLUMN(name) (sums + SUM_##name * stride + index)
  for (size_t index = 0; index < length; index += WIDTH) {
    size_t n = index + 1;
    // A unit is moved at most once for each length of a new largest exponent.
    words is_larger = (OF(exponent, n) - OF(COLUMN(SURVIVORS_EXPONENT), 0) > 64) | (OF(exponent, index) - OF(COLUMN(ENTERED_EXPONENT), 0) > 64);
    for (size_t lane = 0; ANY(is_larger) && lane < WIDTH && index + lane < length; lane++) {
      if (exponent[n + lane] - COLUMN(SURVIVORS_EXPONENT)[lane] > 64)
        rescale(sums, stride, index + lane, SUM_SURVIVORS_EXPONENT, exponent[n + lane], SUM_SURVIVORS, SUM_SQUARES, 2);
      if (exponent[index + lane] - COLUMN(ENTERED_EXPONENT)[lane] > 64)
        rescale(sums, stride, index + lane, SUM_ENTERED_EXPONENT, exponent[index + lane], SUM_ENTERED, SUM_FAILED, 1);
    }
    lanes m = OF(significand, n), k = OF(exponent, n), power;
    // The survivors of n, and the square of each.
    lanes shift = k - OF(COLUMN(SURVIVORS_EXPONENT), 0);
    power_of_two(&shift, &power);
    lanes value = m * power, square = value * value;
    add(&value, COLUMN(SURVIVORS), COLUMN(SURVIVORS_ERROR));
    add(&square, COLUMN(SQUARES), COLUMN(SQUARES_ERROR));
    // Those that came as far as n - 1, and what of them failed at n: of a record that ended before neither.
    shift = OF(exponent, index) - OF(COLUMN(ENTERED_EXPONENT), 0);
    power_of_two(&shift, &power);
    value = OF(significand, index) * power;
    if (index + WIDTH > length)
      for (size_t lane = length - index; lane < WIDTH; lane++) value[lane] = 0;
    lanes failed = value * OF(failure, index);
    add(&value, COLUMN(ENTERED), COLUMN(ENTERED_ERROR));
    add(&failed, COLUMN(FAILED), COLUMN(FAILED_ERROR));
    lanes log = OF(log_survival, n), rest = OF(none, n), log_none;
    add(&log, COLUMN(LOG_SURVIVALS), COLUMN(LOG_SURVIVALS_ERROR));
    power_of_two(&k, &power);
    value = m * power;
    log_of_rest(&value, &rest, &log_none);
    add(&log_none, COLUMN(LOG_NONE), COLUMN(LOG_NONE_ERROR));
    if (index + WIDTH > length)
      for (size_t lane = length - index; lane < WIDTH; lane++) rest[lane] = 0;
    add(&rest, COLUMN(NONE), COLUMN(NONE_ERROR));
  }
#undef COLUMN
}

// 64 bits a lane, in which every bit of the words so far counts.
INLINE void mix(const words *word, words *state) {
  typedef unsigned long long bits __attribute__((vector_size(64), aligned(8)));
  bits mixed = (bits)(*state ^ *word) * 0xD6E8FEB86659FD93ULL;
  *state = (words)(mixed ^ (mixed >> 32));
}

FOR_EACH_PROCESSOR
value_counts count_values(const double *values, size_t count, double low) {
  words zeros = {0}, extremes = {0}, lows = {0}, changes = {0}, state = {1, 2, 3, 4, 5, 6, 7, 8};
  size_t n = 0;
  for (; n + WIDTH <= count; n += WIDTH) {
    lanes value = OF(values, n);
    // Comparisons are -1 where they hold.
    zeros -= value == 0;
    extremes -= value <= -50;
    lows |= value <= low;
    if (n > 0) changes -= value != OF(values, n - 1);
    mix((const words *)&value, &state);
  }
  value_counts counts = {0, 0, 0, ANY(lows), count};
  for (size_t lane = 0; lane < WIDTH; lane++) {
    counts.zeros += (size_t)zeros[lane];
    counts.extremes += (size_t)extremes[lane];
    counts.changes += (size_t)changes[lane];
  }
  // No vector has compared the first eight with each other.
  for (size_t first = 0; first < WIDTH && n > 0; first++) counts.changes += first == 0 || values[first] != values[first - 1];
  words rest = {0};
  memcpy(&rest, values + n, (count - n) * sizeof *values);
  mix(&rest, &state);
  for (; n < count; n++) {
    counts.zeros += values[n] == 0;
    counts.extremes += values[n] <= -50;
    counts.changes += n == 0 || values[n] != values[n - 1];
    counts.has_low |= values[n] <= low;
  }
  for (size_t lane = 0; lane < WIDTH; lane++) {
    counts.number = (counts.number ^ (unsigned long long)state[lane]) * 0xD6E8FEB86659FD93ULL;
    counts.number ^= counts.number >> 32;
  }
  return counts;
}

FOR_EACH_PROCESSOR
void sums_add(const double *terms, size_t count, double *sums, double *errors) {
  size_t n = 0;
  for (; n + WIDTH <= count; n += WIDTH) {
    lanes term = OF(terms, n);
    add(&term, sums + n, errors + n);
  }
  for (; n < count; n++) add_one(terms[n], sums + n, errors + n);
}

FOR_EACH_PROCESSOR
power_sums sums_of_squares(const double *terms, size_t count) {
  double parts[4][WIDTH] = {{0}};
  for (size_t n = 0; n < count; n += WIDTH) {
    lanes value = {0};
    if (n + WIDTH <= count) value = OF(terms, n);
    else for (size_t lane = 0; n + lane < count; lane++) value[lane] = terms[n + lane];
    // A square and what rounding took from it (Dekker 1971).
    lanes product = value * value, shifted = value * 134217729.0, upper = shifted - (shifted - value), lower = value - upper;
    add(&value, parts[0], parts[1]);
    add(&product, parts[2], parts[3]);
    AT(parts[3], 0) += ((upper * upper - product) + 2 * upper * lower) + lower * lower;
  }
  power_sums sums = {0};
  for (size_t lane = 0; lane < WIDTH; lane++) {
    add_one(parts[0][lane], &sums.sum, &sums.sum_error);
    sums.sum_error += parts[1][lane];
    add_one(parts[2][lane], &sums.squares, &sums.squares_error);
    sums.squares_error += parts[3][lane];
  }
  return sums;
}

FOR_EACH_PROCESSOR
void scaled_add(const double *significands, const double *exponents, const double *units, size_t count, double *row) {
  size_t n = 0;
  for (; n + WIDTH <= count; n += WIDTH) {
    lanes shift = OF(exponents, n) - OF(units, n), power;
    power_of_two(&shift, &power);
    AT(row, n) += OF(significands, n) * power;
  }
  for (; n < count; n++) row[n] += significands[n] * scale(exponents[n] - units[n]);
}

FOR_EACH_PROCESSOR
size_t count_above(const double *exponents, const double *units, size_t count) {
  size_t found = 0;
  for (size_t n = 0; n < count; n++) found += exponents[n] > units[n];
  return found;
}

FOR_EACH_PROCESSOR
void weighted_add(const double *terms, double weight, size_t count, double *sums) {
  size_t n = 0;
  for (; n + WIDTH <= count; n += WIDTH) AT(sums, n) += OF(terms, n) * weight;
  for (; n < count; n++) sums[n] += terms[n] * weight;
}

FOR_EACH_PROCESSOR
void log_odds(const double *logs, size_t count, double *odds) {
  for (size_t n = 0; n < count; n += WIDTH) {
    size_t left = count - n < WIDTH ? count - n : WIDTH;
    double numbers[WIDTH] = {0};
    memcpy(numbers, logs + n, left * sizeof *logs);
    // Beyond -700 the rest is 1.
    lanes log = OF(numbers, 0), zeros = {0}, near = SELECT(log < -700, zeros - 700, log), k, excess, power, log_none;
    exponential(&near, &zeros, &k, &excess);
    power_of_two(&k, &power);
    lanes value = power * (1 + excess), rest = (1 - power) - power * excess;
    log_of_rest(&value, &rest, &log_none);
    AT(numbers, 0) = log - log_none;
    memcpy(odds + n, numbers, left * sizeof *odds);
  }
}
