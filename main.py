"""Recommend movies from their texts: TMDb -> polars -> Chroma -> answers.

A movie goes one way through this module, from top to bottom:

    TMDb JSON -> list[dict] -> polars.DataFrame -> chromadb.Collection
        -> polars.DataFrame of answers

Nothing heavy is imported before it is first needed: `import main` takes a
fraction of a second, while chromadb and sentence_transformers take seconds.
"""

from __future__ import annotations

import itertools
import json
import operator
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import config
from notebooks.recommender.database import explaining, get_client, get_collection, in_parts
from notebooks.recommender.exports import RATINGS_SCHEMA, read_ratings
from notebooks.recommender.model import embed_in_batches, load_model
from notebooks.recommender.names import explain_names, match_titles
from notebooks.recommender.progress import in_notebook, show_progress
from notebooks.recommender.rows import FACTS, MOVIE_SCHEMA, list_rows, read_movie
from notebooks.recommender.search import fold_unwanted, rank
from notebooks.recommender.taste import (
    NO_REASON_TO_DISLIKE,
    ROCCHIO,
    choose,
    compare,
    explain,
    pool,
    rate_reception,
)
from notebooks.recommender.tmdb import TMDbError, get_documents, get_json
from notebooks.recommender.words import fold, share_words

if TYPE_CHECKING:
    import chromadb

__all__ = [
    "TMDbError",
    "add_movies",
    "fetch_popular_movies",
    "find_movies",
    "find_similar",
    "get_client",
    "get_collection",
    "get_id_to_genre",
    "list_movies",
    "load_model",
    "load_sample_movies",
    "prep_movies",
    "read_ratings",
    "recommend",
    "search_movies",
]


# --- Fetch: TMDb -> list[dict] -------------------------------------------------------------------


def fetch_popular_movies(min_votes: int = 1_000) -> list[dict]:
    """
    Fetch every movie with at least `min_votes` votes from The Movie Database
    (TMDb).

    Answers are kept in `CACHE_DIR` for a day. A second fetch needs no request,
    and one that was cut off goes on where it stopped.

    Parameters
    ----------
    min_votes
        Leave out movies with fewer votes than this.

    Returns
    -------
    list of dict
        Movies as TMDb describes them, each once, best vote average first.

    Raises
    ------
    TMDbError
        If there is no key, or TMDb refuses it, cannot be reached, or sends
        what cannot be used. There is no partial result.
    ValueError
        If `min_votes` is not a whole number of at least 0.

    Warns
    -----
    UserWarning
        If TMDb hands out fewer movies than it counts, with both numbers, or if
        the cache cannot be used.
    """
    movies = {
        movie["id"]: movie for movie in _fetch_movies(_check_whole("min_votes", min_votes, 0))
    }
    return sorted(
        movies.values(),
        key=lambda movie: (-(movie.get("vote_average") or 0), -(movie.get("vote_count") or 0)),
    )


_LAST_PAGE = 500  # TMDb answers no page beyond it


def _fetch_movies(low: int, high: int | None = None) -> list[dict]:
    """
    Fetch all movies with `low` to `high` votes, in as many windows as it
    takes.
    """
    movies = _fetch_window(low, high)
    if movies is not None:
        return movies
    if low == high:
        raise TMDbError(
            f"More than {20 * _LAST_PAGE:,} movies have {low:,} votes, and TMDb hands out no "
            "more than that. "
            f"Ask for movies with more votes: fetch_popular_movies(min_votes={low + 1})."
        )
    # Few votes first: a movie that gains votes meanwhile moves to where it is still going to be
    # read.
    middle = 2 * low + 1 if high is None else (low + high) // 2
    return _fetch_movies(low, middle) + _fetch_movies(middle + 1, high)


# Votes come in while pages are read, and rows move between pages. What one order missed, another
# finds.
_ORDERS = [
    "vote_count.desc",
    "primary_release_date.asc",
    "title.asc",
    "vote_count.asc",
    "primary_release_date.desc",
]


