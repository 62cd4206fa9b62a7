"""Jobs: the rows are the truth, the broker's messages only doorbells (docs/adr/007)."""

from django.db import models

from apps.accounts.models import Project, User
from apps.compute.models.pools import Pool, Worker
from llmkit.ids import uuid7


class JobQuerySet(models.QuerySet["Job"]):
    def for_project(self, project: Project) -> "JobQuerySet":
        return self.filter(project=project)

    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])


class Job(models.Model):
    """A long piece of work. kind names a registered JobKind, spec is what that kind needs: ids and plain values.

    attempt is the number of the newest attempt and the fencing token: whoever writes for an older one is refused.
    lease_until: while running, the moment from which the attempt counts as lost unless it is renewed.
    progress runs from 0 to 1. A cancel is a wish (cancel_requested_at) until the worker has obeyed.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    spec = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    priority = models.SmallIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    worker = models.ForeignKey(Worker, on_delete=models.SET_NULL, null=True, related_name="jobs")
    lease_until = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    progress = models.FloatField(default=0)
    stage = models.CharField(max_length=200, blank=True)
    seconds_left = models.FloatField(null=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["pool", "-priority", "id"], condition=models.Q(state="queued"), name="job_next_in_pool"
            ),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="job_leases"),
            models.Index(fields=["project", "-id"], name="job_newest_first"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def finished(self) -> bool:
        return self.state not in {Job.State.QUEUED, Job.State.RUNNING}


class Attempt(models.Model):
    """One try at a job by one worker. cause: why it ended as it did, in a word (oom, killed, lost, user, …)."""

    class State(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        LOST = "lost"
        PREEMPTED = "preempted"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.ForeignKey(Worker, on_delete=models.SET_NULL, null=True, related_name="attempts")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    cause = models.CharField(max_length=40, blank=True)
    exit_status = models.IntegerField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="attempt_number_in_job")]

    def __str__(self) -> str:
        return f"{self.job} #{self.number}"


class JobLog(models.Model):
    """Lines that an attempt printed, in the order of their ids."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="logs")
    attempt = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["job", "id"], name="log_of_job")]

    def __str__(self) -> str:
        return self.text[:80]


class JobMetric(models.Model):
    """Figures of one step, such as `{"loss": 0.31}`; a resumed attempt replaces what it redoes."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="metrics")
    attempt = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    values = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "step"], name="metric_step_in_job")]

    def __str__(self) -> str:
        return f"{self.job} step {self.step}"
