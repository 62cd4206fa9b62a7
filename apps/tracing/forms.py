"""What the URLs of the pages hold: the stretch of time, the filters, the place in the list."""

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import Http404, QueryDict

from apps.tracing.domain import window
from apps.tracing.domain.cursor import BadCursor, Cursor, decode
from apps.tracing.domain.position import Position, decode_position
from apps.tracing.queries import TraceFilter
from llmkit import clock

STATUSES = [("", "Any"), ("ok", "OK"), ("error", "Failed")]


class WindowForm(forms.Form):
    """`range` moves along with time; without it, `from` and `to`, in UTC, stand still."""

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        names = {"range": forms.CharField, "from": forms.DateTimeField, "to": forms.DateTimeField}
        for name, field in names.items():
            self.fields[name] = field(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        now = clock.now()
        try:
            values["window"] = self._window(values, now)
        except window.BadWindow as error:
            self.add_error(error.field, str(error))
        return values

    def _window(self, values: dict[str, Any], now: datetime) -> window.Window:
        if preset := values.get("range"):
            return window.last(preset, now)
        return window.between(values.get("from"), values.get("to"), now)

    def window(self) -> window.Window:
        """The stretch of time asked for; the usual one where what was asked makes no sense."""
        found: window.Window | None = self.cleaned_data.get("window") if self.is_valid() else None
        return found or window.last("", clock.now())


class TraceFilterForm(WindowForm):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Words of the conversation", "wide": True, "data-search": True}
        ),
    )
    status = forms.ChoiceField(choices=STATUSES, required=False)
    route = forms.CharField(required=False, max_length=100, widget=forms.Select)
    model = forms.CharField(required=False, max_length=200, widget=forms.Select)
    user = forms.CharField(required=False, max_length=200)
    session = forms.CharField(required=False, max_length=200)

    def offer(self, *, routes: Sequence[str], models: Sequence[str]) -> None:
        """What the selects hold: names in use, and the one that is chosen, in use or not."""
        for name, known in (("route", routes), ("model", models)):
            chosen = self[name].value() or ""
            values = sorted({*known, chosen} - {""})
            self.fields[name].widget.choices = [("", "Any"), *((value, value) for value in values)]

    def chosen(self) -> TraceFilter:
        """Fields with errors filter nothing: an old or mistyped link still shows the page."""
        valid = self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value and (valid or name != "window")}
        return TraceFilter(
            window=self.window(),
            status=values.get("status", ""),
            model=values.get("model", ""),
            route=values.get("route", ""),
            user=values.get("user", ""),
            session=values.get("session", ""),
            text=values.get("q", ""),
        )


def cursor_in(text: str) -> Cursor | None:
    """The place in the list of traces; the beginning for a cursor that was never handed out."""
    try:
        return decode(text) if text else None
    except BadCursor:
        return None


def position_in(text: str) -> Position | None:
    """The same for sessions and users."""
    try:
        return decode_position(text) if text else None
    except BadCursor:
        return None


def name_in(name: str) -> str:
    """The session or user that a page is about; Http404 for a name that can't be one."""
    if not name or len(name) > 200 or "\0" in name:
        raise Http404("Name a session or user.")
    return name


def trace_id_in(text: str) -> uuid.UUID:
    """Http404 for anything but 32 hexadecimal digits."""
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise Http404("A trace id has 32 hexadecimal digits.")
    return uuid.UUID(text)


def moment_in(text: str) -> datetime:
    """An exact moment; now, where none can be read."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else clock.now()
    except (ValueError, OverflowError):
        return clock.now()