def _fetch_window(low: int, high: int | None) -> list[dict] | None:
    """
    Fetch all movies with `low` to `high` votes, or None if there are more than
    TMDb hands out.
    """
    window = {"vote_count.gte": low} | ({} if high is None else {"vote_count.lte": high})
    movies: dict[int, dict] = {}
    for order in _ORDERS:
        first = get_json("/discover/movie", page=1, sort_by=order, **window)
        if first["total_pages"] > _LAST_PAGE:
            return None
        pages = [
            {"page": page, "sort_by": order, **window}
            for page in range(2, first["total_pages"] + 1)
        ]
        counted = 0
        with show_progress(
            total=first["total_results"], desc="Fetching movies", unit="movie"
        ) as bar:
            for document in itertools.chain([first], get_documents("/discover/movie", pages)):
                movies |= {movie["id"]: movie for movie in document["results"]}
                counted = max(counted, document["total_results"])
                bar.update(len(document["results"]))
        if len(movies) >= counted:
            return list(movies.values())
    warnings.warn(
        f"TMDb counts {counted:,} movies of {window}, but hands out {len(movies):,}, however "
        "often it is asked. "
        "The others are missing here.",
        stacklevel=2,
    )
    return list(movies.values())


def search_movies(query: str) -> list[dict]:
    """
    Search TMDb by title, for a movie that is not in the catalogue.

    Parameters
    ----------
    query
        A title, or a part of one.

    Returns
    -------
    list of dict
        Up to 20 movies (TMDb's first page), the best match first, of the same
        shape as `fetch_popular_movies`.

    Raises
    ------
    TMDbError
        If there is no key, or TMDb refuses it, cannot be reached, or sends
        what cannot be used.
    ValueError
        If `query` is empty.
    """
    return get_json("/search/movie", query=_check_query(query))["results"]


def _check_whole(name: str, value: int, least: int) -> int:
    try:
        whole = operator.index(value)  # NumPy's and polars' whole numbers too
    except TypeError:
        whole = least - 1
    if whole < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return whole


def _check_query(query: str) -> str:
    if not isinstance(query, str) or not query.strip():
        raise ValueError(f"query must be a text that says what to look for, not {query!r}")
    return query


def load_sample_movies() -> list[dict]:
    """
    Load the embedded catalogue: movies of TMDb with overviews written for this
    project.

    Returns
    -------
    list of dict
        Movies of the same shape as `fetch_popular_movies`, best vote average
        first. Needs neither key nor network.
    """
    return _load_sample()["results"]


def _load_sample() -> dict:
    return json.loads(
        (config.ROOT / "notebooks" / "sample_movies.json").read_text(encoding="utf-8")
    )


def get_id_to_genre() -> dict[int, str]:
    """
    Map genre ids to genre names: TMDb's with a key, the embedded catalogue's
    without.

    Returns
    -------
    dict of int to str
        With a key, names in the language of `TMDB_LANGUAGE`, or in English
        where TMDb has none in that language; a genre that has no name there
        either is left out. Without a key, names in English.

    Raises
    ------
    TMDbError
        If there is a key, and TMDb refuses it, cannot be reached, or sends
        what cannot be used.
    """
    english = {genre["id"]: genre["name"] for genre in _load_sample()["genres"]}
    if not config.TMDB_API_KEY:
        return english
    genres = get_json("/genre/movie/list")["genres"]
    names = {
        genre["id"]: (genre.get("name") or "").strip() or english.get(genre["id"])
        for genre in genres
    }
    return {id: name for id, name in names.items() if name}


# --- Prepare: list[dict] -> polars.DataFrame -----------------------------------------------------


