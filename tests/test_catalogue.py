"""What the embedded catalogue promises."""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from babel import Locale
from tmdb_server import make_movie

import main

SAMPLE = Path(main.__file__).parent / "notebooks" / "sample_movies.json"


SERIES = "belongs_to_collection"
DETAILS = {"runtime", "imdb_id", SERIES, "credits", "keywords"} | {
    "production_countries",
    "production_companies",
}
RATINGS = ["G", "PG", "PG-13", "R", "NC-17"]

# A role that was read as a person often begins with one of these; a few artists do, too,
# or write themselves in another way than people do.
TITLE = re.compile(
    r"(Capt|Cmdr|Col|Cpl|Det|Dr|Gen|Lt|Maj|Mr|Mrs|Ms|Prof|Pvt|Sgt)\.|"
    r"(Admiral|Agent|Aunt|Brother|Captain|Chief|Colonel|Commander|Corporal|Count|Detective|Doctor|"
    r"Duke|Father|General|Inspector|King|Lady|Lieutenant|Lord|Madame|Major|Master|Miss|Monsieur|"
    r"Mother|Nurse|Officer|President|Prince|Princess|Private|Professor|Queen|Reverend|Sergeant|"
    r"Sheriff|Sir|Sister|Special|Staff|The|Uncle)\b"
)
ARTISTS = {
    "50 Cent",
    "Lady Gaga",
    "Lord Tim Hudson",
    "Mr. T",
    "Queen Latifah",
    "Tyler, The Creator",
}


@pytest.fixture(scope="module")
def sample():
    return json.loads(SAMPLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def movies(sample):
    return sample["results"]


def words(text):
    return re.findall(r"[\w'-]+", text.lower())


def fold(name):
    """Fold case and accents, and part a name into its words."""
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.findall(r"\w+", re.sub("[.']", "", letters))


def list_cast(movies):
    """List each movie's title with each of its actors and the role, if that is known."""
    return [
        (movie["title"], person["name"], person.get("character"))
        for movie in movies
        for person in movie["credits"]["cast"]
    ]


def list_people(movie):
    return [person["name"] for part in ("cast", "crew") for person in movie["credits"][part]]


def test_it_holds_1181_movies_each_once(movies):
    assert len({movie["id"] for movie in movies}) == len(movies) == 1_181


def test_every_movie_has_the_fields_and_types_of_tmdbs_discover_answer(movies):
    types = {name: {type(value)} for name, value in make_movie(1).items()}
    types["poster_path"].add(type(None))
    for movie in movies:
        assert movie.keys() - {"release_dates"} == {*types, *DETAILS}
        assert all(type(movie[name]) in types[name] for name in types), movie["title"]


def test_every_movie_has_the_details_of_tmdbs_document_and_no_more_of_them_than_are_read(movies):
    for movie in movies:
        credits = movie["credits"]
        assert {person["job"] for person in credits["crew"]} == {"Director"}, movie["title"]
        assert all(person["name"].strip() for person in credits["crew"] + credits["cast"])
        assert [person["order"] for person in credits["cast"]] == [*range(len(credits["cast"]))]
        assert 1 <= len(credits["cast"]) <= 10
        assert 10 <= movie["runtime"] <= 300
        assert re.fullmatch(r"tt\d{7,8}", movie["imdb_id"])
    ids = [movie["imdb_id"] for movie in movies]
    assert len(set(ids)) == len(ids)


def test_no_name_of_a_cast_is_the_role_of_another_in_the_same_movie(movies):
    for movie in movies:
        cast = movie["credits"]["cast"]
        roles = defaultdict(set)
        for person in cast:
            for role in re.split(r" / |, ", person.get("character") or ""):
                roles[" ".join(fold(role))].add(person["name"])
        for person in cast:
            others = roles[" ".join(fold(person["name"]))] - {person["name"]}
            assert not others, (movie["title"], person["name"], others)


def test_no_name_of_a_cast_begins_with_a_rank_or_a_title(movies):
    for title, name, _ in list_cast(movies):
        assert name in ARTISTS or not TITLE.match(name), (title, name)


def test_the_names_of_people_are_written_as_names(movies):
    for name in {name for movie in movies for name in list_people(movie)} - ARTISTS:
        assert name == " ".join(name.split())
        # "the Shopkeeper" and "Bath & Beyond Guy" are roles, "DragoÈ™" was read wrongly.
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)
        )
        assert plain[0].isupper(), name
        assert not re.search(r"[^\w .'-]|[\d_]", plain), name
        assert not re.search(r"\b[OD][A-Z][a-z]", plain), f"{name} lacks its apostrophe"


