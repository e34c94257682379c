"""Filters in Chroma's language: joined, and held against rows at hand."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import polars as pl


def join_filters(*filters: Any) -> dict | None:
    """Make one filter of several, of which some may be None."""
    parts = [
        part
        for one in filters
        if one
        for part in (one.get("$and", [one]) if len(one) == 1 else [one])
    ]
    return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None


_SIGNS: dict[str, Callable[[pl.Expr, Any], pl.Expr]] = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$in": lambda column, value: column.is_in(value),
    "$nin": lambda column, value: ~column.is_in(value),
    "$contains": lambda column, value: column.list.contains(value),
    "$not_contains": lambda column, value: ~column.list.contains(value),
}
_ALSO_WITHOUT = {"$ne", "$nin", "$not_contains"}  # what a movie without the fact passes, too


def to_expr(where: dict, known: Mapping[str, Any] | None = None) -> pl.Expr:
    """
    Make a polars expression of a filter, for rows that `list_movies` gives.

    A fact that is not among the `known` ones, or of another type, is one that
    no row has.
    """
    [(name, asked)] = where.items()
    if name in ("$and", "$or"):
        join = operator.and_ if name == "$and" else operator.or_
        return reduce(join, (to_expr(part, known) for part in asked))
    [(sign, value)] = asked.items() if isinstance(asked, dict) else [("$eq", asked)]
    values = value if isinstance(value, list) else [value]
    if known is not None and (
        name not in known
        or (known[name].is_numeric() and any(isinstance(one, str) for one in values))
        or (known[name] == pl.String and not all(isinstance(one, str) for one in values))
    ):
        return pl.lit(sign in _ALSO_WITHOUT)
    return _SIGNS[sign](pl.col(name), value).fill_null(sign in _ALSO_WITHOUT)
