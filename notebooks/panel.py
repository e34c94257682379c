"""
A panel to find movies in: words or a movie that one loves go in, tiles come
out, and each tile takes what one thinks of it. Only a notebook can show it.
"""

from __future__ import annotations

import asyncio
import html
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import polars as pl
from IPython.display import display

import config
from main import TMDbError, find_movies, find_starters, get_id_to_genre, list_movies, recommend
from notebooks.recommender.candidates import open_index
from notebooks.recommender.filters import join_filters, to_expr
from notebooks.recommender.profile import find_among
from notebooks.recommender.progress import in_notebook
from notebooks.recommender.tiles import (
    COLOURS,
    describe,
    draw_legend,
    draw_page,
    draw_tile,
    list_first,
    to_italics,
)
from notebooks.recommender.titles import name_series
from notebooks.recommender.words import fold, fold_one

if TYPE_CHECKING:
    import chromadb

# What our own calls warn of stands above the tiles, or is to be expected: *Without* is typed letter
# by letter. This is said once, for this module: the filters of warnings are the whole process's,
# and a change for a while on one thread may stay.
warnings.filterwarnings("ignore", category=UserWarning, module=re.escape(__name__))


@lru_cache  # or every picture might wait for a network that is gone
def name_colours(language: str) -> dict[str, str]:
    """Map the names of genres in a language to their colours."""
    try:
        names = get_id_to_genre()
    except TMDbError:  # a picture of what is stored needs no network
        return {}
    return {names[id]: colour for colour, ids in COLOURS.items() for id in ids if id in names}


# --- What somebody says of movies ----------------------------------------------------------------

_SAID = {"like": "liked", "not for me": "disliked", "seen": "seen"}


@dataclass
class Taste:
    """
    What somebody said of movies: ids, the latest last.

    `recommend(collection, taste.liked, disliked=taste.disliked,
    seen=taste.seen)` answers it.
    """

    liked: list[str] = field(default_factory=list)
    disliked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def say(self, id: str, word: str | None) -> str | None:
        """
        Say "like", "not for me" or "seen" of a movie, or nothing any more.

        Returns
        -------
        str or None
            What was said of it before.
        """
        before = self.look_up(id)
        if before:
            getattr(self, _SAID[before]).remove(id)
        if word:
            getattr(self, _SAID[word]).append(id)
        return before

    def look_up(self, id: str) -> str | None:
        """Look up what was said of a movie."""
        return next((word for word, name in _SAID.items() if id in getattr(self, name)), None)


# --- Tiles ---------------------------------------------------------------------------------------

_MORE = "more like this"
_NOTHING = "<p>No movies.</p>"
_ANSWERS = "<p><b>Answers</b>:</p>"
_ELSEWHERE = "<code>search_movies</code> may find it at TMDb."
# JupyterLab tells its page whether the kernel is at work, which Python cannot while it is.
_WHEN = ".jp-NotebookPanel:has(.jp-Notebook-ExecutionIndicator[data-status='{}'])"
_STYLE = f"""<style>
.movie-grid.widget-box {{ display: grid; gap: 14px 12px; overflow: visible;
  grid-template-columns: repeat(auto-fill, minmax(min(160px, 50% - 6px), 1fr)) }}
.movie-row.widget-box {{ display: flex; gap: 12px; overflow-x: auto; padding: 4px }}
.movie-row > .movie-tile {{ flex: 0 0 min(171px, 46%) }}
.movie-tile.widget-box {{ justify-content: space-between; overflow: visible; margin: 0 }}
.movie-tile .widget-box, .movie-buttons.widget-box {{ flex-flow: row wrap; overflow: visible }}
.movie-buttons .jupyter-button, .movie-tile .jupyter-button {{ width: auto; height: 24px;
  line-height: 22px; padding: 0 5px; margin: 2px 3px 2px 0; font-size: 12px }}
.movie-dim {{ opacity: 0.4 }}
{_WHEN.format("busy")} .movie-tile {{ opacity: 0.4; transition: opacity 0.2s 1s }}
{_WHEN.format("idle")} .movie-wait {{ display: none }}
.movie-said:has(> .widget-html-content:empty) {{ display: none }}
.movie-tile :focus-visible, .movie-buttons :focus-visible {{
  outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 1px }}
.movie-tile .movie-chosen.jupyter-button {{ padding: 0 3px;
  box-shadow: inset 0 0 0 1px currentColor }}
.movie-said .widget-html-content, .movie-said p {{ line-height: 1.4; margin: 4px 0 }}
</style>"""


