"""Where movies are to be had: services, their movies, and a movie's services."""

import doctest
import os
import re
import time

import polars as pl
import pytest
from conftest import knowing
from test_pictures import Page
from tmdb_server import Service, make_movie, send

import config
import main
from main import TMDbError, fetch_details, fetch_streaming, fetch_where, find_movies, recommend
from notebooks.pictures import show_movies
from notebooks.recommender import tmdb as tmdb_room
from notebooks.recommender.streaming import find_services
from notebooks.recommender.tiles import CREDIT

ALL = set(range(1, 61))
SOLD = ("rent", "buy")
# Norway's, in TMDb's order, which names neither the nearest first nor what only rents.
SERVICES = [
    Service("Amazon Video", 10, SOLD, ALL),
    Service("Apple TV", 2, SOLD, ALL),
    Service("Netflix Standard with Ads", 1796, ("flatrate", "ads"), {1, 2}),
    Service("Netflix", 8, ("flatrate",), {1, 2, 3}),
    Service("Amazon Prime Video with Ads", 2100, ("flatrate", "ads"), {4}),
    Service("Amazon Prime Video", 9, ("flatrate",), {4, 5}),
    Service("Disney Plus", 337, ("flatrate",), {5}),
    Service("Max", 1899, ("flatrate",), {6}),
    Service("NRK TV", 442, ("free", "ads"), {3, 7}),
    Service("TV 2 Play", 431, ("flatrate",), {8}),
    Service("SkyShowtime", 1773, ("flatrate",), {9}),
    Service("Hulu", 15, ("flatrate",), {1}, "US"),
]
FRAME = pl.DataFrame({"id": ["1"]})
ADS = pytest.mark.filterwarnings("ignore:.*a list of its own")


@pytest.fixture
def tmdb(tmdb, monkeypatch):
    monkeypatch.setattr(config, "WATCH_COUNTRY", "NO")
    tmdb.movies = [make_movie(id) for id in sorted(ALL)]
    tmdb.services = list(SERVICES)
    return tmdb


def ids(df):
    return sorted(int(id) for id in df["id"])


@ADS
def test_each_movie_comes_once_with_those_of_the_services_that_have_it(tmdb):
    df = fetch_streaming(["NRK TV", "Netflix"])
    assert df.columns == ["id", "title", "year", "services"]
    assert df.schema["services"] == pl.List(pl.String)
    shown = {int(id): services for id, _, _, services in df.iter_rows()}
    assert shown == {1: ["Netflix"], 2: ["Netflix"], 3: ["NRK TV", "Netflix"], 7: ["NRK TV"]}
    assert df.row(0)[:3] == ("7", "Movie 7", "1999")  # the best vote average


@pytest.mark.parametrize("way", ["flatrate", "free", "ads"])
def test_what_costs_nothing_further_is_shown_and_what_is_rented_or_sold_besides_is_not(tmdb, way):
    tmdb.services = [Service("Mix", 1, (way,), {1, 2}), Service("Mix", 1, SOLD, ALL)]
    assert ids(fetch_streaming("mix")) == [1, 2]


def test_two_services_of_one_name_are_one(tmdb):
    tmdb.services = [Service("Mix", id, ("flatrate",), {id}) for id in (1, 2)]
    assert fetch_streaming("mix").sort("id").rows() == [
        ("1", "Movie 1", "1999", ["Mix"]),
        ("2", "Movie 2", "1999", ["Mix"]),
    ]


@ADS
def test_a_list_of_many_pages_is_whole_and_movies_of_few_votes_are_left_out(tmdb):
    tmdb.services = [Service("Netflix", 8, ("flatrate",), ALL)]
    assert ids(fetch_streaming("netflix")) == sorted(ALL)
    assert ids(fetch_streaming("netflix", min_votes=1_041)) == list(range(41, 61))
    assert fetch_streaming("netflix", min_votes=9_999).is_empty()


