"""The JSON API under /api: every app's router, one door, one form of error."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as SchemaError

from apps.accounts.api import router as accounts_router
from apps.accounts.services import KeyRefused
from apps.billing.api import router as billing_router
from apps.console import views
from apps.datasets.api import router as datasets_router
from apps.datasets.domain.jsonl import ImportProblem
from apps.feedback.api import router as feedback_router
from apps.feedback.domain.judgement import UnclearJudgement
from apps.tracing.api import router as tracing_router

api = NinjaAPI(title="Flywheel", version="1", urls_namespace="api", docs_url=None)


def error(request: HttpRequest, status: int, message: str, *, code: str, param: str | None = None) -> HttpResponse:
    kind = "invalid_request_error" if status < 500 else "server_error"
    body: dict[str, Any] = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return api.create_response(request, body, status=status)


@api.exception_handler(KeyRefused)
def key_refused(request: HttpRequest, exc: KeyRefused) -> HttpResponse:
    return error(request, exc.status, exc.message, code=exc.code)


@api.exception_handler(AuthenticationError)
def no_key(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    return error(request, 401, "Send an API key: 'Authorization: Bearer fw_sk_…'.", code="missing_api_key")


@api.exception_handler(SchemaError)
def does_not_fit_schema(request: HttpRequest, exc: SchemaError) -> HttpResponse:
    first = exc.errors[0]
    field = ".".join(str(part) for part in first["loc"][2:] or first["loc"][1:])
    return error(request, 422, f"{field or 'body'}: {first['msg']}.", code="invalid_value", param=field or None)


@api.exception_handler(ValidationError)
def does_not_fit_model(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    field = next(iter(exc.message_dict)) if hasattr(exc, "error_dict") else None
    return error(request, 422, " ".join(exc.messages), code="invalid_value", param=field)


@api.exception_handler(Http404)
def nothing_there(request: HttpRequest, exc: Http404) -> HttpResponse:
    return error(request, 404, str(exc) or "There is nothing here.", code="not_found")


@api.exception_handler(HttpError)
def told_by_view(request: HttpRequest, exc: HttpError) -> HttpResponse:
    return error(request, exc.status_code, str(exc), code="request_refused")


@api.exception_handler(UnclearJudgement)
def unclear_judgement(request: HttpRequest, exc: UnclearJudgement) -> HttpResponse:
    return error(request, 422, exc.message, code="invalid_value", param=exc.field)


@api.exception_handler(ImportProblem)
def not_a_dataset(request: HttpRequest, exc: ImportProblem) -> HttpResponse:
    return error(request, 422, str(exc), code="invalid_row", param=exc.field or None)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: below /api in the API's own form, elsewhere the page."""
    if request.path.startswith("/api/"):
        return error(request, 404, "There is nothing at this address.", code="unknown_url")
    return views.not_found(request, exception)


api.add_router("", accounts_router)
api.add_router("/traces", tracing_router)
api.add_router("/feedback", feedback_router)
api.add_router("", billing_router)
api.add_router("/datasets", datasets_router)


def api_urls() -> tuple[list[URLResolver | URLPattern], str, str]:
    """All operations; each brings its own door (BearerKey), so the pages' demand to sign in is lifted here."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            login_not_required(pattern.callback)
    return patterns, app_name, namespace
