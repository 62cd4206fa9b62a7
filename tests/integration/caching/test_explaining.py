"""Whether a request would be cached, and why."""

import pytest

from apps.caching.services import NotARequest, explain_request
from tests.factories.accounts import make_project
from tests.factories.caching import make_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy():
    return make_cache(make_project(), semantic=True)


def explained(policy, body, **caller):
    return explain_request(policy=policy, body=body, **({"user": "ada"} | caller))


def test_a_plain_sentence_is_a_request(policy):
    found = explained(policy, "How do I clean the filter?")
    assert (found.cached, found.reason, found.text) == (True, "", "How do I clean the filter?")
    assert len(found.fingerprint) == len(found.partition) == 64
    assert found.probability < 0.5
    assert found.contributions


def test_a_rule_that_matches_is_named_and_the_probability_still_told(policy):
    found = explained(policy, "Where is my order?")
    assert (found.cached, found.reason, found.fingerprint) == (False, "personal", "")
    assert "my order" in found.rule
    assert found.probability > 0.5


def test_a_whole_request_is_read_with_its_parameters(policy):
    found = explained(policy, '{"messages": [{"role": "user", "content": "Hi there"}], "temperature": 1}')
    assert (found.reason, found.sentence) == ("sampling", "It asks for a temperature above 0.")


def test_requests_that_mean_the_same_have_one_fingerprint(policy):
    one = explained(policy, '{"messages": [{"role": "user", "content": "Hi there"}], "stream": true, "n": 1}')
    assert one.fingerprint == explained(policy, "Hi there").fingerprint
    assert one.fingerprint != explained(policy, "Hi there", user="bob").fingerprint


@pytest.mark.parametrize(
    "body",
    ["{", "{}", '{"messages": [{"role": "user", "content": "a", "content": "b"}]}', '{"messages": ' + "[" * 5_000],
)
def test_what_is_no_request_is_told(policy, body):
    with pytest.raises(NotARequest):
        explained(policy, body)


def test_a_route_that_is_off_keeps_nothing():
    off = make_cache(make_project(), exact=False)
    found = explain_request(policy=off, body="How do I clean the filter?")
    assert (found.cached, found.reason) == (False, "off")
