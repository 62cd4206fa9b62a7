"""Making this installation a subject of the lab: a project of its own, with providers, models, routes and keys.

Run again, it changes what is there; keys are made for one run and revoked after it.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Project
from apps.accounts.services import Actor, IssuedKey, create_project, create_secret_key, publish_config, revoke_key
from apps.caching.services import CacheChoice, set_cache_policy
from apps.gateway.lab.target import Operator, Target
from apps.gateway.models import Route
from apps.gateway.services import create_route
from apps.limits.models import Limit
from apps.limits.services import Metric, NewLimit, Window, create_limit, remove_limit
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import Endpoint, add_model, change_endpoint, connect_provider, set_price
from llmkit import clock

PROJECT = "gateway-lab"
CONTEXT_TOKENS = 1_000_000
FEW_REQUESTS = 3  # a minute
HASTY_MS = {"first_byte_timeout_ms": 2_000, "idle_timeout_ms": 2_000, "total_timeout_ms": 6_000}
# Nothing is too volatile for it: the cases ask in the lab's own words.
CACHED = CacheChoice(scope="project", allow_sampling=True, volatile_above=1.0)
OPENAI, ANTHROPIC = Provider.Kind.OPENAI_COMPATIBLE, Provider.Kind.ANTHROPIC
# Name of the provider and of its model -> its dialect and the first part of its path.
PROVIDERS = {
    "lab": (OPENAI, "/v1"),
    "lab-anthropic": (ANTHROPIC, "/v1"),
    "lab-a": (OPENAI, "/a/v1"),
    "lab-b": (OPENAI, "/b/v1"),
    "lab-hasty": (OPENAI, "/hasty/v1"),
}


class NoOwner(Exception):
    """Nobody here may add a project yet."""


@dataclass
class OwnLab:
    """keys: those made in this run, by their text. limits: those of these keys."""

    project: Project
    keys: dict[str, IssuedKey] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)

    def new_key(self, name: str, *models_allowed: str) -> str:
        issued = create_secret_key(
            actor=Actor(), project=self.project, name=f"lab: {name}", scopes=("gateway",), models_allowed=models_allowed
        )
        self.keys[issued.text] = issued
        return issued.text

    def limited_key(self, name: str, metric: Metric, window: Window, value: int) -> str:
        text = self.new_key(name)
        limit = NewLimit(
            title=f"lab: {name}", metric=metric, window=window, value=value, subject="key", key=self.keys[text].key
        )
        self.limits.append(create_limit(actor=Actor(), project=self.project, new=limit))
        return text

    def revoke(self, text: str) -> None:
        revoke_key(actor=Actor(), key=self.keys[text].key)

    def revoke_all(self) -> None:
        for text in self.keys:
            self.revoke(text)
        for limit in self.limits:
            remove_limit(actor=Actor(), project=self.project, limit=limit)

    def takes_provider_at(self, url: str) -> bool:
        """Whether an address would be accepted for a provider; nothing of it stays."""
        endpoint = Endpoint(kind=OPENAI, base_url=url, credential="sk-lab")
        with transaction.atomic():
            try:
                connect_provider(actor=Actor(), project=self.project, name="lab-forbidden", endpoint=endpoint)
            except ValidationError:
                return False
            transaction.set_rollback(True)
        return True


def target_of(own: OwnLab, told: Target) -> Target:
    """The target with keys and models of this installation."""
    operator = Operator(
        narrow_key=lambda: sync_to_async(own.new_key)("narrow", "nothing-of-the-lab"),
        revoke=sync_to_async(own.revoke),
        takes_provider_at=sync_to_async(own.takes_provider_at),
    )
    return replace(
        told,
        key=own.new_key("cases"),
        model="lab",
        anthropic_model="lab-anthropic",
        fallback_model="lab-fallback",
        hasty_model="lab-hasty",
        cached_model="lab-cached",
        limited_key=own.limited_key("limited", Metric.REQUESTS, Window.MINUTE, FEW_REQUESTS),
        spent_key=own.limited_key("spent", Metric.COST, Window.TOTAL, 1),
        operator=operator,
    )


@transaction.atomic
def set_up(provider_url: str) -> OwnLab:
    """Everything the cases need; NoOwner on an installation without people."""
    own = OwnLab(_project())
    models = {name: _model(own.project, name, kind, provider_url + path) for name, (kind, path) in PROVIDERS.items()}
    Provider.objects.for_project(own.project).filter(name="lab-hasty").update(**HASTY_MS)
    _priced(models["lab"])
    _route(own.project, "lab-cached", models["lab"], {})
    set_cache_policy(actor=Actor(), project=own.project, route="lab-cached", choice=CACHED)
    _route(own.project, "lab-fallback", models["lab-a"], {"targets": [{"model": "lab-a"}, {"model": "lab-b"}]})
    publish_config()
    return own


def _project() -> Project:
    if (known := Project.objects.filter(slug=PROJECT).first()) is not None:
        return known
    owner = Membership.objects.filter(role=Role.OWNER, project=None).select_related("user", "organisation").first()
    if owner is None:
        raise NoOwner("There is no owner here who could have a project: run `manage.py create_owner` first.")
    return create_project(actor=Actor(user=owner.user), organisation=owner.organisation, name=PROJECT)


def _model(project: Project, name: str, kind: str, base_url: str) -> CatalogueModel:
    options = {"responses": "yes"} if kind == OPENAI else {}
    endpoint = Endpoint(kind=kind, base_url=base_url, credential=f"sk-{name}", allow_private=True, options=options)
    provider = Provider.objects.for_project(project).filter(name=name).first()
    if provider is None:
        provider = connect_provider(actor=Actor(), project=project, name=name, endpoint=endpoint)
    else:
        change_endpoint(actor=Actor(), provider=provider, endpoint=endpoint)
    known = CatalogueModel.objects.for_project(project).filter(name=name).first()
    return known or add_model(
        actor=Actor(), provider=provider, name=name, upstream_name="lab-1", context_tokens=CONTEXT_TOKENS
    )


def _priced(model: CatalogueModel) -> None:
    """Whose budget is spent has to be asked for something."""
    if not model.prices.exists():
        set_price(
            actor=Actor(), model=model, effective_from=clock.now(), input_nano=1_000_000_000, output_nano=1_000_000_000
        )


def _route(project: Project, name: str, model: CatalogueModel, policy: dict[str, Any]) -> None:
    if not Route.objects.for_project(project).filter(name=name).exists():
        create_route(actor=Actor(), project=project, name=name, model=model, policy=policy)
