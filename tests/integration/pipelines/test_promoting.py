"""Moving a route's traffic to a turn's model, and back again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.accounts.models import AuditEvent, ConfigVersion
from apps.accounts.services import Actor
from apps.gateway.services import publish_route_version
from apps.pipelines.models import Promotion, Turn
from apps.pipelines.services import promote_turn, roll_back, start_turn
from tests.factories.accounts import make_member
from tests.factories.datasets import make_version_of
from tests.factories.pipelines import PROMPT, lessons, make_turn, passed_turn, promoted, refused_turn
from tests.factories.pipelines import train as end_training

pytestmark = pytest.mark.django_db


@pytest.fixture
def passed(wheel, tmp_path):
    return passed_turn(wheel, tmp_path / "trained")


def serves(wheel):
    wheel.route.refresh_from_db()
    return wheel.route.active


def refusal(call):
    with pytest.raises(ValidationError) as refused:
        call()
    return " ".join(refused.value.messages)


# --- promoting --------------------------------------------------------------------------------------------------


def test_promoting_gives_the_route_a_version_with_the_new_model_and_all_else_as_it_was(wheel, passed):
    lead = make_member(wheel.project)
    promotion = promote_turn(actor=Actor(user=lead), turn=passed)
    version = serves(wheel)
    assert (version.number, version.model, version.author) == (2, passed.run.model, lead)
    assert (version.system_prompt, version.defaults) == (PROMPT, {"temperature": 0})
    assert version.message == "Turn 1: 50.0 % to 100.0 %"
    assert (promotion.before, promotion.after, promotion.promoted_by) == (passed.incumbent, version, lead)
    assert Turn.objects.get().state == "promoted"


def test_promoting_has_the_engine_serve_the_model_before_traffic_comes(wheel, passed, engine):
    engine.served.clear()
    promote_turn(actor=Actor(), turn=passed)
    assert passed.run.model.upstream_name in engine.served


def test_who_promoted_what_is_written_down_and_every_gateway_hears_of_it(wheel, passed):
    before, lead = ConfigVersion.objects.get().number, make_member(wheel.project)
    promote_turn(actor=Actor(user=lead), turn=passed)
    event = AuditEvent.objects.get(action="wheel.promoted")
    assert (event.actor, event.target, event.project) == (lead, "wheel of support, turn 1", wheel.project)
    assert event.detail == {"model": "support-turn-1", "version": 2, "automatic": False}
    assert AuditEvent.objects.filter(action="route.version_activated", actor=lead).exists()
    assert ConfigVersion.objects.get().number > before


def test_a_model_that_the_gate_refused_is_not_promoted(wheel, tmp_path):
    turn = refused_turn(wheel, tmp_path / "trained")
    said = refusal(lambda: promote_turn(actor=Actor(), turn=turn))
    assert said == "Only a model that passed its gate can be promoted."
    assert serves(wheel) == turn.incumbent


def test_a_turn_under_way_is_not_promoted(wheel, tmp_path):
    turn = make_turn(wheel)
    assert "passed its gate" in refusal(lambda: promote_turn(actor=Actor(), turn=turn))
    turn = end_training(turn, tmp_path / "trained")
    assert "passed its gate" in refusal(lambda: promote_turn(actor=Actor(), turn=turn))


def test_a_model_is_not_promoted_twice(wheel, passed):
    promote_turn(actor=Actor(), turn=passed)
    passed.refresh_from_db()
    assert refusal(lambda: promote_turn(actor=Actor(), turn=passed)) == "This model was promoted already."
    assert serves(wheel).number == 2


def test_a_route_that_was_changed_since_the_exam_keeps_what_it_has(wheel, passed):
    publish_route_version(actor=Actor(), route=wheel.route, model=wheel.base, system_prompt="Other words.")
    said = refusal(lambda: promote_turn(actor=Actor(), turn=passed))
    assert said.startswith("The route 'support' was changed since this model was measured: start a new turn")
    assert serves(wheel).system_prompt == "Other words."


def test_a_model_that_the_engine_does_not_serve_gets_no_traffic(wheel, passed, engine):
    engine.refusal = "no room for another adapter"
    said = refusal(lambda: promote_turn(actor=Actor(), turn=passed))
    assert said.startswith("The engine does not serve support-turn-1: ")
    assert "no room for another adapter" in said
    assert serves(wheel) == passed.incumbent
    assert not Promotion.objects.exists()


# --- rolling back -----------------------------------------------------------------------------------------------


def test_one_click_takes_the_traffic_back_to_the_version_before(wheel, tmp_path):
    lead = make_member(wheel.project)
    promotion = promoted(wheel, tmp_path / "trained")
    roll_back(actor=Actor(user=lead), promotion=promotion)
    promotion.refresh_from_db()
    assert serves(wheel) == promotion.before
    assert (promotion.rolled_back_by, promotion.rolled_back_at is None) == (lead, False)
    assert Turn.objects.get().state == "rolled_back"
    assert AuditEvent.objects.get(action="wheel.rolled_back").actor == lead


def test_rolling_back_twice_says_so_and_changes_nothing(wheel, tmp_path):
    promotion = promoted(wheel, tmp_path / "trained")
    roll_back(actor=Actor(), promotion=promotion)
    said = refusal(lambda: roll_back(actor=Actor(), promotion=promotion))
    assert said == "This promotion was rolled back already."
    assert serves(wheel) == promotion.before
    assert AuditEvent.objects.filter(action="wheel.rolled_back").count() == 1


def test_what_was_rolled_back_can_be_promoted_again(wheel, tmp_path):
    first = promoted(wheel, tmp_path / "trained")
    roll_back(actor=Actor(), promotion=first)
    second = promote_turn(actor=Actor(), turn=Turn.objects.get())
    assert serves(wheel) == second.after
    roll_back(actor=Actor(), promotion=second)
    assert serves(wheel) == first.before


def test_traffic_that_went_elsewhere_since_is_left_there(wheel, tmp_path):
    promotion = promoted(wheel, tmp_path / "trained")
    newer = publish_route_version(actor=Actor(), route=wheel.route, model=wheel.base)
    said = refusal(lambda: roll_back(actor=Actor(), promotion=promotion))
    assert said == "Another version of 'support' takes the traffic by now: choose one on its page."
    assert serves(wheel) == newer


# --- several people at once -------------------------------------------------------------------------------------


def at_once(*calls):
    """What becomes of calls that begin at the same moment, each on a database connection of its own."""
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        except ValidationError as refused:
            return " ".join(refused.messages)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_of_people_who_promote_at_once_one_does_and_the_others_are_told(wheel, passed):
    people = [make_member(wheel.project) for _ in range(3)]
    calls = [lambda who=who: promote_turn(actor=Actor(user=who), turn=Turn.objects.get()) for who in people]
    results = at_once(*calls)
    done = [result for result in results if isinstance(result, Promotion)]
    assert len(done) == 1
    assert [result for result in results if isinstance(result, str)] == ["This model was promoted already."] * 2
    assert Promotion.objects.count() == 1
    assert serves(wheel) == done[0].after
    assert wheel.route.versions.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_people_who_roll_back_at_once_one_does_and_the_others_are_told(wheel, tmp_path):
    promotion = promoted(wheel, tmp_path / "trained")
    results = at_once(*[lambda: roll_back(actor=Actor(), promotion=promotion)] * 3)
    assert sorted(results, key=str) == [None, *["This promotion was rolled back already."] * 2]
    assert serves(wheel) == promotion.before


@pytest.mark.django_db(transaction=True)
def test_of_people_who_start_a_turn_at_once_one_does_and_the_others_are_told(wheel):
    make_version_of(wheel.dataset, *lessons())
    results = at_once(*[lambda: start_turn(actor=Actor(), wheel=wheel)] * 3)
    told = [result for result in results if isinstance(result, str)]
    assert len(told) == 2
    assert wheel.turns.count() == 1
