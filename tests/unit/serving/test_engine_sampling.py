"""Choosing tokens: parameters mean what they mean elsewhere, and neighbours in a batch mean nothing."""

import collections

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import RepetitionPenaltyLogitsProcessor, TopKLogitsWarper, TopPLogitsWarper

from apps.serving.local_engine.sampling import Sampler, SamplingParams, choose_tokens

VOCABULARY = 50


def logits_of(seed: int) -> torch.Tensor:
    return torch.randn(1, VOCABULARY, generator=torch.Generator().manual_seed(seed)) * 3


def draws(params: SamplingParams, count: int = 400, seed: int = 0) -> collections.Counter[int]:
    sampler = Sampler(params, [1])
    return collections.Counter(choose_tokens(logits_of(seed), [sampler])[0][0] for _ in range(count))


def test_temperature_zero_takes_the_most_likely_token():
    logits = logits_of(3)
    assert choose_tokens(logits, [Sampler(SamplingParams(temperature=0), [1])])[0] == [int(logits.argmax())]


def test_a_seed_draws_the_same_whatever_shares_the_batch():
    params = SamplingParams(seed=11, top_p=0.9)
    alone, among = Sampler(params, [1]), Sampler(params, [1])
    neighbours = [Sampler(SamplingParams(temperature=heat), [1]) for heat in (0.0, 0.7, 1.3)]
    for step in range(40):
        row = logits_of(step)
        batch = torch.cat([logits_of(1000 + step), row, logits_of(2000 + step), logits_of(3000 + step)])
        expected = choose_tokens(row.clone(), [alone])[0][0]
        assert choose_tokens(batch, [neighbours[0], among, *neighbours[1:]])[0][1] == expected


def test_other_seeds_draw_otherwise():
    tokens = {tuple(draws(SamplingParams(seed=seed, temperature=2.0), 20).items()) for seed in range(5)}
    assert len(tokens) == 5


@settings(max_examples=25)
@given(st.integers(0, 200), st.floats(0.05, 0.99))
def test_top_p_keeps_the_tokens_that_transformers_keeps(seed, top_p):
    kept = torch.isfinite(TopPLogitsWarper(top_p)(None, logits_of(seed)))[0]
    drawn = draws(SamplingParams(top_p=top_p, seed=1), 40, seed)
    assert all(kept[token] for token in drawn)


@pytest.mark.parametrize("top_k", [1, 3])
def test_top_k_keeps_the_tokens_that_transformers_keeps(top_k):
    kept = torch.isfinite(TopKLogitsWarper(top_k)(None, logits_of(5)))[0]
    drawn = draws(SamplingParams(top_k=top_k, temperature=2.0, seed=2), seed=5)
    assert set(drawn) == set(kept.nonzero()[:, 0].tolist())


def test_tokens_are_drawn_as_often_as_they_are_likely():
    logits = torch.tensor([[0.6, 0.3, 0.1]]).log()
    sampler = Sampler(SamplingParams(seed=3), [0])
    drawn = collections.Counter(choose_tokens(logits.clone(), [sampler])[0][0] for _ in range(4000))
    assert [drawn[token] / 4000 for token in range(3)] == pytest.approx([0.6, 0.3, 0.1], abs=0.03)


def test_top_p_zero_still_leaves_one_token():
    assert set(draws(SamplingParams(top_p=0.0), 20)) == {int(logits_of(0).argmax())}


@given(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=20), st.floats(0.5, 2.0))
def test_the_repetition_penalty_is_that_of_transformers(prompt, factor):
    expected = RepetitionPenaltyLogitsProcessor(factor)(torch.tensor([prompt]), logits_of(9))
    penalised = Sampler(SamplingParams(repetition_penalty=factor), prompt).penalise(logits_of(9)[0])
    assert torch.allclose(penalised, expected[0])


def test_frequency_and_presence_penalties_count_the_answer_and_not_the_prompt():
    params = SamplingParams(temperature=0, frequency_penalty=0.5, presence_penalty=1.0)
    sampler = Sampler(params, prompt=[4, 4, 4])
    row = torch.zeros(VOCABULARY)
    row[7] = 10.0
    assert choose_tokens(row[None].clone(), [sampler])[0] == choose_tokens(row[None].clone(), [sampler])[0] == [7]
    penalised = sampler.penalise(row.clone())
    assert penalised[7] == 10.0 - 2 * 0.5 - 1.0
    assert penalised[4] == 0.0


@pytest.mark.parametrize("temperature", [0, 1.7])
def test_certainty_is_the_models_own_log_probability_before_penalties_and_temperature(temperature):
    logits = torch.cat([logits_of(3), logits_of(4)])
    own = logits.log_softmax(dim=-1)
    params = SamplingParams(temperature=temperature, seed=1, repetition_penalty=1.9, presence_penalty=2.0)
    tokens, certainty = choose_tokens(
        logits.clone(), [Sampler(params, [0, 1, 2]), Sampler(SamplingParams(seed=2), [0])]
    )
    assert certainty == pytest.approx([float(own[row, token]) for row, token in enumerate(tokens)], abs=1e-5)