def prep_movies(movies: list[dict]) -> pl.DataFrame:
    """
    Prepare movies for embedding: name their genres and write the text that
    describes each.

    Parameters
    ----------
    movies
        Movies as TMDb describes them, in its lists (`genre_ids`) or one by one
        (`genres`). A whole answer of TMDb, one movie, a data frame and the
        rows of a CSV file are read too. Everything but the id may be missing.

    Returns
    -------
    polars.DataFrame
        One row a movie, the first of those that share an id, in the order
        given. Columns `id` (str), `title`, `year` (str), `overview`, `genres`
        (list of str) and `text`, then `original_language`, `vote_average` (0
        to 10), `vote_count` and `poster_path`. What is missing is null, but
        `genres` is then an empty list and `text` leaves out the line.

    Raises
    ------
    ValueError
        If `movies` holds something that is no movie, or a movie has no whole
        number as its id.

    Warns
    -----
    UserWarning
        If a value cannot be read and counts as missing, if a genre id has no
        name in `get_id_to_genre` and is left out, or if TV shows or people
        stand among the movies and are left out.
    """
    id_to_genre = get_id_to_genre()
    rows, others, faults, unnamed = [], [], [], set()
    for place, row in enumerate(list_rows(movies)):
        title = row.get("title", row.get("name"))
        label = f"movies[{place}] (title {title!r:.60}, id {row.get('id')!r:.40})"
        if row.get("media_type", "movie") != "movie" or ("name" in row and "title" not in row):
            others.append(label)
            continue
        movie, unread = read_movie(row)
        if movie["id"] is None:
            raise ValueError(f"a movie needs a whole number as its id, and {label} has none")
        faults += [f"{field} = {row.get(field)!r:.60} of {label}" for field in unread]
        names = {id: id_to_genre.get(id, name) for id, name in movie["genres"].items()}
        unnamed |= {id for id, name in names.items() if name is None}
        movie["genres"] = [name for name in names.values() if name is not None]
        rows.append(movie)
    for what, found in (
        ("TV shows and people are left out", others),
        ("values that cannot be read count as missing", faults),
        ("genre ids without a name are left out", [sorted(unnamed)] if unnamed else []),
    ):
        if found:
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            warnings.warn(f"{what}: {', '.join(map(str, found[:5]))}{more}", stacklevel=2)

    return (
        pl.DataFrame(rows, schema=MOVIE_SCHEMA)
        .unique("id", keep="first", maintain_order=True)
        .with_columns(pl.coalesce("title", "original_title").alias("title"))
        .with_columns(
            pl.concat_str(
                pl.format("Movie title: {}.", "title"),
                pl.format("Year: {}.", "year"),
                pl.format("Overview: {}", "overview"),
                pl.when(pl.col("genres").list.len() > 0).then(
                    pl.format("Genres: {}.", pl.col("genres").list.join(", "))
                ),
                separator="\n",
                ignore_nulls=True,  # a part that is missing takes its line with it
            ).alias("text")
        )
        .select("id", "title", "year", "overview", "genres", "text", *FACTS)
    )


# --- Model: texts -> embeddings ------------------------------------------------------------------


# --- Open the database: settings -> chromadb.Collection ------------------------------------------


# --- Store: polars.DataFrame -> chromadb.Collection ----------------------------------------------

_CHUNK = 128  # movies that are stored at once; what a run that is cut off has to do again


@explaining
def add_movies(collection: chromadb.Collection, df: pl.DataFrame, column: str = "text") -> int:
    """
    Store movies in a collection, and embed those whose text is not yet there.

    Parameters
    ----------
    collection
        From `get_collection`.
    df
        From `prep_movies`. Its other columns become metadata, for filters and
        answers; `year` becomes a number.
    column
        The column to embed, as Chroma's document. A model reads the first
        tokens only: all-MiniLM-L6-v2 reads 256.

    Returns
    -------
    int
        How many movies were new or changed. The others were not touched, so a
        second call returns 0. A movie without a number of votes is not a whole
        one of TMDb's: it adds to the facts that are stored, and takes none
        away.

    Raises
    ------
    KeyboardInterrupt
        If it is interrupted, with how many movies are stored. A second call
        goes on from there.
    ValueError
        If there is no such column, a movie has nothing in it, or an id comes
        twice.
    """
    for needed in ("id", column):
        if df.schema.get(needed) != pl.String:
            raise ValueError(f"the frame has no column {needed!r} of text; it has {df.columns}")
    if twice := df.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list():
        raise ValueError(
            f"these ids come more than once: {twice[:5]}. Keep one: df.unique('id', "
            "maintain_order=True)"
        )
    if blank := df.filter(pl.col(column).fill_null("").str.strip_chars() == "")["id"].to_list():
        raise ValueError(
            f"{len(blank)} movies have no {column!r} to embed, such as id {blank[0]}. "
            f"Leave them out: df.filter(pl.col({column!r}) != '')"
        )

    # Before it may be interrupted, which polars does not take well.
    movies = _to_records(df, column)
    stored = 0
    try:
        # One part is stored while the next one is embedded.
        with (
            ThreadPoolExecutor(1) as writer,
            show_progress(total=len(df), desc=f"Embedding {collection.name}", unit="movie") as bar,
        ):
            to_embed, to_update = _find_changes(collection, movies)
            bar.update(len(movies) - len(to_embed))
            texts = [movie["document"] for movie in to_embed]
            writing = writer.submit(_store, collection, [], to_update)
            done = embedded = 0
            # `upsert` would embed as well, but then it could not store one part meanwhile.
            for places, embeddings in embed_in_batches(
                lambda texts: collection._embed(input=texts), texts, _CHUNK
            ):
                for place, embedding in zip(places, embeddings, strict=True):
                    to_embed[place]["embedding"] = embedding
                bar.update(len(places))
                embedded += len(places)
                if embedded % _CHUNK == 0 or embedded == len(texts):
                    stored += writing.result()
                    writing = writer.submit(_store, collection, to_embed[done:embedded], [])
                    done = embedded
            stored += writing.result()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"{collection.count():,} movies are stored. Run it again to go on."
        ) from None
    return stored


