"""Answers as pictures."""

import asyncio
import base64
import html
import json
import os
import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from tmdb_server import make_movie

import main
from main import find_movies, find_similar, find_starters, recommend
from notebooks import panel, pictures
from notebooks.pictures import Taste, show_movies


class Page(HTMLParser):
    """
    What a browser makes of it: tags with their attributes, and the text
    between.
    """

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data.replace("\N{NO-BREAK SPACE}", " ")

    def images(self):
        return [attributes for tag, attributes in self.tags if tag == "img"]


def show(**movie) -> Page:
    return Page(show_movies(pl.DataFrame([{"title": "Alien", **movie}])).data)


def test_answers_of_find_similar_show_title_year_genres_and_distance(texts):
    answers = find_similar(texts, "a shark", n=1)
    text = Page(show_movies(answers).data).text
    assert "Jaws" in text
    assert "1975 · PG · 2 h 4 min · ★" in text
    assert ", ".join(answers["genres"][0]) in text
    assert "Amity Island" in text
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


def test_a_poster_stands_on_the_colour_and_stays_where_no_styles_are():
    page = show(poster_path="/abc123.jpg", genres=["Horror"])
    [image] = page.images()
    assert image["src"] == "https://image.tmdb.org/t/p/w342/abc123.jpg"
    assert (image["alt"], image["width"]) == ("Poster", "140")
    assert page.text.count("Alien") == 1
    styles = "".join(attributes.get("style", "") for _, attributes in page.tags)
    assert "background-color:#D55E00" in styles


def test_a_tile_tells_what_one_decides_by():
    page = show(
        year="1979",
        certification="R",
        runtime=117,
        vote_average=8.16,
        vote_count=9,
        directors=["Ridley Scott"],
        overview="A crew lands. " * 20,
        because="the word *crew*",
    )
    assert "1979 · R · 1 h 57 min · ★ 8.2" in page.text
    assert "by Ridley Scott" in page.text
    assert page.text.count("lands.") == 20  # the first lines, and the others on a click
    assert {"details", "summary", "i"} <= {tag for tag, _ in page.tags}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"runtime": 120}, "2 h"),
        ({"runtime": 45}, "45 min"),
        ({"runtime": 0}, ""),
        ({"vote_average": 0.0, "vote_count": 0}, ""),
        ({"directors": ["A", "B", "C"]}, "by A, B, …"),
        (
            {"overview": None, "text": "Movie title: Alien.\nOverview: A crew.\nGenres: War."},
            "A crew.",
        ),
    ],
)
def test_a_fact_is_told_as_people_tell_it_or_not_at_all(facts, told):
    assert show(**facts).text == f"Alien{told}"


@pytest.mark.parametrize("bad", [None, "tt1/../x"])
def test_a_tile_links_to_tmdb_and_imdb_where_it_is_known_there_and_shows_so(bad):
    urls = ["https://www.themoviedb.org/movie/348", "https://www.imdb.com/title/tt0078748/"]
    for ids, linked in (
        ({"id": "348", "imdb_id": "tt0078748"}, urls),
        ({"id": 348, "imdb_id": bad}, urls[:1]),
        ({"id": bad, "imdb_id": "tt0078748"}, urls[1:]),
    ):
        page = show(**ids)
        found = [attributes for tag, attributes in page.tags if tag == "a"]
        assert [link["href"] for link in found] == linked
        assert page.text.count("IMDb") == (urls[1] in linked)
        for link in found:
            assert (link["target"], link["rel"]) == ("_blank", "noopener")
            assert "text-decoration:underline" in link["style"]


def test_a_page_says_which_genre_each_colour_stands_for_and_no_more():
    df = pl.DataFrame({"title": ["A", "B", "C"], "genres": [["Horror", "War"], ["Comedy"], ["?"]]})
    page = show_movies(df).data
    assert Page(page).text.endswith("First genre: ■ Comedy · ■ Horror · ■ ?")
    assert '<span style="color:#D55E00">■</span>&nbsp;Horror' in page


