"""Ranks what `find_movies` found."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import polars as pl

from notebooks.recommender.words import (
    STOP_WORDS,
    bm25,
    expand_genres,
    fold,
    fold_one,
    list_meant,
    list_phrases,
    list_stop_words,
    loosen,
    phrase_reasons,
    strip_facts,
    strip_labels,
)

# What a score is made of, a column `by_...` each, beside the cosine of question and text. Found on
# 3,463 and 10,000 real movies, with typed titles and plot keywords as questions; names, roles and a
# title's share on half of 2,000 questions that people typed (MSRD); keywords on the notebook's
# judgements.
_WEIGHTS = {
    "words": 0.3,  # BM25 of text, names, roles and keywords, as a share of the highest
    "keywords": 0.15,  # BM25 of the keywords alone
    "in the title": 0.3,  # the title holds the question; or the share of the question that it is
    "the title": 0.3,  # on top, if the title is the question
    "loosely": -0.15,  # if only one of its other spellings is
    "person": 0.15,  # the question holds the full name of one who made it
    "votes": 0.05,  # log10 of their number
    "unwanted": 0.4,  # cosine of what is unwanted, whose words push as those of a question pull
}
FACT = 2.0  # each fact that a movie has, where few have all; less the share of those that have it
_ORDINARY = 0.01  # share of texts
_LONGEST = 1_000  # characters of a phrase that may stand in a text, or be a title
# Letters that a misspelt name has at least, and how many per cent of them must be the same.
_SHORTEST, _ALIKE, _SURELY = 5, 85, 88
# A cosine below which nothing comes near: of 48 nonsense words the nearest text lies below it for
# four of five in the catalogue, of 140 questions for seven, which all found words.
_NEAR = 0.27


def prepare(facts: pl.DataFrame) -> pl.DataFrame:
    """Add to movies what a ranking compares, once for all questions."""

    titles = [fold(pl.col(name).fill_null("")) for name in ("title", "original_title")]
    text = pl.col("text").fill_null("")
    return facts.with_columns(
        words=fold(strip_labels(text)),
        story=fold(strip_facts(text)),
        persons=_fold_each("directors", "cast"),
        roles=_fold_each("characters"),
        labels=_fold_each("keywords"),
        titles=pl.concat_list(*titles),
        spellings=pl.concat_list(*map(loosen, titles)),
    ).drop("text")


def _fold_each(*columns: str) -> pl.Expr:
    return pl.concat_list(*columns).list.eval(fold(pl.element()))


def count_words(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Add `by_words`, and the words of a folded question that were `found`."""
    words = dict.fromkeys(expand_genres(question).split())
    asked = [word for word in words if word not in list_stop_words()]
    lists = [movies[name].list.join(" ") for name in ("persons", "roles", "labels")]
    more = pl.select(pl.concat_str(lists, separator=" ")).to_series()
    of_all = bm25(movies["words"], asked, more)
    of_labels = bm25(lists[-1], asked, b=0).drop("found")
    return (
        movies.with_row_index("movie")
        .join(of_all, on="movie", how="left", maintain_order="left")
        .join(of_labels, on="movie", how="left", maintain_order="left", suffix="_labels")
        .with_columns(
            by_words=_WEIGHTS["words"] * _share("bm25")
            + _WEIGHTS["keywords"] * _share("bm25_labels")
        )
        .drop("bm25", "bm25_labels")
    )


def _share(column: str) -> pl.Expr:
    return (pl.col(column) / pl.col(column).max()).fill_null(0)


Unwanted = tuple[list[str], list[str]] | tuple[()]  # words of any text, genres and keywords


def leave_out(movies: pl.DataFrame, unwanted: Unwanted) -> pl.DataFrame:
    """Leave out movies whose text, genres or keywords hold what `fold_unwanted` made of words."""
    if not unwanted or movies.is_empty():
        return movies
    words, genres = ([f" {form} " for form in forms] for forms in unwanted)
    labels = pl.format(" {} ", pl.concat_list(_fold_each("genres"), "labels").list.join("  "))
    text = pl.format(" {} ", "words")
    return movies.filter(~text.str.contains_any(words), ~labels.str.contains_any(words + genres))


def push_away(movies: pl.DataFrame, unwanted: str, vector: np.ndarray) -> pl.DataFrame:
    """Add `by_unwanted`, below 0: how near movies with embeddings are to what is unwanted."""
    words = count_words(movies, unwanted)["by_words"]
    cosine = pl.Series(movies["embedding"].to_numpy() @ vector)
    return movies.with_columns(by_unwanted=-_WEIGHTS["unwanted"] * cosine - words)