def _to_records(df: pl.DataFrame, column: str) -> list[dict]:
    """Make of each movie what Chroma keeps: id, document and metadata."""
    facts = {
        "title": pl.col("title"),
        "year": pl.col("year").cast(pl.Int64),
        "genres": pl.when(pl.col("genres").list.len() > 0).then(
            "genres"
        ),  # Chroma takes no empty list
        **{name: pl.col(name) for name in FACTS},
    }
    return df.select(
        "id",
        document=column,
        metadata=pl.struct(
            [fact.alias(name) for name, fact in facts.items() if name in df.columns]
            or pl.lit(None).alias("title")
        ),
    ).to_dicts()


def _find_changes(
    collection: chromadb.Collection, movies: list[dict]
) -> tuple[list[dict], list[dict]]:
    """
    Find the movies that are to be embedded, and those of which only facts
    changed.
    """
    there = in_parts(
        lambda ids: collection.get(ids=ids, include=["documents", "metadatas"]),
        [movie["id"] for movie in movies],
    )
    before = {
        id: rest
        for part in there
        for id, *rest in zip(part["ids"], part["documents"], part["metadatas"], strict=True)
    }
    to_embed, to_update = [], []
    for movie in movies:
        if movie["metadata"].get("vote_count") is None:
            movie["metadata"] = {
                key: value for key, value in movie["metadata"].items() if value is not None
            }
        document, facts = before.get(movie["id"], (None, None))
        if document != movie["document"]:
            to_embed.append(movie)
        elif any((facts or {}).get(key) != value for key, value in movie["metadata"].items()):
            to_update.append(movie)
    return to_embed, to_update


def _store(collection: chromadb.Collection, to_embed: list[dict], to_update: list[dict]) -> int:
    """Store what `_find_changes` found, and return how many movies that was."""

    # Both calls merge metadata: a key stays unless it is given, and one that is given as None goes.
    def upsert(part: list[dict]) -> None:
        collection.upsert(
            ids=[movie["id"] for movie in part],
            documents=[movie["document"] for movie in part],
            metadatas=[movie["metadata"] or None for movie in part],
            embeddings=[movie["embedding"] for movie in part],
        )

    def update(part: list[dict]) -> None:
        collection.update(
            ids=[movie["id"] for movie in part], metadatas=[movie["metadata"] for movie in part]
        )

    list(in_parts(upsert, to_embed))
    list(in_parts(update, to_update))
    return len(to_embed) + len(to_update)


# --- Ask: chromadb.Collection -> polars.DataFrame of answers -------------------------------------

_CANDIDATES = 1_000  # nearest neighbours that are ranked again
# First what a person reads, last why it is there. In a terminal of 80 columns polars then prints,
# in one line a movie, the title, the year and the reason. A notebook has room for all columns.
if not in_notebook():
    pl.Config(tbl_cols=3, fmt_str_lengths=30, tbl_rows=20, tbl_hide_column_data_types=True)
_ANSWER_SCHEMA: dict[str, Any] = {
    "title": pl.String,
    "year": pl.Int64,  # as Chroma keeps it; answers give it as text, like prep_movies
    "id": pl.String,
    "genres": pl.List(pl.String),
    **FACTS,
    "text": pl.String,
    "distance": pl.Float64,
}


@explaining
def list_movies(collection: chromadb.Collection) -> pl.DataFrame:
    """
    List what a collection holds.

    Parameters
    ----------
    collection
        From `get_collection`.

    Returns
    -------
    polars.DataFrame
        One row a movie, in the order in which they were added. Columns
        `title`, `year`, `id`, `genres`, `original_language`, `vote_average`,
        `vote_count` and `poster_path`.
    """
    return _to_answers(collection.get(include=["metadatas"])).drop("text", "distance")


