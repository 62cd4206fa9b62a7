"""Every fault, as it looks on the wire."""

import asyncio
import gzip
import json
import time
import zlib
from email.utils import parsedate_to_datetime

import pytest

from apps.gateway.lab.provider.faults import FAULTS
from apps.gateway.lab.texts import GREETING, REASONING, REFUSAL, SIGNATURE, answer_of, arguments_of
from tests.unit.gateway.lab.wire import Wire, ask, asking, in_lab, request


def streamed(marker: str, **members) -> Wire:
    return ask(marker, stream=True, **members)


def chunks(wire: Wire) -> list[dict]:
    return [json.loads(text) for text in wire.events if text != "[DONE]"]


def said(wire: Wire) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in chunks(wire) for choice in chunk["choices"])


def message(wire: Wire) -> dict:
    return json.loads(wire.text)["choices"][0]["message"]


class TestGoodAnswers:
    def test_a_stream_is_whole_and_counted(self):
        wire = streamed("lab:good?n=a1")
        assert said(wire) == answer_of("a1")
        assert wire.events[-1] == "[DONE]"
        assert wire.ended
        [seen] = wire.seen["requests"]
        assert (seen["finished"], seen["closed_early"], seen["output_tokens"]) == (True, False, 10)

    def test_a_whole_answer_says_the_same(self):
        assert message(ask("lab:good?n=a1"))["content"] == answer_of("a1")

    def test_two_tools_are_told_in_turn(self):
        parts = [part for chunk in chunks(streamed("lab:good?n=a1&tools=2")) for part in tools_in(chunk)]
        assert [part["index"] for part in parts[:4]] == [0, 1, 0, 1]
        for at in range(2):
            text = "".join(part["function"]["arguments"] for part in parts if part["index"] == at)
            assert text == arguments_of(at)
            assert json.loads(text)["port"] == "Göteborg"

    @pytest.mark.parametrize(("how", "found"), [("missing", [None] * 2), ("zero", [0, 0])])
    def test_tool_calls_can_be_misnumbered(self, how, found):
        wire = streamed(f"lab:good?n=a1&tools=2&index={how}&order=serial")
        openers = [part for chunk in chunks(wire) for part in tools_in(chunk) if part.get("id")]
        assert [part.get("index") for part in openers] == found

    def test_usage_comes_only_where_it_was_asked_for(self):
        asked = streamed("lab:good?n=a1&cached=5", stream_options={"include_usage": True})
        assert chunks(asked)[-1]["usage"]["prompt_tokens"] == 25
        assert all("usage" not in chunk for chunk in chunks(streamed("lab:good?n=a1")))
        assert "usage" not in json.loads(ask("lab:good?n=a1&usage=none").text)

    def test_reasoning_refusal_and_unknown_members_are_told(self):
        assert message(ask("lab:good?n=a1&reasoning=1"))["reasoning_content"] == "".join(REASONING)
        assert message(ask("lab:good?n=a1&refusal=1"))["refusal"] == REFUSAL
        assert "lab_extra" in message(ask("lab:good?n=a1&extra=1"))

    def test_choices_and_log_probabilities_follow_the_request(self):
        answer = json.loads(ask("lab:good?n=a1", n=2, logprobs=True).text)
        assert [choice["index"] for choice in answer["choices"]] == [0, 1]
        tokens = answer["choices"][1]["logprobs"]["content"]
        assert "".join(token["token"] for token in tokens) == answer_of("a1")

    @pytest.mark.parametrize("asked", ["many", -1, 10_000_000, None])
    def test_a_wild_number_of_choices_is_one(self, asked):
        assert len(json.loads(ask("lab:good?n=a1", n=asked).text)["choices"]) == 1


