"""Values of a real capture to 30 digits (mpmath, 60-digit arithmetic) straight from the definitions.

Run from this folder: python3 make_audit_values.py > audit_values.json
"""
import json
import pathlib
import statistics

import mpmath as mp

mp.mp.dps = 60
folder = pathlib.Path(__file__).resolve().parents[3] / "notebooks-export" / "captures"


def digits(x):
    return mp.nstr(x, 30, min_fixed=0, max_fixed=0)


def values(path):
    records = [json.loads(line) for line in open(path)]
    laws, greedy = [], []
    for record in records:
        s = [mp.mpf(1)]
        for l in record["token_logprobs"]:
            s.append(s[-1] * mp.exp(mp.mpf(l)))
        laws.append(s)
        greedy.append(next((j for j, r in enumerate(record["ranks"]) if r), len(record["ranks"])))
    m, longest = len(laws), max(len(s) - 1 for s in laws)
    survival, product = [], mp.mpf(1)
    for n in range(1, longest + 1):
        at_risk = [s for s in laws if len(s) > n]
        product *= mp.fsum(s[n] for s in at_risk) / mp.fsum(s[n - 1] for s in at_risk)
        survival.append(product)
    e1 = [mp.fsum(s[1:]) for s in laws]
    e2 = [mp.fsum((2 * n - 1) * s[n] for n in range(1, len(s))) for s in laws]
    e3 = [mp.fsum((3 * n * n - 3 * n + 1) * s[n] for n in range(1, len(s))) for s in laws]
    mean, second, third = (mp.fsum(e) / m for e in (e1, e2, e3))
    maximum = []
    for n in range(1, longest + 1):
        none = mp.mpf(1)
        for s in laws:
            if len(s) > n:
                none *= 1 - s[n]
        maximum.append(1 - none)
    worst = max(range(m), key=lambda i: e1[i])
    return {
        "file": path.name,
        "records": m,
        "tokens": sum(len(s) - 1 for s in laws),
        "survival": [digits(mp.log(x)) for x in survival],
        "expected": digits(mean),
        "variance": digits(second - mean ** 2),
        "third_cumulant": digits(third - 3 * mean * second + 2 * mean ** 3),
        "variance_between": digits(mp.fsum((e - mean) ** 2 for e in e1) / m),
        "maximum_expected": digits(mp.fsum(maximum)),
        "greedy_mean": digits(mp.mpf(sum(greedy)) / m),
        "greedy_median": statistics.median(greedy),
        "greedy_maximum": max(greedy),
        "greedy_censored": sum(g == len(s) - 1 for g, s in zip(greedy, laws)),
        "worst": records[worst]["id"],
        "worst_expected": digits(e1[worst]),
    }


print(json.dumps({"source": __doc__.split("\n")[0], "captures": [values(p) for p in sorted(folder.glob("*.jsonl"))]}, indent=0))
