"""Queues of answers to be judged and corrected by people."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import Project, User
from apps.annotation.domain.answers import Answer
from apps.annotation.domain.fields import Field
from apps.annotation.domain.form import fields_of
from apps.datasets.models import Dataset, DatasetVersion
from llmkit.ids import uuid7

CLAIM_LASTS = timedelta(minutes=10)


class AnnotationQueueQuerySet(models.QuerySet["AnnotationQueue"]):
    def for_project(self, project: Project) -> "AnnotationQueueQuerySet":
        return self.filter(project=project)


class AnnotationQueue(models.Model):
    """Work of one kind: which form (from answer_schema), how many people per item, and where answers go.

    field_order: the members of the answer as the schema had them; Postgres doesn't keep the order of JSON objects.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="annotation_queues")
    name = models.SlugField(max_length=100)
    instructions = models.TextField(blank=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="queues")
    answer_schema = models.JSONField()
    field_order = models.JSONField(default=list)
    annotators_per_item = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnotationQueueQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="queue_name_in_project")]

    def __str__(self) -> str:
        return self.name

    @property
    def fields(self) -> list[Field]:
        """The form of its answers, in the order of the schema."""
        return fields_of(self.answer_schema, self.field_order)


class AnnotationItemQuerySet(models.QuerySet["AnnotationItem"]):
    def for_project(self, project: Project) -> "AnnotationItemQuerySet":
        return self.filter(queue__project=project)

    def for_trace(self, trace_id: uuid.UUID) -> "AnnotationItemQuerySet":
        return self.filter(trace_id=trace_id)

    def open(self) -> "AnnotationItemQuerySet":
        return self.filter(state=AnnotationItem.State.OPEN)

    def publishable(self) -> "AnnotationItemQuerySet":
        """Those whose accepted answer is in no dataset version yet."""
        return self.filter(state=AnnotationItem.State.ACCEPTED, version=None)

    def with_place(self, wanted: int, annotator: User, at: datetime) -> "AnnotationItemQuerySet":
        """Those that fewer than `wanted` people answered or hold, `annotator` not counted."""
        others = Annotation.objects.filter(item=OuterRef("id")).exclude(annotator=annotator).holding_a_place(at)
        number = others.order_by().values("item").annotate(number=Count("id")).values("number")
        return self.annotate(held=Coalesce(Subquery(number), 0)).filter(held__lt=wanted)


class AnnotationItem(models.Model):
    """A traced answer in a queue. conversation: the messages before the answer; answer: what the model said.

    resolution is the accepted answer; version is the dataset version that it went into.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DISPUTED = "disputed"  # its annotators disagree: somebody has to decide
        ACCEPTED = "accepted"
        DROPPED = "dropped"

    class Reason(models.TextChoices):
        FEEDBACK = "feedback", "bad feedback"
        CONFIDENCE = "confidence", "low confidence"
        MANUAL = "manual", "picked by hand"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    queue = models.ForeignKey(AnnotationQueue, on_delete=models.CASCADE, related_name="items")
    trace_id = models.UUIDField()
    conversation = models.JSONField()
    answer = models.TextField(blank=True)
    reason = models.CharField(max_length=12, choices=Reason)
    feedback_id = models.UUIDField(null=True)
    note = models.TextField(blank=True)
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    resolution = models.JSONField(null=True)
    resolved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    version = models.ForeignKey(DatasetVersion, on_delete=models.SET_NULL, null=True, related_name="items")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnotationItemQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue", "trace_id"], name="trace_once_in_queue")]
        indexes = [
            models.Index(fields=["queue", "state", "-priority", "id"], name="item_next_in_queue"),
            models.Index(fields=["trace_id"], name="item_of_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.trace_id.hex[:8]}"

    @property
    def question(self) -> str:
        """What the user said last, in one line."""
        said = [message for message in self.conversation if message["role"] == "user"] or self.conversation
        return " ".join(str(said[-1]["content"]).split()) if said else ""

    @property
    def accepted_answer(self) -> Answer:
        """{} before there is one."""
        return self.resolution or {}

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def can_be_decided(self) -> bool:
        """Until its answer is published; what is in a dataset version never changes."""
        return self.version_id is None

    def accept(self, answer: Answer, *, by: User | None, at: datetime) -> None:
        """`by`: who decided it; nobody where the annotators agree."""
        self.state, self.resolution, self.resolved_by, self.resolved_at = self.State.ACCEPTED, answer, by, at
        self.save(update_fields=["state", "resolution", "resolved_by", "resolved_at"])

    def mark_disputed(self) -> None:
        self.state = self.State.DISPUTED
        self.save(update_fields=["state"])

    def drop(self, *, by: User | None, at: datetime) -> None:
        """Take it out of the work: there is nothing to learn from it."""
        self.state, self.resolution, self.resolved_by, self.resolved_at = self.State.DROPPED, None, by, at
        self.save(update_fields=["state", "resolution", "resolved_by", "resolved_at"])


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def answered(self) -> "AnnotationQuerySet":
        return self.filter(state=Annotation.State.ANSWERED)

    def claimed(self, at: datetime) -> "AnnotationQuerySet":
        return self.filter(state=Annotation.State.CLAIMED, claimed_until__gt=at)

    def holding_a_place(self, at: datetime) -> "AnnotationQuerySet":
        """Answers, and claims that haven't run out: what counts against the number of people per item."""
        return self.filter(Q(state=Annotation.State.ANSWERED) | Q(state=Annotation.State.CLAIMED, claimed_until__gt=at))


class Annotation(models.Model):
    """One person's answer to one item; claimed while they work on it, until claimed_until."""

    class State(models.TextChoices):
        CLAIMED = "claimed"
        ANSWERED = "answered"
        SKIPPED = "skipped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = models.ForeignKey(AnnotationItem, on_delete=models.CASCADE, related_name="annotations")
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="annotations")
    state = models.CharField(max_length=10, choices=State, default=State.CLAIMED)
    answer = models.JSONField(null=True)
    claimed_at = models.DateTimeField()
    claimed_until = models.DateTimeField()
    # From the claim to the answer, breaks included.
    seconds = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "annotator"], name="one_annotation_per_person")]

    def __str__(self) -> str:
        return f"{self.annotator} on {self.item}"

    @property
    def given_answer(self) -> Answer:
        """{} before there is one."""
        return self.answer or {}

    def claim(self, at: datetime) -> None:
        """Hold the item from now on; who comes back to their own claim goes on where they were."""
        if self.state != self.State.CLAIMED or self.claimed_until <= at:
            self.state, self.claimed_at = self.State.CLAIMED, at
        self.claimed_until = at + CLAIM_LASTS
        self.save()

    def give(self, answer: Answer, at: datetime) -> None:
        self.state, self.answer, self.answered_at = self.State.ANSWERED, answer, at
        self.seconds = max(0.0, (at - self.claimed_at).total_seconds())
        self.save()

    def skip(self) -> None:
        self.state = self.State.SKIPPED
        self.save()
