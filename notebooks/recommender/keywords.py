"""A question as its meaning: an embedding of its text, and the keywords near to its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from notebooks.recommender.collection import embed_queries, embed_query
from notebooks.recommender.question import Question
from notebooks.recommender.words import list_meant, list_stop_words, strip_chat

if TYPE_CHECKING:
    import chromadb

_FEW = 2  # with n words a question's keywords count this many / n: some are there by chance
_MOST = 12  # words of a question that are compared
_BEST = 8  # keywords that count
_NEAR = 0.5  # the cosine above which two of them mean the like

# Embeddings of keywords by collection, made when a question first asks for them.
_embedded: dict[Any, dict[str, np.ndarray]] = {}


def embed_question(
    collection: chromadb.Collection, labels: Sequence[str], question: Question
) -> Question:
    """Embed the text of a question, once, and find the keywords near to its words."""
    text = strip_chat(question.text or question.typed)
    words = [] if question.names_title else question.folded
    keywords = find_keywords(collection, labels, words)
    return question._replace(vector=embed_query(collection, text), keywords=keywords)


def find_keywords(
    collection: chromadb.Collection, labels: Sequence[str], words: list[str]
) -> dict[str, float]:
    """
    Find the keywords and genres that are nearest in meaning to one word of a
    question, or to two that stand together.

    Parameters
    ----------
    collection
        Whose model embeds them, each keyword once.
    labels
        Keywords and genres of its movies, folded.
    words
        Those of the question, folded.

    Returns
    -------
    dict of str to float
        Eight at most, the nearest first, each with how near it is: 1 for the
        same, 0 for a cosine of .5, less where the question has many words.
    """
    stop = list_stop_words()
    said = [word for word in words if word not in stop]
    share = min(1.0, _FEW / max(1, len(said)))
    said = said[:_MOST]
    pairs = [" ".join(pair) for pair in pairwise(said)]
    phrases = list(dict.fromkeys([*said, *pairs, *list_meant(" ".join(words))]))
    if not phrases or not labels:
        return {}
    known = _embedded.setdefault(collection.id, {})
    missing = [label for label in labels if label not in known]
    vectors = embed_queries(collection, [*missing, *phrases])
    known |= dict(zip(missing, vectors, strict=False))
    cosines = np.stack([known[label] for label in labels]) @ np.stack(vectors[len(missing) :]).T
    nearest = cosines.max(axis=1)
    best = np.argsort(-nearest, kind="stable")[:_BEST]
    return {
        labels[at]: share * float((nearest[at] - _NEAR) / (1 - _NEAR)) ** 2
        for at in best
        if nearest[at] > _NEAR
    }
