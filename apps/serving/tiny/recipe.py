"""The demo model's architecture and how it learns: a small Llama, AdamW, warm-up and cosine."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from apps.serving.tiny import corpus
from apps.serving.tiny.batches import Batch
from apps.serving.tiny.tokenizer import CONTEXT, END, PAD


@dataclass(frozen=True)
class Settings:
    """Everything that decides the weights, apart from the data and the library versions."""

    seed: int = 7
    steps: int = 1000
    batch: int = 48
    vocabulary: int = 2048
    tokenizer_sample: int = 12_000
    hidden: int = 160
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 432
    learning_rate: float = 3e-3
    warmup: int = 60
    weight_decay: float = 0.05
    clip: float = 1.0
    mixture: corpus.Mixture = field(default_factory=corpus.Mixture)

    def run_name(self) -> str:
        return f"{asdict(self)} on data {corpus.data_hash()}"


def build_model(settings: Settings, vocabulary: int) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=settings.hidden,
        intermediate_size=settings.feed_forward,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.kv_heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        bos_token_id=None,
        eos_token_id=END,
        pad_token_id=PAD,
        dtype="float32",
    )
    torch.manual_seed(settings.seed)
    return LlamaForCausalLM(config)


def loss_of(model: Any, batch: Batch) -> torch.Tensor:
    """Mean cross-entropy per token in nats, weighted by the batch's weights."""
    logits = model(input_ids=batch.ids).logits[:, :-1]
    weights = batch.weights[:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), batch.ids[:, 1:].reshape(-1), reduction="none"
    )
    return (losses * weights.reshape(-1)).sum() / weights.sum()


def rate(step: int, settings: Settings) -> float:
    """Learning rate: linear warm-up, then a cosine down to a fiftieth."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.learning_rate * (0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2)


def make_optimizer(model: torch.nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """AdamW; the gains of the norms are not decayed."""
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    gains = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": gains, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay)
