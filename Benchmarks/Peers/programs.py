"""The program beside what somebody would write instead: whole processes, processor seconds of five runs, and peak memory.

    python3 Benchmarks/Peers/programs.py .build/release/skewmem

Peers that are not installed (numpy, rapidfuzz; plfit as a program) are left out. Both cores should be idle.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

RUNS = 5

NUMPY_AUDIT = """
import sys
import numpy as np
x = np.load(sys.argv[1]).astype("f8")
M, L = x.shape
logs = np.cumsum(x, axis=1)
S = np.exp(logs)
survival, quenched = S.mean(0), logs.mean(0)
k = np.arange(1, L + 1)
first, second, third = S.sum(1), (S * (2 * k - 1)).sum(1), (S * (3 * k * k - 3 * k + 1)).sum(1)
variance = second - first**2
cumulant = third - 3 * first * second + 2 * first**3
parts = variance.mean(), first.var(), cumulant.mean(), 3 * np.cov(first, variance)[0, 1], ((first - first.mean()) ** 3).mean()
effective = S.sum(0) ** 2 / (S**2).sum(0)
with np.errstate(divide="ignore"):
    longest = (1 - np.exp(np.log1p(-S).sum(0))).sum()
top = np.argsort(-first)[:100]
lorenz = np.sort(S, axis=0)
"""

# The same statistics from lines of JSON.
ORJSON_AUDIT = NUMPY_AUDIT.replace("import numpy as np\n", "import numpy as np\nimport orjson\n").replace(
    'np.load(sys.argv[1]).astype("f8")',
    'np.array([orjson.loads(line)["token_logprobs"] for line in open(sys.argv[1], "rb")], dtype="f8")')

RAPIDFUZZ = """
import json, sys
from rapidfuzz.distance import Indel, Levenshtein
a = json.loads(open(sys.argv[1]).read())["reference"]
b = json.loads(open(sys.argv[2]).read())["texts"][0]
Levenshtein.distance(a, b), Levenshtein.normalized_similarity(a, b), Indel.normalized_similarity(a, b)
"""


# In a process of its own: a child's peak memory is at least that of the process that starts it.
MEASURE = """
import json, os, subprocess, sys, time
start = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps([status, usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024]))
"""


def measured(arguments, runs=RUNS):
    """Processor seconds of each run, the median wall time, and the peak memory in MB; None where it fails."""
    results = []
    for _ in range(runs):
        status, *run = json.loads(subprocess.run([sys.executable, "-c", MEASURE, *arguments], capture_output=True, check=True).stdout)
        if status:
            return None
        results.append(run)
    seconds, walls, memory = zip(*results)
    return seconds, statistics.median(walls), max(memory)


def has(module):
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True).returncode == 0


def row(name, ours, theirs, peer):
    own = measured(ours)
    print(f"{name:44} skewmem    {min(own[0]):7.3f} {statistics.median(own[0]):7.3f} {max(own[0]):7.3f} s, wall {own[1]:6.3f}, {own[2]:5.0f} MB")
    other = measured(theirs) if theirs else None
    if other:
        ratio = statistics.median(own[0]) / statistics.median(other[0])
        print(f"{'':44} {peer:10} {min(other[0]):7.3f} {statistics.median(other[0]):7.3f} {max(other[0]):7.3f} s, wall {other[1]:6.3f}, "
              f"{other[2]:5.0f} MB   ours / theirs {ratio:.2f}")
    elif peer:
        print(f"{'':44} {peer} is not installed")


def main():
    program = sys.argv[1]
    generator = random.Random(1)
    python = sys.executable
    plfit = shutil.which("plfit")
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        with open(path("zeta.counts"), "w") as file:
            # Inverse transform of a Pareto law, rounded down: a zeta-like tail.
            file.writelines(f"{int(generator.paretovariate(1.1))}\n" for _ in range(1_000_000))
        # plfit reads one count a line, not how often each occurs.
        moby = path("moby.counts")
        with open("Tests/HeavyTailsTests/References/moby.counts") as counted, open(moby, "w") as file:
            for length, times in (line.split() for line in counted):
                file.writelines([f"{length}\n"] * int(times))
        row("start", [program, "plan", "--records", "10", "--risky", "1"], None, "")
        row("fit of 1e6 counts, zeta, n_min scan", [program, "fit", path("zeta.counts"), "--families", "zeta", "--n-min", "auto"],
            plfit and [plfit, "-b", path("zeta.counts")], "plfit")
        row("fit of Moby Dick", [program, "fit", moby, "--families", "zeta", "--n-min", "auto"], plfit and [plfit, "-b", moby], "plfit")
        letters = "abcdefghijklmnopqrstuvwxyz      "
        text = lambda: "".join(generator.choice(letters) for _ in range(100_000))
        with open(path("capture.jsonl"), "w") as file:
            json.dump({"id": "a", "token_logprobs": [-1.0] * 16, "reference": text()}, file)
        with open(path("texts.jsonl"), "w") as file:
            json.dump({"id": "a", "texts": [text()]}, file)
        row("metrics of a text of 100,000 characters", [program, "metrics", path("capture.jsonl"), "--generations", path("texts.jsonl")],
            has("rapidfuzz") and [python, "-c", RAPIDFUZZ, path("capture.jsonl"), path("texts.jsonl")], "rapidfuzz")
        if has("numpy"):
            import numpy

            values = -numpy.random.default_rng(1).exponential(0.5, size=(300_000, 64)).astype("f4")
            numpy.save(path("values.npy"), values)
            for threads in ("1", "2"):
                if has("orjson") and threads == "1":
                    with open(path("values.jsonl"), "w") as file:
                        file.writelines(json.dumps({"id": f"r{i}", "token_logprobs": [round(float(x), 6) for x in line]}) + "\n"
                                        for i, line in enumerate(values))
                    row("the same in JSON lines, 1 thread", [program, "audit", path("values.jsonl"), "--threads", "1"],
                        [python, "-c", ORJSON_AUDIT, path("values.jsonl")], "orjson")
                row(f"audit of 300,000 x 64 in .npy, {threads} thread{'s' if threads == '2' else ''}",
                    [program, "audit", path("values.npy"), "--threads", threads], [python, "-c", NUMPY_AUDIT, path("values.npy")], "numpy")
        tokens = [[int(generator.paretovariate(0.7)) % 50_000 for _ in range(64)] for _ in range(110_000)]

        def line(name, index):
            return json.dumps({"id": f"{name}{index}", "token_logprobs": [round(-generator.expovariate(2), 5) for _ in range(64)],
                               "reference_token_ids": tokens[index]}) + "\n"

        for records in (10_000, 100_000):
            with open(path("members.jsonl"), "w") as file:
                file.writelines(line("m", i) for i in range(records))
            with open(path("others.jsonl"), "w") as file:
                file.writelines(line("o", i) for i in range(100_000, 110_000))
            row(f"metrics of {records:,} x 64, n-grams, 10,000 held out",
                [program, "metrics", path("members.jsonl"), "--ngram", "3", "--held-out", path("others.jsonl")], None, "")
            row(f"predict of {records:,} x 64 at temperature 1", [program, "predict", path("members.jsonl"), "--length", "64"], None, "")
        row("fit of Moby Dick, all families, n_min scan", [program, "fit", moby, "--families", "all", "--n-min", "auto"], None, "")


if __name__ == "__main__":
    main()
