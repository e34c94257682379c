"""Answers as pictures: posters, a map and a search box, which only a notebook can
show.

Importing this also lets a notebook show polars frames as tables without
quotes, with texts to the left.
"""

from __future__ import annotations

import asyncio
import html
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from IPython import get_ipython
from IPython.display import HTML, display

import config
from main import TMDbError, find_movies, get_id_to_genre, list_movies

if TYPE_CHECKING:
    import chromadb

__all__ = ["draw_map", "show_movies", "try_it"]

# Okabe and Ito's colours (2008), which the colour-blind can tell apart, for TMDb's genre ids.
# Tiles and map share them.
_COLOURS = {
    "#0072B2": (18, 36, 99),  # drama, history, documentary
    "#F0E442": (35,),  # comedy
    "#E69F00": (28, 12, 10752, 37),  # action, adventure, war, western
    "#D55E00": (27, 53, 80, 9648),  # horror, thriller, crime, mystery
    "#56B4E9": (878, 14),  # science fiction, fantasy
    "#009E73": (16, 10751),  # animation, family
    "#CC79A7": (10749, 10402),  # romance, music
}
_OTHER = "#999999"


@lru_cache  # or every picture might wait for a network that is gone
def _name_colours(language: str) -> dict[str, str]:
    """Map the names of genres in a language to their colours."""
    try:
        id_to_genre = get_id_to_genre()
    except TMDbError:  # a picture of what is stored needs no network
        return {}
    return {
        id_to_genre[id]: colour
        for colour, ids in _COLOURS.items()
        for id in ids
        if id in id_to_genre
    }


# What no picture can hold: control characters, and half of a character (a lone surrogate), end the
# process in vl-convert, since XML has no place for them; a terminal obeys some, and others turn
# the direction of all that follows.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def _to_text(value: Any) -> str:
    """Write a fact in one line, an empty one if it is missing."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if (
        isinstance(value, float) and value.is_integer()
    ):  # a year, in a column where others have none
        value = int(value)
    return " ".join(_UNPRINTABLE.sub(" ", str(value)).split())


# --- Posters -------------------------------------------------------------------------------------

# Styles stand in the elements, and are old ones: from a notebook that it does not trust yet,
# JupyterLab takes <style>, scripts and what it does not know. The poster that one sees is a
# background, so that one that does not load leaves the tile's colour and no mark of a broken
# image. The image before it is invisible, and there for its alternative text and for GitHub, which
# takes all styles: a table of small posters stays.
_POSTERS = "https://image.tmdb.org/t/p/w342"
_FLOW = "display:inline;border:0;background:none;padding:0;margin:0"
_GRID = "display:block;width:0;min-width:100%;table-layout:auto;border:0;margin:0;text-align:left"
_CELL = (
    "display:inline-block;width:120px;max-width:120px;padding:0;margin:8px 10px 8px "
    "0;border:0;vertical-align:top;"
    "text-align:left;white-space:normal;word-wrap:break-word;font-size:12px;line-height:1.35"
)
_TILE = "border-radius:6px;overflow:hidden;margin-bottom:4px"
_POSTER = "height:180px;background-size:cover;background-position:center"
_IMAGE = "display:block;width:120px;height:180px;max-width:none;margin:0;opacity:0"
_TITLE = "padding:6px 7px 7px;min-height:32px;font-size:12px;line-height:1.3"
_ROW = 6  # movies in a row where no style lets them flow


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
        with a column `title`. Of the others `year`, `genres`, `because` or
        else `distance`, and `poster_path` are shown. Anything may be missing.

    Returns
    -------
    IPython.display.HTML
        What a notebook's cell shows when it ends with it; a terminal prints a
        line a movie. Posters come from TMDb's image host. A movie without one,
        or without a network, shows a tile in the colour of its first genre.

    Raises
    ------
    ValueError
        If there is no column `title`.
    """
    if "title" not in df.columns:
        raise ValueError(f"the frame has no column 'title' to show; it has {df.columns}")
    if df.is_empty():
        return _Posters("<p>No movies.</p>", "No movies.")
    movies = [_describe(movie) for movie in df.iter_rows(named=True)]
    cells = [_show_movie(**movie) for movie in movies]
    rows = [
        f'<tr style="{_FLOW}">{"".join(cells[at : at + _ROW])}</tr>'
        for at in range(0, len(cells), _ROW)
    ]
    lines = [
        f"{m['title']} ({m['year'] or 'no year'})" + (f": {m['reason']}" if m["reason"] else "")
        for m in movies
    ]
    return _Posters(
        f'<table style="{_GRID}"><tbody style="{_FLOW}">{"".join(rows)}</tbody></table>',
        "\n".join([*lines, "(A notebook shows these as posters.)"]),
    )


