"""Scores a dataset with a transformers model, and writes the native form that every skewmem command reads.

    python score.py MODEL records.jsonl capture.jsonl [--adapter LORA] [--dtype bfloat16] [--device cuda] [--batch-size 16]
    python score.py MODEL book.txt capture.jsonl --prefix-tokens 50 --suffix-tokens 50 (--stride 10 | --context 2048)
    python score.py MODEL records.jsonl capture.jsonl --activations 0,10,20 [--pooling mean] [--attention]
    python score.py MODEL records.jsonl ablated.jsonl --ablate features.json [--ablate-set named]
    python score.py MODEL records.jsonl capture.jsonl --near 1,2 [--near-distance levenshtein] [--near-length 50] [--near-budget 200] [--skewmem PATH]

MODEL is a name on the Hugging Face hub or a folder. Input is one JSON object a line, as for `skewmem capture`: `prefix` and `reference`; or
`prefix_token_ids` and `reference_token_ids`; or `messages`, the last of which is the assistant's answer and becomes the reference behind the model's
chat template. `id`, `source`, `run`, `split`, `epoch`, `train_loss` and `repetitions` are kept.

A text (.txt, .md), or a folder of texts, is cut into windows, one every --stride tokens; or into long passes of --context tokens, in which a
window begins at every token that has --prefix-tokens before it. `skewmem works` reads what comes of both.

With --near the probability of near-copies is bounded as well: this process serves the model to `skewmem capture --near`, which asks it again and again, in
batches and with the key-value cache of each prefix.

With --activations what layers put out goes to capture.activations.safetensors, a row for each record, for `skewmem probe`: layer 0 is the embedding,
layer k the output of block k. --pooling mean is over the positions that predict the reference, last is the position of the prefix's last token, per-token
keeps all of the former. With --attention the attention on the prefix goes to capture.attention.safetensors, for `skewmem drivers --attention`. With
--ablate features that `skewmem probe --features` names are held at their means.

Logits are computed in the model's own precision, log-softmax in double precision. Lines that cannot be scored are named on standard error with the
reason, and end the script with 65; the others are written. Needs: pip install torch transformers (and peft for --adapter).
"""

import argparse
import gzip
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import inside

KEPT = ("source", "run", "split", "epoch", "train_loss", "repetitions", "document", "start", "token_offsets",
        "document_tokens", "prefix_id")
TEXTS = (".txt", ".md", ".text")


def tokenized(line, tokenizer, config):
    """A record with the token ids of both sides, of the whole text: the reference alone would be other tokens than the model has seen."""
    if not isinstance(line, dict):
        raise ValueError("is no JSON object")
    record = {key: line[key] for key in KEPT if line.get(key) is not None}
    for key, value in record.items():
        kind = str if key in ("source", "run", "split", "document", "prefix_id") else list if key == "token_offsets" else (int, float)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"{key}: is no {'text' if kind is str else 'number'}")
    if "prefix_token_ids" in line and "reference_token_ids" in line:
        before, reference = line["prefix_token_ids"], line["reference_token_ids"]
        record |= {key: line[key] for key in ("prefix", "reference") if line.get(key) is not None}
    else:
        if line.get("messages"):
            earlier, text = line["messages"], line.get("reference")
            if earlier[-1]["role"] == "assistant":
                *earlier, last = earlier
                if text not in (None, last["content"]):
                    raise ValueError("reference: is another than the last answer of messages")
                text = last["content"]
            if text is None or not earlier:
                raise ValueError("messages: nothing before an answer, or no answer")
            prefix = tokenizer.apply_chat_template(earlier, tokenize=False, add_generation_prompt=True)
        else:
            prefix, text = line["prefix"], line["reference"]
        # A chat template writes the tokens that begin a text itself.
        special = not line.get("messages")
        before = tokenizer(prefix, add_special_tokens=special)["input_ids"]
        whole = tokenizer(prefix + text, add_special_tokens=special)["input_ids"]
        if whole[: len(before)] != before:
            raise ValueError("the tokenizer joins the end of the prefix with the beginning of the reference")
        reference = whole[len(before) :]
        record |= {"prefix": prefix, "reference": text}
    if not before or not reference:
        raise ValueError("prefix and reference need a token each: the first token of a text has no log-probability")
    longest = getattr(config.get_text_config(), "max_position_embeddings", None) or len(before) + len(reference)
    if len(before) + len(reference) > longest:
        raise ValueError(f"has {len(before) + len(reference)} tokens, more than the model's {longest}")
    vocabulary = config.get_text_config().vocab_size
    if not all(type(token) is int and 0 <= token < vocabulary for token in [*before, *reference]):
        raise ValueError(f"has token ids outside of the model's 0 to {vocabulary - 1}")
    return record | {"prefix_token_ids": list(before), "reference_token_ids": list(reference)}


