"""What a collection holds: records in, frames out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import polars as pl

from notebooks.recommender import rank
from notebooks.recommender.chroma import in_parts
from notebooks.recommender.facts import AskedFact, join_filters
from notebooks.recommender.movie import DETAILS, FACTS, PEOPLE, STORED

if TYPE_CHECKING:
    import chromadb

# First what a person reads.
_ANSWERED = list(dict.fromkeys(["title", "year", "id", "genres", *FACTS]))
_ANSWERED.remove("overview")
_LISTS = [name for name, kind in STORED.items() if kind == pl.List(pl.String)]
_OUTDATED = {"names": None}  # what older versions of this program stored as well
_MANY = 1_000  # answers
_ENOUGH = 5  # answers that know the facts of a question, or these give way
# What a ranking compares, by collection, as this process read it first. Chroma takes longer for the
# texts and facts of a thousand candidates than all else in an answer does. So these serve the
# ranking alone: what an answer shows is read for it.
_read_facts: dict[Any, pl.DataFrame] = {}


class Scope(NamedTuple):
    """How many movies are wanted, and which may come: by filter, by id, without these words."""

    n: int
    where: dict | None = None
    ids: list[str] | None = None
    unwanted: rank.Unwanted = ()


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
    same = in_parts(lambda part: ask(where={"digest": {"$in": part}})["ids"], digests)
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
        told = {name: None for name in _LISTS if name not in facts} | _OUTDATED | told
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
        if (known := _read_facts.get(collection.id)) is not None:
            _read_facts[collection.id] = known.filter(~pl.col("id").is_in(changed))
    return len(changed)


def embed_query(collection: chromadb.Collection, text: str) -> np.ndarray:
    """Embed a question, as Chroma does for its own query."""
    [vector] = collection._embed(input=[text], is_query=True)
    return vector


def find_nearest(
    collection: chromadb.Collection, vector: np.ndarray, wanted: Scope
) -> pl.DataFrame:
    """Ask Chroma for the movies nearest to an embedding: `id` and `distance`."""
    schema = {"id": pl.String, "distance": pl.Float64}
    if wanted.ids is not None and not wanted.ids:  # Chroma takes no ids for all
        return pl.DataFrame(schema=schema)
    n = wanted.n
    if n > _MANY:  # Chroma takes no number without end
        n = min(n, max(1, collection.count()))
    ask = partial(
        collection.query,
        query_embeddings=[vector],
        where=wanted.where or None,
        ids=wanted.ids,
        include=["distances"],
    )
    size, answer = next(in_parts(lambda part: (len(part), ask(n_results=len(part))), range(n), n))
    if size < n:
        told = f"this Chroma server gives {size} movies at once: the nearest {size} are known"
        warnings.warn(f"{told}, of {n:,} that were asked for", stacklevel=4)
    found = {"id": answer["ids"][0], "distance": answer["distances"][0]}
    return pl.DataFrame(found, schema=schema)


def _add_told(
    collection: chromadb.Collection, movies: pl.DataFrame, facts: Sequence[AskedFact]
) -> pl.DataFrame:
    """Add which facts each movie has, as `told`, and `by_facts`: a rare fact counts more."""
    told: dict[str, list[str]] = {id: [] for id in movies["id"]}
    by_facts = dict.fromkeys(told, 0.0)
    for fact in facts:
        parts = get_parts(collection, [], where=fact.where)
        have = [id for part in parts for id in part["ids"] if id in told]
        for id in have:
            told[id].append(fact.told)
            by_facts[id] += rank.FACT - len(have) / len(told)
    return movies.with_columns(
        told=pl.Series([*told.values()], dtype=pl.List(pl.String)),
        by_facts=pl.Series([*by_facts.values()], dtype=pl.Float64),
    )


def relax_facts(
    collection: chromadb.Collection,
    find: Callable[[Scope], pl.DataFrame],
    wanted: Scope,
    facts: tuple[AskedFact, ...],
) -> pl.DataFrame:
    """Find movies that know all facts or, where few do, also others; each tells those it has."""
    where = join_filters(wanted.where, *(fact.where for fact in facts))
    movies = find(wanted._replace(where=where))
    if not facts:
        return movies
    if len(movies) >= min(wanted.n, _ENOUGH):
        return movies.with_columns(told=pl.lit([fact.told for fact in facts]))
    movies = pl.concat([movies, find(wanted)]).unique("id", keep="first", maintain_order=True)
    return _add_told(collection, movies, facts)


def warn_of_filter(collection: chromadb.Collection, where: dict, stacklevel: int = 4) -> None:
    """Explain a filter that nothing passes, with the facts of a movie that it could ask for."""
    if facts := collection.get(limit=1, include=["metadatas"])["metadatas"]:
        facts = [{key: value for key, value in facts[0].items() if key not in ("names", "digest")}]
        warnings.warn(
            f"no movie passes where={str(where)[:200]}; a movie has facts such as "
            f"{str(facts[0])[:900]}. A list of "
            'several, such as genres, is asked by {"genres": {"$contains": "Comedy"}}, as written.',
            stacklevel=stacklevel,
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
    parts = get_parts(collection, ["metadatas", *["documents"] * texts], ids)
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
    df = facts.struct.unnest().with_columns(
        pl.col("year").cast(pl.String), pl.col(pl.List(pl.String)).fill_null([])
    )
    if ids is None:
        return df
    asked = pl.DataFrame({"id": ids}, schema={"id": pl.String})
    return asked.join(df, on="id", maintain_order="left").select(df.columns)


def add_facts(
    collection: chromadb.Collection, movies: pl.DataFrame, embeddings: bool = False
) -> pl.DataFrame:
    """Add to candidates the facts that a ranking needs, and their embeddings if it needs these."""
    known = _read_facts.get(collection.id)
    new = movies["id"]
    if known is not None:
        new = new.filter(~new.is_in(known["id"].to_list()))
    if known is None or len(new):
        ids = new.to_list()
        read = rank.prepare(get_facts(collection, ids, texts=True))
        read = read.join(get_embeddings(collection, ids), on="id", maintain_order="left")
        before = known
        known = read if known is None or known.is_empty() else pl.concat([known, read]).unique("id")
        if _read_facts.get(collection.id) is before:  # else a movie may have changed meanwhile
            _read_facts[collection.id] = known
    needed = known if embeddings else known.drop("embedding")
    return movies.join(needed, on="id", how="left", maintain_order="left")


def show_facts(collection: chromadb.Collection, movies: pl.DataFrame) -> pl.DataFrame:
    """Make answers of the movies chosen: with the facts that are stored now."""
    facts = get_facts(collection, movies["id"].to_list(), texts=True)
    answers = movies.join(facts, on="id", how="inner", maintain_order="left")
    return answers.select(*_ANSWERED, "text", pl.exclude(*_ANSWERED, "text"))
