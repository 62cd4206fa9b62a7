"""The shop's own page: a customer asks, the route answers, the widget asks whether that helped.

It stands for a product that uses Flywheel, so it takes no part in the dashboard: no sign-in, its own look, and
the gateway reached over HTTP with the demo's secret key, which never leaves this backend.
"""

import re
import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.services.audit import ip_of
from apps.accounts.services.limits import Limit, TooManyAttempts, count_attempt
from apps.console.demo.client import DemoClient, GatewayRefused
from apps.console.demo.env import read_demo_env
from llmkit import clock

VISITOR_COOKIE = "harbor_desk_visitor"
MAX_MESSAGE = 500
# The page is open to everyone, and every question costs the model's time.
PER_ADDRESS = Limit("demo-product", most=30, window_s=60)


@login_not_required
@require_GET
def product(request: HttpRequest) -> HttpResponse:
    env = demo_env_or_404()
    visitor = visitor_of(request) or f"visitor-{uuid.uuid4().hex[:12]}"
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
    try:
        count_attempt(PER_ADDRESS, ip_of(request) or "", at=clock.now())
    except TooManyAttempts as refusal:
        return JsonResponse({"error": str(refusal)}, status=429, headers={"Retry-After": refusal.retry_after_s})
    visitor = visitor_of(request) or "visitor-unknown"
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


def visitor_of(request: HttpRequest) -> str:
    """The visitor's name from their cookie; "" unless it looks as it was given out."""
    name = request.COOKIES.get(VISITOR_COOKIE, "")
    return name if re.fullmatch("visitor-[0-9a-f]{12}", name) else ""


def demo_env_or_404() -> dict[str, str]:
    env = read_demo_env(settings.DATA_DIR)
    if not env:
        raise Http404("The demo is not installed here.")
    return env
