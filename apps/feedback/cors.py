"""Letting pages of other origins send feedback, and nothing else.

The preflight carries no key, so it answers any origin; whether the origin may use the key is decided by the
request itself. No cookies are involved: the API takes bearer keys only.
"""

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

PATH = "/api/feedback"


class FeedbackCorsMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if iscoroutinefunction(self):
            return self.answer_async(request)  # type: ignore[return-value]
        if is_preflight(request):
            return allow(request, HttpResponse(status=204))
        return allow(request, self.get_response(request))

    async def answer_async(self, request: HttpRequest) -> HttpResponse:
        if is_preflight(request):
            return allow(request, HttpResponse(status=204))
        return allow(request, await self.get_response(request))  # type: ignore[misc]


def is_preflight(request: HttpRequest) -> bool:
    return (
        request.path == PATH and request.method == "OPTIONS" and "access-control-request-method" in request.headers
    )


def allow(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    origin = request.headers.get("origin")
    if request.path == PATH and origin:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Methods"] = "POST"
        response["Access-Control-Allow-Headers"] = "authorization, content-type"
        response["Access-Control-Max-Age"] = "600"
        response["Vary"] = "origin"
    return response
