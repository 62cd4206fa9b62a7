"""How near texts are, against sacrebleu's figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluation.domain.similarity import chrf


@pytest.mark.parametrize(
    ("text", "expected", "figure"),
    [
        ("The cat sat on the mat.", "The cat is on the mat.", 0.671727),
        ("Your order left this morning.", "Your order left the harbour this morning.", 0.702019),
        ("Ahoy there!", "Ahoy, there.", 0.441264),
        ("die Katze liegt auf der Matte", "Auf der Matte liegt die Katze", 0.746255),
        ("a", "ab", 0.555556),
        ("yes", "no", 0.0),
        ("", "abc", 0.0),
    ],
)
def test_the_figures_are_those_of_sacrebleu(text, expected, figure):
    """sacrebleu 2.6.0, CHRF().sentence_score / 100."""
    assert chrf(text, expected) == pytest.approx(figure, abs=1e-6)


@pytest.mark.parametrize("text", ["", " ", "a", "a rope and a chain"])
def test_equal_texts_are_as_near_as_can_be(text):
    assert chrf(text, text) == 1.0


def test_white_space_does_not_count():
    assert chrf("a rope\nand a  chain", "a rope and a chain") == 1.0


@given(st.text(max_size=20), st.text(max_size=20))
def test_nearness_is_a_share(text, expected):
    assert 0.0 <= chrf(text, expected) <= 1.0 + 1e-12
