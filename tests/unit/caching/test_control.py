"""The cache-control header of a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.control import FOREVER, UNSAID, CacheControl, read_cache_control


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (None, UNSAID),
        (b"", UNSAID),
        (b"no-store", CacheControl(reads=False, writes=False)),
        (b"No-Cache", CacheControl(reads=False)),
        (b"max-age=60", CacheControl(max_age=60)),
        (b'max-age="60"', CacheControl(max_age=60)),
        (b"max-age=60, no-store", CacheControl(reads=False, writes=False, max_age=60)),
        (b"max-age=60, max-age=5", CacheControl(max_age=5)),
        (b"max-age=99999999999999", CacheControl(max_age=FOREVER)),
        (b"max-age=-1, max-age=x, max-age, min-fresh=3, ,=", UNSAID),
    ],
)
def test_directives_are_read_as_the_standard_says(header, meant):
    assert read_cache_control(header) == meant


@given(st.binary())
def test_no_header_is_too_strange(header):
    read_cache_control(header)
