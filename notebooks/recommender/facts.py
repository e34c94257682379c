"""
What a question asks for as a fact, in English: years, languages, countries,
running time, for whom. Each becomes Chroma's filter, and a reason.

A question comes here as a row of folded words with single blanks, where a
comma stands for every sign that parts words: "80s , 90s crime".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from notebooks.recommender.words import TEXTS_OF_MOODS

_OPPOSITE = {"$lt": "$gte", "$gt": "$lte", "$lte": "$gt", "$gte": "$lt", "$in": "$nin"}
_OPPOSITE |= {"$eq": "$ne", "$contains": "$not_contains", "$not_contains": "$contains"}


class Way(NamedTuple):
    """One way to have a fact: Chroma's filter for it, how it is told, and the years it means."""

    where: dict
    told: str
    years: tuple[int, int] | None = None


class Fact(NamedTuple):
    """
    A fact that is asked in words.

    Attributes
    ----------
    kind
        What it is about: facts of one kind are alternatives.
    ways
        The ways to have it, any of which will do.
    negated
        Whether a movie should have none of them.
    firm
        Whether movies must have it, or it lifts those that have it.
    """

    kind: str
    ways: tuple[Way, ...]
    negated: bool = False
    firm: bool = True

    @property
    def where(self) -> dict:
        """Chroma's filter."""
        parts = [_oppose(way.where) if self.negated else way.where for way in self.ways]
        if len(parts) == 1:
            return parts[0]
        return {"$and" if self.negated else "$or": parts}

    def tell(self) -> list[tuple[dict, str]]:
        """Tell each way by its filter, or that a movie has none of them."""
        if not self.negated:
            return [(way.where, way.told) for way in self.ways]
        told = list(dict.fromkeys(way.told for way in self.ways))
        return [(self.where, "not " + " or ".join(told[:2]))]


def _oppose(where: dict) -> dict:
    """Make the opposite of a filter."""
    [(name, asked)] = where.items()
    if name in ("$and", "$or"):
        return {"$or" if name == "$and" else "$and": [_oppose(part) for part in asked]}
    if not isinstance(asked, dict):
        return {name: {"$ne": asked}}
    [(sign, value)] = asked.items()
    return {name: {_OPPOSITE[sign]: value}}


def join_facts(facts: list[Fact]) -> tuple[Fact, ...]:
    """
    Make one fact of those of a kind: any will do, as in "80s or 90s". What is
    not wanted goes beside it, and so does what limits it from the other side,
    as in "after 1980, before 1990".
    """
    joined: list[Fact] = []
    for fact in facts:
        for place, other in enumerate(joined):
            if fact == other or _are_choices(fact, other):
                more = (way for way in fact.ways if way not in other.ways)
                joined[place] = other._replace(ways=(*other.ways, *more))
                break
        else:
            joined.append(fact)
    return tuple(joined)


_ALL_HOLD = ("time", "person", "audience", "genre")


def _are_choices(one: Fact, other: Fact) -> bool:
    """Tell whether two facts of a kind are a choice, or both must hold."""
    if one.kind != other.kind or one[2:] != other[2:] or one.kind in _ALL_HOLD:
        return False
    spans = [way.years for fact in (one, other) for way in fact.ways if way.years]
    if len(spans) < 2 or one.negated:
        return True
    # "Before 1990" and "after 1980" limit each other; "the 80s" and "the 90s" do not.
    half_open = all(_FIRST in span or _LAST in span for span in spans)
    return not (half_open and max(low for low, _ in spans) <= min(high for _, high in spans))


# --- Words ---------------------------------------------------------------------------------------

# Words that say what kind of thing is asked for. A nation or a year beside one is a fact.
KINDS = frozenset(
    str.split(
        "film films movie movies cinema flick flicks picture pictures anime action adventure "
        "adventures animation animations animated cartoon cartoons comedy comedies crime "
        "documentary documentaries drama dramas epic epics family fantasy fantasies history "
        "historical horror horrors musical musicals mystery mysteries noir noirs romance "
        "romances romantic romcom romcoms sci fi scifi thriller thrillers war western westerns "
        "gangster gangsters vampire vampires zombie zombies samurai superhero heist spy slasher "
        "slashers biopic biopics sitcom blockbuster blockbusters classic classics hit hits tv "
        "oscar winner winners adaptation adaptations com coms stuff"
    )
)
# Kinds that are named for somebody in the story.
_FIGURES = frozenset(str.split("gangster gangsters samurai spy superhero vampire vampires zombie"))
# Words that may stand between a nation and the kind.
_BETWEEN = frozenset(
    str.split(
        "new old older classic good great best better top bad funny sad dark black white short "
        "long silent indie independent art house arthouse cult feel happy scary erotic revenge "
        "psychological supernatural love teen teenage kids children political police detective "
        "ghost martial arts kung fu monster disaster sports road coming of age language "
        "speaking made early mid late modern recent low budget b slow fast weird violent gory "
        "and or the most famous popular"
    )
)
# Words before which a nation or a year is not that of somebody in the story.
_ASKING = frozenset(
    str.split(
        "something anything everything one ones stuff some any more other list all a an the of "
        "for me see watch want recommend suggest good great best only just mostly not no non "
        "nothing and or but please in is are was were that which it its like between from isnt "
        "arent wasnt neither nor"
    )
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "ninety": 90, "sixty": 60}
_TENS = str.split("twenties thirties forties fifties sixties seventies eighties nineties")
_DECADES = dict(zip(_TENS, range(1920, 2000, 10), strict=True))
_DECADES |= {"noughties": 2000, "aughts": 2000, "naughties": 2000}
_FIRST, _LAST = 0, 9999  # years without an end
_NEAR = 80  # characters before and after a match that are looked at
_NOT_LONG = 110  # minutes
_FEW_VOTES = 3_000
_LONGEST = 360  # minutes of a movie: "24 hours to live" is a story


