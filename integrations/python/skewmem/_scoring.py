"""Scores records with a transformers model."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ._program import Report, run


def _scorer() -> ModuleType:
    """score.py: in the wheel beside this file, in a checkout in its folder."""
    for folder in (Path(__file__).parent / "_huggingface", Path(__file__).parents[2] / "huggingface"):
        if (folder / "score.py").exists():
            spec = importlib.util.spec_from_file_location("skewmem._score", folder / "score.py")
            if spec and spec.loader:
                module = importlib.util.module_from_spec(spec)
                # It imports its neighbour.
                sys.path.insert(0, str(folder))
                try:
                    spec.loader.exec_module(module)
                finally:
                    sys.path.remove(str(folder))
                return module
    raise ImportError("score.py is missing from this package")


def score(
    model: Any, tokenizer: Any, records: Iterable[Mapping[str, Any]], *, batch_size: int = 8, alternatives: int = 0
) -> Iterator[dict[str, Any]]:
    """Scores records one batch at a time, and yields each as a record of a capture.

    model: a causal model of transformers, on any device. tokenizer: its tokenizer. records: mappings with `prefix` and `reference`, with
    `prefix_token_ids` and `reference_token_ids`, or with `messages`. alternatives: most probable tokens to keep at each position. What is yielded has
    `token_logprobs` (natural logarithms, one for each reference token), `ranks` and token ids.
    Raises ValueError for a record that cannot be scored.
    """
    if batch_size < 1 or alternatives < 0:
        raise ValueError("batch_size is 1 or more, alternatives 0 or more")
    scorer = _scorer()

    def prepared() -> Iterator[dict[str, Any]]:
        for number, record in enumerate(records, 1):
            try:
                made = scorer.tokenized(dict(record), tokenizer, model.config)
            except KeyError as error:
                raise ValueError(f"record {number}: {error} is missing") from error
            yield {"id": str(record.get("id", f"record-{number}"))} | made

    source = prepared()
    while batch := list(itertools.islice(source, batch_size)):
        yield from scorer.score(batch, model, alternatives)


def audit_model(model: Any, tokenizer: Any, records: Iterable[Mapping[str, Any]], *, batch_size: int = 8, **options: Any) -> Report:
    """Scores records and audits them; options are those of `audit`. The report can be shown again as a page."""
    return run("audit", list(score(model, tokenizer, records, batch_size=batch_size)), **options)
