"""Names of kept answers: nobody gets those of somebody else."""

import unicodedata
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.caching.domain.canonical import canonicalise
from apps.caching.domain.fingerprint import Owner, fingerprint, owner_of
from apps.caching.domain.policy import Scope
from tests.factories.caching import HELLO, PROJECT, members_of

turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text("ab é\u0301", max_size=4)}
)
conversations = st.lists(turns, max_size=3)
OTHER = "0197a0b4-0000-7000-8000-000000000002"
names = st.text(max_size=12)
callers = st.fixed_dictionaries(
    {"project_id": st.sampled_from([PROJECT, OTHER]), "user": names, "session": names, "key_id": st.text(min_size=1)}
)
BODY = {
    "messages": [{"role": "system", "content": "Be kind."}, *HELLO],
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
    "tool_choice": "auto",
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 100,
    "seed": 7,
    "stop": ["END"],
    "response_format": {"type": "json_object"},
    "reasoning_effort": "low",
    "logit_bias": {"50256": -100},
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "logprobs": True,
    "top_logprobs": 2,
    "parallel_tool_calls": False,
    "acme_option": {"deep": [1, 2]},
}


def key(body, *, scope=Scope.PROJECT, route="support", answers_as="v1", **caller) -> bytes:
    known = {"project_id": PROJECT, "user": "ada", "session": "s1", "key_id": "k1"} | caller
    owner = owner_of(scope, **known)
    assert owner is not None
    return fingerprint(canonicalise(members_of(body)), owner=owner, route=route, answers_as=answers_as)


def other_than(value):
    """A value of the same kind that differs in one place."""
    if isinstance(value, dict):
        first = next(iter(value))
        return value | {first: other_than(value[first])}
    if isinstance(value, list):
        return [*value[:-1], other_than(value[-1])]
    return f"{value}x" if isinstance(value, str) else not value if isinstance(value, bool) else value + 1


@given(callers, callers, st.sampled_from(Scope))
def test_two_projects_never_share_a_name(one, other, scope):
    assume(one["project_id"] != other["project_id"])
    owners = [owner_of(scope, **caller) for caller in (one, other)]
    assume(None not in owners)
    assert key(BODY, scope=scope, **one) != key(BODY, scope=scope, **other)


@given(callers, callers)
def test_two_users_never_share_a_name_in_the_scope_of_a_user(one, other):
    assume(one["user"] != other["user"])
    assert key(BODY, scope=Scope.USER, **one) != key(BODY, scope=Scope.USER, **other)


@given(callers, callers)
def test_callers_without_a_user_never_share_beyond_their_key(one, other):
    assume(one["key_id"] != other["key_id"])
    anonymous = {"user": ""}
    assert key(BODY, scope=Scope.USER, **one | anonymous) != key(BODY, scope=Scope.USER, **other | anonymous)


@given(callers, callers)
def test_two_sessions_never_share_a_name_nor_do_two_users_whose_sessions_are_called_alike(one, other):
    assume(one["session"] and other["session"])
    assume((one["session"], one["user"]) != (other["session"], other["user"]))
    assert key(BODY, scope=Scope.SESSION, **one) != key(BODY, scope=Scope.SESSION, **other)


@given(names, names, names, names)
def test_no_way_to_cut_names_makes_one_owner_look_like_another(user, session, other_user, other_session):
    assume((user, session) != (other_user, other_session))
    owners = [Owner(PROJECT, "session", session, user), Owner(PROJECT, "session", other_session, other_user)]
    assert fingerprint({}, owner=owners[0], route="r", answers_as="v") != fingerprint(
        {}, owner=owners[1], route="r", answers_as="v"
    )


def test_a_user_called_like_a_key_is_not_that_key():
    assert key(BODY, scope=Scope.USER, user="k1") != key(BODY, scope=Scope.USER, user="", key_id="k1")


def test_users_of_one_project_share_what_is_the_projects():
    assert key(BODY, user="ada", key_id="k1") == key(BODY, user="bob", key_id="k2", session="other")


def test_there_is_no_owner_without_a_session_where_it_decides():
    assert owner_of(Scope.SESSION, project_id=PROJECT, user="ada", session="", key_id="k1") is None


@pytest.mark.parametrize("name", sorted(BODY))
def test_leaving_out_any_member_makes_another_name(name):
    assert key({other: value for other, value in BODY.items() if other != name}) != key(BODY)


@pytest.mark.parametrize("name", sorted(BODY))
def test_changing_any_member_makes_another_name(name):
    assert key(BODY | {name: other_than(BODY[name])}) != key(BODY)


@given(conversations, conversations)
def test_conversations_share_a_name_only_if_they_look_the_same(one, other):
    def looks(turns):
        return [(turn["role"], unicodedata.normalize("NFC", turn["content"])) for turn in turns]

    assert (key({"messages": one}) == key({"messages": other})) == (looks(one) == looks(other))


def test_streams_and_labels_make_no_difference():
    labelled = BODY | {"stream": True, "stream_options": {"include_usage": True}, "user": "x", "metadata": {"a": "b"}}
    assert key(labelled) == key(BODY)


def test_route_version_and_scope_are_part_of_the_name():
    found = [
        key(BODY),
        key(BODY, route="other"),
        key(BODY, answers_as="v2"),
        key(BODY, scope=Scope.USER),
        key(BODY, scope=Scope.SESSION),
    ]
    assert all(one != other for one, other in combinations(found, 2))
    assert {len(each) for each in found} == {32}
