# Maximum-likelihood fits of continuous laws on x > 0 (whole, conditional on x >= 1, and right-censored at the 70th percentile),
# and their ln density and ln S. Writes the three data files beside it. mpmath, 50 digits; data and parameters at their doubles.
# 70th percentile: the ceil(0.7 n)-th smallest value c; values above c contribute S(c). Standard errors: inverse observed
# information.   Run: python3 continuous.py > continuous.json
import json
import math
import os
import sys
import numpy as np
from mpmath import mp, mpf, exp, log, log1p, sqrt, pi, erfc, gammainc, inf, fsum
from scipy.optimize import minimize

mp.dps = 50
HERE = os.path.dirname(os.path.abspath(__file__))
text = lambda x: mp.nstr(x, 25, strip_zeros=False) if mp.isfinite(x) else ("-inf" if x < 0 else "inf")

# family: (parameters, which of them are positive, ln density(x), ln S(x), starts), improper laws up to a factor common to
# the density and S.
def gp_base(t, x):
    y = 1 + t[1]*x/t[0]
    return log(y) if y > 0 else -inf

def lognormal_ln_s(t, x):
    z = (log(x) - t[0]) / (t[1] * sqrt(mpf(2)))
    return log(erfc(z)/2) if z > 0 else log1p(-erfc(-z)/2)

FAMILIES = {
    "exponential": (["lambda"], [1], lambda t, x: log(t[0]) - t[0]*x, lambda t, x: -t[0]*x, [[1], [0.1]]),
    "pareto": (["alpha"], [0], lambda t, x: -t[0]*log(x), lambda t, x: (1 - t[0])*log(x) - log(t[0] - 1) if t[0] > 1 else -inf,
               [[2], [3]]),
    "lognormal": (["mu", "sigma"], [0, 1],
                  lambda t, x: -log(x) - log(t[1]) - log(2*pi)/2 - ((log(x) - t[0])/t[1])**2/2, lognormal_ln_s,
                  [[1, 1], [0, 2], [-3, 3]]),
    "weibull": (["lambda", "beta"], [1, 1],
                lambda t, x: log(t[1]/t[0]) + (t[1] - 1)*log(x/t[0]) - (x/t[0])**t[1], lambda t, x: -(x/t[0])**t[1],
                [[3, 1], [0.5, 0.5], [0.01, 0.2]]),
    "generalized-pareto": (["sigma", "xi"], [1, 0],
                           lambda t, x: -log(t[0]) - (x/t[0] if t[1] == 0 else (1 + 1/t[1]) * gp_base(t, x)),
                           lambda t, x: -x/t[0] if t[1] == 0 else -gp_base(t, x)/t[1],
                           [[2, 0.3], [0.5, 0.7], [0.05, 0.7]]),
    "power-law-cutoff": (["alpha", "lambda"], [0, 1],
                         lambda t, x: -t[0]*log(x) - t[1]*x,
                         lambda t, x: (t[0] - 1)*log(t[1]) + log(gammainc(1 - t[0], t[1]*x)), [[1.5, 0.1], [0.5, 0.1], [2, 0.001]]),
}


def log_likelihood(family, t, exact, censored, c, x_min):
    _, _, ln_f, ln_s, _ = FAMILIES[family]
    n = len(exact) + censored
    if family in ("lognormal", "power-law-cutoff", "exponential", "pareto"):  # sufficient statistics
        s1, l1, l2 = STATISTICS(exact)
        m = len(exact)
        if family == "lognormal":
            total = -l1 - m*(log(t[1]) + log(2*pi)/2) - (l2 - 2*t[0]*l1 + m*t[0]**2)/(2*t[1]**2)
        elif family == "power-law-cutoff":
            total = -t[0]*l1 - t[1]*s1
        elif family == "pareto":
            total = -t[0]*l1
        else:
            total = m*log(t[0]) - t[0]*s1
    else:
        total = fsum(ln_f(t, x) for x in exact)
    if censored: total += censored * ln_s(t, c)
    if x_min > 0: total -= n * ln_s(t, x_min)
    return total


CACHE = {}
def STATISTICS(exact):
    key = (id(exact), mp.prec)
    if key not in CACHE:
        CACHE[key] = fsum(exact), fsum(log(x) for x in exact), fsum(log(x)**2 for x in exact), exact
    return CACHE[key][:3]


