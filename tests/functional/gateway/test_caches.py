"""The caches of a route, identical requests under way, and Idempotency-Keys, with real processes and providers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.accounts.services import Actor
from apps.caching.models import CacheSample
from apps.caching.services import CacheChoice, set_cache_policy
from llmkit.ledger import FOLDER, LedgerRecord, decode_ledger
from llmkit.spool import segments
from tests.factories.accounts import make_project, make_secret_key
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import PROMPT, House
from tests.helpers.calling import HELLO, Answer, Caller
from tests.helpers.mock_provider import MockProvider, answers, answers_after, hangs, streams, then_cut
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of, spooled
from tests.helpers.waiting import eventually

COST = 24 * 150 + 10 * 600  # nano-dollars of every answer of the mock provider
COLD = {"temperature": 0}
ADA = {"x-flywheel-user": "ada"}


def ask(caller: Caller, text: str, *, headers: dict[str, str] | None = None, **members) -> Answer:
    turns = [{"role": "user", "content": text}]
    return caller.chat("support", messages=turns, headers=ADA | (headers or {}), **COLD | members)


def cache(house: House, caller: Caller, **choice) -> None:
    """Switch a cache on, and wait until the caller's process knows it."""
    set_cache_policy(actor=Actor(), project=house.project, route="support", choice=CacheChoice(**choice))
    eventually(lambda: "x-flywheel-cache" in ask(caller, "What is a bowline for?").headers)


def until_kept(caller: Caller, text: str, **members) -> Answer:
    """The first answer from a cache: keeping is done beside the request."""
    return eventually(
        lambda: (answer := ask(caller, text, **members)).headers["x-flywheel-cache"].startswith("hit") and answer
    )


def ledger_of(server: ServerProcess, trace_id: str) -> list[LedgerRecord]:
    lines = [line for segment in segments(server.spool / FOLDER) for line in segment.read_bytes().splitlines()]
    return [record for record in map(decode_ledger, lines) if record.trace_id == trace_id]


def calls(provider: MockProvider, text: str) -> int:
    return sum(text.encode() in asked.raw for asked in provider.asked)


# --- exact ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_kept_for_plain_requests_and_streams_alike(house, caller, provider, stream: bool) -> None:
    cache(house, caller)
    text = "How do I splice a rope?"
    provider.behave("acme-large", streams() if stream else answers("Ahoy there."))
    assert ask(caller, text, stream=stream).headers["x-flywheel-cache"] == "miss"
    whole = until_kept(caller, text)
    streamed = ask(caller, text, stream=True, stream_options={"include_usage": True})
    assert whole.json["choices"][0]["message"]["content"] == "Ahoy there."
    *chunks, end = streamed.events
    told = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert ("".join(told), end) == ("Ahoy there.", "[DONE]")
    assert chunks[-1]["usage"]["completion_tokens"] == 10
    assert calls(provider, text) == 1


def test_a_hit_costs_nothing_and_is_on_record_with_what_it_saved(house, caller, provider, gateway_process) -> None:
    cache(house, caller)
    ask(caller, "What is a fender?")
    hit = until_kept(caller, "What is a fender?")
    assert hit.headers["x-flywheel-cache"].startswith("hit; age=")
    (line,) = ledger_of(gateway_process, hit.trace_id)
    assert (line.kind, line.amount_nano, line.saved_nano, line.model) == ("cache_hit", 0, COST, "helper")
    entry = entry_of(gateway_process.spool, hit.trace_id)
    assert entry.attributes["flywheel.cache"] == "exact"
    assert entry.attributes.get("flywheel.cost.nano_usd", 0) == 0
    assert b"Ahoy" in bytes(entry.response)
    names = {span.name for span in spooled(gateway_process.spool, trace_id=hit.trace_id)}
    assert "cache" in names


def test_whoever_asks_the_same_in_another_dialect_gets_the_kept_answer(house, caller, provider) -> None:
    cache(house, caller)
    ask(caller, "What is a cleat?", max_completion_tokens=50)
    until_kept(caller, "What is a cleat?", max_completion_tokens=50)
    turns = [{"role": "user", "content": "What is a cleat?"}]
    body = {"model": "support", "max_tokens": 50, "messages": turns, **COLD}
    for stream in (False, True):
        said = caller.post({**body, "stream": stream}, path="/v1/messages", headers=ADA)
        assert said.headers["x-flywheel-cache"].startswith("hit")
        assert b"Ahoy there." in said.raw
        assert not stream or b"event: message_stop" in said.raw
    assert calls(provider, "What is a cleat?") == 1


def test_what_is_soon_out_of_date_or_broken_off_is_not_kept(house, caller, provider) -> None:
    cache(house, caller)
    assert ask(caller, "What is the weather in the harbor now?").headers["x-flywheel-cache"] == "bypass; reason=time"
    provider.behave("acme-large", streams(end=then_cut))
    ask(caller, "What is a halyard?", stream=True)
    provider.behave("acme-large", answers("A rope that hoists."))
    second = ask(caller, "What is a halyard?")
    assert second.headers["x-flywheel-cache"] == "miss"
    assert second.json["choices"][0]["message"]["content"] == "A rope that hoists."


