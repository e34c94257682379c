"""
What a question asks for as a fact, in English: years, languages, running time.
Each becomes Chroma's filter, and a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

# What films are called, and their original language; first by the language itself.
_LANGUAGES = re.findall(
    r"([a-z ]+) ([a-z]{2})\b(?:, )?",
    "arabic ar, cantonese cn, hong kong cn, chinese cn, czech cs, danish da, german de, "
    "austrian de, english en, spanish es, mexican es, argentinian es, argentine es, persian fa, "
    "iranian fa, finnish fi, french fr, hindi hi, bollywood hi, indian hi, hungarian hu, "
    "icelandic is, italian it, japanese ja, korean ko, south korean ko, dutch nl, norwegian no, "
    "norwegian nb, polish pl, portuguese pt, brazilian pt, russian ru, soviet ru, swedish sv, "
    "thai th, turkish tr, mandarin zh, chinese zh, taiwanese zh",
)
_TENS = "twenties thirties forties fifties sixties seventies eighties nineties"
_DECADES = dict(zip(_TENS.split(), range(1920, 2000, 10), strict=True))
_NUMBERS = {"one": 1, "an": 1, "two": 2, "three": 3, "four": 4, "ninety": 90}
_SIGNS = dict.fromkeys(("over", "more than", "longer than"), "$gt") | {"at least": "$gte"}
_SIGNS |= {"at most": "$lte", "within": "$lte"}
_OPPOSITE = {"$lt": "$gte", "$gt": "$lte", "$lte": "$gt", "$gte": "$lt", "$in": "$nin"}
_LONGEST = 360  # minutes of a movie: "24 hours to live" is a story
KINDS = (
    r"films?|movies?|cinema|flicks?|language|action|adventures?|animations?|animated|anime|comed\w+|"
    r"crime|dramas?|fantas\w+|horrors?|myster\w+|romances?|romantic|thrillers?|war|westerns?|noirs?|"
    r"sci-?fi|musicals?|documentar\w+|gangsters?|vampires?|samurai"
)


class AskedFact(NamedTuple):
    """A fact that is asked in words: Chroma's filter for it, and how it is told."""

    where: dict
    told: str


_Said = dict[str, str]  # the groups of a pattern, in lower case; one that is not there is empty


def _between(first: int, last: int, told: str) -> AskedFact:
    return AskedFact({"$and": [{"year": {"$gte": first}}, {"year": {"$lte": last}}]}, told)


def _read_decade(said: _Said) -> AskedFact:
    part, digits, word = said["part"], said["digits"], said["word"]
    first = _DECADES[word] if word else int(digits) if len(digits) == 4 else 1900 + int(digits)
    first += 100 if not word and len(digits) == 2 and int(digits) < 20 else 0
    shift, length = {"early": (0, 4), "mid": (3, 4), "late": (5, 5)}.get(part, (0, 10))
    told = f"from the {part + ' ' if part else ''}{first}s"
    return _between(first + shift, first + shift + length - 1, told)


def _read_year(said: _Said) -> AskedFact:
    year, word = int(said["year"]), said["how"]
    if word in ("before", "pre", "older than"):
        return AskedFact({"year": {"$lt": year}}, f"from before {year}")
    if word in ("after", "since", "newer than") or said["on"]:
        word = "since" if said["on"] else word
        since = year + (word != "since")
        return AskedFact({"year": {"$gte": since}}, f"from {since} or later")
    return AskedFact({"year": year}, f"from {year}")


def _read_span(said: _Said) -> AskedFact:
    first, last = sorted((int(said["first"]), int(said["last"])))
    return _between(first, last, f"from {first} to {last}")


def _read_language(said: _Said) -> AskedFact:
    """Read a language, or a country: a movie tells its language alone."""
    codes = [code for name, code in _LANGUAGES if name == said["language"]]
    own = next(name for name, code in _LANGUAGES if code == codes[-1])
    itself = own == said["language"] or len(codes) > 1  # and no country
    told = said["language"].title() if itself else f"in {own.title()}"
    return AskedFact({"original_language": {"$in": codes}}, told)


def _read_runtime(said: _Said) -> AskedFact | None:
    number = said["number"]
    hours = said["unit"].startswith("h")
    minutes = float(_NUMBERS.get(number, number)) * (60 if hours else 1)
    minutes += 30 if hours and (said["half"] or said["more"]) else 0
    if hours and minutes > _LONGEST:
        return None
    sign, how = _SIGNS.get(said["how"], "$lt"), said["how"]
    return AskedFact({"runtime": {sign: int(minutes)}}, f"{how} {minutes:.0f} minutes")


