"""Local models: bases with their folder, adapters with their artifact, and the way of these into the engine."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.compute.models import Artifact
from apps.serving.domain.model_folders import complaint_about_folder, context_of_folder
from apps.serving.domain.names import adapter_name, is_adapter_name
from apps.serving.engine import reconciling
from apps.serving.engine.engine_calls import AdapterNotLoaded, served_by_engine
from apps.serving.models import CatalogueModel, LocalModel, Provider
from apps.serving.services.catalogue import add_model, connect_local_engine, set_price
from llmkit import clock

LONGEST_FOLDER = 500


@transaction.atomic
def register_base(*, actor: Actor, model: CatalogueModel, folder: Path) -> LocalModel:
    """Say where the weights of a local model lie, so that it can be finetuned; ValidationError naming `folder`."""
    if model.provider.kind != Provider.Kind.LOCAL:
        raise ValidationError({"model": f"{model} is served by {model.provider}, not by the local engine."})
    folder = checked_folder(folder)
    local, made = LocalModel.objects.select_for_update().get_or_create(model=model)
    if local.artifact_id is not None:
        raise ValidationError({"model": f"{model} is an adapter; its base has the folder."})
    if local.folder != str(folder):
        local.folder = str(folder)
        local.save(update_fields=["folder"])
        action = "model.base_registered" if made else "model.base_moved"
        detail = {"folder": str(folder)}
        record_change(actor=actor, action=action, target=model.name, project=model.project, detail=detail)
    return local


@transaction.atomic
def add_local_folder(
    *, actor: Actor, project: Project, name: str, folder: Path, context_tokens: int | None = None, description: str = ""
) -> CatalogueModel:
    """A folder on this machine as a model of the local engine; ValidationError naming `name` or `folder`."""
    folder = checked_folder(folder)
    context = context_tokens or context_of_folder(folder)
    if not context:
        raise ValidationError({"context_tokens": "Its config.json does not say how long its context is: enter it."})
    provider = Provider.objects.for_project(project).filter(kind=Provider.Kind.LOCAL).first()
    model = add_model(
        actor=actor,
        provider=provider or connect_local_engine(actor=actor, project=project),
        name=name,
        upstream_name=name,
        context_tokens=context,
        description=description,
        capabilities=["chat"],
    )
    register_base(actor=actor, model=model, folder=folder)
    return model


@transaction.atomic
def register_adapter(
    *,
    actor: Actor,
    base: LocalModel,
    name: str,
    artifact: Artifact,
    recipe: dict[str, Any],
    dataset_version_id: UUID,
    run_id: UUID,
    description: str = "",
) -> CatalogueModel:
    """A finetuned adapter as a model of its own, with its base's context, capabilities and price of now.

    ValidationError naming `name` when it is taken. It is in the catalogue at once; `load_adapter` has it served.
    """
    if not base.folder:
        raise ValidationError({"base": f"{base} has no folder of weights, so nothing can stand on it."})
    if artifact.project_id != base.model.project_id:
        raise ValidationError({"artifact": "The artifact belongs to another project."})
    model = add_model(
        actor=actor,
        provider=base.model.provider,
        name=name,
        upstream_name=_name_in_engine(base.model.project, name),
        context_tokens=base.model.context_tokens,
        description=description or f"Adapter of {base.model.name}, trained on this project's data.",
        capabilities=base.model.capabilities,
        max_output_tokens=base.model.max_output_tokens,
    )
    _copy_price(actor, base.model, model)
    LocalModel.objects.create(
        model=model, base=base, artifact=artifact, recipe=recipe, dataset_version_id=dataset_version_id, run_id=run_id
    )
    detail = {"base": base.model.name, "digest": artifact.digest, "run_id": str(run_id)}
    record_change(actor=actor, action="model.adapter_registered", target=name, project=model.project, detail=detail)
    return model


def load_adapter(*, model: CatalogueModel) -> None:
    """Have the local engine serve an adapter; AdapterNotLoaded in words when it cannot. Safe to repeat."""
    reconciling.load(_adapter_of(model))


def is_served(*, model: CatalogueModel) -> bool:
    """Whether the local engine answers for a model at this moment."""
    try:
        return model.upstream_name in served_by_engine()
    except AdapterNotLoaded:
        return False


def unload_adapter(*, model: CatalogueModel) -> None:
    """Take an adapter out of the local engine; its artifact stays, so that it can be loaded again."""
    reconciling.unload(_adapter_of(model))


def checked_folder(folder: Path) -> Path:
    """The absolute folder; ValidationError naming `folder` when it is no model folder."""
    folder = folder.expanduser()
    complaint = "" if folder.is_absolute() else "Enter the whole path, from / on."
    if complaint := complaint or complaint_about_folder(folder):
        raise ValidationError({"folder": complaint})
    resolved = folder.resolve()
    if len(str(resolved)) > LONGEST_FOLDER:
        raise ValidationError({"folder": f"At most {LONGEST_FOLDER} characters."})
    return resolved


def _adapter_of(model: CatalogueModel) -> LocalModel:
    adapters = LocalModel.objects.adapters().select_related("model__provider", "artifact", "base__model")
    adapter = adapters.filter(model=model).first()
    if adapter is None:
        raise AdapterNotLoaded(f"{model} is no adapter of the local engine.")
    return adapter


def _name_in_engine(project: Project, name: str) -> str:
    """Free in the whole installation, since all projects share one engine and one folder of adapters."""
    wanted = adapter_name(project.slug, name)
    if not is_adapter_name(wanted):
        raise ValidationError({"name": f"{name}: this cannot be the name of a folder."})
    taken = set(CatalogueModel.objects.filter(upstream_name__startswith=wanted).values_list("upstream_name", flat=True))
    number = 1
    while (free := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return free


def _copy_price(actor: Actor, base: CatalogueModel, model: CatalogueModel) -> None:
    now = clock.now()
    if price := base.price_at(now):
        set_price(
            actor=actor,
            model=model,
            effective_from=now,
            input_nano=price.input_nano,
            output_nano=price.output_nano,
            cached_input_nano=price.cached_input_nano,
        )