def test_nobody_stands_twice_in_a_cast_not_even_under_a_longer_name(movies):
    for movie in movies:
        names = [person["name"] for person in movie["credits"]["cast"]]
        for one, other in combinations(map(frozenset, map(fold, names)), 2):
            assert one - other, (movie["title"], names)
            assert other - one, (movie["title"], names)


def test_a_person_is_written_in_one_way_in_all_movies(movies):
    spellings = defaultdict(set)
    for movie in movies:
        for name in list_people(movie):
            spellings["".join(fold(name))].add(name)
    assert [names for names in spellings.values() if len(names) > 1] == []


def test_a_role_says_who_is_played(movies):
    for title, name, role in list_cast(movies):
        if role is not None:
            assert role == " ".join(role.split()), (title, name)
            assert re.sub(r"\(.*?\)", "", role).strip(), (title, name, role)


def test_the_roles_that_users_found_among_the_cast_are_played_by_their_actors(movies):
    played = {(title, role): name for title, name, role in list_cast(movies)}
    assert played["The Departed", "Staff Sgt. Colin Sullivan"] == "Matt Damon"
    assert played["The Departed", "Dr. Madolyn Madden"] == "Vera Farmiga"
    assert played["Inception", "Peter Browning"] == "Tom Berenger"
    assert played["The Rock", "Major Tom Baxter"] == "David Morse"
    assert played["Scent of a Woman", "Randy"] == "Bradley Whitford"
    assert played["Zombieland", "406"] == "Amber Heard"
    assert played["Zombieland", "Bill Murray"] == "Bill Murray"
    assert played["Tarzan", "Kerchak (voice)"] == "Lance Henriksen"


def test_every_certification_is_one_that_the_us_give_and_most_movies_have_one(movies):
    certified = [movie["release_dates"] for movie in movies if "release_dates" in movie]
    for dates in certified:
        (country,) = dates["results"]
        assert country["iso_3166_1"] == "US"
        (release,) = country["release_dates"]
        assert release["certification"] in RATINGS
    assert len(certified) > 0.9 * len(movies)


def test_every_movie_comes_from_countries_that_are_known_by_their_codes(movies):
    known = {*Locale("en").territories, "SU"}  # Stalker's country is no more
    for movie in movies:
        codes = [country["iso_3166_1"] for country in movie["production_countries"]]
        assert codes, movie["title"]
        assert len(set(codes)) == len(codes)
        assert all(re.fullmatch("[A-Z]{2}", code) and code in known for code in codes), codes


def test_every_movie_has_one_to_ten_studios_each_once(movies):
    for movie in movies:
        names = [studio["name"] for studio in movie["production_companies"]]
        assert 1 <= len(names) <= 10, movie["title"]
        assert len(set(names)) == len(names), movie["title"]
        assert all(name == name.strip() != "" for name in names)


def test_the_studios_that_people_ask_for_made_what_everybody_knows(movies):
    makers = {movie["title"]: str(movie["production_companies"]) for movie in movies}
    for title, studio in {
        "Toy Story": "Pixar",
        "Spirited Away": "Studio Ghibli",
        "The Avengers": "Marvel",
        "Shrek": "DreamWorks",
        "Despicable Me": "Illumination",
        "Moonlight": "A24",
        "Get Out": "Blumhouse",
    }.items():
        assert studio in makers[title]
    assert sum("Pixar" in studios for studios in makers.values()) >= 20
    assert sum("Studio Ghibli" in studios for studios in makers.values()) >= 10


def test_keywords_are_6_to_11_a_movie_each_once_from_a_closed_list_of_at_most_260(movies):
    keywords = [[one["name"] for one in movie["keywords"]["keywords"]] for movie in movies]
    assert all(6 <= len(names) <= 11 and len(set(names)) == len(names) for names in keywords)
    counts = Counter(name for names in keywords for name in names)
    assert len(counts) <= 260
    assert all(name == name.lower().strip() for name in counts)


def test_a_series_is_named_and_most_that_are_named_have_several_movies(movies):
    named = Counter(movie[SERIES]["name"] for movie in movies if movie[SERIES] is not None)
    assert all(name.strip() for name in named)
    assert len(named) > 100
    assert named["Star Wars Collection"] >= 8


def test_the_catalogue_is_prepared_with_its_details_and_needs_no_request_for_them(
    sample, catalogue
):
    movies = sample["results"]
    assert main.fetch_details(movies) == movies
    assert catalogue["runtime"].null_count() == catalogue["imdb_id"].null_count() == 0
    for name in ("directors", "cast", "keywords"):
        assert (catalogue[name].list.len() > 0).all()


