import os
from concurrent.futures import ThreadPoolExecutor

from llmkit.ids import new_span_id, new_trace_id, uuid7


def test_uuids_are_version_7_and_sort_by_time_of_making():
    made = [uuid7() for _ in range(50)]
    assert {uuid.version for uuid in made} == {7}
    assert {uuid.variant for uuid in made} == {"specified in RFC 4122"}
    times = [uuid.int >> 64 for uuid in made]
    assert times == sorted(times)
    assert len(set(times)) > 25
    assert len(set(made)) == 50


def test_trace_and_span_ids_have_the_lengths_of_the_w3c():
    assert len(new_trace_id()) == 32
    assert len(new_span_id()) == 16
    assert new_trace_id() != new_trace_id()


def test_threads_and_forked_children_never_make_the_same():
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: new_trace_id(), range(2000)))
    assert len(set(made)) == 2000

    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, new_trace_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 32).decode() != new_trace_id()
    os.close(reading)
    os.close(writing)
