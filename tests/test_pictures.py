"""Answers as pictures."""

from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

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
    assert all(because in text for because in answers["because"])
    assert "distance" not in text


def test_a_poster_is_loaded_late_from_tmdbs_image_host_with_a_text_that_stands_for_it():
    [image] = show(poster_path="/abc123.jpg").images()
    assert image["src"] == "https://image.tmdb.org/t/p/w342/abc123.jpg"
    assert image["loading"] == "lazy"
    assert image["alt"] == "Poster of Alien"
    assert image["onerror"] == "this.remove()"


@pytest.mark.parametrize(
    "path", [None, "", "abc.jpg", "/../abc.jpg", "/a/b.jpg", "/a.svg", "//evil.example/a.jpg", '/"x.jpg']
)
def test_a_poster_path_that_is_none_is_ignored_and_a_tile_shows_the_title(path):
    page = show(poster_path=path)
    assert page.images() == []
    assert page.text.count("Alien") == 2


def test_a_film_called_like_a_script_is_shown_as_those_characters():
    page = show(title="<script>alert(1)</script>", because='"><img src=x onerror=alert(1)>', genres=["<b>Drama</b>"])
    assert "<script>alert(1)</script>" in page.text
    assert '"><img src=x onerror=alert(1)>' in page.text
    assert {tag for tag, _ in page.tags} == {"div"}


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_no_text_becomes_markup(title, year, genre, because, poster):
    page = show(title=title, year=year, genres=[genre], because=because, poster_path=poster)
    assert {tag for tag, _ in page.tags} <= {"div", "img"}
    assert all(set(attributes) <= {"style"} for tag, attributes in page.tags if tag == "div")


def test_a_frame_without_titles_is_a_value_error():
    with pytest.raises(ValueError, match="title"):
        show_movies(pl.DataFrame({"name": ["Alien"]}))


def test_an_empty_answer_says_so():
    assert "No films" in show_movies(pl.DataFrame({"title": []})).data


def test_the_map_shows_every_film_and_names_the_answers(texts):
    answers = find_similar(texts, "Back to the future", n=5)
    bundle, _ = DisplayFormatter().format(pictures.draw_map(texts, answers))  # as a notebook saves it
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "image/png", "text/plain"}
    assert bundle["text/plain"] == "A map of the films"
    points, *_, names = bundle["application/vnd.vegalite.v5+json"]["layer"]
    assert len(points["data"]["values"]) == texts.count()
    assert {film["title"] for film in names["data"]["values"]} == set(answers["title"])
    assert points["encoding"]["tooltip"][0]["field"] == "title"
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_a_map_of_too_few_films_is_a_value_error(collection, catalogue):
    main.add_movies(collection, catalogue.head(3), column="title")
    with pytest.raises(ValueError, match="five films"):
        pictures.draw_map(collection, find_similar(collection, "prison"))


def test_a_map_can_name_no_film_at_all(collection, catalogue):
    main.add_movies(collection, catalogue.head(5), column="title")
    nothing = find_similar(collection, "prison", where={"year": {"$lt": 1800}})
    assert pictures.draw_map(collection, nothing)._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")


def test_the_search_box_answers_with_posters_of_the_genre_and_years_asked_for(texts):
    html = pictures.ask(texts, "robots", "Animation", (1990, 2010)).data
    assert "WALL·E" in html
    assert "Terminator" not in html
    assert "1984" not in Page(html).text


def test_the_search_box_takes_any_genre_and_waits_for_a_question(texts):
    assert "poster" in pictures.ask(texts, "robots", "", (1900, 2030)).data.lower()
    assert "What is the film about" in pictures.ask(texts, "  ", "", (1900, 2030)).data


def test_the_search_box_answers_while_one_types_and_says_what_it_is_where_there_are_no_widgets(texts, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    box = pictures.try_it(texts)
    query, genre, _, answers = box.children
    query.value = "a shark on the beach"
    assert "Jaws" in answers.value
    genre.value = "Animation"
    assert "Jaws" not in answers.value
    assert "JupyterLab" in shown[0]["text/markdown"]