class TestOtherDialects:
    def test_anthropics_events_come_in_order_with_a_signed_thought(self):
        wire = streamed("lab:good?n=a1&reasoning=1", dialect="messages")
        events = [json.loads(text) for text in wire.events]
        assert [event["type"] for event in events[:3]] == ["message_start", "ping", "content_block_start"]
        assert events[-1]["type"] == "message_stop"
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        assert "".join(delta.get("text", "") for delta in deltas) == answer_of("a1")
        assert {"type": "signature_delta", "signature": SIGNATURE} in deltas

    def test_anthropics_tools_have_their_input_parsed(self):
        blocks = json.loads(ask("lab:good?n=a1&tools=2", dialect="messages").text)["content"]
        assert [block["input"] for block in blocks] == [json.loads(arguments_of(at)) for at in range(2)]

    def test_responses_are_numbered_without_gaps(self):
        events = [json.loads(text) for text in streamed("lab:good?n=a1", dialect="responses").events]
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert events[-1]["response"]["output"][0]["content"][0]["text"] == answer_of("a1")

    def test_text_completions_stream_text(self):
        wire = streamed("lab:good?n=a1", dialect="completions")
        assert "".join(chunk["choices"][0]["text"] for chunk in chunks(wire)) == answer_of("a1")


class TestTime:
    def test_a_slow_answer_waits_for_the_word(self):
        async def step(provider):
            silent = await asking(provider, "lab:slow?n=a1", stands_still=True)
            while not provider.ledger.by_nonce["a1"][0].closed_early:
                await asyncio.sleep(0)
            provider.ledger.gate("a1").release()
            return silent, await asking(provider, "lab:slow?n=a1")

        silent, spoken = in_lab(step)
        assert silent.head == ""
        assert silent.seen["requests"][0]["finished"] is False
        assert message(spoken)["content"] == answer_of("a1")

    def test_a_stall_holds_after_so_many_events(self):
        wire = streamed("lab:stall?n=a1&after=3", stands_still=True)
        assert said(wire) == "".join(GREETING[:2])
        assert not wire.ended
        assert wire.seen["requests"][0]["output_tokens"] == 3

    def test_a_whole_answer_stalls_in_its_middle(self):
        wire = ask("lab:stall?n=a1", stands_still=True)
        assert 0 < len(wire.body) < int(wire.head.partition("content-length: ")[2])

    def test_a_wait_can_have_a_length_of_its_own(self):
        started = time.monotonic()
        assert message(ask("lab:slow?n=a1&ms=100"))["content"] == answer_of("a1")
        assert time.monotonic() - started > 0.1

    def test_in_lockstep_every_event_waits_for_a_word(self):
        async def step(provider):
            for _ in range(2):
                provider.ledger.gate("a1").release()
            return await asking(provider, "lab:lockstep?n=a1", stream=True, stands_still=True)

        assert len(in_lab(step).pieces) == 3

    def test_dripping_goes_on(self):
        async def step(provider):
            reader, writer = await asyncio.open_connection(provider.host, provider.port)
            writer.write(request("lab:drip?n=a1&ms=1", stream=True))
            for _ in range(20):
                await reader.readuntil(b"data: ")
            writer.close()

        in_lab(step)

    def test_whoever_hangs_up_is_noted(self):
        async def step(provider):
            _, writer = await asyncio.open_connection(provider.host, provider.port)
            writer.write(request("lab:slow?n=a1"))
            while not provider.ledger.calls("a1"):
                await asyncio.sleep(0)
            writer.close()
            [seen] = provider.ledger.by_nonce["a1"]
            while not seen.closed_early:
                await asyncio.sleep(0)
            return seen

        assert in_lab(step).finished is False


