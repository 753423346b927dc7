"""Everything that follows from token log-probabilities of small data sets, to 30 digits (mpmath, 1000-digit arithmetic, since 1 - (1 - e^-2000) must keep 30).

Run: python3 make_data_sets.py > data_sets.json
"""
import json
import random

import mpmath as mp

mp.mp.dps = 1000
INF = float("-inf")


def digits(x):
    if x is None:
        return None
    return "-inf" if x == -mp.inf else mp.nstr(x, 30, min_fixed=0, max_fixed=0)


def log(x):
    return mp.log(x) if x > 0 else -mp.inf


def exp(x):
    return mp.exp(mp.mpf(x)) if x > INF else mp.mpf(0)


def survivals(tokens):
    s, value = [mp.mpf(1)], mp.mpf(1)
    for l in tokens:
        value *= exp(l)
        s.append(value)
    return s


def cumulants(masses):
    total = mp.fsum(masses)
    mean = mp.fsum(n * m for n, m in enumerate(masses)) / total
    return mean, mp.fsum((n - mean) ** 2 * m for n, m in enumerate(masses)) / total, mp.fsum(
        (n - mean) ** 3 * m for n, m in enumerate(masses)) / total


def masses_of(s):
    return [a - b for a, b in zip(s, s[1:])] + [s[-1]]


def residual_squares(rows, columns):
    """Residual sum of squares of a least-squares fit on dummy columns, by Gram-Schmidt."""
    basis = []
    for column in columns:
        v = [mp.mpf(x) for x in column]
        for b in basis:
            c = mp.fsum(x * y for x, y in zip(v, b))
            v = [x - c * y for x, y in zip(v, b)]
        norm = mp.sqrt(mp.fsum(x * x for x in v))
        if norm > mp.mpf(10) ** -400:
            basis.append([x / norm for x in v])
    r = list(rows)
    for b in basis:
        c = mp.fsum(x * y for x, y in zip(r, b))
        r = [x - c * y for x, y in zip(r, b)]
    return mp.fsum(x * x for x in r)


def token_shares(data):
    if any(l == INF for d in data for l in d):
        return None
    cells = [(i, j, mp.mpf(l)) for i, d in enumerate(data) for j, l in enumerate(d)]
    y = [c[2] for c in cells]
    one = [[1] * len(cells)]
    record = [[int(c[0] == i) for c in cells] for i in range(len(data))]
    position = [[int(c[1] == j) for c in cells] for j in range(max(map(len, data)))]
    total = residual_squares(y, one)
    if total < mp.mpf(10) ** -400:
        return None
    r, p, both = (residual_squares(y, one + x) for x in (record, position, record + position))
    record_share = ((total - r) + (p - both)) / 2 / total
    position_share = ((total - p) + (r - both)) / 2 / total
    return [record_share, position_share, both / total]


def poisson_binomial(ps):
    law = [mp.mpf(1)]
    for p in ps:
        law = [(law[k] if k < len(law) else 0) * (1 - p) + (law[k - 1] if k else 0) * p for k in range(len(law) + 1)]
    return law


def concentration(s):
    s = sorted(s, reverse=True)
    total, m = mp.fsum(s), len(s)
    if total == 0:
        return None

    def top(fraction):
        left, share = mp.mpf(fraction) * m, mp.mpf(0)
        for x in s:
            part = min(mp.mpf(1), max(mp.mpf(0), left))
            share, left = share + part * x, left - 1
        return share / total

    gini = mp.fsum(x * (m + 1 - 2 * (rank + 1)) for rank, x in enumerate(s)) / (m * total)
    return [top("0.01"), top("0.1"), gini]


