"""Why a movie is among the answers: true of the row that is shown."""

import warnings

import polars as pl
import pytest
from check_reasons import Checker
from tmdb_server import make_movie

import main
from main import add_movies, find_movies, load_sample_movies, prep_movies, recommend
from notebooks.recommender.words import STOP_WORDS

SAMPLE = prep_movies(load_sample_movies())


def list_both() -> list[str]:
    """List 21 people who direct movies and play in others."""
    directs = set(SAMPLE["directors"].explode().drop_nulls())
    plays = SAMPLE.select(name=pl.col("cast").explode()).drop_nulls()
    both = plays.filter(pl.col("name").is_in(list(directs)))["name"].value_counts()
    names = both.sort("count", "name", descending=[True, False])["name"].to_list()
    return ["Clint Eastwood", *(name for name in names if name != "Clint Eastwood")][:21]


BOTH = list_both()


def hold_people(answers):
    """Hold what is told of people against each row."""
    told = 0
    for row in answers.iter_rows(named=True):
        for sentence in row["because"].split("; "):
            for start, part in (("with ", "cast"), ("directed by ", "directors")):
                if sentence.startswith(start):
                    names = sentence.removeprefix(start).removesuffix(", too").split(" and ")
                    assert set(names) <= set(row[part]), (row["title"], sentence)
                    told += 1
    return told


@pytest.mark.parametrize("name", BOTH)
def test_who_directs_and_plays_is_told_of_rows_in_which_they_do(texts, name):
    asked = (f"with {name}", f"directed by {name}", name, f"{name} war")
    assert len(BOTH) == 21
    for typed in asked:
        assert hold_people(find_movies(texts, typed, n=8)), typed
    played = recommend(texts, "Se7en", wish=asked[0], n=3)
    directed = recommend(texts, "Se7en", wish=asked[1], n=3)
    assert hold_people(played)
    assert hold_people(directed)
    assert played["cast"].list.contains(name)[0]
    assert directed["directors"].list.contains(name)[0]


def test_after_another_process_changed_a_movie_its_row_and_its_reason_agree(collection):
    def make(id, name):
        credits = {"cast": [{"name": name, "character": "Someone"}], "crew": []}
        return make_movie(id, credits=credits)

    add_movies(collection, prep_movies([make(1, "Ann Aston"), make(2, "Bea Boyd")]))
    assert "with Ann Aston" in find_movies(collection, "with ann aston", n=1)["because"].item()
    collection.update(ids=["1"], metadatas=[{"cast": ["Cid Cole"], "year": 1984}])
    for ask in (
        lambda: find_movies(collection, "with ann aston", n=2),
        lambda: find_movies(collection, "ann aston from 1999", n=2),
        lambda: recommend(collection, "2", wish="with ann aston", n=2),
    ):
        row = ask().filter(id="1").row(0, named=True)
        assert row["cast"] == ["Cid Cole"]
        assert "Ann Aston" not in row["because"]
        assert "1999" not in row["because"]


SMALL = ["a film in french", "it's not scary", "is it a funny one", "the of and", "not for me"]


@pytest.mark.parametrize("typed", [*SMALL, "what is this", "a movie for two", "all in one"])
def test_a_title_is_told_for_no_small_word(texts, typed):
    for row in find_movies(texts, typed, n=20).iter_rows(named=True):
        if "title" in row["because"].split("; "):
            held = {*row["title"].lower().split(), *row["original_title"].lower().split()}
            assert held & (set(typed.split()) - STOP_WORDS), (row["title"], row["because"])


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("shrek 3", "Shrek the Third"),
        ("shrek the 3rd", "Shrek the Third"),
        ("doctor strangelove", "Dr. Strangelove or: How I Learned"),
        ("dr strangelove full movie", "Dr. Strangelove or: How I Learned"),
    ],
)
def test_a_part_of_a_series_and_a_short_title_find_their_movie(texts, typed, title):
    best = find_movies(texts, typed, n=1).row(0, named=True)
    assert best["title"].startswith(title)
    assert best["because"].endswith("title")


@pytest.mark.parametrize("ask", [main.find_similar, find_movies])
def test_a_filter_that_nothing_passes_warns_once_with_the_names_of_facts_alone(texts, ask):
    with pytest.warns(UserWarning, match="no movie passes") as caught:
        ask(texts, "80s horror", where={"year": 2030})
    [told] = caught
    assert told.filename == __file__
    assert len(str(told.message)) < 500
    assert "Shawshank" not in str(told.message)


def test_a_warning_comes_once_and_points_at_the_line_that_asks(texts):
    asks = [
        lambda: find_movies(texts, "80s horror", without="zzzz"),
        lambda: find_movies(texts, "like alien", where={"year": 2030}),
        lambda: recommend(texts, "Heat", wish="funny from 1905", where={"year": 2030}),
        lambda: recommend(texts, "Heat", seen=pl.DataFrame({"id": ["no-such"]})),
    ]
    for ask in asks:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ask()
        assert [(it.filename, it.lineno) for it in caught] == [
            (__file__, ask.__code__.co_firstlineno)
        ]


ASKED = ["80s horror with Kurt Russell", "french comedy under 2 hours", "a robot in love"]
ASKED += ["quentin tarantino but less violent", "not from the 80s, no horror, heist"]
ASKED += ["vito corleone", "the matirx", "time loop over 90 minutes from the 2010s"]


@pytest.fixture(scope="module")
def checker(texts):
    return Checker(main.find_similar(texts, "a movie", n=texts.count()))


@pytest.mark.parametrize("asked", ASKED)
def test_each_sentence_holds_of_its_row(texts, checker, asked):
    liked = [row for row in checker.rows if row["title"] in ("Alien", "Heat")]
    ids = [row["id"] for row in liked]
    found = find_movies(texts, asked, 20), recommend(texts, ids, 20, wish=asked)
    for given, answers in zip(([], liked), found, strict=True):
        for row in answers.to_dicts():
            for kind, sentence, holds in checker.check(row, asked, given):
                meant = kind == "the word" and "did you mean" in row["because"]
                assert holds or meant, (kind, sentence, row["title"])


def test_a_word_is_told_as_the_text_writes_it(texts):
    told = find_movies(texts, "andys toys", n=5)["because"].to_list()
    assert any("*andy's*" in because for because in told)
