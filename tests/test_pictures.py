"""Answers as pictures."""

import asyncio
import itertools
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from tmdb_server import make_movie

import main
from main import find_similar, recommend
from notebooks import pictures
from notebooks.pictures import show_movies


class Page(HTMLParser):
    """
    What a browser makes of it: tags with their attributes, and the text
    between.
    """

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def images(self):
        return [attributes for tag, attributes in self.tags if tag == "img"]


def show(**movie) -> Page:
    return Page(show_movies(pl.DataFrame([{"title": "Alien", **movie}])).data)


def test_answers_of_find_similar_show_title_year_genres_and_distance(texts):
    answers = find_similar(texts, "a shark", n=1)
    text = Page(show_movies(answers).data).text
    assert "Jaws" in text
    assert f"1975 · {', '.join(answers['genres'][0])}" in text
    assert f"distance {answers['distance'][0]:.2f}" in text


@pytest.mark.parametrize(
    "shown", [lambda answers: Page(show_movies(answers).data).text, lambda a: repr(show_movies(a))]
)
def test_answers_of_recommend_show_the_reason_on_a_page_and_in_a_terminal(texts, shown):
    answers = recommend(texts, "Alien", n=5)
    text = shown(answers).replace("*", "")
    assert all(title in text for title in answers["title"])
    assert all(because.replace("*", "") in text for because in answers["because"])
    assert "distance" not in text
    assert "<" not in text


def test_a_poster_covers_the_colour_and_its_image_with_a_text_stays_where_no_styles_are():
    page = show(poster_path="/abc123.jpg", genres=["Horror"])
    [image] = page.images()
    assert image["src"] == "https://image.tmdb.org/t/p/w342/abc123.jpg"
    assert (image["alt"], image["width"]) == ("Poster of Alien", "92")
    assert "opacity:0" in image["style"]  # a mark of a broken image is not seen
    styles = "".join(attributes.get("style", "") for _, attributes in page.tags)
    assert "background-image:url('https://image.tmdb.org/t/p/w342/abc123.jpg')" in styles
    assert "background-color:#D55E00" in styles
    assert all(
        "on" not in name[:2] for _, attributes in page.tags for name in attributes
    )  # no script


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "abc.jpg",
        "/../abc.jpg",
        "/a/b.jpg",
        "/a.svg",
        "//evil.example/a.jpg",
        '/"x.jpg',
        float("nan"),
    ],
)
def test_a_poster_path_that_is_none_is_ignored_and_the_title_stands_there_once(path):
    page = show(poster_path=path)
    assert page.images() == []
    assert page.text.count("Alien") == 1


def test_a_movie_called_like_a_script_is_shown_as_those_characters():
    page = show(
        title="<script>alert(1)</script>",
        because='"><img src=x onerror=alert(1)>',
        genres=["<b>Drama</b>"],
    )
    assert "<script>alert(1)</script>" in page.text
    assert '"><img src=x onerror=alert(1)>' in page.text
    assert {tag for tag, _ in page.tags} == {"table", "tbody", "tr", "td", "div", "b"}


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_no_text_becomes_markup(title, year, genre, because, poster):
    page = show(title=title, year=year, genres=[genre], because=because, poster_path=poster)
    assert {tag for tag, _ in page.tags} <= {"table", "tbody", "tr", "td", "div", "img", "b", "i"}
    assert all(
        set(attributes) <= {"style", "valign"} for tag, attributes in page.tags if tag != "img"
    )


@pytest.mark.parametrize(
    ("year", "told"), [(1979, "1979"), ("1979", "1979"), (1979.0, "1979"), (None, "no year")]
)
def test_a_year_may_be_a_number(year, told):
    assert f"({told})" in repr(show_movies(pl.DataFrame([{"title": "Alien", "year": year}])))


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("name", ["title", "year", "genres", "because", "distance", "poster_path"])
def test_anything_may_be_missing(name, missing):
    page = show(**{"genres": "Horror", "year": "1979", name: missing})
    assert ("Untitled" if name == "title" else "Alien") in page.text
    assert not {"nan", "None"} & set(page.text.split())


def test_a_genre_that_the_reason_names_stands_there_once_and_a_title_that_holds_one_is_none():
    page = show(
        genres=["Horror", "Drama", "Mystery"], because="like Mystery Men: Horror; of the same years"
    )
    assert page.text.count("Horror") == 1
    assert "Drama, Mystery" in page.text


def test_a_terminal_gets_no_command_from_a_title():
    text = repr(
        show_movies(pl.DataFrame([{"title": "\x1b[2JAlien\n\u202eneila", "because": "\x07"}]))
    )
    assert text.splitlines() == ["[2JAlien neila (no year)", "(A notebook shows these as posters.)"]


