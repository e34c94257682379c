"""Answers as pictures: posters, a map, a search box and a talk about one's
taste, which only a notebook can show.

Importing this also lets a notebook show polars frames as tables without
quotes, with texts to the left, and plots that suit a light and a dark theme.
"""

from __future__ import annotations

import asyncio
import html
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from IPython import get_ipython
from IPython.display import HTML, display

import config
from main import TMDbError, find_movies, find_starters, get_id_to_genre, list_movies, recommend
from notebooks.recommender.chart import (
    NAMED,
    draw_intervals,
    lay_out,
    make_chart,
    name_islands,
)
from notebooks.recommender.collection import (
    Scope,
    add_facts,
    embed_query,
    find_nearest,
    get_embeddings,
)
from notebooks.recommender.facts import join_filters
from notebooks.recommender.progress import in_notebook
from notebooks.recommender.rank import rank
from notebooks.recommender.tiles import (
    COLOURS,
    CREDIT,
    describe,
    draw_page,
    draw_tile,
    to_italics,
    to_text,
)
from notebooks.recommender.words import fold_one

if TYPE_CHECKING:
    import chromadb
    from matplotlib.figure import Figure

__all__ = [
    "Taste",
    "ask_me",
    "draw_intervals",
    "draw_map",
    "show_figure",
    "show_movies",
    "try_it",
    "weigh",
]


@lru_cache  # or every picture might wait for a network that is gone
def _name_colours(language: str) -> dict[str, str]:
    """Map the names of genres in a language to their colours."""
    try:
        id_to_genre = get_id_to_genre()
    except TMDbError:  # a picture of what is stored needs no network
        return {}
    return {
        id_to_genre[id]: colour
        for colour, ids in COLOURS.items()
        for id in ids
        if id in id_to_genre
    }


# --- Posters -------------------------------------------------------------------------------------


class _Posters(HTML):
    """A page of posters that names the movies in a terminal."""

    def __init__(self, page: str, text: str):
        super().__init__(page)
        self.text = text

    def __repr__(self) -> str:
        return self.text


def show_movies(df: pl.DataFrame) -> HTML:
    """
    Show movies as posters.

    Parameters
    ----------
    df
        Answers of `find_movies`, `find_similar` or `recommend`, or any frame
        with a column `title`. Of the others `id`, `year`, `runtime`,
        `vote_average`, `genres`, `directors`, `overview` or else `text`,
        `because` or else `distance`, `poster_path`, and where to watch it
        (from `fetch_where`) are shown. Anything may be missing.

    Returns
    -------
    IPython.display.HTML
        What a notebook's cell shows when it ends with it; a terminal prints a
        line a movie. A title leads to the movie's page at TMDb. Posters come
        from TMDb's image host. A movie without one, or without a network,
        shows its title in the colour of its first genre.

    Raises
    ------
    ValueError
        If there is no column `title`.
    """
    if "title" not in df.columns:
        raise ValueError(f"the frame has no column 'title' to show; it has {df.columns}")
    movies = [describe(movie) for movie in df.iter_rows(named=True)]
    facts = ["; ".join(filter(None, [movie["reason"], movie["where"]])) for movie in movies]
    lines = [
        f"{movie['title']} ({movie['year'] or 'no year'})" + (f": {told}" if told else "")
        for movie, told in zip(movies, facts, strict=True)
    ]
    lines += [f"({CREDIT})"] * any(movie["where"] for movie in movies)
    lines += ["(A notebook shows these as posters.)"] if lines else ["No movies."]
    return _Posters(draw_page(movies, _name_colours(config.TMDB_LANGUAGE)), "\n".join(lines))


# --- The map -------------------------------------------------------------------------------------


class _Map(dict):
    """A Vega-Lite chart that shows as a picture where nothing draws it."""

    def __repr__(self) -> str:
        return f"{self['description']} A notebook draws it."

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        import vl_convert

        # JupyterLab brings Vega-Lite 5 and draws no other: the chart is declared to be of that
        # version.
        return {
            "application/vnd.vegalite.v5+json": dict(self),
            "image/png": vl_convert.vegalite_to_png(dict(self), vl_version="5.20", scale=2),
            "text/plain": repr(self),
        }, {"image/png": {"alt": self["description"], "width": 720}}


