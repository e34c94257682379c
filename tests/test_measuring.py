"""How good answers are: judged questions, nDCG, and what chance explains of a mean."""

import polars as pl
import pytest

import config
from notebooks.measuring import bootstrap, english, load_judgements, measure, summarise


def test_right_answers_in_the_second_and_third_place_have_an_ndcg_of_0_69():
    judged = pl.DataFrame({"kind": ["theme"], "question": ["q"], "movies": [["2", "3"]]})
    answers = pl.DataFrame({"id": ["1", "2", "3"], "title": ["A", "B", "C"]})
    measured = measure({"all": lambda question: answers}, judged)
    assert measured["nDCG@10"].item() == pytest.approx(0.69, abs=0.005)


def test_each_judged_question_has_a_kind_and_movies():
    judged = load_judgements()
    assert judged["kind"].n_unique() == 6
    assert judged["movies"].list.len().min() > 0


def test_settings_are_english_and_without_a_key_for_a_while_and_then_as_before(monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", "mine")
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "nb-NO")
    with english():
        assert (config.TMDB_API_KEY, config.TMDB_LANGUAGE) == (None, "en-US")
    assert (config.TMDB_API_KEY, config.TMDB_LANGUAGE) == ("mine", "nb-NO")


def test_an_interval_holds_the_mean_and_is_narrow_where_all_values_are_equal():
    low, high = bootstrap(pl.Series([0.0, 1.0] * 20))
    assert low < 0.5 < high
    assert bootstrap(pl.Series([0.5] * 20)) == (0.5, 0.5)


def test_the_summary_adds_all_questions_to_their_kinds():
    measured = pl.DataFrame({"kind": ["mood", "theme"], "method": "m", "nDCG@10": [0.0, 1.0]})
    assert dict(summarise(measured).select("kind", "mean").iter_rows()) == {
        "mood (1)": 0.0,
        "theme (1)": 1.0,
        "all (2)": 0.5,
    }