class TestBreaking:
    @pytest.mark.parametrize("at", ["start", "event", "middle", "done"])
    def test_a_reset_comes_where_it_was_asked_for(self, at):
        wire = streamed(f"lab:reset?n=a1&at={at}&after=3")
        assert (wire.was_reset, wire.ended) == (True, False)

    def test_a_reset_before_the_head_leaves_nothing(self):
        wire = streamed("lab:reset?n=a1&at=head")
        assert (wire.was_reset, wire.head) == (True, "")

    def test_a_close_is_orderly_and_too_early(self):
        wire = streamed("lab:close?n=a1&at=middle&after=3")
        assert (wire.was_reset, wire.ended) == (False, False)
        assert said(wire) == "".join(GREETING[:2])
        assert not wire.body.endswith(b"\n\n")

    def test_a_body_breaks_off_before_its_announced_length(self):
        wire = ask("lab:close?n=a1&at=middle")
        assert 0 < len(wire.body) < int(wire.head.partition("content-length: ")[2])

    def test_an_unended_stream_has_all_its_events(self):
        wire = streamed("lab:unended?n=a1", stands_still=True)
        assert (wire.events[-1], wire.ended) == ("[DONE]", False)

    def test_a_stream_can_end_without_done(self):
        wire = streamed("lab:no-done?n=a1")
        assert "[DONE]" not in wire.events
        assert wire.ended

    def test_truncated_json_is_framed_as_whole(self):
        wire = ask("lab:truncated?n=a1")
        assert int(wire.head.partition("content-length: ")[2]) == len(wire.body)
        with pytest.raises(json.JSONDecodeError):
            json.loads(wire.body)

    def test_an_empty_body_is_a_success(self):
        wire = ask("lab:empty?n=a1")
        assert (wire.status, wire.body) == (200, b"")

    @pytest.mark.parametrize("code", [200, 502, 503])
    def test_html_comes_with_any_status(self, code):
        wire = ask(f"lab:html?n=a1&code={code}")
        assert (wire.status, wire.body[:15]) == (code, b"<!doctype html>")


class TestFraming:
    @pytest.mark.parametrize(("eol", "end"), [("crlf", b"\r\n\r\n"), ("cr", b"\r\r"), ("lf", b"\n\n")])
    def test_lines_end_as_asked(self, eol, end):
        wire = streamed(f"lab:lines?n=a1&eol={eol}")
        assert all(piece.endswith(end) for piece in wire.pieces)
        assert said(wire) == answer_of("a1")

    @pytest.mark.parametrize(
        ("habit", "mark"),
        [
            ("comments", b": a comment\n"),
            ("event", b"event: message\n"),
            ("nospace", b'\ndata:{"'),
            ("bom", b"\xef\xbb\xbf"),
        ],
    )
    def test_habits_are_on_the_wire_and_change_nothing(self, habit, mark):
        wire = streamed(f"lab:lines?n=a1&{habit}=1")
        assert mark in b"\n" + wire.body
        assert said(wire) == answer_of("a1")

    def test_data_can_take_two_lines(self):
        wire = streamed("lab:lines?n=a1&multi=1")
        assert wire.pieces[0].count(b"data: ") == 2
        assert said(wire) == answer_of("a1")

    def test_a_stream_comes_byte_by_byte(self):
        wire = streamed("lab:split?n=a1&size=1")
        assert {len(piece) for piece in wire.pieces} == {1}
        assert said(wire) == answer_of("a1")

    def test_a_stream_can_be_cut_inside_a_character(self):
        at = streamed("lab:coalesced?n=a1").body.index("海".encode()) + 1
        wire = streamed(f"lab:split?n=a1&at={at}")
        assert len(wire.pieces) == 2
        with pytest.raises(UnicodeDecodeError):
            wire.pieces[0].decode()
        assert said(wire) == answer_of("a1")

    def test_a_stream_comes_in_one_piece(self):
        assert len(streamed("lab:coalesced?n=a1").pieces) == 1

    def test_an_event_is_as_big_as_asked(self):
        wire = streamed("lab:huge-event?n=a1&kb=64")
        assert max(map(len, wire.pieces)) > 64 * 1024


