"""What a capture has in common with the expected one of the same model.

    python compare.py expected.jsonl captured.jsonl [--equal=0.9] [--median=0.05] [--mean=0.02] [validate.json …]
"""

import argparse
import json
import statistics

arguments = argparse.ArgumentParser()
arguments.add_argument("expected")
arguments.add_argument("captured")
arguments.add_argument("--equal", type=float, help="the least share of records with the same greedy match length")
arguments.add_argument("--median", type=float, help="the largest median size of differences of ln p")
arguments.add_argument("--mean", type=float, help="the largest mean difference of ln p")
arguments.add_argument("laws", nargs="*", help="reports of skewmem validate: the first against the server's own law")
options = arguments.parse_intermixed_args()


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def greedy_match(record):
    reference, chosen = record["reference_token_ids"], record["greedy_token_ids"]
    return next((n for n, (a, b) in enumerate(zip(reference, chosen)) if a != b), len(reference))


expected, captured = read(options.expected), read(options.captured)
pairs = list(zip(expected, captured, strict=True))
assert all(a["id"] == b["id"] for a, b in pairs), "other records"
tokens = ""
if "reference_token_ids" in captured[0]:
    assert all(a["reference_token_ids"] == b["reference_token_ids"] for a, b in pairs), "other tokens"
    tokens = ", the same tokens in all"
print(f"records: {len(pairs)}{tokens}")
if options.equal:
    matches = [(greedy_match(a), greedy_match(b)) for a, b in pairs]
    equal = sum(a == b for a, b in matches)
    print(f"greedy match lengths: equal in {equal}; the first six {[b for _, b in matches[:6]]}")
    assert equal >= options.equal * len(matches), "greedy match lengths differ"
differences = [y - x for a, b in pairs for x, y in zip(a["token_logprobs"], b["token_logprobs"], strict=True)]
losses = [statistics.fmean(b["token_logprobs"]) - statistics.fmean(a["token_logprobs"]) for a, b in pairs]
mean, median = statistics.fmean(differences), statistics.median(map(abs, differences))
print(f"ln p of {len(differences)} tokens: mean difference {mean:.2g}, median size {median:.2g}, largest {max(map(abs, differences)):.2g}")
print(f"mean ln p of a record: largest difference {max(map(abs, losses)):.2g}")
assert abs(mean) <= options.mean and median <= options.median, "log-probabilities differ"
for name, path in zip(("the server's own law", "the expected law"), options.laws):
    with open(path, encoding="utf-8") as report:
        for group in json.load(report)["groups"]:
            print(f"{group['draws']} draws of {group['records']} records against {name}: p {group['p_value']:.3f}")
            # Of the expected law the server's may differ by its arithmetic.
            assert path != options.laws[0] or group["p_value"] > 0.001, "draws do not follow the law of the server's own values"
print("in agreement")
