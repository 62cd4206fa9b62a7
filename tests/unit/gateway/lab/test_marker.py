"""What a request asks of the provider, written into its own text."""

import json

from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.lab.marker import Marker, find_marker

names = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
options = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.text(max_size=20), max_size=4)


@given(names, options, st.booleans())
def test_a_marker_survives_the_json_of_any_encoder(fault, given_options, ascii_only):
    marker = Marker(fault, given_options)
    body = json.dumps({"messages": [{"role": "user", "content": f"Please: {marker}"}]}, ensure_ascii=ascii_only)
    assert find_marker(body.encode()) == marker


def test_an_encoder_may_escape_the_ampersand():
    assert find_marker(rb'"lab:stall?n=ab\u0026after=3"') == Marker("stall", {"n": "ab", "after": "3"})


def test_the_last_marker_counts():
    assert find_marker(b'"lab:reset?n=1", "lab:good?n=2"') == Marker("good", {"n": "2"})


@given(st.binary(max_size=200))
def test_any_body_has_a_marker_or_is_good(body):
    assert isinstance(find_marker(body), Marker)


def test_numbers_are_whole_and_bounded():
    marker = Marker("stall", {"after": "3", "ms": "-4", "kb": "9" * 10, "mb": "٣"})
    assert [marker.number(name, 7) for name in ("after", "ms", "kb", "mb", "size")] == [3, 7, 7, 7, 7]
