"""Which training records a language model repeats word for word: the skewmem program from Python.

Every command that prints a report is a function here. A capture is a path (of a Parquet, Arrow or Feather file too), or anything that yields records (see `lines`). Options of the command line are
keyword arguments: `held_out="heldout.jsonl"`, `length=[10, 50]`, `skip_invalid=True`, `columns={"token_logprobs": "logprobs"}`.

`skewmem.spark` and `skewmem.ray` sum up data sets that are spread over many machines.
"""

from __future__ import annotations

from ._captures import Capture, lines
from ._program import (
    DataError,
    Report,
    SkewmemError,
    UsageError,
    audit,
    calibrate,
    canaries_audit,
    check,
    compare,
    drivers,
    fit,
    limits,
    metrics,
    mitigate,
    overlap,
    plan,
    predict,
    prefixes,
    run,
    similarity,
    validate,
    version,
    works,
)
from ._scoring import audit_model, score

__all__ = [
    "Capture", "DataError", "Report", "SkewmemError", "UsageError", "audit", "audit_model", "calibrate", "canaries_audit", "check", "compare", "drivers",
    "fit", "limits", "lines", "metrics", "mitigate", "overlap", "plan", "predict", "prefixes", "run", "score", "similarity", "validate", "version", "works",
]
