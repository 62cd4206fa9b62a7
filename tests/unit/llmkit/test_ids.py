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
