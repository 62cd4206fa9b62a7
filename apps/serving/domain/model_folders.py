"""What a folder in Hugging Face layout must hold, and what an adapter's folder says about itself."""

import json
from pathlib import Path
from typing import Any, Final

TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
CONTEXT_NAMES: Final = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
ADAPTER_CONFIG: Final = "adapter_config.json"
ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"
# Beside an adapter's own files: which base it belongs to and the digest of its artifact.
ADAPTER_NOTE: Final = "flywheel.json"


def complaint_about_folder(path: Path) -> str:
    """Why this is no model folder, as a sentence; "" when it is one."""
    if not path.is_dir():
        return f"The model folder {path} does not exist."
    if not (path / "config.json").is_file():
        return f"{path} holds no config.json, so it is not a Hugging Face model folder."
    if not any(path.glob("*.safetensors")):
        return f"{path} holds no .safetensors file; other weight formats are not loaded."
    if not any((path / name).is_file() for name in TOKENIZER_FILES):
        return f"{path} holds no tokenizer (tokenizer.json)."
    return ""


def context_of_folder(path: Path) -> int | None:
    """Tokens that the model of a folder was made for, as its config.json says; None where it says nothing."""
    config = read_object(path / "config.json")
    text = config.get("text_config")
    for part in (text if isinstance(text, dict) else {}, config):
        for name in CONTEXT_NAMES:
            if isinstance(value := part.get(name), int) and value > 0:
                return value
    return None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; {} where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
