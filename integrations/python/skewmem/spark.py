"""Spark: DataFrames of captures, summed up where they lie.

    import skewmem.spark
    skewmem.spark.summarize(spark.read.parquet("s3://bucket/captures"), "all.summary")
    skewmem.spark.works(spark.read.parquet("s3://bucket/windows"), "reports")

A row is a record, with the columns of a capture. Every partition goes through `skewmem summarize` on its executor; the summaries, a few megabytes each,
come to the driver one after the other and are added there. The package must be installed on all machines. Needs: pip install pyspark pyarrow pandas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from . import _parts


def summarize(frame: Any, output: str, *, columns: Optional[Mapping[str, str]] = None, parts: Optional[str] = None, **options: Any) -> None:
    """Sums up a DataFrame in the file `output` on the driver, which `audit`, `fit` and `predict` take.

    frame: rows with `id` and `token_logprobs` (a list of natural logarithms, one for each reference token), and what else captures have. columns: their
    names by field where they have others. parts: a folder that all machines reach, where each partition's summary is kept: a job that failed goes on from
    there when the same DataFrame is summed up again. options: those of `skewmem summarize`, e.g. `length=[10, 50]`, `top=100`, `skip_invalid=True`.
    """

    def sums(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow
        from pyspark import TaskContext

        number = TaskContext.get().partitionId()
        filled = (batch for batch in batches if batch.num_rows)
        first = next(filled, None)
        if first is not None:
            made = _parts.kept(parts, f"part-{number:06}.summary", lambda: _parts.summary((one for some in ([first], filled) for one in some), columns, options))
            yield pyarrow.RecordBatch.from_pydict({"summary": [made]})

    rows = frame.mapInArrow(sums, "summary string").toLocalIterator(prefetchPartitions=True)
    _parts.merge((row.summary for row in rows), output)


def works(frame: Any, folder: str, *, columns: Optional[Mapping[str, str]] = None, **options: Any) -> None:
    """Writes the report of `skewmem works` for each document of a DataFrame, as `folder/DOCUMENT.json`.

    frame: windows or long passes of texts, with `document` and `start`. All rows of a document come to one executor. options: those of `skewmem works`.
    """
    groups = frame.groupBy(_parts.document_key(columns))
    reports = groups.applyInArrow(lambda table: _parts.document_report(table, columns, options), "document string, report string")
    _parts.write_reports(((row.document, row.report) for row in reports.toLocalIterator()), folder)
