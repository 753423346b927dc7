"""How the program's cost grows: processor seconds and peak memory for 10^4, 10^5 and 10^6 records of 64 tokens.

    python3 Benchmarks/Peers/growth.py .build/release/skewmem [10000|100000|1000000]

One run each. It needs numpy, and for 10^6 records 3 GB of disk and 8 GB of memory."""

import os
import shutil
import sys
import tempfile

import numpy

from programs import measured

LENGTH = 64


def captures(folder, records):
    """Lines with token ids, the same log-probabilities as .npy, and 10,000 others."""
    generator = numpy.random.default_rng(records)
    values = -generator.exponential(0.5, size=(records, LENGTH)).round(5).astype("f4")
    # Few tokens are frequent, and a tenth of the records repeat the one before.
    tokens = (49_152 * generator.random((records + 10_000, LENGTH)) ** 4).astype(int)
    tokens[10::10] = tokens[9:-1:10][: len(tokens[10::10])]
    numpy.save(os.path.join(folder, "values.npy"), values)

    def write(name, prefix, rows):
        with open(os.path.join(folder, name), "w") as file:
            for index, (logs, ids) in enumerate(rows):
                numbers = ",".join(f"{value:.5f}" for value in logs)
                file.write(f'{{"id":"{prefix}{index}","token_logprobs":[{numbers}],"reference_token_ids":[{",".join(map(str, ids))}]}}\n')

    write("members.jsonl", "m", zip(values.tolist(), tokens.tolist()))
    write("others.jsonl", "o", zip(values[:10_000].tolist(), tokens[records:].tolist()))


def main():
    sizes = (10_000, 100_000, 1_000_000)
    if len(sys.argv) not in (2, 3) or not shutil.which(sys.argv[1]) or (len(sys.argv) == 3 and sys.argv[2] not in map(str, sizes)):
        sys.exit(__doc__)
    program, most = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else sizes[-1]
    print(f"{'records':>10} {'task':28} {'processor s':>12} {'µs a record':>12} {'MB':>7}")
    for records in sizes:
        if records > most:
            break
        with tempfile.TemporaryDirectory() as folder:
            captures(folder, records)
            path = lambda name: os.path.join(folder, name)
            members = path("members.jsonl")
            for task, arguments in [
                ("audit .npy", ["audit", path("values.npy")]),
                ("audit", ["audit", members]),
                ("fit", ["fit", members]),
                ("predict --length 64", ["predict", members, "--length", "64"]),
                ("limits", ["limits", members]),
                ("metrics --ngram 3", ["metrics", members, "--ngram", "3", "--held-out", path("others.jsonl")]),
            ]:
                found = measured([program, *arguments], runs=1)
                if found is None:
                    print(f"{records:10,} {task:28} failed")
                    continue
                (seconds,), _, memory = found
                print(f"{records:10,} {task:28} {seconds:12.2f} {1e6 * seconds / records:12.1f} {memory:7.0f}", flush=True)


if __name__ == "__main__":
    main()
