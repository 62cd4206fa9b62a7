"""Targets: what makes two of them the same, and how they are named."""

import pytest

from apps.serving.transport import ForbiddenAddress, Target, TransportError, UpstreamTimeout
from llmkit import net


def test_the_same_address_with_another_permission_is_another_target():
    strict = Target.from_url("https://api.example.com/v1")
    assert strict == Target("https", "api.example.com", 443, False)
    assert strict != Target.from_url("https://api.example.com/v1", allow_private=True)
    assert len({strict, Target.from_url("https://api.example.com/other")}) == 1


def test_a_private_url_needs_the_permission():
    with pytest.raises(net.ForbiddenAddress):
        Target.from_url("http://10.0.0.1")
    assert Target.from_url("http://10.0.0.1", allow_private=True).authority == "10.0.0.1"


@pytest.mark.parametrize(
    ("target", "authority", "label"),
    [
        (Target("http", "x.example.com", 80), "x.example.com", "x.example.com"),
        (Target("https", "x.example.com", 80), "x.example.com:80", "x.example.com:80"),
        (Target("https", "2606:4700::1111", 443), "[2606:4700::1111]", "[2606:4700::1111]"),
        (Target.unix("/run/flywheel/engine.sock"), "localhost", "engine.sock"),
    ],
)
def test_a_target_says_its_name_in_the_host_header_and_in_errors(target, authority, label):
    assert (target.authority, target.label) == (authority, label)


def test_one_except_clause_catches_them_all():
    assert issubclass(ForbiddenAddress, TransportError)
    assert issubclass(ForbiddenAddress, net.ForbiddenAddress)
    assert str(UpstreamTimeout("first_byte", "x")) == "x did not answer in time (first byte timeout)."
