#!/usr/bin/env python
"""Django's command line for Flywheel."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")
    from django.core.management import execute_from_command_line

    from flywheel.local.attach import adopt_running_instance

    adopt_running_instance()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