@explaining
def find_similar(
    collection: chromadb.Collection, query: str, n: int = 20, where: dict | None = None
) -> pl.DataFrame:
    """
    Find the movies whose embedded text is nearest to a text, and nothing but
    that.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A title, a description, a wish: any text.
    n
        How many movies to return; all there are, if there are fewer.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}` or `{"genres":
        {"$contains": "Comedy"}}`.

    Returns
    -------
    polars.DataFrame
        Nearest first. Columns `title`, `year`, `id`, `genres`,
        `original_language`, `vote_average`, `vote_count`, `poster_path`,
        `text` (what was embedded) and `distance` (squared L2: 0 for the same
        text, 2 for unrelated ones, 4 at most).

    Raises
    ------
    ValueError
        If `query` is empty, `n` is less than 1, or `where` is not in Chroma's
        filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, with the facts of a movie that it could ask
        for.
    """
    return _query(collection, _check_whole("n", n, 1), where, query_texts=[_check_query(query)])


@explaining
def find_movies(
    collection: chromadb.Collection,
    query: str,
    n: int = 20,
    where: dict | None = None,
    without: str | Iterable[str] = (),
) -> pl.DataFrame:
    """
    Find what a person wants who types into a search box: by meaning, by words
    and by title.

    The thousand movies whose texts are nearest are ranked again by a sum:
    cosine of question and text, BM25 (Robertson and Zaragoza, 2009) over those
    texts, a bonus if the title holds the question or is the question, and a
    little for the number of votes. `_SEARCH_WEIGHTS` holds the weights.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A title as one types it, with its year or without; a theme; a wish.
    n
        How many movies to return; all there are, if there are fewer.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}`.
    without
        A word, a phrase or several that must not stand in a movie's text or
        genres: whole words in any case, with accents or without, in the
        singular and the plural with s.

    Returns
    -------
    polars.DataFrame
        Best first. The columns of `find_similar`, then `score` (about 0 to
        2.2) and `because`: "title", the words of the question that the text
        holds, or "its text", whichever lifted the movie most above the average
        candidate.

    Raises
    ------
    ValueError
        If `query` is empty, `n` is less than 1, `without` is no text, or
        `where` is not in Chroma's filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, with the facts of a movie that it could ask
        for.
    """
    query, n = _check_query(query), _check_whole("n", n, 1)
    unwanted = fold_unwanted(without)
    candidates = max(_CANDIDATES, n)
    while True:
        movies = _query(collection, candidates, where, query_texts=[query])
        more = len(movies) == candidates
        # A text names its parts in words of ours ("Movie title: ...", "Genres: ..."), which nobody
        # asks for.
        movies = movies.with_columns(
            words=fold(
                pl.col("text").str.replace_all(r"(?m)^(Movie title|Year|Overview|Genres): ", "")
            )
        )
        if unwanted:
            told = pl.format(" {} {} ", "words", fold(pl.col("genres").list.join(" ")))
            movies = movies.filter(~told.str.contains_any(unwanted))
        if len(movies) >= n or not more:
            break
        candidates *= 4  # `without` left too few
    return rank(movies, pl.select(fold(pl.lit(query))).item()).drop("words").head(n)


def _query(collection: chromadb.Collection, n: int, where: dict | None, **question) -> pl.DataFrame:
    """
    Ask Chroma for the nearest movies to one question, as a frame, and explain
    a filter that nothing passes.
    """
    answer = collection.query(n_results=n, where=where, **question)
    movies = _to_answers({key: value[0] for key, value in answer.items() if value is not None})
    if (
        movies.is_empty()
        and where
        and (facts := collection.get(limit=1, include=["metadatas"])["metadatas"])
    ):
        warnings.warn(
            f"no movie passes where={where}; a movie has facts such as {facts[0]}", stacklevel=4
        )
    return movies


