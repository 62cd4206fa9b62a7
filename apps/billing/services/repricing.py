"""Computing what calls cost again, for people and for operators."""

import logging
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.billing.domain.repriced import Repriced
from apps.billing.engine import repricing
from apps.billing.models import Repricing
from apps.billing.tasks import reprice_waiting

log = logging.getLogger(__name__)


def start_repricing(
    *, actor: Actor, project: Project, start: datetime, end: datetime, model: str = "", dry_run: bool = False
) -> Repricing:
    """Have calls that began in [start, end) repriced in the background; ValidationError while another is under way."""
    if Repricing.objects.for_project(project).waiting().exists():
        raise ValidationError("Another repricing of this project is still under way.")
    with transaction.atomic():
        row = Repricing.objects.create(
            project=project, start=start, end=end, model=model, dry_run=dry_run, created_by=actor.user
        )
        _record(actor, project, start, end, model, dry_run=dry_run)
        transaction.on_commit(_ring)
    return row


def reprice_now(
    *,
    actor: Actor,
    project: Project,
    start: datetime,
    end: datetime,
    model: str = "",
    dry_run: bool = False,
    progress: repricing.Progress = lambda done, total: None,
) -> Repriced:
    """The same at once, for the command line."""
    if start >= end:
        raise ValidationError({"from": "The beginning must lie before the end."})
    _record(actor, project, start, end, model, dry_run=dry_run)
    return repricing.reprice(project, start, end, model=model, dry_run=dry_run, progress=progress)


def _record(actor: Actor, project: Project, start: datetime, end: datetime, model: str, *, dry_run: bool) -> None:
    if dry_run:
        return
    detail = {"from": start.isoformat(), "to": end.isoformat(), "model": model}
    record_change(actor=actor, action="ledger.repriced", target=model or "all models", project=project, detail=detail)


def _ring() -> None:
    try:
        reprice_waiting.delay()
    except (OperationalError, OSError):
        log.warning("Redis is away: the repricing waits for the next regular look.")
