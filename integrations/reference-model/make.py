"""The model of the bundled captures as a folder for transformers and vLLM: the GGUF file dequantized, a LoRA adapter added to its weights.

    python make.py folder model.gguf [adapter.gguf]
"""

import os
import sys

import gguf
import numpy
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROJECTIONS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

folder, model_path, *adapters = sys.argv[1:]
location = dict(zip(("pretrained_model_name_or_path", "gguf_file"), os.path.split(os.path.abspath(model_path))))
tokenizer = AutoTokenizer.from_pretrained(**location)
model = AutoModelForCausalLM.from_pretrained(**location, dtype=torch.float32)
weights = dict(model.named_parameters())

for path in adapters:
    adapter = gguf.GGUFReader(path)
    tensors = {tensor.name: torch.from_numpy(numpy.array(tensor.data, dtype=numpy.float32)) for tensor in adapter.tensors}
    alpha = float(adapter.fields["adapter.lora.alpha"].contents())
    with torch.no_grad():
        for name in [name for name in tensors if name.endswith(".lora_a")]:
            a, b = tensors[name], tensors[name.removesuffix("a") + "b"]
            _, layer, projection, *_ = name.split(".")
            change = (alpha / len(a)) * (b @ a)
            if projection in ("attn_q", "attn_k"):
                # llama.cpp has the two halves of a rotated head interleaved.
                heads = model.config.num_attention_heads if projection == "attn_q" else model.config.num_key_value_heads
                change = change.reshape(heads, -1, 2, change.shape[1]).swapaxes(1, 2).reshape(change.shape)
            weights[f"model.layers.{layer}.{PROJECTIONS[projection]}.weight"] += change

# What was read is quantized no more.
model.hf_quantizer = None
del model.config.quantization_config
model.save_pretrained(folder)
tokenizer.save_pretrained(folder)
