"""Judging sampled hits, and switching off what is wrong too often."""

import pytest

from apps.accounts.models import AuditEvent, ConfigVersion
from apps.caching.domain.false_hits import FEWEST_SAMPLES
from apps.caching.models import CacheSample
from apps.caching.queries import false_hits_of
from apps.caching.tasks import judge_samples
from tests.factories.accounts import make_project
from tests.factories.caching import make_cache, make_sample
from tests.factories.serving import make_model, make_provider
from tests.helpers.mock_provider import answers, fails, mock_provider

pytestmark = pytest.mark.django_db
RINSE = "Rinse it under warm water and let it dry before you put it back."


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def provider():
    with mock_provider() as running:
        yield running


def judged(policy, kept, fresh):
    sample = make_sample(policy, same=None, kept=kept, fresh=fresh)
    judge_samples()
    sample.refresh_from_db()
    return sample.same, sample.method


@pytest.mark.parametrize(
    ("kept", "fresh", "same", "method"),
    [
        ('{"price": 5, "unit": "EUR"}', '{"unit":"eur", "price":5.0}', True, "json"),
        ('{"price": 5}', '{"price": 6}', False, "json"),
        ('{"price": 5}', "Five euros.", False, "json"),
        (RINSE, RINSE.replace(" and ", ", then "), True, "similarity"),
        (RINSE, "Ask Support.", False, "similarity"),
        (RINSE, "Rinse it with vinegar, wait an hour, and let it dry.", False, "similarity"),
    ],
)
def test_fields_decide_first_and_vectors_then(project, kept, fresh, same, method):
    assert judged(make_cache(project, semantic=True), kept, fresh) == (same, method)


@pytest.mark.parametrize(("said", "same"), [("SAME", True), ("DIFFERENT", False)])
def test_a_judge_decides_where_vectors_do_not(project, provider, said, same):
    provider.behave("judge", answers(said))
    make_model(make_provider(project, base_url=provider.url), name="judge")
    policy = make_cache(project, semantic=True, judge_model="judge")
    fresh = "Rinse it with warm water, wait an hour, and let it dry."
    assert judged(policy, RINSE, fresh) == (same, "judge")
    asked = provider.asked_for("judge")[0].body
    assert asked["temperature"] == 0
    assert RINSE in asked["messages"][1]["content"]
    assert fresh in asked["messages"][1]["content"]


@pytest.mark.parametrize(
    "behaviour", [answers("Well, it depends."), fails(400, {"error": {"message": "no"}})], ids=["undecided", "broken"]
)
def test_doubt_never_counts_in_favour(project, provider, behaviour):
    provider.behave("judge", behaviour)
    make_model(make_provider(project, base_url=provider.url), name="judge")
    policy = make_cache(project, semantic=True, judge_model="judge")
    assert judged(policy, RINSE, "Rinse it with vinegar, wait an hour, and let it dry.") == (False, "similarity")


def test_samples_wait_while_the_embedder_cannot_be_had(project, provider, caplog):
    provider.behave("small", fails(400, {"error": {"message": "no"}}))
    make_model(make_provider(project, base_url=provider.url), name="small")
    policy = make_cache(project, semantic=True, embedder="model:small")
    assert judged(policy, RINSE, RINSE) == (None, "")
    assert "wait: " in caplog.text


def test_samples_of_a_route_without_policy_are_forgotten(project):
    policy = make_cache(project, semantic=True)
    make_sample(policy, same=None)
    policy.delete()
    judge_samples()
    assert not CacheSample.objects.exists()


def test_a_route_above_its_budget_is_switched_off_told_and_published(project):
    policy = make_cache(project, semantic=True, false_hit_budget=0.02)
    for number in range(FEWEST_SAMPLES - 1):
        make_sample(policy, same=number >= 3)
    judged(policy, '{"a": 1}', '{"a": 1}')
    policy.refresh_from_db()
    assert policy.semantic is False
    assert policy.exact is True
    assert policy.semantic_off_reason == (
        "3 of 30 sampled hits were wrong (95 % interval 3.5% to 25.6%), above the budget of 2.0%."
    )
    event = AuditEvent.objects.get(action="cache.semantic_switched_off")
    assert (event.project, event.target, event.actor) == (project, "support", None)
    assert event.detail["false"] == 3
    assert ConfigVersion.objects.get(id=1).number == 2


@pytest.mark.parametrize(("false", "total"), [(2, FEWEST_SAMPLES), (10, FEWEST_SAMPLES - 1)])
def test_a_route_stays_on_without_evidence(project, false, total):
    policy = make_cache(project, semantic=True, false_hit_budget=0.02)
    for number in range(total - 1):
        make_sample(policy, same=number >= false)
    judged(policy, '{"a": 1}', '{"a": 1}')
    policy.refresh_from_db()
    assert policy.semantic is True


def test_routes_and_projects_are_judged_apart(project):
    bad, good = make_cache(project, "bad", semantic=True), make_cache(project, "good", semantic=True)
    namesake = make_cache(make_project(), "bad", semantic=True)
    for _ in range(FEWEST_SAMPLES):
        make_sample(bad, same=False)
    for policy in (bad, good, namesake):
        judged(policy, '{"a": 1}', '{"a": 1}')
        policy.refresh_from_db()
    assert [policy.semantic for policy in (bad, good, namesake)] == [False, True, True]


def test_samples_from_before_a_change_say_nothing_any_more(project):
    policy = make_cache(project, semantic=True)
    for _ in range(FEWEST_SAMPLES):
        make_sample(policy, same=False)
    changed = make_cache(project, semantic=True, threshold=0.97)
    make_sample(changed, same=True)
    assert false_hits_of(changed)[:2] == (0, 1)
