"""Taking items and answering them, also with several people at once."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.annotation.models import Annotation, AnnotationItem
from apps.annotation.queries import agreement_of
from apps.annotation.services import claim_next, release_item, skip_item, submit_answer
from apps.annotation.signals import item_accepted
from llmkit import clock
from tests.factories.accounts import make_user
from tests.factories.annotation import an_answer, make_item, make_queue
from tests.helpers.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann():
    return make_user(name="Ann")


@pytest.fixture
def bob():
    return make_user(name="Bob")


@pytest.fixture
def accepted():
    """Ids of the items that were announced as accepted."""
    ids = []

    def note(item_id, **kwargs):
        ids.append(item_id)

    item_accepted.connect(note)
    yield ids
    item_accepted.disconnect(note)


def let_claims_run_out():
    Annotation.objects.filter(state="claimed").update(claimed_until=clock.now() - timedelta(seconds=1))


def state_of(item):
    return AnnotationItem.objects.get(id=item.id).state


def test_the_urgent_come_first_and_then_the_oldest(ann):
    queue = make_queue()
    items = [make_item(queue, priority=priority) for priority in (1, 3, 1)]
    order = []
    while item := claim_next(queue=queue, annotator=ann):
        order.append(item)
        submit_answer(item=item, annotator=ann, answer=an_answer())
    assert order == [items[1], items[0], items[2]]


def test_who_comes_back_finds_the_item_that_they_were_working_on(ann):
    queue = make_queue()
    make_item(queue)
    taken = claim_next(queue=queue, annotator=ann)
    make_item(queue, priority=9)
    assert claim_next(queue=queue, annotator=ann) == taken
    assert Annotation.objects.count() == 1


def test_two_people_get_different_items_and_a_third_gets_none(ann, bob):
    queue = make_queue()
    make_item(queue), make_item(queue)
    first, second = claim_next(queue=queue, annotator=ann), claim_next(queue=queue, annotator=bob)
    assert first != second
    assert claim_next(queue=queue, annotator=make_user()) is None


def test_an_item_that_wants_two_answers_goes_to_two_people_and_no_more(ann, bob):
    queue = make_queue(annotators_per_item=2)
    make_item(queue)
    assert claim_next(queue=queue, annotator=ann) == claim_next(queue=queue, annotator=bob)
    assert claim_next(queue=queue, annotator=make_user()) is None


def test_a_claim_that_ran_out_goes_to_others(ann, bob):
    queue = make_queue()
    item = make_item(queue)
    claim_next(queue=queue, annotator=ann)
    assert claim_next(queue=queue, annotator=bob) is None
    let_claims_run_out()
    assert claim_next(queue=queue, annotator=bob) == item


def test_an_item_that_was_given_back_goes_to_others_at_once(ann, bob):
    queue = make_queue()
    item = make_item(queue)
    claim_next(queue=queue, annotator=ann)
    release_item(item=item, annotator=ann)
    assert claim_next(queue=queue, annotator=bob) == item


def test_a_skipped_item_is_for_others(ann, bob):
    queue = make_queue()
    item = make_item(queue)
    skip_item(item=claim_next(queue=queue, annotator=ann), annotator=ann)
    assert claim_next(queue=queue, annotator=ann) is None
    assert claim_next(queue=queue, annotator=bob) == item


def test_one_answer_is_enough_where_one_is_wanted(ann, accepted):
    item = make_item(make_queue())
    returned = submit_answer(item=item, annotator=ann, answer=an_answer("refund"))
    item.refresh_from_db()
    assert returned.state == item.state == "accepted"
    assert item.resolution == an_answer("refund")
    assert (item.resolved_by, accepted) == (None, [item.id])


def test_nobody_hears_of_an_answer_that_was_rolled_back(ann, accepted):
    item = make_item(make_queue())
    with transaction.atomic():
        submit_answer(item=item, annotator=ann, answer=an_answer())
        transaction.set_rollback(True)
    assert (accepted, state_of(item)) == ([], "open")


def test_equal_answers_of_two_are_accepted_and_others_are_disputed(ann, bob, accepted):
    queue = make_queue(annotators_per_item=2)
    agreed, disputed = make_item(queue), make_item(queue)
    for item, theirs in ((agreed, "refund"), (disputed, "other")):
        submit_answer(item=item, annotator=ann, answer=an_answer("refund"))
        assert state_of(item) == "open"
        submit_answer(item=item, annotator=bob, answer=an_answer(theirs))
    assert (state_of(agreed), state_of(disputed), accepted) == ("accepted", "disputed", [agreed.id])


def test_an_answer_that_does_not_fit_names_its_fields_and_changes_nothing(ann):
    item = make_item(make_queue())
    with pytest.raises(ValidationError) as refused:
        submit_answer(item=item, annotator=ann, answer={"intent": "mutiny", "urgent": False})
    assert set(refused.value.message_dict) == {"intent", "reply"}
    assert not Annotation.objects.answered().exists()


def test_nobody_answers_twice_and_a_second_press_of_the_button_does_no_harm(ann):
    queue = make_queue(annotators_per_item=2)
    item = make_item(queue)
    submit_answer(item=item, annotator=ann, answer=an_answer("refund"))
    submit_answer(item=item, annotator=ann, answer=an_answer("refund"))
    with pytest.raises(ValidationError, match="first answer stands"):
        submit_answer(item=item, annotator=ann, answer=an_answer("other"))
    assert Annotation.objects.get().answer == an_answer("refund")
    assert claim_next(queue=queue, annotator=ann) is None
    skip_item(item=item, annotator=ann)
    assert Annotation.objects.get().state == "answered"


def test_an_answer_after_the_claim_ran_out_counts_while_it_is_needed(ann, bob):
    queue = make_queue()
    item = claim_next(queue=make_item(queue).queue, annotator=ann)
    let_claims_run_out()
    claim_next(queue=queue, annotator=bob)
    submit_answer(item=item, annotator=ann, answer=an_answer("refund"))
    assert state_of(item) == "accepted"


def test_an_answer_that_comes_too_late_is_kept_for_the_agreement_and_changes_nothing(ann, bob, accepted):
    queue = make_queue()
    item, other = make_item(queue), make_item(queue)
    claim_next(queue=queue, annotator=ann)
    let_claims_run_out()
    submit_answer(item=item, annotator=bob, answer=an_answer("refund"))
    submit_answer(item=item, annotator=ann, answer=an_answer("other"))
    for person in (ann, bob):
        submit_answer(item=other, annotator=person, answer=an_answer("wrong_size"))
    item.refresh_from_db()
    assert (item.state, item.resolution["intent"], accepted) == ("accepted", "refund", [item.id, other.id])
    assert Annotation.objects.answered().count() == 4
    assert agreement_of(queue)["intent"] < 1


def test_the_time_from_the_claim_to_the_answer_is_kept(ann):
    queue = make_queue()
    make_item(queue)
    item = claim_next(queue=queue, annotator=ann)
    Annotation.objects.update(claimed_at=clock.now() - timedelta(seconds=30))
    submit_answer(item=item, annotator=ann, answer=an_answer())
    assert 30 <= Annotation.objects.get().seconds < 40


@pytest.mark.parametrize("wanted", [1, 2])
def test_people_who_ask_at_the_same_moment_never_hold_more_than_wanted(wanted):
    queue = make_queue(annotators_per_item=wanted)
    for _ in range(3):
        make_item(queue)
    people = [make_user() for _ in range(8)]
    for _ in range(4):
        got = at_once(*(lambda person=person: claim_next(queue=queue, annotator=person) for person in people))
        assert sum(item is not None for item in got) == min(8, 3 * wanted)
        for item in queue.items.all():
            assert item.annotations.count() == wanted
        Annotation.objects.all().delete()


def test_two_answers_at_the_same_moment_settle_an_item_once(accepted):
    queue = make_queue(annotators_per_item=2)
    people = [make_user(), make_user()]
    for _ in range(5):
        item = make_item(queue)
        at_once(
            *(
                lambda person=person, item=item: submit_answer(item=item, annotator=person, answer=an_answer())
                for person in people
            )
        )
        assert state_of(item) == "accepted"
        assert accepted.count(item.id) == 1


def test_one_person_in_two_windows_holds_each_item_once(ann):
    queue = make_queue(annotators_per_item=2)
    make_item(queue)
    got = at_once(*[lambda: claim_next(queue=queue, annotator=ann)] * 4)
    assert {item and item.id for item in got} == {queue.items.get().id}
    assert Annotation.objects.count() == 1