def _to_answers(stored: dict) -> pl.DataFrame:
    """
    Make a frame of what Chroma's `get` gave, or its `query` for one question,
    with embeddings if they came.
    """
    unasked = [None] * len(stored["ids"])
    metadatas = [metadata or {} for metadata in stored["metadatas"]]
    columns = {name: [metadata.get(name) for metadata in metadatas] for name in _ANSWER_SCHEMA}
    # Lists of a thousand movies come through JSON in half a millisecond, one Python list after
    # another in four.
    lists = pl.Series([json.dumps(columns["genres"])]).str.json_decode(
        pl.List(_ANSWER_SCHEMA["genres"])
    )[0]
    told = {
        "id": stored["ids"],
        "text": stored.get("documents"),
        "distance": stored.get("distances"),
    }
    columns |= {"genres": lists} | {name: values or unasked for name, values in told.items()}
    df = pl.DataFrame(columns, schema=_ANSWER_SCHEMA).with_columns(
        pl.col("year").cast(pl.String), pl.col("genres").fill_null([])
    )
    embeddings = stored.get("embeddings")
    return (
        df if embeddings is None else df.with_columns(embedding=pl.Series(np.asarray(embeddings)))
    )


# --- Name: titles, ids and own ratings -> movies of the collection -------------------------------

_FINDS = 100  # IMDb ids that TMDb is asked for in one call


def _match_ratings(collection: chromadb.Collection, ratings: pl.DataFrame) -> pl.DataFrame:
    """
    Find rated movies in a collection, by TMDb's id or, without one, by title
    and year or IMDb's id.
    """
    if not {"id", "title"} & set(ratings.columns):
        raise ValueError(
            f"a frame of movies needs a column 'id' or 'title'; this one has {ratings.columns}"
        )
    columns = [name for name in RATINGS_SCHEMA if name in ratings.columns]
    known = ratings.select(
        pl.col(name).cast(RATINGS_SCHEMA[name], strict=False) for name in columns
    )
    whole = pl.concat([pl.DataFrame(schema=RATINGS_SCHEMA), known], how="diagonal")
    rated = whole.unique(maintain_order=True).with_row_index("row")
    ids = rated["id"].drop_nulls().unique().to_list()
    held = collection.get(ids=ids, include=[])["ids"] if ids else []  # Chroma takes no ids for all
    found = rated.filter(pl.col("id").is_in(held)).select("row", "id")
    if len(nameless := rated.filter(pl.col("id").is_null()).drop("id")):
        movies = list_movies(collection)
        cost = pl.col("cost")
        by_title = (
            match_titles(nameless, movies.filter(~pl.col("id").is_in(held)))
            # What fits several movies is not guessed, nor is a movie that several ratings fit
            # equally well.
            .filter(pl.len().over("row") == 1)
            .filter(cost == cost.min().over("id"))
            .filter(pl.len().over("id") == 1)
            .select("row", "id")
        )
        left = nameless.join(by_title, on="row", how="anti").drop_nulls("imdb_id")
        by_imdb = left.join(_find_by_imdb(left["imdb_id"].to_list()), on="imdb_id").select(
            "row", "id"
        )
        found = pl.concat([found, by_title, by_imdb.join(movies.select("id"), on="id")])
    if len(missing := rated.join(found, on="row", how="anti")):
        year = pl.format(" ({})", "year").fill_null("")
        names = (
            missing.head(5)
            .select(pl.coalesce("title", "id", "imdb_id", pl.lit("no name")) + year)
            .to_series()
        )
        warnings.warn(
            f"{len(missing)} of {len(rated)} rated movies are not in the collection "
            f"{collection.name!r}, "
            "or their titles are ambiguous: "
            f"{', '.join(names)}{', ...' if len(missing) > 5 else ''}",
            stacklevel=5,
        )
    matched = found.join(rated.select("row", "rating"), on="row").sort(
        pl.col("rating").is_null(), "row"
    )
    return (
        matched.unique("id", keep="first", maintain_order=True).sort("row").select("id", "rating")
    )


def _find_by_imdb(imdb_ids: list[str]) -> pl.DataFrame:
    """
    Ask TMDb, if there is a key, which movies have these ids of IMDb: columns
    `imdb_id` and `id`.
    """
    ids = {}
    try:
        for imdb_id in imdb_ids[:_FINDS] if config.TMDB_API_KEY else []:
            if movies := get_json(f"/find/{imdb_id}", external_source="imdb_id")["movie_results"]:
                ids[imdb_id] = str(movies[0]["id"])
    except TMDbError as error:
        warnings.warn(f"movies are matched by title and year alone: {error}", stacklevel=6)
    return pl.DataFrame(
        {"imdb_id": [*ids], "id": [*ids.values()]}, schema={"imdb_id": pl.String, "id": pl.String}
    )


