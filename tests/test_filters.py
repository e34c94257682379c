"""Filters in Chroma's language: joined, and held against rows."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.recommender.filters import join_filters, to_expr

ROWS = pl.DataFrame(
    {"year": [1979, 1995, None], "genres": [["Horror"], ["Crime", "Drama"], None]},
    schema={"year": pl.Int64, "genres": pl.List(pl.String)},
)


def test_filters_are_joined_flat_and_none_is_no_filter():
    a, b = {"year": 1999}, {"runtime": {"$lt": 90}}
    assert join_filters() is None
    assert join_filters(None, {}) is None
    assert join_filters(a, None) == a
    assert join_filters({"$and": [a, b]}, a) == {"$and": [a, b, a]}
    assert join_filters({"$or": [a, b]}, a) == {"$and": [{"$or": [a, b]}, a]}


@pytest.mark.parametrize(
    ("where", "passed"),
    [
        ({"year": 1979}, [1, 0, 0]),
        ({"year": {"$eq": 1979}}, [1, 0, 0]),
        ({"year": {"$ne": 1979}}, [0, 1, 1]),
        ({"year": {"$lt": 1995}}, [1, 0, 0]),
        ({"year": {"$lte": 1995}}, [1, 1, 0]),
        ({"year": {"$gt": 1979}}, [0, 1, 0]),
        ({"year": {"$gte": 1979}}, [1, 1, 0]),
        ({"year": {"$in": [1995]}}, [0, 1, 0]),
        ({"year": {"$nin": [1995]}}, [1, 0, 1]),
        ({"genres": {"$contains": "Drama"}}, [0, 1, 0]),
        ({"genres": {"$not_contains": "Drama"}}, [1, 0, 1]),
        ({"$or": [{"year": 1979}, {"genres": {"$contains": "Drama"}}]}, [1, 1, 0]),
        ({"$and": [{"year": 1979}, {"genres": {"$contains": "Drama"}}]}, [0, 0, 0]),
    ],
)
def test_a_row_without_a_fact_passes_only_what_asks_for_others(where, passed):
    assert ROWS.select(to_expr(where)).to_series().to_list() == [bool(it) for it in passed]


@pytest.mark.parametrize(("sign", "passed"), [("$eq", False), ("$ne", True), ("$nin", True)])
def test_a_fact_that_no_row_has_is_missing_in_each(sign, passed):
    value = ["x"] if sign == "$nin" else "x"
    rule = to_expr({"studios": {sign: value}}, known={"year": pl.Int64()})
    assert ROWS.filter(rule).is_empty() is not passed


@given(st.lists(st.none() | st.sampled_from([{"year": 1979}, {"year": {"$ne": 1995}}]), max_size=4))
def test_joined_filters_pass_what_passes_each(filters):
    joined = join_filters(*filters)
    expected = ROWS
    for one in filters:
        expected = expected.filter(to_expr(one)) if one else expected
    assert (ROWS.filter(to_expr(joined)) if joined else ROWS).equals(expected)