NO_POSTERS = ["abc.jpg", "/../abc.jpg", "/a/b.jpg", "/a.svg", "//evil.example/a.jpg", '/"x.jpg']


@pytest.mark.parametrize("path", [None, "", float("nan"), *NO_POSTERS])
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
    assert {tag for tag, _ in page.tags} == {"table", "tbody", "tr", "td", "div", "span"}


TEXTS = ["title", "year", "id", "overview", "because", "poster_path", "runtime", "vote_average"]


@given(st.fixed_dictionaries({name: st.text() for name in TEXTS}), st.lists(st.text()))
def test_no_text_becomes_markup(movie, names):
    page = show(**movie, genres=names, directors=names)
    shown = {"table", "tbody", "tr", "td", "div", "img", "span", "a", "i", "details", "summary"}
    assert {tag for tag, _ in page.tags} <= shown
    assert all(
        set(attributes) <= {"style", "valign", "title"}
        for tag, attributes in page.tags
        if tag not in ("img", "a")
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


def test_a_terminal_gets_no_command_from_a_title():
    df = pl.DataFrame([{"title": "\x1b[2JAlien\n\u202eneila", "because": "\x07"}])
    text = repr(show_movies(df))
    assert text.splitlines() == ["[2JAlien neila (no year)", "(A notebook shows these as posters.)"]


def test_a_frame_without_titles_is_a_value_error():
    with pytest.raises(ValueError, match="title"):
        show_movies(pl.DataFrame({"name": ["Alien"]}))


def test_an_empty_answer_says_so():
    assert "No movies" in show_movies(pl.DataFrame({"title": []})).data


def is_png(image: dict) -> bool:
    kind, data = image["src"].split(",")
    return kind == "data:image/png;base64" and base64.b64decode(data).startswith(b"\x89PNG")


def test_the_map_shows_every_movie_in_the_colour_of_its_tile_and_names_the_answers(texts):
    answers = find_similar(texts, "Back to the future", n=5)
    # As a notebook saves it.
    bundle, _ = DisplayFormatter().format(pictures.draw_map(texts, answers))
    # JupyterLab shows HTML rather than a chart, and a chart rather than Markdown.
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "text/markdown", "text/plain"}
    assert bundle["text/plain"].startswith("A map of 1,181 movies")
    [image] = Page(bundle["text/markdown"]).images()
    assert image["alt"].startswith("A map of 1,181 movies")
    chart = bundle["application/vnd.vegalite.v5+json"]
    points, islands, *_, names = chart["layer"]
    assert len(points["data"]["values"]) == texts.count()
    assert {movie["title"] for movie in names["data"]["values"]} == set(answers["title"])
    heights = [movie["name_y"] for movie in names["data"]["values"]]
    assert len(set(heights)) == 5  # no name upon another
    assert points["encoding"]["tooltip"][0]["field"] == "title"
    assert chart["params"][0]["bind"] == "scales"  # zoom
    assert "Horror" in {island["genre"] for island in islands["data"]["values"]}
    assert is_png(image)
    scale = points["encoding"]["color"]["scale"]
    for group, colour in zip(scale["domain"], scale["range"], strict=True):
        page = show(genres=[group.split(", ")[0]])
        assert f"background-color:{colour}" in str(page.tags)


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
    movies = SimpleNamespace(
        name="movies", count=lambda: count,
        get=lambda include, **part: {name: stored[name] for name in ("ids", *include)},
    )
    for start in (0, 20) if kind == "different" else (0,):  # all titles once
        answers = pl.DataFrame({"id": stored["ids"][start : start + 20]}, schema={"id": pl.String})
        try:
            print(kind, draw_map(movies, answers)._repr_mimebundle_()["text/markdown"][:32], sep=": ")
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
    assert len(told) == 12
    drawn = {"different", "five", "huge", "tiny", "some of length zero"}
    assert {kind for kind, line in told if "image/png" in line} == drawn
    assert all(
        "image/png" in line or "no finite numbers" in line or "five movies" in line
        for _, line in told
    )


