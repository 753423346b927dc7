#!/usr/bin/env bash
# A capture from a real llama.cpp server, beside the committed one of the same model: integrations/llama-cpp/run.sh [ADAPTER]
set -euo pipefail
cd "$(dirname "$0")/../.."

integrations/reference-model/make.sh "${1:-}"
integrations/environment llama-cpp xllamacpp
address=http://127.0.0.1:8181
expected=.build/integration/expected.jsonl
# The server computes with 4-bit weights and 8-bit activations, the committed capture with the same weights in single precision: the less a model knows
# of a text, the more that makes.
integrations/serve llama-cpp $address/health \
  "integrations/capture_and_compare llama-cpp $address $expected $expected --equal=0.9,--median=0.1,--mean=0.02 --concurrency 2 --draws 4" \
  .build/integration/llama-cpp/bin/python integrations/llama-cpp/serve.py 8181 .build/integration/model.gguf $(ls .build/integration/adapter.gguf 2> /dev/null)
if [ -e .build/integration/adapter.gguf ]; then
  integrations/serve llama-cpp $address/health "integrations/llama-cpp/swapped $address" \
    .build/integration/llama-cpp/bin/python integrations/llama-cpp/serve.py 8181 .build/integration/model.gguf .build/integration/adapter.gguf
fi
