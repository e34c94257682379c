"""A movie as a tile of HTML: its poster or its title, and what one decides by."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

# Okabe and Ito's colours (2008), which the colour-blind can tell apart, for TMDb's genre ids.
# Tiles and map share them.
COLOURS = {
    "#0072B2": (18, 36, 99),  # drama, history, documentary
    "#F0E442": (35,),  # comedy
    "#E69F00": (28, 12, 10752, 37),  # action, adventure, war, western
    "#D55E00": (27, 53, 80, 9648),  # horror, thriller, crime, mystery
    "#56B4E9": (878, 14),  # science fiction, fantasy
    "#009E73": (16, 10751),  # animation, family
    "#CC79A7": (10749, 10402),  # romance, music
}
OTHER = "#999999"

# What no picture can hold: control characters, and half of a character (a lone surrogate), end the
# process in vl-convert, since XML has no place for them; a terminal obeys some, and others turn
# the direction of all that follows.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

# Styles stand in the elements: from a notebook that it does not trust yet, JupyterLab takes
# <style>, scripts and what it does not know. GitHub takes all styles; a table of small posters
# stays. A tile shows its title once: under the poster, or in the poster's place. For a broken image
# that is no block and has an alternative text takes 16 pixels for the browser's mark, which are cut
# off; of a poster nothing is lost, since it is moved down by as much.
_POSTERS = "https://image.tmdb.org/t/p/w342"
_TABLE = "display:block;width:0;min-width:100%;border:0;margin:0;text-align:left"
_FLOW = "display:inline;border:0;background:none;padding:0;margin:0"
_CELL = (
    "display:inline-block;width:164px;max-width:46%;padding:0;margin:0 10px 12px 0;border:0;"
    "background:none;vertical-align:top;text-align:left;white-space:normal"
)
_TEXT = "font-size:12px;line-height:1.4;overflow-wrap:break-word"
_COVER = (
    "display:flex;flex-direction:column;align-items:center;justify-content:center;"
    "box-sizing:border-box;min-height:246px;padding:6px;border-radius:6px;margin-bottom:4px;"
    "overflow:hidden"
)
_POSTER = "overflow:hidden;line-height:0;font-size:0"
_IMAGE = (
    "display:inline;width:140px;height:226px;max-width:100%;margin:-16px 0 4px;vertical-align:top;"
    "object-fit:contain;object-position:bottom"
)
_TITLE = "font-size:16px;line-height:1.2;font-weight:bold;text-align:center"
_IN_A_ROW = 6  # movies in a row where no style lets them flow
_FIRST_LINES = 90  # characters of an overview that stand there before a click
# TMDb's terms ask for it beside all that tells where to watch a movie.
CREDIT = "Where to watch: JustWatch"


def to_text(value: Any) -> str:
    """Write a fact in one line, an empty one if it is missing."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    # A year, in a column where others have none.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(_UNPRINTABLE.sub(" ", str(value)).split())


def to_italics(reason: str) -> str:
    """Escape a reason, and set the words that it quotes in italics."""
    return re.sub(r"\*(.+?)\*", r"<i>\1</i>", html.escape(reason))


def describe(movie: dict) -> dict[str, Any]:
    """Read what a tile tells of a movie, as texts."""
    distance = movie.get("distance")
    reason = to_text(movie.get("because"))
    if not reason and to_text(distance):
        told = f"{distance:.2f}" if isinstance(distance, float) else to_text(distance)
        reason = f"distance {told}"
    about = re.search(r"(?ms)^Overview: (.*?)(?=\nGenres: |\Z)", str(movie.get("text") or ""))
    return {
        "id": to_text(movie.get("id")),
        "title": to_text(movie["title"]) or "Untitled",
        "year": to_text(movie.get("year")),
        "certification": to_text(movie.get("certification")),
        "length": _tell_length(movie.get("runtime")),
        "rating": _tell_rating(movie),
        "genres": _to_texts(movie.get("genres")),
        "directors": _to_texts(movie.get("directors")),
        "about": to_text(movie.get("overview") or (about and about[1])),
        "reason": reason,
        "poster": to_text(movie.get("poster_path")),
        "where": _tell_where(movie),
        "where_link": to_text(movie.get("where_link")),
        "imdb": to_text(movie.get("imdb_id")),
    }


def _to_texts(values: Any) -> list[str]:
    texts = [to_text(value) for value in (values if isinstance(values, list) else [values])]
    return [text for text in texts if text]


