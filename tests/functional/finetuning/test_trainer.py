"""The trainer's process on the demo model: it learns, stops when asked, and goes on as if it had never stopped."""

import json
import resource

from apps.serving.domain.harbor_desk import MODEL_FOLDER
from tests.functional.finetuning.conftest import RECIPE, STEPS, validation_rows
from tests.helpers.trainer import run_trainer, write_inputs


def weights(run):
    return (run.folder / "adapter" / "adapter_model.safetensors").read_bytes()


def test_it_learns_and_leaves_an_adapter(undisturbed):
    losses = undisturbed.figures("loss")
    assert (undisturbed.status, undisturbed.result["steps"]) == (0, STEPS), undisturbed.log
    assert list(losses) == list(range(1, STEPS + 1))
    assert losses[STEPS] < losses[1] / 3
    assert undisturbed.result["loss"] == losses[STEPS]
    assert undisturbed.result["validation_loss"] == undisturbed.figures("validation_loss")[STEPS]
    config = json.loads((undisturbed.folder / "adapter" / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"]) == ("LORA", 4)
    assert config["base_model_name_or_path"] == str(MODEL_FOLDER)


def test_it_says_how_far_it_is_and_how_long_it_takes(undisturbed):
    last = [event for event in undisturbed.of("progress") if event["stage"].startswith("training")][-1]
    assert (last["done"], last["seconds_left"]) == (1.0, 0.0)
    assert last["stage"] == f"training, step {STEPS} of {STEPS}"


def test_checkpoints_are_whole_when_they_are_announced(undisturbed):
    announced = [event["step"] for event in undisturbed.of("checkpoint")]
    assert announced == [5, 10, 15, STEPS]
    names = {path.name for path in undisturbed.checkpoint(10).iterdir()}
    assert {"adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"} <= names
    assert not list((undisturbed.folder / "checkpoints").glob(".*"))


def test_stopped_in_the_middle_of_an_epoch_it_goes_on_to_the_same_weights(undisturbed, tmp_path):
    folder = write_inputs(tmp_path / "first", RECIPE, validation=validation_rows())
    stopped = run_trainer(folder, stop_when=lambda event: event["event"] == "metric" and event["step"] >= 7)
    assert stopped.status == 75, stopped.log
    assert not stopped.of("result")
    step = stopped.of("checkpoint")[-1]["step"]
    assert 7 <= step < STEPS

    again = write_inputs(tmp_path / "second", RECIPE, validation=validation_rows(), checkpoint=stopped.checkpoint(step))
    resumed = run_trainer(again)
    assert resumed.status == 0, resumed.log
    assert min(resumed.figures("loss")) == step + 1
    assert stopped.figures("loss") | resumed.figures("loss") == undisturbed.figures("loss")
    assert resumed.result["loss"] == undisturbed.result["loss"]
    assert resumed.result["validation_loss"] == undisturbed.result["validation_loss"]
    assert weights(resumed) == weights(undisturbed)


def test_a_checkpoint_that_cannot_be_written_is_a_problem_in_words_and_leaves_nothing_half(tmp_path):
    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    failed = run_trainer(write_inputs(tmp_path / "job", RECIPE), before=little_room)
    assert failed.status == 3, failed.log
    assert failed.problem.startswith("The checkpoint at step 5 could not be written: ")
    assert not failed.of("problem")[-1]["permanent"]
    assert not list((tmp_path / "job" / "checkpoints").iterdir())
    assert not failed.of("checkpoint")
