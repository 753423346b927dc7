# Profile-likelihood intervals (95 %) of the beta-geometric law on Fader and Hardie's High-End counts and of a discrete
# Weibull law on made counts: by nested optimization of the constrained likelihood with scipy, in a way other than the library's.
# Run: python3 intervals.py > intervals.json
import json
import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import betaln

HALF = 3.841458820694124 / 2


def beta_geometric(a, b):
    return lambda n: betaln(a + n, b) - betaln(a, b)


def discrete_weibull(q, beta):
    return lambda n: n**beta * np.log(q)


def log_likelihood(survival, cells):
    total = 0.0
    for n, exact, censored in cells:
        if exact:
            total += exact * np.log(np.exp(survival(n)) - np.exp(survival(n + 1)))
        if censored:
            total += censored * survival(n)
    return total


def best(function, low, high):
    """The largest value over [low, high], from a grid and Brent's method around its best point."""
    grid = np.linspace(low, high, 400)
    values = [function(x) for x in grid]
    k = int(np.nanargmax(values))
    found = minimize_scalar(lambda x: -function(x), bounds=(grid[max(k - 1, 0)], grid[min(k + 1, 399)]), method="bounded",
                            options={"xatol": 1e-13})
    return -found.fun


def ends(profile, centre, low, high, maximum):
    drop = lambda x: profile(x) - maximum + HALF
    return [brentq(drop, low, centre, xtol=1e-11), brentq(drop, centre, high, xtol=1e-11)]


def intervals(law, names, cells, estimate, ranges, n):
    fit = lambda x, y: log_likelihood(law(x, y), cells)
    maximum = fit(*estimate)
    (xs, ys) = ranges
    result = {}
    result[names[0]] = ends(lambda x: best(lambda y: fit(x, y), *ys), estimate[0], *xs, maximum)
    result[names[1]] = ends(lambda y: best(lambda x: fit(x, y), *xs), estimate[1], *ys, maximum)

    # ln S(n) = s: the second parameter that gives it for each value of the first.
    def at(s, x):
        f = lambda y: law(x, y)(n) - s
        return brentq(f, ys[0], ys[1], xtol=1e-13) if f(ys[0]) * f(ys[1]) < 0 else None

    def profile(s):
        def value(x):
            y = at(s, x)
            return -np.inf if y is None else fit(x, y)
        return best(value, *xs)
    s = float(law(*estimate)(n))
    result["log_survival"] = ends(profile, s, 1.5 * s, 0.7 * s, maximum)
    return result


high_end = [1000, 869, 743, 653, 593, 551, 517, 491]
cells = [(n, high_end[n] - high_end[n + 1], 0) for n in range(7)] + [(7, 0, 491)]
weibull = [(0, 60, 0), (1, 25, 0), (2, 14, 2), (3, 9, 0), (5, 8, 1), (8, 6, 0), (13, 3, 0), (20, 0, 4)]
print(json.dumps({
    "beta-geometric": intervals(beta_geometric, ["a", "b"], cells, (3.8060949640583, 0.66808835110645),
                                ((1.5, 12.0), (0.3, 1.8)), 14),
    "discrete-weibull": intervals(discrete_weibull, ["q", "beta"], weibull, tuple(
        minimize(
            lambda v: -log_likelihood(discrete_weibull(*v), weibull), [0.5, 0.6], method="Nelder-Mead",
            options={"xatol": 1e-12, "fatol": 1e-13, "maxiter": 4000}).x), ((0.3, 0.75), (0.35, 1.0)), 30),
}, indent=1))
