"""Whom a text names -> the people of a collection, as their movies write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from notebooks.recommender.words import fold, nearly_same

# Words before a surname that people join to it, part from it, or leave out.
_PARTICLES = frozenset(
    str.split("de di da del della van von der den la le el al du dos ter ten st mc mac o")
)
_LONGEST = 4  # words of a name
_SEVERAL = 3  # movies
# Letters that a misspelt name has at least, and how far it must be the same.
_SHORTEST, _ALIKE = 9, 0.88
_SURELY = 0.92  # where each word is one of texts, too


class People:
    """
    The people of some movies.

    Parameters
    ----------
    movies
        With the columns `directors` and `cast`, lists of names.
    common
        Words that are no surname unless somebody is asked for by them: those
        of many texts.
    """

    def __init__(self, movies: pl.DataFrame, common: frozenset[str] = frozenset()):
        names = pl.concat(
            movies.select(name=pl.col(column).explode(), directs=pl.lit(column == "directors"))
            for column in ("directors", "cast")
        ).drop_nulls()
        acted = names.filter(~pl.col("directs"))["name"].value_counts()
        folded = fold(pl.col("name"))
        names = (
            names.group_by("name", maintain_order=True)
            .agg(pl.col("directs").any())
            .with_columns(folded=folded)
            .filter(pl.col("folded") != "")
        )
        self.directors = set(names.filter("directs")["name"])
        # Who is seldom in a movie, and is asked for as *with*, is asked for as who made it, too.
        self.actors = set(acted.filter(pl.col("count") >= _SEVERAL)["name"])
        self.common = common
        # By what is typed without blanks: "deniro" and "de niro" are the same.
        whole = pl.col("folded").str.replace_all(" ", "")
        last = pl.col("folded").str.extract(r" (\S{3,})$")
        longer = (
            pl.col("folded")
            .str.extract(rf" ((?:(?:{'|'.join(_PARTICLES)}) )+\S+)$")
            .str.replace_all(" ", "")
        )
        self._whole = _group(names, whole)
        self._last = _group(names, last) | _group(names, longer)
        self._folded = names["folded"].to_list()

    def find(self, words: Sequence[str]) -> Iterator[tuple[int, int, list[str], bool]]:
        """
        Find all names in a row of folded words: where each begins and ends,
        whose it is, and whether it is a full one.
        """
        for start in range(len(words)):
            for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
                key = "".join(words[start:end])
                for typed in (key, key.removesuffix("s")):  # Nolan's
                    known = self._whole.get(typed, [])
                    if known and (end > start + 1 or (len(key) > 5 and " " in known[0])):
                        yield start, end, known, True
                        break
                    if typed in self._last and set(words[start : end - 1]) <= _PARTICLES:
                        yield start, end, self._last[typed], False
                        break
                    if known:  # "Madonna" alone
                        yield start, end, known, False
                        break

    def is_known(self, words: Sequence[str]) -> bool:
        """Tell whether words are somebody's name, in full or the last of it."""
        key = "".join(words)
        return key in self._whole or key in self._last

    def correct(
        self, words: Sequence[str], known: frozenset[str]
    ) -> Iterator[tuple[int, int, list[str], bool]]:
        """Find misspelt names among folded words, of which some are `known`, as `find` does."""
        for size in (3, 2):
            for start in range(len(words) - size + 1):
                run = words[start : start + size]
                typed = " ".join(run)
                strange = any(word not in known for word in run)
                if len(typed) < _SHORTEST or self.is_known(run):
                    continue
                if meant := nearly_same(typed, self._folded, _ALIKE if strange else _SURELY):
                    yield start, start + size, self._whole[meant.replace(" ", "")], True


def _group(names: pl.DataFrame, key: pl.Expr) -> dict[str, list[str]]:
    grouped = (
        names.select("name", key=key).drop_nulls().group_by("key", maintain_order=True).agg("name")
    )
    return dict(grouped.iter_rows())
