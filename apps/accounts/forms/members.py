"""Forms of the members page and of projects."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from apps.accounts.domain.roles import Role


def role_field(label: str = "Role") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, coerce=lambda value: Role(int(value)), choices=Role.choices())


class RoleForm(forms.Form):
    role = role_field()


class InvitationForm(forms.Form):
    """`roles`: those that the inviter may give; `whole_organisation`: whether they may invite into all of it."""

    role = role_field()
    email = forms.EmailField(
        label="E-mail",
        required=False,
        max_length=254,
        help_text="Binds the link to this person. Without it, whoever has the link can join, once.",
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    this_project_only = forms.BooleanField(
        label="Only this project",
        required=False,
        help_text="Otherwise the role holds in every project of the organisation.",
    )

    def __init__(self, *args: Any, roles: Sequence[Role], whole_organisation: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.value, f"{role.label}: {role.may}") for role in reversed(roles)]
        cast(forms.TypedChoiceField, self.fields["role"]).choices = choices
        if not whole_organisation:
            self.fields["this_project_only"].disabled = True
            self.fields["this_project_only"].initial = True
            self.fields["this_project_only"].help_text = "You are a member of this project alone."


class ProjectForm(forms.Form):
    name = forms.CharField(label="Name", max_length=100, widget=forms.TextInput({"autocomplete": "off"}))
