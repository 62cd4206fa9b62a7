"""The gateway's description of itself, and whatever fits it or nearly does: never a failure of the gateway's own."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from apps.gateway.proxy.doors import DOORS
from apps.gateway.proxy.openapi import PATH, description
from tests.helpers.calling import Caller

schema = schemathesis.openapi.from_dict(description())


def test_the_description_is_served_and_names_every_path(caller: Caller) -> None:
    served = caller.get(PATH)
    assert served.status == 200
    assert set(served.json["paths"]) == {*DOORS, "/v1/models"}
    assert caller.request("DELETE", PATH).status == 405


@pytest.mark.parametrize("path", [*DOORS])
def test_no_request_makes_the_gateway_fail(caller: Caller, path: str) -> None:
    """Half of the generated bodies break the description; those that name a model get one that exists."""
    told: set[int] = set()

    operation = schema[path]["POST"]
    strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(strategy)
    def ask(case: schemathesis.Case) -> None:
        body = case.body
        if isinstance(body, dict) and isinstance(body.get("model"), str):
            body = {**body, "model": "helper"}
        raw = body if isinstance(body, bytes) else json.dumps(body, default=str).encode("utf-8", "surrogatepass")
        answer = caller.post(raw, path=path)
        told.add(answer.status)
        assert answer.status < 500, (answer.status, answer.raw[:500], raw[:500])
        if answer.status >= 400:
            assert "error" in answer.json

    ask()
    assert 200 in told
