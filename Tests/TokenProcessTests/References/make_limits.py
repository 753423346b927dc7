"""Expected match lengths of the Bayes-optimal operators of small training sets, in exact rational arithmetic over lists: limits.json."""
import json, os, random
from collections import Counter
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
CONTEXTS = [1, 2, 4, None]


# ------------------------------------------------------------------ limits
def lcp(a, b):
    n = 0
    while n < len(a) and n < len(b) and a[n] == b[n]:
        n += 1
    return n


def next_counts(seqs, h, c):
    """Counts of the token after history h. c None: sequences that begin with exactly h.
    c int: every position of every sequence whose last c tokens (start-padded) equal those of h."""
    cnt = Counter()
    if c is None:
        for s in seqs:
            if len(s) > len(h) and s[:len(h)] == h:
                cnt[s[len(h)]] += 1
        return cnt
    key = ((None,) * c + h)[-c:]
    for s in seqs:
        for pos in range(len(s)):
            if ((None,) * c + s[:pos])[-c:] == key:
                cnt[s[pos]] += 1
    return cnt


def termwise(seqs, prefix, ref, c):
    exp = gre = F(0)
    pe = pg = F(1)
    for j, r in enumerate(ref):
        cnt = next_counts(seqs, prefix + ref[:j], c)
        tot, top = sum(cnt.values()), max(cnt.values())
        tied = [t for t in cnt if cnt[t] == top]
        pe *= F(cnt[r], tot)
        pg *= F(1, len(tied)) if r in tied else F(0)
        exp += pe
        gre += pg
    return exp, gre


def limits_case(name, recs):
    recs = [(tuple(p), tuple(r)) for p, r in recs]
    assert 1 <= len(recs) <= 40 and all(len(r) >= 1 and len(p) + len(r) <= 12 for p, r in recs), name
    seqs = [p + r for p, r in recs]
    out = []
    for p, r in recs:
        same = [q for (o, q) in recs if o == p]
        cnt = Counter(same)
        top = max(cnt.values())
        win = [q for q in cnt if cnt[q] == top]
        per = [termwise(seqs, p, r, c) for c in CONTEXTS]
        whole = per[CONTEXTS.index(None)]
        out.append({
            "term_expected": float(whole[0]),
            "term_greedy": float(whole[1]),
            "sequence_greedy": float(F(sum(lcp(w, r) for w in win), len(win))),
            "sequence_expected": float(F(sum(lcp(q, r) for q in same), len(same))),
            "context_greedy": [float(g) for _, g in per],
            "context_expected": [float(e) for e, _ in per],
        })
    return {"name": name, "contexts": CONTEXTS,
            "records": [{"prefix": list(p), "reference": list(r)} for p, r in recs],
            "results": out}


