"""What a running attempt says, on its way into the database: gathered, and written only while it holds the job."""

from pathlib import Path

from django.db import InterfaceError, OperationalError, connection, transaction

from apps.compute.domain.events import CheckpointMade, Event, LogLine, Metric, Progress
from apps.compute.engine.artifacts import drop_artifact, store_folder
from apps.compute.engine.claiming import Fenced, fenced
from apps.compute.models import Attempt, Checkpoint, Job, JobLog, JobMetric

KEPT_CHECKPOINTS = 2
MOST_LINES = 500


class Record:
    """Gathers between two flushes; while Postgres is away it goes on gathering."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self._lines: list[str] = []
        self._metrics: dict[int, Metric] = {}
        self._progress: Progress | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, LogLine) and event.text:
            self._lines.append(event.text)
        elif isinstance(event, Metric):
            self._metrics[event.step] = event
        elif isinstance(event, Progress):
            self._progress = event

    def flush(self) -> None:
        """Fenced when the job belongs to another attempt by now."""
        if not (self._lines or self._metrics or self._progress):
            return
        try:
            with fenced(self.attempt) as job:
                self._write(job)
        except (OperationalError, InterfaceError):
            connection.close()  # the next flush opens another
            del self._lines[:-MOST_LINES]
            return
        self._lines, self._metrics, self._progress = [], {}, None

    def store_checkpoint(self, made: CheckpointMade) -> None:
        """Keep a copy from which another worker can go on. Fenced, or OSError when the disk is full."""
        folder, number = Path(made.folder), self.attempt.number
        artifact = store_folder(
            project=self.attempt.job.project, kind="checkpoint", folder=folder, job=self.attempt.job
        )
        try:
            with fenced(self.attempt) as job:
                before = Checkpoint.objects.filter(job=job, step=made.step).select_related("artifact").first()
                values = {"attempt": number, "artifact": artifact}
                Checkpoint.objects.update_or_create(job=job, step=made.step, defaults=values)
        except Fenced:
            drop_artifact(artifact)
            raise
        if before:
            drop_artifact(before.artifact)
        for old in Checkpoint.objects.filter(job=self.attempt.job).order_by("-step")[KEPT_CHECKPOINTS:]:
            forget_checkpoint(old)

    def _write(self, job: Job) -> None:
        number = self.attempt.number
        JobLog.objects.bulk_create(JobLog(job=job, attempt=number, text=text) for text in self._lines)
        JobMetric.objects.bulk_create(
            [
                JobMetric(job=job, attempt=number, step=metric.step, values=metric.values)
                for metric in self._metrics.values()
            ],
            update_conflicts=True,
            unique_fields=["job", "step"],
            update_fields=["attempt", "values"],
        )
        if said := self._progress:
            job.progress, job.stage, job.seconds_left = said.done, said.stage, said.seconds_left
            job.save(update_fields=["progress", "stage", "seconds_left"])


def forget_checkpoint(checkpoint: Checkpoint) -> None:
    """Both or neither: an artifact that nothing names would stay for ever."""
    with transaction.atomic():
        artifact = checkpoint.artifact
        checkpoint.delete()
        drop_artifact(artifact)