def draw_map(collection: chromadb.Collection, answers: pl.DataFrame) -> _Map:
    """
    Draw all movies of a collection as points, near ones close together, and
    name some of them.

    The embeddings are laid out in two dimensions by t-SNE (van der Maaten and
    Hinton, 2008), which keeps neighbours together. UMAP does that as well and
    faster, but brings numba with it, and scikit-learn is here already. What is
    far apart on the map means nothing. Islands, found by k-means on the map,
    bear the genre that is most frequent there in comparison with everywhere.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    answers
        The movies to name, the first 25 of them, from `find_movies`,
        `find_similar` or `recommend`.

    Returns
    -------
    _Map
        A chart that notebooks draw: to zoom and with titles under the mouse in
        JupyterLab, else as a still picture.

    Raises
    ------
    ValueError
        If the collection holds fewer than five different embeddings, or one
        that is no vector of finite numbers, or `answers` has no column `id`.
    """
    if "id" not in answers.columns:
        raise ValueError(
            "the answers have no column 'id' to find them on the map by; they have "
            f"{answers.columns}"
        )
    stored = get_embeddings(collection)
    layout = lay_out(stored["embedding"].to_numpy().astype(float), collection.name)
    places = stored.select("id", x=layout[:, 0], y=layout[:, 1])
    movies = list_movies(collection).join(places, on="id", maintain_order="left")
    movies = movies.select(
        pl.Series("title", [to_text(title) or "Untitled" for title in movies["title"]], pl.String),
        "year",
        pl.Series("genre", [to_text(genre) for genre in movies["genres"].list.first()], pl.String),
        "x",
        "y",
        named=pl.col("id").is_in(answers["id"].head(NAMED).to_list()),
    )
    colours = _name_colours(config.TMDB_LANGUAGE)
    return _Map(make_chart(movies, name_islands(movies), colours))


# --- What somebody says of movies ----------------------------------------------------------------

_SAID = {"like": "liked", "not for me": "disliked", "seen": "seen"}
_STYLE = """<style>
.movie-grid.widget-box { display: grid; gap: 14px 12px; overflow: visible;
  grid-template-columns: repeat(auto-fill, minmax(min(150px, 50% - 6px), 1fr)) }
.movie-row.widget-box { display: flex; gap: 12px; overflow-x: auto; padding: 4px }
.movie-row > .movie-tile { flex: 0 0 min(171px, 46%) }
.movie-tile.widget-box { justify-content: space-between; overflow: visible; margin: 0 }
.movie-tile .widget-box { flex-flow: row wrap; overflow: visible }
.movie-buttons .jupyter-button, .movie-tile .jupyter-button { width: auto; height: 24px;
  line-height: 22px; padding: 0 5px; margin: 2px 3px 2px 0; font-size: 12px }
.movie-dim { opacity: 0.4 }
.movie-tile :focus-visible, .movie-buttons :focus-visible {
  outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 1px }
.movie-tile .movie-chosen.jupyter-button { padding:0 3px; box-shadow: inset 0 0 0 1px currentColor }
.movie-buttons .widget-readout { min-width: 100px; max-width: none }
.movie-said .widget-html-content, .movie-said p { line-height: 1.4; margin: 4px 0 }
</style>"""


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


class _Tile:
    """
    A movie with buttons. It keeps its place when it shows another movie, and
    with it the keyboard's focus.
    """

    def __init__(self, words: list[str], press: Callable[[dict, str], None], short: bool = False):
        import ipywidgets as widgets

        self.movie: dict = {}
        self._short = short
        self._page = widgets.HTML()
        self._buttons = {word: widgets.Button(description=word) for word in words}
        for word, button in self._buttons.items():
            button.on_click(lambda _, word=word: press(self.movie, word))
        self.box = widgets.VBox([self._page, widgets.HBox([*self._buttons.values()])])
        self.box.add_class("movie-tile")

    def show(self, movie: dict, taste: Taste) -> None:
        self.movie = describe(movie)
        colours = _name_colours(config.TMDB_LANGUAGE)
        self._page.value = draw_tile(self.movie, colours, self._short)
        for word, button in self._buttons.items():
            button.tooltip = f"{word}: {self.movie['title']}"
        self.mark(taste)

    def mark(self, taste: Taste) -> None:
        said = taste.look_up(self.movie["id"])
        for word, button in self._buttons.items():
            button.description = f"✓ {word}" if word == said else word
            (button.add_class if word == said else button.remove_class)("movie-chosen")


