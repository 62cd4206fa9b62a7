"""What people are told about how far a limit can be passed."""

import pytest

from apps.limits.domain.overshoot import Overshoot, in_words
from apps.limits.domain.rules import Away


def overshoot(**fields):
    return Overshoot(**({"leased": 40, "local": 5, "processes": 3, "away": Away.LEASE, "hard": True} | fields))


def told(**fields):
    return " ".join(in_words(overshoot(**fields), lambda amount: f"{amount} tokens"))


@pytest.mark.parametrize(
    ("away", "local", "worst", "bounded"),
    [(Away.LEASE, 5, 55, True), (Away.CLOSED, 0, 40, True), (Away.OPEN, 0, 40, False)],
)
def test_the_worst_case_is_all_leases_and_what_processes_may_do_alone(away, local, worst, bounded):
    found = overshoot(away=away, local=local)
    assert (found.worst, found.bounded) == (worst, bounded)


def test_every_figure_is_said():
    assert "40 tokens too much at worst" in told()
    assert "lets 5 tokens pass by itself. With 3 running: 55 tokens too much at worst." in told()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"leased": 0}, "Nothing is leased at the moment, so nothing can pass beyond the limit."),
        ({"away": Away.CLOSED}, "While Redis is away nothing passes."),
        ({"away": Away.OPEN}, "everything passes, without a bound"),
        ({"hard": False}, "there is no bound"),
    ],
)
def test_each_setting_has_its_sentence(fields, sentence):
    assert sentence in told(**fields)
