"""The metrics' text: vLLM's names, Prometheus' rules."""

from pathlib import Path

import pytest

from apps.serving.local_engine.lane import Lane
from apps.serving.local_engine.metrics import Histogram, Metrics
from apps.serving.local_engine.sequence import Output, Stamps
from apps.serving.local_engine.settings import ModelFolder

SECOND = 1_000_000_000


@pytest.fixture
def metrics():
    lanes = [Lane(ModelFolder('tiny "demo"', Path("/models/tiny")), max_batch=2, max_queue=3)]
    return Metrics(lambda: lanes)


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_buckets_are_cumulative_and_bounds_belong_to_their_bucket():
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(value)
    found = samples("\n".join(histogram.lines("t", 'model_name="m"')))
    assert found['t_bucket{model_name="m",le="0.1"}'] == 2
    assert found['t_bucket{model_name="m",le="1.0"}'] == 3
    assert found['t_bucket{model_name="m",le="+Inf"}'] == found['t_count{model_name="m"}'] == 4
    assert found['t_sum{model_name="m"}'] == pytest.approx(7.65)


def test_a_finished_request_is_counted_by_tokens_reason_and_stages(metrics):
    model = metrics.of(metrics.lanes()[0])
    model.saw_output(Output("a", 1, 3 * SECOND), 0)
    model.saw_output(Output("b", 1, 4 * SECOND), 3 * SECOND)
    model.saw_end(
        17, "stop", Stamps(arrived=1 * SECOND, started=2 * SECOND, first_token=3 * SECOND, finished=4 * SECOND)
    )
    found = samples(metrics.render())
    label = 'model_name="tiny \\"demo\\""'
    assert found[f"vllm:prompt_tokens_total{{{label}}}"] == 17
    assert found[f"vllm:generation_tokens_total{{{label}}}"] == 2
    assert found[f'vllm:request_success_total{{{label},finished_reason="stop"}}'] == 1
    assert found[f"vllm:time_to_first_token_seconds_sum{{{label}}}"] == 2
    assert found[f"vllm:inter_token_latency_seconds_count{{{label}}}"] == 1
    assert found[f"vllm:e2e_request_latency_seconds_sum{{{label}}}"] == 3


def test_a_request_that_left_the_queue_counts_as_aborted_and_has_no_first_token(metrics):
    metrics.of(metrics.lanes()[0]).saw_end(17, "abort", Stamps(arrived=1 * SECOND, finished=2 * SECOND))
    found = samples(metrics.render())
    assert sum(value for name, value in found.items() if 'finished_reason="abort"' in name) == 1
    assert sum(value for name, value in found.items() if name.startswith("vllm:prompt_tokens_total")) == 0
    assert sum(value for name, value in found.items() if "first_token_seconds_count" in name) == 0


def test_every_family_is_described_once(metrics):
    text = metrics.render()
    described = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(described) == len(set(described))
    assert text.endswith("\n")
