"""Texts as words: folded, counted, compared, written and read again."""

import math
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from notebooks.recommender.words import (
    STOP_WORDS,
    bm25,
    expand_genres,
    fold,
    fold_one,
    list_phrases,
    list_stop_words,
    nearly_same,
    share_words,
    stem,
    stem_each,
    strip_facts,
    strip_labels,
    write_text,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Amélie", "amelie"),
        ("WALL·E", "wall e"),
        ("Schindler’s List", "schindlers list"),  # noqa: RUF001  the apostrophe that phones type
        ("Alien³", "alien3"),
        ("  Se7en!? ", "se7en"),
        ("Søren Æøß Łódź Þór", "soren aeoss lodz thor"),
        ("Iİ\u0131i", "iiii"),
        ("千と千尋", "千と千尋"),
        ("!?", ""),
        ("L'Avion d'argent", "l avion d argent"),
        ("L\u2019Exorciste", "l exorciste"),
        ("jusqu'à l'aube", "jusqu a l aube"),
        ("dell'arte, un'estate", "dell arte un estate"),
        ("Don't, o'clock, Ocean's", "dont oclock oceans"),
    ],
)
def test_case_accents_and_signs_are_folded(text, folded):
    assert fold_one(text) == folded


# polars and Python know the letters of two versions of Unicode: those of both are old ones.
@given(st.text(st.characters(max_codepoint=0x2FFFF, exclude_categories=["Cn", "Cs"])))
def test_folding_twice_is_folding_once_and_leaves_letters_digits_and_single_blanks(text):
    folded = fold_one(text)
    assert folded == " ".join(folded.split(" ")).strip(" ")
    kinds = {unicodedata.category(letter)[0] for letter in folded.replace(" ", "")}
    assert kinds <= {"L", "N"}


@given(
    st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=8), min_size=1, max_size=6),
    st.sets(st.sampled_from("abcxyz"), min_size=1, max_size=3),
)
def test_bm25_is_what_robertson_and_zaragoza_write(texts, asked):
    mean = sum(map(len, texts)) / len(texts)
    expected = []
    for words in texts:
        score = 0.0
        for word in asked & set(words):
            df, tf = sum(word in other for other in texts), words.count(word)
            idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
            score += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(words) / mean))
        expected.append(score)
    found = bm25(pl.Series([" ".join(words) for words in texts]), sorted(asked))
    scores = np.zeros(len(texts))
    scores[found["movie"].to_numpy()] = found["bm25"].to_numpy()
    assert scores == pytest.approx(expected)
    for row, words in found.select("movie", "found").iter_rows():
        assert set(words) == asked & set(texts[row]) - STOP_WORDS


TEXTS = pl.Series(["robots rob the bank", "the robot robs banks", "robot", "bank"])


def test_another_form_of_an_asked_word_counts_half_and_is_told_as_it_stands_there():
    stems = pl.select(stem(pl.lit(TEXTS))).to_series()
    assert stems.to_list() == ["robot rob the bank", "the robot rob bank", "robot", "bank"]
    found = bm25(TEXTS, ["robots"], stems=stems).sort("movie")
    assert found["movie"].to_list() == [0, 1, 2]
    assert found["found"].to_list() == [["robots"], ["robot"], ["robot"]]
    exact, other, _ = found["bm25"]
    typed = bm25(TEXTS.str.replace("robot ", "robots "), ["robots"], stems=stems)
    whole = typed.filter(pl.col("movie") == 1)["bm25"].item()
    assert exact == pytest.approx(whole)
    assert other < exact


def test_names_count_as_they_are_typed_alone():
    names = pl.Series(["", "", "", "rob"])
    stems = pl.select(stem(pl.lit(TEXTS))).to_series()
    assert sorted(bm25(TEXTS, ["robs"], names, stems)["movie"]) == [0, 1]
    assert sorted(bm25(TEXTS, ["rob"], names, stems)["movie"]) == [0, 1, 3]


