"""Whatever names movies -> those movies of a collection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import polars as pl

from notebooks.recommender.collection import get_facts, is_one_of
from notebooks.recommender.notice import warn
from notebooks.recommender.titles import correct_names, explain_names, match_names, read_names

if TYPE_CHECKING:
    import chromadb

Movies = pl.DataFrame | Iterable[str | int] | str | int  # by id or by title, or in a frame
_EXACT = 100  # titles that Chroma is asked for one by one, before the collection is read whole


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
    lost = asked.filter("typed", pl.col("title").is_not_null())
    misspelt = correct_names(lost.join(found, on="row", how="anti"), movies)
    found = pl.concat([found, misspelt])
    fits = asked.join(found.group_by("row").agg(fits="id"), on="row", how="left")
    fits = fits.with_columns(pl.col("fits").fill_null([])).sort("row")
    if len(unclear := fits.filter("typed", pl.col("fits").list.len() != 1)):
        raise ValueError(explain_names(dict(unclear.select("name", "fits").iter_rows()), movies))
    if len(misspelt):
        taken = asked.join(misspelt, on="row").join(movies, left_on="id_right", right_on="id")
        taken = taken.select("name", told=pl.format("{} ({})", "title_right", "year_right"))
        told = "; ".join(f"{name!r:.80} is read as {title}" for name, title in taken.iter_rows())
        warn(f"no movie here is called so: {told}")
    rows = fits.filter(~pl.col("typed"))
    if len(missing := rows.filter(pl.col("fits").list.len() == 0)):
        names = ", ".join(missing["name"].str.head(80).head(5))
        warn(
            f"{len(missing)} of {len(rows)} movies are not in the collection "
            f"{collection.name!r}, or their titles are ambiguous: "
            f"{names}{', ...' if len(missing) > 5 else ''}"
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
        where = is_one_of("title", titles)
        exact = collection.get(where=where, include=[])["ids"] if titles else []
        movies = pl.concat([movies, get_facts(collection, exact)]).unique("id", maintain_order=True)
        if set(titles) <= set(movies["title"]):
            return movies
    return get_facts(collection)


def find_profile(
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


def find_among(collection: chromadb.Collection, among: Any) -> list[str] | None:
    """Find the movies that alone may come; None if all may."""
    return None if among is None else find_named(collection, among=among)["id"].to_list()