class _Answers:
    """
    Tiles with the answers to what was asked last. Those before stay there,
    dimmed, until then.
    """

    def __init__(self, find: Callable[[], tuple[str, list[dict]]], taste: Taste, pause: float):
        import ipywidgets as widgets

        self._find, self._taste, self._pause, self._asked = find, taste, pause, 0
        self.tiles: list[_Tile] = []
        self.heading, self.grid = widgets.HTML(), widgets.Box()
        self.heading.add_class("movie-said")
        self.grid.add_class("movie-grid")

    def ask(self, _=None) -> None:
        self._asked += 1
        self.grid.add_class("movie-dim")
        try:
            asyncio.get_running_loop().call_later(self._pause, self._answer, self._asked)
        except RuntimeError:  # no notebook's loop: nobody clicks or types
            self.answer()

    def answer(self) -> None:
        self._answer(self._asked)

    def _answer(self, asked: int) -> None:
        if asked != self._asked:
            return  # something else was asked since
        try:
            heading, movies = self._find()
        except Exception as error:  # here nobody would see a traceback
            told = html.escape(f"This cannot be answered: {error} ({type(error).__name__})")
            heading, movies = f"<p>{told}</p>", []
        # Nor meanwhile: JupyterLab hands over what one types on a thread of its own.
        if asked == self._asked:
            for tile, movie in zip(self.tiles, movies, strict=False):
                tile.show(movie, self._taste)
            self.grid.children = [tile.box for tile in self.tiles[: len(movies)]]
            self.heading.value = heading or ("" if movies else "<p>No movies.</p>")
            self.grid.remove_class("movie-dim")


def _display(parts: list, instead: str) -> None:
    """
    Show widgets, and a page in their place where there are none: on GitHub, in
    an exported page.
    """
    import ipywidgets as widgets

    box = widgets.VBox([widgets.HTML(_STYLE), *parts])
    words = re.sub(r"<[^>]*>", "", instead[instead.rindex("<p>") :])
    display({**box._repr_mimebundle_(), "text/html": instead, "text/plain": words}, raw=True)


# --- The search box ------------------------------------------------------------------------------

_EXAMPLES = [
    "time travel",
    "a toy comes to life",
    "high school comedy",
    "the mafia",
    "serial killer",
]
_FOUND = 16  # answers on a page
# A filter that nothing passes shows as "No movies.", and *Without* is typed letter by letter. This
# is said once, for our own calls: the
# filters of warnings are the whole process's, and a change for a while on one thread may stay.
_EXPECTED = "no movie passes|without removed nothing"
warnings.filterwarnings("ignore", _EXPECTED, module=re.escape(__name__))


def try_it(collection: chromadb.Collection, watchlist: Any = None) -> Taste | None:
    """
    Show a search box with filters, and its answers as posters while one types.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    watchlist
        Movies as `recommend` takes them. A box to tick then keeps to them.

    Returns
    -------
    Taste
        What one says of the answers by their buttons; `ask_me(collection,
        taste)` goes on with it. None in a terminal. End the cell with a
        semicolon, or it is shown.
    """
    if not in_notebook():
        print("A search box needs a notebook. Here, use find_movies(collection, ...).")
        return None
    search = _Search(collection, watchlist)
    sentence = "Here is a search box, in JupyterLab or VS Code: run the notebook there."
    _display(search.parts, f"<p><i>{sentence}</i></p>")
    return search.taste


