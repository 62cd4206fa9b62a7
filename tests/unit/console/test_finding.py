"""What counts as the beginning of a trace id, and when a name matches."""

from uuid import UUID

import pytest

from apps.console.domain.finding import matches, trace_range

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_whole_id_stands_for_itself() -> None:
    assert trace_range(TRACE) == (UUID(TRACE), UUID(TRACE))
    assert trace_range(str(UUID(TRACE)).upper()) == (UUID(TRACE), UUID(TRACE))


def test_a_beginning_stands_for_every_id_that_begins_so() -> None:
    low, high = trace_range(" 0af76519 ") or pytest.fail("not taken for an id")
    assert low < UUID(TRACE) < high
    assert low.hex == "0af76519" + "0" * 24
    assert high.hex == "0af76519" + "f" * 24


@pytest.mark.parametrize("text", ["", "0af7651", "harbor-tiny", TRACE + "0", "0af7651x", "%", "0af76519 16cd"])
def test_other_text_is_no_id(text: str) -> None:
    assert trace_range(text) is None


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [("", "Traces", True), ("tr", "Traces", True), ("aces", "Traces", False), ("log aud", "Settings Audit log", True)],
)
def test_each_word_typed_begins_a_word_of_the_name(text: str, name: str, expected: bool) -> None:
    assert matches(text, name) is expected
