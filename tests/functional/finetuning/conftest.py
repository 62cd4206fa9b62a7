import pytest

from tests.helpers.trainer import Run, conversations, run_trainer, write_inputs

# With dropout and noise, so that going on from a checkpoint needs the state of the random numbers.
RECIPE = {
    "rank": 4,
    "alpha": 8,
    "dropout": 0.1,
    "embedding_noise": 1,
    "prompt_noise": 0.2,
    "train_embeddings": True,
    "epochs": 3,
    "batch_size": 4,
    "learning_rate": 0.005,
    "checkpoint_every": 5,
    "threads": 1,
    "system_prompt": "You answer with JSON.",
}
STEPS = 18


def validation_rows() -> list[list[dict[str, str]]]:
    return conversations(8)[6:8]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The training that all others have to equal: by hand, from one end to the other."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return run_trainer(write_inputs(folder, RECIPE, validation=validation_rows()))
