#!/usr/bin/env python3
"""Writes /tmp/refs/inference.json: reference values for nonparametric tests,
multiplicity adjustments, partial rank correlation and binomial regression with
cluster-robust errors.  Deterministic (fixed seeds, one BLAS thread).

Conventions
-----------
* signed_rank.normal_p: no continuity correction, tie-corrected variance; with
  "pratt" the zeros are ranked and mean/variance are reduced for the zeros' ranks.
* exact p values are doubled one-sided tails, capped at 1.
* ks.exact_p conditions on no ties (scipy); ks.asymptotic_p is scipy's
  kstwo.sf(D, round(n*m/(n+m))), NOT the limiting Kolmogorov series.
* regression.covariance: statsmodels GLM cluster covariance =
      c * A^-1 (sum_g s_g s_g') A^-1,   c = G/(G-1) * (N-1)/(N-K),
  K counts the intercept, s_g the summed scores of cluster g and A the OBSERVED
  information (-Hessian) at the maximum; it equals the expected one for logit, not
  for cloglog (checked below: the expected-information sandwich is up to 1.1x
  the sd product away from statsmodels for cloglog).  "covariance_plain" has c = 1.
  ame_se uses "covariance" (with c).
"""
import os
for _v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_v] = "1"
import inspect, itertools, json, math, warnings
from collections import OrderedDict
from fractions import Fraction
import mpmath as mp
import numpy as np
import scipy.stats as st
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

mp.mp.dps = 50
OUT = "/tmp/refs/inference.json"
NOTE = OrderedDict()          # worst disagreement seen per cross-check


def note(key, val):
    NOTE[key] = max(NOTE.get(key, 0.0), float(val))


def rel(a, b):
    a, b = float(a), float(b)
    return abs(a - b) / max(abs(a), abs(b), 1e-305) if a != b else 0.0


def num(v):
    v = float(v)
    return int(v) if v == int(v) and abs(v) < 1e15 else v


def nums(a):
    return [num(v) for v in a]


def rnd(a, d):
    return np.array([round(float(v), d) for v in np.ravel(a)])


# ----------------------------------------------------------------- signed rank
def signed_rank_case(d, zeros):
    d = np.asarray(d, float)
    use = d[d != 0] if zeros == "wilcox" else d
    r = st.rankdata(np.abs(use))
    wp, wm = float(r[use > 0].sum()), float(r[use < 0].sum())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p = float(st.wilcoxon(d, zero_method=zeros, correction=False, method="asymptotic").pvalue)
    # own normal approximation
    nz = use[use != 0]
    n, z = len(use), len(use) - len(nz)
    t = np.unique(r[use != 0], return_counts=True)[1].astype(float)
    mn = (n * (n + 1) - z * (z + 1)) / 4
    var = (n * (n + 1) * (2 * n + 1) - z * (z + 1) * (2 * z + 1)) / 24 - (t**3 - t).sum() / 48
    own = math.erfc(abs(wp - mn) / math.sqrt(var) / math.sqrt(2))
    note("signed_rank normal_p vs own formula (rel)", rel(own, p))
    k = len(nz)
    exact = None
    if k <= 16:
        r2 = np.rint(2 * r[use != 0]).astype(np.int64)
        signs = ((np.arange(1 << k)[:, None] >> np.arange(k)) & 1)
        w = signs @ r2
        obs = int(round(2 * wp))
        lo, hi = int((w <= obs).sum()), int((w >= obs).sum())
        exact = min(1.0, 2 * min(lo, hi) / (1 << k))
        if k == len(d) and len(np.unique(np.abs(d))) == k:
            note("signed_rank enumeration vs scipy exact (rel)",
                 rel(exact, st.wilcoxon(d, method="exact").pvalue))
        else:
            sp = st.wilcoxon(nz, method="exact").pvalue if zeros == "wilcox" else None
            if sp is not None:
                note("signed_rank scipy method=exact WITH TIES vs enumeration (abs)", abs(sp - exact))
    elif k <= 50 and k == len(d) and len(np.unique(np.abs(d))) == k:
        exact = float(st.wilcoxon(d, method="exact").pvalue)
    assert math.isfinite(p)
    return {"differences": nums(d), "zeros": zeros, "w_plus": wp, "w_minus": wm,
            "normal_p": p, "exact_p": exact}


