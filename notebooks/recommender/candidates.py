"""A question or a taste -> the movies to rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from notebooks.recommender.collection import Scope, find_nearest, read_movies
from notebooks.recommender.facts import Fact
from notebooks.recommender.filters import join_filters, to_expr
from notebooks.recommender.people import People
from notebooks.recommender.question import Question
from notebooks.recommender.rank import Excluded, leave_out, prepare
from notebooks.recommender.spans import Known
from notebooks.recommender.titles import Titles
from notebooks.recommender.words import fold, list_phrases

if TYPE_CHECKING:
    import chromadb

NEAREST = 1_000  # neighbours that are ranked again
_SHARED = 2  # movies that have a keyword; one that a single movie has is found by its words
_ENOUGH = 5  # movies that have the facts of a question, or these give way
# What a fact counts where few movies have all, at most: less, the more have it, as with idf.
_FACT, _GENRE = 3.0, 1.0
_LIFT = 0.15  # what it counts where it is no filter
_MILD = 0.4  # or a rating, for those who want no gore
_YEARS_OFF = 8
_ROCCHIO = 0.3  # how much a disliked movie pushes, where a liked one pulls with 1


class Index(NamedTuple):
    """All movies of a collection as a ranking compares them, and what a question may name."""

    movies: pl.DataFrame
    known: Known


_indexes: dict = {}  # by collection: the frame that was read, and its index


def open_index(collection: chromadb.Collection) -> Index:
    """Index all movies of a collection, once for as long as they are the same."""
    read = read_movies(collection)
    before, index = _indexes.get(collection.id, (None, None))
    if before is not read:
        index = _make_index(read)
        _indexes[collection.id] = read, index
    return index


def _make_index(read: pl.DataFrame) -> Index:
    movies = prepare(read)
    words = set(movies["words"].str.split(" ").explode())
    names = fold(
        pl.concat_list("persons", "roles", "labels", "titles", "genres").explode()
    ).str.split(" ")
    vocabulary = words | set(movies.select(names.explode()).to_series())
    labels = movies.select(label=pl.col("labels").explode()).drop_nulls().group_by("label").len()
    shared = labels.filter(pl.col("len") >= _SHARED).sort("label")["label"]
    known = Known(
        Titles(movies),
        People(movies),
        _name_studios(movies),
        frozenset(words - {None}),
        frozenset(vocabulary - {None}),
        frozenset(movies["genres"].explode().drop_nulls()),
        shared.to_list(),
        rated="certification" in movies.columns and movies["certification"].is_not_null().any(),
    )
    return Index(movies, known)


# What a studio's name ends in, and people leave out.
_COMPANY = (
    r" (?:pictures|studios?|films?|productions?|entertainment|animations?|company|features|cinema|"
    r"international|media|group|corporation|inc|ltd|llc)$"
)
_MANY_FILMS = 3  # of a studio that is known by a short name


def _name_studios(movies: pl.DataFrame) -> dict[str, list[str]]:
    """
    Name the studios by what they are called, without blanks: "Pixar" is
    "pixar", too, but "Smart Entertainment" is not "smart", which more texts say
    than it has films.
    """
    if "studios" not in movies.columns:
        return {}
    said = movies.select(key=pl.col("words").str.split(" ").list.unique().explode())
    whole = fold(pl.col("name"))
    short = whole
    for _ in range(2):
        short = short.str.replace(_COMPANY, "")
    shortest = short.str.replace(r"^(?:walt|studio) ", "")
    names = movies.select(name=pl.col("studios").explode()).drop_nulls()
    return dict(
        names.group_by("name", maintain_order=True)
        .agg(films=pl.len())
        .with_columns(whole=whole, key=pl.concat_list(whole, short, shortest).list.unique())
        .explode("key")
        .join(said.group_by("key").agg(texts=pl.len()), on="key", how="left", maintain_order="left")
        .filter(
            (pl.col("key") == pl.col("whole")) | (pl.col("films").sum().over("key") >= _MANY_FILMS),
            pl.col("films") >= pl.col("texts").fill_null(0),
            pl.col("key").str.len_chars() > 2,
        )
        .group_by(pl.col("key").str.replace_all(" ", ""), maintain_order=True)
        .agg(pl.col("name").unique(maintain_order=True))
        .iter_rows()
    )


# --- A question ----------------------------------------------------------------------------------


def find_candidates(
    collection: chromadb.Collection,
    index: Index,
    question: Question,
    scope: Scope,
    excluded: Excluded = (),
) -> pl.DataFrame:
    """
    Find the movies to rank for a question: those nearest to its text, and those
    that it names, wherever they are.
    """

    def find(limits: Scope) -> pl.DataFrame:
        return _find_near(collection, index, question, limits, excluded)

    named = pl.col("id").is_in(question.titles)
    if question.names_nothing:
        named |= pl.col("vote_count").rank("ordinal", descending=True) <= NEAREST
    phrases = [phrase for phrase in list_phrases(" ".join(question.folded)) if " " in phrase]
    if phrases:
        named |= pl.col("roles").list.eval(pl.element().is_in(phrases)).list.any()
    for fact in question.lifting:
        named |= to_expr(fact.where) if fact.kind == "person" else pl.lit(False)
    movies = relax_facts(index, find, question, scope, excluded)
    return _add(index, movies, named, question, scope, excluded)


def relax_facts(
    index: Index,
    find: Callable[[Scope], pl.DataFrame],
    question: Question,
    scope: Scope,
    excluded: Excluded,
) -> pl.DataFrame:
    """
    Find movies that have all facts or, where fewer than five do, also others:
    `by_facts`, in which a rare fact counts more.
    """

    def find_all(facts: Sequence[Fact]) -> pl.DataFrame:
        wheres = (fact.where for fact in facts)
        return find(scope._replace(where=join_filters(scope.where, *wheres)))

    movies = find_all(question.firm)
    by_facts = _lift(question.lifting)
    genres = [fact for fact in question.firm if fact.kind == "genre"]
    facts = [fact for fact in question.firm if fact not in genres]
    if genres and len(movies) < _ENOUGH:  # a genre gives way first
        for fact in genres:
            by_facts += _GENRE * to_expr(fact.where).cast(pl.Float64)
        movies = _merge(movies, find_all(facts))
    if facts and len(movies) < _ENOUGH:
        movies = _merge(movies, find(scope))
        for fact in facts:  # those that have a rare one, however far their texts are
            has = to_expr(fact.where)
            if index.movies.select(has.sum()).item() <= NEAREST:
                movies = _add(index, movies, has, question, scope, excluded)
        for fact in facts:
            has = to_expr(fact.where).cast(pl.Float64)
            rare = (-has.mean().log()).clip(upper_bound=_FACT)
            by_facts += has * (rare + (fact.kind == "person"))
    return movies.with_columns(by_facts=by_facts)


def _merge(movies: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """Put more movies behind some, each once."""
    return pl.concat([movies, more]).unique("id", keep="first", maintain_order=True)


def _lift(facts: Sequence[Fact]) -> pl.Expr:
    """Make a bonus of facts that are no filters: years that somebody remembers may be off."""
    bonus: list[pl.Expr] = [pl.lit(0.0)]
    for fact in facts:
        spans = [way.years for way in fact.ways if way.years]
        if not spans or fact.negated:
            share = _MILD if fact.kind == "rating" else _LIFT
            bonus.append(share * to_expr(fact.where).cast(pl.Float64))
            continue
        year = pl.col("year")
        off = pl.min_horizontal(
            pl.max_horizontal(low - year, year - high, pl.lit(0)) for low, high in spans
        )
        bonus.append(_LIFT * (-off / _YEARS_OFF).exp().fill_null(0.0))
    return pl.sum_horizontal(bonus)


def _find_near(
    collection: chromadb.Collection,
    index: Index,
    question: Question,
    scope: Scope,
    excluded: Excluded = (),
) -> pl.DataFrame:
    """Find the movies nearest to a question's vector, and more where many may not come."""
    assert question.vector is not None  # main has embedded it
    size = max(NEAREST, scope.n) + len(question.hidden)
    while True:
        near = find_nearest(collection, question.vector, scope._replace(n=size))
        movies = near.join(index.movies, on="id", maintain_order="left")
        movies = movies.filter(~pl.col("id").is_in(question.hidden))
        movies = leave_out(movies, excluded)
        if len(movies) >= scope.n or len(near) < size:
            return movies
        size *= 4


