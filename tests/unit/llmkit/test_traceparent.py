"""W3C Trace Context, by the examples and rules of the standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit import traceparent
from llmkit.ids import new_span_id, new_trace_id
from llmkit.traceparent import TraceContext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_the_standards_own_example_is_understood():
    context = traceparent.parse(f"00-{TRACE}-{SPAN}-01", "congo=t61rcWkgMzE")
    assert context == TraceContext(TRACE, SPAN, 1, "congo=t61rcWkgMzE")
    assert context.sampled


def test_bytes_of_a_header_are_understood_with_spaces_around_them():
    assert traceparent.parse(f" 00-{TRACE}-{SPAN}-00\t".encode()) == TraceContext(TRACE, SPAN, 0)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-0x",
        f"0-{TRACE}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01more",
        f"00_{TRACE}_{SPAN}_01",
        f"00-{TRACE}-{SPAN}-01\r\nx: y",
        f"01-{TRACE}-{SPAN}-01-a\nb",
    ],
)
def test_what_the_standard_forbids_starts_a_new_trace(header):
    assert traceparent.parse(header) is None


def test_a_later_version_may_say_more_and_only_its_sampled_flag_counts():
    assert traceparent.parse(f"cc-{TRACE}-{SPAN}-ff-what-the-future-holds") == TraceContext(TRACE, SPAN, 1)
    assert traceparent.parse(f"01-{TRACE}-{SPAN}-02") == TraceContext(TRACE, SPAN, 0)


def test_tracestate_is_passed_on_untouched_up_to_512_bytes():
    state = "a=1,b=" + "x" * 506
    assert traceparent.parse(f"00-{TRACE}-{SPAN}-01", state).tracestate == state
    assert traceparent.parse(f"00-{TRACE}-{SPAN}-01", state + "x").tracestate == ""


@pytest.mark.parametrize("state", ["a=1\r\nevil: 1", "a=\x00", b"a=\xff"])
def test_a_tracestate_that_could_break_a_header_is_dropped_and_the_trace_kept(state):
    assert traceparent.parse(f"00-{TRACE}-{SPAN}-01", state) == TraceContext(TRACE, SPAN, 1)


@given(st.booleans())
def test_what_is_formatted_is_parsed_back(sampled):
    trace_id, span_id = new_trace_id(), new_span_id()
    header = traceparent.format_traceparent(trace_id, span_id, sampled=sampled)
    assert traceparent.parse(header) == TraceContext(trace_id, span_id, int(sampled))


@given(st.text())
def test_no_text_at_all_makes_it_fail(text):
    traceparent.parse(text, text)
