// The probabilities of a power law, eight at a time.
#pragma once
#include <stddef.h>

// powers[n] = exp(-alpha logs[n] - log_total), for exponents of at most 0: n^-alpha of numbers with these logarithms, over their total.
void power_law_masses(const double *logs, size_t count, double alpha, double log_total, double *powers);