def rank(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Add `score` and what it is made of, best first, for a folded question."""
    votes = pl.col("vote_count").fill_null(0).clip(0).log1p() / np.log(10)
    phrases = list_phrases(question)
    names = [phrase for phrase in phrases if " " in phrase]
    names += [name.removesuffix("s") for name in names]  # Christopher Nolan's
    # A word that stands in many texts is no name: *Guy*, *Human*, *Head*.
    told = movies["words"].str.split(" ").list.unique().explode()
    many = max(_ORDINARY * len(movies), 3)
    often = told.filter(told.is_in(question.split())).value_counts().filter(pl.col("count") > many)
    # Nor is a word of somebody's full name the name of others.
    taken = {*often["words"], *" ".join(list_named(movies, question)).split()}
    rare = [word for word in question.split() if len(word) > 2 and word not in taken]
    last = pl.element().str.extract(r"(\S+)$").is_in(rare)
    whole = pl.col("roles").list.set_intersection(names)
    return (
        count_words(movies, question)
        .join(_match_titles(movies, question), on="movie", how="left", maintain_order="left")
        .with_columns(
            pl.col("by_title").fill_null(0),
            by_text=1 - pl.col("distance") / 2,
            by_votes=_WEIGHTS["votes"] * votes,
            named=pl.col("persons").list.set_intersection(names),
            surnamed=pl.col("persons").list.eval(pl.element().filter(last)),
            played=pl.when(whole.list.len() > 0)
            .then(whole)
            .otherwise(pl.col("roles").list.eval(pl.element().filter(last))),
        )
        .with_columns(by_person=_WEIGHTS["person"] * pl.col("named").list.len().clip(0, 2))
        .with_columns(score=pl.sum_horizontal("^by_.*$"))
        .sort("score", descending=True, maintain_order=True)
    )


def _match_titles(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Score how far titles and the question are the same: columns `movie` and `by_title`."""
    question = question[:_LONGEST]
    loose = _loosen(question)
    year = pl.col("year").fill_null("")

    def is_same(titles: str, whole: str) -> pl.Expr:
        spelt = pl.col(titles).str.replace_all(" ", "")
        return (spelt == whole.replace(" ", "")) | (spelt + year == whole.replace(" ", ""))

    strictly, loosely = is_same("titles", question), is_same("spellings", loose)
    title, size = pl.col("titles"), max(1, len(question))
    holds = pl.format(" {} ", title).str.contains(f" {question} ", literal=True)
    held = title.is_in(list_phrases(question)) | pl.col("spellings").is_in(list_phrases(loose))
    share = held * (title.str.len_chars() / size).clip(0, 1)
    part = pl.when(holds | strictly | loosely).then(1.0).otherwise(share)
    by_title = _WEIGHTS["in the title"] * part + _WEIGHTS["the title"] * (strictly | loosely)
    by_title += _WEIGHTS["loosely"] * (loosely & ~strictly)
    return (
        movies.select("titles", "spellings", "year")
        .with_row_index("movie")
        .explode("titles", "spellings")
        .filter((title != "") & bool(question))
        .group_by("movie")
        .agg(by_title=by_title.max())
    )


def list_named(movies: pl.DataFrame, question: str) -> set[str]:
    """List the persons whose full names a folded question holds."""
    names = {phrase for phrase in list_phrases(question, most=3) if " " in phrase}
    return names.intersection(movies["persons"].list.explode())


def holds_title(movies: pl.DataFrame, question: str, *parts: str) -> bool:
    """Tell whether a folded question holds a title that none of its parts holds."""
    for column, change in (("titles", str), ("spellings", _loosen)):
        titles = movies.select(pl.col(column).list.explode().unique()).to_series()
        held = {phrase for phrase in list_phrases(change(question)) if " " in phrase}
        parts = tuple(map(change, parts))
        for title in held.intersection(titles):
            if all(f" {title} " not in f" {part} " for part in parts):
                return True
    return False


def _loosen(folded: str) -> str:
    return pl.select(loosen(pl.lit(folded))).item()


def correct(ranked: pl.DataFrame, question: str) -> tuple[str, str] | None:
    """
    Find a name or a title that a folded question misspells: the question as it
    was meant, and that name. A full name is looked for in all of a question, a
    title only where no movie knows a word: else a rare word would become a
    frequent one.
    """
    from rapidfuzz import fuzz, process

    def find(typed: str, names: Iterable[str], alike: int) -> str | None:
        known = {name.replace(" ", ""): name for name in names if len(name) >= _SHORTEST}
        best = process.extractOne(
            typed.replace(" ", ""), [*known], scorer=fuzz.ratio, score_cutoff=alike
        )
        return known[best[0]] if best else None

    columns = (ranked[name].list.explode() for name in ("persons", "titles", "roles"))
    persons, titles, roles = (column.unique().drop_nulls() for column in columns)
    stop = list_stop_words()
    asked = " ".join(word for word in question.split() if word not in stop)
    if ranked.is_empty() or len(asked) < _SHORTEST or ranked["by_title"].max():
        return None
    if not ranked["found"].list.len().sum():
        last = persons.str.extract(r" (\S+)$").drop_nulls()
        names = [*titles, *persons, *last]
        meant = find(asked, names, _ALIKE) or find(question, names, _ALIKE)
        return (meant, meant) if meant else None
    known = {*persons, *roles}
    rightly = set(" ".join(list_named(ranked, question)).split())
    told, found = " ".join(f" {title} " for title in titles), []
    for typed in dict.fromkeys(list_phrases(question, most=3)[::-1]):
        words = typed.split()
        may_be_name = len(words) > 1 and len(typed) >= 9 and not stop & {words[0], words[-1]}
        may_be_name &= not {typed, typed.removesuffix("s")} & known and typed in question
        # A name that is typed as it is written is not corrected, nor with a word beside it.
        if not may_be_name or rightly.intersection(words) or f" {typed} " in told:
            continue
        if meant := find(typed, persons, _SURELY):
            question = question.replace(typed, meant)
            found.append(meant)
    return (question, " and ".join(found)) if found else None


def explain(ranked: pl.DataFrame, n: int, told: Iterable[str] = ()) -> pl.Series:
    """Say what lifted the first n above the average candidate, after the facts asked for."""
    because = []
    average = (ranked["by_words"] - ranked["by_text"]).mean()
    movies = ranked.head(n)
    nearest = 1 - movies["distance"].to_numpy().min(initial=4) / 2
    other: list[tuple[str, list[str]]] = [("text" if nearest >= _NEAR else "nothing", [])]
    for movie in movies.iter_rows(named=True):
        facts = [*(movie.get("told") or []), *told]
        reasons: list[tuple[str, list[str]]] = [("fact", [fact]) for fact in facts]
        reasons += _name_people(movie)
        told_words = set(fold_one(" ".join(name for _, names in reasons for name in names)).split())
        words = [word for word in movie["found"] or [] if word not in told_words]
        if movie["by_title"]:
            reasons.append(("title", []))
        elif len(words) > 1 or (words and movie["by_words"] - movie["by_text"] > average):
            reasons.append(("words", words))
        because.append(phrase_reasons(reasons or other))
    return pl.Series("because", because, pl.String)


def _name_people(movie: dict) -> list[tuple[str, list[str]]]:
    """Name the people and roles that a question names, as the movie's row writes them."""
    persons = dict(zip(movie["persons"], [*movie["directors"], *movie["cast"]], strict=True))
    roles = dict(zip(movie["roles"], movie["characters"], strict=True))
    shown = {persons[name] for name in movie["named"] or movie["surnamed"]}
    directed = [name for name in movie["directors"] if name in shown]
    acted = [name for name in movie["cast"] if name in shown and name not in directed]
    parts = {"director": directed[:2], "cast": acted[:2]}
    found = set(movie["found"] or [])
    played = sorted(
        movie["played"], key=lambda name: (-len(found.intersection(name.split())), name)
    )
    parts["role"] = [roles[name] for name in played[:1]] if not shown else []
    return [(kind, names) for kind, names in parts.items() if names]


def fold_unwanted(without: str | Iterable[str]) -> Unwanted:
    """
    Fold the words that must not stand in a text, in the singular and the
    plural, and list the genres and keywords that they mean.
    """
    several = isinstance(without, Iterable) and not isinstance(without, str)
    words: list = list(without) if several else [without]
    if strange := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"without must be a word or several, not {strange[0]!r}")
    forms: set[str] = set()
    meant: set[str] = set()
    for word in ",".join(words).split(","):
        if folded := fold_one(word[:_LONGEST]):
            meant |= set(list_meant(folded))
            one = re.sub("(s|x|z|ch|sh|o)es$", r"\1", folded)  # boxes, but not James
            one = re.sub(r"(?<=\w{3})(?<!new)(?<![sui])s$", "", one)
            one = folded if one in STOP_WORDS else one  # hers, ones
            forms |= {folded, one, f"{folded}s", f"{folded}es"}
            forms |= {re.sub("ies$", "y", folded), re.sub("y$", "ies", folded)}
    return (sorted(forms), sorted(meant)) if forms else ()
