"""The trainer when the machine lets it down: its disk fills up, or somebody removes the base under it."""

import shutil

from apps.serving.domain.harbor_desk import MODEL_FOLDER
from tests.functional.finetuning.conftest import RECIPE, validation_rows
from tests.helpers.trainer import run_trainer, write_inputs

# As a file system answers that finds out only now that it has no room for what it took.
FULL_DISK = """
import errno, os
fsync = os.fsync
def fsync_or_full(handle):
    if "checkpoint-10." in os.readlink(f"/proc/self/fd/{handle}"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    fsync(handle)
os.fsync = fsync_or_full
"""


def files_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_disk_that_fills_up_is_said_in_words_and_the_checkpoint_before_stays_whole(
    undisturbed, tmp_path, monkeypatch
):
    (tmp_path / "sitecustomize.py").write_text(FULL_DISK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    failed = run_trainer(write_inputs(tmp_path / "job", RECIPE, validation=validation_rows()))
    assert failed.status == 3, failed.log
    assert failed.problem == (
        "The disk is full: the checkpoint at step 10 could not be written. "
        "Make room on the worker's machine, then try again."
    )
    assert not failed.of("problem")[-1]["permanent"]
    assert [event["step"] for event in failed.of("checkpoint")] == [5]
    assert [path.name for path in (failed.folder / "checkpoints").iterdir()] == ["checkpoint-5"]
    assert files_in(failed.checkpoint(5)) == files_in(undisturbed.checkpoint(5))
    weights = "adapter_model.safetensors"
    assert (failed.checkpoint(5) / weights).read_bytes() == (undisturbed.checkpoint(5) / weights).read_bytes()
    assert not (failed.folder / "adapter").exists()


def test_a_base_that_goes_while_it_learns_is_in_memory_and_no_validation_rows_are_needed(tmp_path):
    base = shutil.copytree(MODEL_FOLDER, tmp_path / "base")

    def remove_base(event):
        if event["event"] == "metric" and base.exists():
            shutil.rmtree(base)
        return False

    recipe = RECIPE | {"epochs": 1}
    run = run_trainer(write_inputs(tmp_path / "job", recipe, base=base), stop_when=remove_base)
    assert run.status == 0, run.log
    assert not base.exists()
    assert (run.folder / "adapter" / "adapter_model.safetensors").is_file()
    assert run.result["validation_loss"] is None
    assert run.figures("loss")
    assert not run.figures("validation_loss")
