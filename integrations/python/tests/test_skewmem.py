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