def _tell_length(minutes: Any) -> str:
    if not isinstance(minutes, int | float) or not 0 < minutes < 10_000:
        return ""
    hours, left = divmod(round(minutes), 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{left} min"] * (left > 0))


def _tell_rating(movie: dict) -> str:
    """Nobody voted: that is no rating of 0."""
    rating, votes = movie.get("vote_average"), movie.get("vote_count", 1)
    known = isinstance(rating, int | float) and rating > 0 and votes != 0
    return f"★ {rating:.1f}" if known else ""


def _tell_where(movie: dict) -> str:
    """Tell who streams a movie and who rents it, or sells it where nobody rents it."""
    if not isinstance(movie.get("stream"), list):  # nobody asked
        return ""
    stream, rent, buy = (_to_texts(movie.get(way)) for way in ("stream", "rent", "buy"))
    parts = [list_first(stream, 4)]  # some of them one has already
    if rent:
        parts.append(f"rent: {list_first(rent)}")
    elif buy:
        parts.append(f"buy: {list_first(buy)}")
    return " · ".join(filter(None, parts)) or "on no service"


def list_first(names: list[str], most: int = 2) -> str:
    return ", ".join(names[:most]) + ", …" * (len(names) > most)


def draw_tile(told: dict[str, Any], colours: dict[str, str], short: bool = False) -> str:
    """
    Draw what `describe` read; `colours` are those of genres. A short tile is
    for a movie that one knows.

    Whoever edits TMDb writes these words: all of them are escaped.
    """
    background = colours.get(told["genres"][0] if told["genres"] else "", OTHER)
    foreground = "#FFFFFF" if background == "#0072B2" else "#000000"
    image, title = "", html.escape(told["title"])
    if re.fullmatch(r"/[A-Za-z0-9_-]+\.jpg", told["poster"]):
        image = f'<img src="{_POSTERS}{told["poster"]}" alt="Poster" width="140" style="{_IMAGE}">'
        image = f'<div style="{_POSTER}">{image}</div>'
    style = f"color:{foreground};{_TITLE}"
    if re.fullmatch(r"[0-9]+", told["id"]):
        url = f"https://www.themoviedb.org/movie/{told['id']}"
        title = _link(url, title, f"{style};")
    else:
        title = f'<span style="{style}">{title}</span>'
    directors = list_first(told["directors"])
    facts = [told[name] for name in ("year", "certification", "length", "rating")]
    # A fact is not broken between two lines.
    facts = [html.escape(fact).replace(" ", "\N{NO-BREAK SPACE}") for fact in facts if fact]
    if re.fullmatch(r"tt[0-9]+", told["imdb"]):
        facts.append(_link(f"https://www.imdb.com/title/{told['imdb']}/", "IMDb"))
    lines = [" · ".join(facts), html.escape(directors and f"by {directors}")]
    if not short:
        lines.insert(1, html.escape(", ".join(told["genres"])))
        lines += [_draw_where(told), _draw_overview(told["about"]), to_italics(told["reason"])]
    return (
        f'<div style="{_TEXT}"><div style="background-color:{background};{_COVER}">{image}{title}'
        f"</div>{''.join(f'<div>{line}</div>' for line in lines if line)}</div>"
    )


def _draw_where(told: dict[str, Any]) -> str:
    """Draw where to watch it, with a link to TMDb's page, which leads to the services."""
    where, link = html.escape(told["where"]), told["where_link"]
    if not where or not re.fullmatch(r"https://www\.themoviedb\.org/movie/[\w/?=&-]+", link):
        return where
    return _link(html.escape(link), where)


def _link(url: str, words: str, style: str = "") -> str:
    # Underlined: a widget's page has no sign for a link.
    style = f'style="{style}text-decoration:underline"'
    return f'<a href="{url}" target="_blank" rel="noopener" {style}>{words}</a>'


def _draw_overview(about: str) -> str:
    """Draw the first lines, and the others on a click or under the mouse."""
    if len(about) <= _FIRST_LINES:
        return html.escape(about)
    first = about[:_FIRST_LINES].rsplit(" ", 1)[0]
    rest = about[len(first) :].strip()
    return (
        f'<details><summary title="{html.escape(about)}">{html.escape(first)} …</summary>'
        f"… {html.escape(rest)}</details>"
    )


def draw_page(movies: list[dict[str, Any]], colours: dict[str, str], short: bool = False) -> str:
    """Draw tiles side by side, as many as there is room for."""
    if not movies:
        return "<p>No movies.</p>"
    cells = [
        f'<td valign="top" style="{_CELL}">{draw_tile(told, colours, short)}</td>'
        for told in movies
    ]
    rows = [
        f'<tr style="{_FLOW}">{"".join(cells[at : at + _IN_A_ROW])}</tr>'
        for at in range(0, len(cells), _IN_A_ROW)
    ]
    first = [genre for told in movies for genre in told["genres"][:1]]
    table = f'<table style="{_TABLE}"><tbody style="{_FLOW}">{"".join(rows)}</tbody></table>'
    credit = f'<div style="{_TEXT}">{CREDIT}</div>'
    shown = not short and any(told["where"] for told in movies)
    return f"{table}{draw_legend(first, colours)}{credit * shown}"


def name_kinds(genres: Iterable[str], colours: dict[str, str]) -> dict[str, str]:
    """Map colours to the names of these genres that have each; what has none is grey."""
    there = set(genres)
    names = [genre for genre in dict.fromkeys([*colours, *genres]) if genre in there]
    kinds = {
        colour: ", ".join(name for name in names if colours.get(name, OTHER) == colour)
        for colour in [*COLOURS, OTHER]
    }
    return {colour: kind for colour, kind in kinds.items() if kind}


def draw_legend(genres: list[str], colours: dict[str, str]) -> str:
    """Say which colour stands for which of these first genres."""
    squares = [
        f'<span style="color:{colour}">■</span>&nbsp;{html.escape(kind)}'
        for colour, kind in name_kinds(genres, colours).items()
    ]
    return f'<div style="{_TEXT}">First genre: {" · ".join(squares)}</div>' if squares else ""
