"""Forms of a user's own account."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.forms.entry import NewPasswordForm
from apps.accounts.forms.fields import name_field, password_field


class ProfileForm(forms.Form):
    name = name_field(required=False, help_text="Others see it on the members page and in the audit log.")


class PasswordChangeForm(NewPasswordForm):
    current = password_field("Current password", "current-password")
    field_order = ("current", "password", "password_again")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "New password"
        self.fields["password_again"].label = "New password again"

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise ValidationError("This is not your current password.")
        return current
