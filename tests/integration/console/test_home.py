"""Home: first steps while nothing came in, figures afterwards."""

import re

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import ApiKey
from apps.accounts.services import authenticate_key
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from tests.factories.accounts import make_member, make_project
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


def home(project, query=""):
    return reverse("console:home", args=[project.slug]) + query


def test_without_traffic_home_shows_a_first_request_to_the_projects_own_route(engineer, project):
    make_route(make_model(make_provider(project)), name="helpdesk")
    page = engineer.get(home(project)).content.decode()
    assert "model=&quot;helpdesk&quot;" in page
    assert "http://127.0.0.1:8000/v1" in page
    assert "Waiting for the first request" in page


def test_without_a_model_home_says_to_connect_one_first(engineer, project):
    page = engineer.get(home(project)).content.decode()
    assert "Connect a model first" in page
    assert reverse("serving:models", args=[project.slug]) in page


def test_the_key_made_for_the_snippet_works_and_is_not_kept_by_anything_in_between(engineer, project):
    answer = engineer.post(reverse("console:first_key", args=[project.slug]), headers=HTMX)
    key = re.search(r"fw_sk_[\w-]+", answer.content.decode())[0]
    assert authenticate_key(key, scope="gateway").project == project
    assert "no-store" in answer.headers["Cache-Control"]
    assert key not in engineer.get(home(project)).content.decode()


def test_a_viewer_cannot_make_a_key(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    assert "Put a key of mine" not in client.get(home(project)).content.decode()
    assert client.post(reverse("console:first_key", args=[project.slug])).status_code == 403
    assert not ApiKey.objects.exists()


def test_the_waiting_page_turns_into_home_with_the_first_trace(engineer, project):
    assert engineer.get(home(project, "?waiting=1"), headers=HTMX).status_code == 204
    make_trace(project)
    assert engineer.get(home(project, "?waiting=1"), headers=HTMX).headers["HX-Refresh"] == "true"


def test_with_traffic_home_shows_requests_failures_cost_and_feedback(engineer, project):
    good = make_trace(project)
    make_trace(project, failed=True)
    for user, label in [("a", "up"), ("b", "up"), ("c", "down")]:
        give_feedback(
            project=project,
            trace_id=good.trace_id,
            judgement=judgement(label=label, comment="Wrong <i>pier</i>." if label == "down" else ""),
            source=Feedback.Source.API,
            end_user=user,
        )
    context = engineer.get(home(project)).context
    assert (context["figures"].requests, context["figures"].errors) == (2, 1)
    assert context["failed_share"] == "50.0 %"
    assert context["good_share"] == "66.7 %"
    page = engineer.get(home(project)).content.decode()
    assert "Wrong &lt;i&gt;pier&lt;/i&gt;." in page


def test_the_figures_lead_to_traces_of_the_same_time(engineer, project):
    make_trace(project, failed=True)
    page = engineer.get(home(project, "?range=7d")).content.decode()
    assert f"{reverse('tracing:traces', args=[project.slug])}?range=7d&amp;status=error" in page


def test_home_refetches_only_its_figures(engineer, project):
    make_trace(project)
    part = engineer.get(home(project, "?range=1h"), headers=HTMX).content.decode()
    assert part.strip().startswith('<div class="stack stack-loose" id="home"')
    assert "<html" not in part


def test_home_needs_the_same_few_queries_however_much_traffic_there_was(
    engineer, project, django_assert_max_num_queries
):
    for _ in range(5):
        make_trace(project)
    with django_assert_max_num_queries(16):
        engineer.get(home(project))


def test_one_project_never_sees_the_figures_of_another(engineer, project):
    make_trace(project)
    make_trace(make_project())
    assert engineer.get(home(project)).context["figures"].requests == 1
