/* Times plfit's C library on a counts file ("value count" a line): a discrete power law with the n_min scan.
 * Build and run: scripts/benchmark-peers */
#include <plfit/plfit.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
  long value, count;
  size_t n = 0, capacity = 1 << 20;
  double *data = malloc(capacity * sizeof *data), times[21];
  plfit_discrete_options_t options;
  plfit_result_t result;
  if (!file || !data) return 1;
  while (fscanf(file, "%ld %ld", &value, &count) == 2)
    while (count-- > 0) {
      if (n == capacity) data = realloc(data, (capacity *= 2) * sizeof *data);
      data[n++] = (double)value;
    }
  plfit_discrete_options_init(&options);
  options.p_value_method = PLFIT_P_VALUE_SKIP;
  for (int i = 0; i < 21; i++) {
    double start = now();
    if (plfit_discrete(data, n, &options, &result)) return 1;
    times[i] = now() - start;
  }
  for (int i = 0; i < 21; i++)
    for (int j = i + 1; j < 21; j++)
      if (times[j] < times[i]) { double t = times[i]; times[i] = times[j]; times[j] = t; }
  printf("plfit: alpha %.6f, n_min %.0f, median of 21 runs %.3f ms\n", result.alpha, result.xmin, 1e3 * times[10]);
  return 0;
}