def _oppose(where: dict) -> dict:
    """Make the opposite of a fact's filter."""
    [(name, asked)] = where.items()
    if name == "$and":
        return {"$or": [_oppose(part) for part in asked]}
    if not isinstance(asked, dict):
        return {name: {"$ne": asked}}
    return {name: {_OPPOSITE[sign]: value for sign, value in asked.items()}}


_SPOKEN = "|".join(sorted({name for name, _ in _LANGUAGES}, key=len, reverse=True))
_NO = r"(?P<no>\b(?:but )?(?:not?|non)[ -])?"
_LINK = rf"{_NO}(?:(?:made |shot )?(?:from|in|of|during) )?(?:the )?"
# What a story is set in, and how old somebody is, says nothing of the movie's own years.
_TOLD = "".join(
    rf"(?<!\b{word} )" for word in ("set in", "set in the", "her", "his", "their", "my")
)
# All facts that are understood: how they are asked, and what they mean. A fact is taken out of the
# question, for no text says it.
_PATTERNS: list[tuple[str, Callable[[_Said], AskedFact | None]]] = [
    (
        rf"{_LINK}(?:(?P<part>early|mid|late)[ -])?(?:the )?{_TOLD}"
        rf"(?:(?<!\d)(?P<digits>(?:19|20)?\d0)'?s|\b(?P<word>{'|'.join(_DECADES)}))\b",
        _read_decade,
    ),
    (
        rf"{_NO}\b(?:from |between )?(?P<first>(?:19|20)\d\d)(?: ?- ?| to | and )"
        r"(?P<last>(?:19|20)\d\d)\b",
        _read_span,
    ),
    (
        rf"{_NO}\b(?<!set )(?:made |from )?"
        r"(?P<how>before|pre|older than|after|since|newer than|from|in)[ -]"
        r"(?P<year>(?:19|20)\d\d)\b(?P<on> on(?:wards?)?| and later| or later)?",
        _read_year,
    ),
    (
        # Not "in hindi", which is what somebody types who looks for a dubbed movie.
        rf"{_NO}\b(?<!in )(?P<language>{_SPOKEN})(?:[ -]language)?\b"
        rf"(?=(?: [\w-]+){{0,2}} (?:{KINDS})\b)",
        _read_language,
    ),
    (rf"\b(?:films?|movies?|something) {_NO}in (?P<language>{_SPOKEN})$", _read_language),
    (rf"^{_NO}(?P<language>{_SPOKEN})$", _read_language),
    (
        rf"\b(?:that(?:'s| is| are) )?{_NO}(?P<how>under|less than|shorter than|"
        r"at most|within|over|more than|longer than|at least) "
        r"(?P<number>\d{1,4}(?:\.\d)?|one|an|two|three|four|ninety)"
        r"(?P<half> and a half)?[ -]?(?P<unit>hours?|hrs?|h|minutes|mins?)\b(?P<more> and a half)?"
        r"(?: long)?",
        _read_runtime,
    ),
    (
        rf"{_NO}\b(?:of )?(?P<most>\d{{1,4}}) (?:minutes|mins?) or (?:less|shorter|under)\b",
        lambda said: AskedFact(
            {"runtime": {"$lte": int(said["most"])}}, f"at most {said['most']} minutes"
        ),
    ),
    (
        rf"{_NO}\bshort (?=(?:[\w-]+ )?(?:{KINDS})\b)",
        lambda _: AskedFact({"runtime": {"$lte": 95}}, "short"),
    ),
]


def read_facts(text: str) -> tuple[tuple[AskedFact, ...], str]:
    """Read the facts that a text asks for, and leave the rest of it."""
    facts = []
    for pattern, read in _PATTERNS:
        if not (found := re.search(pattern, text, re.IGNORECASE)):
            continue
        said = {name: part.lower() for name, part in found.groupdict("").items()}
        if fact := read(said):
            opposite = AskedFact(_oppose(fact.where), f"not {fact.told}")
            facts.append(opposite if said["no"] else fact)
            text = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    return tuple(facts), text


def join_filters(*filters: Any) -> dict | None:
    """Make one filter of several, of which some may be None."""
    parts = [
        part
        for one in filters
        if one
        for part in (one.get("$and", [one]) if len(one) == 1 else [one])
    ]
    return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None
