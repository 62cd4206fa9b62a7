"""Folders in a content-addressed store: each file once, under its SHA-256, checked whenever it is read."""

import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import connection, transaction

from apps.accounts.models import Project
from apps.compute.models import Artifact, Job

CHUNK = 1 << 20
LOCK = 0x6172746966616374  # "artifact": storing and dropping exclude each other


class ArtifactDamaged(Exception):
    """A stored file is not (any more) what its hash says, or is gone."""


def store_folder(*, project: Project, kind: str, folder: Path, job: Job | None = None) -> Artifact:
    """Store every file below `folder`: all of it or, when that fails (OSError), nothing."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        raise ValueError(f"There is no file in {folder}.")
    manifest: dict[str, Any] = {}
    try:
        with transaction.atomic():
            _lock("pg_advisory_xact_lock_shared")
            for path in files:
                manifest[path.relative_to(folder).as_posix()] = _kept(path)
            return _described(project, kind, manifest, job)
    except OSError:
        with transaction.atomic():
            _drop_unused(manifest)
        raise


def _described(project: Project, kind: str, manifest: dict[str, Any], job: Job | None) -> Artifact:
    whole = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return Artifact.objects.create(
        project=project,
        job=job,
        kind=kind,
        digest=whole,
        bytes=sum(entry["bytes"] for entry in manifest.values()),
        manifest=manifest,
    )


def fetch_artifact(*, artifact: Artifact, into: Path) -> Path:
    """The folder again, at `into`, which appears only when it is whole. ArtifactDamaged otherwise."""
    partial = into.with_name(f".{into.name}.{uuid.uuid4().hex[:8]}")
    try:
        for name, entry in artifact.manifest.items():
            target = partial / name
            if not target.resolve().is_relative_to(partial.resolve()):
                raise ArtifactDamaged(f"{name} would lie outside of the artifact.")
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetch(entry["sha256"], target)
        if into.exists():
            shutil.rmtree(into)
        partial.rename(into)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return into


def drop_artifact(artifact: Artifact) -> None:
    """Forget an artifact, and those of its files that no other artifact has."""
    with transaction.atomic():
        manifest = artifact.manifest
        artifact.delete()
        _drop_unused(manifest)


def _drop_unused(manifest: dict[str, Any]) -> None:
    # Nobody stores meanwhile: a file that is found here already must not go before its new artifact is known.
    _lock("pg_advisory_xact_lock")
    for digest in {entry["sha256"] for entry in manifest.values()}:
        if not _is_used(digest):
            _store().delete(_name(digest))


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])


def _is_used(digest: str) -> bool:
    path = f'$.* ? (@.sha256 == "{digest}")'
    return Artifact.objects.extra(where=["jsonb_path_exists(manifest, %s::jsonpath)"], params=[path]).exists()


def _store() -> Storage:
    return storages["artifacts"]


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _digest_of(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _kept(path: Path) -> dict[str, Any]:
    """The file's entry of the manifest, once the store has it."""
    digest, size = _digest_of(path)
    store, name = _store(), _name(digest)
    if not (store.exists(name) and _is_whole(digest)):
        _copy(path, digest, name)
    return {"sha256": digest, "bytes": size}


def _is_whole(digest: str) -> bool:
    with _store().open(_name(digest)) as source:
        found = hashlib.sha256()
        for chunk in source.chunks(CHUNK):
            found.update(chunk)
    return found.hexdigest() == digest


def _copy(path: Path, digest: str, name: str) -> None:
    store = _store()
    try:
        target = Path(store.path(name))
    except NotImplementedError:  # an object store, whose writes are whole or not at all
        with path.open("rb") as file:
            store.save(name, File(file))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{digest}.{uuid.uuid4().hex[:8]}")
    try:
        with path.open("rb") as source, partial.open("wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK)
            copy.flush()
            os.fsync(copy.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _fetch(digest: str, target: Path) -> None:
    found = hashlib.sha256()
    try:
        with _store().open(_name(digest)) as source, target.open("wb") as copy:
            for chunk in source.chunks(CHUNK):
                found.update(chunk)
                copy.write(chunk)
    except FileNotFoundError as error:
        raise ArtifactDamaged(f"The file {digest[:12]} is gone from the store.") from error
    if found.hexdigest() != digest:
        raise ArtifactDamaged(f"The file {digest[:12]} was changed in the store.")