def _after(match: re.Match, *, kinds: bool = True, words: frozenset[str] = _ASKING) -> bool:
    """Tell whether a match begins the question, or stands behind a word of these."""
    before = match.string[max(0, match.start() - _NEAR) : match.start()].split()
    return not before or before[-1] == "," or before[-1] in words or (kinds and before[-1] in KINDS)


def _before_kind(match: re.Match) -> bool:
    """Tell whether a kind follows a match, perhaps behind some words that describe it."""
    begins = match.string[max(0, match.start() - _NEAR) : match.start()].split()[-1:]
    for word in match.string[match.end() : match.end() + _NEAR].split():
        # "The Russian spy" is somebody, "the Russian spy thriller" is not.
        if word in KINDS and not (word in _FIGURES and begins == ["the"]):
            return True
        if (
            word not in _FIGURES
            and word not in _BETWEEN | _NATION_WORDS
            and not re.fullmatch(_DECADE, word)
        ):
            return False
    return False


# --- Years ---------------------------------------------------------------------------------------

_YEAR = r"(?:18[89]|19\d|20[0-3])\d"
_DIGITS = r"(?:19|20)?\d0s"
_DECADE = rf"(?:{_DIGITS}|{'|'.join(_DECADES)})"
_MADE = (
    r"(?:(?:that |which )?(?:(?:is|are|was|were) )?"
    r"(?:made|shot|released|filmed|produced|came out|out|dated) )?(?:(?:from|in|of|during|by) )?"
)
_PARTS = {"early": (0, 3), "mid": (3, 6), "middle": (3, 6), "mid to late": (3, 9), "late": (5, 9)}
_AS_OF = {"before": "before", "pre": "before", "prior to": "before", "older than": "before"}
_AS_OF |= {"earlier than": "before", "predating": "before", "no later than": "until"}
_AS_OF |= {"up to": "until", "until": "until", "till": "until", "up until": "until"}
_AS_OF |= {"after": "after", "post": "after", "newer than": "after", "later than": "after"}
_AS_OF |= {"more recent than": "after", "past": "after", "since": "since", "starting in": "since"}
_AS_OF |= {"no earlier than": "since", "no older than": "since"}
_HOW = "|".join(sorted(_AS_OF, key=len, reverse=True))
_ONWARDS = r"(?:(?:and|or) )?(?:on|onwards?|later|newer|up|after)"
_BACK = r"(?:and|or) (?:earlier|older|before)"


def _period(name: str) -> str:
    part = rf"(?:(?P<{name}_part>early|mid|middle|mid to late|late) (?:of )?(?:the )?)?"
    return rf"(?:the )?(?:years? )?{part}(?P<{name}>{_YEAR}|{_DECADE})"


def _read_period(match: re.Match, name: str) -> tuple[int, int, str]:
    """Read a year or a decade: its first and last year, and how it is told."""
    typed, part = match[name], match[f"{name}_part"]
    if re.fullmatch(_YEAR, typed):
        return int(typed), int(typed), typed
    digits = typed[:-1]
    first = _DECADES.get(typed) or int(digits) + (0 if len(digits) == 4 else 1900)
    first += 100 if len(digits) == 2 and int(digits) < 20 else 0
    low, high = _PARTS.get(part, (0, 9))
    return first + low, first + high, f"the {part + ' ' if part else ''}{first}s"


def _between(low: int, high: int, told: str) -> list[Way]:
    limits: list[dict] = []
    if low > _FIRST:
        limits.append({"year": {"$gte": low}})
    if high < _LAST:
        limits.append({"year": {"$lte": high}})
    if low == high:
        limits = [{"year": low}]
    where = {"$and": limits} if len(limits) > 1 else limits[0]
    return [Way(where, told, (low, high))]


def _is_age(match: re.Match) -> bool:
    """Tell whether a decade is somebody's age: "a woman in 20s"."""
    return bool(re.match(r"in (?:early |mid |late )?[2-9]0s", match[0])) and not _after(match)


def _read_range(match: re.Match) -> list[Way] | None:
    if _is_age(match):
        return None
    low, _, first = _read_period(match, "first")
    _, high, last = _read_period(match, "last")
    if low > high:
        (low, _, first), (_, high, last) = _read_period(match, "last"), _read_period(match, "first")
    return _between(low, high, f"from {first} to {last}")


def _read_comparison(match: re.Match) -> list[Way]:
    low, high, told = _read_period(match, "at")
    groups = match.groupdict("")
    how = _AS_OF.get(groups.get("how", ""), "")
    how = how or ("until" if groups.get("back") else "since")
    if how == "before":
        return _between(_FIRST, low - 1, f"from before {told}")
    if how == "until":
        return _between(_FIRST, high, f"from {told} or before")
    since = low if how == "since" else high + 1
    return _between(since, _LAST, f"from {since} or later")


