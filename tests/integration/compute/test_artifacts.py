"""The store: the same content once, whole or not at all, and checked whenever it is read."""

from pathlib import Path

import pytest

from apps.compute.engine.artifacts import drop_artifact
from apps.compute.models import Artifact
from apps.compute.services import ArtifactDamaged, fetch_artifact, store_folder

pytestmark = pytest.mark.django_db


def make_folder(path: Path, **files: str) -> Path:
    (path / "inside").mkdir(parents=True)
    for name, text in files.items():
        (path / "inside" / name).write_text(text)
    return path


def blobs(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]


def test_a_folder_comes_back_as_it_was(project, tmp_path):
    stored = store_folder(project=project, kind="adapter", folder=make_folder(tmp_path / "a", weights="1", config="2"))
    back = fetch_artifact(artifact=stored, into=tmp_path / "back")
    assert (back / "inside" / "weights").read_text() == "1"
    assert stored.bytes == 2


def test_the_same_content_is_stored_once_and_stays_for_as_long_as_somebody_has_it(project, tmp_path):
    first = store_folder(project=project, kind="adapter", folder=make_folder(tmp_path / "a", one="same", two="other"))
    second = store_folder(project=project, kind="adapter", folder=make_folder(tmp_path / "b", three="same"))
    assert len(blobs(tmp_path)) == 2
    drop_artifact(first)
    assert len(blobs(tmp_path)) == 1
    assert fetch_artifact(artifact=second, into=tmp_path / "back").is_dir()


def test_a_changed_file_is_noticed_and_healed_by_storing_it_again(project, tmp_path):
    folder = make_folder(tmp_path / "a", weights="good")
    stored = store_folder(project=project, kind="adapter", folder=folder)
    blobs(tmp_path)[0].write_text("evil")
    with pytest.raises(ArtifactDamaged, match="changed"):
        fetch_artifact(artifact=stored, into=tmp_path / "back")
    assert not (tmp_path / "back").exists()
    store_folder(project=project, kind="adapter", folder=folder)
    assert (fetch_artifact(artifact=stored, into=tmp_path / "back") / "inside" / "weights").read_text() == "good"


def test_a_file_that_is_gone_is_noticed(project, tmp_path):
    stored = store_folder(project=project, kind="adapter", folder=make_folder(tmp_path / "a", weights="x"))
    blobs(tmp_path)[0].unlink()
    with pytest.raises(ArtifactDamaged, match="gone"):
        fetch_artifact(artifact=stored, into=tmp_path / "back")


def test_a_manifest_that_points_outside_is_refused(project, tmp_path):
    stored = store_folder(project=project, kind="adapter", folder=make_folder(tmp_path / "a", weights="x"))
    stored.manifest = {"../../escaped": stored.manifest["inside/weights"]}
    with pytest.raises(ArtifactDamaged, match="outside"):
        fetch_artifact(artifact=stored, into=tmp_path / "back")
    assert not (tmp_path / "escaped").exists()


def test_a_store_that_is_full_leaves_no_artifact_and_no_half_file(project, tmp_path, monkeypatch):
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("apps.compute.engine.artifacts.shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        store_folder(project=project, kind="adapter", folder=make_folder(tmp_path / "a", weights="x"))
    assert not Artifact.objects.exists()
    assert blobs(tmp_path) == []


def test_an_empty_folder_is_no_artifact(project, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no file"):
        store_folder(project=project, kind="adapter", folder=tmp_path / "empty")
