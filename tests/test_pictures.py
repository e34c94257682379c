"""Answers as pictures."""

import asyncio
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
import pictures
from main import find_similar, recommend
from pictures import show_movies


class Page(HTMLParser):
    """What a browser makes of it: tags with their attributes, and the text between."""

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


def show(**film) -> Page:
    return Page(show_movies(pl.DataFrame([{"title": "Alien", **film}])).data)


def test_answers_of_find_similar_show_title_year_genres_and_distance(texts):
    answers = find_similar(texts, "a shark", n=1)
    text = Page(show_movies(answers).data).text
    assert "Jaws" in text
    assert f"1975 · {', '.join(answers['genres'][0])}" in text
    assert f"distance {answers['distance'][0]:.2f}" in text


def test_answers_of_recommend_show_the_reason(texts):
    answers = recommend(texts, "Alien")
    text = Page(show_movies(answers).data).text
    assert all(title in text for title in answers["title"])
    assert all(because.replace("*", "") in text for because in answers["because"])
    assert "distance" not in text


def test_a_poster_lies_over_its_tile_and_stands_as_a_small_image_with_a_text_where_no_styles_are():
    page = show(poster_path="/abc123.jpg")
    [image] = page.images()
    assert image["src"] == "https://image.tmdb.org/t/p/w92/abc123.jpg"
    assert (image["alt"], image["width"], image["style"]) == ("Poster of Alien", "92", "display:none")
    assert any("url('https://image.tmdb.org/t/p/w342/abc123.jpg')" in at.get("style", "") for _, at in page.tags)


@pytest.mark.parametrize(
    "path", [None, "", "abc.jpg", "/../abc.jpg", "/a/b.jpg", "/a.svg", "//evil.example/a.jpg", '/"x.jpg', float("nan")]
)
def test_a_poster_path_that_is_none_is_ignored_and_the_title_stands_there_once(path):
    page = show(poster_path=path)
    assert page.images() == []
    assert page.text.count("Alien") == 1


def test_a_movie_called_like_a_script_is_shown_as_those_characters():
    page = show(title="<script>alert(1)</script>", because='"><img src=x onerror=alert(1)>', genres=["<b>Drama</b>"])
    assert "<script>alert(1)</script>" in page.text
    assert '"><img src=x onerror=alert(1)>' in page.text
    assert {tag for tag, _ in page.tags} == {"table", "tbody", "tr", "td", "div", "b"}


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_no_text_becomes_markup(title, year, genre, because, poster):
    page = show(title=title, year=year, genres=[genre], because=because, poster_path=poster)
    assert {tag for tag, _ in page.tags} <= {"table", "tbody", "tr", "td", "div", "img", "b", "i"}
    assert all(set(attributes) <= {"style", "title"} for tag, attributes in page.tags if tag != "img")


@pytest.mark.parametrize("year", [1979, "1979", 1979.0])
def test_a_year_may_be_a_number(year):
    assert "1979" in show(year=year).text


def test_a_genre_that_the_reason_names_stands_there_once():
    page = show(genres=["Horror", "Drama"], because="like Jaws: Horror")
    assert page.text.count("Horror") == 1
    assert "Drama" in page.text


def test_in_a_terminal_posters_are_a_table_of_titles():
    assert "Alien" in repr(show_movies(pl.DataFrame([{"title": "Alien", "because": "like Jaws"}])))


def test_a_frame_without_titles_is_a_value_error():
    with pytest.raises(ValueError, match="title"):
        show_movies(pl.DataFrame({"name": ["Alien"]}))


def test_an_empty_answer_says_so():
    assert "No movies" in show_movies(pl.DataFrame({"title": []})).data


def test_the_map_shows_every_movie_and_names_the_answers(texts):
    answers = find_similar(texts, "Back to the future", n=5)
    bundle, metadata = DisplayFormatter().format(pictures.draw_map(texts, answers))  # as a notebook saves it
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "image/png", "text/plain"}
    assert bundle["text/plain"].startswith("A map of 1,000 movies")
    assert metadata["image/png"]["alt"].startswith("A map of 1,000 movies")
    points, islands, *_, names = bundle["application/vnd.vegalite.v5+json"]["layer"]
    assert len(points["data"]["values"]) == texts.count()
    assert {movie["title"] for movie in names["data"]["values"]} == set(answers["title"])
    assert points["encoding"]["tooltip"][0]["field"] == "title"
    assert "Horror" in {island["island"] for island in islands["data"]["values"]}
    assert bundle["image/png"].startswith(b"\x89PNG")


