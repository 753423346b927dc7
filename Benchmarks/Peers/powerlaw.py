# Times the Python package powerlaw as plfit.c times plfit: python3 powerlaw.py name file [name file …]
# With the exact discrete likelihood: its default closed form is another estimator.
import contextlib
import io
import statistics
import sys
import time
import warnings

# This file has the package's name.
sys.path = [path for path in sys.path if not path.endswith("Benchmarks/Peers")]
import numpy as np
import powerlaw

warnings.simplefilter("ignore")


def median_milliseconds(work, budget=20, most=5):
    times = []
    while not times or (len(times) < most and sum(times) + times[-1] < budget):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            work()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


generator = np.random.default_rng(1)
for name, path in zip(sys.argv[1::2], sys.argv[2::2]):
    table = np.loadtxt(path, dtype=np.int64)
    values = generator.permutation(np.repeat(table[:, 0], table[:, 1]))

    def scan(x):
        return powerlaw.Fit(x, discrete=True, estimate_discrete=False, verbose=0).power_law.alpha

    print(f"powerlaw\t{name}: fit with n_min scan\t{median_milliseconds(lambda: scan(values)):.4f}", flush=True)
    replicate = median_milliseconds(lambda: scan(generator.choice(values, len(values))))
    print(f"powerlaw\t{name}: bootstrap replicate\t{replicate:.4f}", flush=True)
