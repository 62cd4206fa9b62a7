"""Fields that several forms share."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from apps.accounts.models import User

PASSWORD_HELP = "At least 12 characters, not a common password and not close to your name or e-mail address."


def email_field(**options: Any) -> forms.EmailField:
    attributes = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "inputmode": "email"}
    return forms.EmailField(label="E-mail", max_length=254, widget=forms.EmailInput(attributes), **options)


def name_field(**options: Any) -> forms.CharField:
    return forms.CharField(
        label="Your name", max_length=100, widget=forms.TextInput({"autocomplete": "name"}), **options
    )


def password_field(label: str, autocomplete: str, **options: Any) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=200, strip=False, widget=widget, **options)


class NewPassword(forms.Form):
    """A new password, typed twice, that keeps the rules; each error stands beside its field."""

    password = password_field("Password", "new-password", help_text=PASSWORD_HELP)
    password_again = password_field("Password again", "new-password")

    def person(self) -> User:
        """Whose password it will be, so that it may not resemble them."""
        data = self.cleaned_data
        return User(email=data.get("email", ""), name=data.get("name", ""))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        password, again = data.get("password"), data.get("password_again")
        if password:
            try:
                password_validation.validate_password(password, self.person())
            except ValidationError as errors:
                self.add_error("password", errors)
        if password and again and password != again:
            self.add_error("password_again", "This is not the same as the password above.")
        return data


def words_of(text: str) -> list[str]:
    """What stands on lines of its own or between commas, each once."""
    return list(dict.fromkeys(word.strip() for word in text.replace(",", "\n").splitlines() if word.strip()))
