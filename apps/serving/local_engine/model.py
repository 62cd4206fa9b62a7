"""A model in memory, and what its folder says about how to use it."""

import copy
import logging
from typing import Any

import msgspec
import torch

from apps.serving.domain.model_folders import CONTEXT_NAMES
from apps.serving.local_engine.chat_text import ChatText
from apps.serving.local_engine.generation import Alternating, Batched, Forward, Running, batches_faithfully
from apps.serving.local_engine.problems import context_exceeded, wrong_field
from apps.serving.local_engine.protocol import ChatRequest
from apps.serving.local_engine.sampling import Sampler, SamplingParams
from apps.serving.local_engine.sequence import Plan, Sequence, now_ns

log = logging.getLogger("flywheel.engine")

DEFAULT_CONTEXT = 2048
# Settings of generation_config.json that change the text and that this engine leaves out.
LEFT_OUT = ("no_repeat_ngram_size", "min_new_tokens", "min_length", "suppress_tokens", "bad_words_ids", "min_p")


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What applies where a request says nothing."""

    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    max_tokens: int | None

    def sampling(self, request: ChatRequest) -> SamplingParams:
        return SamplingParams(
            temperature=_or(request.temperature, self.temperature),
            top_p=_or(request.top_p, self.top_p),
            top_k=self.top_k if request.top_k is None else request.top_k,
            seed=request.seed,
            repetition_penalty=_or(request.repetition_penalty, self.repetition_penalty),
            frequency_penalty=request.frequency_penalty or 0.0,
            presence_penalty=request.presence_penalty or 0.0,
        )


class LoadedModel:
    """A model ready to generate. context: tokens that prompt and answer may have together."""

    def __init__(self, module: Any, tokenizer: Any, device: torch.device, max_context: int | None) -> None:
        self.text = ChatText(tokenizer)
        self.forward = Forward(module, device)
        own_context = context_of(module.config, tokenizer)
        self.context = min(own_context, max_context or own_context)
        self.end_ids = end_ids(module.generation_config, tokenizer)
        self.defaults = defaults_of(module.generation_config)
        with torch.inference_mode():
            self.batched = batches_faithfully(self.forward, module.config.get_text_config().vocab_size)

    def running(self) -> Running:
        return Batched(self.forward) if self.batched else Alternating(self.forward)

    def with_module(self, module: Any) -> "LoadedModel":
        """Another module in this one's place, with the same tokenizer, context, defaults and cache."""
        other = copy.copy(self)
        other.forward = Forward(module, self.forward.device)
        return other

    def sequence(self, request: ChatRequest) -> Sequence:
        """The request in this model's tokens; RequestProblem when it does not fit."""
        arrived = now_ns()
        prompt = self.text.encode(request.turns())
        if not prompt:
            raise wrong_field("messages", "messages: the model's chat template makes nothing of them.")
        room = self.context - len(prompt)
        if room < 1:
            raise context_exceeded(len(prompt), self.context)
        plan = Plan(
            prompt=prompt,
            max_tokens=min(request.token_limit or self.defaults.max_tokens or room, room),
            end_ids=frozenset() if request.ignore_eos else self.end_ids,
            stops=request.stops,
            arrived_ns=arrived,
        )
        return Sequence(plan, Sampler(self.defaults.sampling(request), prompt), self.text.decode)


def context_of(config: Any, tokenizer: Any) -> int:
    """Tokens that the model was made for."""
    text_config = config.get_text_config()
    for name in CONTEXT_NAMES:
        if isinstance(value := getattr(text_config, name, None), int):
            return value
    return int(min(tokenizer.model_max_length, DEFAULT_CONTEXT))


def end_ids(generation: Any, tokenizer: Any) -> frozenset[int]:
    """The ids that end an answer."""
    configured = generation.eos_token_id
    ids = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in [*ids, tokenizer.eos_token_id] if token is not None)


def defaults_of(generation: Any) -> Defaults:
    """From generation_config.json; where it is silent, OpenAI's defaults. `do_sample: false` means temperature 0."""
    ignored = [name for name in LEFT_OUT if getattr(generation, name, None)]
    if ignored:
        log.warning("generation_config.json: this engine does not apply %s.", ", ".join(ignored))
    return Defaults(
        temperature=0.0 if generation.do_sample is False else _or(generation.temperature, 1.0),
        top_p=_or(generation.top_p, 1.0),
        top_k=generation.top_k or 0,
        repetition_penalty=_or(generation.repetition_penalty, 1.0),
        max_tokens=generation.max_new_tokens,
    )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
