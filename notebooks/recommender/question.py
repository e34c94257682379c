"""
What is typed -> a Question: which words are facts, people, titles, what is
unwanted, what answers should be like, and what is left to compare texts with.

The typed text becomes a row of folded words. Spans of them are found that may
mean something, the longest that fit are chosen, and the row is read once from
left to right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import polars as pl

import config
from notebooks.recommender.facts import (
    KINDS,
    Fact,
    Way,
    find_more,
    join_facts,
    rate_for,
)
from notebooks.recommender.spans import (
    ARTICLES,
    CUES,
    FILLER,
    LONGEST_TITLE,
    READ,
    Known,
    Span,
    choose_spans,
    drop_commas,
    find_spans,
    tells_story,
)
from notebooks.recommender.words import (
    GENRE_WORDS,
    TEXTS_OF_MOODS,
    fold,
    fold_one,
    list_meant,
    list_stop_words,
    nearly_same,
    strip_meant,
)

_MOST = 50_000  # characters that are read; a model reads the first few hundred words
_ALIKE, _SURELY = 0.8, 0.92  # how much of a misspelt title is the same


_GENRES = frozenset([*GENRE_WORDS, "sci", "fi", "science", "fiction"])


# What they mean who name nobody but those who watch along; else a family is meant.
_FAMILY = "heartwarming for the whole family"
_GENTLE = "cuddly animals, gentle and cozy animation"
_WATCHERS = {
    r"parents?|(?:mo|fa)thers?|mom|mum|dad|in laws?|gran\w*|nana|aunts?|uncles?|adults?": (
        "heartwarming true story"
    ),
    r"teen\w*|tweens?|1[2-6]": "exciting adventure",
}
# What the genres and keywords of a light mood are called: beside a situation, both count.
_LIGHT = frozenset(["comedy", "romance", "family", "funny", "cozy", "feel good"])
# What they mean who say no more than what it should not be.
_OPPOSITES = {
    r"heavy|depressing|sad|dark|bleak|serious|grim|intense|tragic|upsetting|scary|violent|gory": (
        "funny romantic comedy"
    ),
    r"confusing|complicated|brainy|cerebral|think": "fun adventure",
    r"slow|boring": "fast paced action",
    r"silly|dumb|stupid|cheesy|corny": "smart drama",
}


class Question(NamedTuple):
    """
    What a question asks for.

    Attributes
    ----------
    typed
        As it was typed.
    words
        Folded, without signs.
    text
        What is left to compare texts with.
    unwanted
        What texts should be far from.
    facts
        What movies must have, or a bonus in a story.
    titles
        The ids of movies that are named.
    like
        The ids of movies that answers should be like.
    hidden
        The ids of movies that are not wanted.
    meant
        The names that it misspells, as they are written.
    unknown, unknowable
        The words of it that no movie has, and what nothing here can tell.
    names_title
        Whether it is a title, and nothing but that.
    is_implied
        Whether nobody typed its text, and it is what they mean who say so little.
    vector
        The embedding of `text`, of shape (dimensions,).
    keywords
        Those nearest to its words, and how near they are, up to 1.
    """

    typed: str
    words: tuple[str, ...]
    text: str
    unwanted: str = ""
    facts: tuple[Fact, ...] = ()
    titles: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unknowable: tuple[str, ...] = ()
    names_title: bool = False
    is_implied: bool = False
    vector: np.ndarray | None = None
    keywords: Mapping[str, float] = MappingProxyType({})

    @property
    def is_story(self) -> bool:
        """Whether it tells a story, in which facts are half remembered."""
        return tells_story(self.words)

    @property
    def firm(self) -> tuple[Fact, ...]:
        """The facts that movies must have."""
        return () if self.is_story else tuple(fact for fact in self.facts if fact.firm)

    @property
    def lifting(self) -> tuple[Fact, ...]:
        """The facts that lift those that have them."""
        return tuple(fact for fact in self.facts if fact not in self.firm)

    @property
    def names_nothing(self) -> bool:
        """Whether nothing is asked for but a movie."""
        return self.names_limits and not self.facts

    @property
    def names_limits(self) -> bool:
        """Whether nothing is asked for but a movie, or one of a genre, some years or length."""
        named = (self.titles, self.like, self.hidden, self.unwanted)
        limits = ("year", "time", "votes", "rating", "genre")
        said = (self.content and not self.names_genres) or any(named)
        return not said and all(it.kind in limits for it in self.facts)

    @property
    def names_kind(self) -> bool:
        """Whether no more is said than a kind of movie or a mood: "a good thriller"."""
        more = set(strip_meant(" ".join(self.folded)).split()) - list_stop_words() - _GENRES
        return self.is_implied or not (more or self.names_title)

    @property
    def names_genres(self) -> bool:
        """Whether it names genres, and nothing else that a text may say."""
        return any(fact.kind == "genre" and not fact.negated for fact in self.facts)

    @property
    def folded_meant(self) -> list[str]:
        """The words of the names that it misspells."""
        return fold_words(" ".join(self.meant))

    @property
    def folded(self) -> list[str]:
        """The words of its text, folded."""
        return fold_words(self.text)

    @property
    def content(self) -> list[str]:
        """The words of its text that say something, each once."""
        stop = list_stop_words()
        return list(dict.fromkeys(word for word in self.folded if word not in stop))


def fold_words(text: str) -> list[str]:
    """Fold a text into words."""
    return fold_one(text).split()


def read_question(typed: str, known: Known) -> Question:
    """Read what a question asks for."""
    typed = typed[:_MOST]
    row = split_words(typed)
    words = tuple(drop_commas(row))
    title = _find_whole_title(words, known)
    if title.titles:
        return title._replace(typed=typed)
    if not config.TMDB_LANGUAGE.startswith("en"):
        return Question(typed, words, typed)
    mended = {} if tells_story(row) else _correct_genres(row, known)
    text = typed
    for word, genre in mended.items():
        text = re.sub(rf"(?i)\b{word}\b", genre, text)
    row = split_words(text) if mended else row
    spans = choose_spans(row, find_spans(row, known, text))
    question = _Reader(row, spans, known).read(text, words)
    meant = dict.fromkeys([*question.meant, *mended.values()])
    question = question._replace(typed=typed, meant=tuple(meant))
    if question.is_story or question.meant or question.is_implied:
        return question
    return question._replace(unknown=_list_unknown(question, known))


def _correct_genres(row: list[str], known: Known) -> dict[str, str]:
    """Find the words that misspell a genre and that no movie has, and what is meant."""
    strange = set(row) - known.vocabulary - list_stop_words()
    meant = {word: nearly_same(word, [*GENRE_WORDS], _ALIKE) for word in strange if len(word) > 4}
    return {word: genre for word, genre in meant.items() if genre}


def _list_unknown(question: Question, known: Known) -> tuple[str, ...]:
    """
    List the words that no movie has, in the singular or the plural, nor means
    otherwise, and the genres of which there is none.
    """
    said = strip_meant(" ".join(question.folded)).split()
    strange = [
        word
        for word in question.content
        if not known.vocabulary.intersection((word, word.removesuffix("s"), f"{word}s"))
    ]
    genres = [word for word in question.content if word in GENRE_WORDS]
    lacking = [word for word in genres if known.genres and GENRE_WORDS[word] not in known.genres]
    return (*(word for word in strange if word in said and word not in genres), *lacking)


# --- Words ---------------------------------------------------------------------------------------

_SIGNS = re.compile(
    r"[,;:!?()\[\]{}\"\u201c\u201d/|]+|(?<!\b[A-Za-z])\.+(?=\s|$)|\s[-\u2013\u2014]+\s"
)


def split_words(typed: str) -> list[str]:
    """Split a text into folded words, with a comma for the signs that part them."""
    text = re.sub(r"(?i)\by/o\b", "yo", typed)
    text = re.sub(r"(?i)\bmore (\w+) than (?=[a-z])", r"\1 not ", text)  # more cozy than scary
    text = re.sub(r"(?i)\beven (\w[\w ]{,40}?) (?:was|were|is) too \w+", r", not \1,", text)
    text = re.sub(r"(?<=\d)[.](?=\d)", " point ", text)  # 1.5 hours
    text = re.sub(r"(?i)\b(\d+)(h|hrs?|mins?|m|yo)(?=\d|\b)", r"\1 \2 ", text)  # 1h30
    text = re.sub(r"(?<=\d)(s?)\s*[-\u2013\u2014]\s*(?=['\u2019]?\d)", r"\1 to ", text)  # 1980-1989
    parts = pl.Series(_SIGNS.split(text), dtype=pl.String).to_frame("part")
    folded = parts.select(fold(pl.col("part"))).to_series().to_list()
    return " , ".join(folded).split()


def _find_whole_title(words: tuple[str, ...], known: Known) -> Question:
    """Find the movies of whose title a question consists, but for words such as *watch*."""
    asked = _strip_filler(words, known) if len(words) <= 2 * LONGEST_TITLE else words
    text = " ".join(asked or words)
    if len(asked) > LONGEST_TITLE:
        return Question("", words, text)
    kind = len(asked) < len(words) and bool(_list_genres(asked))  # "war movies" are not War
    if not kind and (ids := known.titles.find(asked)):
        return Question("", words, text, titles=tuple(ids), names_title=True)
    # "Shrek 3" is the third of its series, where no movie is called so.
    if len(asked) > 1 and asked[-1].isdecimal() and (ids := known.titles.find_series(asked)):
        return Question(
            "",
            words,
            text,
            titles=tuple(ids),
            names_title=True,
            meant=tuple(known.titles.name(ids[:1])),
        )
    # A word that nobody here uses may be misspelt; others only where nearly all is the same.
    strange = set(asked) - known.words - list_stop_words() - FILLER
    for tried in () if known.people.is_known(asked) else (words, asked):
        if meant := known.titles.correct(tried, _ALIKE if strange else _SURELY):
            ids = known.titles.find(meant.split())
            return Question("", words, meant, titles=tuple(ids), names_title=True, meant=(meant,))
    return Question("", words, text)


def _strip_filler(words: Sequence[str], known: Known) -> list[str]:
    """Take the words at both ends that say that a movie is wanted, and not which."""
    asked = list(words)
    for side in (0, -1):
        while asked and asked[side] in FILLER and not known.titles.find(asked):
            if asked[side] in ARTICLES and asked[1:2] != ["movie"] and asked[1:2] != ["film"]:
                break
            asked.pop(side)
    return asked


# --- Reading -------------------------------------------------------------------------------------

# What a negation does not end at: "not too scary", "no more of the".
_SMALL = frozenset(
    str.split(
        "a an the any too so very much many set about in at for with of on to being be really "
        "that is are it all overly particularly especially this more just"
    )
)
# Who wants none of this is served best by what is rated for most.
_CRUEL = frozenset(
    str.split(
        "gore gory blood bloody violence violent brutal brutality torture sex nudity swearing "
        "cursing disturbing gruesome graphic"
    )
)
_VERBS = frozenset(str.split("has have had with is are was were do does did who and he she they"))


# What a clause about somebody begins with, and what is said where a movie is wanted.
_OF_ASKER = frozenset(str.split("my our we i im ive id were weve just"))
_REQUESTS = frozenset(
    str.split(
        "something anything any smth movie movies film films want wants need show find recommend "
        "suggest watch watching looking like likes love loves about mood feel"
    )
)
_KEPT = ("text", "title", "story", "but", "comma")  # spans that are text where nothing takes them
_ROLES = ("directed", "acted")
_NAMED = ("fact", "person", "title", "studio", "like")
_WORDS = ("text", "title", "story", "surname", *_ROLES)
# Negations that are of no story, and those that may be.
_ALWAYS = frozenset(str.split("but except anything minus i my he she we they am im were are"))
_AUXILIARIES = frozenset(str.split("has have is are was does do isnt arent dont doesnt"))


class _Reader:
    """Reads the chosen spans of a question from left to right."""

    def __init__(self, row: list[str], spans: list[Span], known: Known):
        self.row, self.spans, self.known = row, spans, known
        self.stop = list_stop_words()
        self.story = tells_story(drop_commas(row))
        self.has_title = any(span.kind == "title" for span in spans)
        self.kept = [span.kind in _KEPT for span in spans]
        self.facts: list[Fact] = []
        self.unwanted: list[str] = []
        self.like: list[str] = []
        self.hidden: list[str] = []
        self.titles: list[str] = []
        self.meant: list[str] = []
        self.unknowable: list[str] = []
        self.moods: list[str] = []

    def read(self, typed: str, words: tuple[str, ...]) -> Question:
        """Read all spans."""
        if not self.story:
            self._correct_people()
            self._read_negations()
            self._drop_asker()
        for place, span in enumerate(self.spans):
            if span.kind in ("fact", "person", "surname", "studio", "unknowable"):
                getattr(self, f"_read_{span.kind}")(place, span)
            elif span.kind in ("like", "title", "hated", "seen"):
                self._read_movies(span)
            elif span.kind in ("maker of", "studio of"):
                self._read_maker(span)
            elif span.kind == "situation":
                self.moods.append(span.value)
                self.kept[place] = self.story
            elif span.kind not in ("read", *_KEPT):
                self.kept[place] = True
        self._read_title_but()
        self.facts = [self._compare_age(fact) for fact in self.facts]
        if self.story and self.like:
            self._read_mentioned()
        said = self._list_text(typed)
        said, implied = self._find_mood(said)
        self._read_genres(said)
        return Question(
            typed,
            words,
            said or implied,
            " ".join(self.unwanted),
            join_facts(self.facts),
            tuple(dict.fromkeys(self.titles)),
            tuple(dict.fromkeys(self.like)),
            tuple(dict.fromkeys(self.hidden)),
            tuple(self.meant),
            unknowable=tuple(dict.fromkeys(self.unknowable)),
            is_implied=bool(implied),
        )

    def _read_movies(self, span: Span) -> None:
        """Read the movies that somebody names, likes, has seen, or hates with their series."""
        if span.kind == "hated":
            self.hidden += self.known.titles.list_of_series(span.value)
        else:
            {"like": self.like, "title": self.titles, "seen": self.hidden}[span.kind].extend(
                span.value
            )

    def _drop_asker(self) -> None:
        """Drop the clauses in which somebody tells of themselves, beside what they want."""
        clauses: list[list[int]] = [[]]
        for place, span in enumerate(self.spans):
            if span.kind in ("comma", "but") or self._word(place) in ("and", "so", "then"):
                clauses.append([])
            elif span.kind != "read":
                clauses[-1].append(place)
        told = [clause for clause in clauses if clause and self._is_of_asker(clause)]
        wants = [place for place, it in enumerate(clauses) if self._list_words(it) & _REQUESTS]
        if told and wants:  # "girls night, wine, something funny"
            told += clauses[: wants[0]]
        others = [clause for clause in clauses if clause not in told]
        asked = any(self.kept[at] and self._word(at) not in self.stop for it in others for at in it)
        if asked or any(span.kind in ("fact", "situation") for span in self.spans):
            for place in (at for clause in told for at in clause if self.spans[at].kind in _KEPT):
                self._drop(place)

    def _list_words(self, clause: list[int]) -> set[str]:
        said = (self._word(place) for place in clause if self.spans[place].kind != "fact")
        return {word for words in said for word in words.split()}

    def _is_of_asker(self, clause: list[int]) -> bool:
        """Tell whether a clause is about the one who asks: "rough week", "my gf picks"."""
        if self._list_words(clause) & _REQUESTS or any(
            self.spans[at].kind in ("like", "hated") for at in clause
        ):
            return False
        begins = self._word(clause[0]).split()[0] in _OF_ASKER
        return begins or any(
            self.spans[at].value for at in clause if self.spans[at].kind == "situation"
        )

    def _read_unknowable(self, place: int, span: Span) -> None:
        self.unknowable.append(span.value)
        self.kept[place] = self.story

    def _read_fact(self, place: int, span: Span) -> None:
        fact = span.value
        # "Avengers in Hindi" is what somebody types who looks for a dubbed movie.
        if fact.kind == "nation" and self.has_title:
            self.kept[place] = True
            return
        around = " ".join([*self.row[: span.start][-1:], "|", *self.row[span.end :][:2]])
        if re.search(r"^(?:ideally|preferably) |\| (?:if possible|ideally|preferably)", around):
            fact = fact._replace(firm=False)
        self.facts.append(self._mend(fact))
        if more := find_more(fact):
            self.facts.append(more)

    def _mend(self, fact: Fact) -> Fact:
        """Ask for genres and keywords where no movie is rated."""
        if fact.kind != "audience" or self.known.rated:
            return fact
        family = Way({"genres": {"$contains": "Family"}}, "Family")
        return fact._replace(
            ways=(family, Way({"keywords": {"$contains": "family-friendly"}}, "family-friendly")),
            negated="R" in str(fact.ways) or fact.negated,
        )

    def _compare_age(self, fact: Fact) -> Fact:
        """Make years of "newer" and "older": than the movies that are liked, if there are any."""
        if fact.kind != "age":
            return fact
        if not self.like:
            return fact._replace(kind="year")
        years = self.known.titles.list_years(self.like)
        newer = fact.ways[0].told == "recent"
        limit = max(years) + 1 if newer else min(years) - 1
        where = {"year": {"$gte" if newer else "$lte": limit}}
        return Fact("year", (Way(where, "newer" if newer else "older"),))

    # A negation takes what follows it.

    def _read_negations(self) -> None:
        place = 0
        while place < len(self.spans):
            span = self.spans[place]
            if span.kind == "not" and self._is_of_movie(place):
                place = self._negate(place)
            else:
                place += 1

    def _is_of_movie(self, place: int) -> bool:
        """Tell whether a negation is the question's, and not that of somebody in a story."""
        span = self.spans[place]
        before = drop_commas(self.row[: span.start])
        said = self.row[span.start : span.end]
        if not before:  # "No" may begin a title
            after = self.spans[place + 1 :]
            alone = len(self.row) - span.end <= 3 or any(it.kind == "comma" for it in after)
            names = bool(after) and after[0].kind in (*_NAMED, *_ROLES)
            return alone or names or len(said) > 1 or said[0] in ("nothing", "without", "neither")
        if "of" in said and not _OF_ASKER.intersection(self.row):
            return False  # a boy who is afraid of water
        if said[0] in _ALWAYS or {"that", "which"} & set(said):
            return True
        if before[-1] not in _VERBS and said[0] not in _AUXILIARIES:
            return True
        # "He is not real" tells of somebody, "a film that is not sad" of the film.
        subject = next((word for word in reversed(before[-2:]) if word not in _VERBS), "")
        return subject in KINDS or subject == "that"

    def _negate(self, place: int) -> int:
        """Read what a negation takes, and return the place behind it."""
        self._drop(place)
        at = self._skip(place + 1)
        if (named := self._find_named(at)) is not None:
            return self._negate_named(place + 1, named)
        describes = self._word(place) in ("not", "less") and at < len(self.spans)
        for gone in range(place, at):
            self._drop(gone)
        # "Not scary Halloween movies" are of Halloween, "no scary clowns" are without clowns.
        if describes and not strip_meant(self._word(at)).strip():
            return self._negate_words(at, most=1)
        return self._negate_words(at)

    def _skip(self, at: int) -> int:
        """Skip small words."""
        while at < len(self.spans) and self._word(at) in _SMALL:
            at += 1
        return at

    def _find_named(self, at: int) -> int | None:
        """Find the place of a name or a fact, perhaps behind the role that somebody has."""
        role = at < len(self.spans) and self.spans[at].kind in _ROLES
        at = self._skip(at + role)
        if at == len(self.spans):
            return None
        span = self.spans[at]
        surname = span.kind == "surname" and self._is_asked(at, span, self._find_role(at))
        return at if surname or span.kind in _NAMED else None

    def _negate_words(self, start: int, most: int = READ) -> int:
        """Read the words that a negation takes, up to what parts them: genres, or a text."""
        words: list[str] = []
        at = start
        while at < min(len(self.spans), start + most) and self.spans[at].kind in _WORDS:
            parted = self.spans[at].kind in _ROLES and words and words[-1] not in _SMALL
            if parted or (words and self._word(at) in ("please", "pls", "plz", "thanks", "lol")):
                break
            words += self._word(at).split()
            self._drop(at)
            at += 1
        if genres := _list_genres(words):
            ways = [Way({"genres": {"$contains": genre}}, genre) for genre in genres]
            self.facts.append(Fact("genre", tuple(ways), negated=True))
        elif words:
            self.unwanted.append(" ".join(words))
            self.hidden += self.known.titles.list_of_series(self.known.titles.find(words))
        if _CRUEL.intersection(words):
            self.facts.append(Fact("rating", tuple(rate_for(child=False)), firm=False))
        return at

    def _negate_named(self, begin: int, at: int) -> int:
        """Read the names and facts that a negation takes: the next, and those joined by *or*."""
        while True:
            self._negate_one(at)
            for gone in range(begin, at):
                self._drop(gone)
            joint = self._word(at + 1) if at + 2 < len(self.spans) else ""
            if joint not in ("or", "and", "nor"):
                return at + 1
            if (named := self._find_named(self._skip(at + 2))) is None:
                break
            begin, at = at + 1, named
        if joint == "and":  # "not french and funny"
            return at + 1
        self._drop(at + 1)
        return self._negate_words(self._skip(at + 2))

    def _negate_one(self, at: int) -> None:
        """Read one name or fact that is not wanted."""
        span = self.spans[at]
        if span.kind == "fact":
            fact = self._mend(span.value)
            self.facts.append(fact._replace(negated=not fact.negated))
        elif span.kind == "studio":
            self.facts.append(_make_studio(span.value)._replace(negated=True))
        elif span.kind in ("person", "surname"):
            person = self._make_person(span.value, self._find_role(at))
            self.facts.append(person._replace(negated=True))
        else:
            self.hidden += self.known.titles.list_of_series(span.value)
        self._drop(at)

    def _word(self, place: int) -> str:
        span = self.spans[place]
        return " ".join(drop_commas(self.row[span.start : span.end]))

    def _drop(self, place: int) -> None:
        self.spans[place] = self.spans[place]._replace(kind="read")
        self.kept[place] = False

    # People are facts: who directed a movie, or who is in it.

    def _find_role(self, place: int) -> str:
        """Find the role in which somebody is asked for: *directed*, *acted* or any."""
        if place + 1 < len(self.spans) and self.spans[place + 1].kind == "direct":
            return "directed"
        cue = self.spans[place - 1].kind if place else ""
        return cue if cue in _ROLES else "any"

    def _read_surname(self, place: int, span: Span) -> None:
        if self._is_asked(place, span, self._find_role(place)):
            self._read_person(place, span)
        else:
            self.kept[place] = True

    def _read_person(self, place: int, span: Span) -> None:
        role = self._find_role(place)
        names = span.value
        if role == "directed":
            names = [name for name in names if name in self.known.people.directors] or names
        # Somebody who is asked for by a word, or alone, is in each answer. Beside other words,
        # which may name a movie, a name lifts.
        firm = role != "any" or self._is_alone(place)
        self.kept[place] = not firm
        # "Films by Tom Hanks" are those with him, where he directs none.
        by = role == "directed" and place and self._word(place - 1) == "by"
        acts = by and not self.known.people.directors.intersection(names)
        if place and self.spans[place - 1].kind in _ROLES:
            self._drop(place - 1)
        elif role == "directed":
            self._drop(place + 1)
        fact = self._make_person(names, "any" if acts else role)._replace(firm=firm)
        before = self._word(place - 1) if place else ""
        if before == "or" and self.facts and self.facts[-1].kind == "person":
            self.facts[-1] = self.facts[-1]._replace(ways=(*self.facts[-1].ways, *fact.ways))
        else:
            self.facts.append(fact)

    def _is_asked(self, place: int, span: Span, role: str) -> bool:
        """Tell whether a surname is one: somebody is asked for by it, or it is no other word."""
        word = self._word(place)
        rare = len(word) > 3 and word not in self.known.words | self.stop | _CRUEL
        if role == "directed":
            cue = self._word(place - 1) if place else ""
            return rare or cue != "by" or self._is_alone(place)
        return rare or (role == "acted" and word not in self.known.words)

    def _is_alone(self, place: int) -> bool:
        """Tell whether nothing else of content is asked."""
        named = ("person", "studio", "fact", "read", "like", "comma", "but", *CUES)
        if self.story:
            return False
        others = [it for at, it in enumerate(self.spans) if at != place and it.kind not in named]
        # Another surname beside it is no other content: "De Niro and Pacino".
        words = [
            word
            for it in others
            for word in self.row[it.start : it.end]
            if it.kind != "surname" or word in self.known.words
        ]
        return all(word in self.stop or word in KINDS for word in words)

    def _make_person(self, names: Sequence[str], role: str) -> Fact:
        ways = []
        for name in names:
            directs, acts = (
                name in it for it in (self.known.people.directors, self.known.people.actors)
            )
            if directs and (role != "acted" or not acts):
                ways.append(Way({"directors": {"$contains": name}}, f"directed by {name}"))
            if role != "directed":
                ways.append(Way({"cast": {"$contains": name}}, f"with {name}"))
        if not ways:
            ways = [
                Way({"directors": {"$contains": name}}, f"directed by {name}") for name in names
            ]
        return Fact("person", tuple(ways))

    def _correct_people(self) -> None:
        """Make a person of the words that misspell one."""
        run = [at for at, span in enumerate(self.spans) if span.kind in ("text", "surname")]
        words = [self._word(at) for at in run]
        found = list(self.known.people.correct(words, self.known.words | self.stop))
        # From right to left, so that places to the left stay as they are.
        for start, end, names, _ in sorted(found, key=lambda it: -it[0]):
            first, last = run[start], run[end - 1]
            if last - first == end - 1 - start and last < len(self.spans):
                begin, behind = self.spans[first].start, self.spans[last].end
                self.spans[first : last + 1] = [Span(begin, behind, "person", names)]
                self.kept[first : last + 1] = [False]
                self.meant.append(names[0])

    def _read_maker(self, span: Span) -> None:
        """Read "the guy who made TITLE": others by its directors, or by its first studio."""
        column = "directors" if span.kind == "maker of" else "studios"
        named = self.known.titles.movies.filter(pl.col("id").is_in(span.value))
        first = named[column].list.head(1 if column == "studios" else 3).explode().drop_nulls()
        names = first.unique(maintain_order=True).to_list()
        if names:
            make = _make_studio if column == "studios" else self._make_directors
            self.facts.append(make(names))
            self.hidden += span.value

    def _make_directors(self, names: Sequence[str]) -> Fact:
        return self._make_person(names, "directed")

    def _read_studio(self, place: int, span: Span) -> None:
        after = self._word(place + 1) if place + 1 < len(self.spans) else ""
        cue = self.spans[place - 1].kind if place else ""
        asked = (
            span.end - span.start > 1
            or after in KINDS
            or cue == "directed"
            or self._is_alone(place)
        )
        self.kept[place] = not asked
        if asked:
            self.facts.append(_make_studio(span.value))
            if cue == "directed":
                self.kept[place - 1] = False

    def _read_title_but(self) -> None:
        """Read "TITLE but WISH" as what answers should be like."""
        said = [span for span in self.spans if span.kind not in ("comma", "read")]
        if len(said) > 2 and said[0].kind == "title" and said[1].kind == "but" and not self.like:
            self.like += said[0].value
            self._drop(self.spans.index(said[0]))

    def _read_mentioned(self) -> None:
        """Add the movies to those that are liked that somebody mentions beside these."""
        for place, span in enumerate(self.spans):
            if span.kind == "title":
                self.like += span.value
                self._drop(place)

    def _list_text(self, typed: str) -> str:
        """List the words that are left: each run of them that says something."""
        if self.story and not self.like:
            return typed
        if all(self.kept):
            return typed if set(self.row) - self.stop - {","} - FILLER else ""
        runs: list[list[str]] = [[]]
        for span, kept in zip(self.spans, self.kept, strict=True):
            if not kept or span.kind == "but":
                runs.append([])
            else:
                runs[-1] += drop_commas(self.row[span.start : span.end])
        if self.like:  # what is wished beside a movie, without the chat around it
            return " ".join(word for run in runs for word in run if word not in self.stop)
        said = [run for run in runs if set(run) - self.stop - FILLER]
        return " ".join(" ".join(_trim(run)) for run in said)

    def _find_mood(self, said: str) -> tuple[str, str]:
        """Find what is said and what is implied, where no more than a mood is said, or nothing."""
        if self.like:
            return said, ""
        folded = fold_one(said)
        more = set(strip_meant(folded).split()) - self.stop
        moods = [] if self.story or more else list_meant(folded)
        meant = [mood for mood in self.moods if mood][:1]
        light = bool(meant and moods) and _LIGHT.issuperset(moods)
        unnamed = set(moods).difference(self.known.labels)
        if unnamed and TEXTS_OF_MOODS.keys() >= set(moods):
            texts = [TEXTS_OF_MOODS[mood] for mood in moods] + meant * light
            gentle = "cozy" in moods and self._list_rated()
            return "", _GENTLE if gentle else " ".join(dict.fromkeys(texts))
        if light:  # "sick in bed, something comforting"
            return f"{said} {meant[0]}", ""
        return said, "" if said else self._imply()

    def _read_genres(self, said: str) -> None:
        """Read the genres that each movie has, where nothing else is said."""
        folded = fold_words(said)
        words = [word for word in folded if word not in self.stop]
        choice = {"or", "and"}.intersection(folded)  # "westerns and war stuff"
        genres = [] if self.story or self.like or self.unwanted or choice else _list_genres(words)
        named = len(words) > 1 and " ".join(words) in self.known.labels  # "romantic comedy"
        # Those of music, of which TMDb counts Whiplash, are not what people call musicals.
        if named or not self.known.genres.difference(["Music"]).issuperset(genres):
            return
        for genre in dict.fromkeys(genres):
            self.facts.append(Fact("genre", (Way({"genres": {"$contains": genre}}, genre),)))

    def _list_rated(self) -> set[tuple[str, ...]]:
        """List the certifications for those who watch along."""
        audiences = [it for it in self.facts if it.kind == "audience" and not it.negated]
        return {tuple(way.told for way in it.ways) for it in audiences}

    def _imply(self) -> str:
        """Tell what they mean who say no more than how they are, what not, or for whom."""
        rated = self._list_rated()
        if ("rated G",) in rated:
            return _GENTLE
        if ("rated G", "rated PG") in rated:  # a child watches along
            return _FAMILY
        meant = [mood for mood in self.moods if mood]
        meant += _list_asked(_OPPOSITES, " ".join(self.unwanted))
        if rated and not meant:
            meant = _list_asked(_WATCHERS, " ".join(self.row)) or [_FAMILY]
        return " ".join(dict.fromkeys(meant))


