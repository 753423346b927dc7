#include "token_sums.h"
#include "exponentials.h"
#include "processors.h"
#include <math.h>
#include <string.h>

static double scale(double k) {
  return k < -1022 ? 0 : ldexp(1, (int)k);
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

// ln S(n) of a law from its tokens on, from after `first` tokens, and in the column of the masses what rounding took from it.
static void prefix_sums(double *law, size_t first, size_t length, size_t stride, double sum, double error) {
  const double *tokens = law + LAW_TOKEN * stride;
  double *log_survival = law + LAW_LOG_SURVIVAL * stride, *lows = law + LAW_MASS * stride;
  for (size_t n = first; n < length; n++) {
    add_one(tokens[n], &sum, &error);
    double rounded = sum + error;
    log_survival[n + 1] = rounded;
    lows[n + 1] = (sum - rounded) + error;
  }
}

// Rows to columns, by blocks of 4, of 2 and of 1.
INLINE void transpose(lanes *rows) {
#define SWAP(i, j, first, second) { lanes upper = first(rows[i], rows[j]); rows[j] = second(rows[i], rows[j]); rows[i] = upper; }
#define HALVES(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define OTHER_HALVES(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#define PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define OTHER_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define SINGLES(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define OTHER_SINGLES(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
  for (int i = 0; i < 4; i++) SWAP(i, i + 4, HALVES, OTHER_HALVES)
  for (int i = 0; i < 8; i += 4) for (int j = i; j < i + 2; j++) SWAP(j, j + 2, PAIRS, OTHER_PAIRS)
  for (int i = 0; i < 8; i += 2) SWAP(i, i + 1, SINGLES, OTHER_SINGLES)
#undef SWAP
#undef HALVES
#undef OTHER_HALVES
#undef PAIRS
#undef OTHER_PAIRS
#undef SINGLES
#undef OTHER_SINGLES
}

// The same for eight laws of one length, one a lane: sums of one law wait for each other.
FOR_EACH_PROCESSOR
static void prefix_sums_of_eight(double *laws, size_t length, size_t stride) {
  const size_t size = LAW_COLUMNS * stride;
  double sums[WIDTH] = {0}, errors[WIDTH] = {0};
  size_t n = 0;
  for (; n + WIDTH <= length; n += WIDTH) {
    lanes tokens[WIDTH], lows[WIDTH];
    for (int law = 0; law < WIDTH; law++) tokens[law] = OF(laws + law * size + LAW_TOKEN * stride, n);
    transpose(tokens);
    for (int token = 0; token < WIDTH; token++) {
      add(&tokens[token], sums, errors);
      lanes sum = OF(sums, 0), error = OF(errors, 0), rounded = sum + error;
      tokens[token] = rounded;
      lows[token] = (sum - rounded) + error;
    }
    transpose(tokens);
    transpose(lows);
    for (int law = 0; law < WIDTH; law++) {
      AT(laws + law * size + LAW_LOG_SURVIVAL * stride, n + 1) = tokens[law];
      AT(laws + law * size + LAW_MASS * stride, n + 1) = lows[law];
    }
  }
  for (int law = 0; law < WIDTH; law++) prefix_sums(laws + law * size, n, length, stride, sums[law], errors[law]);
}

FOR_EACH_PROCESSOR
static void law_column(double *columns, size_t length, size_t stride, double least, double zero) {
  const double *tokens = columns + LAW_TOKEN * stride;
  double *log_survival = columns + LAW_LOG_SURVIVAL * stride, *significand = columns + LAW_SIGNIFICAND * stride;
  double *exponent = columns + LAW_EXPONENT * stride, *none = columns + LAW_NONE * stride;
  double *failure = columns + LAW_FAILURE * stride, *mass = columns + LAW_MASS * stride;
  // Until the masses are known their column holds what rounding took from ln S(n).
  double *lows = mass;
  lows[0] = 0;
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
    lanes log = SELECT(OF(tokens, n) < -700, zeros - 700, OF(tokens, n));
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

void law_columns(double *laws, size_t count, size_t length, size_t stride, double least, double zero) {
  const size_t size = LAW_COLUMNS * stride;
  if (count == WIDTH) prefix_sums_of_eight(laws, length, stride);
  for (size_t law = 0; law < count; law++) {
    if (count < WIDTH) prefix_sums(laws + law * size, 0, length, stride, 0, 0);
    law_column(laws + law * size, length, stride, least, zero);
  }
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
void survival_add(const double *laws, size_t count, size_t length, size_t law_stride, double *sums, size_t stride) {
#define COLUMN(name) (sums + SUM_##name * stride + index)
#define LAW(name, n) (law + LAW_##name * law_stride + (n))
  const double *end = laws + count * LAW_COLUMNS * law_stride;
  for (size_t index = 0; index < length; index += WIDTH) {
    size_t n = index + 1;
    // Lengths from `length` on are not entered.
    words is_within = (words){0, 1, 2, 3, 4, 5, 6, 7} < (long long)(length - index);
    lanes survivors = {0}, squares = {0}, entered = {0}, failed = {0}, logs = {0}, none = {0};
    // The probability that at least one of the records survives n, and that none does: with all their digits, as nothing is subtracted.
    lanes any = {0}, all_none = {0}, log_none = {0};
    all_none += 1;
    words is_certain = {0};
    for (const double *law = laws; law < end; law += LAW_COLUMNS * law_stride) {
      lanes k = OF(LAW(EXPONENT, n), 0), before = OF(LAW(EXPONENT, index), 0), power;
      // A unit is moved at most once for each length of a new largest exponent.
      words is_larger = (k - OF(COLUMN(SURVIVORS_EXPONENT), 0) > 64) | (before - OF(COLUMN(ENTERED_EXPONENT), 0) > 64);
      if (ANY(is_larger)) {
        // What has been added of these laws is in the units of before.
        add(&survivors, COLUMN(SURVIVORS), COLUMN(SURVIVORS_ERROR));
        add(&squares, COLUMN(SQUARES), COLUMN(SQUARES_ERROR));
        add(&entered, COLUMN(ENTERED), COLUMN(ENTERED_ERROR));
        add(&failed, COLUMN(FAILED), COLUMN(FAILED_ERROR));
        survivors = squares = entered = failed = (lanes){0};
        for (size_t lane = 0; lane < WIDTH && index + lane < length; lane++) {
          if (k[lane] - COLUMN(SURVIVORS_EXPONENT)[lane] > 64)
            rescale(sums, stride, index + lane, SUM_SURVIVORS_EXPONENT, k[lane], SUM_SURVIVORS, SUM_SQUARES, 2);
          if (before[lane] - COLUMN(ENTERED_EXPONENT)[lane] > 64)
            rescale(sums, stride, index + lane, SUM_ENTERED_EXPONENT, before[lane], SUM_ENTERED, SUM_FAILED, 1);
        }
      }
      // The survivors of n, and the square of each.
      lanes m = OF(LAW(SIGNIFICAND, n), 0), shift = k - OF(COLUMN(SURVIVORS_EXPONENT), 0);
      power_of_two(&shift, &power);
      lanes value = m * power;
      survivors += value;
      squares += value * value;
      // Those that came as far as n - 1, and what of them failed at n: of a record that ended before neither.
      shift = before - OF(COLUMN(ENTERED_EXPONENT), 0);
      power_of_two(&shift, &power);
      value = SELECT(is_within, OF(LAW(SIGNIFICAND, index), 0) * power, (lanes){0});
      entered += value;
      failed += value * OF(LAW(FAILURE, index), 0);
      logs += OF(LAW(LOG_SURVIVAL, n), 0);
      lanes rest = OF(LAW(NONE, n), 0);
      none += SELECT(is_within, rest, (lanes){0});
      power_of_two(&k, &power);
      any += m * power * all_none;
      all_none *= rest;
      is_certain |= rest == 0;
    }
    add(&survivors, COLUMN(SURVIVORS), COLUMN(SURVIVORS_ERROR));
    add(&squares, COLUMN(SQUARES), COLUMN(SQUARES_ERROR));
    add(&entered, COLUMN(ENTERED), COLUMN(ENTERED_ERROR));
    add(&failed, COLUMN(FAILED), COLUMN(FAILED_ERROR));
    add(&logs, COLUMN(LOG_SURVIVALS), COLUMN(LOG_SURVIVALS_ERROR));
    add(&none, COLUMN(NONE), COLUMN(NONE_ERROR));
    log_of_rest(&any, &all_none, &log_none);
    // Where the product leaves the range of numbers, one logarithm for each.
    words is_out = (all_none < 0x1p-1000) & ~is_certain;
    if (ANY(is_out)) {
      log_none = (lanes){0};
      for (const double *law = laws; law < end; law += LAW_COLUMNS * law_stride) {
        lanes k = OF(LAW(EXPONENT, n), 0), rest = OF(LAW(NONE, n), 0), power, log;
        power_of_two(&k, &power);
        lanes value = OF(LAW(SIGNIFICAND, n), 0) * power;
        log_of_rest(&value, &rest, &log);
        log_none += log;
      }
    }
    add(&log_none, COLUMN(LOG_NONE), COLUMN(LOG_NONE_ERROR));
  }
#undef COLUMN
#undef LAW
}

FOR_EACH_PROCESSOR
void columns_add(const double *columns, size_t step, size_t count, size_t length, double *sums, double *errors) {
  size_t n = 0;
  for (; n + WIDTH <= length; n += WIDTH) {
    lanes term = {0};
    for (size_t column = 0; column < count; column++) term += OF(columns, column * step + n);
    add(&term, sums + n, errors + n);
  }
  for (; n < length; n++) {
    double term = 0;
    for (size_t column = 0; column < count; column++) term += columns[column * step + n];
    add_one(term, sums + n, errors + n);
  }
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
int is_above(const double *exponents, size_t step, size_t count, size_t length, const double *units, double room) {
  size_t n = 0;
  words found = {0};
  int is_found = 0;
  for (size_t column = 0; column < count; column++, exponents += step) {
    for (n = 0; n + WIDTH <= length; n += WIDTH) found |= OF(exponents, n) - OF(units, n) > room;
    for (; n < length; n++) is_found |= exponents[n] - units[n] > room;
  }
  return is_found || ANY(found);
}

FOR_EACH_PROCESSOR
void weighted_sums(const double *rows, size_t count, size_t stride, const double *weights, double *sums) {
  for (size_t n = 0; n < stride; n += WIDTH) {
    lanes parts[WIDTH] = {{0}};
    for (size_t row = 0; row < count; row++) {
      lanes value = OF(rows, row * stride + n);
      for (size_t column = 0; column < WIDTH; column++) parts[column] += value * weights[row * WIDTH + column];
    }
    for (size_t column = 0; column < WIDTH; column++) AT(sums, column * stride + n) = parts[column];
  }
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
