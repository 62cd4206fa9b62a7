"""Forms of the caches pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from apps.accounts.models import Project
from apps.caching.domain.judging import SAME_FROM
from apps.caching.domain.language import SMALL_WORDS
from apps.caching.domain.policy import LEXICAL, MODEL_PREFIX
from apps.caching.models import CachePolicy
from apps.caching.models.policies import EVICTIONS, SCOPES
from apps.caching.services import CacheChoice, Source
from apps.datasets.models import DatasetVersion
from apps.datasets.queries import versions_of
from apps.serving.domain.names import MOST, complaint_about
from apps.serving.queries import callable_models_of

MIB = 1024 * 1024
MONO = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}
# Shown in percent, stored as shares.
PERCENTS = ("sample_share", "false_hit_budget")


def check_name(name: str) -> None:
    if complaint := complaint_about(name):
        raise ValidationError(complaint)


def _percents(label: str, help_text: str) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, max_value=100, help_text=help_text)


class PolicyForm(forms.Form):
    """Fields are called as in CacheChoice; the budget is entered in MiB, PERCENTS in percent."""

    exact = forms.BooleanField(
        label="Exact cache", required=False, help_text="Requests that mean the same get the same answer."
    )
    ttl_s = forms.IntegerField(
        label="Keep answers for, in seconds", min_value=1, help_text="3600 is an hour, 86400 a day."
    )
    scope = forms.ChoiceField(
        label="Answers are shared within",
        choices=SCOPES,
        help_text="Never across projects. A request that names no user belongs to its API key.",
    )
    budget_bytes = forms.FloatField(
        label="Size budget, in MiB", min_value=0.0625, help_text="Of each of the two caches of this route."
    )
    eviction = forms.ChoiceField(label="When it is full, first goes", choices=EVICTIONS)
    allow_sampling = forms.BooleanField(
        label="Also at a temperature above 0", required=False, help_text="Everybody then gets the first answer drawn."
    )
    allow_tools = forms.BooleanField(
        label="Also requests that offer tools",
        required=False,
        help_text="Answers that call a tool are never kept all the same.",
    )
    allow_truncated = forms.BooleanField(label="Also answers that ended at the token limit", required=False)
    volatile_above = forms.FloatField(
        label="Volatile from a probability of",
        min_value=0,
        max_value=1,
        help_text="Above it the classifier keeps a question out: it is personal, or its answer is soon out of date.",
    )
    semantic = forms.BooleanField(
        label="Semantic cache", required=False, help_text="Similar questions share an answer, if the guard agrees."
    )
    threshold = forms.FloatField(
        label="Similar from", min_value=0, max_value=1, help_text="Cosine of the vectors. Calibrate it with own data."
    )
    embedder = forms.ChoiceField(help_text="Vectors of different embedders never meet.")
    language = forms.ChoiceField(required=False, help_text="Questions of different languages never meet.")
    sample_share = _percents("Hits that are checked, in percent", "They are answered freshly as well, and compared.")
    false_hit_budget = _percents(
        "False hits allowed, in percent", "The semantic cache switches itself off once more of them are proven."
    )
    judge_model = forms.ChoiceField(
        label="Judge",
        required=False,
        help_text=f"Asked where answers in words are less similar than {SAME_FROM}; without one they count as false.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = list(callable_models_of(project).values_list("name", flat=True))
        embedders = [(LEXICAL, "Spelling alone (built in)"), *((f"{MODEL_PREFIX}{name}", name) for name in models)]
        _offer(self, "embedder", embedders)
        _offer(self, "judge_model", [("", "None"), *((name, name) for name in models)])
        _offer(self, "language", [("", "Tell it from each question"), *((code, code) for code in SMALL_WORDS)])

    def choice(self) -> CacheChoice:
        values = {name: self.cleaned_data[name] for name in CacheChoice.__dataclass_fields__}
        values["budget_bytes"] = round(values["budget_bytes"] * MIB)
        return CacheChoice(**values | {name: values[name] / 100 for name in PERCENTS})


class NewPolicyForm(PolicyForm):
    route = forms.CharField(
        max_length=MOST,
        validators=[check_name],
        help_text="The name that callers say as model: a route, or a model that they call without one.",
        widget=forms.TextInput(MONO),
    )
    field_order = ("route",)


def stored(policy: CachePolicy | CacheChoice) -> dict[str, Any]:
    """The values of a policy as the form shows them."""
    values = {name: getattr(policy, name) for name in CacheChoice.__dataclass_fields__}
    shares = {name: round(values[name] * 100, 6) for name in PERCENTS}
    return values | shares | {"budget_bytes": round(values["budget_bytes"] / MIB, 4)}


class CheckForm(forms.Form):
    """A request, to see whether it would be cached."""

    body = forms.CharField(
        label="Request",
        max_length=100_000,
        strip=False,
        help_text="The JSON of a chat request, or just what the user says.",
        widget=forms.Textarea({"rows": 5, **MONO}),
    )
    user = forms.CharField(required=False, max_length=200)
    session = forms.CharField(required=False, max_length=200)


class RuleForm(forms.Form):
    """One rule; without a text it is none."""

    kind = forms.ChoiceField(choices=[("keywords", "Words"), ("regex", "Pattern")])
    reason = forms.ChoiceField(
        label="Because it is", choices=[("personal", "about the person"), ("time", "soon out of date")]
    )
    text = forms.CharField(
        required=False, max_length=3_000, label="Words or pattern", widget=forms.Textarea({"rows": 2, **MONO})
    )


RuleFormSet: "type[BaseFormSet[RuleForm]]" = formset_factory(RuleForm, extra=2, max_num=200, absolute_max=210)


class SourceForm(forms.Form):
    """Where a calibration takes its questions from."""

    source = forms.ChoiceField(
        label="Questions",
        choices=[
            (Source.TRACES.value, "of the route's traces"),
            (Source.DATASET.value, "of a dataset"),
            (Source.SAMPLES.value, "of checked hits"),
        ],
    )
    version = forms.ModelChoiceField(
        label="Dataset", queryset=DatasetVersion.objects.none(), required=False, empty_label="None"
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["version"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = versions_of(project)


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices
