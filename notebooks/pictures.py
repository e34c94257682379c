"""Answers as pictures: posters, a map and a search box, which only a notebook can show."""

from __future__ import annotations

import html
import re
import zlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from main import find_similar, list_movies

if TYPE_CHECKING:
    import chromadb
    import ipywidgets as widgets
    from IPython.display import HTML

__all__ = ["draw_map", "show_movies", "try_it"]

_POSTERS = "https://image.tmdb.org/t/p/w342"
# Styles stand in the elements, and are old ones: from a notebook that it does not trust yet, JupyterLab takes <style>
# and what it does not know. Colours are those around, made fainter, so that light and dark themes both fit.
_GRID = (
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:18px 14px;margin:8px 0;max-width:1100px"
)
_TILE = (
    "position:relative;width:100%;height:0;padding-bottom:150%;border-radius:6px;overflow:hidden;"
    "background-color:hsl({hue},40%,28%);background-image:linear-gradient(160deg,hsl({hue},38%,38%),hsl({hue},45%,17%))"
)
_COVER = "position:absolute;top:0;left:0;width:100%;height:100%;margin:0;"
_TITLE = _COVER + (
    "display:flex;align-items:center;justify-content:center;text-align:center;box-sizing:border-box;padding:10px;"
    "color:#fff;font-weight:600;font-size:15px;line-height:1.25"
)
_POSTER = _COVER + "max-width:none;object-fit:cover;color:transparent"  # lies on the title, and is removed on an error
_SMALL = "font-size:12px;line-height:1.35;opacity:.75;margin-top:2px"


def show_movies(df: pl.DataFrame) -> HTML:
    """
    Show films as a grid of posters.

    Parameters
    ----------
    df
        Answers of `find_similar` or `recommend`, or any frame with a column `title`. Of the others `year`, `genres`,
        `because` or else `distance`, and `poster_path` are shown.

    Returns
    -------
    IPython.display.HTML
        What a notebook's cell shows when it ends with it. Posters come from TMDb's image host as they scroll into
        view; a film without one, or without a network, shows a tile with its title.

    Raises
    ------
    ValueError
        If there is no column `title`.
    """
    from IPython.display import HTML

    if "title" not in df.columns:
        raise ValueError(f"the frame has no column 'title' to show; it has {df.columns}")
    if df.is_empty():
        return HTML("<p>No films.</p>")
    return HTML(f'<div style="{_GRID}">{"".join(map(_show_movie, df.iter_rows(named=True)))}</div>')


def _show_movie(film: dict) -> str:
    # Whoever edits TMDb writes these words: all of them are escaped.
    title = html.escape(film["title"] or "Untitled")
    genres = film.get("genres") or []
    facts = " · ".join([film.get("year") or "", genres if isinstance(genres, str) else ", ".join(genres)]).strip(" ·")
    distance = film.get("distance")
    reason = film.get("because") or (f"distance {distance:.2f}" if distance is not None else "")
    poster = film.get("poster_path") or ""
    image = ""
    if re.fullmatch(r"/[A-Za-z0-9_-]+\.jpg", poster):
        image = (
            f'<img src="{_POSTERS}{poster}" alt="Poster of {title}" loading="lazy" onerror="this.remove()" '
            f'referrerpolicy="no-referrer" style="{_POSTER}">'
        )
    tile = _TILE.format(hue=zlib.crc32(title.encode()) % 360)
    return (
        f'<div><div style="{tile}"><div style="{_TITLE}">{title}</div>{image}</div>'
        f'<div style="font-weight:600;font-size:13px;line-height:1.3;margin-top:6px">{title}</div>'
        f'<div style="{_SMALL}">{html.escape(facts)}</div><div style="{_SMALL}">{html.escape(reason)}</div></div>'
    )


_OTHER = "other"
# Okabe and Ito's colours (2008), which colour-blind people can tell apart, for the most frequent first genres.
_PALETTE = ["#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#F0E442"]
_GREY = "#BBBBBB"


class _Map(dict):
    """A Vega-Lite chart that shows as a picture where nothing draws it."""

    def __repr__(self) -> str:
        return "A map of the films"

    def _repr_mimebundle_(self, **kwargs) -> dict:
        import vl_convert

        # JupyterLab brings Vega-Lite 5 and draws no other: the chart is declared to be of that version.
        return {
            "application/vnd.vegalite.v5+json": dict(self),
            "image/png": vl_convert.vegalite_to_png(dict(self), vl_version="5.20", scale=2),
        }