def test_a_map_of_too_few_movies_is_a_value_error(collection, catalogue):
    main.add_movies(collection, catalogue.head(3), column="title")
    with pytest.raises(ValueError, match="five movies"):
        pictures.draw_map(collection, find_similar(collection, "prison"))


class Widgets:
    """What a notebook shows, found as a person finds it: by its words."""

    def __init__(self, bundle):
        import ipywidgets

        model = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
        self.bundle, self.root = bundle, ipywidgets.widgets.widget._instances[model]

    def all(self, part=None):
        for child in (part or self.root).children:
            yield child
            if hasattr(child, "children"):
                yield from self.all(child)

    def find(self, words):
        return next(
            w
            for w in self.all()
            if words in (getattr(w, "description", 0), getattr(w, "placeholder", 0))
        )

    def page(self):
        return "\n".join(w.value for w in self.all() if type(w).__name__ == "HTML")

    def place(self, name):
        """A heading and tiles: movies to rate, those one said something of, and so on."""
        names = ["to rate", "said", "for you", "found"]
        boxes = [
            box
            for box in self.all()
            if len(getattr(box, "children", ())) > 1
            and "movie-said" in box.children[0]._dom_classes
        ]
        return dict(zip(names, boxes, strict=True))[name]

    def tiles(self, name="found"):
        return [
            SimpleNamespace(
                page=tile.children[0].value,
                **{
                    button.description.removeprefix("✓ ").replace(" ", "_"): button
                    for button in tile.children[1].children
                },
            )
            for tile in self.place(name).children[1].children
        ]

    def titles(self, name="found"):
        pages = [re.sub("<[^>]*>", "\n", tile.page).split("\n") for tile in self.tiles(name)]
        return [html.unescape(next(part for part in page if part)) for page in pages]


@pytest.fixture
def notebook(monkeypatch):
    """
    A notebook, as far as a widget asks for one: what it shows comes into this
    list.
    """
    shown = []
    for module in (panel, pictures):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
        monkeypatch.setattr(module, "display", lambda bundle, raw: shown.append(Widgets(bundle)))
    return shown


@pytest.fixture
def box(texts, notebook):
    """The panel as a notebook shows it, where it begins with a question."""
    pictures.try_it(texts)
    return notebook[0]


def query(box):
    return box.find("What is the movie about?")


def click_enter(widget):
    """Enter changes no text, and yet a browser tells of it."""
    widget._handle_custom_msg({"event": "submit"}, [])


def test_the_panel_answers_and_shows_answers_where_there_are_no_widgets(box):
    assert "WALL·E" in box.page()
    query(box).value = "a shark on the beach"
    assert "Jaws" in box.page()
    query(box).value = "  "
    assert "what a movie is about" in box.page()
    assert box.tiles() == []
    assert "WALL·E" in box.bundle["text/html"]
    assert "JupyterLab" in box.bundle["text/html"]


def test_the_panel_keeps_to_its_filters_and_leaves_out_what_must_not_be_there(box):
    query(box).value = "a shark on the beach"
    box.find("Genre").value = "Animation"
    assert "Jaws" not in box.titles()
    box.find("Genre").value, query(box).value = "", "robots"
    assert "I, Robot" in box.titles()
    box.find("without: words, with commas between").value = "robots, war"
    assert "I, Robot" not in box.titles()
    box.find("without: words, with commas between").value = ""
    languages = dict(box.find("Language").options)
    assert {"any", "Cantonese", "French"} <= set(languages)
    box.find("Language").value = languages["Japanese"]
    assert "I, Robot" not in box.titles()
    box.find("Language").value = ""
    box.find("From").value, box.find("to").value = 1920, 1939
    assert "Metropolis" in box.titles()


