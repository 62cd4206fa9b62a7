"""Changing what a project never caches."""

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent, ConfigVersion
from apps.accounts.services import Actor
from apps.caching.domain.default_rules import DEFAULT_RULES
from apps.caching.domain.rules import MOST_RULES, first_match
from apps.caching.engine.filters import ensure_filter
from apps.caching.models import CacheCorrection
from apps.caching.queries import corrections_of, policies_by_project
from apps.caching.services import correct, set_rules, withdraw_correction
from tests.factories.accounts import make_member, make_project
from tests.factories.caching import make_cache

pytestmark = pytest.mark.django_db
TEXT = "Which harbor pilot is on duty?"
RULE = {"kind": "keywords", "text": "harbor pilot", "reason": "time"}


@pytest.fixture
def project():
    project = make_project()
    make_cache(project)
    return project


def known(project):
    return policies_by_project()[project.id]


def number() -> int:
    return ConfigVersion.objects.get(id=1).number


def test_a_project_begins_with_the_default_rules(project):
    assert ensure_filter(project).rules == [dict(rule) for rule in DEFAULT_RULES]


def test_rules_take_effect_for_the_gateway_and_are_on_record(project):
    before = number()
    set_rules(actor=Actor(), project=project, rules=[RULE])
    assert number() == before + 1
    assert first_match(known(project).rules, TEXT).text == "harbor pilot"
    assert first_match(known(project).rules, "What is the weather?") is None
    event = AuditEvent.objects.get(action="cache.rules_changed")
    assert event.detail["added"] == [RULE]
    assert len(event.detail["removed"]) == len(DEFAULT_RULES)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"kind": "regex", "text": "a+", "reason": "time"}, "Rule 2: Say how often at most"),
        ({"kind": "regex", "text": "(", "reason": "time"}, "Rule 2: This is no regular expression"),
        ({"kind": "keywords", "text": " , ", "reason": "time"}, "Rule 2: Enter at least one word"),
        ({"kind": "magic", "text": "a", "reason": "time"}, "Rule 2: there is no such kind"),
        ({"kind": "keywords", "text": "a", "reason": "whim"}, "Rule 2: there is no such kind or reason"),
        ({}, "Rule 2: there is no such kind"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_its_place(project, rule, complaint):
    with pytest.raises(ValidationError) as refused:
        set_rules(actor=Actor(), project=project, rules=[RULE, rule])
    assert complaint in refused.value.message_dict["rules"][0]
    assert len(ensure_filter(project).rules) == len(DEFAULT_RULES)


def test_rules_are_not_without_number(project):
    with pytest.raises(ValidationError, match="At most 200 rules"):
        set_rules(actor=Actor(), project=project, rules=[RULE] * (MOST_RULES + 1))


@pytest.mark.parametrize("volatile", [True, False])
def test_a_correction_is_learned_at_once(project, volatile):
    before = number()
    author = make_member(project)
    text = TEXT if volatile else "Is my ship seaworthy?"
    correct(actor=Actor(user=author), project=project, text=text, volatile=volatile)
    assert (known(project).classifier.probability(text) > 0.5) is volatile
    assert number() == before + 1
    stored = corrections_of(project).get()
    assert (stored.text, stored.volatile, stored.author) == (text, volatile, author)
    assert AuditEvent.objects.get(action="cache.corrected").detail == {"text": text, "volatile": volatile}


def test_the_newer_word_counts(project):
    for volatile in (True, False):
        correct(actor=Actor(), project=project, text=TEXT, volatile=volatile)
    assert corrections_of(project).get().volatile is False
    assert known(project).classifier.probability(TEXT) < 0.5


def test_a_withdrawn_correction_is_unlearned(project):
    before = known(project).classifier
    correction = correct(actor=Actor(), project=project, text=TEXT, volatile=True)
    assert known(project).classifier != before
    withdraw_correction(actor=Actor(), correction=correction)
    assert known(project).classifier == before
    assert not CacheCorrection.objects.exists()


def test_other_projects_learn_nothing_of_it(project):
    other = make_project()
    make_cache(other)
    before = known(other).classifier
    correct(actor=Actor(), project=project, text=TEXT, volatile=True)
    assert known(other).classifier == before


@pytest.mark.parametrize("text", ["", "  \n", "\0", "x" * 2_001])
def test_a_correction_needs_a_text_of_some_length(project, text):
    with pytest.raises(ValidationError) as refused:
        correct(actor=Actor(), project=project, text=text, volatile=True)
    assert list(refused.value.message_dict) == ["text"]