class _Tile:
    """
    A movie with buttons. It keeps its place when it shows another movie, and
    with it the keyboard's focus.
    """

    def __init__(self, panel: _Panel, short: bool):
        self.movie: dict = {}
        self._panel, self._short = panel, short
        self._page = widgets.HTML()
        self._buttons = {
            word: _make_button(word, lambda word=word: panel.press(self.movie, word))
            for word in [*_SAID, _MORE]
        }
        parts = [self._page, widgets.HBox([*self._buttons.values()])]
        self.box = widgets.VBox(parts).add_class("movie-tile")

    def show(self, movie: dict) -> None:
        self.movie = describe(movie)
        colours = name_colours(config.TMDB_LANGUAGE)
        self._page.value = draw_tile(self.movie, colours, self._short)
        for word, button in self._buttons.items():
            button.tooltip = f"{word}: {self.movie['title']}"
        self.mark()

    def mark(self) -> None:
        said = self._panel.taste.look_up(self.movie["id"])
        for word, button in self._buttons.items():
            button.description = f"✓ {word}" if word == said else word
            (button.add_class if word == said else button.remove_class)("movie-chosen")


class _Answers:
    """
    Tiles of what was asked last, under a heading. Those before stay there,
    dimmed, until then.
    """

    def __init__(self, panel: _Panel, find: Callable[[], tuple[str, pl.DataFrame]], short: bool):
        self._find, self._asked = find, 0
        self._make_tile = partial(_Tile, panel, short)
        self.tiles: list[_Tile] = []
        self.heading = widgets.HTML().add_class("movie-said")
        self.grid = widgets.Box().add_class("movie-row" if short else "movie-grid")
        self.box = widgets.VBox([self.heading, self.grid])

    def ask(self, pause: float = 0.05) -> None:
        self._asked += 1
        self.grid.add_class("movie-dim")
        try:
            asyncio.get_running_loop().call_later(pause, self._answer_last, self._asked)
        except RuntimeError:  # no notebook's loop: nobody clicks or types
            self.answer()

    def _answer_last(self, asked: int) -> None:
        if asked == self._asked:  # nothing else was asked since
            self.answer()

    def answer(self) -> None:
        asked = self._asked
        try:
            heading, movies = self._find()
        except Exception as error:  # here nobody would see a traceback
            told = html.escape(f"This cannot be answered: {error} ({type(error).__name__})")
            heading, movies = f"<p>{told}</p>", pl.DataFrame()
        # Nor meanwhile: JupyterLab hands over what one types on a thread of its own.
        if asked == self._asked:
            while len(self.tiles) < len(movies):
                self.tiles.append(self._make_tile())
            for tile, movie in zip(self.tiles, movies.iter_rows(named=True), strict=False):
                tile.show(movie)
            self.grid.children = [tile.box for tile in self.tiles[: len(movies)]]
            self.heading.value = heading
            self.grid.remove_class("movie-dim")


def show_widgets(parts: list, instead: str) -> None:
    """
    Show widgets, and a page in their place where there are none: on GitHub, in
    an exported page.
    """
    box = widgets.VBox([widgets.HTML(_STYLE), *parts])
    words = re.sub(r"<[^>]*>", "", instead[instead.rindex("<p>") :])
    display({**box._repr_mimebundle_(), "text/html": instead, "text/plain": words}, raw=True)


# --- Filters -------------------------------------------------------------------------------------

# TMDb's own codes, which no standard has.
_LANGUAGES = {"cn": "Cantonese", "xx": "No language"}


def _name(code: str) -> str:
    from babel import Locale

    return _LANGUAGES.get(code) or Locale("en").languages.get(code) or code


