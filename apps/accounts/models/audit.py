"""Who changed what, and a counter that tells every process that something changed."""

from django.db import models
from django.db.models import F

from apps.accounts.models.keys import ApiKey
from apps.accounts.models.people import User
from apps.accounts.models.tenancy import Organisation, Project
from llmkit.ids import uuid7


class AuditEvent(models.Model):
    """One change, never altered afterwards. `detail` holds names and before/after values, no secrets."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="audit_events")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="audit_events")
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-at", "-id"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"

    @property
    def facts(self) -> dict[str, str]:
        """`detail` as text: names and what people read beside them."""
        return {
            name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            for name, value in self.detail.items()
        }


class ConfigVersion(models.Model):
    """A single row, counted up in the transaction of every change that the gateway's snapshot must see."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def bump(cls) -> None:
        if not cls.objects.filter(id=1).update(number=F("number") + 1):
            cls.objects.get_or_create(id=1, defaults={"number": 1})
