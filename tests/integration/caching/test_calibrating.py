"""What each threshold would do with a route's own questions."""

from datetime import timedelta

import pytest

from apps.caching.services import CannotCalibrate, Source, calibrate
from llmkit import clock
from tests.factories.accounts import make_project
from tests.factories.caching import make_cache, make_sample
from tests.factories.datasets import make_dataset, make_row, make_version_of
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db
ASKED = [
    ("How do I clean the filter?", "Rinse it under warm water."),
    ("How do I clean the filters", "Rinse it under warm water."),
    ("how can i clean the filter please", "Throw it away and buy another one."),
    ("How do I empty the tank?", "Turn the valve."),
]


@pytest.fixture
def policy():
    return make_cache(make_project(), semantic=True, threshold=0.75, false_hit_budget=0.02)


def at(calibration, threshold):
    return next(point for point in calibration.points if point.threshold == threshold)


def trace_all(project):
    start = clock.now() - timedelta(hours=1)
    for number, (question, answer) in enumerate(ASKED):
        make_trace(project, question=question, answer=answer, start=start + timedelta(minutes=number))


def test_the_projects_own_traces_show_hits_and_false_hits(policy):
    trace_all(policy.project)
    trace_all(make_project())
    found = calibrate(policy=policy, source=Source.TRACES)
    assert found.questions == 4
    assert (at(found, 0.75).hits, at(found, 0.75).false) == (2, 1)
    assert [match.question for match in found.false] == ["how can i clean the filter please"]
    assert found.suggestion.threshold > found.false[0].similarity
    assert at(found, 1.0).hits == 0


def test_questions_of_other_routes_are_left_out(policy):
    trace_all(policy.project)
    other = make_cache(policy.project, "other", semantic=True)
    with pytest.raises(CannotCalibrate, match="not two answered questions"):
        calibrate(policy=other, source=Source.TRACES)


def test_a_dataset_will_do_too(policy):
    version = make_version_of(make_dataset(policy.project), *(make_row(*asked) for asked in ASKED))
    found = calibrate(policy=policy, source=Source.DATASET, dataset_version=version)
    assert found.questions == 4
    assert at(found, 0.75).hits == 2


def test_sampled_hits_tell_what_higher_thresholds_would_have_spared(policy):
    for similarity, same in ((0.80, False), (0.90, True), (0.95, True)):
        make_sample(policy, same=same, similarity=similarity)
    found = calibrate(policy=policy, source=Source.SAMPLES)
    assert (found.questions, at(found, 0.8).false, at(found, 0.81).false) == (3, 1, 0)
    assert found.suggestion.threshold == 0.81


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (Source.TRACES, "not two answered questions"),
        (Source.DATASET, "Choose a version"),
        (Source.SAMPLES, "No hit was sampled"),
    ],
)
def test_without_anything_to_compare_it_says_so(policy, source, complaint):
    with pytest.raises(CannotCalibrate, match=complaint):
        calibrate(policy=policy, source=source)


def test_an_embedder_that_is_gone_is_told(policy):
    trace_all(policy.project)
    policy.embedder = "model:gone"
    with pytest.raises(CannotCalibrate, match="There is no model 'gone' in service"):
        calibrate(policy=policy, source=Source.TRACES)
