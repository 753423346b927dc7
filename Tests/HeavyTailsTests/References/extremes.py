# Extreme-value estimates on the Moby Dick word counts (file of "value count" lines): Hill, moment (Dekkers-Einmahl-de Haan)
# and Pickands estimates, mean excesses, discrete generalized Pareto fits of the excesses, and the length exceeded once in
# expectation in 10 n draws. mpmath, 50 digits.   Run: python3 extremes.py moby.counts > extremes.json
import json
import sys
from scipy.optimize import minimize
from mpmath import mp, mpf, log, sqrt, fsum

mp.dps = 50
text = lambda x: mp.nstr(x, 25, strip_zeros=False)
COUNTS = sorted((tuple(map(int, line.split())) for line in open(sys.argv[1]) if line.strip()), reverse=True)
X = [v for v, c in COUNTS for _ in range(c)]  # X[0] >= X[1] >= ...
N = len(X)
OUT = {"n": N, "hill": [], "moment": [], "pickands": [], "mean_excess": [], "generalized_pareto": []}

for k in (50, 200, 1000):
    e = [log(mpf(x)/X[k]) for x in X[:k]]
    m1, m2 = fsum(e)/k, fsum(v*v for v in e)/k
    OUT["hill"].append({"k": k, "xi": text(m1)})
    OUT["moment"].append({"k": k, "xi": text(m1 + 1 - mpf(1)/2/(1 - m1**2/m2))})
for k in (50, 200, 500):
    a, b, c = X[k - 1], X[2*k - 1], X[4*k - 1]
    OUT["pickands"].append({"k": k, "order_statistics": [a, b, c], "xi": text(log(mpf(a - b)/(b - c))/log(mpf(2)))})
for u in (10, 50, 200, 1000):
    e = [x - u for x in X if x > u]
    n = len(e)
    mean = mpf(sum(e))/n
    variance = fsum(c*(v - u - mean)**2 for v, c in COUNTS if v > u)/(n - 1)
    OUT["mean_excess"].append({"u": u, "n": n, "mean_excess": text(mean), "standard_error": text(sqrt(variance/n))})

for u in (20, 100):
    excesses = [(v - u, c) for v, c in COUNTS if v >= u]
    n = sum(c for _, c in excesses)
    G = lambda y, s, x: (1 + x*y/s)**(-1/x)
    L = lambda s, x: fsum(c*log(G(y, s, x) - G(y + 1, s, x)) for y, c in excesses)
    D = lambda i, j: (lambda s, x: mp.diff(L, (s, x), (i, j)))
    mp.dps = 20
    start = minimize(lambda t: float(-L(mpf(t[0]), mpf(t[1]))) if t[0] > 0 and t[1] > 1e-3 else 1e9, [u, 0.8],
                     method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11}).x
    mp.dps = 50
    s, x = mp.findroot(lambda s, x: [D(1, 0)(s, x), D(0, 1)(s, x)], tuple(map(mpf, start)), solver="mdnewton", tol=mpf(10)**-60,
                       J=lambda s, x: mp.matrix([[D(2, 0)(s, x), D(1, 1)(s, x)], [D(1, 1)(s, x), D(0, 2)(s, x)]]))
    assert abs(s/start[0] - 1) < 1e-4 and abs(x/start[1] - 1) < 1e-4
    covariance = (-mp.matrix([[D(2, 0)(s, x), D(1, 1)(s, x)], [D(1, 1)(s, x), D(0, 2)(s, x)]]))**-1
    # zeta_u G(level - u) 10 N = 1
    level = u + s/x*((mpf(n)/N*10*N)**x - 1)
    assert abs(mpf(n)/N * G(level - u, s, x) * 10*N - 1) < mpf(10)**-40
    OUT["generalized_pareto"].append({
        "u": u, "n": n, "sigma": text(s), "xi": text(x), "standard_errors": {"sigma": text(sqrt(covariance[0, 0])), "xi": text(sqrt(covariance[1, 1]))},
        "covariance_sigma_xi": text(covariance[0, 1]), "log_likelihood": text(L(s, x)),
        "exceedance_share": text(mpf(n)/N), "exceeded_once_in_10n": text(level)})

json.dump(OUT, sys.stdout, indent=1)
print()
