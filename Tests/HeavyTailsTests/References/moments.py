# Mean, variance, skewness and excess kurtosis of discrete laws on N = 0, 1, 2, ... (S(n) = P(N >= n)), by mpmath at 80
# digits, each parameter at its nearest double (the integers and decimals written here). E N^k = sum_{n>=1} (n^k - (n-1)^k) S(n).
# The products of linear-hazard and logistic-position start at j = 1.   Run: python3 moments.py > moments.json
import json
import sys
from mpmath import mp, mpf, exp, log, sqrt, gamma, beta, zeta, ncdf, binomial, inf, nan, bernpoly, factorial, expjpi, fsum

mp.dps = 80
OUT = []


def text(x):
    return "inf" if x == inf else "nan" if x != x else mp.nstr(x, 25, strip_zeros=False)


def emit(family, parameters, raw):
    """raw: E N, ..., E N^4, inf where divergent."""
    m1, m2, m3, m4 = [mpf(r) for r in raw]
    var = skew = kurt = inf
    if m2 < inf:
        var = m2 - m1**2
        if m3 < inf: skew = (m3 - 3*m1*m2 + 2*m1**3) / var**mpf(1.5)
        if m4 < inf: kurt = (m4 - 4*m1*m3 + 6*m1**2*m2 - 3*m1**4) / var**2 - 3
    else:
        skew = kurt = nan
    OUT.append({"family": family, "parameters": parameters, "mean": text(m1), "variance": text(var),
                "skewness": text(skew), "excess_kurtosis": text(kurt)})
    print(family, parameters, [mp.nstr(v, 12) for v in (m1, var, skew, kurt)], file=sys.stderr)


def from_factorial(f):
    """Raw moments from the factorial moments E N(N-1)...(N-k+1) (Stirling numbers of the second kind)."""
    return [f[0], f[0] + f[1], f[0] + 3*f[1] + f[2], f[0] + 7*f[1] + 6*f[2] + f[3]]


# n^k - (n-1)^k as coefficients of n^0, n^1, ...
WEIGHTS = [[1], [-1, 2], [1, -3, 3], [-1, 4, -6, 4]]
# the same in x = n - 1/2
MIDPOINT = [[1], [0, 2], [mpf(1)/4, 0, 3], [0, 1, 0, 4]]


def from_sums(s, weights=WEIGHTS):
    """Raw moments from the sums s[j] = sum_n n^j S(n); s shorter than four: the later moments diverge."""
    return [fsum(c * s[j] for j, c in enumerate(w)) if len(w) <= len(s) else inf for w in weights]


def direct(survival, end):
    """Sums of n^j S(n), n = 1 ... until n^4 S(n) < 1e-90 or the end. survival yields S(1), S(2), ..."""
    s = [mpf(0)]*4
    for n, value in enumerate(survival, 1):
        for j in range(4): s[j] += n**j * value
        if n == end or (n > 50 and n**4 * value < mpf(10)**-90): break
    else:
        raise ValueError("not converged")
    return s


def product(p):
    n, s = 0, mpf(1)
    while True:
        n += 1
        s *= p(n)
        yield s


def each(f):
    n = 0
    while True:
        n += 1
        yield f(n)


for p in (0.3, 0.999, 1e-5):
    r = mpf(p) / (1 - mpf(p))
    emit("geometric", {"p": p}, from_factorial([factorial(k) * r**k for k in range(1, 5)]))

for p0, a in ((0.9, -0.01), (0.3, -0.001)):
    clamp = lambda j: min(max(mpf(p0) + mpf(a)*j, 0), 1)
    emit("linear-hazard", {"p0": p0, "alpha": a}, from_sums(direct(product(clamp), 400)))
emit("linear-hazard", {"p0": 0.5, "alpha": 0.01}, [inf]*4)


def beta_geometric(a, b):
    a, b = mpf(a), mpf(b)
    return [factorial(k) * beta(a + k, b - k) / beta(a, b) if b > k else inf for k in range(1, 5)]


