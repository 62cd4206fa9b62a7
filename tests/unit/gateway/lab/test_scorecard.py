"""The result of a run, and what the command prints without running anything."""

from io import StringIO

import pytest
import yaml
from django.core.management import call_command

from apps.gateway.lab.cases.group import Case, Group
from apps.gateway.lab.checks import Failed, NotApplicable
from apps.gateway.lab.page import shown_of
from apps.gateway.lab.provider.server import Provider
from apps.gateway.lab.runner import Verdict, judge, run
from apps.gateway.lab.scorecard import result_of, table_of
from apps.gateway.lab.target import Target
from apps.gateway.lab.trial import Trial
from tests.unit.gateway.lab.wire import in_lab

group = Group("Harbour")
ran: list[str] = []


@group.case("passes", 1, "It passes", alone=True)
async def passes(trial: Trial) -> None:
    ran.append("passes")


@group.case("fails", 2, "It fails", "Others fail too.")
async def fails(trial: Trial) -> None:
    ran.append("fails")
    raise Failed("the mast is missing")


@group.case("other", 3, "It does not apply")
async def other(trial: Trial) -> None:
    raise NotApplicable("needs --mast")


@group.case("breaks", 4, "Its answer has another shape")
async def breaks(trial: Trial) -> None:
    raise KeyError("choices")


def verdicts_of(cases: list[Case]) -> list[Verdict]:
    async def step(provider: Provider) -> list[Verdict]:
        return await run(cases, Target(address=None, key=""), provider, lambda _: None)  # type: ignore[arg-type]

    return in_lab(step)


def test_each_case_has_a_verdict_in_its_place_and_the_lonely_run_last():
    ran.clear()
    verdicts = verdicts_of(group.cases)
    assert [verdict.outcome for verdict in verdicts] == ["passed", "failed", "not_applicable", "failed"]
    assert ran == ["fails", "passes"]
    assert "KeyError" in verdicts[3].seen


def test_a_case_without_end_fails(monkeypatch):
    monkeypatch.setattr("apps.gateway.lab.runner.CASE_SECONDS", 0.05)

    async def waits(trial: Trial) -> None:
        await trial.provider.ledger.gate(trial.nonce).acquire()

    async def step(provider: Provider) -> Verdict:
        return await judge(Case("waits", "Harbour", 1, "", "", waits), Trial(None, provider))  # type: ignore[arg-type]

    assert "no end within" in in_lab(step).seen


def test_the_result_counts_what_applies():
    result = result_of(verdicts_of(group.cases), gateway={"url": "here"})
    assert {name: result[name] for name in ("passed", "failed", "not_applicable", "total")} == {
        "passed": 1,
        "failed": 2,
        "not_applicable": 1,
        "total": 3,
    }
    assert result["cases"][1] | {"seconds": 0} == {
        "id": "fails",
        "group": "Harbour",
        "requirement": 2,
        "title": "It fails",
        "peers": "Others fail too.",
        "outcome": "failed",
        "seen": "the mast is missing",
        "seconds": 0,
    }


def test_the_table_says_what_was_seen():
    table = "\n".join(table_of(result_of(verdicts_of(group.cases), gateway={})))
    assert "the mast is missing" in table
    assert "1 of 3 passed; 1 do not apply." in table


def test_the_page_puts_failures_first():
    shown = shown_of(result_of(verdicts_of(group.cases), gateway={}))
    assert [row["id"] for row in shown["failures"]] == ["fails", "breaks"]
    assert [(one["name"], one["passed"], one["total"]) for one in shown["groups"]] == [("Harbour", 1, 3)]


def printed(peer: str) -> str:
    out = StringIO()
    call_command("gateway_lab", print_config=peer, provider_port=1234, stdout=out)
    return out.getvalue()


def test_litellms_config_is_yaml_that_names_every_model():
    config = yaml.safe_load(printed("litellm"))
    names = {model["model_name"]: model["litellm_params"]["api_base"] for model in config["model_list"]}
    assert names["lab"] == "http://127.0.0.1:1234/v1"
    assert names.keys() >= {"lab-anthropic", "lab-fallback", "lab-hasty"}


def test_portkeys_config_is_a_header():
    assert '"custom_host": "http://127.0.0.1:1234/v1"' in printed("portkey")


def test_a_peer_that_is_not_known_is_refused():
    with pytest.raises(Exception, match="print-config"):
        call_command("gateway_lab", "--print-config", "nobody")