def make_signed_rank():
    rng = np.random.default_rng(101)
    data = [[1.5], [-2.0], [0.5, 0.5], [1, -1], [0, 3], [0, 0, -2], [1, 2, 3], [-1, -2, -3, -4, -5],
            list(range(1, 11)), list(range(1, 17)), [1] * 12, [1, -1] * 7, [2, 2, 2, -2, 0, 0],
            [0.1, 0.2, -0.3, 0.30000000000000004]]
    for n in (3, 5, 7, 9, 12, 16, 17, 20, 25, 30, 37, 45, 50, 55, 60):   # continuous
        data.append(rnd(rng.normal(rng.choice([0, 0.3, 0.8]), 1, n), 6))
    for n in (4, 6, 8, 10, 12, 14, 16, 18, 24, 35, 48, 60):              # integers: ties and zeros
        d = rng.integers(-4, 6, n)
        if not d.any():
            d[0] = 1
        data.append(d)
    for n in (10, 22, 40, 60):                                           # ties, no zeros
        d = rng.integers(1, 5, n) * rng.choice([-1, 1, 1], n)
        data.append(d)
    for n in (20, 45, 60):                                               # all positive / large shift
        data.append(rnd(np.abs(rng.normal(2, 1, n)) + 0.01, 4))
    for n in (15, 20, 30):                                               # mostly zeros
        d = rng.integers(-2, 3, n) * (rng.random(n) < 0.4)
        d[0] = 2
        data.append(d)
    out = []
    for d in data:
        d = np.asarray(d, float)
        for z in (("pratt", "wilcox") if (d == 0).any() else
                  (("pratt", "wilcox")[len(out) % 2],) if len(d) > 20 else ("pratt", "wilcox")):
            out.append(signed_rank_case(d, z))
    return out


# ------------------------------------------------------------------------ sign
def make_sign():
    rng = np.random.default_rng(102)
    data = [[], [0], [0, 0, 0], [1], [-1], [1, -1], [1, 1], [-2, -3, 0], [1, -1, 0, 0], [0.5] * 10,
            [-1] * 30, [1] * 60, list(range(-5, 6)), list(range(-3, 9))]
    for i in range(38):
        n = int(rng.integers(2, 90))
        if i % 3 == 0:
            data.append(rng.integers(-2, 4, n))
        else:
            data.append(rnd(rng.normal(rng.choice([-0.5, 0, 0.2, 1.0]), 1, n), 2))
    data.append(np.where(rng.random(400) < 0.9, 1, -1))
    data.append(np.where(rng.random(500) < 0.52, 1, -1))
    out = []
    for d in data:
        d = np.asarray(d, float)
        k, n = int((d > 0).sum()), int((d != 0).sum())
        p = float(st.binomtest(k, n, 0.5).pvalue) if n else 1.0
        if n:
            t = sum(math.comb(n, i) for i in range(min(k, n - k) + 1))
            note("sign p vs integer arithmetic (rel)", rel(p, float(min(Fraction(1), Fraction(2 * t, 2**n)))))
        out.append({"differences": nums(d), "p": p})
    return out


