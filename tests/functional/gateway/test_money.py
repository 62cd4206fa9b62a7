"""Limits, budgets and the ledger, with real processes between the caller and the provider."""

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.accounts.services import Actor
from apps.billing.models import LedgerEntry
from apps.limits.services import Metric, NewLimit, Window, create_limit
from llmkit.ledger import FOLDER, LedgerRecord, decode_ledger
from llmkit.money import dollars_from_nano
from llmkit.spool import segments
from tests.functional.gateway.conftest import House
from tests.helpers.calling import Answer, Caller
from tests.helpers.load import SteadyLoad
from tests.helpers.mock_provider import MockProvider, answers, answers_after, fails, hangs, streams, then_cut
from tests.helpers.processes import ROOT, ServerProcess
from tests.helpers.waiting import eventually

COST = 24 * 150 + 10 * 600  # nano-dollars of every answer of the mock provider
DEAR = "FLYWHEEL_LIMITS_LEASE_SHARE"
# A machine that is busy with other tests may be slow to answer; that is not what these are about.
PATIENT = {"FLYWHEEL_LIMITS_TIMEOUT_MS": "5000"}


def ledger_of(server: ServerProcess, trace_id: str) -> list[LedgerRecord]:
    lines = [line for segment in segments(server.spool / FOLDER) for line in segment.read_bytes().splitlines()]
    return [record for record in map(decode_ledger, lines) if record.trace_id == trace_id]


def limit(house: House, metric: Metric, value: int, **fields) -> None:
    new = NewLimit(title="The limit", metric=metric, window=Window.TOTAL, value=value, **fields)
    create_limit(actor=Actor(), project=house.project, new=new)


def limited(caller: Caller) -> Answer:
    """The first answer once every process of the caller's knows of the limit."""
    return eventually(lambda: (answer := caller.chat("helper")).headers.get("x-ratelimit-limit-requests") and answer)


def manage(server: ServerProcess, *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True, capture_output=True)


# --- the ledger -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_reserved_before_and_settled_after(
    caller: Caller, gateway_process: ServerProcess, stream: bool
) -> None:
    answer = caller.chat("support", stream=stream, user="ada", metadata={"team": "tides"}, max_tokens=50)
    reserve, settle = ledger_of(gateway_process, answer.trace_id)
    assert (reserve.kind, settle.kind, settle.amount_nano) == ("reserve", "settle", COST)
    assert settle.amount_nano <= reserve.amount_nano <= 50 * 600 + 400 * 150
    assert (settle.span_id, settle.occurred_ns) == (reserve.span_id, reserve.occurred_ns)
    assert (settle.user, settle.route, settle.model, settle.tags) == ("ada", "support", "helper", {"team": "tides"})
    assert settle.usage is not None
    assert (settle.usage.prompt_tokens, settle.estimated) == (24, False)


