"""Whole processes for functional tests. The test's data are committed, so that other processes see them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.mock_provider import MockProvider, mock_provider
from tests.helpers.processes import ServerProcess


@pytest.fixture
def provider() -> Iterator[MockProvider]:
    with mock_provider() as running:
        yield running


@pytest.fixture(scope="session")
def session_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("server")).start()
    yield server
    server.stop()


@pytest.fixture
def gateway_process(session_server: ServerProcess, transactional_db: None) -> ServerProcess:
    """The running instance of pages, API and gateway that tests share as long as they don't hurt it."""
    return session_server


@pytest.fixture
def start_server(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Start further server processes, with more environment variables; all are stopped when the test is over."""
    servers: list[ServerProcess] = []

    def start(**environment: str) -> ServerProcess:
        server = ServerProcess(tmp_path / f"server-{len(servers)}", environment)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()
