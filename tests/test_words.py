"""Texts as words: folded, counted, compared, written and read again."""

import math
import re
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.recommender.words import (
    STOP_WORDS,
    bm25,
    fold,
    fold_one,
    list_phrases,
    loosen,
    phrase_reasons,
    share_words,
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
    st.sampled_from([0, 0.75]),
)
def test_bm25_is_what_robertson_and_zaragoza_write(texts, asked, b):
    mean = sum(map(len, texts)) / len(texts)
    expected = []
    for words in texts:
        score = 0.0
        for word in asked & set(words):
            df, tf = sum(word in other for other in texts), words.count(word)
            idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
            score += idf * tf * 2.2 / (tf + 1.2 * (1 - b + b * len(words) / mean))
        expected.append(score)
    found = bm25(pl.Series([" ".join(words) for words in texts]), sorted(asked), b=b)
    scores = np.zeros(len(texts))
    scores[found["movie"].to_numpy()] = found["bm25"].to_numpy()
    assert scores == pytest.approx(expected)
    for row, words in found.select("movie", "found").iter_rows():
        assert set(words) == asked & set(texts[row]) - STOP_WORDS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("godfather 2", "the godfather part ii"),
        ("toy story iii", "toy story 3"),
        ("seven", "se7en"),
        ("doctor strangelove", "dr strangelove"),
        ("star wars episode 4 a new hope", "star wars iv new hope"),
        ("kill bill vol 1", "kill bill volume one"),
    ],
)
def test_loose_titles_are_the_same_however_they_count_and_whatever_small_words_they_leave_out(
    one, other
):
    loose = pl.DataFrame({"title": [one, other]}).select(loosen(pl.col("title"))).to_series()
    assert loose[0] == loose[1]


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


def test_reasons_are_put_into_words_and_each_word_that_is_quoted_is_marked():
    said = phrase_reasons(
        [("genres", ["Crime", "Drama"]), ("cast", ["Al Pacino"]), ("like", ["Heat", "Up"])]
    )
    assert said == "Crime, Drama; with Al Pacino; like Heat and Up"
    assert phrase_reasons([("words", ["time"])]) == "the word *time*"
    assert phrase_reasons([("words", ["loop", "time"])]) == "the words *loop*, *time*"
    assert phrase_reasons([]) == ""
    assert not re.search("[{}]", said)


@given(st.text(max_size=20))
def test_folding_one_text_is_folding_a_column(text):
    assert pl.DataFrame({"t": [text]}).select(fold(pl.col("t"))).item() == fold_one(text)
