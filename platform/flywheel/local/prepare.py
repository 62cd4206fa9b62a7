"""`python -m flywheel.local.prepare`: migrate and seed in one process, because loading Django takes a while."""

import os

import django
from django.core.management import call_command, get_commands


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    if "seed_demo" in get_commands():
        call_command("seed_demo")


if __name__ == "__main__":
    main()
