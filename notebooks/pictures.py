"""Answers as pictures: posters, a map and a search box, which only a notebook can show.

Importing this also lets a notebook show polars frames as tables without quotes, with texts to the left.
"""

from __future__ import annotations

import asyncio
import html
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from IPython import get_ipython
from IPython.display import HTML, display

from main import TMDbError, find_movies, get_id_to_genre, list_movies

if TYPE_CHECKING:
    import chromadb

__all__ = ["draw_map", "show_movies", "try_it"]

# Okabe and Ito's colours (2008), which colour-blind people can tell apart, by TMDb's genre ids; and the colour of a
# text on each. Tiles and map share them.
_COLOURS = {
    18: ("#0072B2", "#FFFFFF"),  # drama
    35: ("#F0E442", "#222222"),  # comedy
    28: ("#D55E00", "#FFFFFF"),  # action
    27: ("#CC79A7", "#222222"),  # horror
    16: ("#56B4E9", "#222222"),  # animation
    12: ("#009E73", "#FFFFFF"),  # adventure
    80: ("#E69F00", "#222222"),  # crime
}
_OTHER = ("#BBBBBB", "#222222")


def _name_colours() -> dict[str, tuple[str, str]]:
    """Map the names of genres, in the language of `TMDB_LANGUAGE`, to their colours."""
    try:
        id_to_genre = get_id_to_genre()
    except TMDbError:  # a picture of what is stored needs no network
        return {}
    return {id_to_genre[id]: colours for id, colours in _COLOURS.items() if id in id_to_genre}


# --- Posters --------------------------------------------------------------------------------------------------------

# Styles stand in the elements, and are old ones: from a notebook that it does not trust yet, JupyterLab takes <style>,
# scripts and what it does not know. A poster is a background, so that one that does not load leaves the tile below it.
# GitHub takes all styles. There the table is a table, and small images that are hidden elsewhere show the posters.
_POSTERS = "https://image.tmdb.org/t/p/"
_PART = "display:block;border:0;background:none;padding:0;margin:0;text-align:left"
_CELL = (
    "display:inline-block;width:140px;padding:0;margin:0 14px 18px 0;border:0;vertical-align:top;text-align:left;"
    "white-space:normal;line-height:1.35;font-size:12px"
)
_TILE = (
    "position:relative;width:140px;height:210px;line-height:210px;border-radius:6px;overflow:hidden;text-align:center;"
    "font-size:72px;font-weight:bold"
)
_POSTER = "position:absolute;top:0;left:0;width:140px;height:210px;background-size:cover"
_ROW = 6  # cells of a row where no style lets them flow


class _Posters(HTML):
    """A page of posters that says in a terminal which movies they are."""

    def __init__(self, data: str, df: pl.DataFrame):
        super().__init__(data)
        self.df = df

    def __repr__(self) -> str:
        reasons = [name for name in ("title", "year", "because", "distance") if name in self.df.columns][:3]
        return f"{self.df.select(reasons)}\n(A notebook shows this as posters.)"


def show_movies(df: pl.DataFrame) -> HTML:
    """
    Show movies as posters.

    Parameters
    ----------
    df
        Answers of `find_movies`, `find_similar` or `recommend`, or any frame with a column `title`. Of the others
        `year`, `genres`, `because` or else `distance`, and `poster_path` are shown.

    Returns
    -------
    IPython.display.HTML
        What a notebook's cell shows when it ends with it. Posters come from TMDb's image host. A movie without one,
        or without a network, shows a tile in the colour of its first genre.

    Raises
    ------
    ValueError
        If there is no column `title`.
    """
    if "title" not in df.columns:
        raise ValueError(f"the frame has no column 'title' to show; it has {df.columns}")
    if df.is_empty():
        return HTML("<p>No movies.</p>")
    colours = _name_colours()
    cells = [_show_movie(movie, colours) for movie in df.iter_rows(named=True)]
    rows = [f'<tr style="{_PART}">{"".join(cells[at : at + _ROW])}</tr>' for at in range(0, len(cells), _ROW)]
    return _Posters(f'<table style="{_PART};width:auto"><tbody style="{_PART}">{"".join(rows)}</tbody></table>', df)


