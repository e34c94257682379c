"""
Texts as words: folded, stemmed, counted (BM25), compared (TF-IDF), and how a movie's
text is written and read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import polars as pl
from Stemmer import Stemmer

import config

# Words that say nothing about a movie, in English. Lists of libraries are longer and hold "fire",
# "system" and "cry".
_SMALL_WORDS = frozenset(
    str.split(
        "a about after all also an and any are as at be because been but by cant de did do does "
        "doesnt dont even every for from had has have having he her here him his how i if in into "
        "is isnt it its ive just me more most much my no not now of on one ones or other our out "
        "over own she should so some somebody someone such than that the their them then there "
        "these they this those through to too under us very was we were what when where which "
        "while who whose why will with without would you your"
    )
)
# Words of those who ask for a movie, which no movie is about.
_CHAT = frozenset(
    str.split(
        "afternoon again along am anybody anyone anything awesome best better bit can cant choice "
        "choose cool could decent dont dunno else enjoy enjoyed entertain evening ever "
        "everything favorite favorites favourite favourites film films find flick flicks genre "
        "genres get gimme give going good great guy ha haha havent having heard help hello helloo "
        "hey hhi hi honestly hope hows id idea ideas idk im interested interesting ive kind "
        "know lately let lets like liked likes list lol look looking lot lots made make makes may "
        "maybe mind morning movie movies movis must need next nice nope oh ok okay option options "
        "pick please pls plz possible prefer probably put really recently recomend recomended "
        "recommend recommendation recommendations recommended recommending see seeing seen set "
        "show smth solid something somthing sorry sort starring stuff suggest suggested suggestion "
        "suggestions sure surprise tell thank thanks thats thing things think thinking today "
        "tomorrow tonight type u want wanted wants watch watched watching whatever wow ya yeah yep "
        "yes youre yup"
    )
)
STOP_WORDS = _SMALL_WORDS | _CHAT
_FOREIGN_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d"}
_FOREIGN_LETTERS |= {"þ": "th", "\u0131": "i"}
_ELISION = (
    r"(?i)\b((?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|(?:de|a|da|ne|su)ll|un|gl|quest)e?)"
    r"['`\u{2018}\u{2019}\u{2BC}]([aeiouhy])"
)
# How soon a repeated word stops counting, and how much a long text is held back.
_K1, _B = 1.2, 0.75
_OTHER_FORM = 0.5  # what another form of an asked word counts


def list_stop_words() -> frozenset[str]:
    """List the words that say nothing: of other languages than English none is known here."""
    return STOP_WORDS if config.TMDB_LANGUAGE.startswith("en") else frozenset()


def strip_chat(text: str) -> str:
    """Leave out the words of those who ask, unless nothing else is said."""
    if not config.TMDB_LANGUAGE.startswith("en"):
        return text
    words = pl.DataFrame({"written": text.split()}, {"written": pl.String})
    said = words.with_columns(folded=fold(pl.col("written"))).filter(~pl.col("folded").is_in(_CHAT))
    return " ".join(said["written"]) if set(said["folded"]) - _SMALL_WORDS else text


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
        # French and Italian glue a small word to the next one: l'avion, dell'arte.
        .str.replace_all(_ELISION, "$1 $2")
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


# What people call genres and keywords; of a mood, its name, too.
SYNONYMS = {
    "Science Fiction": "sci fi|scifi|sf",
    "Animation": "animated|cartoons?",
    "Comedy": "laughs?|comedies|comedic|rom ?coms?|romantic comed(?:y|ies)",
    "Romance": "date (?:night|movie)s?|romances|rom ?coms?|romantic comed(?:y|ies)",
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
    "cozy": "co[sz]y|quiet|gentle|comfort(?:ing)?|soothing|relaxing|calm(?:ing)?",
    "bleak": "bleak|heavy|depressing",
    "mind-bending": "mind (?:bending|blown|blowing)(?: endings?)?|trippy",
    "slow-burn": "slow(?: burn)?",
    "visually stunning": "visually stunning|beautiful|gorgeous",
    "tearjerker": "tear ?jerkers?|sad|cry|weepies?|heartbreaking",
    "mafia": "gangsters?|mob|mobsters?",
    "feel-good": "feel ?good|warm|uplifting|light|light ?hearted|cheer (?:me|us) up",
    "funny": "funny|hilarious|silly|goofy",
    "quirky": "quirky|weird|offbeat|oddball",
    "dark humor": "(?:black|dark) (?:comedy|comedies|humou?r)",
    "thought-provoking": "thought provoking|smart|clever|intelligent|brainy",
    "plot twist": (
        "plot twists?|(?:twist|surprise|shock|mind (?:blown|blowing)) endings?|twists|"
        "unpredictable|keeps? (?:me|you|us) guessing"
    ),
}
# What texts are to be near to for a mood that no movie has as a keyword: TMDb's seldom name one.
TEXTS_OF_MOODS = {
    "cozy": "cozy romantic comedy",
    "bleak": "bleak tragedy",
    "mind bending": "mind-bending mystery thriller",
    "plot twist": "mind-bending mystery thriller",
    "slow burn": "slow melancholy love story",
    "visually stunning": "breathtaking epic journey",
    "tearjerker": "heartbreaking sad drama",
    "feel good": "warm buddy comedy about friendship",
    "funny": "funny buddy comedy",
    "quirky": "quirky comedy",
    "thought provoking": "thoughtful drama",
}
# What people call TMDb's genres in a word.
GENRE_WORDS = {
    word: genre
    for genre, words in {
        "Action": "action",
        "Adventure": "adventure adventures",
        "Animation": "animation animations animated cartoon cartoons",
        "Comedy": "comedy comedies comedic",
        "Crime": "crime",
        "Documentary": "documentary documentaries",
        "Drama": "drama dramas",
        "Family": "family",
        "Fantasy": "fantasy fantasies",
        "History": "history historical",
        "Horror": "horror horrors",
        "Music": "music musical musicals",
        "Mystery": "mystery mysteries",
        "Romance": "romance romances romantic",
        "Science Fiction": "scifi",
        "Thriller": "thriller thrillers",
        "War": "war",
        "Western": "western westerns",
    }.items()
    for word in words.split()
}


def list_meant(words: str) -> list[str]:
    """List the genres and keywords that folded words mean and call otherwise, in lower case."""
    called = SYNONYMS.items()
    meant = (name for name, ways in called if re.search(rf"\b(?:{ways})\b", words))
    return [name.lower().replace("-", " ") for name in meant]


def strip_meant(words: str) -> str:
    """Take out of folded words what means a genre or a keyword."""
    return re.sub(rf"\b(?:{'|'.join(SYNONYMS.values())})\b", " ", words)


def expand_genres(words: str) -> str:
    """Add to folded words the names of genres and keywords that people call otherwise."""
    return " ".join([words, *list_meant(words)])


def nearly_same(typed: str, names: Sequence[str], alike: float) -> str | None:
    """
    Find the name that is nearest to what was typed, if at least `alike` of it
    is the same: a letter more, less, another, or two swapped are one edit
    (optimal string alignment).
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    best = process.extractOne(typed, names, scorer=OSA.normalized_similarity, score_cutoff=alike)
    return best[0] if best else None


