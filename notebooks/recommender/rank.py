"""The score of a question: how well each candidate answers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from notebooks.recommender.question import Question
from notebooks.recommender.titles import make_key, title_key
from notebooks.recommender.words import (
    STOP_WORDS,
    bm25,
    expand_genres,
    fold,
    fold_one,
    list_meant,
    list_phrases,
    list_stop_words,
    stem,
    strip_facts,
    strip_labels,
)

# What a score is made of, a column `by_...` each, beside the cosine of question and text. Found on
# 3,463 and 10,000 real movies, with typed titles and plot keywords as questions; names, roles and a
# title's share on half of 2,000 questions that people typed (MSRD); keywords on the notebook's
# judgements.
_WEIGHTS = {
    "words": 0.3,  # BM25 of text, names, roles and keywords, as a share of the highest
    "keywords": 0.7,  # keywords and genres, by how near they are to words of the question
    "in the title": 0.3,  # the title holds the question; or the share of the question that it is
    "the title": 0.3,  # on top, if the title is the question
    "loosely": -0.15,  # if only one of its other spellings is
    "votes": 0.05,  # log10 of their number
    # A star of the vote average, held back where votes are few, if no more than a kind is named.
    "rating": 0.1,
    "rating, implied": 0.2,  # or genres, or a mood: texts say these less often than votes do
    "brutal": -0.5,  # what is disturbing, gory or erotic, if nothing of the kind is asked
    "unwanted": 0.4,  # cosine of what is unwanted, whose words push as those of a question pull
}
_FEW = 6  # with n words of content, votes count this many / n
_WISHED = 6  # words, of which a wish in a story has as many as it should
_MANY_VOTES = 500  # at which a vote average counts for half
# Keywords of what one does not show to whom one does not know, and words that ask for the like.
_BRUTAL = str.split(
    "disturbing gory erotic gore torture sadism rape softcore necrophilia incest cannibal splatter"
)
_ASKING_FOR_IT = frozenset(
    str.split(
        "disturbing gory gore gruesome bloody blood splatter slasher violent violence brutal cruel "
        "torture horror horrors scary creepy spooky terrifying frightening shocking extreme erotic "
        "sexy sex nudity kinky rape incest cannibal cannibals killer killers murder zombie zombies "
        "transgressive provocative controversial hard dark bleak adults depressing weird"
    )
)
_LONGEST = 1_000  # characters of a phrase that may stand in a text, or be a title


def prepare(movies: pl.DataFrame) -> pl.DataFrame:
    """Add to movies what a ranking compares, once for all questions."""
    titles = [fold(pl.col(name).fill_null("")) for name in ("title", "original_title")]
    text = pl.col("text").fill_null("")
    words = fold(strip_labels(text))
    return movies.with_columns(
        words=words,
        stems=stem(words),
        story=fold(strip_facts(text)),
        persons=_fold_each("directors", "cast"),
        roles=_fold_each("characters"),
        labels=_fold_each("keywords", "genres"),
        titles=pl.concat_list(*titles),
        spellings=pl.concat_list(*(title_key(title, " ") for title in titles)),
    )


def _fold_each(*columns: str) -> pl.Expr:
    return pl.concat_list(*columns).list.eval(fold(pl.element()))


def rank(movies: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Add `score` and what it is made of to candidates, best first."""
    return (
        score(movies, question)
        .with_columns(score=pl.sum_horizontal("^by_.*$"))
        .sort("score", descending=True, maintain_order=True)
    )


