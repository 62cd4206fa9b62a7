"""Components rendered by themselves: text is escaped, parameters do what their comments say."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

EVIL = "<script>alert(1)</script>"


def draw(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def component(name: str, /, **context: Any) -> str:
    return render_to_string(f"components/{name}.html", context, request=context.pop("request", None))


def test_tags_escape_what_users_wrote() -> None:
    html = draw(
        "{% badge text %}{% status text %}{% json_view text %}{% json_view value %}{{ value|pretty_json }}"
        "{% kbd text %}{% icon 'home' label=text %}{{ text|shorten:40 }}{{ text|initials }}",
        text=EVIL,
        value={EVIL: [EVIL]},
    )
    assert "<script" not in html


def test_messages_and_code_show_markup_as_text() -> None:
    html = component("message", role="user", content=EVIL * 100, name=EVIL, note=EVIL)
    html += component("code_block", id="x", code=EVIL, title=EVIL)
    html += component("code_tabs", id="y", tabs=[{"label": EVIL, "code": EVIL}])
    assert "<script" not in html


def test_chart_figures_cannot_end_their_script_element() -> None:
    html = component("chart", id="c", title="T", figure={"data": [{"name": "</script><b>"}]}, headers=[], rows=[])
    assert "</script><b>" not in html
    assert "\\u003C/script\\u003E" in html


def test_an_exact_time_stands_behind_the_relative_one() -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    html = draw("{% timestamp moment %}", moment=moment)
    assert 'datetime="2020-01-02T03:04:05+00:00"' in html
    assert 'title="2020-01-02 03:04:05 UTC"' in html
    assert ">2 Jan 2020<" in html


def test_missing_figures_are_dashes() -> None:
    html = draw(
        "{{ x|duration }}{{ x|nano_dollars }}{{ x|compact_number }}{{ x|relative_time }}{% timestamp x %}", x=None
    )
    assert html == "–" * 5


def test_a_button_with_an_address_is_a_link() -> None:
    assert component("button", label="Go", href="/go").strip().startswith('<a class="button" href="/go"')
    button = component("button", label="Save", variant="primary", key="s")
    assert 'type="submit"' in button
    assert 'aria-keyshortcuts="s"' in button


def test_long_messages_fold_and_short_ones_do_not() -> None:
    assert "<details" in component("message", role="user", content="word " * 400)
    assert "<details" not in component("message", role="user", content="word")


class PortForm(forms.Form):
    port = forms.IntegerField(help_text="Above 1024.", min_value=1025)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    open = forms.BooleanField(required=False)


def test_fields_tie_label_help_and_error_to_their_control() -> None:
    html = component("form", form=PortForm({"port": "80"}), submit="Open")
    assert '<label class="field-label" for="id_port">' in html
    assert 'aria-describedby="id_port_helptext id_port_error"' in html
    assert 'id="id_port_helptext"' in html
    assert 'id="id_port_error"' in html
    assert 'aria-invalid="true"' in html
    assert "<legend" in html


def test_the_pager_keeps_the_filters_of_the_address() -> None:
    request = RequestFactory().get("/traces/?status=error&cursor=old")
    html = component("pager", older="next", summary="", request=request)
    assert 'href="?status=error&amp;cursor=next"' in html
    assert "Newer" not in html


def test_choosing_a_time_range_starts_at_the_first_page() -> None:
    request = RequestFactory().get("/traces/?status=error&cursor=old&range=1h")
    html = component("time_range", range="1h", request=request)
    assert 'href="?status=error&amp;range=24h"' in html
    assert html.count('aria-current="true"') == 1


def test_a_waterfall_places_bars_by_their_share_of_the_trace() -> None:
    row = {
        "name": EVIL,
        "kind": "llm",
        "depth": 9,
        "start_us": 500,
        "duration_us": 250,
        "first_token_us": 100,
        "url": "#",
    }
    html = component("waterfall", rows=[row], total_us=1000)
    assert 'x="50.000%" y="4" width="25.000%"' in html
    assert 'width="10.000%"' in html
    assert "depth-6" in html
    assert "<script" not in html


def test_blocks_wrap_their_content_once() -> None:
    html = draw(
        '{% card title=text %}<p>{{ text }}</p>{% endcard %}{% notice tone="bad" %}x{% endnotice %}', text="<i>"
    )
    assert "<p>&lt;i&gt;</p>" in html
    assert "<h2>&lt;i&gt;</h2>" in html
    assert 'role="alert"' in html
