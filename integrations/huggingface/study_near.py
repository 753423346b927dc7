"""What bounds for near-copies cost on a real model, beside a beam search and beside draws.

    python study_near.py MODEL records.jsonl --skewmem PATH [--budgets 10,40] [--limits 1,2,5] [--lengths 16,32] [--generations samples.jsonl]

Serves the model on the loopback interface, captures the records once for each budget, e and n (Hamming distance), and prints a table: sums over the
records, the mean of (upper - lower) / upper, the beam's lower bounds with as many requests (arXiv 2603.24917: it keeps the most probable beginnings that can
still be within e), the share of given draws within e, and the draws that limits of the same width would take for the median record. Needs what serve.py needs.
"""

import argparse
import json
import math
import os
import subprocess
import tempfile
import threading
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from serve import serve


def captured(skewmem, address, records, folder, budget, limit, length):
    store = os.path.join(folder, f"{budget}-{limit}-{length}.store")
    start = time.time()
    subprocess.run(
        [skewmem, "capture", records, "--server", address, "--near", str(limit), "--near-distance", "hamming", "--near-length", str(length),
         "--near-budget", str(budget), "--near-width", "0.05", "--alternatives", "200", "--output", store, "--quiet"], check=True)
    seconds = time.time() - start
    lines = subprocess.run([skewmem, "convert", store], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in lines.splitlines()], seconds


@torch.inference_mode()
def beam(model, prefix, reference, limit, width, shown=200):
    """The lower bound of a beam: the mass of the strings within the limit that it ends with."""
    kept = [([], 0.0, 0)]
    for place, wanted in enumerate(reference):
        inputs = torch.tensor([prefix + tokens for tokens, _, _ in kept], device=model.device)
        laws = torch.log_softmax(model(input_ids=inputs, logits_to_keep=1).logits[:, -1].double(), -1)
        grown = []
        for (tokens, log, changes), law in zip(kept, laws):
            top = torch.topk(law, shown).indices.tolist()
            for token in set(top) | {wanted}:
                if changes + (token != wanted) <= limit:
                    grown.append((tokens + [token], log + float(law[token]), changes + (token != wanted)))
        # The last place is summed whole.
        kept = sorted(grown, key=lambda item: -item[1])[: width if place < len(reference) - 1 else None]
    return sum(math.exp(log) for _, log, _ in kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("records")
    parser.add_argument("--skewmem", default="skewmem")
    parser.add_argument("--budgets", default="10,40")
    parser.add_argument("--limits", default="1,2,5")
    parser.add_argument("--lengths", default="16,32")
    parser.add_argument("--generations", help="draws at temperature 1, as validate reads them")
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    server = serve(model, tokenizer, options.model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    draws = {}
    for line in open(options.generations) if options.generations else []:
        line = json.loads(line)
        if line.get("temperature", 1) == 1 and not any(line.get(key) for key in ("top_k", "top_p", "min_p")):
            draws.setdefault(line["id"], []).extend(line["generations"])
    print("| n | e | requests a record | seconds | verbatim | lower | upper | mean width | beam, as many requests | draws within e | draws for that width |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for budget in map(int, options.budgets.split(",")):
            for length in map(int, options.lengths.split(",")):
                for limit in map(int, options.limits.split(",")):
                    records, seconds = captured(
                        options.skewmem, f"http://127.0.0.1:{server.server_port}", options.records, folder, budget, limit, length)
                    verbatim = lower = upper = width = beams = share = 0.0
                    requests, compared, needed = 0, 0, []
                    for record in records:
                        bounds = record["near"][0]
                        low, high = math.exp(bounds["log_lower"]), min(1, math.exp(bounds["log_upper"]))
                        verbatim += math.exp(sum(record["token_logprobs"][: bounds["n"]]))
                        lower, upper, width = lower + low, upper + high, width + (high - low) / high
                        requests += bounds["requests"]
                        # A binomial interval of 95 % with the width high - low at the middle.
                        middle = min(max((low + high) / 2, 1e-12), 1 - 1e-12)
                        needed.append(3.84 * 4 * middle * (1 - middle) / max(high - low, 1e-12) ** 2)
                        reference = record["reference_token_ids"][: bounds["n"]]
                        beams += beam(model, record["prefix_token_ids"], reference, limit, max(1, round(bounds["requests"] / len(reference))))
                        own = [draw[: len(reference)] for draw in draws.get(record["id"], [])]
                        # Draws that were all ended before say nothing.
                        if own and max(map(len, own)) == len(reference):
                            compared += 1
                            share += sum(len(draw) == len(reference) and sum(a != b for a, b in zip(draw, reference)) <= limit for draw in own) / len(own)
                    count = len(records)
                    observed = f"{share:.3f}" if compared == count else "—"
                    print(f"| {length} | {limit} | {requests / count:.0f} | {seconds:.0f} | {verbatim:.3f} | {lower:.3f} | {upper:.3f} | {width / count:.2f} "
                          f"| {beams:.3f} | {observed} | {sorted(needed)[count // 2]:.0f} |", flush=True)
    server.shutdown()


if __name__ == "__main__":
    main()