for a, b in ((2, 1.5), (3, 4.5), (0.5, 10), (100, 2.0001), (2, 0.5)):
    emit("beta-geometric", {"a": a, "b": b}, from_factorial(beta_geometric(a, b)))


def stretched(q, b):
    """sum n^j e^(-c n^b), b < 1: Gamma((j+1)/b) / (b c^((j+1)/b)) + sum_k (-c)^k/k! zeta(-j - b k)."""
    c, b = -log(mpf(q)), mpf(b)
    sums = []
    for j in range(4):
        total, k = gamma((j + 1)/b) / (b * c**((j + 1)/b)), 0
        while True:
            term = (-c)**k / factorial(k) * zeta(-j - b*k)
            total += term
            k += 1
            if k > 60 and abs(term) < mpf(10)**-90: break
        sums.append(total)
    return sums


mp.dps = 120
for q, b in ((0.5, 0.5), (0.99, 0.2)):
    emit("discrete-weibull", {"q": q, "beta": b}, from_sums(stretched(q, b)))
mp.dps = 80
check = from_sums(direct(each(lambda n: exp(log(mpf(0.5)) * sqrt(n))), 10**6)), from_sums(stretched(0.5, 0.5))
assert all(abs(x/y - 1) < mpf(10)**-50 for x, y in zip(*check))
emit("discrete-weibull", {"q": 0.9, "beta": 1.5}, from_sums(direct(each(lambda n: exp(log(mpf(0.9)) * mpf(n)**1.5)), 10**6)))

for a, b in ((1, -0.5), (0.5, 0.5)):
    emit("logistic-position", {"a": a, "b": b},
         from_sums(direct(product(lambda j: 1/(1 + exp(-mpf(a)) * mpf(j)**-mpf(b))), 10**6)))
# a = -2, b = 1: p_j = j/(j + c), c = e^2, S = Gamma(n+1) Gamma(1+c) / Gamma(n+1+c): the beta-geometric with 1 and c
emit("logistic-position", {"a": -2, "b": 1}, from_factorial(beta_geometric(1, exp(mpf(2)))))
emit("logistic-position", {"a": 0, "b": 1.5}, [inf]*4)

for r, p in ((2.5, 0.8), (1e6, 0.5), (0.01, 0.999)):
    rise = lambda k: gamma(mpf(r) + k) / gamma(mpf(r))
    emit("negative-binomial", {"r": r, "p": p}, from_factorial([rise(k) * (mpf(p)/(1 - mpf(p)))**k for k in range(1, 5)]))


def lognormal_sums(mu, sigma, M):
    """sum over x = 1/2, 3/2, ... of x^j Phi((mu - ln x)/sigma): terms below M, then Euler-Maclaurin at midpoints."""
    mu, sigma = mpf(mu), mpf(sigma)
    S = lambda x: mp.erfc((log(x) - mu) / (sigma * sqrt(2))) / 2
    below = [(mpf(n) - mpf(1)/2, S(mpf(n) - mpf(1)/2)) for n in range(1, M + 1)]
    K, radius = 320, mpf(M)/2  # Taylor coefficients at M from K points on a circle
    roots = [expjpi(mpf(2)*i/K) for i in range(K)]
    samples = [(M + radius*w, S(M + radius*w)) for w in roots]
    sums = []
    for j in range(4):
        k = j + 1
        total = fsum(x**j * s for x, s in below)
        total += (exp(k*mu + k*k*sigma**2/2) * ncdf((mu + k*sigma**2 - log(M))/sigma) - mpf(M)**k * S(M)) / k
        for m in range(1, 45):
            c = (fsum(x**j * s * roots[-i * (2*m - 1) % K] for i, (x, s) in enumerate(samples)) / K).real / radius**(2*m - 1)
            total -= bernpoly(2*m, mpf(1)/2) / (2*m) * c  # B_2m(1/2)/(2m)! f^(2m-1) = B_2m(1/2)/(2m) c
        sums.append(total)
    return sums