def _describe(movie: dict) -> dict[str, Any]:
    """Read what a picture tells of a movie, as texts."""
    genres = movie.get("genres")
    genres = [_to_text(genre) for genre in (genres if isinstance(genres, list) else [genres])]
    reason, distance = _to_text(movie.get("because")), movie.get("distance")
    if re.match("title$|the words? |its text$", reason):
        reason = f"by {reason}"
    elif not reason and _to_text(distance):
        reason = (
            f"distance {distance:.2f}"
            if isinstance(distance, float)
            else f"distance {_to_text(distance)}"
        )
    return {
        "title": _to_text(movie["title"]) or "Untitled",
        "year": _to_text(movie.get("year")),
        "genres": [genre for genre in genres if genre],
        "reason": reason,
        "poster": _to_text(movie.get("poster_path")),
    }


def _show_movie(title: str, year: str, genres: list[str], reason: str, poster: str) -> str:
    # Whoever edits TMDb writes these words: all of them are escaped.
    background = _name_colours(config.TMDB_LANGUAGE).get(genres[0] if genres else "", _OTHER)
    foreground = "#FFFFFF" if background == "#0072B2" else "#000000"
    # A genre that the reason names does not stand there twice.
    named = re.split(r"[:;,]\s*", reason)
    facts = " · ".join(
        filter(None, [year, ", ".join(genre for genre in genres if genre not in named)])
    )
    because = re.sub(r"\*(.+?)\*", r"<i>\1</i>", html.escape(reason))
    image = cover = ""
    if re.fullmatch(r"/[A-Za-z0-9_-]+\.jpg", poster):
        cover = f";background-image:url('{_POSTERS}{poster}')"
        alt = f"Poster of {html.escape(title)}"
        image = f'<img src="{_POSTERS}{poster}" alt="{alt}" width="92" style="{_IMAGE}">'
    return (
        f'<td valign="top" style="{_CELL}">'
        f'<div style="{_TILE};background-color:{background};color:{foreground}">'
        f'<div style="{_POSTER}{cover}">{image}</div>'
        f'<div style="{_TITLE}"><b>{html.escape(title)}</b></div></div>'
        f"<div>{html.escape(facts)}</div><div>{because}</div></td>"
    )


# --- The map -------------------------------------------------------------------------------------

_NAMED = 25  # movies that the map names: more names would lie upon each other
_GREY = "#808080"  # legible on light and on dark


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
    stored = collection.get(include=["embeddings"])
    layout = _lay_out(np.array(stored["embeddings"], dtype=float), collection.name)
    movies = list_movies(collection).join(
        pl.DataFrame({"id": stored["ids"], "x": layout[:, 0], "y": layout[:, 1]}),
        on="id",
        maintain_order="left",
    )
    movies = movies.select(
        pl.Series("title", [_to_text(title) or "Untitled" for title in movies["title"]], pl.String),
        "year",
        pl.Series("genre", [_to_text(genre) for genre in movies["genres"].list.first()], pl.String),
        "x",
        "y",
        named=pl.col("id").is_in(answers["id"].head(_NAMED).to_list()),
    )
    return _Map(_make_chart(movies, _name_islands(movies)))


