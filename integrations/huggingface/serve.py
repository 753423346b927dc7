"""A transformers model behind the part of vLLM's protocol that `skewmem capture` uses, on the loopback interface.

    python serve.py MODEL [--adapter LORA] [--port 8000] [--dtype float32] [--device cuda]

For what asks a model again and again, such as `skewmem capture --near`, where vLLM itself cannot be had. Requests that come at the same time and begin
alike are scored in one batch, and the key-value cache of what they have in common is kept. Answers: GET /version, /v1/models; POST /tokenize, /detokenize, /v1/completions with `prompt` as token ids and `prompt_logprobs`, and
continuations with `temperature`, `top_k`, `top_p`, `seed` and `return_token_ids`. Needs: pip install torch transformers (and peft for --adapter).
"""

import argparse
import collections
import copy
import inspect
import json
import queue
import threading
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


class Scorer:
    """Scores prompts in batches of what is waiting, and keeps the key-value cache of beginnings that come again.

    A search for near-copies asks for many continuations of one prefix: what they have in common is computed once.
    """

    # Shorter beginnings are not worth a batch of their own, and more of them not the memory.
    SHORTEST, KEPT = 8, 16

    def __init__(self, model, size):
        self.model, self.size, self.waiting, self.left = model, size, queue.Queue(), []
        self.beginnings = collections.OrderedDict()
        # transformers has given it another name.
        names = inspect.signature(model.forward).parameters
        self.cache_name = "cache" if "cache" in names else "past_key_values"
        threading.Thread(target=self.work, daemon=True).start()

    def laws(self, tokens):
        """Logits after each token of a prompt."""
        future = Future()
        self.waiting.put((tuple(tokens), future))
        return future.result()

    def batch(self):
        """Prompts that begin alike, in the order that they came."""
        if not self.left:
            self.left.append(self.waiting.get())
        while True:
            try:
                self.left.append(self.waiting.get_nowait())
            except queue.Empty:
                break
        first = self.left[0][0][: self.SHORTEST]
        batch = [item for item in self.left if item[0][: self.SHORTEST] == first][: self.size]
        self.left = [item for item in self.left if all(item is not taken for taken in batch)]
        return batch

    @torch.inference_mode()
    def work(self):
        while True:
            batch = self.batch()
            try:
                prompts = [tokens for tokens, _ in batch]
                # One token at least is left to each.
                length = min(shared(prompts[0], tokens) for tokens in prompts)
                length = min(length, min(map(len, prompts)) - 1)
                cache, known = self.beginning(prompts[0][:length])
                for (_, future), rows in zip(batch, self.rest(prompts, length, cache)):
                    future.set_result(torch.cat([known, rows]).double())
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)

    def beginning(self, tokens):
        """The cache of a beginning and the logits after its tokens."""
        if len(tokens) < self.SHORTEST:
            tokens = ()
        for earlier in self.beginnings:
            if shared(earlier, tokens) == len(tokens):
                self.beginnings.move_to_end(earlier)
                cache, rows = self.beginnings[earlier]
                if len(earlier) > len(tokens):
                    cache = copy.deepcopy(cache)
                    cache.crop(len(tokens) - len(earlier))
                return cache, rows[: len(tokens)]
        if not tokens:
            return None, torch.zeros((0, self.model.config.get_text_config().vocab_size), device=self.model.device)
        output = self.model(input_ids=torch.tensor([tokens], device=self.model.device), use_cache=True)
        self.beginnings[tokens] = (getattr(output, self.cache_name, None) or output.past_key_values, output.logits[0])
        if len(self.beginnings) > self.KEPT:
            self.beginnings.popitem(last=False)
        return self.beginnings[tokens]

    def rest(self, prompts, length, cache):
        """Logits after the tokens of each prompt that come after a beginning, or after all of them without a cache."""
        start = 0 if cache is None else length
        ends = [list(tokens[start:]) for tokens in prompts]
        longest = max(map(len, ends))
        # Padding is on the right, where causal attention does not look.
        inputs = torch.tensor([end + [0] * (longest - len(end)) for end in ends], device=self.model.device)
        mask = torch.tensor([[1] * (start + len(end)) + [0] * (longest - len(end)) for end in ends], device=self.model.device)
        if cache is not None:
            cache = copy.deepcopy(cache)
            cache.batch_repeat_interleave(len(ends))
        logits = self.model(input_ids=inputs, attention_mask=mask, use_cache=cache is not None, **{self.cache_name: cache}).logits
        return [rows[: len(end)] for end, rows in zip(ends, logits)]


