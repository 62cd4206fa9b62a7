"""What pages and other apps read of pools and jobs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.accounts.models import Project
from apps.compute.models import Job, JobLog, JobMetric, Pool, Worker
from apps.compute.models.jobs import JobQuerySet
from llmkit import clock

PAGE = 50
TAIL = 200
# A worker says every ten seconds that it is alive.
SILENT_AFTER = timedelta(seconds=45)
GONE_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class WorkerRow:
    """jobs: what it works on for this project; others: how many jobs of other projects."""

    worker: Worker
    state: str  # alive, silent or stopped
    jobs: list[Job]
    others: int


@dataclass(frozen=True)
class PoolRow:
    """running, waiting: jobs of all projects; workers: those that were there within the last hour."""

    pool: Pool
    running: int
    waiting: int
    workers: list[WorkerRow]

    @property
    def served(self) -> bool:
        return any(row.state == "alive" for row in self.workers)


def pools_page(project: Project) -> list[PoolRow]:
    """Every pool of the installation. Jobs of other projects are counted, but not shown."""
    counted = Pool.objects.annotate(
        running=Count("jobs", filter=Q(jobs__state=Job.State.RUNNING)),
        waiting=Count("jobs", filter=Q(jobs__state=Job.State.QUEUED)),
    )
    recent = Worker.objects.filter(last_seen_at__gte=clock.now() - GONE_AFTER).order_by("name", "-started_at")
    rows: dict[UUID, list[WorkerRow]] = {}
    running = Prefetch("jobs", Job.objects.filter(state=Job.State.RUNNING).order_by("id"), to_attr="running")
    for worker in recent.prefetch_related(running):
        rows.setdefault(worker.pool_id, []).append(_row(worker, project))
    for found in rows.values():
        found.sort(key=lambda row: row.state)  # alive, silent, stopped
    return [PoolRow(pool, pool.running, pool.waiting, rows.get(pool.id, [])) for pool in counted.order_by("name")]


def _row(worker: Any, project: Project) -> WorkerRow:
    mine = [job for job in worker.running if job.project_id == project.id]
    return WorkerRow(worker, state_of(worker), mine, len(worker.running) - len(mine))


def state_of(worker: Worker) -> str:
    if worker.stopped_at:
        return "stopped"
    return "alive" if clock.now() - worker.last_seen_at < SILENT_AFTER else "silent"


def jobs_of(project: Project) -> JobQuerySet:
    return Job.objects.for_project(project).select_related("pool", "worker", "created_by").order_by("-id")


@dataclass(frozen=True)
class JobsPage:
    rows: list[Job]
    older: str

    @property
    def moving(self) -> bool:
        return any(not job.finished for job in self.rows)


def list_jobs(project: Project, *, cursor: UUID | None = None) -> JobsPage:
    jobs = jobs_of(project).filter(id__lt=cursor) if cursor else jobs_of(project)
    found = list(jobs[: PAGE + 1])
    return JobsPage(found[:PAGE], str(found[PAGE - 1].id) if len(found) > PAGE else "")


def metrics_of(job: Job) -> list[tuple[int, dict[str, Any]]]:
    """(step, figures) by step."""
    return list(JobMetric.objects.filter(job=job).order_by("step").values_list("step", "values"))


@dataclass(frozen=True)
class Figures:
    step: int
    values: list[tuple[str, Any]]


def newest_figures(job: Job) -> Figures | None:
    """Those of the highest step; None when there are none."""
    newest = JobMetric.objects.filter(job=job).order_by("-step").first()
    return Figures(newest.step, sorted(newest.values.items())) if newest and newest.values else None


def log_tail(job: Job, *, lines: int = TAIL) -> list[JobLog]:
    """The last lines, oldest first."""
    return list(JobLog.objects.filter(job=job).order_by("-id")[:lines])[::-1]


def attempts_of(job: Job) -> "QuerySet[Any]":
    return job.attempts.select_related("worker").order_by("-number")