def _lay_out(embeddings: np.ndarray, name: str) -> np.ndarray:
    """Lay embeddings out in two dimensions, where equal ones share a point."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # Of numbers that are none, or embeddings that are all equal, t-SNE ends the process.
    if not np.isfinite(embeddings).all():
        raise ValueError(
            f"{name} holds embeddings that are no finite numbers, and a map has no place for them"
        )
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=-1, keepdims=True), 1e-300)
    distinct, place = np.unique(unit.round(6), axis=0, return_inverse=True)
    if len(distinct) < 5:
        raise ValueError(
            f"a map takes five movies of different texts or more, and {name} holds "
            f"{len(embeddings):,} movies with "
            f"{len(distinct)} different embeddings"
        )
    tsne = TSNE(
        metric="cosine",
        init="pca",
        perplexity=min(30, (len(distinct) - 1) / 3),
        max_iter=500,
        random_state=0,
    )
    with threadpool_limits(
        1
    ):  # with torch in the same process, its threads and scikit-learn's wait for each other
        return tsne.fit_transform(distinct)[place].astype(float).round(2)


def _name_islands(movies: pl.DataFrame) -> list[dict]:
    """
    Find the middles of islands, and the genre that each has more of than the
    whole map.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    points = movies.select("x", "y").to_numpy()
    with threadpool_limits(1):
        islands = KMeans(
            min(10, max(1, len(np.unique(points, axis=0)) // 5)), n_init=3, random_state=0
        ).fit(points)
    middles = pl.DataFrame(islands.cluster_centers_, schema=["x", "y"]).with_row_index("island")
    everywhere = (
        pl.len().over("genre") / len(movies) + 0.02
    )  # a genre of few movies is no island's name by chance
    return (
        movies.select(
            "genre", everywhere=everywhere, island=pl.Series(islands.labels_, dtype=pl.UInt32)
        )
        .filter(pl.col("genre") != "")
        .group_by("island", "genre")
        .agg(lift=pl.len() / pl.col("everywhere").first())
        .sort("lift", "genre", descending=True)
        .unique("island", keep="first", maintain_order=True)
        .join(middles, on="island")
        .select("genre", "x", "y")
        .to_dicts()
    )


def _place_names(movies: pl.DataFrame, left: float, right: float) -> pl.DataFrame:
    """
    Place the names of neighbours, which would lie upon each other, in a column
    `left` or `right` of the map.
    """
    named = movies.filter("named").sort("y")
    x, y = named["x"].to_numpy(), named["y"].to_numpy()
    low, high = movies["y"].to_numpy().min(), movies["y"].to_numpy().max()
    offsets = (np.arange(len(y)) - (len(y) - 1) / 2) * (high - low) / (_NAMED - 1)
    middle = np.clip(y.mean(), low - offsets[0], high - offsets[-1]) if len(y) else 0
    to_the_right = len(x) > 0 and x.mean() > (left + right) / 2
    long = (
        pl.col("title").str.len_chars() > 32
    )  # not cut by Vega, which cuts some characters into halves
    return named.with_columns(
        name=pl.when(long).then(pl.col("title").str.head(31) + "…").otherwise("title"),
        name_x=pl.lit(right if to_the_right else left),
        name_y=pl.Series(offsets + middle, dtype=pl.Float64),
        to_the_right=pl.lit(to_the_right),
    )


def _make_chart(movies: pl.DataFrame, middles: list[dict]) -> dict:
    import altair as alt

    # Genres of one colour stand together in the legend.
    colours = _name_colours(config.TMDB_LANGUAGE)
    first_genres = set(movies["genre"])
    together = {
        colour: ", ".join(
            name for name in colours if colours[name] == colour and name in first_genres
        )
        for colour in _COLOURS
    }
    legend = {label: colour for colour, label in together.items() if label} | {"other": _OTHER}
    group = {name: together[colour] for name, colour in colours.items()}
    movies = movies.with_columns(
        group=pl.col("genre").replace_strict(group, default="other", return_dtype=pl.String)
    )

    xs = movies["x"].to_numpy()
    edge = (xs.max() - xs.min()) / 20
    named = _place_names(movies, xs.min() - edge, xs.max() + edge)
    to_the_right = named["to_the_right"].any()
    points = alt.Chart(alt.Data(values=movies.drop("named").to_dicts()))
    names = alt.Chart(alt.Data(values=named.drop("named").to_dicts()))
    side, margin = (xs.max(), edge) if to_the_right else (xs.min(), -edge)
    outer = alt.expr(
        f"{side} + {margin} * (width < 500 ? 17.5 : 9.5)"
    )  # names take more of a phone's width
    domain = [xs.min() - edge / 2, outer] if to_the_right else [outer, xs.max() + edge / 2]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=domain, nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False))
    colour = alt.Color(
        "group:N",
        scale=alt.Scale(domain=list(legend), range=list(legend.values())),
        legend=alt.Legend(
            title=None,
            orient="bottom",
            columns=alt.expr("width < 500 ? 1 : 3"),
            labelLimit=0,
            labelColor=_GREY,
        ),
    )
    hover = ["title:N", "year:N", "genre:N"]
    islands = alt.Chart(alt.Data(values=middles)).encode(x, y, text="genre:N")
    aside = {"align": "left", "dx": 4} if to_the_right else {"align": "right", "dx": -4}
    narrow = alt.expr("width < 500 ? 100 : 999")
    described = (
        f"A map of {len(movies):,} movies: each is a point in the colour of its first genre, "
        "near ones together."
    )
    chart = alt.layer(
        points.mark_circle(size=28, opacity=1).encode(x, y, colour, tooltip=hover).interactive(),
        islands.mark_text(
            fontSize=13, fontStyle="italic", stroke="#FFFFFF", strokeWidth=4, strokeJoin="round"
        ),
        islands.mark_text(fontSize=13, fontStyle="italic", color="#222222"),
        names.mark_rule(color=_GREY).encode(x, y, x2="name_x:Q", y2="name_y:Q"),
        names.mark_point(size=90, color=_GREY, strokeWidth=2, opacity=1).encode(
            x, y, tooltip=hover
        ),
        names.mark_text(
            **aside, baseline="middle", fontSize=12, fontWeight="bold", color=_GREY, limit=narrow
        ).encode(alt.X("name_x:Q"), alt.Y("name_y:Q"), text="name:N"),
    ).properties(width=720, height=480, background="transparent", description=described)
    spec = chart.configure_view(stroke=None).to_dict()
    # JupyterLab gives a chart no width to fill ("container" is 0 there): the window's is asked
    # for, when it is drawn.
    width = {"name": "width", "init": "clamp(windowSize()[0] - 150, 240, 720)"}
    patch = [
        {"op": "remove", "path": "/width"},
        {"op": "add", "path": "/signals/0", "value": width},
    ]
    return spec | {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json",
        "usermeta": {"embedOptions": {"patch": patch}},
    }


