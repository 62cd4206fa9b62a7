"""The ledger: what every model call may cost, did cost, and was found to have cost later.

Rows are added and never changed: a trigger of the first migration refuses everything else, but for the deletion of a
whole project.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from apps.accounts.models import Project
from llmkit.ids import uuid7


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def for_project(self, project: Project) -> "LedgerEntryQuerySet":
        return self.filter(project=project)

    def between(self, start: datetime, end: datetime) -> "LedgerEntryQuerySet":
        """Entries of calls that began in the half-open interval."""
        return self.filter(occurred_at__gte=start, occurred_at__lt=end)

    def spent(self) -> "LedgerEntryQuerySet":
        """Those whose amounts add up to what was spent."""
        return self.filter(kind__in=[LedgerEntry.Kind.SETTLE, LedgerEntry.Kind.ADJUST])

    def settles(self) -> "LedgerEntryQuerySet":
        return self.filter(kind=LedgerEntry.Kind.SETTLE)

    def of_traces(self, trace_ids: Collection[uuid.UUID]) -> "LedgerEntryQuerySet":
        return self.filter(trace_id__in=trace_ids)

    def oldest_first(self) -> "LedgerEntryQuerySet":
        return self.order_by("occurred_at", "id")

    def newest_first(self) -> "LedgerEntryQuerySet":
        return self.order_by("-occurred_at", "-id")


class LedgerEntry(models.Model):
    """One line of the ledger. Amounts are nano-dollars; only those of settle and adjust are spent money.

    All entries of one attempt to call a model share project, trace_id and span_id, and occurred_at, so that an
    adjustment counts in the period of the call. reference: of an adjust, what it is due to (`reprice:<price version>`,
    `invoice:<id>`); of entries made from an invoice, that invoice. usage: the counts, with the provider's own in `raw`.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve"
        SETTLE = "settle"
        RELEASE = "release"
        ADJUST = "adjust"
        CACHE_HIT = "cache_hit", "Cache hit"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The database itself deletes a project's entries with it: Django may not delete any.
    project = models.ForeignKey(Project, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    trace_id = models.UUIDField()
    span_id = models.CharField(max_length=16)
    reference = models.CharField(max_length=100, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    amount_nano = models.BigIntegerField()
    saved_nano = models.BigIntegerField(default=0)
    key_id = models.UUIDField(null=True)
    end_user = models.CharField(max_length=200, blank=True)
    session_id = models.CharField(max_length=200, blank=True)
    route = models.CharField(max_length=100, blank=True)
    route_version = models.IntegerField(null=True)
    model = models.CharField(max_length=100, blank=True)
    provider = models.CharField(max_length=100, blank=True)
    prompt_name = models.CharField(max_length=200, blank=True)
    prompt_version = models.CharField(max_length=60, blank=True)
    environment = models.CharField(max_length=60, blank=True)
    tags = models.JSONField(default=dict)
    operation = models.CharField(max_length=40, blank=True)
    response_id = models.CharField(max_length=200, blank=True)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    usage = models.JSONField(default=dict)
    estimated = models.BooleanField(default=False)
    price_version_id = models.UUIDField(null=True)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "trace_id", "span_id", "kind"],
                condition=~Q(kind="adjust"),
                name="ledger_entry_once",
            ),
            models.UniqueConstraint(
                fields=["project", "trace_id", "span_id", "reference"],
                condition=Q(kind="adjust"),
                name="ledger_adjust_once",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "occurred_at", "id"], name="ledger_in_time"),
            models.Index(fields=["project", "response_id"], condition=~Q(response_id=""), name="ledger_by_response"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_nano} of {self.span_id}"


class OpenReserveQuerySet(models.QuerySet["OpenReserve"]):
    def for_project(self, project: Project) -> "OpenReserveQuerySet":
        return self.filter(project=project)

    def open(self) -> "OpenReserveQuerySet":
        """Two shippers at the same moment may miss each other's entries, so a row here is only a reason to look."""
        ended = LedgerEntry.objects.filter(
            project=OuterRef("project"),
            trace_id=OuterRef("trace_id"),
            span_id=OuterRef("span_id"),
            kind__in=[LedgerEntry.Kind.SETTLE, LedgerEntry.Kind.RELEASE],
        )
        return self.filter(~Exists(ended))

    def begun_before(self, moment: datetime) -> "OpenReserveQuerySet":
        return self.filter(occurred_at__lt=moment)

    def begun_since(self, moment: datetime) -> "OpenReserveQuerySet":
        return self.filter(occurred_at__gte=moment)


class OpenReserve(models.Model):
    """A reserve that nothing has ended yet, so that these are found without reading the ledger."""

    entry = models.OneToOneField(
        LedgerEntry, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    trace_id = models.UUIDField()
    span_id = models.CharField(max_length=16)
    occurred_at = models.DateTimeField()
    amount_nano = models.BigIntegerField()

    objects = OpenReserveQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["project", "occurred_at"], name="open_reserve_in_time"),
            models.Index(fields=["project", "trace_id", "span_id"], name="open_reserve_of_attempt"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_nano} reserved for {self.span_id}"
