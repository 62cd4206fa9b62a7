import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.domain import sanitise

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(st.characters()))
def test_a_clean_text_has_no_nul_and_can_be_encoded(text):
    cleaned = sanitise.clean_text(text)
    assert "\0" not in cleaned
    cleaned.encode()


@given(st.text())
def test_a_harmless_text_stays_as_it_is(text):
    if "\0" not in text:
        assert sanitise.clean_text(text) == text


@given(JSON, st.booleans())
def test_repaired_json_needs_no_repair_and_is_the_clean_value(value, ascii_only):
    line = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    repaired = sanitise.repair(line)
    assert not sanitise.needs_repair(repaired)
    if ascii_only:
        assert json.loads(repaired) == sanitise.clean(value)


def test_the_halves_of_a_surrogate_pair_become_their_character():
    assert sanitise.clean_text("\ud83d\ude00 \ud83d") == "\U0001f600 \ufffd"


@pytest.mark.parametrize("text", ["1e999", "-1e999", "123456789012345678901234567890"])
def test_a_number_that_nobody_can_hold_becomes_text(text):
    assert sanitise.needs_repair(f"[{text}]".encode())
    assert json.loads(sanitise.repair(f"[{text}]".encode())) == [text]


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError):
        sanitise.repair(b'{"a":')


def test_what_is_cut_shows_it():
    assert sanitise.shorten("abcdef", 4) == "abc…"
    assert sanitise.shorten("abcd", 4) == "abcd"


@pytest.mark.parametrize(("depth", "deep"), [(5, False), (100, False), (101, True), (5000, True)])
def test_deep_nesting_is_seen_without_recursion(depth, deep):
    value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    assert sanitise.is_deep(value) is deep
