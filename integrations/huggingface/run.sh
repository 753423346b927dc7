#!/usr/bin/env bash
# score.py with the model of a committed capture, beside that: integrations/huggingface/run.sh [ADAPTER]
set -euo pipefail
cd "$(dirname "$0")/../.."

integrations/reference-model/make.sh "${1:-}" folder
expected=.build/integration/expected.jsonl
captured=.build/integration/huggingface.jsonl
begun=$(date +%s)
# From the texts: token ids are the script's to find.
python3 -c 'import json, sys
for line in sys.stdin: print(json.dumps({key: value for key, value in json.loads(line).items() if "token" not in key}))' \
  < $expected > .build/integration/texts.jsonl
.build/integration/huggingface/bin/python integrations/huggingface/score.py .build/integration/model .build/integration/texts.jsonl $captured --activations 0,1,15,29 \
  --attention 2> /dev/null
echo "seconds: $(($(date +%s) - begun))"
# The same weights in single precision; the adapter's were rounded to half precision.
python3 integrations/compare.py $expected $captured --equal=0.99 --median=1e-4 --mean=1e-4
# What hooks saw, beside a pass for each record alone.
.build/integration/huggingface/bin/python integrations/huggingface/check_inside.py .build/integration/model $captured 2> /dev/null
.build/release/skewmem audit $captured > /dev/null
.build/release/skewmem probe $captured --activations .build/integration/huggingface.activations.safetensors --length 8 --threshold 0.1 > /dev/null
.build/release/skewmem drivers $captured --attention .build/integration/huggingface.attention.safetensors > /dev/null
