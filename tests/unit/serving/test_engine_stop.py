"""Stop strings: nothing of them reaches the client, however the text was cut into pieces."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.local_engine.stop import StopMatcher

ALPHABET = "abc"
TEXTS = st.text(ALPHABET, max_size=40)
STOPS = st.lists(st.text(ALPHABET, min_size=1, max_size=5), max_size=4)


def shown(pieces: list[str], stops: list[str]) -> tuple[str, bool]:
    matcher = StopMatcher(stops)
    text = "".join(matcher.feed(piece) for piece in pieces)
    return text + matcher.flush(), matcher.stopped


def expected(text: str, stops: list[str]) -> tuple[str, bool]:
    """Character by character: the first stop string that is complete ends the text."""
    for end in range(1, len(text) + 1):
        complete = [stop for stop in stops if text[:end].endswith(stop)]
        if complete:
            return text[: end - max(map(len, complete))], True
    return text, False


@given(TEXTS, STOPS, st.data())
def test_cutting_the_text_elsewhere_changes_nothing(text, stops, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    bounds = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(bounds)]
    assert shown(pieces, stops) == expected(text, stops)


@given(TEXTS, STOPS)
def test_what_was_shown_so_far_is_always_a_beginning_of_the_answer(text, stops):
    matcher = StopMatcher(stops)
    answer, _ = expected(text, stops)
    so_far = ""
    for character in text:
        so_far += matcher.feed(character)
        assert answer.startswith(so_far)


def test_a_stop_string_that_straddles_three_pieces_never_leaks():
    matcher = StopMatcher(["</answer>"])
    assert [matcher.feed(piece) for piece in ("fine </an", "swer", "> and more", "!")] == ["fine ", "", "", ""]
    assert matcher.stopped


def test_a_beginning_that_comes_to_nothing_is_shown_after_all():
    matcher = StopMatcher(["###"])
    assert matcher.feed("a ##") == "a "
    assert matcher.feed(" b") == "## b"
    assert not matcher.stopped


def test_without_stop_strings_everything_passes_at_once():
    assert StopMatcher([]).feed("anything") == "anything"


def test_an_empty_stop_string_is_refused():
    with pytest.raises(ValueError, match="empty stop string"):
        StopMatcher(["", "x"])