def test_a_filter_without_a_question_shows_the_best_received_that_pass(texts, box):
    query(box).value = ""
    box.find("Genre").value = "Comedy"
    box.find("From").value = 1950
    box.find("to").value = 1969
    box.find("Minutes at most").value = 120
    movies = main.list_movies(texts).filter(
        pl.col("genres").list.contains("Comedy"),
        pl.col("year").cast(pl.Int64).is_between(1950, 1969),
        pl.col("runtime") <= 120,
    )
    assert set(box.titles()) == set(movies["title"])
    # The next one has a higher rating, of half as many votes.
    assert [title[:15] for title in box.titles()[:2]] == ["Dr. Strangelove", "Singin' in the "]
    assert "best received" in box.page()


# What a person might watch who clicks on an example, by TMDb's ids: the first eight at the time
# of writing and those that may take their places.
@pytest.mark.parametrize("example", panel._EXAMPLES)
def test_the_first_eight_answers_to_an_example_are_such_as_one_would_watch(texts, example):
    watched = {
        "time travel": "122906 24420 577922 14069 84332 59436 7551 157336 105 165 196 218 280 "
        "59967 137113 45612 607 63 141 2135 206487 296 534 87101 246655 127585",
        "a toy comes to life": "863 301528 862 10193 214756 10585 137106 10895 72105 536554",
        "high school comedy": "15144 466282 23483 64688 2108 2105 10625 37735 9603 9377 328387 8363 187017 621 4951",
    }
    assert set(main.find_movies(texts, example, n=8)["id"]) <= set(watched[example].split())


def test_a_click_on_an_example_asks_it_and_undo_goes_back(box):
    before = box.titles()
    box.find("time travel").click()
    assert query(box).value == "time travel"
    assert "About Time" in box.titles()
    box.find("undo").click()
    assert query(box).value == panel._QUESTION
    assert box.titles() == before


def test_what_one_likes_in_an_answer_changes_what_is_recommended(texts, notebook):
    taste = pictures.try_it(texts)
    [box] = notebook
    assert box.tiles("for you") == []
    query(box).value = "a shark on the beach"
    liked = box.tiles()[0]
    liked.like.click()
    assert liked.like.description == "✓ like"
    assert taste.liked == ["578"]
    first = box.titles("for you")
    assert len(first) == 12
    assert "For you</b> (You like: Jaws)" in box.page()
    query(box).value = "robots"
    assert box.titles("for you") == first  # which stay
    pictures.ask_me(texts, taste)
    assert notebook[1].titles("for you") == first


def test_what_was_seen_makes_room_and_is_listed_and_taken_back(texts, notebook):
    taste = pictures.try_it(texts)
    [box] = notebook
    query(box).value = "a shark on the beach"
    assert box.titles()[0] == "Jaws"
    box.tiles()[0].seen.click()
    assert "Jaws" not in box.titles()
    assert len(box.tiles()) == 16
    box.find("what I said").value = True
    assert box.titles("said") == ["Jaws"]
    box.tiles("said")[0].seen.click()
    assert taste.seen == []
    assert box.titles()[0] == "Jaws"
    assert box.tiles("said") == []
    box.tiles()[0].seen.click()
    box.find("undo").click()
    assert box.titles()[0] == "Jaws"


def test_more_like_this_stands_in_the_box_until_it_is_undone_or_something_else_is_typed(box):
    query(box).value = "a shark on the beach"
    before = box.titles()
    box.tiles()[0].more_like_this.click()
    assert query(box).value == "like Jaws"
    assert "More like <b>Jaws</b>" in box.page()
    after = box.titles()
    assert "Jaws" not in after
    click_enter(query(box))
    assert box.titles() == after
    box.find("undo").click()
    assert query(box).value == "a shark on the beach"
    assert box.titles() == before
    box.tiles()[0].more_like_this.click()
    query(box).value = "a shark on the beach"
    assert box.titles() == before


