from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit.pricing import Rates, cost, parts
from llmkit.usage import Usage

COUNTS = [name for name in Usage.__struct_fields__ if name != "raw"]
KINDS = [name for name in Rates.__struct_fields__ if name not in {"input", "output"}]

tokens = st.integers(0, 10**7)
prices = st.integers(0, 10**12)
usages = st.builds(Usage, **dict.fromkeys(COUNTS, tokens))
rates_of_any_kind = st.builds(Rates, input=prices, output=prices, **dict.fromkeys(KINDS, st.none() | prices))


def dollars(amount):
    """Nano-dollars per million tokens."""
    return round(amount * 1_000_000_000)


def test_a_call_costs_its_input_and_its_output():
    rates = Rates(input=dollars(0.15), output=dollars(0.60))
    assert cost(Usage(prompt_tokens=1_000_000, completion_tokens=500_000), rates) == dollars(0.45)


def test_each_kind_of_token_has_its_own_price_and_is_priced_once():
    usage = Usage(
        prompt_tokens=10_000,
        cached_tokens=4_000,
        cache_creation_tokens=1_000,
        audio_prompt_tokens=300,
        image_prompt_tokens=700,
        completion_tokens=2_000,
        reasoning_tokens=1_200,
        audio_completion_tokens=100,
    )
    rates = Rates(
        input=1_000, cached_input=100, cache_creation=1_250, audio_input=40_000, image_input=5_000,
        output=8_000, reasoning=6_000, audio_output=80_000,
    )  # fmt: skip
    assert [(part.kind, part.tokens) for part in parts(usage, rates)] == [
        ("cached_input", 4_000),
        ("cache_creation", 1_000),
        ("audio_input", 300),
        ("image_input", 700),
        ("input", 4_000),
        ("reasoning", 1_200),
        ("audio_output", 100),
        ("output", 700),
    ]
    exact = 4_000 * 100 + 1_000 * 1_250 + 300 * 40_000 + 700 * 5_000 + 4_000 * 1_000
    exact += 1_200 * 6_000 + 100 * 80_000 + 700 * 8_000
    assert cost(usage, rates) == round(Fraction(exact, 1_000_000))


def test_kinds_without_a_price_cost_what_input_or_output_costs():
    usage = Usage(
        prompt_tokens=500,
        cached_tokens=100,
        cache_creation_tokens=100,
        audio_prompt_tokens=100,
        image_prompt_tokens=100,
        completion_tokens=300,
        reasoning_tokens=100,
        audio_completion_tokens=100,
    )
    rates = Rates(input=dollars(3), output=dollars(15))
    assert cost(usage, rates) == cost(Usage(prompt_tokens=500, completion_tokens=300), rates)


def test_a_price_of_nothing_is_a_price():
    usage = Usage(prompt_tokens=1_000_000, cached_tokens=1_000_000)
    assert cost(usage, Rates(input=dollars(1), output=0, cached_input=0)) == 0


def test_anthropics_cache_multipliers_come_out_as_published():
    # 3 $ a million tokens, writing to the cache 1.25 times that, reading from it a tenth.
    rates = Rates(input=dollars(3), output=dollars(15), cached_input=dollars(0.30), cache_creation=dollars(3.75))
    usage = Usage(prompt_tokens=200_000, cached_tokens=100_000, cache_creation_tokens=50_000, completion_tokens=1_000)
    assert cost(usage, rates) == dollars(0.15 + 0.03 + 0.1875 + 0.015)


@pytest.mark.parametrize(
    "usage",
    [
        Usage(prompt_tokens=100, cached_tokens=900),
        Usage(prompt_tokens=100, cached_tokens=60, cache_creation_tokens=60, audio_prompt_tokens=60),
        Usage(prompt_tokens=100, image_prompt_tokens=100, cached_tokens=-5),
    ],
)
def test_counts_that_contradict_each_other_price_no_token_twice(usage):
    assert sum(part.tokens for part in parts(usage, Rates(input=1, output=1))) == 100


def test_reasoning_beyond_the_completion_is_cut_off():
    rates = Rates(input=0, output=dollars(1), reasoning=dollars(2))
    assert cost(Usage(completion_tokens=1_000, reasoning_tokens=5_000), rates) == 1_000 * 2_000


@given(usages, rates_of_any_kind)
def test_a_cost_is_never_negative_and_exact_to_half_a_nano_dollar(usage, rates):
    found = parts(usage, rates)
    price = {name: value for name, value in msgspec.structs.asdict(rates).items() if value is not None}
    fallback = {"reasoning": rates.output, "audio_output": rates.output}
    exact = sum(
        Fraction(part.tokens * price.get(part.kind, fallback.get(part.kind, rates.input)), 1_000_000) for part in found
    )
    assert cost(usage, rates) >= 0
    assert abs(cost(usage, rates) - exact) <= Fraction(1, 2)


@given(usages, rates_of_any_kind)
def test_parts_sum_to_the_whole_in_money_and_in_tokens(usage, rates):
    found = parts(usage, rates)
    assert sum(part.nano for part in found) == cost(usage, rates)
    assert sum(part.tokens for part in found) == usage.prompt_tokens + usage.completion_tokens
    assert all(part.nano >= 0 and part.tokens > 0 for part in found)


@given(usages, rates_of_any_kind, st.sampled_from(["prompt_tokens", "completion_tokens"]), tokens)
def test_more_tokens_never_cost_less(usage, rates, total, more):
    larger = msgspec.structs.replace(usage, **{total: getattr(usage, total) + more})
    assert cost(larger, rates) >= cost(usage, rates)


@given(usages, rates_of_any_kind, st.sampled_from(["input", "output", *KINDS]), prices)
def test_higher_prices_never_make_a_call_cheaper(usage, rates, kind, more):
    price = getattr(rates, kind)
    if price is not None:
        assert cost(usage, msgspec.structs.replace(rates, **{kind: price + more})) >= cost(usage, rates)
