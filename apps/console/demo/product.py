"""The shop's own page: a customer asks, the route answers, the widget asks whether that helped.

It stands for a product that uses Flywheel, so it takes no part in the dashboard: no sign-in, its own look, and
the gateway reached over HTTP with the demo's secret key, which never leaves this backend.
"""

import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.console.demo.client import DemoClient, GatewayRefused
from apps.console.demo.env import read_demo_env

VISITOR_COOKIE = "harbor_desk_visitor"
MAX_MESSAGE = 500


@login_not_required
@require_GET
def product(request: HttpRequest) -> HttpResponse:
    env = demo_env_or_404()
    visitor = request.COOKIES.get(VISITOR_COOKIE) or f"visitor-{uuid.uuid4().hex[:12]}"
    response = render(
        request, "console/demo/product.html", {"public_key": env["FLYWHEEL_PUBLIC_KEY"], "visitor": visitor}
    )
    response.set_cookie(VISITOR_COOKIE, visitor, max_age=30 * 24 * 3600, httponly=True, samesite="Lax")
    return response


@login_not_required
@require_POST
def ask(request: HttpRequest) -> JsonResponse:
    env = demo_env_or_404()
    message = request.POST.get("message", "").strip()
    if not message or len(message) > MAX_MESSAGE:
        return JsonResponse({"error": f"Write between 1 and {MAX_MESSAGE} characters."}, status=422)
    visitor = request.COOKIES.get(VISITOR_COOKIE, "visitor-unknown")[:60]
    client = DemoClient(env["FLYWHEEL_URL"], env["FLYWHEEL_API_KEY"])
    try:
        answer = client.ask(message, user=visitor, session=f"{visitor}-chat")
    except GatewayRefused as refused:
        return JsonResponse({"error": str(refused)}, status=502)
    finally:
        client.close()
    return JsonResponse(
        {"reply": answer.reply or answer.text, "intent": answer.intent, "trace_id": answer.trace_id, "visitor": visitor}
    )


def demo_env_or_404() -> dict[str, str]:
    env = read_demo_env(settings.DATA_DIR)
    if not env:
        raise Http404("The demo is not installed here.")
    return env
