"""Captures in the forms in which Python has them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional, Union

from . import tables

Capture = Union[str, "os.PathLike[str]", Iterable[Mapping[str, Any]], Mapping[str, Any], Any]


def is_path(capture: Capture) -> bool:
    """Whether a capture is the name of a file or folder."""
    return isinstance(capture, (str, os.PathLike))


def lines(capture: Capture, columns: Optional[Mapping[str, str]] = None) -> Iterator[bytes]:
    """The lines of a capture that is no path, as JSON.

    capture: an iterable of mappings (a list, a generator, a `datasets.Dataset`), each with an `id`; a pandas DataFrame or an Arrow table, a row a record;
    or a mapping of columns to equally long sequences, such as numpy arrays. columns: the names of columns by the fields that they hold, where they have
    other names. The rows of an array are as long as `lengths` says, or begin at `offsets`, or else end where all that follows is NaN. NaN before other
    values is refused.
    """
    if hasattr(capture, "to_batches") and hasattr(capture, "to_pylist"):  # an Arrow table
        yield from tables.lines(capture.to_batches(max_chunksize=10_000), columns)
        return
    names = {column: field for field, column in (columns or {}).items()}
    for number, record in enumerate(_records(capture)):
        if names:
            missing = names.keys() - record.keys()
            if missing and number == 0:
                raise ValueError(f"there is no column {', '.join(sorted(missing))}; there are {', '.join(map(str, record))}")
            record = {names.get(name, name): value for name, value in record.items() if name in names or name not in names.values()}
        # What is no JSON is no field of a capture, and left out by its reader.
        yield json.dumps({name: json_value(value) for name, value in record.items() if not is_missing(value)}, default=str).encode() + b"\n"


def _records(capture: Capture) -> Iterator[Mapping[str, Any]]:
    if hasattr(capture, "columns") and hasattr(capture, "itertuples"):  # a DataFrame
        names = [str(name) for name in capture.columns]
        for row in capture.itertuples(index=False, name=None):
            yield dict(zip(names, row))
    elif isinstance(capture, Mapping):
        yield from _rows({name: capture[name] for name in capture})
    else:
        for record in capture:
            if not isinstance(record, Mapping):
                raise TypeError(f"a record is a mapping, not {type(record).__name__}")
            yield record


def _rows(columns: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The records of columns: `lengths` are those of the rows of two-dimensional ones, `offsets` where each begins in one-dimensional ones, and the last ends."""
    lengths, offsets = columns.pop("lengths", None), columns.pop("offsets", None)
    flat = set()
    if offsets is not None:
        flat = {name for name, column in columns.items() if len(column) == offsets[-1] and getattr(column, "ndim", 1) == 1}
    sizes = {name: len(column) for name, column in columns.items() if name not in flat}
    if offsets is not None:
        sizes["offsets"] = len(offsets) - 1
    if lengths is not None:
        sizes["lengths"] = len(lengths)
    if len(set(sizes.values())) > 1:
        raise ValueError(f"columns of different lengths: {sizes} (one record alone is a list of one mapping)")
    for index in range(next(iter(sizes.values()), 0)):
        record = {name: column[offsets[index] : offsets[index + 1]] if name in flat else column[index] for name, column in columns.items()}
        if lengths is not None:
            record = {name: value[: lengths[index]] if getattr(columns[name], "ndim", 1) > 1 else value for name, value in record.items()}
        record.setdefault("id", f"row-{index}")
        yield record


def is_missing(value: Any) -> bool:
    return value is None or isinstance(value, float) and math.isnan(value)


def json_value(value: Any, is_padded: bool = False) -> Any:
    """What JSON has in place of numpy's numbers and arrays. is_padded: whether NaN at the end of a list is padding, as in a row of an array."""
    if hasattr(value, "tolist"):
        is_padded = True
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        if all(type(element) is int or type(element) is float and -math.inf < element < math.inf for element in value):
            return value
        values = [json_value(element, is_padded) for element in value]
        while is_padded and values and isinstance(values[-1], float) and math.isnan(values[-1]):
            values.pop()
        return values
    if isinstance(value, float) and math.isinf(value):
        if value < 0:
            return "-Infinity"  # as captures write a probability of 0
        raise ValueError("a log-probability is infinite")
    return value