def test_a_movie_that_one_loves_is_completed_liked_and_makes_room_for_another(texts, notebook):
    taste = pictures.ask_me(texts)
    [box] = notebook
    loved = box.find("A movie that you love: its title")
    assert {"Alien (1979)", "Jaws (1975)"} <= set(loved.options)
    loved.value = "Alien (1979)"
    assert loved.value == ""
    assert taste.liked == ["348"]
    loved.value = "amelie"
    assert taste.liked == ["348", "194"]
    loved.value = "godfather"  # without its article, and Enter
    assert taste.liked == ["348", "194", "238"]
    box.find("undo").click()
    loved.value = "jaw"
    assert taste.liked == ["348", "194", "578"]
    loved.value = "No Such Movie"
    assert "No movie here is called <i>No Such Movie</i>" in box.page()
    assert "search_movies" in box.page()
    box.find("undo").click()
    assert taste.liked == ["348", "194"]


def test_words_that_no_movie_has_are_named_above_the_answers(box, monkeypatch):
    find = panel.find_movies

    def find_and_tell(*args, **how):
        told = pl.lit("no movie here has *oppenheimer*; its text")
        return find(*args, **how).with_columns(because=told)

    monkeypatch.setattr(panel, "find_movies", find_and_tell)
    query(box).value = "oppenheimer"
    assert "No movie here has <i>oppenheimer</i>; <code>search_movies</code>" in box.page()
    assert all("no movie here" not in tile.page for tile in box.tiles())


def test_of_a_series_one_movie_stands_first_and_the_others_after_all_else(texts, notebook):
    pirates = main.list_movies(texts).filter(pl.col("title").str.contains("Pirates of the Car"))
    pictures.ask_me(texts, Taste(liked=[pirates["id"][0]]))
    for name in ("Pirates of the Caribbean", "The Lord of the Rings", "The Hobbit"):
        assert sum(name in title for title in notebook[0].titles("for you")) <= 1


def test_until_the_first_answer_the_panel_says_what_it_waits_for(box):
    waiting = "it answers when they have ended"
    assert waiting in box.page()
    query(box).value = "a shark"
    assert waiting not in box.page()


def test_only_movies_of_a_list_come_until_one_unticks_a_box(texts, notebook):
    mine = ["348", "578", "862"]
    for among in ({"among": mine}, {"watchlist": mine}):
        pictures.try_it(texts, **among)
    for box in notebook:
        assert sorted(box.titles()) == ["Alien", "Jaws", "Toy Story"]
        query(box).value = ""
        assert sorted(box.titles()) == ["Alien", "Jaws", "Toy Story"]
        query(box).value = "robots"
        box.find("only from my list").value = False
        assert len(box.tiles()) == 16
    pictures.ask_me(texts, Taste(liked=["27205"]), among=mine)
    assert sorted(notebook[2].titles("for you")) == ["Alien", "Jaws", "Toy Story"]


def test_each_control_has_a_name_and_few_stand_before_the_first_answer(box):
    def list_reached(part):
        if getattr(part.layout, "display", None) == "none":
            return []
        if hasattr(part, "children"):
            return [reached for child in part.children for reached in list_reached(child)]
        return [part] if type(part).__name__ not in ("HTML", "Box") else []

    reached = list_reached(box.root)
    assert all(control.description or control.tooltip for control in reached)
    assert box.find("filters").tooltip  # else a browser shows "null"
    assert not any("Slider" in type(control).__name__ for control in box.all())
    first = next(at for at, control in enumerate(reached) if "like: " in (control.tooltip or ""))
    assert first <= 10