def test_what_the_provider_refused_is_released(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-large", fails(400, {"error": {"message": "No."}}))
    assert [record.kind for record in ledger_of(gateway_process, caller.chat("helper").trace_id)] == [
        "reserve", "release"
    ]  # fmt: skip


def test_each_attempt_is_an_entry_of_its_own(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-large", fails(500, {}))
    records = ledger_of(gateway_process, caller.chat("helper").trace_id)
    assert [record.kind for record in records] == ["reserve"] * 3 + ["release"] * 3
    assert len({record.span_id for record in records}) == 3


def test_what_a_stream_cost_until_it_broke_off_is_settled_as_an_estimate(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-large", streams(("one", "two"), end=then_cut))
    _, settle = ledger_of(gateway_process, caller.chat("helper", stream=True).trace_id)
    assert (settle.kind, settle.estimated, settle.amount_nano > 0) == ("settle", True, True)


# --- limits -----------------------------------------------------------------------------------------------------


def test_a_limit_on_requests_is_told_and_kept(house: House, caller: Caller) -> None:
    limit(house, Metric.REQUESTS, 5)
    first = limited(caller)
    assert first.headers["x-ratelimit-limit-requests"] == "5"
    answers = [caller.chat("helper") for _ in range(8)]
    assert 200 in {first.status, *(answer.status for answer in answers)}
    refused = answers[-1]
    assert (refused.status, refused.error["code"]) == (429, "rate_limit_exceeded")
    assert refused.headers["x-should-retry"] in {"true", "false"}
    assert sum(answer.status == 200 for answer in (first, *answers)) <= 5


def test_a_slot_is_free_again_once_its_request_is_over(house: House, caller: Caller, provider: MockProvider) -> None:
    limit(house, Metric.CONCURRENCY, 1)
    limit(house, Metric.REQUESTS, 1_000_000)
    limited(caller)
    provider.behave("acme-large", hangs())
    asked, body = len(provider.asked), b'{"model":"helper","messages":[{"role":"user","content":"Hi"}]}'
    with caller.connection() as connected:
        connected.sendall(caller.head(len(body)) + body)
        eventually(lambda: len(provider.asked) > asked)
        refused = caller.chat("helper")
        assert (refused.status, refused.error["code"]) == (429, "concurrency_limit_reached")
    provider.behave("acme-large", answers())
    eventually(lambda: caller.chat("helper").status == 200)


@pytest.mark.parametrize("lease_share", ["0", "0.05"])
def test_64_clients_of_two_processes_spend_no_more_than_a_hard_budget(
    house: House, start_server, lease_share: str
) -> None:
    budget = 100 * COST
    limit(house, Metric.COST, budget)
    servers = [start_server(**{DEAR: lease_share}, **PATIENT) for _ in range(2)]
    callers = [house.caller(server) for server in servers]
    with ThreadPoolExecutor(64) as pool:
        calls = [pool.submit(callers[number % 2].chat, "helper", max_tokens=10) for number in range(400)]
        answers = [call.result() for call in calls]
    spent = sum(answer.status == 200 for answer in answers) * COST
    assert {answer.status for answer in answers} == {200, 429}
    assert {answer.error["code"] for answer in answers if answer.status == 429} == {"budget_exhausted"}
    assert spent <= budget
    assert spent >= 0.5 * budget


# --- nothing lost, nothing doubled ------------------------------------------------------------------------------


def test_after_kill_9_under_load_the_ledger_is_the_providers_own_count(
    house: House, provider: MockProvider, start_server, tmp_path: Path
) -> None:
    provider.behave("acme-large", answers_after(0.1))
    dying, living = start_server(), start_server()
    with (
        SteadyLoad(house.caller(dying), "helper", rate=40) as first,
        SteadyLoad(house.caller(living), "helper", rate=40) as second,
    ):
        eventually(lambda: len(first.answered) >= 40 and len(second.answered) >= 40)
        dying.kill()
    for server in (dying, living):
        manage(server, "ship_spans", "--once")
    before = LedgerEntry.objects.count()
    invoice = tmp_path / "invoice.csv"
    write_invoice(invoice, provider)
    manage(living, "ledger", "settle", "--csv", str(invoice), "--project", house.project.slug)
    assert LedgerEntry.objects.count() > before, "some calls were under way when the process died"
    settled = LedgerEntry.objects.filter(kind__in=["settle", "adjust"]).values_list("amount_nano", flat=True)
    assert sum(settled) == len(provider.asked) * COST
    for server in (dying, living):
        manage(server, "ship_spans", "--once")
    assert sum(LedgerEntry.objects.filter(kind="settle").values_list("amount_nano", flat=True)) == sum(settled)


def write_invoice(path: Path, provider: MockProvider) -> None:
    """What the provider bills: every call that reached it, whoever got its answer."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["date", "model", "trace_id", "span_id", "cost"])
        for asked in provider.asked:
            _, trace_id, span_id, _ = asked.headers["traceparent"].split("-")
            cost = dollars_from_nano(COST)
            lines.writerow([datetime.now(UTC).date().isoformat(), "acme-large", trace_id, span_id, f"{cost:.9f}"])
