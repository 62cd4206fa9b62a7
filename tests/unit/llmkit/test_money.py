from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit.money import dollars_from_nano, format_nano, nano_from_dollars


@given(st.decimals("-1000000", "1000000", places=9))
def test_dollars_survive_the_way_to_nano_dollars_and_back(dollars):
    assert dollars_from_nano(nano_from_dollars(dollars)) == dollars


def test_an_amount_finer_than_a_nano_dollar_is_refused():
    with pytest.raises(ValueError, match="nine decimal places"):
        nano_from_dollars(Decimal("0.0000000001"))


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (1_234_567_890_000, "$1,234.57"),
        (12_345_000, "$0.0123"),
        (150_000, "$0.00015"),
        (7, "$0.000000007"),
        (-20_000_000, "-$0.02"),
    ],
)
def test_small_amounts_show_the_digits_that_count(nano, text):
    assert format_nano(nano) == text
