"""Lines of a subprocess: events are read, everything else is a line of the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.compute.domain.causes import cause_of, sentence_of
from apps.compute.domain.events import CheckpointMade, LogLine, Metric, Problem, Progress, Result, event_of


def test_each_event_is_read():
    assert event_of('{"event": "progress", "done": 0.5, "stage": "training", "seconds_left": 3}') == Progress(
        0.5, "training", 3.0
    )
    assert event_of('{"event": "metric", "step": 2, "values": {"loss": 1}}') == Metric(2, {"loss": 1.0})
    assert event_of('{"event": "checkpoint", "step": 2, "folder": "/x"}') == CheckpointMade(2, "/x")
    assert event_of('{"event": "result", "values": {"a": 1}}') == Result({"a": 1})
    assert event_of('{"event": "problem", "message": "no data"}') == Problem("no data", permanent=True)


def test_figures_that_json_in_postgres_cannot_hold_are_left_out():
    assert event_of('{"event": "metric", "step": 1, "values": {"loss": NaN, "rate": 0.1}}') == Metric(1, {"rate": 0.1})


def test_figures_that_are_no_numbers_are_nobodys_progress():
    assert event_of('{"event": "progress", "done": NaN, "seconds_left": Infinity}') == Progress(0.0)
    result = event_of('{"event": "result", "values": {"loss": NaN, "note": "a\\u0000b", "more": [Infinity, 1]}}')
    assert result == Result({"loss": None, "note": "ab", "more": [None, 1]})


def test_progress_stays_between_nothing_and_all():
    assert event_of('{"event": "progress", "done": 7}') == Progress(1.0)
    assert event_of('{"event": "progress", "done": -1}') == Progress(0.0)


@pytest.mark.parametrize(
    "line",
    [
        "Loading weights: 100%",
        "{",
        "[]",
        "null",
        "\0",
        '"event"',
        '{"event": "dance"}',
        '{"event": "metric"}',
        '{"event": "metric", "step": 1e999, "values": {}}',
        '{"event": "metric", "step": -1, "values": {}}',
    ],
)
def test_what_is_no_event_is_a_line_of_the_log(line):
    assert isinstance(event_of(line), LogLine)


@given(st.text())
def test_no_line_can_break_the_reader(line):
    assert "\0" not in getattr(event_of(line), "text", "")


@pytest.mark.parametrize(
    ("status", "lines", "cause"),
    [
        (-9, "", "killed"),
        (1, "torch.OutOfMemoryError: CUDA out of memory.", "oom"),
        (1, "OSError: [Errno 28] No space left on device", "disk full"),
        (1, "ValueError: x", "error"),
    ],
)
def test_the_cause_is_told_from_status_and_last_lines(status, lines, cause):
    assert cause_of(status, lines) == cause
    assert sentence_of(cause, status, lines)
