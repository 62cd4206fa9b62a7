"""Rules that name requests whose answers are never kept."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.default_rules import DEFAULT_RULES
from apps.caching.domain.rules import Reason, RuleKind, first_match, make_rule, read_rules
from apps.caching.domain.safe_regex import MOST_CHARACTERS, UnsafePattern, compile_safely

DEFAULTS = read_rules(DEFAULT_RULES)


def keywords(text: str):
    return make_rule(RuleKind.KEYWORDS, text, Reason.TIME)


def test_keywords_are_found_as_whole_words_in_any_case():
    rule = keywords("today, right  now")
    assert rule.finds("What is on TODAY?")
    assert rule.finds("Right now!")
    assert rule.finds("right \n now")
    assert not rule.finds("What is a todaymark, and an upright nowhere?")


def test_what_keywords_hold_is_never_a_pattern():
    assert keywords("a.c, (x").finds("say a.c")
    assert not keywords("a.c").finds("say abc")


@pytest.mark.parametrize("text", ["", " , ,", "x" * 3_001])
def test_keywords_have_to_be_some(text):
    with pytest.raises(UnsafePattern):
        keywords(text)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(", "no regular expression"),
        ("a*", "Say how often at most"),
        ("(a+)+b", "Say how often at most"),
        ("(a{0,20}){0,20}b", "keep this busy"),
        ("a{1,40}b{1,40}c{1,40}", "keep this busy"),
        ("a{0,99999}", "keep this busy"),
        (r"(a)\1", "Only characters"),
        ("(?=a)b", "Only characters"),
        ("x" * (MOST_CHARACTERS + 1), "At most"),
        ("", "matches every text"),
        ("a{0,3}", "matches every text"),
        ("a|", "matches every text"),
    ],
)
def test_patterns_that_could_stop_the_gateway_are_refused_with_a_reason(pattern, complaint):
    with pytest.raises(UnsafePattern, match=complaint):
        compile_safely(pattern)


@pytest.mark.parametrize("pattern", [r"order[ -]?\d{4,12}\b", "cat|dog|bird", r"^(?:what|who) is", "[a-z]{1,40}@x"])
def test_ordinary_patterns_are_taken(pattern):
    assert compile_safely(pattern).flags


@given(st.text("ab()|?{}0129,.[]^$+*\\dw", max_size=25), st.text("ab01 ", min_size=1, max_size=3))
def test_whatever_is_taken_is_quick_on_every_text(pattern, piece):
    try:
        compiled = compile_safely(pattern)
    except UnsafePattern:
        return
    started = time.process_time()
    compiled.search(piece * 700 + "!")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("What is the weather in Oslo?", Reason.TIME),
        ("what's the latest on this", Reason.TIME),
        ("What is an electric current?", None),
        ("what is the current price?", Reason.TIME),
        ("Where is my order?", Reason.PERSONAL),
        ("Where is order #12345?", Reason.PERSONAL),
        ("Write to ada@example.com", Reason.PERSONAL),
        ("How do I order a coffee?", None),
        ("What does an account manager do?", None),
    ],
)
def test_the_default_rules_name_what_is_personal_or_soon_out_of_date(text, reason):
    rule = first_match(DEFAULTS, text)
    assert (rule and rule.reason) == reason


def test_rules_keep_what_people_wrote():
    assert [rule.text for rule in DEFAULTS] == [rule["text"] for rule in DEFAULT_RULES]
