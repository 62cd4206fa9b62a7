"""Server-sent events: what comes out well-formed, and what has to be understood going in (1 to 4)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import whole_chat_stream
from apps.gateway.lab.checks import equal, expect, shortened
from apps.gateway.lab.trial import Options, Trial

group = Group("Server-sent events")
case = group.case


async def _comes_through(trial: Trial, fault: str, options: Options | None = None) -> None:
    answer = await trial.ask(trial.chat(fault, options, stream=True))
    whole_chat_stream(answer, trial.words)


@case("sse-shape", 1, "Events are `data: {json}` and a blank line, as text/event-stream")
async def shape(trial: Trial) -> None:
    answer = await trial.good(trial.chat(stream=True))
    kind = answer.header("content-type")
    expect(kind.lower().startswith("text/event-stream"), f"the content type is {kind!r}")
    for block in filter(None, answer.body.split(b"\n\n")):
        plain = block.startswith((b"data: ", b":")) and b"\n" not in block
        expect(plain, f"an event that is not one line of data: {shortened(repr(block))}")
    expect(answer.body.endswith(b"\n\n"), "no blank line at the end")


@case("sse-done", 1, "[DONE] comes once, as the last event", "Some drop it, or send it twice.")
async def done(trial: Trial) -> None:
    await _comes_through(trial, "good")


@case("sse-no-done-from-provider", 1, "[DONE] comes even where the provider forgets it")
async def done_is_added(trial: Trial) -> None:
    await _comes_through(trial, "no-done")


@case("sse-crlf", 2, "Line ends of CR and LF are understood")
async def crlf(trial: Trial) -> None:
    await _comes_through(trial, "lines", {"eol": "crlf", "together": 1})


@case("sse-cr", 2, "Line ends of CR alone are understood", "Parsers that split on LF lose the whole stream.")
async def cr(trial: Trial) -> None:
    await _comes_through(trial, "lines", {"eol": "cr", "together": 1})


@case("sse-comments", 2, "Comments between events are no events", "A comment breaks some JSON parsers.")
async def comments(trial: Trial) -> None:
    await _comes_through(trial, "lines", {"comments": 1})


@case("sse-event-lines", 2, "`event:` lines are understood")
async def event_lines(trial: Trial) -> None:
    await _comes_through(trial, "lines", {"event": 1})


@case("sse-multi-line", 2, "Data in several lines are one event", "Each line is parsed as JSON by itself.")
async def multi_line(trial: Trial) -> None:
    await _comes_through(trial, "lines", {"multi": 1})


@case("sse-no-space", 2, "`data:` needs no space behind its colon", "Searching for `data: ` loses every event.")
async def no_space(trial: Trial) -> None:
    await _comes_through(trial, "lines", {"nospace": 1})


@case("sse-everything", 2, "All of these habits at once, with a byte order mark")
async def everything(trial: Trial) -> None:
    habits = {"eol": "crlf", "comments": 1, "event": 1, "multi": 1, "nospace": 1, "bom": 1}
    await _comes_through(trial, "lines", habits)


@case("sse-bytewise", 3, "A stream that arrives byte by byte", "UTF-8 cut between reads becomes U+FFFD.")
async def bytewise(trial: Trial) -> None:
    await _comes_through(trial, "split", {"size": 1})


@case("sse-split", 4, "Events cut anywhere between two reads", "Each read is taken for whole events.")
async def split(trial: Trial) -> None:
    await _comes_through(trial, "split", {"size": 67})


@case("sse-coalesced", 4, "All events in a single read", "Only the first event of a read is seen.")
async def coalesced(trial: Trial) -> None:
    await _comes_through(trial, "coalesced")


@case("sse-huge-event", 4, "An event of half a megabyte", "Line buffers of 64 KiB end the stream.")
async def huge_event(trial: Trial) -> None:
    answer = await trial.good(trial.chat("huge-event", {"kb": 512}, stream=True))
    text = "".join(choice["delta"].get("content") or "" for chunk in answer.data for choice in chunk["choices"])
    equal(len(text), 512 * 1024 + len(trial.words), "the length of the streamed text")
    expect(text.endswith(trial.words), "the text behind the huge event is not what the provider sent")


@case("sse-gzip", 4, "A compressed stream is read, and not held back")
async def compressed(trial: Trial) -> None:
    await _comes_through(trial, "gzip")


@case("sse-tail", 1, "A reset after [DONE] is no failure", "It ends a complete answer with an error.")
async def tail(trial: Trial) -> None:
    await _comes_through(trial, "reset", {"at": "done"})


@case("sse-unended", 1, "A body that is never ended after [DONE] does not keep the client waiting")
async def unended(trial: Trial) -> None:
    async with trial.opening(trial.chat("unended", stream=True)) as exchange:
        answer = await exchange.answer()
        trial.let_go()
    whole_chat_stream(answer, trial.words)