def _add(
    index: Index,
    movies: pl.DataFrame,
    rule: pl.Expr,
    question: Question,
    scope: Scope,
    excluded: Excluded,
) -> pl.DataFrame:
    """Add movies of the index that pass a rule, with their distance to the question."""
    there = [*movies["id"], *question.hidden]
    more = index.movies.filter(rule, ~pl.col("id").is_in(there))
    if scope.where:
        more = more.filter(to_expr(scope.where, more.schema))
    if scope.ids is not None:
        more = more.filter(pl.col("id").is_in(scope.ids))
    if more.is_empty():
        return movies
    apart = more["embedding"].to_numpy() - question.vector
    more = more.with_columns(distance=pl.Series((apart**2).sum(axis=1), dtype=pl.Float64))
    if "by_facts" in movies.columns:
        more = more.with_columns(by_facts=_lift(question.lifting))
    return pl.concat([movies, leave_out(more, excluded).select(movies.columns)])


# --- A taste -------------------------------------------------------------------------------------


def find_taste_candidates(
    collection: chromadb.Collection,
    index: Index,
    profile: pl.DataFrame,
    hidden: list[str],
    question: Question,
    scope: Scope,
) -> pl.DataFrame:
    """
    Find the movies near to the mean of the liked ones, away from the disliked
    ones (Rocchio, 1971), and as many near to a wish.
    """
    weights, vectors = profile["weight"].to_numpy(), profile["embedding"].to_numpy()
    likes = weights > 0
    vector = np.average(vectors[likes], axis=0, weights=weights[likes])
    if not likes.all():
        against = np.average(vectors[~likes], axis=0, weights=-weights[~likes])
        vector = vector - _ROCCHIO * against
    hidden_ids = (*hidden, *question.hidden)
    taste = question._replace(vector=vector, hidden=hidden_ids)
    wish = question._replace(hidden=hidden_ids)

    def find(limits: Scope) -> pl.DataFrame:
        movies = _find_near(collection, index, taste, limits)
        if question.text and len(movies) >= max(NEAREST, limits.n):
            movies = _merge(movies, _find_near(collection, index, wish, limits))
        return movies

    return relax_facts(index, find, taste, scope, ())
