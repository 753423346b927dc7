"""What a capture from llama.cpp has in common with one from the dequantized model."""

import json
import statistics
import sys


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def greedy_match(record):
    reference, chosen = record["reference_token_ids"], record["greedy_token_ids"]
    return next((n for n, (a, b) in enumerate(zip(reference, chosen)) if a != b), len(reference))


committed, captured = read(sys.argv[1]), read(sys.argv[2])
assert [r["id"] for r in committed] == [r["id"] for r in captured]
assert all(a["reference_token_ids"] == b["reference_token_ids"] for a, b in zip(committed, captured)), "other tokens"
matches = [(greedy_match(a), greedy_match(b)) for a, b in zip(committed, captured)]
equal = sum(a == b for a, b in matches)
print(f"records: {len(committed)}, the same tokens of the server's own tokenizer in all")
print(f"greedy match lengths: equal in {equal}; the first six {[b for _, b in matches[:6]]}")
tokens = [y - x for a, b in zip(committed, captured) for x, y in zip(a["token_logprobs"], b["token_logprobs"])]
losses = [statistics.fmean(b["token_logprobs"]) - statistics.fmean(a["token_logprobs"]) for a, b in zip(committed, captured)]
likely = [abs(d) for d, x in zip(tokens, (x for a in committed for x in a["token_logprobs"])) if x > -1]
print(f"ln p of {len(tokens)} tokens: mean difference {statistics.fmean(tokens):.4f}, median size {statistics.median(map(abs, tokens)):.4f}, "
      f"largest {max(map(abs, tokens)):.2f}; where p > 0.37 the largest is {max(likely):.2f}")
print(f"mean ln p of a record: largest difference {max(map(abs, losses)):.4f}")
own, other = json.load(open(sys.argv[3])), json.load(open(sys.argv[4]))
for name, report in (("the server's own law", own), ("the committed capture's law", other)):
    for group in report["groups"]:
        print(f"{group['draws']} draws of {group['records']} records against {name}: p {group['p_value']:.3f}")
# The server computes with 4-bit weights and 8-bit activations, the committed capture with the same weights in single precision.
assert equal >= 0.9 * len(matches), "greedy match lengths differ"
assert abs(statistics.fmean(tokens)) < 0.02 and statistics.median(map(abs, tokens)) < 0.05, "log-probabilities differ"
assert own["groups"][0]["p_value"] > 0.001, "draws do not follow the law of the server's own log-probabilities"
print("in agreement")
