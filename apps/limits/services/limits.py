"""Setting, changing and removing limits."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from apps.accounts.models import ApiKey, Project
from apps.accounts.queries import sees_whole_organisation
from apps.accounts.services import Actor, publish_config, record_change
from apps.limits.domain.rules import Away, Metric, Window
from apps.limits.models import Limit
from apps.serving.domain.names import complaint_about
from llmkit.money import format_nano

# Counters are numbers in Lua, exact up to 2^53.
MOST_VALUE = 9 * 10**15
# Of each organisation: every request is held against all that concern it.
MOST_LIMITS = 500
CHANGEABLE = ("title", "value", "hard", "away", "share")


@dataclass(frozen=True, kw_only=True)
class NewLimit:
    """A limit as in Limit. whole_organisation: it belongs to the organisation, and holds in all of its projects."""

    title: str
    metric: Metric
    window: Window
    value: int
    subject: str = Limit.Subject.PROJECT.value
    key: ApiKey | None = None
    end_user: str = ""
    name: str = ""
    hard: bool = True
    away: Away = Away.LEASE
    share: float = 0.01
    whole_organisation: bool = False


@transaction.atomic
def create_limit(*, actor: Actor, project: Project, new: NewLimit) -> Limit:
    """ValidationError naming the field that makes no sense; PermissionDenied for an organisation that isn't theirs."""
    _require_authority(actor, project, whole=new.whole_organisation)
    _check_subject(project, new)
    _check_values(new.title, new.metric, new.value, new.share)
    if Limit.objects.filter(organisation=project.organisation_id).count() >= MOST_LIMITS:
        raise ValidationError(f"An organisation can have {MOST_LIMITS} limits. Remove one first.")
    limit = Limit.objects.create(
        organisation=project.organisation,
        project=None if new.whole_organisation else project,
        title=new.title,
        subject=new.subject,
        key=new.key,
        end_user=new.end_user,
        name=new.name,
        metric=new.metric.name.lower(),
        window=(Window.TOTAL if new.metric is Metric.CONCURRENCY else new.window).value,
        value=new.value,
        hard=new.hard,
        away=new.away.value,
        share=new.share,
        created_by=actor.user,
    )
    _record(actor, project, limit, "limit.created", {name: getattr(limit, name) for name in ("metric", *CHANGEABLE)})
    return limit


@transaction.atomic
def change_limit(*, actor: Actor, project: Project, limit: Limit, **changes: Any) -> None:
    """Change some of CHANGEABLE; what was counted so far stays counted. ValidationError as in create_limit."""
    _require_authority(actor, project, whole=limit.project_id is None)
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        raise ValueError(f"These never change: {', '.join(unknown)}")
    changed = {name: [getattr(limit, name), value] for name, value in changes.items() if getattr(limit, name) != value}
    for name, (_, value) in changed.items():
        setattr(limit, name, value)
    _check_values(limit.title, limit.measure, limit.value, limit.share)
    limit.save(update_fields=[*changed, "changed_at"])
    _record(actor, project, limit, "limit.changed", changed)


@transaction.atomic
def remove_limit(*, actor: Actor, project: Project, limit: Limit) -> None:
    """It holds no longer; its counters in Redis run out by themselves."""
    _require_authority(actor, project, whole=limit.project_id is None)
    _record(actor, project, limit, "limit.removed", {})
    limit.delete()


def may_set_for_organisation(actor: Actor, project: Project) -> bool:
    """The installation itself may, and admins of the whole organisation."""
    if actor.user is None:
        return actor.key is None
    return sees_whole_organisation(project, actor.user)


def _require_authority(actor: Actor, project: Project, *, whole: bool) -> None:
    if whole and not may_set_for_organisation(actor, project):
        raise PermissionDenied(f"Only admins of {project.organisation} can set limits for all of its projects.")


def _record(actor: Actor, project: Project, limit: Limit, action: str, detail: dict[str, Any]) -> None:
    record_change(
        actor=actor,
        action=action,
        target=limit.title,
        project=limit.project,
        organisation=project.organisation,
        detail=detail,
    )
    publish_config()


def _check_values(title: str, metric: Metric, value: int, share: float) -> None:
    most = format_nano(MOST_VALUE) if metric is Metric.COST else f"{MOST_VALUE:,}"
    problems = {
        "title": "" if title.strip() and len(title) <= 100 else "Between 1 and 100 characters.",
        "value": "" if 0 <= value <= MOST_VALUE else f"Not negative, and at most {most}.",
        "share": "" if 0 <= share <= 1 else "Between nothing and all of it.",
    }
    if found := {name: problem for name, problem in problems.items() if problem}:
        raise ValidationError(found)


def _check_subject(project: Project, new: NewLimit) -> None:
    subject, problems = new.subject, {}
    if subject not in Limit.Subject.values:
        problems["subject"] = "There is no such subject."
    elif subject == Limit.Subject.ORGANISATION and not new.whole_organisation:
        problems["subject"] = "A limit of one project can't be held against the whole organisation."
    if new.key is not None and (subject != Limit.Subject.KEY or new.key.project_id != project.id):
        problems["key"] = "This is no key of this project, or the limit is not about keys."
    if new.end_user and (subject != Limit.Subject.USER or len(new.end_user) > 200):
        problems["end_user"] = "A name of up to 200 characters, for limits that are about end users."
    if new.metric is Metric.COST and new.window is Window.MINUTE:
        problems["window"] = "A budget is kept by the day, by the month or in total."
    problems |= _name_problems(new)
    if problems:
        raise ValidationError(problems)


def _name_problems(new: NewLimit) -> dict[str, str]:
    if not new.name:
        return {}
    if complaint := complaint_about(new.name):
        return {"name": complaint}
    if new.metric is Metric.COST and new.subject in {Limit.Subject.KEY, Limit.Subject.USER}:
        return {"name": "A budget of a key or a user holds for all models and routes: the ledger sums them so."}
    return {}