def test_a_frame_without_titles_is_a_value_error():
    with pytest.raises(ValueError, match="title"):
        show_movies(pl.DataFrame({"name": ["Alien"]}))


def test_an_empty_answer_says_so():
    assert "No movies" in show_movies(pl.DataFrame({"title": []})).data


def test_the_map_shows_every_movie_and_names_the_answers(texts):
    answers = find_similar(texts, "Back to the future", n=5)
    bundle, metadata = DisplayFormatter().format(
        pictures.draw_map(texts, answers)
    )  # as a notebook saves it
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "image/png", "text/plain"}
    assert bundle["text/plain"].startswith("A map of 1,000 movies")
    assert metadata["image/png"]["alt"].startswith("A map of 1,000 movies")
    chart = bundle["application/vnd.vegalite.v5+json"]
    points, islands, *_, names = chart["layer"]
    assert len(points["data"]["values"]) == texts.count()
    assert {movie["title"] for movie in names["data"]["values"]} == set(answers["title"])
    heights = sorted(movie["name_y"] for movie in names["data"]["values"])
    assert (
        min(above - below for below, above in itertools.pairwise(heights)) > 0
    )  # no name upon another
    assert points["encoding"]["tooltip"][0]["field"] == "title"
    assert chart["params"][0]["bind"] == "scales"  # zoom
    assert "Horror" in {island["genre"] for island in islands["data"]["values"]}
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_tiles_and_map_give_a_genre_one_colour(texts):
    scale = pictures.draw_map(texts, find_similar(texts, "a shark"))["layer"][0]["encoding"][
        "color"
    ]["scale"]
    colours = dict(zip(scale["domain"], scale["range"], strict=True))
    for group, colour in colours.items():
        assert (
            colour
            in show_movies(pl.DataFrame([{"title": "A", "genres": [group.split(", ")[0]]}])).data
        )


# Run in a process of its own, for what is tried here would end it.
MAPS = """
from types import SimpleNamespace
import numpy as np, polars as pl
from notebooks.pictures import draw_map

different = np.random.default_rng(0).normal(size=(40, 384))
some = np.arange(40) % 5
spoilt = np.where(np.eye(40, 384) == 1, [[np.nan], [np.inf]] * 20, different)
kinds = {
    "different": different, "five": different[some], "huge": different * 1e37, "tiny": different * 1e-37,
    "some of length zero": different * (some[:, None] > 0),
    "equal": np.ones((40, 384)), "alike": 1 + 1e-9 * different, "multiples": np.outer(np.arange(1, 41), different[0]),
    "all of length zero": 0 * different, "spoilt": spoilt, "none": different[:0],
}
codes = [0, 1, 8, 11, 14, 31, 127, 159, 0xFFFE, 0xFFFF, 0x10FFFF, 0x202E]
titles = [f"Movie{chr(code)}{code}" for code in codes] + ["a" * shift + "\N{ALIEN MONSTER}" * 99 for shift in range(28)]
for kind, embeddings in kinds.items():
    count = len(embeddings)
    stored = {
        "ids": [str(number) for number in range(count)],
        "embeddings": embeddings.astype(np.float32),
        "metadatas": [{"title": title, "genres": [title]} for title in titles[:count]],
    }
    # In place of a collection, since Chroma refuses some of these nowadays.
    movies = SimpleNamespace(name="movies", get=lambda include: {name: stored[name] for name in ("ids", *include)})
    for start in (0, 20):
        answers = pl.DataFrame({"id": stored["ids"][start : start + 20]}, schema={"id": pl.String})
        try:
            print(kind, draw_map(movies, answers)._repr_mimebundle_()[0]["image/png"][:4], sep=": ")
        except ValueError as error:
            print(kind, error, sep=": ")
"""


@pytest.mark.slow
def test_no_title_and_no_embedding_ends_the_process_that_draws_a_map():
    root = Path(main.__file__).parent
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", MAPS], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = [line.split(": ", 1) for line in done.stdout.splitlines()]
    assert len(told) == 22
    drawn = {"different", "five", "huge", "tiny", "some of length zero"}
    assert {kind for kind, line in told if "PNG" in line} == drawn
    assert all(
        "PNG" in line or "no finite numbers" in line or "five movies" in line for _, line in told
    )


def test_a_map_of_too_few_movies_is_a_value_error(collection, catalogue):
    main.add_movies(collection, catalogue.head(3), column="title")
    with pytest.raises(ValueError, match="five movies"):
        pictures.draw_map(collection, find_similar(collection, "prison"))


