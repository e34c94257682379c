"""Is each sentence of `because` true? Asks thousands of random questions and
recommendations of the embedded catalogue, and holds each sentence against the
row that is shown and the movies that it names; not a test, since it takes
minutes.

.venv/bin/python tests/check_reasons.py SEED [--answers N]
"""

import argparse
import operator
import os
import random
import re
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# Held against the embedded catalogue, whatever .env says.
os.environ["TMDB_API_KEY"] = os.environ["TMDB_LANGUAGE"] = os.environ["EMBEDDING_MODEL"] = ""
os.environ["CHROMA_PATH"] = os.environ["CHROMA_URL"] = ""

import numpy as np

import main
from notebooks.recommender.titles import make_key
from notebooks.recommender.words import GENRE_WORDS, STOP_WORDS, expand_genres, fold_one

LANGUAGES = {"French": "fr", "Italian": "it", "Japanese": "ja", "Korean": "ko", "German": "de"}
LANGUAGES |= {"Spanish": "es", "English": "en", "Swedish": "sv", "Danish": "da"}
COUNTRIES = {"Japan": "JP", "Italy": "IT", "Mexico": "MX", "Canada": "CA", "the UK": "GB"}
COUNTRIES |= {"France": "FR", "Spain": "ES", "Sweden": "SE", "Denmark": "DK"}
MOODS = ["funny", "scary", "sad", "romantic", "in space", "heist", "time loop", "bank robbery"]
MOODS += ["haunted house", "a robot in love", "war", "revenge", "road trip", "not too scary"]
MOODS += ["it's not scary", "a film", "boxing", "animals that talk", "a small town", "feel-good"]
FACTS = ["from the 1990s", "from the 80s", "before 1960", "since 2015", "from 1905", "in 1994"]
FACTS += ["from 1970 to 1979", "under 90 minutes", "over 3 hours", "not in english", "for kids"]
FACTS += ["by pixar", "made in canada", "from japan", "not from the 80s", "at most 100 minutes"]
KINDS = ["french films", "korean thriller", "80s horror", "italian comedy", "late 90s action"]
KINDS += ["japanese animation", "a film in french", "short german drama", "no horror"]
ALWAYS = {"its text", "a text of like meaning", "nothing here comes near", "near to the wish"}
ALWAYS |= {"nothing was named; well received", "nothing in particular"}


class Checker:
    """Holds what is told against the rows of a collection."""

    def __init__(self, movies):
        self.rows = movies.to_dicts()
        self.by_title = {}
        for row in self.rows:
            self.by_title.setdefault(row["title"], []).append(row)
        people = {name for row in self.rows for name in [*row["directors"], *row["cast"]]}
        self.names = {fold_one(name) for name in people} | {fold_one(t) for t in self.by_title}

    def find_liked(self, sentence: str, liked: list[dict]) -> list[dict] | None:
        """Find the liked movies that "like X and Y" names; a title may hold *and*."""
        told = sentence.removeprefix("like ")
        known = {row["title"]: row for row in liked}
        if told in known:
            return [known[told]]
        for place in [match.start() for match in re.finditer(" and ", told)]:
            both = told[:place], told[place + 5 :]
            if set(both) <= set(known):
                return [known[title] for title in both]
        return None

    def check(self, row: dict, asked: str, liked: list[dict]) -> list[tuple[str, str, bool | None]]:
        """Hold each sentence against a row: its kind, itself, and whether it is true."""
        because = row["because"].replace("; well received", ", well received")
        sentences = because.split("; ")
        like = [it for it in sentences if it.startswith("like ")]
        named = self.find_liked(like[0], liked) if like else []
        return [
            self.judge(it.replace(", well", "; well"), row, fold_one(asked), named)
            for it in sentences
        ]

    def judge(self, it: str, row: dict, asked: str, named: list[dict] | None):
        others = named or []
        if it in ALWAYS:
            return "no claim", it, it != "near to the wish" or bool(asked)
        if it == "title":
            return "title", it, shares_title(row, asked)
        if it in LIKENESS:
            return it, it, LIKENESS[it](row, others)
        for start, judge in self.judges.items():
            if it.startswith(start):
                return start.strip(" :"), it, judge(it, row, asked, others)
        if (fact := judge_fact(it, row)) is not None:
            return "fact", it, fact
        asked_genres = {GENRE_WORDS.get(word) for word in asked.replace("sci fi", "scifi").split()}
        others = [] if it in asked_genres else others
        shared = [{*one["genres"], *one["keywords"]} for one in (row, *others)]
        labels = [it] if it in shared[0] else it.split(", ")
        return "genres and keywords", it, all(set(labels) <= o for o in shared)

    @property
    def judges(self) -> dict:
        return {
            "like ": lambda it, row, asked, others: bool(others) and row not in others,
            "did you mean ": self.judge_meant,
            "the word": judge_words,
            "the role ": lambda it, row, *_: it[9:].strip("*") in row["characters"],
            "with ": judge_people,
            "directed by ": judge_people,
        }

    def judge_meant(self, it: str, row: dict, asked: str, others: list[dict]) -> bool:
        return fold_one(it.removeprefix("did you mean ")) in self.names


