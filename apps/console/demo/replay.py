"""Sending simulated customers through the gateway over HTTP, as a product would."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from apps.console.demo.client import DemoClient, GatewayRefused
from apps.console.demo.customers import USUAL, Opinions, Visit, thumb, visits
from apps.serving.domain.harbor_desk import Split


@dataclass
class Tally:
    """What came of a replay. seconds: of each answered request, as the customer felt it."""

    answered: int = 0
    right: int = 0
    thumbs: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.answered + self.failures.total()


class Replay:
    """split: the half of the utterances that customers write; opinions: what they think of answers."""

    def __init__(
        self, *, url: str, key: str, seed: int, split: Split = "test", varied: bool = False, opinions: Opinions = USUAL
    ) -> None:
        self.url, self.key, self.seed = url, key, seed
        self.split, self.varied, self.opinions = split, varied, opinions
        self.tally = Tally()
        self._lock = threading.Lock()
        self._local = threading.local()

    def visits(self, requests: int) -> Iterator[Visit]:
        """What `run` sends: the same every time."""
        return visits(requests, self.seed, self.split, varied=self.varied)

    def run(self, *, requests: int, concurrency: int, on_progress: Callable[[Tally], None]) -> Tally:
        """Send `requests` messages, at most `concurrency` at a time, and wait for all answers."""
        with ThreadPoolExecutor(concurrency) as pool:
            for _ in pool.map(self._visit, self.visits(requests)):
                on_progress(self.tally)
        return self.tally

    def _visit(self, visit: Visit) -> None:
        client = self._client()
        started = time.perf_counter()
        try:
            answer = client.ask(visit.message, user=visit.user, session=visit.session, stream=visit.stream)
            seconds = time.perf_counter() - started
            pressed = thumb(visit, answer.intent, self.seed, self.opinions)
            if pressed:
                client.judge(answer.trace_id, label=pressed.label, user=visit.user, comment=pressed.comment)
        except GatewayRefused as refused:
            with self._lock:
                self.tally.failures[str(refused)] += 1
            return
        with self._lock:
            self.tally.answered += 1
            self.tally.right += answer.intent == visit.intent
            self.tally.seconds.append(seconds)
            if pressed:
                self.tally.thumbs[pressed.label] += 1

    def _client(self) -> DemoClient:
        if not hasattr(self._local, "client"):
            self._local.client = DemoClient(self.url, self.key)
        client: DemoClient = self._local.client
        return client
