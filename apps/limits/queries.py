"""Limits as the gateway and the pages read them, and the ledger's word about budgets."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from msgspec.structs import replace

from apps.accounts.models import ApiKey, Organisation, Project
from apps.billing.models import OpenReserve, SpendHour
from apps.billing.queries import SETTLES_WITHIN, spent_since
from apps.limits.domain.ledger import SpendQuestion
from apps.limits.domain.rules import Away, Rule, Window
from apps.limits.models import Limit, LimitQuerySet
from llmkit import clock

LONGEST_USER = 200


def limits_of(project: Project) -> LimitQuerySet:
    """Those that hold for its requests: its own first, then the organisation's, by age."""
    rows = Limit.objects.over(project).select_related("key", "project", "organisation")
    return rows.order_by("project", "created_at", "id")


def keys_for_limits(project: Project) -> QuerySet[ApiKey]:
    """Keys that a limit may name: those that may call models and are not revoked."""
    keys = ApiKey.objects.for_project(project).filter(kind=ApiKey.Kind.SECRET, revoked_at=None)
    return keys.order_by("name", "id")


def rules_by_key() -> dict[str, tuple[Rule, ...]]:
    """Key id -> all that limits its requests, for every key that is limited at all; two queries.

    Keys share the rules that they share counters for, so that the gateway tells by identity that nothing changed.
    """
    by_owner: dict[UUID, list[Limit]] = defaultdict(list)
    for limit in Limit.objects.order_by("id"):
        by_owner[limit.project_id or limit.organisation_id].append(limit)
    if not by_owner:
        return {}
    made: dict[str, Rule] = {}
    keys = ApiKey.objects.filter(kind=ApiKey.Kind.SECRET).select_related("project")
    found = {str(key.id): tuple(_rules(key, by_owner, made)) for key in keys}
    return {id_: rules for id_, rules in found.items() if rules}


def _rules(key: ApiKey, by_owner: dict[UUID, list[Limit]], made: dict[str, Rule]) -> Iterable[Rule]:
    for limit in (*by_owner.get(key.project_id, ()), *by_owner.get(key.project.organisation_id, ())):
        if limit.key_id is None or limit.key_id == key.id:
            counter = counter_of(limit, key)
            yield made.get(counter) or made.setdefault(counter, _rule(limit, counter, key))


def counter_of(limit: Limit, key: ApiKey) -> str:
    """Each key, and for limits of an organisation each project, counts by itself."""
    if limit.subject == Limit.Subject.KEY:
        return f"{limit.id}:{key.id}"
    apart = limit.subject == Limit.Subject.PROJECT and limit.project_id is None
    return f"{limit.id}:{key.project_id}" if apart else str(limit.id)


def _rule(limit: Limit, counter: str, key: ApiKey) -> Rule:
    of_key, of_user = limit.subject == Limit.Subject.KEY, limit.subject == Limit.Subject.USER
    whole = limit.project_id is None and limit.subject in {Limit.Subject.ORGANISATION, Limit.Subject.USER}
    return replace(
        rule_of(limit),
        counter=counter,
        project="" if whole else str(key.project_id),
        key=str(key.id) if of_key else "",
        user=limit.end_user if of_user else "",
        name=limit.name,
        each_user=of_user and not limit.end_user,
    )


def rule_of(limit: Limit) -> Rule:
    """As it reads, for whom it doesn't matter which key it is held against."""
    return Rule(
        limit=str(limit.id),
        organisation=str(limit.organisation_id),
        counter=str(limit.id),
        title=limit.title,
        metric=limit.measure,
        window=Window(limit.window),
        value=limit.value,
        hard=limit.hard,
        away=Away(limit.away),
        share=limit.share,
    )


def spent_for(question: SpendQuestion) -> int:
    """Nano-dollars: what is settled, and reserves so old that nobody will settle them any more.

    Windows of budgets begin with an hour, so sums of hours say it all. A name may be a route's or a model's.
    """
    since = datetime.fromtimestamp(question.since_ms / 1000, UTC)
    owner = _owner(question)
    if owner is None:
        return 0
    if question.name:
        settled = max(_by_route(owner, since, question.name), _settled(owner, since, "model", question.name))
    elif question.key:
        settled = _settled(owner, since, "key", question.key)
    elif question.user is not None:
        settled = _settled(owner, since, "user", question.user[:LONGEST_USER])
    else:
        settled = _settled(owner, since, "total", "")
    return settled + _stale(question, owner, since)


def _owner(question: SpendQuestion) -> Project | Organisation | None:
    if question.project:
        return Project.objects.filter(id=question.project).first()
    return Organisation.objects.filter(id=question.organisation).first()


def _settled(owner: Project | Organisation, since: datetime, by: str, value: str) -> int:
    return spent_since(owner, since, by=by, value=value).settled_nano


def _place(owner: Project | Organisation) -> dict[str, Any]:
    return {"project": owner} if isinstance(owner, Project) else {"project__organisation": owner}


def _by_route(owner: Project | Organisation, since: datetime, name: str) -> int:
    hours = SpendHour.objects.along("route").filter(hour__gte=since, value=name, **_place(owner))
    return int(hours.aggregate(sum=Sum("amount_nano"))["sum"] or 0)


def _stale(question: SpendQuestion, owner: Project | Organisation, since: datetime) -> int:
    reserves = OpenReserve.objects.open().begun_since(since).begun_before(clock.now() - SETTLES_WITHIN)
    reserves = reserves.filter(**_place(owner))
    if question.key:
        reserves = reserves.filter(entry__key_id=question.key)
    if question.user is not None:
        reserves = reserves.filter(entry__end_user=question.user[:LONGEST_USER])
    if question.name:
        reserves = reserves.filter(entry__route=question.name) | reserves.filter(entry__model=question.name)
    return int(reserves.aggregate(sum=Sum("amount_nano"))["sum"] or 0)
