"""The caches pages."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.caching.models import CacheCorrection, CacheFilter, CacheHour, CachePolicy, SemanticEntry
from llmkit import clock
from tests.factories.accounts import make_member, make_project
from tests.factories.caching import make_cache, make_entry, make_sample, this_hour
from tests.factories.datasets import make_dataset, make_row, make_version_of
from tests.factories.serving import make_model, make_provider
from tests.factories.tracing import make_trace

HOSTILE = '<script>alert("x")</script>'
SETTINGS = {
    "exact": "on",
    "ttl_s": "600",
    "scope": "project",
    "eviction": "lfu",
    "budget_bytes": "2.5",
    "volatile_above": "0.6",
    "threshold": "0.9",
    "embedder": "hash384-1",
    "language": "",
    "sample_share": "7.5",
    "false_hit_budget": "1",
    "judge_model": "",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


@pytest.fixture
def viewer(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    return client


def page(client, name, project, /, *more, **query):
    return client.get(reverse(f"caching:{name}", args=[project.slug, *more]), query)


def submit(client, name, project, /, *more, **fields):
    return client.post(reverse(f"caching:{name}", args=[project.slug, *more]), fields)


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_project_without_cache_says_what_one_is_for(engineer, project):
    assert "A cache gives the same answer" in text_of(page(engineer, "caches", project))
    engineer.force_login(make_member(project, Role.VIEWER))
    assert "An engineer of this project can switch one on" in text_of(page(engineer, "caches", project))


def test_the_overview_shows_each_route_with_its_figures(viewer, project):
    policy = make_cache(project, semantic=True)
    make_cache(project, "quiet")
    make_cache(make_project(), "theirs")
    make_entry(policy, "q", size=3 * 1024 * 1024)
    figures = {"exact_hits": 60, "semantic_hits": 15, "misses": 25, "evicted": 3, "saved_nano": 12_340_000}
    CacheHour.objects.create(project=project, route="support", hour=this_hour(), **figures)
    CacheHour.objects.create(project=project, route="support", hour=this_hour() - timedelta(days=20), misses=900)
    shown = text_of(page(viewer, "caches", project))
    assert "75%" in shown
    assert "$0.0123" in shown
    assert "3.0" in shown
    assert "quiet" in shown
    assert "theirs" not in shown
    assert "New cache" not in shown
    assert "7.5%" in text_of(page(viewer, "caches", project, range="30d"))


def test_a_cache_is_switched_on_by_a_form(engineer, project):
    answer = submit(engineer, "new", project, route="support", **SETTINGS, semantic="on")
    policy = CachePolicy.objects.get()
    assert answer.url == reverse("caching:cache", args=[project.slug, policy.id])
    assert (policy.route, policy.scope, policy.eviction, policy.ttl_s) == ("support", "project", "lfu", 600)
    assert policy.budget_bytes == 2.5 * 1024 * 1024
    assert (policy.sample_share, policy.false_hit_budget) == (0.075, 0.01)
    assert (policy.exact, policy.semantic, policy.allow_tools) == (True, True, False)


def test_a_route_has_one_cache(engineer, project):
    make_cache(project)
    answer = submit(engineer, "new", project, route="support", **SETTINGS)
    assert (answer.status_code, CachePolicy.objects.count()) == (422, 1)
    assert "This route has a cache already" in text_of(answer)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("route", "two words", "Letters, digits"),
        ("ttl_s", "0", "greater than or equal to 1"),
        ("ttl_s", "99999999", "Between a second and 30 days"),
        ("budget_bytes", "x", "Enter a number"),
        ("threshold", "2", "less than or equal to 1"),
        ("sample_share", "101", "less than or equal to 100"),
        ("embedder", "word2vec", "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(engineer, project, field, value, complaint):
    answer = submit(engineer, "new", project, **{"route": "support", **SETTINGS, field: value})
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert not CachePolicy.objects.exists()


def test_the_form_of_a_cache_shows_what_holds_and_changes_it(engineer, project):
    make_model(make_provider(project), name="small")
    policy = make_cache(project, sample_share=0.125, budget_bytes=8 * 1024 * 1024)
    shown = text_of(page(engineer, "edit", project, policy.id))
    assert 'name="sample_share" value="12.5"' in shown
    assert 'name="budget_bytes" value="8.0"' in shown
    submit(engineer, "edit", project, policy.id, **SETTINGS | {"embedder": "model:small", "judge_model": "small"})
    policy.refresh_from_db()
    assert (policy.embedder, policy.judge_model, policy.ttl_s) == ("model:small", "small", 600)


def test_a_cache_shows_figures_size_and_policy(viewer, project):
    policy = make_cache(project, semantic=True)
    CacheHour.objects.create(project=project, route="support", hour=this_hour(), exact_hits=3, misses=1)
    for name in ("24h", "7d", "30d", "strange"):
        shown = text_of(page(viewer, "cache", project, policy.id, range=name))
        assert "75%" in shown
    assert "Lookups" in shown
    assert "No hit was checked yet" in shown
    assert "Purge" not in shown


def test_a_cache_that_switched_itself_off_says_why(viewer, project):
    policy = make_cache(project, semantic=True)
    policy.switch_semantic_off(reason="4 of 30 were wrong.", at=clock.now())
    shown = text_of(page(viewer, "cache", project, policy.id))
    assert "The semantic cache switched itself off" in shown
    assert "4 of 30 were wrong." in shown
    assert "semantic switched itself off" in text_of(page(viewer, "caches", project))


def test_false_hits_are_shown_with_their_interval_and_standing(viewer, project):
    policy = make_cache(project, semantic=True)
    for number in range(30):
        make_sample(policy, same=number >= 3)
    shown = text_of(page(viewer, "cache", project, policy.id))
    assert "3 of 30 checked hits" in shown
    assert "10% (95 % interval 3.5% to 26%)" in shown
    assert "above the budget" in shown


def test_purging_forgets_what_is_kept(engineer, project):
    policy = make_cache(project, semantic=True)
    make_entry(policy, "q")
    answer = engineer.post(reverse("caching:purge", args=[project.slug, policy.id]), follow=True)
    assert "1 answers of support are forgotten." in text_of(answer)
    assert not SemanticEntry.objects.exists()


def test_without_valkey_the_pages_say_so(engineer, project, settings):
    policy = make_cache(project)
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    assert "can’t be asked right now" in text_of(page(engineer, "cache", project, policy.id))
    answer = engineer.post(reverse("caching:purge", args=[project.slug, policy.id]), follow=True)
    assert "nothing was purged" in text_of(answer)


def test_removing_a_cache_leads_back_to_the_others(engineer, project):
    policy = make_cache(project)
    assert submit(engineer, "remove", project, policy.id).url == reverse("caching:caches", args=[project.slug])
    assert not CachePolicy.objects.exists()


def test_the_box_says_whether_a_request_would_be_cached(viewer, project):
    policy = make_cache(project)
    cached = text_of(submit(viewer, "check", project, policy.id, body="How do I clean the filter?", user="ada"))
    assert "cached</span> The answer may be kept." in cached
    assert "Fingerprint" in cached
    assert "It is volatile" not in cached  # a viewer corrects nothing
    refused = text_of(submit(viewer, "check", project, policy.id, body="Where is my order?"))
    assert "not cached" in refused
    assert "It is about the person who asks." in refused
    assert "my order" in refused


def test_the_box_refuses_what_is_no_request(viewer, project):
    policy = make_cache(project)
    answer = submit(viewer, "check", project, policy.id, body="{")
    assert answer.status_code == 422
    assert "This is not valid JSON" in text_of(answer)


def test_what_people_write_stays_text(engineer, project):
    policy = make_cache(project, semantic=True)
    answer = submit(engineer, "check", project, policy.id, body=HOSTILE, user=HOSTILE)
    assert HOSTILE not in answer.content.decode()
    submit(engineer, "add_correction", project, text=HOSTILE, volatile="1")
    assert HOSTILE not in page(engineer, "corrections", project).content.decode()
    make_sample(policy, same=False, question=HOSTILE, known=HOSTILE, kept=HOSTILE, fresh=HOSTILE)
    for query in ({}, {"source": "samples"}):
        assert HOSTILE not in page(engineer, "calibration", project, policy.id, **query).content.decode()


def test_a_correction_from_the_box_is_learned_and_can_be_withdrawn(engineer, project):
    submit(engineer, "add_correction", project, text="Which pilot is on duty?", volatile="1")
    shown = text_of(page(engineer, "corrections", project))
    assert "Which pilot is on duty?" in shown
    correction = CacheCorrection.objects.get()
    assert correction.author is not None
    submit(engineer, "remove_correction", project, correction.id)
    assert "Nobody has corrected" in text_of(page(engineer, "corrections", project))


def test_an_empty_correction_is_refused_in_words(engineer, project):
    answer = engineer.post(reverse("caching:add_correction", args=[project.slug]), {"text": " "}, follow=True)
    assert "Enter between 1 and 2,000 characters." in text_of(answer)


def test_corrections_of_others_cannot_be_withdrawn(engineer, project):
    other = make_project()
    theirs = CacheCorrection.objects.create(project=other, text="x", volatile=True)
    assert submit(engineer, "remove_correction", project, theirs.id).status_code == 404
    assert CacheCorrection.objects.count() == 1


def test_a_viewer_sees_rules_and_what_the_classifier_goes_by(viewer, project):
    shown = text_of(page(viewer, "corrections", project))
    assert "exchange rate" in shown
    assert "Speaks for volatile" in shown
    assert "Change the rules" not in shown


def formset(*rules):
    fields = {"form-TOTAL_FORMS": str(len(rules)), "form-INITIAL_FORMS": "0"}
    for number, rule in enumerate(rules):
        for name, value in zip(("kind", "reason", "text"), rule, strict=True):
            fields[f"form-{number}-{name}"] = value
    return fields


def test_rules_are_changed_added_and_removed_in_one_form(engineer, project):
    shown = page(engineer, "rules", project).content.decode()
    assert "exchange rate" in shown
    rules = [("keywords", "time", "harbor pilot"), ("regex", "personal", ""), ("regex", "personal", r"pin \d{4}")]
    answer = submit(engineer, "rules", project, **formset(*rules))
    assert answer.status_code == 302
    assert CacheFilter.objects.get().rules == [
        {"kind": "keywords", "text": "harbor pilot", "reason": "time"},
        {"kind": "regex", "text": r"pin \d{4}", "reason": "personal"},
    ]


def test_a_pattern_that_could_stop_the_gateway_is_refused_and_nothing_changes(engineer, project):
    before = page(engineer, "rules", project) and CacheFilter.objects.get().rules
    answer = submit(engineer, "rules", project, **formset(("keywords", "time", "fine"), ("regex", "time", "(a+)+b")))
    assert answer.status_code == 422
    assert "Rule 2: Say how often at most" in text_of(answer)
    assert "(a+)+b" in answer.content.decode()
    assert CacheFilter.objects.get().rules == before


def test_a_calibration_draws_the_traces_and_offers_a_threshold(engineer, project):
    policy = make_cache(project, semantic=True, threshold=0.75)
    start = clock.now() - timedelta(hours=1)
    asked = [("How do I clean the filter?", "Rinse it."), ("How do I clean the filters", "Rinse it.")]
    for number, (question, answer) in enumerate(asked):
        make_trace(project, question=question, answer=answer, start=start + timedelta(minutes=number))
    shown = text_of(page(engineer, "calibration", project, policy.id))
    assert "Of 2 questions, 1 would be hits from 0.70 on" in shown
    assert "Use 0.70" in shown
    submit(engineer, "use_threshold", project, policy.id, threshold="0.70")
    policy.refresh_from_db()
    assert policy.threshold == 0.7


def test_a_calibration_takes_datasets_and_checked_hits(viewer, project):
    policy = make_cache(project, semantic=True, threshold=0.75)
    rows = [make_row("How do I clean the filter?", "Rinse it."), make_row("how do i clean the filters", "Burn it.")]
    version = make_version_of(make_dataset(project), *rows)
    shown = text_of(page(viewer, "calibration", project, policy.id, source="dataset", version=version.id))
    assert "Would be wrong at the threshold in force" in shown
    assert "no threshold has hits that keep to the budget" in shown
    make_sample(policy, same=False)
    shown = text_of(page(viewer, "calibration", project, policy.id, source="samples"))
    assert "false hit" in shown


def test_datasets_of_other_projects_are_not_there(viewer, project):
    policy = make_cache(project, semantic=True)
    version = make_version_of(make_dataset(make_project()))
    shown = text_of(page(viewer, "calibration", project, policy.id, source="dataset", version=version.id))
    assert "Select a valid choice" in shown


def test_without_traces_a_calibration_says_what_is_missing(viewer, project):
    policy = make_cache(project, semantic=True)
    assert "Nothing to calibrate with yet" in text_of(page(viewer, "calibration", project, policy.id))


@pytest.mark.parametrize("threshold", ["", "x", "2", "nan"])
def test_a_threshold_that_is_none_changes_nothing(engineer, project, threshold):
    policy = make_cache(project, semantic=True)
    submit(engineer, "use_threshold", project, policy.id, threshold=threshold)
    policy.refresh_from_db()
    assert policy.threshold == 0.88


def test_a_page_takes_few_queries_however_many_routes_there_are(viewer, project, django_assert_max_num_queries):
    for number in range(20):
        make_cache(project, f"route-{number}")
    with django_assert_max_num_queries(12):
        page(viewer, "caches", project)
