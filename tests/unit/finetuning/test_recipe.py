import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.finetuning.domain.recipe import BOUNDS, CHOICES, Recipe, RecipeProblem

NAMES = [field.name for field in fields(Recipe)]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.text(max_size=5))


def refused(stored):
    with pytest.raises(RecipeProblem) as problem:
        Recipe.from_json(stored)
    return problem.value


def test_what_is_missing_takes_its_default():
    assert Recipe.from_json({}) == Recipe()
    assert Recipe.from_json({"rank": 4}) == Recipe(rank=4)


def test_every_default_is_within_its_bounds():
    assert Recipe.from_json(Recipe().to_json()) == Recipe()


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items())
def test_figures_have_bounds_that_the_error_names(name, bounds):
    for value in (bounds.least, bounds.most):
        assert getattr(Recipe.from_json({name: value}), name) == value
    for value in (bounds.least - 1, bounds.most * 2 + 1, math.nan, math.inf, -math.inf):
        problem = refused({name: value})
        assert problem.field == name
        assert str(problem) == f"{name} lies between {bounds.least:g} and {bounds.most:g}."


@pytest.mark.parametrize(("name", "choices"), CHOICES.items())
def test_choices_are_named_in_the_error(name, choices):
    for choice in choices:
        assert getattr(Recipe.from_json({name: choice}), name) == choice
    assert str(refused({name: "other"})) == f"{name} is one of: {', '.join(choices)}."


@pytest.mark.parametrize(
    ("stored", "field", "words"),
    [
        ({"lr": 0.1}, "lr", "lr is not a setting. There are: method, rank, "),
        ({"rank": "8"}, "rank", "rank is a number."),
        ({"rank": True}, "rank", "rank is a number."),
        ({"rank": 8.5}, "rank", "rank is a whole number."),
        ({"train_embeddings": 1}, "train_embeddings", "train_embeddings is true or false."),
        ({"system_prompt": 7}, "system_prompt", "system_prompt is text."),
        ({"system_prompt": "a\0b"}, "system_prompt", "system_prompt has at most 20,000 characters"),
        ({"system_prompt": "a" * 20_001}, "system_prompt", "system_prompt has at most 20,000 characters"),
        ({"target_modules": "q_proj, all layers"}, "target_modules", "target_modules is all-linear or names"),
        ({"target_modules": ""}, "target_modules", "target_modules is all-linear or names"),
        ([], "recipe", "A recipe is an object of settings"),
    ],
)
def test_errors_name_the_field(stored, field, words):
    problem = refused(stored)
    assert (problem.field, problem.message[: len(words)]) == (field, words)


def test_layers_are_given_as_a_list_or_parted_by_commas():
    wanted = Recipe(target_modules="q_proj,v_proj")
    assert Recipe.from_json({"target_modules": "q_proj, v_proj"}) == wanted
    assert Recipe.from_json({"target_modules": ["q_proj", "v_proj"]}) == wanted


def test_whole_numbers_may_come_as_floats_from_json():
    rank = Recipe.from_json({"rank": 8.0}).rank
    assert (rank, type(rank)) == (8, int)


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), VALUES, max_size=6) | VALUES)
def test_whatever_comes_is_a_recipe_that_can_be_stored_or_a_problem_that_names_a_field(stored):
    recipe, problem = tried(stored)
    if problem:
        assert problem.field == "recipe" or problem.field in stored
        assert str(problem)
    else:
        assert Recipe.from_json(recipe.to_json()) == recipe


def tried(stored):
    try:
        return Recipe.from_json(stored), None
    except RecipeProblem as problem:
        return None, problem


@pytest.mark.parametrize(
    ("rows", "batch", "accumulation", "steps"),
    [(16, 8, 1, 2), (17, 8, 1, 3), (17, 8, 2, 2), (1, 8, 4, 1), (100, 1, 1, 100)],
)
def test_an_epoch_has_so_many_steps(rows, batch, accumulation, steps):
    recipe = Recipe(batch_size=batch, gradient_accumulation=accumulation, epochs=3)
    assert (recipe.steps_per_epoch(rows), recipe.steps(rows)) == (steps, 3 * steps)