def score(movies: pl.DataFrame, question: Question) -> pl.DataFrame:
    """
    Add what a score is made of to candidates: columns `by_...`, the words that
    were `found`, and the roles that are `played`.
    """
    votes = pl.col("vote_count").fill_null(0).clip(0).log1p() / np.log(10)
    # Movies of a genre seldom say so, and what is called War may be of none.
    words, keywords = question.folded, question.keywords
    if question.names_genres:
        words, keywords = [], {}
    names = [phrase for phrase in list_phrases(" ".join(words)) if " " in phrase]
    movies = count_words(movies, words, keywords)
    votes_cast = pl.col("vote_count").fill_null(0)
    held_back = votes_cast / (votes_cast + _MANY_VOTES) * pl.col("vote_average").fill_null(0)
    stars = _WEIGHTS["rating"] * (question.names_kind and not question.unwanted)
    if question.is_implied or question.names_genres:
        stars = _WEIGHTS["rating, implied"]
    return movies.join(
        _match_titles(movies, words, question), on="movie", how="left", maintain_order="left"
    ).with_columns(
        pl.col("by_title").fill_null(0),
        by_text=(1 - pl.col("distance") / 2) if question.content else pl.lit(0.0),
        by_votes=_WEIGHTS["votes"] * min(1, _FEW / max(1, len(question.content))) * votes,
        by_rating=stars * held_back,
        by_brutal=_hold_back(question),
        played=pl.col("roles").list.set_intersection(names),
    )


