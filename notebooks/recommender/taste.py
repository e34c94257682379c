"""How `recommend` scores, chooses and explains."""

from __future__ import annotations

import numpy as np
import polars as pl

from notebooks.recommender.words import fold, share_words

# What a score is made of. The parts were found on 3,463 real movies with half of their MovieLens
# users (Harper and Konstan, 2015) and half of TMDb's plot keywords; tests/evaluate.py measures
# them on anyone's copy of MovieLens.
_WEIGHTS = {
    "text": 1.0,  # cosine of embeddings
    "words": 0.3,  # TF-IDF cosine of the texts, without their years and genres
    "title": 0.1,  # TF-IDF cosine of the titles
    "genres": 0.15,  # cosine of genre vectors, where a rare genre weighs more (idf)
    "era": 0.15,  # exp(-years apart / 8)
    "language": 0.05,  # 1 for the same original language
    "votes": 0.05,  # log10 of the number of votes
    "rating": 0.02,  # vote average, held back where votes are few, in standard deviations
}
# People rate what was in cinemas in their time. What they dislike is of the same years and
# language as what they like.
NO_REASON_TO_DISLIKE = {"era", "language"}
ROCCHIO = 0.3  # how much a disliked movie pushes, where a liked one pulls with 1
# `because` tells a part of the score that lifts a movie by so much over the average candidate.
_NOTABLE = 0.02
_MANY_VOTES, _HIGH_RATING = (
    1_000,
    7.0,
)  # without which no movie is called widely seen or highly rated
_SAME_YEARS = 5  # years apart, at most
_MOST_OF_A_SERIES = 3
# What a stranger may have seen, and how much 20 years count beside the text. On half of MovieLens'
# users, three seeds each, 24 movies asked about gained more over the most voted with years than
# without, and with one movie a series than with all.
_WIDELY_SEEN = 300
_YEARS_APART = 0.5


def compare(
    movies: pl.DataFrame, others: pl.DataFrame, shared_words: pl.DataFrame
) -> dict[str, np.ndarray]:
    """
    Measure how similar movies and others are: weighted parts of the score,
    each of shape (movies, others).
    """
    genres = sorted(set(movies["genres"].explode().drop_nulls()))
    columns = [pl.col("genres").list.contains(genre).alias(genre) for genre in genres]
    has, others_have = (
        df.select(columns).to_numpy().astype(float).reshape(len(df), -1) for df in (movies, others)
    )
    idf = np.log((1 + len(movies)) / (1 + has.sum(axis=0))) + 1
    years, their_years = (df["year"].cast(pl.Float64).to_numpy() for df in (movies, others))
    languages, theirs = (df["original_language"].to_numpy()[:, None] for df in (movies, others))
    known = (languages != None) & (theirs.T != None)  # noqa: E711  # element by element
    shape = len(movies), len(others)

    def add_up(shared: pl.DataFrame) -> np.ndarray:
        place = shared["movie"].to_numpy() * shape[1] + shared["other"].to_numpy()
        return np.bincount(
            place, weights=shared["part"].to_numpy(), minlength=shape[0] * shape[1]
        ).reshape(shape)

    parts = {
        "text": (
            _unit(movies["embedding"].to_numpy()) @ _unit(others["embedding"].to_numpy()).T
            if "embedding" in movies.columns
            else 1 - movies["distance"].to_numpy()[:, None] / 2
        ),
        "words": add_up(shared_words),
        "title": add_up(share_words(movies, others, pl.col("title"))),
        "genres": _unit(has * idf) @ _unit(others_have * idf).T,
        "era": np.exp(-np.abs(years[:, None] - their_years) / 8),
        "language": np.where(known, languages == theirs.T, np.nan),
    }
    return {name: _WEIGHTS[name] * _fill(part) for name, part in parts.items()}


