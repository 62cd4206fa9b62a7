"""Forms of the wheel's pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from apps.accounts.models import Project
from apps.annotation.models import AnnotationQueue
from apps.compute.models import Pool
from apps.datasets.models import Dataset, DatasetVersion
from apps.gateway.models import Route
from apps.gateway.queries import routes_of
from apps.pipelines.models import Wheel
from apps.serving.models import CatalogueModel
from apps.serving.queries import finetunable_models
from apps.tracing.domain.window import last
from apps.tracing.queries import TraceFilter
from llmkit import clock

MONO = {"autocomplete": "off", "spellcheck": "false", "class": "mono", "rows": 3}
NO_OBJECT = 'This has to be a JSON object: {"epochs": 4}'
RANGES = [("1h", "the last hour"), ("24h", "the last 24 hours"), ("7d", "the last 7 days"), ("30d", "the last 30 days")]
JUDGED = [("", "whatever people thought"), ("good", "that people called good"), ("bad", "that people called bad")]


class PartsForm(forms.Form):
    """What a wheel is made of, besides its route."""

    queue = forms.ModelChoiceField(
        queryset=AnnotationQueue.objects.none(),
        empty_label=None,
        help_text="Answers that people called bad go there. What annotators accept goes to the queue's dataset.",
    )
    exam = forms.ModelChoiceField(
        queryset=DatasetVersion.objects.none(),
        empty_label=None,
        help_text="Questions that no model is ever trained on: rows of the split “test” decide.",
    )
    base = forms.ModelChoiceField(
        queryset=CatalogueModel.objects.none(),
        empty_label=None,
        help_text="The local model that adapters are trained on.",
    )
    pool = forms.ModelChoiceField(queryset=Pool.objects.none(), empty_label=None, help_text="Where the work is done.")
    recipe = forms.JSONField(
        required=False,
        initial=dict,
        help_text='What differs from the defaults of finetuning, as JSON: {"epochs": 4}',
        error_messages={"invalid": NO_OBJECT},
        widget=forms.Textarea(MONO),
    )
    gate = forms.JSONField(
        label="Gate",
        required=False,
        initial=dict,
        help_text='What a model must show, as JSON; empty for the usual: {"field": "intent", "least_gain": 0.0, '
        '"most_validity_loss": 0.01, "most_slice_loss": 0.1}',
        error_messages={"invalid": NO_OBJECT},
        widget=forms.Textarea(MONO),
    )
    auto_promote = forms.BooleanField(
        label="Promote by itself what passes the gate",
        required=False,
        help_text="Otherwise a person presses the button. Either way it can be rolled back with one click.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        exams = DatasetVersion.objects.filter(dataset__project=project).select_related("dataset").order_by("-id")
        self._offer("queue", AnnotationQueue.objects.for_project(project).order_by("name"))
        self._offer("exam", exams)
        self._offer("base", finetunable_models(project))
        self._offer("pool", Pool.objects.order_by("name"))

    def _offer(self, name: str, rows: "QuerySet[Any]") -> None:
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = rows

    def clean_recipe(self) -> dict[str, Any]:
        return _object(self.cleaned_data["recipe"])

    def clean_gate(self) -> dict[str, Any]:
        return _object(self.cleaned_data["gate"])


class WheelForm(PartsForm):
    route = forms.ModelChoiceField(
        queryset=Route.objects.none(), empty_label=None, help_text="The route that is to become better."
    )
    field_order = ("route",)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        self._offer("route", routes_of(project).filter(wheel=None))

    def missing(self) -> list[str]:
        """Parts of which the project has none yet."""
        parts = ((name, field) for name, field in self.fields.items() if isinstance(field, forms.ModelChoiceField))
        return [name for name, field in parts if field.queryset is not None and not field.queryset.exists()]


class TracesForm(forms.Form):
    """Which traces become examples."""

    dataset = forms.ModelChoiceField(queryset=Dataset.objects.none(), empty_label=None)
    route = forms.ModelChoiceField(queryset=Route.objects.none(), required=False, empty_label="any route")
    range = forms.ChoiceField(label="Traces of", choices=RANGES, initial="24h")
    judged = forms.ChoiceField(
        label="With answers",
        choices=JUDGED,
        required=False,
        initial="good",
        help_text="Each answer is learnt as it was given. To correct answers, use an annotation queue.",
    )
    text = forms.CharField(label="Saying", required=False, max_length=500, help_text="Words of the conversation.")
    tags = forms.CharField(
        required=False, max_length=200, help_text="Separated by commas; evaluations show them apart."
    )
    message = forms.CharField(label="What and why", required=False, max_length=200)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = {"dataset": Dataset.objects.for_project(project).order_by("name"), "route": routes_of(project)}
        for name, rows in offers.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def chosen(self) -> TraceFilter:
        cleaned = self.cleaned_data
        route = cleaned["route"].name if cleaned["route"] else ""
        return TraceFilter(window=last(cleaned["range"], clock.now()), route=route, text=cleaned["text"])

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


def stored(wheel: Wheel) -> dict[str, Any]:
    """A wheel's parts as the form's initial values."""
    names = ("queue", "exam", "base", "pool", "recipe", "gate", "auto_promote")
    return {name: getattr(wheel, name) for name in names}


def _object(value: Any) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise ValidationError(NO_OBJECT)
    return value