def test_while_one_types_only_the_last_question_is_asked_and_what_stood_there_is_dimmed(
    box, monkeypatch
):
    asked = []
    find = panel.find_movies
    monkeypatch.setattr(
        panel, "find_movies", lambda *args, **how: asked.append(args[1]) or find(*args, **how)
    )
    grid = box.place("found").children[1]

    async def type_it():
        for end in range(1, 6):
            query(box).value = "shark"[:end]
        dimmed = "movie-dim" in grid._dom_classes and "WALL·E" in box.page()
        await asyncio.sleep(0.8)
        return dimmed

    assert asyncio.run(type_it())
    assert asked == ["shark"]
    assert "Jaws" in box.page()
    assert "movie-dim" not in grid._dom_classes


@pytest.mark.parametrize("movies", [[], [{"title": "Sharks"}] * 3])
def test_a_collection_may_hold_nothing_or_nothing_but_titles(collection, notebook, movies):
    if movies:
        collection.add(ids=["1", "2", "3"], documents=["A shark."] * 3, metadatas=movies)
    pictures.try_it(collection)
    assert ("Sharks" if movies else "No movies") in notebook[0].page()
    pictures.ask_me(collection)
    assert ("Sharks" in notebook[1].page()) == bool(movies)
    for tile in notebook[1].tiles("to rate"):
        tile.like.click()
    assert len(notebook[1].tiles("for you")) == (2 if movies else 0)


# As the import does, which pytest undoes.
@pytest.mark.filterwarnings("ignore::UserWarning:notebooks.panel")
def test_a_search_leaves_the_warnings_of_the_process_as_they_were(box):
    before = list(warnings.filters)
    query(box).value = "robots"
    box.find("From").value, box.find("to").value = 2010, 1929
    assert "No movies" in box.page()
    assert warnings.filters == before


def test_a_movie_without_a_year_is_shown_unless_the_years_were_narrowed(collection, notebook):
    years = ["1990-01-01", "2000-01-01", None]
    rows = [
        make_movie(n, title=f"Shark {n}") | {"release_date": year}
        for n, year in enumerate(years, start=1)
    ]
    main.add_movies(collection, main.prep_movies(rows), column="title")
    pictures.try_it(collection)
    [box] = notebook
    assert "Shark 3" in box.page()
    box.find("to").value = 1999
    assert box.titles() == ["Shark 1"]


def test_starters_are_widely_seen_and_of_different_series(texts):
    starters = find_starters(texts)
    assert len(starters) == 24
    assert starters["id"].to_list() == find_starters(texts)["id"].to_list()
    assert starters["title"][0] == "Inception"  # the most voted
    few = main.list_movies(texts)["vote_count"].median()
    assert starters["vote_count"].min() > few
    assert starters["title"].str.contains("Star Wars|Avengers").sum() <= 2
    with pytest.raises(ValueError, match="n must be"):
        find_starters(texts, n=0)


