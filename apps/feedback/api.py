"""POST /api/feedback, for products' backends (secret key) and for the widget in a browser (public key)."""

import asyncio
import re
import time
import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from apps.accounts.domain.keys import PUBLIC_PREFIX
from apps.accounts.models import ApiKey
from apps.accounts.services import BearerKey, KeyRefused, authenticate_key, key_of
from apps.feedback.domain.judgement import UnclearJudgement, judgement
from apps.feedback.limits import WaitingRoom, within_limit
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback, trace_exists

# A thumb may overtake its trace on the way to Postgres; this is how long it waits for it, in seconds.
TRACE_PATIENCE = 3.0
NO_NUL = r"^[^\x00]*$"  # Postgres has no NUL in its texts

router = Router(tags=["feedback"])
waiting_room = WaitingRoom()


class FeedbackIn(Schema):
    trace_id: str
    score: float | None = None
    label: str = Field("", max_length=60, pattern=NO_NUL)
    comment: str = ""
    user: str = Field("", max_length=200, pattern=NO_NUL)


class FeedbackOut(Schema):
    id: uuid.UUID
    trace_id: str
    score: float | None
    label: str
    comment: str
    user: str


class FeedbackKey(BearerKey):
    """A secret key with the scope `write`, or a public key in a page of one of its origins."""

    async def authenticate(  # type: ignore[override]  # ninja awaits it
        self, request: HttpRequest, token: str
    ) -> ApiKey:
        public = token.startswith(PUBLIC_PREFIX)
        key = await sync_to_async(authenticate_key)(token, scope="feedback" if public else "write")
        if key.kind == ApiKey.Kind.PUBLIC:
            if request.headers.get("origin", "") not in key.origins:
                raise KeyRefused(403, "origin_not_listed", "This public key may not be used from this origin.")
            if not await within_limit(str(key.id), request.META.get("REMOTE_ADDR", "")):
                raise KeyRefused(429, "too_much_feedback", "Too much feedback from this address. Wait a minute.")
        return key


@router.post("", response=FeedbackOut, auth=FeedbackKey())
async def post_feedback(request: HttpRequest, response: HttpResponse, body: FeedbackIn) -> Any:
    """Judge a trace: a score from -1 to 1, or a label (`up`, `down`), and a comment. Judging again replaces."""
    key = key_of(request)
    trace_id = parse_trace_id(body.trace_id)
    said = judgement(score=body.score, label=body.label, comment=body.comment)
    if not await trace_arrives(key, trace_id):
        raise Http404(f"This project has no trace {body.trace_id}.")
    source = Feedback.Source.WIDGET if key.kind == ApiKey.Kind.PUBLIC else Feedback.Source.API
    given = await sync_to_async(give_feedback)(
        project=key.project, trace_id=trace_id, judgement=said, source=source, end_user=body.user, key=key
    )
    return as_json(given)


def parse_trace_id(text: str) -> uuid.UUID:
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise UnclearJudgement("trace_id", "A trace id has 32 hexadecimal digits.")
    return uuid.UUID(text)


async def trace_arrives(key: ApiKey, trace_id: uuid.UUID) -> bool:
    """Whether the trace is there, or comes while there is patience and room to wait for it."""
    look = sync_to_async(trace_exists)
    if await look(project=key.project, trace_id=trace_id):
        return True
    if not waiting_room.enter():
        return False
    try:
        deadline = time.monotonic() + TRACE_PATIENCE
        while time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            if await look(project=key.project, trace_id=trace_id):
                return True
        return False
    finally:
        waiting_room.leave()


def as_json(given: Feedback) -> dict[str, Any]:
    return {
        "id": given.id,
        "trace_id": given.trace_id.hex,
        "score": given.score,
        "label": given.label,
        "comment": given.comment,
        "user": given.end_user,
    }
