"""Rank correlations and discrimination by scipy and scikit-learn: ranking.json.

pip install scipy==1.17.1 scikit-learn
"""
import json

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

rng = np.random.default_rng(7)

correlations = []
for case in range(240):
    n = [2, 3, 5, 8, 20, 40, 90][case % 7]
    x = rng.normal(size=n)
    y = rng.normal(size=n) + rng.choice([0, 0.5, 2, -1]) * x
    if case % 3 == 1:
        x, y = np.round(x), np.round(y)
    if case % 3 == 2:
        y = (y > 0).astype(float)
    if len(set(x)) < 2 or len(set(y)) < 2:
        continue
    correlations.append({"x": x.tolist(), "y": y.tolist(), "spearman": float(stats.spearmanr(x, y).statistic),
                         "kendall": float(stats.kendalltau(x, y).statistic)})

discriminations = []
for case in range(200):
    m, n = int(rng.integers(1, 60)), int(rng.integers(1, 60))
    members, others = rng.normal(rng.choice([0, 0.5, 2]), 1, m), rng.normal(0, 1, n)
    if case % 2:
        members, others = np.round(members), np.round(others)
    labels, scores = np.r_[np.ones(m), np.zeros(n)], np.r_[members, others]
    # DeLong's components by their definition.
    psi = (members[:, None] > others[None, :]) + 0.5 * (members[:, None] == others[None, :])
    variance = (np.var(psi.mean(1), ddof=1) / m if m > 1 else 0) + (np.var(psi.mean(0), ddof=1) / n if n > 1 else 0)
    false_rates, true_rates, _ = roc_curve(labels, scores, drop_intermediate=False)
    at = {}
    for rate in (0.1, 0.01, 0.001):
        value = float(true_rates[false_rates <= rate].max())
        x = int(round(value * m))
        at[str(rate)] = [value, float(stats.beta.ppf(0.025, x, m - x + 1)) if x else 0.0,
                         float(stats.beta.ppf(0.975, x + 1, m - x)) if x < m else 1.0]
    discriminations.append({"members": members.tolist(), "others": others.tolist(),
                            "auc": float(roc_auc_score(labels, scores)), "deviation": float(np.sqrt(variance)), "at": at})

json.dump({"correlations": correlations, "discriminations": discriminations}, open("ranking.json", "w"), separators=(",", ":"))
