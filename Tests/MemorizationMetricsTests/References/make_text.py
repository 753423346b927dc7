"""Text metrics by their reference implementations: text.json.

pip install sacrebleu==2.6.0 rouge_score==0.1.2 rapidfuzz==3.14.6 Levenshtein==0.27.5
"""
import json
import random
import zlib
from difflib import SequenceMatcher

import Levenshtein
from rapidfuzz.distance import Hamming, Indel, LCSseq, Prefix
from rapidfuzz.distance import Levenshtein as RapidLevenshtein
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU

random.seed(20250203)
bleu = BLEU(effective_order=True)
rouge = RougeScorer(["rouge1", "rouge2", "rougeL"])

WORDS = """the a cat dog sat on mat is was U.S.A. 3.14 1,000 it's e-mail end-to-end (see [1] {x} "quoted" 50% $5 a/b C++ x=y; note: yes! no?
naïve café cafe\u0301 Straße ŒUVRE Ĳsselmeer 北京 東京都 привет שלום नमस्ते 👩‍👩‍👧 é e\u0301 ﬁsh K\u212A İstanbul &amp; &lt;b&gt; &quot;q&quot; <skipped> 5- 2020-21 -
tab\there line\nbreak soft-\nhyphen \u00a0nbsp \u2003em ... ,. 3, .5 5. a.b a,b 'single' back\\slash under_score ~tilde ^caret `tick` |pipe @at #tag""".split(" ")


def sentence(length):
    return " ".join(random.choice(WORDS) for _ in range(length))


def mutated(text, rate):
    out = []
    for character in text:
        draw = random.random()
        if draw < rate / 3:
            continue
        if draw < 2 * rate / 3:
            out.append(random.choice("abc é.,-3 "))
        out.append(character if draw > rate else random.choice("xyz 北9"))
    return "".join(out)


def shuffled_words(text, rate):
    words = text.split(" ")
    for index in range(len(words)):
        if random.random() < rate:
            words[index] = random.choice(WORDS)
    return " ".join(words)


pairs = [
    ("the cat sat on the mat", "the cat is on the mat"), ("", ""), ("", "a"), ("a", ""), (" ", "\n"), ("a", "a"), ("x", "y"),
    ("a b", "b a"), ("a b c d e", "a b c d e"), ("A Cat", "a cat"), ("e\u0301", "é"), ("👩‍👩‍👧", "👩"), ("a" * 64, "a" * 64),
    ("a" * 64, "b" * 64), ("a" * 65, "a" * 64 + "b"), ("ab" * 100, "ba" * 100), ("foo-\n", "foo-"), ("x\x1cy", "x y"),
    ("&amp;lt;", "&lt;"), ("...", ". . ."), ("1.5.2", "1.5 .2"), ("a.,b", "a . , b"), ("\u0130", "i"), ("0", "0"),
]
for _ in range(90):
    text = sentence(random.choice([1, 2, 3, 5, 8, 13, 21]))
    pairs.append((mutated(text, random.choice([0.02, 0.1, 0.3])), text))
for _ in range(90):
    text = sentence(random.choice([2, 4, 8, 16, 32]))
    pairs.append((shuffled_words(text, random.choice([0.1, 0.3, 0.7])), text))
for _ in range(20):
    pairs.append((sentence(random.randint(1, 20)), sentence(random.randint(1, 20))))
for length, rate in ((300, 0.05), (400, 0.3), (500, 0.01)):
    text = sentence(length)
    pairs.append((mutated(text, rate), text))

texts = []
for candidate, reference in pairs:
    scores = rouge.score(reference, candidate)
    match = SequenceMatcher(None, candidate, reference, autojunk=False).find_longest_match()
    assert Levenshtein.ratio(candidate, reference) == Indel.normalized_similarity(candidate, reference)
    texts.append({
        "candidate": candidate, "reference": reference,
        "levenshtein": RapidLevenshtein.distance(candidate, reference),
        "levenshtein_similarity": RapidLevenshtein.normalized_similarity(candidate, reference),
        "indel": Indel.distance(candidate, reference), "indel_ratio": Levenshtein.ratio(candidate, reference),
        "hamming": Hamming.distance(candidate, reference), "prefix": Prefix.similarity(candidate, reference),
        "subsequence": LCSseq.similarity(candidate, reference), "substring": match.size,
        "rouge": [[scores[name].precision, scores[name].recall, scores[name].fmeasure]
                  for name in ("rouge1", "rouge2", "rougeL")],
        "bleu": bleu.sentence_score(candidate, [reference]).score, "zlib": len(zlib.compress(reference.encode())),
    })

tokens = []
for case in range(200):
    vocabulary = random.choice([2, 5, 50, 50000])
    reference = [random.randrange(vocabulary) for _ in range(random.choice([0, 1, 20, 63, 64, 65, 128, 200]))]
    if case % 3 == 0:
        candidate = [random.randrange(vocabulary) for _ in range(random.choice([0, 1, 20, 63, 64, 65, 128, 200]))]
    else:
        candidate = [t if random.random() > 0.1 else random.randrange(vocabulary) for t in reference]
        if case % 3 == 2 and candidate:
            cut = random.randrange(len(candidate))
            candidate = candidate[cut:] + candidate[: cut // 2]
    match = SequenceMatcher(None, candidate, reference, autojunk=False).find_longest_match()
    tokens.append({
        "candidate": candidate, "reference": reference,
        "levenshtein": RapidLevenshtein.distance(candidate, reference), "indel": Indel.distance(candidate, reference),
        "hamming": Hamming.distance(candidate, reference), "subsequence": LCSseq.similarity(candidate, reference),
        "substring": match.size, "prefix": Prefix.similarity(candidate, reference),
    })

with open("text.json", "w") as file:
    json.dump({"texts": texts, "tokens": tokens}, file, ensure_ascii=True, separators=(",", ":"))
print(len(texts), len(tokens))