def _list_asked(asks: dict[str, str], row: str) -> list[str]:
    """List the values of the patterns that a row of words holds."""
    return [value for ask, value in asks.items() if re.search(rf"(?<!\S)(?:{ask})(?!\S)", row)]


_GLUE = frozenset(
    str.split(
        "and or but with from that which is are was in on by of to at for as the a an like set "
        "made it than too also only"
    )
)


def _trim(run: list[str]) -> list[str]:
    """Trim the words that join a run to what stood beside it."""
    said = [place for place, word in enumerate(run) if word not in _GLUE]
    return run[said[0] : said[-1] + 1] if said else []


def _make_studio(names: Iterable[str]) -> Fact:
    return Fact(
        "studio", tuple(Way({"studios": {"$contains": name}}, f"by {name}") for name in names)
    )


def _list_genres(words: Sequence[str]) -> list[str]:
    """List the genres of which words consist, but for *or* and *movies*."""
    said = [
        word
        for word in " ".join(words)
        .replace("sci fi", "scifi")
        .replace("science fiction", "scifi")
        .replace("love stories", "romance")
        .replace("love story", "romance")
        .split()
        if word not in ("or", "and", "nor", "movie", "movies", "film", "films")
    ]
    genres = [GENRE_WORDS.get(word) for word in said]
    return [genre for genre in genres if genre] if said and all(genres) else []
