"""
Texts as words: folded, counted (BM25), compared (TF-IDF), and how a movie's
text is written and read.
"""

from __future__ import annotations

import polars as pl

# Words that say nothing about a movie. Lists of libraries are longer and hold "fire", "system" and
# "cry".
STOP_WORDS = frozenset(
    str.split(
        "a about an and are as at be but by film films for from has he her his i in into is it "
        "its like me movie "
        "movies my of on or one she some somebody someone something that the their them there "
        "they this to want was "
        "what when where which who whose will with you your"
    )
)

_FOREIGN_LETTERS = {
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "\u0131": "i",
}


def fold(text: pl.Expr) -> pl.Expr:
    """
    Fold case and accents, and leave words of letters and digits with one blank
    between them.
    """
    return (
        text.str.normalize("NFKD")
        .str.replace_all(r"\p{M}|['`\u{2018}\u{2019}\u{2BC}]", "")
        .str.to_lowercase()
        .str.replace_many(_FOREIGN_LETTERS)
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars(" ")
    )


_BM25_K1, _BM25_B = (
    1.2,
    0.75,
)  # how soon a repeated word stops counting, and how much a long text is held back


def bm25(texts: pl.Series, asked: list[str]) -> pl.DataFrame:
    """
    Score texts of folded words: columns `movie` (its row), `bm25` and `found`,
    the asked words that it holds.
    """
    words = pl.DataFrame({"word": texts.str.split(" ")}).with_row_index("movie")
    words = words.with_columns(length=pl.col("word").list.len())
    tf, df, n = pl.col("tf"), pl.col("df"), len(texts)
    relative_length = pl.col("length") / words["length"].mean()
    return (
        words.explode("word")
        .filter(pl.col("word").is_in(asked))
        .group_by("movie", "word", "length")
        .agg(tf=pl.len())
        .with_columns(df=pl.len().over("word"))
        .with_columns(
            part=(1 + (n - df + 0.5) / (df + 0.5)).log()
            * (tf * (_BM25_K1 + 1) / (tf + _BM25_K1 * (1 - _BM25_B + _BM25_B * relative_length)))
        )
        .sort("part", "word", descending=True)
        .group_by("movie")
        .agg(bm25=pl.sum("part"), found=pl.col("word").head(3))
    )


def share_words(movies: pl.DataFrame, others: pl.DataFrame, text: pl.Expr) -> pl.DataFrame:
    """
    Find the words that movies share with others: columns `movie`, `other`
    (their rows), `word` and `part`.

    The parts of two texts add up to the cosine of their TF-IDF vectors, idf as
    in scikit-learn: ln((1+n)/(1+df)) + 1.
    """
    # A text names its parts in words of ours, and years and genres are compared by themselves.
    told = text.fill_null("").str.replace_all(
        r"(?m)^(Movie title|Overview): |^(Year|Genres): .*$", ""
    )
    texts = pl.concat(
        [movies.select(fold(told).alias("word")), others.select(fold(told).alias("word"))]
    )
    words = (
        texts.with_row_index("movie")
        .with_columns(pl.col("movie").cast(pl.Int64), pl.col("word").str.split(" "))
        .explode("word")
        .filter((pl.col("word") != "") & ~pl.col("word").is_in(list(STOP_WORDS)))
        .group_by("movie", "word", maintain_order=True)  # the same sums at each call
        .agg(tf=pl.len())
        .with_columns(
            weight=pl.col("tf") * (((1 + len(texts)) / (1 + pl.len().over("word"))).log() + 1)
        )
        .with_columns(pl.col("weight") / pl.col("weight").pow(2).sum().sqrt().over("movie"))
    )
    theirs = words.filter(pl.col("movie") >= len(movies)).select(
        "word", other=pl.col("movie") - len(movies), w="weight"
    )
    ours = words.filter(pl.col("movie") < len(movies))
    return ours.join(theirs, on="word", maintain_order="left_right").select(
        "movie", "other", "word", part=pl.col("weight") * pl.col("w")
    )
