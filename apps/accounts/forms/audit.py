"""The filter of the audit page."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from apps.accounts.models import User
from apps.accounts.queries import AuditFilter


class AuditFilterForm(forms.Form):
    action = forms.ChoiceField(label="Action", required=False)
    actor = forms.ChoiceField(label="By", required=False)

    def __init__(self, *args: Any, actions: Iterable[str], actors: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(user.id), str(user)) for user in actors]
        self._choose("action", [("", "Any"), *((name, name) for name in actions)])
        self._choose("actor", [("", "Anyone"), *people, ("none", "Nobody signed in")])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def wanted(self) -> AuditFilter:
        """What isn't among the choices filters nothing; its field says so."""
        self.full_clean()
        return AuditFilter(
            action=self.cleaned_data.get("action", ""),
            actor=self.cleaned_data.get("actor", ""),
        )
