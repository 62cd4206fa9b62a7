"""Postgres to snapshot: the whole installation in nine queries, seen at one moment."""

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import OperationalError, connection, transaction
from msgspec import Raw
from psycopg.errors import LockNotAvailable

from apps.accounts.models import ApiKey, ConfigVersion, Project
from apps.caching.queries import policies_by_project
from apps.gateway.domain.policy import Policy, PolicyInvalid, TimeLimits, parse_policy
from apps.gateway.models import Route, RouteVersion
from apps.gateway.snapshot.entries import (
    NEVER_NS,
    KeyEntry,
    ModelEntry,
    PriceEntry,
    ProjectEntry,
    RouteEntry,
    Snapshot,
)
from apps.limits.services import Rule, rules_by_key
from apps.serving.models import CatalogueModel, PriceVersion, Provider
from apps.serving.services import Timeouts, Upstream, UpstreamUnusable, upstream_of

log = logging.getLogger(__name__)

GATEWAY_SCOPE = "gateway"


class TablesBusy(Exception):
    """The configuration can't be read in this moment, but surely soon."""


def compile_snapshot() -> Snapshot:
    """The configuration as one transaction sees it, so that it belongs to exactly one ConfigVersion.

    TablesBusy when somebody has locked a table, as migrations do: waiting while holding other tables could lock
    both out for good.
    """
    try:
        return _compile()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise TablesBusy from error
        raise


def _compile() -> Snapshot:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL lock_timeout = '250ms'")
        number = current_number()
        models = _models()
        routes = _routes(models)
        projects = _projects(models, routes)
        by_id = {project.id: project for project in projects.values()}
        return Snapshot(number=number, keys=_keys(projects), projects=by_id)


def current_number() -> int:
    return ConfigVersion.objects.filter(id=1).values_list("number", flat=True).first() or 0


def _models() -> dict[UUID, tuple[UUID, ModelEntry]]:
    """Model id -> project id and entry, of every enabled model."""
    prices = _prices()
    upstreams = {provider.id: _upstream(provider) for provider in Provider.objects.enabled()}
    entries = {}
    for model in CatalogueModel.objects.enabled().select_related("provider"):
        upstream, unusable = upstreams[model.provider_id]
        entry = ModelEntry(
            id=str(model.id),
            name=model.name,
            upstream_name=model.upstream_name,
            provider=model.provider.name,
            upstream=upstream,
            unusable=unusable,
            prices=tuple(prices[model.id]),
            context_tokens=model.context_tokens,
            max_output_tokens=model.max_output_tokens,
            created=_seconds(model.created_at),
        )
        entries[model.id] = (model.project_id, entry)
    return entries


def _upstream(provider: Provider) -> tuple[Upstream | None, str]:
    try:
        return upstream_of(provider), ""
    except UpstreamUnusable as problem:
        return None, str(problem)


def _prices() -> dict[UUID, list[PriceEntry]]:
    """Model id -> its prices, newest first; those of the future take effect by themselves."""
    prices = defaultdict(list)
    for price in PriceVersion.objects.order_by("-effective_from"):
        entry = PriceEntry(
            id=str(price.id),
            effective_ns=_nanoseconds(price.effective_from),
            rates=price.rates,
        )
        prices[price.model_id].append(entry)
    return prices


def _routes(models: dict[UUID, tuple[UUID, ModelEntry]]) -> dict[UUID, dict[str, RouteEntry]]:
    """Project id -> its enabled routes by name. Disabled models are no targets; a route without any is left out."""
    by_name = {(project_id, entry.name): entry for project_id, entry in models.values()}
    routes: dict[UUID, dict[str, RouteEntry]] = defaultdict(dict)
    for route in Route.objects.enabled().select_related("active__model"):
        version = route.active
        policy = _policy(version) if version is not None else None
        if version is None or policy is None:
            continue
        known = [target for target in policy.targets if (route.project_id, target.model) in by_name]
        if not known:
            continue
        targets = [by_name[route.project_id, target.model] for target in known]
        routes[route.project_id][route.name] = RouteEntry(
            id=str(route.id),
            name=route.name,
            version=version.number,
            policy=msgspec.structs.replace(policy, targets=tuple(known)),
            targets=tuple(_limited(model, policy.timeouts) for model in targets),
            system_turn=_system_turn(version.system_prompt),
            defaults={name: Raw(msgspec.json.encode(value)) for name, value in version.defaults.items()},
            created=_seconds(route.created_at),
        )
    return routes


def _policy(version: RouteVersion) -> Policy | None:
    """None, and a line in the log, for one that this release can't read any more."""
    try:
        return parse_policy(version.policy, version.model.name)
    except PolicyInvalid as error:
        log.error("Version %d of the route %s can't be used: %s", version.number, version.route_id, error)
        return None


def _limited(model: ModelEntry, limits: TimeLimits) -> ModelEntry:
    """The same model, with the time limits of a route instead of its provider's."""
    upstream, given = model.upstream, limits
    if upstream is None or given == TimeLimits():
        return model
    usual = upstream.timeouts
    timeouts = Timeouts(
        connect=_seconds_or(given.connect_ms, usual.connect),
        first_byte=_seconds_or(given.first_token_ms, usual.first_byte),
        idle=_seconds_or(given.idle_ms, usual.idle),
        total=_seconds_or(given.total_ms, usual.total),
        queue=usual.queue,
    )
    return replace(model, upstream=replace(upstream, timeouts=timeouts))


def _seconds_or(milliseconds: int | None, usual: float) -> float:
    return usual if milliseconds is None else milliseconds / 1000


def _system_turn(prompt: str) -> bytes:
    return msgspec.json.encode({"role": "system", "content": prompt}) if prompt else b""


def _projects(
    models: dict[UUID, tuple[UUID, ModelEntry]], routes: dict[UUID, dict[str, RouteEntry]]
) -> dict[UUID, ProjectEntry]:
    by_project: dict[UUID, dict[str, ModelEntry]] = defaultdict(dict)
    for project_id, entry in models.values():
        by_project[project_id][entry.name] = entry
    caching = policies_by_project()
    return {
        id_: ProjectEntry(id=str(id_), slug=slug, routes=routes[id_], models=by_project[id_], caching=caching.get(id_))
        for id_, slug in Project.objects.values_list("id", "slug")
    }


def _keys(projects: dict[UUID, ProjectEntry]) -> dict[bytes, KeyEntry]:
    """Every key ever made, so that a revoked one is told from one that never was."""
    rules = rules_by_key()
    return {
        bytes(key.digest): _key(key, projects[key.project_id], rules.get(str(key.id), ()))
        for key in ApiKey.objects.all()
    }


def _key(key: ApiKey, project: ProjectEntry, rules: tuple[Rule, ...]) -> KeyEntry:
    until = NEVER_NS if key.expires_at is None else _nanoseconds(key.expires_at)
    revoked = key.revoked_at is not None
    return KeyEntry(
        id=str(key.id),
        project=project,
        may_call=GATEWAY_SCOPE in key.scopes,
        models_allowed=frozenset(key.models_allowed) or None,
        usable_until_ns=0 if revoked else until,
        revoked=revoked,
        rules=rules,
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