def shared(first, second):
    """How many tokens two prompts have in common from the beginning."""
    length = 0
    for a, b in zip(first, second):
        if a != b:
            break
        length += 1
    return length


def listed(law, token, count):
    """The most probable tokens and the prompt's own, with their ranks from 1."""
    top = torch.topk(law, min(count, len(law)))
    found = {int(t): {"logprob": float(v), "rank": i + 1} for i, (v, t) in enumerate(zip(top.values, top.indices))}
    if token not in found:
        found[token] = {"logprob": float(law[token]), "rank": int((law > law[token]).sum()) + 1}
    return {str(t): value for t, value in found.items()}


def drawn(law, body, generator):
    """A token under temperature, top-k and top-p, in that order."""
    if body.get("temperature", 1) == 0:
        return int(law.argmax())
    law = torch.log_softmax(law / body.get("temperature", 1), -1)
    if body.get("top_k", 0) > 0:
        law = law.masked_fill(law < law.topk(body["top_k"]).values[-1], float("-inf"))
    if body.get("top_p", 1) < 1:
        ordered, places = law.softmax(-1).sort(descending=True)
        law = law.index_fill(0, places[ordered.cumsum(0) - ordered >= body["top_p"]], float("-inf"))
    return int(torch.multinomial(law.softmax(-1).cpu(), 1, generator=generator))


def handler(scorer, tokenizer, name):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, value, status=200):
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            if self.path == "/version":
                self.answer({"version": "transformers"})
            elif self.path == "/v1/models":
                self.answer({"object": "list", "data": [{"id": name, "object": "model"}]})
            else:
                self.answer({"error": {"message": "no such place"}}, 404)

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                if self.path == "/tokenize":
                    if "messages" in body:
                        tokens = tokenizer.apply_chat_template(body["messages"], add_generation_prompt=True, tokenize=True, return_dict=True)["input_ids"]
                    else:
                        tokens = tokenizer(body["prompt"], add_special_tokens=body.get("add_special_tokens", True))["input_ids"]
                    strings = tokenizer.convert_ids_to_tokens(tokens) if body.get("return_token_strs") else None
                    self.answer({"tokens": tokens, "count": len(tokens)} | ({"token_strs": strings} if strings is not None else {}))
                elif self.path == "/detokenize":
                    self.answer({"prompt": tokenizer.decode(body["tokens"])})
                elif self.path == "/v1/completions":
                    self.answer(self.completion(body))
                else:
                    self.answer({"error": {"message": "no such place"}}, 404)
            except Exception as error:
                self.answer({"error": {"message": str(error)}}, 400)

        def completion(self, body):
            prompt = body["prompt"]
            if isinstance(prompt, str):
                prompt = tokenizer(prompt)["input_ids"]
            choice = {"index": 0, "text": "", "finish_reason": "length"}
            if body.get("prompt_logprobs") is not None:
                laws = torch.log_softmax(scorer.laws(prompt), -1)
                choice["prompt_token_ids"] = prompt
                choice["prompt_logprobs"] = [None] + [listed(law, token, body["prompt_logprobs"]) for law, token in zip(laws, prompt[1:])]
            else:
                generator = torch.Generator().manual_seed(int(body.get("seed") or 0))
                tokens = []
                for _ in range(body.get("max_tokens", 16)):
                    tokens.append(drawn(scorer.laws(prompt + tokens)[-1], body, generator))
                    if tokens[-1] == tokenizer.eos_token_id:
                        choice["finish_reason"] = "stop"
                        break
                choice |= {"token_ids": tokens, "text": tokenizer.decode(tokens)}
            return {"object": "text_completion", "model": name, "choices": [choice]}

    return Handler


def serve(model, tokenizer, name, batch_size=8, port=0):
    """A server of a model that has not begun to answer; port 0 is any free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), handler(Scorer(model, batch_size), tokenizer, name))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model")
    arguments.add_argument("--adapter", help="a LoRA adapter for peft")
    arguments.add_argument("--port", type=int, default=8000)
    arguments.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments.add_argument("--batch-size", type=int, default=8)
    options = arguments.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype)).to(options.device).eval()
    if options.adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, options.adapter)
    server = serve(model, tokenizer, options.model, options.batch_size, options.port)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
