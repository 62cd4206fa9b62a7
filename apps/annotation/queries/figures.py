"""Everything that the page of a queue says in numbers."""

from dataclasses import dataclass

from apps.annotation.domain.reading import Reading, read_alpha
from apps.annotation.models import AnnotationQueue
from apps.annotation.queries.agreement import agreement_of, compared_items
from apps.annotation.queries.progress import Progress, Share, progress_of, shares_of


@dataclass(frozen=True)
class FieldAgreement:
    label: str
    alpha: float | None
    reading: Reading


@dataclass(frozen=True)
class QueueFigures:
    """compared: how many items the agreement rests on."""

    progress: Progress
    shares: list[Share]
    agreement: list[FieldAgreement]
    compared: int


def queue_figures(queue: AnnotationQueue) -> QueueFigures:
    alphas = agreement_of(queue)
    return QueueFigures(
        progress=progress_of(queue),
        shares=shares_of(queue),
        agreement=[
            FieldAgreement(field.label, alphas[field.name], read_alpha(alphas[field.name])) for field in queue.fields
        ],
        compared=compared_items(queue),
    )