def list_phrases(folded: str, most: int = 8) -> list[str]:
    """List the phrases of a folded text: one word, or up to `most` that stand together."""
    words = folded.split()[:64]
    starts = range(len(words))
    return [" ".join(words[at : at + size]) for size in range(1, most + 1) for at in starts]


def stem_each(words: Iterable[str]) -> dict[str, str]:
    """Map words to their stems (Porter2, in English alone): *robots* to *robot*."""
    words = list(words)
    english = config.TMDB_LANGUAGE.startswith("en")
    return dict(zip(words, Stemmer("english").stemWords(words) if english else words, strict=True))


def stem(texts: pl.Expr) -> pl.Expr:
    """Stem the words of folded texts."""

    def stem_all(texts: pl.Series) -> pl.Series:
        words = texts.str.split(" ")
        stems = stem_each(words.explode().unique().drop_nulls())
        stemmed = words.list.eval(pl.element().replace_strict(stems, return_dtype=pl.String))
        return stemmed.list.join(" ")

    return texts.map_batches(stem_all, pl.String)


def bm25(
    texts: pl.Series,
    asked: list[str],
    more: pl.Series | None = None,
    stems: pl.Series | None = None,
) -> pl.DataFrame:
    """
    Score texts of folded words: columns `movie` (its row), `bm25` and `found`,
    the most telling of the asked words that it holds. Words of `more` count,
    but make no text long. With the `stems` of texts, other forms of an asked
    word count half, and `found` has the one that stands there.
    """
    split = {"word": texts, "stem": texts if stems is None else stems}
    df = pl.DataFrame({name: column.str.split(" ") for name, column in split.items()})
    df = df.with_row_index("movie").with_columns(length=pl.col("word").list.len())
    df = df.with_columns(relative_length=pl.col("length") / df["length"].mean()).drop("length")
    stem_of = stem_each(asked) if stems is not None else dict(zip(asked, asked, strict=True))
    is_asked, small = pl.col("word").is_in(asked), pl.col("word").is_in(list(STOP_WORDS))
    words = df.explode("word", "stem").filter(
        pl.col("stem").is_in(list(stem_of.values())), is_asked | ~small
    )
    if more is not None:
        named = df.select("movie", "relative_length", word=more.str.split(" "))
        named = named.explode("word").filter(is_asked)
        stemmed = pl.col("word").replace_strict(stem_of, return_dtype=pl.String)
        words = pl.concat([words, named.with_columns(stem=stemmed).select(words.columns)])
    tf, texts_with, n = pl.col("tf"), pl.col("texts_with"), len(texts)
    counts = pl.when(is_asked).then(1.0).otherwise(_OTHER_FORM)
    return (
        words.with_columns(counts=counts)
        .sort("counts", descending=True, maintain_order=True)
        .group_by("movie", "stem", "relative_length", maintain_order=True)
        .agg(pl.first("word"), tf=pl.sum("counts"))
        .with_columns(texts_with=pl.len().over("stem"))
        .with_columns(
            part=(1 + (n - texts_with + 0.5) / (texts_with + 0.5)).log()
            * (tf * (_K1 + 1) / (tf + _K1 * (1 - _B + _B * pl.col("relative_length"))))
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
