#!/usr/bin/env bash
# The Spark job on two executors against the command on one machine: the same report. Needs python3 and Java; installs pyspark from PyPI
# into a folder of its own unless PYSPARK_PYTHON has it.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python="${PYSPARK_PYTHON:-}"
if [ -z "$python" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q pyspark
  python="$work/venv/bin/python"
fi
export PYSPARK_PYTHON="$python" PYSPARK_DRIVER_PYTHON="$python"
export SPARK_HOME="$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')"
export SPARK_LOCAL_IP=127.0.0.1
skewmem="$root/.build/release/skewmem"
captures="$root/notebooks-export/captures"
cat "$captures/jargon-train-epoch06.jsonl" "$captures/jargon-train-epoch12.jsonl" > "$work/all.jsonl"
head -n 150 "$work/all.jsonl" > "$work/a.jsonl"
tail -n +151 "$work/all.jsonl" | gzip > "$work/b.jsonl.gz"
"$SPARK_HOME/bin/spark-submit" --master 'local-cluster[2,1,1024]' --conf spark.ui.enabled=false \
  "$here/skewmem_spark.py" "$work/a.jsonl" "$work/b.jsonl.gz" --partitions 5 --skewmem "$skewmem" --output "$work/spark.summary" \
  2> "$work/spark.log" || { tail -n 40 "$work/spark.log" >&2; exit 1; }
grep -q "with ID 1" "$work/spark.log" || grep -q "executor 1" "$work/spark.log" || echo "note: the log does not name a second executor"
"$skewmem" audit "$work/spark.summary" --format json --output "$work/spark.json"
"$skewmem" audit "$work/all.jsonl" --format json --output "$work/one.json"
"$python" - "$work/one.json" "$work/spark.json" <<'P'
import json, math, sys

one, spark = (json.load(open(path)) for path in sys.argv[1:])
compared = 0


def compare(a, b, place):
    global compared
    if isinstance(a, dict):
        assert a.keys() == b.keys(), place
        for key in a:
            if key not in ("files", "fits"):
                compare(a[key], b[key], f"{place}.{key}")
    elif isinstance(a, list):
        assert len(a) == len(b), place
        for index, pair in enumerate(zip(a, b)):
            compare(*pair, f"{place}[{index}]")
    elif isinstance(a, float) and isinstance(b, (int, float)):
        assert math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-13), (place, a, b)
        compared += 1
    else:
        assert a == b, (place, a, b)
        compared += 1


compare(one, spark, "report")
for a, b in zip(one["fits"], spark["fits"]):
    assert a["family"] == b["family"] and math.isclose(a["log_likelihood"], b["log_likelihood"], rel_tol=1e-9)
print(f"the same report from two executors: {one['records']} records, {compared} values")
P
