"""One attempt at a job, from its inputs to its end: starts the subprocess, watches it, obeys wishes to stop it."""

import logging
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from apps.compute.domain import causes
from apps.compute.domain.events import CheckpointMade, Event, LogLine, Problem, Result
from apps.compute.engine import ending
from apps.compute.engine.artifacts import ArtifactDamaged, fetch_artifact
from apps.compute.engine.child import Child
from apps.compute.engine.claiming import Fenced, fenced
from apps.compute.engine.folders import folder_of, remove
from apps.compute.engine.heartbeat import Heartbeat
from apps.compute.engine.kinds import JobProblem, kind_of
from apps.compute.engine.recording import Record, forget_checkpoint
from apps.compute.models import Attempt, Job

log = logging.getLogger(__name__)
FLUSH_SECONDS = 0.5
AWAY_SECONDS = 1.0
CANCEL, PREEMPT = "cancel", "preempt"


class Supervisor:
    """stopping: set when the worker has to end; the job then goes back into the queue with its last checkpoint."""

    def __init__(self, attempt: Attempt, stopping: threading.Event) -> None:
        self.attempt, self.stopping = attempt, stopping
        self.record = Record(attempt)
        self.folder = folder_of(attempt)
        self.reported: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.stop_reason = ""
        self.heart = Heartbeat(attempt)
        self._deadline = self._flush_at = 0.0

    def run(self) -> None:
        """Never raises for what happens to the job: the next one shall have its turn."""
        try:
            with self.heart:
                self._attempt()
        except Fenced:
            log.warning("Attempt %s was taken away; what it did is dropped.", self.attempt)
        except JobProblem as problem:
            self._fail(causes.PROBLEM, str(problem), permanent=True)
        except OSError as error:
            cause = causes.cause_of(1, str(error))
            self._fail(cause, causes.worker_sentence_of(cause, error.strerror or str(error)))
        except Exception:
            log.exception("Attempt %s broke its supervisor", self.attempt)
            self._fail(causes.ERROR, "The worker met an error of its own; its log says which.")
        finally:
            remove(self.folder)

    def _attempt(self) -> None:
        remove(self.folder)
        self.folder.mkdir(parents=True)
        job = self.attempt.job
        plan = kind_of(job.kind).prepare(job, self.folder, self._checkpoint())
        child = Child(plan, self.folder)
        try:
            self._watch(child)
            self._reach_database()
            self._conclude(child)
        finally:
            child.close()

    def _checkpoint(self) -> Path | None:
        """The newest one that is whole; damaged ones are dropped, with what was done since the one before."""
        for checkpoint in self.attempt.job.checkpoints.select_related("artifact").order_by("-step"):
            try:
                return fetch_artifact(artifact=checkpoint.artifact, into=self.folder / "checkpoint")
            except ArtifactDamaged as damage:
                log.warning("The checkpoint at step %s of %s is of no use: %s", checkpoint.step, self.attempt, damage)
                forget_checkpoint(checkpoint)
        return None

    def _watch(self, child: Child) -> None:
        while child.running or not child.events.empty():
            if event := child.next(timeout=0.1):
                self._take(event)
            now = time.monotonic()
            if now >= self._flush_at:
                self._flush_at = now + FLUSH_SECONDS
                self.record.flush()
            if self.heart.taken.is_set():
                raise Fenced
            self._stop_if_wished(child, now)
        self.record.flush()

    def _take(self, event: Event) -> None:
        if isinstance(event, CheckpointMade):
            self._keep(event)
        elif isinstance(event, Result):
            self.reported |= event.values
        elif isinstance(event, Problem):
            self.problem = event
        else:
            self.record.take(event)

    def _keep(self, made: CheckpointMade) -> None:
        """Only what lies in the attempt's own folder."""
        self.record.flush()
        folder = (self.folder / made.folder).resolve()
        if not (folder.is_relative_to(self.folder.resolve()) and folder.is_dir() and any(folder.iterdir())):
            self.record.take(LogLine(f"There is no checkpoint at {made.folder}."))
            return
        connection.close_if_unusable_or_obsolete()
        try:
            self.record.store_checkpoint(CheckpointMade(made.step, str(folder)))
        except (OperationalError, InterfaceError):
            self.record.take(LogLine(f"The checkpoint of step {made.step} is not kept: the database was away."))

    def _stop_if_wished(self, child: Child, now: float) -> None:
        if not self.stop_reason and self.heart.cancelled.is_set():
            self.stop_reason = CANCEL
        if not self.stop_reason and self.stopping.is_set():
            self.stop_reason = PREEMPT
        if not self.stop_reason:
            return
        if not self._deadline:
            self._deadline = now + settings.JOB_GRACE_SECONDS
            child.ask_to_stop()
        elif now >= self._deadline:
            child.kill()

    def _reach_database(self) -> None:
        """What an attempt came to is worth waiting for: a database that is away may be back in a moment."""
        connection.close_if_unusable_or_obsolete()  # it may have died while nothing was to be written
        while not self.heart.taken.is_set():
            try:
                connection.ensure_connection()
            except OperationalError as error:
                log.warning("%s is over, which cannot be written down yet: %s", self.attempt, error)
                if self.stopping.wait(AWAY_SECONDS):
                    raise
            else:
                return

    def _conclude(self, child: Child) -> None:
        status, last = child.exit_status, "\n".join(child.last_lines)
        if self.problem is not None:
            self._fail(causes.PROBLEM, self.problem.message, permanent=self.problem.permanent, exit_status=status)
        elif status == 0 and (not self.stop_reason or (self.reported and self.stop_reason == PREEMPT)):
            self._succeed()
        elif self.stop_reason == CANCEL:
            with fenced(self.attempt) as job:
                ending.end(job, Job.State.CANCELLED, attempt=Attempt.State.CANCELLED, cause=causes.USER)
        elif self.stop_reason == PREEMPT:
            with fenced(self.attempt) as job:
                ending.give_up(job, state=Attempt.State.PREEMPTED, cause=causes.PREEMPTED, sentence="")
        else:
            cause = causes.cause_of(status, last)
            self._fail(cause, causes.sentence_of(cause, status, last), exit_status=status)

    def _succeed(self) -> None:
        """The result and the end of the job are one transaction: there is never one without the other."""
        with fenced(self.attempt) as job:
            kind_of(job.kind).succeed(job, self.folder, self.reported)
            job.result = {"reported": self.reported}
            ending.end(job, Job.State.SUCCEEDED, attempt=Attempt.State.SUCCEEDED)
        for checkpoint in Attempt.objects.get(id=self.attempt.id).job.checkpoints.all():
            forget_checkpoint(checkpoint)

    def _fail(self, cause: str, sentence: str, *, permanent: bool = False, exit_status: int | None = None) -> None:
        try:
            with fenced(self.attempt) as job:
                ending.give_up(
                    job,
                    state=Attempt.State.FAILED,
                    cause=cause,
                    sentence=sentence,
                    exit_status=exit_status,
                    permanent=permanent,
                )
        except Fenced:
            log.warning("Attempt %s failed after it was taken away: %s", self.attempt, sentence)
        except (DatabaseError, InterfaceError) as error:
            # Its lease runs out, and another worker takes the job.
            log.warning("Attempt %s failed (%s), which cannot be written down: %s", self.attempt, sentence, error)
