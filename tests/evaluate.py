"""How well does `recommend` know tastes? Measured on MovieLens users; not a test,
for their ratings stay out of here.

.venv/bin/python tests/evaluate.py --movielens FOLDER [--users N]

FOLDER is the unpacked ml-latest-small of
https://grouplens.org/datasets/movielens/ (links.csv and ratings.csv). Harper
and Konstan (2015), https://doi.org/10.1145/2827872.

Some of the movies that a user rated with 4 stars or more are given, and the
others are to be found among the first 20: nDCG@20, its standard error, and how
many different movies were shown to all users together. "with dislikes" also
gives what the user rated with 2.5 or less. The collection is the embedded
catalogue, or "movies" in CHROMA_PATH.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["TMDB_API_KEY"] = ""  # genres of the embedded catalogue have their names in it

import numpy as np
import polars as pl

import config
import main

GIVEN = 1, 3, 10, 30
TO_FIND = 5  # a user must like so many movies more than are given
LIKED, DISLIKED = 4, 2.5  # stars
DISCOUNT = 1 / np.log2(np.arange(2, 22))


def read_users(folder: Path, ids: list[str]) -> list[tuple[list[str], list[str]]]:
    """
    List the movies that each user liked, in a random order, and those that the
    user disliked.
    """
    links = pl.read_csv(folder / "links.csv", columns=["movieId", "tmdbId"]).drop_nulls()
    ratings = (
        pl.read_csv(folder / "ratings.csv", columns=["userId", "movieId", "rating"])
        .join(links.with_columns(id=pl.col("tmdbId").cast(pl.Int64).cast(pl.String)), on="movieId")
        .filter(pl.col("id").is_in(ids))
        .unique(["userId", "id"], maintain_order=True)
    )
    rng = np.random.default_rng(0)
    users = []
    for _, rated in sorted(ratings.group_by("userId", maintain_order=True)):
        liked = rated.filter(pl.col("rating") >= LIKED)["id"].to_list()
        users.append(
            (
                rng.permutation(liked).tolist(),
                rated.filter(pl.col("rating") <= DISLIKED)["id"].to_list(),
            )
        )
    return users


class Baselines:
    """What `recommend` is measured against, on the whole collection."""

    def __init__(self, collection):
        movies = main.list_movies(collection)
        self.ids = movies["id"].to_list()
        stored = collection.get(ids=self.ids, include=["embeddings"])
        self.row = {id: row for row, id in enumerate(self.ids)}
        order = np.argsort([self.row[id] for id in stored["ids"]])
        vectors = stored["embeddings"][order]
        self.text = vectors @ vectors.T
        names = movies["genres"].explode().drop_nulls().unique().to_list()
        has = np.array([[name in genres for name in names] for genres in movies["genres"]], float)
        has *= np.log((1 + len(movies)) / (1 + has.sum(axis=0))) + 1
        has /= np.maximum(np.linalg.norm(has, axis=1, keepdims=True), 1e-9)
        year = movies["year"].cast(pl.Float64).to_numpy()
        era = np.nan_to_num(np.exp(-np.abs(year[:, None] - year) / 8))
        self.votes = movies["vote_count"].fill_null(0).to_numpy().astype(float)
        rating = movies["vote_average"].to_numpy().astype(float)
        rating = np.nan_to_num((rating - np.nanmean(rating)) / np.nanstd(rating))
        self.alike = self.text + 0.15 * has @ has.T + 0.10 * era
        self.esteem = 0.05 * np.log10(np.maximum(self.votes, 1)) + 0.02 * rating

    def rank(self, liked: list[str]) -> dict[str, list[str]]:
        """
        Give the first 20 by popularity, by the mean of embeddings, and by the
        score until now.
        """
        rows = [self.row[id] for id in liked]
        scores = {
            "popularity": self.votes.copy(),
            "text alone": self.text[:, rows].mean(axis=1),
            "former score": self.alike[:, rows].mean(axis=1) + self.esteem,
        }
        for values in scores.values():
            values[rows] = -np.inf
        return {
            name: [self.ids[row] for row in np.argsort(-values)[:20]]
            for name, values in scores.items()
        }


def evaluate(collection, users: list, most: int) -> None:
    baselines = Baselines(collection)
    print("| given | answers | nDCG@20 | movies shown | users |\n|--:|---|--:|--:|--:|")
    for given in GIVEN:
        gains, shown = {}, {}
        for liked, disliked in [user for user in users if len(user[0]) >= given + TO_FIND][:most]:
            likes, hidden = liked[:given], set(liked[given:])
            answers = baselines.rank(likes) | {
                "recommend": main.recommend(collection, likes, 20)["id"].to_list()
            }
            if given >= 10 and len(disliked) >= 3:
                answers["with dislikes"] = main.recommend(collection, likes, 20, disliked=disliked)[
                    "id"
                ].to_list()
                # the same users, and what they dislike is not shown
                answers["same, likes only"] = main.recommend(collection, likes, 20, seen=disliked)[
                    "id"
                ].to_list()
            for name, ids in answers.items():
                hit = DISCOUNT[: len(ids)] @ np.isin(ids, list(hidden))
                gains.setdefault(name, []).append(hit / DISCOUNT[: len(hidden)].sum())
                shown.setdefault(name, set()).update(ids)
        for name, values in gains.items():
            error = np.std(values) / len(values) ** 0.5
            print(
                f"| {given} | {name} | {np.mean(values):.3f} ± {error:.3f} | {len(shown[name])} "
                f"| {len(values)} |"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--movielens", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--users", type=int, default=1_000, help="at most so many for each number of movies given"
    )
    args = parser.parse_args()
    movies = main.get_collection(main.get_client(), "movies")
    if not movies.count() and not (config.CHROMA_PATH or config.CHROMA_URL):
        main.add_movies(movies, main.prep_movies(main.load_sample_movies()))
    if not movies.count():
        sys.exit(
            "The collection 'movies' is empty: fill it with add_movies, or unset CHROMA_PATH "
            "and CHROMA_URL."
        )
    evaluate(
        movies, read_users(args.movielens, main.list_movies(movies)["id"].to_list()), args.users
    )
