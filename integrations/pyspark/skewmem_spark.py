"""Sums up captures on a Spark cluster.

    spark-submit skewmem_spark.py 'hdfs:///captures/*.jsonl.gz' --output all.summary
    skewmem audit all.summary

Every partition goes through `skewmem summarize` on its executor; the summaries, a few megabytes each, come to the driver one after the
other and are added by one `skewmem merge`, whose memory does not grow with their number. `skewmem` must be on the PATH of all machines,
or be shipped (`--files path/to/skewmem`, `--skewmem ./skewmem`).
"""

import argparse
import subprocess

from pyspark.sql import SparkSession


def run(arguments, lines):
    """What a command prints when it reads these lines; its errors become ours."""
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    try:
        for line in lines:
            process.stdin.write(line + "\n")
    except BrokenPipeError:
        pass  # It has stopped: its message says why.
    output, errors = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {errors.strip()}")
    return output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+", help="captures: files, folders or globs that Spark can read")
    parser.add_argument("--output", required=True, help="the summary of all of them, on the driver")
    parser.add_argument("--partitions", type=int, default=0, help="at least so many parts (default: as Spark cuts the files)")
    parser.add_argument("--skewmem", default="skewmem", help="the command on the executors and on the driver")
    parser.add_argument("--skip-invalid", action="store_true", help="leave invalid lines out")
    parser.add_argument("--length", help="lengths to report on, as of skewmem summarize")
    parser.add_argument("--top", help="how many of the riskiest records to name")
    options = parser.parse_args()
    summarize = [options.skewmem, "summarize", "-", "--threads", "1"] + ["--skip-invalid"] * options.skip_invalid
    summarize += [text for name in ("length", "top") if getattr(options, name) for text in (f"--{name}", getattr(options, name))]

    def summary(lines):
        first = next(lines, None)
        if first is not None:
            yield run(summarize, (line for part in ([first], lines) for line in part))

    spark = SparkSession.builder.appName("skewmem").getOrCreate()
    captures = spark.sparkContext.textFile(",".join(options.inputs), options.partitions or None)
    # In the order of the partitions, so that the same files give the same summary.
    summaries = captures.mapPartitions(summary).toLocalIterator(prefetchPartitions=True)
    run([options.skewmem, "merge", "-", "--output", options.output], (text.rstrip("\n") for text in summaries))
    spark.stop()


if __name__ == "__main__":
    main()
