"""
What words of a question may mean: facts, people, titles, studios, and what
negates, names a role, or says what answers should be like. The longest that
fit are chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from notebooks.recommender.facts import SITUATIONS, STORIES, UNKNOWABLE, find_facts
from notebooks.recommender.people import People
from notebooks.recommender.titles import Titles, make_key
from notebooks.recommender.words import list_stop_words

_STORY, _REQUEST = 12, 40  # words of a question; a longer one tells a story, unless it asks
_SURELY = 0.88  # how much of a misspelt title is the same
READ = 400  # words that are looked at; behind them all is text
LONGEST_TITLE = 12  # words


class Known(NamedTuple):
    """
    What a collection knows, and a question may name.

    Attributes
    ----------
    titles, people
        Of its movies.
    studios
        By what they are called, without blanks: "pixar", "studioghibli".
    words, vocabulary
        Those of its texts, and all that it knows.
    genres, labels
        Those that its movies have; and with its keywords, folded.
    rated
        Whether it has certifications.
    """

    titles: Titles
    people: People
    studios: dict[str, list[str]]
    words: frozenset[str]
    vocabulary: frozenset[str]
    genres: frozenset[str]
    labels: list[str]
    rated: bool


class Span(NamedTuple):
    """Words from `start` to before `end`, and what they mean."""

    start: int
    end: int
    kind: str
    value: Any = None


# Who speaks of themselves says what they want, and not what they remember.
_ASKER = frozenset(
    str.split(
        "i im ive id we weve my our me us recommend something anything please any tonight sunday"
    )
)
_MEMORY = frozenset(str.split("remember remembered recall watched saw scene called title trailer"))
_THAT_ONE = r"\b(?:that|the) (?:one|film|movie) (?:where|when|with|about)\b"


def drop_commas(row: Iterable[str]) -> list[str]:
    """List the words of a row, without the commas that part them."""
    return [word for word in row if word != ","]


def tells_story(words: Sequence[str]) -> bool:
    """Tell whether a question tells a story, half remembered, in which nothing is a filter."""
    remembers = _MEMORY.intersection(words) or re.search(_THAT_ONE, " ".join(words[:_REQUEST]))
    asks = len(words) <= _REQUEST and _ASKER.intersection(words) and not remembers
    return len(words) > _STORY and not asks


# Words that say that a movie is wanted, and not which.
ARTICLES = {"the", "a", "an"}
FILLER = frozenset(
    str.split(
        "watch watching see show me find i we want wants to lets please online full hd free "
        "stream streaming trailer movie movies film films the netflix download english "
        "subtitles recommend recommendation recommendations suggest suggestion can could you "
        "some any good great best a an looking for search something anything tonight"
    )
)
CUES = {
    "but": r"but|however|though|although",
    "not": (
        r"(?:(?:am|im|were|are) )?not (?:really )?in the mood for|"
        r"(?:but |and )?(?:(?:that |which )?(?:is|are|was|were|does|do|has|have) (?:not|no)"
        r"(?: have| include| contain| involve)?|(?:that |which )?(?:isnt|arent|wasnt|doesnt|dont)"
        r"(?: have| include| contain| involve)?|(?:i )?(?:do not|dont|did not|didnt) "
        r"(?:want|like|need)(?: to see)?|not|non|nothing|no|less(?! than)|without|except(?: for)?|"
        r"neither|excluding|other than|anything but|everything but|minus|"
        r"(?:my \w+|i|he|she|we|they) (?:really )?(?:hate[sd]?|dislike[sd]?)|"
        r"(?:(?:my \w+|i|he|she|we|they) )?(?:really )?(?:cant stand|not into|not (?:a )?fans? of)|"
        r"(?:(?:and|who|whos|is|are|gets?|im|i am|so) )*"
        r"(?:scared|afraid|terrified|tired|sick|bored|fed up|had enough) (?:of|with))"
    ),
    "directed": (
        r"(?:written and )?directed by|(?:from |by )?(?:the )?director|by|made by|"
        r"(?:films|movies) of"
    ),
    "direct": r"(?:as (?:a |the )?director|directed|directs?)",
    "acted": (
        r"with|starring(?: in)?|stars?|featuring|feat|(?:played|acted) by|"
        r"(?:the )?(?:actor|actress)"
    ),
}
_KIND_OF = r"(?:(?:films?|movies?|something|anything|stuff|ones?|more|others?|things?) )?"
_LOVED = (
    r"(?:(?:i|we|and|also|just|really|recently|if|you) )*"
    r"(?:loved?|likes?|liked|enjoy|enjoyed|adored?)(?: watching| seeing)?|"
    r"(?:(?:a|big|huge) )*fans? of|(?:saw|(?:have|just|recently) seen)"
)
_HATED = (
    r"(?:but |and )?(?:i )?(?:(?:never|didnt|dont|did not|do not) (?:really )?(?:like|love|enjoy)|"
    r"hated?|not (?:really )?(?:a )?(?:(?:big|huge) )?fans? of)"
)
_SEEN = (
    r"but (?:(?:i|we) )?(?:(?:have|ive|weve) )?(?:already )?(?:seen|saw|watched)|"
    r"(?:(?:i|we) )?(?:(?:have|ive|weve) )?already (?:seen|saw|watched)"
)
_MADE_IT = (
    r"(?:by |from )?(?:the |that )?(?:(?:guys?|m[ae]n|wom[ae]n|person|people|ones?|directors?|"
    r"makers?|team|(?P<studio>studios?)) (?:(?:who|that|which) (?:made|directed|did|created)|"
    r"behind)|(?:directors?|makers?|creators?) of)"
)
_LIKE = re.compile(
    rf"(?<!\S)(?:(?P<maker>{_MADE_IT})|"
    rf"{_KIND_OF}(?:that (?:is|are) )?(?:(?:kind|sort) of |a bit |just |more |much )?"
    r"(?P<same>like|similar to|reminiscent of|in the (?:style|vein|spirit) of|along the lines of|"
    rf"comparable to|such as)|(?P<hated>{_HATED})|(?P<seen>{_SEEN})|(?P<loved>{_LOVED}))(?!\S)"
)
_SKIPPED = {"the", "movie", "movies", "film", "films", "a", "an"}


# What is found by its words alone: its kind, and what it means.
_PATTERNS = [
    (kind, value, re.compile(rf"(?<!\S)(?:{ask})(?!\S)"))
    for kind, value, ask in [
        *((kind, None, ask) for kind, ask in CUES.items()),
        ("story", None, STORIES),
        *(("unknowable", what, ask) for what, ask in UNKNOWABLE.items()),
        *(("situation", mood, ask) for mood, ask in SITUATIONS.items()),
    ]
]


def find_spans(row: list[str], known: Known, typed: str) -> Iterator[Span]:
    """Find all that words of a question may mean."""
    is_story = tells_story(drop_commas(row))
    row = row[:READ]
    line = " ".join(row)
    begins, place = {}, 0
    for number, word in enumerate(row):
        begins[place] = number
        place += len(word) + 1
    ends = {start + len(row[number]): number + 1 for start, number in begins.items()}

    for start, end, fact in find_facts(line):
        yield Span(begins[start], ends[end], "fact", fact)
    for kind, value, asks in _PATTERNS:
        for found in asks.finditer(line):
            yield Span(begins[found.start()], ends[found.end()], kind, value)
    for found in _LIKE.finditer(line):
        start, end = begins[found.start()], ends[found.end()]
        guess = found["loved"] or found["hated"] or is_story
        exact = typed[: 20 * READ] if guess else ""
        if named := _read_liked(row, start, end, known, exact, bool(found["same"])):
            kinds = [kind for kind in ("studio", "maker", "hated", "seen") if found[kind]]
            yield named._replace(
                kind=f"{kinds[0]} of" if found["maker"] else (kinds or ["like"])[0]
            )
    yield from _find_names(row, known, typed if is_story else "")


def _read_liked(
    row: list[str], start: int, end: int, known: Known, typed: str, same: bool
) -> Span | None:
    """Read the titles that follow *like*, joined by *and* or commas, or one misspelt one."""
    ids: list[str] = []
    last = end
    while True:
        at = last
        while at < len(row) and ids and row[at] in ("and", "or", ",", "also", "plus"):
            at += 1
        found = _find_title_at(row, at, known, typed)
        if not found and at < len(row) and row[at] in _SKIPPED:
            found = _find_title_at(row, at + 1, known, typed)
        if not found and not ids and same and not typed:
            found = _correct_title_at(row, at, known)
        if not found:
            break
        last, more = found
        ids += more
    return Span(start, last, "like", tuple(dict.fromkeys(ids))) if ids else None


def _find_title_at(
    row: list[str], start: int, known: Known, typed: str
) -> tuple[int, list[str]] | None:
    """Find the longest title or series that begins at a word, and where it ends."""
    for end in range(min(start + LONGEST_TITLE, len(row)), start, -1):
        words = drop_commas(row[start:end])
        if row[end - 1] == "," or not words:
            continue
        ids = known.titles.find(words) or known.titles.find_series(words)
        # "I love it" and "I like aliens" name no movie, "I love It" and "I like star wars" do.
        plain = not typed or (len(words) > 1 and not tells_story(row))
        if ids and (plain or any(_is_written(name, typed) for name in known.titles.name(ids))):
            return end, ids
    return None


def _correct_title_at(row: list[str], start: int, known: Known) -> tuple[int, list[str]] | None:
    """Find the title that the words up to *but* or a comma misspell, and where they end."""
    ends = (at for at in range(start, len(row)) if row[at] in (",", "but", "and", "without"))
    end = next(ends, len(row))
    for typed in (row[start:end], ["the", *row[start:end]]):
        if len(typed) <= LONGEST_TITLE and (meant := known.titles.correct(typed, _SURELY)):
            return end, known.titles.find(meant.split())
    return None


def _is_written(title: str, typed: str) -> bool:
    """Tell whether a title stands in a text as it is written, within a sentence."""
    return bool(
        re.search(rf"(?<=[\w,;:*\"'] ){re.escape(title)}\b|[*\"']{re.escape(title)}[*\"']", typed)
    )


def _find_names(row: list[str], known: Known, story: str) -> Iterator[Span]:
    """
    Find titles of several words, people and studios, which no comma parts from
    itself: in a story, titles as they are written and full names.
    """
    places = [place for place, word in enumerate(row) if word != ","]
    words = [row[place] for place in places]
    for start, end, ids in _find_titles(words, known, story):
        yield Span(places[start], places[end - 1] + 1, "title", ids)
    for start, end, names, whole in known.people.find(words):
        if places[end - 1] - places[start] == end - 1 - start and (whole or not story):
            yield Span(places[start], places[end - 1] + 1, "person" if whole else "surname", names)
    for start in range(len(words)):
        for end in range(start + 1, min(start + 4, len(words)) + 1):
            if studios := known.studios.get("".join(words[start:end])):
                yield Span(places[start], places[end - 1] + 1, "studio", studios)


def _find_titles(
    words: list[str], known: Known, story: str
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Find titles of several words, or of one in a story, and where each begins and ends."""
    stop = list_stop_words()
    for start in range(len(words)):
        for size in range(1 + (not story), min(LONGEST_TITLE, len(words) - start) + 1):
            run = words[start : start + size]
            if set(run) <= stop or not (ids := known.titles.find(run)):
                continue
            # "A family" is not The Family, nor is "family and".
            if " " not in make_key(run, " ") and not known.titles.is_title(run):
                continue
            if not story or any(_is_written(name, story) for name in known.titles.name(ids)):
                yield start, start + size, tuple(ids)


# Of two spans of one length.
_FIRST_OF = str.split("hated seen like situation title story person fact not studio surname but")


def choose_spans(row: Sequence[str], spans: Iterable[Span]) -> list[Span]:
    """Choose the longest spans that do not overlap, and make texts of the words between them."""
    rank = {kind: place for place, kind in enumerate(_FIRST_OF)}
    taken = [False] * len(row)
    chosen = []
    for span in sorted(spans, key=lambda it: (it.start - it.end, rank.get(it.kind, 99), it.start)):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = [True] * (span.end - span.start)
            chosen.append(span)
    for place, word in enumerate(row):
        if not taken[place]:
            chosen.append(Span(place, place + 1, "comma" if word == "," else "text"))
    return sorted(chosen)
