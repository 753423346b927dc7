"""Captures in the forms in which Python has them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Union

from . import tables

Capture = Union[str, "os.PathLike[str]", Iterable[Mapping[str, Any]], Mapping[str, Any], Any]


def is_path(capture: Capture) -> bool:
    """Whether a capture is the name of a file or folder."""
    return isinstance(capture, (str, os.PathLike))


def lines(capture: Capture) -> Iterator[bytes]:
    """The lines of a capture that is no path, as JSON.

    capture: an iterable of mappings (a list, a generator, a `datasets.Dataset`); a pandas DataFrame or an Arrow table, a row a record; or a mapping of
    columns to equally long sequences, such as numpy arrays. In columns of arrays a row ends where its values become NaN.
    """
    if hasattr(capture, "to_batches") and hasattr(capture, "to_pylist"):  # an Arrow table
        yield from tables.lines(capture.to_batches(max_chunksize=10_000))
        return
    for record in _records(capture):
        yield json.dumps({name: json_value(value) for name, value in record.items() if not is_missing(value)}, allow_nan=False).encode() + b"\n"


def _records(capture: Capture) -> Iterator[Mapping[str, Any]]:
    if hasattr(capture, "columns") and hasattr(capture, "itertuples"):  # a DataFrame
        names = [str(name) for name in capture.columns]
        for row in capture.itertuples(index=False, name=None):
            yield dict(zip(names, row))
    elif isinstance(capture, Mapping):
        columns = {name: column for name, column in capture.items()}
        sizes = {name: len(column) for name, column in columns.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"columns of different lengths: {sizes}")
        count = next(iter(sizes.values()), 0)
        for index in range(count):
            record = {name: column[index] for name, column in columns.items()}
            record.setdefault("id", f"row-{index}")
            yield record
    else:
        for record in capture:
            if not isinstance(record, Mapping):
                raise TypeError(f"a record is a mapping, not {type(record).__name__}")
            yield record


def is_missing(value: Any) -> bool:
    return value is None or isinstance(value, float) and math.isnan(value)


def json_value(value: Any) -> Any:
    """What JSON has in place of numpy's numbers and arrays."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        values = [json_value(element) for element in value]
        # A padded row of an array ends at the first NaN.
        end = next((index for index, element in enumerate(values) if isinstance(element, float) and math.isnan(element)), len(values))
        return values[:end]
    if isinstance(value, float) and math.isinf(value):
        if value < 0:
            return "-Infinity"  # as captures write a probability of 0
        raise ValueError("a log-probability is infinite")
    return value