def _resolve(collection: chromadb.Collection, names: Any) -> list[str]:
    """
    Find the ids of the movies that a frame holds, or that are named by id or
    by title, each once.
    """
    if isinstance(names, pl.DataFrame):
        return _match_ratings(collection, names)["id"].to_list()
    several = isinstance(names, Iterable) and not isinstance(names, str | bytes | dict)
    texts: dict[str, bool] = {}  # each name once, and whether it may be a title
    for name in list(names) if several else [names]:
        if isinstance(name, bool) or not (isinstance(name, str) or hasattr(name, "__index__")):
            raise ValueError(f"name a movie by its id or its title, not by {name!r:.80}")
        text = name.strip() if isinstance(name, str) else str(operator.index(name))
        texts[text] = isinstance(name, str) or texts.get(text, False)
    if not texts:
        return []  # Chroma takes no ids for all
    fits = {id: [id] for id in collection.get(ids=[*texts], include=[])["ids"]}
    titles = [text for text, may_be_title in texts.items() if may_be_title and text not in fits]
    movies = _to_answers({"ids": [], "metadatas": []})
    if titles:
        movies = _to_answers(
            collection.get(where={"title": {"$in": titles}}, include=["metadatas"])
        )
        if set(titles) - set(movies["title"]):
            movies = list_movies(collection)
        dated = pl.col("title").str.extract_groups(
            r"^(?<title>.+?)[\s,]*[(\[]?\b(?<year>\d{4})[)\]]?$"
        )
        whole = pl.DataFrame(
            {"title": titles, "year": pl.Series([None] * len(titles), dtype=pl.String)}
        )
        whole = whole.with_row_index("row")
        readings = pl.concat([whole, whole.select("row", dated).unnest("title").drop_nulls()])
        for row, id in match_titles(readings, movies).select("row", "id").iter_rows():
            fits.setdefault(titles[row], []).append(id)
    if unclear := {text: fits.get(text, []) for text in texts if len(fits.get(text, [])) != 1}:
        raise ValueError(explain_names(unclear, movies))
    return list(dict.fromkeys(fits[text][0] for text in texts))


# --- Recommend: movies one likes -> movies one may like ------------------------------------------


_Movies = pl.DataFrame | Iterable[str | int] | str | int  # by id or by title, or in a frame


