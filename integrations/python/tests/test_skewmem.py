"""The package against the command line, on the bundled captures."""

import json
import os
import pathlib
import subprocess

import numpy
import pytest

import skewmem
from skewmem import _program

ROOT = pathlib.Path(__file__).resolve().parents[3]
CAPTURES = ROOT / "notebooks-export" / "captures"
CAPTURE = CAPTURES / "jargon-train-epoch06.jsonl"
HELD_OUT = CAPTURES / "jargon-heldout-epoch06.jsonl"


def records(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def without_files(report):
    return {name: value for name, value in report.to_dict().items() if name not in ("files", "provenance")}


def open_files():
    return len(os.listdir("/proc/self/fd"))


def test_a_path_gives_the_numbers_of_the_command_line():
    report = skewmem.audit(CAPTURE, replicates=100)
    printed = subprocess.run([_program.program(), "audit", str(CAPTURE), "--replicates", "100", "-f", "json", "-q"], capture_output=True, check=True)
    assert without_files(report) == {k: v for k, v in json.loads(printed.stdout).items() if k not in ("files", "provenance")}
    assert report.tokens == 7333 and report.records_at_risk[0]["id"] == "jargon-0064"
    assert "<html" in report.html and "iframe" in report._repr_html_()
    with pytest.raises(AttributeError, match="has no nonsense"):
        report.nonsense


@pytest.mark.parametrize("form", ["list", "generator", "frame", "table"])
def test_every_form_gives_the_same(form):
    rows = records(CAPTURE)
    if form == "generator":
        capture = (row for row in rows)
    elif form == "frame":
        capture = pytest.importorskip("pandas").DataFrame(rows)
    elif form == "table":
        columns = [{name: row.get(name) for name in ("id", "token_logprobs", "ranks")} for row in rows]
        capture = pytest.importorskip("pyarrow").Table.from_pylist(columns)
    else:
        capture = rows
    report = skewmem.audit(capture, replicates=100)
    expected = skewmem.audit(CAPTURE, replicates=100)
    assert report.survival == expected.survival and report.maximum == expected.maximum


def test_arrays_and_held_out_records_in_memory():
    values = numpy.full((20, 8), -0.5)
    values[3, 5:] = numpy.nan
    report = skewmem.audit({"token_logprobs": values}, replicates=100)
    assert report.tokens == 157 and report.max_length == 8
    both = skewmem.audit(records(CAPTURE), held_out=records(HELD_OUT), replicates=100)
    assert both.controls["controls"] == 120
    assert both.controls["lengths"] == skewmem.audit(CAPTURE, held_out=str(HELD_OUT), replicates=100).controls["lengths"]


def test_errors_name_file_line_and_field():
    with pytest.raises(skewmem.DataError) as caught:
        skewmem.audit([{"id": "a", "token_logprobs": [-1.0]}, {"id": "b", "token_logprobs": [0.5]}])
    assert caught.value.line == 2 and caught.value.field == "token_logprobs[0]"
    with pytest.raises(skewmem.UsageError):
        skewmem.audit(CAPTURE, no_such_option=1)
    with pytest.raises(skewmem.DataError):
        skewmem.audit("/no/such/file")
    with pytest.raises(TypeError):
        skewmem.audit([1, 2])


def test_nothing_is_left_behind():
    before = open_files()

    def broken():
        yield {"id": "a", "token_logprobs": [-1.0]}
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            skewmem.audit(broken(), held_out=records(HELD_OUT))
        with pytest.raises(skewmem.DataError):
            skewmem.audit([{"id": "a"}], held_out=records(HELD_OUT))
    assert open_files() == before
    children = subprocess.run(["pgrep", "-P", str(os.getpid()), "skewmem"], capture_output=True, text=True).stdout.split()
    assert children == []


def test_a_frame_of_records():
    pandas = pytest.importorskip("pandas")
    table = skewmem.metrics(CAPTURE).records
    assert isinstance(table, pandas.DataFrame) and len(table) == 120 and "metrics.loss" in table.columns
    assert len(skewmem.audit(CAPTURE, top=7, replicates=100).records) == 7


def test_other_commands():
    assert skewmem.plan(records=1000, risky=10).to_dict()["schema"] == "skewmem.plan/1"
    assert len(skewmem.predict(CAPTURE, length=[8, 16]).to_dict()["grid"]) > 0
    report = skewmem.calibrate([{"outcome": True, "probability": 0.8}, {"outcome": False, "probability": 0.3}])
    assert report.parts[0]["count"] == 2
    assert "skewmem" in skewmem.version()


def close(found, expected):
    """Whether two reports are equal, numbers to rounding."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(close(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    # Numbers that are whole are written as such; maxima of fits agree to half the digits.
    return found == (pytest.approx(expected, rel=1e-6, abs=1e-12) if type(expected) in (int, float) else expected)


def test_tables_are_captures(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, ipc, parquet

    table = pyarrow.Table.from_pylist(records(CAPTURE))
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=50)
    feather.write_feather(table, str(tmp_path / "a.feather"))
    with ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    expected = without_files(skewmem.audit(CAPTURE, replicates=100))
    for name in ("a.parquet", "a.feather", "a.arrow"):
        # Parts are cut elsewhere, and sums rounded otherwise.
        assert close(without_files(skewmem.audit(tmp_path / name, replicates=100)), expected)
    assert close(without_files(skewmem.audit(table.slice(10, 100), replicates=100)), without_files(skewmem.audit(records(CAPTURE)[10:110], replicates=100)))
    # Other names, and the command line.
    renamed = table.rename_columns(["lp" if name == "token_logprobs" else name for name in table.column_names])
    parquet.write_table(renamed, tmp_path / "b.parquet")
    assert close(without_files(skewmem.audit(tmp_path / "b.parquet", columns={"token_logprobs": "lp"}, replicates=100)), expected)
    made = subprocess.run([_program.program(), "convert", str(tmp_path / "b.parquet"), "--columns", "token_logprobs=lp"],
                          capture_output=True, check=True, env=_program.environment())
    assert close(without_files(skewmem.audit((json.loads(line) for line in made.stdout.splitlines()), replicates=100)), expected)
    with pytest.raises(skewmem.DataError, match="no column nonsense"):
        skewmem.audit(tmp_path / "b.parquet", columns={"token_logprobs": "nonsense"})
    (tmp_path / "c.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:3000])
    with pytest.raises(skewmem.DataError, match="c.parquet"):
        skewmem.audit(tmp_path / "c.parquet")


def test_columns_of_every_kind():
    pyarrow = pytest.importorskip("pyarrow")
    from skewmem import tables

    single = numpy.array([-0.1, -1e-30, -3.4e38], dtype=numpy.float32)
    columns = {
        "id": pyarrow.array(['a "quoted" \\ name', "ü\n", None]).dictionary_encode(),
        "token_logprobs": pyarrow.array([list(single), [], None], type=pyarrow.list_(pyarrow.float32())),
        "padded": pyarrow.array([[-1.0, float("nan")], [-float("inf")], [0.0]]),
        "ranks": pyarrow.array([[0, 5], [None], [2**62]]),
        "fixed": pyarrow.array([[1.5, 2.5]] * 3, type=pyarrow.list_(pyarrow.float64(), 2)),
        "epoch": pyarrow.array([1, None, 3], type=pyarrow.int8()),
        "weight": pyarrow.array([float("nan"), 0.1, 1e300]),
        "flag": pyarrow.array([True, None, False]),
        "pairs": pyarrow.array([[[1.0, -2.0]], None, []]),
    }
    whole = pyarrow.RecordBatch.from_pydict(columns)
    expected = [
        {"id": 'a "quoted" \\ name', "token_logprobs": [float(x) for x in single], "padded": [-1.0], "ranks": [0, 5], "fixed": [1.5, 2.5], "epoch": 1,
         "flag": True, "pairs": [[1.0, -2.0]]},
        {"id": "ü\n", "token_logprobs": [], "padded": ["-Infinity"], "ranks": [None], "fixed": [1.5, 2.5], "weight": 0.1},
        {"padded": [0.0], "ranks": [2**62], "fixed": [1.5, 2.5], "epoch": 3, "weight": 1e300, "flag": False, "pairs": []},
    ]
    for batch, rows in ((whole, expected), (whole.slice(1), expected[1:]), (whole.slice(0, 2), expected[:2]), (whole.slice(2, 0), [])):
        assert [json.loads(line) for line in b"".join(tables.lines([batch])).splitlines()] == rows
    # Names where there are none, through several batches.
    bare = pyarrow.RecordBatch.from_pydict({"token_logprobs": [[-1.0]] * 2})
    assert [json.loads(line)["id"] for line in b"".join(tables.lines([bare, bare])).splitlines()] == ["row-0", "row-1", "row-2", "row-3"]


def test_scoring_a_model():
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1)
    model = transformers.LlamaForCausalLM(config).eval()
    rows = [{"id": f"r{i}", "prefix_token_ids": [1, 2 + i], "reference_token_ids": [3, 4, 5 + i][: 1 + i]} for i in range(3)]
    scored = list(skewmem.score(model, None, rows, batch_size=2))
    for row, record in zip(rows, scored):
        tokens = torch.tensor([row["prefix_token_ids"] + row["reference_token_ids"]])
        logs = torch.log_softmax(model(tokens).logits[0].double(), -1)
        own = [float(logs[1 + step, token]) for step, token in enumerate(row["reference_token_ids"])]
        assert numpy.allclose(record["token_logprobs"], own, rtol=1e-5)
    assert skewmem.audit_model(model, None, rows, replicates=100).tokens == 6
    with pytest.raises(ValueError, match="record 1"):
        list(skewmem.score(model, None, [{"id": "a"}]))


def test_nan_is_padding_at_the_end_of_an_array_only():
    rows = numpy.array([[-0.1, -0.2, -0.3], [-0.1, numpy.nan, numpy.nan]])
    report = skewmem.audit({"token_logprobs": rows})
    assert {record["id"]: record["length"] for record in report.records_at_risk} == {"row-0": 3, "row-1": 1}
    pandas = pytest.importorskip("pandas")
    broken = [-0.1, float("nan"), -9.0]
    for capture in (
        [{"id": "a", "token_logprobs": broken}], [{"id": "a", "token_logprobs": numpy.array(broken)}], [{"id": "a", "token_logprobs": [-0.1, float("nan")]}],
        {"token_logprobs": numpy.array([broken])}, pandas.DataFrame({"id": ["a"], "token_logprobs": [broken]}),
    ):
        with pytest.raises(skewmem.DataError) as raised:
            skewmem.audit(capture)
        assert raised.value.line == 1 and raised.value.field == "token_logprobs[1]"


def test_lengths_and_offsets_of_arrays():
    padded = numpy.array([[-0.1, -0.2, -0.4], [-0.1, 0, 0]])
    flat = numpy.array([-0.1, -0.2, -0.4, -0.1])
    expected = without_files(skewmem.audit([{"id": "row-0", "token_logprobs": [-0.1, -0.2, -0.4]}, {"id": "row-1", "token_logprobs": [-0.1]}]))
    assert without_files(skewmem.audit({"token_logprobs": padded, "lengths": numpy.array([3, 1])})) == expected
    assert without_files(skewmem.audit({"token_logprobs": flat, "offsets": numpy.array([0, 3, 4])})) == expected
    with pytest.raises(ValueError, match="different lengths"):
        skewmem.audit({"token_logprobs": padded, "lengths": [3, 1, 2]})


def test_columns_in_memory():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": ["a"], "logprobs": [[-0.1, -0.2]], "when": [pandas.Timestamp("2020-01-01")]})
    expected = without_files(skewmem.audit([{"id": "a", "token_logprobs": [-0.1, -0.2]}]))
    for capture in (frame, frame.to_dict("records"), {"name": ["a"], "logprobs": [[-0.1, -0.2]]}):
        assert without_files(skewmem.audit(capture, columns={"id": "name", "token_logprobs": "logprobs"})) == expected
    with pytest.raises(ValueError, match="there is no column missing"):
        skewmem.audit(frame, columns={"id": "missing"})


def test_arguments_are_checked():
    rows = [{"id": "a", "token_logprobs": [-0.1, -0.2]}]
    for arguments in ({"no_text": "yes"}, {"output": "report.json"}, {"format": "html"}, {"colour": True}):
        with pytest.raises(skewmem.UsageError):
            skewmem.audit(rows, **arguments)
    for capture in (None, 3):
        with pytest.raises(skewmem.UsageError):
            skewmem.audit(capture)
    assert skewmem.audit(rows, top=numpy.int64(1), length=numpy.array([1, 2])).to_dict()["records"] == 1
    with pytest.raises(skewmem.DataError) as raised:
        skewmem.audit(rows, held_out=[{"id": "b", "token_logprobs": [0.5]}])
    assert raised.value.file == "held_out" and raised.value.line == 1
