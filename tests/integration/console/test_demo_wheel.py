"""The demo's wheel: what is there before anybody turns it."""

import json

import pytest

from apps.console.demo.seed import seed_demo
from apps.console.demo.wheel import ANSWERS, RECIPE, seed_wheel, tag_of
from apps.datasets.models import Dataset
from apps.datasets.queries import rows_of
from apps.finetuning.domain.recipe import Recipe
from apps.pipelines.models import Wheel
from apps.serving.domain import harbor_desk
from apps.serving.models import LocalModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seeded(tmp_path):
    seed_demo(data_dir=tmp_path, url="http://127.0.0.1:8123")
    seed_wheel()
    return Wheel.objects.get()


def test_the_wheel_joins_the_demos_route_with_its_own_base_and_queue(seeded):
    assert seeded.route.name == "support"
    assert seeded.base == seeded.route.active.model
    assert seeded.dataset == seeded.queue.dataset == Dataset.objects.get(name=ANSWERS)
    assert not seeded.auto_promote
    assert Recipe.from_json(seeded.recipe).to_json().items() >= RECIPE.items()


def test_the_exam_asks_every_held_back_question_with_its_right_answer(seeded):
    rows = list(rows_of(seeded.exam, "test"))
    asked = {row.messages[0]["content"]: json.loads(row.messages[1]["content"])["intent"] for row in rows}
    assert asked == {text: intent for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, "test")}
    assert {tuple(row.tags) for row in rows} == {("new",), ("known",)}
    assert all(row.tags == [tag_of(asked[row.messages[0]["content"]])] for row in rows)


def test_lessons_cover_what_the_model_knows_and_nothing_of_the_exam(seeded):
    lessons = list(rows_of(seeded.dataset.versions.get()))
    assert {row.split for row in lessons} == {"train"}
    taught = {json.loads(row.messages[1]["content"])["intent"] for row in lessons}
    assert taught == set(harbor_desk.KNOWN_INTENTS)
    exam = {row.messages[0]["content"] for row in rows_of(seeded.exam)}
    assert not exam & {row.messages[0]["content"] for row in lessons}


def test_starting_again_changes_nothing(seeded):
    seed_wheel()
    assert Wheel.objects.get() == seeded
    assert seeded.dataset.versions.count() == seeded.exam.dataset.versions.count() == 1


def test_without_a_model_whose_weights_are_here_there_is_no_wheel(tmp_path):
    seed_demo(data_dir=tmp_path, url="http://127.0.0.1:8123")
    LocalModel.objects.all().delete()
    seed_wheel()
    assert not Wheel.objects.exists()
