"""This process as a worker: which pool it serves, what the machine has, and that it is alive."""

import logging
import os
import shutil
import socket
import subprocess
import threading
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now

from apps.compute.engine import folders
from apps.compute.models import Pool, Worker

log = logging.getLogger(__name__)
SEEN_SECONDS = 10.0
PREFIX = "pool."

STOPPING = threading.Event()
_current: dict[str, Worker] = {}


def register(*, name: str, queues: list[str]) -> list[Worker]:
    """A row for each pool among the queues of this process; nothing for workers of other queues."""
    for queue in queues:
        if queue.startswith(PREFIX):
            pool, _ = Pool.objects.get_or_create(name=queue.removeprefix(PREFIX))
            _current[pool.name] = Worker.objects.create(
                pool=pool,
                name=name,
                host=socket.gethostname(),
                pid=os.getpid(),
                devices=devices(),
                cpus=os.cpu_count() or 1,
                memory_bytes=memory_bytes(),
                started_at=Now(),
                last_seen_at=Now(),
            )
    if _current:
        folders.sweep()
        threading.Thread(target=_stay_seen, name="worker-seen", daemon=True).start()
    return list(_current.values())


def current(pool: Pool) -> Worker | None:
    """This process's row in a pool; None in a process that is no worker."""
    return _current.get(pool.name)


def leave() -> None:
    Worker.objects.filter(id__in=[worker.id for worker in _current.values()]).update(stopped_at=Now())


def devices() -> list[dict[str, Any]]:
    """NVIDIA devices if their driver is here, else the processor."""
    found = _nvidia() if shutil.which("nvidia-smi") else []
    return found or [{"kind": "cpu", "name": "CPU", "memory_bytes": memory_bytes()}]


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def parse_nvidia(text: str) -> list[dict[str, Any]]:
    """Lines of `nvidia-smi --query-gpu=name,memory.total --format=csv,noheader,nounits`; memory is in MiB."""
    pairs = [line.rsplit(",", 1) for line in text.splitlines() if line.count(",")]
    return [
        {"kind": "cuda", "name": name.strip(), "memory_bytes": int(memory) << 20}
        for name, memory in pairs
        if memory.strip().isdigit()
    ]


def _nvidia() -> list[dict[str, Any]]:
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parse_nvidia(asked.stdout) if asked.returncode == 0 else []


def _stay_seen() -> None:
    while not STOPPING.wait(SEEN_SECONDS):
        try:
            ids = [worker.id for worker in _current.values()]
            Worker.objects.filter(id__in=ids).update(last_seen_at=Now())
        except (DatabaseError, InterfaceError) as error:
            log.warning("This worker could not say that it is alive: %s", error)
        finally:
            connection.close()
