"""Forms of the models pages."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.serving.domain.names import MOST, complaint_about
from apps.serving.models import Provider
from apps.serving.services import Endpoint, Option, options_of
from llmkit.money import nano_from_dollars

MOST_DOLLARS = 1_000_000


def name_field(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MOST,
        help_text=help_text,
        validators=[check_name],
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )


def check_name(name: str) -> None:
    if complaint := complaint_about(name):
        raise ValidationError(complaint)


class DollarsField(forms.DecimalField):
    """Dollars per million tokens as people read them on price lists; cleaned to nano-dollars, None when left empty."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label=label, min_value=0, max_value=MOST_DOLLARS, decimal_places=9, **options)

    def clean(self, value: Any) -> int | None:
        dollars: Decimal | None = super().clean(value)
        return None if dollars is None else nano_from_dollars(dollars)


def option_field(option: Option) -> forms.Field:
    """Whether it is needed and well formed is for the service to say, which knows the kind."""
    if option.flag:
        return forms.BooleanField(label=option.label, help_text=option.help_text, required=False)
    widget = forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"})
    return forms.CharField(
        label=option.label, help_text=option.help_text, required=False, max_length=100, widget=widget
    )


class EndpointForm(forms.Form):
    """Where a connected provider is and how one gets in, with what its kind asks for besides."""

    base_url = forms.CharField(
        label="Base URL",
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    credential = forms.CharField(
        label="API key",
        required=False,
        max_length=2000,
        help_text="Empty: the one that is stored stays. A new address asks for the key again.",
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    allow_private = forms.BooleanField(
        label="The address may be inside our own network",
        required=False,
        help_text="Loopback and private addresses are refused otherwise.",
    )

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.options = provider.kind, options_of(provider.kind)
        for option in self.options:
            self.fields[option.name] = option_field(option)
            self.initial.setdefault(option.name, provider.options.get(option.name))

    def endpoint(self) -> Endpoint:
        cleaned = self.cleaned_data
        return Endpoint(
            kind=self.kind,
            base_url=cleaned["base_url"],
            credential=cleaned["credential"].strip(),
            allow_private=cleaned["allow_private"],
            options={option.name: cleaned[option.name] for option in self.options},
        )


class PriceForm(forms.Form):
    """Prices from a moment on."""

    input_nano = DollarsField("Input, $ per million tokens")
    cached_input_nano = DollarsField("Cached input", required=False, help_text="Empty: like other input.")
    output_nano = DollarsField("Output, $ per million tokens")
    cache_creation_nano = DollarsField("Written to the cache", required=False, help_text="Empty: like other input.")
    audio_input_nano = DollarsField("Audio input", required=False, help_text="Empty: like other input.")
    image_input_nano = DollarsField("Image input", required=False, help_text="Empty: like other input.")
    reasoning_nano = DollarsField("Reasoning", required=False, help_text="Empty: like other output.")
    audio_output_nano = DollarsField("Audio output", required=False, help_text="Empty: like other output.")
    effective_from = forms.DateTimeField(
        label="From",
        required=False,
        help_text="UTC. Empty: from now on. Requests of before keep the price they had.",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


class ModelForm(forms.Form):
    """One more model of a provider that is connected already."""

    provider = forms.ModelChoiceField(queryset=Provider.objects.none(), empty_label=None)
    name = name_field("Name", "What your applications write as model.")
    upstream_name = forms.CharField(
        label="The provider's name for it",
        required=False,
        max_length=200,
        help_text="Empty: the same.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    context_tokens = forms.IntegerField(label="Context length in tokens", min_value=1, max_value=100_000_000)
    description = forms.CharField(required=False, max_length=300)

    def __init__(self, *args: Any, providers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["provider"]
        if isinstance(chosen, forms.ModelChoiceField):
            chosen.queryset = providers


class FolderForm(forms.Form):
    """A model folder on this machine, to be finetuned and served by the local engine."""

    name = name_field("Name", "What your applications write as model, and what the engine calls it.")
    folder = forms.CharField(
        label="Folder",
        max_length=500,
        help_text="The whole path of a Hugging Face folder on this server: config.json, *.safetensors, a tokenizer.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    context_tokens = forms.IntegerField(
        label="Context length in tokens",
        required=False,
        min_value=1,
        max_value=100_000_000,
        help_text="Empty: as its config.json says.",
    )
    description = forms.CharField(required=False, max_length=300)

    def clean_folder(self) -> Path:
        return Path(self.cleaned_data["folder"])
