"""Making routes and exchanging what stands behind them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.gateway.models import Route, RouteVersion
from apps.serving.models import CatalogueModel


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
    message: str = "",
) -> Route:
    """A route with its first version active; ValidationError naming `name` when the project has one so called."""
    if Route.objects.for_project(project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a route called '{name}'."})
    route = Route.objects.create(project=project, name=name, description=description)
    record_change(actor=actor, action="route.created", target=name, project=project)
    publish_route_version(
        actor=actor, route=route, model=model, system_prompt=system_prompt, defaults=defaults, message=message
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
    message: str = "",
) -> RouteVersion:
    """Add a version and send traffic to it."""
    if model.project_id != route.project_id:
        raise ValidationError({"model": "This model belongs to another project."})
    locked = Route.objects.select_for_update().get(id=route.id)
    newest = locked.versions.order_by("-number").first()
    version = RouteVersion.objects.create(
        route=locked,
        number=newest.number + 1 if newest else 1,
        model=model,
        system_prompt=system_prompt,
        defaults=defaults or {},
        message=message,
        author=actor.user,
    )
    activate_version(actor=actor, route=route, number=version.number, message=message)
    return version


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
    record_change(actor=actor, action="route.version_activated", target=route.name, project=route.project, detail=detail)
    publish_config()
