"""What the import contracts cannot see: foreign keys, public modules, and the folder named `platform`."""

import platform
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from django.apps import apps as registry
from django.db.models import Model

from tests.architecture.floors import PUBLIC, ROOT, floors


def test_the_import_contracts_hold() -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout[-3000:]


def test_the_platform_folder_never_shadows_the_standard_library() -> None:
    assert platform.__file__.startswith(sys.base_prefix)
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert not list((ROOT / "platform").glob("*.py"))
    assert not (ROOT / "tests" / "platform").exists()


def test_the_apps_folder_is_never_on_the_path() -> None:
    assert str(ROOT / "apps") not in sys.path


def test_apps_use_only_each_others_public_modules() -> None:
    graph = grimp.build_graph("apps", cache_dir=None)
    private = [
        f"{importer} -> {imported}"
        for importer in sorted(graph.modules)
        for imported in graph.find_modules_directly_imported_by(importer)
        if importer.split(".")[1:2] != imported.split(".")[1:2]
        and len(imported.split(".")) > 2
        and imported.split(".")[2] not in PUBLIC
    ]
    assert private == []


def test_foreign_keys_point_down_the_map() -> None:
    rank = floors()

    def floor(model: type[Model]) -> int | None:
        return rank.get(registry.get_app_config(model._meta.app_label).name)

    upward = [
        f"{model.__name__}.{field.name} -> {field.related_model.__name__}"
        for model in registry.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and isinstance(field.related_model, type)
        if (below := floor(model)) is not None and (above := floor(field.related_model)) is not None
        if model._meta.app_label != field.related_model._meta.app_label and above >= below
    ]
    assert upward == []


# Models above or outside projects, each for a reason that its docstring gives.
OUTSIDE_PROJECTS = {
    "accounts.Organisation",
    "accounts.Project",
    "accounts.User",
    "accounts.UserSession",
    "accounts.ConfigVersion",
    "accounts.Membership",
    "accounts.Invitation",
    "accounts.AuditEvent",
    "accounts.PasswordReset",
    "compute.Pool",
    "compute.Worker",
}
# Models that reach their project through the parent they belong to.
THROUGH_PARENT = {
    "annotation.Annotation": "item",
    "annotation.AnnotationItem": "queue",
    "billing.InvoiceLine": "invoice",
    "compute.Attempt": "job",
    "compute.Checkpoint": "job",
    "compute.JobLog": "job",
    "compute.JobMetric": "job",
    "datasets.DatasetVersion": "dataset",
    "datasets.Example": "dataset",
    "datasets.VersionRow": "version",
    "evaluation.Prediction": "evaluation",
    "gateway.RouteVersion": "route",
    "pipelines.Promotion": "turn",
    "pipelines.Turn": "wheel",
    "serving.LocalModel": "model",
    "serving.PriceVersion": "model",
}


def own_models() -> list[type[Model]]:
    return [model for model in registry.get_models() if model.__module__.startswith("apps.")]


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)
def test_every_model_belongs_to_a_project(model: type[Model]) -> None:
    label = model._meta.label
    fields = {field.attname for field in model._meta.concrete_fields}
    if label in THROUGH_PARENT:
        assert f"{THROUGH_PARENT[label]}_id" in fields
    elif label not in OUTSIDE_PROJECTS:
        assert "project_id" in fields