@pytest.mark.parametrize("language", ["nb-NO", "de"])
def test_words_of_other_languages_than_english_stay_as_they_are(monkeypatch, language):
    monkeypatch.setattr(config, "TMDB_LANGUAGE", language)
    assert stem_each(["robots", "banks"]) == {"robots": "robots", "banks": "banks"}


texts = st.none() | st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1)


@given(
    title=texts,
    year=st.none() | st.just("1999"),
    overview=texts,
    genres=st.lists(st.sampled_from(["Drama", "War"]), unique=True),
)
def test_labels_are_taken_out_as_they_were_written(title, year, overview, genres):
    schema = {"title": str, "year": str, "overview": str, "genres": pl.List(str)}
    movie = pl.DataFrame([[title, year, overview, genres]], schema=schema, orient="row")
    text = movie.select(write_text()).item()
    told = ", ".join(genres)
    lines = [title and f"{title}.", year and f"{year}.", overview, told and f"{told}."]
    bare = pl.select(strip_labels(pl.lit(text))).item()
    assert bare == "\n".join(line for line in lines if line)
    left = pl.select(strip_facts(pl.lit(text))).item()
    assert left.split() == " ".join(line for line in (lines[0], overview) if line).split()


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("sci fi with robots", {"science fiction"}),
        ("rom com", {"comedy", "romance"}),
        ("scary", {"horror"}),
        ("gangster film", {"mafia"}),
        ("it makes you cry", {"tearjerker"}),
        ("something light", {"feel good"}),
        ("a heist", set()),
    ],
)
def test_genres_and_keywords_are_known_by_what_people_call_them(asked, names):
    expanded = expand_genres(asked)
    assert expanded.startswith(asked)
    assert all(name in expanded.removeprefix(asked) for name in names)
    assert names or expanded.strip() == asked


def test_small_words_and_words_of_asking_say_nothing_in_english_and_are_not_known_elsewhere(
    monkeypatch,
):
    asking = "watch should after makes can please such tonight recommend movie good"
    assert set(asking.split()) <= list_stop_words()
    assert not {"war", "fire", "system", "cry", "robot"} & list_stop_words()
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "fr-FR")
    assert list_stop_words() == frozenset()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("jaws", "jaws"),
        ("jwas", "jaws"),  # two letters swapped are one mistake
        ("jaw", "jaws"),
        ("jawss", "jaws"),
        ("jows", "jaws"),
        ("jowz", None),
        ("", None),
    ],
)
def test_one_mistake_in_four_letters_is_nearly_the_same_and_two_are_not(typed, name):
    assert nearly_same(typed, ["alien", "jaws"], 0.75) == name


def test_phrases_are_all_runs_of_words_and_no_question_makes_too_many():
    assert list_phrases("a b c", most=2) == ["a", "b", "c", "a b", "b c", "c"]
    assert len(list_phrases("word " * 10_000)) <= 64 * 8


def test_the_parts_of_shared_words_add_up_to_the_cosine_of_scikit_learns_tfidf():
    from sklearn.feature_extraction.text import TfidfVectorizer

    ours, theirs = ["robot loves robot", "war machine"], ["robot war", "machine dreams"]
    frames = [pl.DataFrame({"text": column}) for column in (ours, theirs)]
    shared = share_words(*frames, fold(pl.col("text")))
    vectors = TfidfVectorizer().fit_transform(ours + theirs).toarray()
    cosines = np.zeros((2, 2))
    for row, other, _, part in shared.iter_rows():
        cosines[row, other] += part
    assert cosines == pytest.approx(vectors[:2] @ vectors[2:].T)


@given(st.text(max_size=20))
def test_folding_one_text_is_folding_a_column(text):
    assert pl.DataFrame({"t": [text]}).select(fold(pl.col("t"))).item() == fold_one(text)