def _show_movie(movie: dict, colours: dict[str, tuple[str, str]]) -> str:
    # Whoever edits TMDb writes these words: all of them are escaped.
    name = _to_text(movie["title"]) or "Untitled"
    title = html.escape(name)
    genres = movie.get("genres") or []
    genres = [genres] if isinstance(genres, str) else [_to_text(genre) for genre in genres]
    background, foreground = colours.get(genres[0] if genres else "", _OTHER)
    because, distance = _to_text(movie.get("because")), movie.get("distance")
    if because and not because.startswith(("like ", "no ")):
        because = f"by {because}"
    elif not because and distance is not None:
        because = f"distance {distance:.2f}"
    # A genre that the reason names does not stand there twice.
    told = [genre for genre in genres if genre not in because]
    facts = " · ".join(filter(None, [_to_text(movie.get("year")), ", ".join(told)]))
    reason = re.sub(r"\*(.+?)\*", r"<i>\1</i>", html.escape(because))
    poster = image = ""
    if re.fullmatch(r"/[A-Za-z0-9_-]+\.jpg", path := _to_text(movie.get("poster_path"))):
        poster = f"<div style=\"{_POSTER};background-image:url('{_POSTERS}w342{path}')\"></div>"
        image = (
            f'<img src="{_POSTERS}w92{path}" alt="Poster of {title}" width="92" loading="lazy" style="display:none">'
        )
    return (
        f'<td style="{_CELL}"><div style="{_TILE};background-color:{background};color:{foreground}" title="{title}">'
        f"{html.escape(name[0])}{poster}</div>{image}"
        f"<div><b>{title}</b></div><div>{html.escape(facts)}</div><div>{reason}</div></td>"
    )


def _to_text(value: object) -> str:
    """Write a fact as text, without what is missing and without control characters."""
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return "" if missing else "".join(letter for letter in str(value) if letter.isprintable())


# --- The map --------------------------------------------------------------------------------------------------------


class _Map(dict):
    """A Vega-Lite chart that shows as a picture where nothing draws it."""

    def __repr__(self) -> str:
        return f"{self['description']} (A notebook draws it.)"

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        import vl_convert

        still = {**self, "width": 720, "height": 500}
        # JupyterLab brings Vega-Lite 5 and draws no other: the chart is declared to be of that version.
        return {
            "application/vnd.vegalite.v5+json": dict(self),
            "image/png": vl_convert.vegalite_to_png(still, vl_version="5.20", scale=2),
            "text/plain": repr(self),
        }, {"image/png": {"alt": self["description"], "width": 720}}


