"""What a project never caches."""

from django.db import models

from apps.accounts.models import Project, User
from apps.caching.domain.classifier import Classifier, classifier_from_bytes
from llmkit.ids import uuid7


class CacheFilter(models.Model):
    """One project's. rules: list of `{"kind", "text", "reason"}`; weights: the classifier's, little-endian floats."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="cache_filter")
    rules = models.JSONField(default=list)
    weights = models.BinaryField()
    bias = models.FloatField()
    examples = models.PositiveIntegerField()
    trained_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"cache filter of {self.project}"

    @property
    def classifier(self) -> Classifier:
        return classifier_from_bytes(bytes(self.weights), self.bias)


class CacheCorrectionQuerySet(models.QuerySet["CacheCorrection"]):
    def for_project(self, project: Project) -> "CacheCorrectionQuerySet":
        return self.filter(project=project)


class CacheCorrection(models.Model):
    """Somebody's word on a text: volatile answers are personal or soon out of date."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cache_corrections")
    text = models.CharField(max_length=2000)
    volatile = models.BooleanField()
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CacheCorrectionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "text"], name="one_correction_of_a_text")]

    def __str__(self) -> str:
        return self.text[:60]