@ADS
@pytest.mark.parametrize(
    ("typed", "meant"),
    {
        "netflix": "Netflix",
        " NETFLIX ": "Netflix",
        "netflix with ads": "Netflix Standard with Ads",
        "Netflix ads": "Netflix Standard with Ads",
        "disney+": "Disney Plus",
        "Disney plus": "Disney Plus",
        "disneyplus": "Disney Plus",
        "disney": "Disney Plus",
        "prime": "Amazon Prime Video",
        "Amazon Prime": "Amazon Prime Video",
        "hbo max": "Max",
        "nrk": "NRK TV",
        "TV2": "TV 2 Play",
        "sky showtime": "SkyShowtime",
    }.items(),
)
def test_a_service_is_named_as_people_type_it(tmdb, typed, meant):
    assert list(find_services(typed)) == [meant]


@pytest.mark.parametrize("typed", ["amazon", "Amazon Video"])
def test_a_nearer_service_that_only_rents_is_passed_over_and_told(tmdb, typed):
    with pytest.warns(UserWarning, match="Amazon Prime Video here, not Amazon Video, which only"):
        assert ids(fetch_streaming(typed)) == [4, 5]


def test_which_was_taken_is_told_where_a_subscription_with_ads_has_its_own_list(tmdb):
    with pytest.warns(UserWarning, match="'netflix' is Netflix here, not .*with Ads") as caught:
        fetch_streaming("netflix")
    assert caught[0].filename == __file__
    both = fetch_streaming(["netflix", "netflix with ads"])  # and no warning
    assert both.filter(id="1")["services"].to_list() == [["Netflix", "Netflix Standard with Ads"]]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("netflx", "no service has that name there.*first: Netflix, "),
        ("hulu", "no service has that name"),
        ("apple tv", "Apple TV only rents and sells there"),
        ("half an emoji \ud83d", "no service"),
        ("?!", "no service"),
        ("x" * 100_000, "no service"),
        ("x y " * 50_000, "no service"),
    ],
)
def test_a_service_that_the_country_lacks_is_an_error_that_lists_those_it_has(tmdb, typed, told):
    with pytest.raises(ValueError, match=f"NO has nothing to stream.*{told}") as caught:
        fetch_streaming(["nrk", typed])
    assert all(one.name in str(caught.value) for one in SERVICES if one.country == "NO")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("services", [[], (), "", ["nrk", " "], [None], None, 8])
def test_services_that_are_no_names_are_a_value_error_and_nothing_is_asked(tmdb, services):
    with pytest.raises(ValueError, match="services must be names"):
        fetch_streaming(services)
    assert tmdb.requests == []


@pytest.mark.parametrize(
    ("country", "setting", "language", "found"),
    [
        ("no", "US", "en-US", "NO"),
        (None, "NO", "en-US", "NO"),
        (None, None, "nb-NO", "NO"),
        (None, None, "en-US", "US"),
        (None, None, "nb", "US"),
        (None, None, "es-419", "US"),
    ],
)
def test_the_country_is_the_one_given_then_the_settings_then_the_languages_then_the_us(
    tmdb, monkeypatch, country, setting, language, found
):
    monkeypatch.setattr(config, "WATCH_COUNTRY", setting)
    monkeypatch.setattr(config, "TMDB_LANGUAGE", language)
    [stream] = fetch_where(FRAME, country)["stream"]
    assert ("Hulu" in stream) == (found == "US")


@pytest.mark.parametrize("country", ["XX", "Norway", "", 47])
@pytest.mark.parametrize("fetch", [fetch_where, lambda _, country: fetch_streaming("nrk", country)])
def test_a_country_that_tmdb_does_not_know_is_an_error_that_names_it(tmdb, fetch, country):
    with pytest.raises(ValueError, match=f"not {country!r}.* one of NO, US"):
        fetch(FRAME, country)


def test_where_to_watch_is_added_to_the_rows_as_they_were(tmdb):
    df = pl.DataFrame({"id": [3, 60, 3], "title": ["c", "b", "c"], "rent": [1, 2, 3]})
    where = fetch_where(df)
    assert where.select("id", "title").equals(df.select("id", "title"))
    link = "https://www.themoviedb.org/movie/3/watch?locale=NO"
    assert where.row(0, named=True) == {
        "id": 3,
        "title": "c",
        "stream": ["Netflix", "NRK TV"],  # free and with ads, once
        "rent": ["Amazon Video", "Apple TV"],
        "buy": ["Amazon Video", "Apple TV"],
        "where_link": link,
    }
    assert (where.row(0), where["stream"][1].to_list()) == (where.row(2), [])
    assert sum("/watch/providers" in path for path, _, _ in tmdb.requests) == 3  # regions, 3, 60


