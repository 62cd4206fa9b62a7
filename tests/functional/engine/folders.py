"""Model folders for tests: a Llama of random weights with a byte-level tokenizer of its own."""

import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CONTROL = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if messages[-1].role == 'tool' %}{{ raise_exception('tools are not spoken here') }}{% endif %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
LINES = [
    "The winch hums and the mooring line is tight.",
    "Où est le quai numéro sept ? Près de l'écluse.",
    "港口的风很大。船在等。",
    "⚓ 🌊 🚢 nineteen knots, three reefs, one kettle",
]


def build_folder(folder: Path, *, context: int = 2048, seed: int = 7, **config: Any) -> Path:
    """Write config, weights, tokenizer and chat template; `config` overrides LlamaConfig's fields."""
    tokenizer = _tokenizer()
    torch.manual_seed(seed)
    fields = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.eos_token_id,
        # Wide enough that greedy answers wander instead of repeating one token.
        "initializer_range": 0.4,
    }
    LlamaForCausalLM(LlamaConfig(**(fields | config))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_adapter(base: Path, folder: Path, *, seed: int = 1, **config: Any) -> Path:
    """A LoRA adapter of random weights, strong enough that its answers are not the base's."""
    torch.manual_seed(seed)
    fields = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "init_lora_weights": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = AutoModelForCausalLM.from_pretrained(base)
        wrapped = get_peft_model(module, LoraConfig(task_type="CAUSAL_LM", **(fields | config)))
        with torch.no_grad():
            for name, weights in wrapped.named_parameters():
                if "modules_to_save" in name or "trainable_tokens" in name:
                    weights.add_(torch.randn_like(weights) * 0.4)
        wrapped.save_pretrained(folder)
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=CONTROL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(LINES, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", chat_template=TEMPLATE)
