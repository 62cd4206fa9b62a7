"""What the hot path knows after compiling the configuration."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.domain.keys import digest_of
from apps.accounts.services import Actor, revoke_key
from apps.gateway.services import activate_version, publish_route_version, set_route_enabled
from apps.gateway.snapshot import KeyEntry, Snapshot
from apps.gateway.snapshot.compiling import compile_snapshot
from apps.serving.models import Provider
from apps.serving.services import set_model_enabled, set_price, set_provider_enabled
from tests.factories.accounts import make_project, make_secret_key
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model():
    return make_model(make_provider(make_project()), name="helper", input_nano=100)


@pytest.fixture
def key(model):
    return make_secret_key(model.project).text


def found(key: str) -> KeyEntry:
    return compile_snapshot().keys[digest_of(key)]


def test_a_snapshot_carries_the_number_of_its_configuration(model):
    first = compile_snapshot().number
    make_secret_key(model.project)
    assert compile_snapshot().number == first + 1


def test_an_installation_without_anything_has_an_empty_snapshot():
    assert compile_snapshot() == Snapshot(number=0, keys={})


def test_a_key_sees_the_models_and_routes_of_its_project_only(model, key):
    make_route(model, name="support")
    make_route(make_model(make_provider(make_project()), name="theirs"), name="other")
    assert found(key).callable_names() == ["helper", "support"]


def test_a_revoked_key_stays_known_as_revoked(model):
    issued = make_secret_key(model.project)
    revoke_key(actor=Actor(), key=issued.key)
    entry = found(issued.text)
    assert (entry.revoked, entry.usable_until_ns) == (True, 0)


def test_a_key_expires_at_its_time_without_a_new_snapshot(model):
    expires = timezone.now() + timedelta(hours=1)
    entry = found(make_secret_key(model.project, expires_at=expires).text)
    assert entry.usable_until_ns == int(expires.timestamp() * 1_000_000) * 1000


def test_the_provider_is_ready_to_be_called(model, key):
    Provider.objects.update(first_byte_timeout_ms=1234, base_url="http://10.0.0.9:8000/base")
    upstream = found(key).project.models["helper"].upstream
    assert upstream.address == "10.0.0.9:8000"
    assert upstream.credential == "sk-provider-secret"
    assert upstream.timeouts.first_byte == 1.234
    assert "sk-provider-secret" not in repr(upstream)


def test_a_credential_that_cannot_be_read_spoils_its_provider_only(model, key):
    broken = make_provider(model.project)
    Provider.objects.filter(id=broken.id).update(credential="gAAAAA-not-ours")
    make_model(broken, name="lost")
    models = found(key).project.models
    assert models["lost"].upstream is None
    assert "cannot be decrypted" in models["lost"].unusable
    assert models["helper"].upstream is not None


def test_the_local_engine_is_where_the_installation_says(model, key, settings):
    local = Provider.objects.create(project=model.project, name="local", kind="local")
    make_model(local, name="tiny")
    settings.ENGINE_URL, settings.ENGINE_TOKEN = "http://127.0.0.1:8100", "engine-token"
    upstream = found(key).project.models["tiny"].upstream
    assert (upstream.address, upstream.path, upstream.credential) == ("127.0.0.1:8100", "/v1", "engine-token")
    assert upstream.own_engine
    settings.ENGINE_URL = ""
    assert "no local engine" in found(key).project.models["tiny"].unusable


def test_disabled_things_are_not_there(model, key):
    route = make_route(model, name="support")
    for switch, thing in (
        (set_route_enabled, {"route": route}),
        (set_model_enabled, {"model": model}),
        (set_provider_enabled, {"provider": model.provider}),
    ):
        switch(actor=Actor(), enabled=False, **thing)
        assert "support" not in found(key).callable_names()
        switch(actor=Actor(), enabled=True, **thing)
        assert "support" in found(key).callable_names()


def test_a_route_is_its_active_version(model, key):
    route = make_route(model, name="support", system_prompt="One.", defaults={"temperature": 0.5})
    publish_route_version(actor=Actor(), route=route, model=model, system_prompt="Two.")
    entry = found(key).project.routes["support"]
    assert (entry.version, entry.system_turn) == (2, b'{"role":"system","content":"Two."}')
    activate_version(actor=Actor(), route=route, number=1)
    entry = found(key).project.routes["support"]
    assert entry.version == 1
    assert {name: bytes(value) for name, value in entry.defaults.items()} == {"temperature": b"0.5"}


def test_prices_of_the_future_take_effect_by_themselves(model, key):
    tomorrow = timezone.now() + timedelta(days=1)
    set_price(actor=Actor(), model=model, effective_from=tomorrow, input_nano=200, output_nano=0)
    entry = found(key).project.models["helper"]
    moment = int(tomorrow.timestamp() * 1_000_000) * 1000
    assert entry.price_at(moment - 1000).rates.input == 100
    assert entry.price_at(moment).rates.input == 200
    assert entry.price_at(0) is None


def test_compiling_takes_as_many_queries_for_many_projects_as_for_one(django_assert_max_num_queries, model):
    for _ in range(5):
        make_route(make_model(make_provider(make_project())), name="route")
    with django_assert_max_num_queries(13):
        compile_snapshot()


def test_a_route_has_the_targets_that_can_be_called_with_its_own_time_limits():
    model = make_model(make_provider(make_project()), name="helper")
    spare = make_model(model.provider, name="spare")
    make_model(model.provider, name="third")
    targets = [{"model": name} for name in ("helper", "spare", "third")]
    make_route(model, policy={"targets": targets, "timeouts": {"idle_ms": 1500}})
    set_model_enabled(actor=Actor(), model=spare, enabled=False)
    make_secret_key(model.project)
    (key,) = compile_snapshot().keys.values()
    route = key.project.routes["support"]
    assert [target.model for target in route.policy.targets] == [entry.name for entry in route.targets]
    assert [entry.name for entry in route.targets] == ["helper", "third"]
    assert {entry.upstream.timeouts.idle for entry in route.targets} == {1.5}
    assert key.project.models["helper"].upstream.timeouts.idle == 60.0
