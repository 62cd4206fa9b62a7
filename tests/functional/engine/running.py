"""A local engine as a process of its own, and the few requests that tests send again and again."""

import contextlib
import functools
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from flywheel.local.ports import free_port
from tests.helpers.waiting import eventually

START_SECONDS = 90.0


class RunningEngine:
    """Started at once, ready after `wait_until_ready`; what it logs goes to `log`."""

    def __init__(self, log: Path, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        self.log = log
        self.port = free_port()
        self.command = [sys.executable, "-m", "apps.serving.local_engine", "--port", str(self.port), *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FLYWHEEL_")}
        self.environment = clean | (environment or {})
        log.write_bytes(b"")
        self.start()

    def start(self) -> "RunningEngine":
        """Also once more, after its process has ended."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output, env=self.environment)
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> "RunningEngine":
        eventually(lambda: self.status("/health") == 200, within=START_SECONDS, every=0.05)
        return self

    def health(self) -> dict[str, Any] | None:
        """The health answer; None while nobody listens."""
        try:
            return json.loads(self.get("/health")[1])
        except ConnectionRefusedError:
            assert self.process.poll() is None, self.log.read_text()
            return None

    def status(self, path: str) -> int:
        try:
            return self.get(path)[0]
        except ConnectionRefusedError:
            assert self.process.poll() is None, self.log.read_text()
            return 0

    def get(self, path: str) -> tuple[int, bytes]:
        return self.ask("GET", path)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is no stream."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, headers or {})
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    def send(self, body: dict[str, Any] | bytes, headers: dict[str, str] | None = None) -> "Sent":
        """Post a chat request and leave the connection open."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", "/v1/chat/completions", raw, headers or {})
        return Sent(connection)

    def chat(self, headers: dict[str, str] | None = None, **body: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
        with self.send(body, headers) as sent:
            lower = {name.lower(): value for name, value in sent.answer.getheaders()}
            return sent.answer.status, json.loads(sent.answer.read()), lower

    def post(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> tuple[int, bytes]:
        return self.ask("POST", path, headers, json.dumps(body).encode())

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of `name` that carry `labels`."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = self.get("/metrics")[1].decode().splitlines()
        found = [line for line in lines if re.match(rf"{re.escape(name)}[{{ ]", line)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found if all(label in line for label in wanted))

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Sent:
    """A posted request; leaving the `with` block closes the connection, read or not."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection

    @functools.cached_property
    def answer(self) -> http.client.HTTPResponse:
        return self.connection.getresponse()

    def events(self) -> list[Any]:
        """The data of all server-sent events until the stream ends; `[DONE]` stays text."""
        found = [line[6:].strip().decode() for line in self.answer if line.startswith(b"data: ")]
        return [data if data == "[DONE]" else json.loads(data) for data in found]

    def leave(self) -> None:
        if "answer" in self.__dict__:
            self.answer.close()
        self.connection.close()

    def __enter__(self) -> "Sent":
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()
