"""
Texts as words: folded, counted (BM25), compared (TF-IDF), and how a movie's
text is written and read.
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

import config

# Words that say nothing about a movie, in English. Lists of libraries are longer and hold "fire",
# "system" and "cry".
STOP_WORDS = frozenset(
    str.split(
        "a about an and are as at be best but by cant even film films for from good great guy has "
        "he her his i in into is it its just like me more movie movies my of on one or out see "
        "seen she some somebody someone something that the their them there they this to want was "
        "what when where which who whose with you your de"
    )
)
_FOREIGN_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d"}
_FOREIGN_LETTERS |= {"þ": "th", "\u0131": "i"}
# How soon a repeated word stops counting, and how much a long text is held back.
_K1, _B = 1.2, 0.75


def list_stop_words() -> frozenset[str]:
    """List the words that say nothing: of other languages than English none is known here."""
    return STOP_WORDS if config.TMDB_LANGUAGE.startswith("en") else frozenset()


def write_text() -> pl.Expr:
    """Write the text that the model reads. A part that is missing takes its line with it."""
    genres = pl.when(pl.col("genres").list.len() > 0).then(pl.col("genres").list.join(", "))
    return pl.concat_str(
        pl.format("Movie title: {}.", "title"),
        pl.format("Year: {}.", "year"),
        pl.format("Overview: {}", "overview"),
        pl.format("Genres: {}.", genres),
        separator="\n",
        ignore_nulls=True,
    )


def strip_labels(text: pl.Expr) -> pl.Expr:
    """Take out the words that `write_text` adds, which nobody asks for."""
    return text.str.replace_all(r"(?m)^(Movie title|Year|Overview|Genres): ", "")


def strip_facts(text: pl.Expr) -> pl.Expr:
    """Leave a text's title and overview, without the lines of its year and its genres."""
    return strip_labels(text.str.replace_all(r"(?m)^(Year|Genres): .*$", ""))


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


@lru_cache(1_000)
def fold_one(text: str) -> str:
    """Fold one text as `fold` does."""
    return pl.select(fold(pl.lit(text))).item()


