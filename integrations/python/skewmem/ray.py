"""Ray Data: data sets of captures, summed up where they lie, for those who score there.

    import ray, skewmem.ray
    scored = ray.data.read_parquet("s3://bucket/captures")      # or what map_batches(Scorer, num_gpus=1) gives
    skewmem.ray.summarize(scored, "all.summary")
    skewmem.ray.works(ray.data.read_parquet("s3://bucket/windows"), "reports")

A row is a record, with the columns of a capture. The package must be installed on all machines. Needs: pip install 'ray[data]' pyarrow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Optional

from . import _parts


def summarize(
    dataset: Any, output: str, *, columns: Optional[Mapping[str, str]] = None, parts: Optional[str] = None, batch_size: int = 50_000, **options: Any
) -> None:
    """Sums up a data set in the file `output`, which `audit`, `fit` and `predict` take.

    dataset: rows with `id` and `token_logprobs` (a list of natural logarithms, one for each reference token), and what else captures have. columns: their
    names by field where they have others. parts: a folder that all machines reach, where each batch's summary is kept under the names of its first and
    last record: a job that failed goes on from there. batch_size: the records of one summary. options: those of `skewmem summarize`.
    """
    key = (columns or {}).get("id", "id")

    def sums(table: Any) -> Any:
        import pyarrow

        if not table.num_rows:
            return pyarrow.table({"summary": pyarrow.array([], pyarrow.string())})
        ends = [str(table.column(key)[place].as_py()) for place in (0, -1)] if key in table.schema.names else []
        name = hashlib.sha256("\n".join([*ends, str(table.num_rows)]).encode()).hexdigest()[:16]
        made = _parts.kept(parts, f"part-{name}.summary", lambda: _parts.summary(table.to_batches(), columns, options))
        return pyarrow.table({"summary": [made]})

    summaries = dataset.map_batches(sums, batch_format="pyarrow", batch_size=batch_size, zero_copy_batch=True)
    # In the order of the data the records share the groups of the bootstrap as on one machine.
    summaries.context.execution_options.preserve_order = True
    _parts.merge((row["summary"] for row in summaries.iter_rows()), output)


def works(dataset: Any, folder: str, *, columns: Optional[Mapping[str, str]] = None, **options: Any) -> None:
    """Writes the report of `skewmem works` for each document of a data set, as `folder/DOCUMENT.json`.

    dataset: windows or long passes of texts, with `document` and `start`. All rows of a document come to one worker. options: those of `skewmem works`.
    """
    groups = dataset.groupby(_parts.document_key(columns))
    reports = groups.map_groups(lambda table: _parts.document_report(table, columns, options), batch_format="pyarrow")
    _parts.write_reports(((row["document"], row["report"]) for row in reports.iter_rows()), folder)