class TestErrors:
    @pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 502, 503, 529])
    def test_a_status_comes_with_an_error_in_the_dialect(self, code):
        assert ask(f"lab:status?n=a1&code={code}").status == code
        assert "error" in json.loads(ask(f"lab:status?n=a1&code={code}").text)
        assert json.loads(ask(f"lab:status?n=a1&code={code}", dialect="messages").text)["type"] == "error"

    def test_when_to_come_back_is_told_in_three_ways(self):
        assert "retry-after: 7" in ask("lab:status?n=a1&code=429&after=7").head
        assert "retry-after-ms: 1500" in ask("lab:status?n=a1&code=429&after-ms=1500").head
        wire = ask("lab:status?n=a1&code=429&after-date=7")
        told = wire.head.partition("retry-after: ")[2].partition("\r\n")[0]
        assert parsedate_to_datetime(told).tzinfo is not None

    def test_a_fault_can_be_over_after_so_many_calls(self):
        async def step(provider):
            return [(await asking(provider, "lab:status?n=a1&code=503&times=1")).status for _ in range(2)]

        assert in_lab(step) == [503, 200]

    def test_a_fault_can_stand_under_one_path_alone(self):
        marker = "lab:status?n=a1&code=503&where=a"
        assert [ask(marker, prefix=prefix).status for prefix in ("/a/v1", "/b/v1")] == [503, 200]

    def test_an_error_hides_in_a_200(self):
        wire = ask("lab:error-in-200?n=a1")
        assert (wire.status, list(json.loads(wire.text))) == (200, ["error"])

    def test_an_error_is_the_first_event(self):
        assert "error" in json.loads(streamed("lab:error-first?n=a1").events[0])

    @pytest.mark.parametrize("dialect", ["chat", "completions", "messages", "responses"])
    def test_an_error_comes_in_the_middle_and_ends_the_stream(self, dialect):
        wire = streamed("lab:error-mid?n=a1&after=3", dialect=dialect)
        assert len(wire.events) == 4
        assert "error" in wire.events[-1]
        assert wire.ended

    def test_a_fault_that_does_not_exist_is_no_good_answer(self):
        assert ask("lab:no-such-thing?n=a1").status == 400

    @pytest.mark.parametrize(
        "members", [{"messages": "text"}, {"messages": []}, {"stream": "yes"}, {"temperature": "hot"}]
    )
    def test_what_no_provider_takes_is_refused_and_named(self, members):
        wire = ask("lab:good?n=a1", **members)
        assert wire.status == 400
        assert next(iter(members)) in wire.text


class TestBodies:
    def test_a_body_is_compressed_unasked(self):
        wire = ask("lab:gzip?n=a1")
        assert "content-encoding: gzip" in wire.head
        assert json.loads(gzip.decompress(wire.body))["choices"][0]["message"]["content"] == answer_of("a1")

    def test_a_compressed_stream_is_flushed_after_each_event(self):
        wire = streamed("lab:gzip?n=a1")
        first = zlib.decompressobj(wbits=31).decompress(wire.pieces[0])
        assert first.startswith(b"data: ")
        assert first.endswith(b"\n\n")

    def test_a_body_is_as_big_as_asked(self):
        assert len(ask("lab:huge-body?n=a1&mb=1").body) > 1024 * 1024

    def test_a_flood_is_numbered_and_counted(self):
        wire = streamed("lab:flood?n=a1&mb=1")
        assert [text.partition(":")[0] for text in said(wire).split(" ")[:3]] == ["0", "1", "2"]
        assert wire.seen["requests"][0]["sent_bytes"] > 1024 * 1024

    def test_a_flood_waits_for_whoever_does_not_read(self):
        async def step(provider):
            _, writer = await asyncio.open_connection(provider.host, provider.port, limit=1024)
            writer.write(request("lab:flood?n=a1&mb=96", stream=True))
            last = -1
            while not provider.ledger.calls("a1") or provider.ledger.by_nonce["a1"][0].sent_bytes != last:
                last = provider.ledger.by_nonce["a1"][0].sent_bytes if provider.ledger.calls("a1") else -1
                await asyncio.sleep(0.2)
            writer.transport.abort()
            return last

        assert in_lab(step) < 48 * 1024 * 1024

    def test_a_fickle_provider_closes_a_connection_that_was_to_be_kept(self):
        wire = ask("lab:fickle?n=a1")
        assert "connection: close" not in wire.head
        assert message(wire)["content"] == answer_of("a1")

    def test_headers_are_hostile(self):
        head = ask("lab:hostile-headers?n=a1").head
        assert head.count("set-cookie") == 2
        assert "\xff\xfe" in head

    def test_usage_is_nonsense(self):
        assert json.loads(ask("lab:bad-usage?n=a1").text)["usage"]["prompt_tokens"] == -7
        wire = streamed("lab:bad-usage?n=a1", stream_options={"include_usage": True})
        assert chunks(wire)[-1]["usage"]["completion_tokens"] == "many"


def test_every_fault_has_a_name_that_a_marker_can_carry():
    assert all(name == name.lower() and "_" not in name for name in FAULTS)


def tools_in(chunk: dict) -> list[dict]:
    return [part for choice in chunk["choices"] for part in choice["delta"].get("tool_calls") or ()]
