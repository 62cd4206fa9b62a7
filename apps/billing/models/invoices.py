"""What a provider says that it charges, to be held against the ledger."""

from datetime import datetime
from typing import Any

from django.db import models

from apps.accounts.models import Project, User
from llmkit.ids import uuid7


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def for_project(self, project: Project) -> "InvoiceQuerySet":
        return self.filter(project=project)


class Invoice(models.Model):
    """A file of invoice lines. provider: whose, as the catalogue names it; empty when it may be several.

    kind: one line per request, or sums of days. first_day, last_day: what it covers, in UTC. outcome: what settling
    from it has done, see `engine.settling.Outcome`.
    """

    class Kind(models.TextChoices):
        REQUESTS = "requests", "per request"
        DAYS = "days", "sums of days"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invoices")
    name = models.CharField(max_length=200)
    provider = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    first_day = models.DateField()
    last_day = models.DateField()
    amount_nano = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    uploaded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="invoice_newest_first")]

    def __str__(self) -> str:
        return self.name

    @property
    def reference(self) -> str:
        """How ledger entries name it."""
        return f"invoice:{self.id}"

    def mark_settled(self, at: datetime, outcome: dict[str, Any]) -> None:
        self.settled_at, self.outcome = at, outcome
        self.save(update_fields=["settled_at", "outcome"])


class InvoiceLine(models.Model):
    """One line. number: in the file; trace_id, span_id or response_id: of the request, in a file per request."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    day = models.DateField()
    model = models.CharField(max_length=200, blank=True)
    amount_nano = models.BigIntegerField()
    trace_id = models.UUIDField(null=True)
    span_id = models.CharField(max_length=16, blank=True)
    response_id = models.CharField(max_length=200, blank=True)
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "number"], name="one_line_per_number")]

    def __str__(self) -> str:
        return f"line {self.number} of {self.invoice}"
