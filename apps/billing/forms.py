"""What the URLs and forms of the spend pages hold."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from apps.accounts.models import Project
from apps.billing.domain import period
from apps.billing.domain.invoice_csv import MOST_BYTES
from apps.billing.domain.spending import DIMENSIONS
from apps.serving.models import CatalogueModel, Provider
from llmkit import clock

USUAL = "model"


class SpendForm(forms.Form):
    """`range` moves along with time; without it, whole days, the last one included. `by`: what costs are divided by."""

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for name, label in (("from", "First day"), ("to", "Last day")):
            widget = forms.DateInput({"type": "date"})
            self.fields[name] = forms.DateField(label=label, required=False, widget=widget)
        self.fields["by"] = forms.ChoiceField(
            required=False, choices=list(DIMENSIONS.items()), widget=forms.HiddenInput
        )
        self.fields["range"] = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        now = clock.now()
        values["period"] = period.last(values.get("range", ""), now)
        if not values.get("range") and (values.get("from") or values.get("to")):
            try:
                values["period"] = period.of_days(values.get("from"), values.get("to"), now)
            except (period.BadPeriod, OverflowError) as error:
                self.add_error("from", str(error))
        return values

    def period(self) -> period.Period:
        """The usual one where what was asked makes no sense: an old or mistyped link still shows the page."""
        found: period.Period | None = self.cleaned_data.get("period") if self.is_valid() else None
        return found or period.last("", clock.now())

    def dimension(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("by") or USUAL)


class RepriceForm(forms.Form):
    """Days in UTC, the last one included."""

    first_day = forms.DateField(widget=forms.DateInput({"type": "date"}))
    last_day = forms.DateField(widget=forms.DateInput({"type": "date"}))
    model = forms.ChoiceField(required=False)
    dry_run = forms.BooleanField(
        label="Only tell what would change", required=False, initial=True, help_text="Nothing is written then."
    )

    def __init__(self, data: QueryDict | None, *, project: Project) -> None:
        today = clock.now().date()
        super().__init__(data, initial={"first_day": today.replace(day=1), "last_day": today})
        names = CatalogueModel.objects.for_project(project).order_by("name").values_list("name", flat=True)
        self.fields["model"].choices = [("", "All"), *((name, name) for name in names)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("first_day"), values.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", "The last day must not lie before the first.")
        return values

    def wish(self) -> dict[str, Any]:
        """What `start_repricing` is asked for."""
        values = self.cleaned_data
        start, last = (datetime.combine(values[name], time(), UTC) for name in ("first_day", "last_day"))
        end = last + timedelta(days=1)
        return {"start": start, "end": end, "model": values["model"], "dry_run": values["dry_run"]}


class InvoiceForm(forms.Form):
    provider = forms.ChoiceField(required=False, help_text="Whose invoice it is.")
    file = forms.FileField(
        label="CSV file",
        help_text="One line per request, or sums of days and models. It needs a day and an amount in US dollars;"
        " a model, an id of the request and tokens are used where they are there.",
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )

    def __init__(self, data: QueryDict | None, files: Any = None, *, project: Project) -> None:
        super().__init__(data, files)
        names = Provider.objects.for_project(project).order_by("name").values_list("name", flat=True)
        self.fields["provider"].choices = [("", "Several"), *((name, name) for name in names)]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES // 1024**2} MB: divide it.")
        return file