# --- The search box ------------------------------------------------------------------------------

_EXAMPLES = ["time loop", "bank robbery", "her", "a toy is jealous", "feel good movie in paris"]
_PAUSE = 0.3  # seconds without a key pressed after which the question is asked


def try_it(collection: chromadb.Collection) -> Any:
    """
    Show a search box with filters, and its answers as posters while one types.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.

    Returns
    -------
    ipywidgets.VBox
        What was shown; None in a terminal. End the cell with a semicolon, or
        it is shown twice.
    """
    if not hasattr(get_ipython(), "kernel"):
        print("A search box needs a notebook. Here, use find_movies(collection, ...).")
        return None
    import ipywidgets as widgets

    movies = list_movies(collection)
    years = movies["year"].drop_nulls().cast(pl.Int64).to_list() or [0]
    whole = (min(years), max(years))
    wide = {"width": "480px", "max_width": "94%"}
    query = widgets.Text(value="a robot that learns what love is", description="About", layout=wide)
    without = widgets.Text(
        placeholder="words that it must not hold", description="Without", layout=wide
    )
    genre, language = (
        widgets.Dropdown(options=["any", *sorted(set(names.drop_nulls()))], description=label)
        for label, names in (
            ("Genre", movies["genres"].explode()),
            ("Language", movies["original_language"]),
        )
    )
    span = widgets.IntRangeSlider(
        value=whole, min=whole[0], max=whole[1], description="Years", layout=wide
    )
    span.layout.display = "none" if whole[0] == whole[1] else None
    examples = [
        widgets.Button(description=example, layout={"width": "auto"}) for example in _EXAMPLES
    ]
    answers = widgets.HTML(
        layout={"min_height": "320px"}
    )  # or the page would jump at each question
    changes = 0

    def answer(change: int) -> None:
        if change == changes:  # nothing was typed since
            where = _make_filter(genre.value, language.value, span.value, whole)
            page = _answer(collection, query.value, where, without.value)
            if (
                change == changes
            ):  # nor meanwhile, for JupyterLab hands over what one types on a thread of its own
                answers.value = page

    def change(_=None) -> None:
        nonlocal changes
        changes += 1
        answers.value = "<p>Searching …</p>"  # what stood there answers another question
        try:
            asyncio.get_running_loop().call_later(_PAUSE, answer, changes)
        except RuntimeError:  # no notebook's loop: nobody types
            answer(changes)

    for control in (query, without, genre, language, span):
        control.observe(change, names="value")
    for button in examples:
        button.on_click(lambda button: query.set_trait("value", button.description))
    answer(0)
    flow = widgets.Layout(flex_flow="row wrap")
    rows = [
        query,
        widgets.HBox(examples, layout=flow),
        without,
        widgets.HBox([genre, language], layout=flow),
        span,
    ]
    box = widgets.VBox([*rows, answers])
    # Where there are no widgets (on GitHub, in an exported page), the sentence stands in their
    # place.
    static = "*Here is a search box, in JupyterLab or VS Code: open the notebook there and run this cell.*"
    display({**box._repr_mimebundle_(), "text/markdown": static, "text/plain": static}, raw=True)
    return box


