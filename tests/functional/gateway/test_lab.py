"""The lab against the real gateway, set up and run by its command."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.domain.roles import Role
from apps.accounts.models import ApiKey, Project
from apps.gateway.lab import own
from flywheel.local.ports import free_port
from tests.factories.accounts import make_member, make_project
from tests.helpers.processes import ServerProcess


class Lab:
    """The command, told to write its result where a test can read it."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "result.json"

    def run(self, url: str, *only: str, **options: Any) -> dict[str, Any]:
        """The result, whether or not all cases passed; CommandError when there is none."""
        self.place.unlink(missing_ok=True)
        told = {"url": url, "own": True, "provider_port": free_port(), "json": self.place, **options}
        try:
            call_command("gateway_lab", only=only, **told)
        except CommandError:
            if not self.place.exists():
                raise
        return json.loads(self.place.read_text())


@pytest.fixture
def lab(tmp_path: Path, settings: Any, transactional_db: None) -> Lab:
    settings.DATA_DIR = tmp_path
    make_member(make_project(), Role.OWNER)
    return Lab(tmp_path)


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in result["cases"]}


def test_this_gateway_passes_every_case_that_applies(lab: Lab, gateway_process: ServerProcess) -> None:
    result = lab.run(gateway_process.url)
    failed = {row["id"]: row["seen"] for row in result["cases"] if row["outcome"] == "failed"}
    assert failed == {}
    assert result["passed"] + result["failed"] == result["total"]
    unfit = {row["id"] for row in result["cases"] if row["outcome"] == "not_applicable"}
    assert unfit <= {"batches", "drain"}


def test_a_gateway_that_is_told_to_stop_ends_its_streams(lab: Lab, start_server: Any) -> None:
    server = start_server()
    assert outcomes(lab.run(server.url, "drain", stop_pid=server.pid)) == {"drain": "passed"}


def test_the_project_is_made_once_and_the_keys_end_with_the_run(lab: Lab, gateway_process: ServerProcess) -> None:
    for _ in range(2):
        assert outcomes(lab.run(gateway_process.url, "whole-answer")) == {"whole-answer": "passed"}
    project = Project.objects.get(slug=own.PROJECT)
    keys = ApiKey.objects.filter(project=project)
    assert keys.exists()
    assert not keys.filter(revoked_at=None).exists()


def test_a_failed_case_fails_the_command(lab: Lab, gateway_process: ServerProcess, capsys: Any) -> None:
    """A key that has money left, named as one whose budget is used up."""
    port = free_port()
    key = own.set_up(f"http://127.0.0.1:{port}").new_key("rich")
    with pytest.raises(CommandError, match="1 of 1 cases failed"):
        call_command(
            "gateway_lab",
            url=gateway_process.url,
            key=key,
            spent_key=key,
            provider_port=port,
            only=["budget-no-retry"],
        )
    assert "budget-no-retry" in capsys.readouterr().out


def test_a_gateway_without_the_labs_provider_is_told_apart(
    lab: Lab, gateway_process: ServerProcess, monkeypatch: Any
) -> None:
    monkeypatch.setattr("apps.gateway.lab.runner.REACH_SECONDS", 0.5)
    with pytest.raises(CommandError, match="does not reach the lab's provider"):
        lab.run(gateway_process.url, own=False, key="sk-nobody")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "gateway"}, "--url"),
        ({"url": "http://127.0.0.1:1"}, "--key"),
        ({"url": "http://127.0.0.1:1", "key": "k", "only": ["no-such-case"]}, "no-such-case"),
        ({"url": "http://127.0.0.1:1", "key": "k", "header": ["nonsense"]}, "--header"),
    ],
)
def test_options_that_make_no_sense_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("gateway_lab", **options)
