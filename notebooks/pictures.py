"""
Answers as pictures: posters, a map, and a panel to find movies in, which only a
notebook can show.

Importing this also lets a notebook show polars frames as tables without
quotes, with texts to the left, and plots that suit a light and a dark theme.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from IPython import get_ipython
from IPython.display import HTML, display

import config
from main import list_movies
from notebooks.panel import Taste, ask_me, name_colours, show_widgets, try_it
from notebooks.recommender.candidates import NEAREST, find_candidates, open_index
from notebooks.recommender.chart import (
    NAMED,
    draw_figure,
    draw_image,
    draw_intervals,
    lay_out,
    make_chart,
    name_islands,
)
from notebooks.recommender.collection import Scope, get_embeddings
from notebooks.recommender.keywords import embed_question
from notebooks.recommender.progress import in_notebook
from notebooks.recommender.question import read_question
from notebooks.recommender.rank import rank
from notebooks.recommender.tiles import CREDIT, describe, draw_page, to_italics, to_text

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
    return _Posters(draw_page(movies, name_colours(config.TMDB_LANGUAGE)), "\n".join(lines))


# --- The map -------------------------------------------------------------------------------------


class _Map(dict):
    """A Vega-Lite chart that shows as a picture where nothing draws it."""

    def __repr__(self) -> str:
        return f"{self['description']} A notebook draws it."

    def _repr_mimebundle_(self, **kwargs) -> dict:
        import vl_convert

        # JupyterLab brings Vega-Lite 5 and draws no other: the chart is declared to be of that
        # version.
        png = vl_convert.vegalite_to_png(dict(self), vl_version="5.20", scale=2)
        # Not HTML: JupyterLab would show it in place of the chart.
        return {
            "application/vnd.vegalite.v5+json": dict(self),
            "text/markdown": draw_image(png, self["description"], width=720),
            "text/plain": repr(self),
        }


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
    colours = name_colours(config.TMDB_LANGUAGE)
    return _Map(make_chart(movies, name_islands(movies), colours))


# --- The weights ---------------------------------------------------------------------------------

_PARTS = {"meaning": "by_text", "words": "by_words", "titles": "by_title", "votes": "by_votes"}


def weigh(collection: chromadb.Collection, query: str) -> None:
    """
    Show what the weights of `find_movies` do: a number to turn for each part of
    its score that differs among the answers, and under them the answers.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A question without facts, negation or *like TITLE*, for all of it is
        compared.
    """
    if not in_notebook():
        print("Weights to turn need a notebook.")
        return
    import ipywidgets as widgets

    index = open_index(collection)
    question = read_question(query, index.known)
    question = embed_question(collection, index.known.labels, question)
    ranked = rank(find_candidates(collection, index, question, Scope(NEAREST)), question)
    parts = {part: by for part, by in _PARTS.items() if ranked[by].n_unique() > 1}
    # Not sliders: theirs have no name that a screen reader could tell.
    weights = {
        part: widgets.BoundedFloatText(1, max=3, step=0.25, description=part) for part in parts
    }
    table = widgets.HTML()

    def answer(_=None) -> None:
        changes = [(weights[part].value - 1) * pl.col(by) for part, by in parts.items()]
        best = ranked.with_columns(pl.sum_horizontal("score", *changes))
        best = best.sort("score", descending=True, maintain_order=True).head(8)
        table.value = _show_table(best.select("title", "year", "score", **parts))

    for weight in weights.values():
        weight.observe(answer, names="value")
    answer()
    heading = f"<p>What counts how much in the answers to <i>{html.escape(query)}</i>:</p>"
    sentence = "In JupyterLab or VS Code, a weight for each part stands over this table."
    show_widgets(
        [widgets.HTML(heading), *weights.values(), table],
        f"{heading}{table.value}<p><i>{sentence}</i></p>",
    )


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

    display({"text/html": draw_figure(figure, alt), "text/plain": alt}, raw=True)
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
