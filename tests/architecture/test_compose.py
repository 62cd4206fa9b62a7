"""docker-compose.yml names commands, settings and health checks; each of them must exist."""

import re
from importlib.util import find_spec

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.utils.module_loading import import_string

from tests.architecture.floors import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("flywheel")}
READ = set(
    re.findall(
        r'"((?:FLYWHEEL|DATABASE|REDIS|CACHE)_[A-Z_]+)"',
        "".join(
            path.read_text()
            for folder in ("platform/flywheel", "apps/serving/local_engine")
            for path in (ROOT / folder).rglob("*.py")
        ),
    )
)


def check_command(words: list[str]) -> None:
    """Fails when the program, module, management command or option doesn't exist."""
    if words[:2] == ["python", "manage.py"]:
        command = load_command_class(get_commands()[words[2]], words[2])
        known = command.create_parser("manage.py", words[2])._option_string_actions
        assert [word for word in words[3:] if word.startswith("--") and word not in known] == []
    elif words[:2] == ["python", "-m"]:
        assert find_spec(words[2]), words[2]
    elif words[0] == "celery":
        assert words[1:3] == ["-A", "flywheel"]
    elif words[0] == "uvicorn":
        module, attribute = words[1].split(":")
        assert find_spec(module)
        assert re.search(
            rf"^{attribute} = ", (ROOT / "platform" / f"{module.replace('.', '/')}.py").read_text(), re.MULTILINE
        )
        assert import_string(words[words.index("--http") + 1].replace(":", "."))
    else:
        assert words[:2] == ["python", "-c"], words
        compile(words[2], "<health check>", "exec")


@pytest.mark.parametrize("name", OURS)
def test_every_role_runs_a_command_that_exists(name):
    check_command(OURS[name]["command"])


@pytest.mark.parametrize("name", sorted(OURS.keys() - {"migrate"}))
def test_every_role_has_a_health_check_that_exists(name):
    kind, *words = OURS[name]["healthcheck"]["test"]
    check_command(words if kind == "CMD" else words[0].split())


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_that_is_read(name):
    unknown = [variable for variable in OURS[name]["environment"] if variable.removesuffix("_FILE") not in READ]
    assert unknown == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_volume_and_secret_is_declared(name):
    volumes = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])]
    assert set(volumes) <= COMPOSE["volumes"].keys()
    assert set(SERVICES[name].get("secrets", [])) <= COMPOSE["secrets"].keys()


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file_itself(name):
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search("SECRET|PASSWORD|TOKEN|KEY", variable):
            assert str(value).startswith("/run/secrets/"), variable


def test_what_waits_for_another_service_waits_for_one_that_exists():
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= SERVICES.keys()
