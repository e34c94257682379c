"""How `recommend` scores and chooses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from notebooks.recommender.titles import name_series
from notebooks.recommender.words import share_words

# What a score is made of. The parts were found on 3,463 real movies with half of their MovieLens
# users (Harper and Konstan, 2015) and half of TMDb's plot keywords; tests/evaluate.py measures them
# on anyone's copy of MovieLens.
SHARES = {
    "text": 1.0,  # cosine of embeddings
    "words": 0.3,  # TF-IDF cosine of the texts, without their years and genres
    "title": 0.1,  # TF-IDF cosine of the titles
    "genres": 0.15,  # cosine of genre vectors, where a rare genre weighs more (idf)
    "keywords": 0.3,  # cosine of the sets of keywords
    "cast": 0.2,  # cosine of the sets of actors
    "era": 0.15,  # exp(-years apart / 8)
    "language": 0.05,  # 1 for the same original language
    "votes": 0.05,  # log10 of the number of votes
    "rating": 0.02,  # vote average, held back where votes are few, in standard deviations
}
# Of a wish. Found on 15 judged questions and 30 pairs of a movie and a plot keyword.
_WISH = {"text": 1.0, "words": 0.25}
# People rate what was in cinemas in their time. What they dislike is of the same years and language
# as what they like.
_NO_REASON_TO_DISLIKE = {"era", "language"}
_ROCCHIO = 0.3  # how much a disliked movie pushes, where a liked one pulls with 1
NOTABLE = 0.02  # a part of the score is told if it lifts a movie so far above the average candidate
_TITLE = pl.col("titles").list.first()
_MOST_OF_A_SERIES = 3


class Scores(NamedTuple):
    """
    Scores of movies, and what they are made of, for those who ask why.

    Attributes
    ----------
    total
        Shape (movies,).
    lifts
        By part, how much more a movie is like each given one than the average
        candidate is: shape (movies, given).
    reception
        By part, how much better than the average candidate: shape (movies,).
    words
        The words that movies share with given ones, from `share_words`.
    distance
        Squared L2 distance to the nearest liked one: shape (movies,).
    late
        Which come last: shape (movies,).
    """

    total: np.ndarray
    lifts: dict[str, np.ndarray]
    reception: dict[str, np.ndarray]
    words: pl.DataFrame
    distance: np.ndarray
    late: np.ndarray


def score(movies: pl.DataFrame, given: pl.DataFrame) -> Scores:
    """
    Score movies by their likeness to the given ones.

    Each is compared with each, and liked ones are pooled apart from disliked
    ones: `weight` is above 0 for the former.
    """
    words = share_words(movies, given, pl.col("story"))
    likenesses = _compare(movies, given, words)
    reception = _rate_reception(movies)
    weights = given["weight"].to_numpy()
    likes = weights > 0
    total = _pool(np.sum([*likenesses.values()], axis=0)[:, likes], weights[likes]) + sum(
        reception.values()
    )
    if not likes.all():
        parts = [likenesses[name] for name in likenesses if name not in _NO_REASON_TO_DISLIKE]
        against = np.sum(parts, axis=0)
        total = total - _ROCCHIO * _pool(against[:, ~likes], -weights[~likes])
    lifts = {name: part - part.mean(axis=0) for name, part in likenesses.items()}
    nearest = likenesses["text"][:, likes].max(axis=1)
    return Scores(total, lifts, reception, words, 2 - 2 * nearest, np.zeros(len(movies), bool))


def add_wish(scores: Scores, movies: pl.DataFrame, given: pl.DataFrame) -> Scores:
    """
    Add how well movies answer a wish: the cosine carries a mood, words carry a
    theme. Who wishes for something else wants no more of the same series.
    """
    total = scores.total
    asked = {"by_unwanted", "by_facts", "by_wish"} & set(movies.columns)
    late = scores.late
    if asked:
        series = movies.select(name_series()).to_series()
        liked = given.filter(pl.col("weight") > 0).select(name_series()).to_series()
        late = series.is_in(liked.to_list()).to_numpy()
    for part in asked - {"by_wish"}:
        total = total + movies[part].to_numpy()
    if "by_wish" not in asked:
        return scores._replace(total=total, late=late)
    wish, by_words = (movies[name].to_numpy() for name in ("by_wish", "by_words"))
    wishes = {"wish": wish - wish.mean(), "wished words": by_words - by_words.mean()}
    total = total + _WISH["text"] * wish + _WISH["words"] * by_words
    return scores._replace(total=total, late=late, reception=scores.reception | wishes)


def _compare(
    movies: pl.DataFrame, given: pl.DataFrame, words: pl.DataFrame
) -> dict[str, np.ndarray]:
    """Compare each with each: weighted parts of the score, of shape (movies, given)."""
    years, their_years = (df["year"].cast(pl.Float64).to_numpy() for df in (movies, given))
    languages, theirs = (df["original_language"].to_numpy()[:, None] for df in (movies, given))
    known = (languages != None) & (theirs.T != None)  # noqa: E711  # element by element
    parts = {
        "text": unit(movies["embedding"].to_numpy()) @ unit(given["embedding"].to_numpy()).T,
        "words": _add_up(words, len(movies), len(given)),
        "title": _add_up(share_words(movies, given, _TITLE), len(movies), len(given)),
        "genres": _compare_genres(movies, given),
        "keywords": _compare_sets(movies, given, "keywords"),
        "cast": _compare_sets(movies, given, "cast"),
        "era": np.exp(-np.abs(years[:, None] - their_years) / 8),
        "language": np.where(known, languages == theirs.T, np.nan),
    }
    return {name: SHARES[name] * fill(part) for name, part in parts.items()}


def _add_up(shared: pl.DataFrame, height: int, width: int) -> np.ndarray:
    place = shared["movie"].to_numpy() * width + shared["other"].to_numpy()
    parts = np.bincount(place, weights=shared["part"].to_numpy(), minlength=height * width)
    return parts.reshape(height, width)


def _compare_genres(movies: pl.DataFrame, given: pl.DataFrame) -> np.ndarray:
    """Cosines of genre vectors, in which a rare genre weighs more (idf)."""
    genres = sorted(set(movies["genres"].explode().drop_nulls()))
    columns = [pl.col("genres").list.contains(genre).alias(genre) for genre in genres]
    has, theirs = (
        df.select(columns).to_numpy().astype(float).reshape(len(df), len(genres))
        for df in (movies, given)
    )
    idf = np.log((1 + len(movies)) / (1 + has.sum(axis=0))) + 1
    return unit(has * idf) @ unit(theirs * idf).T


def _compare_sets(movies: pl.DataFrame, given: pl.DataFrame, name: str) -> np.ndarray:
    """Cosines of sets, such as the actors of movies. What has no set is missing."""
    ours, theirs = (
        df.select(member=name).with_row_index(row).explode("member").drop_nulls()
        for df, row in ((movies, "movie"), (given, "other"))
    )
    shared = ours.join(theirs, on="member").with_columns(part=pl.lit(1.0))
    sizes = np.outer(*(df[name].list.len().fill_null(0).to_numpy() for df in (movies, given)))
    both = _add_up(shared, len(movies), len(given))
    return np.divide(both, np.sqrt(sizes), out=np.full(sizes.shape, np.nan), where=sizes > 0)


def _rate_reception(movies: pl.DataFrame) -> dict[str, np.ndarray]:
    """Weigh votes and ratings, as differences from the average candidate, which is 0."""
    # Nobody voted: that says nothing about a movie.
    df = movies.select(
        votes=pl.when(pl.col("vote_count") > 0).then("vote_count").cast(pl.Float64),
        rating=pl.when(pl.col("vote_count") > 0).then("vote_average").cast(pl.Float64),
    )
    v, m = pl.col("votes"), pl.col("votes").median()
    bayesian = (v * pl.col("rating") + m * pl.col("rating").mean()) / (v + m)
    votes, rating = df.select(votes=v.log10(), rating=bayesian).to_numpy().T
    rating = rating / (np.nanstd(rating) or 1) if not np.isnan(rating).all() else rating
    parts = {"votes": fill(votes), "rating": fill(rating)}
    return {name: SHARES[name] * (part - part.mean()) for name, part in parts.items()}


def fill(part: np.ndarray) -> np.ndarray:
    """What is missing counts as the average of the others."""
    missing = np.isnan(part)
    known = 0 if missing.all() else np.nanmean(part)
    return np.where(missing, known, part) if missing.any() else part


def unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.full(np.shape(vectors), np.nan), where=lengths > 0)


def _pool(likenesses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pool (movies, given) into one for each movie: a weighted power mean."""
    power = 1 + 0.6 * np.log(len(weights))
    pooled = np.average(np.maximum(likenesses, 0) ** power, axis=1, weights=weights)
    return pooled ** (1 / power)


