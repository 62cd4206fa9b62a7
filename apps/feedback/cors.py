"""Letting pages of other origins send feedback, and nothing else.

The preflight carries no key, so it answers any origin; whether the origin may use the key is decided by the
request itself. No cookies are involved: the API takes bearer keys only.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

PATH = "/api/feedback"


@sync_and_async_middleware
def feedback_cors(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponse:
            if is_preflight(request):
                return allow(request, HttpResponse(status=204))
            return allow(request, await cast(Awaitable[HttpResponse], get_response(request)))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponse:
        return allow(request, HttpResponse(status=204) if is_preflight(request) else get_response(request))

    return answer


def is_preflight(request: HttpRequest) -> bool:
    return request.path == PATH and request.method == "OPTIONS" and "access-control-request-method" in request.headers


def allow(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    origin = request.headers.get("origin")
    if request.path == PATH and origin:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Methods"] = "POST"
        response["Access-Control-Allow-Headers"] = "authorization, content-type"
        response["Access-Control-Max-Age"] = "600"
        response["Vary"] = "origin"
    return response
