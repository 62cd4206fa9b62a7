import os
import signal
import stat
from pathlib import Path

import pytest
import redis
from kombu import Connection

from flywheel.local.identity import alive
from flywheel.local.leftovers import wait_until
from flywheel.local.problems import Problem
from flywheel.local.valkey import Valkey


@pytest.fixture
def queue(folder):
    queue = Valkey(folder / "valkey", "queue")
    queue.start()
    yield queue
    queue.stop()


@pytest.fixture
def cache(folder):
    cache = Valkey(folder / "valkey", "cache")
    cache.start()
    yield cache
    cache.stop()


def configured(server, name):
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        return client.config_get(name)[name]


def put(server, key, value):
    with redis.Redis.from_url(server.url) as client:
        client.set(key, value)


def get(server, key):
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        return client.get(key)


def test_the_queue_never_pushes_anything_out(queue):
    assert configured(queue, "maxmemory-policy") == "noeviction"
    assert configured(queue, "appendonly") == "yes"


def test_the_cache_is_bounded_and_never_written(cache):
    assert configured(cache, "maxmemory-policy") == "allkeys-lfu"
    assert configured(cache, "maxmemory") == str(128 * 1024**2)
    assert (configured(cache, "appendonly"), configured(cache, "save")) == ("no", "")


def test_sockets_are_private_and_there_is_no_port(queue):
    assert configured(queue, "port") == "0"
    assert stat.S_IMODE(Path(queue.url.removeprefix("unix://")).stat().st_mode) == 0o700


def test_the_queue_survives_a_restart_and_the_cache_does_not(queue, cache):
    for server in (queue, cache):
        put(server, "kept", "yes")
        server.stop()
        server.start()
    assert (get(queue, "kept"), get(cache, "kept")) == ("yes", None)


def test_the_queue_survives_a_kill(queue):
    put(queue, "kept", "yes")
    os.kill(queue.child.pid, signal.SIGKILL)
    assert wait_until(lambda: not queue.running, 10)
    queue.start()
    assert get(queue, "kept") == "yes"


def test_celery_talks_to_the_same_socket(queue):
    with Connection(queue.url.replace("unix://", "redis+socket://")) as connection:
        messages = connection.SimpleQueue("jobs")
        messages.put({"job": 1})
        assert messages.get(timeout=5).payload == {"job": 1}
        messages.close()


def test_a_server_that_does_not_start_says_why(folder):
    broken = Valkey(folder / "valkey", "queue")
    broken.start()
    broken.stop()
    manifest = next((broken.data / "appendonlydir").glob("*.manifest"))
    manifest.write_text("not a manifest\n")
    with pytest.raises(Problem, match=r"(?s)The queue server did not start.*manifest"):
        broken.start()


PARENT = """
    import signal, sys
    from flywheel.local.valkey import Valkey
    queue = Valkey(sys.argv[1], "queue")
    queue.start()
    print(queue.child.pid, flush=True)
    signal.pause()
"""


def test_it_ends_when_its_parent_is_killed(folder, script):
    parent = script(PARENT, folder / "valkey")
    pid = int(parent.stdout.readline())
    parent.kill()
    assert wait_until(lambda: not alive(pid), 10)