def test_a_movie_that_no_service_has_or_tmdb_no_longer_has_stays_with_empty_lists(tmdb):
    tmdb.services = SERVICES[2:]
    for id in (60, 777):
        told = fetch_where(pl.DataFrame({"id": [str(id)], "title": ["A"]})).row(0)
        assert told == (str(id), "A", [], [], [], None)
    assert fetch_where(FRAME.clear()).columns == ["id", "stream", "rent", "buy", "where_link"]


@pytest.mark.parametrize(
    ("df", "told"),
    [
        (pl.DataFrame({"title": ["Alien"]}), "no column 'id'.*title"),
        (pl.DataFrame({"id": ["1", None]}), "whole number.*None"),
        (pl.DataFrame({"id": ["1", "tt0078748"]}), "whole number.*tt0078748"),
        (pl.DataFrame({"id": [1.5]}), "whole number.*1.5"),
        (pl.DataFrame({"id": [[1]]}), "no column 'id'"),
        (pl.DataFrame({"id": range(101)}), "101 movies.*head.*fetch_streaming"),
        (["1"], "a frame.*'1'"),
        (None, "a frame"),
    ],
)
def test_a_frame_that_cannot_be_asked_for_is_a_value_error_and_nothing_is_asked(tmdb, df, told):
    with pytest.raises(ValueError, match=told):
        fetch_where(df)
    assert tmdb.requests == []


FETCHES = {
    "streaming": lambda: fetch_streaming("nrk"),
    "where": lambda: fetch_where(pl.DataFrame({"id": range(1, 61)})),
}


@pytest.mark.parametrize("fetch", FETCHES.values(), ids=FETCHES)
def test_tmdb_that_fails_in_the_middle_is_an_error_without_a_part_and_a_second_fetch_goes_on(
    tmdb, fetch
):
    tmdb.services = [Service("NRK TV", 442, ("free",), ALL)]
    tmdb.faults = dict.fromkeys(range(5, 500), lambda handler: send(handler, 500, {}))
    with pytest.raises(TMDbError, match="busy"):
        fetch()
    tmdb.faults = {}
    tmdb.requests.clear()
    assert ids(fetch()) == sorted(ALL)
    # Regions and others were answered; of what was under way, perhaps not all was kept.
    assert "/3/watch/providers/regions" not in {path for path, _, _ in tmdb.requests}


@pytest.mark.parametrize("fetch", FETCHES.values(), ids=FETCHES)
@pytest.mark.parametrize(
    ("key", "told"), [(None, "TMDB_API_KEY is not set"), ("0" * 32, "refused")]
)
def test_no_key_and_a_refused_key_are_the_errors_of_every_fetch(
    tmdb, monkeypatch, fetch, key, told
):
    monkeypatch.setattr(config, "TMDB_API_KEY", key and config.Secret(key))
    with pytest.raises(TMDbError, match=told):
        fetch()


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/watch/providers/regions", {"results": [{"id": 1}]}),
        ("/watch/providers/movie", {"results": [{"id": 1, "provider_name": "Netflix"}]}),
        ("/watch/providers/movie", {"results": {}}),
        ("/movie/1/watch/providers", {"id": 1, "results": []}),
        ("/movie/1/watch/providers", {"id": 2, "results": {}}),
        ("/movie/1/watch/providers", {"results": {}}),
    ],
)
def test_a_document_of_another_shape_is_an_error_and_not_an_empty_answer(tmdb, path, document):
    tmdb.faults = {1: lambda handler: send(handler, 200, document)}
    with pytest.raises(TMDbError, match="TMDB_URL"):
        tmdb_room.get_json(path, watch_region="NO")


