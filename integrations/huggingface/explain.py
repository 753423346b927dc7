"""Asks a transformers model questions with given answers, lets it explain, and writes what `skewmem calibrate` reads.

    python explain.py MODEL questions.jsonl statements.jsonl [--explanations 5] [--tokens 40] [--seed 0] [--device cuda]
    python explain.py MODEL capture.jsonl statements.jsonl --choices 4
    skewmem calibrate statements.jsonl

A question is a JSON object a line with `question`, `choices` (texts) and `answer` (the place of the right one, from 0), and `id` where there is one.
A line with `prefix` and `reference`, such as a capture's, becomes the question which of --choices references follows the prefix; the others are of
other records, and all are cut to --reference characters.

The model's answer is the choice with the largest probability behind the question; `answer_logprob` is the logarithm of its share of the choices'
probabilities. Then the model explains --explanations times, by sampling. Each explanation has `entailment_logprob`, the logarithm of the model's share of
"yes" when asked whether the explanation follows from the question, and `answer_logprob`, as above behind question and explanation. `outcome` is
whether the answer is right. Confidence from stable explanations is the mean of the answer's probabilities with the entailment as weights
(arXiv 2406.03441); `skewmem calibrate` computes it, and sets it beside the probability without explanations.

Needs: pip install torch transformers.
"""

import argparse
import gzip
import json
import os
import random
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def questions(path, options):
    """The questions of a file, in its order."""
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as source:
        lines = [json.loads(line) for line in source if line.strip()]
    draw = random.Random(options.seed)
    for number, line in enumerate(lines):
        name = line.get("id", f"question-{number}")
        if "question" in line:
            answer, choices = line.get("answer"), line.get("choices")
            if not isinstance(choices, list) or len(choices) < 2 or answer not in range(len(choices)):
                sys.exit(f"{path}, line {number + 1}: choices are 2 or more texts, and answer is the place of one of them")
            yield name, line["question"], choices, answer
        elif "prefix" in line and "reference" in line:
            right = line["reference"][: options.reference]
            wrong = sorted({other["reference"][: options.reference] for other in lines} - {right})
            if len(wrong) < options.choices - 1:
                sys.exit(f"{path}: has too few different references for {options.choices} choices")
            choices = draw.sample(wrong, options.choices - 1)
            answer = draw.randrange(options.choices)
            choices.insert(answer, right)
            yield name, line["prefix"], choices, answer
        else:
            sys.exit(f"{path}, line {number + 1}: has neither question nor prefix and reference")


class Asked:
    """A model that is asked for the probabilities of continuations."""

    def __init__(self, model, tokenizer):
        self.model, self.tokenizer = model, tokenizer
        self.padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id

    @torch.inference_mode()
    def log_probabilities(self, pairs):
        """ln p of each continuation behind its prompt."""
        prompts = [self.tokenizer(prompt)["input_ids"] for prompt, _ in pairs]
        wholes = [before + self.tokenizer(text, add_special_tokens=False)["input_ids"] for before, (_, text) in zip(prompts, pairs)]
        width = max(map(len, wholes))
        tokens = torch.tensor([whole + [self.padding] * (width - len(whole)) for whole in wholes], device=self.model.device)
        mask = torch.tensor([[1] * len(whole) + [0] * (width - len(whole)) for whole in wholes], device=self.model.device)
        logits = self.model(input_ids=tokens, attention_mask=mask).logits
        sums = []
        for row, (before, whole) in enumerate(zip(prompts, wholes)):
            steps = torch.log_softmax(logits[row, len(before) - 1 : len(whole) - 1].double(), -1)
            sums.append(steps.gather(1, tokens[row, len(before) : len(whole), None]).sum())
        return torch.stack(sums)

    def shares(self, prompts, texts):
        """The logarithms of the texts' shares of their probabilities, a row for each prompt."""
        found = self.log_probabilities([(prompt, text) for prompt in prompts for text in texts])
        return torch.log_softmax(found.reshape(len(prompts), len(texts)), 1)

    @torch.inference_mode()
    def explanations(self, prompt, count, length):
        """Texts that the model writes behind a prompt, by sampling; each ends with its line."""
        tokens = self.tokenizer(prompt, return_tensors="pt").to(self.model.device)
        written = self.model.generate(
            **tokens, do_sample=True, num_return_sequences=count, max_new_tokens=length, pad_token_id=self.padding)
        texts = self.tokenizer.batch_decode(written[:, tokens["input_ids"].shape[1] :], skip_special_tokens=True)
        return [text.strip().split("\n")[0] for text in texts]


def statement(asked, name, question, choices, answer, options):
    """What the model says to one question, with and without explanations."""
    question = question.removesuffix("Answer:").rstrip()
    choices = [f" {choice.strip()}" for choice in choices]
    plain = asked.shares([f"{question}\nAnswer:"], choices)[0]
    said = int(plain.argmax())
    texts = asked.explanations(f"{question}\nLet us think about it first.\nExplanation:", options.explanations, options.tokens)
    explained = [f"{question}\nExplanation: {text}\n" for text in texts]
    entailed = asked.shares([f"{prompt}Does the explanation follow from the question?" for prompt in explained], [" Yes", " No"])
    answered = asked.shares([f"{prompt}Answer:" for prompt in explained], choices)
    explanations = [
        {"entailment_logprob": round(float(entailed[row, 0]), 6), "answer_logprob": round(float(answered[row, said]), 6), "text": text}
        for row, text in enumerate(texts)]
    return {"id": name, "outcome": said == answer, "answer_logprob": round(float(plain[said]), 6), "explanations": explanations}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("questions")
    parser.add_argument("statements")
    parser.add_argument("--explanations", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=40, help="tokens of an explanation, at most")
    parser.add_argument("--choices", type=int, default=4, help="choices of a question that is made of a record")
    parser.add_argument("--reference", type=int, default=60, help="characters of such a choice")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    if options.explanations < 1 or options.tokens < 1 or options.choices < 2 or options.reference < 1:
        parser.error("--explanations, --tokens and --reference are 1 or more, --choices 2 or more")
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=options.dtype).to(options.device).eval()
    asked = Asked(model, tokenizer)
    partial = options.statements + ".partial"
    try:
        with open(partial, "w") as output:
            for number, (name, *question) in enumerate(questions(options.questions, options), 1):
                print(json.dumps(statement(asked, name, *question, options), ensure_ascii=False), file=output)
                print(f"\r{number} questions", end="", file=sys.stderr, flush=True)
        os.replace(partial, options.statements)
    finally:
        if os.path.exists(partial):
            os.remove(partial)
        print(file=sys.stderr)


if __name__ == "__main__":
    main()