def _make_filter(genre: str, language: str, span: tuple, whole: tuple) -> dict | None:
    """
    Make Chroma's filter of what was chosen. The whole range of years lets
    movies without a year pass.
    """
    parts: list[dict] = [{"genres": {"$contains": genre}}] if genre != "any" else []
    parts += [{"original_language": language}] if language != "any" else []
    parts += (
        [{"year": {"$gte": span[0]}}, {"year": {"$lte": span[1]}}] if tuple(span) != whole else []
    )
    return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None


def _answer(collection: chromadb.Collection, query: str, where: dict | None, without: str) -> str:
    """Answer with posters under the question, or with a sentence."""
    if not query.strip():
        return "<p>What is the movie about?</p>"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a filter that nothing passes shows as "No movies."
            movies = find_movies(
                collection, query, n=16, where=where, without=re.split(r"[,\s]+", without)
            )
        return str(show_movies(movies).data)
    except Exception as error:  # here nobody would see a traceback
        return f"<p>{html.escape(f'This cannot be answered: {error} ({type(error).__name__})')}</p>"


# --- Tables --------------------------------------------------------------------------------------


def _show_table(df: pl.DataFrame) -> str:
    """
    Make a table of a frame: no quotes, texts to the left, numbers to the
    right.
    """

    def show(value: object) -> str:
        if isinstance(value, pl.Series | list):
            value = ", ".join(map(_to_text, value))
        text = (
            f"{value:.3f}" if isinstance(value, float) and np.isfinite(value) else _to_text(value)
        )
        return html.escape(text if len(text) <= 70 else f"{text[:69]}…")

    sides = ["right" if dtype.is_numeric() else "left" for dtype in df.dtypes]
    style = [f'style="text-align:{side}"' for side in sides]
    head = "".join(
        f"<th {at}>{html.escape(name)}</th>" for at, name in zip(style, df.columns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td {at}>{show(value)}</td>" for at, value in zip(style, row, strict=True))
        + "</tr>"
        for row in df.head(20).iter_rows()
    )
    more = f"<p>and {len(df) - 20:,} more rows</p>" if len(df) > 20 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


if (shell := get_ipython()) is not None:
    shell.display_formatter.formatters["text/html"].for_type(pl.DataFrame, _show_table)