MAP = """
import sys
sys.path[:0] = ["notebooks"]
import numpy as np, polars as pl
from main import get_client, get_collection
from pictures import draw_map

movies = get_collection(get_client(), "movies")
vectors = np.random.default_rng(0).normal(size=(9, 384)) if sys.argv[1] == "different" else np.ones((9, 384))
titles = [f"Film{chr(code)}{code}" for code in (0, 1, 8, 11, 14, 31, 0xFFFE, 0xFFFF, 65)]
movies.add(
    ids=[str(number) for number in range(9)],
    embeddings=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
    metadatas=[{"title": title} for title in titles],
)
try:
    print(draw_map(movies, pl.DataFrame({"id": ["0", "1", "2", "6", "7"]}))._repr_mimebundle_()[0]["image/png"][:4])
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize(("vectors", "told"), [("different", "PNG"), ("equal", "five movies of different texts")])
def test_no_title_and_no_embedding_ends_the_process_that_draws_a_map(vectors, told):
    command = [sys.executable, "-c", MAP, vectors]
    done = subprocess.run(command, cwd=Path(main.__file__).parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout


def test_a_map_of_too_few_movies_is_a_value_error(collection, catalogue):
    main.add_movies(collection, catalogue.head(3), column="title")
    with pytest.raises(ValueError, match="five movies"):
        pictures.draw_map(collection, find_similar(collection, "prison"))


@pytest.fixture
def box(texts, monkeypatch):
    """The search box as a notebook shows it."""
    shown = []
    monkeypatch.setattr(pictures, "get_ipython", lambda: SimpleNamespace(kernel=True))
    monkeypatch.setattr(pictures, "display", lambda bundle, raw: shown.append(bundle))
    query, examples, without, chosen, span, answers = pictures.try_it(texts).children
    genre, language = chosen.children
    parts = {"query": query, "examples": examples.children, "without": without, "genre": genre}
    return SimpleNamespace(**parts, language=language, span=span, answers=answers, shown=shown)


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
    monkeypatch.setattr(pictures, "find_movies", lambda *args, **how: asked.append(args[1]) or find(*args, **how))
    monkeypatch.setattr(pictures, "_PAUSE", 0.05)

    async def type_it():
        for end in range(1, 6):
            box.query.value = "shark"[:end]
        await asyncio.sleep(0.5)

    asyncio.run(type_it())
    assert asked == ["shark"]
    assert "Jaws" in box.answers.value


def test_an_error_is_shown_in_place_of_the_answers(box, monkeypatch):
    monkeypatch.setattr(pictures, "find_movies", lambda *args, **how: 1 / 0)
    box.query.value = "anything"
    assert "ZeroDivisionError" in box.answers.value


def test_a_movie_without_a_year_is_shown_unless_the_years_were_narrowed(collection, monkeypatch):
    main.add_movies(collection, main.prep_movies([{"id": 1, "title": "A shark"}, make_movie(2)]), column="title")
    assert pictures._make_filter("any", "any", (1999, 1999), (1999, 1999)) is None  # what the box asks with
    assert pictures._make_filter("any", "any", (1999, 2000), (1990, 2000)) is not None


def test_in_a_terminal_the_search_box_says_that_it_needs_a_notebook(texts, capsys):
    assert pictures.try_it(texts) is None
    assert "needs a notebook" in capsys.readouterr().out


def test_a_frame_is_a_table_without_quotes_and_without_markup_of_its_own():
    page = Page(
        pictures._show_table(pl.DataFrame({"title": ["<b>Alien</b>"], "genres": [["Horror", "War"]], "d": [0.5]}))
    )
    assert "<b>Alien</b>" in page.text
    assert "Horror, War" in page.text
    assert "0.500" in page.text
    assert '"' not in page.text
