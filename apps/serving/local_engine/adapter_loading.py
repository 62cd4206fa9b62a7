"""Builds an adapter's model beside its base, whose weights it shares. Belongs to the generation thread."""

import copy
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from apps.serving.local_engine.chat_text import LoadProblem
from apps.serving.local_engine.model import LoadedModel

NAME = "default"
# Enough of a message of the model library to understand it.
MOST_WORDS = 400


def load_beside(base: LoadedModel, folder: Path) -> LoadedModel:
    """The base's model with the adapter's layers in it; LoadProblem when they do not fit or are damaged.

    Nothing of the base changes: its modules are copied, its weights referred to, and PEFT puts what the adapter brings
    into the copies.
    """
    try:
        module = _adapted(base.forward.module, folder, base.forward.device)
        model = base.with_module(module)
        model.forward.prefill([0, 1], model.forward.new_cache())
    except SafetensorError as error:
        raise LoadProblem(f"its weights are damaged: {_short(error)}") from error
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise LoadProblem(f"it does not fit its base: {_short(error)}") from error
    return model


def _adapted(base: Any, folder: Path, device: torch.device) -> Any:
    from peft import PeftConfig, PeftModelForCausalLM

    # Outside of inference mode, as the base was: the layers' parameters are ordinary tensors.
    with torch.inference_mode(mode=False):
        weights = [*base.parameters(), *base.buffers()]
        module = copy.deepcopy(base, {id(tensor): tensor for tensor in weights})
        config = PeftConfig.from_pretrained(str(folder))
        config.inference_mode = True
        wrapped = PeftModelForCausalLM(module, config, NAME, low_cpu_mem_usage=True)
        # low_cpu_mem_usage: the file's tensors are put in place instead of copied into others, which could be shared.
        loaded = wrapped.load_adapter(
            str(folder), NAME, is_trainable=False, low_cpu_mem_usage=True, torch_device=str(device)
        )
    strange = [*loaded.missing_keys, *loaded.unexpected_keys]
    if strange:
        raise ValueError(f"{len(strange)} of its weights have no counterpart, such as {strange[0]}.")
    # LoRA lives in the layers themselves, so the base's own class can be called as before.
    return wrapped.get_base_model().eval()


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:MOST_WORDS]
