"""Why a movie is among the answers, told from the row that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from notebooks.recommender.facts import Fact
from notebooks.recommender.filters import to_expr
from notebooks.recommender.question import Question
from notebooks.recommender.taste import NOTABLE, SHARES, Scores
from notebooks.recommender.words import expand_genres, fold, fold_one, stem_each, strip_labels

Reason = tuple[str, list[str]]  # its kind, and what it names
_SAYINGS = {
    "title": "title",
    "text": "its text",
    "near": "a text of like meaning",
    "nothing": "nothing here comes near",
    "unknown": "no movie here has *{and}*",
    "unknowable": "nothing here knows of {and}",
    "unnamed": "nothing was named; well received",
    "received": "well received",
    "wish": "near to the wish",
    "votes": "widely seen",
    "rating": "highly rated",
    "era": "of the same years",
    "language": "in the same language",
    "like": "like {and}",
    "genres": "{list}",
    "keywords": "{list}",
    "directors": "directed by {and}, too",
    "role": "the role *{and}*",
    "fact": "{and}",
    "cast": "with {and}",
    "words": "the words {list}",
}
# A cosine below which nothing comes near: of 48 nonsense words the nearest text lies below it for
# four of five in the catalogue, of 140 questions for seven, which all found words.
_NEAR = 0.27
_NEAR_LABEL = 0.1  # from which a keyword is told that nobody typed
_NEAR_WISH = 0.1  # cosine above the average candidate's
_MANY_VOTES, _HIGH_RATING = 1_000, 7.0  # or no movie is called widely seen or highly rated
_SAME_YEARS = 5  # years apart, at most


def phrase_reasons(reasons: Iterable[Reason]) -> str:
    """Put reasons into words."""
    said = []
    for kind, named in reasons:
        marked = [f"*{word}*" for word in named] if kind == "words" else named
        text = _SAYINGS[kind] if len(named) != 1 else _SAYINGS[kind].replace("words", "word")
        said.append(text.format_map({"list": ", ".join(marked), "and": " and ".join(marked)}))
    return "; ".join(said)


def explain_question(shown: pl.DataFrame, ranked: pl.DataFrame, question: Question) -> pl.Series:
    """
    Say what lifted each row that is shown above the average candidate, after
    the facts that it has.
    """
    average = (ranked["by_words"] - ranked["by_text"]).mean()
    nearest = 1 - np.min(ranked["distance"].to_numpy(), initial=4.0) / 2
    last: Reason = ("received", [])
    if question.content and not question.is_implied:
        last = ("text", [])
    if question.names_nothing:
        last = ("unnamed", [])
    if question.content and nearest < _NEAR and not question.facts:
        last = ("nothing", [])
    typed = [] if question.is_implied else [*question.words, *question.folded_meant]
    asked = set(stem_each(expand_genres(" ".join(typed)).split()).values())
    unknown: list[Reason] = [("unknown", list(question.unknown[:2]))] if question.unknown else []
    unknowable: list[Reason] = [("unknowable", [what]) for what in question.unknowable]
    because = []
    parts = {row["id"]: row for row in ranked.head(len(shown) + 50).iter_rows(named=True)}
    told_facts = _tell_facts(shown, question.facts)
    for movie, facts in zip(_fold_rows(shown), told_facts, strict=True):
        part = parts[movie["id"]]
        reasons: list[Reason] = [*_tell_meant(question), *facts]
        reasons += _tell_role(movie, part)
        told = {name for _, names in reasons for name in names}
        old = set(question.unknown).union(*(fold_one(name).split() for name in told))
        found = stem_each(_list_found(movie, part))
        words = [word for word, stem in found.items() if stem in asked and word not in old]
        if part["by_title"]:
            reasons.append(("title", []))
        elif len(words) > 1 or (words and part["by_words"] - part["by_text"] > average):
            reasons.append(("words", _write(movie, words)))
        reasons = reasons or _tell_keywords(movie, question)
        because.append(phrase_reasons([*unknown, *unknowable, *(reasons or [last])]))
    return pl.Series("because", because, pl.String)


def _tell_meant(question: Question) -> list[Reason]:
    """Tell the names that a question misspells."""
    meant = " and ".join(question.meant)
    return [("fact", [f"did you mean *{meant}*"])] if meant else []


def _fold_rows(shown: pl.DataFrame) -> Iterable[dict]:
    """List rows, each with the words that stand in it, and how it writes them."""
    lists = ("genres", "directors", "cast", "characters", "keywords")
    names = pl.concat_list(lists).list.join(" ")
    text = pl.concat_str(strip_labels(pl.col("text").fill_null("")), names, separator=" ")
    written = text.str.to_lowercase().str.extract_all(r"[\p{L}\p{N}'\u{2019}]+")
    rows = shown.with_columns(
        held=fold(text).str.split(" "),
        written=written,
        folded=written.list.eval(fold(pl.element())),
        roles=pl.col("characters").list.eval(fold(pl.element())),
        labels=pl.concat_list("keywords", "genres"),
        folded_labels=pl.concat_list("keywords", "genres").list.eval(fold(pl.element())),
    )
    for row in rows.iter_rows(named=True):
        yield row | {"written": dict(zip(row["folded"], row["written"], strict=True))}


def _tell_facts(shown: pl.DataFrame, facts: Sequence[Fact]) -> list[list[Reason]]:
    """Tell the facts that were asked for and that each row has."""
    told: list[list[str]] = [[] for _ in range(len(shown))]
    for fact in facts:
        ways = fact.tell()
        has = shown.select(
            to_expr(where).alias(str(place)) for place, (where, _) in enumerate(ways)
        )
        for row, held in enumerate(has.rows()):
            said = [saying for (_, saying), holds in zip(ways, held, strict=True) if holds]
            # One is enough, but for people: each of them.
            told[row] += said[: 3 if fact.kind == "person" else 1]
    return [[("fact", [one]) for one in dict.fromkeys(row)] for row in told]


def _write(movie: dict, words: list[str]) -> list[str]:
    """Write folded words as the text of a movie does: "andy's" for "andys"."""
    return [movie["written"].get(word, word) for word in words]


def _list_found(movie: dict, part: dict) -> list[str]:
    """List the words of a question that its ranking found and its row has."""
    held = set(movie["held"])
    return [word for word in part["found"] or [] if word in held][:3]


def _tell_role(movie: dict, part: dict) -> list[Reason]:
    """Tell the role that a question names, as the row writes it."""
    played = dict(zip(movie["roles"], movie["characters"], strict=True))
    found = set(part["found"] or [])
    shared = {name for name in played if len(found.intersection(name.split())) > 1}
    named = sorted(
        set(part["played"] or []) & set(played) or shared,
        key=lambda name: (-len(found.intersection(name.split())), name),
    )
    return [("role", [played[named[0]]])] if named else []


def _tell_keywords(movie: dict, question: Question) -> list[Reason]:
    """Tell the keyword or genre that is nearest in meaning to a question, as the row writes it."""
    has = dict(zip(movie["folded_labels"], movie["labels"], strict=True))
    near = [has[it] for it, near in question.keywords.items() if it in has and near >= _NEAR_LABEL]
    return [("keywords", near[:1])] if near else []


def explain_taste(
    shown: pl.DataFrame,
    movies: pl.DataFrame,
    profile: pl.DataFrame,
    scores: Scores,
    question: Question | None,
) -> pl.Series:
    """Say of each row that is shown in words what its scores say in numbers."""
    places = dict(zip(movies["id"], range(len(movies)), strict=True))
    words = _list_shared_words(scores, [places[id] for id in shown["id"]])
    genres = dict(movies["genres"].explode().value_counts().iter_rows())
    others = profile.to_dicts()
    meant = _tell_meant(question) if question else []
    because = []
    told_facts = _tell_facts(shown, question.facts if question else ())
    for movie, facts in zip(_fold_rows(shown), told_facts, strict=True):
        row = places[movie["id"]]
        lifts = {name: part[row] for name, part in scores.lifts.items()}
        theirs = {other: words.get((row, other), []) for other in range(len(others))}
        reception = {name: part[row] for name, part in scores.reception.items()}
        reasons = [*meant, *facts]
        if "wish" in reception:
            found = _list_found(movie, movies.row(row, named=True))
            if found and reception["wished words"] >= NOTABLE:
                reasons.append(("words", _write(movie, found)))
            elif reception["wish"] >= _NEAR_WISH:
                reasons.append(("wish", []))
        reasons += _explain_likeness(movie, others, lifts, theirs, genres)
        if reception["votes"] >= NOTABLE and (movie["vote_count"] or 0) >= _MANY_VOTES:
            reasons.append(("votes", []))
        if reception["rating"] >= NOTABLE and (movie["vote_average"] or 0) >= _HIGH_RATING:
            reasons.append(("rating", []))
        because.append(phrase_reasons(reasons) or "nothing in particular")
    return pl.Series("because", because, pl.String)


def _list_shared_words(scores: Scores, rows: list[int]) -> dict[tuple[int, int], list[str]]:
    """List the words that make rows like given movies, the most telling first."""
    notable = pl.col("movie").is_in(rows) & (SHARES["words"] * pl.col("part") >= NOTABLE / 2)
    strong = scores.words.filter(notable).sort("part", "word", descending=[True, False])
    words: dict = {}
    for movie, other, word in strong.select("movie", "other", "word").iter_rows():
        words.setdefault((movie, other), []).append(word)
    return words


def _explain_likeness(
    movie: dict, others: list[dict], lifts: dict, words: dict, genres: dict
) -> list[Reason]:
    """Name one or two liked movies that lifted a movie most, and what it shares with them."""
    weights = np.array([max(0, other["weight"]) for other in others])
    total = sum(lifts.values())
    nearest = np.argsort(-weights * total, kind="stable")[:2]
    named = [int(at) for at in nearest if weights[at] > 0 and total[at] >= NOTABLE]
    if not named:
        return []
    reasons = _list_shared(movie, named, others, lifts, words, genres)
    if len(named) == 2 and not {"genres", "words", "directors", "cast", "keywords"} & {
        kind for kind, _ in reasons
    }:
        named = named[:1]  # a second one is named only for what all three share
        reasons = _list_shared(movie, named, others, lifts, words, genres)
    if {kind for kind, _ in reasons} <= {"era", "language"}:  # which many share
        reasons = [("near", [])] if lifts["text"][named[0]] >= NOTABLE else []
    return [*reasons, ("like", [others[at]["title"] or others[at]["id"] for at in named])]


def _list_shared(
    movie: dict, named: list[int], others: list[dict], lifts: dict, words: dict, genres: dict
) -> list[Reason]:
    """List what a movie shares with each of those named; of a part of the score, if it lifts it."""
    theirs = [others[at] for at in named]

    def find_common(fact: str) -> list[str]:
        return [one for one in movie[fact] if all(one in (other[fact] or []) for other in theirs)]

    years = [movie["year"], *(other["year"] for other in theirs)]
    close = None not in years and max(years) - min(years) <= _SAME_YEARS
    languages = {movie["original_language"], *(other["original_language"] for other in theirs)}
    held = set(movie["held"])
    common = [word for word in words[named[0]] if all(word in words[at] for at in named)]
    shared: dict[str, list[str]] = {
        "directors": find_common("directors")[:2],
        "genres": sorted(find_common("genres"), key=lambda genre: genres.get(genre, 0))[:2],
        "keywords": find_common("keywords")[:2],
        "cast": find_common("cast")[:2],
        "words": _write(movie, [word for word in common if word in held][:2]),
        "era": ["yes"] * close,
        "language": ["yes"] * (len(languages) == 1 and None not in languages),
    }
    lifted = {name for name in lifts if (lifts[name][named] >= NOTABLE).all()} | {"directors"}
    return [(name, found) for name, found in shared.items() if found and name in lifted]