def draw_map(collection: chromadb.Collection, answers: pl.DataFrame) -> _Map:
    """
    Draw all movies of a collection as points, near ones close together, and name some of them.

    The embeddings are laid out in two dimensions by t-SNE (van der Maaten and Hinton, 2008), which keeps neighbours
    together. UMAP does that as well and faster, but brings numba with it, and scikit-learn is here already. What is
    far apart on the map means nothing. Islands, found by k-means on the map, bear the genre that is most frequent
    there in comparison with everywhere.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    answers
        The movies to name, from `find_movies`, `find_similar` or `recommend`.

    Returns
    -------
    _Map
        A chart that notebooks draw: to zoom and with titles under the mouse in JupyterLab, else as a still picture.

    Raises
    ------
    ValueError
        If the collection holds fewer than five movies of different texts.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    embeddings = np.array(collection.get(include=["embeddings"])["embeddings"], dtype=float)
    # Of equal or broken embeddings t-SNE ends in a segmentation fault.
    if len(embeddings) < 5 or not np.isfinite(embeddings).all() or len(np.unique(embeddings.round(6), axis=0)) < 5:
        raise ValueError(
            f"a map takes five movies of different texts or more, and {collection.name} holds {len(embeddings)} movies"
        )
    with threadpool_limits(1):  # with torch in the same process, its threads and scikit-learn's wait for each other
        layout = TSNE(
            metric="cosine", init="pca", perplexity=min(30, (len(embeddings) - 1) / 3), max_iter=500, random_state=0
        ).fit_transform(embeddings)
    colours = _name_colours()
    movies = list_movies(collection).select(
        pl.col("title").map_elements(_to_text, return_dtype=pl.String),  # a control character ends vl-convert
        "year",
        first=pl.col("genres").list.first().fill_null("?"),
        genre=pl.col("genres").list.first().replace_strict({name: name for name in colours}, default="other"),
        x=pl.Series(layout[:, 0].astype(float)).round(2),
        y=pl.Series(layout[:, 1].astype(float)).round(2),
        named=pl.col("id").is_in(answers["id"].to_list()),
    )
    return _Map(_make_chart(movies, _name_islands(layout, movies["first"].to_numpy()), colours))


def _name_islands(layout: np.ndarray, genres: np.ndarray) -> list[dict]:
    """Find the middles of islands, and the genre that each has more of than the whole map."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        islands = KMeans(min(10, len(layout) // 5 or 1), n_init=3, random_state=0).fit(layout)
    names, share = np.unique(genres, return_counts=True)
    middles = []
    for number, middle in enumerate(islands.cluster_centers_):
        here = genres[islands.labels_ == number]
        lift = [(here == name).mean() / (count / len(genres) + 0.02) for name, count in zip(names, share, strict=True)]
        middles.append({"x": float(middle[0]), "y": float(middle[1]), "island": _to_text(names[np.argmax(lift)])})
    return middles


def _make_chart(movies: pl.DataFrame, islands: list[dict], colours: dict[str, tuple[str, str]]) -> dict:
    import altair as alt

    grey = "#808080"  # legible on light and dark
    points = alt.Chart(alt.Data(values=movies.drop("named", "first").to_dicts()))
    named = alt.Chart(alt.Data(values=movies.filter("named").drop("named", "first").to_dicts()))
    x, y = alt.X("x:Q", axis=None, scale=alt.Scale(zero=False)), alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False))
    colour = alt.Color(
        "genre:N",
        scale=alt.Scale(domain=[*colours, "other"], range=[*(name for name, _ in colours.values()), _OTHER[0]]),
        legend=alt.Legend(title=None, orient="bottom", columns=4, labelColor=grey),
    )
    hover = ["title:N", "year:N", "genre:N"]
    described = (
        f"A map of {len(movies):,} movies: each is a point in the colour of its first genre, near ones together."
    )
    chart = alt.layer(
        points.mark_circle(size=36, opacity=0.7).encode(x, y, colour, tooltip=hover).interactive(),
        alt.Chart(alt.Data(values=islands))
        .mark_text(fontSize=15, fontStyle="italic", color=grey, opacity=0.9)
        .encode(x, y, text="island:N"),
        named.mark_point(size=110, color=grey, strokeWidth=2).encode(x, y, tooltip=hover),
        named.mark_text(align="left", dx=8, dy=-6, fontSize=12, fontWeight="bold", color=grey).encode(
            x, y, text="title:N"
        ),
    ).properties(width="container", height=480, background="transparent", description=described)
    spec = chart.configure_view(stroke=None).to_dict()
    return spec | {"$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json"}