# What people call genres and keywords, but for the names themselves.
SYNONYMS = {
    "Science Fiction": "sci fi|scifi|sf",
    "Animation": "animated|cartoons?",
    "Comedy": "comedies|comedic|romcoms?|rom coms?|romantic comedy|romantic comedies",
    "Romance": "romances|romcoms?|rom coms?|romantic comedy|romantic comedies",
    "Documentary": "documentaries|docs?",
    "Mystery": "mysteries|whodunn?its?",
    "History": "historical",
    "Family": "for kids|for children|kids",
    "Music": "musicals?",
    "Horror": "scary|creepy|spooky|frightening",
    "Action": "explosions?|shoot ?outs?",
    **{name: f"{name.lower()}s" for name in ("Drama", "Thriller", "Western", "Crime", "Adventure")},
    "musical": "musicals",
    "gory": "gore|bloody|splatter",
    "cozy": "cosy",
    "tearjerker": "sad|cry|weepies?|heartbreaking",
    "funny": "hilarious",
    "dark humor": "(?:black|dark) (?:comedy|comedies|humou?r)",
    "plot twist": "twist endings?|twists",
}
# Words that people leave out of a title, and words that they write in another way.
SAME_WORDS = (
    dict.fromkeys(
        ["a", "an", "and", "chapter", "episode", "part", "pt", "the", "vol", "volume"], ""
    )
    | {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
    | {"ix": "9", "x": "10", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
    | {"six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11"}
    | {"twelve": "12", "se7en": "7", "doctor": "dr", "mister": "mr", "versus": "vs"}
)


def list_meant(words: str) -> list[str]:
    """List the genres and keywords that folded words mean and call otherwise, in lower case."""
    called = SYNONYMS.items()
    return [name.lower() for name, ways in called if re.search(rf"\b(?:{ways})\b", words)]


def expand_genres(words: str) -> str:
    """Add to folded words the names of genres and keywords that people call otherwise."""
    return " ".join([words, *list_meant(words)])


def loosen(folded: pl.Expr) -> pl.Expr:
    """Leave small words out of folded titles, and write numbers in one way."""
    words = folded.str.split(" ").list.eval(pl.element().replace(SAME_WORDS))
    return words.list.eval(pl.element().filter(pl.element() != "")).list.join(" ")


def list_phrases(folded: str, most: int = 8) -> list[str]:
    """List the phrases of a folded text: one word, or up to `most` that stand together."""
    words = folded.split()[:64]
    starts = range(len(words))
    return [" ".join(words[at : at + size]) for size in range(1, most + 1) for at in starts]


def bm25(
    texts: pl.Series, asked: list[str], more: pl.Series | None = None, b: float = _B
) -> pl.DataFrame:
    """
    Score texts of folded words: columns `movie` (its row), `bm25` and `found`,
    the asked words that it holds. Words of `more` count, but make no text long.
    """
    df = pl.DataFrame({"word": texts.str.split(" ")}).with_row_index("movie")
    df = df.with_columns(length=pl.col("word").list.len())
    relative_length = pl.col("length") / df["length"].mean()
    words = df if more is None else df.with_columns(pl.concat_list("word", more.str.split(" ")))
    tf, texts_with, n = pl.col("tf"), pl.col("texts_with"), len(texts)
    small = pl.col("word").is_in(list(STOP_WORDS))
    return (
        words.with_columns(relative_length=relative_length)
        .explode("word")
        .filter(pl.col("word").is_in(asked))
        .group_by("movie", "word", "relative_length")
        .agg(tf=pl.len())
        .with_columns(texts_with=pl.len().over("word"))
        .with_columns(
            part=(1 + (n - texts_with + 0.5) / (texts_with + 0.5)).log()
            * (tf * (_K1 + 1) / (tf + _K1 * (1 - b + b * pl.col("relative_length"))))
        )
        .sort("part", "word", descending=True)
        .group_by("movie")
        # What every third text holds is no reason, nor is an English "that" in any language: TMDb
        # has English texts where nobody has translated one.
        .agg(
            bm25=pl.sum("part"),
            found=pl.col("word").filter(texts_with < max(n / 3, 30), ~small).head(3),
        )
    )


def share_words(movies: pl.DataFrame, others: pl.DataFrame, folded: pl.Expr) -> pl.DataFrame:
    """
    Find the words that folded texts share with others: columns `movie`,
    `other` (their rows), `word` and `part`.

    The parts of two texts add up to the cosine of their TF-IDF vectors, idf as
    in scikit-learn: ln((1+n)/(1+df)) + 1.
    """
    told = folded.alias("word")
    texts = pl.concat([movies.select(told), others.select(told)])
    words = (
        texts.with_row_index("movie")
        .with_columns(pl.col("movie").cast(pl.Int64), pl.col("word").str.split(" "))
        .explode("word")
        .filter(
            ~pl.col("word").str.contains("^[a-z]?$"),  # the letter of E.T. and of WALL·E
            ~pl.col("word").is_in(list(list_stop_words())),
        )
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


_SAYINGS = {
    "title": "title",
    "text": "its text",
    "near": "a text of like meaning",
    "nothing": "nothing here comes near",
    "wish": "near to the wish",
    "votes": "widely seen",
    "rating": "highly rated",
    "era": "of the same years",
    "language": "in the same language",
    "like": "like {and}",
    "genres": "{list}",
    "keywords": "{list}",
    "directors": "directed by {and}, too",
    "director": "directed by {and}",
    "role": "the role *{and}*",
    "fact": "{and}",
    "cast": "with {and}",
    "words": "the words {list}",
}


def phrase_reasons(reasons: list[tuple[str, list[str]]]) -> str:
    """Put reasons into words: pairs of their kind and of what they name."""
    said = []
    for kind, named in reasons:
        marked = [f"*{word}*" for word in named] if kind == "words" else named
        text = _SAYINGS[kind] if len(named) != 1 else _SAYINGS[kind].replace("words", "word")
        said.append(text.format_map({"list": ", ".join(marked), "and": " and ".join(marked)}))
    return "; ".join(said)
