import pytest
from django.urls import reverse

from tests.factories.accounts import make_member, make_project
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["console:home", "feedback:feedback", "tracing:traces"])
def test_a_part_for_htmx_is_never_cached_as_the_page(client, name):
    project = make_project()
    client.force_login(make_member(project))
    make_trace(project)
    assert "HX-Request" in client.get(reverse(name, args=[project.slug])).headers["Vary"]
