"""Limits with what is used of them now, as the pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from apps.accounts.models import ApiKey, Project
from apps.limits.domain.overshoot import Overshoot, in_words
from apps.limits.domain.refusals import amount_of, words_of
from apps.limits.domain.rules import Metric
from apps.limits.engine.usage import CounterUsage, UsageUnknown, processes_running, usage_of
from apps.limits.models import Limit
from apps.limits.queries import limits_of, rule_of
from apps.limits.services.overshooting import overshoot_from
from llmkit.money import format_nano


class LeaseRow(NamedTuple):
    process: str
    amount: str


@dataclass(frozen=True)
class CounterRow:
    """Amounts in the metric's unit; `of` is at least 1, so that it can be the end of a bar."""

    label: str
    used: int
    of: int
    detail: str
    leases: Sequence[LeaseRow]


@dataclass(frozen=True)
class LimitRow:
    """overshoot: None while nobody knows. counters: the fullest first."""

    limit: Limit
    words: str
    about: str
    counters: Sequence[CounterRow] = ()
    overshoot: Overshoot | None = None
    worst: str = ""
    sentences: Sequence[str] = ()


@dataclass(frozen=True)
class Overview:
    """problem: why nobody knows what is used, "" otherwise."""

    rows: Sequence[LimitRow]
    problem: str = ""


def overview_of(project: Project) -> Overview:
    return _read(project, list(limits_of(project)))


def row_of(project: Project, limit: Limit) -> tuple[LimitRow, str]:
    """The row, and why nobody knows what is used, "" otherwise."""
    read = _read(project, [limit])
    return read.rows[0], read.problem


def _read(project: Project, limits: list[Limit]) -> Overview:
    try:
        usage, processes = usage_of(limits), processes_running()
    except UsageUnknown as problem:
        return Overview([LimitRow(limit, words_of(rule_of(limit)), about(limit)) for limit in limits], str(problem))
    names = _names(project, limits)
    return Overview([_row(limit, usage[limit.id], processes, names) for limit in limits])


def about(limit: Limit) -> str:
    """Who or what it is held against."""
    who = {
        Limit.Subject.PROJECT: "this project" if limit.project_id else "each project",
        Limit.Subject.ORGANISATION: "all projects together",
        Limit.Subject.KEY: f"the key {limit.key.name}" if limit.key else "each key",
        Limit.Subject.USER: f"the user {limit.end_user}" if limit.end_user else "each end user",
    }[Limit.Subject(limit.subject)]
    return f"{who}, only {limit.name}" if limit.name else who


def _names(project: Project, limits: list[Limit]) -> dict[str, str]:
    """Of the keys and projects that count apart, by id."""
    if not any(limit.subject in {Limit.Subject.KEY, Limit.Subject.PROJECT} for limit in limits):
        return {}
    keys = ApiKey.objects.for_project(project).values_list("id", "name")
    return {str(project.id): project.name, **{str(id_): name for id_, name in keys}}


def _row(limit: Limit, counters: list[CounterUsage], processes: int, names: dict[str, str]) -> LimitRow:
    # Of an organisation's limit, the page of a project shows no keys and projects of others.
    shown = [counter for counter in counters if not counter.subject or counter.subject[1:] in names]
    overshoot = overshoot_from(limit, shown, processes)
    amount = partial(amount_of, limit.measure)
    return LimitRow(
        limit=limit,
        words=words_of(rule_of(limit)),
        about=about(limit),
        counters=[_counter_row(limit, counter, names) for counter in shown],
        overshoot=overshoot,
        worst=amount(overshoot.worst) if overshoot.bounded else "",
        sentences=in_words(overshoot, amount),
    )


def _counter_row(limit: Limit, usage: CounterUsage, names: dict[str, str]) -> CounterRow:
    each_user = limit.subject == Limit.Subject.USER and not limit.end_user
    label = (usage.user or "without a name") if each_user else names.get(usage.subject[1:], "Used")
    figure = format_nano if limit.measure is Metric.COST else "{:,}".format
    detail = f"{figure(usage.used)} of {amount_of(limit.measure, limit.value)}"
    if usage.leased:
        detail += f", {figure(usage.leased)} of it leased"
    leases = [LeaseRow(lease.process, amount_of(limit.measure, lease.held)) for lease in usage.leases]
    return CounterRow(label, usage.used, max(1, limit.value), detail, leases)