def draw_map(collection: chromadb.Collection, answers: pl.DataFrame) -> _Map:
    """
    Draw all films of a collection as points, near ones close together, and name some of them.

    The embeddings are laid out in two dimensions by t-SNE (van der Maaten and Hinton, 2008), which keeps neighbours
    together. UMAP does that as well and faster, but brings numba with it, and scikit-learn is here already. What is
    far apart on the map means nothing.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    answers
        The films to name, from `find_similar` or `recommend`.

    Returns
    -------
    _Map
        A chart that notebooks draw: with title and year under the mouse in JupyterLab, else as a still picture.

    Raises
    ------
    ValueError
        If the collection holds fewer than five films.
    """
    import altair as alt
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    embeddings = collection.get(include=["embeddings"])["embeddings"]
    films = list_movies(collection).with_columns(pl.col("genres").list.first().alias("genre"))
    if len(films) < 5:
        raise ValueError(f"a map takes five films or more, and {collection.name} holds {len(films)}")
    with threadpool_limits(1):  # with torch in the same process, its threads and scikit-learn's wait for each other
        layout = TSNE(
            metric="cosine", init="pca", perplexity=min(30, (len(films) - 1) / 3), max_iter=500, random_state=0
        ).fit_transform(embeddings)
    top = films["genre"].drop_nulls().value_counts(sort=True)["genre"].head(len(_PALETTE)).to_list()
    films = films.select(
        "title",
        "year",
        pl.when(pl.col("genre").is_in(top)).then("genre").otherwise(pl.lit(_OTHER)).alias("genre"),
        x=pl.Series(layout[:, 0].astype(float)).round(2),
        y=pl.Series(layout[:, 1].astype(float)).round(2),
        named=pl.col("id").is_in(answers["id"].to_list()),
    )
    # Neighbours lie close together, so their names stand in a column beside them, each at the end of a line.
    width, height = np.ptp(layout, axis=0)
    named = films.filter("named").sort("y")
    to_the_right = (named["x"].mean() or 0) <= layout[:, 0].min() + width / 2
    rank = pl.int_range(pl.len()) - (pl.len() - 1) / 2
    named = named.with_columns(
        label_x=(pl.col("x").max() + width / 12) if to_the_right else (pl.col("x").min() - width / 12),
        label_y=pl.col("y").mean() + rank * height / 28,
    )

    points = alt.Chart(alt.Data(values=films.drop("named").to_dicts()))
    names = alt.Chart(alt.Data(values=named.drop("named").to_dicts()))
    hover = ["title:N", "year:N", "genre:N"]
    x, y = alt.X("x:Q", axis=None), alt.Y("y:Q", axis=None)
    label_x, label_y = alt.X("label_x:Q", axis=None), alt.Y("label_y:Q", axis=None)
    colour = alt.Color(
        "genre:N",
        scale=alt.Scale(domain=[*top, _OTHER], range=[*_PALETTE, _GREY]),
        legend=alt.Legend(title="first genre", orient="bottom", columns=8),
    )
    text = {"align": "left", "dx": 3} if to_the_right else {"align": "right", "dx": -3}
    text |= {"baseline": "middle", "fontSize": 12, "fontWeight": "bold"}
    chart = alt.layer(
        points.mark_circle(size=36, opacity=0.7).encode(x, y, colour, tooltip=hover),
        names.mark_rule(strokeWidth=0.8).encode(x, y, x2="label_x:Q", y2="label_y:Q"),
        names.mark_point(size=90, color="black", strokeWidth=1.5).encode(x, y, tooltip=hover),
        names.mark_text(**text, stroke="white", strokeWidth=5, strokeJoin="round").encode(
            label_x, label_y, text="title:N"
        ),
        names.mark_text(**text).encode(label_x, label_y, text="title:N"),
    ).properties(width=720, height=500, background="white")
    return _Map(chart.to_dict() | {"$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json"})


def try_it(collection: chromadb.Collection) -> widgets.VBox:
    """
    Show a search box with a genre and a range of years, and its answers as posters while one types.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.

    Returns
    -------
    ipywidgets.VBox
        What was shown. End the cell with a semicolon, or it is shown twice.
    """
    import ipywidgets as widgets
    from IPython.display import display

    metadatas = [metadata or {} for metadata in collection.get(include=["metadatas"])["metadatas"]]
    genres = sorted({genre for metadata in metadatas for genre in metadata.get("genres", [])})
    years = [metadata["year"] for metadata in metadatas if "year" in metadata] or [1900, 2100]
    first, last = min(years), max(years)

    query = widgets.Text(value="a robot that wants to be human", description="Film about", layout={"width": "480px"})
    genre = widgets.Dropdown(options=[("any genre", ""), *((name, name) for name in genres)], description="Genre")
    span = widgets.IntRangeSlider(
        value=(first, last), min=first, max=last, description="Years", layout={"width": "480px"}
    )
    answers = widgets.HTML()

    def update(change=None) -> None:
        answers.value = ask(collection, query.value, genre.value, span.value).data

    for control in (query, genre, span):
        control.observe(update, names="value")
    update()
    box = widgets.VBox([query, genre, span, answers])
    # Where there are no widgets (on GitHub, in an exported page), the sentence stands in their place.
    static = "*Here is a search box, in JupyterLab or VS Code: open the notebook there and run this cell.*"
    display({**box._repr_mimebundle_(), "text/markdown": static, "text/plain": static}, raw=True)
    return box


def ask(collection: chromadb.Collection, query: str, genre: str, years: tuple[int, int]) -> HTML:
    """
    Find films about something, of a genre (empty is any) and of the years from the first to the last.

    Returns
    -------
    IPython.display.HTML
        The twelve nearest as posters, or a sentence when nothing is asked.
    """
    from IPython.display import HTML

    if not query.strip():
        return HTML("<p>What is the film about?</p>")
    where = [{"year": {"$gte": years[0]}}, {"year": {"$lte": years[1]}}]
    where += [{"genres": {"$contains": genre}}] if genre else []
    return show_movies(find_similar(collection, query, n=12, where={"$and": where}))
