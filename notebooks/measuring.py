"""
How good are answers? Questions that were judged, and how much of a mean may be
luck.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import polars as pl

import config

__all__ = ["bootstrap", "english", "load_judgements", "measure", "set_beside", "summarise"]


@contextmanager
def english() -> Iterator[None]:
    """Work in English and with no key while this holds, whatever is set."""
    with patch.multiple(config, TMDB_API_KEY=None, TMDB_LANGUAGE="en-US"):
        yield


def load_judgements() -> pl.DataFrame:
    """Load the judged questions: `kind`, `question`, and the ids of its `movies`."""
    file = config.ROOT / "notebooks" / "judgements.json"
    asked = json.loads(file.read_text(encoding="utf-8"))["questions"]
    kind = pl.col("kind").replace("like_but", "like X but Y")
    movies = pl.col("movies").cast(pl.List(pl.String))
    return pl.DataFrame(asked).select(kind, "question", movies)


def measure(
    methods: Mapping[str, Callable[[str], pl.DataFrame]], judged: pl.DataFrame
) -> pl.DataFrame:
    """
    Put each judged question to each method.

    Returns
    -------
    polars.DataFrame
        `kind`, `question`, `method`, the titles of its first ten `answers`, and
        their `nDCG@10`: the sum of 1 / log2(1 + place) over the right ones,
        divided by what it could be at most.
    """
    discount = 1 / np.log2(np.arange(2, 12))
    rows = []
    for kind, question, right in judged.iter_rows():
        for name, method in methods.items():
            with english():
                answers = method(question).head(10)
            hits = answers["id"].is_in(right).to_numpy()
            ndcg = hits @ discount[: len(hits)] / discount[: len(right)].sum()
            rows.append((kind, question, name, answers["title"].to_list(), ndcg))
    columns = ["kind", "question", "method", "answers", "nDCG@10"]
    return pl.DataFrame(rows, columns, orient="row")


def bootstrap(values: pl.Series) -> tuple[float, float]:
    """Find the middle 95 % of the means of a thousand draws with replacement."""
    draws = np.random.default_rng(0).choice(values.to_numpy(), size=(1_000, len(values)))
    low, high = np.quantile(draws.mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def summarise(measured: pl.DataFrame) -> pl.DataFrame:
    """Give the mean nDCG@10 and its interval, `low` to `high`, of each kind and of all."""
    everything = pl.concat([measured, measured.with_columns(kind=pl.lit("all"))])
    rows = [
        (f"{kind} ({len(part)})", method, part["nDCG@10"].mean(), *bootstrap(part["nDCG@10"]))
        for (kind, method), part in everything.group_by("kind", "method", maintain_order=True)
    ]
    return pl.DataFrame(rows, ["kind", "method", "mean", "low", "high"], orient="row")


def set_beside(**answers: pl.DataFrame) -> pl.DataFrame:
    """Set the titles of answers beside each other, in a column each."""
    named = [movies.select(pl.col("title").alias(name)) for name, movies in answers.items()]
    return pl.concat(named, how="horizontal_extend")