def _read_plain_years(match: re.Match) -> list[Way] | None:
    low, high, told = _read_period(match, "at")
    typed, is_year = match["at"], low == high
    said = match[0].removesuffix(typed).split()
    made = bool(set(said) & {"made", "shot", "released", "filmed", "produced", "out", "dated"})
    linked = made or "from" in said
    if "in" in said or "during" in said:  # "New York in the 1970s" is a place in a story
        linked = made or _after(match, words=frozenset(["something", "anything", "good", "best"]))
    elif not is_year:  # "late twenties crisis" is an age
        named = typed in _DECADES and "the" not in said and not _before_kind(match)
        linked = not named or linked
    elif not linked:  # a number is a year beside a kind
        linked = _before_kind(match) or (_after(match, words=frozenset()) and bool(match.start()))
    return _between(low, high, f"from {told}") if linked else None


_LATELY = {
    r"this century|the (?:21st|twenty first) century": (2001, _LAST, "this century"),
    r"(?:the )?(?:last|20th|twentieth) century": (_FIRST, 2000, "the 20th century"),
    r"(?:the )?turn of the (?:millennium|century)": (1997, 2003, "around 2000"),
    r"(?:the )?golden age|old hollywood|classic hollywood": (_FIRST, 1969, "old"),
    r"(?:the )?(?:last|past) (?:few|couple of|two|three|four|five|5|3) years": (
        -5,
        _LAST,
        "recent",
    ),
    r"(?:the )?(?:last|past) (?:ten|10) years|(?:the )?(?:last|past) decade": (
        -10,
        _LAST,
        "of ten years",
    ),
    r"(?:this|last) year|lately|recently": (-2, _LAST, "recent"),
}
_RECENT, _OLD_ONES = 5, 1979


def _read_lately(match: re.Match) -> list[Way]:
    [found] = (it for ask, it in _LATELY.items() if re.fullmatch(ask, match["which"]))
    low, high, told = found
    return _between(low if low >= 0 else date.today().year + low, high, told)


def _read_around(match: re.Match) -> list[Way]:
    low, high, told = _read_period(match, "at")
    return _between(low - 2, high + 2, f"around {told}")


def _read_age(match: re.Match) -> list[Way] | None:
    ends = re.match(r"(?: ,| (?:than|ones?)\b|$)", match.string[match.end() :])
    if not (_before_kind(match) or (ends and match["how"] not in ("new", "old", "later"))):
        return None
    if match["how"] in ("old", "older", "earlier"):
        return _between(_FIRST, _OLD_ONES, "old")
    return _between(date.today().year - _RECENT, _LAST, "recent")


# --- Running time --------------------------------------------------------------------------------

_SIGNS = {
    "$lt": "under|less than|shorter than|below|fewer than",
    "$lte": "at most|max|maximum|up to|within|no more than|no longer than",
    "$gt": "over|more than|longer than|above",
    "$gte": "at least|min|minimum|no less than|no shorter than",
}
_SIGN_OF = {word: sign for sign, words in _SIGNS.items() for word in words.split("|")}
_LIMIT = "|".join(sorted(_SIGN_OF, key=len, reverse=True))
_LIMIT_BEHIND = {
    "$lte": "(?:or|and) (?:less|shorter|under|below)|tops|max|maximum|at (?:the )?most",
    "$gte": "(?:or|and) (?:more|longer|over|up)|plus|minimum|at (?:the )?least",
}
_BEHIND = f"(?:{'|'.join(_LIMIT_BEHIND.values())})"
_TOLD_SIGN = {"$lt": "under", "$lte": "at most", "$gt": "over", "$gte": "at least"}


def _duration(name: str) -> str:
    number = r"(?:\d{1,4}(?: point \d)?|half an|an?|one|two|three|four|ninety|sixty)"
    unit = r"(?:hours?|hrs?|h|minutes?|mins?|m)"
    half, rest = "(?: and a half)?", rf"(?: (?:and )?\d\d?(?: {unit})?)?"
    return rf"(?P<{name}>{number}{half} {unit}{half}{rest})"


def _read_minutes(typed: str) -> int | None:
    """Read a duration: minutes, or None if no movie lasts so long."""
    number, _, rest = typed.removesuffix(" m").replace(" and ", " ").partition(" ")
    if number == "half":
        return 30
    minutes = float(_NUMBERS.get(number) or number)
    if point := re.match(r"point (\d) ", rest):
        minutes += float(f"0.{point[1]}")
    if "a half" in rest:
        minutes += 0.5
    if re.search(r"\bh", rest):
        minutes *= 60
        if more := re.search(r"\b(\d+)(?: m\w*)?$", rest):
            minutes += float(more[1])
    return int(minutes) if 0 < minutes <= _LONGEST else None


def _limit_time(sign: str, minutes: int) -> list[Way]:
    return [Way({"runtime": {sign: minutes}}, f"{_TOLD_SIGN[sign]} {minutes} minutes")]


def _limit_both(low: int, high: int, told: str) -> list[Way]:
    limits = [{"runtime": {"$gte": low}}, {"runtime": {"$lte": high}}]
    return [Way({"$and": limits}, f"{told} minutes")]


def _read_limit(match: re.Match) -> list[Way] | None:
    minutes = _read_minutes(match["time"])
    how = match.groupdict().get("how")  # who has two hours has two hours at most
    return _limit_time(_SIGN_OF[how] if how else "$lte", minutes) if minutes else None


def _read_limit_behind(match: re.Match) -> list[Way] | None:
    minutes = _read_minutes(match["time"])
    [sign] = (sign for sign, how in _LIMIT_BEHIND.items() if re.search(rf"(?:{how})$", match[0]))
    return _limit_time(sign, minutes) if minutes else None


