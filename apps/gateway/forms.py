"""Forms of the routes pages, and the one that connects a provider."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import Project
from apps.gateway.models import Route
from apps.gateway.queries import routes_of
from apps.gateway.services import NewModel
from apps.serving.domain.names import MOST, complaint_about
from apps.serving.models import CatalogueModel, Provider
from apps.serving.queries import callable_models_of
from apps.serving.services import DIALECTS, Endpoint, Option, default_base_url, options_of
from llmkit.money import nano_from_dollars

NO_POLICY = 'This has to be a JSON object: {"targets": [{"model": "…"}, {"model": "…"}]}'
NO_OBJECT = 'This has to be a JSON object: {"temperature": 0.2}'
CONNECTABLE = [(kind.value, kind.label) for kind in Provider.Kind if kind != Provider.Kind.LOCAL]
MONO = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}


def check_name(name: str) -> None:
    if complaint := complaint_about(name):
        raise ValidationError(complaint)


class VersionForm(forms.Form):
    """What stands behind a route."""

    model = forms.ModelChoiceField(queryset=CatalogueModel.objects.none(), empty_label=None)
    system_prompt = forms.CharField(
        required=False,
        max_length=100_000,
        help_text="Put before the conversation unless the caller brings a system message.",
        widget=forms.Textarea({"rows": 8}),
    )
    defaults = forms.JSONField(
        required=False,
        initial=dict,
        help_text='Members that callers may leave out, as JSON: {"temperature": 0.2}',
        error_messages={"invalid": NO_OBJECT},
        widget=forms.Textarea({"rows": 3, **MONO}),
    )
    policy = forms.JSONField(
        required=False,
        initial=dict,
        help_text="Further targets, retries, time limits, as JSON. Empty: the model above, with two retries.",
        error_messages={"invalid": NO_POLICY},
        widget=forms.Textarea({"rows": 6, **MONO}),
    )
    message = forms.CharField(
        label="What changes and why", required=False, max_length=200, help_text="For those who read the history."
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_from(self, "model", callable_models_of(project))

    def clean_defaults(self) -> dict[str, Any]:
        defaults = self.cleaned_data["defaults"] or {}
        if not isinstance(defaults, dict):
            raise ValidationError(NO_OBJECT)
        return defaults

    def clean_policy(self) -> dict[str, Any]:
        policy = self.cleaned_data["policy"] or {}
        if not isinstance(policy, dict):
            raise ValidationError(NO_POLICY)
        return policy


class DryRunForm(forms.Form):
    """A request, as far as a policy looks at it."""

    user = forms.CharField(required=False, max_length=200)
    session = forms.CharField(required=False, max_length=200)
    environment = forms.CharField(required=False, max_length=200)
    tokens = forms.IntegerField(label="Input tokens", required=False, min_value=0, max_value=100_000_000)
    metadata = forms.JSONField(required=False, initial=dict, widget=forms.TextInput(MONO))
    dialect = forms.ChoiceField(required=False, choices=[(name, name) for name in sorted(DIALECTS)], initial="chat")
    streaming = forms.BooleanField(required=False)

    def clean_metadata(self) -> dict[str, Any]:
        metadata = self.cleaned_data["metadata"] or {}
        if not isinstance(metadata, dict):
            raise ValidationError('This has to be a JSON object: {"tier": "gold"}')
        return metadata


class RouteForm(VersionForm):
    name = forms.CharField(
        max_length=MOST,
        validators=[check_name],
        help_text="What your applications write as model.",
        widget=forms.TextInput(MONO),
    )
    description = forms.CharField(required=False, max_length=300)
    field_order = ("name", "description", "model", "system_prompt", "defaults", "policy", "message")


class ConnectForm(forms.Form):
    """A provider, its models and their price, and the route that is to use them, in one go."""

    kind = forms.ChoiceField(
        label="Protocol",
        choices=CONNECTABLE,
        help_text="OpenAI-compatible fits OpenAI, vLLM, Ollama, llama.cpp and most hosted services.",
    )
    name = forms.SlugField(max_length=60, help_text="Your name for it, such as openai or gpu-box.")
    base_url = forms.CharField(
        label="Base URL",
        required=False,
        max_length=300,
        help_text="Such as http://gpu-box:8000/v1. Empty: the provider's usual address.",
        widget=forms.TextInput(MONO),
    )
    credential = forms.CharField(
        label="API key",
        required=False,
        max_length=2000,
        help_text="Kept encrypted, sent to this provider only, never shown again. The keys of AWS are a JSON object: "
        '{"access_key_id": "…", "secret_access_key": "…"}',
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    allow_private = forms.BooleanField(
        label="The address may be inside our own network",
        required=False,
        help_text="Loopback and private addresses are refused otherwise.",
    )
    models = forms.CharField(
        help_text="One a line, as the provider calls it. To call it differently: my-name = provider-name",
        widget=forms.Textarea({"rows": 3, **MONO}),
    )
    context_tokens = forms.IntegerField(
        label="Context length in tokens", min_value=1, max_value=100_000_000, initial=128_000
    )
    input_price = forms.DecimalField(
        label="Input, $ per million tokens", required=False, min_value=0, max_value=1_000_000, decimal_places=9
    )
    output_price = forms.DecimalField(
        label="Output, $ per million tokens",
        required=False,
        min_value=0,
        max_value=1_000_000,
        decimal_places=9,
        help_text="Prices hold for all models above and can be changed for each. Empty: costs are not counted.",
    )
    route = forms.ModelChoiceField(
        queryset=Route.objects.none(),
        required=False,
        empty_label="Leave all routes as they are",
        help_text="It gets a new version with the first model above; prompt and defaults stay.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_from(self, "route", routes_of(project))
        for kind, label in CONNECTABLE:
            for option in options_of(kind):
                self.fields[option.name] = _option_field(option, label)
        self.order_fields(["kind", "name", *self._option_names(), "base_url"])

    def _option_names(self) -> list[str]:
        return [option.name for kind, _ in CONNECTABLE for option in options_of(kind)]

    def clean_models(self) -> list[tuple[str, str]]:
        """Our name and the provider's, of each."""
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["models"].splitlines())):
            ours, _, theirs = (part.strip() for part in line.partition("="))
            if complaint := complaint_about(ours):
                raise ValidationError(f"{line[:60]}: {complaint}")
            found.append((ours, theirs or ours))
        if len(dict(found)) < len(found):
            raise ValidationError("Two of these models have the same name.")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("input_price") is None) != (cleaned.get("output_price") is None):
            self.add_error("output_price", "Give both prices or none.")
        return cleaned

    def endpoint(self) -> Endpoint:
        cleaned = self.cleaned_data
        kind = cleaned["kind"]
        options = {option.name: cleaned[option.name] for option in options_of(kind)}
        texts = {name: value.strip() for name, value in options.items() if isinstance(value, str)}
        return Endpoint(
            kind=kind,
            base_url=cleaned["base_url"] or default_base_url(kind, texts),
            credential=cleaned["credential"].strip(),
            allow_private=cleaned["allow_private"],
            options=options,
        )

    def new_models(self) -> list[NewModel]:
        cleaned = self.cleaned_data
        return [
            NewModel(
                name=ours,
                upstream_name=theirs,
                context_tokens=cleaned["context_tokens"],
                input_nano=_nano(cleaned["input_price"]),
                output_nano=_nano(cleaned["output_price"]),
            )
            for ours, theirs in cleaned["models"]
        ]


def _option_field(option: Option, kind: str) -> forms.Field:
    """Of one kind of provider; for the others it is left as it is."""
    help_text = f"For {kind}. {option.help_text}"
    if option.flag:
        return forms.BooleanField(label=option.label, help_text=help_text, required=False)
    return forms.CharField(
        label=option.label, help_text=help_text, required=False, max_length=100, widget=forms.TextInput(MONO)
    )


def _nano(dollars: Decimal | None) -> int | None:
    return None if dollars is None else nano_from_dollars(dollars)


def _choose_from(form: forms.Form, name: str, rows: Any) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = rows
