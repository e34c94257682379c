"""What a collection holds: records in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import polars as pl

from notebooks.recommender.chroma import in_parts
from notebooks.recommender.movie import DETAILS, FACTS, LISTS, PEOPLE, STORED
from notebooks.recommender.notice import warn

if TYPE_CHECKING:
    import chromadb

# First what a person reads.
_ANSWERED = list(dict.fromkeys(["title", "year", "id", "genres", *FACTS]))
_ANSWERED.remove("overview")
_OUTDATED = {"names": None}  # what older versions of this program stored as well
_MANY = 1_000  # answers
# What a collection holds, by its id, as this process read it first. Chroma takes longer for the
# texts and facts of a thousand movies than all else in an answer does. So these serve the reading
# of a question and the ranking alone: what an answer shows is read for it.
_movies: dict[Any, pl.DataFrame] = {}


class Scope(NamedTuple):
    """How many movies are asked for, and which may come: by filter, and by id."""

    n: int
    where: dict | None = None
    ids: list[str] | None = None


def to_records(df: pl.DataFrame, column: str) -> list[dict]:
    """Make of each movie that `check_frame` passed what Chroma keeps of it."""
    known = [name for name in FACTS if name in df.columns and name not in ("id", "overview")]
    records = df.select(
        "id",
        document=column,
        metadata=pl.struct(known or pl.lit(None).alias("title")),
    ).to_dicts()
    for record in records:
        # A row without details takes none away, and Chroma takes no empty list.
        record["metadata"] = {
            name: None if value == [] else value
            for name, value in record["metadata"].items()
            if name not in DETAILS or value not in (None, [])
        }
        digest = blake2b(orjson.dumps(record), digest_size=12).hexdigest()
        # A row that knows no people is merged with what is there, which this cannot know.
        told = any(record["metadata"].get(name) for name in PEOPLE)
        record["metadata"]["digest"] = digest if told else None
    return records


def is_one_of(name: str, values: list) -> Any:
    """Make a filter of the movies of which a fact is one of these."""
    return {name: {"$in": values}}


def find_changes(
    collection: chromadb.Collection, movies: list[dict]
) -> tuple[list[dict], list[dict]]:
    """
    Find the movies that are to be embedded, and those of which only facts
    changed.
    """
    # Chroma tells by their digests which movies are there as they are here. Else it would hand out
    # all their lists, which takes thirty times as long.
    digests = [it["metadata"]["digest"] for it in movies if it["metadata"]["digest"]]
    ask = partial(collection.get, include=[])
    same = in_parts(lambda part: ask(where=is_one_of("digest", part))["ids"], digests)
    known = {id for part in same for id in part}
    movies = [movie for movie in movies if movie["id"] not in known]
    there = get_parts(collection, ["documents", "metadatas"], [movie["id"] for movie in movies])
    before = {
        id: rest
        for part in there
        for id, *rest in zip(part["ids"], part["documents"], part["metadatas"], strict=True)
    }
    to_embed, to_update = [], []
    for movie in movies:
        document, facts = before.get(movie["id"], (None, None))
        facts, told = facts or {}, movie["metadata"]
        if told.get("vote_count") is None:  # not a whole movie: it takes nothing away
            told = {key: it for key, it in told.items() if it is not None or key == "digest"}
        # Lists that a movie has neither here nor there are told as well: Chroma 1.5.9 leaves those
        # of a deleted collection behind, and movies of the next one get them.
        told = {name: None for name in LISTS if name not in facts} | _OUTDATED | told
        movie["metadata"] = told
        if document != movie["document"]:
            to_embed.append(movie)
        elif any(facts.get(key) != told[key] for key in told.keys() - {"digest"}):
            to_update.append(movie)
    return to_embed, to_update


def store(collection: chromadb.Collection, to_embed: list[dict], to_update: list[dict]) -> int:
    """
    Store what `find_changes` found, and return how many movies that was.

    One call writes all of a movie, its digest with its facts, so that a run
    that ends anywhere leaves nothing that the next one takes for whole.
    """

    # Both calls merge metadata: a key stays unless it is given, and one that is given as None goes.
    def upsert(part: list[dict]) -> None:
        collection.upsert(
            ids=[movie["id"] for movie in part],
            documents=[movie["document"] for movie in part],
            metadatas=[movie["metadata"] for movie in part],
            embeddings=[movie["embedding"] for movie in part],
        )

    def update(part: list[dict]) -> None:
        collection.update(
            ids=[movie["id"] for movie in part], metadatas=[movie["metadata"] for movie in part]
        )

    changed = [movie["id"] for movie in to_embed + to_update]
    try:
        list(in_parts(upsert, to_embed))
        list(in_parts(update, to_update))
    finally:
        if changed and (known := _movies.get(collection.id)) is not None:
            _movies[collection.id] = known.filter(~pl.col("id").is_in(changed))
    return len(changed)


def embed_queries(collection: chromadb.Collection, texts: list[str]) -> list[np.ndarray]:
    """Embed questions, as Chroma does for its own query."""
    return list(collection._embed(input=texts, is_query=True))


def embed_query(collection: chromadb.Collection, text: str) -> np.ndarray:
    """Embed a question."""
    return embed_queries(collection, [text])[0]


def find_nearest(collection: chromadb.Collection, vector: np.ndarray, scope: Scope) -> pl.DataFrame:
    """Ask Chroma for the movies nearest to an embedding: `id` and `distance`."""
    schema = {"id": pl.String, "distance": pl.Float64}
    if scope.ids is not None and not scope.ids:  # Chroma takes no ids for all
        return pl.DataFrame(schema=schema)
    n = scope.n
    if n > _MANY:  # Chroma takes no number without end
        n = min(n, max(1, collection.count()))
    ask = partial(
        collection.query,
        query_embeddings=[vector],
        where=scope.where or None,
        ids=scope.ids,
        include=["distances"],
    )
    size, answer = next(in_parts(lambda part: (len(part), ask(n_results=len(part))), range(n), n))
    if size < n:
        told = f"this Chroma server gives {size} movies at once: the nearest {size} are known"
        warn(f"{told}, of {n:,} that were asked for")
    [distances] = answer["distances"] or [[]]
    found = {"id": answer["ids"][0], "distance": distances}
    return pl.DataFrame(found, schema=schema)


def warn_of_filter(collection: chromadb.Collection, where: dict) -> None:
    """Explain a filter that nothing passes by the facts that it could ask for."""
    if facts := collection.get(limit=1, include=["metadatas"])["metadatas"]:
        names = sorted((facts[0] or {}).keys() - {"digest"})
        warn(
            f"no movie passes where={str(where)[:200]}; a movie has the facts {', '.join(names)}. "
            'One of several, such as genres, is asked by {"genres": {"$contains": "Comedy"}}, as '
            "it is written."
        )


def get_parts(
    collection: chromadb.Collection,
    include: list,
    ids: list[str] | None = None,
    where: dict | None = None,
) -> Iterator[Any]:
    """Read the movies of these ids, or all that pass a filter, in as many calls as it takes."""
    if ids is not None:
        return in_parts(lambda part: collection.get(ids=part, include=include), ids)
    ask = partial(collection.get, where=where, include=include)
    places = range(collection.count())
    return in_parts(lambda part: ask(limit=len(part), offset=part.start), places)


def get_embeddings(collection: chromadb.Collection, ids: list[str] | None = None) -> pl.DataFrame:
    """Read the embeddings of movies, of all unless ids are given: `id` and `embedding`."""
    parts = [
        pl.DataFrame({"id": part["ids"], "embedding": pl.Series(np.asarray(part["embeddings"]))})
        for part in get_parts(collection, ["embeddings"], ids)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema={"id": pl.String, "embedding": None})


def get_facts(
    collection: chromadb.Collection, ids: list[str] | None = None, texts: bool = False
) -> pl.DataFrame:
    """Read what is stored of movies, of all unless ids are given: a row each, in their order."""
    include = ["metadatas", *["documents"] * texts]
    df = _read_rows(get_parts(collection, include, ids), texts)
    if ids is None:
        return df
    asked = pl.DataFrame({"id": ids}, schema={"id": pl.String})
    return asked.join(df, on="id", maintain_order="left").select(df.columns)


def _read_rows(parts: Iterable[Any], texts: bool) -> pl.DataFrame:
    """Make a frame of what Chroma hands out."""
    rows = [
        (facts or {}) | {"id": id, "text": text}
        for part in parts
        for id, facts, text in zip(
            part["ids"], part["metadatas"], part.get("documents") or part["ids"], strict=True
        )
    ]
    schema = {name: STORED[name] for name in _ANSWERED}
    schema |= {"text": pl.String} if texts else {}
    # Through JSON it takes a tenth of the time that lists take one by one.
    facts = pl.Series([orjson.dumps(rows).decode()]).str.json_decode(pl.List(pl.Struct(schema)))[0]
    return facts.struct.unnest().with_columns(pl.col(pl.List(pl.String)).fill_null([]))


def read_movies(collection: chromadb.Collection) -> pl.DataFrame:
    """
    Read all movies of a collection with their texts and embeddings, each once
    in this process: the same frame as long as their number is the same.
    """
    known = _movies.get(collection.id)
    if known is not None and len(known) == collection.count():
        return known
    there = [id for part in get_parts(collection, []) for id in part["ids"]]
    before = known.filter(pl.col("id").is_in(there)) if known is not None else None
    ids = there if before is None else list(set(there) - set(before["id"]))
    parts = list(get_parts(collection, ["metadatas", "documents", "embeddings"], ids))
    read = _read_rows(parts, texts=True)
    vectors = [np.asarray(part["embeddings"], np.float32) for part in parts]
    size = len(vectors[0][0]) if vectors else 1
    rows = np.concatenate(vectors) if vectors else np.empty((0, size), np.float32)
    read = read.with_columns(embedding=pl.Series(rows, dtype=pl.Array(pl.Float32, size)))
    read = read if before is None or before.is_empty() else pl.concat([before, read])
    if _movies.get(collection.id) is known:  # else a movie may have changed meanwhile
        _movies[collection.id] = read
    return read


def show_facts(collection: chromadb.Collection, movies: pl.DataFrame) -> pl.DataFrame:
    """Make answers of the movies chosen: with the facts that are stored now."""
    facts = get_facts(collection, movies["id"].to_list(), texts=True)
    answers = movies.join(facts, on="id", how="inner", maintain_order="left")
    return answers.select(*_ANSWERED, "text", pl.exclude(*_ANSWERED, "text"))
