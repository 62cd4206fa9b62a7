import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.domain.origins import clean_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(text: str, origin: str) -> None:
    assert clean_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "*",
        "shop.example",
        "//shop.example",
        "ftp://shop.example",
        "https://",
        "https://*.shop.example",
        "https://user@shop.example",
        "https://shop.example/path",
        "https://shop.example?query",
        "https://shop.example#part",
        "https://shop.example:99999",
        "https://shop.example:port",
        "https://shop example",
        "https://[::1",
        "https://" + "x" * 70 + ".example",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        clean_origin(text)


@given(st.text(max_size=60))
def test_cleaning_either_refuses_or_is_stable(text: str) -> None:
    try:
        once = clean_origin(text)
    except ValueError:
        return
    assert clean_origin(once) == once
