import stat

import pytest

from apps.accounts.models import ApiKey, User
from apps.accounts.services import authenticate_key
from apps.console.demo.env import NAMES, read_demo_env
from apps.console.demo.seed import EMAIL, seed_demo
from apps.gateway.models import Route

pytestmark = pytest.mark.django_db(transaction=True)

URL = "http://127.0.0.1:8123"


def test_the_demo_gets_a_login_keys_and_a_route(tmp_path):
    values = seed_demo(data_dir=tmp_path, url=URL)
    assert set(values) == set(NAMES)
    assert read_demo_env(tmp_path) == values
    assert User.objects.get(email=EMAIL).check_password(values["FLYWHEEL_PASSWORD"])
    assert authenticate_key(values["FLYWHEEL_API_KEY"], scope="gateway").project.slug == "harbor-desk"
    route = Route.objects.get(name="support")
    assert route.active.model.name == "harbor-desk-tiny"
    assert "tiny demo model" in route.active.model.description.lower()


def test_only_its_owner_can_read_demo_env(tmp_path):
    seed_demo(data_dir=tmp_path, url=URL)
    assert stat.S_IMODE((tmp_path / "demo.env").stat().st_mode) == 0o600


def test_starting_again_keeps_password_and_keys(tmp_path):
    first = seed_demo(data_dir=tmp_path, url=URL)
    keys = set(ApiKey.objects.values_list("id", flat=True))
    assert seed_demo(data_dir=tmp_path, url=URL) == first
    assert set(ApiKey.objects.values_list("id", flat=True)) == keys
    assert Route.objects.get().versions.count() == 1


def test_starting_on_another_port_lets_the_widget_in_from_there(tmp_path):
    seed_demo(data_dir=tmp_path, url=URL)
    values = seed_demo(data_dir=tmp_path, url="http://127.0.0.1:9000")
    assert values["FLYWHEEL_URL"] == "http://127.0.0.1:9000"
    origins = ApiKey.objects.get(kind="public").origins
    assert {URL, "http://127.0.0.1:9000", "http://localhost:9000"} <= set(origins)


def test_a_lost_demo_env_is_replaced_by_one_that_works(tmp_path):
    first = seed_demo(data_dir=tmp_path, url=URL)
    (tmp_path / "demo.env").unlink()
    second = seed_demo(data_dir=tmp_path, url=URL)
    assert second["FLYWHEEL_API_KEY"] != first["FLYWHEEL_API_KEY"]
    assert User.objects.get(email=EMAIL).check_password(second["FLYWHEEL_PASSWORD"])
    assert authenticate_key(second["FLYWHEEL_API_KEY"], scope="gateway")