@explaining
def recommend(
    collection: chromadb.Collection,
    liked: _Movies,
    n: int = 10,
    *,
    disliked: _Movies = (),
    seen: _Movies = (),
    where: dict | None = None,
    diversity: float = 0.0,
) -> pl.DataFrame:
    """
    Recommend movies to someone who likes these: near in text, words, genre and
    time, and well received.

    The thousand movies nearest to the mean of the liked ones are ranked again.
    Each is compared with each liked movie by a sum of similarities, weighted
    by `_WEIGHTS`. The sums are pooled by a power mean. Its exponent is 1, the
    plain mean, for one liked movie and grows with their number, so that the
    nearest of many count most and a niche taste is not averaged away. Votes
    and ratings are added. What a movie lacks counts as the average of the
    others. Nothing is embedded.

    A rating is weighted by its votes in the way that IMDb made known for its
    Top 250: a movie with v votes and mean R counts as (v R + m C) / (v + m),
    where C is the mean and m the median number of votes of the candidates.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    liked
        Movies of the collection, each by its id or its title. Or a frame from
        `read_ratings`: what is rated above the person's own mean is liked and
        what is below is disliked, each weighted by its distance from the mean.
        If all ratings are equal, all are liked. All rows are seen.
    n
        How many movies to return; all candidates, if there are fewer.
    disliked
        Movies to keep away from, named in the same ways. They push by text,
        words, title and genres (Rocchio, 1971).
    seen
        Movies not to show, named in the same ways. A movie may be both liked
        and seen.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}`.
    diversity
        0 ranks by score alone; towards 1, movies unlike those already chosen
        come first (maximal marginal relevance, Carbonell and Goldstein, 1998).

    Returns
    -------
    polars.DataFrame
        Best first, without the liked, disliked and seen movies. After three
        movies of one series, its others come last, after all other candidates.
        Titles tell the series: what stands before a colon, a dash, "and the",
        a number, a Roman numeral, "Part", "Vol.", "Chapter" or "Episode", or
        in ": A Star Wars Story". The columns of `find_similar`, where
        `distance` is to the nearest liked movie, then `score` and `because`:
        one or two liked movies, what the movie shares with each of them, and
        whether it is widely seen or highly rated. It tells only what lifted
        the score.

    Raises
    ------
    ValueError
        If nothing is liked, a movie is unknown, named ambiguously, or both
        liked and disliked, `n` is less than 1, `diversity` is outside 0 to 1,
        or `where` is not in Chroma's filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, or a rated movie has no match in the
        collection.
    """
    n = _check_whole("n", n, 1)
    if not 0 <= diversity <= 1:
        raise ValueError(f"diversity must be from 0 to 1, not {diversity!r}")
    given, hidden = _weigh_given(collection, liked, disliked, seen)
    include = ["metadatas", "documents", "embeddings"]
    stored = _to_answers(collection.get(ids=given["id"].to_list(), include=include))
    given = given.join(stored, on="id", how="left", maintain_order="left")
    weights, vectors = given["weight"].to_numpy(), given["embedding"].to_numpy()
    likes = weights > 0
    question = np.average(vectors[likes], axis=0, weights=weights[likes])
    if not likes.all():
        question = question - ROCCHIO * np.average(
            vectors[~likes], axis=0, weights=-weights[~likes]
        )
    wanted = max(_CANDIDATES, n) + len(hidden)
    # From one liked movie the distance tells the cosine. The embeddings of a thousand movies would
    # take as long again.
    if len(given) == 1 and not diversity:
        include.remove("embeddings")
    movies = _query(
        collection, wanted, where, query_embeddings=[question], include=[*include, "distances"]
    )
    movies = movies.filter(~pl.col("id").is_in(hidden))
    if movies.is_empty():
        nothing = {"score": pl.lit(None, pl.Float64), "because": pl.lit(None, pl.String)}
        return movies.select(*_ANSWER_SCHEMA).with_columns(**nothing)

    shared_words = share_words(movies, given, pl.col("text"))
    similarities = compare(movies, given, shared_words)
    reception = rate_reception(movies)
    scores = pool(np.sum(list(similarities.values()), axis=0)[:, likes], weights[likes]) + sum(
        reception.values()
    )
    if not likes.all():
        against = np.sum(
            [part for name, part in similarities.items() if name not in NO_REASON_TO_DISLIKE],
            axis=0,
        )
        scores = scores - ROCCHIO * pool(against[:, ~likes], -weights[~likes])
    chosen = choose(scores, movies, n, diversity)
    lifts = {name: (part - part.mean(axis=0))[:, likes] for name, part in similarities.items()}
    return (
        movies.with_columns(
            distance=pl.Series(
                2 - 2 * similarities["text"][:, likes].max(axis=1), dtype=pl.Float64
            ),
            score=pl.Series(scores, dtype=pl.Float64),
        )[chosen]
        .select(*_ANSWER_SCHEMA, "score")
        .with_columns(
            because=pl.Series(
                explain(chosen, movies, given.filter(likes), lifts, reception, shared_words)
            )
        )
    )


def _weigh_given(
    collection: chromadb.Collection,
    liked: _Movies,
    disliked: _Movies,
    seen: _Movies,
) -> tuple[pl.DataFrame, list[str]]:
    """
    Find the movies that someone names: `id` and `weight`, liked ones above 0;
    and the ids of all not to show.
    """
    hidden = _resolve(collection, seen)
    if isinstance(liked, pl.DataFrame) and "rating" in liked.columns:
        rated = _match_ratings(collection, liked)
        hidden += rated["id"].to_list()
        rated = rated.drop_nulls("rating")
        apart = pl.col("rating") - pl.col("rating").mean()
        if rated["rating"].n_unique() == 1:
            apart = pl.lit(1.0)
        weights = dict(rated.select("id", apart).filter(pl.nth(1) != 0).iter_rows())
    else:
        weights = dict.fromkeys(_resolve(collection, liked), 1.0)
    disliked_ids = _resolve(collection, disliked)
    if both := [id for id in disliked_ids if weights.get(id, 0) > 0]:
        raise ValueError(f"a movie cannot be liked and disliked: id {', '.join(sorted(both))}")
    weights |= dict.fromkeys(disliked_ids, -1.0)
    if not any(weight > 0 for weight in weights.values()):
        raise ValueError(f"liked must name at least one movie of the collection, not {liked!r}")
    given = pl.DataFrame({"id": list(weights), "weight": list(weights.values())})
    return given, list({*hidden, *weights})
