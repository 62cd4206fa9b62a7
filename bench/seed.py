"""A project with a route to the mock provider and one with a cache, in a fresh database; prints its API key as JSON."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from apps.accounts.models import Organisation, Project
    from apps.accounts.services import Actor, create_secret_key
    from apps.caching.services import CacheChoice, set_cache_policy
    from apps.gateway.services import create_route
    from apps.serving.models import Provider
    from apps.serving.services import add_model

    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(name="Bench", slug="bench")
    project = Project.objects.create(organisation=organisation, name="Bench", slug="bench")
    provider = Provider.objects.create(
        project=project,
        name="mock",
        kind=Provider.Kind.OPENAI_COMPATIBLE,
        base_url=f"{sys.argv[1]}/v1",
        allow_private=True,
    )
    model = add_model(actor=Actor(), provider=provider, name="mock", upstream_name="mock", context_tokens=4096)
    create_route(actor=Actor(), project=project, name="bench-route", model=model)
    create_route(actor=Actor(), project=project, name="bench-cached", model=model)
    choice = CacheChoice(allow_sampling=True, volatile_above=1.0)
    set_cache_policy(actor=Actor(), project=project, route="bench-cached", choice=choice)
    print(json.dumps({"key": create_secret_key(actor=Actor(), project=project, name="bench").text}))


if __name__ == "__main__":
    main()
