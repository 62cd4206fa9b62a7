"""A project with a provider, a priced model, a route and a key, and somebody who calls it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from openai import OpenAI

from apps.accounts.models import Project
from apps.serving.models import CatalogueModel, Provider
from tests.factories.accounts import make_project, make_secret_key
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider
from tests.helpers.calling import Caller
from tests.helpers.mock_provider import MockProvider
from tests.helpers.processes import ServerProcess
from tests.helpers.waiting import eventually

PROMPT = "You are the support desk of a chandlery."


@dataclass(frozen=True)
class House:
    project: Project
    provider: Provider
    model: CatalogueModel
    key: str

    def caller(self, server: ServerProcess) -> Caller:
        """Ready once the server has learnt of this house."""
        caller = Caller(server.url, self.key)
        eventually(lambda: caller.get("/v1/models").status == 200)
        return caller


@pytest.fixture
def house(transactional_db: None, provider: MockProvider) -> House:
    project = make_project()
    served = make_provider(project, base_url=provider.url, name="acme", credential="sk-acme-1234567890")
    model = make_model(
        served, name="helper", upstream_name="acme-large", input_nano=150_000_000, output_nano=600_000_000
    )
    make_route(model, name="support", system_prompt=PROMPT, defaults={"temperature": 0.5, "max_tokens": 99})
    return House(project, served, model, make_secret_key(project).text)


@pytest.fixture
def caller(house: House, gateway_process: ServerProcess) -> Caller:
    return house.caller(gateway_process)


@pytest.fixture
def openai(caller: Caller) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{caller.url}/v1", api_key=caller.key, max_retries=0) as client:
        yield client