def texts(path):
    """The names and the contents of texts, where the input is one or a folder of them; nothing where it is not."""
    if os.path.isdir(path):
        files = sorted(os.path.join(path, name) for name in os.listdir(path) if name.lower().endswith(TEXTS))
    else:
        files = [path] if path.lower().endswith(TEXTS) else []
    names = set()
    for file in files:
        name = os.path.splitext(os.path.basename(file))[0]
        if name in names:
            sys.exit(f"{file}: has the name of another text, but for the ending")
        names.add(name)
        try:
            with open(file, encoding="utf-8", newline="") as source:
                yield name, source.read()
        except UnicodeDecodeError:
            sys.exit(f"{file}: is not UTF-8")


def stretches(count, options, first):
    """Where the context begins, where the reference begins, and where it ends."""
    before, after = options.prefix_tokens, options.suffix_tokens
    if options.context is None:
        return [(start - before, start, start + after) for start in range(before, count - after + 1, options.stride)]
    found = []
    # Neighbours overlap so that every window of prefix and reference is in one of them.
    for start in range(0, count, options.context - before - after + 1):
        end = min(count, start + options.context)
        if end - start <= first or (start > 0 and end - start < before + after):
            break
        found.append((start, start + first, end))
        if end == count:
            break
    return found


def windows(name, text, tokenizer, options):
    """The records of one text: each is a text of its own to the model, with the tokens that begin texts where there are some."""
    whole = tokenizer(text, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast)
    tokens = whole["input_ids"]
    offsets = [begin for begin, _ in whole["offset_mapping"]] + [len(text)] if tokenizer.is_fast else None
    word, full = tokenizer("a", add_special_tokens=False)["input_ids"], tokenizer("a")["input_ids"]
    if full[len(full) - len(word) :] != word:
        sys.exit("the tokenizer also ends texts with a token: give prefix_token_ids and reference_token_ids")
    beginning = full[: len(full) - len(word)]
    found = stretches(len(tokens), options, 0 if beginning else 1)
    if not found:
        print(f"{name}: is left out, with {len(tokens)} tokens; a window takes {options.prefix_tokens + options.suffix_tokens}", file=sys.stderr)
    for before, start, end in found:
        record = {"id": f"{name}@{start}", "document": name, "start": start, "document_tokens": len(tokens)}
        if offsets:
            record["token_offsets"] = offsets[start : end + 1]
        yield record | {"prefix_token_ids": beginning + tokens[before:start], "reference_token_ids": tokens[start:end]}


@torch.inference_mode()
def score(records, model, alternatives, activations=None, attention=None):
    """Adds log-probabilities, ranks (0 is the most probable token), moments of ln p over the vocabulary, and the most probable tokens."""
    texts = [record["prefix_token_ids"] + record["reference_token_ids"] for record in records]
    longest = max(map(len, texts))
    # Padding is on the right, where causal attention does not look.
    inputs = torch.tensor([text + [0] * (longest - len(text)) for text in texts], device=model.device)
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts], device=model.device)
    results = model(input_ids=inputs, attention_mask=mask, output_attentions=attention is not None)
    logits = results.logits
    for record, text, rows in zip(records, texts, logits):
        begin = len(record["prefix_token_ids"])
        # The logits at a position are of the token after it.
        laws = torch.log_softmax(rows[begin - 1 : len(text) - 1].double(), dim=-1)
        own = laws.gather(1, torch.tensor(text[begin:], device=laws.device).unsqueeze(1))
        if own.isnan().any():
            sys.exit(f"{record['id']}: the model's logits are no numbers; try --dtype float32 or bfloat16")
        # p ln p and p ln^2 p are 0 where p is.
        mean = -torch.special.entr(laws.exp()).sum(1)
        deviation = ((laws.exp() * laws.square()).nan_to_num(0).sum(1) - mean.square()).clamp(min=0).sqrt()
        top = laws.topk(min(max(1, alternatives), laws.shape[-1]), dim=-1)
        record["token_logprobs"] = own.squeeze(1).tolist()
        record["ranks"] = (laws > own).sum(1).tolist()
        record["greedy_token_ids"] = top.indices[:, 0].tolist()
        record["logprob_mean"], record["logprob_std"] = mean.tolist(), deviation.tolist()
        if alternatives:
            record["top_logprobs"] = [list(map(list, zip(*row))) for row in zip(top.indices.tolist(), top.values.tolist())]
    if activations:
        activations.add(records)
    if attention:
        attention.add(records, results.attentions)
    return records


