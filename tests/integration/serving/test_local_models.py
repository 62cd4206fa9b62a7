"""Bases and adapters: how they are registered, and how adapters get into the engine and out of it."""

import shutil
import uuid
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import AuditEvent, ConfigVersion
from apps.accounts.services import Actor
from apps.serving.models import CatalogueModel, LocalModel
from apps.serving.queries import adapters_on, finetunable_models, origin_of
from apps.serving.services import (
    AdapterNotLoaded,
    add_local_folder,
    add_model,
    load_adapter,
    register_adapter,
    register_base,
    set_model_enabled,
    unload_adapter,
)
from apps.serving.tasks import load_missing_adapters
from tests.factories.accounts import make_project
from tests.factories.local_models import make_adapter, make_artifact, make_base, model_folder
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def base(project, tmp_path):
    return make_base(project, tmp_path / "base", name="tiny", input_nano=100_000_000)


@pytest.fixture
def adapter(base, tmp_path):
    return make_adapter(base, tmp_path / "trained", name="support-v1")


def actions(project):
    return list(AuditEvent.objects.filter(project=project).values_list("action", flat=True))


# --- bases ------------------------------------------------------------------------------------------------------


def test_a_base_can_be_finetuned_once_its_folder_is_known(project, base, tmp_path):
    make_model(make_provider(project), name="hosted")
    assert base.folder == str(tmp_path / "base")
    assert list(finetunable_models(project)) == [base.model]
    assert "model.base_registered" in actions(project)


def test_registering_the_same_folder_again_changes_nothing_and_another_moves_it(project, base, tmp_path):
    before = actions(project)
    assert register_base(actor=Actor(), model=base.model, folder=tmp_path / "base") == base
    assert actions(project) == before
    register_base(actor=Actor(), model=base.model, folder=model_folder(tmp_path / "moved"))
    assert LocalModel.objects.get().folder == str(tmp_path / "moved")
    assert "model.base_moved" in actions(project)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json", ""])
def test_a_folder_without_a_model_is_refused_with_what_it_lacks(base, tmp_path, missing):
    folder = model_folder(tmp_path / "other")
    (folder / missing).unlink() if missing else shutil.rmtree(folder)
    with pytest.raises(ValidationError) as caught:
        register_base(actor=Actor(), model=base.model, folder=folder)
    assert list(caught.value.message_dict) == ["folder"]
    assert str(folder) in caught.value.message_dict["folder"][0]


def test_a_model_of_another_provider_has_no_folder(project, tmp_path):
    model = make_model(make_provider(project))
    with pytest.raises(ValidationError, match="not by the local engine"):
        register_base(actor=Actor(), model=model, folder=model_folder(tmp_path / "base"))


def test_a_folder_becomes_a_model_with_the_context_of_its_config(project, tmp_path):
    model = add_local_folder(actor=Actor(), project=project, name="own", folder=model_folder(tmp_path / "own"))
    assert (model.context_tokens, model.upstream_name, model.provider.kind) == (512, "own", "local")
    assert model.local.folder == str(tmp_path / "own")


def test_a_folder_that_does_not_say_how_long_its_context_is_asks_for_it(project, tmp_path):
    folder = model_folder(tmp_path / "own")
    (folder / "config.json").write_text("{}")
    with pytest.raises(ValidationError) as caught:
        add_local_folder(actor=Actor(), project=project, name="own", folder=folder)
    assert list(caught.value.message_dict) == ["context_tokens"]
    assert not CatalogueModel.objects.exists()
    made = add_local_folder(actor=Actor(), project=project, name="own", folder=folder, context_tokens=99)
    assert made.context_tokens == 99


# --- adapters ---------------------------------------------------------------------------------------------------


def test_an_adapter_is_a_model_with_its_bases_context_and_price_of_now(project, base, adapter):
    price, bases = adapter.price_at(timezone.now()), base.model.price_at(timezone.now())
    assert adapter.provider == base.model.provider
    assert (adapter.context_tokens, adapter.capabilities) == (512, base.model.capabilities)
    assert (price.input_nano, price.output_nano) == (bases.input_nano, bases.output_nano) == (100_000_000, 7)
    assert adapter.description.startswith("Adapter of tiny")
    origin = origin_of(adapter)
    assert (origin.base, origin.recipe["rank"]) == (base, 8)
    assert [on.model for on in adapters_on(base.model)] == [adapter]
    assert "model.adapter_registered" in actions(project)


def test_gateways_hear_of_a_new_adapter(base, tmp_path):
    before = ConfigVersion.objects.get().number
    make_adapter(base, tmp_path / "trained")
    assert ConfigVersion.objects.get().number > before


def test_a_name_that_is_taken_is_refused_and_nothing_is_left(base, tmp_path):
    count = CatalogueModel.objects.count()
    with pytest.raises(ValidationError) as caught:
        make_adapter(base, tmp_path / "trained", name="tiny")
    assert list(caught.value.message_dict) == ["name"]
    assert CatalogueModel.objects.count() == count