# --- The search box -------------------------------------------------------------------------------------------------

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
        What was shown; None in a terminal. End the cell with a semicolon, or it is shown twice.
    """
    if not hasattr(get_ipython(), "kernel"):
        print("A search box needs a notebook. Here, use find_movies(collection, ...).")
        return None
    import ipywidgets as widgets

    movies = list_movies(collection)
    years = movies["year"].drop_nulls().cast(pl.Int64)
    first, last = (years.min(), years.max()) if len(years) else (1900, 2100)
    wide = {"width": "480px", "max_width": "98%"}
    query = widgets.Text(value="a robot that learns what love is", description="Movie about", layout=wide)
    without = widgets.Text(placeholder="words that it must not hold", description="without", layout=wide)
    genre = widgets.Dropdown(
        options=["any", *sorted(set(movies["genres"].explode().drop_nulls()))], description="Genre"
    )
    spoken = sorted(set(movies["original_language"].drop_nulls()))
    language = widgets.Dropdown(options=["any", *spoken], description="Language")
    span = widgets.IntRangeSlider(value=(first, last), min=first, max=last, description="Years", layout=wide)
    examples = [widgets.Button(description=example, layout={"width": "auto"}) for example in _EXAMPLES]
    answers = widgets.HTML()
    changes = 0

    def answer(change: int) -> None:
        if change == changes:  # nothing was typed since
            where = _make_filter(genre.value, language.value, span.value, (first, last))
            answers.value = _answer(collection, query.value, where, without.value)

    def change(_=None) -> None:
        nonlocal changes
        changes += 1
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
    rows = [query, widgets.HBox(examples, layout=flow), without, widgets.HBox([genre, language], layout=flow), span]
    box = widgets.VBox([*rows, answers])
    # Where there are no widgets (on GitHub, in an exported page), the sentence stands in their place.
    static = "*Here is a search box, in JupyterLab or VS Code: open the notebook there and run this cell.*"
    display({**box._repr_mimebundle_(), "text/markdown": static, "text/plain": static}, raw=True)
    return box


def _make_filter(genre: str, language: str, span: tuple, whole: tuple) -> dict | None:
    """Make Chroma's filter of what was chosen. The whole range of years lets movies without a year pass."""
    parts: list[dict] = [{"genres": {"$contains": genre}}] if genre != "any" else []
    parts += [{"original_language": language}] if language != "any" else []
    parts += [{"year": {"$gte": span[0]}}, {"year": {"$lte": span[1]}}] if tuple(span) != whole else []
    return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None


def _answer(collection: chromadb.Collection, query: str, where: dict | None, without: str) -> str:
    """Answer with posters under the question, or with a sentence."""
    import warnings

    if not query.strip():
        return "<p>What is the movie about?</p>"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a filter that nothing passes shows as "No movies."
            movies = find_movies(collection, query, n=12, where=where, without=re.split(r"[,\s]+", without))
    except Exception as error:  # here nobody would see a traceback
        return f"<p>{html.escape(f'{type(error).__name__}: {error}')}</p>"
    return f"<p>{html.escape(query)}</p>{show_movies(movies).data}"


# --- Tables ---------------------------------------------------------------------------------------------------------


def _show_table(df: pl.DataFrame) -> str:
    """Make a table of a frame: no quotes, texts to the left, numbers to the right."""

    def show(value: object) -> str:
        if isinstance(value, pl.Series | list):
            value = ", ".join(map(_to_text, value))
        text = f"{value:.3f}" if isinstance(value, float) else _to_text(value)
        return html.escape(text if len(text) <= 70 else f"{text[:69]}…")

    sides = ["right" if dtype.is_numeric() else "left" for dtype in df.dtypes]
    style = [f'style="text-align:{side}"' for side in sides]
    head = "".join(f"<th {at}>{html.escape(name)}</th>" for at, name in zip(style, df.columns, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td {at}>{show(value)}</td>' for at, value in zip(style, row, strict=True))}</tr>"
        for row in df.head(20).iter_rows()
    )
    more = f"<p>and {len(df) - 20:,} more rows</p>" if len(df) > 20 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


if (shell := get_ipython()) is not None:
    shell.display_formatter.formatters["text/html"].for_type(pl.DataFrame, _show_table)
