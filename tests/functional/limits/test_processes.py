"""Several gateway processes on one Redis: a hard budget holds, and a killed process blocks nobody for long."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import msgspec
import pytest
import redis

from apps.limits.domain.keys import counter_keys
from apps.limits.domain.refusals import LimitReached
from apps.limits.domain.rules import Ask, Metric
from tests.factories.limits import DOLLAR, make_limiter, make_rule
from tests.functional.limits.gateway_process import CENT, WORST
from tests.helpers.processes import ROOT
from tests.helpers.waiting import eventually


@pytest.fixture
def start():
    """`start("spend", rule)`: a process that is gone when the test is."""
    with ExitStack() as stack:

        def start(what, rule, *, share=0.0, lease_ms=10_000):
            process = stack.enter_context(popen(what, rule, share, lease_ms))
            stack.callback(process.kill)
            return process

        yield start


def popen(what, rule, share, lease_ms):
    command = [sys.executable, "-m", "tests.functional.limits.gateway_process", what, os.environ["REDIS_URL"]]
    command += [msgspec.json.encode(rule).decode(), str(share), str(lease_ms)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def most_held(rule, processes):
    """The greatest sum of outstanding leases that was seen while the processes ran, in nano-dollars."""
    leases, most = counter_keys(rule.organisation, rule.limit, "/").leases, 0
    with redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as valkey:
        while any(process.poll() is None for process in processes):
            entries = valkey.hvals(leases)
            most = max(most, sum(int(entry.split()[0]) for entry in entries))
    return most


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5], ids=["exact", "leases", "large-leases"])
def test_64_clients_in_two_processes_do_not_overspend_a_dollar(start, share):
    budget = make_rule(Metric.COST, DOLLAR)
    processes = [start("spend", budget, share=share) for _ in range(2)]
    bound = most_held(budget, processes)
    spent = sum(json.loads(process.communicate()[0].splitlines()[-1])["spent"] for process in processes)
    overshoot = spent - DOLLAR
    assert overshoot <= (bound if share else 0)
    # The budget is used up as far as requests of this worst case fit into it.
    assert overshoot > -WORST
    assert bound >= CENT


def test_the_slots_of_a_killed_process_come_back(start):
    slots = make_rule(Metric.CONCURRENCY, 3)
    holder = start("hold", slots, lease_ms=500)
    assert holder.stdout.readline() == "holding\n"

    async def one_more():
        limiter = make_limiter(lease_share=0.0)
        try:
            await limiter.admit([slots], Ask())
        except LimitReached:
            return False
        finally:
            await limiter.aclose()
        return True

    assert not asyncio.run(one_more())
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert eventually(lambda: asyncio.run(one_more()))
