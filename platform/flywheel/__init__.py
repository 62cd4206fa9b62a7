"""The roof: settings, URLs, the ASGI entry and Celery mount everything that the apps offer."""

from flywheel.celery import app as celery_app

__all__ = ["celery_app"]
