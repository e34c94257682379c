"""
Recommend movies from their texts: TMDb -> polars -> Chroma -> answers.

What is asked most: `find_movies` answers a question, `recommend` goes from
movies one likes to movies one may like, `find_starters` names movies to ask a
stranger about. A movie goes one way, and this module tells it from top to
bottom; the crafts lie in notebooks/recommender/:

    TMDb JSON -> list[dict] -> polars.DataFrame -> chromadb.Collection
        -> polars.DataFrame of answers

    movies = get_collection(get_client(), "movies")
    add_movies(movies, prep_movies(load_sample_movies()))
    find_movies(movies, "time loop")
    recommend(movies, ["The Godfather", "GoodFellas"], wish="funny")

Nothing heavy is imported before it is first needed: `import main` takes a
fraction of a second, while chromadb and sentence_transformers take seconds.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import operator
import re
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

# Another program's config.py may come first on the path, and would fail later in obscure ways.
if (_found := importlib.util.find_spec("config")) is None or (
    Path(_found.origin or "").resolve() != Path(__file__).resolve().with_name("config.py")
):
    raise ImportError(
        f"main.py needs the config.py beside it, but Python finds {_found and _found.origin}. "
        f"Start Python in {Path(__file__).resolve().parent}, or put that folder first on sys.path "
        "before you import anything from it; restart Python if the other one was imported."
    )

import config
from notebooks.recommender import taste
from notebooks.recommender.cache import remove_expired
from notebooks.recommender.candidates import (
    NEAREST,
    Index,
    find_candidates,
    find_taste_candidates,
    open_index,
)
from notebooks.recommender.chroma import explain_chroma_errors, get_client, get_collection
from notebooks.recommender.collection import (
    Scope,
    embed_query,
    find_changes,
    find_nearest,
    get_embeddings,
    get_facts,
    show_facts,
    store,
    to_records,
    warn_of_filter,
)
from notebooks.recommender.exports import read_ratings, read_watchlist
from notebooks.recommender.keywords import embed_question, find_keywords
from notebooks.recommender.model import embed_in_batches, load_model
from notebooks.recommender.movie import (
    MOVIE_SCHEMA,
    REST,
    check_frame,
    rate,
    read_movie,
    read_movies,
)
from notebooks.recommender.notice import warn
from notebooks.recommender.profile import Movies, find_among, find_profile
from notebooks.recommender.progress import show_progress
from notebooks.recommender.question import Question, fold_words, read_question
from notebooks.recommender.rank import fold_without, leave_out, push_away, rank, score_wish
from notebooks.recommender.reasons import explain_question, explain_taste
from notebooks.recommender.starters import choose_starters
from notebooks.recommender.streaming import fetch_where, find_services
from notebooks.recommender.tmdb import TMDbError, get_documents, get_json
from notebooks.recommender.words import write_text

if TYPE_CHECKING:
    import chromadb

__all__ = [
    "TMDbError",
    "add_movies",
    "fetch_details",
    "fetch_popular_movies",
    "fetch_streaming",
    "fetch_where",
    "find_movies",
    "find_similar",
    "find_starters",
    "get_client",
    "get_collection",
    "get_id_to_genre",
    "list_movies",
    "load_model",
    "load_sample_movies",
    "prep_movies",
    "read_ratings",
    "read_watchlist",
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
    low = _check_whole("min_votes", min_votes, 0)
    remove_expired()
    movies = {movie["id"]: movie for movie in _fetch_movies(low)}
    return sorted(movies.values(), key=rate, reverse=True)


_LAST_PAGE = 500  # TMDb answers no page beyond it
_MOST = 2**31  # votes and movies: nobody has more, and polars and Chroma can count to it


def _fetch_movies(low: int, high: int | None = None, services: dict | None = None) -> list[dict]:
    """
    Fetch all movies with `low` to `high` votes, in as many windows as it
    takes; or those of some services, as `find_services` filters them.
    """
    movies = _fetch_window({"vote_count.gte": low} | (services or {}), high)
    if movies is not None:
        return movies
    if low == high:
        raise TMDbError(
            f"More than {20 * _LAST_PAGE:,} movies have {low:,} votes, and TMDb hands out no more "
            f"than that. Ask for movies with more votes: min_votes={low + 1}."
        )
    if low > _MOST:
        raise TMDbError(f"TMDb counts too many movies of {low:,} votes or more. Check TMDB_URL.")
    # Few votes first: a movie that gains votes meanwhile moves to where it is still going to be
    # read.
    middle = 2 * low + 1 if high is None else (low + high) // 2
    return _fetch_movies(low, middle, services) + _fetch_movies(middle + 1, high, services)


# Votes come in while pages are read, and rows move between pages. What one order missed, another
# finds.
_ORDERS = [
    "vote_count.desc",
    "primary_release_date.asc",
    "title.asc",
    "vote_count.asc",
    "primary_release_date.desc",
]


def _fetch_window(window: dict, high: int | None) -> list[dict] | None:
    """
    Fetch all movies that pass TMDb's filters and have at most `high` votes, or
    None if there are more than TMDb hands out.
    """
    window = window if high is None else window | {"vote_count.lte": high}
    movies: dict[int, dict] = {}
    for order in _ORDERS:
        first = get_json("/discover/movie", page=1, sort_by=order, **window)
        last = first["total_pages"]
        if last > _LAST_PAGE:
            return None
        pages = get_documents(
            ("/discover/movie", {"page": page, "sort_by": order, **window})
            for page in range(2, last + 1)
        )
        counted = 0
        with show_progress(
            total=first["total_results"], desc="Fetching movies", unit="movie"
        ) as bar:
            for document in itertools.chain([first], pages):
                movies |= {movie["id"]: movie for movie in document["results"]}
                counted = max(counted, document["total_results"])
                bar.update(len(document["results"]))
        if len(movies) >= counted:
            return list(movies.values())
    warnings.warn(
        f"TMDb counts {counted:,} movies of {window}, but hands out {len(movies):,}, however "
        "often it is asked. The others are missing here.",
        stacklevel=2,
    )
    return list(movies.values())


def fetch_details(movies: list[dict]) -> list[dict]:
    """
    Fetch what TMDb's lists leave out of these movies: directors, actors with
    their roles, keywords, running time, series, IMDb's id, countries, studios
    and the US certification.

    That is one request a movie, some 38 a second. Answers are kept in
    `CACHE_DIR` for 30 days, and a fetch that was cut off goes on where it
    stopped.

    Parameters
    ----------
    movies
        From `fetch_popular_movies` or `search_movies`; all that `prep_movies`
        reads. A movie that has `credits` has its details, and costs no
        request. If all have them, neither key nor network is needed.

    Returns
    -------
    list of dict
        The same movies in the same order, each with `credits` (directors, and
        the first ten of the cast), `keywords` (the first twenty), `runtime`,
        `belongs_to_collection`, `imdb_id`, `production_countries`,
        `production_companies` (the first ten) and `release_dates` (of the US),
        in TMDb's shape.

    Raises
    ------
    TMDbError
        As `fetch_popular_movies`. There is no partial result.
    ValueError
        If `movies` holds something that is no movie, or a movie has no whole
        number as its id.

    Warns
    -----
    UserWarning
        If TMDb no longer has a movie, which then stays as it was, or if TV
        shows or people stand among the movies and are left out.
    """
    found, others = read_movies(movies)
    _warn_of("TV shows and people are left out", others)
    lacking = [
        facts["id"] for _, row, facts, _ in found if not isinstance(row.get("credits"), dict)
    ]
    ids = list(dict.fromkeys(lacking))
    remove_expired()
    more = {"append_to_response": "credits,keywords,release_dates"}
    documents = get_documents((f"/movie/{id}", more) for id in ids)
    bar = show_progress(documents, total=len(ids), desc="Fetching details", unit="movie")
    details = dict(zip(ids, bar, strict=True))
    gone = [label for label, _, facts, _ in found if details.get(facts["id"]) == {}]
    _warn_of("TMDb no longer has these movies, which stay without details", gone)
    return [row | details.get(facts["id"], {}) for _, row, facts, _ in found]


def _warn_of(what: str, found: list[str]) -> None:
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        warnings.warn(f"{what}: {', '.join(found[:5])}{more}", stacklevel=3)


def fetch_streaming(
    services: str | Iterable[str], country: str | None = None, min_votes: int = 1_000
) -> pl.DataFrame:
    """
    Fetch the movies that some services show at no further price: by
    subscription, free or with ads. What they rent or sell is left out.

    That is one request for 20 movies of a service. Answers are kept in
    `CACHE_DIR` for a day. Whoever shows them must say that they are from
    JustWatch: TMDb's terms ask for it.

    Parameters
    ----------
    services
        One or several, as people call them: "netflix", "disney+", "prime". Of
        several that a name fits it is the nearest that streams.
    country
        Two letters, such as NO. Unset, `WATCH_COUNTRY`; without that the
        region of `TMDB_LANGUAGE`, and without any US.
    min_votes
        Leave out movies with fewer votes than this.

    Returns
    -------
    polars.DataFrame
        One row a movie, best vote average first: `id`, `title`, `year` (str),
        and `services` (list of str), those asked for that have it, as TMDb
        calls them. `find_movies` and `recommend` take it as `among`.

    Raises
    ------
    TMDbError
        As `fetch_popular_movies`. There is no partial result.
    ValueError
        If no service is named, a name fits none of the country's that streams,
        with a list of them, TMDb does not know the country, or `min_votes` is
        not a whole number of at least 0.

    Warns
    -----
    UserWarning
        If a subscription with ads, which a name fits too, has a list of its
        own; if a nearer service only rents; or as `fetch_popular_movies`.
    """
    low = _check_whole("min_votes", min_votes, 0)
    remove_expired()
    columns = ("id", "title", "year", "vote_average", "vote_count")
    schema = {name: MOVIE_SCHEMA[name] for name in columns}
    lists = []
    for name, filters in find_services(services, country).items():
        movies = [read_movie(movie)[0] for movie in _fetch_movies(low, services=filters)]
        lists.append(pl.DataFrame(movies, schema).with_columns(services=pl.lit(name)))
    best = pl.concat(lists).sort(
        "vote_average", "vote_count", descending=True, nulls_last=True, maintain_order=True
    )
    return best.group_by("id", maintain_order=True).agg(pl.first("title", "year"), "services")


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
        If `query` is empty, or too long for a title.
    """
    if len(_check_query(query)) > _LONGEST_TITLE:
        raise ValueError(f"query must be a title, not a text of {len(query):,} characters")
    remove_expired()
    return get_json("/search/movie", query=query)["results"]