class _Search:
    """A form, and the answers to it."""

    def __init__(self, collection: chromadb.Collection, watchlist: Any):
        import ipywidgets as widgets

        self.taste, self._collection, self._watchlist = Taste(), collection, watchlist
        self._like: dict = {}  # the movie that others are to be like
        movies = list_movies(collection)
        self._make_controls(movies)
        self._answers = _Answers(self._find, self.taste, pause=0.3)
        words = ["like", "seen", "more like this"]
        self._answers.tiles = [_Tile(words, self._press) for _ in range(_FOUND)]
        examples = [widgets.Button(description=example) for example in _EXAMPLES]
        for button in examples:
            button.on_click(self._take)
        for control in self._controls:
            control.observe(self._ask, names="value")
        flow = widgets.Layout(flex_flow="row wrap", overflow="visible")
        rows = [
            widgets.HBox([self._query, *examples], layout=flow),
            widgets.HBox(self._controls[1:], layout=flow),
        ]
        for row in rows:
            row.add_class("movie-buttons")
        self.parts = [*rows, self._answers.heading, self._answers.grid]
        self._answers.answer()

    def _make_controls(self, movies: pl.DataFrame) -> None:
        import ipywidgets as widgets

        def span(name: str) -> tuple[int, int]:
            known = movies.get_column(name, default=pl.Series([0])).drop_nulls().cast(pl.Int64)
            return (min(known), max(known)) if len(known) else (0, 0)

        self._years, self._minutes = span("year"), span("runtime")
        close = {"description_width": "initial"}
        wide, narrow = {"width": "330px", "max_width": "96%"}, {"width": "auto"}
        question = "What is the movie about?"
        self._query = widgets.Text(
            "a robot that learns what love is", placeholder=question, tooltip=question, layout=wide
        )
        self._without = widgets.Text(
            placeholder="words, with commas between", description="Without", style=close
        )
        genres = sorted(set(movies["genres"].explode().drop_nulls()))
        codes = movies["original_language"].drop_nulls().unique()
        languages = sorted((_name_language(code), code) for code in codes)
        self._genre, self._language = (
            widgets.Dropdown(options=options, description=label, style=close, layout=narrow)
            for label, options in (
                ("Genre", [("any", ""), *zip(genres, genres, strict=True)]),
                ("Language", [("any", ""), *languages]),
            )
        )
        low, high = self._years
        self._span = widgets.IntRangeSlider(
            value=self._years, min=low, max=high, description="Years", style=close
        )
        low, high = self._minutes
        self._length = widgets.IntSlider(
            value=high, min=low, max=high, description="Minutes at most", style=close
        )
        self._only = widgets.Checkbox(description="only from my watchlist", indent=False)
        self._controls = [self._query, self._genre, self._language, self._span, self._length]
        self._controls += [self._without, self._only]
        for control, useful in (
            (self._span, len(set(self._years)) > 1),
            (self._length, len(set(self._minutes)) > 1),
            (self._only, self._watchlist is not None),
        ):
            control.layout.display = None if useful else "none"

    def _take(self, button: Any) -> None:
        self._query.value = button.description
        self._ask()  # also where these words stand there already

    def _ask(self, _=None) -> None:
        self._like = {}
        self._answers.ask()

    def _press(self, movie: dict, word: str) -> None:
        if word == "more like this":
            self._without.value = ""  # which `recommend` does not know
            self._like = movie
        else:
            self.taste.say(movie["id"], None if self.taste.look_up(movie["id"]) == word else word)
        self._answers.ask()

    def _find(self) -> tuple[str, list[dict]]:
        where = self._make_filter()
        # What was seen makes room.
        how: dict = {"where": where, "n": _FOUND + len(self.taste.seen)}
        if self._only.value:
            how["among"] = self._watchlist
        if self._like:
            heading = f"<p>More like <b>{html.escape(self._like['title'])}</b>:</p>"
            movies = recommend(self._collection, self._like["id"], **how)
        elif self._query.value.strip():
            heading = ""
            without = self._without.value
            movies = find_movies(self._collection, self._query.value, without=without, **how)
        else:
            return "<p>What is the movie about?</p>", []
        return heading, movies.filter(~pl.col("id").is_in(self.taste.seen)).head(_FOUND).to_dicts()

    def _make_filter(self) -> dict | None:
        """
        Make Chroma's filter of what was chosen. A whole range lets movies pass
        that lack the fact.
        """
        chosen: list[tuple[Any, dict]] = [
            (self._genre.value, {"genres": {"$contains": self._genre.value}}),
            (self._language.value, {"original_language": self._language.value}),
            (self._span.value != self._years, {"year": {"$gte": self._span.value[0]}}),
            (self._span.value != self._years, {"year": {"$lte": self._span.value[1]}}),
            (self._length.value != self._minutes[1], {"runtime": {"$lte": self._length.value}}),
        ]
        parts = [part for it_is, part in chosen if it_is]
        return join_filters(*parts)


# TMDb's own codes, which no standard has.
_LANGUAGES = {"cn": "Cantonese", "xx": "No language"}


def _name_language(code: str) -> str:
    from babel import Locale

    return _LANGUAGES.get(code) or Locale("en").languages.get(code) or code


