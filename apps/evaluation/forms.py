"""The form that starts an evaluation, and the filters of its pages as they stand in the URL."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from apps.accounts.models import Project
from apps.compute.models import Pool
from apps.datasets.models import DatasetVersion, VersionRow
from apps.evaluation.queries import versions_of
from apps.gateway.models import Route
from apps.gateway.queries import routes_of
from apps.serving.models import CatalogueModel
from apps.serving.queries import callable_models_of


class VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: DatasetVersion) -> str:
        sizes = ", ".join(f"{name} {rows:,}" for name, rows in obj.splits.items() if rows)
        return f"{obj} · {sizes or 'no rows'}"


class EvaluationForm(forms.Form):
    candidate = forms.ModelChoiceField(
        queryset=CatalogueModel.objects.none(),
        empty_label="Choose a model",
        help_text="The model that you want to know about.",
    )
    incumbent = forms.ModelChoiceField(
        queryset=CatalogueModel.objects.none(),
        required=False,
        empty_label="None: only measure the candidate",
        help_text="The model it has to beat. Both are asked the same rows.",
    )
    dataset_version = VersionChoice(
        label="Dataset", queryset=DatasetVersion.objects.none(), empty_label="Choose a version"
    )
    split = forms.ChoiceField(
        choices=[(split.value, split.label) for split in VersionRow.Split],
        initial=VersionRow.Split.TEST,
        help_text="Test rows are those that no model was trained on.",
    )
    route = forms.ModelChoiceField(
        label="Prompt and defaults",
        queryset=Route.objects.none(),
        required=False,
        empty_label="None: send the rows as they are",
        help_text="Those of this route: its system prompt goes before rows that have none of their own.",
    )
    field = forms.CharField(
        label="Compare on the field",
        required=False,
        max_length=200,
        help_text="Such as intent. Empty: the first field of the dataset's schema that has fixed choices, "
        "or else the whole answer.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    title = forms.CharField(required=False, max_length=200, help_text="Empty: made from the names of the models.")
    pool = forms.ModelChoiceField(queryset=Pool.objects.none(), empty_label=None, help_text="Where the job runs.")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = callable_models_of(project)
        for name, rows in {
            "candidate": models,
            "incumbent": models,
            "dataset_version": versions_of(project),
            "route": routes_of(project).enabled(),
            "pool": Pool.objects.order_by("name"),
        }.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def arguments(self) -> dict[str, Any]:
        """What `start_evaluation` asks for, once the form is valid."""
        arguments = dict(self.cleaned_data)
        route = arguments.pop("route")
        version = route.active if route else None
        carried = {"system_prompt": version.system_prompt, "defaults": version.defaults} if version else {}
        return {**arguments, "request": carried}


def prefilled(query: QueryDict) -> dict[str, str]:
    """Choices that a link to the form makes."""
    return {name: value for name in EvaluationForm.base_fields if (value := query.get(name, ""))}


def id_in(query: QueryDict, name: str = "cursor") -> UUID | None:
    """Unknown values mean none, so that an old or mistyped link still shows the page."""
    try:
        return UUID(query.get(name, ""))
    except ValueError:
        return None


def position_in(query: QueryDict, name: str = "cursor") -> int | None:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
