"""One request inside the engine: its prompt, how far it has come, and what is shown of it."""

import asyncio
import math
from typing import TYPE_CHECKING, Any

import msgspec

from apps.serving.local_engine.detokenize import Decode, Detokenizer
from apps.serving.local_engine.stop import StopMatcher
from llmkit.clock import SteadyClock

if TYPE_CHECKING:
    from apps.serving.local_engine.sampling import Sampler

now_ns = SteadyClock()

STOP, LENGTH, ABORT, ERROR = "stop", "length", "abort", "error"


class Output(msgspec.Struct):
    """What a step of the model adds to an answer. finish: why it ended, empty while it goes on."""

    text: str
    tokens: int
    at_ns: int
    finish: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the model: prompt ids, the token limit, the ids that end an answer, and stop strings.

    arrived_ns: when the engine had the request, Unix nanoseconds.
    """

    prompt: list[int]
    max_tokens: int
    end_ids: frozenset[int]
    stops: tuple[str, ...]
    arrived_ns: int


class Stamps(msgspec.Struct):
    """Unix nanoseconds at which each stage began; 0 while it has not."""

    arrived: int
    started: int = 0
    first_token: int = 0
    finished: int = 0


class Sequence:
    """Fed by the generation thread; its outputs are read on the event loop."""

    def __init__(self, plan: Plan, sampler: "Sampler", decode: Decode) -> None:
        self.plan, self.sampler = plan, sampler
        self.stamps = Stamps(arrived=plan.arrived_ns)
        self.outputs: asyncio.Queue[Output] = asyncio.Queue()
        self.cancelled = False
        self.prefilled = 0
        self.cache: Any = None  # while the prompt is being read
        self.last_token = 0
        self.generated = 0
        self.log_probability = 0.0
        self._detokenizer = Detokenizer(decode)
        self._stop = StopMatcher(plan.stops)

    @property
    def confidence(self) -> float:
        """The geometric mean of the probabilities that the model itself gave to the tokens it chose, 0 to 1."""
        return math.exp(self.log_probability / self.generated) if self.generated else 0.0

    def accept(self, token: int, log_probability: float) -> Output:
        """Count `token` and return what it lets out."""
        self.last_token = token
        self.generated += 1
        self.log_probability += log_probability
        at = now_ns()
        self.stamps.first_token = self.stamps.first_token or at
        if token in self.plan.end_ids:
            return self._last("", STOP, at)
        text = self._stop.feed(self._detokenizer.push(token))
        if self._stop.stopped:
            return self._ended(text, STOP, at)
        if self.generated >= self.plan.max_tokens:
            return self._last(text, LENGTH, at)
        return Output(text, 1, at)

    def fail(self) -> Output:
        return self._ended("", ERROR, now_ns(), tokens=0)

    def abort(self) -> Output:
        return self._ended("", ABORT, now_ns(), tokens=0)

    def _last(self, text: str, finish: str, at: int) -> Output:
        text += self._stop.feed(self._detokenizer.flush())
        finish = STOP if self._stop.stopped else finish
        return self._ended(text + self._stop.flush(), finish, at)

    def _ended(self, text: str, finish: str, at: int, tokens: int = 1) -> Output:
        self.stamps.finished = at
        self.cache = None
        return Output(text, tokens, at, finish)
