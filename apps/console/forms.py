"""What the pages of the console take in."""

from django import forms


class PaletteForm(forms.Form):
    q = forms.CharField(required=False, max_length=200, strip=True, label="Search")


class SampleForm(forms.Form):
    """One field of every kind, for the page that shows the components."""

    name = forms.CharField(max_length=40, help_text="Lower case, as it appears in requests.")
    kind = forms.ChoiceField(choices=[("openai", "OpenAI-compatible"), ("anthropic", "Anthropic")])
    expires = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    origins = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="One a line.")
    role = forms.ChoiceField(choices=[("viewer", "Viewer"), ("engineer", "Engineer")], widget=forms.RadioSelect)
    active = forms.BooleanField(required=False, help_text="Inactive ones refuse requests.")


class SampleFilterForm(forms.Form):
    q = forms.CharField(
        required=False, label="Text", widget=forms.TextInput(attrs={"type": "search", "data-search": True})
    )
    status = forms.ChoiceField(required=False, choices=[("", "Any"), ("ok", "ok"), ("error", "error")])
    model = forms.ChoiceField(required=False, choices=[("", "Any"), ("harbor-desk-tiny", "harbor-tiny")])