# --- The weights ---------------------------------------------------------------------------------

_PARTS = {"meaning": "by_text", "words": "by_words", "titles": "by_title", "votes": "by_votes"}


def weigh(collection: chromadb.Collection, query: str) -> None:
    """
    Show what the weights of `find_movies` do: a slider for each part of its
    score, and under them the answers.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A question without facts, negation or *like TITLE*, for all of it is
        compared.
    """
    if not in_notebook():
        print("Sliders need a notebook.")
        return
    import ipywidgets as widgets

    near = find_nearest(collection, embed_query(collection, query), Scope(1_000))
    movies = add_facts(collection, near)
    ranked = rank(movies, fold_one(query))
    sliders = {
        part: widgets.FloatSlider(1, min=0, max=3, step=0.25, description=part) for part in _PARTS
    }
    table = widgets.HTML()

    def answer(_=None) -> None:
        changes = [(sliders[part].value - 1) * pl.col(by) for part, by in _PARTS.items()]
        best = ranked.with_columns(pl.sum_horizontal("score", *changes))
        best = best.sort("score", descending=True, maintain_order=True).head(8)
        table.value = _show_table(best.select("title", "year", "score", **_PARTS))

    for slider in sliders.values():
        slider.observe(answer, names="value")
    answer()
    sentence = "In JupyterLab or VS Code, a slider for each part stands over this table."
    _display([*sliders.values(), table], f"{table.value}<p><i>{sentence}</i></p>")


# --- A talk about one's taste --------------------------------------------------------------------

_AT_ONCE = 8  # starters in a row
_ANSWERED = 12


