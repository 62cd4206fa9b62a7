"""The form that starts a run: few choices, and every setting of the recipe under a fold."""

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from apps.accounts.models import Project
from apps.compute.models import Pool
from apps.datasets.models import DatasetVersion
from apps.finetuning.domain.recipe import BOUNDS, CHOICES, LONGEST_SYSTEM_PROMPT, Recipe, RecipeProblem
from apps.finetuning.engine.checking import LEAST_ROWS
from apps.finetuning.queries import free_name, trainable_versions, training_rows, validation_rows
from apps.serving.models import CatalogueModel
from apps.serving.queries import finetunable_models

# Above the fold; all other settings of the recipe are below it.
ABOVE = ("epochs", "system_prompt")
HELP = {
    "epochs": "How often every row is seen.",
    "system_prompt": "Put before every row that has none. Enter the one that the route sends, so that training "
    "sees what serving sees.",
    "rank": "Size of the matrices that are trained beside the base's.",
    "alpha": "Weight of the adapter is alpha divided by rank.",
    "dropout": "Share of the adapter's inputs that is left out at random.",
    "target_modules": "all-linear, or names of layers: q_proj, v_proj.",
    "train_embeddings": "Also learn the embeddings of the tokens in the rows; for words that are new to the base.",
    "embedding_noise": "NEFTune's alpha: noise on the embeddings against learning by heart. 0: none.",
    "prompt_noise": "Share of a question's tokens that are swapped at random, against learning by heart. 0: none.",
    "batch_size": "Rows in memory at once.",
    "gradient_accumulation": "Batches that make one step.",
    "warmup_share": "Share of the steps in which the learning rate rises.",
    "max_length": "Tokens of a row; longer ones are refused, not cut.",
    "max_gradient": "Longer gradients are shortened to this norm.",
    "evaluate_every": "Steps between two looks at the validation rows. 0: once per epoch.",
    "checkpoint_every": "Steps between two checkpoints. 0: once per epoch.",
    "threads": "CPU threads. 0: one per core.",
}


class VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: DatasetVersion) -> str:
        return f"{obj} · {training_rows(obj):,} training rows"


class FinetuneForm(forms.Form):
    base = forms.ModelChoiceField(
        queryset=CatalogueModel.objects.none(), empty_label=None, help_text="Models whose weights are on this machine."
    )
    dataset_version = VersionChoice(label="Dataset", queryset=DatasetVersion.objects.none(), empty_label=None)
    name = forms.CharField(
        max_length=100,
        help_text="What the new model will be called.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    pool = forms.ModelChoiceField(queryset=Pool.objects.none(), empty_label=None, help_text="Where the job runs.")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in {
            "base": finetunable_models(project),
            "dataset_version": trainable_versions(project),
            "pool": Pool.objects.order_by("name"),
        }.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows
        for name in settings():
            self.fields[name] = _field(name)

    def above(self) -> list[forms.BoundField]:
        return [self[name] for name in (*self.base_fields, *ABOVE)]

    def below(self) -> list[forms.BoundField]:
        return [self[name] for name in settings() if name not in ABOVE]

    @property
    def fold_open(self) -> bool:
        """A mistake must not hide under the fold."""
        return any(field.errors for field in self.below())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if any(name in self.errors for name in settings()):
            return cleaned
        try:
            self.recipe = Recipe.from_json({name: cleaned[name] for name in settings()})
        except RecipeProblem as problem:
            self.add_error(problem.field, problem.message)
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """What `start_finetune` asks for, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.base_fields} | {"recipe": self.recipe}


def settings() -> list[str]:
    return [field.name for field in fields(Recipe) if field.name != "method"]


@dataclass(frozen=True)
class RunPlan:
    """What a run would do: rows to learn from, rows to look at it with, optimizer steps in all."""

    rows: int
    validation: int
    steps: int
    enough: bool


def plan_of(form: FinetuneForm) -> RunPlan | None:
    """For what the form says at the moment, finished or not; None where that makes no sense yet."""
    if form.is_bound:
        form.is_valid()  # cleans it only once: doing so anew would forget what the service refused
        version, recipe = form.cleaned_data.get("dataset_version"), getattr(form, "recipe", None)
    else:
        version, recipe = form.initial.get("dataset_version"), Recipe()
    if version is None or recipe is None:
        return None
    rows = training_rows(version)
    return RunPlan(rows, validation_rows(version), recipe.steps(rows), rows >= LEAST_ROWS)


def suggested(project: Project, query: QueryDict) -> dict[str, Any]:
    """Choices to begin with: those of a link to the form, or else the newest rows and a name that is free."""
    bases, named = finetunable_models(project), _id_in(query, "base")
    base = (bases.filter(id=named).first() if named else None) or bases.first()
    versions = trainable_versions(project)
    wanted = _id_in(query, "dataset_version")
    version = (versions.filter(id=wanted).first() if wanted else None) or versions.first()
    name = free_name(project, f"{base}-{version.dataset}-v{version.number}"[:90]) if base and version else ""
    return {"base": base, "dataset_version": version, "name": name}


def cursor_in(query: QueryDict) -> UUID | None:
    return _id_in(query, "cursor")


def _id_in(query: QueryDict, name: str) -> UUID | None:
    """Unknown values mean none, so that an old or mistyped link still shows the page."""
    try:
        return UUID(query.get(name, ""))
    except ValueError:
        return None


def _field(name: str) -> forms.Field:
    default = getattr(Recipe, name)
    known: dict[str, Any] = {"initial": default, "help_text": HELP.get(name, ""), "required": True}
    if isinstance(default, bool):
        return forms.BooleanField(**known | {"required": False})
    if name in CHOICES:
        return forms.ChoiceField(choices=[(each, each.replace("_", " ")) for each in CHOICES[name]], **known)
    if name == "system_prompt":
        area = forms.Textarea({"rows": 3})
        return forms.CharField(max_length=LONGEST_SYSTEM_PROMPT, widget=area, **known | {"required": False})
    if isinstance(default, str):
        return forms.CharField(**known)
    # The bounds are the domain's to check; here they only help the browser.
    bounds = {"min": BOUNDS[name].least, "max": BOUNDS[name].most, "step": 1 if isinstance(default, int) else "any"}
    kind = forms.IntegerField if isinstance(default, int) else forms.FloatField
    return kind(widget=forms.NumberInput(bounds), **known)
