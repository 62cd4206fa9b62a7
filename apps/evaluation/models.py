"""Evaluations: models answer the rows of a dataset version, and are compared on the same rows."""

from django.db import models

from apps.accounts.models import Project, User
from apps.compute.models import Job
from apps.datasets.models import DatasetVersion, Example
from apps.serving.models import CatalogueModel
from llmkit.ids import uuid7


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def for_project(self, project: Project) -> "EvaluationQuerySet":
        return self.filter(project=project)


class Evaluation(models.Model):
    """A candidate, the incumbent it is compared with (None: only scored), and the rows of one split.

    request: what every call carries besides the row, `{"system_prompt": str, "defaults": {…}}`, as on the route.
    field: the field of the answers on which models are compared, "" for the whole answer.
    report: `domain.report` as JSON once the job succeeded.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="evaluations")
    title = models.CharField(max_length=200)
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="evaluations")
    split = models.CharField(max_length=10)
    candidate = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, related_name="+")
    incumbent = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, null=True, related_name="+")
    request = models.JSONField(default=dict)
    field = models.CharField(max_length=200, blank=True)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="evaluation")
    report = models.JSONField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="evaluation_newest_first")]

    def __str__(self) -> str:
        return self.title

    @property
    def models(self) -> list[CatalogueModel]:
        """The candidate, and the incumbent if there is one."""
        return [model for model in (self.candidate, self.incumbent) if model is not None]


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def answered(self) -> "PredictionQuerySet":
        return self.filter(error="")


class Prediction(models.Model):
    """What one model answered to one row, and how that scored.

    position: of the row in the dataset version. scores: `domain.scoring.Scores` as JSON. correct: right or wrong as
    the evaluation compares; None when the row lacks the field. error: why there is no answer, which counts as wrong.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="predictions")
    model = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, related_name="+")
    example = models.ForeignKey(Example, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    output = models.TextField(blank=True)
    error = models.TextField(blank=True)
    scores = models.JSONField(default=dict)
    correct = models.BooleanField(null=True)
    latency_ms = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "model", "example"], name="one_prediction_per_row")
        ]
        indexes = [models.Index(fields=["evaluation", "model", "position"], name="prediction_in_order")]

    def __str__(self) -> str:
        return f"{self.model} on {self.example}"
