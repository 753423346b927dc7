"""Exposure, Min-K and n-gram models by scipy, scikit-learn, mpmath and nltk: statistics.json.

pip install scipy==1.17.1 nltk mpmath
"""
import json
import random

import mpmath as mp
import numpy as np
from nltk.lm.models import InterpolatedLanguageModel
from nltk.lm.smoothing import WittenBell
from scipy import optimize, stats

rng = np.random.default_rng(7)
random.seed(7)
mp.mp.dps = 30

skew_normals = []
for case, (location, scale, shape, n) in enumerate([(3, 0.5, 2, 200), (1, 1, -3, 200), (0, 2, 0.3, 500), (5, 1, 8, 300), (2, 0.2, 1, 60)]
                                                   + [(4, 1, 0, 8), (4, 1, 0, 8), (4, 1, 0, 20), (4, 1, 0, 20), (0, 1, 50, 12), (0, 1, -50, 12)]):
    values = stats.skewnorm.rvs(shape, location, scale, size=n, random_state=case)

    def penalized(p):
        # Azzalini and Arellano-Valle's penalty.
        return -stats.skewnorm.logpdf(values, p[0], p[1], np.exp(p[2])).sum() + 0.875913 * np.log1p(0.856250 * p[0] ** 2)

    best = None
    for start in (-20, -5, -1, -0.2, 0.2, 1, 5, 20):
        delta = start / np.sqrt(1 + start * start) * np.sqrt(2 / np.pi)
        omega = values.std() / np.sqrt(1 - delta * delta)
        point = [start, values.mean() - omega * delta, np.log(omega)]
        for _ in range(3):
            found = optimize.minimize(penalized, point, method="Nelder-Mead",
                                      options={"xatol": 1e-12, "fatol": 1e-14, "maxiter": 20000, "maxfev": 20000})
            point = found.x
        if best is None or found.fun < best.fun:
            best = found
    skew_normals.append({"values": values.tolist(), "shape": best.x[0], "location": best.x[1], "scale": float(np.exp(best.x[2])),
                         "penalized_likelihood": float(-best.fun)})

cumulatives = []
for shape in (0, 0.5, -0.5, 3, -3, 20, -20, 300, -300):
    for z in (-30, -8, -3, -1, -0.1, 0, 0.05, 0.5, 2, 5):
        a = mp.mpf(str(shape))
        density = lambda t: 2 * mp.npdf(t) * mp.ncdf(a * t)
        # Where the integrand lives below z.
        width = mp.mpf(1) / max(1, abs(z) * (1 + (a * a if z < 0 and a > 0 else 0)))
        points = [z - width * k for k in (400, 100, 50, 25, 12, 6, 3, 1.5, 0.75, 0.3, 0.1, 0)]
        if abs(a) > 1:
            points += [p for p in (c / abs(a) for c in (-30, -10, -5, -2, -1, 0, 1, 2, 5, 10, 30)) if points[0] < p < z]
        points += [p for p in (-12, -6, -3, -1, 0, 1, 2, 3, 4) if points[0] < p < z]
        cumulatives.append({"shape": shape, "z": z, "log": float(mp.log(mp.quad(density, sorted(set(points)))))})

likelihoods = []
for case in range(200):
    n = int(rng.integers(1, 40))
    log_probabilities = -rng.exponential(1.5, n)
    means, deviations = -rng.exponential(3, n), rng.uniform(0.1, 3, n)
    entry = {"log_probabilities": log_probabilities.tolist(), "means": means.tolist(), "deviations": deviations.tolist(),
             "loss": float(-log_probabilities.mean())}
    for share in (0.05, 0.2, 0.5, 1.0):
        k = max(1, int(share * n))
        standardized = (log_probabilities - means) / deviations
        entry[f"min_k_{share}"] = float(np.sort(log_probabilities)[:k].mean())
        entry[f"min_k_plus_plus_{share}"] = float(np.sort(standardized)[:k].mean())
    likelihoods.append(entry)



class WittenBellToUniform(WittenBell):
    """nltk's smoothing, whose unigrams back off to 1/V as its longer n-grams do to shorter ones."""

    def unigram_score(self, word):
        unigrams = self.counts.unigrams
        return (unigrams[word] + len(unigrams) / 10) / (unigrams.N() + len(unigrams))


n_grams = []
for order in (1, 2, 3, 4):
    texts = [[random.choice([1, 1, 1, 2, 2, 3, 4, 5]) for _ in range(random.randint(1, 12))] for _ in range(12)]
    grams = [tuple(str(token) for token in text[index - length:index + 1]) for text in texts for index in range(len(text))
             for length in range(min(order, index + 1))]
    model = InterpolatedLanguageModel(WittenBellToUniform, order)
    model.fit([grams], vocabulary_text=[str(token) for text in texts for token in text])
    queries = []
    for _ in range(40):
        history = [random.randint(1, 6) for _ in range(random.randint(0, 5))]
        token = random.randint(1, 5)
        queries.append([history, token, model.unmasked_score(str(token), tuple(str(t) for t in history))])
    n_grams.append({"order": order, "texts": texts, "queries": queries})

with open("statistics.json", "w") as file:
    json.dump({"skew_normals": skew_normals,
               "cumulatives": cumulatives, "likelihoods": likelihoods, "n_grams": n_grams}, file, separators=(",", ":"))
print(len(cumulatives), len(likelihoods))
