#include "power_law.h"
#include "exponentials.h"
#include "processors.h"
#include <string.h>

FOR_EACH_PROCESSOR
void power_law_masses(const double *logs, size_t count, double alpha, double log_total, double *powers) {
  for (size_t n = 0; n < count; n += WIDTH) {
    size_t left = count - n < WIDTH ? count - n : WIDTH;
    double numbers[WIDTH] = {0};
    memcpy(numbers, logs + n, left * sizeof *logs);
    lanes x = -alpha * OF(numbers, 0) - log_total, zeros = {0}, exponent, excess, power;
    exponential(&x, &zeros, &exponent, &excess);
    power_of_two(&exponent, &power);
    AT(numbers, 0) = power * (1 + excess);
    memcpy(powers + n, numbers, left * sizeof *powers);
  }
}