@pytest.mark.parametrize("semantic", [False, True], ids=["exact", "semantic"])
@pytest.mark.parametrize("scope", ["user", "session", "project"])
def test_nothing_crosses_from_one_project_to_another(house, caller, gateway_process, provider, scope, semantic) -> None:
    """The same user, session and words, the same route name, and caches that share as much as they may."""
    theirs = other_house(provider)
    strangers = theirs.caller(gateway_process)
    for each, voice in ((house, caller), (theirs, strangers)):
        cache(each, voice, scope=scope, exact=not semantic, semantic=semantic, threshold=0.5)
    headers = {"x-flywheel-session": "dock"}
    ask(caller, "How do I splice a rope?", headers=headers)
    until_kept(caller, "How do I splice a rope?", headers=headers)
    assert ask(strangers, "How do I splice a rope?", headers=headers).headers["x-flywheel-cache"] == "miss"


def other_house(provider: MockProvider) -> House:
    project = make_project()
    served = make_provider(project, base_url=provider.url, name="acme", credential="sk-acme-1234567890")
    model = make_model(served, name="helper", upstream_name="acme-large", input_nano=150_000_000)
    make_route(model, name="support", system_prompt=PROMPT)
    return House(project, served, model, make_secret_key(project).text)


# --- semantic ---------------------------------------------------------------------------------------------------


def test_a_similar_question_gets_the_kept_answer_and_a_sample_of_hits_is_checked(
    house, caller, provider, gateway_process
) -> None:
    cache(house, caller, exact=False, semantic=True, threshold=0.6, sample_share=1.0)
    ask(caller, "How do I clean the water filter of my boat?")
    hit = until_kept(caller, "How do I clean the water filter of my boat, please?")
    assert "kind=semantic" in hit.headers["x-flywheel-cache"]
    sample = eventually(lambda: CacheSample.objects.filter(project=house.project).first())
    assert sample.fresh == "Ahoy there."
    checks = eventually(
        lambda: [span for span in spooled(gateway_process.spool) if span.attributes.get("flywheel.cache") == "check"]
    )
    reserve, settle = ledger_of(gateway_process, checks[0].trace_id)
    assert (reserve.kind, settle.kind, settle.amount_nano) == ("reserve", "settle", COST)


# --- identical requests under way -------------------------------------------------------------------------------


def test_identical_requests_under_way_share_one_call_and_one_bill(house, caller, provider, gateway_process) -> None:
    cache(house, caller)
    provider.behave("acme-large", answers_after(0.5))
    text = "How is a sail folded?"
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda number: ask(caller, text, stream=number % 2 == 1), range(8)))
    assert [answer.status for answer in told] == [200] * 8
    assert calls(provider, text) == 1
    assert sorted(answer.headers["x-flywheel-cache"] for answer in told) == ["hit; kind=shared"] * 7 + ["miss"]
    kinds = [line.kind for answer in told for line in ledger_of(gateway_process, answer.trace_id)]
    assert sorted(kinds) == ["cache_hit"] * 7 + ["reserve", "settle"]


def test_when_the_one_who_calls_hangs_up_the_next_one_calls(house, caller, provider) -> None:
    cache(house, caller)
    provider.behave("acme-large", hangs())
    text = "How is a deck scrubbed?"
    body = b'{"model":"support","temperature":0,"messages":[{"role":"user","content":"%s"}]}' % text.encode()
    with ThreadPoolExecutor(1) as pool:
        with caller.connection() as connected:
            connected.sendall(caller.head(len(body), x_flywheel_user="ada") + body)
            eventually(lambda: calls(provider, text) == 1)
            waiting = pool.submit(ask, caller, text)
            provider.behave("acme-large", answers("With sea water."))
        assert waiting.result(30).json["choices"][0]["message"]["content"] == "With sea water."
    assert calls(provider, text) == 2


# --- Idempotency-Key --------------------------------------------------------------------------------------------


def test_twins_at_two_processes_are_joined_and_both_get_the_answer(house, provider, start_server) -> None:
    callers = [house.caller(start_server()) for _ in range(2)]
    provider.behave("acme-large", answers_after(0.5))
    key = {"idempotency-key": "order-1"}
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda caller: caller.chat("helper", headers=key), callers)
    assert (first.status, first.raw) == (200, second.raw)
    assert len(provider.asked_for("acme-large")) == 1
    assert {first.headers.get("idempotent-replayed"), second.headers.get("idempotent-replayed")} == {None, "true"}


def test_a_replay_is_on_record_and_costs_nothing(caller: Caller, provider, gateway_process) -> None:
    key = {"idempotency-key": "order-2"}
    first, second = (caller.chat("helper", stream=True, headers=key) for _ in range(2))
    assert second.raw == first.raw
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.trace_id != first.trace_id
    assert ledger_of(gateway_process, second.trace_id) == []
    assert entry_of(gateway_process.spool, second.trace_id).attributes["flywheel.idempotency.replayed"] is True


def test_another_body_or_path_under_the_same_key_is_a_conflict(caller: Caller, provider) -> None:
    key = {"idempotency-key": "order-3"}
    caller.chat("helper", headers=key)
    refused = caller.chat("helper", headers=key, temperature=1)
    assert (refused.status, refused.error["code"]) == (409, "idempotency_conflict")
    elsewhere = caller.post({"model": "helper", "messages": HELLO, "max_tokens": 9}, path="/v1/messages", headers=key)
    assert elsewhere.status == 409
    assert len(provider.asked_for("acme-large")) == 1


@pytest.mark.parametrize("value", ["x" * 256, " "])
def test_a_key_that_is_none_is_refused_by_name(caller: Caller, provider, value: str) -> None:
    refused = caller.chat("helper", headers={"idempotency-key": value})
    assert (refused.status, refused.error["param"]) == (400, "Idempotency-Key")
    assert not provider.asked_for("acme-large")
