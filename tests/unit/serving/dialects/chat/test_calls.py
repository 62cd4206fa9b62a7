"""Fragments of tool calls, and which call they belong to."""

import pytest

from apps.serving.dialects.chat.calls import CallNumbers
from apps.serving.dialects.chat.schema import Call


@pytest.mark.parametrize(
    ("fragments", "numbers"),
    [
        ([(0, "a"), (0, None), (1, "b"), (1, None), (0, None)], [0, 0, 1, 1, 0]),
        ([(0, "a"), (0, "a"), (0, "b"), (0, None)], [0, 0, 1, 1]),
        ([(0, "a"), (0, "b"), (0, "a")], [0, 1, 0]),
        ([(None, "a"), (None, None), (None, "b"), (None, None)], [0, 0, 1, 1]),
        ([(3, "a"), (7, "b"), (3, None)], [0, 1, 0]),
        ([(0, None), (1, None), (0, None)], [0, 1, 0]),
        ([(0, "a"), (0, ""), (1, "b"), (1, "")], [0, 0, 1, 1]),
    ],
    ids=["usual", "id repeated", "back to the first", "no index", "gaps", "no ids", "empty ids"],
)
def test_every_fragment_finds_its_call(fragments, numbers):
    known = CallNumbers()
    placed = [known.place(Call(index=index, id=call_id)) for index, call_id in fragments]
    assert [number for number, _ in placed] == numbers
    assert [first for _, first in placed] == [number not in numbers[:at] for at, number in enumerate(numbers)]
