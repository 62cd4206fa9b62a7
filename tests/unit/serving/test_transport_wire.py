"""What goes on the wire before the body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.transport import InvalidRequest
from apps.serving.transport.wire import encode_head

HEADERS = st.lists(
    st.tuples(st.sampled_from([b"x-a", b"authorization", b"Accept"]), st.binary(max_size=20)), max_size=5
)


def test_the_head_of_a_post_is_as_expected():
    head = encode_head("POST", "/v1/x", "api.example.com", [(b"x-a", b"1"), (b"x-b", b"")], 7)
    assert head == (
        b"POST /v1/x HTTP/1.1\r\nhost: api.example.com\r\naccept-encoding: identity\r\n"
        b"x-a: 1\r\nx-b: \r\ncontent-length: 7\r\n\r\n"
    )


def test_a_get_has_no_length_and_a_post_always_does():
    assert b"content-length" not in encode_head("GET", "/", "h", [], 0)
    assert b"content-length: 0\r\n\r\n" in encode_head("POST", "/", "h", [], 0)


@given(HEADERS)
def test_no_value_can_add_a_line(headers):
    try:
        head = encode_head("GET", "/", "h", headers, 0)
    except InvalidRequest:
        assert any(set(value) & {0, 10, 13} for _, value in headers)
    else:
        lines = head.split(b"\r\n")
        assert lines[3:-2] == [name + b": " + value for name, value in headers]


@pytest.mark.parametrize("value", [b"Bearer a\r\nx-evil: 1", b"a\nb", b"a\rb", b"a\0b"])
def test_a_refused_value_is_not_repeated_but_its_header_is_named(value):
    with pytest.raises(InvalidRequest, match="authorization") as refusal:
        encode_head("GET", "/", "h", [(b"accept", b"*/*"), (b"authorization", value)], 0)
    assert "Bearer" not in str(refusal.value)


@pytest.mark.parametrize("name", [b"", b"x y", b"x:", b"x\r\n", "x-ü".encode()])
def test_a_name_that_is_no_token_is_refused(name):
    with pytest.raises(InvalidRequest, match="name"):
        encode_head("GET", "/", "h", [(name, b"")], 0)


@pytest.mark.parametrize(
    "name", [b"Host", b"content-length", b"Transfer-Encoding", b"connection", b"accept-encoding", b"upgrade"]
)
def test_framing_is_not_the_callers_business(name):
    with pytest.raises(InvalidRequest, match="transport itself"):
        encode_head("GET", "/", "h", [(name, b"x")], 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "v1"), ("GET", "/a b"), ("GET", "/a\r\nx: y"), ("GET", "/ü"), ("get", "/"), ("GET /", "/")],
)
def test_a_method_or_path_that_is_not_well_formed_is_refused(method, path):
    with pytest.raises(InvalidRequest, match="method or path"):
        encode_head(method, path, "h", [], 0)