def describe(name, data):
    laws = [survivals(d) for d in data]
    longest = max(map(len, data))
    product, curve = mp.mpf(1), [mp.mpf(1)]
    lengths, maximum = [], [mp.mpf(1)]
    for n in range(1, longest + 1):
        at_risk = [s for s in laws if len(s) > n]
        entered = mp.fsum(s[n - 1] for s in at_risk)
        product = product * mp.fsum(s[n] for s in at_risk) / entered if entered > 0 else mp.mpf(0)
        curve.append(product)
        none = mp.mpf(1)
        for s in at_risk:
            none *= 1 - s[n]
        maximum.append(1 - none)
        total = mp.fsum(s[n] for s in at_risk)
        quenched = mp.fsum(log(s[n]) for s in at_risk) / len(at_risk) if all(s[n] > 0 for s in at_risk) else -mp.inf
        values = concentration([s[n] for s in at_risk])
        lengths.append({
            "n": n, "at_risk": len(at_risk), "annealed": digits(log(total / len(at_risk))), "quenched": digits(quenched),
            "effective": digits(total ** 2 / mp.fsum(s[n] ** 2 for s in at_risk) if total > 0 else None),
            "concentration": [digits(v) for v in values] if values else None,
            "count_log_masses": [digits(log(p)) for p in poisson_binomial([s[n] for s in at_risk])],
        })
    per_record = [cumulants(masses_of(s)) for s in laws]
    m = len(laws)
    pooled = [mp.fsum(masses_of(s)[n] for s in laws if len(s) > n) for n in range(longest + 1)]
    total = cumulants(pooled)
    mean = mp.fsum(e for e, _, _ in per_record) / m
    mean_variance = mp.fsum(v for _, v, _ in per_record) / m
    shares = token_shares(data)
    return {
        "name": name,
        "data": [["-inf" if l == INF else repr(l) for l in d] for d in data],
        "records": [{
            "log_survival": [digits(log(x)) for x in s],
            "log_mass": [digits(log(x)) for x in masses_of(s)],
            "moments": [digits(x) for x in c],
        } for s, c in zip(laws, per_record)],
        "log_survival": [digits(log(x)) for x in curve],
        "moments": [digits(x) for x in total],
        "cumulance": [digits(x) for x in (
            mean_variance, mp.fsum((e - mean) ** 2 for e, _, _ in per_record) / m,
            mp.fsum(k for _, _, k in per_record) / m,
            3 * mp.fsum((e - mean) * (v - mean_variance) for e, v, _ in per_record) / m,
            mp.fsum((e - mean) ** 3 for e, _, _ in per_record) / m)],
        "token_shares": [digits(x) for x in shares] if shares else None,
        "maximum_log_survival": [digits(log(x)) for x in maximum],
        "maximum_mean": digits(mp.fsum(maximum[1:])),
        "lengths": lengths,
    }


random.seed(20250201)
sets = [
    ("equal lengths", [[round(-random.expovariate(0.8), 6) for _ in range(8)] for _ in range(7)]),
    ("unequal lengths", [[round(-random.expovariate(1.5), 6) for _ in range(length)] for length in (1, 3, 3, 6, 9, 9, 12)]),
    ("sums to -2000", [[-250.0 - i - 0.125 * j for j in range(8)] for i in range(5)] + [[-249.5] * 8]),
    ("nearly certain", [[-1e-12] * 6, [-1e-13, -1e-12, -1e-11, -1e-10, -1e-9, -1e-8], [-1e-15] * 4]),
    ("all certain", [[0.0] * 5] * 3),
    ("impossible tokens", [[-0.5, INF, -0.25, -1.0], [-0.5, -0.1, -0.2], [INF], [-1.0, -2.0, -0.5, -3.0]]),
    ("one record", [[-0.7, -0.01, -2.5, -0.3, -0.2]]),
    ("one token each", [[-0.1], [-2.0], [-5.0], [-0.0001]]),
    ("probabilities of 1e-300", [[-690.775527898213705, -0.5, -0.1], [-691.5, -0.25, -0.2], [-1400.0, -0.1, -0.1]]),
]
print(json.dumps({"source": __doc__.split("\n")[0], "sets": [describe(*s) for s in sets]}, indent=0))
