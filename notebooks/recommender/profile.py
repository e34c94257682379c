"""Whatever names movies -> those movies of a collection."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from notebooks.recommender.chroma import in_parts
from notebooks.recommender.collection import (
    Scope,
    add_facts,
    embed_query,
    find_nearest,
    get_facts,
)
from notebooks.recommender.facts import AskedFact, join_filters
from notebooks.recommender.question import Question
from notebooks.recommender.titles import explain_names, match_names, read_names
from notebooks.recommender.words import fold, fold_one, list_phrases, list_stop_words, loosen

if TYPE_CHECKING:
    import chromadb

Movies = pl.DataFrame | Iterable[str | int] | str | int  # by id or by title, or in a frame
_EXACT = 100  # titles that Chroma is asked for one by one, before the collection is read whole
_NEAREST = 1_000  # movies among which a question names one
_PHRASES = 24  # of a question, that may be names
_AND = re.compile(r",? +(?:and|or) +|, *")
_AT_ONCE = 4  # titles of a question
# Where a title may end and a wish begin.
_CUT = re.compile(
    r",?\s+(?=(?:but|only|just|with|without|in|from|set|by|no|not|except|that|for|please)\b)|,\s+",
    re.IGNORECASE,
)


def find_named(collection: chromadb.Collection, **named: Any) -> pl.DataFrame:
    """
    Find the movies that are named, in each role once: columns `role`, `id` and
    `rating`, in the order in which they are named.
    """
    asked = pl.concat(
        read_names(names).unique(maintain_order=True).with_columns(role=pl.lit(role))
        for role, names in named.items()
    ).with_row_index("row")
    movies = _list_meant(collection, asked)
    found = match_names(asked, movies)
    fits = asked.join(found.group_by("row").agg(fits="id"), on="row", how="left")
    fits = fits.with_columns(pl.col("fits").fill_null([])).sort("row")
    if len(unclear := fits.filter("typed", pl.col("fits").list.len() != 1)):
        raise ValueError(explain_names(dict(unclear.select("name", "fits").iter_rows()), movies))
    rows = fits.filter(~pl.col("typed"))
    if len(missing := rows.filter(pl.col("fits").list.len() == 0)):
        names = ", ".join(missing["name"].str.head(80).head(5))
        warnings.warn(
            f"{len(missing)} of {len(rows)} movies are not in the collection "
            f"{collection.name!r}, or their titles are ambiguous: "
            f"{names}{', ...' if len(missing) > 5 else ''}",
            stacklevel=5,
        )
    return (
        found.join(asked.select("row", "role", "rating"), on="row")
        .sort(pl.col("rating").is_null(), "row")
        .unique(["role", "id"], keep="first", maintain_order=True)
        .sort("row")
        .drop("row")
    )


def _list_meant(collection: chromadb.Collection, asked: pl.DataFrame) -> pl.DataFrame:
    """
    List the movies that may be meant: no more than those of the ids and titles
    asked, if they are all there.
    """
    ids = asked["id"].drop_nulls().unique().to_list()
    movies = get_facts(collection, ids)
    left = asked.filter(~pl.col("id").fill_null("").is_in(movies["id"].implode()))
    left = left.filter(pl.any_horizontal(pl.col("title", "imdb_id").is_not_null()))
    if left["typed"].all() and len(left) <= _EXACT:
        titles = left["title"].to_list()
        where = {"title": {"$in": titles}}
        exact = collection.get(where=where, include=[])["ids"] if titles else []
        movies = pl.concat([movies, get_facts(collection, exact)]).unique("id", maintain_order=True)
        if set(titles) <= set(movies["title"]):
            return movies
    return get_facts(collection)


def find_given(
    collection: chromadb.Collection, liked: Movies = (), disliked: Movies = (), seen: Movies = ()
) -> pl.DataFrame:
    """
    Find the movies that someone names: columns `id`, `role` (liked, disliked
    or seen) and `weight`, each movie once, the liked ones first.
    """
    found = find_named(collection, disliked=disliked, liked=liked, seen=seen)
    role, rating, weight = pl.col("role"), pl.col("rating"), pl.col("weight")
    weights = role.replace_strict({"liked": 1.0, "disliked": -1.0, "seen": 0.0})
    if "rating" in getattr(liked, "columns", ()):
        ratings = found.filter(role == "liked")["rating"]
        rated = ratings.drop_nulls()
        if len(ratings) and rated.is_empty():
            raise ValueError(
                f"none of the {len(ratings)} movies in liked has a rating. Pass movies that were "
                "seen as seen=, and name some that are liked."
            )
        apart = rating - rated.mean() if rated.n_unique() > 1 else rating * 0 + 1
        weights = pl.when(role == "liked").then(apart.fill_null(0)).otherwise(weights)
    found = found.with_columns(weight=weights)
    both = found.filter(weight > 0).join(found.filter(role == "disliked"), on="id", how="semi")
    if len(both):
        raise ValueError(f"a movie cannot be liked and disliked: id {', '.join(both['id'].sort())}")
    sign = pl.when(weight > 0).then(pl.lit("liked")).when(weight < 0).then(pl.lit("disliked"))
    return (
        found.unique("id", keep="first", maintain_order=True)
        .sort(weight <= 0, maintain_order=True)
        .select("id", sign.otherwise(pl.lit("seen")).alias("role"), "weight")
    )


def find_like(collection: chromadb.Collection, typed: str) -> tuple[pl.DataFrame, str] | None:
    """
    Find the movies that a question wants others to be like, and its wish: what
    follows the longest beginning that is a title, a series or several titles.
    The movies have columns `id` and `weight`. None if it begins with none.
    """
    ends = [len(typed), *(cut.start() for cut in reversed([*_CUT.finditer(typed)]))]
    # To read all titles would take longer than the answer does: these are of the movies nearest.
    shortest = _AND.split(typed[: ends[-1]])
    near = pl.concat(
        find_nearest(collection, embed_query(collection, text), Scope(_NEAREST))
        for text in dict.fromkeys([typed, *shortest[:_AT_ONCE]])
    )
    movies = add_facts(collection, near.unique("id", maintain_order=True))
    ways = [(end, names) for end in ends for names in ([typed[:end]], _AND.split(typed[:end]))]
    names = dict.fromkeys(name for _, parts in ways for name in parts if name.strip())
    known = _find_each(movies, list(names))
    for end, parts in ways:
        if all(found := [known.get(name, []) for name in parts]):
            ids = list(dict.fromkeys(id for part in found for id in part))
            wish = re.sub(r"^\W*(?:(?:but|only|just|please)\b)?\W*", "", typed[end:])
            return pl.DataFrame({"id": ids}).with_columns(weight=1.0), wish
    return None


def _find_each(movies: pl.DataFrame, names: list[str]) -> dict[str, list[str]]:
    """Find for each name the one movie of that title, or those of that series."""
    asked = read_names(names).with_columns(role=pl.lit("like")).with_row_index("row")
    fits = match_names(asked, movies).unique().group_by("row").agg("id")
    found = {names[row]: ids for row, ids in fits.iter_rows() if len(ids) == 1}
    series = loosen(fold(pl.col("series").str.replace(r"( \(.*\))? Collection$", "")))
    together = dict(movies.drop_nulls("series").group_by(series=series).agg("id").iter_rows())
    folded = pl.DataFrame({"name": names}).select(loosen(fold(pl.col("name")))).to_series()
    return {name: together.get(key, []) for name, key in zip(names, folded, strict=True)} | found


def find_among(collection: chromadb.Collection, among: Any) -> list[str] | None:
    """Find the movies that alone may come; None if all may."""
    return None if among is None else find_named(collection, among=among)["id"].to_list()


def read_given(collection: chromadb.Collection, given: pl.DataFrame) -> pl.DataFrame:
    """Add to movies that someone names what they are compared by, in an order of their own."""
    return add_facts(collection, given, embeddings=True).sort("id")


def add_people(collection: chromadb.Collection, asked: Question) -> Question:
    """Make facts of the people whose full names a wish holds, and take them out of its text."""
    text = fold_one(asked.text)
    phrases = [phrase for phrase in list_phrases(text, most=3) if " " in phrase]
    if not phrases:
        return asked
    where = _name_any(phrases)
    known = get_facts(collection, collection.get(where=where, limit=_NEAREST, include=[])["ids"])
    facts = []
    for column, told in (("cast", "with"), ("directors", "directed by")):
        for name in known[column].explode().drop_nulls().unique(maintain_order=True):
            if (folded := fold_one(name)) in phrases and f" {folded} " in f" {text} ":
                facts.append(AskedFact({"names": {"$contains": folded}}, f"{told} {name}"))
                text = " ".join(f" {text} ".replace(f" {folded} ", " ").split())
    if not facts:
        return asked
    left = text if set(text.split()) - list_stop_words() else ""
    return asked._replace(text=left, facts=(*asked.facts, *facts))


def _name_any(phrases: list[str]) -> dict:
    """Make a filter of the movies that have one of some people and roles."""
    named = [{"names": {"$contains": phrase}} for phrase in phrases[:_PHRASES]]
    return {"$or": named} if len(named) > 1 else named[0]


def find_people(
    collection: chromadb.Collection, question: str, movies: pl.DataFrame, wanted: Scope
) -> list[str]:
    """Find the movies of the people and roles that a question names, beyond those at hand."""
    typed = list(dict.fromkeys(list_phrases(question, most=3)))
    words = movies["words"].str.split(" ").explode()
    known = set(words.filter(words.is_in(typed)))
    phrases = [
        phrase
        for phrase in typed
        if " " in phrase or (len(phrase) > 3 and phrase not in known)  # a surname that is rare
    ]
    if not phrases:
        return []
    where = join_filters(wanted.where, _name_any(phrases))
    ask = partial(collection.get, ids=wanted.ids, where=where, include=[])
    there = next(in_parts(lambda part: ask(limit=len(part)), range(_NEAREST)))
    return list(set(there["ids"]) - set(movies["id"]))
