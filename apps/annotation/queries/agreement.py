"""How far annotators agree."""

from collections import defaultdict
from typing import Any

from django.db.models import Count

from apps.annotation.domain.answers import canonical
from apps.annotation.models import Annotation, AnnotationQueue
from llmkit.agreement import krippendorff_alpha


def agreement_of(queue: AnnotationQueue) -> dict[str, float | None]:
    """Krippendorff's alpha (nominal) of each field over everything that was answered, late answers included.

    None where fewer than two answers can be compared, or everybody always gave the same. A member that somebody
    left out is an answer too: they say that it doesn't apply.
    """
    given: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    rows = Annotation.objects.filter(item__queue=queue).answered().values_list("item_id", "answer")
    for item_id, answer in rows.iterator():
        given[item_id].append(answer or {})
    compared = [answers for answers in given.values() if len(answers) > 1]
    return {
        field.name: krippendorff_alpha(
            [canonical(answer.get(field.name)) for answer in answers] for answers in compared
        )
        for field in queue.fields
    }


def compared_items(queue: AnnotationQueue) -> int:
    """How many items two people or more have answered: what the agreement rests on."""
    rows = Annotation.objects.filter(item__queue=queue).answered().values("item").annotate(people=Count("id"))
    return rows.filter(people__gt=1).count()
