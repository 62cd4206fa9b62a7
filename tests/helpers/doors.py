"""Walking the URL map of the whole site, to try every door."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project, User
from tests.factories.accounts import make_member, make_project


class Address(NamedTuple):
    """A URL pattern: where it is, how it is called and what its placeholders take."""

    route: str
    name: str
    view: Any
    converters: dict[str, Any]

    def url(self, **known: str) -> str:
        """With `known` values, and for the other placeholders values that nothing has."""
        url = "/" + self.route
        for name, converter in self.converters.items():
            value = known.get(name) or plausible(converter)
            start = url.index("<")
            url = url[:start] + value + url[url.index(">") + 1 :]
        return url


def plausible(converter: Any) -> str:
    if isinstance(converter, UUIDConverter):
        return str(uuid4())
    return "987654321" if isinstance(converter, IntConverter) else "nothing-has-this-name"


def addresses(urlconf: Any = None) -> Iterator[Address]:
    return walk(get_resolver(urlconf), "", "", {})


def walk(resolver: URLResolver, route: str, namespace: str, converters: dict[str, Any]) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        found = converters | pattern.pattern.converters
        if isinstance(pattern, URLPattern):
            yield Address(here, f"{namespace}{pattern.name}", pattern.callback, found)
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern, here, inner, found)


def complaints_about(address: Address) -> list[str]:
    """What is wrong with the door of a page that belongs to a project; empty when it holds."""
    project = make_project()
    url = address.url(project_slug=project.slug)
    complaints = []
    for method in ("get", "post"):
        if call(None, method, url).status_code != 302:
            complaints.append(f"{method} {url} is open to strangers")
        elsewhere = call(make_member(make_project(), Role.OWNER), method, url)
        if elsewhere.status_code not in {404, 405} or hasattr(elsewhere.wsgi_request, "project"):
            complaints.append(f"{method} {url} answers {elsewhere.status_code} to an owner of another project")
        complaints += complaints_about_roles(project, method, url)
    return complaints


def complaints_about_roles(project: Project, method: str, url: str) -> list[str]:
    lowest = call(make_member(project, Role.VIEWER), method, url)
    if lowest.status_code == 405:
        return []
    required = getattr(lowest.wsgi_request, "required_role", None)
    if required is None:
        return [f"{method} {url} does not ask open_project"]
    lower = [role for role in Role if role < required]
    answers = {role: call(make_member(project, role), method, url).status_code for role in lower}
    return [f"{method} {url} answers {code} to {role.label}" for role, code in answers.items() if code != 403]


def call(user: User | None, method: str, url: str) -> Any:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return getattr(client, method)(url)