def score_wish(movies: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Add how well candidates answer a wish: `by_words`, what was `found`, and `by_wish`."""
    if not question.content or question.vector is None:
        return movies
    # A whole sentence says more of the one who wishes than of the movie.
    share = (_WISHED / len(question.words)) ** 2 if question.is_story else 1.0
    wish = share * movies["embedding"].to_numpy() @ question.vector
    movies = count_words(movies, question.folded, question.keywords)
    movies = movies.with_columns(by_words=share * pl.col("by_words"))
    return movies.with_columns(by_wish=pl.Series(wish))


def _hold_back(question: Question) -> pl.Expr:
    """Hold back what is brutal, unless the question asks for something of the kind."""
    if question.names_title or question.is_story or _ASKING_FOR_IT.intersection(question.words):
        return pl.lit(0.0)
    brutal = pl.col("labels").list.eval(pl.element().is_in(_BRUTAL)).list.any()
    brutal |= (pl.col("certification") == "NC-17").fill_null(False)
    # The less it answers the words of the question, the more.
    answers = (pl.col("by_words") / pl.col("by_words").max()).fill_nan(0).fill_null(0)
    return pl.when(brutal).then(_WEIGHTS["brutal"] * (1 - answers)).otherwise(0.0)


def count_words(
    movies: pl.DataFrame, words: list[str], keywords: Mapping[str, float]
) -> pl.DataFrame:
    """
    Add `by_words`, how far movies have the words of a question and keywords
    near to them, and the words that were `found`.
    """
    stop = list_stop_words()
    asked = [word for word in expand_genres(" ".join(words)).split() if word not in stop]
    lists = [movies[name].list.join(" ") for name in ("persons", "roles", "labels")]
    more = pl.select(pl.concat_str(lists, separator=" ")).to_series()
    counted = bm25(movies["words"], list(dict.fromkeys(asked)), more, movies["stems"])
    near = pl.element().replace_strict(keywords, default=0.0, return_dtype=pl.Float64)
    by_keywords = pl.col("labels").list.eval(near).list.sum() if keywords else pl.lit(0.0)
    return (
        movies.with_row_index("movie")
        .join(counted, on="movie", how="left", maintain_order="left")
        .with_columns(
            by_words=_WEIGHTS["words"] * (pl.col("bm25") / pl.col("bm25").max()).fill_null(0)
            + _WEIGHTS["keywords"] * by_keywords
        )
        .drop("bm25")
    )


def _match_titles(movies: pl.DataFrame, words: list[str], question: Question) -> pl.DataFrame:
    """Score how far titles and the question are the same: columns `movie` and `by_title`."""
    words = words[:_LONGEST]
    text = " ".join(words)[:_LONGEST]
    key = make_key(words, " ")[:_LONGEST]
    year = pl.col("year").cast(pl.String).fill_null("")

    def is_same(titles: str, whole: str) -> pl.Expr:
        spelt = pl.col(titles).str.replace_all(" ", "")
        return (spelt == whole.replace(" ", "")) | (spelt + year == whole.replace(" ", ""))

    strictly, loosely = is_same("titles", text), is_same("spellings", key)
    title, size = pl.col("titles"), max(1, len(text))
    says = bool(question.content) or question.names_title  # small words stand in many titles
    holds = pl.format(" {} ", title).str.contains(f" {text} ", literal=True) & says
    held = title.is_in(list_phrases(text)) | pl.col("spellings").is_in(list_phrases(key))
    small = title.is_in(list(list_stop_words()))
    share = held * (title.str.len_chars() / size).clip(0, 1) * ~small
    part = pl.when(holds | strictly | loosely).then(1.0).otherwise(share)
    by_title = _WEIGHTS["in the title"] * part + _WEIGHTS["the title"] * (strictly | loosely)
    by_title += _WEIGHTS["loosely"] * (loosely & ~strictly)
    # By a part of it that is a name of its own, or by its number in a series.
    named = pl.col("id").is_in(question.titles) & bool(text)
    whole = _WEIGHTS["in the title"] + _WEIGHTS["the title"] + _WEIGHTS["loosely"]
    by_title = pl.when(named & question.names_title).then(by_title.clip(whole)).otherwise(by_title)
    return (
        movies.select("movie", "id", "titles", "spellings", "year")
        .explode("titles", "spellings")
        .filter((title != "") & bool(text))
        .group_by("movie")
        .agg(by_title=by_title.max())
    )


# --- What is unwanted ----------------------------------------------------------------------------


def push_away(
    movies: pl.DataFrame, unwanted: str, vector: np.ndarray, keywords: Mapping[str, float]
) -> pl.DataFrame:
    """Add `by_unwanted`, below 0: how near movies are to what a question does not want."""
    words = count_words(movies, fold_one(unwanted).split(), keywords)["by_words"]
    cosine = pl.Series(movies["embedding"].to_numpy() @ vector)
    return movies.with_columns(by_unwanted=-_WEIGHTS["unwanted"] * cosine - words)


Excluded = tuple[list[str], list[str]] | tuple[()]  # words of any text, genres and keywords


def leave_out(movies: pl.DataFrame, excluded: Excluded) -> pl.DataFrame:
    """Leave out movies whose text, genres or keywords hold what `fold_without` made of words."""
    if not excluded or movies.is_empty():
        return movies
    words, genres = ([f" {form} " for form in forms] for forms in excluded)
    labels = pl.format(" {} ", pl.concat_list(_fold_each("genres"), "labels").list.join("  "))
    text = pl.format(" {} ", "words")
    return movies.filter(~text.str.contains_any(words), ~labels.str.contains_any(words + genres))


def fold_without(without: str | Iterable[str]) -> Excluded:
    """
    Fold the words that must not stand in a text, in the singular and the
    plural, and list the genres and keywords that they mean.
    """
    several = isinstance(without, Iterable) and not isinstance(without, str)
    words: list = list(without) if several else [without]
    if strange := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"without must be a word or several, not {strange[0]!r}")
    forms: set[str] = set()
    meant: set[str] = set()
    for word in ",".join(words).split(","):
        if folded := fold_one(word[:_LONGEST]):
            meant |= set(list_meant(folded))
            one = re.sub("(s|x|z|ch|sh|o)es$", r"\1", folded)  # boxes, but not James
            one = re.sub(r"(?<=\w{3})(?<!new)(?<![sui])s$", "", one)
            one = folded if one in STOP_WORDS else one  # hers, ones
            forms |= {folded, one, f"{folded}s", f"{folded}es"}
            forms |= {re.sub("ies$", "y", folded), re.sub("y$", "ies", folded)}
    return (sorted(forms), sorted(meant)) if forms else ()