def limits():
    C = []
    add = lambda name, recs: C.append(limits_case(name, recs))
    # hand-made
    add("one record", [([1, 2], [3, 4, 5])])
    add("one record, empty prefix", [([], [0, 1, 0, 1])])
    add("one record, one token", [([], [7])])
    add("one record, one repeated token", [([5, 5], [5, 5, 5, 5, 5, 5])])
    add("the same record three times", [([1, 2], [3, 4])] * 3)
    add("equal prefix, two references, tie at the first token", [([1], [2, 3]), ([1], [4, 5])])
    add("equal prefix, tie at the last token", [([1], [2, 3, 4]), ([1], [2, 3, 5])])
    add("equal prefix, majority 2 of 3", [([1], [2, 3]), ([1], [2, 3]), ([1], [4, 5])])
    add("greedy trap: term-wise and sequence-level modes differ",
        [([9], [1, 2]), ([9], [1, 3]), ([9], [1, 4]), ([9], [2, 5]), ([9], [2, 5])])
    add("winner longer than the reference", [([1], [2, 3, 4, 5])] * 2 + [([1], [2, 3])])
    add("winner shorter than the reference", [([1], [2, 3])] * 2 + [([1], [2, 3, 4, 5])])
    add("tie of a reference with its own extension", [([1], [2, 3]), ([1], [2, 3, 4, 5])])
    add("same sequences split at other places",
        [([1], [2, 3, 4]), ([1, 2], [3, 5]), ([1, 2, 3], [4]), ([], [1, 2, 6])])
    add("a prefix longer than another whole sequence", [([1], [2]), ([1, 2, 3, 4], [5]), ([1, 2, 3], [6, 5])])
    add("empty prefixes, three-way tie", [([], [0, 1]), ([], [1, 0]), ([], [2, 2])])
    add("empty prefixes, majority", [([], [0, 1, 2])] * 3 + [([], [1, 1, 1]), ([], [0, 2])])
    add("prefix tokens outvote references in short contexts",
        [([1, 2, 1, 2, 1, 2], [1, 3, 1, 3]), ([4, 1, 2, 1, 2], [1, 3])])
    add("history shorter than the context must start the sequence",
        [([1], [2, 3]), ([7, 1], [4, 3]), ([7, 1], [4, 5]), ([8, 1], [4, 3]), ([1], [2, 5])])
    add("start symbol differs from every token, 0 included", [([0], [0, 0, 1]), ([0, 0], [0, 1]), ([], [0, 1]), ([1], [0, 0])])
    add("period two with vocabulary 2", [([0, 1], [0, 1, 0, 1, 0, 1]), ([1, 0], [1, 0, 1, 0]), ([0, 0], [1, 1, 0, 0])])
    add("large token ids", [([50256, 128000], [151643, 0, 50256]), ([50256, 128000], [151643, 1, 50256]), ([50256], [128000, 2])])
    add("repeated token with different lengths", [([3], [3] * m) for m in range(1, 9)])
    add("different prefixes, one reference", [([p], [8, 9, 8, 9]) for p in range(6)])
    add("one prefix, ten different references", [([1, 2], [t, t, 3]) for t in range(10)])
    add("two-two-one", [([1], [2, 2]), ([1], [2, 2]), ([1], [3, 2]), ([1], [3, 2]), ([1], [2, 3])])
    add("branching at each depth", [([0], [a, b, c]) for a in (1, 2) for b in (1, 2) for c in (1, 2)])
    # generated
    for kind, count in (("uniform", 8), ("shared", 10), ("equal", 10), ("markov", 6), ("repeats", 6), ("mixed", 6)):
        for i in range(count):
            g = random.Random(f"limits/{kind}/{i}")
            V = g.choice([2, 3, 4, 6, 10, 20, 50]) if i else 2
            if i == 1:
                V = 50
            n = g.randint(4, 24)
            if i == 2:
                n = 40
            recs = []
            if kind == "uniform":
                for _ in range(n):
                    t = g.randint(1, 12); a = g.randint(0, t - 1)
                    s = [g.randrange(V) for _ in range(t)]
                    recs.append((s[:a], s[a:]))
            elif kind == "shared":          # sequences that branch off a few stems, split anywhere
                stems = [[g.randrange(V) for _ in range(12)] for _ in range(g.randint(1, 3))]
                for _ in range(n):
                    s = list(g.choice(stems)); b = g.randint(1, 11); t = g.randint(b, 12)
                    s = s[:b] + [g.randrange(V) for _ in range(t - b)]
                    a = g.randint(0, len(s) - 1)
                    recs.append((s[:a], s[a:]))
            elif kind == "equal":           # few prefixes, references from a small weighted pool
                prefs = [[g.randrange(V) for _ in range(g.randint(0, 5))] for _ in range(g.randint(1, 3))]
                base = [g.randrange(V) for _ in range(7)]
                pool = []
                for _ in range(g.randint(2, 6)):
                    b = g.randint(0, 6)
                    pool.append(base[:b] + [g.randrange(V) for _ in range(g.randint(1, 7 - b))])
                for _ in range(n):
                    recs.append((g.choice(prefs), g.choice(pool)))
            elif kind == "markov":
                nxt = [[g.randrange(V) for _ in range(2)] for _ in range(V)]
                for _ in range(n):
                    t = g.randint(2, 12); s = [g.randrange(V)]
                    while len(s) < t:
                        s.append(nxt[s[-1]][0 if g.random() < 0.75 else 1])
                    a = g.randint(0, min(4, t - 1))
                    recs.append((s[:a], s[a:]))
            elif kind == "repeats":         # runs of one token
                for _ in range(n):
                    s = []
                    while len(s) < 12 and (not s or g.random() < 0.8):
                        s += [g.randrange(min(V, 4))] * g.randint(1, 5)
                    s = s[:12]; a = g.randint(0, min(3, len(s) - 1))
                    recs.append((s[:a], s[a:]))
            else:                           # whole records repeated with Zipf weights
                pool = []
                for _ in range(g.randint(3, 9)):
                    t = g.randint(2, 12); a = g.randint(0, t - 1)
                    s = [g.randrange(V) for _ in range(t)]
                    if pool and g.random() < 0.6:
                        p = g.choice(pool)[0]
                        s = p + s[:max(1, 12 - len(p) - 1)]; s = s[:12]; a = len(p)
                    recs0 = (s[:a], s[a:])
                    pool.append(recs0)
                recs = g.choices(pool, [1 / (1 + j) for j in range(len(pool))], k=n)
            add(f"{kind} {i}: {n} records, vocabulary {V}", recs)
    return C

if __name__ == "__main__":
    with open(os.path.join(HERE, "limits.json"), "w") as f:
        json.dump(limits(), f, separators=(",", ":"), allow_nan=False)
        f.write("\n")
