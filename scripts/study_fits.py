"""Maxima of skewmem beside those of scipy, for scripts/study-fits.

Each family's survival function is written out here again, from its formula. scipy searches from the truth and from five
other points, first by Nelder-Mead, then by L-BFGS-B, then by Nelder-Mead again; it knows nothing of our estimate.
"""

import json
import multiprocessing
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from scipy.optimize import minimize
from scipy.special import betainc, gammaln, ndtr, zeta

CENSORED_AT = 40
N = np.arange(CENSORED_AT + 2, dtype=float)


def up(x):
    return np.exp(np.clip(x, -700, 700))


def unit(x):
    return 1 / (1 + up(-x))


def logit(p):
    return np.log(p / (1 - p))


def tail(values):
    """S(0), S(1), … from token probabilities at positions 1, 2, …."""
    return np.concatenate([[1], np.cumprod(np.clip(values, 0, 1))])


def cutoff(alpha, rate):
    n = np.arange(1, 40000, dtype=float)
    mass = np.exp(-alpha * np.log(n) - rate * (n - 1))
    beyond = np.concatenate([np.cumsum(mass[::-1])[::-1], [0]])
    return np.concatenate([[1], beyond[: len(N) - 1] / beyond[0]])


def mixture(*values):
    k = (len(values) + 1) // 2
    weights = np.exp(np.concatenate([[0], values[: k - 1]]))
    p = unit(np.array(values[k - 1:]))
    return (weights / weights.sum()) @ p[:, None] ** N


J = N[1:]
# Name: the true parameters for skewmem, a point of scipy's coordinates for them, S(0 ... 41) at such a point.
FAMILIES = {
    "geometric": ({"p": 0.8}, [logit(0.8)], lambda z: unit(z[0]) ** N),
    "linear-hazard": ({"p0": 0.6, "alpha": 0.012}, [0.6, 0.012], lambda z: tail(z[0] + z[1] * J)),
    "linear-hazard falling": ({"p0": 1.04, "alpha": -0.03}, [1.04, -0.03], lambda z: tail(z[0] + z[1] * J)),
    "beta-geometric": (
        {"a": 2, "b": 1.5}, np.log([2, 1.5]),
        lambda z: np.exp(gammaln(up(z[0]) + N) - gammaln(up(z[0])) + gammaln(up(z[0]) + up(z[1]))
                         - gammaln(up(z[0]) + up(z[1]) + N))),
    "discrete-weibull": (
        {"q": 0.75, "beta": 0.6}, [logit(0.75), np.log(0.6)],
        lambda z: np.where(N > 0, unit(z[0]) ** np.maximum(N, 1e-300) ** up(z[1]), 1)),
    "logistic-position": ({"a": 0.5, "b": 0.5}, [0.5, 0.5], lambda z: tail(unit(z[0] + z[1] * np.log(J)))),
    "negative-binomial": (
        {"r": 0.6, "p": 0.85}, [np.log(0.6), logit(0.85)],
        lambda z: np.concatenate([[1], betainc(N[1:], up(z[0]), unit(z[1]))])),
    "discrete-lognormal": (
        {"mu": 1, "sigma": 1.3}, [1, np.log(1.3)],
        lambda z: np.concatenate([[1], ndtr((z[0] - np.log(J - 0.5)) / up(z[1]))])),
    "discrete-generalized-pareto": (
        {"sigma": 3, "xi": 0.4}, [np.log(3), 0.4],
        lambda z: np.maximum(1 + z[1] * N / up(z[0]), 0) ** (-1 / z[1]) if z[1] != 0 else np.exp(-N / up(z[0]))),
    "discrete-generalized-pareto with an end": (
        {"sigma": 12, "xi": -0.35}, [np.log(12), -0.35],
        lambda z: np.maximum(1 + z[1] * N / up(z[0]), 0) ** (-1 / z[1]) if z[1] != 0 else np.exp(-N / up(z[0]))),
    "zeta": ({"alpha": 2.2}, [np.log(1.2)], lambda z: np.concatenate(
        [[1], zeta(1 + up(z[0]), J) / zeta(1 + up(z[0]), 1)])),
    "zeta-cutoff": ({"alpha": 1.2, "lambda": 0.08}, [1.2, np.log(0.08)], lambda z: cutoff(z[0], up(z[1]))),
    "rounded-pareto": ({"alpha": 2.1}, [np.log(1.1)], lambda z: np.concatenate([[1], (2 * J - 1) ** -up(z[0])])),
    "discrete-pareto": ({"alpha": 2.1}, [np.log(1.1)], lambda z: np.concatenate([[1], J ** -up(z[0])])),
    "geometric-mixture-2": (
        {"weights": [0.6, 0.4], "p": [0.5, 0.93]}, [np.log(0.4 / 0.6), logit(0.5), logit(0.93)],
        lambda z: mixture(*z)),
    "geometric-mixture-3": (
        {"weights": [0.5, 0.3, 0.2], "p": [0.3, 0.8, 0.97]},
        [np.log(0.6), np.log(0.4), logit(0.3), logit(0.8), logit(0.97)], lambda z: mixture(*z)),
}
FORMS = {"": {}, "zero-inflated-": {"zero": 0.25}, "cured-": {"cured": 0.1},
         "zero-inflated-cured-": {"zero": 0.25, "cured": 0.1}}


