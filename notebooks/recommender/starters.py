"""Movies to ask a stranger about: widely seen, and unlike each other."""

from __future__ import annotations

import numpy as np
import polars as pl

from notebooks.recommender.taste import fill, unit
from notebooks.recommender.titles import name_series

# What a stranger may have seen, and how much 20 years count beside the text. On half of MovieLens'
# users, three seeds each, 24 movies asked about gained more over the most voted with years than
# without, and with one movie a series than with all.
_WIDELY_SEEN = 300
_YEARS_APART = 0.5


def choose_starters(movies: pl.DataFrame, n: int) -> pl.DataFrame:
    """
    Choose the most voted movie of each of n clusters, of one series at most
    one.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    known = (
        movies.sort(pl.col("vote_count").fill_null(0), "id", descending=[True, False])
        .with_columns(its_series=name_series())
        .unique("its_series", keep="first", maintain_order=True)
        .head(max(_WIDELY_SEEN, 4 * n))
    )
    if known.is_empty():
        return movies
    years = fill(known["year"].cast(pl.Float64).to_numpy())
    texts = np.nan_to_num(unit(known["embedding"].to_numpy()))
    places = np.column_stack([texts, _YEARS_APART * (years - years.mean()) / 20])
    n = min(n, len(np.unique(places.round(6), axis=0)))
    with threadpool_limits(1):  # torch's threads and scikit-learn's would wait for each other
        clusters = KMeans(n, n_init=10, random_state=0).fit_predict(places)
    chosen = known.with_columns(cluster=clusters).unique(
        "cluster", keep="first", maintain_order=True
    )
    return chosen.select(movies.columns)
