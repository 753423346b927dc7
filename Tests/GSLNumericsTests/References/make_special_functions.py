"""Values of special functions to 30 digits (mpmath, 60-digit working precision) at the doubles nearest to the arguments.

Run: python3 make_special_functions.py > special_functions.json
"""
import itertools
import json

import mpmath as mp

mp.mp.dps = 60
SHAPES = [1e-3, 0.1, 0.5, 1.0, 2.5, 10.0, 50.0, 1000.0, 1e5]
POSITIVE = [1e-10, 1e-3, 0.1, 0.5, 0.9, 1.0, 1.5, 2.0, 2.0001, 3.0, 10.0, 11.999, 12.0, 100.5, 1e4, 1e8, 1e15]


def digits(x):
    return mp.nstr(x, 30, min_fixed=0, max_fixed=0) if mp.isfinite(x) else ("-inf" if x < 0 else "inf")


def row(function, arguments, *values):
    return {"function": function, "arguments": list(arguments), "values": [digits(v) for v in values]}


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def beta_tails(a, b, x):
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    lower = mp.betainc(a, b, 0, x, regularized=True)
    upper = mp.betainc(b, a, 0, 1 - x, regularized=True)
    return mp.log(lower), mp.log(upper)


def gamma_tails(a, x):
    a, x = mp.mpf(a), mp.mpf(x)
    # The convergent series for P, and Q from mpmath; the smaller side is the one formed directly.
    lower = mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * mp.hyp1f1(1, a + 1, x)
    with mp.workdps(60 + int(2 * x) // 2 + 60):
        upper = mp.gammainc(a, x, mp.inf, regularized=True)
    return mp.log(lower), mp.log(upper)


rows = []
for x in POSITIVE:
    rows.append(row("logGamma", [x], mp.loggamma(mp.mpf(x))))
    rows.append(row("digamma", [x], mp.digamma(mp.mpf(x))))
    rows.append(row("trigamma", [x], mp.psi(1, mp.mpf(x))))
for a, b in itertools.product(POSITIVE, POSITIVE):
    rows.append(row("logBeta", [a, b], log_beta(mp.mpf(a), mp.mpf(b))))
for s, q in itertools.product([1.001, 1.01, 1.5, 2.0, 2.5, 5.0, 20.0, 50.0, 300.0], [0.1, 1.0, 2.0, 7.0, 20.0, 1000.0, 1e6, 1e9]):
    rows.append(row("logHurwitzZeta", [s, q], mp.log(mp.zeta(mp.mpf(s), mp.mpf(q)))))
for a, b in itertools.product([0.1, 0.5, 1.0, 2.5, 10.0, 50.0, 1000.0], repeat=2):
    for x in [1e-10, 0.01, 0.3, 0.5, 0.9, 0.999]:
        rows.append(row("logIncompleteBeta", [a, b, x], *beta_tails(a, b, x)))
for a in [0.1, 0.5, 1.0, 2.5, 10.0, 50.0, 1000.0]:
    for x in [1e-10, 0.1, 1.0, 5.0, 30.0, 200.0, 1000.0]:
        rows.append(row("logIncompleteGamma", [a, x], *gamma_tails(a, x)))
for x, m in itertools.product([1e-5, 0.3, 1.0, 7.7, 14.6, 100.0, 1e6, 1e12], [0, 1, 4, 5, 20, 64, 1000, 10**6, 10**9]):
    rows.append(row("logRisingFactorial", [x, m], mp.loggamma(mp.mpf(x) + m) - mp.loggamma(mp.mpf(x))))
for a, b in itertools.product([1e-3, 0.16, 1.0, 2.0, 300.0, 1e6, 1e12], repeat=2):
    for n in [0, 1, 5, 20, 64, 1000, 10**6, 10**9]:
        p, q = mp.mpf(a), mp.mpf(b)
        rows.append(row("logBetaRatio", [a, b, n], mp.loggamma(p + n) - mp.loggamma(p) - mp.loggamma(p + q + n) + mp.loggamma(p + q)))
for a, b, n in [(43.66, 1e-6, 62), (43.66, 1e-10, 62), (43.66, 1e-12, 62), (200.0, 1e-13, 7), (20.0, 0.19, 10**6)]:
    p, q = mp.mpf(a), mp.mpf(b)
    rows.append(row("logBetaRatio", [a, b, n], mp.loggamma(p + n) - mp.loggamma(p) - mp.loggamma(p + q + n) + mp.loggamma(p + q)))
for s, q, l in itertools.product([-10.0, -0.5, 0.0, 0.5, 1.0, 1.944, 9.0], [1.0, 7.0, 1000.0], [1e-9, 3.46905e-5, 0.1, 0.6, 20.0]):
    # Σ e^(-λk) (q + k)^(-s) as λ^(s-1) Γ-like integrals is no reference of its own: mpmath's Lerch transcendent.
    rows.append(row("logLerch", [l, s, q], mp.log(mp.lerchphi(mp.exp(-mp.mpf(l)), mp.mpf(s), mp.mpf(q)))))
for p in [1e-300, 1e-20, 1e-5, 0.025, 0.3, 0.5, 0.8, 0.975, 1 - 1e-12]:
    with mp.workdps(400):
        z = -mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(p)) if p > 1e-5 else mp.findroot(
            lambda t: mp.log(mp.erfc(t / mp.sqrt(2)) / 2) - mp.log(mp.mpf(p)), mp.sqrt(-2 * mp.log(p)))
        z = z if p > 1e-5 else -z
    rows.append(row("normalQuantile", [p], z))
for x in [-1e-300, -1e-17, -1e-5, -0.3, -0.7, -2.0, -50.0, -800.0]:
    with mp.workdps(400):
        rows.append(row("log1mExp", [x], mp.log(-mp.expm1(mp.mpf(x)))))
print(json.dumps({"source": __doc__.split("\n")[0], "rows": rows}, indent=0))
