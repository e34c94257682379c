"""What people call a movie -> the movie."""

from __future__ import annotations

import difflib
import json

import polars as pl

from notebooks.recommender.words import fold

# Where the parts of a title meet: "Birdman or (The ...", "Borat: Cultural ...", "Mission:
# Impossible - Fallout".
_CUT = r"(?:(?:\bor)?\s*[:(]|\s[-\u{2013}\u{2014}]\s)"
# Words that people leave out of a title, and words that they write in another way.
_SAME_WORDS = (
    dict.fromkeys(["a", "an", "and", "chapter", "episode", "part", "the", "vol", "volume"], "")
    | {
        "i": "1",
        "ii": "2",
        "iii": "3",
        "iv": "4",
        "v": "5",
        "vi": "6",
        "vii": "7",
        "viii": "8",
        "ix": "9",
        "x": "10",
    }
    | {
        "one": "1",
        "two": "2",
        "three": "3",
        "four": "4",
        "five": "5",
        "six": "6",
        "seven": "7",
        "eight": "8",
    }
    | {"nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "se7en": "7"}
    | {"doctor": "dr", "mister": "mr", "versus": "vs"}
)


def match_titles(asked: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """
    Find the movies that each title fits best, with or without a year: columns
    `row`, `id` and `cost`.

    Several movies that a title fits equally well are all given. A year may be
    off by one. A `row` may come twice, in two readings of one name: the first
    that fits counts.
    """
    asked = asked.select("row", "title", "year", reading=pl.int_range(pl.len()).over("row"))
    year, other_year, cost = pl.col("year"), pl.col("year_right"), pl.col("cost")
    apart = (year.cast(pl.Int64, strict=False) - other_year.cast(pl.Int64, strict=False)).abs()
    short, other_short = pl.col("rank") == 3, pl.col("rank_right") == 3
    return (
        _spell(asked)
        .join(_spell(movies.select("id", "title", "year")), on="key")
        # One part of a title may be another movie's: the years have to agree, or there is none and
        # the name is a part.
        .filter(
            ~short | (~other_short & (apart == 0)).fill_null(False),
            ~other_short | year.is_null() | (apart == 0),
        )
        .filter(apart.fill_null(0) <= 1)
        .with_columns(
            cost=1000 * pl.col("reading")
            + 100 * (short | other_short)
            + 10 * apart.fill_null(0)
            + pl.max_horizontal("rank", "rank_right")
        )
        .filter(cost == cost.min().over("row"))
        .select("row", "id", "cost")
        .unique(maintain_order=True)
    )


def _spell(movies: pl.DataFrame) -> pl.DataFrame:
    """
    List the ways to write each title, as `key` and `rank`.

    Rank 0 is the title itself, 1 leaves out case, accents, punctuation and
    blanks, 2 small words and the ways to write a number, and 3 all but a part
    of the title, such as what stands before a colon.
    """
    words = fold(pl.col("title").str.replace_all(r"\s*[&+]\s*", " and ")).str.split(" ")
    loose = words.list.eval(pl.element().replace(_SAME_WORDS)).list.join("")
    keys = [pl.col("title"), words.list.join(""), loose]
    ways = [movies.with_columns(key=key, rank=rank) for rank, key in enumerate(keys)]
    cut = movies.filter(pl.col("title").str.contains(_CUT))
    for part in (rf"^(.+?){_CUT}", rf"^(.+){_CUT}", rf"{_CUT}(.+)$", rf"^.+{_CUT}(.+)$"):
        parts = cut.with_columns(pl.col("title").str.extract(part)).with_columns(key=loose, rank=3)
        ways.append(
            parts.filter(pl.col("key").str.contains(r"\p{L}"))
        )  # more than the number of a sequel
    return pl.concat(ways).filter(pl.col("key") != "").drop("title")


def explain_names(unclear: dict[str, list[str]], movies: pl.DataFrame) -> str:
    """
    Say which names fit no movie or several, with lines that can be pasted in
    their place.
    """
    movies = movies.with_columns(folded=fold(pl.col("title").fill_null("")))
    lines = []
    for place, (name, ids) in enumerate(unclear.items()):
        near = movies.filter(pl.col("id").is_in(ids))
        key = pl.select(fold(pl.lit(name))).item()
        if key and not ids and place < 20:  # looking for titles that are near takes a while
            holds = pl.format(" {} ", "folded").str.contains(f" {key} ", literal=True)
            longer = (
                movies.filter(holds).sort("vote_count", descending=True, nulls_last=True).head(3)
            )
            close = difflib.get_close_matches(key, movies["folded"].to_list(), n=3, cutoff=0.6)
            near = pl.concat([longer, *(movies.filter(folded=one) for one in close)]).unique(
                "id", maintain_order=True
            )
        lines.append(
            f"{len(ids)} movies are called {name!r}" if ids else f"no movie here is called {name!r}"
        )
        lines[-1] += ". Name the one you mean:" if len(near) else ". add_movies adds movies."
        for title, year, id in near.select("title", "year", "id").head(20).iter_rows():
            lines.append(
                f"    {json.dumps(id)},  # {' '.join((title or '').split())} ({year or 'no year'})"
            )
    return "\n".join(lines)
