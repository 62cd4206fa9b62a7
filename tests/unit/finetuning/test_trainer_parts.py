"""The parts of the trainer that need no torch."""

import errno
import json
import os
import time

import pytest

from apps.finetuning.trainer.checkpoints import KEPT_SECONDS, drop_old, write_whole
from apps.finetuning.trainer.devices import first_device
from apps.finetuning.trainer.figures import figures_of
from apps.finetuning.trainer.problems import TrainerProblem, is_disk_full
from apps.finetuning.trainer.spec import read_spec


def write_spec(folder, **spec):
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


def test_a_spec_says_what_to_do(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    spec = read_spec(write_spec(tmp_path, base=str(tmp_path), recipe={"rank": 4}, checkpoint="/somewhere"))
    assert (spec.base, spec.recipe.rank, str(spec.checkpoint)) == (tmp_path, 4, "/somewhere")
    assert (spec.adapter, spec.checkpoints) == (tmp_path / "adapter", tmp_path / "checkpoints")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"base": "/nowhere/at/all"}, "The folder of the base model is gone: /nowhere/at/all."),
        ({"base": "/nowhere", "recipe": {"rank": 0}}, "The recipe cannot be followed. rank lies between"),
        ({}, "spec.json cannot be read"),
    ],
)
def test_a_spec_that_cannot_be_followed_is_a_problem_for_good(tmp_path, spec, words):
    with pytest.raises(TrainerProblem) as problem:
        read_spec(write_spec(tmp_path, **spec))
    assert words in str(problem.value)
    assert problem.value.permanent


def test_a_folder_without_a_spec_is_a_problem(tmp_path):
    with pytest.raises(TrainerProblem, match=r"spec\.json cannot be read"):
        read_spec(tmp_path)


def test_figures_get_the_names_of_the_pages():
    logs = {"loss": "0.5", "eval_loss": 0.25, "epoch": 1.0, "num_tokens": 7}
    assert figures_of(logs, 3) == {"loss": 0.5, "validation_loss": 0.25}


@pytest.mark.parametrize(("name", "word"), [("loss", "loss"), ("grad_norm", "gradient")])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_training_that_came_to_nothing_is_a_problem(name, word, value):
    with pytest.raises(TrainerProblem, match=f"The {word} is no number any more at step 12. Choose a lower"):
        figures_of({"loss": 1.0, name: value}, 12)


def test_what_is_written_whole_takes_the_place_of_what_was_there(tmp_path):
    target = tmp_path / "deep" / "adapter"
    for text in ("old", "new"):
        assert write_whole(target, lambda beside, text=text: write(beside, text), "the adapter") == target
        assert (target / "weights").read_text() == text
    assert [path.name for path in target.parent.iterdir()] == ["adapter"]


def write(folder, text):
    (folder / "weights").write_text(text)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        # As safetensors says it.
        RuntimeError('Error while serializing: IoError(Os { code: 28, kind: StorageFull, message: "No space left" })'),
    ],
)
def test_a_full_disk_is_a_problem_in_words_that_leaves_nothing_half(tmp_path, error):
    def fail(beside):
        write(beside, "half")
        raise error

    with pytest.raises(TrainerProblem) as problem:
        write_whole(tmp_path / "checkpoint-5", fail, "the checkpoint at step 5")
    assert str(problem.value).startswith("The disk is full: the checkpoint at step 5 could not be written. Make room")
    assert not problem.value.permanent
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_recognised_behind_another_error():
    behind = RuntimeError("writer failed")
    behind.__cause__ = OSError(errno.ENOSPC, "full")
    assert is_disk_full(behind)
    assert not is_disk_full(OSError(errno.EACCES, "denied"))


def test_old_checkpoints_go_once_the_supervisor_has_had_time_to_copy_them(tmp_path):
    for step in (5, 10, 15, 100):
        (tmp_path / f"checkpoint-{step}").mkdir()
    drop_old(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    long_ago = time.time() - KEPT_SECONDS - 1
    for path in tmp_path.iterdir():
        os.utime(path, (long_ago, long_ago))
    drop_old(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-15", "checkpoint-100"}


@pytest.mark.parametrize(
    ("visible", "device"), [(None, "0"), ("", ""), ("3", "3"), ("2,3", "2"), ("GPU-8f3a,GPU-11bc", "GPU-8f3a")]
)
def test_a_training_has_one_device_of_those_that_its_worker_may_use(visible, device):
    assert first_device(visible) == device
