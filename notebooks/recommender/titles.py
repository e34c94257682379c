"""What people call a movie -> the movie."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from notebooks.recommender.words import fold, nearly_same

# Where the parts of a title meet: "Birdman or (The ...", "Borat: Cultural ...", "Mission:
# Impossible - Fallout".
_CUT = r"(?:(?:\bor)?\s*[:(]|\s[-\u{2013}\u{2014}]\s)"
# The number before a part's own title: "Ice Age 4: ...", "Star Wars: Episode VII - ...".
_NUMBER = (
    r"(?i)[\s:]+(?:(?:chapter|episode|part|vol\.?|volume)\s+)?(?:\d+|[ivx]+)"
    r"(\s*:|\s+[-\u{2013}\u{2014}]\s)"
)
# A title with its year, as in "King Kong (2005)".
_DATED = r"^(?<title>.+?)[\s,]*[(\[]?\b(?<year>\d{4})[)\]]?$"
_TMDB, _IMDB = (
    r"themoviedb\.org/(?:\S+/)?movie/(\d+)",
    r"(?i)^(?:\S*imdb\.com/\S*)?(tt\d{5,})(?:[/?#].*)?$",
)
_LETTERBOXD = r"letterboxd\.com/(?:\S+/)?film/([^/?#]+)"
_EXPLAINED = 20  # names that one error tells of
_ASKED = dict.fromkeys(("id", "imdb_id", "title", "original_title", "year"), pl.String) | {
    "rating": pl.Float64
}


# Words that people leave out of a title, and words that they write in another way.
_SAME_WORDS = (
    dict.fromkeys(
        ["a", "an", "and", "chapter", "episode", "part", "pt", "the", "vol", "volume"], ""
    )
    | {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
    | {"ix": "9", "x": "10", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
    | {"six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11"}
    | {"twelve": "12", "se7en": "7", "doctor": "dr", "mister": "mr", "versus": "vs"}
    | {"second": "2", "third": "3", "fourth": "4", "fifth": "5"}
    | {"2nd": "2", "3rd": "3", "4th": "4", "5th": "5"}
)


def title_key(folded: pl.Expr, blank: str = "") -> pl.Expr:
    """Make the key of a folded title: without small words, its numbers in one way."""
    words = folded.str.split(" ").list.eval(pl.element().replace(_SAME_WORDS))
    return words.list.eval(pl.element().filter(pl.element() != "")).list.join(blank)


def make_key(words: Sequence[str], blank: str = "") -> str:
    """Make the key of folded words, as `title_key` does."""
    return blank.join(word for word in (_SAME_WORDS.get(it, it) for it in words) if word)


def read_names(names: Any) -> pl.DataFrame:
    """
    Read whatever names movies: a frame of polars or pandas, or ids, titles and
    links, one or several.

    A row tells what of `id`, `imdb_id`, `title`, `original_title`, `year` and
    `rating` is known, its `name` as it was given, and whether it was `typed`:
    such a number may be an id or a title.
    """
    if hasattr(names, "notna") and hasattr(names, "columns"):  # pandas
        cells = names.astype(object).where(names.notna(), None).to_dict("list")
        names = pl.DataFrame({str(key): pl.Series(cells[key], strict=False) for key in cells})
    typed = not isinstance(names, pl.DataFrame)
    if typed:
        several = isinstance(names, Iterable) and not isinstance(names, str | bytes | dict)
        texts = [_read_name(name) for name in (list(names) if several else [names])]
        names = pl.DataFrame(texts, schema={"id": pl.String, "title": pl.String}, orient="row")
    elif not {"id", "title", "imdb_id"} & set(names.columns):
        raise ValueError(
            f"a frame of movies needs a column 'id' or 'title'; this one has {names.columns}. "
            "Rename the column, or let read_ratings(path) read the file that it came from."
        )
    known = names.select(
        pl.col(name).cast(dtype, strict=False)
        for name, dtype in _ASKED.items()
        if name in names.columns
    )
    rows = pl.concat([pl.DataFrame(schema=_ASKED), known], how="diagonal")
    rows = rows.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    link, title = pl.coalesce("id", "title"), pl.col("title")
    slug = title.str.extract(_LETTERBOXD).str.replace_all("-", " ")
    year = pl.col("year").str.extract(r"^(\d{4})")
    return rows.with_columns(
        id=pl.coalesce(pl.col("id").str.extract(r"^(\d+)(?:\.0*)?$"), link.str.extract(_TMDB)),
        imdb_id=pl.coalesce("imdb_id", link.str.extract(_IMDB).str.to_lowercase()),
        title=pl.coalesce(slug, title),
        year=year,
        rating=pl.when(pl.col("rating").is_finite()).then("rating"),
        name=pl.coalesce(title, "id", "imdb_id", pl.lit("no name"))
        + pl.format(" ({})", year).fill_null(""),
        typed=pl.lit(typed),
    )


def _read_name(name: Any) -> tuple[str, str | None]:
    """Read what may be a movie's id, and what may be its title."""
    if isinstance(name, str) and name.strip():
        return (name.encode(errors="replace").decode(),) * 2  # half an emoji is no text for polars
    # A missing id makes floats of all others.
    whole = int(name) if isinstance(name, float) and name.is_integer() else name
    if isinstance(name, bool) or not hasattr(whole, "__index__"):
        raise ValueError(f"name a movie by its id or its title, not by {name!r:.80}")
    return str(operator.index(whole)), None