def ask_me(collection: chromadb.Collection, taste: Taste | None = None) -> Taste:
    """
    Ask what somebody thinks of some movies, and recommend others at each click.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    taste
        What was said before, to go on with.

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
    talk = _Talk(collection, taste)
    first = draw_page(
        [describe(movie) for movie in talk.starters[:6]],
        _name_colours(config.TMDB_LANGUAGE),
        short=True,
    )
    sentence = (
        "In JupyterLab or VS Code, buttons stand here: say which of these you like, and "
        "recommendations follow each click."
    )
    _display(talk.parts, f"{first}<p><i>{sentence}</i></p>")
    return taste


class _Talk:
    """Movies to say something of, and recommendations that follow."""

    def __init__(self, collection: chromadb.Collection, taste: Taste):
        import ipywidgets as widgets

        self._collection, self._taste = collection, taste
        self._said: list[tuple[str, str | None]] = []  # movies, and what was said of them before
        # Those for a start, then as many again as somebody may want to rate.
        asked = pl.concat([find_starters(collection, 24), find_starters(collection, 96)])
        self.starters = asked.unique("id", maintain_order=True).to_dicts()
        self._titles = dict(list_movies(collection).select("id", "title").iter_rows())
        self._row = [_Tile([*_SAID], self._press, short=True) for _ in self.starters[:_AT_ONCE]]
        self._place = widgets.Box()
        self._answers = _Answers(self._find, taste, pause=0.05)
        self._answers.tiles = [_Tile([*_SAID], self._press) for _ in range(_ANSWERED)]
        more, self._undo = (widgets.Button(description=word) for word in ("more to rate", "undo"))
        more.on_click(self._show_more)
        self._undo.on_click(self._take_back)
        self._fame = _make_fame(list_movies(collection))
        self._fame.observe(self._answers.ask, names="value")
        controls = widgets.HBox([more, self._undo, self._fame], layout={"flex_flow": "row wrap"})
        controls.add_class("movie-buttons")
        question = widgets.HTML("<b>What do you think of these?</b>")
        self.parts = [question, self._place, controls, self._answers.heading, self._answers.grid]
        self._queue = [movie for movie in self.starters if not taste.look_up(movie["id"])]
        self._show_row()
        self._answers.answer()

    def _show_row(self) -> None:
        import ipywidgets as widgets

        rest = [movie for movie in self.starters if movie not in self._queue]
        movies = (self._queue + rest)[:_AT_ONCE]
        for tile, movie in zip(self._row, movies, strict=False):
            tile.show(movie, self._taste)
        row = widgets.Box([tile.box for tile in self._row])  # a new one is not scrolled
        row.add_class("movie-row")
        self._place.children = [row]

    def _show_more(self, _) -> None:
        shown, rest = self._queue[:_AT_ONCE], self._queue[_AT_ONCE:]
        self._queue = rest + [movie for movie in shown if not self._taste.look_up(movie["id"])]
        self._show_row()

    def _press(self, movie: dict, word: str) -> None:
        """Say a word of a movie, or take it back by the same button."""
        id = movie["id"]
        said = None if self._taste.look_up(id) == word else word
        self._said.append((id, self._taste.say(id, said)))
        self._go_on()

    def _take_back(self, _) -> None:
        if self._said:
            self._taste.say(*self._said.pop())
            self._go_on()

    def _go_on(self) -> None:
        for tile in self._row:
            tile.mark(self._taste)
        self._answers.ask()

    def _find(self) -> tuple[str, list[dict]]:
        # What the collection no longer holds tells nothing here.
        said = vars(self._taste).items()
        taste = Taste(**{word: [id for id in ids if id in self._titles] for word, ids in said})
        told = " · ".join(
            f"{words}: {html.escape(', '.join(self._titles.get(id) or id for id in ids))}"
            for words, ids in (
                ("You like", taste.liked),
                ("not for you", taste.disliked),
                ("seen", taste.seen),
            )
            if ids
        )
        if not taste.liked:
            return f"<p>{told} Say which movie you like, and others for you appear here.</p>", []
        movies = recommend(
            self._collection,
            taste.liked,
            n=_ANSWERED,
            disliked=taste.disliked,
            seen=taste.seen,
            where=self._fame.value or None,
        )
        return f"<p><b>For you</b> ({told}):</p>", movies.to_dicts()


def _make_fame(movies: pl.DataFrame) -> Any:
    """Make a slider from what many have seen to what few have."""
    import ipywidgets as widgets

    votes = movies["vote_count"].drop_nulls()
    quarter, half, most = (int(votes.quantile(part) or 0) for part in (0.25, 0.5, 0.75))
    fame = {
        "well known": {"vote_count": {"$gte": most}},
        "all": {},
        "less known": {"vote_count": {"$lte": half}},
        "hidden gems": {"vote_count": {"$lte": quarter}},
    }
    slider = widgets.SelectionSlider(
        options=[*fame.items()],
        index=1,
        description="Well known or not",
        style={"description_width": "initial"},
    )
    slider.layout.display = None if quarter < most else "none"
    return slider


# --- Tables and figures --------------------------------------------------------------------------


def _show_table(df: pl.DataFrame) -> str:
    """
    Make a table of a frame: no quotes, texts to the left, numbers to the
    right.
    """

    def show(name: str, value: object) -> str:
        if isinstance(value, pl.Series | list):
            value = ", ".join(map(to_text, value))
        text = f"{value:.3f}" if isinstance(value, float) and np.isfinite(value) else to_text(value)
        text = text if len(text) <= 70 else f"{text[:69]}…"
        return to_italics(text) if name == "because" else html.escape(text)

    sides = ["right" if dtype.is_numeric() else "left" for dtype in df.dtypes]
    style = [f'style="text-align:{side};padding:0.3em 0.6em"' for side in sides]
    head = "".join(
        f"<th {at}>{html.escape(name)}</th>" for at, name in zip(style, df.columns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td {at}>{show(*cell)}</td>" for at, cell in zip(style, row.items(), strict=True)
        )
        + "</tr>"
        for row in df.head(20).iter_rows(named=True)
    )
    more = f"<p>and {len(df) - 20:,} more rows</p>" if len(df) > 20 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def show_figure(figure: Figure, alt: str) -> None:
    """Show a figure of matplotlib, with a text for those who cannot see it."""
    import matplotlib.pyplot as plt

    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


# Legible on light and on dark. The greys of the two axes differ by one, since a notebook lays a
# plot whose labels are all light, or all dark, on a slab of the other colour.
_ON_ANY_THEME: dict[Any, str] = {
    **dict.fromkeys(["figure.facecolor", "axes.facecolor", "legend.facecolor"], "none"),
    **dict.fromkeys(["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color"], "#808080"),
    "ytick.color": "#7F7F7F",
}
if (shell := get_ipython()) is not None:
    import matplotlib

    matplotlib.rcParams.update(_ON_ANY_THEME)
    shell.display_formatter.formatters["text/html"].for_type(pl.DataFrame, _show_table)