def rate_reception(movies: pl.DataFrame) -> dict[str, np.ndarray]:
    """
    Weigh votes and ratings, as differences from the average candidate, which
    is 0.
    """
    # Nobody voted: that says nothing about a movie.
    df = movies.select(
        votes=pl.when(pl.col("vote_count") > 0).then("vote_count").cast(pl.Float64),
        rating=pl.when(pl.col("vote_count") > 0).then("vote_average").cast(pl.Float64),
    )
    v, m = pl.col("votes"), pl.col("votes").median()
    bayesian = (v * pl.col("rating") + m * pl.col("rating").mean()) / (v + m)
    votes, rating = df.select(votes=v.log10(), rating=bayesian).to_numpy().T
    rating = rating / (np.nanstd(rating) or 1) if not np.isnan(rating).all() else rating
    return {
        name: _WEIGHTS[name] * (part - part.mean())
        for name, part in (("votes", _fill(votes)), ("rating", _fill(rating)))
    }


def _fill(part: np.ndarray) -> np.ndarray:
    """What is missing counts as the average of the others."""
    missing = np.isnan(part)
    return (
        np.where(missing, 0 if missing.all() else np.nanmean(part), part) if missing.any() else part
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.full(np.shape(vectors), np.nan), where=lengths > 0)