@pytest.fixture
def notebook(monkeypatch):
    """
    A notebook, as far as `try_it` asks for one: what it shows comes into this
    list.
    """
    shown = []
    monkeypatch.setattr(pictures, "get_ipython", lambda: SimpleNamespace(kernel=True))
    monkeypatch.setattr(pictures, "display", lambda bundle, raw: shown.append(bundle))
    return shown


@pytest.fixture
def box(texts, notebook):
    """The search box as a notebook shows it."""
    query, examples, without, chosen, span, answers = pictures.try_it(texts).children
    genre, language = chosen.children
    parts = {"query": query, "examples": examples.children, "without": without, "genre": genre}
    return SimpleNamespace(**parts, language=language, span=span, answers=answers, shown=notebook)


def test_the_search_box_answers_and_says_what_it_is_where_there_are_no_widgets(box):
    assert "WALL·E" in box.answers.value
    box.query.value = "a shark on the beach"
    assert "Jaws" in box.answers.value
    box.query.value = "  "
    assert "What is the movie about" in box.answers.value
    assert "JupyterLab" in box.shown[0]["text/markdown"]


def test_the_search_box_keeps_to_its_filters_and_leaves_out_what_must_not_be_there(box):
    box.query.value = "a shark on the beach"
    box.genre.value = "Animation"
    assert "Jaws" not in box.answers.value
    box.genre.value, box.query.value = "any", "robots"
    assert "I, Robot" in box.answers.value
    box.without.value = "robots, war"
    assert "I, Robot" not in box.answers.value
    box.without.value, box.language.value = "", "ja"
    assert "I, Robot" not in box.answers.value
    box.language.value, box.span.value = "any", (1920, 1930)
    assert "Metropolis" in box.answers.value


def test_a_click_on_an_example_asks_it(box):
    box.examples[0].click()
    assert box.query.value == "time loop"
    assert "Groundhog Day" in box.answers.value


def test_while_one_types_only_the_last_question_is_asked(box, monkeypatch):
    asked = []
    find = pictures.find_movies
    monkeypatch.setattr(
        pictures, "find_movies", lambda *args, **how: asked.append(args[1]) or find(*args, **how)
    )
    monkeypatch.setattr(pictures, "_PAUSE", 0.05)

    async def type_it():
        for end in range(1, 6):
            box.query.value = "shark"[:end]
        await asyncio.sleep(0.5)

    asyncio.run(type_it())
    assert asked == ["shark"]
    assert "Jaws" in box.answers.value


def test_no_answer_to_another_question_stays_on_the_screen(box):
    async def type_it():
        box.query.value = "a shark on the beach"
        return box.answers.value

    assert "WALL·E" in box.answers.value
    assert asyncio.run(type_it()) == "<p>Searching …</p>"


@pytest.mark.parametrize("movies", [[], [{"title": "Sharks"}] * 3])
def test_a_collection_may_hold_nothing_or_nothing_but_titles(collection, notebook, movies):
    if movies:
        collection.add(ids=["1", "2", "3"], documents=["A shark."] * 3, metadatas=movies)
    *_, answers = pictures.try_it(collection).children
    assert ("Sharks" if movies else "No movies") in answers.value


def test_an_error_is_shown_in_place_of_the_answers(box, monkeypatch):
    monkeypatch.setattr(pictures, "find_movies", lambda *args, **how: 1 / 0)
    box.query.value = "anything"
    assert "ZeroDivisionError" in box.answers.value


def test_a_movie_without_a_year_is_shown_unless_the_years_were_narrowed(collection, notebook):
    years = ["1990-01-01", "2000-01-01", None]
    rows = [
        make_movie(n, title=f"Shark {n}") | {"release_date": year}
        for n, year in enumerate(years, start=1)
    ]
    main.add_movies(collection, main.prep_movies(rows), column="title")
    *_, span, answers = pictures.try_it(collection).children
    assert "Shark 3" in answers.value
    span.value = (1990, 1995)
    assert "Shark 1" in answers.value
    assert "Shark 3" not in answers.value


def test_in_a_terminal_the_search_box_says_that_it_needs_a_notebook(texts, capsys):
    assert pictures.try_it(texts) is None
    assert "needs a notebook" in capsys.readouterr().out


def test_a_frame_is_a_table_without_quotes_and_without_markup_of_its_own():
    df = pl.DataFrame({"title": ["<b>Alien</b>"], "genres": [["Horror", "War"]], "d": [0.5]})
    page = Page(pictures._show_table(df))  # private: only a kernel registers it
    assert "<b>Alien</b>" in page.text
    assert "Horror, War" in page.text
    assert "0.500" in page.text
    assert '"' not in page.text
