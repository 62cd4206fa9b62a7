import time

from llmkit.clock import SteadyClock


def test_a_steady_clock_tells_the_time_and_never_runs_backwards():
    clock = SteadyClock()
    readings = [clock() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(readings[-1] - time.time_ns()) < 1_000_000_000