def likelihood(exact, censored, survival, first):
    def value(z):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            s = survival(z)
            mass = s[:-1] - s[1:]
            seen = exact > 0
            total = np.sum(exact[seen] * np.log(mass[seen])) + (censored * np.log(s[CENSORED_AT]) if censored else 0)
            total -= (exact.sum() + censored) * np.log(s[first])
        return -total if np.isfinite(total) and total <= 0 else 1e10
    return value


def extended(survival, form):
    def value(z):
        z = list(z)
        zero = unit(z.pop()) if "zero" in form else 0
        cured = unit(z.pop()) if "cured" in form else 0
        s = cured + (1 - cured) * survival(z)
        return np.where(N > 0, (1 - zero) * s, 1)
    return value


def maximum(value, start, random):
    best = 1e10
    points = [np.array(start, dtype=float)] + [start + 0.7 * random.standard_normal(len(start)) for _ in range(5)]
    for point in points:
        for method, options in [("Nelder-Mead", {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000}),
                                ("L-BFGS-B", {"maxiter": 2000}),
                                ("Nelder-Mead", {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000})]:
            found = minimize(value, point, method=method, options=options)
            if found.fun < best:
                best = found.fun
            point = found.x
    return -best


def one(job):
    program, name, form, seed, first = job
    truth, start, survival = FAMILIES[name]
    family = form + name.split(" ")[0]
    values = dict(truth, **FORMS[form])
    arguments = []
    for key, value in values.items():
        arguments += ["--parameter", f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}"]
    known = name.startswith("geometric-mixture")
    simulated = family.rsplit("-", 1)[0] if known else family
    with tempfile.NamedTemporaryFile("w+", suffix=".counts") as file:
        subprocess.run(
            [program, "simulate", "--counts", "--family", simulated, *arguments, "--records", "300", "--length",
             str(CENSORED_AT), "--seed", str(seed), "--output", file.name, "--quiet"], check=True)
        exact, censored = np.zeros(CENSORED_AT + 1), 0.0
        for line in open(file.name):
            length, weight = line.split()
            if length.endswith("+"):
                censored += float(weight)
            else:
                exact[int(length)] += float(weight)
        exact[:first] = 0
        run = subprocess.run(
            [program, "fit", file.name, "--families", family, "--n-min", str(first), "--format", "json", "--quiet"],
            capture_output=True, text=True)
    fits = json.loads(run.stdout)["fits"] if run.returncode == 0 else []
    if not fits:
        return name, form, first, None, None
    # Without an inflation at 0 or a share that never ends, those laws have the same tail from 1 on: fewer coordinates.
    effective = form.replace("zero-inflated-", "") if first > 0 else form
    point = list(start) + ([logit(FORMS[form]["cured"])] if "cured" in effective else []) \
        + ([logit(FORMS[form]["zero"])] if "zero" in effective else [])
    survival = extended(survival, effective)
    theirs = maximum(likelihood(exact, censored, survival, first), point, np.random.default_rng(seed))
    return name, form, first, theirs - fits[0]["log_likelihood"], fits[0]["converged"]


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    jobs = [(program, name, form, seed, first)
            for name in FAMILIES for form in FORMS for seed in range(1, seeds + 1) for first in (0, 1)]
    with multiprocessing.Pool() as pool:
        results = pool.map(one, jobs, chunksize=4)
    print(f"{len(jobs)} fits of 300 lengths, censored at {CENSORED_AT}; differences of ln L, scipy's less ours.")
    print()
    print("| family | fits | not converged | scipy higher by more than 1e-6 | at most | scipy lower by more than 1e-6 |")
    print("|---|---|---|---|---|---|")
    for name in FAMILIES:
        own = [r for r in results if r[0] == name and r[3] is not None]
        gaps = [r[3] for r in own]
        print(f"| {name} | {len(own)} | {sum(not r[4] for r in own)} | {sum(g > 1e-6 for g in gaps)} "
              f"| {max(gaps, default=0):.1e} | {sum(g < -1e-6 for g in gaps)} |")
    worst = sorted((r for r in results if r[3] is not None and r[3] > 1e-6), key=lambda r: -r[3])
    for name, form, first, gap, _ in worst[:10]:
        print(f"\nHigher: {form}{name}, n_min {first}, by {gap:.2e}", end="")
    print()


if __name__ == "__main__":
    main()
