"""Examples made of traces, as they were answered."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from apps.accounts.services import Actor
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services import extend_dataset
from apps.pipelines.queries.answers import answered_traces
from apps.tracing.queries import TraceFilter


def add_traces(
    *,
    actor: Actor,
    dataset: Dataset,
    chosen: TraceFilter,
    judged: str = "",
    tags: Sequence[str] = (),
    message: str = "",
) -> DatasetVersion:
    """A version with these traces on top of the newest one; ValidationError when no trace fits, or too many do.

    judged: good or bad, by feedback; "" takes all.
    """
    found = answered_traces(project=dataset.project, chosen=chosen, judged=judged)
    if not found:
        raise ValidationError("No trace fits: choose a longer time or fewer filters.")
    return extend_dataset(actor=actor, dataset=dataset, rows=[each.row(tags) for each in found], message=message)
