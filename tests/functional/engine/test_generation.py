"""The engine's own decoding loop against `model.generate`, for three kinds of key/value cache."""

import random
from pathlib import Path

import msgspec
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, MistralConfig, MistralForCausalLM

from apps.serving.local_engine import batch as batch_module
from apps.serving.local_engine.batch import Batch
from apps.serving.local_engine.loading import load_model
from apps.serving.local_engine.model import LoadedModel
from apps.serving.local_engine.protocol import ChatRequest
from apps.serving.local_engine.sequence import Sequence
from tests.functional.engine.folders import build_folder

PROMPTS = ["moor", "Where is the kettle? " * 3, "港口", "nineteen knots and three reefs " * 2]
ANSWER_TOKENS = 24


def gpt2(folder: Path) -> Path:
    """Learned positions."""
    torch.manual_seed(3)
    config = GPT2Config(vocab_size=300, n_positions=512, n_embd=32, n_layer=2, n_head=4, initializer_range=0.4)
    build_folder(folder)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def mistral(folder: Path) -> Path:
    """A sliding window shorter than the prompts."""
    torch.manual_seed(5)
    config = MistralConfig(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=16,
        initializer_range=0.4,
    )
    build_folder(folder)
    MistralForCausalLM(config).save_pretrained(folder)
    return folder


BUILDERS = {"llama": build_folder, "gpt2": gpt2, "mistral": mistral}


@pytest.fixture(scope="module", params=BUILDERS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(kind, tmp_path_factory) -> LoadedModel:
    torch.set_num_threads(1)
    return load_model(BUILDERS[kind](tmp_path_factory.mktemp("models") / kind), "cpu", None)


def sequence_of(model: LoadedModel, text: str, **fields) -> Sequence:
    message = {"role": "user", "content": text}
    request = {"model": "m", "messages": [message], "temperature": 0.0, "max_tokens": ANSWER_TOKENS} | fields
    return model.sequence(msgspec.convert(request, ChatRequest))


def generated(model: LoadedModel, sequence: Sequence) -> list[int]:
    ids = torch.tensor([sequence.plan.prompt])
    output = model.forward.module.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=sequence.plan.max_tokens
    )
    return output[0, ids.shape[1] :].tolist()


def expected_text(model: LoadedModel, sequence: Sequence) -> str:
    return model.text.decode(generated(model, sequence))


def finish(batch: Batch) -> dict[Sequence, str]:
    """Step until the batch is empty; the text of each sequence."""
    texts: dict[Sequence, str] = {}
    with torch.inference_mode():
        while batch.size:
            for sequence, output in batch.step():
                texts[sequence] = texts.get(sequence, "") + output.text
    return texts


def test_only_caches_that_stand_side_by_side_are_batched(kind, model):
    assert model.batched == (kind != "mistral")


def test_alone_a_greedy_answer_is_that_of_generate(model):
    for prompt in PROMPTS:
        batch, sequence = Batch(model), sequence_of(model, prompt)
        batch.join(sequence)
        assert finish(batch)[sequence] == expected_text(model, sequence)


def test_together_greedy_answers_are_those_of_generate(model):
    batch = Batch(model)
    sequences = [sequence_of(model, prompt, max_tokens=10 + 7 * place) for place, prompt in enumerate(PROMPTS)]
    for sequence in sequences:
        batch.join(sequence)
    texts = finish(batch)
    assert [texts[sequence] for sequence in sequences] == [expected_text(model, sequence) for sequence in sequences]


def test_joining_and_leaving_midway_disturbs_no_one(model):
    batch = Batch(model)
    stayer, leaver, late = (sequence_of(model, prompt) for prompt in PROMPTS[:3])
    texts = {stayer: "", leaver: "", late: ""}
    batch.join(leaver)
    batch.join(stayer)
    with torch.inference_mode():
        for step in range(60):
            if step == 6:
                leaver.cancelled = True
                batch.join(late)
            for sequence, output in batch.step():
                texts[sequence] += output.text
            assert batch.size <= 2
    assert texts[stayer] == expected_text(model, stayer)
    assert texts[late] == expected_text(model, late)


def test_any_order_of_joining_and_leaving_gives_the_same_answers(model):
    chance = random.Random(11)
    batch = Batch(model)
    coming = [sequence_of(model, chance.choice(PROMPTS), max_tokens=chance.randint(1, 20)) for _ in range(16)]
    stayed = [sequence for sequence in coming if chance.random() < 0.7]
    texts = dict.fromkeys(coming, "")
    waiting = list(coming)
    with torch.inference_mode():
        while waiting or batch.size:
            while waiting and batch.size < 5 and chance.random() < 0.6:
                batch.join(waiting.pop())
            for sequence, output in batch.step():
                texts[sequence] += output.text
            for sequence in batch.generating:
                sequence.cancelled = sequence not in stayed and chance.random() < 0.2
    assert {sequence: texts[sequence] for sequence in stayed} == {
        sequence: expected_text(model, sequence) for sequence in stayed
    }


def test_the_end_token_ends_an_answer_and_is_counted_but_not_shown(model):
    sequence = sequence_of(model, PROMPTS[1])
    tokens = generated(model, sequence)
    end = next(token for token in tokens[3:] if token not in tokens[:3])
    place = tokens.index(end)
    ending = Sequence(
        msgspec.structs.replace(sequence.plan, end_ids=frozenset([end])), sequence.sampler, model.text.decode
    )
    batch = Batch(model)
    batch.join(ending)
    assert finish(batch)[ending] == model.text.decode(tokens[:place])
    assert ending.generated == place + 1


def test_a_long_prompt_is_read_in_pieces_while_others_go_on(model, monkeypatch):
    monkeypatch.setattr(batch_module, "PREFILL_TOKENS", 16)
    batch = Batch(model)
    short, long = sequence_of(model, "moor"), sequence_of(model, PROMPTS[1])
    pieces = -(-len(long.plan.prompt) // 16)
    assert pieces > 2
    batch.join(short)
    texts = {short: "", long: ""}
    with torch.inference_mode():
        texts[short] += batch.step()[0][1].text
        batch.join(long)
        for step in range(1, pieces + 1):
            delivered = dict(batch.step())
            assert set(delivered) == ({short, long} if step == pieces else {short})
            for sequence, output in delivered.items():
                texts[sequence] += output.text
    for sequence, text in finish(batch).items():
        texts[sequence] += text
    assert texts == {sequence: expected_text(model, sequence) for sequence in texts}


def test_the_repetition_penalty_of_generation_config_acts_as_in_generate(model):
    module = model.forward.module
    module.generation_config.repetition_penalty = 1.3
    try:
        sequence = sequence_of(model, PROMPTS[3], repetition_penalty=1.3)
        batch = Batch(model)
        batch.join(sequence)
        assert finish(batch)[sequence] == expected_text(model, sequence)
    finally:
        module.generation_config.repetition_penalty = None
