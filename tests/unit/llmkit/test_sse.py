"""Server-sent events, against a plain reading of the standard."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit import sse
from llmkit.sse import Event, EventTooLarge, Parser


def parsed(*chunks: bytes, limit: int = sse.DEFAULT_LIMIT) -> list[Event]:
    parser = Parser(limit)
    return [event for chunk in chunks for event in parser.feed(chunk)]


def by_the_standard(stream: bytes) -> list[Event]:
    """The algorithm of the standard, read aloud: the whole stream at once, line by line."""
    lines = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    events, data, kind, last_id = [], b"", "", ""
    for line in lines:
        if not line:
            if data:
                events.append(Event(data[:-1], kind, last_id))
            data, kind = b"", ""
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data += value + b"\n"
        elif field == b"event":
            kind = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            last_id = value.decode("utf-8", "replace")
    return events


ONE_LINE = st.characters(codec="utf-8", exclude_characters="\r\n")
LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXTS = st.one_of(st.text(ONE_LINE, max_size=12), st.just('{"a": "é漢🙂"}'))
LINES = st.builds(
    lambda field, colon, text, end: field + colon + text.encode() + end,
    st.sampled_from([b"data", b"data", b"data", b"event", b"id", b"retry", b"", b"other", b"\xff\xfe"]),
    st.sampled_from([b": ", b":", b"", b":  "]),
    TEXTS,
    LINE_ENDS,
)
ORDINARY = st.builds(lambda text: b"data: " + text.encode() + b"\n\n", TEXTS)
PIECES = st.lists(st.one_of(LINES, LINE_ENDS, ORDINARY, ORDINARY), max_size=20)
STREAMS = st.builds(lambda bom, pieces: bom + b"".join(pieces), st.sampled_from([b"", b"\xef\xbb\xbf"]), PIECES)


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(STREAMS)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    edges = [0, *cuts, len(stream)]
    return stream, [stream[start:end] for start, end in pairwise(edges)]


@given(cut_streams())
def test_any_cut_of_any_stream_gives_the_events_of_the_standard(cut):
    stream, chunks = cut
    assert parsed(*chunks) == by_the_standard(stream)


@given(st.lists(TEXTS, max_size=6), st.integers(1, 7))
def test_the_usual_stream_gives_its_events_whatever_the_reads_are(texts, size):
    stream = b"".join(sse.encode(text) for text in texts)
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [event.data for event in parsed(b": ready\n\n", *chunks)] == [text.encode() for text in texts]


@given(cut_streams(), st.integers(4, 30))
def test_the_limit_ends_a_stream_at_the_same_event_whatever_the_cut(cut, limit):
    def until_too_large(chunks):
        parser, events = Parser(limit), []
        try:
            for chunk in [*chunks, b"", b""]:
                events += parser.feed(chunk)
        except EventTooLarge:
            return events, True
        return events, False

    stream, chunks = cut
    assert until_too_large(chunks) == until_too_large([stream])


@given(st.text(st.characters(codec="utf-8")), st.text(ONE_LINE))
def test_what_is_encoded_is_parsed_back(data, kind):
    (event,) = parsed(sse.encode(data, kind or None))
    assert event.text == data.replace("\r\n", "\n").replace("\r", "\n")
    assert event.event == kind


def test_a_character_cut_between_two_chunks_is_whole_again():
    whole = "data: 漢🙂\n\n".encode()
    for at in range(len(whole)):
        assert [event.text for event in parsed(whole[:at], whole[at:])] == ["漢🙂"]


def test_a_line_end_cut_between_cr_and_lf_is_one_line_end():
    assert [event.data for event in parsed(b"data: a\r", b"\ndata: b\r\n\r", b"\n")] == [b"a\nb"]


def test_an_event_that_ends_in_two_cr_does_not_wait_for_more():
    assert [event.data for event in parsed(b"data: now\r\r")] == [b"now"]


def test_comments_and_keepalives_give_no_event():
    assert parsed(b": ping\n\n:\n\n", b"event: ping\n\n") == []


def test_type_and_id_are_told_and_the_id_stays():
    events = parsed(b"id: 7\nevent: delta\ndata: x\n\n", b"data: y\n\n", b"data: z\n\n")
    assert events == [Event(b"x", "delta", "7"), Event(b"y", "", "7"), Event(b"z", "", "7")]


def test_a_stream_that_ends_without_the_last_blank_line_still_gives_its_event():
    parser = Parser()
    assert parser.feed(b"data: {}\n\ndata: [DONE]") == [Event(b"{}")]
    assert parser.end() == [Event(b"[DONE]")]


def test_an_event_over_the_limit_is_refused_and_the_ones_before_it_are_kept():
    parser = Parser(limit=20)
    assert parser.feed(b"data: small\n\ndata: " + b"x" * 30) == [Event(b"small")]
    with pytest.raises(EventTooLarge, match="20 bytes"):
        parser.feed(b"\n\n")
    with pytest.raises(EventTooLarge):
        parser.end()


def test_a_line_that_never_ends_does_not_fill_the_memory():
    parser = Parser(limit=1000)
    for _ in range(1000):
        parser.feed(b"x")
    with pytest.raises(EventTooLarge):
        parser.feed(b"x")


def test_endless_comments_are_no_event_and_reach_no_limit():
    parser = Parser(limit=50)
    for _ in range(100):
        assert parser.feed(b": still thinking\n") == []
    assert parser.feed(b"data: done\n\n") == [Event(b"done")]


def test_a_type_with_a_line_end_is_not_encoded():
    with pytest.raises(ValueError, match="single line"):
        sse.encode("x", "a\nb")
