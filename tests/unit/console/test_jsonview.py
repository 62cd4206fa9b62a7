"""JSON trees: everything is escaped, nothing is too deep or too long to show."""

from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.console.domain import jsonview

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(html: str) -> set[str]:
    parser = Tags()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.seen


@given(JSON)
def test_values_bring_no_markup_of_their_own(value: Any) -> None:
    assert tags_of(jsonview.render(value)) <= {"div", "span", "details", "summary"}


def test_markup_in_keys_and_values_is_shown_as_text() -> None:
    html = jsonview.render({"<img src=x>": "</div><script>alert(1)</script>"})
    assert "<img" not in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_value_nested_a_thousand_times_is_cut() -> None:
    value: Any = "core"
    for _ in range(900):
        value = [value]
    html = jsonview.render(value)
    assert "[…]" in html
    assert html.count("<details") == jsonview.DEEPEST


def test_long_lists_and_texts_say_how_much_is_missing() -> None:
    assert "… 50 more" in jsonview.render(list(range(250)))
    assert "… 30,000 characters" in jsonview.render("x" * 30_000)