def test_the_facts_of_a_movie_make_sense(movies):
    for movie in movies:
        assert movie["vote_count"] >= 1_000
        assert 0 < movie["vote_average"] <= 10
        assert 1900 < date.fromisoformat(movie["release_date"]).year <= 2026
        assert re.fullmatch(r"[a-z]{2}", movie["original_language"])
        assert movie["poster_path"] is None or re.fullmatch(r"/\w+\.jpg", movie["poster_path"])
        assert movie["title"].strip()
        assert movie["original_title"].strip()


def test_every_genre_has_a_name_and_every_movie_a_genre(sample, movies):
    known = {genre["id"] for genre in sample["genres"]}
    assert all(movie["genre_ids"] and set(movie["genre_ids"]) <= known for movie in movies)


def test_movies_are_sorted_as_tmdb_sorts_them(movies):
    ranks = [(-movie["vote_average"], -movie["vote_count"]) for movie in movies]
    assert ranks == sorted(ranks)


def test_the_file_has_one_movie_a_line_so_that_a_diff_can_be_read(movies):
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith('{"adult"')] == [
        json.dumps(movie, ensure_ascii=False, separators=(",", ":"))
        + ("," if movie is not movies[-1] else "")
        for movie in movies
    ]


def test_it_says_whose_facts_and_whose_words_it_holds(sample):
    assert "TMDb" in sample["about"]
    assert "early 2022" in sample["about"]
    assert "project's own words" in sample["about"]


def test_every_overview_has_35_to_80_words(movies):
    counts = {movie["title"]: len(movie["overview"].split()) for movie in movies}
    assert {title: count for title, count in counts.items() if not 35 <= count <= 80} == {}


def test_no_two_overviews_are_alike(movies):
    # Alike: a quarter of the shorter one's runs of three words stand in the other too.
    runs = [
        set(zip(w, w[1:], w[2:], strict=False))
        for w in (words(movie["overview"]) for movie in movies)
    ]
    alike = [
        (movies[i]["title"], movies[j]["title"])
        for i, j in combinations(range(len(runs)), 2)
        if len(runs[i] & runs[j]) > min(len(runs[i]), len(runs[j])) / 4
    ]
    assert alike == []


def test_no_opening_is_shared_by_more_than_2_percent(movies):
    openings = Counter(" ".join(words(movie["overview"])[:2]) for movie in movies)
    assert openings.most_common(1)[0][1] <= len(movies) * 0.02


def test_no_overview_opens_with_the_title_or_hands_out_praise(movies):
    praise = re.compile(
        r"\b(masterpiece|acclaimed|award-winning|must-see|hilarious|starring|directed by)\b", re.I
    )
    assert [m["title"] for m in movies if praise.search(m["overview"])] == []
    assert [m["title"] for m in movies if m["overview"].startswith(f"{m['title']} is ")] == []


def test_movies_of_the_same_title_are_told_apart_by_their_overviews(catalogue, texts):
    import polars as pl

    namesakes = catalogue.filter(pl.col("title").is_duplicated())
    assert namesakes.height >= 20
    for movie in namesakes.iter_rows(named=True):
        nearest = main.find_similar(texts, movie["overview"], n=1)
        assert nearest["id"].item() == movie["id"], movie["title"]


def test_at_least_ten_of_the_20_nearest_to_back_to_the_future_travel_in_time(texts):
    # Judged movie by movie by people, not by a search for words.
    time_travel = {
        "Back to the Future",
        "Back to the Future Part II",
        "Back to the Future Part III",
        "About Time",
        "The Adam Project",
        "Déjà Vu",
        "Donnie Darko",
        "Edge of Tomorrow",
        "Groundhog Day",
        "Hot Tub Time Machine",
        "Interstellar",
        "Looper",
        "Palm Springs",
        "Predestination",
        "Primer",
        "Project Almanac",
        "Safety Not Guaranteed",
        "Source Code",
        "Tenet",
        "Terminator Genisys",
        "The Butterfly Effect",
        "The Girl Who Leapt Through Time",
        "The Terminator",
        "The Time Machine",
        "The Time Traveler's Wife",
        "The Tomorrow War",
        "Twelve Monkeys",
    }
    titles = main.find_similar(texts, "Back to the future", n=20)["title"].to_list()
    assert len([title for title in titles if title in time_travel]) >= 10