def test_the_first_starters_are_as_unlike_each_other_as_all_are(texts):
    starters = find_starters(texts)
    some = main.list_movies(texts).sort("vote_count", descending=True).head(300)

    def likeness(movies):
        stored = texts.get(ids=movies["id"].to_list(), include=["embeddings"])["embeddings"]
        return (stored @ stored.T)[np.triu_indices(len(stored), 1)].mean()

    for few in (starters.head(8), starters):
        assert likeness(few) < likeness(some) + 0.02
        assert (few["year"] // 10).n_unique() >= 4  # decades
        assert few["original_language"].n_unique() >= 3
        assert few["genres"].list.first().n_unique() >= 6


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_movies_without_votes_are_starters_all_the_same(collection, count):
    if count:
        collection.add(
            ids=["1", "2", "3"][:count],
            documents=["A shark.", "A robot.", "A wedding."][:count],
            metadatas=[{"title": title} for title in ("Shark", "Robot", "Wedding")][:count],
        )
    assert len(find_starters(collection)) == count


def test_recommendations_follow_each_click_and_the_next_cell_has_what_was_said(texts, notebook):
    taste = pictures.ask_me(texts)
    [talk] = notebook
    assert talk.tiles("for you") == []
    liked, other, seen = talk.tiles("to rate")[:3]
    liked.like.click()
    first = talk.titles("for you")
    assert len(first) == 12
    other.not_for_me.click()
    seen.seen.click()
    best = talk.titles("for you")[0]
    talk.tiles("for you")[0].like.click()  # an answer makes room as well
    assert best not in talk.titles("for you")
    assert [len(ids) for ids in (taste.liked, taste.disliked, taste.seen)] == [2, 1, 1]
    answers = recommend(texts, taste.liked, n=48, disliked=taste.disliked, seen=taste.seen)
    assert set(talk.titles("for you")) <= set(answers["title"])
    assert (liked.like.description, other.like.description) == ("✓ like", "like")
    other.not_for_me.click()  # taken back
    assert taste.disliked == []
    talk.find("undo").click()
    assert len(taste.disliked) == 1


def test_others_to_rate_are_shown_and_a_taste_goes_on(texts, notebook):
    taste = pictures.ask_me(texts, Taste(liked=["27205"]))
    [talk] = notebook
    assert len(talk.tiles("for you")) == 12
    shown = set(talk.titles("to rate"))
    assert "Inception" not in shown  # what is said is not asked again
    talk.find("others to rate").click()
    assert not shown & set(talk.titles("to rate"))
    assert Taste(**json.loads(json.dumps(vars(taste)))) == taste


def test_a_row_to_rate_shows_no_movie_twice_and_a_movie_that_is_gone_tells_nothing(
    collection, catalogue, notebook
):
    main.add_movies(collection, catalogue.head(12), column="title")
    liked = catalogue[0, "id"]
    pictures.ask_me(collection, Taste(liked=[liked, "99999999"]))
    [talk] = notebook
    for tile in talk.tiles("to rate")[-5:]:
        tile.seen.click()
    talk.find("others to rate").click()
    pages = [tile.page for tile in talk.tiles("to rate")]
    assert len(pages) == len(set(pages))
    assert "cannot be answered" not in talk.page()
    assert talk.tiles("for you")


def test_hidden_gems_are_movies_that_few_voted_on(texts, notebook):
    pictures.ask_me(texts, Taste(liked=["27205"]))
    [talk] = notebook
    votes = dict(main.list_movies(texts).select("title", "vote_count").iter_rows())
    fame = talk.find("Well known or not")
    medians = []
    for words in ("well known", "any", "hidden gems"):
        fame.value = dict(fame.options)[words]
        some = sorted(votes[title] for title in talk.titles("for you"))
        medians.append(some[len(some) // 2])
    assert medians == sorted(medians, reverse=True)
    assert medians[0] > medians[-1]


def test_a_hundred_clicks_at_once_are_answered_once_and_none_is_lost(texts, notebook, monkeypatch):
    asked = []
    find = panel.recommend
    monkeypatch.setattr(
        panel, "recommend", lambda *args, **how: asked.append(args) or find(*args, **how)
    )
    taste = pictures.ask_me(texts)
    tiles = notebook[0].tiles("to rate")

    async def click():
        for n in range(101):
            tiles[n % 3].like.click()
        await asyncio.sleep(1)

    asyncio.run(click())
    assert len(asked) == 1
    assert len(taste.liked) == 1  # 34, 34 and 33 clicks, each of which takes back the one before


def test_a_collection_that_is_gone_ends_in_a_sentence(catalogue, notebook):
    client = main.get_client()
    collection = main.get_collection(client, "soon-gone")
    main.add_movies(collection, catalogue.head(3), column="title")
    pictures.ask_me(collection)
    client.delete_collection("soon-gone")
    notebook[0].tiles("to rate")[0].like.click()
    assert "This cannot be answered" in notebook[0].page()
    assert notebook[0].tiles("for you") == []


def test_markup_in_every_field_stays_text_in_widgets(collection, notebook):
    evil = "<img src=x onerror=alert(1)>"
    facts = {"genres": [evil], "original_language": evil, "poster_path": evil, "imdb_id": evil}
    collection.add(
        ids=["1", "2"],
        documents=["A.", "B."],
        metadatas=[{"title": f"{evil}{n}", **facts} for n in "12"],
    )
    pictures.try_it(collection)
    pictures.ask_me(collection)
    notebook[1].tiles("to rate")[0].like.click()
    notebook[0].tiles()[0].more_like_this.click()
    loved = notebook[0].find("A movie that you love: its title")
    loved.value = "<img src=none>"
    for widgets in notebook:
        assert "<img" not in widgets.page()
        assert "<img" not in widgets.bundle["text/html"]


def test_weights_of_one_are_find_movies_and_a_part_that_weighs_nothing_does_not_count(
    texts, notebook
):
    pictures.weigh(texts, "bank robbery")
    [sliders] = notebook

    def read_titles():
        return re.findall(r"<tr><td[^>]*>([^<]*)", sliders.page())

    asked = find_movies(texts, "bank robbery", n=8)["title"].to_list()
    assert read_titles() == asked
    assert asked[0] in sliders.bundle["text/html"]
    assert "answers to <i>bank robbery</i>" in sliders.page()
    assert not [w for w in sliders.all() if getattr(w, "description", "") == "titles"]
    for part in ("words", "votes"):
        sliders.find(part).value = 0
    # What is brutal stays held back, further down.
    assert read_titles()[:6] == find_similar(texts, "bank robbery", n=6)["title"].to_list()


def test_a_figure_has_a_text_for_those_who_cannot_see_it_also_on_an_exported_page(monkeypatch):
    shown = []
    monkeypatch.setattr(pictures, "display", lambda bundle, raw: shown.append(bundle))
    figure, _ = plt.subplots(figsize=(2, 1))
    pictures.show_figure(figure, 'A "plain" line')
    [bundle] = shown
    [image] = Page(bundle["text/html"]).images()
    assert (image["alt"], image["width"]) == ('A "plain" line', "192")
    assert "pre{word-break:normal" in bundle["text/html"]  # printed words stay whole there
    assert is_png(image)
    assert not plt.fignum_exists(figure.number)


def test_an_interval_is_drawn_for_each_mean():
    rows = [("mood", "BM25", 0.2, 0.1, 0.4), ("mood", "ours", 0.5, 0.4, 0.7)]
    means = pl.DataFrame(rows, ["kind", "method", "mean", "low", "high"], orient="row")
    figure = pictures.draw_intervals(means, "nDCG@10")
    [axes] = figure.axes
    drawn = [bars.lines[2][0].get_segments()[0][:, 0].tolist() for bars in axes.containers]
    assert drawn == [pytest.approx([0.1, 0.4]), pytest.approx([0.4, 0.7])]
    assert [bars.get_label() for bars in axes.containers] == ["BM25", "ours"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["mood"]
    plt.close(figure)


@pytest.mark.parametrize("show", [pictures.try_it, lambda texts: pictures.weigh(texts, "war")])
def test_in_a_terminal_what_takes_a_notebook_says_so(texts, capsys, show):
    assert show(texts) is None
    assert "a notebook" in capsys.readouterr().out


def test_a_frame_is_a_table_without_quotes_and_without_markup_of_its_own():
    df = pl.DataFrame({"title": ["<b>Alien</b>"], "genres": [["Horror", "War"]], "d": [0.5]})
    df = df.with_columns(because=pl.lit("the word *crew*"))
    page = Page(pictures._show_table(df))  # private: only a kernel registers it
    assert "<b>Alien</b>" in page.text
    assert "Horror, War" in page.text
    assert "0.500" in page.text
    assert "the word crew" in page.text  # in italics
    assert '"' not in page.text