_LONGEST_TITLE = 500  # characters; web servers refuse an address of some thousand


def _check_whole(name: str, value: int, least: int) -> int:
    try:
        whole = operator.index(value)  # NumPy's and polars' whole numbers too
    except TypeError:
        whole = least - 1
    if whole < least or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return min(whole, _MOST)


def _check_query(query: str, name: str = "query") -> str:
    if not isinstance(query, str) or not query.strip() or re.search("[\ud800-\udfff]", query):
        raise ValueError(f"{name} must be a text that says what to look for, not {query!r:.80}")
    return query


def load_sample_movies() -> list[dict]:
    """
    Load the embedded catalogue: movies of TMDb with overviews written for this
    project.

    Returns
    -------
    list of dict
        Movies of the same shape as `fetch_details`, best vote average first.
        Needs neither key nor network.
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
    english = _load_genres()
    if not config.TMDB_API_KEY:
        return dict(english)
    genres = get_json("/genre/movie/list")["genres"]
    names = {
        genre["id"]: str(genre.get("name") or "").strip() or english.get(genre["id"])
        for genre in genres
    }
    return {id: name for id, name in names.items() if name}


@cache  # each `prep_movies` asks for it, and the file is large
def _load_genres() -> dict[int, str]:
    return {genre["id"]: genre["name"] for genre in _load_sample()["genres"]}


# --- Prepare: list[dict] -> polars.DataFrame -----------------------------------------------------


def prep_movies(movies: list[dict]) -> pl.DataFrame:
    """
    Prepare movies for embedding: name their genres and write the text that
    describes each.

    Parameters
    ----------
    movies
        Movies as TMDb describes them, in its lists (`genre_ids`) or one by one
        (`genres`). A whole answer of TMDb (a search, a collection, a list,
        `/find`, somebody's credits), one movie, a data frame and the rows of a
        CSV file are read too. Several names may stand in one text, parted by
        commas. Everything but the id may be missing. `fetch_details` adds who
        made them.

    Returns
    -------
    polars.DataFrame
        One row a movie, the first of those that share an id, in the order
        given. Columns `id` (str), `title`, `year` (str), `overview`, `genres`
        (list of str) and `text`; then `original_title`, `original_language`,
        `vote_average` (0 to 10), `vote_count`, `poster_path`; and from the
        details `directors`, `cast`, `characters` (lists of str, ten at most,
        by billing), `keywords` (list of str, twenty at most), `runtime`
        (minutes), `series`, `imdb_id`, `countries` (list of str: their codes
        of ISO 3166-1, such as US), `studios` (list of str, ten at most) and
        `certification` (of the US: G, PG, PG-13, R or NC-17). What is missing
        is null, but a list is then empty and `text` leaves out the line.

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
    found, others = read_movies(movies)
    rows, faults, unnamed = [], [], set()
    for label, row, movie, unread in found:
        faults += [f"{field} = {row.get(field)!r:.60} of {label}" for field in unread]
        names = {id: id_to_genre.get(id, name) for id, name in (movie["genres"] or {}).items()}
        unnamed |= {id for id, name in names.items() if name is None}
        movie["genres"] = [name for name in names.values() if name is not None]
        rows.append(movie)
    _warn_of("TV shows and people are left out", others)
    _warn_of("values that cannot be read count as missing", faults)
    _warn_of("genre ids without a name are left out", [str(sorted(unnamed))] if unnamed else [])

    return (
        pl.DataFrame(rows, schema=MOVIE_SCHEMA)
        .unique("id", keep="first", maintain_order=True)
        .with_columns(
            pl.coalesce("title", "original_title").alias("title"),
            pl.col(pl.List(pl.String)).fill_null([]),
        )
        .with_columns(text=write_text())
        .select("id", "title", "year", "overview", "genres", "text", *REST)
    )


# --- Store: polars.DataFrame -> chromadb.Collection ----------------------------------------------

_CHUNK = 256  # movies that are stored at once; what a run that is cut off has to do again


@explain_chroma_errors
def add_movies(collection: chromadb.Collection, df: pl.DataFrame, column: str = "text") -> int:
    """
    Store movies in a collection, and embed those whose text is not yet there.

    Parameters
    ----------
    collection
        From `get_collection`.
    df
        From `prep_movies`. Its facts become metadata, for filters and answers;
        `year` becomes a number. Columns that it does not make are not kept.
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
    df = check_frame(df, column)
    # Before it may be interrupted, which polars does not take well.
    movies = to_records(df, column)
    stored = 0
    try:
        # One part is stored while the next one is embedded.
        with (
            ThreadPoolExecutor(1) as writer,
            show_progress(total=len(df), desc=f"Embedding {collection.name}", unit="movie") as bar,
        ):
            to_embed, to_update = find_changes(collection, movies)
            bar.update(len(movies) - len(to_embed))
            texts = [movie["document"] for movie in to_embed]
            writing = writer.submit(store, collection, [], to_update)
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
                    writing = writer.submit(store, collection, to_embed[done:embedded], [])
                    done = embedded
            stored += writing.result()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"{collection.count():,} movies are stored. Run it again to go on."
        ) from None
    return stored


# --- Ask: chromadb.Collection -> polars.DataFrame of answers -------------------------------------


@explain_chroma_errors
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
        `title`, `year`, `id`, `genres`, `original_title`, `original_language`,
        `vote_average`, `vote_count`, `poster_path`, `directors`, `cast`,
        `characters`, `keywords`, `runtime`, `series` and `imdb_id`.
    """
    return get_facts(collection)


@explain_chroma_errors
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
        Nearest first. The columns of `list_movies`, then `text` (what was
        embedded) and `distance` (squared L2: 0 for the same text, 2 for
        unrelated ones, 4 at most).

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
    query, n = _check_query(query), _check_whole("n", n, 1)
    movies = find_nearest(collection, embed_query(collection, query), Scope(n, where))
    if where and movies.is_empty():
        warn_of_filter(collection, where)
    return show_facts(collection, movies)


@explain_chroma_errors
def find_movies(
    collection: chromadb.Collection,
    query: str,
    n: int = 20,
    where: dict | None = None,
    without: str | Iterable[str] = (),
    among: Movies | None = None,
) -> pl.DataFrame:
    """
    Find what a person wants who types into a search box: by meaning, by words
    and by title.

    The thousand movies whose texts are nearest, and those of the people whom
    the question names, are ranked by a sum: cosine of question and text, BM25
    (Robertson and Zaragoza, 2009) over texts, names, roles and keywords, where
    another form of a word counts half, keywords near in meaning to words of
    the question, a bonus for a title or a full name, and a little for the
    number of votes. The weights stand in `notebooks/recommender/rank.py`.

    In English, "like TITLE but WISH" is answered by `recommend`; what follows
    *not*, *no* or *without* pushes away; and years, languages, running time
    and, where nothing else is said, genres are filters, unless fewer than five
    movies pass.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A title as one types it, a person, a role, a theme, a mood, a wish.
    n
        How many movies to return; all there are, if there are fewer.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}`.
    without
        A word, a phrase or several that must not stand in a movie's text,
        genres or keywords: whole words in any case, with accents or without,
        in the singular and the plural. A comma parts several.
    among
        Only these movies may come, named as `recommend` takes them: a frame
        from `read_watchlist`, ids or titles.

    Returns
    -------
    polars.DataFrame
        Best first. The columns of `find_similar`, then `score` (to compare
        within one answer) and `because`: "did you mean", the facts, people and
        roles that were asked for, then "title", the words of the question that
        the movie has (two, or one that lifted it more than its text did), or
        "its text"; or that nothing comes near. `show_movies` of
        `notebooks.pictures` shows them as posters, or as a line each in a
        terminal.

    Raises
    ------
    ValueError
        If `query` is empty, `n` is less than 1, `without` is no text, or
        `where` is not in Chroma's filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, with the facts of a movie that it could ask
        for, or `without` leaves out none.
    """
    query, n = _check_query(query), _check_whole("n", n, 1)
    scope, excluded = Scope(n, where, find_among(collection, among)), fold_without(without)
    index = open_index(collection)
    question = read_question(query, index.known)
    if question.like:
        liked, disliked = question.like, set(question.hidden) - set(question.like)
        profile = pl.DataFrame({"id": [*liked, *disliked]}).with_columns(
            weight=pl.when(pl.col("id").is_in(liked)).then(1.0).otherwise(-1.0)
        )
        return _recommend(collection, profile, profile["id"].to_list(), scope, question)
    question = embed_question(collection, index.known.labels, question)
    movies = find_candidates(collection, index, question, scope, excluded)
    if excluded and len(leave_out(index.movies, excluded)) == len(index.movies) > 0:
        warn(f"without removed nothing: no text of {len(index.movies):,} movies holds it")
    if where and movies.is_empty():
        warn_of_filter(collection, where)
    ranked = rank(_push_away(collection, index, movies, question), question)
    if question.names_limits:  # movies of a genre are alike in any case
        ranked = taste.spread(ranked, n, 0.4 if question.names_genres else 0.7)
    answers = show_facts(collection, ranked.head(n).select("id", "distance", "score"))
    return answers.with_columns(explain_question(answers, ranked, question))


def _push_away(
    collection: chromadb.Collection, index: Index, movies: pl.DataFrame, question: Question
) -> pl.DataFrame:
    """Let movies count the less, the nearer they are to what is unwanted."""
    if not question.unwanted or movies.is_empty():
        return movies
    keywords = find_keywords(collection, index.known.labels, fold_words(question.unwanted))
    vector = embed_query(collection, question.unwanted)
    return push_away(movies, question.unwanted, vector, keywords)


# --- Recommend: movies one likes -> movies one may like ------------------------------------------


@explain_chroma_errors
def recommend(
    collection: chromadb.Collection,
    liked: Movies,
    n: int = 10,
    *,
    wish: str | None = None,
    disliked: Movies = (),
    seen: Movies = (),
    among: Movies | None = None,
    where: dict | None = None,
    diversity: float = 0.0,
) -> pl.DataFrame:
    """
    Recommend movies to someone who likes these: near in text, words, keywords,
    genre, time and actors, and well received.

    The thousand movies nearest to the mean of the liked ones are ranked again.
    Each is compared with each liked movie by a sum of similarities, whose
    weights stand in `notebooks/recommender/taste.py`. The sums are pooled by a
    power mean. Its exponent is 1, the plain mean, for one liked movie and grows
    with their number, so that the nearest of many count most and a niche taste
    is not averaged away. Votes
    and ratings are added. What a movie lacks counts as the average of the
    others. Nothing is embedded but a wish.

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
    wish
        What they should be besides, in words: "funny", "in space", "not too
        scary", "from the 1990s", "with Bill Murray". Others of the liked ones'
        series then come last.
    disliked
        Movies to keep away from, named in the same ways. They push by all that
        liked ones pull by, but years and language (Rocchio, 1971).
    seen
        Movies not to show, named in the same ways. A movie may be both liked
        and seen.
    among
        Only these movies may come, named in the same ways.
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
        Where a movie has no details, its title tells its series. The columns
        of `find_similar`, where `distance` is to the nearest liked movie, then
        `score` and `because`: how it answers the wish, what it shares with one
        or two liked movies, and whether it is widely seen or highly rated. It
        tells only what lifted the score. `show_movies` of `notebooks.pictures`
        shows them as posters, or as a line each in a terminal.

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
    if not isinstance(diversity, int | float) or not 0 <= diversity <= 1:
        raise ValueError(f"diversity must be from 0 to 1, not {diversity!r}")
    if wish is not None:
        wish = _check_query(wish, "wish")
    scope = Scope(n, where, find_among(collection, among))
    found = find_profile(collection, liked, disliked, seen)
    profile, hidden = found.filter(pl.col("weight") != 0).drop("role"), found["id"].to_list()
    if not (profile["weight"] > 0).any():
        raise ValueError("liked must name at least one movie of the collection")
    question = read_question(wish, open_index(collection).known) if wish else None
    return _recommend(collection, profile, hidden, scope, question, diversity)


def _recommend(
    collection: chromadb.Collection,
    profile: pl.DataFrame,
    hidden: list[str],
    scope: Scope,
    wish: Question | None,
    diversity: float = 0.0,
) -> pl.DataFrame:
    """Recommend from movies that were found: candidates, scores, a choice and its reasons."""
    index = open_index(collection)
    profile = profile.join(index.movies, on="id").sort("id")
    question = wish or Question("", (), "")
    if question.text:
        question = embed_question(collection, index.known.labels, question)
    movies = find_taste_candidates(collection, index, profile, hidden, question, scope)
    if scope.where and movies.is_empty():
        warn_of_filter(collection, scope.where)
    if movies.is_empty():
        answers = show_facts(collection, movies.select("id", "distance", score=pl.lit(0.0)))
        return answers.with_columns(because=pl.lit(""))
    scores = taste.score(movies, profile)
    if wish:
        movies = score_wish(_push_away(collection, index, movies, question), question)
        scores = taste.add_wish(scores, movies, profile)
    chosen = taste.choose(movies, scores, scope.n, diversity)
    answers = movies.with_columns(distance=scores.distance, score=scores.total)[chosen]
    answers = show_facts(collection, answers.select("id", "distance", "score"))
    return answers.with_columns(explain_taste(answers, movies, profile, scores, wish))


@explain_chroma_errors
def find_starters(collection: chromadb.Collection, n: int = 24) -> pl.DataFrame:
    """
    Find movies to ask a stranger about: widely seen, and unlike each other.

    Among the most voted, one of each series, the next is the one farthest from
    all before by text, years, genres and language, where more votes count as
    farther. The first few are spread as far as all are.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    n
        How many movies to return; fewer, if there are not as many different
        ones.

    Returns
    -------
    polars.DataFrame
        The most voted first, then those least like the ones before; no two of
        one series. The columns of `list_movies`.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    n = _check_whole("n", n, 1)
    movies = list_movies(collection).sort(
        "vote_count", "id", descending=[True, False], nulls_last=True
    )
    movies = movies.head(max(NEAREST, 10 * n))
    vectors = get_embeddings(collection, movies["id"].to_list())
    movies = movies.join(vectors, on="id", maintain_order="left")
    return choose_starters(movies, n).drop("embedding")
