"""Forms of the keys page."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.domain.keys import SCOPES
from apps.accounts.domain.origins import clean_origin
from apps.accounts.forms.fields import words_of
from llmkit import clock

LIFETIMES = {"": "Never", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
NAME_MOST = 100


def key_name(help_text: str) -> forms.CharField:
    widget = forms.TextInput({"autocomplete": "off"})
    return forms.CharField(label="Name", max_length=NAME_MOST, help_text=help_text, widget=widget)


class SecretKeyForm(forms.Form):
    name = key_name("Where it is used, such as “checkout service, production”.")
    scopes = forms.MultipleChoiceField(
        label="May do",
        choices=[(scope, told) for scope, told in SCOPES.items()],
        initial=list(SCOPES),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one: a key without any is good for nothing."},
    )
    models_allowed = forms.CharField(
        label="Only these routes or models",
        required=False,
        help_text="One name a line. Empty: all of the project.",
        widget=forms.Textarea({"rows": 2, "class": "mono", "spellcheck": "false"}),
    )
    lifetime = forms.ChoiceField(
        label="Expires after", required=False, choices=list(LIFETIMES.items()), help_text="It stops working by itself."
    )

    def clean_models_allowed(self) -> list[str]:
        names = words_of(self.cleaned_data["models_allowed"])
        if long := [name for name in names if len(name) > NAME_MOST]:
            raise ValidationError(f"“{long[0][:40]}…” is longer than any name: one name a line.")
        return names

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return clock.now() + timedelta(days=int(days)) if days else None


class PublicKeyForm(forms.Form):
    name = key_name("The page or product that shows the widget.")
    origins = forms.CharField(
        label="Origins",
        help_text="Where the widget is shown, one a line: https://shop.example. Others are refused.",
        widget=forms.Textarea({"rows": 2, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "public")
        super().__init__(*args, **kwargs)

    def clean_origins(self) -> list[str]:
        try:
            return list(dict.fromkeys(map(clean_origin, words_of(self.cleaned_data["origins"]))))
        except ValueError as exc:
            raise ValidationError(str(exc)) from exc
