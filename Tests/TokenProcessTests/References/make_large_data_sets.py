"""Data sets so large that only closed forms give 30 digits: record i has four tokens of ln p = -i/2^20, i = 1 … M.

Every sum over records is a geometric series, Σ exp(-k i / 2^20). Run: python3 make_large_data_sets.py > large_data_sets.json
"""
import json

import mpmath as mp

mp.mp.dps = 60
L = 4


def digits(x):
    return mp.nstr(x, 30, min_fixed=0, max_fixed=0)


def describe(m):
    def series(k):
        r = mp.exp(-mp.mpf(k) / 2 ** 20)
        return r * (1 - r ** m) / (1 - r) / m if k else mp.mpf(1)

    s = [series(n) for n in range(L + 1)]
    e1 = mp.fsum(s[1:])
    e2 = mp.fsum((2 * n - 1) * s[n] for n in range(1, L + 1))
    e3 = mp.fsum((3 * n * n - 3 * n + 1) * s[n] for n in range(1, L + 1))
    ns = range(1, L + 1)
    mean_squares = mp.fsum(series(a + b) for a in ns for b in ns)
    mean_cubes = mp.fsum(series(a + b + c) for a in ns for b in ns for c in ns)
    return {
        "records": m,
        "log_survival": [digits(mp.log(x)) for x in s],
        "quenched": [digits(-mp.mpf(n) * (m + 1) / 2 / 2 ** 20) for n in range(L + 1)],
        "effective": [digits(m * s[n] ** 2 / series(2 * n)) for n in range(L + 1)],
        "moments": [digits(x) for x in (e1, e2 - e1 ** 2, e3 - 3 * e1 * e2 + 2 * e1 ** 3)],
        "variance_between": digits(mean_squares - e1 ** 2),
        "third_between": digits(mean_cubes - 3 * e1 * mean_squares + 2 * e1 ** 3),
    }


print(json.dumps({"source": __doc__.split("\n")[0], "sets": [describe(10 ** 5), describe(10 ** 6)]}, indent=0))