LIKENESS = {
    "widely seen": lambda row, _: row["vote_count"] >= 1_000,
    "highly rated": lambda row, _: row["vote_average"] >= 7,
    "of the same years": lambda row, others: (
        bool(others) and np.ptp([one["year"] for one in (row, *others)]) <= 5
    ),
    "in the same language": lambda row, others: (
        bool(others) and {row["original_language"]} == {o["original_language"] for o in others}
    ),
}


def judge_words(it: str, row: dict, asked: str, others: list[dict]) -> bool:
    words = set(re.findall(r"\*(.+?)\*", it))
    wished = words <= set(expand_genres(asked).split())
    return all(words <= hold(one) for one in ([row] if wished else [row, *others]))


def hold(row: dict) -> set[str]:
    lists = ("genres", "directors", "cast", "characters", "keywords")
    names = [name for part in lists for name in row[part]]
    return set(fold_one(" ".join([row["text"] or "", row["title"], *names])).split())


def shares_title(row: dict, asked: str) -> bool:
    """Tell whether a title shares a word that says something with what was asked or meant."""
    meant = fold_one(" ".join(re.findall(r"did you mean \*(.+?)\*", row["because"])))
    words = make_key(f"{asked} {meant}".split(), " ").split()
    for title in (row["title"], row["original_title"] or ""):
        key = make_key(fold_one(title).split(), " ").split()
        if (set(key) & set(words)) - STOP_WORDS or (key and "".join(key) == "".join(words)):
            return True
    return False


def judge_people(it: str, row: dict, asked: str, others: list[dict]) -> bool:
    """Judge people: those who were asked for are of the row, others of liked movies, too."""
    part = "cast" if it.startswith("with ") else "directors"
    names = re.sub("^with |^directed by |, too$", "", it).split(" and ")
    shared = it.endswith(", too") or not any(fold_one(name) in asked for name in names)
    shared &= bool(others) and not set(asked.split()) & set(fold_one(" ".join(names)).split())
    return all(set(names) <= set(one[part]) for one in [row, *(others if shared else [])])


PARTS = {"early": (0, 3), "mid": (3, 6), "late": (5, 9), None: (0, 9)}
YEARS = {
    r"from (?:the )?(?:(early|mid|late) )?(\d{4})s": lambda year, part, first: (
        PARTS[part][0] <= year - int(first) <= PARTS[part][1]
    ),
    r"from (?:the )?(\d{4})s? to (?:the )?(\d{4})(s?)": lambda year, first, last, decade: (
        int(first) <= year <= int(last) + 9 * bool(decade)
    ),
    r"from before (?:the )?(\d{4})s?": lambda year, first: year < int(first),
    r"from (\d{4}) or later": lambda year, first: year >= int(first),
    r"from (\d{4})": lambda year, first: year == int(first),
}
SIGNS = {"under": operator.lt, "over": operator.gt, "at most": operator.le, "at least": operator.ge}


