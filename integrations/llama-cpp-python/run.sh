#!/usr/bin/env bash
# A capture from a real llama-cpp-python server, beside what transformers says of the same model: integrations/llama-cpp-python/run.sh [ADAPTER]
# The server is off by one for models without a beginning-of-text token: the model is given one here, and without it the answers must be refused.
set -euo pipefail
cd "$(dirname "$0")/../.."

integrations/reference-model/make.sh "${1:-}" folder
integrations/environment llama-cpp-python "llama-cpp-python[server]"
work=.build/integration
# It sorts the whole vocabulary for each token: a few records do.
python3 -c 'import itertools, json, sys
texts, tokens = open(sys.argv[1], "w"), open(sys.argv[2], "w")
for line in itertools.islice(sys.stdin, 16):
  record = json.loads(line)
  print(json.dumps({key: record[key] for key in ("id", "prefix", "reference")}), file=texts)
  record["prefix_token_ids"].insert(0, 1)
  print(json.dumps({key: record[key] for key in ("id", "prefix_token_ids", "reference_token_ids")}), file=tokens)' \
  $work/few.jsonl $work/few-tokens.jsonl < $work/expected.jsonl
$work/huggingface/bin/python integrations/huggingface/score.py $work/model $work/few-tokens.jsonl $work/few-expected.jsonl 2> /dev/null

server() { echo "$work/llama-cpp-python/bin/python -m llama_cpp.server --logits_all true --n_ctx 1024 --verbose false --port 8183 --model $work/model.gguf $* $([ ! -e $work/adapter.gguf ] || echo --lora_path $work/adapter.gguf)"; }
address=http://localhost:8183
integrations/serve llama-cpp-python $address/v1/models \
  "integrations/capture_and_compare llama-cpp-python $address $work/few.jsonl $work/few-expected.jsonl --median=0.1,--mean=0.05 --concurrency 1" \
  $(server --kv_overrides tokenizer.ggml.add_bos_token=bool:true)
integrations/serve llama-cpp-python $address/v1/models "integrations/llama-cpp-python/refused $address" $(server)
