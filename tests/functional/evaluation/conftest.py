"""An exam, two models of a provider that speaks HTTP, and the process that asks them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from apps.datasets.models import DatasetVersion
from apps.evaluation.models import Evaluation
from apps.serving.models import CatalogueModel
from tests.factories.accounts import make_project
from tests.factories.evaluation import INTENTS, answer, make_evaluation, make_exam
from tests.factories.serving import make_model, make_provider
from tests.helpers.mock_provider import Asked, Behaviour, MockProvider, answers
from tests.helpers.processes import ROOT, test_database_url

PROMPT = "You are the support desk of a chandlery."


def knows(right: Callable[[str], bool], *, pause: float = 0.0) -> Behaviour:
    """Answers with the intent that the question names where `right` says so, else with another."""

    async def behaviour(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(pause)
        question = question_in(asked)
        named = next(intent for intent in INTENTS if intent.replace("_", " ") in question)
        intent = named if right(question) else INTENTS[INTENTS.index(named) - 1]
        await answers(answer(intent))(asked, writer)

    return behaviour


def question_in(asked: Asked) -> str:
    return asked.body["messages"][-1]["content"]


def number_in(question: str) -> int:
    return int(question.split()[1])


@dataclass
class Runner:
    """`python -m apps.evaluation.runner`, started as a job's supervisor starts it."""

    folder: Path
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, evaluation: Evaluation) -> "subprocess.Popen[bytes]":
        self.folder.mkdir(exist_ok=True)
        (self.folder / "spec.json").write_text(json.dumps({"evaluation_id": str(evaluation.id)}))
        environment = {
            **os.environ,
            "DATABASE_URL": test_database_url(),
            "DJANGO_SETTINGS_MODULE": "flywheel.settings.test",
        }
        with (self.folder / "log").open("ab") as log, (self.folder / "events").open("ab") as events:
            process = subprocess.Popen(
                [sys.executable, "-m", "apps.evaluation.runner", str(self.folder)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=events,
                stderr=log,
            )
        self.started.append(process)
        return process

    def run(self, evaluation: Evaluation) -> int:
        return self.start(evaluation).wait(timeout=60)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()[-3000:]

    @property
    def events(self) -> str:
        return (self.folder / "events").read_text()

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
            assert process.stdin is not None
            process.stdin.close()


@dataclass(frozen=True)
class Exam:
    novel: CatalogueModel
    steady: CatalogueModel
    version: DatasetVersion

    def evaluation(self, **fields: object) -> Evaluation:
        request = {"system_prompt": PROMPT, "defaults": {"temperature": 0.0, "max_tokens": 99}}
        return make_evaluation(self.novel, self.steady, version=self.version, request=request, **fields)


@pytest.fixture
def exam(transactional_db: None, provider: MockProvider) -> Exam:
    project = make_project()
    served = make_provider(project, base_url=provider.url, name="acme", credential="sk-acme-1234567890")
    novel = make_model(served, name="novel", upstream_name="acme-novel")
    steady = make_model(served, name="steady", upstream_name="acme-steady")
    return Exam(novel, steady, make_exam(project, 60))


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    running = Runner(tmp_path / "job")
    yield running
    running.stop()