def near_copies(records, model, tokenizer, options):
    """The records as `skewmem capture --near` has them, which asks this process."""
    from serve import serve

    server = serve(model, tokenizer, options.model, options.batch_size)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            asked, store = os.path.join(folder, "asked.jsonl"), os.path.join(folder, "records.store")
            with open(asked, "w", encoding="utf-8") as output:
                for record in records:
                    output.write(json.dumps(record, ensure_ascii=False) + "\n")
            capture = [options.skewmem, "capture", asked, "--server", f"http://127.0.0.1:{server.server_port}", "--output", store,
                       "--scoring", "prompt-logprobs", "--alternatives", str(options.alternatives or 100), "--near", options.near]
            for name in ("near_distance", "near_length", "near_budget", "near_width"):
                if getattr(options, name) is not None:
                    capture += ["--" + name.replace("_", "-"), str(getattr(options, name))]
            code = subprocess.run(capture, stdout=sys.stderr).returncode
            if code not in (0, 65):
                sys.exit(code)
            lines = subprocess.run([options.skewmem, "convert", store], stdout=subprocess.PIPE, check=True).stdout
            yield from map(json.loads, lines.decode("utf-8").splitlines())
    finally:
        server.shutdown()


class Arguments(argparse.ArgumentParser):
    """Says what is wrong in one line, and ends with the code of skewmem for wrong usage."""

    def error(self, message):
        self.exit(64, f"{self.prog}: {message}; --help shows the usage\n")


