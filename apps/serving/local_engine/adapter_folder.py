"""A LoRA adapter's folder: where it may lie, which base it belongs to, and whether this engine can serve it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from apps.serving.domain.model_folders import ADAPTER_CONFIG, ADAPTER_NOTE, ADAPTER_WEIGHTS, read_object
from apps.serving.domain.names import is_adapter_name
from apps.serving.local_engine.problems import RequestProblem, unusable_adapter, wrong_field

# Initialisations that leave the base's weights as they are; the others (pissa, olora, corda, loftq) rewrite them,
# and here the base's weights are shared.
HARMLESS_STARTS = (None, True, False, "gaussian", "eva", "orthogonal")
# Members of adapter_config.json that change more than single layers, or need the whole PeftModel around the base.
UNSUPPORTED = (
    "layer_replication",
    "target_parameters",
    "alora_invocation_tokens",
    "arrow_config",
    "megatron_config",
    "use_qalora",
)


class AdapterFolder(msgspec.Struct, frozen=True, kw_only=True):
    """base: name of the lane that it stands on. digest: of what makes the adapter, its config and its weights."""

    name: str
    path: Path
    base: str
    digest: str


def folder_names(root: Path | None) -> list[str]:
    """Sub-folders that claim to be adapters, in order."""
    if root is None or not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if is_adapter_name(path.name) and is_adapter_folder(path))


def is_adapter_folder(path: Path) -> bool:
    return (path / ADAPTER_CONFIG).is_file()


def stamp_of(path: Path) -> tuple[int, ...]:
    """Changes when the adapter's files do; () where there are none."""
    try:
        found = [(path / name).stat() for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS)]
    except OSError:
        return ()
    return tuple(figure for stat in found for figure in (stat.st_mtime_ns, stat.st_size))


def read_adapter(root: Path, name: str, path: Path, base: str | None, bases: Mapping[str, Path]) -> AdapterFolder:
    """Look through a folder without the model library; RequestProblem says what is wrong with it.

    path: absolute or below `root`. bases: the folders of the models that are served, by name. Reads the weights
    once, so they come from memory when the generation thread wants them.
    """
    folder = _checked_path(root, path)
    config = read_object(folder / ADAPTER_CONFIG)
    _check_config(name, config)
    chosen = _base_of(name, base or read_object(folder / ADAPTER_NOTE).get("base"), config, bases)
    digest = hashlib.sha256()
    for part in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        with (folder / part).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return AdapterFolder(name=name, path=folder, base=chosen, digest=digest.hexdigest())


def _checked_path(root: Path, path: Path) -> Path:
    home = root.resolve()
    folder = (home / path).resolve()
    inside = [folder, *((folder / part).resolve() for part in (ADAPTER_CONFIG, ADAPTER_WEIGHTS))]
    if folder == home or not all(found.is_relative_to(home) for found in inside):
        raise wrong_field("lora_path", f"lora_path: only folders inside {home} are loaded.")
    if not folder.is_dir():
        raise RequestProblem(
            404, f"lora_path: the folder {folder} does not exist.", param="lora_path", code="adapter_not_found"
        )
    for part in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        if not (folder / part).is_file():
            raise unusable_adapter(f"{folder} holds no {part}, so it is not an adapter.")
    return folder


def _check_config(name: str, config: Mapping[str, Any]) -> None:
    if not config:
        raise unusable_adapter(f"The adapter {name!r} has an {ADAPTER_CONFIG} that cannot be read.")
    kind = config.get("peft_type")
    if kind != "LORA":
        raise unusable_adapter(f"The adapter {name!r} is of the type {kind}; this engine serves LORA.")
    start = config.get("init_lora_weights")
    if start not in HARMLESS_STARTS:
        raise unusable_adapter(
            f"The adapter {name!r} rewrites its base's weights (init_lora_weights: {start!r}); save it as plain LoRA."
        )
    if used := [member for member in UNSUPPORTED if config.get(member)]:
        raise unusable_adapter(f"The adapter {name!r} uses {used[0]}, which this engine cannot serve.")


def _base_of(name: str, said: Any, config: Mapping[str, Any], bases: Mapping[str, Path]) -> str:
    """The base by name, or by what the adapter's config says that it was trained on."""
    served = ", ".join(bases)
    if said:
        if said in bases:
            return str(said)
        raise unusable_adapter(f"The adapter {name!r} stands on {said!r}, which is not served here. Served: {served}.")
    trained_on = str(config.get("base_model_name_or_path") or "")
    if trained_on in bases:
        return trained_on
    for base, folder in bases.items():
        if trained_on and Path(trained_on).resolve() == folder.resolve():
            return base
    if not trained_on and len(bases) == 1:
        return next(iter(bases))
    raise unusable_adapter(
        f"The adapter {name!r} was trained on {trained_on or 'a base that it does not name'}, which is not served "
        f"here. Served: {served}. Where it is the same model in another folder, say so with base_model_name."
    )
