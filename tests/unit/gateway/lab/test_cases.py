"""The cases themselves: they tell a good gateway from a bad one."""

from collections.abc import Iterable
from typing import Any

import pytest

from apps.gateway.lab.cases import CASES, GROUPS
from apps.gateway.lab.client import Address
from apps.gateway.lab.examining import UnknownCase, chosen
from apps.gateway.lab.provider.server import Provider
from apps.gateway.lab.runner import run
from apps.gateway.lab.target import Target
from tests.unit.gateway.lab.naive_proxy import Eager, Lossy, NaiveProxy, Shovel, standing
from tests.unit.gateway.lab.wire import in_lab


def judged(kind: type[NaiveProxy], cases: Iterable[str], **told: Any) -> dict[str, str]:
    """Outcome by case, with what was seen."""

    async def step(provider: Provider) -> dict[str, str]:
        async with standing(kind(provider.port)) as port:
            target = Target(Address.of(f"http://127.0.0.1:{port}"), "sk-caller", **told)
            verdicts = await run(chosen(list(cases)), target, provider, lambda _: None)
            return {verdict.case.id: f"{verdict.outcome} {verdict.seen}".strip() for verdict in verdicts}

    return in_lab(step)


BIG = {"body-20mb", "decompression-bomb", "body-cap-chunked", "back-pressure", "huge-answer"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Where nothing will come, two seconds are as good as thirty; and those who wait, wait together."""
    monkeypatch.setattr("apps.gateway.lab.client.exchange.PATIENCE", 2.0)
    monkeypatch.setattr("apps.gateway.lab.trial.PATIENCE", 2.0)
    monkeypatch.setattr("apps.gateway.lab.runner.AT_ONCE", 40)
    monkeypatch.setattr("apps.gateway.lab.cases.flow.PATIENCE", 2.0)


TOLD = dict.fromkeys(("anthropic_model", "fallback_model", "hasty_model", "cached_model"), "lab")
KEYS = {"limited_key": "sk-limited", "spent_key": "sk-spent"}
# Cases that need people who run the gateway, or that no gateway of a few lines can fail.
BEYOND = {"drain", "models-filtered", "revocation", "ssrf", "kept-connection", "messages-bearer", "body-20mb"}
PASSES_WHOLE = ["whole-answer", "tools-plain", "unknown-members", "members-through", "image", "embed-list"]


def test_a_naive_gateway_fails_where_naivety_hurts():
    found = judged(NaiveProxy, [])
    reasons = {
        "sse-cr": "the streamed text is ''",
        "sse-multi-line": "the streamed text is ''",
        "sse-bytewise": "the streamed text is ''",
        "mid-reset": "the stream does not say that it failed",
        "chunk-stable": "different combinations of id",
        "error-in-200": "status 200",
        "provider-html": "status 200",
        "provider-truncated": "status 200",
        "usage-injected": "was not asked for usage",
        "no-key": "status 200",
        "leave-waiting": "the provider still works for it",
        "back-pressure": "were read ahead",
        "body-cap-chunked": "were taken without an answer",
        "strip-credentials": "authorization",
        "twice": "how often the member stands",
    }
    assert {name: words for name, words in reasons.items() if words not in found[name]} == {}
    assert [found[name] for name in PASSES_WHOLE] == ["passed"] * len(PASSES_WHOLE)


def test_one_that_shovels_bytes_passes_whatever_needs_no_understanding():
    sse = [case.id for case in CASES if case.group == "Server-sent events"]
    understanding = {"sse-no-done-from-provider", "sse-gzip", "sse-tail", "sse-unended"}
    bytewise = {"sse-shape", "sse-everything", "sse-crlf", "sse-cr"}
    found = judged(Shovel, [*sse, *PASSES_WHOLE, "flush", "no-delay", "mid-error"])
    failed = {name for name, outcome in found.items() if outcome != "passed"}
    assert understanding <= failed <= understanding | bytewise


def test_every_case_fails_for_some_bad_gateway():
    """Also with the habits of losing what it does not know, and of asking again and remembering too much."""
    bad = {NaiveProxy: set(), Shovel: BIG, Lossy: BIG, Eager: BIG}
    failed = set()
    for kind, spared in bad.items():
        found = judged(kind, [case.id for case in CASES if case.id not in spared], **TOLD, **KEYS)
        failed |= {name for name, outcome in found.items() if outcome.startswith("failed")}
    assert {case.id for case in CASES} - failed == BEYOND


def test_what_the_lab_was_not_told_does_not_apply():
    found = judged(Shovel, ["fallback-status", "cache-hit", "ratelimit-429", "drain", "revocation"])
    assert {outcome.split(" ")[0] for outcome in found.values()} == {"not_applicable"}
    assert found["fallback-status"].endswith("needs --fallback-model")


def test_all_thirty_seven_requirements_have_cases_and_no_two_the_same_name():
    assert {case.requirement for case in CASES} == set(range(1, 38))
    assert len({case.id for case in CASES}) == len(CASES)
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_cases_are_chosen_by_name_or_by_requirement():
    assert [case.id for case in chosen(["sse-done"])] == ["sse-done"]
    assert {case.requirement for case in chosen(["28"])} == {28}
    with pytest.raises(UnknownCase, match="no-such-case"):
        chosen(["sse-done", "no-such-case"])
