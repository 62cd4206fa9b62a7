"""An instance for a module's tests, and folders for those that need their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flywheel.local.throwaway import make_folder, remove
from tests.functional.local.running import Instance


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = make_folder()
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """One that runs; a test may stop it and must start it again."""
    folder = make_folder()
    instance = Instance(folder)
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()
        remove(folder)
