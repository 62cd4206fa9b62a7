"""Forms of the annotation pages: the one that is made from a queue's schema, and those around it."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from apps.accounts.models import Project
from apps.annotation.domain.answers import Answer, prefill, read_answer
from apps.annotation.domain.fields import Field
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.datasets.models import Dataset

STATES = {"": "All", **{state.value: str(state.label) for state in AnnotationItem.State}}
EXAMPLE_SCHEMA = {
    "type": "object",
    "properties": {
        "intent": {"enum": ["order_status", "refund", "other"]},
        "reply": {"type": "string", "description": "What the customer reads."},
    },
    "required": ["intent", "reply"],
}


@dataclass(frozen=True)
class ShownField:
    """A field of the answer with what stands in it and what is wrong with that. focus: the cursor starts here."""

    id: str
    field: Field
    value: str
    error: str
    focus: bool


class AnswerForm:
    """The form for an item: filled with `said` at first, by default the model's answer; then with what was `posted`."""

    def __init__(
        self, item: AnnotationItem, *, said: Answer | None = None, posted: Mapping[str, str] | None = None
    ) -> None:
        self.item, self.fields = item, item.queue.fields
        schema, first = item.queue.answer_schema, said or item.answer
        self.values = dict(posted) if posted is not None else prefill(self.fields, schema, first)
        self.answer, self.errors = read_answer(self.fields, self.values) if posted is not None else ({}, {})

    @property
    def shown(self) -> list[ShownField]:
        first = next((field.name for field in self.fields if field.name in self.errors), self.fields[0].name)
        return [
            ShownField(
                id=f"{self.item.id}-{number}",
                field=field,
                value=self.values.get(field.html_name, ""),
                error=self.errors.get(field.name, ""),
                focus=field.name == first,
            )
            for number, field in enumerate(self.fields)
        ]

    @property
    def other_errors(self) -> list[str]:
        """What no single field is to blame for."""
        names = {field.name for field in self.fields}
        return [text for name, text in self.errors.items() if name not in names]

    def add_errors(self, error: ValidationError) -> None:
        told = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, texts in told.items():
            self.errors.setdefault(name, " ".join(texts))


class LaidOutJSON(forms.JSONField):
    """JSON as people read it: one member a line."""

    def prepare_value(self, value: Any) -> Any:
        return (
            json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else super().prepare_value(value)
        )


class QueueForm(forms.Form):
    name = forms.SlugField(max_length=100, help_text="Letters, digits, - and _, such as wrong-intents.")
    dataset = forms.ModelChoiceField(
        queryset=Dataset.objects.none(),
        required=False,
        empty_label="A new one of the same name",
        help_text="Accepted answers become new versions of it.",
    )
    answer_schema = LaidOutJSON(
        label="Schema of the answer",
        initial=EXAMPLE_SCHEMA,
        help_text="JSON Schema of an object with string, number, integer, boolean or enum members. "
        "The annotators’ form is made from it, in this order.",
        error_messages={"invalid": "This is no JSON. A comma or a quote may be missing."},
        widget=forms.Textarea({"rows": 12, "autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    annotators_per_item = forms.IntegerField(
        label="People per item",
        min_value=1,
        max_value=9,
        initial=1,
        help_text="With two or more, equal answers are accepted, and an engineer decides where they differ.",
    )
    instructions = forms.CharField(
        required=False,
        max_length=10_000,
        help_text="Beside every item: what to look for, and what to do in doubt.",
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        datasets = self.fields["dataset"]
        if isinstance(datasets, forms.ModelChoiceField):
            datasets.queryset = Dataset.objects.for_project(project).order_by("name")


class SinceForm(forms.Form):
    days = forms.IntegerField(label="Days back", min_value=1, max_value=90, initial=7)


class ConfidenceForm(SinceForm):
    below = forms.FloatField(label="Confidence below", min_value=0.01, max_value=1, initial=0.6)


class PublishForm(forms.Form):
    message = forms.CharField(label="What is new", required=False, max_length=300)


class AddForm(forms.Form):
    """A trace into a queue, by hand."""

    queue = forms.ModelChoiceField(queryset=AnnotationQueue.objects.none())

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queues = self.fields["queue"]
        if isinstance(queues, forms.ModelChoiceField):
            queues.queryset = AnnotationQueue.objects.for_project(project).order_by("name")


@dataclass(frozen=True)
class ItemFilter:
    state: str
    cursor: uuid.UUID | None


def item_filter(query: Mapping[str, str]) -> ItemFilter:
    """Unknown values mean no filter, so that an old or mistyped link still shows the page."""
    state = query.get("state", "")
    try:
        cursor = uuid.UUID(query.get("cursor", ""))
    except ValueError:
        cursor = None
    return ItemFilter(state if state in STATES else "", cursor)
