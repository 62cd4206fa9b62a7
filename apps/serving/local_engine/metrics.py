"""Counters and histograms in Prometheus' text format, under vLLM's names where they mean the same.

Everything is counted on the event loop, so nothing needs a lock.
"""

import bisect
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from apps.serving.local_engine.lane import READY, Lane
from apps.serving.local_engine.sequence import ABORT, ERROR, LENGTH, STOP, Output, Stamps

# Upper bounds in seconds, as vLLM has them for the request and the token scale, shortened.
REQUEST_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
TOKEN_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
REASONS = (STOP, LENGTH, ABORT, ERROR)

HISTOGRAMS = {
    "vllm:time_to_first_token_seconds": ("From arrival to the first token.", REQUEST_BOUNDS),
    "vllm:inter_token_latency_seconds": ("Between two tokens of one answer.", TOKEN_BOUNDS),
    "vllm:e2e_request_latency_seconds": ("From arrival to the last token.", REQUEST_BOUNDS),
    "vllm:request_queue_time_seconds": ("From arrival until the prompt is read.", REQUEST_BOUNDS),
    "vllm:request_prefill_time_seconds": ("Reading the prompt.", REQUEST_BOUNDS),
    "vllm:request_decode_time_seconds": ("From the first to the last token.", REQUEST_BOUNDS),
}
NANO = 1e9


class Histogram:
    """Counts per upper bound, and the sum of what was observed."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str, label: str) -> Iterator[str]:
        below = 0
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            below += count
            yield f'{name}_bucket{{{label},le="{bound}"}} {below}'
        yield f"{name}_sum{{{label}}} {self.total:.6f}"
        yield f"{name}_count{{{label}}} {below}"


class ModelMetrics:
    """What one model has done since the start."""

    def __init__(self) -> None:
        self.prompt_tokens = self.generation_tokens = 0
        self.finished = dict.fromkeys(REASONS, 0)
        self.rejected = 0
        self.histograms = {name: Histogram(bounds) for name, (_, bounds) in HISTOGRAMS.items()}

    def saw_output(self, output: Output, previous_ns: int) -> None:
        self.generation_tokens += output.tokens
        if previous_ns and output.tokens:
            self._observe("inter_token_latency", previous_ns, output.at_ns)

    def saw_end(self, prompt_tokens: int, reason: str, stamps: Stamps) -> None:
        """Count a request that had a place, however it ended."""
        self.finished[reason] += 1
        self._observe("request_queue_time", stamps.arrived, stamps.started)
        self._observe("e2e_request_latency", stamps.arrived, stamps.finished)
        if stamps.first_token:
            self.prompt_tokens += prompt_tokens
            self._observe("time_to_first_token", stamps.arrived, stamps.first_token)
            self._observe("request_prefill_time", stamps.started, stamps.first_token)
            self._observe("request_decode_time", stamps.first_token, stamps.finished)

    def _observe(self, name: str, start_ns: int, end_ns: int) -> None:
        if start_ns and end_ns:
            self.histograms[f"vllm:{name}_seconds"].observe((end_ns - start_ns) / NANO)


# name, type, help, value
PLAIN: tuple[tuple[str, str, str, Callable[[Lane, ModelMetrics], float]], ...] = (
    ("vllm:num_requests_running", "gauge", "Requests in the batch.", lambda lane, _: lane.running),
    ("vllm:num_requests_waiting", "gauge", "Requests in the queue.", lambda lane, _: len(lane.waiting)),
    ("vllm:prompt_tokens_total", "counter", "Prompt tokens read.", lambda _, seen: seen.prompt_tokens),
    ("vllm:generation_tokens_total", "counter", "Tokens generated.", lambda _, seen: seen.generation_tokens),
    ("flywheel:requests_rejected_total", "counter", "Refused: queue full.", lambda _, seen: seen.rejected),
    ("flywheel:model_ready", "gauge", "1 once the model is loaded.", lambda lane, _: float(lane.state == READY)),
    ("flywheel:model_load_seconds", "gauge", "Time the loading took.", lambda lane, _: lane.load_seconds),
)


class Metrics:
    """The metrics of all models, and their text."""

    def __init__(self, lanes: Callable[[], Sequence[Lane]]) -> None:
        self.lanes = lanes
        self.models: dict[str, ModelMetrics] = {}

    def of(self, lane: Lane) -> ModelMetrics:
        """By name: an adapter that replaces another of its name counts on where that one stood."""
        return self.models.setdefault(lane.name, ModelMetrics())

    def render(self) -> str:
        """Of what is served now; an adapter that is gone keeps its counts for its return."""
        lines: list[str] = []
        lanes = self.lanes()
        for name, kind, text, value in PLAIN:
            samples = [f"{name}{{{_label(lane)}}} {value(lane, self.of(lane)):.15g}" for lane in lanes]
            lines += _family(name, kind, text, samples)
        finished = [
            f'vllm:request_success_total{{{_label(lane)},finished_reason="{reason}"}} {count}'
            for lane in lanes
            for reason, count in self.of(lane).finished.items()
        ]
        lines += _family("vllm:request_success_total", "counter", "Requests by how they ended.", finished)
        for name, (text, _) in HISTOGRAMS.items():
            samples = [line for lane in lanes for line in self.of(lane).histograms[name].lines(name, _label(lane))]
            lines += _family(name, "histogram", text, samples)
        memory = f"process_resident_memory_bytes {_resident_bytes()}"
        lines += _family("process_resident_memory_bytes", "gauge", "Memory of this process.", [memory])
        return "\n".join(lines) + "\n"


def _family(name: str, kind: str, text: str, samples: list[str]) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *samples]


def _label(lane: Lane) -> str:
    escaped = lane.name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'model_name="{escaped}"'


def _resident_bytes() -> int:
    """Now on Linux; elsewhere the peak, which is what the standard library knows."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