def test_projects_share_the_engine_but_not_its_names_nor_each_others_adapters(adapter, tmp_path):
    other = make_project()
    theirs = make_adapter(
        make_base(other, tmp_path / "their-base", name="tiny"), tmp_path / "theirs", name=adapter.name
    )
    assert theirs.name == adapter.name
    assert theirs.upstream_name != adapter.upstream_name
    with pytest.raises(ValidationError, match="another project"):
        add_model(
            actor=Actor(),
            provider=theirs.provider,
            name="mine-now",
            upstream_name=adapter.upstream_name,
            context_tokens=1,
        )


def test_an_artifact_of_another_project_is_refused(base, tmp_path):
    artifact = make_artifact(make_project(), tmp_path / "theirs")
    with pytest.raises(ValidationError, match="another project"):
        register_adapter(
            actor=Actor(),
            base=base,
            name="x",
            artifact=artifact,
            recipe={},
            dataset_version_id=uuid.uuid4(),
            run_id=uuid.uuid4(),
        )


# --- in the engine ----------------------------------------------------------------------------------------------


def test_loading_puts_the_files_in_place_and_tells_the_engine(engine, adapter):
    load_adapter(model=adapter)
    folder = engine.served[adapter.upstream_name]
    call = engine.calls("/v1/load_lora_adapter")[0]
    assert call.body["base_model_name"] == "tiny"
    assert call.headers["authorization"] == "Bearer engine-token"
    assert folder.endswith(f"/adapters/{adapter.upstream_name}")
    assert Path(folder, "adapter_model.safetensors").read_bytes() == b"adapter weights"


def test_loading_twice_fetches_the_files_once(engine, adapter, settings):
    load_adapter(model=adapter)
    weights = settings.ADAPTERS_DIR / adapter.upstream_name / "adapter_model.safetensors"
    before = weights.stat().st_ino
    load_adapter(model=adapter)
    assert weights.stat().st_ino == before
    assert [path.name for path in settings.ADAPTERS_DIR.iterdir()] == [adapter.upstream_name]


def test_what_the_engine_says_reaches_whoever_asked(engine, adapter):
    engine.refusal = "The adapter does not fit its base."
    with pytest.raises(AdapterNotLoaded, match="does not fit its base"):
        load_adapter(model=adapter)


def test_without_an_engine_the_reason_is_said(engine, adapter, settings):
    settings.ENGINE_URL = ""
    with pytest.raises(AdapterNotLoaded, match="runs no local engine"):
        load_adapter(model=adapter)
    settings.ENGINE_URL = "http://127.0.0.1:1/v1"
    with pytest.raises(AdapterNotLoaded, match="did not load"):
        load_adapter(model=adapter)


def test_a_damaged_artifact_is_not_served(engine, adapter, settings):
    digest = origin_of(adapter).artifact.manifest["adapter_model.safetensors"]["sha256"]
    for path in settings.ARTIFACTS_DIR.rglob(f"*{digest[4:]}*"):
        path.chmod(0o644)
        path.write_bytes(b"something else.")
        break
    else:
        pytest.fail("The file is not where it was looked for.")
    try:
        with pytest.raises(AdapterNotLoaded, match="cannot be put in place"):
            load_adapter(model=adapter)
    finally:
        path.write_bytes(b"adapter weights")
    assert engine.served == {}


def test_unloading_takes_files_and_lane_away(engine, adapter, settings):
    load_adapter(model=adapter)
    unload_adapter(model=adapter)
    assert engine.served == {}
    assert list(settings.ADAPTERS_DIR.iterdir()) == []
    unload_adapter(model=adapter)


def test_a_base_is_neither_loaded_nor_unloaded(engine, base):
    for call in (load_adapter, unload_adapter):
        with pytest.raises(AdapterNotLoaded):
            call(model=base.model)
    assert engine.asked == []


def test_an_engine_that_lost_its_adapters_gets_them_back(engine, base, adapter, tmp_path, settings):
    second = make_adapter(base, tmp_path / "second")
    load_adapter(model=second)
    load_missing_adapters()
    assert set(engine.served) == {adapter.upstream_name, second.upstream_name}
    assert len(engine.calls("/v1/load_lora_adapter")) == 2
    engine.served.clear()
    shutil.rmtree(settings.ADAPTERS_DIR)
    load_missing_adapters()
    assert set(engine.served) == {adapter.upstream_name, second.upstream_name}


def test_an_adapter_out_of_service_leaves_the_engine_and_comes_back_with_it(engine, adapter):
    load_adapter(model=adapter)
    set_model_enabled(actor=Actor(), model=adapter, enabled=False)
    load_missing_adapters()
    assert engine.served == {}
    set_model_enabled(actor=Actor(), model=adapter, enabled=True)
    load_missing_adapters()
    assert set(engine.served) == {adapter.upstream_name}


def test_one_adapter_that_fails_keeps_no_other_back(engine, base, adapter, tmp_path):
    origin_of(adapter).artifact.manifest.clear()
    broken = LocalModel.objects.get(model=adapter).artifact
    broken.manifest = {"adapter_model.safetensors": {"sha256": "0" * 64, "bytes": 1}}
    broken.save()
    sound = make_adapter(base, tmp_path / "sound")
    load_missing_adapters()
    assert set(engine.served) == {sound.upstream_name}


def test_with_the_engine_away_nothing_happens(engine, adapter, settings):
    settings.ENGINE_URL = "http://127.0.0.1:1/v1"
    load_missing_adapters()
    assert engine.asked == []
    assert not settings.ADAPTERS_DIR.exists()