def judge_fact(it: str, row: dict) -> bool | None:
    """Judge what was asked in words; None where it is none of these facts."""
    negated, told = it.startswith("not "), it.removeprefix("not ")
    for pattern, judge in YEARS.items():
        if match := re.fullmatch(pattern, told):
            return row["year"] is not None and judge(row["year"], *match.groups()) != negated
    if match := re.fullmatch(rf"({'|'.join(SIGNS)}) (\d+) minutes", told):
        known = row["runtime"] is not None
        return known and SIGNS[match[1]](row["runtime"], int(match[2])) != negated
    simple = {
        "short": (row["runtime"] or 999) <= 95,
        **{name: row["original_language"] == code for name, code in LANGUAGES.items()},
        **{f"from {name}": code in row["countries"] for name, code in COUNTRIES.items()},
        "from South Korea": "KR" in row["countries"],
        "from Germany": bool({"DE", "DD", "XG"} & set(row["countries"])),
        **{f"by {name}": True for name in row["studios"]},
        f"rated {row['certification']}": True,
        **dict.fromkeys([*row["genres"], *(f"with {who}" for who in row["cast"])], True),
        **{f"directed by {who}": True for who in row["directors"]},
    }
    if negated:
        return not any(simple.get(part) for part in told.split(" or "))
    if told.startswith(("by ", "rated ")):
        return simple.get(told, False)
    return simple[told] if told in simple and told not in row["genres"] else None


def ask(rng: random.Random, collection, rows: list[dict]):
    """Ask something at random: what was asked, the movies to be like, and the answers."""
    people = [name for row in rng.sample(rows, 3) for name in row["cast"][:3] + row["directors"]]
    person = rng.choice(people)
    words = [rng.choice(MOODS), rng.choice(FACTS), rng.choice(KINDS)]
    words += [rng.choice([f"with {person}", f"directed by {person}", person])]
    words += [rng.choice([row for row in rows if row["keywords"]])["keywords"][0]]
    text = " ".join(rng.sample(words, rng.choice([1, 1, 2, 2, 3])))
    n = rng.choice([3, 5, 10, 20])
    if rng.random() < 0.5:
        movie = rng.choice(rows)
        if rng.random() < 0.4:
            typed = list(movie["title"])
            if rng.random() < 0.5 and len(typed) > 5:
                place = rng.randrange(1, len(typed) - 1)
                typed[place], typed[place - 1] = typed[place - 1], typed[place]
            text = "".join(typed) + rng.choice(["", "", f" {text}", " full movie"])
        elif rng.random() < 0.3 and movie["characters"]:
            text = movie["characters"][0]
        return text, [], main.find_movies(collection, text, n)
    liked = rng.sample(rows, rng.choice([1, 1, 2, 3, 6]))
    ids = [row["id"] for row in liked]
    disliked = [row["id"] for row in rng.sample(rows, 2) if row["id"] not in ids]
    wish = text if rng.random() < 0.6 else None
    among = [row["id"] for row in rng.sample(rows, 30)] if rng.random() < 0.1 else None
    disliked = disliked if rng.random() < 0.3 else []
    answers = main.recommend(collection, ids, n, wish=wish, disliked=disliked, among=among)
    return wish or "", liked, answers


def run(seed: int, count: int) -> None:
    os.environ["TQDM_DISABLE"] = "1"
    collection = main.get_collection(main.get_client(), "checked")
    main.add_movies(collection, main.prep_movies(main.load_sample_movies()))
    texts = main.find_similar(collection, "a movie", n=collection.count())
    checker = Checker(texts)
    rng = random.Random(seed)
    told, wrong, examples, raised = Counter(), Counter(), {}, Counter()
    for _ in range(count):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                asked, liked, answers = ask(rng, collection, checker.rows)
        except Exception as error:  # whatever it is: no question may raise
            raised[f"{type(error).__name__}: {error!s:.100}"] += 1
            continue
        for row in answers.to_dicts():
            for kind, sentence, holds in checker.check(row, asked, liked):
                told[kind] += 1
                if not holds:
                    wrong[kind] += 1
                    examples.setdefault(kind, []).append((asked, row["title"], sentence))
    print(f"seed {seed}: {count:,} answers, {sum(raised.values())} raised {dict(raised)}")
    print(f"{sum(wrong.values()):,} of {sum(told.values()):,} sentences were false")
    print("| kind | sentences | false |\n|---|--:|--:|")
    for kind, number in told.most_common():
        print(f"| {kind} | {number:,} | {wrong[kind]:,} |")
    for kind, found in examples.items():
        for example in found[:8]:
            print(kind, *example, sep=" | ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--answers", type=int, default=2_000)
    arguments = parser.parse_args()
    run(arguments.seed, arguments.answers)
