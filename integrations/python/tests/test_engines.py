"""Spark with two executors and Ray with two workers against one machine: the same reports, also where a worker is killed."""

import gzip
import json
import math
import os
import pathlib
import signal

import pytest

import skewmem

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROOT = pathlib.Path(__file__).resolve().parents[3]
CAPTURES = ROOT / "notebooks-export" / "captures"
FIELDS = ("id", "token_logprobs", "ranks", "repetitions")


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """240 records in four Parquet files, and as one file of lines."""
    folder = tmp_path_factory.mktemp("captures")
    rows = []
    for name in ("jargon-train-epoch06", "jargon-train-epoch12"):
        for line in open(CAPTURES / f"{name}.jsonl", encoding="utf-8"):
            record = {key: value for key, value in json.loads(line).items() if key in FIELDS}
            rows.append(record | {"id": f"{name}/{record['id']}"})
    (folder / "tables").mkdir()
    for part in range(4):
        parquet.write_table(pyarrow.Table.from_pylist(rows[60 * part : 60 * part + 60]), folder / "tables" / f"part-{part}.parquet")
    with open(folder / "all.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """Windows of two works in one table, in turn, and each work's own file."""
    folder = tmp_path_factory.mktemp("windows")
    rows = {}
    keys = ("id", "document", "start", "token_logprobs", "reference_token_ids", "document_tokens", "token_offsets")
    for name in ("bsd", "us-declaration"):
        with gzip.open(CAPTURES / "works" / "smollm2-135m" / f"{name}.windows.jsonl.gz", "rt", encoding="utf-8") as file:
            rows[name] = [{key: json.loads(line).get(key) for key in keys} for line in file]
        with open(folder / f"{name}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows[name])
    mixed = sorted((row for own in rows.values() for row in own), key=lambda row: (row["start"], row["document"]))
    (folder / "tables").mkdir()
    parquet.write_table(pyarrow.Table.from_pylist(mixed), folder / "tables" / "all.parquet")
    return folder


def values(report):
    return {key: value for key, value in report.to_dict().items() if key not in ("files", "provenance", "fits")}


def alike(a, b, place="report"):
    """Sums of parts are those of the whole to rounding."""
    if isinstance(a, dict):
        assert a.keys() == b.keys(), place
        for key in a:
            alike(a[key], b[key], f"{place}.{key}")
    elif isinstance(a, list):
        assert len(a) == len(b), place
        for index, pair in enumerate(zip(a, b)):
            alike(*pair, f"{place}[{index}]")
    elif isinstance(a, float) and isinstance(b, (int, float)):
        assert math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-13), (place, a, b)
    else:
        assert a == b, (place, a, b)


def check_summary(path, captures):
    alike(values(skewmem.audit(captures / "all.jsonl")), values(skewmem.audit(path)))


def check_works(folder, windows):
    for name in ("bsd", "us-declaration"):
        own = json.loads((folder / f"{name}.json").read_text())
        assert own["works"] == skewmem.works(windows / f"{name}.jsonl").works


def search_path():
    """The package and these tests, for processes on which code from here runs."""
    folders = [str(pathlib.Path(skewmem.__file__).parents[1]), str(pathlib.Path(__file__).parent), os.environ.get("PYTHONPATH")]
    return os.pathsep.join(filter(None, folders))


class Fragile:
    """Kills its process the first time that it sees a batch: whoever runs it has to try again."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __call__(self, value):
        if not os.path.exists(self.marker):
            open(self.marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return value


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark")
    from pyspark.sql import SparkSession

    import sys

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
    builder = builder.config("spark.executorEnv.PYTHONPATH", search_path()).config("spark.executorEnv.SKEWMEM", os.environ.get("SKEWMEM", ""))
    # A file a partition.
    builder = builder.config("spark.sql.files.openCostInBytes", "134217728")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def test_spark(spark, captures, windows, tmp_path):
    import skewmem.spark

    frame = spark.read.parquet(str(captures / "tables"))
    assert frame.rdd.getNumPartitions() >= 2
    skewmem.spark.summarize(frame, str(tmp_path / "all.summary"), parts=str(tmp_path / "parts"))
    kept = sorted((tmp_path / "parts").iterdir())
    assert len(kept) >= 2 and all(path.suffix == ".summary" for path in kept)
    rows = {line["id"]: line for line in map(json.loads, open(captures / "all.jsonl", encoding="utf-8"))}
    # In the order in which Spark takes the files, which is not that of their names.
    order = [row.id for row in frame.select("id").collect()]
    ordered = tmp_path / "ordered"
    ordered.mkdir()
    with open(ordered / "all.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(rows[name]) + "\n" for name in order)
    check_summary(tmp_path / "all.summary", ordered)
    # What is kept is not summed up again: a part that is another's shows.
    kept[1].write_bytes(kept[0].read_bytes())
    skewmem.spark.summarize(frame, str(tmp_path / "again.summary"), parts=str(tmp_path / "parts"))
    assert skewmem.audit(tmp_path / "again.summary").survival != skewmem.audit(tmp_path / "all.summary").survival
    skewmem.spark.works(spark.read.parquet(str(windows / "tables")), str(tmp_path / "works"))
    check_works(tmp_path / "works", windows)


def test_spark_with_a_killed_worker(spark, captures, tmp_path):
    import skewmem.spark

    fragile = Fragile(tmp_path / "killed")

    def pass_on(batches):
        for batch in batches:
            yield fragile(batch)

    frame = spark.read.parquet(str(captures / "tables"))
    skewmem.spark.summarize(frame.mapInArrow(pass_on, frame.schema), str(tmp_path / "killed.summary"))
    skewmem.spark.summarize(frame, str(tmp_path / "all.summary"))
    assert (tmp_path / "killed").exists()
    assert (tmp_path / "killed.summary").read_bytes() == (tmp_path / "all.summary").read_bytes()


def test_spark_names_what_is_wrong(spark, tmp_path):
    import skewmem.spark

    frame = spark.createDataFrame([("a", [0.5])], "id string, token_logprobs array<double>")
    with pytest.raises(Exception, match="token_logprobs"):
        skewmem.spark.summarize(frame, str(tmp_path / "none.summary"))
    with pytest.raises(Exception, match="there is no column id"):
        skewmem.spark.summarize(frame.drop("id"), str(tmp_path / "none.summary"))
    assert not (tmp_path / "none.summary").exists()


@pytest.fixture(scope="module")
def ray():
    engine = pytest.importorskip("ray")
    engine.data = pytest.importorskip("ray.data")
    variables = {"PYTHONPATH": search_path(), "SKEWMEM": os.environ.get("SKEWMEM", "")}
    engine.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": variables})
    yield engine
    engine.shutdown()


def test_ray(ray, captures, windows, tmp_path):
    import skewmem.ray

    tables = [str(path) for path in sorted((captures / "tables").iterdir())]
    dataset = ray.data.read_parquet(tables)
    skewmem.ray.summarize(dataset, str(tmp_path / "all.summary"), parts=str(tmp_path / "parts"), batch_size=100)
    assert len(list((tmp_path / "parts").iterdir())) == 3
    check_summary(tmp_path / "all.summary", captures)
    skewmem.ray.works(ray.data.read_parquet(str(windows / "tables")), str(tmp_path / "works"))
    check_works(tmp_path / "works", windows)


def test_ray_with_a_killed_worker(ray, captures, tmp_path):
    import skewmem.ray

    tables = [str(path) for path in sorted((captures / "tables").iterdir())]
    fragile = Fragile(tmp_path / "killed")
    dataset = ray.data.read_parquet(tables).map_batches(lambda table: fragile(table), batch_format="pyarrow", batch_size=60)
    skewmem.ray.summarize(dataset, str(tmp_path / "killed.summary"), batch_size=100)
    assert (tmp_path / "killed").exists()
    check_summary(tmp_path / "killed.summary", captures)
