"""How figures read, checked on the edges where the unit changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.console.domain import formats

NOW = datetime(2026, 3, 12, 14, 3, 5, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace(formats.THIN, " ")


@pytest.mark.parametrize(
    ("us", "shown"),
    [
        (None, "–"),
        (0, "0 µs"),
        (999, "999 µs"),
        (1_000, "1.00 ms"),
        (12_345, "12.3 ms"),
        (640_000, "640 ms"),
        (999_499, "999 ms"),
        (999_500, "1.00 s"),
        (3_204_000, "3.20 s"),
        (59_900_000, "59.9 s"),
        (59_960_000, "1 m 00 s"),
        (125_000_000, "2 m 05 s"),
        (3_600_000_000, "1 h 00 m"),
        (93_600_000_000, "1 d 02 h"),
    ],
)
def test_durations_take_the_unit_that_leaves_few_digits(us: int | None, shown: str) -> None:
    assert plain(formats.duration(us)) == shown


@given(st.integers(min_value=0, max_value=10**15))
def test_durations_are_always_short(us: int) -> None:
    assert len(formats.duration(us)) <= 12


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (9_876, "9,876"),
        (0.25, "0.25"),
        (12_345, "12.3k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (4_560_000, "4.56M"),
        (7_890_000_000, "7.89B"),
        (-12_345, "-12.3k"),
    ],
)
def test_large_numbers_are_shortened(number: float | None, shown: str) -> None:
    assert formats.compact(number) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=59.9), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=29), "29 d ago"),
        (timedelta(days=30), "10 Feb 2026"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(hours=-2), "in 2 h"),
    ],
)
def test_times_are_told_in_whole_steps(ago: timedelta, shown: str) -> None:
    assert formats.relative(NOW - ago, NOW) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Ada Marsh", "AM"), ("ada.marsh@harbor.example", "AM"), ("Kim", "K"), ("Jo de la Mar", "JM"), ("", "?")],
)
def test_initials_come_from_names_and_addresses(name: str, shown: str) -> None:
    assert formats.initials(name) == shown


@given(st.text(max_size=300), st.integers(min_value=41, max_value=200))
def test_shortened_text_is_a_beginning_of_the_text(text: str, limit: int) -> None:
    short = formats.shorten(text, limit)
    assert short == text or (len(short) <= limit + 1 and text.startswith(short.removesuffix("…")))