# Of the best received, a tenth of all within these: some that are unlike each other.
_FEWEST, _MOST = 30, 100


def spread(ranked: pl.DataFrame, n: int, diversity: float) -> pl.DataFrame:
    """
    Put movies first that are unlike each other in text, genre, time and
    language, of those ranked highest (maximal marginal relevance).
    """
    whole = ranked.filter(pl.col("by_facts") == pl.col("by_facts").max())  # has all facts asked
    best = whole.head(min(_MOST, max(_FEWEST, len(whole) // 10)))
    if best.is_empty():
        return ranked
    decade = (pl.col("year") // 10).alias("decade")
    marks = best.select(decade, "original_language").to_dummies().to_numpy().astype(float)
    genres = sorted(set(best["genres"].explode().drop_nulls()))
    has = [pl.col("genres").list.contains(genre).alias(genre) for genre in genres]
    kinds = best.select(has).to_numpy().astype(float).reshape(len(best), len(genres))
    parts = [unit(best["embedding"].to_numpy()), unit(kinds), unit(marks)]
    places = unit(np.nan_to_num(np.hstack(parts)))
    nothing = np.zeros(len(best), bool)
    total = best["score"].to_numpy()
    scores = Scores(total, {}, {}, pl.DataFrame(), total, nothing)
    spaced = best.with_columns(
        embedding=pl.Series(places, dtype=pl.Array(pl.Float64, places.shape[1]))
    )
    chosen = best[choose(spaced, scores, n, diversity)]
    return pl.concat([chosen, ranked.join(chosen, on="id", how="anti", maintain_order="left")])


def choose(movies: pl.DataFrame, scores: Scores, n: int, diversity: float) -> list[int]:
    """
    Choose by maximal marginal relevance, which is by score without diversity,
    and three movies of a series first.
    """
    series = movies.select(name_series()).to_series().to_numpy()
    vectors = movies["embedding"].to_numpy() if diversity else None
    among = scores.total[~scores.late] if not scores.late.all() else scores.total
    relevance = (scores.total - among.min()) / (np.ptp(among) or 1)
    chosen: list[int] = []
    nearest, late = np.zeros(len(movies)), 3.0 * scores.late  # worth is from -1 to 1
    for _ in range(min(n, len(movies))):
        worth = (1 - diversity) * relevance - (diversity * nearest if chosen else 0) - late
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        if (series[chosen] == series[best]).sum() == _MOST_OF_A_SERIES:
            late[series == series[best]] = 3
        if vectors is not None:
            nearest = np.maximum(nearest, vectors @ vectors[best])
    return chosen
