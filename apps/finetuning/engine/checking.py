"""What must be true for a run to make sense: at its start, and again when a worker takes it up."""

from pathlib import Path

from apps.accounts.models import Project
from apps.datasets.models import DatasetVersion
from apps.serving.domain.model_folders import complaint_about_folder
from apps.serving.models import CatalogueModel, LocalModel

LEAST_ROWS = 10


def complaint_about_base(project: Project, base: CatalogueModel) -> str:
    """Why this model cannot be finetuned, as a sentence; "" when it can."""
    if base.project_id != project.id:
        return "This model belongs to another project."
    if base.disabled_at or base.provider.disabled_at:
        return f"The model {base} is out of service. Put it into service first."
    local = LocalModel.objects.filter(model=base).select_related("base__model").first()
    if local is None:
        return f"The weights of {base} are not on this installation, so it can't be finetuned."
    if local.base is not None:
        return f"{base} is an adapter. Choose its base {local.base.model}, and a dataset with the old rows and the new."
    return complaint_about_weights(local)


def complaint_about_weights(local: LocalModel) -> str:
    """Why a worker on this machine can't read a base; its folder may have gone since it was registered."""
    complaint = complaint_about_folder(Path(local.folder)) if local.folder else "It has no folder of weights."
    return f"The base {local.model} can't be read here. {complaint}" if complaint else ""


def complaint_about_rows(version: DatasetVersion, rows: int) -> str:
    """rows: of the train split."""
    if rows >= LEAST_ROWS:
        return ""
    many = {0: "no example", 1: "one example"}.get(rows, f"{rows} examples")
    verb = "is" if rows < 2 else "are"
    return (
        f"{many.capitalize()} {verb} not enough: the train split of {version} needs at least {LEAST_ROWS}. "
        "Add rows to the dataset, then finetune on its next version."
    )
