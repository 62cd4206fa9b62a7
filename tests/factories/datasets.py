"""Datasets and their versions for tests."""

import itertools
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.datasets.domain.rows import Row
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services import create_dataset, make_version

_numbers = itertools.count(1)


def make_dataset(project: Project, *, name: str | None = None, **fields: Any) -> Dataset:
    return create_dataset(actor=Actor(), project=project, name=name or f"answers-{next(_numbers)}", **fields)


def make_row(question: str = "Where is my order?", answer: str = "On its way.", **fields: Any) -> Row:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return Row(messages=messages, **fields)


def make_version_of(dataset: Dataset, *rows: Row, n: int = 3, **fields: Any) -> DatasetVersion:
    """These rows, or `n` different ones."""
    found = list(rows) or [make_row(f"Question {number}?", f"Answer {number}.") for number in range(n)]
    return make_version(actor=Actor(), dataset=dataset, rows=found, **fields)
