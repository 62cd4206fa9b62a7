from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.console.demo.seed import seed_demo
from apps.console.demo.wheel import seed_wheel


class Command(BaseCommand):
    help = "Make the demo project Harbor Desk, or what is missing of it, and write demo.env."

    def handle(self, *args: Any, **options: Any) -> None:
        seed_demo(data_dir=settings.DATA_DIR, url=settings.PUBLIC_URL)
        seed_wheel()
        self.stdout.write("The demo project stands.")
