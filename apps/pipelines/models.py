"""The wheel: which rooms of a project belong together, and each of its turns."""

from django.db import models

from apps.accounts.models import Project, User
from apps.annotation.models import AnnotationQueue
from apps.compute.models import Pool
from apps.datasets.models import Dataset, DatasetVersion
from apps.evaluation.models import Evaluation
from apps.finetuning.models import FinetuneRun
from apps.gateway.models import Route, RouteVersion
from apps.serving.models import CatalogueModel
from llmkit.ids import uuid7


class WheelQuerySet(models.QuerySet["Wheel"]):
    def for_project(self, project: Project) -> "WheelQuerySet":
        return self.filter(project=project)


class Wheel(models.Model):
    """How a route improves: judged traces go to `queue`, answers to `dataset`, adapters of `base` face `exam`.

    recipe: values that differ from the finetuning defaults. gate: `domain.gate.Gate` as JSON.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="wheels")
    route = models.OneToOneField(Route, on_delete=models.CASCADE, related_name="wheel")
    queue = models.ForeignKey(AnnotationQueue, on_delete=models.PROTECT, related_name="wheels")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="wheels")
    exam = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    base = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, related_name="+")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    recipe = models.JSONField(default=dict, blank=True)
    gate = models.JSONField(default=dict, blank=True)
    auto_promote = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WheelQuerySet.as_manager()

    def __str__(self) -> str:
        return f"wheel of {self.route}"


class Turn(models.Model):
    """One way round: from a dataset version to a decision. decision: `domain.gate.Decision` as JSON."""

    class State(models.TextChoices):
        TRAINING = "training"
        EVALUATING = "evaluating"
        REFUSED = "refused"
        PASSED = "passed"
        PROMOTED = "promoted"
        ROLLED_BACK = "rolled_back", "rolled back"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wheel = models.ForeignKey(Wheel, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.TRAINING)
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="turns")
    run = models.OneToOneField(FinetuneRun, on_delete=models.PROTECT, null=True, related_name="turn")
    evaluation = models.OneToOneField(Evaluation, on_delete=models.PROTECT, null=True, related_name="turn")
    # The version that the candidate was measured against: promoting asks that it still takes the traffic.
    incumbent = models.ForeignKey(RouteVersion, on_delete=models.PROTECT, related_name="+")
    decision = models.JSONField(null=True)
    error = models.TextField(blank=True)
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["wheel", "number"], name="turn_number_in_wheel")]

    def __str__(self) -> str:
        return f"{self.wheel}, turn {self.number}"


class Promotion(models.Model):
    """The route's traffic moved to a turn's model, and perhaps back again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="promotions")
    before = models.ForeignKey(RouteVersion, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(RouteVersion, on_delete=models.PROTECT, related_name="+")
    automatic = models.BooleanField(default=False)
    promoted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    promoted_at = models.DateTimeField(auto_now_add=True)
    rolled_back_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    rolled_back_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.turn} to {self.after}"
