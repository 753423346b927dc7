"""What goes on inside a transformers model while score.py scores: activations, attention, and features that are held still.

Activations are those of the residual stream: `layer.0` is the embedding, `layer.k` what block k puts out (before a norm at the end). Attention is
looked at from the positions that predict the reference, over the prefix.
"""

import json
import os
import struct

import torch


def blocks(model):
    """The blocks of a causal model, in their order: the list of modules that is as long as the model is deep."""
    depth = model.config.get_text_config().num_hidden_layers
    found = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList) and len(module) == depth]
    if not found:
        raise ValueError(f"the model has no list of {depth} blocks")
    return list(found[0])


def streams(model):
    """The modules whose output is the residual stream, from layer.0 on."""
    return [model.get_input_embeddings(), *blocks(model)]


def layer_numbers(text, model):
    """`all`, or numbers with commas; a negative one counts from the end."""
    count = len(streams(model))
    try:
        numbers = list(range(count)) if text == "all" else [int(part.strip().removeprefix("layer.")) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--activations {text}: layers are all, or numbers with commas") from None
    if any(not -count <= number < count for number in numbers):
        raise ValueError(f"layers are 0 (the embedding) to {count - 1}")
    return sorted({number % count for number in numbers})


class Tensors:
    """A safetensors file that is written row by row: each tensor to a file of its own until the number of rows is known."""

    def __init__(self, path, kind="float32"):
        self.dtype, self.code = getattr(torch, kind), {"float32": "F32", "float16": "F16"}[kind]
        self.path, self.files, self.shapes, self.rows, self.ids, self.sums, self.ends = path, {}, {}, {}, [], [], [0]

    def add(self, name, values):
        """Rows of one tensor."""
        if name not in self.files:
            self.files[name] = open(f"{self.path}.{name}.partial", "w+b")
            self.shapes[name], self.rows[name] = list(values.shape[1:]), 0
        self.files[name].write(values.detach().to("cpu", self.dtype).contiguous().numpy().tobytes())
        self.rows[name] += values.shape[0]

    def name(self, record):
        self.ids.append(record["id"])
        total = sum(record["token_logprobs"])
        self.sums.append(round(total, 4) if total > -1e300 else -1e300)

    def finish(self, offsets):
        parts = {name: [self.rows[name], *self.shapes[name]] for name in self.files}
        # The sum of ln p of each record says which capture these are of.
        metadata = {"ids": json.dumps(self.ids, ensure_ascii=False), "log_probabilities": json.dumps(self.sums)}
        header, begin = {"__metadata__": metadata}, 0
        for name, shape in parts.items():
            size = self.files[name].tell()
            header[name] = {"dtype": self.code, "shape": shape, "data_offsets": [begin, begin + size]}
            begin += size
        if offsets:
            header["offsets"] = {"dtype": "I64", "shape": [len(self.ends)], "data_offsets": [begin, begin + 8 * len(self.ends)]}
        text = json.dumps(header, ensure_ascii=False).encode()
        text += b" " * (-len(text) % 8)
        with open(self.path + ".partial", "wb") as output:
            output.write(struct.pack("<Q", len(text)) + text)
            for file in self.files.values():
                file.seek(0)
                while chunk := file.read(1 << 22):
                    output.write(chunk)
            if offsets:
                output.write(struct.pack(f"<{len(self.ends)}q", *self.ends))
        os.replace(self.path + ".partial", self.path)
        self.close()

    def close(self):
        for name, file in self.files.items():
            file.close()
            if os.path.exists(f"{self.path}.{name}.partial"):
                os.remove(f"{self.path}.{name}.partial")
        self.files = {}


class Activations:
    """Keeps what layers put out, and pools it over the positions that predict a record's reference."""

    def __init__(self, model, layers, pooling, path, kind):
        self.pooling, self.tensors, self.outputs = pooling, Tensors(path, kind), {}
        modules = streams(model)
        for number in layers:
            modules[number].register_forward_hook(self.hook(number))

    def hook(self, number):
        def keep(module, inputs, output):
            self.outputs[number] = output[0] if isinstance(output, tuple) else output

        return keep

    def add(self, records):
        for row, record in enumerate(records):
            begin = len(record["prefix_token_ids"])
            # The state at a position is of what comes after it: the last of the prefix predicts the first token.
            places = slice(begin - 1, begin + len(record["reference_token_ids"]) - 1)
            for number, output in self.outputs.items():
                states = output[row, places].float()
                pooled = {"mean": lambda: states.mean(0, keepdim=True), "last": lambda: states[:1], "per-token": lambda: states}[self.pooling]()
                self.tensors.add(f"layer.{number}", pooled)
            self.tensors.name(record)
            self.tensors.ends.append(self.tensors.ends[-1] + len(record["reference_token_ids"]))
        self.outputs = {}

    def finish(self):
        self.tensors.finish(offsets=self.pooling == "per-token")


class Attention:
    """By layer and head, the mean over the positions that predict the reference of: the share of attention on the prefix, the largest weight on one
    of its tokens, and the entropy (in nats) of the weights on it, brought to the sum 1."""

    def __init__(self, path):
        self.tensors = Tensors(path)

    def add(self, records, attentions):
        for row, record in enumerate(records):
            begin = len(record["prefix_token_ids"])
            end = begin + len(record["reference_token_ids"]) - 1
            weights = torch.stack([layer[row, :, begin - 1 : end, :begin].float() for layer in attentions])
            mass = weights.sum(-1)
            shares = weights / mass.unsqueeze(-1).clamp(min=1e-30)
            for name, values in (("prefix_mass", mass), ("maximum", weights.amax(-1)), ("entropy", torch.special.entr(shares).sum(-1))):
                self.tensors.add(f"attention.{name}", values.mean(-1).unsqueeze(0))
            self.tensors.name(record)

    def finish(self):
        self.tensors.finish(offsets=False)


def ablate(model, path, name):
    """Sets the features of one set of `skewmem probe --features` to their means, at every position; what records are marked with."""
    try:
        with open(path, encoding="utf-8") as file:
            described = json.load(file)
    except ValueError:
        described = None
    if not isinstance(described, dict) or described.get("schema") != "skewmem.features/1":
        raise ValueError(f"{path}: is no file of skewmem probe --features")
    sets = {entry["name"]: entry for entry in described["sets"]}
    if name not in sets:
        raise ValueError(f"{path}: has no set {name}; there are {', '.join(sets)}")
    label, _, number = described["layer"].rpartition(".")
    modules = streams(model)
    if label != "layer" or not number.isdigit() or int(number) >= len(modules):
        raise ValueError(f"{path}: is of {described['layer']}, and the model has layer.0 to layer.{len(modules) - 1}")
    features = torch.tensor(sets[name]["features"], device=model.device)
    means = torch.tensor(sets[name]["means"], device=model.device)

    def hold(module, inputs, output):
        states = (output[0] if isinstance(output, tuple) else output).clone()
        states[..., features] = means.to(states.dtype)
        return (states, *output[1:]) if isinstance(output, tuple) else states

    modules[int(number)].register_forward_hook(hold)
    return f"without {described['layer']} {name}"
