"""The trained model as an ordinary Hugging Face folder, with a record of how it came about."""

import hashlib
import json
import os
import platform
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import safetensors.torch
import tokenizers
import torch
import transformers

from apps.serving.tiny import corpus
from apps.serving.tiny.tokenizer import END, PAD


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def script_hash() -> str:
    """SHA-256 over the Python sources of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def provenance() -> dict[str, Any]:
    """Hashes and versions of what makes the model; to be taken before the training, for the files may change in it."""
    return {
        "data_sha256": corpus.data_hash(),
        "script_sha256": script_hash(),
        "versions": versions(),
        "cpu_count": os.cpu_count(),
    }


def versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
    }


def write_model(folder: Path, model: Any, tokenizer: Any) -> None:
    """Write config, weights (float16 on disk, float32 in memory), tokenizer and template, readable for everyone.

    Each file is replaced whole, so that a crash leaves no half of one.
    """
    transformers.utils.logging.disable_progress_bar()
    model.generation_config = transformers.GenerationConfig(
        do_sample=False, eos_token_id=END, pad_token_id=PAD, max_new_tokens=128
    )
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as name:
        model.save_pretrained(name)
        tokenizer.save_pretrained(name)
        weights = Path(name) / "model.safetensors"
        tensors = {key: tensor.to(torch.float16) for key, tensor in safetensors.torch.load_file(weights).items()}
        safetensors.torch.save_file(tensors, weights, metadata={"format": "pt"})
        for path in Path(name).iterdir():
            path.chmod(0o644)
            path.replace(folder / path.name)


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write `training.json`: `record` and the hash of the weights beside it."""
    full = {**record, "weights_sha256": sha256(folder / "model.safetensors")}
    path = folder / "training.json"
    path.write_text(json.dumps(full, indent=2) + "\n", encoding="utf-8")
    path.chmod(0o644)
