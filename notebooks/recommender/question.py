"""
What a question asks for, in English: a movie to be like, a wish, what is
unwanted, and facts. What is left is compared with texts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import config
from notebooks.recommender.facts import KINDS, AskedFact, read_facts


class Question(NamedTuple):
    """
    What a question asks for.

    Attributes
    ----------
    text
        What is left to compare texts with: all of it, if nothing else is.
    like, wish
        "like ALIEN in space": what begins with a title. "ALIEN but FUNNY": the
        title, and what the answers should be too.
    unwanted
        What the answers should be far from, after *not*, *no* or *without*.
    facts
        The facts that are asked for.
    """

    text: str
    like: str | None = None
    wish: str | None = None
    unwanted: str | None = None
    facts: tuple[AskedFact, ...] = ()


_LIKE = re.compile(
    r"^(?:(?:an?|some|any|good|more|other)\s+)*(?:(?:movies?|films?|something|anything|stuff)\s+)?"
    r"(?:(?:that (?:is|are)\s+)?(?:like|similar to))\s+(?P<title>.+)$",
    re.IGNORECASE,
)
_BUT = re.compile(r"^(?P<title>.+?),?\s+but\s+(?!(?:not?|less)\b)(?P<wish>.+)$", re.IGNORECASE)
# On 14 judged questions nDCG@10 is .20 if the word stays, .53 if it goes and .65 if it also pushes.
_NOT = re.compile(
    r"[, ]*\b(?:but )?(?:(?:i )?(?:don't|do not) want|not|nothing|no|less(?! than)|without|except|"
    r"isn't|aren't)\s+(?:too |so |very |set in |in |at |a |an |the |any |about |for )*"
    r"(?P<unwanted>.+?)(?: please)?(?=,| but |$)",
    re.IGNORECASE,
)
# "A man has no memory" is of somebody in the movie, and "a movie that has no" of the movie.
_VERB = re.compile(
    rf"(?:(?P<that> ?\bthat)|(?P<kind>\b(?:{KINDS})))? ?"
    r"\b(?:has|have|had|with|is|are|was|(?P<does>do|does))$",
    re.IGNORECASE,
)
_ALONE = re.compile(r"(?:nothing \w+|no \w+(?: please)?|i (?:don't|do not) want .+)", re.IGNORECASE)


def read_question(query: str) -> Question:
    """Read what a question asks for. In another language than English, all of it is text."""
    whole = " ".join(query.split())
    found = _LIKE.match(whole) or _BUT.match(whole)
    if not found or not config.TMDB_LANGUAGE.startswith("en"):
        return read_wish(query, is_question=True)
    asked, said = read_wish(whole, is_question=True), found.groupdict()
    return asked._replace(like=said["title"], wish=said.get("wish"))


def read_wish(wish: str, is_question: bool = False) -> Question:
    """Read a wish. In a question "No" may begin a title, and some of its text always stays."""
    if not config.TMDB_LANGUAGE.startswith("en"):
        return Question(wish)
    facts, rest = read_facts(" ".join(wish.split()))
    rest, unwanted = _take_unwanted(rest, is_question)
    rest = re.sub(r"^\W+|\W+$", "", " ".join(rest.split()))
    text = rest or wish if is_question else rest
    return Question(text, unwanted=unwanted, facts=facts)


def _take_unwanted(text: str, is_question: bool) -> tuple[str, str | None]:
    for negation in _NOT.finditer(text):
        before = text[: negation.start()]
        verb = _VERB.search(before)
        of_movie = not verb or (not verb["does"] and (verb["that"] or verb["kind"]))
        if of_movie and (before or not is_question or _ALONE.fullmatch(text)):
            before = before[: verb.start()] + (verb["kind"] or "") if verb else before
            return f"{before} {text[negation.end() :]}", negation["unwanted"]
    return text, None
