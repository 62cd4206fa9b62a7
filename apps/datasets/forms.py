"""Forms of the datasets pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from apps.datasets.domain.checks import LONGEST_TAG
from apps.datasets.domain.jsonl import ImportProblem, parse_jsonl
from apps.datasets.domain.rows import SPLITS, Row

NO_SCHEMA = 'This has to be a JSON Schema: {"type": "object", "properties": {…}}'
EXAMPLE = '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'


class DatasetForm(forms.Form):
    name = forms.SlugField(max_length=100, help_text="Letters, digits, hyphens and underscores.")
    description = forms.CharField(required=False, max_length=300)
    answer_schema = forms.JSONField(
        label="Schema of answers",
        required=False,
        help_text="JSON Schema, where answers are JSON; empty for free text.",
        error_messages={"invalid": NO_SCHEMA},
        widget=forms.Textarea({"rows": 6, "class": "mono", "spellcheck": "false"}),
    )

    def clean_answer_schema(self) -> dict[str, Any] | None:
        schema = self.cleaned_data["answer_schema"]
        if schema is not None and not isinstance(schema, dict):
            raise ValidationError(NO_SCHEMA)
        return schema


class ImportForm(forms.Form):
    """Rows from a file, or pasted."""

    file = forms.FileField(label="JSON Lines file", required=False)
    text = forms.CharField(
        label="Or paste the lines",
        required=False,
        help_text=f"One row a line: {EXAMPLE}",
        widget=forms.Textarea({"rows": 8, "class": "mono", "spellcheck": "false"}),
    )
    keep = forms.BooleanField(
        label="Keep the rows of the newest version",
        required=False,
        initial=True,
        help_text="A question that is there already gets the new answer.",
    )
    message = forms.CharField(label="What and why", required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("text", "")
        if self.errors:
            return cleaned
        if bool(file) == bool(text.strip()):
            raise ValidationError("Choose a file or paste lines, one of the two.")
        try:
            cleaned["rows"] = parse_jsonl(file.read() if file else text)
        except ImportProblem as problem:
            self.add_error("file" if file else "text", str(problem))
        return cleaned

    def rows(self) -> list[Row]:
        found: list[Row] = self.cleaned_data["rows"]
        return found


class RowsForm(forms.Form):
    """What the page of a version shows; the URL holds it."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search", "placeholder": "Words of a message", "data-search": True}),
    )
    split = forms.ChoiceField(required=False, choices=[("", "Any"), *((split, split) for split in SPLITS)])
    tag = forms.CharField(required=False, max_length=LONGEST_TAG, widget=forms.Select)

    def __init__(self, data: QueryDict, *, tags: list[str]) -> None:
        super().__init__(data)
        self.fields["tag"].widget.choices = [("", "Any"), *((tag, tag) for tag in tags)]

    def chosen(self) -> dict[str, Any]:
        """Fields with errors filter nothing: an old or mistyped link still shows the page."""
        self.is_valid()
        found, cursor = self.cleaned_data, str(self.data.get("cursor", ""))
        return {
            "after": int(cursor) if cursor.isdecimal() and len(cursor) < 10 else -1,
            "split": found.get("split", ""),
            "tag": found.get("tag", ""),
            "text": found.get("q", ""),
        }