def _read_about(match: re.Match) -> list[Way] | None:
    minutes = _read_minutes(match["time"])
    # "War movie, 1h 30m" ends with it; "a day of 24 hours to live" goes on.
    ends = re.match(r"(?: ,|$)", match.string[match.end() :]) and _after(match, words=frozenset())
    if not minutes or not (match["about"] or match["long"] or ends or _before_kind(match)):
        return None
    return _limit_both(minutes - 10, minutes + 10, f"about {minutes}")


def _read_time_range(match: re.Match) -> list[Way] | None:
    first = match["first"] if " " in match["first"] else f"{match['first']} minutes"
    low, high = sorted((_read_minutes(first) or 0, _read_minutes(match["time"]) or 0))
    return _limit_both(low, high, f"from {low} to {high}") if low else None


def _read_not_long(match: re.Match) -> list[Way]:
    return [Way({"runtime": {"$lte": _NOT_LONG}}, "not long")]


def _read_short(match: re.Match) -> list[Way] | None:
    named = _after(match, words=frozenset(["something", "anything", "it"]), kinds=False)
    if match["how"] == "long":
        return [Way({"runtime": {"$gte": 150}}, "long")] if _before_kind(match) else None
    asked = _before_kind(match) or named
    return [Way({"runtime": {"$lte": 95}}, "short")] if asked else None


# --- Languages and countries ---------------------------------------------------------------------


class Nation(NamedTuple):
    """What its films are called, its languages and countries at TMDb, and what these are called."""

    names: tuple[str, ...]
    languages: tuple[str, ...]
    countries: tuple[str, ...]
    places: tuple[str, ...]


# A nation that has no language of its own here, such as "mexican", is a country.
_NATIONS = [
    Nation(*(tuple(part for part in cell.strip().split("|") if part) for cell in line.split(";")))
    for line in """
    american|hollywood;;US;the usa|america|usa|us|the us|the united states|the states
    british;;GB;the uk|uk|britain|great britain|england|the united kingdom
    english;en;;
    irish;;IE;ireland
    canadian;;CA;canada
    australian|aussie;;AU;australia|down under
    new zealand;;NZ;new zealand
    french;fr;FR;france
    belgian;;BE;belgium
    swiss;;CH;switzerland
    german;de;DE|DD|XG;germany
    austrian;;AT;austria
    spanish;es;ES;spain
    mexican;;MX;mexico
    argentinian|argentine|argentinean;;AR;argentina
    chilean;;CL;chile
    colombian;;CO;colombia
    cuban;;CU;cuba
    portuguese;pt;PT;portugal
    brazilian;;BR;brazil
    italian;it;IT;italy
    greek;el;GR;greece
    turkish;tr;TR;turkey
    russian;ru;RU|SU;russia
    soviet;;SU;the soviet union|the ussr
    ukrainian;uk;UA;ukraine
    polish;pl;PL;poland
    czech;cs;CZ|XC;the czech republic|czechoslovakia
    hungarian;hu;HU;hungary
    romanian;ro;RO;romania
    serbian;sr;RS|YU;serbia
    danish;da;DK;denmark
    swedish;sv;SE;sweden
    norwegian;no|nb;NO;norway
    finnish;fi;FI;finland
    icelandic;is;IS;iceland
    dutch;nl;NL;the netherlands|netherlands|holland
    israeli;;IL;israel
    hebrew;he;;
    iranian;;IR;iran
    persian|farsi;fa;;
    arabic;ar;;
    egyptian;;EG;egypt
    lebanese;;LB;lebanon
    moroccan;;MA;morocco
    south african;;ZA;south africa
    nigerian|nollywood;;NG;nigeria
    indian;hi|ta|te|ml|bn|kn|mr|pa;IN;india
    hindi|bollywood;hi;;
    tamil;ta;;
    telugu;te;;
    chinese;zh|cn;CN;china
    mandarin;zh;;
    cantonese;cn;;
    hong kong;;HK;hong kong
    taiwanese;;TW;taiwan
    japanese;ja;JP;japan
    korean|south korean;ko;KR;south korea|korea
    thai;th;TH;thailand
    vietnamese;vi;VN;vietnam
    indonesian;id;ID;indonesia
    filipino|philippine;tl;PH;the philippines
    scandinavian|nordic|scandi;da|sv|no|nb|fi|is;DK|SE|NO|FI|IS;scandinavia
    european;fr|de|es|it|pt|nl|da|sv|no|nb|fi|is|pl|cs|hu|ro|el|ru|sr|uk;;
    asian;ja|ko|zh|cn|hi|ta|te|th|vi|id|tl;;
    latin american|south american;;MX|AR|BR|CL|CO|PE|UY|CU;latin america|south america
    african;;ZA|NG|EG|MA|KE|SN|DZ|TN;africa
    """.strip().splitlines()
]
_NATION_WORDS = {word for nation in _NATIONS for name in nation.names for word in name.split()}
_NATION_OF = {name: nation for nation in _NATIONS for name in nation.names}
_PLACE_OF = {name: nation for nation in _NATIONS for name in nation.places}
_SPOKEN = "|".join(
    sorted((n for n, it in _NATION_OF.items() if it.languages), key=len, reverse=True)
)
_ADJECTIVES = "|".join(sorted(_NATION_OF, key=len, reverse=True))
_PLACES = "|".join(sorted(_PLACE_OF, key=len, reverse=True))


