"""Activations and attention of score.py beside a second computation, record by record and without hooks: check_inside.py MODEL CAPTURE [RECORDS]."""

import json
import math
import os
import sys

import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM

model_path, capture = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 10
beside = os.path.splitext(capture)[0]
activations, attention = load_file(beside + ".activations.safetensors"), load_file(beside + ".attention.safetensors")
model = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32, attn_implementation="eager").eval()
worst = 0.0
with open(capture, encoding="utf-8") as lines, torch.inference_mode():
    for row, line in zip(range(count), lines):
        record = json.loads(line)
        before, reference = record["prefix_token_ids"], record["reference_token_ids"]
        found = model(torch.tensor([before + reference]), output_hidden_states=True, output_attentions=True)
        # The last of the hidden states has gone through the norm at the end: not what the block put out.
        for number, states in enumerate(found.hidden_states[:-1]):
            if f"layer.{number}" in activations:
                own = states[0].numpy()[len(before) - 1 : len(before) + len(reference) - 1].mean(0)
                worst = max(worst, np.abs(activations[f"layer.{number}"][row] - own).max() / np.abs(own).max())
        for layer, weights in enumerate(found.attentions):
            for head in range(weights.shape[1]):
                masses, largest, entropies = [], [], []
                for place in range(len(before) - 1, len(before) + len(reference) - 1):
                    own = [float(weight) for weight in weights[0, head, place, : len(before)]]
                    masses.append(sum(own))
                    largest.append(max(own))
                    entropies.append(-sum(weight / sum(own) * math.log(weight / sum(own)) for weight in own if weight > 0))
                for name, values in (("prefix_mass", masses), ("maximum", largest), ("entropy", entropies)):
                    own = sum(values) / len(values)
                    worst = max(worst, abs(attention[f"attention.{name}"][row, layer, head] - own) / max(1, own))
print(f"{count} records: the largest relative difference is {worst:.1e}")
# Sums of single-precision numbers in another order, through thirty blocks.
sys.exit(1 if worst > 1e-4 else 0)
