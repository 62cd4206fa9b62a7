"""What the gateway costs on top of a bare proxy, and beside its peers: `make bench-gateway`.

Servers answer the same requests in turns, so that whatever else the machine does falls on all of them: the mock
provider directly, the floor (bench.floor) before it, Flywheel's gateway with key check, limits, ledger and durable
record, the same with an exact cache that has the answer, and the peers of bench.peers where they are installed. The
figure to trust is CPU time per request of the server's process.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine, peers
from bench.load import Load, load
from flywheel.local.ports import free_port
from flywheel.local.throwaway import throwaway_instance

ROOT = Path(__file__).resolve().parents[1]
MODES = {"plain c=1": (False, 1), "plain c=16": (False, 16), "stream c=16": (True, 16)}
PLAIN = ("plain c=1", "plain c=16")


@dataclass
class Server:
    """A process that answers at `url`; rounds holds (CPU ms per request, load) by mode."""

    name: str
    url: str
    key: str
    model: str
    process: subprocess.Popen[bytes]
    modes: tuple[str, ...] = tuple(MODES)
    headers: dict[str, str] = field(default_factory=dict)
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
    parser.add_argument("--litellm", type=Path, metavar="ENVIRONMENT", help="a virtual environment that holds it")
    parser.add_argument("--portkey", type=Path, metavar="FOLDER", help="where npm has installed it")
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "gateway.json")
    options = parser.parse_args()
    with throwaway_instance(os.environ) as environment, contextlib.ExitStack() as stack:
        told = {**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "flywheel.settings"}
        servers = start_servers(stack, told)
        servers += start_peers(stack, servers[0].url, options)
        for number in range(options.rounds):
            for mode, (stream, connections) in MODES.items():
                for server in [server for server in servers if mode in server.modes]:
                    measure(server, mode, stream=stream, connections=connections, seconds=options.seconds)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
        check_records(servers, Path(environment["FLYWHEEL_SPOOL_DIR"]))
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
        Server("gateway, cached", gateway_url, key, "bench-cached", gateway, modes=PLAIN),
    ]


def start_peers(stack: contextlib.ExitStack, upstream: str, options: argparse.Namespace) -> list[Server]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    found = []
    if options.litellm:
        found.append((peers.litellm(options.litellm, folder, upstream, port := free_port()), port))
    if options.portkey:
        found.append((peers.portkey(options.portkey, upstream, port := free_port()), port))
    servers = []
    for peer, port in found:
        process = stack.enter_context(running(peer.command, port, {**os.environ, **peer.environment}))
        modes = tuple(MODES) if peer.streams else PLAIN
        url = f"http://127.0.0.1:{port}"
        servers.append(Server(peer.name, url, peers.KEY, "mock", process, modes=modes, headers=peer.headers))
    return servers


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
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
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
        load(
            url,
            key=server.key,
            model=server.model,
            stream=stream,
            connections=connections,
            seconds=seconds,
            headers=server.headers,
        )
    )
    if seen.failed or not seen.requests:
        raise SystemExit(f"{server.name}, {mode}: {seen.failed} failed; {seen.sample_of_failure!r}")
    spent = machine.cpu_seconds(server.process.pid) - before
    server.rounds.setdefault(mode, []).append((spent * 1000 / seen.requests, seen))


def check_records(servers: list[Server], spool: Path) -> None:
    """Every answer that was counted must lie in the spool; anything else would be a benchmark of another program."""
    ours = [server for server in servers if server.name.startswith("gateway")]
    answered = sum(seen.requests for server in ours for rounds in server.rounds.values() for _, seen in rounds)
    recorded = sum(line.count(b'"is_entry":true') for file in spool.glob("*.ndjson") for line in file.open("rb"))
    if recorded < answered:
        raise SystemExit(f"{answered} answers, but only {recorded} records.")


def report(servers: list[Server], seconds: float, path: Path) -> None:
    floor = servers[1]
    print(f"\n{'':14}{'':16}{'CPU ms':>10}{'× floor':>9}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'first ms':>10}")
    figures: dict[str, float] = {}
    for mode in MODES:
        for server in [server for server in servers if mode in server.modes]:
            row = figures_of(server, floor, mode, seconds)
            cells = (f"{row[name]:>{width}.{digits}f}" for name, width, digits in COLUMNS)
            print(f"{mode:14}{server.name:16}{''.join(cells)}")
            figures |= {f"{mode} {server.name} {name}": round(value, 4) for name, value in row.items()}
    for server in servers:
        figures[f"{server.name} rss_mib"] = round(machine.rss_mib(server.process.pid), 1)
        print(f"{'RSS MiB':14}{server.name:16}{figures[f'{server.name} rss_mib']:>10}")
    ratios = ratios_of({server.name: server for server in servers})
    print("\nRatios: " + ", ".join(f"{name} {value}" for name, value in ratios.items()))
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


def ratios_of(servers: dict[str, Server]) -> dict[str, float]:
    """Of CPU per request and per stream at 16 connections; and of what a cache hit takes to what the gateway adds.

    The last at the 99th percentile of one connection.
    """
    floor, ours, cached = servers["floor"], servers["gateway"], servers["gateway, cached"]
    plain, stream, alone = "plain c=16", "stream c=16", "plain c=1"
    ratios = {
        "cpu_per_request_vs_floor": ours.cpu_ms(plain) / floor.cpu_ms(plain),
        "cpu_per_stream_vs_floor": ours.cpu_ms(stream) / floor.cpu_ms(stream),
        "cpu_per_cache_hit_vs_floor": cached.cpu_ms(plain) / floor.cpu_ms(plain),
    }
    mock_p99, ours_p99, hit_p99 = (
        servers[name].figure(alone, "seconds", 0.99) for name in ("mock directly", "gateway", "gateway, cached")
    )
    if ours_p99 > mock_p99:
        ratios["cache_hit_p99_vs_added"] = hit_p99 / (ours_p99 - mock_p99)
    for name in ("litellm", "portkey"):
        if name in servers:
            ratios[f"{name}_vs_ours"] = servers[name].cpu_ms(plain) / ours.cpu_ms(plain)
    return {name: round(value, 3) for name, value in ratios.items()}


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
