"""Charts: a map of movies (t-SNE's places, islands, names beside it), and means with intervals."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from notebooks.recommender.tiles import OTHER, name_kinds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = 25  # movies that the map names: more names would lie upon each other
_GREY = "#808080"  # legible on light and on dark
_DPI = 96  # pixels of a page to an inch
# Lines that a cell printed are broken between words, also by nbconvert on a narrow page.
_WHOLE_WORDS = "<style>.jp-OutputArea-output pre{word-break:normal!important}</style>"


def lay_out(embeddings: np.ndarray, name: str) -> np.ndarray:
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
            f"{len(embeddings):,} movies with {len(distinct)} different embeddings"
        )
    tsne = TSNE(
        metric="cosine",
        init="pca",
        perplexity=min(30, (len(distinct) - 1) / 3),
        max_iter=500,
        random_state=0,
    )
    # With torch in the same process, its threads and scikit-learn's wait for each other.
    with threadpool_limits(1):
        return tsne.fit_transform(distinct)[place].astype(float).round(2)


def name_islands(movies: pl.DataFrame) -> list[dict]:
    """
    Find the middles of islands, and the genre that each has more of than the
    whole map.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    points = movies.select("x", "y").to_numpy()
    count = min(10, max(1, len(np.unique(points, axis=0)) // 5))
    with threadpool_limits(1):
        islands = KMeans(count, n_init=3, random_state=0).fit(points)
    middles = pl.DataFrame(islands.cluster_centers_, schema=["x", "y"]).with_row_index("island")
    # A genre of few movies is no island's name by chance.
    everywhere = pl.len().over("genre") / len(movies) + 0.02
    labels = pl.Series(islands.labels_, dtype=pl.UInt32)
    return (
        movies.select("genre", everywhere=everywhere, island=labels)
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
    offsets = (np.arange(len(y)) - (len(y) - 1) / 2) * (high - low) / (NAMED - 1)
    middle = np.clip(y.mean(), low - offsets[0], high - offsets[-1]) if len(y) else 0
    to_the_right = len(x) > 0 and x.mean() > (left + right) / 2
    # Not cut by Vega, which cuts some characters into halves.
    long = pl.col("title").str.len_chars() > 32
    return named.with_columns(
        name=pl.when(long).then(pl.col("title").str.head(31) + "…").otherwise("title"),
        name_x=pl.lit(right if to_the_right else left),
        name_y=pl.Series(offsets + middle, dtype=pl.Float64),
        to_the_right=pl.lit(to_the_right),
    )


def make_chart(movies: pl.DataFrame, middles: list[dict], colours: dict[str, str]) -> dict:
    import altair as alt

    movies, colour = _colour(movies, colours)
    xs = movies["x"].to_numpy()
    edge = (xs.max() - xs.min()) / 20
    named = _place_names(movies, xs.min() - edge, xs.max() + edge)
    to_the_right = named["to_the_right"].any()
    points = alt.Chart(alt.Data(values=movies.drop("named").to_dicts()))
    names = alt.Chart(alt.Data(values=named.drop("named").to_dicts()))
    side, margin = (xs.max(), edge) if to_the_right else (xs.min(), -edge)
    # Names take more of a phone's width.
    outer = alt.expr(f"{side} + {margin} * (width < 500 ? 17.5 : 9.5)")
    domain = [xs.min() - edge / 2, outer] if to_the_right else [outer, xs.max() + edge / 2]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=domain, nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False))
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
        islands.mark_text(fontSize=13, stroke="#333333", strokeWidth=3, strokeJoin="round"),
        islands.mark_text(fontSize=13, color="#FFFFFF"),
        names.mark_rule(color=_GREY).encode(x, y, x2="name_x:Q", y2="name_y:Q"),
        names.mark_point(size=90, color=_GREY, strokeWidth=2, opacity=1).encode(
            x, y, tooltip=hover
        ),
        names.mark_text(
            **aside, baseline="middle", fontSize=12, fontWeight="bold", color=_GREY, limit=narrow
        ).encode(alt.X("name_x:Q"), alt.Y("name_y:Q"), text="name:N"),
    ).properties(width=720, height=480, background="transparent", description=described)
    return _fit(chart.configure_view(stroke=None).to_dict())


def _colour(movies: pl.DataFrame, colours: dict[str, str]) -> tuple[pl.DataFrame, Any]:
    """Group movies by the colour of their first genre, and make the scale of these colours."""
    import altair as alt

    kinds = name_kinds(movies["genre"], colours) | {OTHER: "other"}
    group = pl.col("genre").replace_strict(colours, default=OTHER, return_dtype=pl.String)
    movies = movies.with_columns(group=group.replace(kinds))
    colour = alt.Color(
        "group:N",
        scale=alt.Scale(domain=list(kinds.values()), range=list(kinds)),
        legend=alt.Legend(
            title=None,
            orient="bottom",
            columns=alt.expr("width < 500 ? 1 : 3"),
            labelLimit=0,
            labelColor=_GREY,
        ),
    )
    return movies, colour


def _fit(spec: dict) -> dict:
    """Let a chart be as wide as the window, and its tooltips be dark."""
    # JupyterLab gives a chart no width to fill ("container" is 0 there): the window's is asked
    # for, when it is drawn.
    width = {"name": "width", "init": "clamp(windowSize()[0] - 150, 240, 720)"}
    patch = [
        {"op": "remove", "path": "/width"},
        {"op": "add", "path": "/signals/0", "value": width},
    ]
    return spec | {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json",
        "usermeta": {"embedOptions": {"patch": patch, "tooltip": {"theme": "dark"}}},
    }


def draw_intervals(means: pl.DataFrame, label: str) -> Figure:
    """
    Draw means with their intervals: a line for each `kind`, and on it a point
    for each `method`, at `mean` and from `low` to `high`.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.6), layout="constrained")
    colours = ["#56B4E9", "#E69F00", _GREY, "#D55E00"]
    for at, [(method,), part] in enumerate(means.group_by("method", maintain_order=True)):
        mean, low, high = part.select("mean", "low", "high").to_numpy().T
        line = np.arange(len(part)) + 0.18 * at
        sides = [mean - low, high - mean]
        axes.errorbar(mean, line, xerr=sides, fmt="o", color=colours[at % 4], label=method)
    kinds = means["kind"].unique(maintain_order=True)
    axes.set_yticks(np.arange(len(kinds)) + 0.27, kinds)
    axes.set(xlim=(-0.02, 1.02), xlabel=label)
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=4)
    return figure


def draw_image(png: bytes, alt: str, width: int) -> str:
    """
    Make a page of an image, with a text for those who cannot see it: nbconvert
    leaves out the text that stands in an image's metadata.
    """
    data = base64.b64encode(png).decode()
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" width="{width}" '
        f'style="max-width:100%;height:auto">{_WHOLE_WORDS}'
    )


def draw_figure(figure: Figure, alt: str) -> str:
    """Make a page of a figure of matplotlib, twice as fine as it is shown."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=2 * _DPI)
    return draw_image(png.getvalue(), alt, round(figure.get_figwidth() * _DPI))
