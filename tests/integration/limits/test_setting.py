"""Setting limits: audited, published, refused where they make no sense or belong to others."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, ConfigVersion
from apps.accounts.services import Actor
from apps.limits.domain.rules import Away, Metric, Window
from apps.limits.models import Limit
from apps.limits.services import change_limit, remove_limit, rules_by_key
from tests.factories.accounts import make_member, make_project, make_public_key, make_secret_key
from tests.factories.limits import DOLLAR, make_limit, rules_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def neighbour(project):
    """Another project of the same organisation."""
    return make_project(name="Quay", organisation=project.organisation)


def test_every_change_is_on_record_and_tells_the_gateways(project):
    number = ConfigVersion.objects.values_list("number", flat=True).first() or 0
    limit = make_limit(project, value=10)
    change_limit(actor=Actor(), project=project, limit=limit, value=20, hard=False)
    remove_limit(actor=Actor(), project=project, limit=limit)
    events = AuditEvent.objects.filter(action__startswith="limit.").order_by("at", "id")
    assert [event.action for event in events] == ["limit.created", "limit.changed", "limit.removed"]
    assert events[1].detail == {"value": [10, 20], "hard": [True, False]}
    assert ConfigVersion.objects.get().number == number + 3
    assert not Limit.objects.exists()


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("title", {"title": " "}),
        ("value", {"value": -1}),
        ("value", {"value": 9 * 10**15 + 1}),
        ("share", {"share": 1.5}),
        ("subject", {"subject": "planet"}),
        ("subject", {"subject": "organisation"}),
        ("end_user", {"end_user": "ada"}),
        ("name", {"name": "no name at all"}),
        ("name", {"name": "acme-large", "subject": "key", "metric": Metric.COST}),
        ("window", {"metric": Metric.COST, "window": Window.MINUTE}),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_its_field(project, field, fields):
    with pytest.raises(ValidationError) as refused:
        make_limit(project, **fields)
    assert list(refused.value.message_dict) == [field]


def test_a_key_of_another_project_cannot_be_limited_here(project, neighbour):
    with pytest.raises(ValidationError, match="no key of this project"):
        make_limit(project, subject="key", key=make_secret_key(neighbour).key)


def test_what_was_counted_cannot_be_changed_afterwards(project):
    with pytest.raises(ValueError, match="window"):
        change_limit(actor=Actor(), project=project, limit=make_limit(project), window="minute")


def test_only_admins_of_the_organisation_limit_all_of_its_projects(project):
    limit = make_limit(project, whole_organisation=True)
    engineer = Actor(user=make_member(project, Role.ENGINEER))
    local_admin = Actor(user=make_member(project, Role.ADMIN, this_project_only=True))
    key = Actor(key=make_secret_key(project).key)
    for actor in (engineer, local_admin, key):
        with pytest.raises(PermissionDenied):
            change_limit(actor=actor, project=project, limit=limit, value=1)
        with pytest.raises(PermissionDenied):
            remove_limit(actor=actor, project=project, limit=limit)
    change_limit(actor=Actor(user=make_member(project, Role.ADMIN)), project=project, limit=limit, value=1)
    assert Limit.objects.get().value == 1


def test_keys_get_the_limits_of_their_project_and_organisation_and_no_others(project, neighbour):
    stranger = make_project()
    ours, theirs, others = (make_secret_key(place).key for place in (project, neighbour, stranger))
    make_limit(project, title="project")
    make_limit(project, title="all", whole_organisation=True, subject="organisation")
    make_limit(stranger, title="stranger")
    found = {key: [rule.title for rule in rules_for(key)] for key in (ours, theirs, others)}
    assert found == {ours: ["project", "all"], theirs: ["all"], others: ["stranger"]}


def test_a_limit_of_one_key_concerns_that_key_alone(project):
    one, other = make_secret_key(project).key, make_secret_key(project).key
    make_limit(project, subject="key", key=one)
    (rule,) = rules_for(one)
    assert rule.key == str(one.id)
    assert rules_for(other) == ()


def test_each_key_counts_apart_and_the_project_together(project):
    keys = [make_secret_key(project).key for _ in range(2)]
    make_limit(project, subject="key", title="each")
    make_limit(project, title="together")
    (each_1, together_1), (each_2, together_2) = map(rules_for, keys)
    assert each_1.counter != each_2.counter
    rules = rules_by_key()
    assert rules[str(keys[0].id)][1] is rules[str(keys[1].id)][1]
    assert together_1 == together_2


def test_an_organisations_limit_counts_each_project_apart_or_all_together(project, neighbour):
    keys = [make_secret_key(place).key for place in (project, neighbour)]
    make_limit(project, subject="project", whole_organisation=True)
    make_limit(project, subject="organisation", whole_organisation=True)
    (apart_1, all_1), (apart_2, all_2) = map(rules_for, keys)
    assert apart_1.counter != apart_2.counter
    assert (apart_1.project, apart_2.project) == (str(project.id), str(neighbour.id))
    assert all_1.counter == all_2.counter
    assert all_1.project == ""


def test_a_rule_says_what_the_limit_says(project):
    key = make_secret_key(project).key
    make_limit(
        project,
        Metric.COST,
        5 * DOLLAR,
        subject="user",
        end_user="ada",
        window=Window.MONTH,
        hard=False,
        away=Away.OPEN,
        share=0.2,
        title="ada's",
    )
    (rule,) = rules_for(key)
    told = (
        rule.metric,
        rule.window,
        rule.value,
        rule.user,
        rule.each_user,
        rule.hard,
        rule.away,
        rule.share,
        rule.title,
    )
    assert told == (Metric.COST, Window.MONTH, 5 * DOLLAR, "ada", False, False, Away.OPEN, 0.2, "ada's")


def test_public_keys_call_no_models_and_have_no_limits(project):
    key = make_public_key(project, "https://shop.example").key
    make_limit(project)
    assert rules_for(key) == ()


def test_reading_all_rules_takes_two_queries(project, django_assert_num_queries):
    for _ in range(3):
        make_secret_key(project)
        make_limit(project)
    with django_assert_num_queries(2):
        rules_by_key()
