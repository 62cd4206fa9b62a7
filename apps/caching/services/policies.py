"""Switching caches on and off, setting what they may do, and emptying them."""

from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.caching.domain.policy import LEXICAL, MODEL_PREFIX, Eviction, Scope
from apps.caching.engine.filters import ensure_filter
from apps.caching.engine.purging import purge
from apps.caching.models import CachePolicy
from apps.serving.domain.names import complaint_about
from apps.serving.queries import callable_models_of
from llmkit import clock

MOST_TTL_S = 30 * 24 * 3600
LEAST_BUDGET, MOST_BUDGET = 64 * 1024, 64 * 1024**3
# Settings that decide which answers are hits: what samples said about other ones does not count any more.
_SAMPLED = ("semantic", "threshold", "embedder", "language", "scope", "ttl_s")


@dataclass(frozen=True, kw_only=True)
class CacheChoice:
    """The settings of one route, as in CachePolicy."""

    exact: bool = True
    ttl_s: int = 3600
    scope: str = Scope.USER.value
    eviction: str = Eviction.LRU.value
    budget_bytes: int = 16 * 1024 * 1024
    allow_sampling: bool = False
    allow_tools: bool = False
    allow_truncated: bool = False
    volatile_above: float = 0.5
    semantic: bool = False
    threshold: float = 0.88
    embedder: str = LEXICAL
    language: str = ""
    sample_share: float = 0.05
    false_hit_budget: float = 0.02
    judge_model: str = ""


@transaction.atomic
def set_cache_policy(*, actor: Actor, project: Project, route: str, choice: CacheChoice) -> CachePolicy:
    """Make or change the policy of a route; ValidationError naming the field that makes no sense."""
    _check(project, route, choice)
    ensure_filter(project)
    policy, made = CachePolicy.objects.select_for_update().get_or_create(project=project, route=route)
    wanted = asdict(choice)
    before = {name: getattr(policy, name) for name in wanted}
    changed = {name: [before[name], value] for name, value in wanted.items() if made or before[name] != value}
    for name, value in wanted.items():
        setattr(policy, name, value)
    if any(name in changed for name in _SAMPLED):
        policy.samples_from = clock.now()
    if choice.semantic:
        policy.semantic_off_at, policy.semantic_off_reason = None, ""
    policy.save()
    action = "cache.policy_made" if made else "cache.policy_changed"
    record_change(actor=actor, action=action, target=route, project=project, detail=changed)
    publish_config()
    return policy


@transaction.atomic
def set_threshold(*, actor: Actor, policy: CachePolicy, threshold: float) -> None:
    """The similarity from which on questions share answers, as the calibration found it."""
    names = CacheChoice.__dataclass_fields__
    choice = CacheChoice(**{**{name: getattr(policy, name) for name in names}, "threshold": threshold})
    set_cache_policy(actor=actor, project=policy.project, route=policy.route, choice=choice)


@transaction.atomic
def remove_cache_policy(*, actor: Actor, policy: CachePolicy) -> None:
    """The route has no cache any more. What it kept runs out, and is found by nobody meanwhile."""
    record_change(actor=actor, action="cache.policy_removed", target=policy.route, project=policy.project)
    policy.delete()
    publish_config()


def purge_cache(*, actor: Actor, policy: CachePolicy) -> int:
    """Forget every answer of a route; how many that were. CacheAway while that is not possible."""
    gone = purge(str(policy.project_id), policy.route)
    detail = {"answers": gone}
    record_change(actor=actor, action="cache.purged", target=policy.route, project=policy.project, detail=detail)
    return gone


def _check(project: Project, route: str, choice: CacheChoice) -> None:
    problems = {
        "route": complaint_about(route),
        "ttl_s": "" if 1 <= choice.ttl_s <= MOST_TTL_S else "Between a second and 30 days.",
        "budget_bytes": "" if LEAST_BUDGET <= choice.budget_bytes <= MOST_BUDGET else "Between 64 KiB and 64 GiB.",
        "scope": "" if choice.scope in list(Scope) else "There is no such scope.",
        "eviction": "" if choice.eviction in list(Eviction) else "There is no such order.",
        "embedder": _embedder_problem(project, choice.embedder),
        "judge_model": _model_problem(project, choice.judge_model) if choice.judge_model else "",
    }
    shares = ("volatile_above", "threshold", "sample_share", "false_hit_budget")
    problems |= {name: "" if 0 <= getattr(choice, name) <= 1 else "Between 0 and 1." for name in shares}
    if found := {name: problem for name, problem in problems.items() if problem}:
        raise ValidationError(found)


def _embedder_problem(project: Project, embedder: str) -> str:
    if embedder.startswith(MODEL_PREFIX):
        return _model_problem(project, embedder.removeprefix(MODEL_PREFIX))
    return "" if embedder == LEXICAL else "There is no such embedder."


def _model_problem(project: Project, name: str) -> str:
    known = callable_models_of(project).filter(name=name).exists()
    return "" if known else f"This project has no model '{name}' in service."
