"""What the gateway costs on top of a bare proxy: `make bench-gateway`.

Three servers answer the same requests in turns, so that whatever else the machine does falls on all of them:
the mock provider directly, the floor (bench.floor) before it, and Flywheel's gateway before it with key check,
snapshot and durable record. The figure to trust is CPU time per request of the server's process.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.load import Load, load
from flywheel.local.ports import free_port
from flywheel.local.throwaway import throwaway_instance

ROOT = Path(__file__).resolve().parents[1]
MODES = {"plain c=1": (False, 1), "plain c=16": (False, 16), "stream c=16": (True, 16)}


@dataclass
class Server:
    """A process that answers at `url`; rounds holds (CPU ms per request, load) by mode."""

    name: str
    url: str
    key: str
    model: str
    process: subprocess.Popen[bytes]
    rounds: dict[str, list[tuple[float, Load]]] = field(default_factory=dict)

    def cpu_ms(self, mode: str) -> float:
        return statistics.median(cpu for cpu, _ in self.rounds[mode])

    def figure(self, mode: str, of: str, share: float) -> float:
        return statistics.median(seen.percentile(share, of) for _, seen in self.rounds[mode])

    def rate(self, mode: str, seconds: float) -> float:
        return statistics.median(seen.requests / seconds for _, seen in self.rounds[mode])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load per server, mode and round")
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "gateway.json")
    options = parser.parse_args()
    with throwaway_instance(os.environ) as environment, contextlib.ExitStack() as stack:
        servers = start_servers(stack, {**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "flywheel.settings"})
        for number in range(options.rounds):
            for mode, (stream, connections) in MODES.items():
                for server in servers:
                    measure(server, mode, stream=stream, connections=connections, seconds=options.seconds)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
        check_records(servers[-1], Path(environment["FLYWHEEL_SPOOL_DIR"]))
        report(servers, options.seconds, options.json)


def start_servers(stack: contextlib.ExitStack, environment: dict[str, str]) -> list[Server]:
    port = free_port()
    mock = stack.enter_context(running([sys.executable, "-m", "bench.mock", "--port", str(port)], port, environment))
    upstream = f"http://127.0.0.1:{port}"
    key = json.loads(
        subprocess.run(
            [sys.executable, "-m", "bench.seed", upstream], env=environment, cwd=ROOT, check=True, capture_output=True
        ).stdout
    )["key"]
    floor_environment = {**environment, "UPSTREAM": upstream, "KEY": key}
    floor, floor_url = asgi(stack, "bench.floor:app", floor_environment)
    gateway, gateway_url = asgi(stack, "flywheel.asgi:application", environment, http="flywheel.protocol:BoundedHttp")
    return [
        Server("mock directly", upstream, key, "mock", mock),
        Server("floor", floor_url, key, "mock", floor),
        Server("gateway", gateway_url, key, "bench-route", gateway),
    ]


def asgi(
    stack: contextlib.ExitStack, app: str, environment: dict[str, str], http: str = "httptools"
) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--loop", "uvloop", "--http", http]
    process = stack.enter_context(running([*command, "--no-access-log", "--log-level", "warning"], port, environment))
    return process, f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers on `port`, ended with the block."""
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{process.args} did not start.") from None
            time.sleep(0.05)
        else:
            return


def measure(server: Server, mode: str, *, stream: bool, connections: int, seconds: float) -> None:
    url = f"{server.url}/v1/chat/completions"
    before = machine.cpu_seconds(server.process.pid)
    seen = asyncio.run(
        load(url, key=server.key, model=server.model, stream=stream, connections=connections, seconds=seconds)
    )
    if seen.failed or not seen.requests:
        raise SystemExit(f"{server.name}, {mode}: {seen.failed} failed; {seen.sample_of_failure!r}")
    spent = machine.cpu_seconds(server.process.pid) - before
    server.rounds.setdefault(mode, []).append((spent * 1000 / seen.requests, seen))


def check_records(gateway: Server, spool: Path) -> None:
    """Every answer that was counted must lie in the spool; anything else would be a benchmark of another program."""
    answered = sum(seen.requests for rounds in gateway.rounds.values() for _, seen in rounds)
    recorded = sum(line.count(b'"is_entry":true') for file in spool.glob("*.ndjson") for line in file.open("rb"))
    if recorded < answered:
        raise SystemExit(f"{answered} answers, but only {recorded} records.")


def report(servers: list[Server], seconds: float, path: Path) -> None:
    mock, floor, gateway = servers
    print(f"\n{'':14}{'':16}{'CPU ms':>10}{'× floor':>9}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'first ms':>10}")
    figures: dict[str, float] = {}
    for mode in MODES:
        for server in servers:
            row = figures_of(server, floor, mode, seconds)
            cells = (f"{row[name]:>{width}.{digits}f}" for name, width, digits in COLUMNS)
            print(f"{mode:14}{server.name:16}{''.join(cells)}")
            figures |= {f"{mode} {server.name} {name}": round(value, 4) for name, value in row.items()}
    for server in servers:
        figures[f"{server.name} rss_mib"] = round(machine.rss_mib(server.process.pid), 1)
        print(f"{'RSS MiB':14}{server.name:16}{figures[f'{server.name} rss_mib']:>10}")
    ratios = ratios_of(mock, floor, gateway)
    print("\nGateway as a multiple of the floor: " + ", ".join(f"{name} {value}" for name, value in ratios.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"ratios": ratios, "figures": figures, "machine": machine.describe()}, indent=2))


def figures_of(server: Server, floor: Server, mode: str, seconds: float) -> dict[str, float]:
    return {
        "cpu_ms": server.cpu_ms(mode),
        "cpu_ratio": server.cpu_ms(mode) / floor.cpu_ms(mode),
        "requests_per_second": server.rate(mode, seconds),
        "p50_ms": server.figure(mode, "seconds", 0.5),
        "p99_ms": server.figure(mode, "seconds", 0.99),
        "first_content_p50_ms": server.figure(mode, "first", 0.5),
    }


def ratios_of(mock: Server, floor: Server, gateway: Server) -> dict[str, float]:
    """CPU per request, and what is added to the mock's latency, as multiples of the floor's.

    Where the floor adds nothing that can be measured, as when all cores are busy, there is no ratio to give.
    """
    ratios = {f"cpu {mode}": round(gateway.cpu_ms(mode) / floor.cpu_ms(mode), 3) for mode in MODES}
    for mode in MODES:
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            base = mock.figure(mode, "seconds", share)
            added, floor_added = (server.figure(mode, "seconds", share) - base for server in (gateway, floor))
            if floor_added > 0.05 * base:
                ratios[f"added {name} {mode}"] = round(added / floor_added, 3)
    return ratios


COLUMNS = [
    ("cpu_ms", 10, 3),
    ("cpu_ratio", 9, 2),
    ("requests_per_second", 9, 0),
    ("p50_ms", 9, 2),
    ("p99_ms", 9, 2),
    ("first_content_p50_ms", 10, 2),
]

if __name__ == "__main__":
    main()
