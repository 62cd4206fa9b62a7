"""The example product page: open to everyone, so it takes nothing at its word."""

import pytest

from apps.accounts.services.limits import Limit
from apps.console.demo import product
from apps.console.demo.client import Answer, DemoClient
from apps.console.demo.env import NAMES, write_demo_env

pytestmark = pytest.mark.django_db

PAGE, ASK = "/demo/product", "/demo/product/ask"


@pytest.fixture(autouse=True)
def demo(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    write_demo_env(tmp_path, dict.fromkeys(NAMES, "x") | {"FLYWHEEL_URL": "http://127.0.0.1:1"})


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The users in whose name the gateway was asked."""
    users: list[str] = []

    def ask(self, message, *, user, session, stream=False):
        users.append(user)
        return Answer("0" * 32, "Hello.", "", "")

    monkeypatch.setattr(DemoClient, "ask", ask)
    return users


@pytest.mark.parametrize("cookie", ['"a\\000b\\012c"', "<script>", "visitor-" + "g" * 12, "v" * 4000])
def test_a_visitor_whose_cookie_is_not_one_of_ours_gets_a_new_name(client, asked, cookie):
    client.cookies.load(f"{product.VISITOR_COOKIE}={cookie}")
    assert client.post(ASK, {"message": "Ahoy"}).status_code == 200
    assert asked == ["visitor-unknown"]
    client.get(PAGE)
    assert client.cookies[product.VISITOR_COOKIE].value.startswith("visitor-")


def test_a_visitor_keeps_their_name(client, asked):
    client.get(PAGE)
    client.post(ASK, {"message": "Ahoy"})
    assert asked == [client.cookies[product.VISITOR_COOKIE].value]


def test_one_address_may_ask_only_so_often(client, asked, monkeypatch):
    monkeypatch.setattr(product, "PER_ADDRESS", Limit("demo-test", most=2, window_s=3600))
    answers = [client.post(ASK, {"message": "Ahoy"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert len(asked) == 2
