"""Repricings that people asked for."""

from apps.accounts.models import Project
from apps.billing.models import Repricing
from apps.billing.models.repricings import RepricingQuerySet


def repricings_of(project: Project) -> RepricingQuerySet:
    """The newest first."""
    return Repricing.objects.for_project(project).select_related("created_by").order_by("-id")
