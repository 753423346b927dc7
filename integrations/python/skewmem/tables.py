"""Parquet, Arrow and Feather files, and Arrow tables, as lines of a capture.

    python -m skewmem.tables table.parquet [--columns token_logprobs=logprobs,id=name] > capture.jsonl

The columns of a table are the fields of a capture, one row a record. All work on numbers is Arrow's own. Needs: pip install pyarrow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional

def batches(path: str | os.PathLike[str], rows: int = 10_000) -> Iterator[Any]:
    """The record batches of a Parquet, Arrow or Feather file, at most `rows` rows each; memory does not grow with the file."""
    import pyarrow
    from pyarrow import ipc, parquet

    with open(path, "rb") as file:
        magic = file.read(6)
    if magic[:4] == b"PAR1":
        with parquet.ParquetFile(path) as table:
            yield from table.iter_batches(batch_size=rows)
    elif magic == b"ARROW1":
        with pyarrow.memory_map(os.fspath(path)) as source:
            reader = ipc.open_file(source)
            for index in range(reader.num_record_batches):
                batch = reader.get_batch(index)
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows)
    else:
        raise ValueError(f"{os.fspath(path)}: is no Parquet, Arrow or Feather file")


def lines(parts: Iterable[Any], columns: Optional[Mapping[str, str]] = None, *, first_row: int = 0) -> Iterator[bytes]:
    """The lines of record batches, many in one piece of bytes.

    parts: Arrow record batches. columns: the names of columns by the fields that they hold, where they have other names: {"token_logprobs": "logprobs"}.
    A row without an `id` is called row-0, row-1, … from `first_row` on. NaN at the end of a list is padding.
    """
    names = {column: field for field, column in (columns or {}).items()}
    row = first_row
    for batch in parts:
        missing = names.keys() - set(batch.schema.names)
        if missing:
            raise ValueError(f"there is no column {', '.join(sorted(missing))}; there are {', '.join(batch.schema.names)}")
        # A renamed column stands in for one that has the field's name by chance.
        fields = {names.get(name, name): batch.column(name) for name in batch.schema.names if name in names or name not in names.values()}
        if batch.num_rows:
            yield _objects(fields, batch.num_rows, row)
        row += batch.num_rows


def _objects(fields: Mapping[str, Any], count: int, row: int) -> bytes:
    import pyarrow
    import pyarrow.compute as compute

    if "id" not in fields:
        fields = {"id": pyarrow.array([f"row-{row + index}" for index in range(count)]), **fields}
    members = []
    for name, column in fields.items():
        members.append(compute.fill_null(_joined(f",{json.dumps(name)}:", _texts(column)), ""))
    whole = _joined("{", compute.utf8_slice_codeunits(_joined(*members), start=1), "}\n")
    # The texts of an array lie behind each other.
    _, offsets, data = whole.buffers()
    ends = memoryview(offsets).cast("q")
    return bytes(memoryview(data)[ends[whole.offset] : ends[whole.offset + len(whole)]])


def _texts(column: Any) -> Any:
    """The JSON of each value of a column; null where there is none."""
    import pyarrow
    import pyarrow.compute as compute
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if types.is_boolean(kind) or types.is_integer(kind):
        return column.cast(pyarrow.large_string())
    if types.is_floating(kind) and _all_finite(column):
        return _numbers(column)
    if (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)) and _is_number(kind.value_type):
        lists = column.cast(pyarrow.large_list(kind.value_type))
        values = lists.flatten()
        if values.null_count == 0 and (types.is_integer(kind.value_type) or _all_finite(values)):
            # Offsets into the flattened values, which leave out what null lists cover.
            lengths = compute.fill_null(compute.list_value_length(lists), 0)
            offsets = compute.cumulative_sum(pyarrow.concat_arrays([pyarrow.array([0], lengths.type), lengths]))
            texts = pyarrow.LargeListArray.from_arrays(offsets, _numbers(values))
            joined = _joined("[", compute.binary_join(texts, pyarrow.scalar(",", pyarrow.large_string())), "]")
            return compute.if_else(lists.is_valid(), joined, pyarrow.scalar(None, joined.type))
    from ._captures import is_missing, json_value

    rows = column.to_pylist()
    return pyarrow.array(
        [None if is_missing(value) else json.dumps(json_value(value, is_padded=True), default=str) for value in rows], type=pyarrow.large_string())


def _joined(*parts: Any) -> Any:
    """Texts behind each other, row by row: arrays, and the same text in each row."""
    import pyarrow
    import pyarrow.compute as compute

    kind = pyarrow.large_string()
    return compute.binary_join_element_wise(*[pyarrow.scalar(part, kind) if isinstance(part, str) else part for part in parts], pyarrow.scalar("", kind))


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return types.is_integer(kind) or types.is_floating(kind)


def _all_finite(values: Any) -> bool:
    import pyarrow
    import pyarrow.compute as compute

    return compute.all(compute.is_finite(values.cast(pyarrow.float64())), min_count=0).as_py() is not False


def _numbers(values: Any) -> Any:
    """Numbers as text, with all digits of a double: those of single precision are doubles too."""
    import pyarrow
    from pyarrow import types

    if types.is_floating(values.type):
        values = values.cast(pyarrow.float64())
    return values.cast(pyarrow.large_string())


def named_columns(text: str) -> dict[str, str]:
    """`field=column,…` as a mapping."""
    pairs = [part.split("=", 1) for part in text.split(",") if part]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise ValueError(f"--columns {text}: is no list of field=column")
    return dict(pairs)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m skewmem.tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("--columns", default="", help="field=column,… where columns have other names than a capture's fields")
    options = parser.parse_args()
    try:
        for piece in lines(batches(options.table), named_columns(options.columns)):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except ImportError as error:
        sys.exit(f"{error}: tables are read with pyarrow (pip install pyarrow)")
    except BrokenPipeError:
        # Who reads has stopped, and says why.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
