"""`python -m tests.helpers.furnish PROVIDER_URL`: a project with one model in the database of the environment.

Prints a key for it. For tests whose database is not the one of the test run.
"""

import sys

import django


def main() -> None:
    django.setup()
    from tests.factories.accounts import make_project, make_secret_key
    from tests.factories.serving import make_model, make_provider

    project = make_project()
    make_model(make_provider(project, base_url=sys.argv[1], name="acme"), name="helper", input_nano=150_000_000)
    sys.stdout.write(make_secret_key(project).text)


if __name__ == "__main__":
    main()
