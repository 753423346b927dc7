/* Times plfit's C library on counts files ("value count" a line), values expanded and shuffled: a discrete power law with the
 * n_min scan, and one bootstrap replicate of it (draws with replacement, scanned again).
 * Prints "plfit<TAB>task<TAB>median milliseconds". Build and run: scripts/benchmark-peers */
#include <plfit/plfit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 11

static unsigned long long state = 1;

static size_t below(size_t n) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (size_t)((state >> 33) % n);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int measure(const char *task, const double *data, size_t n, int resamples) {
  double times[RUNS], *work = malloc(n * sizeof *work);
  plfit_discrete_options_t options;
  plfit_result_t result;
  plfit_discrete_options_init(&options);
  options.p_value_method = PLFIT_P_VALUE_SKIP;
  if (!work) return 1;
  for (int run = 0; run < RUNS; run++) {
    double start = now();
    if (resamples) {
      for (size_t i = 0; i < n; i++) work[i] = data[below(n)];
    } else {
      memcpy(work, data, n * sizeof *work);
    }
    if (plfit_discrete(work, n, &options, &result)) return 1;
    times[run] = now() - start;
  }
  qsort(times, RUNS, sizeof *times, compare);
  printf("plfit\t%s\t%.4f\n", task, 1e3 * times[RUNS / 2]);
  free(work);
  return 0;
}

int main(int argc, char **argv) {
  for (int file_index = 1; file_index + 1 < argc; file_index += 2) {
    const char *name = argv[file_index];
    FILE *file = fopen(argv[file_index + 1], "r");
    long value, count;
    size_t n = 0, capacity = 1 << 20;
    double *data = malloc(capacity * sizeof *data);
    char task[100];
    if (!file || !data) return 1;
    while (fscanf(file, "%ld %ld", &value, &count) == 2)
      while (count-- > 0) {
        if (n == capacity) data = realloc(data, (capacity *= 2) * sizeof *data);
        data[n++] = (double)value;
      }
    fclose(file);
    for (size_t i = n; i > 1; i--) {
      size_t j = below(i);
      double t = data[i - 1];
      data[i - 1] = data[j];
      data[j] = t;
    }
    snprintf(task, sizeof task, "%s: fit with n_min scan", name);
    if (measure(task, data, n, 0)) return 1;
    snprintf(task, sizeof task, "%s: bootstrap replicate", name);
    if (measure(task, data, n, 1)) return 1;
    free(data);
  }
  return 0;
}
