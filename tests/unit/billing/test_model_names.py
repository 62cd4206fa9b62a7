import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain.model_names import UNNAMED, ModelNames

NAMES = ModelNames({"smart": "gpt-4o", "quick": "gpt-4o-mini", "alias": "gpt-4o", "tiny": "tiny"})


@pytest.mark.parametrize(
    ("invoice", "known"),
    [
        ("gpt-4o", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("openai/gpt-4o@20240806", "gpt-4o"),
        ("smart", "gpt-4o"),
        ("gpt-4oh", "gpt-4oh"),
        ("claude", "claude"),
        ("", UNNAMED),
    ],
)
def test_a_name_on_an_invoice_finds_its_model(invoice, known):
    assert NAMES.of_invoice(invoice) == known


def test_what_callers_say_is_taken_to_what_the_provider_says():
    assert [NAMES.of_ledger(name) for name in ("smart", "alias", "tiny", "gone", "")] == [
        "gpt-4o", "gpt-4o", "tiny", "gone", UNNAMED,
    ]  # fmt: skip


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8)))
def test_a_name_of_the_catalogue_is_the_same_model_on_both_sides(upstream):
    names = ModelNames(upstream)
    for said, name in upstream.items():
        assert names.of_invoice(name).lower() == names.of_ledger(said).lower()
