"""What the headers of a request say."""

import pytest

from apps.gateway.proxy.caller import Caller

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_is_continued_and_its_states_are_joined():
    caller = Caller.of([(b"traceparent", PARENT), (b"tracestate", b"a=1"), (b"tracestate", b"b=2")])
    context = caller.trace_context()
    assert (context.trace_id, context.tracestate) == ("0af7651916cd43dd8448eb211c80319c", "a=1,b=2")


@pytest.mark.parametrize("parent", [b"", b"00-zz", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", b"\xff" * 55])
def test_a_broken_parent_starts_a_new_trace(parent):
    assert Caller.of([(b"traceparent", parent)]).trace_context() is None


def test_labels_are_text_of_bounded_length():
    caller = Caller.of([(b"x-flywheel-user", "Ünï".encode()), (b"x-flywheel-session", b"\xff" + b"s" * 5000)])
    assert caller.label(b"x-flywheel-user") == "Ünï"
    assert len(caller.label(b"x-flywheel-session")) == 200
    assert caller.label(b"x-flywheel-release") == ""


@pytest.mark.parametrize(
    ("given", "taken"),
    [(b"order-17", b"order-17"), (b"", None), (b"a b", None), (b"x" * 129, None), (b"a\r\nset-cookie: x", None)],
)
def test_a_request_id_is_taken_if_it_fits_a_header(given, taken):
    assert Caller.of([(b"x-request-id", given)]).request_id() == taken
