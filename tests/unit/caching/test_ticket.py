"""A request at the counter: what it may have, under which name, and why not."""

import pytest

from apps.caching.domain.assessing import EXPLANATIONS
from apps.caching.domain.policy import ProjectCaching, Scope
from apps.caching.domain.ticket import open_ticket
from tests.factories.caching import HELLO, make_asked, make_known, make_policy, say

TOOLS = [{"type": "function", "function": {"name": "refund"}}]


def ticket_for(asked, **policy):
    ticket = open_ticket(make_known(make_policy(**policy)), asked)
    assert ticket is not None
    return ticket


def reason(asked, **policy) -> str:
    ticket = ticket_for(asked, **policy)
    assert bool(ticket.key) is not bool(ticket.verdict.reason)
    return ticket.verdict.reason


def test_a_route_without_cache_has_no_ticket():
    assert open_ticket(None, make_asked()) is None
    assert open_ticket(make_known(make_policy()), make_asked(route="other")) is None
    assert open_ticket(make_known(make_policy(exact=False)), make_asked()) is None


def test_an_ordinary_question_reads_and_writes():
    ticket = ticket_for(make_asked())
    assert (ticket.reads, ticket.writes, ticket.verdict.reason) == (True, True, "")
    assert 0 < ticket.verdict.probability < 0.5


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"temperature": 0.7}, "sampling"),
        ({"n": 2}, "n"),
        ({"tools": TOOLS}, "tools"),
        ({"functions": [{"name": "refund"}]}, "tools"),
        ({"store": True}, "store"),
        ({"previous_response_id": "resp_1"}, "elsewhere"),
        ({"web_search_options": {"search_context_size": "low"}}, "elsewhere"),
        ({"modalities": ["text", "audio"]}, "audio"),
        ({"audio": {"voice": "ash"}}, "elsewhere"),
        ({"messages": say("What is the weather in Oslo?")}, "time"),
        ({"messages": say("Where is my order?")}, "personal"),
        ({"messages": say("did the money from the shop arrive yet, and how much did I spend")}, "volatile"),
    ],
)
def test_what_is_never_kept_is_bypassed_with_a_reason_that_is_explained(members, why):
    assert reason(make_asked(**members)) == why
    assert EXPLANATIONS[why].endswith(".")


@pytest.mark.parametrize("temperature", [0, 0.0, None])
def test_a_request_that_asks_for_no_variety_is_kept(temperature):
    assert reason(make_asked(temperature=temperature)) == ""


def test_a_policy_may_allow_sampling_and_tools():
    assert reason(make_asked(temperature=1.2), allow_sampling=True) == ""
    assert reason(make_asked(tools=TOOLS), allow_tools=True) == ""


def test_a_policy_may_be_less_afraid_of_the_classifier():
    asked = make_asked(say("did the money from the shop arrive yet, and how much did I spend"))
    assert reason(asked, volatile_above=1.0) == ""


def test_only_the_last_question_is_judged():
    before = {"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": "On its way."}
    assert reason(make_asked(say("How do I clean the filter?", *before))) == ""


def test_questions_in_parts_are_judged_too():
    parts = [{"type": "text", "text": "Where is my order?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    assert reason(make_asked([{"role": "user", "content": parts}])) == "personal"


def test_a_repeated_name_inside_of_a_message_is_unreadable():
    asked = make_asked()
    asked.members["messages"] = type(asked.members["messages"])(b'[{"role":"user","content":"a","content":"b"}]')
    assert reason(asked) == "unreadable"


@pytest.mark.parametrize(
    ("control", "reads", "writes"),
    [(b"no-store", False, False), (b"no-cache", False, True), (b"max-age=5", True, True)],
)
def test_the_caller_decides_with_cache_control(control, reads, writes):
    ticket = ticket_for(make_asked(control=control))
    assert (ticket.reads, ticket.writes) == (reads, writes)


def test_an_answer_may_be_too_old_for_the_caller_or_the_policy():
    asked = make_asked(control=b"max-age=5")
    ticket = ticket_for(asked, ttl_s=60)
    assert [ticket.accepts(age) for age in (0, 5, 5.1)] == [True, True, False]
    assert [ticket_for(make_asked(), ttl_s=60).accepts(age) for age in (59, 60)] == [True, False]
    assert not ticket_for(make_asked(control=b"max-age=0"), ttl_s=60).accepts(0.5)


def test_a_session_has_to_be_named_where_it_decides():
    assert reason(make_asked(), scope=Scope.SESSION) == "no-owner"
    assert reason(make_asked(session="s1"), scope=Scope.SESSION) == ""


def semantic(asked, **policy):
    return ticket_for(asked, semantic=True, **policy).semantic


def test_a_similar_question_has_to_agree_in_everything_but_its_text():
    one = semantic(make_asked(say("How do I clean the filter?")))
    other = semantic(make_asked(say("How do I clean the filters?")))
    assert one.partition == other.partition
    assert (one.text, one.scope) == ("How do I clean the filter?", "user:ada")


@pytest.mark.parametrize(
    "change",
    [
        {"user": "bob"},
        {"answers_as": "v4 acme-large"},
        {"max_tokens": 5},
        {"messages": say("How do I clean the filter?", {"role": "system", "content": "Be rude."})},
        {"messages": say("How do I clean the filter?", {"role": "user", "content": "Hi"})},
        {"messages": [{"role": "user", "name": "ada", "content": "How do I clean the filter?"}]},
        {"messages": say("Wie reinige ich den Filter, und was kostet das?")},
    ],
)
def test_whatever_else_differs_keeps_questions_apart(change):
    assert semantic(make_asked(**change)).partition != semantic(make_asked()).partition


def test_policies_keep_embedders_apart_and_may_name_the_language():
    assert semantic(make_asked()).partition != semantic(make_asked(), embedder="model:small").partition
    german = make_asked(say("Wie reinige ich den Filter, und was kostet das?"))
    assert semantic(german, language="en").partition == semantic(make_asked(), language="en").partition


@pytest.mark.parametrize(
    "asked",
    [
        make_asked(user=""),
        make_asked([*HELLO, {"role": "assistant", "content": "Well,"}]),
        make_asked(say("x " * 1_001)),
        make_asked(say(" \n")),
        make_asked(say("nul \0")),
        make_asked([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
        make_asked([]),
    ],
)
def test_what_is_no_plain_question_of_a_known_caller_has_no_similar_one(asked):
    assert semantic(asked) is None


def test_the_whole_project_may_share_similar_questions_without_names():
    assert semantic(make_asked(user=""), scope=Scope.PROJECT).scope == "project"


def test_knowing_nothing_of_a_project_is_the_same_as_no_cache():
    empty = make_known(make_policy())
    assert open_ticket(ProjectCaching({}, empty.rules, empty.classifier), make_asked()) is None
