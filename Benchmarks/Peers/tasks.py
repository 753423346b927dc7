"""What RapidFuzz, sacrebleu and faiss take for the tasks of Tasks/main.swift, as far as they are installed; faiss on two threads.

Prints "package<TAB>task<TAB>median milliseconds"."""

import statistics
import time


def measure(package, task, work, runs=5):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{package}\t{task}\t{statistics.median(times)}")


def numbers(length, below, seed):
    values = []
    for _ in range(length):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        values.append((seed >> 33) % below)
    return values


def edit_distances():
    from rapidfuzz.distance import Indel, Levenshtein

    for name, length, symbols in [("two texts of 100,000 characters", 100_000, 27), ("16,000 tokens of two symbols", 16_000, 2),
                                  ("two lists of 4,096 tokens of 50,000", 4096, 50_000)]:
        first, second = numbers(length, symbols, 1), numbers(length, symbols, 2)
        if symbols == 27:
            first, second = ("".join(chr(97 + symbol) for symbol in text) for text in (first, second))
        measure("RapidFuzz", f"Levenshtein, {name}", lambda: Levenshtein.distance(first, second))
        measure("RapidFuzz", f"Indel, {name}", lambda: Indel.distance(first, second))


def bleu():
    from sacrebleu.metrics import BLEU

    sentences = [" ".join(f"w{symbol}" for symbol in numbers(64, 50, seed)) for seed in range(2000)]
    metric = BLEU(effective_order=True)
    measure("sacrebleu", "sentence BLEU, 1,000 pairs of 64 words",
            lambda: [metric.sentence_score(sentences[i], [sentences[i + 1]]) for i in range(0, 2000, 2)])


def neighbors():
    import faiss
    import numpy

    faiss.omp_set_num_threads(2)
    vectors = numpy.random.default_rng(2).random((100_000, 384), dtype="f4") - 0.5
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)

    def search():
        index = faiss.IndexFlatIP(384)
        index.add(vectors)
        index.search(vectors, 11)

    measure("faiss", "10 nearest of 100,000 vectors of 384, two threads", search, runs=1)


for task in (edit_distances, bleu, neighbors):
    try:
        task()
    except ImportError as error:
        print(f"{error.name}\tis not installed\tnan")