def _tell_languages(nation: Nation) -> list[Way]:
    own = nation.names[0].title()
    return (
        [Way({"original_language": {"$in": [*nation.languages]}}, own)] if nation.languages else []
    )


def _tell_countries(nation: Nation) -> list[Way]:
    place = nation.places[0] if nation.places else ""
    the = "the " if place.startswith("the ") else ""
    name = place.removeprefix("the ")
    told = f"from {the}{name.upper() if len(name) <= 3 else name.title()}"
    codes = [{"countries": {"$contains": code}} for code in nation.countries]
    return [Way(where, told) for where in codes]


def _read_nation(match: re.Match) -> list[Way] | None:
    """Read a nation beside a kind: a language or, where it has none of its own, a country."""
    before = match.string[max(0, match.start() - _NEAR) : match.start()].split()[-1:]
    parted = re.match(r"(?: ,| (?:but|and|or|nor) |$)", match.string[match.end() :])
    alone = parted and _after(match)
    spoken = match["language"] is not None
    after = match.string[match.end() : match.end() + _NEAR].split()[:1]
    # "American Indian war" is of neither; "the russian spy thriller" is of a spy.
    if set(before + after) & _NATION_WORDS - KINDS or not (alone or spoken or _before_kind(match)):
        return None
    nation = _NATION_OF[match["nation"]]
    if spoken:
        return _tell_languages(nation) or None
    return _tell_languages(nation) or _tell_countries(nation)


def find_more(fact: Fact) -> Fact | None:
    """
    Find what lifts beside a nation's language, which few movies may have: its
    country; and beside a country, in which Hollywood may have filmed, too: its
    language.
    """
    for nation in _NATIONS:
        languages, countries = (tuple(tell(nation)) for tell in (_tell_languages, _tell_countries))
        if not (languages and countries and nation.places):
            continue
        if fact.ways in (languages, countries):
            return Fact("also", countries if fact.ways == languages else languages, firm=False)
    return None


def _read_spoken(match: re.Match) -> list[Way] | None:
    # Not "Avengers in Hindi", which is what somebody types who looks for a dubbed movie.
    asked = _after(match, words=_ASKING - {"in"})
    return _tell_languages(_NATION_OF[match["nation"]]) if asked else None


def _read_foreign(match: re.Match) -> list[Way] | None:
    where = {"original_language": {"$ne": "en"}}
    return [Way(where, "not English")] if _before_kind(match) or "lang" in match[0] else None


def _read_place(match: re.Match) -> list[Way] | None:
    asked = match["made"] or _after(match)
    places = [match[name] for name in ("place", "other") if match[name]]
    return [way for place in places for way in _tell_countries(_PLACE_OF[place])] if asked else None


# --- For whom ------------------------------------------------------------------------------------

_RATINGS = ("G", "PG", "PG-13", "R", "NC-17")
_SMALL_NUMBERS = str.split(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
)
_SMALL = 4  # years, up to which a child sees what is rated G, and sits still for 80 minutes
_PG_UNTIL, _CHILD_UNTIL, _ADULT = 9, 12, 17
_OLD_OF = {word: number for number, word in enumerate(_SMALL_NUMBERS, 1)}
_OLD = rf"(?:\d\d?|{'|'.join(_SMALL_NUMBERS)})"
_CHILD = (
    r"kids?|kiddos?|children|child|toddlers?|preschoolers?|kindergarte?ners?|little ones|grandkids|"
    r"grandchild(?:ren)?|(?:grand)?(?:sons?|daughters?)|nieces?|nephews?|boys?|girls?(?! night)|"
    r"little (?:brother|sister)|(?:first|second|third|fourth) graders?"
)
_GRAND = r"(?:grand(?:ma|mother|pa|dad|father|parents)|grandad|granny|gran|nana)"
_ALL = (
    r"famil(?:y|ies)|fam|(?:mom|mum|mother|dad|father|parents?|sister|brother)s?(?: in laws?)?|"
    rf"in laws|{_GRAND}|aunts?|uncles?|tweens?|"
    r"teens?|teenagers?|everyone|everybody|all ages|class|(?:church|youth) group"
)
_STRICT = r"very|strict|religious|catholic|christian|conservative"
_OUR = (
    rf"(?:(?:my|our|the|an?|some|{_STRICT}|elderly|old|girlfriends|boyfriends|gfs|bfs|wifes|"
    r"husbands|partners|young|little|small|whole|entire|two|three|all|both|younger|older|"
    r"teenage|teen|kids?|children|boys?|girls?|aged?|son|daughter|nephew|niece|of|ages?) )*"
)
# Whose children they are who speaks of "my toddler" or "the whole fam" is no story's.
_OWN = (
    rf"(?:(?:my|our) (?:{_OLD} |little |young |two |small |teenage |teen )?|babysitting (?:\w+ )?|"
    r"we have \w+ )"
)


# Until 1984 there was no PG-13: Jaws is PG, and 2001: A Space Odyssey is G. Nor is Poltergeist for
# a child.
_NO_HORROR, _NO_THRILLER = ({"genres": {"$not_contains": it}} for it in ("Horror", "Thriller"))
_RECENT_AND_MILD = {"$and": [{"year": {"$gte": 1985}}, _NO_HORROR]}
_SITS_STILL = {"runtime": {"$lte": 80}}
_FOR_A_CHILD = {"$or": [_RECENT_AND_MILD, {"genres": {"$contains": "Family"}}]}