def _make_filters(movies: pl.DataFrame) -> list[tuple[str, str, Any]]:
    """
    Make lists to choose by: facts that an answer is to have, each with how it
    is compared. A keyboard reaches them and a screen reader names them.
    """
    genres = sorted(set(movies["genres"].explode().drop_nulls()))
    codes = movies["original_language"].drop_nulls().unique()
    decades = (movies["year"].drop_nulls() // 10 * 10).unique().sort()
    minutes = range(90, movies.select(pl.col("runtime").max().fill_null(0)).item(), 30)
    votes = movies["vote_count"]
    few, half, many = (int(votes.quantile(part) or 0) for part in (0.25, 0.5, 0.75))
    fame = [("well known", {"$gte": many}), ("less known", {"$lte": half})]
    fame.append(("hidden gems", {"$lte": few}))
    # A label, the fact and how it is compared, unless the value says so; and what one chooses.
    lists: list[tuple[str, str, str, list[tuple[str, Any]]]] = [
        ("Genre", "genres", "$contains", [(name, name) for name in genres]),
        ("Language", "original_language", "$eq", sorted((_name(code), code) for code in codes)),
        ("From", "year", "$gte", [(str(year), year) for year in decades]),
        ("to", "year", "$lte", [(str(year + 9), year + 9) for year in decades]),
        ("Minutes at most", "runtime", "$lte", [(str(most), most) for most in minutes]),
        ("Well known or not", "vote_count", "", fame if few != many else []),
    ]
    return [
        (fact, sign, _make_list(label, some)) for label, fact, sign, some in lists if len(some) > 1
    ]


# --- The panel -----------------------------------------------------------------------------------

_EXAMPLES = ["time travel", "a toy comes to life", "high school comedy"]
_QUESTION = "a robot that learns what love is"
_WAITING = "While other cells run, this waits; it answers when they have ended."
_FOUND, _FOR_YOU, _AT_ONCE = 16, 12, 8  # answers, recommendations, movies to rate in a row


def try_it(
    collection: chromadb.Collection, among: Any = None, *, watchlist: Any = None
) -> Taste | None:
    """
    Show a panel to find movies in, which begins with a question.

    One types what a movie is about, names movies that one loves, or chooses
    from lists; and says of each answer *like*, *not for me*, *seen* or *more
    like this*. Recommendations follow each click.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    among
        Movies as `recommend` takes them, such as a watchlist. Only these may
        come, unless one unticks a box.
    watchlist
        Another name of `among`.

    Returns
    -------
    Taste
        What one says, kept up with each click; `ask_me(collection, taste)`
        goes on with it. None in a terminal. End the cell with a semicolon, or
        it is shown.
    """
    if not in_notebook():
        print("A search box needs a notebook. Here, use find_movies(collection, ...).")
        return None
    panel = _Panel(collection, Taste(), watchlist if among is None else among, _QUESTION)
    panel.show("type what a movie is about, and say what you think of the answers")
    return panel.taste


def ask_me(collection: chromadb.Collection, taste: Taste | None = None, among: Any = None) -> Taste:
    """
    Show a panel to find movies in, which begins with movies to rate.

    It is that of `try_it`. Say what you think of some movies, or name others
    that you love, and recommendations follow each click.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    taste
        What was said before, to go on with.
    among
        Movies as `recommend` takes them, such as a watchlist. Only these may
        come, unless one unticks a box.

    Returns
    -------
    Taste
        What is said, kept up with each click: `liked`, `disliked` and `seen`,
        which `recommend` takes.
    """
    taste = Taste() if taste is None else taste
    if not in_notebook():
        print("This takes buttons, and so a notebook. Here, use recommend(collection, ...).")
        return taste
    panel = _Panel(collection, taste, among, "")
    panel.show("say which of these you like, and recommendations follow each click")
    return taste


class _Panel:
    """Controls, and four places for tiles: to rate, said, for you, and the answers."""

    def __init__(self, collection: chromadb.Collection, taste: Taste, among: Any, question: str):
        open_index(collection)  # or the first click would wait for it
        self.taste, self._collection = taste, collection
        self._mine = find_among(collection, among)
        self._movies = list_movies(collection).with_columns(
            pl.col("year").cast(pl.Int64), received=_RECEIVED
        )
        name = pl.format("{} ({})", "title", pl.col("year").fill_null("no year"))
        self._titles = (
            self._movies.sort("vote_count", descending=True, nulls_last=True)
            .select("id", name=pl.coalesce(name, "id"))
            .unique("name", keep="first", maintain_order=True)
            .with_columns(typed=pl.format(" {} ", fold(pl.col("name"))))
        )
        self._like: dict = {}  # the movie that others are to be like
        self._steps: list[Callable[[], Any]] = []  # how each step is taken back
        self._starters = _NONE
        finders = [self._find_to_rate, self._find_said, self._find_for_you, self._find]
        self._places = [_Answers(self, find, short=at < 2) for at, find in enumerate(finders)]
        self._to_rate, self._said, self._for_you, self._found = self._places
        self._make_controls(question)
        self._lay_out(to_rate=not question)
        self._for_you.answer()
        self._found.answer()
        self._note.value = f"<p class='movie-wait'><i>{_WAITING}</i></p>"

    def _make_controls(self, question: str) -> None:
        def make_field(kind: Any, hint: str, **how: Any) -> Any:
            wide = {"width": "300px", "max_width": "96%"}
            return kind(placeholder=hint, tooltip=hint, layout=wide, **how)

        self._query = make_field(widgets.Text, "What is the movie about?", value=question)
        self._query.observe(lambda _: self._found.ask(pause=0.3), names="value")
        self._query.on_msg(self._enter)
        titles = {"options": self._titles["name"].to_list(), "continuous_update": False}
        self._loved = make_field(widgets.Combobox, "A movie that you love: its title", **titles)
        self._loved.observe(self._love, names="value")
        self._filters = _make_filters(self._movies)
        self._without = make_field(widgets.Text, "without: words, with commas between")
        listed = self._mine is not None
        self._only = widgets.Checkbox(listed, description="only from my list", indent=False)
        self._narrow = [*(control for *_, control in self._filters), self._without]
        for control in [*self._narrow, self._only]:
            control.observe(self._ask, names="value")

    def _lay_out(self, to_rate: bool) -> None:
        examples = [_make_button(words, partial(self._take, words)) for words in _EXAMPLES]
        filters = widgets.HBox(self._narrow)
        others = _make_button("others to rate", self._turn_page)
        rate = widgets.VBox([self._to_rate.box, others])
        folds = [
            _make_fold("filters", filters),
            _make_fold("movies to rate", rate, self._to_rate, shown=to_rate),
            _make_fold("what I said", self._said.box, self._said),
            _make_button("undo", self._take_back),
            *([self._only] if self._mine is not None else []),
        ]
        rows = [
            widgets.HBox([self._query, *examples]),
            widgets.HBox([self._loved, *folds]),
            filters,
        ]
        for row in [*rows, rate]:
            row.add_class("movie-buttons")
        self._note = widgets.HTML().add_class("movie-said")
        genres = self._movies["genres"].list.first().drop_nulls().unique().to_list()
        legend = widgets.HTML(draw_legend(genres, name_colours(config.TMDB_LANGUAGE)))
        answers = [self._note, self._for_you.box, self._found.box]
        self.parts = [*rows, rate, self._said.box, *answers, legend]

    def show(self, what: str) -> None:
        shown = self._found if self._found.tiles else self._to_rate
        tiles = [tile.movie for tile in shown.tiles[:6]]
        page = draw_page(tiles, name_colours(config.TMDB_LANGUAGE), short=shown is self._to_rate)
        sentence = f"In JupyterLab or VS Code, a panel stands here: {what}."
        show_widgets(self.parts, f"{page}<p><i>{sentence}</i></p>")

    # What one does.

    def _enter(self, _, told: dict, __) -> None:
        if told.get("event") == "submit":  # which changes no text
            self._ask()

    def _ask(self, _=None) -> None:
        for place in (self._for_you, self._found):
            place.ask(pause=0.3)

    def _take(self, question: str, like: dict | None = None) -> None:
        """Ask a question, or for others like a movie, which an undo takes back."""
        self._steps.append(partial(self._go_to, self._query.value, self._like))
        self._go_to(question, like or {})

    def _go_to(self, question: str, like: dict) -> None:
        self._like, self._query.value = like, question
        self._found.ask()

    def _love(self, change: Any) -> None:
        """Like the movie that is called so; or whose title begins so, or holds it."""
        if not (typed := fold_one(change["new"])):
            return
        name, typed = pl.col("typed"), f" {typed}"
        holds = self._titles.filter(name.str.contains(typed, literal=True))
        if holds.is_empty():
            told = html.escape(change["new"].strip())
            self._note.value = f"<p>No movie here is called <i>{told}</i>; {_ELSEWHERE}</p>"
            return
        order = [~name.str.starts_with(f"{typed} "), ~name.str.starts_with(typed)]
        id = holds.sort(order, maintain_order=True)["id"][0]
        self._loved.value = ""
        if self.taste.look_up(id) != "like":
            self._say(id, "like")

    def press(self, movie: dict, word: str) -> None:
        """Say a word of a movie, or take it back by the same button."""
        if word == _MORE:
            self._take(_like(movie), movie)
        else:
            self._say(movie["id"], None if self.taste.look_up(movie["id"]) == word else word)

    def _say(self, id: str, word: str | None) -> None:
        before = self.taste.say(id, word)
        self._steps.append(partial(self.taste.say, id, before))
        self._go_on(seen="seen" in (before, word))

    def _take_back(self) -> None:
        if self._steps:
            self._steps.pop()()
            self._go_on(seen=True)

    def _go_on(self, seen: bool) -> None:
        for place in self._places:
            for tile in place.tiles:
                tile.mark()
        self._for_you.ask()
        if self._said.box.layout.display != "none":
            self._said.answer()
        if seen:  # which makes room
            self._found.ask()

    def _turn_page(self) -> None:
        later = pl.col("id").is_in([tile.movie["id"] for tile in self._to_rate.tiles])
        self._starters = self._starters.sort(later, maintain_order=True)
        self._to_rate.grid.children = ()  # which scrolls it back
        self._to_rate.answer()

    # What it answers: a heading and movies.

    def _find_to_rate(self) -> tuple[str, pl.DataFrame]:
        if self._starters.is_empty():
            # Those for a start, then as many again as somebody may want to rate.
            some = [find_starters(self._collection, n) for n in (24, 96)]
            self._starters = pl.concat(some).unique("id", maintain_order=True)
        known = pl.col("id").is_in([id for ids in vars(self.taste).values() for id in ids])
        movies = self._starters.sort(known, maintain_order=True)
        return "<b>What do you think of these?</b>", movies.head(_AT_ONCE)

    def _find_said(self) -> tuple[str, pl.DataFrame]:
        ids = [id for ids in vars(self.taste).values() for id in reversed(ids)]
        heading = "A second click on a ticked button takes it back." if ids else "Nothing yet."
        return f"<b>What you said</b>: {heading}", self._look_up(ids)

    def _look_up(self, ids: list[str]) -> pl.DataFrame:
        """Look up movies; what the collection no longer holds tells nothing here."""
        asked = pl.DataFrame({"id": ids}, schema={"id": pl.String})
        return asked.join(self._movies, on="id", maintain_order="left")

    def _find_for_you(self) -> tuple[str, pl.DataFrame]:
        self._note.value = ""
        known = [self._look_up(ids) for ids in vars(self.taste).values()]
        latest = [movies["title"].fill_null("Untitled").reverse().to_list() for movies in known]
        titles = [html.escape(list_first(some, 4)) for some in latest]
        words = ("You like", "not for you", "seen")
        told = " · ".join(f"{say}: {them}" for say, them in zip(words, titles, strict=True) if them)
        liked, disliked, seen = (movies["id"].to_list() for movies in known)
        if not liked:
            return f"<p>{told} Say which movie you like, and others for you appear here.</p>", _NONE
        movies = recommend(
            self._collection, liked, n=4 * _FOR_YOU, disliked=disliked, seen=seen, **self._keep()
        )
        heading = f"<p><b>For you</b> ({told}):</p>" + ("" if len(movies) else _NOTHING)
        return heading, _part_series(movies).head(_FOR_YOU)

    def _find(self) -> tuple[str, pl.DataFrame]:
        self._note.value = ""
        question, seen, keep = self._query.value.strip(), self.taste.seen, self._keep()
        asked, many = question or keep["where"], _FOUND + len(seen)
        if self._like and question == _like(self._like):
            heading = f"<p>More like <b>{html.escape(self._like['title'])}</b>:</p>"
            movies = _part_series(recommend(self._collection, self._like["id"], 4 * many, **keep))
        elif question:
            keep["without"] = self._without.value
            heading, movies = _read_note(find_movies(self._collection, question, many, **keep))
        elif asked or self._only.value:
            heading, movies = "<p>The best received:</p>", self._browse(**keep)
        else:
            heading, movies = "<p>Type what a movie is about, or choose filters.</p>", _NONE
        movies = movies.filter(~pl.col("id").is_in(seen)).head(_FOUND)
        # Recommendations stand in one line over answers, and else take all the room.
        over, alone = ("movie-row", "movie-grid") if len(movies) else ("movie-grid", "movie-row")
        self._for_you.grid.remove_class(alone).add_class(over)
        return f"{heading}{_NOTHING}" if asked and movies.is_empty() else heading, movies

    def _keep(self) -> dict[str, Any]:
        """Say to what answers are to keep."""
        chosen = [(fact, sign, it.value) for fact, sign, it in self._filters if it.value != ""]
        where = [{fact: {sign: value} if sign else value} for fact, sign, value in chosen]
        only = self._mine if self._only.value else None
        return {"where": join_filters(*where), "among": only}

    def _browse(self, where: dict | None, among: list[str] | None) -> pl.DataFrame:
        """Find the best received of those that pass the filters."""
        passes = pl.lit(True) if where is None else to_expr(where)
        known = self._movies if among is None else self._look_up(among)
        best = known.filter(passes).sort("received", descending=True, nulls_last=True)
        return _part_series(best)


# A rating of few votes is held back, as in IMDb's Top 250.
_RATING, _VOTES = pl.col("vote_average"), pl.col("vote_count")
_ENOUGH = _VOTES.median()
_RECEIVED = (_VOTES * _RATING + _ENOUGH * _RATING.mean()) / (_VOTES + _ENOUGH)


def _make_button(word: str, act: Callable[..., Any]) -> Any:
    button = widgets.Button(description=word)
    button.on_click(lambda _: act())
    return button


def _make_list(label: str, some: list[tuple[str, Any]]) -> Any:
    shape: dict = {"style": {"description_width": "initial"}, "layout": {"width": "auto"}}
    return widgets.Dropdown(options=[("any", ""), *some], description=label, **shape)


def _make_fold(word: str, part: Any, answers: _Answers | None = None, shown: bool = False) -> Any:
    """Make a button that shows a part of the panel, with its answers, and hides it again."""
    # Without a tooltip, its title under the mouse would be "null".
    toggle = widgets.ToggleButton(shown, description=word, tooltip=f"show or hide {word}")

    def turn(_=None) -> None:
        part.layout.display = None if toggle.value else "none"
        if answers and toggle.value:
            answers.answer()

    toggle.observe(turn, names="value")
    turn()
    return toggle


_NONE = pl.DataFrame({"id": []}, schema={"id": pl.String})


def _like(movie: dict) -> str:
    return f"like {movie['title']}"


def _part_series(movies: pl.DataFrame) -> pl.DataFrame:
    """Put the first movie of each series before all others of it."""
    return movies.sort(pl.int_range(pl.len()).over(name_series()) > 0, maintain_order=True)


def _read_note(movies: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """Take what the first reason says of the question as a whole out of it, to stand above all."""
    pattern = r"^(no movie here has [^;]+)(?:; |$)"
    because = pl.col("because")
    told = movies.select(because.str.extract(pattern)).to_series().drop_nulls()
    if told.is_empty():
        return _ANSWERS, movies
    note = to_italics(told[0][0].upper() + told[0][1:])
    rest = movies.with_columns(because.str.replace(pattern, ""))
    return f"<p>{note}; {_ELSEWHERE}</p>{_ANSWERS}", rest
