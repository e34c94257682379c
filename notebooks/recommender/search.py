"""Ranks what `find_movies` found."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from notebooks.recommender.words import STOP_WORDS, bm25, fold, list_phrases, loosen, say

# What a score is made of, beside the cosine of question and text. Found on 3,463 and 10,000 real
# movies, with typed titles and plot keywords as questions; names, roles and a title's share on
# half of 2,000 questions that people typed (MSRD); keywords on the notebook's judgements.
_WEIGHTS = {
    "words": 0.3,  # BM25 of text, names, roles and keywords, as a share of the highest
    "in the title": 0.3,  # the title holds the question; or the share of the question that it is
    "the title": 0.3,  # on top, if the title is the question
    "names": 0.15,  # the question holds a full name
    "votes": 0.05,  # log10 of their number
}


def prepare(facts: pl.DataFrame) -> pl.DataFrame:
    """Add to movies what a ranking compares, once for all questions."""
    told = pl.concat_list("directors", "cast", "characters", "keywords").list.join(" ")
    titles = [fold(pl.col(name).fill_null("")) for name in ("title", "original_title")]
    names = pl.concat_list("directors", "cast", "characters").list.eval(fold(pl.element()))
    return facts.with_columns(
        told=fold(told),
        names=names.list.unique(),
        titles=pl.concat_list(*titles, *map(loosen, titles)).list.unique(),
    )


def rank(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Add `score` and what it is made of, best first, for a folded question."""
    asked = list(dict.fromkeys(question.split()))
    asked = [word for word in asked if word not in STOP_WORDS] or asked
    votes = pl.col("vote_count").fill_null(0).clip(0).log1p() / np.log(10)
    words = pl.Series(movies.select(pl.format("{} {}", "words", "told")).to_series())
    return (
        movies.with_row_index("movie")
        .join(bm25(words, asked), on="movie", how="left", maintain_order="left")
        .join(_match_titles(movies, question), on="movie", how="left", maintain_order="left")
        .with_columns(
            by_text=1 - pl.col("distance") / 2,
            by_words=_WEIGHTS["words"] * (pl.col("bm25") / pl.col("bm25").max()).fill_null(0),
            by_title=pl.col("by_title").fill_null(0),
            by_votes=_WEIGHTS["votes"] * votes,
            named=pl.col("names").list.set_intersection(
                [phrase for phrase in list_phrases(question) if " " in phrase]
            ),
        )
        .with_columns(by_names=_WEIGHTS["names"] * (pl.col("named").list.len() > 0))
        .with_columns(score=pl.sum_horizontal("^by_.*$"))
        .with_columns(
            pl.col("by_words") - pl.col("by_words").mean(),
            pl.col("by_text") - pl.col("by_text").mean(),
        )
        .sort("score", descending=True, maintain_order=True)
    )


def _match_titles(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Score how far titles and the question are the same: columns `movie` and `by_title`."""
    loose = pl.select(loosen(pl.lit(question))).item()
    title, year = pl.col("titles"), pl.col("year").fill_null("")
    spelt, whole = (
        title.str.replace_all(" ", ""),
        [question.replace(" ", ""), loose.replace(" ", "")],
    )
    is_title = spelt.is_in(whole) | (spelt + year).is_in(whole)
    holds = pl.format(" {} ", title).str.contains(f" {question} ", literal=True)
    held = title.is_in([*list_phrases(question), *list_phrases(loose)])
    share = held * (title.str.len_chars() / max(1, len(question))).clip(0, 1)
    by_title = (
        _WEIGHTS["in the title"] * pl.when(holds | is_title).then(1.0).otherwise(share)
        + _WEIGHTS["the title"] * is_title
    )
    if not question:
        by_title = pl.lit(0.0)
    return (
        movies.select("titles", "year")
        .with_row_index("movie")
        .explode("titles")
        .filter(title != "")
        .group_by("movie")
        .agg(by_title=by_title.max())
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
