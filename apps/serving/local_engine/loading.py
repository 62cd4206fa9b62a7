"""Brings a model folder into memory. Nothing is fetched: a folder that lacks something is refused."""

import logging
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from apps.serving.local_engine.chat_text import LoadProblem
from apps.serving.local_engine.model import LoadedModel

log = logging.getLogger("flywheel.engine")


def load_model(folder: Path, device_name: str, max_context: int | None) -> LoadedModel:
    """Load `folder` on "cpu", "cuda" or "auto"; on the CPU in float32, which is the fastest there for small models."""
    device = _device(device_name)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    module: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32 if device.type == "cpu" else "auto", use_safetensors=True, **options
    )
    model = LoadedModel(module.to(device).eval(), tokenizer, device, max_context)
    if not model.batched:
        log.warning("%s: this architecture's cache holds one sequence, so requests take turns.", folder.name)
    return model


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise LoadProblem("--device cuda was asked for, but torch finds no CUDA device.")
    return torch.device(name)
