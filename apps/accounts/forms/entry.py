"""Forms for those who aren't in yet."""

from typing import Any

from django import forms

from apps.accounts.forms.fields import NewPassword, email_field, name_field, password_field
from apps.accounts.models import User


class SignInForm(forms.Form):
    email = email_field()
    password = password_field("Password", "current-password")
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class SetupForm(NewPassword):
    organisation = forms.CharField(
        max_length=100,
        help_text="Your company or team. It holds projects and the people who work on them.",
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    project = forms.CharField(
        label="First project",
        max_length=100,
        help_text="One product or application, with its own traces, routes and keys.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    name = name_field()
    email = email_field(help_text="You sign in with it. No mail is ever sent.")
    field_order = ("organisation", "project", "name", "email", "password", "password_again")


class JoinForm(NewPassword):
    """A new person accepts an invitation; `invited_email` fixes the address."""

    name = name_field()
    email = email_field(help_text="You sign in with it.")
    field_order = ("name", "email", "password", "password_again")

    def __init__(self, *args: Any, invited_email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invited_email:
            self.fields["email"].disabled = True
            self.fields["email"].initial = invited_email
            self.fields["email"].help_text = "The invitation is for this address."


class NewPasswordForm(NewPassword):
    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def person(self) -> User:
        return self.user
