"""Changing what a project never caches."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.caching.domain.classifier import Contribution
from apps.caching.domain.examples import synthetic_examples
from apps.caching.domain.features import grams_of
from apps.caching.domain.rules import MOST_RULES, Reason, RuleKind, make_rule
from apps.caching.domain.safe_regex import UnsafePattern
from apps.caching.engine.filters import ensure_filter, retrain
from apps.caching.models import CacheCorrection, CacheFilter

LONGEST_TEXT = 2_000
MOST_CORRECTIONS = 5_000
MOST_GRAMS_SHOWN = 15


def filter_of(project: Project) -> CacheFilter:
    """The project's rules and classifier, made if it has none yet."""
    return ensure_filter(project)


@transaction.atomic
def set_rules(*, actor: Actor, project: Project, rules: Sequence[Mapping[str, str]]) -> CacheFilter:
    """Replace the rules, each `{"kind", "text", "reason"}`; ValidationError with the place of a bad one."""
    if len(rules) > MOST_RULES:
        raise ValidationError({"rules": f"At most {MOST_RULES} rules."})
    stored = [_checked(number, rule) for number, rule in enumerate(rules, 1)]
    known = CacheFilter.objects.select_for_update().get(project=ensure_filter(project).project)
    before, known.rules = known.rules, stored
    known.save(update_fields=["rules"])
    detail = {
        "added": [rule for rule in stored if rule not in before],
        "removed": [rule for rule in before if rule not in stored],
    }
    record_change(actor=actor, action="cache.rules_changed", target=project.slug, project=project, detail=detail)
    publish_config()
    return known


@transaction.atomic
def correct(*, actor: Actor, project: Project, text: str, volatile: bool) -> CacheCorrection:
    """Say what a text is, and have the classifier learn it; said again, the newer word counts."""
    text = text.replace("\0", "").strip()
    if not text or len(text) > LONGEST_TEXT:
        raise ValidationError({"text": f"Enter between 1 and {LONGEST_TEXT:,} characters."})
    if CacheCorrection.objects.for_project(project).count() >= MOST_CORRECTIONS:
        raise ValidationError({"text": f"A project has at most {MOST_CORRECTIONS:,} corrections."})
    correction, _ = CacheCorrection.objects.update_or_create(
        project=project, text=text, defaults={"volatile": volatile, "author": actor.user}
    )
    detail = {"text": text[:200], "volatile": volatile}
    record_change(actor=actor, action="cache.corrected", target=project.slug, project=project, detail=detail)
    retrain(project)
    publish_config()
    return correction


@transaction.atomic
def withdraw_correction(*, actor: Actor, correction: CacheCorrection) -> None:
    """Forget a correction, and what the classifier learned from it."""
    project = correction.project
    detail = {"text": correction.text[:200], "volatile": correction.volatile}
    correction.delete()
    record_change(actor=actor, action="cache.correction_withdrawn", target=project.slug, project=project, detail=detail)
    retrain(project)
    publish_config()


def strongest_grams(known: CacheFilter) -> tuple[list[Contribution], list[Contribution]]:
    """The words and pairs of all examples that weigh most for volatile and for lasting, the strongest first."""
    texts = [example.text for example in synthetic_examples()]
    texts += CacheCorrection.objects.for_project(known.project).values_list("text", flat=True)
    classifier = known.classifier
    grams = {gram for text in texts for gram in grams_of(text)}
    ordered = sorted((Contribution(gram, classifier.weight_of(gram)) for gram in grams), key=lambda each: each.weight)
    return ordered[: -MOST_GRAMS_SHOWN - 1 : -1], ordered[:MOST_GRAMS_SHOWN]


def _checked(number: int, rule: Mapping[str, str]) -> dict[str, str]:
    try:
        kind, reason = RuleKind(rule.get("kind", "")), Reason(rule.get("reason", ""))
        made = make_rule(kind, rule.get("text", "").strip(), reason)
    except UnsafePattern as error:
        raise ValidationError({"rules": f"Rule {number}: {error}"}) from error
    except ValueError as error:
        raise ValidationError({"rules": f"Rule {number}: there is no such kind or reason."}) from error
    return {"kind": made.kind.value, "text": made.text, "reason": made.reason.value}