def match_names(asked: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """
    Find the movies that rows of `read_names` mean: columns `row` and `id`.

    An id counts first, then IMDb's, then the titles. All that a typed name
    fits are given; a row of a frame is not guessed, nor do two of one `role`
    mean the same movie by its title.
    """
    there = pl.concat([pl.DataFrame(schema=_ASKED).drop("rating"), movies], how="diagonal_relaxed")
    by_id = asked.join(there.select("id"), on="id").select("row", "id")
    # In a frame an id that is not here is another movie.
    left = asked.join(by_id, on="row", how="anti").filter(pl.col("typed") | pl.col("id").is_null())
    imdb = there.select("imdb_id", id_right="id").drop_nulls()
    by_imdb = left.join(imdb, on="imdb_id").select("row", id="id_right")
    known = pl.concat([by_id, by_imdb]).unique()
    left = left.join(known, on="row", how="anti").filter(
        pl.any_horizontal(pl.col("title", "original_title").is_not_null())
    )
    if left.is_empty():
        return known  # nothing is left to look for by title, which takes a while
    dated = pl.col("title").str.extract_groups(_DATED).struct
    readings = [
        left.select("row", "title", "year"),
        left.select("row", pl.col("original_title").alias("title"), "year"),
        left.select("row", dated["title"], pl.coalesce("year", dated["year"]).alias("year")),
    ]
    fits = match_titles(pl.concat(readings).drop_nulls("title"), there).join(
        left.select("row", "role", "typed", "imdb_id"), on="row"
    )
    taken = known.join(asked.select("row", "role"), on="row").select("id", "role")
    other = fits.join(there.select("id", other="imdb_id"), on="id").filter(
        pl.col("imdb_id") != pl.col("other")
    )
    cost, typed = pl.col("cost"), pl.col("typed")
    guessed = (
        fits.filter(~typed)
        .join(other, on=["row", "id"], how="anti")
        .join(taken, on=["id", "role"], how="anti")
        .filter(pl.len().over("row") == 1)
        .filter(cost == cost.min().over("id", "role"))
        .filter(pl.len().over("id", "role") == 1)
    )
    return pl.concat([known, *(df.select("row", "id") for df in (fits.filter(typed), guessed))])


def match_titles(asked: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """
    Find the movies that each title fits best, with or without a year: columns
    `row`, `id` and `cost`.

    Several movies that a title fits equally well are all given. A year may be
    off by one. A `row` may come twice, in two readings of one name: of two
    that fit equally well the first counts.
    """
    asked = asked.select("row", "title", "year", reading=pl.int_range(pl.len()).over("row"))
    year, other_year, cost = pl.col("year"), pl.col("year_right"), pl.col("cost")
    apart = (year.cast(pl.Int64, strict=False) - other_year.cast(pl.Int64, strict=False)).abs()
    rank, other_rank = pl.col("rank"), pl.col("rank_right")
    part = (rank >= 3) | (other_rank >= 3)
    columns = [name for name in ("id", "title", "original_title", "year") if name in movies.columns]
    return (
        list_keys(asked)
        .join(list_keys(movies.select(columns)), on="key")
        # One part of a title may be another movie's: the years have to agree, or there is none and
        # the name is a part. A short end, as in "The Disappearance of Eleanor Rigby: Her", tells
        # too little for a movie of that year.
        .filter(
            (rank < 3) | ((rank == 3) & (other_rank < 3) & (apart == 0)).fill_null(False),
            (other_rank < 3) | year.is_null() | ((other_rank == 3) & (apart == 0)),
        )
        .filter(apart.fill_null(0) <= 1)
        .with_columns(
            cost=100 * part
            + 20 * pl.col("reading")
            + 10 * apart.fill_null(0)
            + pl.max_horizontal("rank", "rank_right")
            + 5 * pl.col("original_right")
        )
        .filter(cost == cost.min().over("row"))
        .select("row", "id", "cost")
        .unique(maintain_order=True)
    )


def list_keys(movies: pl.DataFrame) -> pl.DataFrame:
    """
    List the ways to write each title, as `key` and `rank`, and whether it is
    the `original` one.

    Rank 0 is the title itself, 1 leaves out case, accents, punctuation and
    blanks, 2 small words, the ways to write a number and the number of a part
    that has a title of its own, 3 all but a part that tells much of the title:
    its start before a colon, or an end of three words. 4 are other parts.
    """
    movies = movies.with_columns(original=False)
    if "original_title" in movies.columns:
        others = movies.filter(pl.col("title") != pl.col("original_title"))
        others = others.with_columns(title="original_title", original=True)
        movies = pl.concat([movies, others]).drop("original_title")
    folded = fold(pl.col("title").str.replace_all(r"\s*[&+]\s*", " and "))
    loose = title_key(folded)
    keys = [pl.col("title"), folded.str.replace_all(" ", ""), loose]
    ways = [movies.with_columns(key=key, rank=rank) for rank, key in enumerate(keys)]
    title = pl.col("title")
    numbered = movies.filter(title.str.contains(_NUMBER))
    numbered = numbered.with_columns(title.str.replace(_NUMBER, "$1"))
    ways.append(numbered.with_columns(key=loose, rank=2))
    cut = movies.filter(title.str.contains(_CUT), ~pl.col("original"))
    ends = pl.when(title.str.count_matches(r"\p{L}+") >= 3).then(3).otherwise(4)
    for part, rank in (
        (rf"^(.+?){_CUT}", pl.lit(3)),
        (rf"^(.+){_CUT}", pl.lit(4)),
        (rf"{_CUT}(.+)$", ends),
        (rf"^.+{_CUT}(.+)$", ends),
    ):
        parts = cut.with_columns(title.str.extract(part)).with_columns(key=loose, rank=rank)
        # More than the number of a sequel.
        ways.append(parts.filter(pl.col("key").str.contains(r"\p{L}")))
    ways = [way.with_columns(pl.col("rank").cast(pl.Int64)) for way in ways]
    return pl.concat(ways).filter(pl.col("key") != "").drop("title")


def explain_names(unclear: dict[str, list[str]], movies: pl.DataFrame) -> str:
    """
    Say which names fit no movie or several, with lines that can be pasted in
    their place.
    """
    movies = movies.with_columns(folded=fold(pl.col("title").fill_null("")))
    votes = pl.col("vote_count").fill_null(0)
    lines = []
    for name, ids in list(unclear.items())[:_EXPLAINED]:
        near = movies.filter(pl.col("id").is_in(ids))
        undated = re.sub(r"\W*\d{4}\W*$", "", name[:200]) or name
        key = pl.select(fold(pl.lit(undated))).item()
        if key and not ids:  # looking for titles that are near takes a while
            holds = pl.format(" {} ", "folded").str.contains(f" {key} ", literal=True)
            longer = movies.filter(holds).sort(votes, descending=True).head(3)
            folded = pl.col("folded")
            inside = pl.lit(f" {key} ").str.contains(pl.format(" {} ", folded), literal=True)
            held = movies.filter(inside, folded != "")
            held = held.sort(folded.str.len_chars(), votes, descending=True)
            close = _list_close(key, movies["folded"].to_list())
            exact = (movies.filter(folded=one) for one in close)
            near = pl.concat([longer, held.head(2), *exact, _list_numbered(key, movies)])
            near = near.unique("id", maintain_order=True)
        called = repr(name if len(name) < 100 else f"{name[:100]}...")
        lines.append(
            f"{len(ids)} movies are called {called}" if ids else f"no movie here is called {called}"
        )
        there = f". Of {len(movies):,} movies none is near; search_movies may find it at TMDb."
        lines[-1] += ". Name the one you mean:" if len(near) else there
        for title, year, id in near.select("title", "year", "id").head(20).iter_rows():
            lines.append(
                f"    {json.dumps(id)},  # {' '.join((title or '').split())} ({year or 'no year'})"
            )
    if len(unclear) > _EXPLAINED:
        lines.append(f"and {len(unclear) - _EXPLAINED:,} more names")
    return "\n".join(lines)


_ALIKE = 0.8  # how much of a misspelt title is the same
_NO_LESS = 0.05  # how much less alike the titles of other movies must be, or it may mean them


def correct_names(asked: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """
    Find the movie that each typed name misspells, where it is one and no other:
    columns `row` and `id`.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    part = pl.col("rank") == 3
    keys = list_keys(movies.select("id", "title", "original_title", "year"))
    keys = keys.filter((pl.col("rank") == 2) | part)
    dated = pl.col("title").str.extract_groups(_DATED).struct
    readings = asked.head(_EXPLAINED).select(
        "row", title=pl.coalesce(dated["title"], "title"), year=dated["year"].cast(pl.Int64)
    )
    found = []
    typed_keys = list_keys(readings).filter(pl.col("rank") == 2)
    for row, year, typed in typed_keys.select("row", "year", "key").iter_rows():
        if len(typed) < _SHORTEST:
            continue
        near = process.extract(
            typed,
            keys["key"].to_list(),
            scorer=OSA.normalized_similarity,
            score_cutoff=_ALIKE,
            limit=None,
        )
        # No number of a title may be another: "Toy Story 9" is not misspelt.
        near = [it for it in near if re.findall(r"\d+", it[0]) == re.findall(r"\d+", typed)]
        alike = {place: alike for _, alike, place in near}
        fits = keys[[*alike]].with_columns(alike=pl.Series([*alike.values()], dtype=pl.Float64))
        if year:
            fits = fits.filter((pl.col("year").cast(pl.Int64) - year).abs() <= 1)
        fits = fits.filter(pl.col("alike") > pl.col("alike").max() - _NO_LESS)
        whole = fits.filter(~part)
        ids = (fits if whole.is_empty() else whole)["id"].unique()
        found += [(row, ids.item())] if len(ids) == 1 else []
    return pl.DataFrame(found, schema={"row": asked.schema["row"], "id": pl.String}, orient="row")


def _list_numbered(key: str, movies: pl.DataFrame) -> pl.DataFrame:
    """List the movies that "Hobbit 3" may mean: those with the words before the number."""
    start, _, number = key.rpartition(" ")
    held = pl.format(" {} ", "folded").str.contains(f" {start} ", literal=True)
    return movies.filter(held & bool(start and number.isdecimal())).sort("year").head(10)


def _list_close(key: str, titles: list[str]) -> list[str]:
    """List up to three titles that are somewhat like a folded name."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    best = process.extract(key, titles, scorer=OSA.normalized_similarity, limit=3, score_cutoff=0.6)
    return [title for title, _, _ in best]


class Titles:
    """
    The titles of some movies, to be found in what is typed.

    Parameters
    ----------
    movies
        With the columns `id`, `title`, `original_title`, `year`, `series` and
        `vote_count`.
    """

    def __init__(self, movies: pl.DataFrame):
        keys = list_keys(movies.select("id", "title", "original_title"))
        best = pl.col("rank") + 5 * pl.col("original")
        keys = keys.with_columns(best=best).filter(best == best.min().over("key")).unique()
        whole, parts = (keys.filter(rule) for rule in (pl.col("best") % 5 < 3, pl.col("best") == 3))
        series = movies.drop_nulls("series").with_columns(
            key=title_key(fold(pl.col("series").str.replace(r"( \(.*\))? Collection$", "")))
        )
        self.movies = movies
        self._titles = dict(movies.select("id", "title").iter_rows())
        self._years = dict(movies.select("id", pl.col("year").cast(pl.String)).iter_rows())
        self._series_of = dict(series.select("id", "key").iter_rows())
        self._parts = _list_ids(parts.join(movies.select("id", "year"), on="id"))
        self._series = _list_ids(series)
        self._numbered = {
            f"{key}{number}": [id]
            for key, ids in self._series.items()
            for number, id in enumerate(ids, 1)
            if len(ids) > 1 and key
        }
        self._whole = _list_ids(whole.join(movies.select("id", "year"), on="id"))
        self._folded = (
            movies.select(
                pl.concat_list(
                    fold(pl.col(name).fill_null("")) for name in ("title", "original_title")
                ).explode()
            )
            .to_series()
            .unique(maintain_order=True)
            .to_list()
        )

    def find(self, words: Sequence[str]) -> list[str]:
        """
        Find the movies that folded words name by their whole title or a great
        part of it, and perhaps the year.
        """
        key = make_key(words)
        ids = self._whole.get(key) or self._parts.get(key) or []
        if not ids and len(words) > 1 and len(words[-1]) == 4 and words[-1].isdecimal():
            ids = [id for id in self.find(words[:-1]) if self._years[id] == words[-1]]
        return ids

    def is_title(self, words: Sequence[str]) -> bool:
        """Tell whether folded words are a title as it is written."""
        return " ".join(words) in self._folded

    def find_series(self, words: Sequence[str]) -> list[str]:
        """Find the movies of a series, or the one of a number in it: "Shrek", "Shrek 3"."""
        key = make_key(words)
        return self._series.get(key) or self._numbered.get(key) or []

    def name(self, ids: Sequence[str]) -> list[str]:
        """Name movies by their titles."""
        return [self._titles[id] for id in ids]

    def list_years(self, ids: Sequence[str]) -> list[int]:
        """List the years of movies that have one."""
        return [int(year) for id in ids if (year := self._years[id])]

    def list_of_series(self, ids: Sequence[str]) -> list[str]:
        """List the movies of the series of these movies, and themselves."""
        known = {self._series_of.get(id) for id in ids} - {None}
        return [*ids, *(id for id, series in self._series_of.items() if series in known)]

    def correct(self, words: Sequence[str], alike: float = 0.8) -> str | None:
        """
        Find the folded title that words misspell as a whole: no number of it
        may be another. Of 120 titles with one mistake each the right one is the
        nearest, at .80 or more.
        """
        typed = " ".join(words)
        if len(typed) < _SHORTEST:
            return None
        meant = nearly_same(typed, self._folded, alike)
        return meant if meant and _list_numbers(meant) == _list_numbers(typed) else None


_SHORTEST = 5  # letters that a misspelt title has at least
_ROMAN = {"ii", "iii", "iv", "vi", "vii", "viii", "ix"}


def _list_numbers(folded: str) -> list[str]:
    return [word for word in folded.split() if word.isdecimal() or word in _ROMAN]


def _list_ids(movies: pl.DataFrame) -> dict[str, list[str]]:
    """List the ids of each key, the oldest movie first."""
    ordered = movies.sort("year", "id", nulls_last=True)
    return dict(ordered.group_by("key", maintain_order=True).agg("id").iter_rows())


def name_series() -> pl.Expr:
    """
    Name the series that a movie is of: as TMDb knows it or, where nothing is
    known of the movie's makers either, as its title tells it. A movie of none
    is alone.
    """
    start = (
        pl.col("title")
        .str.normalize("NFKD")  # Alien³ is Alien3
        .str.to_lowercase()
        .str.replace(r"^.*: an? (.+) story$", "$1")  # Rogue One: A Star Wars Story
        .str.replace(
            r"^(.*?\w.*?)(?:: | - | \u{2013} | (?:and|&) the "
            r"|,? \(?(?:part|vol\.?|volume|chapter|episode) ).*$",
            "$1",
        )
        .str.replace(r"^(.*[^\d\s])(?:\s*\d+| [ivx]+)$", "$1")
    )
    guess = pl.coalesce(fold(start).replace("", None), "title", "id")
    detailed = pl.col("imdb_id").is_not_null() | (pl.col("directors").list.len() > 0)
    return pl.coalesce("series", pl.when(detailed).then("id").otherwise(guess))
