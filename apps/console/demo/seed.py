"""Making the demo project: a shop, its model, its route, its people and its keys."""

import secrets
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

from django.db import transaction

from apps.accounts.domain.roles import Role
from apps.accounts.models import ApiKey, Membership, Organisation, Project, User
from apps.accounts.services import Actor, create_public_key, create_secret_key, publish_config
from apps.console.demo.env import read_demo_env, write_demo_env
from apps.gateway.models import Route
from apps.gateway.services import create_route
from apps.serving.domain.harbor_desk import MODEL_FOLDER, SYSTEM_PROMPT
from apps.serving.domain.model_folders import complaint_about_folder
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import add_model, connect_local_engine, register_base, set_price
from llmkit import clock
from llmkit.money import nano_from_dollars

EMAIL = "demo@flywheel.example"
SLUG = "harbor-desk"
MODEL = "harbor-desk-tiny"
ROUTE = "support"


@transaction.atomic
def seed_demo(*, data_dir: Path, url: str) -> dict[str, str]:
    """Make what is missing of the demo and return the values of demo.env, which is written too.

    Safe to run at every start: the password and keys in demo.env are kept for as long as they still open
    something, and made anew where the file or the database has been lost.
    """
    known = read_demo_env(data_dir)
    project = demo_project()
    values = {
        "FLYWHEEL_URL": url,
        "FLYWHEEL_EMAIL": EMAIL,
        "FLYWHEEL_PASSWORD": demo_owner(project, known.get("FLYWHEEL_PASSWORD", "")),
        "FLYWHEEL_API_KEY": demo_secret_key(project, known.get("FLYWHEEL_API_KEY", "")),
        "FLYWHEEL_PUBLIC_KEY": demo_public_key(project, url),
    }
    if find_spec("torch") is not None:
        demo_route(project)
    transaction.on_commit(lambda: write_demo_env(data_dir, values))
    return values


def demo_project() -> Project:
    organisation, _ = Organisation.objects.get_or_create(slug=SLUG, defaults={"name": "Harbor Desk"})
    project, _ = Project.objects.get_or_create(slug=SLUG, defaults={"name": "Support", "organisation": organisation})
    return project


def demo_owner(project: Project, password: str) -> str:
    user = User.objects.filter(email=EMAIL).first()
    if user is not None and password and user.check_password(password):
        return password
    password = secrets.token_urlsafe(12)
    if user is None:
        user = User.objects.create_user(EMAIL, password, name="Demo Owner")
    else:
        user.set_password(password)
        user.save(update_fields=["password"])
    Membership.objects.get_or_create(organisation=project.organisation, user=user, defaults={"role": Role.OWNER})
    return password


def demo_secret_key(project: Project, text: str) -> str:
    if text and ApiKey.objects.for_project(project).usable(clock.now()).with_text(text).exists():
        return text
    return create_secret_key(actor=Actor(), project=project, name="Demo backend").text


def demo_public_key(project: Project, url: str) -> str:
    """The widget's key, which must also list the origin under which this start is reached."""
    origins = [url, url.replace("//127.0.0.1", "//localhost")]
    key = ApiKey.objects.for_project(project).usable(clock.now()).filter(kind=ApiKey.Kind.PUBLIC).first()
    if key is None:
        return create_public_key(actor=Actor(), project=project, name="Demo widget", origins=origins).text
    if missing := [origin for origin in origins if origin not in key.origins]:
        key.origins = [*key.origins, *missing]
        key.save(update_fields=["origins"])
        publish_config()
    return key.public_text


def demo_route(project: Project) -> Route:
    """The route `support` on the tiny demo model."""
    route = Route.objects.for_project(project).filter(name=ROUTE).first()
    model = CatalogueModel.objects.for_project(project).filter(name=MODEL).first()
    if model is not None:
        demo_folder(model)
    if route is not None:
        return route
    provider = Provider.objects.for_project(project).filter(kind=Provider.Kind.LOCAL).first()
    provider = provider or connect_local_engine(actor=Actor(), project=project)
    model = model or demo_model(provider)
    return create_route(
        actor=Actor(),
        project=project,
        name=ROUTE,
        description="Answers support messages with an intent and a reply.",
        model=model,
        system_prompt=SYSTEM_PROMPT,
        defaults={"temperature": 0, "max_tokens": 96},
        message="First version",
    )


def demo_model(provider: Provider) -> CatalogueModel:
    """The tiny model, priced like a small hosted one, so that the demo has costs to show."""
    model = add_model(
        actor=Actor(),
        provider=provider,
        name=MODEL,
        upstream_name=MODEL,
        description="Tiny demo model of about 1.5 million parameters, trained for this shop's support desk.",
        capabilities=["chat", "json"],
        context_tokens=512,
    )
    set_price(
        actor=Actor(),
        model=model,
        effective_from=clock.now(),
        input_nano=nano_from_dollars(Decimal("0.10")),
        output_nano=nano_from_dollars(Decimal("0.40")),
    )
    demo_folder(model)
    return model


def demo_folder(model: CatalogueModel) -> None:
    """Where the tiny model's weights lie; older installations are told here, and moved ones anew."""
    if model.provider.kind == Provider.Kind.LOCAL and not complaint_about_folder(MODEL_FOLDER):
        register_base(actor=Actor(), model=model, folder=MODEL_FOLDER)
