"""Mean cosines, nearest neighbours, intrinsic dimensions and TF-IDF vectors by numpy, scikit-learn and scikit-dimension: similarity.json.

pip install numpy scikit-learn scikit-dimension
"""
import json, math, os, random, warnings
from collections import Counter
from fractions import Fraction as F

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors
import skdim
import importlib.metadata as im

HERE = os.path.dirname(os.path.abspath(__file__))
CONTEXTS = [1, 2, 4, None]
CHECK = {}          # name -> largest relative difference seen


def see(name, a, b, tol):
    a, b = np.asarray(a, float), np.asarray(b, float)
    d = float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(a))))
    CHECK[name] = max(CHECK.get(name, 0.0), d)
    assert d <= tol, (name, d)


# -------------------------------------------------------------- similarity
def unit(v):
    n = math.sqrt(math.fsum(x * x for x in v))
    return [x / n for x in v]


def cosine(a, b):
    return math.fsum(x * y for x, y in zip(a, b)) / math.sqrt(
        math.fsum(x * x for x in a) * math.fsum(y * y for y in b))


def mean_cosine(X):
    n = len(X)
    r = math.fsum(cosine(X[i], X[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    S = cosine_similarity(np.array(X))
    see("mean_cosine vs sklearn cosine_similarity", r, (S.sum() - np.trace(S)) / (n * (n - 1)), 1e-12)
    return r


def dists(X):
    """Per record the ascending Euclidean distances between unit vectors, itself left out."""
    U = [unit(v) for v in X]
    return [sorted(math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(U[i], U[j])))
                   for j in range(len(U)) if j != i) for i in range(len(U))], U


def embed_case(name, X, k):
    n = len(X)
    T, U = dists(X)
    knn = []
    for i in range(n):
        c = sorted((cosine(X[i], X[j]) for j in range(n) if j != i), reverse=True)
        knn.append(math.fsum(c[:k]) / k)
    nn = NearestNeighbors(n_neighbors=k, metric="cosine").fit(np.array(X))
    see("knn_similarity vs sklearn NearestNeighbors(cosine)", knn, (1 - nn.kneighbors()[0]).mean(1), 1e-12)
    two = (n - 1) / math.fsum(math.log(t[1] / t[0]) for t in T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sk2 = skdim.id.TwoNN(discard_fraction=0, method="mle").fit(np.array(U)).dimension_
    see("two_nn vs skdim TwoNN(discard_fraction=0, method='mle'), relative", sk2 / two, 1.0, 1e-9)
    lb = lbm = lbc = None
    if k >= 3:
        s = [math.fsum(math.log(t[k - 1] / t[j]) for j in range(k - 1)) for t in T]
        lb = [(k - 2) / x for x in s]
        lbm = 1 / (math.fsum(x / (k - 1) for x in s) / n)
        lbc = (k - 2) / (k - 1) * lbm
        a = skdim.id.MLE(unbiased=False).fit(np.array(U), n_neighbors=k, comb="mle")
        b = skdim.id.MLE(unbiased=True).fit(np.array(U), n_neighbors=k, comb="mle")
        see("levina_bickel_mean vs skdim MLE(unbiased=False), comb='mle', relative", a.dimension_ / lbm, 1.0, 1e-9)
        see("levina_bickel_mean_corrected vs skdim MLE(unbiased=True), comb='mle', relative", b.dimension_ / lbc, 1.0, 1e-9)
        see("levina_bickel vs skdim MLE(unbiased=True).dimension_pw_, relative", b.dimension_pw_ / np.array(lb), 1.0, 1e-9)
    return {"name": name, "vectors": X, "mean_cosine": mean_cosine(X), "k": k, "knn_similarity": knn,
            "levina_bickel": lb, "levina_bickel_mean": lbm, "levina_bickel_mean_corrected": lbc, "two_nn": two}


def vecs(g, n, d, kind, digits=3):
    """n vectors in few digits; no zero vector, no two directions closer than 1e-3."""
    if kind == "lowrank":
        m = max(2, min(3, d))
        B = [[g.gauss(0, 1) for _ in range(d)] for _ in range(m)]
    cent = [[g.gauss(0, 1) for _ in range(d)] for _ in range(max(2, n // 8))]
    shift = [g.gauss(0, 3) for _ in range(d)]
    X, U = [], []
    while len(X) < n:
        if kind == "gauss":
            v = [g.gauss(0, 1) for _ in range(d)]
        elif kind == "positive":
            v = [g.random() for _ in range(d)]
        elif kind == "narrow":              # a cone, mean cosine near 1
            v = [s + g.gauss(0, 0.5) for s in shift]
        elif kind == "clusters":
            v = [c + g.gauss(0, 0.1) for c in cent[len(X) % len(cent)]]
        elif kind == "scaled":              # lengths over several orders of magnitude
            f = 10 ** g.uniform(-1, 3)
            v = [f * g.gauss(0, 1) for _ in range(d)]
        elif kind == "lowrank":             # a 3-dimensional subspace: 2-dimensional on the sphere
            w = [g.gauss(0, 1) for _ in B]
            v = [sum(a * b[t] for a, b in zip(w, B)) for t in range(d)]
        elif kind == "integers":
            v = [g.randint(-9, 9) for _ in range(d)]
        v = [round(float(x), digits) + 0.0 for x in v]
        if not any(abs(x) > 0.01 for x in v):
            continue
        u = unit(v)
        if all(math.dist(u, w) >= 1e-3 for w in U):
            X.append(v); U.append(u)
    return X


def similarity():
    E = []
    kinds = ["gauss", "positive", "narrow", "clusters", "scaled", "lowrank", "integers"]
    # smallest sizes; with n = 3 only k = 2 exists, and Levina-Bickel is null
    for i, (n, d, k) in enumerate([(3, 2, 2), (3, 5, 2), (3, 20, 2), (4, 2, 3), (4, 6, 3), (5, 3, 4), (5, 3, 3), (6, 4, 5)]):
        g = random.Random(f"embeddings/small/{i}")
        E.append(embed_case(f"small {i}", vecs(g, n, d, "gauss"), k))
    E.append(embed_case("opposite directions", [[1.0, 0.0], [-1.0, 0.1], [0.2, 1.0], [0.0, -1.0], [0.5, 0.4]], 3))
    E.append(embed_case("k = n - 1, sum nearly zero", [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.01], [0.0, 1.0, 0.0], [0.0, -1.0, 0.02],
                                                       [0.0, 0.03, 1.0], [0.04, 0.0, -1.0]], 5))
    for kind in kinds:
        for i in range(7):
            g = random.Random(f"embeddings/{kind}/{i}")
            n = [7, 10, 16, 24, 32, 45, 60][i]
            d = [2, 3, 4, 6, 8, 12, 20][g.randrange(7)] if kind != "integers" else [3, 4, 5, 6, 8, 10, 12][i]
            if kind == "lowrank":
                d = max(d, 4)
            k = min(n - 1, [3, 4, 5, 6, 8, 10, 20][g.randrange(7)])
            E.append(embed_case(f"{kind} {i}: n {n}, d {d}", vecs(g, n, d, kind), k))

    D = []
    for i in range(3):
        g = random.Random(f"duplicates/{i}")
        X = vecs(g, [4, 10, 20][i], [2, 5, 8][i], "gauss")
        X += [list(X[j]) for j in range([1, 4, 10][i])]
        if i == 1:
            X.append([2 * x for x in X[0]])       # same direction, other length
        if i == 2:
            X = [X[0]] * 5 + X
        D.append({"vectors": X, "mean_cosine": mean_cosine(X)})

    def tfidf(docs):
        n = len(docs)
        df = Counter(t for doc in docs for t in set(doc))
        idf = {t: math.log((1 + n) / (1 + df[t])) + 1 for t in df}
        W = []
        for doc in docs:
            w = {t: m * idf[t] for t, m in sorted(Counter(doc).items())}
            z = math.sqrt(math.fsum(x * x for x in w.values()))
            W.append({t: x / z for t, x in w.items()} if z else {})
        M = [[math.fsum(a[t] * b[t] for t in a if t in b) for b in W] for a in W]
        A = TfidfVectorizer(analyzer=lambda doc: doc).fit_transform(docs)
        see("tfidf vs sklearn TfidfVectorizer", M, (A @ A.T).toarray(), 1e-12)
        return {"documents": docs, "cosine": M}

    TF = [tfidf(x) for x in (
        [[1, 2, 3]],
        [[1, 2, 3], [1, 2, 3]],
        [[1, 2], [3, 4]],
        [[1, 2, 3], [3, 2, 1], [1, 1, 2, 2, 3, 3]],
        [[5] * 9, [5], [5, 6]],
        [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]],
        [[7, 7, 8], [8, 8, 7], [7, 8], [9]],
        [[50256, 0, 151643], [0, 0, 128000], [151643, 128000]])]
    for i in range(16):
        g = random.Random(f"tfidf/{i}")
        n = [2, 3, 4, 5, 6, 8, 10, 12][i % 8]
        V = g.choice([3, 6, 12, 30, 50])
        w = [1 / (1 + t) for t in range(V)] if i % 2 else [1.0] * V
        TF.append(tfidf([g.choices(range(V), w, k=g.randint(1, 25)) for _ in range(n)]))
    TE = [tfidf(x) for x in ([[1, 2, 2], []], [[], [4, 5], [5, 6, 6], []])]

    G = []

    def gap(name, P, Q):
        a, b = mean_cosine(P), mean_cosine(Q)
        G.append({"name": name, "prefix": P, "full": Q, "s_input": a, "s_full": b, "delta": b - a})

    for i, (name, a, b) in enumerate([
            ("similar prefixes, wide suffixes: negative", "narrow", "gauss"), ("wide prefixes, similar whole: positive", "gauss", "narrow"),
            ("both wide", "gauss", "gauss"), ("both narrow", "narrow", "narrow"), ("clusters to wide", "clusters", "gauss"),
            ("positive to clusters", "positive", "clusters"), ("scaled to integers", "scaled", "integers"),
            ("integers to positive", "integers", "positive"), ("lowrank to gauss", "lowrank", "gauss"), ("narrow to positive", "narrow", "positive")]):
        g = random.Random(f"gap/{i}")
        n, d = [3, 5, 8, 12, 20, 30][g.randrange(6)], [4, 6, 10, 16][g.randrange(4)]
        gap(f"{name} (n {n}, d {d})", vecs(g, n, d, a), vecs(g, n, d, b))
    g = random.Random("gap/two")
    gap("two records", vecs(g, 2, 3, "gauss"), vecs(g, 2, 3, "gauss"))
    X = vecs(g, 6, 4, "gauss")
    gap("prefix and full the same: delta 0", X, X)
    gap("one prefix for all: s_input 1", [list(X[0])] * 6, X)
    return {"meta": {k: im.version(k) for k in ("numpy", "scikit-learn", "scipy", "scikit-dimension")},
            "embeddings": E, "duplicates": D, "tfidf": TF, "tfidf_empty_document": TE, "gap": G}

if __name__ == "__main__":
    with open(os.path.join(HERE, "similarity.json"), "w") as f:
        json.dump(similarity(), f, separators=(",", ":"), allow_nan=False)
        f.write("\n")
    for k, v in CHECK.items():
        print(f"  {v:.2e}  {k}")
