"""How figures and causes are told to people."""

import pytest

from apps.compute.domain import causes
from apps.compute.templatetags.compute import alike, figure, in_words, time_left

L4 = {"kind": "cuda", "name": "NVIDIA L4", "memory_bytes": 24 * 10**9}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, "0 s left"), (89.4, "89 s left"), (512, "9 min left"), (4320, "1 h 12 min left")],
)
def test_the_time_left_is_told_in_the_unit_that_fits(seconds, words):
    assert time_left(seconds) == words


@pytest.mark.parametrize(
    ("devices", "lines"),
    [
        ([L4], ["NVIDIA L4, 24 GB"]),
        ([L4, L4], ["2 × NVIDIA L4, 24 GB each"]),
        ([L4, {**L4, "name": "NVIDIA T4"}], ["NVIDIA L4, 24 GB", "NVIDIA T4, 24 GB"]),
        ([{"kind": "cpu", "name": "CPU", "memory_bytes": 8}], ["CPU"]),
    ],
)
def test_devices_of_the_same_kind_stand_in_one_line(devices, lines):
    assert alike(devices) == lines


@pytest.mark.parametrize(("value", "words"), [(1 / 60, "0.01667"), (0.00002, "2e-05"), (3, "3")])
def test_a_figure_has_four_digits_that_count(value, words):
    assert figure(value) == words


def test_a_cause_is_told_in_words_and_an_unknown_one_as_it_is():
    assert in_words(causes.LOST) == "its worker fell silent"
    assert in_words("eclipse") == "eclipse"


def test_a_worker_that_cannot_go_on_says_why():
    assert causes.worker_sentence_of("disk full", "No space left on device").startswith("The disk is full")
    assert causes.worker_sentence_of(causes.ERROR, "Permission denied").endswith("cannot go on: Permission denied.")
