"""Datasets: examples, and immutable versions that list them."""

from typing import Any

from django.db import models

from apps.accounts.models import Project, User
from apps.datasets.domain.rows import SPLITS
from llmkit.ids import uuid7


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def for_project(self, project: Project) -> "DatasetQuerySet":
        return self.filter(project=project)


class Dataset(models.Model):
    """A name under which versions stand. answer_schema: JSON Schema of the assistant's answers; None for free text."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="datasets")
    name = models.SlugField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    answer_schema = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="dataset_name_in_project")]

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """A list of examples that never changes. content_hash: SHA-256 over the rows in order, splits included.

    splits: number of rows by split, `{"train": 90, "validation": 5, "test": 5}`. added, removed: rows that this one has
    and its parent has not, and the other way round; a replaced answer counts as both.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    content_hash = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    added = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    splits = models.JSONField(default=dict)
    message = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="version_number_in_dataset")]

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"

    @property
    def empty_splits(self) -> list[str]:
        return [split for split in SPLITS if not self.splits.get(split)]


class Example(models.Model):
    """A conversation whose last message is the answer to learn; never changed once made.

    digest: SHA-256 of messages, tags and trace id in canonical JSON. source says where it came from:
    `{"kind": "import"|"feedback"|"annotation"|"trace", "item_id", "feedback_id", "annotators": [user ids]}`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="examples")
    digest = models.CharField(max_length=64)
    messages = models.JSONField()
    tags = models.JSONField(default=list, blank=True)
    trace_id = models.UUIDField(null=True)
    source = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "digest"], name="example_digest_in_dataset")]
        indexes = [models.Index(fields=["trace_id"], name="example_of_trace")]

    def __str__(self) -> str:
        return self.digest[:12]

    @property
    def prompt(self) -> list[dict[str, Any]]:
        return list(self.messages[:-1])

    @property
    def answer(self) -> str:
        return str(self.messages[-1]["content"])


class VersionRow(models.Model):
    """The place of an example in a version."""

    class Split(models.TextChoices):
        TRAIN = "train"
        VALIDATION = "validation"
        TEST = "test"

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="members")
    position = models.PositiveIntegerField()
    example = models.ForeignKey(Example, on_delete=models.PROTECT, related_name="memberships")
    split = models.CharField(max_length=10, choices=Split)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="position_in_version")]

    def __str__(self) -> str:
        return f"{self.version} row {self.position}"
