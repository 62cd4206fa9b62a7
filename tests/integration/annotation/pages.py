"""Addresses of the annotation pages, what is typed there, and what they say."""

from html import unescape
from typing import Any

from django.urls import reverse

from apps.annotation.models import AnnotationQueue

HTMX = {"HX-Request": "true"}
TYPED = {"answer-intent": "refund", "answer-urgent": "false", "answer-reply": "You get it back."}


def url(name: str, queue: AnnotationQueue, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[queue.project.slug, *(args or [queue.id])])


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())