def _rate(ratings: tuple[str, ...]) -> list[Way]:
    """Make the ways to have one of these US certifications."""
    return [Way({"certification": rating}, f"rated {rating}") for rating in ratings]


def rate_for(child: bool) -> list[Way]:
    """Make the ways in which a movie is for a child, or for all."""
    if not child:
        return _rate(_RATINGS[:3])
    return [_limit(way, _FOR_A_CHILD) for way in _rate(_RATINGS[:2])]


def _rate_for_age(years: int) -> list[Way] | None:
    """Make the ways in which a movie is for somebody of this age, if they are no adult."""
    if years <= _SMALL:
        return [_limit(rate_for(child=True)[0], _SITS_STILL)]
    if years <= _CHILD_UNTIL:
        older = [_limit(way, _NO_HORROR, _NO_THRILLER) for way in _rate(("PG-13",))]
        return rate_for(child=True) + (older if years > _PG_UNTIL else [])
    return rate_for(child=False) if years < _ADULT else None


def _limit(way: Way, *wheres: dict) -> Way:
    return way._replace(where={"$and": [way.where, *wheres]})


def _read_audience(match: re.Match) -> list[Way] | None:
    groups = match.groupdict("")
    if age := next((groups[it] for it in ("age", "old", "bare") if groups.get(it)), ""):
        return _rate_for_age(_OLD_OF.get(age) or int(age))
    if re.match(
        r"with (?:the|an?) .*(?:boy|girl|child|kid|son|daughter|brother|sister)$", match[0]
    ):
        return None  # "the one with the little girl"
    asks = re.match(r"(?:some?thing|anything|(?:a )?(?:movie|film)s?)\b", match.string)
    if groups.get("for") and not (asks or _after(match, words=_ASKING | _BETWEEN | _SUITS)):
        return None  # "he fights for the family"
    if groups.get("adults"):
        return _rate(_RATINGS[2:])
    if re.search(rf"toddler|preschool|{_STRICT}", match[0]):
        return rate_for(child=True)
    return rate_for(bool(groups.get("child")) and "teen" not in match[0])


def _read_rating(match: re.Match) -> list[Way]:
    rating = (
        (match["rated"] or match["is"] or match["plain"])
        .upper()
        .replace(" ", "-")
        .replace("PG13", "PG-13")
    )
    place = _RATINGS.index(rating)
    return _rate(_RATINGS[: place + 1] if match["most"] else (rating,))


_SUITS = frozenset(
    str.split(
        "suitable appropriate safe fun okay ok fit watch movie night gentle light sweet nice "
        "together enjoy perfect ideal exciting adventure violence gore blood scary sleepover party"
    )
)

# --- The table -----------------------------------------------------------------------------------

# A country that is longed for is where its movies are from.
_LONGING = (
    r"(?:homesick for|(?:i|we) (?:really |so )?miss|back (?:home )?from|"
    r"(?:my|our) (?:trip|holiday|honeymoon) (?:to|in)|(?:im|we are) (?:going|moving|off) to) "
)
_THAT = r"(?:that (?:is|are|lasts?|runs?|takes?) )?"
_FIRST_TIME = r"(?P<first>\d{1,3}(?: (?:minutes?|mins?|hours?|h))?)"
_FIT = r"(?:movie night )?(?:(?:age )?(?:suitable|appropriate|safe|good|okay|ok) )?"
_MORE_AGES = rf"(?: (?:and|or|to) (?:an? |my )?{_OLD})?"  # of several the youngest counts
_YEARS_OLD = (
    rf"(?P<age>{_OLD})(?: (?:years?|yrs?) olds?)?{_MORE_AGES} ?(?:(?:years?|yrs?) olds?|y ?o)"
)
_ALONE = r"(?:(?<=, )|(?<!.))"
_SOMEBODY = r"(?: (?:boy|girl|kid|child|son|daughter|niece|nephew)s?)?"
_FAMILY = r"family (?:movie|film)s?(?: night)?|family night|family friendly|whole ?fam(?:ily)?"
_CLEAN = (
    r"wholesome|inoffensive|nothing offensive|(?:something|anything|nice and) clean|"
    r"clean (?=comed|movie|film|fun)|"
    rf"(?:that )?(?:my )?(?:(?:{_CHILD}|{_ALL}) )?(?:wont|will not|does not|doesnt)(?: be)? "
    r"offend(?:ed)?(?: by)?"
)
_RATED = r"(?:(?:rated )?(?P<plain>pg ?13|pg|nc 17)|rated (?P<rated>[gr])|(?P<is>[gr]) rated)"

