# Anderson-Darling statistics of discrete laws, A2 = N sum_n (Fhat - F)^2/(F (1 - F)) f over all integers n >= n_min, and cut
# at the largest datum: a zeta law on the Moby Dick counts >= 7, a geometric law on a small table. Beyond the largest datum
# Fhat = 1 and the terms are (1 - F) f / F. mpmath, 50 digits.   Run: python3 goodness.py moby.counts > goodness.json
import json
import sys
from mpmath import mp, mpf, zeta, fsum, bernoulli, factorial, rf, quad, inf

mp.dps = 50
text = lambda x: mp.nstr(x, 25, strip_zeros=False)


def head(counts, n_min, f, S):
    """Terms up to the largest datum, over N; S(n) = P(n' >= n)."""
    N, seen, terms = sum(counts.values()), 0, []
    s = S(n_min)
    for n in range(n_min, max(counts) + 1):
        seen += counts.get(n, 0)
        p = f(n)
        s -= p  # 1 - F(n)
        terms.append((mpf(seen)/N - (1 - s))**2 / ((1 - s)*s) * p)
    assert abs(s/S(max(counts) + 1) - 1) < mpf(10)**-35
    return fsum(terms), N


def emit(name, parameters, n_min, counts, f, S, tail):
    total, N = head(counts, n_min, f, S)
    OUT.append({"law": name, "parameters": parameters, "n_min": n_min, "n": N, "largest": max(counts),
                "a2": text(N*(total + tail(max(counts) + 1))), "a2_up_to_largest": text(N*total)})


OUT = []
alpha = mpf(1.952727511673445)
norm = zeta(alpha, 7)
f = lambda n: mpf(n)**-alpha/norm
S = lambda n: zeta(alpha, n)/norm


def zeta_tail(start):
    """sum_{n >= start} S(n+1) f(n)/(1 - S(n+1)) = sum over k >= 1 of S(n+1)^k f(n). S(n+1) as its asymptotic series in 1/n,
    powers of the series multiplied out, each power of n summed as a Hurwitz zeta."""
    M = 60
    # zeta(alpha, n) - n^-alpha = n^(1-alpha) [1/(alpha-1) - 1/(2n) + sum B_2j/(2j)! (alpha)_(2j-1) n^(-2j)]
    c = [1/(alpha - 1), -mpf(1)/2] + [mpf(0)]*(M - 2)
    for j in range(1, M//2): c[2*j] = bernoulli(2*j)/factorial(2*j) * rf(alpha, 2*j - 1)
    # enough terms at n >= start >= 1000: truncate where n^-i < 1e-60
    c = c[:24]
    power, total, k = [mpf(1)] + [mpf(0)]*23, mpf(0), 0
    while True:
        k += 1
        power = [fsum(power[i]*c[j - i] for i in range(j + 1)) for j in range(24)]
        part = fsum(power[j] * zeta(alpha + k*(alpha - 1) + j, start) for j in range(24)) / norm**(k + 1)
        total += part
        if part < mpf(10)**-45 * total: return total


def direct_tail(start, terms):
    s, total = S(start), mpf(0)
    for n in range(start, start + terms):
        p = f(n)
        s -= p
        total += s*p/(1 - s)
    return total


counts = {v: c for v, c in (map(int, line.split()) for line in open(sys.argv[1]) if line.strip()) if v >= 7}
start = max(counts) + 1
check = direct_tail(start, 20000) + zeta_tail(start + 20000)
assert abs(check/zeta_tail(start) - 1) < mpf(10)**-30
emit("zeta", {"alpha": 1.952727511673445}, 7, counts, f, S, zeta_tail)

p = mpf(0.6)
g = lambda n: (1 - p)*p**n
emit("geometric", {"p": 0.6}, 0, {0: 50, 1: 20, 2: 13, 3: 9, 4: 3, 6: 3, 9: 2}, g, lambda n: p**n,
     lambda start: fsum(p**(n + 1)*g(n)/(1 - p**(n + 1)) for n in range(start, start + 400)))
json.dump(OUT, sys.stdout, indent=1)
print()
