"""Forms of the limits pages."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.accounts.models import ApiKey, Project
from apps.limits.domain.rules import Away, Metric, Window
from apps.limits.models import AWAYS, METRICS, WINDOWS, Limit
from apps.limits.queries import keys_for_limits
from apps.limits.services import NewLimit
from llmkit.money import NANO, dollars_from_nano

MONO = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}
HARDNESS = [("1", "refuse the request"), ("", "let it pass, and show it")]


class LimitForm(forms.Form):
    """What can be changed of a limit. Amounts of cost are entered in dollars, the share in percent."""

    title = forms.CharField(
        max_length=100,
        help_text="Callers read it when they are refused.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    value = forms.DecimalField(label="At most", min_value=0, max_digits=25, decimal_places=9)
    hard = forms.ChoiceField(label="When it is reached", required=False, choices=HARDNESS)
    away = forms.ChoiceField(label="While Redis is away", choices=AWAYS)
    share = forms.FloatField(
        label="Share of each process, in percent",
        min_value=0,
        max_value=100,
        help_text="What one gateway process may let pass by itself while Redis is away, once its leases are used up.",
    )

    def __init__(self, *args: Any, metric: Metric | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measure = metric
        if metric is Metric.COST:
            self.fields["value"].help_text = "Dollars."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        value = cleaned.get("value")
        if value is not None and self._metric() is not Metric.COST and value != int(value):
            self.add_error("value", "A whole number, except for a budget.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """As change_limit takes them."""
        cleaned = self.cleaned_data
        return {
            "title": cleaned["title"],
            "value": int(cleaned["value"] * (NANO if self._metric() is Metric.COST else 1)),
            "hard": bool(cleaned["hard"]),
            "away": cleaned["away"],
            "share": cleaned["share"] / 100,
        }

    def _metric(self) -> Metric | None:
        name = self.cleaned_data.get("metric", "")
        return Metric[name.upper()] if name else self.measure


class NewLimitForm(LimitForm):
    subject = forms.ChoiceField(label="Holds for", choices=Limit.Subject.choices)
    key = forms.ModelChoiceField(
        label="Which key",
        queryset=ApiKey.objects.none(),
        required=False,
        empty_label="each key apart",
        help_text="For limits of an API key.",
    )
    end_user = forms.CharField(
        label="Which end user",
        required=False,
        max_length=200,
        help_text="As your requests name them, for limits of an end user. Empty: each user apart.",
        widget=forms.TextInput(MONO),
    )
    name = forms.CharField(
        label="Only this model or route",
        required=False,
        max_length=100,
        help_text="Empty: all.",
        widget=forms.TextInput(MONO),
    )
    metric = forms.ChoiceField(label="Counts", choices=METRICS)
    window = forms.ChoiceField(
        label="Within", choices=WINDOWS, help_text="Windows begin with the full minute, day or month in UTC."
    )
    whole_organisation = forms.BooleanField(
        label="In all projects of the organisation", required=False, help_text="Only its admins can set such a limit."
    )
    field_order = (
        "title",
        "subject",
        "key",
        "end_user",
        "name",
        "metric",
        "value",
        "window",
        "hard",
        "away",
        "share",
        "whole_organisation",
    )

    def __init__(self, *args: Any, project: Project, may_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].help_text = "Requests or tokens; dollars for a budget."
        key = self.fields["key"]
        if isinstance(key, forms.ModelChoiceField):
            key.queryset = keys_for_limits(project)
        if not may_all:
            del self.fields["whole_organisation"]

    def new_limit(self) -> NewLimit:
        cleaned, changes = self.cleaned_data, self.changes()
        return NewLimit(
            **changes | {"away": Away(changes["away"])},
            subject=cleaned["subject"],
            key=cleaned["key"],
            end_user=cleaned["end_user"],
            name=cleaned["name"],
            metric=Metric[cleaned["metric"].upper()],
            window=Window(cleaned["window"]),
            whole_organisation=cleaned.get("whole_organisation", False),
        )


def stored(limit: Limit) -> dict[str, Any]:
    """The values of a limit as the form shows them."""
    value = dollars_from_nano(limit.value) if limit.measure is Metric.COST else Decimal(limit.value)
    return {
        "title": limit.title,
        "value": f"{value:f}",
        "hard": "1" if limit.hard else "",
        "away": limit.away,
        "share": round(limit.share * 100, 6),
    }


FRESH = {"hard": "1", "away": Away.LEASE.value, "share": 1, "window": Window.DAY.value}
