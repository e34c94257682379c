"""Ranks what `find_movies` found."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from notebooks.recommender.words import STOP_WORDS, bm25, fold, say

# What a score is made of, beside the cosine of question and text. Found on 3,463 and 10,000 real
# movies, with typed titles and TMDb's plot keywords as questions; the notebook measures it on
# judgements that it never saw.
_WEIGHTS = {"words": 0.3, "in the title": 0.3, "the title": 0.3, "votes": 0.05}


def rank(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Add `score` and what it is made of, best first, for a folded question."""
    asked = list(dict.fromkeys(question.split()))
    asked = [word for word in asked if word not in STOP_WORDS] or asked
    title = fold(pl.col("title").fill_null(""))
    spelt, key = title.str.replace_all(" ", ""), question.replace(" ", "")
    is_title = (spelt == key) | (spelt + pl.col("year").fill_null("") == key)
    in_title = is_title | pl.format(" {} ", title).str.contains(f" {question} ", literal=True)
    in_title, is_title = (bool(key) & part for part in (in_title, is_title))
    votes = pl.col("vote_count").fill_null(0).clip(0).log1p() / np.log(10)
    return (
        movies.with_row_index("movie")
        .join(bm25(movies["words"], asked), on="movie", how="left", maintain_order="left")
        .with_columns(
            by_text=1 - pl.col("distance") / 2,
            by_words=_WEIGHTS["words"] * (pl.col("bm25") / pl.col("bm25").max()).fill_null(0),
            by_title=_WEIGHTS["in the title"] * in_title + _WEIGHTS["the title"] * is_title,
            by_votes=_WEIGHTS["votes"] * votes,
        )
        .with_columns(score=pl.sum_horizontal("by_text", "by_words", "by_title", "by_votes"))
        .with_columns(
            pl.col("by_words") - pl.col("by_words").mean(),
            pl.col("by_text") - pl.col("by_text").mean(),
        )
        .sort("score", descending=True, maintain_order=True)
    )


def explain(movies: pl.DataFrame) -> pl.Series:
    """Name the part that lifted a movie most above the average candidate."""
    because: list[tuple[str, list[str]]] = []
    for movie in movies.iter_rows(named=True):
        if movie["by_title"]:
            because.append(("title", []))
        elif movie["found"] and movie["by_words"] > movie["by_text"]:
            because.append(("words", movie["found"]))
        else:
            because.append(("text", []))
    return pl.Series("because", [say([reason]) for reason in because], pl.String)


def fold_unwanted(without: str | Iterable[str]) -> list[str]:
    """
    Fold the words that must not stand in a text, each between blanks, in the
    singular and the plural.
    """
    words = (
        list(without)
        if isinstance(without, Iterable) and not isinstance(without, str)
        else [without]
    )
    if strange := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"without must be a word or several, not {strange[0]!r}")
    folded = pl.DataFrame({"word": words}, schema={"word": pl.String}).select(fold(pl.col("word")))[
        "word"
    ]
    forms = {
        form
        for word in folded
        if word
        for form in (word, f"{word}s", f"{word}es", word.removesuffix("s"))
    }
    return [f" {form} " for form in forms | {form.removesuffix("es") for form in forms}]
