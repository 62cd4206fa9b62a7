"""The trainer as a process of its own, with the test in the supervisor's place. Torch stays out of the test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.serving.domain.harbor_desk import MODEL_FOLDER, NEW_INTENTS, expected_answer, utterances

Event = dict[str, Any]


@dataclass
class Run:
    """What came of a training: its events, its exit status, and what it printed."""

    folder: Path
    status: int
    log: str
    events: list[Event] = field(default_factory=list)

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]

    def figures(self, name: str) -> dict[int, float]:
        """By step."""
        return {event["step"]: event["values"][name] for event in self.of("metric") if name in event["values"]}

    @property
    def result(self) -> Event:
        return dict(self.of("result")[-1]["values"])

    @property
    def problem(self) -> str:
        return str(self.of("problem")[-1]["message"])

    def checkpoint(self, step: int) -> Path:
        return self.folder / "checkpoints" / f"checkpoint-{step}"


def conversations(per_intent: int = 6) -> list[list[dict[str, str]]]:
    """Questions of intents that the demo model does not know, with right answers."""
    pairs = [(text, intent) for intent in NEW_INTENTS for text in utterances(intent, "train")[:per_intent]]
    return [
        [{"role": "user", "content": text}, {"role": "assistant", "content": expected_answer(intent)}]
        for text, intent in pairs
    ]


def write_inputs(
    folder: Path,
    recipe: dict[str, Any],
    *,
    rows: Sequence[list[dict[str, str]]] | None = None,
    validation: Sequence[list[dict[str, str]]] = (),
    checkpoint: Path | None = None,
    base: Path = MODEL_FOLDER,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in (("train", conversations() if rows is None else rows), ("validation", validation)):
        lines = "".join(json.dumps({"messages": messages}) + "\n" for messages in found)
        (folder / f"{name}.jsonl").write_text(lines)
    spec = {"base": str(base), "recipe": recipe, "checkpoint": str(checkpoint) if checkpoint else None}
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


def run_trainer(
    folder: Path, *, stop_when: Callable[[Event], bool] | None = None, before: Callable[[], None] | None = None
) -> Run:
    """Until it ends; it is sent SIGTERM at the first event that `stop_when` is true for. before: runs in the child."""
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "apps.finetuning.trainer", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            preexec_fn=before,
        )
    events: list[Event] = []
    try:
        for line in process.stdout or ():
            events.append(json.loads(line))
            if stop_when and stop_when(events[-1]):
                process.send_signal(signal.SIGTERM)
                stop_when = None
        status = process.wait(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
    return Run(folder, status, (folder / "log").read_text(), events)