# ---------------------------------------------------------------- mann-whitney
def mw_case(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    n, m = len(x), len(y)
    r0 = st.mannwhitneyu(x, y, alternative="two-sided", method="asymptotic", use_continuity=False)
    r1 = st.mannwhitneyu(x, y, alternative="two-sided", method="asymptotic", use_continuity=True)
    gt = int((x[:, None] > y).sum())
    lt = int((x[:, None] < y).sum())
    u = gt + (n * m - gt - lt) / 2
    assert u == r0.statistic
    al = np.concatenate([x, y])
    ties = len(np.unique(al)) < len(al)
    t = np.unique(al, return_counts=True)[1].astype(float)
    s = math.sqrt(n * m / 12 * ((n + m + 1) - (t**3 - t).sum() / ((n + m) * (n + m - 1))))
    uu = max(u, n * m - u)
    for cc, r in ((0, r0), (.5, r1)):
        own = min(1.0, math.erfc((uu - n * m / 2 - cc) / s / math.sqrt(2)))
        note("mann_whitney normal p vs own formula (rel)", rel(own, r.pvalue))
    exact = None
    if not ties and n <= 40 and m <= 40:
        exact = float(st.mannwhitneyu(x, y, alternative="two-sided", method="exact").pvalue)
    if n + m <= 14:
        r2 = np.rint(2 * st.rankdata(al)).astype(np.int64)
        us = np.array([sum(r2[list(c)]) for c in itertools.combinations(range(n + m), n)]) - n * (n + 1)
        o = int(round(2 * u))
        e = min(1.0, 2 * min(int((us <= o).sum()), int((us >= o).sum())) / math.comb(n + m, n))
        if exact is not None:
            note("mann_whitney enumeration vs scipy exact (rel)", rel(e, exact))
        else:
            exact = e
            se = float(st.mannwhitneyu(x, y, alternative="two-sided", method="exact").pvalue)
            note("mann_whitney scipy method=exact WITH TIES vs enumeration (abs)", abs(se - e))
    assert math.isfinite(r0.pvalue) and math.isfinite(r1.pvalue)
    return {"x": nums(x), "y": nums(y), "u": float(u), "normal_p": float(r0.pvalue),
            "normal_p_continuity": float(r1.pvalue), "exact_p": exact, "cliffs_delta": (gt - lt) / (n * m)}


def make_mw():
    rng = np.random.default_rng(103)
    out = [mw_case([1], [2]), mw_case([2, 3], [1]), mw_case([1, 2, 3], [4, 5, 6]), mw_case([4, 5, 6], [1, 2, 3]),
           mw_case([1, 4], [2, 3]), mw_case([1, 1, 2], [1, 2, 2]), mw_case([1, 1, 1], [1, 1, 2]),
           mw_case(range(1, 21), range(21, 41)), mw_case(range(41, 81), range(1, 41)),
           mw_case([5, 5, 5, 5, 5, 5, 5], [1, 1, 1, 1, 1, 1, 1]), mw_case(range(40), range(100, 300))]
    for n, m in ((2, 5), (3, 3), (4, 7), (5, 5), (6, 8), (7, 7), (8, 12), (10, 10), (10, 31), (15, 20), (1, 20),
                 (20, 20), (25, 40), (30, 30), (40, 40), (40, 12), (41, 50), (60, 80), (100, 100), (3, 120)):
        sh = rng.choice([0, 0.4, 1.2])
        out.append(mw_case(rnd(rng.normal(0, 1, n), 6), rnd(rng.normal(sh, 1.3, m), 6)))
    for n, m in ((2, 3), (3, 4), (4, 4), (5, 5), (4, 9), (6, 6), (7, 7), (7, 7), (6, 8), (1, 13), (2, 12), (10, 4)) * 2:
        x, y = rng.integers(0, 5, n), rng.integers(0, 5 + rng.integers(0, 4), m)
        x[0] = 0; y[0] = 1; x[-1] = 1
        if n == 1:
            y[1] = y[0]
        out.append(mw_case(x, y))
    for n, m in ((10, 12), (20, 25), (40, 40), (50, 30), (90, 110), (8, 60), (33, 33)):
        out.append(mw_case(rng.integers(0, 8, n), rng.integers(0, 10, m)))
    out.append(mw_case(rnd(rng.normal(0, 1, 60), 1), rnd(rng.normal(0.1, 1, 70), 1)))
    return out


# -------------------------------------------------------------------------- ks
def ks_bigint(x, y):
    n, m = len(x), len(y)
    pts = np.unique(np.concatenate([x, y]))
    fx = np.searchsorted(np.sort(x), pts, "right")
    fy = np.searchsorted(np.sort(y), pts, "right")
    D = int(np.abs(fx * m - fy * n).max())
    if D == 0:
        return Fraction(0), 1.0
    row = [0] * (m + 1)
    for i in range(n + 1):
        for j in range(m + 1):
            if abs(i * m - j * n) >= D:
                row[j] = 0
            elif i == 0:
                row[j] = 1 if j == 0 else row[j - 1]
            elif j > 0:
                row[j] += row[j - 1]
    tot = math.comb(n + m, n)
    return Fraction(D, n * m), float(Fraction(tot - row[m], tot))


def ks_case(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    big = max(len(x), len(y)) > 300
    ex = None
    if not big:
        with warnings.catch_warnings(record=True) as w:
            warnings.simplefilter("always")
            try:
                r = st.ks_2samp(x, y, method="exact")
                if not w and math.isfinite(r.pvalue):
                    ex = float(r.pvalue)
            except Exception:
                pass
    ra = st.ks_2samp(x, y, method="asymp")
    D, own = ks_bigint(x, y)
    note("ks statistic vs rational (abs)", abs(float(D) - ra.statistic))
    if ex is None:
        note("ks exact_p null (flag)", 1)
    else:
        note("ks exact_p scipy vs big-integer lattice count (rel)", rel(own, ex))
    n, m = len(x), len(y)
    note("ks asymptotic_p vs kstwo.sf(D, round(nm/(n+m))) (rel)",
         rel(ra.pvalue, st.kstwo.sf(ra.statistic, np.round(n * m / (n + m)))))
    note("ks asymptotic_p vs limiting kstwobign.sf (abs)",
         abs(ra.pvalue - st.kstwobign.sf(ra.statistic * math.sqrt(n * m / (n + m)))))
    assert math.isfinite(ra.pvalue), (n, m)
    return {"x": nums(x), "y": nums(y), "statistic": float(ra.statistic), "exact_p": ex,
            "asymptotic_p": float(ra.pvalue)}


def make_ks():
    rng = np.random.default_rng(104)
    out = [ks_case([1, 2], [3, 4]), ks_case([1, 2], [1, 2]), ks_case([1, 2, 3], [1, 2, 3, 4]), ks_case([1, 1, 1], [1, 2]),
           ks_case([1, 3, 5, 7], [2, 4, 6, 8]), ks_case([1, 2, 3, 4], [2]), ks_case(range(10), range(20, 30)),
           ks_case(range(50), range(100, 150)), ks_case(range(100), range(200, 260)), ks_case(range(300), range(300, 600)),
           ks_case(range(120), range(-300, -3)), ks_case(range(150), range(100, 250)), ks_case(range(151), range(120, 260)),
           ks_case(range(30), range(30)), ks_case([5] * 10, [5] * 7), ks_case(range(300), range(1000, 1299))]
    for n, m in ((3, 3), (5, 5), (8, 8), (10, 10), (20, 20), (30, 30), (50, 50), (80, 80), (100, 100), (150, 150),
                 (300, 300), (2, 7), (4, 6), (5, 9), (7, 12), (10, 15), (12, 18), (16, 24), (25, 40), (31, 47), (60, 90),
                 (64, 48), (97, 53), (100, 200), (120, 77), (3, 200), (1, 30), (299, 150), (200, 40)):
        sh, sc = rng.choice([0, 0.2, 0.5, 1.5]), rng.choice([1, 1, 1.6])
        out.append(ks_case(rnd(rng.normal(0, 1, n), 4), rnd(rng.normal(sh, sc, m), 4)))
    for n, m in ((6, 6), (9, 14), (20, 20), (30, 45), (70, 70), (110, 60), (200, 200), (250, 300), (40, 41), (15, 100)):
        out.append(ks_case(rng.integers(0, 9, n), rng.integers(0, 9 + rng.integers(0, 4), m)))
    for n, m in ((40, 40), (60, 35), (200, 170), (90, 90), (13, 260), (288, 96), (128, 256), (17, 19)):
        out.append(ks_case(rnd(rng.exponential(1, n), 1), rnd(rng.exponential(rng.choice([1, 1.5, 4]), m), 1)))
    out.append(ks_case(rng.integers(0, 50, 310), rng.integers(3, 50, 40)))     # over 300: exact_p null
    return out


# -------------------------------------------------------------------- anderson
def ad_exact(samples):
    """A2akN, Scholz & Stephens (1987) eq. 7, in rational arithmetic."""
    al = np.concatenate(samples)
    N = len(al)
    zs = np.unique(al)
    tot = Fraction(0)
    ls = [int((al == z).sum()) for z in zs]
    for s in samples:
        n, M, B, inner = len(s), 0, 0, Fraction(0)
        for z, l in zip(zs, ls):
            f = int((s == z).sum())
            M += f; B += l
            Ma, Ba = Fraction(2 * M - f, 2), Fraction(2 * B - l, 2)
            inner += Fraction(l, N) * (N * Ma - n * Ba)**2 / (Ba * (N - Ba) - Fraction(N * l, 4))
        tot += inner / n
    return tot * Fraction(N - 1, N)


def ad_sigma(ns):
    k, N = len(ns), sum(ns)
    H = sum(1.0 / n for n in ns)
    h = sum(1.0 / i for i in range(1, N))
    g = sum(1.0 / ((N - i) * j) for i in range(1, N - 1) for j in range(i + 1, N))
    a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * H
    b = (2 * g - 4) * k**2 + 8 * h * k + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6
    c = (6 * h + 2 * g - 2) * k**2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * H + 4 * h
    d = (2 * h + 6) * k**2 - 4 * h * k
    return math.sqrt((a * N**3 + b * N**2 + c * N + d) / ((N - 1) * (N - 2) * (N - 3)))


def ad_case(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "variant" in inspect.signature(st.anderson_ksamp).parameters:
            # the new spelling of midrank=True; the p value method does not touch the statistic
            s = float(st.anderson_ksamp([x, y], variant="midrank").statistic)
        else:
            s = float(st.anderson_ksamp([x, y], midrank=True).statistic)
    a = float(ad_exact([x, y]))
    own = (a - 1) / ad_sigma([len(x), len(y)])
    note("anderson scipy normalized vs (A2akN-1)/sigma (abs)", abs(own - s))
    return {"x": nums(x), "y": nums(y), "statistic": a, "normalized": s}


def make_ad():
    rng = np.random.default_rng(105)
    out = [ad_case([1, 2], [3, 4]), ad_case([1, 2, 3], [1, 2, 3]), ad_case([1], [2, 3, 4]), ad_case([1, 1, 2], [1, 2, 2]),
           ad_case([0, 0, 0, 0], [1, 1, 1, 1]), ad_case(range(20), range(20, 40)), ad_case([3] * 9 + [4], [3] * 14),
           ad_case([1, 3, 5, 7], [2, 4, 6, 8])]
    for n, m in ((3, 4), (5, 5), (6, 9), (8, 8), (10, 15), (12, 40), (20, 20), (25, 13), (30, 30), (40, 60), (50, 50),
                 (75, 20), (100, 100), (120, 33), (2, 50), (150, 90)):
        out.append(ad_case(rnd(rng.normal(0, 1, n), 4), rnd(rng.normal(rng.choice([0, .3, 1]), rng.choice([1, 2]), m), 4)))
    for i in range(16):
        n, m = (int(v) for v in rng.integers(3, 70, 2))
        x, y = rng.integers(0, 2 + i, n), rng.integers(0, 3 + i, m)
        x[0] = 0; y[0] = 1
        out.append(ad_case(x, y))
    for i in range(12):
        n, m = (int(v) for v in rng.integers(4, 90, 2))
        out.append(ad_case(rnd(rng.exponential(1, n), 1), rnd(rng.exponential(1 + i / 6, m), 1)))
    return out


# --------------------------------------------------------------------- holm bh
def make_holm():
    rng = np.random.default_rng(106)
    data = [[0.03], [1.0], [0.0], [1e-300], [1, 1, 1], [0.05, 0.05], [0.01, 0.04, 0.03], [1e-300, 1.0], [0.0, 0.5, 1.0],
            [0.02] * 7, [1e-300, 1e-300, 0.2, 1.0, 1.0, 0.04], [0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.04, 0.03, 0.02, 0.01],
            [0.5, 0.5, 0.001, 0.001, 0.9], [5e-324, 0.3], [1e-308, 1e-20, 1e-8, 0.6]]
    for i in range(40):
        n = int(rng.integers(2, 45))
        p = rng.random(n)**rng.choice([1, 2, 5])
        if i % 3 == 0:
            p = np.round(p, 2)
        elif i % 3 == 1:
            p = np.round(p, 6)
        else:
            p = np.array([float(f"{v:.4g}") for v in p])
        if i % 4 == 0:
            p[rng.integers(n)] = 1.0
        if i % 5 == 0:
            p[rng.integers(n)] = 1e-300
        if i % 6 == 0:
            p[rng.integers(n)] = p[0]
        data.append(p)
    out = []
    for p in data:
        p = np.asarray(p, float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            h = multipletests(p, method="holm")[1]
            b = multipletests(p, method="fdr_bh")[1]
        n = len(p)
        o = np.argsort(p, kind="stable")
        hh = np.empty(n); bb = np.empty(n)
        hh[o] = np.minimum(1, np.maximum.accumulate(p[o] * np.arange(n, 0, -1)))
        bb[o] = np.minimum(1, np.minimum.accumulate((p[o] * n / np.arange(1, n + 1))[::-1])[::-1])
        for a, c in zip(hh, h):
            note("holm vs own (rel)", rel(a, c))
        for a, c, q in zip(bb, b, [p.min()] * n):
            if q > 1e-320:
                note("bh vs own (rel)", rel(a, c))
            else:
                note("bh vs own, subnormal or zero input (abs)", abs(a - c))
        assert np.isfinite(h).all() and np.isfinite(b).all()
        out.append({"p": nums(p), "holm": [float(v) for v in h], "bh": [float(v) for v in b]})
    return out


# ------------------------------------------------------------ partial spearman
def partial_exact(cols):
    """Partial correlation of the first two columns given the others, exact rationals."""
    n = len(cols[0])
    R = [[Fraction(int(round(2 * v))) for v in st.rankdata(c)] for c in cols]
    R = [[v - sum(r) / n for v in r] for r in R]
    k = len(R)
    S = [[sum(a * b for a, b in zip(R[i], R[j])) for j in range(k)] for i in range(k)]
    for p in range(k - 1, 1, -1):         # sweep the covariates out
        assert S[p][p] != 0
        S = [[S[i][j] - S[i][p] * S[p][j] / S[p][p] for j in range(p)] for i in range(p)]
    assert S[0][0] > 0 and S[1][1] > 0
    q = mp.sqrt(mp.mpf(S[0][0].numerator) / S[0][0].denominator * S[1][1].numerator / S[1][1].denominator)
    return float(mp.mpf(S[0][1].numerator) / S[0][1].denominator / q)


def partial_case(x, y, cov):
    rk = [st.rankdata(c) for c in (x, y, *cov)]
    n = len(x)
    X = np.column_stack([np.ones(n)] + rk[2:])
    e = [r - X @ np.linalg.lstsq(X, r, rcond=None)[0] for r in rk[:2]]
    v = float(st.pearsonr(*e).statistic)
    ex = partial_exact([x, y, *cov])
    note("partial_spearman OLS residual route vs rational arithmetic (abs)", abs(v - ex))
    if not cov:
        note("partial_spearman, no covariates, vs scipy spearmanr (abs)", abs(st.spearmanr(x, y).statistic - ex))
    return {"x": nums(x), "y": nums(y), "covariates": [nums(c) for c in cov], "value": ex}


def make_partial():
    rng = np.random.default_rng(107)
    out = [partial_case([1, 2, 3, 4], [4, 3, 2, 1], []), partial_case([1, 1, 2, 3], [1, 2, 2, 5], []),
           partial_case([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], [[5, 3, 1, 2, 4]])]
    for i in range(53):
        k = i % 4
        n = int(rng.integers(k + 6, 80))
        c = rng.normal(0, 1, (k, n))
        x = rng.normal(0, 1, n) + (c.sum(0) * 0.7 if k else 0)
        y = 0.4 * x * rng.choice([-1, 0, 1]) + rng.normal(0, 1, n) + (c.sum(0) * 0.5 if k else 0)
        if i % 3 == 0:      # heavy ties
            x, y, c = np.round(x * 1.5), np.round(y * 1.5), np.round(c * 1.5)
        elif i % 3 == 1:
            x, y, c = np.round(x, 1), np.round(np.exp(y), 1), np.round(c, 3)
        else:
            x, y, c = np.round(x, 4), np.round(y**3, 4), np.round(c, 4)
        if k and i % 5 == 0:
            c[-1] = (rng.random(n) < 0.5)          # a binary covariate
            c[-1][:2] = [0, 1]
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            x[0] += 1; y[0] -= 1
        out.append(partial_case(x + 0.0, y + 0.0, [q + 0.0 for q in c]))
    return out


# ------------------------------------------------------------------ regression
def pieces(link, eta):
    """p, 1-p, f = dp/deta, f' = d2p/deta2, ln p, ln(1-p) in mpmath."""
    if link == "logit":
        q = 1 / (1 + mp.exp(eta)); p = 1 / (1 + mp.exp(-eta)); f = p * q
        return p, q, f, f * (q - p), mp.log(p), mp.log(q)
    m = mp.exp(eta)
    q = mp.exp(-m); p = -mp.expm1(-m); f = m * q
    return p, q, f, f * (1 - m), mp.log(p), -m


def polish(link, X, y, b0):
    n, k = X.shape
    Xm = [[mp.mpf(float(v)) for v in r] for r in X]
    ym = [mp.mpf(float(v)) for v in y]
    sc = [mp.mpf(2)**int(round(math.log2(max(abs(X[:, j]).max(), 1e-12)))) for j in range(k)]   # power-of-two scaling
    Xs = [[v / s for v, s in zip(r, sc)] for r in Xm]
    b = [mp.mpf(float(v)) * s for v, s in zip(b0, sc)]

    def info(b, observed):
        A = mp.matrix(k, k); S = []
        for xr, yy in zip(Xs, ym):
            eta = sum(u * v for u, v in zip(xr, b))
            p, q, f, f1, _, _ = pieces(link, eta)
            S.append([(yy - p) * f / (p * q) * v for v in xr])
            w = f * f / (p * q)
            if observed and link == "cloglog":
                m = mp.exp(eta)
                w = m - yy * m * (p - m * q) / (p * p)
            for a in range(k):
                for c in range(a + 1):
                    A[a, c] += w * xr[a] * xr[c]
        for a in range(k):
            for c in range(a):
                A[c, a] = A[a, c]
        return A, S

    for it in range(60):
        A, S = info(b, True)
        g = mp.matrix([sum(s[j] for s in S) for j in range(k)])
        step = mp.lu_solve(A, g)
        b = [u + v for u, v in zip(b, step)]
        if max(abs(s) / (abs(u) + mp.mpf("1e-30")) for s, u in zip(step, b)) < mp.mpf("1e-38"):
            break
    else:
        raise RuntimeError("no convergence")
    return Xm, ym, Xs, sc, b, info, it


def reg_case(link, X, y, cl):
    X = np.column_stack([np.ones(len(X)), X])
    n, k = X.shape
    L = sm.families.links.Logit() if link == "logit" else sm.families.links.CLogLog()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(y, X, family=sm.families.Binomial(L)).fit(
            tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": cl})
        fit0 = sm.GLM(y, X, family=sm.families.Binomial(L)).fit(
            tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": cl, "use_correction": False})
    Xm, ym, Xs, sc, b, info, it = polish(link, X, y, fit.params)
    D = mp.diag([1 / s for s in sc])
    G = sorted(set(int(c) for c in cl))
    c = mp.mpf(len(G)) / (len(G) - 1) * (n - 1) / (n - k)

    def sandwich(observed):
        A, S = info(b, observed)
        Ai = A**-1
        B = mp.matrix(k, k)
        for g in G:
            u = mp.matrix([sum(S[i][j] for i in range(n) if cl[i] == g) for j in range(k)])
            B += u * u.T
        return D * (Ai * B * Ai) * D

    V0 = sandwich(True)
    Vexp = sandwich(False)
    beta = [u / s for u, s in zip(b, sc)]
    V = c * V0
    f_ = lambda M: np.array([[float(M[i, j]) for j in range(k)] for i in range(k)])
    sd = np.sqrt(np.diag(f_(V)))
    dn = np.outer(sd, sd)
    dcov = np.abs((fit.cov_params() - f_(V)) / dn).max()
    assert dcov < 1e-7
    note(f"regression covariance: statsmodels vs own with OBSERVED information, {link} (rel to sd products)", dcov)
    note(f"regression covariance: statsmodels vs own with EXPECTED information, {link} (rel to sd products)",
         np.abs((fit.cov_params() - f_(c * Vexp)) / dn).max())
    note("regression equilibrated design condition number", np.linalg.cond(X / np.linalg.norm(X, axis=0)))
    note("regression largest |slope| * sd(x)", np.abs(np.array([float(u / s) for u, s in zip(b, sc)])[1:] * X[:, 1:].std(0)).max())
    note("regression minus fewest clusters over K (<0 fine)", 1e3 + k - len(G))
    note("regression most clusters", len(G))
    note("regression covariance_plain: statsmodels use_correction=False vs own",
         np.abs((fit0.cov_params() - f_(V0)) / dn).max())
    bf = np.array([float(v) for v in beta])
    note("regression coefficients: statsmodels vs polished (rel)", np.abs(fit.params / bf - 1).max())
    note("regression coefficients: statsmodels vs polished (in standard errors)", np.abs((fit.params - bf) / sd).max())
    note("regression polish iterations", it)
    ll = dev = mp.mpf(0)
    f, f1 = [], []
    pr = []
    for xr, yy in zip(Xs, ym):
        p, q, a, a1, lp, lq = pieces(link, sum(u * v for u, v in zip(xr, b)))
        f.append(a); f1.append(a1); pr.append(float(p))
        l = yy * lp + (1 - yy) * lq
        ll += l
        dev += 2 * ((yy * mp.log(yy) if yy > 0 else 0) + ((1 - yy) * mp.log(1 - yy) if yy < 1 else 0) - l)
    note("regression deviance: statsmodels vs own (rel)", rel(fit.deviance, dev))
    if set(np.unique(y)) <= {0.0, 1.0}:
        note("regression log_likelihood, 0/1 y: statsmodels llf vs own (rel)", rel(fit.llf, ll))
    else:
        note("regression log_likelihood, fractional y: statsmodels llf vs own (abs)", abs(fit.llf - float(ll)))
    fbar = sum(f) / n
    ame, se = [], []
    for j in range(1, k):
        ame.append(fbar * beta[j])
        gr = mp.matrix([beta[j] * sum(a * Xm[i][l] for i, a in enumerate(f1)) / n + (fbar if l == j else 0)
                        for l in range(k)])
        se.append(mp.sqrt((gr.T * V * gr)[0]))
    me = fit.get_margeff(at="overall", method="dydx")
    note("regression ame: statsmodels get_margeff vs own (rel)",
         max(rel(a, m) for a, m in zip(ame, np.atleast_1d(me.margeff))))
    note("regression ame_se: statsmodels get_margeff vs own (rel)",
         max(rel(a, m) for a, m in zip(se, np.atleast_1d(me.margeff_se))))
    note("regression largest eta", max(sum(u * v for u, v in zip(xr, b)) for xr in Xs))
    note("regression cases with 1-p < 1e-8", 0)
    NOTE["regression cases with 1-p < 1e-8"] += min(1 - v for v in pr) < 1e-8
    return {"link": link, "x": [nums(r) for r in X[:, 1:]], "y": nums(y), "clusters": [int(v) for v in cl],
            "weights": None, "coefficients": [float(v) for v in beta],
            "covariance": f_(V).tolist(), "covariance_plain": f_(V0).tolist(),
            "log_likelihood": float(ll), "deviance": float(dev),
            "ame": [float(v) for v in ame], "ame_se": [float(v) for v in se]}


def make_regression():
    rng = np.random.default_rng(108)
    out = []
    NC = 62
    for i in range(NC):
        link = ("logit", "cloglog")[i % 2]
        k = 1 + (i // 2) % 4
        n = int(rng.integers(30 + 12 * k, 170)) if i < 56 else int(rng.integers(220, 301))
        rare = i in (58, 59)
        frac = i % 3 == 2 and not rare
        if rare:
            n, k = 300, 2
        Z = rng.normal(0, 1, (n, k))
        if k >= 2 and i % 4 < 2:
            Z[:, 1] = (rng.random(n) < 0.5)                       # a dummy
        if k >= 3:
            Z[:, 2] += 0.5 * Z[:, 0]
        scale = np.ones(k); off = np.zeros(k)
        if i % 7 == 3 or i in (0, 1, 59):                          # very different scales
            scale = np.array([1e-3, 1e4, 1.0, 1e2])[np.arange(k) if i % 2 else (np.arange(k) + 1) % 4]
        if i % 11 == 5:
            off[:] = 3.0
        style = i % 5
        if style == 0:
            cl = rng.integers(0, max(6, n // 8), n)
        elif style == 1:
            cl = np.arange(n) // 5
        elif style == 2:
            cl = rng.choice([3, 17, -4, 100, 42, 8, 9, 1000, 77, 5, 64, 31], n)
        elif style == 3:
            cl = np.arange(n)                                      # singletons
        else:
            cl = (rng.pareto(0.8, n) * 3).astype(int) % 25         # very uneven sizes
        beta = rng.uniform(-0.8, 0.8, k)
        b0 = rng.uniform(-1.0, 0.4)
        if rare:
            b0, beta = -3.6, np.array([0.4, -0.3])
        ce = {g: rng.normal(0, 0.4) for g in sorted(set(int(c) for c in cl))}
        eta = b0 + Z @ beta + np.array([ce[int(c)] for c in cl]) * (0 if rare else 1)
        p = 1 / (1 + np.exp(-eta)) if link == "logit" else 1 - np.exp(-np.exp(eta))
        if frac:
            y = rnd(rng.beta(p * 4 + 1e-3, (1 - p) * 4 + 1e-3), 2)
        else:
            y = (rng.random(n) < p).astype(float)
        X = np.empty((n, k))
        for j in range(k):
            dec = 3 - int(round(math.log10(scale[j])))
            X[:, j] = rnd((Z[:, j] + off[j]) * scale[j], dec) if dec >= 0 else np.round((Z[:, j] + off[j]) * scale[j] / 10) * 10
        if len(np.unique(X[:, -1])) == 1:
            raise RuntimeError("degenerate")
        r = reg_case(link, X, y, cl)
        if rare:
            NOTE[f"regression rare-event case {i}: events of 300"] = float(y.sum())
        out.append(r)
    NOTE["regression fractional cases"] = float(sum(any(v not in (0, 1) for v in r["y"]) for r in out))
    return out


def main():
    import time
    res = OrderedDict()
    for key, fn in (("signed_rank", make_signed_rank), ("sign", make_sign), ("mann_whitney", make_mw), ("ks", make_ks),
                    ("anderson", make_ad), ("holm_bh", make_holm), ("partial_spearman", make_partial),
                    ("regression", make_regression)):
        t = time.time()
        res[key] = fn()
        print(f"{key}: {len(res[key])} cases, {len(json.dumps(res[key], separators=(',', ':')))} bytes, {time.time()-t:.1f}s", flush=True)
    with open(OUT, "w") as f:
        json.dump(res, f, separators=(",", ":"), allow_nan=False)
    print("total", os.path.getsize(OUT), "bytes")
    print("exact_p present:", {k: sum(c["exact_p"] is not None for c in res[k]) for k in ("signed_rank", "mann_whitney", "ks")})
    for k, v in NOTE.items():
        print(f"  {k}: {v:.3g}")


main()
