"""What the keys page reads."""

from django.db.models import F, QuerySet

from apps.accounts.models import ApiKey, Project


def keys_of(project: Project) -> QuerySet[ApiKey]:
    """All keys of the project: those not revoked first, the newest first."""
    return (
        ApiKey.objects.for_project(project)
        .select_related("created_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "-id")
    )
