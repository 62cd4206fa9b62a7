"""Back from a model to each click and person, and forward from a trace."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.services import Actor
from apps.annotation.services import claim_next, submit_answer
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from apps.gateway.services import publish_route_version
from apps.pipelines.queries.lineage import PAGE, became_of, lineage_of
from apps.pipelines.services import add_traces, collect_feedback, promote_turn, roll_back, start_turn
from apps.tracing.domain.window import last
from apps.tracing.queries import TraceFilter
from llmkit import clock
from tests.factories.accounts import make_member, make_project
from tests.factories.datasets import make_dataset, make_row, make_version_of
from tests.factories.evaluation import answer
from tests.factories.finetuning import make_base, make_lessons, make_run
from tests.factories.pipelines import examine, lessons, make_turn, train
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db


def judge(project, trace, score, comment=""):
    said, source = judgement(score=score, comment=comment), Feedback.Source.WIDGET
    return give_feedback(project=project, trace_id=trace.trace_id, judgement=said, source=source)


@pytest.fixture
def annotator(project):
    return make_member(project)


@pytest.fixture
def complaint(wheel):
    """A trace that a customer called bad, and its click."""
    trace = make_trace(wheel.project, question="Will you take my old boat?", answer=answer("sail_repair"))
    return trace, judge(wheel.project, trace, -1, "I don't need a sail.")


@pytest.fixture
def turned(wheel, complaint, annotator, tmp_path):
    """A promoted turn that learnt from the complaint, from a praised answer, and from what was imported."""
    _, click = complaint
    make_version_of(wheel.dataset, *lessons(12, source={"kind": "import"}))
    praised = make_trace(wheel.project, question="Do you store boats?", answer=answer("winter_storage"))
    judge(wheel.project, praised, 1)
    collect_feedback(feedback_id=click.id)
    item = claim_next(queue=wheel.queue, annotator=annotator)
    submit_answer(item=item, annotator=annotator, answer={"intent": "trade_in", "reply": "Gladly."})
    turn = start_turn(actor=Actor(user=annotator), wheel=wheel)
    return examine(train(turn, tmp_path / "trained"))


def lineage(turn, **narrowed):
    return lineage_of(turn.wheel.project, turn.run.model, **narrowed)


def test_behind_a_promoted_model_stand_its_data_the_people_the_traces_and_the_clicks(turned, complaint, annotator):
    trace, click = complaint
    promotion = promote_turn(actor=Actor(user=annotator), turn=turned)
    found = lineage(turned)
    assert (found.turn, found.run, found.version) == (turned, turned.run, turned.dataset_version)
    assert (found.promotions, found.serving) == ([promotion], [promotion.after])
    assert found.kinds == {"import": 12, "annotation": 1, "feedback": 1}
    assert (found.clicks, found.annotators) == (2, 1)
    (origin,) = lineage(turned, kind="annotation").origins
    assert (origin.example.trace_id, origin.clicks, origin.annotators) == (trace.trace_id, [click], [annotator])
    assert origin.question == "Will you take my old boat?"
    assert json.loads(origin.answer) == {"intent": "trade_in", "reply": "Gladly."}
    assert origin.item.feedback_id == click.id


def test_praise_leads_to_the_click_of_who_praised(turned):
    (origin,) = lineage(turned, kind="feedback").origins
    assert (origin.question, origin.item, origin.annotators) == ("Do you store boats?", None, [])
    assert [click.score for click in origin.clicks] == [1]


def test_a_model_serves_only_where_its_version_is_the_active_one(turned, wheel):
    first = promote_turn(actor=Actor(), turn=turned)
    assert lineage(turned).serving == [first.after]
    roll_back(actor=Actor(), promotion=first)
    assert lineage(turned).serving == []
    again = publish_route_version(actor=Actor(), route=wheel.route, model=turned.run.model)
    assert lineage(turned).serving == [again]


def test_a_model_that_was_trained_outside_a_wheel_has_a_lineage_too(project):
    run = make_run(project, version=make_lessons(project))
    run.model = make_base(project)
    run.save()
    found = lineage_of(project, run.model)
    assert (found.turn, found.promotions, found.kinds) == (None, [], {"import": 15})


def test_a_model_that_was_not_finetuned_here_has_none(wheel):
    assert lineage_of(wheel.project, wheel.base) is None


def test_feedback_of_another_project_on_the_same_id_is_no_click_of_ours(turned, complaint):
    trace, click = complaint
    judge(make_project(), trace, -1)
    assert lineage(turned, kind="annotation").origins[0].clicks == [click]
    assert lineage(turned).clicks == 2


def test_rows_that_do_not_say_where_they_are_from_count_as_imported(wheel, tmp_path):
    make_version_of(
        wheel.dataset, *lessons(6), *[make_row(f"Import {n}?", source={"kind": "import"}) for n in range(6)]
    )
    found = lineage(train(make_turn(wheel), tmp_path / "trained"), kind="import")
    assert found.kinds == {"import": len(found.origins)} == {"import": 12}


def test_pages_hold_so_many_rows_and_one_beyond_the_last_is_the_last(wheel, tmp_path):
    make_version_of(wheel.dataset, *lessons(2 * PAGE + 3))
    turn = train(make_turn(wheel), tmp_path / "trained")
    assert [(found.page, len(found.origins)) for found in (lineage(turn, page=page) for page in (1, 2, 3, 999))] == [
        (1, PAGE),
        (2, PAGE),
        (3, 3),
        (3, 3),
    ]


def test_thousands_of_rows_cost_no_more_queries_than_a_few(project):
    def queries(rows):
        run = make_run(project, version=make_version_of(make_dataset(project), *lessons(rows)))
        run.model = make_base(project)
        run.save()
        with CaptureQueriesContext(connection) as seen:
            found = lineage_of(project, run.model)
        assert found.version.rows == rows
        assert len(found.origins) == min(rows, PAGE)
        return len(seen)

    assert queries(5_000) == queries(12)


# --- forward ----------------------------------------------------------------------------------------------------


def test_a_trace_leads_forward_to_its_item_its_versions_and_the_models_that_learnt_it(turned, wheel, complaint):
    trace, _ = complaint
    became = became_of(wheel.project, trace.trace_id)
    assert [item.queue for item in became.items] == [wheel.queue]
    assert became.versions == [turned.dataset_version]
    assert [run.model for run in became.runs] == [turned.run.model]


def test_a_trace_of_which_nothing_was_made_leads_nowhere(wheel):
    became = became_of(wheel.project, make_trace(wheel.project).trace_id)
    assert (became.items, became.versions, became.runs) == ([], [], [])


def test_another_project_sees_nothing_of_what_became_of_a_trace(turned, complaint):
    became = became_of(make_project(), complaint[0].trace_id)
    assert (became.items, became.versions, became.runs) == ([], [], [])


# --- examples from traces ---------------------------------------------------------------------------------------


def chosen(project, **fields):
    return TraceFilter(window=last("24h", clock.now()), **fields)


def test_examples_made_of_traces_keep_the_trace_and_what_chose_it(project):
    dataset = make_dataset(project)
    plain, praised = make_trace(project, question="Plain?"), make_trace(project, question="Praised?")
    click = judge(project, praised, 1)
    make_trace(project, question="Failed?", failed=True)
    every = add_traces(actor=Actor(), dataset=dataset, chosen=chosen(project), tags=["mine"])
    assert {(row.trace_id, row.source["kind"]) for row in stored(every)} == {
        (plain.trace_id, "trace"),
        (praised.trace_id, "trace"),
    }
    assert all(row.tags == ["mine"] for row in stored(every))
    good = add_traces(actor=Actor(), dataset=make_dataset(project), chosen=chosen(project), judged="good")
    assert [(row.trace_id, row.source) for row in stored(good)] == [
        (praised.trace_id, {"kind": "feedback", "feedback_id": str(click.id)})
    ]


def stored(version):
    return [member.example for member in version.members.order_by("position").select_related("example")]


def test_a_trace_on_which_people_disagree_is_neither_good_nor_bad(project):
    trace = make_trace(project)
    judge(project, trace, 1)
    said = judgement(score=-1)
    give_feedback(
        project=project, trace_id=trace.trace_id, judgement=said, source=Feedback.Source.API, end_user="somebody else"
    )
    for judged in ("good", "bad"):
        with pytest.raises(ValidationError, match="No trace fits"):
            add_traces(actor=Actor(), dataset=make_dataset(project), chosen=chosen(project), judged=judged)


def test_traces_of_another_project_are_never_taken(project):
    make_trace(make_project())
    with pytest.raises(ValidationError, match="No trace fits"):
        add_traces(actor=Actor(), dataset=make_dataset(project), chosen=chosen(project))


def test_more_traces_than_a_version_takes_at_once_are_refused(project, monkeypatch):
    monkeypatch.setattr("apps.pipelines.queries.answers.MOST_TRACES", 2)
    for number in range(3):
        make_trace(project, question=f"Question {number}?")
    with pytest.raises(ValidationError, match="More than 2 traces fit: choose a shorter time"):
        add_traces(actor=Actor(), dataset=make_dataset(project), chosen=chosen(project))


def test_a_busy_route_still_turns_with_its_newest_praise(wheel, monkeypatch):
    monkeypatch.setattr("apps.pipelines.queries.answers.MOST_TRACES", 2)
    make_version_of(wheel.dataset, *lessons())
    for number in range(3):
        judge(wheel.project, make_trace(wheel.project, question=f"Question {number}?"), 1)
    version = start_turn(actor=Actor(), wheel=wheel).dataset_version
    assert {row.messages[0]["content"] for row in stored(version) if row.trace_id} == {"Question 1?", "Question 2?"}