for mu, sigma in ((1, 1), (3, 0.1), (0, 2.5), (-1, 4)):
    raws = []
    for M in ((60, 90) if sigma > 0.5 else ()):
        raws.append(from_sums(lognormal_sums(mu, sigma, M), MIDPOINT))
    if not raws:
        raws.append(from_sums(direct(each(lambda n: ncdf((mu - log(n - mpf(1)/2)) / mpf(sigma))), 2000)))
    assert all(abs(x/y - 1) < mpf(10)**-45 for x, y in zip(raws[0], raws[-1])), [x/y - 1 for x, y in zip(raws[0], raws[-1])]
    emit("discrete-lognormal", {"mu": mu, "sigma": sigma}, raws[-1])

for sigma, xi in ((3, 0.2), (3, 0.6), (10, -0.3), (1, 0.24), (2, 0)):
    s, x = mpf(sigma), mpf(xi)
    if xi > 0:
        c, t = s/x, 1/x  # S = c^t (n + c)^-t; n^j = ((n + c) - c)^j
        z = [c**t * zeta(t - i, 1 + c) if t - i > 1 else inf for i in range(4)]
        sums = [fsum(binomial(j, i) * (-c)**(j - i) * z[i] for i in range(j + 1)) for j in range(4) if z[j] < inf]
    elif xi < 0:
        sums = direct(each(lambda n: max(1 + x*n/s, 0)**(-1/x)), 60)
    else:
        sums = direct(each(lambda n: exp(-n/s)), 10**4)
    emit("discrete-generalized-pareto", {"sigma": sigma, "xi": xi}, from_sums(sums))

for alpha in (1.5, 2.5, 3.2, 5.01, 7):
    a = mpf(alpha)
    emit("zeta", {"alpha": alpha}, [zeta(a - k)/zeta(a) if a - k > 1 else inf for k in range(1, 5)])


def polylog(s, rate):
    """Li_s(e^-rate), s not a positive integer, 0 < rate < 2 pi."""
    total = gamma(1 - s) * rate**(s - 1)
    for k in range(0, 400):
        term = zeta(s - k) * (-rate)**k / factorial(k)
        total += term
        if k > 20 and abs(term) < mpf(10)**-100: break
    return total


for alpha, rate in ((1.5, 0.01), (2.5, 1e-4), (0.5, 0.3)):
    z = [polylog(mpf(alpha) - k, mpf(rate)) for k in range(5)]
    if rate >= 0.01:
        s = fsum(mpf(n)**-mpf(alpha) * exp(-mpf(rate)*n) for n in range(1, int(140/rate)))
        assert abs(s/z[0] - 1) < mpf(10)**-55
    emit("zeta-cutoff", {"alpha": alpha, "lambda": rate}, [z[k]/z[0] for k in range(1, 5)])

for alpha in (1.7, 3.5, 6):
    t = mpf(alpha) - 1
    sums = [mpf(2)**-t * zeta(t - j, mpf(1)/2) if t - j > 1 else inf for j in range(4)]
    emit("rounded-pareto", {"alpha": alpha}, from_sums([s for s in sums if s < inf], MIDPOINT))

for w, p in (([0.7, 0.3], [0.5, 0.95]), ([0.2, 0.5, 0.3], [0.1, 0.7, 0.999])):
    emit("geometric-mixture", {"weights": w, "p": p},
         from_factorial([factorial(k) * fsum(mpf(a) / fsum(map(mpf, w)) * (mpf(q)/(1 - mpf(q)))**k for a, q in zip(w, p)) for k in range(1, 5)]))

emit("zero-inflated-beta-geometric", {"a": 3, "b": 5, "zero": 0.4},
     [(1 - mpf(0.4)) * r for r in from_factorial(beta_geometric(3, 5))])

json.dump(OUT, sys.stdout, indent=1)
print()
