"""Setting what caches may do, and what gateways get of it."""

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent, ConfigVersion
from apps.accounts.services import Actor
from apps.caching.domain.policy import Eviction, Scope
from apps.caching.models import CacheFilter, CachePolicy
from apps.caching.queries import policies_by_project, policies_of
from apps.caching.services import remove_cache_policy, set_threshold
from llmkit import clock
from tests.factories.accounts import make_project
from tests.factories.caching import make_cache
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


def number() -> int:
    return ConfigVersion.objects.filter(id=1).values_list("number", flat=True).first() or 0


def last_event() -> AuditEvent:
    return AuditEvent.objects.order_by("-at", "-id")[0]


def test_a_policy_reaches_the_gateway_as_it_was_set(project):
    before = number()
    make_cache(project, ttl_s=60, scope="session", eviction="lfu", semantic=True, threshold=0.9, language="de")
    assert number() == before + 1
    policy = policies_by_project()[project.id].policies["support"]
    assert (policy.project_id, policy.route, policy.ttl_s) == (str(project.id), "support", 60)
    assert (policy.scope, policy.eviction) == (Scope.SESSION, Eviction.LFU)
    assert (policy.semantic, policy.threshold, policy.language, policy.sample_share) == (True, 0.9, "de", 0.05)


def test_the_gateway_gets_everything_in_one_query(project, django_assert_num_queries):
    other = make_project()
    for owner in (project, other):
        for route in ("a", "b"):
            make_cache(owner, route)
    make_project()
    with django_assert_num_queries(1):
        found = policies_by_project()
    assert {id_: sorted(each.policies) for id_, each in found.items()} == {
        project.id: ["a", "b"],
        other.id: ["a", "b"],
    }
    assert found[project.id].rules
    assert found[project.id].classifier.probability("Where is my parcel?") > 0.5


def test_a_route_with_both_caches_off_is_left_out(project):
    make_cache(project, exact=False)
    assert policies_by_project() == {}


def test_a_new_policy_is_the_careful_one(project):
    policy = make_cache(project)
    assert (policy.scope, policy.exact, policy.semantic) == ("user", True, False)
    assert (policy.allow_sampling, policy.allow_tools, policy.allow_truncated) == (False, False, False)


def test_changes_are_on_record_with_what_they_changed(project):
    make_cache(project)
    assert last_event().action == "cache.policy_made"
    make_cache(project, ttl_s=60)
    assert (last_event().action, last_event().target) == ("cache.policy_changed", "support")
    assert last_event().detail == {"ttl_s": [3600, 60]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ttl_s", 0),
        ("ttl_s", 31 * 24 * 3600),
        ("budget_bytes", 10),
        ("scope", "world"),
        ("eviction", "random"),
        ("threshold", 1.5),
        ("sample_share", -0.1),
        ("false_hit_budget", 2.0),
        ("volatile_above", 1.1),
        ("embedder", "word2vec"),
        ("embedder", "model:unknown"),
        ("judge_model", "unknown"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(project, field, value):
    with pytest.raises(ValidationError) as refused:
        make_cache(project, **{field: value})
    assert list(refused.value.message_dict) == [field]
    assert not CachePolicy.objects.exists()


def test_a_route_has_to_have_a_name(project):
    with pytest.raises(ValidationError) as refused:
        make_cache(project, "two words")
    assert list(refused.value.message_dict) == ["route"]


def test_models_of_the_catalogue_may_embed_and_judge(project):
    make_model(make_provider(project), name="small")
    policy = make_cache(project, embedder="model:small", judge_model="small")
    assert (policy.embedder, policy.judge_model) == ("model:small", "small")


def test_another_setting_of_similarity_makes_samples_start_anew(project):
    policy = make_cache(project, semantic=True)
    assert make_cache(project, semantic=True, allow_tools=True).samples_from == policy.samples_from
    assert make_cache(project, semantic=True, threshold=0.95).samples_from > policy.samples_from


def test_switching_on_again_forgets_why_it_was_switched_off(project):
    policy = make_cache(project, semantic=True)
    policy.switch_semantic_off(reason="Wrong.", at=clock.now())
    assert policies_by_project()[project.id].policies["support"].semantic is False
    again = make_cache(project, semantic=True)
    assert (again.semantic_off_at, again.semantic_off_reason) == (None, "")


def test_switched_off_it_stays_off_while_other_things_change(project):
    make_cache(project, semantic=True).switch_semantic_off(reason="Wrong.", at=clock.now())
    again = make_cache(project, semantic=False, ttl_s=60)
    assert again.semantic_off_reason == "Wrong."


def test_a_threshold_can_be_set_alone(project):
    policy = make_cache(project, semantic=True, ttl_s=77)
    set_threshold(actor=Actor(), policy=policy, threshold=0.93)
    policy.refresh_from_db()
    assert (policy.threshold, policy.ttl_s, policy.semantic) == (0.93, 77, True)


def test_a_removed_policy_is_gone_for_the_gateway_and_on_record(project):
    policy, before = make_cache(project), number()
    remove_cache_policy(actor=Actor(), policy=policy)
    assert policies_by_project() == {}
    assert (number(), last_event().action) == (before + 1, "cache.policy_removed")


def test_a_project_sees_its_own_policies_only(project):
    make_cache(project, "mine")
    make_cache(make_project(), "theirs")
    assert [policy.route for policy in policies_of(project)] == ["mine"]


def test_projects_share_no_filter(project):
    other = make_project()
    make_cache(project)
    make_cache(other)
    assert CacheFilter.objects.count() == 2