def main():
    arguments = Arguments(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model")
    arguments.add_argument("input", help="JSON lines, plain or .gz; a text, or a folder of texts")
    arguments.add_argument("output")
    arguments.add_argument("--adapter", help="a LoRA adapter for peft")
    arguments.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments.add_argument("--batch-size", type=int, default=8)
    arguments.add_argument("--alternatives", type=int, default=0, help="most probable tokens to keep at each position (20 for top-k and top-p)")
    arguments.add_argument("--prefix-tokens", type=int, default=50, help="texts: tokens before a reference")
    arguments.add_argument("--suffix-tokens", type=int, default=50, help="texts: tokens of a reference")
    arguments.add_argument("--stride", type=int, default=10, help="texts: a window begins every so many tokens")
    arguments.add_argument("--context", type=int, help="texts: long passes of so many tokens in place of windows")
    arguments.add_argument("--activations", metavar="LAYERS", help="also write what these layers put out: all, or numbers with commas; 0 is the embedding")
    arguments.add_argument("--pooling", choices=["mean", "last", "per-token"], help="how activations of a record become rows (default: mean)")
    arguments.add_argument("--activations-dtype", choices=["float32", "float16"], help="their precision in the file (default: float32)")
    arguments.add_argument("--attention", action="store_true", help="also write the attention on the prefix by layer and head")
    arguments.add_argument("--ablate", metavar="FEATURES", help="hold the features that skewmem probe --features names at their means")
    arguments.add_argument("--ablate-set", help="which set of that file: named, random-1, … (default: named)")
    arguments.add_argument("--near", help="also bound the probability of a continuation with at most so many changed tokens: e,...")
    arguments.add_argument("--near-distance", choices=["levenshtein", "hamming"])
    arguments.add_argument("--near-length", help="tokens that are compared: n,...")
    arguments.add_argument("--near-budget", type=int, help="requests for a record, e and n, at most")
    arguments.add_argument("--near-width", type=float, help="stop when the bounds differ by this share of the upper one")
    arguments.add_argument("--skewmem", default="skewmem", help="the program, where it is not on the path")
    options = arguments.parse_args()
    if options.near and (options.activations or options.attention):
        arguments.error("--near scores in another way: it takes no --activations and no --attention")
    if (options.pooling or options.activations_dtype) and not options.activations:
        arguments.error("--pooling and --activations-dtype are for --activations")
    if options.ablate_set and not options.ablate:
        arguments.error("--ablate-set is for --ablate")
    if options.near and options.context is not None:
        arguments.error("--near is for windows, not for --context")
    if options.batch_size < 1 or options.alternatives < 0:
        arguments.error("--batch-size is 1 or more, --alternatives 0 or more")
    if min(options.prefix_tokens, options.suffix_tokens, options.stride) < 1:
        arguments.error("--prefix-tokens, --suffix-tokens and --stride are 1 or more")
    if options.context is not None and options.context < options.prefix_tokens + options.suffix_tokens:
        arguments.error("--context is at least --prefix-tokens and --suffix-tokens together")
    if not os.path.exists(options.input):
        arguments.error(f"{options.input}: no such file")
    works = list(texts(options.input))
    if os.path.isdir(options.input) and not works:
        arguments.error(f"{options.input}: a folder without texts ({', '.join(TEXTS)})")
    if os.path.exists(options.output) and os.path.samefile(options.input, options.output):
        arguments.error("the output is the input")
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    # Only the plain implementation says where attention goes.
    plain = {"attn_implementation": "eager"} if options.attention else {}
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype), **plain).to(options.device).eval()
    if options.adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, options.adapter)
    longest = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    asked = options.context or options.prefix_tokens + options.suffix_tokens
    if works and longest and asked >= longest:
        arguments.error(f"{asked} tokens at a time and one that begins texts are more than the model's {longest}")
    beside = os.path.splitext(options.output.removesuffix(".gz"))[0]
    activations = attention = mark = None
    try:
        if options.ablate:
            mark = inside.ablate(model, options.ablate, options.ablate_set or "named")
        if options.activations:
            layers = inside.layer_numbers(options.activations, model)
            activations = inside.Activations(model, layers, options.pooling or "mean", beside + ".activations.safetensors",
                                             options.activations_dtype or "float32")
        if options.attention:
            attention = inside.Attention(beside + ".attention.safetensors")
    except (ValueError, OSError) as error:
        arguments.error(str(error))
    problems = written = 0
    names = set()

    def records(lines):
        nonlocal problems
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                line = json.loads(line)
                record = tokenized(line, tokenizer, model.config)
                name = f"line-{number}" if line.get("id") is None else str(line["id"])
                key = (name, *(record.get(field) for field in ("run", "split", "epoch", "prefix_id")))
                if key in names:
                    raise ValueError("id: is that of an earlier line of the same run, split, epoch and prefix_id")
                names.add(key)
                yield {"id": name} | record
            # Chat templates raise what they like.
            except Exception as error:
                problems += 1
                print(f"{options.input}:{number}: {f'{error} is missing' if isinstance(error, KeyError) else error}", file=sys.stderr)

    def lines():
        with (gzip.open if options.input.endswith(".gz") else open)(options.input, "rt", encoding="utf-8") as lines:
            yield from lines

    # Under another name until it is whole.
    partial = options.output + ".partial"
    with open(partial, "w", encoding="utf-8") as output:
        cut = (record for name, text in works for record in windows(name, text, tokenizer, options))
        source = cut if works else records(lines())
        scored = near_copies(source, model, tokenizer, options) if options.near else None
        while batch := list(itertools.islice(scored or source, options.batch_size)):
            for record in batch if options.near else score(batch, model, options.alternatives, activations, attention):
                if works and options.context is not None:
                    # A long pass: a window begins at every token of it.
                    record["token_ids"] = record.pop("reference_token_ids")
                if mark:
                    # Another model than the run's.
                    record["run"] = " ".join(filter(None, (record.get("run"), mark)))
                output.write(json.dumps(record, ensure_ascii=False) + "\n")
            written += len(batch)
            print(f"\r{written} records", end="", file=sys.stderr)
    if not written:
        os.remove(partial)
        for part in filter(None, (activations, attention)):
            part.tensors.close()
        sys.exit(f"{options.input}: nothing could be scored, and {options.output} is not written")
    os.replace(partial, options.output)
    for part in filter(None, (activations, attention)):
        part.finish()
        print(f"\r{part.tensors.path}", file=sys.stderr)
    print(f"\r{options.output}: {written} records", file=sys.stderr)
    sys.exit(65 if problems else 0)


if __name__ == "__main__":
    main()
