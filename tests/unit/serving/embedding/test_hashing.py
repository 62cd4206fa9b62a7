"""The embedder that needs no model."""

import random
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.embedding import DIMENSIONS, HashingEmbedder, built_in_embedder, built_in_embedders
from apps.serving.embedding.hashing import PIECE, SIZES, _hashes

embedder = HashingEmbedder()


def near(first: str, second: str) -> float:
    one, other = embedder.vectors([first, second])
    return float(one @ other)


def grams(text: str) -> Counter[str]:
    """Character n-grams inside of padded words, written the slow way."""
    words = [f" {word} " for word in text.split()]
    return Counter(
        word[start : start + size] for word in words for size in SIZES for start in range(len(word) - size + 1)
    )


@given(st.text())
def test_a_vector_has_384_numbers_and_length_1_or_0(text):
    row = embedder.vectors([text])[0]
    length = float(np.linalg.norm(row))
    assert row.shape == (DIMENSIONS,)
    assert row.dtype == np.float32
    assert length == pytest.approx(1, abs=1e-5) or length == 0


@given(st.lists(st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=12), min_size=1, max_size=8))
def test_one_hash_stands_for_each_n_gram_of_each_word(words):
    text = " ".join(words)
    expected = grams(text)
    hashes = Counter(_hashes(f" {text} ").tolist())
    assert sorted(hashes.values()) == sorted(expected.values())


def test_the_same_text_has_the_same_vector_everywhere():
    row = embedder.vectors(["Harbor desk"])[0]
    # Another vector needs another name: those that are stored would meet no new ones.
    assert np.flatnonzero(row).tolist() == [
        13, 19, 27, 31, 36, 54, 60, 66, 119, 148, 163, 176, 203, 226, 227, 228, 253, 292, 298, 304, 339,
        362, 369, 375,
    ]  # fmt: skip


def test_case_width_and_white_space_do_not_count():
    assert near("Reset  my\nPASSWORD", "reset my password") == pytest.approx(1)
    assert near("ｒｅｓｅｔ", "reset") == pytest.approx(1)


def test_spelling_that_is_alike_is_near_and_other_words_are_far():
    asked = "How do I reset my password?"
    assert near(asked, "How can I reset the password?") > 0.7
    assert near(asked, "Which ports does the router have?") < 0.3


def test_unrelated_texts_are_near_nothing_on_average():
    texts = [f"{chr(97 + number % 26)}{number * 7919} {number * 104_729}" for number in range(200)]
    rows = embedder.vectors(texts)
    apart = rows @ rows.T
    assert abs(float(apart[~np.eye(200, dtype=bool)].mean())) < 0.05


def test_all_dimensions_are_used_about_equally():
    chance = random.Random(0)
    rows = embedder.vectors(["".join(chance.choices(string.ascii_lowercase, k=12)) for _ in range(2_000)])
    used = (rows != 0).mean(axis=0)
    assert used.min() > used.mean() / 2
    assert used.max() < used.mean() * 2


def test_a_text_longer_than_a_piece_is_counted_to_its_end():
    long = "harbor " * PIECE
    assert near(long, "harbor") > 0.99
    assert near(long + "lighthouse " * PIECE, "lighthouse") > 0.5


def test_a_lone_surrogate_is_a_character_like_others():
    assert embedder.vectors(["\ud800 harbor"])[0].any()


def test_no_texts_are_no_vectors():
    assert embedder.vectors([]).shape == (0, DIMENSIONS)


async def _embed(texts):
    return await embedder.embed(texts)


def test_waiting_for_vectors_gives_the_same_ones():
    coroutine = _embed(["one", "two"])
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    assert np.array_equal(done.value.value, embedder.vectors(["one", "two"]))


def test_the_embedder_is_known_by_a_name_with_its_version():
    assert built_in_embedders() == ["hash384-1"]
    assert built_in_embedder("hash384-1").name == "hash384-1"