# All facts that are understood: their kind, how they are asked, and what they mean. A reader that
# answers None has seen that the words around say something else.
_TABLE: list[tuple[str, str, Callable[[re.Match], list[Way] | None]]] = [
    ("year", rf"{_MADE}between {_period('first')} and {_period('last')}", _read_range),
    ("year", rf"{_MADE}{_period('first')} (?:to|until|till|up to) {_period('last')}", _read_range),
    ("year", rf"{_MADE}(?P<how>{_HOW}) {_period('at')}", _read_comparison),
    ("year", rf"{_MADE}{_period('at')} (?:{_ONWARDS}|(?P<back>{_BACK}))", _read_comparison),
    ("year", rf"{_MADE}{_period('at')}", _read_plain_years),
    ("year", rf"around {_period('at')}", _read_around),
    ("year", rf"{_MADE}(?P<which>{'|'.join(_LATELY)})", _read_lately),
    (
        "age",
        r"(?:but |and |something |much |a bit )*"
        r"(?P<how>newe[rs]t?|more recent|later|older|earlier)",
        _read_age,
    ),
    ("age", r"(?P<how>recent|latest|new|old)", _read_age),
    ("time", rf"(?:between |from )?{_FIRST_TIME} (?:and|to) {_duration('time')}", _read_time_range),
    ("time", rf"{_THAT}(?P<how>{_LIMIT}) (?:of )?{_duration('time')}(?: long)?", _read_limit),
    ("time", rf"(?:of )?{_duration('time')}(?: long)? {_BEHIND}", _read_limit_behind),
    ("time", rf"(?P<about>(?:about|around) )?{_duration('time')}(?P<long> long)?", _read_about),
    ("time", rf"(?:only )?(?:have|got) (?:only |just |about )*{_duration('time')}", _read_limit),
    (
        "votes",
        r"hidden gems?|(?:lesser|little) known|overlooked|obscure|underrated|"
        r"(?:i |you )?(?:probably )?(?:havent|have not) (?:probably )?(?:seen|heard of)|"
        r"(?:i|ive|we|weve|you|youve)(?: have)? never (?:seen|heard of)",
        lambda _: [Way({"vote_count": {"$lte": _FEW_VOTES}}, "not widely seen")],
    ),
    (
        "look",
        r"(?:in )?black and white(?= (?:movie|film|comed|classic|drama|noir)| if| please| ,|$)",
        lambda _: [Way({"keywords": {"$contains": "black and white"}}, "in black and white")],
    ),
    ("time", r"(?:nothing|not|isnt) (?:too|very|so|that) long", _read_not_long),
    ("time", r"(?P<how>short|long)(?: and)?", _read_short),
    ("nation", rf"(?P<nation>{_ADJECTIVES})(?P<language> language| speaking)?", _read_nation),
    ("nation", r"foreign(?: language| speaking)?", _read_foreign),
    ("nation", "(?:no|without) subtitles", lambda _: _tell_languages(_NATION_OF["english"])),
    ("nation", rf"(?:spoken )?in (?P<nation>{_SPOKEN})(?: language)?", _read_spoken),
    (
        "nation",
        rf"(?:(?P<made>(?:made|shot) in |{_LONGING})|from )(?P<place>{_PLACES})"
        rf"(?: (?:or|and) (?P<other>{_PLACES}))?",
        _read_place,
    ),
    ("audience", rf"{_FIT}(?P<for>for|with) {_OUR}(?:(?P<child>{_CHILD})|{_ALL})", _read_audience),
    (
        "audience",
        rf"{_FIT}(?:for|with|of) {_OUR}(?:{_OLD} )?{_YEARS_OLD}{_SOMEBODY}",
        _read_audience,
    ),
    ("audience", rf"(?:my|our) {_YEARS_OLD}{_SOMEBODY}", _read_audience),
    ("audience", rf"(?:my|our) {_GRAND}(?: is \w+)?", _read_audience),
    ("audience", rf"{_ALONE}(?:an? )?{_YEARS_OLD}{_SOMEBODY}(?=$| ,)", _read_audience),
    (
        "audience",
        rf"{_ALONE}(?P<child>{_CHILD}) (?:aged? )?(?P<bare>{_OLD})(?: and {_OLD})?(?=$| ,)",
        _read_audience,
    ),
    (
        "audience",
        rf"(?:an? )?(?:{_YEARS_OLD}|child of (?P<old>{_OLD})) (?:can|could|would|will) (?:\w+)",
        _read_audience,
    ),
    (
        "audience",
        rf"{_FIT}(?:for )?(?:kids )?(?:age[sd]? (?P<age>{_OLD})(?: (?:and|or) (?:up|older|above)|"
        rf" to {_OLD})?|for (?P<bare>{_OLD})$)",
        _read_audience,
    ),
    (
        "audience",
        rf"{_OWN}(?P<child>{_CHILD})(?: (?:is|are|who is|whos|just turned) (?P<age>{_OLD})|"
        rf" (?:, )?(?P<bare>{_OLD})(?: and {_OLD})?)?",
        _read_audience,
    ),
    (
        "audience",
        r"(?P<child>(?:kids?|child|children|toddler)s? (?:friendly|safe))",
        _read_audience,
    ),
    ("audience", r"(?P<child>(?:kids?|childrens?|childs) (?:movie|film)s?)", _read_audience),
    (
        "audience",
        rf"(?:my |our |the )?(?:{_ALL}) (?:is|are) (?:visiting|over|here|staying|coming)(?: over)?",
        _read_audience,
    ),
    ("audience", _FAMILY, _read_audience),
    ("audience", _CLEAN, _read_audience),
    ("audience", r"(?P<for>for) (?P<adults>(?:only )?(?:adults?|grown ?ups?))", _read_audience),
    (
        "rating",
        rf"(?:(?:but|is|are|only) )*{_RATED}"
        r"(?P<most> (?:or|and) (?:lower|less|under|below|milder))?",
        _read_rating,
    ),
]
_COMPILED = [(kind, re.compile(rf"(?<!\S)(?:{ask})(?!\S)"), read) for kind, ask, read in _TABLE]
# What people ask for and no fact here tells: what it is about, and how it is asked.
UNKNOWABLE = {
    "awards": (
        r"(?:that won |winner of |winning )?(?:an |the )?(?:oscars?|academy awards?|golden globes?|"
        r"palme dor)(?: (?:winners?|winning|nominees?|nominated))*|award winning|"
        r"best picture winners?"
    ),
    "who wrote a movie": r"(?:written|scripted|screenplay|script) by|(?:the )?screenwriter",
    "who composed its music": r"(?:music|score|soundtrack|scored|composed) by|(?:the )?composer",
    "the sex of a director": r"(?:directed |made )?by (?:a )?(?:wom[ae]n|female)|female directors?",
    "who dies": (
        r"(?:(?:in which|where|and|but) )?(?:(?:(?:the|a|his|her|my) )?"
        r"\w+ (?:doesnt|does not|never|wont)|nobody|no one|no \w+) dies?"
    ),
    "who plays the villain": (
        r"(?:(?:where |when |in which )?(?:he|she|they) (?:is|are|plays?) |playing |as )"
        r"(?:the|an?) (?:villain|bad guy|baddie|antagonist)"
    ),
    "the order of a series": r"in (?:chronological |the right |release )?order|chronologically",
}
# What tells of the one who asks, of which no movie should be: what they mean who say no more.
_SOME_DAY = r"(?:sunday|saturday|friday|day|night|evening|afternoon|weekend)"
_I_AM = r"(?:im|i am|we are|were|feeling|i feel|been) (?:so |really |a bit |kinda |kind of )?"
_LOVER = r"(?:girlfriend|boyfriend|gf|bf|wife|husband|partner|fiancee?|crush)"
SITUATIONS = {
    TEXTS_OF_MOODS["cozy"]: (
        r"(?:home )?sick (?:in bed|with \w+)|home sick|(?:has|have|got) (?:a cold|the flu)|"
        r"(?:under|and) a blanket|"
        rf"hungover|(?:rainy|lazy|snowy|quiet|cozy) {_SOME_DAY}|{_I_AM}sick|"
        r"(?:on|in) (?:the|my) (?:couch|sofa)"
    ),
    TEXTS_OF_MOODS["feel good"]: (
        r"(?:bad|long|rough|hard|tough|stressful|terrible|awful|horrible|shitty|crappy|exhausting) "
        r"(?:day|week|month|year)"
        rf"(?: at (?:work|school|the office))?|"
        rf"{_I_AM}(?:sad|lonely|down|depressed|stressed|anxious)|heartbroken|"
        r"(?:just )?(?:got|been|was) (?:dumped|fired|laid off)|(?:just|we|i) broke up|my break ?up|"
        rf"(?:i )?(?:scare|get scared) easily|easily scared|{_I_AM}(?:an? )?(?:wimp|squeamish)"
    ),
    "romantic comedy": (
        r"(?:(?:first|second|third) |my |our )date|valentines(?: day)?|anniversary(?: dinner)?|"
        rf"with my (?:new )?{_LOVER}"
    ),
    "funny romantic comedy": r"girls night(?: in)?",
    "funny raunchy buddy comedy": (
        rf"(?:guys|boys) night(?: in)?|{_I_AM}(?:high|drunk|bored)|stoned|(?:house )?party|"
        r"(?:the )?(?:boys|guys|lads|mates|friends) are (?:over|here|coming(?: over)?)"
    ),
    "": (
        rf"(?:i )?cant (?:fall a)?sleep|before bed|{_I_AM}tired|movie night|at (?:my|our) place|"
        r"(?:(?:for|on|at) an? )?(?:long )?(?:flight|train ride)|sleepover|home alone tonight|"
        r"(?:(?:my|our|his|her)(?: \w+)?|\w+s) birthday|(?:movie |staying |stuck )at home|"
        r"night in(?=$| ,)|"
        rf"my {_LOVER} (?:picks|chooses|is (?:here|over))|"
        r"what (?:(?:film|movie) )?(?:should|can|could|do) (?:i|we) (?:watch|put on|see|show)"
        r"(?: (?:for|with) (?:him|her|them|us))?|"
        r"for (?:people|those|some(?:one|body)) who (?:hates?|cant stand|(?:is|are) not into|"
        r"(?:do(?:es)?nt|never) (?:really )?(?:like|watch|get)) \w+|"
        r"(?:our |my )?first (?:movie|film)(?= with)|"
        r"with (?:my |some |the )?(?:friends|mates|buddies|roommates|colleagues)|"
        r"(?:who |(?:(?<=, )|(?<=and ))(?:he|she|they|i) |(?<=and ))(?:(?:only|really|just) )?"
        r"(?:likes?|loves?|(?:is|are) into)"
    ),
}
# What reads like a fact and tells of the story: when it plays, how old somebody is, where it is.
_SET = r"(?:set|takes? place|taking place|plays?|playing|happens|happening)"
_WHOSE = r"(?:about|her|his|their|my|your|our|ones|hers|someones)"
_AGE = rf"(?:early |mid |late )?(?:the )?(?:\d0s|{'|'.join(_TENS)})"
STORIES = (
    rf"{_SET} (?:in|during|around|at|before|after) (?:\w+ )?{_period('at')}"
    rf"|{_WHOSE} {_AGE}|{_SET} (?:in|during|around) (?:{_PLACES}|{_ADJECTIVES})"
)


def find_facts(row: str) -> Iterator[tuple[int, int, Fact]]:
    """Find all that may be a fact in a row of folded words: where it begins and ends, and what."""
    for kind, ask, read in _COMPILED:
        for match in ask.finditer(row):
            if ways := read(match):
                yield match.start(), match.end(), Fact(kind, tuple(ways))
