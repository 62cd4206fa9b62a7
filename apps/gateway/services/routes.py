"""Making routes and exchanging what stands behind them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.gateway.domain.policy import PolicyInvalid, parse_policy, to_json, with_first_target
from apps.gateway.models import Route, RouteVersion
from apps.serving.domain.names import complaint_about
from apps.serving.models import CatalogueModel
from llmkit import clock

# Members that say what a request is; presetting them would change what its caller gets back.
RESERVED = {"model", "messages", "stream", "stream_options"}


@transaction.atomic
def create_route(
    *,
    actor: Actor,
    project: Project,
    name: str,
    model: CatalogueModel,
    description: str = "",
    system_prompt: str = "",
    defaults: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    message: str = "",
) -> Route:
    """A route with its first version active; ValidationError naming `name` when the project has one so called."""
    if complaint := complaint_about(name):
        raise ValidationError({"name": complaint})
    if Route.objects.for_project(project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a route called '{name}'."})
    route = Route.objects.create(project=project, name=name, description=description)
    record_change(actor=actor, action="route.created", target=name, project=project)
    publish_route_version(
        actor=actor,
        route=route,
        model=model,
        system_prompt=system_prompt,
        defaults=defaults,
        policy=policy,
        message=message,
    )
    return route


@transaction.atomic
def publish_route_version(
    *,
    actor: Actor,
    route: Route,
    model: CatalogueModel,
    system_prompt: str = "",
    defaults: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    message: str = "",
) -> RouteVersion:
    """Add a version and send traffic to it. `policy` without targets has `model` as its only one."""
    if model.project_id != route.project_id:
        raise ValidationError({"model": "This model belongs to another project."})
    if reserved := sorted(RESERVED & set(defaults or {})):
        raise ValidationError({"defaults": f"A route can't preset {', '.join(reserved)}."})
    policy = _checked(policy or {}, route.project, model)
    locked = Route.objects.select_for_update().get(id=route.id)
    newest = locked.versions.order_by("-number").first()
    version = RouteVersion.objects.create(
        route=locked,
        number=newest.number + 1 if newest else 1,
        model=model,
        system_prompt=system_prompt,
        defaults=defaults or {},
        policy=policy,
        message=message,
        author=actor.user,
    )
    activate_version(actor=actor, route=route, number=version.number, message=message)
    return version


def replace_model(
    *, actor: Actor, route: Route, base: RouteVersion, model: CatalogueModel, message: str = ""
) -> RouteVersion:
    """A new version that is as `base` but for its model: prompt, defaults and the rest of the policy stay."""
    return publish_route_version(
        actor=actor,
        route=route,
        model=model,
        system_prompt=base.system_prompt,
        defaults=base.defaults,
        policy=with_first_target(base.policy, model.name),
        message=message,
    )


def _checked(given: dict[str, Any], project: Project, model: CatalogueModel) -> dict[str, Any]:
    """The policy as it is stored: nothing of what is usual. ValidationError naming each place that is wrong."""
    try:
        policy = parse_policy(given, model.name)
    except PolicyInvalid as error:
        raise ValidationError({"policy": [_complaint(*each) for each in error.errors]}) from error
    known = set(CatalogueModel.objects.for_project(project).values_list("name", flat=True))
    if unknown := sorted({target.model for target in policy.targets} - known):
        raise ValidationError({"policy": f"targets: this project has no model called {', '.join(unknown)}."})
    if policy.targets[0].model != model.name:
        raise ValidationError({"policy": f"targets[0].model: the first target is the route's model, {model.name}."})
    return to_json(policy) if given else {}


def _complaint(place: str, sentence: str) -> str:
    return f"{place}: {sentence}" if place else sentence


@transaction.atomic
def activate_version(*, actor: Actor, route: Route, number: int, message: str = "") -> None:
    """Send the route's traffic to one of its versions, newer or older; ValidationError when there is none."""
    version = route.versions.filter(number=number).first()
    if version is None:
        raise ValidationError({"number": f"The route '{route}' has no version {number}."})
    before = route.active.number if route.active else None
    route.active = version
    route.save(update_fields=["active"])
    detail = {"from": before, "to": number, "message": message}
    record_change(
        actor=actor, action="route.version_activated", target=route.name, project=route.project, detail=detail
    )
    publish_config()


@transaction.atomic
def set_route_enabled(*, actor: Actor, route: Route, enabled: bool) -> None:
    """Take a route out of service, or back into it: callers get 404 meanwhile."""
    route.disabled_at = None if enabled else clock.now()
    route.save(update_fields=["disabled_at"])
    action = "route.enabled" if enabled else "route.disabled"
    record_change(actor=actor, action=action, target=route.name, project=route.project)
    publish_config()