def fit(family, exact, censored, c, x_min):
    names, positive, _, _, starts = FAMILIES[family]
    f = lambda *t: log_likelihood(family, t, exact, censored, c, x_min)
    trail = []
    mp.dps = 20
    def objective(u):
        t = [mpf(math.exp(v)) if p else mpf(v) for v, p in zip(u, positive)]
        try:
            value = float(-f(*t))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, mp.NoConvergence):
            return 1e9
        return value if math.isfinite(value) else 1e9
    for s in starts:
        u = [math.log(v) if p else v for v, p in zip(s, positive)]
        r = minimize(objective, u, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10, "maxfev": 400})
        trail.append((r.fun, [math.exp(v) if p else v for v, p in zip(r.x, positive)], r.success))
    mp.dps = 50
    trail.sort(key=lambda e: e[0])
    print("  ", family, trail, file=sys.stderr)
    best = trail[0]
    d = len(names)
    unit = lambda *at: tuple(at.count(i) for i in range(d))
    scalar = (lambda o: o[0]) if d == 1 else (lambda o: o)
    D = lambda t, *at: mp.diff(f, tuple(t) if d > 1 else t[0], scalar(unit(*at)))
    try:
        if not best[2] or any(p and not 1e-5 < v < 1e5 for v, p in zip(best[1], positive)): raise ValueError("runs away")
        if d == 1:
            t = [mp.findroot(lambda a: D([a], 0), mpf(best[1][0]), solver="newton", df=lambda a: D([a], 0, 0), tol=mpf(10)**-70)]
        else:
            t = list(mp.findroot(lambda a, b: [D([a, b], 0), D([a, b], 1)], tuple(best[1]), solver="mdnewton",
                                 J=lambda a, b: mp.matrix([[D([a, b], 0, 0), D([a, b], 0, 1)], [D([a, b], 0, 1), D([a, b], 1, 1)]]),
                                 tol=mpf(10)**-70, maxsteps=25))
        information = mp.matrix([[-D(t, i, j) for j in range(d)] for i in range(d)])
        covariance = information**-1
        if any(p and v <= 0 for v, p in zip(t, positive)) or any(covariance[i, i] <= 0 for i in range(d)):
            raise ValueError("not a maximum: %s" % [mp.nstr(v, 10) for v in t])
    except (ValueError, ZeroDivisionError, TypeError, OverflowError, mp.NoConvergence) as e:
        return {"boundary": BOUNDARY.get(family, "?"), "search": "best of the search: ln L = %.10g at %s" % (-best[0], ", ".join("%.6g" % v for v in best[1]))}, str(e)[:200]
    assert all(abs(v - b) < 1e-3*(1 + abs(b)) for v, b in zip(t, best[1])), (t, best)
    return {"parameters": dict(zip(names, map(text, t))),
            "standard_errors": {n: text(sqrt(covariance[i, i])) for i, n in enumerate(names)},
            "log_likelihood": text(f(*t))}, ""


# Why there is none, where the search finds none (read off the searches)
BOUNDARY = {
    "lognormal": "no interior maximum: mu -> -infinity with sigma^2 ~ -mu/(alpha - 1); the limit is the Pareto law",
    "weibull": "no interior maximum: beta -> 0, lambda -> 0 with beta lambda^-beta -> alpha - 1; the limit is the Pareto law",
    "generalized-pareto": "no interior maximum: sigma -> 0 with xi -> 1/(alpha - 1); the limit is the Pareto law",
    "power-law-cutoff": "no interior maximum: lambda -> 0; the limit is the Pareto law",
}

LAWS = [
    ("exponential", [0.3], 0), ("exponential", [1e-5], 0), ("pareto", [2.5], 1), ("pareto", [1.2], 0.5),
    ("lognormal", [1, 1.2], 0), ("lognormal", [-2, 0.1], 0), ("weibull", [3, 0.7], 0), ("weibull", [10, 2.5], 0),
    ("generalized-pareto", [2, 0.4], 0), ("generalized-pareto", [5, -0.1], 0), ("generalized-pareto", [3, 0], 0),
    ("power-law-cutoff", [1.5, 0.01], 1), ("power-law-cutoff", [0.5, 0.3], 0.5), ("power-law-cutoff", [2.5, 1e-6], 0.5),
]


def laws():
    out = []
    for family, values, x_min in LAWS:
        names, _, ln_f, ln_s, _ = FAMILIES[family]
        t = [mpf(v) for v in values]
        base = ln_s(t, mpf(x_min)) if x_min else 0
        for x in (1e-6, 0.5, 1, 3, 50, 1e4, 1e9):
            if x < x_min: continue
            X = mpf(x)
            inside = not (family == "generalized-pareto" and t[1] < 0 and 1 + t[1]*X/t[0] <= 0)
            s = -inf if not inside else mpf(0) if x == x_min else ln_s(t, X) - base
            out.append({"family": family, "parameters": dict(zip(names, values)), "x_min": x_min, "x": x,
                        "log_density": text(ln_f(t, X) - base if inside else -inf), "log_survival": text(s)})
    return out


def data():
    rng = np.random.default_rng(20260801)
    return {"lognormal": np.exp(1 + 1.2*rng.standard_normal(300)), "pareto": (1 - rng.random(300))**(-1/1.5),
            "weibull": 3*rng.weibull(0.7, 300)}


def main():
    fits = []
    for name, values in data().items():
        lines = ["%.6f" % v for v in values]
        with open(os.path.join(HERE, "continuous-%s.txt" % name), "w") as file: file.write("\n".join(lines) + "\n")
        x = sorted(float(v) for v in lines)
        assert x[0] > 0
        for x_min, censor in ((0, False), (1, False), (1, True)):
            kept = [v for v in x if v >= x_min]
            c = kept[math.ceil(0.7*len(kept)) - 1] if censor else None
            exact = [mpf(v) for v in kept if c is None or v <= c]
            print(name, x_min, c, len(kept), len(exact), file=sys.stderr)
            for family in FAMILIES:
                if x_min == 0 and family in ("pareto", "power-law-cutoff"): continue
                result, why = fit(family, exact, len(kept) - len(exact), None if c is None else mpf(c), mpf(x_min))
                if why: print("   !!", family, why, file=sys.stderr)
                fits.append({"data": "continuous-%s.txt" % name, "x_min": x_min, "censored_at": c, "family": family, **result,
                             "n": len(kept), "n_exact": len(exact)})
    json.dump({"fits": fits, "laws": laws()}, sys.stdout, indent=1)
    print()


main()
