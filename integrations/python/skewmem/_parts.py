"""Parts of a data set on many machines: what Spark and Ray have in common."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from . import tables
from ._program import _option, environment, program


def output_of(arguments: list[str], pieces: Iterable[bytes]) -> str:
    """What the program prints when it reads these lines; its errors become ours."""
    with subprocess.Popen(
        [program(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as child:
        try:
            for piece in pieces:
                child.stdin.write(piece)
        except BrokenPipeError:
            pass  # it has stopped: its message says why
        except BaseException:
            child.kill()
            raise
        output, errors = child.communicate()
    if child.returncode != 0:
        raise RuntimeError(f"skewmem {arguments[0]}: {errors.decode(errors='replace').strip()}")
    return output.decode()


def record_lines(batches: Iterable[Any], columns: Optional[Mapping[str, str]]) -> Iterable[bytes]:
    """The lines of one part's record batches. Names must differ between parts, and so must be there."""
    name = (columns or {}).get("id", "id")
    for batch in batches:
        if name not in batch.schema.names:
            raise ValueError(f"there is no column {name}: records of many parts need names of their own")
        yield from tables.lines([batch], columns)


def printed(arguments: list[str], batches: Iterable[Any], columns: Optional[Mapping[str, str]], options: Mapping[str, Any]) -> str:
    """What a command prints of one part's record batches, with the options of the command line."""
    given = [part for name, value in options.items() for part in _option(name, value)]
    return output_of([*arguments, "--threads", "1", *given], record_lines(batches, columns))


def summary(batches: Iterable[Any], columns: Optional[Mapping[str, str]], options: Mapping[str, Any]) -> str:
    """The summary of one part."""
    return printed(["summarize", "-"], batches, columns, options)


def kept(folder: Optional[str], name: str, make: Any) -> str:
    """What `make` gives, kept under this name in a folder that all machines reach: a job that failed goes on from there."""
    if folder is None:
        return make()
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    made = make()
    os.makedirs(folder, exist_ok=True)
    # Two machines may make the same part; either file is whole.
    descriptor, partial = tempfile.mkstemp(dir=folder, prefix=name, suffix=".partial")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made)
    os.replace(partial, path)
    return made


def merge(summaries: Iterable[str], output: str) -> None:
    """Adds up summaries, in memory that does not grow with their number."""
    output_of(["merge", "-", "--output", output], (text.rstrip("\n").encode() + b"\n" for text in summaries))


def document_key(columns: Optional[Mapping[str, str]]) -> str:
    """The column that says which document a record is from."""
    return (columns or {}).get("document", "document")


def document_report(table: Any, columns: Optional[Mapping[str, str]], options: Mapping[str, Any]) -> Any:
    """The report on one document, whose records are the rows of a table: a table with the columns `document` and `report` (JSON)."""
    import pyarrow

    made = printed(["works", "-", "--format", "json", "--quiet"], table.to_batches(), columns, options)
    return pyarrow.table({"document": [table.column(document_key(columns))[0].as_py()], "report": [made]})


def write_reports(reports: Iterable[tuple[str, str]], folder: str) -> None:
    """Writes a report for each document, `DOCUMENT.json`."""
    os.makedirs(folder, exist_ok=True)
    for document, report in reports:
        path = os.path.join(folder, f"{document.replace(os.sep, '_')}.json")
        with open(path + ".partial", "w", encoding="utf-8") as file:
            file.write(report)
        os.replace(path + ".partial", path)
