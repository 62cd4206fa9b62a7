"""Models behind providers of every dialect, and the clients that call them."""

from collections.abc import Iterator

import pytest
from anthropic import Anthropic

from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import House
from tests.functional.gateway.dialects.claude import claude
from tests.helpers.calling import Caller
from tests.helpers.mock_provider import MockProvider
from tests.helpers.processes import ServerProcess
from tests.helpers.waiting import eventually


@pytest.fixture
def caller(house: House, gateway_process: ServerProcess, provider: MockProvider) -> Caller:
    """`helper` is behind chat completions, `claude` behind Messages, `thinker` behind Responses."""
    prices = {"input_nano": 1_000_000_000, "output_nano": 2_000_000_000}
    anthropic = make_provider(house.project, base_url=provider.url, kind="anthropic", credential="sk-ant-1")
    make_model(anthropic, name="claude", upstream_name="claude-x", **prices)
    provider.behave("claude-x", claude)
    responder = make_provider(house.project, base_url=provider.url, options={"responses": "yes"})
    make_model(responder, name="thinker", upstream_name="acme-thinker", **prices)
    make_model(house.provider, name="gpt-4o-mini", upstream_name="acme-large")  # a name that frameworks know
    caller = house.caller(gateway_process)
    eventually(lambda: caller.get("/v1/models/gpt-4o-mini").status == 200)
    return caller


@pytest.fixture
def anthropic(caller: Caller) -> Iterator[Anthropic]:
    with Anthropic(base_url=caller.url, api_key=caller.key, max_retries=0) as client:
        yield client
