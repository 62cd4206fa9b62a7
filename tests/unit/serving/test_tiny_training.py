from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from apps.serving.tiny import checkpoint
from apps.serving.tiny.batches import Batches, encode
from apps.serving.tiny.corpus import Document, Mixture, documents
from apps.serving.tiny.export import sha256
from apps.serving.tiny.recipe import Settings, rate
from apps.serving.tiny.tokenizer import PAD, train_tokenizer
from apps.serving.tiny.train import curve, progress_line, train

SHORT = Settings(
    steps=36,
    batch=8,
    vocabulary=600,
    hidden=32,
    layers=1,
    heads=2,
    kv_heads=1,
    feed_forward=64,
    learning_rate=2e-2,
    warmup=4,
    tokenizer_sample=600,
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_the_loss_falls_in_a_short_training(tmp_path: Path) -> None:
    losses = train(SHORT, tmp_path).losses
    assert len(losses) == SHORT.steps
    assert sum(losses[-6:]) < 0.75 * sum(losses[:6])


def test_a_resumed_training_ends_with_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    train(SHORT, whole)
    assert train(SHORT, halves, until=13).step == 13
    assert not (halves / "model.safetensors").exists()
    progress = train(SHORT, halves, resume=True)
    assert len(progress.losses) == SHORT.steps
    assert sha256(halves / "model.safetensors") == sha256(whole / "model.safetensors")
    assert not (halves / "checkpoint.pt").exists()


def test_the_exported_folder_is_readable_for_every_account(tmp_path: Path) -> None:
    train(replace(SHORT, steps=2), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
        "generation_config.json",
    }
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_resuming_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(checkpoint.CheckpointError, match="does not exist"):
        train(SHORT, tmp_path, resume=True)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    train(SHORT, tmp_path, until=2)
    with pytest.raises(checkpoint.CheckpointError, match="other settings"):
        train(replace(SHORT, seed=8), tmp_path, resume=True)


def test_a_batch_does_not_depend_on_what_was_asked_for_before() -> None:
    tokenizer = train_tokenizer(seed=1, vocabulary=400, sample=200)
    batches, again = (Batches(tokenizer, seed=3, size=4, mixture=Mixture()) for _ in range(2))
    in_order = [batches[step].ids for step in range(12)]
    assert torch.equal(again[11].ids, in_order[11])
    assert torch.equal(again[2].ids, in_order[2])


def test_padding_and_speaker_marks_weigh_nothing_and_answers_weigh_most() -> None:
    tokenizer = train_tokenizer(seed=1, vocabulary=400, sample=200)
    batch = Batches(tokenizer, seed=3, size=4, mixture=Mixture())[0]
    assert torch.all(batch.weights[batch.ids == PAD] == 0)
    turns = ({"role": "user", "content": "hello"}, {"role": "assistant", "content": "{}"})
    ids, weights = encode(Document(messages=turns), tokenizer)
    answer = ids.index(tokenizer.convert_tokens_to_ids("<|assistant|>"))
    assert weights[0] == weights[answer] == 0
    assert set(weights[1:answer]) == {0.3}
    assert set(weights[answer + 1 :]) == {1.0}


def test_training_sees_what_the_chat_template_renders() -> None:
    tokenizer = train_tokenizer(seed=1, vocabulary=400, sample=200)
    for document in documents("template", 60):
        if document.messages:
            rendered = tokenizer.apply_chat_template(list(document.messages), return_dict=False)
            assert encode(document, tokenizer)[0] == rendered


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [rate(step, SHORT) for step in range(SHORT.steps)]
    top = rates.index(max(rates))
    assert top in {SHORT.warmup - 1, SHORT.warmup}
    assert all(later <= earlier for earlier, later in pairwise(rates[top:]))


def test_the_progress_line_tells_the_time_left() -> None:
    progress = checkpoint.Progress(step=10, losses=[2.0] * 10, cpu_seconds=9.0, wall_seconds=20.0)
    assert progress_line(progress, 60) == "step 10/60  loss 2.000  1 min 40 s left"


def test_the_loss_curve_gives_the_mean_of_each_span() -> None:
    assert curve([4.0, 2.0, 1.0, 1.0], points=2) == [(2, 3.0), (4, 1.0)]