def pool(similarities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """
    Pool similarities of shape (movies, others) into one for each movie: a
    weighted power mean.
    """
    power = 1 + 0.6 * np.log(len(weights))
    return np.average(np.maximum(similarities, 0) ** power, axis=1, weights=weights) ** (1 / power)


def _name_series() -> pl.Expr:
    """
    Tell by its title which series a movie is of; a movie without a title is
    alone.
    """
    start = (
        pl.col("title")
        .str.normalize("NFKD")  # Alien³ is Alien3
        .str.to_lowercase()
        .str.replace(r"^.*: an? (.+) story$", "$1")  # Rogue One: A Star Wars Story
        .str.replace(
            r"^(.*?\w.*?)(?:: | - | \u{2013} | (?:and|&) the |,? "
            r"\(?(?:part|vol\.?|volume|chapter|episode) ).*$",
            "$1",
        )
        .str.replace(r"^(.*[^\d\s])(?:\s*\d+| [ivx]+)$", "$1")
    )
    return pl.coalesce(fold(start).replace("", None), "title", "id")


def choose(scores: np.ndarray, movies: pl.DataFrame, n: int, diversity: float) -> list[int]:
    """
    Choose by maximal marginal relevance, which is by score without diversity,
    and three movies of a series first.
    """
    series = movies.select(_name_series()).to_series().to_numpy()
    vectors = movies["embedding"].to_numpy() if diversity else None
    relevance = (scores - scores.min()) / (np.ptp(scores) or 1)
    chosen: list[int] = []
    nearest, late = np.zeros(len(scores)), np.zeros(len(scores))
    for _ in range(min(n, len(scores))):
        worth = (1 - diversity) * relevance - (diversity * nearest if chosen else 0) - late
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        if (series[chosen] == series[best]).sum() == _MOST_OF_A_SERIES:
            late[series == series[best]] = 3  # worth is from -1 to 1
        if vectors is not None:
            nearest = np.maximum(nearest, vectors @ vectors[best])
    return chosen


def explain(
    chosen: list[int],
    movies: pl.DataFrame,
    liked: pl.DataFrame,
    lifts: dict[str, np.ndarray],
    reception: dict[str, np.ndarray],
    shared_words: pl.DataFrame,
) -> list[str]:
    """
    Say in words what the scores say in numbers; `lifts` are similarities over
    those of the average candidate.
    """
    strong = shared_words.filter(
        pl.col("movie").is_in(chosen) & (_WEIGHTS["words"] * pl.col("part") >= _NOTABLE / 2)
    )
    words: dict = {}
    for movie, other, word in strong.sort("part", "word", descending=True).drop("part").iter_rows():
        words.setdefault((movie, other), []).append(word)
    frequency = dict(movies["genres"].explode().value_counts().iter_rows())
    others, weights = liked.to_dicts(), liked["weight"].to_numpy()
    because = []
    for row, movie in zip(chosen, movies[chosen].iter_rows(named=True), strict=True):
        lift = {name: part[row] for name, part in lifts.items()}
        total = sum(lift.values())
        named = [
            int(other)
            for other in np.argsort(-weights * total, kind="stable")[:2]
            if total[other] >= _NOTABLE
        ]
        reasons: list[str] = []
        for count in range(
            len(named), 0, -1
        ):  # the second one is named if all three share genres or words
            told = {name for name in lift if (lift[name][named[:count]] >= _NOTABLE).all()}
            theirs = [
                others[other] | {"words": words.get((row, other), [])} for other in named[:count]
            ]
            shared = _list_shared(movie, theirs, told, frequency)
            if count == 1 or "genres" in shared or "words" in shared:
                named, reasons = named[:count], list(shared.values())
                break
        if named and not reasons and lift["text"][named[0]] > 0:
            reasons = ["by its text"]
        titles = " and ".join(others[other]["title"] or others[other]["id"] for other in named)
        like = (
            [f"like {titles}: {'; '.join(reasons)}" if reasons else f"like {titles}"]
            if named
            else []
        )
        own = {
            "widely seen": reception["votes"][row] >= _NOTABLE
            and movie["vote_count"] >= _MANY_VOTES,
            "highly rated": reception["rating"][row] >= _NOTABLE
            and movie["vote_average"] >= _HIGH_RATING,
        }
        because.append(
            "; ".join([*like, *(name for name, told in own.items() if told)])
            or "nothing in particular"
        )
    return because


def _list_shared(
    movie: dict, named: list[dict], told: set[str], frequency: dict[str, int]
) -> dict[str, str]:
    """
    Say what a movie shares with each of the movies named, of the parts that
    may be told; rare genres first.
    """
    genres = [
        genre for genre in movie["genres"] if all(genre in other["genres"] for other in named)
    ]
    common = [
        f"*{word}*" for word in named[0]["words"] if all(word in other["words"] for other in named)
    ]
    years = [other["year"] for other in (movie, *named)]
    close = None not in years and all(
        abs(int(year) - int(years[0])) <= _SAME_YEARS for year in years
    )
    languages = {other["original_language"] for other in (movie, *named)}
    reasons = {
        "genres": ", ".join(sorted(genres, key=lambda genre: frequency[genre])[:2]),
        "words": ("the words " if len(common) > 1 else "the word ") + ", ".join(common[:2])
        if common
        else "",
        "era": "of the same years" if close else "",
        "language": "in the same language" if len(languages) == 1 and None not in languages else "",
    }
    return {name: reason for name, reason in reasons.items() if reason and name in told}


def choose_starters(movies: pl.DataFrame, n: int) -> pl.DataFrame:
    """
    Choose the most voted movie of each of n clusters, of one series at most
    one.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    series = [pl.col("series")] if "series" in movies.columns else []
    known = (
        movies.sort(pl.col("vote_count").fill_null(0), "id", descending=[True, False])
        .with_columns(its_series=pl.coalesce(*series, _name_series()))
        .unique("its_series", keep="first", maintain_order=True)
        .head(max(_WIDELY_SEEN, 4 * n))
    )
    if known.is_empty():
        return movies
    years = _fill(known["year"].cast(pl.Float64).to_numpy())
    texts = np.nan_to_num(_unit(known["embedding"].to_numpy()))
    places = np.column_stack([texts, _YEARS_APART * (years - years.mean()) / 20])
    n = min(n, len(np.unique(places.round(6), axis=0)))
    with threadpool_limits(1):  # torch's threads and scikit-learn's would wait for each other
        clusters = KMeans(n, n_init=10, random_state=0).fit_predict(places)
    chosen = known.with_columns(cluster=clusters).unique(
        "cluster", keep="first", maintain_order=True
    )
    return chosen.select(movies.columns)
