"""A project's rules and classifier: made with the first policy, trained anew with each correction."""

from functools import lru_cache

from django.db import transaction

from apps.accounts.models import Project
from apps.caching.domain.classifier import Classifier
from apps.caching.domain.default_rules import DEFAULT_RULES
from apps.caching.domain.examples import synthetic_examples
from apps.caching.domain.training import CORRECTION_WEIGHT, Example, train
from apps.caching.models import CacheCorrection, CacheFilter
from llmkit import clock


def ensure_filter(project: Project) -> CacheFilter:
    """The project's, made with the default rules and an uncorrected classifier if there is none."""
    known = CacheFilter.objects.filter(project=project).first()
    if known is not None:
        return known
    classifier = _uncorrected()
    made, _ = CacheFilter.objects.get_or_create(
        project=project,
        defaults={
            "rules": [dict(rule) for rule in DEFAULT_RULES],
            "weights": classifier.to_bytes(),
            "bias": classifier.bias,
            "examples": len(synthetic_examples()),
            "trained_at": clock.now(),
        },
    )
    return made


@transaction.atomic
def retrain(project: Project) -> CacheFilter:
    """With the synthetic examples and every correction of the project."""
    known = CacheFilter.objects.select_for_update().get(project=ensure_filter(project).project)
    corrections = CacheCorrection.objects.for_project(project).order_by("created_at", "id")
    examples = [
        *synthetic_examples(),
        *(Example(each.text, each.volatile, CORRECTION_WEIGHT) for each in corrections),
    ]
    classifier = train(examples)
    known.weights, known.bias = classifier.to_bytes(), classifier.bias
    known.examples, known.trained_at = len(examples), clock.now()
    known.save()
    return known


@lru_cache(maxsize=1)
def _uncorrected() -> Classifier:
    return train(synthetic_examples())