def test_what_cannot_be_read_of_a_movies_services_is_left_out(tmdb, monkeypatch):
    rows = [{"provider_name": "A"}, {"provider_name": None}, {}, None, {"provider_name": 5}]
    places = {"NO": {"flatrate": rows, "rent": 7, "link": 8}, "US": None}
    monkeypatch.setattr(
        tmdb,
        "list_places",
        lambda *_: (
            {"id": 1, "results": places}
            if len(tmdb.requests) > 1
            else {"results": [{"iso_3166_1": code} for code in places]}
        ),
    )
    assert fetch_where(FRAME).row(0) == ("1", ["A"], [], [], None)
    assert fetch_where(FRAME, "US").row(0) == ("1", [], [], [], None)


def test_where_to_watch_is_kept_for_a_day_and_details_for_thirty(tmdb, tmp_path):
    for days, asked in ((0, 2), (0.99, 0), (1.01, 2)):
        for file in tmp_path.iterdir():
            os.utime(file, (time.time() - days * 86_400,) * 2)
        fetch_details([make_movie(1)])
        tmdb.requests.clear()
        fetch_where(FRAME)
        assert len(tmdb.requests) == asked
        assert not any("logo" in file.read_text() for file in tmp_path.iterdir())


def show(**facts):
    return show_movies(pl.DataFrame([{"title": "Alien", **facts}]))


LINK = "https://www.themoviedb.org/movie/348-alien/watch?locale=NO"


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ((["Netflix"], ["Apple TV"], ["Apple TV"]), "Netflix · rent: Apple TV"),
        ((["Netflix", "NRK TV"], [], []), "Netflix, NRK TV"),
        (([], ["A", "B", "C"], ["A"]), "rent: A, B, …"),
        (([], [], ["A"]), "buy: A"),
        (([], [], []), "on no service"),
    ],
)
def test_a_tile_tells_in_one_line_where_to_watch_and_who_knows_it(places, told):
    schema = dict.fromkeys(("stream", "rent", "buy"), pl.List(pl.String))
    where = pl.DataFrame([places], schema, orient="row").with_columns(
        title=pl.lit("Alien"), where_link=pl.lit(LINK)
    )
    page = Page(show_movies(where).data)
    assert page.text == f"Alien{told}{CREDIT}"
    assert [link["href"] for tag, link in page.tags if tag == "a"] == [LINK]
    assert repr(show_movies(where)).splitlines()[:2] == [
        f"Alien (no year): {told}",
        f"({CREDIT})",
    ]


def test_where_nobody_asked_where_to_watch_no_credit_stands():
    assert CREDIT not in show().data + repr(show())


@pytest.mark.parametrize(
    "link", [None, 5, "javascript:alert(1)", LINK + '"x', "https://evil.example"]
)
def test_a_link_that_is_not_tmdbs_and_markup_in_a_name_stay_text(link):
    page = Page(show(stream=["<b>Netflix</b>"], where_link=link).data)
    assert "<b>Netflix</b>" in page.text
    assert not {"a", "b"} & {tag for tag, _ in page.tags}


@ADS
@pytest.mark.slow
def test_only_what_is_on_tonight_is_recommended_and_found_and_the_readmes_example_runs(
    tmdb, texts, catalogue, monkeypatch
):
    tmdb.movies = main.load_sample_movies()
    shown = set(catalogue["id"].cast(pl.Int64)[::3])
    tmdb.services = [
        Service("Netflix", 8, ("flatrate",), shown),
        Service("NRK TV", 4, ("free",), {949}),
    ]
    tonight = fetch_streaming(["Netflix", "NRK TV"], country="NO", min_votes=0)
    for answers in (
        recommend(texts, ["Heat", "Alien"], among=tonight),
        find_movies(texts, "feel-good for a rainy sunday", among=tonight),
    ):
        assert len(answers) >= 10
        assert set(ids(answers)) <= shown | {949}
        assert fetch_where(answers)["stream"].list.len().min() >= 1
    [block] = re.findall(
        r"```pycon\n(.*?)```", (config.ROOT / "README.md").read_text("utf-8"), re.S
    )
    names = {**vars(main), "movies": texts, "show_movies": show_movies}
    test = doctest.DocTestParser().get_doctest(block, names, "README.md", "README.md", 0)
    with knowing(texts.get(include=["documents", "embeddings"])):
        result = doctest.DocTestRunner(verbose=False).run(test)
    assert (result.failed, result.attempted > 2) == (0, True)
